/* Reading the model file, or a plain state dict with its names. Everything is
 * checked before it is used; what is not known is kept for rewriting. */
#include "net/model_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/safetensors.h"
#include "net/model_tensor.h"

typedef struct parts {
    const safetensors_tensor *of[MODEL_PART_COUNT]; /* NULL = not in the file */
} parts;

typedef struct loader {
    const char *path;
    const espalier_allocator *allocator;
    const safetensors *file;
    size_t layers;
    parts *parts; /* [layers] */
    const safetensors_tensor *kept_inputs;
    espalier_network *network;
    espalier_error *error;
} loader;

static const char *find(const loader *in, const char *key)
{
    for (size_t i = 0; i < in->file->pair_count; i++)
        if (strcmp(in->file->pairs[i].key, key) == 0)
            return in->file->pairs[i].value;
    return NULL;
}

/* ---- which tensor is what ----------------------------------------------- */

/* True for a name that model_name gives. */
static bool parse_name(const char *name, size_t *layer, model_part *part)
{
    char expected[MODEL_NAME_BYTES];
    if (strncmp(name, "layers.", 7) != 0 || name[7] < '0' || name[7] > '9')
        return false;
    *layer = (size_t)strtoull(name + 7, NULL, 10);
    for (int i = 0; i < MODEL_PART_COUNT; i++) {
        *part = (model_part)i;
        if (strcmp(name, model_name(*layer, *part, expected)) == 0)
            return true;
    }
    return false;
}

/* beyond: a tensor of a layer whose index is not below the number of weights, or NULL. */
static espalier_status check_presence(const loader *in, const safetensors_tensor *beyond)
{
    char name[MODEL_NAME_BYTES];
    for (size_t l = 0; l < in->layers || l == 0; l++)
        for (int p = MODEL_WEIGHT; p <= MODEL_BIAS; p++)
            if (l >= in->layers || !in->parts[l].of[p])
                return error_set(in->error, ESPALIER_ERROR_FORMAT,
                                 "%s: expected tensor '%s', found none", in->path,
                                 model_name(l, (model_part)p, name));
    if (beyond)
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: found tensor '%s'; expected layers 0 to %zu only, as many as there "
                         "are weights", in->path, beyond->name, in->layers - 1);
    return ESPALIER_OK;
}

static espalier_status sort_out(loader *in)
{
    const safetensors_tensor *beyond = NULL;
    size_t layer;
    model_part part;
    for (size_t i = 0; i < in->file->tensor_count; i++)
        in->layers += parse_name(in->file->tensors[i].name, &layer, &part) && part == MODEL_WEIGHT;
    in->parts = memory_array(in->allocator, in->layers, sizeof *in->parts);
    if (!in->parts)
        return error_memory(in->error);
    for (size_t i = 0; i < in->file->tensor_count; i++) {
        const safetensors_tensor *tensor = &in->file->tensors[i];
        if (strcmp(tensor->name, MODEL_KEPT_INPUTS) == 0)
            in->kept_inputs = tensor;
        if (!parse_name(tensor->name, &layer, &part))
            continue;
        if (layer < in->layers)
            in->parts[layer].of[part] = tensor;
        else
            beyond = tensor;
    }
    return check_presence(in, beyond);
}

/* ---- shapes and dtypes ---------------------------------------------------- */

static espalier_status check_weight(const loader *in, size_t l)
{
    const safetensors_tensor *weight = in->parts[l].of[MODEL_WEIGHT];
    const uint64_t *shape = weight->shape;
    char found[192];
    safetensors_shape_text(shape, weight->rank, found);
    if (weight->rank != 2 || shape[0] < 1 || shape[0] > NETWORK_WIDTH_MOST || shape[1] < 1 ||
        shape[1] > NETWORK_WIDTH_MOST)
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: tensor '%s': shape %s; expected [outputs, inputs], each 1 to %zu",
                         in->path, weight->name, found, NETWORK_WIDTH_MOST);
    if (l > 0 && shape[1] != in->parts[l - 1].of[MODEL_WEIGHT]->shape[0])
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: tensor '%s': shape %s; expected %llu inputs, the outputs of layer "
                         "%zu", in->path, weight->name, found,
                         (unsigned long long)in->parts[l - 1].of[MODEL_WEIGHT]->shape[0], l - 1);
    return model_tensor_check(weight, MODEL_FLOATS, 2, shape, in->path, in->error);
}

static espalier_status check_layer(const loader *in, size_t l)
{
    static const struct {
        const char *dtypes;
        size_t rank;
        bool hidden; /* only hidden layers have it */
    } rules[MODEL_PART_COUNT] = {
        [MODEL_WEIGHT] = {MODEL_FLOATS, 2, false},
        [MODEL_BIAS] = {MODEL_FLOATS, 1, false},
        [MODEL_MASK] = {MODEL_BYTES, 2, false},
        [MODEL_ACTIVATIONS] = {MODEL_INTEGERS, 1, true},
        [MODEL_KEPT] = {MODEL_INTEGERS, 1, true},
    };
    espalier_status status = check_weight(in, l);
    for (int p = MODEL_BIAS; status == ESPALIER_OK && p < MODEL_PART_COUNT; p++) {
        const safetensors_tensor *tensor = in->parts[l].of[p];
        if (!tensor)
            continue;
        if (rules[p].hidden && l + 1 == in->layers)
            return error_set(in->error, ESPALIER_ERROR_FORMAT,
                             "%s: tensor '%s': expected none for the output layer", in->path,
                             tensor->name);
        status = model_tensor_check(tensor, rules[p].dtypes, rules[p].rank,
                                    in->parts[l].of[MODEL_WEIGHT]->shape, in->path, in->error);
    }
    return status;
}

static espalier_status make_network(loader *in)
{
    espalier_status status = ESPALIER_OK;
    for (size_t l = 0; status == ESPALIER_OK && l < in->layers; l++)
        status = check_layer(in, l);
    if (status == ESPALIER_OK && in->kept_inputs)
        status = model_tensor_check(in->kept_inputs, MODEL_INTEGERS, 1,
                                    &in->parts[0].of[MODEL_WEIGHT]->shape[1], in->path, in->error);
    if (status != ESPALIER_OK)
        return status;
    size_t *widths = memory_array(in->allocator, in->layers + 1, sizeof *widths);
    if (!widths)
        return error_memory(in->error);
    widths[0] = (size_t)in->parts[0].of[MODEL_WEIGHT]->shape[1];
    for (size_t l = 0; l < in->layers; l++)
        widths[l + 1] = (size_t)in->parts[l].of[MODEL_WEIGHT]->shape[0];
    status = espalier_network_create(widths, in->layers + 1, in->allocator, &in->network,
                                     in->error);
    memory_release(in->allocator, widths);
    return status;
}

/* ---- values ---------------------------------------------------------------- */

/* Original indices of position 0 (inputs) or of the neurons of layer position - 1;
 * without widths in the metadata the largest index is taken for the last there was. */
static espalier_status load_kept(const loader *in, const safetensors_tensor *tensor, size_t count,
                                 size_t position, bool widths_known, uint64_t **kept)
{
    size_t *width = &in->network->original_widths[position];
    if (!tensor && *width == count)
        return ESPALIER_OK;
    if (!tensor)
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: metadata 'original_widths', position %zu: %zu; expected %zu where "
                         "no tensor says which were kept", in->path, position, *width, count);
    uint64_t *list = memory_array(in->allocator, count, sizeof *list);
    if (!list)
        return error_memory(in->error);
    *kept = list; /* the network owns it from here on */
    espalier_status status = model_tensor_integers(tensor, list, in->path, in->error);
    if (status != ESPALIER_OK)
        return status;
    if (!widths_known && list[count - 1] < NETWORK_WIDTH_MOST && list[count - 1] >= count)
        *width = (size_t)list[count - 1] + 1;
    for (size_t i = 0; i < count; i++)
        if (list[i] >= *width || (i > 0 && list[i] <= list[i - 1]))
            return error_set(in->error, ESPALIER_ERROR_FORMAT,
                             "%s: tensor '%s', place [%zu]: %llu; expected rising indices below "
                             "%zu", in->path, tensor->name, i, (unsigned long long)list[i],
                             *width);
    if (*width == count) { /* nothing was taken out */
        memory_release(in->allocator, list);
        *kept = NULL;
    }
    return ESPALIER_OK;
}

/* Linear layers have no counts. Those of the output layer are refused before. */
static espalier_status load_activations(const loader *in)
{
    espalier_status status = model_parse_activations(in->network, find(in, "activation"),
                                                     find(in, "linear"), in->path, in->error);
    for (size_t l = 0; status == ESPALIER_OK && l < in->layers; l++)
        if (!network_has_activation(in->network, l) && in->parts[l].of[MODEL_ACTIVATIONS])
            status = error_set(in->error, ESPALIER_ERROR_FORMAT,
                               "%s: tensor '%s': expected none for a linear layer", in->path,
                               in->parts[l].of[MODEL_ACTIVATIONS]->name);
    return status;
}

static espalier_status load_layer(const loader *in, size_t l)
{
    network_layer *layer = &in->network->layers[l];
    const safetensors_tensor *const *of = in->parts[l].of;
    const char *path = in->path;
    espalier_status status =
        model_tensor_floats(of[MODEL_WEIGHT], layer->weights, path, in->error);
    if (status == ESPALIER_OK)
        status = model_tensor_floats(of[MODEL_BIAS], layer->biases, path, in->error);
    if (status == ESPALIER_OK && of[MODEL_MASK])
        status = model_tensor_mask(of[MODEL_MASK], layer->mask, path, in->error);
    if (status == ESPALIER_OK && of[MODEL_ACTIVATIONS])
        status = model_tensor_integers(of[MODEL_ACTIVATIONS], layer->activations, path, in->error);
    return status;
}

/* Where no layer has a mask, exact zeros are pruned: a network that was pruned
 * elsewhere stays so. Either way a pruned weight becomes +0. */
static void settle_masks(const loader *in)
{
    bool masks = false;
    for (size_t l = 0; l < in->layers; l++)
        masks |= in->parts[l].of[MODEL_MASK] != NULL;
    for (size_t l = 0; !masks && l < in->layers; l++) {
        network_layer *layer = &in->network->layers[l];
        for (size_t i = 0, count = layer->inputs * layer->outputs; i < count; i++)
            layer->mask[i] = layer->weights[i] != 0.0f;
    }
    espalier_network_apply_masks(in->network);
}

/* ---- metadata ---------------------------------------------------------------- */

/* A whole number and nothing else. */
static bool parse_count(const char *text, uint64_t *count)
{
    *count = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || *count > (UINT64_MAX - (uint64_t)(*text - '0')) / 10)
            return false;
        *count = *count * 10 + (uint64_t)(*text - '0');
    }
    return true;
}

/* What decides whether the rest can be understood at all. */
static espalier_status check_format(const loader *in)
{
    const char *version = find(in, "espalier"), *activation = find(in, "activation");
    uint64_t number;
    if (version && (!parse_count(version, &number) || number == 0))
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: metadata 'espalier': expected the format's version, a whole number "
                         "from 1 on", in->path);
    if (version && number > MODEL_FORMAT_NEWEST)
        return error_set(in->error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: model format %llu; this version reads up to %d", in->path,
                         (unsigned long long)number, MODEL_FORMAT_NEWEST);
    if (version && number < MODEL_VERSION_LINEAR && find(in, "linear"))
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: metadata 'linear': expected format " MODEL_FORMAT_LINEAR
                         ", found %llu", in->path, (unsigned long long)number);
    if (version && number < MODEL_FORMAT_NEWEST && activation && strcmp(activation, "relu") != 0)
        return error_set(in->error, ESPALIER_ERROR_FORMAT,
                         "%s: metadata 'activation': expected 'relu' in format %llu, found '%s'",
                         in->path, (unsigned long long)number,
                         safetensors_show(activation).text);
    return ESPALIER_OK;
}

/* Counts without the number of inputs: the largest of them is the least it can be. */
static uint64_t largest_count(const espalier_network *network)
{
    uint64_t largest = 0;
    for (size_t l = 0; l + 1 < network->layer_count; l++)
        for (size_t o = 0; o < network->layers[l].outputs; o++)
            if (network->layers[l].activations[o] > largest)
                largest = network->layers[l].activations[o];
    return largest;
}

/* Counts of some neurons only, or their number without them, are no counts: the
 * missing ones would pass for zeros, the first to be pruned. */
static bool is_counted(const loader *in)
{
    for (size_t l = 0; l + 1 < in->layers; l++)
        if (!in->parts[l].of[MODEL_ACTIVATIONS] && network_has_activation(in->network, l))
            return false;
    return true;
}

static espalier_status load_metadata(const loader *in)
{
    espalier_network *network = in->network;
    const char *counted = find(in, "inputs_counted"), *classes = find(in, "classes");
    const char *scaling = find(in, "input_scaling");
    espalier_status status = ESPALIER_OK;
    network->inputs_counted = largest_count(network);
    if (counted && (!parse_count(counted, &network->inputs_counted) ||
                    network->inputs_counted > INT64_MAX))
        status = error_set(in->error, ESPALIER_ERROR_FORMAT,
                           "%s: metadata 'inputs_counted': expected a whole number below 2^63",
                           in->path);
    if (!is_counted(in))
        espalier_network_clear_activations(network);
    if (status == ESPALIER_OK && classes)
        status = model_parse_classes(network, classes, in->path, in->error);
    if (status == ESPALIER_OK && scaling)
        status = model_parse_scaling(network, scaling, in->path, in->error);
    for (size_t i = 0; status == ESPALIER_OK && i < in->file->pair_count; i++) {
        const safetensors_pair *pair = &in->file->pairs[i];
        if (!network_is_derived_key(pair->key) &&
            espalier_network_set_metadata(network, pair->key, pair->value) != ESPALIER_OK)
            status = error_memory(in->error);
    }
    return status;
}

/* ---- all of it ----------------------------------------------------------------- */

static espalier_status load_maps(const loader *in)
{
    espalier_network *network = in->network;
    const char *widths = find(in, "original_widths");
    espalier_status status =
        widths ? model_parse_widths(network, widths, in->path, in->error) : ESPALIER_OK;
    if (status == ESPALIER_OK)
        status = load_kept(in, in->kept_inputs, network->layers[0].inputs, 0, widths,
                           &network->kept_inputs);
    for (size_t l = 0; status == ESPALIER_OK && l + 1 < in->layers; l++)
        status = load_kept(in, in->parts[l].of[MODEL_KEPT], network->layers[l].outputs, l + 1,
                           widths, &network->layers[l].kept);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const network_tensor *)a)->name, ((const network_tensor *)b)->name);
}

static espalier_status load_unknown(const loader *in)
{
    espalier_network *network = in->network;
    size_t layer;
    model_part part;
    for (size_t i = 0; i < in->file->tensor_count; i++) {
        const safetensors_tensor *from = &in->file->tensors[i];
        if (from == in->kept_inputs || parse_name(from->name, &layer, &part) ||
            network_is_checkpoint_name(from->name))
            continue;
        network_tensor tensor = {.name = (char *)from->name,
                                 .rank = from->rank,
                                 .bytes = from->bytes,
                                 .data = (void *)from->data};
        strncpy(tensor.dtype, from->dtype, sizeof tensor.dtype - 1);
        memcpy(tensor.shape, from->shape, sizeof tensor.shape);
        if (network_add_tensor(network, &tensor) != ESPALIER_OK)
            return error_memory(in->error);
    }
    if (network->tensor_count)
        qsort(network->tensors, network->tensor_count, sizeof *network->tensors, by_name);
    return ESPALIER_OK;
}

static espalier_status load(loader *in)
{
    espalier_status status = check_format(in);
    if (status == ESPALIER_OK)
        status = sort_out(in);
    if (status == ESPALIER_OK)
        status = make_network(in);
    if (status == ESPALIER_OK)
        status = load_activations(in);
    for (size_t l = 0; status == ESPALIER_OK && l < in->layers; l++)
        status = load_layer(in, l);
    if (status != ESPALIER_OK)
        return status;
    settle_masks(in);
    status = load_maps(in);
    if (status == ESPALIER_OK)
        status = load_metadata(in);
    return status == ESPALIER_OK ? load_unknown(in) : status;
}

espalier_status model_of(const char *path, const safetensors *file,
                         const espalier_allocator *allocator, espalier_network **network,
                         espalier_error *error)
{
    loader in = {.path = path, .allocator = allocator, .file = file, .error = error};
    espalier_status status = load(&in);
    memory_release(allocator, in.parts);
    if (status == ESPALIER_OK)
        *network = in.network;
    else
        espalier_network_destroy(in.network);
    return status;
}

espalier_status espalier_network_read(const char *path, const espalier_allocator *allocator,
                                      espalier_network **network, espalier_error *error)
{
    safetensors file;
    espalier_status status = safetensors_read(path, allocator, &file, error);
    if (status != ESPALIER_OK)
        return status;
    status = model_of(path, &file, allocator, network, error);
    safetensors_clear(&file);
    return status;
}
