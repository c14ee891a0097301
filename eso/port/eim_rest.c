/* The northbound REST interface of the lab's eIM (sim/eim/eim.h tells its shapes). */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "json.h"

static enum err read_state(const char *name, enum eim_order_state *out)
{
    static const char *const names[] = { "queued", "sent", "done", "failed", "expired", "cancelled" };
    for (size_t i = 0; name && i < COUNT(names); i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        *out = (enum eim_order_state)i;
        return ERR_OK;
    }
    return ERR_PARSE;
}

static void read_installation(const json_t *i, struct eim_order_status *out)
{
    bool ok = true;
    if (json_bool(i, "ok", &ok) == ERR_OK && !ok)
        out->install_refused = true;
    const char *reason = json_str(i, "errorName");
    port_copy_text(out->reason, sizeof out->reason, reason ? reason : json_str(i, "errorReason"));
    port_copy_text(out->iccid, sizeof out->iccid, json_str(i, "iccid"));
}

static void read_listing(const json_t *profiles, struct eim_order_status *out)
{
    const json_t *row;
    size_t i;
    json_array_foreach(profiles, i, row) {
        struct eim_listed *p = &out->listed[out->listed_count];
        const char *state = json_str(row, "state");
        if (out->listed_count == COUNT(out->listed) || !state || !json_str(row, "iccid"))
            continue;
        port_copy_text(p->iccid, sizeof p->iccid, json_str(row, "iccid"));
        p->enabled = strcmp(state, "enabled") == 0;
        p->fallback = json_is_true(json_object_get(row, "fallback"));
        out->listed_count++;
    }
}

/* A download that the SM-DP+ refused: "AuthenticateClient: 8.2.6/3.8 the matchingId …"; the first word of that shape. */
static void read_refusal(const char *text, struct eim_order_status *out)
{
    static const char digits[] = "0123456789.";
    port_copy_text(out->reason, sizeof out->reason, text);
    for (const char *at = text; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " "), subject = strspn(at, digits);
        bool pair = subject && at[subject] == '/' && subject + 1 < len && subject + 1 + strspn(at + subject + 1, digits) == len;
        if (pair && len < sizeof out->refusal) {
            memcpy(out->refusal, at, len);
            out->refusal[len] = '\0';
            return;
        }
        at += len;
    }
}

static void read_result(const json_t *result, struct eim_order_status *out)
{
    const json_t *error = json_object_get(result, "error");
    const char *name = json_str(result, "name");
    read_installation(json_object_get(result, "installation"), out);
    read_listing(json_object_get(result, "profiles"), out);
    if (json_is_string(error) && !out->install_refused)
        read_refusal(json_string_value(error), out);
    if (!name && error)
        name = json_is_string(error) ? json_string_value(error) : json_str(error, "name");
    port_copy_text(out->result, sizeof out->result, name);
}

/* An order object; an answer that is none leaves the outcome unknown. */
static void read_order(const json_t *order, struct eim_order_status *out, struct port_result *r)
{
    const char *id = json_str(order, "orderId");
    *out = (struct eim_order_status){ .state = EIM_ORDER_QUEUED };
    if (!id || strlen(id) >= sizeof out->id || read_state(json_str(order, "state"), &out->state)) {
        r->answer = PORT_UNKNOWN;
        port_copy_text(r->message, sizeof r->message, "the answer is no order");
        return;
    }
    memcpy(out->id, id, strlen(id) + 1);
    read_result(json_object_get(order, "result"), out);
}

static enum err put_options(json_t *body, const struct eim_order *o)
{
    enum err e = ERR_OK;
    if (o->iccid)
        e = json_set_str(body, "iccid", o->iccid);
    if (!e && o->activation_code.len)
        e = json_object_set_new(body, "activationCode", json_stringn((const char *)o->activation_code.at,
                                                                     o->activation_code.len)) ? ERR_NOMEM : ERR_OK;
    if (!e && o->rollback)
        e = json_set_bool(body, "rollback", true);
    if (!e && o->callback)
        e = json_set_str(body, "callback", o->callback);
    if (e || !o->valid_until)
        return e;
    struct buf at = { .max = 32 };
    e = clock_put_iso8601(&at, o->valid_until);
    if (!e)
        e = json_set_str(body, "validUntil", buf_cstr(&at));
    buf_release(&at);
    return e;
}

static enum err place(const struct port *p, const char *url, const struct eim_order *o, struct eim_order_status *out,
                      struct port_result *r)
{
    char path[96];
    json_t *answer = NULL, *body = json_pack("{s:s, s:s}", "reference", o->reference, "kind", o->kind);
    snprintf(path, sizeof path, "/v1/euiccs/%s/orders", o->eid);
    struct call c = { .method = "POST", .base = url, .path = path };
    enum err e = body ? put_options(body, o) : ERR_NOMEM;
    if (!e)
        e = port_call_json(p, &c, body, &answer, r);
    if (!e && r->answer == PORT_DONE)
        read_order(answer, out, r);
    json_decref(answer);
    json_decref(body);
    return e;
}

/* By reference; an eIM may give the order itself or a list of it. */
static enum err find(const struct port *p, const char *url, const char *reference, struct eim_order_status *out,
                     struct port_result *r)
{
    char path[160];
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/v1/orders?reference=%s", reference);
    enum err e = port_call(p, &(struct call){ .method = "GET", .base = url, .path = path }, &answer, r);
    if (!e && r->answer == PORT_DONE) {
        const json_t *items = json_object_get(answer, "items");
        const json_t *order = items ? json_array_get(items, 0) : answer;
        if (items && !order)
            r->answer = PORT_NOT_FOUND;
        else
            read_order(order, out, r);
    }
    json_decref(answer);
    return e;
}

static enum err cancel(const struct port *p, const char *url, const char *order_id, struct port_result *r)
{
    char path[96];
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/v1/orders/%s", order_id);
    enum err e = port_call(p, &(struct call){ .method = "DELETE", .base = url, .path = path }, &answer, r);
    json_decref(answer);
    return e;
}

static enum err register_euicc(const struct port *p, const char *url, struct span body, struct port_result *r)
{
    json_t *answer = NULL;
    enum err e = port_call(
        p, &(struct call){ .method = "POST", .base = url, .path = "/v1/euiccs", .body = body }, &answer, r);
    json_decref(answer);
    return e;
}

const struct port_eim_ops port_eim_rest = { "rest", place, find, cancel, register_euicc };
