/* A network out of a .npz archive with weights and biases of any names. */
#include <string.h>

#include "base/memory.h"
#include "format/npz.h"
#include "import/reader.h"
#include "import/state_dict.h"

static double float_at(const void *data, size_t index)
{
    return (double)((const float *)data)[index];
}

typedef struct archive {
    npz_file *file;
    const espalier_allocator *allocator;
    espalier_error *error;
    dict_tensor *tensors;
    float **values; /* [count], owned */
    size_t count;
} archive;

static const char *kind_name(npy_kind kind)
{
    return kind == NPY_FLOAT    ? "of floats"
           : kind == NPY_BOOL   ? "of booleans"
           : kind == NPY_TEXT || kind == NPY_LATIN ? "of texts"
                                                   : "of whole numbers";
}

/* One array; its values are read if they may be weights. */
static espalier_status take_array(archive *a, size_t index)
{
    npy_file array = {0};
    espalier_status status = npz_array(a->file, index, &array, a->error);
    if (status != ESPALIER_OK)
        return status;
    dict_tensor *to = &a->tensors[index];
    *to = (dict_tensor){.name = npz_name(a->file, index), .type = kind_name(array.kind),
                        .rank = array.rank < DICT_RANK_MOST ? array.rank : DICT_RANK_MOST};
    for (size_t i = 0; i < to->rank; i++)
        to->shape[i] = array.shape[i];
    if (array.kind == NPY_FLOAT && (array.rank == 1 || array.rank == 2)) {
        a->values[index] = memory_array(a->allocator, array.count, sizeof **a->values);
        status = a->values[index] ? npy_read_floats(&array, a->values[index], a->error)
                                  : error_memory(a->error);
        to->data = a->values[index];
        to->number = float_at;
    }
    npy_close(&array);
    return status;
}

static espalier_status take_arrays(archive *a)
{
    espalier_status status = ESPALIER_OK;
    a->count = npz_count(a->file);
    a->tensors = memory_array(a->allocator, a->count, sizeof *a->tensors);
    a->values = memory_array(a->allocator, a->count, sizeof *a->values);
    if (!a->tensors || !a->values)
        return error_memory(a->error);
    for (size_t i = 0; status == ESPALIER_OK && i < a->count; i++)
        status = take_array(a, i);
    return status;
}

espalier_status import_npz(const char *path, const espalier_allocator *allocator,
                           espalier_network **network, espalier_error *error)
{
    archive a = {.allocator = allocator, .error = error};
    espalier_status status = npz_open(path, allocator, &a.file, error);
    if (status != ESPALIER_OK)
        return status;
    status = take_arrays(&a);
    if (status == ESPALIER_OK)
        status = state_dict_network(a.tensors, a.count, path, "NumPy .npz", allocator, network, error);
    for (size_t i = 0; a.values && i < a.count; i++)
        memory_release(allocator, a.values[i]);
    memory_release(allocator, a.values);
    memory_release(allocator, a.tensors);
    npz_close(a.file);
    return status;
}
