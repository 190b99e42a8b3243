/* What travels with a network's parameters: input scaling, class names, free
 * metadata, tensors of unknown names. Copied from network to network as it is. */
#include "net/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"

/* ---- scaling ----------------------------------------------------------- */

espalier_status espalier_network_set_scaling(espalier_network *network, size_t count,
                                             const float *shift, const float *scale)
{
    if ((count > 1 && count != espalier_network_row_width(network)) || (count && !(shift && scale)))
        return ESPALIER_ERROR_ARGUMENT;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(shift[i]) || !isfinite(scale[i]))
            return ESPALIER_ERROR_ARGUMENT;
    float *pairs = NULL;
    if (count) {
        pairs = memory_array(network->allocator, count, 2 * sizeof *pairs);
        if (!pairs)
            return ESPALIER_ERROR_MEMORY;
        memcpy(pairs, shift, count * sizeof *pairs);
        memcpy(pairs + count, scale, count * sizeof *pairs);
    }
    memory_release(network->allocator, network->shift);
    network->scaling_count = count;
    network->shift = pairs;
    network->scale = pairs ? pairs + count : NULL;
    return ESPALIER_OK;
}

size_t espalier_network_scaling(const espalier_network *network, const float **shift,
                                const float **scale)
{
    if (shift)
        *shift = network->shift;
    if (scale)
        *scale = network->scale;
    return network->scaling_count;
}

/* ---- class names ------------------------------------------------------- */

/* The name of a class, by its number where it has none of its own. */
static const char *name_of(const char *const *names, size_t index, char number[24])
{
    if (names && names[index])
        return names[index];
    snprintf(number, 24, "%zu", index);
    return number;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Predictions are told apart by names. Errors: ARGUMENT, MEMORY. */
static espalier_status check_distinct(const espalier_network *network, char *const *names,
                                      size_t count)
{
    espalier_status status = ESPALIER_OK;
    char **sorted = memory_array(network->allocator, count, sizeof *sorted);
    if (!sorted)
        return ESPALIER_ERROR_MEMORY;
    memcpy(sorted, names, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_text);
    for (size_t i = 1; i < count; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            status = ESPALIER_ERROR_ARGUMENT;
    memory_release(network->allocator, sorted);
    return status;
}

/* A file's JSON holds UTF-8 only, so nothing else may come in. distinct: they are known to be. */
static espalier_status set_names(espalier_network *network, const char *const *names, bool distinct)
{
    size_t count = espalier_network_class_count(network), bytes = count * sizeof(char *);
    char number[24];
    for (size_t i = 0; i < count; i++) {
        if (names && names[i] && !utf8_is_valid(names[i]))
            return ESPALIER_ERROR_ARGUMENT;
        if (!size_add(bytes, strlen(name_of(names, i, number)) + 1, &bytes))
            return ESPALIER_ERROR_MEMORY;
    }
    char **table = memory_array(network->allocator, bytes, 1);
    if (!table)
        return ESPALIER_ERROR_MEMORY;
    char *text = (char *)(table + count);
    for (size_t i = 0; i < count; i++) {
        const char *name = name_of(names, i, number);
        size_t length = strlen(name) + 1;
        table[i] = memcpy(text, name, length);
        text += length;
    }
    const espalier_status status =
        distinct ? ESPALIER_OK : check_distinct(network, table, count);
    memory_release(network->allocator, status ? table : network->class_names);
    network->class_names = status ? network->class_names : table;
    return status;
}

espalier_status espalier_network_set_class_names(espalier_network *network,
                                                 const char *const *names)
{
    return set_names(network, names, names == NULL);
}

const char *espalier_network_class_name(const espalier_network *network, size_t index)
{
    return network->class_names[index];
}

/* ---- metadata ---------------------------------------------------------- */

bool network_is_checkpoint_name(const char *name)
{
    static const char prefix[] = NETWORK_CHECKPOINT;
    const size_t length = sizeof prefix - 1;
    return strncmp(name, prefix, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

bool network_is_derived_key(const char *key)
{
    static const char *const keys[] = {"espalier",       "activation",    "inputs_counted",
                                       "classes",        "input_scaling", "original_widths",
                                       "linear"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return network_is_checkpoint_name(key);
}

/* The first entry whose key is not below the given one. */
static size_t find_key(const espalier_network *network, const char *key, bool *found)
{
    size_t low = 0, high = network->metadata_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(network->metadata[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < network->metadata_count && strcmp(network->metadata[low].key, key) == 0;
    return low;
}

/* An array with room for one more item. It always has room for the next power of two, and is
 * doubled where it is full; the old one is released then. NULL without memory, and it stays. */
static void *with_room(const espalier_allocator *allocator, void *items, size_t count,
                       size_t item_bytes)
{
    if (count & (count - 1))
        return items;
    void *wider = memory_array(allocator, count ? 2 * count : 1, item_bytes);
    if (!wider)
        return NULL;
    if (count)
        memcpy(wider, items, count * item_bytes);
    memory_release(allocator, items);
    return wider;
}

static espalier_status insert_metadata(espalier_network *network, size_t place, const char *key,
                                       char *text)
{
    const espalier_allocator *allocator = network->allocator;
    const size_t count = network->metadata_count;
    char *name = memory_text(allocator, key);
    network_metadata *wider =
        name ? with_room(allocator, network->metadata, count, sizeof *wider) : NULL;
    if (!wider) {
        memory_release(allocator, name);
        memory_release(allocator, text);
        return ESPALIER_ERROR_MEMORY;
    }
    memmove(wider + place + 1, wider + place, (count - place) * sizeof *wider);
    wider[place] = (network_metadata){name, text};
    network->metadata = wider;
    network->metadata_count++;
    return ESPALIER_OK;
}

static void remove_metadata(espalier_network *network, size_t place)
{
    network_metadata *entry = &network->metadata[place];
    memory_release(network->allocator, entry->key);
    memory_release(network->allocator, entry->value);
    network->metadata_count--;
    memmove(entry, entry + 1, (network->metadata_count - place) * sizeof *entry);
}

espalier_status espalier_network_set_metadata(espalier_network *network, const char *key,
                                              const char *value)
{
    if (network_is_derived_key(key) || !utf8_is_valid(key) || (value && !utf8_is_valid(value)))
        return ESPALIER_ERROR_ARGUMENT;
    bool found;
    size_t place = find_key(network, key, &found);
    if (!value) {
        if (found)
            remove_metadata(network, place);
        return ESPALIER_OK;
    }
    char *text = memory_text(network->allocator, value);
    if (!text)
        return ESPALIER_ERROR_MEMORY;
    if (!found)
        return insert_metadata(network, place, key, text);
    memory_release(network->allocator, network->metadata[place].value);
    network->metadata[place].value = text;
    return ESPALIER_OK;
}

const char *espalier_network_metadata(const espalier_network *network, const char *key)
{
    bool found;
    size_t place = find_key(network, key, &found);
    return found ? network->metadata[place].value : NULL;
}

/* ---- tensors of unknown names ------------------------------------------ */

espalier_status network_add_tensor(espalier_network *network, const network_tensor *tensor)
{
    const espalier_allocator *allocator = network->allocator;
    network_tensor copy = *tensor;
    copy.name = memory_text(allocator, tensor->name);
    copy.data = memory_array(allocator, tensor->bytes, 1);
    network_tensor *wider = NULL;
    if (copy.name && copy.data)
        wider = with_room(allocator, network->tensors, network->tensor_count, sizeof *wider);
    if (!wider) {
        memory_release(allocator, copy.name);
        memory_release(allocator, copy.data);
        return ESPALIER_ERROR_MEMORY;
    }
    if (tensor->bytes)
        memcpy(copy.data, tensor->data, tensor->bytes);
    wider[network->tensor_count++] = copy;
    network->tensors = wider;
    return ESPALIER_OK;
}

/* ---- all of it ---------------------------------------------------------- */

espalier_status network_copy_travellers(const espalier_network *from, espalier_network *to)
{
    memcpy(to->original_widths, from->original_widths,
           (from->layer_count + 1) * sizeof *from->original_widths);
    to->inputs_counted = from->inputs_counted;
    espalier_status status =
        espalier_network_set_scaling(to, from->scaling_count, from->shift, from->scale);
    if (status == ESPALIER_OK)
        status = set_names(to, (const char *const *)from->class_names, true);
    for (size_t i = 0; status == ESPALIER_OK && i < from->metadata_count; i++)
        status = espalier_network_set_metadata(to, from->metadata[i].key, from->metadata[i].value);
    for (size_t i = 0; status == ESPALIER_OK && i < from->tensor_count; i++)
        status = network_add_tensor(to, &from->tensors[i]);
    return status;
}

void network_release_travellers(espalier_network *network)
{
    const espalier_allocator *allocator = network->allocator;
    for (size_t i = 0; i < network->metadata_count; i++) {
        memory_release(allocator, network->metadata[i].key);
        memory_release(allocator, network->metadata[i].value);
    }
    for (size_t i = 0; i < network->tensor_count; i++) {
        memory_release(allocator, network->tensors[i].name);
        memory_release(allocator, network->tensors[i].data);
    }
    memory_release(allocator, network->metadata);
    memory_release(allocator, network->tensors);
    memory_release(allocator, network->class_names);
    memory_release(allocator, network->shift);
}
