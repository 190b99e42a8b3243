/* What a file says about its network beside the tensors, in the words of a model file. */
#ifndef IMPORT_METADATA_H
#define IMPORT_METADATA_H

#include "base/error.h"
#include "net/network.h"

/* The text of key `index`, or its key; NULL beyond the last. */
typedef struct metadata_source {
    const void *context;
    const char *(*key)(const void *context, size_t index);
    const char *(*value)(const void *context, size_t index);
} metadata_source;

/* Sets activations, class names, scaling (unless the network got one from its graph) and free
 * texts as far as they are there.
 * path is for messages. Errors: FORMAT, UNSUPPORTED (an unknown activation), MEMORY. */
espalier_status import_metadata(espalier_network *network, const metadata_source *source,
                                const char *path, espalier_error *error);

#endif
