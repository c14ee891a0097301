#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "euicc.h"
#include "world_internal.h"

/* A swap takes minutes of the world's time; who is not done after this is stuck. */
#define PATIENCE (6 * CLOCK_HOUR)

struct meter {
    double wall, cpu;
};

struct floor_costs {
    struct crypto_costs costs;
    double handshake;
};

struct bench {
    const struct bench_options *o;
    struct scenario *scenario;
    struct world *world;
    char (*swap)[64];         /* ids, by device */
    size_t done;              /* swaps[0 … done) are known to be done */
    struct meter began, told, aside; /* aside: spent on looking, not on swaps */
    char stuck[200];
};

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct meter meter_now(void)
{
    return (struct meter){ seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID) };
}

static void meter_add(struct meter *sum, struct meter since)
{
    struct meter now = meter_now();
    sum->wall += now.wall - since.wall;
    sum->cpu += now.cpu - since.cpu;
}

/* --- the world ------------------------------------------------------------------------------------------- */

static enum err make_scenario(struct bench *b, char why[400])
{
    static const char text[] =
        "scenario: Benchmark\n"
        "plays: {catalogue: [1], requirements: [R1]}\n"
        "world:\n"
        "  carriers:\n"
        "    lead:    {country: DE, plmn: 26201, platform: control-center, roams-in: [KE]}\n"
        "    partner: {country: KE, plmn: 63902, platform: control-center}\n"
        "  contracts:\n"
        "    kenya: {with: partner, model: handover, rate-plan: iot-1mb}\n"
        "  stock: {kenya: %lld}\n"
        "  devices:\n"
        "    meter: {count: %lld, starts-on: lead, fallback: lead, in: KE, polls-every: 1 min}\n"
        "steps:\n"
        "  - {name: nothing, do: {wait: 1 s}}\n";
    struct buf yaml = { .max = 4096 };
    struct yaml_error error = { "out of memory" };
    enum err e = buf_printf(&yaml, text, (long long)b->o->devices, (long long)b->o->devices);
    if (!e)
        e = scenario_read_text(buf_span(&yaml), "benchmark", &b->scenario, &error);
    if (e)
        snprintf(why, 400, "%s", error.text);
    buf_release(&yaml);
    return e;
}

/* Until every device has attached and polled once: from here on nothing is left but the swaps. */
static enum err build(struct bench *b, char why[400])
{
    const struct world_options options = { .wiring = b->o->wiring, .seed = b->o->seed };
    enum err e = make_scenario(b, why);
    if (e)
        return e;
    e = world_new(b->scenario, &options, &b->world);
    if (!e)
        e = world_run(b->world, world_now(b->world) + 10 * CLOCK_SECOND, NULL, NULL);
    b->swap = calloc((size_t)b->o->devices, sizeof *b->swap);
    if (!e && !b->swap)
        e = ERR_NOMEM;
    if (e)
        snprintf(why, 400, "%s", b->world && b->world->failure[0] ? b->world->failure : err_name(e));
    return e;
}

static double footprint(const struct world *w)
{
    size_t sum = 0;
    for (size_t i = 0; i < w->device_count; i++)
        sum += euicc_footprint(w->devices[i].euicc);
    return w->device_count ? (double)sum / (double)w->device_count : 0;
}

static uint64_t handshakes(const struct world *w)
{
    uint64_t sum = http_client_handshakes(w->admin);
    for (size_t i = 0; i < w->part_count; i++)
        sum += http_client_handshakes(w->parts[i].http);
    return sum;
}

/* --- the swaps --------------------------------------------------------------------------------------------- */

static enum err order(struct bench *b, size_t i, char why[400])
{
    char path[96];
    int status = 0;
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/v1/euiccs/%s/swap", b->world->devices[i].eid);
    enum err e = world_call(b->world, "POST", HOST_ESO, path, json_pack("{s:s}", "target", "partner"), &status, &answer);
    const char *id = json_str(answer, "id");
    if (!e && (status / 100 != 2 || !id))
        e = ERR_REFUSED;
    if (e)
        snprintf(why, 400, "the swap of %s is not accepted: %d %s", b->world->devices[i].name, status,
                 e == ERR_REFUSED ? b->world->last_problem : err_name(e));
    else
        snprintf(b->swap[i], sizeof b->swap[i], "%s", id);
    json_decref(answer);
    return e;
}

static bool is_done(struct bench *b, size_t i)
{
    char path[96];
    int status = 0;
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/v1/swaps/%s", b->swap[i]);
    enum err e = world_look(b->world, HOST_ESO, path, &status, &answer);
    const char *state = json_str(answer, "state"), *cause = json_str(answer, "cause");
    bool done = !e && status == 200 && state && strcmp(state, "DONE") == 0;
    snprintf(b->stuck, sizeof b->stuck, "swap %.64s of %.64s is %.20s%s%.32s", b->swap[i], b->world->devices[i].name,
             state ? state : err_name(e), cause && cause[0] ? ": " : "", cause ? cause : "");
    json_decref(answer);
    return done;
}

static void tell(struct bench *b, const char *what)
{
    struct meter now = meter_now();
    if (!b->o->progress || now.wall - b->told.wall < 2)
        return;
    b->told = now;
    fprintf(b->o->progress, "%zu of %lld %s, %.0f s\n", b->done, (long long)b->o->devices, what,
            now.wall - b->began.wall);
}

/* Looks at the first swap that is not known to be done; when it is, at the next. Looking is not counted. */
static bool all_done(void *context)
{
    struct bench *b = context;
    struct meter began = meter_now();
    while (b->done < (size_t)b->o->devices && is_done(b, b->done))
        b->done++;
    tell(b, "swaps done");
    meter_add(&b->aside, began);
    return b->done == (size_t)b->o->devices;
}

static enum err swap_all(struct bench *b, char why[400])
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < (size_t)b->o->devices; i++)
        e = order(b, i, why);
    if (e)
        return e;
    e = world_run(b->world, world_now(b->world) + PATIENCE, all_done, b);
    if (e)
        snprintf(why, 400, "%zu of %lld swaps are done; %s%s%.150s", b->done, (long long)b->o->devices, b->stuck,
                 b->world->failure[0] ? "; " : "", b->world->failure);
    return e == ERR_TIMEOUT ? ERR_STATE : e;
}

static void subtract(struct crypto_counts *a, const struct crypto_counts *b)
{
    a->sign -= b->sign;
    a->verify -= b->verify;
    a->ecdh -= b->ecdh;
    a->keygen -= b->keygen;
}

static enum err measure_swaps(struct bench *b, struct bench_result *out, char why[400])
{
    struct crypto_counts before = { 0 };
    out->swaps = b->o->devices;
    out->bytes_per_idle_euicc = footprint(b->world);
    uint64_t handshakes_before = handshakes(b->world);
    crypto_counts(b->world->crypto, &before);
    b->began = b->told = meter_now();
    enum err e = swap_all(b, why);
    struct meter spent = { -b->aside.wall, -b->aside.cpu };
    meter_add(&spent, b->began);
    out->wall_seconds = spent.wall;
    out->cpu_seconds = spent.cpu;
    crypto_counts(b->world->crypto, &out->counts);
    subtract(&out->counts, &before);
    out->handshakes = handshakes(b->world) - handshakes_before;
    return e;
}

/* --- the floor --------------------------------------------------------------------------------------------- */

static enum err measure_floor(const struct bench_options *o, struct floor_costs *out)
{
    enum err e = crypto_measure_floor(&out->costs);
    if (!e && o->wiring == WIRING_LOOPBACK)
        e = bench_measure_handshake(&out->handshake);
    return e;
}

/* The mean of before and after: a neighbour who comes or goes meanwhile slows the swaps as much as their measure. */
static void set_floor(const struct floor_costs *a, const struct floor_costs *b, struct bench_result *out)
{
    const struct crypto_counts demanded = bench_demanded();
    out->costs = (struct crypto_costs){ (a->costs.sign + b->costs.sign) / 2, (a->costs.verify + b->costs.verify) / 2,
                                        (a->costs.ecdh + b->costs.ecdh) / 2, (a->costs.keygen + b->costs.keygen) / 2 };
    out->handshake_seconds = (a->handshake + b->handshake) / 2;
    out->floor_seconds = crypto_floor_seconds(&out->costs, &demanded) + BENCH_HANDSHAKES * out->handshake_seconds;
}

enum err bench_swap(const struct bench_options *o, struct bench_result *out, char why[400])
{
    struct bench b = { .o = o };
    struct floor_costs before = { .handshake = 0 }, after = { .handshake = 0 };
    *out = (struct bench_result){ 0 };
    why[0] = 0;
    enum err e = build(&b, why);
    if (!e)
        e = measure_floor(o, &before);
    if (!e)
        e = measure_swaps(&b, out, why);
    if (!e)
        e = measure_floor(o, &after);
    set_floor(&before, &after, out);
    world_free(b.world);
    scenario_free(b.scenario);
    free(b.swap);
    if (e && !why[0])
        snprintf(why, 400, "the floor cannot be measured: %s", err_name(e));
    return e;
}
