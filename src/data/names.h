/* Data sets that are known by name. */
#ifndef DATA_NAMES_H
#define DATA_NAMES_H

#include "espalier/named.h"

typedef espalier_named_set named_set;

/* NULL for a name that is not known. */
const named_set *named_set_find(const char *name);

#endif
