#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "harness.h"
#include "rsp_schema.h"
#include "saip_tests.h"

#define MANY SAIP_UPP_MAX + 1000

/* UPP_MIN of the vectors: appended to out; false when they are not there. */
static bool known_package(struct buf *out)
{
    const char *path = shared_path("spec/vectors-rsp.txt");
    if (!path)
        return false;
    struct buf text = { .max = 1 << 20 };
    REQUIRE(read_file(path, &text) == ERR_OK);
    const char *line = strstr(buf_cstr(&text), "WAI UPP_MIN ");
    REQUIRE(line != NULL);
    line += strlen("WAI UPP_MIN ");
    REQUIRE(hex_decode(span_of(line, strcspn(line, "\r\n")), out) == ERR_OK);
    buf_release(&text);
    return true;
}

static const struct aka_params lab_aka = {
    .algorithm = AKA_MILENAGE, .k = { 0x46, 0x5b }, .k_len = 16, .opc = { 0xcd, 0x63 }, .res_len = 8
};
static struct saip_subscription subscription(void)
{
    struct saip_subscription s = { .imsi = "262019876543210", .spn = "Lead", .aka = &lab_aka };
    REQUIRE(saip_iccid_parse("89000123456789012341", s.iccid) == ERR_OK);
    return s;
}

static struct span content_of(const struct saip_package *p, size_t directory, uint16_t fid)
{
    size_t at = saip_child(p, directory, fid);
    return at == SAIP_NONE ? (struct span){ 0 } : saip_content(p, &p->files[at]);
}

static bool content_is(const struct saip_package *p, size_t directory, uint16_t fid, const char *wanted)
{
    struct buf want = hex(wanted);
    bool same = span_equal(content_of(p, directory, fid), buf_span(&want));
    buf_release(&want);
    return same;
}

static size_t usim_of(const struct saip_package *p)
{
    return saip_adf(p, SPAN(0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02));
}

static void the_known_minimal_package_is_read_in_full(void)
{
    struct buf upp = { .max = 4096 };
    struct saip_package *p = NULL;
    struct saip_fault fault;
    if (!known_package(&upp))
        return;
    REQUIRE(saip_read(buf_span(&upp), &p, &fault) == ERR_OK);
    CHECK(p->element_count == 8 && p->header.major == 2 && p->header.minor == 3);
    char iccid[21];
    saip_iccid_text(p->header.iccid, iccid);
    CHECK(!strcmp(iccid, "89000123456789012341"));
    CHECK(content_is(p, 0, 0x2fe2, "98001032547698103214"));
    size_t usim = usim_of(p);
    REQUIRE(usim != SAIP_NONE);
    CHECK(p->files[usim].fid == 0x7fd0 && p->files[usim].parent == 0);
    CHECK(content_is(p, usim, 0x6f07, "080910101032547698"));
    CHECK(content_is(p, usim, 0x6f46, "0147534d411154455354ffffffffffffff"));
    CHECK(content_is(p, usim, 0x6fb7, "11f2ff4575726f20456d6572ff0019f1ff456d657267656e6379ff00"));
    CHECK(p->pin_count == 4 && p->puk_count == 1 && p->aka_count == 1);
    CHECK(p->pins[0].reference == 1 && p->pins[0].attributes == 6 && p->pins[0].tries == 0x33);
    CHECK(p->pins[1].tries == 0xaa && p->pins[3].reference == 0x81 && p->pins[3].directory == usim);
    CHECK(p->akas[0].adf == usim && p->akas[0].params.k[15] == 0x0f &&
          p->akas[0].params.algorithm == AKA_MILENAGE);
    saip_free(p);
    buf_release(&upp);
}

static void template_files_that_nobody_mentions_are_there_with_their_defaults(void)
{
    struct buf upp = { .max = 4096 };
    struct saip_package *p = NULL;
    if (!known_package(&upp))
        return;
    REQUIRE(saip_read(buf_span(&upp), &p, NULL) == ERR_OK);
    size_t usim = usim_of(p);
    CHECK(content_is(p, usim, 0x6f7e, "ffffffffffffff0000ff01"));
    CHECK(content_is(p, usim, 0x6fad, "00000002"));
    CHECK(content_is(p, 0, 0x2f05, "ffff"));
    size_t keys = saip_child(p, usim, 0x6f08);
    REQUIRE(keys != SAIP_NONE);
    CHECK(p->files[keys].size == 33 && saip_content(p, &p->files[keys]).at[0] == 0x07);
    CHECK(saip_child(p, usim, 0x6f61) == SAIP_NONE); /* the optional USIM files are not */
    saip_free(p);
    buf_release(&upp);
}

static void every_ts48_package_is_read(void)
{
    static const char *const names[] = { "TS48v1_A",
                                         "TS48v2_SAIP2.3_BERTLV",
                                         "TS48v3_SAIP2.1_NoBERTLV",
                                         "TS48v4_SAIP2.3_BERTLV",
                                         "TS48v5_SAIP2.3_BERTLV_SUCI",
                                         "TS48v5_SAIP2.3_NoBERTLV",
                                         "TS48v7_SAIP2.3_NoBERTLV" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char relative[100];
        snprintf(relative, sizeof relative, "data/profiles/%s.der", names[i]);
        const char *path = shared_path(relative);
        struct buf upp = { .max = 1 << 17 };
        struct saip_package *p = NULL;
        struct saip_fault fault;
        if (!path)
            return;
        REQUIRE(read_file(path, &upp) == ERR_OK);
        enum err e = saip_read(buf_span(&upp), &p, &fault);
        if (e)
            printf("%s: element %d: %s\n", names[i], fault.identification, fault.why);
        CHECK_ROW(names[i], e == ERR_OK);
        CHECK_ROW(names[i], p && usim_of(p) != SAIP_NONE && p->aka_count >= 1);
        CHECK_ROW(names[i], p && content_of(p, usim_of(p), 0x6f07).len == 9);
        for (size_t n = 0; p && n < p->element_count; n++)
            CHECK_ROW(names[i], !p->elements[n].status && !p->elements[n].files_left);
        saip_free(p);
        buf_release(&upp);
    }
}

static void what_is_written_is_read_back(void)
{
    struct saip_subscription s = subscription();
    struct buf upp = { .max = 4096 };
    struct saip_package *p = NULL;
    struct saip_fault fault;
    REQUIRE(saip_minimal_usim(&s, &upp) == ERR_OK);
    enum err e = saip_read(buf_span(&upp), &p, &fault);
    if (e)
        printf("element %d: %s\n", fault.identification, fault.why);
    REQUIRE(e == ERR_OK);
    size_t usim = usim_of(p);
    CHECK(content_is(p, 0, 0x2fe2, "98001032547698103214"));
    CHECK(content_is(p, usim, 0x6f07, "082926108967452301"));
    CHECK(content_is(p, usim, 0x6f78, "0001"));
    CHECK(content_is(p, usim, 0x6fad, "00000002"));
    CHECK(!memcmp(p->akas[0].params.k, lab_aka.k, 16) && !memcmp(p->akas[0].params.opc, lab_aka.opc, 16));
    CHECK(upp.len < 1024);
    saip_free(p);
    buf_release(&upp);
}

static void every_element_written_passes_the_schema(void)
{
    struct saip_subscription s = subscription();
    struct buf upp = { .max = 4096 };
    struct der_tlv element;
    REQUIRE(saip_minimal_usim(&s, &upp) == ERR_OK);
    struct der d = der_open(buf_span(&upp));
    size_t count = 0;
    for (; !der_at_end(&d); count++) {
        char name[16];
        REQUIRE(der_next(&d, &element) == ERR_OK);
        snprintf(name, sizeof name, "element %X", (unsigned)element.tag);
        CHECK_ROW(name, rsp_check(RSP_PROFILE_ELEMENT, element.whole) == ERR_OK);
    }
    CHECK(count == 8);
    buf_release(&upp);
}

static void a_tuak_subscription_keeps_its_lengths(void)
{
    static const struct aka_params tuak = {
        .algorithm = AKA_TUAK, .k = { 0xab }, .k_len = 32, .opc = { 0xbd }, .keccak_iterations = 3
    };
    struct saip_subscription s = subscription();
    struct buf upp = { .max = 4096 };
    struct saip_package *p = NULL;
    s.aka = &tuak;
    REQUIRE(saip_minimal_usim(&s, &upp) == ERR_OK);
    REQUIRE(saip_read(buf_span(&upp), &p, NULL) == ERR_OK);
    CHECK(p->akas[0].params.algorithm == AKA_TUAK && p->akas[0].params.k_len == 32);
    CHECK(p->akas[0].params.keccak_iterations == 3);
    CHECK(p->akas[0].params.res_len == 8 && p->akas[0].params.ck_len == 16);
    saip_free(p);
    buf_release(&upp);
}

static void the_lengths_of_tuak_go_both_ways(void)
{
    static const uint8_t res[] = { 4, 8, 16, 32 };
    for (size_t i = 0; i < 2 * COUNT(res); i++) {
        struct aka_params tuak = { .algorithm = AKA_TUAK, .k_len = 16, .res_len = res[i % COUNT(res)],
                                   .ck_len = i < COUNT(res) ? 16 : 32 };
        struct saip_subscription s = subscription();
        struct buf upp = { .max = 4096 };
        struct saip_package *p = NULL;
        tuak.ik_len = tuak.ck_len;
        s.aka = &tuak;
        REQUIRE(saip_minimal_usim(&s, &upp) == ERR_OK);
        REQUIRE(saip_read(buf_span(&upp), &p, NULL) == ERR_OK);
        const struct aka_params *found = &p->akas[0].params;
        CHECK(found->res_len == tuak.res_len && found->ck_len == tuak.ck_len && found->ik_len == tuak.ik_len);
        saip_free(p);
        buf_release(&upp);
    }
}

static void a_subscription_that_does_not_fit_is_refused(void)
{
    static const struct {
        const char *name, *imsi, *spn, *pin;
    } rows[] = {
        { "no IMSI", NULL, "Lab", NULL },
        { "IMSI of 16 digits", "2620198765432101", "Lab", NULL },
        { "IMSI with a letter", "26201987654321A", "Lab", NULL },
        { "service provider name of 17 characters", "262019876543210", "12345678901234567", NULL },
        { "PIN of three digits", "262019876543210", "Lab", "123" },
        { "PIN of nine digits", "262019876543210", "Lab", "123456789" },
        { "PIN that is no number", "262019876543210", "Lab", "abcd" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct saip_subscription s = subscription();
        struct buf upp = { .max = 4096 };
        s.imsi = rows[i].imsi;
        s.spn = rows[i].spn;
        s.pin1 = rows[i].pin;
        CHECK_ROW(rows[i].name, saip_minimal_usim(&s, &upp) == ERR_PARSE && upp.len == 0);
        buf_release(&upp);
    }
}

static void hostile_packages_are_refused_with_element_and_reason(void)
{
    static const struct {
        const char *name, *upp;
        enum saip_status status;
    } rows[] = {
        { "empty package", "", SAIP_INVALID_REQUEST_FORMAT },
        { "end without header", "aa07a0058000810102", SAIP_INVALID_REQUEST_FORMAT },
        { "header only", "a018800102810103830a89000123456789012341a5028100a600",
          SAIP_INVALID_REQUEST_FORMAT },
        { "header that mandates a template of a later version",
          "a021800102810103830a89000123456789012341a5028100a609060767810f01020509", SAIP_TEMPLATE_NOT_SUPPORTED },
        { "header that mandates what is no template", "a01b800102810103830a89000123456789012341a5028100a60306012a",
          SAIP_TEMPLATE_NOT_SUPPORTED },
        { "header with a PIX of six octets",
          "a022800103810103830a89000123456789012341a5028100a600a90880061002ff49ff05aa05a003810109", SAIP_INVALID_REQUEST_FORMAT },
        { "an IoT minimal profile without its files", "a023800103810103830a89000123456789012341a5028100a600a90980071002ff49ff0589a435a0058000810103a12ca12a8001018101028210000102030405060708090a0b0c0d0e0f831000000000000000000000000000000000aa05a003810109",
          SAIP_BAD_VALUES },
        { "an IoT minimal profile with an MF", "a023800103810103830a89000123456789012341a5028100a600a90980071002ff49ff0589b031a003810107810667810f010201a20aa1088b032f0601c60101a40c830a98001032547698103214a503830100a603830100aa05a003810109",
          SAIP_BAD_VALUES },
        { "a full profile with IoT files", "a018800103810103830a89000123456789012341a5028100a600bf2022a0058000810102810667810f010211a90b8309080910101032547698b20483020001aa05a003810109",
          SAIP_BAD_VALUES },
        { "optional IoT files before the others", "a023800103810103830a89000123456789012341a5028100a600a90980071002ff49ff0589bf2136a0058000810106810667810f010212a6138311014c6162ffffffffffffffffffffffffffad00b7068304f0ff0000ba00bb048302aabbaa05a003810109",
          SAIP_BAD_VALUES },
        { "PINs before the IoT files", "a023800103810103830a89000123456789012341a5028100a600a90980071002ff49ff0589a23aa003810105a133a0313010800101810831323334ffffffff820101300d80010a81083535353535353535300e80020081810839393939ffffffffaa05a003810109",
          SAIP_BAD_VALUES },
        { "header of version 4", "a018800104810103830a89000123456789012341a5028100a600",
          SAIP_UNSUPPORTED_PROFILE_VERSION },
        { "ICCID of 9 octets",
          "a017800102810103830989000123456789"
          "0123a5028100a600",
          SAIP_INVALID_REQUEST_FORMAT },
        { "truncated element", "a018800102810103830a890001", SAIP_INVALID_REQUEST_FORMAT },
        { "second header",
          "a018800102810103830a89000123456789012341a5028100a600a018800102810103830a89000123456789012341a50281"
          "00a600",
          SAIP_INVALID_REQUEST_FORMAT },
        { "PIN before the MF",
          "a018800102810103830a89000123456789012341a5028100a600"
          "a21aa0058000810102a111a00f300d8001018108"
          "3131313131313131"
          "aa07a0058000810103",
          SAIP_BAD_VALUES },
        { "USIM before the MF",
          "a018800102810103830a89000123456789012341a5028100a600b30fa00580008101028106"
          "67810f010204aa07a0058000810103",
          SAIP_BAD_VALUES },
        { "unknown template",
          "a018800102810103830a89000123456789012341a5028100a600b00fa00580008101028106"
          "67810f010209aa07a0058000810103",
          SAIP_TEMPLATE_NOT_SUPPORTED },
        { "mandated element of unknown kind",
          "a018800102810103830a89000123456789012341a5028100a600ab07a0058000810102aa07a0058000810103",
          SAIP_PE_NOT_SUPPORTED },
        { "template of a version that nobody knows",
          "a018800102810103830a89000123456789012341a5028100a600b010a00780008001008101028107"
          "67810f01020109aa07a0058000810103",
          SAIP_INVALID_REQUEST_FORMAT },
        { "element without identification", "a018800102810103830a89000123456789012341a5028100a600a202a000",
          SAIP_INVALID_REQUEST_FORMAT },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf upp = hex(rows[i].upp);
        struct saip_package *p = NULL;
        struct saip_fault fault;
        CHECK_ROW(rows[i].name, saip_read(buf_span(&upp), &p, &fault) == ERR_PARSE && !p);
        CHECK_ROW(rows[i].name, fault.status == rows[i].status && fault.why[0]);
        buf_release(&upp);
    }
}

/* ---- what becomes of each element
 * ------------------------------------------------------------------------------------- */
static bool read_ts48(const char *name, struct buf *upp, struct saip_package **p)
{
    char relative[100];
    snprintf(relative, sizeof relative, "data/profiles/%s.der", name);
    const char *path = shared_path(relative);
    if (!path)
        return false;
    REQUIRE(read_file(path, upp) == ERR_OK);
    REQUIRE(saip_read(buf_span(upp), p, NULL) == ERR_OK);
    return true;
}

static void what_is_only_kept_is_told_element_by_element(void)
{
    static const struct {
        const char *name;
        int identification;
        uint32_t tag;
        enum saip_outcome outcome;
        unsigned files_left;
    } rows[] = {
        { "USIM files are made", 8, 0xb3, SAIP_EXECUTED, 0 },
        { "optional USIM files are made", 9, 0xb4, SAIP_EXECUTED, 0 },
        { "CSIM files are made", 15, 0xb9, SAIP_EXECUTED, 0 },
        { "optional CSIM files are made", 16, 0xba, SAIP_EXECUTED, 0 },
        { "CDMA parameters are only kept", 18, 0xa5, SAIP_STORED, 0 },
        { "a security domain is only kept", 26, 0xa6, SAIP_STORED, 0 },
        { "remote file management is only kept", 27, 0xa7, SAIP_STORED, 0 },
        { "the end is reached", 31, 0xaa, SAIP_EXECUTED, 0 },
    };
    struct buf upp = { .max = 1 << 17 };
    struct saip_package *p = NULL;
    if (!read_ts48("TS48v7_SAIP2.3_NoBERTLV", &upp, &p))
        return;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct saip_element *found = NULL;
        for (size_t n = 0; n < p->element_count; n++)
            if (p->elements[n].tag != 0xa0 && p->elements[n].identification == rows[i].identification)
                found = &p->elements[n];
        CHECK_ROW(rows[i].name, found && found->tag == rows[i].tag && found->outcome == rows[i].outcome &&
                                    found->files_left == rows[i].files_left && !found->status);
    }
    size_t csim = saip_adf(p, SPAN(0xa0, 0x00, 0x00, 0x03, 0x43, 0x10, 0x02));
    REQUIRE(csim != SAIP_NONE);
    CHECK(content_is(p, csim, 0x6f22, "008d03cb11033480de03"));
    CHECK(content_is(p, csim, 0x6f27, "00000000000000")); /* its size is the template's, its pattern the package's */
    CHECK(content_is(p, csim, 0x6f58, "ff"));
    struct span keys = content_of(p, saip_child(p, usim_of(p), 0x5fc0), 0x4f05);
    CHECK(keys.len == 110 && keys.at[0] == 0xff && keys.at[109] == 0xff); /* TS.48 gives EF.5GAUTHKEYS none */
    CHECK(content_of(p, csim, 0x6f41).len == 35 && content_of(p, csim, 0x6f81).len == 126);
    saip_free(p);
    buf_release(&upp);
}

static void every_name_of_an_element_is_that_of_the_asn1(void)
{
    struct buf upp = { .max = 1 << 17 };
    struct saip_package *p = NULL;
    if (!read_ts48("TS48v7_SAIP2.3_NoBERTLV", &upp, &p))
        return;
    for (size_t i = 0; i < p->element_count; i++) {
        struct buf text = { .max = 1 << 17 };
        const char *name = saip_element_name(p->elements[i].tag);
        REQUIRE(rsp_print(RSP_PROFILE_ELEMENT, p->elements[i].whole, &text) == ERR_OK);
        const char *tree = buf_cstr(&text);
        CHECK_ROW(name ? name : "unnamed", name && strstr(tree, name));
        buf_release(&text);
    }
    CHECK(!strcmp(saip_element_name(0xbf21), "opt-iot"));
    CHECK(!saip_element_name(0xbf22) && !saip_element_name(0x30) && !saip_element_name(0x9f20));
    saip_free(p);
    buf_release(&upp);
}

/* The minimal package with one more element before its end. */
static void package_with(const char *element, struct buf *upp)
{
    struct saip_subscription s = subscription();
    struct buf more = hex(element);
    uint8_t end[9];
    REQUIRE(saip_minimal_usim(&s, upp) == ERR_OK);
    memcpy(end, upp->at + upp->len - sizeof end, sizeof end);
    upp->len -= sizeof end;
    REQUIRE(buf_put(upp, buf_span(&more)) == ERR_OK && buf_put(upp, SPAN_ARRAY(end)) == ERR_OK);
    buf_release(&more);
}

/* akaParameter with these algorithmOptions: of TUAK, not mandated and mandated, and of the test algorithm. */
#define K_OF_16 "8210000102030405060708090a0b0c0d0e0f"
#define TOPC "8320000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TUAK(options) "a443a003810177a13ca13a8001028101" options K_OF_16 TOPC
#define MANDATED_TUAK(options) "a445a0058000810177a13ca13a8001028101" options K_OF_16 TOPC
#define TEST_ALGORITHM(options) "a425a0058000810177a11ca11a8001038101" options K_OF_16 "8300"

static void elements_that_nobody_mandates_are_passed_over_with_their_status(void)
{
    static const struct {
        const char *name, *element, *statuses; /* of saip_put_exceptions */
    } rows[] = {
        { "a kind that nobody knows", "bf3005a003810177", "3006800101810177" },
        { "TUAK with a MAC of 128 bits", TUAK("09"), "300680010a810177" },
        { "TUAK with a MAC of 256 bits", TUAK("11"), "300680010a810177" },
        { "a template of a later version", "b40ea0038101778107"
                                           "67810f01020509",
          "3006800109810177" },
        { "a file of a later format, which is ignored as the check of the ASN.1 tells",
          "b415a0038101778106"
          "67810f010205"
          "bf7e058303010203",
          "" },
        { "TUAK with RES of no known length", TUAK("04"), "3006800106810177" },
        { "a PIN of seven octets, behind one that is right",
          "a226a003810177a11fa01d300d80010281083131313131313131300c800103810731313131313131",
          "3006800106810177" },
        { "a file without a size, behind one that has one",
          "a125a003810177a11e301c620b8202412183026fe1800101620d8202412183026fe28b036f0601",
          "3006800106810177" },
        { "an optional CSIM file whose place nobody told",
          "ba14a0038101778106"
          "67810f01020b"
          "b405a1038b0105",
          "300980010081017782015a" },
    };
    struct buf plain = { .max = 4096 };
    struct saip_package *bare = NULL;
    package_with("", &plain);
    REQUIRE(saip_read(buf_span(&plain), &bare, NULL) == ERR_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf upp = { .max = 4096 }, statuses = { .max = 256 }, want = hex(rows[i].statuses);
        struct saip_package *p = NULL;
        struct saip_fault fault;
        package_with(rows[i].element, &upp);
        enum err e = saip_read(buf_span(&upp), &p, &fault);
        if (e)
            printf("%s: element %d: %s\n", rows[i].name, fault.identification, fault.why);
        CHECK_ROW(rows[i].name, !e && saip_put_exceptions(p, &statuses) == ERR_OK);
        CHECK_ROW(rows[i].name, span_equal(buf_span(&statuses), buf_span(&want)));
        CHECK_ROW(rows[i].name, !e && p->pin_count == bare->pin_count && p->aka_count == bare->aka_count &&
                                    p->file_count == bare->file_count && p->content.len == bare->content.len);
        saip_free(p);
        buf_release(&upp);
        buf_release(&statuses);
        buf_release(&want);
    }
    saip_free(bare);
    buf_release(&plain);
}

/* A package of which every element is good; says which one is not. */
static struct saip_package *read_whole(const struct buf *upp)
{
    struct saip_package *p = NULL;
    struct saip_fault fault;
    enum err e = saip_read(buf_span(upp), &p, &fault);
    if (e)
        printf("element %d: %s\n", fault.identification, fault.why);
    REQUIRE(e == ERR_OK);
    return p;
}

/* What nobody tells comes from the header and from the template: MF, EF.ICCID, EF.DIR, the USIM, access rules, PINs. */
static void an_iot_minimal_profile_needs_little(void)
{
    struct buf upp = hex(IOT_MINIMAL);
    struct saip_package *p = read_whole(&upp);
    size_t usim = usim_of(p);
    REQUIRE(usim != SAIP_NONE && p->files[0].kind == SAIP_MF && p->files[usim].parent == 0);
    CHECK(content_is(p, 0, 0x2fe2, "98001032547698103214"));
    CHECK(content_is(p, 0, 0x2f00, "610e4f0ca0000000871002ff49ff0589"));
    CHECK(content_is(p, usim, 0x6f07, "080910101032547698") && content_is(p, usim, 0x6f78, "0001"));
    CHECK(content_is(p, usim, 0x6f38, "0000000001000000000000000000000000"));
    CHECK(content_is(p, usim, 0x6fb7, "ffffffff") && content_is(p, usim, 0x6f7e, "ffffffffffffff0000ff01"));
    CHECK(content_of(p, 0, 0x2f06).len == 14 * 44 && content_of(p, usim, 0x6f06).len == 14 * 44);
    CHECK(!memcmp(content_of(p, usim, 0x6f06).at + 9 * 44, "\x80\x01\x01\x90\x00\x80\x01\x5a\xa4", 9));
    CHECK(saip_pin_status(p, &p->files[usim]).len == 2 && saip_child(p, usim, 0x6f46) == SAIP_NONE);
    CHECK(p->pin_count == 2 && p->pins[0].attributes == 6 && p->pins[1].reference == 0x0a && p->pins[1].tries == 0xa0);
    CHECK(p->akas[0].adf == usim && p->pins[1].directory == 0);
    saip_free(p);
    buf_release(&upp);
}

/* PUKs before the MF, PINs of both kinds behind the ADF, optional files, an EF.UST of its own. */
static void an_iot_minimal_profile_may_say_more(void)
{
    struct buf upp = hex(
    "a023800103810103830a89000123456789012341a5028100a600a90980071002ff49ff0589a316a003810104a10f300d8001"
    "0181083131313131313131bf2037a0058000810102810667810f010211a90b8309080910101032547698ae1383119e000000"
    "00000000000000000000000000b20483020001a23aa003810105a133a0313010800101810831323334ffffffff820101300d"
    "80010a81083535353535353535300e80020081810839393939ffffffffa435a0058000810103a12ca12a8001018101028210"
    "000102030405060708090a0b0c0d0e0f831000000000000000000000000000000000bf2136a0058000810106810667810f01"
    "0212a6138311014c6162ffffffffffffffffffffffffffad00b7068304f0ff0000ba00bb048302aabbaa05a003810109");
    struct saip_package *p = read_whole(&upp);
    size_t usim = usim_of(p);
    REQUIRE(usim != SAIP_NONE && saip_child(p, usim, 0x5fc0) != SAIP_NONE && saip_child(p, usim, 0x5fd0) != SAIP_NONE);
    CHECK(p->puk_count == 1 && p->puks[0].directory == 0 && p->pin_count == 3);
    CHECK(p->pins[0].directory == 0 && p->pins[1].directory == 0 && p->pins[2].directory == usim);
    CHECK(content_is(p, usim, 0x6f46, "014c6162ffffffffffffffffffffffffff"));
    CHECK(content_is(p, saip_child(p, usim, 0x5fc0), 0x4f0a, "f0ff0000"));
    CHECK(content_is(p, saip_child(p, usim, 0x5fd0), 0x4f01, "aabb"));
    CHECK(saip_child(p, usim, 0x6f3b) == SAIP_NONE); /* of the optional files only those that are told */
    saip_free(p);
    buf_release(&upp);
}

/* GBA and MBMS are on no card of ours: their files are not made, and EF.UST does not promise them. */
static void what_the_card_cannot_do_is_not_promised(void)
{
    struct buf upp = hex(
    "a023800103810103830a89000123456789012341a5028100a600a90980071002ff49ff0589bf2037a0058000810102810667"
    "810f010211a90b8309080910101032547698ae138311ffffffffffffffffffffffffffffffffffb20483020001b41aa00381"
    "0103810667810f010205bf370483020102bf3303830100aa05a003810109");
    struct saip_package *p = NULL;
    REQUIRE(saip_read(buf_span(&upp), &p, NULL) == ERR_OK);
    size_t usim = usim_of(p);
    REQUIRE(usim != SAIP_NONE);
    CHECK(content_is(p, usim, 0x6f38, "ffffffffffffffffe7ffffffffffffffff"));
    CHECK(saip_child(p, usim, 0x6fd6) == SAIP_NONE && saip_child(p, usim, 0x6fd2) != SAIP_NONE);
    CHECK(p->elements[2].status == SAIP_FEATURE_NOT_SUPPORTED && p->elements[2].missing == SAIP_NO_GBA);
    saip_free(p);
    buf_release(&upp);
}

/* A directory is selected when it is created (interoperable format, 8.3.5), and the first one of an element is where the PINs
 * behind it belong. */
static void free_file_management_selects_what_it_creates(void)
{
    struct buf upp = { .max = 4096 };
    struct saip_package *p = NULL;
    package_with(
    "a151a003810177a14a304862108202782183025f998b032f0601c6018262108202412183024f018001018b036f06018101a5"
    "620d8202782183025f988b032f060162108202412183024f018001018b036f0601a219a003810178a112a010300e80020082"
    "81083131313131313131",
        &upp);
    REQUIRE(saip_read(buf_span(&upp), &p, NULL) == ERR_OK);
    size_t outer = saip_child(p, 0, 0x5f99), inner = outer == SAIP_NONE ? SAIP_NONE : saip_child(p, outer, 0x5f98);
    REQUIRE(outer != SAIP_NONE && inner != SAIP_NONE);
    CHECK(content_is(p, outer, 0x4f01, "a5"));
    CHECK(content_is(p, inner, 0x4f01, "ff"));
    CHECK(p->pins[p->pin_count - 1].reference == 0x82 && p->pins[p->pin_count - 1].directory == outer);
    saip_free(p);
    buf_release(&upp);
}

/* Without a template at all: the MF, a USIM whose place is under the MF, its PIN and its keys. */
static void a_file_system_may_be_made_freely(void)
{
    struct buf upp = hex(
    "a018800102810103830a89000123456789012341a5028100a600a139a003810102a132303062108202782183023f008b032f"
    "0601c6010162108202412183022fe280010a8b032f0601810a98001032547698103214a218a003810103a111a00f300d8001"
    "0181083131313131313131a147a003810104a140303e621f8202782183027fd0840ca0000000871002ff49ff05898b032f06"
    "01c602018262108202412183026f078001098b036f06018109080910101032547698a219a003810105a112a010300e800200"
    "8281083131313131313131a433a003810106a12ca12a80010181010282100000000000000000000000000000000083100000"
    "0000000000000000000000000000aa05a003810107");
    struct saip_package *p = read_whole(&upp);
    size_t usim = usim_of(p);
    REQUIRE(usim != SAIP_NONE && p->files[0].kind == SAIP_MF);
    CHECK(p->files[usim].parent == 0 && content_is(p, usim, 0x6f07, "080910101032547698"));
    CHECK(content_is(p, 0, 0x2fe2, "98001032547698103214"));
    CHECK(p->pin_count == 2 && p->pins[0].directory == 0 && p->pins[1].directory == usim);
    CHECK(p->aka_count == 1 && p->akas[0].adf == usim);
    saip_free(p);
    buf_release(&upp);
}

static void a_fault_is_answered_behind_what_was_done(void)
{
    static const struct {
        const char *name, *element, *last; /* the last PEStatus and what follows it */
    } rows[] = {
        { "an identification used twice", "a605a003810102", "30098001038101028301008100" },
        { "TUAK with a MAC of 128 bits, mandated", MANDATED_TUAK("09"), "300980010a8101778301108100" },
        { "TUAK with RES of no known length", MANDATED_TUAK("04"), "30098001068101778301108100" },
        { "TUAK with a MAC of no known length", MANDATED_TUAK("19"), "30098001068101778301108100" },
        { "TUAK with the bit that is for nothing", MANDATED_TUAK("81"), "30098001068101778301108100" },
        { "the test algorithm with RES of 256 bits", TEST_ALGORITHM("03"), "30098001068101778301108100" },
        { "the test algorithm with keys of 256 bits", TEST_ALGORITHM("42"), "30098001068101778301108100" },
        { "a file without a size", "a119a0058000810177a110300e620c8202412183026ff08b020001", "300980010681017783010d8100" },
        { "a file that is there already", "a118a003810177a111300f8000620b8202412183022fe2800101", "300980010381017783010d8100" },
        { "a second MF", "a113a003810177a10c300a62088202782183023f00", "300980010381017783010b8100" },
        { "a path to a directory that is not there", "a10da003810177a106300480027f99", "300980010381017783010b8100" },
        { "contents before any file", "a10ca003810177a1053003810100", "300980010381017783010b8100" },
        { "a link to a file that is not there", "a117a003810177a110300e620c8202412183026fe1c7026f99", "300980010381017783010b8100" },
        { "a directory that names a PIN nobody creates", "a11ca003810177a115301362118202782183025f998b032f0601c6020a82", "300980010b81017783011d8100" },
        { "a directory that names a global PIN which is another directory's", "a218a003810177a111a00f300d80010281083131313131313131a11ba003810178a114301262108202782183025f998b032f0601c60102", "300980010b81017883011c8100" },
        { "a file of a template that leaves the size open", "b416a0058000810177810667810f010205bf3504a1028800", "30098001068101778301118100" },
        { "contents that do not fit", "b417a003810177810667810f010205a3088303000000830100", "30098001038101778301168100" },
        { "a PIN without a list", "a207a0058000810177", "30098001058101778301028100" },
        { "a PIN of seven octets, behind one that is right, mandated", "a228a0058000810177a11fa01d300d80010281083131313131313131300c800103810731313131313131", "30098001068101778301218100" },
        { "PINs of a directory that is not there", "a20ba003810177a10481027f99", "30098001038101778301098100" },
        { "PINs shared with themselves", "a20ba003810177a10481027fd0", "30098001038101778301098100" },
        { "PINs of a file", "a20ba003810177a10481022fe2", "30098001038101778301098100" },
        { "PINs of half a path", "a20aa003810177a10381017f", "30098001038101778301098100" },
        { "PINs of unknown kind", "a209a003810177a1028200", "30098001058101778301098100" },
        { "an element without identification", "a602a000", "30068001058301028100" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf upp = { .max = 4096 }, answer = { .max = SAIP_ANSWER_MAX }, want = hex(rows[i].last);
        struct saip_package *p = NULL;
        struct saip_fault fault;
        package_with(rows[i].element, &upp);
        CHECK_ROW(rows[i].name, saip_try(buf_span(&upp), &p, &fault) == ERR_PARSE && p);
        REQUIRE(saip_put_answer(p, &fault, &answer) == ERR_OK);
        CHECK_ROW(rows[i].name, rsp_check(RSP_EUICC_RESPONSE, buf_span(&answer)) == ERR_OK);
        CHECK_ROW(rows[i].name,
                  answer.len > want.len && span_equal(span_sub(buf_span(&answer), answer.len - want.len, want.len),
                                                      buf_span(&want)));
        saip_free(p);
        buf_release(&upp);
        buf_release(&answer);
        buf_release(&want);
    }
}

static void hostile_answers_are_refused(void)
{
    static const struct {
        const char *name, *list;
    } rows[] = {
        { "no status", "3003810101" },
        { "another tag", "3103800100" },
        { "cut short", "30038001" },
        { "a status below zero", "30038001ff" },
        { "an identification below zero", "30068001008101ff" },
        { "additional information of two octets", "300780010082020100" },
        { "an empty status", "30028000" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf list = hex(rows[i].list);
        struct span rest = buf_span(&list);
        struct saip_answer a;
        CHECK_ROW(rows[i].name, saip_answer_next(&rest, &a) == ERR_PARSE && rest.len == list.len);
        buf_release(&list);
    }
}

/* Every truncation and every flipped octet is answered, none crashes or is left half read. */
static void cut_and_flip(struct buf *upp)
{
    for (size_t n = 0; n < upp->len; n++) {
        struct saip_package *p = NULL;
        struct saip_fault fault;
        CHECK(saip_read(span_of(upp->at, n), &p, &fault) == ERR_PARSE && fault.offset <= n);
        upp->at[n] ^= 0x41;
        enum err e = saip_read(buf_span(upp), &p, &fault);
        CHECK(e == ERR_OK || (e == ERR_PARSE && fault.offset <= upp->len));
        saip_free(p);
        upp->at[n] ^= 0x41;
    }
}

static void no_truncation_or_flip_of_a_package_does_harm(void)
{
    struct saip_subscription s = subscription();
    struct buf upp = { .max = 4096 }, iot = hex(IOT_MINIMAL);
    REQUIRE(saip_minimal_usim(&s, &upp) == ERR_OK);
    cut_and_flip(&upp);
    cut_and_flip(&iot);
    buf_release(&upp);
    buf_release(&iot);
}

static void an_oversized_package_is_refused(void)
{
    uint8_t *zeros = calloc(1, MANY);
    struct saip_package *p = NULL;
    struct saip_fault fault;
    REQUIRE(zeros != NULL);
    CHECK(saip_read(span_of(zeros, MANY), &p, &fault) == ERR_PARSE && fault.status == SAIP_NOT_ENOUGH_MEMORY);
    free(zeros);
}

static void iccids_are_swapped_both_ways(void)
{
    static const struct {
        const char *name, *digits;
        enum err want;
    } rows[] = {
        { "20 digits", "89000123456789012341", ERR_OK },
        { "19 digits", "8900012345678901234", ERR_OK },
        { "17 digits", "89000123456789012", ERR_PARSE },
        { "21 digits", "890001234567890123411", ERR_PARSE },
        { "a letter", "8900012345678901234F", ERR_PARSE },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t iccid[10];
        char back[21] = "";
        enum err e = saip_iccid_parse(rows[i].digits, iccid);
        CHECK_ROW(rows[i].name, e == rows[i].want);
        if (!e)
            saip_iccid_text(iccid, back);
        CHECK_ROW(rows[i].name, e || !strcmp(back, rows[i].digits));
    }
}

int main(void)
{
    static const struct test tests[] = {
        { "the known minimal package is read in full", the_known_minimal_package_is_read_in_full },
        { "template files that nobody mentions are there with their defaults",
          template_files_that_nobody_mentions_are_there_with_their_defaults },
        { "every TS.48 package is read", every_ts48_package_is_read },
        { "a package becomes the subscriber's", a_package_becomes_the_subscribers },
        { "every TS.48 package becomes the subscriber's", every_ts48_package_becomes_the_subscribers },
        { "what the subscription leaves out stays", what_the_subscription_leaves_out_stays },
        { "a package without a place is refused by name", a_package_without_a_place_is_refused_by_name },
        { "a subscription that fits no package is refused", a_subscription_that_fits_no_package_is_refused },
        { "a second USIM is refused", a_second_usim_is_refused },
        { "a public identity needs room", a_public_identity_needs_room },
        { "an IoT minimal profile becomes the subscriber's", an_iot_minimal_profile_becomes_the_subscribers },
        { "no truncation or flip of a template does harm", no_truncation_or_flip_of_a_template_does_harm },
        { "what is written is read back", what_is_written_is_read_back },
        { "every element written passes the schema", every_element_written_passes_the_schema },
        { "a TUAK subscription keeps its lengths", a_tuak_subscription_keeps_its_lengths },
    { "the lengths of TUAK go both ways", the_lengths_of_tuak_go_both_ways },
        { "a subscription that does not fit is refused", a_subscription_that_does_not_fit_is_refused },
        { "hostile packages are refused with element and reason",
          hostile_packages_are_refused_with_element_and_reason },
        { "what is only kept is told element by element", what_is_only_kept_is_told_element_by_element },
        { "every name of an element is that of the ASN.1", every_name_of_an_element_is_that_of_the_asn1 },
        { "elements that nobody mandates are passed over with their status",
          elements_that_nobody_mandates_are_passed_over_with_their_status },
        { "an IoT minimal profile needs little", an_iot_minimal_profile_needs_little },
        { "an IoT minimal profile may say more", an_iot_minimal_profile_may_say_more },
        { "what the card cannot do is not promised", what_the_card_cannot_do_is_not_promised },
        { "free file management selects what it creates", free_file_management_selects_what_it_creates },
        { "a file system may be made freely", a_file_system_may_be_made_freely },
        { "a fault is answered behind what was done", a_fault_is_answered_behind_what_was_done },
        { "hostile answers are refused", hostile_answers_are_refused },
        { "no truncation or flip of a package does harm", no_truncation_or_flip_of_a_package_does_harm },
        { "an oversized package is refused", an_oversized_package_is_refused },
        { "ICCIDs are swapped both ways", iccids_are_swapped_both_ways },
    };
    return tests_main("saip", tests, COUNT(tests));
}
