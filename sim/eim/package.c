/* ESep: making and signing an eUICC package (SGP.32 v1.2 2.11.1, 5.9.1), and the download trigger. */
#include <string.h>

#include "eim_internal.h"
#include "rsp_ids.h"

/* This eIM asks for no association token, so the token's data object is always 84 01 00. */
static const struct rsp_int no_token = { 0 };

static enum err put_psmo(const struct eim_order *o, struct buf *list)
{
    static const enum rsp_psmo_kind kinds[] = {
        [EIM_ORDER_ENABLE] = RSP_PSMO_ENABLE, [EIM_ORDER_DISABLE] = RSP_PSMO_DISABLE,
        [EIM_ORDER_DELETE] = RSP_PSMO_DELETE, [EIM_ORDER_SET_FALLBACK] = RSP_PSMO_SET_FALLBACK_ATTRIBUTE,
        [EIM_ORDER_LIST] = RSP_PSMO_LIST_PROFILE_INFO,
    };
    uint8_t iccid[RSP_ICCID_OCTETS];
    struct rsp_psmo psmo = { .which = kinds[o->kind], .rollback = o->rollback && o->kind == EIM_ORDER_ENABLE };
    if (o->kind != EIM_ORDER_LIST) {
        enum err x = rsp_iccid_parse(o->iccid, iccid);
        if (x)
            return x;
        psmo.iccid = SPAN_ARRAY(iccid);
    }
    return rsp_psmo_write(&psmo, list);
}

static enum err sign_package(struct eim *e, const struct rsp_euicc_package_signed *content, struct buf *tbs_bytes,
                             struct buf *out)
{
    struct ec_signature signature;
    struct rsp_tbs tbs;
    enum err x = rsp_euicc_package_signed_write(content, tbs_bytes);
    if (x)
        return x;
    tamper_at(e->env, TAMPER_BEFORE_SIGNING, "ESep.EuiccPackageSigned", tbs_bytes);
    struct rsp_euicc_package_request request = { .package_signed.signed_bytes = buf_span(tbs_bytes),
                                                 .signature = SPAN_ARRAY(signature.at) };
    rsp_tbs_euicc_package(&request.package_signed, no_token, &tbs);
    x = ec_sign(e->env->crypto, e->key, tbs.part, tbs.count, &signature);
    return x ? x : rsp_euicc_package_request_write(&request, out);
}

/* The whole answer BF4F{BF51}, so that a resend is the same to the last byte. */
static enum err put_package(struct eim *e, struct eim_order *o)
{
    struct buf psmos = { .max = 1024 }, tbs = { .max = 4096 }, package = { .max = 8192 };
    uint8_t eid[RSP_EID_OCTETS];
    struct der_mark mark;
    enum err x = rsp_eid_parse(o->eid, eid);
    if (!x)
        x = put_psmo(o, &psmos);
    const struct rsp_euicc_package_signed content = {
        .eim_id = span_str(e->eim_id),
        .eid = SPAN_ARRAY(eid),
        .counter = o->counter,
        .eim_transaction_id = SPAN_ARRAY(o->transaction_id),
        .package = { .which = RSP_PACKAGE_PSMO, .psmo_list = buf_span(&psmos) },
    };
    if (!x)
        x = sign_package(e, &content, &tbs, &package);
    if (!x)
        x = der_put_open(&o->message, 0xbf4f, &mark);
    if (!x)
        x = buf_put(&o->message, buf_span(&package));
    if (!x)
        x = der_put_close(&o->message, mark);
    buf_release(&psmos);
    buf_release(&tbs);
    buf_release(&package);
    return x;
}

static enum err put_trigger(struct eim_order *o)
{
    const struct rsp_get_eim_package_response answer = {
        .which = RSP_EIM_PACKAGE_DOWNLOAD,
        .download = { .has_data = true,
                      .data = { .which = RSP_DOWNLOAD_ACTIVATION_CODE,
                                .activation_code = buf_span(&o->activation_code) },
                      .eim_transaction_id = SPAN_ARRAY(o->transaction_id) },
    };
    return rsp_get_eim_package_response_write(&answer, &o->message);
}

enum err eim_order_prepare(struct eim *e, struct eim_order *o)
{
    enum err x = rng_fill(e->env->rng, o->transaction_id, sizeof o->transaction_id);
    buf_clear(&o->message);
    /* SGP.32 2.11.1.1: the counter is persistent before the package that bears it leaves. */
    if (!x && o->kind != EIM_ORDER_DOWNLOAD)
        x = eim_euicc_next_counter(e, o->eid, &o->counter);
    if (!x)
        x = o->kind == EIM_ORDER_DOWNLOAD ? put_trigger(o) : put_package(e, o);
    o->state = EIM_SENT;
    return x ? x : eim_order_update(e, o);
}
