/* API keys of a tenant: "<id>.<secret>", shown once and kept as a hash. The secret has 256 random bits, so that the hash need
 * not be slow. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"

#define SECRET_OCTETS 32
#define KEYS_MAX 100 /* of a tenant */

static const struct eim_word rights[] = {
    { "read", EIM_READ },
    { "order", EIM_ORDER },
    { "register", EIM_REGISTER },
    { "administer", EIM_ADMINISTER },
    { "transfer", EIM_TRANSFER },
};

/* --- being shown one --------------------------------------------------------------------------------- */

struct key {
    uint8_t sha256[32];
    struct eim_caller caller;
};

static enum err take_key(void *context, const struct db_row *r)
{
    struct key *k = context;
    struct span hash = db_blob(r, 0);
    if (hash.len != sizeof k->sha256)
        return ERR_PARSE;
    memcpy(k->sha256, hash.at, hash.len);
    snprintf(k->caller.tenant, sizeof k->caller.tenant, "%s", db_text(r, 1));
    snprintf(k->caller.name, sizeof k->caller.name, "%s", db_text(r, 2));
    k->caller.rights = (unsigned)db_int(r, 3);
    return ERR_OK;
}

enum err eim_key_find(struct eim *e, const char *shown, struct eim_caller *who)
{
    char id[37];
    const char *dot = strchr(shown, '.');
    struct key k = { 0 };
    uint8_t hash[32];
    if (!dot || (size_t)(dot - shown) >= sizeof id)
        return ERR_NOT_FOUND;
    snprintf(id, sizeof id, "%.*s", (int)(dot - shown), shown);
    const struct span secret = span_str(dot + 1);
    enum err x = sha256(e->env->crypto, &secret, 1, hash);
    if (!x)
        x = db_query(e->env->db, "SELECT sha256, tenant, name, rights FROM api_key WHERE id = ?", DB_ARGS(DB_TEXT(id)),
                     take_key, &k);
    if (!x && !span_equal_secret(SPAN_ARRAY(k.sha256), SPAN_ARRAY(hash)))
        x = ERR_NOT_FOUND;
    if (!x)
        *who = k.caller;
    if (!x)
        snprintf(who->key, sizeof who->key, "%s", id);
    return x;
}

enum err eim_key_holds(struct eim *e, const char *id, unsigned right)
{
    int64_t bits = 0;
    enum err x = db_get_int(e->env->db, "SELECT rights FROM api_key WHERE id = ?", DB_ARGS(DB_TEXT(id)), &bits);
    return x == ERR_NOT_FOUND || (!x && !(bits & right)) ? ERR_REFUSED : x;
}

/* --- making one -------------------------------------------------------------------------------------- */

/* Nobody gives what he does not have. */
static enum err read_key(const json_t *body, const struct eim_caller *who, struct http_response *p, struct eim_caller *out)
{
    const char *name = json_str(body, "name");
    *out = *who;
    out->rights = 0;
    if (!name || !name[0] || strlen(name) >= sizeof out->name)
        return eim_problem(p, 400, "name is wrong", "1 to 64 characters are wanted");
    snprintf(out->name, sizeof out->name, "%s", name);
    if (eim_words_read(json_object_get(body, "rights"), rights, COUNT(rights), &out->rights))
        return eim_problem(p, 400, "rights are wrong", "a list of read, order, register, administer, transfer is wanted");
    return out->rights & ~who->rights ? eim_problem(p, 403, "not allowed", "a key has no right that its maker lacks") : ERR_OK;
}

static enum err store_key(struct eim *e, const char *id, const struct eim_caller *k, const uint8_t hash[32])
{
    int64_t changed = 0;
    enum err x = db_run(e->env->db,
                        "INSERT INTO api_key (id, tenant, name, rights, sha256, created) SELECT ?, ?, ?, ?, ?, ?"
                        " WHERE (SELECT count(*) FROM api_key WHERE tenant = ?) < ?",
                        DB_ARGS(DB_TEXT(id), DB_TEXT(k->tenant), DB_TEXT(k->name), DB_INT(k->rights),
                                DB_BLOB(span_of(hash, 32)), DB_INT(clock_now(e->env->clock)), DB_TEXT(k->tenant),
                                DB_INT(KEYS_MAX)),
                        &changed);
    return x ? x : changed ? ERR_OK : ERR_LIMIT;
}

static enum err make_key(struct eim *e, const struct eim_caller *k, char id[37], struct buf *shown)
{
    uint8_t random[SECRET_OCTETS], hash[32];
    struct buf text = { .max = 2 * SECRET_OCTETS };
    enum err x = rng_uuid(e->env->rng, id);
    if (!x)
        x = rng_fill(e->env->rng, random, sizeof random);
    if (!x)
        x = hex_put(&text, SPAN_ARRAY(random));
    const struct span secret = buf_span(&text);
    if (!x)
        x = sha256(e->env->crypto, &secret, 1, hash);
    if (!x)
        x = store_key(e, id, k, hash);
    if (!x)
        x = buf_put_str(shown, id);
    if (!x)
        x = buf_put_u8(shown, '.');
    if (!x)
        x = buf_put(shown, secret);
    memory_clear(random, sizeof random);
    if (text.at)
        memory_clear(text.at, text.len);
    buf_release(&text);
    return x;
}

static const struct json_member key_members[] = { { "name", JSON_IS_TEXT }, { "rights", JSON_IS_LIST }, { NULL, 0 } };

enum err eim_add_key(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who, k;
    char id[37];
    struct buf shown = { .max = 128 };
    json_t *body = NULL;
    enum err x = eim_begin(e, q, p, EIM_ADMINISTER, "a key", key_members, &who, &body);
    if (!x)
        x = read_key(body, &who, p, &k);
    if (!x)
        x = db_begin(e->env->db);
    if (!x) {
        x = make_key(e, &k, id, &shown);
        if (!x)
            x = eim_audit(e, &who, "key.add", id, 201, k.name);
        x = db_end(e->env->db, x);
    }
    if (x == ERR_LIMIT)
        x = eim_problem(p, 409, "too many keys", "a tenant has at most 100; delete one first");
    if (!x)
        x = http_json(p, 201, json_pack("{s:s, s:s, s:o, s:s}", "id", id, "name", k.name, "rights",
                                        eim_words_json(k.rights, rights, COUNT(rights)), "key", buf_cstr(&shown)));
    json_decref(body);
    if (shown.at)
        memory_clear(shown.at, shown.len);
    buf_release(&shown);
    return x;
}

/* --- the others -------------------------------------------------------------------------------------- */

static json_t *key_json(const struct db_row *r)
{
    return json_pack("{s:s, s:s, s:o, s:I}", "id", db_text(r, 0), "name", db_text(r, 1), "rights",
                     eim_words_json((unsigned)db_int(r, 2), rights, COUNT(rights)), "created", (json_int_t)db_int(r, 3));
}

enum err eim_list_keys(void *actor, const struct http_request *q, struct http_response *p)
{
    return eim_list_own(actor, q, p, "SELECT id, name, rights, created FROM api_key WHERE tenant = ? ORDER BY id", key_json);
}

enum err eim_delete_key(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    int64_t changed = 0;
    enum err x = eim_authorize(e, q, p, EIM_ADMINISTER, &who);
    if (!x)
        x = db_begin(e->env->db);
    if (x)
        return x;
    x = db_run(e->env->db, "DELETE FROM api_key WHERE id = ? AND tenant = ?", DB_ARGS(DB_TEXT(q->part[0]), DB_TEXT(who.tenant)),
               &changed);
    if (!x && changed)
        x = eim_audit(e, &who, "key.delete", q->part[0], 204, NULL);
    x = db_end(e->env->db, x);
    if (x)
        return x;
    return changed ? http_text(p, 204, "", (struct span){ 0 })
                   : eim_problem(p, 404, "no such key", "no API key has this id");
}
