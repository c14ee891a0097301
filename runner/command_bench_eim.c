/* sgp32lab bench eim: the eIM alone. */
#include <stdio.h>

#include "command_bench.h"

static double per_package(const struct bench_eim_options *o, double sum)
{
    return sum / o->packages;
}

static void print_json(const struct bench_eim_options *o, const struct bench_eim_result *r)
{
    printf("{\"bench\":\"eim\",\"wiring\":\"%s\",\"registered\":%u,\"import_wall_seconds\":%.3f,\"polls\":%u,"
           "\"poll_cpu_seconds\":%.6f,\"polls_per_cpu_second\":%.1f,\"database_steps_per_poll\":%.3f,",
           wiring_name(o->wiring), o->registered, r->import_seconds, o->polls, r->poll_seconds,
           o->polls / r->poll_seconds, r->poll_steps);
    printf("\"packages\":%u,\"package_cpu_seconds\":%.6f,\"packages_per_cpu_second\":%.1f,", o->packages,
           r->package_seconds, o->packages / r->package_seconds);
    printf("\"operations\":{\"sign\":%.3f,\"verify\":%.3f},\"crypto_floor_seconds_per_package\":%.9f,\"ratio_to_floor\":%.3f,"
           "\"resident_bytes\":{\"before_the_import\":%ld,\"at_the_end\":%ld}}\n",
           per_package(o, (double)r->counts.sign), per_package(o, (double)r->counts.verify), r->floor_seconds, r->ratio,
           r->resident_before, r->resident_after);
}

static void print_text(const struct bench_eim_options *o, const struct bench_eim_result *r)
{
    printf("registered           %u eUICCs, imported in %.2f s, %s\n", o->registered, r->import_seconds,
           wiring_name(o->wiring));
    printf("polls                %u, %.2f us and %.1f steps of the database each, %.0f a cpu second\n", o->polls,
           r->poll_seconds / o->polls * 1e6, r->poll_steps, o->polls / r->poll_seconds);
    printf("packages             %u, %.3f ms each, %.0f a cpu second\n", o->packages,
           per_package(o, r->package_seconds) * 1e3, o->packages / r->package_seconds);
    printf("operations           %.2f sign, %.2f verify a package\n", per_package(o, (double)r->counts.sign),
           per_package(o, (double)r->counts.verify));
    printf("floor                %.3f ms a package\n", r->floor_seconds * 1e3);
    printf("ratio to floor       %.2f\n", r->ratio);
    printf("resident memory      %.1f MiB before the import, %.1f MiB at the end\n", (double)r->resident_before / 1048576,
           (double)r->resident_after / 1048576);
}

static bool in_range(int64_t n, int64_t most)
{
    return n >= 1 && n <= most;
}

int command_bench_eim(const struct command_bench_eim *c, bool json)
{
    struct bench_eim_result r;
    char why[200];
    if (!in_range(c->polls, 10000000) || !in_range(c->registered, 10000000))
        return command_refuse("bench", "--polls and --registered take 1 to 10000000");
    if (!in_range(c->packages, 100000))
        return command_refuse("bench", "--packages takes 1 to 100000");
    const struct bench_eim_options o = { .polls = (unsigned)c->polls, .packages = (unsigned)c->packages,
                                         .registered = (unsigned)c->registered, .stored = c->stored,
                                         .wiring = c->wiring };
    if (bench_eim(&o, &r, why)) {
        fprintf(stderr, "sgp32lab bench: %s\n", why);
        return 1;
    }
    if (json)
        print_json(&o, &r);
    else
        print_text(&o, &r);
    return 0;
}
