/* The model file's vocabulary, for reading, writing and export.
 *
 * A model file is a safetensors file with the tensors
 *   layers.{i}.weight       F32 [out, in]
 *   layers.{i}.bias         F32 [out]
 *   layers.{i}.mask         U8  [out, in], 1 = kept
 *   layers.{i}.activations  I64 [out]; hidden layers that are not linear
 *   layers.{i}.kept         I64 [out], original indices; hidden layers
 *   kept_inputs             I64 [in of layer 0], original indices
 * and the __metadata__ that network_is_derived_key() lists, beside any other. */
#ifndef NET_MODEL_FILE_H
#define NET_MODEL_FILE_H

#include "base/error.h"
#include "format/safetensors.h"
#include "net/network.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are little-endian, and so must be the machine"
#endif

/* Versions of the format. The lowest that says it all is written, so that what an older
 * reader understands it also accepts. */
#define MODEL_FORMAT_PLAIN "1"
#define MODEL_FORMAT_LINEAR "2"      /* with linear layers beside those with ReLU */
#define MODEL_FORMAT_ACTIVATIONS "3" /* with other activations */
enum { MODEL_VERSION_LINEAR = 2, MODEL_FORMAT_NEWEST = 3 };
#define MODEL_KEPT_INPUTS "kept_inputs"

typedef enum model_part {
    MODEL_WEIGHT,
    MODEL_BIAS,
    MODEL_MASK,
    MODEL_ACTIVATIONS,
    MODEL_KEPT,
    MODEL_PART_COUNT
} model_part;

/* A tensor's name takes at most this many bytes with its end. */
enum { MODEL_NAME_BYTES = 48 };

/* Writes the tensor's name; returns it. */
const char *model_name(size_t layer, model_part part, char name[MODEL_NAME_BYTES]);

/* The network in a file that has been read; path is for messages. Nothing of the file is kept. */
espalier_status model_of(const char *path, const safetensors *file,
                         const espalier_allocator *allocator, espalier_network **network,
                         espalier_error *error);

/* What a checkpoint holds beside its network (network_is_checkpoint_name). */
typedef struct model_more {
    const safetensors_tensor *tensors;
    const safetensors_pair *pairs;
    size_t tensor_count, pair_count;
} model_more;

/* NUMERIC, naming the place, where a weight or bias is NaN or infinite: no reader takes it. */
espalier_status model_check_finite(const espalier_network *network, const char *path,
                                   espalier_error *error);

/* espalier_network_write(), with more (NULL: nothing). */
espalier_status model_write(const espalier_network *network, const char *path,
                            const model_more *more, espalier_error *error);

/* ---- model_json.c: metadata as JSON texts ------------------------------ */

/* Owned texts, to be released with the network's allocator; NULL without memory. */
char *model_print_classes(const espalier_network *network);
char *model_print_scaling(const espalier_network *network); /* floats read back bit by bit */
/* [row width, widths of the layers]: of the original network, or with `inputs_only`
 * of this one behind the original's inputs. */
char *model_print_widths(const espalier_network *network, bool inputs_only);

/* True where a class has another name than its number. */
bool model_has_class_names(const espalier_network *network);

/* Each sets what the text says; path is for the message. Errors: FORMAT, MEMORY.
 * parse_widths checks against the shapes; parse_scaling needs the row width. */
espalier_status model_parse_classes(espalier_network *network, const char *text, const char *path,
                                    espalier_error *error);
espalier_status model_parse_scaling(espalier_network *network, const char *text, const char *path,
                                    espalier_error *error);
espalier_status model_parse_widths(espalier_network *network, const char *text, const char *path,
                                   espalier_error *error);

/* ---- model_activation.c: the activations among the metadata ------------- */

/* The version of the format that the network needs, and what `activation` and `linear`
 * hold there: owned texts, to be released with the network's allocator. `linear` is NULL
 * where the key is not written. False without memory. */
typedef struct model_activations {
    const char *version;
    char *activation, *linear;
} model_activations;

bool model_print_activations(const espalier_network *network, model_activations *printed);
void model_release_activations(const espalier_network *network, model_activations *printed);

/* Sets the layers' activations; activation and linear are NULL where the file has no such
 * key. Errors: FORMAT, UNSUPPORTED (an unknown activation), MEMORY. */
espalier_status model_parse_activations(espalier_network *network, const char *activation,
                                        const char *linear, const char *path,
                                        espalier_error *error);

/* Owned by the allocator; takes the value (jansson's) over. NULL without memory. */
struct json_t;
char *model_print_json(const espalier_network *network, struct json_t *value);

#endif
