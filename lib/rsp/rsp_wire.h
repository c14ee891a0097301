/* How a program writes what sources disagree about (catalogue section I; docs/interpretations.md). All zero is what is
 * recommended. Readers take both forms, whatever this says, and nothing that was received is written in another form. */
#ifndef LAB_RSP_WIRE_H
#define LAB_RSP_WIRE_H

#include "span.h"

struct rsp_wire {
    bool refresh_flag_01;   /* D-1: refreshFlag of BF58, BF5A to BF5E under 01; else 80 */
    bool rollback_flag_81;  /* D-2: rollbackFlag of enable as 81 00; else 05 00 */
    bool package_result_30; /* D-3: a signed EuiccPackageResult as 30; else A0 */
    bool eim_list_30;       /* D-4: eimIdList of a result as 30; else A0 */
    bool eim_key_30;        /* D-5: keys and certificates of an EimConfigurationData with their 30; else without it */
    uint8_t esipa_protocol; /* D-6: X-Admin-Protocol of calls; rsp_wire_esipa_protocol */
    uint8_t es9_protocol;   /* D-6: the same of ES9+ and ES11; rsp_wire_es9_protocol */
    bool json_signature_bare; /* D-7: signatures in JSON as 64 octets; else as a 5F37 TLV */
    bool segment_1008;      /* D-8: 1008 octets of plain text in a segment 86, so that one has 1036; else 1007, and 1020 */
    bool code_of_octets;    /* D-14: of a confirmation code the octets are hashed that its hex digits say; else its text */
};

/* Who writes a form, and so has a setting for it. */
enum rsp_wire_writer { RSP_WIRE_CARD = 1, RSP_WIRE_IPA = 2, RSP_WIRE_EIM = 4, RSP_WIRE_SMDP = 8, RSP_WIRE_SMDS = 16 };

/* Rows for a program's table of settings (struct setting in program.h). */
#define RSP_WIRE_REFRESH_FLAG { "wire-refresh-flag", SETTING_CHOICE, "80|01", "tag of refreshFlag in requests to the card (D-1)" }
#define RSP_WIRE_ROLLBACK_FLAG \
    { "wire-rollback-flag", SETTING_CHOICE, "05|81", "tag of rollbackFlag in an enable that may be rolled back (D-2)" }
#define RSP_WIRE_PACKAGE_RESULT \
    { "wire-package-result", SETTING_CHOICE, "A0|30", "tag around a signed result of an eUICC package (D-3)" }
#define RSP_WIRE_EIM_LIST { "wire-eim-list", SETTING_CHOICE, "A0|30", "tag around the list of eIMs in a result (D-4)" }
#define RSP_WIRE_EIM_KEY \
    { "wire-eim-key", SETTING_CHOICE, "contents|30", "keys and certificates in an eIM's configuration, as contents or with their 30 (D-5)" }
#define RSP_WIRE_ESIPA_PROTOCOL \
    { "wire-esipa-protocol", SETTING_CHOICE, "own|v1.0.0|v1.2.0|v1.3.0|v2.1.0|v2.4.0|v2.5.0", \
      "X-Admin-Protocol of calls over ESipa; own: v2.1.0, or v1.3.0 with sgp32: 1.3 (D-6)" }
#define RSP_WIRE_ES9_PROTOCOL \
    { "wire-es9-protocol", SETTING_CHOICE, "v2.5.0|v1.0.0|v1.3.0|v2.1.0|v2.2.2|v2.3.0|v2.4.0|v2.6.0", \
      "X-Admin-Protocol of calls over ES9+ and ES11 (D-6)" }
#define RSP_WIRE_JSON_SIGNATURE \
    { "wire-json-signature", SETTING_CHOICE, "tlv|bare", "signatures in JSON, as TLV (5F37) or as bare octets (D-7)" }
#define RSP_WIRE_SEGMENT \
    { "wire-segment", SETTING_CHOICE, "1007|1008", "octets of the profile in each segment of a bound package (D-8)" }
#define RSP_WIRE_CONFIRMATION_CODE \
    { "wire-confirmation-code", SETTING_CHOICE, "ascii|hex", \
      "what is hashed of a confirmation code: its text, or the octets that it is in hex, if it is (D-14)" }

/* The whole header, as "gsma/rsp/v2.4.0"; NULL: the recommended one. */
const char *rsp_wire_esipa_protocol(const struct rsp_wire *w);
const char *rsp_wire_es9_protocol(const struct rsp_wire *w);

struct settings;
struct yaml;
struct yaml_node;
struct yaml_error;
/* What the settings of this program say; what it does not write is as recommended. */
void rsp_wire_of_settings(const struct settings *s, enum rsp_wire_writer who, struct rsp_wire *out);
/* A map of the same settings without "wire-" before their names; NULL: all recommended. ERR_CONFIG with place. */
MUST_CHECK enum err rsp_wire_of_yaml(const struct yaml *y, const struct yaml_node *map, struct rsp_wire *out,
                                     struct yaml_error *error);
/* Appends the lines of a settings file of this program for what is not as recommended. */
MUST_CHECK enum err rsp_wire_put_settings(const struct rsp_wire *w, enum rsp_wire_writer who, struct buf *out);

#endif
