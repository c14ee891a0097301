/* Administration: what became of the profiles. */
#include <string.h>

#include "smdp_functions.h"
#include "smdp_routes.h"

static enum err put_event(void *context, const struct db_row *r)
{
    return json_array_append_new(context, json_pack("{s:I, s:s}", "at", (json_int_t)db_int(r, 0), "event",
                                                    db_text(r, 1)))
               ? ERR_NOMEM
               : ERR_OK;
}

enum err smdp_require_profile(struct smdp *s, const struct http_request *q, struct http_response *p, struct smdp_profile *out)
{
    const char *owner = NULL;
    enum err e = smdp_require_viewer(s, q, p, &owner);
    if (!e)
        e = smdp_profile_get(s, q->part[0], out);
    if (e == ERR_NOT_FOUND || (!e && owner && strcmp(owner, out->owner) != 0))
        return smdp_refuse(p, 404, "no such profile", "no profile has this ICCID");
    return e;
}

enum err smdp_show_profile(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct smdp_profile profile = { 0 };
    enum err e = smdp_require_profile(s, q, p, &profile);
    json_t *history = e ? NULL : json_array();
    if (!e)
        e = db_query(s->env->db,
                     "SELECT at, event FROM (SELECT id, at, event FROM history WHERE iccid = ? ORDER BY id DESC LIMIT ?)"
                     " AS newest ORDER BY id",
                     DB_ARGS(DB_TEXT(profile.iccid), DB_INT(SMDP_EVENTS_KEPT)), put_event, history);
    if (e && e != ERR_NOT_FOUND) {
        json_decref(history);
        return e;
    }
    return http_json(p, 200, json_pack("{s:s, s:s, s:s, s:o}", "iccid", profile.iccid, "state",
                                       smdp_state_name(profile.state), "eid", profile.eid, "history", history));
}

static enum err put_count(void *context, const struct db_row *r)
{
    return json_object_set_new(context, smdp_state_name((enum smdp_state)db_int(r, 0)), json_integer(db_int(r, 1)))
               ? ERR_NOMEM
               : ERR_OK;
}

enum err smdp_count_profiles(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    const char *owner = NULL;
    enum err e = smdp_require_viewer(s, q, p, &owner);
    json_t *counts = e ? NULL : json_object();
    if (!e && owner)
        e = db_query(s->env->db, "SELECT state, COUNT(*) FROM profile WHERE " SMDP_ANY_STATE " AND owner = ? GROUP BY state",
                     DB_ARGS(DB_TEXT(owner)), put_count, counts);
    else if (!e)
        e = db_query(s->env->db, "SELECT state, COUNT(*) FROM profile GROUP BY state", NULL, 0, put_count, counts);
    if (e && e != ERR_NOT_FOUND) {
        json_decref(counts);
        return e;
    }
    return http_json(p, 200, json_pack("{s:o}", "counts", counts));
}
