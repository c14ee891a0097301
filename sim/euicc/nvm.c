/* The card's memory at rest: its coding, and where it is kept. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "crypto.h"
#include "der.h"
#include "euicc.h"
#include "euicc_state.h"

static const uint8_t magic[8] = { 'L', 'A', 'B', 'E', 'U', 'I', 'C', '2' };
#define HEADER (sizeof magic + 32)

/* ---- writing
 * -------------------------------------------------------------------------------------------------
 */
static enum err put_shared(struct buf *b, uint32_t tag, const struct shared *s)
{
    return s ? der_put(b, tag, shared_span(s)) : ERR_OK;
}

static enum err write_profile(struct buf *b, const struct profile *p)
{
    struct der_mark mark;
    uint32_t flags = (p->enabled ? 1u : 0) | (p->fallback ? 2u : 0) | (p->preloaded ? 4u : 0);
    enum err e = der_put_open(b, 0x30, &mark);
    if (!e)
        e = der_put(b, 0x80, SPAN_ARRAY(p->iccid));
    if (!e)
        e = der_put(b, 0x81, SPAN_ARRAY(p->aid));
    if (!e)
        e = der_put_integer(b, 0x82, flags);
    if (!e)
        e = der_put_integer(b, 0x83, p->credential);
    if (!e)
        e = put_shared(b, 0x84, p->metadata);
    if (!e)
        e = kept_package_put(p->upp, 0x85, b);
    if (!e)
        e = put_shared(b, 0x86, p->isdp);
    if (!e)
        e = put_shared(b, 0x87, p->nickname);
    if (!e)
        e = put_shared(b, 0x88, p->usim);
    if (!e)
        e = der_put_integer(b, 0x89, p->size);
    return e ? e : der_put_close(b, mark);
}

static enum err write_eim(struct buf *b, const struct eim *m)
{
    struct der_mark mark;
    enum err e = der_put_open(b, 0x30, &mark);
    if (!e)
        e = put_shared(b, 0x80, m->configuration);
    if (!e)
        e = der_put_integer(b, 0x81, m->counter);
    if (!e && m->has_token)
        e = der_put_integer(b, 0x82, m->token);
    return e ? e : der_put_close(b, mark);
}

static enum err write_pending(struct buf *b, const struct pending *p)
{
    struct der_mark mark;
    enum err e = der_put_open(b, 0x30, &mark);
    if (!e)
        e = der_put_integer(b, 0x80, p->kind);
    if (!e)
        e = der_put_integer(b, 0x81, p->seq);
    if (!e)
        e = der_put_integer(b, 0x82, p->event);
    if (!e)
        e = put_shared(b, 0x83, p->bytes);
    return e ? e : der_put_close(b, mark);
}

static enum err write_rollback(struct buf *b, const struct rollback *r)
{
    struct der_mark mark;
    if (!r->granted)
        return ERR_OK;
    enum err e = der_put_open(b, 0xa4, &mark);
    if (!e && r->has_previous)
        e = der_put(b, 0x80, SPAN_ARRAY(r->previous));
    if (!e)
        e = put_shared(b, 0x81, r->eim_id);
    if (!e)
        e = put_shared(b, 0x82, r->transaction_id);
    if (!e)
        e = der_put_integer(b, 0x83, r->counter);
    if (!e)
        e = der_put_integer(b, 0x84, r->result_seq);
    if (!e)
        e = der_put_integer(b, 0x85, r->credential);
    return e ? e : der_put_close(b, mark);
}

static enum err write_crls(struct buf *b, const struct state *s)
{
    struct der_mark list, entry;
    enum err e = der_put_open(b, 0xaf, &list);
    for (size_t i = 0; !e && i < s->crl_count; i++) {
        e = der_put_open(b, 0x30, &entry);
        if (!e)
            e = der_put(b, 0x80, SPAN_ARRAY(s->crls[i].ci));
        if (!e)
            e = der_put_integer(b, 0x81, s->crls[i].number);
        if (!e)
            e = put_shared(b, 0x82, s->crls[i].der);
        if (!e)
            e = der_put_close(b, entry);
    }
    return e ? e : der_put_close(b, list);
}

/* What stands in for the enabled profile, with the profile that it stands for. */
static enum err write_stand_ins(struct buf *b, const struct state *s)
{
    enum err e = ERR_OK;
    if (s->in_emergency)
        e = der_put(b, 0x90,
                    s->has_before_emergency ? SPAN_ARRAY(s->before_emergency) : span_str(""));
    if (!e && s->has_before_test)
        e = der_put(b, 0x91, SPAN_ARRAY(s->before_test));
    if (!e && s->ipae)
        e = der_put(b, 0x92, (struct span){ 0 });
    return e;
}

static enum err write_lists(struct buf *b, const struct state *s)
{
    struct der_mark mark;
    enum err e = der_put_open(b, 0xa1, &mark);
    for (size_t i = 0; !e && i < s->profile_count; i++)
        e = write_profile(b, &s->profiles[i]);
    if (!e)
        e = der_put_close(b, mark);
    if (!e)
        e = der_put_open(b, 0xa2, &mark);
    for (size_t i = 0; !e && i < s->eim_count; i++)
        e = write_eim(b, &s->eims[i]);
    if (!e)
        e = der_put_close(b, mark);
    if (!e)
        e = der_put_open(b, 0xa3, &mark);
    for (size_t i = 0; !e && i < s->pending_count; i++)
        e = write_pending(b, &s->pending[i]);
    return e ? e : der_put_close(b, mark);
}

static enum err write_rest(struct buf *b, const struct state *s)
{
    enum err e = write_rollback(b, &s->rollback);
    if (!e && s->in_fallback)
        e = der_put(b, 0x85, SPAN_ARRAY(s->before_fallback));
    if (!e && s->immediate_enable)
        e = der_put(b, 0x86, (struct span){ 0 });
    if (!e)
        e = put_shared(b, 0x87, s->immediate_oid);
    if (!e)
        e = put_shared(b, 0x88, s->immediate_address);
    if (!e)
        e = put_shared(b, 0x89, s->default_dp);
    if (!e)
        e = put_shared(b, 0x8a, s->root_ds);
    if (!e)
        e = der_put_integer(b, 0x8b, s->next_seq);
    if (!e)
        e = der_put_integer(b, 0x8c, s->next_token);
    if (!e)
        e = der_put_integer(b, 0x8d, s->next_pix);
    if (!e)
        e = put_shared(b, 0x8e, s->under_way);
    if (!e)
        e = write_crls(b, s);
    return e ? e : write_stand_ins(b, s);
}

enum err state_write(struct crypto *c, const struct state *s, const uint8_t eid[16],
                     struct buf *out)
{
    static const uint8_t zeros[32] = { 0 };
    struct der_mark mark;
    buf_clear(out);
    enum err e = buf_put(out, SPAN_ARRAY(magic));
    if (!e)
        e = buf_put(out, SPAN_ARRAY(zeros));
    if (!e)
        e = der_put_open(out, 0x30, &mark);
    if (!e)
        e = der_put(out, 0x80, span_of(eid, 16));
    if (!e)
        e = write_lists(out, s);
    if (!e)
        e = write_rest(out, s);
    if (!e)
        e = der_put_close(out, mark);
    struct span payload = span_sub(buf_span(out), HEADER, SIZE_MAX);
    return e ? e : sha256(c, &payload, 1, out->at + sizeof magic);
}

/* ---- reading
 * -------------------------------------------------------------------------------------------------
 */
struct reading {
    struct crypto *crypto;
    struct euicc_contents *store; /* of profile elements */
    struct state *state;
};

static enum err get_package(const struct reading *r, struct span from, uint32_t tag, struct kept_package **out)
{
    struct der_tlv t;
    return der_find(from, tag, &t) ? ERR_OK : kept_package_new(r->store, r->crypto, t.value, out);
}

static enum err get_shared(struct span from, uint32_t tag, struct shared **out)
{
    struct der_tlv t;
    return der_find(from, tag, &t) ? ERR_OK : shared_new(t.value, out);
}

static enum err get_exact(struct span from, uint32_t tag, uint8_t *out, size_t len)
{
    struct der_tlv t;
    if (der_find(from, tag, &t) || t.value.len != len)
        return ERR_PARSE;
    memcpy(out, t.value.at, len);
    return ERR_OK;
}

static enum err get_integer(struct span from, uint32_t tag, int64_t least, int64_t most,
                            int64_t *out)
{
    struct der_tlv t;
    if (der_find(from, tag, &t) || der_integer(t.value, out) || *out < least || *out > most)
        return ERR_PARSE;
    return ERR_OK;
}

static enum err read_profile(const struct reading *r, struct span from)
{
    struct profile *p;
    int64_t flags = 0, credential = 0, size = 0;
    enum err e = state_add_profile(r->state, &p);
    if (!e)
        e = get_exact(from, 0x80, p->iccid, sizeof p->iccid);
    if (!e)
        e = get_exact(from, 0x81, p->aid, sizeof p->aid);
    if (!e)
        e = get_integer(from, 0x82, 0, 7, &flags);
    if (!e)
        e = get_integer(from, 0x83, 0, 3, &credential);
    if (!e)
        e = get_shared(from, 0x84, &p->metadata);
    if (!e)
        e = get_package(r, from, 0x85, &p->upp);
    if (!e)
        e = get_shared(from, 0x86, &p->isdp);
    if (!e)
        e = get_shared(from, 0x87, &p->nickname);
    if (!e)
        e = get_shared(from, 0x88, &p->usim);
    if (!e)
        e = get_integer(from, 0x89, 0, UINT32_MAX, &size);
    if (e)
        return e;
    p->size = (uint32_t)size;
    p->enabled = flags & 1;
    p->fallback = flags & 2;
    p->preloaded = flags & 4;
    p->credential = (uint8_t)credential;
    return p->metadata && p->upp ? ERR_OK : ERR_PARSE;
}

static enum err read_eim(const struct reading *r, struct span from)
{
    struct eim *m;
    struct der_tlv token;
    enum err e = state_add_eim(r->state, &m);
    if (!e)
        e = get_shared(from, 0x80, &m->configuration);
    if (!e)
        e = get_integer(from, 0x81, 0, INT64_MAX, &m->counter);
    if (!e && !der_find(from, 0x82, &token)) {
        m->has_token = true;
        e = der_integer(token.value, &m->token);
    }
    return e ? e : m->configuration ? ERR_OK : ERR_PARSE;
}

static enum err read_pending(const struct reading *r, struct span from)
{
    struct pending *p;
    int64_t kind = 0, seq = 0, event = 0;
    enum err e = state_add_pending(r->state, &p);
    if (!e)
        e = get_integer(from, 0x80, PENDING_INSTALLATION, PENDING_PACKAGE_RESULT, &kind);
    if (!e)
        e = get_integer(from, 0x81, 0, UINT32_MAX, &seq);
    if (!e)
        e = get_integer(from, 0x82, 0, UINT32_MAX, &event);
    if (!e)
        e = get_shared(from, 0x83, &p->bytes);
    if (e)
        return e;
    p->kind = (enum pending_kind)kind;
    p->seq = (uint32_t)seq;
    p->event = (uint32_t)event;
    return p->bytes ? ERR_OK : ERR_PARSE;
}

static enum err read_rollback(struct rollback *r, struct span from)
{
    struct der_tlv t;
    int64_t seq = 0, credential = 0;
    r->granted = true;
    r->has_previous = !der_find(from, 0x80, &t);
    enum err e = r->has_previous ? get_exact(from, 0x80, r->previous, sizeof r->previous) : ERR_OK;
    if (!e)
        e = get_shared(from, 0x81, &r->eim_id);
    if (!e)
        e = get_shared(from, 0x82, &r->transaction_id);
    if (!e)
        e = get_integer(from, 0x83, 0, INT64_MAX, &r->counter);
    if (!e)
        e = get_integer(from, 0x84, 0, UINT32_MAX, &seq);
    if (!e)
        e = get_integer(from, 0x85, 0, 3, &credential);
    r->result_seq = (uint32_t)seq;
    r->credential = (uint8_t)credential;
    return e ? e : r->eim_id ? ERR_OK : ERR_PARSE;
}

static enum err read_list(const struct reading *r, struct span from, uint32_t tag,
                          enum err (*read)(const struct reading *, struct span))
{
    struct der_tlv list, item;
    if (der_find(from, tag, &list))
        return ERR_PARSE;
    struct der d = der_open(list.value);
    enum err e = ERR_OK;
    while (!e && !der_at_end(&d)) {
        e = der_expect(&d, 0x30, &item);
        if (!e)
            e = read(r, item.value);
    }
    return e;
}

static enum err read_crl(const struct reading *r, struct span from)
{
    struct revocations *c;
    enum err e = state_add_crl(r->state, &c);
    if (!e)
        e = get_exact(from, 0x80, c->ci, sizeof c->ci);
    if (!e)
        e = get_integer(from, 0x81, 0, INT64_MAX, &c->number);
    if (!e)
        e = get_shared(from, 0x82, &c->der);
    return e ? e : c->der ? ERR_OK : ERR_PARSE;
}

static enum err read_stand_ins(struct state *s, struct span from)
{
    struct der_tlv t;
    enum err e = ERR_OK;
    s->in_emergency = !der_find(from, 0x90, &t);
    s->has_before_emergency = s->in_emergency && t.value.len;
    if (s->has_before_emergency)
        e = get_exact(from, 0x90, s->before_emergency, sizeof s->before_emergency);
    s->has_before_test = !der_find(from, 0x91, &t);
    if (!e && s->has_before_test)
        e = get_exact(from, 0x91, s->before_test, sizeof s->before_test);
    s->ipae = !der_find(from, 0x92, &t);
    return e;
}

static enum err read_rest(struct state *s, struct span from)
{
    struct der_tlv t;
    int64_t seq = 0, token = 0, pix = 0;
    enum err e = der_find(from, 0xa4, &t) ? ERR_OK : read_rollback(&s->rollback, t.value);
    s->in_fallback = !der_find(from, 0x85, &t);
    s->immediate_enable = !der_find(from, 0x86, &t);
    if (!e && s->in_fallback)
        e = get_exact(from, 0x85, s->before_fallback, sizeof s->before_fallback);
    if (!e)
        e = get_shared(from, 0x87, &s->immediate_oid);
    if (!e)
        e = get_shared(from, 0x88, &s->immediate_address);
    if (!e)
        e = get_shared(from, 0x89, &s->default_dp);
    if (!e)
        e = get_shared(from, 0x8a, &s->root_ds);
    if (!e)
        e = get_integer(from, 0x8b, 1, UINT32_MAX, &seq);
    if (!e)
        e = get_integer(from, 0x8c, 1, UINT32_MAX, &token);
    if (!e)
        e = get_integer(from, 0x8d, EUICC_PIX_FIRST, EUICC_PIX_LAST, &pix);
    s->next_seq = (uint32_t)seq;
    s->next_token = (uint32_t)token;
    s->next_pix = (uint32_t)pix;
    return e ? e : get_shared(from, 0x8e, &s->under_way);
}

static enum err read_state(const struct reading *r, struct span from)
{
    enum err e = read_list(r, from, 0xa1, read_profile);
    if (!e)
        e = read_list(r, from, 0xa2, read_eim);
    if (!e)
        e = read_list(r, from, 0xa3, read_pending);
    if (!e)
        e = read_list(r, from, 0xaf, read_crl);
    if (!e)
        e = read_stand_ins(r->state, from);
    return e ? e : read_rest(r->state, from);
}

static enum err check_frame(struct crypto *c, struct span blob, const uint8_t eid[16],
                            struct der_tlv *state, const char **why)
{
    uint8_t digest[32];
    struct der_tlv owner;
    if (blob.len <= HEADER || memcmp(blob.at, magic, sizeof magic - 1) != 0)
        return *why = "not the memory of a software eUICC", ERR_PARSE;
    if (blob.at[sizeof magic - 1] != magic[sizeof magic - 1])
        return *why = "written by another version of the software eUICC", ERR_PARSE;
    struct span payload = span_sub(blob, HEADER, SIZE_MAX);
    enum err e = sha256(c, &payload, 1, digest);
    if (e)
        return e;
    if (!span_equal(SPAN_ARRAY(digest), span_sub(blob, sizeof magic, sizeof digest)))
        return *why = "damaged: its checksum does not fit", ERR_PARSE;
    if (der_only(payload, 0x30, state) || der_find(state->value, 0x80, &owner))
        return *why = "damaged: no well-formed contents", ERR_PARSE;
    if (!span_equal(owner.value, span_of(eid, 16)))
        return *why = "belongs to a card with another EID", ERR_PARSE;
    return ERR_OK;
}

enum err state_read(struct crypto *c, struct euicc_contents *store, struct span blob,
                    const uint8_t eid[16], struct state **out, const char **why)
{
    struct der_tlv contents;
    struct state *s = NULL;
    *out = NULL;
    *why = "";
    enum err e = check_frame(c, blob, eid, &contents, why);
    if (!e)
        e = state_new(&s);
    if (!e)
        e = read_state(&(struct reading){ c, store, s }, contents.value);
    if (!e) {
        *out = s;
        return ERR_OK;
    }
    if (!**why)
        *why = "damaged: contents make no sense";
    state_free(s);
    return e == ERR_LIMIT ? ERR_PARSE : e;
}

/* ---- where it is kept
 * --------------------------------------------------------------------------------------- */
static enum err ram_load(struct euicc_nvm *n, struct buf *blob)
{
    struct euicc_nvm_ram *ram = (struct euicc_nvm_ram *)n;
    return ram->blob.len ? buf_set(blob, buf_span(&ram->blob)) : ERR_NOT_FOUND;
}

static enum err ram_save(struct euicc_nvm *n, struct span blob)
{
    return buf_set(&((struct euicc_nvm_ram *)n)->blob, blob);
}

void euicc_nvm_ram_init(struct euicc_nvm_ram *n)
{
    static const struct euicc_nvm_ops ops = { ram_load, ram_save };
    *n = (struct euicc_nvm_ram){ .nvm = { &ops }, .blob = { .max = EUICC_STATE_MAX } };
}

void euicc_nvm_ram_release(struct euicc_nvm_ram *n)
{
    memory_clear(n->blob.at, n->blob.len);
    buf_release(&n->blob);
}

static enum err read_all(int fd, struct buf *out)
{
    uint8_t chunk[4096];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            return ERR_OK;
        enum err e = buf_put(out, span_of(chunk, (size_t)n));
        if (e)
            return e;
    }
}

static enum err lock(int fd)
{
    return !flock(fd, LOCK_EX | LOCK_NB) ? ERR_OK : errno == EWOULDBLOCK ? ERR_EXISTS : ERR_IO;
}

/* The lock goes with the file that took the place of another. */
static enum err keep_or_close(struct euicc_nvm_file *n, int fd, enum err e)
{
    int other = e ? fd : n->locked;
    if (!e)
        n->locked = fd;
    if (other >= 0)
        close(other);
    return e;
}

static enum err open_and_lock(struct euicc_nvm_file *n)
{
    int fd = open(n->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    return keep_or_close(n, fd, lock(fd));
}

static enum err file_load(struct euicc_nvm *n, struct buf *blob)
{
    struct euicc_nvm_file *file = (struct euicc_nvm_file *)n;
    enum err e = file->locked < 0 ? open_and_lock(file) : ERR_OK;
    buf_clear(blob);
    if (!e && lseek(file->locked, 0, SEEK_SET))
        e = ERR_IO;
    return e ? e : read_all(file->locked, blob);
}

static enum err write_all(int fd, struct span bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.at, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        bytes = span_sub(bytes, (size_t)n, bytes.len);
    }
    return fsync(fd) ? ERR_IO : ERR_OK;
}

static enum err sync_folder_of(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    int written = slash ? snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path)
                        : snprintf(folder, sizeof folder, ".");
    int fd = written > 0 && (size_t)written < sizeof folder
                 ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                 : -1;
    if (fd < 0)
        return ERR_IO;
    enum err e = fsync(fd) ? ERR_IO : ERR_OK;
    close(fd);
    return e;
}

/* Written beside, synced, renamed: after a power cut there is the old memory or the new one. */
static enum err file_save(struct euicc_nvm *n, struct span blob)
{
    struct euicc_nvm_file *file = (struct euicc_nvm_file *)n;
    char beside[4096];
    int written = snprintf(beside, sizeof beside, "%s.new", file->path);
    if (written < 0 || (size_t)written >= sizeof beside)
        return ERR_IO;
    int fd = open(beside, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    enum err e = lock(fd);
    if (!e && ftruncate(fd, 0))
        e = ERR_IO;
    if (!e)
        e = write_all(fd, blob);
    if (!e && rename(beside, file->path))
        e = ERR_IO;
    e = keep_or_close(file, fd, e);
    return e ? e : sync_folder_of(file->path);
}

void euicc_nvm_file_init(struct euicc_nvm_file *n, const char *path)
{
    static const struct euicc_nvm_ops ops = { file_load, file_save };
    *n = (struct euicc_nvm_file){ .nvm = { &ops }, .path = path, .locked = -1 };
}

void euicc_nvm_file_release(struct euicc_nvm_file *n)
{
    if (n->locked >= 0)
        close(n->locked);
    n->locked = -1;
}
