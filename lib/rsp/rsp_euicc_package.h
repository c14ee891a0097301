/* ESep: eUICC packages and their results (SGP.32 v1.2 2.11, 5.9.1; catalogue A.5), and ProfileRollback
 * (5.9.16). */
#ifndef LAB_RSP_EUICC_PACKAGE_H
#define LAB_RSP_EUICC_PACKAGE_H

#include "rsp_eim_configuration.h"
#include "rsp_profile_info.h"

/* In the order of the module. */
enum rsp_psmo_kind {
    RSP_PSMO_NONE,
    RSP_PSMO_ENABLE,
    RSP_PSMO_DISABLE,
    RSP_PSMO_DELETE,
    RSP_PSMO_LIST_PROFILE_INFO,
    RSP_PSMO_GET_RAT,
    RSP_PSMO_CONFIGURE_IMMEDIATE_ENABLE,
    RSP_PSMO_SET_FALLBACK_ATTRIBUTE,
    RSP_PSMO_UNSET_FALLBACK_ATTRIBUTE,
    RSP_PSMO_SET_DEFAULT_DP_ADDRESS,
};
struct rsp_psmo {
    enum rsp_psmo_kind which;
    struct span iccid;                    /* enable, disable, delete, setFallbackAttribute */
    bool rollback;                        /* enable */
    struct rsp_profile_info_request list; /* listProfileInfo */
    struct {                              /* configureImmediateEnable */
        bool flag;
        struct span smdp_oid, smdp_address; /* optional */
    } immediate;
    struct span default_dp_address; /* setDefaultDpAddress */
    struct span whole;
};
RSP_MESSAGE(psmo);
RSP_MESSAGE_AS(psmo);
/* ERR_PARSE: unknown or damaged; what was before it is good (processingTerminated 2). */
RSP_ITEM(psmo);
const char *rsp_psmo_name(enum rsp_psmo_kind k);

enum rsp_eco_kind { RSP_ECO_NONE, RSP_ECO_ADD_EIM, RSP_ECO_DELETE_EIM, RSP_ECO_UPDATE_EIM, RSP_ECO_LIST_EIM };
struct rsp_eco {
    enum rsp_eco_kind which;
    struct rsp_eim_configuration eim; /* addEim, updateEim; its `whole` stays empty */
    struct span eim_id;               /* deleteEim */
    struct span whole;
};
RSP_MESSAGE(eco);
RSP_MESSAGE_AS(eco);
RSP_ITEM(eco);

enum rsp_package_kind { RSP_PACKAGE_NONE, RSP_PACKAGE_PSMO, RSP_PACKAGE_ECO };
struct rsp_euicc_package_signed {
    struct span eim_id;
    struct span eid; /* 16 octets */
    int64_t counter;
    struct span eim_transaction_id; /* optional */
    struct rsp_euicc_package {
        enum rsp_package_kind which;
        struct span psmo_list; /* rsp_psmo_next */
        struct span eco_list;  /* rsp_eco_next */
    } package;
    struct span signed_bytes;
};
RSP_MESSAGE(euicc_package_signed);
/* BF51 */
struct rsp_euicc_package_request {
    struct rsp_euicc_package_signed package_signed;
    struct span signature;
    struct span whole;
};
RSP_MESSAGE(euicc_package_request);
/* The same without a look at the commands: one that nobody knows does not pass the schema, and is for the eUICC to judge. ERR_PARSE: it
 * is not even that. */
MUST_CHECK enum err rsp_euicc_package_frame_read(struct span bytes, struct rsp_euicc_package_request *out);

/* In the order of the module. */
enum rsp_result_kind {
    RSP_RESULT_NONE,
    RSP_RESULT_ENABLE,
    RSP_RESULT_DISABLE,
    RSP_RESULT_DELETE,
    RSP_RESULT_LIST_PROFILE_INFO,
    RSP_RESULT_GET_RAT,
    RSP_RESULT_CONFIGURE_IMMEDIATE_ENABLE,
    RSP_RESULT_ADD_EIM,
    RSP_RESULT_DELETE_EIM,
    RSP_RESULT_UPDATE_EIM,
    RSP_RESULT_LIST_EIM,
    RSP_RESULT_ROLLBACK,
    RSP_RESULT_SET_FALLBACK_ATTRIBUTE,
    RSP_RESULT_UNSET_FALLBACK_ATTRIBUTE,
    RSP_RESULT_PROCESSING_TERMINATED,
    RSP_RESULT_SET_DEFAULT_DP_ADDRESS,
    RSP_RESULT_UNKNOWN, /* of a later version: only `whole` is set */
};
enum rsp_add_eim_which { RSP_ADD_EIM_NONE, RSP_ADD_EIM_TOKEN, RSP_ADD_EIM_CODE };
/* An item of euiccResult. */
struct rsp_euicc_result {
    enum rsp_result_kind which;
    int64_t code; /* the result code of every kind that has no struct below */
    struct rsp_profile_info_response profiles;
    struct span rat; /* getRAT: list of rules (30) */
    struct rsp_add_eim_result {
        enum rsp_add_eim_which which;
        int64_t token, code;
    } add_eim;
    struct rsp_list_eim_result {
        enum rsp_outcome which;
        struct span list; /* rsp_eim_id_info_next */
        int64_t error;
    } eims;
    struct span whole;
};
RSP_MESSAGE(euicc_result);
RSP_MESSAGE_AS(euicc_result);
/* The message around the list was read whatever is in the list: each item is checked here. ERR_PARSE: this one is damaged; what
 * was before it is good. */
RSP_ITEM(euicc_result);
const char *rsp_result_name(enum rsp_result_kind k);
/* The code of any kind: 0 when it succeeded, also for lists and tokens. */
int64_t rsp_euicc_result_code(const struct rsp_euicc_result *r);
/* Was it done? Also with lastEimDeleted(2) of deleteEim; never with an error of a list or an end marker, whatever its number. */
bool rsp_euicc_result_is_success(const struct rsp_euicc_result *r);
/* Name of that code, with the enumeration of its kind: "iccidOrAidNotFound". */
const char *rsp_euicc_result_code_name(const struct rsp_euicc_result *r);

struct rsp_eim_id_info {
    struct span eim_id;
    struct rsp_int eim_id_type;
};
RSP_MESSAGE(eim_id_info);
RSP_ITEM(eim_id_info);

struct rsp_package_result_data {
    struct span eim_id;
    int64_t counter;
    struct span eim_transaction_id; /* optional */
    int64_t seq_number;
    struct span results; /* list: rsp_euicc_result_next */
    struct span signed_bytes;
};
RSP_MESSAGE(package_result_data);
struct rsp_package_error_data {
    struct span eim_id;
    int64_t counter;
    struct span eim_transaction_id; /* optional */
    int64_t code;                   /* enum rsp_euicc_package_error_code */
    struct span signed_bytes;
};
RSP_MESSAGE(package_error_data);
enum rsp_package_result_which {
    RSP_PACKAGE_RESULT_NONE,
    RSP_PACKAGE_RESULT_SIGNED,
    RSP_PACKAGE_ERROR_SIGNED,
    RSP_PACKAGE_ERROR_UNSIGNED,
};
/* BF51 */
struct rsp_euicc_package_result {
    enum rsp_package_result_which which;
    struct rsp_package_result_signed {
        struct rsp_package_result_data data;
        struct span signature;
    } result;
    struct rsp_package_error_signed {
        struct rsp_package_error_data data;
        struct span signature;
    } error;
    struct rsp_package_error_unsigned {
        struct span eim_id;
        struct span eim_transaction_id; /* optional */
        struct rsp_int association_token;
        struct rsp_int code; /* SGP.32 v1.3 */
    } unsigned_error;
    struct span whole;
};
RSP_MESSAGE(euicc_package_result);
RSP_MESSAGE_AS(euicc_package_result);
RSP_ITEM(euicc_package_result);

/* The association token's data object, 84 LL <INTEGER contents>, ends every signature input of ESep; without
 * a token it is 84 01 00 (catalogue A.5.3). */
void rsp_tbs_euicc_package(const struct rsp_euicc_package_signed *p, struct rsp_int association_token,
                           struct rsp_tbs *out);
void rsp_tbs_package_result(const struct rsp_package_result_data *d, struct rsp_int association_token,
                            struct rsp_tbs *out);
void rsp_tbs_package_error(const struct rsp_package_error_data *d, struct rsp_int association_token,
                           struct rsp_tbs *out);

/* BF58; the request is rsp_refresh_write(…, 0xBF58, …) */
struct rsp_profile_rollback_response {
    int64_t code; /* enum rsp_profile_rollback_result */
    bool has_result;
    struct rsp_euicc_package_result result; /* the new result, to be delivered instead */
};
RSP_MESSAGE(profile_rollback_response);

#endif
