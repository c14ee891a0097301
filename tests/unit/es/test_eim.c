#include "rsp_ids.h"
#include "test_eim.h"

static enum err get_eim_package(void *actor, const struct rsp_get_eim_package_request *q, struct buf *answer)
{
    struct test_eim *e = actor;
    const struct rsp_get_eim_package_response p = {
        .which = RSP_EIM_PACKAGE_DOWNLOAD,
        .download = { .has_data = true,
                      .data = { .which = RSP_DOWNLOAD_ACTIVATION_CODE,
                                .activation_code = span_str("1$a.example.com$B") },
                      .eim_transaction_id = SPAN(1, 2) },
    };
    e->state_change = q->notify_state_change;
    enum err failed = rsp_eid_text(q->eid, e->eid);
    return failed ? failed : e->fail ? e->fail : rsp_get_eim_package_response_write(&p, answer);
}

static enum err provide_eim_package_result(void *actor, const struct rsp_provide_eim_package_result *q,
                                           struct buf *answer)
{
    struct test_eim *e = actor;
    struct buf list = { .max = 64 };
    e->result = q->result.which;
    enum err failed = rsp_acknowledgement_put(&list, 300);
    const struct rsp_provide_eim_package_result_response p = { .which = RSP_PROVIDE_ACKNOWLEDGEMENTS,
                                                               .acknowledgements = buf_span(&list) };
    if (!failed)
        failed = rsp_provide_eim_package_result_response_write(&p, answer);
    buf_release(&list);
    return failed;
}

static enum err handle_notification(void *actor, const struct rsp_handle_notification_esipa *q)
{
    ((struct test_eim *)actor)->notification = q->which;
    return ERR_OK;
}

static const struct esipa_server answers = {
    .get_eim_package = get_eim_package,
    .provide_eim_package_result = provide_eim_package_result,
    .handle_notification = handle_notification,
};

static enum err refuse_get_eim_package(void *actor, const struct rsp_get_eim_package_request *q, struct buf *answer)
{
    const struct rsp_get_eim_package_response r = { .which = RSP_EIM_PACKAGE_ERROR, .error = ((struct test_eim *)actor)->code };
    (void)q;
    return rsp_get_eim_package_response_write(&r, answer);
}

static enum err refuse_provide_eim_package_result(void *actor, const struct rsp_provide_eim_package_result *q, struct buf *answer)
{
    const struct rsp_provide_eim_package_result_response r = { .which = RSP_PROVIDE_ERROR,
                                                               .error = ((struct test_eim *)actor)->code };
    (void)q;
    return rsp_provide_eim_package_result_response_write(&r, answer);
}

static enum err refuse_initiate_authentication(void *actor, const struct rsp_initiate_authentication_request_esipa *q,
                                               struct buf *answer)
{
    const struct rsp_initiate_authentication_response_esipa r = { .which = RSP_ERROR,
                                                                  .error = ((struct test_eim *)actor)->code };
    (void)q;
    return rsp_initiate_authentication_response_esipa_write(&r, answer);
}

static enum err refuse_authenticate_client(void *actor, const struct rsp_authenticate_client_request *q, struct buf *answer)
{
    const struct rsp_authenticate_client_response_esipa r = { .which = RSP_AC_ESIPA_ERROR,
                                                              .error = ((struct test_eim *)actor)->code };
    (void)q;
    return rsp_authenticate_client_response_esipa_write(&r, answer);
}

static enum err refuse_get_bound_profile_package(void *actor, const struct rsp_get_bound_profile_package_request *q,
                                                 struct buf *answer)
{
    const struct rsp_get_bound_profile_package_response_esipa r = { .which = RSP_ERROR,
                                                                    .error = ((struct test_eim *)actor)->code };
    (void)q;
    return rsp_get_bound_profile_package_response_esipa_write(&r, answer);
}

static enum err refuse_cancel_session(void *actor, const struct rsp_cancel_session_request_es9 *q, struct buf *answer)
{
    const struct rsp_cancel_session_response_es9 r = { .which = RSP_ERROR, .error = ((struct test_eim *)actor)->code };
    (void)q;
    return rsp_cancel_session_response_es9_write(&r, answer);
}

static const struct esipa_server refuses_all = {
    .get_eim_package = refuse_get_eim_package,
    .provide_eim_package_result = refuse_provide_eim_package_result,
    .initiate_authentication = refuse_initiate_authentication,
    .authenticate_client = refuse_authenticate_client,
    .get_bound_profile_package = refuse_get_bound_profile_package,
    .cancel_session = refuse_cancel_session,
};

static enum err serve(void *actor, const struct http_request *q, struct http_response *p)
{
    return esipa_serve(&((struct test_eim *)actor)->service, q, p);
}

static enum err serve_json(void *actor, const struct http_request *q, struct http_response *p)
{
    return esipa_serve_json(&((struct test_eim *)actor)->service, q->part[0], q, p);
}

static const struct http_route routes[] = { { "POST", ESIPA_PATH, serve },
                                            { "POST", "/gsma/rsp2/esipa/{function}", serve_json } };
static const struct actor_ops eim_ops = { .role = "eim", .routes = routes, .route_count = COUNT(routes) };

void test_eim_open(struct world *w, struct test_eim *e, bool refuses)
{
    *e = (struct test_eim){ .actor.ops = &eim_ops };
    world_open(w, &e->actor);
    e->service = (struct esipa_service){ .env = &w->env, .server = refuses ? &refuses_all : &answers, .actor = e };
}
