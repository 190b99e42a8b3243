/* Texts by number and numbers by text: open addressing over an array. */
#include "data/dictionary.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "format/decimal.h"

/* FNV-1a. */
static uint64_t hash(const char *text, size_t length)
{
    uint64_t value = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)text[i]) * 0x100000001b3u;
    return value ^ value >> 32;
}

/* The slot of a text, or the empty one where it would stand. */
static size_t find_slot(const dictionary *words, const char *text, size_t length)
{
    size_t slot = hash(text, length) & (words->slot_count - 1);
    for (; words->slots[slot]; slot = (slot + 1) & (words->slot_count - 1)) {
        const char *there = words->texts[words->slots[slot] - 1];
        if (strncmp(there, text, length) == 0 && there[length] == '\0')
            break;
    }
    return slot;
}

size_t dictionary_find(const dictionary *words, const char *text, size_t length)
{
    if (words->count == 0)
        return SIZE_MAX;
    uint32_t index = words->slots[find_slot(words, text, length)];
    return index ? index - 1 : SIZE_MAX;
}

static void fill_slots(dictionary *words)
{
    memset(words->slots, 0, words->slot_count * sizeof *words->slots);
    for (size_t i = 0; i < words->count; i++)
        words->slots[find_slot(words, words->texts[i], strlen(words->texts[i]))] = (uint32_t)i + 1;
}

/* At most half of the slots are taken. */
static espalier_status grow(dictionary *words, espalier_error *error)
{
    size_t room = words->room ? 2 * words->room : 8;
    char **texts = memory_array(words->allocator, room, sizeof *texts);
    uint32_t *slots = memory_array(words->allocator, 2 * room, sizeof *slots);
    if (!texts || !slots) {
        memory_release(words->allocator, texts);
        memory_release(words->allocator, slots);
        return error_memory(error);
    }
    if (words->count)
        memcpy(texts, words->texts, words->count * sizeof *texts);
    memory_release(words->allocator, words->texts);
    memory_release(words->allocator, words->slots);
    words->texts = texts;
    words->room = room;
    words->slots = slots;
    words->slot_count = 2 * room;
    fill_slots(words);
    return ESPALIER_OK;
}

espalier_status dictionary_add(dictionary *words, const char *text, size_t length,
                               espalier_error *error)
{
    espalier_status status = words->count == words->room ? grow(words, error) : ESPALIER_OK;
    if (status)
        return status;
    char *copy = memory_array(words->allocator, length + 1, 1);
    if (!copy)
        return error_memory(error);
    memcpy(copy, text, length);
    size_t slot = find_slot(words, text, length);
    words->texts[words->count++] = copy;
    words->slots[slot] = (uint32_t)words->count;
    return ESPALIER_OK;
}

/* ---- order -------------------------------------------------------------- */

typedef struct entry {
    char *text;
    double value;
    size_t index;
} entry;

static int by_text(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->text, ((const entry *)b)->text);
}

static int by_value(const void *a, const void *b)
{
    double x = ((const entry *)a)->value, y = ((const entry *)b)->value;
    return x != y ? (x > y) - (x < y) : by_text(a, b);
}

espalier_status dictionary_sort(dictionary *words, char point, size_t *order,
                                espalier_error *error)
{
    entry *entries = memory_array(words->allocator, words->count, sizeof *entries);
    if (!entries)
        return error_memory(error);
    int (*compare)(const void *, const void *) = by_value;
    for (size_t i = 0; i < words->count; i++) {
        char *text = words->texts[i];
        entries[i] = (entry){text, 0, i};
        if (decimal_double(text, strlen(text), point, &entries[i].value) != DECIMAL_NUMBER)
            compare = by_text;
    }
    if (words->count > 1)
        qsort(entries, words->count, sizeof *entries, compare);
    for (size_t i = 0; i < words->count; i++) {
        words->texts[i] = entries[i].text;
        if (order)
            order[i] = entries[i].index;
    }
    if (words->count)
        fill_slots(words);
    memory_release(words->allocator, entries);
    return ESPALIER_OK;
}

void dictionary_clear(dictionary *words)
{
    for (size_t i = 0; i < words->count; i++)
        memory_release(words->allocator, words->texts[i]);
    memory_release(words->allocator, words->texts);
    memory_release(words->allocator, words->slots);
    *words = (dictionary){.allocator = words->allocator};
}
