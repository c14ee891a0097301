/* A random source that repeats, as an OpenSSL provider: RAND_set_DRBG_type makes it the primary, public and private
 * source of one library context, so key generation and ECDSA nonces come from the seed whichever thread draws. */
#include "crypto_internal.h"

#include <stdlib.h>
#include <string.h>

#define SEEDED_NAME "LAB-SEEDED"
#define SEEDED_PROVIDER "lab-seeded"
#define SEEDED_STRENGTH 256
#define SEEDED_REQUEST_MAX (1u << 16)

/* One stream a context: AES-256 in counter mode under SHA-256 of the seed, so every draw moves all drawers on. */
struct seeded_stream {
    pthread_mutex_t lock;
    EVP_CIPHER_CTX *keystream; /* NULL until seeded */
};
struct seeded_rand {
    struct seeded_stream *stream;
    int state;
};

static void *seeded_newctx(void *provider, void *parent, const OSSL_DISPATCH *parent_calls)
{
    (void)parent, (void)parent_calls;
    struct seeded_rand *r = calloc(1, sizeof *r);
    if (r)
        *r = (struct seeded_rand){ .stream = provider, .state = EVP_RAND_STATE_UNINITIALISED };
    return r;
}

static void seeded_freectx(void *context)
{
    free(context);
}

static int seeded_instantiate(void *context, unsigned strength, int prediction_resistance,
                              const unsigned char *personal, size_t personal_len, const OSSL_PARAM params[])
{
    (void)strength, (void)prediction_resistance, (void)personal, (void)personal_len, (void)params;
    ((struct seeded_rand *)context)->state = EVP_RAND_STATE_READY;
    return 1;
}

static int seeded_uninstantiate(void *context)
{
    ((struct seeded_rand *)context)->state = EVP_RAND_STATE_UNINITIALISED;
    return 1;
}

static int seeded_generate(void *context, unsigned char *out, size_t len, unsigned strength,
                           int prediction_resistance, const unsigned char *additional, size_t additional_len)
{
    (void)strength, (void)prediction_resistance, (void)additional, (void)additional_len;
    struct seeded_stream *s = ((struct seeded_rand *)context)->stream;
    int written = 0;
    memset(out, 0, len);
    pthread_mutex_lock(&s->lock);
    int ok = s->keystream && len <= SEEDED_REQUEST_MAX &&
             EVP_EncryptUpdate(s->keystream, out, &written, out, (int)len) == 1;
    pthread_mutex_unlock(&s->lock);
    return ok;
}

/* The stream has its own lock; OpenSSL asks for these when a source is shared between threads. */
static int seeded_enable_locking(void *context)
{
    (void)context;
    return 1;
}
static int seeded_lock(void *context)
{
    (void)context;
    return 1;
}
static void seeded_unlock(void *context)
{
    (void)context;
}

static const OSSL_PARAM *seeded_gettable(void *context, void *provider)
{
    (void)context, (void)provider;
    static const OSSL_PARAM known[] = { OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
                                        OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
                                        OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL),
                                        OSSL_PARAM_END };
    return known;
}

static int seeded_get_params(void *context, OSSL_PARAM params[])
{
    const struct seeded_rand *r = context;
    OSSL_PARAM *p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
    if (p && !OSSL_PARAM_set_int(p, r->state))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
    if (p && !OSSL_PARAM_set_uint(p, SEEDED_STRENGTH))
        return 0;
    p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
    return !p || OSSL_PARAM_set_size_t(p, SEEDED_REQUEST_MAX);
}

#define CALL(id, f) { (id), (void (*)(void))(f) }
static const OSSL_DISPATCH seeded_calls[] = {
    CALL(OSSL_FUNC_RAND_NEWCTX, seeded_newctx),
    CALL(OSSL_FUNC_RAND_FREECTX, seeded_freectx),
    CALL(OSSL_FUNC_RAND_INSTANTIATE, seeded_instantiate),
    CALL(OSSL_FUNC_RAND_UNINSTANTIATE, seeded_uninstantiate),
    CALL(OSSL_FUNC_RAND_GENERATE, seeded_generate),
    CALL(OSSL_FUNC_RAND_ENABLE_LOCKING, seeded_enable_locking),
    CALL(OSSL_FUNC_RAND_LOCK, seeded_lock),
    CALL(OSSL_FUNC_RAND_UNLOCK, seeded_unlock),
    CALL(OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, seeded_gettable),
    CALL(OSSL_FUNC_RAND_GET_CTX_PARAMS, seeded_get_params),
    { 0, NULL },
};

static const OSSL_ALGORITHM *provider_query(void *provider, int operation, int *no_cache)
{
    (void)provider;
    static const OSSL_ALGORITHM sources[] = {
        { SEEDED_NAME, "provider=" SEEDED_PROVIDER, seeded_calls, "repeats itself from a seed" },
        { NULL, NULL, NULL, NULL },
    };
    *no_cache = 0;
    return operation == OSSL_OP_RAND ? sources : NULL;
}

static void provider_teardown(void *provider)
{
    struct seeded_stream *s = provider;
    EVP_CIPHER_CTX_free(s->keystream);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static const OSSL_DISPATCH provider_calls[] = {
    CALL(OSSL_FUNC_PROVIDER_TEARDOWN, provider_teardown),
    CALL(OSSL_FUNC_PROVIDER_QUERY_OPERATION, provider_query),
    { 0, NULL },
};

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                         void **provider)
{
    (void)handle, (void)in;
    struct seeded_stream *s = calloc(1, sizeof *s);
    if (!s)
        return 0;
    pthread_mutex_init(&s->lock, NULL);
    *provider = s;
    *out = provider_calls;
    return 1;
}

static enum err stream_open(struct crypto *c, struct span seed, EVP_CIPHER_CTX **out)
{
    static const uint8_t start[16];
    uint8_t key[32];
    enum err e = ERR_NOMEM;
    EVP_CIPHER_CTX *ctx = NULL;
    EVP_CIPHER *aes = EVP_CIPHER_fetch(c->lib, "AES-256-CTR", NULL);
    if (aes && EVP_Digest(seed.at, seed.len, key, NULL, c->sha256, NULL) == 1)
        ctx = EVP_CIPHER_CTX_new();
    if (ctx && EVP_EncryptInit_ex2(ctx, aes, key, start, NULL) == 1)
        e = ERR_OK;
    memory_clear(key, sizeof key);
    EVP_CIPHER_free(aes);
    if (e)
        EVP_CIPHER_CTX_free(ctx);
    else
        *out = ctx;
    return e;
}

enum err crypto_seed_load(struct crypto *c, struct span seed)
{
    if (OSSL_PROVIDER_add_builtin(c->lib, SEEDED_PROVIDER, provider_init) != 1)
        return crypto_refuse(ERR_NOMEM);
    c->seeded = OSSL_PROVIDER_load(c->lib, SEEDED_PROVIDER);
    if (!c->seeded)
        return crypto_refuse(ERR_NOMEM);
    struct seeded_stream *s = OSSL_PROVIDER_get0_provider_ctx(c->seeded);
    enum err e = stream_open(c, seed, &s->keystream);
    if (e)
        return crypto_refuse(e);
    return RAND_set_DRBG_type(c->lib, SEEDED_NAME, NULL, NULL, NULL) == 1 ? ERR_OK : crypto_refuse(ERR_STATE);
}
