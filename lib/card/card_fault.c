#include "card_fault.h"

static enum err fault_reset(struct card *c, struct buf *atr)
{
    struct card_fault *f = (struct card_fault *)c;
    f->dead = false;
    return card_reset(f->behind, atr);
}

static enum err flip_command(struct card_fault *f, struct span command, struct buf *response)
{
    struct buf changed = { .max = command.len };
    enum err e = buf_put(&changed, command);
    if (!e && changed.len)
        changed.at[f->octet < changed.len ? f->octet : changed.len - 1] ^= 1;
    if (!e)
        e = card_transmit(f->behind, buf_span(&changed), response);
    buf_release(&changed);
    return e;
}

static enum err flip_response(struct card_fault *f, struct span command, struct buf *response)
{
    enum err e = card_transmit(f->behind, command, response);
    if (!e && response->len)
        response->at[f->octet < response->len ? f->octet : response->len < 3 ? 0 : response->len - 3] ^= 1;
    return e;
}

static enum err lose(struct card_fault *f, struct span command, struct buf *response)
{
    enum err e = card_transmit(f->behind, command, response);
    buf_clear(response);
    return e ? e : ERR_TIMEOUT;
}

static enum err misbehave(struct card_fault *f, struct span command, struct buf *response)
{
    switch (f->kind) {
    case CARD_FAULT_FAIL:
        return ERR_IO;
    case CARD_FAULT_LOSE:
        return lose(f, command, response);
    case CARD_FAULT_CUT:
        f->dead = true;
        return ERR_CUT;
    case CARD_FAULT_STATUS:
        return buf_set(response, SPAN((uint8_t)(f->status >> 8), (uint8_t)f->status));
    case CARD_FAULT_FLIP_COMMAND:
        return flip_command(f, command, response);
    case CARD_FAULT_FLIP_RESPONSE:
        return flip_response(f, command, response);
    }
    return ERR_UNSUPPORTED;
}

static enum err fault_transmit(struct card *c, struct span command, struct buf *response)
{
    struct card_fault *f = (struct card_fault *)c;
    if (f->dead)
        return ERR_IO;
    return ++f->seen == f->at ? misbehave(f, command, response) : card_transmit(f->behind, command, response);
}

static void fault_close(struct card *c)
{
    (void)c;
}

void card_fault_init(struct card_fault *f, struct card *behind, enum card_fault_kind kind, unsigned at)
{
    static const struct card_ops ops = { "fault", fault_reset, fault_transmit, fault_close };
    *f = (struct card_fault){ .card = { &ops }, .behind = behind, .kind = kind, .at = at };
}
