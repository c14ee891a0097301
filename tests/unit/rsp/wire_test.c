/* What sources disagree about (catalogue section I), written in each form to the byte, and read by the other side. */
#include <stdio.h>
#include <string.h>

#include "program.h"
#include "rsp_es10.h"
#include "rsp_euicc_package.h"
#include "rsp_tests.h"
#include "vectors.h"

static const struct rsp_wire recommended;
static const struct rsp_wire all_others = {
    .refresh_flag_01 = true,
    .rollback_flag_81 = true,
    .package_result_30 = true,
    .eim_list_30 = true,
    .eim_key_30 = true,
};

#define ICCID 0x98, 0x00, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14

static enum err put_refresh_58(const struct rsp_wire *w, struct buf *out)
{
    return rsp_refresh_write(w, 0xBF58, true, out);
}

static enum err put_refresh_5a(const struct rsp_wire *w, struct buf *out)
{
    return rsp_refresh_write(w, 0xBF5A, false, out);
}

static enum err put_enable(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_psmo m = { .which = RSP_PSMO_ENABLE, .iccid = SPAN(ICCID), .rollback = true };
    return rsp_psmo_write_as(w, &m, out);
}

static enum err put_enable_for_good(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_psmo m = { .which = RSP_PSMO_ENABLE, .iccid = SPAN(ICCID) };
    return rsp_psmo_write_as(w, &m, out);
}

static enum err put_immediate(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_psmo m = { .which = RSP_PSMO_CONFIGURE_IMMEDIATE_ENABLE, .immediate = { .flag = true } };
    return rsp_psmo_write_as(w, &m, out);
}

static enum err put_enable_as_received(const struct rsp_wire *w, struct buf *out)
{
    const uint8_t received[] = { 0xA3, 0x0E, 0x5A, 0x0A, ICCID, 0x05, 0x00 };
    struct rsp_psmo m;
    enum err e = rsp_psmo_read(SPAN_ARRAY(received), &m);
    return e ? e : rsp_psmo_write_as(w, &m, out);
}

static const uint8_t result_data[] = { 0x30, 0x0E, 0x80, 0x01, 0x65, 0x81, 0x01, 0x01, 0x83, 0x01,
                                       0x02, 0x30, 0x03, 0x83, 0x01, 0x00 };
static const uint8_t error_data[] = { 0x30, 0x09, 0x80, 0x01, 0x65, 0x81, 0x01, 0x01, 0x02, 0x01, 0x7F };

static enum err put_result(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_euicc_package_result m = { .which = RSP_PACKAGE_RESULT_SIGNED,
                                                .result = { { .signed_bytes = SPAN_ARRAY(result_data) }, SPAN(0xAA) } };
    return rsp_euicc_package_result_write_as(w, &m, out);
}

static enum err put_signed_error(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_euicc_package_result m = { .which = RSP_PACKAGE_ERROR_SIGNED,
                                                .error = { { .signed_bytes = SPAN_ARRAY(error_data) }, SPAN(0xAA) } };
    return rsp_euicc_package_result_write_as(w, &m, out);
}

static enum err put_unsigned_error(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_euicc_package_result m = { .which = RSP_PACKAGE_ERROR_UNSIGNED, .unsigned_error.eim_id = span_str("e") };
    return rsp_euicc_package_result_write_as(w, &m, out);
}

static enum err put_list(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_eim_id_info one = { span_str("e"), { true, RSP_EIM_ID_FQDN } };
    struct buf list = { .max = 32 };
    enum err e = rsp_eim_id_info_write(&one, &list);
    const struct rsp_euicc_result m = { .which = RSP_RESULT_LIST_EIM, .eims = { .which = RSP_OK, .list = buf_span(&list) } };
    if (!e)
        e = rsp_euicc_result_write_as(w, &m, out);
    buf_release(&list);
    return e;
}

static enum err put_empty_list(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_euicc_result m = { .which = RSP_RESULT_LIST_EIM, .eims = { .which = RSP_OK, .list = span_str("") } };
    return rsp_euicc_result_write_as(w, &m, out);
}

static enum err put_list_error(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_euicc_result m = { .which = RSP_RESULT_LIST_EIM, .eims = { .which = RSP_ERROR, .error = 127 } };
    return rsp_euicc_result_write_as(w, &m, out);
}

/* Not keys: what a writer looks at is whether they are one 30. */
static const struct rsp_eim_configuration configuration = {
    .eim_id = { (const uint8_t *)"e", 1 },
    .has_public_key_data = true,
    .public_key_data = { .which = RSP_KEY_DATA_PUBLIC_KEY, .public_key = { (const uint8_t *)"\x30\x00\x03\x01\x00", 5 } },
    .has_trusted_tls = true,
    .trusted_tls = { .which = RSP_KEY_DATA_CERTIFICATE, .certificate = { (const uint8_t *)"\x30\x00\x30\x00", 4 } },
};

static enum err put_configuration(const struct rsp_wire *w, struct buf *out)
{
    return rsp_eim_configuration_write_as(w, &configuration, out);
}

static enum err put_configuration_that_has_its_30(const struct rsp_wire *w, struct buf *out)
{
    struct rsp_eim_configuration m = configuration;
    const uint8_t whole[] = { 0x30, 0x05, 0x30, 0x00, 0x03, 0x01, 0x00 };
    m.public_key_data.public_key = SPAN_ARRAY(whole);
    return rsp_eim_configuration_write_as(w, &m, out);
}

static enum err put_add_eim(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_eco m = { .which = RSP_ECO_ADD_EIM, .eim = configuration };
    return rsp_eco_write_as(w, &m, out);
}

static enum err put_delete_eim(const struct rsp_wire *w, struct buf *out)
{
    const struct rsp_eco m = { .which = RSP_ECO_DELETE_EIM, .eim_id = span_str("e") };
    return rsp_eco_write_as(w, &m, out);
}

static const struct {
    const char *name;
    enum err (*put)(const struct rsp_wire *w, struct buf *out);
    const char *recommended, *other;
} rows[] = {
    { "refreshFlag of ProfileRollback (D-1)", put_refresh_58, "bf58038001ff", "bf58030101ff" },
    { "refreshFlag of ImmediateEnable, not set (D-1)", put_refresh_5a, "bf5a03800100", "bf5a03010100" },
    { "rollbackFlag (D-2)", put_enable, "a30e5a0a980010325476981032140500", "a30e5a0a980010325476981032148100" },
    { "an enable without rollbackFlag", put_enable_for_good, "a30c5a0a98001032547698103214", "a30c5a0a98001032547698103214" },
    { "another NULL of a PSMO", put_immediate, "a7028000", "a7028000" },
    { "a PSMO that was received", put_enable_as_received, "a30e5a0a980010325476981032140500",
      "a30e5a0a980010325476981032140500" },
    { "a signed result (D-3)", put_result, "bf5116a014300e80016581010183010230038301005f3701aa",
      "bf51163014300e80016581010183010230038301005f3701aa" },
    { "a signed error has one form", put_signed_error, "bf5111a10f3009800165810101 02017f5f3701aa",
      "bf5111a10f300980016581010102017f5f3701aa" },
    { "an unsigned error has one form", put_unsigned_error, "bf5105a203800165", "bf5105a203800165" },
    { "the list of eIMs (D-4)", put_list, "ab0aa0083006800165820102", "ab0a30083006800165820102" },
    { "an empty list of eIMs (D-4)", put_empty_list, "ab02a000", "ab023000" },
    { "an error of the list has one form", put_list_error, "ab0381017f", "ab0381017f" },
    { "keys of an eIM (D-5)", put_configuration, "3014800165a507a0053000030100a606a10430003000",
      "3018800165a509a00730053000030100a608a106300430003000" },
    { "keys that came with their 30 (D-5)", put_configuration_that_has_its_30,
      "3014800165a507a0053000030100a606a10430003000", "3018800165a509a00730053000030100a608a106300430003000" },
    { "addEim (D-5)", put_add_eim, "a814800165a507a0053000030100a606a10430003000",
      "a818800165a509a00730053000030100a608a106300430003000" },
    { "an eCO without keys", put_delete_eim, "a903800165", "a903800165" },
};

static void check_form(const char *name, enum err (*put)(const struct rsp_wire *, struct buf *), const struct rsp_wire *w,
                       const char *wanted)
{
    struct buf out = { .max = 256 }, want = hex_with_spaces(wanted);
    CHECK_ROW(name, put(w, &out) == ERR_OK);
    CHECK_ROW(name, span_equal(buf_span(&out), buf_span(&want)));
    buf_release(&out);
    buf_release(&want);
}

void writes_each_form(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_form(rows[i].name, rows[i].put, &recommended, rows[i].recommended);
        check_form(rows[i].name, rows[i].put, &all_others, rows[i].other);
    }
}

/* --- and reads them ---------------------------------------------------------------------------------------------- */

static void reads_refresh(const struct rsp_wire *w)
{
    static const uint32_t tags[] = { 0xBF58, 0xBF5A, 0xBF5B, 0xBF5C, 0xBF5D, 0xBF5E };
    for (size_t i = 0; i < COUNT(tags) * 2; i++) {
        struct buf out = { .max = 32 };
        bool refresh = i % 2, read = !refresh;
        REQUIRE(rsp_refresh_write(w, tags[i / 2], refresh, &out) == ERR_OK);
        CHECK(rsp_refresh_read(tags[i / 2], buf_span(&out), &read) == ERR_OK && read == refresh);
        buf_release(&out);
    }
}

static void reads_result(const struct rsp_wire *w)
{
    struct buf out = { .max = 64 }, again = { .max = 64 };
    struct rsp_euicc_package_result m;
    REQUIRE(put_result(w, &out) == ERR_OK);
    REQUIRE(rsp_euicc_package_result_read(buf_span(&out), &m) == ERR_OK);
    CHECK(m.which == RSP_PACKAGE_RESULT_SIGNED && m.result.data.seq_number == 2 && m.result.signature.len == 1);
    CHECK(span_equal(m.result.data.signed_bytes, SPAN_ARRAY(result_data)));
    /* Handed on as it came, whatever form the next one writes. */
    CHECK(rsp_euicc_package_result_write(&m, &again) == ERR_OK && span_equal(buf_span(&again), buf_span(&out)));
    buf_clear(&again);
    CHECK(rsp_euicc_package_result_write_as(&recommended, &m, &again) == ERR_OK && span_equal(buf_span(&again), buf_span(&out)));
    buf_release(&out);
    buf_release(&again);
}

/* In ProfileRollback, in a list and as an answer to an eIM. */
static void reads_result_inside(const struct rsp_wire *w)
{
    struct buf result = { .max = 64 }, out = { .max = 128 };
    struct rsp_profile_rollback_response r = { .code = 0, .has_result = true }, back;
    REQUIRE(put_result(w, &result) == ERR_OK);
    REQUIRE(rsp_euicc_package_result_read(buf_span(&result), &r.result) == ERR_OK);
    REQUIRE(rsp_profile_rollback_response_write(&r, &out) == ERR_OK);
    REQUIRE(rsp_profile_rollback_response_read(buf_span(&out), &back) == ERR_OK);
    CHECK(back.has_result && span_equal(back.result.whole, buf_span(&result)));
    CHECK(back.result.which == RSP_PACKAGE_RESULT_SIGNED);
    struct der list = der_open(buf_span(&result));
    struct rsp_euicc_package_result item;
    CHECK(rsp_euicc_package_result_next(&list, &item) == ERR_OK && item.which == RSP_PACKAGE_RESULT_SIGNED);
    buf_release(&result);
    buf_release(&out);
}

static void reads_list(const struct rsp_wire *w)
{
    struct buf out = { .max = 64 };
    struct rsp_euicc_result m;
    struct rsp_eim_id_info one;
    REQUIRE(put_list(w, &out) == ERR_OK && rsp_euicc_result_read(buf_span(&out), &m) == ERR_OK);
    CHECK(m.which == RSP_RESULT_LIST_EIM && m.eims.which == RSP_OK && rsp_euicc_result_is_success(&m));
    struct der d = der_open(m.eims.list);
    CHECK(rsp_eim_id_info_next(&d, &one) == ERR_OK && span_equal(one.eim_id, span_str("e")) && der_at_end(&d));
    buf_release(&out);
}

static void reads_keys(const struct rsp_wire *w)
{
    struct buf spki = { .max = 128 }, out = { .max = 256 }, key = { .max = 128 };
    const uint8_t point[65] = { 4 };
    struct rsp_eim_configuration c = { .eim_id = span_str("e"), .has_public_key_data = true,
                                       .public_key_data.which = RSP_KEY_DATA_PUBLIC_KEY }, read;
    struct span curve, found;
    struct der_tlv whole;
    REQUIRE(rsp_put_spki_contents(rsp_oid_p256(), SPAN_ARRAY(point), &spki) == ERR_OK);
    c.public_key_data.public_key = buf_span(&spki);
    REQUIRE(rsp_eim_configuration_write_as(w, &c, &out) == ERR_OK);
    REQUIRE(rsp_eim_configuration_read(buf_span(&out), &read) == ERR_OK);
    CHECK(rsp_key_data_point(&read.public_key_data, &curve, &found) == ERR_OK && span_equal(found, SPAN_ARRAY(point)));
    CHECK(rsp_key_data_put_spki(&read.public_key_data, &key) == ERR_OK);
    CHECK(der_only(buf_span(&key), 0x30, &whole) == ERR_OK && span_equal(whole.value, buf_span(&spki)));
    buf_release(&spki);
    buf_release(&out);
    buf_release(&key);
}

static void reads_certificate(const struct rsp_wire *w)
{
    struct buf out = { .max = 256 }, certificate = { .max = 64 };
    const uint8_t whole[] = { 0x30, 0x04, 0x30, 0x00, 0x30, 0x00 };
    struct rsp_eim_configuration read;
    REQUIRE(put_configuration(w, &out) == ERR_OK);
    struct der d = der_open(buf_span(&out));
    REQUIRE(rsp_eim_configuration_next(&d, &read) == ERR_OK);
    CHECK(rsp_put_certificate(read.trusted_tls.certificate, &certificate) == ERR_OK);
    CHECK(span_equal(buf_span(&certificate), SPAN_ARRAY(whole)));
    buf_release(&out);
    buf_release(&certificate);
}

void reads_each_form(void)
{
    const struct rsp_wire *const both[] = { &recommended, &all_others };
    for (size_t i = 0; i < COUNT(both); i++) {
        struct rsp_psmo m;
        struct buf out = { .max = 64 };
        REQUIRE(put_enable(both[i], &out) == ERR_OK);
        CHECK(rsp_psmo_read(buf_span(&out), &m) == ERR_OK && m.rollback);
        buf_release(&out);
        reads_refresh(both[i]);
        reads_result(both[i]);
        reads_result_inside(both[i]);
        reads_list(both[i]);
        reads_keys(both[i]);
        reads_certificate(both[i]);
    }
}

/* --- settings ---------------------------------------------------------------------------------------------------- */

static enum err read_wire(const char *text, struct rsp_wire *out, struct yaml_error *error)
{
    struct yaml *y = NULL;
    REQUIRE(yaml_read(span_str(text), "wire", &y, error) == ERR_OK);
    enum err e = rsp_wire_of_yaml(y, yaml_root(y), out, error);
    yaml_close(y);
    return e;
}

static const char every_other[] = "refresh-flag: 01\nrollback-flag: 81\npackage-result: 30\neim-list: 30\neim-key: 30\n"
                                  "esipa-protocol: v2.4.0\nes9-protocol: v2.3.0\njson-signature: bare\nsegment: 1008\n"
                                  "confirmation-code: hex\n";

static const struct {
    const char *name;
    enum rsp_wire_writer who;
    const char *lines;
} programs[] = {
    { "a card", RSP_WIRE_CARD, "wire-package-result: \"30\"\nwire-eim-list: \"30\"\nwire-eim-key: \"30\"\n" },
    { "an IPA", RSP_WIRE_IPA, "wire-refresh-flag: \"01\"\nwire-esipa-protocol: \"v2.4.0\"\nwire-es9-protocol: \"v2.3.0\"\n"
                              "wire-confirmation-code: \"hex\"\n" },
    { "an eIM", RSP_WIRE_EIM, "wire-rollback-flag: \"81\"\nwire-eim-key: \"30\"\nwire-esipa-protocol: \"v2.4.0\"\n"
                              "wire-es9-protocol: \"v2.3.0\"\nwire-json-signature: \"bare\"\nwire-confirmation-code: \"hex\"\n" },
    { "an SM-DP+", RSP_WIRE_SMDP, "wire-json-signature: \"bare\"\nwire-segment: \"1008\"\n" },
    { "an SM-DS", RSP_WIRE_SMDS, "wire-json-signature: \"bare\"\n" },
    { "who writes none of it", (enum rsp_wire_writer)0, "" },
};

/* As a scenario's world is told to a program. */
void tells_programs_their_forms(void)
{
    struct rsp_wire w, none = { 0 };
    struct yaml_error error;
    REQUIRE(read_wire(every_other, &w, &error) == ERR_OK);
    for (size_t i = 0; i < COUNT(programs); i++) {
        struct buf lines = { .max = 1024 }, nothing = { .max = 1024 };
        CHECK_ROW(programs[i].name, rsp_wire_put_settings(&w, programs[i].who, &lines) == ERR_OK);
        CHECK_ROW(programs[i].name, span_equal(buf_span(&lines), span_str(programs[i].lines)));
        CHECK_ROW(programs[i].name, rsp_wire_put_settings(&none, programs[i].who, &nothing) == ERR_OK && nothing.len == 0);
        buf_release(&lines);
        buf_release(&nothing);
    }
}

static const struct setting rows_of_settings[] = { RSP_WIRE_REFRESH_FLAG,   RSP_WIRE_ROLLBACK_FLAG,  RSP_WIRE_PACKAGE_RESULT,
                                                   RSP_WIRE_EIM_LIST,       RSP_WIRE_EIM_KEY,        RSP_WIRE_ESIPA_PROTOCOL,
                                                   RSP_WIRE_ES9_PROTOCOL,   RSP_WIRE_JSON_SIGNATURE, RSP_WIRE_SEGMENT,
                                                   RSP_WIRE_CONFIRMATION_CODE };

/* Every word of every setting is read; the first of each is what is recommended. */
void reads_every_word(void)
{
    struct rsp_wire w, none = { 0 };
    struct yaml_error error;
    char text[120], word[40], header[60];
    for (size_t i = 0; i < COUNT(rows_of_settings); i++) {
        const char *at = rows_of_settings[i].fallback;
        for (bool first = true; *at; first = false, at += *at == '|') {
            size_t len = strcspn(at, "|");
            snprintf(word, sizeof word, "%.*s", (int)len, at);
            snprintf(text, sizeof text, "%s: %s\n", rows_of_settings[i].key + 5, word);
            CHECK_ROW(text, read_wire(text, &w, &error) == ERR_OK);
            CHECK_ROW(text, (memcmp(&w, &none, sizeof w) == 0) == first);
            snprintf(header, sizeof header, "gsma/rsp/%s", word);
            const char *said = strstr(text, "esipa-") ? rsp_wire_esipa_protocol(&w) : rsp_wire_es9_protocol(&w);
            if (strstr(text, "protocol"))
                CHECK_ROW(text, first ? said == NULL : said && strcmp(said, header) == 0);
            at += len;
        }
    }
}

static const struct {
    const char *name, *text, *says;
} refused_settings[] = {
    { "a tag that nobody sends", "refresh-flag: 81\n", "wire:1:15: 80 or 01 is wanted here" },
    { "a tag in another notation", "refresh-flag: 0x01\n", "wire:1:15: 80 or 01 is wanted here" },
    { "a tag without its zero", "refresh-flag: 1\n", "wire:1:15: 80 or 01 is wanted here" },
    { "a protocol without its v", "esipa-protocol: 2.4.0\n", "wire:1:17: own, v1.0.0," },
    { "the whole header", "es9-protocol: gsma/rsp/v2.4.0\n", "wire:1:15: v2.5.0, v1.0.0," },
    { "nothing", "segment:\n", "wire:1:9: 1007 or 1008 is wanted here" },
    { "a map", "segment: {most: 1008}\n", "wire:1:10: 1007 or 1008 is wanted here" },
    { "a setting with its wire-", "wire-segment: 1008\n", "wire:1:1: unknown key 'wire-segment'" },
};

void refuses_forms_that_nobody_has(void)
{
    for (size_t i = 0; i < COUNT(refused_settings); i++) {
        struct rsp_wire w;
        struct yaml_error error = { { 0 } };
        CHECK_ROW(refused_settings[i].name, read_wire(refused_settings[i].text, &w, &error) == ERR_CONFIG);
        CHECK_ROW(refused_settings[i].name, strncmp(error.text, refused_settings[i].says, strlen(refused_settings[i].says)) == 0);
        if (strncmp(error.text, refused_settings[i].says, strlen(refused_settings[i].says)) != 0)
            printf("\n    %s", error.text);
    }
}
