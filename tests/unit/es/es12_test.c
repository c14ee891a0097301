#include <stdio.h>
#include <string.h>

#include "es12.h"
#include "es_tests.h"

#define TEST_EID "89049032123451234512345678901235"

/* An SM-DS that remembers the event and answers what it is told to. */
struct smds {
    struct actor actor;
    const struct env *env;
    struct es12_event event;
    struct es_status status;
    unsigned taken;
};

static enum err answer(void *actor, enum es12_function f, const struct http_request *q, struct http_response *p)
{
    struct smds *s = actor;
    enum err e = es12_read(f, s->env, q, p, &s->event);
    if (e)
        return e == ERR_REFUSED ? ERR_OK : e;
    s->taken++;
    return es12_write(f, s->env, q, &s->status, p);
}

static enum err register_event(void *actor, const struct http_request *q, struct http_response *p)
{
    return answer(actor, ES12_REGISTER_EVENT, q, p);
}

static enum err delete_event(void *actor, const struct http_request *q, struct http_response *p)
{
    return answer(actor, ES12_DELETE_EVENT, q, p);
}

static const struct http_route routes[] = {
    { "POST", "/gsma/rsp2/es12/registerEvent", register_event },
    { "POST", "/gsma/rsp2/es12/deleteEvent", delete_event },
};
static const struct actor_ops smds_ops = { .role = "smds", .routes = routes, .route_count = COUNT(routes) };

static void open_smds(struct world *w, struct smds *s)
{
    *s = (struct smds){ .actor.ops = &smds_ops };
    world_open(w, &s->actor);
    s->env = &w->env;
}

void es12_events_arrive(void)
{
    struct world w;
    struct smds s;
    struct es_status status;
    const struct es12_event q = { .eid = TEST_EID, .event_id = "AB-1", .rsp_server_address = "smdp.example.com",
                                  .forwarding = true };
    open_smds(&w, &s);
    CHECK(es12_register_event(&w.peer, &q, &status) == ERR_OK && !es_refused(&status));
    CHECK(!strcmp(s.event.requester, "eso") && !strcmp(s.event.eid, TEST_EID) && !strcmp(s.event.event_id, "AB-1"));
    CHECK(!strcmp(s.event.rsp_server_address, "smdp.example.com") && s.event.forwarding);
    CHECK(es12_delete_event(&w.peer, &q, &status) == ERR_OK && !es_refused(&status));
    CHECK(!strcmp(s.event.event_id, "AB-1") && !s.event.rsp_server_address[0] && !s.event.forwarding);
    es_refuse(&s.status, "8.9.5", "3.3", "exists");
    CHECK(es12_register_event(&w.peer, &q, &status) == ERR_OK);
    CHECK(!strcmp(es_status_text(&status).text, "8.9.5/3.3 exists"));
    CHECK(world_saw(&w, "ES12.RegisterEventRequest") && world_saw(&w, "ES12.DeleteEventResponse"));
    world_close(&w);
}

#define V2 "gsma/rsp/v2.5.0"
#define JSON "application/json"
#define HEADER "\"header\":{\"functionRequesterIdentifier\":\"dp\",\"functionCallIdentifier\":\"1\"}"
#define EID "\"eid\":\"" TEST_EID "\""
#define ADDRESS "\"rspServerAddress\":\"smdp.example.com\""
#define ID "\"eventId\":\"AB-1\""
#define FORWARD "\"forwardingIndicator\":false"
static const struct {
    const char *name, *path, *type, *protocol, *body;
    int status;
    const char *contains;
    bool taken;
} posts[] = {
    { "an event is registered", "registerEvent", JSON, V2, "{" HEADER "," EID "," ADDRESS "," ID "," FORWARD "}", 200,
      "Executed-Success", true },
    { "an event is deleted", "deleteEvent", JSON, V2, "{" HEADER "," EID "," ID "}", 200, "Executed-Success", true },
    { "another content type", "registerEvent", "text/plain", V2, "{}", 200, "\"1.2.1\"", false },
    { "a foreign protocol", "registerEvent", JSON, "gsma/rsp/v1.0.0", "{}", 200, "\"1.2.2\"", false },
    { "broken JSON", "registerEvent", JSON, V2, "{", 400, "", false },
    { "a list", "registerEvent", JSON, V2, "[]", 400, "", false },
    { "no header", "registerEvent", JSON, V2, "{" EID "," ADDRESS "," ID "," FORWARD "}", 200, "\"1.3.1\"", false },
    { "a header that is a text", "registerEvent", JSON, V2,
      "{\"header\":\"dp\"," EID "," ADDRESS "," ID "," FORWARD "}", 200, "\"1.3.1\"", false },
    { "no EID", "registerEvent", JSON, V2, "{" HEADER "," ADDRESS "," ID "," FORWARD "}", 200, "eid is missing", false },
    { "an EID of 31 digits", "registerEvent", JSON, V2,
      "{" HEADER ",\"eid\":\"8904903212345123451234567890123\"," ADDRESS "," ID "," FORWARD "}", 200, "32 digits", false },
    { "an EID of 33 digits", "deleteEvent", JSON, V2,
      "{" HEADER ",\"eid\":\"890490321234512345123456789012355\"," ID "}", 200, "too long", false },
    { "an EID with letters", "deleteEvent", JSON, V2,
      "{" HEADER ",\"eid\":\"8904903212345123451234567890123A\"," ID "}", 200, "32 digits", false },
    { "an EID that is a number", "deleteEvent", JSON, V2, "{" HEADER ",\"eid\":8904," ID "}", 200, "\"1.3.1\"", false },
    { "no eventId", "deleteEvent", JSON, V2, "{" HEADER "," EID "}", 200, "eventId is missing", false },
    { "an empty eventId", "registerEvent", JSON, V2,
      "{" HEADER "," EID "," ADDRESS ",\"eventId\":\"\"," FORWARD "}", 200, "capital letters", false },
    { "an eventId with a dollar sign", "registerEvent", JSON, V2,
      "{" HEADER "," EID "," ADDRESS ",\"eventId\":\"A$B\"," FORWARD "}", 200, "capital letters", false },
    { "no address", "registerEvent", JSON, V2, "{" HEADER "," EID "," ID "," FORWARD "}", 200,
      "rspServerAddress is missing", false },
    { "an address that is a URL", "registerEvent", JSON, V2,
      "{" HEADER "," EID ",\"rspServerAddress\":\"https://a/b\"," ID "," FORWARD "}", 200, "no host name", false },
    { "no forwardingIndicator", "registerEvent", JSON, V2, "{" HEADER "," EID "," ADDRESS "," ID "}", 200,
      "forwardingIndicator is missing", false },
    { "a forwardingIndicator that is a text", "registerEvent", JSON, V2,
      "{" HEADER "," EID "," ADDRESS "," ID ",\"forwardingIndicator\":\"yes\"}", 200, "\"1.3.1\"", false },
};

void es12_refuses_hostile_requests(void)
{
    struct world w;
    struct smds s;
    struct http_response p = HTTP_RESPONSE_INIT;
    char path[128];
    open_smds(&w, &s);
    for (size_t i = 0; i < COUNT(posts); i++) {
        unsigned before = s.taken;
        snprintf(path, sizeof path, "/gsma/rsp2/es12/%s", posts[i].path);
        world_post(&w, path, posts[i].type, posts[i].protocol, span_str(posts[i].body), &p);
        CHECK_ROW(posts[i].name, p.status == posts[i].status);
        CHECK_ROW(posts[i].name, strstr(buf_cstr(&p.body), posts[i].contains) != NULL);
        CHECK_ROW(posts[i].name, (s.taken != before) == posts[i].taken);
    }
    http_response_release(&p);
    world_close(&w);
}
