#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "program.h"
#include "program_loop.h"
#include "yaml_test.h"

static const struct setting known[] = {
    { "listen", SETTING_TEXT, NULL, "address and port" },
    { "database", SETTING_TEXT, ":memory:", "file" },
    { "note", SETTING_TEXT, "", "anything" },
    { "port", SETTING_INT, "8443", "a number" },
    { "poll", SETTING_DURATION, "60 s", "how often" },
    { "json", SETTING_BOOL, "false", "log as JSON lines" },
    { "clients", SETTING_LIST, "", "who may call" },
    { "names", SETTING_MAP, "", "name to address" },
    { "wire", SETTING_CHOICE, "any|80|01", "the form of a tag" },
};

/* What a run left: the settings as text, taken by run(). */
struct played {
    int status;
    struct buf out, err;
};

static int show(const struct settings *s, const volatile int *stop_requested)
{
    const struct yaml_node *clients = settings_node(s, "clients"), *names = settings_node(s, "names");
    printf("listen=%s database=%s note=%s port=%d poll=%d json=%d clients=%zu names=%zu stop=%d wire=%d undeclared=%s\n",
           settings_text(s, "listen"), settings_text(s, "database"), settings_text(s, "note"),
           (int)settings_int(s, "port"), (int)settings_int(s, "poll"), settings_bool(s, "json"),
           clients ? clients->count : 0, names ? names->count : 0, *stop_requested,
           (int)settings_int(s, "wire"), settings_text(s, "undeclared"));
    return 0;
}

static const struct program sample = {
    .name = "sample", .summary = "does nothing", .usage = "Example: sample --listen x\n",
    .settings = known, .setting_count = COUNT(known), .run = show,
};

/* Sends one of our descriptors into a file and gives a copy of what it was. */
static int divert(int fd, FILE *to)
{
    int kept = dup(fd);
    REQUIRE(kept >= 0 && dup2(fileno(to), fd) >= 0);
    return kept;
}

static void restore(int fd, int kept, FILE *from, struct buf *text)
{
    REQUIRE(dup2(kept, fd) >= 0 && close(kept) == 0);
    rewind(from);
    char chunk[512];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, from)) > 0;)
        REQUIRE(buf_put(text, span_of(chunk, n)) == ERR_OK);
    fclose(from);
}

/* Plays the program with these words, separated by blanks, after its name. */
static struct played play(const struct program *p, const char *words)
{
    struct played r = { .out = { .max = 8192 }, .err = { .max = 8192 } };
    char copy[256], *argv[20] = { (char *)p->name };
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *rest = copy, *word; (word = strsep(&rest, " ")) && argc < 19;)
        if (*word)
            argv[argc++] = word;
    FILE *out = tmpfile(), *err = tmpfile();
    REQUIRE(out && err);
    fflush(stdout);
    int kept_out = divert(STDOUT_FILENO, out), kept_err = divert(STDERR_FILENO, err);
    r.status = program_main(p, argc, argv);
    fflush(stdout);
    restore(STDOUT_FILENO, kept_out, out, &r.out);
    restore(STDERR_FILENO, kept_err, err, &r.err);
    REQUIRE(buf_cstr(&r.out) && buf_cstr(&r.err));
    return r;
}

static void played_release(struct played *r)
{
    buf_release(&r->out);
    buf_release(&r->err);
}

static void check_played(const char *row, const char *words, int status, const char *out, const char *err)
{
    struct played r = play(&sample, words);
    CHECK_ROW(row, r.status == status);
    CHECK_ROW(row, strcmp((const char *)r.out.at ? buf_cstr(&r.out) : "", out) == 0);
    CHECK_ROW(row, strcmp(buf_cstr(&r.err), err) == 0);
    played_release(&r);
}

static const struct {
    const char *name, *words;
    int status;
    const char *out, *err;
} lines[] = {
    { "the version", "--version", 0, "sample " LAB_TEST_VERSION "\n", "" },
    { "fallbacks stand behind", "--listen x", 0,
      "listen=x database=:memory: note= port=8443 poll=60000 json=0 clients=0 names=0 stop=0 wire=0 undeclared=\n", "" },
    { "options of every kind", "--listen=1.2.3.4:5 --port 7 --poll 5min --json --clients [a,b] --names={c:\\x20d} --note a\"b\\n",
      0, "listen=1.2.3.4:5 database=:memory: note=a\"b\\n port=7 poll=300000 json=1 clients=2 names=1 stop=0 wire=0 undeclared=\n",
      "" },
    { "a flag before another option", "--json --listen x", 0,
      "listen=x database=:memory: note= port=8443 poll=60000 json=1 clients=0 names=0 stop=0 wire=0 undeclared=\n", "" },
    { "a flag with its word", "--json true --json false --listen x", 0,
      "listen=x database=:memory: note= port=8443 poll=60000 json=0 clients=0 names=0 stop=0 wire=0 undeclared=\n", "" },
    { "the last word wins", "--listen x --listen y", 0,
      "listen=y database=:memory: note= port=8443 poll=60000 json=0 clients=0 names=0 stop=0 wire=0 undeclared=\n", "" },
    { "the second word of a choice", "--listen x --wire 80", 0,
      "listen=x database=:memory: note= port=8443 poll=60000 json=0 clients=0 names=0 stop=0 wire=1 undeclared=\n", "" },
    { "the last word of a choice", "--listen x --wire=01", 0,
      "listen=x database=:memory: note= port=8443 poll=60000 json=0 clients=0 names=0 stop=0 wire=2 undeclared=\n", "" },
    { "the first word of a choice", "--listen x --wire any", 0,
      "listen=x database=:memory: note= port=8443 poll=60000 json=0 clients=0 names=0 stop=0 wire=0 undeclared=\n", "" },
    { "a word that is none of a choice", "--listen x --wire 81", 2, "",
      "sample: option --wire:1:7: any, 80 or 01 is wanted here\n" },
    { "the beginning of a word of a choice", "--listen x --wire 8", 2, "",
      "sample: option --wire:1:7: any, 80 or 01 is wanted here\n" },
    { "two words of a choice with their bar", "--listen x --wire 80|01", 2, "",
      "sample: option --wire:1:7: any, 80 or 01 is wanted here\n" },
    { "no word for a choice", "--listen x --wire=", 2, "", "sample: option --wire:1:7: any, 80 or 01 is wanted here\n" },
    { "a missing setting", "", 2, "", "sample: settings:1:1: the setting 'listen' is missing (address and port)\n" },
    { "an empty setting", "--listen=", 2, "", "sample: option --listen:1:9: 'listen' must not be empty\n" },
    { "an unknown option", "--lisen x", 2, "", "sample: unknown option '--lisen' (did you mean '--listen'?)\n" },
    { "an option like nothing", "--zzzz", 2, "", "sample: unknown option '--zzzz' (--help lists them)\n" },
    { "a word that is no option", "listen", 2, "", "sample: unknown option 'listen' (--help lists them)\n" },
    { "two dashes alone", "--", 2, "", "sample: unknown option '--' (--help lists them)\n" },
    { "an option without its value", "--listen", 2, "", "sample: the option '--listen' needs a value\n" },
    { "settings without a file", "--settings", 2, "", "sample: the option '--settings' needs a value\n" },
    { "a file that is not there", "--settings /nonexistent/x", 2, "",
      "sample: /nonexistent/x: No such file or directory\n" },
    { "a word for a number", "--listen x --port many", 2, "",
      "sample: option --port:1:7: a whole number was expected here\n" },
    { "a word for a list", "--listen x --clients a", 2, "", "sample: option --clients:1:10: 'clients' must be a list\n" },
    { "broken YAML for a list", "--listen x --clients [a", 2, "",
      "sample: option --clients:2:1: did not find expected ',' or ']' while parsing a flow sequence\n" },
};

static void command_lines_are_read(void)
{
    for (size_t i = 0; i < COUNT(lines); i++)
        check_played(lines[i].name, lines[i].words, lines[i].status, lines[i].out, lines[i].err);
}

static void help_lists_every_setting(void)
{
    struct played r = play(&sample, "--nonsense --help");
    const char *text = buf_cstr(&r.out);
    CHECK(r.status == 0 && strstr(text, "sample - does nothing") && strstr(text, "Example: sample --listen x\n"));
    for (size_t i = 0; i < COUNT(known); i++)
        CHECK_ROW(known[i].key, strstr(text, known[i].help) != NULL);
    CHECK(strstr(text, "address and port (required)") && strstr(text, "how often (default 60 s)") &&
          strstr(text, "the form of a tag (any, 80 or 01; default any)"));
    played_release(&r);
}

static const struct {
    const char *name, *file, *options;
    int status;
    const char *out, *err; /* of err what follows the file's name */
} files[] = {
    { "a file with everything", "listen: a\nport: 1\npoll: 1 s\njson: true\nclients: [1]\nnames: {a: b}\n", "", 0,
      "listen=a database=:memory: note= port=1 poll=1000 json=1 clients=1 names=1 stop=0 wire=0 undeclared=\n", "" },
    { "an option wins over the file", "listen: a\n", "--listen b", 0,
      "listen=b database=:memory: note= port=8443 poll=60000 json=0 clients=0 names=0 stop=0 wire=0 undeclared=\n", "" },
    { "an unknown key has its place", "listen: a\nprot: 5\n", "", 2, "",
      ":2:1: unknown key 'prot' (did you mean 'port'?)\n" },
    { "a file that is a list", "- listen\n", "", 2, "", ":1:1: a map of keys and values was expected here\n" },
    { "a map for a text", "listen: {a: b}\n", "", 2, "", ":1:9: 'listen' must be one text\n" },
    { "a text for a map", "listen: a\nnames: b\n", "", 2, "", ":2:8: 'names' must be a map\n" },
    { "nothing for a required text", "listen:\n", "", 2, "", ":1:8: 'listen' must not be empty\n" },
    { "a required key that is missing", "port: 5\n", "", 2, "",
      ":1:1: the setting 'listen' is missing (address and port)\n" },
    { "a list for a choice", "listen: a\nwire: [80]\n", "", 2, "", ":2:7: any, 80 or 01 is wanted here\n" },
    { "yes for a flag", "listen: a\njson: yes\n", "", 2, "", ":2:7: true or false was expected here\n" },
};

static void settings_files_are_read(void)
{
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[] = "/tmp/lab-conf-XXXXXX", words[128], err[256];
        int fd = mkstemp(path);
        REQUIRE(fd >= 0 && write(fd, files[i].file, strlen(files[i].file)) >= 0 && close(fd) == 0);
        snprintf(words, sizeof words, "--settings %s %s", path, files[i].options);
        snprintf(err, sizeof err, "sample: %s%s", path, files[i].err);
        check_played(files[i].name, words, files[i].status, files[i].out, files[i].err[0] ? err : "");
        struct settings *s = NULL;
        struct yaml_error error;
        enum err e = settings_read(path, known, COUNT(known), &s, &error);
        CHECK_ROW(files[i].name, (e == ERR_OK) == (files[i].status == 0));
        CHECK_ROW(files[i].name, e || strcmp(yaml_name(settings_yaml(s)), path) == 0);
        settings_free(s);
        CHECK(unlink(path) == 0);
    }
}

/* Steps noted by the loop. */
struct steps {
    unsigned count, end_at;
    int64_t due_in;
    struct program_loop *wake;
    bool stop_itself;
};

static int64_t step(void *context, int64_t now)
{
    struct steps *s = context;
    if (++s->count == s->end_at) {
        if (!s->stop_itself)
            return PROGRAM_LOOP_END;
        CHECK(raise(SIGTERM) == 0);
    }
    if (s->wake)
        program_loop_wake(s->wake);
    return s->due_in == CLOCK_NEVER ? CLOCK_NEVER : now + s->due_in;
}

static enum err loop(struct steps *s, const volatile int *stop)
{
    struct program_loop l;
    REQUIRE(program_loop_init(&l) == ERR_OK);
    if (s->wake)
        s->wake = &l;
    enum err e = program_loop_run(&l, clock_system(), stop, step, s);
    program_loop_release(&l);
    return e;
}

static void the_loop_steps_when_due_or_woken(void)
{
    struct program_loop any;
    const volatile int stop = 0, stopped = 1;
    struct steps due = { .end_at = 3, .due_in = 5 };
    CHECK(loop(&due, &stop) == ERR_OK && due.count == 3);
    struct steps woken = { .end_at = 4, .due_in = CLOCK_NEVER, .wake = &any };
    CHECK(loop(&woken, &stop) == ERR_OK && woken.count == 4);
    struct steps none = { .end_at = 1 };
    CHECK(loop(&none, &stopped) == ERR_OK && none.count == 0);
}

/* A clock that is set back while the loop sleeps until tomorrow. */
struct set_clock {
    struct clock clock;
    unsigned asked;
};

static int64_t set_back(struct clock *c)
{
    return ++((struct set_clock *)c)->asked < 3 ? 2 * CLOCK_DAY : CLOCK_DAY;
}

static int64_t sleep_until_tomorrow(void *context, int64_t now)
{
    unsigned *count = context;
    return ++*count == 2 ? PROGRAM_LOOP_END : now + CLOCK_DAY;
}

static void a_clock_set_back_wakes_it(void)
{
    struct program_loop l;
    struct set_clock clock = { .clock.now = set_back };
    unsigned count = 0;
    const volatile int stop = 0;
    REQUIRE(program_loop_init(&l) == ERR_OK);
    CHECK(program_loop_run(&l, &clock.clock, &stop, sleep_until_tomorrow, &count) == ERR_OK && count == 2);
    program_loop_release(&l);
}

static void *wake_later(void *context)
{
    program_loop_wake(context);
    return NULL;
}

static int64_t sleep_twice(void *context, int64_t now)
{
    unsigned *count = context;
    (void)now;
    return ++*count == 2 ? PROGRAM_LOOP_END : CLOCK_NEVER;
}

static void another_thread_may_wake_it(void)
{
    struct program_loop l;
    pthread_t thread;
    unsigned count = 0;
    const volatile int stop = 0;
    REQUIRE(program_loop_init(&l) == ERR_OK);
    REQUIRE(pthread_create(&thread, NULL, wake_later, &l) == 0);
    CHECK(program_loop_run(&l, clock_system(), &stop, sleep_twice, &count) == ERR_OK && count == 2);
    CHECK(pthread_join(thread, NULL) == 0);
    program_loop_release(&l);
}

static int run_until_signal(const struct settings *s, const volatile int *stop_requested)
{
    (void)s;
    struct steps steps = { .end_at = 2, .due_in = 1, .stop_itself = true };
    enum err e = loop(&steps, stop_requested);
    return e == ERR_OK && steps.count == 2 && *stop_requested ? 7 : 1;
}

/* Last of all, since the request is never withdrawn. */
static void a_signal_stops_the_program(void)
{
    struct program p = sample;
    p.run = run_until_signal;
    struct played r = play(&p, "--listen x");
    CHECK(r.status == 7);
    played_release(&r);
}

int main(void)
{
    static const struct test tests[] = {
        { "texts are accepted or refused with their place", texts_are_accepted_or_refused_with_their_place },
        { "scalars stay text", scalars_stay_text },
        { "sizes are bounded", sizes_are_bounded },
        { "bytes that are no text are placed", bytes_that_are_no_text_are_placed },
        { "every truncation is survived", every_truncation_is_survived },
        { "values are typed with their place", values_are_typed_with_their_place },
        { "unknown keys get a suggestion", unknown_keys_get_a_suggestion },
        { "near words are suggested", near_words_are_suggested },
        { "files that cannot be read are named", files_that_cannot_be_read_are_named },
        { "command lines are read", command_lines_are_read },
        { "help lists every setting", help_lists_every_setting },
        { "settings files are read", settings_files_are_read },
        { "the loop steps when due or woken", the_loop_steps_when_due_or_woken },
        { "another thread may wake it", another_thread_may_wake_it },
        { "a clock that is set back wakes the loop", a_clock_set_back_wakes_it },
        { "a signal stops the program", a_signal_stops_the_program },
    };
    return tests_main("conf", tests, COUNT(tests));
}
