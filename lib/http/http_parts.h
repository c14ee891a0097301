/* What the wirings share: addresses, header rules, judging who calls. Private to lib/http. */
#ifndef LAB_HTTP_PARTS_H
#define LAB_HTTP_PARTS_H

#include "wire.h"

/* Where a call goes. target borrows from the url ("/v1/x?a=b"; "/" when there is none). */
struct http_url {
    char name[256];
    uint16_t port; /* 443 when the url has none */
    const char *target;
};
/* https://name[:port][/target] without user, fragment or spaces. ERR_PARSE. */
MUST_CHECK enum err http_url_parse(const char *url, struct http_url *out);

/* A request's target taken apart; the texts live in here. */
struct http_target {
    char path[HTTP_TARGET_MAX], query[HTTP_TARGET_MAX];
};
/* ERR_LIMIT when longer than HTTP_TARGET_MAX. ERR_PARSE: not starting with "/", a broken escape, or one that hides a "/",
 * a zero or a control character. */
MUST_CHECK enum err http_target_parse(const char *target, struct http_target *out);
/* Appends text with its %XX decoded. ERR_PARSE. */
MUST_CHECK enum err http_percent_decode(struct span text, bool plus_is_space, struct buf *out);

/* RFC 9110: a token as name, no control characters in the value. */
bool http_header_fits(const char *name, const char *value);
/* Method and headers of a call are fit to be sent. ERR_PARSE, ERR_LIMIT. */
MUST_CHECK enum err http_call_check(const struct http_call *q);

/* The answer to a request that no handler is to see: status, from 400 on. */
MUST_CHECK enum err http_refuse(struct http_response *p, int status);

/* One event for a refusal, with its status and what its problem document says. Silent about what is no refusal, about 404, which
 * is an answer to who waits for a thing, and about a refusal without a document, whose writer logged it (SGP.22 6.5, 6.6). */
void http_log_refusal(const struct log *log, const char *method, const char *route, const struct http_response *p);

/* Judges a client's certificate (DER, leaf first) with env's clock. Empty, and a log line, when it is refused. */
struct span http_peer_judge(const struct env *env, const struct log *log, struct trust *clients,
                            const struct span *chain, size_t count);
#define HTTP_PEER_CHAIN_MAX 4

#endif
