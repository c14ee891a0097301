/* A network under test: its own database file, a platform that listens, a SIM. */
#ifndef LAB_TESTS_NET_H
#define LAB_TESTS_NET_H

#include <jansson.h>

#include "aka.h"
#include "db.h"
#include "harness.h"
#include "net.h"

#define PLMN "63902"
#define IMSI "639020000000001"
#define ICCID "89254020000000000019"

/* What a platform heard, and how it answers. */
struct platform {
    struct http_client client;
    int status;         /* 0: not reached */
    unsigned calls;
    char heard[32][160]; /* "session-started 8925… 63902" */
    size_t heard_count;
};

struct fixture {
    char folder[64], path[96];
    struct clock_virtual clock;
    struct log log;
    struct crypto *crypto;
    struct env env;
    struct platform platform;
    struct network *network;
    struct network_settings settings;
    struct network_client clients[2];
    struct http_response p;
    bool restart_always; /* before each call */
    bool dead;           /* a fault killed it: restart before the next call */
};

void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
void fixture_restart(struct fixture *f);

enum who { NOBODY, ADMIN, PLATFORM, STRANGER };
/* Calls a route; gives the status, 0 when there was no answer. The answer is in f->p until the next call. */
int call(struct fixture *f, enum who who, const char *method, const char *path, const char *body);
/* Members of the answer's JSON, valid until eight more were asked for; "" when absent. */
const char *member(struct fixture *f, const char *name);
/* Runs the tick; gives when it wants to be called again. */
int64_t tick(struct fixture *f);

/* --- a USIM, TS 33.102 6.3.3 and annex C.2 */
struct usim {
    struct aka_params aka;
    int64_t seq[32];
};
enum usim_answer { USIM_RES, USIM_AUTS, USIM_MAC_FAILURE };
struct usim usim_new(const char *k, const char *opc);
/* `hex_out` has room for 33 characters: RES or AUTS. */
enum usim_answer usim_authenticate(struct usim *u, struct crypto *c, const char *rand, const char *autn,
                                   char *hex_out);

#define K_HEX "465b5ce8b199b49faa5f0a2ee238a6bc"
#define OPC_HEX "cd63cb71954a9f4e48a5994e37a02baf"
/* Subscriber IMSI, coverage in KE, service allowed. */
void provision(struct fixture *f);
/* Attaches and authenticates; the session's id into `session`. Gives the last status. */
int come_online(struct fixture *f, struct usim *u, char session[40]);

extern const struct test attach_tests[], admin_tests[], event_tests[];
extern const size_t attach_test_count, admin_test_count, event_test_count;

#endif
