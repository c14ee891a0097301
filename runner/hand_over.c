/* What two operators do when a fleet changes its eIM (SGP.32 v1.2 3.2, eCO addEim and deleteEim; catalogue B.10): the old eIM
 * associates the eUICCs with the new one; what the eUICC answers, an association token, travels between the operators; the new
 * one ends the old one's association. */
#include <stdio.h>
#include <string.h>

#include "rsp_eim_configuration.h"
#include "run.h"
#include "words.h"
#include "world_internal.h"

static enum err check_devices(const struct scenario *s, const struct yaml_node *map, struct yaml_error *error)
{
    const struct yaml_node *n = yaml_get(map, "devices");
    if (!n || (n->kind == YAML_SCALAR && strcmp(n->text, "all") != 0) || n->kind == YAML_MAP)
        return yaml_fail(s->yaml, n ? n->at : map->at, error, "'devices' takes a list of devices, or all");
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < n->count; i++)
        e = word_device(s, n->item[i], error);
    return e;
}

static enum err check(const struct scenario *s, const struct yaml_node *n, const char *const *keys, const char *eim,
                      struct yaml_error *error)
{
    enum err e = word_map(s, n, keys, error);
    if (!e)
        e = check_devices(s, n, error);
    if (!e && !yaml_get(n, eim))
        e = yaml_fail(s->yaml, n->at, error, "'%s' is missing here: an eIM", eim);
    return e ? e : word_eim(s, yaml_get(n, eim), error);
}

/* NULL: no word for it. */
static const char *token_of(const struct yaml_node *n)
{
    static const char *const words[] = { "asked", "none", "wrong" };
    const struct yaml_node *t = yaml_get(n, "token");
    for (size_t i = 0; t && i < COUNT(words); i++)
        if (t->kind == YAML_SCALAR && strcmp(t->text, words[i]) == 0)
            return words[i];
    return t ? NULL : words[0];
}

enum err hand_over_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "devices", "to", "token", NULL };
    enum err e = check(s, n, keys, "to", error);
    return e || token_of(n) ? e : yaml_fail(s->yaml, yaml_get(n, "token")->at, error, "a token is asked, none or wrong");
}

enum err take_over_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "devices", "by", NULL };
    return check(s, n, keys, "by", error);
}

typedef enum err (*each_fn)(struct run *r, struct world_device *d, const struct scenario_eim *eim, void *context);

static enum err for_each(struct run *r, const struct yaml_node *devices, const struct scenario_eim *eim, each_fn fn,
                         void *context)
{
    struct world *w = r->world;
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < devices->count; i++)
        e = fn(r, world_device(w, devices->item[i]->text), eim, context);
    for (size_t i = 0; !e && devices->kind == YAML_SCALAR && i < w->device_count; i++)
        e = fn(r, &w->devices[i], eim, context);
    return e;
}

static enum err order(struct run *r, const char *host, const struct world_device *d, const char *kind, const char *what,
                      const char *of, json_t *parameters)
{
    char path[96], reference[160];
    snprintf(path, sizeof path, "/v1/euiccs/%s/orders", d->eid);
    snprintf(reference, sizeof reference, "%s-%s-%s", what, of, d->name);
    return world_do(r->world, "POST", host, path,
                    json_pack("{s:s, s:s, s:o}", "reference", reference, "kind", kind, "parameters", parameters), NULL);
}

static const char *name_of(const struct scenario_eim *eim)
{
    return eim ? eim->name : "eim";
}

/* --- hand-over: {devices: all, to: second, token: true} -------------------------------------------------------- */

/* Gives *out: a member and the card's certificates. */
static enum err registration(const struct world_device *d, const char *member, const char *value, json_t **out)
{
    json_t *body = json_pack("{s:s}", member, value);
    enum err e = body ? json_set_base64(body, "euiccCertificate", buf_span(&d->credential.certificate)) : ERR_NOMEM;
    if (!e)
        e = json_set_base64(body, "eumCertificate", d->credential.eum_certificate);
    if (e)
        json_decref(body);
    else
        *out = body;
    return e;
}

static enum err register_at(struct world *w, const struct world_device *d, const char *host)
{
    json_t *body = NULL;
    enum err e = registration(d, "eid", d->eid, &body);
    return e ? e : world_do(w, "POST", host, "/v1/euiccs", body, NULL);
}

/* A token that no eUICC made, put into the configuration (SGP.32 5.9.1: only -1, which asks for one, is allowed). */
static enum err put_wrong_token(json_t *configuration)
{
    struct buf given = { .max = 4096 }, changed = { .max = 4096 };
    struct rsp_eim_configuration eim;
    enum err e = json_base64(configuration, "eimConfiguration", &given);
    if (!e)
        e = rsp_eim_configuration_read(buf_span(&given), &eim);
    eim.whole = (struct span){ 0 };
    eim.association_token = (struct rsp_int){ true, 7 };
    if (!e)
        e = rsp_eim_configuration_write(&eim, &changed);
    if (!e)
        e = json_set_base64(configuration, "eimConfiguration", buf_span(&changed));
    buf_release(&given);
    buf_release(&changed);
    return e;
}

static enum err offer(struct run *r, struct world_device *d, const struct scenario_eim *to, void *context)
{
    char now[128], next[128];
    json_t *configuration = NULL;
    const char *token = context;
    enum err e = register_at(r->world, d, world_eim_host(to, next));
    if (!e)
        e = world_do(r->world, "GET", next, "/v1/eim-configuration", NULL, &configuration);
    if (!e && strcmp(token, "wrong") == 0)
        e = put_wrong_token(configuration);
    if (!e)
        e = json_set_bool(configuration, "associationToken", strcmp(token, "asked") == 0);
    if (!e)
        e = order(r, world_eim_host(d->eim, now), d, "addEim", "add", name_of(to), json_incref(configuration));
    json_decref(configuration);
    return e;
}

enum err hand_over_play(struct run *r, const struct yaml_node *n)
{
    return for_each(r, yaml_get(n, "devices"), scenario_find_eim(r->scenario, yaml_get(n, "to")->text), offer,
                    (void *)token_of(n));
}

/* --- take-over: {devices: all, by: second} ------------------------------------------------------------------------- */

/* What the eUICC answered the old eIM, told to the new one. */
static enum err carry_token(struct run *r, const struct world_device *d, const char *from, const struct scenario_eim *by)
{
    char path[256], host[128];
    int64_t token = 0;
    snprintf(path, sizeof path, "/v1/orders?reference=add-%s-%s", name_of(by), d->name);
    json_t *answer = run_get(r, from, path);
    bool known = answer != NULL, given = json_int(json_object_get(answer, "result"), "associationToken", &token) == ERR_OK;
    json_decref(answer);
    if (!known)
        return world_fail(r->world, ERR_STATE, "%s was not handed over by %s", d->name, from);
    snprintf(path, sizeof path, "/v1/euiccs/%s", d->eid);
    return given ? world_do(r->world, "PATCH", world_eim_host(by, host), path,
                            json_pack("{s:I}", "associationToken", (json_int_t)token), NULL)
                 : ERR_OK;
}

static enum err take(struct run *r, struct world_device *d, const struct scenario_eim *by, void *context)
{
    char from[128], host[128], path[96];
    (void)context;
    world_eim_host(d->eim, from);
    world_eim_host(by, host);
    enum err e = carry_token(r, d, from, by);
    if (!e)
        e = order(r, host, d, "deleteEim", "remove", name_of(d->eim), json_pack("{s:s}", "eimId", from));
    json_t *change = NULL;
    snprintf(path, sizeof path, "/v1/devices/%s", d->eid);
    if (!e)
        e = registration(d, "eim", host, &change);
    if (!e)
        e = world_do(r->world, "PATCH", HOST_ESO, path, change, NULL);
    if (!e)
        d->eim = by;
    return e;
}

enum err take_over_play(struct run *r, const struct yaml_node *n)
{
    return for_each(r, yaml_get(n, "devices"), scenario_find_eim(r->scenario, yaml_get(n, "by")->text), take, NULL);
}
