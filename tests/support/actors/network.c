/* A network as far as a device sees one: a challenge with the SIM's own keys, a session, its check. */
#include <stdio.h>
#include <string.h>

#include "aka.h"
#include "lab_internal.h"

static void challenge(struct lab_network *n, uint8_t autn[16])
{
    struct aka_params keys = { .algorithm = AKA_MILENAGE, .k_len = 16, .res_len = 8 };
    struct aka_vector v;
    struct buf k = hex(LAB_K), opc = hex(LAB_OPC);
    static const uint8_t amf[2] = { 0x80, 0x00 };
    uint8_t sqn[6];
    memcpy(keys.k, k.at, 16);
    memcpy(keys.opc, opc.at, 16);
    n->sqn += 32;
    for (int i = 0; i < 6; i++)
        sqn[i] = (uint8_t)(n->sqn >> (40 - 8 * i));
    REQUIRE(rng_fill(n->lab->env.rng, n->rand, sizeof n->rand) == ERR_OK);
    REQUIRE(aka_compute(n->lab->crypto, &keys, n->rand, sqn, amf, &v) == ERR_OK);
    for (int i = 0; i < 6; i++)
        autn[i] = sqn[i] ^ v.ak[i];
    memcpy(autn + 6, amf, 2);
    memcpy(autn + 8, v.mac_a, 8);
    memcpy(n->res, v.res, 8);
    buf_release(&k);
    buf_release(&opc);
}

static enum err attach(void *actor, const struct http_request *q, struct http_response *p)
{
    struct lab_network *n = actor;
    uint8_t autn[16];
    (void)q;
    if (n->down)
        return http_json(p, 403, json_pack("{s:s}", "cause", "no-coverage"));
    challenge(n, autn);
    json_t *o = json_pack("{s:s}", "attachId", "1");
    REQUIRE(json_set_hex(o, "rand", SPAN_ARRAY(n->rand)) == ERR_OK &&
            json_set_hex(o, "autn", SPAN_ARRAY(autn)) == ERR_OK);
    return http_json(p, 200, o);
}

static enum err authenticate(void *actor, const struct http_request *q, struct http_response *p)
{
    struct lab_network *n = actor;
    json_t *o = NULL;
    struct buf res = { .max = 16 };
    enum err e = http_read_json(q, p, &o);
    if (e)
        return e;
    bool good = json_hex(o, "res", &res) == ERR_OK && span_equal(buf_span(&res), SPAN_ARRAY(n->res));
    json_decref(o);
    buf_release(&res);
    if (!good)
        return http_json(p, 403, json_pack("{s:s}", "cause", "authentication-failed"));
    n->attached++;
    return http_json(p, 200, json_pack("{s:s}", "sessionId", "1"));
}

static enum err check(void *actor, const struct http_request *q, struct http_response *p)
{
    struct lab_network *n = actor;
    (void)q;
    return http_json(p, 200, json_pack("{s:b}", "online", !n->down));
}

static const struct http_route routes[] = {
    { "POST", "/v1/attach", attach },
    { "POST", "/v1/attach/{id}/authenticate", authenticate },
    { "POST", "/v1/sessions/{id}/check", check },
};
static const struct actor_ops ops = { .role = "net", .routes = routes, .route_count = COUNT(routes) };

void lab_network_open(struct lab *l, struct lab_network *n, const char *host)
{
    *n = (struct lab_network){ .actor = { &ops }, .lab = l };
    REQUIRE(http_switch_set(l->wires, host, &n->actor, NULL, &l->log) == ERR_OK);
}
