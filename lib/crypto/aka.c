#include "aka_internal.h"

enum err aka_compute(struct crypto *c, const struct aka_params *p, const uint8_t rand[16], const uint8_t sqn[6],
                     const uint8_t amf[2], struct aka_vector *out)
{
    *out = (struct aka_vector){ 0 };
    switch (p->algorithm) {
    case AKA_MILENAGE:
        if (p->k_len != 16)
            return ERR_PARSE;
        /* TS 35.206 defines RES of 64 bits and keys of 128 bits only. */
        if ((p->res_len && p->res_len != 8) || (p->ck_len && p->ck_len != 16) || (p->ik_len && p->ik_len != 16))
            return ERR_UNSUPPORTED;
        return milenage_compute(c, p, rand, sqn, amf, out);
    case AKA_TUAK:
        if (p->k_len != 16 && p->k_len != 32)
            return ERR_PARSE;
        return tuak_compute(p, rand, sqn, amf, out);
    }
    return ERR_UNSUPPORTED;
}
