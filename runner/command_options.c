#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "suggest.h"
#include "yaml.h"

#define OPTIONS_MAX 16

int command_refuse(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "sgp32lab%s%s: ", command[0] ? " " : "", command);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return COMMAND_USAGE;
}

int command_refuse_word(const char *command, const char *what, const char *word, const char *const *candidates)
{
    const char *near = suggest_word(word, candidates);
    if (near)
        return command_refuse(command, "unknown %s '%s' (did you mean '%s'?)", what, word, near);
    return command_refuse(command, "unknown %s '%s' (--help lists them)", what, word);
}

static int refuse_option(const struct command_option *options, size_t count, const char *command, const char *word)
{
    const char *names[OPTIONS_MAX + 2] = { 0 };
    for (size_t i = 0; i < count && i < OPTIONS_MAX; i++)
        names[i] = options[i].name;
    names[count < OPTIONS_MAX ? count : OPTIONS_MAX] = "--help";
    return command_refuse_word(command, "option", word, names);
}

static const struct command_option *find(const struct command_option *options, size_t count, const char *word,
                                         size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(options[i].name) == len && memcmp(options[i].name, word, len) == 0)
            return &options[i];
    return NULL;
}

static int add_word(struct command_words *words, const char *word, const char *command)
{
    if (words->count == COMMAND_WORDS_MAX)
        return command_refuse(command, "more than %d words", COMMAND_WORDS_MAX);
    words->at[words->count++] = word;
    return 0;
}

static int take_number(const struct command_option *o, const char *value, const char *command)
{
    char *end;
    long long n = strtoll(value, &end, 10);
    if (!value[0] || *end || n < 0)
        return command_refuse(command, "%s takes a number, not '%s'", o->name, value);
    *(int64_t *)o->to = n;
    return 0;
}

static int take(const struct command_option *o, const char *value, const char *command)
{
    switch (o->kind) {
    case OPTION_FLAG:
        *(bool *)o->to = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)o->to = value;
        return 0;
    case OPTION_TEXTS:
        return add_word(o->to, value, command);
    default:
        return take_number(o, value, command);
    }
}

/* Reads the option at argv[*i] and moves to its last word. */
static int read_option(const struct command_option *options, size_t count, int argc, char **argv, int *i)
{
    const char *word = argv[*i], *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    const struct command_option *o = find(options, count, word, len);
    if (!o)
        return refuse_option(options, count, argv[0], word);
    if (o->kind == OPTION_FLAG && equals)
        return command_refuse(argv[0], "%s takes no value", o->name);
    if (o->kind != OPTION_FLAG && !equals && *i + 1 == argc)
        return command_refuse(argv[0], "%s needs a value", o->name);
    const char *value = equals ? equals + 1 : o->kind == OPTION_FLAG ? "" : argv[++*i];
    return take(o, value, argv[0]);
}

int command_read(const struct command_option *options, size_t count, int argc, char **argv,
                 struct command_words *words)
{
    int status = 0;
    for (int i = 1; !status && i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1])
            status = read_option(options, count, argc, argv, &i);
        else if (words)
            status = add_word(words, argv[i], argv[0]);
        else
            status = command_refuse(argv[0], "'%s' is one word too many", argv[i]);
    }
    return status;
}
