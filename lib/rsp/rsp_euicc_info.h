/* EUICCInfo1 and EUICCInfo2 (SGP.22 5.7.8; SGP.32 v1.2 5.9.2). */
#ifndef LAB_RSP_EUICC_INFO_H
#define LAB_RSP_EUICC_INFO_H

#include "rsp_message.h"

/* BF20 */
struct rsp_euicc_info1 {
    struct span svn;             /* 3 octets: 020500 */
    struct span ci_verification; /* list of key identifiers: rsp_octets_next, rsp_octets_contain */
    struct span ci_signing;      /* the first one is preferred */
    struct span whole;
};
RSP_MESSAGE(euicc_info1);

enum rsp_ipa_mode { RSP_IPA_MODE_IPAD, RSP_IPA_MODE_IPAE };
/* RspCapability bits */
#define RSP_CAPABILITY_ADDITIONAL_PROFILE (1u << 0)
#define RSP_CAPABILITY_CRL (1u << 1)
#define RSP_CAPABILITY_RPM (1u << 2)
#define RSP_CAPABILITY_TEST_PROFILE (1u << 3)
#define RSP_CAPABILITY_DEVICE_INFO_EXTENSIBILITY (1u << 4)
#define RSP_CAPABILITY_SERVICE_SPECIFIC_DATA (1u << 5)

/* UICCCapability bits (PEDefinitions) */
#define RSP_UICC_USIM (1u << 1)
#define RSP_UICC_AKA_MILENAGE (1u << 4)
#define RSP_UICC_AKA_TUAK128 (1u << 6)
#define RSP_UICC_AKA_TUAK256 (1u << 7)

struct rsp_iot_specific_info {
    struct span versions; /* list of 3-octet SGP.32 versions: rsp_octets_next */
    bool ecall_supported, fallback_supported;
};

/* BF22. Members from ipa_mode on are SGP.32's. */
struct rsp_euicc_info2 {
    struct span profile_version, svn, firmware_version; /* 3 octets each */
    struct span ext_card_resource; /* TS 102 226: 81 applications, 82 free NVM, 83 free RAM */
    uint32_t uicc_capability;      /* bits of PEDefinitions UICCCapability */
    struct span ts102241_version, globalplatform_version; /* optional */
    uint32_t rsp_capability;
    struct span ci_verification, ci_signing; /* as in EUICCInfo1 */
    struct rsp_int category;
    struct rsp_bits forbidden_ppr;
    struct span pp_version; /* 3 octets */
    struct span sas_accreditation_number;
    struct span certification_data; /* contents; optional */
    struct rsp_bits tre_properties;
    struct span tre_product_reference;       /* optional */
    struct span additional_package_versions; /* list; optional */
    struct rsp_int ipa_mode;
    struct span ci_signing_v3;                /* list; optional */
    struct span additional_info, highest_svn; /* optional */
    bool has_iot_specific_info;
    struct rsp_iot_specific_info iot_specific_info;
    struct span whole;
};
RSP_MESSAGE(euicc_info2);

/* extCardResource: its free non-volatile memory in octets (tag 82), 0 when it does not say. */
uint64_t rsp_euicc_info2_free_memory(const struct rsp_euicc_info2 *i);

#endif
