/* Tables whose rows wait for their time: swaps, outbox, looks. */
#ifndef LAB_ESO_WAITING_H
#define LAB_ESO_WAITING_H

#include "eso_store.h"

struct waiting {
    const char *next; /* SQL: when the next row is due; bound: tenant */
    const char *find; /* SQL: the row that has been due longest; bound: tenant, now */
    enum err (*read)(void *row, const struct db_row *r);
    /* Counts the attempt and puts the row off until `until`; inside the transaction that found it. */
    enum err (*take)(const struct eso_store *st, void *row, int64_t now, int64_t until);
};
/* Claims what is due, in a transaction of its own. ERR_NOT_FOUND. */
MUST_CHECK enum err waiting_claim(const struct eso_store *st, const struct waiting *w, int64_t now, int64_t until, void *row);
/* CLOCK_NEVER when nothing waits. */
MUST_CHECK enum err waiting_next_due(const struct eso_store *st, const struct waiting *w, int64_t *out);

#endif
