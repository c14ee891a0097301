/* What the files of certs/ share. */
#ifndef LAB_CERTS_PKI_INTERNAL_H
#define LAB_CERTS_PKI_INTERNAL_H

#include "certs.h"
#include "clock.h"

#define PKI_NAME_MAX 288

/* One certificate of the PKI. Zero members: left out, or the role's own. */
struct pki_row {
    const char *name, *folder;
    const char *issuer; /* the name of a row; NULL: self-signed */
    enum cert_role role;
    enum ec_curve curve;
    const char *common_name, *organization, *organizational_unit, *country, *serial_number;
    const char *registered_id;
    const char *dns[4];           /* the first is the one that the lab calls it by */
    const char *eid_prefix;       /* EUM: the EIDs that it may certify */
    const char *policy;           /* instead of the role's; "" none */
    bool no_ca_below;             /* path length 0 */
    unsigned key_usage, purposes; /* instead of the role's */
    int from,
        days; /* validity begins `from` days after the epoch and lasts `days`; 0 days: the Test CI's own */
    int64_t until; /* ms, instead of `days`; 0 not */
    uint64_t serial;           /* 0: random */
    const char *published_key; /* hex of the scalar; NULL: a fresh key */
    bool altered, revoked, p384;
    bool own_oid; /* registered_id is made of the host name of a row that is not in the table */
    const char *flaw; /* intended; NULL: none */
    enum cert_flaw verdict;
    const char *host; /* the verdict includes this host name */
    const char
        *same_oid_as; /* the verdict includes that this row's registered id is the same (SGP.22 5.7.5) */
};
extern const struct pki_row pki_rows[];
extern const size_t pki_row_count;
/* NULL when there is none of this name. */
const struct pki_row *pki_row_named(const char *name);
/* SubjectPublicKeyInfo of a key on P-384. */
struct span pki_p384_key(void);

/* The rows that pki_server and pki_client make; `name` and `who` must outlive the row. */
struct pki_row pki_server_row(const char *name, const char *host);
struct pki_row pki_eim_row(const char *name, const char *eim_id);
struct pki_row pki_smdp_auth_row(const char *name, const char *host);
struct pki_row pki_smdp_auth_brp_row(const char *name, const char *host);
struct pki_row pki_smdp_pb_brp_row(const char *name, const char *host);
struct pki_row pki_smdp_pb_row(const char *name, const char *host);
struct pki_row pki_smdp_tls_row(const char *name, const char *host);
struct pki_row pki_client_row(const char *name, const char *who);
/* Letters, digits, dot, hyphen, underscore; fit for a file name. */
bool pki_name_usable(const char *name);

/* The folders of the archive, as in SGP.26 and ours. */
extern const char *const certs_folders[];
extern const size_t certs_folder_count;
#define CERTS_MARKER "issued-by-sgp32lab.txt"
#define CERTS_PATH_MAX 4096
/* CERT_x -> SK_x */
void certs_key_name(const char *certificate, char out[PKI_NAME_MAX]);
#endif
