/* The way of an independent LPA with our programs: a card behind pcscd, an SM-DP+ behind TLS, driven by our own PC/SC client,
 * by Debian's opensc-tool where it is installed, and by 'sgp32lab card'. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rsp_ids.h"
#include "stand.h"

#define ICCID1 "5a0a98001032547698103285" /* FIRST */
#define ICCID2 "5a0a98001032547698103266" /* SECOND */
#define NICKNAME "90095ac3a4686c65722031" /* "Zähler 1" */

static bool profiles_are(struct stand *s, const char *wanted)
{
    char text[400];
    stand_profiles(s, text);
    if (strcmp(text, wanted) != 0)
        printf("\n    %s", text);
    return strcmp(text, wanted) == 0;
}

static bool notifications_are(struct stand *s, const char *wanted)
{
    char text[400];
    stand_notifications(s, text);
    if (strcmp(text, wanted) != 0)
        printf("\n    %s", text);
    return strcmp(text, wanted) == 0;
}

struct exchange {
    const char *name, *request, *response;
};

static void play(struct stand *s, const struct exchange *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK_ROW(rows[i].name, stand_es10_is(s, rows[i].request, rows[i].response));
}

static void download_both(struct stand *s)
{
    char why[200];
    CHECK(stand_download(s, "WRONG", NULL, why) == -2 && strstr(why, "8.2.6/3.8"));
    CHECK(stand_download(s, "CODE-1", NULL, why) == -1);
    CHECK(stand_download(s, "CODE-1", NULL, why) == 9); /* installFailedDueToIccidAlreadyExistsOnEuicc */
    CHECK(stand_download(s, "CODE-2", "9999", why) == -2 && strstr(why, "8.2.7/3.8"));
    CHECK(stand_download(s, "CODE-2", CODE, why) == -1);
    CHECK(profiles_are(s, "FIRST- SECOND- "));
    CHECK(notifications_are(s, "1 install, 2 install, 3 install"));
}

static void switch_and_delete(struct stand *s)
{
    static const struct exchange rows[] = {
        { "nickname", "bf2917" ICCID1 NICKNAME, "bf2903800100" },
        { "nickname of nobody", "bf290f5a0a98001032547698109999900141", "bf2903800101" },
        { "enable by ICCID", "bf3111a00c" ICCID1 "8101ff", "bf3103800100" },
        { "enable what is enabled", "bf3111a00c" ICCID1 "8101ff", "bf3103800102" },
        { "enable by AID, without refresh", "bf3117a0124f10a0000005591010ffffffff8900001100810100", "bf3103800100" },
        { "disable by AID", "bf3217a0124f10a0000005591010ffffffff8900001100810100", "bf3203800100" },
        { "disable what is disabled", "bf3211a00c" ICCID2 "8101ff", "bf3203800102" },
        { "enable again", "bf3111a00c" ICCID2 "8101ff", "bf3103800100" },
        { "delete what is enabled", "bf330c" ICCID2, "bf3303800102" },
        { "delete", "bf330c" ICCID1, "bf3303800100" },
        { "delete what is gone", "bf330c" ICCID1, "bf3303800101" },
    };
    play(s, rows, 1);
    CHECK(profiles_are(s, "FIRST-Zähler 1 SECOND- "));
    play(s, rows + 1, COUNT(rows) - 1);
    CHECK(profiles_are(s, "SECOND+ "));
}

static void a_consumer_card_lives_its_life_behind_pcscd(void)
{
    static const struct exchange addresses[] = {
        { "set the default SM-DP+", "bf3f128010736d64702e6578616d706c652e636f6d", "bf3f03800100" },
        { "read it", "bf3c00", "bf3c148010736d64702e6578616d706c652e636f6d8100" },
    };
    static const struct exchange reset[] = {
        { "remove one that is not there", "bf3003800163", "bf3003800101" },
        { "memory reset", "bf3404820205e0", "bf3403800100" },
        { "the address is gone too", "bf3c00", "bf3c028100" },
        { "nothing to reset", "bf3404820205e0", "bf3403800101" },
    };
    struct stand s;
    char text[4096];
    stand_open(&s, true);
    stand_connect(&s);
    play(&s, addresses, COUNT(addresses));
    download_both(&s);
    CHECK(stand_deliver(&s) == 3);
    switch_and_delete(&s);
    CHECK(notifications_are(&s, "4 enable, 5 disable, 6 enable, 7 disable, 8 enable, 9 delete"));
    CHECK(stand_deliver(&s) == 6 && notifications_are(&s, ""));
    stand_history(&s, FIRST, text);
    CHECK(strstr(text, "installed") && strstr(text, "notification delete by " EID));
    play(&s, reset, COUNT(reset));
    CHECK(profiles_are(&s, ""));
    stand_disconnect(&s);
    stand_close(&s);
}

/* LPAs choose their own block sizes; 120 and less are common. */
static void any_block_size_will_do(void)
{
    static const size_t blocks[] = { 20, 120, 250 };
    for (size_t i = 0; i < COUNT(blocks); i++) {
        struct stand s;
        char why[200];
        stand_open(&s, false);
        stand_connect(&s);
        s.es10.block = blocks[i];
        CHECK(stand_download(&s, "CODE-1", NULL, why) == -1 && profiles_are(&s, "FIRST- "));
        stand_disconnect(&s);
        stand_close(&s);
    }
}

#define OPENSC "opensc-tool -r 'Lab Reader 00 00' "
#define SELECT_ISD_R "-s 00:A4:04:00:10:A0:00:00:05:59:10:10:FF:FF:FF:FF:89:00:00:01:00:00 "

static void other_programs_see_the_same_card(void)
{
    static const struct {
        const char *name, *command, *says;
    } rows[] = {
        { "the reader has a card", "opensc-tool -l", "Yes             Lab Reader 00 00" },
        { "its ATR", OPENSC "-a", "3b:9f:96:80:3f:c7:02:80:31:a0:73:be:21:13:67:43:20:07:18:00:00:01:87" },
        { "the ISD-R is selected", OPENSC SELECT_ISD_R, "6F 1F 84 10 A0 00 00 05 59 10 10 FF FF FF FF 89" },
        { "the EID", OPENSC SELECT_ISD_R "-s 80:E2:91:00:06:BF:3E:03:5C:01:5A:00", "BF 3E 12 5A 10 89 04 90 32 12 34 51" },
        { "the list of profiles", OPENSC SELECT_ISD_R "-s 80:E2:91:00:03:BF:2D:00:00", "A0 31 E3 2F 5A 0A 98 00 10 32 54 76 98" },
        { "the profile's EF.ICCID", OPENSC "-s 00:A4:00:04:02:2F:E2:00 -s 00:B0:00:00:0A", "98 00 10 32 54 76 98 10 32 85" },
        { "the USIM by part of its AID", OPENSC "-s 00:A4:04:04:07:A0:00:00:00:87:10:02:00 -s 00:A4:00:04:02:6F:07:00 "
                                                "-s 00:B0:00:00:09", "08 29 26 20 67 45 23 01 19" },
        { "tries left of the PIN", OPENSC "-s 00:20:00:01", "SW1=0x63, SW2=0xC3" },
        { "a forged AUTHENTICATE is refused",
          OPENSC "-s 00:A4:04:04:07:A0:00:00:00:87:10:02:00 -s 00:88:00:81:22:10:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"
                 "10:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:00", "SW1=0x98, SW2=0x62" },
        { "an unknown instruction", OPENSC "-s 00:FF:00:00", "SW1=0x6D, SW2=0x00" },
        { "sgp32lab card, through the reader", "$B/sgp32lab card info --card 'pcsc:Lab Reader'",
          "EID  " EID " (check digits right)" },
        { "its table", "$B/sgp32lab card profiles --card 'pcsc:Lab Reader'", FIRST "  enabled" },
    };
    struct stand s;
    char text[16384];
    int64_t code = -1;
    uint8_t iccid[RSP_ICCID_OCTETS];
    bool opensc = stand_run("command -v opensc-tool", text) == 0;
    stand_open(&s, true);
    stand_connect(&s);
    CHECK(stand_download(&s, "CODE-1", NULL, text) == -1);
    REQUIRE(rsp_iccid_parse(FIRST, iccid) == ERR_OK);
    CHECK(es10b_enable_profile(&s.es10, SPAN_ARRAY(iccid), true, &code) == ERR_OK && code == 0);
    stand_disconnect(&s);
    if (!opensc)
        test_skip("opensc-tool is not installed");
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!opensc && strstr(rows[i].command, "opensc-tool"))
            continue;
        bool good = stand_run(rows[i].command, text) == 0 && strstr(text, rows[i].says);
        if (!good)
            printf("\n%s\n", text);
        CHECK_ROW(rows[i].name, good);
    }
    stand_close(&s);
}

int main(void)
{
    static const struct test tests[] = {
        { "a consumer card lives its life behind pcscd", a_consumer_card_lives_its_life_behind_pcscd },
        { "any block size will do", any_block_size_will_do },
        { "other programs see the same card", other_programs_see_the_same_card },
    };
    if (!own_pcscd_possible()) {
        test_skip(OWN_PCSCD_WHY);
        return OWN_PCSCD_SKIPPED;
    }
    return tests_main("lpa", tests, COUNT(tests));
}
