/* The choice of a layer's form against the break-even it names. */
#include "tests/test.h"

#include "base/random.h"
#include "infer/form.h"
#include "math/kernels.h"
#include "math/pass.h"

static const size_t widths[] = {1, 10, 16, 17, 50, 100, 300, 1000, 2048, 10000};
enum { WIDTHS = sizeof widths / sizeof *widths, INPUTS = 1024 };

/* A layer with weights scattered at random; its tiles are estimated from some drawn. */
static form_layer scattered(size_t outputs, double density, double share, bool tiled)
{
    enum { DRAWN = 4000 };
    const double groups = (double)(pass_stride(outputs) / PASS_LANES * (INPUTS / TILE_INPUTS));
    form_layer layer = {.inputs = INPUTS, .outputs = outputs, .share = share};
    size_t steps = 0, tiles = 0;
    layer.nonzero = (size_t)(density * INPUTS * (double)outputs);
    for (size_t t = 0, drawn = 0; tiled && t < DRAWN; t++) {
        size_t most = 0;
        for (size_t lane = 0; lane < PASS_LANES; lane++) {
            size_t count = 0;
            for (size_t i = 0; i < TILE_INPUTS; i++)
                count += random_uniform(3, random_stream(RANDOM_TEST, 1), drawn++) < density;
            most = count > most ? count : most;
        }
        steps += most;
        tiles += most > 0;
    }
    layer.steps = (size_t)((double)steps / DRAWN * groups);
    layer.tiles = (size_t)((double)tiles / DRAWN * groups);
    return layer;
}

static const double shares[] = {0.1, 0.2, 0.5, 0.8, 1.0}; /* of inputs that are not zero */
enum { SHARES = sizeof shares / sizeof *shares };

static void one_row_break_even(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2 * SHARES * WIDTHS; k++) {
        const size_t width = widths[k / 2 / SHARES];
        const double inputs = shares[k / 2 % SHARES];
        const bool tiled = k % 2;
        const double share = form_one_break_even(width, inputs, tiled);
        assert_true(share >= 0.0 && share <= 1.0);
        form_layer below = scattered(width, (1.0 - share) * 1.04 + 0.001, inputs, tiled);
        form_layer above = scattered(width, (1.0 - share) * 0.96, inputs, tiled);
        assert_int_equal(form_one(&below), FORM_DENSE);
        if (share < 1.0)
            assert_int_not_equal(form_one(&above), FORM_DENSE);
        assert_true(form_one_break_even(width, inputs, true) <=
                    form_one_break_even(width, inputs, false));
    }
}

static void many_rows_break_even(void **state)
{
    (void)state;
    for (size_t k = 0; k < SHARES * WIDTHS; k++) {
        const size_t width = widths[k / SHARES];
        const double inputs = shares[k % SHARES], share = form_many_break_even(width, inputs);
        assert_true(share >= 0.0 && share < 1.0);
        form_layer below = scattered(width, (1.0 - share) * 1.001 + 0.001, inputs, false);
        form_layer above = scattered(width, (1.0 - share) * 0.999, inputs, false);
        assert_int_equal(form_many(&above), FORM_LISTS);
        if (share > 0.0)
            assert_int_equal(form_many(&below), FORM_DENSE);
    }
}

/* The first layer of the paper's network, whole and with ever fewer weights. */
static void known_layers(void **state)
{
    (void)state;
    static const struct {
        double density;
        form without_tiles, with_tiles, many;
    } known[] = {
        {1.0, FORM_DENSE, FORM_DENSE, FORM_DENSE},  {0.5, FORM_DENSE, FORM_DENSE, FORM_DENSE},
        {0.4, FORM_DENSE, FORM_DENSE, FORM_LISTS},  {0.1, FORM_DENSE, FORM_TILES, FORM_LISTS},
        {0.02, FORM_LISTS, FORM_TILES, FORM_LISTS}, {0.0, FORM_LISTS, FORM_LISTS, FORM_LISTS},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const form_layer without = scattered(300, known[i].density, FORM_USUAL_SHARE, false);
        const form_layer with = scattered(300, known[i].density, FORM_USUAL_SHARE, true);
        assert_int_equal(form_one(&without), known[i].without_tiles);
        assert_int_equal(form_one(&with), known[i].with_tiles);
        assert_int_equal(form_many(&with), known[i].many);
    }
}

/* Weights and steps are numbered by 32 bits. */
static void too_many_to_number(void **state)
{
    (void)state;
    const size_t wide = (size_t)1 << 24;
    form_layer layer = {.inputs = wide, .outputs = wide, .nonzero = (size_t)UINT32_MAX - 1,
                        .share = FORM_USUAL_SHARE};
    assert_int_equal(form_one(&layer), FORM_LISTS);
    assert_int_equal(form_many(&layer), FORM_LISTS);
    layer.nonzero++;
    assert_int_equal(form_one(&layer), FORM_DENSE);
    assert_int_equal(form_many(&layer), FORM_DENSE);
    layer.nonzero = layer.tiles = layer.steps = UINT32_MAX / PASS_LANES;
    assert_int_equal(form_one(&layer), FORM_DENSE);
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
