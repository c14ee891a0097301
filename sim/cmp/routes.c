/* What the platform answers, and who may ask. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmp_internal.h"
#include "crypto.h"
#include "json.h"

const struct http_route cmp_routes[] = {
    { "GET", "/rws/api/v1/echo/{x}", cmp_get_echo },
    { "GET", "/rws/api/v1/devices", cmp_get_devices },
    { "GET", "/rws/api/v1/devices/{iccid}", cmp_get_device },
    { "PUT", "/rws/api/v1/devices/{iccid}", cmp_put_device },
    { "GET", "/rws/api/v1/devices/{iccid}/sessionInfo", cmp_get_session },
    { "GET", "/rws/api/v1/devices/{iccid}/auditTrails", cmp_get_audit },
    { "GET", "/rws/api/{version}/devices", cmp_bad_version },
    { "GET", "/rws/api/{version}/devices/{iccid}", cmp_bad_version },
    { "PUT", "/rws/api/{version}/devices/{iccid}", cmp_bad_version },
    { "POST", "/v1/inventory", cmp_post_inventory },
    { "PUT", "/v1/inventory/refuse", cmp_put_refusal },
    { "POST", "/v1/accounts", cmp_post_account },
    { "POST", "/v1/transfers", cmp_post_transfer },
    { "POST", "/v1/transfers/{reference}/reverse", cmp_post_reversal },
    { "POST", "/v1/network-events", cmp_post_event },
    { "GET", "/v1/ledger/{iccid}", cmp_get_ledger },
    { "GET", "/v1/devices/{iccid}/writes", cmp_get_writes },
    { "GET", "/v1/health", cmp_get_health },
};
const size_t cmp_route_count = COUNT(cmp_routes);

enum err cmp_get_health(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)actor, (void)q;
    return http_json(p, 200, json_pack("{s:s}", "status", "ok"));
}

enum err cmp_refuse(struct http_response *p, int status, const char *code, const char *message)
{
    enum err e = http_json(p, status, json_pack("{s:s, s:s*}", "errorMessage", message, "errorCode", code));
    return e ? e : ERR_REFUSED;
}

static enum err refuse_login(struct http_response *p, const char *code, const char *message)
{
    enum err e = cmp_refuse(p, 401, code, message);
    if (e != ERR_REFUSED)
        return e;
    e = http_response_add_header(p, "WWW-Authenticate", "Basic realm=\"Jasper\"");
    return e ? e : ERR_REFUSED;
}

/* The window is a second of the environment's clock, over all enterprises: the platform's own limit. */
static bool within_rate(struct cmp *c)
{
    if (!c->calls_per_second)
        return true;
    int64_t second = clock_now(c->env->clock) / CLOCK_SECOND;
    pthread_mutex_lock(&c->lock);
    if (second != c->window)
        c->calls = 0;
    c->window = second;
    bool within = c->calls++ < c->calls_per_second;
    pthread_mutex_unlock(&c->lock);
    return within;
}

/* Splits username:apiKey and compares the key's hash. ERR_VERIFY. */
static enum err check_key(struct cmp *c, struct buf *plain, struct cmp_account *out)
{
    uint8_t hash[32];
    uint8_t *colon = plain->len ? memchr(plain->at, ':', plain->len) : NULL;
    if (!colon)
        return ERR_VERIFY;
    *colon = 0;
    const struct span key = span_of(colon + 1, (size_t)(plain->at + plain->len - colon - 1));
    enum err e = cmp_account_find(c->env->db, (const char *)plain->at, out);
    if (!e)
        e = sha256(c->env->crypto, &key, 1, hash);
    if (!e && !span_equal_secret(SPAN_ARRAY(hash), SPAN_ARRAY(out->key_hash)))
        e = ERR_VERIFY;
    return e == ERR_NOT_FOUND ? ERR_VERIFY : e;
}

enum err cmp_login(struct cmp *c, const struct http_request *q, struct http_response *p, struct cmp_account *out)
{
    const char *given = http_header(q, "Authorization");
    if (!given || strncmp(given, "Basic ", 6) != 0)
        return refuse_login(p, NULL, "Full authentication is required to access this resource.");
    struct buf plain = { .max = 512 };
    enum err e = base64_decode(span_str(given + 6), &plain);
    if (!e)
        e = check_key(c, &plain, out);
    if (plain.at)
        memory_clear(plain.at, plain.len);
    buf_release(&plain);
    if (e == ERR_PARSE || e == ERR_LIMIT || e == ERR_VERIFY)
        return refuse_login(p, CMP_BAD_CREDENTIALS, "Invalid credentials.");
    if (!e && !within_rate(c))
        return cmp_refuse(p, 429, CMP_TOO_MANY_CALLS, "Rate limit exceeded.");
    return e;
}

enum err cmp_require(struct cmp *c, const struct http_request *q, struct http_response *p, enum cmp_right right,
                     const char **name)
{
    uint8_t fingerprint[32];
    if (!q->peer.len)
        return cmp_refuse(p, 403, CMP_BAD_ROLE, "A client certificate is needed.");
    enum err e = sha256(c->env->crypto, &q->peer, 1, fingerprint);
    if (e)
        return e;
    for (size_t i = 0; i < c->client_count; i++) {
        const struct cmp_known_client *k = &c->clients[i];
        if (memcmp(k->fingerprint, fingerprint, sizeof fingerprint) != 0)
            continue;
        *name = k->name;
        return k->rights & right ? ERR_OK : cmp_refuse(p, 403, CMP_BAD_ROLE, "This client has not the right.");
    }
    return cmp_refuse(p, 403, CMP_BAD_ROLE, "This client is not known.");
}

enum err cmp_read_json(const struct http_request *q, struct http_response *p, json_t **out)
{
    char why[160] = "";
    enum err e = json_read(q->body, out, why);
    if (!e || e == ERR_NOMEM)
        return e;
    return cmp_refuse(p, 400, CMP_BAD_JSON, why);
}

enum err cmp_take(struct http_response *p, const json_t *o, const char *member, char *out, size_t size)
{
    char message[120];
    const json_t *value = json_object_get(o, member);
    if (!value || json_is_null(value))
        return ERR_OK;
    const char *text = json_string_value(value);
    size_t len = text ? strlen(text) : size;
    bool fits = len < size;
    for (size_t i = 0; fits && i < len; i++)
        fits = (unsigned char)text[i] >= 0x20 && text[i] != 0x7f;
    if (!fits) {
        snprintf(message, sizeof message, "%s must be a text of at most %zu characters.", member, size - 1);
        return cmp_refuse(p, 400, CMP_BAD_VALUE, message);
    }
    memcpy(out, text, len + 1);
    return ERR_OK;
}
