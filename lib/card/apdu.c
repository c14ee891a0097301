#include "apdu.h"

#define INS_MANAGE_CHANNEL 0x70
#define INS_SELECT 0xa4
#define INS_GET_RESPONSE 0xc0
#define INS_STORE_DATA 0xe2
#define INS_TERMINAL_CAPABILITY 0xaa
#define MORE_BLOCKS 0x11 /* P1 of STORE DATA (SGP.22 5.7.2) */
#define LAST_BLOCK 0x91
#define BLOCKS_MAX 256   /* the block number is one octet and starts at 00 with each command */

bool apdu_success(uint16_t sw)
{
    return sw == 0x9000 || sw >> 8 == 0x91;
}

/* One exchange: appends the data part, sets *sw. */
static enum err exchange(struct card *c, struct span command, struct buf *data, uint16_t *sw)
{
    struct buf response = { .max = CARD_RESPONSE_MAX };
    enum err e = card_transmit(c, command, &response);
    if (!e && response.len < 2)
        e = ERR_PARSE;
    if (!e) {
        size_t body = response.len - 2;
        *sw = (uint16_t)(response.at[body] << 8 | response.at[body + 1]);
        e = buf_put(data, span_of(response.at, body));
    }
    buf_release(&response);
    return e;
}

/* The same command with another Le, which is appended where there was none (ISO 7816-3 cases 1 to 4). */
static enum err put_with_le(struct buf *b, struct span command, uint8_t le)
{
    size_t lc = command.len > 5 ? command.at[4] : 0;
    size_t bare = lc ? 5 + lc : 4;
    enum err e = command.len < bare ? ERR_PARSE : buf_set(b, span_sub(command, 0, bare));
    return e ? e : buf_put_u8(b, le);
}

static enum err repeat_with_le(struct card *c, struct span command, struct buf *data, uint16_t *sw)
{
    struct buf again = { .max = CARD_APDU_MAX };
    enum err e = put_with_le(&again, command, (uint8_t)*sw);
    if (!e)
        e = exchange(c, buf_span(&again), data, sw);
    buf_release(&again);
    return e;
}

/* GET RESPONSE belongs to the interindustry class; some cards know it only in the class of the command. */
static enum err get_response(struct card *c, uint8_t class, struct buf *data, uint16_t *sw)
{
    uint8_t le = (uint8_t)*sw;
    uint8_t plain = class & 0x40 ? class & 0x4f : class & 0x03;
    enum err e = exchange(c, SPAN(plain, INS_GET_RESPONSE, 0, 0, le), data, sw);
    if (!e && plain != class && (*sw == 0x6e00 || *sw == 0x6d00))
        e = exchange(c, SPAN(class, INS_GET_RESPONSE, 0, 0, le), data, sw);
    if (!e && *sw >> 8 == 0x6c)
        e = exchange(c, SPAN(plain, INS_GET_RESPONSE, 0, 0, (uint8_t)*sw), data, sw);
    return e;
}

enum err apdu_send(struct card *c, struct span command, struct buf *data, uint16_t *sw)
{
    *sw = 0;
    buf_clear(data);
    if (command.len < 4 || command.len > CARD_APDU_MAX)
        return ERR_PARSE;
    enum err e = exchange(c, command, data, sw);
    if (!e && *sw >> 8 == 0x6c) {
        buf_clear(data);
        e = repeat_with_le(c, command, data, sw);
    }
    while (!e && *sw >> 8 == 0x61) {
        size_t before = data->len;
        e = get_response(c, command.at[0], data, sw);
        if (!e && *sw >> 8 == 0x61 && data->len == before)
            e = ERR_PARSE; /* a card that promises for ever and gives nothing */
    }
    return e;
}

enum err apdu_terminal_capability(struct card *c, uint8_t euicc_related, uint16_t *sw)
{
    struct buf data = { .max = CARD_RESPONSE_MAX };
    enum err e = apdu_send(c, SPAN(0x80, INS_TERMINAL_CAPABILITY, 0x00, 0x00, 0x05, 0xa9, 0x03, 0x83, 0x01, euicc_related), &data, sw);
    buf_release(&data);
    return e;
}

enum err apdu_close_channel(struct card *c, unsigned channel)
{
    struct buf data = { .max = CARD_RESPONSE_MAX };
    uint16_t sw = 0;
    enum err e = apdu_send(c, SPAN(0x00, INS_MANAGE_CHANNEL, 0x80, (uint8_t)channel), &data, &sw);
    buf_release(&data);
    return e || apdu_success(sw) ? e : ERR_REFUSED;
}

static enum err open_channel(struct card *c, unsigned *channel, uint16_t *sw)
{
    struct buf data = { .max = CARD_RESPONSE_MAX };
    enum err e = apdu_send(c, SPAN(0x00, INS_MANAGE_CHANNEL, 0x00, 0x00, 0x01), &data, sw);
    if (!e && !apdu_success(*sw))
        e = ERR_REFUSED;
    if (!e && (data.len != 1 || data.at[0] < 1 || data.at[0] > 3))
        e = ERR_PARSE;
    if (!e)
        *channel = data.at[0];
    buf_release(&data);
    return e;
}

enum err apdu_open_isd_r(struct card *c, unsigned *channel, struct buf *fci, uint16_t *sw)
{
    static const uint8_t select_isd_r[] = { 0xa4, 0x04, 0x04, 0x10, 0xa0, 0x00, 0x00, 0x05, 0x59, 0x10,
                                            0x10, 0xff, 0xff, 0xff, 0xff, 0x89, 0x00, 0x00, 0x01, 0x00 };
    struct buf command = { .max = CARD_APDU_MAX };
    unsigned opened = 0;
    enum err e = open_channel(c, &opened, sw);
    if (!e)
        e = buf_put_u8(&command, (uint8_t)opened);
    if (!e)
        e = buf_put(&command, SPAN_ARRAY(select_isd_r));
    if (!e)
        e = apdu_send(c, buf_span(&command), fci, sw);
    if (!e && !apdu_success(*sw))
        e = ERR_REFUSED;
    buf_release(&command);
    if (!e)
        *channel = opened;
    else if (opened && apdu_close_channel(c, opened) != ERR_OK)
        return e; /* the first failure is the one that tells */
    return e;
}

static enum err send_block(struct card *c, unsigned channel, bool last, size_t number, struct span data,
                           struct buf *response, uint16_t *sw)
{
    const uint8_t header[5] = { (uint8_t)(0x80 | channel), INS_STORE_DATA, last ? LAST_BLOCK : MORE_BLOCKS,
                                (uint8_t)number, (uint8_t)data.len };
    struct buf command = { .max = CARD_APDU_MAX };
    enum err e = buf_put(&command, SPAN_ARRAY(header));
    if (!e)
        e = buf_put(&command, data);
    if (!e)
        e = apdu_send(c, buf_span(&command), response, sw);
    buf_release(&command);
    return e;
}

enum err apdu_store_data(struct card *c, unsigned channel, size_t block, struct span request,
                         struct buf *response, uint16_t *sw)
{
    size_t size = block ? block : 255;
    *sw = 0;
    buf_clear(response);
    if (channel > 3 || size > 255 || request.len > size * BLOCKS_MAX)
        return ERR_LIMIT;
    size_t count = request.len ? (request.len + size - 1) / size : 1;
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        enum err e = send_block(c, channel, last, i, span_sub(request, i * size, size), response, sw);
        if (e || (!last && !apdu_success(*sw)))
            return e;
    }
    return ERR_OK;
}
