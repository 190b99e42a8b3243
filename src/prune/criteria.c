/* The table of criteria. */
#include "prune/criteria.h"

#include <string.h>

#include "espalier/prune.h"

static const criterion *const table[] = {
    &criterion_activation,
    &criterion_activation_weight,
    &criterion_magnitude,
    &criterion_random,
};

const criterion *criterion_at(size_t index)
{
    return index < sizeof table / sizeof *table ? table[index] : NULL;
}

const criterion *criterion_find(const char *name)
{
    const criterion *found;
    for (size_t i = 0; name && (found = criterion_at(i)) != NULL; i++)
        if (strcmp(found->name, name) == 0)
            return found;
    return NULL;
}

const char *espalier_criterion_name(size_t index)
{
    const criterion *found = criterion_at(index);
    return found ? found->name : NULL;
}

bool espalier_criterion_needs_counts(size_t index)
{
    const criterion *found = criterion_at(index);
    return found && found->needs_counts;
}

const char *espalier_criterion_summary(size_t index)
{
    const criterion *found = criterion_at(index);
    return found ? found->summary : NULL;
}
