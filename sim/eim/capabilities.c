/* What an IPA leaves to its eIM (ipaFeatures; SGP.32 v1.2 2.11.2.2, 5.14.1 to 5.14.3): known once the device told it in an answer to
 * a question. The rules of the eUICC are known once it was asked for them. */
#include "eim_internal.h"
#include "rsp_rat.h"

void eim_capabilities_release(struct eim_capabilities *c)
{
    buf_release(&c->device);
    buf_release(&c->rat);
}

static enum err take(void *context, const struct db_row *r)
{
    struct eim_capabilities *c = context;
    c->features = (uint32_t)db_int(r, 0);
    c->knows_rat = !db_is_null(r, 2);
    enum err x = buf_set(&c->device, db_blob(r, 1));
    return x ? x : buf_set(&c->rat, db_blob(r, 2));
}

enum err eim_capabilities_get(struct eim *e, const char *eid, struct eim_capabilities *out)
{
    return db_query(e->env->db, "SELECT features, device_info, rat FROM euicc WHERE eid = ?", DB_ARGS(DB_TEXT(eid)), take, out);
}

/* deviceInfo is kept as the ctxParams1 that it is wanted for, without a matchingId. */
static enum err keep_device(struct eim *e, const char *eid, const struct rsp_device_info *info)
{
    struct buf bytes = { .max = 512 };
    const struct rsp_ctx_params1 params = { .device_info = *info };
    enum err x = rsp_ctx_params1_write(&params, &bytes);
    if (!x)
        x = db_run(e->env->db, "UPDATE euicc SET device_info = ? WHERE eid = ?", DB_ARGS(DB_BLOB(buf_span(&bytes)), DB_TEXT(eid)),
                   NULL);
    buf_release(&bytes);
    return x;
}

enum err eim_learn_capabilities(struct eim *e, const char *eid, const struct rsp_ipa_euicc_data *d)
{
    enum err x = ERR_OK;
    if (d->has_capabilities)
        x = db_run(e->env->db, "UPDATE euicc SET features = ? WHERE eid = ?",
                   DB_ARGS(DB_INT(d->capabilities.features), DB_TEXT(eid)), NULL);
    return x || !d->has_device_info ? x : keep_device(e, eid, &d->device_info);
}

enum err eim_learn_rat(struct eim *e, const char *eid, struct span rules)
{
    return rsp_rat_check(rules) ? ERR_OK
                                : db_run(e->env->db, "UPDATE euicc SET rat = ? WHERE eid = ?", DB_ARGS(DB_BLOB(rules), DB_TEXT(eid)),
                                         NULL);
}

/* --- what is made of it -------------------------------------------------------------------------------------- */

bool eim_leaves(const struct eim_capabilities *c, uint32_t feature)
{
    return c->features & feature;
}

enum err eim_put_ctx_params1(const struct eim_capabilities *c, const char *matching_id, struct buf *out)
{
    struct rsp_ctx_params1 params;
    if (!eim_leaves(c, RSP_IPA_EIM_CTX_PARAMS1) || !c->device.len)
        return ERR_OK;
    enum err x = rsp_ctx_params1_read(buf_span(&c->device), &params);
    if (x)
        return x;
    params.whole = (struct span){ 0 };
    params.matching_id = matching_id[0] ? span_str(matching_id) : (struct span){ 0 };
    return rsp_ctx_params1_write(&params, out);
}

bool eim_allows_rules(const struct eim_capabilities *c, const struct rsp_store_metadata *m)
{
    uint32_t rules = m->policy_rules.present ? m->policy_rules.bits & ~RSP_PPR_UPDATE_CONTROL : 0;
    return !eim_leaves(c, RSP_IPA_EIM_METADATA) || !c->knows_rat || !rules ||
           rsp_rat_allows(buf_span(&c->rat), rules, &m->owner);
}
