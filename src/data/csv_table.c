/* A table as a data set: the order of the steps, and the pass that stores the values. */
#include "data/csv_table.h"

#include <ctype.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/readers.h"

typedef struct reading {
    espalier_dataset *dataset;
    const char *path;
    const espalier_dataset_options *options;
    espalier_table_options first; /* for the first file: whether it has a header is known */
    columns columns;
    espalier_missing trained; /* what became of missing values when the network was trained */
    csv_survey survey;
    size_t first_rows;       /* rows of the first file */
    uint8_t *marks;          /* [first_rows], 1 = a test row */
    uint8_t *from;           /* [columns.count]: what a column that counts the rows begins with; or NULL */
    size_t training, test;   /* where the next row of each goes */
} reading;

bool csv_table_recognises(const char *path)
{
    static const char *const endings[] = {".csv", ".tsv", ".tab", ".txt", ".data"};
    size_t length = strlen(path);
    char tail[16] = "";
    for (size_t i = 0, from = length < 15 ? 0 : length - 15; from + i < length; i++)
        tail[i] = (char)tolower((unsigned char)path[from + i]);
    length = strlen(tail);
    if (length > 3 && strcmp(tail + length - 3, ".gz") == 0)
        tail[length -= 3] = '\0';
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (length > strlen(endings[i]) &&
            strcmp(tail + length - strlen(endings[i]), endings[i]) == 0)
            return true;
    return false;
}

/* ---- columns and labels ---------------------------------------------------- */

/* A network's columns, with what the options say otherwise. */
static espalier_status take_columns(reading *r, espalier_error *error)
{
    const espalier_table_options *o = &r->options->table;
    espalier_status status =
        columns_parse(o->columns, r->dataset->allocator, &r->columns, error);
    r->trained = r->columns.missing;
    return status ? status : columns_choose_missing(&r->columns, o->missing, error);
}

/* Without training rows nothing is learnt: columns are numbers unless called categories. */
static espalier_status take_as_numbers(columns *c, espalier_missing missing, espalier_error *error)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i].kind == COLUMN_UNKNOWN)
            c->items[i].kind = COLUMN_NUMBER;
    return columns_choose_missing(c, missing, error);
}

static espalier_status find_columns(reading *r, espalier_error *error)
{
    const espalier_table_options *o = &r->options->table;
    const espalier_allocator *allocator = r->dataset->allocator;
    csv_dialect dialect = table_dialect(r->path, NULL, o);
    csv_sample sample = {0};
    r->columns.missing = ESPALIER_MISSING_ERROR;
    r->columns.separator = o->separator == ESPALIER_SEPARATOR_FOUND ? 0 : o->separator;
    r->columns.comment = dialect.comment;
    r->columns.decimal_comma = dialect.decimal_comma;
    espalier_status status = csv_sample_read(r->path, o, allocator, &sample, error);
    if (!status)
        status = csv_roles(r->path, &sample, o, &r->columns, error);
    if (!status && o->for_test)
        status = take_as_numbers(&r->columns, o->missing, error);
    else if (o->missing)
        r->columns.missing = o->missing;
    r->first.header = sample.header ? ESPALIER_HEADER_YES : ESPALIER_HEADER_NO;
    csv_sample_clear(&sample, allocator);
    return status;
}

static espalier_status no_rows(const char *path, size_t dropped, espalier_error *error)
{
    return error_set(error, ESPALIER_ERROR_FORMAT, "%s: expected rows, found none%s", path,
                     dropped ? " without missing values" : "");
}

/* Both files once: rows, labels, kinds, categories. */
static espalier_status look(reading *r, espalier_error *error)
{
    const char *test = r->options->table.test_path;
    csv_survey *s = &r->survey;
    espalier_status status = csv_survey_create(&r->columns, &r->first, s, error);
    if (!status)
        status = csv_survey_file(s, r->path, true, error);
    r->first_rows = s->rows;
    if (!status && s->rows == 0)
        return no_rows(r->path, s->dropped, error);
    s->options = &r->options->table;
    const size_t dropped = s->dropped;
    if (!status && test)
        status = csv_survey_file(s, test, false, error);
    if (!status && test && s->rows == r->first_rows)
        status = no_rows(test, s->dropped - dropped, error);
    return status;
}

static espalier_status name_classes(reading *r, espalier_error *error)
{
    const dictionary *classes = &r->survey.classes;
    espalier_dataset *d = r->dataset;
    d->classes = classes->count;
    if (csv_classes_are_numbers(classes))
        return ESPALIER_OK;
    d->class_names = memory_array(d->allocator, classes->count, sizeof *d->class_names);
    if (!d->class_names)
        return error_memory(error);
    for (size_t i = 0; i < classes->count; i++)
        if (!(d->class_names[i] = memory_text(d->allocator, classes->texts[i])))
            return error_memory(error);
    return ESPALIER_OK;
}

/* ---- rows and splits --------------------------------------------------------- */

/* The table that the columns were made of is split as it was then. */
static bool is_own_table(const reading *r)
{
    const csv_survey *s = &r->survey;
    return r->options->table.columns && r->columns.rows == s->file_rows &&
           r->columns.bytes == s->file_bytes && r->columns.head == s->file_head;
}

static espalier_status mark_tests(reading *r, espalier_error *error)
{
    const espalier_dataset_options *o = r->options;
    r->marks = memory_array(r->dataset->allocator, r->first_rows, 1);
    if (!r->marks)
        return error_memory(error);
    if (o->table.for_test && !is_own_table(r)) {
        memset(r->marks, 1, r->first_rows);
        return ESPALIER_OK;
    }
    if (!(o->table.test_fraction > 0))
        return ESPALIER_OK;
    if (is_own_table(r) && r->survey.dropped && r->trained != ESPALIER_MISSING_DROP)
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "%s: expected all rows of the table that the network was trained on, whose "
                         "test rows are drawn among them; found %zu left out for missing values",
                         r->path, r->survey.dropped);
    return split_stratified(r->survey.labels, r->first_rows, r->dataset->classes,
                            o->table.test_fraction, dataset_test_seed(o),
                            random_stream(RANDOM_TEST_ROWS, 0), r->dataset->allocator, r->marks, error);
}

static bool is_test(const reading *r, size_t row)
{
    return row >= r->first_rows || r->marks[row];
}

/* Where a row is stored; rows are asked for in their order. */
static size_t next_place(reading *r, size_t row)
{
    return is_test(r, row) ? r->test++ : r->training++;
}

static void begin_places(reading *r)
{
    r->training = 0;
    r->test = r->dataset->training_rows;
}

/* Labels to their places, and validation rows by them. */
static espalier_status split(reading *r, espalier_error *error)
{
    espalier_dataset *d = r->dataset;
    size_t training = 0;
    espalier_status status = mark_tests(r, error);
    for (size_t i = 0; !status && i < r->first_rows; i++)
        training += !r->marks[i];
    if (!status)
        status = dataset_reserve_rows(d, r->path, training, r->survey.rows - training, error);
    if (status)
        return status;
    begin_places(r);
    for (size_t i = 0; i < r->survey.rows; i++)
        d->labels[next_place(r, i)] = r->survey.labels[i];
    memory_release(d->allocator, r->survey.labels);
    r->survey.labels = NULL;
    d->is_table = true;
    d->dropped_rows = r->survey.dropped;
    return dataset_split(d, r->options, error);
}

/* Categories of rows that are neither for tests nor for validation, or of all rows where
 * there are no others. */
static espalier_status learn_categories(reading *r, espalier_error *error)
{
    espalier_dataset *d = r->dataset;
    const bool all = d->row_count[ESPALIER_TRAINING] == 0;
    uint8_t *stored = memory_array(d->allocator, d->stored_rows, 1);
    uint8_t *learnt = memory_array(d->allocator, r->survey.rows, 1);
    espalier_status status = stored && learnt ? ESPALIER_OK : error_memory(error);
    for (size_t i = 0; !status && i < d->row_count[ESPALIER_TRAINING]; i++)
        stored[d->rows[ESPALIER_TRAINING][i]] = 1;
    begin_places(r);
    for (size_t i = 0; !status && i < r->survey.rows; i++)
        learnt[i] = stored[next_place(r, i)] || all;
    if (!status)
        status = csv_fit_categories(&r->survey, learnt, error);
    memory_release(d->allocator, learnt);
    memory_release(d->allocator, stored);
    return status;
}

/* ---- values ---------------------------------------------------------------------- */

static espalier_status changed(const char *path, espalier_error *error)
{
    return error_set(error, ESPALIER_ERROR_IO, "%s: the file changed while it was read", path);
}

/* Every column may count the rows until a row shows that it does not. */
static espalier_status expect_counting(reading *r, espalier_error *error)
{
    espalier_dataset *d = r->dataset;
    d->counting = memory_array(d->allocator, r->columns.count, sizeof *d->counting);
    r->from = memory_array(d->allocator, r->columns.count, 1);
    for (size_t i = 0; d->counting && i < r->columns.count; i++)
        if (r->columns.items[i].kind == COLUMN_NUMBER)
            d->counting[d->counting_count++] = i;
    return d->counting && r->from ? ESPALIER_OK : error_memory(error);
}

static void look_for_counting(reading *r, const table_file *f, const float *values)
{
    espalier_dataset *d = r->dataset;
    size_t kept = 0;
    for (size_t i = 0; i < d->counting_count; i++) {
        const size_t index = d->counting[i];
        const float value = values[r->columns.items[index].first];
        if (f->row == 1)
            r->from[index] = value == 1;
        if (value == (float)(f->row - 1 + r->from[index]))
            d->counting[kept++] = index;
    }
    d->counting_count = kept;
}

/* Columns to their places; in a few rows numbers may be in order by chance. */
static void settle_counting(reading *r)
{
    enum { LEAST = 10 };
    espalier_dataset *d = r->dataset;
    d->counting_count = r->survey.file_rows < LEAST ? 0 : d->counting_count;
    for (size_t i = 0; i < d->counting_count; i++)
        d->counting[i] = r->columns.items[d->counting[i]].position;
    memory_release(d->allocator, r->from);
    r->from = NULL;
}

/* Stores rows `row` … end - 1, of a file. */
static espalier_status store_rows(reading *r, table_file *f, size_t row, size_t end,
                                  espalier_error *error)
{
    espalier_dataset *d = r->dataset;
    for (bool over = f->width == 0;;) {
        espalier_status status = over ? ESPALIER_OK : table_file_next(f, &over, error);
        if (status)
            return status;
        if (over)
            return row == end ? ESPALIER_OK : changed(csv_path(f->in), error);
        if (!csv_row_is_kept(f))
            continue;
        if (row == end)
            return changed(csv_path(f->in), error);
        float *values = d->floats + next_place(r, row++) * d->inputs;
        status = table_file_encode(f, TABLE_MARK, values, error);
        if (status)
            return status;
        if (r->from)
            look_for_counting(r, f, values);
    }
}

static espalier_status store_file(reading *r, const char *path,
                                  const espalier_table_options *options, size_t row, size_t end,
                                  espalier_error *error)
{
    table_file file;
    espalier_status status = table_file_open(path, &r->columns, options, &file, error);
    if (status)
        return status;
    status = store_rows(r, &file, row, end, error);
    /* Rare categories of rows that were kept apart from the training rows are no surprise. */
    const bool test = options == &r->options->table;
    if (test || r->options->table.columns)
        r->dataset->unknown[test] = file.unknown;
    table_file_close(&file);
    return status;
}

static espalier_status store(reading *r, espalier_error *error)
{
    const char *test = r->options->table.test_path;
    if (r->columns.inputs == 0 || r->columns.inputs > COLUMN_INPUTS_MOST)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected columns that make 1 to %zu inputs, found %zu", r->path,
                         COLUMN_INPUTS_MOST, r->columns.inputs);
    espalier_status status =
        dataset_reserve_values(r->dataset, r->columns.inputs, false, error);
    begin_places(r);
    if (!status && !r->options->table.columns)
        status = expect_counting(r, error);
    if (!status)
        status = store_file(r, r->path, &r->first, 0, r->first_rows, error);
    settle_counting(r);
    if (!status && test)
        status = store_file(r, test, &r->options->table, r->first_rows, r->survey.rows, error);
    return status;
}

/* ---- what the data set tells of its columns ----------------------------------------- */

static espalier_status name_inputs(reading *r, espalier_error *error)
{
    espalier_dataset *d = r->dataset;
    if (!r->columns.named)
        return ESPALIER_OK;
    d->input_names = memory_array(d->allocator, d->inputs, sizeof *d->input_names);
    if (!d->input_names)
        return error_memory(error);
    for (size_t i = 0; i < r->columns.count; i++) {
        const column *one = &r->columns.items[i];
        size_t width = one->kind == COLUMN_NUMBER ? 1 : one->values.count;
        for (size_t v = 0; v < width; v++)
            if (!(d->input_names[one->first + v] = columns_input_name(one, v, d->allocator)))
                return error_memory(error);
    }
    return ESPALIER_OK;
}

/* Who trains on it knows this table by its columns from then on, whatever they were made of. */
static espalier_status tell(reading *r, espalier_error *error)
{
    espalier_status status = name_inputs(r, error);
    r->columns.rows = r->survey.file_rows;
    r->columns.bytes = r->survey.file_bytes;
    r->columns.head = r->survey.file_head;
    return status ? status : columns_print(&r->columns, &r->dataset->columns, error);
}

/* ---- all of it ------------------------------------------------------------------------- */

static espalier_status read_table(reading *r, espalier_error *error)
{
    bool learn = !r->options->table.columns;
    espalier_status status = learn ? find_columns(r, error) : take_columns(r, error);
    if (!status)
        status = look(r, error);
    if (!status && !r->options->table.class_count)
        status = csv_fit_classes(&r->survey, r->path, error);
    if (!status)
        status = name_classes(r, error);
    if (!status)
        status = split(r, error);
    if (!status && learn)
        status = csv_list_mixed(&r->columns, r->dataset, error);
    if (!status && learn)
        status = learn_categories(r, error);
    if (!status)
        status = store(r, error);
    if (!status)
        status = csv_fit_fills(&r->columns, learn, r->dataset, error);
    return status ? status : tell(r, error);
}

espalier_status csv_table_read(espalier_dataset *dataset, const char *path,
                               const espalier_dataset_options *options, size_t class_count,
                               espalier_error *error)
{
    (void)class_count;
    reading r = {.dataset = dataset, .path = path, .options = options, .first = options->table};
    r.columns.allocator = r.survey.classes.allocator = dataset->allocator;
    r.survey.columns = &r.columns;
    espalier_status status = read_table(&r, error);
    csv_survey_clear(&r.survey);
    columns_clear(&r.columns);
    memory_release(dataset->allocator, r.marks);
    return status;
}
