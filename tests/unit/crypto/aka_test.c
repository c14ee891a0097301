/* TS 35.207/35.208 (Milenage) and TS 35.233 (TUAK) test sets. */
#include "aka.h"

#include <string.h>

#include "crypto_tests.h"

struct milenage_row {
    const char *name, *k, *rand, *sqn, *amf, *op, *opc, *f1, *f1_star, *f2, *f3, *f4, *f5, *f5_star;
};
static const struct milenage_row milenage_rows[] = {
    { "set 1", "465b5ce8b199b49faa5f0a2ee238a6bc", "23553cbe9637a89d218ae64dae47bf35", "ff9bb4d0b607", "b9b9",
      "cdc202d5123e20f62b6d676ac72cb318", "cd63cb71954a9f4e48a5994e37a02baf", "4a9ffac354dfafb3",
      "01cfaf9ec4e871e9", "a54211d5e3ba50bf", "b40ba9a3c58b2a05bbf0d987b21bf8cb",
      "f769bcd751044604127672711c6d3441", "aa689c648370", "451e8beca43b" },
    { "set 3", "fec86ba6eb707ed08905757b1bb44b8f", "9f7c8d021accf4db213ccff0c7f71a6a", "9d0277595ffc", "725c",
      "dbc59adcb6f9a0ef735477b7fadf8374", "1006020f0a478bf6b699f15c062e42b3", "9cabc3e99baf7281",
      "95814ba2b3044324", "8011c48c0c214ed2", "5dbdbb2954e8f3cde665b046179a5098",
      "59a92d3b476a0443487055cf88b2307b", "33484dc2136b", "deacdd848cc6" },
    { "set 4", "9e5944aea94b81165c82fbf9f32db751", "ce83dbc54ac0274a157c17f80d017bd6", "0b604a81eca8", "9e09",
      "223014c5806694c007ca1eeef57f004f", "a64a507ae1a2a98bb88eb4210135dc87", "74a58220cba84c49",
      "ac2cc74a96871837", "f365cd683cd92e96", "e203edb3971574f5a94b0d61b816345d",
      "0c4524adeac041c4dd830d20854fc46b", "f0b9c08ad02e", "6085a86c6f63" },
};

static struct aka_params params(int algorithm, const char *k, const char *opc)
{
    struct aka_params p = { .algorithm = algorithm };
    struct span key = bytes(k), o = bytes(opc);
    memcpy(p.k, key.at, key.len);
    memcpy(p.opc, o.at, o.len);
    p.k_len = key.len;
    return p;
}

static void check_vector(const struct milenage_row *r, const struct aka_vector *v)
{
    CHECK_ROW(r->name, span_equal(SPAN_ARRAY(v->mac_a), bytes(r->f1)));
    CHECK_ROW(r->name, span_equal(SPAN_ARRAY(v->mac_s), bytes(r->f1_star)));
    CHECK_ROW(r->name, span_equal(span_of(v->res, v->res_len), bytes(r->f2)));
    CHECK_ROW(r->name, span_equal(span_of(v->ck, v->ck_len), bytes(r->f3)));
    CHECK_ROW(r->name, span_equal(span_of(v->ik, v->ik_len), bytes(r->f4)));
    CHECK_ROW(r->name, span_equal(SPAN_ARRAY(v->ak), bytes(r->f5)));
    CHECK_ROW(r->name, span_equal(SPAN_ARRAY(v->ak_star), bytes(r->f5_star)));
}

static void milenage_answers(void)
{
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(milenage_rows); i++) {
        const struct milenage_row *r = &milenage_rows[i];
        struct aka_params p = params(AKA_MILENAGE, r->k, r->opc);
        struct aka_vector v;
        uint8_t opc[16];
        CHECK_ROW(r->name, milenage_opc(c, p.k, bytes(r->op).at, opc) == ERR_OK);
        CHECK_ROW(r->name, span_equal(SPAN_ARRAY(opc), bytes(r->opc)));
        CHECK_ROW(r->name, aka_compute(c, &p, bytes(r->rand).at, bytes(r->sqn).at, bytes(r->amf).at, &v) == ERR_OK);
        check_vector(r, &v);
    }
    crypto_free(c);
}

/* A profile may bring its own constants; given explicitly, the standard ones must change nothing. */
static void milenage_own_constants(void)
{
    static const uint8_t standard[5] = { 64, 0, 32, 64, 96 };
    const struct milenage_row *r = &milenage_rows[0];
    struct crypto *c = open_crypto();
    struct aka_params p = params(AKA_MILENAGE, r->k, r->opc);
    struct aka_vector v;
    memcpy(p.r, standard, sizeof p.r);
    p.own_constants = true;
    p.c[1][15] = 1;
    p.c[2][15] = 2;
    p.c[3][15] = 4;
    p.c[4][15] = 8;
    CHECK(aka_compute(c, &p, bytes(r->rand).at, bytes(r->sqn).at, bytes(r->amf).at, &v) == ERR_OK);
    check_vector(r, &v);
    p.r[2] = 33; /* no whole number of octets: f3 changes, and only f3 */
    struct aka_vector w;
    CHECK(aka_compute(c, &p, bytes(r->rand).at, bytes(r->sqn).at, bytes(r->amf).at, &w) == ERR_OK);
    CHECK(memcmp(v.ck, w.ck, 16) != 0 && !memcmp(v.ik, w.ik, 16) && !memcmp(v.mac_a, w.mac_a, 8));
    p.r[2] = 32;
    p.c[4][0] ^= 0x80;
    CHECK(aka_compute(c, &p, bytes(r->rand).at, bytes(r->sqn).at, bytes(r->amf).at, &w) == ERR_OK);
    CHECK(memcmp(v.ak_star, w.ak_star, 6) != 0 && !memcmp(v.ck, w.ck, 16));
    crypto_free(c);
}

/* NULL where the set has a MAC of a size that AUTN has no room for (128 or 256 bits), or is another set's: the size is hashed
 * too. */
static const struct {
    const char *name, *k, *rand, *sqn, *amf, *top, *topc;
    uint8_t iterations, res_len, ck_len, ik_len;
    const char *f1, *f1_star, *f2, *f3, *f4, *f5, *f5_star;
} tuak_rows[] = {
    { "set 1: 128-bit key, RES of 32 bits", "abababababababababababababababab", "42424242424242424242424242424242",
      "111111111111", "ffff", "5555555555555555555555555555555555555555555555555555555555555555",
      "bd04d9530e87513c5d837ac2ad954623a8e2330c115305a73eb45d1f40cccbff", 1, 4, 16, 16, "f9a54e6aeaa8618d",
      "e94b4dc6c7297df3", "657acd64", "d71a1e5c6caffe986a26f783e5c78be1", "be849fa2564f869aecee6f62d4337e72",
      "719f1e9b9054", "e7af6b3d0e38" },
    { "set 2: 256-bit key, RES of 64 bits", "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
      "0123456789abcdef0123456789abcdef", "0123456789ab", "abcd",
      "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
      "305425427e18c503c8a4b294ea72c95d0c36c6c6b29d0c65de5974d5977f8524", 1, 8, 16, 16, NULL, NULL, "e9d749dc4eea0035",
      "a4cb6f6529ab17f8337f27baa8234d47", "2274155ccf4199d5e2abcbf621907f90", "480a9345cc1e", "f84eb338848c" },
    { "set 3: IK of 256 bits", "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0",
      "0123456789abcdef0123456789abcdef", "0123456789ab", "abcd",
      "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
      "305425427e18c503c8a4b294ea72c95d0c36c6c6b29d0c65de5974d5977f8524", 1, 8, 16, 32, NULL, NULL, "07021c73e7635c7d",
      "4d59ac796834eb85d11fa148a5058c3c", "126d47500136fdc5ddfd14f19ebf16749ce4b6435323fbb5715a3a796a6082bd",
      "1d6622c4e59a", "f84eb338848c" },
    { "set 4: 128-bit key, RES of 128 bits", "b8da837a50652d6ac7c97da14f6acc61", "6887e55425a966bd86c9661a5fa72be8",
      "0dea2ee2c5af", "df1e", "0952be13556c32ebc58195d9dd930493e12a9003669988ffde5fa1f0fe35cc01",
      "2bc16eb657a68e1f446f08f57c0efb1d493527a2e652ce281eb6ca0e4487760a", 1, 16, 16, 16, NULL, NULL,
      "4041ce438e3e38e8aa96562eed83ac43", "3e3bc01bea0cd914c4c2c83ce2d92757", "666a8e6f577b1aa77b7fd53cebb8a3d6",
      "1f880d005119", "45e617d77fe5" },
    { "set 5: 256-bit key, MAC of 64 bits, RES and CK of 256", "1574ca56881d05c189c82880f789c9cd4244955f4426aa2b69c29f15770e5aa5",
      "c570aac68cde651fb1e3088322498bef", "c89bb71f3a41", "297d",
      "e59f6eb10ea406813f4991b0b9e02f181edf4c7e17b480f66d34da35ee88c95e",
      "3c6052e41532a28a47aa3cbb89f223e8f3aaa976aecd48bc3e7d6165a55eff62", 1, 32, 32, 16, "d7340dad02b4cb01",
      "c6021e2e66accb15", "84d89b41db1867ffd4c7ba1d82163f4d526a20fbae5418fbb526940b1eeb905c",
      "d419676afe5ab58c1d8bee0d43523a4d2f52ef0b31a4676a0c334427a988fe65", "205533e505661b61d05cc0eac87818f4",
      "d7b3d2d4980a", "ca9655264986" },
    { "set 6: the permutation twice", "1574ca56881d05c189c82880f789c9cd4244955f4426aa2b69c29f15770e5aa5",
      "c570aac68cde651fb1e3088322498bef", "c89bb71f3a41", "297d",
      "e59f6eb10ea406813f4991b0b9e02f181edf4c7e17b480f66d34da35ee88c95e",
      "b04a66f26c62fcd6c82de22a179ab65506ecf47f56245cd149966cfa9cec7a51", 2, 8, 16, 16, NULL, NULL, NULL, NULL, NULL, NULL,
      "8c5f33b61f4e" },
};

static void check_known(const char *name, struct span got, const char *want)
{
    CHECK_ROW(name, !want || span_equal(got, bytes(want)));
}

static void tuak_answers(void)
{
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(tuak_rows); i++) {
        const char *name = tuak_rows[i].name;
        struct aka_params p = params(AKA_TUAK, tuak_rows[i].k, tuak_rows[i].topc);
        struct aka_vector v;
        uint8_t topc[32];
        p.keccak_iterations = tuak_rows[i].iterations;
        p.res_len = tuak_rows[i].res_len;
        p.ck_len = tuak_rows[i].ck_len;
        p.ik_len = tuak_rows[i].ik_len;
        CHECK_ROW(name, tuak_topc(&p, bytes(tuak_rows[i].top).at, topc) == ERR_OK);
        check_known(name, SPAN_ARRAY(topc), tuak_rows[i].topc);
        CHECK_ROW(name, aka_compute(c, &p, bytes(tuak_rows[i].rand).at, bytes(tuak_rows[i].sqn).at,
                                    bytes(tuak_rows[i].amf).at, &v) == ERR_OK);
        check_known(name, SPAN_ARRAY(v.mac_a), tuak_rows[i].f1);
        check_known(name, SPAN_ARRAY(v.mac_s), tuak_rows[i].f1_star);
        check_known(name, span_of(v.res, v.res_len), tuak_rows[i].f2);
        check_known(name, span_of(v.ck, v.ck_len), tuak_rows[i].f3);
        check_known(name, span_of(v.ik, v.ik_len), tuak_rows[i].f4);
        check_known(name, SPAN_ARRAY(v.ak), tuak_rows[i].f5);
        check_known(name, SPAN_ARRAY(v.ak_star), tuak_rows[i].f5_star);
    }
    crypto_free(c);
}

static const struct {
    const char *name;
    int algorithm;
    size_t k_len;
    uint8_t res_len, iterations, ck_len, ik_len;
    enum err want;
} parameter_rows[] = {
    { "Milenage as usual", AKA_MILENAGE, 16, 8, 0, 0, 0, ERR_OK },
    { "Milenage knows no 256-bit key", AKA_MILENAGE, 32, 8, 0, 0, 0, ERR_PARSE },
    { "Milenage knows no other RES", AKA_MILENAGE, 16, 16, 0, 0, 0, ERR_UNSUPPORTED },
    { "TUAK with a key of 24 octets", AKA_TUAK, 24, 8, 0, 0, 0, ERR_PARSE },
    { "TUAK without a key", AKA_TUAK, 0, 8, 0, 0, 0, ERR_PARSE },
    { "TUAK with RES of 5 octets", AKA_TUAK, 16, 5, 0, 0, 0, ERR_UNSUPPORTED },
    { "TUAK, no RES length given", AKA_TUAK, 16, 0, 0, 0, 0, ERR_OK },
    { "TUAK, 255 iterations", AKA_TUAK, 16, 8, 255, 0, 0, ERR_OK },
    { "an algorithm that does not exist", 3, 16, 8, 0, 0, 0, ERR_UNSUPPORTED },
    { "TUAK with RES of 256 bits", AKA_TUAK, 32, 32, 0, 0, 0, ERR_OK },
    { "TUAK with keys of 256 bits", AKA_TUAK, 16, 16, 0, 32, 32, ERR_OK },
    { "TUAK with CK of 24 octets", AKA_TUAK, 16, 8, 0, 24, 16, ERR_UNSUPPORTED },
    { "TUAK with IK of 8 octets", AKA_TUAK, 16, 8, 0, 16, 8, ERR_UNSUPPORTED },
    { "Milenage knows no other CK", AKA_MILENAGE, 16, 8, 0, 32, 16, ERR_UNSUPPORTED },
    { "Milenage knows no other IK", AKA_MILENAGE, 16, 8, 0, 16, 32, ERR_UNSUPPORTED },
};

static void parameters(void)
{
    static const uint8_t rand[16], sqn[6], amf[2];
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(parameter_rows); i++) {
        struct aka_params p = { .algorithm = parameter_rows[i].algorithm,
                                .k_len = parameter_rows[i].k_len,
                                .res_len = parameter_rows[i].res_len,
                                .ck_len = parameter_rows[i].ck_len,
                                .ik_len = parameter_rows[i].ik_len,
                                .keccak_iterations = parameter_rows[i].iterations };
        struct aka_vector v;
        CHECK_ROW(parameter_rows[i].name, aka_compute(c, &p, rand, sqn, amf, &v) == parameter_rows[i].want);
    }
    crypto_free(c);
}

const struct test aka_tests[] = {
    { "Milenage gives the answers of TS 35.207", milenage_answers },
    { "Milenage takes its own rotations and constants", milenage_own_constants },
    { "TUAK gives the answers of TS 35.233, iterated too", tuak_answers },
    { "parameters that no algorithm has are refused", parameters },
};
const size_t aka_test_count = COUNT(aka_tests);
