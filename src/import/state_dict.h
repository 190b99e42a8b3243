/* A network out of named tensors alone (a state dict): which are weights, which biases,
 * and in what order. The container they come in is the caller's business. */
#ifndef IMPORT_STATE_DICT_H
#define IMPORT_STATE_DICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "espalier/network.h"

enum { DICT_RANK_MOST = 8 };

typedef struct dict_tensor {
    const char *name;
    const char *type; /* as the file writes it, for messages */
    size_t rank;
    uint64_t shape[DICT_RANK_MOST];
    const void *data;
    /* Value `index` of the data; NULL for a type that weights do not have. */
    double (*number)(const void *data, size_t index);
} dict_tensor;

/* Makes a network of the tensors: ReLU behind hidden layers, exact zeros pruned.
 * origin is what the metadata "imported" says.
 *
 * A weight is a matrix, its bias a vector whose name differs by the word for it only
 * ("fc1.weight" and "fc1.bias", "Dense_0/kernel" and "Dense_0/bias", "W1" and "b1"), or
 * which comes next (arr_0, arr_1, …); a missing bias is 0. The order is that of the names,
 * numbers in them counted as numbers; if the shapes do not chain so, one in which they
 * do. Weights are [out, in], or [in, out] if all names say kernel or coef, or if the
 * shapes only chain that way.
 *
 * Errors: FORMAT, UNSUPPORTED (a tensor that has no place in such a network, by name;
 * layers that do not chain), MEMORY. */
espalier_status state_dict_network(const dict_tensor *tensors, size_t count, const char *path,
                                   const char *origin, const espalier_allocator *allocator,
                                   espalier_network **network, espalier_error *error);

#endif
