#include "process_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* How long a program may take to open its port, and to end when asked. */
#define START_MS (20 * CLOCK_SECOND)
#define STOP_MS 20000
#define LOOK_EVERY_MS 40

/* --- all of them ------------------------------------------------------------------------------------------------ */

struct children {
    struct process **all;
    size_t count;
};

static struct children children(struct world *w)
{
    struct children c = { calloc(2 * w->part_count + 1, sizeof(struct process *)), 0 };
    for (size_t i = 0; c.all && i < w->part_count; i++) {
        c.all[c.count++] = &w->parts[i].process;
        c.all[c.count++] = &w->parts[i].card_process;
    }
    return c;
}

void process_rest_all(struct world *w, int ms)
{
    struct children c = children(w);
    process_rest(c.all, c.count, ms);
    free(c.all);
}

void process_hold_others(struct world *w, const struct part *but, bool still)
{
    for (size_t i = 0; i < w->part_count; i++)
        if (&w->parts[i] != but && w->parts[i].kind != PART_ESO) {
            process_hold(&w->parts[i].process, still);
            process_hold(&w->parts[i].card_process, still);
        }
}

/* --- what they said --------------------------------------------------------------------------------------------- */

/* The last line of a program's log, for who asks why it ended. */
static void last_words(struct world *w, const char *log, char out[160])
{
    struct buf text = { .max = 64 << 20 };
    if (process_read_file(w, log, &text) || buf_put_u8(&text, 0) || text.len < 2)
        snprintf(out, 160, "it said nothing");
    else {
        char *line = (char *)text.at;
        for (size_t n = strlen(line); n && line[n - 1] == '\n'; n--)
            line[n - 1] = 0;
        const char *last = strrchr(line, '\n');
        snprintf(out, 160, "%.150s", last ? last + 1 : line);
    }
    buf_release(&text);
}

static void how_it_ended(const struct process *p, char out[32])
{
    if (WIFSIGNALED(p->status))
        snprintf(out, 32, "signal %d", WTERMSIG(p->status));
    else
        snprintf(out, 32, "exit status %d", WEXITSTATUS(p->status));
}

static enum err tell_end(struct part *p, const struct process *child)
{
    char path[128], words[160], how[32];
    snprintf(path, sizeof path, "%s/%s", p->name, child == &p->process ? "log.jsonl" : "card.jsonl");
    last_words(p->world, path, words);
    how_it_ended(child, how);
    return world_fail(p->world, ERR_STATE, "%s (%s) ended by itself, %s: %s", p->name,
                      child == &p->process ? process_program(p) : "sim-euicc", how, words);
}

/* One that was to die at a commit has: it is started again. */
static enum err check_actor(struct part *p)
{
    if (!process_ended(&p->process))
        return ERR_OK;
    if (!p->cut_at)
        return tell_end(p, &p->process);
    p->cut_at = 0;
    return world_restart(p->world, p);
}

/* A card also ends when its reader goes: then the device is the one to name, even if it is a moment slower. */
static enum err check_card(struct part *p)
{
    struct process *device = &p->process;
    if (!process_ended(&p->card_process))
        return ERR_OK;
    process_rest(&device, 1, 100);
    bool was_to_die = p->cut_at != 0;
    enum err e = check_actor(p);
    /* The device was to die, did, and has been started again, and its card with it. */
    return e || (was_to_die && !p->cut_at) ? e : tell_end(p, &p->card_process);
}

static enum err check_all(struct world *w)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < w->part_count; i++) {
        e = check_actor(&w->parts[i]);
        if (!e)
            e = check_card(&w->parts[i]);
    }
    return e;
}

bool process_revive(struct world *w)
{
    process_rest_all(w, 100);
    for (size_t i = 0; i < w->part_count; i++)
        if (w->parts[i].cut_at && process_ended(&w->parts[i].process))
            return check_actor(&w->parts[i]) == ERR_OK;
    return false;
}

enum err process_blame(struct world *w, enum err e)
{
    char told[sizeof w->failure];
    memcpy(told, w->failure, sizeof told);
    w->failure[0] = 0;
    process_rest_all(w, 100); /* the one who died may be a moment slower than the one who noticed */
    enum err died = check_all(w);
    if (!died)
        memcpy(w->failure, told, sizeof told);
    return died ? died : e;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Events begin with their time, so the order of texts is the order of time. */
static enum err sort_lines(struct buf *text, struct buf *out)
{
    size_t count = 0, n = 0;
    for (size_t i = 0; i < text->len; i++)
        count += text->at[i] == '\n';
    char **lines = calloc(count + 1, sizeof *lines), *rest = NULL;
    enum err e = lines ? buf_put_u8(text, 0) : ERR_NOMEM;
    for (char *l = e ? NULL : strtok_r((char *)text->at, "\n", &rest); l && n < count; l = strtok_r(NULL, "\n", &rest))
        if (*l == '{')
            lines[n++] = l;
    if (n)
        qsort(lines, n, sizeof *lines, by_text);
    for (size_t i = 0; !e && i < n; i++) {
        e = buf_put_str(out, lines[i]);
        if (!e)
            e = buf_put_u8(out, '\n');
    }
    free(lines);
    return e;
}

void process_collect_events(struct world *w)
{
    static const char *const logs[] = { "log.jsonl", "card.jsonl" };
    struct buf all = { .max = w->log_sink.lines.max }, sorted = { .max = w->log_sink.lines.max };
    char path[128];
    enum err e = buf_put(&all, buf_span(&w->log_sink.lines));
    for (size_t i = 0; !e && i < w->part_count; i++)
        for (size_t k = 0; !e && k < COUNT(logs); k++) {
            snprintf(path, sizeof path, "%s/%s", w->parts[i].name, logs[k]);
            e = process_read_file(w, path, &all);
            e = e == ERR_NOT_FOUND ? ERR_OK : e;
        }
    if (!e)
        e = sort_lines(&all, &sorted);
    buf_release(&all);
    if (e) {
        LOG(&w->log, LOG_WARN, "events.lost", F_TEXT("err", err_name(e)));
        buf_release(&sorted);
        return;
    }
    trace_redact(w->trace, TRACE_TEXT, &sorted);
    buf_release(&w->log_sink.lines);
    w->log_sink.lines = sorted;
}

/* --- beginning and end -------------------------------------------------------------------------------------------- */

/* Every name has its place before the first program starts: each is told of all. */
static enum err place_part(struct part *p)
{
    struct world *w = p->world;
    if (p->kind == PART_DEVICE)
        world_device_host(p->device, p->host);
    enum err e = process_free_port(&w->next_port, &p->port);
    if (!e && p->kind == PART_DEVICE)
        e = process_free_port(&w->next_port, &p->card_port);
    return e ? e : net_add(&w->net, p->host, "127.0.0.1", (uint16_t)p->port);
}

static enum err find_programs(struct world *w)
{
    static const char *const programs[] = { "sim-smdp", "sim-eim", "eso", "sim-cmp", "sim-net", "sim-ipa", "sim-euicc",
                                            "sim-smds" };
    char path[PROCESS_PATH_MAX];
    for (size_t i = 0; i < COUNT(programs); i++)
        if (process_find(programs[i], path))
            return world_fail(w, ERR_NOT_FOUND, "process wiring needs %.150s: build it, or say in LAB_BIN where it is",
                              path);
    return ERR_OK;
}

enum err process_open(struct world *w)
{
    enum err e = find_programs(w);
    if (!e)
        e = process_folder_make(w);
    for (size_t i = 0; !e && i < w->part_count; i++)
        e = place_part(&w->parts[i]);
    return e ? e : process_write_certificates(w);
}

/* SIGTERM asks for an end with status 0; whoever still ran and did otherwise is told. */
static bool ended_well(struct part *p, struct process *child, bool ran)
{
    if (!ran || (child->ended && WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0))
        return true;
    p->world->failure[0] = 0;
    if (tell_end(p, child))
        fprintf(stderr, "sgp32lab: asked to end: %s\n", p->world->failure);
    return false;
}

bool process_close(struct world *w)
{
    struct children c = children(w);
    bool *ran = calloc(c.count + 1, sizeof *ran), clean = true;
    for (size_t i = 0; ran && i < c.count; i++)
        ran[i] = c.all[i]->pid != 0;
    process_stop_all(c.all, c.count, STOP_MS);
    for (size_t i = 0; ran && i < c.count; i++)
        /* One that was to die at a commit may have made it at its end. */
        clean &= w->parts[i / 2].cut_at || ended_well(&w->parts[i / 2], c.all[i], ran[i]);
    free(ran);
    free(c.all);
    if (!w->keep_folder)
        process_folder_remove(w);
    return clean;
}

/* --- one of them --------------------------------------------------------------------------------------------------- */

static enum err spawn(struct part *p, const char *program, const char *settings, const char *log, struct process *out)
{
    char path[PROCESS_PATH_MAX], file[PROCESS_PATH_MAX], to[PROCESS_PATH_MAX], relative[128];
    snprintf(relative, sizeof relative, "%s/%s", p->name, settings);
    process_path(p->world, relative, file);
    snprintf(relative, sizeof relative, "%s/%s", p->name, log);
    process_path(p->world, relative, to);
    enum err e = process_find(program, path);
    if (!e)
        e = p->cut_at && out == &p->process ? process_start_to_die(path, file, to, p->cut_at, out)
                                            : process_start(path, file, to, out);
    return e ? world_fail(p->world, e, "%s cannot be started", program) : ERR_OK;
}

static enum err wait_until_it_listens(struct part *p)
{
    int64_t until = clock_now(clock_system()) + START_MS;
    while (clock_now(clock_system()) < until) {
        enum err e = check_actor(p);
        if (e)
            return e;
        if (process_listens(p->port))
            return ERR_OK;
        struct process *one[] = { &p->process };
        process_rest(one, 1, 5);
    }
    return world_fail(p->world, ERR_TIMEOUT, "%s does not open its port within %d s", process_program(p),
                      (int)(START_MS / 1000));
}

static bool eim_knows_it(void *context)
{
    struct part *p = context;
    char path[96], host[128];
    int status = 0;
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/v1/euiccs/%s/initial-eim", p->device->eid);
    enum err e = world_look(p->world, world_eim_host(p->device->eim, host), path, &status, &answer);
    json_decref(answer);
    return !e && status == 200;
}

/* The eSO registers it, in its own time; a card that is flawed is refused, a tenant's is registered already. */
static bool will_be_known(const struct part *p)
{
    const struct scenario_group *g = p->device->group;
    bool passes = strcmp(g->certificate, "outside-range") == 0 && p->world->scenario->eid_range_warned;
    return !g->tenant && (passes || strcmp(g->certificate, "good") == 0);
}

/* The device leaves the factory with its eIM's first configuration. */
static enum err give_initial_eim(struct part *p)
{
    struct world *w = p->world;
    char path[128];
    struct buf request = { .max = 4096 };
    snprintf(path, sizeof path, "%s/initial-eim.der", p->name);
    enum err e = process_read_file(w, path, &request);
    if (e == ERR_NOT_FOUND) {
        e = will_be_known(p) ? process_run(w, world_now(w) + CLOCK_MINUTE, eim_knows_it, p) : ERR_OK;
        if (!e)
            e = part_initial_eim(w, p->device, &request);
        if (!e)
            e = process_put_file(w, path, buf_span(&request));
    }
    buf_release(&request);
    return e;
}

enum err process_start_part(struct part *p)
{
    enum err e = p->device ? give_initial_eim(p) : ERR_OK;
    if (!e)
        e = process_write_settings(p);
    if (!e)
        e = spawn(p, process_program(p), "settings.yaml", "log.jsonl", &p->process);
    if (!e)
        e = wait_until_it_listens(p);
    /* The reader is there by now: the card goes in. */
    return e || !p->device ? e : spawn(p, "sim-euicc", "card.yaml", "card.jsonl", &p->card_process);
}

void process_kill_part(struct part *p)
{
    process_kill(&p->process);
    process_kill(&p->card_process);
}

/* --- time ------------------------------------------------------------------------------------------------------------ */

static int64_t real_span(int64_t span, bool awaited)
{
    int64_t ms = span / PROCESS_PACE;
    return awaited && ms < PROCESS_PATIENCE ? PROCESS_PATIENCE : ms;
}

enum err process_run(struct world *w, int64_t until, world_done_fn done, void *context)
{
    int64_t end = world_now(w) + real_span(until - world_now(w), done != NULL);
    for (;;) {
        enum err e = check_all(w);
        if (e)
            return e;
        if (done && done(context))
            return ERR_OK;
        int64_t left = end - world_now(w);
        if (left <= 0)
            return done ? ERR_TIMEOUT : ERR_OK;
        process_rest_all(w, left < LOOK_EVERY_MS ? (int)left : LOOK_EVERY_MS);
    }
}

/* --- devices ---------------------------------------------------------------------------------------------------------- */

enum err process_touch_device(struct world *w, struct world_device *d, json_t *change)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/devices/%s", d->name);
    return world_do(w, "POST", d->part->host, path, change, NULL);
}

void process_online(struct world *w, const struct world_device *d, char plmn[8])
{
    int status = 0;
    json_t *answer = NULL;
    enum err e = world_look(w, d->part->host, "/v1/devices", &status, &answer);
    const char *text = e ? NULL : json_str(json_array_get(json_object_get(answer, "devices"), 0), "plmn");
    snprintf(plmn, 8, "%s", text ? text : "");
    json_decref(answer);
}
