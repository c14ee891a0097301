/* Compact forms of what an eUICC signed (minimizeEsipaBytes; SGP.32 v1.2 A, catalogue A.8): an IPA leaves out what its eIM knows,
 * the eIM puts it back. Signatures are those of the full form: what is rebuilt is right when they verify, and only then. */
#ifndef LAB_RSP_COMPACT_H
#define LAB_RSP_COMPACT_H

#include "rsp_download.h"
#include "rsp_notification.h"

/* --- making (IPA) ----------------------------------------------------------------------------------- */

/* Each appends the whole message. ERR_STATE: this one has no compact form. */

/* BF38. The eIM must know EUICCInfo2 but for extCardResource, and both certificates. */
MUST_CHECK enum err rsp_compact_authentication(const struct rsp_authenticate_server_response *r, struct buf *out);
/* BF21. otpk_known: smdpSigned2 named the one-time key; hash_known: the eIM told hashCc. */
MUST_CHECK enum err rsp_compact_preparation(const struct rsp_prepare_download_response *r, bool otpk_known,
                                            bool hash_known, struct buf *out);
/* BF41 */
MUST_CHECK enum err rsp_compact_cancellation(const struct rsp_cancel_session_response *r, struct buf *out);
/* A0 of an installation result, A1 of another notification. eid: 16 octets. ci_pkid: whose certificate the signing eUICC's chains
 * to, for an A1 of SGP.32 v1.3; empty leaves it out. */
MUST_CHECK enum err rsp_compact_notification(const struct rsp_pending_notification *n, struct span eid, struct span ci_pkid,
                                             struct buf *out);

/* --- rebuilding (eIM) ------------------------------------------------------------------------------- */

/* What is known of the session; empty: not known. */
struct rsp_compact_known {
    struct span transaction_id, server_address, server_challenge; /* of serverSigned1 */
    struct span euicc_info2;                                      /* whole BF22; its extCardResource is not looked at */
    struct span euicc_certificate, eum_certificate;               /* whole TLVs */
    struct span ctx_params1;                                      /* whole A0, of an eIM that made it itself */
    struct span otpk, hash_cc;
    struct span smdp_oid; /* contents of the OID */
    struct span iccid;    /* 10 octets, of the profile's metadata */
};
/* Each appends the full message. ERR_NOT_FOUND: it leaves out something that is not known. ERR_PARSE. */
MUST_CHECK enum err rsp_rebuild_authentication(const struct rsp_authenticate_server_response *compact,
                                               const struct rsp_compact_known *known, struct buf *out);
MUST_CHECK enum err rsp_rebuild_preparation(const struct rsp_prepare_download_response *compact,
                                            const struct rsp_compact_known *known, struct buf *out);
MUST_CHECK enum err rsp_rebuild_cancellation(const struct rsp_cancel_session_response *compact,
                                             const struct rsp_compact_known *known, struct buf *out);
MUST_CHECK enum err rsp_rebuild_notification(const struct rsp_pending_notification *compact,
                                             const struct rsp_compact_known *known, struct buf *out);
/* Whose a compact notification is: the session of an installation result, or the eUICC of another one (16 octets; empty: it does
 * not say). ERR_PARSE. */
MUST_CHECK enum err rsp_compact_session(const struct rsp_pending_notification *compact, struct span *transaction_id);
MUST_CHECK enum err rsp_compact_eid(const struct rsp_pending_notification *compact, struct span *eid);

#endif
