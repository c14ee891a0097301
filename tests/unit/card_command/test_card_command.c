/* sgp32lab card, as people call it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "apdu.h"
#include "card_vpcd.h"
#include "harness.h"

#define TEXT_MAX 200000

static FILE *start(const char *args)
{
    char command[1024];
    const char *bin = getenv("LAB_BIN");
    snprintf(command, sizeof command, "exec 2>&1; exec %s/sgp32lab card %s", bin ? bin : ".", args);
    FILE *p = popen(command, "re");
    REQUIRE(p != NULL);
    return p;
}

/* What it said, and its exit status. */
static int finish(FILE *p, char text[TEXT_MAX])
{
    size_t len = fread(text, 1, TEXT_MAX - 1, p);
    text[len] = 0;
    int status = pclose(p);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const struct row {
    const char *name, *args;
    int status;
    const char *says, *also;
} rows[] = {
    { "the EID is judged", "info", 0, "EID  89049032123451234512345678901235 (check digits right)", "direct convention, T=0" },
    { "the card's capabilities have names", "info", 0, "akaMilenage, akaTuak128", "SGP.32 versions              1.2.0" },
    { "the eIM is told", "info", 0, "its signatures are judged by public key", "retrieve over HTTPS" },
    { "addresses are told", "info", 0, "default SM-DP+               smdp.example.com", NULL },
    { "profiles have a table", "profiles", 0, "89000123456789012341  enabled   operational   lead", "fallback" },
    { "nothing waits", "info", 0, "Notifications waiting\n  none", NULL },
    { "the same as JSON", "info --json", 0, "\"eidCheckDigits\": true", "\"eimFqdn\": \"eim.example.com\"" },
    { "profiles as JSON", "profiles --json", 0, "\"fallbackAttribute\": true", "\"owner\": \"63902\"" },
    { "one APDU", "apdu 00A4000C023F00", 0, "> 00A4000C023F00  SELECT", "< 9000  done" },
    { "several APDUs speak to one card", "apdu 00A4000C022FE2 00B000000A", 0, "98001032547698103214", NULL },
    { "a refusal is an answer", "apdu 00A40000021234", 0, "< 6A82  file or application not found", NULL },
    { "APDUs as JSON", "apdu 00FF0000 --json", 0, "\"meaning\": \"unknown instruction\"", NULL },
    { "the trace is decoded", "trace", 0, "BF3E GetEuiccDataRequest", "EUICCInfo2" },
    { "the trace tells the status", "trace", 0, "<  MANAGE CHANNEL →  9000 done", "reset: ATR 3B9F" },
    { "a reader only for the trace", "info --reader 127.0.0.1:1", 2, "--reader belongs to trace", NULL },
    { "no JSON of the trace", "trace --json", 2, "trace has no --json", NULL },
    { "no word", "", 2, "info, profiles, apdu or trace", NULL },
    { "a slip gets a suggestion", "profile", 2, "did you mean 'profiles'?", NULL },
    { "one word too many", "info again", 2, "'again' is one word too many", NULL },
    { "an APDU that is none", "apdu 00A4", 2, "'00A4' is no APDU", NULL },
    { "an APDU that is no hex", "apdu SELECT", 2, "'SELECT' is no APDU", NULL },
    { "nothing is sent when one APDU is none", "apdu 00A4000C023F00 x", 2, "'x' is no APDU", NULL },
    { "no APDU at all", "apdu", 2, "needs APDUs", NULL },
    { "an unknown kind of card", "info --card usb:1", 2, "not 'usb:1'", NULL },
    { "a port that is none", "info --card vpcd:99999", 2, "not 'vpcd:99999'", NULL },
    { "a virtual reader that is not there", "trace --reader 127.0.0.1:1", 1, "the trace ends", NULL },
};

static void each_way_to_call_it(void)
{
    char text[TEXT_MAX];
    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = finish(start(rows[i].args), text);
        bool good = strstr(text, rows[i].says) && (!rows[i].also || strstr(text, rows[i].also));
        if (!good || status != rows[i].status)
            printf("\n%s: status %d\n%s\n", rows[i].args, status, text);
        CHECK_ROW(rows[i].name, status == rows[i].status && good);
    }
}

/* Another program uses the card through a virtual reader while the trace looks on. */
static void a_card_is_traced_between_reader_and_terminal(void)
{
    char text[TEXT_MAX];
    char args[64];
    uint16_t port = 0, sw = 0;
    unsigned channel = 0;
    struct card *reader = NULL;
    struct buf bytes = { .max = 1 << 16 };
    REQUIRE(card_vpcd_open_reader(NULL, &port, 10000, &reader) == ERR_OK);
    snprintf(args, sizeof args, "trace --reader 127.0.0.1:%u", port);
    FILE *p = start(args);
    CHECK(card_reset(reader, &bytes) == ERR_OK);
    CHECK(apdu_open_isd_r(reader, &channel, &bytes, &sw) == ERR_OK);
    CHECK(apdu_store_data(reader, channel, 0, SPAN(0xbf, 0x2d, 0x00), &bytes, &sw) == ERR_OK && sw == 0x9000);
    card_close(reader);
    CHECK(finish(p, text) == 0);
    CHECK(strstr(text, "SELECT") && strstr(text, "ProfileInfoListRequest") && strstr(text, "\"partner\""));
    buf_release(&bytes);
}

int main(void)
{
    static const struct test tests[] = {
        { "each way to call it", each_way_to_call_it },
        { "a card is traced between reader and terminal", a_card_is_traced_between_reader_and_terminal },
    };
    return tests_main("card_command", tests, COUNT(tests));
}
