/* For the files behind es10b.h: one command, one answer. */
#ifndef LAB_ES_ES10B_COMMAND_H
#define LAB_ES_ES10B_COMMAND_H

#include "es10b.h"

#define ES10B_REQUEST ((struct buf){ .max = 64u << 10 })
#define ES10B_RECEIVED ((struct buf){ .max = APDU_ES10_RESPONSE_MAX })

/* Sends the request (taken: released in any case; not sent when e says that it could not be written) and
 * replaces *received by the answer's data. `name` for tampering and the log: "AuthenticateServer". */
MUST_CHECK enum err es10b_command(struct es10_card *c, const char *name, enum err e, struct buf *request,
                                  struct buf *received);
/* Reports an answer that could not be read, and passes e on. */
enum err es10b_answer(const struct es10_card *c, const char *name, enum err e);
/* A command whose answer is `tag { 80 code }`. */
MUST_CHECK enum err es10b_code_command(struct es10_card *c, const char *name, enum err e, struct buf *request,
                                       uint32_t tag, int64_t *code);

#endif
