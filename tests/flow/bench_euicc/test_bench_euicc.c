/* The benchmark of the card does what it says; how fast is for people to read, how many operations
 * and octets is not. */
#include <stdio.h>
#include <string.h>

#include "bench_euicc.h"
#include "bench_package.h"
#include "harness.h"
#include "saip.h"

static void a_download_costs_what_the_specification_demands(void)
{
    const struct bench_euicc_options o = { .downloads = 5, .cards = 50 };
    const struct crypto_counts demanded = bench_euicc_demanded();
    struct bench_euicc_result r;
    char why[200];
    REQUIRE(bench_euicc(&o, &r, why) == ERR_OK && why[0] == 0);
    CHECK(r.downloads == 5 && r.cards == 50);
    CHECK(r.counts.sign == 5 * demanded.sign && r.counts.verify == 5 * demanded.verify);
    CHECK(r.counts.ecdh == 5 * demanded.ecdh && r.counts.keygen == 5 * demanded.keygen);
    CHECK(r.floor_seconds > 0 && r.card_seconds > 0 && r.ratio > 0 && r.downloads_per_second > 0);
    CHECK(r.bytes_per_idle_card > 0 && r.bytes_per_idle_card <= 8192);
}

/* Cards share what the templates of their profiles have in common; numbers and keys are each card's own. */
static void a_card_at_rest_with_a_real_profile_is_small(void)
{
    static const char *const names[] = { "TS48v1_A", "TS48v4_SAIP2.3_BERTLV", "TS48v7_SAIP2.3_NoBERTLV" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char relative[100];
        struct buf upp = { .max = 1 << 17 };
        struct bench_euicc_result r;
        char why[200];
        snprintf(relative, sizeof relative, "data/profiles/%s.der", names[i]);
        const char *path = shared_path(relative);
        if (!path)
            return;
        REQUIRE(read_file(path, &upp) == ERR_OK);
        const struct bench_euicc_options o = { .downloads = 1, .cards = 50, .package = buf_span(&upp) };
        CHECK_ROW(names[i], bench_euicc(&o, &r, why) == ERR_OK && r.downloads == 1);
        CHECK_ROW(names[i], r.bytes_per_idle_card > 0 && r.bytes_per_idle_card <= 8192);
        CHECK_ROW(names[i], r.bytes_per_card_in_use > r.bytes_per_idle_card && r.bytes_per_card_in_use <= 24576);
        buf_release(&upp);
    }
}

static void a_package_gets_numbers_and_keys_of_its_own(void)
{
    static const uint8_t iccid[10] = { 0x98, 0x00, 0x21, 0x43, 0x65, 0x87, 0x09, 0x21, 0x43, 0x65 };
    struct buf upp = { .max = 1 << 17 }, made = { .max = 1 << 17 };
    struct saip_package *before, *after;
    const char *path = shared_path("data/profiles/TS48v7_SAIP2.3_NoBERTLV.der");
    if (!path)
        return;
    REQUIRE(read_file(path, &upp) == ERR_OK);
    REQUIRE(bench_package(buf_span(&upp), iccid, "262019000000007", rng_system(), &made) == ERR_OK);
    REQUIRE(saip_read(buf_span(&upp), &before, NULL) == ERR_OK && saip_read(buf_span(&made), &after, NULL) == ERR_OK);
    CHECK(made.len == upp.len && before->file_count == after->file_count);
    CHECK(span_equal(SPAN_ARRAY(after->header.iccid), SPAN_ARRAY(iccid)));
    CHECK(span_equal(saip_content(after, &after->files[saip_child(after, 0, 0x2fe2)]), SPAN_ARRAY(iccid)));
    size_t usim = saip_adf(after, SPAN(0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02));
    CHECK(span_equal(saip_content(after, &after->files[saip_child(after, usim, 0x6f07)]),
                     SPAN(0x08, 0x29, 0x26, 0x10, 0x09, 0x00, 0x00, 0x00, 0x70)));
    for (size_t i = 0; i < before->aka_count; i++)
        CHECK(memcmp(before->akas[i].params.k, after->akas[i].params.k, 16) != 0);
    size_t changed = 0;
    for (size_t i = 0; i < before->element_count; i++)
        changed += !span_equal(before->elements[i].whole, after->elements[i].whole);
    CHECK(changed > 5 && changed < before->element_count / 2);
    saip_free(before);
    saip_free(after);
    buf_release(&upp);
    buf_release(&made);
}

static void what_is_no_package_is_refused(void)
{
    static const struct {
        const char *name, *upp, *imsi;
    } rows[] = {
        { "no TLV", "00", "262019000000007" },
        { "a header alone", "a018800102810103830a89000123456789012341a5028100a600", "262019000000007" },
        { "nothing", "", "262019000000007" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        static const uint8_t iccid[10] = { 0 };
        struct buf upp = hex(rows[i].upp), made = { .max = 1 << 17 };
        CHECK_ROW(rows[i].name, bench_package(buf_span(&upp), iccid, rows[i].imsi, rng_system(), &made) == ERR_PARSE);
        buf_release(&upp);
        buf_release(&made);
    }
}

static void what_cannot_be_measured_is_refused(void)
{
    struct bench_euicc_result r;
    char why[200];
    CHECK(bench_euicc(&(struct bench_euicc_options){ .downloads = 0 }, &r, why) == ERR_CONFIG &&
          why[0]);
    CHECK(bench_euicc(&(struct bench_euicc_options){ .downloads = 1, .cards = 100001 }, &r, why) ==
          ERR_CONFIG);
    CHECK(bench_euicc(&(struct bench_euicc_options){ .downloads = 100001 }, &r, why) == ERR_CONFIG);
}

int main(void)
{
    static const struct test tests[] = {
        { "a download costs what the specification demands",
          a_download_costs_what_the_specification_demands },
        { "a card at rest with a real profile is small", a_card_at_rest_with_a_real_profile_is_small },
        { "a package gets numbers and keys of its own", a_package_gets_numbers_and_keys_of_its_own },
        { "what is no package is refused", what_is_no_package_is_refused },
        { "what cannot be measured is refused", what_cannot_be_measured_is_refused },
    };
    return tests_main("bench_euicc", tests, COUNT(tests));
}
