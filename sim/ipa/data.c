/* IPA eUICC data (SGP.32 v1.2 2.11.1.2, 2.11.2.2; catalogue B.3): what the eIM asks for is fetched from the eUICC, what is the
 * IPA's own is added, and all of it is kept until the eIM has it. */
#include <string.h>

#include "ipa_internal.h"
#include "rsp_codes.h"

/* Members of IpaEuiccData by their tags: only these may be asked for. */
enum {
    TAG_NOTIFICATIONS = 0xa0, TAG_DEFAULT_SMDP = 0x81, TAG_RESULTS = 0xa2, TAG_INFO1 = 0xbf20, TAG_INFO2 = 0xbf22,
    TAG_ROOT_SMDS = 0x83, TAG_TOKEN = 0x84, TAG_EUM = 0xa5, TAG_EUICC = 0xa6, TAG_CAPABILITIES = 0xa8,
    TAG_DEVICE = 0xa9,
};
static const uint32_t known_tags[] = { TAG_NOTIFICATIONS, TAG_DEFAULT_SMDP, TAG_RESULTS, TAG_INFO1, TAG_INFO2,
                                       TAG_ROOT_SMDS, TAG_TOKEN, TAG_EUM, TAG_EUICC, TAG_CAPABILITIES, TAG_DEVICE };

/* Everything that may have to be fetched; the answer's spans point in here. */
struct fetched {
    struct es10b_retrieve_notifications_response notifications, results;
    struct es10b_configured_addresses addresses;
    struct es10b_euicc_info1 info1;
    struct es10b_euicc_info2 info2;
    struct es10b_eim_configuration_data eims;
    struct es10b_certs certs;
};

static void release(struct fetched *f)
{
    buf_release(&f->notifications.received);
    buf_release(&f->results.received);
    buf_release(&f->addresses.received);
    buf_release(&f->info1.received);
    buf_release(&f->info2.received);
    buf_release(&f->eims.received);
    buf_release(&f->certs.received);
}

static bool asks_only_for_known(struct span tag_list)
{
    uint32_t tag = 0;
    while (tag_list.len) {
        bool known = false;
        if (rsp_tag_list_next(&tag_list, &tag))
            return false;
        for (size_t k = 0; k < COUNT(known_tags); k++)
            known |= known_tags[k] == tag;
        if (!known)
            return false;
    }
    return true;
}

static enum err fetch_notifications(struct ipa *i, const struct rsp_ipa_euicc_data_request *q, struct fetched *f,
                                    struct rsp_ipa_euicc_data *out)
{
    struct rsp_retrieve_notifications_request r = { 0 };
    if (q->has_notification_criteria) {
        r.has_search = true;
        r.search.which = q->notifications.which == RSP_CRITERIA_EVENT ? RSP_RETRIEVE_BY_EVENT
                                                                      : RSP_RETRIEVE_BY_SEQ_NUMBER;
        r.search.seq_number = q->notifications.seq_number;
        r.search.events = q->notifications.events;
    }
    enum err e = es10b_retrieve_notifications_list(&i->card, &r, &f->notifications);
    if (!e && f->notifications.message.which == RSP_RETRIEVE_NOTIFICATIONS)
        out->notifications = f->notifications.message.notifications;
    return e;
}

/* With a seqNumber only that result; the eUICC finds results by number too (SGP.32 5.9.11). */
static enum err fetch_results(struct ipa *i, const struct rsp_ipa_euicc_data_request *q, struct fetched *f,
                              struct rsp_ipa_euicc_data *out)
{
    struct rsp_retrieve_notifications_request r = { .has_search = true };
    r.search.which = q->has_result_criteria ? RSP_RETRIEVE_BY_SEQ_NUMBER : RSP_RETRIEVE_PACKAGE_RESULTS;
    r.search.package_results = !q->has_result_criteria;
    r.search.seq_number = q->results.seq_number;
    enum err e = es10b_retrieve_notifications_list(&i->card, &r, &f->results);
    if (!e && f->results.message.which == RSP_RETRIEVE_RESULTS)
        out->package_results = f->results.message.package_results;
    return e;
}

static enum err fetch_addresses(struct ipa *i, struct span tags, struct fetched *f, struct rsp_ipa_euicc_data *out)
{
    enum err e = es10a_get_euicc_configured_addresses(&i->card, &f->addresses);
    if (!e && rsp_tag_list_has(tags, TAG_DEFAULT_SMDP))
        out->default_smdp_address = f->addresses.message.default_dp_address;
    if (!e && rsp_tag_list_has(tags, TAG_ROOT_SMDS))
        out->root_smds_address = f->addresses.message.root_ds_address;
    return e;
}

static enum err fetch_token(struct ipa *i, struct fetched *f, struct rsp_ipa_euicc_data *out)
{
    struct rsp_eim_configuration eim;
    enum err e = es10b_get_eim_configuration_data(&i->card, span_str(i->eim->id), &f->eims);
    struct der list = der_open(e ? (struct span){ 0 } : f->eims.message.list);
    if (!e && !der_at_end(&list)) {
        e = rsp_eim_configuration_next(&list, &eim);
        if (!e)
            out->association_token = eim.association_token;
    }
    return e;
}

/* *unknown: the eUICC has no certificate under the CI that was named, perhaps by its first octets only. */
static enum err fetch_certificates(struct ipa *i, const struct rsp_ipa_euicc_data_request *q, struct fetched *f,
                                   struct rsp_ipa_euicc_data *out, bool *unknown)
{
    uint8_t ci[IPA_CI_OCTETS];
    enum err e = q->ci_pkid.len ? ipa_find_ci(i, q->ci_pkid, ci) : ERR_OK;
    *unknown = e == ERR_NOT_FOUND;
    if (!e)
        e = es10b_get_certs(&i->card, q->ci_pkid.len ? SPAN_ARRAY(ci) : (struct span){ 0 }, &f->certs);
    if (!e && f->certs.message.which != RSP_OK)
        *unknown = true;
    if (e || *unknown)
        return *unknown ? ERR_OK : e;
    if (rsp_tag_list_has(q->tag_list, TAG_EUM))
        out->eum_certificate = f->certs.message.ok.eum_certificate;
    if (rsp_tag_list_has(q->tag_list, TAG_EUICC))
        out->euicc_certificate = f->certs.message.ok.euicc_certificate;
    return ERR_OK;
}

static void add_own(struct ipa *i, struct span tags, struct rsp_ipa_euicc_data *out)
{
    if (rsp_tag_list_has(tags, TAG_CAPABILITIES)) {
        out->has_capabilities = true;
        out->capabilities.features = i->features;
        out->capabilities.protocols = (struct rsp_bits){ true, RSP_EIM_RETRIEVE_HTTPS | (i->listens ? RSP_EIM_INJECT_HTTPS : 0) };
    }
    if (rsp_tag_list_has(tags, TAG_DEVICE)) {
        out->has_device_info = true;
        out->device_info = (struct rsp_device_info){ SPAN_ARRAY(i->tac), span_of("", 0), SPAN_ARRAY(i->imei_octets) };
    }
}

static enum err fetch(struct ipa *i, const struct rsp_ipa_euicc_data_request *q, struct fetched *f,
                      struct rsp_ipa_euicc_data *out, bool *unknown_ci)
{
    struct span tags = q->tag_list;
    enum err e = rsp_tag_list_has(tags, TAG_NOTIFICATIONS) ? fetch_notifications(i, q, f, out) : ERR_OK;
    if (!e && rsp_tag_list_has(tags, TAG_RESULTS))
        e = fetch_results(i, q, f, out);
    if (!e && (rsp_tag_list_has(tags, TAG_DEFAULT_SMDP) || rsp_tag_list_has(tags, TAG_ROOT_SMDS)))
        e = fetch_addresses(i, tags, f, out);
    if (!e && rsp_tag_list_has(tags, TAG_INFO1)) {
        e = es10b_get_euicc_info1(&i->card, &f->info1);
        out->has_euicc_info1 = true;
        out->euicc_info1 = f->info1.message;
    }
    if (!e && rsp_tag_list_has(tags, TAG_INFO2)) {
        e = es10b_get_euicc_info2(&i->card, &f->info2);
        out->has_euicc_info2 = true;
        out->euicc_info2 = f->info2.message;
    }
    if (!e && rsp_tag_list_has(tags, TAG_TOKEN))
        e = fetch_token(i, f, out);
    if (!e && (rsp_tag_list_has(tags, TAG_EUM) || rsp_tag_list_has(tags, TAG_EUICC)))
        e = fetch_certificates(i, q, f, out, unknown_ci);
    add_own(i, tags, out);
    out->eim_transaction_id = q->eim_transaction_id;
    return e;
}

static void refuse(const struct rsp_ipa_euicc_data_request *q, int64_t code, struct rsp_ipa_euicc_data_response *r)
{
    *r = (struct rsp_ipa_euicc_data_response){
        .which = RSP_ERROR, .error = { .eim_transaction_id = q->eim_transaction_id, .code = code }
    };
}

enum err ipa_answer_data_request(struct ipa *i, const struct rsp_ipa_euicc_data_request *q)
{
    struct fetched f = { 0 };
    struct buf bytes = { .max = 128 << 10 };
    bool unknown_ci = false;
    struct rsp_provide_eim_package_result result = { .eid = SPAN_ARRAY(i->eid_octets),
                                                     .result = { .which = RSP_EIM_RESULT_DATA,
                                                                 .data = { .which = RSP_OK } } };
    struct rsp_ipa_euicc_data_response *r = &result.result.data;
    bool emergency = false;
    enum err e = ipa_in_emergency(i, &emergency);
    if (!e && !asks_only_for_known(q->tag_list))
        refuse(q, RSP_IPA_DATA_INCORRECT_TAG_LIST, r);
    else if (!e && emergency)
        refuse(q, RSP_IPA_DATA_ECALL_ACTIVE, r);
    else if (!e)
        e = fetch(i, q, &f, &r->data, &unknown_ci);
    if (!e && unknown_ci)
        refuse(q, RSP_IPA_DATA_EUICC_CI_PKID_NOT_FOUND, r);
    if (!e)
        e = rsp_provide_eim_package_result_write(&result, &bytes);
    if (!e)
        e = ipa_journal_put_result(i, i->eim->id, 0, buf_span(&bytes));
    buf_release(&bytes);
    release(&f);
    return e;
}
