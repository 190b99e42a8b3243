/* Decimal text to float, correctly rounded.
 *
 * The fast path computes in double and makes sure that the error cannot matter; what is
 * left goes to the C library, as whole digits and an exponent, which it reads alike under
 * every language setting. */
#include "format/decimal.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number in parts: (-1)^negative * digits * 10^exponent. */
typedef struct parts {
    bool negative;
    const char *digits;  /* the first digit or point */
    const char *end;     /* behind the last digit or point */
    size_t digit_count;  /* leading zeros included */
    uint64_t mantissa;   /* the digits as an integer; right for at most 19 of them */
    int64_t exponent;    /* of the last digit */
} parts;

/* Digits that an unsigned 64-bit integer always holds. */
enum { MANTISSA_DIGITS = 19 };

/* Exponents beyond it are far outside of a double's range with any number of digits that
 * fits memory, and sums of them stay within 64 bits. */
#define EXPONENT_MOST ((int64_t)1 << 60)

static bool take_exponent(const char *p, const char *end, int64_t *exponent)
{
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    int64_t value = 0;
    for (; p < end; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (digit > 9)
            return false;
        value = value < EXPONENT_MOST / 10 ? 10 * value + (int64_t)digit : EXPONENT_MOST;
    }
    *exponent = negative ? -value : value;
    return true;
}

/* False unless the whole text is a number. */
static bool take_parts(const char *text, size_t length, char point, parts *out)
{
    const char *p = text, *end = text + length, *fraction = NULL;
    out->negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    out->digits = p;
    uint64_t mantissa = 0;
    for (; p < end; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (digit <= 9)
            mantissa = 10 * mantissa + digit;
        else if (*p == point && !fraction)
            fraction = p;
        else
            break;
    }
    out->end = p;
    out->mantissa = mantissa;
    out->digit_count = (size_t)(p - out->digits) - (fraction != NULL);
    out->exponent = 0;
    if (out->digit_count == 0)
        return false;
    if (p < end && ((*p | 0x20) != 'e' || !take_exponent(p + 1, end, &out->exponent)))
        return false;
    if (fraction)
        out->exponent -= p - fraction - 1;
    return true;
}

/* ---- the slow path ------------------------------------------------------ */

/* Half of the way between two neighbouring doubles has at most 767 significant digits:
 * more of them only say whether something follows, which one digit can say, too. */
enum { KEPT_DIGITS = 800, TEXT_BYTES = KEPT_DIGITS + 32 };

/* "-DIGITSeEXPONENT" for strtod: no point, so the language does not matter. */
static void spell(const parts *number, char text[TEXT_BYTES])
{
    size_t used = 0, kept = 0, dropped = 0;
    bool more = false;
    if (number->negative)
        text[used++] = '-';
    for (const char *p = number->digits; p < number->end; p++) {
        if (*p < '0' || *p > '9' || (*p == '0' && kept == 0))
            continue;
        if (kept < KEPT_DIGITS) {
            text[used++] = *p;
            kept++;
        } else {
            dropped++;
            more |= *p != '0';
        }
    }
    if (kept == 0)
        text[used++] = '0';
    int64_t exponent = number->exponent + (int64_t)dropped;
    if (more) {
        text[used++] = '1';
        exponent--;
    }
    /* strtod itself need not bear more than a few digits of an exponent. */
    if (exponent > 99999)
        exponent = 99999;
    if (exponent < -99999)
        exponent = -99999;
    snprintf(text + used, TEXT_BYTES - used, "e%d", (int)exponent);
}

static decimal_kind finish_float(const parts *number, float *value)
{
    char text[TEXT_BYTES];
    spell(number, text);
    *value = strtof(text, NULL);
    return isfinite(*value) ? DECIMAL_NUMBER : DECIMAL_NOT_FINITE;
}

/* ---- words --------------------------------------------------------------- */

static bool is_word(const char *text, size_t length, const char *word)
{
    if (strlen(word) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((text[i] | 0x20) != word[i])
            return false;
    return true;
}

static decimal_kind read_word(const char *text, size_t length, double *value)
{
    double sign = length > 0 && *text == '-' ? -1.0 : 1.0;
    if (length > 0 && (*text == '-' || *text == '+')) {
        text++;
        length--;
    }
    if (is_word(text, length, "nan"))
        *value = (double)NAN;
    else if (is_word(text, length, "inf") || is_word(text, length, "infinity"))
        *value = sign * (double)INFINITY;
    else
        return DECIMAL_TEXT;
    return DECIMAL_NOT_FINITE;
}

/* ---- the fast path -------------------------------------------------------- */

enum { POWERS = 61 };

static const double powers[POWERS] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31,
    1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47,
    1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54, 1e55, 1e56, 1e57, 1e58, 1e59, 1e60};

/* The product (or quotient) d of mantissa and power is off by at most 3 roundings, that is
 * less than 4 units of its last place. Rounding d to float is right unless halfway between
 * two floats lies as near: the 29 bits of d that a float drops are then 2^28 ± 4. */
static bool try_fast(const parts *number, float *value)
{
    enum { UNSURE = 8, HALF = 1 << 28 };
    int64_t exponent = number->exponent;
    if (number->digit_count > MANTISSA_DIGITS || exponent <= -POWERS || exponent >= POWERS)
        return false;
    double d = (double)number->mantissa;
    if (number->mantissa != 0) {
        d = exponent < 0 ? d / powers[-exponent] : d * powers[exponent];
        uint64_t bits;
        memcpy(&bits, &d, sizeof bits);
        uint64_t dropped = bits & (((uint64_t)1 << 29) - 1);
        if (dropped - (HALF - UNSURE) <= 2 * UNSURE || !(d >= (double)FLT_MIN && d <= (double)FLT_MAX))
            return false;
    }
    *value = number->negative ? -(float)d : (float)d;
    return true;
}

decimal_kind decimal_float(const char *text, size_t length, char point, float *value)
{
    parts number;
    double word;
    if (take_parts(text, length, point, &number))
        return try_fast(&number, value) ? DECIMAL_NUMBER : finish_float(&number, value);
    decimal_kind kind = read_word(text, length, &word);
    if (kind != DECIMAL_TEXT)
        *value = (float)word;
    return kind;
}

decimal_kind decimal_double(const char *text, size_t length, char point, double *value)
{
    parts number;
    char spelt[TEXT_BYTES];
    if (!take_parts(text, length, point, &number))
        return read_word(text, length, value);
    spell(&number, spelt);
    *value = strtod(spelt, NULL);
    return isfinite(*value) ? DECIMAL_NUMBER : DECIMAL_NOT_FINITE;
}
