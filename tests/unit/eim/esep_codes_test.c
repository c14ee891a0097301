/* ESep: every result and error number that an eUICC may sign (SGP.32 5.9.1; catalogue A.5), as the eIM hears it: what becomes of the
 * order, and what is told of it northbound, to its callback and in the events. Numbers and names are the module's. */
#include <stdio.h>
#include <string.h>

#include "codes.h"
#include "rsp_codes.h"

#define ICCID ",\"iccid\":\"" LAB_LEAD_ICCID "\""

/* An order, and the INTEGER that a result of it may be. */
static const struct esep_kind {
    const char *kind, *more; /* more NULL: of an eIM elsewhere */
    const char *type, *member;
    enum rsp_result_kind result;
} kinds[] = {
    { "enable", ICCID, "EnableProfileResult", NULL, RSP_RESULT_ENABLE },
    { "enable", ICCID ",\"rollback\":true", "EnableProfileResult", NULL, RSP_RESULT_ENABLE },
    { "enable", ICCID ",\"rollback\":true", "RollbackProfileResult", NULL, RSP_RESULT_ROLLBACK },
    { "disable", ICCID, "DisableProfileResult", NULL, RSP_RESULT_DISABLE },
    { "delete", ICCID, "DeleteProfileResult", NULL, RSP_RESULT_DELETE },
    { "list", "", "SGP32-ProfileInfoListError", NULL, RSP_RESULT_LIST_PROFILE_INFO },
    { "configureImmediateEnable", "", "ConfigureImmediateEnableResult", NULL, RSP_RESULT_CONFIGURE_IMMEDIATE_ENABLE },
    { "setFallback", ICCID, "SetFallbackAttributeResult", NULL, RSP_RESULT_SET_FALLBACK_ATTRIBUTE },
    { "unsetFallback", "", "UnsetFallbackAttributeResult", NULL, RSP_RESULT_UNSET_FALLBACK_ATTRIBUTE },
    { "setDefaultDpAddress", ",\"parameters\":{\"address\":\"smdp.example.com\"}", "SGP32-SetDefaultDpAddressResponse",
      "setDefaultDpAddressResult", RSP_RESULT_SET_DEFAULT_DP_ADDRESS },
    { "addEim", NULL, "AddEimResultCode", NULL, RSP_RESULT_ADD_EIM },
    { "deleteEim", ",\"parameters\":{\"eimId\":\"second.example.com\"}", "DeleteEimResult", NULL, RSP_RESULT_DELETE_EIM },
    { "updateEim", NULL, "UpdateEimResult", NULL, RSP_RESULT_UPDATE_EIM },
    { "listEim", "", "ListEimResult", "listEimError", RSP_RESULT_LIST_EIM },
    { "getRat", "", "ProcessingTerminated", NULL, RSP_RESULT_PROCESSING_TERMINATED },
    { "enable", ICCID, "ProcessingTerminated", NULL, RSP_RESULT_PROCESSING_TERMINATED },
    { "addEim", NULL, "ProcessingTerminated", NULL, RSP_RESULT_PROCESSING_TERMINATED },
    { "enable", ICCID, "EuiccPackageErrorCode", NULL, RSP_RESULT_NONE },
    { "list", "", "EuiccPackageErrorCode", NULL, RSP_RESULT_NONE },
    { "listEim", "", "EuiccPackageErrorCode", NULL, RSP_RESULT_NONE },
};

/* What becomes of the order where it does not simply fail with the number's name (SGP.32 3.3.1, 3.3.2, 5.9.1). */
static const struct {
    const char *type;
    int64_t code;
    const char *state, *name; /* name NULL: the module's */
} exceptions[] = {
    { "RollbackProfileResult", 0, "failed", "rolledBack" }, /* done, but not what was ordered */
    { "DeleteEimResult", 2, "done", NULL },                 /* lastEimDeleted: it was deleted */
    { "EnableProfileResult", 5, "queued", "" },             /* catBusy: asked again later */
    { "DisableProfileResult", 5, "queued", "" },
    { "EuiccPackageErrorCode", 104, "queued", "" }, /* ecallActive */
    { "EuiccPackageErrorCode", 4, "sent", "" },     /* replayError: its result is asked for */
};

static struct outcome outcome_of(const struct esep_kind *k, const struct code_name *c)
{
    for (size_t i = 0; i < COUNT(exceptions); i++)
        if (exceptions[i].code == c->code && strcmp(exceptions[i].type, k->type) == 0)
            return (struct outcome){ exceptions[i].state, exceptions[i].name ? exceptions[i].name : c->name };
    return (struct outcome){ strcmp(c->name, "ok") == 0 ? "done" : "failed", c->name };
}

/* --- the card's answer ------------------------------------------------------------------------------------------ */

static void put_result(enum rsp_result_kind which, int64_t code, struct buf *out)
{
    struct rsp_euicc_result r = { .which = which, .code = code };
    r.profiles.which = r.eims.which = RSP_ERROR;
    r.profiles.error = r.eims.error = r.add_eim.code = code;
    r.add_eim.which = RSP_ADD_EIM_CODE;
    REQUIRE(rsp_euicc_result_write(&r, out) == ERR_OK);
}

static void sign_results(struct fixture *f, struct span results)
{
    const struct rsp_euicc_package_signed *q = &f->package.message.package.package_signed;
    const struct rsp_package_result_data d = { .eim_id = q->eim_id, .counter = q->counter, .seq_number = 9, .results = results,
                                               .eim_transaction_id = q->eim_transaction_id };
    sign_result(f, &f->l.card, &d);
}

static void answer(struct fixture *f, const struct esep_kind *k, int64_t code)
{
    const struct rsp_euicc_package_signed *q = &f->package.message.package.package_signed;
    const struct rsp_package_error_data error = { q->eim_id, q->counter, q->eim_transaction_id, code, { 0 } };
    struct buf results = { .max = 64 };
    if (k->result == RSP_RESULT_NONE) {
        sign_error(f, &f->l.card, &error);
    } else {
        put_result(k->result, code, &results);
        sign_results(f, buf_span(&results));
    }
    buf_release(&results);
}

static void send_order(struct fixture *f, const struct esep_kind *k)
{
    char more[900];
    if (!k->more)
        other_eim(f, "second.example.com", "", more);
    REQUIRE(order(f, "a", k->kind, k->more ? k->more : more) == 202);
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
}

/* --- what is told of it ------------------------------------------------------------------------------------------- */

bool shows_outcome(struct fixture *f, const struct outcome *o, int64_t code)
{
    json_t *answer = NULL;
    REQUIRE(lab_call(&f->l, f->l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=a", "", &answer) == 200);
    const json_t *result = json_object_get(answer, "result");
    const char *name = json_str(result, "name");
    bool shown = strcmp(json_str(answer, "state"), o->state) == 0 && strcmp(name ? name : "", o->name) == 0 &&
                 (!name || json_integer_value(json_object_get(result, "code")) == code);
    if (!shown)
        printf(" (%s %s)", json_str(answer, "state"), name ? name : "");
    json_decref(answer);
    return shown;
}

/* One event, and one letter to the callback, of an order that ended; else none. */
bool told_outcome(struct fixture *f, const struct outcome *o)
{
    char want[120];
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header all = { "Last-Event-ID", "0" };
    const struct http_call q = { .method = "GET", .url = LAB_EIM_URL "/v1/events?follow=false", .headers = &all, .header_count = 1 };
    const bool ended = o->name[0];
    tick_eim(f);
    REQUIRE(http_send(f->l.eso, &q, &p) == ERR_OK && buf_put_u8(&p.body, 0) == ERR_OK);
    snprintf(want, sizeof want, "\"name\":\"%s\"", o->name);
    bool event = strstr((const char *)p.body.at, "order.ended") && strstr((const char *)p.body.at, want);
    http_response_release(&p);
    snprintf(want, sizeof want, "a %s %s", o->state, o->name);
    return event == ended && f->eso.heard_count == ended && (!ended || strcmp(f->eso.heard[0], want) == 0);
}

static void play(const struct esep_kind *k, const struct code_name *c, bool json)
{
    const struct outcome o = outcome_of(k, c);
    const bool acknowledged = k->result != RSP_RESULT_NONE;
    struct fixture f;
    char row[160];
    fixture_open(&f);
    f.peer.json = json;
    snprintf(row, sizeof row, "%s: %s %s(%lld)", k->kind, k->type, c->name, (long long)c->code);
    send_order(&f, k);
    answer(&f, k, c->code);
    CHECK_ROW(row, bring_result(&f) == (acknowledged ? (int)RSP_PROVIDE_ACKNOWLEDGEMENTS : (int)RSP_PROVIDE_EMPTY));
    CHECK_ROW(row, shows_outcome(&f, &o, c->code));
    CHECK_ROW(row, told_outcome(&f, &o));
    /* Told again it changes nothing. */
    CHECK_ROW(row, bring_result(&f) == (acknowledged ? (int)RSP_PROVIDE_ACKNOWLEDGEMENTS : (int)RSP_PROVIDE_EMPTY));
    CHECK_ROW(row, shows_outcome(&f, &o, c->code) && told_outcome(&f, &o));
    fixture_close(&f);
}

static void each_number_of_the_module(void)
{
    size_t played = 0;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct code_name names[CODES_MAX];
        size_t count = module_codes(kinds[i].type, kinds[i].member, names);
        for (size_t n = 0; n < count; n++)
            play(&kinds[i], &names[n], played++ % 2);
    }
    CHECK(played > 90);
}

/* --- numbers of nobody ----------------------------------------------------------------------------------------------- */

static bool is_named(const struct esep_kind *k, int64_t code)
{
    struct code_name names[CODES_MAX];
    size_t count = module_codes(k->type, k->member, names);
    while (count && names[count - 1].code != code)
        count--;
    return count;
}

static void numbers_of_nobody(void)
{
    static const int64_t codes[] = { 0, -1, 4, 99, INT64_C(1) << 40 };
    for (size_t i = 0; i < COUNT(kinds); i++)
        for (size_t n = 0; n < COUNT(codes); n++) {
            const struct code_name unknown = { codes[n], "unknown" };
            if (!is_named(&kinds[i], codes[n]))
                play(&kinds[i], &unknown, n % 2);
        }
}

/* Results that are no single number of what was ordered. */
static const struct {
    const char *name, *results; /* contents of euiccResult in hex */
    const char *state, *result;
    int64_t code;
} lists[] = {
    { "done, then terminated by an interruption", "830100" "020103", "failed", "interruption", 3 },
    { "done, then terminated by too long a result", "830100" "020101", "failed", "resultSizeOverflow", 1 },
    { "done, then terminated by a number of nobody", "830100" "020109", "failed", "unknown", 9 },
    { "failed, then terminated", "830102" "020103", "failed", "profileNotInDisabledState", 2 },
    { "terminated, then done", "020103" "830100", "failed", "interruption", 3 },
    { "done, said twice", "830100" "830100", "done", "ok", 0 },
};

static void lists_of_results(void)
{
    for (size_t i = 0; i < COUNT(lists); i++) {
        const struct outcome o = { lists[i].state, lists[i].result };
        struct buf results = hex(lists[i].results);
        struct fixture f;
        fixture_open(&f);
        f.peer.json = i % 2;
        send_order(&f, &kinds[0]);
        sign_results(&f, buf_span(&results));
        CHECK_ROW(lists[i].name, bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
        CHECK_ROW(lists[i].name, shows_outcome(&f, &o, lists[i].code) && told_outcome(&f, &o));
        buf_release(&results);
        fixture_close(&f);
    }
}

/* One type is shown once, with the first order that has it. */
static bool was_shown(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(kinds[k].type, kinds[i].type) == 0)
            return true;
    return false;
}

void put_esep_rows(struct buf *out)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct code_name names[CODES_MAX];
        size_t count = was_shown(i) ? 0 : module_codes(kinds[i].type, kinds[i].member, names);
        for (size_t n = 0; n < count; n++) {
            const struct outcome o = outcome_of(&kinds[i], &names[n]);
            put_outcome_row(out, kinds[i].member ? kinds[i].member : kinds[i].type, &names[n], &o, 1);
        }
    }
}

const struct test esep_codes_tests[] = {
    { "each result and error number of ESep ends its order as the specification has it", each_number_of_the_module },
    { "a number that the specification does not have is a failure", numbers_of_nobody },
    { "of a list of results the first failure decides", lists_of_results },
};
const size_t esep_codes_tests_count = COUNT(esep_codes_tests);
