/* UTF-8 (RFC 3629): what messages and JSON texts consist of. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point that starts here and its bytes; 0 bytes if that is no UTF-8: cut short, longer
 * than need be, half of a pair, beyond U+10FFFF. Reads no byte behind the end of the text. */
size_t utf8_next(const char *text, uint32_t *point);

/* Whether the text is UTF-8 up to its end. */
bool utf8_is_valid(const char *text);

#endif
