/* eUICC packages, rollback and eIM association (SGP.32 5.9.1, 5.9.4, 5.9.16, 5.9.18). */
#include "es10b_command.h"

enum err es10b_load_euicc_package(struct es10_card *c, struct span package,
                                  struct es10b_load_euicc_package_response *out)
{
    static const char name[] = "LoadEuiccPackage";
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_load_euicc_package_response){ .received = ES10B_RECEIVED };
    enum err e = buf_put(&request, package); /* signed: as received from the eIM */
    e = es10b_command(c, name, e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, name, rsp_euicc_package_result_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_profile_rollback(struct es10_card *c, bool refresh,
                                struct es10b_profile_rollback_response *out)
{
    static const char name[] = "ProfileRollback";
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_profile_rollback_response){ .received = ES10B_RECEIVED };
    enum err e = rsp_refresh_write(&c->wire, 0xBF58, refresh, &request);
    e = es10b_command(c, name, e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, name,
                         rsp_profile_rollback_response_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_add_initial_eim(struct es10_card *c, struct span request_bytes,
                               struct es10b_add_initial_eim_response *out)
{
    static const char name[] = "AddInitialEim";
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_add_initial_eim_response){ .received = ES10B_RECEIVED };
    enum err e = buf_put(&request, request_bytes);
    e = es10b_command(c, name, e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, name, rsp_add_initial_eim_response_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_get_eim_configuration_data(struct es10_card *c, struct span eim_id,
                                          struct es10b_eim_configuration_data *out)
{
    static const char name[] = "GetEimConfigurationData";
    const struct rsp_get_eim_configuration_request q = { .has_search = eim_id.len > 0, .eim_id = eim_id };
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_eim_configuration_data){ .received = ES10B_RECEIVED };
    enum err e = rsp_get_eim_configuration_request_write(&q, &request);
    e = es10b_command(c, name, e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, name,
                         rsp_get_eim_configuration_response_read(buf_span(&out->received), &out->message));
    return e;
}
