/* The control-center dialect (orchestration 7): Basic authentication, /rws/api/v1, no idempotency key, so every write is
 * preceded by a read. Moving a SIM out of the inventory is an administrative call beside it. */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "json.h"

/* "Basic " base64(username ":" apiKey) */
static enum err put_authorization(const struct port *p, const struct carrier *c, struct buf *out)
{
    struct buf plain = { .max = 256 };
    const struct secret *key = p->secret(p->secret_context, c->api_key);
    enum err e = key ? buf_printf(&plain, "%s:", c->username)
                     : log_fail(p->env->log, ERR_CONFIG, "settings secrets", "a carrier's apiKey names no secret");
    if (!e)
        e = buf_put(&plain, secret_span(key));
    if (!e)
        e = buf_put_str(out, "Basic ");
    if (!e)
        e = base64_put(out, buf_span(&plain));
    if (plain.at)
        memory_clear(plain.at, plain.len);
    buf_release(&plain);
    return e;
}

static enum err call(const struct port *p, const struct carrier *c, struct call *q, const json_t *body,
                     json_t **answer, struct port_result *r)
{
    struct buf authorization = { .max = 512 };
    enum err e = put_authorization(p, c, &authorization);
    q->authorization = e ? NULL : buf_cstr(&authorization);
    q->error_member = "errorCode";
    if (!e && !q->authorization)
        e = ERR_NOMEM;
    if (!e)
        e = body ? port_call_json(p, q, body, answer, r) : port_call(p, q, answer, r);
    if (authorization.at)
        memory_clear(authorization.at, authorization.len);
    buf_release(&authorization);
    if (e != ERR_CONFIG)
        return e;
    /* A carrier without its key is refused like a wrong key: the swap ends with that cause, the others go on. */
    *r = (struct port_result){ .answer = PORT_REFUSED };
    port_copy_text(r->message, sizeof r->message, "no secret with the name of the carrier's apiKey");
    return ERR_OK;
}

static enum err read_sim(const struct port *p, const struct carrier *c, const char *iccid, struct platform_sim *out,
                         struct port_result *r)
{
    char path[64];
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/rws/api/v1/devices/%s", iccid);
    struct call q = { .method = "GET", .base = c->platform_url, .path = path };
    enum err e = call(p, c, &q, NULL, &answer, r);
    port_copy_text(out->status, sizeof out->status, json_str(answer, "status"));
    port_copy_text(out->account, sizeof out->account, json_str(answer, "accountId"));
    port_copy_text(out->rate_plan, sizeof out->rate_plan, json_str(answer, "ratePlan"));
    port_copy_text(out->communication_plan, sizeof out->communication_plan, json_str(answer, "communicationPlan"));
    if (!e && r->answer == PORT_DONE && out->status[0] == '\0')
        r->answer = PORT_UNKNOWN;
    json_decref(answer);
    return e;
}

static enum err put_sim(json_t *body, const struct platform_sim *to)
{
    enum err e = to->status[0] ? json_set_str(body, "status", to->status) : ERR_OK;
    if (!e && to->rate_plan[0])
        e = json_set_str(body, "ratePlan", to->rate_plan);
    if (!e && to->communication_plan[0])
        e = json_set_str(body, "communicationPlan", to->communication_plan);
    return e;
}

static enum err set_sim(const struct port *p, const struct carrier *c, const char *iccid,
                        const struct platform_sim *to, struct port_result *r)
{
    char path[64];
    json_t *answer = NULL, *body = json_object();
    snprintf(path, sizeof path, "/rws/api/v1/devices/%s", iccid);
    struct call q = { .method = "PUT", .base = c->platform_url, .path = path };
    enum err e = body ? put_sim(body, to) : ERR_NOMEM;
    if (!e)
        e = call(p, c, &q, body, &answer, r);
    json_decref(answer);
    json_decref(body);
    return e;
}

static enum err transfer(const struct port *p, const struct carrier *c, const char *iccid, const char *reference,
                         const struct contract *contract, struct port_result *r)
{
    json_t *answer = NULL;
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "iccid", iccid, "accountId", c->account, "reference",
                             reference, "ratePlan", contract->rate_plan, "communicationPlan",
                             contract->communication_plan);
    struct call q = { .method = "POST", .base = c->transfer_url, .path = "/v1/transfers" };
    enum err e = body ? call(p, c, &q, body, &answer, r) : ERR_NOMEM;
    json_decref(answer);
    json_decref(body);
    return e;
}

static enum err reverse(const struct port *p, const struct carrier *c, const char *reference, struct port_result *r)
{
    char path[128];
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/v1/transfers/%s/reverse", reference);
    struct call q = { .method = "POST", .base = c->transfer_url, .path = path };
    enum err e = call(p, c, &q, NULL, &answer, r);
    json_decref(answer);
    return e;
}

/* Control Center writes "2026-01-31 12:00:00.000+0000"; ISO 8601 with Z is read as well. */
static enum err read_time(const char *text, int64_t *out)
{
    char iso[32];
    size_t len = strlen(text);
    const char *zone = len > 5 && strcmp(text + len - 5, "+0000") == 0 ? text + len - 5 : text + len - 1;
    if (len < 20 || len >= sizeof iso || (zone == text + len - 1 && *zone != 'Z'))
        return ERR_PARSE;
    size_t digits = (size_t)(zone - text);
    memcpy(iso, text, digits);
    memcpy(iso + digits, "Z", 2);
    iso[10] = 'T';
    return clock_parse_iso8601(span_str(iso), out);
}

static enum err session(const struct port *p, const struct carrier *c, const char *iccid, int64_t *started,
                        struct port_result *r)
{
    char path[80];
    json_t *answer = NULL;
    *started = 0;
    snprintf(path, sizeof path, "/rws/api/v1/devices/%s/sessionInfo", iccid);
    struct call q = { .method = "GET", .base = c->platform_url, .path = path };
    enum err e = call(p, c, &q, NULL, &answer, r);
    const char *at = json_str(answer, "dateSessionStarted");
    if (!e && r->answer == PORT_DONE && at && read_time(at, started)) {
        r->answer = PORT_UNKNOWN;
        port_copy_text(r->message, sizeof r->message, "dateSessionStarted is no time");
    }
    json_decref(answer);
    return e;
}

static bool serves(const char *status)
{
    return strcmp(status, "TEST_READY") == 0 || strcmp(status, "ACTIVATION_READY") == 0 ||
           strcmp(status, "ACTIVATED") == 0;
}

const struct port_platform_ops port_cmp_control_center = {
    .dialect = "control-center",
    .has_interface = true,
    .status_service = "TEST_READY",
    .status_billed = "ACTIVATED",
    .serves = serves,
    .read = read_sim,
    .set = set_sim,
    .transfer = transfer,
    .reverse = reverse,
    .session = session,
};
