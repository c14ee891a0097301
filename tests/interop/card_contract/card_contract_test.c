/* One card, three ways to it: in process, over a vpcd socket, in a reader behind pcscd. To each command each way gives the same
 * answer, and the one written here. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "card_place.h"
#include "card_source.h"
#include "card_vpcd.h"
#include "harness.h"
#include "own_pcscd.h"

/* In order, on one card; "reset" powers it off and on. The answer's end is its status word; "…9000" leaves open what is before. */
static const struct row {
    const char *name, *command, *answer;
} rows[] = {
    { "four octets: SELECT of no file is the MF's", "00a40004", "61xx" },
    { "SELECT without contents wanted", "00a4000c023f00", "9000" },
    { "SELECT tells how much waits", "00a40004023f00", "...61xx" },
    { "GET RESPONSE for a part tells what is left", "00c0000002", "...61xx" },
    { "another command throws the rest away", "00a4000c023f00", "9000" },
    { "nothing waits", "00c0000002", "6985" },
    { "SELECT with Le", "00a40000022fe200", "...9000" },
    { "READ BINARY with the right Le", "00b000000a", "980010325476981032149000" },
    { "P3 of zero asks how much there is", "00b0000000", "6c0a" },
    { "with too large an Le", "00b00000ff", "6c0a" },
    { "beyond the end of the file", "00b0010001", "6b00" },
    { "an unknown file", "00a4000402123400", "6a82" },
    { "an unknown instruction", "00ff0000", "6d00" },
    { "an unknown class", "e0a40000023f00", "6e00" },
    { "tries left of the PIN", "00200001", "63c3" },
    { "a logical channel", "0070000001", "019000" },
    { "a second one", "0070000001", "029000" },
    { "a third one", "0070000001", "039000" },
    { "ISD-R on the first", "01a4040010a0000005591010ffffffff890000010000", "...9000" },
    { "an unknown application on the second", "02a4040407a000000000000100", "6a82" },
    { "the USIM by part of its AID", "02a4040407a000000087100200", "...9000" },
    { "EID, without Le", "81e2910006bf3e035c015a", "6115" },
    { "GET RESPONSE in the card's class", "81c0000015", "bf3e125a10890490321234512345123456789012359000" },
    { "EID, with Le", "81e2910006bf3e035c015a00", "...9000" },
    { "a chain begins", "81e2110003bf3e03", "9000" },
    { "and ends", "81e29101035c015a", "6115" },
    { "its answer", "01c0000015", "bf3e125a10890490321234512345123456789012359000" },
    { "a chain whose block numbers jump", "81e2110003bf3e03", "9000" },
    { "is refused", "81e29102035c015a", "6a86" },
    { "an unknown ES10 command", "81e2910003bf7f00", "6a88" },
    { "an ES10 command without contents", "81e2910000", "...xxxx" },
    { "not DER", "81e29100020500", "...xxxx" },
    { "STATUS", "80f2000c00", "...9000" },
    { "the second is closed", "00708002", "9000" },
    { "and no longer there", "02a4040407a000000087100200", "6881" },
    { "power off and on", "reset", "3b9f96803fc7028031a073be2113674320071800000187" },
    { "no channel is left", "81e2910003bf2d00", "6881" },
};

#define ANSWERS_MAX 60000

/* All answers, a line each. */
static void play(struct card *card, struct buf *lines)
{
    struct buf command = { .max = CARD_APDU_MAX }, answer = { .max = CARD_RESPONSE_MAX };
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_clear(&command);
        bool reset = strcmp(rows[i].command, "reset") == 0;
        REQUIRE(reset || hex_decode(span_str(rows[i].command), &command) == ERR_OK);
        enum err e = reset ? card_reset(card, &answer) : card_transmit(card, buf_span(&command), &answer);
        CHECK_ROW(rows[i].name, e == ERR_OK);
        REQUIRE(hex_put(lines, buf_span(&answer)) == ERR_OK && buf_put_u8(lines, '\n') == ERR_OK);
    }
    buf_release(&command);
    buf_release(&answer);
}

static bool fits(const char *found, size_t len, const char *wanted)
{
    bool open = strncmp(wanted, "...", 3) == 0;
    size_t n = strlen(wanted) - (open ? 3 : 0);
    if (len < n || (!open && len != n))
        return false;
    for (size_t i = 0; i < n; i++)
        if (wanted[i + (open ? 3 : 0)] != 'x' && wanted[i + (open ? 3 : 0)] != found[len - n + i])
            return false;
    return true;
}

static void check(const char *way, const struct buf *lines, const struct buf *first)
{
    const char *at = (const char *)lines->at, *other = first ? (const char *)first->at : at;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = strcspn(at, "\n"), other_len = strcspn(other, "\n");
        bool good = fits(at, len, rows[i].answer) && len == other_len && memcmp(at, other, len) == 0;
        if (!good)
            printf("\n    %s: %.*s, wanted %s", way, (int)len, at, rows[i].answer);
        CHECK_ROW(rows[i].name, good);
        at += len + 1;
        other += other_len + 1;
    }
}

/* A new card each time, reset by whoever uses it. */
static void in_process(struct card_source *s, struct buf *lines)
{
    struct buf atr = { .max = CARD_ATR_MAX };
    CHECK(card_reset(s->card, &atr) == ERR_OK);
    play(s->card, lines);
    buf_release(&atr);
}

struct server {
    struct card *card;
    char address[32];
};

static void *serve(void *context)
{
    struct server *s = context;
    CHECK(card_vpcd_serve(NULL, s->address, s->card, NULL) == ERR_OK);
    return NULL;
}

static void over_a_socket(struct card_source *s, struct buf *lines)
{
    struct card *reader = NULL;
    struct buf atr = { .max = CARD_ATR_MAX };
    struct server server = { .card = s->card };
    uint16_t port = 0;
    pthread_t thread;
    REQUIRE(card_vpcd_open_reader(NULL, &port, 10000, &reader) == ERR_OK);
    snprintf(server.address, sizeof server.address, "127.0.0.1:%u", port);
    REQUIRE(pthread_create(&thread, NULL, serve, &server) == 0);
    CHECK(card_reset(reader, &atr) == ERR_OK);
    play(reader, lines);
    card_close(reader);
    CHECK(pthread_join(thread, NULL) == 0);
    buf_release(&atr);
}

static void behind_pcscd(struct card_source *s, struct buf *lines)
{
    struct own_pcscd d;
    struct card_place *place = NULL;
    struct buf atr = { .max = CARD_ATR_MAX };
    own_pcscd_start(&d);
    REQUIRE(card_place_open(NULL, "Lab Reader", d.address, s->card, &place) == ERR_OK);
    CHECK(card_reset(card_place_card(place), &atr) == ERR_OK);
    play(card_place_card(place), lines);
    card_place_close(place);
    own_pcscd_stop(&d);
    buf_release(&atr);
}

static struct buf answers(void (*way)(struct card_source *s, struct buf *lines))
{
    struct buf lines = { .max = ANSWERS_MAX };
    struct card_source s;
    REQUIRE(card_source_open(&s, "sim") == ERR_OK);
    way(&s, &lines);
    REQUIRE(buf_cstr(&lines) != NULL);
    card_source_close(&s);
    return lines;
}

static void compare(const char *name, void (*way)(struct card_source *s, struct buf *lines))
{
    struct buf first = answers(in_process), other = answers(way);
    check(name, &other, &first);
    buf_release(&first);
    buf_release(&other);
}

static void the_card_itself(void)
{
    struct buf lines = answers(in_process);
    check("in process", &lines, NULL);
    buf_release(&lines);
}

static void the_same_over_a_socket(void)
{
    compare("vpcd", over_a_socket);
}

static void the_same_behind_pcscd(void)
{
    if (!own_pcscd_possible())
        test_skip(OWN_PCSCD_WHY);
    else
        compare("pcscd", behind_pcscd);
}

int main(void)
{
    static const struct test tests[] = {
        { "the card itself", the_card_itself },
        { "the same over a socket", the_same_over_a_socket },
        { "the same behind pcscd", the_same_behind_pcscd },
    };
    return tests_main("card_contract", tests, COUNT(tests));
}
