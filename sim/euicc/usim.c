/* The enabled profile's UICC (ETSI TS 102 221): opening, SELECT, STATUS, and which command goes
 * where. */
#include <stdlib.h>
#include <string.h>

#include "usim.h"

/* ---- opening and keeping
 * ----------------------------------------------------------------------------------------- */
static void free_own(struct usim *u)
{
    for (size_t i = 0; u->changed && i < u->package->file_count; i++)
        if (u->changed[i] & USIM_CONTENT) {
            uint8_t *own = (uint8_t *)(uintptr_t)u->package->files[i].at;
            memory_clear(own, u->package->files[i].size);
            free(own);
        }
}

static void usim_free(struct usim *u)
{
    if (!u)
        return;
    size_t count = u->package ? u->package->element_count : 0;
    for (size_t i = 0; u->content && i < count; i++)
        if (u->content[i])
            piece_release(u->store, u->content[i]);
    free(u->content);
    free_own(u);
    saip_free(u->package);
    kept_package_release(u->upp);
    free(u->verified);
    free(u->changed);
    free(u);
}

/* What the files hold is the template's for the most part, and alike on many cards. */
static enum err share_content(struct usim *u, struct crypto *c)
{
    struct saip_package *p = u->package;
    enum err err = ERR_OK;
    u->content = calloc(p->element_count + 1, sizeof(struct piece *));
    if (!u->content)
        return ERR_NOMEM;
    for (size_t i = 0; !err && i < p->element_count; i++)
        if (p->elements[i].content_len)
            err = piece_new(u->store, c,
                            span_of(p->content.at + p->elements[i].content, p->elements[i].content_len),
                            &u->content[i]);
    if (err)
        return err;
    for (size_t i = 0; i < p->element_count; i++)
        if (u->content[i])
            saip_move_content(p, &p->elements[i], piece_octets(u->content[i]));
    memory_clear(p->content.at, p->content.len);
    buf_release(&p->content);
    return ERR_OK;
}

void usim_close(struct euicc *e)
{
    usim_free(e->usim);
    e->usim = NULL;
    for (unsigned i = 0; i < EUICC_CHANNELS; i++) {
        e->channels[i].directory = 0;
        e->channels[i].ef = e->channels[i].adf = SAIP_NONE;
        transfer_end(&e->channels[i]);
    }
}

size_t usim_footprint(const struct usim *u)
{
    if (!u)
        return 0;
    const struct saip_package *p = u->package;
    size_t n = sizeof *u + saip_footprint(p) + p->pin_count * sizeof u->verified[0] +
               p->file_count * sizeof u->changed[0] + p->element_count * sizeof u->content[0];
    for (size_t i = 0; i < p->element_count; i++)
        n += u->content[i] ? piece_footprint(u->store, u->content[i]) : 0;
    for (size_t i = 0; i < p->file_count; i++)
        n += u->changed[i] & USIM_CONTENT ? p->files[i].size : 0;
    return n;
}

static enum err build(struct euicc *e, const struct profile *p, struct usim **out)
{
    struct usim *u = calloc(1, sizeof *u);
    *out = NULL;
    if (!u)
        return ERR_NOMEM;
    u->upp = kept_package_take(p->upp);
    u->store = e->contents;
    memcpy(u->iccid, p->iccid, sizeof u->iccid);
    enum err err = kept_package_read(u->upp, &u->package);
    if (!err) {
        u->verified = calloc(u->package->pin_count + 1, sizeof *u->verified);
        u->changed = calloc(u->package->file_count + 1, sizeof *u->changed);
        err = u->verified && u->changed ? share_content(u, e->env.crypto) : ERR_NOMEM;
    }
    if (!err)
        err = usim_apply_changes(u, shared_span(p->usim));
    if (err)
        usim_free(u);
    else
        *out = u;
    return err;
}

enum err usim_open(struct euicc *e, struct usim **out)
{
    const struct profile *p = state_enabled(euicc_state(e));
    enum err err = ERR_OK;
    if (e->usim && (!p || memcmp(p->iccid, e->usim->iccid, sizeof p->iccid) != 0))
        usim_close(e);
    if (p && !e->usim)
        err = build(e, p, &e->usim);
    *out = e->usim;
    return err;
}

enum err usim_keep(struct euicc *e, const struct usim *u)
{
    struct state *s;
    struct buf changes = { .max = SAIP_CONTENT_MAX };
    enum err err = usim_write_changes(u, &changes);
    if (!err)
        err = euicc_change(e, &s);
    if (!err)
        err = shared_set(&state_enabled(s)->usim, buf_span(&changes));
    if (changes.at)
        memory_clear(changes.at, changes.len);
    buf_release(&changes);
    return err;
}

/* ---- FCP
 * ---------------------------------------------------------------------------------------------------------
 */
static enum err put_descriptor(const struct saip_file *f, struct buf *out)
{
    static const uint8_t kinds[] = { 0x78, 0x78, 0x78, 0x41, 0x42, 0x46, 0x79 };
    if (!usim_has_records(f))
        return der_put(out, 0x82, SPAN(kinds[f->kind], 0x21));
    unsigned count = f->size / f->record_length;
    return der_put(out, 0x82,
                   SPAN(kinds[f->kind], 0x21, (uint8_t)(f->record_length >> 8),
                        (uint8_t)f->record_length, (uint8_t)(count > 254 ? 254 : count)));
}

/* PIN status: which key references there are, and which of the first eight are enabled. */
static enum err put_pin_status(const struct usim *u, const struct saip_file *f, struct buf *out)
{
    struct der_mark mark;
    uint8_t enabled = 0;
    struct span references = saip_pin_status(u->package, f);
    if (!references.len)
        return ERR_OK;
    for (size_t i = 0; i < references.len && i < 8; i++)
        for (size_t n = 0; n < u->package->pin_count; n++)
            if (u->package->pins[n].reference == references.at[i] &&
                u->package->pins[n].attributes & 1)
                enabled |= (uint8_t)(0x80 >> i);
    enum err err = der_put_open(out, 0xc6, &mark);
    if (!err)
        err = der_put(out, 0x90, SPAN(enabled));
    for (size_t i = 0; !err && i < references.len; i++)
        err = der_put(out, 0x83, span_sub(references, i, 1));
    return err ? err : der_put_close(out, mark);
}

static enum err put_sizes(const struct saip_file *f, struct buf *out)
{
    if (usim_is_directory(f))
        return ERR_OK;
    enum err err = der_put(out, 0x80, SPAN((uint8_t)(f->size >> 8), (uint8_t)f->size));
    if (!err)
        err = f->sfi ? der_put(out, 0x88, SPAN((uint8_t)(f->sfi << 3)))
                     : der_put(out, 0x88, (struct span){ 0 });
    return err;
}

/* TS 102 221 11.1.1.4.6: what a MF and a BER-TLV file tell besides. */
static enum err put_proprietary(const struct saip_file *f, struct buf *out)
{
    const uint8_t size[2] = { (uint8_t)(f->size >> 8), (uint8_t)f->size };
    struct der_mark mark;
    if (f->kind == SAIP_MF)
        return der_put(out, 0xa5, SPAN(0x80, 0x01, 0x71));
    if (f->kind != SAIP_BER_TLV)
        return ERR_OK;
    enum err err = der_put_open(out, 0xa5, &mark);
    if (!err)
        err = der_put(out, 0x84, SPAN(0x01)); /* lengths are coded as in DER */
    if (!err)
        err = der_put(out, 0x85, SPAN_ARRAY(size)); /* reserved */
    if (!err)
        err = der_put(out, 0x86, SPAN_ARRAY(size)); /* and no more than that */
    return err ? err : der_put_close(out, mark);
}

static enum err put_fcp(const struct usim *u, const struct saip_file *f, struct buf *out)
{
    struct der_mark mark;
    enum err err = der_put_open(out, 0x62, &mark);
    if (!err)
        err = put_descriptor(f, out);
    if (!err)
        err = der_put(out, 0x83, SPAN((uint8_t)(f->fid >> 8), (uint8_t)f->fid));
    if (!err && f->kind == SAIP_ADF)
        err = der_put(out, 0x84, saip_aid(u->package, f));
    if (!err)
        err = put_proprietary(f, out);
    if (!err)
        err = der_put(out, 0x8a, SPAN(f->lifecycle));
    if (!err && f->access_len)
        err = der_put(out, 0x8b, span_of(f->access, f->access_len));
    if (!err && usim_is_directory(f))
        err = put_pin_status(u, f, out);
    if (!err)
        err = put_sizes(f, out);
    return err ? err : der_put_close(out, mark);
}

/* ---- SELECT
 * ------------------------------------------------------------------------------------------------------
 */
static size_t search_fid(const struct saip_package *p, const struct channel *ch, uint16_t fid)
{
    const struct saip_file *here = &p->files[ch->directory];
    if (fid == 0x3f00)
        return 0;
    if (fid == 0x7fff)
        return ch->adf;
    if (fid == here->fid)
        return ch->directory;
    size_t found = saip_child(p, ch->directory, fid);
    if (found == SAIP_NONE && here->parent != SAIP_NONE && p->files[here->parent].fid == fid)
        return here->parent;
    if (found == SAIP_NONE && here->parent != SAIP_NONE)
        found = saip_child(p, here->parent, fid); /* a DF beside this one */
    return found != SAIP_NONE && p->files[found].parent != ch->directory &&
                   !usim_is_directory(&p->files[found])
               ? SAIP_NONE
               : found;
}

static size_t walk_path(const struct saip_package *p, const struct channel *ch, size_t from,
                        struct span path)
{
    size_t at = path.len >= 2 && path.len % 2 == 0 ? from : SAIP_NONE;
    for (size_t i = 0; at != SAIP_NONE && i + 1 < path.len; i += 2) {
        uint16_t fid = (uint16_t)(path.at[i] << 8 | path.at[i + 1]);
        if (fid == 0x7fff && i == 0)
            at = ch->adf;
        else if (!(fid == 0x3f00 && i == 0))
            at = saip_child(p, at, fid);
    }
    return at;
}

/* TS 102 221 11.1.1.2: partial names; the next of those that begin so comes after the current one.
 */
static size_t select_application(const struct saip_package *p, const struct channel *ch,
                                 const struct command *c)
{
    bool next = (c->p2 & 3) == NEXT_OCCURRENCE;
    for (size_t i = next && ch->adf != SAIP_NONE ? ch->adf + 1u : 0; i < p->file_count; i++) {
        const struct saip_file *f = &p->files[i];
        struct span aid = saip_aid(p, f);
        if (f->kind == SAIP_ADF && c->data.len >= 5 && aid.len >= c->data.len &&
            span_equal(span_sub(aid, 0, c->data.len), c->data))
            return i;
    }
    return SAIP_NONE;
}

size_t usim_find(const struct saip_package *p, const struct channel *ch, const struct command *c)
{
    switch (c->p1) {
    case 0x00:
        return c->data.len == 2 ? search_fid(p, ch, (uint16_t)(c->data.at[0] << 8 | c->data.at[1]))
               : c->data.len    ? SAIP_NONE
                                : 0;
    case 0x03:
        return p->files[ch->directory].parent;
    case 0x04:
        return select_application(p, ch, c);
    case 0x08:
        return walk_path(p, ch, 0, c->data);
    case 0x09:
        return walk_path(p, ch, ch->directory, c->data);
    default:
        return SAIP_NONE;
    }
}

static size_t adf_of(const struct saip_package *p, size_t file)
{
    for (; file != SAIP_NONE; file = p->files[file].parent)
        if (p->files[file].kind == SAIP_ADF)
            return file;
    return SAIP_NONE;
}

void usim_enter(const struct saip_package *p, struct channel *ch, size_t file)
{
    const struct saip_file *f = &p->files[file];
    ch->ef = usim_is_directory(f) ? SAIP_NONE : (uint16_t)file;
    ch->directory = usim_is_directory(f) ? (uint16_t)file : f->parent;
    ch->record = usim_first_record(f);
    size_t adf = adf_of(p, file);
    if (adf != SAIP_NONE)
        ch->adf = (uint16_t)adf;
}

#define SELECT_ENDS 0x40 /* P2 of SELECT by AID */

/* With the last session go the rights that its PINs gave; ADM is not an application's. */
static void end_application(struct euicc *e, struct usim *u, struct channel *ch)
{
    ch->directory = 0;
    ch->ef = ch->adf = SAIP_NONE;
    for (unsigned i = 0; i < EUICC_CHANNELS; i++)
        if (e->channels[i].adf != SAIP_NONE)
            return;
    for (size_t i = 0; i < u->package->pin_count; i++)
        u->verified[i] = u->verified[i] && usim_pin_is_adm(&u->package->pins[i]);
}

static bool can_select(const struct command *c)
{
    bool by_name = c->p1 == 0x04, known = c->p1 == 0x00 || c->p1 == 0x03 || by_name || c->p1 == 0x08 || c->p1 == 0x09;
    unsigned occurrence = c->p2 & 3;
    bool of_names = !(c->p2 & SELECT_ENDS) && !occurrence;
    return known && (c->p2 & 0x0c) != 0x08 && !(c->p2 & 0xb0) && (by_name || of_names) &&
           (!occurrence || occurrence == NEXT_OCCURRENCE);
}

static enum err run_select(struct euicc *e, struct usim *u, struct channel *ch, const struct command *c,
                           struct buf *response, uint16_t *sw)
{
    unsigned wanted = c->p2 & 0x0c;
    if (!can_select(c)) {
        *sw = SW_INCORRECT_P1P2;
        return ERR_OK;
    }
    size_t target = u ? usim_find(u->package, ch, c) : SAIP_NONE;
    if (target == SAIP_NONE) {
        *sw = SW_FILE_NOT_FOUND;
        return ERR_OK;
    }
    if (c->p2 & SELECT_ENDS && target != ch->adf) {
        *sw = SW_CONDITIONS_NOT_SATISFIED;
        return ERR_OK;
    }
    ch->selected = SELECTED_UICC;
    usim_enter(u->package, ch, target);
    if (c->p2 & SELECT_ENDS)
        end_application(e, u, ch);
    *sw = usim_is_deactivated(&u->package->files[target]) ? SW_DEACTIVATED : SW_OK;
    return wanted == 0x0c ? ERR_OK : put_fcp(u, &u->package->files[target], response);
}

static enum err put_status_data(const struct usim *u, const struct channel *ch, const struct command *c,
                                struct buf *response)
{
    if (c->p2 == 0x00)
        return put_fcp(u, &u->package->files[ch->directory], response);
    if (c->p2 == 0x01 && ch->adf != SAIP_NONE)
        return der_put(response, 0x84, saip_aid(u->package, &u->package->files[ch->adf]));
    return ERR_OK;
}

/* TS 102 221 11.1.2: P1 tells that the application was initialised, or ends; that changes nothing here. */
static enum err run_status(const struct usim *u, const struct channel *ch, const struct command *c,
                           struct buf *response, uint16_t *sw)
{
    *sw = SW_OK;
    if (c->p1 > 0x02 || (c->p2 > 0x01 && c->p2 != 0x0c)) {
        *sw = SW_INCORRECT_P1P2;
        return ERR_OK;
    }
    enum err err = put_status_data(u, ch, c, response);
    if (!err && response->len && c->le != response->len) {
        *sw = (uint16_t)(SW_WRONG_LE | response->len);
        buf_clear(response);
    }
    return err;
}

static enum err run_lifecycle(struct euicc *e, struct usim *u, struct channel *ch,
                              const struct command *c, uint16_t *sw)
{
    bool changed = false;
    *sw = usim_set_lifecycle(u, ch, c, &changed);
    return changed ? usim_keep(e, u) : ERR_OK;
}

static enum err run_pin(struct euicc *e, struct usim *u, const struct channel *ch,
                        const struct command *c, uint16_t *sw)
{
    bool changed = false;
    *sw = usim_pin_command(u, ch, c, &changed);
    return changed ? usim_keep(e, u) : ERR_OK;
}

static bool is_known(uint8_t instruction)
{
    static const uint8_t known[] = { INS_SELECT,        INS_STATUS,        INS_READ_BINARY,   INS_UPDATE_BINARY,
                                     INS_READ_RECORD,   INS_UPDATE_RECORD, INS_SEARCH_RECORD, INS_INCREASE,
                                     INS_RETRIEVE_DATA, INS_SET_DATA,      INS_ACTIVATE_FILE, INS_DEACTIVATE_FILE,
                                     INS_VERIFY,        INS_CHANGE_PIN,    INS_DISABLE_PIN,   INS_ENABLE_PIN,
                                     INS_UNBLOCK_PIN,   INS_AUTHENTICATE,  INS_GET_IDENTITY };
    return memchr(known, instruction, sizeof known) != NULL;
}

enum err usim_process(struct euicc *e, struct channel *ch, const struct command *c,
                      struct buf *response, uint16_t *sw)
{
    struct usim *u;
    enum err err = usim_open(e, &u);
    *sw = SW_CONDITIONS_NOT_SATISFIED; /* no profile is enabled */
    if (err)
        return err;
    bool transfer = c->ins == INS_RETRIEVE_DATA || c->ins == INS_SET_DATA;
    bool proprietary = transfer || c->ins == INS_GET_IDENTITY || c->ins == INS_STATUS ||
                       c->ins == INS_INCREASE; /* TS 102 221 10.1.2 */
    if (!transfer)
        transfer_end(ch);
    if (!is_known(c->ins))
        return *sw = SW_UNKNOWN_INSTRUCTION, ERR_OK;
    if (proprietary != !!(c->cla & 0x80))
        return *sw = SW_UNKNOWN_CLASS, ERR_OK;
    if (c->ins == INS_SELECT)
        return run_select(e, u, ch, c, response, sw);
    if (!u)
        return ERR_OK;
    switch (c->ins) {
    case INS_STATUS:
        return run_status(u, ch, c, response, sw);
    case INS_READ_BINARY:
    case INS_UPDATE_BINARY:
        return usim_binary(e, u, ch, c, response, sw);
    case INS_READ_RECORD:
    case INS_UPDATE_RECORD:
        return usim_record(e, u, ch, c, response, sw);
    case INS_SEARCH_RECORD:
        return usim_search(u, ch, c, response, sw);
    case INS_INCREASE:
        return usim_increase(e, u, ch, c, response, sw);
    case INS_RETRIEVE_DATA:
    case INS_SET_DATA:
        return usim_transfer(e, u, ch, c, response, sw);
    case INS_ACTIVATE_FILE:
    case INS_DEACTIVATE_FILE:
        return run_lifecycle(e, u, ch, c, sw);
    case INS_VERIFY:
    case INS_CHANGE_PIN:
    case INS_DISABLE_PIN:
    case INS_ENABLE_PIN:
    case INS_UNBLOCK_PIN:
        return run_pin(e, u, ch, c, sw);
    case INS_AUTHENTICATE:
        return usim_authenticate(e, u, ch, c, response, sw);
    default:
        return usim_get_identity(e, u, ch, c, response, sw);
    }
}
