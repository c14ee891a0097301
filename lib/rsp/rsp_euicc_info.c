#include "rsp_fields.h"
#include "rsp_types.h"

static const struct rsp_field euicc_info1[] = {
    RSP_F(VALUE, 0x82, euicc_info1, svn),
    RSP_F(VALUE, 0xA9, euicc_info1, ci_verification),
    RSP_F(VALUE, 0xAA, euicc_info1, ci_signing),
};
const struct rsp_type rsp_type_euicc_info1 =
    RSP_KEPT(0xBF20, RSP_P(EUICC_INFO1), euicc_info1, whole, euicc_info1);
RSP_DEFINE(euicc_info1, rsp_type_euicc_info1)

static const struct rsp_field iot_specific_info[] = {
    RSP_F(VALUE, 0xA0, iot_specific_info, versions),
    RSP_F(NULL, 0x81, iot_specific_info, ecall_supported),
    RSP_F(NULL, 0x82, iot_specific_info, fallback_supported),
};
static const struct rsp_type type_iot_specific_info = RSP_SEQUENCE(0xB4, RSP_NO_PDU, iot_specific_info);

static const struct rsp_field euicc_info2[] = {
    RSP_F(VALUE, 0x81, euicc_info2, profile_version),
    RSP_F(VALUE, 0x82, euicc_info2, svn),
    RSP_F(VALUE, 0x83, euicc_info2, firmware_version),
    RSP_F(VALUE, 0x84, euicc_info2, ext_card_resource),
    RSP_F(BITS, 0x85, euicc_info2, uicc_capability),
    RSP_O(VALUE, 0x86, euicc_info2, ts102241_version),
    RSP_O(VALUE, 0x87, euicc_info2, globalplatform_version),
    RSP_F(BITS, 0x88, euicc_info2, rsp_capability),
    RSP_F(VALUE, 0xA9, euicc_info2, ci_verification),
    RSP_F(VALUE, 0xAA, euicc_info2, ci_signing),
    RSP_O(INTEGER, 0x8B, euicc_info2, category),
    RSP_O(BITS, 0x99, euicc_info2, forbidden_ppr),
    RSP_F(VALUE, 0x04, euicc_info2, pp_version),
    RSP_F(VALUE, 0x0C, euicc_info2, sas_accreditation_number),
    RSP_O(VALUE, 0xAC, euicc_info2, certification_data),
    RSP_O(BITS, 0x8D, euicc_info2, tre_properties),
    RSP_O(VALUE, 0x8E, euicc_info2, tre_product_reference),
    RSP_O(VALUE, 0xAF, euicc_info2, additional_package_versions),
    RSP_O(INTEGER, 0x90, euicc_info2, ipa_mode),
    RSP_O(VALUE, 0xB1, euicc_info2, ci_signing_v3),
    RSP_O(VALUE, 0x92, euicc_info2, additional_info),
    RSP_O(VALUE, 0x93, euicc_info2, highest_svn),
    RSP_SO(0xB4, euicc_info2, iot_specific_info, has_iot_specific_info, type_iot_specific_info),
};
const struct rsp_type rsp_type_euicc_info2 =
    RSP_KEPT(0xBF22, RSP_P(SGP32_EUICC_INFO2), euicc_info2, whole, euicc_info2);
RSP_DEFINE(euicc_info2, rsp_type_euicc_info2)

uint64_t rsp_euicc_info2_free_memory(const struct rsp_euicc_info2 *i)
{
    struct der_tlv t;
    uint64_t octets = 0;
    if (der_find(i->ext_card_resource, 0x82, &t) || t.value.len > 8)
        return 0;
    for (size_t n = 0; n < t.value.len; n++)
        octets = octets << 8 | t.value.at[n];
    return octets;
}
