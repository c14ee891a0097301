/* The known SGP.32 messages: they decode, encode to the same bytes, and their signatures verify. */
#include "crypto.h"
#include "der.h"
#include "harness.h"
#include "rsp_schema.h"
#include "vectors.h"

#define FILE_OF_VECTORS "spec/vectors-sgp32.tsv"
#define ROWS_OF_FILE 105

/* What a row is, by how its name begins; the first that fits. */
static const struct {
    const char *name;
    enum rsp_pdu pdu;
} kinds[] = {
    { "REQ ", RSP_EUICC_PACKAGE_REQUEST },
    { "RES ", RSP_EUICC_PACKAGE_RESULT },
    { "ERR-", RSP_EUICC_PACKAGE_RESULT },
    { "ESipa GetEimPackage req", RSP_GET_EIM_PACKAGE_REQUEST },
    { "ESipa GetEimPackage resp", RSP_GET_EIM_PACKAGE_RESPONSE },
    { "ESipa ProvideEimPackageResult", RSP_PROVIDE_EIM_PACKAGE_RESULT },
    { "ESipa Provide resp", RSP_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE },
    { "ESipa IpaEuiccDataRequest", RSP_GET_EIM_PACKAGE_RESPONSE },
    { "ESipa InitiateAuthentication err", RSP_INITIATE_AUTHENTICATION_RESPONSE_ESIPA },
    { "ESipa CancelSession", RSP_CANCEL_SESSION_RESPONSE_ESIPA },
    { "ES10b AddInitialEim one", RSP_ADD_INITIAL_EIM_REQUEST },
    { "ES10b AddInitialEim", RSP_ADD_INITIAL_EIM_RESPONSE },
    { "ES10b GetEimConfigurationData", RSP_GET_EIM_CONFIGURATION_DATA_REQUEST },
    { "ES10b GetCerts (", RSP_GET_CERTS_REQUEST },
    { "ES10b GetCerts", RSP_GET_CERTS_RESPONSE },
    { "ES10b ProfileRollback refreshFlag", RSP_PROFILE_ROLLBACK_REQUEST },
    { "ES10b ProfileRollback", RSP_PROFILE_ROLLBACK_RESPONSE },
    { "ES10b ImmediateEnable", RSP_IMMEDIATE_ENABLE_REQUEST },
    { "ES10b EnableEmergencyProfile", RSP_ENABLE_EMERGENCY_PROFILE_REQUEST },
    { "ES10b DisableEmergencyProfile", RSP_DISABLE_EMERGENCY_PROFILE_REQUEST },
    { "ES10b ExecuteFallbackMechanism", RSP_EXECUTE_FALLBACK_MECHANISM_REQUEST },
    { "ES10b ExecuteFallback ", RSP_EXECUTE_FALLBACK_MECHANISM_RESPONSE },
    { "ES10b ReturnFromFallback", RSP_RETURN_FROM_FALLBACK_REQUEST },
    { "ES10b ConfigureImmediateProfileEnabling a",
      RSP_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_RESPONSE },
    { "ES10b ConfigureImmediateProfileEnabling", RSP_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_REQUEST },
    { "ES10b eUICCMemoryReset all ok", RSP_SGP32_EUICC_MEMORY_RESET_RESPONSE },
    { "ES10b eUICCMemoryReset", RSP_SGP32_EUICC_MEMORY_RESET_REQUEST },
    { "ES10b GetConnectivityParameters ", RSP_GET_CONNECTIVITY_PARAMETERS_RESPONSE },
    { "ES10b GetConnectivityParameters", RSP_GET_CONNECTIVITY_PARAMETERS_REQUEST },
    { "ES10b SetDefaultDpAddress", RSP_SGP32_SET_DEFAULT_DP_ADDRESS_REQUEST },
    { "ES10b RetrieveNotificationsList", RSP_SGP32_RETRIEVE_NOTIFICATIONS_LIST_REQUEST },
    { "ES10b RemoveNotificationFromList", RSP_NOTIFICATION_SENT_REQUEST },
    { "ES10b IPAe activation ok", RSP_IPAE_ACTIVATION_RESPONSE },
    { "ES10b IPAe activation", RSP_IPAE_ACTIVATION_REQUEST },
    { "ES10b CancelSession", RSP_CANCEL_SESSION_REQUEST },
    { "ES10b ListNotification", RSP_LIST_NOTIFICATION_REQUEST },
    { "ES10b GetRAT", RSP_GET_RAT_REQUEST },
    { "ES10c EnableProfile ok", RSP_ENABLE_PROFILE_RESPONSE },
    { "ES10c EnableProfile", RSP_ENABLE_PROFILE_REQUEST },
    { "ES10c DisableProfile", RSP_DISABLE_PROFILE_REQUEST },
    { "ES10c DeleteProfile", RSP_DELETE_PROFILE_REQUEST },
    { "ES10c GetEID", RSP_GET_EUICC_DATA_REQUEST },
    { "ES10c SetNickname", RSP_SET_NICKNAME_REQUEST },
    { "ES10a GetEuiccConfiguredAddresses", RSP_EUICC_CONFIGURED_ADDRESSES_REQUEST },
    { "ES10a SetDefaultDpAddress", RSP_SET_DEFAULT_DP_ADDRESS_REQUEST },
    { "ISD-R SELECT", RSP_ISDR_PROPRIETARY_APPLICATION_TEMPLATE_IOT },
    { "EUICCInfo2", RSP_SGP32_EUICC_INFO2 },
    { "NotificationMetadata", RSP_NOTIFICATION_METADATA },
};

struct row {
    char name[128];
    struct span kind, note;
    struct buf bytes;
};

static void row_read(struct span line, struct row *row)
{
    row->kind = vectors_cut(&line, '\t');
    vectors_text(row->kind, row->name, sizeof row->name);
    row->bytes = (struct buf){ .max = 1 << 16 };
    REQUIRE(hex_decode(vectors_cut(&line, '\t'), &row->bytes) == ERR_OK);
    row->note = line;
}

static bool find_pdu(struct span name, enum rsp_pdu *out)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (span_starts_with(name, kinds[i].name)) {
            *out = kinds[i].pdu;
            return true;
        }
    return false;
}

static void decode_row(struct span line, void *context)
{
    struct row row;
    struct buf again = { .max = 1 << 16 }, text = { .max = 1 << 18 };
    enum rsp_pdu pdu = RSP_PDU_COUNT;
    (void)context;
    row_read(line, &row);
    bool hash = span_starts_with(row.kind, "hashCc");
    bool known = hash || find_pdu(row.kind, &pdu);
    CHECK_ROW(row.name, known);
    if (known && !hash) {
        CHECK_ROW(row.name, rsp_check(pdu, buf_span(&row.bytes)) == ERR_OK);
        CHECK_ROW(row.name, rsp_reencode(pdu, buf_span(&row.bytes), &again) == ERR_OK);
        CHECK_ROW(row.name, span_equal(buf_span(&row.bytes), buf_span(&again)));
        CHECK_ROW(row.name, rsp_print(pdu, buf_span(&row.bytes), &text) == ERR_OK);
    }
    buf_release(&row.bytes);
    buf_release(&again);
    buf_release(&text);
}

static void every_row_decodes(void)
{
    unsigned rows = vectors_each(FILE_OF_VECTORS, decode_row, NULL);
    CHECK(rows == 0 || rows == ROWS_OF_FILE);
}

/* Nothing may be cut off: each message without its last byte is refused. */
static void cut_row(struct span line, void *context)
{
    struct row row;
    enum rsp_pdu pdu = RSP_PDU_COUNT;
    (void)context;
    row_read(line, &row);
    if (find_pdu(row.kind, &pdu))
        for (size_t len = 0; len < row.bytes.len; len++)
            CHECK_ROW(row.name,
                      rsp_check(pdu, span_sub(buf_span(&row.bytes), 0, len)) == ERR_PARSE);
    buf_release(&row.bytes);
}

static void no_truncated_row_decodes(void)
{
    vectors_each(FILE_OF_VECTORS, cut_row, NULL);
}

struct signers {
    struct crypto *crypto;
    struct ec_point eim, euicc;
    unsigned verified;
};

/* SGP.26's published test keys, as the file's comment names them. */
static const char eim_scalar[] = "dbdf692db8acc555185438b9d5368dc96de971626e4f30dec8a9c2547bc597ed";
static const char euicc_scalar[] =
    "11e15467dc194f337183e460c9f63260091e12e81026cd6561e17c6d8539cc9c";

static void public_point(struct crypto *c, const char *scalar, struct ec_point *out)
{
    struct buf d = hex(scalar);
    struct ec_key *key = NULL;
    REQUIRE(ec_key_from_scalar(c, EC_P256, buf_span(&d), &key) == ERR_OK);
    ec_key_point(key, out);
    ec_key_free(key);
    buf_release(&d);
}

static struct signers signers_new(void)
{
    struct signers s = { 0 };
    REQUIRE(crypto_new(&s.crypto) == ERR_OK);
    public_point(s.crypto, eim_scalar, &s.eim);
    public_point(s.crypto, euicc_scalar, &s.euicc);
    return s;
}

/* A package's signed part and its signature: straight in a request, one alternative deeper in a
 * result. */
static bool find_signed(struct span message, struct der_tlv *data, struct der_tlv *signature)
{
    struct der_tlv outer, inner;
    if (der_only(message, 0xBF51, &outer))
        return false;
    struct der d = der_open(outer.value);
    if (der_peek(&d) == 0xA0 || der_peek(&d) == 0xA1) {
        if (der_next(&d, &inner))
            return false;
        d = der_open(inner.value);
    }
    return der_expect(&d, 0x30, data) == ERR_OK && der_expect(&d, 0x5F37, signature) == ERR_OK;
}

/* SGP.32 5.9.1: signatures cover the signed part and the association token as 84; the token is in
 * the row's note. */
static void verify_row(struct span line, void *context)
{
    struct signers *s = context;
    struct row row;
    struct der_tlv data, signature;
    row_read(line, &row);
    bool request = span_starts_with(row.kind, "REQ ");
    bool result = span_starts_with(row.kind, "RES ") || span_starts_with(row.kind, "ERR-SIGNED");
    if (request || result) {
        bool token_7 = row.note.len && row.note.at[row.note.len - 1] == '7';
        struct span tbs[] = { { 0 }, token_7 ? SPAN(0x84, 0x01, 0x07) : SPAN(0x84, 0x01, 0x00) };
        struct span other[] = { { 0 }, SPAN(0x84, 0x01, 0x63) };
        CHECK_ROW(row.name, find_signed(buf_span(&row.bytes), &data, &signature));
        struct span point = request ? SPAN_ARRAY(s->eim.at) : SPAN_ARRAY(s->euicc.at);
        tbs[0] = other[0] = data.whole;
        CHECK_ROW(row.name,
                  ec_verify(s->crypto, EC_P256, point, tbs, 2, signature.value) == ERR_OK);
        CHECK_ROW(row.name,
                  ec_verify(s->crypto, EC_P256, point, other, 2, signature.value) == ERR_VERIFY);
        s->verified++;
    }
    buf_release(&row.bytes);
}

static void every_signature_verifies(void)
{
    struct signers s = signers_new();
    unsigned rows = vectors_each(FILE_OF_VECTORS, verify_row, &s);
    CHECK(rows == 0 || s.verified > 30);
    crypto_free(s.crypto);
}

static void notification_row(struct span line, void *context)
{
    struct signers *s = context;
    struct row row;
    row_read(line, &row);
    if (span_starts_with(row.kind, "NotificationMetadata")) {
        struct buf signature = { .max = 64 };
        struct span tbs = buf_span(&row.bytes);
        struct span note = row.note;
        REQUIRE(hex_decode(span_sub(note, note.len - 128, 128), &signature) == ERR_OK);
        CHECK(ec_verify(s->crypto, EC_P256, SPAN_ARRAY(s->euicc.at), &tbs, 1,
                        buf_span(&signature)) == ERR_OK);
        buf_release(&signature);
        s->verified++;
    }
    buf_release(&row.bytes);
}

static void the_notification_verifies(void)
{
    struct signers s = signers_new();
    unsigned rows = vectors_each(FILE_OF_VECTORS, notification_row, &s);
    CHECK(rows == 0 || s.verified == 1);
    crypto_free(s.crypto);
}

static void hash_row(struct span line, void *context)
{
    struct signers *s = context;
    struct row row;
    uint8_t hash[32], id[16];
    row_read(line, &row);
    for (uint8_t i = 0; i < sizeof id; i++)
        id[i] = i;
    if (span_starts_with(row.kind, "hashCc")) {
        CHECK(confirmation_code_digest(s->crypto, span_str("1234"), false, hash) == ERR_OK);
        CHECK(confirmation_code_hash(s->crypto, SPAN_ARRAY(hash), SPAN_ARRAY(id), hash) == ERR_OK);
        CHECK(span_equal(SPAN_ARRAY(hash), buf_span(&row.bytes)));
    }
    buf_release(&row.bytes);
}

static void the_confirmation_code_hash_agrees(void)
{
    struct signers s = signers_new();
    vectors_each(FILE_OF_VECTORS, hash_row, &s);
    crypto_free(s.crypto);
}

static const struct test tests[] = {
    { "every row decodes, encodes to the same bytes and prints", every_row_decodes },
    { "no row decodes with bytes missing at its end", no_truncated_row_decodes },
    { "every package and result verifies, with its own association token only",
      every_signature_verifies },
    { "the notification's signature verifies over its BF2F", the_notification_verifies },
    { "the hash of the confirmation code agrees", the_confirmation_code_hash_agrees },
};

int main(void)
{
    return tests_main("vectors_sgp32", tests, COUNT(tests));
}
