/* The prediction engine against the definition and against the plain forward pass. */
#include "tests/infer/made.h"

#include "infer/predictor.h"
#include "net/forward.h"
#include "tests/base/test_allocator.h"

enum { MOST_ROWS = 140 };

static espalier_predictor *predictor_of(const espalier_network *network)
{
    espalier_predictor *predictor = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_predictor_create(network, NULL, &predictor, &error), ESPALIER_OK);
    return predictor;
}

/* Runs with a workspace of exactly the size asked for, with a fence behind it. */
static void run(const espalier_predictor *predictor, const float *values, size_t rows,
                size_t classes, float *probabilities, float *logits)
{
    const size_t size = espalier_predictor_workspace(predictor, rows);
    float *workspace = malloc((size + 1) * sizeof *workspace);
    assert_non_null(workspace);
    for (size_t i = 0; i <= size; i++)
        workspace[i] = i < size ? NAN : 12345.0f;
    espalier_predictor_run(predictor, values, rows, probabilities, workspace);
    predictor_logits(predictor, values, rows, logits, workspace);
    assert_true(workspace[size] == 12345.0f);
    for (size_t i = 0; i < rows * classes; i++)
        assert_true(isfinite(probabilities[i]));
    free(workspace);
}

/* The plain pass over the same network; only for networks that read all inputs. */
static void plain(const espalier_network *network, const float *values, size_t rows,
                  float *probabilities)
{
    const math_backend *math = math_backend_find("reference");
    const size_t width = espalier_network_row_width(network);
    float *x = malloc(rows * width * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < rows * width; i++) {
        const size_t pair = network->scaling_count == 1 ? 0 : i % width;
        x[i] = network->scaling_count ? (values[i] - network->shift[pair]) * network->scale[pair]
                                      : values[i];
    }
    for (size_t l = 0; l < network->layer_count; l++) {
        float *y = malloc(rows * network->layers[l].outputs * sizeof *y);
        assert_non_null(y);
        forward_layer(network, l, math, x, rows, y);
        free(x);
        x = y;
    }
    const size_t classes = espalier_network_class_count(network);
    forward_softmax(x, rows, classes);
    memcpy(probabilities, x, rows * classes * sizeof *x);
    free(x);
}

static void assert_near(const float *a, const float *b, size_t count, double tolerance)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)a[i] - (double)b[i]) <= tolerance))
            fail_msg("value %zu: %.9g against %.9g", i, (double)a[i], (double)b[i]);
}

/* All numbers of rows that meet another path, against definition, plain pass and
 * one row at a time. */
static void check_network(const espalier_network *network, uint32_t seed)
{
    static const size_t counts[] = {1, 2, 7, 8, 9, 16, 17, 63, 64, 65, 71, 72, 128, MOST_ROWS};
    const size_t width = espalier_network_row_width(network);
    const size_t classes = espalier_network_class_count(network);
    espalier_predictor *predictor = predictor_of(network);
    float *values = malloc(MOST_ROWS * width * sizeof *values);
    float *single = malloc(MOST_ROWS * classes * sizeof *single);
    float *many = malloc(MOST_ROWS * classes * sizeof *many);
    float *logits = malloc(MOST_ROWS * classes * sizeof *logits);
    float *expected = malloc(MOST_ROWS * classes * sizeof *expected);
    double *exact = malloc(classes * sizeof *exact);
    assert_true(values && single && many && logits && expected && exact);
    made_values(seed, MOST_ROWS * width, values);
    for (size_t r = 0; r < MOST_ROWS; r++) {
        float *z = logits + r * classes;
        run(predictor, values + r * width, 1, classes, single + r * classes, z);
        made_logits(network, values + r * width, exact);
        for (size_t j = 0; j < classes; j++)
            if (!(fabs((double)z[j] - exact[j]) <= 1e-5 * (1.0 + fabs(exact[j]))))
                fail_msg("row %zu, class %zu: logit %.9g against %.9g", r, j, (double)z[j],
                         exact[j]);
    }
    if (!network->kept_inputs) {
        plain(network, values, MOST_ROWS, expected);
        assert_near(single, expected, MOST_ROWS * classes, 1e-5);
    }
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        run(predictor, values, counts[c], classes, many, logits);
        assert_near(many, single, counts[c] * classes, 1e-5);
    }
    free(values);
    free(single);
    free(many);
    free(logits);
    free(expected);
    free(exact);
    espalier_predictor_destroy(predictor);
}

static void scale_inputs(espalier_network *network, size_t kind)
{
    const size_t width = espalier_network_row_width(network), pairs = kind == 1 ? 1 : width;
    float *shift = malloc(pairs * sizeof *shift), *scale = malloc(pairs * sizeof *scale);
    assert_true(shift && scale);
    for (size_t i = 0; i < pairs; i++) {
        shift[i] = (float)made_uniform(501, i) - 0.3f;
        scale[i] = (float)made_uniform(502, i) + 0.5f;
    }
    if (kind != 0)
        assert_int_equal(espalier_network_set_scaling(network, pairs, shift, scale), ESPALIER_OK);
    free(shift);
    free(scale);
}

static void random_networks(void **state)
{
    static const double pruned[] = {0.0, 0.5, 0.9, 0.98};
    (void)state;
    for (uint32_t seed = 0; seed < 48; seed++) {
        size_t widths[6], count = 2 + seed % 5;
        for (size_t i = 0; i < count; i++)
            widths[i] = 1 + (size_t)(50.0 * made_uniform(seed + 2000, i));
        espalier_network *network = made_network(widths, count, seed, pruned[seed % 4]);
        scale_inputs(network, seed % 3);
        check_network(network, seed);
        espalier_network *small = NULL;
        assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
        check_network(small, seed);
        espalier_network_destroy(small);
        espalier_network_destroy(network);
    }
}

static void the_papers_network(void **state)
{
    static const size_t widths[] = {784, 300, 200, 100, 50, 10};
    (void)state;
    espalier_network *network = made_network(widths, 6, 77, 0.8);
    check_network(network, 77);
    espalier_network_destroy(network);
}

/* A hidden layer without a single weight: every row gives the same probabilities. */
static void collapsed_network(void **state)
{
    static const size_t widths[] = {9, 6, 5, 4};
    (void)state;
    for (size_t dead = 0; dead < 3; dead++) {
        espalier_network *network = made_network(widths, 4, 5, 0.0);
        memset(network->layers[dead].mask, 0,
               network->layers[dead].inputs * network->layers[dead].outputs);
        espalier_network_apply_masks(network);
        check_network(network, 5);
        espalier_predictor *predictor = predictor_of(network);
        float values[18], probabilities[8], logits[8];
        made_values(9, 18, values);
        run(predictor, values, 2, 4, probabilities, logits);
        assert_memory_equal(probabilities, probabilities + 4, 4 * sizeof(float));
        espalier_predictor_destroy(predictor);
        espalier_network_destroy(network);
    }
}

/* No neuron and no product may hide a NaN, whichever path it takes. */
static void nan_stays(void **state)
{
    static const size_t widths[] = {5, 4, 3};
    (void)state;
    espalier_network *network = made_network(widths, 3, 8, 0.0);
    espalier_predictor *predictor = predictor_of(network);
    float values[20 * 5], probabilities[20 * 3], *workspace;
    made_values(8, 100, values);
    values[2] = NAN;
    workspace = malloc(espalier_predictor_workspace(predictor, 20) * sizeof *workspace);
    assert_non_null(workspace);
    espalier_predictor_run(predictor, values, 1, probabilities, workspace);
    assert_true(isnan(probabilities[0]));
    espalier_predictor_run(predictor, values, 20, probabilities, workspace);
    assert_true(isnan(probabilities[0]));
    for (size_t i = 3; i < 60; i++)
        assert_true(isfinite(probabilities[i]));
    free(workspace);
    espalier_predictor_destroy(predictor);
    espalier_network_destroy(network);
}

static void workspace_never_shrinks(void **state)
{
    static const size_t widths[] = {30, 20, 3};
    (void)state;
    espalier_network *network = made_network(widths, 3, 8, 0.0);
    espalier_predictor *predictor = predictor_of(network);
    for (size_t rows = 1; rows < 200; rows++)
        assert_true(espalier_predictor_workspace(predictor, rows + 1) >=
                    espalier_predictor_workspace(predictor, rows));
    espalier_predictor_destroy(predictor);
    espalier_network_destroy(network);
}

/* Every allocation may fail; nothing is lost and nothing handed out. */
static void without_memory(void **state)
{
    static const size_t widths[] = {30, 20, 3};
    (void)state;
    espalier_network *network = made_network(widths, 3, 8, 0.9);
    scale_inputs(network, 2);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t from = 1; status != ESPALIER_OK; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_predictor *predictor = NULL;
        espalier_error error = {0};
        status = espalier_predictor_create(network, &allocator, &predictor, &error);
        if (status != ESPALIER_OK) {
            assert_int_equal(status, ESPALIER_ERROR_MEMORY);
            assert_int_equal(error.status, status);
            assert_null(predictor);
        }
        espalier_predictor_destroy(predictor);
        assert_int_equal(m.live, 0);
        assert_true(from < 100);
    }
    espalier_network_destroy(network);
}

static void width_is_checked(void **state)
{
    static const size_t widths[] = {784, 3};
    (void)state;
    espalier_network *network = made_network(widths, 2, 1, 0.0);
    espalier_dataset *dataset = made_dataset(1, 10, 0, 100, 3);
    espalier_error error = {0};
    assert_int_equal(predictor_check_width(network, dataset, &error), ESPALIER_ERROR_MISMATCH);
    assert_string_equal(error.message,
                        "the network takes rows of 784 values, the data set has rows of 100");
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks),   cmocka_unit_test(the_papers_network),
        cmocka_unit_test(collapsed_network), cmocka_unit_test(nan_stays),
        cmocka_unit_test(without_memory),    cmocka_unit_test(workspace_never_shrinks),
        cmocka_unit_test(width_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
