/* The state of files and the objects in them: DEACTIVATE and ACTIVATE FILE, RETRIEVE and SET DATA. */
#include <string.h>

#include "world.h"

void with_files(struct euicc_settings *s)
{
    static struct euicc_profile profile;
    static struct buf upp = { .max = 8192 };
    add_elements(s,
        "a18193a0058000810177a1818930818680027fd062118202792183026ff88b036f060580020040810d800301"
        "0203a10204007f21015562118202792183026ff98b036f06018002001062168202412183026ffa8b036f0605"
        "80020004a503c0014081040102030462148202412183026ffb8a01048b036f06058002000481040102030462"
        "118202792183026ffc8b036f060580020200",
                 &profile, &upp);
}

#define USIM "00a4040c0ca0000000871002ff49ff0589"
#define ADM "0020000a083535353535353535"

static void deactivated_files_give_nothing(void)
{
    static const struct apdu_row rows[] = {
        { "USIM", USIM, "9000" },
        { "DEACTIVATE FILE without a file", "00040000", "6986" },
        { "EF", "00a4000c026ffa", "9000" },
        { "READ BINARY", "00b0000004", "010203049000" },
        { "DEACTIVATE FILE without the right", "00040000", "6982" },
        { "ACTIVATE FILE without the right", "00440000", "6982" },
        { "DEACTIVATE FILE of an unknown kind", "00040100", "6a86" },
        { "DEACTIVATE FILE with P2", "00040001", "6a86" },
        { "DEACTIVATE FILE of the parent", "00040300", "6a86" },
        { "DEACTIVATE FILE by AID", "0004040007a0000000871002", "6a86" },
        { "DEACTIVATE FILE of another class", "80040000", "6e00" },
        { "ACTIVATE FILE of another class", "80440000", "6e00" },
        { "VERIFY", ADM, "9000" },
        { "DEACTIVATE FILE of nothing", "00040000026f99", "6a82" },
        { "DEACTIVATE FILE with half an identifier", "00040000016f", "6a82" },
        { "DEACTIVATE FILE of an application", "00040800027fd0", "6981" },
        { "DEACTIVATE FILE of the MF", "00040000023f00", "6981" },
        { "DEACTIVATE FILE by a path through a file", "00040800042fe26f07", "6a82" },
        { "READ BINARY of the same file as before", "00b0000004", "010203049000" },
        { "DEACTIVATE FILE", "00040000", "9000" },
        { "DEACTIVATE FILE once more", "00040000", "9000" },
        { "SELECT says so", "00a40004026ffa00", "62168202412183026ffa8a01048b036f0605800200048800" "6283" },
        { "SELECT without data says so", "00a4000c026ffa", "6283" },
        { "READ BINARY of a file that may be used so", "00b0000004", "010203049000" },
        { "UPDATE BINARY of such a file", "00d600000109", "9000" },
        { "a file that began deactivated", "00a4000c026ffb", "6283" },
        { "READ BINARY of it", "00b0000004", "6984" },
        { "UPDATE BINARY of it", "00d600000109", "6984" },
        { "ACTIVATE FILE", "00440000", "9000" },
        { "READ BINARY of the activated file", "00b0000004", "010203049000" },
        { "SELECT of the activated file", "00a4000c026ffb", "9000" },
        { "DEACTIVATE FILE by path from here", "00040900026f07", "9000" },
        { "READ BINARY of the file that this selected", "00b0000009", "6984" },
        { "READ BINARY by short identifier", "00b0870009", "6984" },
        { "ACTIVATE FILE by identifier", "00440000026f07", "9000" },
        { "READ BINARY by short identifier again", "00b0870009", "0829261089674523019000" },
        { "DEACTIVATE FILE by path from the MF", "00040800022f00", "9000" },
        { "READ RECORD", "00b2010421", "6984" },
        { "SEARCH RECORD", "00a20104025553", "6984" },
        { "UPDATE RECORD", "00dc010401aa", "6984" },
        { "INCREASE", "8032000003000001", "6981" },
    };
    static const struct apdu_row after[] = {
        { "EF.DIR after power off", "00a4000c022f00", "6283" },
        { "READ RECORD", "00b2010421", "6984" },
        { "ACTIVATE FILE without the right", "00440000", "6982" },
        { "USIM", USIM, "9000" },
        { "what was activated", "00a4000c026ffb", "9000" },
        { "what was deactivated", "00a4000c026ffa", "6283" },
        { "what was written while deactivated", "00b0000002", "09029000" },
        { "VERIFY", ADM, "9000" },
        { "ACTIVATE FILE", "00440000", "9000" },
        { "SELECT", "00a4000c026ffa", "9000" },
    };
    play_card(with_files, rows, COUNT(rows), after, COUNT(after));
}

/* TS 102 221 C.1: the warning comes at once, and again with the data. */
static void a_warning_with_data_is_told_twice(void)
{
    static const struct apdu_row rows[] = {
        { "USIM", USIM, "9000" },
        { "SELECT without Le", "00a40004026ffb", "6283" },
        { "GET RESPONSE, a part", "00c0000002", "6216" "6283" },
        { "GET RESPONSE, the rest", "00c0000000", "82024121" "83026ffb" "8a0104" "8b036f0605" "80020004" "8800" "6283" },
        { "GET RESPONSE of nothing", "00c0000000", "6985" },
        { "SELECT of another", "00a40004026ffa", "6118" },
        { "GET RESPONSE", "00c0000018", "621682024121" "83026ffa" "8a0105" "8b036f0605" "80020004" "8800" "9000" },
    };
    play_card(with_files, rows, COUNT(rows), NULL, 0);
}

static void objects_are_retrieved_in_blocks(void)
{
    static const struct apdu_row rows[] = {
        { "RETRIEVE DATA without a file", "80cb0080018000", "6986" },
        { "USIM", USIM, "9000" },
        { "RETRIEVE DATA on the application", "80cb0080018000", "6986" },
        { "the file", "00a40004026ff800", "622382027921" "83026ff8" "a50b" "840101" "85020040" "86020040"
                                          "8a0105" "8b036f0605" "80020040" "8800" "9000" },
        { "READ BINARY of a BER-TLV file", "00b0000001", "6981" },
        { "READ RECORD of a BER-TLV file", "00b2010401", "6981" },
        { "an object", "80cb0080018000", "80030102039000" },
        { "a constructed object", "80cb008001a100", "a10204009000" },
        { "an object whose tag has two octets", "80cb0080027f2100", "7f2101559000" },
        { "the tags", "80cb0080015c00", "5c0480a17f219000" },
        { "a tag that is not there", "80cb0080018100", "6a88" },
        { "no tag", "80cb008000", "6a80" },
        { "a tag with something behind it", "80cb008002800300", "6a80" },
        { "a tag cut short", "80cb0080017f00", "6a80" },
        { "P1", "80cb0180018000", "6a86" },
        { "first and same block", "80cb00c0018000", "6a86" },
        { "a bit that is RFU", "80cb00a0018000", "6a86" },
        { "a further block of a named file", "80cb000100", "6a86" },
        { "a file that no short identifier names", "80cb009f018000", "6a82" },
        { "the interindustry class", "00cb0080018000", "6e00" },
        { "the file again", "00a4000c026ff8", "9000" },
        { "the next block of nothing", "80cb000000", "6985" },
        { "the same block of nothing", "80cb004000", "6985" },
        { "the first block", "80cb0080018002", "800362f1" },
        { "the next block", "80cb000002", "010262f1" },
        { "the same block", "80cb004002", "010262f1" },
        { "the same block, shorter", "80cb004001", "0162f1" },
        { "the last block", "80cb000000", "02039000" },
        { "the last block again", "80cb004000", "02039000" },
        { "a block behind the last", "80cb000000", "6985" },
        { "a first block", "80cb0080018002", "800362f1" },
        { "a next block with a tag", "80cb0000018000", "6700" },
        { "SET DATA does not go on with what was retrieved", "80db000001aa", "6985" },
        { "STATUS in between", "80f2000c", "9000" },
        { "the next block is gone", "80cb000000", "6985" },
        { "without Le", "80cb00800180", "6105" },
        { "GET RESPONSE", "00c0000005", "80030102039000" },
        { "EF.IMSI", "00a4000c026f07", "9000" },
        { "RETRIEVE DATA of a transparent file", "80cb0080018000", "6981" },
        { "RETRIEVE DATA by the short identifier of one", "80cb0087018000", "6981" },
        { "a file without objects", "00a4000c026ff9", "9000" },
        { "its tags", "80cb0080015c00", "5c009000" },
        { "an object of it", "80cb0080018000", "6a88" },
    };
    play_card(with_files, rows, COUNT(rows), NULL, 0);
}

static void objects_are_set_whole_or_not_at_all(void)
{
    static const struct apdu_row rows[] = {
        { "SET DATA without a file", "80db0080038101aa", "6986" },
        { "USIM", USIM, "9000" },
        { "EF.IMSI", "00a4000c026f07", "9000" },
        { "SET DATA of a transparent file", "80db0080038101aa", "6981" },
        { "a file that ADM updates", "00a4000c026ff9", "9000" },
        { "SET DATA without the right", "80db0080038101aa", "6982" },
        { "the file", "00a4000c026ff8", "9000" },
        { "another value", "80db00800480020909", "9000" },
        { "RETRIEVE DATA of it", "80cb0080018000", "800209099000" },
        { "a new object", "80db0080038101aa", "9000" },
        { "the tags", "80cb0080015c00", "5c05a17f2180819000" },
        { "the first block", "80db008003820401", "63f1" },
        { "the next block", "80db0000020203", "63f1" },
        { "the same block", "80db0040020203", "63f1" },
        { "the last block", "80db00000104", "9000" },
        { "RETRIEVE DATA of what came in blocks", "80cb0080018200", "8204010203049000" },
        { "a block behind the last", "80db00000105", "6985" },
        { "an object without contents", "80db0080028500", "9000" },
        { "RETRIEVE DATA of it", "80cb0080018500", "85009000" },
        { "more than its length says", "80db0080048301aabb", "6a80" },
        { "more than its length says, in the next block", "80db0080038302aa", "63f1" },
        { "there it is", "80db000002bbcc", "6a80" },
        { "and ended the command", "80db000001bb", "6985" },
        { "RETRIEVE DATA of what was refused", "80cb0080018300", "6a88" },
        { "a first block", "80db008003810401", "63f1" },
        { "RETRIEVE DATA in between gives the old object", "80cb0080018100", "8101aa9000" },
        { "the next block is too late", "80db000003020304", "6985" },
        { "a first block", "80db008003840401", "63f1" },
        { "a next block without contents", "80db0000", "6700" },
        { "the same block, which was the first", "80db00400102", "6985" },
        { "the tag that asks for tags", "80db0080025c00", "6a80" },
        { "a tag of filler", "80db008003ff0100", "6a80" },
        { "a tag of zeros", "80db008003000100", "6a80" },
        { "no data", "80db0080", "6a80" },
        { "a tag cut short", "80db0080017f", "6a80" },
        { "a length of five octets", "80db008006848400000001", "6a80" },
        { "an indefinite length", "80db0080048480aa00", "6a80" },
        { "a length that is not all there", "80db0080028482", "6a80" },
        { "more than the file holds", "80db00800484820100", "6a84" },
        { "more than there is room for", "80db008030842e00000000000000000000000000000000000000000000000000000000"
                                         "000000000000000000000000000000000000", "6a84" },
        { "the tags are as before", "80cb0080015c00", "5c07a17f21808182859000" },
        { "a tag alone takes its object away", "80db00800181", "9000" },
        { "RETRIEVE DATA of what is gone", "80cb0080018100", "6a88" },
        { "taking away what is not there", "80db00800181", "6a88" },
        { "P1", "80db0180038101aa", "6a86" },
        { "the interindustry class", "00db0080038101aa", "6e00" },
        { "VERIFY", ADM, "9000" },
        { "DEACTIVATE FILE", "00040000", "9000" },
        { "RETRIEVE DATA of a deactivated file", "80cb0080018000", "6984" },
        { "SET DATA of a deactivated file", "80db0080038101aa", "6984" },
        { "ACTIVATE FILE", "00440000", "9000" },
        { "a first block before power off", "80db008003800401", "63f1" },
    };
    static const struct apdu_row after[] = {
        { "USIM", USIM, "9000" },
        { "the file", "00a4000c026ff8", "9000" },
        { "the next block", "80db000003020304", "6985" },
        { "the tags after power off", "80cb0080015c00", "5c06a17f218082859000" },
        { "an object after power off", "80cb0080018200", "8204010203049000" },
    };
    play_card(with_files, rows, COUNT(rows), after, COUNT(after));
}

/* 300 octets: more than one command takes or one answer gives. */
static void a_long_object_goes_both_ways(void)
{
    uint8_t object[304] = { 0x80, 0x82, 0x01, 0x2c }, first[5 + 255] = { 0x80, 0xdb, 0x00, 0x80, 0xff },
            next[5 + 49] = { 0x80, 0xdb, 0x00, 0x00, 49 };
    struct buf response = { .max = 512 };
    struct world w;
    world_open(&w, with_files);
    CHECK(apdu_is(&w, USIM, "9000") && apdu_is(&w, "00a4000c026ffc", "9000"));
    for (size_t i = 4; i < sizeof object; i++)
        object[i] = (uint8_t)(i * 7);
    memcpy(first + 5, object, 255);
    memcpy(next + 5, object + 255, 49);
    REQUIRE(card_transmit(w.card, SPAN_ARRAY(first), &response) == ERR_OK);
    CHECK(span_equal(buf_span(&response), SPAN(0x63, 0xf1)));
    REQUIRE(card_transmit(w.card, SPAN_ARRAY(next), &response) == ERR_OK);
    CHECK(span_equal(buf_span(&response), SPAN(0x90, 0x00)));
    REQUIRE(card_transmit(w.card, SPAN(0x80, 0xcb, 0x00, 0x80, 0x01, 0x80, 0x00), &response) == ERR_OK);
    CHECK(response.len == 258 && !memcmp(response.at, object, 256) && response.at[256] == 0x62 && response.at[257] == 0xf1);
    REQUIRE(card_transmit(w.card, SPAN(0x80, 0xcb, 0x00, 0x00, 0x00), &response) == ERR_OK);
    CHECK(response.len == 50 && !memcmp(response.at, object + 256, 48) && response.at[48] == 0x90);
    buf_release(&response);
    world_close(&w);
}

/* DF.TELECOM whose local PINs are the USIM's. */
static void with_shared_pins(struct euicc_settings *s)
{
    static struct euicc_profile profile;
    static struct buf upp = { .max = 8192 };
    add_elements(s,
                 "b213a0058000810170810667810f010203a202a100"
                 "a20da0058000810171a10481027fd0",
                 &profile, &upp);
}

static void shared_pins_have_one_counter(void)
{
    static const struct apdu_row rows[] = {
        { "DF.TELECOM", "00a4000c027f10", "9000" },
        { "tries of the second PIN", "00200081", "63c3" },
        { "VERIFY with a wrong value", "002000810838383838ffffffff", "63c2" },
        { "USIM", USIM, "9000" },
        { "tries of the same PIN", "00200081", "63c2" },
        { "VERIFY", "002000810839393939ffffffff", "9000" },
        { "DF.TELECOM", "00a4000c027f10", "9000" },
        { "tries after success", "00200081", "63c3" },
        { "a second PIN that nobody has", "00200082", "6a88" },
    };
    static const struct apdu_row alone[] = {
        { "the MF has no second PIN", "00a4000c023f00", "9000" },
        { "its tries", "00200081", "6a88" },
    };
    play_card(with_shared_pins, rows, COUNT(rows), alone, COUNT(alone));
}

/* Under the USIM: 6FE1 with three records one after the other, 6FE2 the same in a circle. */
static void with_records(struct euicc_settings *s)
{
    static struct euicc_profile profile;
    static struct buf upp = { .max = 8192 };
    add_elements(s,
        "a149a0058000810177a140303e80027fd0621382044221000283026fe18b036f060580020006810601010202030362138204"
        "4621000283026fe28b036f0605800200068106010102020303",
                 &profile, &upp);
}

static void records_are_read_one_after_the_other(void)
{
    static const struct apdu_row rows[] = {
        { "USIM", USIM, "9000" },
        { "linear EF", "00a4000c026fe1", "9000" },
        { "READ RECORD of the current one, while there is none", "00b2000402", "6a83" },
        { "next, length unknown", "00b2000200", "6c02" },
        { "next, too long", "00b2000203", "6c02" },
        { "next, which those two did not move", "00b2000202", "01019000" },
        { "next", "00b2000202", "02029000" },
        { "current", "00b2000402", "02029000" },
        { "by number", "00b2010402", "01019000" },
        { "current, which a number does not move", "00b2000402", "02029000" },
        { "previous, length unknown", "00b2000300", "6c02" },
        { "UPDATE RECORD, next, of wrong length", "00dc00020109", "6700" },
        { "next, after what was refused", "00b2000202", "03039000" },
        { "next behind the last", "00b2000202", "6a83" },
        { "current is still the last", "00b2000402", "03039000" },
        { "previous", "00b2000302", "02029000" },
        { "previous", "00b2000302", "01019000" },
        { "previous before the first", "00b2000302", "6a83" },
        { "UPDATE RECORD, next", "00dc0002020909", "9000" },
        { "current", "00b2000402", "09099000" },
        { "SEARCH RECORD forward from the current one", "00a200040101", "6282" },
        { "SEARCH RECORD backward from the current one", "00a2000501" "0100", "019000" },
        { "SELECT forgets the current one", "00a4000c026fe1", "9000" },
        { "READ RECORD of the current one", "00b2000402", "6a83" },
        { "SEARCH RECORD forward from there", "00a2000401" "0100", "019000" },
        { "SEARCH RECORD backward from there", "00a2000501" "0300", "039000" },
        { "previous is the last one then", "00b2000302", "03039000" },
    };
    play_card(with_records, rows, COUNT(rows), NULL, 0);
}

/* ETSI TS 102 221 8.2.2.3, 11.1.5: the last updated record is the first and is current once the file is selected; behind
 * the oldest comes the newest. */
static void records_of_a_cyclic_file_go_round(void)
{
    static const struct apdu_row rows[] = {
        { "USIM", USIM, "9000" },
        { "cyclic EF", "00a4000c026fe2", "9000" },
        { "READ RECORD of the current one", "00b2000402", "01019000" },
        { "next", "00b2000202", "02029000" },
        { "next", "00b2000202", "03039000" },
        { "next behind the oldest", "00b2000202", "01019000" },
        { "previous before the newest", "00b2000302", "03039000" },
        { "UPDATE RECORD by number", "00dc0104020909", "6981" },
        { "UPDATE RECORD, next", "00dc0002020909", "6981" },
        { "current, after what was refused", "00b2000402", "03039000" },
        { "UPDATE RECORD, previous", "00dc0003020909", "9000" },
        { "current is the new one", "00b2000402", "09099000" },
        { "next is the one that was the newest", "00b2000202", "01019000" },
        { "next", "00b2000202", "02029000" },
        { "and the oldest is gone", "00b2000202", "09099000" },
    };
    play_card(with_records, rows, COUNT(rows), NULL, 0);
}

const struct test files_tests[] = {
    { "records are read one after the other", records_are_read_one_after_the_other },
    { "records of a cyclic file go round", records_of_a_cyclic_file_go_round },
    { "deactivated files give nothing", deactivated_files_give_nothing },
    { "a warning with data is told twice", a_warning_with_data_is_told_twice },
    { "objects are retrieved in blocks", objects_are_retrieved_in_blocks },
    { "objects are set whole or not at all", objects_are_set_whole_or_not_at_all },
    { "a long object goes both ways", a_long_object_goes_both_ways },
    { "shared PINs have one counter", shared_pins_have_one_counter },
};
const size_t files_tests_count = COUNT(files_tests);
