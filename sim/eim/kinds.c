/* What can be ordered: one row a PSMO, an eCO, a download, a question; how its command is made and which result answers it. */
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_ids.h"

/* A text among the parameters, at most max octets; *out is without bytes when it is not there. */
static enum err text_of(const struct eim_order *o, const char *member, size_t max, struct span *out)
{
    const json_t *value = json_object_get(o->parameters, member);
    *out = (struct span){ 0 };
    if (!value)
        return ERR_OK;
    if (!json_is_string(value) || json_string_length(value) > max)
        return ERR_PARSE;
    *out = span_of(json_string_value(value), json_string_length(value));
    return ERR_OK;
}

static enum err flag_of(const struct eim_order *o, const char *member, bool otherwise, bool *out)
{
    *out = otherwise;
    enum err x = json_bool(o->parameters, member, out);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

static enum err psmo_of_iccid(const struct eim_order *o, enum rsp_psmo_kind kind, struct buf *list)
{
    uint8_t iccid[RSP_ICCID_OCTETS];
    struct rsp_psmo psmo = { .which = kind, .rollback = kind == RSP_PSMO_ENABLE && o->rollback };
    enum err x = rsp_iccid_parse(o->iccid, iccid);
    psmo.iccid = SPAN_ARRAY(iccid);
    return x ? x : rsp_psmo_write_as(o->wire, &psmo, list);
}

static enum err psmo_alone(const struct eim_order *o, enum rsp_psmo_kind kind, struct buf *list)
{
    (void)o;
    const struct rsp_psmo psmo = { .which = kind };
    return rsp_psmo_write(&psmo, list);
}

/* parameters: {smdpOid?, smdpAddress?, enable?: false takes it back} */
static enum err psmo_immediate(const struct eim_order *o, enum rsp_psmo_kind kind, struct buf *list)
{
    struct buf oid = { .max = 128 };
    struct span dotted;
    struct rsp_psmo psmo = { .which = kind };
    enum err x = flag_of(o, "enable", true, &psmo.immediate.flag);
    if (!x)
        x = text_of(o, "smdpAddress", 255, &psmo.immediate.smdp_address);
    if (!x && psmo.immediate.smdp_address.at && !rsp_address_is_valid(psmo.immediate.smdp_address))
        x = ERR_PARSE;
    if (!x)
        x = text_of(o, "smdpOid", 128, &dotted);
    if (!x && dotted.at)
        x = der_oid_parse((const char *)dotted.at, &oid);
    psmo.immediate.smdp_oid = buf_span(&oid);
    if (!x)
        x = rsp_psmo_write(&psmo, list);
    buf_release(&oid);
    return x;
}

/* parameters: {address}; "" takes it back */
static enum err psmo_default_address(const struct eim_order *o, enum rsp_psmo_kind kind, struct buf *list)
{
    struct rsp_psmo psmo = { .which = kind };
    enum err x = text_of(o, "address", 255, &psmo.default_dp_address);
    if (x || !psmo.default_dp_address.at ||
        (psmo.default_dp_address.len && !rsp_address_is_valid(psmo.default_dp_address)))
        return ERR_PARSE;
    return rsp_psmo_write(&psmo, list);
}

/* parameters: {eimConfiguration: base64 of EimConfigurationData, as the other eIM shows it, associationToken?: true asks the
 * eUICC for one} */
static enum err eco_configuration(const struct eim_order *o, enum rsp_eco_kind kind, struct buf *list)
{
    struct buf bytes = { .max = 4096 };
    struct rsp_eco eco = { .which = kind };
    bool wants_token = false;
    enum err x = flag_of(o, "associationToken", false, &wants_token);
    if (!x && wants_token && kind != RSP_ECO_ADD_EIM)
        x = ERR_PARSE; /* SGP.32 5.9.1: a token is made when an eIM is added, and never changes */
    if (!x)
        x = json_base64(o->parameters, "eimConfiguration", &bytes);
    if (!x)
        x = rsp_eim_configuration_read(buf_span(&bytes), &eco.eim);
    eco.eim.whole = (struct span){ 0 };
    if (wants_token)
        eco.eim.association_token = (struct rsp_int){ true, -1 };
    if (!x)
        x = rsp_eco_write_as(o->wire, &eco, list);
    buf_release(&bytes);
    return x == ERR_NOT_FOUND ? ERR_PARSE : x;
}

/* parameters: {eimId} */
static enum err eco_delete(const struct eim_order *o, enum rsp_eco_kind kind, struct buf *list)
{
    struct rsp_eco eco = { .which = kind };
    enum err x = text_of(o, "eimId", 128, &eco.eim_id);
    return x || !eco.eim_id.len ? ERR_PARSE : rsp_eco_write(&eco, list);
}

static enum err eco_list(const struct eim_order *o, enum rsp_eco_kind kind, struct buf *list)
{
    (void)o;
    const struct rsp_eco eco = { .which = kind };
    return rsp_eco_write(&eco, list);
}

static const struct {
    const char *name;
    bool needs_iccid;
    enum rsp_psmo_kind psmo;
    enum err (*put_psmo)(const struct eim_order *o, enum rsp_psmo_kind kind, struct buf *list);
    enum rsp_eco_kind eco;
    enum err (*put_eco)(const struct eim_order *o, enum rsp_eco_kind kind, struct buf *list);
    enum rsp_result_kind result;
} kinds[] = {
    [EIM_ORDER_DOWNLOAD] = { .name = "download" },
    [EIM_ORDER_ENABLE] = { "enable", true, RSP_PSMO_ENABLE, psmo_of_iccid, 0, NULL, RSP_RESULT_ENABLE },
    [EIM_ORDER_DISABLE] = { "disable", true, RSP_PSMO_DISABLE, psmo_of_iccid, 0, NULL, RSP_RESULT_DISABLE },
    [EIM_ORDER_DELETE] = { "delete", true, RSP_PSMO_DELETE, psmo_of_iccid, 0, NULL, RSP_RESULT_DELETE },
    [EIM_ORDER_SET_FALLBACK] = { "setFallback", true, RSP_PSMO_SET_FALLBACK_ATTRIBUTE, psmo_of_iccid, 0, NULL,
                                 RSP_RESULT_SET_FALLBACK_ATTRIBUTE },
    [EIM_ORDER_LIST] = { "list", false, RSP_PSMO_LIST_PROFILE_INFO, psmo_alone, 0, NULL,
                         RSP_RESULT_LIST_PROFILE_INFO },
    [EIM_ORDER_UNSET_FALLBACK] = { "unsetFallback", false, RSP_PSMO_UNSET_FALLBACK_ATTRIBUTE, psmo_alone, 0, NULL,
                                   RSP_RESULT_UNSET_FALLBACK_ATTRIBUTE },
    [EIM_ORDER_GET_RAT] = { "getRat", false, RSP_PSMO_GET_RAT, psmo_alone, 0, NULL, RSP_RESULT_GET_RAT },
    [EIM_ORDER_IMMEDIATE_ENABLE] = { "configureImmediateEnable", false, RSP_PSMO_CONFIGURE_IMMEDIATE_ENABLE,
                                     psmo_immediate, 0, NULL, RSP_RESULT_CONFIGURE_IMMEDIATE_ENABLE },
    [EIM_ORDER_DEFAULT_ADDRESS] = { "setDefaultDpAddress", false, RSP_PSMO_SET_DEFAULT_DP_ADDRESS,
                                    psmo_default_address, 0, NULL, RSP_RESULT_SET_DEFAULT_DP_ADDRESS },
    [EIM_ORDER_ADD_EIM] = { "addEim", false, 0, NULL, RSP_ECO_ADD_EIM, eco_configuration, RSP_RESULT_ADD_EIM },
    [EIM_ORDER_UPDATE_EIM] = { "updateEim", false, 0, NULL, RSP_ECO_UPDATE_EIM, eco_configuration,
                               RSP_RESULT_UPDATE_EIM },
    [EIM_ORDER_DELETE_EIM] = { "deleteEim", false, 0, NULL, RSP_ECO_DELETE_EIM, eco_delete, RSP_RESULT_DELETE_EIM },
    [EIM_ORDER_LIST_EIM] = { "listEim", false, 0, NULL, RSP_ECO_LIST_EIM, eco_list, RSP_RESULT_LIST_EIM },
    [EIM_ORDER_DATA] = { .name = "data" },
};

int eim_order_kind_of(const char *name)
{
    for (size_t i = 0; name && i < COUNT(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool eim_order_kind_exists(int64_t k)
{
    return k >= 0 && k < (int64_t)COUNT(kinds);
}

const char *eim_order_kind_name(enum eim_order_kind k)
{
    return eim_order_kind_exists(k) ? kinds[k].name : "unknown";
}

bool eim_order_needs_iccid(enum eim_order_kind k)
{
    return kinds[k].needs_iccid;
}

bool eim_order_is_package(enum eim_order_kind k)
{
    return eim_order_kind_exists(k) && (kinds[k].put_psmo || kinds[k].put_eco);
}

enum rsp_result_kind eim_order_result(enum eim_order_kind k)
{
    return eim_order_kind_exists(k) ? kinds[k].result : RSP_RESULT_NONE;
}

enum err eim_order_put_commands(const struct eim_order *order, const struct rsp_wire *wire, struct rsp_euicc_package *out,
                                struct buf *list)
{
    struct eim_order written = *order, *o = &written;
    o->wire = wire;
    enum err x = kinds[o->kind].put_psmo ? kinds[o->kind].put_psmo(o, kinds[o->kind].psmo, list)
                                         : kinds[o->kind].put_eco(o, kinds[o->kind].eco, list);
    out->which = kinds[o->kind].put_psmo ? RSP_PACKAGE_PSMO : RSP_PACKAGE_ECO;
    out->psmo_list = kinds[o->kind].put_psmo ? buf_span(list) : (struct span){ 0 };
    out->eco_list = kinds[o->kind].put_eco ? buf_span(list) : (struct span){ 0 };
    return x;
}

/* parameters: {contact: defaultSmdp} or {contact: smds, smdsAddress?}; without an address, the card's root SM-DS */
enum err eim_order_contact(const struct eim_order *o, struct rsp_profile_download_data *out)
{
    const char *contact = json_str(o->parameters, "contact");
    bool smds = contact && strcmp(contact, "smds") == 0;
    *out = (struct rsp_profile_download_data){ .which = smds ? RSP_DOWNLOAD_SMDS : RSP_DOWNLOAD_DEFAULT_SMDP };
    if (!smds)
        return contact && strcmp(contact, "defaultSmdp") == 0 ? ERR_OK : ERR_PARSE;
    enum err x = text_of(o, "smdsAddress", 255, &out->smds_address);
    return !x && out->smds_address.at && !rsp_address_is_valid(out->smds_address) ? ERR_PARSE : x;
}

enum err eim_order_download_data(const struct eim_order *o, struct rsp_profile_download_data *out)
{
    struct rsp_activation_code parsed;
    if (!o->activation_code.len)
        return eim_order_contact(o, out);
    *out = (struct rsp_profile_download_data){ .which = RSP_DOWNLOAD_ACTIVATION_CODE,
                                               .activation_code = buf_span(&o->activation_code) };
    return o->parameters ? ERR_PARSE : rsp_activation_code_parse(out->activation_code, &parsed);
}

static bool tags_are_whole(struct span list)
{
    uint32_t tag = 0;
    bool some = list.len;
    while (list.len)
        if (rsp_tag_list_next(&list, &tag))
            return false;
    return some;
}

/* parameters: {tags: ["BF22", "A2", …]}; without, everything. */
enum err eim_order_put_tags(const struct eim_order *o, struct buf *list)
{
    static const uint8_t all[] = { 0xa0, 0x81, 0xa2, 0xbf, 0x20, 0xbf, 0x22, 0x83, 0x84, 0xa5, 0xa6, 0xa8, 0xa9 };
    const json_t *tags = json_object_get(o->parameters, "tags");
    const json_t *tag;
    size_t i;
    if (!tags)
        return buf_put(list, SPAN_ARRAY(all));
    json_array_foreach(tags, i, tag) {
        enum err x = json_is_string(tag) ? hex_decode(span_str(json_string_value(tag)), list) : ERR_PARSE;
        if (x)
            return x;
    }
    return tags_are_whole(buf_span(list)) ? ERR_OK : ERR_PARSE;
}
