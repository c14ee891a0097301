/* sim-eim: an eIM as a program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "eim.h"

static const struct setting settings[] = {
    DAEMON_SETTINGS,
    { "clients", SETTING_LIST, "",
      "who may call: {name, certificate: FILE | fingerprint: SHA-256, tenant: NAME (none: the one without a name), "
      "rights: [read, order, register, administer, transfer] (none: all but transfer, which moves eUICCs between tenants)}" },
    { "storage-key", SETTING_TEXT, NULL, "file with the key that seals codes of downloads and secrets of webhooks; made when absent" },
    { "certs", SETTING_TEXT, NULL, "folder made by 'sgp32lab certs make': EIM, CertificateIssuer" },
    { "signs-with", SETTING_TEXT, "", "name of the signing identity in certs/EIM; without it SGP.26's of the curve" },
    { "former-keys", SETTING_LIST, "", "names of signing identities that some eUICCs still know; updateEim with ownKey ends that" },
    { "eim-id", SETTING_TEXT, "eim.example.com", "how eUICCs know it" },
    { "fqdn", SETTING_TEXT, "eim.example.com", "where IPAs poll" },
    { "sgp32", SETTING_TEXT, "1.2", "version of SGP.32 that it speaks: 1.2 or 1.3" },
    RSP_WIRE_ROLLBACK_FLAG,
    RSP_WIRE_EIM_KEY,
    RSP_WIRE_ESIPA_PROTOCOL,
    RSP_WIRE_ES9_PROTOCOL,
    RSP_WIRE_JSON_SIGNATURE,
    RSP_WIRE_CONFIRMATION_CODE,
    { "postpone", SETTING_DURATION, "30 s", "an eUICC that could not (emergency call, catBusy) is asked again after this, doubled each time" },
    { "heartbeat", SETTING_DURATION, "15 s", "a stream of events that is quiet for so long gets a line that says nothing" },
    { "keep-orders", SETTING_DURATION, "400 d", "orders that ended, and whose end was told, are forgotten after this" },
    { "reread-state", SETTING_BOOL, "true",
      "list an eUICC's profiles when its device says notifyStateChange, once each time, behind the other orders" },
    { "brainpool", SETTING_BOOL, "false", "sign packages on brainpoolP256r1 instead of P-256" },
    { "receivers", SETTING_LIST, "",
      "SM-DP+ addresses that notifications may be relayed to, beside those of downloads that were relayed; [\"*\"]: any" },
    { "any-user-agent", SETTING_BOOL, "false", "serve callers of ESipa whose User-Agent is no IPA's (free before v1.2)" },
    { "warn-eid-range", SETTING_BOOL, "false", "accept cards outside their EUM's EID range, with a warning" },
};

static const char usage[] = "  sim-eim --settings eim.yaml\n\n"
                            "with eim.yaml:\n"
                            "  listen: 127.0.0.1:8446\n"
                            "  database: eim.db\n"
                            "  storage-key: eim.key\n"
                            "  certificate: certs/EIM/CERT_S_EIM_TLS_NIST.pem\n"
                            "  key: certs/EIM/SK_S_EIM_TLS_NIST.pem\n"
                            "  clients-ca: certs/Operator/CERT_OPERATOR_CA.pem\n"
                            "  roots: certs/CertificateIssuer/CERT_CI_ECDSA_NIST.pem\n"
                            "  certs: certs\n"
                            "  clients:\n"
                            "    - {name: eso, certificate: certs/Operator/CERT_OPERATOR_ESO.pem}\n";

#define FORMER_MAX 7
#define RECEIVERS_MAX 64

/* What the eIM borrows. */
struct program_state {
    struct daemon *d;
    const char *receivers[RECEIVERS_MAX + 1];
    struct ec_key *key, *former[FORMER_MAX];
    struct trust *trust;
    struct eim *eim;
};

/* The clients in the eIM's form; gives *out (free). */
static enum err read_clients(struct daemon *d, struct eim_client **out, size_t *count)
{
    static const struct daemon_right rights[] = { { "read", EIM_READ },         { "order", EIM_ORDER },
                                                  { "register", EIM_REGISTER }, { "administer", EIM_ADMINISTER },
                                                  { "transfer", EIM_TRANSFER },  { NULL, 0 } };
    struct daemon_client *given = NULL;
    enum err e = daemon_read_tenants_clients(d, "clients", rights, &given, count);
    if (e)
        return e;
    *out = calloc(*count ? *count : 1, sizeof **out);
    for (size_t i = 0; *out && i < *count; i++) {
        (*out)[i].name = given[i].name;
        (*out)[i].tenant = given[i].tenant;
        (*out)[i].rights = given[i].rights;
        memcpy((*out)[i].fingerprint, given[i].fingerprint, sizeof given[i].fingerprint);
    }
    free(given);
    return *out ? ERR_OK : ERR_NOMEM;
}

static enum err read_former(struct program_state *p, struct eim_former_key out[FORMER_MAX], size_t *count)
{
    const struct settings *s = daemon_settings(p->d);
    const struct yaml_node *list = settings_node(s, "former-keys");
    enum err e = ERR_OK;
    for (size_t i = 0; !e && list && i < list->count; i++) {
        const struct cert *certificate = NULL;
        struct yaml_error error;
        if (i == FORMER_MAX || list->item[i]->kind != YAML_SCALAR) {
            e = yaml_fail(settings_yaml(s), list->item[i]->at, &error, "at most %d names are wanted", FORMER_MAX);
            fprintf(stderr, "%s\n", error.text);
            return e;
        }
        e = daemon_read_identity(p->d, settings_text(s, "certs"), "EIM", list->item[i]->text, &certificate, &p->former[i]);
        if (!e)
            out[(*count)++] = (struct eim_former_key){ certificate->der, p->former[i] };
    }
    return e;
}

static enum err read_receivers(struct program_state *p)
{
    const struct yaml_node *list = settings_node(daemon_settings(p->d), "receivers");
    for (size_t i = 0; list && i < list->count; i++) {
        if (i == RECEIVERS_MAX || list->item[i]->kind != YAML_SCALAR)
            return log_fail(daemon_env(p->d)->log, ERR_CONFIG, "settings", "receivers: at most 64 addresses are wanted");
        p->receivers[i] = list->item[i]->text;
    }
    return ERR_OK;
}

static enum err make_eim(struct program_state *p)
{
    const struct settings *s = daemon_settings(p->d);
    const char *folder = settings_text(s, "certs");
    const char *own = settings_text(s, "signs-with");
    const char *name = own[0]                        ? own
                       : settings_bool(s, "brainpool") ? "S_EIMsign_ECDSA_BRP"
                                                       : "S_EIMsign_ECDSA_NIST";
    const struct cert *sign = NULL;
    struct eim_client *clients = NULL;
    struct eim_former_key former[FORMER_MAX];
    struct eim_settings m = { .eim_id = settings_text(s, "eim-id"),
                              .fqdn = settings_text(s, "fqdn"),
                              .v1_3 = strcmp(settings_text(s, "sgp32"), "1.3") == 0,
                              .postpone_ms = settings_int(s, "postpone"),
                              .heartbeat_ms = settings_int(s, "heartbeat"),
                              .keep_orders_ms = settings_int(s, "keep-orders"),
                              .rereads = settings_bool(s, "reread-state"),
                              .receivers = p->receivers,
                              .any_user_agent = settings_bool(s, "any-user-agent"),
                              .warn_eid_range = settings_bool(s, "warn-eid-range") };
    rsp_wire_of_settings(s, RSP_WIRE_EIM, &m.wire);
    if (!m.v1_3 && strcmp(settings_text(s, "sgp32"), "1.2") != 0) {
        fputs("sgp32: 1.2 or 1.3 is wanted\n", stderr);
        return ERR_CONFIG;
    }
    enum err e = daemon_read_identity(p->d, folder, "EIM", name, &sign, &p->key);
    if (!e)
        e = read_former(p, former, &m.former_count);
    if (!e)
        e = read_receivers(p);
    if (!e)
        e = daemon_read_ci_folder(p->d, folder, &p->trust);
    if (!e)
        e = read_clients(p->d, &clients, &m.client_count);
    if (!e)
        e = daemon_read_storage_key(s, "storage-key", &m.storage_key);
    if (!e) {
        m.sign_certificate = sign->der;
        m.sign_key = p->key;
        m.trust = p->trust;
        m.clients = clients;
        m.former = former;
        e = eim_new(daemon_env(p->d), &m, &p->eim);
    }
    free(clients);
    secret_release(&m.storage_key);
    return e;
}

static int run(const struct settings *s, const volatile int *stop_requested)
{
    struct program_state p = { 0 };
    enum err e = daemon_open(s, "eim", &p.d);
    if (!e)
        e = make_eim(&p);
    int status = e ? (e == ERR_CONFIG ? 2 : 1) : daemon_serve(p.d, eim_actor(p.eim), stop_requested);
    if (p.eim)
        eim_actor(p.eim)->ops->free(eim_actor(p.eim));
    trust_free(p.trust);
    ec_key_free(p.key);
    for (size_t i = 0; i < FORMER_MAX; i++)
        ec_key_free(p.former[i]);
    daemon_close(p.d);
    return status;
}

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "sim-eim",
        .summary = "an eIM: orders over REST, eUICC packages and download triggers over ESipa (SGP.32 v1.2)",
        .usage = usage,
        .settings = settings,
        .setting_count = COUNT(settings),
        .run = run,
    };
    return program_main(&program, argc, argv);
}
