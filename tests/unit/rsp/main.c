#include "harness.h"
#include "rsp_tests.h"

static const struct test tests[] = {
    { "the SGP.32 vectors are read and written to the same bytes", rewrites_the_sgp32_vectors },
    { "the peers' vectors are read and written to the same bytes", rewrites_the_peers_vectors },
    { "the members of eUICC packages are read", reads_fields_of_packages },
    { "the members of package results are read", reads_fields_of_results },
    { "the members of a download session are read", reads_fields_of_the_session },
    { "the members of ESipa messages are read", reads_fields_of_esipa },
    { "package signatures verify over the bytes received", verifies_package_signatures },
    { "session signatures verify over the bytes received", verifies_session_signatures },
    { "the segments of a bound package are the package", segments_a_bound_package },
    { "a tag list selects the members of a profile", selects_members_by_tag_list },
    { "other senders' forms are taken", takes_other_forms },
    { "each form that sources disagree about is written to the byte", writes_each_form },
    { "each form that sources disagree about is read", reads_each_form },
    { "a program is told the forms that it writes", tells_programs_their_forms },
    { "every word of every setting of a form is read", reads_every_word },
    { "forms that nobody has are refused by name", refuses_forms_that_nobody_has },
    { "what was signed is written as it was received", keeps_what_was_signed },
    { "a package whose commands nobody knows is passed on as it came", passes_on_what_the_euicc_judges },
    { "hostile messages are refused", refuses_hostile_messages },
    { "every truncation is refused", survives_every_truncation },
    { "every flipped bit is read or refused", survives_every_flipped_bit },
    { "incomplete messages are not written", writes_nothing_incomplete },
    { "a choice has one alternative, and nothing is said twice", no_two_alternatives_of_one_choice },
    { "identifiers are parsed", parses_identifiers },
    { "bad identifiers are refused", refuses_bad_identifiers },
    { "activation codes are parsed and written", parses_activation_codes },
    { "codes have the names of the modules", names_codes },
};

int main(void)
{
    return tests_main("rsp", tests, COUNT(tests));
}
