/* ESipa.HandleNotification (SGP.32 5.14.7), call side. Answered 204, or 200, without a message. */
#include "esipa_call.h"

enum err esipa_handle_notification(const struct es_peer *p, const struct rsp_handle_notification_esipa *q)
{
    struct buf message = ESIPA_MESSAGE, answer = ESIPA_MESSAGE;
    enum err e = rsp_handle_notification_esipa_write(q, &message);
    e = esipa_call(p, "HandleNotification", e, &message, &answer);
    buf_release(&answer);
    return e;
}
