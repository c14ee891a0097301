/* Stock that leaves and comes in with its keys sealed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smdp_tests.h"

#define EXPORT LAB_SMDP_URL "/v1/stock/export"
#define IMPORT LAB_SMDP_URL "/v1/stock/import"

static const struct smdp_transport_key keys[] = {
    { "hss", { .at = { 0x11, 0x22, 0x33 }, .len = 32 } },
    { "partner", { .at = { 0x44, 0x55, 0x66 }, .len = 32 } },
};
/* The same name, another key. */
static const struct smdp_transport_key other_keys[] = { { "hss", { .at = { 0x77 }, .len = 32 } } };

static void open_with(struct lab *l, const struct smdp_transport_key *transport_keys, size_t count)
{
    lab_open(l);
    l->transport_keys = transport_keys;
    l->transport_key_count = count;
    lab_restart(l, LAB_SMDP);
}

/* Five generated ones, and one that says all that a profile can. */
static void stock(struct lab *l)
{
    CHECK(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/stock",
                   "{\"operator\":\"eso\",\"profileType\":\"iot\",\"count\":5,\"checkDigit\":false,\"mccMnc\":\"26242\","
                   "\"generateCodes\":true,\"firstIccid\":\"8949000000000000100\",\"firstImsi\":\"262420000000100\"}",
                   NULL) == 200);
    CHECK(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/profiles",
                   "{\"profiles\":[{\"iccid\":\"" LAB_PARTNER_ICCID "\",\"imsi\":\"" LAB_PARTNER_IMSI "\",\"k\":\"" LAB_K LAB_K
                   "\",\"opc\":\"" LAB_OPC LAB_OPC "\",\"algorithm\":\"tuak\",\"operator\":\"eso\",\"serviceProviderName\":"
                   "\"P\\u00e4rtner\",\"profileName\":\"all\",\"mccMnc\":\"26202\",\"gid1\":\"0A\",\"gid2\":\"0B0C\","
                   "\"profilePolicyRules\":[\"ppr2\",\"ppr1\"],\"ecallIndication\":true,\"fallbackAllowed\":true,\"pin1\":"
                   "\"2468\",\"adm1\":\"13572468\",\"notifications\":[{\"event\":\"enable\",\"address\":\"smdp.example.com\"}]}]}",
                   NULL) == 200);
}

static json_t *export(struct lab *l, const char *wish)
{
    json_t *answer = NULL;
    CHECK(lab_call(l, l->admin, "POST", EXPORT, wish, &answer) == 200);
    return answer;
}

static int import(struct lab *l, const json_t *parcel)
{
    char *text = json_dumps(parcel, JSON_COMPACT);
    int status = lab_call(l, l->admin, "POST", IMPORT, text, NULL);
    free(text);
    return status;
}

static int64_t profiles(struct lab *l)
{
    int64_t n = -1;
    CHECK(db_get_int(l->part[LAB_SMDP].env.db, "SELECT COUNT(*) FROM profile", NULL, 0, &n) == ERR_OK);
    return n;
}

/* What the receiver of an export does: K and OPc in hex, of the profile at this place. */
static void open_keys(struct lab *l, const json_t *parcel, size_t place, char k[65], char opc[65])
{
    json_t *profile = json_deep_copy(json_array_get(json_object_get(parcel, "profiles"), place));
    struct buf sealed = { .max = 512 }, plain = { .max = 512 }, purpose = { .max = 4096 };
    REQUIRE(json_base64(profile, "keys", &sealed) == ERR_OK);
    json_object_del(profile, "keys");
    char *clear = json_dumps(profile, JSON_COMPACT | JSON_SORT_KEYS);
    REQUIRE(buf_printf(&purpose, "sgp32lab-stock-1\n%s\n%zu/%zu\n%s", json_str(parcel, "id"), place,
                       json_array_size(json_object_get(parcel, "profiles")), clear) == ERR_OK);
    REQUIRE(aes256_gcm_open(l->crypto, secret_span(&keys[0].key), span_sub(buf_span(&sealed), 0, 12), buf_span(&purpose),
                            span_sub(buf_span(&sealed), 12, sealed.len), &plain) == ERR_OK);
    for (size_t i = 0; i < plain.at[1]; i++)
        snprintf(k + 2 * i, 3, "%02x", plain.at[3 + i]);
    for (size_t i = 0; i < plain.at[2]; i++)
        snprintf(opc + 2 * i, 3, "%02x", plain.at[3u + plain.at[1] + i]);
    free(clear);
    json_decref(profile);
    buf_release(&sealed);
    buf_release(&plain);
    buf_release(&purpose);
}

/* One SM-DP+ makes the keys, a network reads them from the export, another SM-DP+ puts them onto a card: they agree. */
static void a_round_trip_ends_on_a_card(void)
{
    struct lab from, to;
    struct lab_download d;
    char k[65] = "", opc[65] = "";
    open_with(&from, keys, COUNT(keys));
    open_with(&to, keys, COUNT(keys));
    stock(&from);
    json_t *parcel = export(&from, "{\"key\":\"hss\"}");
    CHECK(json_array_size(json_object_get(parcel, "profiles")) == 6);
    open_keys(&from, parcel, 4, k, opc);
    char *text = json_dumps(parcel, 0);
    CHECK(!strcasestr(text, k) && !strcasestr(text, opc) && !strcasestr(text, LAB_K) && !strstr(text, "13572468"));
    CHECK(!lab_said(&from, k) && !lab_said(&from, opc));
    free(text);
    CHECK(import(&to, parcel) == 200 && profiles(&to) == 6);
    lab_release(&to, "8949000000000000103", LAB_EID, "TOKEN-1", "");
    lab_download_begin(&to, &to.card, &d);
    CHECK(lab_fetch(&d)[0] == 0 && lab_load(&d) == 0);
    lab_download_end(&d);
    CHECK(authenticates(&to, "8949000000000000103", k, opc));
    json_decref(parcel);
    lab_close(&from);
    lab_close(&to);
}

/* What was imported exports as it did before, but for id and keys, which are sealed anew. */
static void nothing_is_lost_on_the_way(void)
{
    struct lab from, to;
    open_with(&from, keys, COUNT(keys));
    open_with(&to, keys, COUNT(keys));
    stock(&from);
    json_t *first = export(&from, "{\"key\":\"hss\"}"), *profile;
    CHECK(import(&to, first) == 200);
    json_t *second = export(&to, "{\"key\":\"partner\"}");
    for (size_t i = 0; i < 6; i++) {
        json_t *a = json_array_get(json_object_get(first, "profiles"), i);
        profile = json_array_get(json_object_get(second, "profiles"), i);
        CHECK(strcmp(json_str(a, "keys"), json_str(profile, "keys")) != 0);
        json_object_del(a, "keys");
        json_object_del(profile, "keys");
        CHECK(json_equal(a, profile));
    }
    CHECK(strcmp(json_str(first, "id"), json_str(second, "id")) != 0);
    json_decref(first);
    json_decref(second);
    lab_close(&from);
    lab_close(&to);
}

/* Changes a parcel; the row says what. */
enum change {
    CUT_LIST, CUT_LIST_AND_COUNT, REORDERED, KEYS_SWAPPED, TWICE_THE_SAME, OTHER_KEY_NAME, UNKNOWN_KEY_NAME, OTHER_ICCID,
    OTHER_IMSI, OTHER_OPERATOR, MORE_MEMBERS, FLIPPED, CUT_KEYS, NO_KEYS, EMPTY_KEYS, KEYS_NO_TEXT, OTHER_ID, NO_ID,
    OTHER_FORMAT, NO_COUNT, NO_PROFILES, A_NUMBER
};

static void alter(json_t *parcel, enum change change)
{
    json_t *list = json_object_get(parcel, "profiles"), *first = json_array_get(list, 0), *second = json_array_get(list, 1);
    char text[600];
    snprintf(text, sizeof text, "%s", json_str(first, "keys"));
    switch (change) {
    case CUT_LIST_AND_COUNT:
        json_object_set_new(parcel, "count", json_integer(5));
        json_array_remove(list, 5);
        break;
    case CUT_LIST:
        json_array_remove(list, 5);
        break;
    case REORDERED:
        json_incref(first);
        json_array_remove(list, 0);
        json_array_insert_new(list, 1, first);
        break;
    case KEYS_SWAPPED:
        json_object_set(first, "keys", json_object_get(second, "keys"));
        json_object_set_new(second, "keys", json_string(text));
        break;
    case TWICE_THE_SAME:
        json_array_set(list, 1, first);
        break;
    case OTHER_KEY_NAME:
        json_object_set_new(parcel, "key", json_string("partner"));
        break;
    case UNKNOWN_KEY_NAME:
        json_object_set_new(parcel, "key", json_string("nobody"));
        break;
    case OTHER_ICCID:
        json_object_set_new(first, "iccid", json_string("8949000000000000999"));
        break;
    case OTHER_IMSI:
        json_object_set_new(first, "imsi", json_string("262420000000999"));
        break;
    case OTHER_OPERATOR:
        json_object_set_new(first, "operator", json_string("admin"));
        break;
    case MORE_MEMBERS:
        json_object_set_new(first, "profileType", json_string("iot"));
        break;
    case FLIPPED:
        text[40] = text[40] == 'A' ? 'B' : 'A';
        json_object_set_new(first, "keys", json_string(text));
        break;
    case CUT_KEYS:
        text[strlen(text) - 4] = 0;
        json_object_set_new(first, "keys", json_string(text));
        break;
    case NO_KEYS:
        json_object_del(first, "keys");
        break;
    case EMPTY_KEYS:
        json_object_set_new(first, "keys", json_string(""));
        break;
    case KEYS_NO_TEXT:
        json_object_set_new(first, "keys", json_integer(7));
        break;
    case OTHER_ID:
        json_object_set_new(parcel, "id", json_string("00000000000000000000000000000000"));
        break;
    case NO_ID:
        json_object_del(parcel, "id");
        break;
    case OTHER_FORMAT:
        json_object_set_new(parcel, "format", json_string("sgp32lab-stock-2"));
        break;
    case NO_COUNT:
        json_object_del(parcel, "count");
        break;
    case NO_PROFILES:
        json_object_del(parcel, "profiles");
        break;
    case A_NUMBER:
        json_array_set_new(list, 0, json_integer(7));
        break;
    }
}

static void what_was_changed_is_refused(void)
{
    static const struct {
        const char *name;
        enum change change;
    } rows[] = {
        { "the last one is cut off", CUT_LIST },
        { "the last one is cut off, and the count says so", CUT_LIST_AND_COUNT },
        { "two profiles changed places", REORDERED },
        { "two profiles changed keys", KEYS_SWAPPED },
        { "one profile comes twice", TWICE_THE_SAME },
        { "another transport key is named", OTHER_KEY_NAME },
        { "a transport key that nobody has is named", UNKNOWN_KEY_NAME },
        { "an ICCID was changed", OTHER_ICCID },
        { "an IMSI was changed", OTHER_IMSI },
        { "the owner was changed", OTHER_OPERATOR },
        { "an attribute was added", MORE_MEMBERS },
        { "a bit of the keys was changed", FLIPPED },
        { "the keys are cut", CUT_KEYS },
        { "the keys are missing", NO_KEYS },
        { "the keys are empty", EMPTY_KEYS },
        { "the keys are a number", KEYS_NO_TEXT },
        { "it has another id", OTHER_ID },
        { "it has no id", NO_ID },
        { "it is of another format", OTHER_FORMAT },
        { "it has no count", NO_COUNT },
        { "it has no profiles", NO_PROFILES },
        { "a profile is a number", A_NUMBER },
    };
    struct lab from, to;
    open_with(&from, keys, COUNT(keys));
    open_with(&to, keys, COUNT(keys));
    stock(&from);
    json_t *whole = export(&from, "{\"key\":\"hss\"}");
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *parcel = json_deep_copy(whole);
        alter(parcel, rows[i].change);
        CHECK_ROW(rows[i].name, import(&to, parcel) == 400);
        CHECK_ROW(rows[i].name, profiles(&to) == 0);
        json_decref(parcel);
    }
    CHECK(import(&to, whole) == 200 && import(&to, whole) == 409 && profiles(&to) == 6);
    CHECK(import(&from, whole) == 409 && profiles(&from) == 6);
    json_decref(whole);
    lab_close(&from);
    lab_close(&to);
}

static void another_key_of_the_same_name_is_refused(void)
{
    struct lab from, to;
    open_with(&from, keys, COUNT(keys));
    open_with(&to, other_keys, COUNT(other_keys));
    stock(&from);
    json_t *parcel = export(&from, "{\"key\":\"hss\"}");
    CHECK(import(&to, parcel) == 400 && profiles(&to) == 0);
    json_decref(parcel);
    lab_close(&from);
    lab_close(&to);
}

static void wishes_are_judged(void)
{
    static const struct {
        const char *name, *wish;
        int status;
        size_t count;
    } rows[] = {
        { "all that is there", "{\"key\":\"hss\"}", 200, 6 },
        { "of an operator", "{\"key\":\"hss\",\"operator\":\"eso\"}", 200, 6 },
        { "of a type", "{\"key\":\"hss\",\"operator\":\"eso\",\"profileType\":\"iot\"}", 200, 5 },
        { "in a state", "{\"key\":\"hss\",\"state\":\"released\"}", 200, 0 },
        { "a page", "{\"key\":\"hss\",\"limit\":2,\"after\":\"8949000000000000101\"}", 200, 2 },
        { "of an operator that has nothing", "{\"key\":\"hss\",\"operator\":\"admin\"}", 200, 0 },
        { "under no key", "{}", 400, 0 },
        { "under a key that is none", "{\"key\":\"\"}", 400, 0 },
        { "under a key of no text", "{\"key\":7}", 400, 0 },
        { "in a state that is none", "{\"key\":\"hss\",\"state\":\"sold\"}", 400, 0 },
        { "a type of nobody", "{\"key\":\"hss\",\"profileType\":\"iot\"}", 400, 0 },
        { "too many at once", "{\"key\":\"hss\",\"limit\":1001}", 400, 0 },
        { "none at once", "{\"key\":\"hss\",\"limit\":0}", 400, 0 },
        { "a limit of no number", "{\"key\":\"hss\",\"limit\":\"2\"}", 400, 0 },
        { "no JSON", "key", 400, 0 },
    };
    struct lab l;
    open_with(&l, keys, COUNT(keys));
    stock(&l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *answer = NULL;
        CHECK_ROW(rows[i].name, lab_call(&l, l.admin, "POST", EXPORT, rows[i].wish, &answer) == rows[i].status);
        CHECK_ROW(rows[i].name, json_array_size(json_object_get(answer, "profiles")) == rows[i].count);
        json_decref(answer);
    }
    CHECK(lab_call(&l, l.eso, "POST", EXPORT, rows[0].wish, NULL) == 403);
    CHECK(lab_call(&l, l.stranger, "POST", EXPORT, rows[0].wish, NULL) == 403);
    CHECK(lab_call(&l, l.anyone, "POST", EXPORT, rows[0].wish, NULL) == 403);
    lab_close(&l);
}

static void an_export_is_in_the_history(void)
{
    struct lab l;
    json_t *answer = NULL;
    open_with(&l, keys, COUNT(keys));
    stock(&l);
    json_decref(export(&l, "{\"key\":\"hss\",\"limit\":1}"));
    CHECK(lab_call(&l, l.admin, "GET", LAB_SMDP_URL "/v1/profiles/" LAB_PARTNER_ICCID, "", &answer) == 200);
    const json_t *event = json_array_get(json_object_get(answer, "history"), 0);
    CHECK(strcmp(json_str(event, "event"), "exported under the transport key hss") == 0);
    json_decref(answer);
    CHECK(lab_call(&l, l.admin, "GET", LAB_SMDP_URL "/v1/profiles/8949000000000000101", "", &answer) == 200);
    CHECK(json_array_size(json_object_get(answer, "history")) == 0);
    json_decref(answer);
    lab_close(&l);
}

const struct test transport_tests[] = {
    { "generated keys go from SM-DP+ to SM-DP+, and card and network agree", a_round_trip_ends_on_a_card },
    { "an import exports what was exported", nothing_is_lost_on_the_way },
    { "what was cut, reordered or changed is refused as a whole", what_was_changed_is_refused },
    { "another key of the same name opens nothing", another_key_of_the_same_name_is_refused },
    { "exports are judged, and an administrator's", wishes_are_judged },
    { "a profile's history tells of its export", an_export_is_in_the_history },
};
const size_t transport_tests_count = COUNT(transport_tests);
