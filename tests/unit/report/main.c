#include <stdlib.h>
#include <string.h>

#include "report_tests.h"

int main(void)
{
    struct test all[64];
    size_t count = 0;
    const struct { const struct test *tests; size_t count; } groups[] = {
        { markup_tests, markup_test_count }, { report_tests, report_test_count },
        { text_tests, text_test_count }, { redact_tests, redact_test_count }, { whole_tests, whole_test_count },
    };
    for (size_t i = 0; i < COUNT(groups); i++)
        for (size_t k = 0; k < groups[i].count && count < COUNT(all); k++)
            all[count++] = groups[i].tests[k];
    return tests_main("report", all, count);
}
