#include <stdlib.h>
#include <string.h>

#include "world.h"

static void rows(const char *const (*row)[3], size_t count)
{
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < count; i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    world_close(&w);
}

/* The ISD-R is selected on channel 1, nothing else is open but channel 0. */
static void commands_get_the_status_word_they_deserve(void)
{
    static const char *const row[][3] = {
        { "three octets are no command", "00a404", "6700" },
        { "Lc longer than the data", "00a4040005a000", "6700" },
        { "two octets behind the data", "00a40000023f000000", "6700" },
        { "extended length", "00a404000000023f00", "6700" },
        { "class of another standard", "a0a40000023f00", "6e00" },
        { "secure messaging", "0ca40000023f00", "6e00" },
        { "channel that is not open", "02a40000023f00", "6881" },
        { "STORE DATA where the ISD-R is not selected", "80e2910006bf3e035c015a", "6985" },
        { "STORE DATA with the interindustry class", "01e2910006bf3e035c015a", "6e00" },
        { "unknown instruction on the ISD-R", "81cb000000", "6d00" },
        { "unknown instruction on the UICC", "00cd000000", "6d00" },
        { "GET RESPONSE with nothing to get", "01c0000010", "6985" },
        { "GET RESPONSE with parameters", "01c0010010", "6a86" },
        { "AID that is not here", "01a4040007a0000000000000", "6a82" },
        { "TERMINAL CAPABILITY", "80aa000005a903830107", "9000" },
        { "TERMINAL CAPABILITY without data", "80aa0000", "6700" },
        { "TERMINAL CAPABILITY of another template", "80aa000005a803830107", "6a80" },
        { "TERMINAL CAPABILITY cut short", "80aa000004a9038301", "6a80" },
        { "TERMINAL CAPABILITY with a damaged member", "80aa000005a903830207", "6a80" },
        { "TERMINAL CAPABILITY with parameters", "80aa000105a903830107", "6a86" },
        { "TERMINAL CAPABILITY on another channel", "81aa000005a903830107", "6881" },
        { "TERMINAL CAPABILITY of another class", "00aa000005a903830107", "6e00" },
        { "TERMINAL PROFILE", "8010000001ff", "9000" },
        { "closing a channel that is not open", "0070800300", "6881" },
        { "opening the channel that is open, by its number", "0070000100", "6a86" },
        { "opening a channel that cannot be, by its number", "0070000400", "6a81" },
        { "opening a channel that cannot be at all, by its number", "0070001400", "6a81" },
        { "closing the basic channel", "0070800000", "6a86" },
        { "closing a channel that cannot be", "0070800900", "6a86" },
    };
    rows(row, COUNT(row));
}

static void store_data_blocks_are_counted(void)
{
    static const char *const row[][3] = {
        { "one block", "81e2910006bf3e035c015a", "6115" },
        { "a new command drops what was not fetched", "81e2110003bf3e03", "9000" },
        { "the second of two blocks", "81e29101035c015a", "6115" },
        { "too few octets wanted are given, the rest waits", "81c0000005", "bf3e125a106110" },
        { "more wanted than there is", "81c0000020", "6c10" },
        { "the rest", "01c0000010", "890490321234512345123456789012359000" },
        { "first block of a chain", "81e2110003bf3e03", "9000" },
        { "a block left out", "81e29102035c015a", "6a86" },
        { "the chain is gone", "81e29101035c015a", "6a86" },
        { "block that begins anew", "81e2110003bf3e03", "9000" },
        { "begins anew", "81e2110003bf3e03", "9000" },
        { "and ends", "81e29101035c015a", "6115" },
        { "P1 of another protocol", "81e2810006bf3e035c015a", "6a86" },
        { "truncated TLV", "81e2910005bf3e035c01", "6a80" },
        { "TLV with something behind it", "81e2910007bf3e035c015a00", "6a80" },
        { "unknown function", "81e2910003bf7f00", "6a88" },
        { "no octets at all", "81e29100", "6a88" },
        { "with Le the answer comes at once", "81e2910006bf3e035c015a00",
          "bf3e125a10890490321234512345123456789012359000" },
    };
    rows(row, COUNT(row));
}

/* T=0 (ISO 7816-3 12.2.3): where the card knows how much it gives, another Le is told by 6Cxx and nothing was done. */
static void a_length_that_is_not_the_answers_is_told(void)
{
    static const char *const row[][3] = {
        { "MANAGE CHANNEL without Le", "00700000", "6c01" },
        { "MANAGE CHANNEL with any Le", "0070000000", "6c01" },
        { "MANAGE CHANNEL with a longer Le", "0070000002", "6c01" },
        { "MANAGE CHANNEL, which opens the second", "0070000001", "029000" },
        { "STATUS without Le", "80f20000", "6c22" },
        { "STATUS with any Le", "80f2000000", "6c22" },
        { "STATUS with a shorter Le", "80f200000a", "6c22" },
        { "STATUS with a longer Le", "80f2000023", "6c22" },
        { "STATUS of an application before there is one", "80f2000100", "9000" },
        { "STATUS that asks for nothing", "80f2000c", "9000" },
        { "STATUS of a step that is not known", "80f2030c", "6a86" },
        { "STATUS in another class", "00f2000c", "6e00" },
        { "INCREASE in another class", "0032000003000001", "6e00" },
    };
    rows(row, COUNT(row));
}

/* ISO 7816-3 8.2: interface octets, each TDi telling which come next. ETSI TS 102 221 6.3.3: the first TB behind T=15 has
 * bit 2 set on an eUICC. */
static void the_answer_to_reset_says_that_it_is_an_euicc(void)
{
    struct world w;
    struct buf atr = { .max = 33 };
    uint8_t check = 0, tb = 0;
    world_open(&w, NULL);
    REQUIRE(card_reset(w.card, &atr) == ERR_OK && atr.len > 2);
    size_t at = 2, historical = atr.at[1] & 0x0f;
    for (unsigned next = atr.at[1], protocol = 0; next & 0xf0; protocol = next & 0x0f) {
        REQUIRE(at + 4 <= atr.len);
        at += next >> 4 & 1;
        if (next & 0x20 && protocol == 15 && !tb)
            tb = atr.at[at];
        at += (next >> 5 & 1) + (next >> 6 & 1);
        next = next & 0x80 ? atr.at[at++] : 0;
    }
    for (size_t i = 1; i < atr.len; i++)
        check ^= atr.at[i];
    CHECK(at + historical + 1 == atr.len && check == 0);
    CHECK_ROW("eUICC-related functions are supported", tb & 0x02);
    world_close(&w);
    buf_release(&atr);
}

static void the_isd_r_tells_what_it_is(void)
{
    static const char *const row[][3] = {
        { "SELECT with FCI", "01a4040410a0000005591010ffffffff890000010000",
          "6f258410a0000005591010ffffffff8900000100a5049f6501ffe0058203020500e104800206409000" },
        { "SELECT without answer", "01a4040c10a0000005591010ffffffff8900000100", "9000" },
        { "SELECT by partial AID", "01a4040c07a0000005591010", "9000" },
        { "SELECT of the next one with this AID", "01a4040210a0000005591010ffffffff8900000100", "6a82" },
        { "SELECT of the next one that begins so", "01a4040e05a000000559", "6a82" },
        { "it is still the ISD-R that is selected", "81e2910006bf3e035c015a", "6115" },
        { "the UICC's application", "01a4040c0ca0000000871002ff49ff0589", "9000" },
        { "SELECT of the next one that begins so, after another", "01a4040e05a000000559", "9000" },
        { "SELECT of the last one", "01a4040d05a000000559", "6a86" },
        { "SELECT with unknown P2", "01a4041010a0000005591010ffffffff8900000100", "6a86" },
    };
    rows(row, COUNT(row));
}

static void there_are_four_channels(void)
{
    static const char *const row[][3] = {
        { "second", "0070000001", "029000" },
        { "third", "0070000001", "039000" },
        { "none is left", "0070000001", "6a81" },
        { "one is closed", "0070800200", "9000" },
        { "and is given again", "0070000001", "029000" },
        { "one is closed again", "0070800300", "9000" },
        { "and opened by its number, which is not told", "0070000300", "9000" },
        { "and is open", "0070000300", "6a86" },
        { "and none is left", "0070000001", "6a81" },
        { "ISD-R selected there", "02a4040c10a0000005591010ffffffff8900000100", "9000" },
        { "EID from there", "82e2910006bf3e035c015a00",
          "bf3e125a10890490321234512345123456789012359000" },
        { "closed in the middle of a chain", "82e2110003bf3e03", "9000" },
        { "by itself", "0270800000", "9000" },
        { "is closed", "82e29101035c015a", "6881" },
    };
    rows(row, COUNT(row));
}

/* ISO 7816-4: opened from the basic channel a channel begins in the MF, opened from another one where that is. */
static void a_channel_begins_where_it_was_opened(void)
{
    static const char *const row[][3] = {
        { "USIM on the basic channel", "00a4040c0ca0000000871002ff49ff0589", "9000" },
        { "opened from there", "0070000001", "029000" },
        { "is in the MF", "02a4000c026f07", "6a82" },
        { "USIM there", "02a4040c0ca0000000871002ff49ff0589", "9000" },
        { "EF.IMSI there", "02a4000c026f07", "9000" },
        { "opened from there", "0270000001", "039000" },
        { "no file is selected", "03b0000009", "6986" },
        { "but it is in the USIM", "03a4000c026f07", "9000" },
        { "closed", "0070800300", "9000" },
        { "opened from the ISD-R", "0170000001", "039000" },
        { "is in the ISD-R", "83e2910006bf3e035c015a", "6115" },
    };
    rows(row, COUNT(row));
}

static void a_consumer_card_does_not_know_sgp32(struct euicc_settings *s)
{
    s->sgp22_only = true;
}

static void a_consumer_card_refuses_iot_functions(void)
{
    struct world w;
    world_open(&w, a_consumer_card_does_not_know_sgp32);
    CHECK(es10_sw(&w, "bf5500") == 0x6a88);
    CHECK(es10_sw(&w, "bf640482020780") == 0x6a88);
    CHECK(es10_is(&w, "bf340482020520", "bf3403800100")); /* the default address */
    CHECK(es10_is(&w, "bf340482020520", "bf3403800101"));
    CHECK(profile_state(&w, LEAD_ICCID) == 1);
    CHECK(es10_is(&w, "bf340482020780", "bf3403800100"));
    CHECK(profile_state(&w, LEAD_ICCID) == -1);
    CHECK(es10_sw(&w, "bf58038001ff") == 0x6a88);
    CHECK(es10_is(&w, "bf3e035c015a", "bf3e125a1089049032123451234512345678901235"));
    CHECK(apdu_is(&w, "01a4040410a0000005591010ffffffff890000010000",
                  "6f1f8410a0000005591010ffffffff8900000100a5049f6501ffe00582030205009000"));
    world_close(&w);
}

static void any_block_size_gives_the_same_answer(void)
{
    struct world w;
    struct buf request = hex("bf3e035c015a"), response = { .max = 256 }, want = { .max = 256 };
    world_open(&w, NULL);
    REQUIRE(es10(&w, buf_span(&request), &want) == 0x9000);
    for (size_t block = 1; block <= 7; block++) {
        uint16_t sw;
        REQUIRE(apdu_store_data(w.card, w.channel, block, buf_span(&request), &response, &sw) ==
                ERR_OK);
        CHECK(span_equal(buf_span(&response), buf_span(&want)));
    }
    world_close(&w);
    buf_release(&request);
    buf_release(&response);
    buf_release(&want);
}

/* A pseudo-random stream of commands: nothing but status words may come of it, and the state stays.
 */
static void noise_is_answered_and_changes_nothing(void)
{
    struct world w;
    struct buf response = { .max = CARD_RESPONSE_MAX };
    uint32_t x = 1;
    world_open(&w, NULL);
    for (unsigned i = 0; i < 3000; i++) {
        uint8_t apdu[64];
        for (size_t n = 0; n < sizeof apdu; n++) {
            x = x * 1664525 + 1013904223;
            apdu[n] = (uint8_t)(x >> 24);
        }
        static const uint8_t instructions[] = { 0xe2, 0xa4, 0xb0, 0xb2, 0xc0, 0x88,
                                                0x70, 0xd6, 0xdc, 0x20, 0xf2, 0xe2 };
        size_t lc = apdu[60] % 50;
        apdu[0] = (uint8_t)((apdu[0] & 0x80) | (apdu[0] & 1));
        apdu[1] = instructions[apdu[1] % sizeof instructions];
        if (apdu[1] == 0xe2) {
            apdu[2] = apdu[2] & 1 ? 0x91 : 0x11;
            apdu[3] = 0;
            apdu[5] = 0xbf;
        }
        apdu[4] = (uint8_t)lc;
        if (apdu[1] == 0x70)
            continue; /* closing our own channel is no damage */
        CHECK(card_transmit(w.card, span_of(apdu, 5 + lc), &response) == ERR_OK &&
              response.len >= 2);
    }
    world_reset(&w);
    CHECK(profile_state(&w, LEAD_ICCID) == 1);
    world_close(&w);
    buf_release(&response);
}

const struct test apdu_tests[] = {
    { "commands get the status word they deserve", commands_get_the_status_word_they_deserve },
    { "STORE DATA blocks are counted", store_data_blocks_are_counted },
    { "a length that is not the answer's is told", a_length_that_is_not_the_answers_is_told },
    { "the answer to reset says that it is an eUICC", the_answer_to_reset_says_that_it_is_an_euicc },
    { "the ISD-R tells what it is", the_isd_r_tells_what_it_is },
    { "there are four channels", there_are_four_channels },
    { "a channel begins where it was opened", a_channel_begins_where_it_was_opened },
    { "a consumer card refuses IoT functions", a_consumer_card_refuses_iot_functions },
    { "any block size gives the same answer", any_block_size_gives_the_same_answer },
    { "noise is answered and changes nothing", noise_is_answered_and_changes_nothing },
};
const size_t apdu_tests_count = COUNT(apdu_tests);
