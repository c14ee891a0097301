#include <stdlib.h>
#include <string.h>

#include "world.h"

int main(void)
{
    const struct {
        const struct test *tests;
        size_t count;
    } parts[] = {
        { apdu_tests, apdu_tests_count },         { es10_tests, es10_tests_count },
        { download_tests, download_tests_count }, { package_tests, package_tests_count },
        { usim_tests, usim_tests_count },         { memory_tests, memory_tests_count },
        { sgp32_tests, sgp32_tests_count },       { cat_tests, cat_tests_count },
        { code_tests, code_tests_count },         { power_tests, power_tests_count },
        { contents_tests, contents_tests_count }, { files_tests, files_tests_count },
        { identity_tests, identity_tests_count }, { undefined_tests, undefined_tests_count },
        { catalogue_tests, catalogue_tests_count }, { profile_element_tests, profile_element_tests_count },
    };
    struct test all[200];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(parts); i++)
        for (size_t n = 0; n < parts[i].count && count < COUNT(all); n++)
            all[count++] = parts[i].tests[n];
    int failed = tests_main("euicc", all, count);
    return failed ? failed : said_missing() > 0;
}
