/* The commands of the program `sgp32lab`: one file each, one table, one way to read options. */
#ifndef LAB_RUNNER_COMMAND_H
#define LAB_RUNNER_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

struct command {
    const char *name, *summary;
    const char *help;                  /* all about it: usage, options, examples */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; gives the exit status */
};
/* All of them, in the order of the help. */
const struct command *command_table(size_t *count);
/* What main does: finds the command, answers --help and --version. */
int command_main(int argc, char **argv);

int command_run(int argc, char **argv);
int command_list(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_show(int argc, char **argv);
int command_decode(int argc, char **argv);
int command_up(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_new(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_card(int argc, char **argv);
int command_sweep(int argc, char **argv);

/* --- options ------------------------------------------------------------------------------------------- */

#define COMMAND_WORDS_MAX 256
#define COMMAND_USAGE 2 /* exit status: it could not run */

/* Words given without an option, or with one that may be repeated. Borrowed from argv. */
struct command_words {
    const char *at[COMMAND_WORDS_MAX];
    size_t count;
};

struct command_option {
    const char *name; /* "--wiring" */
    enum { OPTION_FLAG, OPTION_TEXT, OPTION_TEXTS, OPTION_NUMBER } kind;
    void *to;         /* bool, const char *, struct command_words, int64_t (not negative) */
};

/* Reads argv[1…]: options in any order, "--name value" and "--name=value"; the rest into words (NULL: none are allowed).
 * 0, or COMMAND_USAGE after one line on standard error with a suggestion. */
int command_read(const struct command_option *options, size_t count, int argc, char **argv,
                 struct command_words *words);
/* "sgp32lab run: …" on standard error; gives COMMAND_USAGE. */
int command_refuse(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a word that is none of the candidates (NULL-terminated), with the nearest one. `what` is "command". */
int command_refuse_word(const char *command, const char *what, const char *word, const char *const *candidates);

/* As many open files as this user may have: loopback keeps both ends of every connection in one process. */
void command_raise_file_limit(const char *command);
/* Makes a folder and those above it. ERR_IO: errno says why. */
MUST_CHECK enum err command_make_folders(const char *path);

#endif
