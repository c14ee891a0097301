/* The functions of the SM-DP+, one file each, on domain messages: no HTTP here. Inside sim/smdp only.
 * Each returns ERR_OK with *status filled when it refuses (subject not ""), or with the answer. */
#ifndef LAB_SMDP_FUNCTIONS_H
#define LAB_SMDP_FUNCTIONS_H

#include "es2p_handle_download_progress_info.h"
#include "es_status.h"
#include "rsp_authentication.h"
#include "rsp_download.h"
#include "rsp_notification.h"
#include "smdp_internal.h"

/* ES2+ (SGP.22 5.3). `operator` is the caller's functionRequesterIdentifier, already matched with its certificate. */
struct smdp_order {
    const char *operator_name, *iccid, *profile_type, *eid, *matching_id, *confirmation_code, *smds_address;
    const char *final_state;  /* cancelOrder: "Available" | "Unavailable" */
    bool release;             /* confirmOrder: releaseFlag */
};
struct smdp_order_answer {
    char iccid[21], eid[33], matching_id[SMDP_MATCHING_ID_MAX + 1];
};
MUST_CHECK enum err smdp_download_order(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                                        struct es_status *status);
MUST_CHECK enum err smdp_confirm_order(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                                       struct es_status *status);
MUST_CHECK enum err smdp_cancel_order(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                                      struct es_status *status);
MUST_CHECK enum err smdp_release_profile(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                                         struct es_status *status);

/* ES9+ (SGP.22 5.6). The answer's spans point into `memory`, which the caller releases after writing. */
struct smdp_memory {
    struct es_opening opening;
    struct ec_signature signature;
    struct smdp_binding binding;
    struct buf tbs, metadata, package;
    /* For the messages that are kept: the profile that it is about ("" none), and what opened its session and when. */
    char iccid[21];
    struct buf opened;
    int64_t opened_at;
};
void smdp_memory_init(struct smdp_memory *m);
void smdp_memory_release(struct smdp_memory *m);

MUST_CHECK enum err smdp_initiate_authentication(struct smdp *s,
                                                 const struct rsp_initiate_authentication_request *q,
                                                 struct smdp_memory *m, struct rsp_initiate_authentication_ok *ok,
                                                 struct es_status *status);
MUST_CHECK enum err smdp_authenticate_client(struct smdp *s, const struct rsp_authenticate_client_request *q,
                                             struct smdp_memory *m, struct rsp_authenticate_client_ok *ok,
                                             struct es_status *status);
MUST_CHECK enum err smdp_get_bound_profile_package(struct smdp *s,
                                                   const struct rsp_get_bound_profile_package_request *q,
                                                   struct smdp_memory *m,
                                                   struct rsp_get_bound_profile_package_ok *ok,
                                                   struct es_status *status);
/* Never refuses what verifies (*believed); what does not is logged and dropped, and answered 204 all the same, except that
 * *status may refuse what belongs to no known session or profile, where the settings say so. */
MUST_CHECK enum err smdp_handle_notification(struct smdp *s, const struct rsp_pending_notification *n, bool *believed,
                                             struct es_status *status);
MUST_CHECK enum err smdp_cancel_session(struct smdp *s, const struct rsp_cancel_session_request_es9 *q,
                                        struct es_status *status);

/* Parts of them. */
/* SGP.22 5.6.3, 5.6.2: refuses an order that has expired (8.8.5/4.10), or whose package was bound too often (8.8.5/6.4). */
void smdp_check_limits(const struct smdp *s, const struct smdp_profile *p, struct es_status *status);
/* The SM-DS of this name, as the settings list it; NULL. */
const struct smdp_smds *smdp_smds_find(const struct smdp *s, const char *name);
/* SGP.22 3.1.2: 8.2.5/4.3 when the eUICC could not use the profile, 8.1/4.8 when it has no room for it. */
MUST_CHECK enum err smdp_check_eligibility(struct smdp *s, const struct rsp_euicc_info2 *info,
                                           struct smdp_profile *p, struct es_status *status);
/* Inside the transaction of what it is about: its operator is told, when it wants to hear. eid "" none; result: BF37 as
 * received, may be empty. */
MUST_CHECK enum err smdp_progress_note(struct smdp *s, const struct smdp_profile *p, const char *eid,
                                       enum es2p_point point, const struct es_status *status, struct span result);
/* The unprotected package of a profile, of its type's package file if it has one, else a minimal USIM: a secret. */
MUST_CHECK enum err smdp_build_upp(struct smdp *s, const struct smdp_profile *p, const struct smdp_subscription *sub,
                                   struct buf *upp);
/* ERR_OK with *why NULL: the package can be made, and p says what it needs (size, uicc_capability); else what is wrong, in static
 * storage. */
MUST_CHECK enum err smdp_check_package(struct smdp *s, struct smdp_profile *p, const struct smdp_subscription *sub,
                                       const char **why);
MUST_CHECK enum err smdp_build_metadata(const struct smdp_profile *p, struct buf *out);
/* SGP.22 2.6.4, 5.5: protects the profile with keys agreed with the eUICC's one-time key. ERR_VERIFY: no point of the curve. */
MUST_CHECK enum err smdp_bind(struct smdp *s, const struct smdp_session *x, const struct smdp_profile *p,
                              struct span euicc_otpk, struct smdp_binding *b);
/* Appends the bound profile package: what was protected, behind a channel request that is signed for this session. */
MUST_CHECK enum err smdp_write_package(struct smdp *s, const struct smdp_session *x, const struct smdp_binding *b,
                                       struct buf *package);

#endif
