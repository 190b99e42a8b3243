/* The words by which people name arrays. Adding one is a line here. */
#include "data/numpy_names.h"

#include <ctype.h>
#include <string.h>

typedef struct word {
    const char *text;
    numpy_part part; /* NUMPY_WHOLE: it is about the kind */
    numpy_kind kind;
} word;

static const word words[] = {
    {"train", NUMPY_TRAINING, NUMPY_NO_KIND},
    {"training", NUMPY_TRAINING, NUMPY_NO_KIND},
    {"test", NUMPY_TEST, NUMPY_NO_KIND},
    {"testing", NUMPY_TEST, NUMPY_NO_KIND},
    {"t10k", NUMPY_TEST, NUMPY_NO_KIND},
    {"val", NUMPY_VALIDATION, NUMPY_NO_KIND},
    {"valid", NUMPY_VALIDATION, NUMPY_NO_KIND},
    {"validation", NUMPY_VALIDATION, NUMPY_NO_KIND},
    {"x", NUMPY_WHOLE, NUMPY_VALUES},
    {"data", NUMPY_WHOLE, NUMPY_VALUES},
    {"image", NUMPY_WHOLE, NUMPY_VALUES},
    {"images", NUMPY_WHOLE, NUMPY_VALUES},
    {"img", NUMPY_WHOLE, NUMPY_VALUES},
    {"imgs", NUMPY_WHOLE, NUMPY_VALUES},
    {"feature", NUMPY_WHOLE, NUMPY_VALUES},
    {"features", NUMPY_WHOLE, NUMPY_VALUES},
    {"input", NUMPY_WHOLE, NUMPY_VALUES},
    {"inputs", NUMPY_WHOLE, NUMPY_VALUES},
    {"samples", NUMPY_WHOLE, NUMPY_VALUES},
    {"y", NUMPY_WHOLE, NUMPY_LABELS},
    {"label", NUMPY_WHOLE, NUMPY_LABELS},
    {"labels", NUMPY_WHOLE, NUMPY_LABELS},
    {"target", NUMPY_WHOLE, NUMPY_LABELS},
    {"targets", NUMPY_WHOLE, NUMPY_LABELS},
};
enum { WORD_COUNT = sizeof words / sizeof *words };

/* Names of classes: these only as they stand. */
static const char *const class_names[] = {"target_names", "class_names", "label_names"};

static bool same(const char *text, size_t length, const char *other)
{
    size_t i = 0;
    while (i < length && other[i] && tolower((unsigned char)text[i]) == other[i])
        i++;
    return i == length && !other[i];
}

static const word *find(const char *text, size_t length)
{
    for (size_t i = 0; i < WORD_COUNT; i++)
        if (same(text, length, words[i].text))
            return &words[i];
    return NULL;
}

static void take(numpy_role *role, const word *w)
{
    if (w->kind == NUMPY_NO_KIND)
        role->part = w->part;
    else
        role->kind = w->kind;
}

/* xtrain, trainx, trainimages: a word for the part and one for the kind. */
static bool take_joined(numpy_role *role, const char *text, size_t length)
{
    for (size_t i = 1; i < length; i++) {
        const word *first = find(text, i), *second = find(text + i, length - i);
        if (first && second && (first->kind == NUMPY_NO_KIND) != (second->kind == NUMPY_NO_KIND)) {
            take(role, first);
            take(role, second);
            return true;
        }
    }
    return false;
}

static void add_to_base(numpy_role *role, const char *text, size_t length)
{
    size_t used = strlen(role->base), room = NUMPY_BASE_BYTES - 1 - used;
    if (used && room) {
        role->base[used++] = '_';
        room--;
    }
    memcpy(role->base + used, text, length < room ? length : room);
}

numpy_role numpy_role_of(const char *name)
{
    static const char dividers[] = "_-. ";
    numpy_role role = {.part = NUMPY_WHOLE, .kind = NUMPY_NO_KIND};
    for (size_t i = 0; i < sizeof class_names / sizeof *class_names; i++)
        if (same(name, strlen(name), class_names[i])) {
            role.kind = NUMPY_CLASS_NAMES;
            return role;
        }
    while (*(name += strspn(name, dividers))) {
        size_t length = strcspn(name, dividers);
        const word *w = find(name, length);
        if (w)
            take(&role, w);
        else if (!take_joined(&role, name, length))
            add_to_base(&role, name, length);
        name += length;
    }
    return role;
}

const char *numpy_part_name(numpy_part part)
{
    static const char *const names[NUMPY_PART_COUNT] = {"validation", "training", "test",
                                                        "training"};
    return names[part];
}
