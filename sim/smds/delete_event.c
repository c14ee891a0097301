/* ES12.DeleteEvent (SGP.22 5.9.2). Another SM-DP+'s event is as unknown as none. */
#include "smds_internal.h"

enum err smds_delete_event(struct smds *s, const struct es12_event *q, struct es_status *status)
{
    enum err e = smds_event_remove(s, q);
    if (e != ERR_NOT_FOUND)
        return e;
    es_refuse(status, "8.9.5", "3.9", "no such event");
    return ERR_OK;
}
