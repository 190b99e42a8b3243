/* What labels mean: numbers, one-hot rows or texts, all of them as words first, and then
 * as classes. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/dictionary.h"
#include "data/numpy_data.h"

/* While labels are made out. Each row's label is a word until classes are known. */
typedef struct label_words {
    espalier_dataset *dataset;
    numpy_data *data;
    const size_t *first; /* [NUMPY_PART_COUNT] */
    dictionary words;    /* every different label, as text */
    dictionary own;      /* the names that the file gives its classes 0, 1, 2 … */
    size_t hot;          /* columns of one-hot labels; 0 = none are */
    uint32_t *classes;   /* [words.count] */
} label_words;

/* ---- words ------------------------------------------------------------------ */

static espalier_status take_word(label_words *w, size_t row, const char *text,
                                 espalier_error *error)
{
    size_t length = strlen(text), index = dictionary_find(&w->words, text, length);
    espalier_status status = ESPALIER_OK;
    if (index == SIZE_MAX) {
        index = w->words.count;
        status = index < DATASET_CLASSES_MOST
                     ? dictionary_add(&w->words, text, length, error)
                     : error_set(error, ESPALIER_ERROR_FORMAT,
                                 "%s: expected at most %zu different labels, found more",
                                 w->data->path, DATASET_CLASSES_MOST);
    }
    w->dataset->labels[row] = (uint32_t)index;
    return status;
}

static espalier_status take_number(label_words *w, size_t row, int64_t number,
                                   espalier_error *error)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)number);
    return take_word(w, row, text, error);
}

/* The one column that is 1 while the others are 0; `columns` if it is not so. */
static size_t hot_column(const int64_t *values, size_t columns)
{
    size_t hot = columns;
    for (size_t i = 0; i < columns; i++) {
        if ((values[i] != 0 && values[i] != 1) || (values[i] == 1 && hot < columns))
            return columns;
        hot = values[i] == 1 ? i : hot;
    }
    return hot;
}

/* values: [rows][columns], one column for plain numbers. */
static espalier_status take_numbers(label_words *w, const npy_file *file, const int64_t *values,
                                    size_t first, espalier_error *error)
{
    size_t rows = file->shape[0], columns = rows ? file->count / rows : 0;
    espalier_status status = ESPALIER_OK;
    if (columns > w->hot && columns > 1)
        w->hot = columns;
    for (size_t row = 0; !status && row < rows; row++) {
        const int64_t *label = values + row * columns;
        size_t hot = columns > 1 ? hot_column(label, columns) : 0;
        if (columns > 1 && hot == columns)
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: row %zu (counted from 0): expected a one-hot label, one 1 among "
                             "%zu zeros, found other values",
                             file->source.name, row, columns - 1);
        status = take_number(w, first + row, columns > 1 ? (int64_t)hot : *label, error);
    }
    return status;
}

static espalier_status read_numbers(label_words *w, npy_file *file, size_t first,
                                    espalier_error *error)
{
    int64_t *values = memory_array(w->dataset->allocator, file->count, sizeof *values);
    if (!values)
        return error_memory(error);
    espalier_status status = npy_read_integers(file, values, error);
    if (!status)
        status = take_numbers(w, file, values, first, error);
    memory_release(w->dataset->allocator, values);
    return status;
}

static espalier_status read_texts(label_words *w, npy_file *file, size_t first,
                                  espalier_error *error)
{
    size_t stride = file->value_bytes + 1;
    char *texts = memory_array(w->dataset->allocator, file->count, stride);
    if (!texts)
        return error_memory(error);
    espalier_status status = npy_read_texts(file, texts, error);
    for (size_t row = 0; !status && row < file->count; row++)
        status = take_word(w, first + row, texts + row * stride, error);
    memory_release(w->dataset->allocator, texts);
    return status;
}

static bool is_text(const npy_file *file)
{
    return file->kind == NPY_TEXT || file->kind == NPY_LATIN;
}

static espalier_status read_part(label_words *w, npy_file *file, size_t first,
                                 espalier_error *error)
{
    char shape[NPY_SHAPE_BYTES];
    bool column = file->rank == 1 || file->shape[1] == 1;
    if (file->shape[0] > 0 && (file->count == 0 || (is_text(file) && !column)))
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected a label for each row, found %s",
                         file->source.name, npy_shape_text(file, shape));
    return is_text(file) ? read_texts(w, file, first, error)
                         : read_numbers(w, file, first, error);
}

/* Names that are numbers (as scikit-learn's digits have them) say nothing new. */
static espalier_status read_own_names(label_words *w, espalier_error *error)
{
    npy_file *file = &w->data->class_names;
    if (!numpy_is_open(file) || !is_text(file) || file->rank != 1)
        return ESPALIER_OK;
    size_t stride = file->value_bytes + 1;
    char *texts = memory_array(w->dataset->allocator, file->count, stride);
    if (!texts)
        return error_memory(error);
    espalier_status status = npy_read_texts(file, texts, error);
    for (size_t i = 0; !status && i < file->count; i++) {
        const char *text = texts + i * stride;
        if (dictionary_find(&w->own, text, strlen(text)) != SIZE_MAX)
            status = error_set(error, ESPALIER_ERROR_FORMAT,
                               "%s: expected a name of its own for each class, found '%.64s' twice",
                               file->source.name, text);
        else
            status = dictionary_add(&w->own, text, strlen(text), error);
    }
    memory_release(w->dataset->allocator, texts);
    return status;
}

/* ---- classes ------------------------------------------------------------------ */

/* A label that is a number below `limit`; else `limit`. */
static size_t number_below(const char *text, size_t limit)
{
    size_t value = 0;
    if (!*text || strlen(text) > 9 || (*text == '0' && text[1]))
        return limit;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return limit;
        value = value * 10 + (size_t)(*text - '0');
    }
    return value < limit ? value : limit;
}

/* Names the first row with a word that is no class. */
static espalier_status refuse(const label_words *w, size_t word, const char *expected,
                              espalier_error *error)
{
    size_t row = 0;
    int part = NUMPY_TEST;
    while (w->dataset->labels[row] != word)
        row++;
    while (!numpy_is_open(&w->data->labels[part]) || w->first[part] > row)
        part--;
    return error_set(error, ESPALIER_ERROR_FORMAT,
                     "%s: row %zu (counted from 0): expected %s, found '%.64s'",
                     w->data->labels[part].source.name, row - w->first[part], expected,
                     w->words.texts[word]);
}

/* Labels are the numbers of classes. The word that is not; words.count if all are. */
static size_t by_number(label_words *w, size_t count)
{
    for (size_t i = 0; i < w->words.count; i++) {
        size_t number = number_below(w->words.texts[i], count);
        if (number == count)
            return i;
        w->classes[i] = (uint32_t)number;
    }
    return w->words.count;
}

static espalier_status known_numbers(label_words *w, size_t count, espalier_error *error)
{
    char expected[64];
    size_t wrong = by_number(w, count);
    w->dataset->classes = count;
    if (wrong == w->words.count)
        return ESPALIER_OK;
    snprintf(expected, sizeof expected, "a label of 0 to %zu", count - 1);
    return refuse(w, wrong, expected, error);
}

static espalier_status set_names(label_words *w, const char *const *names, size_t count,
                                 espalier_error *error)
{
    espalier_dataset *dataset = w->dataset;
    dataset->classes = count;
    dataset->class_names = memory_array(dataset->allocator, count, sizeof(char *));
    if (!dataset->class_names)
        return error_memory(error);
    for (size_t i = 0; i < count; i++)
        if (!(dataset->class_names[i] = memory_text(dataset->allocator, names[i])))
            return error_memory(error);
    return ESPALIER_OK;
}

/* A word by the name that the file itself gives it. */
static const char *text_of(const label_words *w, size_t word)
{
    size_t number = number_below(w->words.texts[word], w->own.count);
    return number < w->own.count ? w->own.texts[number] : w->words.texts[word];
}

/* The network's classes, by name; or by number where a network knows other names. */
static espalier_status by_network(label_words *w, const char *const *names, size_t count,
                                  espalier_error *error)
{
    size_t wrong = w->words.count;
    for (size_t i = 0; i < w->words.count && wrong == w->words.count; i++) {
        size_t c = 0;
        while (c < count && strcmp(names[c], text_of(w, i)) != 0)
            c++;
        w->classes[i] = (uint32_t)c;
        wrong = c == count ? i : wrong;
    }
    if (wrong < w->words.count && by_number(w, count) < w->words.count)
        return refuse(w, wrong, "one of the network's classes", error);
    return set_names(w, names, count, error);
}

/* The words in their order; those that are just 0, 1, 2 … need no names. */
static espalier_status by_order(label_words *w, espalier_error *error)
{
    size_t count = w->words.count;
    size_t *order = memory_array(w->dataset->allocator, count, sizeof *order);
    if (!order)
        return error_memory(error);
    if (by_number(w, count) == count) {
        w->dataset->classes = count;
        memory_release(w->dataset->allocator, order);
        return ESPALIER_OK;
    }
    espalier_status status = dictionary_sort(&w->words, '.', order, error);
    for (size_t i = 0; !status && i < count; i++)
        w->classes[order[i]] = (uint32_t)i;
    memory_release(w->dataset->allocator, order);
    return status ? status
                  : set_names(w, (const char *const *)w->words.texts, count, error);
}

static espalier_status settle(label_words *w, const espalier_dataset_options *options,
                              size_t class_count, espalier_error *error)
{
    const espalier_table_options *table = &options->table;
    w->classes = memory_array(w->dataset->allocator, w->words.count, sizeof *w->classes);
    if (!w->classes)
        return error_memory(error);
    if (class_count)
        return known_numbers(w, class_count, error);
    if (table->class_names)
        return by_network(w, table->class_names, table->class_count, error);
    if (w->own.count) {
        espalier_status status = known_numbers(w, w->own.count, error);
        return status ? status
                      : set_names(w, (const char *const *)w->own.texts, w->own.count, error);
    }
    return w->hot ? known_numbers(w, w->hot, error) : by_order(w, error);
}

espalier_status numpy_read_labels(espalier_dataset *dataset, numpy_data *data,
                                  const size_t first[NUMPY_PART_COUNT],
                                  const espalier_dataset_options *options, size_t class_count,
                                  espalier_error *error)
{
    label_words w = {.dataset = dataset, .data = data, .first = first,
                     .words = {.allocator = dataset->allocator},
                     .own = {.allocator = dataset->allocator}};
    espalier_status status = read_own_names(&w, error);
    for (int part = 0; !status && part < NUMPY_PART_COUNT; part++)
        if (numpy_is_open(&data->labels[part]))
            status = read_part(&w, &data->labels[part], first[part], error);
    if (!status)
        status = settle(&w, options, class_count, error);
    for (size_t row = 0; !status && row < dataset->stored_rows; row++)
        dataset->labels[row] = w.classes[dataset->labels[row]];
    memory_release(dataset->allocator, w.classes);
    dictionary_clear(&w.words);
    dictionary_clear(&w.own);
    return status;
}
