/* An eUICC with certificates under two CIs signs under the one that it chose: it is believed once the eIM came to know that one. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_ids.h"

#define SIGNER_NIST EC_P256
#define SIGNER_BRP EC_BRAINPOOL_P256R1

static void sign_as(struct fixture *f, const struct pki_euicc *who, enum ec_curve curve, const struct rsp_tbs *tbs,
                    struct ec_signature *out)
{
    struct ec_key *key = NULL;
    REQUIRE(ec_key_from_scalar(f->l.crypto, curve, secret_span(&who->key), &key) == ERR_OK);
    REQUIRE(ec_sign(f->l.crypto, key, tbs->part, tbs->count, out) == ERR_OK);
    ec_key_free(key);
}

/* What the card signs under its second CI: an installation. */
static void put_installation(struct fixture *f, const struct pki_euicc *who, struct buf *bf37)
{
    static const uint8_t session[] = { 1, 2, 3 }, oid[] = { 0x88, 0x37, 0x0a }, sima[] = { 0x30, 0x00 };
    static const uint8_t aid[16] = { 0xa0, 0, 0, 5, 0x59, 0x10, 0x10, 0xff, 0xff, 0xff, 0xff, 0x89, 0, 0, 0x11, 0 };
    uint8_t iccid[RSP_ICCID_OCTETS];
    struct rsp_profile_installation_result r = { .signature = { 0 } };
    struct buf data = { .max = 1024 };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    REQUIRE(rsp_iccid_parse(LAB_PARTNER_ICCID, iccid) == ERR_OK);
    r.data = (struct rsp_installation_result_data){
        .transaction_id = SPAN_ARRAY(session),
        .metadata = { .seq_number = 5, .event = RSP_EVENT_INSTALL, .address = span_str("smdp.example.com"),
                      .iccid = SPAN_ARRAY(iccid) },
        .smdp_oid = SPAN_ARRAY(oid),
        .result = { .which = RSP_OK, .success = { SPAN_ARRAY(aid), SPAN_ARRAY(sima) } },
    };
    REQUIRE(rsp_installation_result_data_write(&r.data, &data) == ERR_OK);
    r.data.signed_bytes = buf_span(&data);
    rsp_tbs_installation_result(&r.data, &tbs);
    sign_as(f, who, SIGNER_BRP, &tbs, &signature);
    r.signature = SPAN_ARRAY(signature.at);
    REQUIRE(rsp_profile_installation_result_write(&r, bf37) == ERR_OK);
    buf_release(&data);
}

static int bring_installation(struct fixture *f, const struct pki_euicc *who, bool altered)
{
    struct buf bf37 = { .max = 4096 };
    struct rsp_profile_download_trigger_result r = {
        .eim_transaction_id = f->package.message.download.eim_transaction_id,
        .result = { .which = RSP_DOWNLOAD_RESULT_INSTALLATION },
    };
    put_installation(f, who, &bf37);
    REQUIRE(rsp_profile_installation_result_read(buf_span(&bf37), &r.result.installation) == ERR_OK);
    if (altered)
        lab_flip(r.result.installation.data.metadata.iccid);
    int answer = bring_download(f, LAB_EID, &r);
    buf_release(&bf37);
    return answer;
}

/* --- how the eIM may come to know a chain --------------------------------------------------------------------- */

enum news { NOTHING, REGISTERED, ANSWERED, NOTIFIED, OTHER_EUICCS, UNSIGNED_NOTIFICATION };

/* The answer to a question: the certificates of the CI that was asked for. */
static void answer_question(struct fixture *f, const struct pki_euicc *who)
{
    CHECK(order(f, "question", "data", ",\"priority\":9,\"parameters\":{\"tags\":[\"A5\",\"A6\"]}") == 202);
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    CHECK(tell_certificates(f, LAB_EID, buf_span(&who->certificate), who->eum_certificate,
                            f->package.message.data.eim_transaction_id) == RSP_PROVIDE_EMPTY);
}

static void notify(struct fixture *f, const struct pki_euicc *who, bool forged)
{
    struct rsp_pending_notification n = { .which = RSP_PENDING_OTHER };
    struct buf data = { .max = 1024 }, whole = { .max = 8192 };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    n.other.metadata = (struct rsp_notification_metadata){ .seq_number = 7, .event = RSP_EVENT_ENABLE,
                                                           .address = span_str("smdp.example.com") };
    REQUIRE(rsp_notification_metadata_write(&n.other.metadata, &data) == ERR_OK);
    n.other.metadata.signed_bytes = buf_span(&data);
    rsp_tbs_notification(&n.other.metadata, &tbs);
    sign_as(f, who, SIGNER_BRP, &tbs, &signature);
    if (forged)
        signature.at[20] ^= 1;
    n.other.signature = SPAN_ARRAY(signature.at);
    n.other.euicc_certificate = buf_span(&who->certificate);
    n.other.eum_certificate = who->eum_certificate;
    REQUIRE(rsp_pending_notification_write(&n, &whole) == ERR_OK);
    CHECK((esipa_relay_notification(&f->peer, buf_span(&whole)) == ERR_REFUSED) == forged);
    buf_release(&data);
    buf_release(&whole);
}

static void tell(struct fixture *f, enum news news, const struct pki_euicc *own, const struct pki_euicc *others)
{
    if (news == REGISTERED)
        CHECK(register_card(&f->l, f->l.eso, LAB_EID, buf_span(&own->certificate), own->eum_certificate) == 200);
    if (news == OTHER_EUICCS)
        CHECK(register_card(&f->l, f->l.eso, LAB_EID, buf_span(&others->certificate), others->eum_certificate) == 422);
    if (news == OTHER_EUICCS)
        answer_question(f, others);
    if (news == ANSWERED)
        answer_question(f, own);
    if (news == NOTIFIED || news == UNSIGNED_NOTIFICATION)
        notify(f, own, news == UNSIGNED_NOTIFICATION);
}

static const struct {
    const char *name;
    enum news news;
    bool others_signed, altered, believed;
} rows[] = {
    { "a chain that nobody told", NOTHING, false, false, false },
    { "a chain that was registered beside the first", REGISTERED, false, false, true },
    { "a chain that the device told when it was asked", ANSWERED, false, false, true },
    { "a chain of a notification that verified", NOTIFIED, false, false, true },
    { "a chain of a notification that did not", UNSIGNED_NOTIFICATION, false, false, false },
    { "an installation that was altered", REGISTERED, false, true, false },
    { "another eUICC's chain", OTHER_EUICCS, true, false, false },
};

static void installations(void)
{
    static const char *const anywhere[] = { "*", NULL };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        struct pki_euicc others = { 0 };
        fixture_open(&f);
        f.l.receivers = anywhere;
        lab_restart(&f.l, LAB_EIM);
        REQUIRE(certs_issue_euicc(f.l.pki, "CERT_EUICC_ECDSA_BRP", LAB_OTHER_EID, &others) == ERR_OK);
        tell(&f, rows[i].news, &f.l.card.brp, &others);
        CHECK(order(&f, "a", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 202);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DOWNLOAD);
        lab_restart(&f.l, LAB_EIM);
        int answer = bring_installation(&f, rows[i].others_signed ? &others : &f.l.card.brp, rows[i].altered);
        CHECK_ROW(rows[i].name, answer == (rows[i].believed ? (int)RSP_PROVIDE_EMPTY : (int)RSP_PROVIDE_ERROR));
        CHECK_ROW(rows[i].name, strcmp(order_state(&f, "a"), rows[i].believed ? "done" : "sent") == 0);
        pki_euicc_release(&others);
        fixture_close(&f);
    }
}

/* Of one eUICC at most four are kept beside the registered one; the latest push the oldest out. */
static void chains_are_bounded(void)
{
    struct fixture f;
    int64_t kept = 0;
    fixture_open(&f);
    for (int i = 0; i < 6; i++) {
        struct pki_euicc again = { 0 };
        REQUIRE(certs_issue_euicc(f.l.pki, "CERT_EUICC_ECDSA_BRP", LAB_EID, &again) == ERR_OK);
        int status = register_card(&f.l, f.l.eso, LAB_EID, buf_span(&again.certificate), again.eum_certificate);
        CHECK(status == (i ? 409 : 200)); /* under one CI an eUICC has one certificate */
        pki_euicc_release(&again);
    }
    struct db *db = f.l.part[LAB_EIM].env.db;
    CHECK(db_get_int(db, "SELECT count(*) FROM chain WHERE eid = '" LAB_EID "'", NULL, 0, &kept) == ERR_OK && kept == 1);
    fixture_close(&f);
}

const struct test chain_tests[] = {
    { "what is signed under a second CI is believed once its chain is known", installations },
    { "an eUICC has one chain under each CI", chains_are_bounded },
};
const size_t chain_tests_count = COUNT(chain_tests);
