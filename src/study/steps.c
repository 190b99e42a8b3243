/* Numbers of pruning steps where the trigger says how many there are: one with once, with cubic as
 * many cuts as batches make, which no list can say.
 *
 * A list was once taken, and played no part but in the names of runs. The folder of such a study
 * keeps the names that it has, so that it can be taken up again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/stream.h"
#include "report/value.h"
#include "study/study.h"

/* The number behind the scope in CRITERION-PERCENT-SCOPE-STEPS…; 0: none. */
static size_t steps_in(const char *name)
{
    for (int i = 0; name && i < ESPALIER_SCOPE_COUNT; i++) {
        char scope[32];
        snprintf(scope, sizeof scope, "-%s-", espalier_scope_name((espalier_scope)i));
        const char *found = strstr(name, scope);
        if (found)
            return (size_t)strtoul(found + strlen(scope), NULL, 10);
    }
    return 0;
}

static void add(study *s, espalier_study_options *own, size_t steps)
{
    for (size_t i = 0; i < own->step_count; i++) {
        if (s->steps[i] == steps)
            return;
    }
    if (own->step_count < STUDY_STEPS_MOST)
        s->steps[own->step_count++] = steps;
}

espalier_status study_settle_steps(study *s, espalier_study_options *own, espalier_error *error)
{
    if (!espalier_study_sets_steps(own->prune.trigger))
        return ESPALIER_OK;
    char *path = stream_join(s->allocator, own->folder, "study.json");
    json_t *there = NULL;
    /* What is wrong with that file is said when it is compared with the plan. */
    espalier_status status = path ? value_read(path, s->allocator, &there, NULL) : ESPALIER_ERROR_MEMORY;
    const json_t *names = json_object_get(there, "runs");
    own->steps = s->steps;
    own->step_count = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const size_t steps = steps_in(json_string_value(json_array_get(names, i)));
        if (steps)
            add(s, own, steps);
    }
    if (own->step_count == 0)
        add(s, own, own->prune.trigger == ESPALIER_TRIGGER_ONCE ? 1 : 0);
    json_decref(there);
    memory_release(s->allocator, path);
    return status == ESPALIER_ERROR_MEMORY ? error_memory(error) : ESPALIER_OK;
}
