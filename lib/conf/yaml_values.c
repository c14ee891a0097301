/* Schemas give the scalars their types; here are the types, and what to say when they do not fit. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "suggest.h"
#include "yaml.h"

static bool among(const char *word, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(word, *known) == 0)
            return true;
    return false;
}

enum err yaml_only_keys(const struct yaml *y, const struct yaml_node *map, const char *const *known,
                        struct yaml_error *error)
{
    if (map->kind != YAML_MAP)
        return yaml_fail(y, map->at, error, "a map of keys and values was expected here");
    for (size_t i = 0; i < map->count; i++) {
        if (among(map->key[i], known))
            continue;
        const char *near = suggest_word(map->key[i], known);
        if (near)
            return yaml_fail(y, map->key_at[i], error, "unknown key '%s' (did you mean '%s'?)", map->key[i], near);
        return yaml_fail(y, map->key_at[i], error, "unknown key '%s'", map->key[i]);
    }
    return ERR_OK;
}

/* A decimal number, without leading zeros, which some would take for octal. Gives what follows it. */
static const char *parse_number(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '-');
    size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > 18 || (digits[0] == '0' && n > 1))
        return NULL;
    *out = strtoll(text, NULL, 10);
    return digits + n;
}

enum err yaml_int(const struct yaml *y, const struct yaml_node *n, int64_t low, int64_t high, int64_t *out,
                  struct yaml_error *error)
{
    int64_t value = 0;
    const char *rest = n->kind == YAML_SCALAR ? parse_number(n->text, &value) : NULL;
    if (!rest || *rest)
        return yaml_fail(y, n->at, error, "a whole number was expected here");
    if (value < low || value > high)
        return yaml_fail(y, n->at, error, "%" PRId64 " is not between %" PRId64 " and %" PRId64, value, low, high);
    *out = value;
    return ERR_OK;
}

enum err yaml_bool(const struct yaml *y, const struct yaml_node *n, bool *out, struct yaml_error *error)
{
    bool yes = n->kind == YAML_SCALAR && strcmp(n->text, "true") == 0;
    if (!yes && (n->kind != YAML_SCALAR || strcmp(n->text, "false") != 0))
        return yaml_fail(y, n->at, error, "true or false was expected here");
    *out = yes;
    return ERR_OK;
}

enum err yaml_duration(const struct yaml *y, const struct yaml_node *n, int64_t *out, struct yaml_error *error)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = { { "ms", 1 }, { "s", CLOCK_SECOND }, { "min", CLOCK_MINUTE }, { "h", CLOCK_HOUR }, { "d", CLOCK_DAY } };
    int64_t value = 0;
    const char *rest = n->kind == YAML_SCALAR && n->text[0] != '-' ? parse_number(n->text, &value) : NULL;
    if (rest && *rest == ' ')
        rest++;
    for (size_t i = 0; rest && i < COUNT(units); i++)
        if (strcmp(rest, units[i].name) == 0) {
            if (value > 100 * 366 * CLOCK_DAY / units[i].ms)
                return yaml_fail(y, n->at, error, "longer than a century");
            *out = value * units[i].ms;
            return ERR_OK;
        }
    if (rest && !*rest && value == 0) {
        *out = 0;
        return ERR_OK;
    }
    return yaml_fail(y, n->at, error, "a duration was expected here, for example '420 s' (ms, s, min, h, d)");
}

void yaml_choices_text(const char *choices, char out[YAML_CHOICES_MAX])
{
    size_t len = 0;
    for (const char *c = choices; *c && len + 5 < YAML_CHOICES_MAX; c++)
        if (*c != '|')
            out[len++] = *c;
        else
            len += (size_t)snprintf(out + len, 5, "%s", strchr(c + 1, '|') ? ", " : " or ");
    out[len] = 0;
}

enum err yaml_choice(const struct yaml *y, const struct yaml_node *n, const char *choices, int64_t *out,
                     struct yaml_error *error)
{
    char words[YAML_CHOICES_MAX];
    const char *word = choices;
    size_t len = n->kind == YAML_SCALAR ? strlen(n->text) : 0;
    for (int64_t i = 0; len && word; i++, word = strchr(word, '|'), word += word != NULL)
        if (strcspn(word, "|") == len && memcmp(word, n->text, len) == 0) {
            *out = i;
            return ERR_OK;
        }
    yaml_choices_text(choices, words);
    return yaml_fail(y, n->at, error, "%s is wanted here", words);
}
