/* ESep: making and signing an eUICC package (SGP.32 v1.2 2.11.1, 5.9.1); the download trigger and the question. */
#include <string.h>

#include "eim_internal.h"
#include "rsp_eim_configuration.h"
#include "rsp_ids.h"

static enum err sign_package(struct eim *e, const struct ec_key *key, const struct rsp_euicc_package_signed *content,
                             struct rsp_int token, struct buf *tbs_bytes, struct buf *out)
{
    struct ec_signature signature;
    struct rsp_tbs tbs;
    enum err x = rsp_euicc_package_signed_write(content, tbs_bytes);
    if (x)
        return x;
    tamper_at(e->env, TAMPER_BEFORE_SIGNING, "ESep.EuiccPackageSigned", tbs_bytes);
    struct rsp_euicc_package_request request = { .package_signed.signed_bytes = buf_span(tbs_bytes),
                                                 .signature = SPAN_ARRAY(signature.at) };
    rsp_tbs_euicc_package(&request.package_signed, token, &tbs);
    x = ec_sign(e->env->crypto, key, tbs.part, tbs.count, &signature);
    return x ? x : rsp_euicc_package_request_write(&request, out);
}

/* The whole answer BF4F{BF51}, so that a resend is the same to the last byte. */
static enum err put_package(struct eim *e, struct eim_order *o)
{
    struct buf commands = { .max = 4096 }, tbs = { .max = 8192 }, package = { .max = 16384 };
    struct rsp_int token = { 0 };
    const struct eim_signing *signing = NULL;
    uint8_t eid[RSP_EID_OCTETS];
    struct der_mark mark;
    enum err x = rsp_eid_parse(o->eid, eid);
    struct rsp_euicc_package_signed content = {
        .eim_id = span_str(e->eim_id),
        .eid = SPAN_ARRAY(eid),
        .counter = o->counter,
        .eim_transaction_id = SPAN_ARRAY(o->transaction_id),
    };
    if (!x)
        x = eim_order_put_commands(o, &e->wire, &content.package, &commands);
    if (!x)
        x = eim_euicc_token(e, o->eid, &token);
    if (!x)
        x = eim_signing_of(e, o->eid, &signing);
    if (!x)
        x = sign_package(e, signing->key, &content, token, &tbs, &package);
    if (!x)
        x = der_put_open(&o->message, 0xbf4f, &mark);
    if (!x)
        x = buf_put(&o->message, buf_span(&package));
    if (!x)
        x = der_put_close(&o->message, mark);
    buf_release(&commands);
    buf_release(&tbs);
    buf_release(&package);
    return x;
}

/* SGP.32 3.2.3.2: an IPA that leaves the download data to its eIM learns only that there is something to download. */
static enum err put_trigger(struct eim *e, struct eim_order *o)
{
    struct eim_capabilities c = EIM_CAPABILITIES_INIT;
    struct rsp_get_eim_package_response answer = {
        .which = RSP_EIM_PACKAGE_DOWNLOAD,
        .download = { .eim_transaction_id = SPAN_ARRAY(o->transaction_id) },
    };
    enum err x = eim_capabilities_get(e, o->eid, &c);
    /* Whom to contact by itself is for the device to find out. */
    answer.download.has_data = o->parameters || !eim_leaves(&c, RSP_IPA_EIM_DOWNLOAD_DATA);
    if (!x)
        x = eim_order_download_data(o, &answer.download.data);
    eim_capabilities_release(&c);
    return x ? x : rsp_get_eim_package_response_write(&answer, &o->message);
}

static enum err put_question(struct eim_order *o, struct span tags)
{
    const struct rsp_get_eim_package_response answer = {
        .which = RSP_EIM_PACKAGE_DATA_REQUEST,
        .data = { .tag_list = tags, .eim_transaction_id = SPAN_ARRAY(o->transaction_id) },
    };
    return rsp_get_eim_package_response_write(&answer, &o->message);
}

static enum err put_data_request(struct eim_order *o)
{
    struct buf tags = { .max = 256 };
    enum err x = eim_order_put_tags(o, &tags);
    if (!x)
        x = put_question(o, buf_span(&tags));
    buf_release(&tags);
    return x;
}

enum err eim_order_ask_for_results(struct eim_order *o)
{
    buf_clear(&o->message);
    return put_question(o, SPAN(0xa2));
}

/* A counter begins anew only with a key that the eUICC does not know yet. */
static enum err take_counter(struct eim *e, struct eim_order *o)
{
    const struct eim_signing *known = NULL;
    bool resets = eim_signing_resets_counter(o);
    enum err x = resets ? eim_signing_of(e, o->eid, &known) : ERR_OK;
    if (!x && known == &e->signing[0])
        x = ERR_REFUSED;
    return x ? x : eim_euicc_next_counter(e, o->eid, RSP_COUNTER_MAX - (resets ? 0 : EIM_COUNTERS_RESERVED), &o->counter);
}

enum err eim_order_prepare(struct eim *e, struct eim_order *o)
{
    enum err x = rng_fill(e->env->rng, o->transaction_id, sizeof o->transaction_id);
    buf_clear(&o->message);
    /* SGP.32 2.11.1.1: the counter is persistent before the package that bears it leaves. */
    if (!x && eim_order_is_package(o->kind))
        x = take_counter(e, o);
    if (!x)
        x = o->kind == EIM_ORDER_DOWNLOAD ? put_trigger(e, o)
            : o->kind == EIM_ORDER_DATA   ? put_data_request(o)
                                          : put_package(e, o);
    o->state = EIM_SENT;
    return x ? x : eim_order_update(e, o);
}
