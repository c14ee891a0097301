/* Objects of BER-TLV files, block by block: RETRIEVE DATA and SET DATA (ETSI TS 102 221 11.3). An object is in the file
 * only when its last block has come. */
#include <stdlib.h>
#include <string.h>

#include "rsp_profile_info.h"
#include "usim.h"

#define TAG_LIST 0x5c /* asks for the tags that there are */
#define FILLER 0xff

enum block { NEXT_BLOCK = 0x00, SAME_BLOCK = 0x40, FIRST_BLOCK = 0x80 };

struct transfer {
    uint8_t ins;
    uint16_t file;
    struct buf object; /* retrieved: all of it; set: what came */
    size_t wanted;     /* set: octets that the object will have */
    size_t from, to;   /* the block given or taken last */
};

void transfer_end(struct channel *ch)
{
    if (!ch->transfer)
        return;
    if (ch->transfer->object.at)
        memory_clear(ch->transfer->object.at, ch->transfer->object.len);
    buf_release(&ch->transfer->object);
    free(ch->transfer);
    ch->transfer = NULL;
}

static enum err transfer_begin(struct channel *ch, const struct command *c, size_t most)
{
    transfer_end(ch);
    ch->transfer = calloc(1, sizeof *ch->transfer);
    if (!ch->transfer)
        return ERR_NOMEM;
    ch->transfer->ins = c->ins;
    ch->transfer->file = ch->ef;
    ch->transfer->object.max = most;
    return ERR_OK;
}

/* ---- the file
 * ------------------------------------------------------------------------------------------------------ */
/* Objects one after the other, then filler. */
static bool next_object(struct der *d, struct der_tlv *t)
{
    return d->rest.len && d->rest.at[0] != FILLER && d->rest.at[0] && !der_next(d, t);
}

static bool find_object(const struct usim *u, const struct saip_file *f, uint32_t tag, struct der_tlv *t)
{
    struct der d = der_open(saip_content(u->package, f));
    while (next_object(&d, t))
        if (t->tag == tag)
            return true;
    return false;
}

static enum err list_tags(const struct usim *u, const struct saip_file *f, struct buf *out)
{
    struct der d = der_open(saip_content(u->package, f));
    struct buf tags = { .max = f->size + 1u };
    struct der_tlv t;
    enum err err = ERR_OK;
    while (!err && next_object(&d, &t))
        err = rsp_tag_list_put(&tags, t.tag);
    if (!err)
        err = der_put(out, TAG_LIST, buf_span(&tags));
    buf_release(&tags);
    return err;
}

/* Everything but the objects of this tag, then the new one, then filler. 6A84 and no change when it is too much. */
static enum err write_object(struct euicc *e, struct usim *u, struct saip_file *f, uint32_t tag, struct span object,
                             uint16_t *sw)
{
    struct der d = der_open(saip_content(u->package, f));
    struct buf content = { .max = f->size };
    struct der_tlv t;
    enum err err = ERR_OK;
    while (!err && next_object(&d, &t))
        err = t.tag == tag ? ERR_OK : buf_put(&content, t.whole);
    if (!err)
        err = buf_put(&content, object);
    while (!err && content.len < f->size)
        err = buf_put_u8(&content, FILLER);
    if (!err)
        err = usim_put(e, u, f, 0, buf_span(&content), sw);
    if (err == ERR_LIMIT) {
        *sw = SW_NOT_ENOUGH_MEMORY;
        err = ERR_OK;
    }
    if (content.at)
        memory_clear(content.at, content.len);
    buf_release(&content);
    return err;
}

/* ---- RETRIEVE DATA
 * ------------------------------------------------------------------------------------------------- */
static enum err give_block(struct transfer *t, const struct command *c, struct buf *response, uint16_t *sw)
{
    size_t most = c->has_le ? c->le : 256, left = t->object.len - t->from;
    t->to = t->from + (left < most ? left : most);
    *sw = t->to < t->object.len ? SW_MORE_DATA : SW_OK;
    return buf_put(response, span_sub(buf_span(&t->object), t->from, t->to - t->from));
}

static enum err retrieve_first(struct usim *u, struct channel *ch, struct saip_file *f, const struct command *c,
                               struct buf *response, uint16_t *sw)
{
    struct span rest = c->data;
    struct der_tlv object;
    uint32_t tag;
    if (rsp_tag_list_next(&rest, &tag) || rest.len)
        return *sw = SW_INCORRECT_DATA, ERR_OK;
    if (tag != TAG_LIST && !find_object(u, f, tag, &object))
        return *sw = SW_REFERENCE_NOT_FOUND, ERR_OK;
    enum err err = transfer_begin(ch, c, f->size + 8u);
    if (!err)
        err = tag == TAG_LIST ? list_tags(u, f, &ch->transfer->object) : buf_put(&ch->transfer->object, object.whole);
    return err ? err : give_block(ch->transfer, c, response, sw);
}

static enum err retrieve_further(struct transfer *t, enum block block, const struct command *c, struct buf *response,
                                 uint16_t *sw)
{
    if (c->data.len)
        return *sw = SW_WRONG_LENGTH, ERR_OK;
    if (block == NEXT_BLOCK && t->to == t->object.len)
        return *sw = SW_CONDITIONS_NOT_SATISFIED, ERR_OK;
    if (block == NEXT_BLOCK)
        t->from = t->to;
    return give_block(t, c, response, sw);
}

/* ---- SET DATA
 * ------------------------------------------------------------------------------------------------------ */
/* The length octets behind a tag; false: they are not all there, or none that can be read. */
static bool read_length(struct span rest, size_t *octets, size_t *length)
{
    if (!rest.len)
        return false;
    *octets = rest.at[0] & 0x80 ? 1 + (rest.at[0] & 0x7fu) : 1;
    *length = rest.at[0] & 0x80 ? 0 : rest.at[0];
    if (*octets > 4 || *octets > rest.len || rest.at[0] == 0x80)
        return false;
    for (size_t i = 1; i < *octets; i++)
        *length = *length << 8 | rest.at[i];
    return true;
}

static enum err take_block(struct euicc *e, struct usim *u, struct channel *ch, struct saip_file *f, struct span data,
                           uint16_t *sw)
{
    struct transfer *t = ch->transfer;
    struct span rest;
    uint32_t tag;
    t->from = t->object.len;
    if (data.len > t->wanted - t->from) {
        transfer_end(ch);
        return *sw = SW_INCORRECT_DATA, ERR_OK;
    }
    enum err err = buf_put(&t->object, data);
    t->to = t->object.len;
    *sw = SW_MORE_EXPECTED;
    if (err || t->to < t->wanted)
        return err;
    rest = buf_span(&t->object);
    err = rsp_tag_list_next(&rest, &tag);
    *sw = SW_OK;
    if (!err)
        err = write_object(e, u, f, tag, buf_span(&t->object), sw);
    transfer_end(ch);
    return err;
}

/* A tag alone takes its object away. */
static enum err delete_object(struct euicc *e, struct usim *u, struct saip_file *f, uint32_t tag, uint16_t *sw)
{
    struct der_tlv object;
    if (!find_object(u, f, tag, &object))
        return *sw = SW_REFERENCE_NOT_FOUND, ERR_OK;
    *sw = SW_OK;
    return write_object(e, u, f, tag, (struct span){ 0 }, sw);
}

static enum err set_first(struct euicc *e, struct usim *u, struct channel *ch, struct saip_file *f,
                          const struct command *c, uint16_t *sw)
{
    struct span rest = c->data;
    size_t octets, length;
    uint32_t tag;
    transfer_end(ch);
    bool good = !rsp_tag_list_next(&rest, &tag) && c->data.at[0] && c->data.at[0] != FILLER && tag != TAG_LIST;
    if (good && !rest.len)
        return delete_object(e, u, f, tag, sw);
    if (!good || !read_length(rest, &octets, &length))
        return *sw = SW_INCORRECT_DATA, ERR_OK;
    size_t wanted = c->data.len - rest.len + octets + length;
    if (wanted > f->size)
        return *sw = SW_NOT_ENOUGH_MEMORY, ERR_OK;
    enum err err = transfer_begin(ch, c, wanted);
    if (err)
        return err;
    ch->transfer->wanted = wanted;
    return take_block(e, u, ch, f, c->data, sw);
}

static enum err set_further(struct euicc *e, struct usim *u, struct channel *ch, struct saip_file *f, enum block block,
                            const struct command *c, uint16_t *sw)
{
    if (!c->data.len)
        return *sw = SW_WRONG_LENGTH, ERR_OK;
    if (block == SAME_BLOCK && !ch->transfer->from) /* the first block says what is to come */
        return *sw = SW_CONDITIONS_NOT_SATISFIED, ERR_OK;
    if (block == SAME_BLOCK)
        ch->transfer->object.len = ch->transfer->from;
    return take_block(e, u, ch, f, c->data, sw);
}

/* ---- both
 * ---------------------------------------------------------------------------------------------------------- */
static bool read_block(const struct command *c, enum block *block, unsigned *sfi)
{
    *block = (enum block)(c->p2 & 0xc0);
    *sfi = c->p2 & 0x1f;
    return !c->p1 && !(c->p2 & 0x20) && (*block == FIRST_BLOCK || (!*sfi && *block != (FIRST_BLOCK | SAME_BLOCK)));
}

enum err usim_transfer(struct euicc *e, struct usim *u, struct channel *ch, const struct command *c,
                       struct buf *response, uint16_t *sw)
{
    bool set = c->ins == INS_SET_DATA;
    enum block block;
    unsigned sfi;
    if (!read_block(c, &block, &sfi))
        return *sw = SW_INCORRECT_P1P2, ERR_OK;
    struct saip_file *f = usim_target(u, ch, sfi, sw);
    if (!f)
        return ERR_OK;
    if (f->kind != SAIP_BER_TLV)
        return *sw = SW_INCOMPATIBLE_FILE, ERR_OK;
    if (!usim_permits(u, ch, f, set ? USIM_UPDATE : USIM_READ, sw))
        return ERR_OK;
    bool under_way = ch->transfer && ch->transfer->ins == c->ins && ch->transfer->file == ch->ef;
    if (block != FIRST_BLOCK && !under_way)
        return *sw = SW_CONDITIONS_NOT_SATISFIED, ERR_OK;
    if (set)
        return block == FIRST_BLOCK ? set_first(e, u, ch, f, c, sw) : set_further(e, u, ch, f, block, c, sw);
    return block == FIRST_BLOCK ? retrieve_first(u, ch, f, c, response, sw)
                                : retrieve_further(ch->transfer, block, c, response, sw);
}
