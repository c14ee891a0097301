#include "harness.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALL_SKIPPED 77 /* what CTest counts as skipped, see lab_test() */

/* Tests that were skipped, wholly or in part. */
static struct {
    CU_pTest last;
    size_t count;
} skips;

int tests_main(const char *suite, const struct test *tests, size_t count)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    CU_pSuite s = CU_add_suite(suite, NULL, NULL);
    for (size_t i = 0; s && i < count; i++)
        if (!CU_add_test(s, tests[i].name, tests[i].run))
            s = NULL;
    if (!s)
        return 2;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures() + CU_get_number_of_tests_failed();
    CU_cleanup_registry();
    return failures ? 1 : skips.count == count ? ALL_SKIPPED : 0;
}

void test_row_failed(const char *row, const char *condition)
{
    printf("\n    row \"%s\": %s does not hold", row, condition);
}

void test_skip(const char *why)
{
    CU_pTest now = CU_get_current_test();
    skips.count += now != skips.last;
    skips.last = now;
    printf("\n    SKIPPED: %s ", why);
}

const char *shared_path(const char *relative)
{
    static char path[4096];
    const char *shared = getenv("LAB_SHARED");
    snprintf(path, sizeof path, "%s/%s", shared ? shared : "../shared", relative);
    if (access(path, R_OK) == 0)
        return path;
    test_skip("the shared folder is not here");
    return NULL;
}

enum err read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return ERR_IO;
    uint8_t chunk[4096];
    enum err e = ERR_OK;
    for (size_t n; !e && (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        e = buf_put(out, span_of(chunk, n));
    fclose(f);
    return e;
}

bool page_is_in(const char *path, struct span page)
{
    struct buf there = { .max = 1 << 20 };
    bool same = read_file(path, &there) == ERR_OK && span_equal(page, buf_span(&there));
    buf_release(&there);
    return same;
}

void put_page(const char *path, struct span page)
{
    FILE *f = fopen(path, "w");
    REQUIRE(f != NULL);
    bool written = fwrite(page.at, 1, page.len, f) == page.len;
    REQUIRE(fclose(f) == 0 && written);
}

struct buf hex(const char *text)
{
    struct buf b = { .max = 1 << 20 };
    REQUIRE(hex_decode(span_str(text), &b) == ERR_OK);
    return b;
}
