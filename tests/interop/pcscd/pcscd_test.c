/* Our vpcd card and our PC/SC driver meet in the machine's own pcscd, started here with a reader of our own. Skipped where
 * pcscd or its virtual reader is not installed, one is running already, or we may not start it. */
#include <pthread.h>

#include "apdu.h"
#include "card_pcsc.h"
#include "card_vpcd.h"
#include "echo_card.h"
#include "harness.h"
#include "own_pcscd.h"

struct server {
    struct card *card;
    const char *address;
    enum err result;
};

static void *serve(void *context)
{
    struct server *s = context;
    s->result = card_vpcd_serve(NULL, s->address, s->card, NULL);
    return NULL;
}

static void play(struct card *reader, size_t len)
{
    struct buf bytes = { .max = 1 << 16 }, request = { .max = 1 << 16 };
    unsigned channel = 0;
    uint16_t sw = 0;
    for (size_t i = 0; i < len; i++)
        REQUIRE(buf_put_u8(&request, (uint8_t)(i * 7)) == ERR_OK);
    CHECK(card_reset(reader, &bytes) == ERR_OK && span_equal(buf_span(&bytes), SPAN(0x3b, 0x9f, 0x96)));
    CHECK(apdu_open_isd_r(reader, &channel, &bytes, &sw) == ERR_OK && sw == 0x9000);
    CHECK(apdu_store_data(reader, channel, 0, buf_span(&request), &bytes, &sw) == ERR_OK && sw == 0x9000);
    CHECK(span_equal(buf_span(&bytes), buf_span(&request)));
    buf_release(&bytes);
    buf_release(&request);
}

static void a_card_crosses_pcscd_unchanged(void)
{
    struct own_pcscd d;
    struct echo_card echo;
    struct card *reader = NULL;
    pthread_t thread;
    echo_card_init(&echo);
    own_pcscd_start(&d);
    struct server s = { .card = &echo.card, .address = d.address };
    REQUIRE(card_pcsc_open(NULL, "Lab Reader", &reader) == ERR_OK);
    /* Once pcscd shows the reader, the reader listens. */
    REQUIRE(pthread_create(&thread, NULL, serve, &s) == 0);
    play(reader, 20);
    play(reader, 3000);
    card_close(reader);
    own_pcscd_stop(&d);
    CHECK(pthread_join(thread, NULL) == 0 && s.result == ERR_OK);
    echo_card_release(&echo);
}

int main(void)
{
    static const struct test tests[] = {
        { "a card crosses pcscd unchanged", a_card_crosses_pcscd_unchanged },
    };
    if (!own_pcscd_possible()) {
        test_skip(OWN_PCSCD_WHY);
        return OWN_PCSCD_SKIPPED;
    }
    return tests_main("pcscd", tests, COUNT(tests));
}
