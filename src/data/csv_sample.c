/* Whether a table begins with the names of its columns. */
#include "data/csv_table.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "format/decimal.h"

enum { ROWS_MOST = 100 };

/* What the rows behind the first hold in a column. */
typedef struct holding {
    int numbers, texts; /* cells that are */
} holding;

typedef enum cell { CELL_MISSING, CELL_NUMBER, CELL_TEXT } cell;

static cell kind_of(const csv_field *field, char point)
{
    float value;
    if (table_is_missing(field))
        return CELL_MISSING;
    return decimal_float(field->text, field->length, point, &value) == DECIMAL_TEXT ? CELL_TEXT
                                                                                    : CELL_NUMBER;
}

static espalier_status keep_fields(const csv_record *record, const espalier_allocator *allocator,
                                   csv_sample *sample, espalier_error *error)
{
    sample->fields = memory_array(allocator, record->count, sizeof *sample->fields);
    if (!sample->fields)
        return error_memory(error);
    for (; sample->width < record->count; sample->width++) {
        const csv_field *field = &record->fields[sample->width];
        size_t length = field->length <= COLUMN_TEXT_MOST ? field->length : COLUMN_TEXT_MOST + 1;
        char *copy = memory_array(allocator, length + 1, 1);
        if (!copy)
            return error_memory(error);
        memcpy(copy, field->text, length);
        sample->fields[sample->width] = copy;
    }
    return ESPALIER_OK;
}

/* Notes what some rows behind the first hold. */
static espalier_status look_at_rows(csv *in, size_t width, char point, holding *held,
                                    espalier_error *error)
{
    csv_record record = {.count = width};
    for (int row = 0; row < ROWS_MOST; row++) {
        espalier_status status = csv_next(in, &record, error);
        if (status || record.count == 0)
            return status;
        for (size_t i = 0; i < width && i < record.count; i++) {
            cell kind = kind_of(&record.fields[i], point);
            held[i].numbers += kind == CELL_NUMBER;
            held[i].texts += kind == CELL_TEXT;
        }
    }
    return ESPALIER_OK;
}

/* Names differ from each other. */
static bool are_different(const csv_sample *sample)
{
    enum { COMPARED_MOST = 1000 }; /* all pairs of more would take too long, and say nothing new */
    size_t count = sample->width < COMPARED_MOST ? sample->width : COMPARED_MOST;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(sample->fields[i], sample->fields[j]) == 0)
                return false;
    return true;
}

/* Three numbers or more that count the columns from 0 on, beside a text: what some programs write
 * where columns have no names. */
static bool are_counted(const csv_sample *sample, const cell *first)
{
    size_t counted = 0, texts = 0;
    for (size_t i = 0; i < sample->width; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        counted += strcmp(sample->fields[i], number) == 0;
        texts += first[i] == CELL_TEXT;
    }
    return counted >= 3 && texts > 0 && counted + texts == sample->width;
}

/* Text above a column of numbers is a name, and so is a number above texts (of one alone,
 * either may be the odd one). Where
 * that tells nothing, because no column holds numbers, texts that all differ are names. */
static bool is_header(const csv_sample *sample, const cell *first, const holding *held)
{
    bool numbers = false;
    for (size_t i = 0; i < sample->width; i++) {
        bool column_of_numbers = held[i].numbers > 0 && held[i].texts == 0;
        bool column_of_text = held[i].texts > 1 && held[i].numbers == 0;
        if ((column_of_numbers && first[i] == CELL_TEXT) ||
            (column_of_text && first[i] == CELL_NUMBER))
            return true;
        numbers |= column_of_numbers || first[i] == CELL_NUMBER;
    }
    return are_counted(sample, first) || (!numbers && are_different(sample));
}

static espalier_status find_header(csv *in, const csv_record *record, char point,
                                   const espalier_allocator *allocator, csv_sample *sample,
                                   espalier_error *error)
{
    cell *first = memory_array(allocator, sample->width, sizeof *first);
    holding *held = memory_array(allocator, sample->width, sizeof *held);
    espalier_status status = first && held ? ESPALIER_OK : error_memory(error);
    for (size_t i = 0; !status && i < sample->width; i++)
        first[i] = kind_of(&record->fields[i], point);
    if (!status)
        status = look_at_rows(in, sample->width, point, held, error);
    if (!status)
        sample->header = is_header(sample, first, held);
    memory_release(allocator, held);
    memory_release(allocator, first);
    return status;
}

espalier_status csv_sample_read(const char *path, const espalier_table_options *options,
                                const espalier_allocator *allocator, csv_sample *sample,
                                espalier_error *error)
{
    csv *in;
    csv_record record;
    csv_dialect dialect = table_dialect(path, NULL, options);
    *sample = (csv_sample){.header = options->header == ESPALIER_HEADER_YES};
    espalier_status status = csv_open(path, &dialect, allocator, &in, error);
    if (status)
        return status;
    status = csv_next(in, &record, error);
    if (!status)
        status = keep_fields(&record, allocator, sample, error);
    if (!status && record.count > 0 && options->header == ESPALIER_HEADER_AUTO)
        status = find_header(in, &record, dialect.decimal_comma ? ',' : '.', allocator, sample,
                             error);
    csv_close(in);
    return status;
}

void csv_sample_clear(csv_sample *sample, const espalier_allocator *allocator)
{
    for (size_t i = 0; i < sample->width; i++)
        memory_release(allocator, sample->fields[i]);
    memory_release(allocator, sample->fields);
    *sample = (csv_sample){0};
}
