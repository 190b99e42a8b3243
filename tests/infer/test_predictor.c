/* The prediction engine against the definition and against the plain forward pass,
 * with every form of its layers and at every level of this processor. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "tests/infer/made.h"

#include <fenv.h>

#include "infer/predictor.h"
#include "math/kernels.h"
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

/* MOST_ROWS rows, their logits by definition, and what the plain pass makes of them. */
typedef struct rows_known {
    size_t width, classes;
    float *values, *expected; /* expected: NULL where the network was compacted */
    double *exact;
} rows_known;

static rows_known rows_create(const espalier_network *network, uint32_t seed)
{
    const size_t width = espalier_network_row_width(network);
    const size_t classes = espalier_network_class_count(network);
    rows_known known = {width, classes, malloc(MOST_ROWS * width * sizeof(float)), NULL,
                        malloc(MOST_ROWS * classes * sizeof(double))};
    assert_true(known.values && known.exact);
    made_values(seed, MOST_ROWS * width, known.values);
    for (size_t r = 0; r < MOST_ROWS; r++)
        made_logits(network, known.values + r * width, known.exact + r * classes);
    if (!network->kept_inputs) {
        known.expected = malloc(MOST_ROWS * classes * sizeof(float));
        assert_non_null(known.expected);
        plain(network, known.values, MOST_ROWS, known.expected);
    }
    return known;
}

static void rows_destroy(rows_known *known)
{
    free(known->values);
    free(known->expected);
    free(known->exact);
}

/* All numbers of rows that meet another path, against definition, plain pass and
 * one row at a time. */
static void check_form(const espalier_network *network, form wish, const rows_known *known)
{
    static const size_t counts[] = {1,  3,  4,  5,  7,  8,  9,   16, 17,
                                    31, 33, 63, 64, 65, 70, 128, 130, MOST_ROWS};
    const size_t width = known->width, classes = known->classes;
    espalier_predictor *predictor = NULL;
    assert_int_equal(predictor_create(network, wish, NULL, &predictor, NULL), ESPALIER_OK);
    float *single = malloc(MOST_ROWS * classes * sizeof *single);
    float *many = malloc(MOST_ROWS * classes * sizeof *many);
    float *logits = malloc(MOST_ROWS * classes * sizeof *logits);
    assert_true(single && many && logits);
    for (size_t r = 0; r < MOST_ROWS; r++) {
        const double *exact = known->exact + r * classes;
        float *z = logits + r * classes;
        run(predictor, known->values + r * width, 1, classes, single + r * classes, z);
        for (size_t j = 0; j < classes; j++)
            if (!(fabs((double)z[j] - exact[j]) <= 1e-5 * (1.0 + fabs(exact[j]))))
                fail_msg("row %zu, class %zu: logit %.9g against %.9g", r, j, (double)z[j],
                         exact[j]);
    }
    if (known->expected)
        assert_near(single, known->expected, MOST_ROWS * classes, 1e-5);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        run(predictor, known->values, counts[c], classes, many, logits);
        assert_near(many, single, counts[c] * classes, 1e-5);
    }
    free(single);
    free(many);
    free(logits);
    espalier_predictor_destroy(predictor);
}

static void check_network(const espalier_network *network, uint32_t seed)
{
    rows_known known = rows_create(network, seed);
    check_form(network, FORM_BY_MODEL, &known);
    check_form(network, FORM_DENSE, &known);
    check_form(network, FORM_LISTS, &known);
    check_form(network, FORM_TILES, &known);
    rows_destroy(&known);
}

/* kind 0: none; 1, 2: one pair, a pair for each; 3, 4: the same without shift. */
static void scale_inputs(espalier_network *network, size_t kind)
{
    const size_t width = espalier_network_row_width(network), pairs = kind % 2 ? 1 : width;
    float *shift = malloc(pairs * sizeof *shift), *scale = malloc(pairs * sizeof *scale);
    assert_true(shift && scale);
    for (size_t i = 0; i < pairs; i++) {
        shift[i] = kind > 2 ? 0.0f : (float)made_uniform(501, i) - 0.3f;
        scale[i] = (float)made_uniform(502, i) + 0.5f;
    }
    if (kind != 0)
        assert_int_equal(espalier_network_set_scaling(network, pairs, shift, scale), ESPALIER_OK);
    free(shift);
    free(scale);
}

static void check_compacted(const espalier_network *network, uint32_t seed)
{
    espalier_network *small = NULL;
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    check_network(small, seed);
    espalier_network_destroy(small);
}

static void random_networks(void **state)
{
    static const double pruned[] = {0.0, 0.3, 0.5, 0.7, 0.9, 0.98, 1.0};
    (void)state;
    for (uint32_t seed = 0; seed < 49; seed++) {
        size_t widths[6], count = 2 + seed % 5;
        for (size_t i = 0; i < count; i++)
            widths[i] = 1 + (size_t)(50.0 * made_uniform(seed + 2000, i));
        if (seed % 6 == 0)
            widths[count - 1] = 1;
        espalier_network *network = made_network(widths, count, seed, pruned[seed % 7]);
        scale_inputs(network, seed % 5);
        set_functions(network, seed % 3 ? 211 * seed : 0, FUNCTION_KINDS);
        check_network(network, seed);
        check_compacted(network, seed);
        espalier_network_destroy(network);
    }
}

/* Wide enough for lists one row at a time; the forms met are counted, so that none
 * is left out. */
static void every_form(void **state)
{
    static const double pruned[] = {0.0, 0.4, 0.6, 0.8, 0.9, 0.99};
    static const size_t widths[] = {410, 301, 170, 40, 9};
    (void)state;
    size_t met[2][2] = {{0}};
    for (uint32_t seed = 0; seed < 6; seed++) {
        espalier_network *network = made_network(widths, 5, seed, pruned[seed]);
        scale_inputs(network, seed % 5);
        set_functions(network, seed % 2 ? 101 * seed : 0, FUNCTION_KINDS);
        check_network(network, seed);
        espalier_predictor *predictor = predictor_of(network);
        for (size_t l = 0; l < espalier_predictor_layer_count(predictor); l++) {
            const espalier_predictor_layer layer = espalier_predictor_layer_form(predictor, l);
            assert_true(layer.nonzero <= layer.inputs * layer.outputs);
            met[layer.one_row_sparse][layer.many_rows_sparse]++;
        }
        espalier_predictor_destroy(predictor);
        espalier_network_destroy(network);
    }
    assert_true(met[0][0] && met[0][1] && met[1][1]);
}

/* Two inputs that are side by side lie farther apart in a row than places can name. */
static void wide_rows(void **state)
{
    static const size_t widths[] = {100000, 4, 3};
    enum { ROWS = 20, READ = 28000 };
    (void)state;
    espalier_network *network = made_network(widths, 3, 77, 0.5), *small = NULL;
    network_layer *layer = &network->layers[0];
    for (size_t o = 0; o < 4; o++)
        for (size_t i = READ; i < widths[0]; i++) {
            layer->mask[o * widths[0] + i] = i + 1 == widths[0];
            layer->weights[o * widths[0] + i] = i + 1 == widths[0] ? 5.0f : 0.0f;
        }
    espalier_predictor *predictor = NULL;
    float *values = malloc(ROWS * widths[0] * sizeof *values);
    float single[ROWS * 3], many[ROWS * 3], logits[ROWS * 3];
    assert_non_null(values);
    made_values(77, ROWS * widths[0], values);
    for (size_t r = 1; r <= ROWS; r++)
        values[r * widths[0] - 1] = (float)r / ROWS;
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    assert_true(small->kept_inputs && small->layers[0].inputs > widths[0] / 4);
    assert_int_equal(predictor_create(small, FORM_LISTS, NULL, &predictor, NULL), ESPALIER_OK);
    for (size_t r = 0; r < ROWS; r++)
        run(predictor, values + r * widths[0], 1, 3, single + 3 * r, logits);
    run(predictor, values, ROWS, 3, many, logits);
    assert_near(many, single, ROWS * 3, 1e-5);
    free(values);
    espalier_predictor_destroy(predictor);
    espalier_network_destroy(small);
    espalier_network_destroy(network);
}

/* A first layer of a fifth of its weights is dense where rows are nearly all zeros, and
 * sparse where few of their values are; a note that is none is as good as none. */
static void noted_inputs(void **state)
{
    static const size_t widths[] = {784, 300, 10};
    static const struct {
        const char *text;
        bool many_sparse;
    } cases[] = {{NULL, true}, {"5", false}, {"100", true}, {"50", true}, {"0", true},
                 {"-5", true}, {"5%", true}, {"101", true}, {"", true}, {"0.05", true}};
    (void)state;
    espalier_network *network = made_network(widths, 3, 4, 0.8);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(espalier_network_set_metadata(network, NETWORK_NONZERO_INPUTS,
                                                       cases[i].text), ESPALIER_OK);
        espalier_predictor *predictor = predictor_of(network);
        assert_int_equal(espalier_predictor_layer_form(predictor, 0).many_rows_sparse,
                         cases[i].many_sparse);
        espalier_predictor_destroy(predictor);
        if (i < 3)
            check_network(network, (uint32_t)i);
    }
    espalier_network_destroy(network);
}

/* The levels below the best one that this processor has. */
static void every_level(void **state)
{
    static const size_t widths[] = {130, 301, 60, 17, 5};
    size_t count = 0;
    (void)state;
    while (math_kernels_at(count))
        count++;
    for (size_t k = 1; k < count; k++) {
        assert_int_equal(setenv("ESPALIER_CPU", math_kernels_at(1)->name, 1), 0);
        for (uint32_t seed = 0; seed < 3; seed++) {
            espalier_network *network = made_network(widths, 5, seed, seed * 0.49);
            set_functions(network, 157 * seed, FUNCTION_KINDS);
            check_network(network, seed);
            espalier_network_destroy(network);
        }
    }
    unsetenv("ESPALIER_CPU");
}

/* Inputs that no neuron reads: few are left of many, or most. */
static void dropped_inputs(void **state)
{
    static const size_t widths[] = {500, 40, 6};
    (void)state;
    for (uint32_t every = 1; every <= 9; every += 2) {
        for (uint32_t seed = 0; seed < 4; seed++) {
            espalier_network *network = made_network(widths, 3, seed, seed % 2 ? 0.8 : 0.0);
            network_layer *first = &network->layers[0];
            for (size_t i = 0; i < first->inputs * first->outputs; i++)
                if (every == 1 ? i % first->inputs % 10 == 3 : i % first->inputs % every != 2)
                    first->mask[i] = 0;
            espalier_network_apply_masks(network);
            scale_inputs(network, seed + 1);
            check_network(network, seed);
            check_compacted(network, seed);
            espalier_network_destroy(network);
        }
    }
}

/* Scales that the weights cannot take in. */
static void extreme_scales(void **state)
{
    static const size_t widths[] = {20, 30, 4};
    static const float scales[] = {1e-37f, 1e37f, 0.0f, -3.0f};
    const float shift = 0.0f;
    (void)state;
    for (size_t s = 0; s < 4; s++) {
        espalier_network *network = made_network(widths, 3, 3, 0.5);
        float values[40 * 20], logits[40 * 4];
        for (size_t i = 0; i < 20 * 30; i++)
            network->layers[0].weights[i] *= 200.0f; /* times 1e37 is out of range */
        made_values(5, 40 * 20, values);
        for (size_t i = 0; i < 40 * 20; i++)
            values[i] *= s < 2 ? 1.0f / scales[s] : 1.0f;
        assert_int_equal(espalier_network_set_scaling(network, 1, &shift, &scales[s]),
                         ESPALIER_OK);
        espalier_predictor *predictor = predictor_of(network);
        float *workspace = malloc(espalier_predictor_workspace(predictor, 40) * sizeof *workspace);
        assert_non_null(workspace);
        for (size_t batch = 1; batch <= 40; batch += 39) {
            for (size_t r = 0; r < 40; r += batch)
                predictor_logits(predictor, values + 20 * r, batch, logits + 4 * r, workspace);
            for (size_t r = 0; r < 40; r++) {
                double exact[4];
                made_logits(network, values + 20 * r, exact);
                for (size_t j = 0; j < 4; j++)
                    assert_true(fabs((double)logits[4 * r + j] - exact[j]) <=
                                1e-5 * (1.0 + fabs(exact[j])));
            }
        }
        free(workspace);
        espalier_predictor_destroy(predictor);
        espalier_network_destroy(network);
    }
}

/* Every activation behind and in front of every form. */
static void every_activation(void **state)
{
    static const size_t widths[] = {60, 340, 120, 40, 5};
    (void)state;
    for (uint32_t kind = 0; kind < FUNCTION_KINDS; kind++) {
        espalier_network *network = made_network(widths, 5, kind, kind % 2 ? 0.8 : 0.3);
        const size_t other = (kind + 4) % FUNCTION_KINDS;
        set_functions(network, kind + FUNCTION_KINDS * (kind + FUNCTION_KINDS * other),
                      FUNCTION_KINDS);
        scale_inputs(network, kind % 5);
        check_network(network, kind);
        check_compacted(network, kind);
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
        for (size_t k = 1; k < FUNCTION_KINDS; k++) {
            set_function(&network->layers[dead], &function_kinds[dead < 2 ? k : 1]);
            check_network(network, 5);
        }
        espalier_predictor *predictor = predictor_of(network);
        float values[18], probabilities[8], logits[8];
        made_values(9, 18, values);
        run(predictor, values, 2, 4, probabilities, logits);
        assert_memory_equal(probabilities, probabilities + 4, 4 * sizeof(float));
        espalier_predictor_destroy(predictor);
        espalier_network_destroy(network);
    }
}

/* No neuron and no product may hide a NaN, whichever path and form it takes. */
static void nan_stays(void **state)
{
    enum { INPUTS = 60, ROWS = 20 };
    static const size_t widths[] = {INPUTS, 320, 200, 3};
    static const double pruned[] = {0.0, 0.7, 0.97};
    (void)state;
    for (uint32_t seed = 0; seed < 6; seed++) {
        espalier_network *network = made_network(widths, 4, seed, pruned[seed % 3]);
        scale_inputs(network, seed / 3 * 3);
        set_functions(network, 8 * seed, FUNCTION_KINDS);
        espalier_predictor *predictor = predictor_of(network);
        float values[ROWS * INPUTS], probabilities[ROWS * 3], *workspace;
        made_values(8, ROWS * INPUTS, values);
        values[2] = NAN;
        workspace = malloc(espalier_predictor_workspace(predictor, ROWS) * sizeof *workspace);
        assert_non_null(workspace);
        espalier_predictor_run(predictor, values, 1, probabilities, workspace);
        assert_true(isnan(probabilities[0]));
        espalier_predictor_run(predictor, values, ROWS, probabilities, workspace);
        assert_true(isnan(probabilities[0]));
        for (size_t i = 3; i < ROWS * 3; i++)
            assert_true(isfinite(probabilities[i]));
        free(workspace);
        espalier_predictor_destroy(predictor);
        espalier_network_destroy(network);
    }
}

/* Where rows are no whole number of vectors nothing is computed of what the workspace held:
 * each function that compares would say so of a NaN. */
static void nothing_stray(void **state)
{
    (void)state;
    enum { INPUTS = 300, ROWS = 37 };
    static const size_t widths[] = {INPUTS, 200, 40, 3};
    static const espalier_activation kinds[] = {ESPALIER_RELU, ESPALIER_LEAKY_RELU, ESPALIER_SIGMOID,
                                                ESPALIER_TANH};
    float values[ROWS * INPUTS], probabilities[ROWS * 3], logits[ROWS * 3];
    made_values(8, ROWS * INPUTS, values);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        espalier_network *network = made_network(widths, 4, 7, 0.97);
        for (size_t l = 0; l < 2; l++)
            assert_int_equal(espalier_network_set_activation(network, l, kinds[k], 0.01f, NULL),
                             ESPALIER_OK);
        espalier_predictor *predictor = predictor_of(network);
        assert_true(espalier_predictor_layer_form(predictor, 0).many_rows_sparse);
        for (size_t rows = 2; rows <= ROWS; rows++) {
            feclearexcept(FE_ALL_EXCEPT);
            run(predictor, values, rows, 3, probabilities, logits);
            assert_false(fetestexcept(FE_INVALID));
        }
        espalier_predictor_destroy(predictor);
        espalier_network_destroy(network);
    }
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
    static const size_t widths[] = {30, 320, 3};
    (void)state;
    espalier_network *network = made_network(widths, 3, 8, 0.97);
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
        cmocka_unit_test(random_networks),   cmocka_unit_test(every_form),
        cmocka_unit_test(every_level),       cmocka_unit_test(dropped_inputs),
        cmocka_unit_test(extreme_scales),    cmocka_unit_test(every_activation),
        cmocka_unit_test(noted_inputs),      cmocka_unit_test(the_papers_network),
        cmocka_unit_test(collapsed_network), cmocka_unit_test(nan_stays),
        cmocka_unit_test(without_memory),    cmocka_unit_test(workspace_never_shrinks),
        cmocka_unit_test(width_is_checked),  cmocka_unit_test(wide_rows),
        cmocka_unit_test(nothing_stray),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
