/* Numbers and tables for people. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdint.h>
#include <stdio.h>

#include "espalier/espalier.h"

enum { DIGITS_BYTES = 32, WIDTHS_BYTES = 512, TIME_BYTES = 32 };

/* 1271616 as "1,271,616". Returns text. */
const char *digits(char text[DIGITS_BYTES], uint64_t number);

/* Seconds as "12.3 s", "4:07" or "1:02:09". Returns text. */
const char *clock_time(char text[TIME_BYTES], double seconds);

/* Live neurons of the hidden layers, "23-31-20-11"; and their original widths. */
const char *live_neurons(char text[WIDTHS_BYTES], const espalier_network *network);
const char *hidden_widths(char text[WIDTHS_BYTES], const espalier_network *network);

/* Rows of cells; columns are as wide as their widest cell. The first column is
 * flush left, the others flush right unless asked otherwise. */
typedef struct table table;

table *table_create(size_t columns); /* without memory the program ends (memory.h) */
void table_destroy(table *t);
/* This column (of the first 32) is flush left, too. */
void table_left(table *t, size_t column);
/* The next cell, row by row. */
__attribute__((format(printf, 2, 3)))
void table_cell(table *t, const char *format, ...);
/* Prints all rows, each after `indent` spaces. */
void table_print(const table *t, size_t indent);

#endif
