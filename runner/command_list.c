#include <stdio.h>

#include "command_scenarios.h"
#include "json.h"

/* "1, 13" */
static void list_text(const struct yaml_node *list, char out[96])
{
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; list && i < list->count && at < 80; i++)
        at += (size_t)snprintf(out + at, 96 - at, "%s%.12s", i ? "," : "",
                               list->item[i]->text ? list->item[i]->text : "");
}

static json_t *texts_json(const struct yaml_node *list)
{
    json_t *out = json_array();
    for (size_t i = 0; list && i < list->count; i++)
        json_array_append_new(out, json_string(list->item[i]->text ? list->item[i]->text : ""));
    return out;
}

static json_t *wirings_json(const struct scenario *s)
{
    static const struct { unsigned bit; const char *name; } known[] = {
        { SCENARIO_DIRECT, "direct" }, { SCENARIO_LOOPBACK, "loopback" }, { SCENARIO_PROCESS, "process" },
    };
    json_t *out = json_array();
    for (size_t i = 0; i < COUNT(known); i++)
        if (s->wirings & known[i].bit)
            json_array_append_new(out, json_string(known[i].name));
    return out;
}

static json_t *scenario_json(const struct scenario *s)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "id", s->id, "title", s->title, "path", s->path, "catalogue",
                     texts_json(s->catalogue), "requirements", texts_json(s->requirements), "wirings",
                     wirings_json(s));
}

static void print_scenario(const struct scenario *s)
{
    char wirings[64], plays[96];
    scenario_wirings_text(s, wirings);
    list_text(s->catalogue, plays);
    printf("%-36s %-16s %-10s %s\n", s->id, wirings, plays, s->title);
}

static int list_one(const char *path, json_t *all)
{
    struct scenario *s = NULL;
    struct yaml_error error = { "out of memory" };
    if (scenario_read(path, &s, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return COMMAND_USAGE;
    }
    if (all)
        json_array_append_new(all, scenario_json(s));
    else
        print_scenario(s);
    scenario_free(s);
    return 0;
}

int command_list(int argc, char **argv)
{
    bool json = false;
    struct command_words words = { 0 };
    struct scenario_files files = { 0 };
    const struct command_option options[] = { { "--json", OPTION_FLAG, &json } };
    int status = command_read(options, COUNT(options), argc, argv, &words);
    if (!status)
        status = scenario_files_find("list", &words, &files);
    json_t *all = json ? json_array() : NULL;
    for (size_t i = 0; i < files.count; i++)
        if (list_one(files.path[i], all))
            status = COMMAND_USAGE;
    if (all && json_dumpf(all, stdout, JSON_INDENT(2)) == 0)
        putchar('\n');
    json_decref(all);
    scenario_files_release(&files);
    return status;
}
