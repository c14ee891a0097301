/* What the eIM knows of an eUICC's profiles: a listing, or what single results and downloads told, until it may be true no longer. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_ids.h"

/* --- one profile as JSON ---------------------------------------------------------------------------------------- */

static enum err put_text(json_t *json, const char *member, struct span text)
{
    json_t *value = text.len ? json_stringn((const char *)text.at, text.len) : NULL; /* NULL also where it is no UTF-8 */
    return value && json_object_set_new(json, member, value) ? ERR_NOMEM : ERR_OK;
}

static enum err put_rules(json_t *json, const struct rsp_bits *rules)
{
    json_t *list = rules->bits & (RSP_PPR1 | RSP_PPR2) ? json_array() : NULL;
    if (!list)
        return ERR_OK;
    if (rules->bits & RSP_PPR1)
        json_array_append_new(list, json_string("ppr1"));
    if (rules->bits & RSP_PPR2)
        json_array_append_new(list, json_string("ppr2"));
    return json_object_set_new(json, "policyRules", list) ? ERR_NOMEM : ERR_OK;
}

static enum err put_class(json_t *json, struct rsp_int class)
{
    static const char *const names[] = { "test", "provisioning", "operational" };
    if (!class.present || class.value < 0 || class.value >= (int64_t)COUNT(names))
        return ERR_OK;
    return json_set_str(json, "profileClass", names[class.value]);
}

static enum err put_flag(json_t *json, const char *member, bool value)
{
    return value ? json_set_bool(json, member, true) : ERR_OK;
}

/* What the listing does not say is not shown; its state neither, where its tag may not have been asked for. */
static json_t *info_json(const struct rsp_profile_info *p, bool selected)
{
    char iccid[21] = "";
    if (rsp_iccid_text(p->iccid, iccid))
        return NULL;
    bool enabled = p->state.present && p->state.value == RSP_PROFILE_ENABLED;
    json_t *json = json_pack("{s:s, s:s, s:b}", "iccid", iccid, "state", enabled ? "enabled" : "disabled", "fallback",
                             p->fallback_attribute);
    enum err x = json ? put_class(json, p->profile_class) : ERR_NOMEM;
    if (!x && selected && !p->state.present)
        json_object_del(json, "state");
    if (!x && selected && p->isdp_aid.at)
        x = json_set_hex(json, "isdpAid", p->isdp_aid);
    if (!x)
        x = put_text(json, "nickname", p->nickname);
    if (!x)
        x = put_text(json, "serviceProviderName", p->service_provider_name);
    if (!x)
        x = put_text(json, "profileName", p->profile_name);
    if (!x)
        x = put_rules(json, &p->policy_rules);
    if (!x)
        x = put_flag(json, "emergency", p->ecall_indication);
    if (!x)
        x = put_flag(json, "fallbackAllowed", p->fallback_allowed);
    return json;
}

json_t *eim_profiles_json(const struct rsp_profile_info_response *r, bool selected)
{
    json_t *list = json_array();
    struct der items = der_open(r->list);
    struct rsp_profile_info p;
    while (list && r->which == RSP_OK && !der_at_end(&items) && rsp_profile_info_next(&items, &p) == ERR_OK) {
        json_t *one = info_json(&p, selected);
        if (one)
            json_array_append_new(list, one);
    }
    return list;
}

/* SGP.22 5.5.3: without a class it is operational. */
json_t *eim_metadata_json(const struct rsp_store_metadata *m)
{
    const struct rsp_int operational = { true, RSP_PROFILE_CLASS_OPERATIONAL };
    json_t *json = json_object();
    enum err x = json ? put_class(json, m->profile_class.present ? m->profile_class : operational) : ERR_NOMEM;
    if (!x)
        x = put_text(json, "serviceProviderName", m->service_provider_name);
    if (!x)
        x = put_text(json, "profileName", m->profile_name);
    if (!x)
        x = put_rules(json, &m->policy_rules);
    if (!x)
        x = put_flag(json, "emergency", m->ecall_indication);
    if (!x)
        x = put_flag(json, "fallbackAllowed", m->fallback_allowed);
    if (!x)
        return json;
    json_decref(json);
    return NULL;
}

/* --- the list --------------------------------------------------------------------------------------------------- */

struct known {
    json_t *profiles; /* owned */
    bool complete;
};

static enum err read_known(struct eim *e, const char *eid, struct known *out)
{
    json_t *complete = NULL;
    *out = (struct known){ NULL, false };
    enum err x = eim_learned_get(e, eid, EIM_LEARNED_PROFILES, &out->profiles);
    if (!x)
        x = eim_learned_get(e, eid, EIM_LEARNED_COMPLETE, &complete);
    /* In a store from before a list was a listing. */
    out->complete = out->profiles && !json_is_false(complete);
    json_decref(complete);
    if (!x && !out->profiles)
        x = (out->profiles = json_array()) ? ERR_OK : ERR_NOMEM;
    return x;
}

/* Takes k->profiles. */
static enum err keep(struct eim *e, const char *eid, struct known *k)
{
    enum err x = eim_learn(e, eid, EIM_LEARNED_PROFILES, k->profiles);
    k->profiles = NULL;
    return x ? x : eim_learn(e, eid, EIM_LEARNED_COMPLETE, json_boolean(k->complete));
}

enum err eim_learn_listing(struct eim *e, const char *eid, json_t *profiles)
{
    return keep(e, eid, &(struct known){ profiles, true });
}

static json_t *find_profile(const json_t *profiles, const char *iccid)
{
    json_t *p;
    size_t i;
    json_array_foreach(profiles, i, p)
        if (json_str(p, "iccid") && strcmp(json_str(p, "iccid"), iccid) == 0)
            return p;
    return NULL;
}

static enum err mark(json_t *profiles, const json_t *named, bool (*change)(json_t *profile, bool named))
{
    json_t *p;
    size_t i;
    json_array_foreach(profiles, i, p)
        if (!change(p, p == named))
            return ERR_NOMEM;
    return ERR_OK;
}

static bool enable(json_t *p, bool named)
{
    return json_object_set_new(p, "state", json_string(named ? "enabled" : "disabled")) == 0;
}

static bool disable(json_t *p, bool named)
{
    return !named || json_object_set_new(p, "state", json_string("disabled")) == 0;
}

static bool set_fallback(json_t *p, bool named)
{
    return json_object_set_new(p, "fallback", json_boolean(named)) == 0;
}

static void remove_profile(json_t *profiles, const json_t *named)
{
    for (size_t i = 0; i < json_array_size(profiles); i++)
        if (json_array_get(profiles, i) == named)
            json_array_remove(profiles, i);
}

static bool names_profile(enum eim_order_kind k)
{
    return k == EIM_ORDER_ENABLE || k == EIM_ORDER_DISABLE || k == EIM_ORDER_DELETE || k == EIM_ORDER_SET_FALLBACK;
}

/* The profile that an order named is there, if it did not delete it. */
static enum err add_named(struct known *k, const struct eim_order *o)
{
    if (!names_profile(o->kind) || find_profile(k->profiles, o->iccid))
        return ERR_OK;
    if (k->complete)
        return ERR_NOT_FOUND;
    return o->kind == EIM_ORDER_DELETE || !json_array_append_new(k->profiles, json_pack("{s:s}", "iccid", o->iccid)) ? ERR_OK : ERR_NOMEM;
}

/* The list as it is after this order succeeded. ERR_NOT_FOUND: it is of a profile that a whole list does not have. */
static enum err change_profiles(struct known *k, const struct eim_order *o)
{
    enum err x = add_named(k, o);
    json_t *named = find_profile(k->profiles, o->iccid);
    if (x)
        return x;
    switch (o->kind) {
    case EIM_ORDER_ENABLE:
        return mark(k->profiles, named, enable);
    case EIM_ORDER_DISABLE:
        return mark(k->profiles, named, disable);
    case EIM_ORDER_SET_FALLBACK:
    case EIM_ORDER_UNSET_FALLBACK:
        return mark(k->profiles, named, set_fallback);
    case EIM_ORDER_DELETE:
        remove_profile(k->profiles, named);
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

enum err eim_learn_profile_change(struct eim *e, const struct eim_order *o)
{
    struct known k;
    if (!names_profile(o->kind) && o->kind != EIM_ORDER_UNSET_FALLBACK)
        return ERR_OK;
    enum err x = read_known(e, o->eid, &k);
    if (!x)
        x = change_profiles(&k, o);
    bool says_nothing = x == ERR_NOT_FOUND || (!x && !k.complete && !json_array_size(k.profiles));
    if (says_nothing)
        x = eim_forget(e, o->eid, EIM_LEARNED_PROFILES);
    else if (!x)
        x = keep(e, o->eid, &k);
    json_decref(k.profiles);
    return x;
}

/* --- downloads -------------------------------------------------------------------------------------------------- */

/* Of a relayed download; *out NULL: nobody told. */
static enum err metadata_of(struct eim *e, const struct eim_order *o, json_t **out)
{
    struct buf text = { .max = 4096 };
    *out = NULL;
    enum err x = db_get(e->env->db,
                        "SELECT profile FROM relay WHERE eid = ? AND order_id = ? AND profile IS NOT NULL ORDER BY number DESC LIMIT 1",
                        DB_ARGS(DB_TEXT(o->eid), DB_TEXT(o->id)), &text);
    if (!x)
        x = json_read(buf_span(&text), out, NULL);
    buf_release(&text);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

enum err eim_learn_installation(struct eim *e, const struct eim_order *o, const char *iccid)
{
    struct known k;
    json_t *metadata = NULL;
    enum err x = read_known(e, o->eid, &k);
    if (!x)
        x = metadata_of(e, o, &metadata);
    if (!x && !find_profile(k.profiles, iccid)) {
        json_t *one = json_pack("{s:s, s:s, s:b}", "iccid", iccid, "state", "disabled", "fallback", 0);
        if (one && metadata)
            json_object_update(one, metadata);
        x = json_array_append_new(k.profiles, one) ? ERR_NOMEM : ERR_OK;
    }
    if (!x)
        x = keep(e, o->eid, &k);
    json_decref(metadata);
    json_decref(k.profiles);
    return x;
}

/* --- reading it anew ---------------------------------------------------------------------------------------------- */

/* A device that never answers keeps its eUICC's other orders waiting no longer than this. */
#define REREAD_WITHIN CLOCK_HOUR

static enum err write_listing(struct eim *e, const char *eid, struct eim_order *o)
{
    snprintf(o->eid, sizeof o->eid, "%s", eid);
    snprintf(o->reference, sizeof o->reference, "state of %s", eid);
    snprintf(o->tenant, sizeof o->tenant, "%s", EIM_OWN_TENANT);
    o->kind = EIM_ORDER_LIST;
    o->created = clock_now(e->env->clock);
    o->valid_until = o->created + REREAD_WITHIN;
    return rng_uuid(e->env->rng, o->id);
}

/* One an eUICC, ordered as often as needed; behind what was ordered before. */
static enum err order_listing(struct eim *e, const char *eid)
{
    struct eim_order o;
    eim_order_init(&o);
    enum err x = write_listing(e, eid, &o);
    int64_t until = o.valid_until;
    if (!x)
        x = eim_order_add(e, &o);
    if (x == ERR_EXISTS) {
        x = eim_order_by_reference(e, EIM_OWN_TENANT, o.reference, &o);
        o.valid_until = until;
        if (!x)
            x = eim_order_requeue(e, &o);
    }
    eim_order_release(&o);
    return x ? x : eim_push_soon(e, eid);
}

enum err eim_reread(struct eim *e, const char *eid)
{
    int64_t needless = 0;
    enum err x = !e->rereads ? ERR_EXISTS
                             : db_get_int(e->env->db,
                                          "SELECT handed_over > 0 OR EXISTS (SELECT 1 FROM orders o WHERE o.eid = euicc.eid"
                                          " AND o.state < 2 AND o.kind = ?) FROM euicc WHERE eid = ?",
                                          DB_ARGS(DB_INT(EIM_ORDER_LIST), DB_TEXT(eid)), &needless);
    if (x || needless)
        return x == ERR_EXISTS ? ERR_OK : x;
    return order_listing(e, eid);
}
