#include <string.h>

#include "world.h"

int main(void)
{
    struct test all[64];
    size_t count = 0;
    const struct {
        const struct test *tests;
        size_t count;
    } groups[] = { { contract_tests, contract_test_count }, { tls_tests, tls_test_count }, { raw_tests, raw_test_count },
                   { stream_tests, stream_test_count } };
    for (size_t i = 0; i < COUNT(groups); i++) {
        memcpy(all + count, groups[i].tests, groups[i].count * sizeof *all);
        count += groups[i].count;
    }
    return tests_main("http", all, count);
}
