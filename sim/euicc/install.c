/* Installing a profile: what metadata and package must satisfy together
 * (SGP.22 5.5.3, 5.5.5, 2.5.6; catalogue D.3). */
#include <stdlib.h>
#include <string.h>

#include "euicc_internal.h"
#include "rsp_ids.h"
#include "rsp_schema.h"
#include "saip.h"

uint64_t memory_used(const struct state *s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s->profile_count; i++)
        n += s->profiles[i].size;
    for (size_t i = 0; i < s->crl_count; i++)
        n += shared_span(s->crls[i].der).len;
    n += shared_span(s->immediate_oid).len + shared_span(s->immediate_address).len;
    return n;
}

uint64_t memory_free(const struct euicc *e)
{
    uint64_t used = memory_used(euicc_state(e));
    return used < e->memory ? e->memory - used : 0;
}

/* A longer address than any name has would make the list of notifications outgrow an answer. */
static bool can_be_told(const struct rsp_store_metadata *m)
{
    struct rsp_notification_configuration n;
    struct der list = der_open(m->notification_configuration);
    while (!der_at_end(&list))
        if (rsp_notification_configuration_next(&list, &n) || n.address.len > RSP_ADDRESS_MAX)
            return false;
    return true;
}

int64_t install_check_metadata(const struct euicc *e, const struct rsp_store_metadata *m)
{
    int64_t class =
        m->profile_class.present ? m->profile_class.value : RSP_PROFILE_CLASS_OPERATIONAL;
    uint32_t rules = m->policy_rules.present ? m->policy_rules.bits & ~RSP_PPR_UPDATE_CONTROL : 0;
    if (state_find_iccid(euicc_state(e), m->iccid))
        return RSP_INSTALL_ICCID_ALREADY_EXISTS_ON_EUICC;
    if (class < RSP_PROFILE_CLASS_TEST || class > RSP_PROFILE_CLASS_OPERATIONAL ||
        (class == RSP_PROFILE_CLASS_TEST && e->no_test_profile))
        return RSP_INSTALL_UNSUPPORTED_PROFILE_CLASS;
    if (!can_be_told(m))
        return RSP_INSTALL_INCORRECT_INPUT_VALUES;
    /* SGP.22 2.4.7: rules need an owner to be judged by; test and provisioning profiles have none.
     */
    if (rules && (!m->has_owner || class != RSP_PROFILE_CLASS_OPERATIONAL))
        return RSP_INSTALL_INCORRECT_INPUT_VALUES;
    return rat_allows(e, rules, &m->owner) ? INSTALL_OK : RSP_INSTALL_PPR_NOT_ALLOWED;
}

static int identification_of(const struct der_tlv *element)
{
    struct der_tlv header, id;
    int64_t n = -1;
    if (der_find(element->value, 0xa0, &header) || der_find(header.value, 0x81, &id) ||
        der_integer(id.value, &n))
        return -1;
    return (int)n;
}

/* The kinds that the interoperable format defines; others are judged by the reader (mandated or
 * not). */
static bool is_defined(uint32_t tag)
{
    return (tag >= 0xa0 && tag <= 0xaa) || (tag >= 0xb0 && tag <= 0xbe) ||
           (tag >= 0xbf1f && tag <= 0xbf21);
}

static enum err check_element(struct span whole, struct saip_fault *fault)
{
    struct der_tlv element;
    struct der d = der_open(whole);
    enum err err = der_next(&d, &element);
    if (!err && is_defined(element.tag))
        err = rsp_check(RSP_PROFILE_ELEMENT, whole);
    if (!err)
        return ERR_OK;
    *fault = (struct saip_fault){ SAIP_INVALID_REQUEST_FORMAT, identification_of(&element),
                                  "profile element does not follow its ASN.1" };
    return err == ERR_NOMEM ? err : ERR_PARSE;
}

/* The whole of every element against its ASN.1, before anything of it is used. What was judged before, octet for octet, and
 * is still on some card of this process is not judged again. */
static enum err check_schema(struct kept_package *kept, struct saip_fault *fault)
{
    struct span whole;
    bool vouched;
    for (unsigned i = 0; kept_package_element(kept, i, &whole, &vouched); i++) {
        enum err err = vouched ? ERR_OK : check_element(whole, fault);
        if (err)
            return err;
    }
    kept_package_vouch(kept);
    return ERR_OK;
}

/* What is no run of TLVs is for the reader to say so. */
static enum err keep_package(const struct euicc *e, struct span upp, struct kept_package **kept, struct saip_fault *fault)
{
    enum err err = kept_package_new(e->contents, e->env.crypto, upp, kept);
    return err == ERR_PARSE ? ERR_OK : err ? err : check_schema(*kept, fault);
}

/* SGP.22 2.4.5: a test profile carries a published key, never an operator's. */
static bool has_test_key(const struct saip_package *p)
{
    for (size_t i = 0; i < p->aka_count; i++) {
        const struct aka_params *a = &p->akas[i].params;
        for (size_t n = 0; n < a->k_len; n++)
            if (a->k[n] != n)
                return false;
    }
    return true;
}

static int64_t check_package(const struct rsp_store_metadata *m, const struct saip_package *p)
{
    struct span iccid = SPAN_ARRAY(p->header.iccid);
    size_t file = saip_child(p, 0, 0x2fe2);
    bool agree = span_equal(iccid, m->iccid) && file != SAIP_NONE &&
                 span_equal(saip_content(p, &p->files[file]), m->iccid);
    if (!agree)
        return RSP_INSTALL_DATA_MISMATCH;
    bool test = m->profile_class.present && m->profile_class.value == RSP_PROFILE_CLASS_TEST;
    return test && !has_test_key(p) ? RSP_INSTALL_TEST_PROFILE_INVALID_NAA_KEY : INSTALL_OK;
}

/* A0000005591010FFFFFFFF89 0000 xxxx 00: the counter is octets 14 and 15; 0010, 0011, … */
static void make_aid(uint32_t pix, uint8_t aid[16])
{
    static const uint8_t prefix[] = { 0xa0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10,
                                      0xff, 0xff, 0xff, 0xff, 0x89, 0x00 };
    memcpy(aid, prefix, sizeof prefix);
    aid[13] = (uint8_t)(pix >> 8);
    aid[14] = (uint8_t)pix;
    aid[15] = 0;
}

/* Behind the last number comes the first; one that a profile has is passed over. */
static void take_aid(struct state *s, uint8_t aid[16])
{
    do {
        make_aid(s->next_pix, aid);
        s->next_pix = s->next_pix < EUICC_PIX_LAST ? s->next_pix + 1 : EUICC_PIX_FIRST;
    } while (state_find_aid(s, span_of(aid, 16)));
}

static enum err fill_profile(struct profile *p, const struct install *i,
                             const struct rsp_store_metadata *m, struct kept_package *kept)
{
    memcpy(p->iccid, m->iccid.at, sizeof p->iccid);
    p->credential = (uint8_t)i->credential;
    p->enabled = i->enabled;
    p->fallback = i->fallback;
    p->preloaded = i->preloaded;
    p->upp = kept_package_take(kept);
    enum err err = shared_set(&p->metadata, i->metadata);
    if (!err && i->isdp.len)
        err = shared_set(&p->isdp, i->isdp);
    return err;
}

/* Bits of the header's ServicesList that this card has: usim, isim, csim (its files; not CAVE), Milenage, TUAK with both
 * key lengths, the test algorithm, BER-TLV files, links between files, GET IDENTITY and both profiles of a SUCI. */
#define SERVICES                                                                                   \
    (1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 16 | 1u << 17 | 1u << 18 | 1u << 19 | 1u << 21 |      \
     1u << 22 | 1u << 23)

static uint32_t services_missing(const struct saip_package *p)
{
    return p->header.services & ~(uint32_t)SERVICES;
}

void install_judge_services(struct saip_package *p)
{
    if (services_missing(p) || p->header.mandates_libraries)
        p->elements[0].outcome = SAIP_STORED_IN_PART;
}

/* A package whose header mandates what the card does not have: refused where so set, else told. */
static enum err check_services(const struct euicc *e, struct saip_package *p, struct saip_fault *fault)
{
    install_judge_services(p);
    for (unsigned i = 0; i < 32; i++)
        if (services_missing(p) >> i & 1)
            LOG(e->env.log, LOG_WARN, "install.service_missing", F_INT("service", i));
    enum saip_status status = services_missing(p)             ? SAIP_FEATURE_NOT_SUPPORTED
                              : p->header.mandates_libraries ? SAIP_LIB_NOT_SUPPORTED
                                                             : SAIP_OK;
    if (!status || !e->strict_services)
        return ERR_OK;
    p->elements[0].status = status;
    p->element_count = 1; /* nothing behind it is carried out */
    *fault = (struct saip_fault){ status, -1, "the header mandates a service or a library that this card does not have" };
    return ERR_PARSE;
}

/* What nothing on this card runs is kept and given room, and what is not known and not mandated is
 * passed over: said for each. */
static void tell_exceptions(const struct euicc *e, const struct saip_package *p)
{
    for (size_t i = 0; i < p->element_count; i++) {
        const struct saip_element *element = &p->elements[i];
        const char *name = saip_element_name(element->tag);
        if (element->status)
            LOG(e->env.log, LOG_WARN, "install.passed_over", F_TEXT("element", name ? name : "unknown"),
                F_INT("identification", element->identification), F_INT("status", element->status));
        else if (element->outcome != SAIP_EXECUTED)
            LOG(e->env.log, LOG_INFO,
                element->outcome == SAIP_STORED ? "install.stored_not_executed" : "install.stored_in_part",
                F_TEXT("element", name), F_INT("identification", element->identification),
                F_INT("files", element->files_left));
    }
}

/* The package with its keys and elements, and the files that it makes, are what occupies the card.
 */
static enum err add(struct euicc *e, const struct install *i, const struct rsp_store_metadata *m,
                    size_t files, struct kept_package *kept, int64_t *reason, uint8_t aid[16])
{
    struct state *s;
    struct profile *p;
    uint64_t needed = i->upp.len + i->metadata.len + i->isdp.len + files;
    enum err err = euicc_change(e, &s);
    if (err)
        return err;
    if (needed > memory_free(e) || s->profile_count >= EUICC_PROFILES_MAX) {
        *reason = RSP_INSTALL_INSUFFICIENT_MEMORY_FOR_PROFILE;
        return ERR_OK;
    }
    take_aid(s, aid);
    err = state_add_profile(s, &p);
    if (err)
        return err;
    memcpy(p->aid, aid, sizeof p->aid);
    p->size = (uint32_t)needed;
    return fill_profile(p, i, m, kept);
}

enum err install_profile(struct euicc *e, const struct install *i, int64_t *reason,
                         struct buf *sima, uint8_t aid[16])
{
    struct rsp_store_metadata m;
    struct saip_package *package = NULL;
    struct kept_package *kept = NULL;
    struct saip_fault fault;
    *reason = RSP_INSTALL_INCORRECT_INPUT_VALUES;
    enum err err = rsp_store_metadata_read(i->metadata, &m);
    if (err)
        return err == ERR_NOMEM ? err : ERR_OK;
    *reason = install_check_metadata(e, &m);
    if (!*reason && i->fallback && !m.fallback_allowed)
        *reason = RSP_INSTALL_INCORRECT_INPUT_VALUES;
    if (*reason)
        return ERR_OK;
    err = keep_package(e, i->upp, &kept, &fault);
    if (!err)
        err = saip_try(i->upp, &package, &fault);
    if (!err)
        err = check_services(e, package, &fault);
    if (err == ERR_PARSE) {
        LOG(e->env.log, LOG_WARN, "install.package", F_INT("element", fault.identification),
            F_INT("status", fault.status), F_TEXT("why", fault.why));
        *reason = RSP_INSTALL_PE_PROCESSING_ERROR;
    } else if (!err) {
        *reason = check_package(&m, package);
    }
    if (!err && !*reason)
        tell_exceptions(e, package);
    if (!err && !*reason)
        err = add(e, i, &m, package->content.len, kept, reason, aid);
    if (err == ERR_PARSE || (!err && !*reason))
        err = saip_put_answer(package, &fault, sima);
    saip_free(package);
    kept_package_release(kept);
    return err;
}
