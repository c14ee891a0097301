/* Slips of the hand: which word was meant. */
#include "suggest.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 64

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours between two words. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1], n = strlen(a), m = strlen(b);
    if (n > WORD_MAX || m > WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *suggest_word(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    size_t nearest = strlen(word) / 3 + 1;
    for (; *candidates; candidates++) {
        size_t d = strcasecmp(word, *candidates) == 0 ? 0 : distance(word, *candidates);
        if (d < nearest + !best && d < strlen(*candidates)) {
            nearest = d;
            best = *candidates;
        }
    }
    return best;
}
