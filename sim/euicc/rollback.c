/* ES10b.ProfileRollback (SGP.32 5.9.16, 3.3.2). */
#include "euicc_internal.h"
#include "package.h"
#include "rsp_es10.h"
#include "rsp_euicc_package.h"

static enum err answer(int64_t code, struct span result, struct buf *response)
{
    struct rsp_profile_rollback_response r = { .code = code, .has_result = result.len > 0 };
    enum err err = result.len ? rsp_euicc_package_result_read(result, &r.result) : ERR_OK;
    return err ? err : rsp_profile_rollback_response_write(&r, response);
}

static void drop_result(struct state *s, uint32_t seq)
{
    for (size_t i = s->pending_count; i--;)
        if (s->pending[i].kind == PENDING_PACKAGE_RESULT && s->pending[i].seq == seq)
            state_remove_pending(s, &s->pending[i]);
}

/* The new result has the eIM, counter and transaction of the package that granted the rollback, and
 * takes the place of its result, which is not delivered any more. */
static enum err put_new_result(struct euicc *e, struct state *s, int64_t code, struct buf *result)
{
    struct rollback *r = &s->rollback;
    const struct eim *m = eim_find(s, shared_span(r->eim_id));
    struct package_origin o = { .eim_id = shared_span(r->eim_id),
                                .counter = r->counter,
                                .credential = r->credential };
    struct rsp_euicc_result entry = { .which = RSP_RESULT_ROLLBACK, .code = code };
    struct buf results = { .max = 64 };
    if (r->transaction_id)
        o.transaction_id = shared_span(r->transaction_id);
    if (m)
        o.token = (struct rsp_int){ m->has_token, m->token };
    drop_result(s, r->result_seq);
    r->result_seq = next_seq(s);
    enum err err = rsp_euicc_result_write(&entry, &results);
    if (!err)
        err = package_result_put(e, s, &o, buf_span(&results), r->result_seq, result);
    buf_release(&results);
    return err;
}

static enum err roll_back(struct euicc *e, bool refresh, struct buf *response)
{
    struct state *s;
    struct buf result = { .max = 8192 };
    enum err err = euicc_change(e, &s);
    if (err)
        return err;
    struct profile *to =
        s->rollback.has_previous ? state_find_iccid(s, SPAN_ARRAY(s->rollback.previous)) : NULL;
    if (s->rollback.has_previous && !to) {
        euicc_discard(e);
        return answer(RSP_PROFILE_ROLLBACK_COMMAND_ERROR, (struct span){ 0 }, response);
    }
    err = profile_switch(e, s, to);
    cat_refresh(e, refresh);
    if (!err)
        err = put_new_result(e, s, RSP_ROLLBACK_OK, &result);
    if (!err)
        err = answer(RSP_PROFILE_ROLLBACK_OK, buf_span(&result), response);
    state_clear_rollback(s);
    buf_release(&result);
    return err;
}

/* What fails inside changes nothing but the result: the eIM is told that the way back was tried (undefinedError), and the IPA
 * may try it again. */
static enum err tell_failure(struct euicc *e, enum err why, struct buf *response)
{
    struct state *s;
    struct buf result = { .max = 8192 };
    LOG(e->env.log, LOG_ERROR, "rollback.failed", F_TEXT("why", err_name(why)));
    euicc_discard(e);
    usim_close(e);
    cat_settle(e, false);
    buf_clear(response);
    enum err err = euicc_change(e, &s);
    if (!err)
        err = put_new_result(e, s, RSP_ROLLBACK_UNDEFINED_ERROR, &result);
    if (!err)
        err = answer(RSP_PROFILE_ROLLBACK_UNDEFINED_ERROR, buf_span(&result), response);
    buf_release(&result);
    return err;
}

enum err isdr_profile_rollback(struct euicc *e, struct span request, struct buf *response)
{
    bool refresh;
    enum err err = rsp_refresh_read(0xbf58, request, &refresh);
    if (err)
        return err;
    if (!euicc_state(e)->rollback.granted)
        return answer(RSP_PROFILE_ROLLBACK_ROLLBACK_NOT_ALLOWED, (struct span){ 0 }, response);
    if (cat_is_busy(e))
        return answer(RSP_PROFILE_ROLLBACK_CAT_BUSY, (struct span){ 0 }, response);
    err = roll_back(e, refresh, response);
    return failure_is_undefined(err) ? tell_failure(e, err, response) : err;
}
