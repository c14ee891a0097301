/* A device asks whether its bearer still stands, or gives it up. */
#include "net_internal.h"

#include <stdio.h>


/* The country that the device says it is in now; "" when it says nothing. */
static enum err read_country(const struct http_request *q, struct http_response *p, char out[3])
{
    json_t *o = NULL;
    out[0] = 0;
    if (!q->body.len)
        return ERR_OK;
    enum err e = read_device_json(q, p, &o);
    if (!e && json_object_get(o, "country")) {
        const char *country = json_str(o, "country");
        if (country_is_valid(country))
            snprintf(out, 3, "%s", country);
        else
            e = refuse_member(p, "country must be an ISO 3166 code of two capital letters");
    }
    json_decref(o);
    return e;
}

/* Inside a transaction. What took the service away has ended the session already; moving may end it here. */
static enum err check_session(struct network *n, const char *id, const char *country, struct session *s)
{
    const char *cause = NULL;
    enum err e = store_find_session(n, id, s);
    if (e || s->cause[0])
        return e;
    if (country[0]) {
        e = store_move_session(n, id, country);
        snprintf(s->country, sizeof s->country, "%s", country);
    }
    if (!e)
        e = service_cause(n, s->iccid, s->country, &cause);
    if (e || !cause)
        return e;
    snprintf(s->cause, sizeof s->cause, "%s", cause);
    return store_end_session(n, id, cause);
}

enum err handle_check_session(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    struct session s = { 0 };
    char country[3];
    enum err e = read_country(q, p, country);
    if (!e)
        e = db_begin(n->env->db);
    if (!e)
        e = db_end(n->env->db, check_session(n, q->part[0], country, &s));
    if (e)
        return e == ERR_NOT_FOUND ? refuse(p, 404, "unknown-session") : e;
    if (!s.cause[0])
        return http_json(p, 200, json_pack("{s:b}", "online", 1));
    return http_json(p, 200, json_pack("{s:b, s:s}", "online", 0, "cause", s.cause));
}

static enum err detach(struct network *n, const char *id)
{
    struct session s = { 0 };
    enum err e = store_find_session(n, id, &s);
    return e ? e : store_end_session(n, id, "detached");
}

enum err handle_delete_session(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    enum err e = db_begin(n->env->db);
    if (!e)
        e = db_end(n->env->db, detach(n, q->part[0]));
    if (e)
        return e == ERR_NOT_FOUND ? refuse(p, 404, "unknown-session") : e;
    return answer_empty(p);
}
