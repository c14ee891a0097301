#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "net_tests.h"

static const uint8_t admin_certificate[] = "admin", platform_certificate[] = "platform", stranger[] = "stranger";

static enum err platform_send(struct http_client *c, const struct http_call *q, struct http_response *p)
{
    struct platform *s = (struct platform *)c;
    json_t *o = NULL;
    s->calls++;
    if (!s->status)
        return ERR_IO;
    if (s->status < 300 && s->heard_count < COUNT(s->heard)) {
        REQUIRE(!strcmp(q->url, "https://cmp.partner.example.com/v1/network-events"));
        REQUIRE(json_read(q->body, &o, NULL) == ERR_OK);
        snprintf(s->heard[s->heard_count++], sizeof s->heard[0], "%s %s %s %s", json_str(o, "event"),
                 json_str(o, "iccid"), json_str(o, "plmn"), json_str(o, "at"));
        json_decref(o);
    }
    p->status = s->status;
    return ERR_OK;
}

static const struct http_client_ops platform_ops = { .send = platform_send };

static void know(struct fixture *f, size_t i, const uint8_t *certificate, size_t len, unsigned rights)
{
    struct span der = span_of(certificate, len);
    f->clients[i] = (struct network_client){ .name = "client", .rights = rights };
    REQUIRE(sha256(f->crypto, &der, 1, f->clients[i].fingerprint) == ERR_OK);
}

static void start(struct fixture *f)
{
    REQUIRE(db_open(&f->log, f->path, false, &f->env.db) == ERR_OK);
    REQUIRE(network_new(&f->env, &f->settings, &f->network) == ERR_OK);
}

static void stop(struct fixture *f)
{
    struct actor *a = network_actor(f->network);
    a->ops->free(a);
    db_close(f->env.db);
}

void fixture_restart(struct fixture *f)
{
    stop(f);
    start(f);
    f->dead = false;
}

void fixture_open(struct fixture *f)
{
    *f = (struct fixture){ .platform = { .client = { &platform_ops }, .status = 200 }, .p = HTTP_RESPONSE_INIT };
    clock_virtual_init(&f->clock, INT64_C(1767225600000));
    f->log = (struct log){ .clock = &f->clock.clock, .actor = "net" };
    REQUIRE(crypto_new_seeded(span_str("net"), &f->crypto) == ERR_OK);
    f->env = (struct env){ .clock = &f->clock.clock, .rng = crypto_rng(f->crypto), .log = &f->log,
                           .crypto = f->crypto, .http = &f->platform.client };
    know(f, 0, admin_certificate, sizeof admin_certificate, NETWORK_RIGHT_ADMINISTER);
    know(f, 1, platform_certificate, sizeof platform_certificate, NETWORK_RIGHT_PLATFORM);
    f->settings = (struct network_settings){ .plmn = PLMN,
                                             .platform_url = "https://cmp.partner.example.com",
                                             .clients = f->clients,
                                             .client_count = 2,
                                             .storage_key = { .at = { 1, 2, 3 }, .len = 32 } };
    snprintf(f->folder, sizeof f->folder, "/tmp/lab-net-XXXXXX");
    REQUIRE(mkdtemp(f->folder) != NULL);
    snprintf(f->path, sizeof f->path, "%s/net.db", f->folder);
    start(f);
}

void fixture_close(struct fixture *f)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    stop(f);
    for (size_t i = 0; i < COUNT(ends); i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", f->path, ends[i]);
        unlink(name);
    }
    rmdir(f->folder);
    http_response_release(&f->p);
    crypto_free(f->crypto);
}

static struct span certificate_of(enum who who)
{
    switch (who) {
    case ADMIN: return SPAN_ARRAY(admin_certificate);
    case PLATFORM: return SPAN_ARRAY(platform_certificate);
    case STRANGER: return SPAN_ARRAY(stranger);
    case NOBODY: break;
    }
    return (struct span){ 0 };
}

int call(struct fixture *f, enum who who, const char *method, const char *path, const char *body)
{
    if (f->restart_always || f->dead)
        fixture_restart(f);
    const struct actor_ops *ops = network_actor(f->network)->ops;
    struct http_request q = { .method = method, .path = path, .query = "", .body = span_str(body),
                              .peer = certificate_of(who) };
    http_response_clear(&f->p);
    enum err e = http_dispatch(ops->routes, ops->route_count, f->network, &f->log, &q, &f->p);
    f->dead = e == ERR_CUT;
    return e ? 0 : f->p.status;
}

const char *member(struct fixture *f, const char *name)
{
    static char kept[8][80];
    static unsigned turn;
    char *out = kept[turn++ % COUNT(kept)];
    json_t *o = NULL;
    out[0] = 0;
    if (json_read(buf_span(&f->p.body), &o, NULL))
        return out;
    const json_t *v = json_object_get(o, name);
    if (json_is_string(v))
        snprintf(out, sizeof kept[0], "%s", json_string_value(v));
    else if (json_is_boolean(v))
        snprintf(out, sizeof kept[0], "%s", json_is_true(v) ? "true" : "false");
    else if (json_is_integer(v))
        snprintf(out, sizeof kept[0], "%d", (int)json_integer_value(v));
    json_decref(o);
    return out;
}

int64_t tick(struct fixture *f)
{
    if (f->restart_always || f->dead)
        fixture_restart(f);
    struct actor *a = network_actor(f->network);
    enum err e = ERR_OK;
    int64_t next = a->ops->tick(a, clock_now(f->env.clock), &e);
    f->dead = e == ERR_CUT;
    CHECK(e == ERR_OK || e == ERR_CUT || e == ERR_IO); /* the last: its database failed, as a test wanted */
    return next;
}

/* --- the USIM */

struct usim usim_new(const char *k, const char *opc)
{
    struct usim u = { .aka = { .algorithm = AKA_MILENAGE, .k_len = 16 } };
    struct buf kb = hex(k), ob = hex(opc);
    memcpy(u.aka.k, kb.at, kb.len);
    memcpy(u.aka.opc, ob.at, ob.len);
    if (ob.len == 32)
        u.aka.algorithm = AKA_TUAK;
    u.aka.k_len = kb.len;
    buf_release(&kb);
    buf_release(&ob);
    return u;
}

static void put_hex(char *out, struct span bytes)
{
    struct buf b = { .max = 64 };
    REQUIRE(hex_put(&b, bytes) == ERR_OK);
    memcpy(out, b.at, b.len);
    out[b.len] = 0;
    buf_release(&b);
}

static int64_t number(const uint8_t *at)
{
    int64_t n = 0;
    for (size_t i = 0; i < 6; i++)
        n = n << 8 | at[i];
    return n;
}

static void synchronisation_failure(struct usim *u, struct crypto *c, const uint8_t *rand, char *hex_out)
{
    static const uint8_t amf[2];
    struct aka_vector v;
    uint8_t sqn[6], auts[14];
    int64_t highest = 0;
    for (int64_t ind = 0; ind < 32; ind++)
        if (u->seq[ind] << 5 >= highest)
            highest = u->seq[ind] << 5 | ind;
    for (size_t i = 0; i < 6; i++)
        sqn[i] = (uint8_t)(highest >> (40 - 8 * i));
    REQUIRE(aka_compute(c, &u->aka, rand, sqn, amf, &v) == ERR_OK);
    for (size_t i = 0; i < 6; i++)
        auts[i] = sqn[i] ^ v.ak_star[i];
    memcpy(auts + 6, v.mac_s, 8);
    put_hex(hex_out, SPAN_ARRAY(auts));
}

enum usim_answer usim_authenticate(struct usim *u, struct crypto *c, const char *rand_hex, const char *autn_hex,
                                   char *hex_out)
{
    struct buf rand = hex(rand_hex), autn = hex(autn_hex);
    struct aka_vector v;
    uint8_t sqn[6];
    enum usim_answer answer = USIM_MAC_FAILURE;
    REQUIRE(rand.len == 16 && autn.len == 16);
    REQUIRE(aka_compute(c, &u->aka, rand.at, (const uint8_t[6]){ 0 }, autn.at + 6, &v) == ERR_OK);
    for (size_t i = 0; i < 6; i++)
        sqn[i] = autn.at[i] ^ v.ak[i];
    REQUIRE(aka_compute(c, &u->aka, rand.at, sqn, autn.at + 6, &v) == ERR_OK);
    int64_t seq = number(sqn) >> 5, ind = number(sqn) & 31;
    if (!memcmp(v.mac_a, autn.at + 8, 8))
        answer = seq > u->seq[ind] ? USIM_RES : USIM_AUTS;
    if (answer == USIM_RES) {
        u->seq[ind] = seq;
        put_hex(hex_out, span_of(v.res, v.res_len));
    }
    if (answer == USIM_AUTS)
        synchronisation_failure(u, c, rand.at, hex_out);
    buf_release(&rand);
    buf_release(&autn);
    return answer;
}

void provision(struct fixture *f)
{
    CHECK(call(f, ADMIN, "PUT", "/v1/subscribers/" IMSI,
               "{\"iccid\":\"" ICCID "\",\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\",\"amf\":\"8000\"}") == 204);
    CHECK(call(f, ADMIN, "PUT", "/v1/coverage", "{\"countries\":[\"KE\",\"UG\"]}") == 204);
    CHECK(call(f, PLATFORM, "PUT", "/v1/status/" ICCID, "{\"service\":true}") == 204);
}

static int answer_with(struct fixture *f, const char *id, const char *kind, const char *value)
{
    char path[128], body[128];
    snprintf(path, sizeof path, "/v1/attach/%s/authenticate", id);
    snprintf(body, sizeof body, "{\"%s\":\"%s\"}", kind, value);
    return call(f, NOBODY, "POST", path, body);
}

int come_online(struct fixture *f, struct usim *u, char session[40])
{
    char value[40];
    session[0] = 0;
    int status = call(f, NOBODY, "POST", "/v1/attach", "{\"imsi\":\"" IMSI "\",\"country\":\"KE\"}");
    for (int round = 0; status == 200 && round < 2; round++) {
        char id[40];
        snprintf(id, sizeof id, "%s", member(f, "attachId"));
        enum usim_answer a = usim_authenticate(u, f->crypto, member(f, "rand"), member(f, "autn"), value);
        if (a == USIM_MAC_FAILURE)
            return -1;
        status = answer_with(f, id, a == USIM_RES ? "res" : "auts", value);
        if (a == USIM_RES)
            break;
    }
    if (status == 200)
        snprintf(session, 40, "%s", member(f, "sessionId"));
    return status;
}

static size_t add(struct test *all, size_t at, const struct test *more, size_t count)
{
    memcpy(all + at, more, count * sizeof *more);
    return at + count;
}

int main(void)
{
    struct test all[60];
    size_t n = add(all, 0, admin_tests, admin_test_count);
    n = add(all, n, attach_tests, attach_test_count);
    n = add(all, n, event_tests, event_test_count);
    return tests_main("net", all, n);
}
