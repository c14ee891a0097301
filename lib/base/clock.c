#include "clock.h"

#include <time.h>

int64_t clock_now(struct clock *c)
{
    return c->now(c);
}

static int64_t system_now(struct clock *c)
{
    (void)c;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct clock *clock_system(void)
{
    static const struct clock system_clock = { system_now };
    return (struct clock *)&system_clock;
}

static int64_t virtual_now(struct clock *c)
{
    return ((struct clock_virtual *)c)->at;
}

void clock_virtual_init(struct clock_virtual *c, int64_t start)
{
    c->clock.now = virtual_now;
    c->at = start;
}

void clock_virtual_advance(struct clock_virtual *c, int64_t at)
{
    if (at > c->at)
        c->at = at;
}

enum err clock_put_iso8601(struct buf *b, int64_t at)
{
    int64_t ms = at % 1000;
    if (ms < 0)
        ms += 1000;
    time_t seconds = (time_t)((at - ms) / 1000);
    struct tm t;
    if (!gmtime_r(&seconds, &t))
        return ERR_LIMIT;
    return buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                      t.tm_hour, t.tm_min, t.tm_sec, (int)ms);
}

/* Reads what the shape says: 'd' is a digit of the next number, anything else stands for itself. */
static bool read_shape(struct span text, const char *shape, int *numbers)
{
    bool inside = false;
    for (size_t i = 0; i < text.len; i++, inside = shape[i - 1] == 'd') {
        if (shape[i] != 'd') {
            if (text.at[i] != shape[i])
                return false;
            continue;
        }
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        numbers += inside || i == 0 ? 0 : 1;
        *numbers = *numbers * 10 + (text.at[i] - '0');
    }
    return true;
}

enum err clock_parse_iso8601(struct span text, int64_t *at)
{
    static const char with_ms[] = "dddd-dd-ddTdd:dd:dd.dddZ", without[] = "dddd-dd-ddTdd:dd:ddZ";
    int n[7] = { 0 }; /* year, month, day, hour, minute, second, millisecond */
    const char *shape = text.len == sizeof with_ms - 1 ? with_ms : text.len == sizeof without - 1 ? without : NULL;
    if (!shape || !read_shape(text, shape, n) || n[3] > 23 || n[4] > 59 || n[5] > 59)
        return ERR_PARSE;
    struct tm t = { .tm_year = n[0] - 1900, .tm_mon = n[1] - 1, .tm_mday = n[2], .tm_hour = n[3], .tm_min = n[4],
                    .tm_sec = n[5] };
    time_t seconds = timegm(&t);
    if (t.tm_mon != n[1] - 1 || t.tm_mday != n[2]) /* a day that is not in the calendar was moved to one that is */
        return ERR_PARSE;
    *at = (int64_t)seconds * 1000 + n[6];
    return ERR_OK;
}

int64_t clock_back_off(int64_t first, int64_t most, int64_t attempts)
{
    int64_t wait = first;
    for (int64_t i = 0; i < attempts && wait < most; i++)
        wait *= 2;
    return wait < most ? wait : most;
}
