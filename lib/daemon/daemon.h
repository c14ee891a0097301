/* What every actor that is a program of its own does the same way: its environment from settings, a port, the loop of ticks.
 *
 *     static const struct setting settings[] = { DAEMON_SETTINGS, { "url", SETTING_TEXT, "", "…" } };
 *     static int run(const struct settings *s, const volatile int *stop)
 *     {
 *         struct daemon *d = NULL;
 *         struct thing *t = NULL;
 *         int status = daemon_open(s, "thing", &d) || thing_new(daemon_env(d), …, &t) ? 1 : daemon_serve(d, thing_actor(t), stop);
 *         … free the actor …
 *         daemon_close(d);
 *         return status;
 *     } */
#ifndef LAB_DAEMON_DAEMON_H
#define LAB_DAEMON_DAEMON_H

#include "env.h"
#include "http.h"
#include "program.h"
#include "x509.h"

#define DAEMON_SETTINGS                                                                                              \
    { "listen", SETTING_TEXT, "127.0.0.1:8443", "address:port to serve on; port 0: any free one, told in the log" }, \
    { "database", SETTING_TEXT, "", "database file; empty: in memory, lost at the end" },                            \
    { "log", SETTING_TEXT, "text", "text or json, one event a line on standard error" },                             \
    { "certificate", SETTING_TEXT, "", "PEM file: TLS server certificate and chain; empty: plain HTTP" },            \
    { "key", SETTING_TEXT, "", "PEM file: its private key" },                                                        \
    { "clients-ca", SETTING_TEXT, "", "PEM file: CA whose client certificates are believed; empty: none" },          \
    { "roots", SETTING_TEXT, "", "PEM file: CIs whose servers are believed when calling others" },                   \
    { "client-certificate", SETTING_TEXT, "", "PEM file: shown when calling others" },                               \
    { "client-key", SETTING_TEXT, "", "PEM file: its private key" },                                                 \
    { "names", SETTING_MAP, "", "name: host:port, where names really are; TLS still verifies the name" }

struct daemon;
/* Builds the environment: clock, randomness, log, crypto, database, client. Files are read here. The settings are borrowed
 * until the close. ERR_CONFIG, ERR_IO: one line on standard error says which setting is wrong. */
MUST_CHECK enum err daemon_open(const struct settings *s, const char *actor, struct daemon **out);
void daemon_close(struct daemon *d); /* NULL is harmless */
const struct env *daemon_env(const struct daemon *d);
const struct settings *daemon_settings(const struct daemon *d);
/* Listens, ticks, and returns the exit status when asked to stop, or when the actor cannot go on. */
int daemon_serve(struct daemon *d, struct actor *a, const volatile int *stop_requested);

/* Reading further settings: each says on standard error what is wrong, with file:line:column. */
/* Appends a whole file; ceiling set by the caller. */
MUST_CHECK enum err daemon_read_file(const struct settings *s, const char *key, const char *path, struct buf *out);
/* 64 hex digits: a fingerprint, a hash, a storage key. */
MUST_CHECK enum err daemon_read_hash(const struct settings *s, const struct yaml_node *n, uint8_t out[32]);
/* The text of a member of a map; ERR_CONFIG when it is missing or no text. */
MUST_CHECK enum err daemon_member(const struct settings *s, const struct yaml_node *map, const char *key,
                                  const char **out);
/* The following say what is wrong, with file:line:column where a node is to blame. */
/* A file with 64 hex digits; made with random ones, readable by its owner only, when it is absent. */
MUST_CHECK enum err daemon_read_storage_key(const struct settings *s, const char *key, struct secret *out);
/* A certificate file, PEM or DER; parsed once and kept by env->crypto. */
MUST_CHECK enum err daemon_read_certificate(struct daemon *d, const char *path, const struct cert **out);
/* A private key file, PEM or DER. Gives *out (ec_key_free). */
MUST_CHECK enum err daemon_read_key(struct daemon *d, const char *path, struct ec_key **out);
/* Trust in the CI certificates of one list of files and the revocation lists (DER) of another (NULL: none). Gives *out. */
MUST_CHECK enum err daemon_read_trust(struct daemon *d, const char *cis, const char *crls, struct trust **out);

/* Of a folder made by 'sgp32lab certs make': FOLDER/PART/CERT_NAME.der and the key SK_NAME.pem beside it. Gives *key. */
MUST_CHECK enum err daemon_read_identity(struct daemon *d, const char *folder, const char *part, const char *name,
                                         const struct cert **certificate, struct ec_key **key);
/* Trust in the CIs of such a folder on both curves, with their revocation lists. Gives *out. */
MUST_CHECK enum err daemon_read_ci_folder(struct daemon *d, const char *folder, struct trust **out);

/* One of a list {name, certificate: FILE | fingerprint: 64 hex digits, rights: [word, …]}. */
struct daemon_client {
    const char *name;   /* borrowed from the settings */
    const char *tenant; /* the same; NULL: not told, or not asked for */
    uint8_t fingerprint[32];
    unsigned rights;
};
struct daemon_right {
    const char *word;
    unsigned bit;
};
/* Reads the list of a setting with these words for rights (ended by a NULL word). Gives *out (free). */
MUST_CHECK enum err daemon_read_clients(struct daemon *d, const char *key, const struct daemon_right *rights,
                                        struct daemon_client **out, size_t *count);
/* The same where a client may also have a tenant: NAME. */
MUST_CHECK enum err daemon_read_tenants_clients(struct daemon *d, const char *key, const struct daemon_right *rights,
                                                struct daemon_client **out, size_t *count);
/* "host:port" */
MUST_CHECK enum err daemon_split_address(const char *text, char host[64], uint16_t *port);

#endif
