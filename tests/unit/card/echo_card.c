#include "echo_card.h"

static enum err answer(struct buf *response, struct span data, uint16_t sw)
{
    enum err e = buf_set(response, data);
    return e ? e : buf_put(response, SPAN((uint8_t)(sw >> 8), (uint8_t)sw));
}

static enum err status(struct buf *response, uint16_t sw)
{
    return answer(response, (struct span){ 0 }, sw);
}

static uint16_t more(const struct echo_card *c)
{
    if (!c->waiting.len)
        return c->last_status ? c->last_status : 0x9000;
    return (uint16_t)(0x6100 | (c->waiting.len > 255 ? 0 : c->waiting.len));
}

static enum err manage_channel(struct echo_card *c, struct span q, struct buf *response)
{
    if (q.at[2] == 0x80) {
        c->open_channels &= ~(1u << q.at[3]);
        return status(response, 0x9000);
    }
    if (c->wants_le && (q.len != 5 || q.at[4] != 1))
        return status(response, 0x6c01);
    if (c->open_channels & 2)
        return status(response, 0x6a81);
    c->open_channels |= 2;
    return answer(response, SPAN(0x01), 0x9000);
}

static enum err get_response(struct echo_card *c, struct span q, struct buf *response)
{
    if (c->promises)
        return status(response, 0x6110);
    if (c->own_class_only && !(q.at[0] & 0x80))
        return status(response, 0x6e00);
    size_t le = q.len == 5 && q.at[4] ? q.at[4] : 256;
    if (le > c->waiting.len)
        return status(response, (uint16_t)(0x6c00 | c->waiting.len));
    struct buf rest = { .max = c->waiting.max };
    enum err e = buf_put(&rest, span_sub(buf_span(&c->waiting), le, c->waiting.len));
    struct span data = span_of(c->waiting.at, le);
    c->waiting.len = rest.len;
    if (!e)
        e = answer(response, data, more(c));
    c->waiting.len = 0;
    if (!e)
        e = buf_put(&c->waiting, buf_span(&rest));
    buf_release(&rest);
    return e;
}

static enum err store_data(struct echo_card *c, struct span q, struct buf *response)
{
    if (q.len < 5 || q.len != 5u + q.at[4] || (q.at[2] != 0x11 && q.at[2] != 0x91))
        return status(response, 0x6700);
    if (q.at[3] != (c->blocks & 0xff) || !(c->open_channels >> (q.at[0] & 3) & 1))
        return status(response, 0x6985);
    if (++c->blocks == c->refuse_block)
        return status(response, 0x6a80);
    if (q.at[4] > c->largest)
        c->largest = q.at[4];
    enum err e = buf_put(&c->collected, span_of(q.at + 5, q.at[4]));
    if (e || q.at[2] == 0x11)
        return e ? e : status(response, 0x9000);
    c->blocks = 0;
    e = buf_set(&c->waiting, buf_span(&c->collected));
    buf_clear(&c->collected);
    return e ? e : status(response, more(c));
}

static enum err transmit(struct card *card, struct span q, struct buf *response)
{
    struct echo_card *c = (struct echo_card *)card;
    c->commands++;
    if (c->mute)
        return buf_set(response, SPAN(0x90));
    if (q.len < 4)
        return status(response, 0x6700);
    switch (q.at[1]) {
    case 0x70:
        return manage_channel(c, q, response);
    case 0xa4:
        return c->no_isd_r ? status(response, 0x6a82) : answer(response, SPAN(0x6f, 0x00), 0x9000);
    case 0xc0:
        return get_response(c, q, response);
    case 0xe2:
        return store_data(c, q, response);
    default:
        return status(response, 0x6d00);
    }
}

static enum err reset(struct card *card, struct buf *atr)
{
    struct echo_card *c = (struct echo_card *)card;
    c->resets++;
    c->open_channels = 1;
    c->blocks = 0;
    buf_clear(&c->collected);
    buf_clear(&c->waiting);
    return buf_set(atr, SPAN(0x3b, 0x9f, 0x96));
}

static void close_nothing(struct card *c)
{
    (void)c;
}

void echo_card_init(struct echo_card *c)
{
    static const struct card_ops ops = { "echo", reset, transmit, close_nothing };
    *c = (struct echo_card){ .card = { &ops }, .open_channels = 1, .collected = { .max = 1 << 17 },
                             .waiting = { .max = 1 << 17 } };
}

void echo_card_release(struct echo_card *c)
{
    buf_release(&c->collected);
    buf_release(&c->waiting);
}
