#include "rsp_es10.h"
#include "rsp_fields.h"

/* One TLV with this tag and, inside, one with the other; what follows is skipped. */
static enum err read_single(uint32_t tag, uint32_t inner, struct span bytes, struct span *value)
{
    struct der_tlv whole, member;
    enum err e = der_only(bytes, tag, &whole);
    struct der d = der_open(e ? (struct span){ 0 } : whole.value);
    if (!e)
        e = der_check(bytes);
    if (!e)
        e = der_expect(&d, inner, &member);
    if (!e)
        *value = member.value;
    return e;
}

static enum err write_single(uint32_t tag, uint32_t inner, struct span value, struct buf *out)
{
    struct der_mark mark;
    size_t before = out->len;
    enum err e = der_put_open(out, tag, &mark);
    if (!e)
        e = der_put(out, inner, value);
    if (!e)
        e = der_put_close(out, mark);
    if (e)
        out->len = before;
    return e;
}

enum err rsp_code_read(uint32_t tag, struct span bytes, int64_t *code)
{
    struct span value;
    enum err e = read_single(tag, 0x80, bytes, &value);
    return e ? e : der_integer(value, code);
}

enum err rsp_code_write(uint32_t tag, int64_t code, struct buf *out)
{
    struct der_mark mark;
    size_t before = out->len;
    enum err e = der_put_open(out, tag, &mark);
    if (!e)
        e = der_put_integer(out, 0x80, code);
    if (!e)
        e = der_put_close(out, mark);
    if (e)
        out->len = before;
    return e;
}

enum err rsp_empty_write(uint32_t tag, struct buf *out)
{
    return der_put(out, tag, (struct span){ 0 });
}

enum err rsp_empty_read(uint32_t tag, struct span bytes)
{
    struct der_tlv t;
    enum err e = der_only(bytes, tag, &t);
    return e ? e : der_check(bytes);
}

enum err rsp_refresh_write(const struct rsp_wire *wire, uint32_t tag, bool refresh, struct buf *out)
{
    const uint8_t octet = refresh ? 0xff : 0x00;
    return write_single(tag, wire->refresh_flag_01 ? 0x01 : 0x80, span_of(&octet, 1), out);
}

enum err rsp_refresh_read(uint32_t tag, struct span bytes, bool *refresh)
{
    struct span value;
    enum err e = read_single(tag, 0x80, bytes, &value);
    if (e)
        e = read_single(tag, 0x01, bytes, &value);
    if (e || value.len != 1)
        return ERR_PARSE;
    *refresh = value.at[0] != 0;
    return ERR_OK;
}

enum err rsp_default_dp_address_read(uint32_t tag, struct span bytes, struct span *address)
{
    return read_single(tag, 0x80, bytes, address);
}

enum err rsp_default_dp_address_write(uint32_t tag, struct span address, struct buf *out)
{
    return write_single(tag, 0x80, address, out);
}

static const struct rsp_field get_eid_request[] = { RSP_F(VALUE, 0x5C, get_eid_request, tag_list) };
static const struct rsp_type type_get_eid_request =
    RSP_SEQUENCE(0xBF3E, RSP_P(GET_EUICC_DATA_REQUEST), get_eid_request);
RSP_DEFINE(get_eid_request, type_get_eid_request)
static const struct rsp_field get_eid_response[] = { RSP_F(VALUE, 0x5A, get_eid_response, eid) };
static const struct rsp_type type_get_eid_response =
    RSP_SEQUENCE(0xBF3E, RSP_P(GET_EUICC_DATA_RESPONSE), get_eid_response);
RSP_DEFINE(get_eid_response, type_get_eid_response)

static const struct rsp_field get_euicc_challenge_response[] = {
    RSP_F(VALUE, 0x80, get_euicc_challenge_response, challenge),
};
static const struct rsp_type type_get_euicc_challenge_response =
    RSP_SEQUENCE(0xBF2E, RSP_P(GET_EUICC_CHALLENGE_RESPONSE), get_euicc_challenge_response);
RSP_DEFINE(get_euicc_challenge_response, type_get_euicc_challenge_response)

static const struct rsp_field get_certs_request[] = { RSP_O(VALUE, 0x80, get_certs_request, ci_pkid) };
static const struct rsp_type type_get_certs_request =
    RSP_SEQUENCE(0xBF56, RSP_P(GET_CERTS_REQUEST), get_certs_request);
RSP_DEFINE(get_certs_request, type_get_certs_request)
static const struct rsp_field certs[] = {
    RSP_F(VALUE, 0xA5, certs, eum_certificate),
    RSP_F(VALUE, 0xA6, certs, euicc_certificate),
};
static const struct rsp_type type_certs = RSP_SEQUENCE(0xA0, RSP_NO_PDU, certs);
static const struct rsp_field get_certs_response[] = {
    RSP_S(0xA0, get_certs_response, ok, type_certs),
    RSP_F(INTEGER, 0x81, get_certs_response, error),
};
static const struct rsp_type type_get_certs_response =
    RSP_CHOICE(0xBF56, RSP_P(GET_CERTS_RESPONSE), get_certs_response, get_certs_response);
RSP_DEFINE(get_certs_response, type_get_certs_response)

static const struct rsp_field configured_addresses[] = {
    RSP_O(VALUE, 0x80, configured_addresses, default_dp_address),
    RSP_F(VALUE, 0x81, configured_addresses, root_ds_address),
};
static const struct rsp_type type_configured_addresses =
    RSP_SEQUENCE(0xBF3C, RSP_P(EUICC_CONFIGURED_ADDRESSES_RESPONSE), configured_addresses);
RSP_DEFINE(configured_addresses, type_configured_addresses)

static const struct rsp_field memory_reset_request[] = { RSP_F(BITS, 0x82, memory_reset_request, options) };
static const struct rsp_type type_memory_reset_request =
    RSP_SEQUENCE(0xBF64, RSP_P(SGP32_EUICC_MEMORY_RESET_REQUEST), memory_reset_request);
RSP_DEFINE(memory_reset_request, type_memory_reset_request)
static const struct rsp_field memory_reset_response[] = {
    RSP_F(INTEGER, 0x80, memory_reset_response, result),
    RSP_O(INTEGER, 0x81, memory_reset_response, eim_result),
    RSP_O(INTEGER, 0x82, memory_reset_response, immediate_enable_result),
};
static const struct rsp_type type_memory_reset_response =
    RSP_SEQUENCE(0xBF64, RSP_P(SGP32_EUICC_MEMORY_RESET_RESPONSE), memory_reset_response);
RSP_DEFINE(memory_reset_response, type_memory_reset_response)
