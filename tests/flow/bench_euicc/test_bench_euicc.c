/* The benchmark of the card does what it says; how fast is for people to read, how many operations
 * and octets is not. */
#include "bench_euicc.h"
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
        { "what cannot be measured is refused", what_cannot_be_measured_is_refused },
    };
    return tests_main("bench_euicc", tests, COUNT(tests));
}
