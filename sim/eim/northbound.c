/* Northbound: registration of eUICCs, and orders for them. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_ids.h"

static enum err refused(enum err e)
{
    return e ? e : ERR_REFUSED;
}

/* ERR_REFUSED after writing 403. */
static enum err require_client(const struct eim *e, const struct http_request *q, struct http_response *p)
{
    uint8_t fingerprint[32];
    enum err x = http_require_peer(q, p);
    if (!x)
        x = sha256(e->env->crypto, &q->peer, 1, fingerprint);
    for (size_t i = 0; !x && i < e->client_count; i++)
        if (memcmp(e->clients[i].fingerprint, fingerprint, sizeof fingerprint) == 0)
            return ERR_OK;
    return x ? x : refused(http_problem(p, 403, "not allowed", "this certificate is no client's of this eIM"));
}

/* --- eUICCs ------------------------------------------------------------------------------------------ */

/* The certificate must chain to a trusted CI and name the EID that is registered. */
static enum err judge_chain(struct eim *e, const struct eim_euicc *u, const struct cert *euicc, const struct cert *eum,
                            struct http_response *p)
{
    struct span ci;
    struct cert_policy policy = { .now = clock_now(e->env->clock), .warn_eid_range = e->warn_eid_range };
    enum cert_flaw flaw = cert_judge(e->trust, euicc, CERT_EUICC, &eum, 1, &policy, &ci);
    if (flaw != CERT_FINE)
        return refused(http_problem(p, 422, "certificate refused", cert_flaw_text(flaw)));
    if (strcmp(euicc->eid, u->eid) != 0)
        return refused(http_problem(p, 422, "certificate refused", "it names another EID"));
    return ERR_OK;
}

static enum err judge(struct eim *e, const struct eim_euicc *u, struct http_response *p)
{
    const struct cert *euicc = NULL, *eum = NULL;
    bool read = cert_borrow(e->env->crypto, buf_span(&u->certificate), &euicc) == ERR_OK &&
                cert_borrow(e->env->crypto, buf_span(&u->eum_certificate), &eum) == ERR_OK;
    enum err x = read ? judge_chain(e, u, euicc, eum, p)
                      : refused(http_problem(p, 400, "certificate refused", "a certificate cannot be read"));
    cert_give_back(e->env->crypto, euicc);
    cert_give_back(e->env->crypto, eum);
    return x;
}

static enum err read_euicc(const json_t *body, struct eim_euicc *u, struct http_response *p)
{
    const char *eid = json_str(body, "eid");
    if (!eid || strlen(eid) != 32 || !rsp_eid_check_digits(eid))
        return refused(http_problem(p, 400, "eid is wrong", "32 digits with valid check digits are wanted"));
    snprintf(u->eid, sizeof u->eid, "%s", eid);
    if (json_base64(body, "euiccCertificate", &u->certificate) ||
        json_base64(body, "eumCertificate", &u->eum_certificate))
        return refused(http_problem(p, 400, "certificate is missing",
                                    "euiccCertificate and eumCertificate are base64 of DER"));
    return ERR_OK;
}

static enum err add_euicc(struct eim *e, const struct eim_euicc *u, struct http_response *p)
{
    struct eim_euicc known;
    eim_euicc_init(&known);
    int status = 201;
    enum err x = eim_euicc_add(e, u);
    if (x == ERR_EXISTS) {
        x = eim_euicc_get(e, u->eid, &known);
        bool same = !x && span_equal(buf_span(&known.certificate), buf_span(&u->certificate));
        status = same ? 200 : 409;
    }
    eim_euicc_release(&known);
    if (!x && status == 409)
        return http_problem(p, 409, "registered already", "this EID is registered with another certificate");
    return x ? x : http_json(p, status, json_pack("{s:s}", "eid", u->eid));
}

enum err eim_register_euicc(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    json_t *body = NULL;
    struct eim_euicc u;
    eim_euicc_init(&u);
    enum err x = require_client(e, q, p);
    if (!x)
        x = http_read_json(q, p, &body);
    if (!x)
        x = read_euicc(body, &u, p);
    if (!x)
        x = judge(e, &u, p);
    if (!x)
        x = add_euicc(e, &u, p);
    json_decref(body);
    eim_euicc_release(&u);
    return x;
}

static enum err find_euicc(struct eim *e, const struct http_request *q, struct http_response *p, struct eim_euicc *u)
{
    enum err x = require_client(e, q, p);
    if (!x)
        x = eim_euicc_get(e, q->part[0], u);
    return x == ERR_NOT_FOUND ? refused(http_problem(p, 404, "no such eUICC", "this EID is not registered")) : x;
}

enum err eim_show_euicc(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim_euicc u;
    eim_euicc_init(&u);
    enum err x = find_euicc(actor, q, p, &u);
    json_t *json = x ? NULL : json_pack("{s:s, s:I, s:I}", "eid", u.eid, "counter", (json_int_t)u.counter,
                                        "lastContact", (json_int_t)u.last_contact);
    if (json && u.state_change_cause >= 0)
        json_object_set_new(json, "stateChangeCause", json_integer(u.state_change_cause));
    if (json && u.rplmn[0])
        json_object_set_new(json, "rPlmn", json_string(u.rplmn));
    if (json && u.profiles.len)
        json_object_set_new(json, "profiles", json_loadb((const char *)u.profiles.at, u.profiles.len, 0, NULL));
    eim_euicc_release(&u);
    return x ? x : http_json(p, 200, json);
}

/* EimConfigurationData of this eIM: its name, where it is polled, its key (SGP.32 v1.2 2.4.1). */
static enum err put_configuration(struct eim *e, struct buf *list)
{
    struct buf spki = { .max = 256 };
    enum err x = rsp_put_spki_contents(e->curve == EC_P256 ? rsp_oid_p256() : rsp_oid_brainpool_p256r1(),
                                       SPAN_ARRAY(e->certificate->key.at), &spki);
    const struct rsp_eim_configuration configuration = {
        .eim_id = span_str(e->eim_id),
        .eim_fqdn = span_str(e->fqdn),
        .eim_id_type = { true, RSP_EIM_ID_FQDN },
        .counter = { true, 0 },
        .has_public_key_data = true,
        .public_key_data = { .which = RSP_KEY_DATA_PUBLIC_KEY, .public_key = buf_span(&spki) },
        .supported_protocol = { true, RSP_EIM_RETRIEVE_HTTPS },
    };
    if (!x)
        x = rsp_eim_configuration_write(&configuration, list);
    buf_release(&spki);
    return x;
}

/* What a device's provisioning writes into an eUICC without an eIM. */
static enum err put_initial_eim(struct eim *e, struct buf *out)
{
    struct buf list = { .max = 1024 };
    enum err x = put_configuration(e, &list);
    const struct rsp_add_initial_eim_request request = { .list = buf_span(&list) };
    if (!x)
        x = rsp_add_initial_eim_request_write(&request, out);
    buf_release(&list);
    return x;
}

enum err eim_show_initial_eim(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_euicc u;
    struct buf request = { .max = 2048 };
    eim_euicc_init(&u);
    enum err x = find_euicc(e, q, p, &u);
    if (!x)
        x = put_initial_eim(e, &request);
    json_t *json = x ? NULL : json_object();
    if (!x)
        x = json ? json_set_base64(json, "addInitialEimRequest", buf_span(&request)) : ERR_NOMEM;
    buf_release(&request);
    eim_euicc_release(&u);
    if (x) {
        json_decref(json);
        return x;
    }
    return http_json(p, 200, json);
}

/* What another eIM needs to hand an eUICC over to this one (eCO addEim). */
enum err eim_show_configuration(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct buf bytes = { .max = 1024 };
    enum err x = require_client(e, q, p);
    if (!x)
        x = put_configuration(e, &bytes);
    json_t *json = x ? NULL : json_object();
    if (!x)
        x = json ? json_set_base64(json, "eimConfiguration", buf_span(&bytes)) : ERR_NOMEM;
    buf_release(&bytes);
    if (x) {
        json_decref(json);
        return x;
    }
    return http_json(p, 200, json);
}

/* PATCH {associationToken}: the eUICC gave it when another eIM added this one; it travels out of band. */
enum err eim_set_token(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    json_t *body = NULL;
    int64_t token = 0;
    enum err x = require_client(e, q, p);
    if (!x)
        x = http_read_json(q, p, &body);
    if (!x && (json_int(body, "associationToken", &token) || token < 0))
        x = refused(http_problem(p, 400, "associationToken is wrong", "a number from 0 on is wanted"));
    if (!x)
        x = eim_euicc_set_token(e, q->part[0], token);
    json_decref(body);
    if (x == ERR_NOT_FOUND)
        return http_problem(p, 404, "no such eUICC", "this EID is not registered");
    return x ? x : http_text(p, 204, "", (struct span){ 0 });
}

/* --- orders ------------------------------------------------------------------------------------------ */

static enum err answer_order(struct eim *e, int status, const struct eim_order *o, struct http_response *p)
{
    return http_json(p, status, eim_order_json(e, o));
}

static bool take_text(const json_t *body, const char *member, char *out, size_t room)
{
    const char *text = json_str(body, member);
    snprintf(out, room, "%s", text ? text : "");
    return text && text[0] && strlen(text) < room;
}

static enum err read_download(const json_t *body, struct eim_order *o, struct http_response *p)
{
    struct rsp_activation_code parsed;
    const char *code = json_str(body, "activationCode");
    if (!code || rsp_activation_code_parse(span_str(code), &parsed))
        return refused(http_problem(p, 400, "activationCode is wrong", "1$address$matchingId is wanted"));
    return buf_put(&o->activation_code, span_str(code));
}

/* Tries the command out, so that what cannot be made is refused when it is ordered. */
static enum err check_parameters(const struct eim_order *o, struct http_response *p)
{
    struct buf list = { .max = 4096 }, text = { .max = 8 << 10 };
    struct rsp_euicc_package package;
    enum err x = !o->parameters                  ? ERR_OK
                 : json_is_object(o->parameters) ? json_write(o->parameters, &text)
                                                 : ERR_PARSE;
    if (!x)
        x = eim_order_is_package(o->kind) ? eim_order_put_commands(o, &package, &list) : eim_order_put_tags(o, &list);
    buf_release(&text);
    buf_release(&list);
    return x == ERR_PARSE || x == ERR_LIMIT || x == ERR_STATE
               ? refused(http_problem(p, 400, "parameters are wrong", "see the table of kinds for what this one takes"))
               : x;
}

static enum err read_order(struct eim *e, const json_t *body, struct eim_order *o, struct http_response *p)
{
    uint8_t iccid[RSP_ICCID_OCTETS];
    int kind = eim_order_kind_of(json_str(body, "kind"));
    if (kind < 0)
        return refused(http_problem(p, 400, "kind is wrong",
                                    "download, enable, disable, delete, setFallback, unsetFallback, list, getRat, "
                                    "configureImmediateEnable, setDefaultDpAddress, addEim, updateEim, deleteEim, "
                                    "listEim or data is wanted"));
    if (!take_text(body, "reference", o->reference, sizeof o->reference))
        return refused(http_problem(p, 400, "reference is missing",
                                    "1 to 128 characters; the same reference is the same order"));
    o->kind = (enum eim_order_kind)kind;
    o->created = clock_now(e->env->clock);
    o->rollback = json_is_true(json_object_get(body, "rollback"));
    const char *callback = json_str(body, "callback");
    if (callback && (!take_text(body, "callback", o->callback, sizeof o->callback) ||
                     strncmp(callback, "https://", 8) != 0))
        return refused(http_problem(p, 400, "callback is wrong", "an https URL of at most 512 characters is wanted"));
    const char *until = json_str(body, "validUntil");
    if (until && clock_parse_iso8601(span_str(until), &o->valid_until))
        return refused(http_problem(p, 400, "validUntil is wrong", "a time like 2026-01-31T12:00:00Z is wanted"));
    if (o->kind == EIM_ORDER_DOWNLOAD)
        return read_download(body, o, p);
    o->parameters = json_deep_copy(json_object_get(body, "parameters"));
    if (eim_order_needs_iccid(o->kind) &&
        (!take_text(body, "iccid", o->iccid, sizeof o->iccid) || rsp_iccid_parse(o->iccid, iccid)))
        return refused(http_problem(p, 400, "iccid is wrong", "19 or 20 digits are wanted"));
    return check_parameters(o, p);
}

/* Its activation code is forgotten when it ends, so it cannot be compared for ever. */
static bool same_order(const struct eim_order *a, const struct eim_order *b)
{
    return strcmp(a->eid, b->eid) == 0 && a->kind == b->kind && strcmp(a->iccid, b->iccid) == 0 &&
           a->rollback == b->rollback && json_equal(a->parameters, b->parameters) == (a->parameters != NULL) &&
           !a->parameters == !b->parameters &&
           (!a->activation_code.len || span_equal(buf_span(&a->activation_code), buf_span(&b->activation_code)));
}

enum err eim_add_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_euicc u;
    struct eim_order o, known;
    json_t *body = NULL;
    eim_euicc_init(&u);
    eim_order_init(&o);
    eim_order_init(&known);
    enum err x = find_euicc(e, q, p, &u);
    if (!x)
        x = http_read_json(q, p, &body);
    if (!x)
        x = read_order(e, body, &o, p);
    snprintf(o.eid, sizeof o.eid, "%s", u.eid);
    if (!x)
        x = rng_uuid(e->env->rng, o.id);
    if (!x)
        x = eim_order_add(e, &o);
    if (x == ERR_EXISTS) {
        x = eim_order_by_reference(e, o.reference, &known);
        if (!x)
            x = same_order(&known, &o)
                    ? answer_order(e, 200, &known, p)
                    : http_problem(p, 409, "reference in use", "another order has this reference");
    } else if (!x)
        x = answer_order(e, 202, &o, p);
    json_decref(body);
    eim_euicc_release(&u);
    eim_order_release(&o);
    eim_order_release(&known);
    return x;
}

static enum err no_such_order(struct http_response *p)
{
    return refused(http_problem(p, 404, "no such order", "no order has this id or reference"));
}

enum err eim_show_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_order o;
    eim_order_init(&o);
    enum err x = require_client(e, q, p);
    if (!x)
        x = eim_order_get(e, q->part[0], &o);
    if (!x)
        x = answer_order(e, 200, &o, p);
    else if (x == ERR_NOT_FOUND)
        x = no_such_order(p);
    eim_order_release(&o);
    return x;
}

enum err eim_find_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_order o;
    struct buf reference = { .max = 256 };
    eim_order_init(&o);
    enum err x = require_client(e, q, p);
    if (!x)
        x = http_query(q, "reference", &reference);
    if (!x)
        x = eim_order_by_reference(e, buf_cstr(&reference), &o);
    if (!x)
        x = answer_order(e, 200, &o, p);
    else if (x == ERR_NOT_FOUND)
        x = no_such_order(p);
    buf_release(&reference);
    eim_order_release(&o);
    return x;
}

enum err eim_cancel_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_order o;
    eim_order_init(&o);
    enum err x = require_client(e, q, p);
    if (!x)
        x = db_begin(e->env->db);
    if (x) {
        eim_order_release(&o);
        return x;
    }
    x = eim_order_get(e, q->part[0], &o);
    bool queued = !x && o.state == EIM_QUEUED;
    if (queued) {
        o.state = EIM_CANCELLED;
        x = eim_order_update(e, &o);
    }
    x = db_end(e->env->db, x);
    if (x == ERR_NOT_FOUND)
        x = no_such_order(p);
    else if (!x)
        x = queued || o.state == EIM_CANCELLED
                ? answer_order(e, 200, &o, p)
                : http_problem(p, 409, "too late", "the order was sent or is over");
    eim_order_release(&o);
    return x;
}
