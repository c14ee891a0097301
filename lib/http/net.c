/* Names and where they really are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire.h"

static struct net_name *find(const struct net *n, const char *name)
{
    for (size_t i = 0; n && i < n->count; i++)
        if (strcasecmp(n->names[i].name, name) == 0)
            return &n->names[i];
    return NULL;
}

enum err net_add(struct net *n, const char *name, const char *host, uint16_t port)
{
    struct net_name *at = find(n, name);
    if (strlen(name) >= sizeof at->name || strlen(host) >= sizeof at->host)
        return ERR_LIMIT;
    if (!at) {
        struct net_name *grown = realloc(n->names, (n->count + 1) * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        n->names = grown;
        at = &grown[n->count++];
    }
    snprintf(at->name, sizeof at->name, "%s", name);
    snprintf(at->host, sizeof at->host, "%s", host);
    at->port = port;
    return ERR_OK;
}

const struct net_name *net_find(const struct net *n, const char *name)
{
    return find(n, name);
}

void net_release(struct net *n)
{
    free(n->names);
    *n = (struct net){ 0 };
}
