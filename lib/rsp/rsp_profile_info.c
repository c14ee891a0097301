#include "rsp_types.h"

static const struct rsp_field profile_info[] = {
    RSP_O(VALUE, 0x5A, profile_info, iccid),
    RSP_O(VALUE, 0x4F, profile_info, isdp_aid),
    RSP_O(INTEGER, 0x9F70, profile_info, state),
    RSP_O(VALUE, 0x90, profile_info, nickname),
    RSP_O(VALUE, 0x91, profile_info, service_provider_name),
    RSP_O(VALUE, 0x92, profile_info, profile_name),
    RSP_O(INTEGER, 0x93, profile_info, icon_type),
    RSP_O(VALUE, 0x94, profile_info, icon),
    RSP_O(INTEGER, 0x95, profile_info, profile_class),
    RSP_O(VALUE, 0xB6, profile_info, notification_configuration),
    RSP_SO(0xB7, profile_info, owner, has_owner, rsp_type_profile_owner),
    RSP_O(VALUE, 0xB8, profile_info, dp_proprietary_data),
    RSP_O(BITS, 0x99, profile_info, policy_rules),
    RSP_O(VALUE, 0xBF22, profile_info, service_data),
    RSP_O(BOOLEAN, 0x9F7B, profile_info, ecall_indication),
    RSP_O(BOOLEAN, 0x9F26, profile_info, fallback_attribute),
    RSP_O(BOOLEAN, 0x9F67, profile_info, fallback_allowed),
    RSP_O(VALUE, RSP_TAG_IOT_SPECIFIC, profile_info, iot_specific),
    RSP_O(VALUE, RSP_TAG_ELEMENTS, profile_info, elements),
};
static const struct rsp_type type_profile_info =
    RSP_KEPT(0xE3, RSP_P(SGP32_PROFILE_INFO), profile_info, whole, profile_info);
RSP_DEFINE(profile_info, type_profile_info)
RSP_DEFINE_ITEM(profile_info, type_profile_info)

enum err rsp_tag_list_next(struct span *rest, uint32_t *tag)
{
    size_t n = 1;
    if (rest->len == 0)
        return ERR_PARSE;
    *tag = rest->at[0];
    if ((rest->at[0] & 0x1f) == 0x1f)
        do {
            if (n == rest->len || n == 3)
                return ERR_PARSE;
            *tag = *tag << 8 | rest->at[n];
        } while (rest->at[n++] & 0x80);
    *rest = span_sub(*rest, n, rest->len);
    return ERR_OK;
}

bool rsp_tag_list_has(struct span tag_list, uint32_t tag)
{
    uint32_t one;
    while (tag_list.len && !rsp_tag_list_next(&tag_list, &one))
        if (one == tag)
            return true;
    return false;
}

enum err rsp_tag_list_put(struct buf *list, uint32_t tag)
{
    const uint8_t octets[3] = { (uint8_t)(tag >> 16), (uint8_t)(tag >> 8), (uint8_t)tag };
    size_t skip = tag > 0xffff ? 0 : tag > 0xff ? 1 : 2;
    return buf_put(list, span_of(octets + skip, 3 - skip));
}

/* SGP.32 5.9.14: what a request without a tag list gets. */
static struct span default_tag_list(void)
{
    static const uint8_t tags[] = { 0x5A, 0x4F, 0x9F, 0x70, 0x91, 0x92, 0x95,
                                    0x9F, 0x7B, 0x9F, 0x26, 0x9F, 0x67 };
    return SPAN_ARRAY(tags);
}

enum err rsp_tag_list_check(struct span tag_list)
{
    uint32_t tag;
    enum err e = ERR_OK;
    while (!e && tag_list.len)
        e = rsp_tag_list_next(&tag_list, &tag);
    return e;
}

enum err rsp_profile_info_write_selected(const struct rsp_profile_info *p, struct span tag_list,
                                         struct buf *out)
{
    struct rsp_field selected[COUNT(profile_info)];
    struct rsp_type t = { .tag = 0xE3, .pdu = RSP_NO_PDU, .whole = RSP_NOWHERE, .fields = selected };
    if (!tag_list.at)
        tag_list = default_tag_list();
    enum err e = rsp_tag_list_check(tag_list);
    for (size_t i = 0; i < COUNT(profile_info); i++)
        if (profile_info[i].tag == RSP_TAG_IOT_SPECIFIC || rsp_tag_list_has(tag_list, profile_info[i].tag))
            selected[t.count++] = profile_info[i];
    return e ? e : rsp_fields_write(&t, p, out);
}

static const struct rsp_field profile_criteria[] = {
    RSP_F(VALUE, 0x4F, profile_criteria, aid),
    RSP_F(VALUE, 0x5A, profile_criteria, iccid),
    RSP_F(INTEGER, 0x95, profile_criteria, profile_class),
};
static const struct rsp_type type_profile_criteria =
    RSP_CHOICE(0xA0, RSP_NO_PDU, profile_criteria, profile_criteria);
static const struct rsp_field profile_info_request[] = {
    RSP_SO(0xA0, profile_info_request, search, has_search, type_profile_criteria),
    RSP_O(VALUE, 0x5C, profile_info_request, tag_list),
    RSP_O(VALUE, 0x5D, profile_info_request, iot_tag_list),
};
const struct rsp_type rsp_type_profile_info_request =
    RSP_SEQUENCE(0xBF2D, RSP_P(PROFILE_INFO_LIST_REQUEST), profile_info_request);
RSP_DEFINE(profile_info_request, rsp_type_profile_info_request)

static const struct rsp_field profile_info_response[] = {
    RSP_F(VALUE, 0xA0, profile_info_response, list),
    RSP_F(INTEGER, 0x81, profile_info_response, error),
};
const struct rsp_type rsp_type_profile_info_response =
    RSP_CHOICE(0xBF2D, RSP_P(SGP32_PROFILE_INFO_LIST_RESPONSE), profile_info_response, profile_info_response);
RSP_DEFINE(profile_info_response, rsp_type_profile_info_response)

static const struct rsp_field profile_identifier[] = {
    RSP_F(VALUE, 0x4F, profile_identifier, aid),
    RSP_F(VALUE, 0x5A, profile_identifier, iccid),
};
static const struct rsp_type type_profile_identifier =
    RSP_CHOICE(0xA0, RSP_NO_PDU, profile_identifier, profile_identifier);

static const struct rsp_field enable_profile_request[] = {
    RSP_S(0xA0, enable_profile_request, profile, type_profile_identifier),
    RSP_F(BOOLEAN, 0x81, enable_profile_request, refresh),
};
static const struct rsp_type type_enable_profile_request =
    RSP_SEQUENCE(0xBF31, RSP_P(ENABLE_PROFILE_REQUEST), enable_profile_request);
RSP_DEFINE(enable_profile_request, type_enable_profile_request)

static const struct rsp_field disable_profile_request[] = {
    RSP_S(0xA0, disable_profile_request, profile, type_profile_identifier),
    RSP_F(BOOLEAN, 0x81, disable_profile_request, refresh),
};
static const struct rsp_type type_disable_profile_request =
    RSP_SEQUENCE(0xBF32, RSP_P(DISABLE_PROFILE_REQUEST), disable_profile_request);
RSP_DEFINE(disable_profile_request, type_disable_profile_request)

static const struct rsp_field delete_profile_request[] = {
    RSP_IN(delete_profile_request, profile, type_profile_identifier),
};
static const struct rsp_type type_delete_profile_request =
    RSP_SEQUENCE(0xBF33, RSP_P(DELETE_PROFILE_REQUEST), delete_profile_request);
RSP_DEFINE(delete_profile_request, type_delete_profile_request)
