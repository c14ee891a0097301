/* ES11 with a real card. */
#include <stdio.h>
#include <string.h>

#include "es_codes.h"
#include "smds_tests.h"

static void put_event(struct lab *l, const char *eid, const char *event_id, const char *address)
{
    struct es12_event event = { 0 };
    snprintf(event.eid, sizeof event.eid, "%s", eid);
    snprintf(event.event_id, sizeof event.event_id, "%s", event_id);
    snprintf(event.rsp_server_address, sizeof event.rsp_server_address, "%s", address);
    CHECK(lab_event(l, l->part[LAB_SMDP].env.http, "smdp.example.com", ES12_REGISTER_EVENT, &event)[0] == 0);
}

static void put_events(struct lab *l)
{
    put_event(l, LAB_EID, "AB-1", "smdp.example.com");
    put_event(l, LAB_OTHER_EID, "AB-3", "smdp.example.com");
    put_event(l, LAB_EID, "AB-2", "smdp2.example.com");
}

/* What a refusal reads like when it came as a number. */
static const char *as_number(enum es_codes codes, const char *refusal, char out[40])
{
    struct es_status status = { 0 };
    int64_t code = 0;
    const char *slash = strchr(refusal, '/');
    snprintf(status.subject, sizeof status.subject, "%.*s", (int)(slash ? slash - refusal : 0), refusal);
    snprintf(status.reason, sizeof status.reason, "%s", slash ? slash + 1 : "");
    code = es_code_of_status(codes, &status);
    es_status_of_code(codes, code, &status);
    snprintf(out, 40, "%s/%s", status.subject, status.reason);
    return refusal[0] ? out : refusal;
}

static bool same(const char *row, const char *got, const char *wants)
{
    if (strcmp(got, wants) != 0)
        printf("\n    row \"%s\": \"%s\" instead of \"%s\"", row, got, wants);
    return strcmp(got, wants) == 0;
}

static const struct {
    const char *name, *eid, *matching_id, *refusal, *found;
} discoveries[] = {
    { "all events without a matchingId", LAB_EID, NULL, "", "AB-1@smdp.example.com AB-2@smdp2.example.com" },
    { "all events with an empty one", LAB_EID, "", "", "AB-1@smdp.example.com AB-2@smdp2.example.com" },
    { "one event by its eventId", LAB_EID, "AB-2", "", "AB-2@smdp2.example.com" },
    { "only the eUICC's own", LAB_OTHER_EID, NULL, "", "AB-3@smdp.example.com" },
    { "an eventId of nobody", LAB_EID, "AB-9", "8.2.6/3.8", NULL },
    { "another eUICC's eventId", LAB_EID, "AB-3", "8.2.6/3.8", NULL },
    { "the beginning of an eventId", LAB_EID, "AB-", "8.2.6/3.8", NULL },
    { "an eventId in small letters", LAB_EID, "ab-1", "8.2.6/3.8", NULL },
    { "a wildcard", LAB_EID, "%", "8.2.6/3.8", NULL },
    { "a quotation mark", LAB_EID, "'", "8.2.6/3.8", NULL },
};

void smds_discoveries(void)
{
    for (size_t i = 0; i < 2 * COUNT(discoveries); i++) {
        struct lab l;
        struct lab_card card;
        struct lab_download d;
        struct rsp_authenticate_client_ok_es11 found = { 0 };
        const char *name = discoveries[i / 2].name;
        char text[512], number[40];
        lab_open(&l);
        put_events(&l);
        lab_card_open(&l, &card, "CERT_EUICC_ECDSA_NIST", discoveries[i / 2].eid, false);
        lab_discovery_begin(&l, &card, &d);
        d.matching_id = discoveries[i / 2].matching_id;
        d.peer.asn1 = i % 2;
        const char *wants = discoveries[i / 2].refusal;
        CHECK_ROW(name, same(name, lab_discover(&d, &found),
                             i % 2 ? as_number(ES11_CODES_AUTHENTICATE_CLIENT, wants, number) : wants));
        if (discoveries[i / 2].found) {
            lab_found_text(&found, text);
            CHECK_ROW(name, same(name, text, discoveries[i / 2].found));
        }
        lab_download_end(&d);
        lab_card_close(&card);
        lab_close(&l);
    }
}

/* One thing that is wrong with an eUICC or its session. */
static const struct flaw {
    const char *name, *card;
    enum { SOUND, FLIP_SIGNATURE, FLIP_CERTIFICATE, FLIP_EUM, UNKNOWN_SESSION, OTHER_SESSION, TWICE, CARD_ERROR,
           RESTART_BETWEEN, TOO_LATE, BRAINPOOL } what;
    const char *refusal;
} flaws[] = {
    { "nothing", NULL, SOUND, "" },
    { "nothing, and the SM-DS restarts between the calls", NULL, RESTART_BETWEEN, "" },
    { "nothing, on the other curve", "CERT_EUICC_ECDSA_BRP", BRAINPOOL, "" },
    { "an expired card", "CERT_EUICC_ECDSA_NIST_EXPIRED", SOUND, "8.1.3/6.3" },
    { "a card of the future", "CERT_EUICC_ECDSA_NIST_NOT_YET_VALID", SOUND, "8.1.3/6.3" },
    { "a card below an expired EUM", "CERT_EUICC_ECDSA_NIST_BELOW_EXPIRED_EUM", SOUND, "8.1.2/6.3" },
    { "a card whose certificate was altered", "CERT_EUICC_ECDSA_NIST_ALTERED", SOUND, "8.1.3/6.1" },
    { "a card whose certificate may only certify", "CERT_EUICC_ECDSA_NIST_CA_USAGE", SOUND, "8.1.3/6.1" },
    { "an altered signature", NULL, FLIP_SIGNATURE, "8.1/6.1" },
    { "an altered certificate of the card", NULL, FLIP_CERTIFICATE, "8.1.3/6.1" },
    { "an altered certificate of the EUM", NULL, FLIP_EUM, "8.1.2/6.1" },
    { "a session that never was", NULL, UNKNOWN_SESSION, "8.10.1/3.9" },
    { "an authentication of another session", NULL, OTHER_SESSION, "8.10.1/3.9" },
    { "an authentication sent twice", NULL, TWICE, "8.10.1/3.9" },
    { "a card that refused the server", NULL, CARD_ERROR, "8.1/4.2" },
    { "an answer after the session was forgotten", NULL, TOO_LATE, "8.10.1/3.9" },
};

static void spoil(struct lab *l, struct lab_download *d, const struct flaw *f, uint8_t other[16])
{
    struct rsp_authenticate_server_response *r = &d->server.message;
    struct lab_download second;
    if (f->what == FLIP_SIGNATURE)
        lab_flip(span_sub(r->ok.euicc_signature1, 20, 1));
    if (f->what == FLIP_CERTIFICATE)
        lab_flip(span_sub(r->ok.euicc_certificate, r->ok.euicc_certificate.len - 1, 1));
    if (f->what == FLIP_EUM)
        lab_flip(span_sub(r->ok.eum_certificate, r->ok.eum_certificate.len - 1, 1));
    if (f->what == CARD_ERROR)
        *r = (struct rsp_authenticate_server_response){ .which = RSP_AUTHENTICATE_SERVER_ERROR,
                                                        .error = { d->initiated.transaction_id, 2 } };
    if (f->what == OTHER_SESSION) {
        lab_discovery_begin(l, d->card, &second);
        second.peer.asn1 = d->peer.asn1;
        REQUIRE(lab_discovery_initiate(&second)[0] == 0);
        memcpy(other, second.initiated.transaction_id.at, 16);
        lab_download_end(&second);
    }
    if (f->what == OTHER_SESSION || f->what == UNKNOWN_SESSION)
        d->initiated.transaction_id = span_of(other, 16);
    if (f->what == RESTART_BETWEEN)
        lab_restart(l, LAB_SMDS);
    if (f->what == TOO_LATE)
        clock_virtual_advance(&l->clock, clock_now(&l->clock.clock) + 11 * CLOCK_MINUTE);
}

static const char *discover(struct lab *l, struct lab_download *d, const struct flaw *f)
{
    uint8_t other[16] = { 1, 2, 3 };
    struct rsp_authenticate_client_ok_es11 found = { 0 };
    char text[512];
    if (lab_discovery_initiate(d)[0])
        return d->refusal;
    lab_authenticate_server(d);
    spoil(l, d, f, other);
    if (!lab_discovery_ask(d, &found)[0]) {
        lab_found_text(&found, text);
        CHECK_ROW(f->name, same(f->name, text, "AB-1@smdp.example.com AB-2@smdp2.example.com"));
    }
    return f->what == TWICE && !d->refusal[0] ? lab_discovery_ask(d, &found) : d->refusal;
}

void smds_card_refusals(void)
{
    for (size_t i = 0; i < 2 * COUNT(flaws); i++) {
        const struct flaw *f = &flaws[i / 2];
        struct lab l;
        struct lab_card card;
        struct lab_download d;
        char number[40];
        lab_open(&l);
        put_events(&l);
        lab_card_open(&l, &card, f->card ? f->card : "CERT_EUICC_ECDSA_NIST", LAB_EID, false);
        lab_discovery_begin(&l, &card, &d);
        d.peer.asn1 = i % 2;
        const char *wants = i % 2 ? as_number(ES11_CODES_AUTHENTICATE_CLIENT, f->refusal, number) : f->refusal;
        CHECK_ROW(f->name, same(f->name, discover(&l, &d, f), wants));
        CHECK_ROW(f->name, lab_events_standing(&l, LAB_EID) == 2);
        lab_download_end(&d);
        lab_card_close(&card);
        lab_close(&l);
    }
}

static const uint8_t nobody[] = { 4, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 };
static const struct {
    const char *name, *refusal, *address;
    struct span svn, verification, signing;
} openings[] = {
    { "as it is", "", "smds.example.com", { 0 }, { 0 }, { 0 } },
    { "the address in capitals", "", "SMDS.EXAMPLE.COM", { 0 }, { 0 }, { 0 } },
    { "another address", "8.9.1/3.8", "smdp.example.com", { 0 }, { 0 }, { 0 } },
    { "an empty address", "8.9.1/3.8", "", { 0 }, { 0 }, { 0 } },
    { "version 1.2.0", "8.9.3/3.1", "smds.example.com", { (const uint8_t *)"\1\2", 3 }, { 0 }, { 0 } },
    { "version 3.0.0", "8.9.3/3.1", "smds.example.com", { (const uint8_t *)"\3\0", 3 }, { 0 }, { 0 } },
    { "signs below nobody known", "8.9.2/3.1", "smds.example.com", { 0 }, { 0 }, { nobody, sizeof nobody } },
    { "verifies with nobody known", "8.9.4/3.7", "smds.example.com", { 0 }, { nobody, sizeof nobody }, { 0 } },
};

void smds_initiate_refusals(void)
{
    struct lab l;
    struct lab_download d;
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint8_t challenge[16] = { 1 };
    lab_open(&l);
    REQUIRE(es10b_get_euicc_info1(&l.card.es, &info) == ERR_OK);
    for (size_t i = 0; i < 2 * COUNT(openings); i++) {
        char got[40], number[40];
        const char *wants = openings[i / 2].refusal, *name = openings[i / 2].name;
        const struct rsp_euicc_info1 own = info.message;
        const struct rsp_initiate_authentication_request q = {
            .euicc_challenge = SPAN_ARRAY(challenge),
            .smdp_address = span_str(openings[i / 2].address),
            .euicc_info1 = { .svn = openings[i / 2].svn.at ? openings[i / 2].svn : own.svn,
                             .ci_verification = openings[i / 2].verification.at ? openings[i / 2].verification
                                                                                 : own.ci_verification,
                             .ci_signing = openings[i / 2].signing.at ? openings[i / 2].signing : own.ci_signing },
        };
        lab_discovery_begin(&l, &l.card, &d);
        d.peer.asn1 = i % 2;
        CHECK_ROW(name, es11_initiate_authentication(&d.peer, &q, &d.memory, &d.initiated, &d.status) == ERR_OK);
        snprintf(got, sizeof got, "%s%s%s", d.status.subject, d.status.subject[0] ? "/" : "", d.status.reason);
        if (i % 2)
            wants = as_number(ES11_CODES_INITIATE_AUTHENTICATION, wants, number);
        CHECK_ROW(name, same(name, got, wants));
        lab_download_end(&d);
    }
    buf_release(&info.received);
    lab_close(&l);
}

/* Killed anywhere, the eUICC begins anew and finds everything. */
void smds_discovery_killed(void)
{
    bool cut = true;
    unsigned n = 1;
    for (; cut && n < 100; n++) {
        struct lab l;
        struct lab_download d;
        struct rsp_authenticate_client_ok_es11 found = { 0 };
        char text[512];
        lab_open(&l);
        put_events(&l);
        l.part[LAB_SMDS].writes = 0;
        l.part[LAB_SMDS].cut_at = n;
        lab_discovery_begin(&l, &l.card, &d);
        const char *refusal = lab_discover(&d, &found);
        cut = l.part[LAB_SMDS].dead;
        CHECK((refusal[0] != 0) == cut);
        if (cut) {
            lab_restart(&l, LAB_SMDS);
            lab_download_end(&d);
            lab_discovery_begin(&l, &l.card, &d);
            CHECK(lab_discover(&d, &found)[0] == 0);
        }
        lab_found_text(&found, text);
        CHECK(!strcmp(text, "AB-1@smdp.example.com AB-2@smdp2.example.com"));
        lab_download_end(&d);
        lab_close(&l);
    }
    CHECK(!cut && n > 3);
}

void smds_sessions_age(void)
{
    struct lab l;
    struct lab_download d;
    int64_t count = 0;
    lab_open(&l);
    for (int i = 0; i < 20; i++) {
        lab_discovery_begin(&l, &l.card, &d);
        CHECK(lab_discovery_initiate(&d)[0] == 0);
        lab_download_end(&d);
        clock_virtual_advance(&l.clock, clock_now(&l.clock.clock) + 4 * CLOCK_MINUTE);
    }
    CHECK(db_get_int(l.part[LAB_SMDS].env.db, "SELECT COUNT(*) FROM session", NULL, 0, &count) == ERR_OK && count <= 4);
    lab_close(&l);
}

void smds_lists_what_fits(void)
{
    for (int asn1 = 0; asn1 < 2; asn1++) {
        struct lab l;
        struct lab_download d;
        struct rsp_authenticate_client_ok_es11 found = { 0 };
        struct rsp_event_entry first = { 0 };
        lab_open(&l);
        for (int i = 0; i < 120; i++) {
            char id[220];
            snprintf(id, sizeof id, "%03d-%0200d", i, i);
            put_event(&l, LAB_EID, id, "smdp.example.com");
        }
        lab_discovery_begin(&l, &l.card, &d);
        d.peer.asn1 = asn1;
        CHECK(lab_discover(&d, &found)[0] == 0);
        struct der list = der_open(found.event_entries);
        CHECK(found.event_entries.len > (10 << 10) && found.event_entries.len < (14 << 10));
        CHECK(rsp_event_entry_next(&list, &first) == ERR_OK && !memcmp(first.event_id.at, "000-", 4));
        lab_download_end(&d);
        lab_close(&l);
    }
}
