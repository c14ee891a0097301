#include "euicc_internal.h"
#include "rsp_es10.h"
#include "rsp_euicc_info.h"

void info_storage_release(struct info_storage *s)
{
    buf_release(&s->signing);
    buf_release(&s->verification);
    buf_release(&s->card_resource);
}

/* What the card can sign for, in the order of preference; what it verifies may be more. */
static enum err put_signing_list(const struct euicc *e, struct buf *list)
{
    *list = (struct buf){ .max = 1024 };
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < e->credential_count; i++)
        if (trust_knows_ci(e->trust, SPAN_ARRAY(e->credentials[i].ci)))
            err = der_put(list, 0x04, SPAN_ARRAY(e->credentials[i].ci));
    return err;
}

static enum err put_verification_list(const struct euicc *e, struct buf *list)
{
    *list = (struct buf){ .max = 1024 };
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < trust_ci_count(e->trust); i++)
        err = der_put(list, 0x04, trust_ci_ski(e->trust, i));
    return err;
}

enum err isdr_get_euicc_info1(struct euicc *e, struct span request, struct buf *response)
{
    struct buf signing = { 0 }, verification = { 0 };
    enum err err = rsp_empty_read(0xbf20, request);
    if (!err)
        err = put_signing_list(e, &signing);
    if (!err)
        err = put_verification_list(e, &verification);
    struct rsp_euicc_info1 info = { .svn = SPAN_ARRAY(e->svn),
                                    .ci_verification = list_contents(&verification),
                                    .ci_signing = list_contents(&signing) };
    if (!err)
        err = rsp_euicc_info1_write(&info, response);
    buf_release(&signing);
    buf_release(&verification);
    return err;
}

/* TS 102 226 8.2.1.7.2: number of applications, free non-volatile and volatile memory. */
static enum err put_card_resource(const struct euicc *e, struct buf *out)
{
    uint64_t left = memory_free(e);
    *out = (struct buf){ .max = 64 };
    enum err err = der_put(out, 0x81, SPAN((uint8_t)euicc_state(e)->profile_count));
    if (!err)
        err = der_put(out, 0x82,
                      SPAN((uint8_t)(left >> 24), (uint8_t)(left >> 16), (uint8_t)(left >> 8),
                           (uint8_t)left));
    return err ? err : der_put(out, 0x83, SPAN(0x00, 0x00, 0x40, 0x00));
}

/* What the profile package reader and the USIM really do (UICCCapability): usim, isim and csim (not CAVE),
 * Milenage, TUAK with both key lengths, the test algorithm, BER-TLV files, links between files, GET IDENTITY
 * with both profiles of a SUCI, IoT minimal profiles. The services that a package may mandate are the same: see services_missing of
 * install.c. */
#define UICC_CAPABILITY                                                                            \
    (1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 19 | 1u << 20 | \
     1u << 22 | 1u << 23 | 1u << 24 | 1u << 31)

enum err euicc_info2_fill(const struct euicc *e, struct rsp_euicc_info2 *info,
                          struct info_storage *storage)
{
    static const uint8_t profile_version[3] = { 2, 3, 1 }, firmware[3] = { 1, 0, 0 },
                         pp_version[3] = { 0, 0, 1 };
    static const uint8_t iot_versions[10] = { 0x04, 0x03, 0x01, 0x02, 0x00, 0x04, 0x03, 0x01, 0x03, 0x00 };
    *storage = (struct info_storage){ 0 };
    enum err err = put_signing_list(e, &storage->signing);
    if (!err)
        err = put_verification_list(e, &storage->verification);
    if (!err)
        err = put_card_resource(e, &storage->card_resource);
    *info = (struct rsp_euicc_info2){
        .profile_version = SPAN_ARRAY(profile_version),
        .svn = SPAN_ARRAY(e->svn),
        .firmware_version = SPAN_ARRAY(firmware),
        .ext_card_resource = buf_span(&storage->card_resource),
        .uicc_capability = UICC_CAPABILITY,
        .rsp_capability = RSP_CAPABILITY_ADDITIONAL_PROFILE | (e->no_crl ? 0 : RSP_CAPABILITY_CRL) |
                          (e->no_test_profile ? 0 : RSP_CAPABILITY_TEST_PROFILE),
        .ci_verification = list_contents(&storage->verification),
        .ci_signing = list_contents(&storage->signing),
        .pp_version = SPAN_ARRAY(pp_version),
        .sas_accreditation_number = span_str("LAB-00-0000"),
    };
    if (rat_forbidden(e))
        info->forbidden_ppr = (struct rsp_bits){ true, rat_forbidden(e) };
    if (!e->sgp22_only) {
        info->ipa_mode =
            (struct rsp_int){ true, euicc_state(e)->ipae ? RSP_IPA_MODE_IPAE : RSP_IPA_MODE_IPAD };
        info->has_iot_specific_info = true;
        info->iot_specific_info =
            (struct rsp_iot_specific_info){ .versions = span_of(iot_versions, e->v1_3 ? 10 : 5),
                                            .ecall_supported = !e->no_ecall,
                                            .fallback_supported = !e->no_fallback };
    }
    return err;
}

enum err isdr_get_euicc_info2(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_euicc_info2 info;
    struct info_storage storage = { 0 };
    enum err err = rsp_empty_read(0xbf22, request);
    if (!err)
        err = euicc_info2_fill(e, &info, &storage);
    if (!err)
        err = rsp_euicc_info2_write(&info, response);
    info_storage_release(&storage);
    return err;
}
