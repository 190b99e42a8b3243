/* Metadata of a foreign file into a network. */
#include "import/metadata.h"

#include <string.h>

#include "net/model_file.h"

static const char *find(const metadata_source *source, const char *key)
{
    const char *found;
    for (size_t i = 0; (found = source->key(source->context, i)); i++)
        if (strcmp(found, key) == 0)
            return source->value(source->context, i);
    return NULL;
}

/* Texts that are not UTF-8 are left behind: they say nothing that is needed. */
static espalier_status take_free(espalier_network *network, const metadata_source *source,
                                 espalier_error *error)
{
    const char *key;
    for (size_t i = 0; (key = source->key(source->context, i)); i++)
        if (!network_is_derived_key(key) &&
            espalier_network_set_metadata(network, key, source->value(source->context, i)) ==
                ESPALIER_ERROR_MEMORY)
            return error_memory(error);
    return ESPALIER_OK;
}

espalier_status import_metadata(espalier_network *network, const metadata_source *source,
                                const char *path, espalier_error *error)
{
    const char *activation = find(source, "activation"), *linear = find(source, "linear");
    const char *classes = find(source, "classes"), *scaling = find(source, "input_scaling");
    espalier_status status = ESPALIER_OK;
    if (activation || linear)
        status = model_parse_activations(network, activation, linear, path, error);
    if (status == ESPALIER_OK && classes)
        status = model_parse_classes(network, classes, path, error);
    if (status == ESPALIER_OK && scaling && network->scaling_count == 0)
        status = model_parse_scaling(network, scaling, path, error);
    return status == ESPALIER_OK ? take_free(network, source, error) : status;
}
