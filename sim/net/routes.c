#include "net_internal.h"

static const struct http_route routes[] = {
    { "PUT", "/v1/subscribers/{imsi}", handle_put_subscriber },
    { "GET", "/v1/subscribers/{imsi}", handle_get_subscriber },
    { "DELETE", "/v1/subscribers/{imsi}", handle_delete_subscriber },
    { "POST", "/v1/subscribers", handle_post_subscribers },
    { "PUT", "/v1/coverage", handle_put_coverage },
    { "GET", "/v1/coverage", handle_get_coverage },
    { "PUT", "/v1/coverage/{country}", handle_put_country },
    { "PUT", "/v1/status/{iccid}", handle_put_status },
    { "POST", "/v1/attach", handle_attach },
    { "POST", "/v1/attach/{id}/authenticate", handle_authenticate },
    { "POST", "/v1/sessions/{id}/check", handle_check_session },
    { "DELETE", "/v1/sessions/{id}", handle_delete_session },
    { "GET", "/v1/health", handle_health },
};

const struct actor_ops network_ops = {
    .role = "net",
    .routes = routes,
    .route_count = COUNT(routes),
    .mutual_tls = true,
    .tick = network_tick,
    .free = network_free,
};
