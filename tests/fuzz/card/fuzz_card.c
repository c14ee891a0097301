/* A software eUICC under any commands. The first octet chooses: even, the rest are APDUs, each
 * behind its length; odd, the rest are ES10 messages, TLV by TLV, sent by STORE DATA to the ISD-R.
 * The card, which has an enabled profile and an emergency profile that is its fallback too, answers
 * each one or says why not. */
#include <stdlib.h>

#include "apdu.h"
#include "certs.h"
#include "der.h"
#include "euicc.h"
#include "rsp_store_metadata.h"
#include "saip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

#define EPOCH INT64_C(1767225600000) /* 2026-01-01 */
#define EID "89049032123451234512345678901235"

struct world {
    struct clock_virtual clock;
    struct log log;
    struct env env;
    struct pki *pki;
    struct trust *trust;
    struct pki_euicc identity;
    struct buf metadata[2], upp[2];
};

/* Before the end element: EF 6FF8 of the USIM, 64 octets for BER-TLV objects, two of them there, that anybody may set; and
 * EF.SUCI_Calc_Info_USIM with two keys, that anybody may write. */
static void add_files(struct buf *upp)
{
    static const char element[] = "a12ca003810177a125302380027fd06211820279218302"
                                  "6ff88b036f060580020040810a8003010203a103040155"
                                  "bd72a003810178810667810f01020ea202a100a35fa1088b036f0605800160"
                                  "8353a00401010202a14b"
                                  "80011e81205a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650"
                                  "80011b81210272da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1";
    struct buf octets = { .max = 256 };
    uint8_t end[9];
    require(hex_decode(span_str(element), &octets) == ERR_OK);
    upp->len -= sizeof end;
    for (size_t i = 0; i < sizeof end; i++)
        end[i] = upp->at[upp->len + i];
    require(buf_put(upp, buf_span(&octets)) == ERR_OK && buf_put(upp, SPAN_ARRAY(end)) == ERR_OK);
    buf_release(&octets);
}

static void make_profile(struct world *w, size_t i, const char *iccid)
{
    static const struct aka_params keys = { .algorithm = AKA_MILENAGE, .k_len = 16, .res_len = 8 };
    struct saip_subscription s = { .imsi = "262019876543210",
                                   .aka = &keys,
                                   .connectivity = span_str("5B") };
    require(saip_iccid_parse(iccid, s.iccid) == ERR_OK);
    const struct rsp_store_metadata m = { .iccid = SPAN_ARRAY(s.iccid),
                                          .service_provider_name = span_str("Lab"),
                                          .profile_name = span_str("fuzz"),
                                          .ecall_indication = i == 1,
                                          .fallback_allowed = i == 1 };
    w->metadata[i].max = w->upp[i].max = 8192;
    require(saip_minimal_usim(&s, &w->upp[i]) == ERR_OK);
    add_files(&w->upp[i]);
    require(rsp_store_metadata_write(&m, &w->metadata[i]) == ERR_OK);
}

static void world_init(struct world *w)
{
    clock_virtual_init(&w->clock, EPOCH);
    require(crypto_new_seeded(span_str("fuzz"), &w->env.crypto) == ERR_OK);
    require(pki_new(w->env.crypto, EPOCH, &w->pki) == ERR_OK);
    require(pki_trust(w->pki, &w->trust) == ERR_OK);
    require(certs_issue_euicc(w->pki, "CERT_EUICC_ECDSA_NIST", EID, &w->identity) == ERR_OK);
    make_profile(w, 0, "89000123456789012341");
    make_profile(w, 1, "89000123456789012358");
    w->env.clock = &w->clock.clock;
    w->env.rng = crypto_rng(w->env.crypto);
    w->env.log = &w->log;
}

static struct euicc *make_card(struct world *w)
{
    struct euicc_credential credential = { buf_span(&w->identity.certificate),
                                           w->identity.eum_certificate,
                                           secret_span(&w->identity.key) };
    const struct euicc_profile profiles[] = {
        { buf_span(&w->metadata[0]), buf_span(&w->upp[0]), true, false },
        { buf_span(&w->metadata[1]), buf_span(&w->upp[1]), false, true },
    };
    struct euicc_settings settings = { .credentials = &credential,
                                       .credential_count = 1,
                                       .trust = w->trust,
                                       .profiles = profiles,
                                       .profile_count = 2,
                                       .ipae = true };
    struct buf eid = { .max = 16 };
    struct euicc *card = NULL;
    require(hex_decode(span_str(EID), &eid) == ERR_OK);
    for (size_t i = 0; i < eid.len; i++)
        settings.eid[i] = eid.at[i];
    require(euicc_new(&w->env, &settings, &card) == ERR_OK);
    buf_release(&eid);
    return card;
}

static void send_apdus(struct card *card, struct span input)
{
    struct buf response = { .max = CARD_RESPONSE_MAX };
    while (input.len > 1) {
        struct span command = span_sub(input, 1, input.at[0]);
        input = span_sub(input, 1 + command.len, input.len);
        require(card_transmit(card, command, &response) == ERR_OK);
        require(response.len >= 2);
    }
    buf_release(&response);
}

static void send_messages(struct card *card, struct span input)
{
    struct buf response = { .max = APDU_ES10_RESPONSE_MAX };
    struct der d = der_open(input);
    struct der_tlv message;
    unsigned channel = 0;
    uint16_t sw = 0;
    require(apdu_open_isd_r(card, &channel, &response, &sw) == ERR_OK);
    while (!der_at_end(&d) && der_next(&d, &message) == ERR_OK)
        require(apdu_store_data(card, channel, 0, message.whole, &response, &sw) == ERR_OK);
    buf_release(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    static bool made;
    struct buf atr = { .max = CARD_ATR_MAX };
    if (!made)
        world_init(&world);
    made = true;
    struct euicc *euicc = make_card(&world);
    require(card_reset(euicc_card(euicc), &atr) == ERR_OK);
    struct span input = span_sub(span_of(data, size), 1, size);
    if (size && data[0] & 1)
        send_messages(euicc_card(euicc), input);
    else
        send_apdus(euicc_card(euicc), input);
    euicc_free(euicc);
    buf_release(&atr);
    return 0;
}
