#include "es_codes.h"

#include <string.h>

/* Reading a number takes its first row; writing takes the row of the pair. */
static const struct code {
    enum es_codes function;
    int64_t code;
    const char *subject, *reason, *name;
} codes[] = {
    { ES9P_CODES_INITIATE_AUTHENTICATION, 1, "8.8.1", "3.8", "invalidDpAddress" },
    { ES9P_CODES_INITIATE_AUTHENTICATION, 2, "8.8.3", "3.1", "euiccVersionNotSupportedByDp" },
    { ES9P_CODES_INITIATE_AUTHENTICATION, 3, "8.8.2", "3.1", "ciPKIdNotSupported" },
    { ES9P_CODES_INITIATE_AUTHENTICATION, 3, "8.8.4", "3.7", "ciPKIdNotSupported" },

    { ES9P_CODES_AUTHENTICATE_CLIENT, 1, "8.1.2", "6.1", "eumCertificateInvalid" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 1, "8.1.4", "6.1", "eumCertificateInvalid" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 2, "8.1.2", "6.3", "eumCertificateExpired" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 3, "8.1.3", "6.1", "euiccCertificateInvalid" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 4, "8.1.3", "6.3", "euiccCertificateExpired" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 5, "8.1", "6.1", "euiccSignatureInvalid" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 6, "8.2.6", "3.8", "matchingIdRefused" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 7, "8.1.1", "3.8", "eidMismatch" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 8, "8.2.5", "4.3", "noEligibleProfile" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 9, "8.11.1", "3.9", "ciPKUnknown" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 10, "8.10.1", "3.9", "invalidTransactionId" },
    { ES9P_CODES_AUTHENTICATE_CLIENT, 11, "8.1", "4.8", "insufficientMemory" },

    { ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, 1, "8.1", "6.1", "euiccSignatureInvalid" },
    { ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, 2, "8.2.7", "2.2", "confirmationCodeMissing" },
    { ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, 3, "8.2.7", "3.8", "confirmationCodeRefused" },
    { ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, 4, "8.2.7", "6.4", "confirmationCodeRetriesExceeded" },
    { ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, 5, "8.2", "3.7", "bppRebindingRefused" },
    { ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, 6, "8.8.5", "4.10", "downloadOrderExpired" },
    { ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, 95, "8.10.1", "3.9", "invalidTransactionId" },

    { ES9P_CODES_CANCEL_SESSION, 1, "8.10.1", "3.9", "invalidTransactionId" },
    { ES9P_CODES_CANCEL_SESSION, 2, "8.1", "6.1", "euiccSignatureInvalid" },

    /* SGP.32 5.14 has numbers only: the pairs are our own. */
    { ESIPA_CODES_INITIATE_AUTHENTICATION, 50, "8.8.1", "3.10", "smdpAddressMismatch" },
    { ESIPA_CODES_INITIATE_AUTHENTICATION, 51, "8.8", "3.10", "smdpOidMismatch" },
    { ESIPA_CODES_INITIATE_AUTHENTICATION, 52, "8.10.1", "3.9", "invalidEimTransactionId" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 50, "8.2", "3.8", "pprNotAllowed" },
    { ESIPA_CODES_AUTHENTICATE_CLIENT, 56, "8.9.5", "3.9", "eventIdUnknown" },
    { ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, 50, "8.2", "3.10", "metadataMismatch" },

    { ES11_CODES_INITIATE_AUTHENTICATION, 1, "8.9.1", "3.8", "invalidDpAddress" },
    { ES11_CODES_INITIATE_AUTHENTICATION, 2, "8.9.3", "3.1", "euiccVersionNotSupportedByDp" },
    { ES11_CODES_INITIATE_AUTHENTICATION, 3, "8.9.2", "3.1", "ciPKIdNotSupported" },
    { ES11_CODES_INITIATE_AUTHENTICATION, 3, "8.9.4", "3.7", "ciPKIdNotSupported" },

    /* ES11 numbers end earlier and mean something else from 6 on. */
    { ES11_CODES_AUTHENTICATE_CLIENT, 1, "8.1.2", "6.1", "eumCertificateInvalid" },
    { ES11_CODES_AUTHENTICATE_CLIENT, 1, "8.1.4", "6.1", "eumCertificateInvalid" },
    { ES11_CODES_AUTHENTICATE_CLIENT, 2, "8.1.2", "6.3", "eumCertificateExpired" },
    { ES11_CODES_AUTHENTICATE_CLIENT, 3, "8.1.3", "6.1", "euiccCertificateInvalid" },
    { ES11_CODES_AUTHENTICATE_CLIENT, 4, "8.1.3", "6.3", "euiccCertificateExpired" },
    { ES11_CODES_AUTHENTICATE_CLIENT, 5, "8.1", "6.1", "euiccSignatureInvalid" },
    { ES11_CODES_AUTHENTICATE_CLIENT, 6, "8.2.6", "3.8", "eventIdUnknown" },
    { ES11_CODES_AUTHENTICATE_CLIENT, 6, "8.9.5", "3.9", "eventIdUnknown" },
    { ES11_CODES_AUTHENTICATE_CLIENT, 7, "8.10.1", "3.9", "invalidTransactionId" },
};

/* The function whose numbers it has beside its own. */
static enum es_codes base(enum es_codes f)
{
    bool esipa = f >= ESIPA_CODES_INITIATE_AUTHENTICATION && f <= ESIPA_CODES_CANCEL_SESSION;
    return esipa ? f - ESIPA_CODES_INITIATE_AUTHENTICATION + ES9P_CODES_INITIATE_AUTHENTICATION : f;
}

static bool speaks_of(const struct code *c, enum es_codes f)
{
    return c->function == f || c->function == base(f);
}

/* SGP.32 v1.3 has a number where v1.2 has none: it is understood by everybody, and written only to who asked for v1.3. */
static const struct code since_v1_3[] = {
    { ES9P_CODES_AUTHENTICATE_CLIENT, 18, "8.8.5", "4.10", "downloadOrderExpired" },
};
/* And one of v1.2 that v1.3 took away for it. */
static bool is_gone_in_v1_3(enum es_codes f, int64_t code)
{
    return base(f) == ES9P_CODES_GET_BOUND_PROFILE_PACKAGE && code == 6;
}

int64_t es_code_of_status_v1_3(enum es_codes f, const struct es_status *s)
{
    for (size_t i = 0; i < COUNT(since_v1_3); i++)
        if (speaks_of(&since_v1_3[i], f) && !strcmp(since_v1_3[i].subject, s->subject) &&
            !strcmp(since_v1_3[i].reason, s->reason))
            return since_v1_3[i].code;
    int64_t code = es_code_of_status(f, s);
    return is_gone_in_v1_3(f, code) ? ES_CODE_UNDEFINED : code;
}

int64_t es_code_of_status(enum es_codes f, const struct es_status *s)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (speaks_of(&codes[i], f) && !strcmp(codes[i].subject, s->subject) && !strcmp(codes[i].reason, s->reason))
            return codes[i].code;
    return ES_CODE_UNDEFINED;
}

void es_status_of_code(enum es_codes f, int64_t code, struct es_status *out)
{
    for (size_t i = 0; i < COUNT(since_v1_3); i++)
        if (speaks_of(&since_v1_3[i], f) && since_v1_3[i].code == code) {
            es_refuse(out, since_v1_3[i].subject, since_v1_3[i].reason, since_v1_3[i].name);
            return;
        }
    for (size_t i = 0; i < COUNT(codes); i++)
        if (speaks_of(&codes[i], f) && codes[i].code == code) {
            es_refuse(out, codes[i].subject, codes[i].reason, codes[i].name);
            return;
        }
    es_refuse(out, f < ES11_CODES_INITIATE_AUTHENTICATION ? "8.8" : "8.9", "4.2",
              code == ES_CODE_UNDEFINED ? "undefinedError" : "an error number that the function does not have");
}
