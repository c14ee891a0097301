/* What the handlers share. */
#ifndef LAB_ESO_API_INTERNAL_H
#define LAB_ESO_API_INTERNAL_H

#include <jansson.h>

#include "eso_api.h"

/* A handler begins with this: the caller, or 401/403 written and ERR_REFUSED. */
MUST_CHECK enum err api_authorize(const struct eso_api *a, const struct http_request *q, struct http_response *p,
                                  unsigned right, const struct api_client **who);
/* The same, and the body; gives *body. */
MUST_CHECK enum err api_begin(const struct eso_api *a, const struct http_request *q, struct http_response *p,
                              unsigned right, const struct api_client **who, json_t **body);
/* A problem with a machine-readable cause (RFC 7807); its result is ERR_REFUSED, so that a handler can return it. */
enum err api_problem(struct http_response *p, int status, const char *cause, const char *detail);

/* Reading members; each writes the 400 itself and returns ERR_REFUSED. */
enum api_need { API_REQUIRED, API_OPTIONAL };
MUST_CHECK enum err api_text(struct http_response *p, const json_t *o, const char *member, enum api_need need,
                             char *at, size_t size);
MUST_CHECK enum err api_checked_text(struct http_response *p, const json_t *o, const char *member,
                                     bool (*is_valid)(const char *), char *at, size_t size);
MUST_CHECK enum err api_int(struct http_response *p, const json_t *o, const char *member, int64_t fallback,
                            int64_t *out);
MUST_CHECK enum err api_time(struct http_response *p, const json_t *o, const char *member, int64_t *out);
/* A list of texts, each valid, joined by commas. */
MUST_CHECK enum err api_words(struct http_response *p, const json_t *o, const char *member,
                              bool (*is_valid)(const char *), char *at, size_t size);
/* No other members than these (NULL-terminated). */
MUST_CHECK enum err api_only(struct http_response *p, const json_t *o, const char *const *known);

/* Pages. One row more is read than shown, so that `next` is told only when there is a next page. */
struct api_page {
    char after[65];
    int64_t limit;
    json_t *items;
    const char *cursor; /* member of the items that is the cursor */
};
MUST_CHECK enum err api_page_begin(const struct http_request *q, struct http_response *p, const char *cursor,
                                   struct api_page *page);
struct page api_page_span(const struct api_page *page);
/* Takes item. */
MUST_CHECK enum err api_page_add(struct api_page *page, json_t *item);
/* Ends the page and answers, or passes e on. */
enum err api_page_end(struct api_page *page, struct http_response *p, enum err e);

/* Member texts. */
MUST_CHECK enum err api_set_time(json_t *o, const char *member, int64_t at);
MUST_CHECK enum err api_set_words(json_t *o, const char *member, const char *words);
MUST_CHECK enum err api_set_if(json_t *o, const char *member, const char *text);

/* The handlers, by file. */
enum err api_carrier_add(void *actor, const struct http_request *q, struct http_response *p);
enum err api_carriers(void *actor, const struct http_request *q, struct http_response *p);
enum err api_contract_add(void *actor, const struct http_request *q, struct http_response *p);
enum err api_contracts(void *actor, const struct http_request *q, struct http_response *p);
enum err api_stock_add(void *actor, const struct http_request *q, struct http_response *p);
enum err api_stock(void *actor, const struct http_request *q, struct http_response *p);
enum err api_stock_rows(void *actor, const struct http_request *q, struct http_response *p);
enum err api_device_add(void *actor, const struct http_request *q, struct http_response *p);
enum err api_device_change(void *actor, const struct http_request *q, struct http_response *p);
enum err api_devices(void *actor, const struct http_request *q, struct http_response *p);
enum err api_device(void *actor, const struct http_request *q, struct http_response *p);
enum err api_swap_add(void *actor, const struct http_request *q, struct http_response *p);
enum err api_swap_cancel(void *actor, const struct http_request *q, struct http_response *p);
enum err api_swaps(void *actor, const struct http_request *q, struct http_response *p);
enum err api_swap(void *actor, const struct http_request *q, struct http_response *p);
enum err api_alerts(void *actor, const struct http_request *q, struct http_response *p);
enum err api_audit(void *actor, const struct http_request *q, struct http_response *p);
enum err api_eim_order(void *actor, const struct http_request *q, struct http_response *p);
enum err api_eim_euicc(void *actor, const struct http_request *q, struct http_response *p);
enum err api_health(void *actor, const struct http_request *q, struct http_response *p);

#endif
