/* Once through a table: which rows are kept, their labels, and, of the training file, what
 * its columns hold. */
#include "data/csv_table.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "format/decimal.h"
#include "base/utf8.h"

/* Rows for which memory is taken at first, and the most classes: labels that differ more
 * are hardly classes. */
enum { ROWS_AT_FIRST = 1024, CLASSES_MOST = 10000, CATEGORIES_USUAL = 100 };

/* ---- rows that are kept ------------------------------------------------------- */

/* Cells with these first characters are looked at closely; a digit settles it at once. */
static bool may_be_missing(const csv_field *field)
{
    return field->length <= 4 && !(field->length > 0 && *field->text >= '0' && *field->text <= '9');
}

static bool is_missing(const table_file *f, size_t place)
{
    const csv_field *field = &f->record.fields[place];
    return may_be_missing(field) && table_is_missing(field);
}

bool csv_row_is_kept(const table_file *file)
{
    if (file->columns->missing != ESPALIER_MISSING_DROP)
        return true;
    for (size_t i = 0; i < file->columns->count; i++)
        if (is_missing(file, file->places[i]))
            return false;
    return file->label == SIZE_MAX || !is_missing(file, file->label);
}

/* ---- labels -------------------------------------------------------------------- */

/* A whole number as usual: "7" for "07", "+7", "7.0" and "7e0". Anything else stays. */
static const char *usual_label(const csv_field *field, char point, char text[32], size_t *length)
{
    const char *raw = field->text;
    double value;
    bool digits = field->length > 0 && field->length < 16;
    for (size_t i = 0; digits && i < field->length; i++)
        digits = raw[i] >= '0' && raw[i] <= '9';
    *length = field->length;
    if (digits && (raw[0] != '0' || field->length == 1))
        return raw;
    if (decimal_double(raw, field->length, point, &value) != DECIMAL_NUMBER || value < -1e15 ||
        value > 1e15 || value != (double)(long long)value)
        return raw;
    *length = (size_t)snprintf(text, 32, "%lld", (long long)value);
    return text;
}

/* Texts that travel with the network: names of classes and categories. */
static espalier_status check_text(const table_file *f, size_t place, const char *what,
                                  espalier_error *error)
{
    const csv_field *field = &f->record.fields[place];
    char shown[TABLE_SHOWN_BYTES];
    if (field->length > COLUMN_TEXT_MOST)
        return table_file_complain(f, place, error, "expected a %s of at most %d bytes, found '%s'",
                                   what, COLUMN_TEXT_MOST, table_show(field, shown));
    return utf8_is_valid(field->text)
               ? ESPALIER_OK
                  : table_file_complain(f, place, error,
                                        "expected a %s in UTF-8, found another encoding: save the "
                                        "file as UTF-8", what);
}

static espalier_status add_class(csv_survey *s, const table_file *f, const char *label,
                                 size_t length, bool learn, espalier_error *error)
{
    char shown[TABLE_SHOWN_BYTES];
    if (s->options->class_count || !learn)
        return table_file_complain(f, f->label, error,
                                   "expected one of the %zu classes of %s, found '%s'",
                                   s->classes.count,
                                   s->options->class_count ? "the network" : "the training file",
                                   table_show(&f->record.fields[f->label], shown));
    if (s->classes.count == CLASSES_MOST)
        return table_file_complain(f, f->label, error,
                                   "expected at most %d different labels, found more: choose the "
                                   "column of the labels by --label", CLASSES_MOST);
    espalier_status status = check_text(f, f->label, "label", error);
    return status ? status : dictionary_add(&s->classes, label, length, error);
}

static espalier_status find_label(csv_survey *s, const table_file *f, bool learn, uint32_t *label,
                                  espalier_error *error)
{
    char number[32];
    size_t length;
    const csv_field *field = &f->record.fields[f->label];
    if (is_missing(f, f->label))
        return table_file_complain(f, f->label, error, "expected a label, found %s",
                                   field->length ? field->text : "nothing");
    const char *text = usual_label(field, f->point, number, &length);
    size_t found = dictionary_find(&s->classes, text, length);
    if (found == SIZE_MAX && text != field->text) /* a network may write its classes so */
        found = dictionary_find(&s->classes, field->text, field->length);
    if (found == SIZE_MAX) {
        espalier_status status = add_class(s, f, text, length, learn, error);
        if (status)
            return status;
        found = s->classes.count - 1;
    }
    *label = (uint32_t)found;
    return ESPALIER_OK;
}

/* ---- categories ------------------------------------------------------------------ */

static espalier_status take_codes(csv_survey *s, size_t index, espalier_error *error)
{
    s->codes[index] = memory_array(s->columns->allocator, s->room, sizeof *s->codes[index]);
    if (!s->codes[index])
        return error_memory(error);
    for (size_t i = 0; i < s->rows; i++)
        s->codes[index][i] = CSV_NO_CATEGORY;
    return ESPALIER_OK;
}

static espalier_status add_category(csv_survey *s, const table_file *f, size_t index,
                                    espalier_error *error)
{
    column *one = &s->columns->items[index];
    size_t place = f->places[index], most = s->options->categories_most;
    const csv_field *field = &f->record.fields[place];
    most = most ? most : CATEGORIES_USUAL;
    if (one->values.count >= most) {
        char shown[TABLE_SHOWN_BYTES], first[TABLE_SHOWN_BYTES];
        const char *text = one->values.texts[0];
        table_show(field, shown);
        table_show(&(csv_field){.text = text, .length = strlen(text)}, first);
        if (csv_is_mixed(s->columns, one))
            return table_file_complain(f, place, error,
                                       "expected at most %zu categories, found one more, '%s': the "
                                       "column is text because its first value, '%s', is no number "
                                       "that is read; write it as one, or leave it empty and say "
                                       "--missing, or leave the column out by --ignore",
                                       most, shown, first);
        return table_file_complain(f, place, error,
                                   "expected at most %zu categories, found one more, '%s': leave the "
                                   "column out by --ignore if it tells rows apart, or allow more "
                                   "by --max-categories",
                                   most, shown);
    }
    espalier_status status = check_text(f, place, "category", error);
    return status ? status : dictionary_add(&one->values, field->text, field->length, error);
}

/* A column is what its first value is. Text that is a number but for its comma would make a
 * category of each number, which nobody wants unasked. */
static espalier_status find_kind(const table_file *f, size_t place, column_kind *kind,
                                 espalier_error *error)
{
    const csv_field *field = &f->record.fields[place];
    float value;
    *kind = decimal_float(field->text, field->length, f->point, &value) == DECIMAL_TEXT
                ? COLUMN_CATEGORY
                : COLUMN_NUMBER;
    const char *hint = table_decimal_hint(f, field);
    if (*kind == COLUMN_NUMBER || !hint)
        return ESPALIER_OK;
    char shown[TABLE_SHOWN_BYTES];
    return table_file_complain(f, place, error,
                               "expected a number with a %s, found '%s': %s, or take the column as "
                               "texts by --categorical",
                               f->point == ',' ? "comma" : "point", table_show(field, shown), hint);
}

static espalier_status learn_column(csv_survey *s, const table_file *f, size_t index,
                                    espalier_error *error)
{
    column *one = &s->columns->items[index];
    const csv_field *field = &f->record.fields[f->places[index]];
    uint16_t code = CSV_NO_CATEGORY;
    if (!is_missing(f, f->places[index])) {
        espalier_status kind = one->kind == COLUMN_UNKNOWN
                                   ? find_kind(f, f->places[index], &one->kind, error)
                                   : ESPALIER_OK;
        if (kind || one->kind == COLUMN_NUMBER)
            return kind;
        size_t found = dictionary_find(&one->values, field->text, field->length);
        espalier_status status =
            found == SIZE_MAX ? add_category(s, f, index, error) : ESPALIER_OK;
        if (status)
            return status;
        code = (uint16_t)(found == SIZE_MAX ? one->values.count - 1 : found);
    }
    if (one->kind != COLUMN_CATEGORY)
        return ESPALIER_OK;
    espalier_status status = s->codes[index] ? ESPALIER_OK : take_codes(s, index, error);
    if (!status)
        s->codes[index][s->rows] = code;
    return status;
}

/* ---- all rows ---------------------------------------------------------------------- */

static espalier_status widen(const csv_survey *s, void **array, size_t item_bytes, size_t room,
                             espalier_error *error)
{
    void *wider = memory_array(s->columns->allocator, room, item_bytes);
    if (!wider)
        return error_memory(error);
    if (s->rows)
        memcpy(wider, *array, s->rows * item_bytes);
    memory_release(s->columns->allocator, *array);
    *array = wider;
    return ESPALIER_OK;
}

/* Room for a row more, half as much again at a time. */
static espalier_status make_room(csv_survey *s, espalier_error *error)
{
    if (s->rows < s->room)
        return ESPALIER_OK;
    if (s->room > UINT32_MAX / 2)
        return error_memory(error);
    size_t room = s->room ? s->room + s->room / 2 : ROWS_AT_FIRST;
    void *labels = s->labels;
    espalier_status status = widen(s, &labels, sizeof *s->labels, room, error);
    s->labels = labels;
    for (size_t i = 0; i < s->columns->count && !status; i++)
        if (s->codes[i]) {
            void *codes = s->codes[i];
            status = widen(s, &codes, sizeof *s->codes[i], room, error);
            s->codes[i] = codes;
        }
    if (!status)
        s->room = room;
    return status;
}

static espalier_status take_row(csv_survey *s, const table_file *f, bool learn,
                                espalier_error *error)
{
    espalier_status status = make_room(s, error);
    if (!status)
        status = find_label(s, f, learn, &s->labels[s->rows], error);
    for (size_t i = 0; i < s->columns->count && learn && !s->options->columns && !status; i++)
        if (s->columns->items[i].kind != COLUMN_NUMBER)
            status = learn_column(s, f, i, error);
    if (!status)
        s->rows++;
    return status;
}

static espalier_status take_rows(csv_survey *s, table_file *f, bool learn, espalier_error *error)
{
    bool end = f->width == 0;
    if (!end && f->label == SIZE_MAX)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "%s: expected a column %s%s%swith the labels, found none",
                         csv_path(f->in), f->label_name ? "'" : "",
                         f->label_name ? f->label_name : "", f->label_name ? "' " : "");
    espalier_status status = ESPALIER_OK;
    while (!status && !end) {
        status = table_file_next(f, &end, error);
        if (status || end)
            break;
        if (csv_row_is_kept(f))
            status = take_row(s, f, learn, error);
        else
            s->dropped++;
    }
    if (status || !learn)
        return status;
    s->file_rows = f->row;
    s->file_bytes = csv_bytes(f->in);
    s->file_head = csv_head(f->in);
    return ESPALIER_OK;
}

espalier_status csv_survey_create(columns *c, const espalier_table_options *options,
                                  csv_survey *s, espalier_error *error)
{
    *s = (csv_survey){.columns = c, .options = options, .classes = {.allocator = c->allocator}};
    s->codes = memory_array(c->allocator, c->count, sizeof *s->codes);
    espalier_status status = s->codes ? ESPALIER_OK : error_memory(error);
    for (size_t i = 0; i < options->class_count && !status; i++) {
        const char *name = options->class_names[i];
        status = dictionary_add(&s->classes, name, strlen(name), error);
    }
    return status;
}

void csv_survey_clear(csv_survey *s)
{
    const espalier_allocator *allocator = s->columns->allocator;
    for (size_t i = 0; s->codes && i < s->columns->count; i++)
        memory_release(allocator, s->codes[i]);
    memory_release(allocator, s->codes);
    memory_release(allocator, s->labels);
    dictionary_clear(&s->classes);
}

espalier_status csv_survey_file(csv_survey *s, const char *path, bool learn,
                                espalier_error *error)
{
    table_file file;
    espalier_status status = table_file_open(path, s->columns, s->options, &file, error);
    if (status)
        return status;
    status = take_rows(s, &file, learn, error);
    table_file_close(&file);
    return status;
}
