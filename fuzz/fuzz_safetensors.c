/* safetensors files: what is accepted must be whole, and all of it readable. */
#define _GNU_SOURCE
#include <string.h>

#include "format/safetensors.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read goes here, so that the reading is done. */
static volatile unsigned seen;

/* Every byte of every tensor and text; the tensors must hold all the data. */
static void check(const safetensors *file, size_t size)
{
    size_t bytes = 0;
    for (size_t i = 0; i < file->tensor_count; i++) {
        const safetensors_tensor *tensor = &file->tensors[i];
        size_t product = safetensors_item_bytes(tensor->dtype);
        for (size_t r = 0; r < tensor->rank; r++)
            product *= (size_t)tensor->shape[r];
        for (size_t b = 0; b < tensor->bytes; b++)
            seen += ((const unsigned char *)tensor->data)[b];
        if (product != tensor->bytes || strlen(tensor->name) > size)
            abort();
        bytes += tensor->bytes;
    }
    for (size_t i = 0; i < file->pair_count; i++)
        seen += (unsigned)(strlen(file->pairs[i].key) + strlen(file->pairs[i].value));
    if (bytes > size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FUZZ_PATH_BYTES];
    int descriptor = fuzz_file(data, size, path);
    safetensors file;
    espalier_error error = {0};
    if (safetensors_read(path, NULL, &file, &error) == ESPALIER_OK) {
        check(&file, size);
        safetensors_clear(&file);
    } else if (error.status == ESPALIER_OK || strchr(error.message, '\n')) {
        abort();
    }
    close(descriptor);
    return 0;
}
