/* Reading safetensors: nothing in the header is believed before it is checked
 * against the file. */
#include "format/safetensors.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/stream.h"
#include "base/utf8.h"

/* ---- dtypes and texts --------------------------------------------------- */

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {
    {"F32", 4}, {"I64", 8}, {"U8", 1},  {"BOOL", 1},    {"F64", 8},     {"F16", 2},     {"BF16", 2},
    {"I8", 1},  {"I16", 2}, {"U16", 2}, {"I32", 4},     {"U32", 4},     {"U64", 8},     {"C64", 8},
    {"F8_E5M2", 1},         {"F8_E4M3", 1},             {"F8_E8M0", 1},
};

size_t safetensors_item_bytes(const char *dtype)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(dtype, dtypes[i].name) == 0)
            return dtypes[i].bytes;
    return 0;
}

void safetensors_shape_text(const uint64_t *shape, size_t rank, char text[192])
{
    size_t used = (size_t)snprintf(text, 192, "[");
    for (size_t i = 0; i < rank; i++)
        used += (size_t)snprintf(text + used, 192 - used, i ? ", %llu" : "%llu",
                                 (unsigned long long)shape[i]);
    snprintf(text + used, 192 - used, "]");
}

safetensors_shown safetensors_show(const char *text)
{
    enum { MOST = 80 };
    safetensors_shown s;
    size_t length = strlen(text), used = length < MOST ? length : MOST;
    while (used < length && ((unsigned char)text[used] & 0xC0) == 0x80)
        used--; /* not inside a character */
    memcpy(s.text, text, used);
    strcpy(s.text + used, used < length ? "..." : "");
    for (size_t i = 0, bytes; s.text[i]; i += bytes ? bytes : 1) {
        uint32_t point;
        bytes = utf8_next(s.text + i, &point);
        if (bytes == 0 || point < 0x20 || (point >= 0x7F && point < 0xA0)) /* a terminal's controls */
            memset(s.text + i, '?', bytes ? bytes : 1);
    }
    return s;
}

/* ---- the header ---------------------------------------------------------- */

/* Parsed, a list or an object takes a hundred bytes and more, a number fifty. The shortest entry,
 * "":{"dtype":"U8","shape":[],"data_offsets":[0,0]}, has three of the first in its 50 bytes, and
 * the longest shape a comma for every six: a header with more is none of tensors. */
static bool is_crowded(const char *text, size_t length)
{
    size_t openings = 0, commas = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        if (quoted && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted) {
            openings += text[i] == '[' || text[i] == '{';
            commas += text[i] == ',';
        }
    }
    return openings > length / 16 + 8 || commas > length / 5 + 8;
}

/* Reads the header's length and the header; *data_bytes is what the file has left. */
static espalier_status read_header(reader *in, const espalier_allocator *allocator, json_t **header,
                                   size_t *data_bytes, espalier_error *error)
{
    const char *path = reader_path(in);
    uint64_t file_bytes = reader_file_bytes(in), length = 0;
    unsigned char bytes[8];
    if (reader_is_gzip(in))
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: gzipped; expected a plain safetensors file", path);
    if (file_bytes < sizeof bytes)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: %llu bytes; expected a safetensors file, which starts with 8 bytes "
                         "of header length", path, (unsigned long long)file_bytes);
    espalier_status status = reader_read(in, bytes, sizeof bytes, error);
    if (status != ESPALIER_OK)
        return status;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | bytes[i];
    if (length > SAFETENSORS_HEADER_MOST || length > file_bytes - sizeof bytes)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: header of %llu bytes; expected at most %llu (is it a safetensors "
                         "file, and whole?)", path, (unsigned long long)length,
                         (unsigned long long)(file_bytes - sizeof bytes < SAFETENSORS_HEADER_MOST
                                                  ? file_bytes - sizeof bytes
                                                  : SAFETENSORS_HEADER_MOST));
    if (file_bytes - sizeof bytes - length > SIZE_MAX)
        return error_memory(error);
    *data_bytes = (size_t)(file_bytes - sizeof bytes - length);
    char *text = memory_array(allocator, (size_t)length + 1, 1);
    if (!text)
        return error_memory(error);
    json_error_t reason = {0};
    status = reader_read(in, text, (size_t)length, error);
    if (status == ESPALIER_OK && text[0] != '{')
        status = error_set(error, ESPALIER_ERROR_FORMAT,
                           "%s: header starts with byte 0x%02x; expected '{'", path,
                           (unsigned char)text[0]);
    if (status == ESPALIER_OK && is_crowded(text, (size_t)length))
        status = error_set(error, ESPALIER_ERROR_FORMAT,
                           "%s: header: expected entries of tensors, found more lists or values than "
                           "%llu bytes of those have", path, (unsigned long long)length);
    if (status == ESPALIER_OK && !(*header = json_loadb(text, (size_t)length,
                                                        JSON_REJECT_DUPLICATES, &reason)))
        status = error_set(error, ESPALIER_ERROR_FORMAT, "%s: header, byte %d: not valid JSON: %s",
                           path, reason.position, safetensors_show(reason.text).text);
    memory_release(allocator, text);
    return status;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const safetensors_pair *)a)->key, ((const safetensors_pair *)b)->key);
}

static espalier_status take_metadata(const char *path, json_t *metadata, safetensors *file,
                                     espalier_error *error)
{
    if (!json_is_object(metadata))
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: __metadata__ is not a JSON object",
                         path);
    file->pairs = memory_array(file->allocator, json_object_size(metadata), sizeof *file->pairs);
    if (!file->pairs)
        return error_memory(error);
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: __metadata__ '%s': expected a text", path,
                             safetensors_show(key).text);
        file->pairs[file->pair_count++] = (safetensors_pair){key, json_string_value(value)};
    }
    qsort(file->pairs, file->pair_count, sizeof *file->pairs, by_key);
    return ESPALIER_OK;
}

/* ---- one tensor ----------------------------------------------------------- */

static bool is_size(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0 &&
           (unsigned long long)json_integer_value(value) <= SIZE_MAX;
}

/* Fills shape and rank; *bytes = product of the shape times item_bytes. */
static const char *take_shape(const json_t *shape, size_t item_bytes, safetensors_tensor *tensor,
                              size_t *bytes)
{
    if (!json_is_array(shape) || json_array_size(shape) > SAFETENSORS_RANK_MOST)
        return "shape: expected a list of at most 8 sizes";
    tensor->rank = json_array_size(shape);
    *bytes = item_bytes;
    for (size_t i = 0; i < tensor->rank; i++) {
        const json_t *size = json_array_get(shape, i);
        if (!is_size(size))
            return "shape: expected whole numbers from 0 on";
        tensor->shape[i] = (uint64_t)json_integer_value(size);
        if (!size_multiply(*bytes, (size_t)tensor->shape[i], bytes))
            return "shape: its bytes do not fit 64 bits";
    }
    return NULL;
}

/* Reads all of a tensor's entry but its data; returns what is wrong with it (a
 * static text or `found`), or NULL. */
static const char *take_entry(const json_t *entry, size_t data_bytes, safetensors_tensor *tensor,
                              size_t *begin, char found[256])
{
    if (!json_is_object(entry))
        return "expected a JSON object";
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    size_t item_bytes = dtype ? safetensors_item_bytes(dtype) : 0;
    if (!item_bytes) {
        snprintf(found, 256, "dtype %s%s", dtype ? "unknown: " : "missing",
                 dtype ? safetensors_show(dtype).text : "");
        return found;
    }
    tensor->dtype = dtype;
    const char *fault = take_shape(json_object_get(entry, "shape"), item_bytes, tensor,
                                   &tensor->bytes);
    if (fault)
        return fault;
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const json_t *first = json_array_get(offsets, 0), *past = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !is_size(first) || !is_size(past))
        return "data_offsets: expected two whole numbers from 0 on";
    *begin = (size_t)json_integer_value(first);
    size_t end = (size_t)json_integer_value(past);
    if (*begin > end || end > data_bytes) {
        snprintf(found, 256, "data_offsets [%zu, %zu]; expected begin <= end <= %zu, the data in "
                 "the file", *begin, end, data_bytes);
        return found;
    }
    if (end - *begin != tensor->bytes) {
        char shape[192];
        safetensors_shape_text(tensor->shape, tensor->rank, shape);
        snprintf(found, 256, "shape %s of %s needs %zu bytes; data_offsets span %zu", shape, dtype,
                 tensor->bytes, end - *begin);
        return found;
    }
    return NULL;
}

/* ---- all tensors ----------------------------------------------------------- */

/* A tensor on its way into the table: data is set once the data are there. */
typedef struct entry {
    size_t begin;
    safetensors_tensor tensor;
} entry;

static int by_place(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->tensor.bytes != y->tensor.bytes)
        return x->tensor.bytes < y->tensor.bytes ? -1 : 1;
    return strcmp(x->tensor.name, y->tensor.name);
}

static espalier_status take_entries(const char *path, json_t *header, size_t data_bytes,
                                    entry *entries, size_t *count, espalier_error *error)
{
    const char *name;
    json_t *value;
    char found[256];
    json_object_foreach(header, name, value)
    {
        if (strcmp(name, "__metadata__") == 0)
            continue;
        entry *e = &entries[(*count)++];
        e->tensor.name = name;
        const char *fault = take_entry(value, data_bytes, &e->tensor, &e->begin, found);
        if (fault)
            return error_set(error, ESPALIER_ERROR_FORMAT, "%s: tensor '%s': %s", path,
                             safetensors_show(name).text, fault);
    }
    return ESPALIER_OK;
}

/* Sorted entries must follow each other without overlap or hole up to the end. */
static espalier_status check_tiling(const char *path, const entry *entries, size_t count,
                                    size_t data_bytes, espalier_error *error)
{
    size_t reached = 0;
    for (size_t i = 0; i < count; i++) {
        const entry *e = &entries[i];
        if (e->begin < reached)
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: tensor '%s' begins at byte %zu of the data, inside tensor '%s', "
                             "which ends at %zu", path,
                             safetensors_show(e->tensor.name).text, e->begin,
                             safetensors_show(entries[i - 1].tensor.name).text, reached);
        if (e->begin > reached)
            break;
        reached += e->tensor.bytes;
    }
    if (reached != data_bytes)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: no tensor holds byte %zu of %zu bytes of data", path, reached,
                         data_bytes);
    return ESPALIER_OK;
}

static espalier_status fill(reader *in, json_t *header, size_t data_bytes, entry *entries,
                            safetensors *file, espalier_error *error)
{
    const char *path = reader_path(in);
    json_t *metadata = json_object_get(header, "__metadata__");
    espalier_status status = metadata ? take_metadata(path, metadata, file, error) : ESPALIER_OK;
    size_t count = 0;
    if (status == ESPALIER_OK)
        status = take_entries(path, header, data_bytes, entries, &count, error);
    if (status != ESPALIER_OK)
        return status;
    qsort(entries, count, sizeof *entries, by_place);
    status = check_tiling(path, entries, count, data_bytes, error);
    if (status != ESPALIER_OK)
        return status;
    file->data = memory_array(file->allocator, data_bytes, 1);
    if (!file->data)
        return error_memory(error);
    for (size_t i = 0; i < count; i++) {
        file->tensors[i] = entries[i].tensor;
        file->tensors[i].data = (unsigned char *)file->data + entries[i].begin;
    }
    file->tensor_count = count;
    return reader_read(in, file->data, data_bytes, error);
}

espalier_status safetensors_read(const char *path, const espalier_allocator *allocator,
                                 safetensors *file, espalier_error *error)
{
    reader *in;
    espalier_status status = reader_open(path, allocator, &in, error);
    if (status != ESPALIER_OK)
        return status;
    safetensors made = {.allocator = allocator};
    json_t *header = NULL;
    size_t data_bytes = 0;
    status = read_header(in, allocator, &header, &data_bytes, error);
    made.header = header;
    if (status == ESPALIER_OK) {
        size_t most = json_object_size(header);
        entry *entries = memory_array(allocator, most, sizeof *entries);
        made.tensors = memory_array(allocator, most, sizeof *made.tensors);
        status = entries && made.tensors
                     ? fill(in, header, data_bytes, entries, &made, error)
                     : error_memory(error);
        memory_release(allocator, entries);
    }
    reader_close(in);
    if (status == ESPALIER_OK)
        *file = made;
    else
        safetensors_clear(&made);
    return status;
}

void safetensors_clear(safetensors *file)
{
    json_decref(file->header);
    memory_release(file->allocator, file->tensors);
    memory_release(file->allocator, file->pairs);
    memory_release(file->allocator, file->data);
    *file = (safetensors){0};
}
