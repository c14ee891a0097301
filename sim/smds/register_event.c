/* ES12.RegisterEvent (SGP.22 5.9.1). As a root SM-DS it forwards to nobody, whatever forwardingIndicator says. */
#include "smds_internal.h"

enum err smds_register_event(struct smds *s, const struct es12_event *q, struct es_status *status)
{
    enum err e = smds_event_add(s, q);
    if (e != ERR_EXISTS)
        return e;
    es_refuse(status, "8.9.5", "3.3", "this eUICC has an event of this eventId");
    return ERR_OK;
}
