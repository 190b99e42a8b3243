/* Rows to predict on. Reading them is the library's. */
#define _POSIX_C_SOURCE 200809L
#include "predict_rows.h"

#include <ctype.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doubts.h"
#include "inputs.h"
#include "scaling.h"

static bool is_file(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && !S_ISDIR(facts.st_mode);
}

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    if (length <= tail)
        return false;
    for (text += length - tail; *text; text++, ending++)
        if (tolower((unsigned char)*text) != *ending)
            return false;
    return true;
}

static bool is_array(const char *path)
{
    return ends_in(path, ".npy") || ends_in(path, ".npy.gz") ||
           (ends_in(path, ".npz") && espalier_npz_is_one(path));
}

/* ---- opening ----------------------------------------------------------------- */

static int out_of_range(const row_source *source, const char *command, const char *what,
                        size_t count)
{
    return usage_error(command, "--rows: expected rows within the %zu %srows of %s, found %zu:%zu",
                       count, what, source->name, source->rows.first, source->rows.end);
}

/* Of a known number of rows. */
static int settle_range(row_source *source, const char *command, const char *what, size_t count)
{
    row_range *rows = &source->rows;
    if (rows->end == SIZE_MAX)
        rows->end = count;
    return rows->end > count || rows->first >= rows->end
               ? out_of_range(source, command, what, count)
               : EXIT_NONE;
}

static int open_dataset(row_source *source, const option_set *set, const row_choice *choice,
                        espalier_network *network)
{
    static const char *const words[] = {"train ", "validation ", "test "};
    int code = open_rows(set, choice->data, set->files[0], network, source->name,
                         &source->dataset);
    if (code == EXIT_NONE)
        code = check_split(set, &choice->data, source->dataset, source->name, source->split);
    return code == EXIT_NONE
               ? settle_range(source, set->command, words[source->split],
                              espalier_dataset_row_count(source->dataset, source->split))
               : code;
}

static int settle_scaling(const row_source *source, const option_set *set, const row_choice *choice,
                          espalier_network *network)
{
    bool bytes = source->array && espalier_npy_is_bytes(source->array);
    return scaling_settle_rows(set, &choice->data, set->files[0], network, source->name, bytes);
}

/* An array without rows is as good as a table without rows. */
static int open_array(row_source *source, const option_set *set, const row_choice *choice,
                      espalier_network *network)
{
    espalier_error error = {0};
    if (espalier_npy_open(source->name, espalier_network_row_width(network), NULL, &source->array,
                          &error))
        return fail(&error);
    int code = settle_scaling(source, set, choice, network);
    if (code != EXIT_NONE)
        return code;
    size_t count = espalier_npy_row_count(source->array);
    if (count == 0 && source->rows.first == 0 && source->rows.end == SIZE_MAX) {
        source->rows.end = 0;
        return EXIT_NONE;
    }
    return settle_range(source, set->command, "", count);
}

int row_source_open(row_source *source, const option_set *set, const row_choice *choice,
                    espalier_network *network)
{
    const char *name = set->files[1];
    bool split = option_given(set, "split");
    *source = (row_source){.name = name, .split = choice->split, .rows = choice->rows,
                           .standard_input = strcmp(name, "-") == 0};
    if (source->standard_input && split)
        return usage_error(set->command, "--split: standard input has no parts; all its rows are "
                                         "predicted");
    bool table = source->standard_input || (!split && is_file(name) && espalier_table_is_named(name));
    bool array = !table && !split && is_file(name) && is_array(name);
    if (!table && !array)
        return open_dataset(source, set, choice, network);
    if (array)
        return open_array(source, set, choice, network);
    int code = settle_scaling(source, set, choice, network);
    return code == EXIT_NONE ? data_open_table(network, name, &choice->data, &source->table) : code;
}

size_t row_source_count(const row_source *source)
{
    return source->rows.end == SIZE_MAX || source->table
               ? SIZE_MAX
               : source->rows.end - source->rows.first;
}

/* ---- rows ---------------------------------------------------------------------- */

bool row_source_would_wait(const row_source *source)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return source->standard_input && poll(&input, 1, 0) == 0;
}

static int read_row(row_source *source, float *values, bool *end)
{
    espalier_error error = {0};
    espalier_status status =
        source->table ? espalier_table_next(source->table, values, end, &error)
                      : espalier_npy_next(source->array, values, end, &error);
    return status ? fail(&error) : EXIT_NONE;
}

/* The end came before the first row that was asked for, or before the last. */
static int too_short(const row_source *source, size_t rows)
{
    const char *name = source->standard_input ? "standard input" : source->name;
    if (rows > source->rows.first)
        message("%s: expected %zu rows for --rows, found %zu", name, source->rows.end, rows);
    else
        message("%s: expected more than %zu rows for --rows, found %zu", name, source->rows.first,
                rows);
    return EXIT_FAILED;
}

static bool is_too_short(const row_source *source, size_t rows)
{
    return source->table && (source->rows.end == SIZE_MAX
                                 ? rows > 0 && rows == source->rows.first
                                 : rows < source->rows.end);
}

/* The rows before the first one asked for are read and left. */
int row_source_next(row_source *source, float *values, bool *end)
{
    int code = EXIT_NONE;
    if (source->dataset && source->next < source->rows.first)
        source->next = source->rows.first;
    while (code == EXIT_NONE && source->next < source->rows.first) {
        code = read_row(source, values, end);
        if (code == EXIT_NONE && *end)
            return too_short(source, source->next);
        source->next++;
    }
    /* Past the last row of an array its reader looks that the file ends there. */
    if (source->array && source->next == espalier_npy_row_count(source->array))
        return read_row(source, values, end);
    *end = *end || source->next >= source->rows.end;
    if (code != EXIT_NONE || *end)
        return code;
    if (source->dataset)
        espalier_dataset_rows(source->dataset, source->split, source->next, 1, values);
    else
        code = read_row(source, values, end);
    if (code == EXIT_NONE && *end && is_too_short(source, source->next))
        return too_short(source, source->next);
    source->next++;
    return code;
}

/* Rows of tables are counted from 1, as in their other messages. */
int row_source_check(const row_source *source, const float *probabilities, size_t classes)
{
    for (size_t c = 0; c < classes; c++) {
        if (isfinite(probabilities[c]))
            continue;
        const bool table = source->table;
        message("%s: row %zu%s: expected finite probabilities, found %g: the row's values, or the "
                "network's weights, are too large to compute with",
                source->standard_input ? "standard input" : source->name,
                table ? (size_t)espalier_table_row(source->table) : source->next - 1,
                table ? "" : " (counted from 0)", fabs((double)probabilities[c]));
        return EXIT_FAILED;
    }
    return EXIT_NONE;
}

void row_source_warn(const row_source *source)
{
    if (source->table)
        doubts_unknown(source->standard_input ? "standard input" : source->name,
                       espalier_table_unknown(source->table));
}

void row_source_close(row_source *source)
{
    espalier_dataset_destroy(source->dataset);
    espalier_table_close(source->table);
    espalier_npy_close(source->array);
}
