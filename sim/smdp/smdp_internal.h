/* The SM-DP+ as its own files see it. */
#ifndef LAB_SMDP_INTERNAL_H
#define LAB_SMDP_INTERNAL_H

#include "es_authentication.h"
#include "smdp.h"
#include "smdp_store.h"

struct smdp {
    struct actor actor;
    const struct env *env;
    char **addresses;                 /* owned, NULL-terminated */
    struct smdp_identity identity[2];
    const struct cert *auth[2], *pb[2];
    size_t identity_count;
    struct es_identity authenticating[2];
    struct es_authentication authentication; /* of eUICCs */
    struct smdp_client *clients;      /* names owned */
    size_t client_count;
    struct secret storage_key;
    struct rsp_wire wire;
    enum smdp_code_form code_form;
    bool ppk, same_otpk_only, rejection_ends_order, foreign_told, unknown_notifications_refused;
    enum smdp_other_eid other_eid;
    int64_t order_valid_ms, downloads_max, code_attempts, progress_refusals_max, progress_kept, messages_kept, matching_id_min;
    struct smdp_transport_key *transport_keys; /* names owned */
    size_t transport_key_count;
    struct smdp_smds *smds;           /* texts owned */
    size_t smds_count;
    _Atomic int64_t forgot_at; /* when sessions were looked through; requests come on several threads */
};

void smdp_free(struct smdp *s);

#endif
