/* The members of the vectors, one by one. */
#include <string.h>

#include "rsp_codes.h"
#include "rsp_esipa.h"
#include "rsp_es10.h"
#include "rsp_ids.h"
#include "rsp_tests.h"
#include "vectors.h"

static bool is_text(struct span s, const char *text)
{
    return span_equal(s, span_str(text));
}

static bool is_iccid(struct span s, const char *digits)
{
    char text[21];
    return rsp_iccid_text(s, text) == ERR_OK && !strcmp(text, digits);
}

static bool is_eid(struct span s, const char *digits)
{
    char text[33];
    return rsp_eid_text(s, text) == ERR_OK && !strcmp(text, digits);
}

#define EID "89049032123451234512345678901235"
#define ICCID "89000123456789012341"

/* The first command of a request row. */
static struct rsp_psmo first_psmo(const struct rsp_euicc_package_request *q)
{
    struct rsp_psmo m = { 0 };
    struct der d = der_open(q->package_signed.package.psmo_list);
    CHECK(rsp_psmo_next(&d, &m) == ERR_OK);
    return m;
}

static void enable_with_rollback(const struct buf *file)
{
    struct rsp_euicc_package_request q;
    struct buf b = vectors_row(file, "REQ enable IC1 rollbackFlag, ctr 2", '\t');
    REQUIRE(rsp_euicc_package_request_read(buf_span(&b), &q) == ERR_OK);
    struct rsp_psmo m = first_psmo(&q);
    CHECK(is_text(q.package_signed.eim_id, "testeim1"));
    CHECK(is_eid(q.package_signed.eid, EID));
    CHECK(q.package_signed.counter == 2);
    CHECK(q.package_signed.eim_transaction_id.len == 16);
    CHECK(q.package_signed.package.which == RSP_PACKAGE_PSMO);
    CHECK(q.signature.len == 64);
    CHECK(m.which == RSP_PSMO_ENABLE && m.rollback);
    CHECK(is_iccid(m.iccid, ICCID));
    buf_release(&b);
}

static void other_commands(const struct buf *file)
{
    static const struct {
        const char *row;
        enum rsp_psmo_kind kind;
    } rows[] = {
        { "REQ enable IC1 (no rollback), ctr 1, no token", RSP_PSMO_ENABLE },
        { "REQ disable IC1, ctr 3", RSP_PSMO_DISABLE },
        { "REQ listProfileInfo tagList 5A 9F70 9F26, ctr 6", RSP_PSMO_LIST_PROFILE_INFO },
        { "REQ getRAT, ctr 7", RSP_PSMO_GET_RAT },
        { "REQ configureImmediateEnable flag+oid+addr, ctr 8", RSP_PSMO_CONFIGURE_IMMEDIATE_ENABLE },
        { "REQ setFallbackAttribute IC1, ctr 9", RSP_PSMO_SET_FALLBACK_ATTRIBUTE },
        { "REQ unsetFallbackAttribute, ctr 10", RSP_PSMO_UNSET_FALLBACK_ATTRIBUTE },
        { "REQ setDefaultDpAddress, ctr 11", RSP_PSMO_SET_DEFAULT_DP_ADDRESS },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rsp_euicc_package_request q;
        struct buf b = vectors_row(file, rows[i].row, '\t');
        REQUIRE(rsp_euicc_package_request_read(buf_span(&b), &q) == ERR_OK);
        struct rsp_psmo m = first_psmo(&q);
        CHECK_ROW(rows[i].row, m.which == rows[i].kind && !m.rollback);
        if (m.which == RSP_PSMO_LIST_PROFILE_INFO)
            CHECK(rsp_tag_list_has(m.list.tag_list, 0x9F26) && !rsp_tag_list_has(m.list.tag_list, 0x92));
        if (m.which == RSP_PSMO_CONFIGURE_IMMEDIATE_ENABLE)
            CHECK(m.immediate.flag && is_text(m.immediate.smdp_address, "testsmdpplus1.example.com"));
        if (m.which == RSP_PSMO_SET_DEFAULT_DP_ADDRESS)
            CHECK(is_text(m.default_dp_address, "testsmdpplus1.example.com"));
        buf_release(&b);
    }
}

static void eim_commands(const struct buf *file)
{
    struct rsp_euicc_package_request q;
    struct rsp_eco m;
    struct span curve, point;
    struct buf b = vectors_row(file, "REQ addEim testeim2 token -1 (ask eUICC to create), ctr 13", '\t');
    REQUIRE(rsp_euicc_package_request_read(buf_span(&b), &q) == ERR_OK);
    CHECK(q.package_signed.package.which == RSP_PACKAGE_ECO);
    struct der d = der_open(q.package_signed.package.eco_list);
    REQUIRE(rsp_eco_next(&d, &m) == ERR_OK);
    CHECK(m.which == RSP_ECO_ADD_EIM && is_text(m.eim.eim_id, "testeim2"));
    CHECK(is_text(m.eim.eim_fqdn, "testeim2.example.com"));
    CHECK(m.eim.eim_id_type.present && m.eim.eim_id_type.value == RSP_EIM_ID_FQDN);
    CHECK(m.eim.association_token.present && m.eim.association_token.value == -1);
    CHECK(m.eim.counter.present && m.eim.counter.value == 0);
    REQUIRE(rsp_key_data_point(&m.eim.public_key_data, &curve, &point) == ERR_OK);
    CHECK(span_equal(curve, rsp_oid_p256()) && point.len == 65);
    struct buf contents = { .max = 256 };
    CHECK(rsp_put_spki_contents(curve, point, &contents) == ERR_OK);
    CHECK(span_equal(buf_span(&contents), m.eim.public_key_data.public_key));
    buf_release(&contents);
    buf_release(&b);
}

void reads_fields_of_packages(void)
{
    struct buf file = vectors_load(VECTORS_SGP32);
    if (file.len) {
        enable_with_rollback(&file);
        other_commands(&file);
        eim_commands(&file);
    }
    buf_release(&file);
}

static void one_result(const struct buf *file, const char *row, enum rsp_result_kind kind, int64_t code,
                       const char *name)
{
    struct rsp_euicc_package_result p;
    struct rsp_euicc_result m;
    struct buf b = vectors_row(file, row, '\t');
    REQUIRE(rsp_euicc_package_result_read(buf_span(&b), &p) == ERR_OK);
    CHECK_ROW(row, p.which == RSP_PACKAGE_RESULT_SIGNED && is_text(p.result.data.eim_id, "testeim1"));
    struct der d = der_open(p.result.data.results);
    REQUIRE(rsp_euicc_result_next(&d, &m) == ERR_OK);
    CHECK_ROW(row, m.which == kind);
    CHECK_ROW(row, rsp_euicc_result_code(&m) == code);
    CHECK_ROW(row, !strcmp(rsp_euicc_result_code_name(&m), name));
    buf_release(&b);
}

static void listed_profile(const struct buf *file)
{
    struct rsp_euicc_package_result p;
    struct rsp_euicc_result m;
    struct rsp_profile_info i;
    struct buf b = vectors_row(file, "RES listProfileInfo one profile", '\t');
    REQUIRE(rsp_euicc_package_result_read(buf_span(&b), &p) == ERR_OK);
    struct der d = der_open(p.result.data.results);
    REQUIRE(rsp_euicc_result_next(&d, &m) == ERR_OK);
    CHECK(m.which == RSP_RESULT_LIST_PROFILE_INFO && m.profiles.which == RSP_OK);
    d = der_open(m.profiles.list);
    REQUIRE(rsp_profile_info_next(&d, &i) == ERR_OK);
    CHECK(is_iccid(i.iccid, ICCID) && i.isdp_aid.len == 16);
    CHECK(i.state.present && i.state.value == RSP_PROFILE_ENABLED);
    CHECK(is_text(i.service_provider_name, "SP1") && is_text(i.profile_name, "PN1"));
    CHECK(i.profile_class.value == RSP_PROFILE_CLASS_OPERATIONAL && !i.fallback_attribute);
    CHECK(der_at_end(&d));
    buf_release(&b);
}

static void package_errors(const struct buf *file)
{
    struct rsp_euicc_package_result p;
    struct buf b = vectors_row(file, "ERR-SIGNED replayError(4), ctr 1", '\t');
    REQUIRE(rsp_euicc_package_result_read(buf_span(&b), &p) == ERR_OK);
    CHECK(p.which == RSP_PACKAGE_ERROR_SIGNED && p.error.data.code == RSP_PACKAGE_REPLAY_ERROR);
    CHECK(p.error.data.counter == 1 && p.error.signature.len == 64);
    buf_release(&b);
    b = vectors_row(file, "ERR-SIGNED counterValueOutOfRange(6), ctr 8388608", '\t');
    REQUIRE(rsp_euicc_package_result_read(buf_span(&b), &p) == ERR_OK);
    CHECK(p.error.data.counter == RSP_COUNTER_MAX + 1);
    buf_release(&b);
    b = vectors_row(file, "ERR-UNSIGNED bad signature, eIM has token 7", '\t');
    REQUIRE(rsp_euicc_package_result_read(buf_span(&b), &p) == ERR_OK);
    CHECK(p.which == RSP_PACKAGE_ERROR_UNSIGNED && p.unsigned_error.association_token.value == 7);
    buf_release(&b);
}

void reads_fields_of_results(void)
{
    struct buf file = vectors_load(VECTORS_SGP32);
    if (file.len) {
        one_result(&file, "RES enable ok, seq 1, ctr 1", RSP_RESULT_ENABLE, 0, "ok");
        one_result(&file, "RES enable iccidOrAidNotFound(1), seq 2", RSP_RESULT_ENABLE, 1,
                   "iccidOrAidNotFound");
        one_result(&file, "RES enable rollbackNotAvailable(20), seq 2", RSP_RESULT_ENABLE, 20,
                   "rollbackNotAvailable");
        one_result(&file, "RES disable ok + delete ok, seq 4", RSP_RESULT_DISABLE, 0, "ok");
        one_result(&file, "RES listProfileInfo error profileChangeOngoing(11)", RSP_RESULT_ENABLE, 0, "ok");
        one_result(&file, "RES getRAT one rule PPR1+PPR2 for any operator", RSP_RESULT_GET_RAT, 0, "ok");
        one_result(&file, "RES addEim token 7", RSP_RESULT_ADD_EIM, 0, "ok");
        one_result(&file, "RES deleteEim lastEimDeleted(2)", RSP_RESULT_DELETE_EIM, 2, "lastEimDeleted");
        one_result(&file, "RES listEim two", RSP_RESULT_LIST_EIM, 0, "ok");
        one_result(&file, "RES rollback ok (new EPR after ProfileRollback), seq 3, ctr 2",
                   RSP_RESULT_ROLLBACK, 0, "ok");
        one_result(&file, "RES processingTerminated unknownOrDamagedCommand(2)",
                   RSP_RESULT_PROCESSING_TERMINATED, 2, "unknownOrDamagedCommand");
        one_result(&file, "RES setDefaultDpAddress ok", RSP_RESULT_SET_DEFAULT_DP_ADDRESS, 0, "ok");
        listed_profile(&file);
        package_errors(&file);
    }
    buf_release(&file);
}

void reads_fields_of_the_session(void)
{
    struct buf file = vectors_load(VECTORS_RSP);
    if (!file.len)
        return;
    struct buf b = vectors_row(&file, "WAI session/auth-server-response.der", ' ');
    struct rsp_authenticate_server_response a;
    REQUIRE(rsp_authenticate_server_response_read(buf_span(&b), &a) == ERR_OK);
    CHECK(a.which == RSP_AUTHENTICATE_SERVER_OK && a.ok.euicc_signed1.transaction_id.len == 16);
    CHECK(is_text(a.ok.euicc_signed1.server_address, "smdp.example.com"));
    CHECK(span_equal(a.ok.euicc_signed1.euicc_info2.svn, SPAN(2, 2, 0)));
    CHECK(a.ok.euicc_certificate.at[0] == 0x30 && a.ok.eum_certificate.at[0] == 0x30);
    CHECK(a.ok.eum_certificate.at + a.ok.eum_certificate.len == b.at + b.len);
    buf_release(&b);

    b = vectors_row(&file, "WAI session/bound-profile-package.der", ' ');
    struct rsp_bound_profile_package bpp;
    REQUIRE(rsp_bound_profile_package_read(buf_span(&b), &bpp) == ERR_OK);
    CHECK(bpp.secure_channel.remote_op_id == 1 && is_text(bpp.secure_channel.host_id, "euicc-rsp"));
    CHECK(span_equal(bpp.secure_channel.key_type, SPAN(0x88)) &&
          span_equal(bpp.secure_channel.key_length, SPAN(0x10)));
    CHECK(bpp.secure_channel.smdp_otpk.len == 65 && bpp.secure_channel.smdp_signature.len == 64);
    CHECK(!bpp.second_87.at && bpp.list_86.len > 0);
    buf_release(&b);

    b = vectors_row(&file, "WAI session/pending-notification.der", ' ');
    struct rsp_pending_notification n;
    REQUIRE(rsp_pending_notification_read(buf_span(&b), &n) == ERR_OK);
    CHECK(n.which == RSP_PENDING_INSTALLATION && n.installation.data.result.which == RSP_OK);
    CHECK(rsp_pending_notification_metadata(&n)->seq_number == 1);
    CHECK(rsp_pending_notification_metadata(&n)->event == RSP_EVENT_INSTALL);
    CHECK(is_iccid(n.installation.data.metadata.iccid, ICCID));
    CHECK(n.installation.data.result.success.aid.len == 16);
    CHECK(span_equal(n.whole, buf_span(&b)));
    buf_release(&b);

    b = vectors_row(&file, "WAI session/store-metadata.der", ' ');
    struct rsp_store_metadata m;
    REQUIRE(rsp_store_metadata_read(buf_span(&b), &m) == ERR_OK);
    CHECK(is_iccid(m.iccid, ICCID) && is_text(m.service_provider_name, "euicc-rsp"));
    CHECK(!m.profile_class.present && !m.fallback_allowed && !m.has_owner);
    buf_release(&b);
    buf_release(&file);
}

static void polls(const struct buf *file)
{
    struct rsp_get_eim_package_request q;
    struct buf b = vectors_row(file, "ESipa GetEimPackage req notifyStateChange fallback rPLMN 26201", '\t');
    char plmn[7];
    REQUIRE(rsp_get_eim_package_request_read(buf_span(&b), &q) == ERR_OK);
    CHECK(is_eid(q.eid, EID) && q.notify_state_change);
    CHECK(q.state_change_cause.present && q.state_change_cause.value == RSP_CAUSE_FALLBACK);
    CHECK(rsp_plmn_text(q.rplmn, plmn) == ERR_OK && !strcmp(plmn, "26201"));
    buf_release(&b);

    struct rsp_get_eim_package_response p;
    b = vectors_row(file, "ESipa GetEimPackage resp noEimPackageAvailable(1)", '\t');
    REQUIRE(rsp_get_eim_package_response_read(buf_span(&b), &p) == ERR_OK);
    CHECK(p.which == RSP_EIM_PACKAGE_ERROR && p.error == RSP_EIM_PACKAGE_ERROR_NO_EIM_PACKAGE_AVAILABLE);
    buf_release(&b);
    b = vectors_row(file, "ESipa GetEimPackage resp with REQ#1", '\t');
    REQUIRE(rsp_get_eim_package_response_read(buf_span(&b), &p) == ERR_OK);
    CHECK(p.which == RSP_EIM_PACKAGE_EUICC_PACKAGE && p.package.package_signed.counter == 1);
    CHECK(p.package.whole.at == b.at + 4);
    buf_release(&b);
    b = vectors_row(file, "ESipa GetEimPackage resp download trigger (AC)", '\t');
    struct rsp_activation_code ac;
    REQUIRE(rsp_get_eim_package_response_read(buf_span(&b), &p) == ERR_OK);
    CHECK(p.which == RSP_EIM_PACKAGE_DOWNLOAD && p.download.data.which == RSP_DOWNLOAD_ACTIVATION_CODE);
    CHECK(rsp_activation_code_parse(p.download.data.activation_code, &ac) == ERR_OK);
    CHECK(!strcmp(ac.smdp_address, "testsmdpplus1.example.com") &&
          !strcmp(ac.matching_id, "04386-AGYFT-A74Y8-3F815"));
    buf_release(&b);
    b = vectors_row(file, "ESipa GetEimPackage resp download trigger (default SM-DP+)", '\t');
    REQUIRE(rsp_get_eim_package_response_read(buf_span(&b), &p) == ERR_OK);
    CHECK(p.download.data.which == RSP_DOWNLOAD_DEFAULT_SMDP);
    buf_release(&b);
    b = vectors_row(file, "ESipa GetEimPackage resp empty trigger (eimDownloadDataHandling)", '\t');
    REQUIRE(rsp_get_eim_package_response_read(buf_span(&b), &p) == ERR_OK);
    CHECK(!p.download.has_data && p.download.eim_transaction_id.len == 16);
    buf_release(&b);
}

static void provides(const struct buf *file)
{
    struct rsp_provide_eim_package_result q;
    struct rsp_provide_eim_package_result_response p;
    struct buf b = vectors_row(file, "ESipa ProvideEimPackageResult (ePRAndNotifications, empty list)", '\t');
    REQUIRE(rsp_provide_eim_package_result_read(buf_span(&b), &q) == ERR_OK);
    CHECK(is_eid(q.eid, EID) && q.result.which == RSP_EIM_RESULT_PACKAGE_AND_NOTIFICATIONS);
    CHECK(q.result.package.which == RSP_PACKAGE_RESULT_SIGNED &&
          q.result.package.result.data.seq_number == 1);
    CHECK(q.result.notifications.at && q.result.notifications.len == 0);
    buf_release(&b);
    b = vectors_row(file, "ESipa ProvideEimPackageResult unknownPackage(2)", '\t');
    REQUIRE(rsp_provide_eim_package_result_read(buf_span(&b), &q) == ERR_OK);
    CHECK(q.result.which == RSP_EIM_RESULT_ERROR &&
          q.result.error.code == RSP_EIM_RESULT_ERROR_UNKNOWN_PACKAGE);
    buf_release(&b);
    b = vectors_row(file, "ESipa Provide resp ack 1,2,300", '\t');
    int64_t seq[3];
    REQUIRE(rsp_provide_eim_package_result_response_read(buf_span(&b), &p) == ERR_OK);
    struct der d = der_open(p.acknowledgements);
    for (size_t i = 0; i < 3; i++)
        REQUIRE(rsp_acknowledgement_next(&d, &seq[i]) == ERR_OK);
    CHECK(p.which == RSP_PROVIDE_ACKNOWLEDGEMENTS && seq[0] == 1 && seq[1] == 2 && seq[2] == 300 &&
          der_at_end(&d));
    buf_release(&b);
    b = vectors_row(file, "ESipa Provide resp empty", '\t');
    REQUIRE(rsp_provide_eim_package_result_response_read(buf_span(&b), &p) == ERR_OK);
    CHECK(p.which == RSP_PROVIDE_EMPTY);
    buf_release(&b);
}

static void euicc_info2(const struct buf *file)
{
    struct rsp_euicc_info2 i;
    struct span version;
    struct buf b = vectors_row(file, "EUICCInfo2 example (SGP.32 v1.2, IPAd)", '\t');
    REQUIRE(rsp_euicc_info2_read(buf_span(&b), &i) == ERR_OK);
    CHECK(span_equal(i.svn, SPAN(2, 5, 0)) && span_equal(i.profile_version, SPAN(2, 3, 1)));
    CHECK(i.ipa_mode.present && i.ipa_mode.value == RSP_IPA_MODE_IPAD);
    CHECK(i.has_iot_specific_info && i.iot_specific_info.fallback_supported &&
          i.iot_specific_info.ecall_supported);
    struct der d = der_open(i.iot_specific_info.versions);
    CHECK(rsp_octets_next(&d, &version) == ERR_OK && span_equal(version, SPAN(1, 2, 0)));
    CHECK(rsp_euicc_info2_free_memory(&i) == 0x40000);
    CHECK(rsp_octets_contain(i.ci_signing, span_sub(i.ci_verification, 2, 20)));
    CHECK(!rsp_octets_contain(i.ci_signing, SPAN(1, 2, 3)));
    buf_release(&b);
}

void reads_fields_of_esipa(void)
{
    struct buf file = vectors_load(VECTORS_SGP32);
    if (file.len) {
        polls(&file);
        provides(&file);
        euicc_info2(&file);
    }
    buf_release(&file);
}

void segments_a_bound_package(void)
{
    struct buf file = vectors_load(VECTORS_RSP);
    static const char *const rows[] = { "WAI session/bound-profile-package.der", "PYS BPP_FULL" };
    for (size_t r = 0; file.len && r < COUNT(rows); r++) {
        struct buf b = vectors_row(&file, rows[r], ' '), joined = { .max = 1 << 20 };
        struct rsp_bpp_segments s;
        struct span segment;
        size_t count = 0;
        bool done = false, fits = true;
        REQUIRE(rsp_bpp_segments(buf_span(&b), &s) == ERR_OK);
        while (rsp_bpp_next(&s, &segment, &done) == ERR_OK && !done) {
            CHECK(buf_put(&joined, segment) == ERR_OK);
            fits = fits && segment.len <= 1100;
            count++;
        }
        CHECK_ROW(rows[r], done && fits && count >= 6);
        CHECK_ROW(rows[r], span_equal(buf_span(&joined), buf_span(&b)));
        buf_release(&joined);
        buf_release(&b);
    }
    buf_release(&file);
}

void selects_members_by_tag_list(void)
{
    const struct rsp_profile_info p = {
        .iccid = SPAN(0x98, 0, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14),
        .isdp_aid = SPAN(1, 2, 3, 4, 5),
        .state = { true, 1 },
        .nickname = span_str("nick"),
        .fallback_attribute = true,
        .fallback_allowed = true,
    };
    static const struct {
        const char *name, *tags, *want;
    } rows[] = {
        { "the default has no nickname", NULL,
          "e31f5a0a980010325476981032144f0501020304059f7001019f2601ff9f6701ff" },
        { "only the state", "9f70", "e3049f700101" },
        { "what is asked for comes in the order of the module", "9f265a",
          "e3105a0a980010325476981032149f2601ff" },
        { "an unknown tag brings nothing", "9f71", "e300" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf tags = hex(rows[i].tags ? rows[i].tags : ""), want = hex(rows[i].want),
                   out = { .max = 256 };
        struct span list = rows[i].tags ? buf_span(&tags) : (struct span){ 0 };
        CHECK_ROW(rows[i].name, rsp_profile_info_write_selected(&p, list, &out) == ERR_OK);
        CHECK_ROW(rows[i].name, span_equal(buf_span(&out), buf_span(&want)));
        buf_release(&tags);
        buf_release(&want);
        buf_release(&out);
    }
    struct buf out = { .max = 256 };
    CHECK(rsp_profile_info_write_selected(&p, SPAN(0x5A, 0x9F), &out) == ERR_PARSE);
    buf_release(&out);
}

/* The published listEim result, with the tag of its list changed to 30. */
static void list_of_eims_untagged(void)
{
    struct buf b = hex("bf51818ba08188304380087465737465696d318101108210000102030405060708090a0b0c0d0e0f83010a301fab1d30"
                       "1b300a80087465737465696d31300d80087465737465696d328201025f3740b91159eb4f1cd1c9ab219f1cd6be9564cd"
                       "b6ffe1dd51b60a1b2339cd3e6e4676f2d012ef8b61939c2174166e2cdc02dff99aa0c0b57ce670a760b1b4e4a3e1ca");
    struct rsp_euicc_package_result p;
    struct rsp_euicc_result m;
    REQUIRE(rsp_euicc_package_result_read(buf_span(&b), &p) == ERR_OK);
    struct der d = der_open(p.result.data.results);
    REQUIRE(rsp_euicc_result_next(&d, &m) == ERR_OK);
    CHECK(m.which == RSP_RESULT_LIST_EIM && m.eims.which == RSP_OK);
    d = der_open(m.eims.list);
    struct rsp_eim_id_info first, second;
    REQUIRE(rsp_eim_id_info_next(&d, &first) == ERR_OK && rsp_eim_id_info_next(&d, &second) == ERR_OK);
    CHECK(is_text(first.eim_id, "testeim1") && is_text(second.eim_id, "testeim2") && der_at_end(&d));
    buf_release(&b);
}

/* What others send in another form (catalogue D-1, D-2, D-4, D-5). */
void takes_other_forms(void)
{
    list_of_eims_untagged();
    struct rsp_psmo m;
    struct rsp_key_data k = { .which = RSP_KEY_DATA_PUBLIC_KEY };
    struct span curve, point;
    bool refresh = false;
    struct buf enable = hex("a30e5a0a980010325476981032148100"),
               own = hex("a30e5a0a980010325476981032140500");
    struct buf flag = hex("bf58030101ff"), out = { .max = 256 }, contents = { .max = 256 };
    const uint8_t key[65] = { 4 };
    REQUIRE(rsp_psmo_read(buf_span(&enable), &m) == ERR_OK);
    CHECK(m.which == RSP_PSMO_ENABLE && m.rollback);
    m.whole = (struct span){ 0 };
    CHECK(rsp_psmo_write(&m, &out) == ERR_OK && span_equal(buf_span(&out), buf_span(&own)));
    CHECK(rsp_refresh_read(0xBF58, buf_span(&flag), &refresh) == ERR_OK && refresh);
    buf_clear(&out);
    REQUIRE(rsp_put_spki_contents(rsp_oid_p256(), SPAN_ARRAY(key), &contents) == ERR_OK);
    k.public_key = buf_span(&contents);
    CHECK(rsp_key_data_put_spki(&k, &out) == ERR_OK); /* with its 30 */
    k.public_key = buf_span(&out);
    CHECK(rsp_key_data_point(&k, &curve, &point) == ERR_OK && span_equal(point, SPAN_ARRAY(key)));
    k.which = RSP_KEY_DATA_CERTIFICATE;
    CHECK(rsp_key_data_point(&k, &curve, &point) == ERR_STATE);
    buf_release(&enable);
    buf_release(&own);
    buf_release(&flag);
    buf_release(&out);
    buf_release(&contents);
}

void keeps_what_was_signed(void)
{
    /* A member of a later version behind the known ones: no writer of ours would put it there, the signature
     * covers it. */
    struct buf
        b = hex("304b8010111111111111111111111111111111118110010101010101010101010101010101018311736d64702e74"
                "6573742e6578616d706c6584105a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a8500"),
        out = { .max = 256 };
    struct rsp_server_signed1 m;
    REQUIRE(rsp_server_signed1_read(buf_span(&b), &m) == ERR_OK);
    CHECK(rsp_server_signed1_write(&m, &out) == ERR_OK);
    CHECK(span_equal(buf_span(&out), buf_span(&b)));
    buf_clear(&out);
    m.signed_bytes = (struct span){ 0 };
    CHECK(rsp_server_signed1_write(&m, &out) == ERR_OK);
    CHECK(out.len == b.len - 2);
    buf_release(&out);
    buf_release(&b);
}

/* A package whose commands are for the eUICC to judge, as its IPA gets it. */
static const struct {
    const char *name, *eim_id, *eid, *more; /* TLVs of what is signed; `more`: behind the counter */
    size_t signature;
    const char *behind;
    bool read;
} unjudged[] = {
    { "a command of no kind", "800165", "5a1011111111111111111111111111111111", "a002af00", 64, "", true },
    { "a command of no kind, with a transaction", "800165", "5a1011111111111111111111111111111111", "8201aaa002af00", 64, "", true },
    { "an eCO of no kind", "800165", "5a1011111111111111111111111111111111", "a102af00", 64, "", true },
    { "a list that is no list of TLVs", "800165", "5a1011111111111111111111111111111111", "a002afff", 64, "", true },
    { "a list of no kind", "800165", "5a1011111111111111111111111111111111", "a202af00", 64, "", false },
    { "no list", "800165", "5a1011111111111111111111111111111111", "", 64, "", false },
    { "a list cut short", "800165", "5a1011111111111111111111111111111111", "a003af00", 64, "", false },
    { "an eimId without an octet", "8000", "5a1011111111111111111111111111111111", "a002af00", 64, "", false },
    { "no eimId", "", "5a1011111111111111111111111111111111", "a002af00", 64, "", false },
    { "an EID of fifteen octets", "800165", "5a0f111111111111111111111111111111", "a002af00", 64, "", false },
    { "a transaction without an octet", "800165", "5a1011111111111111111111111111111111", "8200a002af00", 64, "", false },
    { "a signature that is short", "800165", "5a1011111111111111111111111111111111", "a002af00", 63, "", false },
    { "no signature", "800165", "5a1011111111111111111111111111111111", "a002af00", 0, "", false },
    { "something behind the package", "800165", "5a1011111111111111111111111111111111", "a002af00", 64, "0500", false },
};

static void put_unjudged(size_t row, uint32_t tag, struct buf *out)
{
    static const uint8_t zeros[64];
    struct buf package = { .max = 512 }, signed_part = { .max = 512 };
    const char *const parts[] = { unjudged[row].eim_id, unjudged[row].eid, "810101", unjudged[row].more };
    for (size_t i = 0; i < COUNT(parts); i++) {
        struct buf part = hex(parts[i]);
        REQUIRE(buf_put(&signed_part, buf_span(&part)) == ERR_OK);
        buf_release(&part);
    }
    REQUIRE(der_put(&package, 0x30, buf_span(&signed_part)) == ERR_OK);
    if (unjudged[row].signature)
        REQUIRE(der_put(&package, 0x5f37, span_of(zeros, unjudged[row].signature)) == ERR_OK);
    struct buf whole = { .max = 600 }, behind = hex(unjudged[row].behind);
    REQUIRE(der_put(&whole, 0xbf51, buf_span(&package)) == ERR_OK && buf_put(&whole, buf_span(&behind)) == ERR_OK);
    REQUIRE(der_put(out, tag, buf_span(&whole)) == ERR_OK);
    struct buf *all[] = { &package, &signed_part, &whole, &behind };
    for (size_t i = 0; i < COUNT(all); i++)
        buf_release(all[i]);
}

void passes_on_what_the_euicc_judges(void)
{
    for (size_t i = 0; i < COUNT(unjudged); i++) {
        struct buf fetched = { .max = 700 }, pushed = { .max = 700 };
        struct rsp_get_eim_package_response p;
        struct rsp_transfer_eim_package_request q;
        put_unjudged(i, 0xbf4f, &fetched);
        put_unjudged(i, 0xbf4e, &pushed);
        enum err e = unjudged[i].read ? ERR_OK : ERR_PARSE;
        CHECK_ROW(unjudged[i].name, rsp_get_eim_package_response_read(buf_span(&fetched), &p) == e);
        CHECK_ROW(unjudged[i].name, rsp_transfer_eim_package_request_read(buf_span(&pushed), &q) == e);
        /* It goes on as it came. */
        CHECK_ROW(unjudged[i].name, e || (p.which == RSP_EIM_PACKAGE_EUICC_PACKAGE && q.which == RSP_TRANSFER_EUICC_PACKAGE));
        CHECK_ROW(unjudged[i].name, e || (span_equal(p.package.whole, span_sub(buf_span(&fetched), fetched.len - p.package.whole.len,
                                                                                p.package.whole.len)) &&
                                          span_equal(p.package.whole, q.package.whole) && q.whole.len == pushed.len));
        buf_release(&fetched);
        buf_release(&pushed);
    }
}

void names_codes(void)
{
    CHECK(!strcmp(rsp_error_reason_name(8), "scp03tSecurityError"));
    CHECK(!strcmp(rsp_bpp_command_id_name(5), "loadProfileElements"));
    CHECK(!strcmp(rsp_euicc_package_error_code_name(RSP_PACKAGE_ECALL_ACTIVE), "ecallActive"));
    CHECK(!strcmp(rsp_enable_result_name(99), "unknown"));
    CHECK(!strcmp(rsp_psmo_name(RSP_PSMO_ENABLE), "enable"));
    CHECK(!strcmp(rsp_psmo_name((enum rsp_psmo_kind)77), "unknown"));
    CHECK(!strcmp(rsp_result_name(RSP_RESULT_ROLLBACK), "rollbackResult"));
}
