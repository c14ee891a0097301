#include "eso_model.h"

static const char *const names[] = {
    "available", "allocated", "ordered", "installed", "enabled", "disabled", "retired", "quarantined",
};

const char *stock_state_name(enum stock_state s)
{
    return names[s];
}

#define TO(state) (1u << (state))
/* A code in doubt is quarantined from anywhere; back to available only from where it can be proven unused. */
static const unsigned next[] = {
    [STOCK_AVAILABLE] = TO(STOCK_ALLOCATED) | TO(STOCK_RETIRED),
    [STOCK_ALLOCATED] = TO(STOCK_ORDERED) | TO(STOCK_INSTALLED) | TO(STOCK_AVAILABLE) | TO(STOCK_QUARANTINED),
    [STOCK_ORDERED] = TO(STOCK_INSTALLED) | TO(STOCK_AVAILABLE) | TO(STOCK_QUARANTINED),
    [STOCK_INSTALLED] = TO(STOCK_ENABLED) | TO(STOCK_DISABLED) | TO(STOCK_RETIRED),
    [STOCK_ENABLED] = TO(STOCK_DISABLED),
    [STOCK_DISABLED] = TO(STOCK_ENABLED) | TO(STOCK_RETIRED),
    [STOCK_RETIRED] = 0,
    [STOCK_QUARANTINED] = TO(STOCK_AVAILABLE) | TO(STOCK_INSTALLED) | TO(STOCK_RETIRED),
};

bool stock_may_become(enum stock_state from, enum stock_state to)
{
    return (next[from] & TO(to)) != 0;
}
