/* The PKI in memory: as described, repeatable, and believed by OpenSSL too. */
#include <string.h>

#include "certs_test.h"
#include "openssl_clean.h"

void world_open(struct world *w, const char *seed)
{
    *w = (struct world){ 0 };
    REQUIRE(crypto_new_seeded(span_str(seed), &w->crypto) == ERR_OK);
    REQUIRE(pki_new(w->crypto, EPOCH, &w->pki) == ERR_OK);
}

void world_close(struct world *w)
{
    pki_free(w->pki);
    crypto_free(w->crypto);
}

const struct pki_item *item(struct world *w, const char *name)
{
    const struct pki_item *out = NULL;
    REQUIRE(pki_get(w->pki, name, &out) == ERR_OK);
    return out;
}

static void every_row_is_issued_with_its_key(void)
{
    struct world w;
    struct pki_description d;
    world_open(&w, "rows");
    for (size_t i = 0; pki_describe(i, &d); i++) {
        const struct pki_item *p = item(&w, d.name);
        struct ec_key *key = NULL;
        struct ec_point a, b;
        CHECK_ROW(d.name, strcmp(p->name, d.name) == 0 && p->der.len && p->pem.len);
        REQUIRE(ec_key_load(w.crypto, p->key_pem, &key) == ERR_OK);
        ec_key_point(key, &a);
        ec_key_point(p->key, &b);
        CHECK_ROW(d.name, memcmp(a.at, b.at, sizeof a.at) == 0);
        CHECK_ROW(d.name, !p->cert == (d.verdict == CERT_BAD_CURVE));
        CHECK_ROW(d.name, !p->cert || memcmp(p->cert->key.at, a.at, sizeof a.at) == 0);
        ec_key_free(key);
    }
    world_close(&w);
}

static void asking_twice_gives_the_same(void)
{
    struct world w;
    world_open(&w, "twice");
    CHECK(item(&w, "CERT_EUM_ECDSA_NIST") == item(&w, "CERT_EUM_ECDSA_NIST"));
    world_close(&w);
}

static void put_everything(struct world *w, struct buf *out)
{
    static const char *const extra[] = { "cmp.alpha.example.com", "net.alpha.example.com" };
    const struct pki_item *p = NULL;
    struct pki_description d;
    struct pki_euicc card;
    for (size_t i = 0; pki_describe(i, &d); i++) {
        REQUIRE(buf_put(out, item(w, d.name)->der) == ERR_OK);
        REQUIRE(buf_put(out, item(w, d.name)->key_pem) == ERR_OK);
    }
    for (size_t i = 0; i < COUNT(extra); i++) {
        REQUIRE(pki_server(w->pki, extra[i], &p) == ERR_OK);
        REQUIRE(buf_put(out, p->der) == ERR_OK);
    }
    REQUIRE(certs_issue_euicc(w->pki, "CERT_EUICC_ECDSA_BRP", "89049032000000000000000000000042", &card) ==
            ERR_OK);
    REQUIRE(buf_put(out, buf_span(&card.certificate)) == ERR_OK);
    REQUIRE(buf_put(out, secret_span(&card.key)) == ERR_OK);
    REQUIRE(pki_crl(w->pki, "CERT_CI_ECDSA_NIST", out) == ERR_OK);
    pki_euicc_release(&card);
}

static void one_seed_gives_one_pki(void)
{
    static const char *const seeds[] = { "seven", "seven", "eight" };
    struct buf all[3];
    for (size_t i = 0; i < 3; i++) {
        struct world w;
        all[i] = (struct buf){ .max = 1 << 20 };
        world_open(&w, seeds[i]);
        put_everything(&w, &all[i]);
        world_close(&w);
    }
    CHECK(span_equal(buf_span(&all[0]), buf_span(&all[1])));
    CHECK(!span_equal(buf_span(&all[0]), buf_span(&all[2])));
    for (size_t i = 0; i < 3; i++)
        buf_release(&all[i]);
}

static void the_test_ci_has_gsmas_key(void)
{
    static const struct {
        const char *name, *file;
    } row[] = { { "CERT_CI_ECDSA_NIST", "data/sgp26/CertificateIssuer/CERT_CI_ECDSA_NIST.der" },
                { "CERT_CI_ECDSA_BRP", "data/sgp26/CertificateIssuer/CERT_CI_ECDSA_BRP.der" } };
    struct world w;
    world_open(&w, "gsma");
    for (size_t i = 0; i < COUNT(row); i++) {
        struct buf der = { .max = 1 << 14 };
        const struct cert *theirs = NULL, *ours = item(&w, row[i].name)->cert;
        const char *path = shared_path(row[i].file);
        if (!path)
            break;
        REQUIRE(read_file(path, &der) == ERR_OK);
        REQUIRE(cert_load(w.crypto, buf_span(&der), &theirs) == ERR_OK);
        CHECK(memcmp(ours->key.at, theirs->key.at, sizeof ours->key.at) == 0);
        CHECK(memcmp(ours->ski, theirs->ski, sizeof ours->ski) == 0);
        CHECK(ours->not_before == theirs->not_before && ours->not_after == theirs->not_after);
        buf_release(&der);
    }
    world_close(&w);
}

/* A card that trusts GSMA's certificate trusts ours below the same key. */
static void a_card_with_the_published_ci_trusts_our_servers(void)
{
    struct world w;
    struct trust *t = NULL;
    struct buf der = { .max = 1 << 14 };
    const struct cert_policy policy = { .now = CERT_NO_CLOCK };
    const char *path = shared_path("data/sgp26/CertificateIssuer/CERT_CI_ECDSA_NIST.der");
    if (!path)
        return;
    world_open(&w, "card");
    REQUIRE(read_file(path, &der) == ERR_OK);
    REQUIRE(trust_new(w.crypto, &t) == ERR_OK);
    REQUIRE(trust_add_ci(t, buf_span(&der)) == ERR_OK);
    const struct cert *dp = item(&w, "CERT_S_SM_DPauth_ECDSA_NIST")->cert;
    CHECK(cert_judge(t, dp, CERT_DP_AUTH, NULL, 0, &policy, NULL) == CERT_FINE);
    trust_free(t);
    buf_release(&der);
    world_close(&w);
}

static void an_euicc_of_a_fleet_has_its_own_chain(void)
{
    struct world w;
    struct pki_euicc card;
    struct trust *t = NULL;
    struct ec_key *key = NULL;
    struct ec_point point;
    const struct cert *euicc = NULL, *eum = NULL;
    const struct cert_policy policy = { .now = EPOCH };
    world_open(&w, "fleet");
    REQUIRE(pki_trust(w.pki, &t) == ERR_OK);
    REQUIRE(certs_issue_euicc(w.pki, "CERT_EUICC_ECDSA_NIST", "89049032000000000000000000000017", &card) ==
            ERR_OK);
    REQUIRE(cert_load(w.crypto, buf_span(&card.certificate), &euicc) == ERR_OK);
    REQUIRE(cert_load(w.crypto, card.eum_certificate, &eum) == ERR_OK);
    CHECK(strcmp(euicc->eid, "89049032000000000000000000000017") == 0);
    CHECK(cert_judge(t, euicc, CERT_EUICC, &eum, 1, &policy, NULL) == CERT_FINE);
    REQUIRE(ec_key_from_scalar(w.crypto, EC_P256, secret_span(&card.key), &key) == ERR_OK);
    ec_key_point(key, &point);
    CHECK(memcmp(point.at, euicc->key.at, sizeof point.at) == 0);
    ec_key_free(key);
    pki_euicc_release(&card);
    trust_free(t);
    world_close(&w);
}

static void flawed_euiccs_are_made_for_any_eid(void)
{
    static const struct {
        const char *name;
        enum cert_flaw expected;
    } row[] = { { "CERT_EUICC_ECDSA_NIST_EXPIRED", CERT_EXPIRED },
                { "CERT_EUICC_ECDSA_NIST_INVALID_EID", CERT_EID_OUTSIDE_RANGE },
                { "CERT_EUICC_ECDSA_NIST_ALTERED", CERT_BAD_SIGNATURE },
                { "CERT_EUICC_ECDSA_NIST_UNKNOWN_CI", CERT_UNKNOWN_CI },
                { "CERT_EUICC_ECDSA_NIST_BELOW_EXPIRED_EUM", CERT_EXPIRED } };
    struct world w;
    struct trust *t = NULL;
    const struct cert_policy policy = { .now = EPOCH };
    world_open(&w, "flawed");
    REQUIRE(pki_trust(w.pki, &t) == ERR_OK);
    for (size_t i = 0; i < COUNT(row); i++) {
        struct pki_euicc card;
        const struct cert *euicc = NULL, *eum = NULL;
        REQUIRE(certs_issue_euicc(w.pki, row[i].name, "89049032000000000000000000000017", &card) == ERR_OK);
        REQUIRE(cert_load(w.crypto, buf_span(&card.certificate), &euicc) == ERR_OK);
        REQUIRE(cert_load(w.crypto, card.eum_certificate, &eum) == ERR_OK);
        CHECK_ROW(row[i].name, cert_judge(t, euicc, CERT_EUICC, &eum, 1, &policy, NULL) == row[i].expected);
        pki_euicc_release(&card);
    }
    trust_free(t);
    world_close(&w);
}

static void what_cannot_be_issued_is_refused(void)
{
    static const struct {
        const char *name, *eid;
        enum err expected;
    } row[] = { { "CERT_EUICC_ECDSA_NIST", "", ERR_PARSE },
                { "CERT_EUICC_ECDSA_NIST", "8904903200000000000000000000001", ERR_PARSE },
                { "CERT_EUICC_ECDSA_NIST", "8904903200000000000000000000001A", ERR_PARSE },
                { "CERT_EUICC_ECDSA_NIST", "890490320000000000000000000000170", ERR_PARSE },
                { "CERT_EUM_ECDSA_NIST", "89049032000000000000000000000017", ERR_NOT_FOUND },
                { "CERT_NOBODY", "89049032000000000000000000000017", ERR_NOT_FOUND } };
    static const char *const hosts[] = { "", ".", "../x", "a/b", "a b", "*.example.com", "-\n" };
    struct world w;
    struct pki_euicc card;
    const struct pki_item *p = NULL;
    struct buf crl = { .max = 1 << 16 };
    world_open(&w, "refused");
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i].eid, certs_issue_euicc(w.pki, row[i].name, row[i].eid, &card) == row[i].expected);
    for (size_t i = 0; i < COUNT(hosts); i++) {
        CHECK_ROW(hosts[i], pki_server(w.pki, hosts[i], &p) == ERR_PARSE);
        CHECK_ROW(hosts[i], pki_client(w.pki, hosts[i], &p) == ERR_PARSE);
    }
    CHECK(pki_get(w.pki, "CERT_NOBODY", &p) == ERR_NOT_FOUND);
    CHECK(pki_crl(w.pki, "CERT_NOBODY", &crl) == ERR_NOT_FOUND);
    pki_free(NULL);
    world_close(&w);
}

static void servers_and_clients_are_made_on_demand(void)
{
    struct world w;
    struct trust *servers = NULL, *clients = NULL;
    const struct pki_item *cmp = NULL, *smdp = NULL, *platform = NULL, *again = NULL;
    const struct cert_policy policy = { .now = EPOCH };
    world_open(&w, "demand");
    REQUIRE(pki_trust(w.pki, &servers) == ERR_OK);
    REQUIRE(pki_trust_clients(w.pki, &clients) == ERR_OK);
    REQUIRE(pki_server(w.pki, "cmp.alpha.example.com", &cmp) == ERR_OK);
    REQUIRE(pki_server(w.pki, "smdp.example.com", &smdp) == ERR_OK);
    REQUIRE(pki_client(w.pki, "cmp.alpha", &platform) == ERR_OK);
    REQUIRE(pki_client(w.pki, "cmp.alpha", &again) == ERR_OK);
    CHECK(strcmp(cmp->name, "CERT_S_cmp.alpha.example.com_TLS") == 0);
    CHECK(strcmp(smdp->name, "CERT_S_SM_DP_TLS_NIST") == 0);
    CHECK(platform == again);
    CHECK(cert_names_host(cmp->cert, "cmp.alpha.example.com") &&
          !cert_names_host(cmp->cert, "net.alpha.example.com"));
    CHECK(cert_judge(servers, cmp->cert, CERT_TLS_SERVER, NULL, 0, &policy, NULL) == CERT_FINE);
    CHECK(cert_judge(clients, platform->cert, CERT_OPERATOR_CLIENT, NULL, 0, &policy, NULL) == CERT_FINE);
    CHECK(cert_judge(clients, smdp->cert, CERT_OPERATOR_CLIENT, NULL, 0, &policy, NULL) == CERT_UNKNOWN_CI);
    CHECK(cert_judge(servers, platform->cert, CERT_OPERATOR_CLIENT, NULL, 0, &policy, NULL) ==
          CERT_UNKNOWN_CI);
    trust_free(servers);
    trust_free(clients);
    world_close(&w);
}

/* Each its own registered id, the same in its three certificates, and not the table's SM-DP+'s. */
static void smdps_are_made_on_demand(void)
{
    struct world w;
    struct trust *servers = NULL;
    struct pki_smdp one = { 0 }, other = { 0 }, again = { 0 };
    const struct cert_policy policy = { .now = EPOCH };
    world_open(&w, "smdps");
    REQUIRE(pki_trust(w.pki, &servers) == ERR_OK);
    REQUIRE(pki_smdp(w.pki, "smdp.one.example.com", &one) == ERR_OK);
    REQUIRE(pki_smdp(w.pki, "smdp.other.example.com", &other) == ERR_OK);
    REQUIRE(pki_smdp(w.pki, "smdp.one.example.com", &again) == ERR_OK);
    CHECK(one.auth == again.auth && one.pb == again.pb && one.tls == again.tls);
    CHECK(pki_smdp(w.pki, "../x", &again) == ERR_PARSE);
    CHECK(cert_judge(servers, one.auth->cert, CERT_DP_AUTH, NULL, 0, &policy, NULL) == CERT_FINE);
    CHECK(cert_judge(servers, one.pb->cert, CERT_DP_PB, NULL, 0, &policy, NULL) == CERT_FINE);
    CHECK(cert_judge(servers, one.tls->cert, CERT_DP_TLS, NULL, 0, &policy, NULL) == CERT_FINE);
    CHECK(cert_judge(servers, one.pb->cert, CERT_DP_AUTH, NULL, 0, &policy, NULL) == CERT_WRONG_ROLE);
    CHECK(cert_names_host(one.tls->cert, "smdp.one.example.com") && !cert_names_host(one.tls->cert, "smdp.example.com"));
    const struct pki_item *auth = NULL, *pb = NULL;
    REQUIRE(pki_smdp_brainpool(w.pki, "smdp.one.example.com", &auth, &pb) == ERR_OK);
    CHECK(auth->cert->curve == EC_BRAINPOOL_P256R1 && pb->cert->curve == EC_BRAINPOOL_P256R1);
    CHECK(cert_judge(servers, auth->cert, CERT_DP_AUTH, NULL, 0, &policy, NULL) == CERT_FINE);
    CHECK(cert_judge(servers, pb->cert, CERT_DP_PB, NULL, 0, &policy, NULL) == CERT_FINE);
    CHECK(strcmp(auth->cert->oid, one.auth->cert->oid) == 0 && strcmp(pb->cert->oid, one.auth->cert->oid) == 0);
    CHECK(strncmp(one.auth->cert->oid, "2.999.10.", 9) == 0);
    CHECK(!strcmp(one.auth->cert->oid, one.pb->cert->oid) && !strcmp(one.auth->cert->oid, one.tls->cert->oid));
    CHECK(strcmp(one.auth->cert->oid, other.auth->cert->oid) != 0);
    trust_free(servers);
    world_close(&w);
}

static X509 *openssl_cert(struct world *w, const char *name)
{
    struct span der = item(w, name)->der;
    const unsigned char *at = der.at;
    X509 *x = d2i_X509(NULL, &at, (long)der.len);
    REQUIRE(x != NULL);
    return x;
}

/* Catalogue C.4 rule 0: OpenSSL reads the EUM's constraint as RFC 5280 does; RSP's is a prefix rule. */
static int all_but_the_eums_constraint(int ok, X509_STORE_CTX *ctx)
{
    return ok || X509_STORE_CTX_get_error(ctx) == X509_V_ERR_PERMITTED_VIOLATION;
}

static const char *issuer_of(const char *name)
{
    struct pki_description d;
    for (size_t i = 0; pki_describe(i, &d); i++)
        if (strcmp(d.name, name) == 0)
            return d.issuer;
    return NULL;
}

/* The certificates above it, as the table has them; OpenSSL trusts only the root. */
static int openssl_verifies(struct world *w, const struct pki_description *d, const char *root)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    X509 *leaf = openssl_cert(w, d->name), *anchor = openssl_cert(w, root);
    REQUIRE(store && ctx && between && X509_STORE_add_cert(store, anchor));
    for (const char *above = d->issuer; above; above = issuer_of(above))
        REQUIRE(sk_X509_push(between, openssl_cert(w, above)));
    REQUIRE(X509_STORE_CTX_init(ctx, store, leaf, between) == 1);
    X509_STORE_CTX_set_time(ctx, 0, EPOCH / 1000);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
    X509_STORE_CTX_set_verify_cb(ctx, all_but_the_eums_constraint);
    int answer = X509_verify_cert(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_pop_free(between, X509_free);
    X509_free(leaf);
    X509_free(anchor);
    return answer;
}

static const char *root_of(const struct pki_description *d)
{
    if (strstr(d->name, "OPERATOR"))
        return "CERT_OPERATOR_CA";
    return d->curve == EC_P256 ? "CERT_CI_ECDSA_NIST" : "CERT_CI_ECDSA_BRP";
}

static void openssl_believes_every_good_chain(void)
{
    struct world w;
    struct pki_description d;
    size_t seen = 0;
    world_open(&w, "judge");
    for (size_t i = 0; pki_describe(i, &d); i++)
        if (!d.flaw) {
            CHECK_ROW(d.name, openssl_verifies(&w, &d, root_of(&d)) == 1);
            seen++;
        }
    CHECK(seen >= 27);
    world_close(&w);
}

static void openssl_sees_the_flaws_that_are_not_rsps_own(void)
{
    struct world w;
    struct pki_description d;
    world_open(&w, "judge");
    for (size_t i = 0; pki_describe(i, &d); i++)
        if (d.verdict == CERT_EXPIRED || d.verdict == CERT_NOT_YET_VALID || d.verdict == CERT_BAD_SIGNATURE ||
            d.verdict == CERT_UNKNOWN_CI || (d.verdict == CERT_PATH_LENGTH && d.role == CERT_EUICC))
            CHECK_ROW(d.name, openssl_verifies(&w, &d, root_of(&d)) != 1);
    world_close(&w);
}

const struct test pki_tests[] = {
    { "every row is issued with its key", every_row_is_issued_with_its_key },
    { "asking twice gives the same", asking_twice_gives_the_same },
    { "one seed gives one PKI", one_seed_gives_one_pki },
    { "the Test CI has GSMA's key", the_test_ci_has_gsmas_key },
    { "a card with the published CI trusts our servers", a_card_with_the_published_ci_trusts_our_servers },
    { "an eUICC of a fleet has its own chain", an_euicc_of_a_fleet_has_its_own_chain },
    { "flawed eUICCs are made for any EID", flawed_euiccs_are_made_for_any_eid },
    { "what cannot be issued is refused", what_cannot_be_issued_is_refused },
    { "servers and clients are made on demand", servers_and_clients_are_made_on_demand },
        { "SM-DP+ are made on demand, each with an identity of its own", smdps_are_made_on_demand },
    { "OpenSSL believes every good chain", openssl_believes_every_good_chain },
    { "OpenSSL sees the flaws that are not RSP's own", openssl_sees_the_flaws_that_are_not_rsps_own },
};
const size_t pki_test_count = COUNT(pki_tests);
