/* Cells of a table: missing, a number, a category. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/table_file.h"
#include "format/decimal.h"

bool table_is_missing(const csv_field *field)
{
    static const char *const words[] = {"?", "na", "n/a", "#n/a", "nan", "-nan", "null", "<na>"};
    enum { LONGEST = 4 };
    char word[LONGEST + 1] = "";
    if (field->length == 0)
        return true;
    if (field->length > LONGEST || field->quoted)
        return false;
    for (size_t i = 0; i < field->length; i++) {
        char c = field->text[i];
        word[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* With the way out of it: while a table is read to be learnt from, while it is read by what
 * others learnt, and where its rows are wanted one by one. */
static espalier_status refuse_missing(const table_file *f, size_t place, table_missing missing,
                                      espalier_error *error)
{
    const bool dropped = f->columns->missing == ESPALIER_MISSING_DROP;
    const char *const way_out =
        missing == TABLE_MARK ? (f->fixed ? " (with --missing drop its row would be left out)"
                                          : " (with --missing mean or median it would be replaced, "
                                            "with drop its row left out)")
        : dropped ? ": no row can be left out here, each gets its answer"
                  : " (a network trained with --missing mean or median would fill it in)";
    char shown[TABLE_SHOWN_BYTES];
    const csv_field *field = &f->record.fields[place];
    const char *found = field->length ? table_show(field, shown) : "nothing";
    return table_file_complain(f, place, error, "expected a value, found %s%s", found, way_out);
}

/* 1,234: more likely a thousand than a little more than one, unless semicolons separate columns. */
static bool has_thousands(const char *text)
{
    static const char digits[] = "0123456789";
    text += strspn(text, "+-");
    const size_t before = strspn(text, digits);
    return before >= 1 && before <= 3 && text[before] == ',' && strspn(text + before + 1, digits) == 3 &&
           !text[before + 4];
}

const char *table_decimal_hint(const table_file *f, const csv_field *field)
{
    const bool comma = f->point == ',';
    float value;
    if (decimal_float(field->text, field->length, comma ? '.' : ',', &value) != DECIMAL_NUMBER)
        return NULL;
    const char separator = csv_separator(f->in);
    if (comma)
        return "say --decimal point if all are written so";
    if (has_thousands(field->text) && separator != ';')
        return separator == ',' ? "write 1234 for 1,234 if the comma separates thousands, else say --decimal "
                                  "comma --separator comma"
                                : "write 1234 for 1,234 if the comma separates thousands, else say --decimal "
                                  "comma";
    return separator == ',' ? "say --decimal comma --separator comma if all are written so"
                            : "say --decimal comma if all are written so";
}

static espalier_status encode_number(const table_file *f, size_t index, table_missing missing,
                                     float *value, espalier_error *error)
{
    const column *one = &f->columns->items[index];
    size_t place = f->places[index];
    const csv_field *field = &f->record.fields[place];
    char shown[TABLE_SHOWN_BYTES];
    decimal_kind kind = decimal_float(field->text, field->length, f->point, value);
    if (kind == DECIMAL_NUMBER)
        return ESPALIER_OK;
    if (table_is_missing(field)) {
        bool mark = missing == TABLE_MARK && f->columns->missing != ESPALIER_MISSING_ERROR;
        *value = mark ? NAN : one->fill;
        return mark || one->filled ? ESPALIER_OK : refuse_missing(f, place, missing, error);
    }
    if (kind == DECIMAL_NOT_FINITE)
        return table_file_complain(f, place, error, "expected a finite number, found '%s'",
                                   table_show(field, shown));
    const char *hint = table_decimal_hint(f, field);
    return table_file_complain(f, place, error, "expected a number%s, found '%s'%s%s",
                               !hint ? "" : f->point == ',' ? " with a comma" : " with a point",
                               table_show(field, shown), hint ? ": " : "",
                               hint ? hint : "");
}

/* The category of a cell, SIZE_MAX for none: by its text, or by its number, since one program
 * writes 1 where another writes 1.0. */
static size_t find_category(const table_file *f, const dictionary *values, const csv_field *field)
{
    float number, other;
    const size_t found = dictionary_find(values, field->text, field->length);
    if (found != SIZE_MAX || decimal_float(field->text, field->length, f->point, &number) != DECIMAL_NUMBER)
        return found;
    for (size_t i = 0; i < values->count; i++)
        if (decimal_float(values->texts[i], strlen(values->texts[i]), f->point, &other) == DECIMAL_NUMBER &&
            other == number)
            return i;
    return SIZE_MAX;
}

/* A column's place in the list, or NULL where that is full of others. */
static espalier_unknown_column *list(table_file *f, size_t index)
{
    espalier_unknown *u = &f->unknown;
    const column *one = &f->columns->items[index];
    char shown[TABLE_SHOWN_BYTES];
    const size_t place = f->places[index];
    for (size_t i = 0; f->surprised[index] && i < u->listed; i++)
        if (u->first[i].position == place)
            return &u->first[i];
    u->columns += !f->surprised[index];
    if (f->surprised[index] || u->listed == sizeof u->first / sizeof *u->first)
        return NULL;
    espalier_unknown_column *new = &u->first[u->listed++];
    *new = (espalier_unknown_column){.position = place, .row = f->row};
    snprintf(new->name, sizeof new->name, "%s", one->name ? one->name : "");
    snprintf(new->text, sizeof new->text, "%s", table_show(&f->record.fields[place], shown));
    return new;
}

static void note_unknown(table_file *f, size_t index)
{
    espalier_unknown_column *listed = list(f, index);
    f->surprised[index] = 1;
    if (listed)
        listed->rows++;
}

static espalier_status encode_category(table_file *f, size_t index, table_missing missing,
                                       float *values, espalier_error *error)
{
    const column *one = &f->columns->items[index];
    size_t place = f->places[index], count = one->values.count;
    const csv_field *field = &f->record.fields[place];
    memset(values, 0, count * sizeof *values);
    if (!table_is_missing(field)) {
        const size_t value = find_category(f, &one->values, field);
        if (value != SIZE_MAX)
            values[value] = 1.0f;
        else
            note_unknown(f, index);
        return ESPALIER_OK;
    }
    bool mark = missing == TABLE_MARK && f->columns->missing != ESPALIER_MISSING_ERROR;
    if (mark && count)
        values[0] = NAN;
    if (mark)
        return ESPALIER_OK;
    if (!one->filled)
        return refuse_missing(f, place, missing, error);
    values[one->fill_value] = 1.0f;
    return ESPALIER_OK;
}

espalier_status table_file_encode(table_file *file, table_missing missing, float *values,
                                  espalier_error *error)
{
    const columns *c = file->columns;
    for (size_t i = 0; i < c->count; i++) {
        float *to = values + c->items[i].first;
        espalier_status status = c->items[i].kind == COLUMN_CATEGORY
                                     ? encode_category(file, i, missing, to, error)
                                     : encode_number(file, i, missing, to, error);
        if (status)
            return status;
    }
    file->unknown.rows++;
    return ESPALIER_OK;
}
