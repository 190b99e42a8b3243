/* Tables: the tokenizer against its own promises, then the same bytes as a data set. Which
 * separator is given and how missing values are treated depends on the number of bytes. */
#define _GNU_SOURCE
#include <string.h>

#include "espalier/dataset.h"
#include "format/csv.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_message(espalier_status status, const espalier_error *error)
{
    if (status != error->status || (status && error->message[0] == '\0'))
        abort();
}

/* Fields are terminated where they say, lines ascend, the end comes. */
static void tokenize(const char *path, size_t size, char separator)
{
    csv_dialect dialect = {.separator = separator, .comment = '#'};
    csv_record record = {.count = 1};
    espalier_error error = {0};
    uint64_t line = 0, records = 0;
    csv *in;
    espalier_status status = csv_open(path, &dialect, NULL, &in, &error);
    expect_message(status, &error);
    if (status)
        return;
    while (!status && record.count > 0) {
        status = csv_next(in, &record, &error);
        if (status || record.count == 0)
            break;
        if (record.line <= line || ++records > size * READER_GZIP_MOST)
            abort();
        line = record.line;
        for (size_t i = 0; i < record.count; i++)
            if (strlen(record.fields[i].text) != record.fields[i].length)
                abort();
    }
    expect_message(status, &error);
    csv_close(in);
}

static void open_table(const char *path, int way)
{
    static const char *const first[] = {"1"};
    espalier_dataset_options options = espalier_dataset_options_defaults();
    espalier_dataset *dataset = NULL;
    espalier_error error = {0};
    options.table.missing = (espalier_missing)(way % ESPALIER_MISSING_COUNT);
    options.table.test_fraction = way % 2 ? 0.3 : 0;
    options.table.categorical = first;
    options.table.categorical_count = way == 2;
    espalier_status status = espalier_dataset_open(path, &options, NULL, &dataset, &error);
    expect_message(status, &error);
    if (!status) {
        /* What was learnt reads the same table again, into the same rows. */
        espalier_dataset *again = NULL;
        options.table.columns = espalier_dataset_columns(dataset);
        if (espalier_dataset_open(path, &options, NULL, &again, &error) ||
            espalier_dataset_input_count(again) != espalier_dataset_input_count(dataset) ||
            strcmp(espalier_dataset_columns(again), options.table.columns) != 0)
            abort();
        espalier_dataset_destroy(again);
    }
    espalier_dataset_destroy(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FUZZ_PATH_BYTES], table[FUZZ_PATH_BYTES + 8];
    int file = fuzz_file(data, size, path);
    snprintf(table, sizeof table, P_tmpdir "/fuzz-%d.csv", (int)getpid());
    static const char separators[] = {0, ',', ' ', '\t'};
    tokenize(path, size, separators[size % sizeof separators]);
    /* A table is told by its name: a link gives the file one. */
    unlink(table);
    if (symlink(path, table) != 0)
        abort();
    open_table(table, (int)(size % ESPALIER_MISSING_COUNT));
    unlink(table);
    close(file);
    return 0;
}
