/* X.509 as RSP uses it: parse once (cached by hash), build the path to a pinned CI, judge the role.
 * Catalogue of roles, rules and who sees which flaw: SGP.22 4.5.2, SGP.26. */
#ifndef LAB_CRYPTO_X509_H
#define LAB_CRYPTO_X509_H

#include "crypto.h"

enum cert_role {
    CERT_CI, CERT_EUM, CERT_EUICC, CERT_DP_AUTH, CERT_DP_PB, CERT_DP_TLS, CERT_DS_AUTH, CERT_DS_TLS,
    CERT_EIM_SIGN, CERT_EIM_TLS, CERT_OPERATOR_CLIENT, CERT_TLS_SERVER,
};
const char *cert_role_name(enum cert_role r);

/* A parsed certificate, shared and read-only. From cert_load it stays valid until the struct crypto is freed; from
 * cert_borrow until it is given back. */
struct cert {
    struct span der;          /* owned by the cache */
    enum ec_curve curve;
    struct ec_point key;
    uint8_t sha256[32];       /* of der */
    uint8_t ski[20];          /* subjectKeyIdentifier, else SHA-1 of the key */
    uint8_t aki[20];
    bool has_aki;
    char oid[64];             /* SAN registeredID, "" when absent */
    char eid[33];             /* subject serialNumber, "" when absent */
    char organization[65], common_name[65];
    int64_t not_before, not_after; /* ms */
};
/* Parses or finds in the cache. ERR_PARSE; ERR_UNSUPPORTED: key on a curve RSP does not use, or another signature
 * algorithm; ERR_LIMIT: more than CERT_DER_MAX octets, or CERT_CACHE_MAX certificates that may not be forgotten. */
#define CERT_DER_MAX 8192
#define CERT_CACHE_MAX 65536
MUST_CHECK enum err cert_load(struct crypto *c, struct span der_or_pem, const struct cert **out);
/* The same for what others show us, of which there is no end: once given back it may be forgotten when the cache is full.
 * Every certificate borrowed is given back once; *out is NULL after a failure. */
MUST_CHECK enum err cert_borrow(struct crypto *c, struct span der_or_pem, const struct cert **out);
void cert_give_back(struct crypto *c, const struct cert *cert); /* NULL is harmless */

/* Why a path was refused; each verifier maps it to its own code. */
enum cert_flaw {
    CERT_FINE, CERT_BAD_ENCODING, CERT_UNKNOWN_CI, CERT_BAD_SIGNATURE, CERT_BAD_CURVE, CERT_WRONG_ROLE,
    CERT_WRONG_KEY_USAGE, CERT_NOT_A_CA, CERT_PATH_LENGTH, CERT_EXPIRED, CERT_NOT_YET_VALID,
    CERT_EID_OUTSIDE_RANGE, CERT_REVOKED, CERT_NAME_MISMATCH,
};
/* One plain sentence with the section. Static storage. */
const char *cert_flaw_text(enum cert_flaw f);
/* "unknown_ci", "expired": one word for logs, tables and tests. Static storage. */
const char *cert_flaw_name(enum cert_flaw f);
/* The flaw of a certificate that cert_load refused. */
enum cert_flaw cert_load_flaw(enum err e);

/* Pinned CIs and what to believe of them. Build once, then read-only. */
struct trust;
MUST_CHECK enum err trust_new(struct crypto *c, struct trust **out);
void trust_free(struct trust *t);
/* Adds a CI certificate (any that shares a key with it is accepted as anchor). */
MUST_CHECK enum err trust_add_ci(struct trust *t, struct span der_or_pem);
/* Adds a bare CI public key with its key identifier: what an eUICC stores. */
MUST_CHECK enum err trust_add_ci_key(struct trust *t, enum ec_curve curve, struct span point, struct span ski);
/* Adds a CRL signed by a known CI. ERR_VERIFY. */
MUST_CHECK enum err trust_add_crl(struct trust *t, struct span der);
/* A CRL as an eUICC keeps one by itself: whose it is and how new. A delta list adds to the one numbered `base`. */
struct crl_info {
    uint8_t ci[20];
    int64_t number, base;
    bool delta;
};
/* Reads it and verifies it with the key of a known CI. ERR_PARSE, ERR_UNSUPPORTED; ERR_NOT_FOUND: no known CI issued it;
 * ERR_VERIFY. */
MUST_CHECK enum err crl_read(const struct trust *t, struct span der, struct crl_info *out);
/* Does a list that crl_read accepted name this certificate? */
bool crl_lists_certificate(struct span der, const struct cert *c);
bool trust_knows_ci(const struct trust *t, struct span ski);
/* Key ids of the anchors, in the order they were added: for EUICCInfo1 and choosing a CI. */
size_t trust_ci_count(const struct trust *t);
struct span trust_ci_ski(const struct trust *t, size_t index);

struct cert_policy {
    int64_t now;            /* ms; CERT_NO_CLOCK for an eUICC, which has none */
    bool warn_eid_range;    /* EUM's name constraint: warn instead of refuse (real cards break it) */
};
#define CERT_NO_CLOCK INT64_MIN

/* Does the EUM permit this eUICC: organization equal, EID begins with the permitted prefix (catalogue C.4 rule 0)? For a
 * caller that only warns and wants to say so. */
bool cert_eid_permitted(const struct cert *euicc, const struct cert *eum);

/* Judges leaf (role) with the given intermediates (may be 0) up to a pinned CI: signatures, critical key usage, basic
 * constraints and path length, role OID, EUM range, validity, CRL. *ci gives the anchor's key id (20 octets, borrowed).
 * Returns the first flaw from the CI downwards, in each certificate: curve, signature, validity, CRL, names, CA, path
 * length, key usage, role, EID range. So judge the EUM alone first where its flaws have codes of their own: signature
 * verdicts are remembered, a repeated judgement computes none. A leaf that names no issuer key and is nobody's we know
 * is CERT_BAD_SIGNATURE; a chain up to a key or root that is not pinned is CERT_UNKNOWN_CI. ci may be NULL. */
enum cert_flaw cert_judge(struct trust *t, const struct cert *leaf, enum cert_role role,
                          const struct cert *const *intermediates, size_t count, const struct cert_policy *policy,
                          struct span *ci);
/* Does the certificate name this host (SAN dNSName, wildcard rules of RFC 6125; no CN fallback)? */
bool cert_names_host(const struct cert *c, const char *host);
/* Verifies an RSP signature with the certificate's key; like ec_verify, with the parsed key of the cache. */
MUST_CHECK enum err cert_verify(struct crypto *c, const struct cert *cert, const struct span *tbs, size_t count,
                                struct span signature);

/* Named bits of keyUsage as in its first octet (RFC 5280 4.2.1.3). */
enum cert_key_usage {
    CERT_USE_DIGITAL_SIGNATURE = 0x80, CERT_USE_KEY_ENCIPHERMENT = 0x20, CERT_USE_KEY_AGREEMENT = 0x08,
    CERT_USE_KEY_CERT_SIGN = 0x04, CERT_USE_CRL_SIGN = 0x02,
};
enum cert_purpose { CERT_PURPOSE_NONE = 0, CERT_PURPOSE_SERVER = 1, CERT_PURPOSE_CLIENT = 2 };

/* Issuing, for certs/: a row of the PKI description. */
struct cert_spec {
    enum cert_role role;
    const char *common_name, *organization, *country, *serial_number; /* NULL: left out */
    const char *organizational_unit;
    const char *registered_id;      /* SAN registeredID "2.999.10"; NULL none */
    const char *const *dns_names;   /* SAN; NULL-terminated; NULL none */
    const char *policy_oid;         /* overrides the role's; "" none; NULL the role's own */
    const char *permitted_organization, *permitted_eid_prefix; /* EUM name constraint */
    int path_length;                /* CA only; -1 none */
    unsigned key_usage;             /* 0: the role's own; else CERT_USE_* bits */
    unsigned purposes;              /* 0: the role's own; else CERT_PURPOSE_* bits */
    struct span public_key_info;    /* replaces the subject's whole SubjectPublicKeyInfo; empty: none */
    int64_t not_before, not_after;  /* ms */
    uint8_t serial[8];
    const char *crl_url;            /* NULL none */
    bool break_signature;           /* the flaw "altered signature" */
};
/* Issues a certificate for `subject`'s point, signed by issuer_key (NULL issuer: self-signed). Appends DER. */
MUST_CHECK enum err cert_issue(struct crypto *c, const struct cert_spec *spec, enum ec_curve curve,
                               const struct ec_point *subject, const struct cert *issuer,
                               const struct ec_key *issuer_key, struct buf *der);
/* Issues a CRL over serials (8 octets each). Appends DER. */
MUST_CHECK enum err crl_issue(struct crypto *c, const struct cert *issuer, const struct ec_key *issuer_key,
                              const uint8_t (*serials)[8], size_t count, int64_t this_update, int64_t next_update,
                              unsigned number, struct buf *der);
/* PEM "EC PRIVATE KEY" / "CERTIFICATE" text for files. */
MUST_CHECK enum err ec_key_put_pem(const struct ec_key *k, struct buf *pem);
MUST_CHECK enum err cert_put_pem(struct span der, struct buf *pem);
#endif
