#include "schedule.h"

#include <stdlib.h>

/* SplitMix64: spreads part numbers so that ties have no favourite. */
static uint64_t mix(uint64_t n)
{
    n += 0x9e3779b97f4a7c15u;
    n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
    n = (n ^ n >> 27) * 0x94d049bb133111ebu;
    return n ^ n >> 31;
}

enum err schedule_init(struct schedule *s, size_t count, uint64_t seed)
{
    *s = (struct schedule){ .count = count, .seed = seed };
    s->entry = calloc(count ? count : 1, sizeof *s->entry);
    s->heap = calloc(count ? count : 1, sizeof *s->heap);
    s->place = calloc(count ? count : 1, sizeof *s->place);
    if (!s->entry || !s->heap || !s->place) {
        schedule_release(s);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        s->entry[i] = (struct schedule_entry){ CLOCK_NEVER, mix(seed ^ mix(i)) };
        s->heap[i] = s->place[i] = i;
    }
    return ERR_OK;
}

void schedule_release(struct schedule *s)
{
    free(s->entry);
    free(s->heap);
    free(s->place);
    *s = (struct schedule){ 0 };
}

static bool before(const struct schedule *s, size_t a, size_t b)
{
    const struct schedule_entry *x = &s->entry[s->heap[a]], *y = &s->entry[s->heap[b]];
    return x->due != y->due ? x->due < y->due : x->rank < y->rank;
}

static void swap_places(struct schedule *s, size_t a, size_t b)
{
    size_t part = s->heap[a];
    s->heap[a] = s->heap[b];
    s->heap[b] = part;
    s->place[s->heap[a]] = a;
    s->place[s->heap[b]] = b;
}

static void rise(struct schedule *s, size_t at)
{
    for (; at && before(s, at, (at - 1) / 2); at = (at - 1) / 2)
        swap_places(s, at, (at - 1) / 2);
}

static void sink(struct schedule *s, size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1;
        if (left < s->count && before(s, left, least))
            least = left;
        if (left + 1 < s->count && before(s, left + 1, least))
            least = left + 1;
        if (least == at)
            return;
        swap_places(s, at, least);
        at = least;
    }
}

void schedule_set(struct schedule *s, size_t part, int64_t due)
{
    s->entry[part].due = due;
    /* A new rank each time, so that equal times take turns; still the seed's doing. */
    s->entry[part].rank = mix(s->entry[part].rank ^ s->seed);
    rise(s, s->place[part]);
    sink(s, s->place[part]);
}

int64_t schedule_due(const struct schedule *s, size_t part)
{
    return s->entry[part].due;
}

size_t schedule_next(const struct schedule *s, int64_t *due)
{
    size_t part = s->count ? s->heap[0] : 0;
    *due = s->count ? s->entry[part].due : CLOCK_NEVER;
    return part;
}
