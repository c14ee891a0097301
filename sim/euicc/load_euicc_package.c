/* ES10b.LoadEuiccPackage (SGP.32 5.9.1, 3.3.1; catalogue A.5.4): checks in a row, then the commands
 * in order. The counter, what the commands did and the stored result are one change of memory:
 * after a power cut there is all of it or none. */
#include <string.h>

#include "euicc_internal.h"
#include "package.h"
#include "rsp_euicc_package.h"
#include "rsp_ids.h"

#define RESULTS_MAX 30000
#define PACKAGE_MAX 16384 /* octets of commands */

/* What an association says, kept apart: the package may delete its own eIM. */
struct package_run {
    struct euicc *e;
    struct rsp_euicc_package_request request;
    struct state *s; /* from the moment that the package is accepted */
    struct package_origin origin;
    struct buf results;
    bool switched, enabled, disabled, deleted, armed;
    bool had_previous;
    uint8_t previous[10]; /* enabled before this package's first switch */
};

/* ---- checks
 * ------------------------------------------------------------------------------------------------------
 */
enum refusal { REFUSE_NONE, REFUSE_UNSIGNED, REFUSE_SIGNED, REFUSE_FAILED };
struct check_result {
    enum refusal refusal;
    int64_t code; /* of a signed one */
};

static struct check_result check_eim(struct package_run *r)
{
    const struct rsp_euicc_package_signed *p = &r->request.package_signed;
    const struct eim *m = eim_find(euicc_state(r->e), p->eim_id);
    r->origin = (struct package_origin){ .eim_id = p->eim_id,
                                         .transaction_id = p->eim_transaction_id,
                                         .counter = p->counter };
    if (!m)
        return (struct check_result){ REFUSE_UNSIGNED, 0 };
    r->origin.token = (struct rsp_int){ m->has_token, m->token };
    r->origin.credential = eim_credential(r->e, m);
    return (struct check_result){ REFUSE_NONE, 0 };
}

static struct check_result check_signature(struct package_run *r)
{
    struct rsp_tbs tbs;
    rsp_tbs_euicc_package(&r->request.package_signed, r->origin.token, &tbs);
    enum err err =
        eim_verify(r->e, eim_find(euicc_state(r->e), r->origin.eim_id), &tbs, r->request.signature);
    if (failure_is_undefined(err) && err != ERR_VERIFY)
        return (struct check_result){ REFUSE_FAILED, 0 }; /* nobody knows who sent it */
    return (struct check_result){ err ? REFUSE_UNSIGNED : REFUSE_NONE, 0 };
}

static struct check_result check_eid(struct package_run *r)
{
    bool mine = span_equal(r->request.package_signed.eid, SPAN_ARRAY(r->e->eid));
    return (struct check_result){ mine ? REFUSE_NONE : REFUSE_SIGNED, RSP_PACKAGE_INVALID_EID };
}

/* SGP.32 5.9.1: the counter is compared before any command runs. */
static struct check_result check_counter(struct package_run *r)
{
    bool fresh = r->origin.counter > eim_find(euicc_state(r->e), r->origin.eim_id)->counter;
    return (struct check_result){ fresh ? REFUSE_NONE : REFUSE_SIGNED, RSP_PACKAGE_REPLAY_ERROR };
}

static struct check_result check_range(struct package_run *r)
{
    bool inside = r->origin.counter <= r->e->counter_max;
    return (struct check_result){ inside ? REFUSE_NONE : REFUSE_SIGNED,
                                  RSP_PACKAGE_COUNTER_VALUE_OUT_OF_RANGE };
}

/* Nothing is managed from outside while the emergency profile is enabled; the counter stays
 * (catalogue A.5.4). */
static struct check_result check_emergency(struct package_run *r)
{
    bool active = euicc_state(r->e)->in_emergency;
    return (struct check_result){ active ? REFUSE_SIGNED : REFUSE_NONE, RSP_PACKAGE_ECALL_ACTIVE };
}

/* The commands must leave room for their results in one answer. */
static struct check_result check_size(struct package_run *r)
{
    const struct rsp_euicc_package *p = &r->request.package_signed.package;
    size_t size = p->which == RSP_PACKAGE_PSMO ? p->psmo_list.len : p->eco_list.len;
    return (struct check_result){ size > PACKAGE_MAX ? REFUSE_SIGNED : REFUSE_NONE,
                                  RSP_PACKAGE_SIZE_OVERFLOW };
}

static const struct {
    const char *ref, *name;
    struct check_result (*check)(struct package_run *r);
} checks[] = {
    { "SGP.32 5.9.1", "the eIM is associated", check_eim },
    { "SGP.32 5.9.1", "eimSignature verifies", check_signature },
    { "SGP.32 5.9.1", "the EID is this card's", check_eid },
    { "SGP.32 5.9.1", "counterValue is new", check_counter },
    { "SGP.32 5.9.1", "counterValue is in range", check_range },
    { "SGP.32 5.9.22", "no emergency profile is enabled", check_emergency },
    { "SGP.32 5.9.1", "the package is not too large", check_size },
};

static enum err refuse_unsigned(struct package_run *r, struct buf *response)
{
    struct rsp_euicc_package_result result = {
        .which = RSP_PACKAGE_ERROR_UNSIGNED,
        .unsigned_error = { r->origin.eim_id, r->origin.transaction_id, r->origin.token,
                            { r->e->v1_3, RSP_PACKAGE_UNDEFINED_ERROR } },
    };
    return rsp_euicc_package_result_write(&result, response);
}

static enum err refuse_signed(struct package_run *r, int64_t code, struct buf *response)
{
    struct buf data = { .max = 1024 };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    struct rsp_package_error_data d = { .eim_id = r->origin.eim_id,
                                        .counter = r->origin.counter,
                                        .eim_transaction_id = r->origin.transaction_id,
                                        .code = code };
    enum err err = rsp_package_error_data_write(&d, &data);
    if (!err)
        tamper_at(&r->e->env, TAMPER_BEFORE_SIGNING, "ES10b.euiccPackageErrorDataSigned", &data);
    struct rsp_euicc_package_result result = { .which = RSP_PACKAGE_ERROR_SIGNED,
                                               .error = { { .signed_bytes = buf_span(&data) },
                                                          SPAN_ARRAY(signature.at) } };
    if (!err) {
        rsp_tbs_package_error(&result.error.data, r->origin.token, &tbs);
        err = euicc_sign_tbs(r->e, r->origin.credential, &tbs, &signature);
    }
    if (!err)
        err = rsp_euicc_package_result_write(&result, response);
    buf_release(&data);
    return err;
}

/* ---- the result
 * ------------------------------------------------------------------------------------------------------
 */
enum err package_result_put(struct euicc *e, struct state *s, const struct package_origin *o,
                            struct span results, uint32_t seq, struct buf *response)
{
    struct buf data = { .max = EUICC_RESPONSE_MAX };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    struct rsp_package_result_data d = { .eim_id = o->eim_id,
                                         .counter = o->counter,
                                         .eim_transaction_id = o->transaction_id,
                                         .seq_number = seq,
                                         .results = results };
    enum err err = rsp_package_result_data_write(&d, &data);
    if (!err)
        tamper_at(&e->env, TAMPER_BEFORE_SIGNING, "ES10b.euiccPackageResultDataSigned", &data);
    struct rsp_euicc_package_result result = { .which = RSP_PACKAGE_RESULT_SIGNED,
                                               .result = { { .signed_bytes = buf_span(&data) },
                                                           SPAN_ARRAY(signature.at) } };
    if (!err) {
        rsp_tbs_package_result(&result.result.data, o->token, &tbs);
        err = euicc_sign_tbs(e, o->credential, &tbs, &signature);
    }
    if (!err)
        err = rsp_euicc_package_result_write_as(&e->wire, &result, response);
    if (!err)
        err = pending_put(s, PENDING_PACKAGE_RESULT, seq, 0, buf_span(response));
    buf_release(&data);
    return err;
}

/* ---- PSMOs
 * -------------------------------------------------------------------------------------------------------------
 */
static enum err note_previous(struct package_run *r)
{
    const struct profile *now = state_enabled(r->s);
    if (!r->switched && now) {
        r->had_previous = true;
        memcpy(r->previous, now->iccid, sizeof r->previous);
    }
    r->switched = true;
    return ERR_OK;
}

static int64_t judge_enable(struct package_run *r, const struct rsp_psmo *p)
{
    const struct profile *to = state_find_iccid(r->s, p->iccid), *now = state_enabled(r->s);
    if (r->enabled)
        return RSP_PSMO_ENABLE_UNDEFINED_ERROR; /* SGP.32 2.11.1.1: at most one enable */
    if (!to)
        return RSP_PSMO_ENABLE_ICCID_OR_AID_NOT_FOUND;
    if (to->enabled)
        return RSP_PSMO_ENABLE_PROFILE_NOT_IN_DISABLED_STATE;
    if (now && profile_has_rule(now, RSP_PPR1))
        return RSP_PSMO_ENABLE_DISALLOWED_BY_POLICY;
    if (cat_is_busy(r->e))
        return RSP_PSMO_ENABLE_CAT_BUSY;
    bool can_return = now || r->had_previous;
    return p->rollback && !can_return ? RSP_PSMO_ENABLE_ROLLBACK_NOT_AVAILABLE : RSP_PSMO_ENABLE_OK;
}

static enum err run_enable(struct package_run *r, const struct rsp_psmo *p,
                           struct rsp_euicc_result *out)
{
    out->code = judge_enable(r, p);
    if (out->code)
        return ERR_OK;
    enum err err = note_previous(r);
    if (!err)
        err = profile_switch(r->e, r->s, state_find_iccid(r->s, p->iccid));
    r->enabled = true;
    r->armed = p->rollback;
    r->s->in_fallback =
        false; /* SGP.32 5.9.1: a new profile has nothing to return to from fallback */
    return err;
}

static enum err run_disable(struct package_run *r, const struct rsp_psmo *p,
                            struct rsp_euicc_result *out)
{
    const struct profile *of = state_find_iccid(r->s, p->iccid);
    if (r->disabled || r->enabled)
        out->code = RSP_PSMO_DISABLE_UNDEFINED_ERROR; /* SGP.32 2.11.1.1: at most one, and not after
                                                         enable */
    else if (!of)
        out->code = RSP_PSMO_DISABLE_ICCID_OR_AID_NOT_FOUND;
    else if (!of->enabled)
        out->code = RSP_PSMO_DISABLE_PROFILE_NOT_IN_ENABLED_STATE;
    else if (profile_has_rule(of, RSP_PPR1))
        out->code = RSP_PSMO_DISABLE_DISALLOWED_BY_POLICY;
    else if (cat_is_busy(r->e))
        out->code = RSP_PSMO_DISABLE_CAT_BUSY;
    if (out->code)
        return ERR_OK;
    enum err err = note_previous(r);
    r->disabled = true;
    return err ? err : profile_switch(r->e, r->s, NULL);
}

static int64_t judge_delete(struct package_run *r, const struct profile *p)
{
    if (!p)
        return RSP_PSMO_DELETE_ICCID_OR_AID_NOT_FOUND;
    if (p->enabled)
        return RSP_PSMO_DELETE_PROFILE_NOT_IN_DISABLED_STATE;
    if (profile_has_rule(p, RSP_PPR2))
        return RSP_PSMO_DELETE_DISALLOWED_BY_POLICY;
    if (r->armed && span_equal(SPAN_ARRAY(r->previous), SPAN_ARRAY(p->iccid)))
        return RSP_PSMO_DELETE_ROLLBACK_NOT_AVAILABLE;
    bool awaited =
        r->s->in_fallback && span_equal(SPAN_ARRAY(r->s->before_fallback), SPAN_ARRAY(p->iccid));
    return awaited ? RSP_PSMO_DELETE_RETURN_FALLBACK_PROFILE : RSP_PSMO_DELETE_OK;
}

static enum err run_delete(struct package_run *r, const struct rsp_psmo *p,
                           struct rsp_euicc_result *out)
{
    struct profile *of = state_find_iccid(r->s, p->iccid);
    out->code = judge_delete(r, of);
    if (out->code)
        return ERR_OK;
    r->deleted = true;
    return profile_remove(r->e, r->s, of);
}

static enum err run_list(struct package_run *r, const struct rsp_psmo *p,
                         struct rsp_euicc_result *out, struct buf *list)
{
    out->profiles = (struct rsp_profile_info_response){ .which = RSP_ERROR };
    if (r->switched || r->deleted) {
        out->profiles.error = RSP_PROFILE_INFO_PROFILE_CHANGE_ONGOING;
        return ERR_OK;
    }
    enum err err = profile_list(r->e, r->s, &p->list, list);
    if (err == ERR_PARSE) {
        out->profiles.error = RSP_PROFILE_INFO_INCORRECT_INPUT_VALUES;
        return ERR_OK;
    }
    out->profiles =
        (struct rsp_profile_info_response){ .which = RSP_OK, .list = list_contents(list) };
    return err;
}

static int64_t judge_set_fallback(const struct package_run *r, const struct profile *p)
{
    struct rsp_store_metadata m;
    const struct profile *holder = state_fallback(r->s);
    if (!p)
        return RSP_SET_FALLBACK_ICCID_OR_AID_NOT_FOUND;
    if (r->e->no_fallback || profile_metadata(p, &m) || !m.fallback_allowed)
        return RSP_SET_FALLBACK_FALLBACK_NOT_ALLOWED;
    bool in_use = holder && holder != p && holder->enabled;
    return in_use ? RSP_SET_FALLBACK_FALLBACK_PROFILE_ENABLED : RSP_SET_FALLBACK_OK;
}

static enum err run_set_fallback(struct package_run *r, const struct rsp_psmo *p,
                                 struct rsp_euicc_result *out)
{
    struct profile *to = state_find_iccid(r->s, p->iccid), *holder = state_fallback(r->s);
    out->code = judge_set_fallback(r, to);
    if (out->code)
        return ERR_OK;
    if (holder)
        holder->fallback = false;
    to->fallback = true;
    return ERR_OK;
}

static enum err run_unset_fallback(struct package_run *r, struct rsp_euicc_result *out)
{
    struct profile *holder = state_fallback(r->s);
    if (r->e->no_fallback)
        out->code = RSP_UNSET_FALLBACK_COMMAND_ERROR;
    else if (!holder)
        out->code = RSP_UNSET_FALLBACK_NO_FALLBACK_ATTRIBUTE;
    else if (holder->enabled)
        out->code = RSP_UNSET_FALLBACK_FALLBACK_PROFILE_ENABLED;
    else
        holder->fallback = false;
    return ERR_OK;
}

enum err immediate_configure(struct state *s, bool flag, struct span oid, struct span address)
{
    enum err err = ERR_OK;
    shared_release(s->immediate_oid);
    shared_release(s->immediate_address);
    s->immediate_oid = s->immediate_address = NULL;
    s->immediate_enable = flag;
    if (flag && oid.at)
        err = shared_set(&s->immediate_oid, oid);
    if (!err && flag && address.at)
        err = shared_set(&s->immediate_address, address);
    return err;
}

static enum err run_set_default_dp(struct package_run *r, const struct rsp_psmo *p,
                                   struct rsp_euicc_result *out)
{
    if (p->default_dp_address.len && !rsp_address_is_valid(p->default_dp_address)) {
        out->code = RSP_SET_DEFAULT_DP_UNDEFINED_ERROR;
        return ERR_OK;
    }
    if (p->default_dp_address.len)
        return shared_set(&r->s->default_dp, p->default_dp_address);
    shared_release(r->s->default_dp);
    r->s->default_dp = NULL;
    return ERR_OK;
}

static enum err run_psmo(struct package_run *r, const struct rsp_psmo *p,
                         struct rsp_euicc_result *out, struct buf *list)
{
    enum err err;
    switch (p->which) {
    case RSP_PSMO_ENABLE:
        return run_enable(r, p, out);
    case RSP_PSMO_DISABLE:
        return run_disable(r, p, out);
    case RSP_PSMO_DELETE:
        return run_delete(r, p, out);
    case RSP_PSMO_LIST_PROFILE_INFO:
        return run_list(r, p, out, list);
    case RSP_PSMO_GET_RAT:
        err = rat_write(r->e, list);
        out->rat = buf_span(list);
        return err;
    case RSP_PSMO_CONFIGURE_IMMEDIATE_ENABLE:
        out->code = immediate_judge(r->e, p->immediate.smdp_oid, p->immediate.smdp_address);
        return out->code ? ERR_OK
                         : immediate_configure(r->s, p->immediate.flag, p->immediate.smdp_oid,
                                               p->immediate.smdp_address);
    case RSP_PSMO_SET_FALLBACK_ATTRIBUTE:
        return run_set_fallback(r, p, out);
    case RSP_PSMO_UNSET_FALLBACK_ATTRIBUTE:
        return run_unset_fallback(r, out);
    case RSP_PSMO_SET_DEFAULT_DP_ADDRESS:
        return run_set_default_dp(r, p, out);
    default:
        out->code = RSP_TERMINATED_UNKNOWN_OR_DAMAGED_COMMAND;
        return ERR_OK;
    }
}

/* ---- eCOs
 * ---------------------------------------------------------------------------------------------------------------
 */
static enum err list_eims(const struct state *s, struct buf *list)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < s->eim_count; i++) {
        struct rsp_eim_configuration c;
        struct der d = der_open(shared_span(s->eims[i].configuration));
        err = rsp_eim_configuration_next(&d, &c);
        struct rsp_eim_id_info info = { c.eim_id, c.eim_id_type };
        if (info.eim_id_type.value != RSP_EIM_ID_OID && info.eim_id_type.value != RSP_EIM_ID_FQDN)
            info.eim_id_type.present = false; /* catalogue A.5.6: the type only of OIDs and FQDNs */
        if (!err)
            err = rsp_eim_id_info_write(&info, list);
    }
    return err;
}

static enum err run_delete_eim(struct package_run *r, struct span eim_id,
                               struct rsp_euicc_result *out)
{
    struct eim *m = eim_find(r->s, eim_id);
    bool can_be_one = eim_id.len >= 1 && eim_id.len <= 128; /* EimId ::= UTF8String (SIZE(1..128)) */
    out->code = can_be_one ? RSP_DELETE_EIM_EIM_NOT_FOUND : RSP_DELETE_EIM_COMMAND_ERROR;
    if (!m)
        return ERR_OK;
    state_remove_eim(r->s, m);
    out->code = r->s->eim_count ? RSP_DELETE_EIM_OK : RSP_DELETE_EIM_LAST_EIM_DELETED;
    return ERR_OK;
}

static enum err run_eco(struct package_run *r, const struct rsp_eco *c,
                        struct rsp_euicc_result *out, struct buf *list)
{
    struct rsp_int token;
    enum err err;
    switch (c->which) {
    case RSP_ECO_ADD_EIM:
        err = eim_add(r->e, r->s, &c->eim, &out->add_eim.code, &token);
        out->add_eim.which =
            !out->add_eim.code && token.present ? RSP_ADD_EIM_TOKEN : RSP_ADD_EIM_CODE;
        out->add_eim.token = token.value;
        return err;
    case RSP_ECO_DELETE_EIM:
        return run_delete_eim(r, c->eim_id, out);
    case RSP_ECO_UPDATE_EIM:
        return eim_update(r->e, r->s, &c->eim, &out->code);
    case RSP_ECO_LIST_EIM:
        err = list_eims(r->s, list);
        out->eims = (struct rsp_list_eim_result){ .which = RSP_OK, .list = list_contents(list) };
        return err;
    default:
        out->code = RSP_TERMINATED_UNKNOWN_OR_DAMAGED_COMMAND;
        return ERR_OK;
    }
}

/* ---- execution
 * ----------------------------------------------------------------------------------------------------------
 */
static bool ends_processing(const struct rsp_euicc_result *result)
{
    bool last_eim =
        result->which == RSP_RESULT_DELETE_EIM && result->code == RSP_DELETE_EIM_LAST_EIM_DELETED;
    return !last_eim && rsp_euicc_result_code(result) != 0;
}

static enum err put_terminated(struct package_run *r, int64_t code)
{
    struct rsp_euicc_result end = { .which = RSP_RESULT_PROCESSING_TERMINATED, .code = code };
    return rsp_euicc_result_write(&end, &r->results);
}

/* What each command is answered with; a kind that nobody knows, with the end of the package. */
static enum rsp_result_kind result_of_psmo(enum rsp_psmo_kind k)
{
    static const enum rsp_result_kind kinds[] = {
        [RSP_PSMO_ENABLE] = RSP_RESULT_ENABLE,
        [RSP_PSMO_DISABLE] = RSP_RESULT_DISABLE,
        [RSP_PSMO_DELETE] = RSP_RESULT_DELETE,
        [RSP_PSMO_LIST_PROFILE_INFO] = RSP_RESULT_LIST_PROFILE_INFO,
        [RSP_PSMO_GET_RAT] = RSP_RESULT_GET_RAT,
        [RSP_PSMO_CONFIGURE_IMMEDIATE_ENABLE] = RSP_RESULT_CONFIGURE_IMMEDIATE_ENABLE,
        [RSP_PSMO_SET_FALLBACK_ATTRIBUTE] = RSP_RESULT_SET_FALLBACK_ATTRIBUTE,
        [RSP_PSMO_UNSET_FALLBACK_ATTRIBUTE] = RSP_RESULT_UNSET_FALLBACK_ATTRIBUTE,
        [RSP_PSMO_SET_DEFAULT_DP_ADDRESS] = RSP_RESULT_SET_DEFAULT_DP_ADDRESS,
    };
    return k && k < COUNT(kinds) ? kinds[k] : RSP_RESULT_PROCESSING_TERMINATED;
}

static enum rsp_result_kind result_of_eco(enum rsp_eco_kind k)
{
    static const enum rsp_result_kind kinds[] = {
        [RSP_ECO_ADD_EIM] = RSP_RESULT_ADD_EIM,
        [RSP_ECO_DELETE_EIM] = RSP_RESULT_DELETE_EIM,
        [RSP_ECO_UPDATE_EIM] = RSP_RESULT_UPDATE_EIM,
        [RSP_ECO_LIST_EIM] = RSP_RESULT_LIST_EIM,
    };
    return k && k < COUNT(kinds) ? kinds[k] : RSP_RESULT_PROCESSING_TERMINATED;
}

#define UNDEFINED_ERROR 127 /* of every command that has a code; getRAT has none, and the package ends with it */

static struct rsp_euicc_result undefined_result(enum rsp_result_kind which)
{
    return (struct rsp_euicc_result){
        .which = which == RSP_RESULT_GET_RAT ? RSP_RESULT_PROCESSING_TERMINATED : which,
        .code = UNDEFINED_ERROR,
        .profiles = { .which = RSP_ERROR, .error = UNDEFINED_ERROR },
        .add_eim = { .which = RSP_ADD_EIM_CODE, .code = UNDEFINED_ERROR },
        .eims = { .which = RSP_ERROR, .error = UNDEFINED_ERROR },
    };
}

struct command_run {
    bool is_psmo;
    struct rsp_psmo psmo;
    struct rsp_eco eco;
    struct rsp_euicc_result result;
    struct buf list; /* what the result borrows */
};

/* What fails inside the card is undone, and what came before it in the package stays done. */
static enum err run_command(struct package_run *r, struct command_run *c)
{
    const struct package_run before = *r;
    struct state *kept = NULL;
    enum err err = state_copy(r->s, &kept);
    c->result.which = c->is_psmo ? result_of_psmo(c->psmo.which) : result_of_eco(c->eco.which);
    if (!err)
        err = c->is_psmo ? run_psmo(r, &c->psmo, &c->result, &c->list) : run_eco(r, &c->eco, &c->result, &c->list);
    if (!failure_is_undefined(err)) {
        state_free(kept);
        return err;
    }
    if (kept) {
        *r = before;
        r->s = euicc_return_to(r->e, kept);
    }
    c->result = undefined_result(c->result.which);
    return ERR_OK;
}

/* Runs the next command of the list; *more tells whether to go on. */
static enum err run_next(struct package_run *r, struct der *list, bool *more)
{
    struct command_run c = { .is_psmo = r->request.package_signed.package.which == RSP_PACKAGE_PSMO,
                             .list = { .max = RESULTS_MAX } };
    *more = false;
    enum err err = c.is_psmo ? rsp_psmo_next(list, &c.psmo) : rsp_eco_next(list, &c.eco);
    if (err)
        return put_terminated(r, failure_is_undefined(err) ? RSP_TERMINATED_UNDEFINED_ERROR
                                                           : RSP_TERMINATED_UNKNOWN_OR_DAMAGED_COMMAND);
    err = run_command(r, &c);
    if (!err)
        err = rsp_euicc_result_write_as(&r->e->wire, &c.result, &r->results);
    if (err == ERR_LIMIT)
        err = put_terminated(r, RSP_TERMINATED_RESULT_SIZE_OVERFLOW);
    else
        *more = !err && !ends_processing(&c.result);
    LOG(r->e->env.log, LOG_INFO, "package.command", F_TEXT("result", rsp_result_name(c.result.which)),
        F_INT("code", rsp_euicc_result_code(&c.result)),
        F_HEX("transaction", r->origin.transaction_id));
    buf_release(&c.list);
    return err;
}

static enum err run_commands(struct package_run *r)
{
    const struct rsp_euicc_package *p = &r->request.package_signed.package;
    struct der list = der_open(p->which == RSP_PACKAGE_PSMO ? p->psmo_list : p->eco_list);
    bool more = true;
    enum err err = ERR_OK;
    while (!err && more && !der_at_end(&list))
        err = run_next(r, &list, &more);
    return err;
}

static enum err arm_rollback(struct package_run *r, uint32_t seq)
{
    struct rollback *back = &r->s->rollback;
    if (!r->armed)
        return ERR_OK;
    *back = (struct rollback){ .granted = true,
                               .has_previous = r->had_previous,
                               .counter = r->origin.counter,
                               .credential = (uint8_t)r->origin.credential,
                               .result_seq = seq };
    memcpy(back->previous, r->previous, sizeof back->previous);
    enum err err = shared_set(&back->eim_id, r->origin.eim_id);
    if (!err && r->origin.transaction_id.at)
        err = shared_set(&back->transaction_id, r->origin.transaction_id);
    return err;
}

/* ---- interruption (settings.interruption_leaves_result)
 * ------------------------------------------------------------- */
static enum err put_note(const struct package_origin *o, struct buf *note)
{
    struct der_mark mark;
    enum err err = der_put_open(note, INTERRUPTED_PACKAGE, &mark);
    if (!err)
        err = der_put(note, 0x80, o->eim_id);
    if (!err)
        err = der_put_integer(note, 0x81, o->counter);
    if (!err && o->transaction_id.at)
        err = der_put(note, 0x82, o->transaction_id);
    if (!err && o->token.present)
        err = der_put_integer(note, 0x84, o->token.value);
    if (!err)
        err = der_put_integer(note, 0x85, o->credential);
    return err ? err : der_put_close(note, mark);
}

/* The counter is spent from here on: the result of an interruption says so to the eIM. */
static enum err remember_running(struct package_run *r)
{
    struct buf note = { .max = 512 };
    if (!r->e->interruption_leaves_result)
        return ERR_OK;
    enum err err = put_note(&r->origin, &note);
    if (!err)
        err = euicc_change(r->e, &r->s);
    if (!err)
        err = shared_set(&r->s->under_way, buf_span(&note));
    if (!err) {
        eim_find(r->s, r->origin.eim_id)->counter = r->origin.counter;
        err = euicc_commit(r->e);
    }
    buf_release(&note);
    return err;
}

static enum err read_note(struct span note, struct package_origin *o)
{
    struct der_tlv t;
    int64_t credential = 0;
    *o = (struct package_origin){ 0 };
    if (der_find(note, 0x80, &t))
        return ERR_PARSE;
    o->eim_id = t.value;
    if (der_find(note, 0x81, &t) || der_integer(t.value, &o->counter))
        return ERR_PARSE;
    if (der_find(note, 0x82, &t) == ERR_OK)
        o->transaction_id = t.value;
    o->token.present = der_find(note, 0x84, &t) == ERR_OK;
    if (o->token.present && der_integer(t.value, &o->token.value))
        return ERR_PARSE;
    if (der_find(note, 0x85, &t) || der_integer(t.value, &credential) || credential < 0)
        return ERR_PARSE;
    o->credential = (unsigned)credential;
    return ERR_OK;
}

enum err package_report_interruption(struct euicc *e, struct span note)
{
    struct package_run r = { .e = e, .results = { .max = 16 } };
    struct buf response = { .max = 1024 };
    if (read_note(note, &r.origin) || r.origin.credential >= e->credential_count)
        return log_fail(e->env.log, ERR_PARSE, "nvm", "the note of an interrupted package is damaged");
    enum err err = euicc_change(e, &r.s);
    if (!err)
        err = put_terminated(&r, RSP_TERMINATED_INTERRUPTION);
    if (!err)
        err = package_result_put(e, r.s, &r.origin, buf_span(&r.results), next_seq(r.s), &response);
    if (!err)
        state_clear_under_way(r.s);
    buf_release(&r.results);
    buf_release(&response);
    return err;
}

static enum err execute(struct package_run *r, struct buf *response)
{
    enum err err = remember_running(r);
    if (!err)
        err = euicc_change(r->e, &r->s);
    if (err)
        return err;
    state_clear_under_way(r->s);
    eim_find(r->s, r->origin.eim_id)->counter = r->origin.counter;
    state_clear_rollback(
        r->s); /* SGP.32 3.3.2: any accepted package ends what was granted before */
    r->results.max = RESULTS_MAX + 8;
    err = run_commands(r);
    if (err)
        return err;
    cat_refresh(r->e, r->switched);
    uint32_t seq = next_seq(r->s);
    err = arm_rollback(r, seq);
    if (!err)
        err = package_result_put(r->e, r->s, &r->origin, list_contents(&r->results), seq, response);
    return err;
}

/* Who sent it counts, and what comes before a command that nobody knows runs (SGP.32 5.9.1). */
static enum err read_request(struct span request, struct rsp_euicc_package_request *r)
{
    enum err err = rsp_euicc_package_request_read(request, r);
    return err == ERR_PARSE ? rsp_euicc_package_frame_read(request, r) : err;
}

enum err isdr_load_euicc_package(struct euicc *e, struct span request, struct buf *response)
{
    struct package_run r = { .e = e };
    enum err err = read_request(request, &r.request);
    if (err)
        return log_fail(e->env.log, err, "SGP.32 5.9.1", "EuiccPackageRequest is malformed");
    struct check_result refused = { REFUSE_NONE, 0 };
    size_t i = 0;
    while (i < COUNT(checks) && !(refused = checks[i].check(&r)).refusal)
        i++;
    if (refused.refusal)
        LOG(e->env.log, LOG_INFO, "package.refused", F_TEXT("check", checks[i].name),
            F_TEXT("rule", checks[i].ref), F_HEX("transaction", r.origin.transaction_id),
            F_INT("counter", r.origin.counter));
    if (refused.refusal == REFUSE_FAILED)
        return ERR_NOMEM;
    if (refused.refusal == REFUSE_UNSIGNED)
        return refuse_unsigned(&r, response);
    if (refused.refusal == REFUSE_SIGNED)
        return refuse_signed(&r, refused.code, response);
    err = execute(&r, response);
    buf_release(&r.results);
    return err;
}

/* Signed, for an eIM that is known and signed itself; its package may come again with the same counter, unless that was
 * written before its commands ran. */
enum err load_euicc_package_undefined(struct euicc *e, uint32_t tag, struct span request, struct buf *response)
{
    struct package_run r = { .e = e };
    enum err err = read_request(request, &r.request);
    (void)tag;
    if (err)
        return err;
    if (check_eim(&r).refusal || check_signature(&r).refusal)
        return ERR_VERIFY;
    if (euicc_state(e)->under_way) {
        err = euicc_change(e, &r.s);
        if (!err)
            state_clear_under_way(r.s);
        if (!err)
            err = euicc_commit(e);
    }
    return err ? err : refuse_signed(&r, RSP_PACKAGE_UNDEFINED_ERROR, response);
}
