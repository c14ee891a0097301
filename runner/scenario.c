#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "suggest.h"

#define FAIL(s, node, error, ...) yaml_fail((s)->yaml, (node)->at, (error), __VA_ARGS__)

/* --- small typed readers --------------------------------------------------------------------- */

static enum err read_word(const struct scenario *s, const struct yaml_node *map, const char *key,
                          const char *fallback, const char **out, struct yaml_error *error)
{
    const struct yaml_node *n = yaml_get(map, key);
    *out = fallback;
    if (!n)
        return fallback ? ERR_OK : FAIL(s, map, error, "'%s' is missing here", key);
    if (n->kind != YAML_SCALAR || !n->text[0])
        return FAIL(s, n, error, "'%s' takes one word", key);
    *out = n->text;
    return ERR_OK;
}

static enum err read_one_of(const struct scenario *s, const struct yaml_node *map, const char *key,
                            const char *const *choices, const char **out, struct yaml_error *error)
{
    enum err e = read_word(s, map, key, choices[0], out, error);
    for (size_t i = 0; !e && choices[i]; i++)
        if (strcmp(*out, choices[i]) == 0)
            return ERR_OK;
    if (e)
        return e;
    const char *near = suggest_word(*out, choices);
    return FAIL(s, yaml_get(map, key), error, "'%s' is no %s%s%s%s", *out, key, near ? " (did you mean '" : "",
                near ? near : "", near ? "'?)" : "");
}

static bool is_country(const char *t)
{
    return strlen(t) == 2 && t[0] >= 'A' && t[0] <= 'Z' && t[1] >= 'A' && t[1] <= 'Z';
}

static enum err read_countries(const struct scenario *s, const struct yaml_node *n, const char **list,
                               size_t *count, struct yaml_error *error)
{
    if (!n)
        return ERR_OK;
    if (n->kind != YAML_LIST)
        return FAIL(s, n, error, "a list of countries is wanted, for example [DE, KE]");
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_node *c = n->item[i];
        if (c->kind != YAML_SCALAR || !is_country(c->text))
            return FAIL(s, c, error, "a country is two capital letters (ISO 3166), for example KE");
        if (*count == SCENARIO_COUNTRIES_MAX)
            return FAIL(s, c, error, "at most %d countries", SCENARIO_COUNTRIES_MAX);
        list[(*count)++] = c->text;
    }
    return ERR_OK;
}

static enum err read_country(const struct scenario *s, const struct yaml_node *map, const char *key,
                             const char **out, struct yaml_error *error)
{
    enum err e = read_word(s, map, key, NULL, out, error);
    if (!e && !is_country(*out))
        e = FAIL(s, yaml_get(map, key), error, "a country is two capital letters (ISO 3166), for example KE");
    return e;
}

static enum err read_carrier_name(const struct scenario *s, const struct yaml_node *n,
                                  const struct scenario_carrier **out, struct yaml_error *error)
{
    *out = n->kind == YAML_SCALAR ? scenario_find_carrier(s, n->text) : NULL;
    if (*out)
        return ERR_OK;
    const char *names[SCENARIO_CARRIERS_MAX + 1] = { 0 };
    for (size_t i = 0; i < s->carrier_count; i++)
        names[i] = s->carrier[i].name;
    const char *near = n->kind == YAML_SCALAR ? suggest_word(n->text, names) : NULL;
    return FAIL(s, n, error, "no carrier of that name in this world%s%s%s", near ? " (did you mean '" : "",
                near ? near : "", near ? "'?)" : "");
}

static enum err read_eim_name(const struct scenario *s, const struct yaml_node *n, const struct scenario_eim **out,
                              struct yaml_error *error)
{
    *out = n->kind == YAML_SCALAR ? scenario_find_eim(s, n->text) : NULL;
    return *out ? ERR_OK : FAIL(s, n, error, "no eIM of that name under 'eims' in this world");
}

static enum err read_tenant_name(const struct scenario *s, const struct yaml_node *n, const char **out, struct yaml_error *error)
{
    *out = n->kind == YAML_SCALAR ? scenario_find_tenant(s, n->text) : NULL;
    return *out ? ERR_OK : FAIL(s, n, error, "no tenant of that name under 'tenants' in this world");
}

/* "smdp" is the one that is always there: *out NULL. */
static enum err read_smdp_name(const struct scenario *s, const struct yaml_node *n, const struct scenario_smdp **out,
                               struct yaml_error *error)
{
    *out = n->kind == YAML_SCALAR ? scenario_find_smdp(s, n->text) : NULL;
    return *out || (n->kind == YAML_SCALAR && strcmp(n->text, "smdp") == 0)
               ? ERR_OK
               : FAIL(s, n, error, "no SM-DP+ of that name in this world: smdp, or one under 'smdps'");
}

/* --- world ------------------------------------------------------------------------------------ */

static enum err read_carrier(struct scenario *s, const char *name, const struct yaml_node *n,
                             struct yaml_error *error)
{
    static const char *const keys[] = { "country", "plmn", "platform", "roams-in", "smdp", "codes", "calls-per-second",
                                        "platform-iccids", NULL };
    static const char *const platforms[] = { "control-center", "manual", NULL }, *const codes[] = { "delegated", "imported", NULL };
    const char *code = NULL;
    if (s->carrier_count == SCENARIO_CARRIERS_MAX)
        return FAIL(s, n, error, "at most %d carriers", SCENARIO_CARRIERS_MAX);
    struct scenario_carrier *c = &s->carrier[s->carrier_count];
    c->name = name;
    enum err e = yaml_only_keys(s->yaml, n, keys, error);
    if (!e)
        e = read_country(s, n, "country", &c->country, error);
    if (!e)
        e = read_word(s, n, "plmn", "", &c->plmn, error);
    if (!e && c->plmn[0] && (strspn(c->plmn, "0123456789") != strlen(c->plmn) || strlen(c->plmn) < 5 ||
                             strlen(c->plmn) > 6))
        e = FAIL(s, yaml_get(n, "plmn"), error, "a PLMN is 5 or 6 digits");
    if (!e)
        e = read_one_of(s, n, "platform", platforms, &c->platform, error);
    if (!e)
        e = read_one_of(s, n, "codes", codes, &code, error);
    c->imported = code && strcmp(code, "imported") == 0;
    static const char *const lengths[] = { "19-digits", "20-digits", NULL };
    const char *length = NULL;
    if (!e)
        e = read_one_of(s, n, "platform-iccids", lengths, &length, error);
    c->longer_iccids = length && strcmp(length, "20-digits") == 0;
    if (!e && yaml_get(n, "calls-per-second"))
        e = yaml_int(s->yaml, yaml_get(n, "calls-per-second"), 1, 1000, &c->calls_per_second, error);
    if (!e && yaml_get(n, "smdp"))
        e = read_smdp_name(s, yaml_get(n, "smdp"), &c->smdp, error);
    if (!e) {
        c->covers[c->cover_count++] = c->country;
        e = read_countries(s, yaml_get(n, "roams-in"), c->covers, &c->cover_count, error);
    }
    if (!e)
        s->carrier_count++;
    return e;
}

static enum err read_contract(struct scenario *s, const char *name, const struct yaml_node *n,
                              struct yaml_error *error)
{
    static const char *const keys[] = { "with", "model", "quota", "rate-plan", "communication-plan",
                                        "territory", "valid-for", "low-stock", NULL };
    static const char *const models[] = { "handover", "resale", NULL };
    if (s->contract_count == SCENARIO_CONTRACTS_MAX)
        return FAIL(s, n, error, "at most %d contracts", SCENARIO_CONTRACTS_MAX);
    struct scenario_contract *c = &s->contract[s->contract_count];
    *c = (struct scenario_contract){ .name = name, .quota = -1 };
    enum err e = yaml_only_keys(s->yaml, n, keys, error);
    if (!e && !yaml_get(n, "with"))
        e = FAIL(s, n, error, "'with' is missing here: the carrier this contract is made with");
    if (!e)
        e = read_carrier_name(s, yaml_get(n, "with"), &c->with, error);
    if (!e)
        e = read_one_of(s, n, "model", models, &c->model, error);
    if (!e && yaml_get(n, "quota"))
        e = yaml_int(s->yaml, yaml_get(n, "quota"), 0, 1000000000, &c->quota, error);
    if (!e && yaml_get(n, "low-stock"))
        e = yaml_int(s->yaml, yaml_get(n, "low-stock"), 1, 100000, &c->low_stock, error);
    if (!e && yaml_get(n, "valid-for"))
        e = yaml_duration(s->yaml, yaml_get(n, "valid-for"), &c->valid_for, error);
    if (!e)
        e = read_word(s, n, "rate-plan", "iot-1mb", &c->rate_plan, error);
    if (!e)
        e = read_word(s, n, "communication-plan", "data-only", &c->communication_plan, error);
    if (!e)
        e = read_countries(s, yaml_get(n, "territory"), c->territory, &c->territory_count, error);
    if (!e)
        s->contract_count++;
    return e;
}

/* Fit for a host name. */
static bool is_label(const char *name)
{
    return strlen(name) <= 40 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static enum err read_further_smdp(struct scenario *s, const char *name, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { NULL };
    if (s->smdp_count == SCENARIO_SMDPS_MAX || !is_label(name) || strcmp(name, "smdp") == 0)
        return FAIL(s, n, error, "at most %d further SM-DP+, names of at most 40 small letters, digits and -, none of them smdp",
                    SCENARIO_SMDPS_MAX);
    enum err e = yaml_only_keys(s->yaml, n, keys, error);
    if (!e)
        s->other_smdp[s->smdp_count++] = (struct scenario_smdp){ .name = name };
    return e;
}

/* Of SGP.32. */
static enum err read_version(const struct scenario *s, const struct yaml_node *n, bool *v1_3, struct yaml_error *error)
{
    static const char *const versions[] = { "v1.2", "v1.3", NULL };
    const char *version = NULL;
    enum err e = read_one_of(s, n, "version", versions, &version, error);
    *v1_3 = !e && strcmp(version, "v1.3") == 0;
    return e;
}

static enum err read_eim(struct scenario *s, const char *name, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "version", NULL };
    bool v1_3 = false;
    if (s->eim_count == SCENARIO_EIMS_MAX || !is_label(name))
        return FAIL(s, n, error, "at most %d further eIMs, names of at most 40 small letters, digits and -",
                    SCENARIO_EIMS_MAX);
    enum err e = yaml_only_keys(s->yaml, n, keys, error);
    if (!e)
        e = read_version(s, n, &v1_3, error);
    if (!e)
        s->eim[s->eim_count++] = (struct scenario_eim){ .name = name, .v1_3 = v1_3 };
    return e;
}

static enum err read_left_to_eim(const struct scenario *s, const struct yaml_node *list, struct scenario_group *g,
                                 struct yaml_error *error)
{
    const struct {
        const char *name;
        bool *set;
    } features[] = { { "download-data", &g->leaves_download_data },
                     { "ctx-params1", &g->leaves_ctx_params1 },
                     { "metadata", &g->leaves_metadata } };
    if (list && (list->kind != YAML_LIST || !g->indirect))
        return FAIL(s, list, error, "a list is wanted, of a device with 'download: indirect'");
    for (size_t i = 0; list && i < list->count; i++) {
        bool known = false;
        for (size_t k = 0; k < COUNT(features) && list->item[i]->kind == YAML_SCALAR; k++)
            if (strcmp(features[k].name, list->item[i]->text) == 0)
                known = *features[k].set = true;
        if (!known)
            return FAIL(s, list->item[i], error, "what is left to an eIM is download-data, ctx-params1 or metadata");
    }
    return ERR_OK;
}

static enum err read_group(struct scenario *s, const char *name, const struct yaml_node *n,
                           struct yaml_error *error)
{
    static const char *const keys[] = { "count", "starts-on", "fallback", "has", "in", "polls-every", "download",
                                        "curve", "ipa", "policy", "eim-trust", "binding", "eim", "emergency", "on-loss", "wired",
                                        "default-smdp", "confirmation-code", "memory",
                                        "packages", "messages", "version", "certificate", "certificate-valid-for", "tenant",
                                        "leaves-to-eim", "end-user", NULL };
    if (s->group_count == SCENARIO_GROUPS_MAX || strlen(name) > SCENARIO_NAME_MAX - 12)
        return FAIL(s, n, error, "at most %d kinds of devices, names up to %d characters", SCENARIO_GROUPS_MAX,
                    SCENARIO_NAME_MAX - 12);
    struct scenario_group *g = &s->group[s->group_count];
    *g = (struct scenario_group){ .name = name, .count = 1, .poll_every = 15 * CLOCK_SECOND };
    enum err e = yaml_only_keys(s->yaml, n, keys, error);
    if (!e && yaml_get(n, "count"))
        e = yaml_int(s->yaml, yaml_get(n, "count"), 1, 100000, &g->count, error);
    if (!e && !yaml_get(n, "starts-on"))
        e = FAIL(s, n, error, "'starts-on' is missing here: the carrier of the preloaded profile");
    if (!e)
        e = read_carrier_name(s, yaml_get(n, "starts-on"), &g->starts_on, error);
    if (!e && yaml_get(n, "fallback"))
        e = read_carrier_name(s, yaml_get(n, "fallback"), &g->fallback, error);
    static const char *const losses[] = { "fallback", "emergency", NULL };
    const char *loss = NULL;
    if (!e && yaml_get(n, "emergency"))
        e = read_carrier_name(s, yaml_get(n, "emergency"), &g->emergency, error);
    if (!e)
        e = read_one_of(s, n, "on-loss", losses, &loss, error);
    g->emergency_on_loss = loss && strcmp(loss, "emergency") == 0;
    if (!e)
        e = read_version(s, n, &g->v1_3, error);
    if (!e && yaml_get(n, "wired"))
        e = yaml_bool(s->yaml, yaml_get(n, "wired"), &g->wired, error);
    const struct yaml_node *has = yaml_get(n, "has");
    if (!e && has && (has->kind != YAML_LIST || has->count > COUNT(g->has)))
        e = FAIL(s, has, error, "'has' takes a list of at most %zu carriers", COUNT(g->has));
    for (size_t i = 0; !e && has && i < has->count; i++, g->has_count++)
        e = read_carrier_name(s, has->item[i], &g->has[i], error);
    if (!e)
        e = read_country(s, n, "in", &g->country, error);
    if (!e && yaml_get(n, "memory"))
        e = yaml_int(s->yaml, yaml_get(n, "memory"), 1024, 1 << 24, &g->memory, error);
    if (!e)
        e = read_word(s, n, "confirmation-code", "", &g->confirmation_code, error);
    g->has_default_smdp = yaml_get(n, "default-smdp");
    if (!e && g->has_default_smdp)
        e = read_smdp_name(s, yaml_get(n, "default-smdp"), &g->default_smdp, error);
    if (!e && yaml_get(n, "eim"))
        e = read_eim_name(s, yaml_get(n, "eim"), &g->eim, error);
    static const char *const ways[] = { "direct", "indirect", NULL };
    const char *way = NULL;
    if (!e)
        e = read_one_of(s, n, "download", ways, &way, error);
    g->indirect = way && strcmp(way, "indirect") == 0;
    static const char *const bindings[] = { "asn1", "json", NULL };
    const char *binding = NULL;
    const struct yaml_node *said = yaml_get(n, "binding");
    if (!e && said && said->kind == YAML_SCALAR && strcmp(said->text, "coaps") == 0)
        e = FAIL(s, said, error, "CoAPS is not available: there is no DTLS and no CoAP");
    if (!e)
        e = read_one_of(s, n, "binding", bindings, &binding, error);
    g->json = binding && strcmp(binding, "json") == 0;
    static const char *const messages[] = { "full", "compact", NULL };
    const char *message = NULL;
    if (!e)
        e = read_one_of(s, n, "messages", messages, &message, error);
    g->minimizes = message && strcmp(message, "compact") == 0;
    if (!e)
        e = read_left_to_eim(s, yaml_get(n, "leaves-to-eim"), g, error);
    static const char *const packages[] = { "polled", "pushed", NULL };
    const char *package = NULL;
    if (!e)
        e = read_one_of(s, n, "packages", packages, &package, error);
    g->pushed = package && strcmp(package, "pushed") == 0;
    static const char *const ipas[] = { "ipad", "ipae", NULL }, *const policies[] = { "none", "ppr1", "ppr2", NULL };
    const char *ipa = NULL;
    if (!e)
        e = read_one_of(s, n, "ipa", ipas, &ipa, error);
    g->ipae = ipa && strcmp(ipa, "ipae") == 0;
    if (!e)
        e = read_one_of(s, n, "policy", policies, &g->policy, error);
    static const char *const trusts[] = { "roots", "ca", "certificate", "key", "other-key", NULL };
    if (!e)
        e = read_one_of(s, n, "eim-trust", trusts, &g->eim_trust, error);
    static const char *const users[] = { "absent", "rejects", "postpones", NULL };
    if (!e)
        e = read_one_of(s, n, "end-user", users, &g->end_user, error);
    static const char *const curves[] = { "p256", "brainpool", NULL };
    const char *curve = NULL;
    if (!e)
        e = read_one_of(s, n, "curve", curves, &curve, error);
    g->brainpool = curve && strcmp(curve, "brainpool") == 0;
    static const char *const certificates[] = { "good", "expired", "eum-expired", "outside-range", NULL };
    if (!e)
        e = read_one_of(s, n, "certificate", certificates, &g->certificate, error);
    if (!e && yaml_get(n, "certificate-valid-for"))
        e = yaml_duration(s->yaml, yaml_get(n, "certificate-valid-for"), &g->certificate_valid_for, error);
    if (!e && yaml_get(n, "tenant"))
        e = read_tenant_name(s, yaml_get(n, "tenant"), &g->tenant, error);
    if (!e && yaml_get(n, "polls-every"))
        e = yaml_duration(s->yaml, yaml_get(n, "polls-every"), &g->poll_every, error);
    if (!e)
        s->group_count++;
    return e;
}

typedef enum err (*read_entry)(struct scenario *s, const char *name, const struct yaml_node *n,
                               struct yaml_error *error);

static enum err read_entries(struct scenario *s, const struct yaml_node *map, read_entry read,
                             struct yaml_error *error)
{
    if (!map)
        return ERR_OK;
    if (map->kind != YAML_MAP)
        return FAIL(s, map, error, "a map of names is wanted here");
    for (size_t i = 0; i < map->count; i++) {
        if (map->item[i]->kind != YAML_MAP)
            return FAIL(s, map->item[i], error, "'%s' takes a map", map->key[i]);
        enum err e = read(s, map->key[i], map->item[i], error);
        if (e)
            return e;
    }
    return ERR_OK;
}

static enum err read_tenants(struct scenario *s, const struct yaml_node *list, struct yaml_error *error)
{
    if (list && (list->kind != YAML_LIST || list->count > SCENARIO_TENANTS_MAX))
        return FAIL(s, list, error, "a list of at most %d names is wanted", SCENARIO_TENANTS_MAX);
    for (size_t i = 0; list && i < list->count; i++) {
        const struct yaml_node *n = list->item[i];
        if (n->kind != YAML_SCALAR || !is_label(n->text))
            return FAIL(s, n, error, "a tenant is called by small letters, digits and -");
        s->tenant[s->tenant_count++] = n->text;
    }
    return ERR_OK;
}

static enum err read_eid_range(struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const words[] = { "judged", "warned", NULL };
    const char *word = NULL;
    enum err e = read_one_of(s, n, "eid-range", words, &word, error);
    s->eid_range_warned = !e && strcmp(word, "warned") == 0;
    return e;
}

static enum err read_stock(struct scenario *s, const struct yaml_node *map, struct yaml_error *error)
{
    for (size_t i = 0; map && i < map->count; i++) {
        struct scenario_contract *c = (struct scenario_contract *)scenario_find_contract(s, map->key[i]);
        if (!c)
            return yaml_fail(s->yaml, map->key_at[i], error, "no contract '%s' in this world", map->key[i]);
        enum err e = yaml_int(s->yaml, map->item[i], 0, 100000, &c->stock, error);
        if (e)
            return e;
    }
    return ERR_OK;
}

static enum err read_certificates(struct scenario *s, const struct yaml_node *map, struct yaml_error *error)
{
    static const char *const parts[] = { "smdp-auth", "smdp-pb", "smdp-tls", "eim-tls", "eim-sign", "euicc",
                                         "eum", NULL };
    if (!map)
        return ERR_OK;
    enum err e = yaml_only_keys(s->yaml, map, parts, error);
    for (size_t i = 0; !e && i < map->count; i++) {
        if (map->item[i]->kind != YAML_SCALAR || s->certificate_count == COUNT(s->certificate))
            return FAIL(s, map->item[i], error, "the name of a certificate of the PKI description is wanted");
        s->certificate[s->certificate_count++] =
            (struct scenario_certificate){ map->key[i], map->item[i]->text };
    }
    return e;
}

static enum err read_smdp(struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "ppk", "order-valid", "downloads-max", "same-otpk-only", NULL };
    if (!n)
        return ERR_OK;
    enum err e = n->kind == YAML_MAP ? yaml_only_keys(s->yaml, n, keys, error)
                                     : FAIL(s, n, error, "{ppk: true, order-valid: 1 h, downloads-max: 3} is wanted");
    if (!e && yaml_get(n, "ppk"))
        e = yaml_bool(s->yaml, yaml_get(n, "ppk"), &s->smdp.ppk, error);
    if (!e && yaml_get(n, "same-otpk-only"))
        e = yaml_bool(s->yaml, yaml_get(n, "same-otpk-only"), &s->smdp.same_otpk_only, error);
    if (!e && yaml_get(n, "order-valid"))
        e = yaml_duration(s->yaml, yaml_get(n, "order-valid"), &s->smdp.order_valid, error);
    if (!e && yaml_get(n, "downloads-max"))
        e = yaml_int(s->yaml, yaml_get(n, "downloads-max"), 1, 1000, &s->smdp.downloads_max, error);
    return e;
}

static enum err read_world(struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "carriers", "contracts", "stock", "devices", "certificates", "smdp", "smdps", "smds", "eims", "tenants",
                                        "eid-range", "wire", NULL };
    enum err e = yaml_only_keys(s->yaml, n, keys, error);
    if (!e)
        e = rsp_wire_of_yaml(s->yaml, yaml_get(n, "wire"), &s->wire, error);
    if (!e)
        e = read_entries(s, yaml_get(n, "smdps"), read_further_smdp, error);
    if (!e && yaml_get(n, "smds"))
        e = yaml_bool(s->yaml, yaml_get(n, "smds"), &s->smds, error);
    if (!e)
        e = read_entries(s, yaml_get(n, "carriers"), read_carrier, error);
    if (!e)
        e = read_entries(s, yaml_get(n, "contracts"), read_contract, error);
    if (!e)
        e = read_stock(s, yaml_get(n, "stock"), error);
    if (!e)
        e = read_entries(s, yaml_get(n, "eims"), read_eim, error);
    if (!e)
        e = read_tenants(s, yaml_get(n, "tenants"), error);
    if (!e)
        e = read_eid_range(s, n, error);
    if (!e)
        e = read_entries(s, yaml_get(n, "devices"), read_group, error);
    if (!e)
        e = read_certificates(s, yaml_get(n, "certificates"), error);
    if (!e)
        e = read_smdp(s, yaml_get(n, "smdp"), error);
    return e;
}

/* --- steps ------------------------------------------------------------------------------------ */

static enum err check_word(const struct scenario *s, const struct scenario_word *words, size_t count,
                           const struct yaml_node *map, const char *what, struct yaml_error *error)
{
    if (map->kind != YAML_MAP || map->count != 1)
        return FAIL(s, map, error, "one %s with its arguments is wanted, for example {%s: …}", what,
                    words[0].name);
    const char *names[64] = { 0 };
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i].name, map->key[0]) == 0)
            return words[i].check(s, map->item[0], error);
        names[i] = words[i].name;
    }
    const char *near = suggest_word(map->key[0], names);
    return yaml_fail(s->yaml, map->key_at[0], error, "unknown %s '%s'%s%s%s", what, map->key[0],
                     near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static enum err read_expectations(const struct scenario *s, const struct yaml_node *list,
                                  struct yaml_error *error)
{
    size_t count;
    const struct scenario_word *words = scenario_expectations(&count);
    if (list->kind != YAML_LIST || list->count == 0)
        return FAIL(s, list, error, "'expect' takes a list with at least one expectation");
    for (size_t i = 0; i < list->count; i++) {
        enum err e = check_word(s, words, count, list->item[i], "expectation", error);
        if (e)
            return e;
    }
    return ERR_OK;
}

static enum err read_step(struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "name", "do", "within", "expect", NULL };
    if (n->kind != YAML_MAP || s->step_count == SCENARIO_STEPS_MAX)
        return FAIL(s, n, error, "a step is a map with name, do, within, expect; at most %d of them",
                    SCENARIO_STEPS_MAX);
    struct scenario_step *step = &s->step[s->step_count];
    *step = (struct scenario_step){ .at = n->at, .within = 15 * CLOCK_MINUTE };
    enum err e = yaml_only_keys(s->yaml, n, keys, error);
    if (!e)
        e = read_word(s, n, "name", NULL, &step->name, error);
    if (!e && yaml_get(n, "within"))
        e = yaml_duration(s->yaml, yaml_get(n, "within"), &step->within, error);
    step->act = yaml_get(n, "do");
    step->expect = yaml_get(n, "expect");
    size_t verbs;
    const struct scenario_word *words = scenario_verbs(&verbs);
    if (!e && step->act)
        e = check_word(s, words, verbs, step->act, "verb", error);
    if (!e && step->expect)
        e = read_expectations(s, step->expect, error);
    if (!e && !step->act && !step->expect)
        e = FAIL(s, n, error, "this step neither does nor expects anything");
    if (!e)
        s->step_count++;
    return e;
}

static enum err read_wirings(struct scenario *s, const struct yaml_node *root, struct yaml_error *error)
{
    static const struct { const char *name; unsigned bit; } all[] = {
        { "direct", SCENARIO_DIRECT }, { "loopback", SCENARIO_LOOPBACK }, { "process", SCENARIO_PROCESS },
    };
    const struct yaml_node *n = yaml_get(root, "wirings");
    s->wirings = SCENARIO_DIRECT | SCENARIO_LOOPBACK | SCENARIO_PROCESS;
    s->why_not = "";
    if (!n)
        return ERR_OK;
    static const char *const keys[] = { "only", "because", NULL };
    enum err e = n->kind == YAML_MAP ? yaml_only_keys(s->yaml, n, keys, error)
                                     : FAIL(s, n, error, "{only: [loopback], because: …} is wanted");
    const struct yaml_node *only = e ? NULL : yaml_get(n, "only");
    if (!e)
        e = read_word(s, n, "because", NULL, &s->why_not, error);
    if (!e && (!only || only->kind != YAML_LIST))
        e = FAIL(s, n, error, "'only' takes a list of wirings");
    s->wirings = 0;
    for (size_t i = 0; !e && i < only->count; i++) {
        unsigned bit = 0;
        for (size_t k = 0; k < COUNT(all); k++)
            if (only->item[i]->kind == YAML_SCALAR && strcmp(only->item[i]->text, all[k].name) == 0)
                bit = all[k].bit;
        if (!bit)
            e = FAIL(s, only->item[i], error, "a wiring is direct, loopback or process");
        s->wirings |= bit;
    }
    return e;
}

static enum err read_plays(struct scenario *s, const struct yaml_node *root, struct yaml_error *error)
{
    static const char *const keys[] = { "catalogue", "requirements", NULL };
    const struct yaml_node *n = yaml_get(root, "plays");
    if (!n || n->kind != YAML_MAP)
        return FAIL(s, n ? n : root, error, "'plays: {catalogue: [1], requirements: [R35]}' is missing here");
    enum err e = yaml_only_keys(s->yaml, n, keys, error);
    s->catalogue = yaml_get(n, "catalogue");
    s->requirements = yaml_get(n, "requirements");
    int64_t number;
    for (size_t i = 0; !e && s->catalogue && i < s->catalogue->count; i++)
        e = yaml_int(s->yaml, s->catalogue->item[i], 1, 999, &number, error);
    for (size_t i = 0; !e && s->requirements && i < s->requirements->count; i++) {
        const struct yaml_node *r = s->requirements->item[i];
        if (r->kind != YAML_SCALAR || r->text[0] != 'R' || strspn(r->text + 1, "0123456789") == 0)
            e = FAIL(s, r, error, "a requirement is R and its number, for example R35");
    }
    return e;
}

static void leave_out_process(struct scenario *s, const char *why)
{
    if (s->wirings & SCENARIO_PROCESS)
        s->why_not = why;
    s->wirings &= ~(unsigned)SCENARIO_PROCESS;
}

static enum err read_root(struct scenario *s, struct yaml_error *error)
{
    static const char *const keys[] = { "scenario", "plays", "wirings", "world", "steps", NULL };
    const struct yaml_node *root = yaml_root(s->yaml);
    if (!root || root->kind != YAML_MAP)
        return yaml_fail(s->yaml, (struct yaml_at){ 1, 1 }, error, "a scenario is a map that begins with 'scenario:'");
    enum err e = yaml_only_keys(s->yaml, root, keys, error);
    if (!e)
        e = read_word(s, root, "scenario", NULL, &s->title, error);
    if (!e)
        e = read_plays(s, root, error);
    if (!e)
        e = read_wirings(s, root, error);
    const struct yaml_node *world = yaml_get(root, "world"), *steps = yaml_get(root, "steps");
    if (!e && (!world || world->kind != YAML_MAP))
        e = FAIL(s, world ? world : root, error, "'world:' with carriers and devices is missing here");
    if (!e)
        e = read_world(s, world, error);
    for (size_t i = 0; !e && i < s->group_count; i++)
        if (s->group[i].ipae)
            leave_out_process(s, "an IPAe lives in its card: between programs there is a reader");
    if (!e && (!steps || steps->kind != YAML_LIST || !steps->count))
        e = FAIL(s, steps ? steps : root, error, "'steps:' with at least one step is missing here");
    for (size_t i = 0; !e && i < steps->count; i++)
        e = read_step(s, steps->item[i], error);
    return e;
}

/* "scenarios/swap/01-first.yaml" -> "swap/01-first". */
static char *scenario_id(const char *path)
{
    const char *end = strrchr(path, '.');
    size_t len = end && end > path ? (size_t)(end - path) : strlen(path);
    const char *from = path + len;
    for (int slashes = 0; from > path; from--)
        if (from[-1] == '/' && ++slashes == 2)
            break;
    return strndup(from, (size_t)(path + len - from));
}

static enum err scenario_of(struct yaml *yaml, const char *path, struct scenario **out, struct yaml_error *error)
{
    struct scenario *s = calloc(1, sizeof *s);
    if (!s) {
        yaml_close(yaml);
        return ERR_NOMEM;
    }
    s->yaml = yaml;
    s->path = strdup(path);
    s->id = scenario_id(path);
    enum err e = s->path && s->id ? read_root(s, error) : ERR_NOMEM;
    if (e)
        scenario_free(s);
    else
        *out = s;
    return e;
}

enum err scenario_read(const char *path, struct scenario **out, struct yaml_error *error)
{
    struct yaml *yaml = NULL;
    enum err e = yaml_read_file(path, &yaml, error);
    return e ? e : scenario_of(yaml, path, out, error);
}

enum err scenario_read_text(struct span text, const char *path, struct scenario **out, struct yaml_error *error)
{
    struct yaml *yaml = NULL;
    enum err e = yaml_read(text, path, &yaml, error);
    return e ? e : scenario_of(yaml, path, out, error);
}

void scenario_free(struct scenario *s)
{
    if (!s)
        return;
    yaml_close(s->yaml);
    free((char *)s->path);
    free((char *)s->id);
    free(s);
}

/* --- looking up -------------------------------------------------------------------------------- */

const struct scenario_carrier *scenario_find_carrier(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->carrier_count; i++)
        if (strcmp(s->carrier[i].name, name) == 0)
            return &s->carrier[i];
    return NULL;
}

const struct scenario_contract *scenario_find_contract(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->contract_count; i++)
        if (strcmp(s->contract[i].name, name) == 0)
            return &s->contract[i];
    return NULL;
}

const struct scenario_smdp *scenario_find_smdp(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->smdp_count; i++)
        if (strcmp(s->other_smdp[i].name, name) == 0)
            return &s->other_smdp[i];
    return NULL;
}

const struct scenario_eim *scenario_find_eim(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->eim_count; i++)
        if (strcmp(s->eim[i].name, name) == 0)
            return &s->eim[i];
    return NULL;
}

const char *scenario_find_tenant(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->tenant_count; i++)
        if (strcmp(s->tenant[i], name) == 0)
            return s->tenant[i];
    return NULL;
}

void scenario_device_name(const struct scenario_group *g, int64_t index, char out[SCENARIO_NAME_MAX])
{
    if (g->count == 1)
        snprintf(out, SCENARIO_NAME_MAX, "%s", g->name);
    else
        snprintf(out, SCENARIO_NAME_MAX, "%s-%lld", g->name, (long long)index + 1);
}

const struct scenario_group *scenario_find_device(const struct scenario *s, const char *name, int64_t *index)
{
    char candidate[SCENARIO_NAME_MAX];
    for (size_t i = 0; i < s->group_count; i++) {
        const struct scenario_group *g = &s->group[i];
        size_t len = strlen(g->name);
        if (strncmp(name, g->name, len) != 0)
            continue;
        *index = g->count == 1 || name[len] != '-' ? 0 : strtoll(name + len + 1, NULL, 10) - 1;
        if (*index < 0 || *index >= g->count)
            continue;
        scenario_device_name(g, *index, candidate);
        if (strcmp(candidate, name) == 0)
            return g;
    }
    return NULL;
}

int64_t scenario_device_count(const struct scenario *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->group_count; i++)
        n += s->group[i].count;
    return n;
}

bool scenario_has_brainpool(const struct scenario *s)
{
    for (size_t i = 0; i < s->group_count; i++)
        if (s->group[i].brainpool)
            return true;
    return false;
}
