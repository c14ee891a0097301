/* ECIES of a SUCI: the known answers of TS 33.501 C.4, and keys that are none. */
#include "ecies.h"

#include "crypto_tests.h"

#define HOME_A "5a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650"
#define HOME_B "0272da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1"
#define HOME_B_WHOLE                                                                                        \
    "0472da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1"                                    \
    "5a7ded52fcbb097a4ed250e036c7b9c8c7004c4eedc4f068cd7bf8d3f900e3b4"
#define MSIN "00012080f6"
#define EPHEMERAL_A "c80949f13ebe61af4ebdbd293ea4f942696b9e815d7e8f0096bbf6ed7de62256"
#define EPHEMERAL_B "99798858a1dc6a2c68637149a4b1dbfd1fdff5addd62a2142f06699ed7602529"

static void known_answers(void)
{
    static const struct {
        const char *name;
        enum ecies_profile profile;
        const char *home, *ephemeral, *plain, *output;
    } rows[] = {
        { "C.4.3.1: profile A, an IMSI", ECIES_PROFILE_A, HOME_A, EPHEMERAL_A, MSIN,
          "b2e92f836055a255837debf850b528997ce0201cb82adfe4be1f587d07d8457d"
          "cb02352410cddd9e730ef3fa87" },
        { "C.4.3.2: profile A, a name", ECIES_PROFILE_A, HOME_A,
          "be9eff3e9f22a4b42a3d236e7a6c500b3f2e7e0c7449988ba800d664bf4fcd97", "766572796c6f6e67757365726e616d6531",
          "977d8b2fdaa7b64aa700d04227d5b440630ea4ec50f9082273a26bb678c92222"
          "8e358a1582adb15322c10e515141d2039a12e1d7783a97f1ac" },
        { "C.4.4.1: profile B, an IMSI", ECIES_PROFILE_B, HOME_B, EPHEMERAL_B, MSIN,
          "039aab8376597021e855679a9778ea0b67396e68c66df32c0f41e9acca2da9b9d1"
          "46a33fc2716ac7dae96aa30a4d" },
        { "the same with the home network's point in full", ECIES_PROFILE_B, HOME_B_WHOLE, EPHEMERAL_B, MSIN,
          "039aab8376597021e855679a9778ea0b67396e68c66df32c0f41e9acca2da9b9d1"
          "46a33fc2716ac7dae96aa30a4d" },
    };
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = { .max = 256 };
        CHECK_ROW(rows[i].name, ecies_protect(c, rows[i].profile, bytes(rows[i].home), bytes(rows[i].ephemeral),
                                              bytes(rows[i].plain), &out) == ERR_OK);
        CHECK_ROW(rows[i].name, span_equal(buf_span(&out), bytes(rows[i].output)));
        buf_release(&out);
    }
    struct secret z = { 0 };
    CHECK(x25519_agree(c, bytes(EPHEMERAL_A), bytes(HOME_A), &z) == ERR_OK);
    CHECK(span_equal(secret_span(&z), bytes("028ddf890ec83cdf163947ce45f6ec1a0e3070ea5fe57e2b1f05139f3e82422a")));
    secret_release(&z);
    crypto_free(c);
}

static void keys_that_are_none_are_refused(void)
{
    static const struct {
        const char *name;
        enum ecies_profile profile;
        const char *home, *ephemeral;
    } rows[] = {
        { "no key", ECIES_PROFILE_A, "", EPHEMERAL_A },
        { "a key of 31 octets", ECIES_PROFILE_A,
          "5a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a6", EPHEMERAL_A },
        { "a key of low order", ECIES_PROFILE_A,
          "0000000000000000000000000000000000000000000000000000000000000000", EPHEMERAL_A },
        { "a key of profile B", ECIES_PROFILE_A, HOME_B, EPHEMERAL_A },
        { "an ephemeral key of 31 octets", ECIES_PROFILE_A, HOME_A,
          "c80949f13ebe61af4ebdbd293ea4f942696b9e815d7e8f0096bbf6ed7de622" },
        { "no point", ECIES_PROFILE_B, "", EPHEMERAL_B },
        { "a key of profile A", ECIES_PROFILE_B, HOME_A, EPHEMERAL_B },
        { "a compressed point of another form", ECIES_PROFILE_B,
          "0472da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1", EPHEMERAL_B },
        { "an X that is on no point", ECIES_PROFILE_B,
          "020000000000000000000000000000000000000000000000000000000000000001", EPHEMERAL_B },
        { "a point that is not on the curve", ECIES_PROFILE_B,
          "0472da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1"
          "5a7ded52fcbb097a4ed250e036c7b9c8c7004c4eedc4f068cd7bf8d3f900e3b5",
          EPHEMERAL_B },
        { "the point at infinity", ECIES_PROFILE_B, "00", EPHEMERAL_B },
        { "an ephemeral key of zero", ECIES_PROFILE_B, HOME_B,
          "0000000000000000000000000000000000000000000000000000000000000000" },
    };
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out = { .max = 256 };
        CHECK_ROW(rows[i].name, ecies_protect(c, rows[i].profile, bytes(rows[i].home), bytes(rows[i].ephemeral),
                                              bytes(MSIN), &out) == ERR_VERIFY);
        CHECK_ROW(rows[i].name, !out.len);
        buf_release(&out);
    }
    crypto_free(c);
}

/* No two outputs are alike, and a seed repeats them. */
static void fresh_keys_come_from_the_seed(void)
{
    static const struct {
        const char *name, *home;
        enum ecies_profile profile;
    } rows[] = { { "profile A", HOME_A, ECIES_PROFILE_A }, { "profile B", HOME_B, ECIES_PROFILE_B } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out[3] = { { .max = 256 }, { .max = 256 }, { .max = 256 } };
        struct crypto *one = open_seeded("one"), *same = open_seeded("one");
        struct crypto *const order[] = { one, one, same };
        for (size_t n = 0; n < COUNT(order); n++)
            CHECK_ROW(rows[i].name, ecies_protect(order[n], rows[i].profile, bytes(rows[i].home), (struct span){ 0 },
                                                  bytes(MSIN), &out[n]) == ERR_OK);
        CHECK_ROW(rows[i].name, out[0].len == ecies_key_octets(rows[i].profile) + 5 + ECIES_MAC_OCTETS);
        CHECK_ROW(rows[i].name, !span_equal(buf_span(&out[0]), buf_span(&out[1])));
        CHECK_ROW(rows[i].name, span_equal(buf_span(&out[0]), buf_span(&out[2])));
        for (size_t n = 0; n < COUNT(out); n++)
            buf_release(&out[n]);
        crypto_free(one);
        crypto_free(same);
    }
}

const struct test ecies_tests[] = {
    { "a SUCI is protected as TS 33.501 C.4 says", known_answers },
    { "keys of a SUCI that are none are refused", keys_that_are_none_are_refused },
    { "fresh keys of a SUCI come from the seed", fresh_keys_come_from_the_seed },
};
const size_t ecies_test_count = COUNT(ecies_tests);
