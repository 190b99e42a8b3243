/* Numbers, epochs and pruning steps as JSON. Where they are written is the
 * business of record.c and result.c. */
#include "report/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "format/json_text.h"

json_t *value_number(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

json_t *value_count(uint64_t count)
{
    char digits[24];
    if (count <= INT64_MAX)
        return json_integer((json_int_t)count);
    snprintf(digits, sizeof digits, "%" PRIu64, count);
    return json_string(digits);
}

json_t *value_text(const char *text)
{
    return text ? json_string(text) : json_null();
}

bool value_put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

bool value_append(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0;
}

json_t *value_complete(json_t *object, bool complete)
{
    if (complete)
        return object;
    json_decref(object);
    return NULL;
}

char *value_dump(const json_t *value, const espalier_allocator *allocator)
{
    return json_text_of(value, VALUE_FORMAT | JSON_COMPACT, allocator);
}

json_t *value_epoch(const espalier_epoch *epoch)
{
    json_t *object = json_object();
    bool ok = value_put(object, "epoch", value_count(epoch->epoch));
    ok = value_put(object, "training_accuracy", value_number(epoch->training_accuracy)) && ok;
    ok = value_put(object, "training_loss", value_number(epoch->training_loss)) && ok;
    ok = value_put(object, "validation_accuracy", value_number(epoch->validation_accuracy)) && ok;
    ok = value_put(object, "validation_loss", value_number(epoch->validation_loss)) && ok;
    ok = value_put(object, "learning_rate", value_number(epoch->learning_rate)) && ok;
    return value_complete(object, ok);
}

json_t *value_step(const espalier_prune_step *step)
{
    json_t *object = json_object();
    bool ok = value_put(object, "step", value_count(step->step));
    ok = value_put(object, "epoch", value_count(step->epoch)) && ok;
    ok = value_put(object, "training_accuracy", value_number(step->training_accuracy)) && ok;
    ok = value_put(object, "requested", value_count(step->requested)) && ok;
    ok = value_put(object, "removed_by_rank", value_count(step->removed_by_rank)) && ok;
    ok = value_put(object, "removed_by_propagation", value_count(step->removed_by_propagation)) &&
         ok;
    ok = value_put(object, "neurons_removed", value_count(step->neurons_removed)) && ok;
    ok = value_put(object, "neurons_guarded", value_count(step->neurons_guarded)) && ok;
    ok = value_put(object, "forced", json_boolean(step->forced)) && ok;
    ok = value_put(object, "last", json_boolean(step->last)) && ok;
    ok = value_put(object, "sparsity", value_number(step->sparsity_all)) && ok;
    ok = value_put(object, "sparsity_prunable", value_number(step->sparsity_prunable)) && ok;
    return value_complete(object, ok);
}
