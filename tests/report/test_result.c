/* The result object: its keys in their order, its values, its nulls. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/infer/made.h"
#include "tests/report/events.h"

#include "espalier/analyse.h"
#include "espalier/predict.h"

static const size_t widths[] = {9, 8, 6, 4};

static const espalier_train_summary summary = {
    .epochs = 3, .stopped_by = ESPALIER_STOPPED_BY_ACCURACY, .kept_epoch = 3, .seconds = 1.5};

static espalier_result_facts facts_of(const espalier_train_summary *of)
{
    return (espalier_result_facts){.seed = 42, .target = 0.9, .summary = of,
                                   .math = of ? "reference" : NULL, .threads = 2};
}

static espalier_record *record_of(size_t epochs)
{
    espalier_record *record = NULL;
    assert_int_equal(espalier_record_create(NULL, NULL, &record, NULL), ESPALIER_OK);
    if (epochs)
        events_run(record, NULL, epochs);
    return record;
}

static json_t *result_of(const espalier_record *record, const espalier_network *network,
                         const espalier_dataset *dataset, espalier_result_facts facts)
{
    char *text = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_record_result(record, network, dataset, &facts, &text, &error),
                     ESPALIER_OK);
    assert_null(strchr(text, '\n'));
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    espalier_text_release(text);
    return object;
}

static double number(json_t *object, const char *outer, const char *inner)
{
    json_t *value = json_object_get(json_object_get(object, outer), inner);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void check_layers(json_t *layers, const espalier_network *network)
{
    assert_int_equal(json_array_size(layers), 3);
    for (size_t l = 0; l < 3; l++) {
        json_t *layer = json_array_get(layers, l);
        const espalier_cost cost = espalier_network_layer_cost(network, l);
        events_keys(layer, "inputs outputs live weights nonzero rank");
        assert_int_equal(events_integer(layer, "inputs"), widths[l]);
        assert_int_equal(events_integer(layer, "outputs"), widths[l + 1]);
        assert_int_equal(events_integer(layer, "live"), cost.live);
        assert_int_equal(events_integer(layer, "weights"), cost.weights);
        assert_int_equal(events_integer(layer, "nonzero"), cost.nonzero);
#ifdef ESPALIER_HAVE_CBLAS
        float values[9];
        const size_t count = widths[l] < widths[l + 1] ? widths[l] : widths[l + 1];
        assert_int_equal(espalier_network_singular_values(network, l, NULL, values, NULL),
                         ESPALIER_OK);
        assert_int_equal(events_integer(layer, "rank"),
                         espalier_rank(values, count, widths[l + 1], widths[l]));
#else
        assert_true(json_is_null(json_object_get(layer, "rank")));
#endif
    }
}

static void check_prunes(json_t *prunes)
{
    assert_int_equal(json_array_size(prunes), 2);
    for (size_t i = 0; i < 2; i++) {
        json_t *step = json_array_get(prunes, i);
        events_keys(step, "step epoch training_accuracy requested removed_by_rank "
                          "removed_by_propagation neurons_removed neurons_guarded forced last "
                          "sparsity sparsity_prunable");
        assert_int_equal(events_integer(step, "requested"), 100 + i);
        assert_int_equal(events_integer(step, "removed_by_rank"), 90 + i);
        assert_float_equal(json_number_value(json_object_get(step, "sparsity")), 0.5, 0.0);
    }
}

static void a_run(void **state)
{
    static const char *const names[] = {"train", "validation", "test"};
    (void)state;
    espalier_dataset *dataset = made_dataset(2, 400, 200, 9, 4);
    espalier_network *network = made_network(widths, 4, 6, 0.4);
    espalier_record *record = record_of(3);
    json_t *result = result_of(record, network, dataset, facts_of(&summary));
    events_keys(result, "seed epochs stopped_by target sparsity accuracy loss layers prunes "
                        "seconds math threads version notes");
    assert_int_equal(events_integer(result, "seed"), 42);
    assert_int_equal(events_integer(result, "epochs"), 3);
    assert_string_equal(json_string_value(json_object_get(result, "stopped_by")),
                        espalier_stopped_by_name(ESPALIER_STOPPED_BY_ACCURACY));
    assert_float_equal(json_number_value(json_object_get(result, "target")), 0.9, 0.0);
    assert_float_equal(number(result, "sparsity", "all"), espalier_network_sparsity(network),
                       1e-11);
    assert_float_equal(number(result, "sparsity", "prunable"),
                       espalier_network_sparsity_prunable(network), 1e-11);
    for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++) {
        espalier_evaluation e;
        assert_int_equal(espalier_evaluate(network, dataset, (espalier_split)split, 0, 1, &e, NULL),
                         ESPALIER_OK);
        assert_float_equal(number(result, "accuracy", names[split]), e.accuracy, 1e-11);
        assert_float_equal(number(result, "loss", names[split]), e.loss, 1e-11);
        espalier_evaluation_clear(&e);
    }
    check_layers(json_object_get(result, "layers"), network);
    check_prunes(json_object_get(result, "prunes"));
    assert_float_equal(number(result, "seconds", "total"), 1.5, 0.0);
    json_t *per_epoch = json_object_get(json_object_get(result, "seconds"), "per_epoch");
    assert_int_equal(json_array_size(per_epoch), 3);
    assert_float_equal(json_number_value(json_array_get(per_epoch, 2)), 0.375, 0.0);
    assert_string_equal(json_string_value(json_object_get(result, "math")), "reference");
    assert_int_equal(events_integer(result, "threads"), 2);
    assert_string_equal(json_string_value(json_object_get(result, "version")), espalier_version());
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(result, "notes"), 0)),
        "a \"note\" with a \\");
    json_decref(result);
    espalier_record_destroy(record);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

static void assert_null_at(json_t *object, const char *outer, const char *inner)
{
    json_t *value = json_object_get(object, outer);
    assert_true(json_is_null(inner ? json_object_get(value, inner) : value));
}

/* No training, no data, weights that are not finite: nulls, not failures. */
static void nothing_known(void **state)
{
    (void)state;
    espalier_network *network = made_network(widths, 4, 6, 0.0);
    espalier_record *record = record_of(0);
    network->layers[1].weights[0] = INFINITY;
    json_t *result = result_of(record, network, NULL, facts_of(NULL));
    assert_int_equal(events_integer(result, "epochs"), 0);
    assert_null_at(result, "stopped_by", NULL);
    assert_null_at(result, "math", NULL);
    assert_null_at(result, "accuracy", "train");
    assert_null_at(result, "loss", "test");
    assert_null_at(result, "seconds", "total");
    assert_null_at(json_array_get(json_object_get(result, "layers"), 1), "rank", NULL);
    assert_int_equal(json_array_size(json_object_get(result, "prunes")), 0);
    json_decref(result);

    /* A split without rows. */
    espalier_dataset *dataset = made_dataset(2, 100, 0, 9, 4);
    network->layers[1].weights[0] = 1.0f;
    result = result_of(record, network, dataset, facts_of(NULL));
    assert_true(number(result, "accuracy", "train") >= 0.0);
    assert_null_at(result, "accuracy", "test");
    json_decref(result);
    espalier_dataset_destroy(dataset);
    espalier_record_destroy(record);
    espalier_network_destroy(network);
}

static void wrong_data(void **state)
{
    (void)state;
    espalier_network *network = made_network(widths, 4, 6, 0.0);
    espalier_dataset *dataset = made_dataset(2, 100, 0, 5, 4);
    espalier_record *record = record_of(0);
    const espalier_result_facts facts = facts_of(NULL);
    char *text = NULL;
    espalier_error error = {0};
    assert_int_equal(espalier_record_result(record, network, dataset, &facts, &text, &error),
                     ESPALIER_ERROR_MISMATCH);
    assert_non_null(strstr(error.message, "9 values"));
    assert_null(text);
    espalier_record_destroy(record);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
}

static size_t left; /* allocations that jansson may still make */

static void *rationed(size_t bytes)
{
    return left ? left--, malloc(bytes) : NULL;
}

/* jansson without memory at every place: always the error, never half an object. */
static void without_memory(void **state)
{
    (void)state;
    espalier_network *network = made_network(widths, 4, 6, 0.0);
    espalier_record *record = record_of(2);
    const espalier_result_facts facts = facts_of(&summary);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    json_set_alloc_funcs(rationed, free);
    for (size_t given = 0; status != ESPALIER_OK; given++) {
        char *text = NULL;
        espalier_error error = {0};
        left = given;
        status = espalier_record_result(record, network, NULL, &facts, &text, &error);
        if (status != ESPALIER_OK) {
            assert_int_equal(status, ESPALIER_ERROR_MEMORY);
            assert_int_equal(error.status, status);
            assert_null(text);
        }
        espalier_text_release(text);
        assert_true(given < 10000);
    }
    json_set_alloc_funcs(malloc, free);
    espalier_record_destroy(record);
    espalier_network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run),
        cmocka_unit_test(nothing_known),
        cmocka_unit_test(wrong_data),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
