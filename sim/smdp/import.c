/* Administration: import of profiles with their keys. */
#include <stdio.h>
#include <string.h>

#include "aka.h"
#include "json.h"
#include "rsp_ids.h"
#include "smdp_functions.h"
#include "smdp_routes.h"

#define IMPORT_MAX 100000

static enum err take_text(const json_t *o, const char *member, char *out, size_t room)
{
    const char *text = json_str(o, member);
    if (text && strlen(text) >= room)
        return ERR_LIMIT;
    snprintf(out, room, "%s", text ? text : "");
    return ERR_OK;
}

static enum err take_key(const json_t *o, const char *member, size_t len, size_t or_len, struct secret *out)
{
    struct buf bytes = { .max = 64 };
    enum err e = json_hex(o, member, &bytes);
    if (!e)
        e = bytes.len == len || bytes.len == or_len ? secret_set(out, buf_span(&bytes)) : ERR_PARSE;
    if (bytes.at)
        memory_clear(bytes.at, bytes.len);
    buf_release(&bytes);
    return e;
}

/* K, and OPc or the OP that it is made of (TUAK: TOPc, TOP). */
static enum err take_keys(struct smdp *s, const json_t *o, bool tuak, struct smdp_subscription *sub)
{
    struct secret op = { .len = 0 };
    size_t len = tuak ? 32 : 16;
    struct aka_params p = { .algorithm = AKA_TUAK };
    enum err e = take_key(o, "k", 16, len, &sub->k);
    bool by_op = json_object_get(o, "op") != NULL;
    if (!e && by_op && json_object_get(o, "opc"))
        e = ERR_PARSE; /* which of the two is meant? */
    if (e || !by_op)
        return e ? e : take_key(o, "opc", len, len, &sub->opc);
    e = take_key(o, "op", len, len, &op);
    sub->opc.len = len;
    p.k_len = sub->k.len;
    memcpy(p.k, sub->k.at, sub->k.len);
    if (!e)
        e = tuak ? tuak_topc(&p, op.at, sub->opc.at) : milenage_opc(s->env->crypto, sub->k.at, op.at, sub->opc.at);
    memory_clear(&p, sizeof p);
    secret_release(&op);
    return e;
}

/* 4 to 8 digits each; what is not given is the default of the package. */
static enum err take_codes(const json_t *o, struct smdp_subscription *sub)
{
    static const char *const members[] = { [SMDP_PIN1] = "pin1", [SMDP_PUK1] = "puk1", [SMDP_PIN2] = "pin2",
                                           [SMDP_PUK2] = "puk2", [SMDP_ADM1] = "adm1" };
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < SMDP_CODES; i++) {
        const json_t *member = json_object_get(o, members[i]);
        e = member && !json_is_string(member) ? ERR_PARSE : take_text(o, members[i], sub->code[i], sizeof sub->code[i]);
        size_t length = strlen(sub->code[i]);
        bool unblocks = i == SMDP_PUK1 || i == SMDP_PUK2; /* an unblocking PIN has 8 digits (TS 102 221 9.5.1) */
        if (!e && member && (strspn(sub->code[i], "0123456789") != length || length < (unblocks ? 8 : 4)))
            e = ERR_PARSE;
    }
    return e;
}

static enum err read_subscription(struct smdp *s, const json_t *o, struct smdp_subscription *sub)
{
    const char *algorithm = json_str(o, "algorithm");
    bool tuak = algorithm && strcmp(algorithm, "tuak") == 0;
    if (algorithm && !tuak && strcmp(algorithm, "milenage") != 0)
        return ERR_PARSE;
    sub->algorithm = tuak ? AKA_TUAK : AKA_MILENAGE;
    enum err e = take_text(o, "imsi", sub->imsi, sizeof sub->imsi);
    if (!e && (strlen(sub->imsi) < 6 || strspn(sub->imsi, "0123456789") != strlen(sub->imsi)))
        e = ERR_PARSE;
    if (!e)
        e = take_keys(s, o, tuak, sub);
    return e ? e : take_codes(o, sub);
}

static enum err take_notifications(const json_t *o, struct smdp_profile *p)
{
    struct buf text = { .max = sizeof p->notifications - 1 };
    json_t *list = json_object_get(o, "notifications");
    enum err e = !list ? ERR_OK : json_is_array(list) ? json_write(list, &text) : ERR_PARSE;
    if (!e && text.len) {
        memcpy(p->notifications, text.at, text.len);
        p->notifications[text.len] = 0;
    }
    buf_release(&text);
    return e;
}

/* 1 to 8 octets in hex (TS 31.102 4.2.10). */
static enum err take_gid(const json_t *o, const char *member, struct smdp_gid *out)
{
    struct buf bytes = { .max = sizeof out->at };
    enum err e = json_hex(o, member, &bytes);
    if (!e && !bytes.len)
        e = ERR_PARSE;
    if (!e) {
        memcpy(out->at, bytes.at, bytes.len);
        out->len = (uint8_t)bytes.len;
    }
    buf_release(&bytes);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* A word of a list; its place is *out. */
static enum err take_word(const json_t *word, const char *const *words, size_t count, size_t *out)
{
    const char *text = json_string_value(word);
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return ERR_OK;
        }
    return ERR_PARSE;
}

static enum err take_class(const json_t *o, struct smdp_profile *p)
{
    static const char *const names[] = { [RSP_PROFILE_CLASS_TEST] = "test",
                                         [RSP_PROFILE_CLASS_PROVISIONING] = "provisioning",
                                         [RSP_PROFILE_CLASS_OPERATIONAL] = "operational" };
    const json_t *member = json_object_get(o, "profileClass");
    size_t place = RSP_PROFILE_CLASS_OPERATIONAL;
    enum err e = member ? take_word(member, names, COUNT(names), &place) : ERR_OK;
    p->profile_class = (enum rsp_profile_class)place;
    return e;
}

/* SGP.22 2.9.1: the profile policy rules, by name. */
static enum err take_policy_rules(const json_t *o, struct smdp_profile *p)
{
    static const char *const names[] = { "ppr1", "ppr2" };
    static const uint32_t bits[] = { RSP_PPR1, RSP_PPR2 };
    const json_t *list = json_object_get(o, "profilePolicyRules"), *item;
    enum err e = list && !json_is_array(list) ? ERR_PARSE : ERR_OK;
    size_t i, place = 0;
    json_array_foreach(list, i, item) {
        e = take_word(item, names, COUNT(names), &place);
        if (e)
            break;
        p->policy_rules |= bits[place];
    }
    return e;
}

/* What the metadata says beside the names. */
static enum err take_attributes(const json_t *o, struct smdp_profile *p)
{
    p->fallback_allowed = json_is_true(json_object_get(o, "fallbackAllowed"));
    p->ecall_indication = json_is_true(json_object_get(o, "ecallIndication"));
    enum err e = take_class(o, p);
    if (!e)
        e = take_policy_rules(o, p);
    if (!e)
        e = take_gid(o, "gid1", &p->gid1);
    if (!e)
        e = take_gid(o, "gid2", &p->gid2);
    /* A PPR is allowed, or not, for an owner: without one no card could judge it. Nor has a group an owner then. */
    if (!e && !p->mcc_mnc[0] && (p->policy_rules || p->gid1.len || p->gid2.len))
        e = ERR_PARSE;
    /* SGP.22 2.9.1: rules are for operational profiles. */
    if (!e && p->policy_rules && p->profile_class != RSP_PROFILE_CLASS_OPERATIONAL)
        e = ERR_PARSE;
    return e;
}

/* What cannot become a package is refused here, not when a card comes for it. */
static enum err check_metadata(const struct smdp_profile *p)
{
    struct buf metadata = { .max = 4096 };
    enum err e = smdp_build_metadata(p, &metadata);
    buf_release(&metadata);
    return e;
}

enum err smdp_profile_read(const json_t *o, struct smdp_profile *p)
{
    uint8_t iccid[RSP_ICCID_OCTETS];
    *p = (struct smdp_profile){ .state = SMDP_AVAILABLE };
    enum err e = take_text(o, "iccid", p->iccid, sizeof p->iccid);
    const struct { const char *member; char *out; size_t room; } texts[] = {
        { "operator", p->owner, sizeof p->owner }, { "profileType", p->type, sizeof p->type },
        { "serviceProviderName", p->spn, sizeof p->spn }, { "profileName", p->name, sizeof p->name },
        { "mccMnc", p->mcc_mnc, sizeof p->mcc_mnc },
        { "matchingId", p->matching_id, sizeof p->matching_id },
    };
    for (size_t i = 0; !e && i < COUNT(texts); i++)
        e = take_text(o, texts[i].member, texts[i].out, texts[i].room);
    if (!e)
        e = rsp_iccid_parse(p->iccid, iccid);
    if (!e && !rsp_matching_id_is_valid(span_str(p->matching_id)))
        e = ERR_PARSE;
    if (!e)
        e = take_attributes(o, p);
    if (!e)
        e = take_notifications(o, p);
    return e ? e : check_metadata(p);
}

enum err smdp_profile_import(struct smdp *s, struct smdp_profile *p, const struct smdp_subscription *sub, const char **why)
{
    *why = NULL;
    enum err e = smdp_check_package(s, p, sub, why);
    if (e || *why)
        return e;
    e = smdp_profile_add(s, p, sub);
    if (e)
        return e;
    e = smdp_imsi_add(s, sub->imsi, p->iccid);
    if (e == ERR_EXISTS)
        *why = "another profile has its IMSI";
    return e;
}

/* *why: what does not fit into the package of its type. */
static enum err import_one(struct smdp *s, const json_t *o, const char **why)
{
    struct smdp_profile p;
    struct smdp_subscription sub = { 0 };
    enum err e = smdp_profile_read(o, &p);
    if (!e)
        e = read_subscription(s, o, &sub);
    if (!e)
        e = smdp_profile_import(s, &p, &sub, why);
    smdp_subscription_release(&sub);
    return e;
}

static enum err refuse_row(struct http_response *p, size_t row, enum err e, const char *why)
{
    char detail[200];
    snprintf(detail, sizeof detail, "profiles[%zu]: %s; nothing was added", row,
             why               ? why
             : e == ERR_EXISTS ? "its ICCID or matchingId is here already"
                               : "a member is missing or malformed");
    return http_problem(p, e == ERR_EXISTS ? 409 : 400, "profile refused", detail);
}

enum err smdp_import_profiles(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    json_t *body = NULL, *row;
    const char *why = NULL;
    size_t i;
    enum err e = smdp_require_administrator(s, q, p);
    if (!e)
        e = smdp_read_json(q, p, &body);
    json_t *list = e ? NULL : json_object_get(body, "profiles");
    if (!e && (!json_is_array(list) || json_array_size(list) > IMPORT_MAX)) {
        json_decref(body);
        return http_problem(p, 400, "profiles is missing", "a list of at most 100000 profiles is wanted");
    }
    if (!e)
        e = db_begin(s->env->db);
    if (e) {
        json_decref(body);
        return e;
    }
    json_array_foreach(list, i, row) {
        e = import_one(s, row, &why);
        if (e || why)
            break;
    }
    size_t added = json_array_size(list);
    json_decref(body);
    if (why || e == ERR_EXISTS || e == ERR_PARSE || e == ERR_LIMIT || e == ERR_NOT_FOUND) {
        db_rollback(s->env->db);
        return refuse_row(p, i, e, why);
    }
    e = db_end(s->env->db, e);
    return e ? e : http_json(p, 200, json_pack("{s:I}", "added", (json_int_t)added));
}
