/* What the eIM knows of an eUICC beyond its registration: said in results that verified or by its device, kept with the moment
 * when it was learned, and forgotten when it may be true no longer. */
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_eim_configuration.h"
#include "rsp_ids.h"

/* Of one fact; what is longer is not kept. */
#define VALUE_MAX (64u << 10)

static const char *const names[] = {
    [EIM_LEARNED_PROFILES] = "profiles",
    [EIM_LEARNED_EIMS] = "eims",
    [EIM_LEARNED_RAT] = "rulesAuthorisationTable",
    [EIM_LEARNED_CAPABILITIES] = "capabilities",
    [EIM_LEARNED_DEFAULT_ADDRESS] = "defaultSmdpAddress",
    [EIM_LEARNED_DEVICE] = "deviceInfo",
    [EIM_LEARNED_COMPLETE] = "profilesComplete",
};

static enum err put(struct eim *e, const char *eid, enum eim_learned what, const char *text)
{
    return db_run(e->env->db,
                  "INSERT INTO learned (eid, what, at, value) VALUES (?, ?, ?, ?)"
                  " ON CONFLICT (eid, what) DO UPDATE SET at = excluded.at, value = excluded.value",
                  DB_ARGS(DB_TEXT(eid), DB_TEXT(names[what]), DB_INT(clock_now(e->env->clock)), DB_TEXT(text)), NULL);
}

/* Wrapped, because a fact may be a list or a text. */
enum err eim_learn(struct eim *e, const char *eid, enum eim_learned what, json_t *value)
{
    struct buf text = { .max = VALUE_MAX };
    json_t *whole = json_pack("{s:o}", "is", value);
    enum err x = whole ? json_write(whole, &text) : ERR_NOMEM;
    if (!x)
        x = put(e, eid, what, buf_cstr(&text));
    if (x == ERR_LIMIT)
        x = eim_forget(e, eid, what);
    json_decref(whole);
    buf_release(&text);
    return x;
}

enum err eim_forget(struct eim *e, const char *eid, enum eim_learned what)
{
    bool was_known;
    return eim_forget_known(e, eid, what, &was_known);
}

enum err eim_forget_known(struct eim *e, const char *eid, enum eim_learned what, bool *was_known)
{
    int64_t changed = 0;
    enum err x = db_run(e->env->db, "DELETE FROM learned WHERE eid = ? AND what = ?",
                        DB_ARGS(DB_TEXT(eid), DB_TEXT(names[what])), &changed);
    *was_known = changed;
    return x;
}

enum err eim_learned_get(struct eim *e, const char *eid, enum eim_learned what, json_t **out)
{
    struct buf text = { .max = VALUE_MAX };
    json_t *whole = NULL;
    enum err x = db_get(e->env->db, "SELECT value FROM learned WHERE eid = ? AND what = ?",
                        DB_ARGS(DB_TEXT(eid), DB_TEXT(names[what])), &text);
    if (!x)
        x = json_read(buf_span(&text), &whole, NULL);
    if (x == ERR_PARSE || x == ERR_LIMIT) /* it cannot be read: it is not known */
        x = eim_forget(e, eid, what);
    *out = x ? NULL : json_incref(json_object_get(whole, "is"));
    json_decref(whole);
    buf_release(&text);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

/* --- what results change ------------------------------------------------------------------------------ */

/* An empty one: it has none now. */
static enum err learn_default_address(struct eim *e, const char *eid, struct span address)
{
    return address.len ? eim_learn(e, eid, EIM_LEARNED_DEFAULT_ADDRESS, json_stringn((const char *)address.at, address.len))
                       : eim_forget(e, eid, EIM_LEARNED_DEFAULT_ADDRESS);
}

enum err eim_learn_success(struct eim *e, const struct eim_order *o)
{
    if (o->kind == EIM_ORDER_DEFAULT_ADDRESS)
        return learn_default_address(e, o->eid, span_str(json_str(o->parameters, "address")));
    if (o->kind == EIM_ORDER_ADD_EIM || o->kind == EIM_ORDER_DELETE_EIM)
        return eim_forget(e, o->eid, EIM_LEARNED_EIMS);
    return eim_learn_profile_change(e, o);
}

/* --- what a device says ------------------------------------------------------------------------------- */

/* Three octets as "2.5.0". */
static json_t *version_json(struct span v)
{
    return v.len == 3 ? json_sprintf("%u.%u.%u", v.at[0], v.at[1], v.at[2]) : NULL;
}

/* Of two answers each may tell one half: what this one does not tell stays. */
static void put_capabilities(const struct rsp_ipa_euicc_data *d, json_t *json)
{
    const struct rsp_euicc_info2 *i = &d->euicc_info2;
    if (d->has_capabilities)
        json_object_set_new(json, "ipaFeatures", eim_features_json(d->capabilities.features));
    if (!d->has_euicc_info2)
        return;
    json_object_set_new(json, "profileVersion", version_json(i->profile_version));
    json_object_set_new(json, "svn", version_json(i->svn));
    json_object_set_new(json, "firmwareVersion", version_json(i->firmware_version));
    json_object_set_new(json, "freeMemory", json_integer((json_int_t)rsp_euicc_info2_free_memory(i)));
    if (i->ipa_mode.present)
        json_object_set_new(json, "ipaMode", json_integer(i->ipa_mode.value));
    else
        json_object_del(json, "ipaMode");
}

static enum err learn_capabilities(struct eim *e, const char *eid, const struct rsp_ipa_euicc_data *d)
{
    json_t *json = NULL;
    if (!d->has_capabilities && !d->has_euicc_info2)
        return ERR_OK;
    enum err x = eim_learned_get(e, eid, EIM_LEARNED_CAPABILITIES, &json);
    if (x)
        return x;
    json = json ? json : json_object();
    put_capabilities(d, json);
    return eim_learn(e, eid, EIM_LEARNED_CAPABILITIES, json);
}

/* deviceInfo is kept as the ctxParams1 that it is wanted for, without a matchingId. */
static enum err learn_device(struct eim *e, const char *eid, const struct rsp_device_info *info)
{
    struct buf bytes = { .max = 512 };
    const struct rsp_ctx_params1 params = { .device_info = *info };
    json_t *json = json_object();
    enum err x = json ? rsp_ctx_params1_write(&params, &bytes) : ERR_NOMEM;
    if (!x)
        x = json_set_hex(json, "ctxParams1", buf_span(&bytes));
    buf_release(&bytes);
    if (!x)
        return eim_learn(e, eid, EIM_LEARNED_DEVICE, json);
    json_decref(json);
    return x;
}

enum err eim_learn_data(struct eim *e, const char *eid, const struct rsp_ipa_euicc_data *d)
{
    enum err x = learn_capabilities(e, eid, d);
    if (!x && d->has_device_info)
        x = learn_device(e, eid, &d->device_info);
    const struct span address = d->default_smdp_address;
    if (!x && address.at && (!address.len || rsp_address_is_valid(address)))
        x = learn_default_address(e, eid, address);
    return x;
}

/* --- showing ------------------------------------------------------------------------------------------ */

struct showing {
    json_t *euicc, *learned;
};

static enum err show(void *context, const struct db_row *r)
{
    const struct showing *s = context;
    json_t *whole = json_loads(db_text(r, 2), 0, NULL);
    json_t *is = json_object_get(whole, "is"); /* NULL: it cannot be read, and is not known */
    bool fine = !is || (json_object_set(s->euicc, db_text(r, 0), is) == 0 &&
                        json_object_set_new(s->learned, db_text(r, 0), json_integer(db_int(r, 1))) == 0);
    json_decref(whole);
    return fine ? ERR_OK : ERR_NOMEM;
}

enum err eim_show_learned(struct eim *e, const char *eid, json_t *euicc, json_t *learned)
{
    struct showing s = { euicc, learned };
    enum err x = db_query(e->env->db, "SELECT what, at, value FROM learned WHERE eid = ? ORDER BY what",
                          DB_ARGS(DB_TEXT(eid)), show, &s);
    if (x == ERR_NOT_FOUND)
        x = ERR_OK;
    /* Without the list, or before it was told apart, there is nothing to say of it. */
    if (!json_object_get(euicc, "profiles") && json_object_get(euicc, "profilesComplete")) {
        json_object_del(euicc, "profilesComplete");
        json_object_del(learned, "profilesComplete");
    }
    return x;
}
