/* What using a USIM changes, as DER: A0 sequence numbers, A1 PINs, A2 PUKs, A3 files, A4 life cycles, A5
 * how often keys were used. Nothing of it is in the package. */
#include <string.h>

#include "usim.h"

#define PIN_OCTETS 10

static enum err write_sequence_numbers(const struct saip_package *p, struct buf *out)
{
    struct der_mark mark;
    enum err err = der_put_open(out, 0xa0, &mark);
    for (size_t i = 0; !err && i < p->aka_count; i++)
        err = der_put(out, 0x04, span_of(p->akas[i].sqn, sizeof p->akas[i].sqn));
    return err ? err : der_put_close(out, mark);
}

static enum err write_counters(const struct saip_package *p, struct buf *out)
{
    struct der_mark mark;
    enum err err = der_put_open(out, 0xa5, &mark);
    for (size_t i = 0; !err && i < p->aka_count; i++)
        err = der_put_integer(out, 0x02, p->akas[i].counter);
    return err ? err : der_put_close(out, mark);
}

static enum err write_codes(const struct saip_package *p, struct buf *out)
{
    struct der_mark mark;
    enum err err = der_put_open(out, 0xa1, &mark);
    for (size_t i = 0; !err && i < p->pin_count; i++) {
        uint8_t octets[PIN_OCTETS] = { p->pins[i].tries, p->pins[i].attributes };
        memcpy(octets + 2, p->pins[i].value, 8);
        err = der_put(out, 0x04, SPAN_ARRAY(octets));
        memory_clear(octets, sizeof octets);
    }
    if (!err)
        err = der_put_close(out, mark);
    if (!err)
        err = der_put_open(out, 0xa2, &mark);
    for (size_t i = 0; !err && i < p->puk_count; i++)
        err = der_put(out, 0x04, SPAN(p->puks[i].tries));
    return err ? err : der_put_close(out, mark);
}

static enum err write_files(const struct usim *u, struct buf *out)
{
    const struct saip_package *p = u->package;
    struct der_mark list, entry;
    enum err err = der_put_open(out, 0xa3, &list);
    for (size_t i = 0; !err && i < p->file_count; i++) {
        if (!(u->changed[i] & USIM_CONTENT))
            continue;
        err = der_put_open(out, 0x30, &entry);
        if (!err)
            err = der_put_integer(out, 0x02, (int64_t)i);
        if (!err)
            err = der_put(out, 0x04, saip_content(p, &p->files[i]));
        if (!err)
            err = der_put_close(out, entry);
    }
    return err ? err : der_put_close(out, list);
}

static enum err write_lifecycles(const struct usim *u, struct buf *out)
{
    struct der_mark list, entry;
    enum err err = der_put_open(out, 0xa4, &list);
    for (size_t i = 0; !err && i < u->package->file_count; i++) {
        if (!(u->changed[i] & USIM_LIFECYCLE))
            continue;
        err = der_put_open(out, 0x30, &entry);
        if (!err)
            err = der_put_integer(out, 0x02, (int64_t)i);
        if (!err)
            err = der_put(out, 0x04, SPAN(u->package->files[i].lifecycle));
        if (!err)
            err = der_put_close(out, entry);
    }
    return err ? err : der_put_close(out, list);
}

enum err usim_write_changes(const struct usim *u, struct buf *out)
{
    enum err err = write_sequence_numbers(u->package, out);
    if (!err)
        err = write_codes(u->package, out);
    if (!err)
        err = write_files(u, out);
    if (!err)
        err = write_lifecycles(u, out);
    return err ? err : write_counters(u->package, out);
}

static enum err next_octets(struct der *list, size_t len, void *out)
{
    struct der_tlv t;
    if (der_expect(list, 0x04, &t) || t.value.len != len)
        return ERR_PARSE;
    memcpy(out, t.value.at, len);
    return ERR_OK;
}

static enum err apply_numbers(struct saip_package *p, struct span list)
{
    struct der d = der_open(list);
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < p->aka_count; i++)
        err = next_octets(&d, sizeof p->akas[i].sqn, p->akas[i].sqn);
    return err;
}

static enum err apply_counters(struct saip_package *p, struct span list)
{
    struct der d = der_open(list);
    struct der_tlv t;
    int64_t count = 0;
    for (size_t i = 0; i < p->aka_count; i++) {
        if (der_expect(&d, 0x02, &t) || der_integer(t.value, &count) || count < 0 || count > UINT32_MAX)
            return ERR_PARSE;
        p->akas[i].counter = (uint32_t)count;
    }
    return ERR_OK;
}

static enum err apply_codes(struct saip_package *p, struct span pins, struct span puks)
{
    struct der d = der_open(pins);
    uint8_t octets[PIN_OCTETS];
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < p->pin_count; i++) {
        err = next_octets(&d, sizeof octets, octets);
        if (err)
            break;
        p->pins[i].tries = octets[0];
        p->pins[i].attributes = octets[1];
        memcpy(p->pins[i].value, octets + 2, 8);
    }
    memory_clear(octets, sizeof octets);
    d = der_open(puks);
    for (size_t i = 0; !err && i < p->puk_count; i++)
        err = next_octets(&d, 1, &p->puks[i].tries);
    return err;
}

static enum err apply_file(struct usim *u, struct span entry)
{
    struct der d = der_open(entry);
    struct der_tlv index, content;
    int64_t i;
    if (der_expect(&d, 0x02, &index) || der_integer(index.value, &i) ||
        der_expect(&d, 0x04, &content) || i < 0 || (size_t)i >= u->package->file_count)
        return ERR_PARSE;
    const struct saip_file *f = &u->package->files[i];
    if (f->link != SAIP_NONE || content.value.len != f->size)
        return ERR_PARSE;
    uint8_t *own;
    enum err err = usim_own(u, f, &own);
    if (!err && f->size)
        memcpy(own, content.value.at, f->size);
    return err;
}

static enum err apply_lifecycle(struct usim *u, struct span entry)
{
    struct der d = der_open(entry);
    struct der_tlv index, lifecycle;
    int64_t i;
    if (der_expect(&d, 0x02, &index) || der_integer(index.value, &i) ||
        der_expect(&d, 0x04, &lifecycle) || i < 0 || (size_t)i >= u->package->file_count ||
        lifecycle.value.len != 1)
        return ERR_PARSE;
    u->package->files[i].lifecycle = lifecycle.value.at[0];
    u->changed[i] |= USIM_LIFECYCLE;
    return ERR_OK;
}

static enum err apply_list(struct usim *u, struct span list,
                           enum err (*apply)(struct usim *u, struct span entry))
{
    struct der d = der_open(list);
    struct der_tlv entry;
    enum err err = ERR_OK;
    while (!err && !der_at_end(&d)) {
        err = der_expect(&d, 0x30, &entry);
        if (!err)
            err = apply(u, entry.value);
    }
    return err;
}

enum err usim_apply_changes(struct usim *u, struct span changes)
{
    struct der d = der_open(changes);
    struct der_tlv numbers, pins, puks, files, lifecycles, counters;
    bool has_lifecycles = false, has_counters = false; /* a memory from before had none */
    if (!changes.len)
        return ERR_OK;
    if (der_expect(&d, 0xa0, &numbers) || der_expect(&d, 0xa1, &pins) ||
        der_expect(&d, 0xa2, &puks) || der_expect(&d, 0xa3, &files) ||
        der_optional(&d, 0xa4, &lifecycles, &has_lifecycles) || der_optional(&d, 0xa5, &counters, &has_counters))
        return ERR_PARSE;
    enum err err = apply_numbers(u->package, numbers.value);
    if (!err)
        err = apply_codes(u->package, pins.value, puks.value);
    if (!err)
        err = apply_list(u, files.value, apply_file);
    if (!err && has_lifecycles)
        err = apply_list(u, lifecycles.value, apply_lifecycle);
    return err || !has_counters ? err : apply_counters(u->package, counters.value);
}
