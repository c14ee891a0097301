/* Received messages by ICCID: all of them, as they came, without their secrets, and not for ever. */
#include <stdio.h>
#include <string.h>

#include "smdp_tests.h"

#define MESSAGES LAB_SMDP_URL "/v1/profiles/" LAB_PARTNER_ICCID "/messages"
#define CODE "4711-0815"

/* A lab whose SM-DP+ keeps so many. */
static void open_keeping(struct lab *l, int64_t kept)
{
    lab_open(l);
    l->messages_kept = kept;
    lab_restart(l, LAB_SMDP);
}

/* {messages} of the partner's profile. */
static json_t *messages(struct lab *l)
{
    json_t *answer = NULL;
    CHECK(lab_call(l, l->admin, "GET", MESSAGES "?limit=1000", "", &answer) == 200);
    return answer;
}

/* "DownloadOrder ConfirmOrder AuthenticateClient(8.2.6/3.8)" */
static void summary(struct lab *l, char out[1000])
{
    json_t *answer = messages(l), *m;
    size_t i, at = 0;
    out[0] = 0;
    json_array_foreach(json_object_get(answer, "messages"), i, m) {
        const char *name = strchr(json_str(m, "function"), '.') + 1, *refusal = json_str(m, "refusal");
        REQUIRE(at < 900);
        at += (size_t)snprintf(out + at, 1000 - at, "%s%s%s%s%s", i ? " " : "", name, refusal[0] ? "(" : "", refusal,
                               refusal[0] ? ")" : "");
    }
    json_decref(answer);
}

static void check_summary(struct lab *l, const char *row, const char *wanted)
{
    char got[1000];
    summary(l, got);
    CHECK_ROW(row, strcmp(got, wanted) == 0);
    if (strcmp(got, wanted) != 0)
        printf("\n    row \"%s\": %s", row, got);
}

/* The bytes of the n-th. */
static void received(struct lab *l, size_t n, struct buf *out)
{
    json_t *answer = messages(l);
    buf_clear(out);
    CHECK(json_base64(json_array_get(json_object_get(answer, "messages"), n), "received", out) == ERR_OK);
    json_decref(answer);
}

static void download(struct lab *l, const char *code, const char *refusal)
{
    struct lab_download d;
    lab_card_reset(&l->card);
    lab_download_begin(l, &l->card, &d);
    d.confirmation_code = code;
    const char *got = lab_fetch(&d);
    CHECK(strcmp(got, refusal) == 0);
    if (!got[0]) {
        CHECK(lab_load(&d) == 0);
        CHECK(es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
    }
    lab_download_end(&d);
}

static bool holds(const struct buf *b, const char *text)
{
    return b->len && memmem(b->at, b->len, text, strlen(text)) != NULL;
}

static void a_download_is_kept_message_by_message(void)
{
    struct lab l;
    struct buf bytes = { .max = 1 << 16 };
    struct rsp_authenticate_server_response r;
    struct rsp_pending_notification n;
    open_keeping(&l, 64);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", CODE);
    download(&l, "0815", "8.2.7/3.8");
    download(&l, CODE, "");
    check_summary(&l, "a download",
                  "DownloadOrder ConfirmOrder InitiateAuthentication AuthenticateClient GetBoundProfilePackage(8.2.7/3.8) "
                  "InitiateAuthentication AuthenticateClient GetBoundProfilePackage HandleNotification");
    received(&l, 1, &bytes);
    CHECK(holds(&bytes, "\"matchingId\":\"XXXXXXX\"") && holds(&bytes, "\"confirmationCode\":\"XXXXXXXXX\""));
    received(&l, 3, &bytes);
    CHECK(rsp_authenticate_server_response_read(buf_span(&bytes), &r) == ERR_OK && r.which == RSP_AUTHENTICATE_SERVER_OK);
    CHECK(span_equal(r.ok.euicc_signed1.ctx_params1.matching_id, span_str("XXXXXXX")));
    received(&l, 8, &bytes);
    CHECK(rsp_pending_notification_read(buf_span(&bytes), &n) == ERR_OK && n.which == RSP_PENDING_INSTALLATION);
    for (size_t i = 0; i < 9; i++) {
        received(&l, i, &bytes);
        CHECK(bytes.len > 40 && !holds(&bytes, "TOKEN-1") && !holds(&bytes, CODE));
    }
    CHECK(!lab_file_holds(&l, LAB_SMDP, span_str(CODE)));
    buf_release(&bytes);
    lab_close(&l);
}

static void refusals_are_kept(void)
{
    struct lab l;
    struct lab_card other;
    struct lab_download d;
    open_keeping(&l, 64);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_card_open(&l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    lab_download_begin(&l, &other, &d);
    CHECK(strcmp(lab_fetch(&d), "8.1.1/3.8") == 0);
    lab_download_end(&d);
    check_summary(&l, "a card that the order is not for",
                  "DownloadOrder ConfirmOrder InitiateAuthentication AuthenticateClient(8.1.1/3.8)");
    lab_card_close(&other);
    lab_close(&l);
}

/* Anybody may send a notification: one that nobody signed must not drive out what the card said. */
static void forged_notifications_leave_no_trace(void)
{
    struct lab l;
    struct lab_download d;
    open_keeping(&l, 64);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_download_begin(&l, &l.card, &d);
    CHECK(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0);
    const struct rsp_profile_installation_result *r = &d.loaded.message;
    lab_flip(span_sub(r->signature, 7, 1));
    CHECK(es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
    check_summary(&l, "an altered result",
                  "DownloadOrder ConfirmOrder InitiateAuthentication AuthenticateClient GetBoundProfilePackage");
    lab_flip(span_sub(r->signature, 7, 1));
    CHECK(es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
    check_summary(&l, "the true result",
                  "DownloadOrder ConfirmOrder InitiateAuthentication AuthenticateClient GetBoundProfilePackage "
                  "HandleNotification");
    lab_download_end(&d);
    lab_close(&l);
}

/* What belongs to no profile of the caller's is kept nowhere. */
static void strangers_leave_no_trace(void)
{
    static const struct {
        const char *name, *requester, *iccid;
        bool admin;
    } rows[] = {
        { "another operator", "admin", LAB_PARTNER_ICCID, true },
        { "somebody in another's name", "eso", LAB_PARTNER_ICCID, true },
        { "an ICCID that is not here", "eso", "89000123456789012390", false },
    };
    struct lab l;
    struct env env;
    int64_t count = -1;
    open_keeping(&l, 64);
    lab_import(&l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct es2p_order q = { .release = true };
        struct es2p_answer a;
        struct es_status status = { 0 };
        env = l.env;
        env.http = rows[i].admin ? l.admin : l.eso;
        const struct es_peer peer = { .env = &env, .base_url = LAB_SMDP_URL, .requester = rows[i].requester };
        snprintf(q.iccid, sizeof q.iccid, "%s", rows[i].iccid);
        CHECK_ROW(rows[i].name, es2p_confirm_order(&peer, &q, &a, &status) == ERR_OK && es_refused(&status));
        CHECK(db_get_int(l.part[LAB_SMDP].env.db, "SELECT COUNT(*) FROM message", NULL, 0, &count) == ERR_OK);
        CHECK_ROW(rows[i].name, count == 0);
    }
    lab_close(&l);
}

/* A code that hides behind an escape of JSON cannot be blotted out, so the message is not shown. */
static void hidden_secrets_are_not_shown(void)
{
    static const char body[] = "{\"header\":{\"functionRequesterIdentifier\":\"eso\",\"functionCallIdentifier\":\"1\"},\"iccid\":\""
                               LAB_PARTNER_ICCID "\",\"releaseFlag\":true,\"confirmationCode\":\"47\\u00311-0815\"}";
    struct lab l;
    struct buf bytes = { .max = 1 << 16 };
    struct http_response p = HTTP_RESPONSE_INIT;
    open_keeping(&l, 64);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    const struct http_header headers[] = { { "Content-Type", "application/json" }, { "X-Admin-Protocol", "gsma/rsp/v2.5.0" } };
    const struct http_call q = { .method = "POST", .url = LAB_SMDP_URL "/gsma/rsp2/es2plus/confirmOrder", .headers = headers,
                                 .header_count = 2, .body = span_str(body) };
    CHECK(http_send(l.eso, &q, &p) == ERR_OK && p.status == 200);
    check_summary(&l, "an escape", "DownloadOrder ConfirmOrder ConfirmOrder");
    received(&l, 2, &bytes);
    CHECK(bytes.len == 0);
    http_response_release(&p);
    buf_release(&bytes);
    lab_close(&l);
}

static size_t count(struct lab *l)
{
    json_t *answer = messages(l);
    size_t n = json_array_size(json_object_get(answer, "messages"));
    json_decref(answer);
    return n;
}

static void the_newest_are_kept(void)
{
    static const struct {
        const char *name;
        int64_t kept;
        size_t wanted;
    } rows[] = {
        { "as many as the program keeps", 64, 64 },
        { "three", 3, 3 },
        { "none", 0, 0 },
        { "less than none", -1, 0 },
        { "more than the most", 100000, 128 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        open_keeping(&l, rows[i].kept);
        lab_import(&l);
        for (int k = 0; k < 70; k++) {
            struct env env = l.env;
            struct es2p_order q = { .iccid = LAB_PARTNER_ICCID };
            struct es2p_answer a;
            struct es_status status = { 0 };
            env.http = l.eso;
            const struct es_peer peer = { .env = &env, .base_url = LAB_SMDP_URL, .requester = "eso" };
            CHECK(es2p_download_order(&peer, &q, &a, &status) == ERR_OK);
            CHECK(es2p_cancel_order(&peer, &q, &a, &status) == ERR_OK);
        }
        CHECK_ROW(rows[i].name, count(&l) == rows[i].wanted);
        lab_close(&l);
    }
}

/* Who knows the matchingId, or has a message of the card, sends it for ever. */
static void no_kind_drives_out_the_others(void)
{
    static const char before[] = "DownloadOrder ConfirmOrder AuthenticateClient GetBoundProfilePackage HandleNotification ";
    struct lab l;
    struct lab_card other;
    struct lab_download d;
    char got[1000];
    open_keeping(&l, 16);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_download_begin(&l, &l.card, &d);
    CHECK(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0);
    for (int i = 0; i < 40; i++)
        CHECK(es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
    CHECK(count(&l) == 16);
    lab_download_end(&d);
    lab_card_open(&l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    for (int i = 0; i < 40; i++) {
        lab_card_reset(&other);
        lab_download_begin(&l, &other, &d);
        CHECK(strcmp(lab_fetch(&d), "8.1.1/3.8") == 0);
        lab_download_end(&d);
    }
    summary(&l, got);
    CHECK(count(&l) == 16 && strncmp(got, before, strlen(before)) == 0);
    CHECK(strstr(got, "InitiateAuthentication") && strstr(got, "AuthenticateClient(8.1.1/3.8)"));
    lab_card_close(&other);
    lab_close(&l);
}

/* Within one session, too. */
static void one_session_fills_nothing(void)
{
    struct lab l;
    struct lab_download d;
    open_keeping(&l, 16);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_download_begin(&l, &l.card, &d);
    CHECK(lab_initiate(&d)[0] == 0);
    lab_authenticate_server(&d);
    CHECK(lab_authenticate_client(&d)[0] == 0);
    lab_prepare(&d);
    lab_flip(span_sub(d.prepared.message.ok.euicc_signature2, 20, 1));
    for (int i = 0; i < 40; i++)
        CHECK(strcmp(lab_get_package(&d), "8.1/6.1") == 0);
    CHECK(count(&l) == 16);
    lab_download_end(&d);
    lab_close(&l);
}

/* Sessions that nobody goes on with, and messages of no profile, end after a day. */
static void what_is_unattached_ends(void)
{
    struct lab l;
    struct lab_download d;
    int64_t left = -1;
    static const char waiting[] = "SELECT (SELECT COUNT(*) FROM session WHERE opening IS NOT NULL) + (SELECT COUNT(*) FROM message)";
    open_keeping(&l, 64);
    for (int i = 0; i < 5; i++) {
        lab_card_reset(&l.card);
        lab_download_begin(&l, &l.card, &d);
        CHECK(lab_initiate(&d)[0] == 0);
        lab_download_end(&d);
    }
    CHECK(db_get_int(l.part[LAB_SMDP].env.db, waiting, NULL, 0, &left) == ERR_OK && left == 5);
    clock_virtual_advance(&l.clock, clock_now(&l.clock.clock) + 2 * CLOCK_DAY);
    lab_card_reset(&l.card);
    lab_download_begin(&l, &l.card, &d);
    CHECK(lab_initiate(&d)[0] == 0);
    lab_download_end(&d);
    CHECK(db_get_int(l.part[LAB_SMDP].env.db, waiting, NULL, 0, &left) == ERR_OK && left == 1);
    lab_close(&l);
}

static void pages_of_messages(void)
{
    struct lab l;
    json_t *answer = NULL;
    int64_t next = 0;
    size_t seen = 0;
    char url[200];
    open_keeping(&l, 64);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    download(&l, NULL, "");
    for (int turns = 0; turns < 10; turns++) {
        snprintf(url, sizeof url, MESSAGES "?limit=2&after=%lld", (long long)next);
        CHECK(lab_call(&l, l.admin, "GET", url, "", &answer) == 200);
        seen += json_array_size(json_object_get(answer, "messages"));
        enum err more = json_int(answer, "next", &next);
        json_decref(answer);
        if (more)
            break;
    }
    CHECK(seen == 6);
    CHECK(lab_call(&l, l.eso, "GET", MESSAGES, "", &answer) == 200); /* its owner sees them too */
    CHECK(json_array_size(json_object_get(answer, "messages")) == 6);
    json_decref(answer);
    CHECK(lab_call(&l, l.admin, "GET", MESSAGES "?after=x", "", NULL) == 400);
    CHECK(lab_call(&l, l.admin, "GET", LAB_SMDP_URL "/v1/profiles/89000123456789012390/messages", "", NULL) == 404);
    CHECK(lab_call(&l, l.stranger, "GET", MESSAGES, "", NULL) == 403);
    lab_close(&l);
}

const struct test message_tests[] = {
    { "a download is kept message by message, its secrets blotted out", a_download_is_kept_message_by_message },
    { "what is refused is kept too, with the refusal", refusals_are_kept },
    { "who has nothing to do with a profile leaves no trace", strangers_leave_no_trace },
    { "a notification that does not verify leaves no trace", forged_notifications_leave_no_trace },
    { "a message whose secret is hidden is not shown", hidden_secrets_are_not_shown },
    { "the newest messages are kept, as many as the settings say", the_newest_are_kept },
    { "no kind of message drives out the others", no_kind_drives_out_the_others },
    { "one session fills nothing", one_session_fills_nothing },
    { "what belongs to no profile ends after a day", what_is_unattached_ends },
    { "messages are listed page by page", pages_of_messages },
};
const size_t message_tests_count = COUNT(message_tests);
