/* Every error number of ESipa (SGP.32 5.14; catalogue A.7.2), there and back over both bindings. */
#include <stdio.h>
#include <string.h>

#include "es_codes.h"
#include "rsp_codes.h"
#include "test_eim.h"

/* --- the relayed download ------------------------------------------------------------------------ */

static const uint8_t transaction[16] = { 1, 2, 3, 4 };
static const uint8_t challenge[16] = { 0xA0 };
static const uint8_t ci_list[] = { 0x04, 0x01, 0xF5 };

static void ask(const struct es_peer *peer, enum es_codes f, struct es_memory *m, struct es_status *status, enum err *e)
{
    const struct rsp_initiate_authentication_request initiate = {
        .euicc_challenge = SPAN_ARRAY(challenge),
        .euicc_info1 = { .svn = SPAN(2, 5, 0), .ci_verification = SPAN_ARRAY(ci_list), .ci_signing = SPAN_ARRAY(ci_list) },
    };
    const struct rsp_authenticate_client_request authenticate = {
        .transaction_id = SPAN_ARRAY(transaction),
        .response = { .which = RSP_AUTHENTICATE_SERVER_ERROR, .error = { SPAN_ARRAY(transaction), 7 } },
    };
    const struct rsp_get_bound_profile_package_request package = {
        .transaction_id = SPAN_ARRAY(transaction),
        .response = { .which = RSP_PREPARE_DOWNLOAD_ERROR, .error = { SPAN_ARRAY(transaction), 5 } },
    };
    struct rsp_initiate_authentication_ok initiated;
    struct rsp_authenticate_client_ok authenticated;
    struct rsp_get_bound_profile_package_ok bound;
    *e = f == ESIPA_CODES_INITIATE_AUTHENTICATION ? esipa_initiate_authentication(peer, &initiate, m, &initiated, status)
         : f == ESIPA_CODES_AUTHENTICATE_CLIENT   ? esipa_authenticate_client(peer, &authenticate, m, &authenticated, status)
         : f == ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE
             ? esipa_get_bound_profile_package(peer, &package, m, &bound, status)
             : esipa_cancel_session(peer, SPAN_ARRAY(transaction), SPAN(0xbf, 0x41, 0x03, 0x81, 0x01, 0x05), status);
}

static const struct {
    enum es_codes function;
    int64_t code;
    const char *text;
} refusals[] = {
    { ESIPA_CODES_INITIATE_AUTHENTICATION, 1, "8.8.1/3.8 invalidDpAddress" },
    { ESIPA_CODES_INITIATE_AUTHENTICATION, 2, "8.8.3/3.1 euiccVersionNotSupportedByDp" },
    { ESIPA_CODES_INITIATE_AUTHENTICATION, 3, "8.8.2/3.1 ciPKIdNotSupported" },
    { ESIPA_CODES_INITIATE_AUTHENTICATION, 50, "8.8.1/3.10 smdpAddressMismatch" },
    { ESIPA_CODES_INITIATE_AUTHENTICATION, 51, "8.8/3.10 smdpOidMismatch" },
    { ESIPA_CODES_INITIATE_AUTHENTICATION, 52, "8.10.1/3.9 invalidEimTransactionId" },
    { ESIPA_CODES_INITIATE_AUTHENTICATION, 127, "8.8/4.2 undefinedError" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 1, "8.1.2/6.1 eumCertificateInvalid" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 2, "8.1.2/6.3 eumCertificateExpired" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 3, "8.1.3/6.1 euiccCertificateInvalid" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 4, "8.1.3/6.3 euiccCertificateExpired" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 5, "8.1/6.1 euiccSignatureInvalid" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 6, "8.2.6/3.8 matchingIdRefused" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 7, "8.1.1/3.8 eidMismatch" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 8, "8.2.5/4.3 noEligibleProfile" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 9, "8.11.1/3.9 ciPKUnknown" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 10, "8.10.1/3.9 invalidTransactionId" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 11, "8.1/4.8 insufficientMemory" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 50, "8.2/3.8 pprNotAllowed" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 56, "8.9.5/3.9 eventIdUnknown" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 127, "8.8/4.2 undefinedError" },
    { ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, 1, "8.1/6.1 euiccSignatureInvalid" },
    { ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, 2, "8.2.7/2.2 confirmationCodeMissing" },
    { ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, 3, "8.2.7/3.8 confirmationCodeRefused" },
    { ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, 4, "8.2.7/6.4 confirmationCodeRetriesExceeded" },
    { ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, 5, "8.2/3.7 bppRebindingRefused" },
    { ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, 6, "8.8.5/4.10 downloadOrderExpired" },
    { ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, 50, "8.2/3.10 metadataMismatch" },
    { ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, 95, "8.10.1/3.9 invalidTransactionId" },
    { ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, 127, "8.8/4.2 undefinedError" },
    { ESIPA_CODES_CANCEL_SESSION, 1, "8.10.1/3.9 invalidTransactionId" },
    { ESIPA_CODES_CANCEL_SESSION, 2, "8.1/6.1 euiccSignatureInvalid" },
    { ESIPA_CODES_CANCEL_SESSION, 127, "8.8/4.2 undefinedError" },
    /* A number of another function, or of nobody. */
    { ESIPA_CODES_CANCEL_SESSION, 50, "8.8/4.2 an error number that the function does not have" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 52, "8.8/4.2 an error number that the function does not have" },
    { ESIPA_CODES_INITIATE_AUTHENTICATION, -1, "8.8/4.2 an error number that the function does not have" },
};

void esipa_error_numbers_arrive(void)
{
    struct world w;
    struct test_eim e;
    test_eim_open(&w, &e, true);
    for (size_t i = 0; i < 2 * COUNT(refusals); i++) {
        const int64_t code = refusals[i / 2].code;
        struct es_memory m = ES_MEMORY_INIT;
        struct es_status status = { 0 };
        enum err got = ERR_OK;
        char row[96];
        w.peer.json = i % 2;
        e.code = code;
        snprintf(row, sizeof row, "%s, %s", refusals[i / 2].text, w.peer.json ? "JSON" : "ASN.1");
        ask(&w.peer, refusals[i / 2].function, &m, &status, &got);
        CHECK_ROW(row, got == ERR_OK && strcmp(es_status_text(&status).text, refusals[i / 2].text) == 0);
        bool known = strstr(status.message, "does not have") == NULL;
        CHECK_ROW(row, es_code_of_status(refusals[i / 2].function, &status) == (known ? code : ES_CODE_UNDEFINED));
        es_memory_release(&m);
    }
    world_close(&w);
}

/* ES9+ and ES11 know nothing of an eIM's own refusals. */
void esipa_error_numbers_are_its_own(void)
{
    static const enum es_codes others[] = { ES9P_CODES_INITIATE_AUTHENTICATION, ES9P_CODES_AUTHENTICATE_CLIENT,
                                            ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, ES11_CODES_AUTHENTICATE_CLIENT };
    static const int64_t codes[] = { 50, 51, 52, 56 };
    for (size_t i = 0; i < COUNT(others); i++)
        for (size_t k = 0; k < COUNT(codes); k++) {
            struct es_status status = { 0 };
            es_status_of_code(others[i], codes[k], &status);
            CHECK(strcmp(status.reason, "4.2") == 0);
        }
}

/* --- packages and results ------------------------------------------------------------------------- */

static const uint8_t eid[16] = { 0x89, 0x04, 0x90, 0x32, 0x12, 0x34, 0x51, 0x23,
                                 0x45, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x35 };

static bool is_refused_poll(const struct es_peer *peer, int64_t code)
{
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid) };
    struct esipa_get_eim_package_response r;
    bool refused = !esipa_get_eim_package(peer, &q, &r) && r.message.which == RSP_EIM_PACKAGE_ERROR && r.message.error == code;
    esipa_get_eim_package_response_release(&r);
    return refused;
}

static bool is_refused_result(const struct es_peer *peer, int64_t code)
{
    const struct rsp_provide_eim_package_result q = {
        .eid = SPAN_ARRAY(eid),
        .result = { .which = RSP_EIM_RESULT_ERROR, .error = { .eim_transaction_id = SPAN(1), .code = 2 } },
    };
    struct esipa_provide_eim_package_result_response r;
    bool refused = !esipa_provide_eim_package_result(peer, &q, &r) && r.message.which == RSP_PROVIDE_ERROR &&
                   r.message.error == code;
    esipa_provide_eim_package_result_response_release(&r);
    return refused;
}

void esipa_package_errors_arrive(void)
{
    static const int64_t codes[] = { 1, 2, 3, 4, 127 };
    struct world w;
    struct test_eim e;
    test_eim_open(&w, &e, true);
    for (size_t i = 0; i < 2 * COUNT(codes); i++) {
        char row[40];
        w.peer.json = i % 2;
        e.code = codes[i / 2];
        snprintf(row, sizeof row, "%lld, %s", (long long)e.code, w.peer.json ? "JSON" : "ASN.1");
        CHECK_ROW(row, is_refused_poll(&w.peer, e.code));
        CHECK_ROW(row, is_refused_result(&w.peer, e.code)); /* 1 is none of its numbers and passes all the same */
    }
    world_close(&w);
}
