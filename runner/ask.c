/* Calls of people who may not make them, or twice: another tenant of an eIM, who posts to the eSO in an eIM's name. What they are
 * answered is kept under a reference and looked at by the expectation `answer`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "words.h"
#include "world_internal.h"

static const struct run_answer *find(const struct run *r, const char *reference)
{
    for (size_t i = r->answer_count; i-- > 0;)
        if (strcmp(r->answers[i].reference, reference) == 0)
            return &r->answers[i];
    return NULL;
}

/* Takes body. */
static enum err keep(struct run *r, const char *reference, int status, json_t *body)
{
    struct run_answer *grown = realloc(r->answers, (r->answer_count + 1) * sizeof *grown);
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    if (!grown) {
        free(text);
        return ERR_NOMEM;
    }
    r->answers = grown;
    struct run_answer *a = &grown[r->answer_count++];
    *a = (struct run_answer){ .status = status, .body = text };
    snprintf(a->reference, sizeof a->reference, "%s", reference);
    return ERR_OK;
}

enum err run_call_as(struct run *r, const char *who, const char *reference, const char *method, const char *host,
                     const char *path, json_t *body)
{
    int status = 0;
    json_t *answer = NULL;
    enum err e = world_call_as(r->world, who, method, host, path, body, &status, &answer);
    return e ? e : keep(r, reference, status, answer);
}

enum err word_caller(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const known[] = { "nobody", "stranger", "admin", "eim", "smdp" };
    bool fits = n->kind == YAML_SCALAR && scenario_find_tenant(s, n->text);
    for (size_t i = 0; !fits && n->kind == YAML_SCALAR && i < COUNT(known); i++)
        fits = strcmp(known[i], n->text) == 0;
    return fits ? ERR_OK : yaml_fail(s->yaml, n->at, error, "a tenant of this world, nobody, stranger, admin, eim or smdp is wanted");
}

static enum err word_text(const struct scenario *s, const struct yaml_node *map, const char *key, struct yaml_error *error)
{
    const struct yaml_node *n = yaml_get(map, key);
    return n && n->kind == YAML_SCALAR && n->text[0] ? ERR_OK
                                                      : yaml_fail(s->yaml, n ? n->at : map->at, error, "'%s' is missing here", key);
}

/* --- ask: {device: meter, for: order, order: move, as: rival, reference: peek} ---------------------------------------- */

struct question {
    const char *name, *method, *path; /* %s: the EID, or the orderId */
    bool about_order;
};
static const struct question questions[] = {
    { "euicc", "GET", "/v1/euiccs/%s", false },
    { "initial-eim", "GET", "/v1/euiccs/%s/initial-eim", false },
    { "change", "PATCH", "/v1/euiccs/%s", false },
    { "registration", "POST", "/v1/euiccs", false },
    { "list", "GET", "/v1/euiccs?limit=100", false },
    { "order", "GET", "/v1/orders/%s", true },
    { "cancel", "DELETE", "/v1/orders/%s", true },
    { "retry", "POST", "/v1/orders/%s/retry", true },
};

static const struct question *question_named(const struct yaml_node *n)
{
    for (size_t i = 0; n && n->kind == YAML_SCALAR && i < COUNT(questions); i++)
        if (strcmp(questions[i].name, n->text) == 0)
            return &questions[i];
    return NULL;
}

enum err ask_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "device", "for", "as", "order", "reference", NULL };
    enum err e = word_map(s, n, keys, error);
    if (!e && !yaml_get(n, "device"))
        e = yaml_fail(s->yaml, n->at, error, "'device: meter' is wanted");
    if (!e)
        e = word_device(s, yaml_get(n, "device"), error);
    const struct question *q = e ? NULL : question_named(yaml_get(n, "for"));
    if (!e && !q)
        e = yaml_fail(s->yaml, n->at, error, "'for' is euicc, initial-eim, change, registration, list, order, cancel or retry");
    if (!e)
        e = word_text(s, n, "reference", error);
    if (!e)
        e = word_text(s, n, "as", error);
    if (!e)
        e = word_caller(s, yaml_get(n, "as"), error);
    return !e && q->about_order ? word_text(s, n, "order", error) : e;
}

/* Whoever gave it: somebody told the asker what it is called at the eIM. */
static enum err order_id(struct run *r, const struct world_device *d, const char *reference, char out[64])
{
    char path[160], host[128];
    int status = 0;
    json_t *order = NULL;
    snprintf(path, sizeof path, "/v1/orders?reference=%s", reference);
    enum err e = world_call_as(r->world, d->group->tenant ? d->group->tenant : "admin", "GET", world_eim_host(d->eim, host), path,
                               NULL, &status, &order);
    const char *id = json_str(order, "orderId");
    snprintf(out, 64, "%s", id ? id : "");
    json_decref(order);
    return e || out[0] ? e : world_fail(r->world, ERR_NOT_FOUND, "%s has no order %s", d->name, reference);
}

enum err ask_play(struct run *r, const struct yaml_node *n)
{
    const struct world_device *d = world_device(r->world, yaml_get(n, "device")->text);
    const struct question *q = question_named(yaml_get(n, "for"));
    char id[64] = "", path[160], host[128];
    enum err e = q->about_order ? order_id(r, d, yaml_get(n, "order")->text, id) : ERR_OK;
    if (e)
        return e;
    const char *slash = strstr(q->path, "%s");
    snprintf(path, sizeof path, "%.*s%s%s", (int)(slash ? slash - q->path : (long)strlen(q->path)), q->path,
             !slash ? "" : q->about_order ? id : d->eid, slash ? slash + 2 : "");
    json_t *body = strcmp(q->name, "change") == 0         ? json_pack("{s:i}", "associationToken", 7)
                   : strcmp(q->name, "registration") == 0 ? json_pack("{s:s}", "eid", d->eid)
                   : strcmp(q->name, "retry") == 0        ? json_object()
                                                          : NULL;
    return run_call_as(r, yaml_get(n, "as")->text, yaml_get(n, "reference")->text, q->method, world_eim_host(d->eim, host), path,
                       body);
}

/* --- import: {contract: kenya, again: 2, new: 1, whole: true, reference: twice} ------------------------------------------ */

enum err import_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "contract", "again", "new", "whole", "reference", NULL };
    int64_t count;
    bool whole;
    enum err e = word_map(s, n, keys, error);
    if (!e && !yaml_get(n, "contract"))
        e = yaml_fail(s->yaml, n->at, error, "'contract' is missing here");
    if (!e)
        e = word_contract(s, yaml_get(n, "contract"), error);
    for (size_t k = 1; !e && k < 3; k++)
        if (yaml_get(n, keys[k]))
            e = yaml_int(s->yaml, yaml_get(n, keys[k]), 0, 100, &count, error);
    if (!e && yaml_get(n, "whole"))
        e = yaml_bool(s->yaml, yaml_get(n, "whole"), &whole, error);
    return e ? e : word_text(s, n, "reference", error);
}

/* A file of codes comes to the eSO, in which some are known already. Codes that it did not take are nobody's. */
enum err import_play(struct run *r, const struct yaml_node *n)
{
    struct world *w = r->world;
    const struct scenario_contract *c = scenario_find_contract(r->scenario, yaml_get(n, "contract")->text);
    const struct yaml_node *again = yaml_get(n, "again"), *fresh = yaml_get(n, "new"), *whole = yaml_get(n, "whole");
    size_t first = w->code_count, known = again ? (size_t)atoi(again->text) : 0;
    json_t *codes = json_array();
    enum err e = world_make_codes(w, c, fresh ? atoi(fresh->text) : 0);
    for (size_t i = first; !e && i < w->code_count; i++)
        json_array_append_new(codes, world_code_json(&w->codes[i]));
    for (size_t i = 0; !e && i < first && known; i++)
        if (w->codes[i].contract == c) {
            json_array_append_new(codes, world_code_json(&w->codes[i]));
            known--;
        }
    e = e ? e
          : run_call_as(r, "admin", yaml_get(n, "reference")->text, "POST", HOST_ESO, "/v1/stock",
                        json_pack("{s:s, s:O, s:b}", "contract", c->name, "codes", codes, "allOrNothing",
                                  whole && strcmp(whole->text, "true") == 0));
    bool taken = !e && r->answers[r->answer_count - 1].status == 200;
    for (size_t i = first; i < w->code_count && !taken; i++)
        w->codes[i].contract = NULL;
    json_decref(codes);
    return e;
}

/* --- callback: {device: meter, from: eim, about: order, step: download, says: done, times: 3, reference: forged} --------- */

enum err callback_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "device", "from", "about", "step", "says", "times", "reference", NULL };
    static const char *const subjects[] = { "order", "euicc" };
    int64_t times;
    bool known = false;
    enum err e = word_map(s, n, keys, error);
    const struct yaml_node *about = e ? NULL : yaml_get(n, "about");
    for (size_t i = 0; about && about->kind == YAML_SCALAR && i < COUNT(subjects); i++)
        known |= strcmp(subjects[i], about->text) == 0;
    if (!e && !known)
        e = yaml_fail(s->yaml, n->at, error, "'about' is order or euicc");
    if (!e && !yaml_get(n, "device"))
        e = yaml_fail(s->yaml, n->at, error, "'device: meter' is wanted");
    if (!e)
        e = word_device(s, yaml_get(n, "device"), error);
    if (!e)
        e = word_text(s, n, "reference", error);
    if (!e)
        e = word_text(s, n, "from", error);
    if (!e)
        e = word_caller(s, yaml_get(n, "from"), error);
    if (!e && yaml_get(n, "times"))
        e = yaml_int(s->yaml, yaml_get(n, "times"), 1, 1000, &times, error);
    return !e && strcmp(about->text, "order") == 0 ? word_text(s, n, "step", error) : e;
}

/* As an eIM would post it: the order of a step of the device's swap, or the eUICC. */
static json_t *write_callback(struct run *r, const struct yaml_node *n, const struct world_device *d)
{
    char reference[160];
    const struct yaml_node *says = yaml_get(n, "says");
    const struct run_swap *swap = run_find_swap(r, d->name);
    if (strcmp(yaml_get(n, "about")->text, "euicc") == 0)
        return json_pack("{s:s, s:i}", "eid", d->eid, "stateChangeCause", 1);
    snprintf(reference, sizeof reference, "%s.%s.1", swap ? swap->id : "", yaml_get(n, "step")->text);
    return json_pack("{s:s, s:s, s:s, s:s, s:{s:i, s:s}}", "orderId", "00000000-0000-4000-8000-000000000000", "reference", reference,
                     "eid", d->eid, "state", says ? says->text : "done", "result", "code", 0, "name", "ok");
}

enum err callback_play(struct run *r, const struct yaml_node *n)
{
    const struct world_device *d = world_device(r->world, yaml_get(n, "device")->text);
    const struct yaml_node *times = yaml_get(n, "times");
    const char *path = strcmp(yaml_get(n, "about")->text, "euicc") == 0 ? "/v1/hooks/eim/euiccs" : "/v1/hooks/eim/orders";
    enum err e = ERR_OK;
    for (int64_t i = 0, count = times ? atoll(times->text) : 1; !e && i < count; i++)
        e = run_call_as(r, yaml_get(n, "from")->text, yaml_get(n, "reference")->text, "POST", HOST_ESO, path,
                        write_callback(r, n, d));
    return e;
}

/* --- answer: {peek: 404, listing: {status: 200, shows: spy, hides: meter}} ---------------------------------------------- */

enum err answer_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "status", "says", "shows", "hides", NULL };
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{reference: 404} is wanted");
    for (size_t i = 0; !e && i < n->count; i++) {
        const struct yaml_node *v = n->item[i], *status = v->kind == YAML_MAP ? yaml_get(v, "status") : v;
        int64_t number;
        if (v->kind == YAML_MAP)
            e = yaml_only_keys(s->yaml, v, keys, error);
        if (!e && status)
            e = yaml_int(s->yaml, status, 100, 599, &number, error);
        for (size_t k = 2; !e && keys[k] && v->kind == YAML_MAP; k++)
            if (yaml_get(v, keys[k]))
                e = word_device(s, yaml_get(v, keys[k]), error);
    }
    return e;
}

static bool mentions(struct run *r, const struct run_answer *a, const struct yaml_node *device)
{
    return a->body && strstr(a->body, world_device(r->world, device->text)->eid);
}

static bool answer_fits(struct run *r, const struct run_answer *a, const struct yaml_node *v)
{
    const struct yaml_node *status = v->kind == YAML_MAP ? yaml_get(v, "status") : v;
    const struct yaml_node *says = yaml_get(v, "says"), *shows = yaml_get(v, "shows"), *hides = yaml_get(v, "hides");
    return (!status || atoi(status->text) == a->status) && (!says || (a->body && strstr(a->body, says->text))) &&
           (!shows || mentions(r, a, shows)) && (!hides || !mentions(r, a, hides));
}

bool answer_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++) {
        const struct run_answer *a = find(r, n->key[i]);
        const struct yaml_node *v = n->item[i];
        snprintf(expected, 200, "the answer to %s: %s", n->key[i], v->kind == YAML_MAP ? "as told" : v->text);
        snprintf(found, 400, "%d %.300s", a ? a->status : 0, a && a->body ? a->body : "");
        if (!a || !answer_fits(r, a, v))
            return false;
    }
    return true;
}
