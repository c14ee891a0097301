/* What is told of a profile at its import is what the card has in the end, and cards that cannot use it are refused. */
#include <stdio.h>
#include <string.h>

#include "aka.h"
#include "rsp_ids.h"
#include "smdp_tests.h"

/* Imports the partner's profile with these members beside iccid, imsi and k, and releases it for anybody. */
static void import(struct lab *l, const char *members)
{
    char body[1024];
    snprintf(body, sizeof body,
             "{\"profiles\":[{\"iccid\":\"" LAB_PARTNER_ICCID "\",\"imsi\":\"" LAB_PARTNER_IMSI
             "\",\"operator\":\"eso\",\"k\":\"%s\",%s}]}",
             strstr(members, "tuak256") ? LAB_K LAB_K : LAB_K, members);
    CHECK_ROW(members, lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/profiles", body, NULL) == 200);
    lab_release(l, LAB_PARTNER_ICCID, "", "TOKEN-1", "");
}

/* --- eligibility ---------------------------------------------------------------------------------- */

#define OPC "\"opc\":\"" LAB_OPC "\""
#define TOPC "\"opc\":\"" LAB_OPC LAB_OPC "\",\"algorithm\":\"tuak\""
#define OWNED ",\"mccMnc\":\"26202\""
#define NOTHING_ALLOWED .rat = { (const uint8_t *)"", 0 }

static const struct {
    const char *name, *members;
    struct euicc_settings card;
    const char *refusal;
} cards[] = {
    { "a plain profile on a plain card", OPC, { .memory = 0 }, "" },
    { "a plain profile on a card that forbids every policy rule", OPC, { NOTHING_ALLOWED }, "" },
    { "PPR1 on a card that allows it", OPC OWNED ",\"profilePolicyRules\":[\"ppr1\"]", { .memory = 0 }, "" },
    { "PPR1 on a card that forbids it", OPC OWNED ",\"profilePolicyRules\":[\"ppr1\"]", { NOTHING_ALLOWED },
      "8.2.5/4.3" },
    { "PPR2 on a card that forbids it", OPC OWNED ",\"profilePolicyRules\":[\"ppr2\"]", { NOTHING_ALLOWED },
      "8.2.5/4.3" },
    { "both on a card that forbids them", OPC OWNED ",\"profilePolicyRules\":[\"ppr1\",\"ppr2\"]",
      { NOTHING_ALLOWED }, "8.2.5/4.3" },
    { "a test profile on a card that takes none", OPC ",\"profileClass\":\"test\"", { .no_test_profile = true },
      "8.2.5/4.3" },
    { "a provisioning profile on that card", OPC ",\"profileClass\":\"provisioning\"", { .no_test_profile = true },
      "" },
    { "an emergency profile on a card without emergency calls", OPC ",\"ecallIndication\":true", { .no_ecall = true },
      "8.2.5/4.3" },
    { "an emergency profile on a consumer card", OPC ",\"ecallIndication\":true", { .sgp22_only = true },
      "8.2.5/4.3" },
    { "an emergency profile on a card that has them", OPC ",\"ecallIndication\":true", { .memory = 0 }, "" },
    { "TUAK with a key of 128 bits", TOPC, { .memory = 0 }, "" },
    { "TUAK with a key of 256 bits", TOPC ",\"profileName\":\"tuak256\"", { .memory = 0 }, "" },
    { "a card without room", OPC, { .memory = 4600 }, "8.1/4.8" },
};

static void eligibility(void)
{
    for (size_t i = 0; i < COUNT(cards); i++) {
        struct lab l;
        struct lab_card c;
        struct lab_download d;
        lab_open(&l);
        import(&l, cards[i].members);
        lab_card_open_like(&l, &c, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false, &cards[i].card);
        lab_download_begin(&l, &c, &d);
        const char *refusal = lab_fetch(&d);
        CHECK_ROW(cards[i].name, strcmp(refusal, cards[i].refusal) == 0);
        if (strcmp(refusal, cards[i].refusal) != 0)
            printf("\n    row \"%s\": %s", cards[i].name, refusal);
        if (refusal[0])
            CHECK_ROW(cards[i].name, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "released") == 0);
        else
            CHECK_ROW(cards[i].name, lab_load(&d) == 0);
        lab_download_end(&d);
        lab_card_close(&c);
        lab_close(&l);
    }
}

/* --- what the card has ----------------------------------------------------------------------------- */

static void install(struct lab *l, const char *members)
{
    struct lab_download d;
    lab_open(l);
    import(l, members);
    lab_download_begin(l, &l->card, &d);
    REQUIRE(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0);
    lab_download_end(&d);
}

static const struct {
    const char *name, *members;
    enum rsp_profile_class profile_class;
    uint32_t rules;
    bool owner, ecall;
} said[] = {
    { "an operational profile with rules and owner",
      OPC OWNED ",\"profilePolicyRules\":[\"ppr2\"],\"gid1\":\"0A0B\",\"gid2\":\"FF\"", RSP_PROFILE_CLASS_OPERATIONAL,
      RSP_PPR2, true, false },
    { "both rules", OPC OWNED ",\"profilePolicyRules\":[\"ppr2\",\"ppr1\"],\"gid1\":\"0A0B\",\"gid2\":\"FF\"",
      RSP_PROFILE_CLASS_OPERATIONAL, RSP_PPR1 | RSP_PPR2, true, false },
    { "a provisioning profile for emergencies", OPC ",\"profileClass\":\"provisioning\",\"ecallIndication\":true",
      RSP_PROFILE_CLASS_PROVISIONING, 0, false, true },
};

static void check_said(size_t row, const struct rsp_profile_info *p)
{
    int64_t profile_class = p->profile_class.present ? p->profile_class.value : RSP_PROFILE_CLASS_OPERATIONAL;
    CHECK_ROW(said[row].name, profile_class == (int64_t)said[row].profile_class);
    CHECK_ROW(said[row].name, (p->policy_rules.bits & (RSP_PPR1 | RSP_PPR2)) == said[row].rules);
    CHECK_ROW(said[row].name, p->has_owner == said[row].owner && p->ecall_indication == said[row].ecall);
    if (!p->has_owner)
        return;
    CHECK_ROW(said[row].name, span_equal(p->owner.mcc_mnc, SPAN(0x62, 0xf2, 0x20)));
    CHECK_ROW(said[row].name, span_equal(p->owner.gid1, SPAN(0x0a, 0x0b)) && span_equal(p->owner.gid2, SPAN(0xff)));
}

static void metadata_is_on_the_card(void)
{
    for (size_t i = 0; i < COUNT(said); i++) {
        struct lab l;
        uint8_t iccid[10];
        struct rsp_profile_info p = { 0 };
        struct es10b_profiles_info info = { .received.max = APDU_ES10_RESPONSE_MAX };
        const struct rsp_profile_info_request q = {
            .has_search = true,
            .search = { .which = RSP_SEARCH_ICCID, .iccid = SPAN_ARRAY(iccid) },
            .tag_list = SPAN(0x5a, 0x95, 0xb7, 0x99, 0x9f, 0x7b),
        };
        REQUIRE(rsp_iccid_parse(LAB_PARTNER_ICCID, iccid) == ERR_OK);
        install(&l, said[i].members);
        REQUIRE(es10b_get_profiles_info(&l.card.es, &q, &info) == ERR_OK && info.message.which == RSP_OK);
        struct der list = der_open(info.message.list);
        REQUIRE(rsp_profile_info_next(&list, &p) == ERR_OK && der_at_end(&list));
        check_said(i, &p);
        buf_release(&info.received);
        lab_close(&l);
    }
}

static void codes_are_the_cards(void)
{
    static const struct {
        const char *name;
        uint8_t reference;
        const char *code;
        unsigned sw;
    } codes[] = {
        { "the default PIN is not its PIN", 0x01, "0000", 0x6984 },
        { "its second PIN", 0x81, "87654321", 0x9000 },
        { "the default ADM is not its ADM", 0x0a, "55555555", 0x63c9 },
        { "its ADM", 0x0a, "24681357", 0x9000 },
    };
    struct lab l;
    struct buf answer = { .max = 300 };
    install(&l, OPC ",\"pin1\":\"2468\",\"puk1\":\"13572468\",\"pin2\":\"87654321\",\"adm1\":\"24681357\"");
    use_profile(&l, LAB_PARTNER_ICCID, &answer);
    for (size_t i = 0; i < COUNT(codes); i++) {
        uint8_t apdu[13] = { 0x00, 0x20, 0x00, codes[i].reference, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
        memcpy(apdu + 5, codes[i].code, strlen(codes[i].code));
        unsigned sw = command(&l, SPAN_ARRAY(apdu), &answer);
        CHECK_ROW(codes[i].name, sw == codes[i].sw);
        if (sw != codes[i].sw)
            printf("\n    row \"%s\": %04X", codes[i].name, sw);
    }
    CHECK(!lab_file_holds(&l, LAB_SMDP, span_str("24681357")) && !lab_file_holds(&l, LAB_SMDP, span_str("13572468")));
    CHECK(!lab_said(&l, "24681357") && !lab_said(&l, "87654321"));
    buf_release(&answer);
    lab_close(&l);
}

/* 3GPP TS 35.207 set 1: OP makes the OPc that the network knows. */
static void op_becomes_opc(void)
{
    struct lab l;
    install(&l, "\"op\":\"cdc202d5123e20f62b6d676ac72cb318\"");
    CHECK(authenticates(&l, LAB_PARTNER_ICCID, LAB_K, LAB_OPC));
    lab_close(&l);
}

const struct test profile_tests[] = {
    { "a card that cannot use the profile is refused, and the order stays", eligibility },
    { "class, owner, policy rules and emergency indication are on the card", metadata_is_on_the_card },
    { "PINs and ADM are the profile's own, and nowhere in clear", codes_are_the_cards },
    { "OP becomes OPc", op_becomes_opc },
};
const size_t profile_tests_count = COUNT(profile_tests);
