/* What codes and words of the interfaces mean, in one line each. */
#ifndef LAB_RUNNER_COMMAND_CODES_H
#define LAB_RUNNER_COMMAND_CODES_H

#include <stdbool.h>
#include <stddef.h>

/* A pair of subject and reason code as ES2+ and ES9+ answer it ("8.2.6/3.8"); NULL past the end. */
struct code_pair {
    const char *pair, *meaning, *where;
};
const struct code_pair *code_pair_at(size_t index);

/* Prints every function whose result or error the word names, with its number; false when none knows it. */
bool code_names_print(const char *word);
/* Gives the names one after the other, for suggestions; NULL past the end. */
const char *code_name_at(size_t index);

#endif
