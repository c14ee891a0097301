#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "templates.h"

/* A file while its list of FCP, offsets and fills is being read. */
struct draft {
    struct saip_file file;
    struct saip_directory directory;
    const char *pattern;      /* of the template; NULL none */
    const char *const *rules; /* a pattern a record; NULL none */
    struct span given;        /* contents that the package's header gives */
    struct span fill, repeat; /* C1, C2 of the FCP */
    struct span link;         /* path; C7 */
    bool in_template; /* what the FCP leaves out is known */
    bool known, described, skipped, laid_out, sized;
    size_t position; /* where the next fill goes */
    size_t index;    /* in the package, once laid out */
};

static bool is_directory(enum saip_file_kind k)
{
    return k == SAIP_MF || k == SAIP_ADF || k == SAIP_DF;
}

static uint32_t number(struct span s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.len && i < 4; i++)
        n = n << 8 | s.at[i];
    return n;
}

static enum err put_descriptor(struct saip_reader *r, struct draft *d, struct span v)
{
    if (v.len < 2)
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "file descriptor too short");
    switch (v.at[0] & 0x3f) {
    case 0x38:
        d->file.kind = is_directory(d->file.kind) && d->known ? d->file.kind : SAIP_DF;
        break;
    case 0x01:
        d->file.kind = SAIP_TRANSPARENT;
        break;
    case 0x02:
        d->file.kind = SAIP_LINEAR_FIXED;
        break;
    case 0x06:
        d->file.kind = SAIP_CYCLIC;
        break;
    case 0x39:
        d->file.kind = SAIP_BER_TLV;
        break;
    default:
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "unknown file descriptor");
    }
    d->known = true;
    if (v.len >= 4) {
        uint16_t length = (uint16_t)number(span_sub(v, 2, 2));
        if (d->file.record_length && length)
            d->file.size = d->file.size / d->file.record_length * length;
        d->file.record_length = length;
    }
    return ERR_OK;
}

static void put_proprietary(struct draft *d, struct span value)
{
    struct der_tlv t;
    if (!der_find(value, 0xc0, &t) && t.value.len == 1)
        d->file.usable_deactivated = t.value.at[0] & 0x40;
    if (!der_find(value, 0xc1, &t))
        d->fill = t.value;
    if (!der_find(value, 0xc2, &t))
        d->repeat = t.value;
}

static enum err put_fcp_member(struct saip_reader *r, struct draft *d, const struct der_tlv *t)
{
    struct saip_file *f = &d->file;
    struct span v = t->value;
    switch (t->tag) {
    case 0x82:
        return put_descriptor(r, d, v);
    case 0x83:
        if (v.len != 2)
            return saip_refuse(r, SAIP_INVALID_PARAMETER, "file identifier must have 2 octets");
        f->fid = (uint16_t)number(v);
        break;
    case 0x84:
        d->directory.aid = v;
        break;
    case 0x8a:
        f->lifecycle = v.len == 1 ? v.at[0] : f->lifecycle;
        break;
    case 0x8b:
        if (v.len < 1 || v.len > sizeof f->access)
            return saip_refuse(r, SAIP_INVALID_PARAMETER, "access rule reference");
        memcpy(f->access, v.at, v.len);
        f->access_len = (uint8_t)v.len;
        break;
    case 0x80:
        f->size = v.len <= 4 ? number(v) : SAIP_CONTENT_MAX + 1;
        d->sized = true;
        break;
    case 0xc6:
        d->directory.pin_status = v;
        break;
    case 0x88:
        f->sfi = v.len == 1 ? v.at[0] >> 3 : 0;
        break;
    case 0xa5:
        put_proprietary(d, v);
        break;
    case 0xc7:
        d->link = v;
        break;
    default:
        break; /* unknown members are skipped (extensibility) */
    }
    return ERR_OK;
}

static enum err put_fcp(struct saip_reader *r, struct draft *d, struct span fcp)
{
    d->described = true;
    struct der cursor = der_open(fcp);
    enum err e = ERR_OK;
    while (!e && !der_at_end(&cursor)) {
        struct der_tlv t;
        e = saip_next(r, &cursor, &t) ? saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "malformed FCP")
                                      : put_fcp_member(r, d, &t);
    }
    return e;
}

size_t saip_at_path(const struct saip_package *p, struct span path)
{
    size_t at = path.len % 2 ? SAIP_NONE : 0;
    for (size_t i = 0; at != SAIP_NONE && i + 1 < path.len; i += 2) {
        uint16_t fid = (uint16_t)(path.at[i] << 8 | path.at[i + 1]);
        if (!(i == 0 && fid == 0x3f00))
            at = saip_child(p, at, fid);
    }
    return at;
}

static void fill_unit(const struct draft *d, size_t nth, uint8_t *at, size_t size)
{
    if (d->repeat.len)
        for (size_t i = 0; i < size; i++)
            at[i] = d->repeat.at[i % d->repeat.len];
    else if (d->fill.len)
        for (size_t i = 0; i < size; i++)
            at[i] = d->fill.at[i < d->fill.len ? i : d->fill.len - 1];
    else if (d->given.len)
        for (size_t i = 0; i < size; i++)
            at[i] = i < d->given.len ? d->given.at[i] : 0xff;
    else if (d->rules)
        saip_template_fill(nth < SAIP_DEFAULT_RULES ? d->rules[nth] : "FF*", at, size);
    else
        saip_template_fill(d->pattern ? d->pattern : "FF*", at, size);
}

/* Takes room in the package's contents and fills it with the file's pattern, record by record. */
static enum err lay_out_content(struct saip_reader *r, struct draft *d)
{
    struct saip_file *f = &d->file;
    struct buf *content = &r->package->content;
    f->offset = content->len;
    if (f->size > content->max - content->len)
        return ERR_LIMIT;
    static const uint8_t zeros[256] = { 0 };
    enum err e = ERR_OK;
    for (size_t left = f->size; !e && left; left -= left < sizeof zeros ? left : sizeof zeros)
        e = buf_put(content, span_of(zeros, left < sizeof zeros ? left : sizeof zeros));
    if (e)
        return e;
    bool records = f->kind == SAIP_LINEAR_FIXED || f->kind == SAIP_CYCLIC;
    size_t unit = records ? f->record_length : f->size;
    for (size_t at = 0; unit && at + unit <= f->size; at += unit)
        fill_unit(d, at / unit, content->at + f->offset + at, unit);
    return ERR_OK;
}

static enum err check_shape(struct saip_reader *r, struct draft *d)
{
    struct saip_file *f = &d->file;
    bool records = f->kind == SAIP_LINEAR_FIXED || f->kind == SAIP_CYCLIC;
    if (!f->fid || (f->kind == SAIP_ADF && (d->directory.aid.len < 5 || d->directory.aid.len > 16)))
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "file without identifier");
    if (is_directory(f->kind))
        f->size = 0;
    else if (!f->size && !d->sized && !d->link.len)
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "the package must give the size of this file");
    else if (records && (!f->record_length || (f->size % f->record_length)))
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "size is no multiple of the record length");
    if (f->parent != SAIP_NONE && saip_child(r->package, f->parent, f->fid) != SAIP_NONE)
        return saip_refuse(r, SAIP_BAD_VALUES, "file exists already");
    return ERR_OK;
}

static enum err add_directory(struct saip_reader *r, struct draft *d)
{
    struct saip_package *p = r->package;
    d->file.directory = SAIP_NONE;
    if (!is_directory(d->file.kind))
        return ERR_OK;
    enum err e = saip_room(r, &p->directories, &r->capacity[6], p->directory_count, sizeof p->directories[0],
                           SAIP_FILES_MAX);
    if (!e) {
        d->file.directory = (uint16_t)p->directory_count;
        p->directories[p->directory_count++] = d->directory;
    }
    return e;
}

static enum err add_file(struct saip_reader *r, struct draft *d)
{
    struct saip_package *p = r->package;
    d->laid_out = true;
    enum err e = check_shape(r, d);
    if (!e && d->link.len) {
        size_t target = saip_at_path(p, d->link);
        if (target == SAIP_NONE || is_directory(p->files[target].kind))
            return saip_refuse(r, SAIP_BAD_VALUES, "link to a file that is not there");
        d->file.link = (uint16_t)target;
        d->file.size = p->files[target].size;
        d->file.record_length = p->files[target].record_length;
    } else if (!e) {
        e = lay_out_content(r, d);
    }
    if (!e)
        e = add_directory(r, d);
    if (!e)
        e = saip_room(r, &p->files, &r->capacity[1], p->file_count, sizeof p->files[0], SAIP_FILES_MAX);
    if (!e) {
        d->index = p->file_count;
        p->files[p->file_count++] = d->file;
        r->files_made++;
    }
    return e;
}

static enum err put_fill(struct saip_reader *r, struct draft *d, struct span bytes)
{
    /* A file whose template leaves the size open is as long as its content. */
    if (!d->laid_out && !d->file.size)
        d->file.size = (uint32_t)bytes.len;
    enum err e = d->laid_out ? ERR_OK : add_file(r, d);
    if (e)
        return e;
    const struct saip_file *f = &d->file;
    if (f->link != SAIP_NONE || d->position > f->size || bytes.len > f->size - d->position)
        return saip_refuse(r, SAIP_BAD_VALUES, "content does not fit into the file");
    if (bytes.len)
        memcpy(r->package->content.at + f->offset + d->position, bytes.at, bytes.len);
    d->position += bytes.len;
    return ERR_OK;
}

static enum err put_offset(struct saip_reader *r, struct draft *d, struct span value)
{
    int64_t offset;
    if (der_integer(value, &offset) || offset < 0 || offset > 0xffff)
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "fill offset");
    d->position += (size_t)offset; /* counts from the end of the fill before */
    return ERR_OK;
}

/* ---- files of templates ----------------------------------------------------------------------------------
 */
struct member {
    unsigned family, version;
    uint32_t tag, last; /* the last tag that the element's ASN.1 names */
    uint32_t reached;   /* directories below this tag are there */
    const uint8_t *at;
    size_t base; /* directory of the element; SAIP_NONE while its own directory is still to come */
    size_t home; /* where the element's own directory is made */
};

static size_t member_parent(struct saip_reader *r, const struct member *m,
                            const struct saip_template_file *row)
{
    if (m->base == SAIP_NONE)
        return m->home;
    if (row && row->under == SAIP_UNDER_ADF)
        return r->adf;
    if (!row || !row->under || (r->package->files[m->base].fid == row->under))
        return m->base;
    return saip_child(r->package, m->base, row->under);
}

/* ---- the IoT minimal profile: what its files are without being told
 * ------------------------------------------------------------ */
static bool is_iot(unsigned family)
{
    return family == SAIP_IOT || family == SAIP_OPT_IOT;
}

/* The RID of 3GPP and the PIX of the header. */
static struct span iot_aid(struct saip_reader *r)
{
    static const uint8_t rid[] = { 0xa0, 0x00, 0x00, 0x00, 0x87 };
    struct span pix = r->package->header.pix;
    uint8_t *aid = r->package->header.directory + 4;
    memcpy(aid, rid, sizeof rid);
    memcpy(aid + sizeof rid, pix.at, pix.len);
    return span_of(aid, sizeof rid + pix.len);
}

/* EF.DIR: an application template with the AID alone. */
static struct span iot_directory(struct saip_reader *r)
{
    struct span aid = iot_aid(r);
    uint8_t *entry = r->package->header.directory;
    entry[0] = 0x61;
    entry[1] = (uint8_t)(aid.len + 2);
    entry[2] = 0x4f;
    entry[3] = (uint8_t)aid.len;
    return span_of(entry, aid.len + 4);
}

static void be_given(struct draft *d, struct span content, size_t record_length)
{
    d->given = content;
    d->file.size = (uint32_t)content.len;
    d->file.record_length = (uint16_t)record_length;
}

static void fill_in_iot(struct saip_reader *r, struct draft *d)
{
    static const uint8_t pins[] = { 0x01, 0x0a };
    if (is_directory(d->file.kind))
        d->directory.pin_status = SPAN_ARRAY(pins);
    if (d->file.kind == SAIP_ADF)
        d->directory.aid = iot_aid(r);
    switch (d->file.fid) {
    case 0x2fe2:
        be_given(d, SPAN_ARRAY(r->package->header.iccid), 0);
        break;
    case 0x2f00: {
        struct span entry = iot_directory(r);
        be_given(d, entry, entry.len);
        break;
    }
    case 0x2f06:
    case 0x6f06:
        d->rules = saip_default_rules;
        d->file.record_length = SAIP_DEFAULT_RULE_OCTETS;
        d->file.size = SAIP_DEFAULT_RULES * SAIP_DEFAULT_RULE_OCTETS;
        break;
    default:
        break;
    }
}

static struct draft begin_draft(struct saip_reader *r, const struct member *m, unsigned nth)
{
    const struct saip_template_file *row = saip_template_find(m->family, m->version, m->tag);
    struct draft d = { .file = { .lifecycle = 5, .link = SAIP_NONE, .kind = SAIP_TRANSPARENT } };
    d.file.parent = (uint16_t)member_parent(r, m, row);
    if (!row)
        return d;
    d.known = d.in_template = true;
    d.pattern = row->content;
    d.file.kind = row->kind;
    d.file.fid = row->fid ? (uint16_t)(row->fid + nth) : 0;
    d.file.size = row->size;
    d.file.record_length = row->record_length;
    d.file.sfi = row->sfi;
    d.file.access[0] = m->family == 1 || (m->family == SAIP_IOT && !row->under) ? 0x2f : 0x6f;
    d.file.access[1] = 0x06;
    d.file.access[2] = row->access_record;
    d.file.access_len = 3;
    if (is_iot(m->family))
        fill_in_iot(r, &d);
    return d;
}

/* Can the file begin here: by its template, or because its FCP tells what it is? */
static bool can_be_filled(const struct draft *d)
{
    return d->in_template || (d->known && d->file.fid);
}

static bool can_be_made(const struct draft *d)
{
    return d->in_template ||
           (can_be_filled(d) && (d->sized || d->link.len || is_directory(d->file.kind)));
}

static enum err finish_draft(struct saip_reader *r, struct draft *d)
{
    if (d->skipped || d->laid_out)
        return ERR_OK;
    if (!can_be_made(d)) {
        r->files_left++;
        return ERR_OK;
    }
    bool orphan = d->file.parent == SAIP_NONE && d->file.kind != SAIP_MF;
    return orphan ? saip_refuse(r, SAIP_BAD_VALUES, "file without its directory") : add_file(r, d);
}

static enum err put_choice(struct saip_reader *r, struct draft *d, const struct der_tlv *t)
{
    switch (t->tag) {
    case 0x80:
        d->skipped = true;
        return ERR_OK;
    case 0xa1:
        return put_fcp(r, d, t->value);
    case 0x82:
        return put_offset(r, d, t->value);
    case 0x83:
        if (d->skipped || !can_be_filled(d))
            return ERR_OK;
        if (d->file.parent == SAIP_NONE && d->file.kind != SAIP_MF)
            return saip_refuse(r, SAIP_BAD_VALUES, "file without its directory");
        return put_fill(r, d, t->value);
    default:
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "unknown entry in a file");
    }
}

/* The files of GBA and MBMS in the optional elements of USIM and ISIM. */
static uint8_t missing_feature(const struct member *m)
{
    const struct saip_template_file *row = saip_template_find(m->family, m->version, m->tag);
    if (!row || (m->family != 5 && m->family != 9))
        return 0;
    if (m->family == 9)
        return row->fid == 0x6fd5 || row->fid == 0x6fd7 ? SAIP_NO_GBA : 0;
    return row->fid == 0x6fd6 || row->fid == 0x6fda   ? SAIP_NO_GBA
           : row->fid == 0x6fd7 || row->fid == 0x6fd8 ? SAIP_NO_MBMS
                                                      : 0;
}

/* One member may hold several files (EF.IIDF, EF.ADN …): each further FCP begins the next. */
static enum err read_member(struct saip_reader *r, const struct member *m, struct span list, size_t *first)
{
    unsigned nth = 0;
    struct draft d = begin_draft(r, m, nth);
    struct der cursor = der_open(list);
    enum err e = ERR_OK;
    *first = SAIP_NONE;
    if (missing_feature(m) && der_peek(&cursor) != 0x80) {
        r->missing |= missing_feature(m);
        if (!r->mandated)
            return ERR_OK; /* not made */
    }
    while (!e && !der_at_end(&cursor)) {
        struct der_tlv t;
        if (saip_next(r, &cursor, &t))
            return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "malformed file");
        if (t.tag == 0xa1 && (d.described || d.laid_out)) {
            e = finish_draft(r, &d);
            if (!e && *first == SAIP_NONE && d.laid_out)
                *first = d.index;
            d = begin_draft(r, m, ++nth);
        }
        if (!e)
            e = put_choice(r, &d, &t);
    }
    r->at = m->at;
    if (!e)
        e = finish_draft(r, &d);
    if (!e && *first == SAIP_NONE && d.laid_out)
        *first = d.index;
    return e;
}

static enum err create_unmentioned(struct saip_reader *r, struct member m, struct span members)
{
    enum err e = ERR_OK;
    const struct saip_template_file *row = NULL;
    while (!e && (row = saip_template_next(m.family, m.version, row))) {
        struct der_tlv there;
        if (row->content_required || (!row->size && m.family != SAIP_IOT) || is_directory(row->kind) || !der_find(members, row->tag, &there))
            continue;
        m.tag = row->tag;
        struct draft d = begin_draft(r, &m, 0);
        e = finish_draft(r, &d);
    }
    return e;
}

static const struct {
    uint32_t tag, last;
    uint8_t family;
    enum { OWN_UNDER_NOTHING, OWN_UNDER_MF, OWN_UNDER_ADF, FILES_OF_ADF } place;
} template_elements[] = {
    { 0xb0, 0xa7, 1, OWN_UNDER_NOTHING }, { 0xb1, 0xa4, 2, OWN_UNDER_MF },
    { 0xb2, 0xbf2f, 3, OWN_UNDER_MF },   { 0xb3, 0xb9, 4, OWN_UNDER_MF },
    { 0xb4, 0xbf57, 5, FILES_OF_ADF },   { 0xb5, 0xa8, 8, OWN_UNDER_MF },
    { 0xb6, 0xaf, 9, FILES_OF_ADF },   { 0xb7, 0xb3, 6, OWN_UNDER_ADF },
    { 0xb8, 0xa6, 7, OWN_UNDER_ADF },  { 0xb9, 0xbf24, 10, OWN_UNDER_MF },
    { 0xba, 0xbf44, 11, FILES_OF_ADF }, { 0xbb, 0xa9, 12, OWN_UNDER_ADF },
    { 0xbc, 0xb5, 13, OWN_UNDER_ADF }, { 0xbd, 0xa3, 14, OWN_UNDER_ADF },
    { 0xbe, 0xa3, 15, OWN_UNDER_ADF }, { 0xbf1f, 0xa8, 16, OWN_UNDER_ADF },
    { 0xbf20, 0xb7, SAIP_IOT, OWN_UNDER_NOTHING }, { 0xbf21, 0xbb, SAIP_OPT_IOT, FILES_OF_ADF },
};

static enum err read_template_id(struct saip_reader *r, struct span oid, struct member *m)
{
    unsigned family, version;
    if (!saip_template_id(oid, &family, &version) || family != m->family)
        return saip_refuse(r, SAIP_TEMPLATE_NOT_SUPPORTED, "unknown template");
    m->version = version;
    if (!saip_template_version_known(m->family, m->version))
        return saip_refuse(r, SAIP_TEMPLATE_NOT_SUPPORTED, "template of a later version");
    return ERR_OK;
}

static enum err find_place(struct saip_reader *r, uint32_t tag, struct member *m)
{
    for (size_t i = 0; i < COUNT(template_elements); i++) {
        if (template_elements[i].tag != tag)
            continue;
        m->family = template_elements[i].family;
        m->last = template_elements[i].last;
        bool in_adf =
            template_elements[i].place == FILES_OF_ADF || template_elements[i].place == OWN_UNDER_ADF;
        bool first = template_elements[i].place == OWN_UNDER_NOTHING, iot = r->package->header.pix.len;
        if (iot != is_iot(m->family) && (first || !iot))
            return saip_refuse(r, SAIP_BAD_VALUES,
                               iot ? "an IoT minimal profile begins with PE-IoT" : "IoT files in a profile that is no IoT one");
        if (first != (r->package->file_count == 0) || (in_adf && r->adf == SAIP_NONE))
            return saip_refuse(r, SAIP_BAD_VALUES,
                               "files without the directory they belong to, or a second MF");
        m->home = first ? SAIP_NONE : in_adf ? r->adf : 0;
        m->base = template_elements[i].place == FILES_OF_ADF ? r->adf : SAIP_NONE;
        return ERR_OK;
    }
    return saip_refuse(r, SAIP_PE_NOT_SUPPORTED, "profile element not supported");
}

static void enter_directory(struct saip_reader *r, const struct member *m, size_t index)
{
    const struct saip_file *f = &r->package->files[index];
    if (f->kind == SAIP_ADF)
        r->adf = index;
    if (f->kind != SAIP_DF || m->home == 0)
        r->directory = index;
}

static void settle_member(struct saip_reader *r, struct member *m, size_t first)
{
    if (first == SAIP_NONE)
        return;
    bool new_adf = m->family == SAIP_IOT && r->package->files[first].kind == SAIP_ADF;
    if (m->base == SAIP_NONE || new_adf)
        enter_directory(r, m, first);
    if (m->base == SAIP_NONE)
        m->base = first;
}

/* An IoT minimal profile need not tell its MF and its ADF, which must be there before their files. */
static enum err make_directories(struct saip_reader *r, struct member *m, struct span members, uint32_t before)
{
    const struct saip_template_file *row = NULL;
    enum err e = ERR_OK;
    while (!e && m->family == SAIP_IOT && (row = saip_template_next(m->family, m->version, row))) {
        struct der_tlv there;
        if (!is_directory(row->kind) || row->tag < m->reached || row->tag >= before || !der_find(members, row->tag, &there))
            continue;
        m->tag = row->tag;
        struct draft d = begin_draft(r, m, 0);
        e = finish_draft(r, &d);
        if (!e && d.laid_out)
            settle_member(r, m, d.index);
    }
    m->reached = before;
    return e;
}

enum err saip_read_template_element(struct saip_reader *r, const struct der_tlv *element)
{
    struct member m = { 0 };
    struct der cursor = der_open(element->value);
    struct der_tlv header, id, t;
    enum err e = find_place(r, element->tag, &m);
    if (!e && (der_expect(&cursor, 0xa0, &header) || saip_next(r, &cursor, &id) || id.tag != 0x81))
        e = saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "profile element without template");
    if (!e)
        e = read_template_id(r, id.value, &m);
    struct span members = cursor.rest;
    while (!e && !der_at_end(&cursor)) {
        size_t first;
        e = saip_next(r, &cursor, &t);
        if (!e && t.tag > m.last) /* of a later format: ignored, as the one who checks the ASN.1 tells */
            continue;
        m.at = t.whole.at;
        if (!e)
            e = make_directories(r, &m, members, t.tag);
        m.tag = t.tag;
        if (!e)
            e = read_member(r, &m, t.value, &first);
        if (!e)
            settle_member(r, &m, first);
    }
    r->at = m.at = r->element;
    if (!e)
        e = make_directories(r, &m, members, m.last + 1);
    if (!e && m.base != SAIP_NONE && saip_template_by_default(m.family))
        e = create_unmentioned(r, m, members);
    return e;
}

/* ---- files that a package creates freely ------------------------------------------------------------------
 */
/* A package that has no MF yet may create it here; an ADF lies under the MF, whatever is selected. */
static enum err place_freely(struct saip_reader *r, struct draft *d)
{
    struct saip_file *f = &d->file;
    bool none = r->package->file_count == 0;
    if (none != (f->kind == SAIP_DF && f->fid == 0x3f00))
        return saip_refuse(r, SAIP_BAD_VALUES, none ? "files before the MF" : "a second MF");
    if (none) {
        f->kind = SAIP_MF;
        f->parent = SAIP_NONE;
    } else if (f->kind == SAIP_DF && d->directory.aid.len) {
        f->kind = SAIP_ADF;
        f->parent = 0;
    }
    return ERR_OK;
}

/* What is created is selected; the first directory of an element is where the PINs behind it belong. */
static void select_freely(struct saip_reader *r, const struct draft *d, size_t *directory)
{
    if (!is_directory(d->file.kind))
        return;
    *directory = d->index;
    if (!r->entered)
        r->directory = d->index;
    r->entered = true;
    if (d->file.kind == SAIP_ADF)
        r->adf = d->index;
}

static enum err create_freely(struct saip_reader *r, const struct der_tlv *fcp, size_t *directory, struct draft *d)
{
    *d = (struct draft){ .file = { .lifecycle = 5, .link = SAIP_NONE, .parent = (uint16_t)*directory } };
    enum err e = put_fcp(r, d, fcp->value);
    r->at = fcp->whole.at;
    if (!e && !d->known)
        e = saip_refuse(r, SAIP_INVALID_PARAMETER, "file without descriptor");
    if (!e)
        e = place_freely(r, d);
    if (!e)
        e = add_file(r, d);
    if (!e)
        select_freely(r, d, directory);
    return e;
}

static enum err generic_command(struct saip_reader *r, const struct der_tlv *t, size_t *directory,
                                struct draft *d)
{
    switch (t->tag) {
    case 0x80:
        *directory = r->package->file_count ? saip_at_path(r->package, t->value) : SAIP_NONE;
        return *directory == SAIP_NONE || !is_directory(r->package->files[*directory].kind)
                   ? saip_refuse(r, SAIP_BAD_VALUES, "path to a directory that is not there")
                   : ERR_OK;
    case 0x62:
        return create_freely(r, t, directory, d);
    case 0x02:
        return d->laid_out ? put_offset(r, d, t->value) : saip_refuse(r, SAIP_BAD_VALUES, "no file to fill");
    case 0x81:
        return d->laid_out ? put_fill(r, d, t->value) : saip_refuse(r, SAIP_BAD_VALUES, "no file to fill");
    default:
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "unknown file management command");
    }
}

static enum err generic_group(struct saip_reader *r, struct span commands)
{
    struct der cursor = der_open(commands);
    struct draft d = { .file = { .link = SAIP_NONE } };
    size_t directory = 0;
    enum err e = ERR_OK;
    while (!e && !der_at_end(&cursor)) {
        struct der_tlv t;
        e = saip_next(r, &cursor, &t) ? saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "malformed file management")
                                      : generic_command(r, &t, &directory, &d);
    }
    return e;
}

enum err saip_read_generic_files(struct saip_reader *r, const struct der_tlv *element)
{
    struct der_tlv list, group;
    r->entered = false;
    if (!saip_find(r, element->value, 0xa1, &list))
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "file management without commands");
    struct der cursor = der_open(list.value);
    enum err e = ERR_OK;
    while (!e && !der_at_end(&cursor))
        e = saip_next(r, &cursor, &group) || group.tag != 0x30
                ? saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "file management")
                : generic_group(r, group.value);
    return e;
}
