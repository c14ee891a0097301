#include "es2p_handle_download_progress_info.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "rsp_ids.h"

#define NAME "ES2+.HandleDownloadProgressInfo"
#define RESULT_MAX (16u << 10)

void es2p_progress_init(struct es2p_progress *p)
{
    *p = (struct es2p_progress){ .result = { .max = RESULT_MAX } };
}

void es2p_progress_release(struct es2p_progress *p)
{
    buf_release(&p->result);
}

/* --- call side ----------------------------------------------------------------------------------- */

static enum err put_progress(const struct es_peer *peer, const struct es2p_progress *q, const char *timestamp,
                             json_t **out)
{
    json_t *o = json_pack("{s:{s:s, s:s}, s:s, s:s, s:s, s:i, s:o}", "header", "functionRequesterIdentifier",
                          peer->requester, "functionCallIdentifier", peer->call_id ? peer->call_id : peer->requester,
                          "iccid", q->iccid, "profileType", q->profile_type, "timestamp", timestamp,
                          "notificationPointId", (int)q->point, "notificationPointStatus", es_status_json(&q->status));
    enum err e = o ? ERR_OK : ERR_NOMEM;
    if (!e && q->eid[0])
        e = json_set_str(o, "eid", q->eid);
    if (!e && q->result.len)
        e = json_set_base64(o, "resultData", buf_span(&q->result));
    *out = o;
    return e;
}

enum err es2p_handle_download_progress_info(const struct es_peer *peer, const struct es2p_progress *q,
                                            struct es_status *status)
{
    struct buf timestamp = { .max = 40 };
    json_t *request = NULL, *answer = NULL;
    *status = (struct es_status){ 0 };
    enum err e = clock_put_iso8601(&timestamp, q->at);
    if (!e)
        e = put_progress(peer, q, buf_cstr(&timestamp), &request);
    if (!e)
        e = es_call(peer, "es2plus/handleDownloadProgressInfo", NAME, request, &answer);
    if (!e && answer)
        e = es_status_read(answer, status);
    buf_release(&timestamp);
    json_decref(request);
    json_decref(answer);
    return e;
}

/* --- serve side ---------------------------------------------------------------------------------- */

static void take_point_status(const json_t *o, struct es_status *out, struct es_status *status)
{
    const json_t *member = json_object_get(o, "notificationPointStatus");
    const char *text = json_str(member, "status");
    const json_t *code = json_object_get(member, "statusCodeData");
    const char *subject = json_str(code, "subjectCode"), *reason = json_str(code, "reasonCode");
    if (es_refused(status))
        return;
    if (!text)
        es_refuse(status, "1.3.1", "2.2", "notificationPointStatus.status is missing");
    else if (strcmp(text, "Failed") == 0 && subject && subject[0] && reason)
        es_refuse(out, subject, reason, json_str(code, "message"));
    else if (strcmp(text, "Executed-Success") != 0 && strcmp(text, "Executed-WithWarning") != 0)
        es_refuse(status, "1.3.1", "2.1", "notificationPointStatus is neither success nor a failure with its codes");
}

static void take_numbers(const json_t *o, struct es2p_progress *out, struct es_status *status)
{
    int64_t point = 0;
    const char *timestamp = json_str(o, "timestamp");
    uint8_t eid[RSP_EID_OCTETS], iccid[RSP_ICCID_OCTETS];
    if (es_refused(status))
        return;
    if (!timestamp || clock_parse_iso8601(span_str(timestamp), &out->at))
        es_refuse(status, "1.3.1", timestamp ? "2.1" : "2.2", "timestamp is a time like 2026-01-31T12:00:00Z");
    else if (json_int(o, "notificationPointId", &point))
        es_refuse(status, "1.3.1", "2.2", "notificationPointId is missing");
    else if (point < ES2P_ELIGIBILITY || point > ES2P_BPP_INSTALLATION)
        es_refuse(status, "1.3.1", "2.1", "notificationPointId is 1 to 4");
    else if (rsp_iccid_parse(out->iccid, iccid))
        es_refuse(status, "1.3.1", "2.1", "an ICCID is 19 or 20 digits");
    else if (out->eid[0] && rsp_eid_parse(out->eid, eid))
        es_refuse(status, "1.3.1", "2.1", "an EID is 32 digits");
    out->point = (enum es2p_point)point;
}

static void take_progress(const json_t *o, struct es2p_progress *out, struct es_status *status)
{
    const json_t *header = json_object_get(o, "header");
    es_take_text(header, "functionRequesterIdentifier", out->requester, sizeof out->requester, status);
    es_take_text(header, "functionCallIdentifier", out->call_id, sizeof out->call_id, status);
    es_take_text(o, "iccid", out->iccid, sizeof out->iccid, status);
    es_take_text(o, "profileType", out->profile_type, sizeof out->profile_type, status);
    if (json_object_get(o, "eid"))
        es_take_text(o, "eid", out->eid, sizeof out->eid, status);
    take_numbers(o, out, status);
    take_point_status(o, &out->status, status);
    enum err e = json_base64(o, "resultData", &out->result);
    if (e && e != ERR_NOT_FOUND && !es_refused(status))
        es_refuse(status, "1.3.1", "2.1", "resultData is base64 of at most 16 KiB");
}

enum err es2p_handle_download_progress_info_read(const struct env *env, const struct http_request *q,
                                                 struct http_response *p, struct es2p_progress *out)
{
    json_t *request = NULL;
    struct es_status status = { 0 };
    es2p_progress_init(out);
    enum err e = es_serve_read(env, NAME, q, p, &request);
    if (e)
        return e;
    take_progress(request, out, &status);
    json_decref(request);
    if (!es_refused(&status))
        return ERR_OK;
    log_fail(env->log, ERR_REFUSED, "SGP.22 5.3.5", status.message);
    e = es_serve_write(env, NAME, q, &status, NULL, p);
    return e ? e : ERR_REFUSED;
}

enum err es2p_handle_download_progress_info_write(struct http_response *p)
{
    return http_text(p, 204, "", (struct span){ 0 });
}
