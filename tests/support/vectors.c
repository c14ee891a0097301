#include "vectors.h"

#include <string.h>

#include "harness.h"

struct span vectors_cut(struct span *line, char separator)
{
    size_t n = 0;
    while (n < line->len && line->at[n] != (uint8_t)separator)
        n++;
    struct span field = span_sub(*line, 0, n);
    *line = span_sub(*line, n < line->len ? n + 1 : n, line->len);
    return field;
}

bool span_starts_with(struct span s, const char *text)
{
    return s.len >= strlen(text) && memcmp(s.at, text, strlen(text)) == 0;
}

void vectors_text(struct span s, char *out, size_t size)
{
    size_t n = s.len < size ? s.len : size - 1;
    memcpy(out, s.at, n);
    out[n] = 0;
}

unsigned vectors_each(const char *relative, void (*row)(struct span line, void *context),
                      void *context)
{
    const char *path = shared_path(relative);
    struct buf file = { .max = 1 << 20 };
    unsigned rows = 0;
    if (!path)
        return 0;
    REQUIRE(read_file(path, &file) == ERR_OK);
    struct span rest = buf_span(&file);
    while (rest.len) {
        struct span line = vectors_cut(&rest, '\n');
        if (line.len == 0 || line.at[0] == '#')
            continue;
        row(line, context);
        rows++;
    }
    buf_release(&file);
    return rows;
}
