/* What this executable tests, a suite a file. */
#ifndef LAB_TESTS_RSP_TESTS_H
#define LAB_TESTS_RSP_TESTS_H

void rewrites_the_sgp32_vectors(void);
void rewrites_the_peers_vectors(void);
void reads_fields_of_packages(void);
void reads_fields_of_results(void);
void reads_fields_of_the_session(void);
void reads_fields_of_esipa(void);
void verifies_package_signatures(void);
void verifies_session_signatures(void);
void segments_a_bound_package(void);
void selects_members_by_tag_list(void);
void takes_other_forms(void);
void writes_each_form(void);
void reads_each_form(void);
void tells_programs_their_forms(void);
void reads_every_word(void);
void refuses_forms_that_nobody_has(void);
void keeps_what_was_signed(void);
void passes_on_what_the_euicc_judges(void);
void refuses_hostile_messages(void);
void survives_every_truncation(void);
void survives_every_flipped_bit(void);
void writes_nothing_incomplete(void);
void no_two_alternatives_of_one_choice(void);
void parses_identifiers(void);
void refuses_bad_identifiers(void);
void parses_activation_codes(void);
void names_codes(void);

#endif
