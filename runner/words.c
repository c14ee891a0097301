#include "suggest.h"
#include "words.h"

#include <string.h>

enum err word_map(const struct scenario *s, const struct yaml_node *n, const char *const *keys,
                  struct yaml_error *error)
{
    if (n->kind != YAML_MAP)
        return yaml_fail(s->yaml, n->at, error, "a map with '%s' is wanted here", keys[0]);
    return yaml_only_keys(s->yaml, n, keys, error);
}

enum err word_device(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    int64_t index;
    if (n->kind == YAML_SCALAR && scenario_find_device(s, n->text, &index))
        return ERR_OK;
    const char *names[SCENARIO_GROUPS_MAX + 1] = { 0 };
    for (size_t i = 0; i < s->group_count; i++)
        names[i] = s->group[i].name;
    const char *near = n->kind == YAML_SCALAR ? suggest_word(n->text, names) : NULL;
    return yaml_fail(s->yaml, n->at, error, "no device of that name in this world%s%s%s",
                     near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

enum err word_device_or_devices(const struct scenario *s, const struct yaml_node *map, struct yaml_error *error)
{
    const struct yaml_node *one = yaml_get(map, "device"), *list = yaml_get(map, "devices");
    if (!one == !list)
        return yaml_fail(s->yaml, map->at, error, "either 'device: meter' or 'devices: all' is wanted");
    if (one)
        return word_device(s, one, error);
    if (list->kind == YAML_MAP || (list->kind == YAML_SCALAR && strcmp(list->text, "all") != 0))
        return yaml_fail(s->yaml, list->at, error, "'devices' takes a list of devices, or all");
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < list->count; i++)
        e = word_device(s, list->item[i], error);
    return e;
}

enum err word_carrier(const struct scenario *s, const struct yaml_node *map, const char *key,
                      struct yaml_error *error)
{
    const struct yaml_node *n = yaml_get(map, key);
    if (!n)
        return yaml_fail(s->yaml, map->at, error, "'%s' is missing here: a carrier", key);
    if (n->kind == YAML_SCALAR && scenario_find_carrier(s, n->text))
        return ERR_OK;
    return yaml_fail(s->yaml, n->at, error, "no carrier of that name in this world");
}

enum err word_eim(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    if (n->kind == YAML_SCALAR && (strcmp(n->text, "eim") == 0 || scenario_find_eim(s, n->text)))
        return ERR_OK;
    return yaml_fail(s->yaml, n->at, error, "no eIM of that name in this world: eim, or one under 'eims'");
}

enum err word_contract(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    if (n->kind == YAML_SCALAR && scenario_find_contract(s, n->text))
        return ERR_OK;
    return yaml_fail(s->yaml, n->at, error, "no contract of that name in this world");
}
