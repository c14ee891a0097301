/* ES9+ with a real card: what is refused, and what an order becomes. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "es_codes.h"
#include "rsp_ids.h"
#include "smdp_tests.h"

/* One thing that is wrong with a download; what the SM-DP+ must say. */
struct flaw {
    const char *name;
    const char *card; /* certificate; NULL the good one */
    const char *eid, *order_eid, *matching_id, *address, *order_code, *code;
    enum {
        SOUND,
        NOT_RELEASED,
        CANCELLED,
        NO_MATCHING_ID,
        FLIP_SIGNATURE1,
        OTHER_TRANSACTION1,
        FLIP_SIGNATURE2,
        FLIP_OTPK,
        OTHER_TRANSACTION2,
        UNKNOWN_SESSION,
        TWICE_CLIENT,
        TWICE_PACKAGE,
        PACKAGE_FIRST,
        CLIENT_ERROR,
        PREPARE_ERROR,
        RESTART_BETWEEN,
        FLIP_CERTIFICATE,
        FLIP_EUM,
        OTHER_SESSION,
        NO_CODE
    } what;
    const char *refusal, *state;
};

static const struct flaw flaws[] = {
    { .name = "nothing", .refusal = "", .state = "downloaded" },
    { .name = "nothing, and the order is for no EID", .order_eid = "", .refusal = "", .state = "downloaded" },
    { .name = "nothing, and the order is found by its EID",
      .what = NO_MATCHING_ID,
      .refusal = "",
      .state = "downloaded" },
    { .name = "nothing, and the SM-DP+ restarts between any two calls",
      .what = RESTART_BETWEEN,
      .refusal = "",
      .state = "downloaded" },
    { .name = "nothing, under its other name",
      .address = "other.example.com",
      .refusal = "",
      .state = "downloaded" },
    { .name = "another SM-DP+ is meant",
      .address = "nobody.example.com",
      .refusal = "8.8.1/3.8",
      .state = "released" },
    { .name = "a matchingId that is none",
      .matching_id = "TOKEN-2",
      .refusal = "8.2.6/3.8",
      .state = "released" },
    { .name = "no matchingId, and no order for this EID",
      .order_eid = "",
      .what = NO_MATCHING_ID,
      .refusal = "8.2.6/3.8",
      .state = "released" },
    { .name = "an order for another EID",
      .order_eid = LAB_OTHER_EID,
      .refusal = "8.1.1/3.8",
      .state = "released" },
    { .name = "an order that is not released",
      .what = NOT_RELEASED,
      .refusal = "8.2/1.2",
      .state = "linked" },
    { .name = "an order cancelled after authentication",
      .what = CANCELLED,
      .refusal = "8.10.1/3.9",
      .state = "available" },
    { .name = "an expired card",
      .card = "CERT_EUICC_ECDSA_NIST_EXPIRED",
      .refusal = "8.1.3/6.3",
      .state = "released" },
    { .name = "a card of the future",
      .card = "CERT_EUICC_ECDSA_NIST_NOT_YET_VALID",
      .refusal = "8.1.3/6.3",
      .state = "released" },
    { .name = "a card below an expired EUM",
      .card = "CERT_EUICC_ECDSA_NIST_BELOW_EXPIRED_EUM",
      .refusal = "8.1.2/6.3",
      .state = "released" },
    { .name = "a card whose certificate was altered",
      .card = "CERT_EUICC_ECDSA_NIST_ALTERED",
      .refusal = "8.1.3/6.1",
      .state = "released" },
    { .name = "a card whose certificate may only certify",
      .card = "CERT_EUICC_ECDSA_NIST_CA_USAGE",
      .refusal = "8.1.3/6.1",
      .state = "released" },
    { .name = "a card below an EUM of a foreign CI",
      .card = "CERT_EUICC_ECDSA_NIST_UNKNOWN_CI",
      .refusal = "8.8.2/3.1",
      .state = "released" },
    { .name = "a card one authority too deep",
      .card = "CERT_EUICC_ECDSA_NIST_PATH_LENGTH",
      .refusal = "8.8.2/3.1",
      .state = "released" },
    { .name = "a signature of the card that was altered",
      .what = FLIP_SIGNATURE1,
      .refusal = "8.1/6.1",
      .state = "released" },
    { .name = "an altered certificate of the card",
      .what = FLIP_CERTIFICATE,
      .refusal = "8.1.3/6.1",
      .state = "released" },
    { .name = "an altered certificate of the EUM",
      .what = FLIP_EUM,
      .refusal = "8.1.2/6.1",
      .state = "released" },
    { .name = "an authentication of another session",
      .what = OTHER_SESSION,
      .refusal = "8.10.1/3.9",
      .state = "released" },
    { .name = "a session that never was",
      .what = UNKNOWN_SESSION,
      .refusal = "8.10.1/3.9",
      .state = "released" },
    { .name = "an authentication sent twice",
      .what = TWICE_CLIENT,
      .refusal = "8.10.1/3.9",
      .state = "released" },
    { .name = "a package before authentication",
      .what = PACKAGE_FIRST,
      .refusal = "8.10.1/3.9",
      .state = "released" },
    { .name = "a card that refused the server",
      .what = CLIENT_ERROR,
      .refusal = "8.1/4.2",
      .state = "released" },
    { .name = "a card that refused the download",
      .what = PREPARE_ERROR,
      .refusal = "8.1/4.2",
      .state = "released" },
    { .name = "a second signature that was altered",
      .what = FLIP_SIGNATURE2,
      .refusal = "8.1/6.1",
      .state = "released" },
    { .name = "a one-time key that was altered",
      .what = FLIP_OTPK,
      .refusal = "8.1/6.1",
      .state = "released" },
    { .name = "a download response for another session",
      .what = OTHER_TRANSACTION2,
      .refusal = "8.1/6.1",
      .state = "released" },
    { .name = "a package asked for twice in a session",
      .what = TWICE_PACKAGE,
      .refusal = "8.10.1/3.9",
      .state = "downloaded" },
    { .name = "no confirmation code where one is wanted",
      .order_code = "4711",
      .refusal = "8.1/4.2",
      .state = "released" },
    { .name = "no confirmation code, and the card signs all the same",
      .order_code = "4711",
      .what = NO_CODE,
      .refusal = "8.2.7/2.2",
      .state = "released" },
    { .name = "a wrong confirmation code",
      .order_code = "4711",
      .code = "4712",
      .refusal = "8.2.7/3.8",
      .state = "released" },
    { .name = "the right confirmation code",
      .order_code = "4711",
      .code = "4711",
      .refusal = "",
      .state = "downloaded" },
};

static const char *text_or(const char *text, const char *fallback)
{
    return text ? text : fallback;
}

static void maybe_restart(struct lab *l, const struct flaw *f)
{
    if (f->what == RESTART_BETWEEN)
        lab_restart(l, LAB_SMDP);
}

static const char *spoil_authentication(struct lab_download *d, const struct flaw *f, uint8_t other[16])
{
    struct rsp_authenticate_server_response *r = &d->server.message;
    if (f->what == FLIP_SIGNATURE1)
        lab_flip(span_sub(r->ok.euicc_signature1, 20, 1));
    if (f->what == FLIP_CERTIFICATE)
        lab_flip(span_sub(r->ok.euicc_certificate, r->ok.euicc_certificate.len - 1, 1));
    if (f->what == FLIP_EUM)
        lab_flip(span_sub(r->ok.eum_certificate, r->ok.eum_certificate.len - 1, 1));
    if (f->what == CLIENT_ERROR)
        *r = (struct rsp_authenticate_server_response){ .which = RSP_AUTHENTICATE_SERVER_ERROR,
                                                        .error = { d->initiated.transaction_id, 2 } };
    if (f->what == UNKNOWN_SESSION)
        d->initiated.transaction_id = span_of(other, 16);
    return "";
}

/* The first half, up to the card's preparation. */
static const char *authenticate(struct lab *l, struct lab_download *d, const struct flaw *f)
{
    uint8_t other[16] = { 1, 2, 3 };
    struct lab_download second;
    if (lab_initiate(d)[0])
        return d->refusal;
    maybe_restart(l, f);
    lab_authenticate_server(d);
    spoil_authentication(d, f, other);
    if (f->what == OTHER_SESSION) {
        lab_download_begin(l, d->card, &second);
        REQUIRE(lab_initiate(&second)[0] == 0);
        memcpy(other, second.initiated.transaction_id.at, 16);
        d->initiated.transaction_id = SPAN_ARRAY(other);
        lab_download_end(&second);
    }
    if (f->what != PACKAGE_FIRST && lab_authenticate_client(d)[0])
        return d->refusal;
    if (f->what == TWICE_CLIENT)
        return lab_authenticate_client(d);
    maybe_restart(l, f);
    return "";
}

static const char *fetch(struct lab *l, struct lab_download *d, const struct flaw *f)
{
    if (authenticate(l, d, f)[0])
        return d->refusal;
    struct rsp_prepare_download_response *r = &d->prepared.message;
    if (f->what == NO_CODE) {
        lab_prepare_by_hand(d);
        return lab_get_package(d);
    }
    if (f->what == PACKAGE_FIRST || f->what == PREPARE_ERROR)
        *r = (struct rsp_prepare_download_response){ .which = RSP_PREPARE_DOWNLOAD_ERROR,
                                                     .error = { d->initiated.transaction_id, 2 } };
    else
        lab_prepare(d);
    if (f->what == FLIP_SIGNATURE2)
        lab_flip(span_sub(r->ok.euicc_signature2, 20, 1));
    if (f->what == FLIP_OTPK)
        lab_flip(span_sub(r->ok.euicc_signed2.euicc_otpk, 40, 1));
    if (f->what == OTHER_TRANSACTION2)
        lab_flip(span_sub(r->ok.euicc_signed2.transaction_id, 3, 1));
    if (f->what == CANCELLED)
        lab_cancel(l, LAB_PARTNER_ICCID);
    if (lab_get_package(d)[0] || f->what != TWICE_PACKAGE)
        return d->refusal;
    return lab_get_package(d);
}

static void open_order(struct lab *l, const struct flaw *f)
{
    struct env env = l->env;
    env.http = l->eso;
    const struct es_peer peer = { .env = &env, .base_url = LAB_SMDP_URL, .requester = "eso" };
    struct es2p_order q = { .iccid = LAB_PARTNER_ICCID, .eid = LAB_EID };
    struct es2p_answer a;
    struct es_status status = { 0 };
    lab_import(l);
    if (f->what != NOT_RELEASED) {
        lab_release(l, LAB_PARTNER_ICCID, text_or(f->order_eid, LAB_EID), "TOKEN-1",
                    text_or(f->order_code, ""));
        return;
    }
    CHECK(es2p_download_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
    snprintf(q.matching_id, sizeof q.matching_id, "TOKEN-1");
    CHECK(es2p_confirm_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
}

/* What a refusal reads like when it came as a number of whichever function refused (lib/es/es_codes.c). */
static bool same_as_number(const char *refusal, const char *seen)
{
    for (int f = ES9P_CODES_INITIATE_AUTHENTICATION; f <= ES9P_CODES_CANCEL_SESSION; f++) {
        struct es_status status = { 0 };
        char text[40];
        const char *slash = strchr(refusal, '/');
        if (!slash)
            return !strcmp(refusal, seen);
        snprintf(status.subject, sizeof status.subject, "%.*s", (int)(slash - refusal), refusal);
        snprintf(status.reason, sizeof status.reason, "%s", slash + 1);
        es_status_of_code((enum es_codes)f, es_code_of_status((enum es_codes)f, &status), &status);
        snprintf(text, sizeof text, "%s/%s", status.subject, status.reason);
        if (!strcmp(text, seen))
            return true;
    }
    return false;
}

static void refuse_one(const struct flaw *f, bool asn1)
{
    struct lab l;
    struct lab_card card;
    struct lab_download d;
    lab_open(&l);
    open_order(&l, f);
    lab_card_open(&l, &card, text_or(f->card, "CERT_EUICC_ECDSA_NIST"), LAB_EID, false);
    lab_download_begin(&l, &card, &d);
    d.peer.asn1 = asn1;
    d.matching_id = f->what == NO_MATCHING_ID ? NULL : text_or(f->matching_id, "TOKEN-1");
    d.address = text_or(f->address, "smdp.example.com");
    d.confirmation_code = f->code;
    const char *refusal = fetch(&l, &d, f);
    bool said = asn1 ? same_as_number(f->refusal, refusal) : !strcmp(refusal, f->refusal);
    CHECK_ROW(f->name, said);
    const char *state = lab_profile_state(&l, LAB_PARTNER_ICCID);
    CHECK_ROW(f->name, strcmp(state, f->state) == 0);
    if (!said || strcmp(state, f->state))
        printf("\n    row \"%s\"%s: \"%s\", %s", f->name, asn1 ? " in ASN.1" : "", refusal, state);
    if (!f->refusal[0])
        CHECK_ROW(f->name, lab_load(&d) == 0 && lab_card_state(&card, LAB_PARTNER_ICCID) == 0);
    lab_download_end(&d);
    lab_card_close(&card);
    lab_close(&l);
}

static void refusals(void)
{
    for (size_t i = 0; i < COUNT(flaws); i++)
        refuse_one(&flaws[i], false);
}

static void refusals_in_asn1(void)
{
    for (size_t i = 0; i < COUNT(flaws); i++)
        refuse_one(&flaws[i], true);
}

/* SGP.22 5.6.1: the eUICC has no credential under a CI that this SM-DP+ knows, or speaks another version. */
static void initiate_refusals(void)
{
    struct lab l;
    struct lab_download d;
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint8_t challenge[16] = { 1 };
    lab_open(&l);
    REQUIRE(es10b_get_euicc_info1(&l.card.es, &info) == ERR_OK);
    static const uint8_t nobody[] = { 4,  20, 1,  2,  3,  4,  5,  6,  7,  8,  9,
                                      10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 };
    const struct {
        const char *name, *refusal;
        struct span svn, verification, signing;
    } cards[] = {
        { "version 1.2.0", "8.8.3/3.1", SPAN(1, 2, 0), { 0 }, { 0 } },
        { "version 3.0.0", "8.8.3/3.1", SPAN(3, 0, 0), { 0 }, { 0 } },
        { "signs below nobody known", "8.8.2/3.1", { 0 }, { 0 }, SPAN_ARRAY(nobody) },
        { "verifies with nobody known", "8.8.4/3.7", { 0 }, SPAN_ARRAY(nobody), { 0 } },
        { "as it is", "", { 0 }, { 0 }, { 0 } },
    };
    for (size_t i = 0; i < COUNT(cards); i++) {
        struct rsp_euicc_info1 changed = { .svn = cards[i].svn.at ? cards[i].svn : info.message.svn,
                                           .ci_verification = cards[i].verification.at
                                                                  ? cards[i].verification
                                                                  : info.message.ci_verification,
                                           .ci_signing = cards[i].signing.at ? cards[i].signing
                                                                             : info.message.ci_signing };
        const struct rsp_initiate_authentication_request q = { SPAN_ARRAY(challenge),
                                                               span_str("smdp.example.com"), changed };
        char text[40];
        lab_download_begin(&l, &l.card, &d);
        CHECK_ROW(cards[i].name,
                  es9p_initiate_authentication(&d.peer, &q, &d.memory, &d.initiated, &d.status) == ERR_OK);
        snprintf(text, sizeof text, "%s%s%s", d.status.subject, d.status.subject[0] ? "/" : "",
                 d.status.reason);
        CHECK_ROW(cards[i].name, strcmp(text, cards[i].refusal) == 0);
        lab_download_end(&d);
    }
    buf_release(&info.received);
    lab_close(&l);
}

static void code_is_exhausted(void)
{
    static const struct {
        const char *code, *refusal;
    } tries[] = {
        { "1", "8.2.7/3.8" }, { NULL, "8.1/4.2" },     { "2", "8.2.7/3.8" },
        { "3", "8.2.7/3.8" }, { "4711", "8.2.7/6.4" }, { "4711", "8.2.7/6.4" },
    };
    struct lab l;
    lab_open(&l);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "4711");
    for (size_t i = 0; i < COUNT(tries); i++) {
        struct lab_download d;
        if (i == 2)
            lab_restart(&l, LAB_SMDP); /* what was wrong stays counted */
        lab_download_begin(&l, &l.card, &d);
        d.confirmation_code = tries[i].code;
        CHECK(strcmp(lab_fetch(&d), tries[i].refusal) == 0);
        lab_download_end(&d);
    }
    lab_close(&l);
}

static void code_is_exhausted_as_it_is_set(void)
{
    static const int64_t settings[] = { 1, 2, 5 };
    for (size_t i = 0; i < COUNT(settings); i++) {
        struct lab l;
        lab_open(&l);
        l.code_attempts = settings[i];
        lab_restart(&l, LAB_SMDP);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "4711");
        for (int64_t k = 0; k <= settings[i]; k++) {
            struct lab_download d;
            lab_download_begin(&l, &l.card, &d);
            d.confirmation_code = k < settings[i] ? "0815" : "4711";
            CHECK(strcmp(lab_fetch(&d), k < settings[i] ? "8.2.7/3.8" : "8.2.7/6.4") == 0);
            lab_download_end(&d);
        }
        lab_close(&l);
    }
}

/* Interpretation D-14: what was hashed of the code. */
static const struct {
    const char *name, *ordered, *given;
    bool as_octets;
    enum smdp_code_form taken;
    const char *refusal;
} code_forms[] = {
    { "the text, of any", "471108", "471108", false, SMDP_CODE_ANY, "" },
    { "the octets, of any", "471108", "471108", true, SMDP_CODE_ANY, "" },
    { "another code's octets, of any", "471108", "471109", true, SMDP_CODE_ANY, "8.2.7/3.8" },
    { "another code's text, of any", "471108", "471109", false, SMDP_CODE_ANY, "8.2.7/3.8" },
    { "the text where it is wanted", "471108", "471108", false, SMDP_CODE_AS_TEXT, "" },
    { "the octets where the text is wanted", "471108", "471108", true, SMDP_CODE_AS_TEXT, "8.2.7/3.8" },
    { "the octets where they are wanted", "471108", "471108", true, SMDP_CODE_AS_OCTETS, "" },
    { "the text where octets are wanted", "471108", "471108", false, SMDP_CODE_AS_OCTETS, "8.2.7/3.8" },
    { "a code that is no hex is its text, of any", "4711-0815", "4711-0815", true, SMDP_CODE_ANY, "" },
    { "and where octets are wanted", "4711-0815", "4711-0815", false, SMDP_CODE_AS_OCTETS, "" },
    { "the same octets in other letters are not the same text", "abcd", "ABCD", false, SMDP_CODE_ANY, "8.2.7/3.8" },
    { "but the same octets", "abcd", "ABCD", true, SMDP_CODE_ANY, "" },
    { "the octets of a text that is a code itself", "31323334", "1234", false, SMDP_CODE_AS_TEXT, "8.2.7/3.8" },
};

static void a_code_is_text_or_octets(void)
{
    for (size_t i = 0; i < COUNT(code_forms); i++) {
        struct lab l;
        struct lab_download d;
        lab_open(&l);
        l.code_form = code_forms[i].taken;
        lab_restart(&l, LAB_SMDP);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", code_forms[i].ordered);
        lab_download_begin(&l, &l.card, &d);
        d.confirmation_code = code_forms[i].given;
        d.code_as_octets = code_forms[i].as_octets;
        CHECK_ROW(code_forms[i].name, strcmp(lab_fetch(&d), code_forms[i].refusal) == 0);
        lab_download_end(&d);
        lab_close(&l);
    }
}

/* A code that was confirmed before the SM-DP+ knew of octets: of it the digest of the text is kept, and nothing else. */
static void an_older_code_is_text(void)
{
    struct lab l;
    struct lab_download d;
    lab_open(&l);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "471108");
    REQUIRE(db_run(l.part[LAB_SMDP].env.db, "UPDATE profile SET confirmation = substr(confirmation, 1, 32)", NULL, 0, NULL) == ERR_OK);
    lab_download_begin(&l, &l.card, &d);
    d.confirmation_code = "471108";
    d.code_as_octets = true;
    CHECK(strcmp(lab_fetch(&d), "8.2.7/3.8") == 0);
    lab_download_end(&d);
    lab_download_begin(&l, &l.card, &d);
    d.confirmation_code = "471108";
    CHECK(lab_fetch(&d)[0] == 0);
    lab_download_end(&d);
    lab_close(&l);
}

/* A code without EID is the first card's that fetches it: no profile is ever bound to two cards. */
static void one_profile_one_card(void)
{
    struct lab l;
    struct lab_card other;
    struct lab_download first, second, third;
    lab_open(&l);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, "", "TOKEN-1", "");
    lab_card_open(&l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    lab_download_begin(&l, &l.card, &first);
    lab_download_begin(&l, &other, &second);
    lab_download_begin(&l, &other, &third);
    CHECK(lab_initiate(&second)[0] == 0);
    lab_authenticate_server(&second);
    CHECK(lab_authenticate_client(&second)[0] == 0);
    lab_prepare(&second);
    CHECK(lab_fetch(&first)[0] == 0);
    CHECK(strcmp(lab_get_package(&second), "8.1.1/3.8") == 0); /* authenticated before, too late now */
    CHECK(strcmp(lab_fetch(&third), "8.1.1/3.8") == 0);
    CHECK(strcmp(lab_get(&l, l.admin, LAB_SMDP_URL "/v1/profiles/" LAB_PARTNER_ICCID, "eid"), LAB_EID) == 0);
    CHECK(lab_load(&first) == 0);
    lab_download_end(&first);
    lab_download_end(&second);
    lab_download_end(&third);
    lab_card_close(&other);
    lab_close(&l);
}

/* Fetches without a matchingId: "" and the ICCID, or the refusal. */
static const char *fetch_by_eid(struct lab *l, char iccid[21])
{
    static char refusal[40];
    struct lab_download d;
    lab_download_begin(l, &l->card, &d);
    d.matching_id = NULL;
    snprintf(refusal, sizeof refusal, "%s", lab_fetch(&d));
    iccid[0] = 0;
    if (!refusal[0])
        CHECK(rsp_iccid_text(d.authenticated.metadata.iccid, iccid) == ERR_OK);
    lab_download_end(&d);
    return refusal;
}

/* SGP.22 3.1.3: without a matchingId it is an order for this EID that is fetched. A code that the eUICC fetched by its
 * matchingId is not one, although the profile is this eUICC's from then on. */
static void an_order_for_the_eid_comes_first(void)
{
    struct lab l;
    struct lab_download d;
    char iccid[21];
    lab_open(&l);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, "", "TOKEN-1", "");
    lab_download_begin(&l, &l.card, &d);
    CHECK(lab_fetch(&d)[0] == 0);
    lab_download_end(&d);
    CHECK(strcmp(fetch_by_eid(&l, iccid), "8.2.6/3.8") == 0);
    lab_release(&l, LAB_THIRD_ICCID, LAB_EID, "TOKEN-3", "");
    CHECK(fetch_by_eid(&l, iccid)[0] == 0 && strcmp(iccid, LAB_THIRD_ICCID) == 0);
    CHECK(fetch_by_eid(&l, iccid)[0] == 0 && strcmp(iccid, LAB_THIRD_ICCID) == 0); /* once more, as after a power cut */
    lab_restart(&l, LAB_SMDP);
    lab_download_begin(&l, &l.card, &d);
    CHECK(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0); /* the code by its matchingId again */
    lab_download_end(&d);
    lab_close(&l);
}

static void *get_package_alone(void *download)
{
    lab_get_package(download);
    return NULL;
}

/* The same at the same moment, from two threads. */
static void one_profile_one_card_in_a_race(void)
{
    for (int round = 0; round < 8; round++) {
        struct lab l;
        struct lab_card other;
        struct lab_download d[2];
        pthread_t thread[2];
        lab_open(&l);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, "", "TOKEN-1", "");
        lab_card_open(&l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
        for (size_t i = 0; i < 2; i++) {
            lab_download_begin(&l, i ? &other : &l.card, &d[i]);
            CHECK(lab_initiate(&d[i])[0] == 0);
            lab_authenticate_server(&d[i]);
            CHECK(lab_authenticate_client(&d[i])[0] == 0);
            lab_prepare(&d[i]);
        }
        l.part[LAB_SMDP].log.sink = l.log.sink = NULL; /* the test's sink is for one thread */
        for (size_t i = 0; i < 2; i++)
            REQUIRE(pthread_create(&thread[i], NULL, get_package_alone, &d[i]) == 0);
        for (size_t i = 0; i < 2; i++)
            pthread_join(thread[i], NULL);
        bool first = !d[0].refusal[0];
        CHECK(first != !d[1].refusal[0]);
        CHECK(strcmp(d[first ? 1 : 0].refusal, "8.1.1/3.8") == 0);
        for (size_t i = 0; i < 2; i++)
            lab_download_end(&d[i]);
        lab_card_close(&other);
        lab_close(&l);
    }
}

/* The card of a cancelled order, authenticated before, must not get what was ordered for another one since.
 */
static void a_new_order_is_not_the_old_sessions(void)
{
    struct lab l;
    struct lab_download d;
    lab_open(&l);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_download_begin(&l, &l.card, &d);
    CHECK(lab_initiate(&d)[0] == 0);
    lab_authenticate_server(&d);
    CHECK(lab_authenticate_client(&d)[0] == 0);
    lab_prepare(&d);
    lab_cancel(&l, LAB_PARTNER_ICCID);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_OTHER_EID, "TOKEN-2", "");
    CHECK(strcmp(lab_get_package(&d), "8.10.1/3.9") == 0);
    CHECK(strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "released") == 0);
    lab_download_end(&d);
    lab_close(&l);
}

/* An SM-DP+ whose orders live for an hour and whose packages are bound twice at most. */
static void open_limited(struct lab *l)
{
    lab_open(l);
    l->order_valid_ms = CLOCK_HOUR;
    l->downloads_max = 2;
    lab_restart(l, LAB_SMDP);
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
}

static const char *fetch_again(struct lab *l, char refusal[40])
{
    struct lab_download d;
    lab_card_reset(&l->card);
    lab_download_begin(l, &l->card, &d);
    snprintf(refusal, 40, "%s", lab_fetch(&d));
    lab_download_end(&d);
    return refusal;
}

/* Up to the package, which is not asked for yet. */
static void prepare_early(struct lab *l, struct lab_download *d)
{
    lab_card_reset(&l->card);
    lab_download_begin(l, &l->card, d);
    CHECK(lab_initiate(d)[0] == 0);
    lab_authenticate_server(d);
    CHECK(lab_authenticate_client(d)[0] == 0);
    lab_prepare(d);
}

/* Up to its last millisecond an order is good; also a card that authenticated in time may come too late for the package. */
static void an_order_expires(void)
{
    struct lab l;
    struct lab_download early;
    char refusal[40];
    open_limited(&l);
    int64_t end = clock_now(&l.clock.clock) + CLOCK_HOUR;
    clock_virtual_advance(&l.clock, end - 1);
    prepare_early(&l, &early);
    clock_virtual_advance(&l.clock, end);
    CHECK(strcmp(lab_get_package(&early), "8.8.5/4.10") == 0);
    CHECK(strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "released") == 0);
    lab_restart(&l, LAB_SMDP);
    CHECK(strcmp(fetch_again(&l, refusal), "8.8.5/4.10") == 0);
    lab_download_end(&early);
    /* Cancelled and ordered anew it is good again. */
    lab_cancel(&l, LAB_PARTNER_ICCID);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    CHECK(fetch_again(&l, refusal)[0] == 0);
    lab_close(&l);
}

/* Two packages were bound and lost: the third is refused, whether its card authenticated before or after the second. */
static void a_package_is_bound_so_often_only(void)
{
    struct lab l;
    struct lab_download early;
    char refusal[40];
    open_limited(&l);
    CHECK(fetch_again(&l, refusal)[0] == 0);
    prepare_early(&l, &early);
    CHECK(fetch_again(&l, refusal)[0] == 0);
    CHECK(strcmp(lab_get_package(&early), "8.8.5/6.4") == 0);
    lab_restart(&l, LAB_SMDP); /* what was bound stays counted */
    CHECK(strcmp(fetch_again(&l, refusal), "8.8.5/6.4") == 0);
    CHECK(strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "downloaded") == 0);
    lab_download_end(&early);
    lab_close(&l);
}

/* Downloads with the n-th write of the SM-DP+ killed; the card begins anew, as an LPA does. */
static void killed_anywhere(void)
{
    bool cut = true;
    for (unsigned n = 1; cut && n < 100; n++) {
        struct lab l;
        bool installed = false;
        lab_open(&l);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, "", "TOKEN-1", "");
        l.part[LAB_SMDP].writes = 0;
        l.part[LAB_SMDP].cut_at = n;
        cut = false;
        for (int tries = 0; tries < 3 && !installed; tries++) {
            struct lab_download d;
            lab_download_begin(&l, &l.card, &d);
            installed = !lab_fetch(&d)[0] && lab_load(&d) == 0;
            if (installed && es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) != ERR_OK) {
                lab_restart(&l, LAB_SMDP);
                cut = true;
                CHECK(es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
            }
            lab_download_end(&d);
            if (l.part[LAB_SMDP].dead) {
                cut = true;
                lab_restart(&l, LAB_SMDP);
                lab_card_reset(&l.card);
            }
        }
        CHECK(installed);
        CHECK(strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "installed") == 0);
        lab_close(&l);
    }
    CHECK(!cut);
}

static void secrets_stay_inside(void)
{
    struct lab l;
    struct lab_download d;
    struct buf k = hex(LAB_K), opc = hex(LAB_OPC);
    lab_open(&l);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "4711-0815");
    lab_download_begin(&l, &l.card, &d);
    d.confirmation_code = "4711-0815";
    CHECK(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0);
    const struct span package = d.package.bound_profile_package;
    CHECK(!memmem(package.at, package.len, k.at, k.len) && !memmem(package.at, package.len, opc.at, opc.len));
    CHECK(!lab_file_holds(&l, LAB_SMDP, buf_span(&k)) && !lab_file_holds(&l, LAB_SMDP, buf_span(&opc)));
    CHECK(!lab_said(&l, LAB_K) && !lab_said(&l, LAB_OPC) && !lab_said(&l, "TOKEN-1") &&
          !lab_said(&l, "4711-0815"));
    lab_download_end(&d);
    lab_close(&l);
    buf_release(&k);
    buf_release(&opc);
}

const struct test download_tests[] = {
    { "each flaw of a download gets its own refusal and leaves the order as it was", refusals },
    { "each flaw of a download says the same in ASN.1", refusals_in_asn1 },
    { "a card that cannot be served is refused at once", initiate_refusals },
    { "a confirmation code may be wrong three times", code_is_exhausted },
    { "or as often as the settings say", code_is_exhausted_as_it_is_set },
    { "what is hashed of a code is its text or its octets", a_code_is_text_or_octets },
    { "a code from before that was known is its text", an_older_code_is_text },
    { "one profile is bound to one card", one_profile_one_card },
    { "without a matchingId it is an order for the EID that is fetched", an_order_for_the_eid_comes_first },
    { "one profile is bound to one card, also in a race", one_profile_one_card_in_a_race },
    { "a new order does not belong to an old session", a_new_order_is_not_the_old_sessions },
    { "an order expires, also between authentication and package", an_order_expires },
    { "a package is bound so often only, also by sessions that stood before", a_package_is_bound_so_often_only },
    { "a download with the SM-DP+ killed at any write", killed_anywhere },
    { "keys and codes stay inside", secrets_stay_inside },
};
const size_t download_tests_count = COUNT(download_tests);
