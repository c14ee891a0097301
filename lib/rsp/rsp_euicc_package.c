#include "rsp_codes.h"
#include "rsp_types.h"

/* --- commands
 * ------------------------------------------------------------------------------------------------------ */
static const struct rsp_field psmo_enable[] = {
    RSP_F(VALUE, 0x5A, psmo, iccid), RSP_F(NULL, 0x05, psmo, rollback),
    RSP_F(NULL_TOO, 0x81, psmo, rollback), /* catalogue D-2: losing the flag would lose the way back */
};
static const struct rsp_field psmo_iccid[] = { RSP_F(VALUE, 0x5A, psmo, iccid) };
static const struct rsp_field psmo_immediate[] = {
    RSP_F(NULL, 0x80, psmo, immediate.flag),
    RSP_O(VALUE, 0x81, psmo, immediate.smdp_oid),
    RSP_O(VALUE, 0x82, psmo, immediate.smdp_address),
};
static const struct rsp_field psmo_default_dp[] = { RSP_F(VALUE, 0x80, psmo, default_dp_address) };
static const struct rsp_type type_psmo_enable = RSP_SEQUENCE(0xA3, RSP_NO_PDU, psmo_enable);
static const struct rsp_type type_psmo_iccid = RSP_SEQUENCE(0xA4, RSP_NO_PDU, psmo_iccid);
static const struct rsp_type type_psmo_immediate = RSP_SEQUENCE(0xA7, RSP_NO_PDU, psmo_immediate);
static const struct rsp_type type_psmo_default_dp = RSP_SEQUENCE(0xBF65, RSP_NO_PDU, psmo_default_dp);
static const struct rsp_type type_nothing = { .whole = RSP_NOWHERE, .pdu = RSP_NO_PDU };

static const struct rsp_field psmo[] = {
    RSP_FLAT(0xA3, type_psmo_enable),       RSP_FLAT(0xA4, type_psmo_iccid),
    RSP_FLAT(0xA5, type_psmo_iccid),        RSP_S(0xBF2D, psmo, list, rsp_type_profile_info_request),
    RSP_FLAT(0xA6, type_nothing),           RSP_FLAT(0xA7, type_psmo_immediate),
    RSP_FLAT(0xA8, type_psmo_iccid),        RSP_FLAT(0xA9, type_nothing),
    RSP_FLAT(0xBF65, type_psmo_default_dp),
};
static const struct rsp_type type_psmo = RSP_KEPT_CHOICE(0, RSP_NO_PDU, psmo, psmo);
RSP_DEFINE(psmo, type_psmo)
RSP_DEFINE_AS(psmo, type_psmo, rollback_flag_81)
RSP_DEFINE_ITEM(psmo, type_psmo)

const char *rsp_psmo_name(enum rsp_psmo_kind k)
{
    static const char *const names[] = {
        "none",
        "enable",
        "disable",
        "delete",
        "listProfileInfo",
        "getRAT",
        "configureImmediateEnable",
        "setFallbackAttribute",
        "unsetFallbackAttribute",
        "setDefaultDpAddress",
    };
    return (size_t)k < COUNT(names) ? names[k] : "unknown";
}

static const struct rsp_field eco_delete[] = { RSP_F(VALUE, 0x80, eco, eim_id) };
static const struct rsp_type type_eco_delete = RSP_SEQUENCE(0xA9, RSP_NO_PDU, eco_delete);
static const struct rsp_field eco[] = {
    RSP_S(0xA8, eco, eim, rsp_type_eim_configuration_members),
    RSP_FLAT(0xA9, type_eco_delete),
    RSP_S(0xAA, eco, eim, rsp_type_eim_configuration_members),
    RSP_FLAT(0xAB, type_nothing),
};
static const struct rsp_type type_eco = RSP_KEPT_CHOICE(0, RSP_NO_PDU, eco, eco);
RSP_DEFINE(eco, type_eco)
RSP_DEFINE_ITEM(eco, type_eco)

enum err rsp_eco_write_as(const struct rsp_wire *wire, const struct rsp_eco *given, struct buf *out)
{
    struct rsp_eco formed = *given;
    struct rsp_key_room room;
    enum err e = rsp_eim_configuration_form(wire, &formed.eim, &room);
    if (!e)
        e = rsp_eco_write(&formed, out);
    rsp_key_room_release(&room);
    return e;
}

static const struct rsp_field euicc_package[] = {
    RSP_F(VALUE, 0xA0, euicc_package, psmo_list),
    RSP_F(VALUE, 0xA1, euicc_package, eco_list),
};
static const struct rsp_type type_euicc_package = RSP_CHOICE(0, RSP_NO_PDU, euicc_package, euicc_package);
static const struct rsp_field euicc_package_signed[] = {
    RSP_F(VALUE, 0x80, euicc_package_signed, eim_id),
    RSP_F(VALUE, 0x5A, euicc_package_signed, eid),
    RSP_F(INTEGER, 0x81, euicc_package_signed, counter),
    RSP_O(VALUE, 0x82, euicc_package_signed, eim_transaction_id),
    RSP_IN(euicc_package_signed, package, type_euicc_package),
};
static const struct rsp_type type_euicc_package_signed =
    RSP_KEPT(0x30, RSP_P(EUICC_PACKAGE_SIGNED), euicc_package_signed, signed_bytes, euicc_package_signed);
RSP_DEFINE(euicc_package_signed, type_euicc_package_signed)

static const struct rsp_field euicc_package_request[] = {
    RSP_S(0x30, euicc_package_request, package_signed, type_euicc_package_signed),
    RSP_F(VALUE, 0x5F37, euicc_package_request, signature),
};
const struct rsp_type rsp_type_euicc_package_request =
    RSP_KEPT(0xBF51, RSP_P(EUICC_PACKAGE_REQUEST), euicc_package_request, whole, euicc_package_request);
RSP_DEFINE(euicc_package_request, rsp_type_euicc_package_request)

static bool fits(const struct der_tlv *t, size_t least, size_t most)
{
    return t->value.len >= least && t->value.len <= most;
}

enum err rsp_euicc_package_frame_read(struct span bytes, struct rsp_euicc_package_request *r)
{
    struct der_tlv whole, package, signature, t;
    struct rsp_euicc_package_signed *p = &r->package_signed;
    *r = (struct rsp_euicc_package_request){ 0 };
    if (der_only(bytes, 0xbf51, &whole) || der_find(whole.value, 0x30, &package) ||
        der_find(whole.value, 0x5f37, &signature) || !fits(&signature, 64, 64))
        return ERR_PARSE;
    struct der d = der_open(package.value);
    if (der_expect(&d, 0x80, &t) || !fits(&t, 1, 128))
        return ERR_PARSE;
    p->eim_id = t.value;
    if (der_expect(&d, 0x5a, &t) || !fits(&t, 16, 16))
        return ERR_PARSE;
    p->eid = t.value;
    if (der_expect(&d, 0x81, &t) || der_integer(t.value, &p->counter))
        return ERR_PARSE;
    if (der_peek(&d) == 0x82 && (der_next(&d, &t) || !fits(&t, 1, 16)))
        return ERR_PARSE;
    p->eim_transaction_id = t.tag == 0x82 ? t.value : (struct span){ 0 };
    if (der_next(&d, &t) || (t.tag != 0xa0 && t.tag != 0xa1))
        return ERR_PARSE;
    p->package.which = t.tag == 0xa0 ? RSP_PACKAGE_PSMO : RSP_PACKAGE_ECO;
    p->package.psmo_list = p->package.eco_list = t.value;
    p->signed_bytes = package.whole;
    r->signature = signature.value;
    r->whole = whole.whole;
    return ERR_OK;
}

/* --- results
 * ------------------------------------------------------------------------------------------------------- */
static const struct rsp_field add_eim_result[] = {
    RSP_F(INTEGER, 0x84, add_eim_result, token),
    RSP_F(INTEGER, 0x02, add_eim_result, code),
};
static const struct rsp_type type_add_eim_result =
    RSP_CHOICE(0xA8, RSP_NO_PDU, add_eim_result, add_eim_result);
static const struct rsp_field list_eim_result[] = {
    RSP_F(VALUE, 0xA0, list_eim_result, list),
    RSP_F(INTEGER, 0x81, list_eim_result, error),
    RSP_F(VALUE_TOO, 0x30, list_eim_result, list), /* catalogue D-4 */
};
static const struct rsp_type type_list_eim_result =
    RSP_CHOICE(0xAB, RSP_NO_PDU, list_eim_result, list_eim_result);
static const struct rsp_field default_dp_result[] = { RSP_F(INTEGER, 0x80, euicc_result, code) };
static const struct rsp_type type_default_dp_result = RSP_SEQUENCE(0xBF65, RSP_NO_PDU, default_dp_result);

static const struct rsp_field euicc_result[] = {
    RSP_F(INTEGER, 0x83, euicc_result, code),
    RSP_F(INTEGER, 0x84, euicc_result, code),
    RSP_F(INTEGER, 0x85, euicc_result, code),
    RSP_S(0xBF2D, euicc_result, profiles, rsp_type_profile_info_response),
    RSP_F(VALUE, 0xA6, euicc_result, rat),
    RSP_F(INTEGER, 0x87, euicc_result, code),
    RSP_S(0xA8, euicc_result, add_eim, type_add_eim_result),
    RSP_F(INTEGER, 0x89, euicc_result, code),
    RSP_F(INTEGER, 0x8A, euicc_result, code),
    RSP_S(0xAB, euicc_result, eims, type_list_eim_result),
    RSP_F(INTEGER, 0x8C, euicc_result, code),
    RSP_F(INTEGER, 0x8D, euicc_result, code),
    RSP_F(INTEGER, 0x8E, euicc_result, code),
    RSP_F(INTEGER, 0x02, euicc_result, code),
    RSP_FLAT(0xBF65, type_default_dp_result),
    RSP_ANY_OTHER,
};
static const struct rsp_type type_euicc_result = RSP_KEPT_CHOICE(0, RSP_NO_PDU, euicc_result, euicc_result);
RSP_DEFINE(euicc_result, type_euicc_result)
RSP_DEFINE_AS(euicc_result, type_euicc_result, eim_list_30)

enum err rsp_euicc_result_next(struct der *list, struct rsp_euicc_result *out)
{
    enum err e = rsp_fields_next(&type_euicc_result, list, out, sizeof *out);
    return e || out->which == RSP_RESULT_UNKNOWN ? e : rsp_check(RSP_EUICC_RESULT_DATA, out->whole);
}

/* In the order of enum rsp_result_kind: the result's name and the names of its codes. */
static const struct {
    const char *name;
    const char *(*code_name)(int64_t code);
} results[] = {
    { "none", NULL },
    { "enableResult", rsp_psmo_enable_result_name },
    { "disableResult", rsp_psmo_disable_result_name },
    { "deleteResult", rsp_psmo_delete_result_name },
    { "listProfileInfoResult", rsp_profile_info_list_error_name },
    { "getRATResult", NULL },
    { "configureImmediateEnableResult", rsp_configure_immediate_enable_result_name },
    { "addEimResult", rsp_add_eim_result_code_name },
    { "deleteEimResult", rsp_delete_eim_result_name },
    { "updateEimResult", rsp_update_eim_result_name },
    { "listEimResult", rsp_list_eim_error_name },
    { "rollbackResult", rsp_rollback_result_name },
    { "setFallbackAttributeResult", rsp_set_fallback_attribute_result_name },
    { "unsetFallbackAttributeResult", rsp_unset_fallback_attribute_result_name },
    { "processingTerminated", rsp_processing_terminated_name },
    { "setDefaultDpAddressResult", rsp_set_default_dp_address_result_name },
    { "unknown", NULL },
};

const char *rsp_result_name(enum rsp_result_kind k)
{
    return (size_t)k < COUNT(results) ? results[k].name : "unknown";
}

int64_t rsp_euicc_result_code(const struct rsp_euicc_result *r)
{
    switch (r->which) {
    case RSP_RESULT_LIST_PROFILE_INFO:
        return r->profiles.which == RSP_ERROR ? r->profiles.error : 0;
    case RSP_RESULT_GET_RAT:
        return 0;
    case RSP_RESULT_ADD_EIM:
        return r->add_eim.which == RSP_ADD_EIM_CODE ? r->add_eim.code : 0;
    case RSP_RESULT_LIST_EIM:
        return r->eims.which == RSP_ERROR ? r->eims.error : 0;
    default:
        return r->code;
    }
}

bool rsp_euicc_result_is_success(const struct rsp_euicc_result *r)
{
    switch (r->which) {
    case RSP_RESULT_PROCESSING_TERMINATED:
    case RSP_RESULT_UNKNOWN:
        return false;
    case RSP_RESULT_LIST_PROFILE_INFO:
        return r->profiles.which != RSP_ERROR;
    case RSP_RESULT_LIST_EIM:
        return r->eims.which != RSP_ERROR;
    case RSP_RESULT_DELETE_EIM:
        return r->code == RSP_DELETE_EIM_OK || r->code == RSP_DELETE_EIM_LAST_EIM_DELETED;
    default:
        return rsp_euicc_result_code(r) == 0;
    }
}

const char *rsp_euicc_result_code_name(const struct rsp_euicc_result *r)
{
    int64_t code = rsp_euicc_result_code(r);
    if (code == 0 && rsp_euicc_result_is_success(r))
        return "ok";
    if ((size_t)r->which >= COUNT(results) || !results[r->which].code_name)
        return "unknown";
    return results[r->which].code_name(code);
}

static const struct rsp_field eim_id_info[] = {
    RSP_F(VALUE, 0x80, eim_id_info, eim_id),
    RSP_O(INTEGER, 0x82, eim_id_info, eim_id_type),
};
static const struct rsp_type type_eim_id_info = RSP_SEQUENCE(0x30, RSP_NO_PDU, eim_id_info);
RSP_DEFINE(eim_id_info, type_eim_id_info)
RSP_DEFINE_ITEM(eim_id_info, type_eim_id_info)

static const struct rsp_field package_result_data[] = {
    RSP_F(VALUE, 0x80, package_result_data, eim_id),
    RSP_F(INTEGER, 0x81, package_result_data, counter),
    RSP_O(VALUE, 0x82, package_result_data, eim_transaction_id),
    RSP_F(INTEGER, 0x83, package_result_data, seq_number),
    RSP_F(VALUE, 0x30, package_result_data, results),
};
static const struct rsp_type type_package_result_data = RSP_KEPT(
    0x30, RSP_P(EUICC_PACKAGE_RESULT_DATA_SIGNED), package_result_data, signed_bytes, package_result_data);
RSP_DEFINE(package_result_data, type_package_result_data)

static const struct rsp_field package_error_data[] = {
    RSP_F(VALUE, 0x80, package_error_data, eim_id),
    RSP_F(INTEGER, 0x81, package_error_data, counter),
    RSP_O(VALUE, 0x82, package_error_data, eim_transaction_id),
    RSP_F(INTEGER, 0x02, package_error_data, code),
};
static const struct rsp_type type_package_error_data = RSP_KEPT(
    0x30, RSP_P(EUICC_PACKAGE_ERROR_DATA_SIGNED), package_error_data, signed_bytes, package_error_data);
RSP_DEFINE(package_error_data, type_package_error_data)

static const struct rsp_field package_result_signed[] = {
    RSP_S(0x30, package_result_signed, data, type_package_result_data),
    RSP_F(VALUE, 0x5F37, package_result_signed, signature),
};
static const struct rsp_field package_error_signed[] = {
    RSP_S(0x30, package_error_signed, data, type_package_error_data),
    RSP_F(VALUE, 0x5F37, package_error_signed, signature),
};
static const struct rsp_field package_error_unsigned[] = {
    RSP_F(VALUE, 0x80, package_error_unsigned, eim_id),
    RSP_O(VALUE, 0x82, package_error_unsigned, eim_transaction_id),
    RSP_O(INTEGER, 0x84, package_error_unsigned, association_token),
    RSP_O(INTEGER, 0x8F, package_error_unsigned, code),
};
static const struct rsp_type type_result_signed = RSP_SEQUENCE(0xA0, RSP_NO_PDU, package_result_signed);
static const struct rsp_type type_error_signed = RSP_SEQUENCE(0xA1, RSP_NO_PDU, package_error_signed);
static const struct rsp_type type_error_unsigned = RSP_SEQUENCE(0xA2, RSP_NO_PDU, package_error_unsigned);
static const struct rsp_field euicc_package_result[] = {
    RSP_S(0xA0, euicc_package_result, result, type_result_signed),
    RSP_S(0xA1, euicc_package_result, error, type_error_signed),
    RSP_S(0xA2, euicc_package_result, unsigned_error, type_error_unsigned),
    RSP_S_TOO(0x30, euicc_package_result, result, type_result_signed), /* catalogue D-3 */
};
const struct rsp_type rsp_type_euicc_package_result =
    RSP_KEPT_CHOICE(0xBF51, RSP_P(EUICC_PACKAGE_RESULT), euicc_package_result, euicc_package_result);
RSP_DEFINE(euicc_package_result, rsp_type_euicc_package_result)
RSP_DEFINE_AS(euicc_package_result, rsp_type_euicc_package_result, package_result_30)
RSP_DEFINE_ITEM(euicc_package_result, rsp_type_euicc_package_result)

/* --- what is signed
 * ------------------------------------------------------------------------------------------------ */
/* 84 LL <INTEGER contents>; 84 01 00 without a token. */
static void tbs_with_token(struct span signed_bytes, struct rsp_int token, struct rsp_tbs *out)
{
    *out = (struct rsp_tbs){ .count = 2 };
    struct buf b = { .at = out->octets, .cap = sizeof out->octets, .max = sizeof out->octets };
    /* Never grows: 84, one length octet, at most eight octets of contents. */
    enum err e = der_put_integer(&b, 0x84, token.present ? token.value : 0);
    out->part[0] = signed_bytes;
    out->part[1] = e ? (struct span){ 0 } : span_of(out->octets, b.len);
}

void rsp_tbs_euicc_package(const struct rsp_euicc_package_signed *p, struct rsp_int association_token,
                           struct rsp_tbs *out)
{
    tbs_with_token(p->signed_bytes, association_token, out);
}

void rsp_tbs_package_result(const struct rsp_package_result_data *d, struct rsp_int association_token,
                            struct rsp_tbs *out)
{
    tbs_with_token(d->signed_bytes, association_token, out);
}

void rsp_tbs_package_error(const struct rsp_package_error_data *d, struct rsp_int association_token,
                           struct rsp_tbs *out)
{
    tbs_with_token(d->signed_bytes, association_token, out);
}

static const struct rsp_field profile_rollback_response[] = {
    RSP_F(INTEGER, 0x02, profile_rollback_response, code),
    RSP_SO(0xBF51, profile_rollback_response, result, has_result, rsp_type_euicc_package_result),
};
static const struct rsp_type type_profile_rollback_response =
    RSP_SEQUENCE(0xBF58, RSP_P(PROFILE_ROLLBACK_RESPONSE), profile_rollback_response);
RSP_DEFINE(profile_rollback_response, type_profile_rollback_response)
