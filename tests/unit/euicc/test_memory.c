#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world.h"

#define ENABLE_PARTNER_ROLLBACK "a30e5a0a980010325476981032850500"

/* What happens between two stable states of a card. */
struct story {
    const char *name;
    void (*prepare)(struct world *w);
    void (*act)(struct world *w);
    const char *request; /* an ES10 command in hex in place of act */
    const char *apdu;    /* or one of the UICC */
};

static void have_partner(struct world *w)
{
    struct dp d;
    dp_open(&d);
    REQUIRE(download(w, &d) == 0);
    dp_close(&d);
    eim_associate(w, false);
}

static void nothing(struct world *w)
{
    CHECK(profile_state(w, LEAD_ICCID) == 1);
}

static void act_download(struct world *w)
{
    struct dp d;
    struct buf result = { .max = 4096 };
    dp_open(&d);
    if (!dp_authenticate(w, &d) && !dp_prepare(w, &d))
        dp_load(w, &d, &result);
    buf_release(&result);
    dp_close(&d);
}

static void act_package(struct world *w)
{
    struct buf response = { .max = 4096 };
    eim_package(w, ENABLE_PARTNER_ROLLBACK, &response);
    buf_release(&response);
}

static void have_emergency(struct world *w)
{
    const struct wishes emergency = { .ecall = true, .fallback_allowed = true, .profile_class = 2 };
    REQUIRE(download_profile(w, PARTNER_ICCID, &emergency) == 0);
    eim_associate(w, false);
    REQUIRE(eim_package_is(w, "a80c5a0a98001032547698103285", "8d0100"));
}

static void be_in_emergency(struct world *w)
{
    have_emergency(w);
    REQUIRE(es10_is(w, "bf5b038001ff", "bf5b03800100"));
}

static void have_fallen_back(struct world *w)
{
    have_emergency(w);
    REQUIRE(es10_is(w, "bf5d038001ff", "bf5d03800100"));
}

static void have_switched(struct world *w)
{
    have_partner(w);
    act_package(w);
}

static void have_pin(struct world *w)
{
    REQUIRE(apdu_is(w,
                    "00280001083030303"
                    "0ffffffff",
                    "9000"));
}

static void verify_adm(struct world *w)
{
    REQUIRE(apdu_is(w, "0020000a083535353535353535", "9000"));
    REQUIRE(apdu_is(w, "00a4080c022fe2", "9000"));
}

static void act_associate(struct world *w)
{
    struct buf request = hex("bf5724a022302080087465737465696d3283010"
                             "0"),
               response = { .max = 512 };
    es10(w, buf_span(&request), &response);
    buf_release(&request);
    buf_release(&response);
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

/* The state as its blob, without what a session may have used up. */
static void snapshot(struct world *w, struct buf *out)
{
    REQUIRE(buf_set(out, buf_span(&w->nvm.ram.blob)) == ERR_OK);
}

/* Cuts the power at the n-th save, before and after it was written, until no save was cut any more:
 * what is found at the next start is the state before or the state after. */
static void a_power_cut_leaves_before_or_after(void)
{
    static const struct story stories[] = {
        { "LoadBoundProfilePackage", nothing, act_download, NULL, NULL },
        { "LoadEuiccPackage with rollback", have_partner, act_package, NULL, NULL },
        { "DisableProfile", nothing, NULL, "bf3211a00c5a0a980010325476981032148101ff", NULL },
        { "EnableProfile", have_partner, NULL, "bf3111a00c5a0a980010325476981032858101ff", NULL },
        { "DeleteProfile", have_partner, NULL, "bf330c5a0a98001032547698103285", NULL },
        { "SetNickname", nothing, NULL, "bf290f5a0a98001032547698103214900141", NULL },
        { "SetDefaultDpAddress", nothing, NULL, "bf65058003612e62", NULL },
        { "SetDefaultDpAddress of SGP.22", nothing, NULL, "bf3f058003612e62", NULL },
        { "RemoveNotificationFromList", have_partner, NULL, "bf3003800101", NULL },
        { "eUICCMemoryReset", have_partner, NULL, "bf6404820201a6", NULL },
        { "ProfileRollback", have_switched, NULL, "bf58038001ff", NULL },
        { "ConfigureImmediateProfileEnabling", nothing, NULL, "bf59028000", NULL },
        { "EnableEmergencyProfile", have_emergency, NULL, "bf5b038001ff", NULL },
        { "DisableEmergencyProfile", be_in_emergency, NULL, "bf5c038001ff", NULL },
        { "ExecuteFallbackMechanism", have_emergency, NULL, "bf5d038001ff", NULL },
        { "ReturnFromFallback", have_fallen_back, NULL, "bf5e038001ff", NULL },
        { "AddInitialEim that is refused", nothing, act_associate, NULL, NULL },
        { "CHANGE PIN", have_pin, NULL, NULL, "002400011030303030ffffffff31323334ffffffff" },
        { "VERIFY with a wrong value", have_pin, NULL, NULL,
          "00200001083939393"
          "9ffffffff" },
        { "DISABLE PIN", have_pin, NULL, NULL,
          "00260001083030303"
          "0ffffffff" },
        { "UNBLOCK PIN", have_pin, NULL, NULL, "002c000110313131313131313132333435ffffffff" },
        { "UPDATE BINARY", verify_adm, NULL, NULL, "00d6000001aa" },
    };
    for (size_t i = 0; i < COUNT(stories); i++)
        for (int after = 0; after < 2; after++)
            for (unsigned n = 1;; n++) {
                struct world w;
                struct buf before = { .max = 1 << 20 }, found = { .max = 1 << 20 };
                world_open(&w, NULL);
                stories[i].prepare(&w);
                snapshot(&w, &before);
                unsigned saves = w.nvm.saves;
                w.nvm.cut_at = saves + n;
                w.nvm.after = after;
                act(&w, &stories[i]);
                bool cut = w.nvm.saves >= w.nvm.cut_at;
                w.nvm.cut_at = 0;
                world_reset(&w);
                snapshot(&w, &found);
                bool same = span_equal(buf_span(&before), buf_span(&found));
                CHECK_ROW(stories[i].name, !cut || same == (after == 0));
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
    static const struct story stories[] = {
        { "LoadEuiccPackage", have_partner, act_package, NULL, NULL },
        { "eUICCMemoryReset", have_partner, NULL, "bf6404820201a6", NULL },
        { "ProfileRollback", have_switched, NULL, "bf58038001ff", NULL },
        { "EnableEmergencyProfile", have_emergency, NULL, "bf5b038001ff", NULL },
    };
    for (size_t i = 0; i < COUNT(stories); i++)
        for (unsigned n = 1, done = 0; !done; n++) {
            struct world w;
            struct buf before = { .max = 1 << 20 }, after = { .max = 1 << 20 },
                       found = { .max = 1 << 20 };
            world_open(&w, NULL);
            stories[i].prepare(&w);
            snapshot(&w, &before);
            unsigned saves = w.nvm.saves;
            struct failing_card f = { { &ops }, w.card, 0, (n + 1) / 2, n % 2 == 0 };
            struct card *real = w.card;
            w.card = &f.card;
            act(&w, &stories[i]);
            w.card = real;
            done = f.count < f.cut_at;
            snapshot(&w, &after);
            world_reset(&w);
            snapshot(&w, &found);
            CHECK_ROW(stories[i].name, span_equal(buf_span(&found), buf_span(&after)));
            bool changed = !span_equal(buf_span(&found), buf_span(&before));
            CHECK_ROW(stories[i].name,
                      changed == (w.nvm.saves == saves + 1) && w.nvm.saves <= saves + 1);
            CHECK_ROW(stories[i].name, profiles_enabled(&w) <= 1 && (!done || changed));
            buf_release(&before);
            buf_release(&after);
            buf_release(&found);
            world_close(&w);
        }
}

static void a_command_commits_at_most_once(void)
{
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    unsigned saves = w.nvm.saves;
    dp_open(&d);
    REQUIRE(download(&w, &d) == 0);
    CHECK(w.nvm.saves == saves + 1);
    eim_associate(&w, false);
    CHECK(w.nvm.saves == saves + 2);
    CHECK(eim_package_is(&w, ENABLE_PARTNER_ROLLBACK, "830100"));
    CHECK(w.nvm.saves == saves + 3);
    CHECK(profile_state(&w, PARTNER_ICCID) == 1);
    CHECK(w.nvm.saves == saves + 3); /* reading changes nothing */
    dp_close(&d);
    world_close(&w);
}

static void without_memory(struct euicc_settings *s)
{
    s->nvm = NULL;
}

static void a_card_without_memory_keeps_its_state_while_it_lives(void)
{
    struct world w;
    world_open(&w, without_memory);
    have_partner(&w);
    world_reset(&w);
    CHECK(profile_state(&w, PARTNER_ICCID) == 0);
    card_close(w.card);
    CHECK(euicc_footprint(w.euicc) < 16384);
    world_close(&w);
}

static void interruption_tells(struct euicc_settings *s)
{
    s->interruption_leaves_result = true;
}

static void an_interrupted_download_leaves_its_result_where_so_set(void)
{
    struct world w;
    struct dp d;
    struct buf result = { .max = 4096 };
    world_open(&w, interruption_tells);
    dp_open(&d);
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    w.nvm.cut_at = w.nvm.saves + 2; /* the note is saved, the installation is not */
    dp_load(&w, &d, &result);
    CHECK(result.len == 0);
    w.nvm.cut_at = 0;
    world_reset(&w);
    CHECK(profile_state(&w, PARTNER_ICCID) == -1);
    CHECK(pending_count(&w, "bf2b00") == 1);
    world_reset(&w);
    CHECK(pending_count(&w, "bf2b00") == 1);
    dp_close(&d);
    world_close(&w);
    buf_release(&result);
}

static void a_damaged_memory_is_refused_and_left_alone(void)
{
    static const struct {
        const char *name;
        size_t cut, flip;
    } rows[] = {
        { "another file", 0, 1 },        { "checksum", 0, 20 }, { "contents", 0, 200 },
        { "cut in the middle", 300, 0 }, { "one octet", 1, 0 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct euicc *other = NULL;
        world_open(&w, NULL);
        struct buf *blob = &w.nvm.ram.blob;
        if (rows[i].cut)
            blob->len = rows[i].cut;
        if (rows[i].flip)
            blob->at[rows[i].flip] ^= 0x10;
        struct buf kept = { .max = 1 << 20 }, atr = { .max = CARD_ATR_MAX };
        snapshot(&w, &kept);
        CHECK_ROW(rows[i].name, card_reset(w.card, &atr) == ERR_PARSE);
        CHECK_ROW(rows[i].name, span_equal(buf_span(blob), buf_span(&kept)));
        euicc_free(other);
        buf_release(&kept);
        buf_release(&atr);
        world_close(&w);
    }
}

static void a_file_holds_the_card(void)
{
    struct world w;
    struct euicc_nvm_file file;
    char folder[] = "/tmp/lab-euicc-XXXXXX", path[64], beside[72];
    struct buf blob = { .max = 1 << 20 };
    REQUIRE(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/card", folder);
    snprintf(beside, sizeof beside, "%s.new", path);
    world_open(&w, NULL);
    euicc_nvm_file_init(&file, path);
    CHECK(file.nvm.ops->load(&file.nvm, &blob) == ERR_NOT_FOUND);
    CHECK(file.nvm.ops->save(&file.nvm, buf_span(&w.nvm.ram.blob)) == ERR_OK);
    CHECK(file.nvm.ops->load(&file.nvm, &blob) == ERR_OK);
    CHECK(span_equal(buf_span(&blob), buf_span(&w.nvm.ram.blob)));
    CHECK(access(beside, F_OK) != 0);
    CHECK(chmod(folder, 0500) == 0);
    if (geteuid() != 0)
        CHECK(file.nvm.ops->save(&file.nvm, SPAN(1)) == ERR_IO);
    CHECK(chmod(folder, 0700) == 0 && unlink(path) == 0 && rmdir(folder) == 0);
    CHECK(file.nvm.ops->save(&file.nvm, SPAN(1)) == ERR_IO); /* the folder is gone */
    world_close(&w);
    buf_release(&blob);
}

static void settings_that_contradict_each_other_are_refused(void)
{
    struct world w;
    struct euicc *e = NULL;
    struct buf metadata = { .max = 4096 }, upp = { .max = 4096 };
    world_open(&w, NULL);
    put_metadata(LEAD_ICCID, false, 0, RSP_PROFILE_CLASS_OPERATIONAL, &metadata);
    put_upp(LEAD_ICCID, LEAD_IMSI, &upp);
    struct euicc_credential nist = { buf_span(&w.nist.certificate), w.nist.eum_certificate,
                                     secret_span(&w.nist.key) };
    struct euicc_profile twice[2] = { { buf_span(&metadata), buf_span(&upp), true, false },
                                      { buf_span(&metadata), buf_span(&upp), false, false } };
    struct euicc_settings s = { .credentials = &nist, .credential_count = 1, .trust = w.trust };
    CHECK(euicc_new(&w.env, &s, &e) == ERR_OK);
    euicc_free(e);
    s.profiles = twice;
    s.profile_count = 2;
    CHECK(euicc_new(&w.env, &s, &e) == ERR_CONFIG); /* the same ICCID twice */
    s.profile_count = 1;
    twice[0].fallback = true;
    CHECK(euicc_new(&w.env, &s, &e) == ERR_CONFIG); /* its metadata does not allow fallback */
    twice[0].fallback = false;
    twice[0].upp.len--;
    CHECK(euicc_new(&w.env, &s, &e) == ERR_CONFIG); /* package cut short */
    s.profile_count = 0;
    nist.key = secret_span(&w.brp.key);
    CHECK(euicc_new(&w.env, &s, &e) == ERR_CONFIG); /* key of another certificate */
    s.credential_count = 0;
    CHECK(euicc_new(&w.env, &s, &e) == ERR_CONFIG);
    world_close(&w);
    buf_release(&metadata);
    buf_release(&upp);
}

const struct test memory_tests[] = {
    { "a power cut leaves before or after", a_power_cut_leaves_before_or_after },
    { "a power cut at any APDU leaves before or after",
      a_power_cut_at_any_apdu_leaves_before_or_after },
    { "a command commits at most once", a_command_commits_at_most_once },
    { "a card without memory keeps its state while it lives",
      a_card_without_memory_keeps_its_state_while_it_lives },
    { "an interrupted download leaves its result where so set",
      an_interrupted_download_leaves_its_result_where_so_set },
    { "a damaged memory is refused and left alone", a_damaged_memory_is_refused_and_left_alone },
    { "a file holds the card", a_file_holds_the_card },
    { "settings that contradict each other are refused",
      settings_that_contradict_each_other_are_refused },
};
const size_t memory_tests_count = COUNT(memory_tests);
