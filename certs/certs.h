/* The lab's certificates: described in pki_table.c, issued with fresh keys, in memory for a world or as files
 * for programs. Names are those of the SGP.26 archive (CERT_S_SM_DPauth_ECDSA_NIST, its key
 * SK_S_SM_DPauth_ECDSA_NIST); our own follow the same style. Two roots: the GSMA Test CI on both curves,
 * whose key GSMA published, so that SGP.26 test cards work; and a foreign CI that nobody here trusts. */
#ifndef LAB_CERTS_CERTS_H
#define LAB_CERTS_CERTS_H

#include <stdio.h>

#include "crypto.h"
#include "x509.h"

/* One PKI in memory. Certificates are issued when first asked for. One thread at a time. */
struct pki;

/* One certificate and what belongs to it; valid until pki_free. */
struct pki_item {
    const char *name;     /* "CERT_…" */
    struct span der, pem; /* the certificate alone */
    struct span key_pem;  /* "EC PRIVATE KEY" */
    const struct ec_key *key;
    const struct cert *cert; /* NULL where lib/crypto does not support it (flawed on purpose: P-384) */
    uint8_t fingerprint[32]; /* SHA-256 of der */
};

/* Borrows c, which also gives the randomness: a seeded crypto issues the same PKI again, if asked for the
 * same things in the same order. epoch: ms; validity is counted from there. Gives *out. */
MUST_CHECK enum err pki_new(struct crypto *c, int64_t epoch, struct pki **out);
void pki_free(struct pki *p); /* NULL is harmless */

/* A certificate of the table by its name. ERR_NOT_FOUND. */
MUST_CHECK enum err pki_get(struct pki *p, const char *name, const struct pki_item **out);
/* A TLS server certificate for this host name, below the Test CI: CERT_S_<host>_TLS. For carriers and other
 * hosts that are not in the table; the table's own are found too. */
MUST_CHECK enum err pki_server(struct pki *p, const char *host, const struct pki_item **out);
/* The signing certificate of an eIM by its eimId (a host name), on P-256: CERT_S_<eim id>_EIMsign. */
MUST_CHECK enum err pki_eim_sign(struct pki *p, const char *eim_id, const struct pki_item **out);
/* The three certificates of an SM-DP+ by its host name, on P-256, with one registered id of its own below 2.999.10:
 * CERT_S_<host>_DPauth, _DPpb, _DPtls. For SM-DP+ that are not in the table. */
struct pki_smdp {
    const struct pki_item *auth, *pb, *tls;
};
MUST_CHECK enum err pki_smdp(struct pki *p, const char *host, struct pki_smdp *out);
/* DPauth and DPpb of the same SM-DP+ on brainpoolP256r1, with the same registered id: CERT_S_<host>_DPauth_BRP, _DPpb_BRP. */
MUST_CHECK enum err pki_smdp_brainpool(struct pki *p, const char *host, const struct pki_item **auth, const struct pki_item **pb);
/* A client certificate of the operator CA (EKU clientAuth): CERT_OPERATOR_<who>; "ESO" and "ADMIN" are in the
 * table. */
MUST_CHECK enum err pki_client(struct pki *p, const char *who, const struct pki_item **out);

/* An eUICC's certificate and key, not kept in the PKI: fleets are large. */
struct pki_euicc {
    struct buf certificate;      /* DER */
    struct secret key;           /* 32 octets */
    struct span eum_certificate; /* DER, borrowed from the PKI */
};
/* Issues for an EID of 32 digits as the table's row `name` describes: CERT_EUICC_ECDSA_NIST,
 * CERT_EUICC_ECDSA_BRP, or a flawed one (CERT_EUICC_ECDSA_NIST_EXPIRED …), whose EID is then replaced but
 * where the EID is the flaw. Gives *out's contents. */
MUST_CHECK enum err certs_issue_euicc(struct pki *p, const char *name, const char *eid,
                                      struct pki_euicc *out);
/* The same, valid until then (ms); 0: as the row says. */
MUST_CHECK enum err certs_issue_euicc_until(struct pki *p, const char *name, const char *eid, int64_t until,
                                            struct pki_euicc *out);
void pki_euicc_release(struct pki_euicc *e); /* zero is harmless */

/* Appends the revocation list of a CI of the table (DER); it names the table's revoked certificates. */
MUST_CHECK enum err pki_crl(struct pki *p, const char *ci, struct buf *der);
/* Appends what TLS clients pin: the Test CI on P-256, PEM. */
MUST_CHECK enum err pki_roots_pem(struct pki *p, struct buf *pem);
/* What cards, SM-DP+, eIM believe: the Test CI on both curves. Gives *out. */
MUST_CHECK enum err pki_trust(struct pki *p, struct trust **out);
/* What listeners for mutual TLS believe of clients: the operator CA. Gives *out. */
MUST_CHECK enum err pki_trust_clients(struct pki *p, struct trust **out);

/* The table, for those who list it. NULL past the end. */
struct pki_description {
    const char *name, *folder, *issuer; /* issuer NULL: self-signed */
    enum cert_role role;
    enum ec_curve curve;
    const char *flaw;       /* one sentence; NULL: none intended */
    enum cert_flaw verdict; /* what a verifier with a clock and CRLs must find */
};
bool pki_describe(size_t index, struct pki_description *out);

/* Files. dir is made if need be; it must be empty or one that certs_make made (then only with `replace`).
 * Keys are 0600. Says what is wrong in one line on `errors`. ERR_EXISTS: somebody's files are there; ERR_IO. */
struct certs_options {
    int64_t epoch;              /* ms */
    const char *const *servers; /* further host names; NULL-terminated; NULL none */
    const char *const *clients; /* further operator clients */
    const char *const *eids;    /* further eUICCs, both curves */
    bool replace;
};
MUST_CHECK enum err certs_make(struct crypto *c, const char *dir, const struct certs_options *options,
                               FILE *errors);
/* Judges every certificate below dir as of `now` (CRLs applied) and prints a table, or JSON, with the verdict
 * expected and the one found, also whether the key beside it is its key. ERR_VERIFY when one differs;
 * ERR_NOT_FOUND: no certificates there. */
MUST_CHECK enum err certs_check(struct crypto *c, const char *dir, int64_t now, bool json, FILE *out,
                                FILE *errors);

/* "sgp32lab certs …": argv[0] is make, check or list. Returns the exit status (1: a check failed, 2: usage). */
int certs_command(int argc, char **argv);
#endif
