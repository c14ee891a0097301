/* Administration: what is registered, without the eventIds. */
#include "json.h"
#include "rsp_ids.h"
#include "smds_internal.h"

static enum err require_administrator(const struct smds *s, const struct http_request *q, struct http_response *p)
{
    enum err e = http_require_peer(q, p);
    if (e)
        return e;
    const struct smds_client *c = smds_client_of(s, q->peer);
    if (c && c->administrator)
        return ERR_OK;
    e = http_problem(p, 403, "not allowed", "this certificate is no administrator's of this SM-DS");
    return e ? e : ERR_REFUSED;
}

static enum err put_event(void *context, const struct db_row *r)
{
    struct buf at = { .max = 32 };
    enum err e = clock_put_iso8601(&at, db_int(r, 2));
    const char *time = e ? NULL : buf_cstr(&at);
    json_t *event = time ? json_pack("{s:s, s:s, s:s}", "rspServerAddress", db_text(r, 0), "registeredBy",
                                     db_text(r, 1), "registeredAt", time)
                         : NULL;
    if (!e && json_array_append_new(context, event))
        e = ERR_NOMEM;
    buf_release(&at);
    return e;
}

static enum err list_events(struct smds *s, const char *eid, struct http_response *p)
{
    uint8_t octets[RSP_EID_OCTETS];
    if (rsp_eid_parse(eid, octets))
        return http_problem(p, 400, "malformed", "eid: 32 digits are wanted");
    json_t *events = json_array();
    enum err e = events ? db_query(s->env->db, "SELECT address, owner, at FROM event WHERE eid = ? ORDER BY id",
                                   DB_ARGS(DB_TEXT(eid)), put_event, events)
                        : ERR_NOMEM;
    if (e && e != ERR_NOT_FOUND) {
        json_decref(events);
        return e;
    }
    return http_json(p, 200, json_pack("{s:s, s:o}", "eid", eid, "events", events));
}

static enum err count_events(struct smds *s, struct http_response *p)
{
    int64_t events = 0, euiccs = 0;
    enum err e = db_get_int(s->env->db, "SELECT COUNT(*) FROM event", NULL, 0, &events);
    if (!e)
        e = db_get_int(s->env->db, "SELECT COUNT(DISTINCT eid) FROM event", NULL, 0, &euiccs);
    return e ? e : http_json(p, 200, json_pack("{s:I, s:I}", "events", (json_int_t)events, "euiccs",
                                               (json_int_t)euiccs));
}

enum err smds_show_events(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smds *s = actor;
    struct buf eid = { .max = 64 };
    enum err e = require_administrator(s, q, p);
    if (e)
        return e;
    e = http_query(q, "eid", &eid);
    const char *text = e ? NULL : buf_cstr(&eid);
    if (e == ERR_NOT_FOUND)
        e = count_events(s, p);
    else if (e == ERR_LIMIT || e == ERR_PARSE)
        e = http_problem(p, 400, "malformed", "eid: 32 digits are wanted");
    else if (!e)
        e = text ? list_events(s, text, p) : ERR_NOMEM;
    buf_release(&eid);
    return e;
}
