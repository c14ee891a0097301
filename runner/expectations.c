/* What must come out of a step. */
#include <stdio.h>
#include <string.h>

#include "rsp_words.h"
#include "run.h"
#include "words.h"
#include "world_internal.h"

#define EXPECT(...) snprintf(expected, 200, __VA_ARGS__)
#define FOUND(...) snprintf(found, 400, __VA_ARGS__)

static enum err check_device_map(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    int64_t index;
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{device: …} is wanted");
    for (size_t i = 0; !e && i < n->count; i++)
        if (!scenario_find_device(s, n->key[i], &index))
            e = yaml_fail(s->yaml, n->key_at[i], error, "no device '%s' in this world", n->key[i]);
    return e;
}

static enum err check_carrier_map(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{carrier: …} is wanted");
    for (size_t i = 0; !e && i < n->count; i++)
        if (!scenario_find_carrier(s, n->key[i]))
            e = yaml_fail(s->yaml, n->key_at[i], error, "no carrier '%s' in this world", n->key[i]);
    return e;
}

/* --- swap: {meter: DONE, meter-3: {state: HELD, cause: stock-exhausted}, counts: {DONE: 1, HELD: 7}} ------------- */

static enum err check_swap(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "state", "cause", "says", NULL };
    int64_t index, number;
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{device: STATE} is wanted");
    for (size_t i = 0; !e && i < n->count; i++) {
        const struct yaml_node *v = n->item[i];
        if (strcmp(n->key[i], "counts") == 0) {
            for (size_t k = 0; !e && k < v->count; k++)
                e = yaml_int(s->yaml, v->item[k], 0, 1000000, &number, error);
        } else if (!scenario_find_device(s, n->key[i], &index))
            e = yaml_fail(s->yaml, n->key_at[i], error, "no device '%s' in this world", n->key[i]);
        else if (v->kind == YAML_MAP)
            e = yaml_only_keys(s->yaml, v, keys, error);
    }
    return e;
}

static bool count_holds(struct run *r, const struct yaml_node *counts, char expected[200], char found[400])
{
    for (size_t k = 0; k < counts->count; k++) {
        long long have = 0;
        for (size_t i = 0; i < r->world->device_count; i++) {
            json_t *swap = run_show_swap(r, r->world->devices[i].name);
            const char *state = json_str(swap, "state");
            have += state && strcmp(state, counts->key[k]) == 0;
            json_decref(swap);
        }
        EXPECT("%s swaps %s", counts->item[k]->text, counts->key[k]);
        FOUND("%lld", have);
        if (have != atoll(counts->item[k]->text))
            return false;
    }
    return true;
}

static bool swap_holds_for(struct run *r, const char *device, const struct yaml_node *v, char expected[200],
                           char found[400])
{
    const struct yaml_node *want_state = v->kind == YAML_MAP ? yaml_get(v, "state") : v;
    const struct yaml_node *want_cause = v->kind == YAML_MAP ? yaml_get(v, "cause") : NULL;
    const struct yaml_node *says = v->kind == YAML_MAP ? yaml_get(v, "says") : NULL;
    json_t *swap = run_show_swap(r, device);
    const char *state = json_str(swap, "state"), *cause = json_str(swap, "cause"), *detail = json_str(swap, "detail");
    EXPECT("swap of %s %s%s%s%s%s", device, want_state ? want_state->text : "in any state", want_cause ? ", cause " : "",
           want_cause ? want_cause->text : "", says ? ", saying " : "", says ? says->text : "");
    FOUND("%s%s%s%s%s", state ? state : "no swap", cause ? ", cause " : "", cause ? cause : "", detail ? ": " : "",
          detail ? detail : "");
    bool holds = state && (!want_state || strcmp(state, want_state->text) == 0) &&
                 (!want_cause || (cause && strcmp(cause, want_cause->text) == 0)) &&
                 (!says || (detail && strstr(detail, says->text)));
    json_decref(swap);
    return holds;
}

static bool swap_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->key[i], "counts") == 0 ? !count_holds(r, n->item[i], expected, found)
                                             : !swap_holds_for(r, n->key[i], n->item[i], expected, found))
            return false;
    return true;
}

/* --- error: {meter: quota-reached}: the eSO refused the swap that was ordered last ----------------------------------- */

static enum err check_error(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = check_device_map(s, n, error);
    for (size_t i = 0; !e && i < n->count; i++)
        if (n->item[i]->kind != YAML_SCALAR)
            e = yaml_fail(s->yaml, n->item[i]->at, error, "a cause is wanted, for example quota-reached");
    return e;
}

static bool error_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++) {
        const char *refusal = run_find_refusal(r, n->key[i]);
        EXPECT("the swap of %s refused: %s", n->key[i], n->item[i]->text);
        FOUND("%s", refusal[0] ? refusal : "not refused");
        if (strcmp(refusal, n->item[i]->text) != 0)
            return false;
    }
    return true;
}

/* --- order: {move: done, other: {state: failed, result: disallowedByPolicy}} ---------------------------------------- */

static enum err check_order(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "state", "result", "eim", NULL };
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{reference: done} is wanted");
    for (size_t i = 0; !e && i < n->count; i++) {
        if (n->item[i]->kind != YAML_MAP)
            continue;
        e = yaml_only_keys(s->yaml, n->item[i], keys, error);
        if (!e && yaml_get(n->item[i], "eim"))
            e = word_eim(s, yaml_get(n->item[i], "eim"), error);
    }
    return e;
}

/* Of the eIM that is named, else of the first that knows the reference. */
static json_t *find_order(struct run *r, const char *reference, const struct yaml_node *eim)
{
    char path[160], host[128];
    json_t *order = NULL;
    snprintf(path, sizeof path, "/v1/orders?reference=%s", reference);
    if (eim)
        return run_get(r, world_eim_host(scenario_find_eim(r->scenario, eim->text), host), path);
    for (size_t i = 0; !order && i <= r->scenario->eim_count; i++)
        order = run_get(r, world_eim_host(i ? &r->scenario->eim[i - 1] : NULL, host), path);
    return order;
}

static bool order_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *v = n->item[i];
        const struct yaml_node *want = v->kind == YAML_MAP ? yaml_get(v, "state") : v, *result = yaml_get(v, "result");
        json_t *order = find_order(r, n->key[i], v->kind == YAML_MAP ? yaml_get(v, "eim") : NULL);
        const char *state = json_str(order, "state"), *name = json_str(json_object_get(order, "result"), "name");
        EXPECT("order %s %s%s%s", n->key[i], want ? want->text : "in any state", result ? ", " : "",
               result ? result->text : "");
        FOUND("%s%s%s", state ? state : "no order", name ? ", " : "", name ? name : "");
        bool holds = state && (!want || strcmp(want->text, state) == 0) &&
                     (!result || (name && strcmp(result->text, name) == 0));
        json_decref(order);
        if (!holds)
            return false;
    }
    return true;
}

/* --- capabilities: {meter: [directRspServerCommunication]}: what its eIM learned of its IPA, once it asked (order, kind data) --- */

static enum err check_capabilities(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = check_device_map(s, n, error);
    for (size_t i = 0; !e && i < n->count; i++)
        if (n->item[i]->kind != YAML_LIST)
            e = yaml_fail(s->yaml, n->item[i]->at, error, "a list of ipaFeatures is wanted");
    return e;
}

static bool says_these(const json_t *features, const struct yaml_node *want)
{
    size_t i, both = 0;
    const json_t *f;
    json_array_foreach(features, i, f)
        for (size_t k = 0; k < want->count; k++)
            both += strcmp(json_string_value(f), want->item[k]->text) == 0;
    return features && both == want->count && both == json_array_size(features);
}

static bool capabilities_hold(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++) {
        const struct world_device *d = world_device(r->world, n->key[i]);
        char host[128], path[64];
        snprintf(path, sizeof path, "/v1/euiccs/%s", d->eid);
        json_t *euicc = run_get(r, world_eim_host(d->eim, host), path);
        const json_t *features = json_object_get(json_object_get(euicc, "capabilities"), "ipaFeatures");
        char *text = features ? json_dumps(features, JSON_COMPACT) : NULL;
        EXPECT("%zu capabilities of %s, as listed", n->item[i]->count, d->name);
        FOUND("%s", text ? text : "unknown to its eIM");
        bool holds = says_these(features, n->item[i]);
        free(text);
        json_decref(euicc);
        if (!holds)
            return false;
    }
    return true;
}

/* --- card: {meter: {enabled: partner, fallback: lead, profiles: 2}} ------------------------------------------------ */

static enum err check_card(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "enabled", "fallback", "profiles", NULL };
    int64_t number;
    enum err e = check_device_map(s, n, error);
    for (size_t i = 0; !e && i < n->count; i++) {
        e = word_map(s, n->item[i], keys, error);
        const char *const names[] = { "enabled", "fallback" };
        for (size_t k = 0; !e && k < COUNT(names); k++) {
            const struct yaml_node *c = yaml_get(n->item[i], names[k]);
            if (c && (c->kind != YAML_SCALAR || (strcmp(c->text, "none") != 0 && !scenario_find_carrier(s, c->text))))
                e = yaml_fail(s->yaml, c->at, error, "a carrier of this world, or none, is wanted");
        }
        if (!e && yaml_get(n->item[i], "profiles"))
            e = yaml_int(s->yaml, yaml_get(n->item[i], "profiles"), 0, 16, &number, error);
    }
    return e;
}

static const char *carrier_with(struct run *r, const struct run_card *card, bool fallback)
{
    for (size_t i = 0; i < card->count; i++)
        if (fallback ? card->profile[i].fallback : card->profile[i].enabled) {
            const struct world_profile *p = run_find_profile(r, card->profile[i].iccid);
            return p ? p->carrier->name : "unknown";
        }
    return "none";
}

static bool card_holds_for(struct run *r, const char *device, const struct yaml_node *v, char expected[200],
                           char found[400])
{
    struct run_card card;
    const struct yaml_node *enabled = yaml_get(v, "enabled"), *fallback = yaml_get(v, "fallback"),
                           *profiles = yaml_get(v, "profiles");
    if (run_read_card(r, world_device(r->world, device), &card)) {
        FOUND("the card of %s does not answer", device);
        return false;
    }
    const char *is = carrier_with(r, &card, false), *falls = carrier_with(r, &card, true);
    EXPECT("card of %s: enabled %s, fallback %s, profiles %s", device, enabled ? enabled->text : "any",
           fallback ? fallback->text : "any", profiles ? profiles->text : "any");
    FOUND("enabled %s, fallback %s, profiles %zu", is, falls, card.count);
    return (!enabled || strcmp(enabled->text, is) == 0) && (!fallback || strcmp(fallback->text, falls) == 0) &&
           (!profiles || (size_t)atoll(profiles->text) == card.count);
}

static bool card_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++)
        if (!card_holds_for(r, n->key[i], n->item[i], expected, found))
            return false;
    return true;
}

/* --- network: {meter: partner}: attached there, by the device's and the network's word ---------------------------- */

static enum err check_network(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = check_device_map(s, n, error);
    for (size_t i = 0; !e && i < n->count; i++)
        if (n->item[i]->kind != YAML_SCALAR ||
            (strcmp(n->item[i]->text, "none") != 0 && !scenario_find_carrier(s, n->item[i]->text)))
            e = yaml_fail(s->yaml, n->item[i]->at, error, "a carrier of this world, or none, is wanted");
    return e;
}

static bool network_says_online(struct run *r, const char *device, const char *carrier)
{
    char host[160], path[64];
    const struct world_profile *p = run_profile_of(r, device, carrier);
    if (!p)
        return false;
    snprintf(host, sizeof host, "net.%s.example.com", carrier);
    snprintf(path, sizeof path, "/v1/subscribers/%s", p->imsi);
    json_t *answer = run_get(r, host, path);
    bool online = json_is_true(json_object_get(answer, "online"));
    json_decref(answer);
    return online;
}

static bool network_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++) {
        const char *want = n->item[i]->text;
        const struct scenario_carrier *c = scenario_find_carrier(r->scenario, want);
        const struct world_device *d = world_device(r->world, n->key[i]);
        char plmn[8];
        world_online(r->world, d, plmn);
        EXPECT("%s attached at %s", n->key[i], want);
        FOUND("the device says %s", plmn[0] ? plmn : "offline");
        if (!c ? plmn[0] != 0 : strcmp(plmn, c->plmn) != 0 || !network_says_online(r, n->key[i], want))
            return false;
    }
    return true;
}

/* --- platform: {partner: {meter: ACTIVATED}}, ledger: {partner: {meter: billable}} --------------------------------- */

static enum err check_platform(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = check_carrier_map(s, n, error);
    for (size_t i = 0; !e && i < n->count; i++)
        e = check_device_map(s, n->item[i], error);
    return e;
}

/* A SIM that never came to the device is not at the platform's for it: "none". */
static json_t *ledger_of(struct run *r, const char *carrier, const char *device)
{
    char host[160], path[64];
    const struct world_profile *p = run_profile_of(r, device, carrier);
    if (!p)
        return NULL;
    snprintf(host, sizeof host, "cmp.%s.example.com", carrier);
    snprintf(path, sizeof path, "/v1/ledger/%s", p->iccid);
    return run_get(r, host, path);
}

static bool platform_value(struct run *r, const struct yaml_node *n, bool ledger, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++)
        for (size_t k = 0; k < n->item[i]->count; k++) {
            const char *device = n->item[i]->key[k], *want = n->item[i]->item[k]->text;
            json_t *entry = ledger_of(r, n->key[i], device);
            const char *status = json_str(entry, "status");
            bool billable = json_is_true(json_object_get(entry, "billable"));
            const char *is = ledger ? (billable ? "billable" : "not-billable") : status ? status : "none";
            EXPECT("%s at %s's platform: %s", device, n->key[i], want);
            FOUND("%s", is);
            bool holds = strcmp(is, want) == 0;
            json_decref(entry);
            if (!holds)
                return false;
        }
    return true;
}

static bool platform_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    return platform_value(r, n, false, expected, found);
}

static bool ledger_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    return platform_value(r, n, true, expected, found);
}

/* --- untouched: {platform: lead}: nobody wrote to the SIMs that devices started on -------------------------------- */

static enum err check_untouched(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "platform", NULL };
    enum err e = word_map(s, n, keys, error);
    return e ? e : word_carrier(s, n, "platform", error);
}

static bool untouched_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    const char *carrier = yaml_get(n, "platform")->text;
    char host[160], path[80];
    snprintf(host, sizeof host, "cmp.%s.example.com", carrier);
    EXPECT("platform of %s untouched", carrier);
    for (size_t i = 0; i < r->world->device_count; i++) {
        const struct world_profile *p = &r->world->devices[i].profile[0];
        if (strcmp(p->carrier->name, carrier) != 0)
            continue;
        snprintf(path, sizeof path, "/v1/devices/%s/writes", p->iccid);
        json_t *answer = run_get(r, host, path);
        int64_t count = -1;
        bool asked = answer && json_int(answer, "count", &count) == ERR_OK;
        json_decref(answer);
        if (!asked || count) {
            FOUND("%lld writes to %s of %s", (long long)count, p->iccid, r->world->devices[i].name);
            return false;
        }
    }
    return true;
}

/* --- stock: {kenya: {available: 0, enabled: 2}} ---------------------------------------------------------------------- */

static enum err check_stock(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    int64_t number;
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{contract: {available: 0}} is wanted");
    for (size_t i = 0; !e && i < n->count; i++) {
        if (!scenario_find_contract(s, n->key[i]))
            e = yaml_fail(s->yaml, n->key_at[i], error, "no contract '%s' in this world", n->key[i]);
        for (size_t k = 0; !e && k < n->item[i]->count; k++)
            e = yaml_int(s->yaml, n->item[i]->item[k], 0, 1000000, &number, error);
    }
    return e;
}

static json_t *stock_counts(struct run *r, const char *contract)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/stock?contract=%s", contract);
    json_t *answer = run_get(r, HOST_ESO, path), *item;
    json_t *counts = NULL;
    size_t i;
    json_array_foreach(json_object_get(answer, "items"), i, item)
        if (!counts && json_str(item, "contract") && strcmp(json_str(item, "contract"), contract) == 0)
            counts = json_incref(json_object_get(item, "counts"));
    json_decref(answer);
    return counts;
}

static bool stock_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++) {
        json_t *counts = stock_counts(r, n->key[i]);
        for (size_t k = 0; k < n->item[i]->count; k++) {
            int64_t have = 0;
            if (json_int(counts, n->item[i]->key[k], &have))
                have = 0;
            EXPECT("stock of %s: %s %s", n->key[i], n->item[i]->item[k]->text, n->item[i]->key[k]);
            char *text = counts ? json_dumps(counts, JSON_COMPACT) : NULL;
            FOUND("%s", text ? text : "no such contract in the eSO");
            free(text);
            if (!counts || have != atoll(n->item[i]->item[k]->text)) {
                json_decref(counts);
                return false;
            }
        }
        json_decref(counts);
    }
    return true;
}

/* --- alert: {contract: kenya, kind: stock-exhausted, times: 1} --------------------------------------------------------- */

static enum err check_alert(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "contract", "kind", "times", NULL };
    int64_t times;
    enum err e = word_map(s, n, keys, error);
    if (!e && !yaml_get(n, "kind"))
        e = yaml_fail(s->yaml, n->at, error, "'kind' is missing here, for example stock-exhausted");
    return e || !yaml_get(n, "times") ? e : yaml_int(s->yaml, yaml_get(n, "times"), 0, 100000, &times, error);
}

static bool alert_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    const struct yaml_node *contract = yaml_get(n, "contract"), *times = yaml_get(n, "times");
    json_t *answer = run_get(r, HOST_ESO, "/v1/alerts?limit=200"), *item;
    long long have = 0, want = times ? atoll(times->text) : 1;
    size_t i;
    json_array_foreach(json_object_get(answer, "items"), i, item) {
        const char *kind = json_str(item, "kind"), *subject = json_str(item, "subject");
        have += kind && strcmp(kind, yaml_get(n, "kind")->text) == 0 &&
                (!contract || (subject && strcmp(subject, contract->text) == 0));
    }
    json_decref(answer);
    EXPECT("alert %s %lld times", yaml_get(n, "kind")->text, want);
    FOUND("%lld times", have);
    return times ? have == want : have >= 1;
}

/* --- message: {via: ES10, is: EuiccPackageResult, says: replayError, times: 1, never: true} ------------------------------ */

static enum err check_message(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "via", "is", "says", "from", "to", "times", "never", NULL };
    int64_t times;
    bool never;
    enum err e = word_map(s, n, keys, error);
    if (!e && !yaml_get(n, "is"))
        e = yaml_fail(s->yaml, n->at, error, "'is' is missing here, for example GetEimPackageRequest");
    if (!e && yaml_get(n, "times"))
        e = yaml_int(s->yaml, yaml_get(n, "times"), 0, 100000, &times, error);
    if (!e && yaml_get(n, "never"))
        e = yaml_bool(s->yaml, yaml_get(n, "never"), &never, error);
    return e;
}

static bool same_or_any(const struct yaml_node *want, const char *is)
{
    return !want || strcmp(want->text, is) == 0;
}

static bool message_fits(const struct trace_message *m, const struct yaml_node *n)
{
    if (!same_or_any(yaml_get(n, "is"), m->name) || !same_or_any(yaml_get(n, "via"), m->via) ||
        !same_or_any(yaml_get(n, "from"), m->from) || !same_or_any(yaml_get(n, "to"), m->to))
        return false;
    const struct yaml_node *says = yaml_get(n, "says");
    if (!says)
        return true;
    struct buf text = { .max = 8 << 20 };
    bool fits = trace_explain(m, &text) == ERR_OK && strstr(buf_cstr(&text), says->text);
    buf_release(&text);
    return fits;
}

static bool message_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    if (r->wiring == WIRING_PROCESS)
        return true; /* not recorded there; the verdict says that it was not checked */
    const struct yaml_node *times = yaml_get(n, "times"), *says = yaml_get(n, "says");
    bool never = yaml_get(n, "never") && strcmp(yaml_get(n, "never")->text, "true") == 0;
    long long have = 0;
    for (size_t i = 0; i < trace_count(r->world->trace); i++) {
        const struct trace_message *m = trace_message(r->world->trace, i);
        have += m->number >= r->first_message && message_fits(m, n);
    }
    EXPECT("message %s%s%s %s", yaml_get(n, "is")->text, says ? " saying " : "", says ? says->text : "",
           never ? "never" : times ? times->text : "at least once");
    FOUND("%lld times", have);
    return never ? have == 0 : times ? have == atoll(times->text) : have > 0;
}

/* --- agree: all ------------------------------------------------------------------------------------------------------------ */

static enum err check_agree(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    return n->kind == YAML_SCALAR && strcmp(n->text, "all") == 0
               ? ERR_OK : yaml_fail(s->yaml, n->at, error, "'agree: all' is wanted");
}

static bool agree_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    (void)n;
    EXPECT("card, SM-DP+, platform and eSO agree");
    for (size_t i = 0; i < r->world->device_count; i++)
        if (!run_views_agree(r, &r->world->devices[i], found))
            return false;
    return true;
}

static const struct scenario_word expectations[] = {
    { "swap", "{meter: DONE}, {meter: {state: HELD, cause: stock-exhausted}}, {counts: {DONE: 1, HELD: 7}}", check_swap,
      NULL, swap_holds },
    { "error", "{meter: quota-reached}", check_error, NULL, error_holds },
    { "order", "{move: done, other: {state: failed, result: disallowedByPolicy}}", check_order, NULL, order_holds },
    { "answer", "{peek: 404, listing: {status: 200, shows: spy, hides: meter}}", answer_check, NULL, answer_holds },
    { "capabilities", "{meter: [directRspServerCommunication]}", check_capabilities, NULL, capabilities_hold },
    { "card", "{meter: {enabled: partner, fallback: lead, profiles: 2}}", check_card, NULL, card_holds },
    { "network", "{meter: partner}", check_network, NULL, network_holds },
    { "smdp", "{partner: {meter: downloaded}}", smdp_state_check, NULL, smdp_state_holds },
    { "events", "{meter: 1}", events_check, NULL, events_hold },
    { "platform", "{partner: {meter: ACTIVATED}}", check_platform, NULL, platform_holds },
    { "ledger", "{partner: {meter: billable}}", check_platform, NULL, ledger_holds },
    { "untouched", "{platform: lead}", check_untouched, NULL, untouched_holds },
    { "stock", "{kenya: {available: 0, enabled: 2}}", check_stock, NULL, stock_holds },
    { "alert", "{contract: kenya, kind: stock-exhausted, times: 1}", check_alert, NULL, alert_holds },
    { "message", "{via: ESipa, is: GetEimPackageRequest, says: …, times: 1}", check_message, NULL, message_holds },
    { "agree", "all", check_agree, NULL, agree_holds },
};

const struct scenario_word *scenario_expectations(size_t *count)
{
    *count = COUNT(expectations);
    return expectations;
}
