/* Subject and reason codes of SGP.22 5.2.6: which function says which pair, and what makes it say so. */
#ifndef LAB_TESTS_STATUS_CODES_H
#define LAB_TESTS_STATUS_CODES_H

#include "lab_events.h"

enum function {
    DOWNLOAD_ORDER, CONFIRM_ORDER, CANCEL_ORDER, RELEASE_PROFILE,
    INITIATE, CLIENT, PACKAGE, NOTIFICATION, CANCEL_SESSION,
    ES11_INITIATE, ES11_CLIENT, REGISTER_EVENT, DELETE_EVENT,
    JSON_BINDING,
    FUNCTIONS,
};
const char *function_name(enum function f);

/* What is done to make the refusal; each group belongs to one file. */
enum what {
    NOTHING,
    /* InitiateAuthentication at either server */
    OTHER_ADDRESS, OLD_VERSION, NEW_VERSION, SIGNS_BELOW_NOBODY, VERIFIES_BELOW_NOBODY,
    /* up to AuthenticateClient at either server */
    FLIP_SIGNATURE, OTHER_CHALLENGE, FLIP_CERTIFICATE, FLIP_EUM, STRANGE_EUM, UNKNOWN_SESSION, OTHER_SESSION, CARD_REFUSES,
    NOT_RELEASED, OTHER_EID, WRONG_TOKEN, USED_UP, EXPIRED, TOO_OFTEN, NO_ROOM, RULE_FORBIDDEN, SICK,
    /* up to GetBoundProfilePackage, CancelSession */
    NO_CODE, WRONG_CODE, CODE_EXHAUSTED, OTHER_KEY, CANCELLED_MEANWHILE, OTHER_OID,
    /* ES12 */
    TWICE, OF_ANOTHER, /* and at ES2+ */ SAYS_3_1, SAYS_3_10, TELLS_FOREIGN,
    /* up to HandleNotification */
    RESULT_OF_NOTHING, NOTIFICATION_OF_NOTHING, OTHER_NAME, WRONG_EID,
    /* the JSON binding */
    WRONG_TYPE, WRONG_PROTOCOL, MISSING_MEMBER, MALFORMED_MEMBER,
};

/* A profile of another operator ("admin"), of type "car". */
#define FOREIGN_ICCID "89000123456789012341"

/* A call of ES2+; the last of a row is the one that is refused. */
enum verb { END, ORDER, CONFIRM, CANCEL, RELEASE, AS_ANOTHER, EVENT_TAKEN };
struct call {
    enum verb verb;
    struct es2p_order q;
};

struct row {
    enum function function;
    const char *subject, *reason;
    const char *how; /* what provokes it */
    void (*provoke)(struct lab *l, const struct row *r, char out[40]);
    enum what what;
    const char *card;      /* a row of the PKI; NULL a good one */
    struct call calls[5];  /* ES2+ */
};
extern const struct row rows[];
extern const size_t row_count;

/* Write "subject/reason", "" for success, or the name of a failure. */
void provoke_initiate(struct lab *l, const struct row *r, char out[40]);
void provoke_client(struct lab *l, const struct row *r, char out[40]);
void provoke_package(struct lab *l, const struct row *r, char out[40]);
void provoke_notification(struct lab *l, const struct row *r, char out[40]);
void provoke_cancel(struct lab *l, const struct row *r, char out[40]);
void provoke_order(struct lab *l, const struct row *r, char out[40]);
void provoke_event(struct lab *l, const struct row *r, char out[40]);
void provoke_binding(struct lab *l, const struct row *r, char out[40]);

/* The pair in an answer's header. */
void status_of(const struct http_response *p, char out[40]);

/* page.c: the page made from the rows. */
void write_page(struct buf *out);

#endif
