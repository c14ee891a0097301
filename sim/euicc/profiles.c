/* Profiles: list, enable, disable, delete, nickname (SGP.22 5.7.15 to 5.7.21; SGP.32 5.9.14). */
#include <string.h>

#include "euicc_internal.h"
#include "rsp_es10.h"
#include "rsp_profile_info.h"
#include "rsp_schema.h"
#include "saip.h"

/* It passed its schema when the profile was installed: nothing here can fail but for a damaged memory, so that a rule is
 * never overlooked for want of this program's own memory. */
enum err profile_metadata(const struct profile *p, struct rsp_store_metadata *m)
{
    struct der d = der_open(shared_span(p->metadata));
    return rsp_store_metadata_next(&d, m);
}

bool profile_has_rule(const struct profile *p, uint32_t rule)
{
    struct rsp_store_metadata m;
    return !profile_metadata(p, &m) && m.policy_rules.present && m.policy_rules.bits & rule;
}

static bool is_of_class(const struct profile *p, int64_t wanted)
{
    struct rsp_store_metadata m;
    return !profile_metadata(p, &m) &&
           (m.profile_class.present ? m.profile_class.value : RSP_PROFILE_CLASS_OPERATIONAL) ==
               wanted;
}

/* Which profile a test profile takes the place of (SGP.22 2.4.5). */
static void note_test(struct state *s, const struct profile *from, const struct profile *to)
{
    bool test = to && is_of_class(to, RSP_PROFILE_CLASS_TEST);
    if (test && from && !is_of_class(from, RSP_PROFILE_CLASS_TEST)) {
        s->has_before_test = true;
        memcpy(s->before_test, from->iccid, sizeof s->before_test);
    } else if (!test) {
        s->has_before_test = false;
    }
}

enum err profile_switch(struct euicc *e, struct state *s, struct profile *to)
{
    struct profile *from = state_enabled(s);
    enum err err = ERR_OK;
    note_test(s, from, to);
    if (from) {
        from->enabled = false;
        err = notify(e, s, from, RSP_EVENT_DISABLE);
    }
    if (!err && to) {
        to->enabled = true;
        err = notify(e, s, to, RSP_EVENT_ENABLE);
    }
    usim_close(e);
    LOG(e->env.log, LOG_INFO, "profile.switch",
        F_HEX("from", from ? SPAN_ARRAY(from->iccid) : (struct span){ 0 }),
        F_HEX("to", to ? SPAN_ARRAY(to->iccid) : (struct span){ 0 }));
    return err;
}

enum err profile_remove(struct euicc *e, struct state *s, struct profile *p)
{
    enum err err = notify(e, s, p, RSP_EVENT_DELETE);
    if (!err)
        state_remove_profile(s, p);
    return err;
}

/* ---- list
 * ----------------------------------------------------------------------------------------------------
 */
static enum err describe(const struct profile *p, struct rsp_profile_info *info)
{
    struct rsp_store_metadata m;
    enum err err = profile_metadata(p, &m);
    *info =
        (struct rsp_profile_info){ .iccid = SPAN_ARRAY(p->iccid), .isdp_aid = SPAN_ARRAY(p->aid) };
    if (err)
        return err;
    info->state = (struct rsp_int){ true, p->enabled ? RSP_PROFILE_ENABLED : RSP_PROFILE_DISABLED };
    if (p->nickname)
        info->nickname = shared_span(p->nickname);
    info->service_provider_name = m.service_provider_name;
    info->profile_name = m.profile_name;
    info->icon_type = m.icon_type;
    info->icon = m.icon;
    info->profile_class = m.profile_class.present
                              ? m.profile_class
                              : (struct rsp_int){ true, RSP_PROFILE_CLASS_OPERATIONAL };
    info->notification_configuration = m.notification_configuration;
    info->has_owner = m.has_owner;
    info->owner = m.owner;
    if (p->isdp)
        info->dp_proprietary_data = shared_span(p->isdp);
    info->policy_rules = m.policy_rules;
    info->service_data = m.service_data_stored;
    info->ecall_indication = m.ecall_indication;
    info->fallback_attribute = p->fallback;
    info->fallback_allowed = m.fallback_allowed;
    return ERR_OK;
}

static bool matches(const struct rsp_profile_info_request *r, const struct rsp_profile_info *info)
{
    if (!r->has_search)
        return true;
    switch (r->search.which) {
    case RSP_SEARCH_AID:
        return span_equal(r->search.aid, info->isdp_aid);
    case RSP_SEARCH_ICCID:
        return span_equal(r->search.iccid, info->iccid);
    case RSP_SEARCH_CLASS:
        return r->search.profile_class == info->profile_class.value;
    default:
        return true;
    }
}

/* What of the package the card only keeps, as the package itself tells. */
static enum err describe_elements(const struct euicc *e, const struct profile *p, struct buf *out, struct span *contents)
{
    struct saip_package *package;
    enum err err = kept_package_read(p->upp, &package);
    if (!err)
        install_judge(e, p->upp, package);
    if (!err)
        err = saip_put_exceptions(package, out);
    saip_free(package);
    *contents = list_contents(out);
    return err;
}

static enum err list_one(const struct euicc *e, const struct profile *p,
                         const struct rsp_profile_info_request *r, struct buf *list)
{
    struct rsp_profile_info info;
    struct buf elements = { .max = SAIP_ANSWER_MAX };
    enum err err = describe(p, &info);
    if (err || !matches(r, &info))
        return err;
    /* SGP.32 v1.3 puts nothing into iotSpecificProfileInfo: whatever is asked for, there is none of it. */
    if (e->v1_3 && r->iot_tag_list.at) {
        err = rsp_tag_list_check(r->iot_tag_list);
        info.iot_specific = span_of("", 0);
    }
    if (!err && rsp_tag_list_has(r->tag_list, RSP_TAG_ELEMENTS))
        err = describe_elements(e, p, &elements, &info.elements);
    if (!err)
        err = rsp_profile_info_write_selected(&info, r->tag_list, list);
    buf_release(&elements);
    return err;
}

enum err profile_list(const struct euicc *e, const struct state *s,
                      const struct rsp_profile_info_request *r, struct buf *list)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < s->profile_count; i++)
        err = list_one(e, &s->profiles[i], r, list);
    return err;
}

/* SGP.22 5.7.15: what a consumer card gives without a tag list; SGP.32 5.9.14 changed the list. */
static const uint8_t sgp22_tags[] = { 0x5a, 0x4f, 0x9f, 0x70, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95 };

enum err isdr_get_profiles_info(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_profile_info_request r;
    struct buf list = { .max = EUICC_RESPONSE_MAX };
    struct rsp_profile_info_response answer = { .which = RSP_OK };
    enum err err = rsp_profile_info_request_read(request, &r);
    if (err)
        return err;
    if (e->sgp22_only && !r.tag_list.at)
        r.tag_list = SPAN_ARRAY(sgp22_tags);
    err = profile_list(e, euicc_state(e), &r, &list);
    if (err == ERR_PARSE) {
        answer =
            (struct rsp_profile_info_response){ .which = RSP_ERROR,
                                                .error = RSP_PROFILE_INFO_INCORRECT_INPUT_VALUES };
        err = ERR_OK;
    } else {
        answer.list = list_contents(&list);
    }
    if (!err)
        err = rsp_profile_info_response_write(&answer, response);
    buf_release(&list);
    return err;
}

/* ---- local switches
 * -------------------------------------------------------------------------------------------- */
static struct profile *identified(const struct state *s, const struct rsp_profile_identifier *id)
{
    return id->which == RSP_PROFILE_BY_AID ? state_find_aid(s, id->aid)
                                           : state_find_iccid(s, id->iccid);
}

/* SGP.22 3.2.1: after a test profile comes the operational profile that it took the place of. */
static bool is_wrong_after_test(const struct state *s, const struct profile *now,
                                const struct profile *p)
{
    return now && s->has_before_test && is_of_class(now, RSP_PROFILE_CLASS_TEST) &&
           !is_of_class(p, RSP_PROFILE_CLASS_TEST) &&
           !span_equal(SPAN_ARRAY(s->before_test), SPAN_ARRAY(p->iccid));
}

static int64_t judge_enable(const struct euicc *e, const struct profile *p)
{
    const struct state *s = euicc_state(e);
    const struct profile *now = state_enabled(s);
    if (!p)
        return RSP_ENABLE_ICCID_OR_AID_NOT_FOUND;
    if (p->enabled)
        return RSP_ENABLE_PROFILE_NOT_IN_DISABLED_STATE;
    if (s->in_emergency)
        return RSP_ENABLE_UNDEFINED_ERROR; /* the function has no code for an active emergency
                                              profile */
    /* SGP.22 2.4.5.3: no rule keeps a test profile from being enabled. */
    if (now && profile_has_rule(now, RSP_PPR1) && !is_of_class(p, RSP_PROFILE_CLASS_TEST))
        return RSP_ENABLE_DISALLOWED_BY_POLICY;
    if (is_wrong_after_test(s, now, p))
        return RSP_ENABLE_WRONG_PROFILE_REENABLING;
    return cat_is_busy(e) ? RSP_ENABLE_CAT_BUSY : RSP_ENABLE_OK;
}

static int64_t judge_disable(const struct euicc *e, const struct profile *p)
{
    if (!p)
        return RSP_DISABLE_ICCID_OR_AID_NOT_FOUND;
    if (!p->enabled)
        return RSP_DISABLE_PROFILE_NOT_IN_ENABLED_STATE;
    if (euicc_state(e)->in_emergency)
        return RSP_DISABLE_UNDEFINED_ERROR;
    if (profile_has_rule(p, RSP_PPR1))
        return RSP_DISABLE_DISALLOWED_BY_POLICY;
    return cat_is_busy(e) ? RSP_DISABLE_CAT_BUSY : RSP_DISABLE_OK;
}

static int64_t judge_delete(const struct euicc *e, const struct profile *p)
{
    if (!p)
        return RSP_DELETE_ICCID_OR_AID_NOT_FOUND;
    if (p->enabled)
        return RSP_DELETE_PROFILE_NOT_IN_DISABLED_STATE;
    if (euicc_state(e)->in_emergency)
        return RSP_DELETE_UNDEFINED_ERROR;
    return profile_has_rule(p, RSP_PPR2) ? RSP_DELETE_DISALLOWED_BY_POLICY : RSP_DELETE_OK;
}

/* A local switch ends what an eIM's switch had granted, and the fallback it would have returned
 * from. Deleting is no switch: what would have been returned to may be gone then. */
static enum err switch_locally(struct euicc *e, struct state **s)
{
    enum err err = euicc_change(e, s);
    if (!err) {
        state_clear_rollback(*s);
        (*s)->in_fallback = false;
    }
    return err;
}

enum err isdr_enable_profile(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_enable_profile_request r;
    struct state *s;
    enum err err = rsp_enable_profile_request_read(request, &r);
    if (err)
        return err;
    int64_t code = judge_enable(e, identified(euicc_state(e), &r.profile));
    if (!code)
        err = switch_locally(e, &s);
    if (!code && !err)
        err = profile_switch(e, s, identified(s, &r.profile));
    if (!code && !err)
        cat_refresh(e, r.refresh);
    return err ? err : rsp_code_write(0xbf31, code, response);
}

enum err isdr_disable_profile(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_disable_profile_request r;
    struct state *s;
    enum err err = rsp_disable_profile_request_read(request, &r);
    if (err)
        return err;
    int64_t code = judge_disable(e, identified(euicc_state(e), &r.profile));
    if (!code)
        err = switch_locally(e, &s);
    if (!code && !err)
        err = profile_switch(e, s, NULL);
    if (!code && !err)
        cat_refresh(e, r.refresh);
    return err ? err : rsp_code_write(0xbf32, code, response);
}

enum err isdr_delete_profile(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_delete_profile_request r;
    struct state *s;
    enum err err = rsp_delete_profile_request_read(request, &r);
    if (err)
        return err;
    int64_t code = judge_delete(e, identified(euicc_state(e), &r.profile));
    if (!code)
        err = euicc_change(e, &s);
    if (!code && !err)
        err = profile_remove(e, s, identified(s, &r.profile));
    return err ? err : rsp_code_write(0xbf33, code, response);
}

/* SGP.22 5.7.21: an empty nickname takes away the one there is. */
static enum err set_nickname(struct profile *p, struct span name)
{
    if (name.len)
        return shared_set(&p->nickname, name);
    shared_release(p->nickname);
    p->nickname = NULL;
    return ERR_OK;
}

enum err isdr_set_nickname(struct euicc *e, struct span request, struct buf *response)
{
    struct der_tlv whole, iccid, name;
    struct state *s;
    enum err err = rsp_check(RSP_SET_NICKNAME_REQUEST, request); /* UTF-8, of 64 characters at most */
    if (err)
        return err;
    if (der_only(request, 0xbf29, &whole) || der_find(whole.value, 0x5a, &iccid) ||
        der_find(whole.value, 0x90, &name))
        return ERR_PARSE;
    if (!state_find_iccid(euicc_state(e), iccid.value))
        return rsp_code_write(0xbf29, 1, response); /* iccidNotFound */
    err = euicc_change(e, &s);
    if (!err)
        err = set_nickname(state_find_iccid(s, iccid.value), name.value);
    return err ? err : rsp_code_write(0xbf29, 0, response);
}
