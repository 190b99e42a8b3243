/* The table of math backends and how one is chosen. */
#include "math/backend.h"

#include <string.h>

#include "espalier/math.h"
#include "math/backends.h"

/* Best first. */
static const math_backend *const table[] = {
#ifdef ESPALIER_HAVE_XSMM
    &math_xsmm,
#endif
#ifdef ESPALIER_HAVE_CBLAS
    &math_cblas,
#endif
    &math_reference,
};

const math_backend *math_backend_at(size_t index)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i]->available() && index-- == 0)
            return table[i];
    return NULL;
}

const math_backend *math_backend_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if ((!name || strcmp(table[i]->name, name) == 0) && table[i]->available() &&
            (!table[i]->load || table[i]->load()))
            return table[i];
    return NULL;
}

const char *espalier_math_name(size_t index)
{
    const math_backend *math = math_backend_at(index);
    return math ? math->name : NULL;
}
