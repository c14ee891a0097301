/* Administration: a batch of profiles in one call. Keys are made here, from the random source, and never shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aka.h"
#include "json.h"
#include "smdp_functions.h"
#include "smdp_routes.h"

#define BATCH_MAX 100000
/* Digits that tell whose the number is: an issuer identification number has up to 7 (ITU-T E.118), MCC and MNC 5 or 6. */
#define ISSUER_DIGITS 7

/* Numbers in a row. */
struct range {
    char first[21];
    size_t kept, width; /* digits of the issuer, then those that count */
    int64_t at;         /* what these say in the first number */
    bool checked;       /* a check digit follows (ITU-T E.118, Luhn) */
};
struct batch {
    struct smdp_profile profile; /* what all have in common */
    struct range iccid, imsi;
    int64_t count;
    int algorithm;
    bool codes;         /* PUKs and ADM are made too */
};

/* --- numbers in a row ------------------------------------------------------------------------------ */

static char check_digit(const char *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0') * (i % 2 ? 1 : 2);
        sum += digit / 10 + digit % 10;
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

/* out has room for 21. */
static void range_number(const struct range *r, int64_t nth, char *out)
{
    snprintf(out, 21, "%.*s%0*lld", (int)r->kept, r->first, (int)r->width, (long long)(r->at + nth));
    if (r->checked)
        snprintf(out + r->kept + r->width, 2, "%c", check_digit(out, r->kept + r->width));
}

/* NULL, or what is wrong with it. first: 6 to 20 digits, of which `kept` are the issuer's. */
static const char *range_start(struct range *r, const char *first, bool checked, int64_t count, size_t kept)
{
    char again[21];
    int64_t room = 1;
    *r = (struct range){ .kept = kept, .width = strlen(first) - kept - checked, .checked = checked };
    snprintf(r->first, sizeof r->first, "%s", first);
    for (size_t i = 0; i < r->width; i++) {
        r->at = 10 * r->at + (first[kept + i] - '0');
        room *= 10;
    }
    if (!r->width)
        return "there are no digits behind those of the issuer";
    range_number(r, 0, again);
    if (strcmp(again, first) != 0)
        return "its check digit is wrong";
    return count > room - r->at ? "so many do not fit behind the digits of the issuer" : NULL;
}

/* --- reading ---------------------------------------------------------------------------------------- */

static enum err refuse(struct http_response *p, int status, const char *member, const char *why)
{
    char detail[200];
    snprintf(detail, sizeof detail, "%s: %s; nothing was added", member, why);
    return smdp_refuse(p, status, "batch refused", detail);
}

/* What each profile has for itself is not for the batch to say. */
static const char *forbidden_member(const json_t *o)
{
    static const char *const members[] = { "iccid", "imsi", "k", "opc", "op", "matchingId", "pin1", "puk1",
                                           "pin2", "puk2", "adm1", "profiles" };
    for (size_t i = 0; i < COUNT(members); i++)
        if (json_object_get(o, members[i]))
            return members[i];
    return NULL;
}

static enum err read_flag(const json_t *o, const char *member, bool otherwise, bool *out)
{
    *out = otherwise;
    enum err e = json_bool(o, member, out);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err read_ranges(const json_t *o, struct http_response *p, struct batch *b)
{
    const char *iccid = json_str(o, "firstIccid"), *imsi = json_str(o, "firstImsi");
    bool checked = true;
    if (read_flag(o, "checkDigit", true, &checked))
        return refuse(p, 400, "checkDigit", "true or false is wanted");
    if (!iccid || strlen(iccid) < 18 || strlen(iccid) > 20 || strspn(iccid, "0123456789") != strlen(iccid))
        return refuse(p, 400, "firstIccid", "18 to 20 digits are wanted");
    if (!imsi || strlen(imsi) < 6 || strlen(imsi) > 15 || strspn(imsi, "0123456789") != strlen(imsi))
        return refuse(p, 400, "firstImsi", "6 to 15 digits are wanted");
    const char *why = range_start(&b->iccid, iccid, checked, b->count, ISSUER_DIGITS);
    if (why)
        return refuse(p, 400, "firstIccid", why);
    why = range_start(&b->imsi, imsi, false, b->count, strlen(b->profile.mcc_mnc) == 6 ? 6 : 5);
    return why ? refuse(p, 400, "firstImsi", why) : ERR_OK;
}

static enum err read_common(const json_t *o, struct http_response *p, struct batch *b)
{
    const char *algorithm = json_str(o, "algorithm"), *first = json_str(o, "firstIccid");
    json_t *one = json_copy((json_t *)o);
    enum err e = one && first ? json_set_str(one, "iccid", first) : one ? ERR_NOT_FOUND : ERR_NOMEM;
    if (!e)
        e = smdp_profile_read(one, &b->profile);
    json_decref(one);
    if (e == ERR_NOMEM)
        return e;
    if (e)
        return refuse(p, 400, "batch", "a member is missing or malformed");
    b->algorithm = algorithm && strcmp(algorithm, "tuak") == 0 ? AKA_TUAK : AKA_MILENAGE;
    if (json_object_get(o, "algorithm") && (!algorithm || (b->algorithm != AKA_TUAK && strcmp(algorithm, "milenage") != 0)))
        return refuse(p, 400, "algorithm", "milenage or tuak is wanted");
    if (read_flag(o, "generateCodes", false, &b->codes))
        return refuse(p, 400, "generateCodes", "true or false is wanted");
    return ERR_OK;
}

static enum err read_batch(struct smdp *s, const json_t *o, struct http_response *p, struct batch *b)
{
    const char *forbidden = forbidden_member(o);
    if (forbidden)
        return refuse(p, 400, forbidden, "not for a batch");
    if (json_int(o, "count", &b->count) || b->count < 1 || b->count > BATCH_MAX)
        return refuse(p, 400, "count", "1 to 100000 is wanted");
    enum err e = read_common(o, p, b);
    if (!e && !smdp_client_named(s, b->profile.owner))
        return refuse(p, 400, "operator", "no client of this SM-DP+ has this name");
    return e ? e : read_ranges(o, p, b);
}

/* --- making ----------------------------------------------------------------------------------------- */

static enum err make_key(struct smdp *s, size_t len, struct secret *out)
{
    out->len = len;
    return rng_fill(s->env->rng, out->at, len);
}

/* Eight digits, each as likely as the others. */
static enum err make_code(struct smdp *s, char out[9])
{
    uint8_t random[32];
    size_t made = 0;
    enum err e = ERR_OK;
    while (!e && made < 8) {
        e = rng_fill(s->env->rng, random, sizeof random);
        for (size_t i = 0; !e && i < sizeof random && made < 8; i++)
            if (random[i] < 250)
                out[made++] = (char)('0' + random[i] % 10);
    }
    out[8] = 0;
    memory_clear(random, sizeof random);
    return e;
}

/* OPc itself is random: for each K some OP makes it. */
static enum err make_subscription(struct smdp *s, const struct batch *b, int64_t nth, struct smdp_subscription *sub)
{
    static const enum smdp_code made[] = { SMDP_PUK1, SMDP_PUK2, SMDP_ADM1 };
    char imsi[21];
    *sub = (struct smdp_subscription){ .algorithm = b->algorithm };
    range_number(&b->imsi, nth, imsi);
    snprintf(sub->imsi, sizeof sub->imsi, "%.15s", imsi);
    enum err e = make_key(s, 16, &sub->k);
    if (!e)
        e = make_key(s, b->algorithm == AKA_TUAK ? 32 : 16, &sub->opc);
    for (size_t i = 0; !e && b->codes && i < COUNT(made); i++)
        e = make_code(s, sub->code[made[i]]);
    return e;
}

static int64_t first_imsi(const struct batch *b)
{
    return strtoll(b->imsi.first, NULL, 10);
}

/* Two subscribers with one IMSI would be one for their network. */
static enum err check_imsis(struct smdp *s, const struct batch *b, struct http_response *p)
{
    int64_t other = 0;
    enum err e = db_get_int(s->env->db, "SELECT 1 FROM batch WHERE last_imsi >= ? AND first_imsi <= ? LIMIT 1",
                            DB_ARGS(DB_INT(first_imsi(b)), DB_INT(first_imsi(b) + b->count - 1)), &other);
    if (!e)
        return refuse(p, 409, "firstImsi", "another batch has some of these IMSIs");
    if (e != ERR_NOT_FOUND)
        return e;
    e = db_get_int(s->env->db, "SELECT 1 FROM imsi WHERE imsi BETWEEN ? AND ? LIMIT 1",
                   DB_ARGS(DB_INT(first_imsi(b)), DB_INT(first_imsi(b) + b->count - 1)), &other);
    if (!e)
        return refuse(p, 409, "firstImsi", "a profile that was imported has one of these IMSIs");
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err note_batch(struct smdp *s, const struct batch *b)
{
    char last[21];
    range_number(&b->iccid, b->count - 1, last);
    return db_run(s->env->db,
                  "INSERT INTO batch (owner, type, at, count, first_iccid, last_iccid, first_imsi, last_imsi)"
                  " VALUES (?,?,?,?,?,?,?,?)",
                  DB_ARGS(DB_TEXT(b->profile.owner), DB_TEXT(b->profile.type), DB_INT(clock_now(s->env->clock)),
                          DB_INT(b->count), DB_TEXT(b->iccid.first), DB_TEXT(last), DB_INT(first_imsi(b)),
                          DB_INT(first_imsi(b) + b->count - 1)),
                  NULL);
}

/* What holds for one profile of the batch holds for all: their packages differ in numbers and keys only. */
static enum err check_package(struct smdp *s, struct batch *b, struct http_response *p)
{
    struct smdp_subscription sub = { 0 };
    const char *why = NULL;
    enum err e = make_subscription(s, b, 0, &sub);
    if (!e)
        e = smdp_check_package(s, &b->profile, &sub, &why);
    smdp_subscription_release(&sub);
    return !e && why ? refuse(p, 400, "profileType", why) : e;
}

static enum err add_all(struct smdp *s, struct batch *b, struct http_response *p)
{
    struct smdp_subscription sub = { 0 };
    enum err e = ERR_OK;
    for (int64_t i = 0; !e && i < b->count; i++) {
        range_number(&b->iccid, i, b->profile.iccid);
        e = make_subscription(s, b, i, &sub);
        if (!e)
            e = smdp_profile_add(s, &b->profile, &sub);
    }
    smdp_subscription_release(&sub);
    return e == ERR_EXISTS ? refuse(p, 409, b->profile.iccid, "this ICCID is here already") : e;
}

static enum err answer(const struct batch *b, struct http_response *p)
{
    char iccid[21], imsi[21];
    range_number(&b->iccid, b->count - 1, iccid);
    range_number(&b->imsi, b->count - 1, imsi);
    return http_json(p, 200, json_pack("{s:I, s:s, s:s, s:s, s:s}", "added", (json_int_t)b->count, "firstIccid",
                                       b->iccid.first, "lastIccid", iccid, "firstImsi", b->imsi.first, "lastImsi", imsi));
}

enum err smdp_generate_stock(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct batch b = { 0 };
    json_t *body = NULL;
    enum err e = smdp_require_administrator(s, q, p);
    if (!e)
        e = smdp_read_json(q, p, &body);
    if (!e)
        e = read_batch(s, body, p, &b);
    json_decref(body);
    if (!e)
        e = db_begin(s->env->db);
    if (e)
        return e;
    e = check_package(s, &b, p);
    if (!e)
        e = check_imsis(s, &b, p);
    if (!e)
        e = add_all(s, &b, p);
    if (!e)
        e = note_batch(s, &b);
    e = db_end(s->env->db, e);
    return e ? e : answer(&b, p);
}
