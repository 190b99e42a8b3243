/* A network's "columns", and rows read by it: the text up to the first zero byte is JSON,
 * what comes behind is the table. */
#define _GNU_SOURCE
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "data/columns.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Rows of a table are numbers that are finite, or there is a message. */
static void read_rows(const char *text, size_t inputs, const char *path)
{
    espalier_table_options options = {.columns = text};
    espalier_table *table = NULL;
    espalier_error error = {0};
    bool end = false;
    float *values = memory_array(NULL, inputs, sizeof *values);
    if (!values)
        return;
    espalier_status status = espalier_table_open(path, inputs, &options, NULL, &table, &error);
    while (!status && !end) {
        status = espalier_table_next(table, values, &end, &error);
        for (size_t i = 0; i < inputs && !status && !end; i++)
            if (!isfinite(values[i]))
                abort();
    }
    if (error.status != status || (status && error.message[0] == '\0'))
        abort();
    espalier_table_close(table);
    memory_release(NULL, values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t length = zero ? (size_t)(zero - data) : size;
    char path[FUZZ_PATH_BYTES], *text = malloc(length + 1), *printed = NULL;
    columns c, again;
    espalier_error error = {0};
    if (!text)
        return 0;
    memcpy(text, data, length);
    text[length] = '\0';
    if (columns_parse(text, NULL, &c, &error) == ESPALIER_OK) {
        if (columns_print(&c, &printed, &error) || columns_parse(printed, NULL, &again, &error) ||
            again.inputs != c.inputs || again.count != c.count)
            abort();
        int file = fuzz_file(zero ? zero + 1 : data, zero ? size - length - 1 : 0, path);
        if (c.inputs < 100000)
            read_rows(text, c.inputs, path);
        close(file);
        columns_clear(&again);
        columns_clear(&c);
    } else if (error.message[0] == '\0') {
        abort();
    }
    memory_release(NULL, printed);
    free(text);
    return 0;
}
