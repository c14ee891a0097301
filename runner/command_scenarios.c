#include "command_scenarios.h"
#include "suggest.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static bool is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && !S_ISDIR(s.st_mode);
}

bool scenario_folder(char out[4096])
{
    const char *given = getenv("LAB_SCENARIOS"), *source = getenv("LAB_SOURCE");
    if (given && given[0]) {
        snprintf(out, 4096, "%s", given);
        return is_folder(out);
    }
    snprintf(out, 4096, "scenarios");
    if (is_folder(out))
        return true;
    snprintf(out, 4096, "%s/scenarios", source && source[0] ? source : LAB_SOURCE_DIR);
    return is_folder(out);
}

static bool is_scenario(const char *name)
{
    const char *end = strrchr(name, '.');
    return end && (strcmp(end, ".yaml") == 0 || strcmp(end, ".yml") == 0);
}

static enum err add(struct scenario_files *f, const char *path)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->path[i], path) == 0)
            return ERR_OK;
    char **grown = realloc(f->path, (f->count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    f->path = grown;
    f->path[f->count] = strdup(path);
    return f->path[f->count++] ? ERR_OK : ERR_NOMEM;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static enum err add_folder(struct scenario_files *f, const char *folder)
{
    char *const roots[] = { (char *)folder, NULL };
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    enum err e = walk ? ERR_OK : ERR_IO;
    for (FTSENT *at; !e && (at = fts_read(walk));)
        if (at->fts_info == FTS_F && is_scenario(at->fts_name))
            e = add(f, at->fts_path);
    if (walk && fts_close(walk) && !e)
        e = ERR_IO;
    return e;
}

/* Does the id of a path begin with the word? "swap/01" means swap/01-first-swap, "swap" all of swap/. */
static bool means(const char *folder, const char *path, const char *word)
{
    const char *id = path + strlen(folder);
    while (*id == '/')
        id++;
    size_t len = strlen(word);
    while (len > 1 && word[len - 1] == '/')
        len--;
    return strncmp(id, word, len) == 0 && (!id[len] || strchr("/-.", id[len]));
}

static int refuse_unknown(const char *command, const struct scenario_files *all, const char *folder, const char *word)
{
    const char **ids = calloc(all->count + 1, sizeof *ids);
    for (size_t i = 0; ids && i < all->count; i++)
        ids[i] = all->path[i] + strlen(folder) + 1;
    const char *near = ids ? suggest_word(word, ids) : NULL;
    int status = near ? command_refuse(command, "no scenario '%s' (did you mean '%s'?)", word, near)
                      : command_refuse(command, "no scenario '%s' (sgp32lab list shows them)", word);
    free(ids);
    return status;
}

static int add_by_id(const char *command, const char *word, struct scenario_files *out)
{
    char folder[4096];
    struct scenario_files all = { 0 };
    size_t before = out->count;
    if (!scenario_folder(folder))
        return command_refuse(command, "no file '%s', and no folder of scenarios (set LAB_SCENARIOS)", word);
    enum err e = add_folder(&all, folder);
    for (size_t i = 0; !e && i < all.count; i++)
        if (means(folder, all.path[i], word))
            e = add(out, all.path[i]);
    int status = 0;
    if (e)
        status = command_refuse(command, "%s: %s", folder, err_name(e));
    else if (out->count == before)
        status = refuse_unknown(command, &all, folder, word);
    scenario_files_release(&all);
    return status;
}

static int add_word(const char *command, const char *word, struct scenario_files *out)
{
    enum err e;
    size_t before = out->count;
    if (is_folder(word))
        e = add_folder(out, word);
    else if (is_file(word))
        e = add(out, word);
    else
        return add_by_id(command, word, out);
    if (e)
        return command_refuse(command, "%s: %s", word, err_name(e));
    return is_folder(word) && out->count == before ? command_refuse(command, "%s: no scenarios (*.yaml) in it", word)
                                                   : 0;
}

int scenario_files_find(const char *command, const struct command_words *words, struct scenario_files *out)
{
    char folder[4096];
    int status = 0;
    for (size_t i = 0; !status && i < words->count; i++)
        status = add_word(command, words->at[i], out);
    if (words->count)
        return status;
    if (!scenario_folder(folder))
        return command_refuse(command, "no folder of scenarios here: name files, or set LAB_SCENARIOS");
    return add_word(command, folder, out);
}

void scenario_files_release(struct scenario_files *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->path[i]);
    free(f->path);
    *f = (struct scenario_files){ 0 };
}

int scenario_open(const char *command, const char *word, struct scenario **out)
{
    struct scenario_files files = { 0 };
    struct yaml_error error = { "out of memory" };
    const struct command_words words = { { word }, 1 };
    int status = scenario_files_find(command, &words, &files);
    if (!status && files.count > 1)
        status = command_refuse(command, "'%s' means %zu scenarios; %s is the first", word, files.count,
                                files.path[0]);
    else if (!status && scenario_read(files.path[0], out, &error)) {
        fprintf(stderr, "%s\n", error.text);
        status = COMMAND_USAGE;
    }
    scenario_files_release(&files);
    return status;
}

void scenario_wirings_text(const struct scenario *s, char out[64])
{
    snprintf(out, 64, "%s%s%s", s->wirings & SCENARIO_DIRECT ? "direct " : "",
             s->wirings & SCENARIO_LOOPBACK ? "loopback " : "", s->wirings & SCENARIO_PROCESS ? "process " : "");
    if (out[0])
        out[strlen(out) - 1] = 0;
}
