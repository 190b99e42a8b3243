/* Numbers as people write them, read without the system's language settings. */
#ifndef FORMAT_DECIMAL_H
#define FORMAT_DECIMAL_H

#include <stddef.h>

typedef enum decimal_kind {
    DECIMAL_NUMBER,     /* a finite number */
    DECIMAL_NOT_FINITE, /* beyond the type's range, or inf, infinity, nan in any case */
    DECIMAL_TEXT        /* anything else */
} decimal_kind;

/* Reads a whole text as a number: a sign or none, digits with at most one `point` among
 * or beside them, an exponent or none: "3", "-.5", "+1.", "2e-3". No spaces, no
 * hexadecimal, no signs between thousands.
 *
 * point  '.' or ','
 * value  written unless TEXT: the float (double) nearest to what is written, ties to even,
 *        whatever the number of digits; an infinity or NaN for NOT_FINITE */
decimal_kind decimal_float(const char *text, size_t length, char point, float *value);
decimal_kind decimal_double(const char *text, size_t length, char point, double *value);

#endif
