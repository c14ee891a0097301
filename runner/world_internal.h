/* How a world is put together; inside runner only. */
#ifndef LAB_RUNNER_WORLD_INTERNAL_H
#define LAB_RUNNER_WORLD_INTERNAL_H

#include "euicc.h"
#include "world.h"

#define HOST_SMDP "smdp.example.com"
#define HOST_SMDS "smds.example.com"
#define HOST_EIM "eim.example.com"
#define HOST_ESO "eso.example.com"
#define ACCOUNT "acme"      /* the enterprise's account at every platform */
#define OPERATOR "acme-eso" /* functionRequesterIdentifier of the eSO */

/* parts.c: makes the actor of a part from its settings; also after a kill. */
MUST_CHECK enum err part_build(struct part *p);
/* Name of the operator-CA client certificate a part shows. */
const char *part_client_name(const struct part *p, char out[80]);
/* The n-th certificate that an eIM of the world signs its packages with, from 0. */
MUST_CHECK enum err part_eim_sign(const struct part *p, unsigned n, const struct pki_item **out);
/* "EIM", "EIM-SECOND": the client certificate of an eIM. */
const char *part_eim_client(const struct scenario_eim *eim, char out[80]);
/* "SMDP", "SMDP-SECOND": the client certificate of an SM-DP+. */
const char *part_smdp_client(const struct scenario_smdp *smdp, char out[80]);
/* "TENANT-RIVAL": the client certificate of a tenant of the eIMs. */
const char *part_tenant_client(const char *tenant, char out[80]);
/* The certificates of an SM-DP+ of the world on P-256; of the one that is always there those that the scenario wants. */
MUST_CHECK enum err part_smdp_identity(struct world *w, const struct scenario_smdp *smdp, const struct pki_item **auth,
                                       const struct pki_item **pb);
/* The same on brainpoolP256r1. */
MUST_CHECK enum err part_smdp_brainpool(struct world *w, const struct scenario_smdp *smdp, const struct pki_item **auth,
                                        const struct pki_item **pb);
/* "PLATFORM-PARTNER": the client certificate of a carrier's platform or network. */
const char *part_carrier_client(const char *role, const struct scenario_carrier *c, char out[80]);
/* The certificate of a role, or the one that the scenario put in its place. */
MUST_CHECK enum err part_identity(struct world *w, const char *part, const char *good, const struct pki_item **out);
/* Appends the request that makes the eIM known to the card of a device (BF57). */
MUST_CHECK enum err part_initial_eim(struct world *w, const struct world_device *d, struct buf *out);
/* Changes such a request: whom the device is to believe in TLS, as its group says. */
MUST_CHECK enum err eim_trust_put(struct world *w, const struct world_device *d, struct buf *request);
/* The API key of the account at a carrier's platform; a secret. */
MUST_CHECK enum err part_api_key(struct world *w, const struct scenario_carrier *c, struct secret *out);

/* wiring.c */
MUST_CHECK enum err wiring_client(struct world *w, struct part *p); /* p NULL: the administrator's two */
/* The client of a caller that is no part (world_call_as), made when it calls first. Borrowed. */
MUST_CHECK enum err wiring_guest(struct world *w, const char *who, struct http_client **out);
MUST_CHECK enum err wiring_publish(struct world *w, struct part *p); /* after each (re)build */
MUST_CHECK enum err wiring_identity(struct world *w, const struct part *p, const struct pki_item **out);
MUST_CHECK enum err wiring_show_flaws(struct world *w);
void wiring_withdraw(struct world *w, struct part *p);

/* subscribers.c: numbers and keys from the seed. */
MUST_CHECK enum err subscriber_make(struct world *w, const struct scenario_carrier *c, struct world_profile *out);
MUST_CHECK enum err subscriber_matching_id(struct world *w, struct world_profile *p);

/* provision.c: through the actors' own interfaces. */
MUST_CHECK enum err provision_carriers(struct world *w);
MUST_CHECK enum err provision_eso(struct world *w);
MUST_CHECK enum err provision_devices(struct world *w);
/* What a carrier's network knows of a SIM: its keys (right or wrong) and whether it is served. Not traced: keys. */
MUST_CHECK enum err provision_subscription(struct world *w, const struct world_profile *p, bool right_key, bool service);
/* devices.c */
/* A card's memory, at which power can be cut: before it is committed, or right after. NULL: never. */
struct world_memory {
    struct euicc_nvm nvm;
    struct euicc_nvm_ram ram;
    enum err (*cut)(void *context, bool committed);
    void *context;
};
MUST_CHECK enum err devices_plan(struct world *w);
MUST_CHECK enum err device_card(struct world *w, struct world_device *d);
void device_release(struct world_device *d);

#endif
