/* ES10: commands to the ISD-R of an eUICC over an open logical channel (SGP.22 5.7; SGP.32 v1.2 5.9).
 *
 * ERR_OK: the eUICC executed the command and answered; what it answered (also its result codes) is data in
 * the answer. ERR_REFUSED: it answered with a status word and no data: card->sw. ERR_PARSE: it answered
 * something else. ERR_IO, ERR_TIMEOUT, ERR_CUT: no answer. Answers own the bytes that their spans point into:
 * release with buf_release(&answer.received), also after a failure. */
#ifndef LAB_ES_ES10B_H
#define LAB_ES_ES10B_H

#include "apdu.h"
#include "env.h"
#include "rsp_download.h"
#include "rsp_es10.h"
#include "rsp_euicc_package.h"
#include "rsp_notification.h"
#include "rsp_rat.h"

struct es10_card {
    const struct env *env;
    struct card *card;
    unsigned channel; /* from apdu_open_isd_r */
    struct rsp_wire wire; /* how requests are written */
    size_t block;     /* octets a STORE DATA; 0: 255 */
    uint16_t sw;      /* the last status word; 91xx: a proactive command (REFRESH) waits */
};

MUST_CHECK enum err es10b_get_eid(struct es10_card *c, uint8_t eid[16]);
MUST_CHECK enum err es10b_get_euicc_challenge(struct es10_card *c, uint8_t challenge[16]);

struct es10b_euicc_info1 {
    struct rsp_euicc_info1 message;
    struct buf received;
};
MUST_CHECK enum err es10b_get_euicc_info1(struct es10_card *c, struct es10b_euicc_info1 *out);
struct es10b_euicc_info2 {
    struct rsp_euicc_info2 message;
    struct buf received;
};
MUST_CHECK enum err es10b_get_euicc_info2(struct es10_card *c, struct es10b_euicc_info2 *out);
struct es10b_certs {
    struct rsp_get_certs_response message;
    struct buf received;
};
/* ci_pkid may be empty. */
MUST_CHECK enum err es10b_get_certs(struct es10_card *c, struct span ci_pkid, struct es10b_certs *out);

struct es10b_rat {
    struct rsp_get_rat_response message;
    struct buf received;
};
MUST_CHECK enum err es10b_get_rat(struct es10_card *c, struct es10b_rat *out);

struct es10b_authenticate_server_response {
    struct rsp_authenticate_server_response message;
    struct buf received;
};
MUST_CHECK enum err es10b_authenticate_server(struct es10_card *c,
                                              const struct rsp_authenticate_server_request *q,
                                              struct es10b_authenticate_server_response *out);
struct es10b_prepare_download_response {
    struct rsp_prepare_download_response message;
    struct buf received;
};
MUST_CHECK enum err es10b_prepare_download(struct es10_card *c, const struct rsp_prepare_download_request *q,
                                           struct es10b_prepare_download_response *out);
struct es10b_load_bound_profile_package_response {
    struct rsp_profile_installation_result message;
    struct buf received; /* the whole BF37: forward these bytes */
    size_t segments;     /* how many were sent; fewer than all when the eUICC gave up */
};
/* bpp: a whole BF36. Sends its segments; the result comes at the end or at the first failure. */
MUST_CHECK enum err es10b_load_bound_profile_package(struct es10_card *c, struct span bpp,
                                                     struct es10b_load_bound_profile_package_response *out);
struct es10b_cancel_session_response {
    struct rsp_cancel_session_response message;
    struct buf received; /* the whole BF41: es9p_cancel_session takes these bytes */
};
MUST_CHECK enum err es10b_cancel_session(struct es10_card *c, const struct rsp_cancel_session_request *q,
                                         struct es10b_cancel_session_response *out);

struct es10b_profiles_info {
    struct rsp_profile_info_response message;
    struct buf received;
};
/* q NULL: all profiles, default tags. */
MUST_CHECK enum err es10b_get_profiles_info(struct es10_card *c, const struct rsp_profile_info_request *q,
                                            struct es10b_profiles_info *out);
/* Local switches; *code as in rsp_codes.h. */
MUST_CHECK enum err es10b_enable_profile(struct es10_card *c, struct span iccid, bool refresh, int64_t *code);
MUST_CHECK enum err es10b_disable_profile(struct es10_card *c, struct span iccid, bool refresh,
                                          int64_t *code);
MUST_CHECK enum err es10b_delete_profile(struct es10_card *c, struct span iccid, int64_t *code);
MUST_CHECK enum err es10b_execute_fallback_mechanism(struct es10_card *c, bool refresh, int64_t *code);
MUST_CHECK enum err es10b_return_from_fallback(struct es10_card *c, bool refresh, int64_t *code);
MUST_CHECK enum err es10b_enable_emergency_profile(struct es10_card *c, bool refresh, int64_t *code);
MUST_CHECK enum err es10b_disable_emergency_profile(struct es10_card *c, bool refresh, int64_t *code);
MUST_CHECK enum err es10b_immediate_enable(struct es10_card *c, bool refresh, int64_t *code);
/* BF64, SGP.32 5.9.5: bits of catalogue A.4. */
#define ES10B_RESET_EIM_CONFIGURATION (1u << 5)
MUST_CHECK enum err es10b_euicc_memory_reset(struct es10_card *c, uint32_t options,
                                             struct rsp_memory_reset_response *out);
/* BF42: the IPAe is in charge of this card, or no longer. *code 0 ok, 1 notSupported. */
MUST_CHECK enum err es10b_ipae_activation(struct es10_card *c, bool active, int64_t *code);
MUST_CHECK enum err es10b_set_default_dp_address(struct es10_card *c, struct span address, int64_t *code);

struct es10b_list_notification_response {
    struct rsp_list_notification_response message;
    struct buf received;
};
/* events 0: all. */
MUST_CHECK enum err es10b_list_notification(struct es10_card *c, uint32_t events,
                                            struct es10b_list_notification_response *out);
struct es10b_retrieve_notifications_response {
    struct rsp_retrieve_notifications_response message;
    struct buf received;
};
MUST_CHECK enum err es10b_retrieve_notifications_list(struct es10_card *c,
                                                      const struct rsp_retrieve_notifications_request *q,
                                                      struct es10b_retrieve_notifications_response *out);
MUST_CHECK enum err es10b_remove_notification_from_list(struct es10_card *c, int64_t seq_number,
                                                        int64_t *status);

struct es10b_load_euicc_package_response {
    struct rsp_euicc_package_result message;
    struct buf received; /* the whole BF51: journal and forward these bytes */
};
/* package: the whole BF51 as received from the eIM, sent unchanged. */
MUST_CHECK enum err es10b_load_euicc_package(struct es10_card *c, struct span package,
                                             struct es10b_load_euicc_package_response *out);
struct es10b_profile_rollback_response {
    struct rsp_profile_rollback_response message;
    struct buf received;
};
MUST_CHECK enum err es10b_profile_rollback(struct es10_card *c, bool refresh,
                                           struct es10b_profile_rollback_response *out);
struct es10b_add_initial_eim_response {
    struct rsp_add_initial_eim_response message;
    struct buf received;
};
/* request: the whole BF57. */
MUST_CHECK enum err es10b_add_initial_eim(struct es10_card *c, struct span request,
                                          struct es10b_add_initial_eim_response *out);
struct es10b_eim_configuration_data {
    struct rsp_get_eim_configuration_response message;
    struct buf received;
};
/* eim_id empty: all. */
MUST_CHECK enum err es10b_get_eim_configuration_data(struct es10_card *c, struct span eim_id,
                                                     struct es10b_eim_configuration_data *out);
struct es10b_configured_addresses {
    struct rsp_configured_addresses message;
    struct buf received;
};
MUST_CHECK enum err es10a_get_euicc_configured_addresses(struct es10_card *c,
                                                         struct es10b_configured_addresses *out);

#endif
