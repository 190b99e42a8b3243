/* .npy files, plain and gzipped, through every way to read their values. */
#define _GNU_SOURCE
#include <string.h>

#include "base/memory.h"
#include "format/npy.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_integers(npy_file *file, espalier_error *error)
{
    int64_t *values = memory_array(NULL, file->count, sizeof *values);
    if (values)
        npy_read_integers(file, values, error);
    memory_release(NULL, values);
}

static void read_floats(npy_file *file, espalier_error *error)
{
    float *values = memory_array(NULL, file->count, sizeof *values);
    if (values)
        npy_read_floats(file, values, error);
    memory_release(NULL, values);
}

static void read_bytes(npy_file *file, espalier_error *error)
{
    uint8_t *values = memory_array(NULL, file->count, 1);
    if (values)
        npy_read_bytes(file, values, error);
    memory_release(NULL, values);
}

/* What is said to be text must end where it should. */
static void read_texts(npy_file *file, espalier_error *error)
{
    char *values = memory_array(NULL, file->count, file->value_bytes + 1);
    if (values && npy_read_texts(file, values, error) == ESPALIER_OK)
        for (size_t i = 0; i < file->count; i++)
            if (strlen(values + i * (file->value_bytes + 1)) > file->value_bytes)
                abort();
    memory_release(NULL, values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const ways[])(npy_file *, espalier_error *) = {read_integers, read_floats,
                                                                 read_bytes, read_texts};
    char path[FUZZ_PATH_BYTES];
    int descriptor = fuzz_file(data, size, path);
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        npy_file file;
        espalier_error error = {0};
        if (npy_open(path, NULL, &file, &error)) {
            if (error.status == ESPALIER_OK || error.message[0] == '\0')
                abort();
            break;
        }
        /* A valid header must not promise more than the file can hold. */
        if (file.count > size * READER_GZIP_MOST / file.value_bytes)
            abort();
        ways[way](&file, &error);
        npy_close(&file);
    }
    close(descriptor);
    return 0;
}
