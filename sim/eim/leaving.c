/* How an eUICC leaves: deleted, given to another tenant, handed over to another eIM. Its open orders end then, each with the cause,
 * and its counter is kept: no value is ever used twice with a key, whoever registers the eUICC again. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"

/* Whoever had it hears that it left. */
static enum err tell(struct eim *e, const char *tenant, const char *eid, const char *cause)
{
    return eim_event_add(e, tenant, EIM_EVENT_LEFT, eid, json_pack("{s:s, s:s}", "eid", eid, "cause", cause));
}

static enum err end_orders(struct eim *e, const char *eid, enum eim_order_state state, const char *cause)
{
    enum err x = ERR_OK;
    while (!x) {
        struct eim_order o;
        eim_order_init(&o);
        x = eim_order_next(e, eid, &o);
        if (!x)
            x = eim_order_end(e, &o, state, cause);
        eim_order_release(&o);
    }
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

static enum err has_open_orders(struct eim *e, const char *eid, bool *out)
{
    int64_t some = 0;
    enum err x = db_get_int(e->env->db, "SELECT EXISTS (SELECT 1 FROM orders WHERE eid = ? AND state < 2 AND tenant <> ?)",
                            DB_ARGS(DB_TEXT(eid), DB_TEXT(EIM_OWN_TENANT)), &some);
    *out = some;
    return x;
}

static enum err refuse_open(struct eim *e, const char *eid, bool force, struct http_response *p)
{
    bool open = false;
    enum err x = force ? ERR_OK : has_open_orders(e, eid, &open);
    return x || !open ? x : eim_problem(p, 409, "orders are open", "let them end, or end them with force");
}

/* --- deleted ------------------------------------------------------------------------------------------------------ */

static enum err forget_rows(struct eim *e, const char *eid)
{
    static const char *const statements[] = {
        "INSERT OR REPLACE INTO retired SELECT eid, counter, signing FROM euicc WHERE eid = ?",
        "DELETE FROM learned WHERE eid = ?",
        "DELETE FROM trust WHERE eid = ?",
        "DELETE FROM push WHERE eid = ?",
        "DELETE FROM chain WHERE eid = ?",
        "DELETE FROM relay WHERE eid = ?",
        "DELETE FROM relayed_to WHERE eid = ?",
        "DELETE FROM orders WHERE eid = ? AND tenant = '" EIM_OWN_TENANT "'",
    };
    int64_t gone = 0;
    enum err x = ERR_OK;
    for (size_t i = 0; !x && i < COUNT(statements); i++)
        x = db_run(e->env->db, statements[i], DB_ARGS(DB_TEXT(eid)), NULL);
    if (!x)
        x = db_run(e->env->db, "DELETE FROM euicc WHERE eid = ?", DB_ARGS(DB_TEXT(eid)), &gone);
    return x || gone ? x : ERR_NOT_FOUND;
}

static enum err delete(struct eim *e, const struct eim_caller *who, const struct eim_euicc *u, bool force, struct http_response *p)
{
    enum err x = refuse_open(e, u->eid, force, p);
    if (!x)
        x = end_orders(e, u->eid, EIM_CANCELLED, "euiccDeleted");
    if (!x)
        x = forget_rows(e, u->eid);
    if (!x)
        x = tell(e, u->tenant, u->eid, "deleted");
    return x ? x : eim_audit(e, who, "euicc.delete", u->eid, 204, NULL);
}

/* DELETE /v1/euiccs/{eid}?force=true */
enum err eim_delete_euicc(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    struct eim_euicc u;
    bool force = false;
    eim_euicc_init(&u);
    static const char *const query[] = { "force", NULL };
    enum err x = eim_authorize_query(e, q, p, EIM_REGISTER, query, &who);
    if (!x)
        x = eim_own_euicc(e, q, p, &who, &u);
    if (!x)
        x = eim_read_flag(q, p, "force", &force);
    if (!x)
        x = db_begin(e->env->db);
    if (!x)
        x = db_end(e->env->db, delete(e, &who, &u, force, p));
    if (x == ERR_NOT_FOUND) /* by two at once */
        x = eim_problem(p, 404, "no such eUICC", "this EID is not registered");
    eim_euicc_release(&u);
    return x ? x : http_text(p, 204, "", (struct span){ 0 });
}

static enum err take_retired(void *context, const struct db_row *r)
{
    struct eim_retired *out = context;
    out->counter = db_int(r, 0);
    return buf_set(&out->signing, db_blob(r, 1));
}

enum err eim_retired_get(struct eim *e, const char *eid, struct eim_retired *out)
{
    *out = (struct eim_retired){ .signing.max = 32 };
    enum err x = db_query(e->env->db, "SELECT counter, signing FROM retired WHERE eid = ?", DB_ARGS(DB_TEXT(eid)), take_retired, out);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

/* --- given to another tenant -------------------------------------------------------------------------------------- */

/* A name that nobody has is a slip: nobody could see the eUICC then. */
static enum err is_tenant(struct eim *e, const char *name, bool *out)
{
    int64_t some = 0;
    *out = false;
    for (size_t i = 0; !*out && i < e->client_count; i++)
        *out = strcmp(e->clients[i].tenant, name) == 0;
    enum err x = *out ? ERR_OK
                      : db_get_int(e->env->db, "SELECT EXISTS (SELECT 1 FROM api_key WHERE tenant = ?)", DB_ARGS(DB_TEXT(name)), &some);
    *out = *out || some;
    return x;
}

struct transfer {
    char eid[33], tenant[EIM_TENANT_MAX + 1];
    bool force;
};

static enum err read_transfer(struct eim *e, const json_t *body, struct http_response *p, struct transfer *out)
{
    const char *tenant = json_str(body, "tenant");
    bool known = false;
    enum err x = tenant && strlen(tenant) <= EIM_TENANT_MAX ? is_tenant(e, tenant, &known) : ERR_OK;
    if (!x && !known)
        return eim_problem(p, 400, "tenant is wrong", "the name of a tenant that has a client or an API key is wanted");
    snprintf(out->tenant, sizeof out->tenant, "%s", known ? tenant : "");
    out->force = json_is_true(json_object_get(body, "force"));
    return x;
}

static enum err transfer(struct eim *e, const struct eim_caller *who, const struct transfer *t, struct http_response *p)
{
    struct eim_euicc u;
    eim_euicc_init(&u);
    enum err x = eim_euicc_get(e, t->eid, &u);
    if (x == ERR_NOT_FOUND)
        x = eim_problem(p, 404, "no such eUICC", "this EID is not registered");
    bool moves = !x && strcmp(u.tenant, t->tenant) != 0;
    if (moves)
        x = refuse_open(e, u.eid, t->force, p);
    if (!x && moves)
        x = end_orders(e, u.eid, EIM_CANCELLED, "euiccTransferred");
    if (!x && moves)
        x = db_run(e->env->db, "UPDATE euicc SET tenant = ?, callback = '' WHERE eid = ?",
                   DB_ARGS(DB_TEXT(t->tenant), DB_TEXT(u.eid)), NULL);
    if (!x && moves)
        x = tell(e, u.tenant, u.eid, "transferred");
    if (!x && moves)
        x = eim_audit(e, who, "euicc.transfer", u.eid, 204, t->tenant);
    eim_euicc_release(&u);
    return x;
}

/* POST /v1/euiccs/{eid}/transfer {tenant, force?}: whosever it is. */
enum err eim_transfer_euicc(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    json_t *body = NULL;
    struct transfer t = { .force = false };
    static const struct json_member members[] = { { "tenant", JSON_IS_TEXT }, { "force", JSON_IS_FLAG }, { NULL, 0 } };
    enum err x = eim_begin(e, q, p, EIM_TRANSFER, "a transfer", members, &who, &body);
    snprintf(t.eid, sizeof t.eid, "%s", x ? "" : q->part[0]);
    if (!x)
        x = read_transfer(e, body, p, &t);
    if (!x)
        x = db_begin(e->env->db);
    if (!x)
        x = db_end(e->env->db, transfer(e, &who, &t, p));
    json_decref(body);
    return x ? x : http_text(p, 204, "", (struct span){ 0 });
}

/* --- handed over to another eIM ------------------------------------------------------------------------------------- */

bool eim_order_hands_over(const struct eim *e, const struct eim_order *o)
{
    const char *deleted = o->kind == EIM_ORDER_DELETE_EIM ? json_str(o->parameters, "eimId") : NULL;
    return deleted && strcmp(deleted, e->eim_id) == 0;
}

enum err eim_hand_over(struct eim *e, const struct eim_order *o)
{
    struct eim_euicc u;
    eim_euicc_init(&u);
    enum err x = eim_euicc_get(e, o->eid, &u);
    if (!x)
        x = end_orders(e, o->eid, EIM_FAILED, "handedOver");
    if (!x)
        x = db_run(e->env->db, "UPDATE euicc SET handed_over = ? WHERE eid = ?",
                   DB_ARGS(DB_INT(clock_now(e->env->clock)), DB_TEXT(o->eid)), NULL);
    if (!x)
        x = tell(e, u.tenant, u.eid, "handedOver");
    eim_euicc_release(&u);
    return x;
}

enum err eim_come_back(struct eim *e, const char *eid)
{
    return db_run(e->env->db, "UPDATE euicc SET handed_over = 0 WHERE eid = ? AND handed_over > 0", DB_ARGS(DB_TEXT(eid)), NULL);
}
