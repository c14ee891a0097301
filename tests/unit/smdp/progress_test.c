/* ES2+.HandleDownloadProgressInfo: what an operator hears of its downloads, however badly it listens. */
#include <stdio.h>
#include <string.h>

#include "es2p_handle_download_progress_info.h"
#include "rsp_codes.h"
#include "smdp_tests.h"

#define OPERATOR_URL "https://orders.example.com"
#define PATH "/gsma/rsp2/es2plus/handleDownloadProgressInfo"
#define HEARD_MAX 32

/* An operator that writes down what it accepts. */
struct operator {
    struct actor actor;
    struct lab *lab;
    struct heard {
        char call_id[64], text[64]; /* "1 8.1.1/3.8" */
    } heard[HEARD_MAX];
    size_t count;
    unsigned asked;
    int bad;             /* so many answers are bad ones */
    int status;          /* a bad answer: this HTTP status, or 200 with a refusal */
    enum es2p_point never; /* this point is refused for ever; 0 none */
    struct buf result;
    char eid[33];
};

static enum err hear(struct operator *o, const struct es2p_progress *p)
{
    struct heard *h = &o->heard[o->count];
    REQUIRE(o->count < HEARD_MAX && strcmp(p->iccid, LAB_PARTNER_ICCID) == 0);
    REQUIRE(strcmp(p->requester, "smdp.example.com") == 0 && p->at >= LAB_EPOCH);
    snprintf(h->call_id, sizeof h->call_id, "%s", p->call_id);
    snprintf(h->text, sizeof h->text, "%d %s%s%s", (int)p->point, p->status.subject, p->status.subject[0] ? "/" : "",
             p->status.reason);
    snprintf(o->eid, sizeof o->eid, "%s", p->eid);
    o->count++;
    return p->result.len ? buf_set(&o->result, buf_span(&p->result)) : ERR_OK;
}

static enum err handle(void *actor, const struct http_request *q, struct http_response *p)
{
    struct operator *o = actor;
    struct es2p_progress progress;
    struct es_status refusal = { "8.8", "4.2", "not now" };
    o->asked++;
    enum err e = http_require_peer(q, p);
    if (e)
        return e;
    e = es2p_handle_download_progress_info_read(&o->lab->env, q, p, &progress);
    if (!e && o->bad > 0) {
        o->bad--;
        e = o->status == 200 ? es_serve_write(&o->lab->env, "ES2+.HandleDownloadProgressInfo", q, &refusal, NULL, p)
                             : http_text(p, o->status, "text/plain", (struct span){ 0 });
    } else if (!e && o->never == progress.point) {
        e = es_serve_write(&o->lab->env, "ES2+.HandleDownloadProgressInfo", q, &refusal, NULL, p);
    } else if (!e) {
        e = hear(o, &progress);
        if (!e)
            e = es2p_handle_download_progress_info_write(p);
    }
    es2p_progress_release(&progress);
    return e;
}

static const struct http_route routes[] = { { "POST", PATH, handle } };
static const struct actor_ops operator_ops = { .role = "operator", .routes = routes, .route_count = 1, .mutual_tls = true };

static void open_operator(struct lab *l, struct operator *o)
{
    lab_open(l);
    *o = (struct operator){ .actor.ops = &operator_ops, .lab = l, .result = { .max = 1 << 16 } };
    REQUIRE(http_switch_set(l->wires, "orders.example.com", &o->actor, l->operators, &l->log) == ERR_OK);
    l->operator_url = OPERATOR_URL;
    lab_restart(l, LAB_SMDP);
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "4711");
}

static void close_operator(struct lab *l, struct operator *o)
{
    lab_close(l);
    buf_release(&o->result);
}

static int64_t untold(struct lab *l)
{
    int64_t count = -1;
    CHECK(db_get_int(l->part[LAB_SMDP].env.db, "SELECT COUNT(*) FROM progress", NULL, 0, &count) == ERR_OK);
    return count;
}

/* A download with this code; `spoilt`: the package does not verify on the card. Its result is handed in. */
static void download(struct lab *l, const char *code, bool spoilt)
{
    struct lab_download d;
    lab_download_begin(l, &l->card, &d);
    d.confirmation_code = code;
    if (!lab_fetch(&d)[0]) {
        struct span package = d.package.bound_profile_package;
        if (spoilt)
            lab_flip(span_sub(package, package.len - 1, 1));
        CHECK((lab_load(&d) == 0) == !spoilt);
        CHECK(es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
    }
    lab_download_end(&d);
}

/* "1 | 3 | 4 " in the order heard; a repetition under the same identifier counts once. */
static void heard_text(const struct operator *o, char out[256])
{
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; i < o->count; i++)
        if (i == 0 || strcmp(o->heard[i].call_id, o->heard[i - 1].call_id) != 0)
            at += (size_t)snprintf(out + at, 256 - at, "%s%s", at ? " | " : "", o->heard[i].text);
}

static void check_heard(const char *row, const struct operator *o, const char *wanted)
{
    char text[256];
    heard_text(o, text);
    CHECK_ROW(row, strcmp(text, wanted) == 0);
    if (strcmp(text, wanted) != 0)
        printf("\n    row \"%s\": %s", row, text);
}

/* --- what is told ---------------------------------------------------------------------------------- */

static void a_download_is_told(void)
{
    struct lab l;
    struct operator o;
    struct rsp_profile_installation_result r;
    open_operator(&l, &o);
    download(&l, "4711", false);
    CHECK(o.asked == 0); /* nobody waits for the operator while a card downloads */
    lab_tell(&l, CLOCK_HOUR);
    check_heard("a download", &o, "1  | 3  | 4 ");
    CHECK(strcmp(o.eid, LAB_EID) == 0 && untold(&l) == 0);
    CHECK(rsp_profile_installation_result_read(buf_span(&o.result), &r) == ERR_OK && r.data.result.which == RSP_OK);
    CHECK(!lab_said(&l, "4711"));
    close_operator(&l, &o);
}

static void failures_are_told(void)
{
    struct lab l;
    struct operator o;
    struct lab_card other;
    struct lab_download d;
    open_operator(&l, &o);
    lab_card_open(&l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    lab_download_begin(&l, &other, &d);
    CHECK(strcmp(lab_fetch(&d), "8.1.1/3.8") == 0);
    lab_download_end(&d);
    download(&l, "0815", false);
    download(&l, "4711", true);
    lab_tell(&l, CLOCK_HOUR);
    check_heard("failures", &o, "1 8.1.1/3.8 | 1  | 2 8.2.7/3.8 | 1  | 3  | 4 8.1/4.2");
    lab_card_close(&other);
    close_operator(&l, &o);
}

static void fetch_elsewhere(struct lab *l)
{
    struct lab_download other;
    lab_card_reset(&l->card);
    lab_download_begin(l, &l->card, &other);
    other.confirmation_code = "4711";
    CHECK(lab_fetch(&other)[0] == 0);
    lab_download_end(&other);
}

/* Expired, or bound too often, only after its card had authenticated. */
static void late_refusals_are_told(void)
{
    static const struct {
        const char *name, *heard;
        bool expires;
    } late[] = {
        { "an order that expired meanwhile", "1  | 1 8.8.5/4.10", true },
        { "an order whose package another session fetched meanwhile", "1  | 1  | 3  | 1 8.8.5/6.4", false },
    };
    for (size_t i = 0; i < COUNT(late); i++) {
        struct lab l;
        struct operator o;
        struct lab_download early;
        open_operator(&l, &o);
        l.order_valid_ms = CLOCK_HOUR;
        l.downloads_max = 1;
        lab_restart(&l, LAB_SMDP);
        lab_download_begin(&l, &l.card, &early);
        early.confirmation_code = "4711";
        CHECK(lab_initiate(&early)[0] == 0);
        lab_authenticate_server(&early);
        CHECK(lab_authenticate_client(&early)[0] == 0);
        lab_prepare(&early);
        if (late[i].expires)
            clock_virtual_advance(&l.clock, clock_now(&l.clock.clock) + CLOCK_HOUR);
        else
            fetch_elsewhere(&l);
        CHECK(lab_get_package(&early)[0] != 0);
        lab_tell(&l, CLOCK_HOUR);
        check_heard(late[i].name, &o, late[i].heard);
        lab_download_end(&early);
        close_operator(&l, &o);
    }
}

/* SGP.22 5.6.5: a rejection by the end user may end the order; every other reason leaves it to be tried again. */
static const struct {
    const char *name;
    enum rsp_cancel_session_reason reason;
    bool kept;      /* by the settings, also when it is rejected */
    bool elsewhere; /* another session of the card has the package */
    const char *heard, *state;
} cancelled[] = {
    { "the end user rejects", RSP_CANCEL_REASON_END_USER_REJECTION, false, false, "1  | 2 8.1/4.2", "error" },
    { "the end user rejects what another session fetched", RSP_CANCEL_REASON_END_USER_REJECTION, false, true, "1  | 1  | 3 ", "downloaded" },
    { "the end user rejects, and the code serves again", RSP_CANCEL_REASON_END_USER_REJECTION, true, false, "1 ", "released" },
    { "the end user postpones", RSP_CANCEL_REASON_POSTPONED, false, false, "1 ", "released" },
    { "a time-out", RSP_CANCEL_REASON_TIMEOUT, false, false, "1 ", "released" },
    { "rules that do not allow it", RSP_CANCEL_REASON_PPR_NOT_ALLOWED, false, false, "1 ", "released" },
    { "other metadata than were announced", RSP_CANCEL_REASON_METADATA_MISMATCH, false, false, "1 ", "released" },
    { "a card without an answer", RSP_CANCEL_REASON_LOAD_BPP_EXECUTION_ERROR, false, false, "1 ", "released" },
    { "no reason in particular", RSP_CANCEL_REASON_UNDEFINED_REASON, false, false, "1 ", "released" },
};

static void cancellations_are_told(void)
{
    for (size_t i = 0; i < COUNT(cancelled); i++) {
        struct lab l;
        struct operator o;
        struct lab_download d;
        struct es10b_cancel_session_response r = { .received.max = APDU_ES10_RESPONSE_MAX };
        open_operator(&l, &o);
        l.rejection_ends_order = !cancelled[i].kept;
        lab_restart(&l, LAB_SMDP);
        lab_download_begin(&l, &l.card, &d);
        CHECK(lab_initiate(&d)[0] == 0);
        lab_authenticate_server(&d);
        CHECK(lab_authenticate_client(&d)[0] == 0);
        const struct rsp_cancel_session_request q = { d.initiated.transaction_id, cancelled[i].reason };
        REQUIRE(es10b_cancel_session(&l.card.es, &q, &r) == ERR_OK && r.message.which == RSP_CANCEL_SESSION_OK);
        if (cancelled[i].elsewhere)
            fetch_elsewhere(&l);
        CHECK(es9p_cancel_session(&d.peer, q.transaction_id, buf_span(&r.received), &d.status) == ERR_OK && !es_refused(&d.status));
        CHECK_ROW(cancelled[i].name, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), cancelled[i].state) == 0);
        lab_tell(&l, CLOCK_HOUR);
        check_heard(cancelled[i].name, &o, cancelled[i].heard);
        buf_release(&r.received);
        lab_download_end(&d);
        close_operator(&l, &o);
    }
}

static void who_does_not_want_to_hear_is_not_told(void)
{
    struct lab l;
    struct operator o;
    open_operator(&l, &o);
    l.operator_url = NULL;
    lab_restart(&l, LAB_SMDP);
    download(&l, "4711", false);
    CHECK(untold(&l) == 0);
    lab_tell(&l, CLOCK_HOUR);
    CHECK(o.asked == 0);
    close_operator(&l, &o);
}

/* --- operators that listen badly ------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum err err; /* the call fails so, or */
    int status;   /* the operator answers so */
    int times;
    bool after;   /* it heard, and its answer was lost */
} deaf[] = {
    { "an operator that is not reached", ERR_IO, 0, 5, false },
    { "an operator that does not answer", ERR_TIMEOUT, 0, 5, false },
    { "an operator whose answers are lost", ERR_TIMEOUT, 0, 3, true },
    { "an operator with a wrong certificate", ERR_VERIFY, 0, 2, false },
    { "an operator that is overloaded", ERR_OK, 503, 7, false },
    { "an operator that does not know the path", ERR_OK, 404, 2, false },
    { "an operator that refuses for now", ERR_OK, 200, 4, false },
};

static void told_until_accepted(void)
{
    for (size_t i = 0; i < COUNT(deaf); i++) {
        struct lab l;
        struct operator o;
        open_operator(&l, &o);
        o.bad = deaf[i].err ? 0 : deaf[i].times;
        o.status = deaf[i].status;
        l.hurdle = deaf[i].err ? "orders.example.com" : NULL;
        l.hurdle_err = deaf[i].err;
        l.hurdles = deaf[i].times;
        l.hurdle_after = deaf[i].after;
        download(&l, "4711", false);
        lab_tell(&l, CLOCK_HOUR);
        check_heard(deaf[i].name, &o, "1  | 3  | 4 ");
        CHECK_ROW(deaf[i].name, untold(&l) == 0 && o.count == 3u + (deaf[i].after ? (unsigned)deaf[i].times : 0));
        close_operator(&l, &o);
    }
}

/* --- operators that refuse for ever ------------------------------------------------------------------ */

#define NOTIFICATIONS LAB_SMDP_URL "/v1/notifications"

/* So many are in this state; the first one's id in *id (may be NULL). */
static size_t notifications(struct lab *l, const char *state, int64_t *id)
{
    char url[96];
    json_t *answer = NULL;
    snprintf(url, sizeof url, NOTIFICATIONS "?state=%s", state);
    CHECK(lab_call(l, l->admin, "GET", url, "", &answer) == 200);
    json_t *list = json_object_get(answer, "notifications"), *first = json_array_get(list, 0);
    size_t count = json_array_size(list);
    if (id && count)
        CHECK(json_int(first, "id", id) == ERR_OK);
    if (count && strcmp(state, "aside") == 0)
        CHECK((!strcmp(json_str(first, "refusal"), "8.8/4.2") || !strncmp(json_str(first, "refusal"), "HTTP 4", 6)) && strcmp(json_str(first, "iccid"), LAB_PARTNER_ICCID) == 0);
    json_decref(answer);
    return count;
}

static void what_is_refused_for_ever_is_put_aside(void)
{
    static const struct {
        const char *name, *heard;
        enum es2p_point never;
    } rows[] = {
        { "the first is refused for ever", "3  | 4 ", ES2P_ELIGIBILITY },
        { "the second is refused for ever", "1  | 4 ", ES2P_BPP_DOWNLOAD },
        { "the last is refused for ever", "1  | 3 ", ES2P_BPP_INSTALLATION },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        struct operator o;
        int64_t id = 0;
        char url[96];
        open_operator(&l, &o);
        o.never = rows[i].never;
        download(&l, "4711", false);
        CHECK_ROW(rows[i].name, notifications(&l, "waiting", NULL) == 3);
        lab_tell(&l, CLOCK_HOUR);
        check_heard(rows[i].name, &o, rows[i].heard);
        CHECK_ROW(rows[i].name, o.asked == 2 + 10);
        CHECK_ROW(rows[i].name, notifications(&l, "waiting", NULL) == 0 && notifications(&l, "aside", &id) == 1);
        lab_restart(&l, LAB_SMDP);
        lab_tell(&l, CLOCK_DAY);
        CHECK_ROW(rows[i].name, o.asked == 2 + 10 && notifications(&l, "aside", NULL) == 1);
        o.never = 0; /* the operator is mended, and an administrator says so */
        snprintf(url, sizeof url, NOTIFICATIONS "/%lld/retry", (long long)id);
        CHECK_ROW(rows[i].name, lab_call(&l, l.eso, "POST", url, "{}", NULL) == 403);
        CHECK_ROW(rows[i].name, lab_call(&l, l.admin, "POST", url, "{}", NULL) == 200);
        CHECK_ROW(rows[i].name, lab_call(&l, l.admin, "POST", url, "{}", NULL) == 404);
        lab_tell(&l, CLOCK_HOUR);
        CHECK_ROW(rows[i].name, untold(&l) == 0 && o.count == 3);
        close_operator(&l, &o);
    }
}

/* Who is not there, or not well, has refused nothing: what it is to hear waits, however long. */
static void silence_is_no_refusal(void)
{
    static const struct {
        const char *name;
        enum err err;
        int status;
    } rows[] = {
        { "not reached for a day", ERR_IO, 0 },
        { "no answer for a day", ERR_TIMEOUT, 0 },
        { "overloaded for a day", ERR_OK, 503 },
        { "too slow for a day", ERR_OK, 408 },
        { "asked too often for a day", ERR_OK, 429 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        struct operator o;
        open_operator(&l, &o);
        o.bad = rows[i].err ? 0 : 1000000;
        o.status = rows[i].status;
        l.hurdle = rows[i].err ? "orders.example.com" : NULL;
        l.hurdle_err = rows[i].err;
        l.hurdles = -1;
        download(&l, "4711", false);
        lab_tell(&l, CLOCK_DAY);
        CHECK_ROW(rows[i].name, o.count == 0 && notifications(&l, "waiting", NULL) == 3);
        o.bad = 0;
        l.hurdle = NULL;
        lab_tell(&l, CLOCK_HOUR);
        check_heard(rows[i].name, &o, "1  | 3  | 4 ");
        close_operator(&l, &o);
    }
}

/* What one path or certificate makes impossible stays so until somebody mends it: each notification is put aside in its turn. */
static void http_refusals_are_refusals(void)
{
    static const struct {
        const char *name;
        int status;
    } rows[] = {
        { "a bad request for a day", 400 },
        { "not allowed for a day", 403 },
        { "an unknown path for a day", 404 },
        { "gone for a day", 410 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        struct operator o;
        open_operator(&l, &o);
        o.bad = 1000000;
        o.status = rows[i].status;
        download(&l, "4711", false);
        lab_tell(&l, CLOCK_DAY);
        CHECK_ROW(rows[i].name, o.count == 0 && o.asked == 3 * 10);
        CHECK_ROW(rows[i].name, notifications(&l, "waiting", NULL) == 0 && notifications(&l, "aside", NULL) == 3);
        close_operator(&l, &o);
    }
}

#define RETRY NOTIFICATIONS "/retry"

/* One call tells again whatever was put aside, in its old order. Who still refuses is asked once for each, not ten times with
 * ever longer waits, while what is new stands behind. */
static void all_that_is_aside_is_told_again_by_one_call(void)
{
    static const struct {
        const char *name, *body;
        int status;
        int64_t retried;
        unsigned asked;
    } rows[] = {
        { "a list", "[]", 400, 0, 0 },
        { "an operator that is a number", "{\"operator\":7}", 400, 0, 0 },
        { "a member that there is not", "{\"operater\":\"eso\"}", 400, 0, 0 },
        { "another operator's", "{\"operator\":\"admin\"}", 200, 0, 0 },
        { "this operator's", "{\"operator\":\"eso\"}", 200, 3, 3 },
        { "everybody's", "{}", 200, 3, 3 },
    };
    struct lab l;
    struct operator o;
    open_operator(&l, &o);
    o.bad = 1000000;
    o.status = 404;
    download(&l, "4711", false);
    lab_tell(&l, CLOCK_DAY);
    CHECK(lab_call(&l, l.eso, "POST", RETRY, "{}", NULL) == 403 && lab_call(&l, l.stranger, "POST", RETRY, "{}", NULL) == 403);
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *answer = NULL;
        int64_t retried = 0;
        o.asked = 0;
        CHECK_ROW(rows[i].name, lab_call(&l, l.admin, "POST", RETRY, rows[i].body, &answer) == rows[i].status);
        CHECK_ROW(rows[i].name, rows[i].status != 200 || json_int(answer, "retried", &retried) == ERR_OK);
        CHECK_ROW(rows[i].name, retried == rows[i].retried && notifications(&l, "waiting", NULL) == (size_t)retried);
        lab_tell(&l, CLOCK_SECOND);
        CHECK_ROW(rows[i].name, o.asked == rows[i].asked && notifications(&l, "aside", NULL) == 3);
        json_decref(answer);
    }
    o.bad = 0;
    CHECK(lab_call(&l, l.admin, "POST", RETRY, "{}", NULL) == 200);
    lab_tell(&l, CLOCK_SECOND);
    check_heard("in their order", &o, "1  | 3  | 4 ");
    CHECK(untold(&l) == 0);
    close_operator(&l, &o);
}

/* How many are kept for "eso", and were dropped. */
static void load(struct lab *l, int64_t *kept, int64_t *dropped)
{
    json_t *answer = NULL;
    *kept = *dropped = -1;
    CHECK(lab_call(l, l->eso, "GET", NOTIFICATIONS "/operators", "", &answer) == 200);
    const json_t *one = json_array_get(json_object_get(answer, "operators"), 0);
    CHECK(json_int(one, "kept", kept) == ERR_OK && json_int(one, "dropped", dropped) == ERR_OK);
    json_decref(answer);
}

/* An operator that is never reached: the newest are kept, and what was dropped is said. */
static void what_is_kept_is_bounded(void)
{
    struct lab l;
    struct operator o;
    struct lab_card other;
    int64_t kept, dropped;
    open_operator(&l, &o);
    l.progress_kept = 5;
    l.hurdle = "orders.example.com";
    l.hurdle_err = ERR_IO;
    l.hurdles = -1;
    lab_restart(&l, LAB_SMDP);
    download(&l, "4711", false); /* points 1, 3, 4 */
    load(&l, &kept, &dropped);
    CHECK(kept == 3 && dropped == 0);
    lab_card_open(&l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    for (int i = 0; i < 4; i++) {
        struct lab_download d;
        lab_card_reset(&other);
        lab_download_begin(&l, &other, &d);
        CHECK(strcmp(lab_fetch(&d), "8.1.1/3.8") == 0); /* point 1 */
        lab_download_end(&d);
    }
    load(&l, &kept, &dropped);
    CHECK(kept == 5 && dropped == 2 && notifications(&l, "waiting", NULL) == 5);
    CHECK(lab_said(&l, "progress.dropped"));
    CHECK(lab_file_holds(&l, LAB_SMDP, span_str("HandleDownloadProgressInfo dropped: point 3")));
    l.hurdle = NULL;
    lab_tell(&l, CLOCK_HOUR);
    check_heard("what is left", &o, "4  | 1 8.1.1/3.8 | 1 8.1.1/3.8 | 1 8.1.1/3.8 | 1 8.1.1/3.8");
    load(&l, &kept, &dropped);
    CHECK(kept == 0 && dropped == 2);
    lab_card_close(&other);
    close_operator(&l, &o);
}

/* What was put aside is dropped before what still waits. */
static void what_is_aside_is_dropped_first(void)
{
    struct lab l;
    struct operator o;
    int64_t kept, dropped, id = 0;
    open_operator(&l, &o);
    o.never = ES2P_BPP_DOWNLOAD;
    download(&l, "0815", false);
    download(&l, "4711", false); /* 1, 2, 1, 3, 4 */
    lab_tell(&l, CLOCK_HOUR);
    CHECK(notifications(&l, "aside", &id) == 1 && notifications(&l, "waiting", NULL) == 0);
    l.progress_kept = 1;
    lab_restart(&l, LAB_SMDP);
    struct lab_card other;
    struct lab_download d;
    lab_card_open(&l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    lab_download_begin(&l, &other, &d);
    CHECK(strcmp(lab_fetch(&d), "8.1.1/3.8") == 0);
    lab_download_end(&d);
    load(&l, &kept, &dropped);
    CHECK(kept == 1 && dropped == 1 && notifications(&l, "waiting", NULL) == 1 && notifications(&l, "aside", NULL) == 0);
    lab_card_close(&other);
    close_operator(&l, &o);
}

static void notifications_are_listed_as_asked(void)
{
    static const struct {
        const char *name, *query;
        int status;
        size_t count;
    } rows[] = {
        { "all that wait", "", 200, 3 },
        { "one page of one", "?limit=1", 200, 1 },
        { "from the first on", "?after=1", 200, 2 },
        { "beyond the last", "?after=9999", 200, 0 },
        { "a state that is none", "?state=lost", 400, 0 },
        { "a limit of nothing", "?limit=0", 400, 0 },
        { "a limit below nothing", "?limit=-1", 400, 0 },
        { "a limit of too many", "?limit=1001", 400, 0 },
        { "a limit that is no number", "?limit=many", 400, 0 },
        { "a place that is none", "?after=here", 400, 0 },
    };
    struct lab l;
    struct operator o;
    open_operator(&l, &o);
    download(&l, "4711", false);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char url[128];
        json_t *answer = NULL;
        snprintf(url, sizeof url, NOTIFICATIONS "%s", rows[i].query);
        CHECK_ROW(rows[i].name, lab_call(&l, l.admin, "GET", url, "", &answer) == rows[i].status);
        CHECK_ROW(rows[i].name, json_array_size(json_object_get(answer, "notifications")) == rows[i].count);
        json_decref(answer);
    }
    close_operator(&l, &o);
}

/* The SM-DP+ dies at its n-th write while it downloads or tells; nothing is missing in the end, nothing out of order. */
static void killed_anywhere(void)
{
    bool cut = true;
    unsigned kills = 0;
    for (unsigned n = 1; cut && n < 60; n++) {
        struct lab l;
        struct operator o;
        char row[40];
        snprintf(row, sizeof row, "killed at write %u", n);
        open_operator(&l, &o);
        download(&l, "4711", false);
        l.part[LAB_SMDP].writes = 0;
        l.part[LAB_SMDP].cut_at = n;
        lab_tell(&l, CLOCK_HOUR);
        cut = l.part[LAB_SMDP].cut_at == 0; /* a restart clears it */
        kills += cut;
        check_heard(row, &o, "1  | 3  | 4 ");
        CHECK_ROW(row, untold(&l) == 0);
        close_operator(&l, &o);
    }
    CHECK(!cut && kills >= 6); /* each of three is noted as tried, then forgotten */
}

/* --- the receiving side -------------------------------------------------------------------------------- */

#define HEADER "\"header\":{\"functionRequesterIdentifier\":\"smdp.example.com\",\"functionCallIdentifier\":\"1\"}"
#define REST                                                                                                   \
    "\"iccid\":\"" LAB_PARTNER_ICCID "\",\"profileType\":\"\",\"timestamp\":\"2026-01-01T00:00:00Z\","          \
    "\"notificationPointId\":1"
#define GOOD "\"notificationPointStatus\":{\"status\":\"Executed-Success\"}"

static const struct {
    const char *name, *body, *refusal; /* "" accepted */
} bodies[] = {
    { "a good one", "{" HEADER "," REST "," GOOD "}", "" },
    { "with an EID", "{" HEADER "," REST "," GOOD ",\"eid\":\"" LAB_EID "\"}", "" },
    { "no header", "{" REST "," GOOD "}", "1.3.1" },
    { "no status", "{" HEADER "," REST "}", "1.3.1" },
    { "a failure without its codes", "{" HEADER "," REST ",\"notificationPointStatus\":{\"status\":\"Failed\"}}", "1.3.1" },
    { "a status that is none", "{" HEADER "," REST ",\"notificationPointStatus\":{\"status\":\"Perhaps\"}}", "1.3.1" },
    { "an EID of 31 digits", "{" HEADER "," REST "," GOOD ",\"eid\":\"8904903212345123451234567890123\"}", "1.3.1" },
    { "an EID that is a number", "{" HEADER "," REST "," GOOD ",\"eid\":7}", "1.3.1" },
    { "a result that is no base64", "{" HEADER "," REST "," GOOD ",\"resultData\":\"***\"}", "1.3.1" },
    { "no members", "{}", "1.3.1" },
    { "point 0", "{" HEADER "," GOOD ",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"profileType\":\"\",\"timestamp\":"
                 "\"2026-01-01T00:00:00Z\",\"notificationPointId\":0}", "1.3.1" },
    { "point 5", "{" HEADER "," GOOD ",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"profileType\":\"\",\"timestamp\":"
                 "\"2026-01-01T00:00:00Z\",\"notificationPointId\":5}", "1.3.1" },
    { "an ICCID with letters", "{" HEADER "," GOOD ",\"iccid\":\"8900X\",\"profileType\":\"\",\"timestamp\":"
                               "\"2026-01-01T00:00:00Z\",\"notificationPointId\":1}", "1.3.1" },
    { "a time that is none", "{" HEADER "," GOOD ",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"profileType\":\"\","
                             "\"timestamp\":\"yesterday\",\"notificationPointId\":1}", "1.3.1" },
    { "no JSON", "progress", "400" },
};

static const char *post(struct lab *l, const char *body)
{
    static char refusal[16];
    struct http_response p = HTTP_RESPONSE_INIT;
    struct es_status status = { 0 };
    json_t *answer = NULL;
    const struct http_header headers[] = { { "Content-Type", "application/json" },
                                           { "X-Admin-Protocol", "gsma/rsp/v2.5.0" } };
    const struct http_call q = { .method = "POST", .url = OPERATOR_URL PATH, .headers = headers, .header_count = 2,
                                 .body = span_str(body) };
    REQUIRE(http_send(l->eso, &q, &p) == ERR_OK);
    snprintf(refusal, sizeof refusal, "%d", p.status);
    if (p.status == 204)
        refusal[0] = 0;
    if (p.status == 200 && json_read(buf_span(&p.body), &answer, NULL) == ERR_OK && es_status_read(answer, &status) == ERR_OK)
        snprintf(refusal, sizeof refusal, "%s", status.subject);
    json_decref(answer);
    http_response_release(&p);
    return refusal;
}

static void malformed_ones_are_refused(void)
{
    struct lab l;
    struct operator o;
    open_operator(&l, &o);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        size_t before = o.count;
        const char *refusal = post(&l, bodies[i].body);
        CHECK_ROW(bodies[i].name, strcmp(refusal, bodies[i].refusal) == 0);
        CHECK_ROW(bodies[i].name, (o.count > before) == !bodies[i].refusal[0]);
    }
    close_operator(&l, &o);
}

const struct test progress_tests[] = {
    { "a download is told point by point, with its signed result", a_download_is_told },
    { "what fails is told with its codes", failures_are_told },
    { "what is refused only when the package is asked for is told too", late_refusals_are_told },
    { "an end user who rejects ends the order where the settings say so, and its operator hears it", cancellations_are_told },
    { "who does not want to hear is not told", who_does_not_want_to_hear_is_not_told },
    { "an operator is told until it accepts, in order", told_until_accepted },
    { "what an operator refuses for ever is put aside, visibly, and the rest goes on", what_is_refused_for_ever_is_put_aside },
    { "who is not there has refused nothing", silence_is_no_refusal },
    { "an HTTP refusal is a refusal", http_refusals_are_refusals },
    { "all that was put aside is told again by one call, each once more", all_that_is_aside_is_told_again_by_one_call },
    { "what waits for an operator is bounded, and what was dropped is said", what_is_kept_is_bounded },
    { "what was put aside is dropped first", what_is_aside_is_dropped_first },
    { "notifications are listed page by page", notifications_are_listed_as_asked },
    { "nothing is lost or out of order when the SM-DP+ is killed at any write", killed_anywhere },
    { "malformed notifications are refused by who receives them", malformed_ones_are_refused },
};
const size_t progress_tests_count = COUNT(progress_tests);
