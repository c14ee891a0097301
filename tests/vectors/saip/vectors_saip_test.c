/* Profile packages as they are in the field: TS.48's, element by element. */
#include "der.h"
#include "harness.h"
#include "rsp_schema.h"
#include "vectors.h"

static const char *const packages[] = {
    "data/profiles/TS48v1_A.der",
    "data/profiles/TS48v2_SAIP2.3_BERTLV.der",
    "data/profiles/TS48v3_SAIP2.1_NoBERTLV.der",
    "data/profiles/TS48v4_SAIP2.3_BERTLV.der",
    "data/profiles/TS48v5_SAIP2.3_BERTLV_SUCI.der",
    "data/profiles/TS48v5_SAIP2.3_NoBERTLV.der",
    "data/profiles/TS48v7_SAIP2.3_NoBERTLV.der",
};

/* Decodes and encodes the package's elements; their number. */
static unsigned check_elements(const char *name, struct span package)
{
    struct der d = der_open(package);
    unsigned count = 0;
    while (!der_at_end(&d)) {
        struct der_tlv element;
        struct buf again = { .max = 1 << 18 };
        REQUIRE(der_next(&d, &element) == ERR_OK);
        CHECK_ROW(name, rsp_check(RSP_PROFILE_ELEMENT, element.whole) == ERR_OK);
        CHECK_ROW(name, rsp_reencode(RSP_PROFILE_ELEMENT, element.whole, &again) == ERR_OK);
        CHECK_ROW(name, span_equal(element.whole, buf_span(&again)));
        buf_release(&again);
        count++;
    }
    return count;
}

static void ts48_packages_decode(void)
{
    for (size_t i = 0; i < COUNT(packages); i++) {
        const char *path = shared_path(packages[i]);
        struct buf package = { .max = 1 << 18 };
        if (!path)
            return;
        REQUIRE(read_file(path, &package) == ERR_OK);
        CHECK_ROW(packages[i], check_elements(packages[i], buf_span(&package)) > 10);
        buf_release(&package);
    }
}

static void package_row(struct span line, void *context)
{
    unsigned *elements = context;
    char name[32];
    vectors_cut(&line, ' ');
    struct span label = vectors_cut(&line, ' ');
    vectors_text(label, name, sizeof name);
    if (!span_equal(label, span_str("UPP_MIN")) && !span_equal(label, span_str("BPP_FULL_UPP")))
        return;
    struct buf package = { .max = 1 << 18 };
    REQUIRE(hex_decode(line, &package) == ERR_OK);
    *elements += check_elements(name, buf_span(&package));
    buf_release(&package);
}

static void peer_packages_decode(void)
{
    unsigned elements = 0;
    unsigned rows = vectors_each("spec/vectors-rsp.txt", package_row, &elements);
    CHECK(rows == 0 || elements > 20);
}

static const struct {
    const char *name, *bytes;
} refused[] = {
    { "a header without its ICCID", "a009800102810103a500a600" },
    { "a header with an ICCID of nine octets", "a0148001028101038309890001234567890123a500a600" },
    { "an element that no release knows", "bf7f00" },
    { "a PIN of seven octets", "a215a005810101a0a10ca00a3008800101810731323334353637" },
    { "a header identification beyond 15 bits", "aa07a0058103008000" },
    { "two elements in one", "aa05a003810101aa05a003810101" },
};

static void hostile_elements_are_refused(void)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct buf b = hex(refused[i].bytes);
        CHECK_ROW(refused[i].name, rsp_check(RSP_PROFILE_ELEMENT, buf_span(&b)) == ERR_PARSE);
        buf_release(&b);
    }
}

static const struct test tests[] = {
    { "every TS.48 package decodes and encodes to the same bytes", ts48_packages_decode },
    { "peers' packages decode and encode to the same bytes", peer_packages_decode },
    { "hostile elements are refused", hostile_elements_are_refused },
};

int main(void)
{
    return tests_main("vectors_saip", tests, COUNT(tests));
}
