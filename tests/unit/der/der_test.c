#include "der.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"

static const struct {
    const char *name, *bytes;
    enum err e;
    uint32_t tag;
    size_t head, length;
} tlvs[] = {
    { "an empty NULL", "0500", ERR_OK, 0x05, 2, 0 },
    { "a short value", "800101", ERR_OK, 0x80, 2, 1 },
    { "a tag of two octets", "bf510101", ERR_OK, 0xbf51, 3, 1 },
    { "a tag of three octets", "9f810500", ERR_OK, 0x9f8105, 4, 0 },
    { "a long length that is short", "04810101", ERR_OK, 0x04, 3, 1 },
    { "four octets of length", "048400000001ff", ERR_OK, 0x04, 6, 1 },
    { "more behind it", "0401ffee", ERR_OK, 0x04, 2, 1 },
    { "nothing", "", ERR_PARSE, 0, 0, 0 },
    { "a tag alone", "30", ERR_PARSE, 0, 0, 0 },
    { "half a tag", "bf", ERR_PARSE, 0, 0, 0 },
    { "a tag that goes on", "bf81", ERR_PARSE, 0, 0, 0 },
    { "a tag of four octets", "bf81828300", ERR_PARSE, 0, 0, 0 },
    { "a long tag without length", "bf51", ERR_PARSE, 0, 0, 0 },
    { "one octet missing", "0402ff", ERR_PARSE, 0, 0, 0 },
    { "an indefinite length", "30800000", ERR_PARSE, 0, 0, 0 },
    { "a length without its octets", "0482", ERR_PARSE, 0, 0, 0 },
    { "half a length", "048201", ERR_PARSE, 0, 0, 0 },
    { "five octets of length", "04850000000001ff", ERR_PARSE, 0, 0, 0 },
    { "the largest length", "0484ffffffff00", ERR_PARSE, 0, 0, 0 },
    { "a reserved length", "04ff00", ERR_PARSE, 0, 0, 0 },
};

static void one_tlv_is_read_or_refused(void)
{
    for (size_t i = 0; i < COUNT(tlvs); i++) {
        struct buf b = hex(tlvs[i].bytes);
        struct der d = der_open(buf_span(&b));
        struct der_tlv t = { 0 };
        CHECK_ROW(tlvs[i].name, der_peek(&d) == tlvs[i].tag);
        CHECK_ROW(tlvs[i].name, der_next(&d, &t) == tlvs[i].e);
        CHECK_ROW(tlvs[i].name, t.tag == tlvs[i].tag && t.value.len == tlvs[i].length);
        CHECK_ROW(tlvs[i].name, tlvs[i].e || (t.whole.at == b.at && t.value.at == b.at + tlvs[i].head &&
                                              t.whole.len == tlvs[i].head + tlvs[i].length));
        CHECK_ROW(tlvs[i].name, d.rest.len == b.len - t.whole.len);
        buf_release(&b);
    }
}

static void the_cursor_walks(void)
{
    struct buf b = hex("80010a" "8100" "bf5103800101" "0500");
    struct der d = der_open(buf_span(&b));
    struct der_tlv t;
    bool found = true;
    CHECK(der_optional(&d, 0x81, &t, &found) == ERR_OK && !found);
    CHECK(der_expect(&d, 0x81, &t) == ERR_PARSE && der_peek(&d) == 0x80);
    CHECK(der_expect(&d, 0x80, &t) == ERR_OK && t.value.at[0] == 0x0a);
    CHECK(der_optional(&d, 0x81, &t, &found) == ERR_OK && found && t.value.len == 0);
    CHECK(der_expect(&d, 0xbf51, &t) == ERR_OK && span_equal(t.whole, span_sub(buf_span(&b), 5, 6)));
    CHECK(!der_at_end(&d) && der_next(&d, &t) == ERR_OK && der_at_end(&d));
    CHECK(der_optional(&d, 0x80, &t, &found) == ERR_OK && !found && der_peek(&d) == 0);
    CHECK(der_next(&d, &t) == ERR_PARSE && der_expect(&d, 0, &t) == ERR_PARSE);
    CHECK(der_find(buf_span(&b), 0xbf51, &t) == ERR_OK && t.value.len == 3);
    CHECK(der_find(buf_span(&b), 0x82, &t) == ERR_NOT_FOUND);
    CHECK(der_find(span_sub(buf_span(&b), 0, b.len - 1), 0x05, &t) == ERR_PARSE);
    CHECK(der_only(span_sub(buf_span(&b), 5, 6), 0xbf51, &t) == ERR_OK);
    CHECK(der_only(span_sub(buf_span(&b), 5, 7), 0xbf51, &t) == ERR_PARSE);
    CHECK(der_only(span_sub(buf_span(&b), 5, 6), 0xbf52, &t) == ERR_PARSE);
    CHECK(der_only((struct span){ 0 }, 0x30, &t) == ERR_PARSE);
    d = der_open(SPAN(0x80, 0x05, 0x00));
    found = true;
    CHECK(der_optional(&d, 0x80, &t, &found) == ERR_PARSE && !found);
    buf_release(&b);
}

static void nested(struct buf *b, unsigned depth)
{
    struct der_mark marks[64];
    for (unsigned i = 0; i < depth; i++)
        REQUIRE(der_put_open(b, 0x30, &marks[i]) == ERR_OK);
    while (depth--)
        REQUIRE(der_put_close(b, marks[depth]) == ERR_OK);
}

static const struct {
    const char *name, *bytes;
    enum err e;
} checks[] = {
    { "nothing", "", ERR_OK },
    { "a structure", "3007800101a1028000", ERR_OK },
    { "two structures", "30003003020101", ERR_OK },
    { "an octet string may hold anything", "0403ffffff", ERR_OK },
    { "a member that is cut", "3003020201", ERR_PARSE },
    { "a member that looks beyond its parent", "30030204010203", ERR_PARSE },
    { "an octet behind", "300000", ERR_PARSE },
    { "an indefinite length inside", "300430800000", ERR_PARSE },
};

static void structures_are_checked_to_the_last_byte(void)
{
    for (size_t i = 0; i < COUNT(checks); i++) {
        struct buf b = hex(checks[i].bytes);
        CHECK_ROW(checks[i].name, der_check(buf_span(&b)) == checks[i].e);
        CHECK_ROW(checks[i].name, (der_good_octets(buf_span(&b)) == b.len) == (checks[i].e == ERR_OK));
        buf_release(&b);
    }
    struct buf deep = { .max = 1000 };
    nested(&deep, DER_DEPTH_MAX);
    CHECK(der_good_octets(SPAN(0xbf, 0x4f, 0x06, 0x5a, 0x01, 0x07, 0x80, 0x05, 0x01)) == 6);
    CHECK(der_good_octets(SPAN(0x80, 0x01, 0x07, 0xa0, 0x02, 0x81)) == 3 && der_good_octets(SPAN(0x80)) == 0);
    CHECK(der_check(buf_span(&deep)) == ERR_OK);
    buf_clear(&deep);
    nested(&deep, DER_DEPTH_MAX + 1);
    CHECK(der_check(buf_span(&deep)) == ERR_PARSE);
    buf_release(&deep);
}

static const struct {
    const char *name, *bytes;
    enum err e;
    int64_t value;
} integers[] = {
    { "zero", "00", ERR_OK, 0 },
    { "minus one", "ff", ERR_OK, -1 },
    { "127", "7f", ERR_OK, 127 },
    { "128", "0080", ERR_OK, 128 },
    { "minus 128", "80", ERR_OK, -128 },
    { "the largest", "7fffffffffffffff", ERR_OK, INT64_MAX },
    { "the smallest", "8000000000000000", ERR_OK, INT64_MIN },
};

static const struct {
    const char *name, *bytes;
    enum err e;
    int64_t value;
} odd_integers[] = {
    { "not minimal", "0000000000000001", ERR_OK, 1 },
    { "nothing", "", ERR_PARSE, 7 },
    { "nine octets", "000000000000000001", ERR_PARSE, 7 },
};

static void integers_are_read_and_written(void)
{
    for (size_t i = 0; i < COUNT(integers); i++) {
        struct buf b = hex(integers[i].bytes), out = { .max = 20 };
        int64_t n = 7;
        CHECK_ROW(integers[i].name, der_integer(buf_span(&b), &n) == ERR_OK && n == integers[i].value);
        CHECK_ROW(integers[i].name, der_put_integer(&out, 0x02, n) == ERR_OK);
        CHECK_ROW(integers[i].name, span_equal(span_sub(buf_span(&out), 2, 20), buf_span(&b)));
        buf_release(&b);
        buf_release(&out);
    }
    for (size_t i = 0; i < COUNT(odd_integers); i++) {
        struct buf b = hex(odd_integers[i].bytes);
        int64_t n = 7;
        CHECK_ROW(odd_integers[i].name, der_integer(buf_span(&b), &n) == odd_integers[i].e);
        CHECK_ROW(odd_integers[i].name, n == odd_integers[i].value);
        buf_release(&b);
    }
}

static void bits_are_named_from_the_left(void)
{
    CHECK(der_bit(SPAN(0x05, 0xa0), 0) && !der_bit(SPAN(0x05, 0xa0), 1) && der_bit(SPAN(0x05, 0xa0), 2));
    CHECK(!der_bit(SPAN(0x06, 0xff), 2) && !der_bit(SPAN(0x00, 0xff), 8) && der_bit(SPAN(0x07, 0, 0x80), 8));
    CHECK(!der_bit(SPAN(0x00), 0) && !der_bit((struct span){ 0 }, 0) && !der_bit(SPAN(0x08, 0xff), 0));
    CHECK(!der_bit(SPAN(0x00, 0xff), UINT32_MAX));
}

static const struct {
    const char *name;
    uint32_t bits;
    const char *bytes;
} bit_strings[] = {
    { "no bit at all", 0, "030100" },
    { "the first", 1, "03020780" },
    { "the eighth", 1 << 7, "03020001" },
    { "the ninth", 1 << 8, "0303070080" },
    { "all of 32", UINT32_MAX, "030500ffffffff" },
    { "first and third", 5, "030205a0" },
};

static void bit_strings_end_with_a_one(void)
{
    for (size_t i = 0; i < COUNT(bit_strings); i++) {
        struct buf want = hex(bit_strings[i].bytes), out = { .max = 20 };
        CHECK_ROW(bit_strings[i].name, der_put_bits(&out, 0x03, bit_strings[i].bits) == ERR_OK);
        CHECK_ROW(bit_strings[i].name, span_equal(buf_span(&out), buf_span(&want)));
        for (unsigned n = 0; n < 40; n++)
            CHECK_ROW(bit_strings[i].name,
                      der_bit(span_sub(buf_span(&out), 2, 20), n) == (n < 32 && bit_strings[i].bits >> n & 1));
        buf_release(&want);
        buf_release(&out);
    }
}

static const struct {
    const char *name, *text, *bytes;
} oids[] = {
    { "the lab's", "2.999.10", "88370a" },
    { "an arc under one", "1.2.840.10045.2.1", "2a8648ce3d0201" },
    { "the smallest", "0.0", "00" },
    { "the last under zero", "0.39", "27" },
    { "the last under one", "1.39", "4f" },
    { "the first under two", "2.0", "50" },
    { "GSMA's", "2.23.146.1.2.1.0", "67811201020100" },
    { "a large arc", "2.25.4294967296", "699080808000" },
};

static const struct {
    const char *name, *text;
} no_oid_texts[] = {
    { "nothing", "" },
    { "one arc", "2" },
    { "a fourth root", "3.1" },
    { "40 under zero", "0.40" },
    { "40 under one", "1.40" },
    { "a point at the end", "2.999." },
    { "a point at the beginning", ".2.999" },
    { "two points", "2..999" },
    { "a sign", "2.-1" },
    { "a blank", "2. 1" },
    { "a letter", "2.x" },
    { "an arc beyond 64 bits", "2.999.99999999999999999999999" },
};

static const struct {
    const char *name, *bytes;
} no_oid_bytes[] = {
    { "nothing", "" },
    { "an arc that does not end", "8837ff" },
    { "a leading zero octet in an arc", "88378001" },
    { "a leading zero octet in the first arc", "8001" },
    { "an arc beyond 64 bits", "88ffffffffffffffffffffff7f" },
};

static void object_identifiers_are_read_and_written(void)
{
    for (size_t i = 0; i < COUNT(oids); i++) {
        struct buf want = hex(oids[i].bytes), out = { .max = 20 };
        char text[128];
        CHECK_ROW(oids[i].name, der_oid_parse(oids[i].text, &out) == ERR_OK);
        CHECK_ROW(oids[i].name, span_equal(buf_span(&out), buf_span(&want)));
        CHECK_ROW(oids[i].name, der_oid_text(buf_span(&want), text) == ERR_OK && strcmp(text, oids[i].text) == 0);
        buf_release(&want);
        buf_release(&out);
    }
    for (size_t i = 0; i < COUNT(no_oid_texts); i++) {
        struct buf out = { .max = 40 };
        CHECK_ROW(no_oid_texts[i].name, der_oid_parse(no_oid_texts[i].text, &out) == ERR_PARSE && out.len == 0);
        buf_release(&out);
    }
    for (size_t i = 0; i < COUNT(no_oid_bytes); i++) {
        struct buf b = hex(no_oid_bytes[i].bytes);
        char text[128];
        CHECK_ROW(no_oid_bytes[i].name, der_oid_text(buf_span(&b), text) == ERR_PARSE);
        buf_release(&b);
    }
    struct buf many = { .max = 200 };
    for (int i = 0; i < 100; i++)
        REQUIRE(buf_put_u8(&many, 0x7f) == ERR_OK);
    char text[128];
    CHECK(der_oid_text(buf_span(&many), text) == ERR_LIMIT);
    buf_release(&many);
}

static const size_t lengths[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, 100000 };

static void lengths_grow_when_closed(void)
{
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct buf inner = { .max = 1 << 18 }, open = { .max = 1 << 18 }, whole = { .max = 1 << 18 };
        struct der_mark outer = { 0 }, mark = { 0 };
        struct der_tlv t;
        char row[32];
        snprintf(row, sizeof row, "%zu octets", lengths[i]);
        for (size_t n = 0; n < lengths[i]; n++)
            REQUIRE(buf_put_u8(&inner, (uint8_t)n) == ERR_OK);
        REQUIRE(der_put_open(&open, 0x30, &outer) == ERR_OK && der_put_open(&open, 0xbf51, &mark) == ERR_OK);
        REQUIRE(buf_put(&open, buf_span(&inner)) == ERR_OK);
        REQUIRE(der_put_close(&open, mark) == ERR_OK && der_put_close(&open, outer) == ERR_OK);
        CHECK_ROW(row, der_only(buf_span(&open), 0x30, &t) == ERR_OK && der_only(t.value, 0xbf51, &t) == ERR_OK);
        CHECK_ROW(row, span_equal(t.value, buf_span(&inner)));
        CHECK_ROW(row, der_put(&whole, 0xbf51, buf_span(&inner)) == ERR_OK && span_equal(buf_span(&whole), t.whole));
        buf_clear(&whole);
        CHECK_ROW(row, der_put_header(&whole, 0xbf51, inner.len) == ERR_OK &&
                           whole.len == t.whole.len - t.value.len && memcmp(whole.at, t.whole.at, whole.len) == 0);
        buf_release(&inner);
        buf_release(&open);
        buf_release(&whole);
    }
}

static void writing_stops_at_the_ceiling(void)
{
    struct buf b = { .max = 130 };
    struct der_mark mark;
    uint8_t many[128] = { 0 };
    REQUIRE(der_put_open(&b, 0x30, &mark) == ERR_OK && buf_put(&b, SPAN_ARRAY(many)) == ERR_OK);
    CHECK(der_put_close(&b, mark) == ERR_LIMIT);
    CHECK(der_put_str(&b, 0x0c, "x") == ERR_LIMIT && der_put_boolean(&b, 0x01, true) == ERR_LIMIT);
    buf_clear(&b);
    CHECK(der_put_str(&b, 0x0c, "x") == ERR_OK && der_put_boolean(&b, 0x01, true) == ERR_OK);
    CHECK(der_put_boolean(&b, 0x81, false) == ERR_OK && der_put_oid(&b, 0x06, "2.999.10") == ERR_OK);
    CHECK(span_equal(buf_span(&b), SPAN(0x0c, 1, 'x', 1, 1, 0xff, 0x81, 1, 0, 6, 3, 0x88, 0x37, 0x0a)));
    CHECK(der_put_oid(&b, 0x06, "nonsense") == ERR_PARSE);
    buf_release(&b);
}

/* No prefix and no flipped bit of a message may make the cursor leave it; the sanitizers watch. */
static void damage_is_survived(void)
{
    struct buf good = hex("bf5120800101a1063004020101050030118210000102030405060708090a0b0c0d0e0f");
    for (size_t n = 0; n < good.len * 8; n++) {
        struct buf bad = { .max = 100 };
        REQUIRE(buf_put(&bad, buf_span(&good)) == ERR_OK);
        bad.at[n / 8] ^= (uint8_t)(1u << n % 8);
        struct der_tlv t;
        enum err e = der_check(buf_span(&bad));
        CHECK(e == ERR_OK || e == ERR_PARSE);
        e = der_find(buf_span(&bad), 0xbf51, &t);
        CHECK(e || (t.whole.at == bad.at && t.whole.len <= bad.len));
        CHECK(n / 8 >= good.len || der_check(span_sub(buf_span(&good), 0, n / 8)) == (n < 8 ? ERR_OK : ERR_PARSE));
        buf_release(&bad);
    }
    buf_release(&good);
}

int main(void)
{
    static const struct test tests[] = {
        { "one TLV is read or refused", one_tlv_is_read_or_refused },
        { "the cursor walks", the_cursor_walks },
        { "structures are checked to the last byte", structures_are_checked_to_the_last_byte },
        { "integers are read and written", integers_are_read_and_written },
        { "bits are named from the left", bits_are_named_from_the_left },
        { "bit strings end with a one", bit_strings_end_with_a_one },
        { "object identifiers are read and written", object_identifiers_are_read_and_written },
        { "lengths grow when closed", lengths_grow_when_closed },
        { "writing stops at the ceiling", writing_stops_at_the_ceiling },
        { "damage is survived", damage_is_survived },
    };
    return tests_main("der", tests, COUNT(tests));
}
