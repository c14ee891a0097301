/* Who the eUICC is: EID, challenge, EUICCInfo, certificates (SGP.22 5.7.7, 5.7.8, 5.7.20;
 * SGP.32 5.9.2, 5.9.10). */
#include <string.h>

#include "es10b_command.h"

enum err es10b_get_eid(struct es10_card *c, uint8_t eid[16])
{
    static const uint8_t tag_list[] = { 0x5A };
    const struct rsp_get_eid_request q = { .tag_list = SPAN_ARRAY(tag_list) };
    struct rsp_get_eid_response p;
    struct buf request = ES10B_REQUEST, received = ES10B_RECEIVED;
    enum err e = rsp_get_eid_request_write(&q, &request);
    e = es10b_command(c, "GetEid", e, &request, &received);
    if (!e)
        e = es10b_answer(c, "GetEid", rsp_get_eid_response_read(buf_span(&received), &p));
    if (!e && p.eid.len != 16)
        e = es10b_answer(c, "GetEid", ERR_PARSE);
    if (!e)
        memcpy(eid, p.eid.at, 16);
    buf_release(&received);
    return e;
}

enum err es10b_get_euicc_challenge(struct es10_card *c, uint8_t challenge[16])
{
    struct rsp_get_euicc_challenge_response p;
    struct buf request = ES10B_REQUEST, received = ES10B_RECEIVED;
    enum err e = rsp_empty_write(0xBF2E, &request);
    e = es10b_command(c, "GetEuiccChallenge", e, &request, &received);
    if (!e)
        e = es10b_answer(c, "GetEuiccChallenge",
                         rsp_get_euicc_challenge_response_read(buf_span(&received), &p));
    if (!e && p.challenge.len != 16)
        e = es10b_answer(c, "GetEuiccChallenge", ERR_PARSE);
    if (!e)
        memcpy(challenge, p.challenge.at, 16);
    buf_release(&received);
    return e;
}

enum err es10b_get_euicc_info1(struct es10_card *c, struct es10b_euicc_info1 *out)
{
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_euicc_info1){ .received = ES10B_RECEIVED };
    enum err e = rsp_empty_write(0xBF20, &request);
    e = es10b_command(c, "GetEuiccInfo1", e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, "GetEuiccInfo1", rsp_euicc_info1_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_get_euicc_info2(struct es10_card *c, struct es10b_euicc_info2 *out)
{
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_euicc_info2){ .received = ES10B_RECEIVED };
    enum err e = rsp_empty_write(0xBF22, &request);
    e = es10b_command(c, "GetEuiccInfo2", e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, "GetEuiccInfo2", rsp_euicc_info2_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_get_certs(struct es10_card *c, struct span ci_pkid, struct es10b_certs *out)
{
    struct buf request = ES10B_REQUEST;
    const struct rsp_get_certs_request q = { .ci_pkid = ci_pkid.len ? ci_pkid : (struct span){ 0 } };
    *out = (struct es10b_certs){ .received = ES10B_RECEIVED };
    enum err e = rsp_get_certs_request_write(&q, &request);
    e = es10b_command(c, "GetCerts", e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, "GetCerts", rsp_get_certs_response_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10a_get_euicc_configured_addresses(struct es10_card *c, struct es10b_configured_addresses *out)
{
    static const char name[] = "GetEuiccConfiguredAddresses";
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_configured_addresses){ .received = ES10B_RECEIVED };
    enum err e = rsp_empty_write(0xBF3C, &request);
    e = es10b_command(c, name, e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, name, rsp_configured_addresses_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_get_rat(struct es10_card *c, struct es10b_rat *out)
{
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_rat){ .received = ES10B_RECEIVED };
    enum err e = rsp_empty_write(0xBF43, &request);
    e = es10b_command(c, "GetRat", e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, "GetRat", rsp_get_rat_response_read(buf_span(&out->received), &out->message));
    return e;
}
