/* Reading rows into the model's fixed texts. */
#ifndef LAB_ESO_ROW_H
#define LAB_ESO_ROW_H

#include "db.h"
#include "eso_model.h"

/* Copies a text column into an array; a text that does not fit was not written by us. Returns from the caller. */
#define ROW_TEXT(row, column, array)                                                  \
    do {                                                                              \
        enum err row_e = eso_text_set((array), sizeof(array), db_text((row), (column))); \
        if (row_e)                                                                    \
            return row_e;                                                             \
    } while (0)

/* A list without rows is a list. */
static inline enum err none_is_fine(enum err e)
{
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* A change that must have hit one row. */
static inline enum err one_changed(enum err e, int64_t changed)
{
    return e ? e : changed == 0 ? ERR_NOT_FOUND : ERR_OK;
}

#endif
