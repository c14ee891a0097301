/* Any bytes through the DER cursor: what is well-formed reads to its end and writes to the same
 * values. */
#include <stdlib.h>

#include "der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_value(struct der_tlv tlv)
{
    int64_t n = 0, again = 0;
    char oid[128];
    struct buf b = { .max = 1 << 16 };
    struct der_tlv back;
    if (der_integer(tlv.value, &n) == ERR_OK) {
        require(der_put_integer(&b, 0x02, n) == ERR_OK &&
                der_only(buf_span(&b), 0x02, &back) == ERR_OK);
        require(der_integer(back.value, &again) == ERR_OK && again == n);
    }
    buf_clear(&b);
    if (der_oid_text(tlv.value, oid) == ERR_OK && der_oid_parse(oid, &b) == ERR_OK)
        require(span_equal(buf_span(&b), tlv.value));
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct der d = der_open(span_of(data, size));
    bool sound = der_check(span_of(data, size)) == ERR_OK;
    while (!der_at_end(&d)) {
        struct der_tlv tlv;
        if (der_next(&d, &tlv)) {
            require(!sound);
            break;
        }
        read_value(tlv);
    }
    return 0;
}
