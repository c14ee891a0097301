/* Certificates that nobody should have made. */
#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "x509_test.h"

static void every_truncation_is_refused(void)
{
    struct family f;
    const struct cert *out;
    family_open(&f, EC_P256);
    for (size_t len = 0; len < f.eum->der.len; len++)
        CHECK(cert_load(f.crypto, span_sub(f.eum->der, 0, len), &out) != ERR_OK);
    family_close(&f);
}

/* Whatever octet is changed: refused at reading or at judging, or nothing judged has changed (the signature
 * covers all). */
static void no_changed_octet_is_believed(void)
{
    struct family f;
    family_open(&f, EC_P256);
    struct cert_spec spec = family_spec(CERT_DP_AUTH);
    const struct cert *good = family_issue(&f, &spec, NULL), *bent;
    struct buf der = { .max = 1 << 14 };
    for (size_t i = 0; i < good->der.len; i++) {
        REQUIRE(buf_set(&der, good->der) == ERR_OK);
        der.at[i] ^= 0x01;
        if (cert_load(f.crypto, buf_span(&der), &bent) == ERR_OK)
            CHECK(family_judge(&f, bent, CERT_DP_AUTH) != CERT_FINE);
    }
    buf_release(&der);
    family_close(&f);
}

static void octets_behind_the_certificate_are_refused(void)
{
    struct family f;
    const struct cert *out;
    struct buf der = { .max = 1 << 14 };
    family_open(&f, EC_P256);
    REQUIRE(buf_set(&der, f.eum->der) == ERR_OK);
    REQUIRE(buf_put_u8(&der, 0) == ERR_OK);
    CHECK(cert_load(f.crypto, buf_span(&der), &out) == ERR_PARSE);
    buf_release(&der);
    family_close(&f);
}

static void a_huge_certificate_is_refused_by_its_size(void)
{
    struct crypto *c = crypto_for_test();
    const struct cert *out;
    struct buf big = { .max = 1 << 20 };
    static const uint8_t zeros[1 << 16];
    REQUIRE(der_put(&big, 0x30, SPAN_ARRAY(zeros)) == ERR_OK);
    CHECK(cert_load(c, buf_span(&big), &out) == ERR_LIMIT);
    buf_clear(&big);
    REQUIRE(buf_put_str(&big, "-----BEGIN CERTIFICATE-----\n") == ERR_OK);
    REQUIRE(buf_put(&big, SPAN_ARRAY(zeros)) == ERR_OK);
    CHECK(cert_load(c, buf_span(&big), &out) == ERR_LIMIT);
    buf_release(&big);
    crypto_free(c);
}

static void texts_that_are_no_certificates_are_refused(void)
{
    static const char *const rows[] = {
        "",
        "30",
        "3000",
        "hello",
        "-----BEGIN",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n",
        "0\x80\x02\x01\x01",
        "0\x84\xff\xff\xff\xff",
    };
    struct crypto *c = crypto_for_test();
    const struct cert *out;
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i], cert_load(c, span_str(rows[i]), &out) == ERR_PARSE && !out);
    crypto_free(c);
}

static void deep_nesting_is_refused(void)
{
    struct crypto *c = crypto_for_test();
    const struct cert *out;
    uint8_t deep[2048];
    for (size_t i = 0; i < sizeof deep; i += 4) {
        size_t rest = sizeof deep - i - 4;
        memcpy(deep + i, ((uint8_t[]){ 0x30, 0x82, (uint8_t)(rest >> 8), (uint8_t)rest }), 4);
    }
    CHECK(cert_load(c, SPAN_ARRAY(deep), &out) == ERR_PARSE);
    crypto_free(c);
}

/* SubjectPublicKeyInfo with secp384r1 and its base point. */
static struct buf p384_key(void)
{
    return hex(
        "3076301006072a8648ce3d020106052b8104002203620004"
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
        "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f");
}

static enum err load_with_key(struct family *f, struct span public_key_info)
{
    struct cert_spec spec = family_spec(CERT_DP_AUTH);
    struct buf der = { .max = 1 << 14 };
    const struct cert *out = NULL;
    spec.public_key_info = public_key_info;
    REQUIRE(cert_issue(f->crypto, &spec, EC_P256, &f->point, f->ci, f->ci_key, &der) == ERR_OK);
    enum err e = cert_load(f->crypto, buf_span(&der), &out);
    buf_release(&der);
    return e;
}

static void a_key_on_another_curve_is_unsupported(void)
{
    struct family f;
    family_open(&f, EC_P256);
    struct buf key = p384_key();
    CHECK(load_with_key(&f, buf_span(&key)) == ERR_UNSUPPORTED);
    CHECK(cert_load_flaw(ERR_UNSUPPORTED) == CERT_BAD_CURVE);
    CHECK(cert_load_flaw(ERR_PARSE) == CERT_BAD_ENCODING);
    buf_release(&key);
    family_close(&f);
}

static void a_compressed_point_is_refused(void)
{
    struct family f;
    family_open(&f, EC_P256);
    struct buf key = hex("3039301306072a8648ce3d020106082a8648ce3d030107032200"
                         "026b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    CHECK(load_with_key(&f, buf_span(&key)) == ERR_PARSE);
    buf_release(&key);
    family_close(&f);
}

static void a_point_off_the_curve_verifies_nothing(void)
{
    struct family f;
    family_open(&f, EC_P256);
    const struct cert_policy policy = { .now = TODAY };
    struct cert_spec eum = family_spec(CERT_EUM), euicc = family_spec(CERT_EUICC);
    struct buf der = { .max = 1 << 14 };
    const struct cert *above = NULL;
    struct ec_point off = f.point;
    off.at[64] ^= 1;
    REQUIRE(cert_issue(f.crypto, &eum, EC_P256, &off, f.ci, f.ci_key, &der) == ERR_OK);
    REQUIRE(cert_load(f.crypto, buf_span(&der), &above) == ERR_OK);
    const struct cert *leaf = family_issue(&f, &euicc, above);
    CHECK(cert_judge(f.trust, leaf, CERT_EUICC, &above, 1, &policy, NULL) == CERT_BAD_SIGNATURE);
    CHECK(trust_add_ci_key(f.trust, EC_P256, SPAN_ARRAY(off.at), SPAN_ARRAY(above->ski)) == ERR_VERIFY);
    buf_release(&der);
    family_close(&f);
}

static void a_leaf_of_one_curve_below_a_ci_of_the_other_is_refused(void)
{
    struct family f;
    struct ec_key *other = NULL;
    struct ec_point point;
    struct buf der = { .max = 1 << 14 };
    const struct cert *leaf = NULL;
    family_open(&f, EC_P256);
    REQUIRE(ec_key_generate(f.crypto, EC_BRAINPOOL_P256R1, &other) == ERR_OK);
    ec_key_point(other, &point);
    struct cert_spec spec = family_spec(CERT_DP_AUTH);
    REQUIRE(cert_issue(f.crypto, &spec, EC_BRAINPOOL_P256R1, &point, f.ci, f.ci_key, &der) == ERR_OK);
    REQUIRE(cert_load(f.crypto, buf_span(&der), &leaf) == ERR_OK);
    CHECK(family_judge(&f, leaf, CERT_DP_AUTH) == CERT_BAD_CURVE);
    buf_release(&der);
    ec_key_free(other);
    family_close(&f);
}

/* Issues with the TBS changed in place (same length) and signed anew, so that only the change itself can be
 * seen. */
static const struct cert *resigned(struct family *f, const struct cert_spec *spec, struct span from,
                                   struct span to)
{
    struct buf der = { .max = 1 << 14 }, out = { .max = 1 << 14 };
    struct ec_signature s;
    struct der_tlv all, tbs;
    const struct cert *c = NULL;
    REQUIRE(cert_issue(f->crypto, spec, EC_P256, &f->point, f->ci, f->ci_key, &der) == ERR_OK);
    uint8_t *found = memmem(der.at, der.len, from.at, from.len);
    REQUIRE(found && from.len == to.len);
    memcpy(found, to.at, to.len);
    REQUIRE(der_only(buf_span(&der), 0x30, &all) == ERR_OK);
    REQUIRE(der_find(all.value, 0x30, &tbs) == ERR_OK);
    do { /* until r and s need no sign octet nor lose one: then the signature is 70 octets */
        REQUIRE(ec_sign(f->crypto, f->ci_key, &tbs.whole, 1, &s) == ERR_OK);
    } while ((s.at[0] & 0x80) || !(s.at[0] & 0x7f) || (s.at[32] & 0x80) || !(s.at[32] & 0x7f));
    struct der_mark sequence, bits, pair;
    REQUIRE(der_put_open(&out, 0x30, &sequence) == ERR_OK);
    REQUIRE(buf_put(&out, tbs.whole) == ERR_OK);
    REQUIRE(buf_put(&out, SPAN(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)) ==
            ERR_OK);
    REQUIRE(der_put_open(&out, 0x03, &bits) == ERR_OK);
    REQUIRE(buf_put_u8(&out, 0) == ERR_OK);
    REQUIRE(der_put_open(&out, 0x30, &pair) == ERR_OK);
    REQUIRE(der_put(&out, 0x02, span_of(s.at, 32)) == ERR_OK);
    REQUIRE(der_put(&out, 0x02, span_of(s.at + 32, 32)) == ERR_OK);
    REQUIRE(der_put_close(&out, pair) == ERR_OK);
    REQUIRE(der_put_close(&out, bits) == ERR_OK);
    REQUIRE(der_put_close(&out, sequence) == ERR_OK);
    enum err e = cert_load(f->crypto, buf_span(&out), &c);
    CHECK(!e == !!c);
    buf_release(&der);
    buf_release(&out);
    return c;
}

struct patch {
    const char *name;
    struct span from, to;
    bool readable;
    enum cert_flaw expected;
};

static void extensions_are_read_strictly(void)
{
    const struct patch rows[] = {
        { "nothing changed", SPAN(0x55, 0x1d, 0x0f), SPAN(0x55, 0x1d, 0x0f), true, CERT_FINE },
        { "an unknown critical extension", SPAN(0x55, 0x1d, 0x0f), SPAN(0x55, 0x1d, 0x7f), true,
          CERT_BAD_ENCODING },
        { "a key usage that is not critical", SPAN(0x55, 0x1d, 0x0f, 0x01, 0x01, 0xff),
          SPAN(0x55, 0x1d, 0x0f, 0x01, 0x01, 0x00), true, CERT_WRONG_KEY_USAGE },
        { "a policy that is not critical", SPAN(0x55, 0x1d, 0x20, 0x01, 0x01, 0xff),
          SPAN(0x55, 0x1d, 0x20, 0x01, 0x01, 0x00), true, CERT_WRONG_ROLE },
        { "the same extension twice", SPAN(0x55, 0x1d, 0x23), SPAN(0x55, 0x1d, 0x0e), false,
          CERT_BAD_ENCODING },
        { "a month that is none", span_str("260101000000Z"), span_str("261301000000Z"), false,
          CERT_BAD_ENCODING },
        { "a time with a sign in it", span_str("260101000000Z"), span_str("26-101000000Z"), false,
          CERT_BAD_ENCODING },
        { "a name with an end mark in it", span_str("SM-DP+ a"), span_of("SM-DP\0 a", 8), false,
          CERT_BAD_ENCODING },
        { "another signature algorithm inside", SPAN(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02),
          SPAN(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03), false, CERT_BAD_CURVE },
    };
    struct family f;
    family_open(&f, EC_P256);
    struct cert_spec spec = family_spec(CERT_DP_AUTH);
    spec.country = "DE";
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct cert *c = resigned(&f, &spec, rows[i].from, rows[i].to);
        CHECK_ROW(rows[i].name, rows[i].readable == (c != NULL));
        if (c)
            CHECK_ROW(rows[i].name, family_judge(&f, c, CERT_DP_AUTH) == rows[i].expected);
    }
    family_close(&f);
}

static void a_self_signed_leaf_is_nobodys(void)
{
    struct family f;
    struct buf der = { .max = 1 << 14 };
    const struct cert *leaf = NULL;
    family_open(&f, EC_P256);
    struct cert_spec spec = family_spec(CERT_DP_AUTH);
    REQUIRE(cert_issue(f.crypto, &spec, EC_P256, &f.point, NULL, f.key, &der) == ERR_OK);
    REQUIRE(cert_load(f.crypto, buf_span(&der), &leaf) == ERR_OK);
    CHECK(family_judge(&f, leaf, CERT_DP_AUTH) == CERT_BAD_SIGNATURE);
    buf_release(&der);
    family_close(&f);
}

/* The name of the CI without its key. */
static void a_ci_of_the_same_name_is_not_the_ci(void)
{
    struct family f;
    struct buf der = { .max = 1 << 14 };
    const struct cert *fake = NULL, *leaf = NULL;
    family_open(&f, EC_P256);
    struct cert_spec ci = family_spec(CERT_CI), dp = family_spec(CERT_DP_AUTH);
    const struct cert_policy policy = { .now = TODAY };
    REQUIRE(cert_issue(f.crypto, &ci, EC_P256, &f.point, NULL, f.key, &der) == ERR_OK);
    REQUIRE(cert_load(f.crypto, buf_span(&der), &fake) == ERR_OK);
    leaf = family_issue(&f, &dp, fake);
    CHECK(cert_judge(f.trust, leaf, CERT_DP_AUTH, NULL, 0, &policy, NULL) == CERT_UNKNOWN_CI);
    CHECK(cert_judge(f.trust, leaf, CERT_DP_AUTH, &fake, 1, &policy, NULL) != CERT_FINE);
    CHECK(cert_judge(f.trust, fake, CERT_CI, NULL, 0, &policy, NULL) == CERT_UNKNOWN_CI);
    buf_release(&der);
    family_close(&f);
}

/* The CI's key identifier, claimed by a certificate that somebody else signed. */
static void a_claimed_key_identifier_is_not_a_signature(void)
{
    struct family f;
    struct buf der = { .max = 1 << 14 };
    const struct cert *leaf = NULL;
    family_open(&f, EC_P256);
    struct cert_spec dp = family_spec(CERT_DP_AUTH);
    REQUIRE(cert_issue(f.crypto, &dp, EC_P256, &f.point, f.ci, f.key, &der) == ERR_OK);
    REQUIRE(cert_load(f.crypto, buf_span(&der), &leaf) == ERR_OK);
    CHECK(family_judge(&f, leaf, CERT_DP_AUTH) == CERT_BAD_SIGNATURE);
    CHECK(family_judge(&f, leaf, CERT_DP_AUTH) == CERT_BAD_SIGNATURE); /* also from the cache */
    buf_release(&der);
    family_close(&f);
}

static void authorities_that_vouch_for_each_other_end(void)
{
    struct family f;
    struct ec_key *other = NULL;
    struct ec_point point;
    struct buf der = { .max = 1 << 14 };
    const struct cert *a, *b = NULL, *b_self = NULL, *leaf;
    family_open(&f, EC_P256);
    REQUIRE(ec_key_generate(f.crypto, EC_P256, &other) == ERR_OK);
    ec_key_point(other, &point);
    struct cert_spec sa = family_spec(CERT_CI), sb = family_spec(CERT_CI), dp = family_spec(CERT_DP_AUTH);
    sa.common_name = "A";
    sb.common_name = "B";
    REQUIRE(cert_issue(f.crypto, &sb, EC_P256, &point, NULL, other, &der) == ERR_OK);
    REQUIRE(cert_load(f.crypto, buf_span(&der), &b_self) == ERR_OK);
    a = family_issue(&f, &sa, b_self); /* A below B */
    buf_clear(&der);
    REQUIRE(cert_issue(f.crypto, &sb, EC_P256, &point, a, f.key, &der) == ERR_OK); /* B below A */
    REQUIRE(cert_load(f.crypto, buf_span(&der), &b) == ERR_OK);
    leaf = family_issue(&f, &dp, a);
    const struct cert *above[] = { a, b, a, b };
    const struct cert_policy policy = { .now = TODAY };
    CHECK(cert_judge(f.trust, leaf, CERT_DP_AUTH, above, COUNT(above), &policy, NULL) == CERT_UNKNOWN_CI);
    buf_release(&der);
    ec_key_free(other);
    family_close(&f);
}

static void a_chain_longer_than_any_is_refused(void)
{
    struct family f;
    const struct cert *above[10];
    char name[10][8];
    family_open(&f, EC_P256);
    const struct cert_policy policy = { .now = TODAY };
    struct cert_spec sub = family_spec(CERT_CI);
    for (size_t i = 0; i < COUNT(above); i++) {
        struct ec_key *own = f.key;
        snprintf(name[i], sizeof name[i], "sub %zu", i);
        sub.common_name = name[i];
        const struct cert *issuer = i ? above[i - 1] : NULL;
        struct buf der = { .max = 1 << 14 };
        struct ec_key *next = NULL;
        REQUIRE(ec_key_generate(f.crypto, EC_P256, &next) == ERR_OK);
        ec_key_point(next, &f.point);
        REQUIRE(cert_issue(f.crypto, &sub, EC_P256, &f.point, issuer ? issuer : f.ci, issuer ? own : f.ci_key,
                           &der) == ERR_OK);
        REQUIRE(cert_load(f.crypto, buf_span(&der), &above[i]) == ERR_OK);
        ec_key_free(own);
        f.key = next;
        buf_release(&der);
    }
    struct cert_spec dp = family_spec(CERT_DP_AUTH);
    const struct cert *leaf = family_issue(&f, &dp, above[9]);
    CHECK(cert_judge(f.trust, leaf, CERT_DP_AUTH, above, COUNT(above), &policy, NULL) == CERT_PATH_LENGTH);
    family_close(&f);
}

static void nothing_is_trusted_by_nobody(void)
{
    struct family f;
    struct trust *none = NULL;
    family_open(&f, EC_P256);
    const struct cert_policy policy = { .now = TODAY };
    REQUIRE(trust_new(f.crypto, &none) == ERR_OK);
    CHECK(cert_judge(none, f.eum, CERT_EUM, NULL, 0, &policy, NULL) == CERT_UNKNOWN_CI);
    CHECK(cert_judge(none, f.ci, CERT_CI, NULL, 0, &policy, NULL) == CERT_UNKNOWN_CI);
    CHECK(trust_add_ci_key(none, EC_P256, SPAN(0x04), SPAN(0x00)) != ERR_OK);
    trust_free(none);
    trust_free(NULL);
    family_close(&f);
}

/* Strangers may show more certificates than the cache holds: what is given back makes room, what is kept or in somebody's
 * hands stays where it is. */
static void strangers_cannot_fill_the_cache(void)
{
    struct family f;
    const struct cert *in_hand = NULL, *again = NULL, *passing = NULL;
    struct buf der = { .max = 1 << 14 };
    family_open(&f, EC_P256);
    struct cert_spec spec = family_spec(CERT_EUICC);
    const struct cert *kept = family_issue(&f, &spec, NULL);
    REQUIRE(buf_set(&der, kept->der) == ERR_OK);
    uint8_t *signature = der.at + der.len - 8; /* inside s: reads as well with any value */
    signature[0] ^= 0xff;
    REQUIRE(cert_borrow(f.crypto, buf_span(&der), &in_hand) == ERR_OK);
    for (uint32_t i = 0; i < 2 * CERT_CACHE_MAX; i++) {
        memcpy(signature + 1, &i, sizeof i);
        enum err e = cert_borrow(f.crypto, buf_span(&der), &passing);
        cert_give_back(f.crypto, passing);
        REQUIRE(e == ERR_OK);
    }
    CHECK(cert_load(f.crypto, kept->der, &again) == ERR_OK && again == kept);
    CHECK(cert_borrow(f.crypto, in_hand->der, &again) == ERR_OK && again == in_hand);
    cert_give_back(f.crypto, again);
    cert_give_back(f.crypto, in_hand);
    cert_give_back(f.crypto, NULL);
    buf_release(&der);
    family_close(&f);
}

/* What is kept for good is bounded all the same, and the refusal leaves the rest as it was. */
static void what_is_kept_has_a_bound(void)
{
    struct family f;
    const struct cert *out = NULL;
    struct buf der = { .max = 1 << 14 };
    enum err e = ERR_OK;
    uint32_t kept = 0;
    family_open(&f, EC_P256);
    struct cert_spec spec = family_spec(CERT_DP_AUTH);
    const struct cert *first = family_issue(&f, &spec, NULL);
    REQUIRE(buf_set(&der, first->der) == ERR_OK);
    for (uint32_t i = 0; !e && i <= CERT_CACHE_MAX; i++) {
        memcpy(der.at + der.len - 7, &i, sizeof i);
        e = cert_load(f.crypto, buf_span(&der), &out);
        kept += !e;
    }
    CHECK(e == ERR_LIMIT && out == NULL && kept > CERT_CACHE_MAX - 16);
    CHECK(cert_load(f.crypto, first->der, &out) == ERR_OK && out == first);
    CHECK(family_judge(&f, first, CERT_DP_AUTH) == CERT_FINE);
    buf_release(&der);
    family_close(&f);
}

const struct test hostile_tests[] = {
    { "every truncation is refused", every_truncation_is_refused },
    { "no changed octet is believed", no_changed_octet_is_believed },
    { "octets behind the certificate are refused", octets_behind_the_certificate_are_refused },
    { "a huge certificate is refused by its size", a_huge_certificate_is_refused_by_its_size },
    { "texts that are no certificates are refused", texts_that_are_no_certificates_are_refused },
    { "deep nesting is refused", deep_nesting_is_refused },
    { "a key on another curve is unsupported", a_key_on_another_curve_is_unsupported },
    { "a compressed point is refused", a_compressed_point_is_refused },
    { "a point off the curve verifies nothing", a_point_off_the_curve_verifies_nothing },
    { "a leaf of one curve below a CI of the other is refused",
      a_leaf_of_one_curve_below_a_ci_of_the_other_is_refused },
    { "extensions are read strictly", extensions_are_read_strictly },
    { "a self-signed leaf is nobody's", a_self_signed_leaf_is_nobodys },
    { "a CI of the same name is not the CI", a_ci_of_the_same_name_is_not_the_ci },
    { "a claimed key identifier is not a signature", a_claimed_key_identifier_is_not_a_signature },
    { "authorities that vouch for each other end", authorities_that_vouch_for_each_other_end },
    { "a chain longer than any is refused", a_chain_longer_than_any_is_refused },
    { "nothing is trusted by nobody", nothing_is_trusted_by_nobody },
    { "strangers cannot fill the cache", strangers_cannot_fill_the_cache },
    { "what is kept for good has a bound", what_is_kept_has_a_bound },
};
const size_t hostile_test_count = COUNT(hostile_tests);
