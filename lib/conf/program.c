#include "program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings_internal.h"
#include "suggest.h"

/* The one changing static of the project: a signal handler can reach nothing else. Set once, never cleared. */
static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number)
{
    (void)signal_number;
    stop_requested = 1;
}

/* Without SA_RESTART, so that whoever waits looks at the flag. A peer that hangs up is an error of a write, no signal. */
static int install_handlers(void)
{
    const struct sigaction stop = { .sa_handler = request_stop }, ignore = { .sa_handler = SIG_IGN };
    return sigaction(SIGTERM, &stop, NULL) || sigaction(SIGINT, &stop, NULL) || sigaction(SIGPIPE, &ignore, NULL);
}

static void print_choices(const char *choices)
{
    char words[YAML_CHOICES_MAX];
    yaml_choices_text(choices, words);
    printf(" (%s; default %.*s)", words, (int)strcspn(choices, "|"), choices);
}

static void print_help(const struct program *p)
{
    printf("%s - %s\n\nusage: %s [--settings FILE] [--KEY VALUE]...\n", p->name, p->summary, p->name);
    printf("       %s --help | --version\n", p->name);
    if (p->setting_count)
        printf("\nSettings, as keys of the file or as options, which win:\n");
    for (size_t i = 0; i < p->setting_count; i++) {
        const struct setting *s = &p->settings[i];
        printf("  %-20s %s", s->key, s->help);
        if (!s->fallback)
            printf(" (required)");
        else if (s->kind == SETTING_CHOICE)
            print_choices(s->fallback);
        else if (s->fallback[0])
            printf(" (default %s)", s->fallback);
        printf("\n");
    }
    if (p->usage)
        printf("\n%s", p->usage);
}

/* The command line, taken apart. */
struct words {
    const struct program *program;
    const char *file;
    struct yaml **given;
    size_t given_count;
};

static int refuse(const struct program *p, const char *what)
{
    fprintf(stderr, "%s: %s\n", p->name, what);
    return 2;
}

static int refuse_option(const struct program *p, const char *option)
{
    const char **names = calloc(p->setting_count + 4, sizeof *names);
    if (!names)
        return refuse(p, "out of memory");
    for (size_t i = 0; i < p->setting_count; i++)
        names[i] = p->settings[i].key;
    names[p->setting_count] = "settings";
    names[p->setting_count + 1] = "help";
    names[p->setting_count + 2] = "version";
    const char *near = strncmp(option, "--", 2) == 0 ? suggest_word(option + 2, names) : NULL;
    free(names);
    if (near)
        fprintf(stderr, "%s: unknown option '%s' (did you mean '--%s'?)\n", p->name, option, near);
    else
        fprintf(stderr, "%s: unknown option '%s' (--help lists them)\n", p->name, option);
    return 2;
}

static const struct setting *find_setting(const struct program *p, const char *name, size_t len)
{
    for (size_t i = 0; i < p->setting_count; i++)
        if (strlen(p->settings[i].key) == len && memcmp(p->settings[i].key, name, len) == 0)
            return &p->settings[i];
    return NULL;
}

/* One option becomes a document of its own: {key: "value"}. Maps and lists are written as in YAML. */
static enum err put_document(struct buf *b, const struct setting *s, const char *value)
{
    bool structured = s->kind == SETTING_MAP || s->kind == SETTING_LIST;
    enum err e = buf_printf(b, "%s: %s", s->key, structured ? value : "\"");
    for (; !e && !structured && *value; value++)
        e = *value == '"' || *value == '\\' ? buf_printf(b, "\\%c", *value) : buf_put_u8(b, (uint8_t)*value);
    return e || structured ? e : buf_put_u8(b, '"');
}

static int give(struct words *w, const struct setting *s, const char *value)
{
    struct yaml_error error = { "out of memory" };
    struct buf text = { .max = 1 << 20 };
    char name[80];
    snprintf(name, sizeof name, "option --%s", s->key);
    struct yaml **given = realloc(w->given, (w->given_count + 1) * sizeof *given);
    if (given)
        w->given = given;
    enum err e = given ? put_document(&text, s, value) : ERR_NOMEM;
    if (!e)
        e = yaml_read(buf_span(&text), name, &w->given[w->given_count], &error);
    buf_release(&text);
    if (e)
        return refuse(w->program, error.text);
    w->given_count++;
    return 0;
}

static bool is_bool_word(const char *word)
{
    return word && (strcmp(word, "true") == 0 || strcmp(word, "false") == 0);
}

/* Reads the option at argv[*i] and moves to its last word. `--json` alone is `--json true`. */
static int read_option(struct words *w, char **argv, int *i)
{
    const char *word = argv[*i], *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    bool settings = len == 10 && memcmp(word, "--settings", 10) == 0;
    const struct setting *s = len > 2 && memcmp(word, "--", 2) == 0 ? find_setting(w->program, word + 2, len - 2) : NULL;
    if (!s && !settings)
        return refuse_option(w->program, word);
    const char *value = equals ? equals + 1 : argv[*i + 1];
    if (s && s->kind == SETTING_BOOL && !equals && !is_bool_word(value))
        return give(w, s, "true");
    if (!value) {
        fprintf(stderr, "%s: the option '%s' needs a value\n", w->program->name, word);
        return 2;
    }
    *i += !equals;
    if (s)
        return give(w, s, value);
    w->file = value;
    return 0;
}

static int read_words(struct words *w, int argc, char **argv)
{
    int status = 0;
    for (int i = 1; !status && i < argc; i++)
        status = read_option(w, argv, &i);
    return status;
}

static void words_release(struct words *w)
{
    for (size_t i = 0; i < w->given_count; i++)
        yaml_close(w->given[i]);
    free(w->given);
}

static int make_settings(struct words *w, struct settings **out)
{
    struct yaml_error error = { "out of memory" };
    struct yaml *file = NULL;
    const struct program *p = w->program;
    enum err e = w->file ? yaml_read_file(w->file, &file, &error)
                         : yaml_read(span_str(""), "settings", &file, &error);
    if (!e)
        e = settings_assemble(file, w->given, w->given_count, p->settings, p->setting_count, out, &error);
    if (!e)
        return 0;
    yaml_close(file);
    words_release(w);
    return refuse(p, error.text);
}

static int run(const struct program *p, struct words *w)
{
    struct settings *settings = NULL;
    int status = make_settings(w, &settings);
    if (!status && install_handlers())
        status = refuse(p, "signals cannot be handled");
    if (!status)
        status = p->run(settings, (const volatile int *)&stop_requested);
    settings_free(settings);
    return status;
}

int program_main(const struct program *p, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help(p);
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("%s %s\n", p->name, LAB_VERSION);
            return 0;
        }
    }
    struct words w = { .program = p };
    int status = read_words(&w, argc, argv);
    if (!status)
        return run(p, &w);
    words_release(&w);
    return status;
}
