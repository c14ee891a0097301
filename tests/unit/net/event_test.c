/* Events for the platform: once each, in order, whatever fails. */
#include <string.h>

#include "net_tests.h"

static bool heard(const struct fixture *f, size_t i, const char *event)
{
    return i < f->platform.heard_count && !strncmp(f->platform.heard[i], event, strlen(event));
}

static void in_order(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char session[40];
    fixture_open(&f);
    provision(&f);
    CHECK(come_online(&f, &u, session) == 200);
    CHECK(come_online(&f, &u, session) == 200); /* replaces the first */
    CHECK(f.platform.calls == 0);               /* a handler calls nobody */
    CHECK(tick(&f) == CLOCK_NEVER);
    CHECK(f.platform.heard_count == 3);
    CHECK(!strcmp(f.platform.heard[0], "session-started " ICCID " " PLMN " 2026-01-01T00:00:00.000Z"));
    CHECK(heard(&f, 1, "session-ended") && heard(&f, 2, "session-started"));
    CHECK(tick(&f) == CLOCK_NEVER && f.platform.calls == 3);
    fixture_close(&f);
}

static void backs_off(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char session[40];
    fixture_open(&f);
    provision(&f);
    f.platform.status = 0;
    CHECK(come_online(&f, &u, session) == 200);
    int64_t now = clock_now(f.env.clock), wait = CLOCK_SECOND;
    for (int i = 0; i < 12; i++) {
        int64_t next = tick(&f);
        CHECK(next == now + wait);
        CHECK(tick(&f) == next); /* not before it is due */
        fixture_restart(&f);     /* and a restart forgets nothing */
        CHECK(tick(&f) == next && f.platform.calls == (unsigned)i + 1);
        clock_virtual_advance(&f.clock, next);
        now = next;
        wait = 2 * wait < 5 * CLOCK_MINUTE ? 2 * wait : 5 * CLOCK_MINUTE;
    }
    f.platform.status = 503;
    CHECK(tick(&f) > now);
    clock_virtual_advance(&f.clock, now + 10 * CLOCK_MINUTE);
    f.platform.status = 200;
    CHECK(tick(&f) == CLOCK_NEVER && heard(&f, 0, "session-started"));
    fixture_close(&f);
}

static const struct {
    const char *name;
    int status;
    bool later;
} answer_rows[] = {
    { "taken", 200, false },           { "taken without words", 204, false }, { "not found", 404, false },
    { "malformed", 400, false },       { "not known yet", 401, true },        { "not allowed yet", 403, true },
    { "too many", 429, true },         { "broken", 500, true },               { "away", 503, true },
    { "elsewhere", 302, false },
};

static void answers(void)
{
    for (size_t i = 0; i < COUNT(answer_rows); i++) {
        struct fixture f;
        struct usim u = usim_new(K_HEX, OPC_HEX);
        char session[40];
        fixture_open(&f);
        provision(&f);
        f.platform.status = answer_rows[i].status;
        CHECK_ROW(answer_rows[i].name, come_online(&f, &u, session) == 200);
        CHECK_ROW(answer_rows[i].name, (tick(&f) == CLOCK_NEVER) == !answer_rows[i].later);
        CHECK_ROW(answer_rows[i].name, f.platform.calls == 1);
        fixture_close(&f);
    }
}

static void nobody_to_tell(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char session[40];
    fixture_open(&f);
    f.settings.platform_url = NULL;
    fixture_restart(&f);
    provision(&f);
    CHECK(come_online(&f, &u, session) == 200);
    CHECK(tick(&f) == CLOCK_NEVER && f.platform.calls == 0);
    fixture_close(&f);
}

/* --- the sweep: the n-th write or commit fails, then everything is done again */

struct fault {
    unsigned at, seen;
    enum err what;
};

static enum err nth_fails(void *context, const char *sql)
{
    struct fault *fault = context;
    (void)sql;
    return ++fault->seen == fault->at ? fault->what : ERR_OK;
}

static void live_a_day(struct fixture *f, struct usim *u)
{
    char session[40];
    call(f, ADMIN, "PUT", "/v1/subscribers/" IMSI,
         "{\"iccid\":\"" ICCID "\",\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}");
    call(f, ADMIN, "PUT", "/v1/coverage", "{\"countries\":[\"KE\",\"UG\"],\"state\":\"restored\"}");
    call(f, PLATFORM, "PUT", "/v1/status/" ICCID, "{\"service\":true}");
    come_online(f, u, session);
    tick(f);
    call(f, ADMIN, "PUT", "/v1/coverage/KE", "{\"state\":\"lost\"}");
    call(f, ADMIN, "PUT", "/v1/coverage/KE", "{\"state\":\"restored\"}");
    tick(f);
}

/* Started and ended in turn, each told at least once (a cut after the platform took it tells it again). */
static bool events_alternate(const struct fixture *f)
{
    bool started = false;
    for (size_t i = 0; i < f->platform.heard_count; i++) {
        bool starts = heard(f, i, "session-started");
        bool repeated = i && !strcmp(f->platform.heard[i], f->platform.heard[i - 1]);
        if (starts == started && !repeated)
            return false;
        started = starts;
    }
    return !started;
}

static unsigned sweep(enum err what)
{
    struct fault fault = { .what = what };
    do {
        struct fixture f;
        struct usim u = usim_new(K_HEX, OPC_HEX);
        char session[40];
        fixture_open(&f);
        fault.at++;
        fault.seen = 0;
        db_set_fault(f.env.db, nth_fails, &fault);
        live_a_day(&f, &u);
        db_set_fault(f.env.db, NULL, NULL);
        fixture_restart(&f);
        clock_virtual_advance(&f.clock, clock_now(f.env.clock) + CLOCK_HOUR);
        provision(&f);
        CHECK(call(&f, ADMIN, "PUT", "/v1/coverage", "{\"state\":\"restored\"}") == 204);
        CHECK(come_online(&f, &u, session) == 200);
        CHECK(call(&f, PLATFORM, "PUT", "/v1/status/" ICCID, "{\"service\":false}") == 204);
        CHECK(tick(&f) == CLOCK_NEVER && f.platform.heard_count >= 2);
        CHECK(events_alternate(&f));
        fixture_close(&f);
    } while (fault.seen >= fault.at && fault.at < 200);
    return fault.at;
}

static void every_write_fails_once(void)
{
    CHECK(sweep(ERR_IO) > 20);
}

static void killed_at_every_write(void)
{
    CHECK(sweep(ERR_CUT) > 20);
}

const struct test event_tests[] = {
    { "a handler only notes events, and the tick tells them in order", in_order },
    { "a platform that is away is asked again, ever more rarely", backs_off },
    { "what the platform refuses for good is not repeated", answers },
    { "without a platform nobody is told", nobody_to_tell },
    { "whichever write fails, afterwards all is served and told in order", every_write_fails_once },
    { "killed at any write, the network goes on where it was", killed_at_every_write },
};
const size_t event_test_count = COUNT(event_tests);
