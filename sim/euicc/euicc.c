#include <stdlib.h>
#include <string.h>

#include "euicc_internal.h"
#include "rsp_eim_configuration.h"
#include "saip.h"

struct span list_contents(const struct buf *list)
{
    return list->len ? buf_span(list) : span_str("");
}

/* ---- transaction
 * ------------------------------------------------------------------------------------------------
 */
const struct state *euicc_state(const struct euicc *e)
{
    return e->next ? e->next : e->now;
}

enum err euicc_change(struct euicc *e, struct state **out)
{
    enum err err = e->next ? ERR_OK : state_copy(e->now, &e->next);
    *out = e->next;
    return err;
}

void euicc_discard(struct euicc *e)
{
    state_free(e->next);
    e->next = NULL;
}

struct state *euicc_return_to(struct euicc *e, struct state *kept)
{
    euicc_discard(e);
    return e->next = kept;
}

static enum err save(struct euicc *e, const struct state *s)
{
    if (!e->nvm)
        return ERR_OK;
    struct buf blob = { .max = EUICC_STATE_MAX };
    enum err err = state_write(e->env.crypto, s, e->eid, &blob);
    if (!err)
        err = e->nvm->ops->save(e->nvm, buf_span(&blob));
    if (blob.at)
        memory_clear(blob.at, blob.len);
    buf_release(&blob);
    return err;
}

enum err euicc_commit(struct euicc *e)
{
    if (!e->next)
        return ERR_OK;
    enum err err = save(e, e->next);
    if (err) {
        euicc_discard(e);
        return err == ERR_CUT
                   ? err
                   : log_fail(e->env.log, err, "nvm", "the card's memory could not be saved");
    }
    state_free(e->now);
    e->now = e->next;
    e->next = NULL;
    return ERR_OK;
}

/* ---- identity
 * -----------------------------------------------------------------------------------------------------
 */
unsigned euicc_credential_of(const struct euicc *e, struct span ci)
{
    for (size_t i = 0; i < e->credential_count; i++)
        if (span_equal(SPAN_ARRAY(e->credentials[i].ci), ci))
            return (unsigned)i;
    return EUICC_NO_CREDENTIAL;
}

enum err euicc_sign(struct euicc *e, unsigned credential, const struct span *tbs, size_t count,
                    struct ec_signature *out)
{
    struct credential *c = &e->credentials[credential < e->credential_count ? credential : 0];
    enum err err =
        c->parsed ? ERR_OK
                  : ec_key_from_scalar(e->env.crypto, c->curve, secret_span(&c->key), &c->parsed);
    return err ? err : ec_sign(e->env.crypto, c->parsed, tbs, count, out);
}

enum err euicc_sign_tbs(struct euicc *e, unsigned credential, const struct rsp_tbs *tbs,
                        struct ec_signature *out)
{
    return euicc_sign(e, credential, tbs->part, tbs->count, out);
}

static bool contains(struct span haystack, struct span needle)
{
    return memmem(haystack.at, haystack.len, needle.at, needle.len) != NULL;
}

/* The key must be the certificate's, and the EUM certificate must tell its CI: else nothing that
 * the card signs would ever verify. The eUICC's own certificate is not parsed: a world has many
 * cards and one cache.
 */
static enum err take_credential(struct euicc *e, const struct euicc_credential *from,
                                struct credential *to)
{
    const struct cert *eum = NULL;
    struct ec_point point;
    enum err err = cert_load(e->env.crypto, from->eum_certificate, &eum);
    if (err)
        return log_fail(e->env.log, ERR_CONFIG, "SGP.22 4.5.2",
                        "the EUM certificate is no certificate for RSP");
    to->curve = eum->curve;
    memcpy(to->ci, eum->aki, sizeof to->ci);
    err = secret_set(&to->key, from->key);
    if (!err)
        err = ec_key_from_scalar(e->env.crypto, to->curve, from->key, &to->parsed);
    if (err)
        return log_fail(e->env.log, ERR_CONFIG, "SGP.22 4.5.2",
                        "the eUICC key is no private scalar of its curve");
    ec_key_point(to->parsed, &point);
    if (!eum->has_aki || !contains(from->certificate, SPAN_ARRAY(point.at)))
        return log_fail(e->env.log, ERR_CONFIG, "SGP.22 4.5.2",
                        "the eUICC key is not that of its certificate");
    err = shared_new(from->certificate, &to->certificate);
    return err ? err : shared_new(from->eum_certificate, &to->eum_certificate);
}

static enum err take_credentials(struct euicc *e, const struct euicc_settings *s)
{
    if (!s->credential_count || s->credential_count > EUICC_CREDENTIALS_MAX || !s->trust)
        return log_fail(e->env.log, ERR_CONFIG, "SGP.22 4.5.2",
                        "an eUICC has 1 to 4 certificates and a trust store");
    for (size_t i = 0; i < s->credential_count; i++) {
        enum err err = take_credential(e, &s->credentials[i], &e->credentials[i]);
        e->credential_count = i + 1;
        if (err)
            return err;
    }
    return ERR_OK;
}

static void drop_parsed_keys(struct euicc *e)
{
    for (size_t i = 0; i < e->credential_count; i++) {
        ec_key_free(e->credentials[i].parsed);
        e->credentials[i].parsed = NULL;
    }
}

/* ---- first start
 * ------------------------------------------------------------------------------------------------
 */
static enum err preload(struct euicc *e, const struct euicc_profile *p)
{
    struct buf sima = { .max = SAIP_ANSWER_MAX };
    int64_t reason;
    uint8_t aid[16];
    struct install i = { .metadata = p->metadata,
                         .upp = p->upp,
                         .enabled = p->enabled,
                         .fallback = p->fallback,
                         .preloaded = true };
    enum err err = install_profile(e, &i, &reason, &sima, aid);
    buf_release(&sima);
    if (err || reason == INSTALL_OK)
        return err;
    LOG(e->env.log, LOG_ERROR, "euicc.preload", F_INT("reason", reason));
    return log_fail(e->env.log, ERR_CONFIG, "SGP.22 5.5.5",
                    "a preloaded profile cannot be installed");
}

static enum err preload_eims(struct euicc *e, struct state *s, struct span list)
{
    struct der d = der_open(list);
    enum err err = ERR_OK;
    while (!err && !der_at_end(&d)) {
        struct rsp_eim_configuration c;
        struct rsp_int token;
        int64_t code = 0;
        err = rsp_eim_configuration_next(&d, &c);
        if (!err)
            err = eim_add(e, s, &c, &code, &token);
        if (!err && code)
            err = ERR_CONFIG;
    }
    return err ? log_fail(e->env.log, ERR_CONFIG, "SGP.32 5.9.4",
                          "a preloaded eIM cannot be configured")
               : ERR_OK;
}

static bool at_most_one_of_each(const struct euicc_settings *s)
{
    unsigned enabled = 0, fallback = 0;
    for (size_t i = 0; i < s->profile_count; i++) {
        enabled += s->profiles[i].enabled;
        fallback += s->profiles[i].fallback;
    }
    return enabled <= 1 && fallback <= 1;
}

static enum err make_first_state(struct euicc *e, const struct euicc_settings *s)
{
    struct state *next;
    if (!at_most_one_of_each(s))
        return log_fail(e->env.log, ERR_CONFIG, "SGP.32 2.9",
                        "two profiles enabled, or two with the fallback attribute");
    enum err err = state_new(&e->now);
    if (!err)
        err = euicc_change(e, &next);
    if (!err && s->default_dp_address)
        err = shared_set(&next->default_dp, span_str(s->default_dp_address));
    if (!err && s->root_ds_address)
        err = shared_set(&next->root_ds, span_str(s->root_ds_address));
    for (size_t i = 0; !err && i < s->profile_count; i++)
        err = preload(e, &s->profiles[i]);
    if (!err)
        err = preload_eims(e, next, s->eim);
    return err ? err : euicc_commit(e);
}

static enum err load_state(struct euicc *e, struct state **out)
{
    struct buf blob = { .max = EUICC_STATE_MAX };
    const char *why = "unreadable";
    enum err err = e->nvm->ops->load(e->nvm, &blob);
    if (!err)
        err = state_read(e->env.crypto, e->contents, buf_span(&blob), e->eid, out, &why);
    if (err && err != ERR_NOT_FOUND) {
        LOG(e->env.log, LOG_ERROR, "euicc.memory", F_HEX("eid", SPAN_ARRAY(e->eid)),
            F_TEXT("why", why));
        err = log_fail(e->env.log, err, "nvm", why);
    }
    if (blob.at)
        memory_clear(blob.at, blob.len);
    buf_release(&blob);
    return err;
}

static enum err start(struct euicc *e, const struct euicc_settings *s)
{
    enum err err = e->nvm ? load_state(e, &e->now) : ERR_NOT_FOUND;
    return err == ERR_NOT_FOUND ? make_first_state(e, s) : err;
}

/* ---- card
 * -----------------------------------------------------------------------------------------------------------
 */
static void power_off(struct euicc *e)
{
    euicc_discard(e);
    usim_close(e);
    session_release(e);
    for (unsigned i = 0; i < EUICC_CHANNELS; i++)
        channel_close(&e->channels[i]);
    drop_parsed_keys(e);
    e->cat = (struct cat){ 0 };
    e->powered = false;
}

/* What a cut left in memory counts, not what this process remembers. */
static enum err reload(struct euicc *e)
{
    struct state *stored = NULL;
    enum err err = e->nvm ? load_state(e, &stored) : ERR_OK;
    if (!err && stored) {
        state_free(e->now);
        e->now = stored;
    }
    return err;
}

static enum err euicc_card_reset(struct card *card, struct buf *atr)
{
    /* TS 102 221 6.3.3: 02 behind T=15 says that there are eUICC-related functions. */
    static const uint8_t answer[] = { 0x3b, 0x9f, 0x96, 0x80, 0x3f, 0xc7, 0x02, 0x80,
                                      0x31, 0xa0, 0x73, 0xbe, 0x21, 0x13, 0x67, 0x43,
                                      0x20, 0x07, 0x18, 0x00, 0x00, 0x01, 0x87 };
    struct euicc *e = (struct euicc *)card;
    power_off(e);
    enum err err = reload(e);
    if (!err)
        err = interruption_report(e);
    if (!err)
        err = euicc_commit(e);
    if (err) {
        euicc_discard(e);
        return err;
    }
    e->powered = true;
    e->channels[0].open = true;
    return buf_set(atr, SPAN_ARRAY(answer));
}

static enum err euicc_card_transmit(struct card *card, struct span command, struct buf *response)
{
    struct euicc *e = (struct euicc *)card;
    buf_clear(response);
    if (!e->powered)
        return log_fail(e->env.log, ERR_IO, "card", "the card has no power: reset it first");
    enum err err = apdu_process(e, command, response);
    euicc_discard(e);
    if (err == ERR_CUT) {
        buf_clear(response);
        power_off(e);
    }
    return err;
}

static void euicc_card_close(struct card *card)
{
    power_off((struct euicc *)card);
}

struct card *euicc_card(struct euicc *e)
{
    return &e->card;
}

static void take_flags(struct euicc *e, const struct euicc_settings *s)
{
    memcpy(e->eid, s->eid, sizeof e->eid);
    e->trust = s->trust;
    e->memory = s->memory ? s->memory : 512u << 10;
    e->eim_max = s->eim_max && s->eim_max < EUICC_EIMS_MAX ? s->eim_max : 4;
    e->counter_max = s->counter_max ? s->counter_max : RSP_COUNTER_MAX;
    static const uint8_t version[3] = { 2, 5, 0 }, none[3] = { 0 };
    memcpy(e->svn, memcmp(s->svn, none, sizeof none) ? s->svn : version, sizeof e->svn);
    e->no_fallback = s->no_fallback;
    e->no_ecall = s->no_ecall;
    e->no_crl = s->no_crl;
    e->no_test_profile = s->no_test_profile;
    e->ipae = s->ipae;
    e->sgp22_only = s->sgp22_only;
    e->v1_3 = s->v1_3;
    e->wire = s->wire;
    e->no_eim_reset = s->no_eim_reset;
    e->no_immediate_enable = s->no_immediate_enable;
    e->interruption_leaves_result = s->interruption_leaves_result;
    e->strict_services = s->strict_services;
    e->nvm = s->nvm;
    e->contents = s->contents;
}

static enum err judge_consumer(const struct euicc *e, const struct euicc_settings *s)
{
    return s->sgp22_only && (s->ipae || s->v1_3 || s->eim.len)
               ? log_fail(e->env.log, ERR_CONFIG, "SGP.22", "a consumer card has no eIM, no IPAe and no version of SGP.32")
               : ERR_OK;
}

enum err euicc_new(const struct env *env, const struct euicc_settings *s, struct euicc **out)
{
    static const struct card_ops ops = { "in-process", euicc_card_reset, euicc_card_transmit,
                                         euicc_card_close };
    *out = NULL;
    struct euicc *e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->card.ops = &ops;
    e->env = *env;
    take_flags(e, s);
    enum err err = judge_consumer(e, s);
    if (!err)
        err = take_credentials(e, s);
    if (!err)
        err = rat_take(e, s->rat);
    if (!err)
        err = start(e, s);
    drop_parsed_keys(e);
    if (err)
        euicc_free(e);
    else
        *out = e;
    return err;
}

void euicc_free(struct euicc *e)
{
    if (!e)
        return;
    power_off(e);
    for (size_t i = 0; i < e->credential_count; i++) {
        shared_release(e->credentials[i].certificate);
        shared_release(e->credentials[i].eum_certificate);
        secret_release(&e->credentials[i].key);
    }
    shared_release(e->rat);
    state_free(e->now);
    free(e);
}

size_t euicc_footprint(const struct euicc *e)
{
    size_t n = sizeof *e + state_footprint(e->now) + usim_footprint(e->usim);
    for (size_t i = 0; i < e->credential_count; i++)
        n += shared_span(e->credentials[i].certificate).len +
             shared_span(e->credentials[i].eum_certificate).len;
    for (unsigned i = 0; i < EUICC_CHANNELS; i++)
        n += e->channels[i].request.cap + e->channels[i].response.cap;
    return n;
}
