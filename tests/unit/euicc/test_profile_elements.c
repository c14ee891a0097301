/* What becomes of the profile elements of a package, as the signed result of its installation tells (interoperable format,
 * 8.11): every status, with the element that it is about and the place in it. */
#include <stdio.h>
#include <string.h>

#include "der.h"
#include "rsp_codes.h"
#include "rsp_schema.h"
#include "world.h"

#define PE_ERROR RSP_INSTALL_PE_PROCESSING_ERROR
#define FULL RSP_INSTALL_INSUFFICIENT_MEMORY_FOR_PROFILE
#define K_OF_16 "8210000102030405060708090a0b0c0d0e0f"
#define TOPC "8320000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void strict(struct euicc_settings *s)
{
    s->strict_services = true;
}

static void small(struct euicc_settings *s)
{
    s->memory = 4800;
}

static void tiny(struct euicc_settings *s)
{
    s->memory = 4000;
}

/* ---- packages: the partner's, altered
 * ---------------------------------------------------------------------------------------------- */
/* Octets (hex) behind the header's last member. */
static void extend_header(struct buf *upp, const char *member)
{
    struct buf more = hex(member), whole = { .max = SAIP_UPP_MAX };
    struct der d = der_open(buf_span(upp));
    struct der_tlv header;
    struct der_mark mark;
    REQUIRE(der_next(&d, &header) == ERR_OK && der_put_open(&whole, 0xa0, &mark) == ERR_OK);
    REQUIRE(buf_put(&whole, header.value) == ERR_OK && buf_put(&whole, buf_span(&more)) == ERR_OK);
    REQUIRE(der_put_close(&whole, mark) == ERR_OK && buf_put(&whole, d.rest) == ERR_OK);
    REQUIRE(buf_set(upp, buf_span(&whole)) == ERR_OK);
    buf_release(&more);
    buf_release(&whole);
}

/* The service usim of the header becomes this one. */
static void mandate(struct buf *upp, uint8_t service)
{
    static const uint8_t usim[] = { 0xa5, 0x04, 0x81, 0x00 };
    uint8_t *services = memmem(upp->at, upp->len, usim, sizeof usim);
    REQUIRE(services != NULL);
    services[2] = service;
}

static void mandate_javacard(struct buf *upp)
{
    mandate(upp, 0x8b);
}

static void mandate_multos(struct buf *upp)
{
    mandate(upp, 0x8c);
}

static void mandate_contactless(struct buf *upp)
{
    mandate(upp, 0x80);
}

static void mandate_what_nobody_knows(struct buf *upp)
{
    mandate(upp, 0x9e);
}

static void mandate_library(struct buf *upp)
{
    extend_header(upp, "a80d300b8005a0000001518102" "0100");
}

static void mandate_both(struct buf *upp)
{
    mandate_javacard(upp);
    upp->at[upp->len - 1] = 2; /* and a fault at the very end */
}

static void be_of_version_4(struct buf *upp)
{
    REQUIRE(upp->at[2] == 0x80 && upp->at[3] == 1);
    upp->at[4] = 4;
}

static void have_an_unknown_member(struct buf *upp)
{
    extend_header(upp, "9f7e0101");
}

static void lose_the_end(struct buf *upp)
{
    upp->len -= 9;
}

static void begin_with_the_mf(struct buf *upp)
{
    struct der d = der_open(buf_span(upp));
    struct der_tlv header;
    REQUIRE(der_next(&d, &header) == ERR_OK);
    memmove(upp->at, upp->at + header.whole.len, upp->len - header.whole.len);
    upp->len -= header.whole.len;
}

static void insert(struct buf *upp, const char *elements)
{
    struct buf more = hex(elements);
    uint8_t end[9];
    REQUIRE(upp->len > sizeof end);
    memcpy(end, upp->at + upp->len - sizeof end, sizeof end);
    upp->len -= sizeof end;
    REQUIRE(buf_put(upp, buf_span(&more)) == ERR_OK && buf_put(upp, SPAN_ARRAY(end)) == ERR_OK);
    buf_release(&more);
}

/* ---- rows
 * -------------------------------------------------------------------------------------------------------------- */
/* The EUICCResponse of a package that was refused for its last PEStatus: status, identification, offset. */
#define REFUSED(status, identification, offset)                                                                        \
    "300fa00b" "300980" "01" status "81" "01" identification "8301" offset "8100"
#define HEADER_REFUSED(status, offset) "300ca008" "300680" "01" status "8301" offset "8100"
#define INSTALLED "3007a005" "3003800100"

static const struct row {
    const char *name;
    world_tune tune;
    void (*alter)(struct buf *upp); /* NULL: not */
    const char *elements;           /* before the end, in hex; NULL none */
    int64_t reason;
    const char *answer;
} rows[] = {
    { "ok", NULL, NULL, NULL, 0, INSTALLED },
    { "pe-not-supported", NULL, NULL, "bf3007a0058000810177", PE_ERROR, REFUSED("01", "77", "00") },
    { "pe-not-supported of what nobody mandates", NULL, NULL, "bf3005a003810177", 0,
      "300fa00d" "3006800101810177" "3003800100" },
    { "bad-values: PINs of a directory that is not there", NULL, NULL, "a20ba003810177a10481027f99", PE_ERROR,
      REFUSED("03", "77", "09") },
    { "bad-values: an identification used twice", NULL, NULL, "a20ba003810102a10481027f99", PE_ERROR,
      REFUSED("03", "02", "00") },
    { "not-enough-memory, when the element came", tiny, NULL, NULL, FULL, REFUSED("04", "02", "00") },
    { "not-enough-memory, when its files were made", small, NULL, NULL, FULL, REFUSED("04", "05", "00") },
    { "invalid-request-format: keys without an algorithm", NULL, NULL, "a40da0058000810177a104a1028200", PE_ERROR,
      REFUSED("05", "77", "00") },
    { "invalid-request-format: a member in the wrong form", NULL, NULL, "a407a003810177" "8100", PE_ERROR,
      REFUSED("05", "77", "07") },
    { "invalid-request-format: no element behind the header is whole", NULL, lose_the_end, NULL, PE_ERROR,
      HEADER_REFUSED("05", "00") },
    { "invalid-request-format: no header", NULL, begin_with_the_mf, NULL, PE_ERROR, HEADER_REFUSED("05", "00") },
    { "invalid-parameter: TUAK with RES of no known length", NULL, NULL,
      "a445a0058000810177a13ca13a8001028101" "04" K_OF_16 TOPC, PE_ERROR, REFUSED("06", "77", "10") },
    { "invalid-parameter of what nobody mandates", NULL, NULL, "a443a003810177a13ca13a8001028101" "04" K_OF_16 TOPC, 0,
      "300fa00d" "3006800106810177" "3003800100" },
    { "invalid-parameter: a member of a description that nobody knows", NULL, NULL,
      "a121a0058000810177a118301662148202412183026fe18b032f06018001019f7e0101", PE_ERROR, REFUSED("06", "77", "1f") },
    { "invalid-parameter: the same, of what nobody mandates", NULL, NULL,
      "a11fa003810177a118301662148202412183026fe18b032f06018001019f7e0101", 0, "300fa00d" "3006800106810177" "3003800100" },
    { "invalid-parameter: a file of a later format", NULL, NULL, "b417a0058000810177810667810f010205bf7e058303010203", PE_ERROR,
      REFUSED("06", "77", "11") },
    { "invalid-parameter: the same, of what nobody mandates", NULL, NULL, "b415a003810177810667810f010205bf7e058303010203", 0,
      "300fa00d" "3006800106810177" "3003800100" },
    { "runtime-not-supported: the header mandates Java Card", strict, mandate_javacard, NULL, PE_ERROR, HEADER_REFUSED("07", "26") },
    { "runtime-not-supported: the header mandates Multos", strict, mandate_multos, NULL, PE_ERROR, HEADER_REFUSED("07", "26") },
    { "runtime-not-supported before what follows", strict, mandate_both, NULL, PE_ERROR, HEADER_REFUSED("07", "26") },
    { "runtime-not-supported: an application is mandated", strict, NULL, "a807a0058000810177", PE_ERROR, REFUSED("07", "77", "00") },
    { "runtime-not-supported of what nobody mandates", strict, NULL, "a805a003810177", 0,
      "300fa00d" "3006800107810177" "3003800100" },
    { "an application is only kept", NULL, NULL, "a807a0058000810177", 0, "3012a010" "3009800100810177820148" "3003800100" },
    { "lib-not-supported", strict, mandate_library, NULL, PE_ERROR, HEADER_REFUSED("08", "3e") },
    { "template-not-supported", NULL, NULL, "b410a0058000810177810767810f01020509", PE_ERROR, REFUSED("09", "77", "09") },
    { "template-not-supported of what nobody mandates", NULL, NULL, "b40ea003810177810767810f01020509", 0,
      "300fa00d" "3006800109810177" "3003800100" },
    { "feature-not-supported: the header mandates contactless", strict, mandate_contactless, NULL, PE_ERROR,
      HEADER_REFUSED("0a", "26") },
    { "feature-not-supported: the header mandates what nobody knows", strict, mandate_what_nobody_knows, NULL, PE_ERROR,
      HEADER_REFUSED("0a", "26") },
    { "feature-not-supported: a MAC of 128 bits", NULL, NULL, "a445a0058000810177a13ca13a8001028101" "09" K_OF_16 TOPC, PE_ERROR,
      REFUSED("0a", "77", "10") },
    { "feature-not-supported of what nobody mandates", NULL, NULL, "a443a003810177a13ca13a8001028101" "09" K_OF_16 TOPC, 0,
      "300fa00d" "300680010a810177" "3003800100" },
    { "feature-not-supported: GBA files of what nobody mandates", NULL, NULL, "b414a003810177810667810f010205bf370483020102", 0,
      "3012a010" "300980010a810177820101" "3003800100" },
    { "feature-not-supported: GBA and MBMS files of what nobody mandates", NULL, NULL,
      "b422a003810177810667810f010205bf370483020102bf380ba109820442210001800101", 0, "3012a010" "300980010a810177820103" "3003800100" },
    { "feature-not-supported: GBA files are mandated", strict, NULL, "b416a0058000810177810667810f010205bf370483020102", PE_ERROR,
      "3012a00e" "300c80010a810177820101830100" "8100" },
    { "mandated GBA files are only kept", NULL, NULL, "b416a0058000810177810667810f010205bf370483020102", 0, "3013a011" "300a80010081017782020094" "3003800100" },
    { "pin-code-missing", NULL, NULL, "a11ba003810177a114301262" "10" "82027821" "83025f99" "8b022f01" "c602" "0a82", PE_ERROR,
      REFUSED("0b", "77", "1c") },
    { "unsupported-profile-version", NULL, be_of_version_4, NULL, PE_ERROR, HEADER_REFUSED("1f", "02") },
    { "a header with a member that nobody knows", NULL, have_an_unknown_member, NULL, 0, "300ca00a" "3003800106" "3003800100" },
};

static void hex_of(const struct buf *bytes, struct buf *text)
{
    buf_clear(text);
    REQUIRE(hex_put(text, buf_span(bytes)) == ERR_OK);
}

static void every_status_is_in_the_signed_result(void)
{
    struct buf sima = { .max = SAIP_ANSWER_MAX }, text = { .max = 2 * SAIP_ANSWER_MAX };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct dp d;
        world_open(&w, rows[i].tune);
        dp_open(&d);
        if (rows[i].alter)
            rows[i].alter(&d.upp);
        if (rows[i].elements)
            insert(&d.upp, rows[i].elements);
        CHECK_ROW(rows[i].name, download_answers(&w, &d, &sima) == rows[i].reason);
        hex_of(&sima, &text);
        if (strcmp(buf_cstr(&text), rows[i].answer) != 0)
            printf("    %s: %s\n", rows[i].name, buf_cstr(&text));
        CHECK_ROW(rows[i].name, strcmp(buf_cstr(&text), rows[i].answer) == 0);
        CHECK_ROW(rows[i].name, rsp_check(RSP_EUICC_RESPONSE, buf_span(&sima)) == ERR_OK);
        CHECK_ROW(rows[i].name, (profile_state(&w, PARTNER_ICCID) == 0) == !rows[i].reason);
        dp_close(&d);
        world_close(&w);
    }
    buf_release(&sima);
    buf_release(&text);
}

/* The write fails that would keep the profile; and then the one that would keep the result too. */
static void a_memory_that_cannot_be_written_is_told(void)
{
    struct world w;
    struct dp d;
    struct buf sima = { .max = SAIP_ANSWER_MAX }, text = { .max = 256 }, before = { .max = 1 << 20 }, after = { .max = 1 << 20 };
    world_open(&w, NULL);
    dp_open(&d);
    w.nvm.fail_at = w.nvm.fail_until = w.nvm.saves + 1;
    CHECK_ROW("memory-failure", download_answers(&w, &d, &sima) == PE_ERROR);
    hex_of(&sima, &text);
    CHECK_ROW("memory-failure", !strcmp(buf_cstr(&text), REFUSED("02", "08", "00")));
    CHECK(profile_state(&w, PARTNER_ICCID) == -1 && pending_count(&w, "bf2b00") == 1);
    world_reset(&w);
    CHECK(profile_state(&w, PARTNER_ICCID) == -1 && pending_count(&w, "bf2b00") == 1);
    nvm_snapshot(&w, &before);
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    w.nvm.fail_at = w.nvm.saves + 1;
    w.nvm.fail_until = w.nvm.saves + 2;
    d.spoiled = true;
    dp_load(&w, &d, &sima);
    nvm_snapshot(&w, &after);
    CHECK_ROW("nothing can be kept: no result", sima.len == 0 && span_equal(buf_span(&before), buf_span(&after)));
    CHECK_ROW("the session is over", es10_sw(&w, "a30105") == 0x6985);
    d.spoiled = false;
    CHECK_ROW("the memory works again", download(&w, &d) == 0 && profile_state(&w, PARTNER_ICCID) == 0);
    dp_close(&d);
    buf_release(&sima);
    buf_release(&text);
    buf_release(&before);
    buf_release(&after);
    world_close(&w);
}

/* ---- the IoT minimal profile
 * ------------------------------------------------------------------------------------------- */
/* Header with a PIX, PE-IoT with EF.IMSI and EF.ACC, Milenage, end. */
static const char iot_minimal[] =
    "a023800103810103830a89000123456789012341a5028100a600a90980071002ff49ff0589bf2022a0058000810102810667"
    "810f010211a90b8309080910101032547698b20483020001a435a0058000810103a12ca12a80010181010282100001020304"
    "05060708090a0b0c0d0e0f831000000000000000000000000000000000aa05a003810109";

static void an_iot_minimal_profile_is_installed_and_used(void)
{
    static const struct apdu_row uses[] = {
        { "the MF", "00a4000c023f00", "9000" },
        { "EF.ICCID is the header's", "00a4000c022fe2", "9000" },
        { "READ BINARY", "00b000000a", "980010325476981032149000" },
        { "EF.DIR names the USIM", "00a4000c022f00", "9000" },
        { "READ RECORD", "00b2010410", "610e4f0ca0000000871002ff49ff05899000" },
        { "the AID is the RID with the PIX", "00a4040c0ca0000000871002ff49ff0589", "9000" },
        { "EF.IMSI", "00a4000c026f07", "9000" },
        { "READ BINARY by the PIN, which is disabled", "00b0000009", "0809101010325476989000" },
        { "UPDATE BINARY wants the administrator", "00d600000108", "6982" },
        { "EF.LOCI", "00a4000c026f7e", "9000" },
        { "UPDATE BINARY by the PIN", "00d600000101", "9000" },
        { "nobody knows the administrator's PIN", "0020000a083535353535353535", "6983" },
        { "nor is it the one that was left open", "0020000a08ffffffffffffffff", "6983" },
        { "EF.SPN is none of the files", "00a4000c026f46", "6a82" },
        { "AUTHENTICATE: it has keys", "00880081221000000000000000000000000000000000"
                                        "1000000000000000000000000000000000", "9862" },
    };
    struct world w;
    struct dp d;
    struct buf sima = { .max = SAIP_ANSWER_MAX }, text = { .max = 256 }, iot = hex(iot_minimal);
    world_open(&w, NULL);
    CHECK(es10_is(&w, "bf3211a00c5a0a980010325476981032148101ff", "bf3203800100"));
    CHECK(es10_is(&w, "bf330c5a0a98001032547698103214", "bf3303800100"));
    dp_open(&d);
    buf_clear(&d.metadata);
    put_metadata("89000123456789012341", false, 0, RSP_PROFILE_CLASS_OPERATIONAL, &d.metadata);
    REQUIRE(buf_set(&d.upp, buf_span(&iot)) == ERR_OK);
    CHECK(download_answers(&w, &d, &sima) == 0);
    hex_of(&sima, &text);
    CHECK(!strcmp(buf_cstr(&text), INSTALLED));
    CHECK(es10_is(&w, "bf3111a00c5a0a980010325476981032148101ff", "bf3103800100"));
    play_rows(&w, uses, COUNT(uses));
    world_reset(&w);
    play_rows(&w, uses, 7);
    dp_close(&d);
    buf_release(&sima);
    buf_release(&text);
    buf_release(&iot);
    world_close(&w);
}

const struct test profile_element_tests[] = {
    { "an IoT minimal profile is installed and used", an_iot_minimal_profile_is_installed_and_used },
    { "every status is in the signed result", every_status_is_in_the_signed_result },
    { "a memory that cannot be written is told", a_memory_that_cannot_be_written_is_told },
};
const size_t profile_element_tests_count = COUNT(profile_element_tests);
