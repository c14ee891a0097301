#include <string.h>

#include "harness.h"
#include "rsp_ids.h"
#include "rsp_tests.h"

void parses_identifiers(void)
{
    uint8_t eid[16], iccid[10], imei[8], tac[4], plmn[3];
    char text[33];
    CHECK(rsp_eid_parse("89049032123451234512345678901235", eid) == ERR_OK && eid[0] == 0x89 &&
          eid[15] == 0x35);
    CHECK(rsp_eid_text(SPAN_ARRAY(eid), text) == ERR_OK && !strcmp(text, "89049032123451234512345678901235"));
    CHECK(rsp_eid_complete("890490321234512345123456789012", text) == ERR_OK);
    CHECK(!strcmp(text, "89049032123451234512345678901235"));
    CHECK(rsp_iccid_parse("89000123456789012341", iccid) == ERR_OK);
    CHECK(span_equal(SPAN_ARRAY(iccid), SPAN(0x98, 0x00, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14)));
    CHECK(rsp_iccid_text(SPAN_ARRAY(iccid), text) == ERR_OK && !strcmp(text, "89000123456789012341"));
    CHECK(rsp_iccid_parse("8900012345678901234", iccid) == ERR_OK && iccid[9] == 0xF4);
    CHECK(rsp_iccid_text(SPAN_ARRAY(iccid), text) == ERR_OK && !strcmp(text, "8900012345678901234"));
    CHECK(rsp_iccid_complete("8944501234567890123", text) == ERR_OK && rsp_iccid_check_digit(text));
    text[19] = text[19] == '0' ? '1' : (char)(text[19] - 1);
    CHECK(!rsp_iccid_check_digit(text));
    CHECK(rsp_imei_parse("352906111234567", imei, tac) == ERR_OK);
    CHECK(span_equal(SPAN_ARRAY(tac), SPAN(0x53, 0x92, 0x60, 0x11)) && imei[7] == 0xF7);
    CHECK(rsp_plmn_parse("26201", plmn) == ERR_OK && span_equal(SPAN_ARRAY(plmn), SPAN(0x62, 0xF2, 0x10)));
    CHECK(rsp_plmn_parse("310410", plmn) == ERR_OK && span_equal(SPAN_ARRAY(plmn), SPAN(0x13, 0x00, 0x14)));
    CHECK(rsp_plmn_text(SPAN_ARRAY(plmn), text) == ERR_OK && !strcmp(text, "310410"));
    CHECK(rsp_version_text(SPAN(2, 5, 0), text) == ERR_OK && !strcmp(text, "2.5.0"));
}

static const struct {
    const char *name, *eid;
    bool parses, checks;
} eids[] = {
    { "a sound EID", "89049032123451234512345678901235", true, true },
    { "another", "89086030202200000022000023022943", true, true },
    { "and another", "89044045116727494800000004479366", true, true },
    { "a wrong check digit", "89049032123451234512345678901234", true, false },
    { "31 digits", "8904903212345123451234567890123", false, false },
    { "33 digits", "890490321234512345123456789012350", false, false },
    { "a letter", "8904903212345123451234567890123A", false, false },
    { "a blank", " 9049032123451234512345678901235", false, false },
    { "nothing", "", false, false },
};

void refuses_bad_identifiers(void)
{
    uint8_t eid[16], iccid[10], imei[8], tac[4], plmn[3];
    char text[33];
    for (size_t i = 0; i < COUNT(eids); i++) {
        CHECK_ROW(eids[i].name, (rsp_eid_parse(eids[i].eid, eid) == ERR_OK) == eids[i].parses);
        CHECK_ROW(eids[i].name, rsp_eid_check_digits(eids[i].eid) == eids[i].checks);
    }
    memset(eid, 0xff, sizeof eid);
    CHECK(rsp_eid_text(SPAN_ARRAY(eid), text) == ERR_PARSE && !text[0]);
    CHECK(rsp_eid_text(SPAN(1, 2), text) == ERR_PARSE);
    CHECK(rsp_eid_complete("12", text) == ERR_PARSE);
    CHECK(rsp_iccid_parse("89000123456789012", iccid) == ERR_PARSE);
    CHECK(rsp_iccid_parse("890001234567890123411", iccid) == ERR_PARSE);
    CHECK(rsp_iccid_parse("8900012345678901234x", iccid) == ERR_PARSE);
    CHECK(rsp_iccid_text(SPAN(0x98, 0x0F, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14), text) ==
          ERR_PARSE);
    CHECK(rsp_iccid_text(SPAN(0x98), text) == ERR_PARSE);
    CHECK(rsp_imei_parse("35290611123456", imei, tac) == ERR_PARSE);
    CHECK(rsp_plmn_parse("2620", plmn) == ERR_PARSE && rsp_plmn_parse("2620100", plmn) == ERR_PARSE);
    CHECK(rsp_plmn_text(SPAN(0xAA, 0xAA, 0xAA), text) == ERR_PARSE);
    CHECK(rsp_version_text(SPAN(2, 5), text) == ERR_PARSE);
    CHECK(rsp_address_equal(span_str("SMDP.example.com"), span_str("smdp.Example.COM")));
    CHECK(!rsp_address_equal(span_str("smdp.example.com"), span_str("smdp.example.co")));
    CHECK(rsp_address_is_valid(span_str("smdp.example.com:8443")));
    CHECK(!rsp_address_is_valid(span_str("smdp.example.com:")) && !rsp_address_is_valid(span_str("a/b")));
    CHECK(!rsp_address_is_valid(span_str("")) && !rsp_address_is_valid(span_str(":1")));
    CHECK(rsp_matching_id_is_valid(span_str("04386-AGYFT")) && !rsp_matching_id_is_valid(span_str("lower")));
}

static const struct {
    const char *name, *text, *address, *token, *oid, *written;
    bool code;
    enum err want;
} codes[] = {
    { "address and token", "1$smdp.example.com$ABC-1", "smdp.example.com", "ABC-1", "", NULL, false, ERR_OK },
    { "with the LPA prefix", "LPA:1$smdp.example.com$ABC-1", "smdp.example.com", "ABC-1", "",
      "1$smdp.example.com$ABC-1", false, ERR_OK },
    { "an empty token", "1$smdp.example.com$", "smdp.example.com", "", "", NULL, false, ERR_OK },
    { "with an OID", "1$smdp.example.com$ABC$2.999.10", "smdp.example.com", "ABC", "2.999.10", NULL, false,
      ERR_OK },
    { "with OID and confirmation code", "1$smdp.example.com$ABC$2.999.10$1", "smdp.example.com", "ABC",
      "2.999.10", NULL, true, ERR_OK },
    { "a confirmation code without OID", "1$smdp.example.com$ABC$$1", "smdp.example.com", "ABC", "", NULL,
      true, ERR_OK },
    { "nothing", "", "", "", "", NULL, false, ERR_PARSE },
    { "version 2", "2$smdp.example.com$ABC", "", "", "", NULL, false, ERR_PARSE },
    { "no token field", "1$smdp.example.com", "", "", "", NULL, false, ERR_PARSE },
    { "no address", "1$$ABC", "", "", "", NULL, false, ERR_PARSE },
    { "a token in lower case", "1$smdp.example.com$abc", "", "", "", NULL, false, ERR_PARSE },
    { "an address with a path", "1$smdp.example.com/x$ABC", "", "", "", NULL, false, ERR_PARSE },
    { "an OID that is none", "1$smdp.example.com$ABC$2..9", "", "", "", NULL, false, ERR_PARSE },
    { "a confirmation flag of 2", "1$smdp.example.com$ABC$$2", "", "", "", NULL, false, ERR_PARSE },
};

void parses_activation_codes(void)
{
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct rsp_activation_code ac;
        struct buf out = { .max = 600 };
        CHECK_ROW(codes[i].name, rsp_activation_code_parse(span_str(codes[i].text), &ac) == codes[i].want);
        if (codes[i].want == ERR_OK) {
            const char *written = codes[i].written ? codes[i].written : codes[i].text;
            CHECK_ROW(codes[i].name, !strcmp(ac.smdp_address, codes[i].address));
            CHECK_ROW(codes[i].name,
                      !strcmp(ac.matching_id, codes[i].token) && !strcmp(ac.smdp_oid, codes[i].oid));
            CHECK_ROW(codes[i].name, ac.confirmation_code_required == codes[i].code);
            CHECK_ROW(codes[i].name, rsp_activation_code_put(&ac, &out) == ERR_OK);
            CHECK_ROW(codes[i].name, span_equal(buf_span(&out), span_str(written)));
        }
        buf_release(&out);
    }
}
