/* The columns of a table in memory. */
#include "data/columns.h"

#include "base/memory.h"

void columns_place(columns *c)
{
    c->inputs = 0;
    for (size_t i = 0; i < c->count; i++) {
        column *one = &c->items[i];
        one->first = c->inputs;
        c->inputs += one->kind == COLUMN_CATEGORY ? one->values.count : 1;
    }
}

void columns_clear(columns *c)
{
    for (size_t i = 0; i < c->count; i++) {
        memory_release(c->allocator, c->items[i].name);
        dictionary_clear(&c->items[i].values);
    }
    memory_release(c->allocator, c->items);
    memory_release(c->allocator, c->label_name);
    *c = (columns){.allocator = c->allocator};
}
