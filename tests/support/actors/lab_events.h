/* Events at the lab's SM-DS: registered as an SM-DP+ does, found with a real card. Refusals as in lab.h: ""
 * or "subject/reason", or a failure's name. */
#ifndef LAB_TESTS_LAB_EVENTS_H
#define LAB_TESTS_LAB_EVENTS_H

#include "es11.h"
#include "es12.h"
#include "lab.h"

/* ES12 as this client, under this name. Overwritten by the fourth call after. */
const char *lab_event(struct lab *l, struct http_client *as, const char *requester, enum es12_function f,
                      const struct es12_event *event);
/* How many events of this eUICC the SM-DS has. */
int lab_events_standing(struct lab *l, const char *eid);

/* A discovery: a download towards the SM-DS up to the second answer. No matchingId. */
void lab_discovery_begin(struct lab *l, struct lab_card *c, struct lab_download *d);
const char *lab_discovery_initiate(struct lab_download *d); /* then lab_authenticate_server */
const char *lab_discovery_ask(struct lab_download *d, struct rsp_authenticate_client_ok_es11 *found);
/* All of it. */
const char *lab_discover(struct lab_download *d, struct rsp_authenticate_client_ok_es11 *found);
/* "AB-1@smdp.example.com AB-2@…" */
void lab_found_text(const struct rsp_authenticate_client_ok_es11 *found, char out[512]);

#endif
