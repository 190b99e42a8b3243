/* The choice of a layer's form against the break-even it names. */
#include "tests/test.h"

#include "base/random.h"
#include "infer/form.h"
#include "math/kernels.h"
#include "math/pass.h"

static const size_t widths[] = {1, 10, 16, 17, 50, 100, 300, 1000, 2048, 10000};
enum { WIDTHS = sizeof widths / sizeof *widths, INPUTS = 1024 };

static void no_product(const weight_tiles *tiles, size_t stride, const float *biases,
                       const float *x, float *y)
{
    (void)tiles, (void)stride, (void)biases, (void)x, (void)y;
}

/* What the model knows of instruction sets, on whatever machine this is; the last one is
 * taken for any other. */
static const math_kernels sets[] = {
    {.name = "avx512", .tile = {16, 32, 32}, .multiply_tiles = no_product},
    {.name = "avx2", .tile = {8, 8, 1}, .multiply_tiles = no_product},
    {.name = "plain"},
    {.name = "unheard of"},
};
enum { SETS = sizeof sets / sizeof *sets };

/* A layer with weights scattered at random; its tiles are estimated from some drawn. */
static form_layer scattered(const math_kernels *set, size_t outputs, double density, double share)
{
    enum { DRAWN = 1000 };
    const tile_shape shape = set->tile;
    form_layer layer = {.inputs = INPUTS, .outputs = outputs, .share = share};
    size_t steps = 0, tiles = 0;
    layer.nonzero = (size_t)(density * INPUTS * (double)outputs);
    if (!set->multiply_tiles)
        return layer;
    for (size_t t = 0, drawn = 0; t < DRAWN; t++) {
        size_t most = 0;
        for (size_t lane = 0; lane < shape.outputs; lane++) {
            size_t count = 0;
            for (size_t i = 0; i < shape.inputs; i++)
                count += random_uniform(3, random_stream(RANDOM_TEST, 1), drawn++) < density;
            most = count > most ? count : most;
        }
        steps += most;
        tiles += (most + shape.steps - 1) / shape.steps;
    }
    const double groups =
        (double)(pass_stride(outputs) / shape.outputs * (INPUTS / shape.inputs));
    layer.steps = (size_t)((double)steps / DRAWN * groups);
    layer.tiles = (size_t)((double)tiles / DRAWN * groups);
    return layer;
}

static const double shares[] = {0.1, 0.2, 0.5, 0.8, 1.0}; /* of inputs that are not zero */
enum { SHARES = sizeof shares / sizeof *shares };

static void one_row_break_even(void **state)
{
    (void)state;
    for (size_t k = 0; k < SETS * SHARES * WIDTHS; k++) {
        const math_kernels *set = &sets[k % SETS];
        const size_t width = widths[k / SETS / SHARES];
        const double inputs = shares[k / SETS % SHARES];
        const double share = form_one_break_even(set, width, inputs);
        assert_true(share >= 0.0 && share <= 1.0);
        form_layer below = scattered(set, width, (1.0 - share) * 1.05 + 0.001, inputs);
        form_layer above = scattered(set, width, (1.0 - share) * 0.95, inputs);
        assert_int_equal(form_one(set, &below), FORM_DENSE);
        if (share < 1.0)
            assert_int_not_equal(form_one(set, &above), FORM_DENSE);
        math_kernels untiled = *set;
        untiled.multiply_tiles = NULL;
        assert_true(share <= form_one_break_even(&untiled, width, inputs));
    }
}

static void many_rows_break_even(void **state)
{
    (void)state;
    for (size_t k = 0; k < SETS * SHARES * WIDTHS; k++) {
        const math_kernels *set = &sets[k % SETS];
        const size_t width = widths[k / SETS / SHARES];
        const double inputs = shares[k / SETS % SHARES];
        const double share = form_many_break_even(set, width, inputs);
        assert_true(share >= 0.0 && share < 1.0);
        form_layer below = scattered(set, width, (1.0 - share) * 1.001 + 0.001, inputs);
        form_layer above = scattered(set, width, (1.0 - share) * 0.999, inputs);
        assert_int_equal(form_many(set, &above), FORM_LISTS);
        if (share > 0.0)
            assert_int_equal(form_many(set, &below), FORM_DENSE);
    }
}

/* The first layer of the paper's network, whole and with ever fewer weights. */
static void known_layers(void **state)
{
    (void)state;
    static const struct {
        double density;
        form one[SETS], many[SETS];
    } known[] = {
        {1.0, {FORM_DENSE, FORM_DENSE, FORM_DENSE, FORM_DENSE},
         {FORM_DENSE, FORM_DENSE, FORM_DENSE, FORM_DENSE}},
        {0.55, {FORM_DENSE, FORM_DENSE, FORM_DENSE, FORM_DENSE},
         {FORM_DENSE, FORM_DENSE, FORM_DENSE, FORM_DENSE}},
        {0.4, {FORM_DENSE, FORM_DENSE, FORM_DENSE, FORM_DENSE},
         {FORM_LISTS, FORM_LISTS, FORM_LISTS, FORM_LISTS}},
        {0.2, {FORM_TILES, FORM_DENSE, FORM_DENSE, FORM_DENSE},
         {FORM_LISTS, FORM_LISTS, FORM_LISTS, FORM_LISTS}},
        {0.1, {FORM_TILES, FORM_TILES, FORM_LISTS, FORM_LISTS},
         {FORM_LISTS, FORM_LISTS, FORM_LISTS, FORM_LISTS}},
        {0.02, {FORM_TILES, FORM_TILES, FORM_LISTS, FORM_LISTS},
         {FORM_LISTS, FORM_LISTS, FORM_LISTS, FORM_LISTS}},
        {0.0, {FORM_LISTS, FORM_LISTS, FORM_LISTS, FORM_LISTS},
         {FORM_LISTS, FORM_LISTS, FORM_LISTS, FORM_LISTS}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        for (size_t k = 0; k < SETS; k++) {
            const form_layer layer = scattered(&sets[k], 300, known[i].density, FORM_USUAL_SHARE);
            assert_int_equal(form_one(&sets[k], &layer), known[i].one[k]);
            assert_int_equal(form_many(&sets[k], &layer), known[i].many[k]);
        }
    }
}

/* Weights and steps are numbered by 32 bits. */
static void too_many_to_number(void **state)
{
    (void)state;
    const size_t wide = (size_t)1 << 24;
    form_layer layer = {.inputs = wide, .outputs = wide, .nonzero = (size_t)UINT32_MAX - 1,
                        .share = FORM_USUAL_SHARE};
    assert_int_equal(form_one(&sets[0], &layer), FORM_LISTS);
    assert_int_equal(form_many(&sets[0], &layer), FORM_LISTS);
    layer.nonzero++;
    assert_int_equal(form_one(&sets[0], &layer), FORM_DENSE);
    assert_int_equal(form_many(&sets[0], &layer), FORM_DENSE);
    layer.nonzero = layer.tiles = layer.steps = UINT32_MAX / PASS_LANES;
    assert_int_equal(form_one(&sets[0], &layer), FORM_DENSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row_break_even),
        cmocka_unit_test(many_rows_break_even),
        cmocka_unit_test(known_layers),
        cmocka_unit_test(too_many_to_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
