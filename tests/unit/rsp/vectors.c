#include "vectors.h"

#include <string.h>

struct buf vectors_load(const char *relative)
{
    struct buf file = { .max = 1 << 20 };
    const char *path = shared_path(relative);
    if (path && read_file(path, &file) != ERR_OK)
        buf_clear(&file);
    return file;
}

/* The line at `at`, without its end; false at the end of the file. */
static bool next_line(const struct buf *file, size_t *at, struct span *line)
{
    if (*at >= file->len)
        return false;
    const uint8_t *begin = file->at + *at;
    const uint8_t *end = memchr(begin, '\n', file->len - *at);
    *line = span_of(begin, end ? (size_t)(end - begin) : file->len - *at);
    *at += line->len + 1;
    return true;
}

static bool begins(struct span line, const char *prefix)
{
    return span_equal(span_sub(line, 0, strlen(prefix)), span_str(prefix));
}

static struct buf decode(struct span text)
{
    struct buf bytes = { .max = 1 << 20 };
    size_t digits = 0;
    while (digits < text.len && strchr("0123456789abcdefABCDEF", text.at[digits]))
        digits++;
    if (hex_decode(span_sub(text, 0, digits), &bytes) != ERR_OK)
        buf_clear(&bytes);
    return bytes;
}

struct buf vectors_nth(const struct buf *file, const char *name, char separator, size_t nth)
{
    struct span line;
    size_t at = 0, length = strlen(name);
    while (next_line(file, &at, &line))
        if (line.len > length && begins(line, name) && line.at[length] == (uint8_t)separator && nth-- == 0)
            return decode(span_sub(line, length + 1, line.len));
    return (struct buf){ .max = 1 };
}

struct buf vectors_row(const struct buf *file, const char *name, char separator)
{
    struct buf bytes = vectors_nth(file, name, separator, 0);
    if (!bytes.len)
        test_row_failed(name, "the row exists");
    return bytes;
}

bool vectors_each(const struct buf *file, const char *prefix, size_t *at, struct span *name,
                  struct buf *bytes)
{
    struct span line;
    while (next_line(file, at, &line)) {
        const uint8_t *tab = memchr(line.at, '\t', line.len);
        if (!tab || !begins(line, prefix))
            continue;
        *name = span_of(line.at, (size_t)(tab - line.at));
        *bytes = decode(span_sub(line, name->len + 1, line.len));
        return true;
    }
    return false;
}

struct buf hex_with_spaces(const char *text)
{
    char plain[512];
    size_t n = 0;
    for (; *text && n + 1 < sizeof plain; text++)
        if (*text != ' ')
            plain[n++] = *text;
    plain[n] = 0;
    return hex(plain);
}
