/* sim-smds: a root SM-DS as a program. */
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "smds.h"

static const struct setting settings[] = {
    DAEMON_SETTINGS,
    { "clients", SETTING_LIST, "", "who may call: {name, certificate: FILE | fingerprint: SHA-256, rights: [..]}" },
    { "certs", SETTING_TEXT, NULL, "folder made by 'sgp32lab certs make': DSauth, CertificateIssuer" },
    { "addresses", SETTING_LIST, "", "names that it answers to, its own first; default: [smds.example.com]" },
    { "brainpool", SETTING_BOOL, "true", "also offer a certificate on brainpoolP256r1" },
    RSP_WIRE_JSON_SIGNATURE,
    { "warn-eid-range", SETTING_BOOL, "false", "accept cards outside their EUM's EID range, with a warning" },
};

static const char usage[] =
    "A client without rights is an SM-DP+; its name is its functionRequesterIdentifier at ES12. Rights: administer.\n\n"
    "  sim-smds --settings smds.yaml\n\n"
    "with smds.yaml:\n"
    "  listen: 127.0.0.1:8447\n"
    "  database: smds.db\n"
    "  certificate: certs/DStls/CERT_S_SM_DS_TLS.pem\n"
    "  key: certs/DStls/SK_S_SM_DS_TLS.pem\n"
    "  clients-ca: certs/Operator/CERT_OPERATOR_CA.pem\n"
    "  certs: certs\n"
    "  clients:\n"
    "    - {name: smdp.example.com, certificate: certs/Operator/CERT_OPERATOR_SMDP.pem}\n"
    "    - {name: admin, certificate: certs/Operator/CERT_OPERATOR_ADMIN.pem, rights: [administer]}\n";

#define RIGHT_ADMINISTER 1u
#define ADDRESSES_MAX 16

/* What the SM-DS borrows. */
struct program_state {
    struct daemon *d;
    const char *addresses[ADDRESSES_MAX + 1];
    struct smds_identity identities[2];
    struct ec_key *keys[2];
    struct trust *trust;
    struct smds *smds;
};

/* The clients in the SM-DS's form; gives *out (free). */
static enum err read_clients(struct daemon *d, struct smds_client **out, size_t *count)
{
    static const struct daemon_right rights[] = { { "administer", RIGHT_ADMINISTER }, { NULL, 0 } };
    struct daemon_client *given = NULL;
    enum err e = daemon_read_clients(d, "clients", rights, &given, count);
    if (e)
        return e;
    *out = calloc(*count ? *count : 1, sizeof **out);
    for (size_t i = 0; *out && i < *count; i++) {
        (*out)[i] = (struct smds_client){ .name = given[i].name,
                                          .administrator = given[i].rights & RIGHT_ADMINISTER };
        memcpy((*out)[i].fingerprint, given[i].fingerprint, sizeof given[i].fingerprint);
    }
    free(given);
    return *out ? ERR_OK : ERR_NOMEM;
}

static enum err read_addresses(struct program_state *p)
{
    const struct yaml_node *list = settings_node(daemon_settings(p->d), "addresses");
    p->addresses[0] = "smds.example.com";
    for (size_t i = 0; list && i < list->count; i++) {
        if (i == ADDRESSES_MAX || list->item[i]->kind != YAML_SCALAR)
            return log_fail(daemon_env(p->d)->log, ERR_CONFIG, "settings", "addresses: at most 16 names are wanted");
        p->addresses[i] = list->item[i]->text;
    }
    return ERR_OK;
}

static enum err read_identity(struct program_state *p, size_t i, const char *name)
{
    const char *folder = settings_text(daemon_settings(p->d), "certs");
    const struct cert *certificate = NULL;
    enum err e = daemon_read_identity(p->d, folder, "DSauth", name, &certificate, &p->keys[i]);
    if (!e)
        p->identities[i] = (struct smds_identity){ certificate->der, p->keys[i] };
    return e;
}

static enum err make_smds(struct program_state *p)
{
    const struct settings *s = daemon_settings(p->d);
    struct smds_client *clients = NULL;
    struct smds_settings m = { .addresses = p->addresses, .identities = p->identities, .identity_count = 1,
                               .warn_eid_range = settings_bool(s, "warn-eid-range") };
    rsp_wire_of_settings(s, RSP_WIRE_SMDS, &m.wire);
    enum err e = read_addresses(p);
    if (!e)
        e = read_identity(p, 0, "S_SM_DSauth_ECDSA_NIST");
    if (!e && settings_bool(s, "brainpool")) {
        e = read_identity(p, 1, "S_SM_DSauth_ECDSA_BRP");
        m.identity_count = 2;
    }
    if (!e)
        e = daemon_read_ci_folder(p->d, settings_text(s, "certs"), &p->trust);
    if (!e)
        e = read_clients(p->d, &clients, &m.client_count);
    m.clients = clients;
    m.trust = p->trust;
    if (!e)
        e = smds_new(daemon_env(p->d), &m, &p->smds);
    free(clients);
    return e;
}

static void close_all(struct program_state *p)
{
    if (p->smds)
        smds_actor(p->smds)->ops->free(smds_actor(p->smds));
    trust_free(p->trust);
    for (size_t i = 0; i < COUNT(p->keys); i++)
        ec_key_free(p->keys[i]);
    daemon_close(p->d);
}

static int run(const struct settings *s, const volatile int *stop_requested)
{
    struct program_state p = { 0 };
    enum err e = daemon_open(s, "smds", &p.d);
    if (!e)
        e = make_smds(&p);
    int status = e ? (e == ERR_CONFIG ? 2 : 1) : daemon_serve(p.d, smds_actor(p.smds), stop_requested);
    close_all(&p);
    return status;
}

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "sim-smds",
        .summary = "a root SM-DS: events over ES12, discovery over ES11 (SGP.22 v2.5)",
        .usage = usage,
        .settings = settings,
        .setting_count = COUNT(settings),
        .run = run,
    };
    return program_main(&program, argc, argv);
}
