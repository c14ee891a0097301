/* Stock leaves and comes in with its keys sealed under a transport key of the settings (AES-256-GCM): what a profile's keys
 * are, each is bound to all that stands beside them in clear, to its place, and to how many there are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aka.h"
#include "json.h"
#include "smdp_functions.h"
#include "smdp_routes.h"

#define FORMAT "sgp32lab-stock-1"
#define SEALED_MAX 512

/* An export as a whole; what each profile in it is bound to. */
struct parcel {
    const struct smdp_transport_key *key;
    char id[33];
    size_t count;
};

static const struct smdp_transport_key *find_key(const struct smdp *s, const char *name)
{
    for (size_t i = 0; name && i < s->transport_key_count; i++)
        if (strcmp(s->transport_keys[i].name, name) == 0)
            return &s->transport_keys[i];
    return NULL;
}

static enum err refuse(struct http_response *p, int status, const char *detail)
{
    return smdp_refuse(p, status, "stock refused", detail);
}

/* "sgp32lab-stock-1", id, place and count, then the profile's members by name: each a line. */
static enum err what_for(const struct parcel *x, size_t place, const json_t *profile, struct buf *out)
{
    json_t *clear = json_copy((json_t *)profile);
    if (!clear)
        return ERR_NOMEM;
    json_object_del(clear, "keys");
    char *text = json_dumps(clear, JSON_COMPACT | JSON_SORT_KEYS);
    enum err e = text ? buf_printf(out, FORMAT "\n%s\n%zu/%zu\n", x->id, place, x->count) : ERR_NOMEM;
    if (!e)
        e = buf_put_str(out, text);
    free(text);
    json_decref(clear);
    return e;
}

/* --- out -------------------------------------------------------------------------------------------- */

static enum err collect(void *context, const struct smdp_profile *p)
{
    json_t *o = smdp_profile_json(p);
    return o && !json_array_append_new(context, o) ? ERR_OK : ERR_NOMEM;
}

static enum err seal_one(struct smdp *s, const struct parcel *x, size_t place, json_t *profile)
{
    struct smdp_subscription sub = { 0 };
    struct buf purpose = { .max = 8192 }, sealed = { .max = SEALED_MAX };
    const char *iccid = json_str(profile, "iccid");
    char event[120];
    enum err e = smdp_subscription_get(s, iccid, &sub);
    if (!e)
        e = json_set_str(profile, "imsi", sub.imsi);
    if (!e)
        e = json_set_str(profile, "algorithm", sub.algorithm == AKA_TUAK ? "tuak" : "milenage");
    if (!e)
        e = what_for(x, place, profile, &purpose);
    if (!e)
        e = smdp_subscription_seal(s, secret_span(&x->key->key), buf_span(&purpose), &sub, &sealed);
    if (!e)
        e = json_set_base64(profile, "keys", buf_span(&sealed));
    snprintf(event, sizeof event, "exported under the transport key %.80s", x->key->name);
    if (!e)
        e = smdp_history_put(s, iccid, event);
    smdp_subscription_release(&sub);
    buf_release(&purpose);
    buf_release(&sealed);
    return e;
}

static enum err new_parcel(struct smdp *s, const struct smdp_transport_key *key, size_t count, struct parcel *out)
{
    uint8_t id[16];
    *out = (struct parcel){ .key = key, .count = count };
    enum err e = rng_fill(s->env->rng, id, sizeof id);
    for (size_t i = 0; i < sizeof id; i++)
        snprintf(out->id + 2 * i, 3, "%02X", id[i]);
    return e;
}

/* In one transaction: what is exported, and that it was. */
static enum err seal_all(struct smdp *s, const struct smdp_transport_key *key, const struct smdp_filter *f, const char *after,
                         int64_t limit, json_t *profiles, struct parcel *x)
{
    json_t *profile;
    size_t i;
    enum err e = db_begin(s->env->db);
    if (e)
        return e;
    e = smdp_profiles_page(s, f, after, limit, collect, profiles);
    if (!e)
        e = new_parcel(s, key, json_array_size(profiles), x);
    json_array_foreach(profiles, i, profile) {
        if (!e)
            e = seal_one(s, x, i, profile);
    }
    return db_end(s->env->db, e);
}

/* {key, operator?, profileType?, state?, after?, limit?} */
static enum err read_wish(const json_t *o, struct http_response *p, struct smdp_filter *f, char after[21], int64_t *limit)
{
    const struct { const char *member; char *out; size_t room; } texts[] = {
        { "operator", f->owner, sizeof f->owner }, { "profileType", f->type, sizeof f->type }, { "after", after, 21 },
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        const json_t *member = json_object_get(o, texts[i].member);
        const char *text = json_string_value(member);
        if ((member && !text) || (text && strlen(text) >= texts[i].room))
            return refuse(p, 400, "operator, profileType, after: texts are wanted");
        snprintf(texts[i].out, texts[i].room, "%s", text ? text : "");
    }
    *limit = 1000;
    if ((json_object_get(o, "limit") && json_int(o, "limit", limit)) || *limit < 1 || *limit > 1000)
        return refuse(p, 400, "limit: 1 to 1000 is wanted");
    if (f->type[0] && !f->owner[0])
        return refuse(p, 400, "profileType: a type is an operator's, which is to be named too");
    const json_t *state = json_object_get(o, "state");
    if (state && (!json_is_string(state) || smdp_state_parse(json_string_value(state), &f->state)))
        return refuse(p, 400, "state: there is no such state");
    return ERR_OK;
}

static enum err answer_parcel(struct http_response *p, const struct parcel *x, json_t *profiles, int64_t limit)
{
    json_t *last = x->count ? json_array_get(profiles, x->count - 1) : NULL;
    json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:O}", "format", FORMAT, "key", x->key->name, "id", x->id, "count",
                          (json_int_t)x->count, "profiles", profiles);
    if (o && (int64_t)x->count == limit && json_object_set(o, "next", json_object_get(last, "iccid"))) {
        json_decref(o);
        o = NULL;
    }
    return http_json(p, 200, o);
}

enum err smdp_export_stock(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct smdp_filter f = { .state = SMDP_AVAILABLE };
    struct parcel x = { 0 };
    char after[21] = "";
    int64_t limit = 0;
    json_t *body = NULL, *profiles = NULL;
    enum err e = smdp_require_administrator(s, q, p);
    if (!e)
        e = smdp_read_json(q, p, &body);
    if (!e)
        e = read_wish(body, p, &f, after, &limit);
    const struct smdp_transport_key *key = e ? NULL : find_key(s, json_str(body, "key"));
    if (!e && !key)
        e = refuse(p, 400, "key: no transport key of the settings has this name");
    if (!e)
        e = (profiles = json_array()) ? ERR_OK : ERR_NOMEM;
    if (!e)
        e = seal_all(s, key, &f, after, limit, profiles, &x);
    if (!e)
        LOG(s->env->log, LOG_INFO, "stock.export", F_TEXT("key", key->name), F_INT("count", (int64_t)x.count));
    if (!e)
        e = answer_parcel(p, &x, profiles, limit);
    json_decref(profiles);
    json_decref(body);
    return e;
}

/* --- in --------------------------------------------------------------------------------------------- */

static enum err read_parcel(struct smdp *s, const json_t *o, struct http_response *p, struct parcel *x)
{
    const char *format = json_str(o, "format"), *id = json_str(o, "id");
    int64_t count = -1;
    if (!format || strcmp(format, FORMAT) != 0)
        return refuse(p, 400, "format: " FORMAT " is wanted");
    if (!id || strlen(id) != sizeof x->id - 1)
        return refuse(p, 400, "id: that of the export is wanted");
    if (json_int(o, "count", &count) || count < 0 || !json_is_array(json_object_get(o, "profiles")) ||
        (size_t)count != json_array_size(json_object_get(o, "profiles")))
        return refuse(p, 400, "count: the profiles are not as many as were exported");
    snprintf(x->id, sizeof x->id, "%s", id);
    x->count = (size_t)count;
    x->key = find_key(s, json_str(o, "key"));
    return x->key ? ERR_OK : refuse(p, 400, "key: no transport key of the settings has this name");
}

/* ERR_VERIFY: not what was exported, or under another key. */
static enum err open_one(struct smdp *s, const struct parcel *x, size_t place, const json_t *profile,
                         struct smdp_subscription *sub)
{
    struct buf purpose = { .max = 8192 }, sealed = { .max = SEALED_MAX };
    enum err e = json_base64(profile, "keys", &sealed);
    if (!e)
        e = what_for(x, place, profile, &purpose);
    if (!e)
        e = smdp_subscription_open(s, secret_span(&x->key->key), buf_span(&purpose), buf_span(&sealed), sub);
    buf_release(&purpose);
    buf_release(&sealed);
    return e == ERR_NOMEM || !e ? e : ERR_VERIFY;
}

static enum err add_one(struct smdp *s, const struct parcel *x, size_t place, const json_t *o, const char **why)
{
    struct smdp_profile profile;
    struct smdp_subscription sub = { 0 };
    *why = NULL;
    enum err e = open_one(s, x, place, o, &sub);
    if (!e)
        e = smdp_profile_read(o, &profile);
    if (!e)
        e = smdp_profile_import(s, &profile, &sub, why);
    smdp_subscription_release(&sub);
    if (*why)
        return e ? e : ERR_REFUSED;
    if (e == ERR_VERIFY)
        *why = "its keys do not open: another transport key, or not as it was exported";
    else if (e == ERR_EXISTS)
        *why = "its ICCID is here already";
    else if (e == ERR_PARSE || e == ERR_LIMIT || e == ERR_NOT_FOUND)
        *why = "a member is missing or malformed";
    return *why ? e == ERR_EXISTS ? e : ERR_REFUSED : e;
}

static enum err add_all(struct smdp *s, const struct parcel *x, const json_t *profiles, struct http_response *p)
{
    const char *why = NULL;
    char detail[200];
    enum err e = db_begin(s->env->db);
    if (e)
        return e;
    size_t i = 0;
    for (; !e && i < x->count; i++)
        e = add_one(s, x, i, json_array_get(profiles, i), &why);
    e = db_end(s->env->db, e);
    snprintf(detail, sizeof detail, "profiles[%zu]: %s; nothing was added", i - 1, why ? why : "");
    return why ? refuse(p, e == ERR_EXISTS ? 409 : 400, detail) : e;
}

enum err smdp_import_stock(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct parcel x = { 0 };
    json_t *body = NULL;
    enum err e = smdp_require_administrator(s, q, p);
    if (!e)
        e = smdp_read_json(q, p, &body);
    if (!e)
        e = read_parcel(s, body, p, &x);
    if (!e)
        e = add_all(s, &x, json_object_get(body, "profiles"), p);
    if (!e)
        LOG(s->env->log, LOG_INFO, "stock.import", F_TEXT("key", x.key->name), F_INT("count", (int64_t)x.count));
    json_decref(body);
    return e ? e : http_json(p, 200, json_pack("{s:I}", "added", (json_int_t)x.count));
}
