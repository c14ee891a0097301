#include <stdio.h>

#include "smdp_functions.h"

void smdp_memory_init(struct smdp_memory *m)
{
    *m = (struct smdp_memory){ .opening = ES_OPENING_INIT, .tbs.max = 4096, .metadata.max = 8192, .package.max = 1 << 20 };
}

void smdp_memory_release(struct smdp_memory *m)
{
    es_opening_release(&m->opening);
    buf_release(&m->tbs);
    buf_release(&m->metadata);
    buf_release(&m->package);
}

enum err smdp_transaction_text(struct span id, char out[33])
{
    out[0] = 0;
    if (id.len == 0 || id.len > 16)
        return ERR_PARSE;
    for (size_t i = 0; i < id.len; i++)
        snprintf(out + 2 * i, 3, "%02X", id.at[i]);
    return ERR_OK;
}
