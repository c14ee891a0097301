/* ES9+ messages spoilt in every way on their way: each is refused and changes nothing, and the true one still serves. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rsp_codes.h"
#include "smdp_tests.h"
#include "wire.h"

/* The message that would have been sent. */
struct capture {
    char url[160];
    struct buf body;
};

static enum err keep(void *context, const struct http_call *q)
{
    struct capture *c = context;
    snprintf(c->url, sizeof c->url, "%s", q->url);
    REQUIRE(buf_set(&c->body, q->body) == ERR_OK);
    return ERR_IO;
}

static enum err never(void *context, const struct http_call *q, struct http_response *p, enum err e)
{
    (void)context;
    (void)q;
    (void)p;
    return e;
}

struct stage {
    struct lab l;
    struct lab_download d;
    struct capture captured;
    struct es10b_cancel_session_response cancelled;
};

/* --- the functions: how far the session is brought, and how its message is sent ----------------------------- */

static void reach_initiation(struct stage *s)
{
    (void)s;
}

static const char *send_initiation(struct stage *s)
{
    return lab_initiate(&s->d);
}

static void reach_authentication(struct stage *s)
{
    REQUIRE(lab_initiate(&s->d)[0] == 0);
    lab_authenticate_server(&s->d);
}

static const char *send_authentication(struct stage *s)
{
    return lab_authenticate_client(&s->d);
}

static void reach_package(struct stage *s)
{
    reach_authentication(s);
    REQUIRE(lab_authenticate_client(&s->d)[0] == 0);
    lab_prepare(&s->d);
}

static const char *send_package(struct stage *s)
{
    return lab_get_package(&s->d);
}

static void reach_cancellation(struct stage *s)
{
    reach_package(s);
    const struct rsp_cancel_session_request q = { s->d.initiated.transaction_id, RSP_CANCEL_REASON_TIMEOUT };
    REQUIRE(es10b_cancel_session(&s->l.card.es, &q, &s->cancelled) == ERR_OK);
}

static const char *send_cancellation(struct stage *s)
{
    enum err e = es9p_cancel_session(&s->d.peer, s->d.initiated.transaction_id, buf_span(&s->cancelled.received),
                                     &s->d.status);
    return e ? err_name(e) : s->d.status.subject;
}

static void reach_notification(struct stage *s)
{
    reach_package(s);
    REQUIRE(lab_get_package(&s->d)[0] == 0 && lab_load(&s->d) == 0);
}

static const char *send_notification(struct stage *s)
{
    enum err e = es9p_handle_notification(&s->d.peer, buf_span(&s->d.loaded.received));
    return e ? err_name(e) : "";
}

static const struct function {
    const char *name;
    void (*reach)(struct stage *s);
    const char *(*send)(struct stage *s);
    bool unsigned_bytes; /* an altered octet may make another message that is as good */
    const char *state;   /* of the order, when the true message came through at last */
} functions[] = {
    { "InitiateAuthentication", reach_initiation, send_initiation, true, "released" },
    { "AuthenticateClient", reach_authentication, send_authentication, false, "released" },
    { "GetBoundProfilePackage", reach_package, send_package, false, "downloaded" },
    { "CancelSession", reach_cancellation, send_cancellation, false, "released" },
    { "HandleNotification", reach_notification, send_notification, false, "installed" },
};

static void open_stage(struct stage *s, const struct function *f)
{
    *s = (struct stage){ .captured.body.max = HTTP_BODY_MAX, .cancelled.received.max = APDU_ES10_RESPONSE_MAX };
    lab_open(&s->l);
    lab_import(&s->l);
    lab_release(&s->l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_download_begin(&s->l, &s->l.card, &s->d);
    f->reach(s);
}

/* Takes the message as it would go out. */
static void capture(struct stage *s, const struct function *f)
{
    struct http_client *behind = NULL, *client = NULL;
    struct env env = s->l.env;
    const struct http_observer o = { .before = keep, .after = never, .context = &s->captured };
    REQUIRE(http_client_direct_new(s->l.wires, (struct span){ 0 }, &behind) == ERR_OK);
    REQUIRE(http_client_observed_new(behind, &o, &client) == ERR_OK);
    env.http = client;
    s->d.peer.env = &env;
    CHECK_ROW(f->name, strcmp(f->send(s), err_name(ERR_IO)) == 0);
    s->d.peer.env = &s->l.env;
    s->d.status = (struct es_status){ 0 };
    http_client_free(client);
}

static void close_stage(struct stage *s)
{
    lab_download_end(&s->d);
    buf_release(&s->captured.body);
    buf_release(&s->cancelled.received);
    lab_close(&s->l);
}

/* --- sending what was spoilt ------------------------------------------------------------------------------- */

/* Rows that the SM-DP+ wrote since it began. */
static int64_t changes(struct stage *s)
{
    int64_t count = -1;
    REQUIRE(db_get_int(s->l.part[LAB_SMDP].env.db, "SELECT total_changes()", NULL, 0, &count) == ERR_OK);
    return count;
}

static void send(struct stage *s, const struct function *f, const char *how, struct span body)
{
    static const struct http_header headers[] = { { "Content-Type", "application/json" },
                                                  { "X-Admin-Protocol", "gsma/rsp/v2.5.0" } };
    struct http_response p = HTTP_RESPONSE_INIT;
    char row[120];
    const struct http_call q = { .method = "POST", .url = s->captured.url, .headers = headers,
                                 .header_count = COUNT(headers), .body = body };
    int64_t before = changes(s);
    size_t said = lab_log_length(&s->l);
    snprintf(row, sizeof row, "%s: %s", f->name, how);
    CHECK_ROW(row, http_send(s->l.anyone, &q, &p) == ERR_OK && p.status != 500);
    bool refused = p.status >= 400 || (p.status == 200 && p.body.len && strstr(buf_cstr(&p.body), "Failed"));
    /* What is no believable notification is answered all the same (SGP.22 5.6.4). */
    CHECK_ROW(row, refused || (p.status == 204 && f->send == send_notification));
    CHECK_ROW(row, changes(s) == before);
    CHECK_ROW(row, lab_warned(&s->l, said, ""));
    http_response_release(&p);
}

static void send_json(struct stage *s, const struct function *f, const char *how, const json_t *o)
{
    struct buf text = { .max = HTTP_BODY_MAX };
    REQUIRE(json_write(o, &text) == ERR_OK);
    send(s, f, how, buf_span(&text));
    buf_release(&text);
}

static void cut_text(struct stage *s, const struct function *f)
{
    for (size_t len = 0; len < s->captured.body.len; len += 1 + len / 7)
        send(s, f, "JSON cut short", span_of(s->captured.body.at, len));
}

/* One member after the other replaced by something that it is not; NULL: left out. */
static void replace_members(struct stage *s, const struct function *f, const json_t *whole)
{
    static const char *const texts[] = { "", "*", "AA", "A===", "////", "00112233445566778899AABBCCDDEEFF00", "\xc3\xa9" };
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)whole, key, value) {
        json_t *others[] = { NULL, json_null(), json_true(), json_integer(7), json_array(), json_object() };
        for (size_t i = 0; i < COUNT(others) + COUNT(texts); i++) {
            json_t *o = json_copy((json_t *)whole);
            json_t *other = i < COUNT(others) ? others[i] : json_string(texts[i - COUNT(others)]);
            REQUIRE(o && (other ? json_object_set_new(o, key, other) : json_object_del(o, key)) == 0);
            send_json(s, f, key, o);
            json_decref(o);
        }
    }
}

static void send_der(struct stage *s, const struct function *f, const char *how, const json_t *whole, const char *key,
                     struct span der)
{
    json_t *o = json_copy((json_t *)whole);
    REQUIRE(o && json_set_base64(o, key, der) == ERR_OK);
    send_json(s, f, how, o);
    json_decref(o);
}

/* Cut, doubled, followed by something, one octet altered. */
static void spoil_der(struct stage *s, const struct function *f, const json_t *whole, const char *key, struct span der)
{
    struct buf spoilt = { .max = HTTP_BODY_MAX };
    for (size_t len = 0; len < der.len; len += 1 + len / 9)
        send_der(s, f, "DER cut short", whole, key, span_sub(der, 0, len));
    REQUIRE(buf_set(&spoilt, der) == ERR_OK && buf_put(&spoilt, der) == ERR_OK);
    send_der(s, f, "DER twice", whole, key, buf_span(&spoilt));
    spoilt.len = der.len + 1;
    send_der(s, f, "DER with an octet behind it", whole, key, buf_span(&spoilt));
    for (size_t at = 0; at < der.len && !f->unsigned_bytes; at += 5) {
        spoilt.len = der.len;
        spoilt.at[at] ^= 1;
        send_der(s, f, "an altered octet", whole, key, buf_span(&spoilt));
        spoilt.at[at] ^= 1;
    }
    buf_release(&spoilt);
}

static void spoil_all_der(struct stage *s, const struct function *f, const json_t *whole)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)whole, key, value) {
        struct buf der = { .max = HTTP_BODY_MAX };
        if (json_base64(whole, key, &der) == ERR_OK && der.len > 20 && der_check(buf_span(&der)) == ERR_OK)
            spoil_der(s, f, whole, key, buf_span(&der));
        buf_release(&der);
    }
}

static void messages_spoilt(void)
{
    for (size_t i = 0; i < COUNT(functions); i++) {
        const struct function *f = &functions[i];
        struct stage s;
        json_t *whole = NULL;
        open_stage(&s, f);
        capture(&s, f);
        REQUIRE(json_read(buf_span(&s.captured.body), &whole, NULL) == ERR_OK);
        cut_text(&s, f);
        replace_members(&s, f, whole);
        spoil_all_der(&s, f, whole);
        CHECK_ROW(f->name, f->send(&s)[0] == 0);
        CHECK_ROW(f->name, strcmp(lab_profile_state(&s.l, LAB_PARTNER_ICCID), f->state) == 0);
        json_decref(whole);
        close_stage(&s);
    }
}

/* Octets that this process has from its allocator. */
static size_t memory_in_use(void)
{
    return mallinfo2().uordblks;
}

#define ROUNDS 6
#define NOISE (16 << 10) /* octets: what the store's caches still take */

/* Refused again and again, the same messages leave no more behind than once. (Under the address sanitizer nothing is counted here,
 * but whatever leaks is told.) */
static void what_is_refused_leaves_nothing_behind(void)
{
    for (size_t i = 0; i < COUNT(functions); i++) {
        const struct function *f = &functions[i];
        struct stage s;
        json_t *whole = NULL;
        size_t early = 0;
        open_stage(&s, f);
        capture(&s, f);
        REQUIRE(json_read(buf_span(&s.captured.body), &whole, NULL) == ERR_OK);
        for (int round = 0; round < ROUNDS; round++) {
            cut_text(&s, f);
            replace_members(&s, f, whole);
            lab_forget_log(&s.l);
            early = round == 2 ? memory_in_use() : early;
        }
        CHECK_ROW(f->name, memory_in_use() <= early + NOISE);
        json_decref(whole);
        close_stage(&s);
    }
}

/* --- messages of other sessions and other cards ------------------------------------------------------------- */

/* A second session, of the same card or of another one, and which of its parts are put into the first one's. */
static const struct foreign {
    const char *name;
    const struct function *f;
    bool another_card, inner, outer;
    const char *refusal;
} foreign[] = {
    { "the answer of an earlier session of this card", &functions[1], false, true, false, "8.10.1/3.9" },
    { "this answer in an earlier session of this card", &functions[1], false, false, true, "8.10.1/3.9" },
    { "another card's answer to its own session", &functions[1], true, true, false, "8.10.1/3.9" },
    { "this answer in another card's session", &functions[1], true, false, true, "8.10.1/3.9" },
    { "the download response of an earlier session of this card", &functions[2], false, true, false, "8.1/6.1" },
    { "this download response in an earlier session of this card", &functions[2], false, false, true, "8.1/6.1" },
    { "another card's download response", &functions[2], true, true, false, "8.1/6.1" },
    { "this download response in another card's session", &functions[2], true, false, true, "8.1/6.1" },
    { "the cancellation of an earlier session of this card", &functions[3], false, true, false, "8.10.1/3.9" },
    { "this cancellation in an earlier session of this card", &functions[3], false, false, true, "8.10.1/3.9" },
    { "another card's cancellation", &functions[3], true, true, false, "8.1/6.1" },
    { "this cancellation in another card's session", &functions[3], true, false, true, "8.1/6.1" },
};

static void release_another(struct lab *l)
{
    lab_release(l, LAB_THIRD_ICCID, LAB_OTHER_EID, "TOKEN-3", "");
}

/* The second session's captured member in the first one's message, or its transactionId there. */
static void exchange(const struct foreign *r, const json_t *first, const json_t *second, json_t *out)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)second, key, value) {
        bool outer = strcmp(key, "transactionId") == 0;
        bool take = outer ? r->outer : r->inner;
        REQUIRE(json_object_set(out, key, take ? value : json_object_get(first, key)) == 0);
    }
}

static void refusal_is(struct stage *s, const struct foreign *r, const json_t *o)
{
    static const struct http_header headers[] = { { "Content-Type", "application/json" },
                                                  { "X-Admin-Protocol", "gsma/rsp/v2.5.0" } };
    struct buf text = { .max = HTTP_BODY_MAX };
    struct http_response p = HTTP_RESPONSE_INIT;
    json_t *answer = NULL;
    struct es_status status = { 0 };
    char got[40];
    REQUIRE(json_write(o, &text) == ERR_OK);
    const struct http_call q = { .method = "POST", .url = s->captured.url, .headers = headers,
                                 .header_count = COUNT(headers), .body = buf_span(&text) };
    int64_t before = changes(s);
    REQUIRE(http_send(s->l.anyone, &q, &p) == ERR_OK && json_read(buf_span(&p.body), &answer, NULL) == ERR_OK);
    CHECK_ROW(r->name, es_status_read(answer, &status) == ERR_OK);
    snprintf(got, sizeof got, "%s/%s", status.subject, status.reason);
    CHECK_ROW(r->name, strcmp(got, r->refusal) == 0);
    if (strcmp(got, r->refusal) != 0)
        printf("\n    row \"%s\": \"%s\"", r->name, got);
    CHECK_ROW(r->name, changes(s) == before);
    json_decref(answer);
    http_response_release(&p);
    buf_release(&text);
}

/* The second session goes as far as the first; its message is captured into the same stage. */
static json_t *capture_second(struct stage *s, const struct foreign *r, struct lab_card *other)
{
    struct lab_download kept = s->d;
    json_t *message = NULL;
    lab_download_begin(&s->l, r->another_card ? other : &s->l.card, &s->d);
    s->d.matching_id = r->another_card ? "TOKEN-3" : "TOKEN-1";
    buf_release(&s->cancelled.received);
    struct lab_card first = s->l.card;
    if (r->another_card)
        s->l.card = *other; /* whose cancellation it is */
    r->f->reach(s);
    s->l.card = first;
    capture(s, r->f);
    REQUIRE(json_read(buf_span(&s->captured.body), &message, NULL) == ERR_OK);
    lab_download_end(&s->d);
    s->d = kept;
    return message;
}

static void sessions_mixed(void)
{
    for (size_t i = 0; i < COUNT(foreign); i++) {
        const struct foreign *r = &foreign[i];
        struct stage s;
        struct lab_card other;
        json_t *first = NULL, *mixed = json_object();
        open_stage(&s, r->f);
        release_another(&s.l);
        lab_card_open(&s.l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
        capture(&s, r->f);
        REQUIRE(mixed && json_read(buf_span(&s.captured.body), &first, NULL) == ERR_OK);
        json_t *second = capture_second(&s, r, &other);
        exchange(r, first, second, mixed);
        refusal_is(&s, r, mixed);
        CHECK_ROW(r->name, strcmp(lab_profile_state(&s.l, LAB_PARTNER_ICCID), "released") == 0);
        json_decref(first);
        json_decref(second);
        json_decref(mixed);
        lab_card_close(&other);
        close_stage(&s);
    }
}

/* What was answered once is answered never again, and a captured message is nothing to the next session. */
static void messages_replayed(void)
{
    for (size_t i = 1; i < 4; i++) {
        const struct function *f = &functions[i];
        struct stage s;
        open_stage(&s, f);
        capture(&s, f);
        CHECK_ROW(f->name, f->send(&s)[0] == 0);
        for (int again = 0; again < 3; again++) {
            if (again == 2)
                lab_restart(&s.l, LAB_SMDP);
            send(&s, f, "the same bytes once more", buf_span(&s.captured.body));
        }
        CHECK_ROW(f->name, strcmp(lab_profile_state(&s.l, LAB_PARTNER_ICCID), f->state) == 0);
        close_stage(&s);
    }
}

/* Each session has a transactionId and a challenge of its own, whatever the eUICC's challenge was (SGP.22 5.6.1). */
static void nonces_are_fresh(void)
{
    enum { SESSIONS = 64 };
    struct stage s;
    uint8_t seen[SESSIONS][32];
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint8_t challenge[16] = { 1 };
    open_stage(&s, &functions[0]);
    REQUIRE(es10b_get_euicc_info1(&s.l.card.es, &info) == ERR_OK);
    const struct rsp_initiate_authentication_request q = { SPAN_ARRAY(challenge), span_str("smdp.example.com"), info.message };
    for (size_t i = 0; i < SESSIONS; i++) {
        struct lab_download d;
        lab_download_begin(&s.l, &s.l.card, &d);
        REQUIRE(es9p_initiate_authentication(&d.peer, &q, &d.memory, &d.initiated, &d.status) == ERR_OK);
        memcpy(seen[i], d.initiated.transaction_id.at, 16);
        memcpy(seen[i] + 16, d.initiated.server_signed1.server_challenge.at, 16);
        lab_download_end(&d);
        for (size_t k = 0; k < i; k++)
            CHECK(memcmp(seen[i], seen[k], 16) != 0 && memcmp(seen[i] + 16, seen[k] + 16, 16) != 0);
    }
    buf_release(&info.received);
    close_stage(&s);
}

const struct test hostile_tests[] = {
    { "a message spoilt in any way is refused and changes nothing, and the true one still serves", messages_spoilt },
    { "what is refused again and again leaves nothing behind", what_is_refused_leaves_nothing_behind },
    { "messages of other sessions and other cards are refused and change nothing", sessions_mixed },
    { "a message sent again is refused and changes nothing", messages_replayed },
    { "no session has another one's transactionId or challenge", nonces_are_fresh },
};
const size_t hostile_tests_count = COUNT(hostile_tests);
