#include "smdp_functions.h"

void smdp_memory_init(struct smdp_memory *m)
{
    *m = (struct smdp_memory){ .opening = ES_OPENING_INIT, .tbs.max = 4096, .metadata.max = 8192, .package.max = 1 << 20,
                                .opened.max = 1 << 16 };
    smdp_binding_init(&m->binding);
}

void smdp_memory_release(struct smdp_memory *m)
{
    es_opening_release(&m->opening);
    smdp_binding_release(&m->binding);
    buf_release(&m->tbs);
    buf_release(&m->metadata);
    buf_release(&m->package);
    buf_release(&m->opened);
}
