#include "card_report.h"

#include <stdio.h>
#include <string.h>

#include "rsp_codes.h"
#include "rsp_eim_configuration.h"
#include "rsp_euicc_info.h"
#include "rsp_ids.h"
#include "saip.h"

/* --- values ------------------------------------------------------------------------------------------------- */

static json_t *hex_json(struct span s)
{
    struct buf text = { .max = 2 * s.len + 1 };
    json_t *out = hex_put_upper(&text, s) ? NULL : json_stringn((const char *)text.at, text.len);
    buf_release(&text);
    return out;
}

/* Text of the card's; octets that are no UTF-8 are given in hex. */
static json_t *text_json(struct span s)
{
    json_t *out = s.at ? json_stringn((const char *)s.at, s.len) : json_null();
    return out ? out : hex_json(s);
}

static json_t *version_json(struct span s)
{
    char text[12];
    return s.at && !rsp_version_text(s, text) ? json_string(text) : json_null();
}

static json_t *iccid_json(struct span s)
{
    char text[21];
    return s.at && !rsp_iccid_text(s, text) ? json_string(text) : json_null();
}

static json_t *bits_json(uint32_t bits, const char *const *names, size_t count)
{
    json_t *out = json_array();
    for (size_t i = 0; out && i < 32; i++)
        if (bits >> i & 1)
            json_array_append_new(out, i < count ? json_string(names[i]) : json_sprintf("bit %zu", i));
    return out;
}
#define BITS(bits, names) bits_json((bits), (names), COUNT(names))

static json_t *name_json(struct rsp_int value, const char *const *names, size_t count)
{
    if (!value.present)
        return json_null();
    return value.value >= 0 && (size_t)value.value < count ? json_string(names[value.value])
                                                           : json_integer((json_int_t)value.value);
}
#define NAME(value, names) name_json((value), (names), COUNT(names))

typedef json_t *(*item_json)(struct span item);
static json_t *octets_json(struct span list, item_json one)
{
    json_t *out = json_array();
    struct der d = der_open(list);
    struct span item;
    while (out && list.at && rsp_octets_next(&d, &item) == ERR_OK)
        json_array_append_new(out, one(item));
    return out;
}

static const char *const events[] = { "install", "enable", "disable", "delete" };

/* --- one function each: gives *out or says why there is none ------------------------------------------------ */

static enum err read_info1(struct es10_card *c, json_t **out)
{
    struct es10b_euicc_info1 info;
    enum err e = es10b_get_euicc_info1(c, &info);
    if (!e)
        *out = json_pack("{s:o, s:o, s:o}", "svn", version_json(info.message.svn), "ciPkIdsForVerification",
                         octets_json(info.message.ci_verification, hex_json), "ciPkIdsForSigning",
                         octets_json(info.message.ci_signing, hex_json));
    buf_release(&info.received);
    return e;
}

static json_t *iot_json(const struct rsp_euicc_info2 *m)
{
    if (!m->has_iot_specific_info)
        return json_null();
    return json_pack("{s:o, s:b, s:b}", "versions", octets_json(m->iot_specific_info.versions, version_json), "ecall",
                     m->iot_specific_info.ecall_supported, "fallback", m->iot_specific_info.fallback_supported);
}

/* extCardResource (TS 102 226 8.2.1.7.2): the number under a tag, null when it is not there. */
static json_t *resource_json(struct span resource, uint32_t tag)
{
    struct der_tlv t;
    json_int_t n = 0;
    if (der_find(resource, tag, &t) || t.value.len > 7)
        return json_null();
    for (size_t i = 0; i < t.value.len; i++)
        n = n << 8 | t.value.at[i];
    return json_integer(n);
}

static json_t *info2_json(const struct rsp_euicc_info2 *m)
{
    static const char *const uicc[] = {
        "contactless", "usim", "isim", "csim", "akaMilenage", "akaCave", "akaTuak128", "akaTuak256",
        "usimTestAlgorithm", "rfu2", "gbaAuthenUsim", "gbaAuthenIsim", "mbmsAuthenUsim", "eapClient", "javacard",
        "multos", "multipleUsim", "multipleIsim", "multipleCsim", "berTlvFile", "dfLink", "catTp", "getIdentity",
        "profileA-x25519", "profileB-p256", "suciCalculatorApi", "dnsResolution", "scp11ac",
        "scp11cAuthorization", "s16mode", "eaka", "iotminimal",
    };
    static const char *const rsp[] = { "additionalProfile", "crl", "rpm", "testProfile", "deviceInfoExtensibility",
                                       "serviceSpecificData" };
    static const char *const rules[] = { "pprUpdateControl", "ppr1", "ppr2" };
    static const char *const modes[] = { "ipad", "ipae" };
    static const char *const categories[] = { "other", "basic", "medium", "contactless" };
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "svn", version_json(m->svn),
                     "profileVersion", version_json(m->profile_version), "firmwareVersion",
                     version_json(m->firmware_version), "installedApplications",
                     resource_json(m->ext_card_resource, 0x81), "freeNonVolatileMemory",
                     resource_json(m->ext_card_resource, 0x82), "freeVolatileMemory",
                     resource_json(m->ext_card_resource, 0x83), "uiccCapability", BITS(m->uicc_capability, uicc),
                     "rspCapability", BITS(m->rsp_capability, rsp), "category", NAME(m->category, categories),
                     "forbiddenPolicyRules", BITS(m->forbidden_ppr.present ? m->forbidden_ppr.bits : 0, rules),
                     "protectionProfileVersion", version_json(m->pp_version), "sasAccreditationNumber",
                     text_json(m->sas_accreditation_number), "ipaMode", NAME(m->ipa_mode, modes), "iot", iot_json(m));
}

static enum err read_info2(struct es10_card *c, json_t **out)
{
    struct es10b_euicc_info2 info;
    enum err e = es10b_get_euicc_info2(c, &info);
    if (!e)
        *out = info2_json(&info.message);
    buf_release(&info.received);
    return e;
}

static enum err read_addresses(struct es10_card *c, json_t **out)
{
    struct es10b_configured_addresses a;
    enum err e = es10a_get_euicc_configured_addresses(c, &a);
    if (!e)
        *out = json_pack("{s:o, s:o}", "defaultSmdp", text_json(a.message.default_dp_address), "rootSmds",
                         text_json(a.message.root_ds_address));
    buf_release(&a.received);
    return e;
}

static json_t *optional_int(struct rsp_int n)
{
    return n.present ? json_integer((json_int_t)n.value) : json_null();
}

static json_t *eim_json(const struct rsp_eim_configuration *c)
{
    static const char *const types[] = { "none", "oid", "fqdn", "proprietary" };
    static const char *const keys[] = { "none", "public key", "certificate" };
    static const char *const protocols[] = { "retrieve over HTTPS", "retrieve over CoAPS", "inject over HTTPS",
                                             "inject over CoAPS", "proprietary" };
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:b}", "eimId", text_json(c->eim_id), "eimFqdn",
                     text_json(c->eim_fqdn), "eimIdType", NAME(c->eim_id_type, types), "counter",
                     optional_int(c->counter), "associationToken", optional_int(c->association_token), "signsWith",
                     keys[c->has_public_key_data ? c->public_key_data.which : 0], "trustedTls",
                     keys[c->has_trusted_tls ? c->trusted_tls.which : 0], "protocols",
                     BITS(c->supported_protocol.present ? c->supported_protocol.bits : 0, protocols),
                     "indirectProfileDownload", c->indirect_profile_download);
}

static enum err read_eims(struct es10_card *c, json_t **out)
{
    struct es10b_eim_configuration_data data;
    struct rsp_eim_configuration one;
    enum err e = es10b_get_eim_configuration_data(c, (struct span){ 0 }, &data);
    struct der d = der_open(e ? (struct span){ 0 } : data.message.list);
    *out = e ? NULL : json_array();
    while (!e && rsp_eim_configuration_next(&d, &one) == ERR_OK)
        json_array_append_new(*out, eim_json(&one));
    buf_release(&data.received);
    return e;
}

static const char *outcome_words(const struct saip_answer *a)
{
    static const struct {
        enum saip_status status;
        const char *words;
    } warnings[] = {
        { SAIP_PE_NOT_SUPPORTED, "passed over: not mandated, and not known to the card" },
        { SAIP_INVALID_PARAMETER, "a parameter that the card does not take was ignored, or the element passed over" },
        { SAIP_RUNTIME_NOT_SUPPORTED, "passed over: not mandated, and nothing on the card runs it" },
        { SAIP_TEMPLATE_NOT_SUPPORTED, "passed over: not mandated, and its template not known to the card" },
        { SAIP_FEATURE_NOT_SUPPORTED, "not mandated, and it needs what the card does not have: passed over, or its files for that were left out" },
    };
    for (size_t i = 0; i < COUNT(warnings); i++)
        if (warnings[i].status == a->status)
            return warnings[i].words;
    if (a->status)
        return "passed over";
    if (a->element && strcmp(a->element, "header") == 0)
        return "it mandates services that the card does not have";
    return a->outcome == SAIP_STORED_IN_PART
               ? "some of its files serve nothing on this card, or need a template that it does not know: stored, not executed"
               : "stored, not executed";
}

/* null: the card does not tell. */
static json_t *elements_json(struct span list)
{
    struct saip_answer a;
    if (!list.at)
        return json_null();
    json_t *out = json_array();
    while (list.len && saip_answer_next(&list, &a) == ERR_OK)
        json_array_append_new(out, json_pack("{s:i, s:s?, s:i, s:s}", "identification", a.identification, "element",
                                             a.element, "status", (int)a.status, "outcome", outcome_words(&a)));
    return out;
}

static json_t *profile_json(const struct rsp_profile_info *p)
{
    static const char *const states[] = { "disabled", "enabled" };
    static const char *const classes[] = { "test", "provisioning", "operational" };
    static const char *const rules[] = { "pprUpdateControl", "ppr1", "ppr2" };
    char plmn[7];
    bool owner = p->has_owner && !rsp_plmn_text(p->owner.mcc_mnc, plmn);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o, s:b, s:b, s:b, s:o}", "iccid", iccid_json(p->iccid), "aid",
                     hex_json(p->isdp_aid), "state", NAME(p->state, states), "class", NAME(p->profile_class, classes),
                     "nickname", text_json(p->nickname), "serviceProvider", text_json(p->service_provider_name), "name",
                     text_json(p->profile_name), "owner", owner ? plmn : NULL, "policyRules",
                     BITS(p->policy_rules.present ? p->policy_rules.bits : 0, rules), "fallbackAttribute",
                     p->fallback_attribute, "fallbackAllowed", p->fallback_allowed, "ecall", p->ecall_indication,
                     "elements", elements_json(p->elements));
}

/* The members shown, of SGP.22 and of SGP.32, and last the lab's own: a card skips tags that it does not know (SGP.22
 * 5.7.15). One that does not is asked again without that. */
static const uint8_t profile_tags[] = { 0x5a, 0x4f, 0x9f, 0x70, 0x90, 0x91, 0x92, 0x95, 0xb7,
                                        0x99, 0x9f, 0x7b, 0x9f, 0x26, 0x9f, 0x67, 0xff, 0x7e };
#define OWN_TAG_OCTETS 2

static enum err ask_profiles(struct es10_card *c, size_t tags, struct es10b_profiles_info *list)
{
    const struct rsp_profile_info_request q = { .tag_list = span_of(profile_tags, tags) };
    enum err e = es10b_get_profiles_info(c, &q, list);
    return !e && list->message.which != RSP_OK ? ERR_REFUSED : e;
}

static enum err read_profiles(struct es10_card *c, json_t **out)
{
    struct es10b_profiles_info list;
    struct rsp_profile_info one;
    enum err e = ask_profiles(c, sizeof profile_tags, &list);
    if (e == ERR_REFUSED || e == ERR_PARSE) {
        buf_release(&list.received);
        e = ask_profiles(c, sizeof profile_tags - OWN_TAG_OCTETS, &list);
    }
    struct der d = der_open(e ? (struct span){ 0 } : list.message.list);
    *out = e ? NULL : json_array();
    while (!e && rsp_profile_info_next(&d, &one) == ERR_OK)
        json_array_append_new(*out, profile_json(&one));
    buf_release(&list.received);
    return e;
}

static json_t *notification_json(const struct rsp_notification_metadata *m)
{
    json_t *what = BITS(m->event, events);
    json_t *out = json_pack("{s:I, s:O, s:o, s:o}", "seqNumber", (json_int_t)m->seq_number, "event",
                            json_array_size(what) ? json_array_get(what, 0) : json_null(), "address",
                            text_json(m->address), "iccid", iccid_json(m->iccid));
    json_decref(what);
    return out;
}

static enum err read_notifications(struct es10_card *c, json_t **out)
{
    struct es10b_list_notification_response list;
    struct rsp_notification_metadata one;
    enum err e = es10b_list_notification(c, 0, &list);
    if (!e && list.message.which != RSP_OK)
        e = ERR_REFUSED;
    struct der d = der_open(e ? (struct span){ 0 } : list.message.list);
    *out = e ? NULL : json_array();
    while (!e && rsp_notification_metadata_next(&d, &one) == ERR_OK)
        json_array_append_new(*out, notification_json(&one));
    buf_release(&list.received);
    return e;
}

/* Results of eUICC packages that no eIM has acknowledged yet. */
static enum err read_package_results(struct es10_card *c, json_t **out)
{
    const struct rsp_retrieve_notifications_request q = {
        .has_search = true, .search = { .which = RSP_RETRIEVE_PACKAGE_RESULTS, .package_results = true }
    };
    struct es10b_retrieve_notifications_response list;
    struct span one;
    enum err e = es10b_retrieve_notifications_list(c, &q, &list);
    json_int_t count = 0;
    struct der d = der_open(e ? (struct span){ 0 } : list.message.package_results);
    while (!e && rsp_whole_next(&d, &one) == ERR_OK)
        count++;
    *out = e ? NULL : json_integer(count);
    buf_release(&list.received);
    return e;
}

/* --- all of it ---------------------------------------------------------------------------------------------- */

static enum err add(struct es10_card *c, json_t *report, const char *member,
                    enum err (*read)(struct es10_card *c, json_t **out))
{
    json_t *value = NULL, *why = NULL;
    enum err e = read(c, &value);
    if (!e)
        return json_object_set_new(report, member, value) ? ERR_NOMEM : ERR_OK;
    if (e == ERR_REFUSED && !apdu_success(c->sw))
        why = json_sprintf("%04X %s", c->sw, card_status_text(c->sw));
    else if (e == ERR_REFUSED || e == ERR_PARSE)
        why = json_string(e == ERR_PARSE ? "the answer cannot be read" : "refused");
    if (!why)
        return e;
    json_t *missing = json_object_get(report, "missing");
    return json_object_set_new(missing, member, why) ? ERR_NOMEM : ERR_OK;
}

static enum err read_eid(struct es10_card *c, json_t *report)
{
    uint8_t eid[RSP_EID_OCTETS];
    char text[33] = "";
    enum err e = es10b_get_eid(c, eid);
    if (!e)
        e = rsp_eid_text(SPAN_ARRAY(eid), text);
    if (!e)
        e = json_set_str(report, "eid", text);
    return e ? e : json_set_bool(report, "eidCheckDigits", rsp_eid_check_digits(text));
}

enum err card_report(struct es10_card *c, struct span atr, json_t **out)
{
    static const struct {
        const char *member;
        enum err (*read)(struct es10_card *c, json_t **out);
    } parts[] = {
        { "euiccInfo1", read_info1 }, { "euiccInfo2", read_info2 }, { "addresses", read_addresses },
        { "eims", read_eims }, { "profiles", read_profiles }, { "notifications", read_notifications },
        { "packageResults", read_package_results },
    };
    json_t *report = json_pack("{s:o}", "missing", json_object());
    enum err e = report ? json_set_hex(report, "atr", atr) : ERR_NOMEM;
    if (!e)
        e = read_eid(c, report);
    for (size_t i = 0; !e && i < COUNT(parts); i++)
        e = add(c, report, parts[i].member, parts[i].read);
    if (e)
        json_decref(report);
    else
        *out = report;
    return e;
}

enum err card_report_profiles(struct es10_card *c, json_t **out)
{
    json_t *report = json_pack("{s:o}", "missing", json_object());
    enum err e = report ? add(c, report, "profiles", read_profiles) : ERR_NOMEM;
    if (e)
        json_decref(report);
    else
        *out = report;
    return e;
}
