/* Administration: stock and orders, page by page. */
#include <stdio.h>
#include <string.h>

#include "smdp_functions.h"
#include "smdp_routes.h"

/* --- a profile as it was described ------------------------------------------------------------------ */

static enum err put_gid(json_t *o, const char *member, const struct smdp_gid *g)
{
    return g->len ? json_set_hex(o, member, span_of(g->at, g->len)) : ERR_OK;
}

static enum err put_texts(json_t *o, const struct smdp_profile *p)
{
    static const char *const classes[] = { [RSP_PROFILE_CLASS_TEST] = "test",
                                           [RSP_PROFILE_CLASS_PROVISIONING] = "provisioning",
                                           [RSP_PROFILE_CLASS_OPERATIONAL] = "operational" };
    const struct { const char *member, *text; } texts[] = {
        { "iccid", p->iccid },          { "operator", p->owner },    { "profileType", p->type },
        { "serviceProviderName", p->spn }, { "profileName", p->name }, { "mccMnc", p->mcc_mnc },
        { "profileClass", classes[p->profile_class] },
    };
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < COUNT(texts); i++)
        if (texts[i].text[0])
            e = json_set_str(o, texts[i].member, texts[i].text);
    return e;
}

static enum err put_rules(json_t *o, const struct smdp_profile *p)
{
    static const struct { uint32_t bit; const char *name; } names[] = { { RSP_PPR1, "ppr1" }, { RSP_PPR2, "ppr2" } };
    json_t *rules = p->policy_rules ? json_array() : NULL;
    if (!p->policy_rules)
        return ERR_OK;
    if (json_object_set_new(o, "profilePolicyRules", rules))
        return ERR_NOMEM;
    for (size_t i = 0; i < COUNT(names); i++)
        if (p->policy_rules & names[i].bit && json_array_append_new(rules, json_string(names[i].name)))
            return ERR_NOMEM;
    return ERR_OK;
}

static enum err put_notifications(json_t *o, const struct smdp_profile *p)
{
    json_t *list = p->notifications[0] ? json_loads(p->notifications, 0, NULL) : NULL;
    if (!p->notifications[0])
        return ERR_OK;
    return list && !json_object_set_new(o, "notifications", list) ? ERR_OK : ERR_NOMEM;
}

json_t *smdp_profile_json(const struct smdp_profile *p)
{
    json_t *o = json_object();
    enum err e = o ? put_texts(o, p) : ERR_NOMEM;
    if (!e)
        e = put_gid(o, "gid1", &p->gid1);
    if (!e)
        e = put_gid(o, "gid2", &p->gid2);
    if (!e)
        e = put_rules(o, p);
    if (!e)
        e = put_notifications(o, p);
    if (!e && p->ecall_indication)
        e = json_set_bool(o, "ecallIndication", true);
    if (!e && p->fallback_allowed)
        e = json_set_bool(o, "fallbackAllowed", true);
    if (!e)
        return o;
    json_decref(o);
    return NULL;
}

/* --- lists ------------------------------------------------------------------------------------------ */

static enum err refuse(struct http_response *p, const char *detail)
{
    return smdp_refuse(p, 400, "malformed query", detail);
}

static enum err read_state(const struct http_request *q, struct http_response *p, struct smdp_filter *f, bool *given)
{
    char state[16];
    enum err e = smdp_read_filter(q, p, "state", state, sizeof state);
    *given = !e && state[0];
    return *given && smdp_state_parse(state, &f->state) ? refuse(p, "state: there is no such state") : e;
}

/* An operator's own, whatever it asks for: of another's there is nothing. */
static enum err read_owner(const struct http_request *q, struct http_response *p, const char *owner, struct smdp_filter *f,
                           bool *nothing)
{
    enum err e = smdp_read_filter(q, p, "operator", f->owner, sizeof f->owner);
    *nothing = !e && owner && f->owner[0] && strcmp(f->owner, owner) != 0;
    if (!e && owner)
        snprintf(f->owner, sizeof f->owner, "%s", owner);
    return e;
}

/* What a list shows of a profile; never the matchingId. */
static enum err put_line(void *context, const struct smdp_profile *p)
{
    json_t *line = json_pack("{s:s, s:s, s:s, s:s}", "iccid", p->iccid, "operator", p->owner, "profileType", p->type,
                             "state", smdp_state_name(p->state));
    enum err e = line ? ERR_OK : ERR_NOMEM;
    if (!e && p->eid[0])
        e = json_set_str(line, "eid", p->eid);
    if (!e && p->state != SMDP_AVAILABLE)
        e = json_set_int(line, "downloads", p->downloads);
    if (!e && p->released_at)
        e = json_set_int(line, "releasedAt", p->released_at);
    if (e) {
        json_decref(line);
        return e;
    }
    return json_array_append_new(context, line) ? ERR_NOMEM : ERR_OK;
}

static enum err answer(struct smdp *s, const struct smdp_filter *f, const struct smdp_page *page, bool nothing,
                       const char *name, struct http_response *p)
{
    json_t *lines = json_array();
    enum err e = lines ? ERR_OK : ERR_NOMEM;
    if (!e && !nothing)
        e = smdp_profiles_page(s, f, page->after, page->limit, put_line, lines);
    if (e) {
        json_decref(lines);
        return e;
    }
    return smdp_answer_page(p, name, lines, "iccid", page);
}

/* What both lists are asked alike: who asks, which page, which state, whose. */
static enum err begin(struct smdp *s, const struct http_request *q, struct http_response *p, struct smdp_filter *f,
                      struct smdp_page *page, bool *given, bool *nothing)
{
    const char *owner = NULL;
    enum err e = smdp_require_viewer(s, q, p, &owner);
    if (!e)
        e = smdp_read_page(q, p, page);
    if (!e)
        e = read_state(q, p, f, given);
    return e ? e : read_owner(q, p, owner, f, nothing);
}

enum err smdp_list_stock(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct smdp_filter f = { .state = SMDP_AVAILABLE };
    struct smdp_page page;
    bool given = false, nothing = false;
    enum err e = begin(s, q, p, &f, &page, &given, &nothing);
    if (!e)
        e = smdp_read_filter(q, p, "profileType", f.type, sizeof f.type);
    if (!e && f.type[0] && !f.owner[0])
        return http_problem(p, 400, "malformed query", "profileType: a type is an operator's, which is to be named too");
    return e ? e : answer(s, &f, &page, nothing, "profiles", p);
}

enum err smdp_list_orders(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct smdp_filter f = { .any_order = true };
    struct smdp_page page;
    bool given = false, nothing = false;
    enum err e = begin(s, q, p, &f, &page, &given, &nothing);
    if (!e)
        e = smdp_read_filter(q, p, "eid", f.eid, sizeof f.eid);
    if (!e && given && (f.eid[0] || f.state == SMDP_AVAILABLE))
        return http_problem(p, 400, "malformed query",
                            f.eid[0] ? "eid or state is wanted, not both" : "state: an available profile has no order");
    f.any_order = !given;
    return e ? e : answer(s, &f, &page, nothing, "orders", p);
}
