#include <stdlib.h>

#include "eso_store.h"
#include "row.h"

enum err alert_add(const struct eso_store *st, const char *kind, const char *subject, const char *swap)
{
    LOG(st->env->log, LOG_WARN, "alert", F_TEXT("kind", kind), F_TEXT("subject", subject), F_TEXT("swap", swap));
    return db_run(st->env->db,
                  "INSERT INTO alerts (tenant, n, at, kind, subject, swap, who)"
                  " SELECT ?, COALESCE(MAX(n), 0) + 1, ?, ?, ?, ?, '' FROM alerts WHERE tenant = ?",
                  DB_ARGS(DB_TEXT(st->tenant), DB_INT(store_now(st)), DB_TEXT(kind), DB_TEXT(subject), DB_TEXT(swap),
                          DB_TEXT(st->tenant)),
                  NULL);
}

enum err audit_add(const struct eso_store *st, const char *who, const char *what, const char *subject)
{
    return db_run(st->env->db,
                  "INSERT INTO audit (tenant, n, at, kind, subject, swap, who)"
                  " SELECT ?, COALESCE(MAX(n), 0) + 1, ?, ?, ?, '', ? FROM audit WHERE tenant = ?",
                  DB_ARGS(DB_TEXT(st->tenant), DB_INT(store_now(st)), DB_TEXT(what), DB_TEXT(subject), DB_TEXT(who),
                          DB_TEXT(st->tenant)),
                  NULL);
}

struct reading {
    notice_fn fn;
    void *context;
};

static enum err read_notice(void *context, const struct db_row *r)
{
    const struct reading *to = context;
    struct notice n = { .n = db_int(r, 0), .at = db_int(r, 1) };
    ROW_TEXT(r, 2, n.kind);
    ROW_TEXT(r, 3, n.subject);
    ROW_TEXT(r, 4, n.swap);
    ROW_TEXT(r, 5, n.who);
    return to->fn(to->context, &n);
}

static enum err each(const struct eso_store *st, const char *sql, struct page p, notice_fn fn, void *context)
{
    return none_is_fine(db_query(st->env->db, sql,
                                 DB_ARGS(DB_TEXT(st->tenant), DB_INT(atoll(p.after)), DB_INT(p.limit)), read_notice,
                                 &(struct reading){ fn, context }));
}

enum err alert_each(const struct eso_store *st, struct page p, notice_fn fn, void *context)
{
    return each(st, "SELECT n, at, kind, subject, swap, who FROM alerts WHERE tenant = ? AND n > ? ORDER BY n LIMIT ?",
                p, fn, context);
}

enum err audit_each(const struct eso_store *st, struct page p, notice_fn fn, void *context)
{
    return each(st, "SELECT n, at, kind, subject, swap, who FROM audit WHERE tenant = ? AND n > ? ORDER BY n LIMIT ?",
                p, fn, context);
}
