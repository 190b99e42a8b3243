/* Numbers with a decimal point in any language. */
#define _POSIX_C_SOURCE 200809L
#include "base/numerals.h"

#include <locale.h>

bool numerals_begin(numerals *n)
{
    n->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!n->plain)
        return false;
    n->before = uselocale((locale_t)n->plain);
    return true;
}

void numerals_end(numerals *n)
{
    uselocale((locale_t)n->before);
    freelocale((locale_t)n->plain);
}
