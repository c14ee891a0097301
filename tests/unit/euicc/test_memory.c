#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rsp_codes.h"
#include "world.h"

#define ENABLE_PARTNER_ROLLBACK "a30e5a0a980010325476981032850500"

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

/* Cuts the power at the n-th write of a download from here on; the card is not yet powered again. */
static void interrupt_download(struct world *w, unsigned n)
{
    struct dp d;
    struct buf result = { .max = 4096 };
    dp_open(&d);
    REQUIRE(dp_authenticate(w, &d) == 0 && dp_prepare(w, &d) == 0);
    w->nvm.cut_at = w->nvm.saves + n;
    dp_load(w, &d, &result);
    CHECK(result.len == 0);
    w->nvm.cut_at = 0;
    dp_close(&d);
    buf_release(&result);
}

/* The start that writes the result is cut short itself, before and after its write. */
static void a_start_that_is_cut_short_loses_no_result(void)
{
    for (int after = 0; after < 2; after++) {
        struct world w;
        struct buf atr = { .max = CARD_ATR_MAX };
        world_open(&w, interruption_tells);
        interrupt_download(&w, 2);
        w.nvm.after = after;
        w.nvm.cut_at = w.nvm.saves + 1;
        CHECK(card_reset(w.card, &atr) != ERR_OK);
        CHECK(w.nvm.saves == w.nvm.cut_at);
        w.nvm.cut_at = 0;
        world_reset(&w);
        CHECK(profile_state(&w, PARTNER_ICCID) == -1 && pending_count(&w, "bf2b00") == 1);
        buf_release(&atr);
        world_close(&w);
    }
}

static void an_interrupted_download_leaves_its_result_where_so_set(void)
{
    struct world w;
    world_open(&w, interruption_tells);
    interrupt_download(&w, 2); /* the note is saved, the installation is not */
    world_reset(&w);
    CHECK(profile_state(&w, PARTNER_ICCID) == -1);
    CHECK(pending_count(&w, "bf2b00") == 1);
    world_reset(&w);
    CHECK(pending_count(&w, "bf2b00") == 1);
    world_close(&w);
}

/* The SM-DP+ has the signed cancellation; a result of the same session would contradict it. */
static void a_cancelled_download_leaves_no_result(void)
{
    struct world w;
    struct dp d;
    struct buf result = { .max = 4096 };
    world_open(&w, interruption_tells);
    dp_open(&d);
    d.spoiled = true;
    d.instead = "bf411580100102030405060708090a0b0c0d0e0f10810105"; /* CancelSession */
    d.replaced_segment = 4;
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    dp_load(&w, &d, &result);
    world_reset(&w);
    CHECK(profile_state(&w, PARTNER_ICCID) == -1);
    CHECK(pending_count(&w, "bf2b00") == 0);
    dp_close(&d);
    buf_release(&result);
    world_close(&w);
}

/* The n-th write of a package is cut; then the card starts again. */
static void interrupt_package(struct world *w, unsigned n, bool after)
{
    struct buf response = { .max = 4096 };
    w->nvm.cut_at = w->nvm.saves + n;
    w->nvm.after = after;
    eim_package(w, ENABLE_PARTNER_ROLLBACK, &response);
    CHECK(response.len == 0 && w->nvm.saves == w->nvm.cut_at);
    w->nvm.cut_at = 0;
    w->nvm.after = false;
    world_reset(w);
    buf_release(&response);
}

/* The contents of euiccResult of the only package result that is kept; its signature verifies. */
static bool kept_result_is(struct world *w, struct span wanted)
{
    struct buf response = { .max = 4096 };
    struct der_tlv outer, list, item;
    struct rsp_euicc_package_result r;
    REQUIRE(es10(w, SPAN(0xbf, 0x2b, 0x04, 0xa0, 0x02, 0x82, 0x00), &response) == 0x9000);
    REQUIRE(der_only(buf_span(&response), 0xbf2b, &outer) == ERR_OK);
    struct der d = der_open(outer.value);
    REQUIRE(der_next(&d, &list) == ERR_OK);
    bool same = der_only(list.value, 0xbf51, &item) == ERR_OK && eim_results(w, item.whole, &r) &&
                span_equal(r.result.data.results, wanted) && r.result.data.counter == w->counter;
    buf_release(&response);
    return same;
}

static void an_interrupted_package_leaves_its_result_where_so_set(void)
{
    static const struct {
        const char *name;
        unsigned write; /* the note, then what the package does */
        bool after, told, done;
    } rows[] = {
        { "before the note", 1, false, false, false },
        { "after the note", 1, true, true, false },
        { "before the commands are saved", 2, false, true, false },
        { "after the commands are saved", 2, true, false, true },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct buf response = { .max = 4096 };
        struct rsp_euicc_package_result r;
        world_open(&w, interruption_tells);
        have_partner(&w);
        interrupt_package(&w, rows[i].write, rows[i].after);
        CHECK_ROW(rows[i].name, (profile_state(&w, PARTNER_ICCID) == 1) == rows[i].done);
        CHECK_ROW(rows[i].name, kept_result_is(&w, SPAN(0x02, 0x01, 0x03)) == rows[i].told);
        CHECK_ROW(rows[i].name, kept_result_is(&w, SPAN(0x83, 0x01, 0x00)) == rows[i].done);
        bool spent = rows[i].told || rows[i].done;
        w.counter--; /* the same package once more */
        eim_package(&w, ENABLE_PARTNER_ROLLBACK, &response);
        REQUIRE(rsp_euicc_package_result_read(buf_span(&response), &r) == ERR_OK);
        CHECK_ROW(rows[i].name, spent == (r.which == RSP_PACKAGE_ERROR_SIGNED &&
                                          r.error.data.code == RSP_PACKAGE_REPLAY_ERROR));
        world_reset(&w);
        CHECK_ROW(rows[i].name, kept_result_is(&w, spent && !rows[i].done ? SPAN(0x02, 0x01, 0x03)
                                                                          : SPAN(0x83, 0x01, 0x00)));
        buf_release(&response);
        world_close(&w);
    }
}

/* What the card's log says of its memory. */
struct reason_sink {
    struct log_sink sink;
    char why[80];
};

static void take_reason(struct log_sink *sink, const struct log_event *e)
{
    struct reason_sink *r = (struct reason_sink *)sink;
    for (size_t i = 0; !strcmp(e->name, "euicc.memory") && i < e->count; i++)
        if (!strcmp(e->fields[i].name, "why"))
            snprintf(r->why, sizeof r->why, "%s", e->fields[i].text);
}

#define DIGEST 8 /* behind the word that begins the file */
#define CONTENTS 40

static uint8_t *within(struct buf *blob, const char *octets)
{
    struct buf wanted = hex(octets);
    uint8_t *at = memmem(blob->at + CONTENTS, blob->len - CONTENTS, wanted.at, wanted.len);
    REQUIRE(at != NULL);
    buf_release(&wanted);
    return at;
}

static void a_damaged_memory_is_refused_and_left_alone(void)
{
    static const struct {
        const char *name;
        size_t cut, flip; /* 0: not */
        const char *at;   /* hex of the contents, of which the last octet is altered and the checksum made anew */
        const char *why;
    } rows[] = {
        { "another file", 0, 1, NULL, "not the memory of a software eUICC" },
        { "nothing but its first word", 8, 0, NULL, "not the memory of a software eUICC" },
        { "one octet", 1, 0, NULL, "not the memory of a software eUICC" },
        { "another version", 0, 7, NULL, "written by another version of the software eUICC" },
        { "checksum", 0, 20, NULL, "damaged: its checksum does not fit" },
        { "contents", 0, 200, NULL, "damaged: its checksum does not fit" },
        { "cut in the middle", 300, 0, NULL, "damaged: its checksum does not fit" },
        { "another card's", 0, 0, "801089049032123451234512345678901235", "belongs to a card with another EID" },
        { "contents that end elsewhere", 0, 0, "3082", "damaged: no well-formed contents" },
        { "an ICCID of another length", 0, 0, "800a", "damaged: contents make no sense" },
        { "a profile without flags", 0, 0, "89000010008201", "damaged: contents make no sense" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct reason_sink sink = { .sink = { take_reason } };
        world_open(&w, NULL);
        struct buf *blob = &w.nvm.ram.blob;
        if (rows[i].cut)
            blob->len = rows[i].cut;
        if (rows[i].flip)
            blob->at[rows[i].flip] ^= 0x10;
        if (rows[i].at) {
            struct span contents = span_of(blob->at + CONTENTS, blob->len - CONTENTS);
            within(blob, rows[i].at)[strlen(rows[i].at) / 2 - 1] ^= 1;
            REQUIRE(sha256(w.crypto, &contents, 1, blob->at + DIGEST) == ERR_OK);
        }
        struct buf kept = { .max = 1 << 20 }, atr = { .max = CARD_ATR_MAX };
        nvm_snapshot(&w, &kept);
        w.log.sink = &sink.sink;
        CHECK_ROW(rows[i].name, card_reset(w.card, &atr) == ERR_PARSE);
        w.log.sink = NULL;
        CHECK_ROW(rows[i].name, !strcmp(sink.why, rows[i].why));
        CHECK_ROW(rows[i].name, span_equal(buf_span(blob), buf_span(&kept)));
        buf_release(&kept);
        buf_release(&atr);
        world_close(&w);
    }
}

/* The number of the next ISD-P, 0011 in a fresh card, becomes FFFF, which takes two octets more. */
static void spend_isdp_numbers(struct world *w)
{
    struct buf *blob = &w->nvm.ram.blob, grown = { .max = 1 << 20 };
    uint8_t *number = within(blob, "8d0111af");
    size_t at = (size_t)(number - blob->at);
    REQUIRE(buf_put(&grown, span_of(blob->at, at)) == ERR_OK && buf_put(&grown, SPAN(0x8d, 0x03, 0x00, 0xff, 0xff)) == ERR_OK);
    REQUIRE(buf_put(&grown, span_of(number + 3, blob->len - at - 3)) == ERR_OK);
    REQUIRE(grown.at[CONTENTS] == 0x30 && grown.at[CONTENTS + 1] == 0x82 && grown.at[CONTENTS + 3] < 0xfe);
    grown.at[CONTENTS + 3] += 2;
    struct span contents = span_of(grown.at + CONTENTS, grown.len - CONTENTS);
    REQUIRE(sha256(w->crypto, &contents, 1, grown.at + DIGEST) == ERR_OK);
    REQUIRE(buf_set(blob, buf_span(&grown)) == ERR_OK);
    buf_release(&grown);
}

static void numbers_of_isdps_begin_anew(void)
{
    struct world w;
    struct wishes ordinary = ORDINARY;
    world_open(&w, NULL);
    spend_isdp_numbers(&w);
    world_reset(&w);
    CHECK_ROW("the last number", download_profile(&w, PARTNER_ICCID, &ordinary) == 0);
    CHECK(es10_is(&w, "bf2d11a00c5a0a980010325476981032855c014f", "bf2d16a014e3124f10a0000005591010ffffffff8900ffff00"));
    world_reset(&w);
    CHECK_ROW("one that no profile has", download_profile(&w, "89000123456789012366", &ordinary) == 0);
    CHECK(es10_is(&w, "bf2d11a00c5a0a980010325476981032665c014f", "bf2d16a014e3124f10a0000005591010ffffffff8900001100"));
    world_reset(&w);
    CHECK(profile_state(&w, PARTNER_ICCID) == 0);
    world_close(&w);
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
    euicc_nvm_file_release(&file);
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
    s.sgp22_only = true;
    s.ipae = true;
    CHECK_ROW("an IPAe on a card of SGP.22", euicc_new(&w.env, &s, &e) == ERR_CONFIG);
    s.ipae = false;
    s.v1_3 = true;
    CHECK_ROW("SGP.32 v1.3 on a card of SGP.22", euicc_new(&w.env, &s, &e) == ERR_CONFIG);
    s.v1_3 = false;
    char text[1024];
    put_eco(&w, 0x30, 1, "", text, sizeof text);
    struct buf eim = hex(text);
    s.eim = buf_span(&eim);
    CHECK_ROW("an eIM on a card of SGP.22", euicc_new(&w.env, &s, &e) == ERR_CONFIG);
    s.sgp22_only = false;
    CHECK_ROW("the same on a card of SGP.32", euicc_new(&w.env, &s, &e) == ERR_OK);
    euicc_free(e);
    buf_release(&eim);
    s.eim = (struct span){ 0 };
    static const char *const tables[] = {
        "300f80020560a1063004800262f2820100", /* mccMnc of two octets */
        "300f80020560a10730058003eeeeee8201", /* cut short */
        "30098002056082010030",               /* no operators, and half a rule behind */
        "310080",                             /* no rule */
        "301480020560a10b30098003eeeeee8102ffff820188", /* pprFlags of an unused-bits octet alone, and a wrong one */
    };
    for (size_t i = 0; i < COUNT(tables); i++) {
        struct buf table = hex(tables[i]);
        s.rat = buf_span(&table);
        CHECK_ROW(tables[i], euicc_new(&w.env, &s, &e) == ERR_CONFIG);
        buf_release(&table);
    }
    s.rat = (struct span){ 0 };
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
    { "a command commits at most once", a_command_commits_at_most_once },
    { "a card without memory keeps its state while it lives",
      a_card_without_memory_keeps_its_state_while_it_lives },
    { "an interrupted download leaves its result where so set",
      an_interrupted_download_leaves_its_result_where_so_set },
    { "a cancelled download leaves no result", a_cancelled_download_leaves_no_result },
    { "an interrupted package leaves its result where so set",
      an_interrupted_package_leaves_its_result_where_so_set },
    { "a start that is cut short loses no result", a_start_that_is_cut_short_loses_no_result },
    { "a damaged memory is refused and left alone", a_damaged_memory_is_refused_and_left_alone },
    { "numbers of ISD-Ps begin anew", numbers_of_isdps_begin_anew },
    { "a file holds the card", a_file_holds_the_card },
    { "settings that contradict each other are refused",
      settings_that_contradict_each_other_are_refused },
};
const size_t memory_tests_count = COUNT(memory_tests);
