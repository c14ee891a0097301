/* What an object may hold: every member is one of those that are known, and of its type. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "suggest.h"

#define NAME_TOLD 40 /* octets: it is the caller's text */
#define MEMBERS_MAX 32

static const struct json_member *find(const struct json_member *known, const char *name)
{
    for (; known->name; known++)
        if (strcmp(known->name, name) == 0)
            return known;
    return NULL;
}

static bool fits(enum json_kind kind, const json_t *value)
{
    switch (kind) {
    case JSON_IS_TEXT:
        return json_is_string(value);
    case JSON_IS_NUMBER:
        return json_is_integer(value);
    case JSON_IS_FLAG:
        return json_is_boolean(value);
    case JSON_IS_LIST:
        return json_is_array(value);
    default:
        return json_is_object(value);
    }
}

static const char *const kinds[] = {
    [JSON_IS_TEXT] = "a text",   [JSON_IS_NUMBER] = "a whole number", [JSON_IS_FLAG] = "true or false",
    [JSON_IS_LIST] = "a list",   [JSON_IS_OBJECT] = "an object",
};

/* Bounded, and fit for a sentence. */
static void tell_name(const char *name, char out[NAME_TOLD + 4])
{
    size_t i = 0;
    for (; name[i] && i < NAME_TOLD; i++)
        out[i] = name[i] >= 0x20 && name[i] < 0x7f && name[i] != '"' ? name[i] : '?';
    snprintf(out + i, 4, "%s", name[i] ? "..." : "");
}

void json_tell_unknown(const char *no, const char *name, const char *takes, const char *const *names, char *why, size_t room)
{
    char told[NAME_TOLD + 4];
    const char *near = suggest_word(name, names);
    tell_name(name, told);
    snprintf(why, room, "%s \"%s\"%s%s%s; %s %s", no, told, near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "", takes,
             *names ? "" : "none");
    for (const char *const *n = names; *n; n++) {
        size_t len = strlen(why);
        snprintf(why + len, room - len, "%s%s", n == names ? "" : ", ", *n);
    }
}

/* An order: there is no member "rolback" (did you mean "rollback"?); it takes … */
static void tell_unknown(const char *name, const char *what, const struct json_member *known, char why[JSON_WHY_MAX])
{
    const char *names[MEMBERS_MAX + 1] = { NULL };
    char no[80];
    for (size_t i = 0; known[i].name && i < MEMBERS_MAX; i++)
        names[i] = known[i].name;
    snprintf(no, sizeof no, "%s: there is no member", what);
    json_tell_unknown(no, name, "it takes", names, why, JSON_WHY_MAX);
}

enum err json_only(const json_t *object, const char *what, const struct json_member *known, char why[JSON_WHY_MAX])
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value) {
        const struct json_member *m = find(known, name);
        if (!m) {
            tell_unknown(name, what, known, why);
            return ERR_NOT_FOUND;
        }
        if (!fits(m->kind, value)) {
            snprintf(why, JSON_WHY_MAX, "%s: \"%s\" is wrong, %s is wanted", what, name, kinds[m->kind]);
            return ERR_PARSE;
        }
    }
    return ERR_OK;
}
