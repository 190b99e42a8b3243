/* One tensor of a model file into one array of a network, every value checked. */
#ifndef NET_MODEL_TENSOR_H
#define NET_MODEL_TENSOR_H

#include "base/error.h"
#include "format/safetensors.h"

/* dtypes that may stand in a file, as a message lists them. */
#define MODEL_FLOATS "F32, F64, F16 or BF16"
#define MODEL_BYTES "U8 or BOOL"
#define MODEL_INTEGERS "I64"

/* Checks dtype and shape. path is for the message here and below. Errors: FORMAT. */
espalier_status model_tensor_check(const safetensors_tensor *tensor, const char *dtypes,
                                   size_t rank, const uint64_t *shape, const char *path,
                                   espalier_error *error);

/* Each reads all values of a checked tensor. Errors: FORMAT for a value that is
 * not finite as a float32, not 0 or 1, negative. */
espalier_status model_tensor_floats(const safetensors_tensor *tensor, float *values,
                                    const char *path, espalier_error *error);
espalier_status model_tensor_mask(const safetensors_tensor *tensor, uint8_t *mask,
                                  const char *path, espalier_error *error);
espalier_status model_tensor_integers(const safetensors_tensor *tensor, uint64_t *values,
                                      const char *path, espalier_error *error);

#endif
