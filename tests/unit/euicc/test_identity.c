/* GET IDENTITY: the SUCI that the USIM makes (TS 31.102 7.5), opened here with the home network's private keys of
 * TS 33.501 C.4. */
#include <string.h>

#include "ecies.h"
#include "rsp_euicc_info.h"
#include "world.h"

#define USIM "00a4040c0ca0000000871002ff49ff0589"
#define GET_IDENTITY "8078000100"
#define PRIVATE_A "c53c22208b61860b06c62e5406a7b330c2b577aa5558981510d128247d38bd1d"
#define PRIVATE_B "f1ab1074477ebcc7f554ea1c5fc368b1616730155e0041ac447d6301975fecda"
/* Two keys of EF.SUCI_Calc_Info: identifier 30 with profile A, 27 with profile B. */
#define KEY_A "80011e81205a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650"
#define KEY_B "80011b81210272da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1"
#define KEYS "a14b" KEY_A KEY_B
/* LEAD_IMSI: MCC 262, MNC 01, MSIN 9876543210; the routing indicator of DF.5GS is 7123. */
#define MSIN "8967452301"
#define HEAD "0162f2101732"


/* One member of a profile element: a file with these contents. */
static void put_file(struct buf *out, uint32_t tag, const char *content)
{
    struct der_mark mark;
    struct buf octets = hex(content);
    REQUIRE(der_put_open(out, tag, &mark) == ERR_OK && der_put(out, 0x83, buf_span(&octets)) == ERR_OK);
    REQUIRE(der_put_close(out, mark) == ERR_OK);
    buf_release(&octets);
}

static void put_element(struct buf *out, uint32_t tag, uint8_t number, const char *members)
{
    struct der_mark mark;
    struct buf octets = hex(members);
    const uint8_t template[] = { 0x67, 0x81, 0x0f, 0x01, 0x02, number };
    REQUIRE(der_put_open(out, tag, &mark) == ERR_OK);
    REQUIRE(der_put(out, 0xa0, SPAN(0x81, 0x01, (uint8_t)(0x60 + number))) == ERR_OK);
    REQUIRE(der_put(out, 0x81, SPAN_ARRAY(template)) == ERR_OK && der_put(out, 0xa2, SPAN(0xa1, 0x00)) == ERR_OK);
    REQUIRE(buf_put(out, buf_span(&octets)) == ERR_OK && der_put_close(out, mark) == ERR_OK);
    buf_release(&octets);
}

/* DF.5GS with a routing indicator and a name, DF.SAIP with what `info` says. `by_name`: the SUPI is the name. */
static const char *info;
static bool by_name;

static void with_suci(struct euicc_settings *s)
{
    static struct euicc_profile profile;
    static struct buf upp = { .max = 8192 };
    static const uint8_t services[] = { 0x00, 0x00, 0x3e, 0x11 };
    struct buf files = { .max = 1024 }, elements = { .max = 2048 }, text = { .max = 4096 };
    put_file(&files, 0xab, "801a" "766572796c6f6e67757365726e616d653140336770702e6f7267");
    put_file(&files, 0xac, "1732ffff");
    REQUIRE(hex_put(&text, buf_span(&files)) == ERR_OK);
    put_element(&elements, 0xbc, 13, buf_cstr(&text));
    buf_clear(&files);
    buf_clear(&text);
    put_file(&files, 0xa3, info);
    REQUIRE(hex_put(&text, buf_span(&files)) == ERR_OK);
    put_element(&elements, 0xbd, 14, buf_cstr(&text));
    buf_clear(&text);
    REQUIRE(hex_put(&text, buf_span(&elements)) == ERR_OK);
    add_elements(s, buf_cstr(&text), &profile, &upp);
    uint8_t *at = memmem(upp.at, upp.len, services, sizeof services);
    REQUIRE(at != NULL);
    at[3] |= by_name ? 0x02 : 0; /* service 130 */
    buf_release(&files);
    buf_release(&elements);
    buf_release(&text);
}

static void open_with(struct world *w, const char *calculation, bool name)
{
    info = calculation;
    by_name = name;
    world_open(w, with_suci);
    REQUIRE(apdu_is(w, USIM, "9000"));
}

/* The value of A1, with its status word checked. */
static bool ask(struct world *w, struct buf *response, struct span *suci)
{
    struct der_tlv t;
    struct buf command = hex(GET_IDENTITY);
    bool sent = card_transmit(w->card, buf_span(&command), response) == ERR_OK && response->len > 2;
    size_t len = sent ? response->len - 2 : 0;
    buf_release(&command);
    if (!sent || response->at[len] != 0x90 || der_only(span_sub(buf_span(response), 0, len), 0xa1, &t))
        return false;
    *suci = t.value;
    return true;
}

/* What the home network does (TS 33.501 C.3.3): one block of counter mode is enough for what these tests conceal. */
static bool reveal(struct crypto *c, enum ecies_profile profile, struct span output, const char *plain)
{
    struct buf private_key = hex(profile == ECIES_PROFILE_A ? PRIVATE_A : PRIVATE_B), wanted = hex(plain);
    struct buf stream = { .max = 16 };
    struct span own = span_sub(output, 0, ecies_key_octets(profile));
    struct span concealed = span_sub(output, own.len, output.len - own.len - ECIES_MAC_OCTETS);
    struct span tag = span_sub(output, output.len - ECIES_MAC_OCTETS, ECIES_MAC_OCTETS);
    struct secret z = { 0 };
    struct ec_point point;
    struct ec_key *key = NULL;
    uint8_t derived[64], mac[32], zeros[16] = { 0 };
    bool right = concealed.len == wanted.len && wanted.len <= sizeof zeros;
    if (profile == ECIES_PROFILE_A) {
        REQUIRE(x25519_agree(c, buf_span(&private_key), own, &z) == ERR_OK);
    } else {
        REQUIRE(ec_key_from_scalar(c, EC_P256, buf_span(&private_key), &key) == ERR_OK);
        REQUIRE(ec_point_expand(c, EC_P256, own, &point) == ERR_OK);
        REQUIRE(ec_key_agree(c, key, SPAN_ARRAY(point.at), &z) == ERR_OK);
    }
    REQUIRE(x963_kdf(c, secret_span(&z), own, derived, sizeof derived) == ERR_OK);
    REQUIRE(hmac_sha256(c, span_of(derived + 32, 32), concealed, mac) == ERR_OK);
    REQUIRE(aes128_cbc_encrypt(c, span_of(derived, 16), span_of(derived + 16, 16), SPAN_ARRAY(zeros), &stream) == ERR_OK);
    for (size_t i = 0; right && i < wanted.len; i++)
        right = (concealed.at[i] ^ stream.at[i]) == wanted.at[i];
    right = right && span_equal(tag, span_of(mac, sizeof mac / 4));
    ec_key_free(key);
    secret_release(&z);
    buf_release(&private_key);
    buf_release(&wanted);
    buf_release(&stream);
    return right;
}

static void the_null_scheme_tells_the_msin(void)
{
    /* The lead profile has the services 124 and 125, and nothing that says how. */
    static const struct apdu_row rows[] = {
        { "before any application", "8078000100", "6985" },
        { "the MF", "00a4000c023f00", "9000" },
        { "without an application", "8078000100", "6985" },
        { "USIM", USIM, "9000" },
        { "P1", "8078010100", "6a86" },
        { "no context", "8078000000", "6a86" },
        { "another context", "8078000200", "6a86" },
        { "with data", "807800010101", "6700" },
        { "the interindustry class", "0078000100", "6e00" },
        { "the IMSI in the null scheme", "8078000100", "a10d" "0162f210" "f0ff" "0000" "8967452301" "9000" },
        { "without Le", "80780001", "610f" },
        { "GET RESPONSE", "00c000000f", "a10d0162f210f0ff000089674523019000" },
        { "ENABLE PIN", "002800010830303030ffffffff", "9000" },
        { "with the PIN given", "8078000100", "a10d0162f210f0ff000089674523019000" },
    };
    static const struct apdu_row after[] = {
        { "USIM", USIM, "9000" },
        { "without the PIN", "8078000100", "6982" },
        { "VERIFY", "002000010830303030ffffffff", "9000" },
        { "with the PIN", "8078000100", "a10d0162f210f0ff000089674523019000" },
    };
    play_card(NULL, rows, COUNT(rows), after, COUNT(after));
}

static void the_wanted_scheme_conceals_the_msin(void)
{
    static const struct {
        const char *name, *info, *scheme; /* with the key's identifier */
        const char *refused;              /* a status word, in place of it */
    } rows[] = {
        { "profile A", "a0020101" KEYS, "011e", NULL },
        { "profile B", "a0020202" KEYS, "021b", NULL },
        { "profile B wanted more", "a00602020101" "0000" KEYS, "021b", NULL },
        { "a scheme of the operator's own first", "a0040c010101" KEYS, "011e", NULL },
        { "octets FF behind", "a0020101" KEYS "ffffff", "011e", NULL },
        { "the null scheme wanted most", "a00400000101" KEYS, "0000", NULL },
        { "a key that is not in the list", "a0020103" KEYS, "0000", NULL },
        { "key zero", "a0020100" KEYS, "0000", NULL },
        { "no list of keys", "a0020101", "0000", NULL },
        { "no scheme that this card has", "a0020f01" KEYS, NULL, "6400" },
        { "none of several", "a0060c010f01" "0302" KEYS, NULL, "6400" },
        { "an empty list", "a000", "0000", NULL },
        { "half an entry", "a00101" KEYS, NULL, "6400" },
        { "nothing in the file", "ffffffff", "0000", NULL },
        { "lists that end too early", "a0020101a1ff", "0000", NULL },
        { "a key of profile B for profile A", "a0020102" KEYS, NULL, "6400" },
        { "a key of profile A for profile B", "a0020201" KEYS, NULL, "6400" },
        { "a key of low order", "a0020101a12580011e8120"
          "0000000000000000000000000000000000000000000000000000000000000000", NULL, "6400" },
        { "a point that is none", "a0020201a12680011b8121"
          "020000000000000000000000000000000000000000000000000000000000000001", NULL, "6400" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct buf response = { .max = CARD_RESPONSE_MAX }, head = hex(HEAD);
        struct span suci = { 0 };
        open_with(&w, rows[i].info, false);
        bool told = !rows[i].refused && ask(&w, &response, &suci) && suci.len > 8;
        CHECK_ROW(rows[i].name, rows[i].refused ? apdu_is(&w, GET_IDENTITY, rows[i].refused) : told);
        if (told) {
            struct buf scheme = hex(rows[i].scheme), msin = hex(MSIN);
            struct span output = span_sub(suci, 8, suci.len - 8);
            CHECK_ROW(rows[i].name, span_equal(span_sub(suci, 0, 6), buf_span(&head)));
            CHECK_ROW(rows[i].name, span_equal(span_sub(suci, 6, 2), buf_span(&scheme)));
            CHECK_ROW(rows[i].name, scheme.at[0] ? reveal(w.crypto, (enum ecies_profile)scheme.at[0], output, MSIN)
                                                 : span_equal(output, buf_span(&msin)));
            buf_release(&scheme);
            buf_release(&msin);
        }
        buf_release(&response);
        buf_release(&head);
        world_close(&w);
    }
}

/* TS 23.003 28.7.3. */
static void a_name_is_concealed_in_its_realm(void)
{
    static const char open[] = "\x11" "type1.rid7123.schid0.useridverylongusername1@3gpp.org";
    static const char start[] = "\x11" "type1.rid7123.schid1.hnkey30.ecckey", end[] = "@3gpp.org";
    struct world w;
    struct buf response = { .max = CARD_RESPONSE_MAX };
    struct span suci;
    open_with(&w, "ff", true);
    CHECK(ask(&w, &response, &suci) && span_equal(suci, span_of(open, sizeof open - 1)));
    world_close(&w);
    open_with(&w, "a0020101" KEYS, true);
    REQUIRE(ask(&w, &response, &suci));
    CHECK(suci.len == sizeof start - 1 + 64 + 4 + 34 + 4 + 16 + sizeof end - 1);
    CHECK(!memcmp(suci.at, start, sizeof start - 1));
    CHECK(!memcmp(suci.at + sizeof start - 1 + 64, ".cip", 4));
    CHECK(!memcmp(suci.at + sizeof start - 1 + 64 + 4 + 34, ".mac", 4));
    CHECK(!memcmp(suci.at + suci.len - (sizeof end - 1), end, sizeof end - 1));
    world_close(&w);
    buf_release(&response);
}

static void a_suci_is_new_each_time_and_repeats_with_the_seed(void)
{
    struct buf answers[3] = { { .max = 512 }, { .max = 512 }, { .max = 512 } };
    struct span suci;
    struct world w;
    open_with(&w, "a0020202" KEYS, false);
    CHECK(ask(&w, &answers[0], &suci) && ask(&w, &answers[1], &suci));
    world_close(&w);
    open_with(&w, "a0020202" KEYS, false);
    CHECK(ask(&w, &answers[2], &suci));
    world_close(&w);
    CHECK(!span_equal(buf_span(&answers[0]), buf_span(&answers[1])));
    CHECK(span_equal(buf_span(&answers[0]), buf_span(&answers[2])));
    for (size_t i = 0; i < COUNT(answers); i++)
        buf_release(&answers[i]);
}

/* UICCCapability: getIdentity(22), both profiles (23, 24), and no calculator for Java Card (25). */
static void the_card_says_that_it_makes_sucis(void)
{
    struct world w;
    struct buf response = { .max = 4096 };
    struct rsp_euicc_info2 m;
    world_open(&w, NULL);
    REQUIRE(es10(&w, SPAN(0xbf, 0x22, 0x00), &response) == 0x9000);
    REQUIRE(rsp_euicc_info2_read(buf_span(&response), &m) == ERR_OK);
    CHECK((m.uicc_capability >> 22 & 0x0f) == 0x07);
    CHECK((m.uicc_capability >> 3 & 1) && !(m.uicc_capability >> 5 & 1)); /* CSIM, and no CAVE */
    buf_release(&response);
    world_close(&w);
}

const struct test identity_tests[] = {
    { "the null scheme tells the MSIN", the_null_scheme_tells_the_msin },
    { "the wanted scheme conceals the MSIN", the_wanted_scheme_conceals_the_msin },
    { "a name is concealed in its realm", a_name_is_concealed_in_its_realm },
    { "a SUCI is new each time and repeats with the seed", a_suci_is_new_each_time_and_repeats_with_the_seed },
    { "the card says that it makes SUCIs", the_card_says_that_it_makes_sucis },
};
const size_t identity_tests_count = COUNT(identity_tests);
