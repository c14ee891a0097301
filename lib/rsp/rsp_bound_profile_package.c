/* ES8+: the bound profile package, the commands inside it, and its segments (SGP.22 2.5.3 to 2.5.5, 5.5). */
#include "rsp_types.h"

static const struct rsp_field control_reference[] = {
    RSP_F(VALUE, 0x80, initialise_secure_channel, key_type),
    RSP_F(VALUE, 0x81, initialise_secure_channel, key_length),
    RSP_F(VALUE, 0x84, initialise_secure_channel, host_id),
};
static const struct rsp_type type_control_reference = RSP_SEQUENCE(0xA6, RSP_NO_PDU, control_reference);
static const struct rsp_field secure_channel[] = {
    RSP_F(INTEGER, 0x82, initialise_secure_channel, remote_op_id),
    RSP_F(VALUE, 0x80, initialise_secure_channel, transaction_id),
    RSP_FLAT(0xA6, type_control_reference),
    RSP_F(VALUE, 0x5F49, initialise_secure_channel, smdp_otpk),
    RSP_F(VALUE, 0x5F37, initialise_secure_channel, smdp_signature),
};
static const struct rsp_type type_secure_channel =
    RSP_SEQUENCE(0xBF23, RSP_P(INITIALISE_SECURE_CHANNEL_REQUEST), secure_channel);
/* The same members without the signature: what it covers, without a header. */
static const struct rsp_type type_secure_channel_signed = {
    .whole = RSP_NOWHERE,
    .pdu = RSP_NO_PDU,
    .fields = secure_channel,
    .count = 4,
};

/* What the signature covers, from the first octet of BF23's contents up to 5F37. */
static enum err find_signed_part(struct span contents, struct span *out)
{
    struct der_tlv signature;
    enum err e = der_find(contents, 0x5F37, &signature);
    if (!e)
        *out = span_of(contents.at, (size_t)(signature.whole.at - contents.at));
    return e;
}

enum err rsp_initialise_secure_channel_read(struct span bytes, struct rsp_initialise_secure_channel *out)
{
    struct der_tlv t;
    enum err e = rsp_fields_read(&type_secure_channel, bytes, out, sizeof *out);
    if (!e)
        e = der_only(bytes, 0xBF23, &t);
    return e ? e : find_signed_part(t.value, &out->signed_bytes);
}

enum err rsp_initialise_secure_channel_write(const struct rsp_initialise_secure_channel *s, struct buf *out)
{
    return rsp_fields_write(&type_secure_channel, s, out);
}

enum err rsp_initialise_secure_channel_write_tbs(const struct rsp_initialise_secure_channel *s,
                                                 struct buf *out)
{
    return rsp_fields_write(&type_secure_channel_signed, s, out);
}

static const struct rsp_field bound_profile_package[] = {
    RSP_S(0xBF23, bound_profile_package, secure_channel, type_secure_channel),
    RSP_F(VALUE, 0xA0, bound_profile_package, first_87),
    RSP_F(VALUE, 0xA1, bound_profile_package, list_88),
    RSP_O(VALUE, 0xA2, bound_profile_package, second_87),
    RSP_F(VALUE, 0xA3, bound_profile_package, list_86),
};
static const struct rsp_type type_bound_profile_package =
    RSP_KEPT(0xBF36, RSP_P(BOUND_PROFILE_PACKAGE), bound_profile_package, whole, bound_profile_package);

enum err rsp_bound_profile_package_read(struct span bytes, struct rsp_bound_profile_package *out)
{
    struct der_tlv package, channel;
    enum err e = rsp_fields_read(&type_bound_profile_package, bytes, out, sizeof *out);
    if (!e)
        e = der_only(bytes, 0xBF36, &package);
    if (!e)
        e = der_find(package.value, 0xBF23, &channel);
    return e ? e : find_signed_part(channel.value, &out->secure_channel.signed_bytes);
}

enum err rsp_bound_profile_package_write(const struct rsp_bound_profile_package *p, struct buf *out)
{
    return rsp_fields_write(&type_bound_profile_package, p, out);
}

enum err rsp_bpp_segments(struct span bpp, struct rsp_bpp_segments *out)
{
    struct der_tlv package, channel;
    enum err e = der_only(bpp, 0xBF36, &package);
    if (e)
        return e;
    *out = (struct rsp_bpp_segments){ .package = der_open(package.value) };
    e = der_expect(&out->package, 0xBF23, &channel);
    if (!e)
        out->first = span_of(bpp.at, (size_t)(channel.whole.at + channel.whole.len - bpp.at));
    return e;
}

/* A list that goes in pieces: first its header alone, then each TLV (SGP.22 2.5.5). */
static void begin_list(struct rsp_bpp_segments *s, const struct der_tlv *list, struct span *segment)
{
    *segment = span_of(list->whole.at, list->whole.len - list->value.len);
    s->list = der_open(list->value);
}

enum err rsp_bpp_next(struct rsp_bpp_segments *s, struct span *segment, bool *done)
{
    struct der_tlv t;
    *done = false;
    if (s->first.len) {
        *segment = s->first;
        s->first = (struct span){ 0 };
        return ERR_OK;
    }
    if (!der_at_end(&s->list))
        return rsp_whole_next(&s->list, segment);
    *done = der_at_end(&s->package);
    if (*done)
        return ERR_OK;
    enum err e = der_next(&s->package, &t);
    if (e)
        return e;
    if (t.tag == 0xA1 || t.tag == 0xA3)
        begin_list(s, &t, segment);
    else
        *segment = t.whole;
    return ERR_OK;
}

static const struct rsp_field configure_isdp[] = {
    RSP_O(VALUE, 0xB8, configure_isdp, dp_proprietary_data),
};
static const struct rsp_type type_configure_isdp =
    RSP_SEQUENCE(0xBF24, RSP_P(CONFIGURE_ISDP_REQUEST), configure_isdp);
RSP_DEFINE(configure_isdp, type_configure_isdp)

static const struct rsp_field replace_session_keys[] = {
    RSP_F(VALUE, 0x80, replace_session_keys, initial_mcv),
    RSP_F(VALUE, 0x81, replace_session_keys, ppk_enc),
    RSP_F(VALUE, 0x82, replace_session_keys, ppk_cmac),
};
static const struct rsp_type type_replace_session_keys =
    RSP_SEQUENCE(0xBF26, RSP_P(REPLACE_SESSION_KEYS_REQUEST), replace_session_keys);
RSP_DEFINE(replace_session_keys, type_replace_session_keys)

void rsp_tbs_smdp_sign(struct span members, struct span euicc_otpk, struct rsp_tbs *out)
{
    static const uint8_t header[] = { 0x5F, 0x49, 0x41 };
    *out = (struct rsp_tbs){ .part = { members, SPAN_ARRAY(header), euicc_otpk }, .count = 3 };
}
