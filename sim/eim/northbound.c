/* Northbound: orders. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_ids.h"
#include "suggest.h"

static enum err answer_order(struct eim *e, int status, const struct eim_order *o, struct http_response *p)
{
    return http_json(p, status, eim_order_json(e, o));
}

static bool take_text(const json_t *body, const char *member, char *out, size_t room)
{
    const char *text = json_str(body, member);
    snprintf(out, room, "%s", text ? text : "");
    return text && text[0] && strlen(text) < room;
}

bool eim_read_callback(const json_t *body, char out[513])
{
    return !json_object_get(body, "callback") ||
           (take_text(body, "callback", out, 513) && http_url_is_callable(out));
}

/* A device in the field has nobody to type the code: who relays its download says the hash. Only a digest is kept. */
static enum err read_confirmation_code(struct eim *e, const json_t *body, struct eim_order *o, struct http_response *p)
{
    const json_t *given = json_object_get(body, "confirmationCode");
    uint8_t digest[32];
    if (!given)
        return ERR_OK;
    struct span code = span_of(json_string_value(given), json_string_length(given));
    if (!json_is_string(given) || !code.len || code.len > 255)
        return eim_problem(p, 400, "confirmationCode is wrong", "1 to 255 characters are wanted");
    enum err x = confirmation_code_digest(e->env->crypto, code, e->wire.code_of_octets, digest);
    if (!x)
        x = buf_set(&o->confirmation, SPAN_ARRAY(digest));
    memory_clear(digest, sizeof digest);
    return x;
}

/* SGP.32 3.2.3: an activation code, or parameters that say whom the device contacts. */
static enum err read_code(struct eim *e, const json_t *body, struct eim_order *o, struct http_response *p)
{
    struct rsp_profile_download_data data;
    const char *code = json_str(body, "activationCode");
    enum err x = code ? buf_put(&o->activation_code, span_str(code)) : ERR_OK;
    if (!x)
        x = eim_order_download_data(o, &data);
    if (x == ERR_PARSE || x == ERR_LIMIT)
        return eim_problem(p, 400, "activationCode is wrong",
                           "1$address$matchingId is wanted, or the parameters {contact: defaultSmdp} or {contact: smds, "
                           "smdsAddress?}");
    return x ? x : read_confirmation_code(e, body, o, p);
}

static enum err read_download(struct eim *e, const json_t *body, struct eim_order *o, struct http_response *p)
{
    uint8_t iccid[RSP_ICCID_OCTETS];
    if (json_object_get(body, "iccid") &&
        (!take_text(body, "iccid", o->iccid, sizeof o->iccid) || rsp_iccid_parse(o->iccid, iccid)))
        return eim_problem(p, 400, "iccid is wrong", "19 or 20 digits are wanted");
    o->parameters = json_deep_copy(json_object_get(body, "parameters"));
    return read_code(e, body, o, p);
}

/* Tries the command out, so that what cannot be made is refused when it is ordered. */
static enum err check_parameters(const struct eim *e, const struct eim_order *o, struct http_response *p)
{
    char detail[300];
    struct buf list = { .max = 4096 }, text = { .max = 8 << 10 };
    struct rsp_euicc_package package;
    enum err x = o->parameters ? json_write(o->parameters, &text) : ERR_OK;
    if (!x)
        x = eim_order_is_package(o->kind) ? eim_order_put_commands(o, &e->wire, &package, &list) : eim_order_put_tags(o, &list);
    buf_release(&text);
    buf_release(&list);
    if (x != ERR_PARSE && x != ERR_LIMIT && x != ERR_STATE)
        return x;
    snprintf(detail, sizeof detail, "%s: %s (docs/api-eim.md, Kinds of orders)", eim_order_kind_name(o->kind),
             eim_order_parameters_help(o->kind));
    return eim_problem(p, 400, "parameters are wrong", detail);
}

static enum err read_validity(const json_t *body, struct eim_order *o, struct http_response *p)
{
    const json_t *given = json_object_get(body, "validUntil");
    o->valid_until = 0;
    if (!given)
        return ERR_OK;
    if (!json_is_string(given) || clock_parse_iso8601(span_str(json_string_value(given)), &o->valid_until))
        return eim_problem(p, 400, "validUntil is wrong", "a time like 2026-01-31T12:00:00Z is wanted");
    return ERR_OK;
}

static enum err read_priority(const json_t *body, struct eim_order *o, struct http_response *p)
{
    enum err x = json_int(body, "priority", &o->priority);
    bool fine = x == ERR_NOT_FOUND || (!x && o->priority >= 0 && o->priority <= 9);
    return fine ? ERR_OK : eim_problem(p, 400, "priority is wrong", "0 (the default) to 9, which goes first");
}

static enum err read_command(struct eim *e, const json_t *body, struct eim_order *o, struct http_response *p)
{
    uint8_t iccid[RSP_ICCID_OCTETS];
    o->parameters = json_deep_copy(json_object_get(body, "parameters"));
    if (eim_order_needs_iccid(o->kind) &&
        (!take_text(body, "iccid", o->iccid, sizeof o->iccid) || rsp_iccid_parse(o->iccid, iccid)))
        return eim_problem(p, 400, "iccid is wrong", "19 or 20 digits are wanted");
    enum err x = eim_signing_fill_order(e, o);
    if (x == ERR_PARSE)
        return eim_problem(p, 400, "parameters are wrong", "counter is a number from 0 on, below 8388591");
    return x ? x : check_parameters(e, o, p);
}

static enum err refuse_kind(const char *given, struct http_response *p)
{
    const char *names[EIM_KINDS + 1];
    char detail[400];
    eim_order_kind_names(names);
    const char *near = given ? suggest_word(given, names) : NULL;
    snprintf(detail, sizeof detail, "%s%s%sone of these is wanted: ", near ? "did you mean \"" : "", near ? near : "", near ? "\"? " : "");
    for (size_t i = 0; names[i]; i++)
        snprintf(detail + strlen(detail), sizeof detail - strlen(detail), "%s%s", i ? ", " : "", names[i]);
    return eim_problem(p, 400, "kind is wrong", detail);
}

static enum err read_reference(const json_t *body, struct eim_order *o, struct http_response *p)
{
    const char *given = json_str(body, "reference");
    if (!given || !given[0])
        return eim_problem(p, 400, "reference is missing", "1 to 128 characters; the same reference is the same order");
    return take_text(body, "reference", o->reference, sizeof o->reference)
               ? ERR_OK
               : eim_problem(p, 400, "reference is too long", "1 to 128 octets are wanted");
}

enum err eim_read_order(struct eim *e, const json_t *body, struct eim_order *o, struct http_response *p)
{
    int kind = eim_order_kind_of(json_str(body, "kind"));
    if (kind < 0)
        return refuse_kind(json_str(body, "kind"), p);
    o->kind = (enum eim_order_kind)kind;
    enum err x = eim_order_check_members(body, o->kind, p);
    if (!x)
        x = read_reference(body, o, p);
    if (x)
        return x;
    o->created = clock_now(e->env->clock);
    o->rollback = json_is_true(json_object_get(body, "rollback"));
    if (!eim_read_callback(body, o->callback))
        return eim_problem(p, 400, "callback is wrong", EIM_URL_WANTED);
    x = read_validity(body, o, p);
    if (!x)
        x = read_priority(body, o, p);
    if (x)
        return x;
    return o->kind == EIM_ORDER_DOWNLOAD ? read_download(e, body, o, p) : read_command(e, body, o, p);
}

/* Its codes are forgotten when it ends, so they cannot be compared for ever. An event of an SM-DS may have become the code. */
static bool same_codes(const struct eim_order *known, const struct eim_order *o)
{
    return !known->activation_code.len || known->parameters ||
           (span_equal(buf_span(&known->activation_code), buf_span(&o->activation_code)) &&
            span_equal(buf_span(&known->confirmation), buf_span(&o->confirmation)));
}

/* In what the order that has the reference differs; NULL: it is the same. */
const char *eim_order_difference(const struct eim_order *known, const struct eim_order *o)
{
    bool same_parameters = !known->parameters == !o->parameters && (!o->parameters || json_equal(known->parameters, o->parameters));
    return strcmp(known->eid, o->eid) != 0             ? "eUICC"
           : known->kind != o->kind                    ? "kind"
           : strcmp(known->iccid, o->iccid) != 0       ? "iccid"
           : known->rollback != o->rollback            ? "rollback"
           : !same_parameters                          ? "parameters"
           : strcmp(known->callback, o->callback) != 0 ? "callback"
           : known->valid_until != o->valid_until      ? "validUntil"
           : known->priority != o->priority            ? "priority"
           : !same_codes(known, o)                     ? "activationCode or confirmationCode"
                                                       : NULL;
}

static enum err answer_known(struct eim *e, const struct eim_order *known, const struct eim_order *o, struct http_response *p)
{
    char detail[200];
    const char *other = eim_order_difference(known, o);
    if (!other)
        return answer_order(e, 200, known, p);
    snprintf(detail, sizeof detail, "the order with this reference has another %s; a new order wants a reference of its own", other);
    return eim_problem(p, 409, "reference in use", detail);
}

void eim_say(struct eim_verdict *v, int status, const char *title, const char *detail)
{
    *v = (struct eim_verdict){ status, title, detail, v->kept };
}

enum err eim_judge_orderable(struct eim *e, const struct eim_order *o, struct eim_verdict *v)
{
    struct eim_euicc u;
    eim_euicc_init(&u);
    enum err x = eim_euicc_get(e, o->eid, &u);
    bool own = !x && strcmp(u.tenant, o->tenant) == 0, handed_over = u.handed_over;
    eim_euicc_release(&u);
    if (x == ERR_NOT_FOUND || (!x && !own)) {
        eim_say(v, 404, "no such eUICC", "this EID is not registered");
        return ERR_OK;
    }
    if (handed_over)
        eim_say(v, 409, "handed over", "the eUICC was left to another eIM; register it again when it comes back");
    return x;
}

static enum err check_euicc(struct eim *e, const struct eim_order *o, struct http_response *p)
{
    struct eim_verdict v = { 0 };
    enum err x = eim_judge_orderable(e, o, &v);
    return x || !v.status ? x : eim_problem(p, v.status, v.title, v.detail);
}

/* Inside a transaction: the same call at the same moment waits here. */
static enum err take_order(struct eim *e, const struct eim_caller *who, const struct http_request *q,
                           const struct eim_order *o, struct http_response *p)
{
    struct eim_order known;
    struct buf detail = { .max = 300 };
    bool answered = false;
    eim_order_init(&known);
    enum err x = eim_recall(e, who, q, p, &answered);
    if (!x)
        x = buf_printf(&detail, "%s %s of %s", eim_order_kind_name(o->kind), o->reference, o->eid);
    if (!x && !answered) {
        x = eim_order_add(e, o);
        if (!x)
            x = check_euicc(e, o, p);
        if (!x)
            x = eim_push_soon(e, o->eid);
        if (!x)
            x = eim_audit(e, who, "order.add", o->id, 202, buf_cstr(&detail));
        if (!x)
            x = answer_order(e, 202, o, p);
        else if (x == ERR_EXISTS)
            x = eim_order_by_reference(e, o->tenant, o->reference, &known);
        if (!x && known.id[0])
            x = answer_known(e, &known, o, p);
        if (!x)
            x = eim_remember(e, who, q, p);
    }
    buf_release(&detail);
    eim_order_release(&known);
    return x;
}

enum err eim_add_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    struct eim_euicc u;
    struct eim_order o;
    json_t *body = NULL;
    eim_euicc_init(&u);
    eim_order_init(&o);
    enum err x = eim_find_euicc(e, q, p, EIM_ORDER, &who, &u);
    if (!x)
        x = http_read_json(q, p, &body);
    if (!x)
        x = eim_read_order(e, body, &o, p);
    snprintf(o.eid, sizeof o.eid, "%s", u.eid);
    snprintf(o.tenant, sizeof o.tenant, "%s", who.tenant);
    if (!x)
        x = rng_uuid(e->env->rng, o.id);
    if (!x)
        x = db_begin(e->env->db);
    if (!x)
        x = db_end(e->env->db, take_order(e, &who, q, &o, p));
    json_decref(body);
    eim_euicc_release(&u);
    eim_order_release(&o);
    return x;
}

/* --- one order ---------------------------------------------------------------------------------------- */

/* e passed on; 404 for what is not there, or not this tenant's. */
static enum err own_order(const struct eim_caller *who, const struct eim_order *o, enum err x, struct http_response *p)
{
    if (x == ERR_NOT_FOUND || (!x && strcmp(o->tenant, who->tenant) != 0))
        return eim_problem(p, 404, "no such order", "no order has this id or reference");
    return x;
}

enum err eim_show_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    struct eim_order o;
    eim_order_init(&o);
    enum err x = eim_authorize(e, q, p, EIM_READ, &who);
    if (!x)
        x = own_order(&who, &o, eim_order_get(e, q->part[0], &o), p);
    if (!x)
        x = answer_order(e, 200, &o, p);
    eim_order_release(&o);
    return x;
}

enum err eim_find_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    struct eim_order o;
    struct buf reference = { .max = 256 };
    eim_order_init(&o);
    static const char *const one[] = { "reference", NULL };
    static const char *const all[] = { "eid", "state", "since", "limit", "cursor", "reference", NULL };
    enum err asked = http_query(q, "reference", &reference);
    enum err x = eim_authorize_query(e, q, p, EIM_READ, asked == ERR_NOT_FOUND ? all : one, &who);
    if (!x && asked == ERR_NOT_FOUND) {
        x = eim_list_orders(e, &who, q, p);
    } else if (!x) {
        x = asked ? ERR_NOT_FOUND : eim_order_by_reference(e, who.tenant, buf_cstr(&reference), &o);
        x = own_order(&who, &o, x, p);
        if (!x)
            x = answer_order(e, 200, &o, p);
    }
    buf_release(&reference);
    eim_order_release(&o);
    return x;
}

/* What is done to an order, inside a transaction: changes it, or writes a problem. */
struct order_change {
    const char *name;
    int status; /* that it is answered with */
    enum err (*make)(struct eim *e, struct eim_order *o, const json_t *body, struct http_response *p);
};

static enum err change_order(struct eim *e, const struct eim_caller *who, const char *id, const struct order_change *change,
                             const json_t *body, struct eim_order *o, struct http_response *p)
{
    enum err x = db_begin(e->env->db);
    if (x)
        return x;
    x = own_order(who, o, eim_order_get(e, id, o), p);
    if (!x)
        x = change->make(e, o, body, p);
    if (!x)
        x = eim_audit(e, who, change->name, id, change->status, NULL);
    return db_end(e->env->db, x);
}

static enum err cancel(struct eim *e, struct eim_order *o, const json_t *body, struct http_response *p)
{
    (void)body;
    if (o->state == EIM_CANCELLED)
        return ERR_OK;
    if (o->state == EIM_SENT)
        return eim_problem(p, 409, "too late", "the device may have it: ?abandon=true gives it up all the same");
    if (o->state != EIM_QUEUED)
        return eim_problem(p, 409, "too late", "the order is over");
    o->state = EIM_CANCELLED;
    return eim_order_update(e, o);
}

/* It may have been done; the counter of a package is spent. Its answer is still taken (result.c). */
static enum err abandon(struct eim *e, struct eim_order *o, const json_t *body, struct http_response *p)
{
    return o->state == EIM_SENT ? eim_order_end(e, o, EIM_CANCELLED, "abandoned") : cancel(e, o, body, p);
}

enum err eim_cancel_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    struct eim_order o;
    bool given_up = false;
    eim_order_init(&o);
    static const char *const query[] = { "abandon", NULL };
    static const struct order_change cancelled = { "order.cancel", 200, cancel }, abandoned = { "order.abandon", 200, abandon };
    enum err x = eim_authorize_query(e, q, p, EIM_ORDER, query, &who);
    if (!x)
        x = eim_read_flag(q, p, "abandon", &given_up);
    if (!x)
        x = change_order(e, &who, q->part[0], given_up ? &abandoned : &cancelled, NULL, &o, p);
    if (!x)
        x = answer_order(e, 200, &o, p);
    eim_order_release(&o);
    return x;
}

/* The codes of a download were forgotten when it ended, and the end of its time may be what it failed by: both are told anew. */
static enum err retry(struct eim *e, struct eim_order *o, const json_t *body, struct http_response *p)
{
    static const struct json_member of_others[] = { { "validUntil", JSON_IS_TEXT }, { NULL, 0 } };
    static const struct json_member of_download[] = { { "activationCode", JSON_IS_TEXT }, { "confirmationCode", JSON_IS_TEXT },
                                                      { "validUntil", JSON_IS_TEXT }, { NULL, 0 } };
    if (o->state != EIM_FAILED && o->state != EIM_EXPIRED && o->state != EIM_CANCELLED)
        return eim_problem(p, 409, "nothing to retry", "only what failed, expired or was cancelled is tried again");
    if (o->state == EIM_CANCELLED && eim_order_is_package(o->kind) && eim_order_left(o))
        return eim_problem(p, 409, "may have been done", "its package was given up and may be answered yet: order it under another reference");
    buf_clear(&o->activation_code);
    buf_clear(&o->confirmation);
    const struct json_member *known = o->kind == EIM_ORDER_DOWNLOAD ? of_download : of_others;
    enum err x = http_only_members(p, body, o->kind == EIM_ORDER_DOWNLOAD ? "a retry of a download" : "a retry", known);
    if (!x && o->kind == EIM_ORDER_DOWNLOAD)
        x = read_code(e, body, o, p);
    if (!x)
        x = read_validity(body, o, p);
    if (!x)
        x = check_euicc(e, o, p);
    if (!x)
        x = eim_order_requeue(e, o);
    return x ? x : eim_push_soon(e, o->eid);
}

enum err eim_retry_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    struct eim_order o;
    json_t *body = NULL;
    eim_order_init(&o);
    enum err x = eim_authorize(e, q, p, EIM_ORDER, &who);
    if (!x && q->body.len)
        x = http_read_json(q, p, &body);
    if (!x)
        x = change_order(e, &who, q->part[0], &(struct order_change){ "order.retry", 202, retry }, body, &o, p);
    if (!x)
        x = answer_order(e, 202, &o, p);
    json_decref(body);
    eim_order_release(&o);
    return x;
}
