/* Profile types that are made from a package file: any unprotected package, sealed at rest, since it may hold keys of its
 * owner; personalised when a profile of the type is bound. A type never changes while there are profiles of it. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "saip.h"
#include "smdp_functions.h"
#include "seal.h"
#include "smdp_routes.h"

/* --- at rest -------------------------------------------------------------------------------------- */

static void name_of(const char *owner, const char *type, char out[160])
{
    snprintf(out, 160, "profile type\n%s\n%s", owner, type);
}

static enum err get_package(struct smdp *s, const char *owner, const char *type, struct buf *out)
{
    struct buf sealed = { .max = SAIP_UPP_MAX + 64 };
    char name[160];
    name_of(owner, type, name);
    enum err e = db_get(s->env->db, "SELECT package FROM profile_type WHERE owner = ? AND name = ?",
                        DB_ARGS(DB_TEXT(owner), DB_TEXT(type)), &sealed);
    if (!e)
        e = unseal(s->env->crypto, secret_span(&s->storage_key), span_str(name), buf_span(&sealed), out);
    buf_release(&sealed);
    return e && e != ERR_NOT_FOUND ? log_fail(s->env->log, e, "storage", "a profile type does not open") : e;
}

static enum err put_package(struct smdp *s, const struct smdp_profile_type *t)
{
    struct buf sealed = { .max = SAIP_UPP_MAX + 64 };
    char name[160];
    name_of(t->owner, t->name, name);
    enum err e = seal(s->env->crypto, s->env->rng, secret_span(&s->storage_key), span_str(name), t->package, &sealed);
    if (!e)
        e = db_run(s->env->db, "INSERT INTO profile_type (owner, name, at, size, package) VALUES (?,?,?,?,?)",
                   DB_ARGS(DB_TEXT(t->owner), DB_TEXT(t->name), DB_INT(clock_now(s->env->clock)),
                           DB_INT((int64_t)t->package.len), DB_BLOB(buf_span(&sealed))),
                   NULL);
    buf_release(&sealed);
    return e;
}

/* --- making packages ------------------------------------------------------------------------------ */

static const char *given(const char *code)
{
    return code[0] ? code : NULL;
}

static enum err describe(const struct smdp_profile *p, const struct smdp_subscription *sub, struct aka_params *aka,
                         struct saip_subscription *out)
{
    *aka = (struct aka_params){ .algorithm = sub->algorithm == AKA_TUAK ? AKA_TUAK : AKA_MILENAGE, .k_len = sub->k.len,
                                .res_len = 8 };
    memcpy(aka->k, sub->k.at, sub->k.len < sizeof aka->k ? sub->k.len : sizeof aka->k);
    memcpy(aka->opc, sub->opc.at, sub->opc.len < sizeof aka->opc ? sub->opc.len : sizeof aka->opc);
    *out = (struct saip_subscription){
        .imsi = sub->imsi,
        .mnc_length = p->mcc_mnc[0] ? (unsigned)strlen(p->mcc_mnc) - 3 : 0,
        .spn = p->spn[0] && strlen(p->spn) <= 16 ? p->spn : NULL,
        .pin1 = given(sub->code[SMDP_PIN1]),
        .puk1 = given(sub->code[SMDP_PUK1]),
        .pin2 = given(sub->code[SMDP_PIN2]),
        .puk2 = given(sub->code[SMDP_PUK2]),
        .adm1 = given(sub->code[SMDP_ADM1]),
        .aka = aka,
    };
    return saip_iccid_parse(p->iccid, out->iccid);
}

static enum err build(struct smdp *s, const struct smdp_profile *p, const struct smdp_subscription *sub, struct buf *upp,
                      struct saip_fault *fault)
{
    struct aka_params aka;
    struct saip_subscription subscription;
    struct buf package = { .max = SAIP_UPP_MAX };
    enum err e = describe(p, sub, &aka, &subscription);
    if (!e)
        e = get_package(s, p->owner, p->type, &package);
    if (e == ERR_NOT_FOUND)
        e = saip_minimal_usim(&subscription, upp);
    else if (!e)
        e = saip_personalise(buf_span(&package), &subscription, upp, fault);
    memory_clear(&aka, sizeof aka);
    if (package.at)
        memory_clear(package.at, package.len);
    buf_release(&package);
    return e;
}

enum err smdp_build_upp(struct smdp *s, const struct smdp_profile *p, const struct smdp_subscription *sub, struct buf *upp)
{
    return build(s, p, sub, upp, NULL);
}

/* A type that others have, and this operator has not, is as unknown to it as a profile of theirs. */
static enum err is_foreign(struct smdp *s, const struct smdp_profile *p, bool *foreign)
{
    int64_t owned = 0;
    enum err e = db_get_int(s->env->db, "SELECT owner = ? FROM profile_type WHERE name = ? ORDER BY owner = ? DESC LIMIT 1",
                            DB_ARGS(DB_TEXT(p->owner), DB_TEXT(p->type), DB_TEXT(p->owner)), &owned);
    *foreign = !e && !owned;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* UICCCapability (SGP.22 4.3) of the application, and of the algorithm that the profile authenticates with. */
static uint32_t capability(const struct smdp_subscription *sub)
{
    if (sub->algorithm != AKA_TUAK)
        return RSP_UICC_USIM | RSP_UICC_AKA_MILENAGE;
    return RSP_UICC_USIM | (sub->k.len == 32 ? RSP_UICC_AKA_TUAK256 : RSP_UICC_AKA_TUAK128);
}

enum err smdp_check_package(struct smdp *s, struct smdp_profile *p, const struct smdp_subscription *sub, const char **why)
{
    struct buf upp = { .max = SAIP_UPP_MAX };
    struct saip_fault fault = { .why = "the package cannot be made" };
    bool foreign = false;
    *why = NULL;
    enum err e = is_foreign(s, p, &foreign);
    if (e || foreign) {
        *why = foreign ? "no such profile type of this operator" : NULL;
        return e;
    }
    e = build(s, p, sub, &upp, &fault);
    if (e == ERR_PARSE || e == ERR_LIMIT)
        *why = fault.why;
    p->size = upp.len;
    p->uicc_capability = capability(sub);
    if (upp.at)
        memory_clear(upp.at, upp.len);
    buf_release(&upp);
    return *why ? ERR_OK : e;
}

/* --- a new type ----------------------------------------------------------------------------------- */

/* The package is read whole, and tried on somebody with the least that a profile has. */
static enum err check_type(struct span package, struct saip_fault *fault)
{
    static const struct aka_params aka = { .algorithm = AKA_MILENAGE, .k_len = 16 };
    const struct saip_subscription somebody = { .imsi = "001010123456789", .aka = &aka };
    struct saip_package *p = NULL;
    struct buf upp = { .max = SAIP_UPP_MAX };
    enum err e = saip_read(package, &p, fault);
    saip_free(p);
    if (!e)
        e = saip_personalise(package, &somebody, &upp, fault);
    buf_release(&upp);
    return e;
}

/* ERR_EXISTS: another package has this name, or profiles were made without one. */
static enum err add_type(struct smdp *s, const struct smdp_profile_type *t)
{
    int64_t any = 0;
    enum err e = db_begin(s->env->db);
    if (e)
        return e;
    e = db_get_int(s->env->db, "SELECT 1 FROM profile WHERE " SMDP_ANY_STATE " AND owner = ? AND type = ? LIMIT 1",
                   DB_ARGS(DB_TEXT(t->owner), DB_TEXT(t->name)), &any);
    e = e == ERR_NOT_FOUND ? put_package(s, t) : e ? e : ERR_EXISTS;
    return db_end(s->env->db, e);
}

/* The same as before is no change; a profile type of the settings may change while there are no profiles of it. */
enum err smdp_profile_type_settle(struct smdp *s, const struct smdp_profile_type *t)
{
    struct saip_fault fault;
    struct buf before = { .max = SAIP_UPP_MAX };
    if (!smdp_client_named(s, t->owner))
        return log_fail(s->env->log, ERR_CONFIG, "profile-types", "the operator of a type is no client");
    enum err e = check_type(t->package, &fault);
    if (e == ERR_PARSE)
        return log_fail(s->env->log, ERR_CONFIG, "profile-types", fault.why);
    if (!e)
        e = get_package(s, t->owner, t->name, &before);
    bool same = !e && span_equal(buf_span(&before), t->package);
    if (!e && !same)
        e = db_run(s->env->db,
                   "DELETE FROM profile_type WHERE owner = ? AND name = ? AND NOT EXISTS"
                   " (SELECT 1 FROM profile WHERE " SMDP_ANY_STATE " AND owner = ? AND type = ?)",
                   DB_ARGS(DB_TEXT(t->owner), DB_TEXT(t->name), DB_TEXT(t->owner), DB_TEXT(t->name)), NULL);
    buf_release(&before);
    if ((e && e != ERR_NOT_FOUND) || same)
        return e;
    e = add_type(s, t);
    return e == ERR_EXISTS ? log_fail(s->env->log, ERR_CONFIG, "profile-types",
                                      "a type of which there are profiles cannot get another package")
                           : e;
}

static enum err refuse(struct http_response *p, int status, const char *detail)
{
    return smdp_refuse(p, status, "profile type refused", detail);
}

static enum err refuse_package(struct http_response *p, const struct saip_fault *fault)
{
    char detail[200];
    if (fault->identification < 0)
        return refuse(p, 400, fault->why);
    snprintf(detail, sizeof detail, "profile element %d: %s", fault->identification, fault->why);
    return refuse(p, 400, detail);
}

static enum err read_type(struct smdp *s, const json_t *body, struct http_response *p, struct buf *package,
                          struct smdp_profile_type *t)
{
    struct saip_fault fault = { .identification = -1, .why = "" };
    const char *owner = json_str(body, "operator"), *name = json_str(body, "name");
    enum err e = json_base64(body, "package", package);
    *t = (struct smdp_profile_type){ name, owner, buf_span(package) };
    if (e == ERR_NOMEM)
        return e;
    if (e)
        return refuse(p, 400, e == ERR_LIMIT ? "package: larger than 256 KiB" : "package: base64 of a package is wanted");
    if (!name || !name[0] || strlen(name) > 64)
        return refuse(p, 400, "name: 1 to 64 characters are wanted");
    if (!owner || !smdp_client_named(s, owner))
        return refuse(p, 400, "operator: no client of this SM-DP+ has this name");
    e = check_type(t->package, &fault);
    return e == ERR_PARSE || e == ERR_LIMIT ? refuse_package(p, &fault) : e;
}

enum err smdp_add_profile_type(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct smdp_profile_type t;
    struct buf package = { .max = SAIP_UPP_MAX };
    json_t *body = NULL;
    enum err e = smdp_require_administrator(s, q, p);
    if (!e)
        e = smdp_read_json(q, p, &body);
    if (!e)
        e = read_type(s, body, p, &package, &t);
    if (!e)
        e = add_type(s, &t);
    if (e == ERR_EXISTS)
        e = refuse(p, 409, "this operator has a type of this name, or profiles of it, already");
    if (!e)
        e = http_json(p, 200, json_pack("{s:s, s:s, s:I}", "name", t.name, "operator", t.owner, "size",
                                        (json_int_t)t.package.len));
    if (package.at)
        memory_clear(package.at, package.len);
    buf_release(&package);
    json_decref(body);
    return e;
}

static enum err put_type(void *context, const struct db_row *r)
{
    json_t *type = json_pack("{s:s, s:s, s:I, s:I}", "name", db_text(r, 0), "operator", db_text(r, 1), "size",
                             (json_int_t)db_int(r, 2), "at", (json_int_t)db_int(r, 3));
    return json_array_append_new(context, type) ? ERR_NOMEM : ERR_OK;
}

#define TYPE_COLUMNS "SELECT name, owner, size, at FROM profile_type "
#define TYPES_SHOWN 1000

enum err smdp_list_profile_types(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    const char *owner = NULL;
    enum err e = smdp_require_viewer(s, q, p, &owner);
    json_t *types = e ? NULL : json_array();
    if (!e && owner)
        e = db_query(s->env->db, TYPE_COLUMNS "WHERE owner = ? ORDER BY name LIMIT ?",
                     DB_ARGS(DB_TEXT(owner), DB_INT(TYPES_SHOWN)), put_type, types);
    else if (!e)
        e = db_query(s->env->db, TYPE_COLUMNS "ORDER BY owner, name LIMIT ?", DB_ARGS(DB_INT(TYPES_SHOWN)), put_type, types);
    if (e && e != ERR_NOT_FOUND) {
        json_decref(types);
        return e;
    }
    return http_json(p, 200, json_pack("{s:o}", "profileTypes", types));
}
