/* The world is furnished through the actors' own interfaces, as people and other systems would do it. */
#include <stdio.h>
#include <string.h>

#include "es2p.h"
#include "process_world.h"
#include "world_internal.h"

static const char *host_of(const char *role, const struct scenario_carrier *c, char out[160])
{
    snprintf(out, 160, "%s.%s.example.com", role, c->name);
    return out;
}

static json_t *hex_text(struct span bytes)
{
    struct buf text = { .max = 256 };
    json_t *value = hex_put(&text, bytes) ? NULL : json_stringn((const char *)text.at, text.len);
    if (text.at)
        memory_clear(text.at, text.len);
    buf_release(&text);
    return value;
}

/* --- one subscription, wherever it has to be known ---------------------------------------------------- */

static json_t *subscriber_json(const struct world_profile *p)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:s}", "imsi", p->imsi, "iccid", p->iccid, "k",
                     hex_text(SPAN_ARRAY(p->k)), "opc", hex_text(SPAN_ARRAY(p->opc)), "algorithm", "milenage");
}

static json_t *inventory_json(const struct world_profile *p, const char *status)
{
    char iccid[24];
    snprintf(iccid, sizeof iccid, "%s%s", p->iccid, p->carrier->longer_iccids ? "7" : "");
    json_t *o = json_pack("{s:s, s:s}", "iccid", iccid, "imsi", p->imsi);
    if (o && status) {
        json_object_set_new(o, "accountId", json_string(ACCOUNT));
        json_object_set_new(o, "status", json_string(status));
    }
    return o;
}

static json_t *package_json(const struct world_profile *p)
{
    char smdp[128];
    world_smdp_host(p->carrier->smdp, smdp);
    return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:b, s:[{s:s, s:s}, {s:s, s:s}]}", "iccid", p->iccid,
                     "imsi", p->imsi, "k", hex_text(SPAN_ARRAY(p->k)), "opc", hex_text(SPAN_ARRAY(p->opc)),
                     "profileType", p->carrier->name, "serviceProviderName", p->carrier->name, "profileName",
                     p->carrier->name, "mccMnc", p->carrier->plmn, "operator", OPERATOR, "fallbackAllowed", 0,
                     "notifications", "event", "enable", "address", smdp, "event", "disable", "address", smdp);
}

/* Lists are sent in pieces: the interfaces bound a body. */
#define PIECE 500

static enum err send_list(struct world *w, const char *method, const char *host, const char *path, const char *member,
                          json_t *list)
{
    enum err e = list ? ERR_OK : ERR_NOMEM;
    for (size_t at = 0; !e && at < json_array_size(list); at += PIECE) {
        json_t *piece = json_array(), *row;
        for (size_t k = at; k < at + PIECE && (row = json_array_get(list, k)); k++)
            json_array_append(piece, row);
        e = world_do_quietly(w, method, host, path, json_pack("{s:o}", member, piece));
    }
    json_decref(list);
    return e;
}

/* --- carriers -------------------------------------------------------------------------------------------- */

static enum err set_coverage(struct world *w, const struct scenario_carrier *c)
{
    char host[160];
    json_t *countries = json_array();
    for (size_t i = 0; i < c->cover_count; i++)
        json_array_append_new(countries, json_string(c->covers[i]));
    return world_do(w, "PUT", host_of("net", c, host), "/v1/coverage", json_pack("{s:o}", "countries", countries), NULL);
}

static enum err add_account(struct world *w, const struct scenario_carrier *c)
{
    char host[160];
    struct secret key = { 0 };
    enum err e = part_api_key(w, c, &key);
    if (!e)
        e = world_do_quietly(w, "POST", host_of("cmp", c, host), "/v1/accounts",
                             json_pack("{s:s, s:s, s:s%}", "accountId", ACCOUNT, "username", ACCOUNT, "apiKey",
                                       (const char *)key.at, key.len));
    secret_release(&key);
    return e;
}

/* Preloaded profiles of a carrier: enabled ones are live and billed, others are the enterprise's and wait. */
static void collect_preloaded(struct world *w, const struct scenario_carrier *c, json_t *subscribers, json_t *sims)
{
    for (size_t i = 0; i < w->device_count; i++)
        for (size_t k = 0; k < w->devices[i].profile_count; k++) {
            const struct world_profile *p = &w->devices[i].profile[k];
            if (p->carrier != c)
                continue;
            json_array_append_new(subscribers, subscriber_json(p));
            json_array_append_new(sims, inventory_json(p, k ? "TEST_READY" : "ACTIVATED"));
        }
}

enum err provision_subscription(struct world *w, const struct world_profile *p, bool right_key, bool service)
{
    char host[160], path[80];
    struct world_profile told = *p;
    told.k[0] ^= right_key ? 0 : 0x80;
    json_t *body = subscriber_json(&told);
    memory_clear(&told, sizeof told);
    json_object_del(body, "imsi");
    snprintf(path, sizeof path, "/v1/subscribers/%s", p->imsi);
    enum err e = world_do_quietly(w, "PUT", host_of("net", p->carrier, host), path, body);
    snprintf(path, sizeof path, "/v1/status/%s", p->iccid);
    return e ? e : world_do_quietly(w, "PUT", host, path, json_pack("{s:b}", "service", service));
}

static enum err provision_carrier(struct world *w, const struct scenario_carrier *c)
{
    char host[160];
    json_t *subscribers = json_array(), *sims = json_array();
    collect_preloaded(w, c, subscribers, sims);
    enum err e = set_coverage(w, c);
    if (!e)
        e = add_account(w, c);
    if (!e)
        e = send_list(w, "POST", host_of("net", c, host), "/v1/subscribers", "subscribers", subscribers);
    else
        json_decref(subscribers);
    if (!e)
        e = send_list(w, "POST", host_of("cmp", c, host), "/v1/inventory", "devices", sims);
    else
        json_decref(sims);
    return e;
}

enum err provision_carriers(struct world *w)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < w->scenario->carrier_count; i++)
        e = provision_carrier(w, &w->scenario->carrier[i]);
    return e;
}

/* --- orders at an SM-DP+, past the eSO ------------------------------------------------------------------ */

/* The operator as ES2+ sees it; `env` and `url` are the peer's own. */
static struct es_peer operator_of(struct world *w, const struct world_profile *p, struct env *env, char url[160])
{
    char smdp[128];
    *env = w->admin_env;
    env->http = w->operator;
    snprintf(url, 160, "https://%s", world_smdp_host(p->carrier->smdp, smdp));
    return (struct es_peer){ .env = env, .base_url = url, .requester = OPERATOR };
}

static enum err judge_es2p(struct world *w, enum err e, const struct es_status *status, const struct world_profile *p)
{
    if (e || es_refused(status))
        return world_fail(w, e ? e : ERR_REFUSED, "ES2+ for %s: %s", p->iccid,
                          e ? err_name(e) : es_status_text(status).text);
    return ERR_OK;
}

static enum err place_order(struct world *w, const struct world_order *o, const struct world_profile *p)
{
    char url[160];
    struct env env;
    struct es2p_order q = { .release = !o->unreleased };
    struct es2p_answer a;
    struct es_status status = { 0 };
    const struct es_peer peer = operator_of(w, p, &env, url);
    snprintf(q.iccid, sizeof q.iccid, "%s", p->iccid);
    snprintf(q.eid, sizeof q.eid, "%s", o->device ? o->device->eid : "");
    enum err e = es2p_download_order(&peer, &q, &a, &status);
    snprintf(q.matching_id, sizeof q.matching_id, "%s", p->matching_id);
    snprintf(q.confirmation_code, sizeof q.confirmation_code, "%s", o->confirmation_code ? o->confirmation_code : "");
    snprintf(q.smds_address, sizeof q.smds_address, "%s", o->smds ? HOST_SMDS : "");
    if (!e && !es_refused(&status))
        e = es2p_confirm_order(&peer, &q, &a, &status);
    return judge_es2p(w, e, &status, p);
}

/* --- stock ------------------------------------------------------------------------------------------------ */

static enum err grow_codes(struct world *w, size_t count)
{
    if (w->code_count + count <= w->code_room)
        return ERR_OK;
    size_t room = w->code_count + count;
    struct world_profile *grown = realloc(w->codes, room * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    w->codes = grown;
    w->code_room = room;
    return ERR_OK;
}

static enum err make_codes(struct world *w, const struct scenario_contract *c, int64_t count)
{
    enum err e = grow_codes(w, (size_t)count);
    for (int64_t i = 0; !e && i < count; i++) {
        struct world_profile *p = &w->codes[w->code_count];
        e = subscriber_make(w, c->with, p);
        if (!e)
            e = subscriber_matching_id(w, p);
        p->contract = c;
        w->code_count++;
    }
    return e;
}

json_t *world_code_json(const struct world_profile *p)
{
    char smdp[128];
    return json_pack("{s:s, s:s, s:s}", "iccid", p->iccid, "matchingId", p->matching_id, "smdpAddress",
                     world_smdp_host(p->carrier->smdp, smdp));
}

enum err world_make_codes(struct world *w, const struct scenario_contract *c, int64_t count)
{
    char host[160], smdp[128];
    /* Where the eSO drives no platform, somebody else has made the SIM ready. */
    const char *status = strcmp(c->with->platform, "manual") == 0 ? "TEST_READY" : NULL;
    size_t first = w->code_count;
    world_smdp_host(c->with->smdp, smdp);
    enum err e = make_codes(w, c, count);
    json_t *subscribers = json_array(), *sims = json_array(), *packages = json_array();
    for (size_t i = first; !e && i < w->code_count; i++) {
        json_array_append_new(subscribers, subscriber_json(&w->codes[i]));
        json_array_append_new(sims, inventory_json(&w->codes[i], status));
        json_array_append_new(packages, package_json(&w->codes[i]));
    }
    if (!e)
        e = send_list(w, "POST", host_of("net", c->with, host), "/v1/subscribers", "subscribers",
                      json_incref(subscribers));
    if (!e)
        e = send_list(w, "POST", host_of("cmp", c->with, host), "/v1/inventory", "devices", json_incref(sims));
    if (!e)
        e = send_list(w, "POST", smdp, "/v1/profiles", "profiles", json_incref(packages));
    for (size_t i = first; !e && c->with->imported && i < w->code_count; i++)
        e = place_order(w, &(struct world_order){ .carrier = c->with }, &w->codes[i]);
    json_decref(subscribers);
    json_decref(sims);
    json_decref(packages);
    return e;
}

enum err world_add_stock(struct world *w, const struct scenario_contract *c, int64_t count)
{
    size_t first = w->code_count;
    json_t *codes = json_array();
    enum err e = world_make_codes(w, c, count);
    for (size_t i = first; !e && i < w->code_count; i++)
        json_array_append_new(codes, world_code_json(&w->codes[i]));
    for (size_t at = 0; !e && at < json_array_size(codes); at += PIECE) {
        json_t *piece = json_array(), *row;
        for (size_t k = at; k < at + PIECE && (row = json_array_get(codes, k)); k++)
            json_array_append(piece, row);
        e = world_do(w, "POST", HOST_ESO, "/v1/stock", json_pack("{s:s, s:o}", "contract", c->name, "codes", piece),
                     NULL);
    }
    json_decref(codes);
    return e;
}

/* --- a profile ordered past the eSO ----------------------------------------------------------------------- */

static enum err make_ordered(struct world *w, const struct world_order *o, struct world_profile **out)
{
    enum err e = grow_codes(w, 1);
    if (e)
        return e;
    struct world_profile *p = *out = &w->codes[w->code_count];
    e = subscriber_make(w, o->carrier, p);
    if (!e)
        e = subscriber_matching_id(w, p);
    p->ordered_for = o->device;
    w->code_count += !e;
    return e;
}

static json_t *list_of_one(json_t *item)
{
    json_t *list = json_array();
    json_array_append_new(list, item);
    return list;
}

/* At the network, at the platform, ready for use, and at the SM-DP+. */
static enum err stock_ordered(struct world *w, const struct world_profile *p)
{
    char host[160], smdp[128];
    enum err e = send_list(w, "POST", host_of("net", p->carrier, host), "/v1/subscribers", "subscribers",
                           list_of_one(subscriber_json(p)));
    if (!e)
        e = send_list(w, "POST", host_of("cmp", p->carrier, host), "/v1/inventory", "devices",
                      list_of_one(inventory_json(p, "TEST_READY")));
    return e ? e : send_list(w, "POST", world_smdp_host(p->carrier->smdp, smdp), "/v1/profiles", "profiles",
                             list_of_one(package_json(p)));
}

enum err world_release_profile(struct world *w, const struct world_profile *p)
{
    char url[160];
    struct env env;
    struct es2p_order q = { 0 };
    struct es2p_answer a;
    struct es_status status = { 0 };
    const struct es_peer peer = operator_of(w, p, &env, url);
    snprintf(q.iccid, sizeof q.iccid, "%s", p->iccid);
    return judge_es2p(w, es2p_release_profile(&peer, &q, &a, &status), &status, p);
}

enum err world_order_profile(struct world *w, const struct world_order *o)
{
    struct world_profile *p = NULL;
    enum err e = make_ordered(w, o, &p);
    if (!e && o->confirmation_code)
        e = trace_hide(w->trace, span_str(o->confirmation_code));
    if (!e)
        e = stock_ordered(w, p);
    return e ? e : place_order(w, o, p);
}

/* --- the orchestrator --------------------------------------------------------------------------------------- */

static enum err add_carrier(struct world *w, const struct scenario_carrier *c)
{
    char platform[192], smdp[128], url[160];
    snprintf(url, sizeof url, "https://%s", world_smdp_host(c->smdp, smdp));
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", c->name, "platform", c->platform, "smdpUrl",
                             url, "requester", OPERATOR, "codes",
                             c->imported ? "imported" : "delegated");
    snprintf(platform, sizeof platform, "https://cmp.%s.example.com", c->name);
    if (body && strcmp(c->platform, "manual") != 0) {
        json_object_set_new(body, "platformUrl", json_string(platform));
        json_object_set_new(body, "transferUrl", json_string(platform));
        json_object_set_new(body, "account", json_string(ACCOUNT));
        json_object_set_new(body, "username", json_string(ACCOUNT));
        json_object_set_new(body, "apiKey", json_string(c->name));
    }
    return world_do(w, "POST", HOST_ESO, "/v1/carriers", body, NULL);
}

static enum err set_time(json_t *o, const char *member, int64_t at)
{
    struct buf text = { .max = 32 };
    enum err e = clock_put_iso8601(&text, at);
    if (!e)
        json_object_set_new(o, member, json_stringn((const char *)text.at, text.len));
    buf_release(&text);
    return e;
}

static enum err add_contract(struct world *w, const struct scenario_contract *c)
{
    json_t *territory = json_array();
    for (size_t i = 0; i < c->territory_count; i++)
        json_array_append_new(territory, json_string(c->territory[i]));
    /* Without a territory of its own a contract holds where its carrier has coverage. */
    for (size_t i = 0; !c->territory_count && i < c->with->cover_count; i++)
        json_array_append_new(territory, json_string(c->with->covers[i]));
    json_t *body = json_pack("{s:s, s:s, s:s, s:o, s:s, s:s}", "id", c->name, "carrier", c->with->name, "model",
                             c->model, "territory", territory, "ratePlan", c->rate_plan, "communicationPlan",
                             c->communication_plan);
    if (body && c->quota >= 0)
        json_object_set_new(body, "quota", json_integer(c->quota));
    if (body && c->low_stock)
        json_object_set_new(body, "lowStock", json_integer(c->low_stock));
    int64_t pace = w->options.wiring == WIRING_PROCESS ? PROCESS_PACE : 1;
    enum err e = body && c->valid_for ? set_time(body, "validTo", world_now(w) + c->valid_for / pace) : ERR_OK;
    if (!e)
        e = world_do(w, "POST", HOST_ESO, "/v1/contracts", body, NULL);
    return e || !c->stock ? e : world_add_stock(w, c, c->stock);
}

enum err provision_eso(struct world *w)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < w->scenario->carrier_count; i++)
        e = add_carrier(w, &w->scenario->carrier[i]);
    for (size_t i = 0; !e && i < w->scenario->contract_count; i++)
        e = add_contract(w, &w->scenario->contract[i]);
    return e;
}

/* --- devices ------------------------------------------------------------------------------------------------ */

/* A tenant that is not the eSO's registers its eUICCs itself. */
static enum err register_for_tenant(struct world *w, const struct world_device *d)
{
    char host[128];
    int status = 0;
    json_t *body = json_pack("{s:s}", "eid", d->eid);
    enum err e = body ? json_set_base64(body, "euiccCertificate", buf_span(&d->credential.certificate)) : ERR_NOMEM;
    if (!e)
        e = json_set_base64(body, "eumCertificate", d->credential.eum_certificate);
    if (!e)
        e = world_call_as(w, d->group->tenant, "POST", world_eim_host(d->eim, host), "/v1/euiccs", body, &status, NULL);
    else
        json_decref(body);
    return e || status == 201 ? e : world_fail(w, ERR_REFUSED, "%s cannot be registered: %d", d->name, status);
}

static enum err add_device(struct world *w, const struct world_device *d)
{
    char eim[128];
    json_t *profiles = json_array();
    for (size_t k = 0; k < d->profile_count; k++) {
        const struct world_profile *p = &d->profile[k];
        json_array_append_new(profiles, json_pack("{s:s, s:s, s:s, s:b}", "iccid", p->iccid, "carrier",
                                                  p->carrier->name, "state", k ? "disabled" : "enabled", "fallback",
                                                  d->group->fallback == p->carrier));
    }
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "eid", d->eid, "name", d->name, "country", d->country,
                             "eim", world_eim_host(d->eim, eim), "leadCarrier", d->group->starts_on->name, "profiles", profiles);
    enum err e = body ? json_set_base64(body, "euiccCertificate", buf_span(&d->credential.certificate)) : ERR_NOMEM;
    if (!e)
        e = json_set_base64(body, "eumCertificate", d->credential.eum_certificate);
    if (e) {
        json_decref(body);
        return e;
    }
    return world_do(w, "POST", HOST_ESO, "/v1/devices", body, NULL);
}

enum err provision_devices(struct world *w)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < w->device_count; i++)
        e = w->devices[i].group->tenant ? register_for_tenant(w, &w->devices[i]) : add_device(w, &w->devices[i]);
    return e;
}
