/* A network out of a safetensors file: espalier's own model file, or a state dict with
 * any names. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/half.h"
#include "format/safetensors.h"
#include "import/metadata.h"
#include "import/reader.h"
#include "import/state_dict.h"
#include "net/model_file.h"

/* ---- values ---------------------------------------------------------------------- */

static double f32_at(const void *data, size_t index)
{
    float value;
    memcpy(&value, (const char *)data + index * sizeof value, sizeof value);
    return (double)value;
}

static double f64_at(const void *data, size_t index)
{
    double value;
    memcpy(&value, (const char *)data + index * sizeof value, sizeof value);
    return value;
}

static double f16_at(const void *data, size_t index)
{
    uint16_t bits;
    memcpy(&bits, (const char *)data + index * sizeof bits, sizeof bits);
    return (double)half_value(bits);
}

static double bf16_at(const void *data, size_t index)
{
    uint16_t bits;
    memcpy(&bits, (const char *)data + index * sizeof bits, sizeof bits);
    return (double)bfloat_value(bits);
}

static void take_tensor(const safetensors_tensor *from, dict_tensor *to)
{
    static const struct {
        const char *dtype;
        double (*number)(const void *data, size_t index);
    } dtypes[] = {{"F32", f32_at}, {"F64", f64_at}, {"F16", f16_at}, {"BF16", bf16_at}};
    *to = (dict_tensor){.name = from->name, .type = from->dtype, .rank = from->rank,
                        .data = from->data};
    memcpy(to->shape, from->shape, sizeof to->shape);
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(from->dtype, dtypes[i].dtype) == 0)
            to->number = dtypes[i].number;
}

/* ---- whose file it is -------------------------------------------------------------- */

/* The layer of a name "layers.3.weight" or another of a model file; false for others. */
static bool is_model_name(const char *name, size_t *layer)
{
    static const char *const parts[] = {"weight", "bias", "mask", "activations", "kept"};
    char *end;
    if (strcmp(name, "kept_inputs") == 0) {
        *layer = 0;
        return true;
    }
    if (strncmp(name, "layers.", 7) != 0 || name[7] < '0' || name[7] > '9')
        return false;
    *layer = (size_t)strtoull(name + 7, &end, 10);
    for (size_t i = 0; *end == '.' && i < sizeof parts / sizeof *parts; i++)
        if (strcmp(end + 1, parts[i]) == 0)
            return true;
    return false;
}

/* A model file by its version, or a state dict with exactly a model file's names. One of
 * torch.nn.Sequential has its names too, but leaves numbers out where it has ReLU. */
static bool is_model(const safetensors *file, bool *own)
{
    size_t weights = 0, highest = 0, layer;
    bool only = true;
    *own = false;
    for (size_t i = 0; i < file->pair_count; i++)
        *own |= strcmp(file->pairs[i].key, "espalier") == 0;
    for (size_t i = 0; i < file->tensor_count; i++) {
        const char *name = file->tensors[i].name;
        bool known = is_model_name(name, &layer);
        only &= known;
        highest = known && layer > highest ? layer : highest;
        weights += known && strncmp(name, "layers.", 7) == 0 && strstr(name, ".weight");
    }
    return *own || (only && weights > 0 && highest < weights);
}

static const char *key_at(const void *context, size_t index)
{
    const safetensors *file = context;
    return index < file->pair_count ? file->pairs[index].key : NULL;
}

static const char *value_at(const void *context, size_t index)
{
    return ((const safetensors *)context)->pairs[index].value;
}

/* A state dict may say its activations and its scaling as a model file does. */
static espalier_status take_metadata(const char *path, const safetensors *file,
                                     espalier_network **network, espalier_error *error)
{
    const metadata_source source = {file, key_at, value_at};
    espalier_status status = import_metadata(*network, &source, path, error);
    if (status != ESPALIER_OK) {
        espalier_network_destroy(*network);
        *network = NULL;
    }
    return status;
}

static espalier_status take_dict(const char *path, const safetensors *file,
                                 const espalier_allocator *allocator, espalier_network **network,
                                 espalier_error *error)
{
    dict_tensor *tensors = memory_array(allocator, file->tensor_count, sizeof *tensors);
    if (!tensors)
        return error_memory(error);
    for (size_t i = 0; i < file->tensor_count; i++)
        take_tensor(&file->tensors[i], &tensors[i]);
    espalier_status status = state_dict_network(tensors, file->tensor_count, path, "safetensors",
                                                allocator, network, error);
    memory_release(allocator, tensors);
    return status == ESPALIER_OK ? take_metadata(path, file, network, error) : status;
}

espalier_status import_safetensors(const char *path, const espalier_allocator *allocator,
                                   espalier_network **network, espalier_error *error)
{
    safetensors file;
    bool own;
    espalier_status status = safetensors_read(path, allocator, &file, error);
    if (status != ESPALIER_OK)
        return status;
    const bool model = is_model(&file, &own);
    status = model ? model_of(path, &file, allocator, network, error)
                   : take_dict(path, &file, allocator, network, error);
    safetensors_clear(&file);
    if (status == ESPALIER_OK && model && !own &&
        espalier_network_set_metadata(*network, "imported", "safetensors") != ESPALIER_OK) {
        espalier_network_destroy(*network);
        *network = NULL;
        status = error_memory(error);
    }
    return status;
}
