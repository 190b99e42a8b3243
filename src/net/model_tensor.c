/* Values of a model file's tensors. */
#include "net/model_tensor.h"

#include <math.h>
#include <string.h>

#include "format/half.h"

espalier_status model_tensor_check(const safetensors_tensor *tensor, const char *dtypes,
                                   size_t rank, const uint64_t *shape, const char *path,
                                   espalier_error *error)
{
    char expected[192], found[192];
    if (!strstr(dtypes, tensor->dtype))
        return error_set(error, ESPALIER_ERROR_FORMAT, "%s: tensor '%s': dtype %s; expected %s",
                         path, tensor->name, tensor->dtype, dtypes);
    if (tensor->rank == rank && memcmp(tensor->shape, shape, rank * sizeof *shape) == 0)
        return ESPALIER_OK;
    safetensors_shape_text(shape, rank, expected);
    safetensors_shape_text(tensor->shape, tensor->rank, found);
    return error_set(error, ESPALIER_ERROR_FORMAT, "%s: tensor '%s': shape %s; expected %s", path,
                     tensor->name, found, expected);
}

static size_t value_count(const safetensors_tensor *tensor)
{
    return tensor->bytes / safetensors_item_bytes(tensor->dtype);
}

/* "tensor 'layers.0.weight', place [3, 7]: found; expected …" */
static espalier_status wrong_value(const safetensors_tensor *tensor, size_t index,
                                   const char *found, const char *expected, const char *path,
                                   espalier_error *error)
{
    uint64_t place[2] = {index, 0};
    char text[192];
    if (tensor->rank == 2) {
        place[0] = index / tensor->shape[1];
        place[1] = index % tensor->shape[1];
    }
    safetensors_shape_text(place, tensor->rank, text);
    return error_set(error, ESPALIER_ERROR_FORMAT, "%s: tensor '%s', place %s: %s; expected %s",
                     path, tensor->name, text, found, expected);
}

static float float_at(const safetensors_tensor *tensor, size_t item_bytes, size_t index)
{
    const unsigned char *item = (const unsigned char *)tensor->data + index * item_bytes;
    float single;
    double wide;
    uint16_t half;
    switch (item_bytes) {
    case 4:
        memcpy(&single, item, sizeof single);
        return single;
    case 8:
        memcpy(&wide, item, sizeof wide);
        return (float)wide;
    default:
        memcpy(&half, item, sizeof half);
        return tensor->dtype[0] == 'B' ? bfloat_value(half) : half_value(half);
    }
}

espalier_status model_tensor_floats(const safetensors_tensor *tensor, float *values,
                                    const char *path, espalier_error *error)
{
    size_t item_bytes = safetensors_item_bytes(tensor->dtype);
    for (size_t i = 0, count = value_count(tensor); i < count; i++) {
        values[i] = float_at(tensor, item_bytes, i);
        if (!isfinite(values[i]))
            return wrong_value(tensor, i, isnan(values[i]) ? "NaN" : "infinite",
                               "a finite float32", path, error);
    }
    return ESPALIER_OK;
}

espalier_status model_tensor_mask(const safetensors_tensor *tensor, uint8_t *mask,
                                  const char *path, espalier_error *error)
{
    memcpy(mask, tensor->data, tensor->bytes);
    for (size_t i = 0; i < tensor->bytes; i++)
        if (mask[i] > 1)
            return wrong_value(tensor, i, "neither", "0 or 1", path, error);
    return ESPALIER_OK;
}

espalier_status model_tensor_integers(const safetensors_tensor *tensor, uint64_t *values,
                                      const char *path, espalier_error *error)
{
    memcpy(values, tensor->data, tensor->bytes);
    for (size_t i = 0, count = value_count(tensor); i < count; i++)
        if (values[i] > INT64_MAX)
            return wrong_value(tensor, i, "negative", "0 or more", path, error);
    return ESPALIER_OK;
}
