#include <stdlib.h>
#include <string.h>

#include "crypto_tests.h"

struct crypto *open_crypto(void)
{
    struct crypto *c = NULL;
    REQUIRE(crypto_new(&c) == ERR_OK);
    return c;
}

struct crypto *open_seeded(const char *seed)
{
    struct crypto *c = NULL;
    REQUIRE(crypto_new_seeded(span_str(seed), &c) == ERR_OK);
    return c;
}

/* Test data lives as long as the program: kept in a chain that is released at exit. */
struct kept {
    struct kept *next;
    struct buf bytes;
};
static struct kept *chain;

static void release_kept(void)
{
    while (chain) {
        struct kept *next = chain->next;
        buf_release(&chain->bytes);
        free(chain);
        chain = next;
    }
}

static struct span keep(struct buf b)
{
    struct kept *k = calloc(1, sizeof *k);
    REQUIRE(k != NULL);
    k->bytes = b;
    k->next = chain;
    chain = k;
    return buf_span(&k->bytes);
}

struct span bytes(const char *hex_text)
{
    return keep(hex(hex_text));
}

bool load_shared(const char *relative, struct buf *out)
{
    const char *path = shared_path(relative);
    return path && read_file(path, out) == ERR_OK;
}

static const char *line_end(const char *at)
{
    return at + strcspn(at, " \n");
}

struct span vector_of(const struct buf *file, const char *name)
{
    struct buf text = { .max = 1 << 20 }, out = { .max = 1 << 20 };
    struct span found = { 0 };
    REQUIRE(buf_put(&text, buf_span(file)) == ERR_OK);
    const char *all = buf_cstr(&text);
    REQUIRE(all != NULL);
    for (const char *line = all; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        size_t len = strlen(name);
        if (strncmp(line, name, len) || line[len] != ' ')
            continue;
        const char *value = line + len + 1;
        REQUIRE(hex_decode(span_of(value, (size_t)(line_end(value) - value)), &out) == ERR_OK);
        found = keep(out);
        break;
    }
    buf_release(&text);
    return found;
}

static size_t add(struct test *all, size_t at, const struct test *more, size_t count)
{
    memcpy(all + at, more, count * sizeof *more);
    return at + count;
}

int main(void)
{
    struct test all[100];
    size_t n = 0;
    atexit(release_kept);
    n = add(all, n, digest_tests, digest_test_count);
    n = add(all, n, ec_tests, ec_test_count);
    n = add(all, n, ecies_tests, ecies_test_count);
    n = add(all, n, seed_tests, seed_test_count);
    n = add(all, n, bsp_tests, bsp_test_count);
    n = add(all, n, session_tests, session_test_count);
    n = add(all, n, aka_tests, aka_test_count);
    return tests_main("crypto", all, n);
}
