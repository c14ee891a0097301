/* sgp32lab bench euicc: the card alone. */
#include <stdio.h>

#include "bench_euicc.h"
#include "command_bench.h"
#include "saip.h"

static double per_download(const struct bench_euicc_result *r, double sum)
{
    return sum / r->downloads;
}

static void print_json(const struct bench_euicc_result *r)
{
    printf("{\"bench\":\"euicc\",\"downloads\":%u,\"card_cpu_seconds\":%.6f,\"downloads_per_cpu_second\":%.3f,"
           "\"operations\":{\"sign\":%.3f,\"verify\":%.3f,\"ecdh\":%.3f,\"keygen\":%.3f},",
           r->downloads, r->card_seconds, r->downloads_per_second, per_download(r, (double)r->counts.sign),
           per_download(r, (double)r->counts.verify), per_download(r, (double)r->counts.ecdh),
           per_download(r, (double)r->counts.keygen));
    printf("\"crypto_floor_seconds_per_download\":%.9f,\"ratio_to_floor\":%.3f,\"cards\":%u,\"making_cpu_seconds\":%.6f,"
           "\"bytes_per_idle_euicc\":%.0f,\"bytes_per_euicc_in_use\":%.0f}\n",
           r->floor_seconds, r->ratio, r->cards, r->making_seconds, r->bytes_per_idle_card, r->bytes_per_card_in_use);
}

static void print_text(const struct bench_euicc_result *r)
{
    printf("downloads            %u, installed and deleted again\n", r->downloads);
    printf("cpu of the card      %.3f s, %.3f ms a download, %.1f downloads a cpu second\n", r->card_seconds,
           per_download(r, r->card_seconds) * 1e3, r->downloads_per_second);
    printf("operations           %.2f sign, %.2f verify, %.2f ecdh, %.2f keygen a download\n",
           per_download(r, (double)r->counts.sign), per_download(r, (double)r->counts.verify),
           per_download(r, (double)r->counts.ecdh), per_download(r, (double)r->counts.keygen));
    printf("floor                %.3f ms a download\n", r->floor_seconds * 1e3);
    printf("ratio to floor       %.2f\n", r->ratio);
    printf("cards                %u made in %.2f s of cpu\n", r->cards, r->making_seconds);
    printf("bytes per idle eUICC %.0f, %.0f in use\n", r->bytes_per_idle_card, r->bytes_per_card_in_use);
}

static enum err read_package(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return ERR_NOT_FOUND;
    enum err e = buf_reserve(out, SAIP_UPP_MAX);
    if (!e)
        out->len = fread(out->at, 1, SAIP_UPP_MAX, f);
    if (!e && (ferror(f) || getc(f) != EOF))
        e = ERR_LIMIT;
    fclose(f);
    return e;
}

/* 0, or the exit status for a file that is no package. */
static int check_package(const char *path, struct buf *out)
{
    struct saip_package *p = NULL;
    struct saip_fault fault;
    enum err e = read_package(path, out);
    if (e)
        return command_refuse("bench", "%s: %s", path, e == ERR_LIMIT ? "too large for a profile package" : "no such file");
    e = saip_read(buf_span(out), &p, &fault);
    saip_free(p);
    if (e == ERR_PARSE && fault.identification >= 0)
        return command_refuse("bench", "%s: element %d: %s", path, fault.identification, fault.why);
    return e ? command_refuse("bench", "%s: %s", path, e == ERR_PARSE ? fault.why : "no memory") : 0;
}

int command_bench_euicc(int64_t downloads, int64_t cards, const char *package, bool json)
{
    struct bench_euicc_result r;
    struct buf upp = { .max = SAIP_UPP_MAX };
    char why[200];
    if (downloads < 1 || downloads > 100000 || cards < 1 || cards > 100000)
        return command_refuse("bench", "--downloads and --cards take 1 to 100000");
    int status = package ? check_package(package, &upp) : 0;
    const struct bench_euicc_options o = { (unsigned)downloads, (unsigned)cards, buf_span(&upp) };
    if (!status && bench_euicc(&o, &r, why)) {
        fprintf(stderr, "sgp32lab bench: %s\n", why);
        status = 1;
    }
    buf_release(&upp);
    if (!status && json)
        print_json(&r);
    else if (!status)
        print_text(&r);
    return status;
}
