/* Webhooks of a tenant: where it hears of its events, and with what that is signed (lib/http/webhook.h). */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "seal.h"
#include "webhook.h"

#define WEBHOOKS_MAX 20 /* of a tenant */
#define SEALED_OCTETS (WEBHOOK_SECRET_OCTETS + SEAL_MORE_OCTETS)
#define ALL_EVENTS \
    (1u << EIM_EVENT_ORDER_ENDED | 1u << EIM_EVENT_STATE_CHANGE | 1u << EIM_EVENT_LAST_ERROR | 1u << EIM_EVENT_LEFT)

static const struct eim_word event_words[] = {
    { "order.ended", 1u << EIM_EVENT_ORDER_ENDED },
    { "euicc.stateChange", 1u << EIM_EVENT_STATE_CHANGE },
    { "euicc.lastError", 1u << EIM_EVENT_LAST_ERROR },
    { "euicc.left", 1u << EIM_EVENT_LEFT },
};

struct hook {
    char id[37], tenant[EIM_TENANT_MAX + 1], url[513];
    unsigned events; /* bits 1 << enum eim_event */
    uint8_t secret[WEBHOOK_SECRET_OCTETS];
};

/* --- making one ---------------------------------------------------------------------------------------- */

static enum err read_hook(const json_t *body, struct hook *h, struct http_response *p)
{
    const char *url = json_str(body, "url");
    if (!url || strlen(url) >= sizeof h->url || !http_url_is_callable(url))
        return eim_problem(p, 400, "url is wrong", EIM_URL_WANTED);
    snprintf(h->url, sizeof h->url, "%s", url);
    const json_t *events = json_object_get(body, "events");
    h->events = ALL_EVENTS;
    return events && eim_words_read(events, event_words, COUNT(event_words), &h->events)
               ? eim_problem(p, 400, "events are wrong", "a list of order.ended, euicc.stateChange, euicc.lastError and euicc.left is wanted")
               : ERR_OK;
}

static enum err store_hook(struct eim *e, const struct hook *h)
{
    int64_t receiver = 0, changed = 0;
    struct buf sealed = { .max = SEALED_OCTETS };
    enum err x = eim_outbox_receiver(e, h->tenant, h->url, &receiver);
    if (!x)
        x = eim_secret_seal(e, "webhook", h->id, SPAN_ARRAY(h->secret), &sealed);
    if (!x)
        x = db_run(e->env->db,
                   "INSERT INTO webhook (id, tenant, receiver, events, secret) SELECT ?, ?, ?, ?, ?"
                   " WHERE (SELECT count(*) FROM webhook WHERE tenant = ?) < ?",
                   DB_ARGS(DB_TEXT(h->id), DB_TEXT(h->tenant), DB_INT(receiver), DB_INT(h->events),
                           DB_BLOB(buf_span(&sealed)), DB_TEXT(h->tenant), DB_INT(WEBHOOKS_MAX)),
                   &changed);
    buf_release(&sealed);
    return x ? x : changed ? ERR_OK : ERR_LIMIT;
}

static enum err store_and_note(struct eim *e, const struct eim_caller *who, const struct hook *h)
{
    char where[EIM_ORIGIN_MAX];
    enum err x = store_hook(e, h);
    eim_origin(h->url, where);
    return x ? x : eim_audit(e, who, "webhook.add", h->id, 201, where);
}

static enum err add_hook(struct eim *e, const struct eim_caller *who, struct hook *h)
{
    enum err x = rng_uuid(e->env->rng, h->id);
    if (!x)
        x = rng_fill(e->env->rng, h->secret, sizeof h->secret);
    if (!x)
        x = db_begin(e->env->db);
    return x ? x : db_end(e->env->db, store_and_note(e, who, h));
}

static const struct json_member hook_members[] = { { "url", JSON_IS_TEXT }, { "events", JSON_IS_LIST }, { NULL, 0 } };

enum err eim_add_webhook(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    struct hook h = { 0 };
    struct buf secret = { .max = 64 };
    json_t *body = NULL;
    enum err x = eim_begin(e, q, p, EIM_ADMINISTER, "a webhook", hook_members, &who, &body);
    snprintf(h.tenant, sizeof h.tenant, "%s", who.tenant);
    if (!x)
        x = read_hook(body, &h, p);
    if (!x)
        x = add_hook(e, &who, &h);
    if (x == ERR_EXISTS)
        x = eim_problem(p, 409, "there already", "this URL is a webhook; delete it first for a new secret");
    else if (x == ERR_LIMIT)
        x = eim_problem(p, 409, "too many webhooks", "a tenant has at most 20; delete one first");
    if (!x)
        x = webhook_put_secret(&secret, SPAN_ARRAY(h.secret));
    if (!x)
        x = http_json(p, 201, json_pack("{s:s, s:s, s:o, s:s}", "id", h.id, "url", h.url, "events", eim_words_json(h.events, event_words, COUNT(event_words)),
                                        "secret", buf_cstr(&secret)));
    json_decref(body);
    memory_clear(&h, sizeof h);
    if (secret.at)
        memory_clear(secret.at, secret.len);
    buf_release(&secret);
    return x;
}

/* --- the others ---------------------------------------------------------------------------------------- */

static json_t *hook_json(const struct db_row *r)
{
    return json_pack("{s:s, s:s, s:o, s:I}", "id", db_text(r, 0), "url", db_text(r, 1), "events",
                     eim_words_json((unsigned)db_int(r, 2), event_words, COUNT(event_words)), "waiting",
                     (json_int_t)db_int(r, 3));
}

enum err eim_list_webhooks(void *actor, const struct http_request *q, struct http_response *p)
{
    return eim_list_own(actor, q, p,
                        "SELECT w.id, r.url, w.events, (SELECT count(*) FROM letter WHERE receiver = r.id)"
                        " FROM webhook w JOIN receiver r ON r.id = w.receiver WHERE w.tenant = ? ORDER BY w.id",
                        hook_json);
}

static enum err remove_hook(struct eim *e, const struct eim_caller *who, const char *id)
{
    int64_t receiver = 0;
    enum err x = db_get_int(e->env->db, "DELETE FROM webhook WHERE id = ? AND tenant = ? RETURNING receiver",
                            DB_ARGS(DB_TEXT(id), DB_TEXT(who->tenant)), &receiver);
    if (!x)
        x = eim_outbox_drop_events(e, receiver);
    return x ? x : eim_audit(e, who, "webhook.delete", id, 204, NULL);
}

enum err eim_delete_webhook(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    enum err x = eim_authorize(e, q, p, EIM_ADMINISTER, &who);
    if (!x)
        x = db_begin(e->env->db);
    else
        return x;
    if (!x)
        x = db_end(e->env->db, remove_hook(e, &who, q->part[0]));
    if (x == ERR_NOT_FOUND)
        return eim_problem(p, 404, "no such webhook", "no webhook has this id");
    return x ? x : http_text(p, 204, "", (struct span){ 0 });
}

/* --- secrets -------------------------------------------------------------------------------------------- */

struct kept {
    char id[37];
    struct buf secret; /* as it stands */
};

static enum err take_kept(void *context, const struct db_row *r)
{
    struct kept *k = context;
    snprintf(k->id, sizeof k->id, "%s", db_text(r, 0));
    return buf_set(&k->secret, db_blob(r, 1));
}

static enum err open_secret(struct eim *e, const struct kept *k, struct secret *out)
{
    struct buf plain = { .max = WEBHOOK_SECRET_OCTETS };
    enum err x = eim_secret_open(e, "webhook", k->id, buf_span(&k->secret), &plain);
    if (!x)
        x = secret_set(out, buf_span(&plain));
    eim_wipe(&plain);
    buf_release(&plain);
    return x;
}

enum err eim_webhook_secret(struct eim *e, int64_t receiver, struct secret *out)
{
    struct kept k = { .secret.max = SEALED_OCTETS };
    enum err x = db_query(e->env->db, "SELECT id, secret FROM webhook WHERE receiver = ?", DB_ARGS(DB_INT(receiver)), take_kept, &k);
    if (!x)
        x = open_secret(e, &k, out);
    buf_release(&k.secret);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

static enum err seal_one(struct eim *e, struct kept *k)
{
    struct buf sealed = { .max = SEALED_OCTETS };
    enum err x = eim_secret_seal(e, "webhook", k->id, buf_span(&k->secret), &sealed);
    if (!x)
        x = db_run(e->env->db, "UPDATE webhook SET secret = ? WHERE id = ?", DB_ARGS(DB_BLOB(buf_span(&sealed)), DB_TEXT(k->id)),
                   NULL);
    memory_clear(k->secret.at, k->secret.len);
    buf_release(&sealed);
    return x;
}

enum err eim_webhooks_seal(struct eim *e)
{
    struct kept k = { .secret.max = SEALED_OCTETS };
    enum err x = ERR_OK;
    while (!x) {
        x = db_query(e->env->db, "SELECT id, secret FROM webhook WHERE length(secret) = 32 LIMIT 1", NULL, 0, take_kept, &k);
        if (!x)
            x = seal_one(e, &k);
    }
    buf_release(&k.secret);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

/* --- telling ------------------------------------------------------------------------------------------- */

struct receivers {
    int64_t id[WEBHOOKS_MAX];
    size_t count;
};

static enum err take_receiver(void *context, const struct db_row *r)
{
    struct receivers *all = context;
    if (all->count < COUNT(all->id))
        all->id[all->count++] = db_int(r, 0);
    return ERR_OK;
}

enum err eim_webhooks_tell(struct eim *e, const char *tenant, enum eim_event kind, const char *eid, const char *body)
{
    struct receivers all = { .count = 0 };
    enum err x = db_query(e->env->db, "SELECT receiver FROM webhook WHERE tenant = ? AND events & ? <> 0",
                          DB_ARGS(DB_TEXT(tenant), DB_INT(1 << kind)), take_receiver, &all);
    if (x)
        return x == ERR_NOT_FOUND ? ERR_OK : x;
    for (size_t i = 0; !x && i < all.count; i++)
        x = eim_outbox_add_event(e, all.id[i], kind, eid, body);
    return x;
}
