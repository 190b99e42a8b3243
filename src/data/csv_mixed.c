/* Columns that are text because their first value is, while most of their values are numbers:
 * mostly a word for a missing value, or a number in another form. */
#include <string.h>

#include "base/memory.h"
#include "data/csv_table.h"
#include "format/decimal.h"

static size_t count_numbers(const column *one, char point)
{
    size_t count = 0;
    float value;
    for (size_t i = 0; i < one->values.count; i++)
        count += decimal_float(one->values.texts[i], strlen(one->values.texts[i]), point, &value) ==
                 DECIMAL_NUMBER;
    return count;
}

bool csv_is_mixed(const columns *c, const column *one)
{
    return one->kind == COLUMN_CATEGORY && !one->asked &&
           count_numbers(one, c->decimal_comma ? ',' : '.') > one->values.count / 2;
}

static void describe(const columns *c, const column *one, espalier_mixed_column *to)
{
    memcpy(to->text, one->values.texts[0], strlen(one->values.texts[0]));
    if (one->name)
        memcpy(to->name, one->name, strlen(one->name));
    to->position = one->position;
    to->values = one->values.count;
    to->numbers = count_numbers(one, c->decimal_comma ? ',' : '.');
}

espalier_status csv_list_mixed(const columns *c, espalier_dataset *dataset, espalier_error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        count += csv_is_mixed(c, &c->items[i]);
    if (count == 0)
        return ESPALIER_OK;
    dataset->mixed = memory_array(dataset->allocator, count, sizeof *dataset->mixed);
    if (!dataset->mixed)
        return error_memory(error);
    for (size_t i = 0; i < c->count; i++)
        if (csv_is_mixed(c, &c->items[i]))
            describe(c, &c->items[i], &dataset->mixed[dataset->mixed_count++]);
    return ESPALIER_OK;
}
