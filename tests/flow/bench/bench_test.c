/* The benchmark counts what it says: each operation of the floor is really performed, and nobody's swap is left out. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "bench.h"
#include "harness.h"

static const struct row {
    const char *name;
    int64_t devices;
    enum wiring wiring;
} rows[] = {
    { "one device, functions only", 1, WIRING_DIRECT },
    { "several devices at once, functions only", 5, WIRING_DIRECT },
    { "several devices over real TLS", 3, WIRING_LOOPBACK },
};

static void check_row(const struct row *r)
{
    const struct bench_options o = { .devices = r->devices, .wiring = r->wiring, .seed = 7 };
    const struct crypto_counts floor = bench_demanded();
    struct bench_result result;
    char why[400];
    enum err e = bench_swap(&o, &result, why);
    if (e)
        printf("\n%s: %s\n", r->name, why);
    REQUIRE(e == ERR_OK);
    uint64_t n = (uint64_t)r->devices;
    bool tls = r->wiring == WIRING_LOOPBACK;
    CHECK_ROW(r->name, result.swaps == r->devices);
    CHECK_ROW(r->name, result.counts.sign == n * floor.sign);
    CHECK_ROW(r->name, result.counts.verify >= n * floor.verify && result.counts.verify <= n * (floor.verify + 1) + 4);
    CHECK_ROW(r->name, result.counts.ecdh == n * floor.ecdh);
    CHECK_ROW(r->name, result.counts.keygen == n * floor.keygen);
    CHECK_ROW(r->name, tls ? result.handshakes >= n * BENCH_HANDSHAKES : result.handshakes == 0);
    CHECK_ROW(r->name, tls ? result.handshake_seconds > 0 : result.handshake_seconds == 0);
    CHECK_ROW(r->name, result.cpu_seconds > 0 && result.wall_seconds > 0);
    CHECK_ROW(r->name, result.floor_seconds > 0 && result.floor_seconds < result.cpu_seconds / (double)n);
    CHECK_ROW(r->name, result.bytes_per_idle_euicc > 1000);
}

static void test_runs(void)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

static void test_floor(void)
{
    const struct bench_demand *d;
    unsigned remembered = 0;
    for (size_t i = 0; (d = bench_demand_at(i)); i++) {
        CHECK_ROW(d->what, strncmp(d->section, "SGP.", 4) == 0);
        CHECK_ROW(d->what, d->counts.sign + d->counts.verify + d->counts.ecdh + d->counts.keygen > 0);
        remembered += d->remembered;
    }
    const struct crypto_counts sum = bench_demanded();
    CHECK(sum.sign == 9 && sum.verify == 9 && sum.ecdh == 2 && sum.keygen == 2);
    CHECK(remembered == 3);
}

static const struct call {
    const char *name, *args;
    int status;
    const char *says;
} calls[] = {
    { "the figures are the one line on standard output", "swap --devices 2 --json 2>/dev/null | wc -l | tr -d ' '", 0, "1\n" },
    { "all figures are there", "swap --devices 2 --json", 0, "\"ratio_to_floor\":" },
    { "nothing to measure", "", 2, "sgp32lab bench swap" },
    { "something else to measure", "swab", 2, "did you mean 'swap'?" },
    { "no devices", "swap --devices 0", 2, "1 to 100000" },
    { "too many devices", "swap --devices 100001", 2, "1 to 100000" },
    { "a wiring that cannot be measured", "swap --wiring process", 2, "unknown wiring 'process'" },
};

static void test_calls(void)
{
    for (size_t i = 0; i < COUNT(calls); i++) {
        char command[4096], text[8192];
        const char *bin = getenv("LAB_BIN");
        snprintf(command, sizeof command, "exec 2>&1; %s/sgp32lab bench %s", bin ? bin : ".", calls[i].args);
        FILE *p = popen(command, "re");
        REQUIRE(p != NULL);
        text[fread(text, 1, sizeof text - 1, p)] = 0;
        int status = pclose(p);
        CHECK_ROW(calls[i].name, WIFEXITED(status) && WEXITSTATUS(status) == calls[i].status);
        CHECK_ROW(calls[i].name, strstr(text, calls[i].says) != NULL);
    }
}

int main(void)
{
    static const struct test tests[] = {
        { "the floor is the sum of its table", test_floor },
        { "every swap performs what the floor counts", test_runs },
        { "the command", test_calls },
    };
    return tests_main("bench", tests, COUNT(tests));
}
