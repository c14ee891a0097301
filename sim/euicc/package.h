/* What LoadEuiccPackage, ProfileRollback and ImmediateEnable share. Private to sim/euicc. */
#ifndef LAB_EUICC_PACKAGE_H
#define LAB_EUICC_PACKAGE_H

#include "euicc_internal.h"

/* Whose package a result answers. */
struct package_origin {
    struct span eim_id, transaction_id; /* transaction_id optional */
    int64_t counter;
    struct rsp_int token;
    unsigned credential;
};
/* Signs results (contents of euiccResult) as an EuiccPackageResult, stores it under seq and answers
 * it. */
MUST_CHECK enum err package_result_put(struct euicc *e, struct state *s,
                                       const struct package_origin *o, struct span results,
                                       uint32_t seq, struct buf *response);
/* 0, insufficientMemory or commandError: an address that is none. */
int64_t immediate_judge(const struct euicc *e, struct span oid, struct span address);
MUST_CHECK enum err immediate_configure(struct state *s, bool flag, struct span oid,
                                        struct span address);
struct rsp_eim_configuration;
MUST_CHECK enum err eim_update(struct euicc *e, struct state *s,
                               const struct rsp_eim_configuration *c, int64_t *code);
#endif
