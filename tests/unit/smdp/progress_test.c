/* ES2+.HandleDownloadProgressInfo: what an operator hears of its downloads, however badly it listens. */
#include <stdio.h>
#include <string.h>

#include "es2p_handle_download_progress_info.h"
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
    { "who does not want to hear is not told", who_does_not_want_to_hear_is_not_told },
    { "an operator is told until it accepts, in order", told_until_accepted },
    { "nothing is lost or out of order when the SM-DP+ is killed at any write", killed_anywhere },
    { "malformed notifications are refused by who receives them", malformed_ones_are_refused },
};
const size_t progress_tests_count = COUNT(progress_tests);
