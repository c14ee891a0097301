/* A download with a real card, step by step, so that each message can be spoilt on its way. */
#include <stdio.h>
#include <string.h>

#include "lab_internal.h"
#include "rsp_ids.h"

void lab_download_begin(struct lab *l, struct lab_card *c, struct lab_download *d)
{
    *d =
        (struct lab_download){ .lab = l, .card = c, .matching_id = "TOKEN-1", .address = "smdp.example.com" };
    d->peer = (struct es_peer){ .env = &l->env, .base_url = LAB_SMDP_URL };
    d->server.received.max = d->prepared.received.max = d->loaded.received.max = APDU_ES10_RESPONSE_MAX;
}

void lab_download_end(struct lab_download *d)
{
    es_memory_release(&d->memory);
    buf_release(&d->server.received);
    buf_release(&d->prepared.received);
    buf_release(&d->loaded.received);
}

static const char *told(struct lab_download *d, enum err e)
{
    if (e)
        snprintf(d->refusal, sizeof d->refusal, "%s", err_name(e));
    else
        snprintf(d->refusal, sizeof d->refusal, "%s%s%s", d->status.subject, d->status.subject[0] ? "/" : "",
                 d->status.reason);
    return d->refusal;
}

const char *lab_initiate(struct lab_download *d)
{
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint8_t challenge[16];
    REQUIRE(es10b_get_euicc_info1(&d->card->es, &info) == ERR_OK);
    REQUIRE(es10b_get_euicc_challenge(&d->card->es, challenge) == ERR_OK);
    const struct rsp_initiate_authentication_request q = { SPAN_ARRAY(challenge), span_str(d->address),
                                                           info.message };
    enum err e = es9p_initiate_authentication(&d->peer, &q, &d->memory, &d->initiated, &d->status);
    buf_release(&info.received);
    return told(d, e);
}

void lab_authenticate_server(struct lab_download *d)
{
    uint8_t imei[8], tac[4];
    REQUIRE(rsp_imei_parse("351234567890123", imei, tac) == ERR_OK);
    const struct rsp_authenticate_server_request q = {
        .server_signed1 = d->initiated.server_signed1,
        .server_signature1 = d->initiated.server_signature1,
        .ci_pkid = d->initiated.ci_pkid,
        .server_certificate = d->initiated.server_certificate,
        .ctx_params1 = { .matching_id = d->matching_id ? span_str(d->matching_id) : (struct span){ 0 },
                         .device_info = { .tac = SPAN_ARRAY(tac),
                                          .capabilities = span_of("", 0),
                                          .imei = SPAN_ARRAY(imei) } },
    };
    buf_release(&d->server.received);
    REQUIRE(es10b_authenticate_server(&d->card->es, &q, &d->server) == ERR_OK);
}

const char *lab_authenticate_client(struct lab_download *d)
{
    const struct rsp_authenticate_client_request q = { d->initiated.transaction_id, d->server.message };
    return told(d, es9p_authenticate_client(&d->peer, &q, &d->memory, &d->authenticated, &d->status));
}

void lab_prepare(struct lab_download *d)
{
    uint8_t hash[32];
    struct rsp_prepare_download_request q = { .smdp_signed2 = d->authenticated.smdp_signed2,
                                              .smdp_signature2 = d->authenticated.smdp_signature2,
                                              .smdp_certificate = d->authenticated.smdp_certificate };
    if (d->confirmation_code) {
        REQUIRE(confirmation_code_digest(d->lab->crypto, span_str(d->confirmation_code), d->code_as_octets, hash) == ERR_OK);
        REQUIRE(confirmation_code_hash(d->lab->crypto, SPAN_ARRAY(hash), d->initiated.transaction_id, hash) == ERR_OK);
        q.hash_cc = SPAN_ARRAY(hash);
    } else if (d->authenticated.smdp_signed2.cc_required) {
        q.hash_cc = d->authenticated.hash_cc; /* of an eIM */
    }
    buf_release(&d->prepared.received);
    REQUIRE(es10b_prepare_download(&d->card->es, &q, &d->prepared) == ERR_OK);
}

void lab_sign_again(struct lab *l, const struct lab_card *c, const struct rsp_tbs *tbs, struct span signature)
{
    struct ec_key *key = NULL;
    struct ec_signature made;
    REQUIRE(ec_key_from_scalar(l->crypto, EC_P256, secret_span(&c->nist.key), &key) == ERR_OK);
    REQUIRE(ec_sign(l->crypto, key, tbs->part, tbs->count, &made) == ERR_OK && signature.len == sizeof made.at);
    memcpy((uint8_t *)signature.at, made.at, sizeof made.at);
    ec_key_free(key);
}

void lab_prepare_by_hand(struct lab_download *d)
{
    static const uint8_t unsigned_yet[64];
    struct ec_key *key = NULL;
    struct ec_point otpk;
    struct rsp_tbs tbs;
    struct buf part = { .max = 512 };
    REQUIRE(ec_key_from_scalar(d->lab->crypto, EC_P256, secret_span(&d->card->nist.key), &key) == ERR_OK);
    ec_key_point(key, &otpk);
    struct rsp_prepare_download_response made = {
        .which = RSP_PREPARE_DOWNLOAD_OK,
        .ok = { .euicc_signed2 = { .transaction_id = d->initiated.transaction_id, .euicc_otpk = SPAN_ARRAY(otpk.at) },
                .euicc_signature2 = SPAN_ARRAY(unsigned_yet) },
    };
    REQUIRE(rsp_euicc_signed2_write(&made.ok.euicc_signed2, &part) == ERR_OK);
    made.ok.euicc_signed2.signed_bytes = buf_span(&part);
    buf_clear(&d->prepared.received);
    REQUIRE(rsp_prepare_download_response_write(&made, &d->prepared.received) == ERR_OK);
    REQUIRE(rsp_prepare_download_response_read(buf_span(&d->prepared.received), &d->prepared.message) == ERR_OK);
    rsp_tbs_euicc_signature2(&d->prepared.message.ok.euicc_signed2, d->authenticated.smdp_signature2, &tbs);
    lab_sign_again(d->lab, d->card, &tbs, d->prepared.message.ok.euicc_signature2);
    ec_key_free(key);
    buf_release(&part);
}

const char *lab_get_package(struct lab_download *d)
{
    const struct rsp_get_bound_profile_package_request q = { d->initiated.transaction_id,
                                                             d->prepared.message };
    return told(d, es9p_get_bound_profile_package(&d->peer, &q, &d->memory, &d->package, &d->status));
}

int64_t lab_load(struct lab_download *d)
{
    REQUIRE(es10b_load_bound_profile_package(&d->card->es, d->package.bound_profile_package, &d->loaded) ==
            ERR_OK);
    const struct rsp_final_result *r = &d->loaded.message.data.result;
    return r->which == RSP_OK ? 0 : r->error.reason;
}

const char *lab_fetch(struct lab_download *d)
{
    if (lab_initiate(d)[0])
        return d->refusal;
    lab_authenticate_server(d);
    if (lab_authenticate_client(d)[0])
        return d->refusal;
    lab_prepare(d);
    return lab_get_package(d);
}

void lab_flip(struct span at)
{
    *(uint8_t *)at.at ^= 1;
}
