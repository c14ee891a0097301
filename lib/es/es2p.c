#include "es2p.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Which members a function's request has: the rows read like the table of SGP.22 6.5.2. */
enum { ICCID = 1, EID = 2, TYPE = 4, MATCHING_ID = 8, CODE = 16, SMDS = 32, FINAL = 64, RELEASE = 128 };

static const struct {
    const char *path, *name;
    unsigned members, mandatory;
} functions[] = {
    [ES2P_DOWNLOAD_ORDER] = { "es2plus/downloadOrder", "ES2+.DownloadOrder", ICCID | EID | TYPE, 0 },
    [ES2P_CONFIRM_ORDER] = { "es2plus/confirmOrder", "ES2+.ConfirmOrder",
                             ICCID | EID | MATCHING_ID | CODE | SMDS | RELEASE, ICCID | RELEASE },
    [ES2P_CANCEL_ORDER] = { "es2plus/cancelOrder", "ES2+.CancelOrder", ICCID | EID | MATCHING_ID | FINAL, ICCID },
    [ES2P_RELEASE_PROFILE] = { "es2plus/releaseProfile", "ES2+.ReleaseProfile", ICCID, ICCID },
};

static const struct {
    unsigned bit;
    const char *member;
    size_t offset, room;
} texts[] = {
#define TEXT(bit, member, field) \
    { bit, member, offsetof(struct es2p_order, field), sizeof((struct es2p_order *)0)->field }
    TEXT(ICCID, "iccid", iccid), TEXT(EID, "eid", eid), TEXT(TYPE, "profileType", profile_type),
    TEXT(MATCHING_ID, "matchingId", matching_id), TEXT(CODE, "confirmationCode", confirmation_code),
    TEXT(SMDS, "smdsAddress", smds_address), TEXT(FINAL, "finalProfileStatusIndicator", final_state),
};

static enum err put_order(enum es2p_function f, const struct es_peer *peer, const struct es2p_order *q, json_t *o)
{
    json_t *header = json_pack("{s:s, s:s}", "functionRequesterIdentifier", peer->requester,
                               "functionCallIdentifier", peer->call_id ? peer->call_id : peer->requester);
    enum err e = json_object_set_new(o, "header", header) ? ERR_NOMEM : ERR_OK;
    for (size_t i = 0; !e && i < COUNT(texts); i++) {
        const char *value = (const char *)q + texts[i].offset;
        if (functions[f].members & texts[i].bit && value[0])
            e = json_set_str(o, texts[i].member, value);
    }
    if (!e && functions[f].members & RELEASE)
        e = json_set_bool(o, "releaseFlag", q->release);
    return e;
}

static const struct {
    const char *member;
    size_t offset, room;
} answers[] = {
#define ANSWER(member, field) { member, offsetof(struct es2p_answer, field), sizeof((struct es2p_answer *)0)->field }
    ANSWER("iccid", iccid), ANSWER("eid", eid), ANSWER("matchingId", matching_id),
    ANSWER("smdpAddress", smdp_address),
};

static enum err take_answer(const json_t *o, struct es2p_answer *a)
{
    *a = (struct es2p_answer){ 0 };
    for (size_t i = 0; i < COUNT(answers); i++) {
        const char *text = json_str(o, answers[i].member);
        if (text && strlen(text) >= answers[i].room)
            return ERR_PARSE;
        snprintf((char *)a + answers[i].offset, answers[i].room, "%s", text ? text : "");
    }
    return ERR_OK;
}

static enum err call(enum es2p_function f, const struct es_peer *peer, const struct es2p_order *q,
                     struct es2p_answer *a, struct es_status *status)
{
    json_t *request = json_object(), *answer = NULL;
    enum err e = request ? put_order(f, peer, q, request) : ERR_NOMEM;
    if (!e)
        e = es_call(peer, functions[f].path, functions[f].name, request, &answer);
    if (!e)
        e = es_status_read(answer, status);
    if (!e)
        e = take_answer(answer, a);
    json_decref(request);
    json_decref(answer);
    return e;
}

enum err es2p_download_order(const struct es_peer *peer, const struct es2p_order *q, struct es2p_answer *a,
                             struct es_status *status)
{
    return call(ES2P_DOWNLOAD_ORDER, peer, q, a, status);
}

enum err es2p_confirm_order(const struct es_peer *peer, const struct es2p_order *q, struct es2p_answer *a,
                            struct es_status *status)
{
    return call(ES2P_CONFIRM_ORDER, peer, q, a, status);
}

enum err es2p_cancel_order(const struct es_peer *peer, const struct es2p_order *q, struct es2p_answer *a,
                           struct es_status *status)
{
    return call(ES2P_CANCEL_ORDER, peer, q, a, status);
}

enum err es2p_release_profile(const struct es_peer *peer, const struct es2p_order *q, struct es2p_answer *a,
                              struct es_status *status)
{
    return call(ES2P_RELEASE_PROFILE, peer, q, a, status);
}

/* --- serve side ---------------------------------------------------------------------------------- */

static enum err take_order(enum es2p_function f, const json_t *o, struct es2p_order *out, struct es_status *status)
{
    const char *requester = json_str(json_object_get(o, "header"), "functionRequesterIdentifier");
    if (!requester || strlen(requester) >= sizeof out->requester) {
        es_refuse(status, "1.3.1", "2.2", "header.functionRequesterIdentifier is missing");
        return ERR_OK;
    }
    snprintf(out->requester, sizeof out->requester, "%s", requester);
    for (size_t i = 0; i < COUNT(texts) && !es_refused(status); i++) {
        const char *text = json_str(o, texts[i].member);
        if (!text && functions[f].mandatory & texts[i].bit)
            es_refuse(status, "1.3.1", "2.2", "a mandatory member is missing");
        else if (text && strlen(text) >= texts[i].room)
            es_refuse(status, "1.3.1", "2.1", "a member is too long");
        else if (text && functions[f].members & texts[i].bit)
            snprintf((char *)out + texts[i].offset, texts[i].room, "%s", text);
    }
    if (functions[f].mandatory & RELEASE && !es_refused(status) && json_bool(o, "releaseFlag", &out->release))
        es_refuse(status, "1.3.1", "2.2", "releaseFlag is missing");
    return ERR_OK;
}

enum err es2p_read(enum es2p_function f, const struct env *env, const struct http_request *q, struct http_response *p,
                   struct es2p_order *out)
{
    json_t *request = NULL;
    struct es_status status = { 0 };
    *out = (struct es2p_order){ 0 };
    enum err e = es_serve_read(env, functions[f].name, q, p, &request);
    if (!e)
        e = take_order(f, request, out, &status);
    json_decref(request);
    if (e || !es_refused(&status))
        return e;
    e = es_serve_write(env, functions[f].name, q, &status, NULL, p);
    return e ? e : ERR_REFUSED;
}

enum err es2p_write(enum es2p_function f, const struct env *env, const struct http_request *q,
                    const struct es2p_answer *a, const struct es_status *status, struct http_response *p)
{
    json_t *answer = json_object();
    enum err e = answer ? ERR_OK : ERR_NOMEM;
    for (size_t i = 0; !e && !es_refused(status) && i < COUNT(answers); i++) {
        const char *value = (const char *)a + answers[i].offset;
        if (value[0])
            e = json_set_str(answer, answers[i].member, value);
    }
    if (e) {
        json_decref(answer);
        return e;
    }
    return es_serve_write(env, functions[f].name, q, status, answer, p);
}
