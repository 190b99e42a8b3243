/* .npz archives: their lists, and every array in them as floats or texts. */
#define _GNU_SOURCE
#include "base/memory.h"
#include "format/npz.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Enough for each way to be wrong, without hours over one list of many names. */
enum { ARRAYS_MOST = 16 };

static void read_array(npz_file *archive, size_t index, size_t size)
{
    npy_file array;
    espalier_error error = {0};
    if (npz_array(archive, index, &array, &error)) {
        if (error.status == ESPALIER_OK || error.message[0] == '\0')
            abort();
        return;
    }
    if (array.count > size * READER_GZIP_MOST / array.value_bytes)
        abort();
    bool texts = array.kind == NPY_TEXT || array.kind == NPY_LATIN;
    void *values =
        memory_array(NULL, array.count, texts ? array.value_bytes + 1 : sizeof(float));
    if (values && texts)
        npy_read_texts(&array, values, &error);
    else if (values)
        npy_read_floats(&array, values, &error);
    memory_release(NULL, values);
    npy_close(&array);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FUZZ_PATH_BYTES];
    int descriptor = fuzz_file(data, size, path);
    npz_file *archive;
    espalier_error error = {0};
    if (npz_open(path, NULL, &archive, &error)) {
        if (error.status == ESPALIER_OK || error.message[0] == '\0')
            abort();
    } else {
        for (size_t i = 0; i < npz_count(archive) && i < ARRAYS_MOST; i++)
            read_array(archive, i, size);
        npz_close(archive);
    }
    close(descriptor);
    return 0;
}
