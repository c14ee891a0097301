/* sgp32lab bench: how fast, and how far from the floor. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "command_bench.h"

struct bench_command {
    struct bench_options options;
    const char *wiring, *package;
    int64_t devices, seed, downloads, cards;
    struct command_bench_eim eim;
    bool json, stored;
    enum subject { SWAP, EUICC, SMDP, EIM } subject;
};

static int read_options(struct bench_command *b, int argc, char **argv)
{
    static const char *const subjects[] = { "swap", "euicc", "smdp", "eim", NULL };
    static const char *const wirings[] = { "direct", "loopback", NULL };
    struct command_words words = { 0 };
    const struct command_option options[] = { { "--devices", OPTION_NUMBER, &b->devices },
                                              { "--wiring", OPTION_TEXT, &b->wiring },
                                              { "--seed", OPTION_NUMBER, &b->seed },
                                              { "--downloads", OPTION_NUMBER, &b->downloads },
                                              { "--cards", OPTION_NUMBER, &b->cards },
                                              { "--polls", OPTION_NUMBER, &b->eim.polls },
                                              { "--packages", OPTION_NUMBER, &b->eim.packages },
                                              { "--registered", OPTION_NUMBER, &b->eim.registered },
                                              { "--package", OPTION_TEXT, &b->package },
                                              { "--stored", OPTION_FLAG, &b->stored },
                                              { "--json", OPTION_FLAG, &b->json } };
    int status = command_read(options, COUNT(options), argc, argv, &words);
    if (status)
        return status;
    if (words.count != 1)
        return command_refuse("bench", "what? sgp32lab bench swap, euicc, smdp or eim");
    size_t subject = 0;
    while (subjects[subject] && strcmp(words.at[0], subjects[subject]) != 0)
        subject++;
    if (!subjects[subject])
        return command_refuse_word("bench", "subject", words.at[0], subjects);
    b->subject = (enum subject)subject;
    if (b->devices < 1 || b->devices > 100000)
        return command_refuse("bench", "--devices takes 1 to 100000");
    bool loopback = strcmp(b->wiring, "loopback") == 0;
    if (!loopback && strcmp(b->wiring, "direct") != 0)
        return command_refuse_word("bench", "wiring", b->wiring, wirings);
    b->options = (struct bench_options){ b->devices, loopback ? WIRING_LOOPBACK : WIRING_DIRECT, (uint64_t)b->seed,
                                         stderr };
    b->eim.wiring = b->options.wiring;
    b->eim.stored = b->stored;
    return 0;
}

static double per_swap(const struct bench_result *r, double sum)
{
    return r->swaps ? sum / (double)r->swaps : 0;
}

static double ratio(const struct bench_result *r)
{
    return r->floor_seconds > 0 ? per_swap(r, r->cpu_seconds) / r->floor_seconds : 0;
}

static double swaps_per_second(const struct bench_result *r)
{
    return r->cpu_seconds > 0 ? (double)r->swaps / r->cpu_seconds : 0;
}

static void print_json(const struct bench_command *b, const struct bench_result *r)
{
    const struct crypto_counts demanded = bench_demanded();
    printf("{\"bench\":\"swap\",\"wiring\":\"%s\",\"seed\":%lld,\"swaps\":%lld,\"wall_seconds\":%.6f,\"cpu_seconds\":%.6f,"
           "\"swaps_per_cpu_second\":%.3f,\"operations\":{\"sign\":%.3f,\"verify\":%.3f,\"ecdh\":%.3f,\"keygen\":%.3f},",
           wiring_name(b->options.wiring), (long long)b->seed, (long long)r->swaps, r->wall_seconds, r->cpu_seconds,
           swaps_per_second(r), per_swap(r, (double)r->counts.sign), per_swap(r, (double)r->counts.verify),
           per_swap(r, (double)r->counts.ecdh), per_swap(r, (double)r->counts.keygen));
    printf("\"operations_demanded\":{\"sign\":%llu,\"verify\":%llu,\"ecdh\":%llu,\"keygen\":%llu,\"handshake\":%d},"
           "\"handshakes\":%.3f,\"operation_seconds\":{\"sign\":%.9f,\"verify\":%.9f,\"ecdh\":%.9f,\"keygen\":%.9f,"
           "\"handshake\":%.9f},",
           (unsigned long long)demanded.sign, (unsigned long long)demanded.verify, (unsigned long long)demanded.ecdh,
           (unsigned long long)demanded.keygen, b->options.wiring == WIRING_LOOPBACK ? BENCH_HANDSHAKES : 0,
           per_swap(r, (double)r->handshakes), r->costs.sign, r->costs.verify, r->costs.ecdh, r->costs.keygen,
           r->handshake_seconds);
    printf("\"crypto_floor_seconds_per_swap\":%.9f,\"ratio_to_floor\":%.3f,\"bytes_per_idle_euicc\":%.0f}\n",
           r->floor_seconds, ratio(r), r->bytes_per_idle_euicc);
}

static void print_text(const struct bench_command *b, const struct bench_result *r)
{
    printf("swaps                %lld, %s, all done\n", (long long)r->swaps, wiring_name(b->options.wiring));
    printf("wall                 %.3f s\n", r->wall_seconds);
    printf("cpu                  %.3f s, %.3f ms a swap, %.1f swaps a cpu second\n", r->cpu_seconds,
           per_swap(r, r->cpu_seconds) * 1e3, swaps_per_second(r));
    printf("operations a swap    %.2f sign, %.2f verify, %.2f ecdh, %.2f keygen, %.2f TLS handshakes\n",
           per_swap(r, (double)r->counts.sign), per_swap(r, (double)r->counts.verify),
           per_swap(r, (double)r->counts.ecdh), per_swap(r, (double)r->counts.keygen),
           per_swap(r, (double)r->handshakes));
    printf("floor                %.3f ms a swap\n", r->floor_seconds * 1e3);
    printf("ratio to floor       %.2f\n", ratio(r));
    printf("bytes per idle eUICC %.0f\n", r->bytes_per_idle_euicc);
}

int command_bench(int argc, char **argv)
{
    struct bench_command b = { .wiring = "direct", .devices = 100, .seed = 1, .downloads = 200, .cards = 1000,
                               .eim = { .polls = 20000, .packages = 500, .registered = 1000 } };
    struct bench_result result;
    char why[400];
    int status = read_options(&b, argc, argv);
    if (status)
        return status;
    if (b.subject == EUICC)
        return command_bench_euicc(b.downloads, b.cards, b.package, b.json);
    if (b.subject == SMDP)
        return command_bench_smdp(b.downloads, b.options.wiring, b.stored, b.json);
    if (b.subject == EIM)
        return command_bench_eim(&b.eim, b.json);
    command_raise_file_limit("bench");
    if (bench_swap(&b.options, &result, why)) {
        fprintf(stderr, "sgp32lab bench: %s\n", why);
        return 1;
    }
    if (b.json)
        print_json(&b, &result);
    else
        print_text(&b, &result);
    return 0;
}
