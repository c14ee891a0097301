/* sgp32lab explain: a scenario in full, a code, a word. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "command_codes.h"
#include "command_scenarios.h"
#include "suggest.h"

#define SUGGESTIONS_MAX 512

/* --- a scenario ------------------------------------------------------------------------------------------ */

static void print_node(const struct yaml_node *n);

static void print_members(const struct yaml_node *n)
{
    for (size_t i = 0; i < n->count; i++) {
        printf("%s", i ? ", " : "");
        if (n->kind == YAML_MAP)
            printf("%s: ", n->key[i]);
        print_node(n->item[i]);
    }
}

static void print_node(const struct yaml_node *n)
{
    if (n->kind == YAML_SCALAR)
        printf("%s", n->text);
    else {
        putchar(n->kind == YAML_MAP ? '{' : '[');
        print_members(n);
        putchar(n->kind == YAML_MAP ? '}' : ']');
    }
}

static void print_duration(int64_t ms)
{
    if (ms % CLOCK_MINUTE == 0 && ms)
        printf("%lld min", (long long)(ms / CLOCK_MINUTE));
    else if (ms % CLOCK_SECOND == 0)
        printf("%lld s", (long long)(ms / CLOCK_SECOND));
    else
        printf("%lld ms", (long long)ms);
}

static void print_countries(const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s%s", i ? ", " : "", list[i]);
}

static void print_carriers(const struct scenario *s)
{
    for (size_t i = 0; i < s->carrier_count; i++) {
        const struct scenario_carrier *c = &s->carrier[i];
        printf("  carrier   %-12s PLMN %s, %s platform, coverage ", c->name, c->plmn, c->platform);
        print_countries(c->covers, c->cover_count);
        printf("\n            %-12s cmp.%s.example.com, net.%s.example.com\n", "", c->name, c->name);
    }
}

static void print_contracts(const struct scenario *s)
{
    for (size_t i = 0; i < s->contract_count; i++) {
        const struct scenario_contract *c = &s->contract[i];
        printf("  contract  %-12s %s with %s, ", c->name, c->model, c->with->name);
        if (c->quota >= 0)
            printf("quota %lld, ", (long long)c->quota);
        printf("plans %s and %s, %lld codes in stock, ", c->rate_plan, c->communication_plan, (long long)c->stock);
        printf("holds in ");
        if (c->territory_count)
            print_countries(c->territory, c->territory_count);
        else
            print_countries(c->with->covers, c->with->cover_count);
        putchar('\n');
    }
}

static void print_devices(const struct scenario *s)
{
    for (size_t i = 0; i < s->group_count; i++) {
        const struct scenario_group *g = &s->group[i];
        printf("  device    %-12s %lld in %s, starts on %s", g->name, (long long)g->count, g->country,
               g->starts_on->name);
        if (g->fallback)
            printf(", falls back to %s", g->fallback->name);
        for (size_t k = 0; k < g->has_count; k++)
            printf(", has %s", g->has[k]->name);
        printf(", polls every ");
        print_duration(g->poll_every);
        putchar('\n');
    }
}

static void print_step(const struct scenario_step *step, size_t number)
{
    printf("\n  %zu. %s (within ", number, step->name);
    print_duration(step->within);
    printf(")\n");
    if (step->act) {
        printf("     do      ");
        print_members(step->act);
        putchar('\n');
    }
    for (size_t i = 0; step->expect && i < step->expect->count; i++) {
        printf("     expect  ");
        print_members(step->expect->item[i]);
        putchar('\n');
    }
}

static int explain_scenario(const char *word)
{
    struct scenario *s = NULL;
    char wirings[64];
    int status = scenario_open("explain", word, &s);
    if (status)
        return status;
    scenario_wirings_text(s, wirings);
    printf("%s  %s\n%s\nplays in  %s%s%s\n\n", s->id, s->title, s->path, wirings, s->why_not[0] ? ": " : "",
           s->why_not);
    printf("  servers   smdp.example.com, eim.example.com, eso.example.com\n");
    print_carriers(s);
    print_contracts(s);
    for (size_t i = 0; i < s->certificate_count; i++)
        printf("  shows     %-12s %s\n", s->certificate[i].part, s->certificate[i].name);
    print_devices(s);
    for (size_t i = 0; i < s->step_count; i++)
        print_step(&s->step[i], i + 1);
    scenario_free(s);
    return 0;
}

/* --- codes and words ---------------------------------------------------------------------------------------- */

static bool explain_pair(const char *word)
{
    bool found = false;
    size_t len = strlen(word);
    const struct code_pair *p;
    for (size_t i = 0; (p = code_pair_at(i)); i++)
        if (strncmp(p->pair, word, len) == 0 && (!p->pair[len] || p->pair[len] == '/')) {
            printf("%-11s %s\n            %s, SGP.22 5.2.6\n", p->pair, p->meaning, p->where);
            found = true;
        }
    return found;
}

static bool explain_words(const char *kind, const struct scenario_word *words, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].name, word) == 0) {
            printf("%-7s %s: %s\n", kind, words[i].name, words[i].help);
            return true;
        }
    return false;
}

static bool explain_language(const char *word)
{
    size_t verbs, expectations;
    const struct scenario_word *v = scenario_verbs(&verbs), *x = scenario_expectations(&expectations);
    bool found = explain_words("do", v, verbs, word);
    return explain_words("expect", x, expectations, word) || found;
}

static size_t add_words(const char **out, size_t at, const struct scenario_word *words, size_t count)
{
    for (size_t i = 0; i < count && at < SUGGESTIONS_MAX; i++)
        out[at++] = words[i].name;
    return at;
}

static const char *nearest(const char *word)
{
    const char *candidates[SUGGESTIONS_MAX + 1] = { 0 };
    size_t count, at = 0;
    const struct scenario_word *words = scenario_verbs(&count);
    at = add_words(candidates, at, words, count);
    words = scenario_expectations(&count);
    at = add_words(candidates, at, words, count);
    for (size_t i = 0; at < SUGGESTIONS_MAX && code_name_at(i); i++)
        candidates[at++] = code_name_at(i);
    return suggest_word(word, candidates);
}

int command_explain(int argc, char **argv)
{
    struct command_words words = { 0 };
    int status = command_read(NULL, 0, argc, argv, &words);
    if (status)
        return status;
    if (words.count != 1)
        return command_refuse("explain", "one scenario, code or word: sgp32lab explain swap/01");
    const char *word = words.at[0];
    bool found = explain_pair(word);
    found |= explain_language(word);
    found |= code_names_print(word);
    if (found)
        return 0;
    const char *near = strpbrk(word, "/.") ? NULL : nearest(word);
    return near ? command_refuse("explain", "'%s' is no word of the lab (did you mean '%s'?)", word, near)
                : explain_scenario(word);
}
