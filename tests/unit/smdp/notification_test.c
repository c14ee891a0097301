/* ES9+.HandleNotification and CancelSession: only what the right card signed is believed. */
#include <stdio.h>
#include <string.h>

#include "rsp_codes.h"
#include "smdp_tests.h"

struct fixture {
    struct lab l;
    struct lab_card other;
    struct lab_download d;
};

/* A package was fetched; it is not loaded yet. */
static void open_fixture(struct fixture *f)
{
    lab_open(&f->l);
    lab_import(&f->l);
    lab_release(&f->l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_card_open(&f->l, &f->other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    lab_download_begin(&f->l, &f->l.card, &f->d);
}

static void close_fixture(struct fixture *f)
{
    lab_download_end(&f->d);
    lab_card_close(&f->other);
    lab_close(&f->l);
}

static bool state_is(struct fixture *f, const char *state)
{
    return strcmp(lab_profile_state(&f->l, LAB_PARTNER_ICCID), state) == 0;
}

static enum err notify(struct fixture *f)
{
    return es9p_handle_notification(&f->d.peer, buf_span(&f->d.loaded.received));
}

static void right_result_closes_the_order(void)
{
    struct fixture f;
    open_fixture(&f);
    CHECK(lab_fetch(&f.d)[0] == 0 && lab_load(&f.d) == 0);
    CHECK(state_is(&f, "downloaded"));
    lab_restart(&f.l, LAB_SMDP);
    CHECK(notify(&f) == ERR_OK && state_is(&f, "installed"));
    CHECK(notify(&f) == ERR_OK && state_is(&f, "installed")); /* again: taken, and nothing more */
    lab_download_end(&f.d);
    lab_download_begin(&f.l, &f.l.card, &f.d);
    CHECK(strcmp(lab_fetch(&f.d), "8.2.6/3.8") == 0); /* the code is used up */
    close_fixture(&f);
}

/* A database that refuses: the card keeps its result, and it counts when it comes again. */
static void a_failure_inside_loses_nothing(void)
{
    struct fixture f;
    open_fixture(&f);
    CHECK(lab_fetch(&f.d)[0] == 0 && lab_load(&f.d) == 0);
    for (int asn1 = 0; asn1 < 2; asn1++) {
        f.d.peer.asn1 = asn1;
        f.l.part[LAB_SMDP].sick = true;
        CHECK(notify(&f) == ERR_REFUSED && state_is(&f, "downloaded"));
        f.l.part[LAB_SMDP].sick = false;
    }
    CHECK(notify(&f) == ERR_OK && state_is(&f, "installed"));
    close_fixture(&f);
}

static void forged_results(void)
{
    static const struct {
        const char *name;
        int flip;
    } rows[] = {
        { "an altered signature", 0 },
        { "an altered transaction", 1 },
        { "an altered ICCID", 2 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        open_fixture(&f);
        CHECK(lab_fetch(&f.d)[0] == 0 && lab_load(&f.d) == 0);
        const struct rsp_profile_installation_result *r = &f.d.loaded.message;
        const struct span at[] = { span_sub(r->signature, 7, 1), span_sub(r->data.transaction_id, 7, 1),
                                   span_sub(r->data.metadata.iccid, 7, 1) };
        lab_flip(at[rows[i].flip]);
        CHECK_ROW(rows[i].name, notify(&f) == ERR_OK); /* 204 all the same */
        CHECK_ROW(rows[i].name, state_is(&f, "downloaded"));
        lab_flip(at[rows[i].flip]);
        CHECK_ROW(rows[i].name, notify(&f) == ERR_OK && state_is(&f, "installed"));
        close_fixture(&f);
    }
}

/* The failure of a package that was altered on its way: signed by the card, and the order ends in error. */
static void failure_ends_the_order(void)
{
    struct fixture f;
    open_fixture(&f);
    CHECK(lab_fetch(&f.d)[0] == 0);
    const struct span package = f.d.package.bound_profile_package;
    lab_flip(span_sub(package, package.len - 1, 1));
    CHECK(lab_load(&f.d) != 0);
    CHECK(notify(&f) == ERR_OK && state_is(&f, "error"));
    close_fixture(&f);
}

/* The failure of an older session says nothing of the package that was bound since. */
static void late_failure_of_an_older_session(void)
{
    struct fixture f;
    struct lab_download again;
    open_fixture(&f);
    CHECK(lab_fetch(&f.d)[0] == 0);
    const struct span package = f.d.package.bound_profile_package;
    lab_flip(span_sub(package, package.len - 1, 1));
    CHECK(lab_load(&f.d) != 0);
    lab_download_begin(&f.l, &f.l.card, &again);
    CHECK(lab_fetch(&again)[0] == 0);
    CHECK(notify(&f) == ERR_OK && state_is(&f, "downloaded"));
    CHECK(lab_load(&again) == 0);
    CHECK(es9p_handle_notification(&again.peer, buf_span(&again.loaded.received)) == ERR_OK);
    CHECK(state_is(&f, "installed"));
    lab_download_end(&again);
    close_fixture(&f);
}

/* A device may be off for long: what it says then still counts. A session without a package is forgotten meanwhile. */
static void result_after_forty_days(void)
{
    struct fixture f;
    struct lab_download idle, other;
    open_fixture(&f);
    lab_download_begin(&f.l, &f.other, &idle);
    CHECK(lab_initiate(&idle)[0] == 0);
    lab_authenticate_server(&idle);
    CHECK(lab_fetch(&f.d)[0] == 0 && lab_load(&f.d) == 0);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + 40 * CLOCK_DAY);
    lab_download_begin(&f.l, &f.other, &other);
    CHECK(lab_initiate(&other)[0] == 0); /* here old ones are forgotten */
    CHECK(strcmp(lab_authenticate_client(&idle), "8.10.1/3.9") == 0);
    CHECK(notify(&f) == ERR_OK && state_is(&f, "installed"));
    lab_download_end(&idle);
    lab_download_end(&other);
    close_fixture(&f);
}

static void result_of_another_card(void)
{
    struct fixture f;
    struct lab_download d;
    open_fixture(&f);
    lab_release(&f.l, LAB_THIRD_ICCID, LAB_OTHER_EID, "TOKEN-3", "");
    CHECK(lab_fetch(&f.d)[0] == 0);
    lab_download_begin(&f.l, &f.other, &d);
    d.matching_id = "TOKEN-3";
    CHECK(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0);
    /* The other card's own signature, below this card's transaction. */
    memcpy((uint8_t *)d.loaded.message.data.transaction_id.at, f.d.initiated.transaction_id.at, 16);
    CHECK(es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
    CHECK(state_is(&f, "downloaded"));
    lab_download_end(&d);
    close_fixture(&f);
}

/* Enables what was installed on this card, which makes a notification that carries the card's own chain; *list owns its bytes. */
static void switched(struct lab_card *c, struct span iccid, struct es10b_retrieve_notifications_response *list,
                     struct rsp_pending_notification *n)
{
    const struct rsp_retrieve_notifications_request q = { 0 };
    int64_t code = -1;
    *list = (struct es10b_retrieve_notifications_response){ .received.max = APDU_ES10_RESPONSE_MAX };
    *n = (struct rsp_pending_notification){ 0 };
    REQUIRE(es10b_enable_profile(&c->es, iccid, false, &code) == ERR_OK && code == 0);
    REQUIRE(es10b_retrieve_notifications_list(&c->es, &q, list) == ERR_OK);
    struct der items = der_open(list->message.notifications);
    while (!der_at_end(&items) && (n->which != RSP_PENDING_OTHER || n->other.metadata.event != RSP_EVENT_ENABLE))
        REQUIRE(rsp_pending_notification_next(&items, n) == ERR_OK);
    REQUIRE(n->which == RSP_PENDING_OTHER);
}

static int64_t events(struct fixture *f)
{
    int64_t count = -1;
    CHECK(db_get_int(f->l.part[LAB_SMDP].env.db, "SELECT COUNT(*) FROM history", NULL, 0, &count) == ERR_OK);
    return count;
}

static void other_notifications(void)
{
    struct fixture f;
    struct es10b_retrieve_notifications_response list;
    struct rsp_pending_notification n;
    uint8_t iccid[10];
    open_fixture(&f);
    CHECK(lab_fetch(&f.d)[0] == 0 && lab_load(&f.d) == 0 && notify(&f) == ERR_OK);
    memcpy(iccid, f.d.loaded.message.data.metadata.iccid.at, 10);
    switched(&f.l.card, SPAN_ARRAY(iccid), &list, &n);
    lab_flip(span_sub(n.other.signature, 9, 1));
    CHECK(es9p_handle_notification(&f.d.peer, n.whole) == ERR_OK);
    CHECK(!lab_file_holds(&f.l, LAB_SMDP, span_str("notification enable")));
    lab_flip(span_sub(n.other.signature, 9, 1));
    CHECK(es9p_handle_notification(&f.d.peer, n.whole) == ERR_OK);
    CHECK(lab_file_holds(&f.l, LAB_SMDP, span_str("notification enable")));
    CHECK(state_is(&f, "installed"));
    buf_release(&list.received);
    close_fixture(&f);
}

/* Signed all right, and still nothing to write down. */
static void notifications_of_nothing_here(void)
{
    static const struct {
        const char *name;
        bool twice, gone, moved;
    } rows[] = {
        { "the same notification again", true, false, false },
        { "of a profile that is not here", false, true, false },
        { "of a profile that is another card's", false, false, true },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct es10b_retrieve_notifications_response list;
        struct rsp_pending_notification n;
        uint8_t iccid[10];
        open_fixture(&f);
        CHECK(lab_fetch(&f.d)[0] == 0 && lab_load(&f.d) == 0 && notify(&f) == ERR_OK);
        memcpy(iccid, f.d.loaded.message.data.metadata.iccid.at, 10);
        switched(&f.l.card, SPAN_ARRAY(iccid), &list, &n);
        if (rows[i].twice)
            CHECK(es9p_handle_notification(&f.d.peer, n.whole) == ERR_OK);
        if (rows[i].gone)
            CHECK(db_run(f.l.part[LAB_SMDP].env.db, "DELETE FROM profile", NULL, 0, NULL) == ERR_OK);
        if (rows[i].moved)
            CHECK(db_run(f.l.part[LAB_SMDP].env.db, "UPDATE profile SET eid = ?", DB_ARGS(DB_TEXT(LAB_OTHER_EID)), NULL) == ERR_OK);
        int64_t before = events(&f);
        CHECK_ROW(rows[i].name, es9p_handle_notification(&f.d.peer, n.whole) == ERR_OK); /* 204 all the same */
        CHECK_ROW(rows[i].name, events(&f) == before);
        buf_release(&list.received);
        close_fixture(&f);
    }
}

/* --- cancel session ---------------------------------------------------------------------------- */

static const char *cancel(struct fixture *f, struct es10b_cancel_session_response *r)
{
    f->d.status = (struct es_status){ 0 };
    enum err e =
        es9p_cancel_session(&f->d.peer, f->d.initiated.transaction_id, buf_span(&r->received), &f->d.status);
    snprintf(f->d.refusal, sizeof f->d.refusal, e ? "%s" : "%s/%s", e ? err_name(e) : f->d.status.subject,
             f->d.status.reason);
    return f->d.refusal;
}

static void cancel_session(void)
{
    static const struct {
        const char *name, *refusal;
        int flip;
        bool authenticated, twice;
    } rows[] = {
        { "the card's own word", "/", -1, true, false },
        { "said twice", "8.10.1/3.9", -1, true, true },
        { "before the card authenticated", "8.10.1/3.9", -1, false, false },
        { "an altered signature", "8.1/6.1", 0, true, false },
        { "an altered smdpOid", "8.1/6.1", 1, true, false },
        { "an altered reason", "8.1/6.1", 2, true, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct es10b_cancel_session_response r = { .received.max = APDU_ES10_RESPONSE_MAX };
        open_fixture(&f);
        REQUIRE(lab_initiate(&f.d)[0] == 0);
        lab_authenticate_server(&f.d);
        if (rows[i].authenticated)
            CHECK(lab_authenticate_client(&f.d)[0] == 0);
        const struct rsp_cancel_session_request q = { f.d.initiated.transaction_id,
                                                      RSP_CANCEL_REASON_POSTPONED };
        REQUIRE(es10b_cancel_session(&f.l.card.es, &q, &r) == ERR_OK &&
                r.message.which == RSP_CANCEL_SESSION_OK);
        const struct rsp_cancel_session_ok *ok = &r.message.ok;
        const struct span at[] = { span_sub(ok->signature, 3, 1), span_sub(ok->cancel_signed.smdp_oid, 1, 1),
                                   span_sub(ok->cancel_signed.transaction_id, 0, 1) };
        if (rows[i].flip >= 0)
            lab_flip(at[rows[i].flip]);
        if (rows[i].twice)
            cancel(&f, &r);
        const char *refusal = cancel(&f, &r);
        CHECK_ROW(rows[i].name, strcmp(refusal, rows[i].refusal) == 0);
        if (strcmp(refusal, rows[i].refusal))
            printf(" (%s)", refusal);
        CHECK_ROW(rows[i].name, state_is(&f, "released")); /* the order may be tried again */
        buf_release(&r.received);
        close_fixture(&f);
    }
}

/* How far a session has come when its card cancels it, what of its order is left, and whether the code serves again. */
enum { AUTHENTICATED, PREPARED, BOUND, INSTALLED };
static const struct {
    const char *name;
    int point;
    enum rsp_cancel_session_reason reason;
    const char *state, *again;
} points[] = {
    { "authenticated, and postponed", AUTHENTICATED, RSP_CANCEL_REASON_POSTPONED, "released", "" },
    { "authenticated, and rejected", AUTHENTICATED, RSP_CANCEL_REASON_END_USER_REJECTION, "error", "8.2.6/3.8" },
    { "prepared, and postponed", PREPARED, RSP_CANCEL_REASON_POSTPONED, "released", "" },
    { "prepared, and rejected", PREPARED, RSP_CANCEL_REASON_END_USER_REJECTION, "error", "8.2.6/3.8" },
    { "prepared, and timed out", PREPARED, RSP_CANCEL_REASON_TIMEOUT, "released", "" },
    { "bound, and its metadata are others", BOUND, RSP_CANCEL_REASON_METADATA_MISMATCH, "downloaded", "" },
    { "bound, and not to be loaded", BOUND, RSP_CANCEL_REASON_LOAD_BPP_EXECUTION_ERROR, "downloaded", "" },
    { "bound, and rejected", BOUND, RSP_CANCEL_REASON_END_USER_REJECTION, "error", "8.2.6/3.8" },
    { "bound, and rejected when another session has installed it", INSTALLED, RSP_CANCEL_REASON_END_USER_REJECTION, "installed",
      "8.2.6/3.8" },
};

/* Brings the session to its point; the card's word is taken where it still gives it: before it loads the package. */
static void bring_to(struct fixture *f, size_t row, struct es10b_cancel_session_response *r)
{
    int point = points[row].point;
    REQUIRE(lab_initiate(&f->d)[0] == 0);
    lab_authenticate_server(&f->d);
    REQUIRE(lab_authenticate_client(&f->d)[0] == 0);
    if (point >= PREPARED)
        lab_prepare(&f->d);
    if (point >= BOUND)
        REQUIRE(lab_get_package(&f->d)[0] == 0);
    const struct rsp_cancel_session_request q = { f->d.initiated.transaction_id, points[row].reason };
    REQUIRE(es10b_cancel_session(&f->l.card.es, &q, r) == ERR_OK && r->message.which == RSP_CANCEL_SESSION_OK);
}

/* Another session of the card installs the profile meanwhile: the first one's word comes when there is nothing to cancel. */
static void install_meanwhile(struct fixture *f)
{
    struct lab_download d;
    lab_card_reset(&f->l.card);
    lab_download_begin(&f->l, &f->l.card, &d);
    CHECK(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0);
    CHECK(es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
    lab_download_end(&d);
}

static void cancel_at_each_point(void)
{
    for (size_t i = 0; i < COUNT(points); i++) {
        struct fixture f;
        struct es10b_cancel_session_response r = { .received.max = APDU_ES10_RESPONSE_MAX };
        struct lab_download again;
        open_fixture(&f);
        f.l.rejection_ends_order = true;
        lab_restart(&f.l, LAB_SMDP);
        bring_to(&f, i, &r);
        if (points[i].point == INSTALLED)
            install_meanwhile(&f);
        CHECK_ROW(points[i].name, strcmp(cancel(&f, &r), "/") == 0);
        CHECK_ROW(points[i].name, state_is(&f, points[i].state));
        if (points[i].point >= PREPARED)
            CHECK_ROW(points[i].name, strcmp(lab_get_package(&f.d), "8.10.1/3.9") == 0);
        lab_card_reset(&f.l.card);
        lab_download_begin(&f.l, &f.l.card, &again);
        CHECK_ROW(points[i].name, strcmp(lab_fetch(&again), points[i].again) == 0);
        if (strcmp(again.refusal, points[i].again) != 0)
            printf("\n    row \"%s\": %s", points[i].name, again.refusal);
        CHECK_ROW(points[i].name, again.refusal[0] || lab_load(&again) == 0);
        lab_download_end(&again);
        buf_release(&r.received);
        close_fixture(&f);
    }
}

/* An eUICC that names another SM-DP+ in what it signs: made with the card's key. */
static void cancel_for_another_smdp(void)
{
    struct fixture f;
    struct rsp_tbs tbs;
    struct es10b_cancel_session_response r = { .received.max = APDU_ES10_RESPONSE_MAX };
    open_fixture(&f);
    REQUIRE(lab_initiate(&f.d)[0] == 0);
    lab_authenticate_server(&f.d);
    REQUIRE(lab_authenticate_client(&f.d)[0] == 0);
    lab_prepare(&f.d);
    const struct rsp_cancel_session_request q = { f.d.initiated.transaction_id, RSP_CANCEL_REASON_POSTPONED };
    REQUIRE(es10b_cancel_session(&f.l.card.es, &q, &r) == ERR_OK);
    lab_flip(span_sub(r.message.ok.cancel_signed.smdp_oid, 2, 1));
    rsp_tbs_cancel_session(&r.message.ok.cancel_signed, &tbs);
    lab_sign_again(&f.l, &f.l.card, &tbs, r.message.ok.signature);
    CHECK(strcmp(cancel(&f, &r), "8.8/3.10") == 0);
    CHECK(lab_get_package(&f.d)[0] == 0); /* the session goes on */
    buf_release(&r.received);
    close_fixture(&f);
}

/* --- what no message should do ----------------------------------------------------------------- */

static void hostile_bodies(void)
{
    static const char *const functions[] = { "initiateAuthentication", "authenticateClient",
                                             "getBoundProfilePackage", "handleNotification",
                                             "cancelSession" };
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"transactionId\":1}",
        "{\"transactionId\":\"00\"}",
        "{\"transactionId\":\"0\",\"authenticateServerResponse\":\"\",\"prepareDownloadResponse\":\"\","
        "\"cancelSessionResponse\":\"\",\"pendingNotification\":\"\"}",
        "{\"transactionId\":\"00112233445566778899AABBCCDDEEFF00\",\"authenticateServerResponse\":\"vzgA\","
        "\"prepareDownloadResponse\":\"vyEA\",\"cancelSessionResponse\":\"v0EA\"}",
        "{\"pendingNotification\":\"vzcA\",\"euiccChallenge\":\"AA==\",\"euiccInfo1\":\"vyAA\","
        "\"smdpAddress\":\"x\"}",
        "{\"pendingNotification\":\"MIA=\"}",
        "{\"pendingNotification\":\"////////\"}",
    };
    static const struct http_header headers[] = { { "Content-Type", "application/json" },
                                                  { "X-Admin-Protocol", "gsma/rsp/v2.5.0" } };
    struct lab l;
    lab_open(&l);
    lab_import(&l);
    for (size_t i = 0; i < COUNT(functions); i++)
        for (size_t k = 0; k < COUNT(bodies); k++) {
            char url[128];
            struct http_response p = HTTP_RESPONSE_INIT;
            snprintf(url, sizeof url, LAB_SMDP_URL "/gsma/rsp2/es9plus/%s", functions[i]);
            const struct http_call q = { .method = "POST",
                                         .url = url,
                                         .headers = headers,
                                         .header_count = COUNT(headers),
                                         .body = span_str(bodies[k]) };
            CHECK(http_send(l.anyone, &q, &p) == ERR_OK);
            bool refused = p.status >= 400 || (p.body.len && strstr(buf_cstr(&p.body), "Failed"));
            CHECK_ROW(bodies[k], refused && p.status != 500);
            if (!refused || p.status == 500)
                printf("\n%s %d %s", functions[i], p.status, buf_cstr(&p.body));
            http_response_release(&p);
        }
    CHECK(strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "available") == 0);
    lab_close(&l);
}

const struct test notification_tests[] = {
    { "the right installation result closes the order, once", right_result_closes_the_order },
    { "an installation result that cannot be written down is not taken", a_failure_inside_loses_nothing },
    { "a forged installation result is dropped", forged_results },
    { "a signed failure ends the order in error", failure_ends_the_order },
    { "a late failure of an older session says nothing of the newer one", late_failure_of_an_older_session },
    { "a result may come forty days late", result_after_forty_days },
    { "another card's signature closes nothing", result_of_another_card },
    { "other notifications are believed when they verify", other_notifications },
    { "what is not here, not the card's, or was said before is not written down", notifications_of_nothing_here },
    { "a session is cancelled by its card only", cancel_session },
    { "a session can be cancelled at each point, and its code serves again unless it was rejected", cancel_at_each_point },
    { "a cancellation for another SM-DP+ is refused", cancel_for_another_smdp },
    { "hostile bodies get a refusal and change nothing", hostile_bodies },
};
const size_t notification_tests_count = COUNT(notification_tests);
