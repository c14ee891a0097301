#include "smds.h"

#include <stdlib.h>
#include <string.h>

#include "smds_internal.h"

static enum err copy_addresses(struct smds *s, const char *const *addresses)
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

static enum err copy_clients(struct smds *s, const struct smds_client *clients, size_t count)
{
    s->clients = calloc(count + 1, sizeof *s->clients);
    for (size_t i = 0; s->clients && i < count; i++, s->client_count++) {
        s->clients[i] = clients[i];
        if (!(s->clients[i].name = strdup(clients[i].name)))
            return ERR_NOMEM;
    }
    return s->clients ? ERR_OK : ERR_NOMEM;
}

/* A certificate that does not parse stops the program at its start, not a discovery in the middle. */
static enum err load_identities(struct smds *s, const struct smds_identity *identities, size_t count)
{
    if (count == 0 || count > COUNT(s->identity))
        return log_fail(s->env->log, ERR_CONFIG, "SGP.22 4.5.2", "one identity, or one on each curve, is wanted");
    for (size_t i = 0; i < count; i++, s->identity_count++) {
        s->identity[i].key = identities[i].key;
        enum err e = cert_load(s->env->crypto, identities[i].certificate, &s->identity[i].certificate);
        if (e)
            return log_fail(s->env->log, e, "SGP.22 4.5.2", "an SM-DS certificate of the settings cannot be read");
    }
    return ERR_OK;
}

static void prepare_authentication(struct smds *s, const struct smds_settings *settings)
{
    s->authentication = (struct es_authentication){
        .env = s->env, .trust = settings->trust, .warn_eid_range = settings->warn_eid_range, .subject = "8.9",
        .message = "ES11.ServerSigned1", .addresses = (const char *const *)s->addresses,
        .identities = s->identity, .identity_count = s->identity_count,
    };
}

void smds_free(struct smds *s)
{
    for (char **address = s->addresses; address && *address; address++)
        free(*address);
    free(s->addresses);
    for (size_t i = 0; i < s->client_count; i++)
        free((char *)s->clients[i].name);
    free(s->clients);
    free(s);
}

enum err smds_new(const struct env *env, const struct smds_settings *settings, struct smds **out)
{
    struct smds *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->actor.ops = &smds_actor_ops;
    s->env = env;
    s->wire = settings->wire;
    enum err e = copy_addresses(s, settings->addresses);
    if (!e)
        e = copy_clients(s, settings->clients, settings->client_count);
    if (!e)
        e = load_identities(s, settings->identities, settings->identity_count);
    prepare_authentication(s, settings);
    if (!e)
        e = db_migrate(env->db, smds_migrations, smds_migration_count);
    if (e)
        smds_free(s);
    else
        *out = s;
    return e;
}

struct actor *smds_actor(struct smds *s)
{
    return &s->actor;
}

const struct smds_client *smds_client_of(const struct smds *s, struct span certificate)
{
    uint8_t fingerprint[32];
    if (!certificate.len || sha256(s->env->crypto, &certificate, 1, fingerprint))
        return NULL;
    for (size_t i = 0; i < s->client_count; i++)
        if (memcmp(s->clients[i].fingerprint, fingerprint, sizeof fingerprint) == 0)
            return &s->clients[i];
    return NULL;
}
