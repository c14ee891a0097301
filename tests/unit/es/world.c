#include <stdio.h>
#include <string.h>

#include "es_tests.h"

static void see(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message,
                struct buf *bytes)
{
    struct world *w = (struct world *)((char *)t - offsetof(struct world, tamper));
    (void)actor;
    if (moment != TAMPER_BEFORE_SENDING)
        return;
    if (w->seen_count < COUNT(w->seen))
        snprintf(w->seen[w->seen_count++], sizeof w->seen[0], "%s", message);
    if (w->tampering && !strcmp(w->tampering, message))
        w->change(bytes);
}

void world_open(struct world *w, struct actor *actor)
{
    *w = (struct world){ .tamper = { .at = see } };
    clock_virtual_init(&w->clock, INT64_C(1767225600000));
    w->log = (struct log){ .clock = &w->clock.clock, .actor = "test" };
    w->env =
        (struct env){ .clock = &w->clock.clock, .rng = rng_system(), .log = &w->log, .tamper = &w->tamper };
    if (actor) {
        REQUIRE(http_switch_new(&w->env, &w->http) == ERR_OK);
        REQUIRE(http_switch_set(w->http, "server.example.com", actor, NULL, &w->log) == ERR_OK);
        REQUIRE(http_client_direct_new(w->http, (struct span){ 0 }, &w->env.http) == ERR_OK);
    }
    w->peer =
        (struct es_peer){ .env = &w->env, .base_url = SERVER_URL, .requester = "eso", .call_id = "call-1" };
}

void world_close(struct world *w)
{
    http_client_free(w->env.http);
    http_switch_free(w->http);
}

bool world_saw(const struct world *w, const char *message)
{
    for (size_t i = 0; i < w->seen_count; i++)
        if (!strcmp(w->seen[i], message))
            return true;
    return false;
}

void world_post(struct world *w, const char *path, const char *type, const char *protocol, struct span body,
                struct http_response *p)
{
    char url[256];
    struct http_header headers[3] = { { "User-Agent", "gsma-rsp-ipad" } };
    struct http_call q = { .method = "POST", .url = url, .headers = headers, .header_count = 1, .body = body };
    snprintf(url, sizeof url, SERVER_URL "%s", path);
    if (type)
        headers[q.header_count++] = (struct http_header){ "Content-Type", type };
    if (protocol)
        headers[q.header_count++] = (struct http_header){ "X-Admin-Protocol", protocol };
    http_response_release(p);
    *p = HTTP_RESPONSE_INIT;
    REQUIRE(http_send(w->env.http, &q, p) == ERR_OK);
}

void cut_short(struct buf *bytes)
{
    bytes->len /= 2;
}

void empty_it(struct buf *bytes)
{
    bytes->len = 0;
}

void spoil_first_octet(struct buf *bytes)
{
    if (bytes->len)
        bytes->at[0] ^= 0xff;
}
