/* What the name of a tensor in a state dict says of it. */
#ifndef IMPORT_STATE_DICT_NAMES_H
#define IMPORT_STATE_DICT_NAMES_H

#include <stdbool.h>

#include "espalier/memory.h"

typedef enum role {
    ROLE_WEIGHT,
    ROLE_BIAS,
    ROLE_WEIGHT_MASK,
    ROLE_BIAS_MASK,
    ROLE_RECURRENT, /* of a recurrent layer, whose matrices may chain as if they were layers */
    ROLE_ATTENTION, /* likewise */
    ROLE_UNKNOWN
} role;

typedef struct dict_name {
    role role;
    bool in_first; /* a word that goes with [inputs, outputs] */
    char *key;     /* the name without the word for its role; owned */
} dict_name;

/* False without memory. */
bool dict_name_read(const espalier_allocator *allocator, const char *name, dict_name *to);

/* True for names that are the same but for their digits. */
bool differ_in_digits(const char *a, const char *b);

/* Compares names, with runs of digits as numbers: "fc2" before "fc10". */
int compare_naturally(const char *a, const char *b);

#endif
