#include <stdio.h>
#include <string.h>

#include "es2p.h"
#include "es_tests.h"

/* An SM-DP+ that remembers the order and answers what it is told to. */
struct smdp {
    struct actor actor;
    const struct env *env;
    struct es2p_order order;
    struct es_status status;
};

static enum err answer(void *actor, enum es2p_function f, const struct http_request *q,
                       struct http_response *p)
{
    struct smdp *s = actor;
    const struct es2p_answer a = { .iccid = "8944500000000000012",
                                   .matching_id = "ABC-1",
                                   .smdp_address = "smdp.example.com" };
    enum err e = es2p_read(f, s->env, q, p, &s->order);
    if (e)
        return e == ERR_REFUSED ? ERR_OK : e;
    return es2p_write(f, s->env, q, &a, &s->status, p);
}

static enum err download_order(void *actor, const struct http_request *q, struct http_response *p)
{
    return answer(actor, ES2P_DOWNLOAD_ORDER, q, p);
}

static enum err confirm_order(void *actor, const struct http_request *q, struct http_response *p)
{
    return answer(actor, ES2P_CONFIRM_ORDER, q, p);
}

static enum err cancel_order(void *actor, const struct http_request *q, struct http_response *p)
{
    return answer(actor, ES2P_CANCEL_ORDER, q, p);
}

static enum err release_profile(void *actor, const struct http_request *q, struct http_response *p)
{
    return answer(actor, ES2P_RELEASE_PROFILE, q, p);
}

static const struct http_route routes[] = {
    { "POST", "/gsma/rsp2/es2plus/downloadOrder", download_order },
    { "POST", "/gsma/rsp2/es2plus/confirmOrder", confirm_order },
    { "POST", "/gsma/rsp2/es2plus/cancelOrder", cancel_order },
    { "POST", "/gsma/rsp2/es2plus/releaseProfile", release_profile },
};
static const struct actor_ops smdp_ops = { .role = "smdp", .routes = routes, .route_count = COUNT(routes) };

static void open_smdp(struct world *w, struct smdp *s)
{
    *s = (struct smdp){ .actor.ops = &smdp_ops };
    world_open(w, &s->actor);
    s->env = &w->env;
}

void es2p_orders_arrive(void)
{
    struct world w;
    struct smdp s;
    struct es2p_answer a;
    struct es_status status;
    const struct es2p_order q = { .iccid = "8944500000000000012",
                                  .eid = "89049032123451234512345678901235",
                                  .matching_id = "ABC-1",
                                  .confirmation_code = "1234",
                                  .release = true,
                                  .profile_type = "iot",
                                  .final_state = "Available" };
    open_smdp(&w, &s);
    CHECK(es2p_download_order(&w.peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
    CHECK(!strcmp(s.order.requester, "eso") && !strcmp(s.order.profile_type, "iot"));
    CHECK(!s.order.matching_id[0] && !s.order.confirmation_code[0]); /* not of this function */
    CHECK(!strcmp(a.iccid, "8944500000000000012"));
    CHECK(es2p_confirm_order(&w.peer, &q, &a, &status) == ERR_OK);
    CHECK(s.order.release && !strcmp(s.order.confirmation_code, "1234") && !strcmp(s.order.eid, q.eid));
    CHECK(!strcmp(a.matching_id, "ABC-1") && !strcmp(a.smdp_address, "smdp.example.com"));
    CHECK(es2p_cancel_order(&w.peer, &q, &a, &status) == ERR_OK && !strcmp(s.order.final_state, "Available"));
    CHECK(es2p_release_profile(&w.peer, &q, &a, &status) == ERR_OK && !s.order.matching_id[0]);
    es_refuse(&s.status, "8.2.6", "3.3", "conflicting");
    CHECK(es2p_confirm_order(&w.peer, &q, &a, &status) == ERR_OK && es_refused(&status));
    CHECK(!strcmp(status.subject, "8.2.6") && !strcmp(status.reason, "3.3") && !a.matching_id[0]);
    CHECK(world_saw(&w, "ES2+.ConfirmOrderRequest") && world_saw(&w, "ES2+.ConfirmOrderResponse"));
    world_close(&w);
}

#define V2 "gsma/rsp/v2.5.0"
#define JSON "application/json"
#define HEADER "\"header\":{\"functionRequesterIdentifier\":\"eso\",\"functionCallIdentifier\":\"1\"}"
static const struct {
    const char *name, *path, *type, *protocol, *body;
    int status;
    const char *contains;
} posts[] = {
    { "an order is taken", "confirmOrder", JSON, V2, "{" HEADER ",\"iccid\":\"89445\",\"releaseFlag\":true}",
      200, "Executed-Success" },
    { "no content type", "confirmOrder", NULL, V2, "{}", 200, "\"1.2.1\"" },
    { "another content type", "confirmOrder", "text/plain", V2, "{}", 200, "\"1.2.1\"" },
    { "no protocol", "confirmOrder", JSON, NULL, "{}", 200, "\"1.2.2\"" },
    { "a foreign protocol", "confirmOrder", JSON, "gsma/rsp/v3.0.0", "{}", 200, "\"1.2.2\"" },
    { "no header", "confirmOrder", JSON, V2, "{\"iccid\":\"89445\",\"releaseFlag\":true}", 200, "\"1.3.1\"" },
    { "no ICCID", "confirmOrder", JSON, V2, "{" HEADER ",\"releaseFlag\":true}", 200, "\"1.3.1\"" },
    { "an ICCID that is a number", "confirmOrder", JSON, V2,
      "{" HEADER ",\"iccid\":89445,\"releaseFlag\":true}", 200, "\"1.3.1\"" },
    { "an ICCID that is too long", "confirmOrder", JSON, V2,
      "{" HEADER ",\"iccid\":\"894450000000000000120\",\"releaseFlag\":true}", 200, "\"1.3.1\"" },
    { "no release flag", "confirmOrder", JSON, V2, "{" HEADER ",\"iccid\":\"89445\"}", 200, "\"1.3.1\"" },
    { "a release flag in words", "confirmOrder", JSON, V2,
      "{" HEADER ",\"iccid\":\"89445\",\"releaseFlag\":\"yes\"}", 200, "\"1.3.1\"" },
    { "broken JSON", "confirmOrder", JSON, V2, "{\"iccid\":", 400, "" },
    { "an array", "confirmOrder", JSON, V2, "[]", 400, "" },
    { "nothing", "confirmOrder", JSON, V2, "", 400, "" },
};

void es2p_refuses_hostile_requests(void)
{
    struct world w;
    struct smdp s;
    struct http_response p = HTTP_RESPONSE_INIT;
    char path[128];
    open_smdp(&w, &s);
    for (size_t i = 0; i < COUNT(posts); i++) {
        snprintf(path, sizeof path, "/gsma/rsp2/es2plus/%s", posts[i].path);
        world_post(&w, path, posts[i].type, posts[i].protocol, span_str(posts[i].body), &p);
        CHECK_ROW(posts[i].name, p.status == posts[i].status);
        CHECK_ROW(posts[i].name, strstr(buf_cstr(&p.body), posts[i].contains) != NULL);
    }
    http_response_release(&p);
    world_close(&w);
}
