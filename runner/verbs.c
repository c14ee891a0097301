/* What a step can do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process_world.h"
#include "rsp_words.h"
#include "run.h"
#include "suggest.h"
#include "words.h"
#include "world_internal.h"

#define WORD_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

/* --- swap: {device: meter, to: partner} | {devices: [a, b] | all, to: partner} ----------------------------- */

static enum err check_swap(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "device", "devices", "to", NULL };
    enum err e = word_map(s, n, keys, error);
    if (!e)
        e = word_carrier(s, n, "to", error);
    return e ? e : word_device_or_devices(s, n, error);
}

static enum err order_swap(struct run *r, const char *device, const struct yaml_node *n)
{
    const char *target = yaml_get(n, "to")->text;
    struct world *w = r->world;
    struct world_device *d = world_device(w, device);
    char path[96];
    int status = 0;
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/v1/euiccs/%s/swap", d->eid);
    enum err e = world_call(w, "POST", HOST_ESO, path, json_pack("{s:s}", "target", target), &status, &answer);
    const char *id = json_str(answer, "id"), *cause = json_str(answer, "cause");
    if (!e)
        e = run_add_swap(r, device, id ? id : "", id ? "" : cause ? cause : "unknown");
    json_decref(answer);
    return e;
}

typedef enum err (*each_device)(struct run *r, const char *device, const struct yaml_node *n);

/* 'device' or 'devices' of a verb. */
static enum err for_each(struct run *r, const struct yaml_node *n, each_device fn)
{
    const struct yaml_node *one = yaml_get(n, "device"), *list = yaml_get(n, "devices");
    enum err e = ERR_OK;
    if (one)
        return fn(r, one->text, n);
    if (list->kind == YAML_LIST)
        for (size_t i = 0; !e && i < list->count; i++)
            e = fn(r, list->item[i]->text, n);
    else
        for (size_t i = 0; !e && i < r->world->device_count; i++)
            e = fn(r, r->world->devices[i].name, n);
    return e;
}

static enum err play_swap(struct run *r, const struct yaml_node *n)
{
    return for_each(r, n, order_swap);
}

/* --- cancel: {device: meter} ------------------------------------------------------------------------------------ */

static enum err check_cancel(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "device", NULL };
    enum err e = word_map(s, n, keys, error);
    if (!e && !yaml_get(n, "device"))
        e = yaml_fail(s->yaml, n->at, error, "'device: meter' is wanted");
    return e ? e : word_device(s, yaml_get(n, "device"), error);
}

static enum err play_cancel(struct run *r, const struct yaml_node *n)
{
    char path[128];
    int status = 0;
    const struct run_swap *swap = run_find_swap(r, yaml_get(n, "device")->text);
    if (!swap || !swap->id[0])
        return world_fail(r->world, ERR_NOT_FOUND, "no swap of %s was taken", yaml_get(n, "device")->text);
    snprintf(path, sizeof path, "/v1/swaps/%s/cancel", swap->id);
    return world_call(r->world, "POST", HOST_ESO, path, NULL, &status, NULL);
}

/* --- order: {device: meter, reference: r1, kind: setFallback, profile: lead, …} --------------------------------- */

static enum err check_order(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "device", "devices", "reference", "kind", "profile", "rollback", "parameters", "eim", "of",
                                        "confirmation-code", "stock", "as", NULL };
    bool rollback;
    enum err e = word_map(s, n, keys, error);
    if (!e)
        e = word_device_or_devices(s, n, error);
    const char *const texts[] = { "reference", "kind" };
    for (size_t k = 0; !e && k < COUNT(texts); k++) {
        const struct yaml_node *t = yaml_get(n, texts[k]);
        if (!t || t->kind != YAML_SCALAR || strspn(t->text, WORD_LETTERS) != strlen(t->text))
            e = yaml_fail(s->yaml, t ? t->at : n->at, error, "'%s' is missing here: letters, digits and -", texts[k]);
    }
    if (!e && yaml_get(n, "profile"))
        e = word_carrier(s, n, "profile", error);
    if (!e && yaml_get(n, "of"))
        e = word_device(s, yaml_get(n, "of"), error);
    if (!e && yaml_get(n, "as"))
        e = word_caller(s, yaml_get(n, "as"), error);
    if (!e && yaml_get(n, "stock"))
        e = word_contract(s, yaml_get(n, "stock"), error);
    if (!e && yaml_get(n, "eim"))
        e = word_eim(s, yaml_get(n, "eim"), error);
    if (!e && yaml_get(n, "rollback"))
        e = yaml_bool(s->yaml, yaml_get(n, "rollback"), &rollback, error);
    const struct yaml_node *c = yaml_get(n, "confirmation-code");
    if (!e && c && (c->kind != YAML_SCALAR || !c->text[0]))
        e = yaml_fail(s->yaml, c->at, error, "'confirmation-code' is a text here");
    const struct yaml_node *p = yaml_get(n, "parameters");
    return !e && p && p->kind != YAML_MAP ? yaml_fail(s->yaml, p->at, error, "{eimId: …} is wanted") : e;
}

static json_t *parameters_json(const struct yaml_node *n)
{
    json_t *out = json_object();
    for (size_t i = 0; out && n && i < n->count; i++)
        json_object_set_new(out, n->key[i], strcmp(n->item[i]->text, "true") == 0    ? json_true()
                                            : strcmp(n->item[i]->text, "false") == 0 ? json_false()
                                                                                     : json_string(n->item[i]->text));
    return out;
}

/* The code of a contract that the eSO takes next, as far as it was not given to a device yet. */
static const struct world_profile *next_code(struct run *r, const char *contract)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/stock/%s?limit=200", contract);
    json_t *rows = run_get(r, HOST_ESO, path), *row;
    const struct world_profile *p = NULL;
    size_t i;
    json_array_foreach(json_object_get(rows, "items"), i, row)
        if (!p && json_str(row, "state") && strcmp(json_str(row, "state"), "available") == 0)
            p = run_find_profile(r, json_str(row, "iccid"));
    json_decref(rows);
    return p;
}

/* Whose profile the order is about: none, the device's (or another one's), or one that is still in the stock. */
static enum err find_ordered(struct run *r, const struct yaml_node *n, const char *device, const struct world_profile **out)
{
    const struct yaml_node *profile = yaml_get(n, "profile"), *of = yaml_get(n, "of"), *stock = yaml_get(n, "stock");
    *out = stock ? next_code(r, stock->text) : profile ? run_profile_of(r, of ? of->text : device, profile->text) : NULL;
    if (*out || (!profile && !stock))
        return ERR_OK;
    return stock ? world_fail(r->world, ERR_NOT_FOUND, "the stock of %s is empty", stock->text)
                 : world_fail(r->world, ERR_NOT_FOUND, "%s has no profile of %s", of ? of->text : device, profile->text);
}

/* A download is ordered by the activation code of the profile, everything else by its ICCID. */
static void put_profile(json_t *body, const char *kind, const struct world_profile *p)
{
    char code[256];
    if (strcmp(kind, "download") != 0) {
        json_object_set_new(body, "iccid", json_string(p->iccid));
        return;
    }
    activation_code_of(p, code);
    json_object_set_new(body, "activationCode", json_string(code));
}

/* As the operator of the eIM would: past the eSO, which hears of it from the eIM alone. At the device's own eIM, or at the one
 * that is named. */
static enum err order(struct run *r, const char *device, const struct yaml_node *n)
{
    struct world_device *d = world_device(r->world, device);
    const struct yaml_node *rollback = yaml_get(n, "rollback"), *code = yaml_get(n, "confirmation-code");
    const struct yaml_node *eim = yaml_get(n, "eim");
    const struct world_profile *p = NULL;
    char path[96], host[128], reference[160];
    enum err e = find_ordered(r, n, d->name, &p);
    if (e)
        return e;
    snprintf(reference, sizeof reference, "%s%s%s", yaml_get(n, "reference")->text, yaml_get(n, "devices") ? "-" : "",
             yaml_get(n, "devices") ? device : "");
    json_t *body = json_pack("{s:s, s:s}", "reference", reference, "kind", yaml_get(n, "kind")->text);
    if (p)
        put_profile(body, yaml_get(n, "kind")->text, p);
    if (rollback)
        json_object_set_new(body, "rollback", json_boolean(strcmp(rollback->text, "true") == 0));
    if (yaml_get(n, "parameters"))
        json_object_set_new(body, "parameters", parameters_json(yaml_get(n, "parameters")));
    if (code)
        json_object_set_new(body, "confirmationCode", json_string(code->text));
    e = code ? trace_hide(r->world->trace, span_str(code->text)) : ERR_OK;
    if (e) {
        json_decref(body);
        return e;
    }
    snprintf(path, sizeof path, "/v1/euiccs/%s/orders", d->eid);
    world_eim_host(eim ? scenario_find_eim(r->scenario, eim->text) : d->eim, host);
    const char *as = yaml_get(n, "as") ? yaml_get(n, "as")->text : d->group->tenant;
    return as ? run_call_as(r, as, reference, "POST", host, path, body) : world_do(r->world, "POST", host, path, body, NULL);
}

static enum err play_order(struct run *r, const struct yaml_node *n)
{
    return for_each(r, n, order);
}

/* --- coverage: {partner: lost} ---------------------------------------------------------------------------- */

static enum err check_coverage(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{carrier: lost} is wanted");
    for (size_t i = 0; !e && i < n->count; i++) {
        if (!scenario_find_carrier(s, n->key[i]))
            e = yaml_fail(s->yaml, n->key_at[i], error, "no carrier '%s' in this world", n->key[i]);
        else if (n->item[i]->kind != YAML_SCALAR ||
                 (strcmp(n->item[i]->text, "lost") != 0 && strcmp(n->item[i]->text, "restored") != 0))
            e = yaml_fail(s->yaml, n->item[i]->at, error, "coverage is lost or restored");
    }
    return e;
}

static enum err play_coverage(struct run *r, const struct yaml_node *n)
{
    char host[160];
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < n->count; i++) {
        snprintf(host, sizeof host, "net.%s.example.com", n->key[i]);
        e = world_do(r->world, "PUT", host, "/v1/coverage", json_pack("{s:s}", "state", n->item[i]->text), NULL);
    }
    return e;
}

/* --- subscription: {lead: {meter: no-service}} ---------------------------------------------------------------- */

static const char *const subscriptions[] = { "no-service", "wrong-key", "restored", NULL };

static enum err check_subscription(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    const struct yaml_node *of = n->kind == YAML_MAP && n->count == 1 ? n->item[0] : NULL;
    int64_t index;
    enum err e = of && of->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{lead: {meter: no-service}} is wanted");
    if (!e && !scenario_find_carrier(s, n->key[0]))
        e = yaml_fail(s->yaml, n->key_at[0], error, "no carrier '%s' in this world", n->key[0]);
    for (size_t i = 0; !e && i < of->count; i++) {
        bool known = false;
        for (size_t k = 0; of->item[i]->kind == YAML_SCALAR && subscriptions[k]; k++)
            known |= strcmp(subscriptions[k], of->item[i]->text) == 0;
        if (!scenario_find_device(s, of->key[i], &index))
            e = yaml_fail(s->yaml, of->key_at[i], error, "no device '%s' in this world", of->key[i]);
        else if (!known)
            e = yaml_fail(s->yaml, of->item[i]->at, error, "a subscription is no-service, wrong-key or restored");
    }
    return e;
}

static enum err play_subscription(struct run *r, const struct yaml_node *n)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < n->item[0]->count; i++) {
        const char *device = n->item[0]->key[i], *how = n->item[0]->item[i]->text;
        const struct world_profile *p = run_profile_of(r, device, n->key[0]);
        e = p ? provision_subscription(r->world, p, strcmp(how, "wrong-key") != 0, strcmp(how, "no-service") != 0)
              : world_fail(r->world, ERR_NOT_FOUND, "%s has no profile of %s", device, n->key[0]);
    }
    return e;
}

/* --- move: {meter: KE} -------------------------------------------------------------------------------------- */

static enum err check_move(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{device: COUNTRY} is wanted");
    for (size_t i = 0; !e && i < n->count; i++) {
        int64_t index;
        if (!scenario_find_device(s, n->key[i], &index))
            e = yaml_fail(s->yaml, n->key_at[i], error, "no device '%s' in this world", n->key[i]);
        else if (n->item[i]->kind != YAML_SCALAR || strlen(n->item[i]->text) != 2)
            e = yaml_fail(s->yaml, n->item[i]->at, error, "a country is two capital letters, for example KE");
    }
    return e;
}

static enum err play_move(struct run *r, const struct yaml_node *n)
{
    for (size_t i = 0; i < n->count; i++) {
        enum err e = world_move(r->world, world_device(r->world, n->key[i]), n->item[i]->text);
        if (e)
            return e;
    }
    return ERR_OK;
}

/* --- power: {meter: off}, {meter: {cut-when: partner}} -------------------------------------------------------- */

static enum err check_power(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{device: off} is wanted");
    for (size_t i = 0; !e && i < n->count; i++) {
        int64_t index;
        const char *t = n->item[i]->kind == YAML_SCALAR ? n->item[i]->text : "";
        if (n->item[i]->kind == YAML_MAP && n->count == 1 && scenario_find_device(s, n->key[0], &index)) {
            static const char *const keys[] = { "cut-when", NULL };
            e = word_map(s, n->item[0], keys, error);
            return e ? e : word_carrier(s, n->item[0], "cut-when", error);
        }
        if (!scenario_find_device(s, n->key[i], &index))
            e = yaml_fail(s->yaml, n->key_at[i], error, "no device '%s' in this world", n->key[i]);
        else if (strcmp(t, "on") != 0 && strcmp(t, "off") != 0 && strcmp(t, "cut") != 0)
            e = yaml_fail(s->yaml, n->item[i]->at, error, "power is on, off, or cut (off and on again at once)");
    }
    return e;
}

struct switch_watch {
    struct run *run;
    struct world_device *device;
    const char *carrier;
    bool reached;
};

/* Before the device's first call with that profile: it is enabled, and nobody has heard of it. */
static enum err cut_when_enabled(void *context, struct part *caller, const struct http_call *q, bool answered)
{
    struct switch_watch *a = context;
    struct run_card card;
    (void)q;
    if (answered || a->reached || caller != a->device->part || run_read_card(a->run, a->device, &card))
        return ERR_OK;
    for (size_t i = 0; i < card.count; i++) {
        const struct world_profile *p = card.profile[i].enabled ? run_find_profile(a->run, card.profile[i].iccid) : NULL;
        a->reached |= p && strcmp(p->carrier->name, a->carrier) == 0;
    }
    return a->reached ? ERR_CUT : ERR_OK;
}

static bool was_switched(void *context)
{
    return ((struct switch_watch *)context)->reached;
}

static enum err cut_at_switch(struct run *r, const char *device, const char *carrier)
{
    struct world *w = r->world;
    struct switch_watch a = { r, world_device(w, device), carrier, false };
    if (r->wiring == WIRING_PROCESS)
        return world_fail(w, ERR_UNSUPPORTED, "nothing can be put between a program and its calls: name direct and loopback "
                                              "under 'wirings'");
    w->interrupt = cut_when_enabled;
    w->interrupt_context = &a;
    enum err e = world_run_ticks(w, world_now(w) + CLOCK_HOUR, was_switched, &a);
    w->interrupt = NULL;
    return e == ERR_TIMEOUT ? world_fail(w, e, "%s never had a profile of %s enabled", device, carrier) : e;
}

static enum err play_power(struct run *r, const struct yaml_node *n)
{
    enum err e = ERR_OK;
    if (n->count == 1 && n->item[0]->kind == YAML_MAP)
        return cut_at_switch(r, n->key[0], yaml_get(n->item[0], "cut-when")->text);
    for (size_t i = 0; !e && i < n->count; i++) {
        struct world_device *d = world_device(r->world, n->key[i]);
        if (strcmp(n->item[i]->text, "cut") == 0)
            e = world_restart(r->world, d->part);
        else
            e = world_power(r->world, d, strcmp(n->item[i]->text, "on") == 0);
    }
    return e;
}

/* --- emergency: {meter: begins} -------------------------------------------------------------------------------- */

static enum err check_emergency(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{device: begins} is wanted");
    for (size_t i = 0; !e && i < n->count; i++) {
        int64_t index;
        const char *t = n->item[i]->kind == YAML_SCALAR ? n->item[i]->text : "";
        if (!scenario_find_device(s, n->key[i], &index))
            e = yaml_fail(s->yaml, n->key_at[i], error, "no device '%s' in this world", n->key[i]);
        else if (strcmp(t, "begins") != 0 && strcmp(t, "over") != 0)
            e = yaml_fail(s->yaml, n->item[i]->at, error, "an emergency begins or is over");
    }
    return e;
}

static enum err play_emergency(struct run *r, const struct yaml_node *n)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < n->count; i++)
        e = world_emergency(r->world, world_device(r->world, n->key[i]), strcmp(n->item[i]->text, "begins") == 0);
    return e;
}

/* --- reset: {meter: eim} --------------------------------------------------------------------------------------- */

static enum err check_reset(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{device: eim} is wanted");
    for (size_t i = 0; !e && i < n->count; i++) {
        int64_t index;
        if (!scenario_find_device(s, n->key[i], &index))
            e = yaml_fail(s->yaml, n->key_at[i], error, "no device '%s' in this world", n->key[i]);
        else if (n->item[i]->kind != YAML_SCALAR || strcmp(n->item[i]->text, "eim") != 0)
            e = yaml_fail(s->yaml, n->item[i]->at, error, "only the eIM data can be reset here: eim");
    }
    return e;
}

static enum err play_reset(struct run *r, const struct yaml_node *n)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < n->count; i++)
        e = world_forget_eim(r->world, world_device(r->world, n->key[i]));
    return e;
}

/* --- break: messages, and platforms that refuse --------------------------------------------------------------- */

static enum err check_break(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "message", "inside", "to", "how", "times", "platform", NULL };
    enum err e = word_map(s, n, keys, error);
    int64_t times;
    const struct yaml_node *platform = yaml_get(n, "platform"), *how = yaml_get(n, "how");
    if (!e && platform)
        return platform->kind == YAML_MAP && platform->count == 1 && scenario_find_carrier(s, platform->key[0])
                   ? ERR_OK
                   : yaml_fail(s->yaml, platform->at, error, "{carrier: cause} is wanted, for example {partner: inventory-empty}");
    if (!e && (!yaml_get(n, "message") || !how || how->kind != YAML_SCALAR))
        e = yaml_fail(s->yaml, n->at, error, "{message: ESipa.GetEimPackageResponse, how: flip-bit} is wanted");
    if (!e && yaml_get(n, "times"))
        e = yaml_int(s->yaml, yaml_get(n, "times"), 1, 1000000, &times, error);
    if (!e && strcmp(how->text, "mended") == 0)
        return ERR_OK;
    for (size_t i = 0; !e && faults_words()[i]; i++)
        if (strcmp(faults_words()[i], how->text) == 0)
            return ERR_OK;
    const char *near = e ? NULL : suggest_word(how->text, faults_words());
    return e ? e : yaml_fail(s->yaml, how->at, error, "unknown fault '%s'%s%s%s", how->text,
                             near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static enum err play_break(struct run *r, const struct yaml_node *n)
{
    struct world *w = r->world;
    const struct yaml_node *platform = yaml_get(n, "platform"), *inside = yaml_get(n, "inside"), *to = yaml_get(n, "to");
    int64_t times = -1;
    struct yaml_error error;
    if (platform) {
        char host[160];
        snprintf(host, sizeof host, "cmp.%s.example.com", platform->key[0]);
        bool mended = strcmp(platform->item[0]->text, "mended") == 0;
        return world_do(w, "PUT", host, "/v1/inventory/refuse",
                        mended ? json_pack("{s:n}", "cause") : json_pack("{s:s}", "cause", platform->item[0]->text),
                        NULL);
    }
    if (yaml_get(n, "times") && yaml_int(r->scenario->yaml, yaml_get(n, "times"), 1, 1000000, &times, &error))
        return ERR_CONFIG;
    if (r->wiring == WIRING_PROCESS)
        return world_fail(w, ERR_UNSUPPORTED, "messages between programs cannot be broken: name direct and loopback "
                                              "under 'wirings'");
    if (strcmp(yaml_get(n, "how")->text, "mended") == 0) {
        faults_mend(&w->faults, yaml_get(n, "message")->text);
        return ERR_OK;
    }
    return faults_add(&w->faults, yaml_get(n, "message")->text, inside ? inside->text : "", to ? to->text : "",
                      yaml_get(n, "how")->text, times);
}

/* --- change: {eim: new-key} | {eim: former-keys-gone} ----------------------------------------------------------- */

static enum err check_change(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    bool eim = n->kind == YAML_MAP && n->count == 1 &&
               (strcmp(n->key[0], "eim") == 0 || (strncmp(n->key[0], "eim.", 4) == 0 && scenario_find_eim(s, n->key[0] + 4)));
    const char *t = eim && n->item[0]->kind == YAML_SCALAR ? n->item[0]->text : "";
    return strcmp(t, "new-key") == 0 || strcmp(t, "former-keys-gone") == 0
               ? ERR_OK
               : yaml_fail(s->yaml, n->at, error, "{eim: new-key} or {eim: former-keys-gone} is wanted");
}

/* As its operator would: other settings, and a new start. */
static enum err play_change(struct run *r, const struct yaml_node *n)
{
    struct part *p = world_part(r->world, n->key[0]);
    if (strcmp(n->item[0]->text, "new-key") == 0)
        p->key++;
    else
        p->oldest_key = p->key;
    return world_restart(r->world, p);
}

/* --- restart: {eso: now} | {eso: {when: meter, is: ALLOCATED}} -------------------------------------------------- */

/* Devices by name; servers there are once, further eIMs by eim.NAME, further SM-DP+ by smdp.NAME, and a platform and a network for each carrier: cmp.partner, net.partner. */
static enum err check_part(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const parts[] = { "eso", "eim", "smdp", "smds", NULL };
    const char *name = n->key[0];
    if ((strncmp(name, "eim.", 4) == 0 && scenario_find_eim(s, name + 4)) ||
        (strncmp(name, "smdp.", 5) == 0 && scenario_find_smdp(s, name + 5)))
        return ERR_OK;
    if (strcmp(name, "smds") == 0 && !s->smds)
        return yaml_fail(s->yaml, n->key_at[0], error, "this world has no SM-DS: say 'smds: true' in it");
    bool carriers = strncmp(name, "cmp.", 4) == 0 || strncmp(name, "net.", 4) == 0;
    int64_t index;
    if (scenario_find_device(s, name, &index))
        return ERR_OK;
    if (!carriers)
        return yaml_only_keys(s->yaml, n, parts, error);
    return scenario_find_carrier(s, name + 4) ? ERR_OK : yaml_fail(s->yaml, n->key_at[0], error,
                                                                   "no carrier '%s' in this world", name + 4);
}

static enum err check_restart(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "when", "is", "commit", NULL };
    int64_t commit;
    enum err e = n->kind == YAML_MAP && n->count == 1 ? check_part(s, n, error)
                                                      : yaml_fail(s->yaml, n->at, error, "{eso: now} is wanted");
    const struct yaml_node *when = e ? NULL : n->item[0];
    if (e || when->kind == YAML_SCALAR)
        return e;
    e = word_map(s, when, keys, error);
    if (!e && yaml_get(when, "commit"))
        return yaml_int(s->yaml, yaml_get(when, "commit"), 1, 1000000, &commit, error);
    if (!e && (!yaml_get(when, "when") || !yaml_get(when, "is")))
        e = yaml_fail(s->yaml, when->at, error, "{when: meter, is: ALLOCATED} is wanted");
    return e ? e : word_device(s, yaml_get(when, "when"), error);
}

struct awaited {
    struct run *run;
    struct part *part;
    const char *device, *state;
    bool reached;
};

/* Before each call of the part: has the swap's journal passed this state? Then the kill falls between that step and the
 * next, whose first act is this call. */
static enum err cut_at_state(void *context, struct part *caller, const struct http_call *q, bool answered)
{
    struct awaited *a = context;
    (void)q;
    if (answered || caller != a->part || a->reached)
        return ERR_OK;
    json_t *swap = run_show_swap(a->run, a->device);
    const char *state = json_str(swap, "state");
    a->reached = state && strcmp(state, a->state) == 0;
    json_decref(swap);
    return a->reached ? ERR_CUT : ERR_OK;
}

static bool was_cut(void *context)
{
    return ((struct awaited *)context)->reached;
}

/* Nothing can be put between a program and its calls. So everybody else stands still while we look at the journal, and has
 * a moment in between: a state that ends with the answer to a call cannot pass unseen. */
static enum err kill_in_state(struct run *r, struct awaited *a)
{
    struct world *w = r->world;
    int64_t until = world_now(w) + PROCESS_PATIENCE;
    enum err e = ERR_OK;
    while (!e && !a->reached) {
        process_hold_others(w, a->part, true);
        if (cut_at_state(a, a->part, NULL, false) == ERR_CUT)
            process_kill_part(a->part);
        process_hold_others(w, a->part, false);
        if (!a->reached)
            process_rest_all(w, 2);
        if (!a->reached && world_now(w) > until)
            e = ERR_TIMEOUT;
    }
    return e ? e : world_restart(w, a->part);
}

static enum err play_restart(struct run *r, const struct yaml_node *n)
{
    struct world *w = r->world;
    const struct yaml_node *when = n->item[0];
    struct part *part = world_part(w, n->key[0]);
    if (when->kind == YAML_SCALAR)
        return world_restart(w, part);
    if (yaml_get(when, "commit"))
        return world_cut_at_commit(w, part, atoll(yaml_get(when, "commit")->text));
    struct awaited a = { r, part, yaml_get(when, "when")->text, yaml_get(when, "is")->text, false };
    w->interrupt = cut_at_state;
    w->interrupt_context = &a;
    enum err e = r->wiring == WIRING_PROCESS ? kill_in_state(r, &a)
                                             : world_run_ticks(w, world_now(w) + CLOCK_HOUR, was_cut, &a);
    w->interrupt = NULL;
    return e == ERR_TIMEOUT ? world_fail(w, e, "the swap of %s never was %s", a.device, a.state) : e;
}

/* --- stock: {add: {kenya: 1}} ---------------------------------------------------------------------------------- */

static enum err check_stock(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "add", NULL };
    enum err e = word_map(s, n, keys, error);
    const struct yaml_node *add = e ? NULL : yaml_get(n, "add");
    int64_t count;
    if (!e && (!add || add->kind != YAML_MAP))
        e = yaml_fail(s->yaml, n->at, error, "{add: {contract: 1}} is wanted");
    for (size_t i = 0; !e && i < add->count; i++)
        e = scenario_find_contract(s, add->key[i])
                ? yaml_int(s->yaml, add->item[i], 1, 100000, &count, error)
                : yaml_fail(s->yaml, add->key_at[i], error, "no contract '%s' in this world", add->key[i]);
    return e;
}

static enum err play_stock(struct run *r, const struct yaml_node *n)
{
    const struct yaml_node *add = yaml_get(n, "add");
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < add->count; i++)
        e = world_add_stock(r->world, scenario_find_contract(r->scenario, add->key[i]), atoll(add->item[i]->text));
    return e;
}

/* --- wait: 5 min -------------------------------------------------------------------------------------------------- */

static enum err check_wait(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    int64_t ms;
    return yaml_duration(s->yaml, n, &ms, error);
}

static enum err play_wait(struct run *r, const struct yaml_node *n)
{
    int64_t ms = 0;
    struct yaml_error error;
    enum err e = yaml_duration(r->scenario->yaml, n, &ms, &error);
    return e ? e : world_run(r->world, world_now(r->world) + ms, NULL, NULL);
}

static const struct scenario_word verbs[] = {
    { "swap", "{device: meter, to: partner}, or {devices: all, to: partner}", check_swap, play_swap, NULL },
    { "cancel", "{device: meter}: the swap ordered last for it", check_cancel, play_cancel, NULL },
    { "order", "{device: meter, reference: move, kind: setFallback, profile: partner}: at the eIM, past the eSO", check_order,
      play_order, NULL },
    { "ask", "{device: meter, for: euicc, as: rival, reference: peek}: at its eIM, in somebody's name", ask_check, ask_play, NULL },
    { "callback", "{device: meter, about: order, step: download, from: eim, says: done, times: 3, reference: forged}: at the eSO",
      callback_check, callback_play, NULL },
    { "hand-over", "{devices: all, to: second}: their eIM associates the cards with another one", hand_over_check, hand_over_play,
      NULL },
    { "take-over", "{devices: all, by: second}: that eIM hears the tokens and ends the old one's association", take_over_check,
      take_over_play, NULL },
    { "smdp-order", "{device: meter, carrier: partner, smds: true, released: false, confirmation-code: 4711}: a new profile at the "
                    "carrier's SM-DP+, past the eSO", smdp_order_check, smdp_order_play, NULL },
    { "smdp-release", "{device: meter, carrier: partner}: the profile that was ordered unreleased", smdp_release_check,
      smdp_release_play, NULL },
    { "coverage", "{partner: lost}, {partner: restored}", check_coverage, play_coverage, NULL },
    { "subscription", "{lead: {meter: no-service}}, wrong-key, or restored: what the carrier's network knows of the SIM",
      check_subscription, play_subscription, NULL },
    { "move", "{meter: KE}", check_move, play_move, NULL },
    { "power", "{meter: off}, on, or cut; {meter: {cut-when: partner}}: once that profile is enabled and nobody was told", check_power, play_power, NULL },
    { "emergency", "{meter: begins}, {meter: over}", check_emergency, play_emergency, NULL },
    { "reset", "{meter: eim}: the card forgets its eIMs, provisioning writes the initial one again", check_reset, play_reset, NULL },
    { "break", "{message: ESipa.GetEimPackageResponse, inside: BF51, how: flip-bit, times: 1}, {platform: {partner: "
               "inventory-empty}}", check_break, play_break, NULL },
    { "change", "{eim: new-key}, {eim: former-keys-gone}: the key that an eIM signs with", check_change, play_change, NULL },
    { "restart", "{eso: now}, {eso: {when: meter, is: ALLOCATED}}, {eso: {commit: 9}}: dies at its ninth commit", check_restart, play_restart, NULL },
    { "stock", "{add: {kenya: 1}}", check_stock, play_stock, NULL },
    { "import", "{contract: kenya, again: 2, new: 1, whole: true, reference: twice}: codes for the eSO, some of them known", import_check,
      import_play, NULL },
    { "wait", "5 min", check_wait, play_wait, NULL },
};

const struct scenario_word *scenario_verbs(size_t *count)
{
    *count = COUNT(verbs);
    return verbs;
}

const struct scenario_word *scenario_word_of(const struct scenario_word *words, size_t count,
                                             const struct yaml_node *map)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].name, map->key[0]) == 0)
            return &words[i];
    return NULL;
}
