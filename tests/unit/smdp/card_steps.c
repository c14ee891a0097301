/* What the tests do with a profile once it is on the card. */
#include <string.h>

#include "aka.h"
#include "rsp_ids.h"
#include "smdp_tests.h"

unsigned command(struct lab *l, struct span apdu, struct buf *out)
{
    buf_clear(out);
    REQUIRE(card_transmit(l->card.card, apdu, out) == ERR_OK && out->len >= 2);
    unsigned sw = (unsigned)out->at[out->len - 2] << 8 | out->at[out->len - 1];
    out->len -= 2;
    if (sw >> 8 != 0x61)
        return sw;
    return command(l, SPAN(0x00, 0xc0, 0x00, 0x00, (uint8_t)sw), out);
}

void use_profile(struct lab *l, const char *digits, struct buf *answer)
{
    uint8_t iccid[10];
    int64_t code = -1;
    REQUIRE(rsp_iccid_parse(digits, iccid) == ERR_OK);
    REQUIRE(es10b_enable_profile(&l->card.es, SPAN_ARRAY(iccid), false, &code) == ERR_OK && code == 0);
    lab_card_reset(&l->card);
    REQUIRE(command(l, SPAN(0x00, 0xa4, 0x04, 0x04, 0x07, 0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02), answer) == 0x9000);
}

bool authenticates(struct lab *l, const char *iccid, const char *k_hex, const char *opc_hex)
{
    static const uint8_t sqn[6] = { 0, 0, 0, 0, 1, 0 }, amf[2] = { 0x80, 0x00 }, challenge[16] = { 1, 2, 3 };
    struct aka_vector v;
    struct buf answer = { .max = 300 }, k = hex(k_hex), opc = hex(opc_hex), apdu = { .max = 64 };
    struct aka_params p = { .algorithm = AKA_MILENAGE, .k_len = 16, .res_len = 8 };
    uint8_t hidden[6];
    REQUIRE(k.len == 16 && opc.len == 16);
    memcpy(p.k, k.at, 16);
    memcpy(p.opc, opc.at, 16);
    use_profile(l, iccid, &answer);
    REQUIRE(aka_compute(l->crypto, &p, challenge, sqn, amf, &v) == ERR_OK);
    for (size_t i = 0; i < sizeof hidden; i++)
        hidden[i] = sqn[i] ^ v.ak[i];
    REQUIRE(buf_put(&apdu, SPAN(0x00, 0x88, 0x00, 0x81, 0x22, 0x10)) == ERR_OK);
    REQUIRE(buf_put(&apdu, SPAN_ARRAY(challenge)) == ERR_OK && buf_put_u8(&apdu, 0x10) == ERR_OK);
    REQUIRE(buf_put(&apdu, SPAN_ARRAY(hidden)) == ERR_OK && buf_put(&apdu, SPAN_ARRAY(amf)) == ERR_OK);
    REQUIRE(buf_put(&apdu, SPAN_ARRAY(v.mac_a)) == ERR_OK);
    bool right = command(l, buf_span(&apdu), &answer) == 0x9000 && answer.len > 10 && answer.at[0] == 0xdb &&
                 span_equal(span_of(answer.at + 2, 8), span_of(v.res, 8));
    buf_release(&answer);
    buf_release(&apdu);
    buf_release(&k);
    buf_release(&opc);
    return right;
}
