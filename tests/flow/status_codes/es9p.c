/* ES9+ and ES11, with a real card; what the card would never say is signed with its key. */
#include <stdio.h>
#include <string.h>

#include "rsp_codes.h"
#include "rsp_ids.h"
#include "status_codes.h"

#define CODE "4711"
#define RULED_ICCID "89000123456789012374"

static bool at_smds(const struct row *r)
{
    return r->function == ES11_INITIATE || r->function == ES11_CLIENT;
}

static void begin(struct lab *l, struct lab_card *c, const struct row *r, struct lab_download *d)
{
    if (at_smds(r))
        lab_discovery_begin(l, c, d);
    else
        lab_download_begin(l, c, d);
}

static void say(char out[40], const char *refusal)
{
    snprintf(out, 40, "%s", refusal);
}

/* --- InitiateAuthentication ------------------------------------------------------------------------- */

static void spoil_info(const struct row *r, struct rsp_initiate_authentication_request *q)
{
    static const uint8_t nobody[22] = { 4, 20, 1, 2, 3 }, older[3] = { 1, 2, 0 }, newer[3] = { 3, 0, 0 };
    switch (r->what) {
    case OTHER_ADDRESS:
        q->smdp_address = span_str("nobody.example.com");
        break;
    case OLD_VERSION:
        q->euicc_info1.svn = SPAN_ARRAY(older);
        break;
    case NEW_VERSION:
        q->euicc_info1.svn = SPAN_ARRAY(newer);
        break;
    case SICK:
        return;
    case SIGNS_BELOW_NOBODY:
        q->euicc_info1.ci_signing = SPAN_ARRAY(nobody);
        break;
    default:
        q->euicc_info1.ci_verification = SPAN_ARRAY(nobody);
    }
    q->euicc_info1.whole = (struct span){ 0 };
}

void provoke_initiate(struct lab *l, const struct row *r, char out[40])
{
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct lab_download d;
    uint8_t challenge[16] = { 1 };
    begin(l, &l->card, r, &d);
    REQUIRE(es10b_get_euicc_info1(&l->card.es, &info) == ERR_OK);
    struct rsp_initiate_authentication_request q = { SPAN_ARRAY(challenge), span_str(d.address), info.message };
    spoil_info(r, &q);
    l->part[LAB_SMDP].sick = r->what == SICK;
    enum err e = at_smds(r) ? es11_initiate_authentication(&d.peer, &q, &d.memory, &d.initiated, &d.status)
                            : es9p_initiate_authentication(&d.peer, &q, &d.memory, &d.initiated, &d.status);
    snprintf(out, 40, "%s%s%s", e ? err_name(e) : d.status.subject, e ? "" : "/", e ? "" : d.status.reason);
    lab_download_end(&d);
    buf_release(&info.received);
}

/* --- an order and a card ----------------------------------------------------------------------------- */

static void configure(struct lab *l, const struct row *r)
{
    l->order_valid_ms = r->what == EXPIRED ? CLOCK_HOUR : 0;
    l->downloads_max = r->what == TOO_OFTEN ? 1 : 0;
    l->same_otpk_only = r->what == OTHER_KEY;
    lab_restart(l, LAB_SMDP);
}

static void order_unreleased(struct lab *l)
{
    struct env env = l->env;
    env.http = l->eso;
    const struct es_peer peer = { .env = &env, .base_url = LAB_SMDP_URL, .requester = "eso" };
    const struct es2p_order q = { .iccid = LAB_PARTNER_ICCID, .eid = LAB_EID, .matching_id = "TOKEN-1" };
    struct es2p_answer a;
    struct es_status status = { 0 };
    CHECK(es2p_download_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
    CHECK(es2p_confirm_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
}

static void order_with_rule(struct lab *l)
{
    CHECK(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/profiles",
                   "{\"profiles\":[{\"iccid\":\"" RULED_ICCID "\",\"imsi\":\"262027654321097\",\"operator\":\"eso\",\"k\":\"" LAB_K
                   "\",\"opc\":\"" LAB_OPC "\",\"mccMnc\":\"26202\",\"profilePolicyRules\":[\"ppr1\"]}]}",
                   NULL) == 200);
    lab_release(l, RULED_ICCID, LAB_EID, "TOKEN-1", "");
}

static void place_order(struct lab *l, const struct row *r)
{
    bool code = r->what == NO_CODE || r->what == WRONG_CODE || r->what == CODE_EXHAUSTED;
    const char *eid = r->what != OTHER_EID ? LAB_EID : r->function == PACKAGE ? "" : LAB_OTHER_EID;
    configure(l, r);
    lab_import(l);
    if (r->what == NOT_RELEASED)
        order_unreleased(l);
    else if (r->what == RULE_FORBIDDEN)
        order_with_rule(l);
    else
        lab_release(l, LAB_PARTNER_ICCID, eid, "TOKEN-1", code ? CODE : "");
}

static void open_card(struct lab *l, const struct row *r, struct lab_card *c)
{
    struct euicc_settings like = { .memory = r->what == NO_ROOM ? 4600 : 0 };
    if (r->what == RULE_FORBIDDEN)
        like.rat = span_of("", 0);
    lab_card_open_like(l, c, r->card ? r->card : "CERT_EUICC_ECDSA_NIST", LAB_EID, false, &like);
}

/* A whole download that came before. */
static void fetch_before(struct lab *l, struct lab_card *c, bool install)
{
    struct lab_download d;
    lab_download_begin(l, c, &d);
    CHECK(lab_fetch(&d)[0] == 0);
    if (install) {
        CHECK(lab_load(&d) == 0);
        CHECK(es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
    }
    lab_download_end(&d);
}

static void pass_an_hour(struct lab *l)
{
    clock_virtual_advance(&l->clock, clock_now(&l->clock.clock) + CLOCK_HOUR);
}

/* --- AuthenticateClient ------------------------------------------------------------------------------- */

static const char *initiate(struct lab_download *d, const struct row *r)
{
    return at_smds(r) ? lab_discovery_initiate(d) : lab_initiate(d);
}

/* Another session's name; the card's answer is still for its own. */
static void take_other_session(struct lab *l, struct lab_download *d, const struct row *r, uint8_t other[16])
{
    struct lab_download second;
    begin(l, d->card, r, &second);
    REQUIRE(initiate(&second, r)[0] == 0);
    memcpy(other, second.initiated.transaction_id.at, 16);
    d->initiated.transaction_id = span_of(other, 16);
    lab_download_end(&second);
}

static void spoil_answer(struct lab *l, struct lab_download *d, const struct row *r, uint8_t other[16])
{
    struct rsp_authenticate_server_response *a = &d->server.message;
    struct rsp_tbs tbs;
    switch (r->what) {
    case FLIP_SIGNATURE:
        lab_flip(span_sub(a->ok.euicc_signature1, 20, 1));
        break;
    case FLIP_CERTIFICATE:
        lab_flip(span_sub(a->ok.euicc_certificate, a->ok.euicc_certificate.len - 1, 1));
        break;
    case FLIP_EUM:
        lab_flip(span_sub(a->ok.eum_certificate, a->ok.eum_certificate.len - 1, 1));
        break;
    case STRANGE_EUM:
        a->ok.eum_certificate = lab_item(l, "CERT_EUM_ECDSA_NIST_UNKNOWN_CI")->der;
        a->whole = (struct span){ 0 };
        break;
    case OTHER_CHALLENGE:
        lab_flip(span_sub(a->ok.euicc_signed1.server_challenge, 3, 1));
        rsp_tbs_euicc_signature1(&a->ok.euicc_signed1, &tbs);
        lab_sign_again(l, d->card, &tbs, a->ok.euicc_signature1);
        break;
    case CARD_REFUSES:
        *a = (struct rsp_authenticate_server_response){ .which = RSP_AUTHENTICATE_SERVER_ERROR,
                                                        .error = { d->initiated.transaction_id, 2 } };
        break;
    case UNKNOWN_SESSION:
        d->initiated.transaction_id = span_of(other, 16);
        break;
    case OTHER_SESSION:
        take_other_session(l, d, r, other);
        break;
    default:
        break;
    }
}

void provoke_client(struct lab *l, const struct row *r, char out[40])
{
    struct lab_card card;
    struct lab_download d;
    struct rsp_authenticate_client_ok_es11 found;
    uint8_t other[16] = { 1, 2, 3 };
    if (!at_smds(r))
        place_order(l, r);
    open_card(l, r, &card);
    if (r->what == USED_UP || r->what == TOO_OFTEN)
        fetch_before(l, &card, r->what == USED_UP);
    if (r->what == EXPIRED)
        pass_an_hour(l);
    begin(l, &card, r, &d);
    if (r->what == WRONG_TOKEN)
        d.matching_id = "TOKEN-9";
    REQUIRE(initiate(&d, r)[0] == 0);
    lab_authenticate_server(&d);
    spoil_answer(l, &d, r, other);
    l->part[LAB_SMDP].sick = r->what == SICK;
    say(out, at_smds(r) ? lab_discovery_ask(&d, &found) : lab_authenticate_client(&d));
    l->part[LAB_SMDP].sick = false;
    if (r->what == SICK) /* nothing has changed: the same question is answered now */
        CHECK(lab_authenticate_client(&d)[0] == 0);
    lab_download_end(&d);
    lab_card_close(&card);
}

/* --- GetBoundProfilePackage ----------------------------------------------------------------------------- */

static void prepare(struct lab_download *d)
{
    CHECK(lab_initiate(d)[0] == 0);
    lab_authenticate_server(d);
    CHECK(lab_authenticate_client(d)[0] == 0);
    lab_prepare(d);
}

static void cancel_order(struct lab *l)
{
    struct env env = l->env;
    env.http = l->eso;
    const struct es_peer peer = { .env = &env, .base_url = LAB_SMDP_URL, .requester = "eso" };
    const struct es2p_order q = { .iccid = LAB_PARTNER_ICCID };
    struct es2p_answer a;
    struct es_status status = { 0 };
    CHECK(es2p_cancel_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
}

static void exhaust_code(struct lab *l, struct lab_card *c)
{
    for (int i = 0; i < 3; i++) {
        struct lab_download d;
        lab_download_begin(l, c, &d);
        d.confirmation_code = "0000";
        CHECK(strcmp(lab_fetch(&d), "8.2.7/3.8") == 0);
        lab_download_end(&d);
    }
}

/* Another card, while this one was thinking. */
static void let_another_fetch(struct lab *l)
{
    struct lab_card other;
    lab_card_open(l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    fetch_before(l, &other, false);
    lab_card_close(&other);
}

/* What happened before the session began. */
static void precede(struct lab *l, struct lab_card *c, const struct row *r)
{
    if (r->what == OTHER_KEY) {
        fetch_before(l, c, false);
        lab_card_reset(c);
    }
    if (r->what == CODE_EXHAUSTED)
        exhaust_code(l, c);
}

/* What happens between the card's signature and the question. */
static void intervene(struct lab *l, struct lab_download *d, const struct row *r)
{
    static const uint8_t nobody[16] = { 9 };
    struct rsp_prepare_download_response *a = &d->prepared.message;
    if (r->what == FLIP_SIGNATURE)
        lab_flip(span_sub(a->ok.euicc_signature2, 20, 1));
    if (r->what == NO_CODE)
        lab_prepare_by_hand(d);
    if (r->what == CARD_REFUSES)
        *a = (struct rsp_prepare_download_response){ .which = RSP_PREPARE_DOWNLOAD_ERROR,
                                                     .error = { d->initiated.transaction_id, 2 } };
    if (r->what == UNKNOWN_SESSION)
        d->initiated.transaction_id = SPAN_ARRAY(nobody);
    if (r->what == EXPIRED)
        pass_an_hour(l);
    if (r->what == CANCELLED_MEANWHILE)
        cancel_order(l);
    if (r->what == OTHER_EID)
        let_another_fetch(l);
    if (r->what == TOO_OFTEN)
        fetch_before(l, d->card, false);
}

void provoke_package(struct lab *l, const struct row *r, char out[40])
{
    struct lab_card card;
    struct lab_download d;
    place_order(l, r);
    open_card(l, r, &card);
    precede(l, &card, r);
    lab_download_begin(l, &card, &d);
    d.confirmation_code = r->what == WRONG_CODE ? "4712" : r->what == CODE_EXHAUSTED ? CODE : NULL;
    prepare(&d);
    intervene(l, &d, r);
    l->part[LAB_SMDP].sick = r->what == SICK;
    say(out, lab_get_package(&d));
    l->part[LAB_SMDP].sick = false;
    if (r->what == SICK)
        CHECK(strcmp(lab_profile_state(l, LAB_PARTNER_ICCID), "released") == 0 && lab_get_package(&d)[0] == 0);
    lab_download_end(&d);
    lab_card_close(&card);
}

/* --- CancelSession ------------------------------------------------------------------------------------------ */

static void spoil_cancellation(struct lab *l, struct lab_download *d, const struct row *r,
                               struct es10b_cancel_session_response *a)
{
    static const uint8_t nobody[16] = { 9 };
    const struct rsp_cancel_session_response refused = { .which = RSP_CANCEL_SESSION_ERROR, .error = 127 };
    struct rsp_tbs tbs;
    if (r->what == FLIP_SIGNATURE)
        lab_flip(span_sub(a->message.ok.signature, 3, 1));
    if (r->what == OTHER_OID) {
        lab_flip(span_sub(a->message.ok.cancel_signed.smdp_oid, 2, 1));
        rsp_tbs_cancel_session(&a->message.ok.cancel_signed, &tbs);
        lab_sign_again(l, d->card, &tbs, a->message.ok.signature);
    }
    if (r->what == UNKNOWN_SESSION)
        d->initiated.transaction_id = SPAN_ARRAY(nobody);
    if (r->what == CARD_REFUSES) {
        buf_clear(&a->received);
        REQUIRE(rsp_cancel_session_response_write(&refused, &a->received) == ERR_OK);
    }
}

void provoke_cancel(struct lab *l, const struct row *r, char out[40])
{
    struct lab_download d;
    struct es10b_cancel_session_response a = { .received.max = APDU_ES10_RESPONSE_MAX };
    place_order(l, r);
    lab_download_begin(l, &l->card, &d);
    prepare(&d);
    const struct rsp_cancel_session_request q = { d.initiated.transaction_id, RSP_CANCEL_REASON_TIMEOUT };
    REQUIRE(es10b_cancel_session(&l->card.es, &q, &a) == ERR_OK);
    spoil_cancellation(l, &d, r, &a);
    l->part[LAB_SMDP].sick = r->what == SICK;
    enum err e = es9p_cancel_session(&d.peer, d.initiated.transaction_id, buf_span(&a.received), &d.status);
    snprintf(out, 40, "%s%s%s", e ? err_name(e) : d.status.subject, e ? "" : "/", e ? "" : d.status.reason);
    buf_release(&a.received);
    lab_download_end(&d);
}

/* --- HandleNotification ------------------------------------------------------------------------------------ */

/* What the card says of a profile that is enabled now: its installation result, or the first other one. */
static void take_notification(struct lab_card *c, const struct row *r, struct es10b_retrieve_notifications_response *list,
                              struct rsp_pending_notification *n)
{
    const struct rsp_retrieve_notifications_request q = { 0 };
    const enum rsp_pending_notification_which which = r->what == RESULT_OF_NOTHING ? RSP_PENDING_INSTALLATION : RSP_PENDING_OTHER;
    uint8_t iccid[RSP_ICCID_OCTETS];
    int64_t code = -1;
    REQUIRE(rsp_iccid_parse(LAB_PARTNER_ICCID, iccid) == ERR_OK);
    REQUIRE(es10b_enable_profile(&c->es, SPAN_ARRAY(iccid), false, &code) == ERR_OK && code == 0);
    REQUIRE(es10b_retrieve_notifications_list(&c->es, &q, list) == ERR_OK);
    struct der items = der_open(list->message.notifications);
    while (n->which != which)
        REQUIRE(rsp_pending_notification_next(&items, n) == ERR_OK);
}

static void post_notification(struct lab *l, struct span notification, char out[40])
{
    static const struct http_header headers[] = { { "Content-Type", "application/json" },
                                                  { "X-Admin-Protocol", "gsma/rsp/v2.5.0" } };
    struct http_response p = HTTP_RESPONSE_INIT;
    struct buf body = { .max = 1 << 16 };
    REQUIRE(buf_put_str(&body, "{\"pendingNotification\":\"") == ERR_OK && base64_put(&body, notification) == ERR_OK);
    REQUIRE(buf_put_str(&body, "\"}") == ERR_OK);
    const struct http_call q = { .method = "POST", .url = LAB_SMDP_URL "/gsma/rsp2/es9plus/handleNotification", .headers = headers,
                                 .header_count = COUNT(headers), .body = buf_span(&body) };
    CHECK(http_send(l->anyone, &q, &p) == ERR_OK && p.status == 200);
    status_of(&p, out);
    http_response_release(&p);
    buf_release(&body);
}

/* What the SM-DP+ knew of it is gone, as if it had never been there. ASN.1 has no answer that could hold a pair. */
void provoke_notification(struct lab *l, const struct row *r, char out[40])
{
    struct es10b_retrieve_notifications_response list = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_pending_notification n = { 0 };
    struct lab_download d;
    l->unknown_notifications_refused = true;
    lab_restart(l, LAB_SMDP);
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_download_begin(l, &l->card, &d);
    CHECK(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0);
    take_notification(&l->card, r, &list, &n);
    CHECK(es9p_handle_notification(&d.peer, n.whole) == ERR_OK);
    CHECK(db_run(l->part[LAB_SMDP].env.db, r->what == RESULT_OF_NOTHING ? "DELETE FROM session" : "DELETE FROM profile", NULL, 0,
                 NULL) == ERR_OK);
    post_notification(l, n.whole, out);
    d.peer.asn1 = true;
    CHECK(es9p_handle_notification(&d.peer, n.whole) == ERR_REFUSED);
    lab_download_end(&d);
    buf_release(&list.received);
}
