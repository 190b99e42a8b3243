/* Writing safetensors: the header through the JSON library, the data as they are. */
#include "format/safetensors.h"

#include <jansson.h>
#include <string.h>

#include "base/memory.h"
#include "base/stream.h"

/* Sizes of items, in the order in which the tensors are laid down. */
static const size_t item_sizes[] = {8, 4, 2, 1};
enum { ITEM_SIZES = sizeof item_sizes / sizeof *item_sizes };

static json_t *describe(const safetensors_tensor *tensor, size_t begin)
{
    json_t *shape = json_array();
    int failed = !shape;
    for (size_t i = 0; i < tensor->rank; i++)
        failed |= json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i]));
    if (failed) {
        json_decref(shape);
        return NULL;
    }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", tensor->dtype, "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)(begin + tensor->bytes));
}

/* The whole header, or NULL without memory. */
static json_t *make_header(const safetensors_tensor *tensors, size_t tensor_count,
                           const safetensors_pair *pairs, size_t pair_count)
{
    json_t *header = json_object(), *metadata = json_object();
    size_t begin = 0;
    int failed = !header || !metadata;
    for (size_t i = 0; i < pair_count; i++)
        failed |= json_object_set_new(metadata, pairs[i].key, json_string(pairs[i].value));
    if (pair_count)
        failed |= json_object_set(header, "__metadata__", metadata);
    for (size_t s = 0; s < ITEM_SIZES; s++)
        for (size_t i = 0; i < tensor_count; i++)
            if (safetensors_item_bytes(tensors[i].dtype) == item_sizes[s]) {
                failed |= json_object_set_new(header, tensors[i].name,
                                              describe(&tensors[i], begin));
                begin += tensors[i].bytes;
            }
    json_decref(metadata);
    if (failed) {
        json_decref(header);
        return NULL;
    }
    return header;
}

/* Length and header, padded with spaces so that the data start at a multiple of 8. The text is
 * owned by the caller, its length in *bytes. */
static espalier_status header_text(const char *path, const espalier_allocator *allocator,
                                   const json_t *header, char **made, size_t *bytes,
                                   espalier_error *error)
{
    size_t length = json_dumpb(header, NULL, 0, JSON_COMPACT), padded = (length + 7) / 8 * 8;
    if (length == 0)
        return error_memory(error);
    if (padded > SAFETENSORS_HEADER_MOST)
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: header of %zu bytes; a safetensors file holds at most %zu", path,
                         padded, SAFETENSORS_HEADER_MOST);
    char *text = memory_array(allocator, 8 + padded, 1);
    if (!text)
        return error_memory(error);
    for (size_t i = 0; i < 8; i++)
        text[i] = (char)(unsigned char)(padded >> 8 * i);
    memset(text + 8, ' ', padded);
    *made = text;
    *bytes = 8 + padded;
    if (json_dumpb(header, text + 8, length, JSON_COMPACT) != length)
        return error_memory(error);
    return ESPALIER_OK;
}

static espalier_status write_parts(writer *out, const char *text, size_t bytes,
                                   const safetensors_tensor *tensors, size_t tensor_count,
                                   espalier_error *error)
{
    espalier_status status = writer_write(out, text, bytes, error);
    for (size_t s = 0; s < ITEM_SIZES; s++)
        for (size_t i = 0; status == ESPALIER_OK && i < tensor_count; i++)
            if (safetensors_item_bytes(tensors[i].dtype) == item_sizes[s])
                status = writer_write(out, tensors[i].data, tensors[i].bytes, error);
    return status;
}

espalier_status safetensors_write(const char *path, const espalier_allocator *allocator,
                                  const safetensors_tensor *tensors, size_t tensor_count,
                                  const safetensors_pair *pairs, size_t pair_count,
                                  espalier_error *error)
{
    json_t *header = make_header(tensors, tensor_count, pairs, pair_count);
    writer *out = NULL;
    char *text = NULL;
    size_t bytes = 0;
    if (!header)
        return error_memory(error);
    espalier_status status = header_text(path, allocator, header, &text, &bytes, error);
    json_decref(header); /* nothing is opened before the JSON library has done its part */
    if (status == ESPALIER_OK)
        status = writer_open(path, allocator, &out, error);
    if (status == ESPALIER_OK)
        status = write_parts(out, text, bytes, tensors, tensor_count, error);
    memory_release(allocator, text);
    if (status == ESPALIER_OK)
        return writer_commit(out, error);
    writer_abandon(out);
    return status;
}
