#include "card.h"

enum err card_reset(struct card *c, struct buf *atr)
{
    return c->ops->reset(c, atr);
}

enum err card_transmit(struct card *c, struct span command, struct buf *response)
{
    return c->ops->transmit(c, command, response);
}

void card_close(struct card *c)
{
    if (c)
        c->ops->close(c);
}
