/* What the runs of a study start from and are given: controls against their pruned run. */
#define _XOPEN_SOURCE 700
#include <math.h>

#include "espalier/analyse.h"
#include "tests/study/small_study.h"

static const espalier_study_method controls[] = {
    ESPALIER_STUDY_REWIND, ESPALIER_STUDY_REINIT, ESPALIER_STUDY_SHUFFLE, ESPALIER_STUDY_SCRATCH,
    ESPALIER_STUDY_PCA,    ESPALIER_STUDY_SVD,    ESPALIER_STUDY_FACTORS};

static char folder[32];
static const char pruned_name[] = "activation-80-global-2-training-s1";

/* One seed, one criterion, all controls; and the dense networks under a penalty. */
static int set_up(void **state)
{
    static const double lambda[] = {0.01};
    espalier_error error = {0};
    espalier_dataset *data = small_study_data();
    small_folder(folder);
    espalier_study_options o = small_options(folder);
    o.criterion_count = 1;
    o.sparsities = &small_sparsities[1];
    o.sparsity_count = 1;
    o.controls = controls;
    o.control_count = 7;
    o.controlled = small_criteria;
    o.controlled_count = 1;
    o.nuclear = lambda;
    o.nuclear_count = 1;
    o.nuclear_weighted = lambda;
    o.nuclear_weighted_count = 1;
    o.regulariser.start_accuracy = 0;
    o.spectra = true;
    o.seed_count = 1;
    if (espalier_study_run(data, &o, NULL, NULL, &error))
        fail_msg("%s", error.message);
    espalier_dataset_destroy(data);
    (void)state;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    small_remove(folder);
    return 0;
}

static json_t *record_of(espalier_study_method method)
{
    char name[160];
    snprintf(name, sizeof name, "%s-of-%s", espalier_study_method_name(method), pruned_name);
    return small_record(folder, name);
}

static espalier_network *model_of(espalier_study_method method)
{
    char name[160];
    snprintf(name, sizeof name, "%s-of-%s", espalier_study_method_name(method), pruned_name);
    return small_model(folder, name);
}

static double layer_number(const json_t *record, size_t layer, const char *key)
{
    return small_number(json_array_get(json_object_get(record, "layers"), layer), key);
}

static void test_all_done(void **state)
{
    (void)state;
    json_t *pruned = small_record(folder, pruned_name);
    for (size_t i = 0; i < 7; i++) {
        json_t *record = record_of(controls[i]);
        assert_string_equal(json_string_value(json_object_get(record, "status")), "done");
        assert_string_equal(json_string_value(json_object_get(record, "of")), pruned_name);
        assert_string_equal(json_string_value(json_object_get(record, "criterion")), "activation");
        assert_true(small_number(record, "target") == 0.8);
        assert_int_equal(json_array_size(json_object_get(record, "layers")), 3);
        json_decref(record);
    }
    assert_true(small_number(json_object_get(pruned, "sparsity"), "all") >= 0.8);
    assert_true(json_is_true(json_object_get(pruned, "reached")));
    json_decref(pruned);
}

/* The masks of the compacted networks lie at the same places of the original. */
static void test_masks(void **state)
{
    (void)state;
    espalier_network *pruned = small_model(folder, pruned_name);
    for (size_t i = 0; i < 2; i++) {
        espalier_network *again = model_of(controls[i]);
        size_t different = 0;
        for (size_t l = 0; l < 3; l++) {
            const size_t in = espalier_network_inputs(pruned, l);
            const size_t out = espalier_network_outputs(pruned, l);
            assert_int_equal(espalier_network_inputs(again, l), in);
            assert_int_equal(espalier_network_outputs(again, l), out);
            assert_memory_equal(espalier_network_mask_const(again, l),
                                espalier_network_mask_const(pruned, l), in * out);
            for (size_t k = 0; k < in * out; k++)
                different += espalier_network_weights_const(again, l)[k] !=
                             espalier_network_weights_const(pruned, l)[k];
            const uint64_t *kept = espalier_network_kept(pruned, l);
            for (size_t j = 0; l < 2 && kept && j < out; j++)
                assert_true(espalier_network_kept(again, l)[j] == kept[j]);
        }
        assert_true(different > 10); /* trained from other weights or by another path */
        espalier_network_destroy(again);
    }
    espalier_network_destroy(pruned);
}

static void test_rewind_is_not_reinit(void **state)
{
    (void)state;
    espalier_network *a = model_of(ESPALIER_STUDY_REWIND), *b = model_of(ESPALIER_STUDY_REINIT);
    size_t same = 0, all = 0;
    for (size_t l = 0; l < 3; l++) {
        const uint8_t *mask = espalier_network_mask_const(a, l);
        for (size_t k = 0; k < espalier_network_inputs(a, l) * espalier_network_outputs(a, l);
             k++) {
            all += mask[k];
            same += mask[k] && espalier_network_weights_const(a, l)[k] ==
                                   espalier_network_weights_const(b, l)[k];
        }
    }
    assert_true(all > 0 && same < all / 4);
    espalier_network_destroy(a);
    espalier_network_destroy(b);
}

static void test_shuffle(void **state)
{
    (void)state;
    json_t *pruned = small_record(folder, pruned_name), *shuffled = record_of(ESPALIER_STUDY_SHUFFLE);
    for (size_t l = 0; l < 3; l++) /* what shuffling cuts off, compaction takes out */
        assert_true(layer_number(shuffled, l, "nonzero") <= layer_number(pruned, l, "nonzero"));
    json_decref(pruned);
    json_decref(shuffled);
}

static void test_scratch(void **state)
{
    (void)state;
    json_t *pruned = small_record(folder, pruned_name), *scratch = record_of(ESPALIER_STUDY_SCRATCH);
    double inputs = 10, kept = 0;
    for (size_t l = 0; l < 3; l++) {
        const double live = layer_number(pruned, l, "live");
        assert_true(layer_number(scratch, l, "outputs") == live);
        assert_true(layer_number(scratch, l, "weights") == live * inputs);
        assert_true(layer_number(scratch, l, "nonzero") == live * inputs);
        kept += live * inputs;
        inputs = live;
    }
    /* against the study's dense network: 10 x 12 + 12 x 8 + 8 x 3 weights */
    assert_float_equal(small_number(json_object_get(scratch, "sparsity"), "all"), 1 - kept / 240,
                       1e-9);
    json_decref(pruned);
    json_decref(scratch);
}

static void test_low_rank(void **state)
{
    (void)state;
    json_t *pruned = small_record(folder, pruned_name);
    for (size_t i = 4; i < 7; i++) {
        json_t *record = record_of(controls[i]);
        assert_true(small_number(record, "accuracy_before_retraining") > 0);
        for (size_t l = 0; l < 2; l++) {
            assert_true(layer_number(record, l, "outputs") == (l ? 8 : 12));
            if (controls[i] == ESPALIER_STUDY_FACTORS)
                assert_true(layer_number(record, l, "rank") <= layer_number(pruned, l, "rank"));
        }
        json_decref(record);
    }
    assert_true(json_is_null(json_object_get(pruned, "accuracy_before_retraining")));
    json_decref(pruned);
}

/* The singular values of a pair of factors are those of its product. */
static void test_factors_spectrum(void **state)
{
    (void)state;
    json_t *record = record_of(ESPALIER_STUDY_FACTORS);
    espalier_network *network = model_of(ESPALIER_STUDY_FACTORS);
    for (size_t l = 0, told = 0; l < espalier_network_layer_count(network); l++, told++) {
        const size_t in = espalier_network_inputs(network, l);
        const bool pair = l + 1 < espalier_network_layer_count(network) &&
                          espalier_network_activation(network, l) == ESPALIER_LINEAR;
        const size_t out = espalier_network_outputs(network, l + pair);
        const float *a = espalier_network_weights_const(network, l);
        double squares = 0;
        for (size_t j = 0; j < out; j++) {
            for (size_t i = 0; i < in; i++) {
                const size_t rank = pair ? espalier_network_outputs(network, l) : 1;
                const float *b = pair ? espalier_network_weights_const(network, l + 1) : NULL;
                double w = pair ? 0 : a[j * in + i];
                for (size_t k = 0; pair && k < rank; k++)
                    w += (double)b[j * rank + k] * a[k * in + i];
                squares += w * w;
            }
        }
        assert_float_equal(layer_number(record, told, "frobenius"), sqrt(squares), 1e-4);
        l += pair;
    }
    espalier_network_destroy(network);
    json_decref(record);
}

/* 180 training rows, 6 operations; two steps at epochs 2 and 4 of 8. */
static void test_budget(void **state)
{
    (void)state;
    json_t *pruned = small_record(folder, pruned_name), *dense = small_record(folder, "dense-s1");
    assert_true(small_number(dense, "arithmetic") == 8 * 180.0 * 6 * 240);
    assert_true(small_number(pruned, "epochs") == 8 && small_number(pruned, "last_step") == 4);
    const double kept = 240 * (1 - small_number(json_object_get(pruned, "sparsity"), "all"));
    assert_true(small_number(pruned, "arithmetic") < 180.0 * 6 * (2 * 240 + 2 * 240 + 4 * 48 + 1));
    assert_true(small_number(pruned, "arithmetic") >= 180.0 * 6 * (2 * 240 + 6 * kept));
    for (size_t i = 0; i < 7; i++) {
        json_t *record = record_of(controls[i]);
        assert_true(small_number(record, "epochs") == (i < 4 ? 8 : 4));
        assert_true(small_number(record, "best_test_accuracy") >=
                    small_number(json_object_get(record, "accuracy"), "test"));
        json_decref(record);
    }
    json_decref(pruned);
    json_decref(dense);
}

static void test_penalty_shrinks(void **state)
{
    (void)state;
    json_t *dense = small_record(folder, "dense-s1");
    json_t *plain = small_record(folder, "nuclear-0.01-s1");
    json_t *weighted = small_record(folder, "nuclear-weighted-0.01-s1");
    for (size_t l = 0; l < 2; l++) {
        assert_true(layer_number(plain, l, "nuclear") < layer_number(dense, l, "nuclear"));
        assert_true(layer_number(weighted, l, "nuclear") < layer_number(plain, l, "nuclear"));
    }
    assert_true(small_number(plain, "target") == 0.01);
    json_decref(dense);
    json_decref(plain);
    json_decref(weighted);
}

static void test_spectra_and_times(void **state)
{
    (void)state;
    json_t *pruned = small_record(folder, pruned_name), *dense = small_record(folder, "dense-s1");
    /* begin, before and after each of two steps, end */
    assert_int_equal(json_array_size(json_object_get(pruned, "spectra")), 6);
    assert_int_equal(json_array_size(json_object_get(dense, "spectra")), 2);
    assert_true(small_number(pruned, "nanoseconds") > 0);
    assert_true(small_number(pruned, "nanoseconds_dense") > 0);
    assert_true(small_number(dense, "nanoseconds_dense") == small_number(dense, "nanoseconds"));
    assert_true(small_number(pruned, "file_bytes") > 0);
    json_decref(pruned);
    json_decref(dense);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_done),         cmocka_unit_test(test_masks),
        cmocka_unit_test(test_rewind_is_not_reinit), cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_scratch),          cmocka_unit_test(test_low_rank),
        cmocka_unit_test(test_factors_spectrum), cmocka_unit_test(test_budget),
        cmocka_unit_test(test_penalty_shrinks),  cmocka_unit_test(test_spectra_and_times),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
