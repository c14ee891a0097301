/* Times as the dialect writes them. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmp_internal.h"

json_t *cmp_time_json(int64_t at)
{
    if (!at)
        return json_null();
    struct buf iso = { .max = 40 };
    json_t *value = NULL;
    if (clock_put_iso8601(&iso, at) == ERR_OK && iso.len == 24) {
        char text[32];
        snprintf(text, sizeof text, "%.10s %.12s+0000", (const char *)iso.at, (const char *)iso.at + 11);
        value = json_string(text);
    }
    buf_release(&iso);
    return value;
}

enum err cmp_time_parse(const char *text, int64_t *out)
{
    char iso[40];
    size_t len = strlen(text);
    if (len >= sizeof iso - 12)
        return ERR_PARSE;
    if (len == 10 || (len == 11 && text[10] == 'Z')) {
        snprintf(iso, sizeof iso, "%.10sT00:00:00Z", text);
    } else if (len > 16 && strcmp(text + len - 5, "+0000") == 0) {
        snprintf(iso, sizeof iso, "%.*sZ", (int)(len - 5), text);
        iso[10] = 'T';
    } else {
        snprintf(iso, sizeof iso, "%s", text);
    }
    return clock_parse_iso8601(span_str(iso), out);
}
