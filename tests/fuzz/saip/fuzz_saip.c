/* Any bytes as a profile package: a fault with a reason, or a file system that holds together. */
#include <stdlib.h>

#include "saip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_file(const struct saip_package *p, size_t index)
{
    const struct saip_file *f = &p->files[index];
    require(f->parent == SAIP_NONE ? index == 0 : f->parent < p->file_count);
    struct span content = saip_content(p, f);
    uint8_t sum = 0;
    for (size_t i = 0; i < content.len; i++)
        sum ^= content.at[i];
    require(sum == 0 || content.len > 0);
    require(saip_child(p, index, f->fid) == SAIP_NONE ||
            saip_child(p, index, f->fid) < p->file_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct saip_package *p = NULL;
    struct saip_fault fault = { 0 };
    enum err e = saip_read(span_of(data, size), &p, &fault);
    if (e == ERR_PARSE)
        require(fault.why != NULL);
    for (size_t i = 0; !e && i < p->file_count; i++)
        check_file(p, i);
    saip_free(p);
    return 0;
}
