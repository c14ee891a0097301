/* Addresses: where we listen and where names really are. */
#include "host_internal.h"

#include <stdlib.h>
#include <string.h>

enum err host_split_address(const char *text, char host[64], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5)
        return ERR_PARSE;
    long number = strtol(colon + 1, NULL, 10);
    size_t len = (size_t)(colon - text);
    bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
    if (bracketed) {
        text++;
        len -= 2;
    }
    if (!len || len >= 64 || number > UINT16_MAX || (!bracketed && memchr(text, ':', len)))
        return ERR_PARSE;
    memcpy(host, text, len);
    host[len] = 0;
    *port = (uint16_t)number;
    return ERR_OK;
}

enum err host_fill_names(struct host *h)
{
    const struct yaml_node *map = settings_node(h->settings, "names");
    for (size_t i = 0; map && i < map->count; i++) {
        const struct yaml_node *n = map->item[i];
        char host[64];
        uint16_t port = 0;
        if (n->kind != YAML_SCALAR || host_split_address(n->text, host, &port))
            return host_refuse(h, n, "a name must lead to HOST:PORT");
        enum err e = net_add(&h->net, map->key[i], host, port);
        if (e)
            return e;
    }
    return ERR_OK;
}
