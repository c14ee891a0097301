/* sim-euicc: the card as a program, behind a vpcd socket or on standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card_vpcd.h"
#include "certs.h"
#include "daemon.h"
#include "euicc.h"
#include "program.h"
#include "rsp_ids.h"

#define FILE_MAX (1u << 20)
#define PROFILES_MAX 8
#define SEEDED_EPOCH                                                                               \
    INT64_C(1767225600000) /* 2026-01-01: certificates of a seeded card repeat too */

static const struct setting settings[] = {
    { "vpcd", SETTING_TEXT, "", "HOST:PORT of the virtual reader to connect to" },
    { "stdio", SETTING_BOOL, "false", "one APDU in hex per line; \"reset\" powers off and on" },
    { "eid", SETTING_TEXT, "89049032123451234512345678901235", "32 digits" },
    { "certs", SETTING_TEXT, "",
      "folder made by 'sgp32lab certs make'; empty: certificates issued for this run" },
    { "memory", SETTING_TEXT, "",
      "file that holds the card; empty: it lives as long as the program" },
    { "profiles", SETTING_LIST, "",
      "on a new card, at most 8: {metadata: FILE (BF25), package: FILE, enabled, fallback: true|false}" },
    { "eim", SETTING_TEXT, "", "file with EimConfigurationData (DER, 30…) known to a new card" },
    { "default-smdp", SETTING_TEXT, "", "default SM-DP+ address of a new card" },
    { "root-smds", SETTING_TEXT, "", "root SM-DS address of a new card" },
    { "size", SETTING_INT, "524288", "octets of memory for profiles, 1 to 67108864" },
    { "eims", SETTING_INT, "4", "most eIMs that can be associated, 1 to 15" },
    { "consumer", SETTING_BOOL, "false",
      "an SGP.22 card: the functions of SGP.32 are unknown to it" },
    { "sgp32", SETTING_TEXT, "1.2", "version of SGP.32 that it speaks: 1.2, or 1.3 beside it" },
    { "no-fallback", SETTING_BOOL, "false", "the fallback mechanism is not supported" },
    { "no-ecall", SETTING_BOOL, "false", "no emergency profile is ever enabled" },
    { "no-crl", SETTING_BOOL, "false", "LoadCRL is unknown" },
    { "no-test-profile", SETTING_BOOL, "false", "profiles of the class test are refused" },
    { "no-eim-reset", SETTING_BOOL, "false", "eUICCMemoryReset leaves the eIMs" },
    { "no-immediate-enable", SETTING_BOOL, "false", "no immediate enabling of what was downloaded" },
    { "strict-services", SETTING_BOOL, "false", "a package that mandates what the card does not have is refused" },
    { "ipae", SETTING_BOOL, "false", "an IPAe can be activated" },
    { "curves", SETTING_TEXT, "both",
      "nist, brp or both: CI keys that the card signs for and verifies" },
    { "svn", SETTING_TEXT, "2.5.0", "version of SGP.22 announced" },
    { "counter-max", SETTING_INT, "8388607", "highest counterValue of an eIM's package, 1 to 8388607" },
    { "rat", SETTING_TEXT, "",
      "file with the rules authorisation table (DER, 30…); empty: all allowed" },
    { "seed", SETTING_TEXT, "",
      "everything random comes from this text, so that a run repeats; never for a card that keeps "
      "secrets" },
    { "interruption-result", SETTING_BOOL, "false",
      "a power cut while a profile or a package is loaded leaves a signed result" },
    RSP_WIRE_PACKAGE_RESULT,
    RSP_WIRE_EIM_LIST,
    RSP_WIRE_EIM_KEY,
    { "log", SETTING_TEXT, "text", "text or json, one event a line on standard error" },
};

static const char usage[] = "  sim-euicc --vpcd 127.0.0.1:35963\n"
                            "  echo 00A40000023F00 | sim-euicc --stdio true\n"
                            "  sim-euicc --settings card.yaml --memory card.bin --certs certs\n";

/* Everything that the card borrows. */
struct program_state {
    const struct settings *s;
    struct log_sink_text text;
    struct log_sink_json json;
    struct log log;
    struct env env;
    struct pki *pki;
    struct trust *trust;
    struct euicc_settings card;
    struct euicc_credential credentials[2];
    struct pki_euicc issued[2];
    struct buf certificates[2], eums[2];
    struct secret keys[2];
    struct euicc_profile profiles[PROFILES_MAX];
    struct buf metadata[PROFILES_MAX], packages[PROFILES_MAX];
    struct buf eim, rat;
    size_t first_curve, curve_count;
    struct euicc_nvm_file file;
    struct euicc *euicc;
};

static const char *const curves[2] = { "ECDSA_NIST", "ECDSA_BRP" };

/* ---- certificates
 * ------------------------------------------------------------------------------------------------
 */
static enum err issue_credentials(struct program_state *p, const char *eid)
{
    bool repeats = settings_text(p->s, "seed")[0];
    enum err e = pki_new(p->env.crypto, repeats ? SEEDED_EPOCH : clock_now(p->env.clock), &p->pki);
    if (!e)
        e = trust_new(p->env.crypto, &p->trust);
    for (size_t i = p->first_curve; !e && i < p->first_curve + p->curve_count; i++) {
        const struct pki_item *ci = NULL;
        char name[64];
        snprintf(name, sizeof name, "CERT_CI_%s", curves[i]);
        e = pki_get(p->pki, name, &ci);
        if (!e)
            e = trust_add_ci(p->trust, ci->der);
        if (e)
            break;
        snprintf(name, sizeof name, "CERT_EUICC_%s", curves[i]);
        e = certs_issue_euicc(p->pki, name, eid, &p->issued[i]);
        p->credentials[i] = (struct euicc_credential){ buf_span(&p->issued[i].certificate),
                                                       p->issued[i].eum_certificate,
                                                       secret_span(&p->issued[i].key) };
    }
    return e;
}

static enum err read_der(struct program_state *p, const char *path, struct buf *out)
{
    const struct cert *cert;
    out->max = FILE_MAX;
    enum err e = daemon_read_file(p->s, "certs", path, out);
    if (!e)
        e = cert_load(p->env.crypto, buf_span(out), &cert);
    if (e)
        fprintf(stderr, "sim-euicc: %s: no certificate for RSP\n", path);
    return e;
}

static enum err read_scalar(struct program_state *p, const char *path, struct secret *out)
{
    struct buf pem = { .max = 1 << 14 };
    struct ec_key *key = NULL;
    enum err e = daemon_read_file(p->s, "certs", path, &pem);
    if (!e)
        e = ec_key_load(p->env.crypto, buf_span(&pem), &key);
    if (!e)
        e = ec_key_scalar(key, out);
    ec_key_free(key);
    if (pem.at)
        memory_clear(pem.at, pem.len);
    buf_release(&pem);
    return e;
}

static enum err trust_ci_file(struct program_state *p, const char *path)
{
    struct buf der = { .max = FILE_MAX };
    enum err e = read_der(p, path, &der);
    if (!e)
        e = trust_add_ci(p->trust, buf_span(&der));
    buf_release(&der);
    return e;
}

/* The names of the SGP.26 archive; a card of its own EID has it in the file's name. */
static enum err read_credential(struct program_state *p, const char *folder, const char *eid,
                                size_t i)
{
    char path[4096], middle[64] = "";
    if (strcmp(eid, settings[2].fallback) != 0)
        snprintf(middle, sizeof middle, "%s_", eid);
    snprintf(path, sizeof path, "%s/CertificateIssuer/CERT_CI_%s.der", folder, curves[i]);
    enum err e = trust_ci_file(p, path);
    snprintf(path, sizeof path, "%s/eUICC/CERT_EUICC_%s%s.der", folder, middle, curves[i]);
    if (!e)
        e = read_der(p, path, &p->certificates[i]);
    snprintf(path, sizeof path, "%s/eUICC/SK_EUICC_%s%s.pem", folder, middle, curves[i]);
    if (!e)
        e = read_scalar(p, path, &p->keys[i]);
    snprintf(path, sizeof path, "%s/EUM/CERT_EUM_%s.der", folder, curves[i]);
    if (!e)
        e = read_der(p, path, &p->eums[i]);
    p->credentials[i] =
        (struct euicc_credential){ buf_span(&p->certificates[i]), buf_span(&p->eums[i]),
                                   secret_span(&p->keys[i]) };
    return e;
}

static enum err read_credentials(struct program_state *p, const char *folder, const char *eid)
{
    enum err e = trust_new(p->env.crypto, &p->trust);
    for (size_t i = p->first_curve; !e && i < p->first_curve + p->curve_count; i++)
        e = read_credential(p, folder, eid, i);
    return e;
}

static enum err take_curves(struct program_state *p)
{
    const char *text = settings_text(p->s, "curves");
    bool both = !strcmp(text, "both"), brainpool = !strcmp(text, "brp");
    if (!both && !brainpool && strcmp(text, "nist") != 0) {
        fprintf(stderr, "sim-euicc: curves must be nist, brp or both\n");
        return ERR_CONFIG;
    }
    p->first_curve = brainpool ? 1 : 0;
    p->curve_count = both ? 2 : 1;
    return ERR_OK;
}

static enum err take_identity(struct program_state *p)
{
    const char *eid = settings_text(p->s, "eid"), *folder = settings_text(p->s, "certs");
    if (rsp_eid_parse(eid, p->card.eid) || !rsp_eid_check_digits(eid)) {
        fprintf(
            stderr,
            "sim-euicc: eid '%s' is no EID: 32 digits, of which the last two check the others\n",
            eid);
        return ERR_CONFIG;
    }
    enum err e = take_curves(p);
    if (!e)
        e = folder[0] ? read_credentials(p, folder, eid) : issue_credentials(p, eid);
    p->card.credentials = p->credentials + p->first_curve;
    p->card.credential_count = p->curve_count;
    p->card.trust = p->trust;
    return e;
}

/* ---- what is on a new card
 * ----------------------------------------------------------------------------------------- */
static enum err read_flag(struct program_state *p, const struct yaml_node *map, const char *key,
                          bool *out)
{
    struct yaml_error error;
    const struct yaml_node *n = yaml_get(map, key);
    enum err e = n ? yaml_bool(settings_yaml(p->s), n, out, &error) : ERR_OK;
    if (e)
        fprintf(stderr, "sim-euicc: %s\n", error.text);
    return e;
}

static enum err read_profile(struct program_state *p, const struct yaml_node *map, size_t i)
{
    static const char *const known[] = { "metadata", "package", "enabled", "fallback", NULL };
    const char *metadata = NULL, *package = NULL;
    struct yaml_error error;
    struct euicc_profile *profile = &p->profiles[i];
    enum err e = yaml_only_keys(settings_yaml(p->s), map, known, &error);
    if (e)
        fprintf(stderr, "sim-euicc: %s\n", error.text);
    p->metadata[i].max = p->packages[i].max = FILE_MAX;
    if (!e)
        e = daemon_member(p->s, map, "metadata", &metadata);
    if (!e)
        e = daemon_member(p->s, map, "package", &package);
    if (!e)
        e = daemon_read_file(p->s, "profiles", metadata, &p->metadata[i]);
    if (!e)
        e = daemon_read_file(p->s, "profiles", package, &p->packages[i]);
    if (!e)
        e = read_flag(p, map, "enabled", &profile->enabled);
    if (!e)
        e = read_flag(p, map, "fallback", &profile->fallback);
    profile->metadata = buf_span(&p->metadata[i]);
    profile->upp = buf_span(&p->packages[i]);
    return e;
}

static enum err read_profiles(struct program_state *p)
{
    const struct yaml_node *list = settings_node(p->s, "profiles");
    size_t count = list && list->kind == YAML_LIST ? list->count : 0;
    enum err e = ERR_OK;
    if (count > PROFILES_MAX) {
        fprintf(stderr, "sim-euicc: more than %d profiles\n", PROFILES_MAX);
        return ERR_CONFIG;
    }
    for (size_t i = 0; !e && i < count; i++)
        e = read_profile(p, list->item[i], i);
    p->card.profiles = p->profiles;
    p->card.profile_count = count;
    return e;
}

static const char *text_or_null(const struct program_state *p, const char *key)
{
    const char *text = settings_text(p->s, key);
    return text[0] ? text : NULL;
}

static enum err take_version(struct program_state *p)
{
    unsigned part[3];
    char rest;
    int read =
        sscanf(settings_text(p->s, "svn"), "%3u.%3u.%3u%c", &part[0], &part[1], &part[2], &rest);
    bool good = read == 3 && (part[0] || part[1] || part[2]);
    for (int i = 0; good && i < 3; i++) {
        good = part[i] <= 255;
        p->card.svn[i] = (uint8_t)part[i];
    }
    if (!good)
        fprintf(stderr, "sim-euicc: svn must be three numbers, as 2.5.0\n");
    return good ? ERR_OK : ERR_CONFIG;
}

/* What a device could not set either; empty: none. */
static enum err take_address(const struct program_state *p, const char *key, const char **out)
{
    *out = text_or_null(p, key);
    if (!*out || rsp_address_is_valid(span_str(*out)))
        return ERR_OK;
    fprintf(stderr, "sim-euicc: %s: '%s' is no address: a name, or one with a port, of 255 characters at most\n", key, *out);
    return ERR_CONFIG;
}

static enum err take_capabilities(struct program_state *p)
{
    const char *rat = text_or_null(p, "rat");
    int64_t counter = settings_int(p->s, "counter-max");
    if (counter < 1 || counter > 0x7fffff) {
        fprintf(stderr, "sim-euicc: counter-max must be 1 to 8388607\n");
        return ERR_CONFIG;
    }
    p->card.counter_max = (uint32_t)counter;
    p->card.sgp22_only = settings_bool(p->s, "consumer");
    const char *version = settings_text(p->s, "sgp32");
    p->card.v1_3 = strcmp(version, "1.3") == 0;
    if (!p->card.v1_3 && strcmp(version, "1.2") != 0) {
        fprintf(stderr, "sim-euicc: sgp32 must be 1.2 or 1.3\n");
        return ERR_CONFIG;
    }
    p->card.no_fallback = settings_bool(p->s, "no-fallback");
    p->card.no_ecall = settings_bool(p->s, "no-ecall");
    p->card.no_crl = settings_bool(p->s, "no-crl");
    p->card.no_test_profile = settings_bool(p->s, "no-test-profile");
    p->card.no_eim_reset = settings_bool(p->s, "no-eim-reset");
    p->card.no_immediate_enable = settings_bool(p->s, "no-immediate-enable");
    p->card.strict_services = settings_bool(p->s, "strict-services");
    p->card.ipae = settings_bool(p->s, "ipae");
    rsp_wire_of_settings(p->s, RSP_WIRE_CARD, &p->card.wire);
    p->card.interruption_leaves_result = settings_bool(p->s, "interruption-result");
    p->rat.max = FILE_MAX;
    enum err e = take_version(p);
    if (!e && rat)
        e = daemon_read_file(p->s, "rat", rat, &p->rat);
    if (rat)
        p->card.rat = p->rat.len ? buf_span(&p->rat) : span_str("");
    return e;
}

static enum err take_card_settings(struct program_state *p)
{
    const char *eim = text_or_null(p, "eim"), *memory = text_or_null(p, "memory");
    int64_t size = settings_int(p->s, "size"), eims = settings_int(p->s, "eims");
    p->eim.max = FILE_MAX;
    if (size < 1 || size > 64 << 20 || eims < 1 || eims > 15) {
        fprintf(stderr, "sim-euicc: size must be 1 to 67108864, eims 1 to 15\n");
        return ERR_CONFIG;
    }
    p->card.memory = (uint32_t)size;
    p->card.eim_max = (unsigned)eims;
    enum err e = take_address(p, "default-smdp", &p->card.default_dp_address);
    if (!e)
        e = take_address(p, "root-smds", &p->card.root_ds_address);
    if (!e && eim)
        e = daemon_read_file(p->s, "eim", eim, &p->eim);
    p->card.eim = buf_span(&p->eim);
    if (memory) {
        euicc_nvm_file_init(&p->file, memory);
        p->card.nvm = &p->file.nvm;
    }
    if (!e)
        e = take_capabilities(p);
    return e ? e : read_profiles(p);
}

/* ---- serving
 * -------------------------------------------------------------------------------------------------------
 */
static void print_hex(const struct buf *bytes)
{
    for (size_t i = 0; i < bytes->len; i++)
        printf("%02X", bytes->at[i]);
    printf("\n");
    fflush(stdout);
}

static enum err answer_line(struct card *card, struct span line, struct buf *response)
{
    struct buf command = { .max = CARD_APDU_MAX };
    if (span_equal(line, span_str("reset")))
        return card_reset(card, response);
    enum err e = hex_decode(line, &command);
    if (!e)
        e = card_transmit(card, buf_span(&command), response);
    buf_release(&command);
    return e;
}

/* What is longer than any APDU is still one line, and is answered once. False: the input ended. */
static bool read_line(char *line, int size, bool *whole)
{
    if (!fgets(line, size, stdin))
        return false;
    *whole = strchr(line, '\n') || feof(stdin);
    for (int c = *whole ? '\n' : 0; c != '\n' && c != EOF;)
        c = getchar();
    return true;
}

static enum err serve_lines(struct card *card, const volatile int *stop_requested)
{
    struct buf response = { .max = CARD_RESPONSE_MAX };
    char line[2 * CARD_APDU_MAX + 16];
    bool whole = true;
    enum err e = card_reset(card, &response);
    while (!e && !*stop_requested && read_line(line, sizeof line, &whole)) {
        struct span text = span_of(line, strcspn(line, "\r\n"));
        if (!text.len)
            continue;
        buf_clear(&response);
        e = whole ? answer_line(card, text, &response) : ERR_LIMIT;
        if (e == ERR_PARSE || e == ERR_LIMIT) {
            printf("error: neither \"reset\" nor an APDU in hex\n");
            fflush(stdout);
            e = ERR_OK;
        } else if (!e) {
            print_hex(&response);
        }
    }
    buf_release(&response);
    return e;
}

static enum err serve(struct program_state *p, const volatile int *stop_requested)
{
    const char *vpcd = settings_text(p->s, "vpcd");
    if (settings_bool(p->s, "stdio"))
        return serve_lines(euicc_card(p->euicc), stop_requested);
    if (vpcd[0])
        return card_vpcd_serve(&p->log, vpcd, euicc_card(p->euicc), stop_requested);
    fprintf(stderr, "sim-euicc: say how to be reached: --vpcd HOST:PORT or --stdio true\n");
    return ERR_CONFIG;
}

static enum err open_environment(struct program_state *p)
{
    const char *form = settings_text(p->s, "log");
    bool json = !strcmp(form, "json");
    if (!json && strcmp(form, "text") != 0) {
        fprintf(stderr, "sim-euicc: log: '%s' is neither text nor json\n", form);
        return ERR_CONFIG;
    }
    log_sink_json_init(&p->json, 2);
    log_sink_text_init(&p->text, 2, false);
    p->log = (struct log){ .sink = json ? &p->json.sink : &p->text.sink,
                           .clock = clock_system(),
                           .actor = "euicc",
                           .least = LOG_INFO };
    p->env = (struct env){ .clock = clock_system(), .rng = rng_system(), .log = &p->log };
    const char *seed = settings_text(p->s, "seed");
    if (!seed[0])
        return crypto_new(&p->env.crypto);
    enum err e = crypto_new_seeded(span_str(seed), &p->env.crypto);
    if (!e)
        p->env.rng = crypto_rng(p->env.crypto);
    return e;
}

static void close_all(struct program_state *p)
{
    euicc_free(p->euicc);
    if (p->card.nvm)
        euicc_nvm_file_release(&p->file);
    trust_free(p->trust);
    for (size_t i = 0; i < COUNT(curves); i++) {
        pki_euicc_release(&p->issued[i]);
        buf_release(&p->certificates[i]);
        buf_release(&p->eums[i]);
        secret_release(&p->keys[i]);
    }
    for (size_t i = 0; i < PROFILES_MAX; i++) {
        buf_release(&p->metadata[i]);
        buf_release(&p->packages[i]);
    }
    buf_release(&p->eim);
    buf_release(&p->rat);
    pki_free(p->pki);
    crypto_free(p->env.crypto);
}

static void tell_memory(const char *file, enum err e)
{
    const char *what = e == ERR_EXISTS  ? "is in use by another program: a card is in one reader at a time"
                       : e == ERR_IO    ? "can be neither read nor written; the log says why"
                       : e == ERR_PARSE ? "is refused and left as it is; the log says why"
                                        : NULL;
    if (what)
        fprintf(stderr, "sim-euicc: memory file '%s' %s\n", file, what);
}

static int run(const struct settings *s, const volatile int *stop_requested)
{
    struct program_state p = { .s = s };
    enum err e = open_environment(&p);
    if (!e)
        e = take_identity(&p);
    if (!e)
        e = take_card_settings(&p);
    if (!e)
        e = euicc_new(&p.env, &p.card, &p.euicc);
    if (e && p.card.nvm)
        tell_memory(settings_text(s, "memory"), e);
    if (!e)
        e = serve(&p, stop_requested);
    close_all(&p);
    return e == ERR_OK ? 0 : e == ERR_CONFIG ? 2 : 1;
}

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "sim-euicc",
        .summary =
            "a software eUICC: SGP.32 v1.2 and SGP.22 v2.5, with the USIM of its enabled profile",
        .usage = usage,
        .settings = settings,
        .setting_count = COUNT(settings),
        .run = run,
    };
    return program_main(&program, argc, argv);
}
