#include "certs_test.h"

int main(void)
{
    return tests_main("certs", pki_tests, pki_test_count);
}
