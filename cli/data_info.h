/* What `espalier data info` says, on paper and as JSON. */
#ifndef CLI_DATA_INFO_H
#define CLI_DATA_INFO_H

#include "data.h"

typedef struct data_info_facts {
    const char *source;                 /* as given */
    const espalier_named_set *set;      /* NULL: no known name */
    const char *path;                   /* of the known data set; NULL: the source is one */
    const espalier_dataset *dataset;
    const espalier_description *about;
    size_t drawn;                       /* rows to draw */
} data_info_facts;

void data_info_print(const data_info_facts *facts);
json_t *data_info_json(const data_info_facts *facts);

/* The name of a class, or its number in `number`. */
const char *data_class_name(const espalier_dataset *dataset, size_t index, char number[32]);
/* The name of an input, or its number in `number`, counted from 0. */
const char *data_input_name(const espalier_dataset *dataset, size_t index, char number[32]);

/* Training rows to show: the first of each class, then the second of each, …
 * rows [count], written; returns how many there are. */
size_t data_pick_rows(const espalier_dataset *dataset, size_t *rows, size_t count);
/* Draws these training rows: images as characters, tables as values. */
void data_draw(const data_info_facts *facts, const size_t *rows, size_t count);

#endif
