/* safetensors files: named tensors behind a JSON header. Knows no networks.
 *
 *   8 bytes   length of the header, little-endian
 *   header    {"__metadata__": {key: text, …},
 *              name: {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, …}
 *             from '{' on, spaces at its end for padding
 *   data      little-endian, row-major; offsets count from here; every byte
 *             belongs to exactly one tensor
 *
 * Source: github.com/huggingface/safetensors, "Format". */
#ifndef FORMAT_SAFETENSORS_H
#define FORMAT_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "espalier/memory.h"

enum { SAFETENSORS_RANK_MOST = 8 };

/* The format's own bound on the header's length, in bytes. */
#define SAFETENSORS_HEADER_MOST ((size_t)100000000)

typedef struct safetensors_tensor {
    const char *name;
    const char *dtype; /* "F32", "I64", "BOOL" …: a row of the table in safetensors_read.c */
    size_t rank;       /* 0 … SAFETENSORS_RANK_MOST */
    uint64_t shape[SAFETENSORS_RANK_MOST];
    size_t bytes;      /* product of the shape times the item's bytes */
    const void *data;  /* not aligned */
} safetensors_tensor;

typedef struct safetensors_pair {
    const char *key, *value;
} safetensors_pair;

/* A file in memory; everything in it lives until safetensors_clear. */
typedef struct safetensors {
    const espalier_allocator *allocator;
    size_t tensor_count, pair_count;
    safetensors_tensor *tensors; /* in the order of their data */
    safetensors_pair *pairs;     /* of __metadata__, by key */
    void *header, *data;         /* what the names, texts and tensors point into */
} safetensors;

/* Bytes of one item, 0 for a dtype that is not known. */
size_t safetensors_item_bytes(const char *dtype);

/* Writes "[2, 3]". */
void safetensors_shape_text(const uint64_t *shape, size_t rank, char text[192]);

/* A text out of a file as a message can show it: short, in one line, and UTF-8. */
typedef struct safetensors_shown {
    char text[84];
} safetensors_shown;
safetensors_shown safetensors_show(const char *text);

/* Reads a whole file and checks everything its header says against the data.
 * file: written whole on success; after an error there is nothing to clear.
 * Errors: NOT_FOUND, IO, FORMAT, MEMORY. Cost: the data are read straight into one
 * block of their size, the header takes some 25 times its own; nothing is taken that
 * the file's size does not warrant. */
espalier_status safetensors_read(const char *path, const espalier_allocator *allocator,
                                 safetensors *file, espalier_error *error);
void safetensors_clear(safetensors *file);

/* Writes a file aside and renames it. Tensors of larger items come first, so
 * that all of them are aligned, otherwise in the order given; the same tensors
 * and pairs give the same bytes. Texts are UTF-8.
 * Errors: IO, MEMORY, UNSUPPORTED (a header longer than the format allows). */
espalier_status safetensors_write(const char *path, const espalier_allocator *allocator,
                                  const safetensors_tensor *tensors, size_t tensor_count,
                                  const safetensors_pair *pairs, size_t pair_count,
                                  espalier_error *error);

#endif
