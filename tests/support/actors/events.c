#include "lab_events.h"

#include <stdio.h>
#include <string.h>

#include "lab_internal.h"

const char *lab_event(struct lab *l, struct http_client *as, const char *requester, enum es12_function f,
                      const struct es12_event *event)
{
    static char kept[4][40];
    static unsigned turn;
    char *out = kept[turn++ % COUNT(kept)];
    struct env env = l->env;
    env.http = as;
    const struct es_peer peer = { .env = &env, .base_url = LAB_SMDS_URL, .requester = requester };
    struct es_status status = { 0 };
    enum err e = f == ES12_REGISTER_EVENT ? es12_register_event(&peer, event, &status)
                                          : es12_delete_event(&peer, event, &status);
    snprintf(out, sizeof kept[0], "%s%s%s", e ? err_name(e) : status.subject, status.subject[0] ? "/" : "",
             status.reason);
    return out;
}

int lab_events_standing(struct lab *l, const char *eid)
{
    char url[128];
    json_t *answer = NULL;
    snprintf(url, sizeof url, LAB_SMDS_URL "/v1/events?eid=%s", eid);
    CHECK(lab_call(l, l->admin, "GET", url, "", &answer) == 200);
    int count = (int)json_array_size(json_object_get(answer, "events"));
    json_decref(answer);
    return count;
}

void lab_discovery_begin(struct lab *l, struct lab_card *c, struct lab_download *d)
{
    lab_download_begin(l, c, d);
    d->peer.base_url = LAB_SMDS_URL;
    d->address = "smds.example.com";
    d->matching_id = NULL;
}

static const char *told(struct lab_download *d, enum err e)
{
    snprintf(d->refusal, sizeof d->refusal, "%s%s%s", e ? err_name(e) : d->status.subject,
             !e && d->status.subject[0] ? "/" : "", e ? "" : d->status.reason);
    return d->refusal;
}

const char *lab_discovery_initiate(struct lab_download *d)
{
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint8_t challenge[16];
    REQUIRE(es10b_get_euicc_info1(&d->card->es, &info) == ERR_OK);
    REQUIRE(es10b_get_euicc_challenge(&d->card->es, challenge) == ERR_OK);
    const struct rsp_initiate_authentication_request q = { SPAN_ARRAY(challenge), span_str(d->address),
                                                           info.message };
    enum err e = es11_initiate_authentication(&d->peer, &q, &d->memory, &d->initiated, &d->status);
    buf_release(&info.received);
    return told(d, e);
}

const char *lab_discovery_ask(struct lab_download *d, struct rsp_authenticate_client_ok_es11 *found)
{
    const struct rsp_authenticate_client_request q = { d->initiated.transaction_id, d->server.message };
    return told(d, es11_authenticate_client(&d->peer, &q, &d->memory, found, &d->status));
}

const char *lab_discover(struct lab_download *d, struct rsp_authenticate_client_ok_es11 *found)
{
    if (lab_discovery_initiate(d)[0])
        return d->refusal;
    lab_authenticate_server(d);
    return lab_discovery_ask(d, found);
}

void lab_found_text(const struct rsp_authenticate_client_ok_es11 *found, char out[512])
{
    struct rsp_event_entry entry;
    size_t at = 0;
    out[0] = 0;
    for (struct der list = der_open(found->event_entries); !der_at_end(&list);) {
        REQUIRE(rsp_event_entry_next(&list, &entry) == ERR_OK);
        at += (size_t)snprintf(out + at, 512 - at, "%s%.*s@%.*s", at ? " " : "", (int)entry.event_id.len,
                               (const char *)entry.event_id.at, (int)entry.rsp_server_address.len,
                               (const char *)entry.rsp_server_address.at);
        REQUIRE(at < 512);
    }
}
