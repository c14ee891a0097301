#ifndef LAB_TESTS_YAML_TEST_H
#define LAB_TESTS_YAML_TEST_H

void texts_are_accepted_or_refused_with_their_place(void);
void scalars_stay_text(void);
void sizes_are_bounded(void);
void bytes_that_are_no_text_are_placed(void);
void every_truncation_is_survived(void);
void values_are_typed_with_their_place(void);
void unknown_keys_get_a_suggestion(void);
void near_words_are_suggested(void);
void files_that_cannot_be_read_are_named(void);

#endif
