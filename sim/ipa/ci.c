/* Which CI of the eUICC's serves: the one that the eIM's configuration names (euiccCiPKId, SGP.32 v1.2 2.4.1), and the one that an
 * identifier cut short begins (2.11.1.2; some servers do so in euiccCiPKIdToBeUsed). */
#include <string.h>

#include "ipa_internal.h"

enum err ipa_offer_cis(const struct ipa *i, const struct rsp_euicc_info1 *all, struct buf *list, struct rsp_euicc_info1 *out)
{
    struct span ci = span_of(i->eim->ci, i->eim->ci_len);
    *out = *all;
    if (!ci.len)
        return ERR_OK;
    if (!rsp_octets_contain(all->ci_verification, ci) || !rsp_octets_contain(all->ci_signing, ci))
        return ERR_NOT_FOUND;
    enum err e = der_put(list, 0x04, ci);
    out->whole = (struct span){ 0 };
    out->ci_verification = out->ci_signing = buf_span(list);
    return e;
}

enum err ipa_find_ci(struct ipa *i, struct span begins, uint8_t ci[IPA_CI_OCTETS])
{
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct span one = { 0 };
    enum err e = es10b_get_euicc_info1(&i->card, &info);
    bool found = !e && rsp_octets_find(info.message.ci_signing, begins, &one) && one.len == IPA_CI_OCTETS;
    if (found)
        memcpy(ci, one.at, IPA_CI_OCTETS);
    buf_release(&info.received);
    return e ? e : found ? ERR_OK : ERR_NOT_FOUND;
}

enum err ipa_complete_ci(struct ipa *i, uint8_t room[IPA_CI_OCTETS], struct span *ci)
{
    if (ci->len >= IPA_CI_OCTETS)
        return ERR_OK;
    enum err e = ipa_find_ci(i, *ci, room);
    if (!e)
        *ci = span_of(room, IPA_CI_OCTETS);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
