#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report_internal.h"

#define PAGE_MAX (64u << 20)
#define TRACE_MAX (1u << 30)

/* --- files ------------------------------------------------------------------------------------------------------ */

/* Keeps the first path that could not be written and why. */
static enum err cannot(struct report *r, const char *path)
{
    if (!r->problem[0])
        snprintf(r->problem, sizeof r->problem, "cannot write %s: %s", path, strerror(errno));
    r->writable = false;
    return ERR_IO;
}

static enum err make_folder(struct report *r)
{
    char path[sizeof r->dir];
    snprintf(path, sizeof path, "%s", r->dir);
    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = 0;
            if (mkdir(path, 0777) && errno != EEXIST)
                return cannot(r, path);
            *p = '/';
        }
    if (mkdir(path, 0777) && errno != EEXIST)
        return cannot(r, path);
    errno = ENOTDIR;
    struct stat s;
    if (stat(path, &s) || !S_ISDIR(s.st_mode))
        return cannot(r, path);
    errno = EACCES;
    return access(path, W_OK | X_OK) ? cannot(r, path) : ERR_OK;
}

static bool write_all(int fd, struct span bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = span_sub(bytes, (size_t)n, bytes.len);
    }
    return true;
}

/* Whole or not at all: a reader who reloads never sees half a page. */
static enum err write_file(struct report *r, const char *name, struct span bytes)
{
    char path[sizeof r->dir + 320], fresh[sizeof path + 8];
    snprintf(path, sizeof path, "%s/%.300s", r->dir, name);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return cannot(r, path);
    bool written = write_all(fd, bytes);
    if (close(fd) || !written || rename(fresh, path)) {
        enum err e = cannot(r, path);
        unlink(fresh);
        return e;
    }
    return ERR_OK;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

static bool name_taken(const struct report *r, const char *name)
{
    size_t i;
    json_t *o;
    json_array_foreach(r->results, i, o) {
        const char *page = json_str(o, "page");
        size_t len = strlen(name);
        if (page && strncmp(page, name, len) == 0 && strcmp(page + len, ".html") == 0)
            return true;
    }
    return strcmp(name, "index") == 0;
}

/* "swap/01-first-swap" -> "swap-01-first-swap-direct": letters, digits, dots and dashes, whatever the id is; once. */
static void file_name(const struct report *r, const struct run *run, char out[200])
{
    char base[160];
    snprintf(base, sizeof base, "%.140s-%s", run->scenario->id, wiring_name(run->wiring));
    for (char *p = base; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p))
            *p = '-';
    if (base[0] == '.')
        base[0] = '-';
    snprintf(out, 200, "%s", base);
    for (unsigned n = 2; name_taken(r, out); n++)
        snprintf(out, 200, "%s-%u", base, n);
}

static enum err set_file(json_t *summary, const char *member, const char *name, const char *ending)
{
    char file[240];
    snprintf(file, sizeof file, "%s%s", name, ending);
    return json_set_str(summary, member, file);
}

/* --- a run ----------------------------------------------------------------------------------------------------------- */

static enum err write_trace(struct report *r, const struct run *run, const char *name, json_t *summary)
{
    struct buf lines = { .max = TRACE_MAX };
    uint8_t digest[32];
    enum err e = trace_put_json_lines(run->world->trace, &lines);
    const struct span all = buf_span(&lines);
    if (!e)
        e = set_file(summary, "trace", name, ".trace.jsonl");
    if (!e && run->world->crypto)
        e = sha256(run->world->crypto, &all, 1, digest);
    if (!e && run->world->crypto)
        e = json_set_hex(summary, "trace_sha256", SPAN_ARRAY(digest));
    if (!e)
        e = write_file(r, json_str(summary, "trace"), all);
    buf_release(&lines);
    return e;
}

static enum err write_run(struct report *r, struct run *run, json_t *summary)
{
    char name[200];
    struct buf page = { .max = PAGE_MAX };
    file_name(r, run, name);
    enum err e = set_file(summary, "page", name, ".html");
    if (!e && run->world && run->world->trace)
        e = write_trace(r, run, name, summary);
    if (!e && run->world)
        e = set_file(summary, "log", name, ".log.jsonl");
    if (!e && run->world)
        e = write_file(r, json_str(summary, "log"), buf_span(&run->world->log_sink.lines));
    if (!e)
        e = report_put_page(summary, run, &page);
    if (!e)
        e = write_file(r, json_str(summary, "page"), buf_span(&page));
    buf_release(&page);
    if (e && e != ERR_NOMEM && !r->problem[0])
        snprintf(r->problem, sizeof r->problem, "cannot write %s/%s.html: %s", r->dir, name, err_name(e));
    return e;
}

static enum err keep(struct report *r, json_t *summary)
{
    return summary && json_array_append_new(r->results, summary) == 0 ? ERR_OK : ERR_NOMEM;
}

enum err report_add(struct report *r, struct run *run)
{
    json_t *summary = report_summarise(r, run);
    if (!summary)
        return ERR_NOMEM;
    enum err e = r->writable && run->verdict != VERDICT_SKIPPED ? write_run(r, run, summary) : ERR_OK;
    if (e)
        json_object_del(summary, "page"); /* nothing is to point to a page that is not there */
    enum err kept = keep(r, summary);
    return kept ? kept : r->writable ? e : ERR_IO;
}

enum err report_add_unreadable(struct report *r, const char *path, const char *why)
{
    return keep(r, report_summarise_unreadable(r, path, why));
}

/* --- the suite --------------------------------------------------------------------------------------------------------- */

enum err report_new(const struct report_options *o, struct report **out)
{
    struct report *r = calloc(1, sizeof *r);
    *out = r;
    if (!r)
        return ERR_NOMEM;
    snprintf(r->dir, sizeof r->dir, "%s", o->dir);
    snprintf(r->index, sizeof r->index, "%s/index.html", r->dir);
    snprintf(r->command, sizeof r->command, "%s", o->command);
    snprintf(r->extra, sizeof r->extra, "%s", o->extra ? o->extra : "");
    r->began = clock_now(clock_system());
    r->results = json_array();
    if (!r->results)
        return ERR_NOMEM;
    if (strlen(o->dir) >= sizeof r->dir) {
        errno = ENAMETOOLONG;
        return cannot(r, "the report");
    }
    r->writable = true;
    return make_folder(r);
}

void report_free(struct report *r)
{
    if (!r)
        return;
    json_decref(r->results);
    free(r);
}

static enum err put_results(const struct report *r, struct buf *out)
{
    char *text = json_dumps(r->results, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    enum err e = text ? buf_put_str(out, text) : ERR_NOMEM;
    free(text);
    return e ? e : buf_put_u8(out, '\n');
}

enum err report_finish(struct report *r)
{
    static const struct {
        const char *name;
        enum err (*put)(const struct report *r, struct buf *out);
    } files[] = {
        { "results.json", put_results }, { "junit.xml", report_put_junit }, { "index.html", report_put_index },
    };
    enum err e = r->writable ? ERR_OK : ERR_IO;
    for (size_t i = 0; !e && i < COUNT(files); i++) {
        struct buf text = { .max = PAGE_MAX };
        e = files[i].put(r, &text);
        if (!e)
            e = write_file(r, files[i].name, buf_span(&text));
        buf_release(&text);
    }
    return e;
}

const char *report_problem(const struct report *r)
{
    return r->problem[0] ? r->problem : NULL;
}

const char *report_index(const struct report *r)
{
    return r->index;
}

struct report_counts report_counts(const struct report *r)
{
    struct report_counts c = { 0 };
    size_t i;
    json_t *o;
    json_array_foreach(r->results, i, o) {
        const char *verdict = json_str(o, "verdict");
        c.passed += strcmp(verdict, "passed") == 0;
        c.skipped += strcmp(verdict, "skipped") == 0;
        c.broken += strcmp(verdict, "broken") == 0;
        c.failed += strcmp(verdict, "failed") == 0 || strcmp(verdict, "broken") == 0;
    }
    return c;
}

const json_t *report_last(const struct report *r)
{
    size_t count = json_array_size(r->results);
    return count ? json_array_get(r->results, count - 1) : NULL;
}
