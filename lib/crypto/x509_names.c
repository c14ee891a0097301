/* Names: what roles, flaws and certificates are called; host names; the EUM's rule over EIDs. */
#include <string.h>
#include <strings.h>

#include "x509_internal.h"

#define SGP26 "2.23.146.1.2.1."
#define SIGN CERT_USE_DIGITAL_SIGNATURE

/* Catalogue C.2: the policies of variant O and of the v3 variants. */
static const struct role_rule role_rules[] = {
    [CERT_CI] = { "CI",
                  true,
                  true,
                  true,
                  false,
                  CERT_USE_KEY_CERT_SIGN | CERT_USE_CRL_SIGN,
                  0,
                  { SGP26 "0" } },
    [CERT_EUM] = { "EUM", true, true, true, false, CERT_USE_KEY_CERT_SIGN, 0, { SGP26 "2", SGP26 "0.0.0" } },
    [CERT_EUICC] = { "eUICC", true, false, true, false, SIGN, 0, { SGP26 "1", SGP26 "0.0.0.0.0" } },
    [CERT_DP_AUTH] = { "SM-DP+ authentication",
                       true,
                       false,
                       true,
                       true,
                       SIGN,
                       0,
                       { SGP26 "4", SGP26 "0.0.1.1" } },
    [CERT_DP_PB] = { "SM-DP+ profile binding",
                     true,
                     false,
                     true,
                     true,
                     SIGN,
                     0,
                     { SGP26 "5", SGP26 "0.0.1.2" } },
    [CERT_DP_TLS] = { "SM-DP+ TLS",
                      false,
                      false,
                      false,
                      true,
                      SIGN,
                      CERT_PURPOSE_SERVER,
                      { SGP26 "3", SGP26 "0.0.1.0" } },
    [CERT_DS_AUTH] = { "SM-DS authentication",
                       true,
                       false,
                       true,
                       true,
                       SIGN,
                       0,
                       { SGP26 "7", SGP26 "0.0.2.1" } },
    [CERT_DS_TLS] = { "SM-DS TLS",
                      false,
                      false,
                      false,
                      true,
                      SIGN,
                      CERT_PURPOSE_SERVER,
                      { SGP26 "6", SGP26 "0.0.2.0" } },
    [CERT_EIM_SIGN] = { "eIM signing", true, false, false, false, SIGN, 0, { 0 } },
    [CERT_EIM_TLS] = { "eIM TLS", false, false, false, false, SIGN, CERT_PURPOSE_SERVER, { 0 } },
    [CERT_OPERATOR_CLIENT] = { "operator client",
                               false,
                               false,
                               false,
                               false,
                               SIGN,
                               CERT_PURPOSE_CLIENT,
                               { 0 } },
    [CERT_TLS_SERVER] = { "TLS server", false, false, false, false, SIGN, CERT_PURPOSE_SERVER, { 0 } },
};

const struct role_rule *role_rule_of(enum cert_role role) { return &role_rules[role]; }

const char *cert_role_name(enum cert_role r)
{
    return (size_t)r < COUNT(role_rules) ? role_rules[r].name : "unknown role";
}

static const struct {
    const char *name, *text;
} flaws[] = {
    [CERT_FINE] = { "fine", "the chain is in order" },
    [CERT_BAD_ENCODING] = { "bad_encoding", "not a readable certificate, or a critical extension is unknown "
                                            "(RFC 5280 4.2)" },
    [CERT_UNKNOWN_CI] = { "unknown_ci", "the chain ends at a key that is not pinned (SGP.22 4.5.2.2)" },
    [CERT_BAD_SIGNATURE] = { "bad_signature", "not signed by the certificate above it (SGP.22 4.5.2.2)" },
    [CERT_BAD_CURVE] = { "bad_curve",
                         "its key is on a curve that is not supported or not its CI's (SGP.22 2.6.7)" },
    [CERT_WRONG_ROLE] = { "wrong_role",
                          "its policy is not exactly the role's, or not critical (SGP.22 4.5.2.1)" },
    [CERT_WRONG_KEY_USAGE] = { "wrong_key_usage", "its key usage does not allow what the role does "
                                                  "(SGP.22 4.5.2.1)" },
    [CERT_NOT_A_CA] = { "not_a_ca", "an issuer is not marked as a certificate authority (RFC 5280 4.2.1.9)" },
    [CERT_PATH_LENGTH] = { "path_length",
                           "more authorities below than an issuer permits (RFC 5280 4.2.1.9)" },
    [CERT_EXPIRED] = { "expired", "its validity is over (SGP.22 4.5.2.1)" },
    [CERT_NOT_YET_VALID] = { "not_yet_valid", "its validity has not begun (SGP.22 4.5.2.1)" },
    [CERT_EID_OUTSIDE_RANGE] = { "eid_outside_range",
                                 "the EUM's name constraint does not permit this organization "
                                 "and EID (SGP.22 4.5.2.1.0.2)" },
    [CERT_REVOKED] = { "revoked", "its issuer's revocation list names it (SGP.22 4.6)" },
    [CERT_NAME_MISMATCH] = { "name_mismatch", "it does not carry the name that is expected" },
};

const char *cert_flaw_text(enum cert_flaw f)
{
    return (size_t)f < COUNT(flaws) ? flaws[f].text : "unknown flaw";
}

const char *cert_flaw_name(enum cert_flaw f) { return (size_t)f < COUNT(flaws) ? flaws[f].name : "unknown"; }

enum cert_flaw cert_load_flaw(enum err e)
{
    return e == ERR_OK ? CERT_FINE : e == ERR_UNSUPPORTED ? CERT_BAD_CURVE : CERT_BAD_ENCODING;
}

bool cert_has_policy(const struct cert_entry *entry, const char *oid)
{
    char text[128];
    struct der d = der_open(entry->policies);
    struct der_tlv information, id;
    while (!der_at_end(&d))
        if (der_expect(&d, 0x30, &information) || der_find(information.value, 0x06, &id) ||
            der_oid_text(id.value, text))
            return false;
        else if (strcmp(text, oid) == 0)
            return true;
    return false;
}

static bool begins_with(const char *text, struct span prefix)
{
    return prefix.len && strlen(text) >= prefix.len && memcmp(text, prefix.at, prefix.len) == 0;
}

/* One permitted directoryName: its organization is equal and its serialNumber is a prefix of the EID. */
static bool subtree_permits(struct span subtree, const struct cert *euicc)
{
    struct der_tlv directory, name;
    struct span organization, prefix;
    if (der_find(subtree, 0xa4, &directory) || der_only(directory.value, 0x30, &name))
        return false;
    return name_attribute(name.value, 0x0a, &organization) == ERR_OK &&
           name_attribute(name.value, 0x05, &prefix) == ERR_OK &&
           span_equal(organization, span_str(euicc->organization)) && begins_with(euicc->eid, prefix);
}

static bool eins_permit(struct span eins, const struct cert *euicc)
{
    struct der d = der_open(eins);
    struct der_tlv prefix;
    while (!der_at_end(&d))
        if (der_next(&d, &prefix))
            return false;
        else if (begins_with(euicc->eid, prefix.value))
            return true;
    return false;
}

bool cert_eid_permitted(const struct cert *euicc, const struct cert *eum)
{
    const struct cert_entry *issuer = cert_entry_of(eum);
    struct der_tlv permitted, subtree;
    if (eins_permit(issuer->permitted_eins, euicc))
        return true;
    if (der_find(issuer->name_constraints, 0xa0, &permitted))
        return false;
    struct der d = der_open(permitted.value);
    while (!der_at_end(&d))
        if (der_expect(&d, 0x30, &subtree))
            return false;
        else if (subtree_permits(subtree.value, euicc))
            return true;
    return false;
}

static bool same_letters(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

/* RFC 6125 6.4.3: "*" alone as the leftmost label stands for exactly one label, and never right below the
 * root. */
static bool dns_name_matches(struct span name, const char *host, size_t host_len)
{
    const char *pattern = (const char *)name.at;
    if (name.len == 0 || memchr(pattern, 0, name.len))
        return false;
    if (same_letters(pattern, name.len, host, host_len))
        return true;
    const char *dot = memchr(host, '.', host_len);
    if (name.len < 3 || pattern[0] != '*' || pattern[1] != '.' || !memchr(pattern + 2, '.', name.len - 2) ||
        !dot || dot == host)
        return false;
    return same_letters(pattern + 1, name.len - 1, dot, host_len - (size_t)(dot - host));
}

bool cert_names_host(const struct cert *c, const char *host)
{
    struct der d = der_open(cert_entry_of(c)->alternative_names);
    struct der_tlv name;
    size_t len = strlen(host);
    if (len && host[len - 1] == '.')
        len--;
    while (!der_at_end(&d) && der_next(&d, &name) == ERR_OK)
        if (name.tag == 0x82 && dns_name_matches(name.value, host, len))
            return true;
    return false;
}
