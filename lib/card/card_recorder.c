#include "card_recorder.h"

static enum err tell(struct card_recorder *r, struct span command, const struct buf *response, enum err e)
{
    const struct card_exchange x = { command, e ? (struct span){ 0 } : buf_span(response), e };
    r->tell(r->context, &x);
    return e;
}

static enum err recorder_reset(struct card *c, struct buf *atr)
{
    struct card_recorder *r = (struct card_recorder *)c;
    return tell(r, (struct span){ 0 }, atr, card_reset(r->behind, atr));
}

static enum err recorder_transmit(struct card *c, struct span command, struct buf *response)
{
    struct card_recorder *r = (struct card_recorder *)c;
    return tell(r, command, response, card_transmit(r->behind, command, response));
}

static void recorder_close(struct card *c)
{
    (void)c;
}

void card_recorder_init(struct card_recorder *r, struct card *behind,
                        void (*tell_one)(void *context, const struct card_exchange *x), void *context)
{
    static const struct card_ops ops = { "recorder", recorder_reset, recorder_transmit, recorder_close };
    *r = (struct card_recorder){ { &ops }, behind, tell_one, context };
}
