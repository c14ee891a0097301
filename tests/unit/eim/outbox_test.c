/* Callbacks that wait: what they cost, and whom they hold up. */
#include <stdio.h>
#include <string.h>

#include "db.h"
#include "eim_internal.h"
#include "eim_tests.h"

#define MOST 400

/* An order that ends at once: its callback has something to hear. */
static void end_order_of(struct fixture *f, const char *eid, const char *reference, const char *hook)
{
    char body[300], url[200];
    json_t *answer = NULL;
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/euiccs/%s/orders", eid);
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"kind\":\"list\",\"callback\":\"https://%s/hook\"}", reference,
             hook);
    REQUIRE(lab_call(&f->l, f->l.eso, "POST", url, body, &answer) == 202);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", json_str(answer, "orderId"));
    REQUIRE(lab_call(&f->l, f->l.eso, "DELETE", url, "", NULL) == 200);
    json_decref(answer);
}

enum backlog { OF_MANY_EUICCS, OF_ONE_EUICC };

static void put_backlog(struct fixture *f, enum backlog kind, unsigned count)
{
    char eid[33], reference[32];
    import_numbered(f, count, "");
    for (unsigned i = 0; i < count; i++) {
        numbered_eid(kind == OF_MANY_EUICCS ? i : 0, eid);
        snprintf(reference, sizeof reference, "waiting-%u", i);
        end_order_of(f, eid, reference, "deaf.example.com");
    }
}

/* The steps of the database for one tick that delivers one letter to eso while so many wait for a deaf receiver. */
static uint64_t steps_beside(enum backlog kind, unsigned waiting)
{
    struct fixture f;
    fixture_open(&f);
    struct receiver deaf = { .actor = { f.eso.actor.ops } };
    REQUIRE(http_switch_set(f.l.wires, "deaf.example.com", &deaf.actor, NULL, &f.l.log) == ERR_OK);
    put_backlog(&f, kind, waiting);
    tick_eim(&f);
    CHECK(deaf.calls == 1); /* once for all that waits */
    end_order_of(&f, LAB_EID, "lively", "eso.example.com");
    uint64_t before = db_steps(f.l.part[LAB_EIM].env.db);
    tick_eim(&f);
    uint64_t steps = db_steps(f.l.part[LAB_EIM].env.db) - before;
    CHECK(f.eso.heard_count == 1 && deaf.calls == 1);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + 2 * CLOCK_SECOND);
    tick_eim(&f);
    CHECK(deaf.calls == 2);
    fixture_close(&f);
    return steps;
}

static void a_deaf_receiver_costs_nothing(void)
{
    static const struct {
        const char *name;
        enum backlog kind;
    } rows[] = { { "letters of many eUICCs wait", OF_MANY_EUICCS }, { "letters of one eUICC wait", OF_ONE_EUICC } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t few = steps_beside(rows[i].kind, 2), many = steps_beside(rows[i].kind, MOST);
        CHECK_ROW(rows[i].name, few > 0 && many == few);
        if (many != few)
            printf(" (%llu steps, then %llu)", (unsigned long long)few, (unsigned long long)many);
    }
}

/* One that takes its time and never answers; at its first call something ends for a lively one. */
struct sleeper {
    struct actor actor;
    struct fixture *f;
    unsigned calls, heard_before; /* what the lively one had heard at the last call */
    bool ends_something;
};

static enum err sleep_on(void *actor, const struct http_request *q, struct http_response *p)
{
    struct sleeper *s = actor;
    (void)q, (void)p;
    s->calls++;
    s->heard_before = s->f->eso.heard_count;
    clock_virtual_advance(&s->f->l.clock, clock_now(&s->f->l.clock.clock) + 10 * CLOCK_SECOND);
    if (s->ends_something)
        end_order_of(s->f, LAB_EID, "lively", "eso.example.com");
    s->ends_something = false;
    return ERR_CUT;
}

static const struct http_route sleeper_routes[] = { { "POST", "/hook", sleep_on } };
static const struct actor_ops sleeper_ops = { .role = "sleeper", .routes = sleeper_routes, .route_count = 1 };

static void the_deaf_come_last(void)
{
    struct fixture f;
    fixture_open(&f);
    struct sleeper s[3];
    char host[32], reference[16];
    for (unsigned i = 0; i < COUNT(s); i++) {
        s[i] = (struct sleeper){ .actor = { &sleeper_ops }, .f = &f };
        snprintf(host, sizeof host, "s%u.example.com", i);
        snprintf(reference, sizeof reference, "s%u", i);
        REQUIRE(http_switch_set(f.l.wires, host, &s[i].actor, NULL, &f.l.log) == ERR_OK);
        end_order_of(&f, LAB_EID, reference, host);
    }
    tick_eim(&f); /* all found deaf */
    unsigned before = s[0].calls;
    CHECK(before >= 1 && s[1].calls >= 1 && s[2].calls >= 1 && f.eso.heard_count == 0);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_HOUR);
    for (unsigned i = 0; i < COUNT(s); i++) {
        s[i].calls = 0;
        s[i].ends_something = i == 0;
    }
    for (unsigned i = 0; i < COUNT(s); i++)
        tick_eim(&f);
    CHECK(f.eso.heard_count == 1 && s[0].calls + s[1].calls + s[2].calls == 3);
    unsigned waited = 0; /* deaf ones that were called before the lively one heard */
    for (unsigned i = 0; i < COUNT(s); i++)
        waited += s[i].calls && !s[i].heard_before;
    CHECK(waited == 1);
    fixture_close(&f);
}

/* When it hears again everything comes, in order for each eUICC. */
static void the_backlog_is_delivered(void)
{
    struct fixture f;
    fixture_open(&f);
    f.eso.status = 503;
    import_numbered(&f, 2, "");
    char eid[2][33];
    for (unsigned i = 0; i < 2; i++)
        numbered_eid(i, eid[i]);
    for (unsigned i = 0; i < 20; i++) {
        char reference[16];
        snprintf(reference, sizeof reference, "%u.%02u", i % 2, i);
        end_order_of(&f, eid[i % 2], reference, "eso.example.com");
    }
    tick_eim(&f);
    CHECK(f.eso.calls == 1);
    lab_restart(&f.l, LAB_EIM);
    f.eso.status = 200;
    tick_eim(&f);
    CHECK(f.eso.heard_count == 0); /* its time has not come */
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + 2 * CLOCK_SECOND);
    tick_eim(&f);
    REQUIRE(f.eso.heard_count == 20 && f.eso.calls == 21);
    for (unsigned which = 0; which < 2; which++) {
        const char *last = "";
        for (unsigned i = 0; i < 20; i++)
            if (f.eso.heard[i][0] == (char)('0' + which)) {
                CHECK(strcmp(last, f.eso.heard[i]) < 0);
                last = f.eso.heard[i];
            }
    }
    fixture_close(&f);
}

static void a_refused_letter_holds_up_its_own_euicc_only(void)
{
    struct fixture f;
    char eid[33];
    fixture_open(&f);
    import_numbered(&f, 1, "");
    numbered_eid(0, eid);
    f.eso.refused = "a";
    end_order_of(&f, LAB_EID, "a", "eso.example.com");
    end_order_of(&f, LAB_EID, "b", "eso.example.com");
    end_order_of(&f, eid, "c", "eso.example.com");
    tick_eim(&f);
    REQUIRE(f.eso.heard_count == 1);
    CHECK(strncmp(f.eso.heard[0], "c ", 2) == 0);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + 2 * CLOCK_SECOND);
    tick_eim(&f);
    CHECK(f.eso.heard_count == 1 && f.eso.calls == 3);
    f.eso.refused = NULL;
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_MINUTE);
    tick_eim(&f);
    REQUIRE(f.eso.heard_count == 3);
    CHECK(strncmp(f.eso.heard[1], "a ", 2) == 0 && strncmp(f.eso.heard[2], "b ", 2) == 0);
    fixture_close(&f);
}

/* Killed at the n-th write of a delivery: everything comes, nothing out of order, one letter at most twice. */
static void killed_while_delivering(void)
{
    bool cut = true;
    unsigned n = 1;
    for (; cut && n < 40; n++) {
        struct fixture f;
        fixture_open(&f);
        end_order_of(&f, LAB_EID, "a", "eso.example.com");
        end_order_of(&f, LAB_EID, "b", "eso.example.com");
        f.l.part[LAB_EIM].writes = 0;
        f.l.part[LAB_EIM].cut_at = n;
        tick_eim(&f);
        cut = f.eso.heard_count != 2;
        CHECK(f.eso.heard_count == (cut ? 3 : 2));
        CHECK(strncmp(f.eso.heard[0], "a ", 2) == 0 && strncmp(f.eso.heard[f.eso.heard_count - 1], "b ", 2) == 0);
        fixture_close(&f);
    }
    CHECK(!cut && n > 3);
}

static enum err take_letter(void *context, const struct db_row *r)
{
    struct buf *out = context;
    return buf_printf(out, "%s %s %s %d;", db_text(r, 0), db_text(r, 1), db_text(r, 2), (int)db_int(r, 3));
}

/* Letters of the store before receivers were kept. */
static void old_letters_are_kept(void)
{
    struct log log = { .actor = "test" };
    struct db *db = NULL;
    struct buf found = { .max = 400 };
    REQUIRE(db_open(&log, NULL, false, &db) == ERR_OK && db_migrate(db, eim_migrations, 5) == ERR_OK);
    static const char *const rows[] = {
        "INSERT INTO outbox (order_id, url, due, attempts, eid) VALUES ('o1', 'https://x/', 50, 3, '1')",
        "INSERT INTO outbox (order_id, url, due, attempts, eid) VALUES ('o2', 'https://x/', 10, 0, '1')",
        "INSERT INTO outbox (order_id, url, due, attempts, eid) VALUES ('o3', 'https://y/', 20, 0, '2')",
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        REQUIRE(db_run(db, rows[i], NULL, 0, NULL) == ERR_OK);
    REQUIRE(db_migrate(db, eim_migrations, eim_migration_count) == ERR_OK);
    REQUIRE(db_query(db,
                     "SELECT l.order_id, r.url, r.next, l.head FROM letter l JOIN receiver r ON r.id = l.receiver ORDER BY l.id",
                     NULL, 0, take_letter, &found) == ERR_OK);
    CHECK(strcmp(buf_cstr(&found), "o1 https://x/ 50 1;o2 https://x/ 50 0;o3 https://y/ 20 1;") == 0);
    buf_release(&found);
    db_close(db);
}

/* --- given up ------------------------------------------------------------------------------------------ */

#define LETTERS LAB_EIM_URL "/v1/letters"

/* Letters of a state, as `as` sees them; the id of the first one. */
static size_t letters(struct fixture *f, struct http_client *as, const char *state, char id[40], char why[40])
{
    char url[100];
    json_t *answer = NULL;
    snprintf(url, sizeof url, LETTERS "?state=%s", state);
    REQUIRE(lab_call(&f->l, as, "GET", url, "", &answer) == 200);
    const json_t *items = json_object_get(answer, "items"), *first = json_array_get(items, 0);
    size_t count = json_array_size(items);
    snprintf(id, 40, "%s", first ? json_str(first, "id") : "");
    snprintf(why, 40, "%s", first && json_str(first, "lastFailure") ? json_str(first, "lastFailure") : "");
    json_decref(answer);
    return count;
}

static int change_letter(struct fixture *f, struct http_client *as, const char *method, const char *id, const char *more)
{
    char url[140];
    snprintf(url, sizeof url, LETTERS "/%s%s", id, more);
    return lab_call(&f->l, as, method, url, "", NULL);
}

static const struct {
    const char *name, *why;
    int status;
} given_up[] = {
    { "one that is not reached", "no answer", 0 },
    { "one that answers 503", "HTTP 503", 503 },
    { "one that refuses", "HTTP 404", 404 },
};

static void what_nobody_takes_is_given_up(void)
{
    for (size_t i = 0; i < COUNT(given_up); i++) {
        struct fixture f;
        char id[40], why[40];
        fixture_open(&f);
        f.eso.status = given_up[i].status;
        end_order_of(&f, LAB_EID, "a", "eso.example.com");
        run_eim(&f, false, 2 * CLOCK_DAY);
        CHECK_ROW(given_up[i].name, letters(&f, f.l.eso, "waiting", id, why) == 1 && letters(&f, f.l.eso, "dead", id, why) == 0);
        run_eim(&f, false, 2 * CLOCK_DAY);
        CHECK_ROW(given_up[i].name, letters(&f, f.l.eso, "waiting", id, why) == 0 && letters(&f, f.l.eso, "dead", id, why) == 1);
        CHECK_ROW(given_up[i].name, strcmp(why, given_up[i].why) == 0 && f.eso.heard_count == 0);
        CHECK_ROW(given_up[i].name, lab_said(&f.l, "https://eso.example.com") && !lab_said(&f.l, "eso.example.com/hook"));
        unsigned calls = f.eso.calls;
        run_eim(&f, false, CLOCK_DAY);
        CHECK_ROW(given_up[i].name, f.eso.calls == calls);
        f.eso.status = 200;
        lab_restart(&f.l, LAB_EIM);
        CHECK_ROW(given_up[i].name, letters(&f, f.l.admin, "dead", why, why) == 0);
        CHECK_ROW(given_up[i].name, change_letter(&f, f.l.admin, "POST", id, "/retry") == 404); /* another tenant */
        CHECK_ROW(given_up[i].name, change_letter(&f, f.l.eso, "POST", id, "/retry") == 204);
        tick_eim(&f);
        CHECK_ROW(given_up[i].name, f.eso.heard_count == 1 && letters(&f, f.l.eso, "dead", id, why) == 0);
        fixture_close(&f);
    }
}

/* One that waits may go at once, or never; what waits behind it goes on. */
static void what_waits_is_changed_by_hand(void)
{
    struct fixture f;
    char id[40], why[40];
    fixture_open(&f);
    f.eso.status = 503;
    end_order_of(&f, LAB_EID, "a", "eso.example.com");
    end_order_of(&f, LAB_EID, "b", "eso.example.com");
    end_order_of(&f, LAB_EID, "c", "eso.example.com");
    run_eim(&f, false, CLOCK_MINUTE);
    CHECK(letters(&f, f.l.eso, "waiting", id, why) == 3);
    CHECK(change_letter(&f, f.l.admin, "DELETE", id, "") == 404);
    CHECK(change_letter(&f, f.l.eso, "DELETE", id, "") == 204);
    CHECK(change_letter(&f, f.l.eso, "DELETE", id, "") == 404);
    f.eso.status = 200;
    CHECK(letters(&f, f.l.eso, "waiting", id, why) == 2);
    tick_eim(&f);
    CHECK(f.eso.heard_count == 0); /* its time has not come */
    CHECK(change_letter(&f, f.l.eso, "POST", id, "/retry") == 204);
    tick_eim(&f);
    REQUIRE(f.eso.heard_count == 2);
    CHECK(strncmp(f.eso.heard[0], "b ", 2) == 0 && strncmp(f.eso.heard[1], "c ", 2) == 0);
    fixture_close(&f);
}

/* A clock that jumps says nothing of a receiver that was hardly tried. */
static void a_jump_of_the_clock_gives_nothing_up(void)
{
    struct fixture f;
    char id[40], why[40];
    fixture_open(&f);
    f.eso.status = 503;
    end_order_of(&f, LAB_EID, "a", "eso.example.com");
    tick_eim(&f);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + 30 * CLOCK_DAY);
    tick_eim(&f);
    CHECK(letters(&f, f.l.eso, "waiting", id, why) == 1 && letters(&f, f.l.eso, "dead", id, why) == 0);
    f.eso.status = 200;
    run_eim(&f, false, CLOCK_HOUR);
    CHECK(f.eso.heard_count == 1);
    fixture_close(&f);
}

const struct test outbox_tests[] = {
    { "what nobody takes is given up, seen, and repeated by hand", what_nobody_takes_is_given_up },
    { "what waits is deleted or sent by hand", what_waits_is_changed_by_hand },
    { "a jump of the clock gives nothing up", a_jump_of_the_clock_gives_nothing_up },
    { "a deaf receiver costs nothing, however much waits for it", a_deaf_receiver_costs_nothing },
    { "what came meanwhile does not wait for the deaf", the_deaf_come_last },
    { "what waited for a deaf receiver comes in order", the_backlog_is_delivered },
    { "a refused letter holds up its own eUICC only", a_refused_letter_holds_up_its_own_euicc_only },
    { "a kill while delivering loses nothing", killed_while_delivering },
    { "letters of an older store are kept", old_letters_are_kept },
};
const size_t outbox_tests_count = COUNT(outbox_tests);
