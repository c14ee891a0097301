/* Any text as YAML: it is read or refused with a sentence, and every scalar answers every type. */
#include <stdlib.h>

#include "yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_scalar(const struct yaml *y, const struct yaml_node *n)
{
    struct yaml_error error = { "" };
    int64_t number = 0, duration = 0;
    bool truth = false;
    enum err e = yaml_int(y, n, -1000, 1000, &number, &error);
    require(e ? error.text[0] != 0 : number >= -1000 && number <= 1000);
    e = yaml_bool(y, n, &truth, &error);
    require(!e || error.text[0] != 0);
    e = yaml_duration(y, n, &duration, &error);
    require(e ? error.text[0] != 0 : duration >= 0);
}

static void read_node(const struct yaml *y, const struct yaml_node *n)
{
    static const char *const known[] = { "world", "steps", NULL };
    struct yaml_error error = { "" };
    if (n->kind == YAML_SCALAR)
        read_scalar(y, n);
    if (n->kind == YAML_MAP)
        require(yaml_only_keys(y, n, known, &error) == ERR_OK || error.text[0] != 0);
    for (size_t i = 0; i < n->count; i++)
        read_node(y, n->item[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml *y = NULL;
    struct yaml_error error = { "" };
    if (yaml_read(span_of(data, size), "input", &y, &error) == ERR_OK)
        read_node(y, yaml_root(y));
    else
        require(error.text[0] != 0);
    yaml_close(y);
    return 0;
}
