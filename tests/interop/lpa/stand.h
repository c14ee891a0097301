/* A card behind pcscd and an SM-DP+ behind TLS, both programs of their own, and what an LPA does with them. */
#ifndef LAB_TESTS_STAND_H
#define LAB_TESTS_STAND_H

#include <sys/types.h>

#include "certs.h"
#include "es9p.h"
#include "es10b.h"
#include "harness.h"
#include "own_pcscd.h"
#include "wire.h"

#define EID "89049032123451234512345678901235"
#define FIRST "89000123456789012358"
#define SECOND "89000123456789012366"
#define CODE "1234" /* confirmation code of SECOND */

struct child {
    pid_t pid;
    int heard;
    char said[32768]; /* on standard error, as JSON lines */
};

struct stand {
    char folder[64], certs[96];
    struct own_pcscd pcscd;
    struct child euicc, smdp;
    struct crypto *crypto;
    struct log log;
    struct env env; /* its HTTP client is an LPA's */
    struct net net;
    struct buf roots;
    struct http_client *http;
    struct card *card;
    struct es10_card es10;
};

/* Starts all and orders two profiles, matchingIds CODE-1 and CODE-2. consumer: an SGP.22 card. */
void stand_open(struct stand *s, bool consumer);
void stand_close(struct stand *s);
/* The LPA takes the card, and leaves it to others. */
void stand_connect(struct stand *s);
void stand_disconnect(struct stand *s);
/* What a program says, and its exit status; $B in the command is the programs' folder. */
int stand_run(const char *command, char text[16384]);

/* One ES10 command in hex has this answer in hex. */
bool stand_es10_is(struct stand *s, const char *request, const char *response);
/* Downloads; gives the reason that the card gives (-1: installed, no ErrorResult), or -2 with *why of the SM-DP+'s refusal,
 * after which the session was cancelled. */
int64_t stand_download(struct stand *s, const char *matching_id, const char *confirmation_code, char why[200]);
/* "FIRST+ SECOND- " for an enabled and a disabled profile, with their nicknames. */
void stand_profiles(struct stand *s, char text[400]);
/* "1 install, 2 enable" of what waits. */
void stand_notifications(struct stand *s, char text[400]);
/* Delivers what waits to its SM-DP+ and takes it from the card. Gives how many. */
int stand_deliver(struct stand *s);
/* What the SM-DP+ says of a profile. */
void stand_history(struct stand *s, const char *iccid, char text[4096]);

#endif
