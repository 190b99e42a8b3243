/* Gathering against the formula, in every combination of its arguments. */
#include "base/random.h"
#include "data/dataset.h"
#include "test.h"

enum { TRAINING = 40, TEST = 9, ROWS = TRAINING + TEST, MOST = 70, EXTRA = 3 };

static const float untouched = -12345.0f;

typedef struct gather_case {
    size_t inputs, count, columns, scaling;
    bool bytes, by_index;
} gather_case;

static uint64_t draw(uint64_t trial, uint64_t index, uint64_t bound)
{
    return random_below(trial, random_stream(RANDOM_TEST, 0), index, bound);
}

static espalier_dataset *make(const gather_case *c, float *values)
{
    espalier_dataset_options options = {.validation_fraction = 0.25,
                                        .validation = ESPALIER_VALIDATION_RANDOM};
    uint8_t bytes[ROWS * MOST];
    uint32_t labels[ROWS] = {0};
    for (size_t i = 0; i < ROWS * c->inputs; i++) {
        bytes[i] = (uint8_t)draw(1, i, 256);
        values[i] = c->bytes ? bytes[i] : (float)random_normal(1, random_stream(RANDOM_TEST, 1), i);
    }
    espalier_dataset *dataset = NULL;
    espalier_status status =
        c->bytes ? espalier_dataset_from_bytes(bytes, labels, TRAINING, TEST, c->inputs, 2,
                                               &options, NULL, &dataset, NULL)
                 : espalier_dataset_from_floats(values, labels, TRAINING, TEST, c->inputs, 2,
                                                &options, NULL, &dataset, NULL);
    assert_int_equal(status, ESPALIER_OK);
    return dataset;
}

static void check(const gather_case *c, espalier_split split, uint64_t trial)
{
    float values[ROWS * MOST], shift[MOST], scale[MOST], out[ROWS * (MOST + EXTRA)];
    uint64_t columns[MOST];
    uint32_t indices[ROWS];
    espalier_dataset *dataset = make(c, values);
    size_t width = c->columns ? c->columns : c->inputs, stride = width + draw(trial, 0, EXTRA + 1);
    size_t rows = espalier_dataset_row_count(dataset, split), first = 2;
    size_t count = c->count < rows - first ? c->count : rows - first;
    for (size_t i = 0; i < MOST; i++) {
        shift[i] = (float)random_normal(trial, random_stream(RANDOM_TEST, 2), i);
        scale[i] = (float)random_normal(trial, random_stream(RANDOM_TEST, 3), i);
        columns[i] = draw(trial, 10 + i, c->inputs);
    }
    for (size_t i = 0; i < count; i++)
        indices[i] = (uint32_t)draw(trial, 500 + i, rows);
    for (size_t i = 0; i < sizeof out / sizeof *out; i++)
        out[i] = untouched;
    dataset_gather(dataset, split, c->by_index ? indices : NULL, first, count,
                   c->columns ? columns : NULL, width, c->scaling, shift, scale, out, stride);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < stride; j++) {
            size_t row = dataset->rows[split][c->by_index ? indices[i] : first + i];
            size_t column = c->columns ? (size_t)columns[j < width ? j : 0] : j;
            size_t pair = c->scaling > 1 ? column : 0;
            float expected = untouched;
            if (j < width && c->scaling == 0)
                expected = values[row * c->inputs + column];
            else if (j < width)
                expected = (values[row * c->inputs + column] - shift[pair]) * scale[pair];
            assert_true(out[i * stride + j] == expected);
        }
    assert_true(out[count * stride] == untouched);
    espalier_dataset_destroy(dataset);
}

static void test_every_combination(void **state)
{
    (void)state;
    static const size_t widths[] = {1, 2, 7, 16, 33, MOST};
    uint64_t trial = 0;
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (int bits = 0; bits < 24; bits++) {
            size_t inputs = widths[w], scalings[] = {0, 1, inputs};
            gather_case c = {.inputs = inputs,
                             .count = 1 + draw(trial, 1, 12),
                             .columns = bits & 1 ? 1 + draw(trial, 2, MOST) : 0,
                             .scaling = scalings[bits / 8],
                             .bytes = bits & 2,
                             .by_index = bits & 4};
            for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++)
                check(&c, (espalier_split)split, trial++);
        }
}

/* All 256 bytes with the usual scaling: exactly b / 255 in float, nothing fused. */
static void test_usual_scaling_is_exact(void **state)
{
    (void)state;
    uint8_t bytes[256];
    uint32_t label = 0;
    float out[256];
    const float *shift, *scale;
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    espalier_dataset *dataset;
    assert_int_equal(
        espalier_dataset_from_bytes(bytes, &label, 1, 0, 256, 0, NULL, NULL, &dataset, NULL),
        ESPALIER_OK);
    assert_int_equal(espalier_dataset_scaling(dataset, &shift, &scale), 1);
    dataset_gather(dataset, ESPALIER_TRAINING, NULL, 0, 1, NULL, 256, 1, shift, scale, out, 256);
    for (int i = 0; i < 256; i++) {
        volatile float moved = (float)i - *shift;
        volatile float expected = moved * *scale;
        assert_true(out[i] == expected);
    }
    assert_true(out[0] == 0 && out[255] == 1);
    espalier_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination),
        cmocka_unit_test(test_usual_scaling_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
