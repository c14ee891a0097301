/* What the files of the workflow share beside the steps. */
#ifndef LAB_ESO_FLOW_H
#define LAB_ESO_FLOW_H

#include "step.h"

/* Finds the ports for what the work refers to. ERR_CONFIG: a platform that no dialect speaks. */
MUST_CHECK enum err flow_attach(struct work *w);
/* Puts a new swap before its first step that is needed. */
void flow_begin(struct work *w);
/* Delivers the calls of the outbox that are due. */
MUST_CHECK enum err flow_deliver(const struct eso_workflow *f, int64_t now);
/* look.c: has the card of a device asked, in the place of a question that waits. Inside a transaction. */
MUST_CHECK enum err flow_look_later(const struct eso_workflow *f, const char *eid, int64_t due);
/* Asks one card what it holds, where that is due. */
MUST_CHECK enum err flow_look(const struct eso_workflow *f, int64_t now);

#endif
