#include "smdp.h"

#include <stdlib.h>
#include <string.h>

#include "smdp_internal.h"
#include "smdp_messages.h"
#include "smdp_routes.h"

static enum err copy_addresses(struct smdp *s, const char *const *addresses)
{
    size_t count = 0;
    while (addresses[count])
        count++;
    s->addresses = calloc(count + 1, sizeof *s->addresses);
    for (size_t i = 0; s->addresses && i < count; i++)
        if (!(s->addresses[i] = strdup(addresses[i])))
            return ERR_NOMEM;
    return s->addresses ? ERR_OK : ERR_NOMEM;
}

static enum err copy_clients(struct smdp *s, const struct smdp_client *clients, size_t count)
{
    s->clients = calloc(count + 1, sizeof *s->clients);
    for (size_t i = 0; s->clients && i < count; i++, s->client_count++) {
        s->clients[i] = clients[i];
        s->clients[i].url = clients[i].url ? strdup(clients[i].url) : NULL;
        s->clients[i].name = strdup(clients[i].name);
        if (!s->clients[i].name || !s->clients[i].url != !clients[i].url)
            return ERR_NOMEM;
    }
    return s->clients ? ERR_OK : ERR_NOMEM;
}

static enum err copy_smds(struct smdp *s, const struct smdp_smds *smds, size_t count)
{
    s->smds = calloc(count + 1, sizeof *s->smds);
    for (size_t i = 0; s->smds && i < count; i++) {
        struct smdp_smds *to = &s->smds[s->smds_count++];
        *to = (struct smdp_smds){ strdup(smds[i].name), strdup(smds[i].url) };
        if (!to->name || !to->url)
            return ERR_NOMEM;
    }
    return s->smds ? ERR_OK : ERR_NOMEM;
}

static enum err copy_transport_keys(struct smdp *s, const struct smdp_transport_key *keys, size_t count)
{
    s->transport_keys = calloc(count + 1, sizeof *s->transport_keys);
    for (size_t i = 0; s->transport_keys && i < count; i++) {
        if (keys[i].key.len != 32)
            return log_fail(s->env->log, ERR_CONFIG, "settings", "a transport key has 32 octets");
        struct smdp_transport_key *to = &s->transport_keys[s->transport_key_count++];
        *to = (struct smdp_transport_key){ strdup(keys[i].name), keys[i].key };
        if (!to->name)
            return ERR_NOMEM;
    }
    return s->transport_keys ? ERR_OK : ERR_NOMEM;
}

/* A certificate that does not parse stops the program at its start, not a download in the middle. */
static enum err load_identities(struct smdp *s, const struct smdp_identity *identities, size_t count)
{
    if (count == 0 || count > COUNT(s->identity))
        return log_fail(s->env->log, ERR_CONFIG, "SGP.22 4.5.2", "one identity, or one on each curve, is wanted");
    for (size_t i = 0; i < count; i++, s->identity_count++) {
        s->identity[i] = identities[i];
        enum err e = cert_load(s->env->crypto, identities[i].auth_certificate, &s->auth[i]);
        if (!e)
            e = cert_load(s->env->crypto, identities[i].pb_certificate, &s->pb[i]);
        if (e)
            return log_fail(s->env->log, e, "SGP.22 4.5.2", "an SM-DP+ certificate of the settings cannot be read");
        s->identity[i].auth_certificate = s->auth[i]->der;
        s->identity[i].pb_certificate = s->pb[i]->der;
    }
    return ERR_OK;
}

static void prepare_authentication(struct smdp *s, const struct smdp_settings *settings)
{
    for (size_t i = 0; i < s->identity_count; i++)
        s->authenticating[i] = (struct es_identity){ s->auth[i], s->identity[i].auth_key };
    s->authentication = (struct es_authentication){
        .env = s->env, .trust = settings->trust, .warn_eid_range = settings->warn_eid_range, .subject = "8.8",
        .message = "ES9+.ServerSigned1", .addresses = (const char *const *)s->addresses,
        .identities = s->authenticating, .identity_count = s->identity_count,
    };
}

void smdp_free(struct smdp *s)
{
    for (char **address = s->addresses; address && *address; address++)
        free(*address);
    free(s->addresses);
    for (size_t i = 0; i < s->client_count; i++) {
        free((char *)s->clients[i].name);
        free((char *)s->clients[i].url);
    }
    free(s->clients);
    for (size_t i = 0; i < s->smds_count; i++) {
        free((char *)s->smds[i].name);
        free((char *)s->smds[i].url);
    }
    free(s->smds);
    for (size_t i = 0; i < s->transport_key_count; i++) {
        free((char *)s->transport_keys[i].name);
        secret_release(&s->transport_keys[i].key);
    }
    free(s->transport_keys);
    secret_release(&s->storage_key);
    free(s);
}

enum err smdp_new(const struct env *env, const struct smdp_settings *settings, struct smdp **out)
{
    struct smdp *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->actor.ops = &smdp_actor_ops;
    s->env = env;
    s->storage_key = settings->storage_key;
    s->ppk = settings->ppk;
    s->same_otpk_only = settings->same_otpk_only;
    s->wire = settings->wire;
    s->code_form = settings->code_form;
    s->rejection_ends_order = settings->rejection_ends_order;
    s->other_eid = settings->other_eid;
    s->foreign_told = settings->foreign_told;
    s->unknown_notifications_refused = settings->unknown_notifications_refused;
    s->order_valid_ms = settings->order_valid_ms;
    s->downloads_max = settings->downloads_max ? settings->downloads_max : 10;
    s->code_attempts = settings->code_attempts ? settings->code_attempts : 3;
    s->matching_id_min = settings->matching_id_min;
    s->messages_kept = settings->messages_kept;
    if (s->messages_kept > SMDP_MESSAGES_MOST)
        s->messages_kept = SMDP_MESSAGES_MOST;
    s->progress_kept = settings->progress_kept ? settings->progress_kept : 100000;
    s->progress_refusals_max = settings->progress_refusals_max ? settings->progress_refusals_max : 10;
    enum err e = copy_addresses(s, settings->addresses);
    if (!e)
        e = copy_clients(s, settings->clients, settings->client_count);
    if (!e)
        e = copy_smds(s, settings->smds, settings->smds_count);
    if (!e)
        e = copy_transport_keys(s, settings->transport_keys, settings->transport_key_count);
    if (!e)
        e = load_identities(s, settings->identities, settings->identity_count);
    prepare_authentication(s, settings);
    if (!e)
        e = db_migrate(env->db, smdp_migrations, smdp_migration_count);
    for (size_t i = 0; !e && i < settings->profile_type_count; i++)
        e = smdp_profile_type_settle(s, &settings->profile_types[i]);
    if (e)
        smdp_free(s);
    else
        *out = s;
    return e;
}

struct actor *smdp_actor(struct smdp *s)
{
    return &s->actor;
}

enum err smdp_refuse(struct http_response *p, int status, const char *title, const char *detail)
{
    enum err e = http_problem(p, status, title, detail);
    return e ? e : ERR_REFUSED;
}

const struct smdp_client *smdp_client_of(const struct smdp *s, struct span certificate)
{
    uint8_t fingerprint[32];
    if (!certificate.len || sha256(s->env->crypto, &certificate, 1, fingerprint))
        return NULL;
    for (size_t i = 0; i < s->client_count; i++)
        if (memcmp(s->clients[i].fingerprint, fingerprint, sizeof fingerprint) == 0)
            return &s->clients[i];
    return NULL;
}

const struct smdp_client *smdp_client_named(const struct smdp *s, const char *name)
{
    for (size_t i = 0; i < s->client_count; i++)
        if (strcmp(s->clients[i].name, name) == 0)
            return &s->clients[i];
    return NULL;
}

enum err smdp_require_viewer(const struct smdp *s, const struct http_request *q, struct http_response *p,
                             const char **owner)
{
    enum err e = http_require_peer(q, p);
    if (e)
        return e;
    const struct smdp_client *c = smdp_client_of(s, q->peer);
    if (c) {
        *owner = c->administrator ? NULL : c->name;
        return ERR_OK;
    }
    return smdp_refuse(p, 403, "not allowed", "this certificate is no client's of this SM-DP+");
}

/* A page in a browser can post forms and plain text to anybody, but no JSON. */
enum err smdp_read_json(const struct http_request *q, struct http_response *p, json_t **out)
{
    if (http_has_type(q, "application/json"))
        return http_read_json(q, p, out);
    return smdp_refuse(p, 415, "unsupported media type", "Content-Type: application/json is wanted");
}

enum err smdp_require_administrator(const struct smdp *s, const struct http_request *q, struct http_response *p)
{
    enum err e = http_require_peer(q, p);
    if (e)
        return e;
    const struct smdp_client *c = smdp_client_of(s, q->peer);
    if (c && c->administrator)
        return ERR_OK;
    return smdp_refuse(p, 403, "not allowed", "this certificate is no administrator's of this SM-DP+");
}

