/* What an LPA does: SGP.22 3.0.1, 3.1.3, 3.5. */
#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "json.h"
#include "rsp_ids.h"
#include "stand.h"

#define SMDP "smdp.example.com"

bool stand_es10_is(struct stand *s, const char *request, const char *response)
{
    struct buf q = hex(request), wanted = hex(response), found = { .max = 1 << 16 };
    uint16_t sw = 0;
    enum err e = apdu_store_data(s->card, s->es10.channel, s->es10.block, buf_span(&q), &found, &sw);
    bool same = !e && apdu_success(sw) && span_equal(buf_span(&found), buf_span(&wanted));
    if (!same) {
        printf("\n    %04X ", sw);
        for (size_t i = 0; i < found.len; i++)
            printf("%02x", found.at[i]);
    }
    buf_release(&q);
    buf_release(&wanted);
    buf_release(&found);
    return same;
}

/* --- download ----------------------------------------------------------------------------------------------- */

struct download {
    struct stand *s;
    struct es_peer smdp;
    const char *matching_id, *confirmation_code;
    struct es_memory memory;
    struct rsp_initiate_authentication_ok initiated;
    struct rsp_authenticate_client_ok authenticated;
    struct rsp_get_bound_profile_package_ok package;
    struct es10b_authenticate_server_response server;
    struct es10b_prepare_download_response prepared;
    struct es10b_load_bound_profile_package_response loaded;
    struct es_status status;
};

static void authenticate(struct download *d)
{
    struct es10b_euicc_info1 info;
    struct es10_card *card = &d->s->es10;
    uint8_t challenge[16];
    static const uint8_t tac[4] = { 0x53, 0x96, 0x08, 0x53 };
    REQUIRE(es10b_get_euicc_info1(card, &info) == ERR_OK && es10b_get_euicc_challenge(card, challenge) == ERR_OK);
    const struct rsp_initiate_authentication_request q = { SPAN_ARRAY(challenge), span_str(SMDP), info.message };
    REQUIRE(es9p_initiate_authentication(&d->smdp, &q, &d->memory, &d->initiated, &d->status) == ERR_OK);
    REQUIRE(!es_refused(&d->status));
    buf_release(&info.received);
    const struct rsp_authenticate_server_request server = {
        .server_signed1 = d->initiated.server_signed1,
        .server_signature1 = d->initiated.server_signature1,
        .ci_pkid = d->initiated.ci_pkid,
        .server_certificate = d->initiated.server_certificate,
        .ctx_params1 = { .matching_id = span_str(d->matching_id),
                         .device_info = { .tac = SPAN_ARRAY(tac), .capabilities = span_of("", 0) } },
    };
    REQUIRE(es10b_authenticate_server(card, &server, &d->server) == ERR_OK);
    REQUIRE(d->server.message.which == RSP_AUTHENTICATE_SERVER_OK);
    const struct rsp_authenticate_client_request client = { d->initiated.transaction_id, d->server.message };
    REQUIRE(es9p_authenticate_client(&d->smdp, &client, &d->memory, &d->authenticated, &d->status) == ERR_OK);
}

/* SGP.22 3.1.3: SHA-256(SHA-256(code) || transactionId). */
static void hash_code(struct download *d, uint8_t out[32])
{
    uint8_t inner[32];
    const struct span code = span_str(d->confirmation_code);
    REQUIRE(sha256(d->s->crypto, &code, 1, inner) == ERR_OK);
    const struct span parts[2] = { SPAN_ARRAY(inner), d->initiated.transaction_id };
    REQUIRE(sha256(d->s->crypto, parts, 2, out) == ERR_OK);
}

static void fetch(struct download *d)
{
    uint8_t hash[32];
    struct rsp_prepare_download_request q = { .smdp_signed2 = d->authenticated.smdp_signed2,
                                              .smdp_signature2 = d->authenticated.smdp_signature2,
                                              .smdp_certificate = d->authenticated.smdp_certificate };
    CHECK(d->authenticated.smdp_signed2.cc_required == (d->confirmation_code != NULL));
    if (d->confirmation_code) {
        hash_code(d, hash);
        q.hash_cc = SPAN_ARRAY(hash);
    }
    REQUIRE(es10b_prepare_download(&d->s->es10, &q, &d->prepared) == ERR_OK);
    REQUIRE(d->prepared.message.which == RSP_PREPARE_DOWNLOAD_OK);
    const struct rsp_get_bound_profile_package_request p = { d->initiated.transaction_id, d->prepared.message };
    REQUIRE(es9p_get_bound_profile_package(&d->smdp, &p, &d->memory, &d->package, &d->status) == ERR_OK);
}

/* SGP.22 3.0.2 */
static void cancel(struct download *d)
{
    struct es10b_cancel_session_response answer;
    const struct rsp_cancel_session_request q = { d->initiated.transaction_id, 127 };
    struct es_status ignored = { 0 };
    REQUIRE(es10b_cancel_session(&d->s->es10, &q, &answer) == ERR_OK);
    CHECK(answer.message.which == RSP_CANCEL_SESSION_OK);
    CHECK(es9p_cancel_session(&d->smdp, d->initiated.transaction_id, buf_span(&answer.received), &ignored) == ERR_OK);
    buf_release(&answer.received);
}

static int64_t install(struct download *d)
{
    REQUIRE(es10b_load_bound_profile_package(&d->s->es10, d->package.bound_profile_package, &d->loaded) == ERR_OK);
    const struct rsp_final_result *r = &d->loaded.message.data.result;
    return r->which == RSP_OK ? -1 : r->error.reason;
}

int64_t stand_download(struct stand *s, const char *matching_id, const char *confirmation_code, char why[200])
{
    struct download d = { .s = s, .smdp = { .env = &s->env, .base_url = "https://" SMDP }, .matching_id = matching_id,
                          .confirmation_code = confirmation_code, .memory = ES_MEMORY_INIT };
    authenticate(&d);
    if (!es_refused(&d.status))
        fetch(&d);
    snprintf(why, 200, "%.199s", es_status_text(&d.status).text);
    int64_t result = -2;
    if (es_refused(&d.status))
        cancel(&d);
    else
        result = install(&d);
    es_memory_release(&d.memory);
    buf_release(&d.server.received);
    buf_release(&d.prepared.received);
    buf_release(&d.loaded.received);
    return result;
}

/* --- looking ------------------------------------------------------------------------------------------------ */

static void put_profile(const struct rsp_profile_info *p, char text[400])
{
    char iccid[21];
    size_t at = strlen(text);
    REQUIRE(rsp_iccid_text(p->iccid, iccid) == ERR_OK);
    snprintf(text + at, 400 - at, "%s%s%.*s ", strcmp(iccid, FIRST) ? "SECOND" : "FIRST", p->state.value ? "+" : "-",
             (int)p->nickname.len, p->nickname.len ? (const char *)p->nickname.at : "");
}

void stand_profiles(struct stand *s, char text[400])
{
    struct es10b_profiles_info list;
    struct rsp_profile_info one;
    text[0] = 0;
    REQUIRE(es10b_get_profiles_info(&s->es10, NULL, &list) == ERR_OK && list.message.which == RSP_OK);
    struct der d = der_open(list.message.list);
    while (!der_at_end(&d)) {
        REQUIRE(rsp_profile_info_next(&d, &one) == ERR_OK);
        put_profile(&one, text);
    }
    buf_release(&list.received);
}

void stand_notifications(struct stand *s, char text[400])
{
    static const char *const names[] = { "install", "enable", "disable", "delete" };
    struct es10b_list_notification_response list;
    struct rsp_notification_metadata m;
    size_t at = 0;
    text[0] = 0;
    REQUIRE(es10b_list_notification(&s->es10, 0, &list) == ERR_OK && list.message.which == RSP_OK);
    struct der d = der_open(list.message.list);
    while (!der_at_end(&d)) {
        REQUIRE(rsp_notification_metadata_next(&d, &m) == ERR_OK);
        for (size_t i = 0; i < COUNT(names); i++)
            if (m.event >> i & 1)
                at += (size_t)snprintf(text + at, 400 - at, "%s%lld %s", at ? ", " : "", (long long)m.seq_number, names[i]);
    }
    buf_release(&list.received);
}

int stand_deliver(struct stand *s)
{
    struct es10b_retrieve_notifications_response list;
    const struct rsp_retrieve_notifications_request all = { 0 };
    const struct es_peer smdp = { .env = &s->env, .base_url = "https://" SMDP };
    struct rsp_pending_notification n;
    int count = 0;
    REQUIRE(es10b_retrieve_notifications_list(&s->es10, &all, &list) == ERR_OK);
    REQUIRE(list.message.which == RSP_RETRIEVE_NOTIFICATIONS);
    struct der d = der_open(list.message.notifications);
    for (; !der_at_end(&d); count++) {
        int64_t status = -1;
        REQUIRE(rsp_pending_notification_next(&d, &n) == ERR_OK);
        CHECK(es9p_handle_notification(&smdp, n.whole) == ERR_OK);
        CHECK(es10b_remove_notification_from_list(&s->es10, rsp_pending_notification_metadata(&n)->seq_number, &status) ==
              ERR_OK);
        CHECK(status == 0);
    }
    buf_release(&list.received);
    return count;
}
