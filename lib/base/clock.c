#include "clock.h"

#include <stdio.h>
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

enum err clock_parse_iso8601(struct span text, int64_t *at)
{
    char copy[32];
    if (text.len >= sizeof copy || text.len < 20)
        return ERR_PARSE;
    for (size_t i = 0; i < text.len; i++)
        copy[i] = (char)text.at[i];
    copy[text.len] = 0;
    struct tm t = { 0 };
    int ms = 0, used = 0;
    int n = sscanf(copy, "%4d-%2d-%2dT%2d:%2d:%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min,
                   &t.tm_sec, &used);
    if (n != 6)
        return ERR_PARSE;
    const char *rest = copy + used;
    int fraction = 0;
    if (*rest == '.' && sscanf(rest, ".%3d%n", &ms, &fraction) == 1 && fraction == 4)
        rest += fraction;
    if (rest[0] != 'Z' || rest[1])
        return ERR_PARSE;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    time_t seconds = timegm(&t);
    *at = (int64_t)seconds * 1000 + ms;
    return ERR_OK;
}
