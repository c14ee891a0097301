/* Every command that can be ordered: what is sent for it, whose signature it bears, and what its result shows. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define ICCID_HEX "5a0a98001032547698103214" /* LAB_LEAD_ICCID */
#define ICCID ",\"iccid\":\"" LAB_LEAD_ICCID "\""
#define SMDP_HEX "736d64702e6578616d706c652e636f6d"

/* Commands as catalogue A.5.1 spells them. */
static const struct {
    const char *name, *kind, *more, *commands;
    bool eco;
} kinds[] = {
    { "enable", "enable", ICCID, "a30c" ICCID_HEX, false },
    { "enable with rollback", "enable", ICCID ",\"rollback\":true", "a30e" ICCID_HEX "0500", false },
    { "disable", "disable", ICCID, "a40c" ICCID_HEX, false },
    { "delete", "delete", ICCID, "a50c" ICCID_HEX, false },
    { "list", "list", "", "bf2d00", false },
    { "list, without anything selected", "list", ",\"parameters\":{}", "bf2d00", false },
    { "list of one profile", "list", ",\"parameters\":{\"iccid\":\"" LAB_LEAD_ICCID "\"}", "bf2d0ea00c" ICCID_HEX, false },
    { "list of one ISD-P", "list", ",\"parameters\":{\"isdpAid\":\"A000000559\"}", "bf2d09a0074f05a000000559", false },
    { "list of test profiles", "list", ",\"parameters\":{\"profileClass\":\"test\"}", "bf2d05a003950100", false },
    { "list of operational profiles with some tags", "list",
      ",\"parameters\":{\"profileClass\":\"operational\",\"tags\":[\"5A\",\"9f70\"]}", "bf2d0aa0039501025c035a9f70", false },
    { "getRAT", "getRat", "", "a600", false },
    { "immediate enable, granted", "configureImmediateEnable", "", "a7028000", false },
    { "immediate enable, taken back", "configureImmediateEnable", ",\"parameters\":{\"enable\":false}", "a700", false },
    { "immediate enable for one SM-DP+", "configureImmediateEnable",
      ",\"parameters\":{\"smdpOid\":\"2.999.10\",\"smdpAddress\":\"smdp.example.com\"}",
      "a719800081038837" "0a8210" SMDP_HEX, false },
    { "setFallbackAttribute", "setFallback", ICCID, "a80c" ICCID_HEX, false },
    { "unsetFallbackAttribute", "unsetFallback", "", "a900", false },
    { "setDefaultDpAddress", "setDefaultDpAddress", ",\"parameters\":{\"address\":\"smdp.example.com\"}",
      "bf65128010" SMDP_HEX, false },
    { "setDefaultDpAddress, taken back", "setDefaultDpAddress", ",\"parameters\":{\"address\":\"\"}", "bf65028000", false },
    { "deleteEim", "deleteEim", ",\"parameters\":{\"eimId\":\"e2\"}", "a90480026532", true },
    { "listEim", "listEim", "", "ab00", true },
};

static bool is_signed_by_eim(struct fixture *f, const struct rsp_euicc_package_request *q, struct rsp_int token)
{
    const struct cert *own = NULL;
    struct rsp_tbs tbs;
    REQUIRE(cert_load(f->l.crypto, lab_item(&f->l, "CERT_S_EIMsign_ECDSA_NIST")->der, &own) == ERR_OK);
    rsp_tbs_euicc_package(&q->package_signed, token, &tbs);
    return cert_verify(f->l.crypto, own, tbs.part, tbs.count, q->signature) == ERR_OK;
}

static void commands(void)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct fixture f;
        struct buf expected = hex(kinds[i].commands);
        fixture_open(&f);
        CHECK_ROW(kinds[i].name, order(&f, "a", kinds[i].kind, kinds[i].more) == 202);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        const struct rsp_euicc_package_request *q = &f.package.message.package;
        const struct rsp_euicc_package *p = &q->package_signed.package;
        CHECK_ROW(kinds[i].name, p->which == (kinds[i].eco ? RSP_PACKAGE_ECO : RSP_PACKAGE_PSMO));
        CHECK_ROW(kinds[i].name, span_equal(kinds[i].eco ? p->eco_list : p->psmo_list, buf_span(&expected)));
        CHECK_ROW(kinds[i].name, is_signed_by_eim(&f, q, (struct rsp_int){ 0 }));
        CHECK_ROW(kinds[i].name, !is_signed_by_eim(&f, q, (struct rsp_int){ true, 1 }));
        execute(&f);
        CHECK_ROW(kinds[i].name, bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
        CHECK_ROW(kinds[i].name, strcmp(result_name(&f, "a"), "otherResultThanOrdered") != 0);
        CHECK_ROW(kinds[i].name, result_name(&f, "a")[0]);
        buf_release(&expected);
        fixture_close(&f);
    }
}

/* --- parameters -------------------------------------------------------------------------------------------- */

#define WITH(text) ",\"parameters\":" text
static const struct {
    const char *name, *kind, *more;
} wrong[] = {
    { "a rollback of a disable", "disable", ICCID ",\"rollback\":true" },
    { "a rollback that is a text", "enable", ICCID ",\"rollback\":\"true\"" },
    { "a rollback that is misspelt", "enable", ICCID ",\"rolback\":true" },
    { "a rollback that is null", "enable", ICCID ",\"rollback\":null" },
    { "an ICCID where none is taken", "getRat", ICCID },
    { "parameters where none are taken", "enable", ICCID WITH("{}") },
    { "a code where none is taken", "list", ",\"activationCode\":\"" LAB_CODE "\"" },
    { "a code that is a number", "download", ",\"activationCode\":7" WITH("{\"contact\":\"smds\"}") },
    { "parameters of another kind", "download", WITH("{\"contact\":\"smds\",\"address\":\"smdp.example.com\"}") },
    { "an address under another name", "configureImmediateEnable", WITH("{\"smdp-address\":\"smdp.example.com\"}") },
    { "two criteria of a list", "list", WITH("{\"iccid\":\"" LAB_LEAD_ICCID "\",\"profileClass\":\"test\"}") },
    { "a criterion twice in two forms", "list", WITH("{\"iccid\":\"" LAB_LEAD_ICCID "\",\"isdpAid\":\"A000000559\"}") },
    { "a class of nobody", "list", WITH("{\"profileClass\":\"special\"}") },
    { "a class that is a number", "list", WITH("{\"profileClass\":1}") },
    { "an ICCID of letters in a list", "list", WITH("{\"iccid\":\"X\"}") },
    { "an AID that is no hex", "list", WITH("{\"isdpAid\":\"ISD-P\"}") },
    { "an AID that is too short", "list", WITH("{\"isdpAid\":\"A0\"}") },
    { "an AID that is too long", "list", WITH("{\"isdpAid\":\"A0000005591010FFFFFFFF890000100000\"}") },
    { "no tag of a list", "list", WITH("{\"tags\":[]}") },
    { "half a tag of a list", "list", WITH("{\"tags\":[\"9F\"]}") },
    { "no address", "setDefaultDpAddress", "" },
    { "an address that is a number", "setDefaultDpAddress", WITH("{\"address\":7}") },
    { "an address with a space", "setDefaultDpAddress", WITH("{\"address\":\"smdp example\"}") },
    { "parameters that are a list", "setDefaultDpAddress", WITH("[\"smdp.example.com\"]") },
    { "parameters that are text", "listEim", WITH("\"all\"") },
    { "an OID of letters", "configureImmediateEnable", WITH("{\"smdpOid\":\"two\"}") },
    { "an OID that is a number", "configureImmediateEnable", WITH("{\"smdpOid\":2}") },
    { "an OID of one arc", "configureImmediateEnable", WITH("{\"smdpOid\":\"2\"}") },
    { "a flag that is text", "configureImmediateEnable", WITH("{\"enable\":\"no\"}") },
    { "no eIM to delete", "deleteEim", "" },
    { "an eIM without a name to delete", "deleteEim", WITH("{\"eimId\":\"\"}") },
    { "an eIM name that is a number to delete", "deleteEim", WITH("{\"eimId\":3}") },
    { "no eIM to add", "addEim", "" },
    { "an eIM that is no base64", "addEim", WITH("{\"eimConfiguration\":\"***\"}") },
    { "an eIM that is no DER", "addEim", WITH("{\"eimConfiguration\":\"AAAA\"}") },
    { "an eIM that is cut off", "addEim", WITH("{\"eimConfiguration\":\"MAaABGE=\"}") },
    { "an eIM that is empty", "addEim", WITH("{\"eimConfiguration\":\"MAA=\"}") },
    { "no eIM to update", "updateEim", WITH("{}") },
    { "tags that are text", "data", WITH("{\"tags\":\"BF22\"}") },
    { "tags that are numbers", "data", WITH("{\"tags\":[48930]}") },
    { "tags that are no hex", "data", WITH("{\"tags\":[\"XY\"]}") },
    { "a tag of half an octet", "data", WITH("{\"tags\":[\"BF2\"]}") },
    { "a tag that is cut off", "data", WITH("{\"tags\":[\"BF\"]}") },
    { "no tag at all", "data", WITH("{\"tags\":[]}") },
    { "an empty tag", "data", WITH("{\"tags\":[\"\"]}") },
};

static void wrong_parameters(void)
{
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int status = order(&f, wrong[i].name, wrong[i].kind, wrong[i].more);
        CHECK_ROW(wrong[i].name, status == 400);
        if (status != 400)
            printf(" (%d)", status);
    }
    CHECK(poll(&f) == RSP_EIM_PACKAGE_ERROR);
    fixture_close(&f);
}

static void too_long_parameters(void)
{
    static char more[40000];
    struct fixture f;
    fixture_open(&f);
    snprintf(more, sizeof more, ",\"parameters\":{\"address\":\"%0600d\"}", 1);
    CHECK(order(&f, "a", "setDefaultDpAddress", more) == 400);
    snprintf(more, sizeof more, ",\"parameters\":{\"eimId\":\"%0129d\"}", 1);
    CHECK(order(&f, "b", "deleteEim", more) == 400);
    snprintf(more, sizeof more, ",\"parameters\":{\"beside\":\"%030000d\"}", 1);
    CHECK(order(&f, "c", "list", more) == 400);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_ERROR);
    fixture_close(&f);
}

/* --- eIMs and tokens ------------------------------------------------------------------------------------------ */

static json_t *result_of(struct fixture *f, const char *reference)
{
    char url[200];
    json_t *answer = NULL;
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders?reference=%s", reference);
    REQUIRE(lab_call(&f->l, f->l.eso, "GET", url, "", &answer) == 200);
    json_t *result = json_incref(json_object_get(answer, "result"));
    json_decref(answer);
    return result;
}

void other_eim(struct fixture *f, const char *name, const char *token, char out[900])
{
    struct rsp_eim_configuration own;
    struct buf bytes = { .max = 1024 };
    json_t *answer = NULL;
    REQUIRE(lab_call(&f->l, f->l.eso, "GET", LAB_EIM_URL "/v1/eim-configuration", "", &answer) == 200);
    REQUIRE(json_base64(answer, "eimConfiguration", &bytes) == ERR_OK);
    REQUIRE(rsp_eim_configuration_read(buf_span(&bytes), &own) == ERR_OK);
    CHECK(span_equal(own.eim_id, span_str("eim.example.com")) && span_equal(own.eim_fqdn, own.eim_id));
    own.eim_id = own.eim_fqdn = span_str(name);
    own.whole = (struct span){ 0 };
    struct buf other = { .max = 1024 };
    REQUIRE(rsp_eim_configuration_write(&own, &other) == ERR_OK);
    REQUIRE(json_set_base64(answer, "eimConfiguration", buf_span(&other)) == ERR_OK);
    snprintf(out, 900, ",\"parameters\":{\"eimConfiguration\":\"%s\"%s}", json_str(answer, "eimConfiguration"), token);
    json_decref(answer);
    buf_release(&bytes);
    buf_release(&other);
}

static void run(struct fixture *f, const char *reference, const char *kind, const char *more)
{
    CHECK_ROW(reference, order(f, reference, kind, more) == 202);
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(f);
    CHECK_ROW(reference, bring_result(f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
}

static size_t known_profiles(struct fixture *f)
{
    json_t *answer = NULL;
    REQUIRE(lab_call(&f->l, f->l.eso, "GET", EUICC, "", &answer) == 200);
    size_t count = json_array_size(json_object_get(answer, "profiles"));
    json_decref(answer);
    return count;
}

/* A part of the profiles is no list of what the eUICC has. */
static void a_selection_is_no_inventory(void)
{
    struct fixture f;
    fixture_open(&f);
    run(&f, "all", "list", "");
    json_t *r = result_of(&f, "all");
    size_t all = json_array_size(json_object_get(r, "profiles"));
    json_decref(r);
    CHECK(all > 0 && known_profiles(&f) == all);
    run(&f, "none", "list", ",\"parameters\":{\"iccid\":\"89000000000000000019\"}");
    r = result_of(&f, "none");
    CHECK(json_array_size(json_object_get(r, "profiles")) == 0);
    json_decref(r);
    CHECK(known_profiles(&f) == all);
    run(&f, "one", "list", ",\"parameters\":{\"iccid\":\"" LAB_LEAD_ICCID "\",\"tags\":[\"5A\",\"4F\",\"92\",\"95\",\"9F70\"]}");
    r = result_of(&f, "one");
    const json_t *one = json_array_get(json_object_get(r, "profiles"), 0);
    CHECK(json_array_size(json_object_get(r, "profiles")) == 1 && strcmp(json_str(one, "iccid"), LAB_LEAD_ICCID) == 0);
    CHECK(json_str(one, "profileName") && json_str(one, "profileClass") && json_str(one, "isdpAid") && !json_str(one, "nickname"));
    json_decref(r);
    CHECK(known_profiles(&f) == all);
    fixture_close(&f);
}

static void eims(void)
{
    struct fixture f;
    char more[900];
    fixture_open(&f);
    other_eim(&f, "second.example.com", ",\"associationToken\":true", more);
    run(&f, "add", "addEim", more);
    json_t *r = result_of(&f, "add");
    CHECK(json_is_integer(json_object_get(r, "associationToken")));
    json_decref(r);
    other_eim(&f, "third.example.com", "", more);
    run(&f, "add without token", "addEim", more);
    r = result_of(&f, "add%20without%20token");
    CHECK(r && !json_object_get(r, "associationToken"));
    json_decref(r);
    run(&f, "add again", "addEim", more);
    CHECK(strcmp(order_state(&f, "add%20again"), "failed") == 0);
    run(&f, "update", "updateEim", more);
    CHECK(strcmp(result_name(&f, "update"), "ok") == 0);
    run(&f, "delete", "deleteEim", ",\"parameters\":{\"eimId\":\"second.example.com\"}");
    CHECK(strcmp(result_name(&f, "delete"), "ok") == 0);
    run(&f, "list", "listEim", "");
    r = result_of(&f, "list");
    json_t *list = json_object_get(r, "eims");
    REQUIRE(json_array_size(list) == 2);
    CHECK(strcmp(json_string_value(json_array_get(list, 0)), "eim.example.com") == 0);
    CHECK(strcmp(json_string_value(json_array_get(list, 1)), "third.example.com") == 0);
    json_decref(r);
    run(&f, "rat", "getRat", "");
    r = result_of(&f, "rat");
    CHECK(json_str(r, "rulesAuthorisationTable") != NULL);
    json_decref(r);
    fixture_close(&f);
}

static void update_asks_for_no_token(void)
{
    struct fixture f;
    char more[900];
    fixture_open(&f);
    other_eim(&f, "second.example.com", ",\"associationToken\":true", more);
    CHECK(order(&f, "a", "updateEim", more) == 400);
    other_eim(&f, "second.example.com", ",\"associationToken\":\"yes\"", more);
    CHECK(order(&f, "b", "addEim", more) == 400);
    fixture_close(&f);
}

/* Writes this eIM into a fresh card that makes a token for it; gives the token. */
static int64_t associate_with_token(struct fixture *f, struct lab_card *c)
{
    struct rsp_add_initial_eim_request q;
    struct rsp_eim_configuration own;
    struct rsp_initial_eim_result item = { 0 };
    struct buf list = { .max = 1024 }, message = { .max = 1024 };
    struct es10b_add_initial_eim_response added = { .received.max = APDU_ES10_RESPONSE_MAX };
    REQUIRE(rsp_add_initial_eim_request_read(buf_span(&f->l.initial_eim), &q) == ERR_OK);
    struct der items = der_open(q.list);
    REQUIRE(rsp_eim_configuration_next(&items, &own) == ERR_OK);
    own.association_token = (struct rsp_int){ true, -1 };
    own.whole = (struct span){ 0 };
    REQUIRE(rsp_eim_configuration_write(&own, &list) == ERR_OK);
    q.list = buf_span(&list);
    REQUIRE(rsp_add_initial_eim_request_write(&q, &message) == ERR_OK);
    REQUIRE(es10b_add_initial_eim(&c->es, buf_span(&message), &added) == ERR_OK && added.message.which == RSP_OK);
    items = der_open(added.message.list);
    REQUIRE(rsp_initial_eim_result_next(&items, &item) == ERR_OK && item.which == RSP_INITIAL_EIM_TOKEN);
    buf_release(&list);
    buf_release(&message);
    buf_release(&added.received);
    return item.token;
}

#define OTHER_EUICC LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID
static int set_token(struct fixture *f, struct http_client *as, const char *url, const char *body)
{
    return lab_call(&f->l, as, "PATCH", url, body, NULL);
}

static int order_other(struct fixture *f, const char *body)
{
    return lab_call(&f->l, f->l.eso, "POST", OTHER_EUICC "/orders", body, NULL);
}

/* Without the token what the eIM signs is refused; with it both sides believe each other. */
static void association_token(void)
{
    struct fixture f;
    struct lab_card other;
    char body[64];
    fixture_open(&f);
    lab_card_open(&f.l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    lab_register(&f.l, &other);
    int64_t token = associate_with_token(&f, &other);
    CHECK(order_other(&f, "{\"reference\":\"a\",\"kind\":\"list\"}") == 202);
    for (int i = 0; i < 3; i++) {
        REQUIRE(poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        execute_on(&f, &other);
        CHECK(bring(&f, LAB_OTHER_EID, buf_span(&f.result)) == RSP_PROVIDE_EMPTY);
    }
    CHECK(strcmp(result_name(&f, "a"), "euiccPackageErrorUnsigned") == 0);
    snprintf(body, sizeof body, "{\"associationToken\":%lld}", (long long)token);
    CHECK(set_token(&f, f.l.eso, OTHER_EUICC, body) == 204);
    lab_restart(&f.l, LAB_EIM);
    CHECK(order_other(&f, "{\"reference\":\"b\",\"kind\":\"list\"}") == 202);
    REQUIRE(poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(is_signed_by_eim(&f, &f.package.message.package, (struct rsp_int){ true, token }));
    CHECK(!is_signed_by_eim(&f, &f.package.message.package, (struct rsp_int){ 0 }));
    execute_on(&f, &other);
    CHECK(bring(&f, LAB_OTHER_EID, buf_span(&f.result)) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    CHECK(strcmp(result_name(&f, "b"), "ok") == 0);
    lab_card_close(&other);
    fixture_close(&f);
}

static const struct {
    const char *name, *url, *body;
    int status;
} tokens[] = {
    { "a token", EUICC, "{\"associationToken\":5}", 204 },
    { "a token of an unknown eUICC", OTHER_EUICC, "{\"associationToken\":5}", 404 },
    { "no token", EUICC, "{}", 400 },
    { "a token of letters", EUICC, "{\"associationToken\":\"5\"}", 400 },
    { "a token with a fraction", EUICC, "{\"associationToken\":5.5}", 400 },
    { "the request for a token", EUICC, "{\"associationToken\":-1}", 400 },
    { "no JSON", EUICC, "5", 400 },
};

static void tokens_are_judged(void)
{
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(tokens); i++) {
        CHECK_ROW(tokens[i].name, set_token(&f, f.l.stranger, tokens[i].url, tokens[i].body) == 403);
        CHECK_ROW(tokens[i].name, set_token(&f, f.l.eso, tokens[i].url, tokens[i].body) == tokens[i].status);
    }
    CHECK(lab_call(&f.l, f.l.stranger, "GET", LAB_EIM_URL "/v1/eim-configuration", "", NULL) == 403);
    fixture_close(&f);
}

const struct test kinds_tests[] = {
    { "a selection of profiles is not taken for all of them", a_selection_is_no_inventory },
    { "each kind is the command that the specification spells, signed by the eIM", commands },
    { "wrong parameters are refused when they are ordered", wrong_parameters },
    { "parameters that are too long are refused", too_long_parameters },
    { "eIMs are added, updated, deleted, listed; the rules table is shown", eims },
    { "only an addEim asks for a token", update_asks_for_no_token },
    { "an association token ends every signature", association_token },
    { "tokens are judged before they are taken", tokens_are_judged },
};
const size_t kinds_tests_count = COUNT(kinds_tests);
