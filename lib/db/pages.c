/* The page cache of stores in RAM, which is all of such a store: pages by their number, without a limit. SQLite's own finds them by
 * a hash, and looks through all of them for what lies behind the end of the store at the commit after each balancing of a tree,
 * where a page bears a number far behind the end for a moment. Stores with a file keep SQLite's own. */
#include "db_internal.h"

#include <stdlib.h>
#include <string.h>

/* Numbers further behind the others than this stand in a list. */
#define GAP_MAX 1024

struct page {
    sqlite3_pcache_page as_seen; /* first: SQLite gives its address back */
    unsigned number;
    struct page *next; /* of the far ones */
};

struct pages {
    sqlite3_pcache *with_file; /* SQLite's own; NULL: ours, which is the rest of this */
    size_t page_octets, extra_octets;
    struct page **at;
    unsigned room, count, end; /* end: no number in `at` is as high */
    struct page *far;
};

/* SQLite's own, as it was before main: it asks for caches without a context. */
static sqlite3_pcache_methods2 usual;

static struct pages *of(sqlite3_pcache *c) { return (struct pages *)c; }

/* --- where a page stands --------------------------------------------------------------------------------------- */

static struct page **far_slot(struct pages *p, unsigned number)
{
    struct page **slot = &p->far;
    while (*slot && (*slot)->number != number)
        slot = &(*slot)->next;
    return slot;
}

/* Never NULL; *slot is NULL when there is no such page. */
static struct page **slot_of(struct pages *p, unsigned number)
{
    return number < p->room && p->at[number] ? &p->at[number] : far_slot(p, number);
}

static bool make_room(struct pages *p, unsigned number)
{
    unsigned room = number < 32 ? 64 : number * 2;
    if (number < p->room)
        return true;
    struct page **grown = realloc(p->at, room * sizeof *grown);
    if (!grown)
        return false;
    memset(grown + p->room, 0, (room - p->room) * sizeof *grown);
    p->at = grown;
    p->room = room;
    return true;
}

/* A page for which there is no room stands with the far ones. */
static void put(struct pages *p, struct page *page, unsigned number)
{
    page->number = number;
    page->next = NULL;
    if (number < p->end + GAP_MAX && make_room(p, number)) {
        p->at[number] = page;
        p->end = number < p->end ? p->end : number + 1;
        return;
    }
    page->next = p->far;
    p->far = page;
}

static struct page *take_out(struct pages *p, unsigned number)
{
    struct page **slot = slot_of(p, number), *page = *slot;
    if (page)
        *slot = page->next; /* NULL but among the far ones */
    return page;
}

static void discard(struct pages *p, unsigned number)
{
    struct page *page = take_out(p, number);
    if (!page)
        return;
    free(page);
    p->count--;
}

/* --- what SQLite asks for (sqlite.org/c3ref/pcache_methods2.html) ------------------------------------------------- */

static int pages_init(void *context)
{
    (void)context;
    return usual.xInit(usual.pArg);
}

static void pages_shutdown(void *context)
{
    (void)context;
    usual.xShutdown(usual.pArg);
}

static void pages_destroy(sqlite3_pcache *cache)
{
    struct pages *p = of(cache);
    if (p->with_file)
        usual.xDestroy(p->with_file);
    for (unsigned i = 0; i < p->end; i++)
        free(p->at[i]);
    for (struct page *f = p->far, *next; f; f = next) {
        next = f->next;
        free(f);
    }
    free(p->at);
    free(p);
}

/* What may be purged can be read again from a file. */
static sqlite3_pcache *pages_create(int page_octets, int extra_octets, int purgeable)
{
    struct pages *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->page_octets = (size_t)page_octets;
    p->extra_octets = (size_t)extra_octets;
    p->with_file = purgeable ? usual.xCreate(page_octets, extra_octets, purgeable) : NULL;
    if (!purgeable || p->with_file)
        return (sqlite3_pcache *)p;
    free(p);
    return NULL;
}

static void pages_cachesize(sqlite3_pcache *cache, int pages)
{
    if (of(cache)->with_file)
        usual.xCachesize(of(cache)->with_file, pages);
}

static int pages_pagecount(sqlite3_pcache *cache)
{
    return of(cache)->with_file ? usual.xPagecount(of(cache)->with_file) : (int)of(cache)->count;
}

/* The extra octets begin as zeros, as SQLite wants them. */
static struct page *page_new(struct pages *p, unsigned number)
{
    struct page *page = malloc(sizeof *page + p->extra_octets + p->page_octets);
    if (!page)
        return NULL;
    page->as_seen.pExtra = page + 1;
    page->as_seen.pBuf = (char *)(page + 1) + p->extra_octets;
    memset(page->as_seen.pExtra, 0, p->extra_octets);
    put(p, page, number);
    p->count++;
    return page;
}

static sqlite3_pcache_page *pages_fetch(sqlite3_pcache *cache, unsigned number, int create)
{
    struct pages *p = of(cache);
    if (p->with_file)
        return usual.xFetch(p->with_file, number, create);
    struct page *page = *slot_of(p, number);
    if (!page && create)
        page = page_new(p, number);
    return page ? &page->as_seen : NULL;
}

static void pages_unpin(sqlite3_pcache *cache, sqlite3_pcache_page *page, int gone)
{
    struct pages *p = of(cache);
    if (p->with_file)
        usual.xUnpin(p->with_file, page, gone);
    else if (gone)
        discard(p, ((struct page *)page)->number);
}

static void pages_rekey(sqlite3_pcache *cache, sqlite3_pcache_page *page, unsigned from, unsigned to)
{
    struct pages *p = of(cache);
    if (p->with_file) {
        usual.xRekey(p->with_file, page, from, to);
        return;
    }
    discard(p, to);
    put(p, take_out(p, from), to);
}

static void pages_truncate(sqlite3_pcache *cache, unsigned limit)
{
    struct pages *p = of(cache);
    if (p->with_file) {
        usual.xTruncate(p->with_file, limit);
        return;
    }
    for (unsigned i = limit; i < p->end; i++)
        discard(p, i);
    p->end = limit < p->end ? limit : p->end;
    for (struct page *f = p->far, *next; f; f = next) {
        next = f->next;
        if (f->number >= limit)
            discard(p, f->number);
    }
}

static void pages_shrink(sqlite3_pcache *cache)
{
    if (of(cache)->with_file)
        usual.xShrink(of(cache)->with_file);
}

void db_configure_pages(void)
{
    static const sqlite3_pcache_methods2 ours = {
        .iVersion = 1, .xInit = pages_init, .xShutdown = pages_shutdown, .xCreate = pages_create,
        .xCachesize = pages_cachesize, .xPagecount = pages_pagecount, .xFetch = pages_fetch, .xUnpin = pages_unpin,
        .xRekey = pages_rekey, .xTruncate = pages_truncate, .xDestroy = pages_destroy, .xShrink = pages_shrink,
    };
    if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &usual) == SQLITE_OK)
        sqlite3_config(SQLITE_CONFIG_PCACHE2, &ours);
}
