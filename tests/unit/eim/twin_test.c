/* Two SM-DP+ that give the same transactionId, one that lies, and devices that answer in another's session: no relayed session
 * gets what belongs to another. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "es_authentication.h"
#include "esipa_call.h"
#include "rsp_codes.h"
#include "rsp_compact.h"
#include "rsp_ids.h"

#define TWIN "twin.example.com"
#define TWIN_CODE "1$" TWIN "$TOKEN-1"

/* Gives these octets once to who makes a transactionId, whose first octets are the time. */
#define RANDOM_OCTETS (16 - ES_TRANSACTION_TIME_OCTETS)
struct fixed_rng {
    struct rng rng;
    struct rng *behind;
    bool armed;
};

static enum err fixed_fill(struct rng *r, void *at, size_t len)
{
    struct fixed_rng *f = (struct fixed_rng *)r;
    if (!f->armed || len != RANDOM_OCTETS)
        return rng_fill(f->behind, at, len);
    f->armed = false;
    memset(at, 0x11, len);
    return ERR_OK;
}

/* A device in its relayed download. */
struct story {
    struct lab_card *card;
    struct lab_download d;
    struct es_peer peer;
    struct buf transaction;
};

struct pair {
    struct fixture f;
    struct lab_card second;
    struct env env; /* the twin's */
    struct actor *twin;
    struct fixed_rng rng[2];
    struct story story[2];
};

static void fix(struct pair *p, int i, struct env *env)
{
    p->rng[i] = (struct fixed_rng){ { fixed_fill }, env->rng, false };
    env->rng = &p->rng[i].rng;
}

/* Stands under its own name; and while it is furnished under the other's. */
static void build_twin(struct pair *p)
{
    static const char *const addresses[] = { TWIN, NULL };
    struct lab *l = &p->f.l;
    struct pki_smdp own;
    struct smdp *smdp = NULL;
    REQUIRE(pki_smdp(l->pki, TWIN, &own) == ERR_OK);
    const struct smdp_identity identity = { EC_P256, own.auth->der, own.pb->der, own.auth->key, own.pb->key };
    struct smdp_client clients[] = { { .name = "eso" }, { .name = "admin", .administrator = true } };
    memcpy(clients[0].fingerprint, lab_item(l, "CERT_OPERATOR_ESO")->fingerprint, 32);
    memcpy(clients[1].fingerprint, lab_item(l, "CERT_OPERATOR_ADMIN")->fingerprint, 32);
    const struct smdp_settings s = { .addresses = addresses, .identities = &identity, .identity_count = 1, .trust = l->trust,
                                     .clients = clients, .client_count = COUNT(clients),
                                     .storage_key = { .at = { 1, 2, 3 }, .len = 32 } };
    p->env = l->env;
    REQUIRE(db_open(&l->log, NULL, false, &p->env.db) == ERR_OK);
    REQUIRE(smdp_new(&p->env, &s, &smdp) == ERR_OK);
    p->twin = smdp_actor(smdp);
    REQUIRE(http_switch_set(l->wires, TWIN, p->twin, l->operators, &l->log) == ERR_OK);
    REQUIRE(http_switch_set(l->wires, "smdp.example.com", p->twin, l->operators, &l->log) == ERR_OK);
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, "", "TOKEN-1", "");
    REQUIRE(http_switch_set(l->wires, "smdp.example.com", l->part[LAB_SMDP].actor, l->operators, &l->log) == ERR_OK);
}

static void begin(struct pair *p, int i, struct lab_card *card, const char *code, const char *reference)
{
    struct story *s = &p->story[i];
    char url[120], body[300];
    *s = (struct story){ .card = card, .peer = p->f.peer, .transaction = { .max = 16 } };
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/euiccs/%s/orders", card->eid);
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"kind\":\"download\",\"activationCode\":\"%s\"}", reference, code);
    CHECK(lab_call(&p->f.l, p->f.l.eso, "POST", url, body, NULL) == 202);
    REQUIRE(poll_as(&p->f, card->eid) == RSP_EIM_PACKAGE_DOWNLOAD);
    REQUIRE(buf_set(&s->transaction, p->f.package.message.download.eim_transaction_id) == ERR_OK);
    s->peer.eim_transaction_id = buf_span(&s->transaction);
    lab_download_begin(&p->f.l, card, &s->d);
}

static void pair_open(struct pair *p)
{
    struct lab *l = &p->f.l;
    fixture_open(&p->f);
    lab_card_open(l, &p->second, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    lab_register(l, &p->second);
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    build_twin(p);
    fix(p, 0, &l->part[LAB_SMDP].env);
    fix(p, 1, &p->env);
    begin(p, 0, &l->card, LAB_CODE, "first");
    begin(p, 1, &p->second, TWIN_CODE, "second");
}

static void pair_close(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        lab_download_end(&p->story[i].d);
        buf_release(&p->story[i].transaction);
    }
    lab_card_close(&p->second);
    p->twin->ops->free(p->twin);
    db_close(p->env.db);
    p->f.l.part[LAB_SMDP].env.rng = p->rng[0].behind;
    fixture_close(&p->f);
}

/* --- the steps ------------------------------------------------------------------------------------------------- */

static const char *told(struct story *s, enum err e)
{
    snprintf(s->d.refusal, sizeof s->d.refusal, "%s%s%s", e ? err_name(e) : s->d.status.subject,
             !e && s->d.status.subject[0] ? "/" : "", e ? "" : s->d.status.reason);
    return s->d.refusal;
}

/* The answer's error, 0 ok, -1 no answer. */
static int64_t initiate(struct story *s)
{
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint8_t challenge[16];
    struct rsp_initiate_authentication_response_esipa a;
    struct buf message = ESIPA_MESSAGE, *answer = es_memory_buf(&s->d.memory);
    REQUIRE(es10b_get_euicc_info1(&s->card->es, &info) == ERR_OK);
    REQUIRE(es10b_get_euicc_challenge(&s->card->es, challenge) == ERR_OK);
    const struct rsp_initiate_authentication_request_esipa q = {
        .euicc_challenge = SPAN_ARRAY(challenge), .has_euicc_info1 = true, .euicc_info1 = info.message,
        .eim_transaction_id = s->peer.eim_transaction_id,
    };
    enum err e = rsp_initiate_authentication_request_esipa_write(&q, &message);
    e = esipa_call(&s->peer, "InitiateAuthentication", e, &message, answer);
    buf_release(&info.received);
    if (e || rsp_initiate_authentication_response_esipa_read(buf_span(answer), &a))
        return -1;
    s->d.initiated = (struct rsp_initiate_authentication_ok){
        .transaction_id = a.ok.transaction_id, .server_signed1 = a.ok.server_signed1,
        .server_signature1 = a.ok.server_signature1, .ci_pkid = a.ok.ci_pkid,
        .server_certificate = a.ok.server_certificate };
    return a.which == RSP_OK ? 0 : a.error;
}

static const char *authenticate(struct story *s)
{
    const struct rsp_authenticate_client_request q = { s->d.initiated.transaction_id, s->d.server.message };
    return told(s, esipa_authenticate_client(&s->peer, &q, &s->d.memory, &s->d.authenticated, &s->d.status));
}

static const char *get_package(struct story *s, bool compact)
{
    struct rsp_get_bound_profile_package_request q = { s->d.initiated.transaction_id, s->d.prepared.message };
    struct buf bytes = { .max = 1024 };
    if (compact) {
        REQUIRE(rsp_compact_preparation(&s->d.prepared.message, false, false, &bytes) == ERR_OK);
        REQUIRE(rsp_prepare_download_response_read(buf_span(&bytes), &q.response) == ERR_OK);
    }
    const char *refusal = told(s, esipa_get_bound_profile_package(&s->peer, &q, &s->d.memory, &s->d.package, &s->d.status));
    buf_release(&bytes);
    return refusal;
}

static enum err notify(struct story *s, bool compact)
{
    struct rsp_pending_notification n;
    struct buf bytes = { .max = 8192 };
    uint8_t eid[16];
    if (!compact)
        return esipa_relay_notification(&s->peer, buf_span(&s->d.loaded.received));
    REQUIRE(rsp_eid_parse(s->card->eid, eid) == ERR_OK);
    REQUIRE(rsp_pending_notification_read(buf_span(&s->d.loaded.received), &n) == ERR_OK);
    REQUIRE(rsp_compact_notification(&n, SPAN_ARRAY(eid), (struct span){ 0 }, &bytes) == ERR_OK);
    enum err e = esipa_relay_notification(&s->peer, buf_span(&bytes));
    buf_release(&bytes);
    return e;
}

/* Both begin; the servers give the same transactionId. */
static void begin_both(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        p->rng[i].armed = true;
        REQUIRE(initiate(&p->story[i]) == 0);
    }
    REQUIRE(span_equal(p->story[0].d.initiated.transaction_id, p->story[1].d.initiated.transaction_id));
}

static bool is_installed_at(struct pair *p, int i)
{
    struct lab *l = &p->f.l;
    struct actor *at = i ? p->twin : l->part[LAB_SMDP].actor;
    REQUIRE(http_switch_set(l->wires, "smdp.example.com", at, l->operators, &l->log) == ERR_OK);
    bool is = strcmp(lab_profile_state(l, LAB_PARTNER_ICCID), "installed") == 0;
    REQUIRE(http_switch_set(l->wires, "smdp.example.com", l->part[LAB_SMDP].actor, l->operators, &l->log) == ERR_OK);
    return is;
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

/* Step by step beside each other, in either order: each gets its own. */
static void beside_each_other(void)
{
    for (int row = 0; row < 4; row++) {
        struct pair p;
        bool compact = row & 1;
        int order[2] = { row >> 1, !(row >> 1) };
        pair_open(&p);
        begin_both(&p);
        for (int k = 0; k < 2; k++) {
            lab_authenticate_server(&p.story[order[k]].d);
            CHECK(authenticate(&p.story[order[k]])[0] == 0);
        }
        lab_restart(&p.f.l, LAB_EIM);
        for (int k = 0; k < 2; k++) {
            lab_prepare(&p.story[order[k]].d);
            CHECK(get_package(&p.story[order[k]], compact)[0] == 0);
        }
        for (int k = 0; k < 2; k++) {
            struct story *s = &p.story[order[k]];
            REQUIRE(!s->d.refusal[0] && lab_load(&s->d) == 0);
            CHECK(!is_installed_at(&p, order[k]));
            CHECK(notify(s, compact) == ERR_OK);
            CHECK(is_installed_at(&p, order[k]));
        }
        pair_close(&p);
    }
}

/* A cancellation reaches the SM-DP+ of its session and no other. */
static void cancelled(void)
{
    for (int row = 0; row < 4; row++) {
        struct pair p;
        struct es10b_cancel_session_response c = { .received.max = 4096 };
        struct buf bytes = { .max = 1024 };
        struct story *s;
        pair_open(&p);
        begin_both(&p);
        for (int k = 0; k < 2; k++) {
            lab_authenticate_server(&p.story[k].d);
            CHECK(authenticate(&p.story[k])[0] == 0);
        }
        s = &p.story[row >> 1];
        const struct rsp_cancel_session_request q = { .transaction_id = s->d.initiated.transaction_id, .reason = 3 };
        REQUIRE(es10b_cancel_session(&s->card->es, &q, &c) == ERR_OK);
        if (row & 1) {
            REQUIRE(rsp_compact_cancellation(&c.message, &bytes) == ERR_OK);
        } else {
            REQUIRE(buf_set(&bytes, buf_span(&c.received)) == ERR_OK);
        }
        CHECK(told(s, esipa_cancel_session(&s->peer, q.transaction_id, buf_span(&bytes), &s->d.status))[0] == 0);
        s = &p.story[!(row >> 1)];
        lab_prepare(&s->d);
        CHECK(get_package(s, false)[0] == 0 && lab_load(&s->d) == 0);
        buf_release(&bytes);
        buf_release(&c.received);
        pair_close(&p);
    }
}

/* What nobody signed belongs to neither. */
static void errors(void)
{
    struct pair p;
    pair_open(&p);
    begin_both(&p);
    struct story *s = &p.story[0];
    const struct rsp_session_error error = { s->d.initiated.transaction_id, 127 };
    const struct rsp_authenticate_client_request q = {
        s->d.initiated.transaction_id, { .which = RSP_AUTHENTICATE_SERVER_ERROR, .error = error } };
    CHECK(strcmp(told(s, esipa_authenticate_client(&s->peer, &q, &s->d.memory, &s->d.authenticated, &s->d.status)),
                 "8.10.1/3.9") == 0);
    for (int k = 0; k < 2; k++) {
        lab_authenticate_server(&p.story[k].d);
        CHECK(authenticate(&p.story[k])[0] == 0); /* and neither was disturbed */
    }
    pair_close(&p);
}

/* The same eUICC, one order after the other: what it says in the second session does not reach the first's SM-DP+. */
static void one_after_the_other(void)
{
    struct pair p;
    struct story *s;
    pair_open(&p);
    p.rng[0].armed = p.rng[1].armed = true;
    REQUIRE(initiate(&p.story[0]) == 0);
    lab_authenticate_server(&p.story[0].d);
    CHECK(authenticate(&p.story[0])[0] == 0);
    const struct rsp_profile_download_trigger_result over = {
        .eim_transaction_id = buf_span(&p.story[0].transaction),
        .result = { .which = RSP_DOWNLOAD_RESULT_ERROR, .error = { .reason = 127 } },
    };
    CHECK(bring_download(&p.f, LAB_EID, &over) == RSP_PROVIDE_EMPTY);
    s = &p.story[1];
    lab_download_end(&s->d);
    buf_release(&s->transaction);
    begin(&p, 1, &p.f.l.card, TWIN_CODE, "third");
    p.rng[1].armed = true;
    REQUIRE(initiate(s) == 0);
    REQUIRE(span_equal(s->d.initiated.transaction_id, p.story[0].d.initiated.transaction_id));
    lab_authenticate_server(&s->d);
    CHECK(authenticate(s)[0] == 0);
    lab_prepare(&s->d);
    CHECK(get_package(s, false)[0] == 0);
    REQUIRE(!s->d.refusal[0] && lab_load(&s->d) == 0);
    CHECK(notify(s, false) == ERR_OK && is_installed_at(&p, 1) && !is_installed_at(&p, 0));
    pair_close(&p);
}

/* A device that answers in the session of another's order. */
static void anothers_session(void)
{
    for (int json = 0; json < 2; json++) {
        struct pair p;
        pair_open(&p);
        REQUIRE(initiate(&p.story[0]) == 0);
        struct story *thief = &p.story[1];
        thief->d.initiated = p.story[0].d.initiated;
        /* It cannot have the challenge answered that was meant for the other: so it signs what it likes. */
        lab_authenticate_server(&p.story[0].d);
        const struct rsp_authenticate_response_ok *ok = &p.story[0].d.server.message.ok;
        struct rsp_authenticate_client_request q = { p.story[0].d.initiated.transaction_id, p.story[0].d.server.message };
        struct rsp_tbs tbs;
        rsp_tbs_euicc_signature1(&ok->euicc_signed1, &tbs);
        lab_sign_again(&p.f.l, &p.second, &tbs, ok->euicc_signature1);
        q.response.ok.euicc_certificate = buf_span(&p.second.nist.certificate);
        q.response.ok.eum_certificate = p.second.nist.eum_certificate;
        q.response.whole = (struct span){ 0 };
        p.f.l.hurdle = "smdp.example.com";
        p.f.l.hurdle_err = ERR_TIMEOUT;
        p.f.l.hurdles = 100;
        thief->peer.json = json;
        CHECK(strcmp(told(thief, esipa_authenticate_client(&thief->peer, &q, &thief->d.memory, &thief->d.authenticated,
                                                           &thief->d.status)), "8.1.1/3.8") == 0);
        CHECK(p.f.l.hurdles == 100); /* nobody was called */
        pair_close(&p);
    }
}

/* --- a server that lies -------------------------------------------------------------------------------------------- */

struct liar {
    struct actor actor;
    struct lab *lab;
};

/* Passes on to the SM-DP+, and says another transactionId than was signed. */
static enum err lie(void *actor, const struct http_request *q, struct http_response *p)
{
    struct liar *l = actor;
    const struct actor_ops *honest = l->lab->part[LAB_SMDP].actor->ops;
    struct http_request copy = *q;
    json_t *answer = NULL;
    enum err e = http_dispatch(honest->routes, honest->route_count, l->lab->part[LAB_SMDP].actor, &l->lab->log, &copy, p);
    REQUIRE(e == ERR_OK && json_read(buf_span(&p->body), &answer, NULL) == ERR_OK);
    json_object_set_new(answer, "transactionId", json_string("11111111111111111111111111111111"));
    buf_clear(&p->body);
    e = json_write(answer, &p->body);
    json_decref(answer);
    return e;
}

static const struct http_route lies[] = { { "POST", "/gsma/rsp2/es9plus/initiateAuthentication", lie } };
static const struct actor_ops liar_ops = { .role = "liar", .routes = lies, .route_count = COUNT(lies) };

static void a_lie_is_no_session(void)
{
    struct pair p;
    struct liar liar = { .actor = { &liar_ops } };
    int64_t sessions = 0;
    pair_open(&p);
    liar.lab = &p.f.l;
    p.rng[1].armed = true;
    REQUIRE(initiate(&p.story[1]) == 0); /* whose transactionId the liar wants */
    REQUIRE(http_switch_set(p.f.l.wires, "smdp.example.com", &liar.actor, NULL, &p.f.l.log) == ERR_OK);
    CHECK(initiate(&p.story[0]) == RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR);
    CHECK(db_get_int(p.f.l.part[LAB_EIM].env.db, "SELECT count(*) FROM relay", NULL, 0, &sessions) == ERR_OK && sessions == 1);
    lab_authenticate_server(&p.story[1].d);
    CHECK(authenticate(&p.story[1])[0] == 0);
    pair_close(&p);
}

const struct test twin_tests[] = {
    { "two SM-DP+ with one transactionId each get what is theirs", beside_each_other },
    { "a cancellation reaches the SM-DP+ of its session", cancelled },
    { "an unsigned error of two possible sessions is neither's", errors },
    { "an order's session is with its own SM-DP+, also when the order before had the same transactionId", one_after_the_other },
    { "a session is the ordered eUICC's and nobody else's", anothers_session },
    { "a server that says another transactionId than it signs begins no session", a_lie_is_no_session },
};
const size_t twin_tests_count = COUNT(twin_tests);
