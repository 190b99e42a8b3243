/* Which column of a table is the label's, which are ignored, which are inputs. */
#include "data/csv_table.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"

typedef struct roles {
    const char *path;
    const csv_sample *sample;
    dictionary names; /* of the header; "column N" where it is empty */
    uint8_t *ignored, *categorical; /* [width] */
    size_t label;
} roles;

static espalier_status read_names(roles *r, espalier_error *error)
{
    char number[32];
    for (size_t i = 0; i < r->sample->width; i++) {
        const char *name = r->sample->fields[i];
        snprintf(number, sizeof number, "column %zu", i + 1);
        if (!*name)
            name = number;
        if (strlen(name) > COLUMN_TEXT_MOST)
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: column %zu: expected a name of at most %d bytes, found a longer "
                             "one",
                             r->path, i + 1, COLUMN_TEXT_MOST);
        if (!utf8_is_valid(name))
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: column %zu: expected a name in UTF-8, found another encoding: "
                             "save the file as UTF-8",
                             r->path, i + 1);
        size_t other = dictionary_find(&r->names, name, strlen(name));
        if (other != SIZE_MAX)
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: columns %zu and %zu: expected different names, found '%s' twice",
                             r->path, other + 1, i + 1, name);
        espalier_status status = dictionary_add(&r->names, name, strlen(name), error);
        if (status)
            return status;
    }
    return ESPALIER_OK;
}

/* A column by its name, or by its number from 1 on; SIZE_MAX for none. */
static size_t place_of(const roles *r, const char *name)
{
    size_t number = 0;
    int used = 0;
    const size_t place = dictionary_find(&r->names, name, strlen(name));
    const bool counted = place == SIZE_MAX && name[0] >= '0' && name[0] <= '9' &&
                         sscanf(name, "%zu%n", &number, &used) == 1 && !name[used] && number >= 1 &&
                         number <= r->sample->width;
    return counted ? number - 1 : place;
}

/* what: the option that says so. Blanks around a name count only where a column is called so. */
static espalier_status find(const roles *r, const char *what, const char *name, size_t *place,
                            espalier_error *error)
{
    char bare[COLUMN_TEXT_MOST + 1];
    const char *from = name + strspn(name, " \t");
    size_t length = strlen(from);
    while (length > 0 && strchr(" \t", from[length - 1]))
        length--;
    snprintf(bare, sizeof bare, "%.*s", (int)length, from);
    *place = place_of(r, name);
    if (*place == SIZE_MAX)
        *place = place_of(r, bare);
    if (*place != SIZE_MAX)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_MISMATCH,
                     "%s: %s: expected %sa number from 1 to %zu, found '%s'", r->path, what,
                     r->names.count ? "the name of a column or " : "", r->sample->width, name);
}

/* A text is a column, or several with commas between. */
static espalier_status mark_text(const roles *r, const char *what, const char *text,
                                 uint8_t *marks, espalier_error *error)
{
    char name[COLUMN_TEXT_MOST + 1];
    size_t place;
    if (!strchr(text, ',') || dictionary_find(&r->names, text, strlen(text)) != SIZE_MAX) {
        espalier_status status = find(r, what, text, &place, error);
        if (!status)
            marks[place] = 1;
        return status;
    }
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        espalier_status status = find(r, what, name, &place, error);
        if (status)
            return status;
        marks[place] = 1;
        at += length;
        if (!*at)
            return ESPALIER_OK;
    }
}

static espalier_status mark(const roles *r, const char *what, const char *const *names,
                            size_t count, uint8_t *marks, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; i < count && !status; i++)
        status = mark_text(r, what, names[i], marks, error);
    return status;
}

/* The last column that is not ignored, unless another is named. */
static espalier_status find_label(roles *r, const espalier_table_options *o, espalier_error *error)
{
    if (o->label) {
        espalier_status status = find(r, "label", o->label, &r->label, error);
        if (!status && r->ignored[r->label])
            return error_set(error, ESPALIER_ERROR_MISMATCH,
                             "%s: label: the column '%s' is also ignored", r->path, o->label);
        return status;
    }
    r->label = r->sample->width - 1;
    while (r->label > 0 && r->ignored[r->label])
        r->label--;
    return ESPALIER_OK;
}

static espalier_status copy_name(const roles *r, size_t place, const espalier_allocator *allocator,
                                 char **name, espalier_error *error)
{
    if (!r->names.count)
        return ESPALIER_OK;
    *name = memory_text(allocator, r->names.texts[place]);
    return *name ? ESPALIER_OK : error_memory(error);
}

/* Nothing but the labels. What stands in a single column shows what the file is, or that it has
 * another separator. */
static espalier_status refuse_few(const roles *r, const columns *c, espalier_error *error)
{
    char shown[TABLE_SHOWN_BYTES];
    const char *text = r->sample->fields[0];
    if (r->sample->width > 1)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected a column of labels and at least one more, found %zu columns, "
                         "ignored ones included", r->path, r->sample->width);
    table_show(&(csv_field){.text = text, .length = strlen(text)}, shown);
    return error_set(error, ESPALIER_ERROR_FORMAT,
                     "%s: expected a column of labels and at least one more, found 1 column, whose first "
                     "field is '%s'%s", r->path, shown,
                     c->decimal_comma && strchr(text, ',')
                         ? ": with --decimal comma, commas separate columns only by --separator comma" : "");
}

static espalier_status lay_out(const roles *r, columns *c, espalier_error *error)
{
    size_t width = r->sample->width;
    c->items = memory_array(c->allocator, width, sizeof *c->items);
    if (!c->items)
        return error_memory(error);
    c->record_width = width;
    c->named = r->names.count > 0;
    c->label = r->label;
    espalier_status status = copy_name(r, r->label, c->allocator, &c->label_name, error);
    for (size_t i = 0; i < width && !status; i++) {
        if (r->ignored[i] || i == r->label)
            continue;
        column *one = &c->items[c->count++];
        *one = (column){.position = i,
                        .kind = r->categorical[i] ? COLUMN_CATEGORY : COLUMN_UNKNOWN,
                        .asked = r->categorical[i],
                        .values = {.allocator = c->allocator}};
        status = copy_name(r, i, c->allocator, &one->name, error);
    }
    return status || c->count > 0 ? status : refuse_few(r, c, error);
}

espalier_status csv_roles(const char *path, const csv_sample *sample,
                          const espalier_table_options *options, columns *c,
                          espalier_error *error)
{
    roles r = {.path = path, .sample = sample, .names = {.allocator = c->allocator}};
    if (sample->width == 0)
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected rows, found none", path);
    r.ignored = memory_array(c->allocator, 2 * sample->width, 1);
    if (!r.ignored)
        return error_memory(error);
    r.categorical = r.ignored + sample->width;
    espalier_status status = sample->header ? read_names(&r, error) : ESPALIER_OK;
    if (!status)
        status = mark(&r, "ignore", options->ignored, options->ignored_count, r.ignored, error);
    if (!status)
        status = mark(&r, "categorical", options->categorical, options->categorical_count,
                      r.categorical, error);
    if (!status)
        status = find_label(&r, options, error);
    if (!status)
        status = lay_out(&r, c, error);
    dictionary_clear(&r.names);
    memory_release(c->allocator, r.ignored);
    return status;
}
