/* Messages as an attacker or a fault would send them: refused without a change, never a crash. */
#include <string.h>

#include "rsp_esipa.h"
#include "rsp_es10.h"
#include "rsp_tests.h"
#include "vectors.h"

/* Everything that reads a vector, by what it is; also walks the lists inside. */
static enum err read_request(struct span bytes)
{
    struct rsp_euicc_package_request q;
    enum err e = rsp_euicc_package_request_read(bytes, &q);
    struct der d = der_open(e ? (struct span){ 0 } : q.package_signed.package.psmo_list);
    while (!e && !der_at_end(&d)) {
        struct rsp_psmo m;
        e = rsp_psmo_next(&d, &m);
    }
    return e;
}

static enum err read_result(struct span bytes)
{
    struct rsp_euicc_package_result p;
    enum err e = rsp_euicc_package_result_read(bytes, &p);
    struct der d = der_open(e ? (struct span){ 0 } : p.result.data.results);
    while (!e && !der_at_end(&d)) {
        struct rsp_euicc_result m;
        e = rsp_euicc_result_next(&d, &m);
    }
    return e;
}

static enum err read_provide(struct span bytes)
{
    struct rsp_provide_eim_package_result q;
    return rsp_provide_eim_package_result_read(bytes, &q);
}

static enum err read_poll(struct span bytes)
{
    struct rsp_get_eim_package_response p;
    return rsp_get_eim_package_response_read(bytes, &p);
}

static enum err read_initial_eim(struct span bytes)
{
    struct rsp_add_initial_eim_request q;
    enum err e = rsp_add_initial_eim_request_read(bytes, &q);
    struct der d = der_open(e ? (struct span){ 0 } : q.list);
    while (!e && !der_at_end(&d)) {
        struct rsp_eim_configuration m;
        e = rsp_eim_configuration_next(&d, &m);
    }
    return e;
}

static enum err read_info2(struct span bytes)
{
    struct rsp_euicc_info2 i;
    return rsp_euicc_info2_read(bytes, &i);
}

static enum err read_metadata(struct span bytes)
{
    struct rsp_store_metadata m;
    return rsp_store_metadata_read(bytes, &m);
}

static enum err read_bpp(struct span bytes)
{
    struct rsp_bound_profile_package b;
    struct rsp_bpp_segments s;
    struct span segment;
    bool done = false;
    enum err e = rsp_bound_profile_package_read(bytes, &b);
    if (!e)
        e = rsp_bpp_segments(bytes, &s);
    while (!e && !done)
        e = rsp_bpp_next(&s, &segment, &done);
    return e;
}

static enum err read_notification(struct span bytes)
{
    struct rsp_pending_notification n;
    return rsp_pending_notification_read(bytes, &n);
}

static enum err read_delete(struct span bytes)
{
    struct rsp_delete_profile_request q;
    return rsp_delete_profile_request_read(bytes, &q);
}

static enum err read_psmo(struct span bytes)
{
    struct rsp_psmo m;
    return rsp_psmo_read(bytes, &m);
}

static enum err read_refresh(struct span bytes)
{
    bool refresh;
    return rsp_refresh_read(0xBF58, bytes, &refresh);
}

static enum err read_code(struct span bytes)
{
    int64_t code;
    return rsp_code_read(0xBF31, bytes, &code);
}

static const struct {
    const char *name, *bytes;
    enum err (*read)(struct span bytes);
} refused[] = {
    { "an empty message", "", read_request },
    { "a request with no signature", "bf51043002a000", read_request },
    { "a request whose length goes beyond the end", "bf517f3000", read_request },
    { "a request with the tag of another", "bf52028000", read_request },
    { "an indefinite length", "bf5180300000000000", read_request },
    { "a package with neither commands nor an EID", "bf510a3005800174810101 5f3700", read_request },
    { "a signed result under 30 without its results (catalogue D-3)",
      "bf5111300f30098001658101018301025f3701aa", read_result },
    { "a signed result under 30 without its seqNumber",
      "bf51133011300b80016581010130038301005f3701aa", read_result },
    { "a signed error under 30",
      "bf5111300f300980016581010102017f5f3701aa", read_result },
    { "an unsigned error under 30",
      "bf51053003800165", read_result },
    { "a signed result under 30 without its signature",
      "bf51123010300e8001658101018301023003830100", read_result },
    { "a signed result under 30 that is cut short",
      "bf51163014300e80016581010183010230038301005f3701", read_result },
    { "a signed result under 30 with a signature that is cut short",
      "bf51163014300e80016581010183010230038301005f3702aa", read_result },
    { "a signed result under 31",
      "bf51163114300e80016581010183010230038301005f3701aa", read_result },
    { "a signed result under a 10",
      "bf51161014300e80016581010183010230038301005f3701aa", read_result },
    { "data and signature with no tag around them",
      "bf5114300e80016581010183010230038301005f3701aa", read_result },
    { "two signed results in one, A0 and 30",
      "bf512ca014300e80016581010183010230038301005f3701aa3014300e80016581010183010230038301005f3701aa", read_result },
    { "a signed result under 30, and that under A0",
      "bf5118a0163014300e80016581010183010230038301005f3701aa", read_result },
    { "a rollbackFlag with contents, 05", "a30f5a0a98001032547698103214050100", read_psmo },
    { "a rollbackFlag with contents, 81", "a30f5a0a98001032547698103214810100", read_psmo },
    { "a list of eIMs under 31 (catalogue D-4)",
      "bf511fa01d3017800165810101830102300cab0a310830068001658201025f3701aa", read_result },
    { "two lists of eIMs in one",
      "bf5129a02730218001658101018301023016ab14a0083006800165820102300830068001658201025f3701aa", read_result },
    { "a list of eIMs under 30 and A0",
      "bf5121a01f3019800165810101830102300eab0c300aa00830068001658201025f3701aa", read_result },
    { "a result of no kind", "bf5103a30100", read_result },
    { "a poll answer of no kind", "bf4f03a00100", read_poll },
    { "a poll answer with an empty error", "bf4f020200", read_poll },
    { "a provided result that is empty", "bf5000", read_provide },
    { "an initial eIM without an id", "bf5706a0043002 8300", read_initial_eim },
    { "an initial eIM with an empty id", "bf5706a00430028000", read_initial_eim },
    { "a delete by an ICCID of nine octets", "bf330b5a09980010325476981032", read_delete },
    { "a delete by nothing", "bf3300", read_delete },
    { "a delete by something unknown", "bf33035b0100", read_delete },
    { "a refresh flag of two octets", "bf58048002ffff", read_refresh },
    { "a refresh flag of two octets under 01", "bf58040102ffff", read_refresh },
    { "a refresh flag of no octets under 01", "bf58020100", read_refresh },
    { "a refresh flag under 02", "bf58030201ff", read_refresh },
    { "a refresh flag that is missing", "bf5800", read_refresh },
    { "a code that is empty", "bf31028000", read_code },
    { "a code of nine octets", "bf310b8009010203040506070809", read_code },
    { "a code under another tag", "bf3103810100", read_code },
    { "metadata without names", "bf250c5a0a98001032547698103214", read_metadata },
    { "a package without its lists", "bf3600", read_bpp },
    { "a notification that is a bare integer", "020101", read_notification },
};

void refuses_hostile_messages(void)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct buf b = hex_with_spaces(refused[i].bytes);
        CHECK_ROW(refused[i].name, refused[i].read(buf_span(&b)) == ERR_PARSE);
        buf_release(&b);
    }
}

static const struct {
    const char *file, *row;
    char separator;
    enum err (*read)(struct span bytes);
} sound[] = {
    { VECTORS_SGP32, "REQ enable IC1 rollbackFlag, ctr 2", '\t', read_request },
    { VECTORS_SGP32, "RES listProfileInfo one profile", '\t', read_result },
    { VECTORS_SGP32, "ESipa ProvideEimPackageResult (ePRAndNotifications, empty list)", '\t', read_provide },
    { VECTORS_SGP32, "ESipa GetEimPackage resp download trigger (AC)", '\t', read_poll },
    { VECTORS_SGP32, "ES10b AddInitialEim one eIM (SGP.26 EIMsign SPKI)", '\t', read_initial_eim },
    { VECTORS_SGP32, "EUICCInfo2 example (SGP.32 v1.2, IPAd)", '\t', read_info2 },
    { VECTORS_RSP, "WAI session/store-metadata.der", ' ', read_metadata },
    { VECTORS_RSP, "WAI session/bound-profile-package.der", ' ', read_bpp },
    { VECTORS_RSP, "WAI session/pending-notification.der", ' ', read_notification },
};

/* Every beginning of a sound message is refused: the outer length no longer holds. */
static void truncate_one(const char *row, struct span whole, enum err (*read)(struct span))
{
    bool all = true;
    CHECK_ROW(row, read(whole) == ERR_OK);
    for (size_t n = 0; n < whole.len; n++) {
        struct buf b = { .max = 1 << 16 }; /* memory of its own, so that reading past the end shows */
        all = all && buf_put(&b, span_sub(whole, 0, n)) == ERR_OK && read(buf_span(&b)) == ERR_PARSE;
        buf_release(&b);
    }
    CHECK_ROW(row, all);
}

void survives_every_truncation(void)
{
    for (size_t i = 0; i < COUNT(sound); i++) {
        struct buf file = vectors_load(sound[i].file);
        if (file.len) {
            struct buf whole = vectors_row(&file, sound[i].row, sound[i].separator);
            truncate_one(sound[i].row, buf_span(&whole), sound[i].read);
            buf_release(&whole);
        }
        buf_release(&file);
    }
}

/* A flipped bit is read or refused, and nothing else happens. */
void survives_every_flipped_bit(void)
{
    for (size_t i = 0; i < COUNT(sound); i++) {
        struct buf file = vectors_load(sound[i].file);
        if (file.len) {
            struct buf whole = vectors_row(&file, sound[i].row, sound[i].separator);
            bool all = true;
            for (size_t bit = 0; bit < whole.len * 8; bit++) {
                whole.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
                enum err e = sound[i].read(buf_span(&whole));
                all = all && (e == ERR_OK || e == ERR_PARSE || e == ERR_LIMIT);
                whole.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
            CHECK_ROW(sound[i].row, all);
            buf_release(&whole);
        }
        buf_release(&file);
    }
}

void writes_nothing_incomplete(void)
{
    struct buf out = { .max = 256 };
    CHECK(buf_put_str(&out, "before") == ERR_OK);
    const struct rsp_server_signed1 server = { .transaction_id = SPAN(1) };
    CHECK(rsp_server_signed1_write(&server, &out) == ERR_STATE);
    const struct rsp_get_eim_package_response none = { 0 };
    CHECK(rsp_get_eim_package_response_write(&none, &out) == ERR_STATE);
    const struct rsp_delete_profile_request nothing = { .profile.which = RSP_PROFILE_BY_ICCID };
    CHECK(rsp_delete_profile_request_write(&nothing, &out) == ERR_STATE);
    const struct rsp_psmo unknown = { .which = (enum rsp_psmo_kind)99 };
    CHECK(rsp_psmo_write(&unknown, &out) == ERR_STATE);
    CHECK(span_equal(buf_span(&out), span_str("before")));
    struct buf small = { .max = 8 };
    const struct rsp_get_eid_response eid = { .eid = SPAN(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                                                          16) };
    CHECK(rsp_get_eid_response_write(&eid, &small) == ERR_LIMIT);
    CHECK(small.len == 0);
    buf_release(&small);
    buf_release(&out);
}

/* Who passed over the second would do half of what was signed, and say that all was done. */
void no_two_alternatives_of_one_choice(void)
{
    static const struct {
        const char *name;
        uint8_t lists[8];
        uint8_t len;
        enum err e;
    } rows[] = {
        { "commands", { 0xA0, 2, 0xA9, 0 }, 4, ERR_OK },
        { "commands for eIMs", { 0xA1, 2, 0xAB, 0 }, 4, ERR_OK },
        { "both", { 0xA0, 2, 0xA9, 0, 0xA1, 2, 0xAB, 0 }, 8, ERR_PARSE },
        { "both, the other way round", { 0xA1, 2, 0xAB, 0, 0xA0, 2, 0xA9, 0 }, 8, ERR_PARSE },
        { "commands twice", { 0xA0, 2, 0xA9, 0, 0xA0, 2, 0xA9, 0 }, 8, ERR_PARSE },
        { "commands, and what nobody knows", { 0xA0, 2, 0xA9, 0, 0x9F, 0x7F, 0 }, 7, ERR_OK },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf bytes = { .max = 256 };
        const uint8_t zeros[64] = { 0 };
        uint8_t inside = (uint8_t)(24 + rows[i].len);
        REQUIRE(buf_put(&bytes, SPAN(0xBF, 0x51, (uint8_t)(2 + inside + 67), 0x30, inside, 0x80, 1, 'a', 0x5A, 16)) == ERR_OK);
        REQUIRE(buf_put(&bytes, span_of(zeros, 16)) == ERR_OK && buf_put(&bytes, SPAN(0x81, 1, 1)) == ERR_OK);
        REQUIRE(buf_put(&bytes, span_of(rows[i].lists, rows[i].len)) == ERR_OK);
        REQUIRE(buf_put(&bytes, SPAN(0x5F, 0x37, 64)) == ERR_OK && buf_put(&bytes, SPAN_ARRAY(zeros)) == ERR_OK);
        CHECK_ROW(rows[i].name, read_request(buf_span(&bytes)) == rows[i].e);
        buf_release(&bytes);
    }
}
