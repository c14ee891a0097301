/* The description of the PKI: one row a certificate. Fields as in SGP.26 where it has such a certificate. */
#include <string.h>

#include "pki_internal.h"

/* GSMA publishes the private keys of the Test CI with SGP.26, so that everybody can issue certificates that
 * SGP.26 test cards accept. They protect nothing. */
#define TEST_CI_KEY_NIST "aae525060635a4bc32e9c4b9b4dd00c97ab7bdb9c622fd175cc728a2934d744e"
#define TEST_CI_KEY_BRP "3586b39571d97cf9635ed85a7450e2d25899310943da2cb1fd8a1e674b6bf6f4"
#define TEST_CI_SERIAL 0xB874F3ABFA6C44D3u

#define CI "CERT_CI"
#define FOREIGN_CI "CERT_CI_FOREIGN"
#define EUM "CERT_EUM"
#define OPERATOR_CA "CERT_OPERATOR_CA"

#define NIST(base) .name = base "_ECDSA_NIST", .curve = EC_P256
#define BRP(base) .name = base "_ECDSA_BRP", .curve = EC_BRAINPOOL_P256R1
/* A flawed one, on P-256. */
#define FLAWED(base, suffix, why, found)                                                                     \
    .name = base "_ECDSA_NIST_" suffix, .folder = "invalid", .curve = EC_P256, .flaw = why, .verdict = found
#define TLS(base) .name = base, .curve = EC_P256
#define FLAWED_TLS(base, suffix, why, found)                                                                 \
    .name = base "_" suffix, .folder = "invalid", .curve = EC_P256, .flaw = why, .verdict = found

#define BELOW_NIST(issuer_base) .issuer = issuer_base "_ECDSA_NIST"
#define BELOW_BRP(issuer_base) .issuer = issuer_base "_ECDSA_BRP"

#define SINCE_YESTERDAY(n) .from = -1, .days = (n)
#define TLS_DAYS 398 /* SGP.26, and what browsers accept */
#define YEARS(n) ((n)*365)

/* Who they are. */
#define IS_TEST_CI                                                                                           \
    .folder = "CertificateIssuer", .role = CERT_CI, .common_name = "Test CI",                                \
    .organizational_unit = "TESTCERT", .organization = "RSPTEST", .country = "IT",                           \
    .registered_id = "2.999.1", .serial = TEST_CI_SERIAL
#define IS_FOREIGN_CI                                                                                        \
    .folder = "CertificateIssuer", .role = CERT_CI, .common_name = "Foreign CI", .organization = "FOREIGN",  \
    .country = "XX", .registered_id = "2.999.99", SINCE_YESTERDAY(YEARS(35))
#define IS_EUM IS_EUM_CALLED("EUM Test")
#define IS_EUM_CALLED(called)                                                                                \
    .role = CERT_EUM, .common_name = called, .organization = "RSP Test EUM", .country = "ES",                \
    .registered_id = "2.999.5", .eid_prefix = "89049032"
/* The EID is the SGP.26 test card's. */
#define EID_OF_TEST_CARD "89049032123451234512345678901235"
#define IS_EUICC                                                                                             \
    .role = CERT_EUICC, .common_name = "Test eUICC", .organization = "RSP Test EUM", .country = "ES"
#define IS_DPAUTH .role = CERT_DP_AUTH, .common_name = "TEST SM-DP+", .organization = "ACME"
#define IS_DPPB .role = CERT_DP_PB, .common_name = "TEST SM-DP+", .organization = "ACME"
#define IS_DP2AUTH                                                                                           \
    .folder = "DPauth", .role = CERT_DP_AUTH, .common_name = "TEST SM-DP+2", .organization = "ACME"
#define IS_DP2PB .folder = "DPpb", .role = CERT_DP_PB, .common_name = "TEST SM-DP+2", .organization = "ACME"
#define IS_DSAUTH                                                                                            \
    .folder = "DSauth", .role = CERT_DS_AUTH, .common_name = "TEST SM-DS", .organization = "ACME"
#define IS_EIM .role = CERT_EIM_SIGN, .common_name = "eim.example.com", .country = "DE"
#define DP_OID .registered_id = "2.999.10"
#define DP2_OID .registered_id = "2.999.12"
#define DS_OID .registered_id = "2.999.15"

#define IS_DP_TLS .role = CERT_DP_TLS, .organization = "ACME", DP_OID, .common_name = "smdp.example.com"
#define DP_NAMES .dns = { "smdp.example.com", "testsmdpplus1.example.com" }
#define IS_EIM_TLS                                                                                           \
    .role = CERT_EIM_TLS, .organization = "sgp32lab", .registered_id = "2.999.20",                           \
    .common_name = "eim.example.com"
#define EIM_NAMES .dns = { "eim.example.com" }
#define BOTH_PURPOSES .purposes = CERT_PURPOSE_SERVER | CERT_PURPOSE_CLIENT
#define IS_OPERATOR(who)                                                                                     \
    .role = CERT_OPERATOR_CLIENT, .organization = "sgp32lab", .common_name = who, .issuer = OPERATOR_CA

const struct pki_row pki_rows[] = {
    /* Roots. */
    { NIST(CI), IS_TEST_CI, .published_key = TEST_CI_KEY_NIST },
    { BRP(CI), IS_TEST_CI, .published_key = TEST_CI_KEY_BRP },
    { NIST(FOREIGN_CI), IS_FOREIGN_CI, .flaw = "nobody pins this CI", .verdict = CERT_UNKNOWN_CI },
    { BRP(FOREIGN_CI), IS_FOREIGN_CI, .flaw = "nobody pins this CI", .verdict = CERT_UNKNOWN_CI },
    { .name = OPERATOR_CA,
      .folder = "Operator",
      .curve = EC_P256,
      .role = CERT_CI,
      .policy = "",
      .common_name = "Operator CA",
      .organization = "sgp32lab",
      SINCE_YESTERDAY(YEARS(10)) },

    /* Cards. */
    { NIST(EUM), .folder = "EUM", BELOW_NIST(CI), IS_EUM, .no_ca_below = true, SINCE_YESTERDAY(YEARS(34)) },
    { BRP(EUM), .folder = "EUM", BELOW_BRP(CI), IS_EUM, .no_ca_below = true, SINCE_YESTERDAY(YEARS(34)) },
    { NIST("CERT_EUICC"), .folder = "eUICC", BELOW_NIST(EUM), IS_EUICC, .serial_number = EID_OF_TEST_CARD,
      SINCE_YESTERDAY(2000000) },
    { BRP("CERT_EUICC"), .folder = "eUICC", BELOW_BRP(EUM), IS_EUICC, .serial_number = EID_OF_TEST_CARD,
      SINCE_YESTERDAY(2000000) },

    /* Servers, for RSP. */
    { NIST("CERT_S_SM_DPauth"), .folder = "DPauth", BELOW_NIST(CI), IS_DPAUTH, DP_OID,
      SINCE_YESTERDAY(YEARS(10)) },
    { BRP("CERT_S_SM_DPauth"), .folder = "DPauth", BELOW_BRP(CI), IS_DPAUTH, DP_OID,
      SINCE_YESTERDAY(YEARS(10)) },
    { NIST("CERT_S_SM_DPpb"), .folder = "DPpb", BELOW_NIST(CI), IS_DPPB, DP_OID, SINCE_YESTERDAY(YEARS(10)),
      .same_oid_as = "CERT_S_SM_DPauth_ECDSA_NIST" },
    { BRP("CERT_S_SM_DPpb"), .folder = "DPpb", BELOW_BRP(CI), IS_DPPB, DP_OID, SINCE_YESTERDAY(YEARS(10)),
      .same_oid_as = "CERT_S_SM_DPauth_ECDSA_BRP" },
    { NIST("CERT_S_SM_DP2auth"), BELOW_NIST(CI), IS_DP2AUTH, DP2_OID, SINCE_YESTERDAY(YEARS(10)) },
    { BRP("CERT_S_SM_DP2auth"), BELOW_BRP(CI), IS_DP2AUTH, DP2_OID, SINCE_YESTERDAY(YEARS(10)) },
    { NIST("CERT_S_SM_DP2pb"), BELOW_NIST(CI), IS_DP2PB, DP2_OID, SINCE_YESTERDAY(YEARS(10)),
      .same_oid_as = "CERT_S_SM_DP2auth_ECDSA_NIST" },
    { BRP("CERT_S_SM_DP2pb"), BELOW_BRP(CI), IS_DP2PB, DP2_OID, SINCE_YESTERDAY(YEARS(10)),
      .same_oid_as = "CERT_S_SM_DP2auth_ECDSA_BRP" },
    { NIST("CERT_S_SM_DSauth"), BELOW_NIST(CI), IS_DSAUTH, DS_OID, SINCE_YESTERDAY(YEARS(10)) },
    { BRP("CERT_S_SM_DSauth"), BELOW_BRP(CI), IS_DSAUTH, DS_OID, SINCE_YESTERDAY(YEARS(10)) },
    { NIST("CERT_S_EIMsign"), .folder = "EIM", BELOW_NIST(CI), IS_EIM, SINCE_YESTERDAY(YEARS(7)) },
    { BRP("CERT_S_EIMsign"), .folder = "EIM", BELOW_BRP(CI), IS_EIM, SINCE_YESTERDAY(YEARS(7)) },

    /* Servers, for TLS: P-256 only. */
    { TLS("CERT_S_SM_DP_TLS_NIST"), .folder = "DPtls", BELOW_NIST(CI), IS_DP_TLS, DP_NAMES, BOTH_PURPOSES,
      SINCE_YESTERDAY(TLS_DAYS), .host = "smdp.example.com" },
    { TLS("CERT_S_SM_DP2_TLS"), .folder = "DPtls", BELOW_NIST(CI), .role = CERT_DP_TLS,
      .organization = "ACME", DP2_OID, .common_name = "smdp2.example.com",
      .dns = { "smdp2.example.com", "testsmdpplus2.example.com" }, BOTH_PURPOSES, SINCE_YESTERDAY(TLS_DAYS),
      .host = "smdp2.example.com" },
    { TLS("CERT_S_SM_DS_TLS"), .folder = "DStls", BELOW_NIST(CI), .role = CERT_DS_TLS, .organization = "ACME",
      DS_OID, .common_name = "smds.example.com", .dns = { "smds.example.com", "testrootsmds.example.com" },
      BOTH_PURPOSES, SINCE_YESTERDAY(TLS_DAYS), .host = "smds.example.com" },
    { TLS("CERT_S_EIM_TLS_NIST"), .folder = "EIM", BELOW_NIST(CI), IS_EIM_TLS, EIM_NAMES, BOTH_PURPOSES,
      SINCE_YESTERDAY(TLS_DAYS), .host = "eim.example.com" },
    { TLS("CERT_S_ESO_TLS"), .folder = "TLS", BELOW_NIST(CI), .role = CERT_TLS_SERVER,
      .organization = "sgp32lab", .common_name = "eso.example.com", .dns = { "eso.example.com" },
      SINCE_YESTERDAY(TLS_DAYS), .host = "eso.example.com" },
    { TLS("CERT_S_LOCALHOST_TLS"), .folder = "TLS", BELOW_NIST(CI), .role = CERT_TLS_SERVER,
      .organization = "sgp32lab", .common_name = "localhost", .dns = { "localhost" },
      SINCE_YESTERDAY(TLS_DAYS), .host = "localhost" },

    /* Clients of ES2+ and of administrative interfaces. */
    { TLS("CERT_OPERATOR_ESO"), .folder = "Operator", IS_OPERATOR("eso"), SINCE_YESTERDAY(TLS_DAYS) },
    { TLS("CERT_OPERATOR_ADMIN"), .folder = "Operator", IS_OPERATOR("admin"), SINCE_YESTERDAY(TLS_DAYS) },
    { TLS("CERT_OPERATOR_SMDP"), .folder = "Operator", IS_OPERATOR("smdp"), SINCE_YESTERDAY(TLS_DAYS) },

    /* Flawed cards and EUMs. The first three names are SGP.23's. */
    { FLAWED("CERT_EUICC", "EXPIRED", "expired", CERT_EXPIRED), BELOW_NIST(EUM), IS_EUICC,
      .serial_number = EID_OF_TEST_CARD, .from = -YEARS(10), .days = YEARS(5) },
    { FLAWED("CERT_EUICC", "INVALID_EID", "an EID outside the EUM's range", CERT_EID_OUTSIDE_RANGE),
      BELOW_NIST(EUM), IS_EUICC, .serial_number = "89049033123451234512345678901234",
      SINCE_YESTERDAY(YEARS(30)) },
    { FLAWED("CERT_EUM", "EXPIRED", "expired", CERT_EXPIRED), BELOW_NIST(CI), IS_EUM, .no_ca_below = true,
      .from = -YEARS(10), .days = YEARS(5) },
    { FLAWED("CERT_EUICC", "BELOW_EXPIRED_EUM", "its EUM's certificate is expired", CERT_EXPIRED),
      .issuer = "CERT_EUM_ECDSA_NIST_EXPIRED", IS_EUICC, .serial_number = EID_OF_TEST_CARD,
      SINCE_YESTERDAY(YEARS(30)) },
    { FLAWED("CERT_EUICC", "NOT_YET_VALID", "valid in a year", CERT_NOT_YET_VALID), BELOW_NIST(EUM), IS_EUICC,
      .serial_number = EID_OF_TEST_CARD, .from = YEARS(1), .days = YEARS(5) },
    { FLAWED("CERT_EUICC", "ALTERED", "its signature was altered", CERT_BAD_SIGNATURE), BELOW_NIST(EUM),
      IS_EUICC, .serial_number = EID_OF_TEST_CARD, SINCE_YESTERDAY(YEARS(30)), .altered = true },
    { FLAWED("CERT_EUICC", "CA_USAGE", "may only certify", CERT_WRONG_KEY_USAGE), BELOW_NIST(EUM), IS_EUICC,
      .serial_number = EID_OF_TEST_CARD, SINCE_YESTERDAY(YEARS(30)), .key_usage = CERT_USE_KEY_CERT_SIGN },
    { FLAWED("CERT_EUM", "UNKNOWN_CI", "below a CI that nobody pins", CERT_UNKNOWN_CI),
      BELOW_NIST(FOREIGN_CI), IS_EUM, .no_ca_below = true, SINCE_YESTERDAY(YEARS(34)) },
    { FLAWED("CERT_EUICC", "UNKNOWN_CI", "its EUM is below a CI that nobody pins", CERT_UNKNOWN_CI),
      .issuer = "CERT_EUM_ECDSA_NIST_UNKNOWN_CI", IS_EUICC, .serial_number = EID_OF_TEST_CARD,
      SINCE_YESTERDAY(YEARS(30)) },
    { FLAWED("CERT_EUM", "REVOKED", "on the CI's revocation list", CERT_REVOKED), BELOW_NIST(CI), IS_EUM,
      .no_ca_below = true, SINCE_YESTERDAY(YEARS(34)), .revoked = true },
    { FLAWED("CERT_EUICC", "BELOW_REVOKED_EUM", "its EUM is on the CI's revocation list", CERT_REVOKED),
      .issuer = "CERT_EUM_ECDSA_NIST_REVOKED", IS_EUICC, .serial_number = EID_OF_TEST_CARD,
      SINCE_YESTERDAY(YEARS(30)) },
    { FLAWED("CERT_EUM", "BELOW_EUM", "an EUM below an EUM whose path length is 0", CERT_PATH_LENGTH),
      BELOW_NIST(EUM), IS_EUM_CALLED("EUM below EUM"), .no_ca_below = true, SINCE_YESTERDAY(YEARS(34)) },
    { FLAWED("CERT_EUICC", "PATH_LENGTH", "one authority too many above it", CERT_PATH_LENGTH),
      .issuer = "CERT_EUM_ECDSA_NIST_BELOW_EUM", IS_EUICC, .serial_number = EID_OF_TEST_CARD,
      SINCE_YESTERDAY(YEARS(30)) },

    /* Flawed servers, as a card sees them. */
    { FLAWED("CERT_S_SM_DPauth", "ROLE_OF_PB", "carries DPpb's role", CERT_WRONG_ROLE), BELOW_NIST(CI),
      IS_DPAUTH, DP_OID, SINCE_YESTERDAY(YEARS(10)), .policy = "2.23.146.1.2.1.5" },
    { FLAWED("CERT_S_SM_DPpb", "ROLE_OF_AUTH", "carries DPauth's role", CERT_WRONG_ROLE), BELOW_NIST(CI),
      IS_DPPB, DP_OID, SINCE_YESTERDAY(YEARS(10)), .policy = "2.23.146.1.2.1.4" },
    { FLAWED("CERT_S_SM_DPpb", "OTHER_OID", "not the registered id of its DPauth", CERT_NAME_MISMATCH),
      BELOW_NIST(CI), IS_DPPB, .registered_id = "2.999.11", SINCE_YESTERDAY(YEARS(10)),
      .same_oid_as = "CERT_S_SM_DPauth_ECDSA_NIST" },
    { FLAWED("CERT_S_SM_DPauth", "UNKNOWN_CI", "below a CI that nobody pins", CERT_UNKNOWN_CI),
      BELOW_NIST(FOREIGN_CI), IS_DPAUTH, DP_OID, SINCE_YESTERDAY(YEARS(10)) },
    { FLAWED("CERT_S_SM_DPpb", "UNKNOWN_CI", "below a CI that nobody pins", CERT_UNKNOWN_CI),
      BELOW_NIST(FOREIGN_CI), IS_DPPB, DP_OID, SINCE_YESTERDAY(YEARS(10)) },
    { FLAWED("CERT_S_SM_DPauth", "ALTERED", "its signature was altered", CERT_BAD_SIGNATURE), BELOW_NIST(CI),
      IS_DPAUTH, DP_OID, SINCE_YESTERDAY(YEARS(10)), .altered = true },
    { FLAWED("CERT_S_SM_DPpb", "ALTERED", "its signature was altered", CERT_BAD_SIGNATURE), BELOW_NIST(CI),
      IS_DPPB, DP_OID, SINCE_YESTERDAY(YEARS(10)), .altered = true },
    { FLAWED("CERT_S_SM_DPauth", "KEY_USAGE", "for key agreement only", CERT_WRONG_KEY_USAGE), BELOW_NIST(CI),
      IS_DPAUTH, DP_OID, SINCE_YESTERDAY(YEARS(10)), .key_usage = CERT_USE_KEY_AGREEMENT },
    { FLAWED("CERT_S_SM_DPauth", "CA_USAGE", "may only certify", CERT_WRONG_KEY_USAGE), BELOW_NIST(CI),
      IS_DPAUTH, DP_OID, SINCE_YESTERDAY(YEARS(10)), .key_usage = CERT_USE_KEY_CERT_SIGN },
    { FLAWED("CERT_S_SM_DPauth", "EXPIRED", "expired; a card, having no clock, cannot see it", CERT_EXPIRED),
      BELOW_NIST(CI), IS_DPAUTH, DP_OID, .from = -YEARS(10), .days = YEARS(5) },
    { FLAWED("CERT_S_SM_DPauth", "REVOKED", "on the CI's revocation list", CERT_REVOKED), BELOW_NIST(CI),
      IS_DPAUTH, DP_OID, SINCE_YESTERDAY(YEARS(10)), .revoked = true },
    { FLAWED("CERT_S_SM_DPauth", "P384_KEY", "a key on P-384", CERT_BAD_CURVE), BELOW_NIST(CI), IS_DPAUTH,
      DP_OID, SINCE_YESTERDAY(YEARS(10)), .p384 = true },
    { FLAWED("CERT_S_EIMsign", "UNKNOWN_CI", "below a CI that nobody pins", CERT_UNKNOWN_CI),
      BELOW_NIST(FOREIGN_CI), IS_EIM, SINCE_YESTERDAY(YEARS(7)) },
    { FLAWED("CERT_S_EIMsign", "CA_USAGE", "may only certify", CERT_WRONG_KEY_USAGE), BELOW_NIST(CI), IS_EIM,
      SINCE_YESTERDAY(YEARS(7)), .key_usage = CERT_USE_KEY_CERT_SIGN },

    /* Flawed TLS, as a client sees it. */
    { FLAWED_TLS("CERT_S_SM_DP_TLS_NIST", "EXPIRED", "expired", CERT_EXPIRED), BELOW_NIST(CI), IS_DP_TLS,
      DP_NAMES, BOTH_PURPOSES, .from = -TLS_DAYS - 30, .days = TLS_DAYS, .host = "smdp.example.com" },
    { FLAWED_TLS("CERT_S_SM_DP_TLS_NIST", "MISNAMED", "another host's name", CERT_NAME_MISMATCH),
      BELOW_NIST(CI), IS_DP_TLS, .dns = { "misnamed.example.com" }, BOTH_PURPOSES, SINCE_YESTERDAY(TLS_DAYS),
      .host = "smdp.example.com" },
    { FLAWED_TLS("CERT_S_SM_DP_TLS_NIST", "WRONG_EKU", "for clients only", CERT_WRONG_KEY_USAGE),
      BELOW_NIST(CI), IS_DP_TLS, DP_NAMES, .purposes = CERT_PURPOSE_CLIENT, SINCE_YESTERDAY(TLS_DAYS),
      .host = "smdp.example.com" },
    { FLAWED_TLS("CERT_S_SM_DP_TLS_NIST", "UNKNOWN_CI", "below a CI that nobody pins", CERT_UNKNOWN_CI),
      BELOW_NIST(FOREIGN_CI), IS_DP_TLS, DP_NAMES, BOTH_PURPOSES, SINCE_YESTERDAY(TLS_DAYS),
      .host = "smdp.example.com" },
    { FLAWED_TLS("CERT_S_EIM_TLS_NIST", "EXPIRED", "expired", CERT_EXPIRED), BELOW_NIST(CI), IS_EIM_TLS,
      EIM_NAMES, BOTH_PURPOSES, .from = -TLS_DAYS - 30, .days = TLS_DAYS, .host = "eim.example.com" },
    { FLAWED_TLS("CERT_S_EIM_TLS_NIST", "MISNAMED", "another host's name", CERT_NAME_MISMATCH),
      BELOW_NIST(CI), IS_EIM_TLS, .dns = { "misnamed.example.com" }, BOTH_PURPOSES, SINCE_YESTERDAY(TLS_DAYS),
      .host = "eim.example.com" },
    { FLAWED_TLS("CERT_OPERATOR_ESO", "EXPIRED", "expired", CERT_EXPIRED), IS_OPERATOR("eso"),
      .from = -TLS_DAYS - 30, .days = TLS_DAYS },
    { FLAWED_TLS("CERT_OPERATOR_ESO", "SERVER_ONLY", "for servers only", CERT_WRONG_KEY_USAGE),
      IS_OPERATOR("eso"), .purposes = CERT_PURPOSE_SERVER, SINCE_YESTERDAY(TLS_DAYS) },
};
const size_t pki_row_count = COUNT(pki_rows);

const struct pki_row *pki_row_named(const char *name)
{
    for (size_t i = 0; i < pki_row_count; i++)
        if (strcmp(pki_rows[i].name, name) == 0)
            return &pki_rows[i];
    return NULL;
}

/* id-ecPublicKey, secp384r1, and as the point the curve's base point: nobody signs with it. */
struct span pki_p384_key(void)
{
    static const uint8_t info[] = {
        0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05,
        0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04, 0xaa, 0x87, 0xca, 0x22, 0xbe, 0x8b,
        0x05, 0x37, 0x8e, 0xb1, 0xc7, 0x1e, 0xf3, 0x20, 0xad, 0x74, 0x6e, 0x1d, 0x3b, 0x62, 0x8b,
        0xa7, 0x9b, 0x98, 0x59, 0xf7, 0x41, 0xe0, 0x82, 0x54, 0x2a, 0x38, 0x55, 0x02, 0xf2, 0x5d,
        0xbf, 0x55, 0x29, 0x6c, 0x3a, 0x54, 0x5e, 0x38, 0x72, 0x76, 0x0a, 0xb7, 0x36, 0x17, 0xde,
        0x4a, 0x96, 0x26, 0x2c, 0x6f, 0x5d, 0x9e, 0x98, 0xbf, 0x92, 0x92, 0xdc, 0x29, 0xf8, 0xf4,
        0x1d, 0xbd, 0x28, 0x9a, 0x14, 0x7c, 0xe9, 0xda, 0x31, 0x13, 0xb5, 0xf0, 0xb8, 0xc0, 0x0a,
        0x60, 0xb1, 0xce, 0x1d, 0x7e, 0x81, 0x9d, 0x7a, 0x43, 0x1d, 0x7c, 0x90, 0xea, 0x0e, 0x5f,
    };
    return SPAN_ARRAY(info);
}

struct pki_row pki_server_row(const char *name, const char *host)
{
    return (struct pki_row){ TLS(name),
                             .folder = "TLS",
                             BELOW_NIST(CI),
                             .role = CERT_TLS_SERVER,
                             .organization = "sgp32lab",
                             .common_name = strlen(host) <= 64 ? host : NULL,
                             .dns = { host },
                             SINCE_YESTERDAY(TLS_DAYS),
                             .host = host };
}

struct pki_row pki_eim_row(const char *name, const char *eim_id)
{
    return (struct pki_row){ .name = name,
                             .folder = "EIM",
                             .curve = EC_P256,
                             BELOW_NIST(CI),
                             .role = CERT_EIM_SIGN,
                             .common_name = strlen(eim_id) <= 64 ? eim_id : NULL,
                             .country = "DE",
                             SINCE_YESTERDAY(YEARS(7)) };
}

static struct pki_row smdp_row(const char *name, enum cert_role role, const char *folder)
{
    return (struct pki_row){ .name = name,
                             .folder = folder,
                             .curve = EC_P256,
                             BELOW_NIST(CI),
                             .role = role,
                             .common_name = "TEST SM-DP+",
                             .organization = "ACME",
                             .own_oid = true,
                             SINCE_YESTERDAY(YEARS(10)) };
}

struct pki_row pki_smdp_auth_row(const char *name, const char *host)
{
    (void)host;
    return smdp_row(name, CERT_DP_AUTH, "DPauth");
}

struct pki_row pki_smdp_pb_row(const char *name, const char *host)
{
    (void)host;
    return smdp_row(name, CERT_DP_PB, "DPpb");
}

static struct pki_row on_brainpool(struct pki_row row)
{
    row.curve = EC_BRAINPOOL_P256R1;
    row.issuer = CI "_ECDSA_BRP";
    return row;
}

struct pki_row pki_smdp_auth_brp_row(const char *name, const char *host)
{
    return on_brainpool(pki_smdp_auth_row(name, host));
}

struct pki_row pki_smdp_pb_brp_row(const char *name, const char *host)
{
    return on_brainpool(pki_smdp_pb_row(name, host));
}

struct pki_row pki_smdp_tls_row(const char *name, const char *host)
{
    struct pki_row r = pki_server_row(name, host);
    r.folder = "DPtls";
    r.role = CERT_DP_TLS;
    r.organization = "ACME";
    r.purposes = CERT_PURPOSE_SERVER | CERT_PURPOSE_CLIENT;
    r.own_oid = true;
    return r;
}

struct pki_row pki_client_row(const char *name, const char *who)
{
    return (struct pki_row){ TLS(name), .folder = "Operator", IS_OPERATOR(who), SINCE_YESTERDAY(TLS_DAYS) };
}

bool pki_name_usable(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
    return *name && *name != '.' && strlen(name) <= 200 && strspn(name, allowed) == strlen(name);
}

bool pki_describe(size_t index, struct pki_description *out)
{
    if (index >= pki_row_count)
        return false;
    const struct pki_row *r = &pki_rows[index];
    *out = (struct pki_description){ .name = r->name,
                                     .folder = r->folder,
                                     .issuer = r->issuer,
                                     .role = r->role,
                                     .curve = r->curve,
                                     .flaw = r->flaw,
                                     .verdict = r->verdict };
    return true;
}
