/* Opening a table by known columns, and its rows. Cells are table_cell.c. */
#include "data/table_file.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "format/decimal.h"

/* ---- messages --------------------------------------------------------------- */

static const char *name_at(const table_file *f, size_t place)
{
    if (place == f->label)
        return f->label_name;
    for (size_t i = 0; i < f->columns->count; i++)
        if (f->places[i] == place)
            return f->columns->items[i].name;
    return NULL;
}

espalier_status table_file_complain(const table_file *file, size_t place, espalier_error *error,
                                    const char *format, ...)
{
    char text[sizeof error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *name = name_at(file, place);
    return error_set(error, ESPALIER_ERROR_FORMAT, "%s: row %llu (line %llu), column %zu%s%s%s: %s",
                     csv_path(file->in), (unsigned long long)file->row,
                     (unsigned long long)file->record.line, place + 1, name ? " (" : "",
                     name ? name : "", name ? ")" : "", text);
}

const char *table_show(const csv_field *field, char shown[TABLE_SHOWN_BYTES])
{
    static const char cut[] = "...";
    if (field->length < TABLE_SHOWN_BYTES)
        return memcpy(shown, field->text, field->length + 1);
    size_t kept = TABLE_SHOWN_BYTES - sizeof cut;
    while (kept > 0 && ((unsigned char)field->text[kept] & 0xc0) == 0x80)
        kept--; /* not within a character */
    memcpy(shown, field->text, kept);
    memcpy(shown + kept, cut, sizeof cut);
    return shown;
}

/* ---- the header --------------------------------------------------------------- */

static bool has_text(const csv_field *field, const char *text)
{
    return strcmp(field->text, text) == 0;
}

/* The first field of that name, but for the one at the place where it is looked for first. */
static size_t find_name(const csv_record *header, const char *name, size_t place)
{
    if (place < header->count && has_text(&header->fields[place], name))
        return place;
    for (size_t i = 0; i < header->count; i++)
        if (has_text(&header->fields[i], name))
            return i;
    return SIZE_MAX;
}

/* What a column without a name is called where others have names: "column N". */
static size_t find_unnamed(const csv_record *header, const char *name)
{
    size_t number = 0;
    int used = 0;
    return sscanf(name, "column %zu%n", &number, &used) == 1 && !name[used] && number >= 1 &&
                   number <= header->count && header->fields[number - 1].length == 0
               ? number - 1
               : SIZE_MAX;
}

static size_t find_column(const csv_record *header, const char *name, size_t expected)
{
    const size_t place = find_name(header, name, expected);
    return place == SIZE_MAX ? find_unnamed(header, name) : place;
}

static bool is_text(const table_file *f, const csv_field *field)
{
    float value;
    return !table_is_missing(field) &&
           decimal_float(field->text, field->length, f->point, &value) == DECIMAL_TEXT;
}

static bool is_number(const table_file *f, const char *text, size_t length)
{
    float value;
    return decimal_float(text, length, f->point, &value) == DECIMAL_NUMBER;
}

/* Categories that are written as numbers. */
static bool has_numbers(const table_file *f, const column *one)
{
    for (size_t i = 0; i < one->values.count; i++)
        if (is_number(f, one->values.texts[i], strlen(one->values.texts[i])))
            return true;
    return false;
}

/* A number where text belongs, or text where a number does. */
static bool is_odd(const table_file *f, const column *one, const csv_field *field)
{
    if (one->kind == COLUMN_NUMBER)
        return is_text(f, field);
    return one->kind == COLUMN_CATEGORY && one->values.count > 0 && !table_is_missing(field) &&
           dictionary_find(&one->values, field->text, field->length) == SIZE_MAX &&
           is_number(f, field->text, field->length) && !has_numbers(f, one);
}

static bool has_any_number(const table_file *f, const csv_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (!is_text(f, &record->fields[i]))
            return true;
    return false;
}

static bool has_any_name(const columns *c, const csv_record *record)
{
    for (size_t i = 0; i < c->count; i++)
        if (find_name(record, c->items[i].name, c->items[i].position) != SIZE_MAX)
            return true;
    return false;
}

/* Where column i stands in a record, if only the label's field may be missing. */
static size_t place_of(const columns *c, size_t i, bool unlabelled)
{
    return c->items[i].position - (unlabelled && c->items[i].position > c->label);
}

static bool is_unlabelled(const columns *c, const csv_record *record)
{
    return c->label != SIZE_MAX && record->count == c->record_width - 1;
}

/* Columns of a network that knows no labels, and a record that has one, as the options say. */
static bool is_labelled(const columns *c, const csv_record *record, const char *label)
{
    return !c->named && c->label == SIZE_MAX && label && record->count == c->record_width + 1;
}

/* A column's number from 1 to `count` as its place; SIZE_MAX for any other text. */
static size_t number_of(const char *text, size_t count)
{
    size_t number = 0;
    int used = 0;
    bool is_number = text[0] >= '0' && text[0] <= '9' && sscanf(text, "%zu%n", &number, &used) == 1;
    return is_number && !text[used] && number >= 1 && number <= count ? number - 1 : SIZE_MAX;
}

/* A first record is a header if it has all names. Else by places: if it has something odd
 * for a row. Where even that tells nothing, names are missed rather than a row taken for
 * names, which would be lost: the table these columns come from decides. */
static bool looks_like_header(const table_file *f, const csv_record *first, const char *label)
{
    const columns *c = f->columns;
    bool all = c->named, unlabelled = is_unlabelled(c, first);
    for (size_t i = 0; i < c->count && all; i++)
        all = find_column(first, c->items[i].name, c->items[i].position) != SIZE_MAX;
    if (all)
        return true;
    if (is_labelled(c, first, label)) {
        size_t place = number_of(label, first->count);
        for (size_t i = 0; i < first->count; i++)
            if (i != place && (place == SIZE_MAX || is_text(f, &first->fields[i])))
                return true;
        return false;
    }
    if (first->count != c->record_width && !unlabelled)
        return c->named && (has_any_name(c, first) || !has_any_number(f, first));
    bool odd = false, plain = false;
    for (size_t i = 0; i < c->count; i++) {
        const csv_field *field = &first->fields[place_of(c, i, unlabelled)];
        odd = odd || is_odd(f, &c->items[i], field);
        plain = plain || (c->items[i].kind == COLUMN_NUMBER && is_number(f, field->text, field->length));
    }
    return odd && (c->named || !plain); /* without names a fault in a row is to be found there */
}

/* ---- places --------------------------------------------------------------------- */

static espalier_status twice(const table_file *f, const csv_record *header, size_t first, size_t second,
                             espalier_error *error)
{
    return error_set(error, ESPALIER_ERROR_MISMATCH,
                     "%s: line %llu: columns %zu and %zu: expected different names, found '%.80s' twice",
                     csv_path(f->in), (unsigned long long)header->line, first + 1, second + 1,
                     header->fields[first].text);
}

/* Every field of the header whose name is among those that are sought, which end with the label's.
 * Other names may be there as often as they like. */
static espalier_status take_names(table_file *f, const dictionary *sought, const csv_record *header,
                                  espalier_error *error)
{
    for (size_t i = 0; i < header->count; i++) {
        const csv_field *field = &header->fields[i];
        const size_t found = dictionary_find(sought, field->text, field->length);
        size_t *place = found < f->columns->count ? &f->places[found] : &f->label;
        if (found == SIZE_MAX)
            continue;
        if (*place != SIZE_MAX)
            return twice(f, header, *place, i, error);
        *place = i;
    }
    return ESPALIER_OK;
}

static espalier_status match_names(table_file *f, const csv_record *header, espalier_error *error)
{
    const columns *c = f->columns;
    dictionary sought = {.allocator = c->allocator};
    espalier_status status = ESPALIER_OK;
    f->label = SIZE_MAX;
    for (size_t i = 0; i < c->count && !status; i++) {
        f->places[i] = SIZE_MAX;
        status = dictionary_add(&sought, c->items[i].name, strlen(c->items[i].name), error);
    }
    if (!status && f->label_name)
        status = dictionary_add(&sought, f->label_name, strlen(f->label_name), error);
    if (!status)
        status = take_names(f, &sought, header, error);
    dictionary_clear(&sought);
    for (size_t i = 0; i < c->count && !status; i++) {
        if (f->places[i] == SIZE_MAX)
            f->places[i] = find_unnamed(header, c->items[i].name);
        if (f->places[i] == SIZE_MAX)
            return error_set(error, ESPALIER_ERROR_MISMATCH,
                             "%s: line %llu: expected a column '%s', found none of that name among "
                             "%zu", csv_path(f->in), (unsigned long long)header->line,
                             c->items[i].name, header->count);
    }
    if (f->label == SIZE_MAX && f->label_name)
        f->label = find_unnamed(header, f->label_name);
    return status;
}

/* Every column at its place; where only the label's field is missing, those behind it one
 * place before. */
static espalier_status match_places(table_file *f, const csv_record *first, espalier_error *error)
{
    const columns *c = f->columns;
    bool unlabelled = is_unlabelled(c, first);
    if (first->count != c->record_width && !unlabelled)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "%s: line %llu: expected %zu fields%s, found %zu%s", csv_path(f->in),
                         (unsigned long long)first->line, c->record_width,
                         c->label == SIZE_MAX ? "" : ", or one less without labels", first->count,
                         c->label == SIZE_MAX && first->count == c->record_width + 1
                             ? ": if one of them is the column of the labels, name it by --label"
                             : "");
    f->label = unlabelled ? SIZE_MAX : c->label;
    for (size_t i = 0; i < c->count; i++)
        f->places[i] = place_of(c, i, unlabelled);
    return ESPALIER_OK;
}

/* The label's column by another name or number than the columns say. */
static espalier_status find_label(table_file *f, const csv_record *first, bool header,
                                  const char *label, espalier_error *error)
{
    f->label = header ? find_name(first, label, f->columns->label) : SIZE_MAX;
    f->label_name = f->label == SIZE_MAX ? NULL : label;
    if (f->label == SIZE_MAX)
        f->label = number_of(label, first->count);
    if (f->label == SIZE_MAX)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "%s: expected a column '%s' with the labels, found none among %zu",
                         csv_path(f->in), label, first->count);
    return ESPALIER_OK;
}

/* All fields but the label's, in their order. */
static espalier_status match_others(table_file *f, const csv_record *first, bool header,
                                    const char *label, espalier_error *error)
{
    espalier_status status = find_label(f, first, header, label, error);
    for (size_t i = 0; i < f->columns->count && !status; i++)
        f->places[i] = i + (i >= f->label);
    return status;
}

/* By places, with the label at another one: the other fields are in the order that they had. */
static void match_around(table_file *f)
{
    const columns *c = f->columns;
    for (size_t i = 0; c->label != SIZE_MAX && f->label != c->label && i < c->count; i++) {
        const size_t rank = c->items[i].position - (c->items[i].position > c->label);
        f->places[i] = rank + (rank >= f->label);
    }
}

/* Columns of a network, and the table that they come from: its header is known. */
static bool is_table_of(const table_file *f, const espalier_table_options *o)
{
    return o->columns && f->columns->rows > 0 && f->columns->head == csv_head(f->in);
}

static espalier_status match(table_file *f, const csv_record *first,
                             const espalier_table_options *o, espalier_error *error)
{
    bool header = o->header == ESPALIER_HEADER_YES;
    if (o->header == ESPALIER_HEADER_AUTO)
        header = is_table_of(f, o) ? f->columns->named : looks_like_header(f, first, o->label);
    f->width = first->count;
    f->held = !header;
    if (is_labelled(f->columns, first, o->label))
        return match_others(f, first, header, o->label, error);
    espalier_status status = header && f->columns->named ? match_names(f, first, error)
                                                         : match_places(f, first, error);
    if (!status && o->label && o->columns)
        status = find_label(f, first, header, o->label, error);
    if (!status && o->label && o->columns && !(header && f->columns->named))
        match_around(f);
    return status;
}

/* ---- opening ---------------------------------------------------------------------- */

static bool ends_in(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    if (length < tail)
        return false;
    for (size_t i = 0; i < tail; i++)
        if (tolower((unsigned char)path[length - tail + i]) != ending[i])
            return false;
    return true;
}

csv_dialect table_dialect(const char *path, const columns *c,
                          const espalier_table_options *o)
{
    csv_dialect dialect = csv_dialect_defaults();
    dialect.separator = o->separator;
    if (c && o->columns) {
        dialect.separator = o->separator ? o->separator : c->separator;
        dialect.comment = c->comment;
        dialect.decimal_comma = c->decimal_comma;
    }
    if (dialect.separator == ESPALIER_SEPARATOR_FOUND)
        dialect.separator = 0;
    if (!dialect.separator && (ends_in(path, ".tsv") || ends_in(path, ".tsv.gz") ||
                               ends_in(path, ".tab") || ends_in(path, ".tab.gz")))
        dialect.separator = '\t';
    if (o->comment)
        dialect.comment = o->comment == ESPALIER_COMMENT_NONE ? '\0' : o->comment;
    if (o->decimal)
        dialect.decimal_comma = o->decimal == ESPALIER_DECIMAL_COMMA;
    return dialect;
}

espalier_status table_file_open(const char *path, const columns *c,
                                const espalier_table_options *options, table_file *file,
                                espalier_error *error)
{
    csv_dialect dialect = table_dialect(path, c, options);
    *file = (table_file){.columns = c,
                         .fixed = options->columns || options->for_test,
                         .point = dialect.decimal_comma ? ',' : '.',
                         .label = SIZE_MAX,
                         .label_name = c->label_name};
    file->places = memory_array(c->allocator, c->count, sizeof *file->places);
    file->surprised = memory_array(c->allocator, c->count, 1);
    espalier_status status = file->places && file->surprised ? ESPALIER_OK : error_memory(error);
    if (!status)
        status = csv_open(path, &dialect, c->allocator, &file->in, error);
    if (!status)
        status = csv_next(file->in, &file->record, error);
    if (!status && file->record.count > 0)
        status = match(file, &file->record, options, error);
    if (status)
        table_file_close(file);
    return status;
}

void table_file_close(table_file *file)
{
    memory_release(file->columns->allocator, file->places);
    memory_release(file->columns->allocator, file->surprised);
    csv_close(file->in);
    file->places = NULL;
    file->surprised = NULL;
    file->in = NULL;
}

/* ---- rows ------------------------------------------------------------------------- */

espalier_status table_file_next(table_file *file, bool *end, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    if (!file->held)
        status = csv_next(file->in, &file->record, error);
    file->held = false;
    *end = file->record.count == 0;
    if (status || *end)
        return status;
    file->row++;
    if (file->record.count != file->width)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: row %llu (line %llu): expected %zu fields as in the first line, found "
                         "%zu",
                         csv_path(file->in), (unsigned long long)file->row,
                         (unsigned long long)file->record.line, file->width, file->record.count);
    return ESPALIER_OK;
}
