/* An order that names an SM-DS: registered there, found by the eUICC, downloaded, deleted. */
#include <stdio.h>
#include <string.h>

#include "ipa_internal.h"
#include "lab_events.h"

static struct es_status es2p(struct lab *l, enum es2p_function f, const struct es2p_order *q)
{
    struct env env = l->env;
    env.http = l->eso;
    const struct es_peer peer = { .env = &env, .base_url = LAB_SMDP_URL, .requester = "eso" };
    struct es2p_answer a;
    struct es_status status = { 0 };
    enum err e = f == ES2P_DOWNLOAD_ORDER  ? es2p_download_order(&peer, q, &a, &status)
                 : f == ES2P_CONFIRM_ORDER ? es2p_confirm_order(&peer, q, &a, &status)
                                           : es2p_cancel_order(&peer, q, &a, &status);
    if (e)
        es_refuse(&status, err_name(e), "", "");
    return status;
}

static const struct es2p_order order = { .iccid = LAB_PARTNER_ICCID, .eid = LAB_EID };
static const struct es2p_order confirmation = { .iccid = LAB_PARTNER_ICCID, .matching_id = "TOKEN-1", .release = true,
                                                .smds_address = "smds.example.com" };

/* Each may be said again: an SM-DP+ that was killed before it answered is asked once more. */
static void insist(struct lab *l, enum es2p_function f, const struct es2p_order *q)
{
    struct es_status status = es2p(l, f, q);
    if (l->part[LAB_SMDP].dead) {
        lab_restart(l, LAB_SMDP);
        status = es2p(l, f, q);
    }
    CHECK(!es_refused(&status));
}

static void place_order(struct lab *l)
{
    insist(l, ES2P_DOWNLOAD_ORDER, &order);
    insist(l, ES2P_CONFIRM_ORDER, &confirmation);
}

static int64_t untold(struct lab *l)
{
    int64_t count = -1;
    CHECK(db_get_int(l->part[LAB_SMDP].env.db, "SELECT COUNT(*) FROM telling", NULL, 0, &count) == ERR_OK);
    return count;
}

static enum ec_curve curve_of(struct lab *l, struct span certificate)
{
    const struct cert *c = NULL;
    REQUIRE(cert_load(l->crypto, certificate, &c) == ERR_OK);
    return c->curve;
}

/* Finds the one event and downloads what it stands for, on one curve all along. */
static void fetch(struct lab *l, bool asn1, const char *refusal, enum ec_curve curve)
{
    struct lab_download d, x;
    struct rsp_authenticate_client_ok_es11 found = { 0 };
    struct rsp_event_entry entry = { 0 };
    char id[64], url[96];
    lab_discovery_begin(l, &l->card, &d);
    d.peer.asn1 = asn1;
    CHECK(lab_discover(&d, &found)[0] == 0);
    CHECK(curve_of(l, d.initiated.server_certificate) == curve);
    struct der list = der_open(found.event_entries);
    REQUIRE(rsp_event_entry_next(&list, &entry) == ERR_OK && der_at_end(&list));
    snprintf(id, sizeof id, "%.*s", (int)entry.event_id.len, (const char *)entry.event_id.at);
    snprintf(url, sizeof url, "https://%.*s", (int)entry.rsp_server_address.len,
             (const char *)entry.rsp_server_address.at);
    lab_download_begin(l, &l->card, &x);
    x.peer.base_url = url;
    x.peer.asn1 = asn1;
    x.matching_id = id;
    CHECK(!strcmp(lab_fetch(&x), refusal));
    CHECK(curve_of(l, x.initiated.server_certificate) == curve);
    if (!refusal[0]) {
        CHECK(lab_load(&x) == 0);
        CHECK(es9p_handle_notification(&x.peer, buf_span(&x.loaded.received)) == ERR_OK);
        CHECK(lab_card_state(&l->card, LAB_PARTNER_ICCID) == 0);
    }
    lab_download_end(&x);
    lab_download_end(&d);
}

/* The lab's card, of another curve than P-256. */
static void change_card(struct lab *l, bool brainpool)
{
    if (!brainpool)
        return;
    lab_card_close(&l->card);
    lab_card_open(l, &l->card, "CERT_EUICC_ECDSA_BRP", LAB_EID, false);
    card_fault_init(&l->card_fault, l->card.card, CARD_FAULT_CUT, 0);
}

/* On each curve, in each binding. */
static void whole_way(void)
{
    for (int way = 0; way < 4; way++) {
        bool asn1 = way & 1;
        struct lab l;
        lab_open(&l);
        change_card(&l, way & 2);
        lab_import(&l);
        place_order(&l);
        CHECK(lab_events_standing(&l, LAB_EID) == 0);
        lab_tell(&l, 0);
        CHECK(lab_events_standing(&l, LAB_EID) == 1 && untold(&l) == 0);
        fetch(&l, asn1, "", way & 2 ? EC_BRAINPOOL_P256R1 : EC_P256);
        CHECK(!strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "installed"));
        lab_tell(&l, 0);
        CHECK(lab_events_standing(&l, LAB_EID) == 0 && untold(&l) == 0);
        CHECK(!lab_said(&l, "TOKEN-1"));
        lab_close(&l);
    }
}

static void unreleased(void)
{
    struct lab l;
    struct es2p_order later = confirmation;
    later.release = false;
    lab_open(&l);
    lab_import(&l);
    insist(&l, ES2P_DOWNLOAD_ORDER, &order);
    insist(&l, ES2P_CONFIRM_ORDER, &later);
    lab_tell(&l, 0);
    fetch(&l, false, "8.2/1.2", EC_P256);
    lab_tell(&l, CLOCK_HOUR);
    CHECK(lab_events_standing(&l, LAB_EID) == 1);
    insist(&l, ES2P_CONFIRM_ORDER, &confirmation);
    lab_tell(&l, 0);
    CHECK(lab_events_standing(&l, LAB_EID) == 1);
    fetch(&l, false, "", EC_P256);
    lab_close(&l);
}

/* What stands between the SM-DP+ and the SM-DS, and what is there when it has gone. */
static const struct hurdle_row {
    const char *name, *url;
    enum err failure;
    int times;
    bool after, cancelled;
    int64_t waited;
    int standing;
    int64_t untold;
} hurdles[] = {
    { "nothing", NULL, ERR_OK, 0, false, false, 0, 1, 0 },
    { "cancelled before anything was told", NULL, ERR_OK, 0, false, true, 0, 0, 0 },
    { "not reached twice", "es12", ERR_IO, 2, false, false, 10 * CLOCK_SECOND, 1, 0 },
    { "never reached", "es12", ERR_IO, -1, false, false, CLOCK_HOUR, 0, 1 },
    { "never reached, and cancelled", "es12", ERR_IO, -1, false, true, CLOCK_HOUR, 0, 2 },
    { "the TLS certificate refused once", "es12", ERR_VERIFY, 1, false, false, 10 * CLOCK_SECOND, 1, 0 },
    { "the answer lost once", "registerEvent", ERR_TIMEOUT, 1, true, false, 10 * CLOCK_SECOND, 1, 0 },
    { "every answer lost", "registerEvent", ERR_TIMEOUT, -1, true, false, CLOCK_HOUR, 1, 1 },
    { "the answer lost, and cancelled", "registerEvent", ERR_TIMEOUT, 1, true, true, 10 * CLOCK_SECOND, 0, 0 },
    { "the answer to the deletion lost", "deleteEvent", ERR_TIMEOUT, 1, true, true, 10 * CLOCK_SECOND, 0, 0 },
    { "the deletion not reached twice", "deleteEvent", ERR_IO, 2, false, true, 10 * CLOCK_SECOND, 0, 0 },
    { "an answer that is malformed", "registerEvent", ERR_PARSE, 1, true, false, 10 * CLOCK_SECOND, 1, 0 },
};

static void obstacles(void)
{
    for (size_t i = 0; i < COUNT(hurdles); i++) {
        const struct hurdle_row *h = &hurdles[i];
        struct lab l;
        lab_open(&l);
        lab_import(&l);
        l.hurdle = h->url;
        l.hurdle_err = h->failure;
        l.hurdles = h->times;
        l.hurdle_after = h->after;
        place_order(&l);
        if (h->cancelled)
            insist(&l, ES2P_CANCEL_ORDER, &order);
        lab_tell(&l, h->waited);
        lab_restart(&l, LAB_SMDP);
        lab_tell(&l, h->waited);
        CHECK_ROW(h->name, lab_events_standing(&l, LAB_EID) == h->standing);
        CHECK_ROW(h->name, untold(&l) == h->untold);
        lab_close(&l);
    }
}

/* Another SM-DP+ has this eventId already: the operator hears of it when it asks again; the other's event stays. */
static void taken(void)
{
    struct lab l;
    const struct es12_event other = { .eid = LAB_EID, .event_id = "TOKEN-1", .rsp_server_address = "smdp2.example.com" };
    lab_open(&l);
    lab_import(&l);
    CHECK(lab_event(&l, l.eso, "eso", ES12_REGISTER_EVENT, &other)[0] == 0);
    place_order(&l);
    lab_tell(&l, CLOCK_HOUR);
    CHECK(untold(&l) == 0 && lab_events_standing(&l, LAB_EID) == 1);
    struct es_status status = es2p(&l, ES2P_CONFIRM_ORDER, &confirmation);
    CHECK(!strcmp(status.subject, "8.9") && !strcmp(status.reason, "4.2"));
    CHECK(!strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "released"));
    insist(&l, ES2P_CANCEL_ORDER, &order);
    lab_tell(&l, CLOCK_HOUR);
    CHECK(untold(&l) == 0 && lab_events_standing(&l, LAB_EID) == 1);
    lab_close(&l);
}

/* Ordered again for another eUICC: the first event goes before the second comes, also when both wait. */
static void in_order(void)
{
    struct lab l;
    struct es2p_order next = order;
    snprintf(next.eid, sizeof next.eid, "%s", LAB_OTHER_EID);
    lab_open(&l);
    lab_import(&l);
    l.hurdle = "es12";
    l.hurdle_err = ERR_IO;
    l.hurdles = -1;
    place_order(&l);
    lab_tell(&l, CLOCK_MINUTE);
    insist(&l, ES2P_CANCEL_ORDER, &order);
    insist(&l, ES2P_DOWNLOAD_ORDER, &next);
    insist(&l, ES2P_CONFIRM_ORDER, &confirmation);
    lab_tell(&l, CLOCK_MINUTE);
    CHECK(untold(&l) == 3);
    l.hurdles = 0;
    lab_tell(&l, CLOCK_HOUR);
    CHECK(untold(&l) == 0);
    CHECK(lab_events_standing(&l, LAB_EID) == 0 && lab_events_standing(&l, LAB_OTHER_EID) == 1);
    lab_close(&l);
}

/* The SM-DP+ killed at its n-th write, for all n: nothing is told twice in the end, nothing is forgotten. */
static void killed(void)
{
    bool cut = true;
    unsigned n = 1;
    for (; cut && n < 200; n++) {
        struct lab l;
        lab_open(&l);
        lab_import(&l);
        l.part[LAB_SMDP].writes = 0;
        l.part[LAB_SMDP].cut_at = n;
        place_order(&l);
        lab_tell(&l, CLOCK_MINUTE);
        CHECK(lab_events_standing(&l, LAB_EID) == 1 && untold(&l) == 0);
        insist(&l, ES2P_CANCEL_ORDER, &order);
        lab_tell(&l, CLOCK_MINUTE);
        CHECK(lab_events_standing(&l, LAB_EID) == 0 && untold(&l) == 0);
        cut = l.part[LAB_SMDP].cut_at == 0; /* a restart forgot it */
        lab_close(&l);
    }
    CHECK(!cut && n > 10);
}

/* The installation result comes while the SM-DP+ is killed at its n-th write; it comes again, as eUICCs do. */
static void killed_when_installed(void)
{
    bool cut = true;
    unsigned n = 1;
    for (; cut && n < 50; n++) {
        struct lab l;
        struct lab_download x;
        lab_open(&l);
        lab_import(&l);
        place_order(&l);
        lab_tell(&l, 0);
        lab_download_begin(&l, &l.card, &x);
        CHECK(lab_fetch(&x)[0] == 0 && lab_load(&x) == 0);
        l.part[LAB_SMDP].writes = 0;
        l.part[LAB_SMDP].cut_at = n;
        enum err e = es9p_handle_notification(&x.peer, buf_span(&x.loaded.received));
        if (l.part[LAB_SMDP].dead) {
            lab_restart(&l, LAB_SMDP);
            e = es9p_handle_notification(&x.peer, buf_span(&x.loaded.received));
        }
        CHECK(e == ERR_OK && !strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "installed"));
        lab_tell(&l, CLOCK_MINUTE);
        CHECK(lab_events_standing(&l, LAB_EID) == 0 && untold(&l) == 0);
        cut = l.part[LAB_SMDP].cut_at == 0;
        lab_download_end(&x);
        lab_close(&l);
    }
    CHECK(!cut && n > 5);
}

/* The SM-DS killed at its n-th write while the SM-DP+ tells it. */
static void smds_killed(void)
{
    bool cut = true;
    unsigned n = 1;
    for (; cut && n < 200; n++) {
        struct lab l;
        lab_open(&l);
        lab_import(&l);
        l.part[LAB_SMDS].writes = 0;
        l.part[LAB_SMDS].cut_at = n;
        place_order(&l);
        lab_tell(&l, 0);
        cut = l.part[LAB_SMDS].dead;
        if (cut)
            lab_restart(&l, LAB_SMDS);
        lab_tell(&l, CLOCK_MINUTE);
        CHECK(lab_events_standing(&l, LAB_EID) == 1 && untold(&l) == 0);
        lab_close(&l);
    }
    CHECK(!cut && n > 2);
}

/* A device that its eIM tells only where to look. `said`: in its log; "" when the profile is installed in the end. */
static const struct trigger_row {
    const char *name, *smds, *said;
    enum rsp_download_source source;
    bool event, default_smdp;
    enum err failure; /* of what the device calls at the SM-DS */
    bool brainpool;
} triggers[] = {
    { "an event at the SM-DS", "smds.example.com", "", RSP_DOWNLOAD_SMDS, true, false, ERR_OK, false },
    { "an order for this card at its default SM-DP+", NULL, "", RSP_DOWNLOAD_DEFAULT_SMDP, true, true, ERR_OK, false },
    { "an event, for a card on brainpoolP256r1", "smds.example.com", "", RSP_DOWNLOAD_SMDS, true, false, ERR_OK, true },
    { "an order for such a card at its default SM-DP+", NULL, "", RSP_DOWNLOAD_DEFAULT_SMDP, true, true, ERR_OK, true },
    { "no event at the SM-DS", "smds.example.com", "no event waits", RSP_DOWNLOAD_SMDS, false, false, ERR_OK, false },
    { "no SM-DS named, and none on the card", NULL, "no SM-DS", RSP_DOWNLOAD_SMDS, true, false, ERR_OK, false },
    { "an SM-DS that is no host name", "smds/../x", "no SM-DS", RSP_DOWNLOAD_SMDS, true, false, ERR_OK, false },
    { "an SM-DS under another's name", "alias.example.com", "8.9.1/3.8", RSP_DOWNLOAD_SMDS, true, false, ERR_OK, false },
    { "an SM-DS that answers nonsense", "smds.example.com", "malformed", RSP_DOWNLOAD_SMDS, true, false, ERR_PARSE, false },
    { "an SM-DS with a bad TLS certificate", "smds.example.com", "TLS", RSP_DOWNLOAD_SMDS, true, false, ERR_VERIFY, false },
    { "an SM-DS that never answers", "smds.example.com", "cannot be reached", RSP_DOWNLOAD_SMDS, true, false, ERR_IO, false },
    { "no default SM-DP+", NULL, "no default SM-DP+", RSP_DOWNLOAD_DEFAULT_SMDP, true, false, ERR_OK, false },
    { "no order at the default SM-DP+", NULL, "8.2.6/3.8", RSP_DOWNLOAD_DEFAULT_SMDP, false, true, ERR_OK, false },
    { "nothing said at all", NULL, "names nobody", RSP_DOWNLOAD_NONE, true, false, ERR_OK, false },
};

static void open_triggered(struct lab *l, const struct trigger_row *t)
{
    int64_t code = 0;
    lab_open(l);
    change_card(l, t->brainpool);
    lab_import(l);
    REQUIRE(http_switch_set(l->wires, "alias.example.com", l->part[LAB_SMDS].actor, l->operators, &l->log) == ERR_OK);
    if (t->event)
        place_order(l);
    lab_tell(l, 0);
    if (t->default_smdp)
        CHECK(es10b_set_default_dp_address(&l->card.es, span_str("smdp.example.com"), &code) == ERR_OK && code == 0);
    lab_start_device(l);
    lab_run(l, CLOCK_MINUTE);
    l->hurdle = t->failure ? "smds.example.com" : NULL;
    l->hurdle_err = t->failure;
    l->hurdles = -1;
    l->hurdle_after = true;
}

static void triggered(void)
{
    for (size_t i = 0; i < COUNT(triggers); i++) {
        const struct trigger_row *t = &triggers[i];
        struct lab l;
        const struct rsp_profile_download_trigger_request q = {
            .has_data = t->source != RSP_DOWNLOAD_NONE,
            .data = { .which = t->source, .smds_address = t->smds ? span_str(t->smds) : (struct span){ 0 } },
            .eim_transaction_id = span_str("trigger-1"),
        };
        enum err e = ERR_IO;
        bool changed = false;
        open_triggered(&l, t);
        for (int attempts = 0; attempts < 4 && (e == ERR_IO || e == ERR_TIMEOUT); attempts++)
            e = ipa_download(l.ipa, &q, &changed);
        CHECK_ROW(t->name, e == ERR_OK);
        l.hurdle = NULL;
        lab_run(&l, 10 * CLOCK_MINUTE);
        lab_tell(&l, CLOCK_MINUTE);
        CHECK_ROW(t->name, lab_said(&l, t->said));
        CHECK_ROW(t->name, lab_card_state(&l.card, LAB_PARTNER_ICCID) == (t->said[0] ? -1 : 0));
        CHECK_ROW(t->name, lab_events_standing(&l, LAB_EID) == (t->event && t->said[0]));
        CHECK_ROW(t->name, !t->said[0] == !strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "installed"));
        CHECK_ROW(t->name, !lab_said(&l, "TOKEN-1"));
        lab_close(&l);
    }
}

static const struct test tests[] = {
    { "an order becomes an event, the eUICC finds it, downloads, and the event goes", whole_way },
    { "a device that is told only where to look", triggered },
    { "an event of an order that is not released yet leads to a refusal, and stays", unreleased },
    { "whatever stands between SM-DP+ and SM-DS, the event comes and goes", obstacles },
    { "an eventId that another SM-DP+ has", taken },
    { "what is told comes in its order", in_order },
    { "an SM-DP+ killed at any write forgets no event", killed },
    { "an SM-DP+ killed while it hears of the installation deletes the event", killed_when_installed },
    { "an SM-DS killed at any write has the event in the end", smds_killed },
};

int main(void)
{
    return tests_main("smds_flow", tests, COUNT(tests));
}
