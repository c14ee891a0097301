/* The inputs of every signature, over the bytes received (catalogue A.5.3, B.7). */
#include <string.h>

#include "crypto.h"
#include "rsp_download.h"
#include "rsp_euicc_package.h"
#include "rsp_notification.h"
#include "rsp_tests.h"
#include "vectors.h"
#include "x509.h"

#define EIM_D "dbdf692db8acc555185438b9d5368dc96de971626e4f30dec8a9c2547bc597ed"
#define EUICC_D "11e15467dc194f337183e460c9f63260091e12e81026cd6561e17c6d8539cc9c"

static struct ec_point point_of(struct crypto *c, const char *d)
{
    struct ec_key *key = NULL;
    struct ec_point point;
    struct buf scalar = hex(d);
    REQUIRE(ec_key_from_scalar(c, EC_P256, buf_span(&scalar), &key) == ERR_OK);
    ec_key_point(key, &point);
    ec_key_free(key);
    buf_release(&scalar);
    return point;
}

static bool holds(struct crypto *c, const struct ec_point *point, const struct rsp_tbs *tbs,
                  struct span signature)
{
    return ec_verify(c, EC_P256, SPAN_ARRAY(point->at), tbs->part, tbs->count, signature) == ERR_OK;
}

/* The token that a row says: 7 or none. */
static struct rsp_int token_of(const char *row)
{
    return strstr(row, "associationToken 7") ? (struct rsp_int){ true, 7 } : (struct rsp_int){ 0 };
}

static void check_request(struct crypto *c, const struct ec_point *eim, const char *row, struct span bytes)
{
    struct rsp_euicc_package_request q;
    struct rsp_tbs tbs;
    REQUIRE(rsp_euicc_package_request_read(bytes, &q) == ERR_OK);
    rsp_tbs_euicc_package(&q.package_signed, token_of(row), &tbs);
    CHECK_ROW(row, holds(c, eim, &tbs, q.signature));
    rsp_tbs_euicc_package(&q.package_signed, (struct rsp_int){ true, 8 }, &tbs);
    CHECK_ROW(row, !holds(c, eim, &tbs, q.signature));
}

static void check_result(struct crypto *c, const struct ec_point *euicc, const char *row, struct span bytes)
{
    struct rsp_euicc_package_result p;
    struct rsp_tbs tbs;
    bool error = strstr(row, "ERR-");
    REQUIRE(rsp_euicc_package_result_read(bytes, &p) == ERR_OK);
    if (error)
        rsp_tbs_package_error(&p.error.data, (struct rsp_int){ 0 }, &tbs);
    else
        rsp_tbs_package_result(&p.result.data, (struct rsp_int){ 0 }, &tbs);
    CHECK_ROW(row, holds(c, euicc, &tbs, error ? p.error.signature : p.result.signature));
}

static void each_row(struct crypto *c, const char *prefix, const struct ec_point *point,
                     void (*check)(struct crypto *, const struct ec_point *, const char *, struct span))
{
    struct buf file = vectors_load(VECTORS_SGP32), bytes;
    struct span name;
    size_t at = 0;
    while (vectors_each(&file, prefix, &at, &name, &bytes)) {
        char row[160] = { 0 };
        memcpy(row, name.at, name.len < sizeof row ? name.len : sizeof row - 1);
        check(c, point, row, buf_span(&bytes));
        buf_release(&bytes);
    }
    buf_release(&file);
}

void verifies_package_signatures(void)
{
    struct crypto *c = NULL;
    REQUIRE(crypto_new(&c) == ERR_OK);
    struct ec_point eim = point_of(c, EIM_D), euicc = point_of(c, EUICC_D);
    each_row(c, "REQ ", &eim, check_request);
    each_row(c, "RES ", &euicc, check_result);
    each_row(c, "ERR-SIGNED ", &euicc, check_result);
    crypto_free(c);
}

/* The session's messages; read in order, each needs the one before. */
struct session {
    struct buf initiate, auth_server, authenticate, prepare, bpp, notification;
};

static struct session load_session(const struct buf *file)
{
    return (struct session){
        .initiate = vectors_row(file, "WAI session/initiate-response.der", ' '),
        .auth_server = vectors_row(file, "WAI session/auth-server-response.der", ' '),
        .authenticate = vectors_row(file, "WAI session/authenticate-response.der", ' '),
        .prepare = vectors_row(file, "WAI session/prepare-download-response.der", ' '),
        .bpp = vectors_row(file, "WAI session/bound-profile-package.der", ' '),
        .notification = vectors_row(file, "WAI session/pending-notification.der", ' '),
    };
}

static void release_session(struct session *s)
{
    buf_release(&s->initiate);
    buf_release(&s->auth_server);
    buf_release(&s->authenticate);
    buf_release(&s->prepare);
    buf_release(&s->bpp);
    buf_release(&s->notification);
}

/* The first row holds the contents of A0 as a bare SEQUENCE: puts the answer's tags around them. */
static struct buf wrap(struct span sequence, uint32_t tag)
{
    struct buf out = { .max = 8192 };
    struct der_mark mark;
    struct der d = der_open(sequence);
    struct der_tlv t = { 0 };
    CHECK(der_next(&d, &t) == ERR_OK);
    CHECK(der_put_open(&out, tag, &mark) == ERR_OK);
    CHECK(der_put(&out, 0xA0, t.value) == ERR_OK);
    CHECK(der_put_close(&out, mark) == ERR_OK);
    return out;
}

static void check_server_signature(struct crypto *c, const struct session *s)
{
    struct rsp_initiate_authentication_response m;
    const struct cert *cert = NULL;
    struct rsp_tbs tbs;
    struct buf whole = wrap(buf_span(&s->initiate), 0xBF39);
    REQUIRE(rsp_initiate_authentication_response_read(buf_span(&whole), &m) == ERR_OK);
    REQUIRE(cert_load(c, m.ok.server_certificate, &cert) == ERR_OK);
    rsp_tbs_server_signature1(&m.ok.server_signed1, &tbs);
    CHECK(cert_verify(c, cert, tbs.part, tbs.count, m.ok.server_signature1) == ERR_OK);
    CHECK(m.ok.ci_pkid.len == 20);
    buf_release(&whole);
}

static void check_download_signatures(struct crypto *c, const struct session *s)
{
    struct rsp_authenticate_server_response a;
    struct rsp_authenticate_client_response d;
    struct rsp_prepare_download_response p;
    struct rsp_bound_profile_package b;
    const struct cert *euicc = NULL, *smdp = NULL;
    struct rsp_tbs tbs;
    REQUIRE(rsp_authenticate_server_response_read(buf_span(&s->auth_server), &a) == ERR_OK);
    REQUIRE(rsp_authenticate_client_response_read(buf_span(&s->authenticate), &d) == ERR_OK);
    REQUIRE(rsp_prepare_download_response_read(buf_span(&s->prepare), &p) == ERR_OK);
    REQUIRE(rsp_bound_profile_package_read(buf_span(&s->bpp), &b) == ERR_OK);
    REQUIRE(cert_load(c, a.ok.euicc_certificate, &euicc) == ERR_OK);
    REQUIRE(cert_load(c, d.ok.smdp_certificate, &smdp) == ERR_OK);
    rsp_tbs_euicc_signature1(&a.ok.euicc_signed1, &tbs);
    CHECK(cert_verify(c, euicc, tbs.part, tbs.count, a.ok.euicc_signature1) == ERR_OK);
    rsp_tbs_smdp_signature2(&d.ok.smdp_signed2, a.ok.euicc_signature1, &tbs);
    CHECK(cert_verify(c, smdp, tbs.part, tbs.count, d.ok.smdp_signature2) == ERR_OK);
    rsp_tbs_euicc_signature2(&p.ok.euicc_signed2, d.ok.smdp_signature2, &tbs);
    CHECK(cert_verify(c, euicc, tbs.part, tbs.count, p.ok.euicc_signature2) == ERR_OK);
    rsp_tbs_smdp_sign(b.secure_channel.signed_bytes, p.ok.euicc_signed2.euicc_otpk, &tbs);
    CHECK(cert_verify(c, smdp, tbs.part, tbs.count, b.secure_channel.smdp_signature) == ERR_OK);
    struct buf again = { .max = 1024 };
    CHECK(rsp_initialise_secure_channel_write_tbs(&b.secure_channel, &again) == ERR_OK);
    CHECK(span_equal(buf_span(&again), b.secure_channel.signed_bytes));
    buf_release(&again);
    struct rsp_pending_notification n;
    REQUIRE(rsp_pending_notification_read(buf_span(&s->notification), &n) == ERR_OK);
    rsp_tbs_installation_result(&n.installation.data, &tbs);
    CHECK(cert_verify(c, euicc, tbs.part, tbs.count, n.installation.signature) == ERR_OK);
}

void verifies_session_signatures(void)
{
    struct crypto *c = NULL;
    struct buf file = vectors_load(VECTORS_RSP);
    REQUIRE(crypto_new(&c) == ERR_OK);
    if (file.len) {
        struct session s = load_session(&file);
        check_server_signature(c, &s);
        check_download_signatures(c, &s);
        release_session(&s);
    }
    buf_release(&file);
    crypto_free(c);
}
