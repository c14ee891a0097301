/* Signed callbacks, as the Standard Webhooks specification has them (version 1, symmetric): the headers webhook-id,
 * webhook-timestamp and webhook-signature beside a body. What is signed is "<id>.<timestamp>.<body>", by HMAC-SHA256 with the
 * receiver's secret. The id is the same whenever the message is sent again. */
#ifndef LAB_HTTP_WEBHOOK_H
#define LAB_HTTP_WEBHOOK_H

#include "http.h"

#define WEBHOOK_SECRET_OCTETS 32
#define WEBHOOK_HEADERS 3
#define WEBHOOK_TOLERANCE (5 * CLOCK_MINUTE) /* how far apart sender's and receiver's clocks may be */

struct webhook_signature {
    char id[65], timestamp[21], value[64]; /* timestamp: seconds since 1970; value: "v1,<base64>" */
};
/* `at` in ms. ERR_LIMIT: the id is longer than 64 characters. */
MUST_CHECK enum err webhook_sign(struct crypto *c, struct span secret, const char *id, int64_t at, struct span body,
                                 struct webhook_signature *out);
/* The headers, borrowing from s. */
void webhook_headers(const struct webhook_signature *s, struct http_header out[WEBHOOK_HEADERS]);
/* What a receiver asks before it believes: one of the signatures is this secret's, and the timestamp is near `now` (ms). A
 * message that comes twice has the same id; whoever may not act twice remembers it. ERR_NOT_FOUND: it is not signed.
 * ERR_VERIFY. */
MUST_CHECK enum err webhook_verify(struct crypto *c, struct span secret, const struct http_request *q, int64_t now);

/* "whsec_<base64>", as a secret is shown. Appends. */
MUST_CHECK enum err webhook_put_secret(struct buf *out, struct span secret);

#endif
