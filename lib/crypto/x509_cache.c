/* Parsed certificates, found by the SHA-256 of their DER: parsing one costs more than a signature check. An
 * entry is never moved. One that was loaded for good goes with the struct crypto; one that was only borrowed, and
 * is given back, makes room when the cache is full. */
#include <stdlib.h>
#include <string.h>

#include "x509_internal.h"

#define CACHE_BUCKETS 4096

struct cert_cache {
    size_t count;
    size_t hand; /* the bucket where room was found last */
    struct cert_entry *bucket[CACHE_BUCKETS];
};

static void cache_free(void *certs)
{
    struct cert_cache *cache = certs;
    for (size_t i = 0; i < CACHE_BUCKETS; i++)
        for (struct cert_entry *e = cache->bucket[i], *next; e; e = next) {
            next = e->next;
            free(e);
        }
    free(cache);
}

static struct cert_entry **bucket_of(struct cert_cache *cache, const uint8_t hash[32])
{
    return &cache->bucket[(hash[0] << 8 | hash[1]) % CACHE_BUCKETS];
}

/* Under the lock. */
static struct cert_entry *cache_find(struct crypto *c, const uint8_t hash[32])
{
    struct cert_cache *cache = c->certs;
    struct cert_entry *e = cache ? *bucket_of(cache, hash) : NULL;
    while (e && memcmp(e->cert.sha256, hash, 32) != 0)
        e = e->next;
    return e;
}

/* Under the lock: forgets the oldest entry that nobody has, of the next bucket with such a one. */
static bool cache_make_room(struct cert_cache *cache)
{
    for (size_t tried = 0; tried < CACHE_BUCKETS; tried++) {
        struct cert_entry **oldest = NULL;
        cache->hand = (cache->hand + 1) % CACHE_BUCKETS;
        for (struct cert_entry **at = &cache->bucket[cache->hand]; *at; at = &(*at)->next)
            if (!(*at)->kept && !(*at)->borrowed)
                oldest = at;
        if (!oldest)
            continue;
        struct cert_entry *gone = *oldest;
        *oldest = gone->next;
        free(gone);
        cache->count--;
        return true;
    }
    return false;
}

/* Under the lock: who asked for it has it from now on. */
static const struct cert *hand_out(struct cert_entry *entry, bool keep)
{
    if (keep)
        entry->kept = true;
    else
        entry->borrowed++;
    return &entry->cert;
}

/* Under the lock: adds, or keeps the one that another thread added meanwhile. Takes entry. */
static enum err cache_add(struct crypto *c, struct cert_entry *entry, bool keep, const struct cert **out)
{
    struct cert_entry *twin = cache_find(c, entry->cert.sha256);
    if (twin) {
        free(entry);
        *out = hand_out(twin, keep);
        return ERR_OK;
    }
    if (!c->certs) {
        c->certs = calloc(1, sizeof(struct cert_cache));
        c->certs_free = cache_free;
    }
    struct cert_cache *cache = c->certs;
    if (!cache || (cache->count >= CERT_CACHE_MAX && !cache_make_room(cache))) {
        free(entry);
        return cache ? ERR_LIMIT : ERR_NOMEM;
    }
    struct cert_entry **head = bucket_of(cache, entry->cert.sha256);
    entry->next = *head;
    *head = entry;
    cache->count++;
    *out = hand_out(entry, keep);
    return ERR_OK;
}

static enum err entry_new(struct crypto *c, struct span der, const uint8_t hash[32], struct cert_entry **out)
{
    struct cert_entry *entry = calloc(1, sizeof *entry + der.len);
    if (!entry)
        return ERR_NOMEM;
    if (der.len) /* an empty span points nowhere; the parser refuses it */
        memcpy(entry->der, der.at, der.len);
    memcpy(entry->cert.sha256, hash, 32);
    entry->cert.der = span_of(entry->der, der.len);
    enum err e = cert_parse(entry);
    if (!e && !entry->has_ski)
        e = sha1(c, SPAN_ARRAY(entry->cert.key.at), entry->cert.ski);
    if (e) {
        free(entry);
        return e;
    }
    *out = entry;
    return ERR_OK;
}

static enum err load_der(struct crypto *c, struct span der, bool keep, const struct cert **out)
{
    uint8_t hash[32];
    struct cert_entry *entry = NULL;
    if (der.len > CERT_DER_MAX)
        return ERR_LIMIT;
    enum err e = sha256(c, &der, 1, hash);
    if (e)
        return e;
    pthread_mutex_lock(&c->certs_lock);
    struct cert_entry *known = cache_find(c, hash);
    if (known)
        *out = hand_out(known, keep);
    pthread_mutex_unlock(&c->certs_lock);
    if (known)
        return ERR_OK;
    e = entry_new(c, der, hash, &entry);
    if (e)
        return e;
    pthread_mutex_lock(&c->certs_lock);
    e = cache_add(c, entry, keep, out);
    pthread_mutex_unlock(&c->certs_lock);
    return e;
}

static enum err load_pem(struct crypto *c, struct span pem, bool keep, const struct cert **out)
{
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long len = 0;
    enum err e = ERR_PARSE;
    if (pem.len > 4 * CERT_DER_MAX)
        return ERR_LIMIT;
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    if (bio && PEM_read_bio(bio, &name, &header, &der, &len) == 1 && strcmp(name, "CERTIFICATE") == 0)
        e = load_der(c, span_of(der, (size_t)len), keep, out);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    return e ? crypto_refuse(e) : ERR_OK;
}

static enum err load(struct crypto *c, struct span der_or_pem, bool keep, const struct cert **out)
{
    static const char begin[] = "-----BEGIN";
    *out = NULL;
    if (span_equal(span_sub(der_or_pem, 0, sizeof begin - 1), span_str(begin)))
        return load_pem(c, der_or_pem, keep, out);
    return load_der(c, der_or_pem, keep, out);
}

enum err cert_load(struct crypto *c, struct span der_or_pem, const struct cert **out)
{
    return load(c, der_or_pem, true, out);
}

enum err cert_borrow(struct crypto *c, struct span der_or_pem, const struct cert **out)
{
    return load(c, der_or_pem, false, out);
}

void cert_give_back(struct crypto *c, const struct cert *cert)
{
    if (!cert)
        return;
    pthread_mutex_lock(&c->certs_lock);
    ((struct cert_entry *)cert)->borrowed--; /* an entry of ours, see cert_entry_of */
    pthread_mutex_unlock(&c->certs_lock);
}

static bool verdict_is_for(const struct signature_verdict *v, enum ec_curve curve, const struct ec_point *key)
{
    return v->known && v->curve == curve && memcmp(v->key.at, key->at, sizeof key->at) == 0;
}

bool cert_signed_by(struct crypto *c, const struct cert_entry *entry, enum ec_curve curve,
                    const struct ec_point *key)
{
    struct cert_entry *own = (struct cert_entry *)entry; /* the verdict is ours to change, under the lock */
    if (!entry->signature_readable)
        return false;
    pthread_mutex_lock(&c->certs_lock);
    bool known = verdict_is_for(&own->verdict, curve, key), good = own->verdict.good;
    pthread_mutex_unlock(&c->certs_lock);
    if (known)
        return good;
    enum err e = ec_verify(c, curve, SPAN_ARRAY(key->at), &entry->tbs, 1, SPAN_ARRAY(entry->signature));
    if (e && e != ERR_VERIFY) /* memory ran out: no verdict to remember */
        return false;
    pthread_mutex_lock(&c->certs_lock);
    own->verdict = (struct signature_verdict){ .known = true, .good = !e, .curve = curve, .key = *key };
    pthread_mutex_unlock(&c->certs_lock);
    return !e;
}

enum err cert_verify(struct crypto *c, const struct cert *cert, const struct span *tbs, size_t count,
                     struct span signature)
{
    return ec_verify(c, cert->curve, SPAN_ARRAY(cert->key.at), tbs, count, signature);
}
