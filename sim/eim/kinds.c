/* What can be ordered: one row a PSMO, an eCO, a download, a question; what its order takes, how its command is made and which result
 * answers it. docs/api-eim.md has the rows as a table. */
#include <stdio.h>
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

/* At most one criterion. *iccid and `aid` hold what the search points into. */
static enum err read_search(const struct eim_order *o, uint8_t iccid[RSP_ICCID_OCTETS], struct buf *aid,
                            struct rsp_profile_info_request *out)
{
    static const char *const classes[] = { "test", "provisioning", "operational" };
    const char *by_iccid = json_str(o->parameters, "iccid"), *by_class = json_str(o->parameters, "profileClass");
    enum err by_aid = json_hex(o->parameters, "isdpAid", aid);
    out->has_search = by_iccid || by_class || !by_aid;
    if (by_aid != ERR_NOT_FOUND && (by_aid || aid->len < 5 || aid->len > 16))
        return ERR_PARSE;
    if ((by_iccid != NULL) + (by_class != NULL) + !by_aid > 1)
        return ERR_PARSE;
    out->search = (struct rsp_profile_criteria){ .which = by_iccid ? RSP_SEARCH_ICCID : by_class ? RSP_SEARCH_CLASS : RSP_SEARCH_AID,
                                                 .aid = buf_span(aid), .iccid = span_of(iccid, RSP_ICCID_OCTETS) };
    if (!by_class)
        return by_iccid ? rsp_iccid_parse(by_iccid, iccid) : ERR_OK;
    while (out->search.profile_class < (int64_t)COUNT(classes) && strcmp(classes[out->search.profile_class], by_class) != 0)
        out->search.profile_class++;
    return out->search.profile_class < (int64_t)COUNT(classes) ? ERR_OK : ERR_PARSE;
}

static enum err put_tags(const json_t *tags, struct buf *list);

/* parameters: {iccid | isdpAid | profileClass, tags?} (SGP.32 2.11.1.1.3: searchCriteria and tagList) */
static enum err psmo_list(const struct eim_order *o, enum rsp_psmo_kind kind, struct buf *list)
{
    uint8_t iccid[RSP_ICCID_OCTETS];
    struct buf aid = { .max = 16 }, tags = { .max = 256 };
    struct rsp_psmo psmo = { .which = kind };
    const json_t *wanted = json_object_get(o->parameters, "tags");
    enum err x = read_search(o, iccid, &aid, &psmo.list);
    if (!x && wanted)
        x = put_tags(wanted, &tags);
    psmo.list.tag_list = buf_span(&tags);
    if (!x)
        x = rsp_psmo_write(&psmo, list);
    buf_release(&aid);
    buf_release(&tags);
    return x;
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

enum { ICCID_WANTED = 1, ICCID_ALLOWED = 2, ROLLBACK = 4, CODES = 8 };

static const struct json_member download_parameters[] = { { "contact", JSON_IS_TEXT }, { "smdsAddress", JSON_IS_TEXT }, { NULL, 0 } };
static const struct json_member list_parameters[] = { { "iccid", JSON_IS_TEXT }, { "isdpAid", JSON_IS_TEXT },
                                                      { "profileClass", JSON_IS_TEXT }, { "tags", JSON_IS_LIST }, { NULL, 0 } };
static const struct json_member immediate_parameters[] = { { "smdpOid", JSON_IS_TEXT }, { "smdpAddress", JSON_IS_TEXT },
                                                           { "enable", JSON_IS_FLAG }, { NULL, 0 } };
static const struct json_member address_parameters[] = { { "address", JSON_IS_TEXT }, { NULL, 0 } };
static const struct json_member add_parameters[] = { { "eimConfiguration", JSON_IS_TEXT }, { "associationToken", JSON_IS_FLAG }, { NULL, 0 } };
static const struct json_member update_parameters[] = { { "eimConfiguration", JSON_IS_TEXT }, { "ownKey", JSON_IS_FLAG },
                                                        { "counter", JSON_IS_NUMBER }, { NULL, 0 } };
static const struct json_member delete_parameters[] = { { "eimId", JSON_IS_TEXT }, { NULL, 0 } };
static const struct json_member data_parameters[] = { { "tags", JSON_IS_LIST }, { NULL, 0 } };

static const struct {
    const char *name;
    unsigned takes; /* beside what every order takes */
    enum rsp_psmo_kind psmo;
    enum err (*put_psmo)(const struct eim_order *o, enum rsp_psmo_kind kind, struct buf *list);
    enum rsp_eco_kind eco;
    enum err (*put_eco)(const struct eim_order *o, enum rsp_eco_kind kind, struct buf *list);
    enum rsp_result_kind result;
    const struct json_member *parameters; /* NULL: it takes none */
    const char *help;                     /* on them */
} kinds[] = {
    [EIM_ORDER_DOWNLOAD] = { .name = "download", .takes = ICCID_ALLOWED | CODES, .parameters = download_parameters,
                             .help = "contact is defaultSmdp or smds, smdsAddress a host name with an optional port" },
    [EIM_ORDER_ENABLE] = { "enable", ICCID_WANTED | ROLLBACK, RSP_PSMO_ENABLE, psmo_of_iccid, 0, NULL, RSP_RESULT_ENABLE, NULL, NULL },
    [EIM_ORDER_DISABLE] = { "disable", ICCID_WANTED, RSP_PSMO_DISABLE, psmo_of_iccid, 0, NULL, RSP_RESULT_DISABLE, NULL, NULL },
    [EIM_ORDER_DELETE] = { "delete", ICCID_WANTED, RSP_PSMO_DELETE, psmo_of_iccid, 0, NULL, RSP_RESULT_DELETE, NULL, NULL },
    [EIM_ORDER_SET_FALLBACK] = { "setFallback", ICCID_WANTED, RSP_PSMO_SET_FALLBACK_ATTRIBUTE, psmo_of_iccid, 0, NULL,
                                 RSP_RESULT_SET_FALLBACK_ATTRIBUTE, NULL, NULL },
    [EIM_ORDER_LIST] = { "list", 0, RSP_PSMO_LIST_PROFILE_INFO, psmo_list, 0, NULL, RSP_RESULT_LIST_PROFILE_INFO, list_parameters,
                         "one of iccid, isdpAid (hex) and profileClass (test, provisioning, operational) selects; tags is a list of "
                         "tags in hex" },
    [EIM_ORDER_UNSET_FALLBACK] = { "unsetFallback", 0, RSP_PSMO_UNSET_FALLBACK_ATTRIBUTE, psmo_alone, 0, NULL,
                                   RSP_RESULT_UNSET_FALLBACK_ATTRIBUTE, NULL, NULL },
    [EIM_ORDER_GET_RAT] = { "getRat", 0, RSP_PSMO_GET_RAT, psmo_alone, 0, NULL, RSP_RESULT_GET_RAT, NULL, NULL },
    [EIM_ORDER_IMMEDIATE_ENABLE] = { "configureImmediateEnable", 0, RSP_PSMO_CONFIGURE_IMMEDIATE_ENABLE, psmo_immediate, 0, NULL,
                                     RSP_RESULT_CONFIGURE_IMMEDIATE_ENABLE, immediate_parameters,
                                     "smdpOid is like 2.999.10, smdpAddress a host name with an optional port, enable false takes "
                                     "it back" },
    [EIM_ORDER_DEFAULT_ADDRESS] = { "setDefaultDpAddress", 0, RSP_PSMO_SET_DEFAULT_DP_ADDRESS, psmo_default_address, 0, NULL,
                                    RSP_RESULT_SET_DEFAULT_DP_ADDRESS, address_parameters,
                                    "address is a host name with an optional port, or empty to take it back" },
    [EIM_ORDER_ADD_EIM] = { "addEim", 0, 0, NULL, RSP_ECO_ADD_EIM, eco_configuration, RSP_RESULT_ADD_EIM, add_parameters,
                            "eimConfiguration is base64 of EimConfigurationData as the other eIM shows it, associationToken true "
                            "asks the eUICC for one" },
    [EIM_ORDER_UPDATE_EIM] = { "updateEim", 0, 0, NULL, RSP_ECO_UPDATE_EIM, eco_configuration, RSP_RESULT_UPDATE_EIM, update_parameters,
                               "eimConfiguration is base64 of EimConfigurationData; or ownKey true, and counter from 0 to 8388590" },
    [EIM_ORDER_DELETE_EIM] = { "deleteEim", 0, 0, NULL, RSP_ECO_DELETE_EIM, eco_delete, RSP_RESULT_DELETE_EIM, delete_parameters,
                               "eimId has 1 to 128 characters" },
    [EIM_ORDER_LIST_EIM] = { "listEim", 0, 0, NULL, RSP_ECO_LIST_EIM, eco_list, RSP_RESULT_LIST_EIM, NULL, NULL },
    [EIM_ORDER_DATA] = { .name = "data", .parameters = data_parameters, .help = "tags is a list of tags in hex, like BF22" },
};
_Static_assert(COUNT(kinds) == EIM_KINDS, "a name for each kind");

void eim_order_kind_names(const char *out[EIM_KINDS + 1])
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        out[i] = kinds[i].name;
    out[COUNT(kinds)] = NULL;
}

const char *eim_order_parameters_help(enum eim_order_kind k)
{
    return kinds[k].help;
}

/* --- what an order takes ------------------------------------------------------------------------------------- */

static void put_member(struct json_member *list, const char *name, enum json_kind kind)
{
    while (list->name)
        list++;
    *list = (struct json_member){ name, kind };
}

enum err eim_order_check_members(const json_t *body, enum eim_order_kind k, struct http_response *p)
{
    struct json_member known[12] = { { "reference", JSON_IS_TEXT }, { "kind", JSON_IS_TEXT } };
    char what[80];
    if (kinds[k].takes & (ICCID_WANTED | ICCID_ALLOWED))
        put_member(known, "iccid", JSON_IS_TEXT);
    if (kinds[k].takes & ROLLBACK)
        put_member(known, "rollback", JSON_IS_FLAG);
    if (kinds[k].takes & CODES) {
        put_member(known, "activationCode", JSON_IS_TEXT);
        put_member(known, "confirmationCode", JSON_IS_TEXT);
    }
    if (kinds[k].parameters)
        put_member(known, "parameters", JSON_IS_OBJECT);
    put_member(known, "callback", JSON_IS_TEXT);
    put_member(known, "validUntil", JSON_IS_TEXT);
    put_member(known, "priority", JSON_IS_NUMBER);
    snprintf(what, sizeof what, "an order of kind %s", kinds[k].name);
    enum err x = http_only_members(p, body, what, known);
    snprintf(what, sizeof what, "the parameters of %s", kinds[k].name);
    return x || !kinds[k].parameters ? x : http_only_members(p, json_object_get(body, "parameters"), what, kinds[k].parameters);
}

/* --- what is said of a kind ------------------------------------------------------------------------------------ */

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
    return kinds[k].takes & ICCID_WANTED;
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

static enum err put_tags(const json_t *tags, struct buf *list)
{
    const json_t *tag;
    size_t i;
    json_array_foreach(tags, i, tag) {
        enum err x = json_is_string(tag) ? hex_decode(span_str(json_string_value(tag)), list) : ERR_PARSE;
        if (x)
            return x;
    }
    return tags_are_whole(buf_span(list)) ? ERR_OK : ERR_PARSE;
}

/* parameters: {tags: ["BF22", "A2", …]}; without, everything. */
enum err eim_order_put_tags(const struct eim_order *o, struct buf *list)
{
    static const uint8_t all[] = { 0xa0, 0x81, 0xa2, 0xbf, 0x20, 0xbf, 0x22, 0x83, 0x84, 0xa5, 0xa6, 0xa8, 0xa9 };
    const json_t *tags = json_object_get(o->parameters, "tags");
    return tags ? put_tags(tags, list) : buf_put(list, SPAN_ARRAY(all));
}
