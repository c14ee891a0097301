/* What somebody meant who wrote a word that is none. */
#ifndef LAB_BASE_SUGGEST_H
#define LAB_BASE_SUGGEST_H

/* The word of candidates[] (NULL-terminated) nearest to `word`; NULL when none is near. */
const char *suggest_word(const char *word, const char *const *candidates);

#endif
