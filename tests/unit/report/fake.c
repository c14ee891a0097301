#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report_tests.h"

struct fake *fake_new(const char *id, const char *title)
{
    struct fake *f = calloc(1, sizeof *f);
    REQUIRE(f != NULL);
    f->scenario.id = f->scenario.path = id;
    f->scenario.title = title;
    f->world.scenario = &f->scenario;
    f->world.epoch = INT64_C(1767225600000);
    f->world.log_sink.lines.max = 1 << 20;
    f->world.parts = f->part;
    f->world.part_count = 2;
    f->part[0] = (struct part){ .kind = PART_ESO, .name = "eso" };
    f->part[1] = (struct part){ .kind = PART_SMDP, .name = "smdp" };
    clock_virtual_init(&f->world.clock, f->world.epoch);
    REQUIRE(trace_new(&f->world.clock.clock, true, &f->world.trace) == ERR_OK);
    f->run = (struct run){ .scenario = &f->scenario, .world = &f->world, .seed = 7, .verdict = VERDICT_PASSED,
                           .wall_seconds = 0.25, .virtual_ms = 61000 };
    return f;
}

void fake_free(struct fake *f)
{
    trace_free(f->world.trace);
    buf_release(&f->world.log_sink.lines);
    free(f);
}

void fake_exchange(struct fake *f, const char *from, const char *to, const char *url, struct span request, int status,
                   struct span answer)
{
    const bool der = strstr(url, "asn1") != NULL;
    const struct http_header type = { "Content-Type", der ? "application/x-gsma-rsp-asn1" : "application/json" };
    const struct http_call call = { .method = "POST", .url = url, .headers = &type, .header_count = 1, .body = request };
    struct http_response response = { .status = status, .body.max = 1 << 20 };
    snprintf(response.content_type, sizeof response.content_type, "%s", type.value);
    REQUIRE(buf_put(&response.body, answer) == ERR_OK);
    trace_http_request(f->world.trace, from, to, &call);
    trace_http_response(f->world.trace, to, from, &call, &response, ERR_OK);
    buf_release(&response.body);
}

void fake_step(struct fake *f, const char *name, enum verdict v, const char *expected, const char *found)
{
    struct run_step *s = &f->run.step[f->run.step_count++];
    s->name = name;
    s->verdict = v;
    s->began = f->world.epoch;
    s->ended = f->world.epoch + 61000;
    s->first_message = f->run.step_count > 1 ? s[-1].last_message + 1 : 1;
    s->last_message = (unsigned)trace_count(f->world.trace);
    snprintf(s->expected, sizeof s->expected, "%s", expected);
    snprintf(s->found, sizeof s->found, "%s", found);
    if (v == VERDICT_FAILED) {
        f->run.verdict = v;
        snprintf(f->run.why, sizeof f->run.why, "step \"%s\": expected %.150s; found %.180s", name, expected, found);
    }
}

void fake_event(struct fake *f, const char *line)
{
    REQUIRE(buf_printf(&f->world.log_sink.lines, "%s\n", line) == ERR_OK);
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

void folder_make(struct folder *f)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(f->path, sizeof f->path, "%s/lab-report-XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
    REQUIRE(mkdtemp(f->path) != NULL);
}

typedef bool (*visit_fn)(const char *path, void *context);

static bool each_file(const char *folder, visit_fn visit, void *context)
{
    DIR *d = opendir(folder);
    bool stop = false;
    for (struct dirent *entry; d && !stop && (entry = readdir(d));) {
        char path[600];
        struct stat s;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || lstat(path, &s))
            continue;
        stop = S_ISDIR(s.st_mode) ? each_file(path, visit, context) : visit(path, context);
        if (!context)
            rmdir(path);
    }
    if (d)
        closedir(d);
    return stop;
}

static bool remove_file(const char *path, void *context)
{
    (void)context;
    unlink(path);
    return false;
}

void folder_remove(struct folder *f)
{
    each_file(f->path, remove_file, NULL);
    rmdir(f->path);
}

struct buf folder_read(const struct folder *f, const char *name)
{
    char path[600];
    struct buf text = { .max = 64 << 20 };
    snprintf(path, sizeof path, "%s/%s", f->path, name);
    if (read_file(path, &text))
        buf_clear(&text);
    REQUIRE(buf_cstr(&text) != NULL);
    return text;
}

struct wanted {
    struct span bytes;
    char *name;
};

static bool contains(const char *path, void *context)
{
    struct wanted *w = context;
    struct buf text = { .max = 64 << 20 };
    bool found = read_file(path, &text) == ERR_OK && text.len && memmem(text.at, text.len, w->bytes.at, w->bytes.len);
    if (found)
        snprintf(w->name, 256, "%.255s", path);
    buf_release(&text);
    return found;
}

bool folder_contains(const struct folder *f, struct span bytes, char name[256])
{
    return each_file(f->path, contains, &(struct wanted){ bytes, name });
}

/* --- markup ---------------------------------------------------------------------------------------------------------- */

struct checker {
    const char *start, *at;
    char open[64][32];
    size_t depth;
    char *why;
};

static bool wrong(const struct checker *c, const char *what)
{
    snprintf(c->why, 160, "%s at %td: %.60s", what, c->at - c->start, c->at);
    return false;
}

static size_t name_length(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:");
}

static bool entity(struct checker *c)
{
    static const char *const known[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
    for (size_t i = 0; i < COUNT(known); i++)
        if (strncmp(c->at, known[i], strlen(known[i])) == 0) {
            c->at += strlen(known[i]);
            return true;
        }
    return wrong(c, "a bare &");
}

static bool attributes(struct checker *c)
{
    while (*c->at == ' ') {
        c->at++;
        size_t len = name_length(c->at);
        if (!len || strncmp(c->at + len, "=\"", 2) != 0)
            return wrong(c, "no attribute");
        for (c->at += len + 2; *c->at && *c->at != '"';) {
            if (*c->at == '<')
                return wrong(c, "< in an attribute");
            if (*c->at == '&' ? !entity(c) : !c->at++)
                return false;
        }
        if (!*c->at++)
            return wrong(c, "an attribute without end");
    }
    return true;
}

static bool open_tag(struct checker *c)
{
    size_t len = name_length(++c->at);
    if (!len || len > 31 || c->depth == 64)
        return wrong(c, "no element");
    snprintf(c->open[c->depth], 32, "%.*s", (int)len, c->at);
    c->at += len;
    if (!attributes(c))
        return false;
    bool empty = *c->at == '/';
    c->at += empty;
    if (*c->at++ != '>')
        return wrong(c, "no end of a tag");
    if (empty)
        return true;
    const char *name = c->open[c->depth++];
    if (strcmp(name, "script") == 0 || strcmp(name, "style") == 0) {
        char end[40];
        snprintf(end, sizeof end, "</%s>", name);
        const char *close = strstr(c->at, end);
        c->at = close ? close : c->at + strlen(c->at);
    }
    return true;
}

static bool close_tag(struct checker *c)
{
    size_t len = name_length(c->at + 2);
    if (!c->depth || strlen(c->open[c->depth - 1]) != len || strncmp(c->open[c->depth - 1], c->at + 2, len) != 0 ||
        c->at[2 + len] != '>')
        return wrong(c, "closes what is not open");
    c->depth--;
    c->at += len + 3;
    return true;
}

bool well_formed(struct span text, char why[160])
{
    struct checker c = { .start = (const char *)text.at, .at = (const char *)text.at, .why = why };
    bool good = text.len > 0;
    why[0] = 0;
    if (strncmp(c.at, "<!", 2) == 0 || strncmp(c.at, "<?", 2) == 0)
        c.at += strcspn(c.at, ">") + 1;
    while (good && *c.at) {
        if (*c.at == '<')
            good = c.at[1] == '/' ? close_tag(&c) : open_tag(&c);
        else if (*c.at == '&')
            good = entity(&c);
        else if ((unsigned char)*c.at < 0x20 && *c.at != '\n' && *c.at != '\t')
            good = wrong(&c, "a control character");
        else
            c.at++;
    }
    if (good && (c.depth || (size_t)(c.at - c.start) != text.len))
        good = wrong(&c, "ends too early");
    return good;
}
