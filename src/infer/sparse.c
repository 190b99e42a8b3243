/* Lists and tiles of weights that are not zero. Whether they are any use is form.c's
 * business. */
#include "infer/sparse.h"

#include "base/memory.h"
#include "math/pass.h"

/* Inputs of a block of lists: blocks of 96 to 192 are the fastest, 64 rows of which
 * take 24 to 48 KiB. But every list has its sums fetched and put back, so it should
 * hold LIST_LEAST weights on average. */
enum { BLOCK_INPUTS = 192, LIST_LEAST = 4 };

static size_t column_of(const sparse_matrix *m, size_t input)
{
    return m->columns ? m->columns[input] : input;
}

/* A weight that is not zero, as it is stored. */
static float stored(const sparse_matrix *m, size_t input, float weight)
{
    return m->scale ? weight * m->scale[input] : weight;
}

size_t sparse_nonzero(const sparse_matrix *m)
{
    size_t found = 0;
    for (size_t i = 0; i < m->inputs * m->outputs; i++)
        found += m->weights[i] != 0.0f;
    return found;
}

/* ---- lists ------------------------------------------------------------ */

static bool take_lists(const espalier_allocator *allocator, size_t lists, size_t weights,
                       weight_lists *to)
{
    to->starts = memory_array(allocator, lists + 1, sizeof *to->starts);
    to->places = memory_array(allocator, weights, sizeof *to->places);
    to->weights = memory_array(allocator, weights, sizeof *to->weights);
    return to->starts && to->places && to->weights;
}

void sparse_release_lists(const espalier_allocator *allocator, weight_lists *lists)
{
    memory_release(allocator, lists->starts);
    memory_release(allocator, lists->places);
    memory_release(allocator, lists->weights);
}

/* next[i] counts list i's weights first, then is where the next one goes; in the end
 * that is where list i + 1 starts. */
bool sparse_by_input(const sparse_matrix *m, size_t nonzero, const espalier_allocator *allocator,
                     weight_lists *to)
{
    if (!take_lists(allocator, m->inputs, nonzero, to))
        return false;
    uint32_t *next = to->starts + 1, before = 0;
    for (size_t o = 0; o < m->outputs; o++)
        for (size_t i = 0; i < m->inputs; i++)
            next[i] += m->weights[o * m->inputs + i] != 0.0f;
    for (size_t i = 0; i < m->inputs; i++) {
        const uint32_t count = next[i];
        next[i] = before;
        before += count;
    }
    for (size_t o = 0; o < m->outputs; o++) {
        for (size_t i = 0; i < m->inputs; i++) {
            const float weight = m->weights[o * m->inputs + i];
            if (weight != 0.0f) {
                to->places[next[i]] = (uint32_t)o;
                to->weights[next[i]++] = stored(m, i, weight);
            }
        }
    }
    return true;
}

static size_t count_between(const sparse_matrix *m, size_t output, size_t begin, size_t end)
{
    size_t found = 0;
    for (size_t i = begin; i < end; i++)
        found += m->weights[output * m->inputs + i] != 0.0f;
    return found;
}

/* The outputs by how many weights each has from begin to end; equal ones as they come.
 * counts [outputs] */
static void sort_outputs(const sparse_matrix *m, size_t begin, size_t end, uint32_t *counts,
                         uint32_t *order)
{
    size_t sorted = 0;
    for (size_t o = 0; o < m->outputs; o++)
        counts[o] = (uint32_t)count_between(m, o, begin, end);
    for (size_t count = 0; sorted < m->outputs; count++)
        for (size_t o = 0; o < m->outputs; o++)
            if (counts[o] == count)
                order[sorted++] = (uint32_t)o;
}

/* How many blocks the inputs are cut into, none of them beyond the reach of places, even where
 * block_begin adds some. */
static size_t count_blocks(const sparse_matrix *m, size_t nonzero)
{
    const size_t least = (m->inputs - 1) / (SPARSE_COLUMNS_MOST - PASS_LANES) + 1;
    const size_t most = m->inputs / BLOCK_INPUTS + 1;
    const size_t filled = nonzero / m->outputs / LIST_LEAST, wanted = filled < most ? filled : most;
    return wanted > least ? wanted : least;
}

/* The first input of a block, with whole vectors before it, so that squares of a transposition
 * are whole, too. */
static size_t block_begin(const sparse_matrix *m, size_t block, size_t blocks)
{
    return block == blocks ? m->inputs : m->inputs * block / blocks / PASS_LANES * PASS_LANES;
}

/* Lays the lists of so many outputs in step, the shortest of which holds `least` weights. */
static void lay_lists(const sparse_matrix *m, size_t begin, size_t end, const uint32_t *outputs,
                      size_t together, uint32_t least, uint16_t *places, float *weights)
{
    size_t left = least * together;
    for (size_t t = 0; t < together; t++) {
        size_t found = 0;
        for (size_t i = begin; i < end; i++) {
            const float weight = m->weights[outputs[t] * m->inputs + i];
            if (weight == 0.0f)
                continue;
            const size_t at = found < least ? found * together + t : left++;
            places[at] = (uint16_t)(column_of(m, i) - column_of(m, begin));
            weights[at] = stored(m, i, weight);
            found++;
        }
    }
}

bool sparse_by_output(const sparse_matrix *m, size_t nonzero, size_t together,
                      const espalier_allocator *allocator, block_lists *to)
{
    const size_t blocks = count_blocks(m, nonzero), lists = blocks * m->outputs;
    uint32_t at = 0, list = 0;
    uint32_t *counts = memory_array(allocator, m->outputs, sizeof *counts);
    to->blocks = blocks;
    to->firsts = memory_array(allocator, blocks + 1, sizeof *to->firsts);
    to->starts = memory_array(allocator, lists + 1, sizeof *to->starts);
    to->order = memory_array(allocator, lists, sizeof *to->order);
    to->places = memory_array(allocator, nonzero, sizeof *to->places);
    to->weights = memory_array(allocator, nonzero, sizeof *to->weights);
    const bool done = counts && to->firsts && to->starts && to->order && to->places && to->weights;
    for (size_t block = 0; done && block < blocks; block++) {
        const size_t begin = block_begin(m, block, blocks), end = block_begin(m, block + 1, blocks);
        uint32_t *const order = to->order + block * m->outputs;
        to->firsts[block] = (uint32_t)column_of(m, begin);
        to->firsts[block + 1] = (uint32_t)column_of(m, end - 1) + 1;
        sort_outputs(m, begin, end, counts, order);
        for (size_t first = 0, some; first < m->outputs; first += some) {
            some = m->outputs - first < together ? 1 : together;
            lay_lists(m, begin, end, order + first, some, counts[order[first]], to->places + at,
                      to->weights + at);
            for (size_t t = 0; t < some; t++)
                to->starts[++list] = at += counts[order[first + t]];
        }
    }
    memory_release(allocator, counts);
    return done;
}

void sparse_release_blocks(const espalier_allocator *allocator, block_lists *lists)
{
    memory_release(allocator, lists->firsts);
    memory_release(allocator, lists->starts);
    memory_release(allocator, lists->order);
    memory_release(allocator, lists->places);
    memory_release(allocator, lists->weights);
}

/* ---- tiles ------------------------------------------------------------ */

/* The inputs of a tile, begin … end - 1, and its first column. */
typedef struct span {
    size_t begin, end, first;
} span;

/* Moves on from where the span ends; false behind the last input. */
static bool next_span(const sparse_matrix *m, const tile_shape *shape, span *s)
{
    s->begin = s->end;
    if (s->begin == m->inputs)
        return false;
    s->first = column_of(m, s->begin) / shape->inputs * shape->inputs;
    while (s->end < m->inputs && column_of(m, s->end) < s->first + shape->inputs)
        s->end++;
    return true;
}

/* Behind the last output of the group that begins with this one; some groups have none. */
static size_t group_end(const sparse_matrix *m, const tile_shape *shape, size_t output)
{
    return m->outputs < output + shape->outputs ? m->outputs : output + shape->outputs;
}

/* The most weights that one output of the group has in the span. */
static size_t steps_of(const sparse_matrix *m, const tile_shape *shape, size_t output,
                       const span *s)
{
    size_t most = 0;
    for (size_t o = output; o < group_end(m, shape, output); o++) {
        size_t found = 0;
        for (size_t i = s->begin; i < s->end; i++)
            found += m->weights[o * m->inputs + i] != 0.0f;
        most = found > most ? found : most;
    }
    return most;
}

void sparse_count_tiles(const sparse_matrix *m, const tile_shape *shape, size_t *tiles,
                        size_t *steps)
{
    *tiles = *steps = 0;
    for (size_t o = 0; o < m->outputs; o += shape->outputs) {
        for (span s = {0}; next_span(m, shape, &s);) {
            const size_t found = steps_of(m, shape, o, &s);
            *steps += found;
            *tiles += (found + shape->steps - 1) / shape->steps;
        }
    }
}

static void fill_steps(const sparse_matrix *m, const tile_shape *shape, size_t output,
                       const span *s, uint8_t *places, float *weights)
{
    for (size_t o = output; o < group_end(m, shape, output); o++) {
        size_t at = o - output;
        for (size_t i = s->begin; i < s->end; i++) {
            const float weight = m->weights[o * m->inputs + i];
            if (weight != 0.0f) {
                places[at] = (uint8_t)(column_of(m, i) - s->first);
                weights[at] = stored(m, i, weight);
                at += shape->outputs;
            }
        }
    }
}

bool sparse_tiles(const sparse_matrix *m, const tile_shape *shape, size_t tiles, size_t steps,
                  const espalier_allocator *allocator, weight_tiles *to)
{
    const size_t groups = pass_stride(m->outputs) / shape->outputs;
    to->starts = memory_array(allocator, groups + 1, sizeof *to->starts);
    to->tiles = memory_array(allocator, tiles, sizeof *to->tiles);
    to->places = memory_array(allocator, steps, shape->outputs * sizeof *to->places);
    to->weights = memory_array(allocator, steps, shape->outputs * sizeof *to->weights);
    if (!to->starts || !to->tiles || !to->places || !to->weights)
        return false;
    size_t tile = 0, step = 0;
    for (size_t group = 0; group < groups; group++) {
        const size_t o = group * shape->outputs;
        for (span s = {0}; next_span(m, shape, &s);) {
            size_t left = steps_of(m, shape, o, &s);
            fill_steps(m, shape, o, &s, to->places + step * shape->outputs,
                       to->weights + step * shape->outputs);
            for (size_t some; left > 0; left -= some, step += some) {
                some = left < shape->steps ? left : shape->steps;
                to->tiles[tile++] = (weight_tile){(uint32_t)s.first, (uint32_t)some};
            }
        }
        to->starts[group + 1] = (uint32_t)tile;
    }
    return true;
}

void sparse_release_tiles(const espalier_allocator *allocator, weight_tiles *tiles)
{
    memory_release(allocator, tiles->starts);
    memory_release(allocator, tiles->tiles);
    memory_release(allocator, tiles->places);
    memory_release(allocator, tiles->weights);
}
