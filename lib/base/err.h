/* Failures. A failure is one of these and must be checked; a protocol answer (status word, result code,
 * HTTP 4xx) is data and never an enum err; a bug is an assert. */
#ifndef LAB_BASE_ERR_H
#define LAB_BASE_ERR_H

enum err {
    ERR_OK = 0,
    ERR_NOMEM,       /* memory exhausted */
    ERR_IO,          /* the transport, file or database below failed */
    ERR_PARSE,       /* malformed input; nothing was changed */
    ERR_VERIFY,      /* a signature, MAC, certificate or identity did not check */
    ERR_STATE,       /* not allowed now */
    ERR_LIMIT,       /* larger than the bound that was set for it */
    ERR_NOT_FOUND,
    ERR_EXISTS,      /* unique thing is there already */
    ERR_TIMEOUT,     /* no answer in time: the outcome is unknown */
    ERR_REFUSED,     /* the peer answered and said no; the answer says why */
    ERR_CONFIG,      /* settings are wrong; the log says file:line */
    ERR_UNSUPPORTED, /* known, and not offered here */
    ERR_CUT,         /* power was cut or the process killed here (faults only) */
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* Short lower-case word for logs, for example "verify". Static storage. */
const char *err_name(enum err e);

#endif
