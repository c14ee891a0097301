#include "lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab_internal.h"
#include "openapi.h"
#include "rsp_eim_configuration.h"
#include "smds.h"

static const char *const part_names[] = { "smdp", "eim", "ipa", "smds" };

/* --- the log ----------------------------------------------------------------------------------- */

static void keep(struct log_sink *sink, const struct log_event *event)
{
    struct lab_sink *s = (struct lab_sink *)sink;
    pthread_mutex_lock(&s->lock);
    size_t from = s->said.len;
    if (log_event_put_json(&s->said, event) || buf_put_u8(&s->said, '\n'))
        s->said.len = from;
    else if (getenv("LAB_TEST_LOG"))
        printf("%.*s", (int)(s->said.len - from), (const char *)s->said.at + from);
    pthread_mutex_unlock(&s->lock);
}

bool lab_said(struct lab *l, const char *text)
{
    pthread_mutex_lock(&l->sink.lock);
    bool said = l->sink.said.len && strstr(buf_cstr(&l->sink.said), text);
    pthread_mutex_unlock(&l->sink.lock);
    return said;
}

size_t lab_log_length(struct lab *l)
{
    pthread_mutex_lock(&l->sink.lock);
    size_t len = l->sink.said.len;
    pthread_mutex_unlock(&l->sink.lock);
    return len;
}

void lab_forget_log(struct lab *l)
{
    pthread_mutex_lock(&l->sink.lock);
    buf_clear(&l->sink.said);
    pthread_mutex_unlock(&l->sink.lock);
}

bool lab_warned(struct lab *l, size_t since, const char *text)
{
    bool warned = false;
    pthread_mutex_lock(&l->sink.lock);
    const char *all = l->sink.said.len ? buf_cstr(&l->sink.said) : "";
    for (const char *at = all + since, *end; !warned && (end = strchr(at, '\n')); at = end + 1) {
        const char *level = memmem(at, (size_t)(end - at), "\"level\":\"warn\"", 14);
        warned = level && memmem(at, (size_t)(end - at), text, strlen(text));
    }
    pthread_mutex_unlock(&l->sink.lock);
    return warned;
}

/* --- parts ------------------------------------------------------------------------------------- */

static enum err fault(void *context, const char *sql)
{
    struct lab_part *p = context;
    (void)sql;
    if (!p->dead && ++p->writes == p->cut_at)
        p->dead = true;
    return p->dead ? ERR_CUT : p->sick ? ERR_IO : ERR_OK;
}

const struct pki_item *lab_item(struct lab *l, const char *name)
{
    const struct pki_item *item = NULL;
    enum err e = pki_get(l->pki, name, &item);
    if (e)
        printf("    no certificate %s\n", name);
    REQUIRE(e == ERR_OK);
    return item;
}

static void fingerprint(struct lab *l, const char *name, uint8_t out[32])
{
    memcpy(out, lab_item(l, name)->fingerprint, 32);
}

static struct smdp_identity identity(struct lab *l, enum ec_curve curve, const char *auth, const char *pb)
{
    const struct pki_item *a = lab_item(l, auth), *p = lab_item(l, pb);
    return (struct smdp_identity){ curve, a->der, p->der, a->key, p->key };
}

static void build_smdp(struct lab *l, struct lab_part *p)
{
    static const char *const addresses[] = { "smdp.example.com", "other.example.com", NULL };
    const struct smdp_identity identities[] = {
        identity(l, EC_P256, "CERT_S_SM_DPauth_ECDSA_NIST", "CERT_S_SM_DPpb_ECDSA_NIST"),
        identity(l, EC_BRAINPOOL_P256R1, "CERT_S_SM_DPauth_ECDSA_BRP", "CERT_S_SM_DPpb_ECDSA_BRP"),
    };
    struct smdp_client clients[] = { { .name = "eso", .url = l->operator_url }, { .name = "admin", .administrator = true } };
    static const struct smdp_smds smds = { "smds.example.com", LAB_SMDS_URL };
    struct smdp *smdp = NULL;
    fingerprint(l, "CERT_OPERATOR_ESO", clients[0].fingerprint);
    fingerprint(l, "CERT_OPERATOR_ADMIN", clients[1].fingerprint);
    const struct smdp_settings s = { .addresses = addresses,
                                     .identities = identities,
                                     .identity_count = 2,
                                     .trust = l->trust,
                                     .clients = clients,
                                     .client_count = COUNT(clients),
                                     .storage_key = { .at = { 1, 2, 3 }, .len = 32 },
                                     .order_valid_ms = l->order_valid_ms,
                                     .downloads_max = l->downloads_max,
                                     .code_attempts = l->code_attempts,
                                     .code_form = l->code_form,
                                     .wire = l->wire,
                                     .ppk = l->ppk,
                                     .other_eid = l->other_eid,
                                     .rejection_ends_order = l->rejection_ends_order,
                                     .foreign_told = l->foreign_told,
                                     .unknown_notifications_refused = l->unknown_notifications_refused,
                                     .same_otpk_only = l->same_otpk_only,
                                     .messages_kept = l->messages_kept,
                                     .progress_kept = l->progress_kept,
                                     .matching_id_min = l->matching_id_min,
                                     .transport_keys = l->transport_keys,
                                     .transport_key_count = l->transport_key_count,
                                     .profile_types = l->profile_types,
                                     .profile_type_count = l->profile_type_count,
                                     .smds = &smds,
                                     .smds_count = 1 };
    REQUIRE(smdp_new(&p->env, &s, &smdp) == ERR_OK);
    p->actor = smdp_actor(smdp);
}

static void build_smds(struct lab *l, struct lab_part *p)
{
    static const char *const addresses[] = { "smds.example.com", NULL };
    const struct pki_item *nist = lab_item(l, "CERT_S_SM_DSauth_ECDSA_NIST"),
                          *brp = lab_item(l, "CERT_S_SM_DSauth_ECDSA_BRP");
    const struct smds_identity identities[] = { { nist->der, nist->key }, { brp->der, brp->key } };
    struct smds_client clients[] = { { .name = "smdp.example.com" },
                                     { .name = "eso" },
                                     { .name = "admin", .administrator = true } };
    struct smds *smds = NULL;
    fingerprint(l, "CERT_OPERATOR_SMDP", clients[0].fingerprint);
    fingerprint(l, "CERT_OPERATOR_ESO", clients[1].fingerprint);
    fingerprint(l, "CERT_OPERATOR_ADMIN", clients[2].fingerprint);
    const struct smds_settings s = { .addresses = addresses,
                                     .identities = identities,
                                     .identity_count = 2,
                                     .trust = l->trust,
                                     .clients = clients,
                                     .client_count = COUNT(clients) };
    REQUIRE(smds_new(&p->env, &s, &smds) == ERR_OK);
    p->actor = smds_actor(smds);
}

static void build_eim(struct lab *l, struct lab_part *p)
{
    const struct pki_item *first = lab_item(l, "CERT_S_EIMsign_ECDSA_NIST");
    const struct pki_item *sign = l->eim_new_key ? lab_item(l, "CERT_S_EIMsign_ECDSA_BRP") : first;
    const struct eim_former_key former = { first->der, first->key };
    struct eim_client clients[] = { { .name = "eso" }, { .name = "admin", .tenant = "other", .rights = EIM_ALL_RIGHTS | EIM_TRANSFER } };
    struct eim *eim = NULL;
    fingerprint(l, "CERT_OPERATOR_ESO", clients[0].fingerprint);
    fingerprint(l, "CERT_OPERATOR_ADMIN", clients[1].fingerprint);
    const struct eim_settings s = { .eim_id = "eim.example.com",
                                    .fqdn = "eim.example.com",
                                    .sign_certificate = sign->der,
                                    .sign_key = sign->key,
                                    .former = &former,
                                    .former_count = l->eim_new_key,
                                    .trust = l->trust,
                                    .storage_key = { .at = { 4, 5, 6 }, .len = 32 },
                                    .receivers = l->receivers,
                                    .v1_3 = l->v1_3,
                                    .wire = l->wire,
                                    .rereads = l->rereads,
                                    .keep_orders_ms = l->keep_orders_ms,
                                    .heartbeat_ms = l->heartbeat_ms,
                                    .clients = clients,
                                    .client_count = COUNT(clients) };
    REQUIRE(eim_new(&p->env, &s, &eim) == ERR_OK);
    p->actor = eim_actor(eim);
}

static void build_ipa(struct lab *l, struct lab_part *p)
{
    static const struct ipa_network networks[] = { { "26201", "https://net.lead.example.com" },
                                                   { "26202", "https://net.partner.example.com" } };
    struct ipa_injector injector = { .eim = l->pusher };
    fingerprint(l, "CERT_OPERATOR_ADMIN", injector.fingerprint);
    const struct ipa_settings s = { .name = "meter-1",
                                    .imei = "351234567890123",
                                    .country = "DE",
                                    .ipae = l->ipae,
                                    .confirmation_code = l->confirmation_code,
                                    .listens = l->listens,
                                    .injectors = &injector,
                                    .injector_count = 1,
                                    .indirect = l->indirect,
                                    .minimizes = l->minimizes,
                                    .eim_download_data = l->eim_download_data,
                                    .eim_ctx_params1 = l->eim_ctx_params1,
                                    .eim_metadata = l->eim_metadata,
                                    .json = l->json,
                                    .end_user = l->end_user,
                                    .result_refusals_max = l->result_refusals_max,
                                    .v1_3 = l->v1_3,
                                    .card = &l->card_fault.card,
                                    .initial_eim = buf_span(&l->initial_eim),
                                    .networks = networks,
                                    .network_count = COUNT(networks) };
    REQUIRE(ipa_new(&p->env, &s, &l->ipa) == ERR_OK);
    p->actor = ipa_actor(l->ipa);
}

/* To make the tables of an actor takes longer than most tests do: a process makes each once. */
static struct db_patterns *patterns(void)
{
    static struct db_patterns *made;
    if (!made)
        REQUIRE(db_patterns_new(&made) == ERR_OK);
    return made;
}

static void start(struct lab *l, enum lab_kind kind)
{
    static void (*const builders[])(struct lab * l, struct lab_part * p) = { build_smdp, build_eim, build_ipa,
                                                                             build_smds };
    static const char *const hosts[] = { "smdp.example.com", "eim.example.com", "meter-1.example.com", "smds.example.com" };
    struct lab_part *p = &l->part[kind];
    p->dead = false;
    p->writes = p->cut_at = 0;
    REQUIRE(db_open(&p->log, p->path, false, &p->env.db) == ERR_OK);
    db_set_patterns(p->env.db, patterns());
    builders[kind](l, p);
    db_set_fault(p->env.db, fault, p);
    if (hosts[kind])
        REQUIRE(http_switch_set(l->wires, hosts[kind], p->actor, l->operators, &p->log) == ERR_OK);
}

static void stop(struct lab_part *p)
{
    if (!p->actor)
        return;
    p->actor->ops->free(p->actor);
    p->actor = NULL;
    db_close(p->env.db);
}

void lab_restart(struct lab *l, enum lab_kind kind)
{
    stop(&l->part[kind]);
    start(l, kind);
}

/* --- how the device is wired ------------------------------------------------------------------- */

static bool hurdle(struct lab *l, const struct http_call *q, bool after)
{
    if (!l->hurdle || !l->hurdles || l->hurdle_after != after || !strstr(q->url, l->hurdle) ||
        !span_equal(span_sub(q->body, 0, l->hurdle_body.len), l->hurdle_body))
        return false;
    l->hurdles -= l->hurdles > 0;
    return true;
}

static enum err before(void *context, const struct http_call *q)
{
    struct lab *l = context;
    return hurdle(l, q, false) ? l->hurdle_err : ERR_OK;
}

static enum err after(void *context, const struct http_call *q, struct http_response *p, enum err e)
{
    struct lab *l = context;
    if (!hurdle(l, q, true))
        return e;
    http_response_clear(p);
    p->status = l->hurdle_status;
    return l->hurdle_status ? ERR_OK : l->hurdle_err;
}

static struct http_client *client(struct lab *l, const char *certificate)
{
    struct http_client *c = NULL;
    struct span der = certificate ? lab_item(l, certificate)->der : (struct span){ 0 };
    REQUIRE(http_client_direct_new(l->wires, der, &c) == ERR_OK);
    return c;
}

static void open_part(struct lab *l, enum lab_kind kind)
{
    struct lab_part *p = &l->part[kind];
    const struct http_observer o = { .before = before, .after = after, .context = l };
    *p = (struct lab_part){ .lab = l, .kind = kind };
    snprintf(p->path, sizeof p->path, "%s/%s.db", l->folder, part_names[kind]);
    p->log = (struct log){ .sink = &l->sink.sink, .clock = &l->clock.clock, .actor = part_names[kind] };
    p->env = (struct env){
        .clock = &l->clock.clock, .rng = crypto_rng(l->crypto), .log = &p->log, .crypto = l->crypto
    };
    p->env.http = client(l, kind == LAB_EIM    ? "CERT_OPERATOR_ADMIN"
                            : kind == LAB_SMDP ? "CERT_OPERATOR_SMDP"
                                               : NULL);
    if (kind != LAB_SMDS) {
        struct http_client *behind = p->env.http;
        REQUIRE(http_client_observed_new(behind, &o, &p->env.http) == ERR_OK);
    }
}

/* --- life -------------------------------------------------------------------------------------- */

static void open_environment(struct lab *l)
{
    snprintf(l->folder, sizeof l->folder, "/tmp/lab-actors-XXXXXX");
    REQUIRE(mkdtemp(l->folder) != NULL);
    REQUIRE(crypto_new_seeded(span_str("actors"), &l->crypto) == ERR_OK);
    clock_virtual_init(&l->clock, LAB_EPOCH);
    l->sink = (struct lab_sink){ .sink = { keep }, .lock = PTHREAD_MUTEX_INITIALIZER, .said = { .max = 16 << 20 } };
    l->log = (struct log){ .sink = &l->sink.sink, .clock = &l->clock.clock, .actor = "test" };
    l->env = (struct env){
        .clock = &l->clock.clock, .rng = crypto_rng(l->crypto), .log = &l->log, .crypto = l->crypto
    };
    REQUIRE(pki_new(l->crypto, LAB_EPOCH, &l->pki) == ERR_OK);
    REQUIRE(pki_trust(l->pki, &l->trust) == ERR_OK);
    REQUIRE(pki_trust_clients(l->pki, &l->operators) == ERR_OK);
    REQUIRE(http_switch_new(&l->env, &l->wires) == ERR_OK);
}

static void open_clients(struct lab *l)
{
    const struct pki_item *stranger = NULL;
    REQUIRE(pki_client(l->pki, "STRANGER", &stranger) == ERR_OK);
    l->eso = client(l, "CERT_OPERATOR_ESO");
    l->admin = client(l, "CERT_OPERATOR_ADMIN");
    REQUIRE(http_client_direct_new(l->wires, stranger->der, &l->stranger) == ERR_OK);
    l->anyone = client(l, NULL);
    l->env.http = l->anyone;
}

void lab_open(struct lab *l)
{
    *l = (struct lab){ .initial_eim = { .max = 4096 } };
    open_environment(l);
    open_clients(l);
    for (int kind = 0; kind < LAB_KINDS; kind++)
        open_part(l, (enum lab_kind)kind);
    start(l, LAB_SMDP);
    start(l, LAB_EIM);
    start(l, LAB_SMDS);
    lab_network_open(l, &l->lead, "net.lead.example.com");
    lab_network_open(l, &l->partner, "net.partner.example.com");
    lab_card_open(l, &l->card, "CERT_EUICC_ECDSA_NIST", LAB_EID, false);
    card_fault_init(&l->card_fault, l->card.card, CARD_FAULT_CUT, 0);
}

void lab_close(struct lab *l)
{
    char command[96];
    for (int kind = 0; kind < LAB_KINDS; kind++) {
        stop(&l->part[kind]);
        http_client_free(l->part[kind].env.http);
    }
    lab_card_close(&l->card);
    struct http_client *clients[] = { l->eso, l->admin, l->stranger, l->anyone };
    for (size_t i = 0; i < COUNT(clients); i++)
        http_client_free(clients[i]);
    http_switch_free(l->wires);
    close_openapi(l->smdp_openapi);
    buf_release(&l->initial_eim);
    trust_free(l->trust);
    trust_free(l->operators);
    pki_free(l->pki);
    crypto_free(l->crypto);
    buf_release(&l->sink.said);
    snprintf(command, sizeof command, "rm -rf %s", l->folder);
    CHECK(system(command) == 0);
}

void lab_register(struct lab *l, const struct lab_card *c)
{
    struct buf text = { .max = 1 << 16 };
    json_t *body = json_pack("{s:s}", "eid", c->eid);
    REQUIRE(json_set_base64(body, "euiccCertificate", buf_span(&c->nist.certificate)) == ERR_OK);
    REQUIRE(json_set_base64(body, "eumCertificate", c->nist.eum_certificate) == ERR_OK);
    REQUIRE(json_write(body, &text) == ERR_OK);
    CHECK(lab_call(l, l->eso, "POST", LAB_EIM_URL "/v1/euiccs", buf_cstr(&text), NULL) == 201);
    json_decref(body);
    buf_release(&text);
}

void lab_get_initial_eim(struct lab *l)
{
    json_t *answer = NULL;
    buf_clear(&l->initial_eim);
    REQUIRE(lab_call(l, l->eso, "GET", LAB_EIM_URL "/v1/euiccs/" LAB_EID "/initial-eim", "", &answer) == 200);
    REQUIRE(json_base64(answer, "addInitialEimRequest", &l->initial_eim) == ERR_OK);
    json_decref(answer);
}

void lab_read_initial_eim(struct lab *l, struct rsp_eim_configuration *eim)
{
    struct rsp_add_initial_eim_request q;
    REQUIRE(rsp_add_initial_eim_request_read(buf_span(&l->initial_eim), &q) == ERR_OK);
    struct der list = der_open(q.list);
    REQUIRE(rsp_eim_configuration_next(&list, eim) == ERR_OK);
    eim->whole = (struct span){ 0 };
}

void lab_set_initial_eims(struct lab *l, const struct rsp_eim_configuration *eims, size_t count)
{
    struct buf list = { .max = 4096 }, request = { .max = 4096 };
    for (size_t i = 0; i < count; i++)
        REQUIRE(rsp_eim_configuration_write(&eims[i], &list) == ERR_OK);
    const struct rsp_add_initial_eim_request q = { .list = buf_span(&list) };
    REQUIRE(rsp_add_initial_eim_request_write(&q, &request) == ERR_OK);
    REQUIRE(buf_set(&l->initial_eim, buf_span(&request)) == ERR_OK);
    buf_release(&list);
    buf_release(&request);
}

void lab_start_device(struct lab *l)
{
    lab_register(l, &l->card);
    lab_get_initial_eim(l);
    start(l, LAB_IPA);
}

/* --- files ------------------------------------------------------------------------------------- */

static bool holds(struct span haystack, struct span needle)
{
    return haystack.len && memmem(haystack.at, haystack.len, needle.at, needle.len);
}

static bool one_file_holds(const char *path, struct span bytes)
{
    struct buf file = { .max = 64 << 20 }, lower = { .max = 256 }, upper = { .max = 256 };
    bool found = false;
    REQUIRE(hex_put(&lower, bytes) == ERR_OK && hex_put_upper(&upper, bytes) == ERR_OK);
    if (read_file(path, &file) == ERR_OK)
        found = holds(buf_span(&file), bytes) || holds(buf_span(&file), buf_span(&lower)) ||
                holds(buf_span(&file), buf_span(&upper));
    buf_release(&file);
    buf_release(&lower);
    buf_release(&upper);
    return found;
}

bool lab_file_holds(struct lab *l, enum lab_kind kind, struct span bytes)
{
    char wal[176];
    snprintf(wal, sizeof wal, "%s-wal", l->part[kind].path);
    return one_file_holds(l->part[kind].path, bytes) || one_file_holds(wal, bytes);
}

/* --- calls ------------------------------------------------------------------------------------- */

int lab_call(struct lab *l, struct http_client *as, const char *method, const char *url, const char *body,
             json_t **answer)
{
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header headers[] = { { "Content-Type", "application/json" } };
    const struct http_call q = { .method = method,
                                 .url = url,
                                 .headers = headers,
                                 .header_count = COUNT(headers),
                                 .body = span_str(body) };
    if (answer)
        *answer = NULL;
    enum err e = http_send(as, &q, &p);
    if (!e && answer && p.body.len)
        REQUIRE(json_read(buf_span(&p.body), answer, NULL) == ERR_OK);
    if (!e && strncmp(url, LAB_SMDP_URL "/v1/", strlen(LAB_SMDP_URL "/v1/")) == 0) {
        l->smdp_openapi = l->smdp_openapi ? l->smdp_openapi : read_openapi("sim/smdp/openapi.yaml");
        check_openapi_answer(l->smdp_openapi, method, url, &p);
    }
    int status = e ? -(int)e : p.status;
    http_response_release(&p);
    return status;
}

const char *lab_get(struct lab *l, struct http_client *as, const char *url, const char *member)
{
    static char kept[4][256];
    static unsigned turn;
    char *out = kept[turn++ % COUNT(kept)];
    json_t *answer = NULL;
    lab_call(l, as, "GET", url, "", &answer);
    const char *text = json_str(answer, member);
    snprintf(out, sizeof kept[0], "%s", text ? text : "");
    json_decref(answer);
    return out;
}

/* --- orders at the SM-DP+ ---------------------------------------------------------------------- */

#define PROFILE(iccid, imsi, more)                                                                           \
    "{\"iccid\":\"" iccid "\",\"imsi\":\"" imsi "\",\"operator\":\"eso\",\"k\":\"" LAB_K                     \
    "\",\"opc\":\"" LAB_OPC                                                                                  \
    "\",\"mccMnc\":\"26202\",\"serviceProviderName\":\"Partner\",\"profileName\":\"test\"" more "}"

void lab_import(struct lab *l)
{
    static const char body[] =
        "{\"profiles\":[" PROFILE(
            LAB_PARTNER_ICCID, LAB_PARTNER_IMSI,
            ",\"notifications\":[{\"event\":\"install\",\"address\":\"smdp.example.com\"},"
            "{\"event\":\"enable\",\"address\":\"smdp.example.com\"},"
            "{\"event\":\"disable\",\"address\":\"smdp.example.com\"}]") "," PROFILE(LAB_THIRD_ICCID,
                                                                                     "262027654321099",
                                                                                     ",\"profileType\":"
                                                                                     "\"bulk\"") "]}";
    CHECK(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/profiles", body, NULL) == 200);
}

void lab_release(struct lab *l, const char *iccid, const char *eid, const char *matching_id,
                 const char *confirmation_code)
{
    struct env env = l->env;
    env.http = l->eso;
    const struct es_peer peer = { .env = &env, .base_url = LAB_SMDP_URL, .requester = "eso" };
    struct es2p_order q = { .release = true };
    struct es2p_answer a;
    struct es_status status = { 0 };
    snprintf(q.iccid, sizeof q.iccid, "%s", iccid);
    snprintf(q.eid, sizeof q.eid, "%s", eid);
    CHECK(es2p_download_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
    snprintf(q.matching_id, sizeof q.matching_id, "%s", matching_id);
    snprintf(q.confirmation_code, sizeof q.confirmation_code, "%s", confirmation_code);
    CHECK(es2p_confirm_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
}

void lab_cancel(struct lab *l, const char *iccid)
{
    struct env env = l->env;
    env.http = l->eso;
    const struct es_peer peer = { .env = &env, .base_url = LAB_SMDP_URL, .requester = "eso" };
    struct es2p_order q = { 0 };
    struct es2p_answer a;
    struct es_status status = { 0 };
    snprintf(q.iccid, sizeof q.iccid, "%s", iccid);
    CHECK(es2p_cancel_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
}

const char *lab_profile_state(struct lab *l, const char *iccid)
{
    char url[96];
    snprintf(url, sizeof url, LAB_SMDP_URL "/v1/profiles/%s", iccid);
    return lab_get(l, l->admin, url, "state");
}

void lab_history(struct lab *l, const char *iccid, char out[512])
{
    char url[128];
    json_t *answer = NULL, *line;
    size_t i;
    snprintf(url, sizeof url, LAB_SMDP_URL "/v1/profiles/%s", iccid);
    REQUIRE(lab_call(l, l->admin, "GET", url, "", &answer) == 200);
    out[0] = 0;
    json_array_foreach(json_object_get(answer, "history"), i, line)
    {
        const char *event = json_str(line, "event");
        const char *by = strstr(event, " by ");
        if (strncmp(event, "ES", 2) != 0)
            snprintf(out + strlen(out), 512 - strlen(out), "%.*s;", (int)(by ? by - event : 99), event);
    }
    json_decref(answer);
}

/* --- time -------------------------------------------------------------------------------------- */

int64_t lab_tick(struct lab *l)
{
    struct lab_part *p = &l->part[LAB_IPA];
    int64_t now = clock_now(&l->clock.clock), next = now;
    for (int turns = 0; next <= now && turns < 50; turns++) {
        enum err e = ERR_OK;
        next = p->actor->ops->tick(p->actor, now, &e);
        if (e) {
            CHECK(e == ERR_CUT);
            lab_restart(l, LAB_IPA);
            next = now;
        }
    }
    CHECK(next > now);
    return next;
}

enum err lab_tick_smdp(struct lab *l, int64_t *next)
{
    struct actor *a = l->part[LAB_SMDP].actor;
    enum err e = ERR_OK;
    *next = a->ops->tick(a, clock_now(&l->clock.clock), &e);
    return e;
}

void lab_tell(struct lab *l, int64_t ms)
{
    int64_t until = clock_now(&l->clock.clock) + ms, next = 0;
    for (int turns = 0; turns < 1000; turns++) {
        enum err e = lab_tick_smdp(l, &next);
        if (e) {
            CHECK(e == ERR_CUT);
            lab_restart(l, LAB_SMDP);
            continue;
        }
        if (next > until)
            return;
        if (next > clock_now(&l->clock.clock))
            clock_virtual_advance(&l->clock, next);
    }
    CU_FAIL("the SM-DP+ does not come to rest");
}

void lab_run(struct lab *l, int64_t ms)
{
    struct lab_part *eim = &l->part[LAB_EIM];
    int64_t until = clock_now(&l->clock.clock) + ms, next = lab_tick(l);
    enum err e = ERR_OK;
    while (next <= until) {
        clock_virtual_advance(&l->clock, next);
        for (int kind = 0; kind < LAB_KINDS; kind++)
            if (l->part[kind].dead)
                lab_restart(l, (enum lab_kind)kind);
        eim->actor->ops->tick(eim->actor, next, &e);
        next = lab_tick(l);
    }
    clock_virtual_advance(&l->clock, until);
}
