/* A download's commands (SGP.22 5.7.5, 5.7.6, 5.7.13, 5.7.14). */
#include "es10b_command.h"

enum err es10b_authenticate_server(struct es10_card *c, const struct rsp_authenticate_server_request *q,
                                   struct es10b_authenticate_server_response *out)
{
    static const char name[] = "AuthenticateServer";
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_authenticate_server_response){ .received = ES10B_RECEIVED };
    enum err e = rsp_authenticate_server_request_write(q, &request);
    e = es10b_command(c, name, e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, name,
                         rsp_authenticate_server_response_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_prepare_download(struct es10_card *c, const struct rsp_prepare_download_request *q,
                                struct es10b_prepare_download_response *out)
{
    static const char name[] = "PrepareDownload";
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_prepare_download_response){ .received = ES10B_RECEIVED };
    enum err e = rsp_prepare_download_request_write(q, &request);
    e = es10b_command(c, name, e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, name,
                         rsp_prepare_download_response_read(buf_span(&out->received), &out->message));
    return e;
}

/* One segment; *answered when the eUICC had something to say. */
static enum err load_segment(struct es10_card *c, struct span segment, struct buf *received, bool *answered)
{
    struct buf request = ES10B_REQUEST;
    enum err e = buf_put(&request, segment);
    e = es10b_command(c, "LoadBoundProfilePackage", e, &request, received);
    *answered = !e && received->len > 0;
    return e;
}

enum err es10b_load_bound_profile_package(struct es10_card *c, struct span bpp,
                                          struct es10b_load_bound_profile_package_response *out)
{
    static const char name[] = "LoadBoundProfilePackage";
    struct rsp_bpp_segments segments;
    struct span segment;
    bool done = false, answered = false;
    *out = (struct es10b_load_bound_profile_package_response){ .received = ES10B_RECEIVED };
    enum err e = es10b_answer(c, name, rsp_bpp_segments(bpp, &segments));
    while (!e && !answered) {
        e = rsp_bpp_next(&segments, &segment, &done);
        if (e || done)
            break;
        e = load_segment(c, segment, &out->received, &answered);
        out->segments++;
    }
    /* SGP.22 5.7.6: the result comes after the last segment or at the first failure; all sent and nothing
     * said is none. */
    if (!e)
        e = es10b_answer(c, name,
                         rsp_profile_installation_result_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_cancel_session(struct es10_card *c, const struct rsp_cancel_session_request *q,
                              struct es10b_cancel_session_response *out)
{
    static const char name[] = "CancelSession";
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_cancel_session_response){ .received = ES10B_RECEIVED };
    enum err e = rsp_cancel_session_request_write(q, &request);
    e = es10b_command(c, name, e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, name, rsp_cancel_session_response_read(buf_span(&out->received), &out->message));
    return e;
}
