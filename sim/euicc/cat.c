/* The one proactive command that this card has: REFRESH after a change of profile (ETSI TS 102
 * 223 6.4.7, 6.6.13; SGP.22 3.2.1). It waits until the terminal, having said that it knows REFRESH,
 * fetches and answers it. */
#include "euicc_internal.h"

/* TERMINAL PROFILE, third octet, bit 8 (TS 102 223 5.2). */
#define PROFILE_REFRESH_OCTET 2
#define PROFILE_REFRESH_BIT 0x80
#define COMMAND_NUMBER 0x01
#define COMMAND_REFRESH 0x01
#define REFRESH_UICC_RESET 0x04

static const uint8_t refresh_command[] = {
    0xd0, 0x09, 0x81, 0x03, COMMAND_NUMBER, COMMAND_REFRESH, REFRESH_UICC_RESET,
    0x82, 0x02, 0x81, 0x82
};

bool cat_is_busy(const struct euicc *e)
{
    return e->cat.step == CAT_FETCHED;
}

void cat_refresh(struct euicc *e, bool wanted)
{
    if (wanted && e->cat.terminal_refreshes && e->cat.step == CAT_IDLE)
        e->cat.step = CAT_PREPARED;
}

void cat_settle(struct euicc *e, bool saved)
{
    if (e->cat.step == CAT_PREPARED)
        e->cat.step = saved ? CAT_PENDING : CAT_IDLE;
}

uint16_t cat_status(const struct euicc *e, uint16_t sw)
{
    return sw == SW_OK && e->cat.step == CAT_PENDING ? SW_PROACTIVE | sizeof refresh_command : sw;
}

uint16_t cat_terminal_profile(struct euicc *e, const struct command *c)
{
    if (c->p1 || c->p2)
        return SW_INCORRECT_P1P2;
    if (!c->data.len)
        return SW_WRONG_LENGTH;
    e->cat.terminal_refreshes = c->data.len > PROFILE_REFRESH_OCTET &&
                                c->data.at[PROFILE_REFRESH_OCTET] & PROFILE_REFRESH_BIT;
    return SW_OK;
}

enum err cat_fetch(struct euicc *e, const struct command *c, struct buf *response, uint16_t *sw)
{
    *sw = SW_OK;
    if (c->p1 || c->p2)
        *sw = SW_INCORRECT_P1P2;
    else if (e->cat.step != CAT_PENDING)
        *sw = SW_CONDITIONS_NOT_SATISFIED;
    else if (c->data.len || !c->has_le)
        *sw = SW_WRONG_LENGTH;
    else if (c->le != sizeof refresh_command)
        *sw = SW_WRONG_LE | sizeof refresh_command;
    if (*sw != SW_OK)
        return ERR_OK;
    e->cat.step = CAT_FETCHED;
    return buf_put(response, SPAN_ARRAY(refresh_command));
}

/* Command details as they were sent, and a result: whatever it is, the session is over. */
uint16_t cat_terminal_response(struct euicc *e, const struct command *c)
{
    struct der d = der_open(c->data);
    struct der_tlv details, t;
    if (c->p1 || c->p2)
        return SW_INCORRECT_P1P2;
    if (e->cat.step != CAT_FETCHED)
        return SW_CONDITIONS_NOT_SATISFIED;
    if (der_next(&d, &details) || (details.tag | 0x80) != 0x81 ||
        !span_equal(details.value, span_of(refresh_command + 4, 3)))
        return SW_INCORRECT_DATA;
    while (!der_at_end(&d) && !der_next(&d, &t)) {
        if ((t.tag | 0x80) != 0x83 || !t.value.len)
            continue;
        e->cat.step = CAT_IDLE;
        LOG(e->env.log, LOG_INFO, "cat.refresh", F_INT("result", t.value.at[0]));
        return SW_OK;
    }
    return SW_INCORRECT_DATA;
}
