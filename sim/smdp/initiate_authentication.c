/* ES9+.InitiateAuthentication (SGP.22 5.6.1). */
#include <string.h>

#include "rsp_ids.h"
#include "smdp_functions.h"

static bool is_own_address(const struct smdp *s, struct span address)
{
    for (char **a = s->addresses; *a; a++)
        if (rsp_address_equal(span_str(*a), address))
            return true;
    return false;
}

/* The identity whose CI the eUICC verifies with; its own order of preference decides. -1: none. */
static int choose_identity(const struct smdp *s, const struct rsp_euicc_info1 *info)
{
    struct der list = der_open(info->ci_verification);
    struct span ski;
    while (!der_at_end(&list) && rsp_octets_next(&list, &ski) == ERR_OK)
        for (size_t i = 0; i < s->identity_count; i++)
            if (s->auth[i]->has_aki && span_equal(ski, SPAN_ARRAY(s->auth[i]->aki)))
                return (int)i;
    return -1;
}

/* One of the CIs under which the eUICC signs must be ours too. */
static bool signing_ci_is_known(const struct smdp *s, const struct rsp_euicc_info1 *info)
{
    struct der list = der_open(info->ci_signing);
    struct span ski;
    while (!der_at_end(&list) && rsp_octets_next(&list, &ski) == ERR_OK)
        if (trust_knows_ci(s->trust, ski))
            return true;
    return false;
}

/* SGP.22 5.6.1: the checks before anything is made. svn 2.x is spoken here. */
static int check(const struct smdp *s, const struct rsp_initiate_authentication_request *q,
                 struct es_status *status)
{
    int identity = choose_identity(s, &q->euicc_info1);
    if (!is_own_address(s, q->smdp_address))
        es_refuse(status, "8.8.1", "3.8", "this SM-DP+ has another address");
    else if (q->euicc_info1.svn.len != 3 || q->euicc_info1.svn.at[0] != 2)
        es_refuse(status, "8.8.3", "3.1", "the eUICC's specification version is not supported");
    else if (!signing_ci_is_known(s, &q->euicc_info1))
        es_refuse(status, "8.8.2", "3.1", "none of the CI keys the eUICC signs under is known");
    else if (identity < 0)
        es_refuse(status, "8.8.4", "3.7", "no certificate under a CI key that the eUICC verifies with");
    return identity;
}

static enum err sign_server_signed1(struct smdp *s, int identity, struct smdp_memory *m,
                                    struct rsp_server_signed1 *signed1)
{
    enum err e = rsp_server_signed1_write(signed1, &m->tbs);
    if (e)
        return e;
    tamper_at(s->env, TAMPER_BEFORE_SIGNING, "ES9+.ServerSigned1", &m->tbs);
    struct span tbs = buf_span(&m->tbs);
    signed1->signed_bytes = tbs;
    return ec_sign(s->env->crypto, s->identity[identity].auth_key, &tbs, 1, &m->signature);
}

static enum err open_session(struct smdp *s, int identity, struct span challenge, const struct smdp_memory *m)
{
    struct smdp_session x = { .state = SMDP_INITIATED, .identity = identity };
    memcpy(x.euicc_challenge, challenge.at, sizeof x.euicc_challenge);
    memcpy(x.server_challenge, m->server_challenge, sizeof x.server_challenge);
    enum err e = smdp_transaction_text(SPAN_ARRAY(m->transaction_id), x.transaction_id);
    return e ? e : smdp_session_add(s, &x);
}

enum err smdp_initiate_authentication(struct smdp *s, const struct rsp_initiate_authentication_request *q,
                                      struct smdp_memory *m, struct rsp_initiate_authentication_ok *ok,
                                      struct es_status *status)
{
    int identity = check(s, q, status);
    if (es_refused(status))
        return ERR_OK;
    enum err e = rng_fill(s->env->rng, m->transaction_id, sizeof m->transaction_id);
    if (!e)
        e = rng_fill(s->env->rng, m->server_challenge, sizeof m->server_challenge);
    *ok = (struct rsp_initiate_authentication_ok){
        .transaction_id = SPAN_ARRAY(m->transaction_id),
        .server_signed1 = { .transaction_id = SPAN_ARRAY(m->transaction_id),
                            .euicc_challenge = q->euicc_challenge,
                            .server_address = q->smdp_address,
                            .server_challenge = SPAN_ARRAY(m->server_challenge) },
        .server_signature1 = SPAN_ARRAY(m->signature.at),
        .server_certificate = s->identity[identity].auth_certificate,
        .ci_pkid = SPAN_ARRAY(s->auth[identity]->aki),
    };
    if (!e)
        e = sign_server_signed1(s, identity, m, &ok->server_signed1);
    return e ? e : open_session(s, identity, q->euicc_challenge, m);
}
