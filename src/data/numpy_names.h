/* Which array is which, by its name: x_train, test_labels, X, target … */
#ifndef DATA_NUMPY_NAMES_H
#define DATA_NUMPY_NAMES_H

#include <stdbool.h>

/* The parts in the order in which their rows are stored: validation rows come first, so
 * that the first rows of the training part are the archive's own validation rows. */
typedef enum numpy_part {
    NUMPY_VALIDATION,
    NUMPY_TRAINING,
    NUMPY_TEST,
    NUMPY_WHOLE, /* no word for a part: all there is, or the training part beside a test part */
    NUMPY_PART_COUNT
} numpy_part;

typedef enum numpy_kind {
    NUMPY_VALUES,
    NUMPY_LABELS,
    NUMPY_CLASS_NAMES, /* target_names: texts, one for each class */
    NUMPY_NO_KIND
} numpy_kind;

enum { NUMPY_BASE_BYTES = 256 };

typedef struct numpy_role {
    numpy_part part;
    numpy_kind kind;
    /* The words of a name that say neither part nor kind, joined by '_': files with the
     * same base belong together. Cut if it is too long. */
    char base[NUMPY_BASE_BYTES];
} numpy_role;

/* A name's words are looked up without regard to case; what divides them are '_', '-',
 * '.' and spaces, and they may be joined (xtrain). Of two words of a sort the last counts. */
numpy_role numpy_role_of(const char *name);

/* "training", "test" … for messages. */
const char *numpy_part_name(numpy_part part);

#endif
