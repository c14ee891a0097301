/* sgp32lab run: plays scenarios, prints a line for each, leaves the report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_scenarios.h"
#include "db.h"
#include "report_text.h"

#define BREAKS_MAX 16

struct play {
    const char *report, *wiring, *card, *reader;
    int64_t seed;
    bool json, keep_going;
    struct command_words words, breaks;
    struct run_fault fault[BREAKS_MAX];
    char fault_text[BREAKS_MAX][128];
    enum wiring wirings[2];
    size_t wiring_count;
    struct scenario_files files;
    struct scenario **scenario;
    size_t scenario_count;
    unsigned passed, failed, skipped;
    bool broken;     /* something could not run, or be written */
    json_t *results; /* --json */
    struct unreadable {
        const char *path;
        struct yaml_error error;
    } *unreadable;
    size_t unreadable_count;
    struct db_patterns *patterns; /* of the stores of all worlds */
    struct report *kept;
    struct report_text text;
    char extra[1024]; /* words that a repetition needs too */
};

/* --- what is asked ------------------------------------------------------------------------------------- */

static int read_wiring(struct play *p)
{
    static const char *const words[] = { "direct", "loopback", "all", "process", NULL };
    p->wirings[0] = WIRING_DIRECT;
    p->wirings[1] = WIRING_LOOPBACK;
    p->wiring_count = 2;
    if (strcmp(p->wiring, "all") == 0)
        return 0;
    p->wiring_count = 1;
    if (strcmp(p->wiring, "process") == 0)
        p->wirings[0] = WIRING_PROCESS;
    else if (strcmp(p->wiring, "loopback") == 0)
        p->wirings[0] = WIRING_LOOPBACK;
    else if (strcmp(p->wiring, "direct") != 0)
        return command_refuse_word("run", "wiring", p->wiring, words);
    return 0;
}

/* "ES9+.ServerSigned1=flip-bit", "…=flip-bit*3" */
static int read_break(struct play *p, size_t i)
{
    char *text = p->fault_text[i];
    snprintf(text, sizeof p->fault_text[i], "%s", p->breaks.at[i]);
    char *how = strchr(text, '='), *times = how ? strchr(how, '*') : NULL;
    if (!how || how == text)
        return command_refuse("run", "--break takes MESSAGE=HOW, for example ES9+.ServerSigned1=flip-bit");
    *how++ = 0;
    p->fault[i] = (struct run_fault){ text, how, 1 };
    if (times) {
        *times++ = 0;
        p->fault[i].times = strtoll(times, NULL, 10);
        if (p->fault[i].times < 1)
            return command_refuse("run", "--break: '%s' is no number of times", times);
    }
    for (size_t k = 0; faults_words()[k]; k++)
        if (strcmp(faults_words()[k], how) == 0)
            return 0;
    return command_refuse_word("run", "fault", how, faults_words());
}

static int read_play(struct play *p, int argc, char **argv)
{
    const struct command_option options[] = {
        { "--wiring", OPTION_TEXT, &p->wiring }, { "--seed", OPTION_NUMBER, &p->seed },
        { "--break", OPTION_TEXTS, &p->breaks }, { "--report", OPTION_TEXT, &p->report },
        { "--json", OPTION_FLAG, &p->json },     { "--keep-going", OPTION_FLAG, &p->keep_going },
        { "--card", OPTION_TEXT, &p->card },     { "--reader", OPTION_TEXT, &p->reader },
    };
    int status = command_read(options, COUNT(options), argc, argv, &p->words);
    if (!status)
        status = read_wiring(p);
    if (!status && p->card && strcmp(p->wiring, "process") == 0)
        status = command_refuse("run", "--card: in process wiring a device says itself where its card is (sim-ipa, devices)");
    if (!status && p->reader && !p->card)
        status = command_refuse("run", "--reader belongs to --card pcsc:NAME");
    if (!status && p->card && strncmp(p->card, "pcsc:", 5) != 0)
        status = command_refuse("run", "--card is pcsc:NAME, not '%s'", p->card);
    if (!status && p->breaks.count > BREAKS_MAX)
        status = command_refuse("run", "at most %d times --break", BREAKS_MAX);
    for (size_t i = 0; !status && i < p->breaks.count; i++)
        status = read_break(p, i);
    return status ? status : scenario_files_find("run", &p->words, &p->files);
}

/* All files are read before the first is played: a slip of the pen costs no waiting. */
static int read_scenarios(struct play *p)
{
    p->scenario = calloc(p->files.count + 1, sizeof(struct scenario *));
    p->unreadable = calloc(p->files.count + 1, sizeof *p->unreadable);
    if (!p->scenario || !p->unreadable)
        return command_refuse("run", "out of memory");
    for (size_t i = 0; i < p->files.count; i++) {
        struct yaml_error error = { "out of memory" };
        if (scenario_read(p->files.path[i], &p->scenario[p->scenario_count], &error) == ERR_OK) {
            p->scenario_count++;
            continue;
        }
        p->unreadable[p->unreadable_count++] = (struct unreadable){ p->files.path[i], error };
        if (!p->keep_going)
            fprintf(stderr, "%s\n", error.text);
        p->broken = true;
    }
    return p->broken && !p->keep_going ? COMMAND_USAGE : 0;
}

/* --- one verdict --------------------------------------------------------------------------------------- */

static json_t *run_json(const struct run *r)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:f, s:I}", "id", r->scenario->id, "title", r->scenario->title,
                     "wiring", wiring_name(r->wiring), "verdict", verdict_name(r->verdict), "seed",
                     (json_int_t)r->seed, "why", r->why, "seconds", r->wall_seconds, "virtualMs",
                     (json_int_t)r->virtual_ms);
}

static void count_run(struct play *p, const struct run *r)
{
    p->passed += r->verdict == VERDICT_PASSED;
    p->failed += r->verdict == VERDICT_FAILED || r->verdict == VERDICT_BROKEN;
    p->skipped += r->verdict == VERDICT_SKIPPED;
    p->broken |= r->verdict == VERDICT_BROKEN;
    if (p->results)
        json_array_append_new(p->results, run_json(r));
}

static enum err play_one(struct play *p, const struct scenario *s, enum wiring wiring)
{
    struct run *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    report_text_begin(&p->text, s->id, wiring_name(wiring));
    const struct world_options o = { .wiring = wiring, .seed = (uint64_t)p->seed, .trace = true,
                                     .patterns = p->patterns,
                                     .card_reader = p->card ? p->card + strlen("pcsc:") : NULL,
                                     .card_reader_address = p->reader };
    run_scenario_as(s, &o, p->fault, p->breaks.count, r);
    count_run(p, r);
    enum err e = report_add(p->kept, r);
    if (e != ERR_NOMEM)
        report_text_verdict(&p->text, p->kept);
    run_release(r);
    free(r);
    return e;
}

/* --- all of them --------------------------------------------------------------------------------------- */

static int open_report(struct play *p)
{
    struct buf extra = { .max = sizeof p->extra - 1 };
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < p->breaks.count; i++)
        e = buf_printf(&extra, " --break %s", p->breaks.at[i]);
    if (!e && p->card)
        e = buf_printf(&extra, " --card '%s'%s%s", p->card, p->reader ? " --reader " : "", p->reader ? p->reader : "");
    const char *text = e ? NULL : buf_cstr(&extra);
    snprintf(p->extra, sizeof p->extra, "%s", text ? text : "");
    buf_release(&extra);
    const char *command = getenv("LAB_COMMAND");
    const struct report_options o = { p->report, command && command[0] ? command : "sgp32lab", p->extra };
    e = report_new(&o, &p->kept);
    if (e)
        return command_refuse("run", "the report cannot be written: %s",
                              p->kept && report_problem(p->kept) ? report_problem(p->kept) : err_name(e));
    return 0;
}

/* A full disk costs pages, not verdicts; running out of memory ends it. */
static enum err play_both(struct play *p, const struct scenario *s)
{
    enum err e = ERR_OK;
    for (size_t k = 0; e != ERR_NOMEM && k < p->wiring_count; k++) {
        e = play_one(p, s, p->wirings[k]);
        p->broken |= e != ERR_OK;
    }
    return e == ERR_NOMEM ? e : ERR_OK;
}

static enum err tell_unreadable(struct play *p)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < p->unreadable_count; i++) {
        e = report_add_unreadable(p->kept, p->unreadable[i].path, p->unreadable[i].error.text);
        if (!e)
            report_text_verdict(&p->text, p->kept);
        p->failed++;
    }
    return e;
}

static int play_all(struct play *p)
{
    int status = open_report(p);
    if (status)
        return status;
    enum err e = db_patterns_new(&p->patterns);
    if (!e)
        e = tell_unreadable(p);
    for (size_t i = 0; !e && i < p->scenario_count; i++)
        e = play_both(p, p->scenario[i]);
    if (e)
        return command_refuse("run", "%s", err_name(e));
    p->broken |= report_finish(p->kept) != ERR_OK;
    report_text_finish(&p->text, p->kept);
    return p->broken ? COMMAND_USAGE : p->failed ? 1 : 0;
}

static void print_json(struct play *p)
{
    json_t *all = json_pack("{s:o, s:i, s:i, s:i}", "runs", json_incref(p->results), "passed", (int)p->passed,
                            "failed", (int)p->failed, "skipped", (int)p->skipped);
    if (all && json_dumpf(all, stdout, JSON_COMPACT) == 0)
        putchar('\n');
    json_decref(all);
}

static void release(struct play *p)
{
    for (size_t i = 0; i < p->scenario_count; i++)
        scenario_free(p->scenario[i]);
    free(p->scenario);
    scenario_files_release(&p->files);
    free(p->unreadable);
    report_free(p->kept);
    db_patterns_free(p->patterns);
    json_decref(p->results);
    free(p);
}

int command_run(int argc, char **argv)
{
    struct play *p = calloc(1, sizeof *p);
    if (!p)
        return command_refuse("run", "out of memory");
    p->report = "build/report";
    p->wiring = "all";
    p->seed = 1;
    int status = read_play(p, argc, argv);
    p->results = p->json ? json_array() : NULL;
    report_text_init(&p->text, p->json ? stderr : stdout);
    if (!status)
        status = read_scenarios(p);
    command_raise_file_limit("run");
    if (!status)
        status = play_all(p);
    if (p->json && p->results)
        print_json(p);
    release(p);
    return status;
}
