/* Northbound: who is calling, and for which tenant: a client certificate of the settings, or an API key. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"

enum err eim_problem(struct http_response *p, int status, const char *title, const char *detail)
{
    enum err x = http_problem(p, status, title, detail);
    return x ? x : ERR_REFUSED;
}

static enum err by_certificate(const struct eim *e, struct span certificate, struct eim_caller *who)
{
    uint8_t fingerprint[32];
    enum err x = sha256(e->env->crypto, &certificate, 1, fingerprint);
    for (size_t i = 0; !x && i < e->client_count; i++) {
        const struct eim_client *c = &e->clients[i];
        if (memcmp(c->fingerprint, fingerprint, sizeof fingerprint) != 0)
            continue;
        snprintf(who->tenant, sizeof who->tenant, "%s", c->tenant);
        snprintf(who->name, sizeof who->name, "%s", c->name);
        who->rights = c->rights;
        return ERR_OK;
    }
    return x ? x : ERR_NOT_FOUND;
}

static enum err unauthenticated(struct http_response *p)
{
    enum err x = http_problem(p, 401, "not authenticated", "show a client certificate or an API key of this eIM");
    if (!x)
        x = http_response_add_header(p, "WWW-Authenticate", "Bearer realm=\"eim\"");
    return x ? x : ERR_REFUSED;
}

static enum err identify(struct eim *e, const struct http_request *q, struct http_response *p, struct eim_caller *who)
{
    static const char bearer[] = "Bearer ";
    const char *shown = http_header(q, "Authorization");
    bool key = shown && strncmp(shown, bearer, sizeof bearer - 1) == 0;
    enum err x = q->peer.len ? by_certificate(e, q->peer, who) : ERR_NOT_FOUND;
    if (x == ERR_NOT_FOUND && key)
        x = eim_key_find(e, shown + sizeof bearer - 1, who);
    if (x != ERR_NOT_FOUND)
        return x;
    return q->peer.len && !key ? eim_problem(p, 403, "not allowed", "this certificate is no client's of this eIM")
                               : unauthenticated(p);
}

enum err eim_authorize_query(struct eim *e, const struct http_request *q, struct http_response *p, unsigned right,
                             const char *const *query, struct eim_caller *who)
{
    *who = (struct eim_caller){ 0 };
    enum err x = identify(e, q, p, who);
    if (!x && !(who->rights & right))
        x = eim_problem(p, 403, "not allowed", "this caller does not have the right");
    return x ? x : http_only_query(q, p, query);
}

enum err eim_authorize(struct eim *e, const struct http_request *q, struct http_response *p, unsigned right,
                       struct eim_caller *who)
{
    static const char *const none[] = { NULL };
    return eim_authorize_query(e, q, p, right, none, who);
}

enum err eim_begin(struct eim *e, const struct http_request *q, struct http_response *p, unsigned right,
                   const char *what, const struct json_member *known, struct eim_caller *who, struct json_t **body)
{
    enum err x = eim_authorize(e, q, p, right, who);
    if (!x)
        x = http_read_json(q, p, body);
    return x ? x : http_only_members(p, *body, what, known);
}
