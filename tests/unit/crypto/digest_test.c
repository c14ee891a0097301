/* Known answers: RFC 4493, RFC 4231, NIST SP 800-38D, FIPS 180-4, X9.63 as NIST's CAVS gives it. */
#include "crypto_tests.h"

static const struct {
    const char *name, *message, *mac;
} cmac_rows[] = {
    { "RFC 4493 example 1: nothing", "", "bb1d6929e95937287fa37d129b756746" },
    { "RFC 4493 example 2: one block", "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c" },
    { "RFC 4493 example 3: 40 octets",
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
      "dfa66747de9ae63030ca32611497c827" },
    { "RFC 4493 example 4: four blocks",
      "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
      "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
      "51f0bebf7e3b9d92fc49741779363cfe" },
};

static void cmac_answers(void)
{
    struct crypto *c = open_crypto();
    struct span key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
    for (size_t i = 0; i < COUNT(cmac_rows); i++) {
        uint8_t whole[16], parts[16];
        struct span m = bytes(cmac_rows[i].message);
        const struct span split[] = { span_sub(m, 0, m.len / 3), span_sub(m, m.len / 3, m.len) };
        CHECK_ROW(cmac_rows[i].name, aes128_cmac(c, key, &m, 1, whole) == ERR_OK);
        CHECK_ROW(cmac_rows[i].name, aes128_cmac(c, key, split, 2, parts) == ERR_OK);
        CHECK_ROW(cmac_rows[i].name, span_equal(SPAN_ARRAY(whole), bytes(cmac_rows[i].mac)));
        CHECK_ROW(cmac_rows[i].name, span_equal(SPAN_ARRAY(parts), bytes(cmac_rows[i].mac)));
    }
    uint8_t mac[16];
    CHECK(aes128_cmac(c, bytes("2b7e15"), NULL, 0, mac) == ERR_PARSE);
    crypto_free(c);
}

static void hash_answers(void)
{
    struct crypto *c = open_crypto();
    uint8_t h[32], s[20];
    CHECK(sha256(c, (const struct span[]){ span_str("a"), span_str(""), span_str("bc") }, 3, h) == ERR_OK);
    CHECK(span_equal(SPAN_ARRAY(h), bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")));
    CHECK(sha256(c, NULL, 0, h) == ERR_OK);
    CHECK(span_equal(SPAN_ARRAY(h), bytes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")));
    CHECK(sha1(c, span_str("abc"), s) == ERR_OK);
    CHECK(span_equal(SPAN_ARRAY(s), bytes("a9993e364706816aba3e25717850c26c9cd0d89d")));
    CHECK(hmac_sha256(c, span_str("Jefe"), span_str("what do ya want for nothing?"), h) == ERR_OK);
    CHECK(span_equal(SPAN_ARRAY(h), bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")));
    CHECK(hmac_sha256(c, (struct span){ 0 }, (struct span){ 0 }, h) == ERR_OK);
    CHECK(span_equal(SPAN_ARRAY(h), bytes("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")));
    crypto_free(c);
}

static const struct {
    const char *name, *z, *info, *out;
} kdf_rows[] = {
    { "CAVS, no shared info, 16 octets", "96c05619d56c328ab95fe84b18264b08725b85e33fd34f08", "",
      "443024c3dae66b95e6f5670601558f71" },
    { "CAVS, shared info, 128 octets", "22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d",
      "75eef81aa3041e33b80971203d2c0c52",
      "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e52a13d9c7c6fc878c50c5ea0bc7b00e0da24"
      "47cfd874f6cf92f30d0097111485500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269142d4352"
      "5a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21" },
};

static void kdf_answers(void)
{
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(kdf_rows); i++) {
        uint8_t out[256];
        struct span want = bytes(kdf_rows[i].out);
        CHECK_ROW(kdf_rows[i].name,
                  x963_kdf(c, bytes(kdf_rows[i].z), bytes(kdf_rows[i].info), out, want.len) == ERR_OK);
        CHECK_ROW(kdf_rows[i].name, span_equal(span_of(out, want.len), want));
    }
    crypto_free(c);
}

static void cbc_answers(void)
{
    struct crypto *c = open_crypto();
    struct buf out = { .max = 64 }, back = { .max = 64 }, small = { .max = 15 };
    struct span key = bytes("2b7e151628aed2a6abf7158809cf4f3c"), iv = bytes("000102030405060708090a0b0c0d0e0f");
    struct span plain = bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    CHECK(aes128_cbc_encrypt(c, key, iv, plain, &out) == ERR_OK);
    CHECK(span_equal(buf_span(&out), bytes("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")));
    CHECK(aes128_cbc_decrypt(c, key, iv, buf_span(&out), &back) == ERR_OK);
    CHECK(span_equal(buf_span(&back), plain));
    CHECK(aes128_cbc_encrypt(c, key, iv, span_sub(plain, 0, 15), &out) == ERR_PARSE);
    CHECK(aes128_cbc_encrypt(c, span_sub(key, 0, 15), iv, plain, &out) == ERR_PARSE);
    CHECK(aes128_cbc_encrypt(c, key, span_sub(iv, 0, 8), plain, &out) == ERR_PARSE);
    CHECK(aes128_cbc_encrypt(c, key, iv, plain, &small) == ERR_LIMIT && !small.len);
    buf_release(&out);
    buf_release(&back);
    buf_release(&small);
    crypto_free(c);
}

static const struct {
    const char *name, *key, *iv, *aad, *plain, *sealed;
} gcm_rows[] = {
    { "SP 800-38D case 13: nothing", "0000000000000000000000000000000000000000000000000000000000000000",
      "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
    { "SP 800-38D case 14: one block", "0000000000000000000000000000000000000000000000000000000000000000",
      "000000000000000000000000", "", "00000000000000000000000000000000",
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
    { "SP 800-38D case 16: with further data",
      "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
      "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b" },
};

static void gcm_answers(void)
{
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(gcm_rows); i++) {
        struct buf out = { .max = 256 }, back = { .max = 256 };
        struct span key = bytes(gcm_rows[i].key), iv = bytes(gcm_rows[i].iv), aad = bytes(gcm_rows[i].aad);
        struct span plain = bytes(gcm_rows[i].plain);
        CHECK_ROW(gcm_rows[i].name, aes256_gcm_seal(c, key, iv, aad, plain, &out) == ERR_OK);
        CHECK_ROW(gcm_rows[i].name, span_equal(buf_span(&out), bytes(gcm_rows[i].sealed)));
        CHECK_ROW(gcm_rows[i].name, aes256_gcm_open(c, key, iv, aad, buf_span(&out), &back) == ERR_OK);
        CHECK_ROW(gcm_rows[i].name, span_equal(buf_span(&back), plain));
        buf_release(&out);
        buf_release(&back);
    }
    crypto_free(c);
}

static void gcm_refusals(void)
{
    struct crypto *c = open_crypto();
    struct buf out = { .max = 256 };
    struct span key = bytes(gcm_rows[1].key), iv = bytes(gcm_rows[1].iv);
    struct buf sealed = hex(gcm_rows[1].sealed);
    CHECK(aes256_gcm_open(c, key, iv, span_str("other row"), buf_span(&sealed), &out) == ERR_VERIFY);
    CHECK(aes256_gcm_open(c, key, iv, (struct span){ 0 }, span_of(sealed.at, 15), &out) == ERR_VERIFY);
    CHECK(aes256_gcm_open(c, key, iv, (struct span){ 0 }, span_of(sealed.at, 16), &out) == ERR_VERIFY);
    sealed.at[3] ^= 1;
    CHECK(aes256_gcm_open(c, key, iv, (struct span){ 0 }, buf_span(&sealed), &out) == ERR_VERIFY);
    CHECK(aes256_gcm_open(c, span_sub(key, 0, 16), iv, (struct span){ 0 }, buf_span(&sealed), &out) == ERR_PARSE);
    CHECK(out.len == 0);
    buf_release(&sealed);
    buf_release(&out);
    crypto_free(c);
}

static void confirmation_code_answer(void)
{
    struct crypto *c = open_crypto();
    uint8_t h[32];
    CHECK(confirmation_code_digest(c, span_str("1234"), false, h) == ERR_OK);
    CHECK(confirmation_code_hash(c, SPAN_ARRAY(h), bytes("000102030405060708090a0b0c0d0e0f"), h) == ERR_OK);
    CHECK(span_equal(SPAN_ARRAY(h), bytes("e62ed88864ccf99ebcc7c57c5a37641a99315c87f6151c3f4b77c920332e1177")));
    crypto_free(c);
}

/* Interpretation D-14: the same code as text, and as the octets that it is in hex. */
static const struct {
    const char *name, *code;
    bool as_octets;
    const char *hashed; /* hex */
} codes[] = {
    { "a code is hashed as its text", "1234", false, "31323334" },
    { "as octets, two digits are one", "1234", true, "1234" },
    { "capital and small digits are the same octets", "aBcD", true, "abcd" },
    { "an odd number of digits is text", "123", true, "313233" },
    { "a letter that is no digit makes it text", "12G4", true, "31324734" },
    { "a group with a hyphen is text", "12-34", true, "31322d3334" },
    { "a code of 0x is text", "0x12", true, "30783132" },
    { "blanks are no digits", " 1234 ", true, "203132333420" },
};

static void confirmation_code_digests(void)
{
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(codes); i++) {
        uint8_t got[32], want[32];
        const struct span hashed = bytes(codes[i].hashed);
        REQUIRE(sha256(c, &hashed, 1, want) == ERR_OK);
        CHECK_ROW(codes[i].name, confirmation_code_digest(c, span_str(codes[i].code), codes[i].as_octets, got) == ERR_OK);
        CHECK_ROW(codes[i].name, span_equal(SPAN_ARRAY(got), SPAN_ARRAY(want)));
    }
    crypto_free(c);
}

const struct test digest_tests[] = {
    { "AES-CMAC gives the answers of RFC 4493, whole and in parts", cmac_answers },
    { "SHA-256, SHA-1 and HMAC give the published answers", hash_answers },
    { "the X9.63 derivation gives the published answers", kdf_answers },
    { "AES-CBC gives the published answers and refuses broken sizes", cbc_answers },
    { "AES-GCM gives the published answers", gcm_answers },
    { "AES-GCM opens nothing that was touched", gcm_refusals },
    { "hashCc covers the code as ASCII text, then the transaction", confirmation_code_answer },
    { "a confirmation code is hashed as text or as octets", confirmation_code_digests },
};
const size_t digest_test_count = COUNT(digest_tests);
