/* In what order the matrices of a state dict are layers. */
#ifndef IMPORT_STATE_DICT_ORDER_H
#define IMPORT_STATE_DICT_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "espalier/memory.h"

/* A layer takes rows of `inputs` values and gives `outputs`. */
typedef struct link {
    uint64_t inputs, outputs;
} link;

typedef enum chained { CHAINED, CHAINED_NOT, CHAINED_NO_MEMORY } chained;

/* Finds an order in which each link's inputs are the outputs of the one before; that
 * given if it chains, else one that keeps as much of it as a walk along the widths does.
 * order: [count], written. Cost: count^2. */
chained chain_links(const link *links, size_t count, const espalier_allocator *allocator,
                    size_t *order);

/* Whether something else than the shapes says that `taken` comes before `other`. */
typedef bool chain_decides(const void *context, size_t taken, size_t other);

/* Whether other orders chain as well as this one, and nothing decides between them.
 * last: [count], room. Cost: count^2. */
bool chain_is_ambiguous(const link *links, const size_t *order, size_t count,
                        chain_decides *decides, const void *context, size_t *last);

#endif
