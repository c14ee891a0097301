/* What the eUICC keeps until it was delivered (SGP.22 5.7.9 to 5.7.11; SGP.32 5.9.11, 5.9.12). */
#include "es10b_command.h"

enum err es10b_list_notification(struct es10_card *c, uint32_t events,
                                 struct es10b_list_notification_response *out)
{
    static const char name[] = "ListNotification";
    const struct rsp_list_notification_request q = { .events = { .present = events != 0, .bits = events } };
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_list_notification_response){ .received = ES10B_RECEIVED };
    enum err e = rsp_list_notification_request_write(&q, &request);
    e = es10b_command(c, name, e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, name,
                         rsp_list_notification_response_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_retrieve_notifications_list(struct es10_card *c,
                                           const struct rsp_retrieve_notifications_request *q,
                                           struct es10b_retrieve_notifications_response *out)
{
    static const char name[] = "RetrieveNotificationsList";
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_retrieve_notifications_response){ .received = ES10B_RECEIVED };
    enum err e = rsp_retrieve_notifications_request_write(q, &request);
    e = es10b_command(c, name, e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, name,
                         rsp_retrieve_notifications_response_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_remove_notification_from_list(struct es10_card *c, int64_t seq_number, int64_t *status)
{
    const struct rsp_remove_notification_request q = { .seq_number = seq_number };
    struct buf request = ES10B_REQUEST;
    enum err e = rsp_remove_notification_request_write(&q, &request);
    return es10b_code_command(c, "RemoveNotificationFromList", e, &request, 0xBF30, status);
}
