/* What we issue is judged as meant; the caches; host names; revocation. */
#include <pthread.h>
#include <string.h>

#include "x509_test.h"

static const enum cert_role all_roles[] = { CERT_EUM,     CERT_EUICC,      CERT_DP_AUTH,        CERT_DP_PB,
                                            CERT_DP_TLS,  CERT_DS_AUTH,    CERT_DS_TLS,         CERT_EIM_SIGN,
                                            CERT_EIM_TLS, CERT_TLS_SERVER, CERT_OPERATOR_CLIENT };

static const struct cert *issue_for(struct family *f, enum cert_role role)
{
    struct cert_spec spec = family_spec(role);
    return family_issue(f, &spec, role == CERT_EUICC ? f->eum : NULL);
}

static void check_roles_on(enum ec_curve curve)
{
    struct family f;
    family_open(&f, curve);
    CHECK(family_judge(&f, f.ci, CERT_CI) == CERT_FINE);
    for (size_t i = 0; i < COUNT(all_roles); i++) {
        const struct cert *c = issue_for(&f, all_roles[i]);
        CHECK_ROW(cert_role_name(all_roles[i]), family_judge(&f, c, all_roles[i]) == CERT_FINE);
    }
    family_close(&f);
}

static void every_role_is_issued_and_judged_fine(void)
{
    check_roles_on(EC_P256);
    check_roles_on(EC_BRAINPOOL_P256R1);
}

/* An RSP role is never taken for another RSP role. */
static void no_rsp_role_passes_for_another(void)
{
    struct family f;
    family_open(&f, EC_P256);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            if (i != j)
                CHECK_ROW(cert_role_name(all_roles[i]),
                          family_judge(&f, issue_for(&f, all_roles[i]), all_roles[j]) != CERT_FINE);
    family_close(&f);
}

struct bend {
    const char *name;
    enum cert_role role;
    void (*change)(struct cert_spec *s);
    enum cert_flaw expected;
};
static void expire(struct cert_spec *s) { s->not_after = TODAY - CLOCK_SECOND; }
static void end_now(struct cert_spec *s) { s->not_after = TODAY; }
static void begin_later(struct cert_spec *s) { s->not_before = TODAY + CLOCK_SECOND; }
static void begin_now(struct cert_spec *s) { s->not_before = TODAY; }
static void spoil(struct cert_spec *s) { s->break_signature = true; }
static void take_policy_of_pb(struct cert_spec *s) { s->policy_oid = "2.23.146.1.2.1.5"; }
static void take_policy_prefix(struct cert_spec *s) { s->policy_oid = "2.23.146.1.2.1"; }
static void take_policy_longer(struct cert_spec *s) { s->policy_oid = "2.23.146.1.2.1.4.1"; }
static void take_no_policy(struct cert_spec *s) { s->policy_oid = ""; }
static void only_certify(struct cert_spec *s) { s->key_usage = CERT_USE_KEY_CERT_SIGN; }
static void only_agree(struct cert_spec *s) { s->key_usage = CERT_USE_KEY_AGREEMENT; }
static void also_certify(struct cert_spec *s)
{
    s->key_usage = CERT_USE_DIGITAL_SIGNATURE | CERT_USE_KEY_CERT_SIGN;
}
static void only_sign(struct cert_spec *s) { s->key_usage = CERT_USE_DIGITAL_SIGNATURE; }
static void only_client(struct cert_spec *s) { s->purposes = CERT_PURPOSE_CLIENT; }
static void only_server(struct cert_spec *s) { s->purposes = CERT_PURPOSE_SERVER; }
static void drop_oid(struct cert_spec *s) { s->registered_id = NULL; }
static void leave_range(struct cert_spec *s) { s->serial_number = "89049033123451234512345678901235"; }
static void stop_short(struct cert_spec *s) { s->serial_number = "8904903"; }
static void drop_eid(struct cert_spec *s) { s->serial_number = NULL; }
static void change_organization(struct cert_spec *s) { s->organization = "family"; }
static void lengthen_organization(struct cert_spec *s) { s->organization = "Family Ltd"; }

static const struct bend bends[] = {
    { "expired a second ago", CERT_DP_AUTH, expire, CERT_EXPIRED },
    { "valid to this second", CERT_DP_AUTH, end_now, CERT_FINE },
    { "valid in a second", CERT_DP_AUTH, begin_later, CERT_NOT_YET_VALID },
    { "valid from this second", CERT_DP_AUTH, begin_now, CERT_FINE },
    { "a signature with its last octet changed", CERT_DP_AUTH, spoil, CERT_BAD_SIGNATURE },
    { "DPpb's policy", CERT_DP_AUTH, take_policy_of_pb, CERT_WRONG_ROLE },
    { "the arc above the policy", CERT_DP_AUTH, take_policy_prefix, CERT_WRONG_ROLE },
    { "an arc below the policy", CERT_DP_AUTH, take_policy_longer, CERT_WRONG_ROLE },
    { "no policy", CERT_DP_AUTH, take_no_policy, CERT_WRONG_ROLE },
    { "no policy in a TLS certificate of an SM-DP+", CERT_DP_TLS, take_no_policy, CERT_WRONG_ROLE },
    { "key usage of an authority only", CERT_DP_AUTH, only_certify, CERT_WRONG_KEY_USAGE },
    { "key usage of an authority as well", CERT_DP_AUTH, also_certify, CERT_WRONG_KEY_USAGE },
    { "key agreement only", CERT_DP_PB, only_agree, CERT_WRONG_KEY_USAGE },
    { "an eUICC that may only certify", CERT_EUICC, only_certify, CERT_WRONG_KEY_USAGE },
    { "an EUM that may not certify", CERT_EUM, only_sign, CERT_WRONG_KEY_USAGE },
    { "an eIM that may only certify", CERT_EIM_SIGN, only_certify, CERT_WRONG_KEY_USAGE },
    { "a client's purpose on a server", CERT_TLS_SERVER, only_client, CERT_WRONG_KEY_USAGE },
    { "a client's purpose on an SM-DP+", CERT_DP_TLS, only_client, CERT_WRONG_KEY_USAGE },
    { "a server's purpose on an operator", CERT_OPERATOR_CLIENT, only_server, CERT_WRONG_KEY_USAGE },
    { "no registered id on DPauth", CERT_DP_AUTH, drop_oid, CERT_NAME_MISMATCH },
    { "an EID outside the range", CERT_EUICC, leave_range, CERT_EID_OUTSIDE_RANGE },
    { "an EID that ends before the prefix does", CERT_EUICC, stop_short, CERT_EID_OUTSIDE_RANGE },
    { "no EID", CERT_EUICC, drop_eid, CERT_EID_OUTSIDE_RANGE },
    { "another case of the organization", CERT_EUICC, change_organization, CERT_EID_OUTSIDE_RANGE },
    { "an organization that only begins alike", CERT_EUICC, lengthen_organization, CERT_EID_OUTSIDE_RANGE },
};

static void one_change_gives_one_flaw(void)
{
    struct family f;
    family_open(&f, EC_P256);
    for (size_t i = 0; i < COUNT(bends); i++) {
        const struct bend *b = &bends[i];
        struct cert_spec spec = family_spec(b->role);
        b->change(&spec);
        const struct cert *c = family_issue(&f, &spec, b->role == CERT_EUICC ? f.eum : NULL);
        CHECK_ROW(b->name, family_judge(&f, c, b->role) == b->expected);
    }
    family_close(&f);
}

static void an_eum_without_constraint_permits_nothing(void)
{
    struct family f;
    family_open(&f, EC_P256);
    struct cert_spec eum = family_spec(CERT_EUM), euicc = family_spec(CERT_EUICC);
    eum.permitted_organization = eum.permitted_eid_prefix = NULL;
    f.eum = family_issue(&f, &eum, NULL);
    CHECK(family_judge(&f, family_issue(&f, &euicc, f.eum), CERT_EUICC) == CERT_EID_OUTSIDE_RANGE);
    eum.permitted_organization = "Family"; /* half a constraint is none either */
    f.eum = family_issue(&f, &eum, NULL);
    CHECK(family_judge(&f, family_issue(&f, &euicc, f.eum), CERT_EUICC) == CERT_EID_OUTSIDE_RANGE);
    family_close(&f);
}

static void an_authority_below_the_path_length_is_refused(void)
{
    struct family f;
    family_open(&f, EC_P256);
    const struct cert_policy policy = { .now = TODAY };
    struct cert_spec eum = family_spec(CERT_EUM), euicc = family_spec(CERT_EUICC);
    eum.common_name = "EUM below an EUM";
    const struct cert *second = family_issue(&f, &eum, f.eum);
    const struct cert *leaf = family_issue(&f, &euicc, second);
    const struct cert *above[] = { second, f.eum };
    CHECK(cert_judge(f.trust, second, CERT_EUM, &f.eum, 1, &policy, NULL) == CERT_PATH_LENGTH);
    CHECK(cert_judge(f.trust, leaf, CERT_EUICC, above, 2, &policy, NULL) == CERT_PATH_LENGTH);
    family_close(&f);
}

static void a_subordinate_ci_may_stand_between(void)
{
    struct family f;
    family_open(&f, EC_P256);
    const struct cert_policy policy = { .now = TODAY };
    struct cert_spec sub = family_spec(CERT_CI), dp = family_spec(CERT_DP_AUTH);
    sub.common_name = "CI SubCA";
    sub.policy_oid = "2.23.146.1.2.1.0.0.1";
    const struct cert *above = family_issue(&f, &sub, NULL);
    const struct cert *leaf = family_issue(&f, &dp, above);
    CHECK(cert_judge(f.trust, leaf, CERT_DP_AUTH, &above, 1, &policy, NULL) == CERT_FINE);
    CHECK(cert_judge(f.trust, leaf, CERT_DP_AUTH, NULL, 0, &policy, NULL) == CERT_UNKNOWN_CI);
    leaf = family_issue(&f, &dp, f.eum); /* an EUM is no authority over servers */
    CHECK(cert_judge(f.trust, leaf, CERT_DP_AUTH, &f.eum, 1, &policy, NULL) == CERT_WRONG_ROLE);
    family_close(&f);
}

static void a_repeated_judgement_costs_no_signature_check(void)
{
    struct family f;
    struct crypto_counts first, second;
    family_open(&f, EC_P256);
    const struct cert *c = issue_for(&f, CERT_EUICC), *again = NULL;
    CHECK(family_judge(&f, c, CERT_EUICC) == CERT_FINE);
    crypto_counts(f.crypto, &first);
    CHECK(cert_load(f.crypto, c->der, &again) == ERR_OK);
    CHECK(again == c);
    CHECK(family_judge(&f, again, CERT_EUICC) == CERT_FINE);
    crypto_counts(f.crypto, &second);
    CHECK(first.verify == 2);
    CHECK(second.verify == first.verify);
    const struct cert_policy later = { .now = at("2031-01-01T00:00:00Z") }; /* time is asked anew */
    CHECK(cert_judge(f.trust, c, CERT_EUICC, &f.eum, 1, &later, NULL) == CERT_EXPIRED);
    CHECK(family_judge(&f, c, CERT_DP_AUTH) == CERT_UNKNOWN_CI);
    family_close(&f);
}

static void *load_and_judge(void *context)
{
    struct family *f = context;
    const struct cert *c;
    bool fine = true;
    for (int i = 0; i < 200 && fine; i++)
        fine = cert_load(f->crypto, f->eum->der, &c) == ERR_OK && c == f->eum &&
               family_judge(f, c, CERT_EUM) == CERT_FINE;
    return fine ? f : NULL;
}

static void threads_share_the_caches(void)
{
    struct family f;
    pthread_t thread[4];
    void *result;
    family_open(&f, EC_P256);
    for (size_t i = 0; i < COUNT(thread); i++)
        REQUIRE(pthread_create(&thread[i], NULL, load_and_judge, &f) == 0);
    for (size_t i = 0; i < COUNT(thread); i++) {
        REQUIRE(pthread_join(thread[i], &result) == 0);
        CHECK(result != NULL);
    }
    family_close(&f);
}

static void a_revocation_list_names_certificates(void)
{
    static const uint8_t serials[][8] = { { 0, 0, 0, 0, 0, 0, 9, 9 }, { 0, 0, 0, 0, 0, 0, 1, CERT_DP_AUTH } };
    struct family f;
    struct buf crl = { .max = 1 << 16 };
    family_open(&f, EC_P256);
    const struct cert *revoked = issue_for(&f, CERT_DP_AUTH), *other = issue_for(&f, CERT_DP_PB);
    REQUIRE(crl_issue(f.crypto, f.ci, f.ci_key, serials, 0, TODAY, TODAY + CLOCK_DAY, 1, &crl) == ERR_OK);
    CHECK(trust_add_crl(f.trust, buf_span(&crl)) == ERR_OK);
    CHECK(family_judge(&f, revoked, CERT_DP_AUTH) == CERT_FINE);
    buf_clear(&crl);
    REQUIRE(crl_issue(f.crypto, f.ci, f.ci_key, serials, 2, TODAY, TODAY + CLOCK_DAY, 2, &crl) == ERR_OK);
    CHECK(trust_add_crl(f.trust, buf_span(&crl)) == ERR_OK);
    CHECK(family_judge(&f, revoked, CERT_DP_AUTH) == CERT_REVOKED);
    CHECK(family_judge(&f, other, CERT_DP_PB) == CERT_FINE);
    buf_release(&crl);
    family_close(&f);
}

static void a_revocation_list_must_be_signed_by_a_known_ci(void)
{
    struct family f;
    struct buf crl = { .max = 1 << 16 };
    family_open(&f, EC_P256);
    REQUIRE(crl_issue(f.crypto, f.ci, f.key, NULL, 0, TODAY, TODAY, 1, &crl) == ERR_OK);
    CHECK(trust_add_crl(f.trust, buf_span(&crl)) == ERR_VERIFY);
    buf_clear(&crl);
    REQUIRE(crl_issue(f.crypto, f.eum, f.key, NULL, 0, TODAY, TODAY, 1, &crl) == ERR_OK);
    CHECK(trust_add_crl(f.trust, buf_span(&crl)) == ERR_VERIFY);
    buf_clear(&crl);
    REQUIRE(crl_issue(f.crypto, f.ci, f.ci_key, NULL, 0, TODAY, TODAY, 1, &crl) == ERR_OK);
    for (size_t len = 0; len < crl.len; len++)
        CHECK(trust_add_crl(f.trust, span_of(crl.at, len)) != ERR_OK);
    buf_release(&crl);
    family_close(&f);
}

static void host_names_match_by_rfc_6125(void)
{
    static const char *const names[] = { "smdp.example.com", "*.alpha.example.com", "*.com", "localhost",
                                         NULL };
    static const struct {
        const char *host;
        bool expected;
    } row[] = {
        { "smdp.example.com", true },
        { "SMDP.Example.COM", true },
        { "smdp.example.com.", true },
        { "cmp.alpha.example.com", true },
        { "localhost", true },
        { "alpha.example.com", false },
        { "a.b.alpha.example.com", false },
        { ".alpha.example.com", false },
        { "example.com", false },
        { "smdp.example.org", false },
        { "xsmdp.example.com", false },
        { "TLS server", false },
        { "", false },
        { ".", false },
        { "*", false },
    };
    struct family f;
    family_open(&f, EC_P256);
    struct cert_spec spec = family_spec(CERT_TLS_SERVER);
    spec.dns_names = names;
    const struct cert *c = family_issue(&f, &spec, NULL);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i].host, cert_names_host(c, row[i].host) == row[i].expected);
    CHECK(!cert_names_host(f.eum, "EUM"));
    family_close(&f);
}

static void pem_goes_there_and_back(void)
{
    struct family f;
    struct buf pem = { .max = 1 << 14 };
    const struct cert *again = NULL;
    struct ec_key *key = NULL;
    struct ec_point point;
    family_open(&f, EC_BRAINPOOL_P256R1);
    REQUIRE(cert_put_pem(f.eum->der, &pem) == ERR_OK);
    CHECK(cert_load(f.crypto, buf_span(&pem), &again) == ERR_OK);
    CHECK(again == f.eum);
    buf_clear(&pem);
    REQUIRE(ec_key_put_pem(f.key, &pem) == ERR_OK);
    REQUIRE(ec_key_load(f.crypto, buf_span(&pem), &key) == ERR_OK);
    ec_key_point(key, &point);
    CHECK(ec_key_curve(key) == EC_BRAINPOOL_P256R1);
    CHECK(memcmp(point.at, f.point.at, sizeof point.at) == 0);
    ec_key_free(key);
    buf_release(&pem);
    family_close(&f);
}

const struct test issue_tests[] = {
    { "every role is issued and judged fine, on both curves", every_role_is_issued_and_judged_fine },
    { "no RSP role passes for another", no_rsp_role_passes_for_another },
    { "one change gives one flaw", one_change_gives_one_flaw },
    { "an EUM without constraint permits nothing", an_eum_without_constraint_permits_nothing },
    { "an authority below the path length is refused", an_authority_below_the_path_length_is_refused },
    { "a subordinate CI may stand between", a_subordinate_ci_may_stand_between },
    { "a repeated judgement costs no signature check", a_repeated_judgement_costs_no_signature_check },
    { "threads share the caches", threads_share_the_caches },
    { "a revocation list names certificates", a_revocation_list_names_certificates },
    { "a revocation list must be signed by a known CI", a_revocation_list_must_be_signed_by_a_known_ci },
    { "host names match by RFC 6125", host_names_match_by_rfc_6125 },
    { "PEM goes there and back", pem_goes_there_and_back },
};
const size_t issue_test_count = COUNT(issue_tests);
