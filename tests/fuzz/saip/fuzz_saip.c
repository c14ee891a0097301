/* Any bytes as a profile package: a fault with a reason, or a file system that holds together. */
#include <stdlib.h>

#include "der.h"
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

/* What is answered can be read: a status for each element at most and one more, and ok only at the end. */
static void check_answer(const struct saip_package *p, const struct saip_fault *fault)
{
    struct buf answer = { .max = SAIP_ANSWER_MAX };
    struct der_tlv whole, list;
    struct saip_answer one;
    size_t count = 0;
    require(saip_put_answer(p, fault, &answer) == ERR_OK);
    require(der_only(buf_span(&answer), 0x30, &whole) == ERR_OK && der_find(whole.value, 0xa0, &list) == ERR_OK);
    for (struct span rest = list.value; rest.len; count++)
        require(saip_answer_next(&rest, &one) == ERR_OK);
    require(count && count <= p->element_count + 1 && one.status == fault->status);
    buf_release(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct saip_package *p = NULL;
    struct saip_fault fault = { 0 };
    enum err e = saip_try(span_of(data, size), &p, &fault);
    require(e == ERR_OK || e == ERR_PARSE);
    require((e == ERR_PARSE) == (fault.status != SAIP_OK) && fault.why != NULL && fault.offset <= size);
    check_answer(p, &fault);
    for (size_t i = 0; !e && i < p->file_count; i++)
        check_file(p, i);
    saip_free(p);
    return 0;
}
