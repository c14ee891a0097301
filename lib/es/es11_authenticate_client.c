/* ES11.AuthenticateClient, SGP.22 5.8.2. */
#include "es11.h"
#include "es9p_asn1.h"

static const struct es9p_function function = {
    "ES11.AuthenticateClient", "es9plus/authenticateClient", ES11_CODES_AUTHENTICATE_CLIENT,
};

static enum err write_answer(const void *value, struct buf *out)
{
    return rsp_authenticate_client_response_es11_write(value, out);
}

/* Both bindings give the caller the list of ASN.1. */
static enum err take_entry(const json_t *o, struct buf *list)
{
    const char *id = json_str(o, "eventId"), *address = json_str(o, "rspServerAddress");
    if (!id || !address)
        return ERR_PARSE;
    const struct rsp_event_entry entry = { span_str(id), span_str(address) };
    return rsp_event_entry_write(&entry, list);
}

static enum err take_json_answer(const json_t *o, struct es_memory *m, struct rsp_authenticate_client_ok_es11 *ok)
{
    const json_t *entries = json_object_get(o, "eventEntries");
    struct buf *list = es_memory_buf(m);
    *ok = (struct rsp_authenticate_client_ok_es11){ 0 };
    if (!list)
        return ERR_LIMIT;
    if (!json_is_array(entries))
        return ERR_PARSE;
    enum err e = es_memory_transaction_id(m, o, &ok->transaction_id);
    for (size_t i = 0; !e && i < json_array_size(entries); i++)
        e = take_entry(json_array_get(entries, i), list);
    ok->event_entries = buf_span(list);
    return e;
}

static enum err take_message(struct span message, struct rsp_authenticate_client_ok_es11 *ok,
                             struct es_status *status)
{
    struct rsp_authenticate_client_response_es11 answer = { 0 };
    enum err e = rsp_authenticate_client_response_es11_read(message, &answer);
    if (e)
        return e;
    *ok = answer.ok;
    es9p_asn1_outcome(&function, answer.which, answer.error, status);
    return ERR_OK;
}

enum err es11_authenticate_client(const struct es_peer *peer, const struct rsp_authenticate_client_request *q,
                                  struct es_memory *m, struct rsp_authenticate_client_ok_es11 *ok,
                                  struct es_status *status)
{
    json_t *answer = NULL;
    struct span message;
    enum err e = es9p_authenticate_client_call(&function, peer, q, m, &answer, &message);
    if (!e && peer->asn1)
        return take_message(message, ok, status);
    if (!e)
        e = es_status_read(answer, status);
    if (!e && !es_refused(status))
        e = take_json_answer(answer, m, ok);
    json_decref(answer);
    return e == ERR_NOT_FOUND ? ERR_PARSE : e;
}

enum err es11_authenticate_client_read(const struct env *env, const struct http_request *http, struct http_response *p,
                                       struct es_memory *m, struct rsp_authenticate_client_request *out)
{
    return es9p_authenticate_client_take(&function, env, http, p, m, out);
}

static json_t *put_entry(const struct rsp_event_entry *entry)
{
    return json_pack("{s:s%, s:s%}", "eventId", (const char *)entry->event_id.at, entry->event_id.len,
                     "rspServerAddress", (const char *)entry->rsp_server_address.at, entry->rsp_server_address.len);
}

static enum err put_json_answer(json_t *o, const struct rsp_authenticate_client_ok_es11 *ok)
{
    struct der list = der_open(ok->event_entries);
    struct rsp_event_entry entry;
    json_t *entries = json_array();
    enum err e = json_set_hex(o, "transactionId", ok->transaction_id);
    if (!e && json_object_set_new(o, "eventEntries", entries))
        return ERR_NOMEM;
    while (!e && !der_at_end(&list)) {
        e = rsp_event_entry_next(&list, &entry);
        if (!e && json_array_append_new(entries, put_entry(&entry)))
            e = ERR_NOMEM;
    }
    return e;
}

static enum err answer_json(const struct env *env, const struct http_request *http,
                            const struct rsp_authenticate_client_ok_es11 *ok, const struct es_status *status,
                            struct http_response *p)
{
    json_t *answer = json_object();
    enum err e = !answer ? ERR_NOMEM : es_refused(status) ? ERR_OK : put_json_answer(answer, ok);
    if (e) {
        json_decref(answer);
        return e;
    }
    return es_serve_write(env, function.name, http, status, answer, p);
}

enum err es11_authenticate_client_write(const struct env *env, const struct http_request *http,
                                        const struct rsp_authenticate_client_ok_es11 *ok,
                                        const struct es_status *status, struct http_response *p)
{
    struct rsp_authenticate_client_response_es11 answer = { .which = RSP_OK, .ok = *ok };
    if (!es9p_is_asn1(http))
        return answer_json(env, http, ok, status, p);
    if (!answer.ok.event_entries.at)
        answer.ok.event_entries = span_str("");
    if (es_refused(status))
        answer = (struct rsp_authenticate_client_response_es11){ .which = RSP_ERROR,
                                                                 .error = es_code_of_status(function.codes, status) };
    return es9p_asn1_write(env, &function, http, write_answer, &answer, p);
}
