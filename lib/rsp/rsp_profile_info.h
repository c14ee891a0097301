/* Profiles on an eUICC: list, enable, disable, delete (SGP.22 5.7.15 to 5.7.18; SGP.32 v1.2 5.9.14). */
#ifndef LAB_RSP_PROFILE_INFO_H
#define LAB_RSP_PROFILE_INFO_H

#include "rsp_store_metadata.h"

enum rsp_profile_state { RSP_PROFILE_DISABLED, RSP_PROFILE_ENABLED };

/* Private to the lab's own card, in a tag list and in the answer: a PEStatus for each profile element that was stored and
 * not executed, or passed over. Another card leaves it out, as every tag that it does not know (SGP.22 5.7.15). */
#define RSP_TAG_ELEMENTS 0xFF7E

#define RSP_TAG_IOT_SPECIFIC 0xBF64 /* iotSpecificProfileInfo, SGP.32 v1.3: written where there is one, whatever a list asks for */

/* E3; every member optional */
struct rsp_profile_info {
    struct span iccid, isdp_aid;
    struct rsp_int state;
    struct span nickname, service_provider_name, profile_name;
    struct rsp_int icon_type;
    struct span icon;
    struct rsp_int profile_class;
    struct span notification_configuration; /* list: rsp_notification_configuration_next */
    bool has_owner;
    struct rsp_profile_owner owner;
    struct span dp_proprietary_data; /* contents */
    struct rsp_bits policy_rules;
    struct span service_data;                                    /* contents */
    bool ecall_indication, fallback_attribute, fallback_allowed; /* absent is false; false is not written */
    struct span iot_specific; /* contents of BF64, SGP.32 v1.3: nothing is in it yet */
    struct span elements; /* contents of RSP_TAG_ELEMENTS: saip_answer_next */
    struct span whole;
};
RSP_MESSAGE(profile_info);
RSP_ITEM(profile_info);
/* Appends only the members whose tags are in tag_list (contents of 5C); an absent list stands for SGP.32's
 * default: 5A 4F 9F70 91 92 95 9F7B 9F26 9F67. ERR_PARSE: the list is malformed. */
MUST_CHECK enum err rsp_profile_info_write_selected(const struct rsp_profile_info *p, struct span tag_list,
                                                    struct buf *out);
/* True when a list of tags (contents of 5C) names the tag. */
bool rsp_tag_list_has(struct span tag_list, uint32_t tag);
/* ERR_PARSE: malformed. */
MUST_CHECK enum err rsp_tag_list_check(struct span tag_list);
/* Appends one tag to a list being built. */
MUST_CHECK enum err rsp_tag_list_put(struct buf *list, uint32_t tag);
/* The next tag; ERR_PARSE when malformed. Moves `rest`. */
MUST_CHECK enum err rsp_tag_list_next(struct span *rest, uint32_t *tag);

enum rsp_profile_search { RSP_SEARCH_ALL, RSP_SEARCH_AID, RSP_SEARCH_ICCID, RSP_SEARCH_CLASS };
/* BF2D; also the PSMO listProfileInfo */
struct rsp_profile_info_request {
    bool has_search;
    struct rsp_profile_criteria {
        enum rsp_profile_search which;
        struct span aid, iccid;
        int64_t profile_class;
    } search;
    struct span tag_list; /* contents of 5C; optional */
    struct span iot_tag_list; /* contents of 5D, SGP.32 v1.3; optional */
};
RSP_MESSAGE(profile_info_request);
struct rsp_profile_info_response {
    enum rsp_outcome which;
    struct span list; /* rsp_profile_info_next */
    int64_t error;    /* enum rsp_profile_info_list_error */
};
RSP_MESSAGE(profile_info_response);

/* ISD-P AID or ICCID */
enum rsp_profile_identifier_kind { RSP_PROFILE_BY_NOTHING, RSP_PROFILE_BY_AID, RSP_PROFILE_BY_ICCID };
struct rsp_profile_identifier {
    enum rsp_profile_identifier_kind which;
    struct span aid, iccid;
};
/* BF31, BF32 */
struct rsp_enable_profile_request {
    struct rsp_profile_identifier profile;
    bool refresh;
};
RSP_MESSAGE(enable_profile_request);
struct rsp_disable_profile_request {
    struct rsp_profile_identifier profile;
    bool refresh;
};
RSP_MESSAGE(disable_profile_request);
/* BF33 */
struct rsp_delete_profile_request {
    struct rsp_profile_identifier profile;
};
RSP_MESSAGE(delete_profile_request);

#endif
