#include "rng.h"

#include <stdio.h>
#include <sys/random.h>

enum err rng_fill(struct rng *r, void *at, size_t len)
{
    return r->fill(r, at, len);
}

static enum err system_fill(struct rng *r, void *at, size_t len)
{
    (void)r;
    uint8_t *p = at;
    while (len) {
        ssize_t n = getrandom(p, len, 0);
        if (n < 0)
            return ERR_IO;
        p += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

struct rng *rng_system(void)
{
    static const struct rng system_rng = { system_fill };
    return (struct rng *)&system_rng;
}

enum err rng_uuid(struct rng *r, char out[37])
{
    uint8_t b[16];
    enum err e = rng_fill(r, b, sizeof b);
    if (e)
        return e;
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
             b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return ERR_OK;
}
