#include "smdp_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aka.h"
#include "seal.h"
#include "smdp_internal.h"

const char *const smdp_migrations[] = {
    "CREATE TABLE profile ("
    " iccid TEXT PRIMARY KEY, owner TEXT NOT NULL, type TEXT NOT NULL, state INTEGER NOT NULL, eid TEXT,"
    " matching_id TEXT UNIQUE, spn TEXT NOT NULL, name TEXT NOT NULL, mcc_mnc TEXT NOT NULL,"
    " fallback_allowed INTEGER NOT NULL, notifications TEXT NOT NULL, confirmation BLOB,"
    " attempts INTEGER NOT NULL DEFAULT 0, sealed BLOB NOT NULL);"
    "CREATE INDEX profile_by_eid ON profile (eid) WHERE eid IS NOT NULL;"
    "CREATE INDEX profile_by_type ON profile (owner, type, state);"
    "CREATE TABLE history (id INTEGER PRIMARY KEY, iccid TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL);"
    "CREATE INDEX history_by_iccid ON history (iccid, id);"
    "CREATE TABLE session ("
    " transaction_id TEXT PRIMARY KEY, state INTEGER NOT NULL, identity INTEGER NOT NULL,"
    " euicc_challenge BLOB NOT NULL, server_challenge BLOB NOT NULL, eid TEXT NOT NULL, iccid TEXT NOT NULL,"
    " smdp_signature2 BLOB, euicc_certificate BLOB, eum_certificate BLOB, otpk BLOB, at INTEGER NOT NULL);"
    "CREATE INDEX session_by_age ON session (at);",
    "ALTER TABLE profile ADD COLUMN bound TEXT;"
    "CREATE INDEX session_by_iccid ON session (iccid);",
    "CREATE TABLE registration ("
    " iccid TEXT PRIMARY KEY, smds TEXT NOT NULL, eid TEXT NOT NULL, event_id TEXT NOT NULL, refusal TEXT NOT NULL);"
    "CREATE TABLE telling ("
    " id INTEGER PRIMARY KEY, smds TEXT NOT NULL, iccid TEXT NOT NULL, eid TEXT NOT NULL, event_id TEXT NOT NULL,"
    " function INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL);"
    "CREATE INDEX telling_by_smds ON telling (smds, id);",
    /* 3: SMDP_BOUND. What is kept for long is not looked at by who forgets. */
    "DROP INDEX session_by_age;"
    "CREATE INDEX session_by_age ON session (at) WHERE state <> 3;",
    "ALTER TABLE profile ADD COLUMN released_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE profile ADD COLUMN downloads INTEGER NOT NULL DEFAULT 0;",
    /* 2: RSP_PROFILE_CLASS_OPERATIONAL, which all were before. */
    "ALTER TABLE profile ADD COLUMN class INTEGER NOT NULL DEFAULT 2;"
    "ALTER TABLE profile ADD COLUMN policy_rules INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE profile ADD COLUMN ecall INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE profile ADD COLUMN gid1 BLOB;"
    "ALTER TABLE profile ADD COLUMN gid2 BLOB;",
    "CREATE TABLE progress ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, operator TEXT NOT NULL, iccid TEXT NOT NULL, eid TEXT NOT NULL,"
    " type TEXT NOT NULL, at INTEGER NOT NULL, point INTEGER NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL,"
    " message TEXT NOT NULL, result BLOB, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL);"
    "CREATE INDEX progress_by_operator ON progress (operator, id);",
    "CREATE TABLE binding ("
    " iccid TEXT PRIMARY KEY, euicc_otpk BLOB NOT NULL, smdp_otpk BLOB NOT NULL, blocks BLOB NOT NULL);",
    "ALTER TABLE progress ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE progress ADD COLUMN refusal TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE progress ADD COLUMN put_aside INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX progress_by_operator;"
    "CREATE INDEX progress_by_operator ON progress (operator, put_aside, id);"
    "CREATE INDEX progress_by_state ON progress (put_aside, id);",
    "CREATE TABLE batch ("
    " id INTEGER PRIMARY KEY, owner TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL, count INTEGER NOT NULL,"
    " first_iccid TEXT NOT NULL, last_iccid TEXT NOT NULL, first_imsi INTEGER NOT NULL, last_imsi INTEGER NOT NULL);"
    "CREATE INDEX batch_by_imsi ON batch (last_imsi);"
    "CREATE TABLE profile_type ("
    " owner TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, size INTEGER NOT NULL, package BLOB NOT NULL,"
    " PRIMARY KEY (owner, name));"
    "CREATE INDEX profile_type_by_name ON profile_type (name);"
    /* The next of a type is found without sorting all of them. */
    "DROP INDEX profile_by_type;"
    "CREATE INDEX profile_by_type ON profile (owner, type, state, iccid);",
    /* Lists page by page; 0: SMDP_AVAILABLE. */
    "DROP INDEX profile_by_eid;"
    "CREATE INDEX profile_by_eid ON profile (eid, iccid) WHERE eid IS NOT NULL;"
    "CREATE INDEX profile_by_state ON profile (state, iccid);"
    "CREATE INDEX profile_by_owner ON profile (owner, state, iccid);"
    "CREATE INDEX order_by_iccid ON profile (iccid) WHERE state <> 0;"
    "CREATE INDEX order_by_owner ON profile (owner, iccid) WHERE state <> 0;",
    "CREATE TABLE message ("
    " id INTEGER PRIMARY KEY, iccid TEXT NOT NULL, transaction_id TEXT NOT NULL, at INTEGER NOT NULL,"
    " function TEXT NOT NULL, status TEXT NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE INDEX message_by_iccid ON message (iccid, id);"
    "CREATE INDEX message_unattached ON message (at) WHERE iccid = '';"
    "CREATE INDEX message_by_session ON message (transaction_id) WHERE iccid = '';",
    "ALTER TABLE profile ADD COLUMN claimed INTEGER NOT NULL DEFAULT 0;",
    /* A download touches as few pages as it can: each of them is copied before it changes. What nobody read is gone, history
     * is one tree and counts its events by ICCID, and an order that goes on stays where it is among the orders. */
    "ALTER TABLE session DROP COLUMN eum_certificate;"
    "ALTER TABLE session DROP COLUMN otpk;"
    "DROP INDEX session_by_iccid;"
    "CREATE INDEX session_by_iccid ON session (iccid) WHERE iccid <> '';"
    "CREATE TABLE event ("
    " iccid TEXT NOT NULL, id INTEGER NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (iccid, id)) WITHOUT ROWID;"
    "INSERT INTO event SELECT iccid, ROW_NUMBER() OVER (PARTITION BY iccid ORDER BY id), at, event FROM history;"
    "DROP TABLE history;"
    "ALTER TABLE event RENAME TO history;"
    "ALTER TABLE profile ADD COLUMN ordered INTEGER NOT NULL DEFAULT 0;"
    "UPDATE profile SET ordered = 1 WHERE state <> 0;"
    "DROP INDEX order_by_iccid;"
    "DROP INDEX order_by_owner;"
    "CREATE INDEX order_by_iccid ON profile (iccid) WHERE ordered <> 0;"
    "CREATE INDEX order_by_owner ON profile (owner, iccid) WHERE ordered <> 0;",
    /* How much waits, and is put aside, for each operator, without counting it again. */
    "CREATE TABLE progress_load ("
    " operator TEXT PRIMARY KEY, held INTEGER NOT NULL, dropped INTEGER NOT NULL DEFAULT 0,"
    " dropped_at INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "INSERT INTO progress_load (operator, held) SELECT operator, COUNT(*) FROM progress GROUP BY operator;"
    "CREATE TRIGGER progress_comes AFTER INSERT ON progress BEGIN"
    " INSERT INTO progress_load (operator, held) VALUES (NEW.operator, 1) ON CONFLICT (operator) DO UPDATE SET held = held + 1; END;"
    "CREATE TRIGGER progress_goes AFTER DELETE ON progress BEGIN"
    " UPDATE progress_load SET held = held - 1 WHERE operator = OLD.operator; END;",
    /* Of profiles that were added one by one, from now on; those of a batch are its range. */
    "CREATE TABLE imsi (imsi INTEGER PRIMARY KEY, iccid TEXT NOT NULL);",
    /* What an eUICC must have for a profile, without opening its keys and making its package for each that asks. */
    "ALTER TABLE profile ADD COLUMN size INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE profile ADD COLUMN uicc_capability INTEGER NOT NULL DEFAULT 0;",
    /* A session's key is what its transactionId begins with, and that is its time: no index beside the table. Of the eUICC's
     * certificate the key is kept; sessions from before end. */
    "DROP TABLE session;"
    "CREATE TABLE session ("
    " id INTEGER PRIMARY KEY, transaction_id TEXT NOT NULL, state INTEGER NOT NULL, identity INTEGER NOT NULL,"
    " euicc_challenge BLOB NOT NULL, server_challenge BLOB NOT NULL, eid TEXT NOT NULL, iccid TEXT NOT NULL,"
    " smdp_signature2 BLOB, euicc_key BLOB, opening BLOB);"
    "CREATE INDEX session_by_iccid ON session (iccid) WHERE iccid <> '';"
    /* One index instead of three, since each is written whenever an order goes on. */
    "DROP INDEX profile_by_type;"
    "DROP INDEX profile_by_owner;"
    "DROP INDEX profile_by_state;"
    "CREATE INDEX profile_by_state ON profile (state, owner, type, iccid);"
    /* A message that is about no profile yet waits in its session. */
    "DROP INDEX message_unattached;"
    "DROP INDEX message_by_session;"
    "DELETE FROM message WHERE iccid = '';"
    "ALTER TABLE message DROP COLUMN transaction_id;",
};
const size_t smdp_migration_count = COUNT(smdp_migrations);

const char *smdp_state_name(enum smdp_state s)
{
    static const char *const names[] = {
        [SMDP_AVAILABLE] = "available", [SMDP_ALLOCATED] = "allocated",   [SMDP_LINKED] = "linked",
        [SMDP_CONFIRMED] = "confirmed", [SMDP_RELEASED] = "released",     [SMDP_DOWNLOADED] = "downloaded",
        [SMDP_INSTALLED] = "installed", [SMDP_ERROR] = "error",           [SMDP_UNAVAILABLE] = "unavailable",
    };
    return (size_t)s < COUNT(names) ? names[s] : "unknown";
}

enum err smdp_state_parse(const char *name, enum smdp_state *out)
{
    for (int i = 0; i <= SMDP_UNAVAILABLE; i++)
        if (strcmp(name, smdp_state_name((enum smdp_state)i)) == 0) {
            *out = (enum smdp_state)i;
            return ERR_OK;
        }
    return ERR_NOT_FOUND;
}

void smdp_subscription_release(struct smdp_subscription *s)
{
    memory_clear(s, sizeof *s);
}

/* --- sealing: algorithm, lengths, K, OPc, IMSI, and each code after a zero octet, under the storage key, bound to the
 * ICCID. Profiles that were sealed without codes end after the IMSI. ------------------------------------------------ */

static enum err put_codes(const struct smdp_subscription *sub, struct buf *plain)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < SMDP_CODES; i++) {
        e = buf_put_u8(plain, 0);
        if (!e)
            e = buf_put_str(plain, sub->code[i]);
    }
    return e;
}

/* The texts that zero octets separate; the last one ends with the bytes. */
static enum err take_sealed_texts(struct span from, struct smdp_subscription *sub)
{
    struct span rest = from;
    for (size_t i = 0; i <= SMDP_CODES; i++) {
        char *to = i ? sub->code[i - 1] : sub->imsi;
        size_t room = i ? sizeof sub->code[0] : sizeof sub->imsi;
        const uint8_t *end = rest.len ? memchr(rest.at, 0, rest.len) : NULL;
        size_t len = end ? (size_t)(end - rest.at) : rest.len;
        if (len >= room)
            return ERR_PARSE;
        if (len)
            memcpy(to, rest.at, len);
        to[len] = 0;
        rest = end ? span_sub(rest, len + 1, rest.len) : (struct span){ 0 };
    }
    return rest.len ? ERR_PARSE : ERR_OK;
}

static enum err pack(const struct smdp_subscription *sub, struct buf *plain)
{
    enum err e = buf_put_u8(plain, (uint8_t)sub->algorithm);
    if (!e)
        e = buf_put_u8(plain, (uint8_t)sub->k.len);
    if (!e)
        e = buf_put_u8(plain, (uint8_t)sub->opc.len);
    if (!e)
        e = buf_put(plain, secret_span(&sub->k));
    if (!e)
        e = buf_put(plain, secret_span(&sub->opc));
    if (!e)
        e = buf_put_str(plain, sub->imsi);
    return e ? e : put_codes(sub, plain);
}

static enum err unpack(struct span p, struct smdp_subscription *sub)
{
    size_t imsi = p.len < 3 ? 0 : 3u + p.at[1] + p.at[2];
    if (imsi == 0 || imsi > p.len)
        return ERR_PARSE;
    sub->algorithm = p.at[0];
    enum err e = secret_set(&sub->k, span_sub(p, 3, p.at[1]));
    if (!e)
        e = secret_set(&sub->opc, span_sub(p, 3u + p.at[1], p.at[2]));
    return e ? e : take_sealed_texts(span_sub(p, imsi, p.len), sub);
}

enum err smdp_subscription_seal(struct smdp *s, struct span key, struct span what_for, const struct smdp_subscription *sub,
                                struct buf *out)
{
    struct buf plain = { .max = 256 };
    enum err e = pack(sub, &plain);
    if (!e)
        e = seal(s->env->crypto, s->env->rng, key, what_for, buf_span(&plain), out);
    if (plain.at)
        memory_clear(plain.at, plain.len);
    buf_release(&plain);
    return e;
}

enum err smdp_subscription_open(struct smdp *s, struct span key, struct span what_for, struct span sealed,
                                struct smdp_subscription *sub)
{
    struct buf plain = { .max = 256 };
    enum err e = unseal(s->env->crypto, key, what_for, sealed, &plain);
    if (!e)
        e = unpack(buf_span(&plain), sub);
    if (plain.at)
        memory_clear(plain.at, plain.len);
    buf_release(&plain);
    return e;
}

static enum err open_stored(struct smdp *s, const char *iccid, struct span sealed, struct smdp_subscription *sub)
{
    enum err e = smdp_subscription_open(s, secret_span(&s->storage_key), span_str(iccid), sealed, sub);
    if (e)
        return log_fail(s->env->log, e, "storage", "a profile's keys do not open: wrong storage key or damaged row");
    return ERR_OK;
}

/* --- profiles ----------------------------------------------------------------------------------- */

static struct db_value text_or_null(const char *text)
{
    return text[0] ? DB_TEXT(text) : DB_NULL;
}

static struct db_value gid_or_null(const struct smdp_gid *g)
{
    return g->len ? DB_BLOB(span_of(g->at, g->len)) : DB_NULL;
}

static enum err take_gid(const struct db_row *r, int column, struct smdp_gid *g)
{
    struct span value = db_blob(r, column);
    if (value.len > sizeof g->at)
        return ERR_PARSE;
    g->len = (uint8_t)value.len;
    if (value.len)
        memcpy(g->at, value.at, value.len);
    return ERR_OK;
}

static bool is_ordered(const struct smdp_profile *p)
{
    return p->state != SMDP_AVAILABLE;
}

enum err smdp_profile_add(struct smdp *s, const struct smdp_profile *p, const struct smdp_subscription *sub)
{
    struct buf sealed = { .max = 512 };
    enum err e = smdp_subscription_seal(s, secret_span(&s->storage_key), span_str(p->iccid), sub, &sealed);
    if (!e)
        e = db_run(s->env->db,
                   "INSERT INTO profile (iccid, owner, type, state, ordered, eid, matching_id, spn, name, mcc_mnc,"
                   " fallback_allowed, notifications, sealed, class, policy_rules, ecall, gid1, gid2, size,"
                   " uicc_capability) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                   DB_ARGS(DB_TEXT(p->iccid), DB_TEXT(p->owner), DB_TEXT(p->type), DB_INT(p->state), DB_INT(is_ordered(p)),
                           text_or_null(p->eid), text_or_null(p->matching_id), DB_TEXT(p->spn), DB_TEXT(p->name),
                           DB_TEXT(p->mcc_mnc), DB_INT(p->fallback_allowed), DB_TEXT(p->notifications),
                           DB_BLOB(buf_span(&sealed)), DB_INT(p->profile_class), DB_INT(p->policy_rules),
                           DB_INT(p->ecall_indication), gid_or_null(&p->gid1), gid_or_null(&p->gid2), DB_INT((int64_t)p->size),
                           DB_INT(p->uicc_capability)),
                   NULL);
    buf_release(&sealed);
    return e;
}

enum err smdp_imsi_add(struct smdp *s, const char *imsi, const char *iccid)
{
    int64_t number = strtoll(imsi, NULL, 10), other = 0;
    enum err e = db_get_int(s->env->db, "SELECT 1 FROM batch WHERE last_imsi >= ?1 AND first_imsi <= ?1 LIMIT 1",
                            DB_ARGS(DB_INT(number)), &other);
    if (e != ERR_NOT_FOUND)
        return e ? e : ERR_EXISTS;
    return db_run(s->env->db, "INSERT INTO imsi (imsi, iccid) VALUES (?, ?)", DB_ARGS(DB_INT(number), DB_TEXT(iccid)), NULL);
}

/* Of codes from before there is the digest of the text alone. */
static void take_confirmation(struct span digests, struct smdp_profile *p)
{
    const size_t one = sizeof p->confirmation_sha256[0];
    p->confirmation_required = digests.len == one || digests.len == 2 * one;
    if (!p->confirmation_required)
        return;
    memcpy(p->confirmation_sha256[0], digests.at, one);
    memcpy(p->confirmation_sha256[1], digests.at + digests.len - one, one);
}

static enum err take_profile(void *context, const struct db_row *r)
{
    struct smdp_profile *p = context;
    db_copy_text(r, 0, p->iccid, sizeof p->iccid);
    db_copy_text(r, 1, p->owner, sizeof p->owner);
    db_copy_text(r, 2, p->type, sizeof p->type);
    p->state = (enum smdp_state)db_int(r, 3);
    db_copy_text(r, 4, p->eid, sizeof p->eid);
    db_copy_text(r, 5, p->matching_id, sizeof p->matching_id);
    db_copy_text(r, 6, p->spn, sizeof p->spn);
    db_copy_text(r, 7, p->name, sizeof p->name);
    db_copy_text(r, 8, p->mcc_mnc, sizeof p->mcc_mnc);
    p->fallback_allowed = db_int(r, 9);
    db_copy_text(r, 10, p->notifications, sizeof p->notifications);
    struct span confirmation = db_blob(r, 11);
    take_confirmation(confirmation, p);
    p->attempts = db_int(r, 12);
    db_copy_text(r, 13, p->bound, sizeof p->bound);
    p->released_at = db_int(r, 14);
    p->downloads = db_int(r, 15);
    p->profile_class = (enum rsp_profile_class)db_int(r, 16);
    p->policy_rules = (uint32_t)db_int(r, 17);
    p->ecall_indication = db_int(r, 18);
    p->claimed = db_int(r, 21);
    p->size = (uint64_t)db_int(r, 22);
    p->uicc_capability = (uint32_t)db_int(r, 23);
    enum err e = take_gid(r, 19, &p->gid1);
    return e ? e : take_gid(r, 20, &p->gid2);
}

#define PROFILE_COLUMNS                                                                                  \
    "SELECT iccid, owner, type, state, eid, matching_id, spn, name, mcc_mnc, fallback_allowed, notifications," \
    " confirmation, attempts, bound, released_at, downloads, class, policy_rules, ecall, gid1, gid2," \
    " claimed, size, uicc_capability FROM profile "

enum err smdp_profile_get(struct smdp *s, const char *iccid, struct smdp_profile *out)
{
    return db_query(s->env->db, PROFILE_COLUMNS "WHERE iccid = ?", DB_ARGS(DB_TEXT(iccid)), take_profile, out);
}

enum err smdp_profile_by_matching_id(struct smdp *s, const char *matching_id, struct smdp_profile *out)
{
    return db_query(s->env->db, PROFILE_COLUMNS "WHERE matching_id = ?", DB_ARGS(DB_TEXT(matching_id)),
                    take_profile, out);
}

enum err smdp_profile_by_eid(struct smdp *s, const char *eid, struct smdp_profile *out)
{
    return db_query(s->env->db,
                    PROFILE_COLUMNS "WHERE eid = ? AND state IN (?, ?) AND NOT claimed"
                                    " ORDER BY state, released_at, iccid LIMIT 1",
                    DB_ARGS(DB_TEXT(eid), DB_INT(SMDP_RELEASED), DB_INT(SMDP_DOWNLOADED)), take_profile, out);
}

enum err smdp_type_find(struct smdp *s, const char *owner, const char *type)
{
    int64_t any = 0;
    return db_get_int(s->env->db, "SELECT 1 FROM profile WHERE " SMDP_ANY_STATE " AND owner = ? AND type = ? LIMIT 1",
                      DB_ARGS(DB_TEXT(owner), DB_TEXT(type)), &any);
}

enum err smdp_profile_by_type(struct smdp *s, const char *owner, const char *type, const char *eid,
                              struct smdp_profile *out)
{
    /* An eUICC has few profiles, a type may have many. */
    enum err e = db_query(s->env->db, PROFILE_COLUMNS "WHERE eid = ? AND +owner = ? AND +type = ? AND +state = ?",
                          DB_ARGS(DB_TEXT(eid), DB_TEXT(owner), DB_TEXT(type), DB_INT(SMDP_ALLOCATED)), take_profile,
                          out);
    if (e == ERR_NOT_FOUND)
        e = db_query(s->env->db,
                     PROFILE_COLUMNS "WHERE state = ? AND owner = ? AND type = ? ORDER BY iccid LIMIT 1",
                     DB_ARGS(DB_INT(SMDP_AVAILABLE), DB_TEXT(owner), DB_TEXT(type)), take_profile, out);
    if (e != ERR_NOT_FOUND)
        return e;
    e = smdp_type_find(s, owner, type);
    return e == ERR_NOT_FOUND ? ERR_REFUSED : e ? e : ERR_NOT_FOUND;
}

#define PAGE " AND iccid > ? ORDER BY iccid LIMIT ?"

/* Each combination of filters has its statement, so that each has its index. */
const char *smdp_profiles_statement(const struct smdp_filter *f)
{
    if (f->eid[0])
        return f->owner[0] ? PROFILE_COLUMNS "WHERE eid = ? AND owner = ?" PAGE : PROFILE_COLUMNS "WHERE eid = ?" PAGE;
    if (f->any_order)
        return f->owner[0] ? PROFILE_COLUMNS "WHERE ordered <> 0 AND owner = ?" PAGE : PROFILE_COLUMNS "WHERE ordered <> 0" PAGE;
    if (f->type[0])
        return PROFILE_COLUMNS "WHERE state = ? AND owner = ? AND type = ?" PAGE;
    if (f->owner[0])
        return PROFILE_COLUMNS "WHERE state = ? AND owner = ? AND (type, iccid) > (?, ?) ORDER BY type, iccid LIMIT ?";
    return PROFILE_COLUMNS "WHERE state = ? AND (owner, type, iccid) > (?, ?, ?) ORDER BY owner, type, iccid LIMIT ?";
}

struct visit {
    enum err (*profile)(void *context, const struct smdp_profile *p);
    void *context;
};

static enum err visit_profile(void *context, const struct db_row *r)
{
    const struct visit *v = context;
    struct smdp_profile p = { 0 };
    enum err e = take_profile(&p, r);
    return e ? e : v->profile(v->context, &p);
}

/* All but the last two. What is listed by state lies by owner and type, so a page begins at those of the last one, too. */
static size_t page_args(const struct smdp_filter *f, const struct smdp_profile *last, struct db_value args[3])
{
    size_t count = 0;
    if (!f->eid[0] && !f->any_order) {
        args[count++] = DB_INT(f->state);
        args[count++] = DB_TEXT(f->owner[0] ? f->owner : last->owner);
        args[count++] = DB_TEXT(f->type[0] ? f->type : last->type);
        return count;
    }
    if (f->eid[0])
        args[count++] = DB_TEXT(f->eid);
    if (f->owner[0])
        args[count++] = DB_TEXT(f->owner);
    return count;
}

enum err smdp_profiles_page(struct smdp *s, const struct smdp_filter *f, const char *after, int64_t limit,
                            enum err (*profile)(void *context, const struct smdp_profile *p), void *context)
{
    struct db_value args[5];
    struct visit v = { profile, context };
    struct smdp_profile last = { 0 };
    enum err e = after[0] ? smdp_profile_get(s, after, &last) : ERR_OK;
    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e; /* behind no profile there is none */
    size_t count = page_args(f, &last, args);
    args[count++] = DB_TEXT(after);
    args[count++] = DB_INT(limit);
    e = db_query(s->env->db, smdp_profiles_statement(f), args, count, visit_profile, &v);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* No device has anything to fetch for such an order. */
static bool is_over(enum smdp_state state)
{
    return state == SMDP_INSTALLED || state == SMDP_ERROR || state == SMDP_AVAILABLE || state == SMDP_UNAVAILABLE;
}

/* What belongs to an order ends with it, and its history goes on. */
static enum err settle(struct smdp *s, const struct smdp_profile *p, const char *event)
{
    enum err e = is_over(p->state) ? smdp_registration_close(s, p->iccid) : ERR_OK;
    if (!e && is_over(p->state))
        e = smdp_binding_remove(s, p->iccid);
    return e ? e : smdp_history_put(s, p->iccid, event);
}

enum err smdp_profile_update(struct smdp *s, const struct smdp_profile *p, const char *event)
{
    enum err e = db_run(s->env->db,
                        "UPDATE profile SET state = ?, ordered = ?, eid = ?, matching_id = ?, confirmation = ?, attempts = ?,"
                        " bound = ?, released_at = ?, downloads = ?, claimed = ? WHERE iccid = ?",
                        DB_ARGS(DB_INT(p->state), DB_INT(is_ordered(p)), text_or_null(p->eid), text_or_null(p->matching_id),
                                p->confirmation_required ? DB_BLOB(span_of(p->confirmation_sha256, sizeof p->confirmation_sha256)) : DB_NULL,
                                DB_INT(p->attempts), text_or_null(p->bound), DB_INT(p->released_at),
                                DB_INT(p->downloads), DB_INT(p->claimed), DB_TEXT(p->iccid)),
                        NULL);
    return e ? e : settle(s, p, event);
}

enum err smdp_profile_go_on(struct smdp *s, const struct smdp_profile *p, const char *event)
{
    enum err e = db_run(s->env->db, "UPDATE profile SET state = ?, bound = ?, downloads = ? WHERE iccid = ?",
                        DB_ARGS(DB_INT(p->state), DB_TEXT(p->bound), DB_INT(p->downloads), DB_TEXT(p->iccid)), NULL);
    return e ? e : settle(s, p, event);
}

enum err smdp_profile_claim(struct smdp *s, const struct smdp_profile *p, const char *event)
{
    enum err e = db_run(s->env->db,
                        "UPDATE profile SET state = ?, bound = ?, downloads = ?, eid = ?, claimed = 1 WHERE iccid = ?",
                        DB_ARGS(DB_INT(p->state), DB_TEXT(p->bound), DB_INT(p->downloads), DB_TEXT(p->eid), DB_TEXT(p->iccid)),
                        NULL);
    return e ? e : settle(s, p, event);
}

/* The events of a profile are counted, so that the old ones go, many at once, when there are too many. */
static enum err trim_history(struct smdp *s, const char *iccid, int64_t newest)
{
    if (newest % SMDP_EVENTS_SLACK || newest <= SMDP_EVENTS_KEPT)
        return ERR_OK;
    return db_run(s->env->db, "DELETE FROM history WHERE iccid = ? AND id <= ?",
                  DB_ARGS(DB_TEXT(iccid), DB_INT(newest - SMDP_EVENTS_KEPT)), NULL);
}

/* VALUES, not SELECT: a statement that may add many rows keeps a journal of its own; and one that returns rows, a table. */
enum err smdp_history_put(struct smdp *s, const char *iccid, const char *event)
{
    int64_t newest = 0;
    enum err e = db_run(s->env->db,
                        "INSERT INTO history (iccid, id, at, event)"
                        " VALUES (?1, (SELECT COALESCE(MAX(id), 0) + 1 FROM history WHERE iccid = ?1), ?2, ?3)",
                        DB_ARGS(DB_TEXT(iccid), DB_INT(clock_now(s->env->clock)), DB_TEXT(event)), NULL);
    if (!e)
        e = db_get_int(s->env->db, "SELECT MAX(id) FROM history WHERE iccid = ?", DB_ARGS(DB_TEXT(iccid)), &newest);
    return e ? e : trim_history(s, iccid, newest);
}

enum err smdp_subscription_get(struct smdp *s, const char *iccid, struct smdp_subscription *out)
{
    struct buf sealed = { .max = 512 };
    enum err e = db_get(s->env->db, "SELECT sealed FROM profile WHERE iccid = ?", DB_ARGS(DB_TEXT(iccid)), &sealed);
    if (!e)
        e = open_stored(s, iccid, buf_span(&sealed), out);
    buf_release(&sealed);
    return e;
}
