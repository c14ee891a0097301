/* Messages made by other implementations: they decode and encode to the same bytes. */
#include <string.h>

#include "crypto.h"
#include "der.h"
#include "harness.h"
#include "rsp_schema.h"
#include "vectors.h"

#define FILE_OF_VECTORS "spec/vectors-rsp.txt"

/* Rows that are named by a file or a label, not by their type. */
static const struct {
    const char *label;
    enum rsp_pdu pdu;
} labels[] = {
    { "session/auth-server-response.der", RSP_AUTHENTICATE_SERVER_RESPONSE },
    { "session/authenticate-response.der", RSP_AUTHENTICATE_CLIENT_RESPONSE_ES9 },
    { "session/bound-profile-package.der", RSP_BOUND_PROFILE_PACKAGE },
    { "session/euicc-info1.der", RSP_EUICC_INFO1 },
    { "session/initiate-response.der", RSP_INITIATE_AUTHENTICATION_OK_ES9 },
    { "session/pending-notification.der", RSP_PENDING_NOTIFICATION },
    { "session/prepare-download-response.der", RSP_PREPARE_DOWNLOAD_RESPONSE },
    { "session/store-metadata.der", RSP_STORE_METADATA_REQUEST },
    { "BPP_FULL", RSP_BOUND_PROFILE_PACKAGE },
    { "sample", RSP_IPA_EUICC_DATA_RESPONSE },
};

static bool find_label(struct span word, enum rsp_pdu *out)
{
    char text[128];
    vectors_text(word, text, sizeof text);
    if (rsp_pdu_by_name(text, out) == ERR_OK)
        return true;
    for (size_t i = 0; i < COUNT(labels); i++)
        if (strcmp(text, labels[i].label) == 0) {
            *out = labels[i].pdu;
            return true;
        }
    return false;
}

/* The row's message: the word behind its type. */
static bool row_read(struct span line, enum rsp_pdu *pdu, struct buf *bytes)
{
    while (line.len)
        if (find_label(vectors_cut(&line, ' '), pdu))
            return hex_decode(vectors_cut(&line, ' '), bytes) == ERR_OK && bytes->len;
    return false;
}

/* Data whose EUICCInfo1 lacks both lists of keys. */
static bool is_flawed(struct span line)
{
    return span_starts_with(line, "OIR bf52 sample");
}

static void decode_row(struct span line, void *context)
{
    unsigned *decoded = context;
    enum rsp_pdu pdu;
    char name[80];
    struct buf bytes = { .max = 1 << 18 }, again = { .max = 1 << 18 };
    vectors_text(line, name, sizeof name);
    if (row_read(line, &pdu, &bytes)) {
        bool sound = !is_flawed(line);
        CHECK_ROW(name, rsp_check(pdu, buf_span(&bytes)) == (sound ? ERR_OK : ERR_PARSE));
        if (sound) {
            CHECK_ROW(name, rsp_reencode(pdu, buf_span(&bytes), &again) == ERR_OK);
            CHECK_ROW(name, span_equal(buf_span(&bytes), buf_span(&again)));
        }
        ++*decoded;
    }
    buf_release(&bytes);
    buf_release(&again);
}

static void every_decodable_row_decodes(void)
{
    unsigned decoded = 0;
    unsigned rows = vectors_each(FILE_OF_VECTORS, decode_row, &decoded);
    CHECK(rows == 0 || decoded == 42);
}

/* A whole download, message by message, with the keys of both sides (SGP.26's published ones). */
enum { INITIATE, AUTH_SERVER, AUTH_CLIENT, PREPARE, BOUND_PACKAGE, NOTIFICATION, MESSAGES };
static const char *const messages[MESSAGES] = {
    [INITIATE] = "session/initiate-response.der",
    [AUTH_SERVER] = "session/auth-server-response.der",
    [AUTH_CLIENT] = "session/authenticate-response.der",
    [PREPARE] = "session/prepare-download-response.der",
    [BOUND_PACKAGE] = "session/bound-profile-package.der",
    [NOTIFICATION] = "session/pending-notification.der",
};
enum { DPAUTH, DPPB, EUICC, KEYS };
static const char *const keys[KEYS] = { "dpauth-key.pem", "dppb-key.pem", "euicc-key.pem" };

struct session {
    struct crypto *crypto;
    struct buf bytes[MESSAGES];
    struct ec_point points[KEYS];
};

static void public_point(struct crypto *c, struct span scalar, struct ec_point *out)
{
    struct buf d = { .max = 32 };
    struct ec_key *key = NULL;
    REQUIRE(hex_decode(scalar, &d) == ERR_OK);
    REQUIRE(ec_key_from_scalar(c, EC_P256, buf_span(&d), &key) == ERR_OK);
    ec_key_point(key, out);
    ec_key_free(key);
    buf_release(&d);
}

static void session_row(struct span line, void *context)
{
    struct session *s = context;
    vectors_cut(&line, ' ');
    struct span name = vectors_cut(&line, ' ');
    for (size_t i = 0; i < MESSAGES; i++)
        if (span_equal(name, span_str(messages[i])))
            REQUIRE(hex_decode(line, &s->bytes[i]) == ERR_OK);
    for (size_t i = 0; i < KEYS; i++)
        if (span_equal(name, span_str(keys[i])))
            public_point(s->crypto, span_sub(line, 2, 64), &s->points[i]);
}

static bool session_load(struct session *s)
{
    *s = (struct session){ 0 };
    for (size_t i = 0; i < MESSAGES; i++)
        s->bytes[i].max = 1 << 16;
    REQUIRE(crypto_new(&s->crypto) == ERR_OK);
    return vectors_each(FILE_OF_VECTORS, session_row, s) > 0;
}

static void session_release(struct session *s)
{
    for (size_t i = 0; i < MESSAGES; i++)
        buf_release(&s->bytes[i]);
    crypto_free(s->crypto);
}

/* The TLV at the end of a path of tags, which ends with 0; the first tag is the message's own. */
static struct der_tlv at(const struct session *s, int message, const uint32_t *path)
{
    struct der_tlv tlv = { .value = buf_span(&s->bytes[message]) };
    for (; *path; path++)
        REQUIRE(der_find(tlv.value, *path, &tlv) == ERR_OK);
    return tlv;
}
#define AT(s, message, ...) at((s), (message), (const uint32_t[]){ __VA_ARGS__, 0 })

static enum err verify(const struct session *s, int key, struct span first, struct span second,
                       struct der_tlv signature)
{
    struct span tbs[] = { first, second };
    return ec_verify(s->crypto, EC_P256, SPAN_ARRAY(s->points[key].at), tbs, 2, signature.value);
}

/* SGP.22 5.6 and 5.7: each signature binds the one before it. */
static void the_session_verifies(void)
{
    struct session s;
    const struct span nothing = { 0 };
    if (session_load(&s)) {
        struct der_tlv server1 = AT(&s, INITIATE, 0x30, 0x5F37);
        struct der_tlv euicc1 = AT(&s, AUTH_SERVER, 0xBF38, 0xA0, 0x5F37);
        struct der_tlv smdp2 = AT(&s, AUTH_CLIENT, 0xBF3B, 0xA0, 0x5F37);
        struct der_tlv euicc2 = AT(&s, PREPARE, 0xBF21, 0xA0, 0x5F37);
        struct der_tlv pir = AT(&s, NOTIFICATION, 0xBF37, 0x5F37);
        CHECK(verify(&s, DPAUTH, AT(&s, INITIATE, 0x30, 0x30).whole, nothing, server1) == ERR_OK);
        CHECK(verify(&s, EUICC, AT(&s, AUTH_SERVER, 0xBF38, 0xA0, 0x30).whole, nothing, euicc1) ==
              ERR_OK);
        struct span signed2 = AT(&s, AUTH_CLIENT, 0xBF3B, 0xA0, 0x30).whole;
        CHECK(verify(&s, DPPB, signed2, euicc1.whole, smdp2) == ERR_OK);
        CHECK(verify(&s, DPPB, signed2, nothing, smdp2) == ERR_VERIFY);
        struct span euicc_signed2 = AT(&s, PREPARE, 0xBF21, 0xA0, 0x30).whole;
        CHECK(verify(&s, EUICC, euicc_signed2, smdp2.whole, euicc2) == ERR_OK);
        CHECK(verify(&s, EUICC, euicc_signed2, nothing, euicc2) == ERR_VERIFY);
        CHECK(verify(&s, EUICC, AT(&s, NOTIFICATION, 0xBF37, 0xBF27).whole, nothing, pir) ==
              ERR_OK);
    }
    session_release(&s);
}

/* SGP.22 5.5.1: smdpSign covers the members before it and the eUICC's one-time key, without any
 * header around them. */
static void the_bound_package_is_bound_to_the_card(void)
{
    struct session s;
    if (session_load(&s)) {
        struct der_tlv request = AT(&s, BOUND_PACKAGE, 0xBF36, 0xBF23);
        struct der_tlv sign = AT(&s, BOUND_PACKAGE, 0xBF36, 0xBF23, 0x5F37);
        struct der_tlv otpk = AT(&s, PREPARE, 0xBF21, 0xA0, 0x30, 0x5F49);
        struct span members =
            span_sub(request.value, 0, (size_t)(sign.whole.at - request.value.at));
        CHECK(verify(&s, DPPB, members, otpk.whole, sign) == ERR_OK);
        CHECK(verify(&s, DPPB, members, (struct span){ 0 }, sign) == ERR_VERIFY);
    }
    session_release(&s);
}

static const struct test tests[] = {
    { "every decodable row decodes and encodes to the same bytes", every_decodable_row_decodes },
    { "the signatures of a whole session verify, each over the one before it",
      the_session_verifies },
    { "a bound package verifies with the one-time key of its card only",
      the_bound_package_is_bound_to_the_card },
};

int main(void)
{
    return tests_main("vectors_rsp", tests, COUNT(tests));
}
