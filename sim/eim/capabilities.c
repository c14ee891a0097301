/* What an IPA leaves to its eIM (ipaFeatures; SGP.32 v1.2 2.11.2.2, 5.14.1 to 5.14.3): known once the device told it in an answer to
 * a question. The rules of the eUICC are known once it was asked for them. */
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_rat.h"

void eim_capabilities_release(struct eim_capabilities *c)
{
    buf_release(&c->device);
    buf_release(&c->rat);
}

/* --- as they are kept (learned.c) ------------------------------------------------------------------------------ */

static const struct {
    uint32_t bit;
    const char *name;
} features[] = {
    { RSP_IPA_DIRECT_RSP, "directRspServerCommunication" },
    { RSP_IPA_INDIRECT_RSP, "indirectRspServerCommunication" },
    { RSP_IPA_EIM_DOWNLOAD_DATA, "eimDownloadDataHandling" },
    { RSP_IPA_EIM_CTX_PARAMS1, "eimCtxParams1Generation" },
    { RSP_IPA_EIM_METADATA, "eimProfileMetadataVerification" },
    { RSP_IPA_MINIMIZE_BYTES, "minimizeEsipaBytes" },
};

json_t *eim_features_json(uint32_t bits)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < COUNT(features); i++)
        if (bits & features[i].bit)
            json_array_append_new(list, json_string(features[i].name));
    return list;
}

static uint32_t read_features(const json_t *list)
{
    const json_t *item;
    uint32_t bits = 0;
    size_t i;
    json_array_foreach(list, i, item)
        for (size_t k = 0; k < COUNT(features); k++)
            if (json_is_string(item) && strcmp(json_string_value(item), features[k].name) == 0)
                bits |= features[k].bit;
    return bits;
}

static enum err get_features(struct eim *e, const char *eid, struct eim_capabilities *out)
{
    json_t *json = NULL;
    enum err x = eim_learned_get(e, eid, EIM_LEARNED_CAPABILITIES, &json);
    out->features = read_features(json_object_get(json, "ipaFeatures"));
    json_decref(json);
    return x;
}

static enum err get_device(struct eim *e, const char *eid, struct eim_capabilities *out)
{
    json_t *json = NULL;
    enum err x = eim_learned_get(e, eid, EIM_LEARNED_DEVICE, &json);
    const char *text = json_str(json, "ctxParams1");
    struct rsp_ctx_params1 params;
    if (!x && text && (hex_decode(span_str(text), &out->device) || rsp_ctx_params1_read(buf_span(&out->device), &params)))
        buf_clear(&out->device); /* it cannot be read: it is not known */
    json_decref(json);
    return x;
}

/* A table that cannot be read is shown, and judges nothing. */
static enum err get_rat(struct eim *e, const char *eid, struct eim_capabilities *out)
{
    json_t *json = NULL;
    enum err x = eim_learned_get(e, eid, EIM_LEARNED_RAT, &json);
    out->knows_rat = !x && json_is_string(json) && base64_decode(span_str(json_string_value(json)), &out->rat) == ERR_OK &&
                     rsp_rat_check(buf_span(&out->rat)) == ERR_OK;
    json_decref(json);
    return x;
}

enum err eim_capabilities_get(struct eim *e, const char *eid, struct eim_capabilities *out)
{
    enum err x = get_features(e, eid, out);
    if (!x && out->features & RSP_IPA_EIM_CTX_PARAMS1)
        x = get_device(e, eid, out);
    return x || !(out->features & RSP_IPA_EIM_METADATA) ? x : get_rat(e, eid, out);
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
