/* Generated type descriptors are filled in on first use. Done here once, for all of them, they are
 * read-only afterwards and decoding is free of data races. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <EuiccPackageResultDataSigned.h>
#include <EuiccResultData.h>

#include "rsp_schema_internal.h"

/* --- results that nobody knows ---------------------------------------------------------------------- */

/* What an eUICC signed is read and verified whatever results are in it: one that the module does not
 * know, or that is damaged, is passed over here, and judged by rsp_euicc_result_next(). */
static asn_TYPE_descriptor_t any_result;

bool schema_is_judged_later(const struct asn_TYPE_descriptor_s *type)
{
    return type == &any_result;
}

/* An alternative that the CHOICE does not know decodes to nothing by itself. */
static asn_dec_rval_t decode_any_result(asn_codec_ctx_t *ctx, asn_TYPE_descriptor_t *type, void **tree,
                                        const void *bytes, size_t size, int tag_mode)
{
    struct der d = der_open(span_of(bytes, size));
    struct der_tlv tlv;
    asn_dec_rval_t got = asn_DEF_EuiccResultData.ber_decoder(ctx, type, tree, bytes, size, tag_mode);
    if (got.code == RC_OK || !*tree || errno == ENOMEM || der_next(&d, &tlv))
        return got;
    type->free_struct(type, *tree, 1);
    memset(*tree, 0, sizeof(EuiccResultData_t));
    return (asn_dec_rval_t){ RC_OK, tlv.whole.len };
}

static int accept_any_result(asn_TYPE_descriptor_t *type, const void *tree, asn_app_constraint_failed_f *told,
                             void *context)
{
    (void)type, (void)tree, (void)told, (void)context;
    return 0;
}

/* One that decoded to nothing is lost, as unknown members are. */
static asn_enc_rval_t encode_any_result(asn_TYPE_descriptor_t *type, void *tree, int tag_mode, ber_tlv_tag_t tag,
                                        asn_app_consume_bytes_f *consume, void *context)
{
    if (((const EuiccResultData_t *)tree)->present == EuiccResultData_PR_NOTHING)
        return (asn_enc_rval_t){ 0, NULL, NULL };
    return asn_DEF_EuiccResultData.der_encoder(type, tree, tag_mode, tag, consume, context);
}

static void accept_any_results(void)
{
    asn_TYPE_descriptor_t *signed_data = &asn_DEF_EuiccPackageResultDataSigned;
    asn_TYPE_descriptor_t *list = signed_data->elements[signed_data->elements_count - 1].type;
    any_result = asn_DEF_EuiccResultData;
    any_result.ber_decoder = decode_any_result;
    any_result.check_constraints = accept_any_result;
    any_result.der_encoder = encode_any_result;
    list->elements[0].type = &any_result;
}

/* --- warming up --------------------------------------------------------------------------------------- */

struct seen {
    asn_TYPE_descriptor_t **types;
    size_t count, cap;
};

static bool seen_before(struct seen *seen, asn_TYPE_descriptor_t *type)
{
    for (size_t i = 0; i < seen->count; i++)
        if (seen->types[i] == type)
            return true;
    if (seen->count == seen->cap) {
        size_t cap = seen->cap ? seen->cap * 2 : 1024;
        asn_TYPE_descriptor_t **grown = realloc(seen->types, cap * sizeof *grown);
        if (!grown)
            abort(); /* at start-up, before anything could be lost */
        seen->types = grown;
        seen->cap = cap;
    }
    seen->types[seen->count++] = type;
    return false;
}

static void warm_type(struct seen *seen, asn_TYPE_descriptor_t *type)
{
    if (seen_before(seen, type))
        return;
    type->free_struct(type, NULL, 1); /* copies what the type inherits from its base */
    for (int i = 0; i < type->elements_count; i++) {
        asn_TYPE_member_t *member = &type->elements[i];
        warm_type(seen, member->type);
        if (!member->memb_constraints)
            member->memb_constraints = member->type->check_constraints;
    }
}

static void warm_up(void)
{
    struct seen seen = { 0 };
    accept_any_results();
    for (int pdu = 0; pdu < RSP_PDU_COUNT; pdu++)
        warm_type(&seen, schema_type((enum rsp_pdu)pdu));
    free(seen.types);
}

void rsp_schema_warm_up(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, warm_up);
}
