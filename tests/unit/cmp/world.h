/* A platform, a network that writes down what it is told, and callers with and without certificates. */
#ifndef LAB_TESTS_CMP_WORLD_H
#define LAB_TESTS_CMP_WORLD_H

#include "cmp.h"
#include "db.h"
#include "harness.h"
#include "wire.h"
#include "x509.h"

#define NOW (INT64_C(1800000000) * CLOCK_SECOND) /* 2027-01-15 08:00:00 */
#define SIM "8949000000000000001"
#define SIM20 "89490000000000000028"
#define KEY "acme-user:acme-key"
#define OTHER "other-user:other-key"

struct network {
    struct actor actor;
    char told[2048]; /* "iccid=true;…" */
    int status;
};

enum who { ADMIN, ESO, NET, STRANGER, NOBODY, WHO_COUNT };

struct world {
    struct clock_virtual clock;
    struct log log;
    struct crypto *crypto;
    struct env env;
    struct trust *clients;
    struct http_switch *direct;
    struct http_client *callers[WHO_COUNT];
    struct cmp *cmp;
    struct network network;
    struct http_response answer;
};

void world_open(struct world *w, unsigned calls_per_second);
void world_close(struct world *w);
/* Two accounts (KEY, OTHER) and two SIMs in the inventory. */
void world_prepare(struct world *w);
/* The answer's status. login: "username:apiKey" or NULL. */
int ask(struct world *w, enum who who, const char *login, const char *method, const char *path, const char *body);
/* Does the last answer contain the text? */
bool says(struct world *w, const char *text);
int64_t tick(struct world *w);
int transfer(struct world *w, const char *iccid, const char *account, const char *reference);
int event(struct world *w, const char *name, const char *at);

#define PUT_DEVICE(w, body) ask((w), NOBODY, KEY, "PUT", "/rws/api/v1/devices/" SIM, (body))
#define GET_DEVICE(w) ask((w), NOBODY, KEY, "GET", "/rws/api/v1/devices/" SIM, NULL)
#define GET_SESSION(w) ask((w), NOBODY, KEY, "GET", "/rws/api/v1/devices/" SIM "/sessionInfo", NULL)
#define GET_LEDGER(w) ask((w), ADMIN, NULL, "GET", "/v1/ledger/" SIM, NULL)
#define GET_WRITES(w) ask((w), ADMIN, NULL, "GET", "/v1/devices/" SIM "/writes", NULL)

#endif
