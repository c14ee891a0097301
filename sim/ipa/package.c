/* eUICC packages: execute as received, keep the result, roll back when the switch leads nowhere (SGP.32 v1.2 3.3). */
#include <stdio.h>
#include <string.h>

#include "ipa_internal.h"
#include "rsp_codes.h"

/* Whose result it is. */
static void eim_of(const struct rsp_euicc_package_result *r, char id[IPA_EIM_ID_MAX + 1])
{
    struct span s = r->which == RSP_PACKAGE_RESULT_SIGNED  ? r->result.data.eim_id
                    : r->which == RSP_PACKAGE_ERROR_SIGNED ? r->error.data.eim_id
                                                           : r->unsigned_error.eim_id;
    snprintf(id, IPA_EIM_ID_MAX + 1, "%.*s", (int)s.len, (const char *)s.at);
}

/* Does another eIM have to look again at what the card holds? */
static bool changes_state(const struct rsp_euicc_package_result *r)
{
    struct der list = der_open(r->which == RSP_PACKAGE_RESULT_SIGNED ? r->result.data.results : (struct span){ 0 });
    struct rsp_euicc_result one;
    while (!der_at_end(&list) && rsp_euicc_result_next(&list, &one) == ERR_OK)
        switch (one.which) {
        case RSP_RESULT_ENABLE:
        case RSP_RESULT_DISABLE:
        case RSP_RESULT_DELETE:
        case RSP_RESULT_ROLLBACK:
        case RSP_RESULT_SET_FALLBACK_ATTRIBUTE:
        case RSP_RESULT_UNSET_FALLBACK_ATTRIBUTE:
            if (rsp_euicc_result_code(&one) == 0)
                return true;
            break;
        default:
            break;
        }
    return false;
}

static bool says_rolled_back(const struct rsp_euicc_package_result *r)
{
    struct der list = der_open(r->which == RSP_PACKAGE_RESULT_SIGNED ? r->result.data.results : (struct span){ 0 });
    struct rsp_euicc_result one;
    while (!der_at_end(&list) && rsp_euicc_result_next(&list, &one) == ERR_OK)
        if (one.which == RSP_RESULT_ROLLBACK)
            return true;
    return false;
}

/* The result is kept before anything else happens: the bearer may be gone the next moment. That of a rollback takes the place
 * of the one that could not be delivered (SGP.32 5.9.16), also when it is found on the card after a power cut. */
static enum err keep_result(struct ipa *i, const struct rsp_euicc_package_result *r)
{
    struct buf bytes = { .max = 128 << 10 };
    const struct rsp_provide_eim_package_result q = {
        .eid = SPAN_ARRAY(i->eid_octets),
        .result = { .which = RSP_EIM_RESULT_PACKAGE, .package = *r },
    };
    int64_t key = r->which == RSP_PACKAGE_RESULT_SIGNED ? r->result.data.seq_number : 0;
    char eim[IPA_EIM_ID_MAX + 1];
    eim_of(r, eim);
    enum err e = rsp_provide_eim_package_result_write(&q, &bytes);
    /* Before the result: a power cut between the two tells the others twice rather than never. */
    if (!e && i->eim_count != 1 && changes_state(r))
        e = ipa_tell(i, RSP_CAUSE_OTHER_EIM, eim);
    if (!e)
        e = says_rolled_back(r) ? ipa_journal_put_rollback(i, eim, key, buf_span(&bytes))
                                : ipa_journal_put_result(i, eim, key, buf_span(&bytes));
    buf_release(&bytes);
    return e;
}

/* Which of its profiles does the card have enabled? "" none. */
enum err ipa_enabled_profile(struct ipa *i, uint8_t iccid[10], bool *any)
{
    struct es10b_profiles_info info = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_profile_info p;
    *any = false;
    enum err e = es10b_get_profiles_info(&i->card, NULL, &info);
    struct der list = der_open(!e && info.message.which == RSP_OK ? info.message.list : (struct span){ 0 });
    while (!e && !*any && !der_at_end(&list)) {
        e = rsp_profile_info_next(&list, &p);
        if (!e && p.state.present && p.state.value == RSP_PROFILE_ENABLED && p.iccid.len == 10) {
            memcpy(iccid, p.iccid.at, 10);
            *any = true;
        }
    }
    buf_release(&info.received);
    return e;
}

/* Does the package switch profiles, and may the switch be taken back? */
static void look_for_switch(struct span psmos, bool *switches, bool *rollback)
{
    struct der list = der_open(psmos);
    struct rsp_psmo p;
    *switches = *rollback = false;
    while (!der_at_end(&list) && rsp_psmo_next(&list, &p) == ERR_OK) {
        *switches |= p.which == RSP_PSMO_ENABLE || p.which == RSP_PSMO_DISABLE;
        *rollback |= p.which == RSP_PSMO_ENABLE && p.rollback;
    }
}

static enum err load(struct ipa *i, const struct rsp_euicc_package_request *q)
{
    struct es10b_load_euicc_package_response answer = { .received.max = APDU_ES10_RESPONSE_MAX };
    enum err e = es10b_load_euicc_package(&i->card, q->whole, &answer);
    if (!e)
        e = keep_result(i, &answer.message);
    if (!e)
        LOG(i->env->log, LOG_INFO, "package.executed", F_TEXT("device", i->name));
    /* Executed or not? The card knows: it is started again, and what it holds is collected before anything is polled. */
    if (e)
        i->ready = false;
    buf_release(&answer.received);
    return e;
}

enum err ipa_execute_package(struct ipa *i, const struct rsp_euicc_package_request *q, bool *changed)
{
    uint8_t before[10] = { 0 }, after[10] = { 0 };
    bool had = false, has = false, switches, rollback;
    look_for_switch(q->package_signed.package.psmo_list, &switches, &rollback);
    int64_t deadline = 0;
    char grantor[IPA_EIM_ID_MAX + 1] = "";
    enum err e = switches ? ipa_enabled_profile(i, before, &had) : ERR_OK;
    if (!e && rollback)
        e = ipa_journal_deadline(i, &deadline);
    if (!e && deadline)
        e = ipa_journal_grantor(i, grantor);
    /* The clock of the rollback runs from before the switch: a power cut between the two must not stop it. */
    if (!e && rollback)
        e = ipa_journal_set_deadline(i, clock_now(i->env->clock) + i->rollback_after, q->package_signed.eim_id);
    if (!e)
        e = load(i, q);
    i->notifications = true;
    if (!e && switches)
        e = ipa_enabled_profile(i, after, &has);
    *changed = switches && (had != has || memcmp(before, after, sizeof before) != 0);
    /* Nothing was switched, by a package that came twice for one: what was at stake before is so still. */
    if (!e && rollback && !*changed)
        e = ipa_journal_set_deadline(i, deadline, span_str(grantor));
    /* An eCO: other eIMs may be associated now, or others' keys and places. */
    if (!e && q->package_signed.package.which == RSP_PACKAGE_ECO)
        e = ipa_read_eims(i);
    /* The last one is gone: as at the first start, provisioning writes the initial one. */
    if (e == ERR_NOT_FOUND) {
        i->ready = false;
        e = ERR_OK;
    }
    if (!e && *changed)
        e = ipa_restart_card(i);
    return e;
}

/* SGP.32 3.3.2. A lost answer is found on the card at its next start. */
enum err ipa_roll_back(struct ipa *i)
{
    struct es10b_profile_rollback_response answer = { .received.max = APDU_ES10_RESPONSE_MAX };
    enum err e = es10b_profile_rollback(&i->card, true, &answer);
    if (!e)
        LOG(i->env->log, LOG_WARN, "rollback", F_TEXT("device", i->name),
            F_TEXT("result", rsp_profile_rollback_result_name(answer.message.code)));
    if (!e)
        e = answer.message.has_result ? keep_result(i, &answer.message.result) : ipa_journal_set_deadline(i, 0, span_str(""));
    ipa_detach(i);
    i->ready = false;
    buf_release(&answer.received);
    i->notifications = true;
    ipa_state_changed(i);
    return e ? e : ipa_restart_card(i);
}

/* After a start: results that were made but never reached the journal (SGP.32 5.9.11). */
enum err ipa_collect_results(struct ipa *i)
{
    struct es10b_retrieve_notifications_response answer = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_retrieve_notifications_request q = {
        .has_search = true, .search = { .which = RSP_RETRIEVE_PACKAGE_RESULTS, .package_results = true }
    };
    struct rsp_euicc_package_result r;
    enum err e = es10b_retrieve_notifications_list(&i->card, &q, &answer);
    struct der list = der_open(!e && answer.message.which == RSP_RETRIEVE_RESULTS ? answer.message.package_results
                                                                                 : (struct span){ 0 });
    while (!e && !der_at_end(&list)) {
        e = rsp_euicc_package_result_next(&list, &r);
        if (!e)
            e = keep_result(i, &r);
    }
    buf_release(&answer.received);
    return e;
}
