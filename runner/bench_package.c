#include "bench_package.h"

#include "der.h"

#define SECURITY_DOMAIN 0xa6
#define KEY_LIST 0xa2
#define KEY_DATA 0x86
#define DEPTH_MAX 8

/* keyData, wherever it is in the lists of keys. */
static enum err renew_key_data(struct buf *package, struct span from, struct rng *rng, unsigned depth)
{
    struct der d = der_open(from);
    struct der_tlv t;
    enum err e = ERR_OK;
    while (!e && !der_next(&d, &t)) {
        if (t.tag == KEY_DATA)
            e = rng_fill(rng, package->at + (t.value.at - package->at), t.value.len);
        else if (t.tag == 0x30 && depth < DEPTH_MAX)
            e = renew_key_data(package, t.value, rng, depth + 1);
    }
    return e;
}

enum err bench_package(struct span upp, const struct saip_subscription *s, struct rng *rng, struct buf *out)
{
    size_t before = out->len;
    enum err e = saip_personalise(upp, s, out, NULL);
    struct der d = der_open(span_sub(buf_span(out), before, out->len));
    struct der_tlv element, keys;
    while (!e && !der_at_end(&d)) {
        e = der_next(&d, &element);
        if (!e && element.tag == SECURITY_DOMAIN && !der_find(element.value, KEY_LIST, &keys))
            e = renew_key_data(out, keys.value, rng, 0);
    }
    return e;
}
