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
    FAULT_LOSE_REQUEST, FAULT_LOSE_ANSWER,
    FAULT_NO_ANSWER,  /* the caller waits in vain */
};

struct fault {
    char message[96];           /* "ESipa.GetEimPackageResponse" */
    char inside[16];            /* only when the bytes contain this tag (hex), "" any */
    enum fault_how how;
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
};
void faults_init(struct faults *f, struct trace *trace);
void faults_release(struct faults *f);
/* Adds one; ERR_LIMIT. The words are those of `break` in a scenario ("flip-bit", "replay", …): ERR_PARSE. */
MUST_CHECK enum err faults_add(struct faults *f, const char *message, const char *inside, const char *how,
                               int64_t times);
/* True when the answer to this call is lost on its way (FAULT_NO_ANSWER); counts it. */
bool faults_lose_answer(struct faults *f, const char *server, const struct http_call *q, const struct http_response *p);
/* NULL-terminated words for suggestions. */
const char *const *faults_words(void);
/* How often faults struck in total. */
int64_t faults_injected(const struct faults *f);

#endif
