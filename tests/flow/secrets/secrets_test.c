/* Keys and codes of a swap are looked for where nobody may find them: in events, in messages, in databases. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "harness.h"
#include "run.h"

#define SEED 7
#define ROOM (64u << 20)

/* --- the finder: a value in the forms in which it could lie somewhere ----------------------------------- */

static bool contains(struct span where, struct span what)
{
    return where.len && what.len && memmem(where.at, where.len, what.at, what.len);
}

/* The middle of a base64 text depends on where the value begins in it: three ways, the ends cut off. */
static bool contains_base64(struct span where, struct span what)
{
    bool found = false;
    for (size_t shift = 0; shift < 3; shift++) {
        uint8_t padded[64] = { 0 };
        struct buf text = { .max = 256 };
        REQUIRE(what.len + shift <= sizeof padded);
        memcpy(padded + shift, what.at, what.len);
        REQUIRE(base64_put(&text, span_of(padded, shift + what.len)) == ERR_OK);
        size_t first = shift ? 4 : 0, whole = (shift + what.len) / 3 * 4;
        found |= contains(where, span_sub(buf_span(&text), first, whole - first));
        buf_release(&text);
    }
    return found;
}

static bool contains_in_any_form(struct span where, struct span what)
{
    struct buf lower = { .max = 256 }, upper = { .max = 256 };
    REQUIRE(hex_put(&lower, what) == ERR_OK && hex_put_upper(&upper, what) == ERR_OK);
    bool found = contains(where, what) || contains(where, buf_span(&lower)) || contains(where, buf_span(&upper)) ||
                 contains_base64(where, what);
    buf_release(&lower);
    buf_release(&upper);
    return found;
}

static const uint8_t planted[16] = { 0xfb, 0x01, 0xc2, 0x7e, 0xff, 0x10, 0x00, 0x9a, 0x3b, 0x4c, 0x5d, 0x6e, 0x7f, 0x80, 0x91, 0xa2 };

static const struct {
    const char *name, *text;
    bool found;
} forms[] = {
    { "hex", "{\"k\":\"fb01c27eff10009a3b4c5d6e7f8091a2\"}", true },
    { "hex in capitals", "K=FB01C27EFF10009A3B4C5D6E7F8091A2.", true },
    { "base64", "{\"k\":\"+wHCfv8QAJo7TF1uf4CRog==\"}", true },
    { "base64, one octet behind something", "{\"der\":\"BPsBwn7/EACaO0xdbn+AkaI=\"}", true },
    { "base64, two octets behind something", "{\"der\":\"BBD7AcJ+/xAAmjtMXW5/gJGi\"}", true },
    { "one octet differs", "fb01c27eff10009a3b4c5d6e7f8091a3", false },
    { "masked", "{\"k\":\"********************************\"}", false },
    { "nothing", "", false },
};

static void test_finder(void)
{
    for (size_t i = 0; i < COUNT(forms); i++)
        CHECK_ROW(forms[i].name, contains_in_any_form(span_str(forms[i].text), SPAN_ARRAY(planted)) == forms[i].found);
    CHECK(contains_in_any_form(SPAN_ARRAY(planted), SPAN_ARRAY(planted)));
}

/* --- what is looked for ---------------------------------------------------------------------------------- */

struct secrets_seen {
    size_t keys, codes;
};

static void look_for_profile(struct span where, const struct world_profile *p, struct secrets_seen *seen)
{
    seen->keys += contains_in_any_form(where, SPAN_ARRAY(p->k)) + contains_in_any_form(where, SPAN_ARRAY(p->opc));
    if (p->matching_id[0])
        seen->codes += contains_in_any_form(where, span_str(p->matching_id));
}

static struct secrets_seen look(const struct world *w, struct span where)
{
    struct secrets_seen seen = { 0 };
    for (size_t i = 0; i < w->device_count; i++)
        for (size_t k = 0; k < w->devices[i].profile_count; k++)
            look_for_profile(where, &w->devices[i].profile[k], &seen);
    for (size_t i = 0; i < w->code_count; i++)
        look_for_profile(where, &w->codes[i], &seen);
    return seen;
}

/* --- where it is looked for -------------------------------------------------------------------------------- */

static enum err take_name(void *context, const struct db_row *r)
{
    struct buf *names = context;
    enum err e = buf_put(names, span_str(db_text(r, 0)));
    return e ? e : buf_put_u8(names, 0);
}

static enum err take_cell(void *context, const struct db_row *r)
{
    struct buf *all = context;
    enum err e = buf_put(all, db_blob(r, 0));
    return e ? e : buf_put_u8(all, '\n');
}

static void dump_column(struct db *db, const char *table, const char *column, struct buf *out)
{
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT CAST(\"%s\" AS BLOB) FROM \"%s\"", column, table);
    enum err e = db_query(db, sql, NULL, 0, take_cell, out);
    CHECK_ROW(table, e == ERR_OK || e == ERR_NOT_FOUND);
}

static void dump_table(struct db *db, const char *table, struct buf *out)
{
    struct buf columns = { .max = 1 << 16 };
    CHECK_ROW(table, db_query(db, "SELECT name FROM pragma_table_info(?)", DB_ARGS(DB_TEXT(table)), take_name,
                              &columns) == ERR_OK);
    for (size_t at = 0; at < columns.len; at += strlen((const char *)columns.at + at) + 1)
        dump_column(db, table, (const char *)columns.at + at, out);
    buf_release(&columns);
}

/* Every cell of every table. */
static struct buf dump(struct db *db)
{
    struct buf tables = { .max = 1 << 16 }, all = { .max = ROOM };
    CHECK(db_query(db, "SELECT name FROM sqlite_master WHERE type = 'table'", NULL, 0, take_name, &tables) == ERR_OK);
    for (size_t at = 0; at < tables.len; at += strlen((const char *)tables.at + at) + 1)
        dump_table(db, (const char *)tables.at + at, &all);
    buf_release(&tables);
    return all;
}

/* Raw bodies too: JSON lines could hide what they carry. */
static struct buf messages(const struct world *w)
{
    struct buf all = { .max = ROOM };
    CHECK(trace_put_json_lines(w->trace, &all) == ERR_OK);
    for (size_t i = 0; i < trace_count(w->trace); i++)
        CHECK(buf_put(&all, buf_span(&trace_message(w->trace, i)->body)) == ERR_OK);
    return all;
}

/* --- worlds ------------------------------------------------------------------------------------------------ */

struct played {
    struct scenario *scenario;
    struct run run;
};

static struct played play(const char *id, enum wiring wiring, bool bare)
{
    char pattern[4096];
    const char *source = getenv("LAB_SOURCE");
    glob_t found = { 0 };
    struct played p = { 0 };
    struct yaml_error error = { { 0 } };
    snprintf(pattern, sizeof pattern, "%s/scenarios/%s*.yaml", source ? source : ".", id);
    REQUIRE(glob(pattern, 0, NULL, &found) == 0);
    REQUIRE(scenario_read(found.gl_pathv[0], &p.scenario, &error) == ERR_OK);
    globfree(&found);
    const struct world_options o = { .wiring = wiring, .seed = SEED, .trace = true, .bare = bare };
    run_scenario_prepared(p.scenario, &o, NULL, NULL, &p.run);
    CHECK_ROW(p.run.why, p.run.verdict == VERDICT_PASSED);
    REQUIRE(p.run.world != NULL);
    return p;
}

static void end(struct played *p)
{
    run_release(&p->run);
    scenario_free(p->scenario);
}

static const struct {
    const char *name, *scenario;
    enum wiring wiring;
} worlds[] = {
    { "a first swap, direct", "swap/01", WIRING_DIRECT },
    { "a first swap, loopback", "swap/01", WIRING_LOOPBACK },
    { "a swap that is rolled back", "recovery/13", WIRING_DIRECT },
    { "eight swaps over one code", "stock/27", WIRING_DIRECT },
    { "a swap whose download is refused", "hostile/45a", WIRING_DIRECT },
};

/* What parts write by themselves is clean; the masking is not what makes it so. */
static void test_bare(void)
{
    for (size_t i = 0; i < COUNT(worlds); i++) {
        struct played p = play(worlds[i].scenario, worlds[i].wiring, true);
        struct world *w = p.run.world;
        struct buf said = messages(w);
        struct secrets_seen in_events = look(w, buf_span(&w->log_sink.lines)), in_messages = look(w, buf_span(&said));
        CHECK_ROW(worlds[i].name, w->log_sink.lines.len > 1000 && said.len > 10000);
        CHECK_ROW(worlds[i].name, in_events.keys == 0);
        CHECK_ROW(worlds[i].name, in_events.codes == 0);
        CHECK_ROW(worlds[i].name, in_messages.keys == 0);
        /* Codes do travel: were they not found here, this test would look past them. */
        CHECK_ROW(worlds[i].name, in_messages.codes > 0);
        buf_release(&said);
        end(&p);
    }
}

static void test_masked(void)
{
    for (size_t i = 0; i < COUNT(worlds); i++) {
        struct played p = play(worlds[i].scenario, worlds[i].wiring, false);
        struct world *w = p.run.world;
        struct buf said = messages(w);
        struct secrets_seen in_messages = look(w, buf_span(&said)), in_events = look(w, buf_span(&w->log_sink.lines));
        CHECK_ROW(worlds[i].name, in_messages.keys + in_messages.codes + in_events.keys + in_events.codes == 0);
        CHECK_ROW(worlds[i].name, contains(buf_span(&said), span_str("********")));
        CHECK_ROW(worlds[i].name, trace_leaks(w->trace) == 0);
        buf_release(&said);
        end(&p);
    }
}

/* --- databases ------------------------------------------------------------------------------------------------ */

static void check_database(const char *name, const struct world *w, const struct part *p)
{
    struct buf all = dump(p->env.db);
    struct secrets_seen seen = look(w, buf_span(&all));
    CHECK_ROW(p->name, seen.keys == 0);
    if (seen.keys || (p->kind == PART_ESO && seen.codes))
        printf("\n    %s, %s: %zu keys, %zu codes in the database", name, p->name, seen.keys, seen.codes);
    if (p->kind == PART_ESO) {
        CHECK_ROW(name, seen.codes == 0);
        /* The stock is there, by its numbers. */
        CHECK_ROW(name, contains(buf_span(&all), span_str(w->codes[0].iccid)));
    }
    buf_release(&all);
}

static void test_databases(void)
{
    for (size_t i = 0; i < COUNT(worlds); i++) {
        struct played p = play(worlds[i].scenario, worlds[i].wiring, false);
        for (size_t k = 0; k < p.run.world->part_count; k++)
            check_database(worlds[i].name, p.run.world, &p.run.world->parts[k]);
        end(&p);
    }
}

static void test_database_finder(void)
{
    struct log log = { 0 };
    struct db *db = NULL;
    REQUIRE(db_open(&log, NULL, false, &db) == ERR_OK);
    REQUIRE(db_run(db, "CREATE TABLE odd (name TEXT, value BLOB)", NULL, 0, NULL) == ERR_OK);
    REQUIRE(db_run(db, "INSERT INTO odd VALUES (?, ?)", DB_ARGS(DB_TEXT("k"), DB_BLOB(SPAN_ARRAY(planted))), NULL) == ERR_OK);
    struct buf all = dump(db);
    CHECK(contains_in_any_form(buf_span(&all), SPAN_ARRAY(planted)));
    buf_release(&all);
    db_close(db);
}

int main(void)
{
    static const struct test tests[] = {
        { "the finder finds a planted key in every form, and only that", test_finder },
        { "the finder finds a planted key in a table", test_database_finder },
        { "no event has a key or a code, no message a key, even unmasked", test_bare },
        { "masked messages and events have no key and no code", test_masked },
        { "no database has a key, and the eSO's has no code", test_databases },
    };
    return tests_main("secrets", tests, COUNT(tests));
}
