/* Who may administer what, what is refused, and that keys stay where they are. */
#include <string.h>

#include "net_tests.h"

#define GOOD "{\"iccid\":\"" ICCID "\",\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}"

static const struct {
    const char *name;
    enum who who;
    const char *method, *path, *body;
    int status;
} right_rows[] = {
    { "nobody stores a subscriber", NOBODY, "PUT", "/v1/subscribers/" IMSI, GOOD, 403 },
    { "a stranger's certificate neither", STRANGER, "PUT", "/v1/subscribers/" IMSI, GOOD, 403 },
    { "the platform neither", PLATFORM, "PUT", "/v1/subscribers/" IMSI, GOOD, 403 },
    { "the administrator does", ADMIN, "PUT", "/v1/subscribers/" IMSI, GOOD, 204 },
    { "nobody stores many", NOBODY, "POST", "/v1/subscribers", "{\"subscribers\":[]}", 403 },
    { "nobody reads one", NOBODY, "GET", "/v1/subscribers/" IMSI, "", 403 },
    { "the platform reads none", PLATFORM, "GET", "/v1/subscribers/" IMSI, "", 403 },
    { "nobody removes one", NOBODY, "DELETE", "/v1/subscribers/" IMSI, "", 403 },
    { "nobody changes coverage", NOBODY, "PUT", "/v1/coverage", "{\"countries\":[\"KE\"]}", 403 },
    { "the platform neither", PLATFORM, "PUT", "/v1/coverage", "{\"countries\":[\"KE\"]}", 403 },
    { "nor a country of it", PLATFORM, "PUT", "/v1/coverage/KE", "{\"state\":\"lost\"}", 403 },
    { "nobody allows service", NOBODY, "PUT", "/v1/status/" ICCID, "{\"service\":true}", 403 },
    { "a stranger neither", STRANGER, "PUT", "/v1/status/" ICCID, "{\"service\":true}", 403 },
    { "the platform does", PLATFORM, "PUT", "/v1/status/" ICCID, "{\"service\":true}", 204 },
    { "the administrator too", ADMIN, "PUT", "/v1/status/" ICCID, "{\"service\":true}", 204 },
    { "anybody asks for health", NOBODY, "GET", "/v1/health", "", 200 },
    { "there is no list of subscribers", ADMIN, "GET", "/v1/subscribers", "", 405 },
    { "nor anything else", ADMIN, "GET", "/v1/keys", "", 404 },
};

static void rights(void)
{
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(right_rows); i++)
        CHECK_ROW(right_rows[i].name, call(&f, right_rows[i].who, right_rows[i].method, right_rows[i].path,
                                           right_rows[i].body) == right_rows[i].status);
    fixture_close(&f);
}

static const struct {
    const char *name, *method, *path, *body;
    int status;
} bad_rows[] = {
    { "no ICCID", "PUT", "/v1/subscribers/" IMSI, "{\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "an ICCID with letters", "PUT", "/v1/subscribers/" IMSI,
      "{\"iccid\":\"8925402000000000001F\",\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "an IMSI that is none", "PUT", "/v1/subscribers/12", GOOD, 400 },
    { "no key", "PUT", "/v1/subscribers/" IMSI, "{\"iccid\":\"" ICCID "\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "a key cut short", "PUT", "/v1/subscribers/" IMSI,
      "{\"iccid\":\"" ICCID "\",\"k\":\"465b\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "a key that is no hex", "PUT", "/v1/subscribers/" IMSI,
      "{\"iccid\":\"" ICCID "\",\"k\":\"zz5b5ce8b199b49faa5f0a2ee238a6bc\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "no OPc", "PUT", "/v1/subscribers/" IMSI, "{\"iccid\":\"" ICCID "\",\"k\":\"" K_HEX "\"}", 400 },
    { "an algorithm of its own", "PUT", "/v1/subscribers/" IMSI,
      "{\"iccid\":\"" ICCID "\",\"algorithm\":\"comp128\",\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "an algorithm that is a number", "PUT", "/v1/subscribers/" IMSI,
      "{\"iccid\":\"" ICCID "\",\"algorithm\":1,\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "TUAK with an OPc of Milenage", "PUT", "/v1/subscribers/" IMSI,
      "{\"iccid\":\"" ICCID "\",\"algorithm\":\"tuak\",\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "RES of 16 octets with Milenage", "PUT", "/v1/subscribers/" IMSI,
      "{\"iccid\":\"" ICCID "\",\"resLength\":16,\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "an AMF of three octets", "PUT", "/v1/subscribers/" IMSI,
      "{\"iccid\":\"" ICCID "\",\"amf\":\"800000\",\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "an SQN that is a number", "PUT", "/v1/subscribers/" IMSI,
      "{\"iccid\":\"" ICCID "\",\"sqn\":5,\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}", 400 },
    { "a list where an object is wanted", "PUT", "/v1/subscribers/" IMSI, "[" GOOD "]", 400 },
    { "no list of subscribers", "POST", "/v1/subscribers", "{}", 400 },
    { "a list of numbers", "POST", "/v1/subscribers", "{\"subscribers\":[1]}", 400 },
    { "countries that are none", "PUT", "/v1/coverage", "{\"countries\":[\"Kenya\"]}", 400 },
    { "countries that are a word", "PUT", "/v1/coverage", "{\"countries\":\"KE\"}", 400 },
    { "no coverage at all", "PUT", "/v1/coverage", "{}", 400 },
    { "a state that is none", "PUT", "/v1/coverage", "{\"state\":\"bad\"}", 400 },
    { "a country that is not covered", "PUT", "/v1/coverage/KE", "{\"state\":\"restored\"}", 404 },
    { "service that is a word", "PUT", "/v1/status/" ICCID, "{\"service\":\"yes\"}", 400 },
    { "service of an ICCID that is none", "PUT", "/v1/status/1", "{\"service\":true}", 400 },
    { "an unknown subscriber is not read", "GET", "/v1/subscribers/" IMSI, "", 404 },
    { "nor removed", "DELETE", "/v1/subscribers/" IMSI, "", 404 },
};

static void bad_requests(void)
{
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(bad_rows); i++) {
        CHECK_ROW(bad_rows[i].name, call(&f, ADMIN, bad_rows[i].method, bad_rows[i].path, bad_rows[i].body) ==
                                        bad_rows[i].status);
        CHECK_ROW(bad_rows[i].name, !memmem(f.p.body.at, f.p.body.len, K_HEX, 32));
    }
    fixture_close(&f);
}

static void bulk(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(call(&f, ADMIN, "POST", "/v1/subscribers",
               "{\"subscribers\":[{\"imsi\":\"" IMSI "\",\"iccid\":\"" ICCID "\",\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX
               "\"},{\"imsi\":\"639020000000002\",\"iccid\":\"89254020000000000027\",\"k\":\"00\"}]}") == 400);
    CHECK(call(&f, ADMIN, "GET", "/v1/subscribers/" IMSI, "") == 404);
    CHECK(call(&f, ADMIN, "POST", "/v1/subscribers",
               "{\"subscribers\":[{\"imsi\":\"" IMSI "\",\"iccid\":\"" ICCID "\",\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX
               "\"},{\"imsi\":\"639020000000002\",\"iccid\":\"89254020000000000027\",\"k\":\"" K_HEX "\",\"opc\":\""
               OPC_HEX "\"}]}") == 200);
    CHECK(!strcmp(member(&f, "stored"), "2"));
    CHECK(call(&f, ADMIN, "GET", "/v1/subscribers/639020000000002", "") == 200);
    CHECK(!strcmp(member(&f, "iccid"), "89254020000000000027") && !strcmp(member(&f, "service"), "false"));
    /* The same SIM under another IMSI, with its check digit or without. */
    CHECK(call(&f, ADMIN, "PUT", "/v1/subscribers/639020000000003", GOOD) == 409);
    CHECK(call(&f, ADMIN, "PUT", "/v1/subscribers/639020000000003",
               "{\"iccid\":\"8925402000000000001\",\"k\":\"" K_HEX "\",\"opc\":\"" OPC_HEX "\"}") == 409);
    CHECK(call(&f, ADMIN, "DELETE", "/v1/subscribers/" IMSI, "") == 204);
    CHECK(call(&f, ADMIN, "PUT", "/v1/subscribers/639020000000003", GOOD) == 204);
    fixture_close(&f);
}

/* Provisioning again must not send the sequence number back. */
static void sequence_number_is_kept(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char session[40], value[40];
    fixture_open(&f);
    provision(&f);
    for (int i = 0; i < 3; i++)
        CHECK(come_online(&f, &u, session) == 200);
    provision(&f);
    CHECK(call(&f, NOBODY, "POST", "/v1/attach", "{\"imsi\":\"" IMSI "\",\"country\":\"KE\"}") == 200);
    CHECK(usim_authenticate(&u, f.crypto, member(&f, "rand"), member(&f, "autn"), value) == USIM_RES);
    CHECK(call(&f, ADMIN, "PUT", "/v1/subscribers/" IMSI,
               "{\"iccid\":\"" ICCID "\",\"sqn\":\"000000000000\",\"k\":\"" K_HEX "\","
               "\"opc\":\"" OPC_HEX "\"}") == 204);
    CHECK(call(&f, NOBODY, "POST", "/v1/attach", "{\"imsi\":\"" IMSI "\",\"country\":\"KE\"}") == 200);
    CHECK(usim_authenticate(&u, f.crypto, member(&f, "rand"), member(&f, "autn"), value) == USIM_AUTS);
    fixture_close(&f);
}

static void coverage_is_told(void)
{
    struct fixture f;
    fixture_open(&f);
    provision(&f);
    CHECK(call(&f, ADMIN, "PUT", "/v1/coverage/UG", "{\"state\":\"lost\"}") == 204);
    CHECK(call(&f, ADMIN, "GET", "/v1/coverage", "") == 200);
    CHECK(span_equal(buf_span(&f.p.body),
                     span_str("{\"state\":\"restored\",\"countries\":[{\"country\":\"KE\",\"state\":\"restored\"},"
                              "{\"country\":\"UG\",\"state\":\"lost\"}]}")));
    fixture_close(&f);
}

static bool file_holds(const char *path, struct span what)
{
    struct buf file = { .max = 1 << 24 };
    bool found = read_file(path, &file) == ERR_OK && memmem(file.at, file.len, what.at, what.len);
    buf_release(&file);
    return found;
}

static void keys_at_rest(void)
{
    struct fixture f;
    char wal[128];
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char session[40];
    fixture_open(&f);
    provision(&f);
    CHECK(come_online(&f, &u, session) == 200);
    snprintf(wal, sizeof wal, "%s-wal", f.path);
    struct span k = span_of(u.aka.k, 16), opc = span_of(u.aka.opc, 16);
    const struct span needles[] = { k, opc, span_str(K_HEX), span_str(OPC_HEX) };
    for (size_t i = 0; i < COUNT(needles); i++) {
        CHECK(!file_holds(f.path, needles[i]));
        CHECK(!file_holds(wal, needles[i]));
    }
    CHECK(file_holds(f.path, span_str(IMSI)) || file_holds(wal, span_str(IMSI)));
    /* With another storage key the rows are of no use, and that is a failure, not a wrong key. */
    f.settings.storage_key.at[0] ^= 1;
    fixture_restart(&f);
    CHECK(come_online(&f, &u, session) == 500);
    fixture_close(&f);
}

static void rows_do_not_change_places(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char session[40];
    fixture_open(&f);
    provision(&f);
    CHECK(call(&f, ADMIN, "PUT", "/v1/subscribers/639020000000002",
               "{\"iccid\":\"89254020000000000027\",\"k\":\"00000000000000000000000000000000\",\"opc\":\"" OPC_HEX
               "\"}") == 204);
    REQUIRE(db_run(f.env.db,
                   "UPDATE subscriber SET sealed = (SELECT sealed FROM subscriber WHERE imsi = '639020000000002')"
                   " WHERE imsi = '" IMSI "'",
                   NULL, 0, NULL) == ERR_OK);
    CHECK(come_online(&f, &u, session) == 500);
    fixture_close(&f);
}

static void wrong_settings(void)
{
    struct fixture f;
    struct network *n = NULL;
    fixture_open(&f);
    struct network_settings s = f.settings;
    s.plmn = "6390";
    CHECK(network_new(&f.env, &s, &n) == ERR_CONFIG);
    s.plmn = NULL;
    CHECK(network_new(&f.env, &s, &n) == ERR_CONFIG);
    s = f.settings;
    s.storage_key.len = 16;
    CHECK(network_new(&f.env, &s, &n) == ERR_CONFIG && !n);
    fixture_close(&f);
}

const struct test admin_tests[] = {
    { "each call asks for its right", rights },
    { "what is malformed is refused, and no key comes back in words", bad_requests },
    { "many subscribers are stored all or none", bulk },
    { "storing a subscriber again keeps the sequence number", sequence_number_is_kept },
    { "coverage is told as it is", coverage_is_told },
    { "keys are encrypted at rest", keys_at_rest },
    { "keys moved to another subscriber open nothing", rows_do_not_change_places },
    { "wrong settings are refused", wrong_settings },
};
const size_t admin_test_count = COUNT(admin_tests);
