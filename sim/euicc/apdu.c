/* The card's outside: classes, channels, STORE DATA chains, GET RESPONSE (SGP.22 5.7.2, ETSI TS 102
 * 221 10, 11.1.17). */
#include <string.h>

#include "euicc_internal.h"
#include "rsp_ids.h"
#include "saip.h"

#define INS_TERMINAL_PROFILE 0x10
#define INS_FETCH 0x12
#define INS_TERMINAL_RESPONSE 0x14
#define INS_MANAGE_CHANNEL 0x70
#define INS_SELECT 0xa4
#define INS_TERMINAL_CAPABILITY 0xaa
#define INS_GET_RESPONSE 0xc0
#define INS_STORE_DATA 0xe2

static bool is_proprietary(const struct command *c)
{
    return c->cla & 0x80;
}

/* The four cases of a short APDU. */
static bool parse_command(struct span apdu, struct command *c, uint16_t *sw)
{
    *sw = SW_WRONG_LENGTH;
    if (apdu.len < 4)
        return false;
    *c = (struct command){ apdu.at[0], apdu.at[1], apdu.at[2], apdu.at[3],
                           .channel = apdu.at[0] & 3u };
    if (c->cla & 0x7c)
        return *sw = SW_UNKNOWN_CLASS, false;
    if (apdu.len == 4)
        return true;
    unsigned p3 = apdu.at[4];
    bool only_le = apdu.len == 5;
    if (!only_le && (!p3 || (apdu.len != 5u + p3 && apdu.len != 6u + p3)))
        return false;
    if (!only_le)
        c->data = span_sub(apdu, 5, p3);
    if (only_le || apdu.len == 6u + p3) {
        unsigned le = apdu.at[apdu.len - 1];
        c->has_le = true;
        c->le = le ? le : 256;
    }
    return true;
}

void channel_close(struct channel *c)
{
    if (c->request.at)
        memory_clear(c->request.at, c->request.len);
    buf_release(&c->request);
    buf_release(&c->response);
    transfer_end(c);
    *c = (struct channel){ .directory = 0,
                           .ef = SAIP_NONE,
                           .adf = SAIP_NONE,
                           .request = { .max = EUICC_REQUEST_MAX },
                           .response = { .max = EUICC_RESPONSE_MAX } };
}

/* ISO 7816-4 7.1.2: opened from the basic channel it begins in the MF, from another one in that one's application. */
static void begin_channel(struct channel *ch, const struct channel *from, bool basic)
{
    channel_close(ch);
    ch->open = true;
    if (basic)
        return;
    ch->selected = from->selected;
    ch->directory = from->directory;
    ch->adf = from->adf;
}

/* TS 102 221 11.1.17 has the card choose the channel and tell it; ISO 7816-4 7.1.2 lets the terminal name the one that it wants. */
static uint16_t open_channel(struct euicc *e, unsigned wanted, unsigned from, struct buf *response)
{
    unsigned i = wanted ? wanted : 1;
    while (!wanted && i < EUICC_CHANNELS && e->channels[i].open)
        i++;
    if (i >= EUICC_CHANNELS)
        return SW_FUNCTION_NOT_SUPPORTED; /* none is left, or there is no such channel */
    if (e->channels[i].open)
        return SW_INCORRECT_P1P2;
    begin_channel(&e->channels[i], &e->channels[from], !from);
    return !wanted && buf_put_u8(response, (uint8_t)i) ? SW_NO_DIAGNOSIS : SW_OK;
}

static uint16_t manage_channel(struct euicc *e, const struct command *c, struct buf *response)
{
    if (c->p1 == 0x00 && c->p2 == 0x00 && c->le != 1)
        return SW_WRONG_LE | 1; /* T=0: asked again, nothing was opened */
    if (c->p1 == 0x00)
        return open_channel(e, c->p2, c->channel, response);
    unsigned target = c->p2 ? c->p2 : c->channel;
    if (c->p1 != 0x80 || !target || target >= EUICC_CHANNELS)
        return SW_INCORRECT_P1P2;
    if (!e->channels[target].open)
        return SW_CHANNEL_NOT_SUPPORTED;
    channel_close(&e->channels[target]);
    return SW_OK;
}

/* FCI of the ISD-R with the templates E0 and E1 (SGP.22 5.7.1, SGP.32 5.9). */
static enum err put_isd_r_fci(const struct euicc *e, struct buf *out)
{
    struct der_mark fci, inner;
    enum err err = der_put_open(out, 0x6f, &fci);
    if (!err)
        err = der_put(out, 0x84, rsp_isd_r_aid());
    if (!err)
        err = der_put(out, 0xa5, SPAN(0x9f, 0x65, 0x01, 0xff));
    if (!err)
        err = der_put_open(out, 0xe0, &inner);
    if (!err)
        err = der_put(out, 0x82, SPAN_ARRAY(e->svn));
    if (!err)
        err = der_put_close(out, inner);
    if (!err && !e->sgp22_only) {
        err = der_put_open(out, 0xe1, &inner);
        if (!err)
            err = der_put_bits(
                out, 0x80, (e->ipae ? 1u << 0 : 0) | (state_enabled(euicc_state(e)) ? 1u << 1 : 0));
        if (!err)
            err = der_put_close(out, inner);
    }
    return err ? err : der_put_close(out, fci);
}

static bool names_isd_r(const struct command *c)
{
    struct span aid = rsp_isd_r_aid();
    return c->p1 == 0x04 && c->data.len >= 5 && c->data.len <= aid.len &&
           span_equal(span_sub(aid, 0, c->data.len), c->data);
}

static enum err select_isd_r(struct euicc *e, struct channel *ch, const struct command *c,
                             struct buf *response, uint16_t *sw)
{
    unsigned wanted = c->p2 & 0x0c;
    bool next = (c->p2 & 3) == NEXT_OCCURRENCE;
    if (wanted == 0x08 || c->p2 & 0xf0 || (c->p2 & 3 && !next)) {
        *sw = SW_INCORRECT_P1P2;
        return ERR_OK;
    }
    if (next && ch->selected == SELECTED_ISD_R) { /* no other application has a name that begins so */
        *sw = SW_FILE_NOT_FOUND;
        return ERR_OK;
    }
    bool open = ch->open;
    channel_close(ch);
    ch->open = open;
    ch->selected = SELECTED_ISD_R;
    *sw = SW_OK;
    return wanted == 0x0c ? ERR_OK : put_isd_r_fci(e, response);
}

/* What a failure inside the card looks like from outside. */
static uint16_t failure_status(enum err err)
{
    switch (err) {
    case ERR_PARSE:
        return SW_INCORRECT_DATA;
    case ERR_LIMIT:
        return SW_NOT_ENOUGH_MEMORY;
    case ERR_IO:
        return SW_MEMORY_PROBLEM;
    case ERR_UNSUPPORTED:
        return SW_FUNCTION_NOT_SUPPORTED;
    case ERR_STATE:
        return SW_CONDITIONS_NOT_SATISFIED;
    default:
        return SW_NO_DIAGNOSIS;
    }
}

bool failure_is_undefined(enum err err)
{
    return err && err != ERR_CUT && failure_status(err) == SW_NO_DIAGNOSIS;
}

static uint16_t drop_chain(struct channel *ch, uint16_t sw)
{
    buf_clear(&ch->request);
    ch->next_block = 0;
    return sw;
}

/* Blocks are numbered from 00; block 00 begins anew, any other must be the one expected. */
static bool take_block(struct channel *ch, const struct command *c, uint16_t *sw)
{
    if (c->p1 != 0x11 && c->p1 != 0x91)
        return *sw = drop_chain(ch, SW_INCORRECT_P1P2), false;
    if (c->p2 == 0)
        drop_chain(ch, SW_OK);
    if (c->p2 != ch->next_block)
        return *sw = drop_chain(ch, SW_INCORRECT_P1P2), false;
    enum err err = buf_put(&ch->request, c->data);
    if (err)
        return *sw = drop_chain(ch, failure_status(err)), false;
    ch->next_block++;
    *sw = SW_OK;
    return c->p1 == 0x91;
}

static enum err store_data(struct euicc *e, struct channel *ch, const struct command *c,
                           struct buf *response, uint16_t *sw)
{
    if (ch->selected != SELECTED_ISD_R) {
        *sw = SW_CONDITIONS_NOT_SATISFIED;
        return ERR_OK;
    }
    if (!take_block(ch, c, sw))
        return ERR_OK;
    struct buf request = ch->request;
    ch->request = (struct buf){ .max = EUICC_REQUEST_MAX };
    ch->next_block = 0;
    enum err err = es10_execute(e, buf_span(&request), response, sw);
    memory_clear(request.at, request.len); /* segments carry keys */
    buf_release(&request);
    return err;
}

/* TS 102 221 11.1.19: one template of what the terminal can do; this card gives nothing for it. */
static uint16_t terminal_capability(const struct command *c)
{
    struct der_tlv template;
    if (c->p1 || c->p2)
        return SW_INCORRECT_P1P2;
    if (!c->data.len)
        return SW_WRONG_LENGTH;
    return der_only(c->data, 0xa9, &template) || der_check(template.value) ? SW_INCORRECT_DATA
                                                                           : SW_OK;
}

/* What the terminal says of itself, and the toolkit: on the basic channel (TS 102 221 11.1.19
 * to 11.2.3). */
static enum err run_terminal(struct euicc *e, const struct command *c, struct buf *data,
                             uint16_t *sw)
{
    if (c->channel) {
        *sw = SW_CHANNEL_NOT_SUPPORTED;
        return ERR_OK;
    }
    switch (c->ins) {
    case INS_TERMINAL_CAPABILITY:
        *sw = terminal_capability(c);
        return ERR_OK;
    case INS_TERMINAL_PROFILE:
        *sw = cat_terminal_profile(e, c);
        return ERR_OK;
    case INS_FETCH:
        return cat_fetch(e, c, data, sw);
    default:
        *sw = cat_terminal_response(e, c);
        return ERR_OK;
    }
}

static enum err run(struct euicc *e, struct channel *ch, const struct command *c, struct buf *data,
                    uint16_t *sw)
{
    switch (c->ins) {
    case INS_MANAGE_CHANNEL:
        *sw = is_proprietary(c) ? SW_UNKNOWN_CLASS : manage_channel(e, c, data);
        return ERR_OK;
    case INS_TERMINAL_CAPABILITY:
    case INS_TERMINAL_PROFILE:
    case INS_FETCH:
    case INS_TERMINAL_RESPONSE:
        if (is_proprietary(c))
            return run_terminal(e, c, data, sw);
        *sw = SW_UNKNOWN_CLASS;
        return ERR_OK;
    case INS_STORE_DATA:
        if (is_proprietary(c))
            return store_data(e, ch, c, data, sw);
        *sw = SW_UNKNOWN_CLASS;
        return ERR_OK;
    case INS_SELECT:
        if (!is_proprietary(c) && names_isd_r(c))
            return select_isd_r(e, ch, c, data, sw);
        if (!is_proprietary(c))
            return usim_process(e, ch, c, data, sw);
        *sw = SW_UNKNOWN_CLASS;
        return ERR_OK;
    default:
        if (ch->selected == SELECTED_UICC)
            return usim_process(e, ch, c, data, sw);
        *sw = SW_UNKNOWN_INSTRUCTION;
        return ERR_OK;
    }
}

static bool is_warning(uint16_t sw)
{
    return sw >> 8 == 0x62 || sw >> 8 == 0x63;
}

/* Gives what Le asks for; what is left waits for GET RESPONSE. Without Le everything waits. A warning
 * is told at once and with the last octets (TS 102 221 C.1). */
static enum err give(struct channel *ch, unsigned le, struct buf *response, uint16_t *sw)
{
    size_t left = ch->response.len - ch->given;
    size_t n = left < le ? left : le;
    enum err err = buf_put(response, span_sub(buf_span(&ch->response), ch->given, n));
    ch->given += n;
    left -= n;
    if (left) {
        ch->status = *sw;
        if (!is_warning(*sw))
            *sw = (uint16_t)(SW_MORE | (left > 255 ? 0 : left));
    } else {
        memory_clear(ch->response.at, ch->response.len); /* CK and IK pass here */
        buf_release(&ch->response);
        ch->given = 0;
    }
    return err;
}

static enum err get_response(struct channel *ch, const struct command *c, struct buf *response,
                             uint16_t *sw)
{
    size_t left = ch->response.len - ch->given;
    *sw = SW_OK;
    if (c->p1 || c->p2)
        *sw = SW_INCORRECT_P1P2;
    else if (!c->has_le)
        *sw = SW_WRONG_LENGTH;
    else if (!left)
        *sw = SW_CONDITIONS_NOT_SATISFIED;
    else if (c->le > left && c->le != 256)
        *sw = (uint16_t)(SW_WRONG_LE | left);
    if (*sw != SW_OK)
        return ERR_OK;
    *sw = ch->status;
    return give(ch, c->le, response, sw);
}

static enum err execute(struct euicc *e, struct channel *ch, const struct command *c,
                        struct buf *response, uint16_t *sw)
{
    struct buf data = { .max = EUICC_RESPONSE_MAX };
    buf_release(&ch->response); /* a new command ends what was not fetched */
    ch->given = 0;
    enum err err = run(e, ch, c, &data, sw);
    if (!err)
        err = euicc_commit(e);
    cat_settle(e, !err);
    if (err)
        usim_close(e); /* it may have run ahead of what was saved */
    if (err && err != ERR_CUT)
        *sw = failure_status(err);
    if (err || !data.len) {
        buf_release(&data);
        return err == ERR_CUT ? err : ERR_OK;
    }
    ch->response = data;
    return give(ch, c->has_le ? c->le : 0, response, sw);
}

static enum err put_status(struct buf *response, uint16_t sw)
{
    return buf_put(response, SPAN((uint8_t)(sw >> 8), (uint8_t)sw));
}

enum err apdu_process(struct euicc *e, struct span apdu, struct buf *response)
{
    struct command c;
    uint16_t sw;
    if (!parse_command(apdu, &c, &sw))
        return put_status(response, sw);
    struct channel *ch = &e->channels[c.channel];
    enum err err = ERR_OK;
    if (!ch->open)
        sw = SW_CHANNEL_NOT_SUPPORTED;
    else if (c.ins == INS_GET_RESPONSE)
        err = get_response(ch, &c, response, &sw);
    else
        err = execute(e, ch, &c, response, &sw);
    return err ? err : put_status(response, cat_status(e, sw));
}
