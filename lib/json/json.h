/* Bounded use of jansson: size, depth and type are checked; reading names the member that is wrong. */
#ifndef LAB_JSON_JSON_H
#define LAB_JSON_JSON_H

#include <jansson.h>

#include "span.h"

#define JSON_DEPTH_MAX 32
#define JSON_TEXT_MAX (4u << 20)

/* Parses an object (RFC 8259; a member named twice is refused). ERR_PARSE or ERR_LIMIT (longer than JSON_TEXT_MAX,
 * deeper than JSON_DEPTH_MAX), with one sentence in why, unless that is NULL. Gives *out. */
MUST_CHECK enum err json_read(struct span text, json_t **out, char why[160]);
/* Appends compact text, members in insertion order. */
MUST_CHECK enum err json_write(const json_t *value, struct buf *out);

/* Borrowed string of a member; NULL when absent or no string. */
const char *json_str(const json_t *object, const char *member);
/* ERR_NOT_FOUND when absent, ERR_PARSE when it has another type. */
MUST_CHECK enum err json_int(const json_t *object, const char *member, int64_t *out);
MUST_CHECK enum err json_bool(const json_t *object, const char *member, bool *out);
/* The members that an object may have, the last one without a name. */
enum json_kind { JSON_IS_TEXT, JSON_IS_NUMBER, JSON_IS_FLAG, JSON_IS_LIST, JSON_IS_OBJECT };
struct json_member {
    const char *name;
    enum json_kind kind;
};
#define JSON_WHY_MAX 600
/* ERR_NOT_FOUND: a member is none of these; ERR_PARSE: one is of another type (null is of none). Then *why is a sentence that names
 * it, what was perhaps meant, and what there is; `what` begins it ("an order"). For interfaces that are ours: those of the GSMA
 * let unknown members pass. */
MUST_CHECK enum err json_only(const json_t *object, const char *what, const struct json_member *known, char why[JSON_WHY_MAX]);
/* The sentence for a name that somebody else gave and that is none of `names` (NULL-terminated): `no` "name" (did you mean …?);
 * `takes` and the names. */
void json_tell_unknown(const char *no, const char *name, const char *takes, const char *const *names, char *why, size_t room);
/* Decodes a base64 or hex member, appended to out. ERR_NOT_FOUND, ERR_PARSE. */
MUST_CHECK enum err json_base64(const json_t *object, const char *member, struct buf *out);
MUST_CHECK enum err json_hex(const json_t *object, const char *member, struct buf *out);
/* Setting; ERR_NOMEM. */
MUST_CHECK enum err json_set_str(json_t *object, const char *member, const char *value);
MUST_CHECK enum err json_set_int(json_t *object, const char *member, int64_t value);
MUST_CHECK enum err json_set_bool(json_t *object, const char *member, bool value);
MUST_CHECK enum err json_set_base64(json_t *object, const char *member, struct span value);
MUST_CHECK enum err json_set_hex(json_t *object, const char *member, struct span value); /* upper case */
#endif
