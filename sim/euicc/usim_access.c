/* Access rules of EF.ARR in expanded format, and PINs (ETSI TS 102 221 9.2, 9.5). */
#include <string.h>

#include "usim.h"

static struct saip_pin *find_pin(const struct usim *u, const struct channel *ch, uint8_t reference)
{
    for (size_t i = 0; i < u->package->pin_count; i++) {
        struct saip_pin *p = &u->package->pins[i];
        bool local = reference & 0x80; /* second PINs belong to their application */
        if (p->reference == reference &&
            (!local || p->directory == ch->adf || p->directory == ch->directory))
            return p;
    }
    return NULL;
}

static bool pin_satisfied(const struct usim *u, const struct channel *ch, uint8_t reference)
{
    const struct saip_pin *p = find_pin(u, ch, reference);
    if (!p)
        return false;
    bool disabled = !(p->attributes & 1) && reference < 0x0a;
    return disabled || u->verified[p - u->package->pins];
}

/* One security condition: always, never, a key, or a list of them of which one or all must hold. */
static bool holds(const struct usim *u, const struct channel *ch, const struct der_tlv *condition,
                  unsigned depth)
{
    struct der_tlv reference, item;
    switch (condition->tag) {
    case 0x90:
        return true;
    case 0xa4:
        return !der_find(condition->value, 0x83, &reference) && reference.value.len == 1 &&
               pin_satisfied(u, ch, reference.value.at[0]);
    case 0xa0:
    case 0xaf: {
        bool all = condition->tag == 0xaf;
        struct der d = der_open(condition->value);
        while (depth < 4 && !der_next(&d, &item))
            if (holds(u, ch, &item, depth + 1) != all)
                return !all;
        return all;
    }
    default:
        return false; /* 97 never, and what nobody knows */
    }
}

static bool rule_allows(const struct usim *u, const struct channel *ch, struct span rule,
                        enum usim_access access)
{
    struct der d = der_open(rule);
    struct der_tlv mode, condition;
    while (!der_next(&d, &mode) && !der_next(&d, &condition)) {
        bool applies = mode.tag == 0x80 && mode.value.len == 1 && mode.value.at[0] & access;
        if (applies && holds(u, ch, &condition, 0))
            return true;
    }
    return false;
}

/* The EF.ARR of this id nearest to the file, up to the MF. */
static const struct saip_file *find_arr(const struct usim *u, const struct saip_file *f,
                                        uint16_t fid)
{
    for (size_t at = f->parent; at != SAIP_NONE; at = u->package->files[at].parent) {
        size_t found = saip_child(u->package, at, fid);
        if (found != SAIP_NONE)
            return &u->package->files[found];
    }
    return NULL;
}

bool usim_allows(const struct usim *u, const struct channel *ch, const struct saip_file *f,
                 enum usim_access access)
{
    uint16_t fid = f->access_len == 3 ? (uint16_t)(f->access[0] << 8 | f->access[1]) : 0x6f06;
    unsigned record = f->access_len ? f->access[f->access_len - 1] : 0;
    const struct saip_file *arr = find_arr(u, f, fid);
    if (!arr && f->access_len == 1)
        arr = find_arr(u, f, 0x2f06);
    size_t length = arr ? arr->record_length : 0;
    if (!length || !record || record * length > arr->size)
        return access == USIM_READ &&
               f->access_len == 0; /* a rule that is not there allows nothing */
    return rule_allows(
        u, ch, span_sub(saip_content(u->package, arr), (record - 1) * length, length), access);
}

static uint16_t tries_left(const struct saip_pin *p)
{
    unsigned left = p->tries & 0x0f;
    return (uint16_t)(left ? SW_TRIES_LEFT | left : SW_BLOCKED);
}

/* The counter goes down before the comparison is believed, and the change is saved with the
 * command. */
uint16_t usim_verify(struct usim *u, const struct channel *ch, const struct command *c,
                     bool *changed)
{
    struct saip_pin *p = c->p1 ? NULL : find_pin(u, ch, c->p2);
    if (c->p1)
        return SW_INCORRECT_P1P2;
    if (!p)
        return SW_REFERENCE_NOT_FOUND;
    if (!c->data.len || !(p->tries & 0x0f))
        return tries_left(p);
    if (c->data.len != sizeof p->value)
        return SW_WRONG_LENGTH;
    if (!(p->attributes & 1) && c->p2 < 0x0a)
        return SW_REFERENCED_DATA_INVALID; /* TS 102 221 11.1.9: the PIN is disabled */
    bool right = span_equal_secret(c->data, SPAN_ARRAY(p->value));
    uint8_t most = p->tries >> 4, before = p->tries;
    p->tries = (uint8_t)(right ? most << 4 | most : p->tries - 1);
    u->verified[p - u->package->pins] = right;
    *changed = p->tries != before;
    return right ? SW_OK : tries_left(p);
}
