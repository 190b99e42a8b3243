/* IDX files, plain and gzipped, through every way to read their values. */
#define _GNU_SOURCE
#include "base/memory.h"
#include "format/idx.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A valid header must not promise more than the file can hold. */
static void check_promise(const idx_file *file, size_t size)
{
    size_t most = reader_is_gzip(file->in) ? size * READER_GZIP_MOST : size;
    if (file->count > most / file->value_bytes)
        abort();
}

static void read_values(const char *path, size_t size, int way)
{
    idx_file file;
    espalier_error error = {0};
    if (idx_open(path, NULL, &file, &error)) {
        if (error.status == ESPALIER_OK || error.message[0] == '\0')
            abort();
        return;
    }
    check_promise(&file, size);
    void *values = memory_array(NULL, file.count, sizeof(float));
    if (values && way == 0 && file.type == IDX_U8)
        idx_read_bytes(&file, values, &error);
    else if (values && way == 1)
        idx_read_floats(&file, values, &error);
    else if (values && way == 2)
        idx_read_labels(&file, values, &error);
    memory_release(NULL, values);
    idx_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FUZZ_PATH_BYTES];
    int file = fuzz_file(data, size, path);
    for (int way = 0; way < 3; way++)
        read_values(path, size, way);
    close(file);
    return 0;
}
