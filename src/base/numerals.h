/* Numbers in files have a decimal point, whatever language the application has chosen with
 * setlocale(). For the calling thread only, so that nobody else notices. */
#ifndef BASE_NUMERALS_H
#define BASE_NUMERALS_H

#include <stdbool.h>

typedef struct numerals {
    void *plain, *before; /* locale_t, which plain C does not have */
} numerals;

/* From here to numerals_end() this thread's printf and strtod know the point only. False
 * without memory: nothing has changed then. */
bool numerals_begin(numerals *n);
void numerals_end(numerals *n);

#endif
