/* Profile elements that cards share. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "der.h"
#include "euicc.h"
#include "euicc_contents.h"

/* One profile element. */
struct piece {
    struct piece *next; /* in its bucket */
    uint32_t hash, references, len;
    bool vouched; /* its ASN.1 says all that is in it */
    uint8_t at[];
};

struct kept_package {
    unsigned references; /* of the card's states: one card, one thread */
    unsigned count;
    struct euicc_contents *store; /* NULL: the pieces are this package's alone */
    struct piece *piece[];
};

/* Cards of several threads may use it. */
struct euicc_contents {
    pthread_mutex_t lock; /* guards everything in here, and the pieces' next, references and vouched */
    struct piece **bucket;
    size_t bucket_count, piece_count;
};

/* ---- the store
 * ---------------------------------------------------------------------------------------------------- */
#define BUCKETS 64

enum err euicc_contents_new(struct euicc_contents **out)
{
    struct euicc_contents *c = *out = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->bucket = calloc(BUCKETS, sizeof(struct piece *));
    c->bucket_count = BUCKETS;
    if (c->bucket && pthread_mutex_init(&c->lock, NULL) == 0)
        return ERR_OK;
    free(c->bucket);
    free(c);
    *out = NULL;
    return ERR_NOMEM;
}

void euicc_contents_free(struct euicc_contents *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    free(c->bucket);
    free(c);
}

size_t euicc_contents_count(struct euicc_contents *c)
{
    pthread_mutex_lock(&c->lock);
    size_t count = c->piece_count;
    pthread_mutex_unlock(&c->lock);
    return count;
}

static struct piece **bucket_of(const struct euicc_contents *c, uint32_t hash)
{
    return &c->bucket[hash % c->bucket_count];
}

/* Without room for a larger table the chains grow longer, and that is all. */
static void widen(struct euicc_contents *c)
{
    size_t old_count = c->bucket_count;
    struct piece **old = c->bucket, **wide = calloc(2 * old_count, sizeof(struct piece *));
    if (!wide)
        return;
    c->bucket = wide;
    c->bucket_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++)
        for (struct piece *p = old[i], *next; p; p = next) {
            struct piece **at = bucket_of(c, p->hash);
            next = p->next;
            p->next = *at;
            *at = p;
        }
    free(old);
}

static struct piece *find(const struct euicc_contents *c, uint32_t hash, struct span bytes)
{
    struct piece *p = *bucket_of(c, hash);
    while (p && (p->hash != hash || !span_equal(span_of(p->at, p->len), bytes)))
        p = p->next;
    return p;
}

/* ---- pieces
 * ------------------------------------------------------------------------------------------------------- */
static struct piece *new_piece(struct span bytes, uint32_t hash)
{
    struct piece *p = malloc(sizeof *p + bytes.len);
    if (!p)
        return NULL;
    *p = (struct piece){ .hash = hash, .references = 1, .len = (uint32_t)bytes.len };
    if (bytes.len)
        memcpy(p->at, bytes.at, bytes.len);
    return p;
}

static void free_piece(struct piece *p)
{
    memory_clear(p->at, p->len); /* some hold keys */
    free(p);
}

/* The hash is one that nobody can aim at: a package comes from outside. */
static enum err take_shared(struct euicc_contents *store, struct crypto *c, struct span bytes, struct piece **out)
{
    uint8_t digest[32];
    uint32_t hash;
    enum err e = sha256(c, &bytes, 1, digest);
    if (e)
        return e;
    memcpy(&hash, digest, sizeof hash);
    pthread_mutex_lock(&store->lock);
    *out = find(store, hash, bytes);
    if (*out) {
        (*out)->references++;
    } else if ((*out = new_piece(bytes, hash))) {
        if (store->piece_count++ >= store->bucket_count)
            widen(store);
        (*out)->next = *bucket_of(store, hash);
        *bucket_of(store, hash) = *out;
    }
    pthread_mutex_unlock(&store->lock);
    return *out ? ERR_OK : ERR_NOMEM;
}

static void release_shared(struct euicc_contents *store, struct piece *p)
{
    pthread_mutex_lock(&store->lock);
    bool last = !--p->references;
    if (last) {
        struct piece **at = bucket_of(store, p->hash);
        while (*at != p)
            at = &(*at)->next;
        *at = p->next;
        store->piece_count--;
    }
    pthread_mutex_unlock(&store->lock);
    if (last)
        free_piece(p);
}

enum err piece_new(struct euicc_contents *store, struct crypto *c, struct span bytes, struct piece **out)
{
    if (store)
        return take_shared(store, c, bytes, out);
    *out = new_piece(bytes, 0);
    return *out ? ERR_OK : ERR_NOMEM;
}

void piece_release(struct euicc_contents *store, struct piece *p)
{
    if (store)
        release_shared(store, p);
    else
        free_piece(p);
}

const uint8_t *piece_octets(const struct piece *p)
{
    return p->at;
}

size_t piece_footprint(struct euicc_contents *store, const struct piece *p)
{
    if (store)
        pthread_mutex_lock(&store->lock);
    size_t octets = (sizeof *p + p->len + p->references - 1) / p->references;
    if (store)
        pthread_mutex_unlock(&store->lock);
    return octets;
}

/* ---- packages
 * ----------------------------------------------------------------------------------------------------- */
static enum err count_elements(struct span upp, unsigned *count)
{
    struct der d = der_open(upp);
    struct der_tlv element;
    *count = 0;
    while (!der_at_end(&d)) {
        if (der_next(&d, &element))
            return ERR_PARSE;
        ++*count;
    }
    return ERR_OK;
}

enum err kept_package_new(struct euicc_contents *store, struct crypto *c, struct span upp, struct kept_package **out)
{
    unsigned count;
    struct der d = der_open(upp);
    struct der_tlv element;
    *out = NULL;
    if (count_elements(upp, &count))
        return ERR_PARSE;
    struct kept_package *p = calloc(1, sizeof *p + count * sizeof p->piece[0]);
    if (!p)
        return ERR_NOMEM;
    p->references = 1;
    p->store = store;
    enum err e = ERR_OK;
    while (!e && p->count < count) {
        e = der_next(&d, &element);
        if (!e)
            e = piece_new(store, c, element.whole, &p->piece[p->count]);
        if (!e)
            p->count++;
    }
    if (e)
        kept_package_release(p);
    else
        *out = p;
    return e;
}

bool kept_package_element(const struct kept_package *p, unsigned i, struct span *octets, bool *vouched)
{
    if (i >= p->count)
        return false;
    *octets = span_of(p->piece[i]->at, p->piece[i]->len);
    if (p->store)
        pthread_mutex_lock(&p->store->lock);
    *vouched = p->piece[i]->vouched;
    if (p->store)
        pthread_mutex_unlock(&p->store->lock);
    return true;
}

void kept_package_vouch(struct kept_package *p, unsigned i)
{
    if (p->store)
        pthread_mutex_lock(&p->store->lock);
    p->piece[i]->vouched = true;
    if (p->store)
        pthread_mutex_unlock(&p->store->lock);
}

struct kept_package *kept_package_take(struct kept_package *p)
{
    if (p)
        p->references++;
    return p;
}

void kept_package_release(struct kept_package *p)
{
    if (!p || --p->references)
        return;
    for (unsigned i = 0; i < p->count; i++)
        piece_release(p->store, p->piece[i]);
    free(p);
}

enum err kept_package_put(const struct kept_package *p, uint32_t tag, struct buf *out)
{
    struct der_mark mark;
    enum err e = der_put_open(out, tag, &mark);
    for (unsigned i = 0; !e && i < p->count; i++)
        e = buf_put(out, span_of(p->piece[i]->at, p->piece[i]->len));
    return e ? e : der_put_close(out, mark);
}

enum err kept_package_read(const struct kept_package *p, struct saip_package **out)
{
    struct span *parts = calloc(p->count + 1u, sizeof *parts);
    *out = NULL;
    if (!parts)
        return ERR_NOMEM;
    for (unsigned i = 0; i < p->count; i++)
        parts[i] = span_of(p->piece[i]->at, p->piece[i]->len);
    enum err e = saip_read_parts(parts, p->count, out, NULL);
    free(parts);
    return e;
}

size_t kept_package_footprint(const struct kept_package *p)
{
    if (!p)
        return 0;
    size_t octets = sizeof *p + p->count * sizeof p->piece[0];
    for (unsigned i = 0; i < p->count; i++)
        octets += piece_footprint(p->store, p->piece[i]);
    return octets;
}
