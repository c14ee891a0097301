/* Profile types from a package file: what comes out of them on a card, and what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "saip.h"
#include "smdp_tests.h"

#define TYPES LAB_SMDP_URL "/v1/profile-types"
#define OWN_K "000102030405060708090a0b0c0d0eff"
#define OWN_OPC "a0a1a2a3a4a5a6a7a8a9aaabacadaeff"

/* Somebody else's package, without the elements that have this tag (0: whole). */
static void a_package(struct buf *out, uint32_t without)
{
    static const struct aka_params aka = { .algorithm = AKA_MILENAGE, .k = { 1 }, .k_len = 16, .opc = { 2 } };
    struct saip_subscription s = { .imsi = "001010000000000", .spn = "Template", .aka = &aka };
    struct buf whole = { .max = 4096 };
    struct saip_package *p = NULL;
    REQUIRE(saip_iccid_parse("89000000000000000000", s.iccid) == ERR_OK);
    REQUIRE(saip_minimal_usim(&s, &whole) == ERR_OK && saip_read(buf_span(&whole), &p, NULL) == ERR_OK);
    for (size_t i = 0; i < p->element_count; i++)
        if (p->elements[i].tag != without)
            REQUIRE(buf_put(out, p->elements[i].whole) == ERR_OK);
    saip_free(p);
    buf_release(&whole);
}

/* {"name", "operator", "package"} as the caller wants them; NULL leaves a member out. */
static int add_type(struct lab *l, const char *name, const char *owner, struct span package)
{
    struct buf base64 = { .max = 1 << 20 };
    REQUIRE(base64_put(&base64, package) == ERR_OK);
    json_t *body = json_pack("{s:s*, s:s*, s:s}", "name", name, "operator", owner, "package", buf_cstr(&base64));
    char *text = json_dumps(body, JSON_COMPACT);
    int status = lab_call(l, l->admin, "POST", TYPES, text, NULL);
    free(text);
    json_decref(body);
    buf_release(&base64);
    return status;
}

#define MEMBERS                                                                                                    \
    "\"operator\":\"eso\",\"profileType\":\"iot\",\"k\":\"" OWN_K "\",\"opc\":\"" OWN_OPC "\",\"mccMnc\":\"26202\","    \
    "\"serviceProviderName\":\"Partner\",\"pin1\":\"2468\",\"puk1\":\"13572468\",\"pin2\":\"87654321\",\"adm1\":"        \
    "\"24681357\""

static int import(struct lab *l, const char *more, char detail[200])
{
    char body[1024];
    json_t *answer = NULL;
    snprintf(body, sizeof body, "{\"profiles\":[{\"iccid\":\"" LAB_PARTNER_ICCID "\",\"imsi\":\"" LAB_PARTNER_IMSI "\",%s}]}",
             more);
    int status = lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/profiles", body, &answer);
    const char *text = answer ? json_str(answer, "detail") : NULL;
    snprintf(detail, 200, "%s", text ? text : "");
    json_decref(answer);
    return status;
}

static bool file_is(struct lab *l, uint8_t high, uint8_t low, uint8_t length, struct span wanted)
{
    struct buf answer = { .max = 300 };
    unsigned sw = command(l, SPAN(0x00, 0xa4, 0x00, 0x04, 0x02, high, low), &answer);
    if (sw == 0x9000)
        sw = command(l, SPAN(0x00, 0xb0, 0x00, 0x00, length), &answer);
    bool same = sw == 0x9000 && span_equal(span_sub(buf_span(&answer), 0, wanted.len), wanted);
    buf_release(&answer);
    return same;
}

/* SGP.22 2.5.3: no segment has more than 1007 octets of plain text: 1008 with the padding, and the MAC of 8; where the settings
 * say 1008, 1024 with the padding (interpretation D-8). Each but the last is as full as it may be. */
static void segments_are_full(const char *row, struct span bound, bool wide)
{
    const size_t wanted = (wide ? 1024 : 1008) + 8;
    struct rsp_bound_profile_package p;
    struct span whole;
    size_t longest = 0, count = 0, full = 0;
    REQUIRE(rsp_bound_profile_package_read(bound, &p) == ERR_OK);
    for (struct der list = der_open(p.list_86); !der_at_end(&list); count++) {
        struct der_tlv one;
        REQUIRE(rsp_whole_next(&list, &whole) == ERR_OK && der_only(whole, 0x86, &one) == ERR_OK);
        longest = one.value.len > longest ? one.value.len : longest;
        full += one.value.len == wanted;
    }
    CHECK_ROW(row, count > 0 && longest <= wanted && full + 1 >= count);
}

/* Registered, imported, ordered, downloaded, installed, enabled: the card is the subscriber's, and proves to have its keys. */
static void onto_the_card(const char *row, struct span package, bool wide)
{
    struct lab l;
    struct lab_download d;
    char detail[200];
    struct buf answer = { .max = 300 };
    lab_open(&l);
    l.wire.segment_1008 = wide;
    lab_restart(&l, LAB_SMDP);
    CHECK_ROW(row, add_type(&l, "iot", "eso", package) == 200);
    CHECK_ROW(row, import(&l, MEMBERS, detail) == 200);
    lab_release(&l, LAB_PARTNER_ICCID, "", "TOKEN-1", "");
    lab_download_begin(&l, &l.card, &d);
    const char *refusal = lab_fetch(&d);
    CHECK_ROW(row, refusal[0] == 0);
    if (refusal[0])
        printf("\n    row \"%s\": %s", row, refusal);
    else
        segments_are_full(row, d.package.bound_profile_package, wide);
    int64_t reason = refusal[0] ? -1 : lab_load(&d);
    CHECK_ROW(row, reason == 0);
    if (reason > 0)
        printf("\n    row \"%s\": errorReason %d", row, (int)reason);
    lab_download_end(&d);
    if (reason == 0) {
        CHECK_ROW(row, authenticates(&l, LAB_PARTNER_ICCID, OWN_K, OWN_OPC));
        CHECK_ROW(row, file_is(&l, 0x6f, 0x07, 9, SPAN(0x08, 0x29, 0x26, 0x20, 0x67, 0x45, 0x23, 0x01, 0x89)));
        CHECK_ROW(row, file_is(&l, 0x6f, 0x46, 17, SPAN(0x01, 'P', 'a', 'r', 't', 'n', 'e', 'r', 0xff)));
        uint8_t adm[13] = { 0x00, 0x20, 0x00, 0x0a, 0x08, '2', '4', '6', '8', '1', '3', '5', '7' };
        CHECK_ROW(row, command(&l, SPAN_ARRAY(adm), &answer) == 0x9000);
    }
    buf_release(&answer);
    lab_close(&l);
}

static void a_package_file_is_downloaded(void)
{
    struct buf package = { .max = 4096 };
    a_package(&package, 0);
    onto_the_card("a minimal package", buf_span(&package), false);
    onto_the_card("a minimal package", buf_span(&package), true);
    buf_release(&package);
}

static void ts48_packages_are_downloaded(void)
{
    static const char *const names[] = { "TS48v1_A", "TS48v2_SAIP2.3_BERTLV", "TS48v3_SAIP2.1_NoBERTLV",
                                         "TS48v4_SAIP2.3_BERTLV", "TS48v5_SAIP2.3_BERTLV_SUCI",
                                         "TS48v5_SAIP2.3_NoBERTLV", "TS48v7_SAIP2.3_NoBERTLV" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char relative[100];
        struct buf package = { .max = 1 << 17 };
        snprintf(relative, sizeof relative, "data/profiles/%s.der", names[i]);
        const char *path = shared_path(relative);
        if (!path)
            return;
        REQUIRE(read_file(path, &package) == ERR_OK);
        onto_the_card(names[i], buf_span(&package), false);
        onto_the_card(names[i], buf_span(&package), true);
        buf_release(&package);
    }
}

static void types_are_judged(void)
{
    struct lab l;
    struct buf good = { .max = 4096 }, mute = { .max = 4096 }, pinless = { .max = 4096 }, large = { .max = SAIP_UPP_MAX + 16 };
    char long_name[66];
    lab_open(&l);
    a_package(&good, 0);
    a_package(&mute, 0xa4);
    a_package(&pinless, 0xa2);
    memset(long_name, 'x', 65);
    long_name[65] = 0;
    REQUIRE(buf_reserve(&large, SAIP_UPP_MAX + 1) == ERR_OK);
    memset(large.at, 0, SAIP_UPP_MAX + 1);
    large.len = SAIP_UPP_MAX + 1;
    const struct {
        const char *name, *type, *owner;
        struct span package;
        int status;
    } rows[] = {
        { "nothing", "iot", "eso", { 0 }, 400 },
        { "no package", "iot", "eso", SPAN(0x30, 0x00), 400 },
        { "half a package", "iot", "eso", span_sub(buf_span(&good), 0, good.len / 2), 400 },
        { "a package without keys", "iot", "eso", buf_span(&mute), 400 },
        { "a package without the PINs that its directories name", "iot", "eso", buf_span(&pinless), 400 },
        { "a package larger than any", "iot", "eso", buf_span(&large), 400 },
        { "no name", NULL, "eso", buf_span(&good), 400 },
        { "an empty name", "", "eso", buf_span(&good), 400 },
        { "a name of 65 characters", long_name, "eso", buf_span(&good), 400 },
        { "no operator", "iot", NULL, buf_span(&good), 400 },
        { "an operator that is nobody", "iot", "nobody", buf_span(&good), 400 },
        { "a good one", "iot", "eso", buf_span(&good), 200 },
        { "a second one of this name", "iot", "eso", buf_span(&good), 409 },
        { "the name at another operator", "iot", "admin", buf_span(&good), 200 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = add_type(&l, rows[i].type, rows[i].owner, rows[i].package);
        CHECK_ROW(rows[i].name, status == rows[i].status);
        if (status != rows[i].status)
            printf("\n    row \"%s\": %d", rows[i].name, status);
    }
    CHECK(lab_call(&l, l.admin, "POST", TYPES, "{\"name\":\"x\",\"operator\":\"eso\",\"package\":\"***\"}", NULL) == 400);
    CHECK(lab_call(&l, l.admin, "POST", TYPES, "{\"name\":\"x\",\"operator\":\"eso\",\"package\":7}", NULL) == 400);
    CHECK(lab_call(&l, l.admin, "POST", TYPES, "{\"name\":\"x\",\"operator\":\"eso\"}", NULL) == 400);
    json_t *answer = NULL;
    CHECK(lab_call(&l, l.eso, "GET", TYPES, "", &answer) == 200);
    CHECK(json_array_size(json_object_get(answer, "profileTypes")) == 1); /* its own */
    json_decref(answer);
    CHECK(lab_call(&l, l.admin, "GET", TYPES, "", &answer) == 200);
    CHECK(json_array_size(json_object_get(answer, "profileTypes")) == 2);
    json_decref(answer);
    buf_release(&good);
    buf_release(&mute);
    buf_release(&pinless);
    buf_release(&large);
    lab_close(&l);
}

#define NUMBERS "\"count\":3,\"firstIccid\":\"8949000000000000000\",\"firstImsi\":\"262420000000000\""

/* What the package of a type has no place for is refused when it comes, not when a card comes. */
static void profiles_must_fit_their_type(void)
{
    static const struct {
        const char *name, *members, *detail;
        uint32_t without;
        int status;
    } rows[] = {
        { "all that has a place", MEMBERS, "", 0, 200 },
        { "a PUK without a place", MEMBERS, "pukCodes: the package has no place for PUK1", 0xa3, 400 },
        { "another operator's type",
          "\"operator\":\"admin\",\"profileType\":\"iot\",\"k\":\"" OWN_K "\",\"opc\":\"" OWN_OPC "\"",
          "no such profile type of this operator", 0, 400 },
        { "a type without a package", "\"operator\":\"admin\",\"profileType\":\"plain\",\"k\":\"" OWN_K "\",\"opc\":\"" OWN_OPC "\"",
          "", 0, 200 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        struct buf package = { .max = 4096 };
        char detail[200];
        lab_open(&l);
        a_package(&package, rows[i].without);
        CHECK_ROW(rows[i].name, add_type(&l, "iot", "eso", buf_span(&package)) == 200);
        int status = import(&l, rows[i].members, detail);
        CHECK_ROW(rows[i].name, status == rows[i].status && strstr(detail, rows[i].detail));
        if (status != rows[i].status || !strstr(detail, rows[i].detail))
            printf("\n    row \"%s\": %d %s", rows[i].name, status, detail);
        CHECK_ROW(rows[i].name, (lab_profile_state(&l, LAB_PARTNER_ICCID)[0] != 0) == (status == 200));
        buf_release(&package);
        lab_close(&l);
    }
}

static void batches_must_fit_their_type(void)
{
    struct lab l;
    struct buf package = { .max = 4096 };
    lab_open(&l);
    a_package(&package, 0xa3);
    CHECK(add_type(&l, "iot", "eso", buf_span(&package)) == 200);
    CHECK(lab_call(&l, l.admin, "POST", LAB_SMDP_URL "/v1/stock",
                   "{\"operator\":\"eso\",\"profileType\":\"iot\",\"generateCodes\":true," NUMBERS "}", NULL) == 400);
    CHECK(lab_call(&l, l.admin, "POST", LAB_SMDP_URL "/v1/stock",
                   "{\"operator\":\"admin\",\"profileType\":\"iot\"," NUMBERS "}", NULL) == 400);
    CHECK(lab_profile_state(&l, "8949000000000000000")[0] == 0);
    CHECK(lab_call(&l, l.admin, "POST", LAB_SMDP_URL "/v1/stock",
                   "{\"operator\":\"eso\",\"profileType\":\"iot\"," NUMBERS "}", NULL) == 200);
    CHECK(strcmp(lab_profile_state(&l, "8949000000000000000"), "available") == 0);
    buf_release(&package);
    lab_close(&l);
}

/* A type that appears later would change what is there. */
static void a_type_with_profiles_gets_no_package(void)
{
    struct lab l;
    struct buf package = { .max = 4096 };
    char detail[200];
    lab_open(&l);
    a_package(&package, 0);
    CHECK(import(&l, MEMBERS, detail) == 200);
    CHECK(add_type(&l, "iot", "eso", buf_span(&package)) == 409);
    CHECK(add_type(&l, "iot", "admin", buf_span(&package)) == 200);
    buf_release(&package);
    lab_close(&l);
}

/* --- of the settings ---------------------------------------------------------------------------------- */

static int64_t size_of_type(struct lab *l)
{
    int64_t size = -1;
    json_t *answer = NULL;
    CHECK(lab_call(l, l->admin, "GET", TYPES, "", &answer) == 200);
    json_t *list = json_object_get(answer, "profileTypes");
    if (json_array_size(list) == 1)
        CHECK(json_int(json_array_get(list, 0), "size", &size) == ERR_OK);
    json_decref(answer);
    return size;
}

static void types_of_the_settings(void)
{
    struct lab l;
    struct buf whole = { .max = 4096 }, other = { .max = 4096 };
    char detail[200];
    lab_open(&l);
    a_package(&whole, 0);
    a_package(&other, 0xa3);
    struct smdp_profile_type type = { "iot", "eso", buf_span(&other) };
    l.profile_types = &type;
    l.profile_type_count = 1;
    lab_restart(&l, LAB_SMDP);
    CHECK(size_of_type(&l) == (int64_t)other.len);
    lab_restart(&l, LAB_SMDP); /* again the same: nothing changes */
    CHECK(size_of_type(&l) == (int64_t)other.len);
    type.package = buf_span(&whole); /* another one, while there are no profiles */
    lab_restart(&l, LAB_SMDP);
    CHECK(size_of_type(&l) == (int64_t)whole.len);
    CHECK(import(&l, MEMBERS, detail) == 200);
    lab_restart(&l, LAB_SMDP);
    CHECK(strcmp(lab_profile_state(&l, LAB_PARTNER_ICCID), "available") == 0);
    l.profile_type_count = 0; /* what the settings no longer name stays: there are profiles of it */
    lab_restart(&l, LAB_SMDP);
    CHECK(size_of_type(&l) == (int64_t)whole.len);
    buf_release(&whole);
    buf_release(&other);
    lab_close(&l);
}

static void what_is_in_a_package_is_nowhere_in_clear(void)
{
    struct lab l;
    struct buf package = { .max = 4096 };
    lab_open(&l);
    a_package(&package, 0);
    CHECK(add_type(&l, "iot", "eso", buf_span(&package)) == 200);
    CHECK(lab_file_holds(&l, LAB_SMDP, span_str("iot")));
    CHECK(!lab_file_holds(&l, LAB_SMDP, span_str("lab minimal USIM")) && !lab_file_holds(&l, LAB_SMDP, span_str("Template")));
    buf_release(&package);
    lab_close(&l);
}

const struct test profile_type_tests[] = {
    { "a package file becomes a profile on the card, with keys of its own", a_package_file_is_downloaded },
    { "so do TS.48's packages", ts48_packages_are_downloaded },
    { "what is no package, or nobody's, is refused", types_are_judged },
    { "a profile must fit its type's package", profiles_must_fit_their_type },
    { "so must a batch", batches_must_fit_their_type },
    { "a type of which there are profiles gets no package", a_type_with_profiles_gets_no_package },
    { "types of the settings are taken at the start", types_of_the_settings },
    { "package files are sealed at rest", what_is_in_a_package_is_nowhere_in_clear },
};
const size_t profile_type_tests_count = COUNT(profile_type_tests);
