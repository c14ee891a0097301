/* Protected blocks: known answers of another SM-DP+ (catalogue H.2), and what a card must refuse. */
#include "bsp.h"

#include <string.h>

#include "crypto_tests.h"
#include "der.h"

#define HOST_ID "8080808080808080"
#define EID_1335 "89049032123451234512345678901335"
#define EID_1235 "89049032123451234512345678901235"
#define SHARED_2 "c9a993dd4879a8f7161f2085410edd4f9652f1df37be097ba96ba2ca6be528fe"

static const struct {
    const char *name, *z, *host_id, *eid, *enc, *mac, *mcv;
} derive_rows[] = {
    { "first session", "8902dca391bbb22570fe60c176076246f568b1941265dff1d729e63039658089", HOST_ID, EID_1335,
      "d782d575b22a38334556a3d9a1e2ae6b", "a35addc192ae8f934e2932116c7e89e7", "734bc93ddb10c71c5ad13d420dc08b5b" },
    { "second session", SHARED_2, HOST_ID, EID_1235, "472f5bfadd97f21d34f3ce9b51b92751",
      "9ec07f5b36a13e12a991d66e294e6242", "406d507b448a699e7a36a38494debbde" },
    { "session with a host named in text",
      "79696dc34351dfc7758b07baf66643f01d7d8f5ab976c51d5f2c42ab71f5a6c3", "65756963632d727370", EID_1235,
      "1f745c2897a86858e94823c218a2db4a", "1c073583341b81244c40aae342de5434", "9a8d4dc5d8c2ba3fccbb7f69036fd09f" },
};

static void derivations(void)
{
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(derive_rows); i++) {
        struct bsp b = { 0 };
        const char *name = derive_rows[i].name;
        CHECK_ROW(name, bsp_derive(c, bytes(derive_rows[i].z), bytes(derive_rows[i].host_id),
                                   bytes(derive_rows[i].eid), &b) == ERR_OK);
        CHECK_ROW(name, span_equal(SPAN_ARRAY(b.s_enc), bytes(derive_rows[i].enc)));
        CHECK_ROW(name, span_equal(SPAN_ARRAY(b.s_mac), bytes(derive_rows[i].mac)));
        CHECK_ROW(name, span_equal(SPAN_ARRAY(b.mcv), bytes(derive_rows[i].mcv)));
        CHECK_ROW(name, b.counter == 1);
        bsp_release(&b);
        CHECK_ROW(name, !b.counter && !b.s_enc[0] && !b.s_mac[5]);
    }
    struct bsp b = { 0 };
    CHECK(bsp_derive(c, bytes(SHARED_2), bytes(HOST_ID), bytes("8904"), &b) == ERR_PARSE);
    CHECK(bsp_derive(c, bytes(SHARED_2), bytes(""), bytes(EID_1235), &b) == ERR_PARSE);
    CHECK(bsp_derive(c, bytes(SHARED_2), bytes(HOST_ID HOST_ID "80"), bytes(EID_1235), &b) == ERR_PARSE);
    crypto_free(c);
}

static struct bsp second_session(struct crypto *c)
{
    struct bsp b = { 0 };
    REQUIRE(bsp_derive(c, bytes(SHARED_2), bytes(HOST_ID), bytes(EID_1235), &b) == ERR_OK);
    return b;
}

static void agreement_of_the_session(void)
{
    struct crypto *c = open_crypto();
    struct ec_key *k = NULL;
    struct ec_point p;
    struct secret z = { 0 };
    REQUIRE(ec_key_from_scalar(c, EC_P256,
                               bytes("fb68a38ccedb69e15cbe03c256228998ac398587e5dc7117f948145c839d61a4"), &k) ==
            ERR_OK);
    ec_key_point(k, &p);
    CHECK(span_equal(SPAN_ARRAY(p.at),
                     bytes("04a27e2bdbd94dcf67d4c9ae5cb149d9d0f093be7a16dc41ec9db0318e4db72d09"
                           "234a7d7631979a5d150eec40afe17ce41673df9d2f2e4246d60051c74eba7964")));
    CHECK(ec_key_agree(c, k,
                       bytes("0400f7b8d71403f21d84b00cd9e561178d737d3f4d065e62fee279271298dd4f07"
                             "4794ab791b9939d4461296efe388aa26731064263af988b7d2c4d77da44801b5"), &z) == ERR_OK);
    CHECK(span_equal(secret_span(&z), bytes(SHARED_2)));
    secret_release(&z);
    ec_key_free(k);
    crypto_free(c);
}

/* The blocks of the second session in order; the third carries the keys that protect the rest. */
static void third_party_trace(void)
{
    struct crypto *c = open_crypto();
    struct buf file = { .max = 1 << 20 }, out = { .max = 4096 }, back = { .max = 4096 };
    struct bsp b = second_session(c);
    CHECK(bsp_protect(c, &b, 0x87, bytes("bf2400"), &out) == ERR_OK);
    CHECK(span_equal(buf_span(&out), bytes("8718f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d89")));
    CHECK(b.counter == 2);
    struct bsp key = { 0 };
    CHECK(bsp_replace_keys(&key, bytes("000102030405060708090a0b0c0d0e0f"), bytes("0101020304050607"
          "08090a0b0c0d0e0f"), bytes("0201020304050607" "08090a0b0c0d0e0f")) == ERR_OK);
    struct bsp open = key;
    if (load_shared("spec/vectors-rsp.txt", &file)) {
        for (int i = 0; i < 2; i++) {
            struct span plain = vector_of(&file, i ? "PYS BSP_SEG1_PLAIN" : "PYS BSP_SEG0_PLAIN");
            struct span want = vector_of(&file, i ? "PYS BSP_SEG1_86" : "PYS BSP_SEG0_86");
            buf_clear(&out);
            buf_clear(&back);
            CHECK(plain.len == BSP_PLAIN_MAX_86 && want.len == 1020);
            CHECK(bsp_protect(c, &key, 0x86, plain, &out) == ERR_OK);
            CHECK(span_equal(buf_span(&out), want));
            CHECK(bsp_open(c, &open, want, &back) == ERR_OK);
            CHECK(span_equal(buf_span(&back), plain));
        }
    }
    buf_release(&file);
    buf_release(&out);
    buf_release(&back);
    crypto_free(c);
}

static enum err open_all(struct crypto *c, struct bsp *b, struct span items, bool double_wrapped,
                         struct buf *plain)
{
    struct der d = der_open(items);
    while (!der_at_end(&d)) {
        struct der_tlv t;
        enum err e = der_next(&d, &t);
        struct span block = t.whole;
        /* The SM-DP+ of one vector wraps each protected TLV into a second one of the same tag. */
        if (!e && double_wrapped)
            block = t.value;
        if (!e)
            e = bsp_open(c, b, block, plain);
        if (e)
            return e;
    }
    return ERR_OK;
}

/* Every part of a bound profile package, the profile itself with `last`; the plain texts joined part by part. */
static void open_package(struct crypto *c, struct bsp *b, struct bsp *last, struct span bpp, bool double_wrapped,
                         struct buf plain[4])
{
    struct der_tlv package, part;
    REQUIRE(der_only(bpp, 0xBF36, &package) == ERR_OK);
    for (uint32_t n = 0; n < 4; n++) {
        plain[n] = (struct buf){ .max = 1 << 20 };
        if (der_find(package.value, 0xA0 + n, &part))
            continue;
        CHECK(open_all(c, n == 3 ? last : b, part.value, double_wrapped, &plain[n]) == ERR_OK);
    }
}

static void whole_package(void)
{
    struct crypto *c = open_crypto();
    struct buf file = { .max = 1 << 20 }, plain[4];
    struct bsp b = { 0 };
    if (load_shared("spec/vectors-rsp.txt", &file)) {
        REQUIRE(bsp_replace_keys(&b, bytes("ee3140eafd692b68eff40119b363bc6c"),
                                 bytes("f11b921c302efb1df6bf218bf2de0dd8"),
                                 bytes("8cd4d3a761eeac108641d5f4531a137e")) == ERR_OK);
        struct bsp ppk = { 0 };
        REQUIRE(bsp_replace_keys(&ppk, bytes("22222222222222222222222222222222"),
                                 bytes("00000000000000000000000000000000"),
                                 bytes("11111111111111111111111111111111")) == ERR_OK);
        open_package(c, &b, &ppk, vector_of(&file, "PYS BPP_FULL"), true, plain);
        CHECK(span_equal(buf_span(&plain[0]), bytes("bf2400")));
        CHECK(plain[1].len > 2 && plain[1].at[1] == 0x25);
        CHECK(span_equal(buf_span(&plain[3]), vector_of(&file, "PYS BPP_FULL_UPP")));
        for (size_t i = 0; i < 4; i++)
            buf_release(&plain[i]);
    }
    buf_release(&file);
    crypto_free(c);
}

static void session_package(void)
{
    struct crypto *c = open_crypto();
    struct buf file = { .max = 1 << 20 }, plain[4];
    struct bsp b = { 0 };
    if (load_shared("spec/vectors-rsp.txt", &file)) {
        REQUIRE(bsp_derive(c, bytes(derive_rows[2].z), bytes(derive_rows[2].host_id), bytes(EID_1235), &b) ==
                ERR_OK);
        open_package(c, &b, &b, vector_of(&file, "WAI session/bound-profile-package.der"), false, plain);
        CHECK(span_equal(buf_span(&plain[0]), bytes("bf2400")));
        CHECK(span_equal(buf_span(&plain[1]), vector_of(&file, "WAI session/store-metadata.der")));
        CHECK(span_equal(buf_span(&plain[3]), span_str("the-uicc-profile-fixture")));
        for (size_t i = 0; i < 4; i++)
            buf_release(&plain[i]);
    }
    buf_release(&file);
    crypto_free(c);
}

static const struct {
    const char *name;
    uint8_t tag;
    size_t plain, tlv;
    enum err want;
} size_rows[] = {
    { "an empty encrypted block is one block of padding", 0x86, 0, 2 + 16 + 8, ERR_OK },
    { "15 octets fit one AES block", 0x86, 15, 2 + 16 + 8, ERR_OK },
    { "16 octets need a second block for padding", 0x87, 16, 2 + 32 + 8, ERR_OK },
    { "the largest 86 fills a segment", 0x86, BSP_PLAIN_MAX_86, 1020, ERR_OK },
    { "one more makes a segment of 1036 (D-8)", 0x86, BSP_PLAIN_MAX_86 + 1, 1036, ERR_OK },
    { "two more are too much for 86", 0x86, BSP_PLAIN_MAX_86 + 2, 0, ERR_LIMIT },
    { "an empty 88 is a MAC alone", 0x88, 0, 2 + 8, ERR_OK },
    { "the largest 88 fills a segment", 0x88, BSP_PLAIN_MAX_88, 1020, ERR_OK },
    { "one more is too much for 88", 0x88, BSP_PLAIN_MAX_88 + 1, 0, ERR_LIMIT },
    { "no other tag is protected", 0x89, 10, 0, ERR_UNSUPPORTED },
};

static void sizes(void)
{
    static const uint8_t plain[2048];
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(size_rows); i++) {
        struct buf out = { .max = 4096 }, back = { .max = 4096 };
        struct bsp b = second_session(c), before = b;
        enum err e = bsp_protect(c, &b, size_rows[i].tag, span_of(plain, size_rows[i].plain), &out);
        CHECK_ROW(size_rows[i].name, e == size_rows[i].want);
        CHECK_ROW(size_rows[i].name, out.len == size_rows[i].tlv);
        if (e) {
            CHECK_ROW(size_rows[i].name, !memcmp(&b, &before, sizeof b));
        } else {
            CHECK_ROW(size_rows[i].name, bsp_open(c, &before, buf_span(&out), &back) == ERR_OK);
            CHECK_ROW(size_rows[i].name, back.len == size_rows[i].plain && !memcmp(&b, &before, sizeof b));
        }
        buf_release(&out);
        buf_release(&back);
    }
    crypto_free(c);
}

/* Each row changes a good first block of the session, "bf2400" under 87 or 88, before it is opened. */
struct forgery {
    const char *name;
    uint8_t tag;
    enum { FLIP, CUT, SKIP_BLOCK, REPLAY, OTHER_KEYS, TAG_88, STRUCTURE } how;
    size_t at;
    const char *instead;
    enum err want;
};
static const struct forgery forgeries[] = {
    { "last octet of the MAC flipped", 0x87, FLIP, 25, NULL, ERR_VERIFY },
    { "first octet of the MAC flipped", 0x87, FLIP, 18, NULL, ERR_VERIFY },
    { "cipher text flipped", 0x87, FLIP, 2, NULL, ERR_VERIFY },
    { "plain text of 88 flipped", 0x88, FLIP, 3, NULL, ERR_VERIFY },
    { "a block left out before it: wrong counter and chain", 0x87, SKIP_BLOCK, 0, NULL, ERR_VERIFY },
    { "the same block again", 0x87, REPLAY, 0, NULL, ERR_VERIFY },
    { "the same 88 again", 0x88, REPLAY, 0, NULL, ERR_VERIFY },
    { "keys of another session", 0x87, OTHER_KEYS, 0, NULL, ERR_VERIFY },
    { "87 called 86", 0x87, TAG_88, 0x86, NULL, ERR_VERIFY },
    { "87 called 88", 0x87, TAG_88, 0x88, NULL, ERR_VERIFY },
    { "called 85", 0x87, TAG_88, 0x85, NULL, ERR_PARSE },
    { "cut by one octet", 0x87, CUT, 25, NULL, ERR_PARSE },
    { "cut to its header", 0x87, CUT, 2, NULL, ERR_PARSE },
    { "nothing", 0x87, CUT, 0, NULL, ERR_PARSE },
    { "no whole AES block", 0x87, STRUCTURE, 0, "8717f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d", ERR_PARSE },
    { "a MAC without cipher text", 0x87, STRUCTURE, 0, "870812d7722a6a2d8900", ERR_PARSE },
    { "shorter than a MAC", 0x88, STRUCTURE, 0, "880712d7722a6a2d89", ERR_PARSE },
    { "an octet behind the block", 0x87, STRUCTURE, 0,
      "8718f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d8900", ERR_PARSE },
    { "the length in a longer form", 0x87, STRUCTURE, 0,
      "878118f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d89", ERR_VERIFY },
    { "an indefinite length", 0x87, STRUCTURE, 0, "8780f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d890000",
      ERR_PARSE },
};

static void forge(struct crypto *c, const struct forgery *f, struct bsp *b, struct buf *block)
{
    struct buf opened = { .max = 64 };
    switch (f->how) {
    case FLIP: block->at[f->at] ^= 0x01; break;
    case CUT: block->len = f->at; break;
    case SKIP_BLOCK: b->counter++; b->mcv[0] ^= 1; break;
    case REPLAY: REQUIRE(bsp_open(c, b, buf_span(block), &opened) == ERR_OK); break;
    case OTHER_KEYS: REQUIRE(bsp_derive(c, bytes(SHARED_2), bytes(HOST_ID), bytes(EID_1335), b) == ERR_OK); break;
    case TAG_88: block->at[0] = (uint8_t)f->at; break;
    case STRUCTURE: REQUIRE(buf_set(block, bytes(f->instead)) == ERR_OK); break;
    }
    buf_release(&opened);
}

static void refusals(void)
{
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(forgeries); i++) {
        struct buf block = { .max = 64 }, plain = { .max = 64 };
        struct bsp sender = second_session(c), b = sender;
        REQUIRE(bsp_protect(c, &sender, forgeries[i].tag, bytes("bf2400"), &block) == ERR_OK);
        forge(c, &forgeries[i], &b, &block);
        struct bsp before = b;
        CHECK_ROW(forgeries[i].name, bsp_open(c, &b, buf_span(&block), &plain) == forgeries[i].want);
        CHECK_ROW(forgeries[i].name, !plain.len && !memcmp(&b, &before, sizeof b));
        buf_release(&block);
        buf_release(&plain);
    }
    crypto_free(c);
}

/* The MAC is right and what was encrypted is not padded as it must be: a sender's fault, or the wrong S-ENC. */
static const struct {
    const char *name, *padded;
    enum err want;
} padding_rows[] = {
    { "padding of a whole block", "80000000000000000000000000000000", ERR_OK },
    { "one octet of padding", "00112233445566778899aabbccddee80", ERR_OK },
    { "no mark at all", "00000000000000000000000000000000", ERR_VERIFY },
    { "another mark", "00112233445566778899aabbccddee81", ERR_VERIFY },
    { "something behind the mark", "00112233445566778899aabbcc800001", ERR_VERIFY },
    { "the mark one block too early", "8000000000000000000000000000000000000000000000000000000000000000",
      ERR_VERIFY },
};

static void paddings(void)
{
    static const uint8_t zero[16];
    struct crypto *c = open_crypto();
    for (size_t i = 0; i < COUNT(padding_rows); i++) {
        struct span padded = bytes(padding_rows[i].padded);
        struct bsp b = second_session(c), before = b;
        uint8_t mac[16];
        struct buf iv = { .max = 16 }, tlv = { .max = 128 }, plain = { .max = 64 };
        REQUIRE(aes128_cbc_encrypt(c, SPAN_ARRAY(b.s_enc), SPAN_ARRAY(zero),
                                   bytes("00000000000000000000000000000001"), &iv) == ERR_OK);
        REQUIRE(der_put_header(&tlv, 0x86, padded.len + 8) == ERR_OK);
        REQUIRE(aes128_cbc_encrypt(c, SPAN_ARRAY(b.s_enc), buf_span(&iv), padded, &tlv) == ERR_OK);
        const struct span covered[] = { SPAN_ARRAY(b.mcv), buf_span(&tlv) };
        REQUIRE(aes128_cmac(c, SPAN_ARRAY(b.s_mac), covered, 2, mac) == ERR_OK);
        REQUIRE(buf_put(&tlv, span_of(mac, 8)) == ERR_OK);
        CHECK_ROW(padding_rows[i].name, bsp_open(c, &b, buf_span(&tlv), &plain) == padding_rows[i].want);
        CHECK_ROW(padding_rows[i].name, (memcmp(&b, &before, sizeof b) == 0) == (padding_rows[i].want != ERR_OK));
        buf_release(&iv);
        buf_release(&tlv);
        buf_release(&plain);
    }
    crypto_free(c);
}

static void oversize(void)
{
    static const uint8_t plain[1200];
    struct crypto *c = open_crypto();
    struct bsp b = second_session(c);
    struct buf tlv = { .max = 2048 }, out = { .max = 2048 };
    uint8_t mac[16];
    REQUIRE(der_put_header(&tlv, 0x88, 1036 - 4 + 1) == ERR_OK);
    REQUIRE(buf_put(&tlv, span_of(plain, 1036 - 4 + 1 - 8)) == ERR_OK);
    const struct span covered[] = { SPAN_ARRAY(b.mcv), buf_span(&tlv) };
    REQUIRE(aes128_cmac(c, SPAN_ARRAY(b.s_mac), covered, 2, mac) == ERR_OK);
    REQUIRE(buf_put(&tlv, span_of(mac, 8)) == ERR_OK);
    CHECK(tlv.len == 1037 && bsp_open(c, &b, buf_span(&tlv), &out) == ERR_PARSE);
    CHECK(b.counter == 1);
    buf_release(&tlv);
    buf_release(&out);
    crypto_free(c);
}

const struct test bsp_tests[] = {
    { "session keys come out as other implementations derive them", derivations },
    { "the agreement of the recorded session gives its secret", agreement_of_the_session },
    { "blocks are protected as a third-party SM-DP+ protects them", third_party_trace },
    { "a whole package with its own protection keys opens to the original profile", whole_package },
    { "the package of a recorded session opens with the derived keys", session_package },
    { "segments keep to 1020 octets", sizes },
    { "a forged, replayed or broken block opens to nothing and changes nothing", refusals },
    { "padding is checked to the octet", paddings },
    { "a block over the receiving limit is refused though its MAC is right", oversize },
};
const size_t bsp_test_count = COUNT(bsp_tests);
