/* Access rules of EF.ARR in expanded format (ETSI TS 102 221 9.2). */
#include "usim.h"

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
               usim_pin_satisfied(u, ch, reference.value.at[0]);
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
        bool by_bit = mode.tag == 0x80 && mode.value.len == 1 && mode.value.at[0] & access & 0xff;
        bool by_instruction = mode.tag == 0x84 && mode.value.len == 1 && access > 0xff &&
                              mode.value.at[0] == access >> 8;
        bool applies = by_bit || by_instruction;
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
