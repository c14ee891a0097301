/* GSMA's published test certificates, flawed ones included, and the certificates of one real card. */
#include <string.h>

#include "der.h"
#include "x509_test.h"

#define EUM "EUM/CERT_EUM_ECDSA_NIST.der"
#define CARD "eUICC/CERT_EUICC_ECDSA_NIST.der"
#define IN_2024 "2024-08-01T00:00:00Z"
#define IN_2026 "2026-08-01T00:00:00Z"
#define NO_CLOCK NULL

struct row {
    const char *name, *leaf;
    enum cert_role role;
    const char *above; /* NULL: directly below the CI */
    const char *now;
    enum cert_flaw expected;
};

static const struct row rows[] = {
    { "the CI itself", "CertificateIssuer/CERT_CI_ECDSA_NIST.der", CERT_CI, NULL, IN_2026, CERT_FINE },
    { "the brainpool CI itself", "CertificateIssuer/CERT_CI_ECDSA_BRP.der", CERT_CI, NULL, IN_2026,
      CERT_FINE },
    { "the CI reissued in 2024 has the same key", "2024/CERT_CI_SIG_NIST.der", CERT_CI, NULL, IN_2026,
      CERT_FINE },
    { "the EUM", EUM, CERT_EUM, NULL, IN_2026, CERT_FINE },
    { "the brainpool EUM", "EUM/CERT_EUM_ECDSA_BRP.der", CERT_EUM, NULL, IN_2026, CERT_FINE },
    { "the EUM of 2024", "2024/CERT_EUM_SIG_NIST.der", CERT_EUM, NULL, IN_2026, CERT_FINE },
    { "the eUICC", CARD, CERT_EUICC, EUM, IN_2026, CERT_FINE },
    { "the brainpool eUICC", "eUICC/CERT_EUICC_ECDSA_BRP.der", CERT_EUICC, "EUM/CERT_EUM_ECDSA_BRP.der",
      IN_2026, CERT_FINE },
    { "the eUICC of 2024 below the EUM of 2024", "2024/CERT_EUICC_SIG_NIST.der", CERT_EUICC,
      "2024/CERT_EUM_SIG_NIST.der", IN_2026, CERT_FINE },
    { "the eUICC of 2024 below the older EUM with its key", "2024/CERT_EUICC_SIG_NIST.der", CERT_EUICC, EUM,
      IN_2026, CERT_FINE },
    { "DPauth", "DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der", CERT_DP_AUTH, NULL, IN_2026, CERT_FINE },
    { "DPauth, as a card without clock sees it", "DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der", CERT_DP_AUTH, NULL,
      NO_CLOCK, CERT_FINE },
    { "brainpool DPauth", "DPauth/CERT_S_SM_DPauth_ECDSA_BRP.der", CERT_DP_AUTH, NULL, IN_2026, CERT_FINE },
    { "DPauth of the second server", "DPauth/CERT_S_SM_DP2auth_ECDSA_NIST.der", CERT_DP_AUTH, NULL, IN_2026,
      CERT_FINE },
    { "brainpool DPauth of the second server", "DPauth/CERT_S_SM_DP2auth_ECDSA_BRP.der", CERT_DP_AUTH, NULL,
      IN_2026, CERT_FINE },
    { "DPpb", "DPpb/CERT_S_SM_DPpb_ECDSA_NIST.der", CERT_DP_PB, NULL, IN_2026, CERT_FINE },
    { "brainpool DPpb", "DPpb/CERT_S_SM_DPpb_ECDSA_BRP.der", CERT_DP_PB, NULL, IN_2026, CERT_FINE },
    { "DPpb of the second server", "DPpb/CERT_S_SM_DP2pb_ECDSA_NIST.der", CERT_DP_PB, NULL, IN_2026,
      CERT_FINE },
    { "brainpool DPpb of the second server", "DPpb/CERT_S_SM_DP2pb_ECDSA_BRP.der", CERT_DP_PB, NULL, IN_2026,
      CERT_FINE },
    { "DPtls", "DPtls/CERT_S_SM_DP_VARO_TLS_NIST.der", CERT_DP_TLS, NULL, IN_2026, CERT_FINE },
    { "brainpool DPtls", "DPtls/CERT_S_SM_DP_VARO_TLS_BRP.der", CERT_DP_TLS, NULL, IN_2026, CERT_FINE },
    { "DPtls before its time", "DPtls/CERT_S_SM_DP_VARO_TLS_NIST.der", CERT_DP_TLS, NULL, IN_2024,
      CERT_NOT_YET_VALID },
    { "DP2tls in its time", "DPtls/CERT_S_SM_DP2_TLS.der", CERT_DP_TLS, NULL, IN_2024, CERT_FINE },
    { "DP2tls after its time", "DPtls/CERT_S_SM_DP2_TLS.der", CERT_DP_TLS, NULL, IN_2026, CERT_EXPIRED },
    { "DP4tls after its time", "DPtls/CERT_S_SM_DP4_TLS.der", CERT_DP_TLS, NULL, IN_2026, CERT_EXPIRED },
    { "DP8tls after its time", "DPtls/CERT_S_SM_DP8_TLS.der", CERT_DP_TLS, NULL, IN_2026, CERT_EXPIRED },
    { "the eIM", "EIM/CERT_S_EIMsign_ECDSA_NIST.der", CERT_EIM_SIGN, NULL, IN_2026, CERT_FINE },
    { "the eIM before its time", "EIM/CERT_S_EIMsign_ECDSA_NIST.der", CERT_EIM_SIGN, NULL,
      "2024-01-01T00:00:00Z", CERT_NOT_YET_VALID },

    { "DPauth where DPpb is wanted", "DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der", CERT_DP_PB, NULL, NO_CLOCK,
      CERT_WRONG_ROLE },
    { "DPpb where DPauth is wanted", "DPpb/CERT_S_SM_DPpb_ECDSA_NIST.der", CERT_DP_AUTH, NULL, NO_CLOCK,
      CERT_WRONG_ROLE },
    { "an eIM's where DPauth is wanted", "EIM/CERT_S_EIMsign_ECDSA_NIST.der", CERT_DP_AUTH, NULL, NO_CLOCK,
      CERT_WRONG_ROLE },
    { "DPauth as a TLS server", "DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der", CERT_DP_TLS, NULL, IN_2026,
      CERT_WRONG_KEY_USAGE },
    { "the EUM where an eIM is wanted", EUM, CERT_EIM_SIGN, NULL, IN_2026, CERT_WRONG_KEY_USAGE },
    { "an eIM's where an EUM is wanted", "EIM/CERT_S_EIMsign_ECDSA_NIST.der", CERT_EUM, NULL, IN_2026,
      CERT_NOT_A_CA },
    { "an EUM above an EUM", CARD, CERT_EUM, EUM, IN_2026, CERT_WRONG_ROLE },
    { "an SM-DP+ in the place of the EUM", CARD, CERT_EUICC, "DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der",
      IN_2026, CERT_BAD_SIGNATURE },
    { "the eUICC without its EUM", CARD, CERT_EUICC, NULL, IN_2026, CERT_BAD_SIGNATURE },
    { "the eUICC below the EUM of the other curve", CARD, CERT_EUICC, "EUM/CERT_EUM_ECDSA_BRP.der", IN_2026,
      CERT_BAD_SIGNATURE },

    { "an expired eUICC certificate", "invalid/CERT_EUICC_ECDSA_NIST_EXPIRED.der", CERT_EUICC, EUM, IN_2026,
      CERT_EXPIRED },
    { "an eUICC certificate signed by itself", "invalid/CERT_EUICC_ECDSA_NIST_INVALID.der", CERT_EUICC, EUM,
      IN_2026, CERT_BAD_SIGNATURE },
    { "an EID outside the EUM's range", "invalid/CERT_EUICC_ECDSA_NIST_INVALID_EID.der", CERT_EUICC, EUM,
      IN_2026, CERT_EID_OUTSIDE_RANGE },
    { "another EID of the range: nothing a chain can tell", "invalid/CERT_EUICC_ECDSA_NIST_UNMATCHED_EID.der",
      CERT_EUICC, EUM, IN_2026, CERT_FINE },
    { "an expired EUM certificate", "invalid/CERT_EUM_ECDSA_NIST_EXPIRED.der", CERT_EUM, NULL, IN_2026,
      CERT_EXPIRED },
    { "the same without clock is no authority", "invalid/CERT_EUM_ECDSA_NIST_EXPIRED.der", CERT_EUM, NULL,
      NO_CLOCK, CERT_NOT_A_CA },
    { "an eUICC below an expired EUM", CARD, CERT_EUICC, "invalid/CERT_EUM_ECDSA_NIST_EXPIRED.der", IN_2026,
      CERT_EXPIRED },
    { "an EUM certificate signed by itself", "invalid/CERT_EUM_ECDSA_NIST_INVALID.der", CERT_EUM, NULL,
      IN_2026, CERT_BAD_SIGNATURE },
    { "an EUM below an unknown CI", "invalid/CERT_EUM_ECDSA_NIST_UNKNOWN_CI.der", CERT_EUM, NULL, IN_2026,
      CERT_UNKNOWN_CI },
    { "an eUICC below an EUM below an unknown CI", CARD, CERT_EUICC,
      "invalid/CERT_EUM_ECDSA_NIST_UNKNOWN_CI.der", IN_2026, CERT_UNKNOWN_CI },
    { "the unknown CI sent along is not trusted for that", "invalid/CERT_EUM_ECDSA_NIST_UNKNOWN_CI.der",
      CERT_EUM, "invalid/CERT_UNKNOWN_CI_ECDSA_NIST.der", IN_2026, CERT_UNKNOWN_CI },
};

static void add_ci(struct crypto *c, struct trust *t, const char *file)
{
    const struct cert *ci = sgp26(c, file);
    if (ci)
        CHECK(trust_add_ci(t, ci->der) == ERR_OK);
}

static bool test_cis(struct crypto *c, struct trust **t)
{
    REQUIRE(trust_new(c, t) == ERR_OK);
    add_ci(c, *t, "CertificateIssuer/CERT_CI_ECDSA_NIST.der");
    if (trust_ci_count(*t) == 0)
        return false;
    add_ci(c, *t, "CertificateIssuer/CERT_CI_ECDSA_BRP.der");
    return true;
}

static void judge_row(struct crypto *c, struct trust *t, const struct row *r)
{
    const struct cert *leaf = sgp26(c, r->leaf), *above = r->above ? sgp26(c, r->above) : NULL;
    const struct cert_policy policy = { .now = r->now ? at(r->now) : CERT_NO_CLOCK };
    if (!leaf || (r->above && !above))
        return;
    enum cert_flaw found = cert_judge(t, leaf, r->role, &above, r->above ? 1 : 0, &policy, NULL);
    if (found != r->expected)
        printf("\n    found: %s, %s", cert_flaw_name(found), cert_flaw_text(found));
    CHECK_ROW(r->name, found == r->expected);
}

static void every_published_certificate_gets_its_verdict(void)
{
    struct crypto *c = crypto_for_test();
    struct trust *t = NULL;
    if (test_cis(c, &t))
        for (size_t i = 0; i < COUNT(rows); i++)
            judge_row(c, t, &rows[i]);
    trust_free(t);
    crypto_free(c);
}

static void several_certificates_of_one_ci_key_are_one_anchor(void)
{
    static const uint8_t ski[] = { 0xF5, 0x41, 0x72, 0xBD, 0xF9, 0x8A, 0x95, 0xD6, 0x5C, 0xBE,
                                   0xB8, 0x8A, 0x38, 0xA1, 0xC1, 0x1D, 0x80, 0x0A, 0x85, 0xC3 };
    struct crypto *c = crypto_for_test();
    struct trust *t = NULL;
    if (test_cis(c, &t)) {
        add_ci(c, t, "2024/CERT_CI_SIG_NIST.der");
        CHECK(trust_ci_count(t) == 2);
        CHECK(span_equal(trust_ci_ski(t, 0), SPAN_ARRAY(ski)));
        CHECK(trust_knows_ci(t, SPAN_ARRAY(ski)));
        CHECK(trust_ci_ski(t, 2).len == 0);
    }
    trust_free(t);
    crypto_free(c);
}

static void a_card_trusts_a_bare_key(void)
{
    struct crypto *c = crypto_for_test();
    struct trust *t = NULL;
    const struct cert *ci = sgp26(c, "CertificateIssuer/CERT_CI_ECDSA_NIST.der");
    const struct cert *dp = sgp26(c, "DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der");
    const struct cert_policy policy = { .now = CERT_NO_CLOCK };
    struct span used;
    if (ci && dp) {
        REQUIRE(trust_new(c, &t) == ERR_OK);
        REQUIRE(trust_add_ci_key(t, ci->curve, SPAN_ARRAY(ci->key.at), SPAN_ARRAY(ci->ski)) == ERR_OK);
        CHECK(cert_judge(t, dp, CERT_DP_AUTH, NULL, 0, &policy, &used) == CERT_FINE);
        CHECK(span_equal(used, SPAN_ARRAY(ci->ski)));
        CHECK(strcmp(dp->oid, "2.999.10") == 0);
    }
    trust_free(t);
    crypto_free(c);
}

/* The last word of the line that starts with `key`. */
static struct buf vector(const struct buf *file, const char *key)
{
    char line[64];
    struct buf out = { .max = 1 << 16 };
    int n = snprintf(line, sizeof line, "\n%s", key);
    const uint8_t *start = memmem(file->at, file->len, line, (size_t)n);
    REQUIRE(start != NULL);
    const uint8_t *end = memchr(start + n, '\n', file->len - (size_t)(start + n - file->at));
    REQUIRE(end != NULL);
    const uint8_t *word = end;
    while (word[-1] != ' ')
        word--;
    REQUIRE(hex_decode(span_of(word, (size_t)(end - word)), &out) == ERR_OK);
    return out;
}

struct real_card {
    struct crypto *crypto;
    struct trust *trust;
    struct buf file;
    const struct cert *euicc, *eum;
};

static bool real_card_open(struct real_card *r)
{
    *r = (struct real_card){ .crypto = crypto_for_test(), .file = { .max = 1 << 20 } };
    const char *path = shared_path("spec/vectors-real-card.txt");
    if (!path || read_file(path, &r->file) || !test_cis(r->crypto, &r->trust))
        return false;
    struct buf euicc = vector(&r->file, "euiccCertificate"), eum = vector(&r->file, "eumCertificate");
    CHECK(cert_load(r->crypto, buf_span(&euicc), &r->euicc) == ERR_OK);
    CHECK(cert_load(r->crypto, buf_span(&eum), &r->eum) == ERR_OK);
    buf_release(&euicc);
    buf_release(&eum);
    return r->euicc && r->eum;
}

static void real_card_close(struct real_card *r)
{
    buf_release(&r->file);
    trust_free(r->trust);
    crypto_free(r->crypto);
}

static void a_real_card_is_refused_for_its_eid_or_accepted_with_a_warning(void)
{
    struct real_card r;
    struct cert_policy policy = { .now = at(IN_2026) };
    if (real_card_open(&r)) {
        CHECK(cert_judge(r.trust, r.eum, CERT_EUM, NULL, 0, &policy, NULL) == CERT_FINE);
        CHECK(cert_judge(r.trust, r.euicc, CERT_EUICC, &r.eum, 1, &policy, NULL) == CERT_EID_OUTSIDE_RANGE);
        CHECK(!cert_eid_permitted(r.euicc, r.eum));
        policy.warn_eid_range = true;
        CHECK(cert_judge(r.trust, r.euicc, CERT_EUICC, &r.eum, 1, &policy, NULL) == CERT_FINE);
        CHECK(strcmp(r.euicc->eid, "89044045118427484800000000011628") == 0);
        CHECK(strcmp(r.euicc->organization, "sysmocom RSP Test EUM") == 0);
    }
    real_card_close(&r);
}

static void a_real_cards_installation_result_verifies(void)
{
    struct real_card r;
    struct der_tlv list, result, data, signature;
    if (real_card_open(&r)) {
        struct buf bytes = vector(&r.file, "notificationsList(");
        REQUIRE(der_only(buf_span(&bytes), 0xa0, &list) == ERR_OK);
        REQUIRE(der_only(list.value, 0xbf37, &result) == ERR_OK);
        REQUIRE(der_find(result.value, 0xbf27, &data) == ERR_OK);
        REQUIRE(der_find(result.value, 0x5f37, &signature) == ERR_OK);
        CHECK(cert_verify(r.crypto, r.euicc, &data.whole, 1, signature.value) == ERR_OK);
        bytes.at[data.value.at - bytes.at] ^= 1;
        CHECK(cert_verify(r.crypto, r.euicc, &data.whole, 1, signature.value) == ERR_VERIFY);
        buf_release(&bytes);
    }
    real_card_close(&r);
}

const struct test sgp26_tests[] = {
    { "every published certificate gets its verdict", every_published_certificate_gets_its_verdict },
    { "several certificates of one CI key are one anchor",
      several_certificates_of_one_ci_key_are_one_anchor },
    { "a card trusts a bare key", a_card_trusts_a_bare_key },
    { "a real card is refused for its EID or accepted with a warning",
      a_real_card_is_refused_for_its_eid_or_accepted_with_a_warning },
    { "a real card's installation result verifies", a_real_cards_installation_result_verifies },
};
const size_t sgp26_test_count = COUNT(sgp26_tests);
