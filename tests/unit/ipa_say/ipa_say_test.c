/* What sim-ipa says it does. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "say.h"

#define TEXT(n, v) { .name = (n), .kind = LOG_TEXT, .text = (v) }

static const struct {
    const char *name, *event;
    struct log_field field[3];
    size_t count;
    const char *says; /* NULL: there are no words */
} rows[] = {
    { "all its fields", "attach.done", { TEXT("device", "m"), TEXT("plmn", "26201"), TEXT("country", "KE") }, 3,
      "m: attached to 26201 in KE." },
    { "a number", "card.listening", { { .name = "port", .kind = LOG_INTEGER, .integer = 35963 } }, 1,
      "Waiting for a card at vpcd port 35963." },
    { "a field that is missing", "attach.refused", { TEXT("device", "m") }, 1,
      "m: the network refuses: unknown. Trying again later." },
    { "a text that is NULL", "poll.refused", { TEXT("device", "m"), TEXT("error", NULL) }, 2,
      "m: the eIM refuses: unknown." },
    { "a device named like a field", "poll.nothing", { TEXT("device", "{what}") }, 1,
      "{what}: asked the eIM; there is nothing to do." },
    { "a field whose name only begins alike", "poll.nothing", { TEXT("dev", "m") }, 1,
      "unknown: asked the eIM; there is nothing to do." },
    { "a server that does not serve", "call.failed", { TEXT("device", "m"), TEXT("who", "the eIM"), TEXT("where", "https://eim") }, 3,
      "m: the eIM at https://eim does not serve: unknown." },
    { "a failure with its section", "failure", { TEXT("device", "m"), TEXT("what", "no eIM"), TEXT("section", "SGP.32 5.9.4") }, 3,
      "no eIM (SGP.32 5.9.4)." },
    { "an acknowledgement that is none of its business", "acknowledgement.not_sent",
      { TEXT("device", "m"), TEXT("eim", "eim"), { .name = "seqNumber", .kind = LOG_INTEGER, .integer = 7 } }, 3,
      "m: eim acknowledges number 7, which it was not shown; it stays on the card." },
    { "a push that is refused", "inject.refused", { TEXT("device", "m"), TEXT("why", "not the eIM") }, 2,
      "m: what somebody pushed is refused (HTTP unknown): not the eIM." },
    { "an event without words", "attach", { TEXT("device", "m") }, 1, NULL },
};

static void sentences(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = { .max = 400 };
        const struct log_event event = { 0, LOG_INFO, "ipa", rows[i].event, rows[i].field, rows[i].count };
        enum err e = ipa_say_put(&out, &event);
        CHECK_ROW(rows[i].name, e == (rows[i].says ? ERR_OK : ERR_NOT_FOUND));
        CHECK_ROW(rows[i].name, !rows[i].says || span_equal(buf_span(&out), span_str(rows[i].says)));
        buf_release(&out);
    }
}

struct counter {
    struct log_sink sink;
    int seen;
};

static void count(struct log_sink *s, const struct log_event *e)
{
    (void)e;
    ((struct counter *)s)->seen++;
}

/* The log behind gets what it asked for, whatever is said; a reader that is gone does no harm. */
static void the_log_behind(void)
{
    static const bool forms[] = { false, true };
    for (size_t k = 0; k < 2; k++) {
        struct counter counter = { { count }, 0 };
        struct log behind = { .sink = &counter.sink, .clock = clock_system(), .actor = "ipa", .least = LOG_INFO };
        struct ipa_say say;
        int ends[2];
        char text[400] = "";
        REQUIRE(pipe(ends) == 0);
        ipa_say_init(&say, &behind, ends[1], forms[k]);
        struct log log = behind;
        log.sink = &say.sink;
        log.least = LOG_DEBUG;
        LOG(&log, LOG_DEBUG, "poll.nothing", F_TEXT("device", "m"));
        CHECK(counter.seen == 0);
        CHECK(read(ends[0], text, sizeof text - 1) > 0 && strstr(text, forms[k] ? "\"event\":\"poll.nothing\"" : "nothing to do."));
        LOG(&log, LOG_INFO, "attach.done", F_TEXT("device", "m"));
        CHECK(counter.seen == 1);
        close(ends[0]);
        close(ends[1]);
        LOG(&log, LOG_INFO, "attach.done", F_TEXT("device", "m"));
        LOG(&log, LOG_INFO, "attach.done", F_TEXT("device", "m"));
        CHECK(counter.seen == 3);
    }
}

static const struct test tests[] = {
    { "an event is told in a sentence with its fields", sentences },
    { "the log behind gets its events all the same", the_log_behind },
};

int main(void)
{
    return tests_main("ipa_say", tests, sizeof tests / sizeof tests[0]);
}
