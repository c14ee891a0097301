/* PINs (ETSI TS 102 221 9.5, 11.1.9 to 11.1.13): VERIFY, CHANGE, DISABLE, ENABLE, UNBLOCK. A
 * counter goes down before a comparison is believed, and is saved with the command. */
#include <string.h>

#include "usim.h"

#define CODE 8
#define PIN_ENABLED 1u /* attributes of the profile package */
#define PIN_MAY_BE_DISABLED 2u
#define PIN_MAY_BE_CHANGED 4u
#define ADM_FIRST 0x0a

struct saip_pin *usim_pin(const struct usim *u, const struct channel *ch, uint8_t reference)
{
    size_t adf = saip_pin_directory(u->package, ch->adf),
           here = saip_pin_directory(u->package, ch->directory);
    for (size_t i = 0; i < u->package->pin_count; i++) {
        struct saip_pin *p = &u->package->pins[i];
        bool local = reference & 0x80; /* second PINs belong to their application */
        if (p->reference == reference && (!local || p->directory == adf || p->directory == here))
            return p;
    }
    return NULL;
}

bool usim_pin_is_adm(const struct saip_pin *p)
{
    return (p->reference & 0x7f) >= ADM_FIRST;
}

/* ADM codes are always in force. */
static bool is_disabled(const struct saip_pin *p)
{
    return !(p->attributes & PIN_ENABLED) && !usim_pin_is_adm(p);
}

bool usim_pin_satisfied(const struct usim *u, const struct channel *ch, uint8_t reference)
{
    const struct saip_pin *p = usim_pin(u, ch, reference);
    return p && (is_disabled(p) || u->verified[p - u->package->pins]);
}

static uint16_t left(uint8_t tries)
{
    return tries & 0x0f ? SW_TRIES_LEFT | (tries & 0x0f) : SW_BLOCKED;
}

static uint8_t most(uint8_t tries)
{
    return (uint8_t)(tries >> 4 << 4 | tries >> 4);
}

/* Compares and counts: SW_OK, or how many tries are left. */
static uint16_t compare(struct usim *u, struct saip_pin *p, struct span value, bool *changed)
{
    bool right = span_equal_secret(value, SPAN_ARRAY(p->value));
    uint8_t before = p->tries;
    p->tries = right ? most(p->tries) : (uint8_t)(p->tries - 1);
    u->verified[p - u->package->pins] = right;
    *changed = p->tries != before;
    return right ? SW_OK : left(p->tries);
}

/* What all of them check first. SW_OK: go on and compare. */
static uint16_t judge(const struct saip_pin *p, const struct command *c, size_t wanted)
{
    if (c->p1)
        return SW_INCORRECT_P1P2;
    if (!p)
        return SW_REFERENCE_NOT_FOUND;
    if (!(p->tries & 0x0f))
        return SW_BLOCKED;
    return c->data.len == wanted ? SW_OK : SW_WRONG_LENGTH;
}

static uint16_t verify(struct usim *u, struct saip_pin *p, const struct command *c, bool *changed)
{
    if (p && !c->p1 && !c->data.len)
        return left(p->tries); /* asks for the counter */
    uint16_t sw = judge(p, c, CODE);
    if (sw == SW_OK && is_disabled(p))
        return SW_REFERENCED_DATA_INVALID;
    return sw == SW_OK ? compare(u, p, c->data, changed) : sw;
}

static uint16_t change(struct usim *u, struct saip_pin *p, const struct command *c, bool *changed)
{
    uint16_t sw = judge(p, c, 2 * CODE);
    if (sw != SW_OK)
        return sw;
    if (is_disabled(p))
        return SW_REFERENCED_DATA_INVALID;
    if (!(p->attributes & PIN_MAY_BE_CHANGED))
        return SW_CONDITIONS_NOT_SATISFIED;
    sw = compare(u, p, span_sub(c->data, 0, CODE), changed);
    if (sw == SW_OK) {
        memcpy(p->value, c->data.at + CODE, CODE);
        *changed = true;
    }
    return sw;
}

static uint16_t disable(struct usim *u, struct saip_pin *p, const struct command *c, bool *changed)
{
    uint16_t sw = judge(p, c, CODE);
    if (sw != SW_OK)
        return sw;
    if (is_disabled(p))
        return SW_REFERENCED_DATA_INVALID;
    if (!(p->attributes & PIN_MAY_BE_DISABLED))
        return SW_CONDITIONS_NOT_SATISFIED;
    sw = compare(u, p, c->data, changed);
    if (sw == SW_OK) {
        p->attributes &= (uint8_t)~PIN_ENABLED;
        *changed = true;
    }
    return sw;
}

static uint16_t enable(struct usim *u, struct saip_pin *p, const struct command *c, bool *changed)
{
    uint16_t sw = judge(p, c, CODE);
    if (sw != SW_OK)
        return sw;
    if (!is_disabled(p))
        return SW_CONDITIONS_NOT_SATISFIED;
    sw = compare(u, p, c->data, changed);
    if (sw == SW_OK) {
        p->attributes |= PIN_ENABLED;
        *changed = true;
    }
    return sw;
}

/* The unblocking code of a PIN: of its own directory, or of the MF. */
static struct saip_puk *find_puk(const struct usim *u, const struct saip_pin *p)
{
    struct saip_puk *found = NULL;
    for (size_t i = 0; p->puk && i < u->package->puk_count; i++) {
        struct saip_puk *k = &u->package->puks[i];
        if (k->reference == p->puk &&
            (k->directory == p->directory || (k->directory == 0 && !found)))
            found = k;
    }
    return found;
}

/* A right code gives the PIN a new value, all its tries, and puts it in force. */
static uint16_t unblock(struct usim *u, struct saip_pin *p, const struct command *c, bool *changed)
{
    if (c->p1)
        return SW_INCORRECT_P1P2;
    struct saip_puk *k = p ? find_puk(u, p) : NULL;
    if (!k)
        return SW_REFERENCE_NOT_FOUND;
    if (!c->data.len || !(k->tries & 0x0f))
        return left(k->tries);
    if (c->data.len != 2 * CODE)
        return SW_WRONG_LENGTH;
    *changed = true;
    if (!span_equal_secret(span_sub(c->data, 0, CODE), SPAN_ARRAY(k->value))) {
        k->tries--;
        return left(k->tries);
    }
    k->tries = most(k->tries);
    p->tries = most(p->tries);
    p->attributes |= PIN_ENABLED;
    memcpy(p->value, c->data.at + CODE, CODE);
    u->verified[p - u->package->pins] = true;
    return SW_OK;
}

uint16_t usim_pin_command(struct usim *u, const struct channel *ch, const struct command *c,
                          bool *changed)
{
    struct saip_pin *p = usim_pin(u, ch, c->p2);
    switch (c->ins) {
    case INS_VERIFY:
        return verify(u, p, c, changed);
    case INS_CHANGE_PIN:
        return change(u, p, c, changed);
    case INS_DISABLE_PIN:
        return disable(u, p, c, changed);
    case INS_ENABLE_PIN:
        return enable(u, p, c, changed);
    default:
        return unblock(u, p, c, changed);
    }
}
