/* A profile's whole way, on both curves: ordered, downloaded, installed, enabled, and its SIM answers its
 * network. */
#include <stdio.h>
#include <string.h>

#include "lab.h"

/* Which credentials the card has: P-256, brainpoolP256r1, or both. */
static const struct {
    const char *name, *certificate;
    bool both;
    enum ec_curve curve; /* of the session */
} cards[] = {
    { "a card on P-256", "CERT_EUICC_ECDSA_NIST", false, EC_P256 },
    { "a card on brainpoolP256r1", "CERT_EUICC_ECDSA_BRP", false, EC_BRAINPOOL_P256R1 },
    { "a card on both", "CERT_EUICC_ECDSA_NIST", true, EC_P256 },
};

static enum ec_curve curve_of(struct lab *l, struct span certificate)
{
    const struct cert *c = NULL;
    REQUIRE(cert_load(l->crypto, certificate, &c) == ERR_OK);
    return c->curve;
}

/* Which of these: one bit each. */
enum { IN_ASN1 = 1, UNDER_PPK = 2, WITH_CODE = 4, BY_DEFAULT = 8, WAYS = 16 };

/* The card says where its profiles are, and the order is the one for its EID: no code (SGP.22 3.6.1 with 4.1). */
static void go_by_default(struct lab_download *d, struct es10b_configured_addresses *own, char address[64])
{
    int64_t code = 0;
    CHECK(es10b_set_default_dp_address(&d->card->es, span_str("smdp.example.com"), &code) == ERR_OK && code == 0);
    REQUIRE(es10a_get_euicc_configured_addresses(&d->card->es, own) == ERR_OK);
    snprintf(address, 64, "%.*s", (int)own->message.default_dp_address.len,
             (const char *)own->message.default_dp_address.at);
    d->address = address;
    d->matching_id = NULL;
}

static void download_by_hand(size_t i, unsigned way)
{
    struct lab l;
    struct lab_card c;
    struct lab_download d;
    struct es10b_configured_addresses own = { .received.max = 512 };
    char row[140], address[64];
    snprintf(row, sizeof row, "%s, %s, %s%s%s", cards[i].name, way & BY_DEFAULT ? "its default SM-DP+" : "an activation code",
             way & IN_ASN1 ? "ASN.1" : "JSON", way & UNDER_PPK ? ", PPK" : "", way & WITH_CODE ? ", a confirmation code" : "");
    lab_open(&l);
    l.ppk = way & UNDER_PPK;
    lab_restart(&l, LAB_SMDP);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_OTHER_EID, "TOKEN-1", way & WITH_CODE ? "4711" : "");
    lab_card_open(&l, &c, cards[i].certificate, LAB_OTHER_EID, cards[i].both);
    lab_download_begin(&l, &c, &d);
    d.peer.asn1 = way & IN_ASN1;
    d.confirmation_code = way & WITH_CODE ? "4711" : NULL;
    if (way & BY_DEFAULT)
        go_by_default(&d, &own, address);
    CHECK_ROW(row, lab_fetch(&d)[0] == 0);
    CHECK_ROW(row, curve_of(&l, d.initiated.server_certificate) == cards[i].curve);
    CHECK_ROW(row, curve_of(&l, d.server.message.ok.euicc_certificate) == cards[i].curve);
    CHECK_ROW(row, curve_of(&l, d.authenticated.smdp_certificate) == cards[i].curve);
    CHECK_ROW(row, lab_load(&d) == 0);
    CHECK_ROW(row, es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
    CHECK_ROW(row, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "installed") == 0);
    CHECK_ROW(row, lab_card_state(&c, LAB_PARTNER_ICCID) == 0);
    buf_release(&own.received);
    lab_download_end(&d);
    lab_card_close(&c);
    lab_close(&l);
}

static void by_hand(void)
{
    for (size_t i = 0; i < COUNT(cards); i++)
        for (unsigned way = 0; way < WAYS; way++)
            download_by_hand(i, way);
}

/* The device's own card is replaced before the device starts. */
static void with_a_device(void)
{
    for (size_t i = 0; i < COUNT(cards); i++) {
        struct lab l;
        lab_open(&l);
        lab_card_close(&l.card);
        lab_card_open(&l, &l.card, cards[i].certificate, LAB_EID, cards[i].both);
        card_fault_init(&l.card_fault, l.card.card, CARD_FAULT_CUT, 0);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
        lab_start_device(&l);
        CHECK(lab_call(&l, l.eso, "POST", LAB_EIM_URL "/v1/euiccs/" LAB_EID "/orders",
                       "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}",
                       NULL) == 202);
        CHECK(lab_call(
                  &l, l.eso, "POST", LAB_EIM_URL "/v1/euiccs/" LAB_EID "/orders",
                  "{\"reference\":\"e\",\"kind\":\"enable\",\"rollback\":true,\"iccid\":\"" LAB_PARTNER_ICCID
                  "\"}",
                  NULL) == 202);
        lab_run(&l, 2 * CLOCK_MINUTE);
        const char *d = lab_get(&l, l.eso, LAB_EIM_URL "/v1/orders?reference=d", "state");
        const char *e = lab_get(&l, l.eso, LAB_EIM_URL "/v1/orders?reference=e", "state");
        CHECK_ROW(cards[i].name, strcmp(d, "done") == 0);
        CHECK_ROW(cards[i].name, strcmp(e, "done") == 0);
        /* The network knows only the keys that were in the package: who attached has them. */
        CHECK_ROW(cards[i].name, l.partner.attached == 1 && strcmp(ipa_online_plmn(l.ipa), "26202") == 0);
        CHECK_ROW(cards[i].name, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "installed") == 0);
        lab_close(&l);
    }
}

static void order_download(struct lab *l)
{
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_start_device(l);
    CHECK(lab_call(l, l->eso, "POST", LAB_EIM_URL "/v1/euiccs/" LAB_EID "/orders",
                   "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}", NULL) == 202);
}

/* The package was sent and lost on its way, or its device killed before it came: how often, and what comes of it. */
static const struct {
    const char *name;
    bool same_only, device_dies;
    const char *order, *profile;
} losses[] = {
    { "the answer is lost", false, false, "done", "installed" },
    { "the answer is lost, and only the same key serves", true, false, "done", "installed" },
    { "the device dies with the answer", false, true, "done", "installed" },
    { "the device dies with the answer, and only the same key serves", true, true, "failed", "downloaded" },
};

static void interrupted(void)
{
    for (size_t i = 0; i < COUNT(losses); i++) {
        struct lab l;
        lab_open(&l);
        l.same_otpk_only = losses[i].same_only;
        lab_restart(&l, LAB_SMDP);
        order_download(&l);
        l.hurdle = "getBoundProfilePackage";
        l.hurdle_err = losses[i].device_dies ? ERR_CUT : ERR_IO;
        l.hurdle_after = true;
        l.hurdles = 1;
        lab_run(&l, 5 * CLOCK_MINUTE);
        CHECK_ROW(losses[i].name, l.hurdles == 0);
        const char *order = lab_get(&l, l.eso, LAB_EIM_URL "/v1/orders?reference=d", "state");
        CHECK_ROW(losses[i].name, strcmp(order, losses[i].order) == 0);
        CHECK_ROW(losses[i].name, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), losses[i].profile) == 0);
        CHECK_ROW(losses[i].name,
                  lab_card_state(&l.card, LAB_PARTNER_ICCID) == (strcmp(order, "done") == 0 ? 0 : -1));
        lab_close(&l);
    }
}

/* What was bound for one card is nothing to another one, even with the same order. */
static void packages_are_for_one_card(void)
{
    struct lab l;
    struct lab_card other;
    struct lab_download d, e;
    lab_open(&l);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_release(&l, LAB_THIRD_ICCID, LAB_OTHER_EID, "TOKEN-3", "");
    lab_card_open(&l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    lab_download_begin(&l, &l.card, &d);
    lab_download_begin(&l, &other, &e);
    e.matching_id = "TOKEN-3";
    CHECK(lab_fetch(&d)[0] == 0 && lab_fetch(&e)[0] == 0);
    struct span mine = d.package.bound_profile_package;
    d.package.bound_profile_package = e.package.bound_profile_package;
    CHECK(lab_load(&d) != 0);
    e.package.bound_profile_package = mine;
    CHECK(lab_load(&e) != 0);
    CHECK(lab_card_state(&l.card, LAB_THIRD_ICCID) == -1 && lab_card_state(&other, LAB_PARTNER_ICCID) == -1);
    lab_download_end(&d);
    lab_download_end(&e);
    lab_card_close(&other);
    lab_close(&l);
}

/* One octet after another of the package is altered: the card installs nothing, and says so under its
 * signature. */
static void altered_packages(void)
{
    for (size_t at = 5; at < 6000; at += 397) {
        struct lab l;
        struct lab_download d;
        char row[32];
        lab_open(&l);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
        lab_download_begin(&l, &l.card, &d);
        CHECK(lab_fetch(&d)[0] == 0);
        struct span package = d.package.bound_profile_package;
        snprintf(row, sizeof row, "octet %zu", at);
        if (at < package.len) {
            lab_flip(span_sub(package, at, 1));
            enum err e = es10b_load_bound_profile_package(&l.card.es, package, &d.loaded);
            CHECK_ROW(row, e != ERR_OK || d.loaded.message.data.result.which == RSP_ERROR);
            CHECK_ROW(row, lab_card_state(&l.card, LAB_PARTNER_ICCID) == -1);
        }
        lab_download_end(&d);
        lab_close(&l);
    }
}

/* Two worlds from one seed bind the same package to the last octet. */
static void repeatable(void)
{
    struct lab l[2];
    struct lab_download d[2];
    for (size_t i = 0; i < 2; i++) {
        lab_open(&l[i]);
        lab_import(&l[i]);
        lab_release(&l[i], LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
        lab_download_begin(&l[i], &l[i].card, &d[i]);
        CHECK(lab_fetch(&d[i])[0] == 0);
    }
    CHECK(span_equal(d[0].package.bound_profile_package, d[1].package.bound_profile_package));
    for (size_t i = 0; i < 2; i++) {
        lab_download_end(&d[i]);
        lab_close(&l[i]);
    }
}

static const struct test tests[] = {
    { "step by step, by code and by default, on each curve, in both bindings, with and without PPK and code", by_hand },
    { "by a device, on each curve, up to its first attach", with_a_device },
    { "by a device, with the package lost on its way", interrupted },
    { "a package is for one card", packages_are_for_one_card },
    { "an altered package installs nothing", altered_packages },
    { "the same seed makes the same package", repeatable },
};

int main(void)
{
    return tests_main("download", tests, COUNT(tests));
}
