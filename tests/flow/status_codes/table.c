#include "status_codes.h"

#define ME .iccid = LAB_PARTNER_ICCID
#define EID_1 .eid = LAB_EID
#define EID_2 .eid = LAB_OTHER_EID
#define TOKEN .matching_id = "TOKEN-1"
#define AT_SMDS .smds_address = "smds.example.com"
#define UNKNOWN .iccid = "89000123456789012390"

#define SAYS(f, s, r, sentence) .function = f, .subject = s, .reason = r, .how = sentence
#define ES2P(f, s, r, how, ...) { SAYS(f, s, r, how), .provoke = provoke_order, .calls = { __VA_ARGS__ } }
#define BY(f, s, r, how, who, by) { SAYS(f, s, r, how), .provoke = who, .what = by }
#define CARD(f, s, r, how, certificate) { SAYS(f, s, r, how), .provoke = provoke_client, .card = certificate }
#define NEVER(f, s, r, why) { SAYS(f, s, r, why) }

/* In the order of the codes. */
const struct row rows[] = {
    BY(JSON_BINDING, "1.2.1", "2.1", "a body that is called text/plain", provoke_binding, WRONG_TYPE),
    BY(JSON_BINDING, "1.2.2", "2.1", "X-Admin-Protocol of another major version", provoke_binding, WRONG_PROTOCOL),
    BY(JSON_BINDING, "1.3.1", "2.1", "a member that cannot be read", provoke_binding, MALFORMED_MEMBER),
    BY(JSON_BINDING, "1.3.1", "2.2", "a mandatory member left out", provoke_binding, MISSING_MEMBER),

    BY(CLIENT, "8.1", "4.2", "authenticateResponseError instead of an answer", provoke_client, CARD_REFUSES),
    BY(PACKAGE, "8.1", "4.2", "downloadResponseError instead of an answer", provoke_package, CARD_REFUSES),
    BY(CANCEL_SESSION, "8.1", "4.2", "cancelSessionResponseError instead of an answer", provoke_cancel, CARD_REFUSES),
    BY(ES11_CLIENT, "8.1", "4.2", "authenticateResponseError instead of an answer", provoke_client, CARD_REFUSES),
    BY(CLIENT, "8.1", "4.8", "a card without room", provoke_client, NO_ROOM),
    BY(CLIENT, "8.1", "6.1", "an altered euiccSignature1", provoke_client, FLIP_SIGNATURE),
    BY(CLIENT, "8.1", "6.1", "the serverChallenge of another session, signed", provoke_client, OTHER_CHALLENGE),
    BY(PACKAGE, "8.1", "6.1", "an altered euiccSignature2", provoke_package, FLIP_SIGNATURE),
    BY(CANCEL_SESSION, "8.1", "6.1", "an altered euiccCancelSessionSignature", provoke_cancel, FLIP_SIGNATURE),
    BY(ES11_CLIENT, "8.1", "6.1", "an altered euiccSignature1", provoke_client, FLIP_SIGNATURE),
    BY(ES11_CLIENT, "8.1", "6.1", "the serverChallenge of another session, signed", provoke_client, OTHER_CHALLENGE),

    ES2P(CONFIRM_ORDER, "8.1.1", "2.2", "an SM-DS address and no EID", { ORDER, { ME } }, { CONFIRM, { ME, AT_SMDS } }),
    NEVER(CONFIRM_ORDER, "8.1.1", "3.1", "3.10 is said of another EID; no source gives both of them a meaning of its own"),
    NEVER(DOWNLOAD_ORDER, "8.1.1", "3.1", "8.2.1/3.10 is said of another EID"),
    BY(CLIENT, "8.1.1", "3.8", "the order of another EID", provoke_client, OTHER_EID),
    BY(PACKAGE, "8.1.1", "3.8", "another card fetched the package of an order for nobody meanwhile", provoke_package,
       OTHER_EID),
    ES2P(CONFIRM_ORDER, "8.1.1", "3.10", "an EID that is not the order's", { ORDER, { ME, EID_1 } },
         { CONFIRM, { ME, EID_2 } }),
    ES2P(CONFIRM_ORDER, "8.1.1", "3.10", "an EID after the order was confirmed without", { ORDER, { ME } },
         { CONFIRM, { ME } }, { CONFIRM, { ME, EID_1 } }),
    ES2P(CANCEL_ORDER, "8.1.1", "3.10", "an EID that is not the order's", { ORDER, { ME, EID_1 } },
         { CANCEL, { ME, EID_2 } }),
    NEVER(DOWNLOAD_ORDER, "8.1.1", "3.10", "8.2.1/3.10 is said of another EID"),

    BY(CLIENT, "8.1.2", "6.1", "an altered EUM certificate", provoke_client, FLIP_EUM),
    BY(ES11_CLIENT, "8.1.2", "6.1", "an altered EUM certificate", provoke_client, FLIP_EUM),
    CARD(CLIENT, "8.1.2", "6.3", "an EUM certificate that is expired", "CERT_EUICC_ECDSA_NIST_BELOW_EXPIRED_EUM"),
    CARD(ES11_CLIENT, "8.1.2", "6.3", "an EUM certificate that is expired", "CERT_EUICC_ECDSA_NIST_BELOW_EXPIRED_EUM"),
    BY(CLIENT, "8.1.3", "6.1", "an altered eUICC certificate", provoke_client, FLIP_CERTIFICATE),
    CARD(CLIENT, "8.1.3", "6.1", "an eUICC certificate that may only certify", "CERT_EUICC_ECDSA_NIST_CA_USAGE"),
    CARD(ES11_CLIENT, "8.1.3", "6.1", "an eUICC certificate that may only certify", "CERT_EUICC_ECDSA_NIST_CA_USAGE"),
    CARD(CLIENT, "8.1.3", "6.3", "an eUICC certificate that is expired", "CERT_EUICC_ECDSA_NIST_EXPIRED"),
    CARD(ES11_CLIENT, "8.1.3", "6.3", "an eUICC certificate that is expired", "CERT_EUICC_ECDSA_NIST_EXPIRED"),
    CARD(CLIENT, "8.1.4", "6.1", "an EID outside the range of its EUM", "CERT_EUICC_ECDSA_NIST_INVALID_EID"),
    CARD(ES11_CLIENT, "8.1.4", "6.1", "an EID outside the range of its EUM", "CERT_EUICC_ECDSA_NIST_INVALID_EID"),

    BY(CLIENT, "8.2", "1.2", "a profile that is not released", provoke_client, NOT_RELEASED),
    BY(PACKAGE, "8.2", "3.7", "another one-time key, where only the one bound before is served", provoke_package,
       OTHER_KEY),

    ES2P(DOWNLOAD_ORDER, "8.2.1", "1.2", "a requester that is not the certificate's", { AS_ANOTHER, { ME } }),
    ES2P(DOWNLOAD_ORDER, "8.2.1", "3.3", "a profile that is ordered already", { ORDER, { ME } },
         { CONFIRM, { ME } }, { ORDER, { ME } }),
    ES2P(CANCEL_ORDER, "8.2.1", "3.3", "a profile that was withdrawn for good", { ORDER, { ME } },
         { CANCEL, { ME, .final_state = "Unavailable" } }, { CANCEL, { ME, .final_state = "Available" } }),
    ES2P(CONFIRM_ORDER, "8.2.1", "3.5", "a profile that was never ordered", { CONFIRM, { ME } }),
    ES2P(RELEASE_PROFILE, "8.2.1", "3.5", "an order that is not confirmed", { ORDER, { ME } }, { RELEASE, { ME } }),
    BY(CANCEL_ORDER, "8.2.1", "3.5", "a profile that is installed", provoke_order, USED_UP),
    ES2P(DOWNLOAD_ORDER, "8.2.1", "3.9", "an ICCID of nobody", { ORDER, { UNKNOWN } }),
    ES2P(CONFIRM_ORDER, "8.2.1", "3.9", "an ICCID of nobody", { CONFIRM, { UNKNOWN } }),
    ES2P(CANCEL_ORDER, "8.2.1", "3.9", "an ICCID of nobody", { CANCEL, { UNKNOWN } }),
    ES2P(RELEASE_PROFILE, "8.2.1", "3.9", "an ICCID of nobody", { RELEASE, { UNKNOWN } }),
    ES2P(DOWNLOAD_ORDER, "8.2.1", "3.10", "a profile that is ordered for another EID", { ORDER, { ME, EID_1 } },
         { ORDER, { ME, EID_2 } }),

    NEVER(DOWNLOAD_ORDER, "8.2.5", "1.2", "another operator's type is unknown (3.9): nobody learns what others have"),
    ES2P(DOWNLOAD_ORDER, "8.2.5", "3.7", "a type of which nothing is left", { ORDER, { .profile_type = "bulk" } },
         { ORDER, { .profile_type = "bulk" } }),
    ES2P(DOWNLOAD_ORDER, "8.2.5", "3.8", "an ICCID together with a type that is not its own",
         { ORDER, { ME, .profile_type = "bulk" } }),
    ES2P(DOWNLOAD_ORDER, "8.2.5", "3.9", "a type of nobody", { ORDER, { .profile_type = "golden" } }),
    BY(CLIENT, "8.2.5", "4.3", "a policy rule that the card forbids", provoke_client, RULE_FORBIDDEN),

    ES2P(CONFIRM_ORDER, "8.2.6", "2.1", "a matchingId in small letters", { ORDER, { ME } },
         { CONFIRM, { ME, .matching_id = "token" } }),
    ES2P(CONFIRM_ORDER, "8.2.6", "3.3", "a matchingId that another order has", { ORDER, { ME } },
         { CONFIRM, { ME, TOKEN } }, { ORDER, { .iccid = LAB_THIRD_ICCID } },
         { CONFIRM, { .iccid = LAB_THIRD_ICCID, TOKEN } }),
    BY(CLIENT, "8.2.6", "3.8", "a matchingId of nobody", provoke_client, WRONG_TOKEN),
    BY(CLIENT, "8.2.6", "3.8", "an order whose profile is installed", provoke_client, USED_UP),
    BY(ES11_CLIENT, "8.2.6", "3.8", "an eventId of nobody", provoke_client, WRONG_TOKEN),
    ES2P(CONFIRM_ORDER, "8.2.6", "3.10", "another matchingId than before", { ORDER, { ME } }, { CONFIRM, { ME, TOKEN } },
         { CONFIRM, { ME, .matching_id = "TOKEN-2" } }),
    ES2P(CANCEL_ORDER, "8.2.6", "3.10", "another matchingId than the order's", { ORDER, { ME } },
         { CONFIRM, { ME, TOKEN } }, { CANCEL, { ME, .matching_id = "TOKEN-2" } }),

    BY(PACKAGE, "8.2.7", "2.2", "no confirmation code, signed", provoke_package, NO_CODE),
    BY(PACKAGE, "8.2.7", "3.8", "a wrong confirmation code", provoke_package, WRONG_CODE),
    BY(PACKAGE, "8.2.7", "6.4", "the right one after three wrong ones", provoke_package, CODE_EXHAUSTED),

    BY(CANCEL_SESSION, "8.8", "3.10", "the OID of another SM-DP+, signed", provoke_cancel, OTHER_OID),
    NEVER(CLIENT, "8.8", "4.2", "an SM-DP+ that cannot serve answers HTTP 500; over ESipa the eIM says so of an SM-DP+ that it "
                                "does not reach"),
    BY(INITIATE, "8.8.1", "3.8", "the address of another SM-DP+", provoke_initiate, OTHER_ADDRESS),
    BY(INITIATE, "8.8.2", "3.1", "a card that signs below a CI of nobody", provoke_initiate, SIGNS_BELOW_NOBODY),
    BY(INITIATE, "8.8.3", "3.1", "svn 1.2.0", provoke_initiate, OLD_VERSION),
    BY(INITIATE, "8.8.3", "3.1", "svn 3.0.0", provoke_initiate, NEW_VERSION),
    BY(INITIATE, "8.8.4", "3.7", "a card that verifies below a CI of nobody", provoke_initiate, VERIFIES_BELOW_NOBODY),
    BY(CLIENT, "8.8.5", "4.10", "an order that has expired", provoke_client, EXPIRED),
    BY(PACKAGE, "8.8.5", "4.10", "an order that expired after authentication", provoke_package, EXPIRED),
    BY(CLIENT, "8.8.5", "6.4", "a package that was bound too often", provoke_client, TOO_OFTEN),
    BY(PACKAGE, "8.8.5", "6.4", "a package that was bound too often after authentication", provoke_package, TOO_OFTEN),

    ES2P(CONFIRM_ORDER, "8.9", "4.2", "an order whose event the SM-DS refused", { ORDER, { ME, EID_1 } },
         { EVENT_TAKEN, { ME, EID_1, TOKEN } }, { CONFIRM, { ME, TOKEN, AT_SMDS } }, { CONFIRM, { ME, TOKEN, AT_SMDS } }),
    ES2P(CONFIRM_ORDER, "8.9", "5.1", "an SM-DS that is not configured", { ORDER, { ME, EID_1 } },
         { CONFIRM, { ME, .smds_address = "smds2.example.com" } }),
    BY(ES11_INITIATE, "8.9.1", "3.8", "the address of another SM-DS", provoke_initiate, OTHER_ADDRESS),
    BY(ES11_INITIATE, "8.9.2", "3.1", "a card that signs below a CI of nobody", provoke_initiate, SIGNS_BELOW_NOBODY),
    BY(ES11_INITIATE, "8.9.3", "3.1", "svn 1.2.0", provoke_initiate, OLD_VERSION),
    BY(ES11_INITIATE, "8.9.3", "3.1", "svn 3.0.0", provoke_initiate, NEW_VERSION),
    BY(ES11_INITIATE, "8.9.4", "3.7", "a card that verifies below a CI of nobody", provoke_initiate, VERIFIES_BELOW_NOBODY),
    BY(REGISTER_EVENT, "8.9.5", "1.2", "a requester that is not the certificate's", provoke_event, OTHER_NAME),
    BY(DELETE_EVENT, "8.9.5", "1.2", "a requester that is not the certificate's", provoke_event, OTHER_NAME),
    BY(REGISTER_EVENT, "8.9.5", "3.3", "an event that is registered already", provoke_event, TWICE),
    BY(DELETE_EVENT, "8.9.5", "3.9", "an event that was deleted already", provoke_event, TWICE),
    BY(DELETE_EVENT, "8.9.5", "3.9", "the event of another SM-DP+", provoke_event, OF_ANOTHER),

    BY(CLIENT, "8.10.1", "3.9", "a session that never was", provoke_client, UNKNOWN_SESSION),
    BY(CLIENT, "8.10.1", "3.9", "the answer of another session", provoke_client, OTHER_SESSION),
    BY(PACKAGE, "8.10.1", "3.9", "a session that never was", provoke_package, UNKNOWN_SESSION),
    BY(PACKAGE, "8.10.1", "3.9", "a session whose order was cancelled", provoke_package, CANCELLED_MEANWHILE),
    BY(CANCEL_SESSION, "8.10.1", "3.9", "a session that never was", provoke_cancel, UNKNOWN_SESSION),
    BY(ES11_CLIENT, "8.10.1", "3.9", "a session that never was", provoke_client, UNKNOWN_SESSION),
    BY(ES11_CLIENT, "8.10.1", "3.9", "the answer of another session", provoke_client, OTHER_SESSION),
    NEVER(NOTIFICATION, "8.10.1", "3.9", "the answer is 204 whatever came; what is not believed is logged and dropped"),

    BY(CLIENT, "8.11.1", "3.9", "an EUM below a CI of nobody", provoke_client, STRANGE_EUM),
    BY(ES11_CLIENT, "8.11.1", "3.9", "an EUM below a CI of nobody", provoke_client, STRANGE_EUM),
};
const size_t row_count = COUNT(rows);
