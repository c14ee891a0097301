#include <string.h>

#include "api.h"
#include "json.h"

static bool name_is_valid(const char *text)
{
    return text && text[0] && strlen(text) <= 64 && !strchr(text, ',');
}

static enum err read_profile(struct http_response *p, const json_t *o, struct profile *out)
{
    char state[9];
    enum err e = api_checked_text(p, o, "iccid", eso_iccid_is_valid, out->iccid, sizeof out->iccid);
    if (!e)
        e = api_checked_text(p, o, "carrier", eso_id_is_valid, out->carrier, sizeof out->carrier);
    if (!e)
        e = api_text(p, o, "state", API_REQUIRED, state, sizeof state);
    if (e)
        return e;
    out->enabled = strcmp(state, "enabled") == 0;
    if (!out->enabled && strcmp(state, "disabled") != 0)
        return api_problem(p, 400, "bad-member", "\"state\" is enabled or disabled");
    e = json_bool(o, "fallback", &out->fallback);
    return e == ERR_PARSE ? api_problem(p, 400, "bad-member", "\"fallback\" is true or false") : ERR_OK;
}

static enum err read_profiles(struct http_response *p, const json_t *o, struct device *d)
{
    const json_t *list = json_object_get(o, "profiles"), *row = NULL;
    size_t i = 0, enabled = 0;
    if (!list)
        return ERR_OK;
    if (!json_is_array(list) || json_array_size(list) > COUNT(d->profile))
        return api_problem(p, 400, "bad-member", "\"profiles\" is a list of at most 32");
    json_array_foreach(list, i, row) {
        enum err e = read_profile(p, row, &d->profile[i]);
        if (e)
            return e;
        enabled += d->profile[i].enabled;
    }
    d->profile_count = i;
    return enabled > 1 ? api_problem(p, 400, "bad-member", "at most one profile is enabled") : ERR_OK;
}

static enum err read_device(struct http_response *p, const json_t *o, struct device *d)
{
    static const char *const known[] = { "eid", "name", "tags", "country", "eim", "leadCarrier", "profiles",
                                         "euiccCertificate", "eumCertificate", NULL };
    enum err e = api_only(p, o, known);
    if (!e)
        e = api_checked_text(p, o, "eid", eso_eid_is_valid, d->eid, sizeof d->eid);
    if (!e)
        e = api_text(p, o, "name", API_OPTIONAL, d->name, sizeof d->name);
    if (!e)
        e = api_words(p, o, "tags", name_is_valid, d->tags, sizeof d->tags);
    if (!e)
        e = api_checked_text(p, o, "country", eso_country_is_valid, d->country, sizeof d->country);
    if (!e)
        e = api_checked_text(p, o, "eim", eso_id_is_valid, d->eim, sizeof d->eim);
    if (!e)
        e = api_checked_text(p, o, "leadCarrier", eso_id_is_valid, d->lead, sizeof d->lead);
    return e ? e : read_profiles(p, o, d);
}

/* With its certificates a device can be made known to its eIM; the registration is kept as text until delivered. */
static enum err read_registration(const struct eso_api *a, struct http_response *p, const json_t *o,
                                  const struct device *d, struct buf *out)
{
    const char *const members[] = { "euiccCertificate", "eumCertificate" };
    size_t there = 0;
    for (size_t i = 0; i < COUNT(members); i++) {
        struct buf der = { .max = 8192 };
        enum err e = json_base64(o, members[i], &der);
        buf_release(&der);
        if (e && e != ERR_NOT_FOUND)
            return api_problem(p, 400, "bad-member", "certificates are base64 of DER");
        there += !e;
    }
    if (there == 0)
        return ERR_OK;
    if (there == 1)
        return api_problem(p, 400, "bad-member", "both certificates are needed to register a device");
    json_t *body = json_pack("{s:s, s:O, s:O}", "eid", d->eid, members[0], json_object_get(o, members[0]), members[1],
                             json_object_get(o, members[1]));
    enum err e = body ? ERR_OK : ERR_NOMEM;
    if (!e && a->flow.news)
        e = json_set_str(body, "callback", a->flow.news);
    if (!e)
        e = json_write(body, out);
    json_decref(body);
    return e;
}

static json_t *show(const struct device *d)
{
    json_t *profiles = json_array();
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "eid", d->eid, "name", d->name, "country", d->country, "eim",
                          d->eim, "leadCarrier", d->lead);
    int failed = !profiles || !o || api_set_words(o, "tags", d->tags);
    for (size_t i = 0; !failed && i < d->profile_count; i++)
        failed = json_array_append_new(
            profiles, json_pack("{s:s, s:s, s:s, s:b}", "iccid", d->profile[i].iccid, "carrier",
                                d->profile[i].carrier, "state", d->profile[i].enabled ? "enabled" : "disabled",
                                "fallback", d->profile[i].fallback));
    if (!failed)
        failed = json_object_set(o, "profiles", profiles);
    json_decref(profiles);
    if (!failed)
        return o;
    json_decref(o);
    return NULL;
}

static enum err store_device(const struct eso_api *a, const char *who, const struct device *d, struct buf *registration)
{
    enum err e = store_begin(&a->flow.store);
    if (e)
        return e;
    e = device_add(&a->flow.store, d);
    if (!e && registration->len)
        e = outbox_add(&a->flow.store, d->eid, d->eim, buf_cstr(registration));
    if (!e)
        e = audit_add(&a->flow.store, who, "device.add", d->eid);
    return store_end(&a->flow.store, e);
}

enum err api_device_add(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct device d = { .profile_count = 0 };
    struct buf registration = { .max = 1 << 15 };
    json_t *body = NULL;
    enum err e = api_begin(a, q, p, API_ADMINISTER, &who, &body);
    if (!e)
        e = read_device(p, body, &d);
    if (!e)
        e = read_registration(a, p, body, &d, &registration);
    json_decref(body);
    if (!e)
        e = store_device(a, who->name, &d, &registration);
    buf_release(&registration);
    if (e == ERR_EXISTS)
        return api_problem(p, 409, "exists", "a device with this EID is there");
    return e ? e : http_json(p, 201, show(&d));
}

static enum err find(const struct eso_api *a, const struct http_request *q, struct http_response *p, struct device *d)
{
    enum err e = device_find(&a->flow.store, q->part[0], d);
    return e == ERR_NOT_FOUND ? api_problem(p, 404, "unknown-device", "there is no device with this EID") : e;
}

static enum err read_change(struct http_response *p, const json_t *o, struct device *d)
{
    static const char *const known[] = { "name", "tags", "country", "eim", "euiccCertificate", "eumCertificate", NULL };
    enum err e = api_only(p, o, known);
    if (!e && json_object_get(o, "name"))
        e = api_text(p, o, "name", API_REQUIRED, d->name, sizeof d->name);
    if (!e && json_object_get(o, "tags"))
        e = api_words(p, o, "tags", name_is_valid, d->tags, sizeof d->tags);
    if (!e && json_object_get(o, "country"))
        e = api_checked_text(p, o, "country", eso_country_is_valid, d->country, sizeof d->country);
    if (!e && json_object_get(o, "eim"))
        e = api_checked_text(p, o, "eim", eso_id_is_valid, d->eim, sizeof d->eim);
    return e;
}

/* R21: from here on its orders go to another eIM. A swap under way has orders at the old one, which would be given twice. */
static enum err change_eim(const struct eso_api *a, struct http_response *p, const json_t *body, const struct device *d)
{
    bool busy = false;
    struct buf registration = { .max = 1 << 15 };
    enum err e = swap_in_progress(&a->flow.store, d->eid, &busy);
    if (!e && busy)
        e = api_problem(p, 409, "swap-in-progress", "a swap of this EID has orders at its eIM");
    if (!e)
        e = read_registration(a, p, body, d, &registration);
    if (!e && registration.len)
        e = outbox_add(&a->flow.store, d->eid, d->eim, buf_cstr(&registration));
    buf_release(&registration);
    return e;
}

static enum err change(const struct eso_api *a, const char *who, const struct http_request *q, struct http_response *p,
                       const json_t *body, struct device *d)
{
    enum err e = find(a, q, p, d);
    if (!e)
        e = read_change(p, body, d);
    if (!e && json_object_get(body, "eim"))
        e = change_eim(a, p, body, d);
    if (!e)
        e = device_update(&a->flow.store, d);
    return e ? e : audit_add(&a->flow.store, who, "device.change", d->eid);
}

enum err api_device_change(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct device d = { .profile_count = 0 };
    json_t *body = NULL;
    enum err e = api_begin(a, q, p, API_ADMINISTER, &who, &body);
    if (!e)
        e = store_begin(&a->flow.store);
    if (!e)
        e = store_end(&a->flow.store, change(a, who->name, q, p, body, &d));
    json_decref(body);
    return e ? e : http_json(p, 200, show(&d));
}

/* Rows are shown without their profiles here: one query a page. */
static enum err list(void *context, const struct device *d)
{
    json_t *o = show(d);
    if (json_object_del(o, "profiles")) {
        json_decref(o);
        return ERR_NOMEM;
    }
    return api_page_add(context, o);
}

enum err api_devices(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct api_page page;
    enum err e = api_authorize(a, q, p, API_READ, &who);
    if (!e)
        e = api_page_begin(q, p, "eid", &page);
    return e ? e : api_page_end(&page, p, device_each(&a->flow.store, api_page_span(&page), list, &page));
}

enum err api_device(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct device d = { .profile_count = 0 };
    enum err e = api_authorize(a, q, p, API_READ, &who);
    if (!e)
        e = find(a, q, p, &d);
    return e ? e : http_json(p, 200, show(&d));
}
