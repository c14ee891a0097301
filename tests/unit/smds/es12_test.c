/* ES12 and administration. */
#include <stdio.h>
#include <string.h>

#include "smds_tests.h"

enum verb { END, REGISTER, DELETE, KILL };
#define ME .eid = LAB_EID, .rsp_server_address = "smdp.example.com"
#define OTHER .eid = LAB_OTHER_EID, .rsp_server_address = "smdp.example.com"
#define ONE .event_id = "AB-1"
#define TWO .event_id = "AB-2"

/* One call of the SM-DP+, or of another one; `standing`: events of LAB_EID afterwards. */
static const struct row {
    const char *name;
    struct call {
        enum verb verb;
        struct es12_event event;
        const char *wants;
        int standing;
        bool another;
    } calls[5];
} rows[] = {
    { "registered and deleted", { { REGISTER, { ME, ONE }, "", 1, 0 }, { DELETE, { ME, ONE }, "", 0, 0 } } },
    { "two events of one eUICC", { { REGISTER, { ME, ONE }, "", 1, 0 }, { REGISTER, { ME, TWO }, "", 2, 0 },
                                   { DELETE, { ME, ONE }, "", 1, 0 }, { DELETE, { ME, TWO }, "", 0, 0 } } },
    { "one eventId of two eUICCs", { { REGISTER, { ME, ONE }, "", 1, 0 }, { REGISTER, { OTHER, ONE }, "", 1, 0 },
                                     { DELETE, { OTHER, ONE }, "", 1, 0 }, { DELETE, { ME, ONE }, "", 0, 0 } } },
    { "registered again after it was deleted",
      { { REGISTER, { ME, ONE }, "", 1, 0 }, { DELETE, { ME, ONE }, "", 0, 0 }, { REGISTER, { ME, ONE }, "", 1, 0 } } },
    { "an event survives a restart",
      { { REGISTER, { ME, ONE }, "", 1, 0 }, { KILL, { ME }, "", 1, 0 }, { DELETE, { ME, ONE }, "", 0, 0 } } },
    { "forwarded to nobody: this is the root", { { REGISTER, { ME, ONE, .forwarding = true }, "", 1, 0 } } },
    { "registered twice", { { REGISTER, { ME, ONE }, "", 1, 0 }, { REGISTER, { ME, ONE }, "8.9.5/3.3", 1, 0 } } },
    { "an eventId that another SM-DP+ has for this eUICC",
      { { REGISTER, { ME, ONE }, "", 1, 0 }, { REGISTER, { ME, ONE }, "8.9.5/3.3", 1, 1 } } },
    { "deleted without being registered", { { DELETE, { ME, ONE }, "8.9.5/3.9", 0, 0 } } },
    { "deleted twice", { { REGISTER, { ME, ONE }, "", 1, 0 }, { DELETE, { ME, ONE }, "", 0, 0 },
                         { DELETE, { ME, ONE }, "8.9.5/3.9", 0, 0 } } },
    { "another event deleted", { { REGISTER, { ME, ONE }, "", 1, 0 }, { DELETE, { ME, TWO }, "8.9.5/3.9", 1, 0 } } },
    { "another eUICC's event deleted",
      { { REGISTER, { ME, ONE }, "", 1, 0 }, { DELETE, { OTHER, ONE }, "8.9.5/3.9", 1, 0 } } },
    { "another SM-DP+'s event deleted",
      { { REGISTER, { ME, ONE }, "", 1, 0 }, { DELETE, { ME, ONE }, "8.9.5/3.9", 1, 1 } } },
    { "an EID that is none", { { REGISTER, { .eid = "1234", .rsp_server_address = "a", ONE }, "1.3.1/2.1", 0, 0 } } },
    { "no eventId", { { REGISTER, { ME }, "1.3.1/2.1", 0, 0 } } },
    { "an address with a path",
      { { REGISTER, { .eid = LAB_EID, .rsp_server_address = "a/b", ONE }, "1.3.1/2.1", 0, 0 } } },
};

static const char *make_call(struct lab *l, const struct call *c)
{
    if (c->verb == KILL) {
        lab_restart(l, LAB_SMDS);
        return "";
    }
    return lab_event(l, c->another ? l->eso : l->part[LAB_SMDP].env.http, c->another ? "eso" : "smdp.example.com",
                     c->verb == REGISTER ? ES12_REGISTER_EVENT : ES12_DELETE_EVENT, &c->event);
}

void smds_es12_rows(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        lab_open(&l);
        for (const struct call *c = rows[i].calls; c->verb != END; c++) {
            CHECK_ROW(rows[i].name, strcmp(make_call(&l, c), c->wants) == 0);
            CHECK_ROW(rows[i].name, lab_events_standing(&l, LAB_EID) == c->standing);
        }
        lab_close(&l);
    }
}

void smds_es12_callers(void)
{
    struct lab l;
    const struct es12_event event = { ME, ONE };
    lab_open(&l);
    struct http_client *smdp = l.part[LAB_SMDP].env.http;
    const struct {
        const char *name;
        struct http_client *as;
        const char *requester, *wants;
    } callers[] = {
        { "no certificate", l.anyone, "smdp.example.com", "refused" },
        { "a certificate of somebody else's CA", l.stranger, "smdp.example.com", "8.9.5/1.2" },
        { "another SM-DP+'s name", l.eso, "smdp.example.com", "8.9.5/1.2" },
        { "a name that nobody has", smdp, "smdp2.example.com", "8.9.5/1.2" },
        { "an administrator", l.admin, "admin", "8.9.5/1.2" },
        { "an SM-DP+ under its own name", smdp, "smdp.example.com", "" },
    };
    for (size_t i = 0; i < COUNT(callers); i++) {
        const char *got = lab_event(&l, callers[i].as, callers[i].requester, ES12_REGISTER_EVENT, &event);
        if (strcmp(got, callers[i].wants))
            printf("\n    row \"%s\": \"%s\"", callers[i].name, got);
        CHECK_ROW(callers[i].name, strcmp(got, callers[i].wants) == 0);
        CHECK_ROW(callers[i].name, lab_events_standing(&l, LAB_EID) == !callers[i].wants[0]);
    }
    lab_close(&l);
}

/* What was not answered is done again: it has been done, or not at all. */
static void call_again(struct lab *l, const struct call *c, bool *cut)
{
    const char *got = make_call(l, c);
    if (!l->part[LAB_SMDS].dead) {
        CHECK(got[0] == 0);
        return;
    }
    *cut = true;
    lab_restart(l, LAB_SMDS);
    got = make_call(l, c);
    CHECK(got[0] == 0 || !strcmp(got, c->verb == REGISTER ? "8.9.5/3.3" : "8.9.5/3.9"));
}

void smds_es12_killed(void)
{
    static const struct call calls[] = { { REGISTER, { ME, ONE }, "", 0, 0 }, { REGISTER, { ME, TWO }, "", 0, 0 },
                                         { DELETE, { ME, ONE }, "", 0, 0 } };
    bool cut = true;
    unsigned n = 1;
    for (; cut && n < 100; n++) {
        struct lab l;
        lab_open(&l);
        l.part[LAB_SMDS].writes = 0;
        l.part[LAB_SMDS].cut_at = n;
        cut = false;
        for (size_t i = 0; i < COUNT(calls); i++)
            call_again(&l, &calls[i], &cut);
        CHECK(lab_events_standing(&l, LAB_EID) == 1);
        lab_close(&l);
    }
    CHECK(!cut && n > 3);
}

void smds_administration(void)
{
    struct lab l;
    json_t *answer = NULL;
    const struct es12_event event = { ME, ONE }, other = { OTHER, ONE };
    lab_open(&l);
    struct http_client *smdp = l.part[LAB_SMDP].env.http;
    CHECK(lab_event(&l, smdp, "smdp.example.com", ES12_REGISTER_EVENT, &event)[0] == 0);
    CHECK(lab_event(&l, smdp, "smdp.example.com", ES12_REGISTER_EVENT, &other)[0] == 0);
    CHECK(lab_call(&l, l.anyone, "GET", LAB_SMDS_URL "/v1/events", "", NULL) == 403);
    CHECK(lab_call(&l, l.stranger, "GET", LAB_SMDS_URL "/v1/events", "", NULL) == 403);
    CHECK(lab_call(&l, smdp, "GET", LAB_SMDS_URL "/v1/events", "", NULL) == 403);
    CHECK(lab_call(&l, l.admin, "GET", LAB_SMDS_URL "/v1/events?eid=1", "", NULL) == 400);
    CHECK(lab_call(&l, l.admin, "GET", LAB_SMDS_URL "/v1/events?eid=%00", "", NULL) == 400);
    CHECK(lab_call(&l, l.admin, "POST", LAB_SMDS_URL "/v1/events", "{}", NULL) == 405);
    CHECK(lab_call(&l, l.admin, "GET", LAB_SMDS_URL "/v1/events", "", &answer) == 200);
    CHECK(json_integer_value(json_object_get(answer, "events")) == 2);
    CHECK(json_integer_value(json_object_get(answer, "euiccs")) == 2);
    json_decref(answer);
    REQUIRE(lab_call(&l, l.admin, "GET", LAB_SMDS_URL "/v1/events?eid=" LAB_EID, "", &answer) == 200);
    const json_t *first = json_array_get(json_object_get(answer, "events"), 0);
    CHECK(!strcmp(json_str(first, "rspServerAddress"), "smdp.example.com") &&
          !strcmp(json_str(first, "registeredBy"), "smdp.example.com") && !json_object_get(first, "eventId"));
    json_decref(answer);
    CHECK(!lab_said(&l, "AB-1"));
    lab_close(&l);
}
