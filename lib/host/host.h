/* A program that is one actor: its environment from settings, a listener, and the loop that calls its tick. What is left
 * for main.c is a table of settings and the call of the actor's constructor:
 *
 *   static const struct setting settings[] = { HOST_SETTINGS, { "plmn", SETTING_TEXT, NULL, "…" } };
 *   static enum err start(struct host *h, struct actor **out) { … network_new(host_env(h), …) … }
 *   static const struct host_actor actor = { "net", start };
 *   static int run(const struct settings *s, const volatile int *stop) { return host_run(&actor, s, stop); }
 *   int main(int argc, char **argv) { return program_main(&(const struct program){ … .run = run }, argc, argv); } */
#ifndef LAB_HOST_H
#define LAB_HOST_H

#include "env.h"
#include "http.h"
#include "program.h"
#include "x509.h"

/* Paths are relative to the working directory; lists of files are lists of paths, PEM or DER. */
#define HOST_SETTINGS                                                                                               \
    { "listen", SETTING_TEXT, NULL, "HOST:PORT to serve on; port 0 takes a free one and logs it" },                \
    { "certificate", SETTING_TEXT, NULL, "file with the TLS certificate (chain), PEM" },                            \
    { "key", SETTING_TEXT, NULL, "file with its private key, PEM" },                                                \
    { "database", SETTING_TEXT, NULL, "file that holds all state; made when absent" },                              \
    { "trust", SETTING_LIST, "", "files with the CI certificates to believe, of servers and in RSP" },              \
    { "revoked", SETTING_LIST, "", "files with revocation lists of these CIs, DER" },                               \
    { "clientTrust", SETTING_LIST, "", "files with the CA certificates of clients (mutual TLS)" },                  \
    { "clients", SETTING_LIST, "", "who may call: [{name, certificate: FILE or fingerprint: HEX, rights: [..]}]" }, \
    { "clientCertificate", SETTING_TEXT, "", "file with the certificate to show when calling others, PEM" },        \
    { "clientKey", SETTING_TEXT, "", "file with its private key, PEM" },                                            \
    { "names", SETTING_MAP, "", "where names really are: {smdp.example.com: \"127.0.0.1:8443\"}" },                 \
    { "threads", SETTING_INT, "1", "threads that serve requests" },                                                 \
    { "log", SETTING_TEXT, "text", "text or json, on standard error" }

struct host;
struct host_actor {
    const char *role; /* name in the log */
    /* Makes the actor from host_env and host_settings. Gives *out. */
    enum err (*start)(struct host *h, struct actor **out);
};

/* Runs until *stop_requested; returns the program's exit status: 0, 1 could not run, 2 settings wrong. */
int host_run(const struct host_actor *a, const struct settings *s, const volatile int *stop_requested);

const struct env *host_env(struct host *h);
const struct settings *host_settings(struct host *h);
/* The CIs of `trust`. Borrowed, lives as long as the actor. */
struct trust *host_trust(struct host *h);

/* Whole file, at most out->max. ERR_CONFIG with the name in the log. */
MUST_CHECK enum err host_read_file(struct host *h, const char *path, struct buf *out);
/* Memory that is released after the actor; zeroed. NULL: none left. */
void *host_keep(struct host *h, size_t size);
/* A file's bytes, DER when the file is a PEM certificate; live as long as the actor. ERR_CONFIG. */
MUST_CHECK enum err host_certificate(struct host *h, const char *path, struct span *der);
/* A private key; lives as long as the actor. ERR_CONFIG. */
MUST_CHECK enum err host_key(struct host *h, const char *path, const struct ec_key **out);
/* 32 octets from a file of 64 hex digits, which is made with random ones (mode 0600) when absent. */
MUST_CHECK enum err host_storage_key(struct host *h, const char *path, struct secret *out);

/* One of `clients`. */
struct host_client {
    const char *name;
    uint8_t fingerprint[32];
    unsigned rights;
};
struct host_right {
    const char *name; /* "administer" */
    unsigned bit;
};
/* Reads `clients` with these words for rights (NULL-terminated). Lives as long as the actor. ERR_CONFIG with the line. */
MUST_CHECK enum err host_clients(struct host *h, const struct host_right *rights, const struct host_client **out,
                                 size_t *count);

/* Says what is wrong with a node of the settings, with its place, and returns ERR_CONFIG. */
enum err host_refuse(struct host *h, const struct yaml_node *n, const char *what);

#endif
