/* sgp32lab bench smdp: the SM-DP+ alone. */
#include <stdio.h>

#include "bench_smdp.h"
#include "command_bench.h"

static double per_download(const struct bench_smdp_result *r, double sum)
{
    return sum / r->downloads;
}

static void print_json(const struct bench_smdp_result *r, enum wiring wiring)
{
    printf("{\"bench\":\"smdp\",\"wiring\":\"%s\",\"downloads\":%u,\"smdp_cpu_seconds\":%.6f,"
           "\"downloads_per_cpu_second\":%.3f,\"operations\":{\"sign\":%.3f,\"verify\":%.3f,\"ecdh\":%.3f,\"keygen\":%.3f},",
           wiring_name(wiring), r->downloads, r->smdp_seconds, r->downloads_per_second,
           per_download(r, (double)r->counts.sign), per_download(r, (double)r->counts.verify),
           per_download(r, (double)r->counts.ecdh), per_download(r, (double)r->counts.keygen));
    printf("\"database_steps_per_download\":%.1f,", r->database_steps);
    printf("\"crypto_floor_seconds_per_download\":%.9f,\"ratio_to_floor\":%.3f,\"profiles_imported\":%u,"
           "\"import_wall_seconds\":%.3f,\"resident_bytes\":{\"after_a_tenth\":%ld,\"at_the_end\":%ld}}\n",
           r->floor_seconds, r->ratio, r->downloads + 1, r->import_seconds, r->resident_before, r->resident_after);
}

static void print_text(const struct bench_smdp_result *r, enum wiring wiring)
{
    printf("downloads            %u, %s, all installed\n", r->downloads, wiring_name(wiring));
    printf("cpu of the SM-DP+    %.3f s, %.3f ms a download, %.1f downloads a cpu second\n", r->smdp_seconds,
           per_download(r, r->smdp_seconds) * 1e3, r->downloads_per_second);
    printf("operations           %.2f sign, %.2f verify, %.2f ecdh, %.2f keygen a download\n",
           per_download(r, (double)r->counts.sign), per_download(r, (double)r->counts.verify),
           per_download(r, (double)r->counts.ecdh), per_download(r, (double)r->counts.keygen));
    printf("database             %.0f steps a download\n", r->database_steps);
    printf("floor                %.3f ms a download\n", r->floor_seconds * 1e3);
    printf("ratio to floor       %.2f\n", r->ratio);
    printf("profiles             %u imported in %.2f s\n", r->downloads + 1, r->import_seconds);
    printf("resident memory      %.1f MiB after a tenth, %.1f MiB at the end\n", (double)r->resident_before / 1048576,
           (double)r->resident_after / 1048576);
}

int command_bench_smdp(int64_t downloads, enum wiring wiring, bool stored, bool json)
{
    struct bench_smdp_result r;
    char why[200];
    if (downloads < 1 || downloads > 100000)
        return command_refuse("bench", "--downloads takes 1 to 100000");
    const struct bench_smdp_options o = { (unsigned)downloads, stored, wiring };
    if (bench_smdp(&o, &r, why)) {
        fprintf(stderr, "sgp32lab bench: %s\n", why);
        return 1;
    }
    if (json)
        print_json(&r, wiring);
    else
        print_text(&r, wiring);
    return 0;
}
