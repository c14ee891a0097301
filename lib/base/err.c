#include "err.h"

#include <stddef.h>

const char *err_name(enum err e)
{
    static const char *const names[] = {
        [ERR_OK] = "ok",           [ERR_NOMEM] = "out-of-memory", [ERR_IO] = "io",
        [ERR_PARSE] = "parse",     [ERR_VERIFY] = "verify",       [ERR_STATE] = "state",
        [ERR_LIMIT] = "limit",     [ERR_NOT_FOUND] = "not-found", [ERR_EXISTS] = "exists",
        [ERR_TIMEOUT] = "timeout", [ERR_REFUSED] = "refused",     [ERR_CONFIG] = "config",
        [ERR_UNSUPPORTED] = "unsupported", [ERR_CUT] = "cut",
    };
    return (size_t)e < sizeof names / sizeof names[0] ? names[e] : "unknown";
}
