/* A caller and a server joined without a socket, and what this executable tests. */
#ifndef LAB_TESTS_ES_TESTS_H
#define LAB_TESTS_ES_TESTS_H

#include "es_peer.h"
#include "harness.h"
#include "wire.h"

#define SERVER_URL "https://server.example.com"

/* Both ends share one environment; `tampering` changes the message of that name before it is sent. */
struct world {
    struct clock_virtual clock;
    struct log log;
    struct env env;
    struct http_switch *http;
    struct es_peer peer;
    struct tamper tamper;
    const char *tampering;
    void (*change)(struct buf *bytes);
    char seen[8][64]; /* names of the messages that were about to be sent */
    size_t seen_count;
};
/* Serves `actor`; release closes everything. */
void world_open(struct world *w, struct actor *actor);
void world_close(struct world *w);
bool world_saw(const struct world *w, const char *message);
/* POSTs a body with the given headers (NULL: left out) to the server. */
void world_post(struct world *w, const char *path, const char *type, const char *protocol, struct span body,
                struct http_response *p);

void cut_short(struct buf *bytes);
void empty_it(struct buf *bytes);
void spoil_first_octet(struct buf *bytes);

void es9p_answers_arrive(void);
void es9p_signatures_come_in_both_forms(void);
void es9p_signatures_of_other_lengths_are_refused(void);
void es9p_refusals_arrive(void);
void es9p_refuses_hostile_requests(void);
void es9p_refuses_hostile_answers(void);
void es9p_asn1_answers_arrive(void);
void es9p_asn1_refuses_hostile_requests(void);
void es9p_asn1_refuses_hostile_answers(void);
void es9p_asn1_forwards_recorded_bytes(void);
void es9p_bindings_refuse_alike(void);
void es11_events_arrive(void);
void es11_bindings_refuse_alike(void);
void es11_refuses_hostile_answers(void);
void es12_events_arrive(void);
void es12_refuses_hostile_requests(void);
void es2p_orders_arrive(void);
void es2p_refuses_hostile_requests(void);
void esipa_polls(void);
void esipa_delivers(void);
void esipa_refuses_hostile_requests(void);
void esipa_refuses_hostile_answers(void);
void esipa_knows_its_callers(void);
void esipa_numbers_of_the_next_version(void);
void esipa_json_polls(void);
void esipa_json_cancels(void);
void esipa_json_results(void);
void esipa_json_notifications(void);
void esipa_error_numbers_arrive(void);
void esipa_error_numbers_are_its_own(void);
void esipa_package_errors_arrive(void);
void es10b_talks_to_a_card(void);
void es10b_loads_a_bound_package(void);
void es10b_refuses_hostile_cards(void);

#endif
