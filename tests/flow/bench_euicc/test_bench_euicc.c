/* The benchmark of the card does what it says; how fast is for people to read, how many operations
 * and octets is not. */
#include <stdio.h>
#include <string.h>

#include "bench_euicc.h"
#include "bench_package.h"
#include "der.h"
#include "harness.h"

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

/* The contents of the first security domain's first key. */
static struct span first_key(const struct saip_package *p)
{
    static const uint32_t path[] = { 0xa2, 0x30, 0x30, 0x30, 0x86 };
    struct der_tlv t = { 0 };
    for (size_t i = 0; i < p->element_count; i++) {
        if (p->elements[i].tag != 0xa6)
            continue;
        REQUIRE(der_only(p->elements[i].whole, 0xa6, &t) == ERR_OK);
        for (size_t n = 0; n < COUNT(path); n++)
            REQUIRE(der_find(t.value, path[n], &t) == ERR_OK);
        break;
    }
    return t.value;
}

static void a_package_gets_security_domain_keys_of_its_own(void)
{
    static const struct aka_params keys = { .algorithm = AKA_MILENAGE, .k = { 7 }, .k_len = 16, .res_len = 8 };
    struct saip_subscription s = { .imsi = "262019000000007", .aka = &keys };
    struct buf upp = { .max = 1 << 17 }, made = { .max = 1 << 17 };
    struct saip_package *before = NULL, *after = NULL;
    const char *path = shared_path("data/profiles/TS48v7_SAIP2.3_NoBERTLV.der");
    if (!path)
        return;
    REQUIRE(saip_iccid_parse("89001234567890123456", s.iccid) == ERR_OK && read_file(path, &upp) == ERR_OK);
    REQUIRE(bench_package(buf_span(&upp), &s, rng_system(), &made) == ERR_OK);
    REQUIRE(saip_read(buf_span(&upp), &before, NULL) == ERR_OK && saip_read(buf_span(&made), &after, NULL) == ERR_OK);
    CHECK(made.len == upp.len && before->file_count == after->file_count);
    CHECK(span_equal(SPAN_ARRAY(after->header.iccid), SPAN_ARRAY(s.iccid)) && after->akas[0].params.k[0] == 7);
    CHECK(first_key(before).len >= 16 && first_key(before).len == first_key(after).len);
    CHECK(!span_equal(first_key(before), first_key(after)));
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
        const char *name, *upp;
    } rows[] = {
        { "no TLV", "00" },
        { "a header alone", "a018800102810103830a89000123456789012341a5028100a600" },
        { "nothing", "" },
    };
    static const struct aka_params keys = { .algorithm = AKA_MILENAGE, .k_len = 16, .res_len = 8 };
    const struct saip_subscription s = { .imsi = "262019000000007", .aka = &keys };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf upp = hex(rows[i].upp), made = { .max = 1 << 17 };
        CHECK_ROW(rows[i].name, bench_package(buf_span(&upp), &s, rng_system(), &made) == ERR_PARSE);
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
        { "a package gets security domain keys of its own", a_package_gets_security_domain_keys_of_its_own },
        { "what is no package is refused", what_is_no_package_is_refused },
        { "what cannot be measured is refused", what_cannot_be_measured_is_refused },
    };
    return tests_main("bench_euicc", tests, COUNT(tests));
}
