/* What a device does, in plain words or as JSON lines: for whoever sits before sim-ipa. */
#ifndef LAB_IPA_SAY_H
#define LAB_IPA_SAY_H

#include "log.h"

/* A sink before another one: writes to fd what it has words for, and passes on what the other would have got. */
struct ipa_say {
    struct log_sink sink;
    struct log_sink *behind;  /* borrowed; NULL: nobody */
    enum log_level least;     /* of what is passed on */
    int fd;                   /* borrowed */
    bool json;                /* the events themselves, one a line */
};
void ipa_say_init(struct ipa_say *s, const struct log *behind, int fd, bool json);
/* Appends the sentence of an event, without line end; its fields stand where the sentence names them. ERR_NOT_FOUND: there are
 * no words for it. */
MUST_CHECK enum err ipa_say_put(struct buf *out, const struct log_event *e);

#endif
