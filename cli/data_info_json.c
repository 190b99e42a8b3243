/* `espalier data info --json`. */
#include <math.h>
#include <stdlib.h>

#include "data_info.h"
#include "memory.h"

static json_t *integer(size_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *splits_json(const espalier_description *a, size_t c)
{
    json_t *rows = json_object();
    for (size_t split = 0; split < ESPALIER_SPLIT_COUNT; split++)
        json_object_set_new(rows, split_name(split),
                            integer(c == SIZE_MAX ? a->rows[split]
                                                  : a->class_rows[split * a->classes + c]));
    return rows;
}

static json_t *classes_json(const data_info_facts *facts)
{
    json_t *classes = json_array();
    char number[32];
    for (size_t c = 0; c < facts->about->classes; c++)
        json_array_append_new(classes,
                              json_pack("{s:s, s:o}", "name",
                                        data_class_name(facts->dataset, c, number), "rows",
                                        splits_json(facts->about, c)));
    return classes;
}

static json_t *inputs_json(const data_info_facts *facts)
{
    const espalier_description *a = facts->about;
    json_t *inputs = json_array();
    for (size_t i = 0; i < a->inputs; i++)
        json_array_append_new(
            inputs, json_pack("{s:s?, s:f, s:f, s:f, s:o}", "name",
                              espalier_dataset_input_name(facts->dataset, i), "low",
                              (double)a->input_low[i], "high", (double)a->input_high[i], "mean",
                              a->input_mean[i], "missing", integer(a->input_missing[i])));
    return inputs;
}

static json_t *repeats_json(const espalier_repeats *r)
{
    json_t *first = json_array();
    for (size_t i = 0; i < r->listed; i++)
        json_array_append_new(first, json_pack("{s:o, s:o, s:b}", "row", integer(r->first[i].row),
                                               "earlier", integer(r->first[i].earlier),
                                               "labels_differ", (int)r->first[i].labels_differ));
    return json_pack("{s:o, s:o, s:o}", "count", integer(r->count), "labels_differ",
                     integer(r->labels_differ), "first", first);
}

static json_t *image_json(const espalier_dataset *dataset)
{
    size_t height, width;
    if (!espalier_dataset_image_shape(dataset, &height, &width))
        return json_null();
    return json_pack("[o,o]", integer(height), integer(width));
}

/* The rows that would be drawn, as numbers. */
static json_t *rows_json(const data_info_facts *facts)
{
    json_t *list = json_array();
    size_t inputs = facts->about->inputs, *rows = memory_take((facts->drawn + 1) * sizeof *rows);
    float *values = memory_take(inputs * sizeof *values);
    size_t count = data_pick_rows(facts->dataset, rows, facts->drawn);
    for (size_t r = 0; r < count; r++) {
        json_t *row = json_array();
        espalier_dataset_rows(facts->dataset, ESPALIER_TRAINING, rows[r], 1, values);
        for (size_t i = 0; i < inputs; i++)
            json_array_append_new(row, json_real((double)values[i]));
        uint32_t label = espalier_dataset_label(facts->dataset, ESPALIER_TRAINING, rows[r]);
        json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "row", integer(rows[r]), "class",
                                              integer(label), "values", row));
    }
    free(values);
    free(rows);
    return list;
}

json_t *data_info_json(const data_info_facts *facts)
{
    const espalier_description *a = facts->about;
    return json_pack(
        "{s:s, s:s?, s:s?, s:o, s:o, s:o, s:o?, s:o, s:{s:f, s:f, s:f, s:f}, s:o, s:o, s:o, s:o, s:o, "
        "s:o, s:o}",
        "data", facts->source, "path", facts->path, "licence",
        facts->set ? facts->set->licence : NULL, "rows", splits_json(a, SIZE_MAX), "inputs",
        integer(a->inputs), "image", image_json(facts->dataset), "label",
        data_label_json(espalier_dataset_columns(facts->dataset)), "classes", classes_json(facts),
        "values", "low", (double)a->low, "high", (double)a->high, "mean", a->mean, "zeros",
        a->zeros, "missing_values", integer(a->missing_values), "dropped_rows",
        integer(a->dropped_rows), "constant_inputs",
        integer(a->constant_inputs), "repeated",
        repeats_json(&a->training), "leaked", repeats_json(&a->test), "columns", inputs_json(facts),
        "drawn", rows_json(facts));
}
