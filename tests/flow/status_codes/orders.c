/* ES2+, ES12 and what every function of the JSON binding refuses. */
#include <stdio.h>
#include <string.h>

#include "status_codes.h"

/* --- ES2+ ------------------------------------------------------------------------------------------ */

static enum err do_call(struct lab *l, const struct call *c, struct es_status *status)
{
    struct env env = l->env;
    struct es2p_answer a;
    env.http = l->eso;
    const struct es_peer peer = { .env = &env, .base_url = LAB_SMDP_URL,
                                  .requester = c->verb == AS_ANOTHER ? "admin" : "eso" };
    switch (c->verb) {
    case CONFIRM:
        return es2p_confirm_order(&peer, &c->q, &a, status);
    case CANCEL:
        return es2p_cancel_order(&peer, &c->q, &a, status);
    case RELEASE:
        return es2p_release_profile(&peer, &c->q, &a, status);
    default:
        return es2p_download_order(&peer, &c->q, &a, status);
    }
}

/* Another SM-DP+ has an event of this matchingId for this eUICC already. */
static void take_event(struct lab *l, const struct es2p_order *q)
{
    struct es12_event event = { .rsp_server_address = "smdp2.example.com" };
    snprintf(event.eid, sizeof event.eid, "%s", q->eid);
    snprintf(event.event_id, sizeof event.event_id, "%s", q->matching_id);
    CHECK(lab_event(l, l->eso, "eso", ES12_REGISTER_EVENT, &event)[0] == 0);
}

static void install(struct lab *l)
{
    struct lab_download d;
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_download_begin(l, &l->card, &d);
    CHECK(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0);
    CHECK(es9p_handle_notification(&d.peer, buf_span(&d.loaded.received)) == ERR_OK);
    lab_download_end(&d);
}

/* What the settings say, and a profile of another operator. */
static void configure(struct lab *l, enum what what)
{
    l->other_eid = what == SAYS_3_1 ? SMDP_OTHER_EID_3_1 : what == SAYS_3_10 ? SMDP_OTHER_EID_3_10 : SMDP_OTHER_EID_BY_FUNCTION;
    l->foreign_told = what == TELLS_FOREIGN;
    lab_restart(l, LAB_SMDP);
    CHECK(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/profiles",
                   "{\"profiles\":[{\"iccid\":\"" FOREIGN_ICCID "\",\"imsi\":\"262027654321091\",\"operator\":\"admin\","
                   "\"profileType\":\"car\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\"}]}", NULL) == 200);
}

void provoke_order(struct lab *l, const struct row *r, char out[40])
{
    static const struct call cancel = { CANCEL, { .iccid = LAB_PARTNER_ICCID } };
    struct es_status status = { 0 };
    enum err e = ERR_OK;
    if (r->what != NOTHING && r->what != USED_UP)
        configure(l, r->what);
    lab_import(l);
    if (r->what == USED_UP) {
        install(l);
        e = do_call(l, &cancel, &status);
    }
    for (const struct call *c = r->calls; c->verb != END; c++) {
        CHECK_ROW(r->how, !e && !es_refused(&status));
        if (c->verb == EVENT_TAKEN)
            take_event(l, &c->q);
        else
            e = do_call(l, c, &status);
        lab_tell(l, CLOCK_MINUTE);
    }
    snprintf(out, 40, "%s%s%s", e ? err_name(e) : status.subject, e ? "" : "/", e ? "" : status.reason);
}

/* --- ES12 -------------------------------------------------------------------------------------------- */

void provoke_event(struct lab *l, const struct row *r, char out[40])
{
    static const struct es12_event event = { .eid = LAB_EID, .event_id = "AB-1",
                                             .rsp_server_address = "smdp.example.com" };
    struct http_client *smdp = l->part[LAB_SMDP].env.http;
    enum es12_function f = r->function == REGISTER_EVENT ? ES12_REGISTER_EVENT : ES12_DELETE_EVENT;
    if (r->what != OTHER_NAME)
        CHECK(lab_event(l, smdp, "smdp.example.com", ES12_REGISTER_EVENT, &event)[0] == 0);
    if (r->what == TWICE && f == ES12_DELETE_EVENT)
        CHECK(lab_event(l, smdp, "smdp.example.com", ES12_DELETE_EVENT, &event)[0] == 0);
    bool another = r->what == OF_ANOTHER;
    const char *name = r->what == OTHER_NAME ? "smdp2.example.com" : another ? "eso" : "smdp.example.com";
    snprintf(out, 40, "%s", lab_event(l, another ? l->eso : smdp, name, f, &event));
}

/* --- the JSON binding ---------------------------------------------------------------------------------- */

#define HEADER(who) "\"header\":{\"functionRequesterIdentifier\":\"" who "\",\"functionCallIdentifier\":\"1\"}"

/* One function of each interface, with a member that cannot be what it says. */
static const struct {
    const char *url, *malformed;
} bindings[] = {
    { LAB_SMDP_URL "/gsma/rsp2/es9plus/initiateAuthentication",
      "{\"euiccChallenge\":\"****\",\"euiccInfo1\":\"vyAA\",\"smdpAddress\":\"smdp.example.com\"}" },
    { LAB_SMDP_URL "/gsma/rsp2/es9plus/authenticateClient", "{\"transactionId\":\"0G\",\"authenticateServerResponse\":\"\"}" },
    { LAB_SMDP_URL "/gsma/rsp2/es9plus/getBoundProfilePackage", "{\"transactionId\":\"0G\",\"prepareDownloadResponse\":\"\"}" },
    { LAB_SMDP_URL "/gsma/rsp2/es9plus/cancelSession", "{\"transactionId\":\"0G\",\"cancelSessionResponse\":\"\"}" },
    { LAB_SMDP_URL "/gsma/rsp2/es2plus/confirmOrder",
      "{" HEADER("eso") ",\"iccid\":\"890001234567890123580000000000000000000000000000000000000000000000000000\","
      "\"releaseFlag\":true}" },
    { LAB_SMDS_URL "/gsma/rsp2/es11/authenticateClient", "{\"transactionId\":\"0G\",\"authenticateServerResponse\":\"\"}" },
    { LAB_SMDS_URL "/gsma/rsp2/es12/deleteEvent", "{" HEADER("eso") ",\"eid\":\"1\",\"eventId\":\"AB-1\"}" },
};

void status_of(const struct http_response *p, char out[40])
{
    json_t *answer = NULL;
    REQUIRE(json_read(buf_span(&p->body), &answer, NULL) == ERR_OK);
    const json_t *data = json_object_get(
        json_object_get(json_object_get(answer, "header"), "functionExecutionStatus"), "statusCodeData");
    const char *subject = json_str(data, "subjectCode"), *reason = json_str(data, "reasonCode");
    snprintf(out, 40, "%s/%s", subject ? subject : "", reason ? reason : "");
    json_decref(answer);
}

static void send_bad(struct lab *l, const struct row *r, size_t i, char out[40])
{
    const struct http_header headers[] = {
        { "Content-Type", r->what == WRONG_TYPE ? "text/plain" : "application/json" },
        { "X-Admin-Protocol", r->what == WRONG_PROTOCOL ? "gsma/rsp/v3.0.0" : "gsma/rsp/v2.5.0" },
    };
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_call q = { .method = "POST", .url = bindings[i].url, .headers = headers,
                                 .header_count = COUNT(headers),
                                 .body = span_str(r->what == MALFORMED_MEMBER ? bindings[i].malformed : "{}") };
    CHECK_ROW(bindings[i].url, http_send(l->eso, &q, &p) == ERR_OK && p.status == 200);
    status_of(&p, out);
    http_response_release(&p);
}

/* The same of all of them, or the one that says something else. */
void provoke_binding(struct lab *l, const struct row *r, char out[40])
{
    char want[40];
    snprintf(want, sizeof want, "%s/%s", r->subject, r->reason);
    for (size_t i = 0; i < COUNT(bindings); i++) {
        send_bad(l, r, i, out);
        CHECK_ROW(bindings[i].url, strcmp(out, want) == 0);
        if (strcmp(out, want) != 0)
            return;
    }
}
