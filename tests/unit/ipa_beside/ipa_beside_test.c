/* Notifications beside a result (SGP.32 v1.2 5.14.6): what a package did to profiles reaches the SM-DP+ with the package's result where
 * the eIM relays, each once and in order; the card keeps what this eIM did not acknowledge, or could not know of. */
#include <stdio.h>
#include <string.h>

#include "der.h"
#include "lab.h"
#include "rsp_codes.h"
#include "rsp_eim_configuration.h"

#define DOWNLOAD "{\"reference\":\"download\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}"
#define ENABLE "{\"reference\":\"enable\",\"kind\":\"enable\",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"rollback\":true}"
#define FALLBACK "{\"reference\":\"enable\",\"kind\":\"setFallback\",\"iccid\":\"" LAB_LEAD_ICCID "\"}"
#define SWAPPED "installed;notification install;notification enable;"

/* --- between device and eIM --------------------------------------------------------------------------------------- */

/* How the eIM answers to a result, whatever it did with it. */
enum answer { ITS_OWN, ONLY_THE_RESULT, NOTHING, ALL_NUMBERS, THE_FIRST_LATE, REFUSAL, REFUSAL_OF_ANY, RUBBISH };

struct watcher {
    struct tamper tamper;
    bool json;
    enum answer answer;
    unsigned results, bundles, beside, compact; /* of packages; with notifications; these; of them */
    bool bundle;                                /* the last one */
    int64_t seq_number, first;                  /* of the last result; of the first */
};

static void count(struct watcher *w, const struct rsp_eim_package_result *r)
{
    struct rsp_pending_notification n;
    w->bundle = r->which == RSP_EIM_RESULT_PACKAGE_AND_NOTIFICATIONS;
    if (!w->bundle && r->which != RSP_EIM_RESULT_PACKAGE)
        return;
    w->results++;
    w->bundles += w->bundle;
    w->seq_number = r->package.which == RSP_PACKAGE_RESULT_SIGNED ? r->package.result.data.seq_number : 0;
    w->first = w->first ? w->first : w->seq_number;
    struct der list = der_open(w->bundle ? r->notifications : (struct span){ 0 });
    while (!der_at_end(&list)) {
        REQUIRE(rsp_pending_notification_next(&list, &n) == ERR_OK);
        w->beside++;
        w->compact += n.which == RSP_PENDING_COMPACT_INSTALLATION || n.which == RSP_PENDING_COMPACT_OTHER;
    }
}

static void read_result(struct watcher *w, struct span message)
{
    struct buf choice = { .max = 1 << 17 }, whole = { .max = 1 << 17 };
    struct rsp_provide_eim_package_result q;
    json_t *json = NULL;
    if (!w->json) {
        REQUIRE(buf_put(&whole, message) == ERR_OK);
    } else {
        REQUIRE(json_read(message, &json, NULL) == ERR_OK && json_base64(json, "eimPackageResult", &choice) == ERR_OK);
        REQUIRE(der_put(&whole, 0xbf50, buf_span(&choice)) == ERR_OK);
    }
    REQUIRE(rsp_provide_eim_package_result_read(buf_span(&whole), &q) == ERR_OK);
    count(w, &q.result);
    json_decref(json);
    buf_release(&choice);
    buf_release(&whole);
}

static void put_numbers(const struct watcher *w, struct buf *list)
{
    enum err e = ERR_OK;
    if (w->answer == THE_FIRST_LATE && w->results > 1)
        e = rsp_acknowledgement_put(list, w->first);
    if (w->answer == ONLY_THE_RESULT || (w->answer == THE_FIRST_LATE && w->results > 1))
        e = e ? e : rsp_acknowledgement_put(list, w->seq_number);
    for (int64_t n = 0; !e && w->answer == ALL_NUMBERS && n < 60; n++)
        e = rsp_acknowledgement_put(list, n);
    REQUIRE(e == ERR_OK);
}

static void put_answer(const struct watcher *w, struct buf *bytes)
{
    struct buf list = { .max = 512 }, der = { .max = 1024 };
    put_numbers(w, &list);
    bool refused = w->answer == REFUSAL || w->answer == REFUSAL_OF_ANY;
    const struct rsp_provide_eim_package_result_response r = {
        .which = refused ? RSP_PROVIDE_ERROR : list.len ? RSP_PROVIDE_ACKNOWLEDGEMENTS : RSP_PROVIDE_EMPTY,
        .acknowledgements = buf_span(&list), .error = RSP_PROVIDE_ERROR_UNDEFINED_ERROR,
    };
    struct der_tlv whole;
    buf_clear(bytes);
    if (w->answer == RUBBISH) {
        REQUIRE(buf_put_str(bytes, "no such thing") == ERR_OK);
    } else if (!w->json) {
        REQUIRE(rsp_provide_eim_package_result_response_write(&r, bytes) == ERR_OK);
    } else {
        REQUIRE(rsp_provide_eim_package_result_response_write(&r, &der) == ERR_OK && !der_only(buf_span(&der), 0xbf50, &whole));
        json_t *json = json_pack("{s:{s:{s:s}}}", "header", "functionExecutionStatus", "status", "Executed-Success");
        enum err e = refused    ? json_set_int(json, "provideEimPackageResultError", 127)
                     : list.len ? json_set_base64(json, "eimAcknowledgements", whole.value)
                                : ERR_OK;
        REQUIRE(e == ERR_OK && json_write(json, bytes) == ERR_OK);
        json_decref(json);
    }
    buf_release(&list);
    buf_release(&der);
}

static void watch(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    struct watcher *w = (struct watcher *)t;
    (void)actor;
    if (moment != TAMPER_BEFORE_SENDING)
        return;
    if (!strcmp(message, "ESipa.ProvideEimPackageResultRequest"))
        read_result(w, buf_span(bytes));
    else if (!strcmp(message, "ESipa.ProvideEimPackageResultResponse") && w->answer != ITS_OWN && w->seq_number &&
             (w->bundle || w->answer == THE_FIRST_LATE || w->answer == ALL_NUMBERS || w->answer == REFUSAL_OF_ANY))
        put_answer(w, bytes);
}

static void watch_lab(struct lab *l, struct watcher *w)
{
    w->tamper.at = watch;
    w->json = l->json;
    l->part[LAB_IPA].env.tamper = l->part[LAB_EIM].env.tamper = &w->tamper;
}

/* --- stories ----------------------------------------------------------------------------------------------------- */

struct device {
    const char *name;
    bool direct, minimizes, v1_3, eim_keeps_silent; /* about relaying */
};

/* What provisioning writes says nothing of indirect download. */
static void silence(struct lab *l)
{
    struct rsp_eim_configuration eim;
    lab_read_initial_eim(l, &eim);
    REQUIRE(eim.indirect_profile_download);
    eim.indirect_profile_download = false;
    lab_set_initial_eims(l, &eim, 1);
}

static void open_device(struct lab *l, const struct device *d, bool json)
{
    lab_open(l);
    l->json = json;
    l->indirect = !d->direct;
    l->minimizes = d->minimizes;
    l->v1_3 = d->v1_3;
    if (d->v1_3)
        lab_restart(l, LAB_EIM);
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_register(l, &l->card);
    lab_get_initial_eim(l);
    if (d->eim_keeps_silent)
        silence(l);
    lab_restart(l, LAB_IPA);
}

static void open_swap(struct lab *l, const struct device *d, bool json)
{
    open_device(l, d, json);
    lab_order(l, DOWNLOAD);
    lab_order(l, ENABLE);
}

/* All is done, once; every SM-DP+ knows, in order; nothing is left on the card. */
static void check_told(const char *row, struct lab *l)
{
    char history[512];
    lab_history(l, LAB_PARTNER_ICCID, history);
    CHECK_ROW(row, strcmp(lab_order_state(l, "download"), "done") == 0 && strcmp(lab_order_state(l, "enable"), "done") == 0);
    CHECK_ROW(row, strcmp(history, SWAPPED) == 0);
    if (strcmp(history, SWAPPED) != 0)
        printf("\n    %s: %s", row, history);
    CHECK_ROW(row, lab_times_said(l, "\"result\":\"enableResult\"") == 1 && !lab_said(l, "\"event\":\"rollback\""));
    CHECK_ROW(row, lab_card_notifications(&l->card) == 0 && lab_card_state(&l->card, LAB_PARTNER_ICCID) == 1);
}

static const struct {
    struct device device;
    bool bundles, compact;
} devices[] = {
    { { "the eIM relays", false, false, false, false }, true, false },
    { { "the eIM relays, in few bytes", false, true, false, false }, true, true },
    { { "the same in SGP.32 v1.3", false, true, true, false }, true, true },
    { { "the device talks to SM-DP+s itself", true, false, false, false }, false, false },
    { { "the eIM does not say that it relays", false, false, false, true }, false, false },
};

static void who_bundles(void)
{
    for (size_t i = 0; i < 2 * COUNT(devices); i++) {
        const char *row = devices[i / 2].device.name;
        const bool bundles = devices[i / 2].bundles;
        struct lab l;
        struct watcher w = { .answer = ITS_OWN };
        open_swap(&l, &devices[i / 2].device, i % 2);
        watch_lab(&l, &w);
        lab_run(&l, 2 * CLOCK_MINUTE);
        check_told(row, &l);
        CHECK_ROW(row, w.results == 1 && w.bundles == bundles);
        /* The installation, its notification, and what either profile has to say of the switch. */
        CHECK_ROW(row, w.beside == (bundles ? 4 : 0) && (w.compact == 4) == devices[i / 2].compact);
        CHECK_ROW(row, lab_times_said(&l, "\"event\":\"notification.delivered\"") == (bundles ? 0 : 4));
        lab_close(&l);
    }
}

static const struct device relayed = { .name = "the eIM relays" };

static const struct {
    const char *name;
    enum answer answer;
    unsigned results; /* messages with the one result */
    unsigned alone;   /* notifications that come by themselves */
} answers[] = {
    { "only the result is acknowledged", ONLY_THE_RESULT, 1, 4 },
    { "nothing is acknowledged", NOTHING, 1, 4 },
    { "every number is acknowledged", ALL_NUMBERS, 1, 0 },
    { "it is refused", REFUSAL, 2, 4 },
    { "the answer cannot be read", RUBBISH, 2, 4 },
};

static void how_the_eim_answers(void)
{
    for (size_t i = 0; i < 2 * COUNT(answers); i++) {
        const char *row = answers[i / 2].name;
        struct lab l;
        struct watcher w = { .answer = answers[i / 2].answer };
        open_swap(&l, &relayed, i % 2);
        watch_lab(&l, &w);
        lab_run(&l, 5 * CLOCK_MINUTE);
        check_told(row, &l);
        CHECK_ROW(row, w.results == answers[i / 2].results && w.bundles == 1);
        CHECK_ROW(row, lab_times_said(&l, "\"event\":\"notification.delivered\"") == answers[i / 2].alone);
        CHECK_ROW(row, lab_said(&l, "result.separate") == (answers[i / 2].results == 2));
        lab_close(&l);
    }
}

/* HTTP statuses: who does not know what to do with a bundle gets the result alone; who is busy is asked again later, whole. */
static const struct {
    int status;
    bool separate;
} statuses[] = { { 400, true }, { 413, true }, { 500, true }, { 501, true }, { 408, false }, { 429, false }, { 503, false } };

static void what_http_says(void)
{
    for (size_t i = 0; i < 2 * COUNT(statuses); i++) {
        char row[40];
        struct lab l;
        struct watcher w = { .answer = ITS_OWN };
        snprintf(row, sizeof row, "HTTP %d, %s", statuses[i / 2].status, i % 2 ? "JSON" : "ASN.1");
        open_device(&l, &relayed, i % 2);
        lab_order(&l, DOWNLOAD);
        lab_run(&l, CLOCK_MINUTE);
        watch_lab(&l, &w);
        l.hurdle = l.json ? "provideEimPackageResult" : "eim.example.com";
        l.hurdle_body = l.json ? (struct span){ 0 } : SPAN(0xbf, 0x50);
        l.hurdle_status = statuses[i / 2].status;
        l.hurdle_after = true;
        l.hurdles = 1;
        lab_order(&l, ENABLE);
        lab_run(&l, 5 * CLOCK_MINUTE);
        check_told(row, &l);
        CHECK_ROW(row, l.hurdles == 0 && w.results == 2 && w.bundles == (statuses[i / 2].separate ? 1 : 2));
        CHECK_ROW(row, lab_said(&l, "result.separate") == statuses[i / 2].separate);
        lab_close(&l);
    }
}

/* A direct device never shows its notifications: an eIM that acknowledges every number wipes none of them away. */
static void numbers_that_were_not_shown(void)
{
    static const struct device direct = { .name = "direct", .direct = true };
    for (int json = 0; json < 2; json++) {
        struct lab l;
        char history[512];
        struct watcher w = { .answer = ALL_NUMBERS };
        open_device(&l, &direct, json);
        watch_lab(&l, &w);
        lab_order(&l, DOWNLOAD);
        l.hurdle = "smdp.example.com/gsma/rsp2/es9plus/handleNotification";
        l.hurdle_err = ERR_IO;
        l.hurdles = -1;
        lab_order(&l, FALLBACK);
        lab_run(&l, CLOCK_MINUTE);
        CHECK(strcmp(lab_order_state(&l, "enable"), "done") == 0 && lab_said(&l, "acknowledgement.not_sent"));
        CHECK(lab_card_notifications(&l.card) == 2);
        lab_restart(&l, LAB_IPA); /* the look reset the card */
        l.hurdles = 0;
        lab_run(&l, CLOCK_HOUR);
        lab_history(&l, LAB_PARTNER_ICCID, history);
        CHECK(strcmp(history, "installed;notification install;") == 0 && lab_card_notifications(&l.card) == 0);
        lab_close(&l);
    }
}

/* How many package results the card holds. */
static unsigned held_results(struct lab *l)
{
    struct es10b_retrieve_notifications_response all = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_retrieve_notifications_request q = {
        .has_search = true, .search = { .which = RSP_RETRIEVE_PACKAGE_RESULTS, .package_results = true }
    };
    struct rsp_euicc_package_result r;
    unsigned held = 0;
    lab_card_reset(&l->card);
    REQUIRE(es10b_retrieve_notifications_list(&l->card.es, &q, &all) == ERR_OK);
    struct der list = der_open(all.message.package_results);
    while (!der_at_end(&list) && rsp_euicc_package_result_next(&list, &r) == ERR_OK)
        held++;
    buf_release(&all.received);
    return held;
}

/* SGP.32 5.14.6 does not say when an eIM acknowledges. */
static void an_acknowledgement_comes_late(void)
{
    for (int json = 0; json < 2; json++) {
        struct lab l;
        struct watcher w = { .answer = THE_FIRST_LATE };
        open_device(&l, &relayed, json);
        watch_lab(&l, &w);
        lab_order(&l, FALLBACK);
        lab_run(&l, CLOCK_MINUTE);
        CHECK(held_results(&l) == 1);
        lab_order(&l, "{\"reference\":\"list\",\"kind\":\"list\"}");
        lab_restart(&l, LAB_IPA);
        lab_run(&l, CLOCK_MINUTE);
        CHECK(strcmp(lab_order_state(&l, "list"), "done") == 0 && held_results(&l) == 0);
        lab_close(&l);
    }
}

/* The SM-DP+ is away while the eIM relays: what it did not take comes later, and nothing before it. */
static void the_receiver_is_away(void)
{
    static const int lost[] = { 1, 2, 3, 6 };
    for (size_t i = 0; i < 2 * COUNT(lost); i++) {
        char row[40];
        struct lab l;
        struct watcher w = { .answer = ITS_OWN };
        snprintf(row, sizeof row, "away %d times, %s", lost[i / 2], i % 2 ? "JSON" : "ASN.1");
        open_swap(&l, &relayed, i % 2);
        watch_lab(&l, &w);
        l.hurdle = "smdp.example.com/gsma/rsp2/es9plus/handleNotification";
        l.hurdle_err = ERR_IO;
        l.hurdles = lost[i / 2];
        lab_run(&l, 2 * CLOCK_HOUR);
        CHECK_ROW(row, w.bundles == 1);
        check_told(row, &l);
        lab_close(&l);
    }
}

/* --- faults ------------------------------------------------------------------------------------------------------ */

static void each_write(enum lab_kind who, const struct device *d, bool json)
{
    bool cut = true;
    for (unsigned n = 1; cut && n < 300; n++) {
        struct lab l;
        char row[64];
        open_swap(&l, d, json);
        l.part[who].writes = 0;
        l.part[who].cut_at = n;
        lab_run(&l, 10 * CLOCK_MINUTE);
        snprintf(row, sizeof row, "part %d cut at write %u, %s", who, n, json ? "JSON" : "ASN.1");
        cut = l.part[who].cut_at == 0;
        check_told(row, &l);
        lab_close(&l);
    }
    CHECK(!cut);
}

static void power_cuts(void)
{
    each_write(LAB_IPA, &devices[0].device, false);
    each_write(LAB_IPA, &devices[1].device, true);
}

static void servers_are_killed(void)
{
    each_write(LAB_EIM, &devices[0].device, true);
    each_write(LAB_EIM, &devices[1].device, false);
    each_write(LAB_SMDP, &devices[0].device, false);
}

static void the_card_fails(void)
{
    static const enum card_fault_kind kinds[] = { CARD_FAULT_CUT, CARD_FAULT_LOSE, CARD_FAULT_FAIL };
    for (size_t k = 0; k < COUNT(kinds); k++) {
        bool failed = true;
        for (unsigned n = 1; failed && n < 2000; n += n < 90 ? 7 : 2) {
            struct lab l;
            char row[48];
            open_swap(&l, &relayed, false);
            l.card_fault.kind = kinds[k];
            l.card_fault.at = n;
            l.card_fault.seen = 0;
            lab_run(&l, 10 * CLOCK_MINUTE);
            failed = l.card_fault.seen >= n;
            snprintf(row, sizeof row, "fault %d at command %u", kinds[k], n);
            check_told(row, &l);
            lab_close(&l);
        }
        CHECK(!failed);
    }
}

static const struct test tests[] = {
    { "notifications go beside the result where the eIM says that it relays, and only there", who_bundles },
    { "an eIM that takes them in part, or not so, costs none of them", how_the_eim_answers },
    { "an HTTP status costs none of them", what_http_says },
    { "an eIM acknowledges nothing that it was not shown", numbers_that_were_not_shown },
    { "a result is acknowledged late", an_acknowledgement_comes_late },
    { "a receiver that is away gets them later, in order", the_receiver_is_away },
    { "power cut at any write", power_cuts },
    { "eIM or SM-DP+ killed at any write", servers_are_killed },
    { "any fault at the card", the_card_fails },
};

int main(void)
{
    return tests_main("ipa_beside", tests, COUNT(tests));
}
