/* Networks of lower rank: what numpy makes of the same matrices, what travels along, and
 * two factors with the function of one matrix. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/infer/made.h"

#include <sys/wait.h>
#include <unistd.h>

#include "espalier/analyse.h"
#include "tests/base/test_allocator.h"

static void names(void **state)
{
    (void)state;
    assert_string_equal(espalier_low_rank_name(ESPALIER_LOW_RANK_PCA), "pca");
    assert_string_equal(espalier_low_rank_name(ESPALIER_LOW_RANK_SVD), "svd");
    assert_null(espalier_low_rank_name(ESPALIER_LOW_RANK_COUNT));
}

/* A rank of 0 is refused before any work. */
static void rank_of_zero(void **state)
{
    static const size_t widths[] = {5, 4, 3, 2}, ranks[] = {2, 0};
    espalier_network *network = made_network(widths, 4, 1, 0.0), *out = NULL;
    espalier_error error = {0};
    (void)state;
    assert_int_equal(
        espalier_network_low_rank(network, ranks, ESPALIER_LOW_RANK_SVD, NULL, &out, &error),
        ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message, "rank of layer 1: 0; expected 1 or more");
    error = (espalier_error){0};
    assert_int_equal(
        espalier_network_factor(network, ranks, ESPALIER_LOW_RANK_PCA, NULL, &out, &error),
        ESPALIER_ERROR_ARGUMENT);
    static const size_t right[] = {2, 2};
    for (int factored = 0; factored < 2; factored++) {
        error = (espalier_error){0};
        assert_int_equal((factored ? espalier_network_factor : espalier_network_low_rank)(
                             network, right, ESPALIER_LOW_RANK_COUNT, NULL, &out, &error),
                         ESPALIER_ERROR_ARGUMENT);
        assert_string_equal(error.message, "method: unknown one 2");
    }
    assert_null(out);
    espalier_network_destroy(network);
}

#ifdef ESPALIER_HAVE_CBLAS

static espalier_network *lowered(const espalier_network *network, const size_t *ranks,
                                 espalier_low_rank method)
{
    espalier_network *low = NULL;
    espalier_error error = {0};
    if (espalier_network_low_rank(network, ranks, method, NULL, &low, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    return low;
}

static espalier_network *factored(const espalier_network *network, const size_t *ranks,
                                  espalier_low_rank method)
{
    espalier_network *made = NULL;
    espalier_error error = {0};
    if (espalier_network_factor(network, ranks, method, NULL, &made, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    return made;
}

static size_t rank_of(const espalier_network *network, size_t layer)
{
    espalier_spectrum spectrum;
    assert_int_equal(espalier_network_spectrum(network, layer, NULL, &spectrum, NULL),
                     ESPALIER_OK);
    const size_t rank = spectrum.rank;
    espalier_spectrum_clear(&spectrum, NULL);
    return rank;
}

/* A hidden layer [outputs][inputs] and one output; rows repeat from `distinct` on. */
static espalier_network *one_layer(size_t outputs, size_t inputs, size_t distinct)
{
    const size_t widths[] = {inputs, outputs, 2};
    espalier_network *network = made_network(widths, 3, 9, 0.0);
    float *weights = network->layers[0].weights;
    for (size_t r = distinct; r < outputs; r++)
        memcpy(weights + r * inputs, weights + (r - distinct) * inputs, inputs * sizeof *weights);
    return network;
}

static double distance(const espalier_network *a, const espalier_network *b)
{
    double squares = 0.0;
    for (size_t i = 0; i < a->layers[0].inputs * a->layers[0].outputs; i++) {
        const double d = (double)a->layers[0].weights[i] - (double)b->layers[0].weights[i];
        squares += d * d;
    }
    return sqrt(squares);
}

/* PCA with r components is the nearest of all matrices of rank r plus a mean, so it lies
 * between the nearest of rank r and that of rank r + 1. */
static void nearest(void **state)
{
    static const size_t shapes[][2] = {{30, 20}, {20, 30}, {25, 25}};
    (void)state;
    for (size_t s = 0; s < 3; s++) {
        espalier_network *network = one_layer(shapes[s][0], shapes[s][1], 100);
        double last = INFINITY;
        for (size_t rank = 1; rank < 19; rank++) {
            espalier_network *svd = lowered(network, &rank, ESPALIER_LOW_RANK_SVD);
            espalier_network *pca = lowered(network, &rank, ESPALIER_LOW_RANK_PCA);
            assert_int_equal(rank_of(svd, 0), rank);
            assert_int_equal(rank_of(pca, 0), rank + 1);
            assert_true(distance(network, svd) <= last + 1e-6);
            last = distance(network, pca);
            assert_true(last < distance(network, svd));
            espalier_network_destroy(svd);
            espalier_network_destroy(pca);
        }
        espalier_network_destroy(network);
    }
}

/* Nothing to take away: the same bytes. */
static void full_rank(void **state)
{
    static const size_t shapes[][3] = {{1, 8, 1}, {8, 1, 1}, {6, 9, 6}, {9, 6, 7}, {1, 1, 5}};
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        espalier_network *network = one_layer(shapes[s][0], shapes[s][1], 100);
        network->inputs_counted = 7;
        network->layers[0].activations[0] = 3;
        for (unsigned m = 0; m < ESPALIER_LOW_RANK_COUNT; m++) {
            espalier_network *low = lowered(network, &shapes[s][2], (espalier_low_rank)m);
            espalier_network *split = factored(network, &shapes[s][2], (espalier_low_rank)m);
            assert_memory_equal(low->layers[0].weights, network->layers[0].weights,
                                shapes[s][0] * shapes[s][1] * sizeof(float));
            assert_int_equal(split->layer_count, 2);
            assert_memory_equal(split->layers[0].weights, network->layers[0].weights,
                                shapes[s][0] * shapes[s][1] * sizeof(float));
            assert_int_equal(low->layers[0].activations[0], 3);
            assert_int_equal(split->layers[0].activations[0], 3);
            assert_int_equal(split->inputs_counted, 7);
            espalier_network_destroy(low);
            espalier_network_destroy(split);
        }
        espalier_network_destroy(network);
    }
}

static void zero_matrix(void **state)
{
    static const size_t rank = 3;
    espalier_network *network = one_layer(12, 10, 100);
    (void)state;
    memset(network->layers[0].weights, 0, 120 * sizeof(float));
    for (unsigned m = 0; m < ESPALIER_LOW_RANK_COUNT; m++) {
        espalier_network *low = lowered(network, &rank, (espalier_low_rank)m);
        espalier_network *split = factored(network, &rank, (espalier_low_rank)m);
        assert_int_equal(rank_of(low, 0), 0);
        assert_true(distance(network, low) == 0.0);
        assert_int_equal(split->layers[0].outputs, 1);
        assert_int_equal(rank_of(split, 1), 0);
        espalier_network_destroy(low);
        espalier_network_destroy(split);
    }
    espalier_network_destroy(network);
}

/* Three neurons with four weights each: rank 3, and that of PCA's centred weights. */
static void no_higher_rank(void **state)
{
    static const size_t rank = 3, size = 120;
    espalier_network *network = one_layer(12, 10, 100);
    (void)state;
    for (size_t i = 0; i < size; i++)
        network->layers[0].mask[i] = i < 30 && i % 10 < 4;
    espalier_network_apply_masks(network);
    network->inputs_counted = 7;
    assert_int_equal(espalier_network_set_metadata(network, "history", "[]"), ESPALIER_OK);
    for (unsigned m = 0; m < ESPALIER_LOW_RANK_COUNT; m++) {
        espalier_network *low = lowered(network, &rank, (espalier_low_rank)m);
        espalier_network *split = factored(network, &rank, (espalier_low_rank)m);
        espalier_network *const both[] = {low, split};
        for (size_t b = 0; b < 2; b++) { /* 3 (12 + 10) are more than the 12 weights that are kept */
            assert_int_equal(both[b]->layer_count, 2);
            assert_memory_equal(both[b]->layers[0].mask, network->layers[0].mask, size);
            assert_memory_equal(both[b]->layers[0].weights, network->layers[0].weights, size * sizeof(float));
            assert_int_equal(both[b]->inputs_counted, 7);
            assert_non_null(espalier_network_metadata(both[b], "history"));
        }
        espalier_network_destroy(low);
        espalier_network_destroy(split);
    }
    memset(network->layers[0].mask, 1, size); /* 66 are fewer than 120, and the counts are of other layers */
    espalier_network *split = factored(network, &rank, ESPALIER_LOW_RANK_SVD);
    assert_int_equal(split->layer_count, 3);
    assert_int_equal(split->inputs_counted, 0);
    assert_null(espalier_network_metadata(split, "history"));
    espalier_network_destroy(split);
    espalier_network_destroy(network);
}

static void weight_change(void **state)
{
    static const size_t shape[] = {2, 2};
    espalier_network *a = made_network(shape, 2, 1, 0.0), *b = made_network(shape, 2, 1, 0.0);
    (void)state;
    assert_true(espalier_network_weight_change(a, b, 0) == 0.0);
    memcpy(a->layers[0].weights, (float[]){3, 0, 0, 4}, 4 * sizeof(float));
    memcpy(b->layers[0].weights, (float[]){0, 0, 0, 0}, 4 * sizeof(float));
    assert_float_equal(espalier_network_weight_change(a, b, 0), 1.0, 1e-12);
    assert_true(isinf(espalier_network_weight_change(b, a, 0)));
    b->layers[0].weights[0] = 3;
    b->layers[0].weights[3] = 2;
    assert_float_equal(espalier_network_weight_change(a, b, 0), 0.4, 1e-12);
    memset(a->layers[0].weights, 0, 4 * sizeof(float));
    memset(b->layers[0].weights, 0, 4 * sizeof(float));
    assert_true(espalier_network_weight_change(a, b, 0) == 0.0);
    b->layers[0].weights[1] = NAN;
    assert_true(isnan(espalier_network_weight_change(a, b, 0)));
    espalier_network_destroy(a);
    espalier_network_destroy(b);
}

/* ---- what travels --------------------------------------------------------- */

static const size_t widths[] = {24, 20, 18, 16, 5};
static const size_t ranks[] = {5, 18, 3}; /* the second stays as it is */

/* Pruned, compacted, with counts, a history and class names. */
static espalier_network *compacted(void)
{
    static const char *const names_of_classes[] = {"a", "b", "c", "d", "e"};
    espalier_network *network = made_network(widths, 5, 3, 0.4), *small = NULL;
    for (size_t i = 0; i < widths[0]; i++) { /* neuron 2 of the first layer, input 7 */
        network->layers[0].mask[2 * widths[0] + i] = 0;
        if (i < widths[1])
            network->layers[0].mask[i * widths[0] + 7] = 0;
    }
    espalier_network_apply_masks(network);
    network->inputs_counted = 11;
    assert_int_equal(espalier_network_set_metadata(network, "history", "[]"), ESPALIER_OK);
    assert_int_equal(espalier_network_set_metadata(network, "training", "{}"), ESPALIER_OK);
    assert_int_equal(espalier_network_set_class_names(network, names_of_classes), ESPALIER_OK);
    assert_int_equal(espalier_network_compact(network, NULL, &small, NULL, NULL), ESPALIER_OK);
    assert_non_null(small->kept_inputs);
    assert_non_null(small->layers[0].kept);
    espalier_network_destroy(network);
    return small;
}

/* from and to: the same layer, before and after. */
static void check_layer(const network_layer *from, const network_layer *to, bool replaced)
{
    assert_memory_equal(to->biases, from->biases, from->outputs * sizeof(float));
    if (from->kept)
        assert_memory_equal(to->kept, from->kept, from->outputs * sizeof *from->kept);
    else
        assert_null(to->kept);
    for (size_t i = 0; i < to->outputs * to->inputs; i++)
        if (replaced) {
            assert_int_equal(to->mask[i], 1);
        } else {
            assert_int_equal(to->mask[i], from->mask[i]);
            assert_true(to->weights[i] == from->weights[i]);
        }
}

static void travels(void **state)
{
    espalier_network *network = compacted();
    (void)state;
    for (unsigned m = 0; m < ESPALIER_LOW_RANK_COUNT; m++) {
        espalier_network *low = lowered(network, ranks, (espalier_low_rank)m);
        espalier_network *split = factored(network, ranks, (espalier_low_rank)m);
        espalier_network *const both[] = {low, split};
        for (size_t l = 0; l < 4; l++)
            check_layer(&network->layers[l], &low->layers[l], l == 0 || l == 2);
        for (size_t b = 0; b < 2; b++) {
            assert_memory_equal(both[b]->kept_inputs, network->kept_inputs,
                                network->layers[0].inputs * sizeof(uint64_t));
            assert_int_equal(espalier_network_row_width(both[b]), 24);
            assert_int_equal(both[b]->inputs_counted, 0);
            assert_null(espalier_network_metadata(both[b], "history"));
            assert_string_equal(espalier_network_metadata(both[b], "training"), "{}");
            assert_string_equal(espalier_network_class_name(both[b], 3), "d");
        }
        espalier_network_destroy(low);
        espalier_network_destroy(split);
    }
    espalier_network_destroy(network);
}

/* ---- factors --------------------------------------------------------------- */

static void check_same_function(const espalier_network *a, const espalier_network *b)
{
    espalier_dataset *dataset =
        made_dataset(4, 60, 0, espalier_network_row_width(a), espalier_network_class_count(a));
    espalier_difference difference;
    espalier_error error = {0};
    if (espalier_compare(a, b, dataset, 1, &difference, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    assert_int_equal(difference.rows, 60);
    assert_true(difference.largest < 1e-5);
    espalier_dataset_destroy(dataset);
}

/* Component by component both factors carry the same weight. */
static void check_balance(const network_layer *thin, const network_layer *to)
{
    for (size_t k = 0; k < thin->outputs; k++) {
        double right = 0.0, left = 0.0;
        for (size_t i = 0; i < thin->inputs; i++)
            right += pow(thin->weights[k * thin->inputs + i], 2);
        for (size_t o = 0; o < to->outputs; o++)
            left += pow(to->weights[o * to->inputs + k], 2);
        assert_float_equal(left, right, 1e-5 * (1.0 + left));
        assert_true(left > 0.0);
        assert_true(thin->biases[k] == 0.0f);
    }
}

static void factors(void **state)
{
    espalier_network *network = compacted();
    (void)state;
    for (unsigned m = 0; m < ESPALIER_LOW_RANK_COUNT; m++) {
        const size_t more = m == ESPALIER_LOW_RANK_PCA; /* the mean */
        espalier_network *low = lowered(network, ranks, (espalier_low_rank)m);
        espalier_network *split = factored(network, ranks, (espalier_low_rank)m);
        assert_int_equal(split->layer_count, 6);
        for (size_t l = 0; l < 6; l++)
            assert_int_equal(network_has_activation(split, l),
                             l != 0 && l != 3 && l + 1 < split->layer_count);
        assert_int_equal(split->layers[0].outputs, 5 + more);
        assert_int_equal(split->layers[3].outputs, 3 + more);
        assert_int_equal(split->original_widths[1], 5 + more);
        assert_int_equal(split->original_widths[2], 20);
        assert_int_equal(split->original_widths[3], 18);
        assert_int_equal(split->original_widths[6], 5);
        assert_int_equal(rank_of(split, 0), 5 + more);
        check_balance(&split->layers[0], &split->layers[1]);
        check_balance(&split->layers[3], &split->layers[4]);
        check_layer(&network->layers[0], &split->layers[1], true);
        check_layer(&network->layers[1], &split->layers[2], false);
        check_layer(&network->layers[3], &split->layers[5], false);
        check_same_function(low, split);
        espalier_network_destroy(low);
        espalier_network_destroy(split);
    }
    espalier_network_destroy(network);
}

/* 4 (12 + 6) = 12 * 6: two factors of rank 4 would be no smaller. */
static void only_where_smaller(void **state)
{
    static const size_t shape[] = {12, 6, 2};
    espalier_network *network = made_network(shape, 3, 2, 0.0);
    (void)state;
    for (size_t rank = 3; rank < 5; rank++) {
        espalier_network *split = factored(network, &rank, ESPALIER_LOW_RANK_SVD);
        assert_int_equal(split->layer_count, rank == 3 ? 3 : 2);
        assert_int_equal(rank_of(split, 0), rank);
        espalier_network_destroy(split);
    }
    espalier_network_destroy(network);
}

/* The largest value times the width is no float, but the rank is that of smaller weights. */
static void large_weights(void **state)
{
    static const size_t shape[] = {20, 20, 2}, rank = 3;
    espalier_network *network = made_network(shape, 3, 2, 0.0);
    float *weights = network->layers[0].weights;
    (void)state;
    memset(weights, 0, 400 * sizeof *weights);
    for (size_t i = 0; i < 20; i++)
        weights[21 * i] = ldexpf(1.0f, 126 - (int)i);
    espalier_network *split = factored(network, &rank, ESPALIER_LOW_RANK_SVD);
    assert_int_equal(split->layer_count, 3);
    assert_int_equal(split->layers[0].outputs, 3);
    espalier_network_destroy(split);
    espalier_network_destroy(network);
}

/* A layer of lower rank than asked for gets as many neurons as its rank, and a network
 * that has factors already may get more. */
static void again(void **state)
{
    static const size_t rank = 9, second[] = {2, 8};
    espalier_network *network = one_layer(40, 30, 4);
    (void)state;
    espalier_network *once = factored(network, &rank, ESPALIER_LOW_RANK_SVD);
    assert_int_equal(once->layer_count, 3);
    assert_int_equal(once->layers[0].outputs, 4);
    check_same_function(network, once);
    espalier_network *low = lowered(once, second, ESPALIER_LOW_RANK_SVD);
    espalier_network *twice = factored(once, second, ESPALIER_LOW_RANK_SVD);
    assert_int_equal(twice->layer_count, 4);
    assert_true(!network_has_activation(twice, 0) && !network_has_activation(twice, 1) &&
                network_has_activation(twice, 2));
    check_same_function(low, twice);
    espalier_network_destroy(network);
    espalier_network_destroy(once);
    espalier_network_destroy(low);
    espalier_network_destroy(twice);
}

/* ---- what goes wrong ------------------------------------------------------- */

static void not_finite(void **state)
{
    espalier_network *network = made_network(widths, 5, 1, 0.0), *out = NULL;
    espalier_error error = {0};
    (void)state;
    network->layers[2].weights[4] = NAN;
    assert_int_equal(
        espalier_network_low_rank(network, ranks, ESPALIER_LOW_RANK_SVD, NULL, &out, &error),
        ESPALIER_ERROR_NUMERIC);
    assert_non_null(strstr(error.message, "layer 2: "));
    assert_null(out);
    espalier_network_destroy(network);
}

static void without_memory(void **state)
{
    espalier_network *network = compacted();
    espalier_status status = ESPALIER_ERROR_MEMORY;
    size_t from = 1;
    (void)state;
    for (; status != ESPALIER_OK; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_network *out = NULL;
        status = espalier_network_factor(network, ranks, ESPALIER_LOW_RANK_PCA, &allocator, &out,
                                         NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        assert_int_equal(out != NULL, status == ESPALIER_OK);
        espalier_network_destroy(out);
        assert_int_equal(m.live, 0);
        assert_true(from < 300);
    }
    assert_true(from > 60); /* it did ask for memory here and there */
    espalier_network_destroy(network);
}

/* ---- numpy ----------------------------------------------------------------- */

static void write_floats(const char *folder, const char *name, const float *values, size_t count)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(values, sizeof *values, count, file), count);
    assert_int_equal(fclose(file), 0);
}

enum { NO_NUMPY = 77, NO_PROGRAM = 127 };

static int compare_with_numpy(const char *python, const char *folder, espalier_low_rank method,
                              const size_t shape[4])
{
    const size_t outputs = shape[0], inputs = shape[1];
    espalier_network *network = one_layer(outputs, inputs, shape[3]);
    espalier_network *low = lowered(network, &shape[2], method);
    const char *slash = strrchr(__FILE__, '/');
    char command[1024];
    write_floats(folder, "before", network->layers[0].weights, inputs * outputs);
    write_floats(folder, "after", low->layers[0].weights, inputs * outputs);
    snprintf(command, sizeof command, "%s '%.*s/low_rank.py' %s %s %zu %zu %zu %zu", python,
             slash ? (int)(slash - __FILE__) : 1, slash ? __FILE__ : ".", folder,
             espalier_low_rank_name(method), outputs, inputs, shape[2], rank_of(low, 0));
    espalier_network_destroy(network);
    espalier_network_destroy(low);
    const int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int all_cases(const char *python, const char *folder)
{
    /* outputs, inputs, components, distinct rows */
    static const size_t cases[][4] = {{100, 160, 30, 100}, {90, 60, 59, 90}, {64, 64, 20, 11},
                                      {2, 50, 1, 2},       {1, 20, 1, 1},    {20, 1, 1, 20}};
    int result = 0;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (unsigned m = 0; m < ESPALIER_LOW_RANK_COUNT && result == 0; m++)
            result = compare_with_numpy(python, folder, (espalier_low_rank)m, cases[c]);
    return result;
}

/* The first python3 in the path may be one without numpy beside a system's with it. */
static void equals_numpy(void **state)
{
    static const char *const pythons[] = {"python3", "/usr/bin/python3"};
    char folder[] = "low-rank-XXXXXX", path[64];
    int result = NO_NUMPY;
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < 2 && (result == NO_NUMPY || result == NO_PROGRAM); i++)
        result = all_cases(pythons[i], folder);
    snprintf(path, sizeof path, "%s/before", folder);
    remove(path);
    snprintf(path, sizeof path, "%s/after", folder);
    remove(path);
    assert_int_equal(rmdir(folder), 0);
    if (result == NO_NUMPY || result == NO_PROGRAM) {
        print_message("skipped: python3 with numpy is not installed\n");
        skip();
    }
    assert_int_equal(result, 0);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),          cmocka_unit_test(rank_of_zero),
#ifdef ESPALIER_HAVE_CBLAS
        cmocka_unit_test(nearest),        cmocka_unit_test(full_rank),
        cmocka_unit_test(zero_matrix),    cmocka_unit_test(weight_change),
        cmocka_unit_test(travels),        cmocka_unit_test(no_higher_rank),
        cmocka_unit_test(factors),        cmocka_unit_test(only_where_smaller),
        cmocka_unit_test(large_weights),
        cmocka_unit_test(again),          cmocka_unit_test(not_finite),
        cmocka_unit_test(without_memory), cmocka_unit_test(equals_numpy),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
