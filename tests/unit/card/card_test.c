#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "apdu.h"
#include "card_fault.h"
#include "card_pcsc.h"
#include "card_recorder.h"
#include "card_vpcd.h"
#include "echo_card.h"
#include "harness.h"

/* Bytes that differ from their neighbours. */
static struct buf pattern(size_t len)
{
    struct buf b = { .max = 1 << 17 };
    for (size_t i = 0; i < len; i++)
        REQUIRE(buf_put_u8(&b, (uint8_t)(i * 7 + i / 256)) == ERR_OK);
    return b;
}

static unsigned open_isd_r(struct card *card)
{
    struct buf atr = { .max = CARD_ATR_MAX }, fci = { .max = CARD_RESPONSE_MAX };
    unsigned channel = 0;
    uint16_t sw = 0;
    REQUIRE(card_reset(card, &atr) == ERR_OK);
    REQUIRE(apdu_open_isd_r(card, &channel, &fci, &sw) == ERR_OK);
    CHECK(sw == 0x9000 && channel == 1 && span_equal(buf_span(&fci), SPAN(0x6f, 0x00)));
    CHECK(span_equal(buf_span(&atr), SPAN(0x3b, 0x9f, 0x96)));
    buf_release(&atr);
    buf_release(&fci);
    return channel;
}

/* What every card, wherever it is, must do with a long command and its long response. */
static void check_echo(struct card *card, unsigned channel, size_t block, size_t len, const char *row)
{
    struct buf request = pattern(len), response = { .max = APDU_ES10_RESPONSE_MAX };
    uint16_t sw = 0;
    CHECK_ROW(row, apdu_store_data(card, channel, block, buf_span(&request), &response, &sw) == ERR_OK);
    CHECK_ROW(row, sw == 0x9000 && span_equal(buf_span(&request), buf_span(&response)));
    buf_release(&request);
    buf_release(&response);
}

static const struct {
    const char *name;
    size_t block, len;
} lengths[] = {
    { "no data at all", 0, 0 },
    { "one octet", 0, 1 },
    { "one octet less than a block", 0, 254 },
    { "exactly one block", 0, 255 },
    { "one octet more than a block", 0, 256 },
    { "one octet more than two responses", 0, 513 },
    { "small blocks", 120, 1000 },
    { "blocks of one octet", 1, 256 },
    { "the longest that 256 blocks carry", 0, 65280 },
};

static void es10_commands_of_any_length_are_echoed(void)
{
    struct echo_card c;
    echo_card_init(&c);
    unsigned channel = open_isd_r(&c.card);
    for (size_t i = 0; i < COUNT(lengths); i++)
        check_echo(&c.card, channel, lengths[i].block, lengths[i].len, lengths[i].name);
    CHECK(c.largest == 255);
    CHECK(apdu_close_channel(&c.card, channel) == ERR_OK && c.open_channels == 1);
    echo_card_release(&c);
}

static void what_cannot_be_sent_is_refused_before_the_card_sees_it(void)
{
    struct echo_card c;
    struct buf request = pattern(65281), response = { .max = 300 };
    uint16_t sw = 0;
    echo_card_init(&c);
    CHECK(apdu_store_data(&c.card, 1, 0, buf_span(&request), &response, &sw) == ERR_LIMIT);
    CHECK(apdu_store_data(&c.card, 1, 256, SPAN(1), &response, &sw) == ERR_LIMIT);
    CHECK(apdu_store_data(&c.card, 4, 0, SPAN(1), &response, &sw) == ERR_LIMIT);
    CHECK(apdu_send(&c.card, SPAN(0x00, 0xa4, 0x04), &response, &sw) == ERR_PARSE);
    CHECK(apdu_send(&c.card, span_of(request.at, CARD_APDU_MAX + 1), &response, &sw) == ERR_PARSE);
    CHECK(c.commands == 0);
    buf_release(&request);
    buf_release(&response);
    echo_card_release(&c);
}

static void a_card_may_refuse_in_the_middle(void)
{
    struct echo_card c;
    struct buf request = pattern(1000), response = { .max = 2000 };
    uint16_t sw = 0;
    echo_card_init(&c);
    unsigned channel = open_isd_r(&c.card);
    c.refuse_block = 2;
    unsigned before = c.commands;
    CHECK(apdu_store_data(&c.card, channel, 0, buf_span(&request), &response, &sw) == ERR_OK);
    CHECK(sw == 0x6a80 && response.len == 0 && c.commands - before == 2);
    buf_release(&request);
    buf_release(&response);
    echo_card_release(&c);
}

static void status_words_are_followed(void)
{
    struct echo_card c;
    struct buf response = { .max = 300 };
    uint16_t sw = 0;
    echo_card_init(&c);
    c.wants_le = true;
    c.own_class_only = true;
    unsigned channel = open_isd_r(&c.card);
    check_echo(&c.card, channel, 0, 20, "GET RESPONSE only in the class of the command");
    c.last_status = 0x910b;
    CHECK(apdu_store_data(&c.card, channel, 0, SPAN(1, 2), &response, &sw) == ERR_OK);
    CHECK(sw == 0x910b && apdu_success(sw) && response.len == 2);
    c.last_status = 0x6985;
    CHECK(apdu_store_data(&c.card, channel, 0, SPAN(1, 2), &response, &sw) == ERR_OK && sw == 0x6985);
    CHECK(!apdu_success(sw) && !apdu_success(0x6100) && !apdu_success(0));
    buf_release(&response);
    echo_card_release(&c);
}

static void a_card_that_answers_nonsense_is_left(void)
{
    struct echo_card c;
    struct buf response = { .max = 300 };
    uint16_t sw = 0;
    unsigned channel = 0;
    echo_card_init(&c);
    c.promises = true;
    channel = open_isd_r(&c.card);
    CHECK(apdu_store_data(&c.card, channel, 0, SPAN(1), &response, &sw) == ERR_PARSE);
    c.mute = true;
    CHECK(apdu_send(&c.card, SPAN(0, 0xa4, 4, 0), &response, &sw) == ERR_PARSE);
    CHECK(apdu_open_isd_r(&c.card, &channel, &response, &sw) == ERR_PARSE);
    buf_release(&response);
    echo_card_release(&c);
}

static void a_response_beyond_the_ceiling_is_a_limit(void)
{
    struct echo_card c;
    struct buf request = pattern(300), response = { .max = 299 };
    uint16_t sw = 0;
    echo_card_init(&c);
    unsigned channel = open_isd_r(&c.card);
    CHECK(apdu_store_data(&c.card, channel, 0, buf_span(&request), &response, &sw) == ERR_LIMIT);
    buf_release(&request);
    buf_release(&response);
    echo_card_release(&c);
}

static void a_card_without_isd_r_gets_its_channel_back(void)
{
    struct echo_card c;
    struct buf fci = { .max = 300 };
    uint16_t sw = 0;
    unsigned channel = 9;
    echo_card_init(&c);
    c.no_isd_r = true;
    CHECK(apdu_open_isd_r(&c.card, &channel, &fci, &sw) == ERR_REFUSED);
    CHECK(sw == 0x6a82 && channel == 9 && c.open_channels == 1);
    c.open_channels = 3;
    CHECK(apdu_open_isd_r(&c.card, &channel, &fci, &sw) == ERR_REFUSED && sw == 0x6a81 && c.open_channels == 3);
    buf_release(&fci);
    echo_card_release(&c);
}

static const struct {
    const char *name;
    enum card_fault_kind kind;
    enum err want;
    uint16_t sw;
    bool executed, intact;
} faults[] = {
    { "a failing transmit does not reach the card", CARD_FAULT_FAIL, ERR_IO, 0, false, false },
    { "a lost answer was executed", CARD_FAULT_LOSE, ERR_TIMEOUT, 0, true, false },
    { "a power cut comes before the command", CARD_FAULT_CUT, ERR_CUT, 0, false, false },
    { "a status word is answered for the card", CARD_FAULT_STATUS, ERR_OK, 0x6f00, false, false },
    { "a flipped command is another command", CARD_FAULT_FLIP_COMMAND, ERR_OK, 0x9000, true, false },
};

static void each_fault_is_what_it_says(void)
{
    for (size_t i = 0; i < COUNT(faults); i++) {
        struct echo_card c;
        struct card_fault f;
        struct buf response = { .max = 300 };
        uint16_t sw = 0;
        echo_card_init(&c);
        card_fault_init(&f, &c.card, faults[i].kind, 3);
        f.status = 0x6f00;
        f.octet = 6;
        unsigned channel = open_isd_r(&f.card);
        unsigned before = c.commands;
        CHECK_ROW(faults[i].name,
                  apdu_store_data(&f.card, channel, 0, SPAN(1, 2), &response, &sw) == faults[i].want);
        CHECK_ROW(faults[i].name, sw == faults[i].sw && (c.commands > before) == faults[i].executed);
        CHECK_ROW(faults[i].name, span_equal(buf_span(&response), SPAN(1, 2)) == faults[i].intact);
        buf_release(&response);
        echo_card_release(&c);
    }
}

static void a_card_without_power_is_dead_until_reset(void)
{
    struct echo_card c;
    struct card_fault f;
    struct buf response = { .max = 300 };
    echo_card_init(&c);
    card_fault_init(&f, &c.card, CARD_FAULT_CUT, 1);
    CHECK(card_transmit(&f.card, SPAN(0, 0x70, 0, 0, 1), &response) == ERR_CUT);
    CHECK(card_transmit(&f.card, SPAN(0, 0x70, 0, 0, 1), &response) == ERR_IO && c.commands == 0);
    unsigned channel = open_isd_r(&f.card);
    check_echo(&f.card, channel, 0, 600, "it lives after the reset");
    buf_release(&response);
    echo_card_release(&c);
}

static enum err whole_run(struct card *card)
{
    struct buf bytes = { .max = 1000 }, request = pattern(400);
    unsigned channel = 0;
    uint16_t sw = 0;
    enum err e = card_reset(card, &bytes);
    if (!e)
        e = apdu_open_isd_r(card, &channel, &bytes, &sw);
    if (!e)
        e = apdu_store_data(card, channel, 0, buf_span(&request), &bytes, &sw);
    if (!e && !span_equal(buf_span(&bytes), buf_span(&request)))
        e = ERR_VERIFY;
    buf_release(&request);
    buf_release(&bytes);
    return e;
}

static void a_sweep_ends_when_nothing_was_injected(void)
{
    static const enum card_fault_kind kinds[] = { CARD_FAULT_FAIL, CARD_FAULT_CUT, CARD_FAULT_LOSE };
    for (size_t k = 0; k < COUNT(kinds); k++) {
        unsigned n = 0;
        for (bool hit = true; hit;) {
            struct echo_card c;
            struct card_fault f;
            echo_card_init(&c);
            card_fault_init(&f, &c.card, kinds[k], ++n);
            enum err e = whole_run(&f.card);
            hit = f.seen >= f.at;
            CHECK(hit ? e != ERR_OK && e != ERR_VERIFY : e == ERR_OK);
            CHECK(whole_run(&c.card) == ERR_OK);
            echo_card_release(&c);
        }
        CHECK(n == 7); /* channel, select, two blocks, two GET RESPONSE; then nothing is left */
    }
}

static void note(void *context, const struct card_exchange *x)
{
    struct buf *notes = context;
    CHECK(buf_printf(notes, "%zu>%zu:%s ", x->command.len, x->response.len, err_name(x->e)) == ERR_OK);
}

static void a_recorder_tells_every_exchange(void)
{
    struct echo_card c;
    struct card_fault f;
    struct card_recorder r;
    struct buf notes = { .max = 1000 }, response = { .max = 300 };
    echo_card_init(&c);
    card_fault_init(&f, &c.card, CARD_FAULT_FAIL, 3);
    card_recorder_init(&r, &f.card, note, &notes);
    open_isd_r(&r.card);
    CHECK(card_transmit(&r.card, SPAN(1, 2, 3, 4), &response) == ERR_IO);
    CHECK(strcmp(buf_cstr(&notes), "0>3:ok 5>3:ok 21>4:ok 4>0:io ") == 0);
    buf_release(&notes);
    buf_release(&response);
    echo_card_release(&c);
}

struct server {
    struct card *card;
    char address[32];
    enum err result;
};

static void *serve(void *context)
{
    struct server *s = context;
    s->result = card_vpcd_serve(NULL, s->address, s->card, NULL);
    return NULL;
}

static void through_vpcd(struct card *served, void (*play)(struct card *reader), enum err want)
{
    struct card *reader = NULL;
    uint16_t port = 0;
    pthread_t thread;
    REQUIRE(card_vpcd_open_reader(NULL, &port, 10000, &reader) == ERR_OK);
    struct server s = { .card = served };
    snprintf(s.address, sizeof s.address, "127.0.0.1:%u", port);
    REQUIRE(pthread_create(&thread, NULL, serve, &s) == 0);
    play(reader);
    card_close(reader);
    CHECK(pthread_join(thread, NULL) == 0 && s.result == want);
}

static void play_all_lengths(struct card *reader)
{
    unsigned channel = open_isd_r(reader);
    for (size_t i = 0; i < COUNT(lengths); i++)
        check_echo(reader, channel, lengths[i].block, lengths[i].len, lengths[i].name);
    open_isd_r(reader);
}

static void a_card_behind_vpcd_is_the_same_card(void)
{
    struct echo_card c;
    echo_card_init(&c);
    through_vpcd(&c.card, play_all_lengths, ERR_OK);
    CHECK(c.resets == 2);
    echo_card_release(&c);
}

static void play_until_pulled(struct card *reader)
{
    struct buf response = { .max = 300 };
    open_isd_r(reader);
    CHECK(card_transmit(reader, SPAN(0), &response) == ERR_PARSE);
    CHECK(card_transmit(reader, SPAN(0x81, 0xe2, 0x91, 0x00, 0x00), &response) == ERR_IO);
    CHECK(card_transmit(reader, SPAN(0x81, 0xe2, 0x91, 0x00, 0x00), &response) == ERR_IO);
    buf_release(&response);
}

static void a_card_that_fails_is_pulled_out(void)
{
    struct echo_card c;
    struct card_fault f;
    echo_card_init(&c);
    card_fault_init(&f, &c.card, CARD_FAULT_CUT, 3);
    through_vpcd(&f.card, play_until_pulled, ERR_CUT);
    echo_card_release(&c);
}

static void a_reader_without_a_card_says_so(void)
{
    struct card *reader = NULL, *second = NULL;
    struct buf bytes = { .max = 300 };
    uint16_t port = 0;
    REQUIRE(card_vpcd_open_reader(NULL, &port, 0, &reader) == ERR_OK && port != 0);
    CHECK(card_vpcd_open_reader(NULL, &port, 0, &second) == ERR_IO);
    CHECK(card_reset(reader, &bytes) == ERR_TIMEOUT);
    CHECK(card_transmit(reader, SPAN(0, 0xa4, 0, 0), &bytes) == ERR_IO);
    card_close(reader);
    card_close(NULL);
    buf_release(&bytes);
}

static const struct {
    const char *name, *address;
    enum err want;
} addresses[] = {
    { "an address without a port", "localhost", ERR_CONFIG },
    { "an address without a host", ":35963", ERR_CONFIG },
    { "an address with an empty port", "localhost:", ERR_CONFIG },
    { "a port that is no number", "localhost:vpcd", ERR_CONFIG },
    { "a negative port", "localhost:-1", ERR_CONFIG },
    { "nothing at all", "", ERR_CONFIG },
    { "a port where nobody listens", "127.0.0.1:1", ERR_IO },
};

static void readers_that_are_not_there_are_refused(void)
{
    struct echo_card c;
    echo_card_init(&c);
    for (size_t i = 0; i < COUNT(addresses); i++)
        CHECK_ROW(addresses[i].name,
                  card_vpcd_serve(NULL, addresses[i].address, &c.card, NULL) == addresses[i].want);
    echo_card_release(&c);
}

/* With or without pcscd on this machine: a reader of this name is not there. */
static void a_pcsc_reader_that_is_not_there_is_refused(void)
{
    struct card *card = NULL;
    enum err e = card_pcsc_open(NULL, "a reader that nobody ever built", &card);
    CHECK((e == ERR_NOT_FOUND || e == ERR_IO) && card == NULL);
}

int main(void)
{
    static const struct test tests[] = {
        { "ES10 commands of any length are echoed", es10_commands_of_any_length_are_echoed },
        { "what cannot be sent is refused before the card sees it",
          what_cannot_be_sent_is_refused_before_the_card_sees_it },
        { "a card may refuse in the middle", a_card_may_refuse_in_the_middle },
        { "status words are followed", status_words_are_followed },
        { "a card that answers nonsense is left", a_card_that_answers_nonsense_is_left },
        { "a response beyond the ceiling is a limit", a_response_beyond_the_ceiling_is_a_limit },
        { "a card without ISD-R gets its channel back", a_card_without_isd_r_gets_its_channel_back },
        { "each fault is what it says", each_fault_is_what_it_says },
        { "a card without power is dead until reset", a_card_without_power_is_dead_until_reset },
        { "a sweep ends when nothing was injected", a_sweep_ends_when_nothing_was_injected },
        { "a recorder tells every exchange", a_recorder_tells_every_exchange },
        { "a card behind vpcd is the same card", a_card_behind_vpcd_is_the_same_card },
        { "a card that fails is pulled out", a_card_that_fails_is_pulled_out },
        { "a reader without a card says so", a_reader_without_a_card_says_so },
        { "readers that are not there are refused", readers_that_are_not_there_are_refused },
        { "a PC/SC reader that is not there is refused", a_pcsc_reader_that_is_not_there_is_refused },
    };
    return tests_main("card", tests, COUNT(tests));
}
