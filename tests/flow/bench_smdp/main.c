/* The benchmark of the SM-DP+ does what it says; how fast is for people to read, how many operations is not. */
#include "bench_smdp.h"
#include "harness.h"

/* What the four ES9+ calls of a download may ask of the database: a little more than they do. */
#define DATABASE_STEPS 900

static const struct {
    const char *name;
    struct bench_smdp_options options;
} runs[] = {
    { "direct", { .downloads = 5, .wiring = WIRING_DIRECT } },
    { "direct, with a file", { .downloads = 5, .stored = true, .wiring = WIRING_DIRECT } },
    { "over TLS", { .downloads = 5, .wiring = WIRING_LOOPBACK } },
};

static void a_download_costs_what_the_specification_demands(void)
{
    const struct crypto_counts demanded = bench_smdp_demanded();
    for (size_t i = 0; i < COUNT(runs); i++) {
        struct bench_smdp_result r;
        char why[200];
        CHECK_ROW(runs[i].name, bench_smdp(&runs[i].options, &r, why) == ERR_OK && why[0] == 0);
        CHECK_ROW(runs[i].name, r.downloads == 5);
        CHECK_ROW(runs[i].name, r.counts.sign == 5 * demanded.sign && r.counts.verify == 5 * demanded.verify);
        CHECK_ROW(runs[i].name, r.counts.ecdh == 5 * demanded.ecdh && r.counts.keygen == 5 * demanded.keygen);
        CHECK_ROW(runs[i].name, r.database_steps > 0 && r.database_steps < DATABASE_STEPS);
        CHECK_ROW(runs[i].name, r.floor_seconds > 0 && r.smdp_seconds > 0 && r.ratio > 0);
        CHECK_ROW(runs[i].name, r.resident_before > 0 && r.resident_after > 0);
    }
}

static void what_cannot_be_measured_is_refused(void)
{
    struct bench_smdp_result r;
    char why[200];
    CHECK(bench_smdp(&(struct bench_smdp_options){ .downloads = 0 }, &r, why) == ERR_CONFIG && why[0]);
    CHECK(bench_smdp(&(struct bench_smdp_options){ .downloads = 100001 }, &r, why) == ERR_CONFIG);
    CHECK(bench_smdp(&(struct bench_smdp_options){ .downloads = 1, .wiring = WIRING_PROCESS }, &r, why) == ERR_CONFIG);
}

int main(void)
{
    static const struct test tests[] = {
        { "a download costs what the specification demands", a_download_costs_what_the_specification_demands },
        { "what cannot be measured is refused", what_cannot_be_measured_is_refused },
    };
    return tests_main("bench_smdp", tests, COUNT(tests));
}
