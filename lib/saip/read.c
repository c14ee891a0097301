#include <stdlib.h>
#include <string.h>

#include "reader.h"

enum err saip_refuse(struct saip_reader *r, enum saip_status status, const char *why)
{
    if (r->fault && r->fault->status == SAIP_OK)
        *r->fault = (struct saip_fault){ .status = status,
                                          .identification = r->identification,
                                          .why = why,
                                          .offset = r->at ? (size_t)(r->at - r->element) : 0 };
    return ERR_PARSE;
}

enum err saip_next(struct saip_reader *r, struct der *d, struct der_tlv *out)
{
    if (d->rest.len)
        r->at = d->rest.at;
    return der_next(d, out);
}

bool saip_find(struct saip_reader *r, struct span from, uint32_t tag, struct der_tlv *out)
{
    bool found = !der_find(from, tag, out);
    r->at = found ? out->whole.at : from.at;
    return found;
}

enum err saip_room(struct saip_reader *r, void *array, size_t *capacity, size_t count, size_t size,
                   size_t most)
{
    void **at = array;
    if (count >= most)
        return saip_refuse(r, SAIP_NOT_ENOUGH_MEMORY, "more entries than any package needs");
    if (count < *capacity)
        return ERR_OK;
    size_t wanted = *capacity ? 2 * *capacity : 16;
    uint8_t *grown = calloc(wanted, size);
    if (!grown)
        return ERR_NOMEM;
    if (count)
        memcpy(grown, *at, count * size);
    if (*at)
        memory_clear(*at, *capacity * size); /* codes and keys live in these arrays */
    free(*at);
    *at = grown;
    *capacity = wanted;
    return ERR_OK;
}

/* Every element but the header begins with [0] {mandated?, identification}. */
static enum err read_element_header(struct saip_reader *r, const struct der_tlv *element, bool *mandated)
{
    struct der d = der_open(element->value);
    r->at = d.rest.at;
    struct der_tlv header, field;
    int64_t identification = -1;
    if (der_expect(&d, 0xa0, &header) || der_find(header.value, 0x81, &field) ||
        der_integer(field.value, &identification) || identification < 0 || identification > 0x7fff)
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "profile element without identification");
    *mandated = !der_find(header.value, 0x80, &field);
    r->identification = (int)identification;
    r->at = r->element;
    return ERR_OK;
}

static const struct {
    uint32_t tag;
    enum err (*read)(struct saip_reader *r, const struct der_tlv *element); /* NULL: kept raw */
} kinds[] = {
    { 0xa1, saip_read_generic_files },
    { 0xa2, saip_read_pin_codes },
    { 0xa3, saip_read_puk_codes },
    { 0xa4, saip_read_aka },
    { 0xa5, NULL },
    { 0xa6, NULL },
    { 0xa7, NULL },
    { 0xa8, NULL },
    { 0xa9, NULL },
};

static enum err read_by_kind(struct saip_reader *r, const struct der_tlv *element)
{
    if (element->tag == 0xaa) {
        r->ended = true;
        return ERR_OK;
    }
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].tag == element->tag)
            return kinds[i].read ? kinds[i].read(r, element) : ERR_OK;
    if ((element->tag >= 0xb0 && element->tag <= 0xbe) || (element->tag >= 0xbf1f && element->tag <= 0xbf21))
        return saip_read_template_element(r, element);
    return saip_refuse(r, SAIP_PE_NOT_SUPPORTED, "profile element of unknown kind");
}

static enum err note_element(struct saip_reader *r, const struct der_tlv *element, bool mandated)
{
    struct saip_package *p = r->package;
    for (size_t i = 0; i < p->element_count; i++)
        if (p->elements[i].tag != 0xa0 && p->elements[i].identification == r->identification)
            return saip_refuse(r, SAIP_BAD_VALUES, "identification used twice");
    enum err e = saip_room(r, &p->elements, &r->capacity[0], p->element_count, sizeof p->elements[0],
                           SAIP_ELEMENTS_MAX);
    if (!e)
        p->elements[p->element_count++] = (struct saip_element){ .tag = element->tag,
                                                                 .identification = r->identification,
                                                                 .whole = element->whole,
                                                                 .mandated = mandated,
                                                                 .content = (uint32_t)p->content.len };
    return e;
}

static enum saip_outcome outcome_of(const struct saip_reader *r, uint32_t tag)
{
    bool stored_only = tag >= 0xa5 && tag <= 0xa9;
    if (stored_only || (r->files_left && !r->files_made))
        return SAIP_STORED;
    return r->files_left ? SAIP_STORED_IN_PART : SAIP_EXECUTED;
}

/* How much of the package there was before an element. */
struct mark {
    size_t files, directories, pins, puks, shares, akas, directory, adf;
};

static struct mark mark_of(const struct saip_reader *r)
{
    const struct saip_package *p = r->package;
    return (struct mark){ p->file_count,  p->directory_count, p->pin_count, p->puk_count,
                          p->share_count, p->aka_count,       r->directory, r->adf };
}

static void drop(void *array, size_t size, size_t from, size_t *count)
{
    if (*count > from)
        memory_clear((uint8_t *)array + from * size, (*count - from) * size);
    *count = from;
}

static void drop_since(struct saip_reader *r, const struct mark *m, size_t content)
{
    struct saip_package *p = r->package;
    drop(p->files, sizeof p->files[0], m->files, &p->file_count);
    drop(p->directories, sizeof p->directories[0], m->directories, &p->directory_count);
    drop(p->pins, sizeof p->pins[0], m->pins, &p->pin_count);
    drop(p->puks, sizeof p->puks[0], m->puks, &p->puk_count);
    drop(p->shares, sizeof p->shares[0], m->shares, &p->share_count);
    drop(p->akas, sizeof p->akas[0], m->akas, &p->aka_count);
    drop(p->content.at, 1, content, &p->content.len);
    r->directory = m->directory;
    r->adf = m->adf;
}

/* What ends the installation only when the element is mandated (interoperable format, 8.11): a kind or a template that is
 * not known, what this card does not have, a parameter that it cannot take. */
static bool may_be_passed_over(enum saip_status status)
{
    return status == SAIP_PE_NOT_SUPPORTED || status == SAIP_TEMPLATE_NOT_SUPPORTED ||
           status == SAIP_FEATURE_NOT_SUPPORTED || status == SAIP_INVALID_PARAMETER;
}

/* An element that is passed over leaves nothing but its status. */
static enum err settle_element(struct saip_reader *r, const struct mark *before, enum err e)
{
    struct saip_element *element = &r->package->elements[r->package->element_count - 1];
    enum saip_status status = e == ERR_PARSE ? r->fault->status : SAIP_OK;
    bool passed_over = e == ERR_PARSE && !element->mandated && may_be_passed_over(status);
    if (passed_over)
        drop_since(r, before, element->content);
    element->status = status;
    element->outcome = status ? SAIP_STORED : outcome_of(r, element->tag);
    element->files_left = (uint16_t)r->files_left;
    element->missing = r->missing;
    if (!status && r->missing && !element->mandated)
        element->status = SAIP_FEATURE_NOT_SUPPORTED; /* its other files are there */
    else if (!status && r->missing)
        element->outcome = SAIP_STORED_IN_PART;
    element->content_len = (uint32_t)r->package->content.len - element->content;
    if (!passed_over)
        return e;
    *r->fault = (struct saip_fault){ .identification = -1, .why = "" };
    return ERR_OK;
}

static enum err read_element(struct saip_reader *r, const struct der_tlv *element)
{
    bool mandated = true;
    const struct mark before = mark_of(r);
    r->identification = -1;
    r->element = r->at = element->whole.at;
    r->files_made = r->files_left = r->missing = 0;
    if (r->ended)
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "profile element behind the end");
    bool first = r->package->element_count == 0;
    if (first != (element->tag == 0xa0))
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "the header must be the first element");
    enum err e = first ? ERR_OK : read_element_header(r, element, &mandated);
    if (!e)
        e = note_element(r, element, mandated);
    if (e)
        return e;
    r->mandated = mandated;
    e = first ? saip_read_header(r, element) : read_by_kind(r, element);
    if (e == ERR_LIMIT)
        e = saip_refuse(r, SAIP_NOT_ENOUGH_MEMORY, "file contents too large");
    return settle_element(r, &before, e);
}

static enum err read_elements(struct saip_reader *r, struct span upp)
{
    struct der d = der_open(upp);
    enum err e = ERR_OK;
    while (!e && !der_at_end(&d)) {
        struct der_tlv element;
        r->identification = -1;
        r->at = NULL;
        if (der_next(&d, &element) || der_check(element.whole))
            e = saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "profile element is no well-formed TLV");
        else
            e = read_element(r, &element);
    }
    return e;
}

/* The element that holds these octets; NULL: they are a template's. */
static const struct saip_element *element_around(const struct saip_package *p, const uint8_t *at)
{
    for (size_t i = 0; i < p->element_count; i++) {
        struct span whole = p->elements[i].whole;
        if ((uintptr_t)at - (uintptr_t)whole.at < whole.len)
            return &p->elements[i];
    }
    return NULL;
}

static bool has_pin(const struct saip_package *p, size_t directory, uint8_t reference)
{
    size_t at = saip_pin_directory(p, directory);
    for (size_t i = 0; i < p->pin_count; i++)
        if (p->pins[i].directory == at && p->pins[i].reference == reference)
            return true;
    return false;
}

/* A global PIN is the MF's; a local one is the directory's or one's above it (interoperable format, 8.1.3). */
static bool pin_is_there(const struct saip_package *p, size_t directory, uint8_t reference)
{
    if (reference < 0x80)
        return has_pin(p, 0, reference);
    for (size_t at = directory; at != SAIP_NONE; at = p->files[at].parent)
        if (has_pin(p, at, reference))
            return true;
    return false;
}

/* An IoT minimal profile need not give its PINs: the application PIN is there then and disabled, and the administrator's is
 * blocked, since nobody was told it. */
static enum err add_default_pins(struct saip_reader *r)
{
    static const struct saip_pin defaults[] = {
        { .reference = 0x01, .value = { '0', '0', '0', '0', 0xff, 0xff, 0xff, 0xff }, .attributes = 6, .tries = 0x33 },
        { .reference = 0x0a, .value = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, .attributes = 3, .tries = 0xa0 },
    };
    struct saip_package *p = r->package;
    enum err e = ERR_OK;
    for (size_t i = 0; !e && p->header.pix.len && i < COUNT(defaults); i++) {
        if (has_pin(p, 0, defaults[i].reference))
            continue;
        e = saip_room(r, &p->pins, &r->capacity[2], p->pin_count, sizeof p->pins[0], SAIP_CODES_MAX);
        if (!e)
            p->pins[p->pin_count++] = defaults[i];
    }
    return e;
}

static enum err check_pin_status(struct saip_reader *r, size_t directory)
{
    const struct saip_package *p = r->package;
    struct span status = saip_pin_status(p, &p->files[directory]);
    for (size_t i = 0; i < status.len; i++) {
        if (pin_is_there(p, directory, status.at[i]))
            continue;
        const struct saip_element *named = element_around(p, status.at);
        r->identification = named ? named->identification : -1;
        r->element = named ? named->whole.at : NULL;
        r->at = named ? status.at + i : NULL;
        return saip_refuse(r, SAIP_PIN_CODE_MISSING, "a directory names a PIN that no element creates");
    }
    return ERR_OK;
}

static enum err check_pin_statuses(struct saip_reader *r)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < r->package->file_count; i++)
        e = check_pin_status(r, i);
    return e;
}

static enum err read_parts(struct saip_reader *r, const struct span *parts, size_t count)
{
    enum err e = ERR_OK;
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    if (len > SAIP_UPP_MAX)
        return saip_refuse(r, SAIP_NOT_ENOUGH_MEMORY, "package too large");
    for (size_t i = 0; !e && i < count; i++)
        e = read_elements(r, parts[i]);
    r->identification = -1;
    r->at = NULL;
    if (!e && !r->ended) {
        e = saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "package ends without end element");
        r->fault->incomplete = true;
    }
    if (!e && !r->package->file_count)
        e = saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "package without MF");
    if (!e)
        e = add_default_pins(r);
    return e ? e : check_pin_statuses(r);
}

/* Gives back the room that is left in an array; without memory for that it stays as it is. */
static void fit(void *array, size_t count, size_t size)
{
    void **at = array;
    uint8_t *exact = count ? malloc(count * size) : NULL;
    if (!exact)
        return;
    memcpy(exact, *at, count * size);
    memory_clear(*at, count * size); /* codes and keys live in these arrays */
    free(*at);
    *at = exact;
}

/* Nothing is added to a package that was read; cards keep it as long as they are in use. */
static void fit_all(struct saip_package *p)
{
    fit(&p->files, p->file_count, sizeof p->files[0]);
    fit(&p->directories, p->directory_count, sizeof p->directories[0]);
    fit(&p->pins, p->pin_count, sizeof p->pins[0]);
    fit(&p->puks, p->puk_count, sizeof p->puks[0]);
    fit(&p->shares, p->share_count, sizeof p->shares[0]);
    fit(&p->akas, p->aka_count, sizeof p->akas[0]);
    fit(&p->elements, p->element_count, sizeof p->elements[0]);
    fit(&p->content.at, p->content.len, 1);
    if (p->content.len)
        p->content.cap = p->content.len;
}

/* A service of an EF.UST or EF.IST, which count from 1. */
static void clear_service(struct saip_package *p, size_t adf, uint16_t fid, unsigned service)
{
    size_t at = saip_child(p, adf, fid);
    const struct saip_file *f = at == SAIP_NONE || p->files[at].link != SAIP_NONE ? NULL : &p->files[at];
    if (f && f->kind == SAIP_TRANSPARENT && (service - 1) / 8 < f->size)
        p->content.at[f->offset + (service - 1) / 8] &= (uint8_t)~(1u << (service - 1) % 8);
}

/* GBA and MBMS are not on the card, whatever the package says (interoperable format, 9.5.2 and 9.6.2). */
static void clear_services(struct saip_package *p)
{
    static const uint8_t usim[] = { 0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02 }, isim[] = { 0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x04 };
    for (size_t i = 0; i < p->file_count; i++) {
        struct span aid = saip_aid(p, &p->files[i]);
        if (span_equal(span_sub(aid, 0, sizeof usim), SPAN_ARRAY(usim))) {
            clear_service(p, i, 0x6f38, 68);
            clear_service(p, i, 0x6f38, 69);
        } else if (span_equal(span_sub(aid, 0, sizeof isim), SPAN_ARRAY(isim))) {
            clear_service(p, i, 0x6f07, 2);
        }
    }
}

static void settle_contents(struct saip_package *p)
{
    for (size_t i = 0; p->content.len && i < p->file_count; i++)
        p->files[i].at = p->content.at + p->files[i].offset;
}

static enum err try_parts(const struct span *parts, size_t count, struct saip_package **out,
                          struct saip_fault *fault)
{
    struct saip_fault ignored;
    struct saip_package *p = *out = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->content.max = SAIP_CONTENT_MAX;
    struct saip_reader r = { .package = p,
                             .fault = fault ? fault : &ignored,
                             .identification = -1,
                             .directory = SAIP_NONE,
                             .adf = SAIP_NONE };
    *r.fault = (struct saip_fault){ .identification = -1, .why = "" };
    enum err e = read_parts(&r, parts, count);
    if (!e) {
        clear_services(p);
        fit_all(p);
        settle_contents(p);
    }
    return e;
}

enum err saip_try(struct span upp, struct saip_package **out, struct saip_fault *fault)
{
    return try_parts(&upp, 1, out, fault);
}

enum err saip_read_parts(const struct span *parts, size_t count, struct saip_package **out,
                         struct saip_fault *fault)
{
    enum err e = try_parts(parts, count, out, fault);
    if (e) {
        saip_free(*out);
        *out = NULL;
    }
    return e;
}

enum err saip_read(struct span upp, struct saip_package **out, struct saip_fault *fault)
{
    return saip_read_parts(&upp, 1, out, fault);
}

static void clear_free(void *at, size_t size)
{
    if (at)
        memory_clear(at, size);
    free(at);
}

void saip_free(struct saip_package *p)
{
    if (!p)
        return;
    clear_free(p->pins, p->pin_count * sizeof p->pins[0]);
    clear_free(p->puks, p->puk_count * sizeof p->puks[0]);
    clear_free(p->akas, p->aka_count * sizeof p->akas[0]);
    free(p->shares);
    free(p->directories);
    free(p->files);
    free(p->elements);
    buf_release(&p->content);
    free(p);
}

size_t saip_footprint(const struct saip_package *p)
{
    return sizeof *p + p->file_count * sizeof p->files[0] +
           p->directory_count * sizeof p->directories[0] + p->pin_count * sizeof p->pins[0] +
           p->puk_count * sizeof p->puks[0] + p->share_count * sizeof p->shares[0] + p->aka_count * sizeof p->akas[0] +
           p->element_count * sizeof p->elements[0] + p->content.cap;
}

struct span saip_content(const struct saip_package *p, const struct saip_file *f)
{
    for (unsigned hops = 0; f->link != SAIP_NONE && hops < 4; hops++)
        f = &p->files[f->link];
    return span_of(f->at, f->size);
}

struct span saip_aid(const struct saip_package *p, const struct saip_file *f)
{
    return f->directory == SAIP_NONE ? (struct span){ 0 } : p->directories[f->directory].aid;
}

struct span saip_pin_status(const struct saip_package *p, const struct saip_file *f)
{
    return f->directory == SAIP_NONE ? (struct span){ 0 } : p->directories[f->directory].pin_status;
}

void saip_move_content(struct saip_package *p, const struct saip_element *element, const uint8_t *at)
{
    uintptr_t from = (uintptr_t)(p->content.at + element->content);
    for (size_t i = 0; i < p->file_count; i++) {
        struct saip_file *f = &p->files[i];
        uintptr_t distance = (uintptr_t)f->at - from; /* huge where it lies before */
        if (f->size && f->link == SAIP_NONE && distance < element->content_len)
            f->at = at + distance;
    }
}

size_t saip_child(const struct saip_package *p, size_t directory, uint16_t fid)
{
    for (size_t i = 0; i < p->file_count; i++)
        if (p->files[i].fid == fid && p->files[i].parent == directory)
            return i;
    return SAIP_NONE;
}

size_t saip_pin_directory(const struct saip_package *p, size_t directory)
{
    for (size_t i = 0; i < p->share_count; i++)
        if (p->shares[i].directory == directory)
            return p->shares[i].source;
    return directory;
}

size_t saip_adf(const struct saip_package *p, struct span aid)
{
    for (size_t i = 0; i < p->file_count; i++) {
        const struct saip_file *f = &p->files[i];
        if (f->kind == SAIP_ADF && aid.len && saip_aid(p, f).len >= aid.len &&
            span_equal(span_sub(saip_aid(p, f), 0, aid.len), aid))
            return i;
    }
    return SAIP_NONE;
}
