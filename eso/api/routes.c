#include "api.h"

/* openapi.yaml describes each of these; a test compares the two. */
const struct http_route api_routes[API_ROUTE_COUNT] = {
    { "GET", "/v1/health", api_health },
    { "POST", "/v1/carriers", api_carrier_add },
    { "GET", "/v1/carriers", api_carriers },
    { "POST", "/v1/contracts", api_contract_add },
    { "GET", "/v1/contracts", api_contracts },
    { "POST", "/v1/stock", api_stock_add },
    { "GET", "/v1/stock", api_stock },
    { "GET", "/v1/stock/{contract}", api_stock_rows },
    { "POST", "/v1/devices", api_device_add },
    { "GET", "/v1/devices", api_devices },
    { "GET", "/v1/devices/{eid}", api_device },
    { "PATCH", "/v1/devices/{eid}", api_device_change },
    { "POST", "/v1/euiccs/{eid}/swap", api_swap_add },
    { "GET", "/v1/swaps", api_swaps },
    { "GET", "/v1/swaps/{id}", api_swap },
    { "POST", "/v1/swaps/{id}/cancel", api_swap_cancel },
    { "GET", "/v1/alerts", api_alerts },
    { "GET", "/v1/audit", api_audit },
    { "POST", "/v1/hooks/eim/orders", api_eim_order },
    { "POST", "/v1/hooks/eim/euiccs", api_eim_euicc },
};
