/* safetensors files for tests, put together by hand. */
#ifndef FORMAT_TEST_FILES_SAFETENSORS_H
#define FORMAT_TEST_FILES_SAFETENSORS_H

#include "base/test_files.h"

/* Header and data as given; the length before them is the header's. */
static inline void put_safetensors(const char *path, const char *header, const void *data,
                                   size_t data_bytes)
{
    uint8_t file[8192] = {0};
    size_t length = strlen(header);
    assert_true(8 + length + data_bytes <= sizeof file);
    file[0] = (uint8_t)length;
    file[1] = (uint8_t)(length >> 8);
    memcpy(file + 8, header, length);
    if (data_bytes)
        memcpy(file + 8 + length, data, data_bytes);
    put_file(path, file, 8 + length + data_bytes);
}

#endif
