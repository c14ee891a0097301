/* Where `sgp32lab card` finds its card: simulated, in a reader of this machine, or a program that speaks vpcd. */
#ifndef LAB_RUNNER_CARD_SOURCE_H
#define LAB_RUNNER_CARD_SOURCE_H

#include "card.h"
#include "env.h"

struct card_simulation;
struct card_source {
    struct log_sink_text sink;
    struct log log;
    struct env env;
    struct crypto *crypto;
    struct card *card;
    struct card_simulation *simulation; /* NULL: a card that is not ours */
};

/* `where`: "sim": a card from the factory of the lab, with two profiles and an eIM, made for this call; "pcsc:NAME": the
 * first reader whose name contains NAME; "vpcd:PORT": waits ten seconds on 127.0.0.1 for a card to connect, as
 * 'sim-euicc --vpcd' does. Fills *s, whose address must not change; to be closed also after a failure.
 * ERR_CONFIG: `where` is none of these; the others are told on standard error. */
MUST_CHECK enum err card_source_open(struct card_source *s, const char *where);
void card_source_close(struct card_source *s); /* zero is harmless */

/* card_simulation.c: gives *out and its card. */
MUST_CHECK enum err card_simulation_new(const struct env *env, struct card_simulation **out, struct card **card);
void card_simulation_free(struct card_simulation *s); /* NULL is harmless */

#endif
