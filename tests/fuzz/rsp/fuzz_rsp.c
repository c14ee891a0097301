/* Any bytes against every message: what passes the check prints, and encodes to bytes that pass
 * again and are stable. */
#include <stdlib.h>

#include "rsp_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void accepted(enum rsp_pdu pdu, struct span bytes)
{
    struct buf text = { .max = 1 << 24 }, once = { .max = 1 << 21 }, twice = { .max = 1 << 21 };
    require(rsp_print(pdu, bytes, &text) == ERR_OK);
    require(rsp_reencode(pdu, bytes, &once) == ERR_OK);
    require(rsp_check(pdu, buf_span(&once)) == ERR_OK);
    require(rsp_reencode(pdu, buf_span(&once), &twice) == ERR_OK);
    require(span_equal(buf_span(&once), buf_span(&twice)));
    buf_release(&text);
    buf_release(&once);
    buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of(data, size);
    for (int pdu = 0; pdu < RSP_PDU_COUNT; pdu++)
        if (rsp_check((enum rsp_pdu)pdu, bytes) == ERR_OK)
            accepted((enum rsp_pdu)pdu, bytes);
    return 0;
}
