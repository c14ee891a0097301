/* Contents of files (ETSI TS 102 221 11.1.3 to 11.1.8): READ, UPDATE, SEARCH, INCREASE. */
#include <stdlib.h>
#include <string.h>

#include "usim.h"

bool usim_is_directory(const struct saip_file *f)
{
    return f->kind == SAIP_MF || f->kind == SAIP_ADF || f->kind == SAIP_DF;
}

bool usim_has_records(const struct saip_file *f)
{
    return f->kind == SAIP_LINEAR_FIXED || f->kind == SAIP_CYCLIC;
}

unsigned usim_first_record(const struct saip_file *f)
{
    return f->kind == SAIP_CYCLIC ? 1 : 0;
}

/* ---- reading and updating
 * ------------------------------------------------------------------------------------------ */
static struct saip_file *by_sfi(const struct usim *u, const struct channel *ch, unsigned sfi)
{
    for (size_t i = 0; i < u->package->file_count; i++) {
        struct saip_file *f = &u->package->files[i];
        if (f->parent == ch->directory && !usim_is_directory(f) && f->sfi == sfi)
            return f;
    }
    return NULL;
}

struct saip_file *usim_target(struct usim *u, struct channel *ch, unsigned sfi, uint16_t *sw)
{
    struct saip_file *f = sfi                   ? by_sfi(u, ch, sfi)
                          : ch->ef == SAIP_NONE ? NULL
                                                : &u->package->files[ch->ef];
    if (!f) {
        *sw = sfi ? SW_FILE_NOT_FOUND : SW_NO_EF_SELECTED;
        return NULL;
    }
    if (sfi) {
        ch->ef = (uint16_t)(f - u->package->files);
        ch->record = usim_first_record(f);
    }
    return f;
}

bool usim_permits(const struct usim *u, const struct channel *ch, const struct saip_file *f,
                  enum usim_access access, uint16_t *sw)
{
    *sw = SW_OK;
    if (!usim_allows(u, ch, f, access))
        *sw = SW_SECURITY_STATUS;
    else if (usim_is_deactivated(f) && !f->usable_deactivated)
        *sw = SW_REFERENCED_DATA_INVALID;
    return *sw == SW_OK;
}

static bool permitted(const struct usim *u, const struct channel *ch, const struct saip_file *f,
                      bool update, uint16_t *sw)
{
    return usim_permits(u, ch, f, update ? USIM_UPDATE : USIM_READ, sw);
}

/* Contents live at the end of the links. */
static struct saip_file *contents_of(const struct usim *u, struct saip_file *f)
{
    for (unsigned hops = 0; f->link != SAIP_NONE && hops < 4; hops++)
        f = &u->package->files[f->link];
    return f;
}

/* T=0 (ISO 7816-3): more wanted than there is, 00 standing for 256, is told by 6Cxx, as is a
 * missing Le. */
static enum err give_bytes(const struct command *c, struct span available, struct buf *response,
                           uint16_t *sw)
{
    if (!c->has_le || c->le > available.len) {
        *sw = (uint16_t)(SW_WRONG_LE | (available.len < 256 ? available.len : 0));
        return ERR_OK;
    }
    return buf_put(response, span_sub(available, 0, c->le));
}

enum err usim_own(struct usim *u, const struct saip_file *f, uint8_t **out)
{
    size_t i = (size_t)(f - u->package->files);
    if (!(u->changed[i] & USIM_CONTENT)) {
        uint8_t *own = malloc(f->size ? f->size : 1);
        if (!own)
            return ERR_NOMEM;
        if (f->size)
            memcpy(own, f->at, f->size);
        u->package->files[i].at = own;
        u->changed[i] |= USIM_CONTENT;
    }
    *out = (uint8_t *)(uintptr_t)u->package->files[i].at; /* allocated here, so it may be written to */
    return ERR_OK;
}

enum err usim_put(struct euicc *e, struct usim *u, struct saip_file *f, size_t offset,
                  struct span bytes, uint16_t *sw)
{
    struct saip_file *real = contents_of(u, f);
    uint8_t *own;
    if (offset + bytes.len > real->size) {
        *sw = SW_WRONG_LENGTH;
        return ERR_OK;
    }
    enum err err = usim_own(u, real, &own);
    if (err)
        return err;
    if (bytes.len)
        memcpy(own + offset, bytes.at, bytes.len);
    return usim_keep(e, u);
}

enum err usim_binary(struct euicc *e, struct usim *u, struct channel *ch, const struct command *c,
                     struct buf *response, uint16_t *sw)
{
    bool by_short = c->p1 & 0x80, update = c->ins == INS_UPDATE_BINARY;
    size_t offset = by_short ? c->p2 : (size_t)c->p1 << 8 | c->p2;
    struct saip_file *f = usim_target(u, ch, by_short ? c->p1 & 0x1f : 0, sw);
    if (!f)
        return ERR_OK;
    if (f->kind != SAIP_TRANSPARENT)
        *sw = SW_INCOMPATIBLE_FILE;
    else if (permitted(u, ch, f, update, sw) && offset >= f->size)
        *sw = SW_WRONG_OFFSET;
    else if (*sw == SW_OK && update)
        return c->data.len ? usim_put(e, u, f, offset, c->data, sw)
                           : (*sw = SW_WRONG_LENGTH, ERR_OK);
    else if (*sw == SW_OK)
        return give_bytes(c, span_sub(saip_content(u->package, f), offset, f->size), response, sw);
    return ERR_OK;
}

/* A cyclic file: the oldest record goes, the new one is number 1 (TS 102 221 8.2.2.3). */
static enum err put_newest(struct euicc *e, struct usim *u, struct channel *ch, struct saip_file *f,
                           struct span record, uint16_t *sw)
{
    struct saip_file *real = contents_of(u, f);
    uint8_t *at;
    if (record.len != f->record_length) {
        *sw = SW_WRONG_LENGTH;
        return ERR_OK;
    }
    enum err err = usim_own(u, real, &at);
    if (err)
        return err;
    memmove(at + record.len, at, real->size - record.len);
    ch->record = 1;
    return usim_put(e, u, f, 0, record, sw);
}

/* P2: short identifier and mode; 4 the record numbered P1 (0 the current one), 2 the next, 3 the
 * one before. 0 there is none: only a cyclic file goes round.
 */
static unsigned record_number(const struct channel *ch, const struct command *c, unsigned count, bool cyclic)
{
    switch (c->p2 & 7) {
    case 2:
        return ch->record < count ? ch->record + 1 : cyclic ? 1 : 0;
    case 3:
        return ch->record > 1 ? ch->record - 1 : ch->record && !cyclic ? 0 : count;
    case 4:
        return c->p1 ? c->p1 : ch->record;
    default:
        return 0;
    }
}

enum err usim_record(struct euicc *e, struct usim *u, struct channel *ch, const struct command *c,
                     struct buf *response, uint16_t *sw)
{
    unsigned mode = c->p2 & 7;
    bool update = c->ins == INS_UPDATE_RECORD;
    struct saip_file *f = usim_target(u, ch, c->p2 >> 3, sw);
    if (!f)
        return ERR_OK;
    if (mode < 2 || mode > 4)
        return *sw = SW_INCORRECT_P1P2, ERR_OK;
    if (!usim_has_records(f))
        return *sw = SW_INCOMPATIBLE_FILE, ERR_OK;
    if (!permitted(u, ch, f, update, sw))
        return ERR_OK;
    if (update && f->kind == SAIP_CYCLIC)
        return mode == 3 ? put_newest(e, u, ch, f, c->data, sw)
                         : (*sw = SW_INCOMPATIBLE_FILE, ERR_OK);
    unsigned count = f->size / f->record_length, n = record_number(ch, c, count, f->kind == SAIP_CYCLIC);
    if (!n || n > count)
        return *sw = SW_RECORD_NOT_FOUND, ERR_OK;
    size_t offset = (size_t)(n - 1) * f->record_length;
    enum err err = ERR_OK;
    if (!update)
        err = give_bytes(c, span_sub(saip_content(u->package, f), offset, f->record_length), response, sw);
    else if (c->data.len == f->record_length)
        err = usim_put(e, u, f, offset, c->data, sw);
    else
        *sw = SW_WRONG_LENGTH;
    if (!err && *sw == SW_OK && mode != 4)
        ch->record = n; /* what was refused, and 6Cxx, which asks for the command again, move nothing */
    return err;
}

/* ---- searching and counting
 * ---------------------------------------------------------------------------------------- */
#define SEARCH_FORWARD 4
#define SEARCH_BACKWARD 5

/* Simple search: the numbers of the records that hold the pattern, from P1 (0 the current one, where there is one) on or
 * down from it. */
static enum err search_records(const struct usim *u, const struct channel *ch, const struct saip_file *f,
                               const struct command *c, struct buf *response)
{
    bool forward = (c->p2 & 7) == SEARCH_FORWARD;
    unsigned count = f->size / f->record_length, end = forward ? 1 : count;
    unsigned first = c->p1 ? c->p1 : ch->record ? ch->record : end;
    enum err err = ERR_OK;
    for (unsigned n = first; !err && n >= 1 && n <= count; n = forward ? n + 1 : n - 1) {
        struct span record = span_sub(saip_content(u->package, f),
                                      (size_t)(n - 1) * f->record_length, f->record_length);
        if (memmem(record.at, record.len, c->data.at, c->data.len))
            err = buf_put_u8(response, (uint8_t)n);
    }
    return err;
}

enum err usim_search(struct usim *u, struct channel *ch, const struct command *c,
                     struct buf *response, uint16_t *sw)
{
    unsigned mode = c->p2 & 7;
    struct saip_file *f = usim_target(u, ch, c->p2 >> 3, sw);
    if (!f)
        return ERR_OK;
    if (mode != SEARCH_FORWARD && mode != SEARCH_BACKWARD)
        return *sw = SW_INCORRECT_P1P2, ERR_OK;
    if (!usim_has_records(f))
        return *sw = SW_INCOMPATIBLE_FILE, ERR_OK;
    if (!c->data.len || c->data.len > f->record_length)
        return *sw = SW_WRONG_LENGTH, ERR_OK;
    if (!permitted(u, ch, f, false, sw))
        return ERR_OK;
    if (c->p1 > f->size / f->record_length)
        return *sw = SW_RECORD_NOT_FOUND, ERR_OK;
    enum err err = search_records(u, ch, f, c, response);
    if (!err && !response->len)
        *sw = SW_END_OF_FILE; /* found nowhere */
    return err;
}

/* Adds to the newest record, big-endian; the sum becomes the newest one. False: it does not fit. */
static bool add_to(const uint8_t *old, struct span value, uint8_t *sum, size_t length)
{
    unsigned carry = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned n =
            old[length - 1 - i] + carry + (i < value.len ? value.at[value.len - 1 - i] : 0u);
        sum[length - 1 - i] = (uint8_t)n;
        carry = n >> 8;
    }
    return !carry;
}

enum err usim_increase(struct euicc *e, struct usim *u, struct channel *ch, const struct command *c,
                       struct buf *response, uint16_t *sw)
{
    uint8_t sum[127];
    struct saip_file *f = usim_target(u, ch, c->p1 & 0x80 ? c->p1 & 0x1f : 0, sw);
    if (!f)
        return ERR_OK;
    if ((c->p1 & 0x60) || (c->p1 && !(c->p1 & 0x80)) || c->p2)
        return *sw = SW_INCORRECT_P1P2, ERR_OK;
    if (f->kind != SAIP_CYCLIC || f->record_length > sizeof sum)
        return *sw = SW_INCOMPATIBLE_FILE, ERR_OK;
    if (!c->data.len || c->data.len > f->record_length)
        return *sw = SW_WRONG_LENGTH, ERR_OK;
    if (!usim_permits(u, ch, f, USIM_INCREASE, sw))
        return ERR_OK;
    if (!add_to(saip_content(u->package, f).at, c->data, sum, f->record_length))
        return *sw = SW_MAXIMUM_REACHED, ERR_OK;
    *sw = SW_OK;
    enum err err = put_newest(e, u, ch, f, span_of(sum, f->record_length), sw);
    if (!err)
        err = buf_put(response, span_of(sum, f->record_length));
    return err ? err : buf_put(response, c->data);
}
