/* The benchmark of the eIM does what it says; how fast is for people to read, how many operations is not. */
#include "bench_eim.h"
#include "harness.h"

static const struct {
    const char *name;
    struct bench_eim_options options;
} runs[] = {
    { "direct", { .polls = 20, .packages = 5, .registered = 10, .wiring = WIRING_DIRECT } },
    { "direct, with a file, among many",
      { .polls = 20, .packages = 5, .registered = 12000, .stored = true, .wiring = WIRING_DIRECT } },
    { "over TLS", { .polls = 20, .packages = 5, .registered = 10, .wiring = WIRING_LOOPBACK } },
};

static void a_package_costs_what_the_specification_demands(void)
{
    const struct crypto_counts demanded = bench_eim_demanded();
    for (size_t i = 0; i < COUNT(runs); i++) {
        struct bench_eim_result r;
        char why[200];
        CHECK_ROW(runs[i].name, bench_eim(&runs[i].options, &r, why) == ERR_OK && why[0] == 0);
        CHECK_ROW(runs[i].name, r.counts.sign == 5 * demanded.sign && r.counts.verify == 5 * demanded.verify);
        CHECK_ROW(runs[i].name, r.counts.ecdh == 0 && r.counts.keygen == 0);
        CHECK_ROW(runs[i].name, r.floor_seconds > 0 && r.package_seconds > 0 && r.poll_seconds > 0 && r.ratio > 0);
        CHECK_ROW(runs[i].name, r.resident_before > 0 && r.resident_after > 0);
    }
}

static void a_poll_is_the_same_work_among_few_and_many(void)
{
    struct bench_eim_result few, many;
    char why[200];
    struct bench_eim_options o = { .polls = 50, .packages = 1, .registered = 100 };
    REQUIRE(bench_eim(&o, &few, why) == ERR_OK);
    o.registered = 20000;
    REQUIRE(bench_eim(&o, &many, why) == ERR_OK);
    CHECK(few.poll_steps > 0 && few.poll_steps == many.poll_steps);
}

static const struct {
    const char *name;
    struct bench_eim_options options;
} refused[] = {
    { "no polls", { .packages = 1, .registered = 1 } },
    { "no packages", { .polls = 1, .registered = 1 } },
    { "nobody registered", { .polls = 1, .packages = 1 } },
    { "too many packages", { .polls = 1, .packages = 100001, .registered = 1 } },
    { "programs", { .polls = 1, .packages = 1, .registered = 1, .wiring = WIRING_PROCESS } },
};

static void what_cannot_be_measured_is_refused(void)
{
    struct bench_eim_result r;
    char why[200];
    for (size_t i = 0; i < COUNT(refused); i++)
        CHECK_ROW(refused[i].name, bench_eim(&refused[i].options, &r, why) == ERR_CONFIG && why[0]);
}

int main(void)
{
    static const struct test tests[] = {
        { "a package costs what the specification demands", a_package_costs_what_the_specification_demands },
        { "a poll is the same work among few and many", a_poll_is_the_same_work_among_few_and_many },
        { "what cannot be measured is refused", what_cannot_be_measured_is_refused },
    };
    return tests_main("bench_eim", tests, COUNT(tests));
}
