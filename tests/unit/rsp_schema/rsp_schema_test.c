#include "harness.h"
#include "rsp_schema.h"

/* Hostile input: each is refused, whatever else the message looks like. */
static const struct {
    const char *name;
    enum rsp_pdu pdu;
    const char *bytes;
} refused[] = {
    { "nothing at all", RSP_DELETE_PROFILE_REQUEST, "" },
    { "an ICCID of one byte", RSP_DELETE_PROFILE_REQUEST, "bf33035a0198" },
    { "an ICCID of eleven bytes", RSP_DELETE_PROFILE_REQUEST, "bf330d5a0b9800103254769810321400" },
    { "the tag of another message", RSP_DELETE_PROFILE_REQUEST, "bf310c5a0a98001032547698103214" },
    { "a value cut short", RSP_DELETE_PROFILE_REQUEST, "bf330c5a0a980010325476981032" },
    { "a length that lies", RSP_DELETE_PROFILE_REQUEST, "bf330c5a0b98001032547698103214" },
    { "bytes behind the message", RSP_DELETE_PROFILE_REQUEST, "bf330c5a0a9800103254769810321400" },
    { "an alternative that does not exist", RSP_DELETE_PROFILE_REQUEST, "bf3303810100" },
    { "an indefinite length", RSP_DELETE_PROFILE_REQUEST, "bf33805a0a980010325476981032140000" },
    { "the endless loop of asn1c's CHOICE", RSP_PROFILE_INFO_LIST_RESPONSE, "bf2d80810101000100" },
    { "an octet string in pieces", RSP_GET_EUICC_CHALLENGE_RESPONSE,
      "bf2e14a012041000112233445566778899aabbccddeeff" },
    { "a mandatory member left out", RSP_ENABLE_PROFILE_REQUEST,
      "bf310ea00c5a0a98001032547698103214" },
};

static const struct {
    const char *name;
    enum rsp_pdu pdu;
    const char *bytes;
} accepted[] = {
    { "delete by ICCID", RSP_DELETE_PROFILE_REQUEST, "bf330c5a0a98001032547698103214" },
    { "enable by ICCID with refresh", RSP_ENABLE_PROFILE_REQUEST,
      "bf3111a00c5a0a98001032547698103214"
      "8101ff" },
    { "an empty request", RSP_GET_EUICC_CHALLENGE_REQUEST, "bf2e00" },
    { "all profiles", RSP_PROFILE_INFO_LIST_REQUEST, "bf2d00" },
};

static void refuses_hostile_input(void)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct buf b = hex(refused[i].bytes);
        CHECK_ROW(refused[i].name, rsp_check(refused[i].pdu, buf_span(&b)) == ERR_PARSE);
        buf_release(&b);
    }
}

static void accepts_and_reencodes(void)
{
    for (size_t i = 0; i < COUNT(accepted); i++) {
        struct buf b = hex(accepted[i].bytes), again = { .max = 4096 };
        CHECK_ROW(accepted[i].name, rsp_check(accepted[i].pdu, buf_span(&b)) == ERR_OK);
        CHECK_ROW(accepted[i].name, rsp_reencode(accepted[i].pdu, buf_span(&b), &again) == ERR_OK);
        CHECK_ROW(accepted[i].name, span_equal(buf_span(&b), buf_span(&again)));
        buf_release(&b);
        buf_release(&again);
    }
}

static void prints_a_tree(void)
{
    struct buf b = hex("bf3111a00c5a0a98001032547698103214"
                       "8101ff"),
               text = { .max = 4096 };
    CHECK(rsp_print(RSP_ENABLE_PROFILE_REQUEST, buf_span(&b), &text) == ERR_OK);
    CHECK(span_equal(buf_span(&text), span_str("BF31 EnableProfileRequest\n"
                                               "  A0 profileIdentifier\n"
                                               "    5A iccid 98001032547698103214\n"
                                               "  81 refreshFlag TRUE\n")));
    buf_release(&b);
    buf_release(&text);
}

static const struct test tests[] = {
    { "hostile input is refused", refuses_hostile_input },
    { "sound messages are accepted and encode to the same bytes", accepts_and_reencodes },
    { "a message prints as a tree with the specification's names", prints_a_tree },
};

int main(void)
{
    return tests_main("rsp_schema", tests, COUNT(tests));
}
