/* Columns as JSON text and back. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/columns.h"
#include "format/csv.h"
#include "format/json_text.h"

/* Separators by what stands for them. */
static const struct {
    char separator;
    const char *name;
} separators[] = {{0, "found"}, {',', ","}, {';', ";"}, {'\t', "\t"}, {'|', "|"}, {' ', " "}};
enum { SEPARATORS = sizeof separators / sizeof *separators };

/* ---- printing ------------------------------------------------------------- */

static json_t *column_json(const column *one)
{
    json_t *object = json_object(), *values = NULL;
    int bad = json_object_set_new(object, "position", json_integer((json_int_t)one->position + 1));
    if (one->name)
        bad |= json_object_set_new(object, "name", json_string(one->name));
    bad |= json_object_set_new(object, "kind",
                               json_string(one->kind == COLUMN_NUMBER ? "number" : "category"));
    if (one->kind == COLUMN_CATEGORY) {
        values = json_array();
        for (size_t i = 0; i < one->values.count; i++)
            bad |= json_array_append_new(values, json_string(one->values.texts[i]));
        bad |= json_object_set_new(object, "values", values);
    }
    if (one->filled)
        bad |= json_object_set_new(object, "fill",
                                   one->kind == COLUMN_NUMBER
                                       ? json_real((double)one->fill)
                                       : json_string(one->values.texts[one->fill_value]));
    if (!bad)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *columns_list(const columns *c)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < c->count; i++)
        if (json_array_append_new(list, column_json(&c->items[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *label_json(const columns *c)
{
    if (c->label == SIZE_MAX)
        return json_null();
    const json_int_t position = (json_int_t)c->label + 1;
    return c->label_name ? json_pack("{s:I, s:s}", "position", position, "name", c->label_name)
                         : json_pack("{s:I}", "position", position);
}

static json_t *whole_json(const columns *c)
{
    char head[17], comment[2] = {c->comment, '\0'};
    const char *separator = separators[0].name;
    for (int i = 0; i < SEPARATORS; i++)
        if (separators[i].separator == c->separator)
            separator = separators[i].name;
    snprintf(head, sizeof head, "%016" PRIx64, c->head);
    return json_pack("{s:i, s:I, s:b, s:o, s:s, s:s, s:s, s:s, s:{s:I, s:I, s:s}, s:o}", "version",
                     1, "record", (json_int_t)c->record_width, "header", (int)c->named, "label",
                     label_json(c), "missing", espalier_missing_name(c->missing), "separator",
                     separator, "decimal", c->decimal_comma ? "comma" : "point", "comment", comment,
                     "table", "rows", (json_int_t)c->rows, "bytes", (json_int_t)c->bytes, "head",
                     head, "columns", columns_list(c));
}

espalier_status columns_print(const columns *c, char **text, espalier_error *error)
{
    json_t *json = whole_json(c);
    char *printed = json_text_of(json, JSON_COMPACT | JSON_REAL_PRECISION(9), c->allocator);
    json_decref(json);
    if (!printed)
        return error_memory(error);
    *text = printed;
    return ESPALIER_OK;
}

/* ---- parsing -------------------------------------------------------------- */

static espalier_status wrong(espalier_error *error, const char *where, size_t index,
                             const char *expected)
{
    if (index == SIZE_MAX)
        return error_set(error, ESPALIER_ERROR_FORMAT, "columns: %s: expected %s", where, expected);
    return error_set(error, ESPALIER_ERROR_FORMAT, "columns: column %zu: %s: expected %s",
                     index + 1, where, expected);
}

static bool take_count(const json_t *value, uint64_t least, uint64_t most, uint64_t *number)
{
    json_int_t integer = json_integer_value(value);
    if (!json_is_integer(value) || integer < 0 || (uint64_t)integer < least ||
        (uint64_t)integer > most)
        return false;
    *number = (uint64_t)integer;
    return true;
}

/* A text of the length that names may have; NULL for anything else. */
static const char *take_text(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t length = json_string_length(value);
    return text && length <= COLUMN_TEXT_MOST && strlen(text) == length ? text : NULL;
}

static espalier_status parse_values(const json_t *list, column *one, size_t index,
                                    espalier_error *error)
{
    if (!json_is_array(list))
        return wrong(error, "values", index, "a list of texts");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = take_text(json_array_get(list, i));
        if (!text || dictionary_find(&one->values, text, strlen(text)) != SIZE_MAX)
            return wrong(error, "values", index, "different texts of at most 255 bytes");
        espalier_status status = dictionary_add(&one->values, text, strlen(text), error);
        if (status)
            return status;
    }
    return ESPALIER_OK;
}

static espalier_status parse_fill(const json_t *fill, column *one, size_t index,
                                  espalier_error *error)
{
    const char *text = json_string_value(fill);
    if (!fill)
        return ESPALIER_OK;
    one->filled = true;
    if (one->kind == COLUMN_NUMBER) {
        one->fill = (float)json_number_value(fill);
        return json_is_number(fill) && isfinite(one->fill)
                   ? ESPALIER_OK
                   : wrong(error, "fill", index, "a finite number");
    }
    one->fill_value = text ? dictionary_find(&one->values, text, strlen(text)) : SIZE_MAX;
    return one->fill_value != SIZE_MAX ? ESPALIER_OK
                                       : wrong(error, "fill", index, "one of its values");
}

static espalier_status parse_column(const json_t *json, columns *c, size_t index,
                                    espalier_error *error)
{
    column *one = &c->items[index];
    const char *kind = json_string_value(json_object_get(json, "kind"));
    const char *name = take_text(json_object_get(json, "name"));
    uint64_t position;
    if (!take_count(json_object_get(json, "position"), 1, c->record_width, &position) ||
        position - 1 == c->label || (index && position - 1 <= c->items[index - 1].position))
        return wrong(error, "position", index, "ascending numbers within a record");
    one->position = (size_t)position - 1;
    if (c->named && (!name || !(one->name = memory_text(c->allocator, name))))
        return name ? error_memory(error) : wrong(error, "name", index, "a text");
    if (kind && strcmp(kind, "number") == 0)
        one->kind = COLUMN_NUMBER;
    else if (kind && strcmp(kind, "category") == 0)
        one->kind = COLUMN_CATEGORY;
    else
        return wrong(error, "kind", index, "number or category");
    one->values.allocator = c->allocator;
    espalier_status status = ESPALIER_OK;
    if (one->kind == COLUMN_CATEGORY)
        status = parse_values(json_object_get(json, "values"), one, index, error);
    return status ? status : parse_fill(json_object_get(json, "fill"), one, index, error);
}

static espalier_status parse_list(const json_t *list, columns *c, espalier_error *error)
{
    size_t count = json_array_size(list);
    if (count == 0 || count > c->record_width)
        return wrong(error, "columns", SIZE_MAX, "a list of at least one column of a record");
    c->items = memory_array(c->allocator, count, sizeof *c->items);
    if (!c->items)
        return error_memory(error);
    while (c->count < count) {
        size_t index = c->count++;
        espalier_status status = parse_column(json_array_get(list, index), c, index, error);
        if (status)
            return status;
    }
    columns_place(c);
    return c->inputs > 0 && c->inputs <= COLUMN_INPUTS_MOST
               ? ESPALIER_OK
               : wrong(error, "columns", SIZE_MAX, "1 to 16777216 inputs");
}

static espalier_status parse_label(const json_t *label, columns *c, espalier_error *error)
{
    uint64_t position;
    c->label = SIZE_MAX;
    if (json_is_null(label))
        return ESPALIER_OK;
    if (!take_count(json_object_get(label, "position"), 1, c->record_width, &position))
        return wrong(error, "label", SIZE_MAX, "a position within a record, or null");
    c->label = (size_t)position - 1;
    const char *name = take_text(json_object_get(label, "name"));
    if (!c->named)
        return ESPALIER_OK;
    if (!name)
        return wrong(error, "label", SIZE_MAX, "a name");
    c->label_name = memory_text(c->allocator, name);
    return c->label_name ? ESPALIER_OK : error_memory(error);
}

static bool parse_separator(const char *text, char *separator)
{
    for (int i = 0; text && i < SEPARATORS; i++)
        if (strcmp(text, separators[i].name) == 0) {
            *separator = separators[i].separator;
            return true;
        }
    return false;
}

static bool parse_comment(const char *text, char *comment)
{
    if (!text || strlen(text) > 1 || (*text && strchr("\r\n\" \t", *text)))
        return false;
    *comment = *text;
    return true;
}

/* What says how the file is written, and which one it was. */
static espalier_status parse_dialect(const json_t *json, columns *c, espalier_error *error)
{
    const char *missing = json_string_value(json_object_get(json, "missing"));
    const char *decimal = json_string_value(json_object_get(json, "decimal"));
    const json_t *table = json_object_get(json, "table");
    const char *head = json_string_value(json_object_get(table, "head"));
    char *end = NULL;
    for (int i = ESPALIER_MISSING_ERROR; missing && i < ESPALIER_MISSING_COUNT; i++)
        if (strcmp(missing, espalier_missing_name((espalier_missing)i)) == 0)
            c->missing = (espalier_missing)i;
    if (!c->missing)
        return wrong(error, "missing", SIZE_MAX, "error, mean, median or drop");
    if (!decimal || (strcmp(decimal, "comma") != 0 && strcmp(decimal, "point") != 0))
        return wrong(error, "decimal", SIZE_MAX, "point or comma");
    c->decimal_comma = *decimal == 'c';
    if (!parse_separator(json_string_value(json_object_get(json, "separator")), &c->separator))
        return wrong(error, "separator", SIZE_MAX, "found or one of , ; | tab and space");
    if (!parse_comment(json_string_value(json_object_get(json, "comment")), &c->comment))
        return wrong(error, "comment", SIZE_MAX, "one character or none");
    if (take_count(json_object_get(table, "rows"), 0, INT64_MAX, &c->rows) &&
        take_count(json_object_get(table, "bytes"), 0, INT64_MAX, &c->bytes) && head)
        c->head = strtoull(head, &end, 16);
    return end && !*end ? ESPALIER_OK : wrong(error, "table", SIZE_MAX, "rows, bytes and head");
}

static espalier_status parse_whole(const json_t *json, columns *c, espalier_error *error)
{
    uint64_t version, width;
    const json_t *header = json_object_get(json, "header");
    if (!json_is_object(json))
        return wrong(error, "text", SIZE_MAX, "a JSON object");
    if (!take_count(json_object_get(json, "version"), 1, 1, &version))
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                         "columns: expected version 1, found another: a newer espalier may read it");
    if (!take_count(json_object_get(json, "record"), 1, CSV_FIELDS_MOST, &width))
        return wrong(error, "record", SIZE_MAX, "1 to 1048576 fields");
    if (!json_is_boolean(header))
        return wrong(error, "header", SIZE_MAX, "true or false");
    c->record_width = (size_t)width;
    c->named = json_is_true(header);
    espalier_status status = parse_label(json_object_get(json, "label"), c, error);
    if (!status)
        status = parse_dialect(json, c, error);
    return status ? status : parse_list(json_object_get(json, "columns"), c, error);
}

espalier_status columns_parse(const char *text, const espalier_allocator *allocator, columns *c,
                              espalier_error *error)
{
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    *c = (columns){.allocator = allocator, .label = SIZE_MAX};
    espalier_status status = parse_whole(json, c, error);
    if (status)
        columns_clear(c);
    json_decref(json);
    return status;
}
