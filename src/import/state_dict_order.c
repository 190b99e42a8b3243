/* The order of layers by their shapes: widths are places, a layer is a way from its
 * inputs' place to that of its outputs, and the order is a walk that takes every way
 * once (an Eulerian trail, found as by Hierholzer). */
#include "import/state_dict_order.h"

#include <string.h>

#include "base/memory.h"

int compare_naturally(const char *a, const char *b)
{
    const char *left = a, *right = b;
    while (*a && *b) {
        size_t digits_a = strspn(a, "0123456789"), digits_b = strspn(b, "0123456789");
        if (!digits_a || !digits_b) {
            if (*a != *b)
                return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
            a++, b++;
            continue;
        }
        for (; digits_a > 1 && *a == '0'; digits_a--)
            a++;
        for (; digits_b > 1 && *b == '0'; digits_b--)
            b++;
        int order = digits_a != digits_b ? (digits_a < digits_b ? -1 : 1) : strncmp(a, b, digits_a);
        if (order)
            return order;
        a += digits_a, b += digits_b;
    }
    return *a ? 1 : *b ? -1 : strcmp(left, right);
}

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

/* The first link of the walk: one whose place has more ways out than in. */
static size_t first_link(const link *links, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (surplus(links, count, links[i].inputs) > 0)
            return i;
    return 0;
}

static void walk(const link *links, size_t count, size_t *order, size_t *stack, unsigned char *used)
{
    size_t depth = 0, made = 0;
    stack[depth++] = first_link(links, count);
    used[stack[0]] = 1;
    while (depth > 0) {
        uint64_t at = links[stack[depth - 1]].outputs;
        size_t next = 0;
        while (next < count && (used[next] || links[next].inputs != at))
            next++;
        if (next < count) {
            used[next] = 1;
            stack[depth++] = next;
        } else {
            order[count - 1 - made++] = stack[--depth]; /* the walk comes out backwards */
        }
    }
    for (; made < count; made++)
        order[count - 1 - made] = order[count - 1]; /* some were not reached: no chain */
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
