/* Northbound: eUICCs are registered, one or many at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_eim_configuration.h"
#include "rsp_ids.h"

static const struct json_member euicc_members[] = {
    { "eid", JSON_IS_TEXT },          { "euiccCertificate", JSON_IS_TEXT }, { "eumCertificate", JSON_IS_TEXT },
    { "associationToken", JSON_IS_NUMBER }, { "counter", JSON_IS_NUMBER },  { "callback", JSON_IS_TEXT },
    { "signingTrust", JSON_IS_TEXT }, { "tlsTrust", JSON_IS_OBJECT },       { NULL, 0 },
};
static const struct json_member tls_members[] = { { "certificate", JSON_IS_TEXT }, { "publicKey", JSON_IS_TEXT }, { NULL, 0 } };

/* False: it was said why not. */
static bool has_known_members(const json_t *object, const char *what, const struct json_member *known, struct eim_verdict *v)
{
    char why[JSON_WHY_MAX];
    enum err x = json_only(object, what, known, why);
    if (!x)
        return true;
    v->kept = strdup(why);
    eim_say(v, 400, x == ERR_NOT_FOUND ? "unknown member" : "wrong type", v->kept);
    return false;
}

static void read_certificates(const json_t *item, struct eim_euicc *u, struct eim_verdict *v)
{
    enum err euicc = json_base64(item, "euiccCertificate", &u->certificate);
    enum err eum = json_base64(item, "eumCertificate", &u->eum_certificate);
    bool none = euicc == ERR_NOT_FOUND && eum == ERR_NOT_FOUND;
    if (!none && (euicc || eum || !u->certificate.len || !u->eum_certificate.len))
        eim_say(v, 400, "certificate is missing", "euiccCertificate and eumCertificate are base64 of DER, both or none");
}

static void read_number(const json_t *item, const char *member, int64_t max, int64_t *out, struct eim_verdict *v)
{
    enum err x = json_int(item, member, out);
    if ((x && x != ERR_NOT_FOUND) || (!x && (*out < 0 || *out > max)))
        eim_say(v, 400, "a number is wrong", "associationToken is from 0 on, counter 0 to 8388607");
}

static void read_euicc(const json_t *item, struct eim_euicc *u, struct eim_verdict *v)
{
    const char *eid = json_str(item, "eid");
    if (!json_is_object(item)) {
        eim_say(v, 400, "an eUICC is wrong", "an object with eid is wanted");
        return;
    }
    if (!has_known_members(item, "an eUICC", euicc_members, v) ||
        !has_known_members(json_object_get(item, "tlsTrust"), "tlsTrust", tls_members, v))
        return;
    if (!eid || strlen(eid) != 32 || !rsp_eid_check_digits(eid)) {
        eim_say(v, 400, "eid is wrong", "32 digits with valid check digits are wanted");
        return;
    }
    snprintf(u->eid, sizeof u->eid, "%s", eid);
    read_number(item, "associationToken", INT64_MAX, &u->token, v);
    read_number(item, "counter", RSP_COUNTER_MAX, &u->counter, v);
    read_certificates(item, u, v);
    if (!eim_read_callback(item, u->callback))
        eim_say(v, 400, "callback is wrong", EIM_URL_WANTED);
}

static void read_trust(struct eim *e, const json_t *item, struct eim_euicc *u, struct eim_verdict *v)
{
    if (eim_trust_read(e, item, &u->trust))
        eim_say(v, 400, "a trust is wrong",
            "signingTrust is publicKey or certificate; tlsTrust is {certificate} or {publicKey}, base64 of DER");
}

static void judge(struct eim *e, const struct eim_euicc *u, struct eim_verdict *v)
{
    const char *why = NULL;
    if (!u->certificate.len)
        return;
    enum err x = eim_judge_certificates(e, u, &why);
    if (x)
        eim_say(v, x == ERR_VERIFY ? 422 : 400, "certificate refused", why);
}

/* What may be told later, or anew. The counter never goes back. */
static enum err add_later(struct eim *e, const struct eim_euicc *u)
{
    enum err x = u->token >= 0 ? eim_euicc_set_token(e, u->eid, u->token) : ERR_OK;
    if (!x && u->counter)
        x = eim_euicc_raise_counter(e, u->eid, u->counter);
    if (!x && u->callback[0])
        x = eim_euicc_set_callback(e, u->eid, u->callback);
    if (!x && u->certificate.len)
        x = eim_trouble_end(e, u->eid);
    if (!x)
        x = eim_come_back(e, u->eid);
    return x ? x : eim_trust_keep(e, u->eid, &u->trust);
}

/* It was registered before: the same, or with certificates that were not known yet. */
static enum err add_again(struct eim *e, const struct eim_euicc *u, struct eim_verdict *v)
{
    struct eim_euicc known;
    eim_euicc_init(&known);
    enum err x = eim_euicc_get(e, u->eid, &known);
    bool foreign = !x && strcmp(known.tenant, u->tenant) != 0;
    bool new = !x && u->certificate.len && !known.certificate.len;
    if (foreign) {
        eim_say(v, 409, "registered already", "this EID is registered already");
        LOG(e->env->log, LOG_WARN, "tenant.refused", F_TEXT("tenant", u->tenant), F_TEXT("eid", u->eid));
    } else if (new) {
        x = eim_euicc_set_certificates(e, u);
    } else if (!x && u->certificate.len) {
        x = eim_chain_add(e, u);
        if (x == ERR_EXISTS)
            eim_say(v, 409, "registered already", "this EID is registered with another certificate under the same CI");
        x = x == ERR_EXISTS ? ERR_OK : x;
    }
    eim_euicc_release(&known);
    return x || v->status != 200 ? x : add_later(e, u);
}

/* Inside a transaction. */
static enum err add_euicc(struct eim *e, const struct eim_euicc *u, struct eim_verdict *v)
{
    eim_say(v, 201, NULL, NULL);
    enum err x = eim_euicc_add(e, u);
    if (x != ERR_EXISTS)
        return x;
    eim_say(v, 200, NULL, NULL);
    return add_again(e, u, v);
}

static enum err add_all(struct eim *e, const struct eim_euicc *u, struct eim_verdict *v, size_t count)
{
    enum err x = ERR_OK;
    for (size_t i = 0; !x && i < count; i++)
        if (!v[i].status)
            x = add_euicc(e, &u[i], &v[i]);
    return x;
}

/* Of an import, how many it was; what was refused changed nothing. */
static enum err audit_import(struct eim *e, const struct eim_caller *who, const struct eim_euicc *u, const struct eim_verdict *v,
                             size_t count)
{
    char detail[100];
    size_t registered = 0, known = 0;
    for (size_t i = 0; i < count; i++) {
        registered += v[i].status == 201;
        known += v[i].status == 200;
    }
    snprintf(detail, sizeof detail, "%zu registered, %zu known, %zu refused", registered, known, count - registered - known);
    return eim_audit(e, who, "euicc.import", u[0].eid, 200, detail);
}

static enum err add_one(struct eim *e, const struct eim_caller *who, const struct eim_euicc *u, struct eim_verdict *v)
{
    enum err x = db_begin(e->env->db);
    if (x)
        return x;
    x = add_all(e, u, v, 1);
    if (!x && !v->title)
        x = eim_audit(e, who, "euicc.register", u->eid, v->status, NULL);
    return db_end(e->env->db, x);
}

static enum err add_many(struct eim *e, const struct eim_caller *who, const struct eim_euicc *u, struct eim_verdict *v, size_t count)
{
    enum err x = db_begin(e->env->db);
    if (x)
        return x;
    x = add_all(e, u, v, count);
    if (!x)
        x = audit_import(e, who, u, v, count);
    return db_end(e->env->db, x);
}

enum err eim_register_euicc(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    json_t *body = NULL;
    struct eim_euicc u;
    struct eim_verdict v = { 0 };
    struct eim_caller who;
    eim_euicc_init(&u);
    enum err x = eim_authorize(e, q, p, EIM_REGISTER, &who);
    if (!x)
        x = http_read_json(q, p, &body);
    if (!x) {
        snprintf(u.tenant, sizeof u.tenant, "%s", who.tenant);
        read_euicc(body, &u, &v);
        if (!v.status)
            read_trust(e, body, &u, &v);
        if (!v.status)
            judge(e, &u, &v);
        x = add_one(e, &who, &u, &v);
    }
    if (!x)
        x = v.title ? http_problem(p, v.status, v.title, v.detail)
                    : http_json(p, v.status, json_pack("{s:s}", "eid", u.eid));
    free(v.kept);
    json_decref(body);
    eim_euicc_release(&u);
    return x;
}

/* --- many at a time ---------------------------------------------------------------------------------- */

static json_t *verdict_json(const json_t *item, const struct eim_verdict *v)
{
    const char *eid = json_str(item, "eid");
    return json_pack("{s:s*, s:i, s:s*, s:s*}", "eid", eid, "status", v->status, "title", v->title, "detail", v->detail);
}

static enum err answer_import(const json_t *items, const struct eim_verdict *v, struct http_response *p)
{
    json_t *results = json_array(), *item;
    size_t i, registered = 0, known = 0;
    enum err x = results ? ERR_OK : ERR_NOMEM;
    json_array_foreach(items, i, item) {
        registered += v[i].status == 201;
        known += v[i].status == 200;
        if (!x)
            x = json_array_append_new(results, verdict_json(item, &v[i])) ? ERR_NOMEM : ERR_OK;
    }
    size_t refused = json_array_size(items) - registered - known;
    json_t *whole = x ? NULL : json_pack("{s:I, s:I, s:I, s:O}", "registered", (json_int_t)registered, "known",
                                         (json_int_t)known, "refused", (json_int_t)refused, "results", results);
    json_decref(results);
    return x ? x : http_json(p, 200, whole);
}

/* The certificates are judged before the transaction begins, so that it is short. */
static enum err import(struct eim *e, const struct eim_caller *who, const json_t *items, struct eim_euicc *u, struct eim_verdict *v)
{
    json_t *item;
    size_t i;
    json_array_foreach(items, i, item) {
        eim_euicc_init(&u[i]);
        snprintf(u[i].tenant, sizeof u[i].tenant, "%s", who->tenant);
        read_euicc(item, &u[i], &v[i]);
        if (!v[i].status)
            read_trust(e, item, &u[i], &v[i]);
        if (!v[i].status)
            judge(e, &u[i], &v[i]);
    }
    return add_many(e, who, u, v, json_array_size(items));
}

enum err eim_import_euiccs(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    json_t *body = NULL;
    struct eim_caller who;
    static const struct json_member members[] = { { "euiccs", JSON_IS_LIST }, { NULL, 0 } };
    enum err x = eim_begin(e, q, p, EIM_REGISTER, "an import", members, &who, &body);
    const json_t *items = json_object_get(body, "euiccs");
    size_t count = json_array_size(items);
    if (!x && (count < 1 || count > EIM_IMPORT_MAX))
        x = eim_problem(p, 400, "euiccs is wrong", "a list of 1 to 10000 eUICCs is wanted");
    struct eim_euicc *u = x ? NULL : calloc(count, sizeof *u);
    struct eim_verdict *v = x ? NULL : calloc(count, sizeof *v);
    if (!x)
        x = u && v ? import(e, &who, items, u, v) : ERR_NOMEM;
    if (!x)
        x = answer_import(items, v, p);
    for (size_t i = 0; u && v && i < count; i++) {
        eim_euicc_release(&u[i]);
        free(v[i].kept);
    }
    free(u);
    free(v);
    json_decref(body);
    return x;
}
