/* Tests are rows with sentences as names, run by CUnit, one executable a module. */
#ifndef LAB_TESTS_HARNESS_H
#define LAB_TESTS_HARNESS_H

#include <CUnit/CUnit.h>

#include "span.h"

struct test {
    const char *name;
    void (*run)(void);
};
/* Runs them all and returns main's exit status. */
int tests_main(const char *suite, const struct test *tests, size_t count);

/* A check inside a loop over rows: names the row that failed. */
#define CHECK_ROW(row, condition)                                            \
    do {                                                                     \
        bool held = (condition);                                             \
        if (!held)                                                           \
            test_row_failed((row), #condition);                              \
        CU_ASSERT(held);                                                     \
    } while (0)
void test_row_failed(const char *row, const char *condition);
/* A failed check that ends the test. */
#define REQUIRE(condition) CU_ASSERT_FATAL(condition)
#define CHECK(condition) CU_ASSERT(condition)

/* Says that a test did not run and why; shown in the output, never counted as a pass. */
void test_skip(const char *why);

/* Path of a file of ../shared ("spec/vectors-aka.txt"); NULL (after test_skip) when it is absent. Valid until the next call. */
const char *shared_path(const char *relative);
/* Reads a whole file, appended to out. */
MUST_CHECK enum err read_file(const char *path, struct buf *out);
/* A page that a test makes: the file has it; the file gets it. */
bool page_is_in(const char *path, struct span page);
void put_page(const char *path, struct span page);
/* Decodes hex in the source to bytes; aborts the test on a typo. */
struct buf hex(const char *text);

#endif
