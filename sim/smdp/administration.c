/* Administration: import of profiles with their keys, and what became of them. */
#include <stdio.h>
#include <string.h>

#include "aka.h"
#include "json.h"
#include "rsp_ids.h"
#include "smdp_functions.h"
#include "smdp_routes.h"

#define IMPORT_MAX 100000

static enum err take_text(const json_t *o, const char *member, char *out, size_t room)
{
    const char *text = json_str(o, member);
    if (text && strlen(text) >= room)
        return ERR_LIMIT;
    snprintf(out, room, "%s", text ? text : "");
    return ERR_OK;
}

static enum err take_key(const json_t *o, const char *member, size_t len, size_t or_len, struct secret *out)
{
    struct buf bytes = { .max = 64 };
    enum err e = json_hex(o, member, &bytes);
    if (!e)
        e = bytes.len == len || bytes.len == or_len ? secret_set(out, buf_span(&bytes)) : ERR_PARSE;
    if (bytes.at)
        memory_clear(bytes.at, bytes.len);
    buf_release(&bytes);
    return e;
}

static enum err read_subscription(const json_t *o, struct smdp_subscription *sub)
{
    const char *algorithm = json_str(o, "algorithm");
    bool tuak = algorithm && strcmp(algorithm, "tuak") == 0;
    if (algorithm && !tuak && strcmp(algorithm, "milenage") != 0)
        return ERR_PARSE;
    sub->algorithm = tuak ? AKA_TUAK : AKA_MILENAGE;
    enum err e = take_text(o, "imsi", sub->imsi, sizeof sub->imsi);
    if (!e && (strlen(sub->imsi) < 6 || strspn(sub->imsi, "0123456789") != strlen(sub->imsi)))
        e = ERR_PARSE;
    if (!e)
        e = take_key(o, "k", 16, tuak ? 32 : 16, &sub->k);
    return e ? e : take_key(o, "opc", tuak ? 32 : 16, tuak ? 32 : 16, &sub->opc);
}

static enum err take_notifications(const json_t *o, struct smdp_profile *p)
{
    struct buf text = { .max = sizeof p->notifications - 1 };
    json_t *list = json_object_get(o, "notifications");
    enum err e = !list ? ERR_OK : json_is_array(list) ? json_write(list, &text) : ERR_PARSE;
    if (!e && text.len) {
        memcpy(p->notifications, text.at, text.len);
        p->notifications[text.len] = 0;
    }
    buf_release(&text);
    return e;
}

static enum err read_profile(const json_t *o, struct smdp_profile *p)
{
    uint8_t iccid[RSP_ICCID_OCTETS];
    *p = (struct smdp_profile){ .state = SMDP_AVAILABLE };
    enum err e = take_text(o, "iccid", p->iccid, sizeof p->iccid);
    const struct { const char *member; char *out; size_t room; } texts[] = {
        { "operator", p->owner, sizeof p->owner }, { "profileType", p->type, sizeof p->type },
        { "serviceProviderName", p->spn, sizeof p->spn }, { "profileName", p->name, sizeof p->name },
        { "mccMnc", p->mcc_mnc, sizeof p->mcc_mnc },
        { "matchingId", p->matching_id, sizeof p->matching_id },
    };
    for (size_t i = 0; !e && i < COUNT(texts); i++)
        e = take_text(o, texts[i].member, texts[i].out, texts[i].room);
    if (!e)
        e = rsp_iccid_parse(p->iccid, iccid);
    if (!e && !rsp_matching_id_is_valid(span_str(p->matching_id)))
        e = ERR_PARSE;
    p->fallback_allowed = json_is_true(json_object_get(o, "fallbackAllowed"));
    return e ? e : take_notifications(o, p);
}

/* What cannot become a package is refused here, not when a card comes for it. */
static enum err check_metadata(const struct smdp_profile *p)
{
    struct buf metadata = { .max = 4096 };
    enum err e = smdp_build_metadata(p, &metadata);
    buf_release(&metadata);
    return e;
}

static enum err import_one(struct smdp *s, const json_t *o)
{
    struct smdp_profile p;
    struct smdp_subscription sub = { 0 };
    enum err e = read_profile(o, &p);
    if (!e)
        e = check_metadata(&p);
    if (!e)
        e = read_subscription(o, &sub);
    if (!e)
        e = smdp_profile_add(s, &p, &sub);
    smdp_subscription_release(&sub);
    return e;
}

static enum err refuse_row(struct http_response *p, size_t row, enum err e)
{
    char detail[160];
    snprintf(detail, sizeof detail, "profiles[%zu]: %s; nothing was added", row,
             e == ERR_EXISTS ? "its ICCID or matchingId is here already" : "a member is missing or malformed");
    return http_problem(p, e == ERR_EXISTS ? 409 : 400, "profile refused", detail);
}

enum err smdp_import_profiles(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    json_t *body = NULL, *row;
    size_t i;
    enum err e = smdp_require_administrator(s, q, p);
    if (!e)
        e = http_read_json(q, p, &body);
    json_t *list = e ? NULL : json_object_get(body, "profiles");
    if (!e && (!json_is_array(list) || json_array_size(list) > IMPORT_MAX)) {
        json_decref(body);
        return http_problem(p, 400, "profiles is missing", "a list of at most 100000 profiles is wanted");
    }
    if (!e)
        e = db_begin(s->env->db);
    if (e) {
        json_decref(body);
        return e;
    }
    json_array_foreach(list, i, row) {
        e = import_one(s, row);
        if (e)
            break;
    }
    size_t added = json_array_size(list);
    json_decref(body);
    if (e == ERR_EXISTS || e == ERR_PARSE || e == ERR_LIMIT || e == ERR_NOT_FOUND) {
        db_rollback(s->env->db);
        return refuse_row(p, i, e);
    }
    e = db_end(s->env->db, e);
    return e ? e : http_json(p, 200, json_pack("{s:I}", "added", (json_int_t)added));
}

static enum err put_event(void *context, const struct db_row *r)
{
    return json_array_append_new(context, json_pack("{s:I, s:s}", "at", (json_int_t)db_int(r, 0), "event",
                                                    db_text(r, 1)))
               ? ERR_NOMEM
               : ERR_OK;
}

enum err smdp_show_profile(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct smdp_profile profile = { 0 };
    enum err e = smdp_require_administrator(s, q, p);
    if (!e)
        e = smdp_profile_get(s, q->part[0], &profile);
    if (e == ERR_NOT_FOUND)
        return http_problem(p, 404, "no such profile", "no profile has this ICCID");
    json_t *history = e ? NULL : json_array();
    if (!e)
        e = db_query(s->env->db, "SELECT at, event FROM history WHERE iccid = ? ORDER BY id",
                     DB_ARGS(DB_TEXT(profile.iccid)), put_event, history);
    if (e && e != ERR_NOT_FOUND) {
        json_decref(history);
        return e;
    }
    return http_json(p, 200, json_pack("{s:s, s:s, s:s, s:o}", "iccid", profile.iccid, "state",
                                       smdp_state_name(profile.state), "eid", profile.eid, "history", history));
}

static enum err put_count(void *context, const struct db_row *r)
{
    return json_object_set_new(context, smdp_state_name((enum smdp_state)db_int(r, 0)), json_integer(db_int(r, 1)))
               ? ERR_NOMEM
               : ERR_OK;
}

enum err smdp_count_profiles(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    enum err e = smdp_require_administrator(s, q, p);
    json_t *counts = e ? NULL : json_object();
    if (!e)
        e = db_query(s->env->db, "SELECT state, COUNT(*) FROM profile GROUP BY state", NULL, 0, put_count, counts);
    if (e && e != ERR_NOT_FOUND) {
        json_decref(counts);
        return e;
    }
    return http_json(p, 200, json_pack("{s:o}", "counts", counts));
}
