/* ES10b.LoadCRL (SGP.22 5.7.12): per CI one complete list and the delta lists that add to it. The
 * card has no clock: the number decides which list is fresher. */
#include <string.h>

#include "euicc_internal.h"

enum load_crl_error {
    LOAD_CRL_OK = 0,
    LOAD_CRL_INVALID_SIGNATURE = 1,
    LOAD_CRL_INVALID_CRL_FORMAT = 2,
    LOAD_CRL_NOT_ENOUGH_MEMORY_SPACE = 3,
    LOAD_CRL_VERIFICATION_KEY_NOT_FOUND = 4,
    LOAD_CRL_FRESHER_CRL_ALREADY_LOADED = 5,
    LOAD_CRL_BASE_CRL_MISSING = 6,
};

/* What is loaded of this CI: its complete list's number, and the highest. -1: nothing. */
static void find_loaded(const struct state *s, const uint8_t ci[20], int64_t *base,
                        int64_t *highest)
{
    *base = *highest = -1;
    for (size_t i = 0; i < s->crl_count; i++) {
        if (memcmp(s->crls[i].ci, ci, sizeof s->crls[i].ci) != 0)
            continue;
        if (*base < 0)
            *base = s->crls[i].number;
        if (s->crls[i].number > *highest)
            *highest = s->crls[i].number;
    }
}

static int64_t judge(const struct euicc *e, struct span der, struct crl_info *info)
{
    int64_t base, highest;
    switch (crl_read(e->trust, der, info)) {
    case ERR_OK:
        break;
    case ERR_NOT_FOUND:
        return LOAD_CRL_VERIFICATION_KEY_NOT_FOUND;
    case ERR_VERIFY:
        return LOAD_CRL_INVALID_SIGNATURE;
    case ERR_LIMIT:
    case ERR_NOMEM:
        return LOAD_CRL_NOT_ENOUGH_MEMORY_SPACE;
    default:
        return LOAD_CRL_INVALID_CRL_FORMAT;
    }
    find_loaded(euicc_state(e), info->ci, &base, &highest);
    if (info->delta && (base < 0 || base < info->base))
        return LOAD_CRL_BASE_CRL_MISSING;
    if (highest >= info->number)
        return LOAD_CRL_FRESHER_CRL_ALREADY_LOADED;
    bool fits = der.len <= memory_free(e) && euicc_state(e)->crl_count < EUICC_CRLS_MAX;
    return fits ? LOAD_CRL_OK : LOAD_CRL_NOT_ENOUGH_MEMORY_SPACE;
}

static enum err keep(struct state *s, const struct crl_info *info, struct span der)
{
    struct revocations *r;
    for (size_t i = s->crl_count;
         !info->delta && i--;) /* a new complete list replaces all of its CI */
        if (!memcmp(s->crls[i].ci, info->ci, sizeof info->ci))
            state_remove_crl(s, &s->crls[i]);
    enum err err = state_add_crl(s, &r);
    if (err)
        return err;
    memcpy(r->ci, info->ci, sizeof r->ci);
    r->number = info->number;
    return shared_set(&r->der, der);
}

static enum err answer(int64_t code, struct buf *response)
{
    struct der_mark mark;
    enum err err = der_put_open(response, 0xbf35, &mark);
    if (!err)
        err = code ? der_put_integer(response, 0x81, code)
                   : der_put(response, 0xa0, (struct span){ 0 });
    return err ? err : der_put_close(response, mark);
}

/* crl [0] CertificateList: the list's own 30 may be there or be replaced by A0. */
static enum err get_list(struct span request, struct buf *der)
{
    struct der_tlv whole, list;
    if (der_only(request, 0xbf35, &whole))
        return ERR_PARSE;
    if (!der_only(whole.value, 0x30, &list))
        return buf_set(der, list.whole);
    return der_only(whole.value, 0xa0, &list) ? ERR_PARSE : der_put(der, 0x30, list.value);
}

enum err isdr_load_crl(struct euicc *e, struct span request, struct buf *response)
{
    struct buf der = { .max = EUICC_REQUEST_MAX };
    struct crl_info info;
    struct state *s;
    enum err err = get_list(request, &der);
    int64_t code = err ? 0 : judge(e, buf_span(&der), &info);
    if (!err && !code)
        err = euicc_change(e, &s);
    if (!err && !code)
        err = keep(s, &info, buf_span(&der));
    if (!err)
        err = answer(code, response);
    buf_release(&der);
    return err;
}

bool crl_revokes(const struct euicc *e, struct span ci, const struct cert *c)
{
    const struct state *s = euicc_state(e);
    for (size_t i = 0; i < s->crl_count; i++)
        if (span_equal(SPAN_ARRAY(s->crls[i].ci), ci) &&
            crl_lists_certificate(shared_span(s->crls[i].der), c))
            return true;
    return false;
}
