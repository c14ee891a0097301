#include <string.h>

#include "certs_test.h"

int main(void)
{
    struct test all[64];
    memcpy(all, pki_tests, pki_test_count * sizeof *all);
    memcpy(all + pki_test_count, files_tests, files_test_count * sizeof *all);
    return tests_main("certs", all, pki_test_count + files_test_count);
}
