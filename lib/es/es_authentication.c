#include "es_authentication.h"

#include <stdio.h>

#include "rsp_ids.h"

void es_opening_release(struct es_opening *o)
{
    buf_release(&o->signed1);
}

static bool is_own_address(const struct es_authentication *a, struct span address)
{
    for (const char *const *own = a->addresses; *own; own++)
        if (rsp_address_equal(span_str(*own), address))
            return true;
    return false;
}

static enum err find_identity(const struct es_authentication *a, struct span ski, size_t *identity)
{
    for (*identity = 0; *identity < a->identity_count; (*identity)++) {
        const struct cert *own = a->identities[*identity].certificate;
        if (own->has_aki && span_equal(ski, SPAN_ARRAY(own->aki)))
            return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

/* The identity whose CI the eUICC verifies with, in the eUICC's order of preference. The CI is also named as the one to
 * sign under (euiccCiPKIdToBeUsed): so rather one that the eUICC signs under too. ERR_NOT_FOUND. */
static enum err choose_identity(const struct es_authentication *a, const struct rsp_euicc_info1 *info, size_t *identity)
{
    struct span ski;
    for (int any = 0; any < 2; any++)
        for (struct der list = der_open(info->ci_verification); !der_at_end(&list);) {
            if (rsp_octets_next(&list, &ski))
                return ERR_NOT_FOUND;
            if ((any || rsp_octets_contain(info->ci_signing, ski)) && !find_identity(a, ski, identity))
                return ERR_OK;
        }
    return ERR_NOT_FOUND;
}

/* One of the CIs under which the eUICC signs must be ours too. */
static bool signing_ci_is_known(const struct es_authentication *a, const struct rsp_euicc_info1 *info)
{
    struct der list = der_open(info->ci_signing);
    struct span ski;
    while (!der_at_end(&list) && rsp_octets_next(&list, &ski) == ERR_OK)
        if (trust_knows_ci(a->trust, ski))
            return true;
    return false;
}

/* "8.8" and 1: 8.8.1 */
static void refuse_opening(const struct es_authentication *a, int which, const char *reason, const char *message,
                           struct es_status *status)
{
    char subject[16];
    snprintf(subject, sizeof subject, "%s.%d", a->subject, which);
    es_refuse(status, subject, reason, message);
}

/* svn 2.x is spoken here. */
static void check_opening(const struct es_authentication *a, const struct rsp_initiate_authentication_request *q,
                          size_t *identity, struct es_status *status)
{
    enum err chosen = choose_identity(a, &q->euicc_info1, identity);
    if (!is_own_address(a, q->smdp_address))
        refuse_opening(a, 1, "3.8", "this server has another address", status);
    else if (q->euicc_info1.svn.len != 3 || q->euicc_info1.svn.at[0] != 2)
        refuse_opening(a, 3, "3.1", "the eUICC's specification version is not supported", status);
    else if (!signing_ci_is_known(a, &q->euicc_info1))
        refuse_opening(a, 2, "3.1", "none of the CI keys the eUICC signs under is known", status);
    else if (chosen)
        refuse_opening(a, 4, "3.7", "no certificate under a CI key that the eUICC verifies with", status);
}

static enum err sign_server_signed1(const struct es_authentication *a, const struct es_identity *own,
                                    struct es_opening *o, struct rsp_server_signed1 *signed1)
{
    enum err e = rsp_server_signed1_write(signed1, &o->signed1);
    if (e)
        return e;
    tamper_at(a->env, TAMPER_BEFORE_SIGNING, a->message, &o->signed1);
    struct span tbs = buf_span(&o->signed1);
    signed1->signed_bytes = tbs;
    return ec_sign(a->env->crypto, own->key, &tbs, 1, &o->signature);
}

/* Its first octets are the time: sessions lie by age where they are kept, and the next one beside the last. */
static enum err make_transaction_id(const struct env *env, uint8_t out[16])
{
    uint64_t now = (uint64_t)clock_now(env->clock);
    for (size_t i = 0; i < ES_TRANSACTION_TIME_OCTETS; i++)
        out[i] = (uint8_t)(now >> 8 * (ES_TRANSACTION_TIME_OCTETS - 1 - i));
    return rng_fill(env->rng, out + ES_TRANSACTION_TIME_OCTETS, 16 - ES_TRANSACTION_TIME_OCTETS);
}

enum err es_authentication_open(const struct es_authentication *a, const struct rsp_initiate_authentication_request *q,
                                struct es_opening *o, struct rsp_initiate_authentication_ok *ok, size_t *identity,
                                struct es_status *status)
{
    check_opening(a, q, identity, status);
    if (es_refused(status))
        return ERR_OK;
    const struct es_identity *own = &a->identities[*identity];
    buf_clear(&o->signed1);
    enum err e = make_transaction_id(a->env, o->transaction_id);
    if (!e)
        e = rng_fill(a->env->rng, o->server_challenge, sizeof o->server_challenge);
    *ok = (struct rsp_initiate_authentication_ok){
        .transaction_id = SPAN_ARRAY(o->transaction_id),
        .server_signed1 = { .transaction_id = SPAN_ARRAY(o->transaction_id),
                            .euicc_challenge = q->euicc_challenge,
                            .server_address = q->smdp_address,
                            .server_challenge = SPAN_ARRAY(o->server_challenge) },
        .server_signature1 = SPAN_ARRAY(o->signature.at),
        .server_certificate = own->certificate->der,
        .ci_pkid = SPAN_ARRAY(own->certificate->aki),
    };
    return e ? e : sign_server_signed1(a, own, o, &ok->server_signed1);
}

static void refuse_chain(enum cert_flaw flaw, const char *subject, struct es_status *status)
{
    switch (flaw) {
    case CERT_UNKNOWN_CI:
        es_refuse(status, "8.11.1", "3.9", cert_flaw_text(flaw));
        break;
    case CERT_EXPIRED:
    case CERT_NOT_YET_VALID:
        es_refuse(status, subject, "6.3", cert_flaw_text(flaw));
        break;
    case CERT_EID_OUTSIDE_RANGE:
        es_refuse(status, "8.1.4", "6.1", cert_flaw_text(flaw));
        break;
    default:
        es_refuse(status, subject, "6.1", cert_flaw_text(flaw));
    }
}

static void judge_chain(const struct es_authentication *a, const struct cert *eum, struct span euicc_der,
                        const struct cert **euicc, struct es_status *status)
{
    const struct cert_policy policy = { .now = clock_now(a->env->clock), .warn_eid_range = a->warn_eid_range };
    struct span ci;
    enum cert_flaw flaw = cert_judge(a->trust, eum, CERT_EUM, NULL, 0, &policy, &ci);
    if (flaw != CERT_FINE) {
        refuse_chain(flaw, "8.1.2", status);
        return;
    }
    if (cert_borrow(a->env->crypto, euicc_der, euicc)) {
        es_refuse(status, "8.1.3", "6.1", "the eUICC certificate cannot be read");
        return;
    }
    flaw = cert_judge(a->trust, *euicc, CERT_EUICC, &eum, 1, &policy, &ci);
    if (flaw != CERT_FINE)
        refuse_chain(flaw, "8.1.3", status);
}

enum err es_authentication_judge(const struct es_authentication *a, struct span euicc_der, struct span eum_der,
                                 const struct cert **euicc, struct es_status *status)
{
    const struct cert *eum = NULL;
    *euicc = NULL;
    if (cert_borrow(a->env->crypto, eum_der, &eum))
        es_refuse(status, "8.1.2", "6.1", "the EUM certificate cannot be read");
    else
        judge_chain(a, eum, euicc_der, euicc, status);
    cert_give_back(a->env->crypto, eum);
    return ERR_OK;
}

enum err es_authentication_verify(const struct es_authentication *a, const struct rsp_authenticate_client_request *q,
                                  struct span server_challenge, const struct cert *euicc, struct es_status *status)
{
    const struct rsp_authenticate_response_ok *ok = &q->response.ok;
    struct rsp_tbs tbs;
    rsp_tbs_euicc_signature1(&ok->euicc_signed1, &tbs);
    enum err e = cert_verify(a->env->crypto, euicc, tbs.part, tbs.count, ok->euicc_signature1);
    if (e && e != ERR_VERIFY)
        return e;
    if (e)
        es_refuse(status, "8.1", "6.1", "euiccSignature1 does not verify");
    else if (!span_equal(q->transaction_id, ok->euicc_signed1.transaction_id))
        es_refuse(status, "8.10.1", "3.9", "transactionId inside and outside differ");
    else if (!span_equal(ok->euicc_signed1.server_challenge, server_challenge))
        es_refuse(status, "8.1", "6.1", "serverChallenge is not the one that was given");
    return ERR_OK;
}

enum err es_transaction_text(struct span id, char out[33])
{
    out[0] = 0;
    if (id.len == 0 || id.len > 16)
        return ERR_PARSE;
    struct buf text = { .at = (uint8_t *)out, .cap = 32, .max = 32 }; /* never grows */
    enum err e = hex_put_upper(&text, id);
    out[text.len] = 0;
    return e;
}
