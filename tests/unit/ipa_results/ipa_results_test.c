/* Results that the eIM does not take: none is lost, none keeps the others waiting, and nothing is done twice for them. */
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define FINE "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}},"
#define FAILED                                                                                       \
    "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":"             \
    "{\"subjectCode\":\"8.1.1\",\"reasonCode\":\"3.9\"}}}}"

/* Makes the eIM refuse: the request names another eUICC, so that nothing is taken in earnest, and the answer is this one. */
struct refuser {
    struct tamper tamper;
    bool json;
    int64_t code;     /* provideEimPackageResultError; 0: as the eIM says it, in JSON a header that says Failed */
    int times;        /* -1: always */
    unsigned refused; /* so often */
    bool answering;
};

static void put_answer(const struct refuser *r, struct buf *bytes)
{
    const struct rsp_provide_eim_package_result_response no = { .which = RSP_PROVIDE_ERROR, .error = r->code };
    buf_clear(bytes);
    enum err e = !r->json   ? rsp_provide_eim_package_result_response_write(&no, bytes)
                 : !r->code ? buf_put_str(bytes, FAILED)
                            : buf_printf(bytes, FINE "\"provideEimPackageResultError\":%d}", (int)r->code);
    REQUIRE(e == ERR_OK);
}

static void rename_euicc(struct buf *bytes, bool json)
{
    struct buf from = json ? (struct buf){ .max = 32 } : hex(LAB_EID), to = json ? (struct buf){ .max = 32 } : hex(LAB_OTHER_EID);
    if (json)
        REQUIRE(buf_put_str(&from, LAB_EID) == ERR_OK && buf_put_str(&to, LAB_OTHER_EID) == ERR_OK);
    uint8_t *at = memmem(bytes->at, bytes->len, from.at, from.len);
    REQUIRE(at != NULL);
    memcpy(at, to.at, to.len);
    buf_release(&from);
    buf_release(&to);
}

static void refuse(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    struct refuser *r = (struct refuser *)t;
    (void)actor;
    if (moment != TAMPER_BEFORE_SENDING)
        return;
    if (!strcmp(message, "ESipa.ProvideEimPackageResultRequest") && r->times) {
        rename_euicc(bytes, r->json);
        r->times -= r->times > 0;
        r->refused++;
        r->answering = true;
    } else if (!strcmp(message, "ESipa.ProvideEimPackageResultResponse") && r->answering) {
        r->answering = false;
        if (r->code || r->json)
            put_answer(r, bytes);
    }
}

static void refuse_with(struct lab *l, struct refuser *r)
{
    r->tamper.at = refuse;
    r->json = l->json;
    l->part[LAB_IPA].env.tamper = l->part[LAB_EIM].env.tamper = &r->tamper;
}

/* Polls of an eUICC that the eIM does not know. */
struct unknown {
    struct tamper tamper;
    bool json;
};

static void hide_euicc(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    (void)actor;
    if (moment == TAMPER_BEFORE_SENDING && !strcmp(message, "ESipa.GetEimPackageRequest"))
        rename_euicc(bytes, ((struct unknown *)t)->json);
}

static const struct {
    const char *name;
    int64_t code;
} codes[] = {
    { "eidNotFound", RSP_PROVIDE_ERROR_EID_NOT_FOUND },
    { "invalidEid", RSP_PROVIDE_ERROR_INVALID_EID },
    { "missingEid", RSP_PROVIDE_ERROR_MISSING_EID },
    { "undefinedError", RSP_PROVIDE_ERROR_UNDEFINED_ERROR },
    { "a number that is none", 99 },
    { "as an eIM says it that does not know the eUICC", 0 },
};

static const struct {
    const char *name, *order, *done; /* what is logged when it is done */
} kinds[] = {
    { "a package", "{\"reference\":\"o\",\"kind\":\"setFallback\",\"iccid\":\"" LAB_LEAD_ICCID "\"}", "package.executed" },
    { "a question", "{\"reference\":\"o\",\"kind\":\"data\",\"parameters\":{\"tags\":[\"BF20\"]}}", "" },
    { "a download", "{\"reference\":\"o\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}", "download.done" },
    { "a download that fails", "{\"reference\":\"o\",\"kind\":\"download\",\"activationCode\":\"1$smdp.example.com$NONE\"}",
      "download.failed" },
};

static void open_order(struct lab *l, bool json, const char *body)
{
    lab_open(l);
    l->json = json;
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_start_device(l);
    lab_order(l, body);
}

static bool over(struct lab *l)
{
    const char *state = lab_order_state(l, "o");
    return strcmp(state, "done") == 0 || strcmp(state, "failed") == 0;
}

/* Three times refused, with a restart of the device between: brought a fourth time, and what it is the result of done once. */
static void check_refused(const char *row, size_t kind, bool json, int64_t code)
{
    struct lab l;
    struct refuser r = { .code = code, .times = 3 };
    open_order(&l, json, kinds[kind].order);
    refuse_with(&l, &r);
    lab_run(&l, 90 * CLOCK_SECOND);
    CHECK_ROW(row, r.refused >= 1 && r.refused < 3 && strcmp(lab_order_state(&l, "o"), "sent") == 0);
    lab_restart(&l, LAB_IPA);
    lab_run(&l, 20 * CLOCK_MINUTE);
    CHECK_ROW(row, r.refused == 3 && over(&l));
    CHECK_ROW(row, lab_times_said(&l, "result.refused") == 3 && lab_times_said(&l, "result.delivered") == 1);
    CHECK_ROW(row, !kinds[kind].done[0] || lab_times_said(&l, kinds[kind].done) == 1);
    CHECK_ROW(row, !lab_said(&l, "result.given_up"));
    lab_close(&l);
}

static void refused_results_come_again(void)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        for (size_t k = 0; k < COUNT(kinds); k++)
            for (int json = 0; json < 2; json++) {
                char row[120];
                snprintf(row, sizeof row, "%s, the result of %s, %s", codes[i].name, kinds[k].name, json ? "JSON" : "ASN.1");
                check_refused(row, k, json, codes[i].code);
            }
}

/* HTTP: what is said of the message, and what is said of the server. Either way nothing is lost. */
static const struct {
    int status;
    bool of_the_message; /* the device goes on meanwhile */
} statuses[] = { { 400, true }, { 403, true }, { 404, true }, { 413, true }, { 408, false }, { 429, false }, { 500, false }, { 503, false } };

static void statuses_are_no_answers(void)
{
    for (size_t i = 0; i < 2 * COUNT(statuses); i++) {
        struct lab l;
        char row[40];
        struct refuser r = { .times = 3 };
        snprintf(row, sizeof row, "HTTP %d, %s", statuses[i / 2].status, i % 2 ? "JSON" : "ASN.1");
        open_order(&l, i % 2, kinds[0].order);
        refuse_with(&l, &r);
        l.hurdle = l.json ? "provideEimPackageResult" : "eim.example.com";
        l.hurdle_body = l.json ? (struct span){ 0 } : SPAN(0xbf, 0x50);
        l.hurdle_status = statuses[i / 2].status;
        l.hurdle_after = true;
        l.hurdles = 3;
        lab_run(&l, 30 * CLOCK_MINUTE);
        CHECK_ROW(row, r.refused == 3 && over(&l) && lab_times_said(&l, "package.executed") == 1);
        CHECK_ROW(row, lab_times_said(&l, "result.refused") == (statuses[i / 2].of_the_message ? 3 : 0));
        lab_close(&l);
    }
}

/* What ends it is the setting. The eIM asks again, which the card refuses as a replay; it has the result still, and gives it to the
 * next start. */
static void refusals_end_with_the_setting(void)
{
    for (int json = 0; json < 2; json++) {
        struct lab l;
        struct refuser r = { .code = RSP_PROVIDE_ERROR_EID_NOT_FOUND, .times = -1 };
        lab_open(&l);
        l.json = json;
        l.result_refusals_max = 3;
        lab_start_device(&l);
        lab_order(&l, kinds[0].order);
        refuse_with(&l, &r);
        lab_run(&l, CLOCK_HOUR);
        CHECK(lab_times_said(&l, "result.given_up") == r.refused / 3 && r.refused < 60);
        CHECK(lab_said(&l, "counterValue is new") && lab_times_said(&l, "\"result\":\"setFallbackAttributeResult\"") <= 1);
        r.times = 0;
        lab_run(&l, CLOCK_HOUR);
        lab_restart(&l, LAB_IPA);
        lab_run(&l, CLOCK_MINUTE);
        CHECK(strcmp(lab_order_state(&l, "o"), "done") == 0);
        lab_close(&l);
    }
}

/* An hour apart at last, and for weeks. */
static void refusals_grow_rare(void)
{
    struct lab l;
    struct refuser r = { .code = RSP_PROVIDE_ERROR_EID_NOT_FOUND, .times = -1 };
    open_order(&l, false, kinds[0].order);
    refuse_with(&l, &r);
    lab_run(&l, 12 * CLOCK_HOUR);
    CHECK(r.refused >= 15 && r.refused <= 20);
    unsigned before = r.refused;
    lab_run(&l, CLOCK_DAY);
    CHECK(r.refused - before >= 23 && r.refused - before <= 27);
    l.clock.at -= CLOCK_DAY; /* a clock that is set back keeps none waiting for a day */
    lab_restart(&l, LAB_IPA);
    r.times = 0;
    lab_run(&l, 2 * CLOCK_MINUTE);
    CHECK(over(&l));
    lab_close(&l);
}

/* The device polls on, and what the eIM asks again is not done again. */
static void a_refused_result_keeps_nothing_waiting(void)
{
    for (int json = 0; json < 2; json++) {
        struct lab l;
        struct refuser r = { .code = RSP_PROVIDE_ERROR_EID_NOT_FOUND, .times = -1 };
        open_order(&l, json, kinds[0].order);
        refuse_with(&l, &r);
        lab_run(&l, 5 * CLOCK_MINUTE);
        CHECK(lab_times_said(&l, "a package for the card") >= 20 && lab_times_said(&l, "package.executed") == 1);
        CHECK(r.refused <= 4 && !lab_said(&l, "ipa.again_later"));
        lab_close(&l);
    }
}

/* Whether a switch is at stake still: an eIM that answers is there (SGP.32 3.3.2); one whose HTTP server refuses may not be. */
static const struct {
    const char *name;
    int status;
    bool taken_back;
} switches[] = {
    { "refused by the eIM", 0, false },
    { "refused by an HTTP server", 403, true },
};

static void a_refusal_is_an_answer(void)
{
    for (size_t i = 0; i < 2 * COUNT(switches); i++) {
        const char *name = switches[i / 2].name;
        struct lab l;
        struct refuser r = { .code = RSP_PROVIDE_ERROR_EID_NOT_FOUND, .times = 0 };
        open_order(&l, i % 2, kinds[2].order);
        lab_run(&l, CLOCK_MINUTE);
        r.times = -1;
        refuse_with(&l, &r);
        l.hurdle = switches[i / 2].status ? (l.json ? "provideEimPackageResult" : "eim.example.com") : NULL;
        l.hurdle_body = l.json ? (struct span){ 0 } : SPAN(0xbf, 0x50);
        l.hurdle_status = switches[i / 2].status;
        l.hurdle_after = true;
        l.hurdles = -1;
        lab_order(&l, "{\"reference\":\"e\",\"kind\":\"enable\",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"rollback\":true}");
        lab_run(&l, 20 * CLOCK_MINUTE);
        CHECK_ROW(name, lab_said(&l, "\"event\":\"rollback\"") == switches[i / 2].taken_back);
        CHECK_ROW(name, lab_card_state(&l.card, LAB_PARTNER_ICCID) == !switches[i / 2].taken_back);
        r.times = l.hurdles = 0;
        lab_run(&l, CLOCK_HOUR);
        CHECK_ROW(name, strcmp(lab_order_state(&l, "e"), switches[i / 2].taken_back ? "failed" : "done") == 0);
        lab_close(&l);
    }
}

/* Each question gets another transaction on its way. */
struct asker {
    struct refuser refuser;
    uint8_t questions;
};

static void ask_anew(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    struct asker *a = (struct asker *)t;
    static const uint8_t head[] = { 0x83, 0x10 };
    uint8_t *at = strcmp(message, "ESipa.GetEimPackageResponse") ? NULL : memmem(bytes->at, bytes->len, head, sizeof head);
    if (moment == TAMPER_BEFORE_SENDING && at)
        at[2] = ++a->questions;
    refuse(t, moment, actor, message, bytes);
}

static void an_eim_that_only_asks(void)
{
    struct lab l;
    struct asker a = { .refuser = { .code = RSP_PROVIDE_ERROR_EID_NOT_FOUND, .times = -1 } };
    open_order(&l, false, kinds[1].order);
    refuse_with(&l, &a.refuser);
    a.refuser.tamper.at = ask_anew;
    lab_run(&l, CLOCK_HOUR);
    CHECK(lab_said(&l, "results.too_many") && a.questions >= 32 && a.questions <= 64);
    a.refuser.times = 0;
    l.part[LAB_EIM].env.tamper = NULL;
    lab_run(&l, 2 * CLOCK_HOUR);
    CHECK(over(&l));
    lab_close(&l);
}

/* SGP.32 5.14.5: who does not know the eUICC has not heard what became of it. */
static void a_poll_that_is_refused_tells_nothing(void)
{
    for (int json = 0; json < 2; json++) {
        struct lab l;
        lab_open(&l);
        l.json = json;
        lab_register(&l, &l.card);
        lab_get_initial_eim(&l);
        lab_restart(&l, LAB_IPA);
        ipa_forget_eim(l.ipa);
        struct unknown u = { { hide_euicc }, json };
        l.part[LAB_IPA].env.tamper = &u.tamper;
        lab_run(&l, 2 * CLOCK_MINUTE);
        CHECK(lab_said(&l, "\"event\":\"poll.refused\"") && lab_told_cause(&l) == -1);
        l.part[LAB_IPA].env.tamper = NULL;
        lab_run(&l, 2 * CLOCK_MINUTE);
        CHECK(lab_told_cause(&l) == 4);
        lab_close(&l);
    }
}

static const struct test tests[] = {
    { "a result that is refused comes again, whatever it is of and however it is refused", refused_results_come_again },
    { "an HTTP status loses no result", statuses_are_no_answers },
    { "a result that is refused for ever is given up as the settings say, and the card has it still", refusals_end_with_the_setting },
    { "a refused result comes ever more rarely", refusals_grow_rare },
    { "a refused result keeps nothing waiting", a_refused_result_keeps_nothing_waiting },
    { "a switch whose result is refused is not taken back, unless nobody knows who refused", a_refusal_is_an_answer },
    { "an eIM that asks on and takes no answer fills no journal", an_eim_that_only_asks },
    { "an eIM that refuses a poll has not heard what the poll said", a_poll_that_is_refused_tells_nothing },
};

int main(void)
{
    return tests_main("ipa_results", tests, COUNT(tests));
}
