/* The keys an eIM signs with (SGP.32 v1.2 2.4.1). An eUICC knows one of them: the first of the settings when it was registered,
 * until an eCO updateEim, signed with the key that it knows, gave it the first of today. */
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_eim_configuration.h"

static enum err add_key(struct eim *e, struct span certificate, const struct ec_key *key)
{
    if (e->signing_count == COUNT(e->signing))
        return ERR_LIMIT;
    struct eim_signing *s = &e->signing[e->signing_count];
    enum err x = cert_load(e->env->crypto, certificate, &s->certificate);
    const struct span point = x ? (struct span){ 0 } : SPAN_ARRAY(s->certificate->key.at);
    s->key = key;
    if (!x)
        x = sha256(e->env->crypto, &point, 1, s->id);
    e->signing_count += !x;
    return x;
}

enum err eim_signing_open(struct eim *e, const struct eim_settings *s)
{
    enum err x = add_key(e, s->sign_certificate, s->sign_key);
    for (size_t i = 0; !x && i < s->former_count; i++)
        x = add_key(e, s->former[i].certificate, s->former[i].key);
    return x;
}

/* Stores from before had one key. */
enum err eim_signing_adopt(struct eim *e)
{
    int64_t some = 0;
    enum err x = db_get_int(e->env->db, "SELECT 1 FROM euicc WHERE signing IS NULL LIMIT 1", NULL, 0, &some);
    if (x)
        return x == ERR_NOT_FOUND ? ERR_OK : x;
    return db_run(e->env->db, "UPDATE euicc SET signing = ? WHERE signing IS NULL",
                  DB_ARGS(DB_BLOB(SPAN_ARRAY(e->signing[0].id))), NULL);
}

const struct eim_damage eim_signing_unreadable = {
    "signingKeyUnreadable",
    "which key of this eIM the eUICC knows cannot be read: its row in the database is damaged; put it back from a backup",
};

const struct eim_signing *eim_signing_find(const struct eim *e, struct span id)
{
    for (size_t i = 0; i < e->signing_count; i++)
        if (span_equal(id, SPAN_ARRAY(e->signing[i].id)))
            return &e->signing[i];
    return NULL;
}

enum err eim_signing_of(struct eim *e, const char *eid, const struct eim_signing **out)
{
    struct buf id = { .max = 32 };
    enum err x = db_get(e->env->db, "SELECT signing FROM euicc WHERE eid = ?", DB_ARGS(DB_TEXT(eid)), &id);
    if (x == ERR_LIMIT || (!x && id.len != 32))
        x = ERR_VERIFY;
    *out = x ? NULL : eim_signing_find(e, buf_span(&id));
    buf_release(&id);
    return x || *out ? x
                     : log_fail(e->env->log, ERR_STATE, "SGP.32 2.4.1",
                                "the eUICC knows a key of this eIM that is not in its settings: put it under former keys");
}

enum err eim_signing_spki(const struct eim_signing *s, struct buf *out)
{
    return rsp_put_spki_contents(s->certificate->curve == EC_P256 ? rsp_oid_p256() : rsp_oid_brainpool_p256r1(),
                                 SPAN_ARRAY(s->certificate->key.at), out);
}

/* --- roll-over ------------------------------------------------------------------------------------------ */

static enum err put_configuration(struct eim *e, struct rsp_int counter, struct buf *out)
{
    struct buf spki = { .max = 256 };
    enum err x = eim_signing_spki(&e->signing[0], &spki);
    const struct rsp_eim_configuration c = {
        .eim_id = span_str(e->eim_id),
        .counter = counter,
        .has_public_key_data = true,
        .public_key_data = { .which = RSP_KEY_DATA_PUBLIC_KEY, .public_key = buf_span(&spki) },
    };
    if (!x)
        x = rsp_eim_configuration_write_as(&e->wire, &c, out);
    buf_release(&spki);
    return x;
}

#define NEW_KEY "newKey" /* among an order's parameters: hex of the id */

/* The counter that the eUICC is to go on from (SGP.32 5.9.1; catalogue A.6): with a new key it may begin anew. */
static enum err read_counter(const struct eim_order *o, struct rsp_int *out)
{
    enum err x = json_int(o->parameters, "counter", &out->value);
    out->present = !x;
    if (x == ERR_NOT_FOUND)
        return ERR_OK;
    return x || out->value < 0 || out->value > RSP_COUNTER_MAX - EIM_COUNTERS_RESERVED - 1 ? ERR_PARSE : ERR_OK;
}

bool eim_signing_resets_counter(const struct eim_order *o)
{
    struct rsp_int counter = { 0 };
    return json_str(o->parameters, NEW_KEY) && !read_counter(o, &counter) && counter.present;
}

enum err eim_signing_fill_order(struct eim *e, struct eim_order *o)
{
    struct rsp_int counter = { 0 };
    struct buf bytes = { .max = 1024 }, id = { .max = 80 };
    json_object_del(o->parameters, NEW_KEY);
    if (o->kind != EIM_ORDER_UPDATE_EIM || !json_is_true(json_object_get(o->parameters, "ownKey")))
        return ERR_OK;
    enum err x = read_counter(o, &counter);
    if (!x)
        x = put_configuration(e, counter, &bytes);
    if (!x)
        x = json_set_base64(o->parameters, "eimConfiguration", buf_span(&bytes));
    if (!x)
        x = hex_put(&id, SPAN_ARRAY(e->signing[0].id));
    if (!x)
        x = json_set_str(o->parameters, NEW_KEY, buf_cstr(&id));
    buf_release(&bytes);
    buf_release(&id);
    return x;
}

json_t *eim_signing_ordered_parameters(const struct eim_order *o)
{
    json_t *copy = json_deep_copy(o->parameters);
    if (json_object_get(copy, NEW_KEY))
        json_object_del(copy, "eimConfiguration");
    json_object_del(copy, NEW_KEY);
    return copy;
}

bool eim_signing_may_be_unknown(const struct eim *e, const struct eim_order *o)
{
    return json_str(o->parameters, NEW_KEY) || eim_order_hands_over(e, o);
}

enum err eim_signing_note(struct eim *e, const struct eim_order *o)
{
    struct buf id = { .max = 32 };
    struct rsp_int counter = { 0 };
    const char *text = json_str(o->parameters, NEW_KEY);
    enum err x = text ? hex_decode(span_str(text), &id) : ERR_OK;
    if (!x)
        x = read_counter(o, &counter);
    if (!x && text)
        x = db_run(e->env->db, "UPDATE euicc SET signing = ?, counter = COALESCE(?, counter) WHERE eid = ?",
                   DB_ARGS(DB_BLOB(buf_span(&id)), counter.present ? DB_INT(counter.value) : DB_NULL, DB_TEXT(o->eid)), NULL);
    buf_release(&id);
    return x;
}
