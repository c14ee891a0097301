/* Package files that become a subscriber's. */
#include <stdio.h>
#include <string.h>

#include "der.h"
#include "harness.h"
#include "rsp_schema.h"
#include "saip_tests.h"

static const struct aka_params milenage = {
    .algorithm = AKA_MILENAGE, .k = { 0x46, 0x5b }, .k_len = 16, .opc = { 0xcd, 0x63 }, .res_len = 8
};
static const struct aka_params tuak = {
    .algorithm = AKA_TUAK, .k = { 0xab, 0x01 }, .k_len = 32, .opc = { 0xbd, 0x02 }, .res_len = 8
};

/* A subscriber with a value for each place. */
static struct saip_subscription everything(const struct aka_params *aka)
{
    struct saip_subscription s = { .imsi = "310410123456789", .mnc_length = 3, .spn = "Partner", .pin1 = "2468",
                                   .puk1 = "13572468", .pin2 = "8765", .puk2 = "86421357", .adm1 = "24681357",
                                   .aka = aka };
    REQUIRE(saip_iccid_parse("8901410000000000019", s.iccid) == ERR_OK);
    return s;
}

/* Somebody else's package. */
static void a_template(struct buf *out)
{
    struct saip_subscription s = { .imsi = "262019876543210", .spn = "Template", .aka = &milenage };
    REQUIRE(saip_iccid_parse("89000123456789012341", s.iccid) == ERR_OK);
    REQUIRE(saip_minimal_usim(&s, out) == ERR_OK);
}

static struct span file_of(const struct saip_package *p, size_t directory, uint16_t fid)
{
    size_t at = saip_child(p, directory, fid);
    return at == SAIP_NONE ? (struct span){ 0 } : saip_content(p, &p->files[at]);
}

static bool file_is(const struct saip_package *p, size_t directory, uint16_t fid, const char *wanted)
{
    struct buf want = hex(wanted);
    struct span content = file_of(p, directory, fid);
    bool same = content.len >= want.len && span_equal(span_sub(content, 0, want.len), buf_span(&want));
    buf_release(&want);
    return same;
}

static bool pin_is(const struct saip_package *p, uint8_t reference, const char *digits)
{
    bool found = false;
    for (size_t i = 0; i < p->pin_count; i++)
        if (p->pins[i].reference == reference) {
            found = true;
            if (memcmp(p->pins[i].value, digits, strlen(digits)) != 0)
                return false;
        }
    return found;
}

static bool puk_is(const struct saip_package *p, uint8_t reference, const char *digits)
{
    for (size_t i = 0; i < p->puk_count; i++)
        if (p->puks[i].reference == reference)
            return memcmp(p->puks[i].value, digits, 8) == 0;
    return false;
}

static void check_everything(const char *row, const struct saip_package *p, const struct saip_subscription *s)
{
    size_t usim = saip_adf(p, SPAN(0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02));
    CHECK_ROW(row, memcmp(p->header.iccid, s->iccid, 10) == 0 && file_is(p, 0, 0x2fe2, "981014000000000010f9"));
    CHECK_ROW(row, file_is(p, usim, 0x6f07, "083901141032547698"));
    CHECK_ROW(row, file_is(p, usim, 0x6f46, "01506172746e6572ffffffffffffffffff"));
    CHECK_ROW(row, file_is(p, usim, 0x6f78, "0200"));
    CHECK_ROW(row, file_of(p, usim, 0x6fad).len >= 4 && file_of(p, usim, 0x6fad).at[3] == 3);
    CHECK_ROW(row, pin_is(p, 0x01, "2468\xff") && pin_is(p, 0x81, "8765\xff") && pin_is(p, 0x0a, "24681357"));
    CHECK_ROW(row, puk_is(p, 0x01, "13572468") && puk_is(p, 0x81, "86421357"));
    CHECK_ROW(row, p->aka_count >= 1);
    for (size_t i = 0; i < p->aka_count; i++) {
        const struct saip_aka *a = &p->akas[i];
        if (a->mapped_from.len)
            continue;
        CHECK_ROW(row, !a->test_algorithm && a->params.algorithm == s->aka->algorithm && a->params.k_len == s->aka->k_len);
        CHECK_ROW(row, !memcmp(a->params.k, s->aka->k, s->aka->k_len));
        CHECK_ROW(row, !memcmp(a->params.opc, s->aka->opc, s->aka->algorithm == AKA_TUAK ? 32 : 16));
    }
}

/* Where there is an ISIM it is the subscriber's too. */
static void check_isim(const char *row, const struct saip_package *p)
{
    static const char impi[] = "\x80\x3d" "310410123456789@ims.mnc410.mcc310.3gppnetwork.org";
    static const char impu[] = "\x80\x41" "sip:310410123456789@ims.mnc410.mcc310.3gppnetwork.org";
    static const char domain[] = "\x80\x21" "ims.mnc410.mcc310.3gppnetwork.org";
    size_t isim = saip_adf(p, SPAN(0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x04));
    if (isim == SAIP_NONE)
        return;
    const struct { uint16_t fid; struct span want; } files[] = {
        { 0x6f02, span_of(impi, sizeof impi - 1) }, { 0x6f04, span_of(impu, sizeof impu - 1) },
        { 0x6f03, span_of(domain, sizeof domain - 1) },
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        struct span content = file_of(p, isim, files[i].fid);
        bool same = content.len >= files[i].want.len && content.at[0] == 0x80 && content.at[1] == files[i].want.len - 2 &&
                    span_equal(span_sub(content, 2, files[i].want.len - 2), span_sub(files[i].want, 2, files[i].want.len));
        CHECK_ROW(row, same);
        for (size_t k = files[i].want.len; same && k < content.len; k++)
            same = content.at[k] == 0xff;
        CHECK_ROW(row, same); /* nothing of the template's is left behind it */
    }
}

static bool is_tailored(uint32_t tag)
{
    return tag == 0xb5 || tag == 0xa0 || tag == 0xb0 || tag == 0xb3 || tag == 0xa4 || tag == 0xa2 || tag == 0xa3;
}

/* What holds no value of the subscriber's is the package's own, byte for byte; what does passes the schema. */
static void check_elements(const char *row, const struct saip_package *before, const struct saip_package *after)
{
    CHECK_ROW(row, before->element_count == after->element_count);
    for (size_t i = 0; i < before->element_count && i < after->element_count; i++) {
        CHECK_ROW(row, is_tailored(before->elements[i].tag) ||
                           span_equal(before->elements[i].whole, after->elements[i].whole));
        CHECK_ROW(row, rsp_check(RSP_PROFILE_ELEMENT, after->elements[i].whole) == ERR_OK);
    }
}

static void personalise_and_check(const char *row, struct span template, const struct aka_params *aka)
{
    const struct saip_subscription s = everything(aka);
    struct buf upp = { .max = SAIP_UPP_MAX };
    struct saip_package *before = NULL, *after = NULL;
    struct saip_fault fault = { .why = "" };
    enum err e = saip_personalise(template, &s, &upp, &fault);
    CHECK_ROW(row, e == ERR_OK);
    if (e)
        printf("\n    row \"%s\": %s", row, fault.why);
    REQUIRE(!e && saip_read(template, &before, NULL) == ERR_OK && saip_read(buf_span(&upp), &after, &fault) == ERR_OK);
    check_everything(row, after, &s);
    check_isim(row, after);
    check_elements(row, before, after);
    saip_free(before);
    saip_free(after);
    buf_release(&upp);
}

void a_package_becomes_the_subscribers(void)
{
    struct buf template = { .max = 4096 };
    a_template(&template);
    personalise_and_check("the minimal package, Milenage", buf_span(&template), &milenage);
    personalise_and_check("the minimal package, TUAK", buf_span(&template), &tuak);
    buf_release(&template);
}

void every_ts48_package_becomes_the_subscribers(void)
{
    static const char *const names[] = { "TS48v1_A", "TS48v2_SAIP2.3_BERTLV", "TS48v3_SAIP2.1_NoBERTLV",
                                         "TS48v4_SAIP2.3_BERTLV", "TS48v5_SAIP2.3_BERTLV_SUCI",
                                         "TS48v5_SAIP2.3_NoBERTLV", "TS48v7_SAIP2.3_NoBERTLV" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char relative[100];
        struct buf template = { .max = 1 << 17 };
        snprintf(relative, sizeof relative, "data/profiles/%s.der", names[i]);
        const char *path = shared_path(relative);
        if (!path)
            return;
        REQUIRE(read_file(path, &template) == ERR_OK);
        personalise_and_check(names[i], buf_span(&template), &milenage);
        personalise_and_check(names[i], buf_span(&template), &tuak);
        buf_release(&template);
    }
}

void what_the_subscription_leaves_out_stays(void)
{
    struct saip_subscription s = { .imsi = "262420000000001", .aka = &milenage };
    struct buf template = { .max = 4096 }, upp = { .max = 4096 };
    struct saip_package *p = NULL;
    a_template(&template);
    REQUIRE(saip_iccid_parse("8949000000000000018", s.iccid) == ERR_OK);
    REQUIRE(saip_personalise(buf_span(&template), &s, &upp, NULL) == ERR_OK);
    REQUIRE(saip_read(buf_span(&upp), &p, NULL) == ERR_OK);
    size_t usim = saip_adf(p, SPAN(0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02));
    CHECK(file_is(p, usim, 0x6f46, "0154656d706c617465ffffffffffffffff") && file_is(p, usim, 0x6fad, "00000002"));
    CHECK(pin_is(p, 0x01, "0000\xff") && pin_is(p, 0x0a, "55555555") && puk_is(p, 0x01, "11111111"));
    saip_free(p);
    buf_release(&template);
    buf_release(&upp);
}

/* --- packages without a place ----------------------------------------------------------------------- */

/* Without the members that have this tag in elements of that tag; member 0: without the elements themselves. With
 * `uncreated` the member stays, as a file that is not created. */
static void cut(struct span package, uint32_t element, uint32_t member, bool uncreated, struct buf *out)
{
    struct der d = der_open(package);
    struct der_tlv e, m;
    while (!der_at_end(&d)) {
        struct der_mark mark;
        REQUIRE(der_next(&d, &e) == ERR_OK);
        if (e.tag != element) {
            REQUIRE(buf_put(out, e.whole) == ERR_OK);
            continue;
        }
        if (!member)
            continue;
        struct der members = der_open(e.value);
        REQUIRE(der_put_open(out, e.tag, &mark) == ERR_OK);
        while (!der_at_end(&members)) {
            REQUIRE(der_next(&members, &m) == ERR_OK);
            enum err put = m.tag != member ? buf_put(out, m.whole)
                           : uncreated     ? der_put(out, m.tag, SPAN(0x80, 0x00))
                                           : ERR_OK;
            REQUIRE(put == ERR_OK);
        }
        REQUIRE(der_put_close(out, mark) == ERR_OK);
    }
}

void a_package_without_a_place_is_refused_by_name(void)
{
    static const struct {
        const char *name;
        uint32_t element, member;
        bool uncreated;
        const char *why;
    } rows[] = {
        { "a header without ICCID", 0xa0, 0x83, false, "header:" },
        { "no MF", 0xb0, 0, false, "mf, EF.ICCID:" },
        { "no EF.ICCID", 0xb0, 0xa4, false, "mf, EF.ICCID:" },
        { "an EF.ICCID that is not created", 0xb0, 0xa4, true, "mf, EF.ICCID:" },
        { "no USIM", 0xb3, 0, false, "usim, EF.IMSI:" },
        { "no EF.IMSI", 0xb3, 0xa3, false, "usim, EF.IMSI:" },
        { "an EF.IMSI that is not created", 0xb3, 0xa3, true, "usim, EF.IMSI:" },
        { "no EF.SPN", 0xb3, 0xad, false, "usim, EF.SPN:" },
        { "an EF.SPN that is not created", 0xb3, 0xad, true, "usim, EF.SPN:" },
        { "no EF.AD for an MNC of three digits", 0xb3, 0xb5, false, "usim, EF.AD:" },
        { "no keys", 0xa4, 0, false, "akaParameter:" },
        { "keys without configuration", 0xa4, 0xa1, false, "akaParameter:" },
        { "no PINs", 0xa2, 0, false, "pinCodes: the package has no place for PIN1" },
        { "PIN elements without codes", 0xa2, 0xa1, false, "pinCodes: the package has no place for PIN1" },
        { "no PUKs", 0xa3, 0, false, "pukCodes: the package has no place for PUK1" },
    };
    struct buf template = { .max = 4096 };
    a_template(&template);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct saip_subscription s = everything(&milenage);
        struct buf package = { .max = 4096 }, upp = { .max = 4096 };
        struct saip_fault fault = { .why = "" };
        cut(buf_span(&template), rows[i].element, rows[i].member, rows[i].uncreated, &package);
        CHECK_ROW(rows[i].name, saip_personalise(buf_span(&package), &s, &upp, &fault) == ERR_PARSE && upp.len == 0);
        CHECK_ROW(rows[i].name, strncmp(fault.why, rows[i].why, strlen(rows[i].why)) == 0);
        if (strncmp(fault.why, rows[i].why, strlen(rows[i].why)) != 0)
            printf("\n    row \"%s\": %s", rows[i].name, fault.why);
        buf_release(&package);
        buf_release(&upp);
    }
    buf_release(&template);
}

void a_subscription_that_fits_no_package_is_refused(void)
{
    static const struct {
        const char *name, *imsi, *spn, *pin1, *puk2, *why;
    } rows[] = {
        { "an IMSI of 16 digits", "2620198765432101", NULL, NULL, NULL, "usim, EF.IMSI:" },
        { "an IMSI of five digits", "26201", NULL, NULL, NULL, "usim, EF.IMSI:" },
        { "an IMSI with a letter", "26201987654321A", NULL, NULL, NULL, "usim, EF.IMSI:" },
        { "a name of 17 characters", "262019876543210", "12345678901234567", NULL, NULL, "usim, EF.SPN:" },
        { "a PIN of three digits", "262019876543210", NULL, "123", NULL, "pinCodes" },
        { "a PUK of nine digits", "262019876543210", NULL, NULL, "123456789", "pinCodes, pukCodes:" },
    };
    struct buf template = { .max = 4096 };
    a_template(&template);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct saip_subscription s = everything(&milenage);
        struct buf upp = { .max = 4096 };
        struct saip_fault fault = { .why = "" };
        s.imsi = rows[i].imsi;
        s.spn = rows[i].spn;
        s.pin1 = rows[i].pin1;
        s.puk2 = rows[i].puk2;
        CHECK_ROW(rows[i].name, saip_personalise(buf_span(&template), &s, &upp, &fault) == ERR_PARSE && upp.len == 0);
        CHECK_ROW(rows[i].name, strncmp(fault.why, rows[i].why, strlen(rows[i].why)) == 0);
        buf_release(&upp);
    }
    buf_release(&template);
}

void a_second_usim_is_refused(void)
{
    const struct saip_subscription s = everything(&milenage);
    struct buf template = { .max = 8192 }, upp = { .max = 8192 };
    struct saip_package *p = NULL;
    struct saip_fault fault = { .why = "" };
    a_template(&template);
    struct buf twice = { .max = 8192 };
    REQUIRE(saip_read(buf_span(&template), &p, NULL) == ERR_OK);
    for (size_t i = 0; i < p->element_count; i++)
        for (int times = 0; times < (p->elements[i].tag == 0xb3 ? 2 : 1); times++)
            REQUIRE(buf_put(&twice, p->elements[i].whole) == ERR_OK);
    CHECK(saip_personalise(buf_span(&twice), &s, &upp, &fault) == ERR_PARSE && strncmp(fault.why, "usim:", 5) == 0);
    saip_free(p);
    buf_release(&template);
    buf_release(&twice);
    buf_release(&upp);
}

/* An ISIM element with an EF.IMPU of records of this length, in front of the end. */
static void with_isim(uint8_t record, struct buf *out)
{
    uint8_t isim[] = { 0xb5, 0x20, 0xa0, 0x05, 0x80, 0x00, 0x81, 0x01, 0x30, 0x81, 0x06, 0x67, 0x81, 0x0f, 0x01, 0x02, 0x08,
                       0xa4, 0x0f, 0xa1, 0x0d, 0x82, 0x04, 0x42, 0x21, 0x00, record, 0x83, 0x02, 0x6f, 0x04, 0x80, 0x01, record };
    struct buf template = { .max = 4096 };
    a_template(&template);
    struct span all = buf_span(&template), end = span_sub(all, all.len - 9, 9);
    REQUIRE(end.at[0] == 0xaa && buf_put(out, span_sub(all, 0, all.len - 9)) == ERR_OK);
    REQUIRE(buf_put(out, SPAN_ARRAY(isim)) == ERR_OK && buf_put(out, end) == ERR_OK);
    buf_release(&template);
}

void a_public_identity_needs_room(void)
{
    static const struct {
        const char *name;
        uint8_t record;
        unsigned mnc_length;
        enum err want;
    } rows[] = {
        { "a record that is long enough", 55, 3, ERR_OK },
        { "a record of one octet less", 54, 3, ERR_PARSE },
        { "a short record, and no network to name", 32, 0, ERR_OK },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct saip_subscription s = everything(&milenage);
        struct buf package = { .max = 8192 }, upp = { .max = 8192 };
        struct saip_fault fault = { .why = "" };
        s.mnc_length = rows[i].mnc_length;
        with_isim(rows[i].record, &package);
        CHECK_ROW(rows[i].name, saip_personalise(buf_span(&package), &s, &upp, &fault) == rows[i].want);
        CHECK_ROW(rows[i].name, !rows[i].want || strncmp(fault.why, "isim, EF.IMPU:", 14) == 0);
        buf_release(&package);
        buf_release(&upp);
    }
}

void an_iot_minimal_profile_becomes_the_subscribers(void)
{
    struct saip_subscription s = { .imsi = "262019876543210", .aka = &milenage };
    struct buf template = hex(IOT_MINIMAL), upp = { .max = 4096 };
    struct saip_package *p = NULL;
    struct saip_fault fault = { .why = "" };
    REQUIRE(saip_iccid_parse("89490000000000000012", s.iccid) == ERR_OK);
    REQUIRE(saip_personalise(buf_span(&template), &s, &upp, &fault) == ERR_OK);
    REQUIRE(saip_read(buf_span(&upp), &p, &fault) == ERR_OK);
    size_t usim = saip_adf(p, SPAN(0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02)), file = saip_child(p, 0, 0x2fe2);
    REQUIRE(usim != SAIP_NONE && file != SAIP_NONE);
    CHECK(span_equal(saip_content(p, &p->files[file]), SPAN_ARRAY(s.iccid)));
    CHECK(span_equal(saip_content(p, &p->files[saip_child(p, usim, 0x6f07)]),
                     SPAN(0x08, 0x29, 0x26, 0x10, 0x89, 0x67, 0x45, 0x23, 0x01)));
    CHECK(!memcmp(p->akas[0].params.k, milenage.k, 16));
    saip_free(p);
    buf_clear(&upp);
    s.spn = "Lab";
    CHECK(saip_personalise(buf_span(&template), &s, &upp, &fault) == ERR_PARSE && strncmp(fault.why, "usim, EF.SPN:", 13) == 0);
    buf_release(&template);
    buf_release(&upp);
}

void no_truncation_or_flip_of_a_template_does_harm(void)
{
    const struct saip_subscription s = everything(&tuak);
    struct buf template = { .max = 4096 }, upp = { .max = 8192 };
    a_template(&template);
    for (size_t n = 0; n < template.len; n++) {
        CHECK(saip_personalise(span_of(template.at, n), &s, &upp, NULL) != ERR_OK ||
              n + 9 == template.len); /* the end element holds no value */
        buf_clear(&upp);
        template.at[n] ^= 0x41;
        enum err e = saip_personalise(buf_span(&template), &s, &upp, NULL);
        CHECK(e == ERR_OK || e == ERR_PARSE);
        template.at[n] ^= 0x41;
        buf_clear(&upp);
    }
    buf_release(&template);
    buf_release(&upp);
}
