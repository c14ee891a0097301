/* What enterprises see of their SIMs, in the control-center dialect. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmp_internal.h"
#include "json.h"

#define PAGE_MAX 50
#define HISTORY_DAYS_MAX 365
#define EFFECTIVE_DAYS_MAX 180

/* ---- asking ----------------------------------------------------------------------------------------------------- */

enum err cmp_get_echo(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp_account account;
    enum err e = cmp_login(actor, q, p, &account);
    return e ? e : http_json(p, 200, json_pack("{s:s}", "echoParam", q->part[0]));
}

enum err cmp_bad_version(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp_account account;
    enum err e = cmp_login(actor, q, p, &account);
    return e ? e : cmp_refuse(p, 400, CMP_BAD_VERSION, "Invalid API version.");
}

/* A SIM of another account is as unknown as one that does not exist. */
static enum err find_own(struct cmp *c, const struct cmp_account *account, const char *iccid,
                         struct http_response *p, struct cmp_device *d)
{
    enum err e = cmp_device_find(c->env->db, iccid, d);
    if (e == ERR_NOT_FOUND || (!e && strcmp(d->account, account->id) != 0))
        return cmp_refuse(p, 404, CMP_NO_ICCID, "Resource not found - Invalid ICCID.");
    return e;
}

static json_t *text_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

static json_t *describe(const struct cmp_device *d)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "iccid", d->iccid, "imsi",
                     text_or_null(d->imsi), "msisdn", text_or_null(d->msisdn), "imei", text_or_null(d->imei), "status",
                     d->status, "ratePlan", text_or_null(d->rate_plan), "communicationPlan",
                     text_or_null(d->communication_plan), "accountId", text_or_null(d->account), "dateAdded",
                     cmp_time_json(d->added), "dateShipped", cmp_time_json(d->shipped), "dateActivated",
                     cmp_time_json(d->activated), "dateUpdated", cmp_time_json(d->updated));
}

static enum err put_field(void *context, const char *name, const char *value)
{
    return json_set_str(context, name, value);
}

enum err cmp_get_device(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    struct cmp_account account;
    struct cmp_device d;
    enum err e = cmp_login(c, q, p, &account);
    if (!e)
        e = find_own(c, &account, q->part[0], p, &d);
    if (e)
        return e;
    json_t *o = describe(&d);
    e = o ? cmp_field_each(c->env->db, d.iccid, put_field, o) : ERR_NOMEM;
    if (!e)
        return http_json(p, 200, o);
    json_decref(o);
    return e;
}

/* A query parameter, if it is there, as text. */
static enum err query_text(const struct http_request *q, struct http_response *p, const char *name, char *out,
                           size_t size)
{
    struct buf value = { .max = size - 1 };
    enum err e = http_query(q, name, &value);
    if (!e)
        snprintf(out, size, "%s", buf_cstr(&value));
    buf_release(&value);
    if (e == ERR_OK || e == ERR_NOT_FOUND || e == ERR_NOMEM)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    return cmp_refuse(p, 400, CMP_BAD_VALUE, "A parameter is malformed.");
}

static enum err query_number(const struct http_request *q, struct http_response *p, const char *name, int64_t most,
                             int64_t *out)
{
    char text[12] = "", message[100];
    enum err e = query_text(q, p, name, text, sizeof text);
    if (e || !text[0])
        return e;
    char *end = NULL;
    long long value = strtoll(text, &end, 10);
    if (*end || value < 1 || value > most) {
        snprintf(message, sizeof message, "%s must be a number from 1 to %lld.", name, (long long)most);
        return cmp_refuse(p, 400, CMP_BAD_VALUE, message);
    }
    *out = value;
    return ERR_OK;
}

static enum err query_time(const struct http_request *q, struct http_response *p, const char *name, int64_t *out)
{
    char text[40] = "";
    enum err e = query_text(q, p, name, text, sizeof text);
    if (!e && text[0] && cmp_time_parse(text, out))
        e = cmp_refuse(p, 400, CMP_BAD_VALUE, "A date must read 2026-01-31T12:00:00Z.");
    return e;
}

/* 10000028: the dialect refuses what it does not know. */
static enum err query_only(const struct http_request *q, struct http_response *p, const char *known)
{
    char name[48], message[100];
    for (const char *at = q->query; *at;) {
        int len = (int)strcspn(at, "=&");
        len = len < 40 ? len : 40;
        snprintf(name, sizeof name, " %.*s ", len, at);
        if (!strstr(known, name)) {
            snprintf(message, sizeof message, "Unknown request parameter: %.*s.", len, at);
            return cmp_refuse(p, 400, CMP_BAD_PARAMETER, message);
        }
        at += strcspn(at, "&");
        at += *at == '&';
    }
    return ERR_OK;
}

struct page {
    json_t *devices;
    int64_t room; /* one more than fits was asked for, to know whether this page is the last */
};

static enum err put_on_page(void *context, const struct cmp_device *d)
{
    struct page *page = context;
    if (page->room-- <= 0)
        return ERR_OK;
    json_t *o = json_pack("{s:s, s:s, s:o, s:o}", "iccid", d->iccid, "status", d->status, "ratePlan",
                          text_or_null(d->rate_plan), "communicationPlan", text_or_null(d->communication_plan));
    return o && json_array_append_new(page->devices, o) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err list(struct cmp *c, const struct cmp_device_filter *f, int64_t number, struct http_response *p)
{
    struct page page = { json_array(), f->limit - 1 };
    enum err e = page.devices ? cmp_device_each(c->env->db, f, put_on_page, &page) : ERR_NOMEM;
    if (!e)
        return http_json(p, 200, json_pack("{s:I, s:o, s:b}", "pageNumber", (json_int_t)number, "devices",
                                           page.devices, "lastPage", page.room >= 0));
    json_decref(page.devices);
    return e;
}

enum err cmp_get_devices(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    struct cmp_account account;
    char wanted[CMP_TEXT] = "", status[24] = "";
    int64_t size = PAGE_MAX, number = 1;
    struct cmp_device_filter f = { .account = account.id, .status = status, .until = INT64_MAX };
    enum err e = cmp_login(c, q, p, &account);
    if (!e)
        e = query_only(q, p, " modifiedSince modifiedTill accountId status pageSize pageNumber ");
    if (!e)
        e = query_time(q, p, "modifiedSince", &f.from);
    if (!e)
        e = query_time(q, p, "modifiedTill", &f.until);
    if (!e)
        e = query_text(q, p, "accountId", wanted, sizeof wanted);
    if (!e)
        e = query_text(q, p, "status", status, sizeof status);
    if (!e)
        e = query_number(q, p, "pageSize", PAGE_MAX, &size);
    if (!e)
        e = query_number(q, p, "pageNumber", 100000, &number);
    if (!e && wanted[0] && strcmp(wanted, account.id) != 0)
        e = cmp_refuse(p, 400, CMP_BAD_ROLE, "This account is not yours.");
    f.offset = (number - 1) * size;
    f.limit = size + 1;
    return e ? e : list(c, &f, number, p);
}

enum err cmp_get_session(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    struct cmp_account account;
    struct cmp_device d;
    struct cmp_session s = { 0 };
    enum err e = cmp_login(c, q, p, &account);
    if (!e)
        e = find_own(c, &account, q->part[0], p, &d);
    if (!e)
        e = cmp_session_get(c->env->db, d.iccid, &s);
    if (e && e != ERR_NOT_FOUND)
        return e;
    return http_json(p, 200, json_pack("{s:s, s:n, s:n, s:o, s:o}", "iccid", d.iccid, "ipAddress", "ipv6Address",
                                       "dateSessionStarted", cmp_time_json(s.started), "dateSessionEnded",
                                       cmp_time_json(s.ended)));
}

static enum err put_trail(void *context, const struct cmp_change *change)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:s, s:s}", "field", change->field, "priorValue", change->from,
                          "value", change->to, "effectiveDate", cmp_time_json(change->at), "status", "Completed",
                          "userName", change->who);
    return o && json_array_append_new(context, o) == 0 ? ERR_OK : ERR_NOMEM;
}

enum err cmp_get_audit(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    struct cmp_account account;
    struct cmp_device d;
    int64_t days = 30;
    enum err e = cmp_login(c, q, p, &account);
    if (!e)
        e = query_only(q, p, " daysOfHistory ");
    if (!e)
        e = query_number(q, p, "daysOfHistory", HISTORY_DAYS_MAX, &days);
    if (!e)
        e = find_own(c, &account, q->part[0], p, &d);
    if (e)
        return e;
    json_t *trails = json_array();
    e = trails ? cmp_audit_each(c->env->db, d.iccid, clock_now(c->env->clock) - days * CLOCK_DAY, put_trail, trails)
               : ERR_NOMEM;
    if (!e)
        return http_json(p, 200, json_pack("{s:s, s:o}", "iccid", d.iccid, "deviceAuditTrails", trails));
    json_decref(trails);
    return e;
}

/* ---- changing --------------------------------------------------------------------------------------------------- */

static bool is_custom(const char *name)
{
    const char *number = strncmp(name, "accountCustom", 13) == 0 ? name + 13
                         : strncmp(name, "operatorCustom", 14) == 0 ? name + 14 : NULL;
    int most = name[0] == 'a' ? 10 : 5;
    if (!number || !number[0] || strlen(number) > 2 || strspn(number, "0123456789") != strlen(number))
        return false;
    return number[0] != '0' && atoi(number) <= most;
}

/* Members that the platform keeps and does nothing with. */
static bool is_kept(const char *name)
{
    return strcmp(name, "customer") == 0 || strcmp(name, "deviceID") == 0 || strcmp(name, "modemID") == 0 ||
           strcmp(name, "overageLimitOverride") == 0 || is_custom(name);
}

static bool is_acted_on(const char *name)
{
    return strcmp(name, "status") == 0 || strcmp(name, "ratePlan") == 0 || strcmp(name, "communicationPlan") == 0 ||
           strcmp(name, "effectiveDate") == 0;
}

static bool override_fits(const char *value)
{
    return strcmp(value, "DEFAULT") == 0 || strcmp(value, "TEMPORARY_OVERRIDE") == 0 ||
           strcmp(value, "PERMANENT_OVERRIDE") == 0;
}

/* Every member is judged before the first is written. */
static enum err check_members(const json_t *body, struct http_response *p)
{
    const char *name;
    json_t *value;
    char text[CMP_TEXT], message[120];
    enum err e = ERR_OK;
    json_object_foreach((json_t *)body, name, value)
    {
        if (e)
            break;
        if (!is_kept(name) && !is_acted_on(name)) {
            snprintf(message, sizeof message, "Unknown request parameter: %.40s.", name);
            e = cmp_refuse(p, 400, CMP_BAD_PARAMETER, message);
            continue;
        }
        text[0] = 0;
        e = CMP_TAKE(p, body, name, text);
        if (!e && strcmp(name, "overageLimitOverride") == 0 && !override_fits(text))
            e = cmp_refuse(p, 400, CMP_BAD_VALUE, "Unknown overageLimitOverride.");
        if (!e && strcmp(name, "status") == 0 && !cmp_status_known(text))
            e = cmp_refuse(p, 400, CMP_BAD_VALUE, "Unknown SIM status.");
    }
    return e;
}

/* Keeps one member when it differs. *changed counts. */
static enum err keep_member(struct cmp *c, const struct cmp_writer *w, const char *iccid, const json_t *before,
                            const char *name, const char *value, unsigned *changed)
{
    const char *old = json_str(before, name);
    if (strcmp(old ? old : "", value) == 0)
        return ERR_OK;
    ++*changed;
    enum err e = cmp_field_set(c->env->db, iccid, name, value);
    return e ? e : cmp_audit_add(c->env->db, iccid, w, name, old ? old : "", value);
}

static enum err keep_members(struct cmp *c, const struct cmp_writer *w, const char *iccid, const json_t *body,
                             unsigned *changed)
{
    json_t *before = json_object(), *value;
    const char *name;
    enum err e = before ? cmp_field_each(c->env->db, iccid, put_field, before) : ERR_NOMEM;
    json_object_foreach((json_t *)body, name, value)
    {
        if (!e && is_kept(name))
            e = keep_member(c, w, iccid, before, name, json_is_string(value) ? json_string_value(value) : "", changed);
    }
    json_decref(before);
    return e;
}

static bool differs(const struct cmp_device *a, const struct cmp_device *b)
{
    return strcmp(a->status, b->status) != 0 || strcmp(a->rate_plan, b->rate_plan) != 0 ||
           strcmp(a->communication_plan, b->communication_plan) != 0;
}

/* The new state of the SIM that the members ask for. */
static enum err plan_change(const struct cmp_device *before, const json_t *body, struct http_response *p,
                            struct cmp_device *after)
{
    *after = *before;
    enum err e = CMP_TAKE(p, body, "status", after->status);
    if (!e)
        e = CMP_TAKE(p, body, "ratePlan", after->rate_plan);
    if (!e)
        e = CMP_TAKE(p, body, "communicationPlan", after->communication_plan);
    if (!e && !cmp_status_may_become(before->status, after->status))
        e = cmp_refuse(p, 400, CMP_BAD_TRANSITION, "The SIM cannot change from its status to this one.");
    return e;
}

static enum err write_change(struct cmp *c, const char *who, const struct cmp_device *before,
                             const struct cmp_device *after, const json_t *body)
{
    struct cmp_writer w = { .who = who, .at = clock_now(c->env->clock) };
    unsigned changed = differs(before, after);
    enum err e = cmp_next_call(c->env->db, &w.call);
    if (!e)
        e = cmp_device_change(c, &w, before, after);
    if (!e)
        e = keep_members(c, &w, before->iccid, body, &changed);
    /* A call that asks for what already is has still been made. */
    return e || changed ? e : cmp_audit_add(c->env->db, before->iccid, &w, "none", "", "");
}

enum err cmp_device_apply(struct cmp *c, const char *who, const char *iccid, const json_t *body,
                          struct http_response *p, int64_t scheduled)
{
    struct cmp_device before, after;
    enum err e = db_begin(c->env->db);
    if (e)
        return e;
    e = cmp_device_find(c->env->db, iccid, &before);
    if (!e)
        e = plan_change(&before, body, p, &after);
    if (!e)
        e = write_change(c, who, &before, &after, body);
    if (!e && scheduled)
        e = cmp_scheduled_done(c->env->db, scheduled);
    return db_end(c->env->db, e);
}

/* *at: when, 0 now. Up to 180 days ahead. */
static enum err read_effective_date(struct cmp *c, const json_t *body, struct http_response *p, int64_t *at)
{
    const char *text = json_str(body, "effectiveDate");
    int64_t now = clock_now(c->env->clock);
    *at = 0;
    if (!text)
        return ERR_OK;
    if (cmp_time_parse(text, at) || *at > now + EFFECTIVE_DAYS_MAX * CLOCK_DAY)
        return cmp_refuse(p, 400, CMP_BAD_VALUE, "effectiveDate must be a date within 180 days.");
    if (*at <= now)
        *at = 0;
    return ERR_OK;
}

static enum err schedule(struct cmp *c, const char *who, const char *iccid, json_t *body, int64_t at)
{
    struct buf text = { .max = 16 << 10 };
    json_object_del(body, "effectiveDate");
    enum err e = json_write(body, &text);
    if (!e)
        e = cmp_scheduled_add(c->env->db, iccid, who, at, buf_span(&text));
    buf_release(&text);
    return e;
}

enum err cmp_put_device(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    struct cmp_account account;
    struct cmp_device d;
    json_t *body = NULL;
    int64_t at = 0;
    enum err e = cmp_login(c, q, p, &account);
    if (!e)
        e = cmp_read_json(q, p, &body);
    if (!e)
        e = check_members(body, p);
    if (!e)
        e = read_effective_date(c, body, p, &at);
    if (!e)
        e = find_own(c, &account, q->part[0], p, &d);
    if (!e && at)
        e = schedule(c, account.username, d.iccid, body, at);
    else if (!e)
        e = cmp_device_apply(c, account.username, d.iccid, body, p, 0);
    json_decref(body);
    return e ? e : http_json(p, 200, json_pack("{s:s}", "iccid", d.iccid));
}
