/* Downloads that are ordered without an activation code, relayed (SGP.32 v1.2 3.2.3.2): whom a session is with, and ES11', where
 * the eIM asks the SM-DS in the eUICC's name and makes an activation code of the event that it finds. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "es11.h"
#include "es_codes.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

/* Where the order left it open, the device knows: its card's default SM-DP+, or root SM-DS. */
static enum err take_address(struct span given, struct span asked, char out[256])
{
    struct span address = given.len ? given : asked;
    if (!rsp_address_is_valid(address) || address.len >= 256)
        return ERR_REFUSED;
    snprintf(out, 256, "%.*s", (int)address.len, (const char *)address.at);
    return ERR_OK;
}

enum err eim_download_target(const struct eim_order *o, struct span asked, struct rsp_activation_code *code, bool *smds)
{
    struct rsp_profile_download_data data;
    *smds = false;
    *code = (struct rsp_activation_code){ 0 };
    enum err x = o->activation_code.len ? rsp_activation_code_parse(buf_span(&o->activation_code), code) : ERR_OK;
    /* A code that an event became stands beside the order's own words: the device may also begin again at the SM-DS. */
    if (x || !o->parameters || (code->smdp_address[0] && rsp_address_equal(asked, span_str(code->smdp_address))))
        return x;
    *code = (struct rsp_activation_code){ 0 };
    x = eim_order_contact(o, &data);
    *smds = !x && data.which == RSP_DOWNLOAD_SMDS;
    return x ? x : take_address(data.smds_address, asked, code->smdp_address);
}

/* The oldest event; what else waits is the next order's. ERR_NOT_FOUND: none. */
static enum err first_event(struct span entries, struct buf *code)
{
    struct der list = der_open(entries);
    struct rsp_event_entry entry;
    if (der_at_end(&list))
        return ERR_NOT_FOUND;
    enum err x = rsp_event_entry_next(&list, &entry);
    if (!x && (!rsp_address_is_valid(entry.rsp_server_address) || !rsp_matching_id_is_valid(entry.event_id)))
        x = ERR_PARSE;
    if (!x)
        x = buf_put_str(code, "1$");
    if (!x)
        x = buf_put(code, entry.rsp_server_address);
    if (!x)
        x = buf_put_str(code, "$");
    return x ? x : buf_put(code, entry.event_id);
}

/* From here on the order has a code, as if it had been ordered with it; also after a restart. */
static enum err keep_code(struct eim *e, const char *order_id, const struct buf *code)
{
    struct eim_order o;
    eim_order_init(&o);
    enum err x = db_begin(e->env->db);
    if (x)
        return x;
    x = eim_order_get(e, order_id, &o);
    if (!x && o.state != EIM_SENT)
        x = ERR_NOT_FOUND;
    if (!x)
        x = buf_set(&o.activation_code, buf_span(code));
    if (!x)
        x = eim_order_update(e, &o);
    eim_order_release(&o);
    return db_end(e->env->db, x);
}

static enum err answer_event(struct eim *e, const char *order_id, struct span transaction_id,
                             const struct rsp_authenticate_client_ok_es11 *found,
                             struct rsp_authenticate_client_response_esipa *out, struct buf *code)
{
    *out = (struct rsp_authenticate_client_response_esipa){ .which = RSP_AC_ESIPA_OK_DS,
                                                            .ds = { .transaction_id = transaction_id } };
    enum err x = first_event(found->event_entries, code);
    if (x == ERR_NOT_FOUND)
        return ERR_OK;
    if (!x)
        x = keep_code(e, order_id, code);
    out->ds.has_trigger = true;
    out->ds.trigger = (struct rsp_profile_download_trigger_request){
        .has_data = true,
        .data = { .which = RSP_DOWNLOAD_ACTIVATION_CODE, .activation_code = buf_span(code) },
    };
    return x;
}

/* ESipa has a number of its own for an eventId that the SM-DS does not know. */
static int64_t number_of(const struct es_status *status)
{
    int64_t number = es_code_of_status(ES11_CODES_AUTHENTICATE_CLIENT, status);
    return number == 6 ? RSP_AUTHENTICATE_CLIENT_EVENT_ID_UNKNOWN
                       : es_code_of_status(ES9P_CODES_AUTHENTICATE_CLIENT, status);
}

enum err eim_relay_discovery(struct eim *e, const struct es_peer *smds, const char *order_id,
                             const struct rsp_authenticate_client_request *q, struct buf *answer)
{
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status = { 0 };
    struct buf code = { .max = 1024 };
    struct rsp_authenticate_client_ok_es11 found = { 0 };
    struct rsp_authenticate_client_response_esipa out;
    enum err x = eim_unreachable(e, es11_authenticate_client(smds, q, &m, &found, &status), &status);
    if (!x && es_refused(&status))
        out = (struct rsp_authenticate_client_response_esipa){ .which = RSP_AC_ESIPA_ERROR, .error = number_of(&status) };
    else if (!x)
        x = answer_event(e, order_id, q->transaction_id, &found, &out, &code);
    /* The order ended in between; or the event names no SM-DP+, and then the SM-DS does not answer as it should. */
    if (x == ERR_NOT_FOUND || x == ERR_PARSE) {
        out = (struct rsp_authenticate_client_response_esipa){
            .which = RSP_AC_ESIPA_ERROR,
            .error = x == ERR_PARSE ? RSP_AUTHENTICATE_CLIENT_UNDEFINED_ERROR : RSP_AUTHENTICATE_CLIENT_INVALID_TRANSACTION_ID,
        };
        x = ERR_OK;
    }
    if (!x)
        x = rsp_authenticate_client_response_esipa_write(&out, answer);
    if (code.at)
        memory_clear(code.at, code.len);
    buf_release(&code);
    es_memory_release(&m);
    return x;
}
