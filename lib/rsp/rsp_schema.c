#include "rsp_schema.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "rsp_schema_internal.h"

#define RSP_PDU_DECLARE(member, type, max_kib) extern asn_TYPE_descriptor_t asn_DEF_##type;
RSP_PDUS(RSP_PDU_DECLARE)

static const struct pdu {
    asn_TYPE_descriptor_t *type;
    size_t max;
} pdus[RSP_PDU_COUNT] = {
#define RSP_PDU_ROW(member, type, max_kib) [member] = { &asn_DEF_##type, (max_kib)*1024u },
    RSP_PDUS(RSP_PDU_ROW)
};

asn_TYPE_descriptor_t *schema_type(enum rsp_pdu pdu)
{
    return pdus[pdu].type;
}

const char *rsp_pdu_name(enum rsp_pdu pdu)
{
    return pdus[pdu].type->name;
}

enum err rsp_pdu_by_name(const char *name, enum rsp_pdu *out)
{
    for (unsigned i = 0; i < RSP_PDU_COUNT; i++)
        if (strcmp(rsp_pdu_name((enum rsp_pdu)i), name) == 0) {
            *out = (enum rsp_pdu)i;
            return ERR_OK;
        }
    return ERR_NOT_FOUND;
}

static bool has_tag_of_its_own(enum rsp_pdu pdu, uint32_t tag)
{
    return pdus[pdu].type->tags_count && schema_starts_with(pdu, tag);
}

enum err rsp_pdu_by_tag(uint32_t tag, enum rsp_pdu *out)
{
    unsigned found = 0;
    rsp_schema_warm_up();
    for (unsigned i = 0; i < RSP_PDU_COUNT; i++)
        if (has_tag_of_its_own((enum rsp_pdu)i, tag)) {
            *out = (enum rsp_pdu)i;
            found++;
        }
    return found == 1 ? ERR_OK : ERR_NOT_FOUND;
}

static enum err visit_nothing(void *context, const struct schema_node *node)
{
    (void)context;
    (void)node;
    return ERR_OK;
}

/* What asn1c's decoder lets pass: other lengths than DER's, strings in pieces, tags of the wrong
 * form. */
static enum err check_form(enum rsp_pdu pdu, struct span bytes)
{
    static const struct schema_visitor nobody = { visit_nothing, NULL };
    enum err e = der_check(bytes);
    return e ? e : schema_walk(pdu, bytes, &nobody);
}

static void free_tree(asn_TYPE_descriptor_t *type, void *tree)
{
    if (tree)
        type->free_struct(type, tree, 0);
}

/* Gives a decoded and checked tree; release with free_tree, also after a failure. */
static enum err decode(enum rsp_pdu pdu, struct span bytes, void **tree)
{
    asn_TYPE_descriptor_t *type = pdus[pdu].type;
    rsp_schema_warm_up();
    if (bytes.len > pdus[pdu].max)
        return ERR_LIMIT;
    enum err e = check_form(pdu, bytes);
    if (e)
        return e;
    /* No stack guard: der_check has bounded the depth, and the guard misjudges sanitizers' stacks.
     */
    asn_codec_ctx_t unguarded = { 0 };
    errno = 0; /* the decoder fails alike when memory is out, malloc does not */
    asn_dec_rval_t got = ber_decode(&unguarded, type, tree, bytes.at, bytes.len);
    if (got.code != RC_OK && errno == ENOMEM)
        return ERR_NOMEM;
    if (got.code != RC_OK || got.consumed != bytes.len)
        return ERR_PARSE;
    /* An alternative that the CHOICE does not know decodes to nothing; only the constraints tell.
     */
    return asn_check_constraints(type, *tree, NULL, NULL) ? ERR_PARSE : ERR_OK;
}

enum err rsp_check(enum rsp_pdu pdu, struct span bytes)
{
    void *tree = NULL;
    enum err e = decode(pdu, bytes, &tree);
    free_tree(pdus[pdu].type, tree);
    return e;
}

static int append(const void *bytes, size_t size, void *out)
{
    return buf_put(out, span_of(bytes, size)) ? -1 : 0;
}

enum err rsp_reencode(enum rsp_pdu pdu, struct span bytes, struct buf *out)
{
    void *tree = NULL;
    size_t before = out->len;
    enum err e = decode(pdu, bytes, &tree);
    if (!e && der_encode(pdus[pdu].type, tree, append, out).encoded < 0) {
        out->len = before;
        e = ERR_LIMIT;
    }
    free_tree(pdus[pdu].type, tree);
    return e;
}

/* The latest member that was visited, and the first without a name. */
struct seen {
    struct span last, unknown;
};

static enum err note_seen(void *context, const struct schema_node *node)
{
    struct seen *seen = context;
    seen->last = node->tlv.whole;
    if (!node->type && !seen->unknown.at)
        seen->unknown = node->tlv.whole;
    return ERR_OK;
}

bool rsp_find_unknown(enum rsp_pdu pdu, struct span bytes, struct span *out)
{
    struct seen seen = { 0 };
    const struct schema_visitor visitor = { note_seen, &seen };
    bool found = schema_walk(pdu, bytes, &visitor) == ERR_OK && seen.unknown.at;
    if (found)
        *out = seen.unknown;
    return found;
}

size_t rsp_fault_offset(enum rsp_pdu pdu, struct span bytes)
{
    struct seen seen = { 0 };
    const struct schema_visitor visitor = { note_seen, &seen };
    const uint8_t *at = schema_walk(pdu, bytes, &visitor) ? seen.last.at : seen.unknown.at;
    return at ? (size_t)(at - bytes.at) : 0;
}

static enum err count_unknown(void *context, const struct schema_node *node)
{
    unsigned *unknown = context;
    *unknown += !node->type;
    return ERR_OK;
}

/* ERR_PARSE when bytes are no such message; else how many of its members have no name in it. */
static enum err fit(enum rsp_pdu pdu, struct span bytes, unsigned *unknown)
{
    struct schema_visitor counter = { count_unknown, unknown };
    *unknown = 0;
    enum err e = rsp_check(pdu, bytes);
    return e ? e : schema_walk(pdu, bytes, &counter);
}

enum err rsp_pdu_guess(struct span bytes, enum rsp_pdu *out)
{
    unsigned least = UINT_MAX, unknown = 0;
    for (unsigned i = 0; i < RSP_PDU_COUNT; i++)
        if (fit((enum rsp_pdu)i, bytes, &unknown) == ERR_OK && unknown < least) {
            *out = (enum rsp_pdu)i;
            least = unknown;
        }
    return least == UINT_MAX ? ERR_NOT_FOUND : ERR_OK;
}
