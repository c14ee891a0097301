#include <string.h>

#include "smdp_tests.h"

int main(void)
{
    struct test all[128];
    size_t count = 0;
    const struct {
        const struct test *tests;
        size_t count;
    } parts[] = {
        { order_tests, order_tests_count },
        { download_tests, download_tests_count },
        { notification_tests, notification_tests_count },
        { profile_tests, profile_tests_count },
        { progress_tests, progress_tests_count },
        { rebinding_tests, rebinding_tests_count },
        { hostile_tests, hostile_tests_count },
        { isolation_tests, isolation_tests_count },
        { stock_tests, stock_tests_count },
        { profile_type_tests, profile_type_tests_count },
        { list_tests, list_tests_count },
        { transport_tests, transport_tests_count },
        { message_tests, message_tests_count },
    };
    for (size_t i = 0; i < COUNT(parts); i++)
        for (size_t k = 0; k < parts[i].count; k++)
            all[count++] = parts[i].tests[k];
    return tests_main("smdp", all, count);
}
