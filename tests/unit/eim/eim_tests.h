#ifndef LAB_TESTS_EIM_H
#define LAB_TESTS_EIM_H

#include "lab.h"

#define EUICC LAB_EIM_URL "/v1/euiccs/" LAB_EID

/* Who gets callbacks: what it heard, and what it answers. */
struct receiver {
    struct actor actor;
    int status; /* 0: not reached */
    const char *refused; /* the reference of an order that is answered 404 */
    unsigned calls;
    unsigned heard_count;
    char heard[64][96]; /* "reference state name" */
};
/* An eIM that knows the card, which knows it. */
struct fixture {
    struct lab l;
    struct receiver eso;
    struct es_peer peer;
    struct esipa_get_eim_package_response package; /* the last answer to a poll */
    struct buf result;                             /* what the card made of it: BF51 */
    struct buf acknowledgements;                   /* of the last result brought */
    int64_t refusal;                               /* the number that it was answered; 0 none */
};
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
/* The eIM ticks as often as it wants to, for so long; what it wants must come within that. Where it may be killed it starts again. */
void run_eim(struct fixture *f, bool may_be_killed, int64_t ms);
/* POSTs certificates (DER) for an EID; returns the status. */
int register_card(struct lab *l, struct http_client *as, const char *eid, struct span euicc, struct span eum);
/* POSTs an order for the card; returns the status. `more`: ",\"rollback\":true". */
int order(struct fixture *f, const char *reference, const char *kind, const char *more);
const char *order_state(struct fixture *f, const char *reference);
/* result.name of an order; "" none. Overwritten by the next call. */
const char *result_name(struct fixture *f, const char *reference);
/* A text below a member of an order ("lastError", "detail"); "" none. Overwritten by the next call. */
const char *order_text(struct fixture *f, const char *reference, const char *member, const char *below);
/* Asks for a package; gives the kind of answer (enum rsp_get_eim_package_which); -1 when there was none. */
int poll(struct fixture *f);
int poll_as(struct fixture *f, const char *eid);
/* The card executes the package that the poll brought. */
void execute(struct fixture *f);
void execute_on(struct fixture *f, struct lab_card *c);
/* Brings a whole BF51 as the result of eid's card. Gives the kind of answer (enum
 * rsp_provide_response_which); -1 none. */
int bring(struct fixture *f, const char *eid, struct span package_result);
/* Brings what the card made, as it is. */
int bring_result(struct fixture *f);
/* Brings any result; gives the kind of answer. */
int provide(struct fixture *f, const struct rsp_provide_eim_package_result *q);
/* Answers a question with the results that the card kept. Gives the kind of answer. */
int bring_kept_results(struct fixture *f);
/* Answers a question with these certificates (DER; without octets: not told). Gives the kind of answer. */
int tell_certificates(struct fixture *f, const char *eid, struct span euicc, struct span eum, struct span transaction_id);
/* A real installation on a card, with its package altered on the way when it shall fail; replaces *bf37 by its result. */
void install(struct fixture *f, struct lab_card *c, bool fails, struct buf *bf37);
int bring_download(struct fixture *f, const char *eid, const struct rsp_profile_download_trigger_result *r);
/* Signs with a card's own key what no honest card would say; replaces f->result by the whole BF51. */
void sign_result(struct fixture *f, const struct lab_card *c, const struct rsp_package_result_data *d);
void sign_error(struct fixture *f, const struct lab_card *c, const struct rsp_package_error_data *d);
/* EIDs of a fleet, from 0; and their import, each with these members besides (",\"associationToken\":1"). */
void numbered_eid(unsigned number, char eid[33]);
void import_numbered(struct fixture *f, unsigned count, const char *members);
void tick_eim(struct fixture *f);
/* POSTs to a function of ESipa over JSON; returns the status and gives *answer (may be NULL), where there is a body. */
int call_json(struct fixture *f, const char *function, const char *type, const char *protocol, const char *body, json_t **answer);
/* EimConfigurationData of an eIM elsewhere, as parameters of an order; token: ",\"associationToken\":true" or "". */
void other_eim(struct fixture *f, const char *name, const char *token, char out[900]);

#define TESTS(name)                                                                                          \
    extern const struct test name[];                                                                         \
    extern const size_t name##_count
TESTS(northbound_tests);
TESTS(import_tests);
TESTS(outbox_tests);
TESTS(webhook_tests);
TESTS(view_tests);
TESTS(tenant_tests);
TESTS(order_tests);
TESTS(data_tests);
TESTS(json_tests);
TESTS(kinds_tests);
TESTS(push_tests);
TESTS(relay_tests);
TESTS(discovery_tests);
TESTS(package_tests);
TESTS(result_tests);
TESTS(stream_tests);
TESTS(chain_tests);
TESTS(twin_tests);
TESTS(codes_tests);
TESTS(esep_codes_tests);
TESTS(heard_codes_tests);
TESTS(problems_tests);
TESTS(codes_page_tests);
TESTS(refusal_tests);
TESTS(sealed_tests);
TESTS(damage_tests);
TESTS(kill_tests);
TESTS(clock_tests);
TESTS(ending_tests);
TESTS(leaving_tests);
TESTS(fleet_tests);

#endif
