/* Data sets that are known by name. */
#ifndef DATA_NAMES_H
#define DATA_NAMES_H

#include <stddef.h>

typedef struct named_set {
    const char *name;
    const char *system_folder;      /* where a system package puts it, or NULL */
    const char *advice;             /* how to get it, in one phrase */
    size_t class_count;             /* labels are 0 … class_count - 1 */
    const char *const *class_names; /* [class_count], or NULL: no names beyond the numbers */
} named_set;

/* NULL for a name that is not known. */
const named_set *named_set_find(const char *name);

#endif
