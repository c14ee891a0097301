/* What the files of lib/host share. */
#ifndef LAB_HOST_INTERNAL_H
#define LAB_HOST_INTERNAL_H

#include "crypto.h"
#include "db.h"
#include "host.h"
#include "program_loop.h"
#include "wire.h"

#define HOST_FILE_MAX (1u << 20)

struct host_kept {
    struct host_kept *next;
    void *memory;
    struct ec_key *key;
};

struct host {
    const struct host_actor *what;
    const struct settings *settings;
    struct log_sink_text text;
    struct log_sink_json json;
    struct log log;
    struct env env;
    struct net net;
    struct trust *trust, *client_trust;
    struct actor *actor;
    struct http_server *server;
    struct program_loop loop;
    bool loop_ready;
    bool settings_wrong; /* the exit status is 2 */
    bool dead;           /* a fault killed the actor */
    struct host_kept *kept;
};

/* host_files.c */
void host_release_kept(struct host *h);
MUST_CHECK enum err host_fill_trust(struct host *h, const char *cis, const char *crls, struct trust **out);
/* Appends the certificates of a list of files as PEM. */
MUST_CHECK enum err host_put_pem(struct host *h, const char *key, struct buf *out);

/* host_names.c */
MUST_CHECK enum err host_fill_names(struct host *h);
/* "127.0.0.1:8443", "[::1]:8443". ERR_PARSE. */
MUST_CHECK enum err host_split_address(const char *text, char host[64], uint16_t *port);

#endif
