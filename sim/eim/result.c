/* Results of packages and downloads: verified over the bytes received, applied once, acknowledged as often as they come. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

/* An unsigned refusal proves nothing: the package is sent again this often before the order fails. */
#define UNSIGNED_REFUSALS 3
/* Stands in `refused` while the eUICC is asked for the results it kept. */
#define ASKED_FOR_RESULTS 100

/* Not believed: ERR_VERIFY, and the sender hears that it was not taken. */
static enum err disbelieve(struct eim *e, const char *section, const char *why)
{
    return log_fail(e->env->log, ERR_VERIFY, section, why);
}

/* --- what a result says, as JSON ------------------------------------------------------------------- */

static enum err set_result(struct eim_order *o, json_t *json)
{
    buf_clear(&o->result);
    enum err x = json ? json_write(json, &o->result) : ERR_NOMEM;
    json_decref(json);
    return x;
}

static enum err end_order(struct eim_order *o, enum eim_order_state state, int64_t code, const char *name)
{
    o->state = state;
    return set_result(o, json_pack("{s:I, s:s}", "code", (json_int_t)code, "name", name));
}

enum err eim_order_fail(struct eim *e, struct eim_order *o, int64_t code, const char *name)
{
    enum err x = end_order(o, EIM_FAILED, code, name);
    return x ? x : eim_order_update(e, o);
}

enum err eim_order_end(struct eim *e, struct eim_order *o, enum eim_order_state state, const char *why)
{
    enum err x = end_order(o, state, 127, why);
    return x ? x : eim_order_update(e, o);
}

/* By what nobody signed: it may be found to be otherwise. */
static enum err end_unproven(struct eim_order *o, json_t *result)
{
    if (result)
        json_object_set_new(result, "unsigned", json_true());
    o->state = EIM_FAILED;
    return set_result(o, result);
}

enum err eim_order_fail_unreadable(struct eim *e, struct eim_order *o, const struct eim_damage *d)
{
    LOG(e->env->log, LOG_ERROR, "order.unreadable", F_TEXT("swap", o->reference), F_TEXT("order", o->id), F_TEXT("eid", o->eid),
        F_TEXT("name", d->name), F_TEXT("why", d->why));
    json_t *result = json_pack("{s:i, s:s, s:s}", "code", 127, "name", d->name, "error", d->why);
    enum err x = o->state == EIM_SENT ? end_unproven(o, result) : set_result(o, result);
    o->state = EIM_FAILED;
    return x ? x : eim_order_update(e, o);
}

enum err eim_order_expire(struct eim *e, struct eim_order *o)
{
    json_t *trouble = NULL;
    bool sent = o->state == EIM_SENT;
    enum err x = o->kind == EIM_ORDER_DATA ? ERR_OK : eim_trouble_get(e, o->eid, &trouble);
    o->state = EIM_EXPIRED;
    if (!x && sent)
        x = end_order(o, EIM_EXPIRED, 127, "noAnswer");
    if (!x && trouble)
        x = set_result(o, json_pack("{s:i, s:O, s:O, s:O}", "code", 127, "name", json_object_get(trouble, "name"), "error",
                                    json_object_get(trouble, "detail"), "section", json_object_get(trouble, "section")));
    json_decref(trouble);
    return x ? x : eim_order_update(e, o);
}

/* What passes by itself: an emergency call (104), a card that talks to its terminal (catBusy). Nothing was done; later a new
 * package, with the next counter, asks again. */
#define POSTPONE_FACTOR_MAX 30

int64_t eim_postpone_most(const struct eim *e)
{
    return POSTPONE_FACTOR_MAX * e->postpone_ms;
}

static enum err postpone(struct eim *e, struct eim_order *o, const char *why)
{
    if (o->state > EIM_SENT)
        return ERR_EXISTS;
    o->state = EIM_QUEUED;
    o->refused = 0;
    o->not_before = clock_now(e->env->clock) + clock_back_off(e->postpone_ms, eim_postpone_most(e), o->postponed++);
    buf_clear(&o->message);
    LOG(e->env->log, LOG_INFO, "order.postponed", F_TEXT("swap", o->reference), F_TEXT("eid", o->eid), F_TEXT("why", why),
        F_INT("until", o->not_before));
    return ERR_OK;
}

static bool is_busy(const struct rsp_euicc_result *r)
{
    int64_t code = rsp_euicc_result_code(r);
    return (r->which == RSP_RESULT_ENABLE && code == RSP_ENABLE_CAT_BUSY) ||
           (r->which == RSP_RESULT_DISABLE && code == RSP_DISABLE_CAT_BUSY);
}

static json_t *eims_json(struct span eims)
{
    json_t *list = json_array();
    struct der items = der_open(eims);
    struct rsp_eim_id_info info;
    while (list && !der_at_end(&items) && rsp_eim_id_info_next(&items, &info) == ERR_OK)
        json_array_append_new(list, json_stringn((const char *)info.eim_id.at, info.eim_id.len));
    return list;
}

static json_t *member_of(json_t *json, const char *name)
{
    return json_incref(json_object_get(json, name));
}

/* Results that say more than a code: an association token, the eIMs, the rules authorisation table. */
static enum err end_with_details(struct eim *e, struct eim_order *o, const struct rsp_euicc_result *r)
{
    json_t *json = json_pack("{s:i, s:s}", "code", 0, "name", "ok");
    enum err x = json ? ERR_OK : ERR_NOMEM;
    o->state = EIM_DONE;
    if (!x && r->which == RSP_RESULT_ADD_EIM && r->add_eim.which == RSP_ADD_EIM_TOKEN)
        x = json_set_int(json, "associationToken", r->add_eim.token);
    else if (!x && r->which == RSP_RESULT_LIST_EIM)
        x = json_object_set_new(json, "eims", eims_json(r->eims.list)) ? ERR_NOMEM : ERR_OK;
    else if (!x && r->which == RSP_RESULT_GET_RAT)
        x = json_set_base64(json, "rulesAuthorisationTable", r->rat);
    if (!x)
        x = r->which == RSP_RESULT_LIST_EIM  ? eim_learn(e, o->eid, EIM_LEARNED_EIMS, member_of(json, "eims"))
            : r->which == RSP_RESULT_GET_RAT ? eim_learn(e, o->eid, EIM_LEARNED_RAT, member_of(json, "rulesAuthorisationTable"))
                                             : eim_learn_success(e, o);
    if (x) {
        json_decref(json);
        return x;
    }
    return set_result(o, json);
}

/* Which profile is enabled now is not said (SGP.32 5.9.16), the less where taking back failed. */
static enum err end_rolled_back(struct eim *e, struct eim_order *o, int64_t code)
{
    enum err x = eim_forget(e, o->eid, EIM_LEARNED_PROFILES);
    return x ? x : end_order(o, EIM_FAILED, code, code == RSP_ROLLBACK_OK ? "rolledBack" : rsp_rollback_result_name(code));
}

/* The command of the order was done. */
static enum err end_done(struct eim *e, struct eim_order *o, const struct rsp_euicc_result *r)
{
    if (r->which == RSP_RESULT_ADD_EIM || r->which == RSP_RESULT_LIST_EIM || r->which == RSP_RESULT_GET_RAT)
        return end_with_details(e, o, r);
    enum err x = end_order(o, EIM_DONE, rsp_euicc_result_code(r), rsp_euicc_result_code_name(r));
    if (!x && r->which == RSP_RESULT_UPDATE_EIM)
        x = eim_signing_note(e, o);
    if (!x)
        x = eim_learn_success(e, o);
    if (x || r->which != RSP_RESULT_LIST_PROFILE_INFO)
        return x;
    bool selected = json_object_size(o->parameters); /* by criteria or tags: not all of what there is */
    json_t *profiles = eim_profiles_json(&r->profiles, selected);
    x = !profiles ? ERR_NOMEM : selected ? ERR_OK : eim_learn_listing(e, o->eid, json_incref(profiles));
    if (!x)
        x = set_result(o, json_pack("{s:i, s:s, s:O}", "code", 0, "name", "ok", "profiles", profiles));
    json_decref(profiles);
    return x;
}

/* The eUICC signed more or other than was ordered: what it did beside that is not known. */
static enum err end_strange(struct eim *e, struct eim_order *o, const char *name, const char *why, struct span result)
{
    struct buf text = { .max = 256 };
    enum err x = eim_forget(e, o->eid, EIM_LEARNED_PROFILES);
    if (!x)
        x = buf_put_str(&text, why);
    if (!x && result.len)
        x = buf_put_str(&text, ": ");
    if (!x)
        x = hex_put_upper(&text, span_sub(result, 0, 32));
    o->state = EIM_FAILED;
    if (!x)
        x = set_result(o, json_pack("{s:i, s:s, s:s}", "code", 127, "name", name, "error", buf_cstr(&text)));
    if (!x)
        LOG(e->env->log, LOG_WARN, "package.strange_result", F_TEXT("swap", o->reference), F_TEXT("eid", o->eid),
            F_TEXT("why", buf_cstr(&text)));
    buf_release(&text);
    return x;
}

/* What one result of the list says. *decides: those behind it change nothing any more. */
static enum err read_result(struct eim *e, struct eim_order *o, const struct rsp_euicc_result *r, size_t i, bool *decides)
{
    const bool is_ordered = r->which == eim_order_result(o->kind);
    *decides = !is_ordered || !rsp_euicc_result_is_success(r);
    if (r->which == RSP_RESULT_ROLLBACK)
        return end_rolled_back(e, o, rsp_euicc_result_code(r));
    if (r->which == RSP_RESULT_UNKNOWN)
        return end_strange(e, o, "unknown", "a result of a kind that this eIM does not know", r->whole);
    if (i == 0 && is_busy(r))
        return postpone(e, o, "catBusy");
    if (!rsp_euicc_result_is_success(r))
        return end_order(o, EIM_FAILED, rsp_euicc_result_code(r), rsp_euicc_result_code_name(r));
    if (is_ordered)
        return i ? ERR_OK : end_done(e, o, r); /* said twice, done once */
    return end_strange(e, o, "otherResultThanOrdered", "a result that answers no command of the package", r->whole);
}

/* One command, one result; what comes behind it may still say that it is not as ordered: an end marker, a rollback (SGP.32
 * 5.9.16). What was done before that counts. */
static enum err read_results(struct eim *e, struct eim_order *o, struct span results)
{
    struct der list = der_open(results);
    struct rsp_euicc_result r;
    bool decided = false;
    enum err x = ERR_OK;
    if (der_at_end(&list))
        return end_strange(e, o, "otherResultThanOrdered", "no result at all", results);
    for (size_t i = 0; !x && !decided && !der_at_end(&list); i++) {
        const struct span rest = list.rest;
        x = rsp_euicc_result_next(&list, &r);
        if (x == ERR_PARSE)
            return end_strange(e, o, "undecodableResult", "a result that cannot be read", rest);
        if (!x)
            x = read_result(e, o, &r, i, &decided);
    }
    return x;
}

/* --- eUICC packages -------------------------------------------------------------------------------- */

/* Something that was verified, and what it does to its order. */
struct finding {
    struct span transaction_id;
    bool download, rollback; /* of a download; that a switch was taken back */
    bool of_flight;          /* without a transaction it is for what is in flight */
    bool any_kind;           /* of whatever order */
    bool proves;             /* what became of the order, whatever was thought before */
    bool counted;            /* it bears the counter of its package */
    int64_t counter;
    enum err (*run)(struct eim *e, struct eim_order *o, const void *what);
    const void *what;
};

static bool is_unproven(const struct eim_order *o)
{
    json_t *result = o->state == EIM_FAILED ? json_loadb((const char *)o->result.at, o->result.len, 0, NULL) : NULL;
    bool unproven = o->state == EIM_EXPIRED || o->state == EIM_CANCELLED || json_is_true(json_object_get(result, "unsigned"));
    json_decref(result);
    return unproven;
}

/* What an order may still learn: the answer to what is in flight, or to what was given up without one; after a success only that
 * the switch was taken back (SGP.32 3.3.2). A repeated answer changes nothing. */
static bool may_learn(const struct eim_order *o, const struct finding *f)
{
    if ((!f->any_kind && f->download != (o->kind == EIM_ORDER_DOWNLOAD)) || (f->counted && f->counter != o->counter))
        return false;
    bool may_be_taken_back = o->kind == EIM_ORDER_ENABLE && o->rollback && o->state == EIM_DONE;
    return o->state == EIM_SENT || (f->rollback && may_be_taken_back) || (f->proves && is_unproven(o));
}

static enum err find_order(struct eim *e, const char *eid, const struct finding *f, struct eim_order *o)
{
    if (f->transaction_id.len)
        return eim_order_by_transaction(e, eid, f->transaction_id, o);
    enum err x = f->of_flight ? eim_order_next(e, eid, o) : ERR_NOT_FOUND;
    return !x && o->state != EIM_SENT ? ERR_NOT_FOUND : x;
}

static enum err apply_to(struct eim *e, struct eim_order *o, const struct finding *f)
{
    enum err x = may_learn(o, f) ? f->run(e, o, f->what) : ERR_EXISTS;
    if (!x)
        x = eim_order_update(e, o);
    return !x && o->state == EIM_DONE && eim_order_hands_over(e, o) ? eim_hand_over(e, o) : x;
}

/* Finds the order and applies the finding to it in one transaction. */
static enum err apply(struct eim *e, const char *eid, const struct finding *f)
{
    struct eim_order o;
    eim_order_init(&o);
    enum err x = db_begin(e->env->db);
    if (!x) {
        x = find_order(e, eid, f, &o);
        x = db_end(e->env->db, x ? x : apply_to(e, &o, f));
    }
    if (!x && o.state > EIM_SENT)
        LOG(e->env->log, LOG_INFO, "order.ended", F_TEXT("swap", o.reference), F_TEXT("eid", eid),
            F_TEXT("state", eim_order_state_name(o.state)), F_HEX("eimTransactionId", f->transaction_id));
    eim_order_release(&o);
    /* Of an attempt that was given up and made anew, perhaps: a profile came that nobody here waits for. */
    enum err kept = x == ERR_NOT_FOUND && f->download && f->proves ? eim_forget(e, eid, EIM_LEARNED_PROFILES) : ERR_OK;
    x = kept ? kept : x;
    /* Nothing to apply, and nothing that a second delivery would change. */
    if (x == ERR_NOT_FOUND)
        log_fail(e->env->log, x, "SGP.32 3.3.1", "a result for a transaction that this eIM never began");
    return x == ERR_NOT_FOUND || x == ERR_EXISTS ? ERR_OK : x;
}

static enum err apply_results(struct eim *e, struct eim_order *o, const void *what)
{
    return read_results(e, o, *(const struct span *)what);
}

static enum err apply_error(struct eim *e, struct eim_order *o, const void *what)
{
    int64_t code = *(const int64_t *)what;
    if (code == RSP_PACKAGE_REPLAY_ERROR && o->state > EIM_SENT)
        return ERR_EXISTS;
    /* It ran before, and its result was lost on the way: the eUICC keeps it until it is acknowledged (SGP.32 3.3.1). Told
     * again while that is asked for, it says nothing new: what the eUICC kept decides. */
    if (code == RSP_PACKAGE_REPLAY_ERROR && o->refused == ASKED_FOR_RESULTS)
        return ERR_EXISTS;
    if (code == RSP_PACKAGE_ECALL_ACTIVE)
        return postpone(e, o, "ecallActive");
    if (code == RSP_PACKAGE_REPLAY_ERROR) {
        o->refused = ASKED_FOR_RESULTS;
        LOG(e->env->log, LOG_INFO, "package.ask_for_results", F_TEXT("swap", o->reference), F_TEXT("eid", o->eid));
        return eim_order_ask_for_results(o);
    }
    return end_order(o, EIM_FAILED, code, rsp_euicc_package_error_code_name(code));
}

static enum err apply_unsigned(struct eim *e, struct eim_order *o, const void *what)
{
    (void)what;
    if (o->refused == ASKED_FOR_RESULTS)
        return ERR_EXISTS;
    /* It may have run, and its result was lost on the way. */
    if (eim_signing_may_be_unknown(e, o)) {
        o->refused = ASKED_FOR_RESULTS;
        return eim_order_ask_for_results(o);
    }
    if (++o->refused < UNSIGNED_REFUSALS)
        return ERR_OK;
    return end_unproven(o, json_pack("{s:i, s:s}", "code", 127, "name", "euiccPackageErrorUnsigned"));
}

static bool says_rolled_back(struct span results)
{
    struct der list = der_open(results);
    struct rsp_euicc_result r;
    while (!der_at_end(&list) && rsp_euicc_result_next(&list, &r) == ERR_OK)
        if (r.which == RSP_RESULT_ROLLBACK)
            return true;
    return false;
}

static enum err take_signed(struct eim *e, const char *eid, const struct rsp_package_result_signed *r,
                            struct buf *acknowledgements)
{
    struct rsp_tbs tbs;
    const struct finding f = { .transaction_id = r->data.eim_transaction_id, .counted = true, .proves = true,
                               .counter = r->data.counter, .rollback = says_rolled_back(r->data.results),
                               .run = apply_results, .what = &r->data.results };
    struct rsp_int token = { 0 };
    enum err x = eim_euicc_token(e, eid, &token);
    rsp_tbs_package_result(&r->data, token, &tbs);
    if (!x)
        x = eim_verify_euicc(e, eid, &tbs, r->signature);
    if (x == ERR_VERIFY)
        return disbelieve(e, "SGP.32 5.9.1", "euiccSignEPR does not verify: the result is not believed");
    /* Acknowledging makes the eUICC forget it: another eIM's result is not ours to acknowledge. */
    if (!x && !span_equal(r->data.eim_id, span_str(e->eim_id)))
        return disbelieve(e, "SGP.32 3.3.1", "a result for another eIM");
    if (!x)
        x = apply(e, eid, &f);
    return x ? x : rsp_acknowledgement_put(acknowledgements, r->data.seq_number);
}

static enum err take_signed_error(struct eim *e, const char *eid, const struct rsp_package_error_signed *r)
{
    struct rsp_tbs tbs;
    /* The counter in it is the refused package's, whatever that was: the transaction decides. */
    const struct finding f = { .transaction_id = r->data.eim_transaction_id, .proves = true, .run = apply_error,
                               .what = &r->data.code };
    struct rsp_int token = { 0 };
    enum err x = eim_euicc_token(e, eid, &token);
    rsp_tbs_package_error(&r->data, token, &tbs);
    if (!x)
        x = eim_verify_euicc(e, eid, &tbs, r->signature);
    if (x == ERR_VERIFY)
        return disbelieve(e, "SGP.32 5.9.1", "euiccSignEPE does not verify: the error is not believed");
    LOG(e->env->log, LOG_WARN, "package.error", F_TEXT("eid", eid), F_INT("counter", r->data.counter),
        F_TEXT("code", rsp_euicc_package_error_code_name(r->data.code)));
    if (!x && !span_equal(r->data.eim_id, span_str(e->eim_id)))
        return disbelieve(e, "SGP.32 3.3.1", "an error for another eIM");
    return x ? x : apply(e, eid, &f);
}

enum err eim_take_package_result(struct eim *e, const char *eid, const struct rsp_euicc_package_result *r,
                                 struct buf *acknowledgements)
{
    switch (r->which) {
    case RSP_PACKAGE_RESULT_SIGNED:
        return take_signed(e, eid, &r->result, acknowledgements);
    case RSP_PACKAGE_ERROR_SIGNED:
        return take_signed_error(e, eid, &r->error);
    case RSP_PACKAGE_ERROR_UNSIGNED:
        LOG(e->env->log, LOG_WARN, "package.error_unsigned", F_TEXT("eid", eid),
            F_INT("code", r->unsigned_error.code.present ? r->unsigned_error.code.value : -1),
            F_HEX("eimTransactionId", r->unsigned_error.eim_transaction_id));
        return apply(e, eid, &(struct finding){ .transaction_id = r->unsigned_error.eim_transaction_id,
                                                .of_flight = true, .run = apply_unsigned });
    default:
        return ERR_PARSE;
    }
}

/* --- the IPA's own errors ------------------------------------------------------------------------------ */

static enum err apply_ipa_error(struct eim *e, struct eim_order *o, const void *what)
{
    int64_t code = *(const int64_t *)what;
    (void)e;
    if (++o->refused < UNSIGNED_REFUSALS)
        return ERR_OK;
    return end_unproven(o, json_pack("{s:I, s:s}", "code", (json_int_t)code, "name", rsp_eim_package_result_error_code_name(code)));
}

enum err eim_take_ipa_error(struct eim *e, const char *eid, const struct rsp_eim_session_error *r)
{
    LOG(e->env->log, LOG_WARN, "package.ipa_error", F_TEXT("eid", eid),
        F_TEXT("code", rsp_eim_package_result_error_code_name(r->code)), F_HEX("eimTransactionId", r->eim_transaction_id));
    return apply(e, eid, &(struct finding){ .transaction_id = r->eim_transaction_id, .of_flight = true, .any_kind = true,
                                            .run = apply_ipa_error, .what = &r->code });
}

/* --- downloads --------------------------------------------------------------------------------------- */

static enum err apply_installation(struct eim *e, struct eim_order *o, const void *what)
{
    const struct rsp_installation_result_data *d = what;
    char iccid[21] = "";
    struct buf aid = { .max = 64 };
    enum err x = eim_order_claim_installation(e, o, d->transaction_id);
    if (x)
        return x;
    /* The card says what it says: one without digits ends the order all the same. */
    bool ok = d->result.which == RSP_OK, readable = rsp_iccid_text(d->metadata.iccid, iccid) == ERR_OK;
    if (ok)
        x = hex_put_upper(&aid, d->result.success.aid);
    if (!x && ok)
        x = readable ? eim_learn_installation(e, o, iccid) : eim_forget(e, o->eid, EIM_LEARNED_PROFILES);
    o->state = ok ? EIM_DONE : EIM_FAILED;
    json_t *installation =
        ok ? json_pack("{s:b, s:s, s:s}", "ok", 1, "iccid", iccid, "aid", x ? "" : buf_cstr(&aid))
           : json_pack("{s:b, s:s, s:I, s:I, s:s}", "ok", 0, "iccid", iccid, "bppCommandId",
                       (json_int_t)d->result.error.command, "errorReason", (json_int_t)d->result.error.reason,
                       "errorName", rsp_error_reason_name(d->result.error.reason));
    if (!x)
        x = set_result(o, json_pack("{s:I, s:s, s:O}", "code", (json_int_t)(ok ? 0 : d->result.error.reason), "name",
                                    ok ? "ok" : rsp_error_reason_name(d->result.error.reason), "installation",
                                    installation));
    json_decref(installation);
    buf_release(&aid);
    return x;
}

/* errorResponse is what the failing function answered: a text "subject/reason message" or an RSP message. */
static enum err apply_download_error(struct eim *e, struct eim_order *o, const void *what)
{
    const struct rsp_profile_download_trigger_result *r = what;
    if (r->result.error.reason == RSP_DOWNLOAD_TRIGGER_ECALL_ACTIVE)
        return postpone(e, o, "ecallActive");
    char detail[200] = "";
    struct span text = span_sub(r->result.error.response, 0, sizeof detail - 1);
    for (size_t i = 0; i < text.len; i++)
        detail[i] = text.at[i] >= ' ' && text.at[i] < 0x7f ? (char)text.at[i] : '.';
    return end_unproven(o, json_pack("{s:I, s:s, s:s}", "code", (json_int_t)r->result.error.reason, "name",
                                     "profileDownloadError", "error", detail));
}

enum err eim_take_download_result(struct eim *e, const char *eid, const struct rsp_profile_download_trigger_result *r)
{
    struct finding f = { .transaction_id = r->eim_transaction_id, .download = true, .run = apply_download_error,
                         .what = r };
    if (r->result.which == RSP_DOWNLOAD_RESULT_ERROR)
        return apply(e, eid, &f);
    const struct rsp_profile_installation_result *pir = &r->result.installation;
    struct rsp_tbs tbs;
    rsp_tbs_installation_result(&pir->data, &tbs);
    enum err x = eim_verify_euicc(e, eid, &tbs, pir->signature);
    if (x == ERR_VERIFY)
        return disbelieve(e, "SGP.22 5.7.6", "euiccSignPIR does not verify: the installation is not believed");
    f.proves = true;
    f.run = apply_installation;
    f.what = &pir->data;
    return x ? x : apply(e, eid, &f);
}

/* --- data ----------------------------------------------------------------------------------------------- */

struct answer {
    const struct rsp_ipa_euicc_data_response *response;
    const struct eim_euicc *learned; /* its certificates, believed; NULL: none */
    enum eim_trouble trouble;        /* then what is wrong with what it told */
    const char *why;
};

/* The eIM's own question is for certificates. */
static enum err note_certificates(struct eim *e, const struct eim_order *o, const struct answer *a)
{
    if (a->learned) {
        enum err x = eim_euicc_set_certificates(e, a->learned);
        if (!x)
            x = eim_chain_learn(e, o->eid, buf_span(&a->learned->certificate), buf_span(&a->learned->eum_certificate));
        return x ? x : eim_trouble_end(e, o->eid);
    }
    return strcmp(o->tenant, EIM_OWN_TENANT) == 0 ? eim_trouble_asked(e, o->eid, a->trouble, a->why) : ERR_OK;
}

/* What was asked for is shown as it came; an order that asked for its lost result and did not get it has failed. */
static enum err apply_data(struct eim *e, struct eim_order *o, const void *what)
{
    const struct answer *a = what;
    const struct rsp_ipa_euicc_data_response *r = a->response;
    struct buf bytes = { .max = 64 << 10 };
    if (r->which != RSP_OK && r->error.code == RSP_IPA_DATA_ECALL_ACTIVE)
        return postpone(e, o, "ecallActive");
    if (o->kind != EIM_ORDER_DATA)
        return o->state == EIM_SENT ? end_order(o, EIM_FAILED, RSP_PACKAGE_REPLAY_ERROR, "replayError") : ERR_EXISTS;
    enum err x = note_certificates(e, o, a);
    if (x)
        return x;
    if (r->which != RSP_OK)
        return end_order(o, EIM_FAILED, r->error.code, rsp_ipa_euicc_data_error_code_name(r->error.code));
    json_t *json = json_pack("{s:i, s:s}", "code", 0, "name", "ok");
    x = json ? rsp_ipa_euicc_data_response_write(r, &bytes) : ERR_NOMEM;
    if (!x)
        x = json_set_base64(json, "ipaEuiccDataResponse", buf_span(&bytes));
    if (!x)
        x = eim_learn_data(e, o->eid, &r->data);
    o->state = EIM_DONE;
    buf_release(&bytes);
    if (x) {
        json_decref(json);
        return x;
    }
    return set_result(o, json);
}

/* Results among it first: they may be just what an order in flight waits for. One that does not verify is passed over. */
static enum err take_kept_results(struct eim *e, const char *eid, const struct rsp_ipa_euicc_data_response *r,
                                  struct buf *acknowledgements)
{
    struct rsp_euicc_package_result kept;
    struct der list = der_open(r->which == RSP_OK ? r->data.package_results : (struct span){ 0 });
    enum err x = ERR_OK;
    while (!x && !der_at_end(&list)) {
        x = rsp_euicc_package_result_next(&list, &kept);
        if (!x)
            x = eim_take_package_result(e, eid, &kept, acknowledgements);
        x = x == ERR_VERIFY ? ERR_OK : x;
    }
    return x;
}

static void read_certificates(struct eim *e, const char *eid, struct eim_euicc *learned, struct answer *a)
{
    enum err x = a->response->which == RSP_OK ? eim_learn_certificates(e, eid, &a->response->data, learned, &a->why) : ERR_NOT_FOUND;
    if (!x)
        a->learned = learned;
    else if (x != ERR_NOT_FOUND)
        a->trouble = EIM_CERTIFICATE_REFUSED;
}

enum err eim_take_data(struct eim *e, const char *eid, const struct rsp_ipa_euicc_data_response *r,
                       struct buf *acknowledgements)
{
    struct eim_euicc learned;
    struct answer a = { .response = r, .trouble = EIM_CERTIFICATE_NOT_TOLD, .why = "the device does not tell its certificates" };
    eim_euicc_init(&learned);
    enum err x = take_kept_results(e, eid, r, acknowledgements);
    if (!x)
        read_certificates(e, eid, &learned, &a);
    const struct finding f = {
        .transaction_id = r->which == RSP_OK ? r->data.eim_transaction_id : r->error.eim_transaction_id,
        .proves = true, .run = apply_data, .what = &a,
    };
    if (!x)
        x = apply(e, eid, &f);
    eim_euicc_release(&learned);
    return x;
}
