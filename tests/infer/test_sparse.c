/* Lists and tiles hold every weight that is not zero once, and nothing else. */
#include "tests/infer/made.h"

#include "infer/sparse.h"
#include "math/pass.h"
#include "tests/base/test_allocator.h"

typedef struct made_matrix {
    sparse_matrix m;
    float *weights, *seen; /* [outputs][inputs]; seen: put together from lists or tiles */
    uint32_t *columns, *inputs; /* inputs: [columns] the other way round */
    size_t nonzero;
} made_matrix;

/* Those of the kernels, and one of several tiles of several steps. */
static const tile_shape shapes_of_tiles[] = {{16, 32, 32}, {8, 8, 1}, {4, 16, 3}};
enum { TILE_SHAPES = sizeof shapes_of_tiles / sizeof *shapes_of_tiles };

static made_matrix make(size_t inputs, size_t outputs, double zeros, bool named, uint32_t seed)
{
    made_matrix x = {.m = {.inputs = inputs, .outputs = outputs}};
    x.weights = calloc(inputs * outputs, sizeof(float));
    x.seen = calloc(inputs * outputs, sizeof(float));
    x.columns = calloc(inputs, sizeof(uint32_t));
    x.inputs = calloc(3 * inputs, sizeof(uint32_t));
    assert_true(x.weights && x.seen && x.columns && x.inputs);
    for (size_t i = 0; i < inputs * outputs; i++)
        if (made_uniform(seed, i) >= zeros)
            x.weights[i] = (float)i + 1.0f;
    for (size_t i = 0; i < inputs; i++) { /* every third column at a random place in its three */
        x.columns[i] = (uint32_t)(named ? 3 * i + (size_t)(3.0 * made_uniform(seed + 1, i)) : i);
        x.inputs[x.columns[i]] = (uint32_t)i;
    }
    x.m.weights = x.weights;
    x.m.columns = named ? x.columns : NULL;
    x.nonzero = sparse_nonzero(&x.m);
    return x;
}

static void see(made_matrix *x, size_t output, size_t input, float weight)
{
    assert_true(output < x->m.outputs && input < x->m.inputs && weight != 0.0f);
    float *place = &x->seen[output * x->m.inputs + input];
    assert_true(*place == 0.0f);
    *place = weight;
}

static void check_seen(made_matrix *x)
{
    const size_t bytes = x->m.inputs * x->m.outputs * sizeof(float);
    assert_memory_equal(x->seen, x->weights, bytes);
    memset(x->seen, 0, bytes);
}

static void check_lists(made_matrix *x)
{
    weight_lists lists = {0};
    assert_true(sparse_by_input(&x->m, x->nonzero, NULL, &lists));
    assert_int_equal(lists.starts[0], 0);
    assert_int_equal(lists.starts[x->m.inputs], x->nonzero);
    for (size_t i = 0; i < x->m.inputs; i++)
        for (uint32_t e = lists.starts[i]; e < lists.starts[i + 1]; e++)
            see(x, lists.places[e], i, lists.weights[e]);
    check_seen(x);
    sparse_release_lists(NULL, &lists);
}

/* So many lists from `list` on in step: their first weights, their second ones, as far as the
 * shortest goes, then the rest of each. Inputs ascend in every list. */
static void see_in_step(made_matrix *x, const block_lists *lists, size_t list, size_t together)
{
    const uint32_t *const starts = lists->starts + list, least = starts[1] - starts[0];
    const size_t first = lists->firsts[list / x->m.outputs];
    size_t rest = starts[0] + least * together;
    for (size_t t = 0; t < together; t++) {
        size_t before = 0;
        for (uint32_t e = 0; e < starts[t + 1] - starts[t]; e++) {
            const size_t at = e < least ? starts[0] + e * together + t : rest++;
            const size_t input = x->inputs[first + lists->places[at]];
            assert_true(e == 0 || input > before);
            before = input;
            see(x, lists->order[list + t], input, lists->weights[at]);
        }
    }
}

static void check_blocks(made_matrix *x, size_t together)
{
    const size_t outputs = x->m.outputs;
    block_lists lists = {0};
    assert_true(sparse_by_output(&x->m, x->nonzero, together, NULL, &lists));
    assert_true(lists.blocks >= 1 && lists.blocks > (x->m.inputs - 1) / 65536);
    assert_int_equal(lists.starts[0], 0);
    assert_int_equal(lists.starts[lists.blocks * outputs], x->nonzero);
    for (size_t list = 0; list < lists.blocks * outputs; list++)
        if (list % outputs)
            assert_true(lists.starts[list + 1] - lists.starts[list] >=
                        lists.starts[list] - lists.starts[list - 1]);
    for (size_t block = 0; block < lists.blocks; block++) {
        const uint32_t *const first = lists.firsts + block;
        assert_true(first[0] < first[1] && first[1] - first[0] <= 65536);
        assert_true(x->m.columns || first[0] % PASS_LANES == 0);
        for (size_t o = 0, some; o < outputs; o += some) {
            some = o + together <= outputs ? together : 1;
            see_in_step(x, &lists, block * outputs + o, some);
        }
        for (uint32_t e = lists.starts[block * outputs]; e < lists.starts[(block + 1) * outputs]; e++)
            assert_true(lists.places[e] < first[1] - first[0]);
    }
    check_seen(x);
    sparse_release_blocks(NULL, &lists);
}

static void check_tiles(made_matrix *x, const tile_shape *shape)
{
    weight_tiles tiles = {0};
    size_t tile_count, step_count;
    sparse_count_tiles(&x->m, shape, &tile_count, &step_count);
    assert_true(sparse_tiles(&x->m, shape, tile_count, step_count, NULL, &tiles));
    const uint8_t *places = tiles.places;
    const float *weights = tiles.weights;
    size_t steps = 0, groups = pass_stride(x->m.outputs) / shape->outputs;
    assert_int_equal(tiles.starts[groups], tile_count);
    for (size_t group = 0; group < groups; group++) {
        for (uint32_t t = tiles.starts[group]; t < tiles.starts[group + 1]; t++) {
            assert_true(tiles.tiles[t].steps >= 1 && tiles.tiles[t].steps <= shape->steps);
            assert_int_equal(tiles.tiles[t].first % shape->inputs, 0);
            steps += tiles.tiles[t].steps;
            for (size_t step = 0; step < tiles.tiles[t].steps; step++)
                for (size_t lane = 0; lane < shape->outputs; lane++, places++, weights++) {
                    assert_true(*places < shape->inputs);
                    if (*weights != 0.0f)
                        see(x, group * shape->outputs + lane,
                            x->inputs[tiles.tiles[t].first + *places], *weights);
                }
        }
    }
    assert_int_equal(steps, step_count);
    check_seen(x);
    sparse_release_tiles(NULL, &tiles);
}

static void every_weight_once(void **state)
{
    static const size_t shapes[][2] = {{1, 1}, {31, 16}, {32, 17}, {33, 40}, {500, 20}, {100, 3}};
    static const double zeros[] = {0.0, 0.5, 0.9, 0.99, 1.0};
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (size_t z = 0; z < sizeof zeros / sizeof *zeros; z++) {
            for (int named = 0; named < 2; named++) {
                made_matrix x = make(shapes[s][0], shapes[s][1], zeros[z], named, 40);
                check_lists(&x);
                for (size_t together = 1; together <= 4; together++)
                    check_blocks(&x, together);
                for (size_t t = 0; t < TILE_SHAPES; t++)
                    check_tiles(&x, &shapes_of_tiles[t]);
                free(x.weights), free(x.seen), free(x.columns), free(x.inputs);
            }
        }
    }
}

/* More inputs than a block's places can name. */
static void many_inputs(void **state)
{
    (void)state;
    static const size_t inputs[] = {70000, 131071};
    static const double zeros[] = {0.9, 0.99995, 1.0};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        for (size_t z = 0; z < sizeof zeros / sizeof *zeros; z++) {
            made_matrix x = make(inputs[i], 3, zeros[z], false, 42);
            check_blocks(&x, 2);
            free(x.weights), free(x.seen), free(x.columns), free(x.inputs);
        }
    }
}

static void without_memory(void **state)
{
    (void)state;
    made_matrix x = make(50, 20, 0.8, false, 41);
    const tile_shape *shape = &shapes_of_tiles[0];
    size_t tile_count, steps;
    sparse_count_tiles(&x.m, shape, &tile_count, &steps);
    for (int kind = 0; kind < 3; kind++) {
        bool done = false;
        for (size_t from = 1; !done; from++) {
            meter counter = {.refuse_from = from};
            espalier_allocator allocator = meter_allocator(&counter);
            weight_lists lists = {0};
            block_lists blocks = {0};
            weight_tiles tiles = {0};
            done = kind == 0   ? sparse_by_input(&x.m, x.nonzero, &allocator, &lists)
                   : kind == 1 ? sparse_by_output(&x.m, x.nonzero, 4, &allocator, &blocks)
                               : sparse_tiles(&x.m, shape, tile_count, steps, &allocator, &tiles);
            assert_int_equal(done, from > (size_t)(kind == 0 ? 3 : kind == 1 ? 6 : 4));
            sparse_release_lists(&allocator, &lists);
            sparse_release_blocks(&allocator, &blocks);
            sparse_release_tiles(&allocator, &tiles);
            assert_int_equal(counter.live, 0);
        }
    }
    free(x.weights), free(x.seen), free(x.columns), free(x.inputs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_weight_once),
        cmocka_unit_test(many_inputs),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
