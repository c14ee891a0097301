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

static bool is_mandated(const struct der_tlv *element)
{
    struct der_tlv header, mandated;
    return element->tag != 0xa0 && !der_find(element->value, 0xa0, &header) && !der_find(header.value, 0x80, &mandated);
}

/* The kinds that the interoperable format defines; others are judged by the reader (mandated or
 * not). */
static bool is_defined(uint32_t tag)
{
    return (tag >= 0xa0 && tag <= 0xaa) || (tag >= 0xb0 && tag <= 0xbe) ||
           (tag >= 0xbf1f && tag <= 0xbf21);
}

/* A member of a later format. A service that has no name is none: it is mandated like the others. */
static bool ignores_parameter(const struct der_tlv *element, struct span *unknown)
{
    struct der_tlv services;
    if (!is_defined(element->tag) || !rsp_find_unknown(RSP_PROFILE_ELEMENT, element->whole, unknown))
        return false;
    bool is_service = element->tag == 0xa0 && !der_find(element->value, 0xa5, &services) &&
                      (uintptr_t)unknown->at - (uintptr_t)services.value.at < services.value.len;
    return !is_service;
}

/* One element against its ASN.1. A member that this has no name for is of a later format: an element that is mandated ends
 * the installation then, another is carried out without it (interoperable format, 7.3 and 8.11). */
static enum err check_element(const struct der_tlv *element, struct saip_fault *fault)
{
    struct span unknown;
    enum err err = is_defined(element->tag) ? rsp_check(RSP_PROFILE_ELEMENT, element->whole) : ERR_OK;
    if (err == ERR_NOMEM)
        return err;
    if (err)
        *fault = (struct saip_fault){ .status = SAIP_INVALID_REQUEST_FORMAT,
                                      .identification = identification_of(element),
                                      .why = "profile element does not follow its ASN.1",
                                      .offset = rsp_fault_offset(RSP_PROFILE_ELEMENT, element->whole) };
    else if (is_mandated(element) && ignores_parameter(element, &unknown))
        *fault = (struct saip_fault){ .status = SAIP_INVALID_PARAMETER,
                                      .identification = identification_of(element),
                                      .why = "a mandated profile element has a parameter that nobody knows",
                                      .offset = (size_t)(unknown.at - element->whole.at) };
    else
        return ERR_OK;
    return ERR_PARSE;
}

/* Every element of the package, before anything of it is used. *good: how much of it lies before the one at fault. What was
 * judged before, octet for octet, and is still on some card of this process is not judged again. */
static enum err check_schema(struct kept_package *kept, size_t *good, struct saip_fault *fault)
{
    struct der_tlv element;
    struct span whole;
    bool vouched;
    *good = 0;
    for (unsigned i = 0; kept_package_element(kept, i, &whole, &vouched); i++, *good += whole.len) {
        struct der d = der_open(whole);
        struct span unknown;
        if (vouched)
            continue;
        enum err err = der_next(&d, &element);
        if (!err)
            err = check_element(&element, fault);
        if (err)
            return err;
        if (!ignores_parameter(&element, &unknown))
            kept_package_vouch(kept, i);
    }
    return ERR_OK;
}

/* What comes first in the package is what it is refused for; what is no run of TLVs is for the reader to say so. */
static enum err read_package(const struct euicc *e, struct span upp, struct kept_package **kept, struct saip_package **out,
                             struct saip_fault *fault)
{
    struct saip_fault of_schema;
    size_t good = upp.len;
    enum err schema = kept_package_new(e->contents, e->env.crypto, upp, kept);
    if (!schema)
        schema = check_schema(*kept, &good, &of_schema);
    else if (schema == ERR_PARSE)
        schema = ERR_OK;
    if (schema && schema != ERR_PARSE)
        return schema;
    enum err err = saip_try(span_sub(upp, 0, good), out, fault);
    if (err == ERR_PARSE && schema && fault->incomplete)
        *fault = of_schema;
    return err;
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

#define APPLICATION 0xa8
#define RUNTIMES (1u << 11 | 1u << 12) /* javacard, multos */

/* What this card tells of the header that mandates what it does not have. */
static enum saip_status header_status(const struct saip_package *p)
{
    uint32_t missing = services_missing(p);
    return missing & RUNTIMES                             ? SAIP_RUNTIME_NOT_SUPPORTED
           : missing || p->header.unknown_services        ? SAIP_FEATURE_NOT_SUPPORTED
           : p->header.mandates_libraries                 ? SAIP_LIB_NOT_SUPPORTED
                                                          : SAIP_OK;
}

static struct der_tlv element_tlv(const struct saip_element *element)
{
    struct der d = der_open(element->whole);
    struct der_tlv t = { 0 };
    return der_next(&d, &t) ? (struct der_tlv){ 0 } : t;
}

/* One that was vouched for has no member without a name. kept NULL: the package is no run of TLVs. */
static bool has_ignored_parameter(const struct kept_package *kept, const struct saip_package *p, unsigned i)
{
    const struct der_tlv element = element_tlv(&p->elements[i]);
    struct span octets, unknown;
    bool vouched;
    if (kept && kept_package_element(kept, i, &octets, &vouched) && vouched)
        return false;
    return ignores_parameter(&element, &unknown);
}

void install_judge(const struct euicc *e, const struct kept_package *kept, struct saip_package *p)
{
    if (header_status(p))
        p->elements[0].outcome = SAIP_STORED_IN_PART;
    for (unsigned i = 0; i < p->element_count; i++) {
        struct saip_element *element = &p->elements[i];
        if (element->status)
            continue;
        if (e->strict_services && element->tag == APPLICATION)
            element->status = SAIP_RUNTIME_NOT_SUPPORTED;
        else if (has_ignored_parameter(kept, p, i))
            element->status = SAIP_INVALID_PARAMETER;
    }
}

static enum err refuse_at(struct saip_package *p, size_t index, enum saip_status status, size_t offset, const char *why,
                          struct saip_fault *fault)
{
    p->elements[index].status = status;
    p->element_count = index + 1; /* nothing behind it is carried out */
    *fault = (struct saip_fault){ .status = status, .identification = p->elements[index].identification, .why = why,
                                  .offset = offset,
                                  .missing = status == SAIP_FEATURE_NOT_SUPPORTED ? p->elements[index].missing : 0 };
    return ERR_PARSE;
}

/* Where the header mandates what is missing: its list of services, or that of libraries. */
static size_t mandate_offset(const struct saip_package *p, enum saip_status status)
{
    struct der_tlv header = element_tlv(&p->elements[0]), list;
    bool found = !der_find(header.value, status == SAIP_LIB_NOT_SUPPORTED ? 0xa8 : 0xa5, &list);
    return found ? (size_t)(list.whole.at - header.whole.at) : 0;
}

/* A package that mandates what the card does not have, in its header or as an application: refused where so set, else told. */
static enum err check_mandates(const struct euicc *e, const struct kept_package *kept, struct saip_package *p,
                               struct saip_fault *fault)
{
    enum saip_status status = p->elements[0].status ? SAIP_OK : header_status(p);
    install_judge(e, kept, p);
    for (unsigned i = 0; i < 32; i++)
        if (services_missing(p) >> i & 1)
            LOG(e->env.log, LOG_WARN, "install.service_missing", F_INT("service", i));
    if (!e->strict_services)
        return ERR_OK;
    if (status)
        return refuse_at(p, 0, status, mandate_offset(p, status),
                         "the header mandates a service or a library that this card does not have", fault);
    for (size_t i = 0; i < p->element_count; i++)
        if (p->elements[i].missing && p->elements[i].mandated && !p->elements[i].status)
            return refuse_at(p, i, SAIP_FEATURE_NOT_SUPPORTED, 0, "files of GBA or MBMS are mandated", fault);
        else if (p->elements[i].tag == APPLICATION && p->elements[i].mandated &&
            p->elements[i].status == SAIP_RUNTIME_NOT_SUPPORTED)
            return refuse_at(p, i, SAIP_RUNTIME_NOT_SUPPORTED, 0, "an application is mandated that nothing here can run",
                             fault);
    return ERR_OK;
}

/* What nothing on this card runs is kept and given room, and what is not known and not mandated is
 * passed over: said for each. */
static void tell_exceptions(const struct euicc *e, const struct saip_package *p)
{
    for (size_t i = 0; i < p->element_count; i++) {
        const struct saip_element *element = &p->elements[i];
        const char *name = saip_element_name(element->tag);
        if (element->status && element->outcome == SAIP_EXECUTED)
            LOG(e->env.log, LOG_WARN, element->missing ? "install.files_left_out" : "install.parameter_ignored", F_TEXT("element", name),
                F_INT("identification", element->identification));
        else if (element->status)
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

/* Which element of a package that does not fit is the first without room. A card that has room for no profile at all stops at
 * the header. */
static size_t element_too_many(const struct euicc *e, const struct install *i, const struct saip_package *p)
{
    uint64_t room = memory_free(e), taken = i->metadata.len + i->isdp.len;
    for (size_t n = 0; n < p->element_count; n++) {
        taken += p->elements[n].whole.len + p->elements[n].content_len;
        if (taken > room)
            return n;
    }
    return 0;
}

/* The header of an element of which not all has come; -1. */
static int identification_begun(struct span begun)
{
    size_t at = begun.len && (begun.at[0] & 0x1f) == 0x1f ? 2 : 1;
    if (begun.len <= at)
        return -1;
    at += 1u + (begun.at[at] & 0x80 ? begun.at[at] & 0x7fu : 0);
    const struct der_tlv element = { .value = span_sub(begun, at, begun.len) };
    return identification_of(&element);
}

enum err install_tell_full(const struct euicc *e, struct span upp, struct buf *sima)
{
    struct saip_fault fault = { .status = SAIP_NOT_ENOUGH_MEMORY, .identification = -1 };
    struct der d = der_open(upp);
    struct der_tlv element;
    while (!der_at_end(&d)) {
        struct span begun = d.rest;
        bool whole = !der_next(&d, &element);
        fault.identification = whole ? identification_of(&element) : identification_begun(begun);
        if (!whole || (size_t)(d.rest.at - upp.at) > memory_free(e))
            break;
    }
    return saip_put_answer(NULL, &fault, sima);
}

/* All elements are written at once, when the last one was read. */
enum err install_tell_memory_failure(struct span upp, struct buf *sima)
{
    struct saip_fault fault = { .status = SAIP_MEMORY_FAILURE, .identification = -1 };
    struct der d = der_open(upp);
    struct der_tlv element;
    while (!der_at_end(&d) && !der_next(&d, &element))
        fault.identification = identification_of(&element);
    return saip_put_answer(NULL, &fault, sima);
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
    err = read_package(e, i->upp, &kept, &package, &fault);
    if (package && package->element_count && check_mandates(e, kept, package, &fault))
        err = ERR_PARSE;
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
    if (!err && *reason == RSP_INSTALL_INSUFFICIENT_MEMORY_FOR_PROFILE)
        err = refuse_at(package, element_too_many(e, i, package), SAIP_NOT_ENOUGH_MEMORY, 0,
                        "the card has no room for this element", &fault);
    if (err == ERR_PARSE || (!err && !*reason))
        err = saip_put_answer(package, &fault, sima);
    saip_free(package);
    kept_package_release(kept);
    return err;
}
