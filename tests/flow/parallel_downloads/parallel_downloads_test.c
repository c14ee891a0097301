/* Many cards download at once over TLS on 127.0.0.1, each in a thread with a connection of its own: none gets a wrong
 * profile, none goes away empty, and of two that race for one code one only gets it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "rsp_ids.h"

#define CARDS 200
#define RACES 20
#define HOST "smdp.example.com"

/* One card, its code, and what came of it. */
struct device {
    struct lab *lab;
    struct lab_card card;
    struct env env; /* its own way to the SM-DP+ */
    struct http_client *http;
    pthread_t thread;
    pthread_barrier_t *start;
    char iccid[21], matching_id[16], refusal[40];
    uint8_t received[10]; /* the ICCID in the metadata that it was shown */
    int64_t loaded;       /* 0: installed */
    enum err told;
};

/* The lab's SM-DP+ behind a TLS listener with certificates of today: TLS lives in the machine's time. */
struct tls {
    struct pki *pki;
    struct buf roots;
    struct net net;
    struct http_server *server;
    struct env env; /* of the callers */
};

static void open_tls(struct lab *l, struct tls *t)
{
    const struct pki_item *item = NULL;
    *t = (struct tls){ .roots = { .max = 64 << 10 } };
    t->env = (struct env){ .clock = clock_system(), .rng = crypto_rng(l->crypto), .log = &l->log, .crypto = l->crypto };
    REQUIRE(pki_new(l->crypto, clock_now(clock_system()), &t->pki) == ERR_OK);
    REQUIRE(pki_roots_pem(t->pki, &t->roots) == ERR_OK && pki_server(t->pki, HOST, &item) == ERR_OK);
    const struct http_server_settings s = { .host = "127.0.0.1", .identity = { item->pem, item->key_pem }, .threads = 4 };
    REQUIRE(http_server_start(&l->part[LAB_SMDP].env, l->part[LAB_SMDP].actor, &s, &t->server) == ERR_OK);
    REQUIRE(net_add(&t->net, HOST, "127.0.0.1", http_server_port(t->server)) == ERR_OK);
}

static void close_tls(struct tls *t)
{
    http_server_stop(t->server);
    net_release(&t->net);
    pki_free(t->pki);
    buf_release(&t->roots);
}

/* 30 digits and two that check them (SGP.02 2.2.2). */
static void eid_of(unsigned number, char eid[33])
{
    unsigned rest = 0;
    snprintf(eid, 33, "8904903212345123451234%08u00", number % 100000000);
    for (size_t i = 0; i < 32; i++)
        rest = (rest * 10 + (unsigned)(eid[i] - '0')) % 97;
    snprintf(eid + 30, 3, "%02u", 98 - rest);
}

static void import(struct lab *l, unsigned count)
{
    char imsi[16], iccid[21];
    struct buf text = { .max = 1 << 20 };
    json_t *list = json_array(), *body = json_pack("{s:o}", "profiles", list);
    for (unsigned i = 0; i < count; i++) {
        snprintf(iccid, sizeof iccid, "8900099%012u1", i);
        snprintf(imsi, sizeof imsi, "26202%010u", i);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "iccid", iccid, "imsi", imsi, "operator",
                                              "eso", "k", LAB_K, "opc", LAB_OPC));
    }
    REQUIRE(json_write(body, &text) == ERR_OK);
    REQUIRE(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/profiles", buf_cstr(&text), NULL) == 200);
    json_decref(body);
    buf_release(&text);
}

static void open_device(struct lab *l, struct tls *t, struct device *d, unsigned card, unsigned order)
{
    const struct http_client_settings s = { .net = &t->net, .roots_pem = buf_span(&t->roots), .user_agent = "test" };
    char eid[33];
    *d = (struct device){ .lab = l, .loaded = -1, .told = ERR_STATE };
    eid_of(card + 1, eid);
    snprintf(d->iccid, sizeof d->iccid, "8900099%012u1", order);
    snprintf(d->matching_id, sizeof d->matching_id, "CODE-%u", order);
    REQUIRE(http_client_tls_new(&t->env, &s, &d->http) == ERR_OK);
    d->env = t->env;
    d->env.http = d->http;
    lab_card_open(l, &d->card, "CERT_EUICC_ECDSA_NIST", eid, false);
}

static void close_devices(struct device *d, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        http_client_free(d[i].http);
        lab_card_close(&d[i].card);
    }
    free(d);
}

static void *download(void *context)
{
    struct device *d = context;
    struct lab_download x;
    lab_download_begin(d->lab, &d->card, &x);
    x.peer.env = &d->env;
    x.matching_id = d->matching_id;
    pthread_barrier_wait(d->start);
    snprintf(d->refusal, sizeof d->refusal, "%s", lab_fetch(&x));
    if (x.authenticated.metadata.iccid.len == sizeof d->received)
        memcpy(d->received, x.authenticated.metadata.iccid.at, sizeof d->received);
    if (!d->refusal[0]) {
        d->loaded = lab_load(&x);
        d->told = es9p_handle_notification(&x.peer, buf_span(&x.loaded.received));
    }
    lab_download_end(&x);
    return NULL;
}

/* All at once; the lab's log has one reader, so nobody logs meanwhile. */
static void run(struct lab *l, struct device *d, unsigned count)
{
    pthread_barrier_t start;
    REQUIRE(pthread_barrier_init(&start, NULL, count) == 0);
    l->part[LAB_SMDP].log.sink = l->log.sink = NULL;
    for (size_t i = 0; i < count; i++) {
        d[i].start = &start;
        REQUIRE(pthread_create(&d[i].thread, NULL, download, &d[i]) == 0);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(d[i].thread, NULL);
    pthread_barrier_destroy(&start);
}

static void release_orders(struct lab *l, unsigned count)
{
    char iccid[21], matching_id[16];
    import(l, count);
    for (unsigned i = 0; i < count; i++) {
        snprintf(iccid, sizeof iccid, "8900099%012u1", i);
        snprintf(matching_id, sizeof matching_id, "CODE-%u", i);
        lab_release(l, iccid, "", matching_id, "");
    }
}

static void none_wrong_none_lost(void)
{
    struct lab l;
    struct tls t;
    struct device *d = calloc(CARDS, sizeof *d);
    REQUIRE(d != NULL);
    lab_open(&l);
    release_orders(&l, CARDS);
    open_tls(&l, &t);
    for (unsigned i = 0; i < CARDS; i++)
        open_device(&l, &t, &d[i], i, i);
    run(&l, d, CARDS);
    for (size_t i = 0; i < CARDS; i++) {
        uint8_t iccid[10];
        char url[80];
        REQUIRE(rsp_iccid_parse(d[i].iccid, iccid) == ERR_OK);
        CHECK_ROW(d[i].matching_id, !d[i].refusal[0] && d[i].loaded == 0 && d[i].told == ERR_OK);
        CHECK_ROW(d[i].matching_id, memcmp(d[i].received, iccid, sizeof iccid) == 0);
        CHECK_ROW(d[i].matching_id, lab_card_state(&d[i].card, d[i].iccid) == 0);
        snprintf(url, sizeof url, LAB_SMDP_URL "/v1/profiles/%s", d[i].iccid);
        CHECK_ROW(d[i].matching_id, strcmp(lab_profile_state(&l, d[i].iccid), "installed") == 0);
        CHECK_ROW(d[i].matching_id, strcmp(lab_get(&l, l.admin, url, "eid"), d[i].card.eid) == 0);
    }
    close_tls(&t);
    close_devices(d, CARDS);
    lab_close(&l);
}

/* The loser is refused as the second one on a bound order, or, where it came late, on one that is used up. */
static bool is_refused_as_second(const char *refusal)
{
    return strcmp(refusal, "8.1.1/3.8") == 0 || strcmp(refusal, "8.2.6/3.8") == 0 || strcmp(refusal, "8.2/3.7") == 0;
}

static void one_code_two_cards(void)
{
    struct lab l;
    struct tls t;
    struct device *d = calloc(2 * RACES, sizeof *d);
    REQUIRE(d != NULL);
    lab_open(&l);
    release_orders(&l, RACES);
    open_tls(&l, &t);
    for (unsigned i = 0; i < 2 * RACES; i++)
        open_device(&l, &t, &d[i], i, i / 2);
    run(&l, d, 2 * RACES);
    for (size_t i = 0; i < 2 * RACES; i += 2) {
        struct device *winner = d[i].refusal[0] ? &d[i + 1] : &d[i], *loser = winner == &d[i] ? &d[i + 1] : &d[i];
        CHECK_ROW(d[i].matching_id, !winner->refusal[0] && winner->loaded == 0 && winner->told == ERR_OK);
        CHECK_ROW(d[i].matching_id, is_refused_as_second(loser->refusal));
        CHECK_ROW(d[i].matching_id, lab_card_state(&winner->card, d[i].iccid) == 0);
        CHECK_ROW(d[i].matching_id, lab_card_state(&loser->card, d[i].iccid) == -1);
        CHECK_ROW(d[i].matching_id, strcmp(lab_profile_state(&l, d[i].iccid), "installed") == 0);
    }
    close_tls(&t);
    close_devices(d, 2 * RACES);
    lab_close(&l);
}

int main(void)
{
    static const struct test tests[] = {
        { "two hundred cards at once over TLS: each gets the profile of its code, and nobody another's", none_wrong_none_lost },
        { "of two cards that race for one code over TLS one gets it, and the other hears why not", one_code_two_cards },
    };
    return tests_main("parallel_downloads", tests, COUNT(tests));
}
