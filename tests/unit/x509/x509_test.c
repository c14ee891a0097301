#include "x509_test.h"

#include <string.h>

int64_t at(const char *iso)
{
    int64_t ms = 0;
    REQUIRE(clock_parse_iso8601(span_str(iso), &ms) == ERR_OK);
    return ms;
}

struct crypto *crypto_for_test(void)
{
    struct crypto *c = NULL;
    REQUIRE(crypto_new_seeded(span_str("x509"), &c) == ERR_OK);
    return c;
}

const struct cert *sgp26(struct crypto *c, const char *relative)
{
    char name[256];
    struct buf der = { .max = 1 << 16 };
    const struct cert *out = NULL;
    snprintf(name, sizeof name, "data/sgp26/%s", relative);
    const char *path = shared_path(name);
    if (!path)
        return NULL;
    REQUIRE(read_file(path, &der) == ERR_OK);
    REQUIRE(cert_load(c, buf_span(&der), &out) == ERR_OK);
    buf_release(&der);
    return out;
}

struct cert_spec family_spec(enum cert_role role)
{
    static const char *const names[] = { "smdp.example.com", NULL };
    struct cert_spec s = {
        .role = role,
        .common_name = cert_role_name(role),
        .organization = "Family",
        .path_length = -1,
        .not_before = at("2026-01-01T00:00:00Z"),
        .not_after = at("2030-01-01T00:00:00Z"),
        .serial = { 0, 0, 0, 0, 0, 0, 1, (uint8_t)role },
    };
    if (role == CERT_EUM) {
        s.path_length = 0;
        s.permitted_organization = "Family";
        s.permitted_eid_prefix = "89049032";
    }
    if (role == CERT_EUICC)
        s.serial_number = "89049032123451234512345678901235";
    if (role == CERT_DP_AUTH || role == CERT_DP_PB || role == CERT_DP_TLS || role == CERT_DS_AUTH ||
        role == CERT_DS_TLS)
        s.registered_id = "2.999.10";
    if (role == CERT_DP_TLS || role == CERT_DS_TLS || role == CERT_EIM_TLS || role == CERT_TLS_SERVER)
        s.dns_names = names;
    return s;
}

const struct cert *family_issue(struct family *f, const struct cert_spec *spec, const struct cert *issuer)
{
    struct buf der = { .max = 1 << 14 };
    const struct cert *out = NULL;
    const struct ec_key *key = issuer && issuer != f->ci ? f->key : f->ci_key;
    REQUIRE(cert_issue(f->crypto, spec, ec_key_curve(f->key), &f->point, issuer ? issuer : f->ci, key,
                       &der) == ERR_OK);
    REQUIRE(cert_load(f->crypto, buf_span(&der), &out) == ERR_OK);
    buf_release(&der);
    return out;
}

static void family_issue_ci(struct family *f)
{
    struct ec_point point;
    struct buf der = { .max = 1 << 14 };
    struct cert_spec spec = family_spec(CERT_CI);
    ec_key_point(f->ci_key, &point);
    REQUIRE(cert_issue(f->crypto, &spec, ec_key_curve(f->ci_key), &point, NULL, f->ci_key, &der) == ERR_OK);
    REQUIRE(trust_new(f->crypto, &f->trust) == ERR_OK);
    REQUIRE(trust_add_ci(f->trust, buf_span(&der)) == ERR_OK);
    REQUIRE(cert_load(f->crypto, buf_span(&der), &f->ci) == ERR_OK);
    buf_release(&der);
}

void family_open(struct family *f, enum ec_curve curve)
{
    *f = (struct family){ .crypto = crypto_for_test() };
    REQUIRE(ec_key_generate(f->crypto, curve, &f->ci_key) == ERR_OK);
    REQUIRE(ec_key_generate(f->crypto, curve, &f->key) == ERR_OK);
    ec_key_point(f->key, &f->point);
    family_issue_ci(f);
    struct cert_spec eum = family_spec(CERT_EUM);
    f->eum = family_issue(f, &eum, NULL);
}

void family_close(struct family *f)
{
    trust_free(f->trust);
    ec_key_free(f->ci_key);
    ec_key_free(f->key);
    crypto_free(f->crypto);
}

enum cert_flaw family_judge(struct family *f, const struct cert *leaf, enum cert_role role)
{
    const struct cert_policy policy = { .now = TODAY };
    return cert_judge(f->trust, leaf, role, &f->eum, role == CERT_EUICC ? 1 : 0, &policy, NULL);
}

int main(void)
{
    struct test all[64];
    size_t n = 0;
    memcpy(all + n, sgp26_tests, sgp26_test_count * sizeof *all), n += sgp26_test_count;
    memcpy(all + n, issue_tests, issue_test_count * sizeof *all), n += issue_test_count;
    memcpy(all + n, hostile_tests, hostile_test_count * sizeof *all), n += hostile_test_count;
    return tests_main("x509", all, n);
}
