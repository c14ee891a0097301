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
