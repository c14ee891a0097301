#include "rsp_compact.h"

#include <string.h>

#define SIGNATURE 0x5F37

/* What most profile packages answer, and is therefore left out. */
static const uint8_t usual_sima[] = { 0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00 };
/* AIDs of ISD-Ps differ in two octets (catalogue 0.3). */
static const uint8_t aid_begin[13] = { 0xA0, 0, 0, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0 };
#define AID_OCTETS 16

/* --- making -------------------------------------------------------------------------------------------- */

static enum err close_all(struct buf *out, struct der_mark *marks, size_t count)
{
    enum err e = ERR_OK;
    while (!e && count)
        e = der_put_close(out, marks[--count]);
    return e;
}

/* A choice under its tag: the whole message is tag{alternative{...}}. */
static enum err open_choice(struct buf *out, uint32_t tag, uint32_t alternative, struct der_mark marks[2])
{
    enum err e = der_put_open(out, tag, &marks[0]);
    return e ? e : der_put_open(out, alternative, &marks[1]);
}

/* compactEuiccSigned1: ctxParams1 stands under a tag of its own. */
static enum err put_compact_signed1(const struct rsp_euicc_signed1 *s, struct buf *out)
{
    struct der_mark mark, params;
    enum err e = der_put_open(out, 0xA0, &mark);
    if (!e)
        e = der_put(out, 0x84, s->euicc_info2.ext_card_resource);
    if (!e)
        e = der_put_open(out, 0xA2, &params);
    if (!e)
        e = buf_put(out, s->ctx_params1.whole);
    if (!e)
        e = der_put_close(out, params);
    return e ? e : der_put_close(out, mark);
}

enum err rsp_compact_authentication(const struct rsp_authenticate_server_response *r, struct buf *out)
{
    struct der_mark marks[2];
    if (r->which != RSP_AUTHENTICATE_SERVER_OK || !r->ok.euicc_signed1.ctx_params1.whole.len)
        return ERR_STATE;
    enum err e = open_choice(out, 0xBF38, 0xA2, marks);
    if (!e)
        e = put_compact_signed1(&r->ok.euicc_signed1, out);
    if (!e)
        e = der_put(out, SIGNATURE, r->ok.euicc_signature1);
    return e ? e : close_all(out, marks, 2);
}

enum err rsp_compact_preparation(const struct rsp_prepare_download_response *r, bool otpk_known, bool hash_known,
                                 struct buf *out)
{
    const struct rsp_euicc_signed2 *s = &r->ok.euicc_signed2;
    struct der_mark marks[2], inside;
    if (r->which != RSP_PREPARE_DOWNLOAD_OK)
        return ERR_STATE;
    enum err e = open_choice(out, 0xBF21, 0xA2, marks);
    if (!e)
        e = der_put_open(out, 0x30, &inside);
    if (!e && !otpk_known)
        e = der_put(out, 0x5F49, s->euicc_otpk);
    if (!e && s->hash_cc.at && !hash_known)
        e = der_put(out, 0x04, s->hash_cc);
    if (!e)
        e = der_put_close(out, inside);
    if (!e)
        e = der_put(out, SIGNATURE, r->ok.euicc_signature2);
    return e ? e : close_all(out, marks, 2);
}

enum err rsp_compact_cancellation(const struct rsp_cancel_session_response *r, struct buf *out)
{
    struct der_mark marks[2], inside;
    if (r->which != RSP_CANCEL_SESSION_OK)
        return ERR_STATE;
    enum err e = open_choice(out, 0xBF41, 0xA2, marks);
    if (!e)
        e = der_put_open(out, 0x30, &inside);
    if (!e)
        e = der_put_integer(out, 0x80, r->ok.cancel_signed.reason);
    if (!e)
        e = der_put_close(out, inside);
    if (!e)
        e = der_put(out, SIGNATURE, r->ok.signature);
    return e ? e : close_all(out, marks, 2);
}

static bool has_usual_aid(struct span aid)
{
    return aid.len == AID_OCTETS && !memcmp(aid.at, aid_begin, sizeof aid_begin) && !aid.at[AID_OCTETS - 1];
}

static enum err put_compact_result(const struct rsp_final_result *r, struct buf *out)
{
    struct der_mark marks[2];
    bool ok = r->which == RSP_OK;
    enum err e = open_choice(out, 0xA2, ok ? 0xA0 : 0xA1, marks);
    if (!e && ok)
        e = der_put(out, 0x4F, span_sub(r->success.aid, sizeof aid_begin, 2));
    if (!e && ok && !span_equal(r->success.sima_response, SPAN_ARRAY(usual_sima)))
        e = der_put(out, 0x04, r->success.sima_response);
    if (!e && !ok)
        e = der_put_integer(out, 0x80, r->error.command);
    if (!e && !ok)
        e = der_put_integer(out, 0x81, r->error.reason);
    if (!e && !ok && r->error.sima_response.at)
        e = der_put(out, 0x82, r->error.sima_response);
    return e ? e : close_all(out, marks, 2);
}

static enum err compact_installation(const struct rsp_profile_installation_result *r, struct buf *out)
{
    const struct rsp_installation_result_data *d = &r->data;
    struct der_mark marks[2];
    if (d->result.which == RSP_OK && !has_usual_aid(d->result.success.aid))
        return ERR_STATE;
    enum err e = open_choice(out, 0xA0, 0xA0, marks);
    if (!e)
        e = der_put(out, 0x80, d->transaction_id);
    if (!e)
        e = der_put_integer(out, 0x02, d->metadata.seq_number);
    if (!e && !d->metadata.iccid.at)
        e = der_put_boolean(out, 0x01, false);
    if (!e)
        e = put_compact_result(&d->result, out);
    if (!e)
        e = der_put_close(out, marks[1]);
    if (!e)
        e = der_put(out, SIGNATURE, r->signature);
    return e ? e : der_put_close(out, marks[0]);
}

enum err rsp_compact_notification(const struct rsp_pending_notification *n, struct span eid, struct span ci_pkid, struct buf *out)
{
    struct der_mark mark;
    if (n->which == RSP_PENDING_INSTALLATION)
        return compact_installation(&n->installation, out);
    if (n->which != RSP_PENDING_OTHER)
        return ERR_STATE;
    enum err e = der_put_open(out, 0xA1, &mark);
    if (!e)
        e = der_put(out, 0x5A, eid);
    if (!e)
        e = buf_put(out, n->other.metadata.signed_bytes);
    if (!e)
        e = der_put(out, SIGNATURE, n->other.signature);
    if (!e && ci_pkid.len)
        e = der_put(out, 0x04, ci_pkid);
    return e ? e : der_put_close(out, mark);
}

/* --- rebuilding ------------------------------------------------------------------------------------------ */

static enum err need(struct span known)
{
    return known.len ? ERR_OK : ERR_NOT_FOUND;
}

/* EUICCInfo2 as it is known, with what the card has room for now. */
static enum err put_info2(struct span known, struct span resource, struct buf *out)
{
    struct der_tlv whole, member;
    struct der_mark mark;
    enum err e = need(known);
    if (!e)
        e = der_only(known, 0xBF22, &whole);
    struct der d = der_open(e ? (struct span){ 0 } : whole.value);
    if (!e)
        e = der_put_open(out, 0xBF22, &mark);
    while (!e && !der_at_end(&d)) {
        e = der_next(&d, &member);
        if (!e)
            e = member.tag == 0x84 ? der_put(out, 0x84, resource) : buf_put(out, member.whole);
    }
    return e ? e : der_put_close(out, mark);
}

static enum err put_signed1(struct span compact, const struct rsp_compact_known *k, struct buf *out)
{
    struct der_tlv resource, params;
    struct der_mark mark;
    enum err e = der_find(compact, 0x84, &resource);
    enum err own = e ? e : der_find(compact, 0xA2, &params);
    struct span ctx_params1 = own ? k->ctx_params1 : params.value;
    if (!e)
        e = need(k->transaction_id);
    if (!e)
        e = need(k->server_challenge);
    if (!e)
        e = need(ctx_params1);
    if (!e)
        e = der_put_open(out, 0x30, &mark);
    if (!e)
        e = der_put(out, 0x80, k->transaction_id);
    if (!e)
        e = der_put(out, 0x83, k->server_address);
    if (!e)
        e = der_put(out, 0x84, k->server_challenge);
    if (!e)
        e = put_info2(k->euicc_info2, resource.value, out);
    if (!e)
        e = buf_put(out, ctx_params1);
    return e ? e : der_put_close(out, mark);
}

/* As it stands there, without its 30, or as it is known. */
static enum err put_certificate(struct span compact, uint32_t tag, struct span known, struct buf *out)
{
    struct der_tlv own;
    if (!der_find(compact, tag, &own))
        return rsp_put_certificate(own.value, out);
    enum err e = need(known);
    return e ? e : buf_put(out, known);
}

static enum err put_signature(struct span compact, struct buf *out)
{
    struct der_tlv signature;
    enum err e = der_find(compact, SIGNATURE, &signature);
    return e ? ERR_PARSE : buf_put(out, signature.whole);
}

enum err rsp_rebuild_authentication(const struct rsp_authenticate_server_response *compact,
                                    const struct rsp_compact_known *known, struct buf *out)
{
    struct der inside = der_open(compact->compact);
    struct der_tlv data;
    struct der_mark marks[2];
    if (compact->which != RSP_AUTHENTICATE_SERVER_COMPACT || der_next(&inside, &data))
        return ERR_PARSE;
    enum err e = open_choice(out, 0xBF38, 0xA0, marks);
    if (!e)
        e = data.tag == 0x30 ? buf_put(out, data.whole) : put_signed1(data.value, known, out);
    if (!e)
        e = put_signature(compact->compact, out);
    if (!e)
        e = put_certificate(compact->compact, 0xA1, known->euicc_certificate, out);
    if (!e)
        e = put_certificate(compact->compact, 0xA2, known->eum_certificate, out);
    return e ? e : close_all(out, marks, 2);
}

/* A member as it stands there, or as it is known under the same tag; neither is an error only where it must be. */
static enum err put_member(struct span compact, uint32_t tag, struct span known, bool mandatory, struct buf *out)
{
    struct der_tlv own;
    if (!der_find(compact, tag, &own))
        return buf_put(out, own.whole);
    return known.len ? der_put(out, tag, known) : mandatory ? ERR_NOT_FOUND : ERR_OK;
}

enum err rsp_rebuild_preparation(const struct rsp_prepare_download_response *compact,
                                 const struct rsp_compact_known *known, struct buf *out)
{
    struct der inside = der_open(compact->compact);
    struct der_tlv data;
    struct der_mark marks[2], mark;
    if (compact->which != RSP_PREPARE_DOWNLOAD_COMPACT || der_expect(&inside, 0x30, &data))
        return ERR_PARSE;
    enum err e = open_choice(out, 0xBF21, 0xA0, marks);
    if (!e)
        e = der_put_open(out, 0x30, &mark);
    if (!e)
        e = put_member((struct span){ 0 }, 0x80, known->transaction_id, true, out);
    if (!e)
        e = put_member(data.value, 0x5F49, known->otpk, true, out);
    if (!e)
        e = put_member(data.value, 0x04, known->hash_cc, false, out);
    if (!e)
        e = der_put_close(out, mark);
    if (!e)
        e = put_signature(compact->compact, out);
    return e ? e : close_all(out, marks, 2);
}

enum err rsp_rebuild_cancellation(const struct rsp_cancel_session_response *compact,
                                  const struct rsp_compact_known *known, struct buf *out)
{
    struct der inside = der_open(compact->compact);
    struct der_tlv data, reason;
    struct der_mark marks[2], mark;
    if (compact->which != RSP_CANCEL_SESSION_COMPACT || der_expect(&inside, 0x30, &data))
        return ERR_PARSE;
    enum err e = der_find(data.value, 0x80, &reason);
    if (!e)
        e = open_choice(out, 0xBF41, 0xA0, marks);
    if (!e)
        e = der_put_open(out, 0x30, &mark);
    if (!e)
        e = put_member((struct span){ 0 }, 0x80, known->transaction_id, true, out);
    if (!e)
        e = put_member((struct span){ 0 }, 0x81, known->smdp_oid, true, out);
    if (!e)
        e = der_put(out, 0x82, reason.value);
    if (!e)
        e = der_put_close(out, mark);
    if (!e)
        e = put_signature(compact->compact, out);
    return e ? e : close_all(out, marks, 2);
}

/* --- notifications ----------------------------------------------------------------------------------------- */

static enum err read_success(struct span compact, struct rsp_installation_success *out, uint8_t aid[AID_OCTETS])
{
    struct der_tlv middle, sima;
    if (der_find(compact, 0x4F, &middle) || middle.value.len != 2)
        return ERR_PARSE;
    memset(aid, 0, AID_OCTETS);
    memcpy(aid, aid_begin, sizeof aid_begin);
    memcpy(aid + sizeof aid_begin, middle.value.at, 2);
    out->aid = span_of(aid, AID_OCTETS);
    out->sima_response = der_find(compact, 0x04, &sima) ? SPAN_ARRAY(usual_sima) : sima.value;
    return ERR_OK;
}

static enum err read_failure(struct span compact, struct rsp_installation_error *out)
{
    struct der_tlv command, reason, sima;
    if (der_find(compact, 0x80, &command) || der_find(compact, 0x81, &reason) || der_integer(command.value, &out->command) ||
        der_integer(reason.value, &out->reason))
        return ERR_PARSE;
    if (!der_find(compact, 0x82, &sima))
        out->sima_response = sima.value;
    return ERR_OK;
}

/* compactProfileInstallationResultData: its members are A0's. */
static enum err read_installation(struct span compact, struct der_tlv *data, struct rsp_installation_result_data *out,
                                  bool *iccid_present, uint8_t aid[AID_OCTETS])
{
    struct der_tlv id, seq, present, result, inside;
    if (der_find(compact, 0xA0, data) || der_find(data->value, 0x80, &id) || der_find(data->value, 0x02, &seq) ||
        der_find(data->value, 0xA2, &result) || der_integer(seq.value, &out->metadata.seq_number))
        return ERR_PARSE;
    *iccid_present = der_find(data->value, 0x01, &present) || (present.value.len == 1 && present.value.at[0]);
    out->transaction_id = id.value;
    struct der d = der_open(result.value);
    if (der_next(&d, &inside) || (inside.tag != 0xA0 && inside.tag != 0xA1))
        return ERR_PARSE;
    out->result.which = inside.tag == 0xA0 ? RSP_OK : RSP_ERROR;
    return inside.tag == 0xA0 ? read_success(inside.value, &out->result.success, aid)
                              : read_failure(inside.value, &out->result.error);
}

static enum err rebuild_installation(struct span compact, const struct rsp_compact_known *k, struct buf *out)
{
    struct rsp_pending_notification n = { .which = RSP_PENDING_INSTALLATION };
    struct rsp_installation_result_data *d = &n.installation.data;
    struct der_tlv data, signature;
    uint8_t aid[AID_OCTETS];
    bool iccid_present = true;
    enum err e = read_installation(compact, &data, d, &iccid_present, aid);
    if (!e && der_find(compact, SIGNATURE, &signature))
        e = ERR_PARSE;
    if (!e)
        e = need(k->server_address);
    if (!e)
        e = need(k->smdp_oid);
    if (!e && iccid_present)
        e = need(k->iccid);
    if (e)
        return e;
    d->metadata.event = RSP_EVENT_INSTALL;
    d->metadata.address = k->server_address;
    d->metadata.iccid = iccid_present ? k->iccid : (struct span){ 0 };
    d->smdp_oid = k->smdp_oid;
    n.installation.signature = signature.value;
    return rsp_pending_notification_write(&n, out);
}

static enum err rebuild_other(struct span compact, const struct rsp_compact_known *k, struct buf *out)
{
    struct der_tlv metadata;
    struct der_mark mark;
    if (der_find(compact, 0xBF2F, &metadata))
        return ERR_PARSE;
    enum err e = der_put_open(out, 0x30, &mark);
    if (!e)
        e = buf_put(out, metadata.whole);
    if (!e)
        e = put_signature(compact, out);
    if (!e)
        e = need(k->euicc_certificate);
    if (!e)
        e = buf_put(out, k->euicc_certificate);
    if (!e)
        e = need(k->eum_certificate);
    if (!e)
        e = buf_put(out, k->eum_certificate);
    return e ? e : der_put_close(out, mark);
}

enum err rsp_rebuild_notification(const struct rsp_pending_notification *compact, const struct rsp_compact_known *known,
                                  struct buf *out)
{
    return compact->which == RSP_PENDING_COMPACT_INSTALLATION ? rebuild_installation(compact->compact, known, out)
           : compact->which == RSP_PENDING_COMPACT_OTHER      ? rebuild_other(compact->compact, known, out)
                                                              : ERR_PARSE;
}

enum err rsp_compact_session(const struct rsp_pending_notification *compact, struct span *transaction_id)
{
    struct der_tlv data, id;
    if (compact->which != RSP_PENDING_COMPACT_INSTALLATION || der_find(compact->compact, 0xA0, &data) ||
        der_find(data.value, 0x80, &id))
        return ERR_PARSE;
    *transaction_id = id.value;
    return ERR_OK;
}

enum err rsp_compact_eid(const struct rsp_pending_notification *compact, struct span *eid)
{
    struct der_tlv value;
    if (compact->which != RSP_PENDING_COMPACT_OTHER)
        return ERR_PARSE;
    *eid = der_find(compact->compact, 0x5A, &value) ? (struct span){ 0 } : value.value;
    return ERR_OK;
}
