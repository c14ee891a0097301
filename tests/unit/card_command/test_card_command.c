/* sgp32lab card, as people call it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "apdu.h"
#include "card_report.h"
#include "card_vpcd.h"
#include "certs.h"
#include "euicc.h"
#include "harness.h"
#include "rsp_ids.h"
#include "rsp_store_metadata.h"

#define TEXT_MAX 200000

static FILE *start(const char *args)
{
    char command[1024];
    const char *bin = getenv("LAB_BIN");
    snprintf(command, sizeof command, "exec 2>&1; exec %s/sgp32lab card %s", bin ? bin : ".", args);
    FILE *p = popen(command, "re");
    REQUIRE(p != NULL);
    return p;
}

/* What it said, and its exit status. */
static int finish(FILE *p, char text[TEXT_MAX])
{
    size_t len = fread(text, 1, TEXT_MAX - 1, p);
    text[len] = 0;
    int status = pclose(p);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const struct row {
    const char *name, *args;
    int status;
    const char *says, *also;
} rows[] = {
    { "the EID is judged", "info", 0, "EID  89049032123451234512345678901235 (check digits right)", "direct convention, T=0" },
    { "the card's capabilities have names", "info", 0, "akaMilenage, akaTuak128", "SGP.32 versions              1.2.0" },
    { "the eIM is told", "info", 0, "its signatures are judged by public key", "retrieve over HTTPS" },
    { "addresses are told", "info", 0, "default SM-DP+               smdp.example.com", NULL },
    { "profiles have a table", "profiles", 0, "89000123456789012341  enabled   operational   lead", "fallback" },
    { "nothing waits", "info", 0, "Notifications waiting\n  none", NULL },
    { "the same as JSON", "info --json", 0, "\"eidCheckDigits\": true", "\"eimFqdn\": \"eim.example.com\"" },
    { "a profile that is carried out in full has no exceptions", "profiles --json", 0, "\"elements\": []", NULL },
    { "profiles as JSON", "profiles --json", 0, "\"fallbackAttribute\": true", "\"owner\": \"63902\"" },
    { "one APDU", "apdu 00A4000C023F00", 0, "> 00A4000C023F00  SELECT", "< 9000  done" },
    { "several APDUs speak to one card", "apdu 00A4000C022FE2 00B000000A", 0, "98001032547698103214", NULL },
    { "a refusal is an answer", "apdu 00A40000021234", 0, "< 6A82  file or application not found", NULL },
    { "APDUs as JSON", "apdu 00FF0000 --json", 0, "\"meaning\": \"unknown instruction\"", NULL },
    { "the trace is decoded", "trace", 0, "BF3E GetEuiccDataRequest", "EUICCInfo2" },
    { "what SGP.32 adds has its name", "trace", 0, "A2 euiccPackageResultList", NULL },
    { "a reader that cannot be reached", "info --card vpcd:0", 2, "--card is sim, pcsc:NAME or vpcd:PORT", NULL },
    { "the trace tells the status", "trace", 0, "<  MANAGE CHANNEL →  9000 done", "reset: ATR 3B9F" },
    { "a reader only for the trace", "info --reader 127.0.0.1:1", 2, "--reader belongs to trace", NULL },
    { "no JSON of the trace", "trace --json", 2, "trace has no --json", NULL },
    { "no word", "", 2, "info, profiles, apdu or trace", NULL },
    { "a slip gets a suggestion", "profile", 2, "did you mean 'profiles'?", NULL },
    { "one word too many", "info again", 2, "'again' is one word too many", NULL },
    { "an APDU that is none", "apdu 00A4", 2, "'00A4' is no APDU", NULL },
    { "an APDU that is no hex", "apdu SELECT", 2, "'SELECT' is no APDU", NULL },
    { "nothing is sent when one APDU is none", "apdu 00A4000C023F00 x", 2, "'x' is no APDU", NULL },
    { "no APDU at all", "apdu", 2, "needs APDUs", NULL },
    { "an unknown kind of card", "info --card usb:1", 2, "not 'usb:1'", NULL },
    { "a port that is none", "info --card vpcd:99999", 2, "not 'vpcd:99999'", NULL },
    { "a virtual reader that is not there", "trace --reader 127.0.0.1:1", 1, "the trace ends", NULL },
};

static void each_way_to_call_it(void)
{
    char text[TEXT_MAX];
    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = finish(start(rows[i].args), text);
        bool good = strstr(text, rows[i].says) && (!rows[i].also || strstr(text, rows[i].also));
        if (!good || status != rows[i].status)
            printf("\n%s: status %d\n%s\n", rows[i].args, status, text);
        CHECK_ROW(rows[i].name, status == rows[i].status && good);
    }
}

/* Another program uses the card through a virtual reader while the trace looks on. */
static void a_card_is_traced_between_reader_and_terminal(void)
{
    char text[TEXT_MAX];
    char args[64];
    uint16_t port = 0, sw = 0;
    unsigned channel = 0;
    struct card *reader = NULL;
    struct buf bytes = { .max = 1 << 16 };
    REQUIRE(card_vpcd_open_reader(NULL, &port, 10000, &reader) == ERR_OK);
    snprintf(args, sizeof args, "trace --reader 127.0.0.1:%u", port);
    FILE *p = start(args);
    CHECK(card_reset(reader, &bytes) == ERR_OK);
    CHECK(apdu_open_isd_r(reader, &channel, &bytes, &sw) == ERR_OK);
    CHECK(apdu_store_data(reader, channel, 0, SPAN(0xbf, 0x2d, 0x00), &bytes, &sw) == ERR_OK && sw == 0x9000);
    card_close(reader);
    CHECK(finish(p, text) == 0);
    CHECK(strstr(text, "SELECT") && strstr(text, "ProfileInfoListRequest") && strstr(text, "\"partner\""));
    buf_release(&bytes);
}

/* ---- a card whose profile is carried out in part only
 * -------------------------------------------------------------- */
struct kept_card {
    struct crypto *crypto;
    struct env env;
    struct pki *pki;
    struct trust *trust;
    struct pki_euicc issued;
    struct buf metadata, package;
    struct euicc *euicc;
};

static void make_card(struct kept_card *k, const char *path)
{
    static const char eid[] = "89049032123451234512345678901235";
    struct euicc_settings settings = { .credential_count = 1 };
    uint8_t iccid[RSP_ICCID_OCTETS];
    *k = (struct kept_card){ .metadata = { .max = 1024 }, .package = { .max = 1 << 17 } };
    REQUIRE(crypto_new(&k->crypto) == ERR_OK);
    k->env = (struct env){ .crypto = k->crypto, .clock = clock_system(), .rng = rng_system() };
    REQUIRE(pki_new(k->crypto, clock_now(k->env.clock), &k->pki) == ERR_OK);
    REQUIRE(pki_trust(k->pki, &k->trust) == ERR_OK);
    REQUIRE(certs_issue_euicc(k->pki, "CERT_EUICC_ECDSA_NIST", eid, &k->issued) == ERR_OK);
    REQUIRE(rsp_iccid_parse("89000123456789012341", iccid) == ERR_OK && rsp_eid_parse(eid, settings.eid) == ERR_OK);
    const struct rsp_store_metadata m = { .iccid = SPAN_ARRAY(iccid),
                                          .service_provider_name = span_str("GSMA"),
                                          .profile_name = span_str("TS.48") };
    REQUIRE(rsp_store_metadata_write(&m, &k->metadata) == ERR_OK);
    REQUIRE(read_file(path, &k->package) == ERR_OK);
    const struct euicc_credential credential = { buf_span(&k->issued.certificate), k->issued.eum_certificate,
                                                 secret_span(&k->issued.key) };
    const struct euicc_profile profile = { buf_span(&k->metadata), buf_span(&k->package), true, false };
    settings.credentials = &credential;
    settings.trust = k->trust;
    settings.profiles = &profile;
    settings.profile_count = 1;
    REQUIRE(euicc_new(&k->env, &settings, &k->euicc) == ERR_OK);
}

static void release_card(struct kept_card *k)
{
    euicc_free(k->euicc);
    trust_free(k->trust);
    pki_euicc_release(&k->issued);
    buf_release(&k->metadata);
    buf_release(&k->package);
    pki_free(k->pki);
    crypto_free(k->crypto);
}

static void what_a_card_only_keeps_is_said_in_words(void)
{
    static const char *const wanted[] = {
        "      cdmaParameter 18: stored, not executed\n",
        "      securityDomain 26: stored, not executed\n",
        "      rfm 27, 28, 29, 30: stored, not executed\n",
    };
    const char *path = shared_path("data/profiles/TS48v7_SAIP2.3_NoBERTLV.der");
    struct kept_card k;
    struct buf bytes = { .max = 4096 };
    json_t *report = NULL;
    char *text = NULL;
    size_t len = 0;
    if (!path)
        return;
    make_card(&k, path);
    struct es10_card c = { .env = &k.env, .card = euicc_card(k.euicc) };
    REQUIRE(card_reset(c.card, &bytes) == ERR_OK);
    REQUIRE(apdu_open_isd_r(c.card, &c.channel, &bytes, &c.sw) == ERR_OK);
    REQUIRE(card_report_profiles(&c, &report) == ERR_OK);
    FILE *out = open_memstream(&text, &len);
    REQUIRE(out != NULL);
    card_print_profiles(report, out);
    REQUIRE(fclose(out) == 0);
    for (size_t i = 0; i < COUNT(wanted); i++)
        CHECK_ROW(wanted[i], strstr(text, wanted[i]) != NULL);
    CHECK(!strstr(text, " usim ") && !strstr(text, "opt-usim"));
    free(text);
    json_decref(report);
    buf_release(&bytes);
    release_card(&k);
}

/* A card that takes no tag but those it knows. */
struct strict_card {
    struct card card;
    struct card *real;
    unsigned refused;
};

static enum err strict_reset(struct card *c, struct buf *atr)
{
    return card_reset(((struct strict_card *)c)->real, atr);
}

static enum err strict_transmit(struct card *c, struct span command, struct buf *response)
{
    struct strict_card *s = (struct strict_card *)c;
    if (!memmem(command.at, command.len, "\xff\x7e", 2))
        return card_transmit(s->real, command, response);
    s->refused++;
    return buf_set(response, SPAN(0xbf, 0x2d, 0x03, 0x81, 0x01, 0x01, 0x90, 0x00));
}

static void strict_close(struct card *c)
{
    card_close(((struct strict_card *)c)->real);
}

static void a_card_that_takes_no_unknown_tag_tells_its_profiles_all_the_same(void)
{
    static const struct card_ops ops = { "strict", strict_reset, strict_transmit, strict_close };
    const char *path = shared_path("data/profiles/TS48v7_SAIP2.3_NoBERTLV.der");
    struct kept_card k;
    struct buf bytes = { .max = 4096 };
    json_t *report = NULL;
    if (!path)
        return;
    make_card(&k, path);
    struct strict_card strict = { { &ops }, euicc_card(k.euicc), 0 };
    struct es10_card c = { .env = &k.env, .card = &strict.card };
    REQUIRE(card_reset(c.card, &bytes) == ERR_OK);
    REQUIRE(apdu_open_isd_r(c.card, &c.channel, &bytes, &c.sw) == ERR_OK);
    REQUIRE(card_report_profiles(&c, &report) == ERR_OK);
    const json_t *profiles = json_object_get(report, "profiles");
    CHECK(strict.refused == 1 && json_array_size(profiles) == 1);
    CHECK(json_is_null(json_object_get(json_array_get(profiles, 0), "elements")));
    json_decref(report);
    buf_release(&bytes);
    release_card(&k);
}

int main(void)
{
    static const struct test tests[] = {
        { "each way to call it", each_way_to_call_it },
        { "what a card only keeps is said in words", what_a_card_only_keeps_is_said_in_words },
        { "a card that takes no unknown tag tells its profiles all the same",
          a_card_that_takes_no_unknown_tag_tells_its_profiles_all_the_same },
        { "a card is traced between reader and terminal", a_card_is_traced_between_reader_and_terminal },
    };
    return tests_main("card_command", tests, COUNT(tests));
}
