/* The server's half of common mutual authentication (SGP.22 3.0.1), the same at an SM-DP+ (ES9+) and an SM-DS (ES11):
 * opening a session with an eUICC, judging its chain and its signature. A refusal fills *status; nothing is stored. */
#ifndef LAB_ES_AUTHENTICATION_H
#define LAB_ES_AUTHENTICATION_H

#include "es_status.h"
#include "rsp_authentication.h"
#include "x509.h"

/* CERT.DPauth or CERT.DSauth on one curve. */
struct es_identity {
    const struct cert *certificate;
    const struct ec_key *key;
};

/* Everything is borrowed. */
struct es_authentication {
    const struct env *env;
    struct trust *trust;              /* CIs for eUICC chains; judged with env's clock */
    bool warn_eid_range;              /* see struct cert_policy */
    const char *subject;              /* of refusals: "8.8" SM-DP+, "8.9" SM-DS */
    const char *message;              /* for tampering: "ES9+.ServerSigned1" */
    const char *const *addresses;     /* that it answers to; NULL-terminated */
    const struct es_identity *identities;
    size_t identity_count;
};

/* A transactionId begins with the milliseconds of its making, most significant octet first; ten random octets follow. */
#define ES_TRANSACTION_TIME_OCTETS 6

/* What InitiateAuthentication makes; the answer's spans point here. Made anew, it forgets what it had. */
struct es_opening {
    uint8_t transaction_id[16], server_challenge[16];
    struct ec_signature signature;
    struct buf signed1;
};
#define ES_OPENING_INIT ((struct es_opening){ .signed1 = { .max = 1024 } })
void es_opening_release(struct es_opening *o);

/* SGP.22 5.6.1, 5.8.1: address, version and CIs are looked at before anything is made. *identity: which one signed. */
MUST_CHECK enum err es_authentication_open(const struct es_authentication *a,
                                           const struct rsp_initiate_authentication_request *q, struct es_opening *o,
                                           struct rsp_initiate_authentication_ok *ok, size_t *identity,
                                           struct es_status *status);
/* Judges the chain of an eUICC, the EUM's own first, so that each flaw is laid at the right certificate (catalogue C.4.1):
 * 8.1.2/6.1, 6.3; 8.1.3/6.1, 6.3; 8.1.4/6.1; 8.11.1/3.9. *euicc is NULL or borrowed, also after a refusal: the caller
 * gives it back (cert_give_back). */
MUST_CHECK enum err es_authentication_judge(const struct es_authentication *a, struct span euicc_der,
                                            struct span eum_der, const struct cert **euicc, struct es_status *status);
/* SGP.22 5.6.3, 5.8.2: signature, transaction and challenge, in this order; nothing is believed before. */
MUST_CHECK enum err es_authentication_verify(const struct es_authentication *a,
                                             const struct rsp_authenticate_client_request *q,
                                             struct span server_challenge, const struct cert *euicc,
                                             struct es_status *status);
/* Upper-case hex of a transaction id, as sessions are kept and found by. ERR_PARSE: not 1 to 16 octets. */
MUST_CHECK enum err es_transaction_text(struct span id, char out[33]);

#endif
