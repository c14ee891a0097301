#include <stdio.h>
#include <string.h>

#include "aka.h"
#include "world.h"

/* Commands on the basic channel of the lead profile. */
static void files_are_selected_and_read(void)
{
    static const char *const row[][3] = {
        { "MF with FCP", "00a40004023f0000",
          "62208202782183023f00a5038001718a01058b032f0601c60990014083010183010a9000" },
        { "EF under the MF", "00a4000c022fe2", "9000" },
        { "ICCID", "00b000000a", "980010325476981032149000" },
        { "part of it", "00b0000202", "10329000" },
        { "too much wanted", "00b00000ff", "6c0a" },
        { "all of it, of a length that is not known (T=0)", "00b0000000", "6c0a" },
        { "no length at all", "00b00000", "6c0a" },
        { "all of it", "00b000000a", "980010325476981032149000" },
        { "beyond the end", "00b0000a01", "6b00" },
        { "records of a transparent file", "00b2010400", "6981" },
        { "EF.DIR", "00a4000c022f00", "9000" },
        { "its record, of unknown length", "00b2010400", "6c21" },
        { "its record", "00b2010421",
          "61144f0ca0000000871002ff49ff058950045553494dffffffffffffffffffffff9000" },
        { "a record that is not there", "00b2020400", "6a83" },
        { "octets of a record file", "00b0000001", "6981" },
        { "unknown mode", "00b2010500", "6a86" },
        { "file that is not there", "00a4000c026f99", "6a82" },
        { "USIM by AID", "00a4040c0ca0000000871002ff49ff0589", "9000" },
        { "EF.IMSI by SFI, not selected before", "00b0870009", "0829261089674523019000" },
        { "EF.AD by FID", "00a4000c026fad", "9000" },
        { "MNC length", "00b0000004", "000000029000" },
        { "EF.ICCID by path from the MF", "00a4080c022fe2", "9000" },
        { "read", "00b0000002", "98009000" },
        { "EF.IMSI by path through the current application", "00a4080c047fff6f07", "9000" },
        { "path through a file", "00a4080c042fe26f07", "6a82" },
        { "path of odd length", "00a4080c032fe26f", "6a82" },
        { "update without the right", "00d600000101", "6982" },
        { "AID of another application", "00a4040c07a0000000871004", "6a82" },
        { "status", "80f2000c", "9000" },
        { "status of nothing known", "80f2000500", "6a86" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    world_close(&w);
}

static void nothing_is_there_without_an_enabled_profile(void)
{
    struct world w;
    world_open(&w, NULL);
    CHECK(es10_is(&w, "bf3211a00c5a0a980010325476981032148101ff", "bf3203800100"));
    CHECK(apdu_is(&w, "00a4000c023f00", "6a82"));
    CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "6a82"));
    CHECK(apdu_is(&w, "00b000000a", "6985"));
    CHECK_ROW("an instruction that no card knows", apdu_is(&w, "00cd000000", "6d00"));
    CHECK(apdu_is(
        &w, "00880081221000000000000000000000000000000000100000000000000000000000000000000000",
        "6985"));
    world_close(&w);
}

/* A disabled PIN needs no verification; ADM does, and its counter lives through resets. */
static void codes_are_counted_and_kept(void)
{
    static const char *const row[][3] = {
        { "tries left", "0020000a", "63ca" },
        { "wrong", "0020000a083636363636363636", "63c9" },
        { "still wrong", "0020000a083636363636363636", "63c8" },
        { "right", "0020000a083535353535353535", "9000" },
        { "tries again", "0020000a", "63ca" },
        { "the disabled PIN",
          "00200001083030303"
          "0ffffffff",
          "6984" },
        { "an unknown reference",
          "0020000f083030303"
          "0ffffffff",
          "6a88" },
        { "a value too short", "0020000a0435353535", "6700" },
        { "update is allowed now", "00a4080c022fe2", "9000" },
        { "of the ICCID, say", "00d600000198", "9000" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    for (unsigned i = 0; i < 10; i++)
        CHECK(apdu_is(&w, "0020000a083636363636363636",
                      i == 9 ? "6983"
                             : (const char *[]){ "63c9", "63c8", "63c7", "63c6", "63c5", "63c4",
                                                 "63c3", "63c2", "63c1" }[i]));
    world_reset(&w);
    CHECK(apdu_is(&w, "0020000a083535353535353535", "6983")); /* blocked, the right value too */
    world_close(&w);
}

/* PIN 1 is there and disabled, may be disabled and changed; PUK 1 unblocks it. */
#define PIN1 "30303030ffffffff"
#define NEW_PIN1 "31323334ffffffff"
#define WRONG_PIN "39393939ffffffff"
#define PUK1 "3131313131313131"

static void pins_are_managed(void)
{
    static const char *const row[][3] = {
        { "CHANGE PIN of a disabled PIN", "0024000110" PIN1 NEW_PIN1, "6984" },
        { "DISABLE PIN of a disabled PIN", "0026000108" PIN1, "6984" },
        { "ENABLE PIN with a wrong value", "0028000108" WRONG_PIN, "63c2" },
        { "ENABLE PIN", "0028000108" PIN1, "9000" },
        { "ENABLE PIN of an enabled PIN", "0028000108" PIN1, "6985" },
        { "CHANGE PIN of wrong length", "0024000108" PIN1, "6700" },
        { "CHANGE PIN with parameters", "0024010110" PIN1 NEW_PIN1, "6a86" },
        { "CHANGE PIN of an unknown reference", "0024000f10" PIN1 NEW_PIN1, "6a88" },
        { "CHANGE PIN with a wrong old value", "0024000110" WRONG_PIN NEW_PIN1, "63c2" },
        { "CHANGE PIN", "0024000110" PIN1 NEW_PIN1, "9000" },
        { "VERIFY with the old value", "0020000108" PIN1, "63c2" },
        { "VERIFY with the new value", "0020000108" NEW_PIN1, "9000" },
        { "CHANGE PIN of ADM, which may not be",
          "0024000a10"
          "3535353535353535" PIN1,
          "6985" },
        { "DISABLE PIN with a wrong value", "0026000108" WRONG_PIN, "63c2" },
        { "DISABLE PIN of wrong length",
          "0026000104"
          "31323334",
          "6700" },
        { "VERIFY twice wrong", "0020000108" WRONG_PIN, "63c1" },
        { "VERIFY thrice wrong", "0020000108" WRONG_PIN, "6983" },
        { "VERIFY with the right value, blocked", "0020000108" NEW_PIN1, "6983" },
        { "CHANGE PIN, blocked", "0024000110" NEW_PIN1 PIN1, "6983" },
        { "DISABLE PIN, blocked", "0026000108" NEW_PIN1, "6983" },
        { "UNBLOCK PIN asks for the counter", "002c0001", "63ca" },
        { "UNBLOCK PIN with a wrong code", "002c000110" WRONG_PIN NEW_PIN1, "63c9" },
        { "UNBLOCK PIN of wrong length", "002c000108" PUK1, "6700" },
        { "UNBLOCK PIN with parameters", "002c010110" PUK1 PIN1, "6a86" },
        { "UNBLOCK PIN of one without unblocking code", "002c000a10" PUK1 PIN1, "6a88" },
        { "UNBLOCK PIN of an unknown reference", "002c000f10" PUK1 PIN1, "6a88" },
        { "UNBLOCK PIN", "002c000110" PUK1 PIN1, "9000" },
        { "its counter is full again", "002c0001", "63ca" },
        { "DISABLE PIN", "0026000108" PIN1, "9000" },
        { "VERIFY of a disabled PIN", "0020000108" PIN1, "6984" },
        { "commands of another class", "8024000110" PIN1 NEW_PIN1, "6e00" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    world_close(&w);
}

static void an_unblocking_code_is_blocked_for_ever(void)
{
    struct world w;
    char wanted[8];
    world_open(&w, NULL);
    CHECK(apdu_is(&w, "0028000108" PIN1, "9000"));
    for (unsigned i = 0; i < 9; i++) {
        snprintf(wanted, sizeof wanted, "63c%x", 9 - i);
        CHECK(apdu_is(&w, "002c000110" WRONG_PIN NEW_PIN1, wanted));
        if (i == 4)
            world_reset(&w);
    }
    CHECK(apdu_is(&w, "002c000110" WRONG_PIN NEW_PIN1, "6983"));
    world_reset(&w);
    CHECK(apdu_is(&w, "002c000110" PUK1 NEW_PIN1, "6983"));
    CHECK(apdu_is(&w, "002c0001", "6983"));
    world_close(&w);
}

/* Saved with the command: a cut counts as a try or as none, never as a success. */
static void a_power_cut_does_not_give_tries_back(void)
{
    struct world w;
    struct buf response = { .max = 300 }, wrong = hex("0020000108" WRONG_PIN);
    world_open(&w, NULL);
    CHECK(apdu_is(&w, "0028000108" PIN1, "9000"));
    for (int after = 0; after < 2; after++) {
        w.nvm.cut_at = w.nvm.saves + 1;
        w.nvm.after = after;
        CHECK(card_transmit(w.card, buf_span(&wrong), &response) == ERR_CUT && !response.len);
        w.nvm.cut_at = 0;
        world_reset(&w);
        CHECK(apdu_is(&w, "00200001", after ? "63c2" : "63c3"));
    }
    buf_release(&response);
    buf_release(&wrong);
    world_close(&w);
}

static void an_enabled_pin_guards_the_keys(void)
{
    static const char *const row[][3] = {
        { "USIM", "00a4040c0ca0000000871002ff49ff0589", "9000" },
        { "AUTHENTICATE in GSM context",
          "0088008011"
          "10"
          "00000000000000000000000000000000",
          "610e" },
        { "ENABLE PIN", "0028000108" PIN1, "9000" },
        { "AUTHENTICATE, verified by that",
          "0088008011"
          "10"
          "00000000000000000000000000000000",
          "610e" },
    };
    static const char *const locked[][3] = {
        { "USIM", "00a4040c0ca0000000871002ff49ff0589", "9000" },
        { "AUTHENTICATE without VERIFY",
          "0088008011"
          "10"
          "00000000000000000000000000000000",
          "6982" },
        { "VERIFY", "0020000108" PIN1, "9000" },
        { "AUTHENTICATE",
          "0088008011"
          "10"
          "00000000000000000000000000000000",
          "610e" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    world_reset(&w);
    for (size_t i = 0; i < COUNT(locked); i++)
        CHECK_ROW(locked[i][0], apdu_is(&w, locked[i][1], locked[i][2]));
    world_close(&w);
}

static void applications_are_found_by_partial_names(void)
{
    static const char *const row[][3] = {
        { "by five octets", "00a4040c05a000000087", "9000" },
        { "by four octets", "00a4040c04a0000000", "6a82" },
        { "the next of that name", "00a4040e05a000000087", "6a82" },
        { "the last of that name", "00a4040d05a000000087", "6a86" },
        { "the next by path", "00a4080e022fe2", "6a86" },
        { "EF under it by path from here", "00a4090c026f07", "9000" },
        { "a name that is too long", "00a4040c10a0000000871002ff49ff0589ff00ff00", "6a82" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    world_close(&w);
}

/* TS 102 221 11.1.1: P2 40 ends the session of an application, and with the last one what its PINs allowed. */
static void a_session_of_an_application_is_ended(void)
{
    static const char *const row[][3] = {
        { "ENABLE PIN", "0028000108" PIN1, "9000" },
        { "end of one that is not there", "00a4044c05a000000099", "6a82" },
        { "end of one that was not begun", "00a4044c05a000000087", "6985" },
        { "USIM", "00a4040c05a000000087", "9000" },
        { "VERIFY", "0020000108" PIN1, "9000" },
        { "its keys, with a challenge that is none", "00880081", "6a80" },
        { "USIM on another channel", "01a4040c05a000000087", "9000" },
        { "its end there", "01a4044c05a000000087", "9000" },
        { "which is no longer in the application", "01a4000c026f07", "6a82" },
        { "nor by path", "01a4080c047fff6f07", "6a82" },
        { "the first goes on", "00880081", "6a80" },
        { "by path", "00a4084c022fe2", "6a86" },
        { "by identifier", "00a4004c022fe2", "6a86" },
        { "the end", "00a4044c05a000000087", "9000" },
        { "no keys", "00880081", "6985" },
        { "is in the MF", "00a4000c022fe2", "9000" },
        { "USIM", "00a4040c05a000000087", "9000" },
        { "its keys without VERIFY", "00880081", "6982" },
        { "VERIFY", "0020000108" PIN1, "9000" },
        { "its keys, with a challenge that is none", "00880081", "6a80" },
        { "VERIFY of ADM", "0020000a083535353535353535", "9000" },
        { "the end", "00a4044c05a000000087", "9000" },
        { "EF.ICCID", "00a4000c022fe2", "9000" },
        { "where ADM still counts", "00d6000001aa", "9000" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    world_close(&w);
}

/* ADM6 (8A) of the USIM, whose attributes say that it is not enabled: administrative codes are always in force. */
static void with_disabled_adm6(struct euicc_settings *s)
{
    static struct euicc_profile profile;
    static struct buf upp = { .max = 8192 };
    add_elements(s, "a221a0058000810177a118a01630148002008a81083737373737373737830104840133", &profile, &upp);
}

static void administrative_codes_are_always_in_force(void)
{
    static const char *const row[][3] = {
        { "USIM", "00a4040c05a000000087", "9000" },
        { "ADM6, wrong", "0020008a083636363636363636", "63c2" },
        { "DISABLE PIN of it", "0026008a083737373737373737", "6985" },
        { "ADM6", "0020008a083737373737373737", "9000" },
    };
    struct world w;
    world_open(&w, with_disabled_adm6);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    world_close(&w);
}

static void records_are_searched(void)
{
    static const char *const row[][3] = {
        { "SEARCH RECORD without file", "00a20104025553", "6986" },
        { "EF.DIR", "00a4000c022f00", "9000" },
        { "SEARCH RECORD",
          "00a2010404"
          "5553494d"
          "00",
          "019000" },
        { "SEARCH RECORD backwards",
          "00a2010504"
          "5553494d"
          "00",
          "019000" },
        { "SEARCH RECORD for what is not there",
          "00a2010402"
          "1234",
          "6282" },
        { "SEARCH RECORD of an unknown kind",
          "00a2010602"
          "1234",
          "6a86" },
        { "SEARCH RECORD from a record that is not there",
          "00a2090402"
          "1234",
          "6a83" },
        { "SEARCH RECORD without pattern", "00a20104", "6700" },
        { "EF.ICCID", "00a4000c022fe2", "9000" },
        { "SEARCH RECORD in a transparent file",
          "00a2010402"
          "1234",
          "6981" },
        { "INCREASE of a transparent file", "8032000003000001", "6981" },
        { "UPDATE RECORD of a transparent file",
          "00dc010401"
          "00",
          "6981" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    world_close(&w);
}

#define OLD "61144f0ca0000000871002ff49ff058950045553494dffffffffffffffffffffff"
#define NEW "00000000000000000000000000000000000000000000000000000000000000fffe"

static void cyclic_files_keep_the_newest_first(void)
{
    static const char *const row[][3] = {
        { "EF.DIR", "00a4000c022f00", "9000" },
        { "READ RECORD", "00b2010421", OLD "9000" },
        { "UPDATE RECORD without the right", "00dc000321" NEW, "6982" },
        { "VERIFY", "0020000a083535353535353535", "9000" },
        { "UPDATE RECORD by number", "00dc010421" NEW, "6981" },
        { "UPDATE RECORD of wrong length",
          "00dc000301"
          "00",
          "6700" },
        { "UPDATE RECORD, the oldest", "00dc000321" NEW, "9000" },
        { "READ RECORD, the newest", "00b2010421", NEW "9000" },
        { "INCREASE without a rule for it", "8032000003000002", "6982" },
        { "INCREASE of nothing", "80320000", "6700" },
        { "INCREASE with parameters", "8032000103000002", "6a86" },
    };
    static const char *const increase[][3] = {
        { "EF.DIR", "00a4000c022f00", "9000" },
        { "INCREASE before VERIFY", "8032000003000002", "6982" },
        { "VERIFY", "0020000a083535353535353535", "9000" },
        { "UPDATE RECORD, which no rule allows now", "00dc000321" NEW, "6982" },
        { "INCREASE", "803200000300000100",
          "61144f0ca0000000871002ff49ff058950045553494e0000000000000000000000"
          "000001"
          "9000" },
        { "READ RECORD, the sum", "00b2010421",
          "61144f0ca0000000871002ff49ff058950045553494e00000000000000000000009000" },
        { "INCREASE beyond the end",
          "8032000021ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00",
          "9850" },
        { "INCREASE by more octets than a record has",
          "8032000022ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
          "6700" },
    };
    struct world w;
    world_open(&w, with_cyclic_file);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    world_reset(&w);
    CHECK(apdu_is(&w, "00a4000c022f00", "9000") && apdu_is(&w, "00b2010421", NEW "9000"));
    world_close(&w);
    world_open(&w, with_increase);
    for (size_t i = 0; i < COUNT(increase); i++)
        CHECK_ROW(increase[i][0], apdu_is(&w, increase[i][1], increase[i][2]));
    world_close(&w);
}

static void an_update_survives(void)
{
    struct world w;
    world_open(&w, NULL);
    CHECK(apdu_is(&w, "0020000a083535353535353535", "9000"));
    CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
    CHECK(apdu_is(&w, "00a4000c026f46", "9000"));
    CHECK(apdu_is(&w, "00d60001024142", "9000"));
    CHECK(apdu_is(&w,
                  "00d6001002"
                  "4142",
                  "6700")); /* beyond the end */
    world_reset(&w);
    CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
    CHECK(apdu_is(&w, "00a4000c026f46", "9000"));
    CHECK(apdu_is(&w, "00b0000003", "0141429000"));
    CHECK(apdu_is(&w, "00d600000101", "6982")); /* the verification does not */
    world_close(&w);
}

/* ---- authentication, with the network's side from lib/crypto
 * ------------------------------------------------------- */
static void the_sim_authenticates_and_resynchronises(void)
{
    struct world w;
    struct aka_vector v, s;
    struct buf out = { .max = 300 };
    world_open(&w, NULL);
    CHECK(network_authenticates(&w, 0x20, false, &v, &out) == 0x6985); /* the USIM is not selected */
    CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
    CHECK(network_authenticates(&w, 0x20, true, &v, &out) == 0x9862);
    CHECK(network_authenticates(&w, 0x20, false, &v, &out) == 0x9000);
    CHECK(out.len == 53 && out.at[44] == 8); /* with Kc: the profile has the service */
    CHECK(out.at[0] == 0xdb && out.at[1] == 8 && !memcmp(out.at + 2, v.res, 8));
    CHECK(!memcmp(out.at + 11, v.ck, 16) && !memcmp(out.at + 28, v.ik, 16));
    CHECK(network_authenticates(&w, 0x20, false, &v, &out) == 0x9000 &&
          out.at[0] == 0xdc); /* the same again */
    static const uint8_t zero[2] = { 0 }, sqn_ms[6] = { 0, 0, 0, 0, 0, 0x20 };
    REQUIRE(aka_compute(w.crypto, &lead_keys, lead_rand, sqn_ms, zero, &s) == ERR_OK);
    uint8_t concealed[6];
    for (int i = 0; i < 6; i++)
        concealed[i] = sqn_ms[i] ^ s.ak_star[i];
    CHECK(out.len == 16 && !memcmp(out.at + 2, concealed, 6) && !memcmp(out.at + 8, s.mac_s, 8));
    CHECK(network_authenticates(&w, 0x21, false, &v, &out) == 0x9000 &&
          out.at[0] == 0xdb); /* another index */
    CHECK(network_authenticates(&w, 0x40, false, &v, &out) == 0x9000 && out.at[0] == 0xdb);
    world_reset(&w);
    CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
    CHECK(network_authenticates(&w, 0x40, false, &v, &out) == 0x9000 &&
          out.at[0] == 0xdc); /* kept without power */
    world_close(&w);
    buf_release(&out);
}

/* The lead profile with AKA parameters of this kind: number and options of the algorithm, a key and OPc or TOPc of other
 * lengths, more of the algorithm's (hex), and what follows it. */
static const char *of_algorithm, *of_sequence;
static uint8_t of_number = AKA_MILENAGE, of_options = 0x02;
static const struct aka_params *of_keys = &lead_keys;

static void put_aka(struct buf *out)
{
    struct der_mark element, configuration, algorithm = { 0 };
    struct buf more = hex(of_algorithm), numbers = hex(of_sequence);
    bool tuak = of_number == AKA_TUAK;
    REQUIRE(der_put_open(out, 0xa4, &element) == ERR_OK && der_put(out, 0xa0, SPAN(0x81, 0x01, 0x07)) == ERR_OK);
    REQUIRE(der_put_open(out, 0xa1, &configuration) == ERR_OK && der_put_open(out, 0xa1, &algorithm) == ERR_OK);
    REQUIRE(der_put(out, 0x80, SPAN(of_number)) == ERR_OK && der_put(out, 0x81, SPAN(of_options)) == ERR_OK);
    REQUIRE(der_put(out, 0x82, span_of(of_keys->k, tuak ? of_keys->k_len : 16)) == ERR_OK);
    REQUIRE(der_put(out, 0x83, span_of(of_keys->opc, tuak ? 32 : 16)) == ERR_OK);
    REQUIRE(buf_put(out, buf_span(&more)) == ERR_OK);
    REQUIRE(der_put_close(out, algorithm) == ERR_OK && der_put_close(out, configuration) == ERR_OK);
    REQUIRE(buf_put(out, buf_span(&numbers)) == ERR_OK && der_put_close(out, element) == ERR_OK);
    buf_release(&more);
    buf_release(&numbers);
}

static void with_aka(struct euicc_settings *s)
{
    static struct euicc_profile profile;
    static struct buf upp = { .max = 8192 };
    struct der d = der_open(s->profiles[0].upp);
    buf_clear(&upp);
    while (!der_at_end(&d)) {
        struct der_tlv element;
        REQUIRE(der_next(&d, &element) == ERR_OK);
        if (element.tag == 0xa4)
            put_aka(&upp);
        else
            REQUIRE(buf_put(&upp, element.whole) == ERR_OK);
    }
    profile = s->profiles[0];
    profile.upp = buf_span(&upp);
    s->profiles = &profile;
}

/* TS 33.102 C.2. What a package says of sequence numbers does not include the index. */
static void sequence_numbers_are_those_of_the_package(void)
{
    static const struct {
        const char *name, *sequence; /* "@": a start that is the same for each index */
        uint64_t first, second;      /* SEQ; 0: not asked */
        uint8_t answers[2];          /* DB taken, DC not */
    } rows[] = {
        { "nothing said", "", 1, 2, { 0xdb, 0xdb } },
        { "the same twice", "", 1, 1, { 0xdb, 0xdc } },
        { "a start of 7: not above it", "@000000000007", 7, 8, { 0xdc, 0xdb } },
        { "the highest start", "@07ffffffffff", 0x7ffffffffff, 0, { 0xdc } },
        { "a jump as far as delta", "8306000000000064@000000000007", 107, 108, { 0xdb, 0xdb } },
        { "a jump farther than delta", "8306000000000064@000000000007", 108, 107, { 0xdc, 0xdb } },
        { "delta that is not checked", "8201008306000000000064@000000000007", 108, 0, { 0xdb } },
        { "the usual delta", "", 0x10000001, 0x10000000, { 0xdc, 0xdb } },
        { "as old as the age limit", "8406000000000005", 100, 95, { 0xdb, 0xdb } },
        { "older than the age limit", "8406000000000005", 100, 94, { 0xdb, 0xdc } },
        { "no age limit", "8406000000000000", 100, 2, { 0xdb, 0xdb } },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct aka_vector v;
        struct buf out = { .max = 300 }, sequence = { .max = 2048 };
        const char *start = strchr(rows[i].sequence, '@');
        REQUIRE(buf_printf(&sequence, "%.*s", (int)strcspn(rows[i].sequence, "@"), rows[i].sequence) == ERR_OK);
        REQUIRE(!start || buf_put_str(&sequence, "a5820100") == ERR_OK);
        for (unsigned n = 0; start && n < 32; n++)
            REQUIRE(buf_printf(&sequence, "0406%s", start + 1) == ERR_OK);
        of_algorithm = "";
        of_sequence = buf_cstr(&sequence);
        world_open(&w, with_aka);
        REQUIRE(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
        const uint64_t asked[] = { rows[i].first, rows[i].second };
        bool same = asked[0] == asked[1];
        for (unsigned n = 0; n < 2 && asked[n]; n++) { /* each with an index of its own */
            uint16_t sw = network_authenticates(&w, asked[n] << 5 | (same ? 3 : n), false, &v, &out);
            CHECK_ROW(rows[i].name, sw == 0x9000 && out.at[0] == rows[i].answers[n]);
        }
        world_close(&w);
        buf_release(&out);
        buf_release(&sequence);
    }
}

/* The network's side of TUAK, TS 35.233 set 5. */
static const struct aka_params tuak_keys = {
    .algorithm = AKA_TUAK,
    .k_len = 32,
    .k = { 0x15, 0x74, 0xca, 0x56, 0x88, 0x1d, 0x05, 0xc1, 0x89, 0xc8, 0x28, 0x80, 0xf7, 0x89, 0xc9, 0xcd,
           0x42, 0x44, 0x95, 0x5f, 0x44, 0x26, 0xaa, 0x2b, 0x69, 0xc2, 0x9f, 0x15, 0x77, 0x0e, 0x5a, 0xa5 },
    .opc = { 0x3c, 0x60, 0x52, 0xe4, 0x15, 0x32, 0xa2, 0x8a, 0x47, 0xaa, 0x3c, 0xbb, 0x89, 0xf2, 0x23, 0xe8,
             0xf3, 0xaa, 0xa9, 0x76, 0xae, 0xcd, 0x48, 0xbc, 0x3e, 0x7d, 0x61, 0x65, 0xa5, 0x5e, 0xff, 0x62 },
};

/* RES, CK and IK as long as algorithmOptions say, and what they are. */
static void answers_are_as_long_as_the_package_says(void)
{
    static const struct {
        const char *name;
        uint8_t number, options;
        size_t res, keys;
        const char *gsm; /* how AUTHENTICATE in GSM context begins */
    } rows[] = {
        { "Milenage, as TS.48 and others write it", AKA_MILENAGE, 0x02, 8, 16, "610e" },
        { "Milenage: nothing there is for it", AKA_MILENAGE, 0x00, 8, 16, "610e" },
        { "Milenage: not even what nobody knows", AKA_MILENAGE, 0xff, 8, 16, "610e" },
        { "TUAK with RES of 32 bits", AKA_TUAK, 0x00, 4, 16, "610e" },
        { "TUAK with RES of 64 bits", AKA_TUAK, 0x01, 8, 16, "610e" },
        { "TUAK with RES of 128 bits", AKA_TUAK, 0x02, 16, 16, "610e" },
        { "TUAK with RES of 256 bits", AKA_TUAK, 0x03, 32, 16, "610e" },
        { "TUAK with keys of 256 bits: no Kc can be made of them", AKA_TUAK, 0x41, 8, 32, "9864" },
        { "TUAK with all of 256 bits", AKA_TUAK, 0x43, 32, 32, "9864" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct aka_vector v;
        struct buf out = { .max = 300 };
        struct aka_params keys = rows[i].number == AKA_TUAK ? tuak_keys : lead_keys;
        keys.res_len = (uint8_t)rows[i].res;
        keys.ck_len = keys.ik_len = (uint8_t)rows[i].keys;
        of_algorithm = of_sequence = "";
        of_number = rows[i].number;
        of_options = rows[i].options;
        of_keys = &keys;
        world_open(&w, with_aka);
        CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
        CHECK_ROW(rows[i].name, network_of(&w, &keys, 0x20, false, &v, &out) == 0x9000 && out.at[0] == 0xdb);
        bool kc = rows[i].keys == 16;
        CHECK_ROW(rows[i].name, out.len == 4 + rows[i].res + 2 * rows[i].keys + (kc ? 9 : 0));
        CHECK_ROW(rows[i].name, out.at[1] == rows[i].res && !memcmp(out.at + 2, v.res, rows[i].res));
        const uint8_t *ck = out.at + 2 + rows[i].res, *ik = ck + 1 + rows[i].keys;
        CHECK_ROW(rows[i].name, ck[0] == rows[i].keys && !memcmp(ck + 1, v.ck, rows[i].keys));
        CHECK_ROW(rows[i].name, ik[0] == rows[i].keys && !memcmp(ik + 1, v.ik, rows[i].keys));
        CHECK_ROW(rows[i].name, apdu_is(&w, "0088008011" "10" "00000000000000000000000000000000", rows[i].gsm));
        CHECK_ROW(rows[i].name, network_of(&w, &keys, 0x40, true, &v, &out) == 0x9862);
        CHECK_ROW(rows[i].name, network_of(&w, &keys, 0x20, false, &v, &out) == 0x9000 && out.at[0] == 0xdc);
        buf_release(&out);
        world_close(&w);
    }
    of_number = AKA_MILENAGE;
    of_options = 0x02;
    of_keys = &lead_keys;
}

static void keys_are_used_as_often_as_the_package_allows(void)
{
    struct world w;
    struct aka_vector v;
    struct buf out = { .max = 300 };
    of_algorithm = "8603000003";
    of_sequence = "";
    world_open(&w, with_aka);
    CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
    CHECK(network_authenticates(&w, 0x20, false, &v, &out) == 0x9000);
    CHECK(network_authenticates(&w, 0x40, true, &v, &out) == 0x9862); /* counts too */
    world_reset(&w);
    CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
    CHECK(network_authenticates(&w, 0x60, false, &v, &out) == 0x9000);
    CHECK(network_authenticates(&w, 0x80, false, &v, &out) == 0x6985);
    CHECK(apdu_is(&w, "00b0870009", "0829261089674523019000")); /* the files are as before */
    world_reset(&w);
    CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
    CHECK(network_authenticates(&w, 0x80, false, &v, &out) == 0x6985);
    world_close(&w);
    buf_release(&out);
}

/* TS 34.108 8.1.2 by hand: the test key 00 01 … 0F, RAND of zeros, so XDOUT is the key. */
static void the_test_algorithm_of_34_108_is_known(void)
{
    static const char autn[] = "030405060708"
                               "0000"
                               "0001020304250607"; /* SQN 0 xor AK; MAC-A = XDOUT xor SQN, AMF */
    static const uint8_t milenage[] = { 0x80, 0x01, 0x01, 0x81, 0x01, 0x02, 0x82, 0x10 };
    const struct wishes wishes = { .profile_class = 2, .test_key = true };
    struct world w;
    struct dp d;
    char command[128];
    world_open(&w, NULL);
    dp_open(&d);
    put_profile(PARTNER_ICCID, &wishes, &d.metadata, &d.upp);
    uint8_t *at = memmem(d.upp.at, d.upp.len, milenage, sizeof milenage);
    REQUIRE(at != NULL);
    at[2] = 3;
    REQUIRE(download(&w, &d) == 0);
    CHECK(es10_is(&w, "bf3111a00c5a0a980010325476981032858101ff", "bf3103800100"));
    CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
    snprintf(command, sizeof command, "0088008122100000000000000000000000000000000010%s00", autn);
    CHECK_ROW("MAC-A over another SQN", apdu_is(&w, command, "9862"));
    /* SQN 20 under AK 03..08; MAC-A = 0001020304050607 xor 0000000000200000 */
    CHECK_ROW("SQN 20", apdu_is(&w,
                                "00880081221000000000000000000000000000000000"
                                "10"
                                "030405060728"
                                "0000"
                                "0001020304250607"
                                "00",
                                "db10000102030405060708090a0b0c0d0e0f"
                                "100102030405060708090a0b0c0d0e0f00"
                                "1002030405060708090a0b0c0d0e0f0001"
                                "0800000000000000009000")); /* Kc: what is in it twice is gone */
    dp_close(&d);
    world_close(&w);
}

static void malformed_authentications_are_refused(void)
{
    static const char *const row[][3] = {
        { "selected", "00a4040c0ca0000000871002ff49ff0589", "9000" },
        { "no data", "00880081", "6a80" },
        { "RAND alone",
          "008800811110"
          "00000000000000000000000000000000",
          "6a80" },
        { "wrong inner length",
          "00880081220f00000000000000000000000000000000100000000000000000000000000000000000",
          "6a80" },
        { "GSM context without RAND",
          "0088008010"
          "10"
          "000000000000000000000000000000",
          "6a80" },
        { "GSM context with the length of another",
          "0088008011"
          "0f"
          "00000000000000000000000000000000",
          "6a80" },
        { "a context that nobody knows",
          "0088008311"
          "10"
          "00000000000000000000000000000000",
          "6a86" },
        { "a context without its own keys",
          "0088000111"
          "10"
          "00000000000000000000000000000000",
          "6a86" },
        { "VGCS/VBS context", "0088008200", "9864" },
        { "GBA context",
          "0088008411"
          "10"
          "00000000000000000000000000000000",
          "9864" },
        { "MBMS context", "0088008500", "9864" },
        { "local key context", "0088008600", "9864" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i][0], apdu_is(&w, row[i][1], row[i][2]));
    world_close(&w);
}

/* The lead profile without service 27, GSM access. */
static void without_gsm_access(struct euicc_settings *s)
{
    static const uint8_t services[] = { 0x9e, 0xff, 0xbf, 0x1d };
    static struct euicc_profile profile;
    static struct buf upp = { .max = 8192 };
    profile = s->profiles[0];
    REQUIRE(buf_set(&upp, profile.upp) == ERR_OK);
    uint8_t *at = memmem(upp.at, upp.len, services, sizeof services);
    REQUIRE(at != NULL);
    at[3] &= (uint8_t)~0x04;
    profile.upp = buf_span(&upp);
    s->profiles = &profile;
}

static void gsm_context_wants_its_service(void)
{
    struct world w;
    struct aka_vector v;
    struct buf out = { .max = 300 };
    world_open(&w, without_gsm_access);
    CHECK(apdu_is(&w, "00a4040c0ca0000000871002ff49ff0589", "9000"));
    CHECK(apdu_is(&w, "00880080111000000000000000000000000000000000", "9864"));
    CHECK(network_authenticates(&w, 0x20, false, &v, &out) == 0x9000);
    CHECK(out.len == 44); /* without Kc */
    world_close(&w);
    buf_release(&out);
}

const struct test usim_tests[] = {
    { "files are selected and read", files_are_selected_and_read },
    { "nothing is there without an enabled profile", nothing_is_there_without_an_enabled_profile },
    { "codes are counted and kept", codes_are_counted_and_kept },
    { "PINs are managed", pins_are_managed },
    { "an unblocking code is blocked for ever", an_unblocking_code_is_blocked_for_ever },
    { "a power cut does not give tries back", a_power_cut_does_not_give_tries_back },
    { "an enabled PIN guards the keys", an_enabled_pin_guards_the_keys },
    { "applications are found by partial names", applications_are_found_by_partial_names },
    { "administrative codes are always in force", administrative_codes_are_always_in_force },
    { "a session of an application is ended", a_session_of_an_application_is_ended },
    { "records are searched", records_are_searched },
    { "cyclic files keep the newest first", cyclic_files_keep_the_newest_first },
    { "an update survives", an_update_survives },
    { "the SIM authenticates and resynchronises", the_sim_authenticates_and_resynchronises },
    { "sequence numbers are those of the package", sequence_numbers_are_those_of_the_package },
    { "answers are as long as the package says", answers_are_as_long_as_the_package_says },
    { "keys are used as often as the package allows", keys_are_used_as_often_as_the_package_allows },
    { "the test algorithm of TS 34.108 is known", the_test_algorithm_of_34_108_is_known },
    { "malformed authentications are refused", malformed_authentications_are_refused },
    { "GSM context wants its service", gsm_context_wants_its_service },
};
const size_t usim_tests_count = COUNT(usim_tests);
