/* Every message of a run, in order, already redacted: what reports, checks and byte comparison work on. */
#ifndef LAB_RUNNER_TRACE_H
#define LAB_RUNNER_TRACE_H

#include <pthread.h>

#include "clock.h"
#include "http.h"
#include "span.h"

#define TRACE_NAME_MAX 64

enum trace_body { TRACE_EMPTY, TRACE_DER, TRACE_JSON, TRACE_TEXT, TRACE_BYTES };

/* One message from one part to another. */
struct trace_message {
    unsigned number;            /* from 1 */
    int64_t at;                 /* ms, the world's clock */
    char from[TRACE_NAME_MAX], to[TRACE_NAME_MAX];
    char via[16];               /* "ES9+", "ESipa", "ES2+", "ES10", "UICC", "REST", "platform" */
    char name[TRACE_NAME_MAX];  /* "GetEimPackageRequest", "POST /v1/attach" */
    char line[160];             /* request line and path, status line, or APDU status word */
    int status;                 /* HTTP status or status word of a response; 0 of a request */
    enum trace_body kind;
    struct buf body;            /* redacted */
    bool injected;              /* a fault changed or made it */
};

struct trace;
/* Gives *out. With `keep` false messages are only counted (benchmarks). */
MUST_CHECK enum err trace_new(struct clock *clock, bool keep, struct trace **out);
void trace_free(struct trace *t);

/* Bytes that must not be seen in any message: keys, codes. Copied; masked in raw, hex and base64 form by `*`. */
MUST_CHECK enum err trace_hide(struct trace *t, struct span secret);
/* The same for keys, which no message or event may carry at all: each hit is counted as a leak. */
MUST_CHECK enum err trace_forbid(struct trace *t, struct span key);
size_t trace_leaks(const struct trace *t);
/* From here on nothing more is hidden: for tests of what parts say, and of the masking itself. */
void trace_lay_bare(struct trace *t);
/* Bytes or text with every hidden value overwritten, in place. */
void trace_redact(struct trace *t, enum trace_body kind, struct buf *body);

/* Records an HTTP request or response (thread safe). `to` and `from` are part names. Paths in the list of unrecorded
 * ones (subscriber and profile imports) are counted, never kept. */
void trace_http_request(struct trace *t, const char *from, const char *to, const struct http_call *q);
void trace_http_response(struct trace *t, const char *from, const char *to, const struct http_call *q,
                         const struct http_response *p, enum err e);
/* Records one APDU exchange between "ipa" and card of a device; STORE DATA chains are put together to ES10 messages. */
struct trace_card;
MUST_CHECK enum err trace_card_new(struct trace *t, const char *device, struct trace_card **out);
void trace_card_free(struct trace_card *c);
void trace_card_apdu(struct trace_card *c, struct span command, struct span response);
/* A fault has changed what a part is about to say: its next message is marked. */
void trace_mark_injected(struct trace *t, const char *part);

size_t trace_count(const struct trace *t);
const struct trace_message *trace_message(const struct trace *t, size_t index);
/* The decoded text of a message (names of the specification), appended. */
MUST_CHECK enum err trace_explain(const struct trace_message *m, struct buf *text);
/* All messages as JSON lines, appended: the byte-identical record of a seeded run. */
MUST_CHECK enum err trace_put_json_lines(const struct trace *t, struct buf *out);

/* What a call goes to in its server: path and query. */
const char *trace_call_path(const struct http_call *q);

#endif
