/* What the x509_*.c files share. */
#ifndef LAB_CRYPTO_X509_INTERNAL_H
#define LAB_CRYPTO_X509_INTERNAL_H

#include "clock.h"
#include "crypto_internal.h"
#include "der.h"
#include "x509.h"

/* ecdsa-with-SHA256, the only signature algorithm of SGP.22 2.6.7.1, as AlgorithmIdentifier. */
#define ECDSA_WITH_SHA256 SPAN(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)

/* The verdict over one signature: by which key it was tried last. */
struct signature_verdict {
    bool known, good;
    enum ec_curve curve;
    struct ec_point key;
};

/* What judging needs besides the public part. Spans lie in the entry's own DER; empty: absent. */
struct cert_entry {
    struct cert cert; /* first: a struct cert of ours is one of these */
    struct cert_entry *next;
    struct span tbs, serial, issuer, subject;
    uint8_t signature[64];
    bool signature_readable;
    bool has_ski, unknown_critical;
    bool ca, ca_critical;
    int path_length; /* -1: none */
    unsigned key_usage, purposes;
    bool key_usage_critical;
    struct span policies, alternative_names, name_constraints, permitted_eins; /* extension values */
    bool policies_critical;
    /* Under crypto's certs_lock. */
    struct signature_verdict verdict;
    bool kept;         /* somebody loaded it for good */
    unsigned borrowed; /* how many have it at this moment */
    uint8_t der[];
};

static inline const struct cert_entry *cert_entry_of(const struct cert *c)
{
    return (const struct cert_entry *)c;
}

/* Reads entry->cert.der into all other fields but sha256 and a missing ski. */
MUST_CHECK enum err cert_parse(struct cert_entry *entry);
/* r || s from a SEQUENCE of two INTEGERs; false when it is none of 32 octets each. */
bool cert_signature_read(struct span der, uint8_t plain[64]);
/* The attribute 2.5.4.`type` of a Name, as text without end mark. ERR_NOT_FOUND. */
MUST_CHECK enum err name_attribute(struct span name, uint8_t type, struct span *out);
/* Verifies the entry's signature with this key, or remembers having done so. */
bool cert_signed_by(struct crypto *c, const struct cert_entry *entry, enum ec_curve curve,
                    const struct ec_point *key);

/* What a role demands of a certificate (SGP.22 4.5.2.1, catalogue C.2). */
struct role_rule {
    const char *name;
    bool rsp; /* of RSP's own hierarchy: one curve, critical key usage and policies */
    bool ca, policy_critical, registered_id;
    unsigned key_usage, purposes;
    const char *policies[3]; /* any of these; none: not asked for */
};
const struct role_rule *role_rule_of(enum cert_role role);
/* Does the certificate carry this policy, exactly? */
bool cert_has_policy(const struct cert_entry *entry, const char *oid);

struct trust_anchor {
    enum ec_curve curve;
    struct ec_point key;
    uint8_t ski[20];
    const struct cert_entry *cert; /* NULL: a bare key */
};
struct trust_crl {
    size_t anchor;
    struct buf der;
    struct span revoked; /* contents of revokedCertificates */
};
struct trust {
    struct crypto *crypto;
    struct trust_anchor *anchors;
    size_t count;
    struct trust_crl *crls;
    size_t crl_count;
};
bool trust_revoked(const struct trust *t, const struct trust_anchor *anchor, struct span serial);
#endif
