/* ES2+ and administration: the life of an order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openapi.h"
#include "smdp_tests.h"

enum verb { END, DOWNLOAD, CONFIRM, RELEASE, CANCEL, KILL };

/* One call; `wants` is "" for success, or the refusal. `state` is the profile's afterwards. */
struct call {
    enum verb verb;
    struct es2p_order q;
    const char *wants, *state;
};
#define ME .iccid = LAB_PARTNER_ICCID
#define EID_1 .eid = LAB_EID
#define EID_2 .eid = LAB_OTHER_EID
#define TOKEN .matching_id = "TOKEN-1"

static const struct row {
    const char *name;
    struct call calls[6];
} rows[] = {
    { "an order is placed, confirmed, released",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { CONFIRM, { ME, TOKEN }, "", "linked" },
        { RELEASE, { ME }, "", "released" } } },
    { "without an EID it is confirmed, not linked",
      { { DOWNLOAD, { ME }, "", "allocated" },
        { CONFIRM, { ME, TOKEN }, "", "confirmed" },
        { RELEASE, { ME }, "", "released" } } },
    { "each call may come again",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { CONFIRM, { ME, TOKEN, .release = true }, "", "released" },
        { CONFIRM, { ME, TOKEN, .release = true }, "", "released" },
        { RELEASE, { ME }, "", "released" } } },
    { "a placed order survives a restart",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { KILL, { ME }, "", "allocated" },
        { CONFIRM, { ME, TOKEN, .release = true }, "", "released" },
        { KILL, { ME }, "", "released" } } },
    { "an unknown ICCID", { { DOWNLOAD, { .iccid = "89000123456789012399" }, "8.2.1/3.9", "available" } } },
    { "no ICCID and no type", { { DOWNLOAD, { EID_1 }, "8.2.1/3.9", "available" } } },
    { "an ICCID that is another EID's already",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { DOWNLOAD, { ME, EID_2 }, "8.2.1/3.10", "allocated" } } },
    { "an ICCID that is ordered without EID already",
      { { DOWNLOAD, { ME }, "", "allocated" }, { DOWNLOAD, { ME, EID_2 }, "8.2.1/3.3", "allocated" } } },
    { "an ICCID that is released",
      { { DOWNLOAD, { ME }, "", "allocated" },
        { CONFIRM, { ME, TOKEN, .release = true }, "", "released" },
        { DOWNLOAD, { ME }, "8.2.1/3.3", "released" } } },
    { "an ICCID that was withdrawn",
      { { CANCEL, { ME, .final_state = "Unavailable" }, "", "unavailable" },
        { DOWNLOAD, { ME }, "8.2.1/3.3", "unavailable" } } },
    { "a type that is none", { { DOWNLOAD, { .profile_type = "golden" }, "8.2.5/3.9", "available" } } },
    { "a type of which nothing is left",
      { { DOWNLOAD, { .profile_type = "bulk" }, "", "available" },
        { DOWNLOAD, { .profile_type = "bulk" }, "8.2.5/3.7", "available" } } },
    { "a type ordered again for the same EID is the same order",
      { { DOWNLOAD, { .profile_type = "bulk", EID_1 }, "", "available" },
        { DOWNLOAD, { .profile_type = "bulk", EID_1 }, "", "available" },
        { DOWNLOAD, { .profile_type = "bulk", EID_2 }, "8.2.5/3.7", "available" } } },
    { "confirming what was never ordered", { { CONFIRM, { ME, TOKEN }, "8.2.1/3.5", "available" } } },
    { "confirming an unknown ICCID",
      { { CONFIRM, { .iccid = "89000123456789012399", TOKEN }, "8.2.1/3.9", "available" } } },
    { "confirming for another EID",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { CONFIRM, { ME, TOKEN, EID_2 }, "8.1.1/3.10", "allocated" } } },
    { "the EID may come with the confirmation",
      { { DOWNLOAD, { ME }, "", "allocated" }, { CONFIRM, { ME, TOKEN, EID_1 }, "", "linked" } } },
    { "an EID that comes after the confirmation is not lost in silence",
      { { DOWNLOAD, { ME }, "", "allocated" },
        { CONFIRM, { ME, TOKEN }, "", "confirmed" },
        { CONFIRM, { ME, TOKEN, EID_1, .release = true }, "8.1.1/3.10", "confirmed" } } },
    { "confirming with another matchingId",
      { { DOWNLOAD, { ME }, "", "allocated" },
        { CONFIRM, { ME, TOKEN }, "", "confirmed" },
        { CONFIRM, { ME, .matching_id = "TOKEN-2" }, "8.2.6/3.10", "confirmed" } } },
    { "a matchingId that is another ICCID's",
      { { DOWNLOAD, { ME }, "", "allocated" },
        { CONFIRM, { ME, TOKEN }, "", "confirmed" },
        { DOWNLOAD, { .iccid = LAB_THIRD_ICCID }, "", "confirmed" },
        { CONFIRM, { .iccid = LAB_THIRD_ICCID, TOKEN }, "8.2.6/3.3", "confirmed" },
        { CONFIRM, { .iccid = LAB_THIRD_ICCID, .matching_id = "TOKEN-2" }, "", "confirmed" } } },
    { "a matchingId with small letters",
      { { DOWNLOAD, { ME }, "", "allocated" },
        { CONFIRM, { ME, .matching_id = "token" }, "8.2.6/2.1", "allocated" } } },
    { "an event without an EID",
      { { DOWNLOAD, { ME }, "", "allocated" },
        { CONFIRM, { ME, TOKEN, .smds_address = "smds.example.com" }, "8.1.1/2.2", "allocated" } } },
    { "an event at an SM-DS that is not configured",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { CONFIRM, { ME, TOKEN, .smds_address = "smds2.example.com" }, "8.9/5.1", "allocated" } } },
    { "an event at an SM-DS",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { CONFIRM, { ME, TOKEN, .smds_address = "smds.example.com" }, "", "linked" },
        { CONFIRM, { ME, TOKEN, .smds_address = "SMDS.example.com", .release = true }, "", "released" },
        { CANCEL, { ME }, "", "available" } } },
    { "releasing what is not confirmed",
      { { DOWNLOAD, { ME }, "", "allocated" }, { RELEASE, { ME }, "8.2.1/3.5", "allocated" } } },
    { "releasing what was never ordered", { { RELEASE, { ME }, "8.2.1/3.5", "available" } } },
    { "releasing an unknown ICCID",
      { { RELEASE, { .iccid = "89000123456789012399" }, "8.2.1/3.9", "available" } } },
    { "a cancelled order can be placed anew",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { CONFIRM, { ME, TOKEN, .release = true }, "", "released" },
        { CANCEL, { ME, TOKEN }, "", "available" },
        { CANCEL, { ME, TOKEN }, "", "available" },
        { DOWNLOAD, { ME, EID_2 }, "", "allocated" } } },
    { "cancelling for good, twice",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { CANCEL, { ME, .final_state = "Unavailable" }, "", "unavailable" },
        { CANCEL, { ME, .final_state = "Unavailable" }, "", "unavailable" },
        { CANCEL, { ME, .final_state = "Available" }, "8.2.1/3.3", "unavailable" } } },
    { "cancelling with another matchingId",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { CONFIRM, { ME, TOKEN, .release = true }, "", "released" },
        { CANCEL, { ME, .matching_id = "TOKEN-2" }, "8.2.6/3.10", "released" } } },
    { "cancelling another EID's order",
      { { DOWNLOAD, { ME, EID_1 }, "", "allocated" },
        { CANCEL, { ME, EID_2 }, "8.1.1/3.10", "allocated" } } },
    { "cancelling an unknown ICCID",
      { { CANCEL, { .iccid = "89000123456789012399" }, "8.2.1/3.9", "available" } } },
};

static enum err do_call(const struct es_peer *peer, const struct call *c, struct es2p_answer *a,
                        struct es_status *status)
{
    switch (c->verb) {
    case DOWNLOAD:
        return es2p_download_order(peer, &c->q, a, status);
    case CONFIRM:
        return es2p_confirm_order(peer, &c->q, a, status);
    case RELEASE:
        return es2p_release_profile(peer, &c->q, a, status);
    default:
        return es2p_cancel_order(peer, &c->q, a, status);
    }
}

static bool has_refusal(const char *row, const struct es_status *status, const char *wants)
{
    char text[40];
    snprintf(text, sizeof text, "%s%s%s", status->subject, status->subject[0] ? "/" : "", status->reason);
    if (strcmp(text, wants) != 0)
        printf("\n    row \"%s\": \"%s\" instead of \"%s\"", row, text, wants);
    return strcmp(text, wants) == 0;
}

static struct es_peer peer_as(struct lab *l, struct env *env, struct http_client *client,
                              const char *requester)
{
    *env = l->env;
    env->http = client;
    return (struct es_peer){ .env = env, .base_url = LAB_SMDP_URL, .requester = requester };
}

static void orders(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        struct env env;
        lab_open(&l);
        lab_import(&l);
        const struct es_peer peer = peer_as(&l, &env, l.eso, "eso");
        for (const struct call *c = rows[i].calls; c->verb != END; c++) {
            struct es2p_answer a = { 0 };
            struct es_status status = { 0 };
            if (c->verb == KILL)
                lab_restart(&l, LAB_SMDP);
            else
                CHECK_ROW(rows[i].name, do_call(&peer, c, &a, &status) == ERR_OK);
            CHECK_ROW(rows[i].name, has_refusal(rows[i].name, &status, c->wants));
            CHECK_ROW(rows[i].name, strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), c->state) == 0);
        }
        lab_close(&l);
    }
}

/* The order again, each time with the n-th write killed and everything tried once more. */
static void orders_killed(void)
{
    static const struct call calls[] = {
        { DOWNLOAD, { ME, EID_1 }, "", "" }, { CONFIRM, { ME, TOKEN, .release = true }, "", "" },
        { CANCEL, { ME, TOKEN }, "", "" },   { DOWNLOAD, { ME, EID_2 }, "", "" },
        { CONFIRM, { ME, TOKEN }, "", "" },  { RELEASE, { ME }, "", "" }
    };
    bool cut = true;
    for (unsigned n = 1; cut && n < 100; n++) {
        struct lab l;
        struct env env;
        lab_open(&l);
        lab_import(&l);
        const struct es_peer peer = peer_as(&l, &env, l.eso, "eso");
        l.part[LAB_SMDP].writes = 0;
        l.part[LAB_SMDP].cut_at = n;
        cut = false;
        for (size_t i = 0; i < COUNT(calls); i++) {
            struct es2p_answer a;
            struct es_status status = { 0 };
            enum err e = do_call(&peer, &calls[i], &a, &status);
            if (l.part[LAB_SMDP].dead) {
                cut = true;
                CHECK(e == ERR_TIMEOUT);
                lab_restart(&l, LAB_SMDP);
                e = do_call(&peer, &calls[i], &a, &status);
            }
            CHECK(e == ERR_OK && !es_refused(&status));
        }
        CHECK(strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "released") == 0);
        lab_close(&l);
    }
    CHECK(!cut);
}

static void callers(void)
{
    struct lab l;
    struct env env;
    const struct call order = { DOWNLOAD, { ME }, "", "" };
    lab_open(&l);
    lab_import(&l);
    const struct {
        const char *name;
        struct http_client *as;
        const char *requester, *wants;
        enum err e;
    } who[] = {
        { "a requester that is another's", l.eso, "admin", "8.2.1/1.2", ERR_OK },
        { "a requester that nobody knows", l.eso, "nobody", "8.2.1/1.2", ERR_OK },
        { "another client of this SM-DP+", l.admin, "admin", "8.2.1/3.9", ERR_OK },
        { "a stranger with a good certificate", l.stranger, "eso", "8.2.1/1.2", ERR_OK },
        { "somebody without certificate", l.anyone, "eso", "", ERR_REFUSED },
    };
    for (size_t i = 0; i < COUNT(who); i++) {
        const struct es_peer peer = peer_as(&l, &env, who[i].as, who[i].requester);
        struct es2p_answer a;
        struct es_status status = { 0 };
        CHECK_ROW(who[i].name, do_call(&peer, &order, &a, &status) == who[i].e);
        CHECK_ROW(who[i].name, has_refusal(who[i].name, &status, who[i].wants));
    }
    CHECK(strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "available") == 0);
    lab_close(&l);
}

static void matching_id_is_made(void)
{
    struct lab l;
    struct env env;
    struct es2p_answer a = { 0 };
    struct es_status status = { 0 };
    const struct es2p_order q = { ME, EID_1, .release = true };
    char first[ES2P_TEXT_MAX];
    lab_open(&l);
    lab_import(&l);
    const struct es_peer peer = peer_as(&l, &env, l.eso, "eso");
    CHECK(es2p_download_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
    CHECK(strcmp(a.iccid, LAB_PARTNER_ICCID) == 0);
    CHECK(es2p_confirm_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
    CHECK(strlen(a.matching_id) == 23);
    CHECK(strcmp(a.smdp_address, "smdp.example.com") == 0 && strcmp(a.eid, LAB_EID) == 0);
    snprintf(first, sizeof first, "%s", a.matching_id);
    CHECK(es2p_confirm_order(&peer, &q, &a, &status) == ERR_OK && strcmp(a.matching_id, first) == 0);
    lab_close(&l);
}

/* Where the settings say how long a matchingId must be; what is made here is long enough. */
static void short_matching_ids_are_refused(void)
{
    static const struct {
        const char *name, *matching_id, *wants;
    } tokens[] = {
        { "one short of it", "ABCDEF-0123456789AB", "8.2.6/2.1" },
        { "as long as it must be", "ABCDEF-0123456789ABC", "" },
        { "none", "", "" },
    };
    for (size_t i = 0; i < COUNT(tokens); i++) {
        struct lab l;
        struct env env;
        struct es2p_order q = { ME };
        struct es2p_answer a;
        struct es_status status = { 0 };
        lab_open(&l);
        l.matching_id_min = 20;
        lab_restart(&l, LAB_SMDP);
        lab_import(&l);
        const struct es_peer peer = peer_as(&l, &env, l.eso, "eso");
        CHECK(es2p_download_order(&peer, &q, &a, &status) == ERR_OK && !es_refused(&status));
        snprintf(q.matching_id, sizeof q.matching_id, "%s", tokens[i].matching_id);
        CHECK_ROW(tokens[i].name, es2p_confirm_order(&peer, &q, &a, &status) == ERR_OK);
        CHECK_ROW(tokens[i].name, has_refusal(tokens[i].name, &status, tokens[i].wants));
        lab_close(&l);
    }
}

/* --- administration ---------------------------------------------------------------------------- */

#define GOOD(iccid)                                                                                          \
    "{\"iccid\":\"" iccid "\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\"}"

static const struct {
    const char *name, *body;
    int status;
} imports[] = {
    { "one profile", "{\"profiles\":[" GOOD("89000123456789012341") "]}", 200 },
    { "none", "{\"profiles\":[]}", 200 },
    { "no list", "{\"profiles\":7}", 400 },
    { "nothing", "{}", 400 },
    { "no JSON", "profiles", 400 },
    { "an ICCID with letters", "{\"profiles\":[" GOOD("8900012345678901234X") "]}", 400 },
    { "an ICCID of 17 digits", "{\"profiles\":[" GOOD("89000123456789012") "]}", 400 },
    { "an ICCID of 21 digits", "{\"profiles\":[" GOOD("890001234567890123411") "]}", 400 },
    { "a second of the same ICCID",
      "{\"profiles\":[" GOOD("89000123456789012341") "," GOOD("89000123456789012341") "]}", 409 },
    { "a good one and a bad one", "{\"profiles\":[" GOOD("89000123456789012341") "," GOOD("1") "]}", 400 },
    { "no keys", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\"}]}", 400 },
    { "a short key",
      "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"00\",\"opc\":"
      "\"" LAB_OPC "\"}]}",
      400 },
    { "an IMSI with letters",
      "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"26202765432109X\",\"k\":\"" LAB_K
      "\",\"opc\":\"" LAB_OPC "\"}]}",
      400 },
    { "an IMSI of 16 digits",
      "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"2620276543210981\",\"k\":\"" LAB_K
      "\",\"opc\":\"" LAB_OPC "\"}]}",
      400 },
    { "a matchingId with small letters",
      "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"matchingId\":\"x\","
      "\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\"}]}",
      400 },
    { "an mccMnc that is none",
      "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"mccMnc\":\"26\","
      "\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\"}]}",
      400 },
    { "notifications that are no list",
      "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"notifications\":1,"
      "\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\"}]}",
      400 },
    { "a notification of an event that is none",
      "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"notifications\":"
      "[{\"event\":\"lose\",\"address\":\"smdp.example.com\"}],\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC
      "\"}]}",
      400 },
    { "both OP and OPc", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"op\":\"" LAB_OPC "\"}]}", 400 },
    { "an OP that is too short", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"op\":\"00\"}]}", 400 },
    { "a PIN of three digits", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"pin1\":\"123\"}]}", 400 },
    { "a PIN of nine digits", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"pin1\":\"123456789\"}]}", 400 },
    { "a PIN with letters", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"pin2\":\"12a4\"}]}", 400 },
    { "a PIN that is a number", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"pin1\":1234}]}", 400 },
    { "a PUK of seven digits", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"puk1\":\"1234567\"}]}", 400 },
    { "a profile class that is none", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"profileClass\":\"secret\"}]}", 400 },
    { "a profile class that is a number", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"profileClass\":1}]}", 400 },
    { "policy rules that are no list", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"mccMnc\":\"26202\",\"profilePolicyRules\":\"ppr1\"}]}", 400 },
    { "a policy rule that is none", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"mccMnc\":\"26202\",\"profilePolicyRules\":[\"ppr1\",\"ppr3\"]}]}", 400 },
    { "a policy rule of nobody", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"profilePolicyRules\":[\"ppr1\"]}]}", 400 },
    { "a policy rule of a test profile", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"mccMnc\":\"26202\",\"profileClass\":\"test\",\"profilePolicyRules\":[\"ppr1\"]}]}", 400 },
    { "a group of nobody", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"gid1\":\"01\"}]}", 400 },
    { "an empty group", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"mccMnc\":\"26202\",\"gid1\":\"\"}]}", 400 },
    { "a group of nine octets", "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\",\"mccMnc\":\"26202\",\"gid2\":\"010203040506070809\"}]}", 400 },
    { "a TUAK key where the algorithm is a word that is none",
      "{\"profiles\":[{\"iccid\":\"89000123456789012341\",\"imsi\":\"262027654321098\",\"algorithm\":"
      "\"comp128\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\"}]}",
      400 },
};

static void imports_are_judged(void)
{
    for (size_t i = 0; i < COUNT(imports); i++) {
        struct lab l;
        lab_open(&l);
        int status = lab_call(&l, l.admin, "POST", LAB_SMDP_URL "/v1/profiles", imports[i].body, NULL);
        CHECK_ROW(imports[i].name, status == imports[i].status);
        if (status != imports[i].status)
            printf("\n    row \"%s\": status %d", imports[i].name, status);
        bool there = lab_profile_state(&l, LAB_LEAD_ICCID)[0] != 0;
        CHECK_ROW(imports[i].name, there == (i == 0)); /* all or nothing */
        lab_close(&l);
    }
}

static void import_needs_an_administrator(void)
{
    struct lab l;
    lab_open(&l);
    CHECK(lab_call(&l, l.eso, "POST", LAB_SMDP_URL "/v1/profiles", imports[0].body, NULL) == 403);
    CHECK(lab_call(&l, l.stranger, "POST", LAB_SMDP_URL "/v1/profiles", imports[0].body, NULL) == 403);
    CHECK(lab_call(&l, l.anyone, "POST", LAB_SMDP_URL "/v1/profiles", imports[0].body, NULL) == 403);
    CHECK(lab_call(&l, l.stranger, "GET", LAB_SMDP_URL "/v1/profiles", "", NULL) == 403);
    CHECK(lab_call(&l, l.anyone, "GET", LAB_SMDP_URL "/v1/profiles/" LAB_PARTNER_ICCID, "", NULL) == 403);
    CHECK(lab_call(&l, l.admin, "GET", LAB_SMDP_URL "/v1/profiles/" LAB_PARTNER_ICCID, "", NULL) == 404);
    lab_close(&l);
}

static void keys_are_nowhere_in_clear(void)
{
    struct lab l;
    struct buf k = hex(LAB_K), opc = hex(LAB_OPC);
    lab_open(&l);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "4711-0815");
    CHECK(lab_file_holds(&l, LAB_SMDP, span_str(LAB_PARTNER_ICCID))); /* the search does find things */
    CHECK(!lab_file_holds(&l, LAB_SMDP, buf_span(&k)));
    CHECK(!lab_file_holds(&l, LAB_SMDP, buf_span(&opc)));
    CHECK(!lab_file_holds(&l, LAB_SMDP, span_str("4711-0815")));
    CHECK(!lab_said(&l, LAB_K) && !lab_said(&l, LAB_OPC) && !lab_said(&l, "4711-0815"));
    CHECK(!lab_said(&l, "TOKEN-1"));
    lab_close(&l);
    buf_release(&k);
    buf_release(&opc);
}

static void interface_is_described(void)
{
    struct lab l;
    lab_open(&l);
    check_openapi("sim/smdp/openapi.yaml", l.part[LAB_SMDP].actor->ops);
    lab_close(&l);
}

const struct test order_tests[] = {
    { "orders live as SGP.22 3.1.1 says, and every refusal changes nothing", orders },
    { "orders killed at any write and tried again", orders_killed },
    { "only the operator itself orders its profiles", callers },
    { "a matchingId is made once when none is given", matching_id_is_made },
    { "a matchingId that can be guessed is refused, where the settings say so", short_matching_ids_are_refused },
    { "what is imported is judged, all or nothing", imports_are_judged },
    { "administration needs an administrator", import_needs_an_administrator },
    { "keys and codes are nowhere in clear", keys_are_nowhere_in_clear },
    { "openapi.yaml and the routes agree", interface_is_described },
};
const size_t order_tests_count = COUNT(order_tests);
