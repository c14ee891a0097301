/* Which scenario files a person means. */
#ifndef LAB_RUNNER_COMMAND_SCENARIOS_H
#define LAB_RUNNER_COMMAND_SCENARIOS_H

#include "command.h"
#include "scenario.h"

struct scenario_files {
    char **path; /* in the order of their names, none twice */
    size_t count;
};

/* The folder with the scenarios: LAB_SCENARIOS, ./scenarios, LAB_SOURCE/scenarios, that of the source. False: none. */
bool scenario_folder(char out[4096]);

/* Files, folders, or beginnings of ids ("swap/01"); no words: all below the folder. 0, or COMMAND_USAGE after one line
 * on standard error. Gives *out's contents. */
int scenario_files_find(const char *command, const struct command_words *words, struct scenario_files *out);
void scenario_files_release(struct scenario_files *f);

/* The one scenario that a word means, read; COMMAND_USAGE after one line. Gives *out. */
int scenario_open(const char *command, const char *word, struct scenario **out);

/* "direct loopback" */
void scenario_wirings_text(const struct scenario *s, char out[64]);

#endif
