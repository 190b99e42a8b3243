/* The order of layers by their shapes: widths are places, a layer is a way from its
 * inputs' place to that of its outputs, and the order is a walk that takes every way
 * once (an Eulerian trail, found as by Hierholzer). */
#include "import/state_dict_order.h"

#include "base/memory.h"

static bool chains(const link *links, const size_t *order, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (links[order[i]].inputs != links[order[i - 1]].outputs)
            return false;
    return true;
}

/* Ways out of a place less ways into it. */
static long surplus(const link *links, size_t count, uint64_t width)
{
    long sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (links[i].inputs == width) - (links[i].outputs == width);
    return sum;
}

/* Where the walk begins: at a place with more ways out than in, or where the first does. */
static uint64_t first_place(const link *links, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (surplus(links, count, links[i].inputs) > 0)
            return links[i].inputs;
    return links[0].inputs;
}

/* The first way out of a place that was not taken yet, or count. */
static size_t next_link(const link *links, size_t count, const unsigned char *used, uint64_t place)
{
    size_t next = 0;
    while (next < count && (used[next] || links[next].inputs != place))
        next++;
    return next;
}

static void walk(const link *links, size_t count, size_t *order, size_t *stack, unsigned char *used)
{
    const uint64_t start = first_place(links, count);
    size_t depth = 0, left = count;
    for (;;) {
        size_t next = next_link(links, count, used,
                                depth ? links[stack[depth - 1]].outputs : start);
        if (next < count) {
            used[next] = 1;
            stack[depth++] = next;
        } else if (depth > 0) {
            order[--left] = stack[--depth]; /* the walk comes out backwards */
        } else {
            return;
        }
    }
}

chained chain_links(const link *links, size_t count, const espalier_allocator *allocator,
                    size_t *order)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    if (chains(links, order, count))
        return CHAINED;
    size_t *stack = memory_array(allocator, count, sizeof *stack);
    unsigned char *used = memory_array(allocator, count, 1);
    bool ready = stack && used, whole = true;
    if (ready)
        walk(links, count, order, stack, used);
    for (size_t i = 0; ready && i < count; i++)
        whole &= used[i];
    memory_release(allocator, stack);
    memory_release(allocator, used);
    if (!ready)
        return CHAINED_NO_MEMORY;
    return whole && chains(links, order, count) ? CHAINED : CHAINED_NOT;
}

/* The width before step `step` of the walk; behind the last step that of its outputs. */
static uint64_t place_at(const link *links, const size_t *order, size_t count, size_t step)
{
    return step < count ? links[order[step]].inputs : links[order[count - 1]].outputs;
}

/* At step i another link, of step j > i from the same place, can be taken if the steps between,
 * which lead from there back to there, can be made up for: one of their places comes again
 * behind step j. A walk that ends where it began may begin anywhere. */
bool chain_is_ambiguous(const link *links, const size_t *order, size_t count,
                        chain_decides *decides, const void *context, size_t *last)
{
    if (count > 1 && place_at(links, order, count, 0) == place_at(links, order, count, count))
        return true;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i; j <= count; j++)
            if (place_at(links, order, count, j) == place_at(links, order, count, i))
                last[i] = j;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1, reach = last[i]; j < count; j++) {
            if (links[order[j]].inputs == links[order[i]].inputs && reach > j &&
                !decides(context, order[i], order[j]))
                return true;
            reach = last[j] > reach ? last[j] : reach;
        }
    return false;
}
