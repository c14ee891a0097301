#include "webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"

#define PREFIX "v1,"

static enum err sign(struct crypto *c, struct span secret, const char *id, const char *timestamp, struct span body,
                     uint8_t out[32])
{
    struct buf text = { .max = HTTP_BODY_MAX + 128 };
    enum err e = buf_printf(&text, "%s.%s.", id, timestamp);
    if (!e)
        e = buf_put(&text, body);
    if (!e)
        e = hmac_sha256(c, secret, buf_span(&text), out);
    buf_release(&text);
    return e;
}

enum err webhook_sign(struct crypto *c, struct span secret, const char *id, int64_t at, struct span body,
                      struct webhook_signature *out)
{
    uint8_t mac[32];
    struct buf text = { .max = sizeof out->value - 1 };
    if (strlen(id) >= sizeof out->id)
        return ERR_LIMIT;
    snprintf(out->id, sizeof out->id, "%s", id);
    snprintf(out->timestamp, sizeof out->timestamp, "%lld", (long long)(at / CLOCK_SECOND));
    enum err e = sign(c, secret, out->id, out->timestamp, body, mac);
    if (!e)
        e = buf_put_str(&text, PREFIX);
    if (!e)
        e = base64_put(&text, SPAN_ARRAY(mac));
    if (!e)
        snprintf(out->value, sizeof out->value, "%.*s", (int)text.len, (const char *)text.at);
    buf_release(&text);
    return e;
}

void webhook_headers(const struct webhook_signature *s, struct http_header out[WEBHOOK_HEADERS])
{
    out[0] = (struct http_header){ "webhook-id", s->id };
    out[1] = (struct http_header){ "webhook-timestamp", s->timestamp };
    out[2] = (struct http_header){ "webhook-signature", s->value };
}

static enum err check_time(const char *timestamp, int64_t now)
{
    char *end = NULL;
    long long seconds = strtoll(timestamp, &end, 10);
    if (end == timestamp || *end || seconds < 0 || seconds > INT64_MAX / CLOCK_SECOND)
        return ERR_VERIFY;
    int64_t away = now - seconds * CLOCK_SECOND;
    return away <= WEBHOOK_TOLERANCE && away >= -WEBHOOK_TOLERANCE ? ERR_OK : ERR_VERIFY;
}

/* "v1,<base64>" among others, divided by spaces: a sender that changes its secret signs with both. */
static bool names(const char *signatures, const uint8_t mac[32])
{
    bool found = false;
    while (*signatures) {
        size_t len = strcspn(signatures, " ");
        struct buf octets = { .max = 64 };
        bool v1 = len > sizeof PREFIX - 1 && strncmp(signatures, PREFIX, sizeof PREFIX - 1) == 0;
        if (v1 && base64_decode(span_of(signatures + sizeof PREFIX - 1, len - (sizeof PREFIX - 1)), &octets) == ERR_OK)
            found = span_equal_secret(buf_span(&octets), span_of(mac, 32)) || found;
        buf_release(&octets);
        signatures += len + (signatures[len] == ' ');
    }
    return found;
}

enum err webhook_verify(struct crypto *c, struct span secret, const struct http_request *q, int64_t now)
{
    const char *id = http_header(q, "webhook-id"), *timestamp = http_header(q, "webhook-timestamp");
    const char *signatures = http_header(q, "webhook-signature");
    uint8_t mac[32];
    if (!id || !timestamp || !signatures)
        return ERR_NOT_FOUND;
    enum err e = check_time(timestamp, now);
    if (!e)
        e = sign(c, secret, id, timestamp, q->body, mac);
    return e ? e : names(signatures, mac) ? ERR_OK : ERR_VERIFY;
}

enum err webhook_put_secret(struct buf *out, struct span secret)
{
    enum err e = buf_put_str(out, "whsec_");
    return e ? e : base64_put(out, secret);
}
