/* The administrator's and the platform's calls. */
#include "net_internal.h"

#include <string.h>


/* --- subscribers */

static enum err store_one(struct network *n, struct http_response *p, const char *imsi, const json_t *o)
{
    struct subscriber s;
    const char *why = NULL;
    enum err e = subscriber_parse(imsi, o, &s, &why);
    if (e)
        return e == ERR_PARSE ? refuse_member(p, why) : e;
    e = store_put_subscriber(n, &s);
    subscriber_release(&s);
    return e == ERR_EXISTS ? refuse(p, 409, "iccid-taken") : e;
}

enum err handle_put_subscriber(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    json_t *o = NULL;
    enum err e = require_right(n, q, p, NETWORK_RIGHT_ADMINISTER);
    if (!e)
        e = http_read_json(q, p, &o);
    if (!e)
        e = db_begin(n->env->db);
    if (!e)
        e = db_end(n->env->db, store_one(n, p, q->part[0], o));
    json_decref(o);
    return e ? e : answer_empty(p);
}

static enum err store_list(struct network *n, struct http_response *p, const json_t *list)
{
    size_t i;
    json_t *o;
    enum err e = ERR_OK;
    json_array_foreach(list, i, o)
    {
        if (!e)
            e = store_one(n, p, json_str(o, "imsi"), o);
    }
    return e;
}

enum err handle_post_subscribers(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    json_t *o = NULL;
    enum err e = require_right(n, q, p, NETWORK_RIGHT_ADMINISTER);
    if (!e)
        e = http_read_json(q, p, &o);
    const json_t *list = json_object_get(o, "subscribers");
    if (!e && !json_is_array(list))
        e = refuse_member(p, "subscribers must be a list");
    if (!e)
        e = db_begin(n->env->db);
    if (!e)
        e = db_end(n->env->db, store_list(n, p, list));
    if (!e)
        e = http_json(p, 200, json_pack("{s:I}", "stored", (json_int_t)json_array_size(list)));
    json_decref(o);
    return e;
}

/* What may be told of a subscriber. */
static enum err describe(struct network *n, const struct subscriber *s, json_t *o)
{
    struct session session = { 0 };
    bool service = false;
    enum err e = store_service(n, s->iccid, &service);
    enum err found = e ? e : store_find_open_session(n, s->imsi, &session);
    if (found && found != ERR_NOT_FOUND)
        return found;
    e = json_set_str(o, "imsi", s->imsi);
    if (!e)
        e = json_set_str(o, "iccid", s->iccid);
    if (!e)
        e = json_set_bool(o, "service", service);
    if (!e)
        e = json_set_bool(o, "online", found == ERR_OK);
    if (!e)
        e = json_set_str(o, "plmn", n->plmn);
    if (e || found)
        return e;
    struct buf at = { .max = 32 };
    e = clock_put_iso8601(&at, session.started_at);
    if (!e)
        e = json_set_str(o, "sessionId", session.id);
    if (!e)
        e = json_set_str(o, "startedAt", buf_cstr(&at));
    buf_release(&at);
    return e;
}

enum err handle_get_subscriber(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    struct subscriber s;
    enum err e = require_right(n, q, p, NETWORK_RIGHT_ADMINISTER);
    if (e)
        return e;
    e = store_find_subscriber(n, q->part[0], &s);
    if (e)
        return e == ERR_NOT_FOUND ? refuse(p, 404, "unknown-subscriber") : e;
    json_t *o = json_object();
    e = o ? describe(n, &s, o) : ERR_NOMEM;
    subscriber_release(&s);
    if (!e)
        return http_json(p, 200, o);
    json_decref(o);
    return e;
}

static enum err remove_subscriber(struct network *n, const char *imsi)
{
    enum err e = store_end_sessions_of_sim(n, imsi, "detached");
    return e ? e : store_remove_subscriber(n, imsi);
}

enum err handle_delete_subscriber(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    enum err e = require_right(n, q, p, NETWORK_RIGHT_ADMINISTER);
    if (!e)
        e = db_begin(n->env->db);
    if (!e)
        e = db_end(n->env->db, remove_subscriber(n, q->part[0]));
    if (e)
        return e == ERR_NOT_FOUND ? refuse(p, 404, "unknown-subscriber") : e;
    return answer_empty(p);
}

/* --- coverage */

/* "lost" or "restored". */
static bool read_state(const json_t *o, bool *lost)
{
    const char *state = json_str(o, "state");
    *lost = state && !strcmp(state, "lost");
    return state && (*lost || !strcmp(state, "restored"));
}

static bool are_countries(const json_t *list)
{
    size_t i;
    json_t *country;
    json_array_foreach(list, i, country)
    {
        if (!country_is_valid(json_string_value(country)))
            return false;
    }
    return json_is_array(list);
}

static enum err change_coverage(struct network *n, const json_t *countries, bool has_state, bool lost)
{
    enum err e = countries ? store_replace_countries(n, countries) : ERR_OK;
    if (!e && has_state)
        e = store_set_whole(n, lost);
    return e ? e : store_end_sessions_by_coverage(n);
}

enum err handle_put_coverage(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    json_t *o = NULL;
    bool lost = false;
    enum err e = require_right(n, q, p, NETWORK_RIGHT_ADMINISTER);
    if (!e)
        e = http_read_json(q, p, &o);
    const json_t *countries = json_object_get(o, "countries");
    bool has_state = json_object_get(o, "state") != NULL;
    if (!e && !countries && !has_state)
        e = refuse_member(p, "countries or state is missing");
    if (!e && countries && !are_countries(countries))
        e = refuse_member(p, "countries must be a list of ISO 3166 codes of two capital letters");
    if (!e && has_state && !read_state(o, &lost))
        e = refuse_member(p, "state must be lost or restored");
    if (!e)
        e = db_begin(n->env->db);
    if (!e)
        e = db_end(n->env->db, change_coverage(n, countries, has_state, lost));
    json_decref(o);
    return e ? e : answer_empty(p);
}

static enum err change_country(struct network *n, const char *country, bool lost)
{
    enum err e = store_set_country(n, country, lost);
    return e || !lost ? e : store_end_sessions_by_coverage(n);
}

enum err handle_put_country(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    json_t *o = NULL;
    bool lost = false;
    enum err e = require_right(n, q, p, NETWORK_RIGHT_ADMINISTER);
    if (!e)
        e = http_read_json(q, p, &o);
    if (!e && !read_state(o, &lost))
        e = refuse_member(p, "state must be lost or restored");
    json_decref(o);
    if (!e)
        e = db_begin(n->env->db);
    if (!e)
        e = db_end(n->env->db, change_country(n, q->part[0], lost));
    if (e)
        return e == ERR_NOT_FOUND ? refuse(p, 404, "not-in-coverage") : e;
    return answer_empty(p);
}

static enum err add_country(void *context, const struct db_row *r)
{
    const char *state = db_int(r, 1) ? "lost" : "restored";
    json_t *o = json_pack("{s:s, s:s}", "country", db_text(r, 0), "state", state);
    return json_array_append_new(context, o) ? ERR_NOMEM : ERR_OK;
}

enum err handle_get_coverage(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    int64_t lost = 0;
    enum err e = require_right(n, q, p, NETWORK_RIGHT_ADMINISTER);
    if (e)
        return e;
    e = db_get_int(n->env->db, "SELECT value FROM network_state WHERE name = 'lost'", NULL, 0, &lost);
    if (e && e != ERR_NOT_FOUND)
        return e;
    json_t *list = json_array();
    e = list ? db_query(n->env->db, "SELECT country, lost FROM coverage ORDER BY country", NULL, 0, add_country, list)
             : ERR_NOMEM;
    if (!e || e == ERR_NOT_FOUND)
        return http_json(p, 200, json_pack("{s:s, s:o}", "state", lost ? "lost" : "restored", "countries", list));
    json_decref(list);
    return e;
}

/* --- service */

static enum err change_status(struct network *n, const char *iccid, bool service)
{
    enum err e = store_put_status(n, iccid, service);
    return e || service ? e : store_end_sessions_by_status(n, iccid);
}

enum err handle_put_status(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    json_t *o = NULL;
    bool service = false;
    enum err e = require_right(n, q, p, NETWORK_RIGHT_PLATFORM);
    if (!e)
        e = http_read_json(q, p, &o);
    if (!e && !iccid_is_valid(q->part[0]))
        e = refuse_member(p, "the ICCID must be 18 to 20 digits");
    if (!e && json_bool(o, "service", &service))
        e = refuse_member(p, "service must be true or false");
    json_decref(o);
    if (!e)
        e = db_begin(n->env->db);
    if (!e)
        e = db_end(n->env->db, change_status(n, q->part[0], service));
    if (e)
        return e;
    LOG(n->env->log, LOG_INFO, "service.changed", F_TEXT("iccid", q->part[0]), F_INT("service", service));
    return answer_empty(p);
}

enum err handle_health(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)actor, (void)q;
    return http_json(p, 200, json_pack("{s:s}", "status", "ok"));
}
