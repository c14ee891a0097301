/* sim-smdp: an SM-DP+ as a program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "smdp.h"

static const struct setting settings[] = {
    DAEMON_SETTINGS,
    { "clients", SETTING_LIST, "",
      "who may call: {name, certificate: FILE | fingerprint: SHA-256, rights: [..]}" },
    { "certs", SETTING_TEXT, NULL, "folder made by 'sgp32lab certs make': DPauth, DPpb, CertificateIssuer" },
    { "identity", SETTING_TEXT, "", "name of the identity in certs/DPauth and certs/DPpb, NAME_BRP that on brainpoolP256r1; without it SGP.26's" },
    { "addresses", SETTING_LIST, "", "names that it answers to, its own first; default: [smdp.example.com]" },
    { "brainpool", SETTING_BOOL, "true", "also offer certificates on brainpoolP256r1" },
    { "storage-key", SETTING_TEXT, NULL, "file with the key that encrypts subscribers' keys; made when absent" },
    { "smds", SETTING_MAP, "", "name: https URL of each SM-DS that orders may name; client-certificate is shown there" },
    { "operators", SETTING_MAP, "", "name: https URL where this client hears how downloads of its profiles go" },
    { "profile-types", SETTING_LIST, "",
      "types made from a package file: {name, operator, package: FILE of an unprotected profile package}" },
    { "transport-keys", SETTING_MAP, "",
      "name: FILE with the 64 hex digits under which keys of profiles are exported and imported" },
    { "ppk", SETTING_BOOL, "false", "protect packages by random keys instead of the session's" },
    { "same-otpk-only", SETTING_BOOL, "false",
      "a package that was bound is given to the eUICC's same one-time key only (8.2/3.7); else it is bound anew" },
    { "rejection-ends-order", SETTING_BOOL, "false",
      "an end user's rejection ends the order for good (state Error); else the code serves again, as after any cancellation" },
    { "foreign-told", SETTING_BOOL, "false",
      "tell an operator that a profile or type is another's (8.2.1/1.2, 8.2.5/1.2); else it is as unknown as any (3.9)" },
    { "other-eid", SETTING_TEXT, "by-function",
      "said of an EID that is not the order's: 8.1.1/3.1 or 8.1.1/3.10 in both functions; by-function: 8.1.1/3.10 in "
      "ConfirmOrder, 8.2.1/3.10 in DownloadOrder" },
    { "unknown-notifications-refused", SETTING_BOOL, "false",
      "a notification of no known session or profile is refused (8.10.1/3.9) and so stays on the card; else 204" },
    { "order-valid", SETTING_DURATION, "0 s", "a released order expires after it; 0 s: never" },
    RSP_WIRE_JSON_SIGNATURE,
    RSP_WIRE_SEGMENT,
    { "wire-confirmation-code", SETTING_CHOICE, "any|ascii|hex",
      "what a device may have hashed of a confirmation code: its text, or the octets that it is in hex (D-14)" },
    { "code-attempts", SETTING_INT, "3", "wrong confirmation codes before an order is refused (8.2.7/6.4)" },
    { "downloads-max", SETTING_INT, "10", "packages bound for one order before it is refused" },
    { "matching-id-min", SETTING_INT, "1",
      "characters of a matchingId that an operator gives, at least (8.2.6/2.1): where operators do not trust each other, say 20" },
    { "messages-kept", SETTING_INT, "64", "received messages kept for each ICCID, 128 at most; 0: none" },
    { "progress-refusals-max", SETTING_INT, "10",
      "refusals of one notification by its operator (a status, or HTTP 4xx) before it is put aside" },
    { "progress-kept", SETTING_INT, "100000",
      "notifications kept for each operator, waiting or put aside; what has waited longest is dropped, and said" },
    { "warn-eid-range", SETTING_BOOL, "false", "accept cards outside their EUM's EID range, with a warning" },
};

static const char usage[] =
    "A client's name is its functionRequesterIdentifier at ES2+. Rights of clients: administer.\n\n"
    "  sim-smdp --settings smdp.yaml\n\n"
    "with smdp.yaml:\n"
    "  listen: 127.0.0.1:8445\n"
    "  database: smdp.db\n"
    "  certificate: certs/DPtls/CERT_S_SM_DP_TLS_NIST.pem\n"
    "  key: certs/DPtls/SK_S_SM_DP_TLS_NIST.pem\n"
    "  clients-ca: certs/Operator/CERT_OPERATOR_CA.pem\n"
    "  certs: certs\n"
    "  storage-key: smdp.key\n"
    "  client-certificate: certs/Operator/CERT_OPERATOR_SMDP.pem\n"
    "  client-key: certs/Operator/SK_OPERATOR_SMDP.pem\n"
    "  roots: certs/CertificateIssuer/CERT_CI_ECDSA_NIST.pem\n"
    "  smds: {smds.example.com: \"https://smds.example.com\"}\n"
    "  operators: {eso: \"https://orders.example.com\"}\n"
    "  clients:\n"
    "    - {name: eso, certificate: certs/Operator/CERT_OPERATOR_ESO.pem}\n"
    "    - {name: admin, certificate: certs/Operator/CERT_OPERATOR_ADMIN.pem, rights: [administer]}\n";

#define RIGHT_ADMINISTER 1u
#define ADDRESSES_MAX 16
#define SMDS_MAX 16
#define TYPES_MAX 64
#define TRANSPORT_KEYS_MAX 16
#define PACKAGE_MAX (256u << 10)

/* What the SM-DP+ borrows. */
struct program_state {
    struct daemon *d;
    const char *addresses[ADDRESSES_MAX + 1];
    struct smdp_smds smds[SMDS_MAX];
    size_t smds_count;
    struct smdp_transport_key keys[TRANSPORT_KEYS_MAX];
    size_t key_count;
    struct smdp_profile_type types[TYPES_MAX];
    struct buf packages[TYPES_MAX];
    size_t type_count;
    struct smdp_identity identities[2];
    struct ec_key *auth[2], *pb[2];
    struct trust *trust;
    struct smdp *smdp;
};

/* NULL: this client does not want to hear. */
static const char *url_of(struct daemon *d, const char *name)
{
    const struct yaml_node *map = settings_node(daemon_settings(d), "operators");
    const struct yaml_node *url = map ? yaml_get(map, name) : NULL;
    return url ? url->text : NULL;
}

/* A name that is no client's would never be told anything. */
static enum err check_operators(struct daemon *d, const struct daemon_client *clients, size_t count)
{
    const struct yaml_node *map = settings_node(daemon_settings(d), "operators");
    for (size_t i = 0; map && i < map->count; i++) {
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known |= strcmp(clients[k].name, map->key[i]) == 0;
        bool url = map->item[i]->kind == YAML_SCALAR && strncmp(map->item[i]->text, "https://", 8) == 0;
        if (!known || !url)
            return log_fail(daemon_env(d)->log, ERR_CONFIG, "settings",
                            known ? "operators: an https URL is wanted" : "operators: a name is no client's");
    }
    return ERR_OK;
}

/* The clients in the SM-DP+'s form; gives *out (free). */
static enum err read_clients(struct daemon *d, struct smdp_client **out, size_t *count)
{
    static const struct daemon_right rights[] = { { "administer", RIGHT_ADMINISTER }, { NULL, 0 } };
    struct daemon_client *given = NULL;
    enum err e = daemon_read_clients(d, "clients", rights, &given, count);
    if (!e)
        e = check_operators(d, given, *count);
    if (e) {
        free(given);
        return e;
    }
    *out = calloc(*count ? *count : 1, sizeof **out);
    for (size_t i = 0; *out && i < *count; i++) {
        (*out)[i] = (struct smdp_client){ .name = given[i].name,
                                          .url = url_of(d, given[i].name),
                                          .administrator = given[i].rights & RIGHT_ADMINISTER };
        memcpy((*out)[i].fingerprint, given[i].fingerprint, sizeof given[i].fingerprint);
    }
    free(given);
    return *out ? ERR_OK : ERR_NOMEM;
}

static enum err read_addresses(struct program_state *p)
{
    const struct yaml_node *list = settings_node(daemon_settings(p->d), "addresses");
    p->addresses[0] = "smdp.example.com";
    for (size_t i = 0; list && i < list->count; i++) {
        if (i == ADDRESSES_MAX || list->item[i]->kind != YAML_SCALAR)
            return log_fail(daemon_env(p->d)->log, ERR_CONFIG, "settings",
                            "addresses: at most 16 names are wanted");
        p->addresses[i] = list->item[i]->text;
    }
    return ERR_OK;
}

static enum err read_smds(struct program_state *p)
{
    const struct yaml_node *map = settings_node(daemon_settings(p->d), "smds");
    for (size_t i = 0; map && i < map->count; i++) {
        if (i == SMDS_MAX || map->item[i]->kind != YAML_SCALAR)
            return log_fail(daemon_env(p->d)->log, ERR_CONFIG, "settings",
                            "smds: at most 16 names with their URLs");
        p->smds[p->smds_count++] = (struct smdp_smds){ map->key[i], map->item[i]->text };
    }
    return ERR_OK;
}

static const char *text_of(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = map->kind == YAML_MAP ? yaml_get(map, key) : NULL;
    return node && node->kind == YAML_SCALAR ? node->text : NULL;
}

static enum err read_types(struct program_state *p)
{
    const struct yaml_node *list = settings_node(daemon_settings(p->d), "profile-types");
    enum err e = ERR_OK;
    for (size_t i = 0; !e && list && i < list->count; i++) {
        const char *name = text_of(list->item[i], "name"), *owner = text_of(list->item[i], "operator"),
                   *file = text_of(list->item[i], "package");
        if (i == TYPES_MAX || !name || !owner || !file)
            return log_fail(daemon_env(p->d)->log, ERR_CONFIG, "settings",
                            "profile-types: at most 64 of {name, operator, package}");
        p->packages[i].max = PACKAGE_MAX;
        e = daemon_read_file(daemon_settings(p->d), "profile-types", file, &p->packages[i]);
        p->types[p->type_count++] = (struct smdp_profile_type){ name, owner, buf_span(&p->packages[i]) };
    }
    return e;
}

static enum err read_transport_key(struct program_state *p, const char *path, struct secret *out)
{
    struct buf text = { .max = 256 }, key = { .max = 64 };
    enum err e = daemon_read_file(daemon_settings(p->d), "transport-keys", path, &text);
    while (!e && text.len && strchr("\r\n ", text.at[text.len - 1]))
        text.len--;
    if (!e && (hex_decode(buf_span(&text), &key) || key.len != 32))
        e = log_fail(daemon_env(p->d)->log, ERR_CONFIG, "settings", "transport-keys: a file does not hold 64 hex digits");
    if (!e)
        e = secret_set(out, buf_span(&key));
    if (text.at)
        memory_clear(text.at, text.len);
    if (key.at)
        memory_clear(key.at, key.len);
    buf_release(&text);
    buf_release(&key);
    return e;
}

static enum err read_transport_keys(struct program_state *p)
{
    const struct yaml_node *map = settings_node(daemon_settings(p->d), "transport-keys");
    enum err e = ERR_OK;
    for (size_t i = 0; !e && map && i < map->count; i++) {
        if (i == TRANSPORT_KEYS_MAX || map->item[i]->kind != YAML_SCALAR)
            return log_fail(daemon_env(p->d)->log, ERR_CONFIG, "settings", "transport-keys: at most 16 names with files");
        p->keys[i].name = map->key[i];
        e = read_transport_key(p, map->item[i]->text, &p->keys[i].key);
        p->key_count++;
    }
    return e;
}

static enum err read_identity(struct program_state *p, size_t i, const char *auth_name, const char *pb_name)
{
    const char *folder = settings_text(daemon_settings(p->d), "certs");
    const struct cert *auth = NULL, *pb = NULL;
    enum err e = daemon_read_identity(p->d, folder, "DPauth", auth_name, &auth, &p->auth[i]);
    if (!e)
        e = daemon_read_identity(p->d, folder, "DPpb", pb_name, &pb, &p->pb[i]);
    if (!e)
        p->identities[i] = (struct smdp_identity){ auth->curve, auth->der, pb->der, p->auth[i], p->pb[i] };
    return e;
}

static enum err read_other_eid(const struct program_state *p, enum smdp_other_eid *out)
{
    static const char *const words[] = { [SMDP_OTHER_EID_BY_FUNCTION] = "by-function", [SMDP_OTHER_EID_3_1] = "8.1.1/3.1",
                                         [SMDP_OTHER_EID_3_10] = "8.1.1/3.10" };
    const char *word = settings_text(daemon_settings(p->d), "other-eid");
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(word, words[i]) == 0) {
            *out = (enum smdp_other_eid)i;
            return ERR_OK;
        }
    return log_fail(daemon_env(p->d)->log, ERR_CONFIG, "settings", "other-eid: by-function, 8.1.1/3.1 or 8.1.1/3.10");
}

static enum err make_smdp(struct program_state *p)
{
    const struct settings *s = daemon_settings(p->d);
    const char *own = settings_text(s, "identity");
    struct smdp_client *clients = NULL;
    struct smdp_settings m = { .addresses = p->addresses, .identities = p->identities, .identity_count = 1,
                               .warn_eid_range = settings_bool(s, "warn-eid-range"),
                               .ppk = settings_bool(s, "ppk"),
                               .same_otpk_only = settings_bool(s, "same-otpk-only"),
                               .rejection_ends_order = settings_bool(s, "rejection-ends-order"),
                               .foreign_told = settings_bool(s, "foreign-told"),
                               .unknown_notifications_refused = settings_bool(s, "unknown-notifications-refused"),
                               .order_valid_ms = settings_int(s, "order-valid"),
                               .downloads_max = settings_int(s, "downloads-max"),
                               .code_form = (enum smdp_code_form)settings_int(s, "wire-confirmation-code"),
                               .code_attempts = settings_int(s, "code-attempts"),
                               .matching_id_min = settings_int(s, "matching-id-min"),
                               .messages_kept = settings_int(s, "messages-kept"),
                               .progress_kept = settings_int(s, "progress-kept"),
                               .progress_refusals_max = settings_int(s, "progress-refusals-max") };
    rsp_wire_of_settings(s, RSP_WIRE_SMDP, &m.wire);
    enum err e = read_addresses(p);
    if (!e)
        e = read_other_eid(p, &m.other_eid);
    if (!e)
        e = read_smds(p);
    if (!e)
        e = read_types(p);
    if (!e)
        e = read_transport_keys(p);
    if (!e)
        e = read_identity(p, 0, own[0] ? own : "S_SM_DPauth_ECDSA_NIST", own[0] ? own : "S_SM_DPpb_ECDSA_NIST");
    if (!e && settings_bool(s, "brainpool")) {
        char name[160];
        snprintf(name, sizeof name, "%s_BRP", own);
        e = read_identity(p, 1, own[0] ? name : "S_SM_DPauth_ECDSA_BRP", own[0] ? name : "S_SM_DPpb_ECDSA_BRP");
        m.identity_count = 2;
    }
    if (!e)
        e = daemon_read_ci_folder(p->d, settings_text(s, "certs"), &p->trust);
    if (!e)
        e = daemon_read_storage_key(s, "storage-key", &m.storage_key);
    if (!e)
        e = read_clients(p->d, &clients, &m.client_count);
    m.clients = clients;
    m.trust = p->trust;
    m.smds = p->smds;
    m.smds_count = p->smds_count;
    m.transport_keys = p->keys;
    m.transport_key_count = p->key_count;
    m.profile_types = p->types;
    m.profile_type_count = p->type_count;
    if (!e)
        e = smdp_new(daemon_env(p->d), &m, &p->smdp);
    secret_release(&m.storage_key);
    for (size_t i = 0; i < p->key_count; i++)
        secret_release(&p->keys[i].key);
    for (size_t i = 0; i < p->type_count; i++) {
        if (p->packages[i].at)
            memory_clear(p->packages[i].at, p->packages[i].len);
        buf_release(&p->packages[i]);
    }
    free(clients);
    return e;
}

static void close_all(struct program_state *p)
{
    if (p->smdp)
        smdp_actor(p->smdp)->ops->free(smdp_actor(p->smdp));
    trust_free(p->trust);
    for (size_t i = 0; i < COUNT(p->auth); i++) {
        ec_key_free(p->auth[i]);
        ec_key_free(p->pb[i]);
    }
    daemon_close(p->d);
}

static int run(const struct settings *s, const volatile int *stop_requested)
{
    struct program_state p = { 0 };
    enum err e = daemon_open(s, "smdp", &p.d);
    if (!e)
        e = make_smdp(&p);
    int status = e ? (e == ERR_CONFIG ? 2 : 1) : daemon_serve(p.d, smdp_actor(p.smdp), stop_requested);
    close_all(&p);
    return status;
}

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "sim-smdp",
        .summary = "an SM-DP+: orders over ES2+, downloads over ES9+ (SGP.22 v2.5)",
        .usage = usage,
        .settings = settings,
        .setting_count = COUNT(settings),
        .run = run,
    };
    return program_main(&program, argc, argv);
}
