/* The other end of an HTTP interface, as a caller sees it; and what the JSON bindings share. */
#ifndef LAB_ES_PEER_H
#define LAB_ES_PEER_H

#include "env.h"
#include "es_memory.h"
#include "es_status.h"

struct es_peer {
    const struct env *env;
    const char *base_url;    /* "https://smdp.example.com" */
    const char *protocol;    /* X-Admin-Protocol (interpretation D-6); NULL "gsma/rsp/v2.5.0", ESipa "gsma/rsp/v2.1.0" */
    const char *user_agent;  /* NULL "gsma-rsp-lpad", ESipa "gsma-rsp-ipad" */
    const char *requester;   /* ES2+: functionRequesterIdentifier */
    const char *call_id;     /* ES2+: functionCallIdentifier; NULL the requester again */
    bool json;               /* ESipa: the JSON binding instead of ASN.1 */
    bool asn1;               /* ES9+, ES11: the ASN.1 binding instead of JSON */
    const char *path;        /* ESipa and ASN.1 binding; NULL "/gsma/rsp2/asn1" */
    struct span eim_transaction_id; /* ESipa, relayed download: the trigger's; may be empty */
    bool no_euicc_info1;     /* ESipa, relayed download: left out, because the eIM knows it */
    int64_t deadline_ms;     /* 0: the client's own */
    int *http_status;        /* JSON bindings, ESipa: gets the status of an answer that was not 200 or 204; NULL: nobody asks */
    const struct http_trust *trust; /* ESipa; NULL: the client's roots */
};

/* POSTs `request` to /gsma/rsp2/<function> and gives the answer object (NULL for 204). `name` is for tampering:
 * "ES9+.InitiateAuthentication" (Request and Response are appended).
 * ERR_PARSE: the answer is not what the interface says; ERR_REFUSED: an HTTP status other than 200 and 204. */
MUST_CHECK enum err es_call(const struct es_peer *peer, const char *function, const char *name,
                            const json_t *request, json_t **answer);

/* Serving: checks method, content type and X-Admin-Protocol and parses the body. ERR_REFUSED after writing the answer. */
MUST_CHECK enum err es_serve_read(const struct env *env, const char *name, const struct http_request *q,
                                  struct http_response *p, json_t **request);
/* Logs (debug) the X-Admin-Protocol of a caller that is not `usual` (interpretation D-6). */
void es_note_protocol(const struct env *env, const struct http_request *q, const char *usual);
/* Serving: a mandatory text member. *status: 1.3.1/2.2 it is missing, 2.1 it has no room; one that refuses already stays. */
void es_take_text(const json_t *o, const char *member, char *out, size_t room, struct es_status *status);
/* Writes the answer object with its header (SGP.22 6.5.1.4). Takes answer (NULL: an empty object). */
MUST_CHECK enum err es_serve_write(const struct env *env, const char *name, const struct http_request *q,
                                   const struct es_status *status, json_t *answer, struct http_response *p);
/* The same with this X-Admin-Protocol. */
MUST_CHECK enum err es_serve_write_as(const struct env *env, const char *name, const char *protocol,
                                      const struct es_status *status, json_t *answer, struct http_response *p);

#endif
