#include <string.h>

#include "crypto_floor.h"
#include "crypto_tests.h"

/* RFC 5903 8.1: both sides of a P-256 agreement. */
#define RFC5903_I "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"
#define RFC5903_R "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"
#define RFC5903_GI                                                             \
    "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b" \
    "33accf5f58389e0577b8990bb3"
#define RFC5903_GR                                                             \
    "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f0" \
    "46ada30f8353e74f33039872ab"
#define RFC5903_Z "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"
/* RFC 7027 A.1, brainpoolP256r1. */
#define RFC7027_A "81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d"
#define RFC7027_B "55e40bc41e37e3e2ad25c3c6654511ffa8474a91a0032087593852d3e7d76bd3"
#define RFC7027_Z "89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b"

static struct ec_key *key_of(struct crypto *c, enum ec_curve curve, const char *d)
{
    struct ec_key *k = NULL;
    REQUIRE(ec_key_from_scalar(c, curve, bytes(d), &k) == ERR_OK);
    return k;
}

static void agree_both_ways(struct crypto *c, struct ec_key *a, struct ec_key *b, const char *z)
{
    struct ec_point pa, pb;
    struct secret za = { 0 }, zb = { 0 };
    ec_key_point(a, &pa);
    ec_key_point(b, &pb);
    CHECK(ec_key_agree(c, a, SPAN_ARRAY(pb.at), &za) == ERR_OK);
    CHECK(ec_key_agree(c, b, SPAN_ARRAY(pa.at), &zb) == ERR_OK);
    CHECK(span_equal(secret_span(&za), bytes(z)));
    CHECK(span_equal(secret_span(&zb), bytes(z)));
    secret_release(&za);
    secret_release(&zb);
    ec_key_free(a);
    ec_key_free(b);
}

static void agreement_answers(void)
{
    struct crypto *c = open_crypto();
    struct ec_point p;
    struct ec_key *i = key_of(c, EC_P256, RFC5903_I), *r = key_of(c, EC_P256, RFC5903_R);
    ec_key_point(i, &p);
    CHECK(span_equal(SPAN_ARRAY(p.at), bytes(RFC5903_GI)));
    ec_key_point(r, &p);
    CHECK(span_equal(SPAN_ARRAY(p.at), bytes(RFC5903_GR)));
    agree_both_ways(c, i, r, RFC5903_Z);
    agree_both_ways(c, key_of(c, EC_BRAINPOOL_P256R1, RFC7027_A), key_of(c, EC_BRAINPOOL_P256R1, RFC7027_B),
                    RFC7027_Z);
    crypto_free(c);
}

#define P256_N "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define BRAINPOOL_N "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7"
static const struct {
    const char *name;
    enum ec_curve curve;
    const char *d;
    enum err want;
} scalar_rows[] = {
    { "one is a key", EC_P256, "0000000000000000000000000000000000000000000000000000000000000001", ERR_OK },
    { "n-1 is a key", EC_P256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", ERR_OK },
    { "zero is no key", EC_P256, "0000000000000000000000000000000000000000000000000000000000000000", ERR_VERIFY },
    { "n is no key", EC_P256, P256_N, ERR_VERIFY },
    { "n of P-256 is too large for brainpool", EC_BRAINPOOL_P256R1, P256_N, ERR_VERIFY },
    { "n of brainpool fits P-256", EC_P256, BRAINPOOL_N, ERR_OK },
    { "all ones is no key", EC_P256, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
      ERR_VERIFY },
    { "31 octets are no key", EC_P256, "00000000000000000000000000000000000000000000000000000000000001",
      ERR_VERIFY },
    { "nothing is no key", EC_P256, "", ERR_VERIFY },
};

static void scalars(void)
{
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(scalar_rows); i++) {
        struct ec_key *k = NULL;
        struct secret d = { 0 };
        enum err e = ec_key_from_scalar(c, scalar_rows[i].curve, bytes(scalar_rows[i].d), &k);
        CHECK_ROW(scalar_rows[i].name, e == scalar_rows[i].want);
        if (!e) {
            CHECK_ROW(scalar_rows[i].name, ec_key_scalar(k, &d) == ERR_OK);
            CHECK_ROW(scalar_rows[i].name, span_equal(secret_span(&d), bytes(scalar_rows[i].d)));
            CHECK_ROW(scalar_rows[i].name, ec_key_curve(k) == scalar_rows[i].curve);
        }
        secret_release(&d);
        ec_key_free(k);
    }
    crypto_free(c);
}

static const struct {
    const char *name, *point;
} bad_points[] = {
    { "y off by one",
      "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b"
      "33accf5f58389e0577b8990bb2" },
    { "x equal to the prime",
      "04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff5271a0461cdb8252d61f1c456fa3e59ab1f45b"
      "33accf5f58389e0577b8990bb3" },
    { "zero and zero",
      "0400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000" },
    { "the point at infinity", "00" },
    { "compressed", "03dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180" },
    { "hybrid form",
      "07dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b"
      "33accf5f58389e0577b8990bb3" },
    { "one octet short",
      "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b"
      "33accf5f58389e0577b8990b" },
    { "one octet long", RFC5903_GI "00" },
    { "empty", "" },
    { "a point of brainpoolP256r1",
      "0444106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be58ab4846f11caccb73ce49cbdd120f5a900a69f"
      "d32c272223f789ef10eb089bdc" },
};

static void points_off_the_curve(void)
{
    struct crypto *c = open_crypto();
    struct ec_key *k = key_of(c, EC_P256, RFC5903_R);
    struct ec_signature s;
    struct span m = span_str("message");
    CHECK(ec_sign(c, k, &m, 1, &s) == ERR_OK);
    for (size_t i = 0; i < COUNT(bad_points); i++) {
        struct secret z = { 0 };
        struct span p = bytes(bad_points[i].point);
        CHECK_ROW(bad_points[i].name, ec_key_agree(c, k, p, &z) == ERR_VERIFY);
        CHECK_ROW(bad_points[i].name, z.len == 0);
        CHECK_ROW(bad_points[i].name, ec_verify(c, EC_P256, p, &m, 1, SPAN_ARRAY(s.at)) == ERR_VERIFY);
    }
    struct secret z = { 0 };
    CHECK(ec_key_agree(c, k, bytes(RFC5903_GI), &z) == ERR_OK);
    secret_release(&z);
    ec_key_free(k);
    crypto_free(c);
}

/* RFC 6979 A.2.5: P-256 with SHA-256. We sign with random nonces; a verifier must not care. */
#define RFC6979_KEY                                                            \
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b2" \
    "0c2d7e9f5177a3c294d4462299"
#define SAMPLE_R "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
#define SAMPLE_S "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
static const struct {
    const char *name, *message, *signature;
    enum err want;
} verify_rows[] = {
    { "RFC 6979, sample", "sample", SAMPLE_R SAMPLE_S, ERR_OK },
    { "RFC 6979, test", "test",
      "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
      "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083", ERR_OK },
    { "the other s of the same signature verifies too (no rule forbids it)", "sample",
      SAMPLE_R "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9", ERR_OK },
    { "another message", "samplf", SAMPLE_R SAMPLE_S, ERR_VERIFY },
    { "r is zero", "sample", ZERO SAMPLE_S, ERR_VERIFY },
    { "s is zero", "sample", SAMPLE_R ZERO, ERR_VERIFY },
    { "both are zero", "sample", ZERO ZERO, ERR_VERIFY },
    { "r is n", "sample", P256_N SAMPLE_S, ERR_VERIFY },
    { "s is n", "sample", SAMPLE_R P256_N, ERR_VERIFY },
    { "r and s change places", "sample", SAMPLE_S SAMPLE_R, ERR_VERIFY },
    { "cut by one octet", "sample",
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acd", ERR_VERIFY },
    { "one octet more", "sample", SAMPLE_R SAMPLE_S "00", ERR_VERIFY },
    { "in DER instead of plain", "sample",
      "3046022100" SAMPLE_R "022100" SAMPLE_S, ERR_VERIFY },
    { "empty", "sample", "", ERR_VERIFY },
};

static void verifications(void)
{
    struct crypto *c = open_crypto();
    struct span key = bytes(RFC6979_KEY);
    for (size_t i = 0; i < COUNT(verify_rows); i++) {
        struct span m = span_str(verify_rows[i].message);
        const struct span parts[] = { span_sub(m, 0, 2), span_sub(m, 2, m.len) };
        struct span s = bytes(verify_rows[i].signature);
        CHECK_ROW(verify_rows[i].name, ec_verify(c, EC_P256, key, &m, 1, s) == verify_rows[i].want);
        CHECK_ROW(verify_rows[i].name, ec_verify(c, EC_P256, key, parts, 2, s) == verify_rows[i].want);
        CHECK_ROW(verify_rows[i].name, ec_verify(c, EC_BRAINPOOL_P256R1, key, &m, 1, s) == ERR_VERIFY);
    }
    crypto_free(c);
}

static void sign_then_verify(void)
{
    struct crypto *c = open_crypto();
    for (enum ec_curve curve = EC_P256; curve <= EC_BRAINPOOL_P256R1; curve++) {
        struct ec_key *k = NULL, *other = NULL;
        struct ec_point p, q;
        struct ec_signature s;
        struct span m = span_str("what is signed");
        REQUIRE(ec_key_generate(c, curve, &k) == ERR_OK && ec_key_generate(c, curve, &other) == ERR_OK);
        ec_key_point(k, &p);
        ec_key_point(other, &q);
        REQUIRE(ec_sign(c, k, &m, 1, &s) == ERR_OK);
        CHECK(ec_verify(c, curve, SPAN_ARRAY(p.at), &m, 1, SPAN_ARRAY(s.at)) == ERR_OK);
        CHECK(ec_verify(c, curve, SPAN_ARRAY(q.at), &m, 1, SPAN_ARRAY(s.at)) == ERR_VERIFY);
        s.at[63] ^= 1;
        CHECK(ec_verify(c, curve, SPAN_ARRAY(p.at), &m, 1, SPAN_ARRAY(s.at)) == ERR_VERIFY);
        ec_key_free(k);
        ec_key_free(other);
    }
    crypto_free(c);
}

/* More keys than the cache has slots: each must still verify its own signature only. */
static void many_keys(void)
{
    enum { KEYS = 1100 };
    static struct ec_point points[KEYS];
    static struct ec_signature signatures[KEYS];
    struct crypto *c = open_seeded("many keys");
    struct span m = span_str("message");
    unsigned wrong = 0;
    for (size_t i = 0; i < KEYS; i++) {
        struct ec_key *k = NULL;
        REQUIRE(ec_key_generate(c, EC_P256, &k) == ERR_OK);
        ec_key_point(k, &points[i]);
        REQUIRE(ec_sign(c, k, &m, 1, &signatures[i]) == ERR_OK);
        ec_key_free(k);
    }
    for (size_t i = 0; i < 2 * KEYS; i++) {
        struct span p = SPAN_ARRAY(points[i % KEYS].at);
        wrong += ec_verify(c, EC_P256, p, &m, 1, SPAN_ARRAY(signatures[i % KEYS].at)) != ERR_OK;
        wrong += ec_verify(c, EC_P256, p, &m, 1, SPAN_ARRAY(signatures[(i + 1) % KEYS].at)) != ERR_VERIFY;
    }
    CHECK(wrong == 0);
    crypto_free(c);
}

static const char p384_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MIGkAgEBBDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
    "-----END EC PRIVATE KEY-----\n";
static const struct {
    const char *name, *text;
    enum err want;
} file_rows[] = {
    { "an empty file", "", ERR_PARSE },
    { "text that is no key", "hello", ERR_PARSE },
    { "a key cut short", p384_pem, ERR_PARSE },
    { "an encrypted key does not ask at the terminal",
      "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
      "DEK-Info: AES-128-CBC,000102030405060708090A0B0C0D0E0F\n\n"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END EC PRIVATE KEY-----\n", ERR_PARSE },
    { "DER that is no key", "0\003\002\001\001", ERR_PARSE },
    { "P-384 is not used in RSP",
      "-----BEGIN EC PRIVATE KEY-----\n"
      "MIGkAgEBBDCvDA3sV+tJgt42wrK3FuV6gTCT+op5W1W2qTGBUPFPF4kNXEETPLzv\n"
      "/GKody2MXZugBwYFK4EEACKhZANiAASFRtoAWP+6QIZkxSKxM3/fwkBNS4YSm76B\n"
      "X7S6ZUW65UCoTtgAX9YSSOxoJliTzCcBX0RtNm5uja7B0n7JUsDkGAnsuqTvBOtb\n"
      "qADAlF9a2CCB+UlGbK2ne95ipPU3Xn0=\n"
      "-----END EC PRIVATE KEY-----\n", ERR_UNSUPPORTED },
};

static void files_that_are_no_keys(void)
{
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(file_rows); i++) {
        struct ec_key *k = NULL;
        CHECK_ROW(file_rows[i].name, ec_key_load(c, span_str(file_rows[i].text), &k) == file_rows[i].want);
        CHECK_ROW(file_rows[i].name, !k);
    }
    crypto_free(c);
}

/* SGP.26 publishes its private keys; each certificate ends in a signature, and holds the point as it is. */
static const struct {
    const char *key, *certificate;
    enum ec_curve curve;
} sgp26_rows[] = {
    { "CertificateIssuer/SK_CI_ECDSA_NIST.pem", "CertificateIssuer/CERT_CI_ECDSA_NIST.der", EC_P256 },
    { "CertificateIssuer/SK_CI_ECDSA_BRP.pem", "CertificateIssuer/CERT_CI_ECDSA_BRP.der", EC_BRAINPOOL_P256R1 },
    { "DPauth/SK_S_SM_DPauth_ECDSA_NIST.pem", "DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der", EC_P256 },
    { "DPauth/SK_S_SM_DPauth_ECDSA_BRP.pem", "DPauth/CERT_S_SM_DPauth_ECDSA_BRP.der", EC_BRAINPOOL_P256R1 },
    { "DPauth/SK_S_SM_DP2auth_ECDSA_NIST.pem", "DPauth/CERT_S_SM_DP2auth_ECDSA_NIST.der", EC_P256 },
    { "DPauth/SK_S_SM_DP2auth_ECDSA_BRP.pem", "DPauth/CERT_S_SM_DP2auth_ECDSA_BRP.der", EC_BRAINPOOL_P256R1 },
    { "DPpb/SK_S_SM_DPpb_ECDSA_NIST.pem", "DPpb/CERT_S_SM_DPpb_ECDSA_NIST.der", EC_P256 },
    { "DPpb/SK_S_SM_DPpb_ECDSA_BRP.pem", "DPpb/CERT_S_SM_DPpb_ECDSA_BRP.der", EC_BRAINPOOL_P256R1 },
    { "DPtls/SK_S_SM_DP_TLS_NIST.pem", "DPtls/CERT_S_SM_DP_VARO_TLS_NIST.der", EC_P256 },
    { "EIM/SK_S_EIMsign_ECDSA_NIST.pem", "EIM/CERT_S_EIMsign_ECDSA_NIST.der", EC_P256 },
    { "EUM/SK_EUM_ECDSA_NIST.pem", "EUM/CERT_EUM_ECDSA_NIST.der", EC_P256 },
    { "EUM/SK_EUM_ECDSA_BRP.pem", "EUM/CERT_EUM_ECDSA_BRP.der", EC_BRAINPOOL_P256R1 },
    { "eUICC/SK_EUICC_ECDSA_NIST.pem", "eUICC/CERT_EUICC_ECDSA_NIST.der", EC_P256 },
    { "eUICC/SK_EUICC_ECDSA_BRP.pem", "eUICC/CERT_EUICC_ECDSA_BRP.der", EC_BRAINPOOL_P256R1 },
};

static bool contains(struct span in, struct span what)
{
    return memmem(in.at, in.len, what.at, what.len) != NULL;
}

static void sgp26_keys(void)
{
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(sgp26_rows); i++) {
        char path[128];
        struct buf key = { .max = 8192 }, certificate = { .max = 8192 };
        struct ec_key *k = NULL;
        struct ec_point p = { { 0 } };
        snprintf(path, sizeof path, "data/sgp26/%s", sgp26_rows[i].key);
        if (!load_shared(path, &key))
            break;
        snprintf(path, sizeof path, "data/sgp26/%s", sgp26_rows[i].certificate);
        CHECK_ROW(sgp26_rows[i].key, load_shared(path, &certificate));
        CHECK_ROW(sgp26_rows[i].key, ec_key_load(c, buf_span(&key), &k) == ERR_OK);
        if (k) {
            ec_key_point(k, &p);
            CHECK_ROW(sgp26_rows[i].key, ec_key_curve(k) == sgp26_rows[i].curve);
        }
        CHECK_ROW(sgp26_rows[i].key, contains(buf_span(&certificate), SPAN_ARRAY(p.at)));
        ec_key_free(k);
        buf_release(&key);
        buf_release(&certificate);
    }
    crypto_free(c);
}

static void floor_is_measured(void)
{
    struct crypto *c = open_crypto();
    struct crypto_costs costs;
    const struct crypto_counts counts = { .sign = 2, .verify = 1, .ecdh = 1, .keygen = 1 };
    REQUIRE(crypto_measure_floor(&costs) == ERR_OK);
    CHECK(costs.sign > 0 && costs.verify > 0 && costs.ecdh > 0 && costs.keygen > 0);
    double sum = 2 * costs.sign + costs.verify + costs.ecdh + costs.keygen;
    double told = crypto_floor_seconds(&costs, &counts);
    CHECK(told > 0.999 * sum && told < 1.001 * sum);
    crypto_free(c);
}

const struct test ec_tests[] = {
    { "key agreement gives the answers of RFC 5903 and RFC 7027", agreement_answers },
    { "a private key is a number from 1 to n-1 in 32 octets", scalars },
    { "a point that is not on the curve is refused", points_off_the_curve },
    { "signatures of RFC 6979 verify, damaged ones do not", verifications },
    { "what is signed verifies with its own key only, on both curves", sign_then_verify },
    { "more keys than the cache holds do not get mixed up", many_keys },
    { "files that hold no key of ours are refused", files_that_are_no_keys },
    { "the published SGP.26 keys load and match their certificates", sgp26_keys },
    { "the floor of a benchmark is measured and added up", floor_is_measured },
};
const size_t ec_test_count = COUNT(ec_tests);
