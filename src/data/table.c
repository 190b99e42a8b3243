/* Tables in public: names of choices, checks of options, and reading row by row. */
#include "espalier/table.h"

#include <string.h>

#include "base/memory.h"
#include "data/readers.h"
#include "data/table_file.h"

/* ---- options ---------------------------------------------------------------- */

const char *espalier_missing_name(espalier_missing missing)
{
    static const char *const names[] = {"auto", "error", "mean", "median", "drop"};
    return (size_t)missing < sizeof names / sizeof *names ? names[missing] : NULL;
}

const char *espalier_header_name(espalier_header header)
{
    static const char *const names[] = {"auto", "yes", "no"};
    return (size_t)header < sizeof names / sizeof *names ? names[header] : NULL;
}

const char *espalier_decimal_name(espalier_decimal decimal)
{
    static const char *const names[] = {"auto", "point", "comma"};
    return (size_t)decimal < sizeof names / sizeof *names ? names[decimal] : NULL;
}

static espalier_status check_choice(const char *field, unsigned value, unsigned count,
                                    espalier_error *error)
{
    if (value < count)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_ARGUMENT, "%s: expected 0 to %u, found %u", field,
                     count - 1, value);
}

static espalier_status check_names(const char *field, const char *const *names, size_t count,
                                   espalier_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!names || !names[i])
            return error_set(error, ESPALIER_ERROR_ARGUMENT,
                             "%s: expected %zu texts, found NULL", field, count);
    return ESPALIER_OK;
}

espalier_status espalier_table_options_check(const espalier_table_options *o,
                                             espalier_error *error)
{
    if (!o)
        return ESPALIER_OK;
    if (o->separator && !strchr(",;\t| \n", o->separator))
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "separator: expected one of , ; | tab and space, found '%c'",
                         o->separator);
    if (o->comment && strchr("\r\" \t", o->comment))
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "comment: expected a character other than blanks and quotes");
    if (o->separator && o->separator != ESPALIER_SEPARATOR_FOUND && o->comment == o->separator)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "comment: expected another character than the separator");
    if (!(o->test_fraction >= 0 && o->test_fraction < 1))
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "test_fraction: expected 0 or more and less than 1, found %g",
                         o->test_fraction);
    if (o->test_path && o->test_fraction > 0)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "test_fraction: has no meaning beside a file with the test rows");
    if (o->categories_most > UINT16_MAX - 1)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "categories_most: expected at most %d, found %zu", UINT16_MAX - 1,
                         o->categories_most);
    espalier_status status = check_choice("header", o->header, ESPALIER_HEADER_COUNT, error);
    if (!status)
        status = check_choice("decimal", o->decimal, ESPALIER_DECIMAL_COUNT, error);
    if (!status)
        status = check_choice("missing", o->missing, ESPALIER_MISSING_COUNT, error);
    if (!status)
        status = check_names("ignored", o->ignored, o->ignored_count, error);
    if (!status)
        status = check_names("categorical", o->categorical, o->categorical_count, error);
    return status ? status : check_names("class_names", o->class_names, o->class_count, error);
}

/* ---- row by row ----------------------------------------------------------------- */

struct espalier_table {
    const espalier_allocator *allocator;
    columns columns;
    table_file file;
    bool opened, ended;
};

/* Columns for a network that has none: every field is a number. */
static espalier_status plain_columns(size_t inputs, const espalier_allocator *allocator,
                                     columns *c, espalier_error *error)
{
    *c = (columns){.allocator = allocator,
                   .record_width = inputs,
                   .label = SIZE_MAX,
                   .missing = ESPALIER_MISSING_ERROR,
                   .comment = csv_dialect_defaults().comment};
    c->items = memory_array(allocator, inputs, sizeof *c->items);
    if (!c->items)
        return error_memory(error);
    for (; c->count < inputs; c->count++)
        c->items[c->count] = (column){.position = c->count, .kind = COLUMN_NUMBER};
    columns_place(c);
    return ESPALIER_OK;
}

static espalier_status open_table(espalier_table *table, const char *path, size_t inputs,
                                  const espalier_table_options *options, espalier_error *error)
{
    columns *c = &table->columns;
    espalier_status status = options->columns
                                 ? columns_parse(options->columns, table->allocator, c, error)
                                 : plain_columns(inputs, table->allocator, c, error);
    if (!status && c->inputs != inputs)
        status = error_set(error, ESPALIER_ERROR_MISMATCH,
                           "columns: expected them to make the network's %zu inputs, found %zu",
                           inputs, c->inputs);
    if (status)
        return status;
    status = columns_choose_missing(c, options->missing, error);
    if (status)
        return status;
    status = table_file_open(path, c, options, &table->file, error);
    table->opened = !status;
    if (!status && c->named && table->file.width == 0)
        status = error_set(error, ESPALIER_ERROR_FORMAT,
                           "%s: expected the names of the columns, or a row, found nothing",
                           csv_path(table->file.in));
    return status;
}

bool espalier_table_is_named(const char *path)
{
    return csv_table_recognises(path);
}

espalier_status espalier_table_open(const char *path, size_t inputs,
                                    const espalier_table_options *options,
                                    const espalier_allocator *allocator, espalier_table **table,
                                    espalier_error *error)
{
    static const espalier_table_options defaults = {0};
    options = options ? options : &defaults;
    espalier_status status = espalier_table_options_check(options, error);
    if (status)
        return status;
    espalier_table *made = memory_array(allocator, 1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->allocator = made->columns.allocator = allocator;
    status = open_table(made, path, inputs, options, error);
    if (status)
        espalier_table_close(made);
    else
        *table = made;
    return status;
}

espalier_status espalier_table_next(espalier_table *table, float *values, bool *end,
                                    espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    if (!table->ended)
        status = table_file_next(&table->file, &table->ended, error);
    if (!status && !table->ended)
        status = table_file_encode(&table->file, TABLE_FILL, values, error);
    table->ended |= status != ESPALIER_OK;
    *end = table->ended;
    return status;
}

uint64_t espalier_table_row(const espalier_table *table)
{
    return table->file.row;
}

const espalier_unknown *espalier_table_unknown(const espalier_table *table)
{
    return &table->file.unknown;
}

void espalier_table_close(espalier_table *table)
{
    if (!table)
        return;
    if (table->opened)
        table_file_close(&table->file);
    columns_clear(&table->columns);
    memory_release(table->allocator, table);
}
