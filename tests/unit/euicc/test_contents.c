/* What cards share of their packages, and that nobody sees it. */
#include <string.h>

#include "euicc_contents.h"
#include "rsp_ids.h"
#include "world.h"

struct cards {
    struct world w; /* for its certificates and clock */
    struct euicc_contents *contents;
    struct euicc *card[2];
};

static struct euicc *new_card(struct cards *c, const char *iccid, const char *imsi, struct euicc_contents *contents)
{
    struct buf metadata = { .max = 4096 }, upp = { .max = 8192 };
    struct euicc *made = NULL;
    put_metadata(iccid, true, 0, RSP_PROFILE_CLASS_OPERATIONAL, &metadata);
    put_upp(iccid, imsi, &upp);
    const struct euicc_credential credential = { buf_span(&c->w.nist.certificate), c->w.nist.eum_certificate,
                                                 secret_span(&c->w.nist.key) };
    const struct euicc_profile profile = { buf_span(&metadata), buf_span(&upp), .enabled = true };
    struct euicc_settings s = { .credentials = &credential, .credential_count = 1, .trust = c->w.trust,
                                .profiles = &profile, .profile_count = 1, .contents = contents };
    REQUIRE(rsp_eid_parse(EID_TEXT, s.eid) == ERR_OK);
    REQUIRE(euicc_new(&c->w.env, &s, &made) == ERR_OK);
    buf_release(&metadata);
    buf_release(&upp);
    return made;
}

/* Two cards with the same profile but for its numbers. */
static void open_cards(struct cards *c)
{
    *c = (struct cards){ 0 };
    world_open(&c->w, NULL);
    REQUIRE(euicc_contents_new(&c->contents) == ERR_OK);
    c->card[0] = new_card(c, LEAD_ICCID, LEAD_IMSI, c->contents);
    c->card[1] = new_card(c, PARTNER_ICCID, PARTNER_IMSI, c->contents);
}

static void close_cards(struct cards *c)
{
    euicc_free(c->card[0]);
    euicc_free(c->card[1]);
    euicc_contents_free(c->contents);
    world_close(&c->w);
}

static bool answers(struct euicc *card, const char *command, const char *wanted)
{
    struct buf bytes = hex(command), want = hex(wanted), response = { .max = 512 };
    enum err e = card_transmit(euicc_card(card), buf_span(&bytes), &response);
    bool good = !e && span_equal(buf_span(&response), buf_span(&want));
    buf_release(&bytes);
    buf_release(&want);
    buf_release(&response);
    return good;
}

static void power(struct euicc *card)
{
    struct buf atr = { .max = CARD_ATR_MAX };
    REQUIRE(card_reset(euicc_card(card), &atr) == ERR_OK);
    buf_release(&atr);
}

static void what_is_alike_is_there_once(void)
{
    struct cards c;
    open_cards(&c);
    struct euicc *alone = new_card(&c, LEAD_ICCID, LEAD_IMSI, NULL);
    size_t before = euicc_contents_count(c.contents);
    /* of eight elements, header, MF and USIM have numbers of their own; the keys of the test's packages are alike */
    CHECK(before == 8 + 3);
    CHECK(euicc_footprint(c.card[0]) < euicc_footprint(alone));
    struct euicc *third = new_card(&c, LEAD_ICCID, LEAD_IMSI, c.contents);
    CHECK(euicc_contents_count(c.contents) == before);
    euicc_free(third);
    CHECK(euicc_contents_count(c.contents) == before);
    euicc_free(alone);
    close_cards(&c);
}

static void the_last_card_takes_everything_with_it(void)
{
    struct cards c;
    open_cards(&c);
    euicc_free(c.card[0]);
    CHECK(euicc_contents_count(c.contents) == 8);
    power(c.card[1]);
    CHECK(answers(c.card[1], "00a4040c07a0000000871002", "9000") && answers(c.card[1], "00a4000c026f07", "9000"));
    CHECK(answers(c.card[1], "00b0000009", "0829262067452301899000"));
    euicc_free(c.card[1]);
    c.card[0] = c.card[1] = NULL;
    CHECK(euicc_contents_count(c.contents) == 0);
    close_cards(&c);
}

static void what_one_card_writes_no_other_reads(void)
{
    static const char usim[] = "00a4040c07a0000000871002", adm[] = "0020000a083535353535353535", spn[] = "00a4000c026f46";
    struct cards c;
    open_cards(&c);
    size_t at_rest = euicc_contents_count(c.contents);
    for (int i = 0; i < 2; i++) {
        power(c.card[i]);
        CHECK(answers(c.card[i], usim, "9000") && answers(c.card[i], adm, "9000") && answers(c.card[i], spn, "9000"));
    }
    size_t before = euicc_contents_count(c.contents);
    CHECK(before == at_rest + 4); /* the files of the MF and the USIM, laid out: with numbers of their own */
    CHECK(answers(c.card[0], "00d6000002aabb", "9000"));
    CHECK(answers(c.card[0], "00b0000002", "aabb9000"));
    CHECK(answers(c.card[1], "00b0000002", "014c9000"));
    CHECK(euicc_contents_count(c.contents) == before); /* what was written is the card's own */
    power(c.card[1]);
    CHECK(answers(c.card[1], usim, "9000") && answers(c.card[1], spn, "9000"));
    CHECK(answers(c.card[1], "00b0000002", "014c9000"));
    card_close(euicc_card(c.card[0]));
    card_close(euicc_card(c.card[1]));
    CHECK(euicc_contents_count(c.contents) == at_rest);
    close_cards(&c);
}

/* extCardResource of EUICCInfo2: what the profile occupies inside the card. */
static void sharing_gives_a_card_no_more_memory(void)
{
    struct cards c;
    struct buf shared = { .max = 4096 }, own = { .max = 4096 };
    uint16_t sw;
    open_cards(&c);
    struct euicc *alone = new_card(&c, LEAD_ICCID, LEAD_IMSI, NULL);
    struct {
        struct euicc *card;
        struct buf *info;
    } each[] = { { c.card[0], &shared }, { alone, &own } };
    for (size_t i = 0; i < COUNT(each); i++) {
        struct buf fci = { .max = 512 };
        unsigned channel;
        power(each[i].card);
        REQUIRE(apdu_open_isd_r(euicc_card(each[i].card), &channel, &fci, &sw) == ERR_OK);
        REQUIRE(apdu_store_data(euicc_card(each[i].card), channel, 0, SPAN(0xbf, 0x22, 0x00), each[i].info, &sw) == ERR_OK);
        buf_release(&fci);
    }
    CHECK(shared.len > 50 && span_equal(buf_span(&shared), buf_span(&own)));
    euicc_free(alone);
    buf_release(&shared);
    buf_release(&own);
    close_cards(&c);
}

static bool is_vouched(struct euicc_contents *store, struct crypto *crypto, const char *element)
{
    struct buf upp = hex(element);
    struct kept_package *p;
    struct span octets;
    bool vouched = false;
    REQUIRE(kept_package_new(store, crypto, buf_span(&upp), &p) == ERR_OK);
    REQUIRE(kept_package_element(p, 0, &octets, &vouched) && span_equal(octets, buf_span(&upp)));
    CHECK(!kept_package_element(p, 1, &octets, &vouched));
    kept_package_release(p);
    buf_release(&upp);
    return vouched;
}

/* Whose word for an element counts, and how long. */
static void an_element_is_vouched_for_octet_by_octet(void)
{
    static const struct {
        const char *name, *element;
        bool after, without; /* somebody vouched; and that package is gone */
    } rows[] = {
        { "the first element", "a003800102", true, false },
        { "the second, which the other package has, too", "b2020130", true, true },
        { "one that only the other package has", "a003800103", false, false },
        { "one that nobody has", "a003800104", false, false },
        { "the first, shorter", "a0028001", false, false },
        { "the first, with another tag", "a103800102", false, false },
    };
    struct world w;
    struct euicc_contents *contents;
    struct kept_package *judged, *other;
    struct buf upp = hex("a003800102b2020130"), upp2 = hex("a003800103b2020130");
    world_open(&w, NULL);
    REQUIRE(euicc_contents_new(&contents) == ERR_OK);
    REQUIRE(kept_package_new(contents, w.crypto, buf_span(&upp), &judged) == ERR_OK);
    REQUIRE(kept_package_new(contents, w.crypto, buf_span(&upp2), &other) == ERR_OK);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i].name, !is_vouched(contents, w.crypto, rows[i].element));
    kept_package_vouch(judged, 0);
    kept_package_vouch(judged, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_ROW(rows[i].name, is_vouched(contents, w.crypto, rows[i].element) == rows[i].after);
        CHECK_ROW(rows[i].name, !is_vouched(NULL, w.crypto, rows[i].element));
    }
    kept_package_release(judged);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i].name, is_vouched(contents, w.crypto, rows[i].element) == rows[i].without);
    kept_package_release(other);
    CHECK(euicc_contents_count(contents) == 0);
    euicc_contents_free(contents);
    buf_release(&upp);
    buf_release(&upp2);
    world_close(&w);
}

static void packages_are_kept_as_they_came(void)
{
    static const struct {
        const char *name, *upp;
        enum err want;
        size_t kept; /* different elements */
    } rows[] = {
        { "nothing", "", ERR_OK, 0 },
        { "one element", "a003800102", ERR_OK, 1 },
        { "three, two of them alike", "a003800102aa00a003800102", ERR_OK, 2 },
        { "an empty element", "aa00", ERR_OK, 1 },
        { "a tag of two octets", "bf2000", ERR_OK, 1 },
        { "cut in the tag", "a003800102bf", ERR_PARSE, 0 },
        { "cut in the length", "a003800102b082", ERR_PARSE, 0 },
        { "cut in the value", "a003800102b00380", ERR_PARSE, 0 },
        { "an element of indefinite length", "b080800102000000", ERR_PARSE, 0 },
    };
    struct world w;
    struct euicc_contents *contents;
    world_open(&w, NULL);
    REQUIRE(euicc_contents_new(&contents) == ERR_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf upp = hex(rows[i].upp), back = { .max = 64 };
        struct kept_package *p = NULL;
        struct der_tlv t;
        CHECK_ROW(rows[i].name, kept_package_new(contents, w.crypto, buf_span(&upp), &p) == rows[i].want);
        CHECK_ROW(rows[i].name, euicc_contents_count(contents) == rows[i].kept);
        bool same = p && kept_package_put(p, 0x85, &back) == ERR_OK && der_only(buf_span(&back), 0x85, &t) == ERR_OK &&
                    span_equal(t.value, buf_span(&upp));
        CHECK_ROW(rows[i].name, rows[i].want || same);
        kept_package_release(p);
        CHECK_ROW(rows[i].name, euicc_contents_count(contents) == 0);
        buf_release(&upp);
        buf_release(&back);
    }
    euicc_contents_free(contents);
    world_close(&w);
}

/* More different elements than the table had room for at first, and every second one gone again. */
static void many_elements_are_all_found_again(void)
{
    enum { MANY = 500 };
    static struct kept_package *packages[MANY];
    struct world w;
    struct euicc_contents *contents;
    world_open(&w, NULL);
    REQUIRE(euicc_contents_new(&contents) == ERR_OK);
    for (unsigned i = 0; i < MANY; i++)
        REQUIRE(kept_package_new(contents, w.crypto, SPAN(0xa1, 0x02, (uint8_t)(i >> 8), (uint8_t)i), &packages[i]) == ERR_OK);
    CHECK(euicc_contents_count(contents) == MANY);
    for (unsigned i = 0; i < MANY; i += 2)
        kept_package_release(packages[i]);
    CHECK(euicc_contents_count(contents) == MANY / 2);
    for (unsigned i = 1; i < MANY; i += 2) {
        struct kept_package *again;
        REQUIRE(kept_package_new(contents, w.crypto, SPAN(0xa1, 0x02, (uint8_t)(i >> 8), (uint8_t)i), &again) == ERR_OK);
        CHECK(euicc_contents_count(contents) == MANY / 2);
        kept_package_release(again);
        kept_package_release(packages[i]);
        packages[i] = NULL;
        REQUIRE(kept_package_new(contents, w.crypto, SPAN(0xa1, 0x02, (uint8_t)(i >> 8), (uint8_t)i), &packages[i]) == ERR_OK);
    }
    for (unsigned i = 1; i < MANY; i += 2)
        kept_package_release(packages[i]);
    CHECK(euicc_contents_count(contents) == 0);
    euicc_contents_free(contents);
    world_close(&w);
}

const struct test contents_tests[] = {
    { "what is alike is there once", what_is_alike_is_there_once },
    { "the last card takes everything with it", the_last_card_takes_everything_with_it },
    { "what one card writes no other reads", what_one_card_writes_no_other_reads },
    { "sharing gives a card no more memory", sharing_gives_a_card_no_more_memory },
    { "packages are kept as they came", packages_are_kept_as_they_came },
    { "an element is vouched for octet by octet", an_element_is_vouched_for_octet_by_octet },
    { "many elements are all found again", many_elements_are_all_found_again },
};
const size_t contents_tests_count = COUNT(contents_tests);
