/* Faults of a scenario: messages changed before signing or before sending, calls that are lost. */
#ifndef LAB_RUNNER_FAULTS_H
#define LAB_RUNNER_FAULTS_H

#include "env.h"
#include "trace.h"

enum fault_how {
    FAULT_FLIP_BIT,   /* the last octet: the signature, where one ends the message */
    FAULT_TRUNCATE,   /* half of it */
    FAULT_REPLAY,     /* an earlier message of the kind in place of the next */
    FAULT_WRONG_EID,  /* [5A] replaced before signing */
    FAULT_HIGH_COUNTER, /* [81] counterValue beyond the maximum, before signing */
    FAULT_NEST,       /* nested deeper than anybody reads */
    FAULT_BLOAT,      /* 256 KiB of nothing */
    FAULT_EMPTY,      /* it arrives empty */
    FAULT_LOSE_REQUEST, /* it does not arrive: the caller waits in vain */
    FAULT_LOSE_ANSWER,  /* what was asked was done, and the caller waits in vain */
    FAULT_ANSWER,     /* who is asked does nothing and answers with an HTTP status of its own */
};

struct fault {
    char message[96];           /* "ESipa.GetEimPackageResponse"; with "*" at its end every one that begins so */
    char to[TRACE_NAME_MAX];    /* of a call: only to this part, "" any */
    char inside[16];            /* only when the bytes contain this tag (hex), "" any */
    enum fault_how how;
    int status;                 /* FAULT_ANSWER */
    int64_t times;              /* how often still */
    struct buf kept;            /* FAULT_REPLAY */
    int64_t injected;           /* how often it struck */
};

#define FAULTS_MAX 16
struct faults {
    struct tamper tamper;       /* what actors see */
    struct trace *trace;        /* borrowed; struck messages are marked */
    struct fault fault[FAULTS_MAX];
    size_t count;
    char command_of[TRACE_NAME_MAX]; /* the device whose next command to its card is lost, "" none */
    char answer_of[TRACE_NAME_MAX];  /* the device whose card's answer under way is lost */
};
void faults_init(struct faults *f, struct trace *trace);
void faults_release(struct faults *f);
/* Adds one; ERR_LIMIT. The words are those of `break` in a scenario ("flip-bit", "replay", …): ERR_PARSE. `to` "" or NULL: any. */
MUST_CHECK enum err faults_add(struct faults *f, const char *message, const char *inside, const char *to, const char *how,
                               int64_t times);
/* Of HTTP calls; each counts when it strikes: the request is lost; *p is the answer that somebody gives instead; the answer is lost. */
bool faults_lose_request(struct faults *f, const char *caller, const char *server, const struct http_call *q);
bool faults_answer(struct faults *f, const char *server, const struct http_call *q, struct http_response *p);
bool faults_lose_answer(struct faults *f, const char *server, const struct http_call *q, const struct http_response *p);
/* Of a device and its card (ES10): lost before the card saw it, or when it had answered. True once for each that struck. */
bool faults_lose_command(struct faults *f, const char *device);
bool faults_lose_card_answer(struct faults *f, const char *device);
/* Ends those that were added for this message. */
void faults_mend(struct faults *f, const char *message);
/* The first that never struck, NULL none: whoever added it tests nothing. */
const struct fault *faults_idle(const struct faults *f);
/* NULL-terminated words for suggestions. */
const char *const *faults_words(void);
/* How often faults struck in total. */
int64_t faults_injected(const struct faults *f);

#endif
