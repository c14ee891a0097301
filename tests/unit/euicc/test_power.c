/* Power goes at any write and at any APDU: what is found is the state before or the state after. */
#include <stdio.h>
#include <string.h>

#include "world.h"

#define PARTNER "5a0a98001032547698103285"
#define ENABLE_PARTNER_ROLLBACK "a30e" PARTNER "0500"

/* What happens between two stable states of a card. */
struct story {
    const char *name;
    void (*prepare)(struct world *w);
    void (*act)(struct world *w);
    const char *request; /* an ES10 command in hex in place of act */
    const char *apdu;    /* or one of the UICC */
    world_tune tune;
    bool changes_nothing;
};

static void nothing(struct world *w)
{
    CHECK(profile_state(w, LEAD_ICCID) == 1);
}

static void download_with(struct world *w, struct dp *d)
{
    struct buf result = { .max = 4096 };
    d->spoiled = true;
    if (!dp_authenticate(w, d) && !dp_prepare(w, d))
        dp_load(w, d, &result);
    buf_release(&result);
    dp_close(d);
}

static void act_download(struct world *w)
{
    struct dp d;
    dp_open(&d);
    download_with(w, &d);
}

static void act_protected_download(struct world *w)
{
    struct dp d;
    dp_open(&d);
    d.ppk = true;
    download_with(w, &d);
}

static void act_refused_download(struct world *w)
{
    struct dp d;
    dp_open(&d);
    d.spoiled_list = 0xa3;
    download_with(w, &d);
}

static void act_abandoned_download(struct world *w)
{
    struct dp d;
    dp_open(&d);
    d.instead = "bf411580100102030405060708090a0b0c0d0e0f10810105"; /* CancelSession */
    d.replaced_segment = 4;
    download_with(w, &d);
}

static void act_package(struct world *w)
{
    struct buf response = { .max = 4096 };
    eim_package(w, ENABLE_PARTNER_ROLLBACK, &response);
    buf_release(&response);
}

static void have_switched(struct world *w)
{
    have_partner(w);
    act_package(w);
}

static void have_immediate_enable(struct world *w)
{
    REQUIRE(es10_is(w, "bf59028000", "bf5903800100"));
    have_partner(w);
}

static void have_usim(struct world *w)
{
    REQUIRE(apdu_is(w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
}

static void have_records(struct world *w)
{
    REQUIRE(apdu_is(w, "00a4000c022f00", "9000"));
    REQUIRE(apdu_is(w, "0020000a083535353535353535", "9000"));
}

static void have_default_address(struct world *w)
{
    REQUIRE(es10_is(w, "bf3f058003612e62", "bf3f03800100"));
}

static void sgp22_only(struct euicc_settings *s)
{
    s->sgp22_only = true;
}

static void with_ipae(struct euicc_settings *s)
{
    s->ipae = true;
}

static void have_pin(struct world *w)
{
    REQUIRE(apdu_is(w,
                    "00280001083030303"
                    "0ffffffff",
                    "9000"));
}

static void have_wrong_try(struct world *w)
{
    have_pin(w);
    REQUIRE(apdu_is(w, "002000010839393939ffffffff", "63c2"));
}

static void verify_adm(struct world *w)
{
    REQUIRE(apdu_is(w, "0020000a083535353535353535", "9000"));
    REQUIRE(apdu_is(w, "00a4080c022fe2", "9000"));
}

static void have_deactivated(struct world *w)
{
    verify_adm(w);
    REQUIRE(apdu_is(w, "00040000", "9000"));
}

static void have_objects(struct world *w)
{
    REQUIRE(apdu_is(w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
    REQUIRE(apdu_is(w, "00a4000c026ff8", "9000"));
}

static void act_es10(struct world *w, struct span request)
{
    struct buf response = { .max = 4096 };
    es10(w, request, &response);
    buf_release(&response);
}

static void act_associate(struct world *w)
{
    struct buf request = { .max = 1024 };
    put_add_initial_eim(w, true, &request);
    act_es10(w, buf_span(&request));
    buf_release(&request);
}

static void have_crl(struct world *w)
{
    struct buf request = { .max = 4096 };
    put_crl(w, "CERT_CI_ECDSA_NIST", 4, &request);
    act_es10(w, buf_span(&request));
    buf_release(&request);
}

static void act_load_crl(struct world *w)
{
    struct buf request = { .max = 4096 };
    put_crl(w, "CERT_CI_ECDSA_NIST", 5, &request);
    act_es10(w, buf_span(&request));
    buf_release(&request);
}

static void act_ecos(struct world *w, const char *ecos)
{
    struct buf response = { .max = 4096 };
    eim_package_with(w, EIM_ECO, ecos, &response);
    buf_release(&response);
}

static void act_delete_eim(struct world *w)
{
    act_ecos(w, "a90a80087465737465696d31");
}

static void act_list_eims(struct world *w)
{
    act_ecos(w, "ab00");
}

static void act_add_and_update_eims(struct world *w)
{
    char added[1024], updated[1024], ecos[2048];
    put_eco(w, 0xa8, 2, "8401ff", added, sizeof added);
    put_eco(w, 0xaa, 2, "830109", updated, sizeof updated);
    snprintf(ecos, sizeof ecos, "%s%s", added, updated);
    act_ecos(w, ecos);
}

static void act_psmos(struct world *w, enum eim_flaw flaw, const char *psmos)
{
    struct buf response = { .max = 1 << 14 };
    eim_package_with(w, flaw, psmos, &response);
    buf_release(&response);
}

static void act_several_psmos(struct world *w)
{
    act_psmos(w, EIM_FINE, "a30c" PARTNER "a40c" PARTNER "a50c" PARTNER);
}

static void act_settings(struct world *w)
{
    act_psmos(w, EIM_FINE, "a70a80008206736d64702e61bf65058003612e62a80c5a0a98001032547698103214a600bf2d00");
}

static void act_unset_fallback(struct world *w)
{
    act_psmos(w, EIM_FINE, "a900");
}

static void act_unknown_command(struct world *w)
{
    act_psmos(w, EIM_FINE, "a50c" PARTNER "bf7f00");
}

static void act_altered_package(struct world *w)
{
    act_psmos(w, EIM_FLIP_SIGNATURE, "a50c" PARTNER);
}

static void act_foreign_package(struct world *w)
{
    act_psmos(w, EIM_OTHER_EID, "a50c" PARTNER);
}

static void act_authenticate(struct world *w)
{
    struct aka_vector v;
    struct buf out = { .max = 300 };
    uint16_t sw = network_authenticates(w, 0x20, false, &v, &out);
    CHECK(sw == 0x9000 || sw == 0);
    buf_release(&out);
}

static void act(struct world *w, const struct story *story)
{
    struct buf request = hex(story->request ? story->request
                             : story->apdu  ? story->apdu
                                            : ""),
               response = { .max = CARD_RESPONSE_MAX };
    if (story->act)
        story->act(w);
    else if (story->request)
        es10(w, buf_span(&request), &response);
    else if (card_transmit(w->card, buf_span(&request), &response) == ERR_OK)
        CHECK_ROW(story->name, response.len >= 2);
    buf_release(&request);
    buf_release(&response);
}

static const struct story stories[] = {
    { "LoadBoundProfilePackage", nothing, .act = act_download },
    { "LoadEuiccPackage with rollback", have_partner, .act = act_package },
    { "LoadBoundProfilePackage with protection keys", nothing, .act = act_protected_download },
    { "LoadBoundProfilePackage that is refused", nothing, .act = act_refused_download },
    { "CancelSession in the middle of it", nothing, .act = act_abandoned_download, .changes_nothing = true },
    { "LoadEuiccPackage of settings", have_partner, .act = act_settings },
    { "LoadEuiccPackage with unsetFallbackAttribute", have_emergency, .act = act_unset_fallback },
    { "LoadEuiccPackage that an unknown command ends", have_partner, .act = act_unknown_command },
    { "LoadEuiccPackage with an altered signature", have_partner, .act = act_altered_package, .changes_nothing = true },
    { "LoadEuiccPackage for another card", have_partner, .act = act_foreign_package, .changes_nothing = true },
    { "LoadEuiccPackage with addEim and updateEim", have_partner, .act = act_add_and_update_eims },
    { "DeleteProfile of the one to roll back to", have_switched, .request = "bf330c5a0a98001032547698103214" },
    { "RemoveNotificationFromList of none", have_partner, .request = "bf3003800163", .changes_nothing = true },
    { "LoadCRL that replaces another", have_crl, .act = act_load_crl },
    { "VERIFY with the right value after a wrong one", have_wrong_try, .apdu = "002000010830303030ffffffff" },
    { "DisableProfile", nothing, .request = "bf3211a00c5a0a980010325476981032148101ff" },
    { "EnableProfile", have_partner, .request = "bf3111a00c5a0a980010325476981032858101ff" },
    { "DeleteProfile", have_partner, .request = "bf330c5a0a98001032547698103285" },
    { "SetNickname", nothing, .request = "bf290f5a0a98001032547698103214900141" },
    { "SetDefaultDpAddress", nothing, .request = "bf65058003612e62" },
    { "SetDefaultDpAddress of SGP.22", nothing, .request = "bf3f058003612e62" },
    { "RemoveNotificationFromList", have_partner, .request = "bf3003800101" },
    { "eUICCMemoryReset", have_partner, .request = "bf6404820201a6" },
    { "ProfileRollback", have_switched, .request = "bf58038001ff" },
    { "ConfigureImmediateProfileEnabling", nothing, .request = "bf59028000" },
    { "EnableEmergencyProfile", have_emergency, .request = "bf5b038001ff" },
    { "DisableEmergencyProfile", be_in_emergency, .request = "bf5c038001ff" },
    { "ExecuteFallbackMechanism", have_emergency, .request = "bf5d038001ff" },
    { "ReturnFromFallback", have_fallen_back, .request = "bf5e038001ff" },
    { "AddInitialEim", nothing, .act = act_associate },
    { "AddInitialEim that is refused", nothing, .changes_nothing = true,
      .request = "bf5724a022302080087465737465696d32830100" },
    { "LoadEuiccPackage of several PSMOs", have_partner, .act = act_several_psmos },
    { "LoadEuiccPackage with deleteEim of the sender", have_partner, .act = act_delete_eim },
    { "LoadEuiccPackage with listEim", have_partner, .act = act_list_eims },
    { "LoadCRL", nothing, .act = act_load_crl },
    { "IpaeActivation", nothing, .request = "bf420480020780", .tune = with_ipae },
    { "ImmediateEnable", have_immediate_enable, .request = "bf5a038001ff" },
    { "eUICCMemoryReset of SGP.22", have_default_address, .request = "bf340482020520", .tune = sgp22_only },
    { "DisableProfile of SGP.22", have_default_address,
      .request = "bf3211a00c5a0a980010325476981032148101ff", .tune = sgp22_only },
    { "CHANGE PIN", have_pin, .apdu = "002400011030303030ffffffff31323334ffffffff" },
    { "VERIFY with a wrong value", have_pin, .apdu = "002000010839393939ffffffff" },
    { "DISABLE PIN", have_pin, .apdu = "002600010830303030ffffffff" },
    { "UNBLOCK PIN", have_pin, .apdu = "002c000110313131313131313132333435ffffffff" },
    { "ENABLE PIN", nothing, .apdu = "002800010830303030ffffffff" },
    { "UPDATE RECORD", have_records, .tune = with_cyclic_file,
      .apdu = "00dc00032100000000000000000000000000000000000000000000000000000000000000fffe" },
    { "INCREASE", have_records, .apdu = "803200000300000100", .tune = with_increase },
    { "AUTHENTICATE", have_usim, .act = act_authenticate },
    { "UPDATE BINARY", verify_adm, .apdu = "00d6000001aa" },
    { "DEACTIVATE FILE", verify_adm, .apdu = "00040000" },
    { "ACTIVATE FILE", have_deactivated, .apdu = "00440000" },
    { "SET DATA", have_objects, .apdu = "80db0080038101aa", .tune = with_files },
    { "SET DATA, a first block", have_objects, .apdu = "80db008003810401", .tune = with_files, .changes_nothing = true },
    { "SET DATA that takes away", have_objects, .apdu = "80db00800180", .tune = with_files },
};

/* Cuts the power at the n-th save, before and after it was written, until no save was cut any more:
 * what is found at the next start is the state before or the state after. */
static void a_power_cut_leaves_before_or_after(void)
{
    for (size_t i = 0; i < COUNT(stories); i++)
        for (int after = 0; after < 2; after++)
            for (unsigned n = 1;; n++) {
                struct world w;
                struct buf before = { .max = 1 << 20 }, found = { .max = 1 << 20 };
                world_open(&w, stories[i].tune);
                stories[i].prepare(&w);
                nvm_snapshot(&w, &before);
                unsigned saves = w.nvm.saves;
                w.nvm.cut_at = saves + n;
                w.nvm.after = after;
                act(&w, &stories[i]);
                bool cut = w.nvm.saves >= w.nvm.cut_at;
                w.nvm.cut_at = 0;
                world_reset(&w);
                nvm_snapshot(&w, &found);
                bool same = span_equal(buf_span(&before), buf_span(&found));
                CHECK_ROW(stories[i].name, same == (cut ? after == 0 : stories[i].changes_nothing));
                CHECK_ROW(stories[i].name, profiles_enabled(&w) <= 1);
                buf_release(&before);
                buf_release(&found);
                world_close(&w);
                if (!cut)
                    break;
            }
}

/* Every command of a story reaches the card but the power goes with the n-th, before or after its
 * answer. */
struct failing_card {
    struct card card;
    struct card *real;
    unsigned count, cut_at;
    bool after;
};

static enum err failing_reset(struct card *c, struct buf *atr)
{
    return card_reset(((struct failing_card *)c)->real, atr);
}

static enum err failing_transmit(struct card *c, struct span command, struct buf *response)
{
    struct failing_card *f = (struct failing_card *)c;
    bool cut = ++f->count == f->cut_at;
    enum err e = cut && !f->after ? ERR_OK : card_transmit(f->real, command, response);
    if (cut)
        card_close(f->real);
    return cut ? ERR_CUT : e;
}

static void failing_close(struct card *c)
{
    card_close(((struct failing_card *)c)->real);
}

/* The card may be without power for any number of the commands that follow: they fail, and change
 * nothing. */
static void a_power_cut_at_any_apdu_leaves_before_or_after(void)
{
    static const struct card_ops ops = { "failing", failing_reset, failing_transmit,
                                         failing_close };
    for (size_t i = 0; i < COUNT(stories); i++)
        for (unsigned n = 1, done = 0; !done; n++) {
            struct world w;
            struct buf before = { .max = 1 << 20 }, after = { .max = 1 << 20 },
                       found = { .max = 1 << 20 };
            world_open(&w, stories[i].tune);
            stories[i].prepare(&w);
            nvm_snapshot(&w, &before);
            unsigned saves = w.nvm.saves;
            struct failing_card f = { { &ops }, w.card, 0, (n + 1) / 2, n % 2 == 0 };
            struct card *real = w.card;
            w.card = &f.card;
            act(&w, &stories[i]);
            w.card = real;
            done = f.count < f.cut_at;
            nvm_snapshot(&w, &after);
            world_reset(&w);
            nvm_snapshot(&w, &found);
            CHECK_ROW(stories[i].name, span_equal(buf_span(&found), buf_span(&after)));
            bool changed = !span_equal(buf_span(&found), buf_span(&before));
            CHECK_ROW(stories[i].name,
                      changed == (w.nvm.saves == saves + 1) && w.nvm.saves <= saves + 1);
            CHECK_ROW(stories[i].name, profiles_enabled(&w) <= 1 && (!done || changed == !stories[i].changes_nothing));
            buf_release(&before);
            buf_release(&after);
            buf_release(&found);
            world_close(&w);
        }
}

const struct test power_tests[] = {
    { "a power cut leaves before or after", a_power_cut_leaves_before_or_after },
    { "a power cut at any APDU leaves before or after",
      a_power_cut_at_any_apdu_leaves_before_or_after },
};
const size_t power_tests_count = COUNT(power_tests);
