/* The baseband: attach to the home network with the keys of the enabled profile (3GPP TS 31.102, TS 33.102). */
#include <stdio.h>
#include <string.h>

#include "ipa_internal.h"
#include "json.h"
#include "wire.h"

enum err ipa_network_call(struct ipa *i, const char *method, const char *url, const json_t *body, int *status,
                          json_t **answer)
{
    struct buf text = { .max = 4096 };
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header headers[] = { { "Content-Type", "application/json" } };
    char why[160];
    *answer = NULL;
    *status = 0;
    enum err e = body ? json_write(body, &text) : ERR_OK;
    const struct http_call q = { .method = method, .url = url, .headers = headers, .header_count = COUNT(headers),
                                 .body = buf_span(&text) };
    if (!e)
        e = http_send(i->env->http, &q, &p);
    if (!e)
        *status = p.status;
    if (!e && p.body.len)
        e = json_read(buf_span(&p.body), answer, why);
    http_response_release(&p);
    buf_release(&text);
    return e;
}

/* --- the SIM ------------------------------------------------------------------------------------------- */

static enum err send(struct ipa *i, struct span command, struct buf *data)
{
    uint16_t sw = 0;
    enum err e = apdu_send(i->card.card, command, data, &sw);
    return e ? e : apdu_success(sw) ? ERR_OK : ERR_REFUSED;
}

/* EF.IMSI: length, then parity nibble and digits, nibbles swapped (TS 31.102 4.2.2). */
static enum err read_imsi(struct ipa *i, char imsi[16])
{
    struct buf data = { .max = 512 };
    size_t n = 0;
    enum err e = send(i, SPAN(0x00, 0xa4, 0x04, 0x04, 0x07, 0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02), &data);
    if (!e)
        e = send(i, SPAN(0x00, 0xa4, 0x00, 0x04, 0x02, 0x6f, 0x07), &data);
    if (!e)
        e = send(i, SPAN(0x00, 0xb0, 0x00, 0x00, 0x09), &data);
    if (!e && (data.len < 2 || data.at[0] > 8 || data.len < 1u + data.at[0]))
        e = ERR_PARSE;
    for (size_t k = 1; !e && k < 2u * data.at[0]; k++) {
        uint8_t digit = k % 2 ? data.at[1 + k / 2] >> 4 : data.at[1 + k / 2] & 15;
        if (digit < 10 && n < 15)
            imsi[n++] = (char)('0' + digit);
    }
    imsi[n] = 0;
    buf_release(&data);
    return e;
}

static enum err authenticate(struct ipa *i, struct span rand, struct span autn, json_t *answer)
{
    struct buf command = { .max = 64 }, data = { .max = 512 };
    enum err e = rand.len == 16 && autn.len == 16 ? buf_put(&command, SPAN(0x00, 0x88, 0x00, 0x81, 0x22, 0x10))
                                                  : ERR_PARSE;
    if (!e)
        e = buf_put(&command, rand);
    if (!e)
        e = buf_put_u8(&command, 0x10);
    if (!e)
        e = buf_put(&command, autn);
    if (!e)
        e = buf_put_u8(&command, 0x00);
    if (!e)
        e = send(i, buf_span(&command), &data);
    if (!e && data.len && data.at[0] == 0xdc && data.len >= 2 && data.len >= 2u + data.at[1])
        e = json_set_hex(answer, "auts", span_of(data.at + 2, data.at[1]));
    else if (!e && data.len && data.at[0] == 0xdb && data.len >= 2 && data.len >= 2u + data.at[1])
        e = json_set_hex(answer, "res", span_of(data.at + 2, data.at[1]));
    else if (!e)
        e = ERR_PARSE;
    if (data.at)
        memory_clear(data.at, data.len); /* CK and IK were in it */
    buf_release(&data);
    buf_release(&command);
    return e;
}

/* --- attach ------------------------------------------------------------------------------------------ */

static const struct ipa_network *home_network(const struct ipa *i, const char *imsi)
{
    for (size_t k = 0; k < i->network_count; k++)
        if (strncmp(imsi, i->networks[k].plmn, strlen(i->networks[k].plmn)) == 0)
            return &i->networks[k];
    return NULL;
}

/* One challenge and its answer. *again: a new challenge came after a resynchronisation. */
static enum err answer_challenge(struct ipa *i, const char *url, json_t **challenge, bool *again, char session[64])
{
    struct buf rand = { .max = 16 }, autn = { .max = 16 };
    json_t *body = json_object(), *next = NULL;
    int status = 0;
    *again = false;
    enum err e = body ? json_hex(*challenge, "rand", &rand) : ERR_NOMEM;
    if (!e)
        e = json_hex(*challenge, "autn", &autn);
    if (!e)
        e = authenticate(i, buf_span(&rand), buf_span(&autn), body);
    if (!e)
        e = ipa_network_call(i, "POST", url, body, &status, &next);
    if (!e && status != 200)
        e = ERR_REFUSED;
    if (!e && json_str(next, "rand"))
        *again = true;
    else if (!e && json_str(next, "sessionId"))
        snprintf(session, 64, "%s", json_str(next, "sessionId"));
    else if (!e)
        e = ERR_PARSE;
    json_decref(*challenge);
    *challenge = next;
    json_decref(body);
    buf_release(&rand);
    buf_release(&autn);
    return e;
}

static enum err attach_to(struct ipa *i, const struct ipa_network *network, const char *imsi)
{
    char url[IPA_URL_MAX + 64];
    int status = 0;
    bool again = true;
    json_t *challenge = NULL, *body = json_pack("{s:s, s:s, s:s}", "imsi", imsi, "imei", i->imei, "country",
                                                i->country);
    snprintf(url, sizeof url, "%s/v1/attach", network->base_url);
    enum err e = body ? ipa_network_call(i, "POST", url, body, &status, &challenge) : ERR_NOMEM;
    ipa_tell_trouble(i, "the network", network->base_url, e);
    if (!e && status != 200) {
        const char *cause = json_str(challenge, "cause");
        LOG(i->env->log, LOG_INFO, "attach.refused", F_TEXT("device", i->name), F_INT("status", status),
            F_TEXT("cause", cause ? cause : "unknown"));
        e = ERR_REFUSED;
    }
    const char *id = e ? NULL : json_str(challenge, "attachId");
    if (!e && !id)
        e = ERR_PARSE;
    if (!e)
        snprintf(url, sizeof url, "%s/v1/attach/%s/authenticate", network->base_url, id);
    for (int rounds = 0; !e && again && rounds < 2; rounds++)
        e = answer_challenge(i, url, &challenge, &again, i->session);
    if (!e && again)
        e = ERR_REFUSED;
    json_decref(challenge);
    json_decref(body);
    return e;
}

/* A device tries again and again: what is in its way is said once, until that is another thing. */
static bool is_news(struct ipa *i, const char *in_the_way)
{
    bool same = i->in_the_way && strcmp(i->in_the_way, in_the_way) == 0;
    i->in_the_way = in_the_way;
    return !same;
}

enum err ipa_attach(struct ipa *i)
{
    char imsi[sizeof i->imsi] = "";
    enum err e = read_imsi(i, imsi);
    /* A card that does not answer leaves it as it was: it may be the one to return to. */
    if (!e || e == ERR_REFUSED)
        memcpy(i->imsi, imsi, sizeof imsi);
    if (e == ERR_REFUSED && is_news(i, "no profile"))
        LOG(i->env->log, LOG_INFO, "attach.no_profile", F_TEXT("device", i->name));
    const struct ipa_network *network = e ? NULL : home_network(i, imsi);
    if (!e && !network) {
        e = ERR_REFUSED;
        if (is_news(i, "no network"))
            LOG(i->env->log, LOG_WARN, "attach.no_network", F_TEXT("device", i->name));
    }
    if (!e)
        e = attach_to(i, network, imsi);
    if (e)
        return e;
    i->network = network;
    i->in_the_way = NULL;
    LOG(i->env->log, LOG_INFO, "attach.done", F_TEXT("device", i->name), F_TEXT("plmn", network->plmn),
        F_TEXT("country", i->country));
    return ERR_OK;
}

/* The challenge that comes back is left unanswered: asking costs the network one vector and changes nothing. */
enum err ipa_network_is_there(struct ipa *i, const char *imsi, bool *there)
{
    char url[IPA_URL_MAX + 64];
    int status = 0;
    const struct ipa_network *network = home_network(i, imsi);
    *there = false;
    if (!network)
        return ERR_OK;
    json_t *answer = NULL, *body = json_pack("{s:s, s:s, s:s}", "imsi", imsi, "imei", i->imei, "country", i->country);
    snprintf(url, sizeof url, "%s/v1/attach", network->base_url);
    enum err e = body ? ipa_network_call(i, "POST", url, body, &status, &answer) : ERR_NOMEM;
    *there = !e && status == 200;
    json_decref(answer);
    json_decref(body);
    return e == ERR_IO || e == ERR_TIMEOUT ? ERR_OK : e;
}

void ipa_detach(struct ipa *i)
{
    if (!i->network)
        return;
    LOG(i->env->log, LOG_INFO, "bearer.down", F_TEXT("device", i->name), F_TEXT("plmn", i->network->plmn));
    i->network = NULL;
    http_client_drop_connections(i->env->http);
}

enum err ipa_check_bearer(struct ipa *i)
{
    char url[IPA_URL_MAX + 96];
    int status = 0;
    json_t *answer = NULL, *body = json_pack("{s:s}", "country", i->country);
    snprintf(url, sizeof url, "%s/v1/sessions/%s/check", i->network->base_url, i->session);
    enum err e = body ? ipa_network_call(i, "POST", url, body, &status, &answer) : ERR_NOMEM;
    bool online = !e && status == 200 && json_is_true(json_object_get(answer, "online"));
    json_decref(answer);
    json_decref(body);
    if (!online) {
        ipa_detach(i);
        return e && e != ERR_IO && e != ERR_TIMEOUT ? e : ERR_REFUSED;
    }
    return ERR_OK;
}
