#include "seal.h"

#define IV_OCTETS 12

enum err seal(struct crypto *c, struct rng *rng, struct span key, struct span what_for, struct span plain, struct buf *out)
{
    uint8_t iv[IV_OCTETS];
    enum err e = rng_fill(rng, iv, sizeof iv);
    if (!e)
        e = buf_put(out, SPAN_ARRAY(iv));
    return e ? e : aes256_gcm_seal(c, key, SPAN_ARRAY(iv), what_for, plain, out);
}

enum err unseal(struct crypto *c, struct span key, struct span what_for, struct span sealed, struct buf *out)
{
    if (sealed.len < IV_OCTETS)
        return ERR_VERIFY;
    return aes256_gcm_open(c, key, span_sub(sealed, 0, IV_OCTETS), what_for, span_sub(sealed, IV_OCTETS, sealed.len), out);
}
