/* What was allowed, to whom and when: kept for each tenant in the transaction of what was done, the newest of them, whatever the
 * clock says; read by who may administer. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"

#define KEPT 1000000 /* records of a tenant */

enum err eim_audit(struct eim *e, const struct eim_caller *who, const char *what, const char *object, int status, const char *detail)
{
    enum err x = db_run(e->env->db,
                        "INSERT INTO audit (tenant, number, at, caller, key, what, object, status, detail)"
                        " VALUES (?1, (SELECT COALESCE(MAX(number), 0) + 1 FROM audit WHERE tenant = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                        DB_ARGS(DB_TEXT(who->tenant), DB_INT(clock_now(e->env->clock)), DB_TEXT(who->name), DB_TEXT(who->key),
                                DB_TEXT(what), DB_TEXT(object), DB_INT(status), DB_TEXT(detail ? detail : "")),
                        NULL);
    if (!x)
        x = db_run(e->env->db,
                   "DELETE FROM audit WHERE tenant = ?1 AND number <= (SELECT MAX(number) FROM audit WHERE tenant = ?1) - ?2",
                   DB_ARGS(DB_TEXT(who->tenant), DB_INT(KEPT)), NULL);
    if (!x)
        LOG(e->env->log, LOG_INFO, "audit", F_TEXT("tenant", who->tenant), F_TEXT("caller", who->name), F_TEXT("key", who->key),
            F_TEXT("what", what), F_TEXT("object", object), F_INT("status", status));
    return x;
}

/* --- GET /v1/audit ---------------------------------------------------------------------------------------- */

static enum err put_record(void *context, const struct db_row *r)
{
    json_t *one = json_pack("{s:I, s:I, s:s, s:s, s:s, s:i}", "number", (json_int_t)db_int(r, 0), "at", (json_int_t)db_int(r, 1),
                            "caller", db_text(r, 2), "what", db_text(r, 4), "object", db_text(r, 5), "status", (int)db_int(r, 6));
    if (one && db_text(r, 3)[0])
        json_object_set_new(one, "key", json_string(db_text(r, 3)));
    if (one && db_text(r, 7)[0])
        json_object_set_new(one, "detail", json_string(db_text(r, 7)));
    return json_array_append_new(context, one) ? ERR_NOMEM : ERR_OK;
}

/* One more than shown is read, so that `next` is told only when there is a next page. Takes items. */
static enum err answer(json_t *items, int64_t limit, struct http_response *p)
{
    char next[24] = "";
    int64_t last = 0;
    if (json_array_size(items) > (size_t)limit) {
        json_array_remove(items, (size_t)limit);
        if (!json_int(json_array_get(items, (size_t)limit - 1), "number", &last))
            snprintf(next, sizeof next, "%lld", (long long)last);
    }
    return http_json(p, 200, json_pack("{s:o, s:s*}", "items", items, "next", next[0] ? next : NULL));
}

enum err eim_read_audit(void *actor, const struct http_request *q, struct http_response *p)
{
    static const char *const query[] = { "limit", "cursor", NULL };
    struct eim *e = actor;
    struct eim_caller who;
    int64_t limit = 0, after = 0;
    enum err x = eim_authorize_query(e, q, p, EIM_ADMINISTER, query, &who);
    if (!x)
        x = eim_read_numbered_page(q, p, &after, &limit);
    json_t *items = x ? NULL : json_array();
    if (!x)
        x = items ? db_query(e->env->db,
                             "SELECT number, at, caller, key, what, object, status, detail FROM audit"
                             " WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?",
                             DB_ARGS(DB_TEXT(who.tenant), DB_INT(after), DB_INT(limit + 1)), put_record, items)
                  : ERR_NOMEM;
    if (!x || x == ERR_NOT_FOUND)
        return answer(items, limit, p);
    json_decref(items);
    return x;
}
