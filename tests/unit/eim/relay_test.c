/* The relayed download: what passes through, and which error number each refusal becomes. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "esipa_call.h"
#include "rsp_codes.h"
#include "rsp_compact.h"
#include "rsp_ids.h"

#define NOT_RELAYED -1

struct relayed {
    struct fixture f;
    struct lab_download d;
    struct buf transaction; /* of the trigger */
};

static void trigger_order(struct relayed *r, const char *more, const char *confirmation_code)
{
    fixture_open(&r->f);
    r->transaction = (struct buf){ .max = 16 };
    lab_import(&r->f.l);
    lab_release(&r->f.l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", confirmation_code);
    CHECK(order(&r->f, "a", "download", more) == 202);
    REQUIRE(poll(&r->f) == RSP_EIM_PACKAGE_DOWNLOAD);
    REQUIRE(buf_set(&r->transaction, r->f.package.message.download.eim_transaction_id) == ERR_OK);
    r->f.peer.eim_transaction_id = buf_span(&r->transaction);
    lab_download_begin(&r->f.l, &r->f.l.card, &r->d);
}

static void trigger(struct relayed *r, const char *code, const char *confirmation_code)
{
    char more[200];
    snprintf(more, sizeof more, ",\"activationCode\":\"%s\"", code);
    trigger_order(r, more, confirmation_code);
}

static void end(struct relayed *r)
{
    lab_download_end(&r->d);
    buf_release(&r->transaction);
    fixture_close(&r->f);
}

/* EUICCInfo1 whose CIs are named by their first octets. */
struct cutting {
    size_t octets; /* 0: as they are */
    bool other;    /* the first octet is another */
    struct buf verification, signing;
};

static struct span cut_list(struct span list, const struct cutting *c, struct buf *out)
{
    struct der d = der_open(list);
    struct span one;
    out->max = 512;
    while (!der_at_end(&d)) {
        REQUIRE(rsp_octets_next(&d, &one) == ERR_OK && der_put(out, 0x04, span_sub(one, 0, c->octets)) == ERR_OK);
        if (c->other)
            out->at[out->len - c->octets] ^= 1;
    }
    return buf_span(out);
}

/* InitiateAuthentication with this address ("" none); the answer's error, 0 ok. */
static int64_t initiate_with(struct relayed *r, const char *address, bool with_info, struct cutting *cutting)
{
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint8_t challenge[16];
    struct rsp_initiate_authentication_response_esipa a;
    struct buf message = ESIPA_MESSAGE, *answer = es_memory_buf(&r->d.memory);
    REQUIRE(es10b_get_euicc_info1(&r->f.l.card.es, &info) == ERR_OK);
    REQUIRE(es10b_get_euicc_challenge(&r->f.l.card.es, challenge) == ERR_OK);
    if (cutting->octets) {
        info.message.whole = (struct span){ 0 };
        info.message.ci_verification = cut_list(info.message.ci_verification, cutting, &cutting->verification);
        info.message.ci_signing = cut_list(info.message.ci_signing, cutting, &cutting->signing);
    }
    const struct rsp_initiate_authentication_request_esipa q = {
        .euicc_challenge = SPAN_ARRAY(challenge), .has_euicc_info1 = with_info, .euicc_info1 = info.message,
        .smdp_address = address[0] ? span_str(address) : (struct span){ 0 },
        .eim_transaction_id = r->f.peer.eim_transaction_id,
    };
    enum err e = rsp_initiate_authentication_request_esipa_write(&q, &message);
    e = esipa_call(&r->f.peer, "InitiateAuthentication", e, &message, answer);
    buf_release(&info.received);
    buf_release(&cutting->verification);
    buf_release(&cutting->signing);
    if (e || rsp_initiate_authentication_response_esipa_read(buf_span(answer), &a))
        return NOT_RELAYED;
    if (a.which == RSP_OK)
        r->d.initiated = (struct rsp_initiate_authentication_ok){
            .transaction_id = a.ok.transaction_id, .server_signed1 = a.ok.server_signed1,
            .server_signature1 = a.ok.server_signature1, .ci_pkid = a.ok.ci_pkid,
            .server_certificate = a.ok.server_certificate };
    return a.which == RSP_OK ? 0 : a.error;
}

static bool authenticate_client(struct relayed *r);

static int64_t initiate(struct relayed *r, const char *address, bool with_info)
{
    return initiate_with(r, address, with_info, &(struct cutting){ 0 });
}

static const struct {
    const char *name, *code, *address;
    bool no_info;
    int64_t error;
} beginnings[] = {
    { "as it was meant", LAB_CODE, "smdp.example.com", false, 0 },
    { "without an address", LAB_CODE, "", false, 0 },
    { "with the SM-DP+'s own OID", LAB_CODE "$2.999.10", "", false, 0 },
    { "another address", LAB_CODE, "other.example.com", false, RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH },
    { "another OID", LAB_CODE "$2.999.99", "", false, RSP_INITIATE_AUTHENTICATION_SMDP_OID_MISMATCH },
    { "nobody at the address", "1$nobody.example.com$TOKEN-1", "", false, RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR },
    { "no euiccInfo1", LAB_CODE, "", true, RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR },
};

static void begins(void)
{
    for (size_t i = 0; i < COUNT(beginnings); i++) {
        struct relayed r;
        trigger(&r, beginnings[i].code, "");
        int64_t error = initiate(&r, beginnings[i].address, !beginnings[i].no_info);
        CHECK_ROW(beginnings[i].name, error == beginnings[i].error);
        if (error != beginnings[i].error)
            printf(" (%lld)", (long long)error);
        CHECK(!lab_said(&r.f.l, "TOKEN-1"));
        end(&r);
    }
}

/* The eUICC's CIs cut short: made whole by what it showed before, or by its certificates, and by nothing else. */
static const struct {
    const char *name;
    size_t octets;
    bool other, seen;
    int64_t error;
} cut_short[] = {
    { "four octets, of an eUICC that was seen", 4, false, true, 0 },
    { "one octet, of an eUICC that was seen", 1, false, true, 0 },
    { "nineteen octets, of an eUICC that was seen", 19, false, true, 0 },
    { "whole, of an eUICC that was seen", 20, false, true, 0 },
    { "four octets, of an eUICC that is only registered", 4, false, false, 0 },
    { "four octets of another CI", 4, true, true, RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR },
    { "four octets of another CI, of an eUICC that is only registered", 4, true, false, RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR },
    { "another CI, whole", 20, true, true, RSP_INITIATE_AUTHENTICATION_CI_PKID_NOT_SUPPORTED },
    { "more octets than a CI has", 21, false, true, 0 },
};

static void cis_are_made_whole(void)
{
    for (size_t i = 0; i < 2 * COUNT(cut_short); i++) {
        const char *name = cut_short[i / 2].name;
        struct cutting cutting = { .octets = cut_short[i / 2].octets, .other = cut_short[i / 2].other };
        struct relayed r;
        trigger(&r, LAB_CODE, "");
        r.f.peer.json = i % 2;
        if (cut_short[i / 2].seen) {
            REQUIRE(initiate(&r, "", true) == 0);
            lab_authenticate_server(&r.d);
            REQUIRE(authenticate_client(&r));
            lab_download_end(&r.d);
            lab_download_begin(&r.f.l, &r.f.l.card, &r.d);
        }
        int64_t error = initiate_with(&r, "", true, &cutting);
        CHECK_ROW(name, error == cut_short[i / 2].error);
        if (!error) {
            lab_authenticate_server(&r.d);
            CHECK_ROW(name, authenticate_client(&r));
        }
        end(&r);
    }
}

/* euiccCiPKIdToBeUsed cut short by the SM-DP+: whole again before the card sees it. */
static void shorten_ci(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    json_t *answer = NULL;
    struct buf ci = { .max = 64 };
    (void)t, (void)actor;
    if (moment != TAMPER_BEFORE_SENDING || strcmp(message, "ES9+.InitiateAuthenticationResponse") != 0)
        return;
    REQUIRE(json_read(buf_span(bytes), &answer, NULL) == ERR_OK && json_base64(answer, "euiccCiPKIdToBeUsed", &ci) == ERR_OK);
    const uint8_t shortened[] = { 0x04, 0x03, ci.at[2], ci.at[3], ci.at[4] };
    REQUIRE(json_set_base64(answer, "euiccCiPKIdToBeUsed", SPAN_ARRAY(shortened)) == ERR_OK);
    buf_clear(bytes);
    REQUIRE(json_write(answer, bytes) == ERR_OK);
    json_decref(answer);
    buf_release(&ci);
}

static void a_short_ci_of_the_server(void)
{
    for (int json = 0; json < 2; json++) {
        struct relayed r;
        struct tamper tamper = { shorten_ci };
        trigger(&r, LAB_CODE, "");
        r.f.peer.json = json;
        r.f.l.part[LAB_SMDP].env.tamper = &tamper;
        REQUIRE(initiate(&r, "", true) == 0);
        CHECK(r.d.initiated.ci_pkid.len == 20);
        lab_authenticate_server(&r.d);
        CHECK(authenticate_client(&r));
        end(&r);
    }
}

/* Only the transaction of a download that is under way. */
static void unknown_transactions(void)
{
    static const uint8_t stranger[16] = { 9 };
    struct relayed r;
    trigger(&r, LAB_CODE, "");
    r.f.peer.eim_transaction_id = SPAN_ARRAY(stranger);
    CHECK(initiate(&r, "", true) == RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID);
    r.f.peer.eim_transaction_id = (struct span){ 0 };
    CHECK(initiate(&r, "", true) == RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID);
    r.f.peer.eim_transaction_id = buf_span(&r.transaction);
    const struct rsp_profile_download_trigger_result over = {
        .eim_transaction_id = buf_span(&r.transaction),
        .result = { .which = RSP_DOWNLOAD_RESULT_ERROR, .error = { .reason = 127 } },
    };
    CHECK(bring_download(&r.f, LAB_EID, &over) == RSP_PROVIDE_EMPTY);
    CHECK(initiate(&r, "", true) == RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID);
    CHECK(order(&r.f, "b", "list", "") == 202 && poll(&r.f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    r.f.peer.eim_transaction_id = r.f.package.message.package.package_signed.eim_transaction_id;
    CHECK(initiate(&r, "", true) == RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID);
    end(&r);
}

/* --- the whole of it --------------------------------------------------------------------------------------- */

static void told(struct relayed *r, enum err e)
{
    snprintf(r->d.refusal, sizeof r->d.refusal, "%s%s%s", e ? err_name(e) : r->d.status.subject,
             !e && r->d.status.subject[0] ? "/" : "", e ? "" : r->d.status.reason);
}

static bool authenticate_client(struct relayed *r)
{
    const struct rsp_authenticate_client_request q = { r->d.initiated.transaction_id, r->d.server.message };
    told(r, esipa_authenticate_client(&r->f.peer, &q, &r->d.memory, &r->d.authenticated, &r->d.status));
    return !r->d.refusal[0];
}

static bool get_package(struct relayed *r)
{
    const struct rsp_get_bound_profile_package_request q = { r->d.initiated.transaction_id, r->d.prepared.message };
    told(r, esipa_get_bound_profile_package(&r->f.peer, &q, &r->d.memory, &r->d.package, &r->d.status));
    return !r->d.refusal[0];
}

static void unreachable(struct relayed *r)
{
    r->f.l.hurdle = "smdp.example.com";
    r->f.l.hurdle_err = ERR_TIMEOUT;
    r->f.l.hurdles = 1;
}

enum mishap { NOTHING, OTHER_SESSION, GONE_AT_AUTHENTICATION, GONE_AT_PACKAGE, OTHER_SIGNATURE, RESTARTED,
              OTHER_SESSION_AT_PACKAGE, GIVEN_UP };
static const struct {
    const char *name, *code, *confirmation_code;
    enum mishap mishap;
    const char *refusal;
} downloads[] = {
    { "all goes well", LAB_CODE, "", NOTHING, "" },
    { "the eIM was restarted in between", LAB_CODE, "", RESTARTED, "" },
    { "a code that is none", "1$smdp.example.com$OTHER", "", NOTHING, "8.2.6/3.8" },
    { "a session that never was", LAB_CODE, "", OTHER_SESSION, "8.10.1/3.9" },
    { "a session that never was, at the end", LAB_CODE, "", OTHER_SESSION_AT_PACKAGE, "8.10.1/3.9" },
    { "the order is given up in between", LAB_CODE, "", GIVEN_UP, "8.8.5/4.10" },
    { "a signature of the card altered", LAB_CODE, "", OTHER_SIGNATURE, "8.1/6.1" },
    { "a wrong confirmation code", LAB_CODE, "4711", NOTHING, "8.2.7/3.8" },
    { "the SM-DP+ gone after the first answer", LAB_CODE, "", GONE_AT_AUTHENTICATION, "8.8/4.2" },
    { "the SM-DP+ gone before the package", LAB_CODE, "", GONE_AT_PACKAGE, "8.8/4.2" },
};

static void give_up(struct relayed *r)
{
    char url[120];
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s?abandon=true",
             lab_get(&r->f.l, r->f.l.eso, LAB_EIM_URL "/v1/orders?reference=a", "orderId"));
    CHECK(lab_call(&r->f.l, r->f.l.eso, "DELETE", url, "", NULL) == 200);
}

static void go(struct relayed *r, enum mishap m)
{
    uint8_t *transaction = (uint8_t *)r->d.initiated.transaction_id.at;
    lab_authenticate_server(&r->d);
    if (m == OTHER_SIGNATURE)
        lab_flip(span_sub(r->d.server.message.ok.euicc_signature1, 9, 1));
    if (m == OTHER_SESSION)
        transaction[0] ^= 1;
    if (m == RESTARTED)
        lab_restart(&r->f.l, LAB_EIM);
    if (m == GONE_AT_AUTHENTICATION)
        unreachable(r);
    if (!authenticate_client(r))
        return;
    lab_prepare(&r->d);
    if (m == GONE_AT_PACKAGE)
        unreachable(r);
    if (m == OTHER_SESSION_AT_PACKAGE)
        transaction[0] ^= 1;
    if (m == GIVEN_UP)
        give_up(r);
    if (m == RESTARTED)
        lab_restart(&r->f.l, LAB_EIM);
    if (get_package(r))
        CHECK(lab_load(&r->d) == 0);
}

static void whole_downloads(void)
{
    for (size_t i = 0; i < COUNT(downloads); i++) {
        struct relayed r;
        trigger(&r, downloads[i].code, downloads[i].confirmation_code);
        r.d.matching_id = strrchr(downloads[i].code, '$') + 1;
        if (downloads[i].confirmation_code[0])
            r.d.confirmation_code = "1";
        REQUIRE(initiate(&r, "", true) == 0);
        go(&r, downloads[i].mishap);
        CHECK_ROW(downloads[i].name, strcmp(r.d.refusal, downloads[i].refusal) == 0);
        if (strcmp(r.d.refusal, downloads[i].refusal))
            printf(" (%s)", r.d.refusal);
        CHECK_ROW(downloads[i].name, strcmp(order_state(&r.f, "a"), downloads[i].mishap == GIVEN_UP ? "cancelled" : "sent") == 0);
        CHECK(!lab_said(&r.f.l, "TOKEN-1"));
        end(&r);
    }
}

/* What the SM-DP+ told of the profile is shown of the eUICC, without a listing. */
static void a_relayed_profile_is_known(void)
{
    struct relayed r;
    json_t *view = NULL;
    trigger(&r, LAB_CODE, "");
    REQUIRE(initiate(&r, "", true) == 0);
    go(&r, NOTHING);
    struct rsp_profile_download_trigger_result result = { .eim_transaction_id = buf_span(&r.transaction),
                                                          .result = { .which = RSP_DOWNLOAD_RESULT_INSTALLATION } };
    REQUIRE(rsp_profile_installation_result_read(buf_span(&r.d.loaded.received), &result.result.installation) == ERR_OK);
    CHECK(bring_download(&r.f, LAB_EID, &result) == RSP_PROVIDE_EMPTY);
    lab_restart(&r.f.l, LAB_EIM);
    REQUIRE(lab_call(&r.f.l, r.f.l.eso, "GET", EUICC, "", &view) == 200);
    const json_t *one = json_array_get(json_object_get(view, "profiles"), 0);
    REQUIRE(one != NULL);
    CHECK(strcmp(json_str(one, "iccid"), LAB_PARTNER_ICCID) == 0 && strcmp(json_str(one, "state"), "disabled") == 0);
    CHECK(json_str(one, "profileClass") && strcmp(json_str(one, "profileClass"), "operational") == 0 && json_str(one, "profileName"));
    CHECK(json_is_false(json_object_get(view, "profilesComplete")));
    json_decref(view);
    end(&r);
}

/* --- confirmation codes: the eIM has them, the device signs their hash ---------------------------------------- */

static const struct {
    const char *name, *wanted, *ordered; /* "" none */
    int times;                           /* the device tries */
    const char *refusal;                 /* of the last try */
    bool hashed;
} codes[] = {
    { "the right one", "4711", "4711", 1, "", true },
    { "a wrong one", "4711", "0815", 1, "8.2.7/3.8", true },
    { "a wrong one three times", "4711", "0815", 3, "8.2.7/3.8", true },
    { "a wrong one too often", "4711", "0815", 4, "8.2.7/6.4", true },
    { "one in capitals where small letters are wanted", "abc", "ABC", 1, "8.2.7/3.8", true },
    { "none in the order", "4711", "", 1, "8.1/4.2", false },
    { "one that nobody asked for", "", "4711", 1, "", false },
};

static void trigger_with_code(struct relayed *r, const char *wanted, const char *ordered)
{
    char more[200];
    snprintf(more, sizeof more, ",\"activationCode\":\"" LAB_CODE "\"%s%s%s", ordered[0] ? ",\"confirmationCode\":\"" : "",
             ordered, ordered[0] ? "\"" : "");
    trigger_order(r, more, wanted);
}

static void confirmation_codes(void)
{
    for (size_t i = 0; i < 2 * COUNT(codes); i++) {
        const char *name = codes[i / 2].name;
        struct relayed r;
        trigger_with_code(&r, codes[i / 2].wanted, codes[i / 2].ordered);
        r.f.peer.json = i % 2;
        for (int k = 0; k < codes[i / 2].times; k++) {
            CHECK_ROW(name, k == 0 || strcmp(r.d.refusal, "8.2.7/3.8") == 0);
            lab_download_end(&r.d);
            lab_download_begin(&r.f.l, &r.f.l.card, &r.d);
            r.f.peer.json = false; /* a beginning by hand speaks ASN.1 */
            REQUIRE(initiate(&r, "", true) == 0);
            r.f.peer.json = i % 2;
            go(&r, NOTHING);
        }
        CHECK_ROW(name, (r.d.authenticated.hash_cc.len == 32) == codes[i / 2].hashed);
        CHECK_ROW(name, strcmp(r.d.refusal, codes[i / 2].refusal) == 0 || (!codes[i / 2].hashed && r.d.refusal[0]));
        CHECK_ROW(name, (lab_card_state(&r.f.l.card, LAB_PARTNER_ICCID) == 0) == !codes[i / 2].refusal[0]);
        end(&r);
    }
}

/* A notification that the SM-DP+ could not be told stays with the device. */
static void notifications(void)
{
    struct relayed r;
    trigger(&r, LAB_CODE, "");
    REQUIRE(initiate(&r, "", true) == 0);
    go(&r, NOTHING);
    struct span pir = buf_span(&r.d.loaded.received);
    unreachable(&r);
    CHECK(esipa_relay_notification(&r.f.peer, pir) != ERR_OK);
    CHECK(strcmp(lab_profile_state(&r.f.l, LAB_PARTNER_ICCID), "installed") != 0);
    CHECK(esipa_relay_notification(&r.f.peer, pir) == ERR_OK);
    CHECK(strcmp(lab_profile_state(&r.f.l, LAB_PARTNER_ICCID), "installed") == 0);
    CHECK(esipa_relay_notification(&r.f.peer, pir) == ERR_OK); /* told twice */
    end(&r);
}

/* --- notifications that the eIM must not believe ----------------------------------------------------------- */

#define ANYBODY "victim.example.com"

/* Signs as this card what no honest card may have said; replaces *out by the whole notification. */
static void sign_notification(struct fixture *f, const struct lab_card *c, const char *address, struct buf *out)
{
    struct rsp_pending_notification n = { .which = RSP_PENDING_OTHER };
    struct rsp_other_signed_notification *o = &n.other;
    struct buf tbs_bytes = { .max = 1024 };
    struct ec_signature signature;
    struct ec_key *key = NULL;
    struct rsp_tbs tbs;
    o->metadata = (struct rsp_notification_metadata){ .seq_number = 77, .event = RSP_EVENT_ENABLE, .address = span_str(address) };
    REQUIRE(rsp_notification_metadata_write(&o->metadata, &tbs_bytes) == ERR_OK);
    o->metadata.signed_bytes = buf_span(&tbs_bytes);
    rsp_tbs_notification(&o->metadata, &tbs);
    REQUIRE(ec_key_from_scalar(f->l.crypto, EC_P256, secret_span(&c->nist.key), &key) == ERR_OK);
    REQUIRE(ec_sign(f->l.crypto, key, tbs.part, tbs.count, &signature) == ERR_OK);
    o->signature = SPAN_ARRAY(signature.at);
    o->euicc_certificate = buf_span(&c->nist.certificate);
    o->eum_certificate = c->nist.eum_certificate;
    buf_clear(out);
    REQUIRE(rsp_pending_notification_write(&n, out) == ERR_OK);
    ec_key_free(key);
    buf_release(&tbs_bytes);
}

enum forgery { HONEST, FLIPPED, OTHER_CARD, OTHER_CERTIFICATE, STRANGER_CARD, EXPIRED_CARD, NO_CERTIFICATE };
static const struct {
    const char *name, *address;
    enum forgery forgery;
    const char *receivers[2]; /* of the eIM's settings */
    bool called;
} told_notifications[] = {
    { "to where a download was relayed", "smdp.example.com", HONEST, { NULL }, true },
    { "the same in capitals", "SMDP.example.com", HONEST, { NULL }, true },
    { "to an address of the settings", "other.example.com", HONEST, { "Other.Example.com" }, true },
    { "to anybody, where the settings say so", "other.example.com", HONEST, { "*" }, true },
    { "to somebody that no download was relayed to", ANYBODY, HONEST, { NULL }, false },
    { "to somebody whom the settings do not name", ANYBODY, HONEST, { "other.example.com" }, false },
    { "to an address of which the settings name a part", "example.com", HONEST, { "other.example.com" }, false },
    { "to another port", "smdp.example.com:8443", HONEST, { NULL }, false },
    { "an address that is none", "smdp.example.com/../x", HONEST, { "*" }, false },
    { "a signature altered", "smdp.example.com", FLIPPED, { "*" }, false },
    { "signed by another card's key", "smdp.example.com", OTHER_CARD, { "*" }, false },
    { "another card's certificate", "smdp.example.com", OTHER_CERTIFICATE, { "*" }, false },
    { "an eUICC that is not registered", "smdp.example.com", STRANGER_CARD, { "*" }, false },
    { "an eUICC whose certificate has expired", "smdp.example.com", EXPIRED_CARD, { "*" }, false },
    { "a certificate that is none", "smdp.example.com", NO_CERTIFICATE, { "*" }, false },
};

static void flip_signature(struct span notification)
{
    struct rsp_pending_notification n;
    REQUIRE(rsp_pending_notification_read(notification, &n) == ERR_OK);
    lab_flip(n.other.signature);
}

static void forge(struct fixture *f, enum forgery forgery, const char *address, struct buf *out)
{
    static const uint8_t nothing[] = { 0x30, 0x03, 0x02, 0x01, 0x01 };
    struct lab_card other;
    lab_card_open(&f->l, &other, forgery == EXPIRED_CARD ? "CERT_EUICC_ECDSA_NIST_EXPIRED" : "CERT_EUICC_ECDSA_NIST",
                  forgery == OTHER_CERTIFICATE || forgery == OTHER_CARD ? LAB_EID : LAB_OTHER_EID, false);
    struct lab_card signer = forgery == STRANGER_CARD || forgery == EXPIRED_CARD || forgery == OTHER_CARD ? other : f->l.card;
    if (forgery == OTHER_CARD)
        signer.nist.certificate = f->l.card.nist.certificate;
    if (forgery == OTHER_CERTIFICATE)
        signer.nist.certificate = other.nist.certificate;
    if (forgery == NO_CERTIFICATE)
        signer.nist.certificate = (struct buf){ .at = (uint8_t *)nothing, .len = sizeof nothing };
    sign_notification(f, &signer, address, out);
    if (forgery == FLIPPED)
        flip_signature(buf_span(out));
    lab_card_close(&other);
}

/* Who posts has no name here: only what an eUICC signed, and only to whom this eIM has business with. */
static void notifications_are_judged(void)
{
    for (size_t i = 0; i < COUNT(told_notifications); i++) {
        struct relayed r;
        struct buf bytes = { .max = 8192 };
        trigger(&r, LAB_CODE, "");
        REQUIRE(initiate(&r, "", true) == 0);
        r.f.l.receivers = (const char *const[]){ told_notifications[i].receivers[0], NULL };
        lab_restart(&r.f.l, LAB_EIM);
        forge(&r.f, told_notifications[i].forgery, told_notifications[i].address, &bytes);
        r.f.l.hurdle = "https://";
        r.f.l.hurdle_err = ERR_TIMEOUT;
        r.f.l.hurdles = 100;
        enum err e = esipa_relay_notification(&r.f.peer, buf_span(&bytes));
        CHECK_ROW(told_notifications[i].name, e == ERR_REFUSED); /* nobody took it, so it stays */
        CHECK_ROW(told_notifications[i].name, (r.f.l.hurdles == 99) == told_notifications[i].called);
        CHECK_ROW(told_notifications[i].name, lab_said(&r.f.l, "SGP.32 3.7") || lab_said(&r.f.l, "SGP.22 4.5.2") ||
                                                  told_notifications[i].called);
        buf_release(&bytes);
        end(&r);
    }
}

enum installation { RELAYED, ALTERED, OTHER_RECEIVER, NEVER_RELAYED };
static const struct {
    const char *name;
    enum installation what;
    bool called;
} installations[] = {
    { "of a session that was relayed", RELAYED, true },
    { "altered on its way", ALTERED, false },
    { "for another receiver than the session's", OTHER_RECEIVER, false },
    { "of a download past this eIM", NEVER_RELAYED, false },
};

static void installations_are_judged(void)
{
    static const char *const anywhere[] = { "*", NULL };
    for (size_t i = 0; i < COUNT(installations); i++) {
        const enum installation what = installations[i].what;
        struct relayed r;
        trigger(&r, LAB_CODE, "");
        r.f.l.receivers = anywhere;
        lab_restart(&r.f.l, LAB_EIM);
        if (what == NEVER_RELAYED) {
            REQUIRE(lab_fetch(&r.d)[0] == 0 && lab_load(&r.d) == 0);
        } else {
            REQUIRE(initiate(&r, "", true) == 0);
            go(&r, NOTHING);
        }
        struct span pir = buf_span(&r.d.loaded.received);
        if (what == ALTERED)
            lab_flip(r.d.loaded.message.data.metadata.iccid);
        if (what == OTHER_RECEIVER)
            *(uint8_t *)r.d.loaded.message.data.metadata.address.at = 'x';
        r.f.l.hurdle = "https://";
        r.f.l.hurdle_err = ERR_TIMEOUT;
        r.f.l.hurdles = 100;
        CHECK_ROW(installations[i].name, esipa_relay_notification(&r.f.peer, pir) == ERR_REFUSED);
        CHECK_ROW(installations[i].name, (r.f.l.hurdles == 99) == installations[i].called);
        end(&r);
    }
}

/* --- compact forms: what the SM-DP+ and the card signed over must come out of them to the last octet ----------- */

enum spoiling { AS_IT_IS, NOTHING_KNOWN, RESOURCE, SIGNATURE, NO_PARAMETERS, WITH_SIGNED_DATA };
static const struct {
    const char *name;
    enum spoiling spoiling;
    const char *refusal;
} compact_authentications[] = {
    { "as it is", AS_IT_IS, "" },
    { "with the whole of what was signed", WITH_SIGNED_DATA, "" },
    { "before the eIM saw the card", NOTHING_KNOWN, "8.8/4.2" },
    { "with other resources than were signed", RESOURCE, "8.8/4.2" },
    { "with another signature", SIGNATURE, "8.8/4.2" },
    { "without ctxParams1, which the eIM did not make", NO_PARAMETERS, "8.8/4.2" },
};

/* compactAuthenticateResponseOk of the session's authentication, made as an IPA does, and spoilt. */
static void make_authentication(struct relayed *r, enum spoiling spoiling, struct rsp_authenticate_server_response *out,
                                struct buf *bytes)
{
    const struct rsp_authenticate_response_ok *ok = &r->d.server.message.ok;
    struct der_mark outer, choice = { 0 }, part;
    REQUIRE(der_put_open(bytes, 0xBF38, &outer) == ERR_OK && der_put_open(bytes, 0xA2, &choice) == ERR_OK);
    if (spoiling == WITH_SIGNED_DATA) {
        REQUIRE(buf_put(bytes, ok->euicc_signed1.signed_bytes) == ERR_OK);
    } else {
        REQUIRE(der_put_open(bytes, 0xA0, &part) == ERR_OK);
        REQUIRE(der_put(bytes, 0x84, ok->euicc_signed1.euicc_info2.ext_card_resource) == ERR_OK);
        if (spoiling == RESOURCE)
            bytes->at[bytes->len - 1] ^= 1;
        if (spoiling != NO_PARAMETERS)
            REQUIRE(der_put(bytes, 0xA2, ok->euicc_signed1.ctx_params1.whole) == ERR_OK);
        REQUIRE(der_put_close(bytes, part) == ERR_OK);
    }
    REQUIRE(der_put(bytes, 0x5F37, ok->euicc_signature1) == ERR_OK);
    if (spoiling == SIGNATURE)
        bytes->at[bytes->len - 1] ^= 1;
    REQUIRE(der_put_close(bytes, choice) == ERR_OK && der_put_close(bytes, outer) == ERR_OK);
    REQUIRE(rsp_authenticate_server_response_read(buf_span(bytes), out) == ERR_OK);
    struct buf made = { .max = 4096 };
    REQUIRE(rsp_compact_authentication(&r->d.server.message, &made) == ERR_OK);
    CHECK(spoiling != AS_IT_IS || span_equal(buf_span(&made), buf_span(bytes)));
    buf_release(&made);
}

/* A session up to the card's answer; the eIM has seen the card in one before, unless it has not. */
static void begin_compact(struct relayed *r, bool known)
{
    trigger(r, LAB_CODE, "");
    if (known) {
        REQUIRE(initiate(r, "", true) == 0);
        lab_authenticate_server(&r->d);
        REQUIRE(authenticate_client(r));
        lab_download_end(&r->d);
        lab_download_begin(&r->f.l, &r->f.l.card, &r->d);
    }
    REQUIRE(initiate(r, "", !known) == 0); /* who is known need not say euiccInfo1 */
    lab_authenticate_server(&r->d);
}

static void authenticate_compactly(struct relayed *r, enum spoiling spoiling)
{
    struct buf bytes = { .max = 8192 };
    struct rsp_authenticate_client_request q = { .transaction_id = r->d.initiated.transaction_id };
    make_authentication(r, spoiling, &q.response, &bytes);
    told(r, esipa_authenticate_client(&r->f.peer, &q, &r->d.memory, &r->d.authenticated, &r->d.status));
    buf_release(&bytes);
}

static void authentications_are_rebuilt(void)
{
    for (size_t i = 0; i < 2 * COUNT(compact_authentications); i++) {
        const enum spoiling spoiling = compact_authentications[i / 2].spoiling;
        struct relayed r;
        begin_compact(&r, spoiling != NOTHING_KNOWN);
        r.f.peer.json = i % 2;
        authenticate_compactly(&r, spoiling);
        CHECK_ROW(compact_authentications[i / 2].name, strcmp(r.d.refusal, compact_authentications[i / 2].refusal) == 0);
        /* Refused, it may come again in full. */
        if (r.d.refusal[0])
            CHECK_ROW(compact_authentications[i / 2].name, authenticate_client(&r));
        lab_prepare(&r.d);
        if (get_package(&r))
            CHECK_ROW(compact_authentications[i / 2].name, lab_load(&r.d) == 0);
        CHECK_ROW(compact_authentications[i / 2].name, !r.d.refusal[0]);
        end(&r);
    }
}

static const struct {
    const char *name, *hex; /* instead of compactEuiccSigned2; NULL: as it is made */
    bool other_signature, hashed;
    const char *refusal;
} compact_preparations[] = {
    { "as it is", NULL, false, false, "" },
    { "with a hash that the eIM told", NULL, false, true, "" },
    { "with another signature", NULL, true, false, "8.8/4.2" },
    { "without the one-time key", "3000", false, false, "8.8/4.2" },
    { "with another one-time key", "30065f4903040102", false, false, "8.8/4.2" },
    { "with a hash that was not signed",
      "30220420" "0000000000000000000000000000000000000000000000000000000000000000", false, false, "8.8/4.2" },
};

static void prepare_compactly(struct relayed *r, size_t row)
{
    const struct rsp_prepare_download_response *full = &r->d.prepared.message;
    struct rsp_get_bound_profile_package_request q = { .transaction_id = r->d.initiated.transaction_id };
    struct buf bytes = { .max = 1024 }, own = hex(compact_preparations[row].hex ? compact_preparations[row].hex : "");
    struct der_mark outer, choice = { 0 };
    if (!own.len) {
        REQUIRE(rsp_compact_preparation(full, false, r->d.authenticated.hash_cc.len > 0, &bytes) == ERR_OK);
    } else {
        REQUIRE(der_put_open(&bytes, 0xBF21, &outer) == ERR_OK && der_put_open(&bytes, 0xA2, &choice) == ERR_OK);
        REQUIRE(buf_put(&bytes, buf_span(&own)) == ERR_OK && der_put(&bytes, 0x5F37, full->ok.euicc_signature2) == ERR_OK);
        REQUIRE(der_put_close(&bytes, choice) == ERR_OK && der_put_close(&bytes, outer) == ERR_OK);
    }
    if (compact_preparations[row].other_signature)
        bytes.at[bytes.len - 1] ^= 1;
    enum err e = rsp_prepare_download_response_read(buf_span(&bytes), &q.response);
    if (!e)
        e = esipa_get_bound_profile_package(&r->f.peer, &q, &r->d.memory, &r->d.package, &r->d.status);
    told(r, e);
    buf_release(&bytes);
    buf_release(&own);
}

static void preparations_are_rebuilt(void)
{
    for (size_t i = 0; i < COUNT(compact_preparations); i++) {
        struct relayed r;
        trigger_with_code(&r, compact_preparations[i].hashed ? "4711" : "", "4711");
        REQUIRE(initiate(&r, "", true) == 0);
        lab_authenticate_server(&r.d);
        REQUIRE(authenticate_client(&r));
        lab_prepare(&r.d);
        prepare_compactly(&r, i);
        bool refused = strcmp(r.d.refusal, compact_preparations[i].refusal) != 0;
        /* A key of three octets is no answer of an eUICC at all. */
        CHECK_ROW(compact_preparations[i].name, !refused || (compact_preparations[i].refusal[0] && r.d.refusal[0]));
        if (!r.d.refusal[0])
            CHECK_ROW(compact_preparations[i].name, lab_load(&r.d) == 0);
        end(&r);
    }
}

static const struct {
    const char *name, *hex; /* instead of compactEuiccCancelSessionSigned */
    bool other_signature;
    const char *refusal;
} compact_cancellations[] = {
    { "as it is", NULL, false, "" },
    { "with another signature", NULL, true, "8.8/4.2" },
    { "with another reason", "3003800104", false, "8.8/4.2" },
    { "without a reason", "3000", false, "8.8/4.2" },
};

static void cancellations_are_rebuilt(void)
{
    for (size_t i = 0; i < COUNT(compact_cancellations); i++) {
        struct relayed r;
        struct es10b_cancel_session_response c = { .received.max = 4096 };
        struct buf bytes = { .max = 1024 }, own = hex(compact_cancellations[i].hex ? compact_cancellations[i].hex : "");
        struct der_mark outer, choice = { 0 };
        trigger(&r, LAB_CODE, "");
        REQUIRE(initiate(&r, "", true) == 0);
        lab_authenticate_server(&r.d);
        REQUIRE(authenticate_client(&r));
        const struct rsp_cancel_session_request q = { .transaction_id = r.d.initiated.transaction_id, .reason = 3 };
        REQUIRE(es10b_cancel_session(&r.f.l.card.es, &q, &c) == ERR_OK);
        if (!own.len) {
            REQUIRE(rsp_compact_cancellation(&c.message, &bytes) == ERR_OK);
        } else {
            REQUIRE(der_put_open(&bytes, 0xBF41, &outer) == ERR_OK && der_put_open(&bytes, 0xA2, &choice) == ERR_OK);
            REQUIRE(buf_put(&bytes, buf_span(&own)) == ERR_OK && der_put(&bytes, 0x5F37, c.message.ok.signature) == ERR_OK);
            REQUIRE(der_put_close(&bytes, choice) == ERR_OK && der_put_close(&bytes, outer) == ERR_OK);
        }
        if (compact_cancellations[i].other_signature)
            bytes.at[bytes.len - 1] ^= 1;
        told(&r, esipa_cancel_session(&r.f.peer, r.d.initiated.transaction_id, buf_span(&bytes), &r.d.status));
        CHECK_ROW(compact_cancellations[i].name, strcmp(r.d.refusal, compact_cancellations[i].refusal) == 0);
        /* Cancelled or not, and the SM-DP+ knows. */
        told(&r, esipa_cancel_session(&r.f.peer, r.d.initiated.transaction_id, buf_span(&c.received), &r.d.status));
        CHECK_ROW(compact_cancellations[i].name, !r.d.refusal[0] == (compact_cancellations[i].refusal[0] != 0));
        buf_release(&bytes);
        buf_release(&own);
        buf_release(&c.received);
        end(&r);
    }
}

enum compact_notification { INSTALLED, NOT_INSTALLED, SWITCHED, SWITCHED_V1_3, SWITCHED_OTHER_CI };
static const struct {
    const char *name;
    enum compact_notification what;
    int spoilt; /* the octet from the end that is altered; 0 none */
    bool strange, taken;
} compact_notifications[] = {
    { "an installation result", INSTALLED, 0, false, true },
    { "of an installation that failed", NOT_INSTALLED, 0, false, true },
    { "with another signature", INSTALLED, 1, false, false },
    { "with another AID", INSTALLED, 68, false, false },
    { "of a session that never was", INSTALLED, 0, true, false },
    { "a notification of a switch", SWITCHED, 0, false, true },
    { "of a switch, which says under which CI it was signed", SWITCHED_V1_3, 0, false, true },
    { "of a switch, signed under another CI of the eUICC", SWITCHED_OTHER_CI, 0, false, true },
    { "of a switch, signed under a CI that it is not known to have", SWITCHED_OTHER_CI, 0, true, false },
    { "of a switch, signed under another CI, with another signature", SWITCHED_OTHER_CI, 1, false, false },
    { "of a switch, with another signature", SWITCHED, 1, false, false },
    { "of a switch, about another profile", SWITCHED, 68, false, false },
    { "of a switch, of an eUICC that nobody knows", SWITCHED, 0, true, false },
};

/* The full notification: of the download, or of enabling what it brought. */
static void make_notification(struct relayed *r, enum compact_notification what, struct buf *out)
{
    struct es10b_retrieve_notifications_response kept = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_retrieve_notifications_request q = { .has_search = true,
                                                          .search = { .which = RSP_RETRIEVE_BY_EVENT, .events = RSP_EVENT_ENABLE } };
    struct span one;
    if (what < SWITCHED) {
        REQUIRE(buf_set(out, buf_span(&r->d.loaded.received)) == ERR_OK);
        return;
    }
    CHECK(order(&r->f, "on", "enable", ",\"iccid\":\"" LAB_PARTNER_ICCID "\"") == 202);
    const struct rsp_profile_download_trigger_result over = {
        .eim_transaction_id = buf_span(&r->transaction),
        .result = { .which = RSP_DOWNLOAD_RESULT_ERROR, .error = { .reason = 127 } },
    };
    CHECK(bring_download(&r->f, LAB_EID, &over) == RSP_PROVIDE_EMPTY);
    REQUIRE(poll(&r->f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&r->f);
    lab_card_reset(&r->f.l.card);
    REQUIRE(es10b_retrieve_notifications_list(&r->f.l.card.es, &q, &kept) == ERR_OK);
    struct der d = der_open(kept.message.notifications);
    REQUIRE(rsp_whole_next(&d, &one) == ERR_OK && buf_set(out, one) == ERR_OK);
    buf_release(&kept.received);
}

/* As the profile would have it that was downloaded under the eUICC's other CI. */
static void sign_under_other_ci(struct relayed *r, const struct rsp_pending_notification *n, bool known)
{
    const struct pki_euicc *other = &r->f.l.card.brp;
    struct ec_key *key = NULL;
    struct ec_signature made;
    struct rsp_tbs tbs;
    if (known)
        REQUIRE(register_card(&r->f.l, r->f.l.eso, LAB_EID, buf_span(&other->certificate), other->eum_certificate) / 100 == 2);
    rsp_tbs_notification(&n->other.metadata, &tbs);
    REQUIRE(ec_key_from_scalar(r->f.l.crypto, EC_BRAINPOOL_P256R1, secret_span(&other->key), &key) == ERR_OK);
    REQUIRE(ec_sign(r->f.l.crypto, key, tbs.part, tbs.count, &made) == ERR_OK && n->other.signature.len == sizeof made.at);
    memcpy((uint8_t *)n->other.signature.at, made.at, sizeof made.at);
    ec_key_free(key);
}

static void compact_notifications_are_rebuilt(void)
{
    for (size_t i = 0; i < COUNT(compact_notifications); i++) {
        const char *name = compact_notifications[i].name;
        const enum compact_notification what = compact_notifications[i].what;
        struct relayed r;
        struct rsp_pending_notification n;
        struct buf full = { .max = 1 << 14 }, bytes = { .max = 1 << 14 };
        uint8_t eid[16] = { 0x89, 0x04, 0x90, 0x32, 0x12, 0x34, 0x51, 0x23, 0x45, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x35 };
        begin_compact(&r, true);
        authenticate_compactly(&r, AS_IT_IS);
        lab_prepare(&r.d);
        REQUIRE(get_package(&r));
        if (what == NOT_INSTALLED)
            lab_flip(span_sub(r.d.package.bound_profile_package, r.d.package.bound_profile_package.len - 9, 1));
        CHECK((lab_load(&r.d) == 0) == (what != NOT_INSTALLED));
        make_notification(&r, what, &full);
        REQUIRE(rsp_pending_notification_read(buf_span(&full), &n) == ERR_OK);
        if (what == SWITCHED_OTHER_CI)
            sign_under_other_ci(&r, &n, !compact_notifications[i].strange);
        if (compact_notifications[i].strange && what == SWITCHED)
            eid[15] ^= 1;
        if (compact_notifications[i].strange && what < SWITCHED)
            lab_flip(n.installation.data.transaction_id);
        REQUIRE(rsp_compact_notification(&n, SPAN_ARRAY(eid), what == SWITCHED_V1_3 ? span_str("a CI") : (struct span){ 0 },
                                         &bytes) == ERR_OK);
        CHECK_ROW(name, bytes.len < full.len);
        if (compact_notifications[i].spoilt)
            bytes.at[bytes.len - (size_t)compact_notifications[i].spoilt] ^= 1;
        r.f.l.hurdle = "handleNotification";
        r.f.l.hurdle_err = ERR_TIMEOUT;
        r.f.l.hurdles = 100;
        CHECK(esipa_relay_notification(&r.f.peer, buf_span(&bytes)) == ERR_REFUSED);
        CHECK_ROW(name, (r.f.l.hurdles == 99) == compact_notifications[i].taken);
        r.f.l.hurdles = 0;
        CHECK_ROW(name, (esipa_relay_notification(&r.f.peer, buf_span(&bytes)) == ERR_OK) == compact_notifications[i].taken);
        if (what == INSTALLED)
            CHECK_ROW(name, (strcmp(lab_profile_state(&r.f.l, LAB_PARTNER_ICCID), "installed") == 0) ==
                                compact_notifications[i].taken);
        buf_release(&full);
        buf_release(&bytes);
        end(&r);
    }
}

/* --- notifications beside a result, and in an answer to a question: each that went on is acknowledged -------------- */

/* An SM-DP+ that keeps what it is told, as it came. */
struct ear {
    struct actor actor;
    struct buf heard;
    unsigned count, deaf; /* the first so many are answered 500 */
};

static enum err hear_notification(void *actor, const struct http_request *q, struct http_response *p)
{
    struct ear *e = actor;
    json_t *body = NULL;
    e->count++;
    buf_clear(&e->heard);
    REQUIRE(json_read(q->body, &body, NULL) == ERR_OK);
    REQUIRE(json_base64(body, "pendingNotification", &e->heard) == ERR_OK);
    json_decref(body);
    return http_text(p, e->count <= e->deaf ? 500 : 204, "", (struct span){ 0 });
}

static const struct http_route ear_routes[] = { { "POST", "/gsma/rsp2/es9plus/handleNotification", hear_notification } };
static const struct actor_ops ear_ops = { .role = "ear", .routes = ear_routes, .route_count = COUNT(ear_routes) };

static bool acknowledges(struct fixture *f, int64_t wanted)
{
    struct der list = der_open(buf_span(&f->acknowledgements));
    int64_t number;
    while (!der_at_end(&list) && rsp_acknowledgement_next(&list, &number) == ERR_OK)
        if (number == wanted)
            return true;
    return false;
}

static const struct {
    const char *name;
    bool compact;
    int spoilt; /* the octet from the end that is altered; 0 none */
    bool acknowledged;
    unsigned times, heard, deaf; /* it stands there so often, and the SM-DP+ hears of it so often */
} beside[] = {
    { "a full notification", false, 0, true, 1, 1, 0 },
    { "a compact notification", true, 0, true, 1, 1, 0 },
    { "a compact notification with another signature", true, 1, false, 1, 0, 0 },
    { "a compact notification about another profile", true, 68, false, 1, 0, 0 },
    { "one that its SM-DP+ does not take", false, 0, false, 1, 1, 1 },
    { "one that its SM-DP+ does not take, and a later one", false, 0, false, 2, 1, 1 },
    { "more than an eIM relays while it is waited for", false, 0, true, 20, 16, 0 },
};

/* The answers that bear notifications. */
static void put_beside(struct relayed *r, bool data, struct span list, struct rsp_eim_package_result *out)
{
    static const uint8_t none_of_ours[] = { 1, 2, 3 };
    *out = (struct rsp_eim_package_result){ .which = data ? RSP_EIM_RESULT_DATA : RSP_EIM_RESULT_PACKAGE_AND_NOTIFICATIONS };
    REQUIRE(rsp_euicc_package_result_read(buf_span(&r->f.result), &out->package) == ERR_OK);
    if (data)
        out->data = (struct rsp_ipa_euicc_data_response){
            .which = RSP_OK, .data = { .notifications = list, .eim_transaction_id = SPAN_ARRAY(none_of_ours) }
        };
    else
        out->notifications = list;
}

static void notifications_beside_results(void)
{
    for (size_t i = 0; i < 4 * COUNT(beside); i++) {
        const size_t row = i / 4;
        const char *name = beside[row].name;
        const bool data = i & 2;
        struct relayed r;
        struct ear ear = { .actor = { &ear_ops }, .heard = { .max = 1 << 14 }, .deaf = beside[row].deaf };
        struct rsp_pending_notification n;
        struct buf full = { .max = 1 << 14 }, bytes = { .max = 1 << 14 }, list = { .max = 1 << 18 };
        uint8_t eid[16];
        REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK);
        begin_compact(&r, true);
        authenticate_compactly(&r, AS_IT_IS);
        lab_prepare(&r.d);
        REQUIRE(get_package(&r) && lab_load(&r.d) == 0);
        make_notification(&r, SWITCHED, &full);
        REQUIRE(rsp_pending_notification_read(buf_span(&full), &n) == ERR_OK);
        const int64_t number = n.other.metadata.seq_number;
        if (beside[row].compact)
            REQUIRE(rsp_compact_notification(&n, SPAN_ARRAY(eid), (struct span){ 0 }, &bytes) == ERR_OK);
        if (!bytes.len)
            REQUIRE(buf_set(&bytes, buf_span(&full)) == ERR_OK);
        if (beside[row].spoilt)
            bytes.at[bytes.len - (size_t)beside[row].spoilt] ^= 1;
        for (unsigned k = 0; k < beside[row].times; k++)
            REQUIRE(buf_put(&list, buf_span(&bytes)) == ERR_OK);
        REQUIRE(http_switch_set(r.f.l.wires, "smdp.example.com", &ear.actor, NULL, &r.f.l.log) == ERR_OK);
        struct rsp_provide_eim_package_result q = { .eid = SPAN_ARRAY(eid) };
        put_beside(&r, data, buf_span(&list), &q.result);
        r.f.peer.json = i & 1;
        const bool any = beside[row].acknowledged || !data;
        CHECK_ROW(name, provide(&r.f, &q) == (int)(any ? RSP_PROVIDE_ACKNOWLEDGEMENTS : RSP_PROVIDE_EMPTY));
        CHECK_ROW(name, data || acknowledges(&r.f, q.result.package.result.data.seq_number));
        CHECK_ROW(name, acknowledges(&r.f, number) == beside[row].acknowledged);
        CHECK_ROW(name, ear.count == beside[row].heard);
        /* What the eUICC signed, to the last octet. */
        CHECK_ROW(name, !beside[row].acknowledged || span_equal(buf_span(&ear.heard), buf_span(&full)));
        REQUIRE(http_switch_set(r.f.l.wires, "smdp.example.com", NULL, NULL, &r.f.l.log) == ERR_OK);
        buf_release(&ear.heard);
        buf_release(&full);
        buf_release(&bytes);
        buf_release(&list);
        end(&r);
    }
}

/* The eIM killed at its n-th write: the device begins again and gets its package. */
static void killed(void)
{
    bool cut = true;
    for (unsigned n = 1; cut && n < 20; n++) {
        struct relayed r;
        trigger(&r, LAB_CODE, "");
        r.f.l.part[LAB_EIM].writes = 0;
        r.f.l.part[LAB_EIM].cut_at = n;
        bool begun = initiate(&r, "", true) == 0;
        if (begun)
            go(&r, NOTHING);
        cut = r.f.l.part[LAB_EIM].dead;
        if (cut) {
            lab_restart(&r.f.l, LAB_EIM);
            REQUIRE(initiate(&r, "", true) == 0);
            go(&r, NOTHING);
        }
        CHECK(!r.d.refusal[0]);
        end(&r);
    }
    CHECK(!cut);
}

const struct test relay_tests[] = {
    { "a relayed download begins as it was triggered", begins },
    { "the CIs of an eUICC that are cut short are made whole, or refused", cis_are_made_whole },
    { "the CI that an SM-DP+ cuts short is made whole", a_short_ci_of_the_server },
    { "only the transaction of a download under way begins one", unknown_transactions },
    { "each refusal of a relayed download has its number", whole_downloads },
    { "what a relayed download told of its profile is known", a_relayed_profile_is_known },
    { "a confirmation code of the order is told hashed, and only where one is wanted", confirmation_codes },
    { "a notification is relayed, or stays", notifications },
    { "a notification is relayed when its eUICC signed it and its receiver is known here", notifications_are_judged },
    { "an installation result goes to the SM-DP+ of its relayed session, or nowhere", installations_are_judged },
    { "a compact authentication is rebuilt to the last octet, or refused", authentications_are_rebuilt },
    { "a compact preparation is rebuilt to the last octet, or refused", preparations_are_rebuilt },
    { "a compact cancellation is rebuilt to the last octet, or refused", cancellations_are_rebuilt },
    { "a compact notification is rebuilt to the last octet, or stays", compact_notifications_are_rebuilt },
    { "a notification beside a result or in an answer is acknowledged when it went on, full or compact", notifications_beside_results },
    { "a relayed download survives its eIM", killed },
};
const size_t relay_tests_count = COUNT(relay_tests);
