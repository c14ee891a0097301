/* The error forms that an IPA brings (SGP.32 5.14.6; catalogue A.7.2, A.10), number by number as the modules have them: what becomes
 * of the order. Over both bindings, in turn. */
#include <stdio.h>
#include <string.h>

#include "codes.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define DOWNLOAD ",\"activationCode\":\"" LAB_CODE "\""

enum form { IPA_ERROR, DATA_ERROR, DOWNLOAD_ERROR, INSTALLATION_ERROR };
static const struct heard_kind {
    enum form form;
    const char *words; /* of the page */
    const char *type, *member;
    const char *kind, *more; /* the order */
    int times;               /* that it is brought until the order ends; what proves nothing is heard three times */
} kinds[] = {
    { IPA_ERROR, "eimPackageResultResponseError, of a package", "EimPackageResultErrorCode", NULL, "list", "", 3 },
    { IPA_ERROR, "eimPackageResultResponseError, of a download", "EimPackageResultErrorCode", NULL, "download", DOWNLOAD, 3 },
    { IPA_ERROR, "eimPackageResultResponseError, of a question", "EimPackageResultErrorCode", NULL, "data", "", 3 },
    { DATA_ERROR, "ipaEuiccDataResponseError", "IpaEuiccDataErrorCode", NULL, "data", "", 1 },
    { DOWNLOAD_ERROR, "profileDownloadError", "ProfileDownloadError", "profileDownloadErrorReason", "download", DOWNLOAD, 1 },
    { INSTALLATION_ERROR, "profileInstallationResult", "ErrorReason", NULL, "download", DOWNLOAD, 1 },
};

static struct span transaction_of(const struct rsp_get_eim_package_response *r)
{
    return r->which == RSP_EIM_PACKAGE_EUICC_PACKAGE  ? r->package.package_signed.eim_transaction_id
           : r->which == RSP_EIM_PACKAGE_DATA_REQUEST ? r->data.eim_transaction_id
                                                      : r->download.eim_transaction_id;
}

/* An installation that failed, signed by the card. */
static void put_failed_installation(struct fixture *f, int64_t reason, struct buf *out)
{
    static const uint8_t session[16] = { 4, 5, 6 }, oid[] = { 0x88, 0x37, 0x0a }, blank[64];
    uint8_t iccid[RSP_ICCID_OCTETS];
    struct rsp_tbs tbs;
    REQUIRE(rsp_iccid_parse(LAB_PARTNER_ICCID, iccid) == ERR_OK);
    struct rsp_profile_installation_result r = {
        .data = { .transaction_id = SPAN_ARRAY(session),
                  .metadata = { .seq_number = 3, .event = RSP_EVENT_INSTALL, .address = span_str("smdp.example.com"),
                                .iccid = SPAN_ARRAY(iccid) },
                  .smdp_oid = SPAN_ARRAY(oid),
                  .result = { .which = RSP_ERROR, .error = { .command = RSP_BPP_LOAD_PROFILE_ELEMENTS, .reason = reason } } },
        .signature = SPAN_ARRAY(blank),
    };
    REQUIRE(rsp_profile_installation_result_write(&r, out) == ERR_OK);
    REQUIRE(rsp_profile_installation_result_read(buf_span(out), &r) == ERR_OK);
    rsp_tbs_installation_result(&r.data, &tbs);
    lab_sign_again(&f->l, &f->l.card, &tbs, r.signature);
}

static int bring_error(struct fixture *f, const struct heard_kind *k, int64_t code)
{
    struct buf installation = { .max = 1024 };
    uint8_t eid[16];
    struct rsp_provide_eim_package_result q = { .eid = SPAN_ARRAY(eid) };
    const struct rsp_eim_session_error error = { transaction_of(&f->package.message), code };
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK);
    switch (k->form) {
    case IPA_ERROR:
        q.result.which = RSP_EIM_RESULT_ERROR;
        q.result.error = error;
        break;
    case DATA_ERROR:
        q.result.which = RSP_EIM_RESULT_DATA;
        q.result.data.which = RSP_ERROR;
        q.result.data.error = error;
        break;
    case DOWNLOAD_ERROR:
        q.result.which = RSP_EIM_RESULT_DOWNLOAD;
        q.result.download.result.which = RSP_DOWNLOAD_RESULT_ERROR;
        q.result.download.result.error.reason = code;
        break;
    case INSTALLATION_ERROR:
        q.result.which = RSP_EIM_RESULT_DOWNLOAD;
        q.result.download.result.which = RSP_DOWNLOAD_RESULT_INSTALLATION;
        put_failed_installation(f, code, &installation);
        REQUIRE(rsp_profile_installation_result_read(buf_span(&installation), &q.result.download.result.installation) == ERR_OK);
    }
    q.result.download.eim_transaction_id = error.eim_transaction_id;
    int answered = provide(f, &q);
    buf_release(&installation);
    return answered;
}

/* ecallActive passes by itself; a download that failed has the form's own name, as its errorResponse says more than the number. */
static struct outcome outcome_of(const struct heard_kind *k, const struct code_name *c)
{
    if (c->code == 104 && (k->form == DATA_ERROR || k->form == DOWNLOAD_ERROR))
        return (struct outcome){ "queued", "" };
    return (struct outcome){ "failed", k->form == DOWNLOAD_ERROR ? "profileDownloadError" : c->name };
}

static void play(const struct heard_kind *k, const struct code_name *c, bool json)
{
    const struct outcome o = outcome_of(k, c);
    struct fixture f;
    char row[160];
    snprintf(row, sizeof row, "%s: %s(%lld)", k->words, c->name, (long long)c->code);
    fixture_open(&f);
    f.peer.json = json;
    REQUIRE(order(&f, "a", k->kind, k->more) == 202 && poll(&f) != RSP_EIM_PACKAGE_ERROR);
    for (int i = 0; i < k->times; i++) {
        CHECK_ROW(row, strcmp(order_state(&f, "a"), "sent") == 0);
        CHECK_ROW(row, bring_error(&f, k, c->code) == RSP_PROVIDE_EMPTY);
    }
    CHECK_ROW(row, shows_outcome(&f, &o, c->code) && told_outcome(&f, &o));
    CHECK_ROW(row, bring_error(&f, k, c->code) == RSP_PROVIDE_EMPTY); /* told again it changes nothing */
    CHECK_ROW(row, shows_outcome(&f, &o, c->code) && told_outcome(&f, &o));
    fixture_close(&f);
}

static void each_number_of_the_modules(void)
{
    size_t played = 0;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct code_name names[CODES_MAX];
        size_t count = module_codes(kinds[i].type, kinds[i].member, names);
        for (size_t n = 0; n < count; n++)
            play(&kinds[i], &names[n], played++ % 2);
        const struct code_name unknown = { 99, "unknown" };
        play(&kinds[i], &unknown, played % 2);
    }
    CHECK(played > 25);
}

void put_heard_rows(struct buf *out)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct code_name names[CODES_MAX];
        size_t count = module_codes(kinds[i].type, kinds[i].member, names);
        for (size_t n = 0; n < count; n++) {
            const struct outcome o = outcome_of(&kinds[i], &names[n]);
            put_outcome_row(out, kinds[i].words, &names[n], &o, kinds[i].times);
        }
    }
}

const struct test heard_codes_tests[] = {
    { "each error that an IPA brings ends its order, or has it asked again", each_number_of_the_modules },
};
const size_t heard_codes_tests_count = COUNT(heard_codes_tests);
