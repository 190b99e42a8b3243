/* Writing C text: prefixes, arrays, numbers, and what strangers wrote in comments. */
#ifndef EXPORT_C_PRINT_H
#define EXPORT_C_PRINT_H

#include "base/stream.h"
#include "export/c_program.h"

/* One file that is being written; the writer keeps the first error. */
typedef struct c_out {
    writer *file;
    const char *name; /* takes the place of '$' in formats, in capitals that of '@' */
    size_t column;
    espalier_error *error;
} c_out;

/* The longest name, its end included, and the longest format. */
enum { C_NAME_BYTES = 64, C_FORMAT_BYTES = 4096 };

__attribute__((format(printf, 2, 3))) void c_put(c_out *out, const char *format, ...);

/* static const TYPE $_SUFFIX<layer>[count] = { … };  with c_item for each value between;
 * layer 0: no number. An array without values has one that nobody reads. */
void c_array_begin(c_out *out, const char *type, const char *suffix, size_t layer, size_t count);
void c_item_float(c_out *out, float value);
void c_item_whole(c_out *out, int64_t value);
void c_item_text(c_out *out, const char *text);
void c_array_end(c_out *out);

/* A float as a C constant that reads back to the same bits. */
enum { C_FLOAT_BYTES = 32 };
const char *c_float(float value, char text[C_FLOAT_BYTES]);

/* Any text inside a comment, on one line: nothing in it can end the comment, join lines,
 * make a trigraph or turn the direction of writing. The caller puts something behind it
 * on the line, for it may end in a backslash. */
void c_put_text(c_out *out, const char *text);

/* "uint8_t", "uint16_t" or "uint32_t", the narrowest for numbers below `count`. */
const char *c_index_type(size_t count);

#endif
