#include "es9p.h"

#include "es9p_asn1.h"

enum err es9p_malformed(const struct env *env, const char *name, const struct http_request *http,
                        struct http_response *p, enum err e)
{
    if (e != ERR_PARSE && e != ERR_NOT_FOUND && e != ERR_LIMIT)
        return e;
    struct es_status status = { 0 };
    es_refuse(&status, "1.3.1", e == ERR_NOT_FOUND ? "2.2" : "2.1",
              e == ERR_NOT_FOUND ? "a mandatory member is missing" : "a member is malformed");
    log_fail(env->log, e, "SGP.22 6.5.2", status.message);
    if (es9p_is_asn1(http)) { /* no number says this: a transport error */
        http_response_clear(p);
        p->status = 400;
        return ERR_REFUSED;
    }
    e = es_serve_write(env, name, http, &status, NULL, p);
    return e ? e : ERR_REFUSED;
}

enum err es9p_put_der(json_t *o, const char *member, es9p_write_fn write, const void *value)
{
    struct buf der = { .max = HTTP_BODY_MAX };
    enum err e = write(value, &der);
    if (!e)
        e = json_set_base64(o, member, buf_span(&der));
    buf_release(&der);
    return e;
}

static enum err put_tlv(json_t *o, const char *member, uint32_t tag, struct span value)
{
    struct buf tlv = { .max = 128 };
    enum err e = der_put(&tlv, tag, value);
    if (!e)
        e = json_set_base64(o, member, buf_span(&tlv));
    buf_release(&tlv);
    return e;
}

enum err es9p_put_signature(const struct rsp_wire *wire, json_t *o, const char *member, struct span signature)
{
    if (wire->json_signature_bare)
        return json_set_base64(o, member, signature);
    return put_tlv(o, member, 0x5f37, signature);
}

enum err es9p_put_octets(json_t *o, const char *member, struct span octets)
{
    return put_tlv(o, member, 0x04, octets);
}
