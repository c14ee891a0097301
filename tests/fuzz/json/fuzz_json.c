/* Any text as JSON: what is read is what jansson reads, and writes to text that reads to the same. */
#include <stdlib.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *value = NULL, *again = NULL;
    json_t *reference = json_loadb(size ? (const char *)data : "", size, JSON_REJECT_DUPLICATES, NULL);
    struct buf text = { .max = JSON_TEXT_MAX };
    enum err e = json_read(span_of(data, size), &value, NULL);
    require(e != ERR_PARSE || !json_is_object(reference));
    if (e == ERR_OK) {
        require(json_equal(value, reference));
        require(json_write(value, &text) == ERR_OK);
        require(json_read(buf_span(&text), &again, NULL) == ERR_OK);
        require(json_equal(value, again));
    }
    json_decref(value);
    json_decref(again);
    json_decref(reference);
    buf_release(&text);
    return 0;
}
