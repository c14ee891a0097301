/* Attach, authenticate, check, detach: with a SIM that computes as a real one. */
#include <stdlib.h>
#include <string.h>

#include "net_tests.h"

static int answer(struct fixture *f, const char *id, const char *body)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/attach/%s/authenticate", id);
    return call(f, NOBODY, "POST", path, body);
}

static int check(struct fixture *f, const char *session, const char *body)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/sessions/%s/check", session);
    return call(f, NOBODY, "POST", path, body);
}

static void online_once(bool restarts)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char session[40], path[80];
    fixture_open(&f);
    f.restart_always = restarts;
    provision(&f);
    CHECK(come_online(&f, &u, session) == 200);
    CHECK(!strcmp(member(&f, "plmn"), PLMN) && strlen(session) == 36);
    CHECK(check(&f, session, "") == 200 && !strcmp(member(&f, "online"), "true"));
    CHECK(call(&f, ADMIN, "GET", "/v1/subscribers/" IMSI, "") == 200);
    CHECK(!strcmp(member(&f, "online"), "true") && !strcmp(member(&f, "sessionId"), session));
    snprintf(path, sizeof path, "/v1/sessions/%s", session);
    CHECK(call(&f, NOBODY, "DELETE", path, "") == 204);
    CHECK(call(&f, NOBODY, "DELETE", path, "") == 204);
    CHECK(check(&f, session, "") == 200 && !strcmp(member(&f, "online"), "false"));
    CHECK(!strcmp(member(&f, "cause"), "detached"));
    tick(&f);
    CHECK(f.platform.heard_count == 2);
    fixture_close(&f);
}

static void comes_online(void)
{
    online_once(false);
}

static void comes_online_across_restarts(void)
{
    online_once(true);
}

static const struct {
    const char *name, *body;
    int status;
    const char *cause;
} attach_rows[] = {
    { "nobody's IMSI", "{\"imsi\":\"639020000000002\",\"country\":\"KE\"}", 404, "unknown-subscriber" },
    { "a country without coverage", "{\"imsi\":\"" IMSI "\",\"country\":\"DE\"}", 403, "no-coverage" },
    { "a country in small letters", "{\"imsi\":\"" IMSI "\",\"country\":\"ke\"}", 400, "" },
    { "no country", "{\"imsi\":\"" IMSI "\"}", 400, "" },
    { "a country that is a number", "{\"imsi\":\"" IMSI "\",\"country\":254}", 400, "" },
    { "no IMSI", "{\"country\":\"KE\"}", 400, "" },
    { "an IMSI with a letter", "{\"imsi\":\"63902000000000A\",\"country\":\"KE\"}", 400, "" },
    { "an IMSI that is too long", "{\"imsi\":\"6390200000000011\",\"country\":\"KE\"}", 400, "" },
    { "an IMSI with SQL in it", "{\"imsi\":\"' OR 1=1 --\",\"country\":\"KE\"}", 400, "" },
    { "an IMEI that is a number", "{\"imsi\":\"" IMSI "\",\"country\":\"KE\",\"imei\":1}", 400, "" },
    { "an IMEI with letters", "{\"imsi\":\"" IMSI "\",\"country\":\"KE\",\"imei\":\"x\"}", 400, "" },
    { "a list", "[]", 400, "" },
    { "nothing", "", 400, "" },
    { "half an object", "{\"imsi\":\"63902", 400, "" },
    { "a member twice", "{\"imsi\":\"" IMSI "\",\"imsi\":\"" IMSI "\",\"country\":\"KE\"}", 400, "" },
    { "a good one", "{\"imsi\":\"" IMSI "\",\"country\":\"UG\",\"imei\":\"490154203237518\"}", 200, "" },
};

static void attach_requests(void)
{
    struct fixture f;
    fixture_open(&f);
    provision(&f);
    for (size_t i = 0; i < COUNT(attach_rows); i++) {
        CHECK_ROW(attach_rows[i].name, call(&f, NOBODY, "POST", "/v1/attach", attach_rows[i].body) ==
                                           attach_rows[i].status);
        CHECK_ROW(attach_rows[i].name, !strcmp(member(&f, "cause"), attach_rows[i].cause));
    }
    fixture_close(&f);
}

static void oversize_request(void)
{
    struct fixture f;
    char *body = malloc(5001);
    fixture_open(&f);
    provision(&f);
    memset(body, ' ', 5000);
    body[5000] = 0;
    memcpy(body, "{\"imsi\":\"" IMSI "\",\"country\":\"KE\"}", strlen("{\"imsi\":\"" IMSI "\",\"country\":\"KE\"}"));
    CHECK(call(&f, NOBODY, "POST", "/v1/attach", body) == 413);
    CHECK(answer(&f, "x", body) == 413);
    CHECK(check(&f, "x", body) == 413);
    memset(body, '[', 4000);
    body[4000] = 0;
    CHECK(call(&f, NOBODY, "POST", "/v1/attach", body) == 400);
    free(body);
    fixture_close(&f);
}

/* One open attach: its id and challenge. */
struct opened {
    char id[40], rand[40], autn[40];
};

static struct opened open_attach(struct fixture *f)
{
    struct opened o;
    CHECK(call(f, NOBODY, "POST", "/v1/attach", "{\"imsi\":\"" IMSI "\",\"country\":\"KE\"}") == 200);
    snprintf(o.id, sizeof o.id, "%s", member(f, "attachId"));
    snprintf(o.rand, sizeof o.rand, "%s", member(f, "rand"));
    snprintf(o.autn, sizeof o.autn, "%s", member(f, "autn"));
    return o;
}

static const struct {
    const char *name, *body;
    int status;
    const char *cause;
    bool spent; /* the right RES is of no use afterwards */
} answer_rows[] = {
    { "another RES", "{\"res\":\"0000000000000000\"}", 403, "authentication-failed", true },
    { "a shorter RES", "{\"res\":\"00\"}", 403, "authentication-failed", true },
    { "an empty RES", "{\"res\":\"\"}", 403, "authentication-failed", true },
    { "a RES that is too long", "{\"res\":\"0000000000000000000000000000000000\"}", 400, "", false },
    { "a RES that is no hex", "{\"res\":\"xyz\"}", 400, "", false },
    { "a RES that is a number", "{\"res\":1}", 400, "", false },
    { "an AUTS from nowhere", "{\"auts\":\"0000000000000000000000000000\"}", 403, "authentication-failed", true },
    { "an AUTS cut short", "{\"auts\":\"00000000000000000000000000\"}", 400, "", false },
    { "both", "{\"res\":\"0000000000000000\",\"auts\":\"0000000000000000000000000000\"}", 400, "", false },
    { "neither", "{}", 400, "", false },
    { "no JSON", "res", 400, "", false },
};

static void wrong_answers(void)
{
    struct fixture f;
    fixture_open(&f);
    provision(&f);
    for (size_t i = 0; i < COUNT(answer_rows); i++) {
        struct usim u = usim_new(K_HEX, OPC_HEX);
        char res[40], body[80];
        struct opened o = open_attach(&f);
        CHECK_ROW(answer_rows[i].name, answer(&f, o.id, answer_rows[i].body) == answer_rows[i].status);
        CHECK_ROW(answer_rows[i].name, !strcmp(member(&f, "cause"), answer_rows[i].cause));
        CHECK_ROW(answer_rows[i].name, usim_authenticate(&u, f.crypto, o.rand, o.autn, res) == USIM_RES);
        snprintf(body, sizeof body, "{\"res\":\"%s\"}", res);
        CHECK_ROW(answer_rows[i].name, answer(&f, o.id, body) == (answer_rows[i].spent ? 404 : 200));
    }
    fixture_close(&f);
}

static void replayed_answer(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char res[40], body[80];
    fixture_open(&f);
    provision(&f);
    struct opened first = open_attach(&f);
    CHECK(usim_authenticate(&u, f.crypto, first.rand, first.autn, res) == USIM_RES);
    snprintf(body, sizeof body, "{\"res\":\"%s\"}", res);
    CHECK(answer(&f, first.id, body) == 200);
    CHECK(answer(&f, first.id, body) == 404 && !strcmp(member(&f, "cause"), "unknown-attach"));
    struct opened second = open_attach(&f);
    CHECK(strcmp(first.rand, second.rand) != 0 && strcmp(first.autn, second.autn) != 0);
    CHECK(answer(&f, second.id, body) == 403);
    /* The SIM, too, takes a challenge once only. */
    CHECK(usim_authenticate(&u, f.crypto, first.rand, first.autn, res) == USIM_AUTS);
    fixture_close(&f);
}

static void later_attach_replaces(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char res[40], body[80];
    fixture_open(&f);
    provision(&f);
    struct opened first = open_attach(&f), second = open_attach(&f);
    CHECK(usim_authenticate(&u, f.crypto, first.rand, first.autn, res) == USIM_RES);
    snprintf(body, sizeof body, "{\"res\":\"%s\"}", res);
    CHECK(answer(&f, first.id, body) == 404);
    CHECK(usim_authenticate(&u, f.crypto, second.rand, second.autn, res) == USIM_RES);
    snprintf(body, sizeof body, "{\"res\":\"%s\"}", res);
    CHECK(answer(&f, second.id, body) == 200);
    fixture_close(&f);
}

static void wrong_key(void)
{
    struct fixture f;
    struct usim u = usim_new("465b5ce8b199b49faa5f0a2ee238a6bd", OPC_HEX);
    char value[40];
    fixture_open(&f);
    provision(&f);
    struct opened o = open_attach(&f);
    /* The SIM does not believe the network … */
    CHECK(usim_authenticate(&u, f.crypto, o.rand, o.autn, value) == USIM_MAC_FAILURE);
    /* … and a device that answers all the same is not believed either. */
    struct aka_vector v;
    struct buf rand = hex(o.rand);
    char body[80];
    CHECK(aka_compute(f.crypto, &u.aka, rand.at, (const uint8_t[6]){ 0 }, (const uint8_t[2]){ 0 }, &v) == ERR_OK);
    snprintf(body, sizeof body, "{\"res\":\"%02x%02x%02x%02x%02x%02x%02x%02x\"}", v.res[0], v.res[1], v.res[2],
             v.res[3], v.res[4], v.res[5], v.res[6], v.res[7]);
    CHECK(answer(&f, o.id, body) == 403 && !strcmp(member(&f, "cause"), "authentication-failed"));
    buf_release(&rand);
    fixture_close(&f);
}

static void resynchronise(bool restarts)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char session[40];
    fixture_open(&f);
    f.restart_always = restarts;
    provision(&f);
    for (size_t i = 0; i < COUNT(u.seq); i++)
        u.seq[i] = 5000 + (int64_t)i; /* this SIM was used in another network element before */
    CHECK(come_online(&f, &u, session) == 200 && session[0]);
    for (int i = 0; i < 40; i++)
        CHECK(come_online(&f, &u, session) == 200); /* every IND once and again: no further AUTS needed */
    struct opened o = open_attach(&f);
    char value[40];
    CHECK(usim_authenticate(&u, f.crypto, o.rand, o.autn, value) == USIM_RES);
    fixture_close(&f);
}

static void resynchronises(void)
{
    resynchronise(false);
}

static void resynchronises_across_restarts(void)
{
    resynchronise(true);
}

static void resynchronisation_once(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX), before;
    char value[40], again[40], body[80];
    fixture_open(&f);
    provision(&f);
    for (size_t i = 0; i < COUNT(u.seq); i++)
        u.seq[i] = 1000;
    before = u;
    struct opened o = open_attach(&f);
    CHECK(usim_authenticate(&u, f.crypto, o.rand, o.autn, value) == USIM_AUTS);
    snprintf(body, sizeof body, "{\"auts\":\"%s\"}", value);
    CHECK(answer(&f, o.id, body) == 200);
    CHECK(!strcmp(member(&f, "attachId"), o.id) && strcmp(member(&f, "rand"), o.rand) != 0);
    CHECK(usim_authenticate(&before, f.crypto, member(&f, "rand"), member(&f, "autn"), again) == USIM_RES);
    /* The old AUTS belongs to the old RAND, and a second one is not heard at all. */
    CHECK(answer(&f, o.id, body) == 403);
    snprintf(body, sizeof body, "{\"res\":\"%s\"}", again);
    CHECK(answer(&f, o.id, body) == 404);
    fixture_close(&f);
}

static const struct {
    const char *name;
    enum who who;
    const char *path, *body, *cause;
} endings[] = {
    { "the platform withdraws service", PLATFORM, "/v1/status/" ICCID, "{\"service\":false}",
      "service-not-allowed" },
    { "the same SIM named with 19 digits", PLATFORM, "/v1/status/8925402000000000001", "{\"service\":false}",
      "service-not-allowed" },
    { "the country loses coverage", ADMIN, "/v1/coverage/KE", "{\"state\":\"lost\"}", "no-coverage" },
    { "the whole network loses coverage", ADMIN, "/v1/coverage", "{\"state\":\"lost\"}", "no-coverage" },
    { "the country leaves the list", ADMIN, "/v1/coverage", "{\"countries\":[\"UG\"]}", "no-coverage" },
};

static void service_ends(void)
{
    for (size_t i = 0; i < COUNT(endings); i++) {
        struct fixture f;
        struct usim u = usim_new(K_HEX, OPC_HEX);
        char session[40], other[40];
        fixture_open(&f);
        provision(&f);
        CHECK_ROW(endings[i].name, come_online(&f, &u, session) == 200);
        CHECK_ROW(endings[i].name, call(&f, endings[i].who, "PUT", endings[i].path, endings[i].body) == 204);
        CHECK_ROW(endings[i].name, check(&f, session, "") == 200 && !strcmp(member(&f, "online"), "false"));
        CHECK_ROW(endings[i].name, !strcmp(member(&f, "cause"), endings[i].cause));
        CHECK_ROW(endings[i].name, come_online(&f, &u, other) == 403);
        CHECK_ROW(endings[i].name, !strcmp(member(&f, "cause"), endings[i].cause));
        CHECK_ROW(endings[i].name, call(&f, ADMIN, "GET", "/v1/subscribers/" IMSI, "") == 200);
        CHECK_ROW(endings[i].name, !strcmp(member(&f, "online"), "false"));
        tick(&f);
        CHECK_ROW(endings[i].name, f.platform.heard_count == 2);
        CHECK_ROW(endings[i].name, !strncmp(f.platform.heard[1], "session-ended " ICCID " " PLMN, 40));
        fixture_close(&f);
    }
}

static void service_returns(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char session[40];
    fixture_open(&f);
    provision(&f);
    CHECK(call(&f, ADMIN, "PUT", "/v1/coverage", "{\"state\":\"lost\"}") == 204);
    CHECK(call(&f, ADMIN, "PUT", "/v1/coverage/KE", "{\"state\":\"lost\"}") == 204);
    CHECK(come_online(&f, &u, session) == 403);
    CHECK(call(&f, ADMIN, "PUT", "/v1/coverage", "{\"state\":\"restored\"}") == 204);
    CHECK(come_online(&f, &u, session) == 403);
    CHECK(call(&f, ADMIN, "PUT", "/v1/coverage/KE", "{\"state\":\"restored\"}") == 204);
    CHECK(come_online(&f, &u, session) == 200);
    fixture_close(&f);
}

/* Between the challenge and the answer the world may change. */
static void service_ends_while_attaching(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char res[40], body[80];
    fixture_open(&f);
    provision(&f);
    struct opened o = open_attach(&f);
    CHECK(usim_authenticate(&u, f.crypto, o.rand, o.autn, res) == USIM_RES);
    CHECK(call(&f, PLATFORM, "PUT", "/v1/status/" ICCID, "{\"service\":false}") == 204);
    snprintf(body, sizeof body, "{\"res\":\"%s\"}", res);
    CHECK(answer(&f, o.id, body) == 403 && !strcmp(member(&f, "cause"), "service-not-allowed"));
    tick(&f);
    CHECK(f.platform.heard_count == 0);
    fixture_close(&f);
}

static void device_moves(void)
{
    struct fixture f;
    struct usim u = usim_new(K_HEX, OPC_HEX);
    char session[40];
    fixture_open(&f);
    provision(&f);
    CHECK(come_online(&f, &u, session) == 200);
    CHECK(check(&f, session, "{\"country\":\"UG\"}") == 200 && !strcmp(member(&f, "online"), "true"));
    CHECK(call(&f, ADMIN, "PUT", "/v1/coverage/KE", "{\"state\":\"lost\"}") == 204);
    CHECK(check(&f, session, "") == 200 && !strcmp(member(&f, "online"), "true"));
    CHECK(check(&f, session, "{\"country\":\"uganda\"}") == 400);
    CHECK(check(&f, session, "{\"country\":\"DE\"}") == 200 && !strcmp(member(&f, "cause"), "no-coverage"));
    CHECK(check(&f, session, "{\"country\":\"UG\"}") == 200 && !strcmp(member(&f, "online"), "false"));
    CHECK(check(&f, "no-such-session", "") == 404 && !strcmp(member(&f, "cause"), "unknown-session"));
    fixture_close(&f);
}

static void tuak_subscriber(void)
{
    struct fixture f;
    struct usim u = usim_new("abababababababababababababababab",
                             "bd04d9530e87513c5d837ac2ad954623a8e2330c115305a73eb45d1f40cccbff");
    char session[40];
    fixture_open(&f);
    provision(&f);
    u.aka.res_len = 16;
    u.aka.keccak_iterations = 2;
    CHECK(call(&f, ADMIN, "PUT", "/v1/subscribers/" IMSI,
               "{\"iccid\":\"" ICCID "\",\"algorithm\":\"tuak\",\"k\":\"abababababababababababababababab\","
               "\"opc\":\"bd04d9530e87513c5d837ac2ad954623a8e2330c115305a73eb45d1f40cccbff\","
               "\"resLength\":16,\"keccakIterations\":2}") == 204);
    CHECK(come_online(&f, &u, session) == 200);
    fixture_close(&f);
}

const struct test attach_tests[] = {
    { "a SIM comes online, is checked, and goes", comes_online },
    { "the same with the network restarted before every call", comes_online_across_restarts },
    { "what is no proper attach is refused with its cause", attach_requests },
    { "a device's request over 4 KiB is not read", oversize_request },
    { "a wrong answer to the challenge opens nothing and spends it", wrong_answers },
    { "an answer replayed opens nothing", replayed_answer },
    { "a later attach replaces the earlier one", later_attach_replaces },
    { "a SIM with another key is refused from both sides", wrong_key },
    { "a SIM that is ahead brings the network to its sequence number", resynchronises },
    { "the same across restarts", resynchronises_across_restarts },
    { "one resynchronisation an attach", resynchronisation_once },
    { "a session ends with service or coverage, and says why", service_ends },
    { "coverage that returns serves again, when both the country and the whole have it", service_returns },
    { "service withdrawn during an attach: no session, no event", service_ends_while_attaching },
    { "a device that moves is served where there is coverage", device_moves },
    { "a TUAK subscriber comes online", tuak_subscriber },
};
const size_t attach_test_count = COUNT(attach_tests);
