#include <stdio.h>
#include <string.h>

#include "codes.h"
#include "rsp_ids.h"

static enum err hear(void *actor, const struct http_request *q, struct http_response *p)
{
    struct receiver *r = actor;
    json_t *o = NULL;
    r->calls++;
    if (r->status == 200 && r->heard_count < COUNT(r->heard)) {
        REQUIRE(json_read(q->body, &o, NULL) == ERR_OK);
        if (r->refused && strcmp(json_str(o, "reference"), r->refused) == 0) {
            json_decref(o);
            return http_problem(p, 404, "no such order", "");
        }
        const char *name = json_str(json_object_get(o, "result"), "name");
        int64_t cause = -1;
        if (json_str(o, "reference"))
            snprintf(r->heard[r->heard_count++], sizeof r->heard[0], "%s %s %s", json_str(o, "reference"),
                     json_str(o, "state"), name ? name : "");
        else if (json_int(o, "stateChangeCause", &cause) == ERR_OK)
            snprintf(r->heard[r->heard_count++], sizeof r->heard[0], "%s changed %d", json_str(o, "eid"), (int)cause);
        json_decref(o);
    }
    return r->status ? http_text(p, r->status, "text/plain", (struct span){ 0 }) : ERR_CUT;
}

static const struct http_route routes[] = { { "POST", "/hook", hear } };
static const struct actor_ops ops = { .role = "eso", .routes = routes, .route_count = COUNT(routes) };

void fixture_open(struct fixture *f)
{
    struct es10b_add_initial_eim_response added = { .received.max = APDU_ES10_RESPONSE_MAX };
    *f = (struct fixture){ .eso = { .actor = { &ops }, .status = 200 },
                           .result = { .max = 1 << 17 },
                           .acknowledgements = { .max = 4096 } };
    lab_open(&f->l);
    f->package = (struct esipa_get_eim_package_response){ .received.max = HTTP_BODY_MAX };
    f->peer = (struct es_peer){ .env = &f->l.env, .base_url = LAB_EIM_URL };
    REQUIRE(http_switch_set(f->l.wires, "eso.example.com", &f->eso.actor, NULL, &f->l.log) == ERR_OK);
    lab_register(&f->l, &f->l.card);
    lab_get_initial_eim(&f->l);
    REQUIRE(es10b_add_initial_eim(&f->l.card.es, buf_span(&f->l.initial_eim), &added) == ERR_OK);
    REQUIRE(added.message.which == RSP_OK);
    buf_release(&added.received);
}

void fixture_close(struct fixture *f)
{
    esipa_get_eim_package_response_release(&f->package);
    buf_release(&f->result);
    buf_release(&f->acknowledgements);
    lab_close(&f->l);
}

void run_eim(struct fixture *f, bool may_be_killed, int64_t ms)
{
    int64_t until = clock_now(&f->l.clock.clock) + ms;
    for (int turns = 0; turns < 1000; turns++) {
        struct actor *a = f->l.part[LAB_EIM].actor;
        enum err e = ERR_OK;
        int64_t next = a->ops->tick(a, clock_now(&f->l.clock.clock), &e);
        if (e == ERR_CUT && may_be_killed) {
            lab_restart(&f->l, LAB_EIM);
            continue;
        }
        CHECK(e == ERR_OK);
        if (next > until)
            break;
        clock_virtual_advance(&f->l.clock, next);
    }
    clock_virtual_advance(&f->l.clock, until);
}

int order(struct fixture *f, const char *reference, const char *kind, const char *more)
{
    static char body[41000];
    snprintf(body, sizeof body,
             "{\"reference\":\"%s\",\"kind\":\"%s\",\"callback\":\"https://eso.example.com/hook\"%s}",
             reference, kind, more);
    return lab_call(&f->l, f->l.eso, "POST", EUICC "/orders", body, NULL);
}

static void order_url(const char *reference, char url[200])
{
    snprintf(url, 200, LAB_EIM_URL "/v1/orders?reference=%s", reference);
}

const char *order_state(struct fixture *f, const char *reference)
{
    char url[200];
    order_url(reference, url);
    return lab_get(&f->l, f->l.eso, url, "state");
}

const char *order_text(struct fixture *f, const char *reference, const char *member, const char *below)
{
    static char kept[200];
    char url[200];
    json_t *answer = NULL;
    order_url(reference, url);
    lab_call(&f->l, f->l.eso, "GET", url, "", &answer);
    const char *text = json_str(json_object_get(answer, member), below);
    snprintf(kept, sizeof kept, "%s", text ? text : "");
    json_decref(answer);
    return kept;
}

const char *result_name(struct fixture *f, const char *reference)
{
    return order_text(f, reference, "result", "name");
}

int poll_as(struct fixture *f, const char *whose)
{
    uint8_t eid[16];
    REQUIRE(rsp_eid_parse(whose, eid) == ERR_OK);
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid) };
    esipa_get_eim_package_response_release(&f->package);
    f->package = (struct esipa_get_eim_package_response){ .received.max = HTTP_BODY_MAX };
    return esipa_get_eim_package(&f->peer, &q, &f->package) ? -1 : (int)f->package.message.which;
}

int poll(struct fixture *f)
{
    return poll_as(f, LAB_EID);
}

void execute_on(struct fixture *f, struct lab_card *c)
{
    struct es10b_load_euicc_package_response r = { .received.max = APDU_ES10_RESPONSE_MAX };
    REQUIRE(es10b_load_euicc_package(&c->es, f->package.message.package.whole, &r) == ERR_OK);
    REQUIRE(buf_set(&f->result, buf_span(&r.received)) == ERR_OK);
    buf_release(&r.received);
}

void execute(struct fixture *f)
{
    execute_on(f, &f->l.card);
}

int provide(struct fixture *f, const struct rsp_provide_eim_package_result *q)
{
    struct esipa_provide_eim_package_result_response answer = { .received.max = HTTP_BODY_MAX };
    enum err e = esipa_provide_eim_package_result(&f->peer, q, &answer);
    int which = e ? -1 : (int)answer.message.which;
    f->refusal = which == RSP_PROVIDE_ERROR ? answer.message.error : 0;
    buf_clear(&f->acknowledgements);
    if (which == RSP_PROVIDE_ACKNOWLEDGEMENTS)
        REQUIRE(buf_set(&f->acknowledgements, answer.message.acknowledgements) == ERR_OK);
    esipa_provide_eim_package_result_response_release(&answer);
    return which;
}

int bring(struct fixture *f, const char *eid, struct span package_result)
{
    uint8_t octets[16];
    struct rsp_provide_eim_package_result q = { .result = { .which = RSP_EIM_RESULT_PACKAGE } };
    REQUIRE(rsp_eid_parse(eid, octets) == ERR_OK);
    q.eid = SPAN_ARRAY(octets);
    REQUIRE(rsp_euicc_package_result_read(package_result, &q.result.package) == ERR_OK);
    return provide(f, &q);
}

int bring_result(struct fixture *f)
{
    return bring(f, LAB_EID, buf_span(&f->result));
}

static struct span contents(struct span certificate)
{
    struct der_tlv whole;
    REQUIRE(der_only(certificate, 0x30, &whole) == ERR_OK);
    return whole.value;
}

int tell_certificates(struct fixture *f, const char *eid, struct span euicc, struct span eum, struct span transaction_id)
{
    uint8_t octets[16];
    REQUIRE(rsp_eid_parse(eid, octets) == ERR_OK);
    struct rsp_provide_eim_package_result q = { .eid = SPAN_ARRAY(octets), .result = { .which = RSP_EIM_RESULT_DATA } };
    q.result.data.which = RSP_OK;
    q.result.data.data.eim_transaction_id = transaction_id;
    if (eum.len)
        q.result.data.data.eum_certificate = contents(eum);
    if (euicc.len)
        q.result.data.data.euicc_certificate = contents(euicc);
    return provide(f, &q);
}

int bring_download(struct fixture *f, const char *eid, const struct rsp_profile_download_trigger_result *r)
{
    uint8_t octets[16];
    REQUIRE(rsp_eid_parse(eid, octets) == ERR_OK);
    const struct rsp_provide_eim_package_result q = {
        .eid = SPAN_ARRAY(octets), .result = { .which = RSP_EIM_RESULT_DOWNLOAD, .download = *r }
    };
    return provide(f, &q);
}

static void sign(struct fixture *f, const struct lab_card *c, const struct rsp_tbs *tbs,
                 struct ec_signature *out)
{
    struct ec_key *key = NULL;
    REQUIRE(ec_key_from_scalar(f->l.crypto, EC_P256, secret_span(&c->nist.key), &key) == ERR_OK);
    REQUIRE(ec_sign(f->l.crypto, key, tbs->part, tbs->count, out) == ERR_OK);
    ec_key_free(key);
}

static const struct rsp_int no_token = { 0 };

void sign_result(struct fixture *f, const struct lab_card *c, const struct rsp_package_result_data *d)
{
    struct rsp_euicc_package_result r = { .which = RSP_PACKAGE_RESULT_SIGNED, .result.data = *d };
    struct buf part = { .max = 1 << 16 };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    REQUIRE(rsp_package_result_data_write(d, &part) == ERR_OK);
    r.result.data.signed_bytes = buf_span(&part);
    rsp_tbs_package_result(&r.result.data, no_token, &tbs);
    sign(f, c, &tbs, &signature);
    r.result.signature = SPAN_ARRAY(signature.at);
    buf_clear(&f->result);
    REQUIRE(rsp_euicc_package_result_write(&r, &f->result) == ERR_OK);
    buf_release(&part);
}

void sign_error(struct fixture *f, const struct lab_card *c, const struct rsp_package_error_data *d)
{
    struct rsp_euicc_package_result r = { .which = RSP_PACKAGE_ERROR_SIGNED, .error.data = *d };
    struct buf part = { .max = 1 << 16 };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    REQUIRE(rsp_package_error_data_write(d, &part) == ERR_OK);
    r.error.data.signed_bytes = buf_span(&part);
    rsp_tbs_package_error(&r.error.data, no_token, &tbs);
    sign(f, c, &tbs, &signature);
    r.error.signature = SPAN_ARRAY(signature.at);
    buf_clear(&f->result);
    REQUIRE(rsp_euicc_package_result_write(&r, &f->result) == ERR_OK);
    buf_release(&part);
}

void numbered_eid(unsigned number, char eid[33])
{
    char first30[31];
    snprintf(first30, sizeof first30, "890490320000%018u", number);
    REQUIRE(rsp_eid_complete(first30, eid) == ERR_OK);
}

void import_numbered(struct fixture *f, unsigned count, const char *members)
{
    struct buf body = { .max = 2 << 20 };
    REQUIRE(buf_put_str(&body, "{\"euiccs\":[") == ERR_OK);
    for (unsigned i = 0; i < count; i++) {
        char eid[33];
        numbered_eid(i, eid);
        REQUIRE(buf_printf(&body, "%s{\"eid\":\"%s\"%s}", i ? "," : "", eid, members) == ERR_OK);
    }
    REQUIRE(buf_put_str(&body, "]}") == ERR_OK);
    REQUIRE(lab_call(&f->l, f->l.eso, "POST", LAB_EIM_URL "/v1/euiccs/import", buf_cstr(&body), NULL) == 200);
    buf_release(&body);
}

void tick_eim(struct fixture *f)
{
    struct lab_part *p = &f->l.part[LAB_EIM];
    enum err e = ERR_OK;
    p->actor->ops->tick(p->actor, clock_now(&f->l.clock.clock), &e);
    if (e == ERR_CUT) {
        lab_restart(&f->l, LAB_EIM);
        p->actor->ops->tick(p->actor, clock_now(&f->l.clock.clock), &e);
    }
    CHECK(e == ERR_OK);
}

int main(int argc, char **argv)
{
    struct test all[256];
    size_t count = 0;
    const struct {
        const struct test *tests;
        size_t count;
    } parts[] = {
        { northbound_tests, northbound_tests_count },
        { import_tests, import_tests_count },
        { outbox_tests, outbox_tests_count },
        { webhook_tests, webhook_tests_count },
        { view_tests, view_tests_count },
        { tenant_tests, tenant_tests_count },
        { order_tests, order_tests_count },
        { data_tests, data_tests_count },
        { push_tests, push_tests_count },
        { relay_tests, relay_tests_count },
        { discovery_tests, discovery_tests_count },
        { json_tests, json_tests_count },
        { kinds_tests, kinds_tests_count },
        { package_tests, package_tests_count },
        { result_tests, result_tests_count },
        { stream_tests, stream_tests_count },
        { chain_tests, chain_tests_count },
        { twin_tests, twin_tests_count },
        { codes_tests, codes_tests_count },
        { esep_codes_tests, esep_codes_tests_count },
        { heard_codes_tests, heard_codes_tests_count },
        { problems_tests, problems_tests_count },
        { codes_page_tests, codes_page_tests_count },
        { refusal_tests, refusal_tests_count },
        { sealed_tests, sealed_tests_count },
        { damage_tests, damage_tests_count },
        { kill_tests, kill_tests_count },
        { clock_tests, clock_tests_count },
        { ending_tests, ending_tests_count },
        { leaving_tests, leaving_tests_count },
        { fleet_tests, fleet_tests_count },
    };
    if (argc > 1 && strcmp(argv[1], "--write") == 0)
        return tests_main("eim", &codes_page_update, 1);
    for (size_t i = 0; i < COUNT(parts); i++)
        for (size_t k = 0; k < parts[i].count; k++)
            all[count++] = parts[i].tests[k];
    return tests_main("eim", all, count);
}
