/* For the files behind esipa.h. */
#ifndef LAB_ES_ESIPA_CALL_H
#define LAB_ES_ESIPA_CALL_H

#include "esipa.h"

#define ESIPA_MESSAGE ((struct buf){ .max = HTTP_BODY_MAX })

/* POSTs the message (taken: released in any case; not sent when e says that it could not be written) and
 * replaces *answer by the body; empty for HTTP 204. `name`: "GetEimPackage". */
MUST_CHECK enum err esipa_call(const struct es_peer *p, const char *name, enum err e, struct buf *message,
                               struct buf *answer);

/* The same over JSON; message and answer are DER all the same. */
MUST_CHECK enum err esipa_json_call(const struct es_peer *p, const char *name, struct span message, struct buf *answer);

#endif
