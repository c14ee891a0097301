/* Packages that were bound and may be asked for again (SGP.22 5.6.2). */
#include "smdp_internal.h"

void smdp_binding_init(struct smdp_binding *b)
{
    *b = (struct smdp_binding){ .euicc_otpk.max = 128, .smdp_otpk.max = 128, .blocks.max = 1 << 20 };
}

void smdp_binding_release(struct smdp_binding *b)
{
    buf_release(&b->euicc_otpk);
    buf_release(&b->smdp_otpk);
    buf_release(&b->blocks);
}

static enum err take_binding(void *context, const struct db_row *r)
{
    struct smdp_binding *b = context;
    enum err e = buf_set(&b->euicc_otpk, db_blob(r, 0));
    if (!e)
        e = buf_set(&b->smdp_otpk, db_blob(r, 1));
    return e ? e : buf_set(&b->blocks, db_blob(r, 2));
}

enum err smdp_binding_get(struct smdp *s, const char *iccid, struct smdp_binding *out)
{
    return db_query(s->env->db, "SELECT euicc_otpk, smdp_otpk, blocks FROM binding WHERE iccid = ?",
                    DB_ARGS(DB_TEXT(iccid)), take_binding, out);
}

enum err smdp_binding_get_euicc_otpk(struct smdp *s, const char *iccid, struct buf *out)
{
    return db_get(s->env->db, "SELECT euicc_otpk FROM binding WHERE iccid = ?", DB_ARGS(DB_TEXT(iccid)), out);
}

enum err smdp_binding_put(struct smdp *s, const char *iccid, const struct smdp_binding *b)
{
    return db_run(s->env->db,
                  "INSERT INTO binding (iccid, euicc_otpk, smdp_otpk, blocks) VALUES (?, ?, ?, ?)"
                  " ON CONFLICT (iccid) DO UPDATE SET euicc_otpk = excluded.euicc_otpk,"
                  " smdp_otpk = excluded.smdp_otpk, blocks = excluded.blocks",
                  DB_ARGS(DB_TEXT(iccid), DB_BLOB(buf_span(&b->euicc_otpk)), DB_BLOB(buf_span(&b->smdp_otpk)),
                          DB_BLOB(buf_span(&b->blocks))),
                  NULL);
}

enum err smdp_binding_remove(struct smdp *s, const char *iccid)
{
    return db_run(s->env->db, "DELETE FROM binding WHERE iccid = ?", DB_ARGS(DB_TEXT(iccid)), NULL);
}
