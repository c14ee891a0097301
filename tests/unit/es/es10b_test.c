#include <string.h>

#include "es10b.h"
#include "es_tests.h"
#include "rsp_codes.h"

/* A card that joins STORE DATA blocks and answers a command by its first octets. */
struct answer {
    const char *request, *response; /* hex; the request's beginning */
    uint16_t sw;
};
struct script {
    struct card card;
    const struct answer *answers;
    size_t count, commands;
    struct buf joined, pending;
};

static enum err put_sw(struct buf *response, uint16_t sw)
{
    return buf_put(response, SPAN((uint8_t)(sw >> 8), (uint8_t)sw));
}

static const struct answer *find(const struct script *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct buf begin = hex(s->answers[i].request);
        bool fits = span_equal(span_sub(buf_span(&s->joined), 0, begin.len), buf_span(&begin));
        buf_release(&begin);
        if (fits)
            return &s->answers[i];
    }
    return NULL;
}

static enum err execute(struct script *s, struct buf *response)
{
    const struct answer *a = find(s);
    s->commands++;
    if (!a)
        return put_sw(response, 0x6A88);
    struct buf data = hex(a->response);
    enum err e = buf_set(&s->pending, buf_span(&data));
    buf_release(&data);
    if (e || !s->pending.len)
        return e ? e : put_sw(response, a->sw);
    return put_sw(response, (uint16_t)(0x6100 | (s->pending.len & 0xff)));
}

static enum err transmit(struct card *c, struct span command, struct buf *response)
{
    struct script *s = (struct script *)c;
    buf_clear(response);
    if (command.at[1] == 0xC0) {
        enum err e = buf_put(response, buf_span(&s->pending));
        return e ? e : put_sw(response, 0x9000);
    }
    if (command.at[1] != 0xE2)
        return put_sw(response, 0x6D00);
    if (command.at[3] == 0)
        buf_clear(&s->joined);
    enum err e = buf_put(&s->joined, span_sub(command, 5, command.at[4]));
    if (e)
        return e;
    return command.at[2] == 0x91 ? execute(s, response) : put_sw(response, 0x9000);
}

static const struct card_ops script_ops = { .name = "script", .transmit = transmit };

static struct es10_card open_card(struct world *w, struct script *s, const struct answer *answers,
                                  size_t count)
{
    *s = (struct script){
        .card.ops = &script_ops, .answers = answers, .count = count, .joined.max = 1 << 16, .pending.max = 256
    };
    world_open(w, NULL);
    return (struct es10_card){ .env = &w->env, .card = &s->card, .channel = 1 };
}

static void close_card(struct world *w, struct script *s)
{
    buf_release(&s->joined);
    buf_release(&s->pending);
    world_close(w);
}

#define RESULT                                                                                               \
    "bf516ea06c302780087465737465696d318101018210000102030405060708090a0b0c0d0e0f83010130038301005f37404781" \
    "37"                                                                                                     \
    "a464eb01ec02fa2bacad7c84f17120faebe70af0ddc6d93a838dc8e1227adf071f397c0fb1b81e0b037dc218d1621e485eac71" \
    "98"                                                                                                     \
    "ef5d446920d4edb118"
#define CHALLENGE "bf2e128010000102030405060708090a0b0c0d0e0f"
static const struct answer sound[] = {
    { "bf3e035c015a", "bf3e125a1089049032123451234512345678901235", 0x9000 },
    { "bf2e00", CHALLENGE, 0x9000 },
    { "bf2d", "bf2d14a012e3105a0a980010325476981032149f700101", 0x9000 },
    { "bf3111a00c5a0a980010325476981032148101ff", "bf3103800100", 0x9000 },
    { "bf3211a00c5a0a98001032547698103214810100", "bf3203800103", 0x9000 },
    { "bf330c5a0a98001032547698103214", "bf3303800101", 0x9000 },
    { "bf5d038001ff", "bf5d03800106", 0x9000 },
    { "bf58038001ff", "bf5803020101", 0x9000 },
    { "bf5500", "bf5502a000", 0x9000 },
    { "bf550ca00a80087465737465696d31", "bf550ea00c300a80087465737465696d31", 0x9000 },
    { "bf3003800105", "bf3003800100", 0x9000 },
    { "bf2b00", "bf2b02a000", 0x9000 },
    { "bf51", RESULT, 0x9000 },
    { "bf57", "bf5703810102", 0x9000 },
    { "bf5600", "bf5603810101", 0x9000 },
};
static const uint8_t iccid[10] = { 0x98, 0x00, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14 };

static void check_switches(struct es10_card *c)
{
    int64_t code = -1;
    CHECK(es10b_enable_profile(c, SPAN_ARRAY(iccid), true, &code) == ERR_OK && code == RSP_ENABLE_OK);
    CHECK(es10b_disable_profile(c, SPAN_ARRAY(iccid), false, &code) == ERR_OK);
    CHECK(code == RSP_DISABLE_DISALLOWED_BY_POLICY);
    CHECK(es10b_delete_profile(c, SPAN_ARRAY(iccid), &code) == ERR_OK &&
          code == RSP_DELETE_ICCID_OR_AID_NOT_FOUND);
    CHECK(es10b_execute_fallback_mechanism(c, true, &code) == ERR_OK);
    CHECK(code == RSP_EXECUTE_FALLBACK_FALLBACK_NOT_AVAILABLE);
    CHECK(es10b_remove_notification_from_list(c, 5, &code) == ERR_OK && code == 0);
}

static void check_packages(struct es10_card *c)
{
    struct es10b_load_euicc_package_response result;
    struct es10b_profile_rollback_response rollback;
    struct es10b_add_initial_eim_response added;
    struct es10b_eim_configuration_data eims;
    struct buf package = hex("bf5102a000"), expected = hex(RESULT), initial = hex("bf5702a000");
    CHECK(es10b_load_euicc_package(c, buf_span(&package), &result) == ERR_OK);
    CHECK(result.message.result.data.seq_number == 1 &&
          span_equal(buf_span(&result.received), buf_span(&expected)));
    CHECK(es10b_profile_rollback(c, true, &rollback) == ERR_OK && rollback.message.code == 1);
    CHECK(!rollback.message.has_result);
    CHECK(es10b_add_initial_eim(c, buf_span(&initial), &added) == ERR_OK && added.message.error == 2);
    CHECK(es10b_get_eim_configuration_data(c, (struct span){ 0 }, &eims) == ERR_OK &&
          eims.message.list.len == 0);
    buf_release(&eims.received);
    CHECK(es10b_get_eim_configuration_data(c, span_str("testeim1"), &eims) == ERR_OK &&
          eims.message.list.len > 0);
    buf_release(&eims.received);
    buf_release(&added.received);
    buf_release(&rollback.received);
    buf_release(&result.received);
    buf_release(&package);
    buf_release(&expected);
    buf_release(&initial);
}

void es10b_talks_to_a_card(void)
{
    struct world w;
    struct script s;
    uint8_t eid[16], challenge[16];
    struct es10b_profiles_info profiles;
    struct es10b_certs certs;
    struct es10b_retrieve_notifications_response pending;
    struct rsp_profile_info one;
    struct es10_card c = open_card(&w, &s, sound, COUNT(sound));
    CHECK(es10b_get_eid(&c, eid) == ERR_OK && eid[0] == 0x89 && eid[15] == 0x35);
    CHECK(world_saw(&w, "ES10b.GetEidRequest"));
    CHECK(es10b_get_euicc_challenge(&c, challenge) == ERR_OK && challenge[15] == 15);
    CHECK(es10b_get_profiles_info(&c, NULL, &profiles) == ERR_OK && profiles.message.which == RSP_OK);
    struct der d = der_open(profiles.message.list);
    CHECK(rsp_profile_info_next(&d, &one) == ERR_OK && one.state.value == RSP_PROFILE_ENABLED);
    buf_release(&profiles.received);
    CHECK(es10b_get_certs(&c, (struct span){ 0 }, &certs) == ERR_OK && certs.message.which == RSP_ERROR);
    buf_release(&certs.received);
    const struct rsp_retrieve_notifications_request all = { 0 };
    CHECK(es10b_retrieve_notifications_list(&c, &all, &pending) == ERR_OK);
    CHECK(pending.message.which == RSP_RETRIEVE_NOTIFICATIONS && pending.message.notifications.len == 0);
    buf_release(&pending.received);
    check_switches(&c);
    check_packages(&c);
    close_card(&w, &s);
}

/* A bound package of nine segments: BF36+BF23, A0, A1, two 88, A2, A3, two 86. */
#define CHANNEL "bf230b8201018001018403aabbcc"
static struct buf bound_package(void)
{
    return hex("bf3640" CHANNEL "a00487020102"
               "a10888020304"
               "88020506"
               "a20487020708"
               "a308"
               "8602090a"
               "86020b0c");
}

static const struct answer to_the_end[] = {
    { "bf36", "", 0x9000 },     { "a00487", "", 0x9000 },
    { "a108", "", 0x9000 },     { "8802", "", 0x9000 },
    { "a204", "", 0x9000 },     { "a308", "", 0x9000 },
    { "8602090a", "", 0x9000 }, { "86020b0c", "bf3703800100", 0x9000 },
};
static const struct answer gives_up[] = {
    { "bf36", "", 0x9000 },
    { "a00487", "bf3703800100", 0x9000 },
};
static const struct answer says_nothing[] = {
    { "", "", 0x9000 },
};
static const struct answer refuses[] = {
    { "bf36", "", 0x6985 },
};

static const struct {
    const char *name;
    const struct answer *answers;
    size_t count, segments, received;
    enum err want;
} loads[] = {
    /* The short result is malformed on purpose: what matters is when it was taken. */
    { "the result comes after the last segment", to_the_end, COUNT(to_the_end), 9, 6, ERR_PARSE },
    { "the first failure ends the loading", gives_up, COUNT(gives_up), 2, 6, ERR_PARSE },
    { "a card that says nothing gave no result", says_nothing, COUNT(says_nothing), 9, 0, ERR_PARSE },
    { "a refused segment ends the loading", refuses, COUNT(refuses), 1, 0, ERR_REFUSED },
};

void es10b_loads_a_bound_package(void)
{
    struct buf bpp = bound_package();
    bpp.at[2] = (uint8_t)(bpp.len - 3);
    for (size_t i = 0; i < COUNT(loads); i++) {
        struct world w;
        struct script s;
        struct es10b_load_bound_profile_package_response out;
        struct es10_card c = open_card(&w, &s, loads[i].answers, loads[i].count);
        CHECK_ROW(loads[i].name, es10b_load_bound_profile_package(&c, buf_span(&bpp), &out) == loads[i].want);
        CHECK_ROW(loads[i].name, out.segments == loads[i].segments && s.commands == loads[i].segments);
        CHECK_ROW(loads[i].name, out.received.len == loads[i].received);
        buf_release(&out.received);
        close_card(&w, &s);
    }
    buf_release(&bpp);
}

static const struct {
    const char *name;
    struct answer answer;
    enum err want;
} hostile[] = {
    { "an unknown command", { "00", "", 0x9000 }, ERR_REFUSED },
    { "a refusal", { "bf3e", "", 0x6985 }, ERR_REFUSED },
    { "success without data", { "bf3e", "", 0x9000 }, ERR_PARSE },
    { "the answer to another command", { "bf3e", CHALLENGE, 0x9000 }, ERR_PARSE },
    { "an answer cut short", { "bf3e", "bf3e125a10890490", 0x9000 }, ERR_PARSE },
    { "an EID of fifteen octets", { "bf3e", "bf3e115a0f890490321234512345123456789012", 0x9000 }, ERR_PARSE },
    { "something behind the answer",
      { "bf3e", "bf3e125a108904903212345123451234567890123500", 0x9000 },
      ERR_PARSE },
};

void es10b_refuses_hostile_cards(void)
{
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct world w;
        struct script s;
        uint8_t eid[16] = { 0x77 };
        struct es10_card c = open_card(&w, &s, &hostile[i].answer, 1);
        CHECK_ROW(hostile[i].name, es10b_get_eid(&c, eid) == hostile[i].want);
        CHECK_ROW(hostile[i].name, eid[0] == 0x77);
        close_card(&w, &s);
    }
}
