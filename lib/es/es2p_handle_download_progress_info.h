/* ES2+.HandleDownloadProgressInfo (SGP.22 5.3.5): the SM-DP+ tells an operator how far a download has come. JSON, mutual TLS. */
#ifndef LAB_ES2P_HANDLE_DOWNLOAD_PROGRESS_INFO_H
#define LAB_ES2P_HANDLE_DOWNLOAD_PROGRESS_INFO_H

#include "es2p.h"

/* notificationPointId */
enum es2p_point {
    ES2P_ELIGIBILITY = 1,   /* eligibility and retry limit were checked */
    ES2P_CONFIRMATION = 2,  /* the confirmation code failed, or the end user rejected the profile */
    ES2P_BPP_DOWNLOAD = 3,
    ES2P_BPP_INSTALLATION = 4,
};

struct es2p_progress {
    char requester[ES2P_TEXT_MAX]; /* serve side: functionRequesterIdentifier of the header */
    char call_id[ES2P_TEXT_MAX];   /* serve side: functionCallIdentifier; the same again is the same notification */
    char iccid[21], eid[33];       /* eid "" none */
    char profile_type[ES2P_TEXT_MAX];
    int64_t at;                    /* ms since 1970; whole seconds on the wire */
    enum es2p_point point;
    struct es_status status;       /* notificationPointStatus */
    struct buf result;             /* resultData: ProfileInstallationResult (BF37) as received, empty when there is none */
};
/* result's max is 16 KiB. */
void es2p_progress_init(struct es2p_progress *p);
void es2p_progress_release(struct es2p_progress *p);

/* ERR_OK with *status: accepted (204, or Executed-Success), or refused. */
MUST_CHECK enum err es2p_handle_download_progress_info(const struct es_peer *peer, const struct es2p_progress *q,
                                                       struct es_status *status);

/* Serving. Read: ERR_REFUSED after writing the answer (1.3.1/2.2 a member is missing, 2.1 malformed); release *out in any
 * case. Write answers 204. */
MUST_CHECK enum err es2p_handle_download_progress_info_read(const struct env *env, const struct http_request *q,
                                                            struct http_response *p, struct es2p_progress *out);
MUST_CHECK enum err es2p_handle_download_progress_info_write(struct http_response *p);

#endif
