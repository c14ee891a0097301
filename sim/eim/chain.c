/* Certificate chains of eUICCs. An eUICC may have one under each of several CIs, and signs towards an SM-DP+ under the one that it
 * chose: what it signed is believed under any chain of it that this eIM came to know and judges to be good. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"

/* Of an eUICC, beside the registered one. */
#define CHAINS_MAX 4

static enum err judge(struct eim *e, struct span certificate, struct span eum_certificate, const struct cert **out,
                      const char **why)
{
    const struct cert *eum = NULL;
    struct span ci;
    struct cert_policy policy = { .now = clock_now(e->env->clock), .warn_eid_range = e->warn_eid_range };
    enum err x = cert_borrow(e->env->crypto, certificate, out);
    if (!x)
        x = cert_borrow(e->env->crypto, eum_certificate, &eum);
    enum cert_flaw flaw = x ? CERT_FINE : cert_judge(e->trust, *out, CERT_EUICC, &eum, 1, &policy, &ci);
    *why = x ? "a certificate cannot be read" : cert_flaw_text(flaw);
    cert_give_back(e->env->crypto, eum);
    return flaw != CERT_FINE ? ERR_VERIFY : x;
}

enum err eim_borrow_euicc(struct eim *e, struct span certificate, struct span eum_certificate, const struct cert **out)
{
    const char *why = NULL;
    enum err x = judge(e, certificate, eum_certificate, out, &why);
    return x == ERR_VERIFY ? log_fail(e->env->log, x, "SGP.22 4.5.2", why) : x;
}

/* --- keeping ------------------------------------------------------------------------------------------------- */

static enum err keep(struct eim *e, const char *eid, struct span certificate, struct span eum_certificate)
{
    enum err x = db_run(e->env->db,
                        "INSERT INTO chain (eid, certificate, eum_certificate, at)"
                        " SELECT eid, ?1, ?2, ?3 FROM euicc WHERE eid = ?4 AND certificate <> ?1"
                        " ON CONFLICT (eid, certificate) DO UPDATE SET eum_certificate = excluded.eum_certificate, at = excluded.at",
                        DB_ARGS(DB_BLOB(certificate), DB_BLOB(eum_certificate), DB_INT(clock_now(e->env->clock)), DB_TEXT(eid)),
                        NULL);
    return x ? x
             : db_run(e->env->db,
                      "DELETE FROM chain WHERE eid = ?1 AND certificate NOT IN"
                      " (SELECT certificate FROM chain WHERE eid = ?1 ORDER BY at DESC, certificate LIMIT ?2)",
                      DB_ARGS(DB_TEXT(eid), DB_INT(CHAINS_MAX)), NULL);
}

/* An EUM's certificate was issued anew. */
static enum err replace(struct eim *e, const char *eid, struct span certificate, struct span eum_certificate)
{
    enum err x = db_run(e->env->db, "UPDATE euicc SET eum_certificate = ? WHERE eid = ? AND certificate = ?",
                        DB_ARGS(DB_BLOB(eum_certificate), DB_TEXT(eid), DB_BLOB(certificate)), NULL);
    return x ? x : keep(e, eid, certificate, eum_certificate);
}

static bool is_good(struct eim *e, const char *eid, struct span certificate, struct span eum_certificate)
{
    const struct cert *euicc = NULL;
    bool good = eim_borrow_euicc(e, certificate, eum_certificate, &euicc) == ERR_OK && strcmp(euicc->eid, eid) == 0;
    cert_give_back(e->env->crypto, euicc);
    return good;
}

enum err eim_chain_learn(struct eim *e, const char *eid, struct span certificate, struct span eum_certificate)
{
    int64_t known = 0;
    enum err x = db_get_int(e->env->db,
                            "SELECT EXISTS (SELECT 1 FROM euicc WHERE eid = ?1 AND certificate = ?2 AND eum_certificate = ?3)"
                            " OR EXISTS (SELECT 1 FROM chain WHERE eid = ?1 AND certificate = ?2 AND eum_certificate = ?3)",
                            DB_ARGS(DB_TEXT(eid), DB_BLOB(certificate), DB_BLOB(eum_certificate)), &known);
    if (x || known || !is_good(e, eid, certificate, eum_certificate))
        return x;
    return replace(e, eid, certificate, eum_certificate);
}

/* --- all of an eUICC -------------------------------------------------------------------------------------------- */

struct chains {
    struct {
        struct buf certificate, eum_certificate;
    } at[1 + CHAINS_MAX];
    size_t count;
    bool whole;    /* the others are read, too */
    bool troubled; /* it is said that none is good */
};

static enum err take_chain(void *context, const struct db_row *r)
{
    struct chains *c = context;
    struct buf *certificate = &c->at[c->count].certificate, *eum_certificate = &c->at[c->count].eum_certificate;
    c->troubled = c->troubled || db_int(r, 2);
    if (!db_blob(r, 0).len)
        return ERR_OK;
    c->count++;
    *certificate = *eum_certificate = (struct buf){ .max = 8192 };
    enum err x = buf_set(certificate, db_blob(r, 0));
    return x ? x : buf_set(eum_certificate, db_blob(r, 1));
}

static void release(struct chains *c)
{
    for (size_t i = 0; i < c->count; i++) {
        buf_release(&c->at[i].certificate);
        buf_release(&c->at[i].eum_certificate);
    }
}

static enum err get_registered(struct eim *e, const char *eid, struct chains *out)
{
    enum err x = db_query(e->env->db, "SELECT certificate, eum_certificate, trouble IS NOT NULL FROM euicc WHERE eid = ?",
                          DB_ARGS(DB_TEXT(eid)), take_chain, out);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

static enum err get_others(struct eim *e, const char *eid, struct chains *out)
{
    out->whole = true;
    enum err x = db_query(e->env->db, "SELECT certificate, eum_certificate, 0 FROM chain WHERE eid = ? ORDER BY at DESC LIMIT ?",
                          DB_ARGS(DB_TEXT(eid), DB_INT(CHAINS_MAX)), take_chain, out);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

/* The registered one first. */
static enum err get_chains(struct eim *e, const char *eid, struct chains *out)
{
    enum err x = get_registered(e, eid, out);
    return x ? x : get_others(e, eid, out);
}

/* Most are done with the registered one: the others are read when it does not help. ERR_NOT_FOUND: there is no i-th. */
static enum err reach(struct eim *e, const char *eid, struct chains *c, size_t i)
{
    enum err x = i < c->count || c->whole ? ERR_OK : get_others(e, eid, c);
    return x ? x : i < c->count ? ERR_OK : ERR_NOT_FOUND;
}

/* What a search comes to: what it found, unless it could not go on, or there was nothing at all (ERR_NOT_FOUND). */
static enum err search_end(const struct chains *c, enum err found, enum err there)
{
    return there && (there != ERR_NOT_FOUND || !c->count) ? there : found;
}

/* Under which CI; "" not a good one. */
static void authority_of(struct eim *e, const struct buf *certificate, const struct buf *eum_certificate, struct buf *out)
{
    const struct cert *euicc = NULL, *eum = NULL;
    struct span ci;
    struct cert_policy policy = { .now = clock_now(e->env->clock), .warn_eid_range = e->warn_eid_range };
    bool good = cert_borrow(e->env->crypto, buf_span(certificate), &euicc) == ERR_OK &&
                cert_borrow(e->env->crypto, buf_span(eum_certificate), &eum) == ERR_OK &&
                cert_judge(e->trust, euicc, CERT_EUICC, &eum, 1, &policy, &ci) == CERT_FINE;
    buf_clear(out);
    if (good && buf_set(out, ci))
        buf_clear(out);
    cert_give_back(e->env->crypto, euicc);
    cert_give_back(e->env->crypto, eum);
}

enum err eim_chain_authorities(struct eim *e, const char *eid, struct buf *list)
{
    struct chains c = { .count = 0 };
    struct buf ci = { .max = 64 };
    enum err x = get_chains(e, eid, &c);
    for (size_t i = 0; !x && i < c.count; i++) {
        authority_of(e, &c.at[i].certificate, &c.at[i].eum_certificate, &ci);
        if (ci.len)
            x = der_put(list, 0x04, buf_span(&ci));
    }
    buf_release(&ci);
    release(&c);
    return x;
}

static bool has(const struct chains *c, const struct eim_euicc *u)
{
    for (size_t i = 0; i < c->count; i++)
        if (span_equal(buf_span(&u->certificate), buf_span(&c->at[i].certificate)))
            return true;
    return false;
}

static bool has_authority(struct eim *e, const struct chains *c, const struct eim_euicc *u)
{
    struct buf ours = { .max = 64 }, theirs = { .max = 64 };
    bool same = false;
    authority_of(e, &u->certificate, &u->eum_certificate, &ours);
    for (size_t i = 0; !same && i < c->count; i++) {
        authority_of(e, &c->at[i].certificate, &c->at[i].eum_certificate, &theirs);
        same = span_equal(buf_span(&ours), buf_span(&theirs));
    }
    buf_release(&ours);
    buf_release(&theirs);
    return same;
}

enum err eim_chain_add(struct eim *e, const struct eim_euicc *u)
{
    struct chains c = { .count = 0 };
    enum err x = get_chains(e, u->eid, &c);
    if (!x)
        x = !has(&c, u) && has_authority(e, &c, u)
                ? ERR_EXISTS
                : eim_chain_learn(e, u->eid, buf_span(&u->certificate), buf_span(&u->eum_certificate));
    release(&c);
    return x;
}

enum err eim_verify_shown(struct eim *e, struct span certificate, struct span eum_certificate, const struct rsp_tbs *tbs,
                          struct span signature)
{
    const struct cert *euicc = NULL;
    enum err x = eim_borrow_euicc(e, certificate, eum_certificate, &euicc);
    if (!x)
        x = cert_verify(e->env->crypto, euicc, tbs->part, tbs->count, signature);
    cert_give_back(e->env->crypto, euicc);
    return x;
}

/* ERR_OK: verified; ERR_VERIFY: not, and *why when the chain itself is not good. */
static enum err try_chain(struct eim *e, const struct chains *c, size_t i, const struct rsp_tbs *tbs, struct span signature,
                          const char **why)
{
    const struct cert *euicc = NULL;
    enum err x = judge(e, buf_span(&c->at[i].certificate), buf_span(&c->at[i].eum_certificate), &euicc, why);
    if (!x) {
        *why = NULL;
        x = cert_verify(e->env->crypto, euicc, tbs->part, tbs->count, signature);
    }
    cert_give_back(e->env->crypto, euicc);
    return x;
}

/* ERR_NOT_FOUND: none is known; ERR_VERIFY: under none, and *flaw what is wrong with the first where none is good. */
static enum err try_chains(struct eim *e, const char *eid, struct chains *c, const struct rsp_tbs *tbs, struct span signature,
                           const char **flaw)
{
    enum err x = ERR_VERIFY, there = ERR_OK;
    bool some_good = false;
    *flaw = NULL;
    for (size_t i = 0; x == ERR_VERIFY && !(there = reach(e, eid, c, i)); i++) {
        const char *why = NULL;
        x = try_chain(e, c, i, tbs, signature, &why);
        some_good = some_good || !why;
        *flaw = *flaw ? *flaw : why;
    }
    *flaw = some_good ? NULL : *flaw;
    return search_end(c, x, there);
}

static enum err write_trouble(struct eim *e, const char *eid, const char *flaw)
{
    enum err x = db_begin(e->env->db);
    return x ? x : db_end(e->env->db, flaw ? eim_trouble_note(e, eid, EIM_CERTIFICATE_REFUSED, flaw) : eim_trouble_end(e, eid));
}

/* What is found out is shown northbound, and told. */
static enum err note_trouble(struct eim *e, const char *eid, const struct chains *c, enum err x, const char *flaw)
{
    bool ends = !x && c->troubled, begins = x == ERR_VERIFY && flaw;
    enum err y = ends || begins ? write_trouble(e, eid, begins ? flaw : NULL) : ERR_OK;
    return y ? y : x;
}

enum err eim_chains_judge(struct eim *e, const char *eid, const char **why)
{
    struct chains c = { .count = 0 };
    enum err x = get_registered(e, eid, &c), there = ERR_OK;
    if (!x)
        x = ERR_VERIFY;
    for (size_t i = 0; x == ERR_VERIFY && !(there = reach(e, eid, &c, i)); i++) {
        const struct cert *euicc = NULL;
        const char *flaw = NULL;
        x = judge(e, buf_span(&c.at[i].certificate), buf_span(&c.at[i].eum_certificate), &euicc, &flaw);
        *why = i ? *why : flaw;
        cert_give_back(e->env->crypto, euicc);
    }
    x = search_end(&c, x, there);
    if (!x && c.troubled)
        x = eim_trouble_end(e, eid);
    release(&c);
    return x;
}

enum err eim_chain_of(struct eim *e, const char *eid, const struct rsp_tbs *tbs, struct span signature, struct eim_euicc *out)
{
    struct chains c = { .count = 0 };
    const char *why = NULL;
    size_t i = 0;
    enum err x = get_chains(e, eid, &c);
    while (!x && i < c.count && try_chain(e, &c, i, tbs, signature, &why))
        i++;
    if (!x && i == c.count)
        x = ERR_NOT_FOUND;
    if (!x)
        x = buf_set(&out->certificate, buf_span(&c.at[i].certificate));
    if (!x)
        x = buf_set(&out->eum_certificate, buf_span(&c.at[i].eum_certificate));
    release(&c);
    return x;
}

enum err eim_verify_euicc(struct eim *e, const char *eid, const struct rsp_tbs *tbs, struct span signature)
{
    struct chains c = { .count = 0 };
    const char *flaw = NULL;
    enum err x = get_registered(e, eid, &c);
    if (!x)
        x = try_chains(e, eid, &c, tbs, signature, &flaw);
    if (x == ERR_NOT_FOUND)
        x = log_fail(e->env->log, ERR_VERIFY, "SGP.32 2.11.2.1", "the eUICC's certificate is not known yet");
    x = note_trouble(e, eid, &c, x, flaw);
    release(&c);
    return x;
}
