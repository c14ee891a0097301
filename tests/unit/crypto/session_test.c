/* A whole recorded session (catalogue H.1): every signature over the bytes that SGP.22 names, and over fewer. */
#include "crypto_tests.h"
#include "der.h"

#define SESSION "WAI session/"
static const char dpauth_d[] = "0a7cc1c244e60c52cd5b7807ab8c360c26524601507dcabc5dd598b5a616d5d5";
static const char dppb_d[] = "dcd694b778957e8e9addbdd94433e9ef8f73d11e491c48d425a38a9491bd3bed";
static const char euicc_d[] = "11e15467dc194f337183e460c9f63260091e12e81026cd6561e17c6d8539cc9c";

struct session {
    struct crypto *c;
    struct buf file;
    struct ec_point dpauth, dppb, euicc;
};

static struct ec_point point_of(struct crypto *c, const char *d)
{
    struct ec_key *k = NULL;
    struct ec_point p;
    REQUIRE(ec_key_from_scalar(c, EC_P256, bytes(d), &k) == ERR_OK);
    ec_key_point(k, &p);
    ec_key_free(k);
    return p;
}

static bool open_session(struct session *s)
{
    *s = (struct session){ .c = open_crypto(), .file = { .max = 1 << 20 } };
    s->dpauth = point_of(s->c, dpauth_d);
    s->dppb = point_of(s->c, dppb_d);
    s->euicc = point_of(s->c, euicc_d);
    return load_shared("spec/vectors-rsp.txt", &s->file);
}

static void close_session(struct session *s)
{
    buf_release(&s->file);
    crypto_free(s->c);
}

/* Follows tags from the outside in; the last one is the result. */
static struct der_tlv inside(struct span message, const uint32_t *path, size_t depth)
{
    struct der_tlv t = { .value = message };
    for (size_t i = 0; i < depth; i++)
        REQUIRE(der_find(t.value, path[i], &t) == ERR_OK);
    return t;
}
#define INSIDE(message, ...) \
    inside((message), (const uint32_t[]){ __VA_ARGS__ }, COUNT(((const uint32_t[]){ __VA_ARGS__ })))

struct signature_row {
    const char *name;
    const struct ec_point *signer;
    struct der_tlv signature;
    struct span tbs[5];
    size_t count;
};

/* Its own signer only, and not when the last part is left out. */
static void check_signature(struct session *s, const struct signature_row *r)
{
    const struct ec_point *all[] = { &s->dpauth, &s->dppb, &s->euicc };
    struct span signature = r->signature.value;
    for (size_t i = 0; i < COUNT(all); i++) {
        enum err want = all[i] == r->signer ? ERR_OK : ERR_VERIFY;
        CHECK_ROW(r->name, ec_verify(s->c, EC_P256, SPAN_ARRAY(all[i]->at), r->tbs, r->count, signature) == want);
    }
    CHECK_ROW(r->name, ec_verify(s->c, EC_P256, SPAN_ARRAY(r->signer->at), r->tbs, r->count - 1, signature) ==
                           ERR_VERIFY);
}

static void check_all_signatures(struct session *s)
{
    struct span start = vector_of(&s->file, SESSION "initiate-response.der");
    struct span server = vector_of(&s->file, SESSION "auth-server-response.der");
    struct span client = vector_of(&s->file, SESSION "authenticate-response.der");
    struct span download = vector_of(&s->file, SESSION "prepare-download-response.der");
    struct span bpp = vector_of(&s->file, SESSION "bound-profile-package.der");
    struct span pir = vector_of(&s->file, SESSION "pending-notification.der");
    struct der_tlv euicc1 = INSIDE(server, 0xBF38, 0xA0, 0x5F37), smdp2 = INSIDE(client, 0xBF3B, 0xA0, 0x5F37);
    const struct signature_row rows[] = {
        { "serverSignature1", &s->dpauth, INSIDE(start, 0x30, 0x5F37), { INSIDE(start, 0x30, 0x30).whole }, 1 },
        { "euiccSignature1", &s->euicc, euicc1, { INSIDE(server, 0xBF38, 0xA0, 0x30).whole }, 1 },
        { "smdpSignature2", &s->dppb, smdp2, { INSIDE(client, 0xBF3B, 0xA0, 0x30).whole, euicc1.whole }, 2 },
        { "euiccSignature2", &s->euicc, INSIDE(download, 0xBF21, 0xA0, 0x5F37),
          { INSIDE(download, 0xBF21, 0xA0, 0x30).whole, smdp2.whole }, 2 },
        { "smdpSign", &s->dppb, INSIDE(bpp, 0xBF36, 0xBF23, 0x5F37),
          { INSIDE(bpp, 0xBF36, 0xBF23, 0x82).whole, INSIDE(bpp, 0xBF36, 0xBF23, 0x80).whole,
            INSIDE(bpp, 0xBF36, 0xBF23, 0xA6).whole, INSIDE(bpp, 0xBF36, 0xBF23, 0x5F49).whole,
            INSIDE(download, 0xBF21, 0xA0, 0x30, 0x5F49).whole }, 5 },
        { "euiccSignPIR", &s->euicc, INSIDE(pir, 0xBF37, 0x5F37), { INSIDE(pir, 0xBF37, 0xBF27).whole }, 1 },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check_signature(s, &rows[i]);
}

static void all_signatures(void)
{
    struct session s;
    if (open_session(&s))
        check_all_signatures(&s);
    close_session(&s);
}

/* otSK.DP and the card's point give the Z that the session keys come from. */
static void session_secret(void)
{
    struct session s;
    struct ec_key *k = NULL;
    struct secret z = { 0 };
    if (open_session(&s)) {
        struct span bpp = vector_of(&s.file, SESSION "bound-profile-package.der");
        struct span download = vector_of(&s.file, SESSION "prepare-download-response.der");
        struct ec_point p;
        REQUIRE(ec_key_from_scalar(s.c, EC_P256, vector_of(&s.file, SESSION "otsk-dp.bin"), &k) == ERR_OK);
        ec_key_point(k, &p);
        CHECK(span_equal(SPAN_ARRAY(p.at), INSIDE(bpp, 0xBF36, 0xBF23, 0x5F49).value));
        CHECK(ec_key_agree(s.c, k, INSIDE(download, 0xBF21, 0xA0, 0x30, 0x5F49).value, &z) == ERR_OK);
        CHECK(span_equal(secret_span(&z),
                         bytes("79696dc34351dfc7758b07baf66643f01d7d8f5ab976c51d5f2c42ab71f5a6c3")));
    }
    secret_release(&z);
    ec_key_free(k);
    close_session(&s);
}

const struct test session_tests[] = {
    { "every signature of a recorded session verifies with its signer's key only", all_signatures },
    { "the one-time keys of a recorded session give its secret", session_secret },
};
const size_t session_test_count = COUNT(session_tests);
