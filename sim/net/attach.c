/* A device asks to be served: TS 24.301 5.5.1 and TS 33.102 6.3, reduced to one request and one challenge. */
#include "net_internal.h"

#include <stdio.h>
#include <string.h>


enum err answer_challenge(struct http_response *p, const char *attach_id, const struct challenge *c)
{
    json_t *o = json_object();
    enum err e = o ? json_set_str(o, "attachId", attach_id) : ERR_NOMEM;
    if (!e)
        e = json_set_hex(o, "rand", SPAN_ARRAY(c->rand));
    if (!e)
        e = json_set_hex(o, "autn", SPAN_ARRAY(c->autn));
    if (!e)
        return http_json(p, 200, o);
    json_decref(o);
    return e;
}

static enum err read_attach_request(const struct http_request *q, struct http_response *p, struct attach *a)
{
    json_t *o = NULL;
    enum err e = read_device_json(q, p, &o);
    if (e)
        return e;
    const char *imsi = json_str(o, "imsi"), *country = json_str(o, "country"), *imei = json_str(o, "imei");
    if (!imsi_is_valid(imsi))
        e = refuse_member(p, "imsi must be 14 or 15 digits");
    else if (!country_is_valid(country))
        e = refuse_member(p, "country must be an ISO 3166 code of two capital letters");
    else if (json_object_get(o, "imei") && (!imei || strlen(imei) > 16 || strspn(imei, "0123456789") < strlen(imei)))
        e = refuse_member(p, "imei must be at most 16 digits");
    if (!e) {
        snprintf(a->imsi, sizeof a->imsi, "%s", imsi);
        snprintf(a->country, sizeof a->country, "%s", country);
        snprintf(a->imei, sizeof a->imei, "%s", imei ? imei : "");
    }
    json_decref(o);
    return e;
}

static enum err refuse_attach(struct network *n, struct http_response *p, const struct attach *a, int status,
                              const char *cause)
{
    LOG(n->env->log, LOG_INFO, "attach.refused", F_TEXT("imsi", a->imsi), F_TEXT("country", a->country),
        F_TEXT("cause", cause));
    return refuse(p, status, cause);
}

/* Inside a transaction: the SQN is spent, and remembered as spent, before anybody sees the challenge made of it. */
static enum err open_attach(struct network *n, struct http_response *p, const struct attach *a,
                            struct challenge *c)
{
    struct subscriber s;
    const char *cause = NULL;
    enum err e = store_find_subscriber(n, a->imsi, &s);
    if (e)
        return e == ERR_NOT_FOUND ? refuse_attach(n, p, a, 404, "unknown-subscriber") : e;
    e = service_cause(n, s.iccid, a->country, &cause);
    if (!e && cause)
        e = refuse_attach(n, p, a, 403, cause);
    s.sqn = sqn_after(s.sqn);
    if (!e)
        e = challenge_make(n, &s, a->rand, c);
    if (!e)
        e = store_set_sqn(n, s.imsi, s.sqn);
    if (!e)
        e = store_put_attach(n, a);
    subscriber_release(&s);
    return e;
}

enum err handle_attach(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    struct attach a = { 0 };
    struct challenge c;
    enum err e = read_attach_request(q, p, &a);
    if (!e)
        e = rng_uuid(n->env->rng, a.id);
    if (!e)
        e = rng_fill(n->env->rng, a.rand, sizeof a.rand);
    if (!e)
        e = db_begin(n->env->db);
    if (!e)
        e = db_end(n->env->db, open_attach(n, p, &a, &c));
    return e ? e : answer_challenge(p, a.id, &c);
}
