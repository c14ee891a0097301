#include <string.h>

#include "eso_model.h"

static const char *const names[] = {
    "REQUESTED", "CHECKED", "ALLOCATED", "ORDERED", "DOWNLOADED", "FALLBACK_SET", "ENABLED",
    "CONFIRMED", "BILLING_SET", "DONE",
    "HELD", "WAITING_DEVICE",
    "ROLLED_BACK", "FAILED", "CANCELLED", "EXPIRED",
};

const char *swap_state_name(enum swap_state s)
{
    return names[s];
}

enum err swap_state_read(const char *name, enum swap_state *out)
{
    for (size_t i = 0; i < COUNT(names); i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        *out = (enum swap_state)i;
        return ERR_OK;
    }
    return ERR_PARSE;
}

bool swap_state_is_end(enum swap_state s)
{
    return s == SWAP_DONE || s >= SWAP_ROLLED_BACK;
}

enum swap_state swap_shown(const struct swap *s)
{
    return s->aside == SWAP_HELD || s->aside == SWAP_WAITING_DEVICE ? s->aside : s->state;
}
