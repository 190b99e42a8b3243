/* Lists of inputs, products by lists, exponentials, at every level of this processor. */
#include "tests/test.h"

#include <math.h>

#include "base/random.h"
#include "math/kernels.h"
#include "math/pass.h"

enum { FENCE = 0x5eed };

static double uniform(uint32_t stream, size_t i)
{
    return random_uniform(7, random_stream(RANDOM_TEST, stream), i);
}

static void *take(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    assert_non_null(memory);
    return memory;
}

/* Numbers in -1 … 1 of which about a share is zero; a few of them -0. */
static float *make(size_t count, double zeros, uint32_t stream)
{
    float *x = take(count, sizeof *x);
    for (size_t i = 0; i < count; i++)
        x[i] = uniform(stream, 2 * i) >= zeros ? (float)(2.0 * uniform(stream, 2 * i + 1) - 1.0)
               : i % 7                         ? 0.0f
                                               : -0.0f;
    return x;
}

static void assert_close(double found, double expected, double scale)
{
    if (!(fabs(found - expected) <= 1e-6 * (1.0 + scale)))
        fail_msg("%.9g against %.9g", found, expected);
}

/* ---- lists of inputs -------------------------------------------------- */

static void check_lists(const math_kernels *kernels, size_t count, double zeros, bool placed)
{
    float *x = make(count, zeros, 10);
    uint32_t *places = take(count, sizeof *places);
    if (count > 2)
        x[count / 2] = NAN;
    for (size_t i = 0; i < count; i++)
        places[i] = i % 3 == 1 ? PLACE_DROPPED : (uint32_t)(2 * i + 5);
    for (int positive = 0; positive < 2; positive++) {
        const size_t room = pass_stride(count);
        uint32_t *index = take(room, sizeof *index);
        float *value = take(room, sizeof *value);
        index[room] = FENCE;
        value[room] = FENCE;
        const size_t found = positive ? kernels->list_positive(x, count, index, value)
                                      : kernels->list_nonzero(x, placed ? places : NULL, count,
                                                              index, value);
        size_t expected = 0;
        for (size_t i = 0; i < count; i++) {
            const bool dropped = !positive && placed && places[i] == PLACE_DROPPED;
            if (dropped || (positive ? x[i] <= 0.0f : x[i] == 0.0f))
                continue;
            assert_true(expected < found);
            assert_int_equal(index[expected], !positive && placed ? places[i] : i);
            assert_memory_equal(&value[expected], &x[i], sizeof *x);
            expected++;
        }
        assert_int_equal(found, expected);
        assert_int_equal(index[room], FENCE);
        assert_true(value[room] == FENCE);
        free(index), free(value);
    }
    free(x), free(places);
}

static void lists_of_inputs(void **state)
{
    (void)state;
    for (size_t k = 0; math_kernels_at(k); k++)
        for (size_t count = 1; count <= 70; count++)
            for (int tenths = 0; tenths <= 10; tenths += 5)
                for (int placed = 0; placed < 2; placed++)
                    check_lists(math_kernels_at(k), count, tenths / 10.0, placed);
}

/* ---- one row ---------------------------------------------------------- */

/* Tiles of W [inputs][stride]. */
static weight_tiles make_tiles(const tile_shape *shape, const float *w, size_t inputs, size_t stride)
{
    weight_tiles made = {take(stride / shape->outputs + 1, sizeof *made.starts),
                         take(inputs * stride, sizeof *made.tiles),
                         take(inputs * stride, 1), take(inputs * stride, sizeof(float))};
    uint8_t *places = made.places;
    float *weights = made.weights;
    uint32_t tile = 0;
    for (size_t o = 0; o < stride; o += shape->outputs) {
        for (size_t first = 0; first < inputs; first += shape->inputs) {
            size_t steps = 0;
            for (size_t lane = 0; lane < shape->outputs; lane++) {
                size_t found = 0;
                for (size_t i = first; i < inputs && i < first + shape->inputs; i++) {
                    if (w[i * stride + o + lane] == 0.0f)
                        continue;
                    places[found * shape->outputs + lane] = (uint8_t)(i - first);
                    weights[found++ * shape->outputs + lane] = w[i * stride + o + lane];
                }
                steps = found > steps ? found : steps;
            }
            places += steps * shape->outputs;
            weights += steps * shape->outputs;
            for (size_t some; steps > 0; steps -= some) {
                some = steps < shape->steps ? steps : shape->steps;
                made.tiles[tile++] = (weight_tile){(uint32_t)first, (uint32_t)some};
            }
        }
        made.starts[o / shape->outputs + 1] = tile;
    }
    return made;
}

static void check_tiles(const math_kernels *kernels, const float *w, size_t inputs, size_t stride,
                        const float *b, const uint32_t *index, const float *value, size_t listed,
                        const float *expected)
{
    float *x = take(inputs + kernels->tile.inputs, sizeof *x), *y = take(stride, sizeof *y);
    weight_tiles tiles = make_tiles(&kernels->tile, w, inputs, stride);
    for (size_t k = 0; k < listed; k++)
        x[index[k]] = value[k];
    y[stride] = FENCE;
    kernels->multiply_tiles(&tiles, stride, b, x, y);
    for (size_t o = 0; o < stride; o++)
        assert_close(y[o], expected[o], 20.0);
    assert_true(y[stride] == FENCE);
    free(x), free(y), free(tiles.starts), free(tiles.tiles), free(tiles.places);
    free(tiles.weights);
}

/* All products over the same weights W [inputs][stride] against sums in double. */
static void check_one_row(const math_kernels *kernels, size_t inputs, size_t stride,
                          size_t listed, double zeros)
{
    float *w = make(inputs * stride, zeros, 20), *b = make(stride, 0.0, 21);
    float *value = make(listed, 0.0, 22), *y = take(stride, sizeof *y);
    float *z = take(stride, sizeof *z);
    uint32_t *index = take(listed, sizeof *index);
    weight_lists lists = {take(inputs + 1, sizeof(uint32_t)), take(inputs * stride, sizeof(uint32_t)),
                          take(inputs * stride, sizeof(float))};
    uint32_t at = 0;
    for (size_t i = 0; i < inputs; i++) {
        for (size_t o = 0; o < stride; o++) {
            lists.places[at] = (uint32_t)o;
            lists.weights[at] = w[i * stride + o];
            at += w[i * stride + o] != 0.0f;
        }
        lists.starts[i + 1] = at;
    }
    for (size_t k = 0; k < listed; k++)
        index[k] = (uint32_t)(k * inputs / listed);
    y[stride] = z[stride] = FENCE;
    kernels->add_rows(w, stride, b, index, value, listed, y);
    kernels->add_lists(&lists, stride, b, index, value, listed, z);
    for (size_t o = 0; o < stride; o++) {
        double expected = b[o], scale = fabs(expected);
        for (size_t k = 0; k < listed; k++) {
            const double term = (double)value[k] * (double)w[index[k] * stride + o];
            expected += term;
            scale += fabs(term);
        }
        assert_close(y[o], expected, scale);
        assert_close(z[o], expected, scale);
    }
    assert_true(y[stride] == FENCE && z[stride] == FENCE);
    if (kernels->multiply_tiles)
        check_tiles(kernels, w, inputs, stride, b, index, value, listed, y);
    free(w), free(b), free(value), free(y), free(z), free(index);
    free(lists.starts), free(lists.places), free(lists.weights);
}

static void one_row(void **state)
{
    (void)state;
    for (size_t k = 0; math_kernels_at(k); k++)
        for (size_t vectors = 1; vectors <= 25; vectors++)
            for (size_t listed = 0; listed <= 40; listed += 8)
                check_one_row(math_kernels_at(k), 40, vectors * PASS_LANES, listed,
                              vectors % 4 / 3.0);
}

/* ---- many rows -------------------------------------------------------- */

enum { LAID_INPUTS = 23 };

/* A list of the weights of output o from input begin on, put one by one at `to` as lists lie
 * alone; returns how many. */
static size_t list_of(const float *w, size_t inputs, size_t o, size_t begin, size_t end,
                      uint16_t *places, float *weights)
{
    size_t count = 0;
    for (size_t i = begin; i < end; i++) {
        places[count] = (uint16_t)(i - begin);
        weights[count] = w[o * inputs + i];
        count += weights[count] != 0.0f;
    }
    return count;
}

/* The outputs of a block, in step as kernels.h says: alone, then weight by weight while each of
 * them has one, list by list behind that. */
static void lay_block(block_lists *lists, size_t block, const float *w, size_t inputs,
                      size_t outputs, size_t begin, size_t end, size_t together)
{
    uint16_t places[4][LAID_INPUTS];
    float weights[4][LAID_INPUTS];
    uint32_t *start = lists->starts + block * outputs;
    for (size_t first = 0, some; first < outputs; first += some) {
        size_t counts[4], least = SIZE_MAX, at = start[first];
        some = first + together <= outputs ? together : 1;
        for (size_t t = 0; t < some; t++) {
            const size_t n = first + t, o = block % 2 ? outputs - 1 - n : n;
            lists->order[block * outputs + n] = (uint32_t)o; /* another order in every block */
            counts[t] = list_of(w, inputs, o, begin, end, places[t], weights[t]);
            start[n + 1] = start[n] + (uint32_t)counts[t];
            least = counts[t] < least ? counts[t] : least;
        }
        for (size_t e = 0; e < least; e++)
            for (size_t t = 0; t < some; t++, at++)
                lists->places[at] = places[t][e], lists->weights[at] = weights[t][e];
        for (size_t t = 0; t < some; t++)
            for (size_t e = least; e < counts[t]; e++, at++)
                lists->places[at] = places[t][e], lists->weights[at] = weights[t][e];
    }
}

static void check_many_rows(const math_kernels *kernels, size_t inputs, size_t outputs,
                            size_t rows, size_t blocks, double zeros, bool relu)
{
    float *w = make(outputs * inputs, zeros, 30), *b = make(outputs, 0.0, 31);
    float *x = make(inputs * rows, 0.5, 32), *y = take(outputs * rows, sizeof *y);
    block_lists lists = {blocks,
                         take(blocks + 1, sizeof(uint32_t)),
                         take(blocks * outputs + 1, sizeof(uint32_t)),
                         take(blocks * outputs, sizeof(uint32_t)),
                         take(inputs * outputs, sizeof(uint16_t)),
                         take(inputs * outputs, sizeof(float))};
    assert_true(kernels->lists_together <= 4 && inputs <= LAID_INPUTS);
    for (size_t k = 0; k < blocks; k++) {
        lists.firsts[k] = (uint32_t)(inputs * k / blocks);
        lay_block(&lists, k, w, inputs, outputs, inputs * k / blocks, inputs * (k + 1) / blocks,
                  kernels->lists_together);
    }
    y[outputs * rows] = FENCE;
    math_ahead ahead = {x, rows};
    for (size_t k = 0; k < blocks; k++)
        kernels->multiply_lists(&lists, k, outputs, b, x + lists.firsts[k] * rows, rows, relu, y, &ahead);
    for (size_t o = 0; o < outputs; o++) {
        for (size_t r = 0; r < rows; r++) {
            double expected = b[o], scale = fabs(expected);
            for (size_t i = 0; i < inputs; i++) {
                const double term = (double)w[o * inputs + i] * (double)x[i * rows + r];
                expected += term;
                scale += fabs(term);
            }
            assert_close(y[o * rows + r], relu && expected < 0.0 ? 0.0 : expected, scale);
        }
    }
    assert_true(y[outputs * rows] == FENCE);
    free(w), free(b), free(x), free(y);
    free(lists.firsts), free(lists.starts), free(lists.order);
    free(lists.places), free(lists.weights);
}

static void many_rows(void **state)
{
    (void)state;
    for (size_t k = 0; math_kernels_at(k); k++)
        for (size_t rows = PASS_LANES; rows <= LIST_ROWS_MOST; rows += PASS_LANES)
            for (size_t blocks = 1; blocks <= 3; blocks++)
                for (int tenths = 0; tenths <= 10; tenths += 5)
                    check_many_rows(math_kernels_at(k), LAID_INPUTS, 11, rows, blocks, tenths / 10.0,
                                    blocks % 2);
}

/* A NaN comes through products and ReLU, and only where a weight leads. */
static void nan_comes_through(void **state)
{
    (void)state;
    uint32_t firsts[] = {0}, starts[] = {0, 1, 2}, order[] = {0, 1};
    uint16_t places[] = {0, 1};
    float weights[] = {-1.0f, 1.0f}, biases[PASS_LANES] = {0}, x[2 * PASS_LANES] = {0};
    float y[2 * PASS_LANES];
    const block_lists lists = {1, firsts, starts, order, places, weights};
    x[3] = NAN;
    for (size_t k = 0; math_kernels_at(k); k++) {
        const math_kernels *kernels = math_kernels_at(k);
        math_ahead ahead = {0};
        kernels->multiply_lists(&lists, 0, 2, biases, x, PASS_LANES, true, y, &ahead);
        for (size_t i = 0; i < 2 * PASS_LANES; i++)
            assert_true(i == 3 ? isnan(y[i]) : y[i] == 0.0f);
        for (size_t i = 0; i < 2 * PASS_LANES; i++)
            y[i] = i == 5 ? NAN : (float)i - 9.0f;
        kernels->relu(y, 2 * PASS_LANES);
        for (size_t i = 0; i < 2 * PASS_LANES; i++)
            assert_true(i == 5 ? isnan(y[i]) : y[i] == (i < 9 ? 0.0f : (float)i - 9.0f));
    }
}

/* ---- exponentials ----------------------------------------------------- */

static void exponentials(void **state)
{
    (void)state;
    enum { COUNT = 200003 };
    float *x = take(COUNT, sizeof *x), *y = take(COUNT, sizeof *y);
    for (size_t k = 0; math_kernels_at(k); k++) {
        const math_kernels *kernels = math_kernels_at(k);
        for (size_t i = 0; i < COUNT; i++)
            x[i] = -87.0f * (float)i / (COUNT - 1);
        memcpy(y, x, COUNT * sizeof *x);
        y[COUNT] = FENCE;
        kernels->exponentials(y, COUNT);
        for (size_t i = 0; i < COUNT; i++) {
            const double expected = exp((double)x[i]);
            if (!(fabs((double)y[i] - expected) <= 2.4e-7 * expected))
                fail_msg("e^%.9g: %.9g against %.9g", (double)x[i], (double)y[i], expected);
        }
        assert_true(y[0] == 1.0f && y[COUNT] == FENCE);
        for (size_t count = 0; count <= 40; count++) {
            float few[41];
            memcpy(few, x, sizeof few);
            kernels->exponentials(few, count);
            assert_memory_equal(few, y, count * sizeof *few);
            assert_memory_equal(few + count, x + count, (41 - count) * sizeof *few);
        }
        float edges[] = {-87.5f, -1e30f, -INFINITY, NAN, -0.0f, -1e-30f};
        kernels->exponentials(edges, 6);
        assert_true(edges[0] == 0.0f && edges[1] == 0.0f && edges[2] == 0.0f);
        assert_true(isnan(edges[3]) && edges[4] == 1.0f && edges[5] == 1.0f);
    }
    free(x), free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_inputs), cmocka_unit_test(one_row),
        cmocka_unit_test(many_rows),       cmocka_unit_test(nan_comes_through),
        cmocka_unit_test(exponentials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
