/* The rows of a .npy file, or of an archive's only array, for who predicts on them. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "espalier/npy.h"
#include "format/npz.h"

struct espalier_npy {
    const espalier_allocator *allocator;
    npz_file *archive; /* or NULL */
    npy_file file;
    size_t inputs, rows, next;
    float *all; /* [rows][inputs] of an array in Fortran order, else NULL */
};

static espalier_status check(const espalier_npy *opened, espalier_error *error)
{
    const npy_file *file = &opened->file;
    char shape[NPY_SHAPE_BYTES];
    size_t width = 1;
    bool numbers = file->kind != NPY_TEXT && file->kind != NPY_LATIN;
    for (size_t i = 1; i < file->rank; i++)
        if (!size_multiply(width, file->shape[i], &width))
            width = 0; /* only where there are no rows: their product fits */
    if (numbers && file->rank >= 2 && width == opened->inputs)
        return ESPALIER_OK;
    return error_set(error, numbers ? ESPALIER_ERROR_MISMATCH : ESPALIER_ERROR_UNSUPPORTED,
                     "%s: expected rows of %zu numbers, [rows, %zu], found %s", file->source.name,
                     opened->inputs, opened->inputs, npy_shape_text(file, shape));
}

static bool is_archive(const char *path)
{
    const size_t length = strlen(path);
    return length > 4 && strcasecmp(path + length - 4, ".npz") == 0;
}

static espalier_status open_only(espalier_npy *opened, const char *path, espalier_error *error)
{
    espalier_status status = npz_open(path, opened->allocator, &opened->archive, error);
    if (status == ESPALIER_OK && npz_count(opened->archive) != 1)
        status = error_set(error, ESPALIER_ERROR_NOT_FOUND,
                           "%s: expected one array, the rows, found %zu", path,
                           npz_count(opened->archive));
    return status ? status : npz_array(opened->archive, 0, &opened->file, error);
}

bool espalier_npz_is_one(const char *path)
{
    npz_file *archive = NULL;
    const bool one = npz_open(path, NULL, &archive, NULL) == ESPALIER_OK && npz_count(archive) == 1;
    npz_close(archive);
    return one;
}

static espalier_status open_array(espalier_npy *opened, const char *path, espalier_error *error)
{
    npy_file *file = &opened->file;
    espalier_status status = is_archive(path) ? open_only(opened, path, error)
                                              : npy_open(path, opened->allocator, file, error);
    if (!status)
        status = check(opened, error);
    if (status)
        return status;
    opened->rows = file->shape[0];
    if (!file->fortran)
        return ESPALIER_OK;
    opened->all = memory_array(opened->allocator, file->count, sizeof *opened->all);
    return opened->all ? npy_read_floats(file, opened->all, error) : error_memory(error);
}

espalier_status espalier_npy_open(const char *path, size_t inputs,
                                  const espalier_allocator *allocator, espalier_npy **file,
                                  espalier_error *error)
{
    espalier_npy *opened = memory_array(allocator, 1, sizeof *opened);
    if (!opened)
        return error_memory(error);
    opened->allocator = allocator;
    opened->inputs = inputs;
    espalier_status status = open_array(opened, path, error);
    if (status)
        espalier_npy_close(opened);
    else
        *file = opened;
    return status;
}

size_t espalier_npy_row_count(const espalier_npy *file)
{
    return file->rows;
}

bool espalier_npy_is_bytes(const espalier_npy *file)
{
    return file->file.kind == NPY_UNSIGNED && file->file.value_bytes == 1;
}

static espalier_status check_row(const espalier_npy *opened, const float *values,
                                 espalier_error *error)
{
    for (size_t i = 0; i < opened->inputs; i++)
        if (!isfinite(values[i]))
            return error_set(error, ESPALIER_ERROR_FORMAT,
                             "%s: row %zu, column %zu (counted from 0): expected a finite number, "
                             "found %g",
                             opened->file.source.name, opened->next, i, (double)values[i]);
    return ESPALIER_OK;
}

espalier_status espalier_npy_next(espalier_npy *file, float *values, bool *end,
                                  espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    *end = file->next == file->rows;
    if (*end)
        return file->all ? ESPALIER_OK : npy_expect_end(&file->file, error);
    if (file->all)
        memcpy(values, file->all + file->next * file->inputs, file->inputs * sizeof *values);
    else
        status = npy_read_next_floats(&file->file, values, file->inputs, error);
    if (!status)
        status = check_row(file, values, error);
    file->next++;
    return status;
}

void espalier_npy_close(espalier_npy *file)
{
    if (!file)
        return;
    npy_close(&file->file);
    npz_close(file->archive);
    memory_release(file->allocator, file->all);
    memory_release(file->allocator, file);
}
