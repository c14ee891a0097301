/* Memory runs out at any allocation inside the card: it answers undefinedError or 6F00, has done nothing, and goes on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rsp_codes.h"
#include "world.h"

#define LEAD "5a0a98001032547698103214"
#define PARTNER "5a0a98001032547698103285"
#define UNDEFINED 127
#define NO_DIAGNOSIS (-1)
#define SOMETHING_ELSE (-2)

/* ---- allocations (the linker leads them here)
 * ----------------------------------------------------------------------------- */
static struct {
    bool armed;
    unsigned count, fail_at;
} memory;

static bool fails(void)
{
    bool failing = memory.armed && ++memory.count == memory.fail_at;
    if (failing)
        errno = ENOMEM;
    return failing;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    return fails() ? NULL : __real_realloc(at, size);
}

/* ---- a card in front of the card: only what happens inside may fail
 * -------------------------------------------------------- */
struct short_card {
    struct card card;
    struct card *real;
};

static enum err short_reset(struct card *c, struct buf *atr)
{
    return card_reset(((struct short_card *)c)->real, atr);
}

static enum err short_transmit(struct card *c, struct span command, struct buf *response)
{
    REQUIRE(buf_reserve(response, CARD_RESPONSE_MAX - response->len) == ERR_OK); /* the terminal's memory */
    memory.armed = true;
    enum err e = card_transmit(((struct short_card *)c)->real, command, response);
    memory.armed = false;
    return e;
}

static void short_close(struct card *c)
{
    card_close(((struct short_card *)c)->real);
}

/* ---- stories
 * -------------------------------------------------------------------------------------------------------------- */
struct story {
    const char *name;
    world_tune tune;
    void (*prepare)(struct world *w);                           /* once */
    void (*each)(struct world *w, struct dp *d);                /* after every power on; NULL nothing */
    int64_t (*act)(struct world *w, struct dp *d);              /* 0 done, UNDEFINED, NO_DIAGNOSIS */
    const char *request, *done, *undefined;                     /* in place of act: hex; `done` is how its answer begins */
    bool leaves_result;                                         /* undefinedError is a change of memory too */
};

static void nothing(struct world *w)
{
    CHECK(profile_state(w, LEAD_ICCID) == 1);
}

static void have_profile(struct world *w)
{
    struct dp d;
    dp_open(&d);
    REQUIRE(download(w, &d) == 0);
    dp_close(&d);
}

static void have_switched(struct world *w)
{
    have_partner(w);
    REQUIRE(eim_package_is(w, "a30e5a0a980010325476981032850500", "830100"));
}

static void sgp22_only(struct euicc_settings *s)
{
    s->sgp22_only = true;
}

static void be_installed(struct world *w, struct dp *d)
{
    REQUIRE(dp_authenticate(w, d) == 0 && dp_prepare(w, d) == 0);
    struct buf result = { .max = 4096 };
    dp_load(w, d, &result);
    CHECK(profile_state(w, PARTNER_ICCID) == 0);
    buf_release(&result);
}

static void have_immediate_enable(struct world *w)
{
    REQUIRE(es10_is(w, "bf59028000", "bf5903800100"));
}

/* An answer with its error as this member: 0 where that is not in it. */
static int64_t error_at(uint16_t sw, struct span answer, uint32_t tag, uint32_t member)
{
    struct der_tlv whole, t;
    int64_t code = 0;
    if (sw == 0x6f00)
        return NO_DIAGNOSIS;
    if (sw != 0x9000 || der_only(answer, tag, &whole))
        return SOMETHING_ELSE;
    return !der_find(whole.value, member, &t) && der_integer(t.value, &code) ? SOMETHING_ELSE : code;
}

static int64_t send_bytes(struct world *w, struct buf *request, uint32_t tag)
{
    struct buf response = { .max = 1 << 12 };
    uint16_t sw = es10(w, buf_span(request), &response);
    int64_t code = error_at(sw, buf_span(&response), tag, 0x81);
    buf_release(request);
    buf_release(&response);
    return code;
}

static int64_t cancel(struct world *w, struct dp *d)
{
    struct buf request = { .max = 64 };
    const struct rsp_cancel_session_request q = { SPAN_ARRAY(d->transaction_id), RSP_CANCEL_REASON_TIMEOUT };
    REQUIRE(rsp_cancel_session_request_write(&q, &request) == ERR_OK);
    return send_bytes(w, &request, 0xbf41);
}

static int64_t load_crl(struct world *w, struct dp *d)
{
    struct buf request = { .max = 4096 };
    (void)d;
    put_crl(w, "CERT_CI_ECDSA_NIST", 5, &request);
    return send_bytes(w, &request, 0xbf35);
}

static int64_t associate(struct world *w, struct dp *d)
{
    struct buf request = { .max = 1024 };
    (void)d;
    put_add_initial_eim(w, true, &request);
    return send_bytes(w, &request, 0xbf57);
}

static int64_t authenticate(struct world *w, struct dp *d)
{
    return dp_authenticate(w, d);
}

static void be_authenticated(struct world *w, struct dp *d)
{
    REQUIRE(dp_authenticate(w, d) == 0);
}

static int64_t prepare_download(struct world *w, struct dp *d)
{
    return dp_prepare(w, d);
}

static void be_prepared(struct world *w, struct dp *d)
{
    REQUIRE(dp_authenticate(w, d) == 0 && dp_prepare(w, d) == 0);
}

static int64_t load(struct world *w, struct dp *d)
{
    struct buf result = { .max = 4096 };
    struct rsp_profile_installation_result r;
    int64_t code = NO_DIAGNOSIS;
    dp_load(w, d, &result);
    if (result.len)
        code = rsp_profile_installation_result_read(buf_span(&result), &r) ? SOMETHING_ELSE
               : r.data.result.which == RSP_OK                              ? 0
                                                                            : r.data.result.error.reason;
    buf_release(&result);
    return code;
}

/* Of its only command. */
static int64_t enabled_result(struct span results)
{
    return span_equal(results, SPAN(0x83, 0x01, 0x00))   ? 0
           : span_equal(results, SPAN(0x83, 0x01, 0x7f)) ? UNDEFINED
           : span_equal(results, SPAN(0x02, 0x01, 0x7f)) ? UNDEFINED
                                                         : SOMETHING_ELSE;
}

static int64_t package(struct world *w, struct dp *d)
{
    struct buf response = { .max = 4096 };
    struct rsp_euicc_package_result r = { 0 };
    int64_t code = NO_DIAGNOSIS;
    (void)d;
    eim_package(w, "a30e5a0a980010325476981032850500", &response);
    if (response.len && rsp_euicc_package_result_read(buf_span(&response), &r))
        code = SOMETHING_ELSE;
    else if (response.len)
        code = r.which == RSP_PACKAGE_RESULT_SIGNED  ? enabled_result(r.result.data.results)
               : r.which == RSP_PACKAGE_ERROR_SIGNED ? r.error.data.code
                                                     : SOMETHING_ELSE;
    buf_release(&response);
    return code;
}

/* cmdResult; where the way back failed inside, the result that the eIM gets says so too. */
static int64_t roll_back(struct world *w, struct dp *d)
{
    struct buf response = { .max = 4096 };
    struct der_tlv whole, result;
    (void)d;
    uint16_t sw = es10(w, SPAN(0xbf, 0x58, 0x03, 0x80, 0x01, 0xff), &response);
    int64_t code = error_at(apdu_success(sw) ? 0x9000 : sw, buf_span(&response), 0xbf58, 0x02);
    bool told = code != UNDEFINED || der_only(buf_span(&response), 0xbf58, &whole) ||
                der_find(whole.value, 0xbf51, &result) ||
                memmem(result.value.at, result.value.len, "\x8c\x01\x7f", 3);
    CHECK(told);
    buf_release(&response);
    return code;
}

static bool begins(struct span s, const char *wanted)
{
    struct buf want = hex(wanted);
    bool same = s.len >= want.len && span_equal(span_sub(s, 0, want.len), buf_span(&want));
    buf_release(&want);
    return same;
}

static int64_t send(struct world *w, const struct story *s)
{
    struct buf request = hex(s->request), response = { .max = 1 << 16 };
    uint16_t sw = es10(w, buf_span(&request), &response);
    int64_t code = sw == 0x6f00                                                  ? NO_DIAGNOSIS
                   : !apdu_success(sw)                                           ? SOMETHING_ELSE
                   : s->undefined && begins(buf_span(&response), s->undefined)   ? UNDEFINED
                   : begins(buf_span(&response), s->done)                        ? 0
                                                                                 : SOMETHING_ELSE;
    buf_release(&request);
    buf_release(&response);
    return code;
}

static const struct story stories[] = {
    { "GetEUICCInfo1", .prepare = nothing, .request = "bf2000", .done = "bf20" },
    { "GetEUICCInfo2", .prepare = nothing, .request = "bf2200", .done = "bf22" },
    { "GetRAT", .prepare = nothing, .request = "bf4300", .done = "bf43" },
    { "ListNotification", .prepare = have_profile, .request = "bf2800", .done = "bf28", .undefined = "bf280381017f" },
    { "SetNickname", .prepare = nothing, .request = "bf290f5a0a98001032547698103214900141", .done = "bf2903800100",
      .undefined = "bf290380017f" },
    { "RetrieveNotificationsList", .prepare = have_profile, .request = "bf2b00", .done = "bf2b", .undefined = "bf2b0381017f" },
    { "GetProfilesInfo", .prepare = have_profile, .request = "bf2d00", .done = "bf2d", .undefined = "bf2d0381017f" },
    { "GetProfilesInfo with what is only kept", .prepare = have_profile, .request = "bf2d045c02ff7e", .done = "bf2d",
      .undefined = "bf2d0381017f" },
    { "RemoveNotificationFromList", .prepare = have_profile, .request = "bf3003800101", .done = "bf3003800100",
      .undefined = "bf300380017f" },
    { "EnableProfile", .prepare = have_profile, .request = "bf3111a00c5a0a980010325476981032858101ff", .done = "bf3103800100",
      .undefined = "bf310380017f" },
    { "DisableProfile", .prepare = nothing, .request = "bf3211a00c5a0a980010325476981032148101ff", .done = "bf3203800100",
      .undefined = "bf320380017f" },
    { "DeleteProfile", .prepare = have_profile, .request = "bf330c5a0a98001032547698103285", .done = "bf3303800100",
      .undefined = "bf330380017f" },
    { "SetDefaultDpAddress of SGP.22", .prepare = nothing, .request = "bf3f058003612e62", .done = "bf3f03800100",
      .undefined = "bf3f0380017f" },
    { "GetEimConfigurationData", .prepare = have_partner, .request = "bf5500", .done = "bf55" },
    { "GetCerts", .prepare = nothing, .request = "bf5600", .done = "bf56", .undefined = "bf560381017f" },
    { "ProfileRollback", .prepare = have_switched, .act = roll_back, .leaves_result = true },
    { "ConfigureImmediateProfileEnabling", .prepare = nothing, .request = "bf59028000", .done = "bf5903800100",
      .undefined = "bf590380017f" },
    { "EnableEmergencyProfile", .prepare = have_emergency, .request = "bf5b038001ff", .done = "bf5b03800100",
      .undefined = "bf5b0380017f" },
    { "DisableEmergencyProfile", .prepare = be_in_emergency, .request = "bf5c038001ff", .done = "bf5c03800100",
      .undefined = "bf5c0380017f" },
    { "ExecuteFallbackMechanism", .prepare = have_emergency, .request = "bf5d038001ff", .done = "bf5d03800100",
      .undefined = "bf5d0380017f" },
    { "ReturnFromFallback", .prepare = have_fallen_back, .request = "bf5e038001ff", .done = "bf5e03800100",
      .undefined = "bf5e0380017f" },
    { "GetConnectivityParameters", .prepare = nothing, .request = "bf5f00", .done = "bf5f03810101", .undefined = "bf5f0381017f" },
    { "eUICCMemoryReset of the default address", .prepare = nothing, .request = "bf640482020520", .done = "bf6403800100",
      .undefined = "bf640380017f" },
    { "eUICCMemoryReset of all", .prepare = have_profile, .request = "bf6404820201fe", .done = "bf6409800100",
      .undefined = "bf640980017f81017f82017f" },
    { "eUICCMemoryReset of SGP.22", sgp22_only, nothing, .request = "bf340482020520", .done = "bf3403800100",
      .undefined = "bf340380017f" },
    { "SetDefaultDpAddress", .prepare = nothing, .request = "bf65058003612e62", .done = "bf6503800100",
      .undefined = "bf650380017f" },
    { "ImmediateEnable", .prepare = have_immediate_enable, .each = be_installed, .request = "bf5a038001ff",
      .done = "bf5a03800100", .undefined = "bf5a0380017f" },
    { "CancelSession", .prepare = nothing, .each = be_authenticated, .act = cancel },
    { "LoadCRL", .prepare = nothing, .act = load_crl },
    { "AddInitialEim", .prepare = nothing, .act = associate },
    { "AuthenticateServer", .prepare = nothing, .act = authenticate },
    { "PrepareDownload", .prepare = nothing, .each = be_authenticated, .act = prepare_download },
    { "LoadBoundProfilePackage", .prepare = nothing, .each = be_prepared, .act = load, .leaves_result = true },
    { "LoadEuiccPackage", .prepare = have_partner, .act = package, .leaves_result = true },
};

static int64_t run(struct world *w, const struct story *s, struct dp *d, unsigned fail_at)
{
    memory.count = 0;
    memory.fail_at = fail_at;
    int64_t code = s->act ? s->act(w, d) : send(w, s);
    memory.fail_at = 0;
    return code;
}

/* Fails the n-th allocation, for all n, until none was left to fail. */
static void sweep(struct world *w, const struct story *s, struct span before)
{
    struct buf was = { .max = 1 << 20 }, found = { .max = 1 << 20 };
    for (unsigned n = 1, hit = 1; hit; n++) {
        struct dp d;
        dp_open(&d);
        d.spoiled = true;
        REQUIRE(buf_set(&w->nvm.ram.blob, before) == ERR_OK);
        world_reset(w);
        if (s->each)
            s->each(w, &d);
        nvm_snapshot(w, &was);
        int64_t code = run(w, s, &d, n);
        hit = memory.count >= n;
        nvm_snapshot(w, &found);
        bool same = span_equal(buf_span(&was), buf_span(&found));
        bool possible = code == 0 || (hit && (code == UNDEFINED || code == NO_DIAGNOSIS));
        if (!possible)
            printf("    allocation %u: code %d\n", n, (int)code);
        CHECK_ROW(s->name, possible);
        CHECK_ROW(s->name, code == 0 || same || (code == UNDEFINED && s->leaves_result));
        /* What was not done can be done now; a session may have ended. */
        CHECK_ROW(s->name, code == 0 || s->act || s->each || run(w, s, &d, 0) == 0);
        dp_close(&d);
    }
    buf_release(&was);
    buf_release(&found);
}

static void memory_runs_out_at_any_allocation(void)
{
    static const struct card_ops ops = { "short of memory", short_reset, short_transmit, short_close };
    for (size_t i = 0; i < COUNT(stories); i++) {
        struct world w;
        struct buf before = { .max = 1 << 20 };
        world_open(&w, stories[i].tune);
        stories[i].prepare(&w);
        nvm_snapshot(&w, &before);
        struct short_card card = { { &ops }, w.card };
        w.card = &card.card;
        sweep(&w, &stories[i], buf_span(&before));
        w.card = card.real;
        buf_release(&before);
        world_close(&w);
    }
}

/* ---- commands of a package
 * ------------------------------------------------------------------------------------------------ */
static const struct command {
    const char *name;
    enum eim_flaw kind; /* EIM_FINE: a PSMO */
    void (*prepare)(struct world *w);
    const char *command, *undefined; /* both in hex */
} commands[] = {
    { "enable", EIM_FINE, have_partner, "a30c" PARTNER, "83017f" },
    { "enable with rollback", EIM_FINE, have_partner, "a30e" PARTNER "0500", "83017f" },
    { "disable", EIM_FINE, have_partner, "a40c" LEAD, "84017f" },
    { "delete", EIM_FINE, have_partner, "a50c" PARTNER, "85017f" },
    { "listProfileInfo", EIM_FINE, have_partner, "bf2d00", "bf2d0381017f" },
    { "getRAT, which has no code", EIM_FINE, have_partner, "a600", "02017f" },
    { "configureImmediateEnable", EIM_FINE, have_partner, "a70a80008206736d64702e61", "87017f" },
    { "setFallbackAttribute", EIM_FINE, have_partner, "a80c" LEAD, "8d017f" },
    { "unsetFallbackAttribute", EIM_FINE, have_emergency, "a900", "8e017f" },
    { "setDefaultDpAddress", EIM_FINE, have_partner, "bf65058003612e63", "bf650380017f" },
    { "addEim", EIM_ECO, have_partner, NULL, "a80302017f" },
    { "deleteEim", EIM_ECO, have_partner, "a90a80087465737465696d31", "89017f" },
    { "updateEim", EIM_ECO, have_partner, "aa0d80087465737465696d31810163", "8a017f" },
    { "listEim", EIM_ECO, have_partner, "ab00", "ab0381017f" },
};
/* What precedes it in the package, and is done whatever happens to it. */
static const char *const first_command[] = { "bf65058003612e62", "aa0d80087465737465696d31810162" };
static const char *const first_result[] = { "bf6503800100", "8a0100" };

/* The results of a package in hex; "" when there are none. */
static void results_of(struct span answer, struct buf *text)
{
    struct rsp_euicc_package_result r;
    buf_clear(text);
    if (!rsp_euicc_package_result_read(answer, &r) && r.which == RSP_PACKAGE_RESULT_SIGNED)
        REQUIRE(hex_put(text, r.result.data.results) == ERR_OK);
}

static bool only_the_first_is_done(struct world *w, bool eco)
{
    struct buf eims = { .max = 4096 };
    REQUIRE(es10(w, SPAN(0xbf, 0x55, 0x00), &eims) == 0x9000);
    bool done = eco ? memmem(eims.at, eims.len, "\x81\x01" "b", 3) != NULL : es10_is(w, "bf3c00", "bf3c078003612e628100");
    bool one_eim = memmem(eims.at, eims.len, "\x80\x02" "e2", 4) == NULL && eims.len > 20;
    buf_release(&eims);
    return done && one_eim && profile_state(w, LEAD_ICCID) == 1 && profile_state(w, PARTNER_ICCID) == 0 &&
           es10_is(w, "bf58038001ff", "bf5803020101");
}

static void command_is_undone_alone(struct world *w, const struct command *c, const char *list, struct span before)
{
    struct buf response = { .max = 1 << 14 }, text = { .max = 1 << 15 };
    bool eco = c->kind == EIM_ECO, seen = false;
    char undefined[64];
    int64_t counter = w->counter;
    snprintf(undefined, sizeof undefined, "%s%s", first_result[eco], c->undefined);
    for (unsigned n = 1, hit = 1; hit; n++) {
        REQUIRE(buf_set(&w->nvm.ram.blob, before) == ERR_OK);
        world_reset(w);
        w->counter = counter;
        memory.count = 0;
        memory.fail_at = n;
        eim_package_with(w, c->kind, list, &response);
        memory.fail_at = 0;
        hit = memory.count >= n;
        results_of(buf_span(&response), &text);
        if (strcmp(buf_cstr(&text), undefined))
            continue;
        seen = true;
        CHECK_ROW(c->name, only_the_first_is_done(w, eco));
        world_reset(w);
        CHECK_ROW(c->name, only_the_first_is_done(w, eco));
    }
    CHECK_ROW(c->name, seen);
    buf_release(&response);
    buf_release(&text);
}

static void a_command_that_fails_inside_is_undone_alone(void)
{
    static const struct card_ops ops = { "short of memory", short_reset, short_transmit, short_close };
    for (size_t i = 0; i < COUNT(commands); i++) {
        struct world w;
        struct buf before = { .max = 1 << 20 };
        char added[1024], list[2048];
        world_open(&w, NULL);
        commands[i].prepare(&w);
        nvm_snapshot(&w, &before);
        put_eco(&w, 0xa8, 2, "", added, sizeof added);
        snprintf(list, sizeof list, "%s%s", first_command[commands[i].kind == EIM_ECO],
                 commands[i].command ? commands[i].command : added);
        struct short_card card = { { &ops }, w.card };
        w.card = &card.card;
        command_is_undone_alone(&w, &commands[i], list, buf_span(&before));
        w.card = card.real;
        buf_release(&before);
        world_close(&w);
    }
}

/* Files and codes of the UICC have no code for it: 6F00, and what was read before can be read again. */
static void the_uicc_says_6f00(void)
{
    static const struct card_ops ops = { "short of memory", short_reset, short_transmit, short_close };
    static const struct {
        const char *name, *command, *done;
    } rows[] = {
        { "SELECT", "00a40804022fe200", "62" },
        { "READ BINARY", "00b0870009", "08" },
        { "UPDATE BINARY", "00d6000001aa", "9000" },
        { "VERIFY", "0020000a083535353535353535", "9000" },
        { "VERIFY with a wrong value", "0020000a083535353535353536", "63c9" },
        { "SET DATA", "80db0080038101aa", "9000" },
        { "RETRIEVE DATA", "80cb0080015c00", "5c0480" },
        { "DEACTIVATE FILE", "00040000", "9000" },
        { "GET IDENTITY", "8078000100", "a10d" },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (unsigned n = 1, hit = 1; hit; n++) {
            struct world w;
            struct buf command = hex(rows[i].command), response = { .max = CARD_RESPONSE_MAX };
            world_open(&w, with_files);
            CHECK(apdu_is(&w, "0020000a083535353535353535", "9000"));
            CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
            CHECK(apdu_is(&w, rows[i].command[1] == '0' && rows[i].command[0] == '8' ? "00a4000c026ff8" : "00a4000c026ffa", "9000"));
            struct short_card card = { { &ops }, w.card };
            memory.count = 0;
            memory.fail_at = n;
            enum err e = card_transmit(&card.card, buf_span(&command), &response);
            memory.fail_at = 0;
            hit = memory.count >= n;
            bool no_diagnosis = span_equal(buf_span(&response), SPAN(0x6f, 0x00));
            CHECK_ROW(rows[i].name, !e && (begins(buf_span(&response), rows[i].done) || (hit && no_diagnosis)));
            CHECK_ROW(rows[i].name, apdu_is(&w, "00a4080c022fe2", "9000") && apdu_is(&w, "00b0000002", "98009000"));
            buf_release(&command);
            buf_release(&response);
            world_close(&w);
        }
}

const struct test undefined_tests[] = {
    { "memory runs out at any allocation", memory_runs_out_at_any_allocation },
    { "a command of a package that fails inside is undone alone", a_command_that_fails_inside_is_undone_alone },
    { "the UICC says 6F00", the_uicc_says_6f00 },
};
const size_t undefined_tests_count = COUNT(undefined_tests);
