/* Stock: batches whose keys are made by the SM-DP+. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "smdp_tests.h"

#define STOCK LAB_SMDP_URL "/v1/stock"
#define FIRST_ICCID "8949000000000010009"
#define FIRST_IMSI "262420000001000"
#define WHO "\"operator\":\"eso\",\"profileType\":\"iot\""
#define NUMBERS "\"firstIccid\":\"" FIRST_ICCID "\",\"firstImsi\":\"" FIRST_IMSI "\""

static int64_t number(struct lab *l, const char *sql)
{
    int64_t n = -1;
    enum err e = db_get_int(l->part[LAB_SMDP].env.db, sql, NULL, 0, &n);
    CHECK(e == ERR_OK || e == ERR_NOT_FOUND);
    return n;
}

static const struct {
    const char *name, *body;
    int status;
    int64_t added;
    const char *last_iccid, *last_imsi;
} batches[] = {
    { "one profile", "{" WHO ",\"count\":1," NUMBERS "}", 200, 1, FIRST_ICCID, FIRST_IMSI },
    { "twelve, each with its check digit", "{" WHO ",\"count\":12," NUMBERS "}", 200, 12, "8949000000000010116",
      "262420000001011" },
    { "twelve of 20 digits without check digits",
      "{" WHO ",\"count\":12,\"checkDigit\":false,\"firstIccid\":\"89490000000000000095\",\"firstImsi\":\"" FIRST_IMSI "\"}",
      200, 12, "89490000000000000106", "262420000001011" },
    { "with all that a profile may have",
      "{" WHO ",\"count\":2,\"algorithm\":\"tuak\",\"generateCodes\":true,\"mccMnc\":\"26242\",\"gid1\":\"01\","
      "\"serviceProviderName\":\"Lab\",\"profileName\":\"iot\",\"fallbackAllowed\":true," NUMBERS "}",
      200, 2, "8949000000000010017", "262420000001001" },
    { "the last IMSI of its network", "{" WHO ",\"count\":1,\"firstIccid\":\"" FIRST_ICCID "\",\"firstImsi\":\"262429999999999\"}",
      200, 1, FIRST_ICCID, "262429999999999" },
    { "none", "{" WHO ",\"count\":0," NUMBERS "}", 400, 0, NULL, NULL },
    { "less than none", "{" WHO ",\"count\":-1," NUMBERS "}", 400, 0, NULL, NULL },
    { "too many", "{" WHO ",\"count\":100001," NUMBERS "}", 400, 0, NULL, NULL },
    { "more than a number holds", "{" WHO ",\"count\":9223372036854775807," NUMBERS "}", 400, 0, NULL, NULL },
    { "a count that is a text", "{" WHO ",\"count\":\"10\"," NUMBERS "}", 400, 0, NULL, NULL },
    { "a count that is a fraction", "{" WHO ",\"count\":1.5," NUMBERS "}", 400, 0, NULL, NULL },
    { "no count", "{" WHO "," NUMBERS "}", 400, 0, NULL, NULL },
    { "no operator", "{\"count\":1," NUMBERS "}", 400, 0, NULL, NULL },
    { "an operator that is nobody", "{\"operator\":\"nobody\",\"count\":1," NUMBERS "}", 400, 0, NULL, NULL },
    { "no ICCID", "{" WHO ",\"count\":1,\"firstImsi\":\"" FIRST_IMSI "\"}", 400, 0, NULL, NULL },
    { "no IMSI", "{" WHO ",\"count\":1,\"firstIccid\":\"" FIRST_ICCID "\"}", 400, 0, NULL, NULL },
    { "a wrong check digit", "{" WHO ",\"count\":1,\"firstIccid\":\"8949000000000010008\",\"firstImsi\":\"" FIRST_IMSI "\"}", 400,
      0, NULL, NULL },
    { "ICCIDs that overflow into the issuer's digits",
      "{" WHO ",\"count\":2,\"firstIccid\":\"8949000999999999991\",\"firstImsi\":\"" FIRST_IMSI "\"}", 400, 0, NULL, NULL },
    { "ICCIDs that overflow altogether",
      "{" WHO ",\"count\":2,\"checkDigit\":false,\"firstIccid\":\"99999999999999999999\",\"firstImsi\":\"" FIRST_IMSI "\"}", 400,
      0, NULL, NULL },
    { "IMSIs that overflow into the next network",
      "{" WHO ",\"count\":2,\"firstIccid\":\"" FIRST_ICCID "\",\"firstImsi\":\"262429999999999\"}", 400, 0, NULL, NULL },
    { "IMSIs that overflow into the next network of three digits",
      "{" WHO ",\"count\":2,\"mccMnc\":\"310410\",\"firstIccid\":\"" FIRST_ICCID "\",\"firstImsi\":\"310410999999999\"}", 400, 0,
      NULL, NULL },
    { "an ICCID with letters", "{" WHO ",\"count\":1,\"firstIccid\":\"894900000000001000X\",\"firstImsi\":\"" FIRST_IMSI "\"}", 400,
      0, NULL, NULL },
    { "an ICCID of 21 digits", "{" WHO ",\"count\":1,\"firstIccid\":\"894900000000001000901\",\"firstImsi\":\"" FIRST_IMSI "\"}",
      400, 0, NULL, NULL },
    { "an IMSI of 16 digits", "{" WHO ",\"count\":1,\"firstIccid\":\"" FIRST_ICCID "\",\"firstImsi\":\"2624200000000001\"}", 400, 0,
      NULL, NULL },
    { "an IMSI with a sign", "{" WHO ",\"count\":1,\"firstIccid\":\"" FIRST_ICCID "\",\"firstImsi\":\"-62420000000000\"}", 400, 0,
      NULL, NULL },
    { "a key of the caller's", "{" WHO ",\"count\":1,\"k\":\"" LAB_K "\"," NUMBERS "}", 400, 0, NULL, NULL },
    { "an OPc of the caller's", "{" WHO ",\"count\":1,\"opc\":\"" LAB_OPC "\"," NUMBERS "}", 400, 0, NULL, NULL },
    { "one matchingId for all", "{" WHO ",\"count\":2,\"matchingId\":\"TOKEN-1\"," NUMBERS "}", 400, 0, NULL, NULL },
    { "one PIN for all", "{" WHO ",\"count\":2,\"pin1\":\"1234\"," NUMBERS "}", 400, 0, NULL, NULL },
    { "an algorithm that is none", "{" WHO ",\"count\":1,\"algorithm\":\"comp128\"," NUMBERS "}", 400, 0, NULL, NULL },
    { "an mccMnc that is none", "{" WHO ",\"count\":1,\"mccMnc\":\"26\"," NUMBERS "}", 400, 0, NULL, NULL },
    { "policy rules of nobody", "{" WHO ",\"count\":1,\"profilePolicyRules\":[\"ppr1\"]," NUMBERS "}", 400, 0, NULL, NULL },
    { "no JSON", "stock", 400, 0, NULL, NULL },
};

static void batches_are_judged(void)
{
    struct lab l;
    lab_open(&l);
    for (size_t i = 0; i < COUNT(batches); i++) {
        json_t *answer = NULL;
        int64_t added = 0;
        int status = lab_call(&l, l.admin, "POST", STOCK, batches[i].body, &answer);
        CHECK_ROW(batches[i].name, status == batches[i].status);
        if (status != batches[i].status)
            printf("\n    row \"%s\": %d", batches[i].name, status);
        if (status == 200) {
            CHECK_ROW(batches[i].name, json_int(answer, "added", &added) == ERR_OK && added == batches[i].added);
            CHECK_ROW(batches[i].name, strcmp(json_str(answer, "lastIccid"), batches[i].last_iccid) == 0);
            CHECK_ROW(batches[i].name, strcmp(json_str(answer, "lastImsi"), batches[i].last_imsi) == 0);
            CHECK_ROW(batches[i].name, strcmp(lab_profile_state(&l, batches[i].last_iccid), "available") == 0);
        }
        CHECK_ROW(batches[i].name, number(&l, "SELECT COUNT(*) FROM profile") == added);
        json_decref(answer);
        CHECK(db_run(l.part[LAB_SMDP].env.db, "DELETE FROM profile", NULL, 0, NULL) == ERR_OK);
        CHECK(db_run(l.part[LAB_SMDP].env.db, "DELETE FROM batch", NULL, 0, NULL) == ERR_OK);
    }
    lab_close(&l);
}

/* A batch of ten is there already; what comes next meets it, or does not. */
static void batches_do_not_overlap(void)
{
    static const struct {
        const char *name, *iccid, *imsi;
        int status;
    } rows[] = {
        { "the next ten", "8949000000000010108", "262420000001010", 200 },
        { "the same again", FIRST_ICCID, FIRST_IMSI, 409 },
        { "ICCIDs that begin before its end", "8949000000000010090", "262420000002000", 409 },
        { "ICCIDs that end behind its beginning", "8949000000000009951", "262420000002000", 409 },
        { "IMSIs that begin before its end", "8949000000000020008", "262420000001009", 409 },
        { "IMSIs that end behind its beginning", "8949000000000020008", "262420000000995", 409 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        char body[400];
        lab_open(&l);
        CHECK(lab_call(&l, l.admin, "POST", STOCK, "{" WHO ",\"count\":10," NUMBERS "}", NULL) == 200);
        snprintf(body, sizeof body, "{" WHO ",\"count\":10,\"firstIccid\":\"%s\",\"firstImsi\":\"%s\"}", rows[i].iccid,
                 rows[i].imsi);
        int status = lab_call(&l, l.admin, "POST", STOCK, body, NULL);
        CHECK_ROW(rows[i].name, status == rows[i].status);
        if (status != rows[i].status)
            printf("\n    row \"%s\": %d", rows[i].name, status);
        CHECK_ROW(rows[i].name, number(&l, "SELECT COUNT(*) FROM profile") == (rows[i].status == 200 ? 20 : 10));
        lab_close(&l);
    }
}

/* Two profiles with one IMSI are one subscriber, whichever way they came. */
static void an_imsi_is_one_profiles(void)
{
#define SINGLE(iccid, imsi) \
    "{\"profiles\":[{\"iccid\":\"" iccid "\",\"imsi\":\"" imsi "\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\"}]}"
    static const struct {
        const char *name, *url, *body;
        int status;
    } rows[] = {
        { "one alone", LAB_SMDP_URL "/v1/profiles", SINGLE("89000123456789012341", "262420000000500"), 200 },
        { "another with its IMSI", LAB_SMDP_URL "/v1/profiles", SINGLE("89000123456789012358", "262420000000500"), 409 },
        { "another with the next", LAB_SMDP_URL "/v1/profiles", SINGLE("89000123456789012358", "262420000000501"), 200 },
        { "a batch around them", STOCK, "{" WHO ",\"count\":10,\"firstIccid\":\"8949000000000020008\",\"firstImsi\":\"262420000000495\"}", 409 },
        { "a batch that ends with one", STOCK, "{" WHO ",\"count\":10,\"firstIccid\":\"8949000000000020008\",\"firstImsi\":\"262420000000491\"}", 409 },
        { "a batch before them", STOCK, "{" WHO ",\"count\":10,\"firstIccid\":\"8949000000000020008\",\"firstImsi\":\"262420000000490\"}", 200 },
        { "one within the batch", LAB_SMDP_URL "/v1/profiles", SINGLE("89000123456789012366", "262420000000499"), 409 },
        { "one before the batch", LAB_SMDP_URL "/v1/profiles", SINGLE("89000123456789012366", "262420000000489"), 200 },
    };
    struct lab l;
    int64_t before = 0;
    lab_open(&l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = lab_call(&l, l.admin, "POST", rows[i].url, rows[i].body, NULL);
        int64_t after = number(&l, "SELECT COUNT(*) FROM profile");
        CHECK_ROW(rows[i].name, status == rows[i].status && (after > before) == (status == 200));
        before = after;
    }
    lab_close(&l);
}

/* In the middle of the ICCIDs somebody else's profile stands. */
static void one_that_is_there_refuses_all(void)
{
    struct lab l;
    json_t *answer = NULL;
    lab_open(&l);
    CHECK(lab_call(&l, l.admin, "POST", LAB_SMDP_URL "/v1/profiles",
                   "{\"profiles\":[{\"iccid\":\"8949000000000010058\",\"imsi\":\"262027654321098\",\"k\":\"" LAB_K
                   "\",\"opc\":\"" LAB_OPC "\"}]}",
                   NULL) == 200);
    CHECK(lab_call(&l, l.admin, "POST", STOCK, "{" WHO ",\"count\":10," NUMBERS "}", &answer) == 409);
    CHECK(strstr(json_str(answer, "detail"), "8949000000000010058") != NULL);
    CHECK(number(&l, "SELECT COUNT(*) FROM profile") == 1 && number(&l, "SELECT COUNT(*) FROM batch") == 0);
    json_decref(answer);
    lab_close(&l);
}

/* Killed at any write: nothing, or all of it. */
static void a_batch_is_one_transaction(void)
{
    for (unsigned n = 1; n <= 14; n++) {
        struct lab l;
        char row[40];
        snprintf(row, sizeof row, "killed at write %u", n);
        lab_open(&l);
        l.part[LAB_SMDP].writes = 0;
        l.part[LAB_SMDP].cut_at = n;
        int status = lab_call(&l, l.admin, "POST", STOCK, "{" WHO ",\"count\":10," NUMBERS "}", NULL);
        bool dead = l.part[LAB_SMDP].dead;
        if (dead)
            lab_restart(&l, LAB_SMDP);
        CHECK_ROW(row, (status == 200) == !dead);
        CHECK_ROW(row, number(&l, "SELECT COUNT(*) FROM profile") == (dead ? 0 : 10));
        lab_close(&l);
    }
}

static void generated_ones_download(void)
{
    struct lab l;
    struct lab_download d;
    lab_open(&l);
    CHECK(lab_call(&l, l.admin, "POST", STOCK,
                   "{" WHO ",\"count\":3,\"generateCodes\":true,\"mccMnc\":\"26242\"," NUMBERS "}", NULL) == 200);
    lab_release(&l, "8949000000000010025", LAB_EID, "TOKEN-1", "");
    lab_download_begin(&l, &l.card, &d);
    CHECK(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0);
    lab_download_end(&d);
    CHECK(lab_card_state(&l.card, "8949000000000010025") == 0);
    lab_close(&l);
}

/* Every sealed row is its own: no two profiles of a batch have the same keys. */
static void a_hundred_thousand_in_one_call(void)
{
    struct lab l;
    struct timespec from, to;
    lab_open(&l);
    timespec_get(&from, TIME_UTC);
    CHECK(lab_call(&l, l.admin, "POST", STOCK, "{" WHO ",\"count\":100000," NUMBERS "}", NULL) == 200);
    timespec_get(&to, TIME_UTC);
    printf(" (%.1f s)", (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    CHECK(number(&l, "SELECT COUNT(*) FROM profile WHERE state = 0") == 100000);
    CHECK(number(&l, "SELECT COUNT(DISTINCT sealed) FROM profile") == 100000);
    CHECK(strcmp(lab_profile_state(&l, "8949000000001009992"), "available") == 0);
    lab_close(&l);
}

const struct test stock_tests[] = {
    { "a batch is judged, and refused as a whole", batches_are_judged },
    { "batches share neither ICCIDs nor IMSIs", batches_do_not_overlap },
    { "an IMSI is one profile's, alone or in a batch", an_imsi_is_one_profiles },
    { "a batch that meets a profile adds nothing", one_that_is_there_refuses_all },
    { "a batch is one transaction, wherever it is killed", a_batch_is_one_transaction },
    { "a generated profile is downloaded", generated_ones_download },
    { "a hundred thousand in one call", a_hundred_thousand_in_one_call },
};
const size_t stock_tests_count = COUNT(stock_tests);
