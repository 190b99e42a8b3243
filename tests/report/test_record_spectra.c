/* Spectra in a run: when they are taken, of which network, and what they say. */
#define _GNU_SOURCE /* mkdtemp */
#include "tests/report/events.h"

#include "espalier/analyse.h"
#include "espalier/prune.h"
#include "report/record.h"
#include "tests/base/test_allocator.h"

static espalier_record *record_at(const char *path)
{
    espalier_record *record = NULL;
    assert_int_equal(espalier_record_create(path, NULL, &record, NULL), ESPALIER_OK);
    return record;
}

static json_t *spectra_of(const espalier_record *record)
{
    char *text = NULL;
    assert_int_equal(espalier_record_spectra_json(record, &text, NULL), ESPALIER_OK);
    assert_null(strchr(text, '\n'));
    json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_array(list));
    espalier_text_release(text);
    return list;
}

static void off_at_first(void **state)
{
    (void)state;
    espalier_record *record = record_at(NULL);
    events_run(record, NULL, 3); /* without spectra and a log no network is asked for */
    json_t *spectra = spectra_of(record);
    assert_int_equal(json_array_size(spectra), 0);
    json_decref(spectra);
    espalier_record_destroy(record);
}

#ifdef ESPALIER_HAVE_CBLAS

static double real(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

/* Copies of the network at the events at which spectra are taken. */
typedef struct album {
    size_t count;
    espalier_network *networks[32];
} album;

static espalier_status look(void *context, espalier_trainer *trainer, const espalier_event *event,
                            espalier_error *error)
{
    album *a = context;
    switch (event->kind) {
    case ESPALIER_EVENT_BEGIN:
    case ESPALIER_EVENT_PRUNE_BEGIN:
    case ESPALIER_EVENT_PRUNE:
    case ESPALIER_EVENT_END:
        assert_true(a->count < 32);
        return espalier_network_copy(espalier_trainer_network(trainer), NULL,
                                     &a->networks[a->count++], error);
    default:
        return ESPALIER_OK;
    }
}

static void check_layer(json_t *found, const espalier_network *network, size_t layer)
{
    const espalier_cost cost = espalier_network_layer_cost(network, layer);
    espalier_spectrum s;
    assert_int_equal(espalier_network_spectrum(network, layer, NULL, &s, NULL), ESPALIER_OK);
    events_keys(found, "singular_values rank stable_rank spectral frobenius nuclear sparsity live "
                       "flops bytes");
    json_t *values = json_object_get(found, "singular_values");
    assert_int_equal(json_array_size(values), s.count);
    for (size_t i = 0; i < s.count; i++)
        assert_true((float)json_number_value(json_array_get(values, i)) == s.values[i]);
    assert_int_equal(events_integer(found, "rank"), s.rank);
    assert_float_equal(real(found, "stable_rank"), s.stable_rank, 1e-9);
    assert_float_equal(real(found, "spectral"), s.spectral, 1e-9);
    assert_float_equal(real(found, "frobenius"), s.frobenius, 1e-9);
    assert_float_equal(real(found, "nuclear"), s.nuclear, 1e-9);
    assert_float_equal(real(found, "sparsity"),
                       1.0 - (double)cost.nonzero / (double)cost.weights, 1e-9);
    assert_int_equal(events_integer(found, "live"), cost.live);
    assert_int_equal(events_integer(found, "flops"), cost.flops);
    assert_int_equal(events_integer(found, "bytes"), cost.bytes);
    espalier_spectrum_clear(&s, NULL);
}

/* begin, then before and after each step, then end. */
static void check_event(json_t *event, size_t index, size_t count, const espalier_network *network)
{
    const char *when = index == 0 ? "begin" : index + 1 == count ? "end"
                                          : index % 2            ? "before"
                                                                 : "after";
    json_t *step = json_object_get(event, "step"), *layers = json_object_get(event, "layers");
    events_keys(event, "event when step epoch layers");
    assert_true(events_is(event, "spectrum"));
    assert_string_equal(json_string_value(json_object_get(event, "when")), when);
    if (index == 0 || index + 1 == count)
        assert_true(json_is_null(step));
    else
        assert_int_equal(json_integer_value(step), (index - 1) / 2);
    assert_int_equal(json_array_size(layers), network->layer_count);
    for (size_t l = 0; l < network->layer_count; l++)
        check_layer(json_array_get(layers, l), network, l);
}

static void run(events_stage *stage, espalier_trigger trigger, espalier_record *record, album *seen)
{
    espalier_prune_options options = espalier_prune_options_defaults();
    espalier_pruner *pruner = NULL;
    options.target = 0.6;
    options.trigger = trigger;
    options.steps = 2;
    options.every = 2;
    options.cubic_interval = 3;
    assert_int_equal(espalier_pruner_create(stage->network, &options, NULL, &pruner, NULL),
                     ESPALIER_OK);
    const espalier_observer observers[] = {espalier_record_observer(record),
                                           {.context = seen, .notify = look},
                                           espalier_pruner_observer(pruner)};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(espalier_trainer_observe(stage->trainer, observers[i]), ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(stage->trainer, NULL, NULL), ESPALIER_OK);
    espalier_pruner_destroy(pruner);
}

/* At the ends of epochs and between batches, where the trainer works on a copy. */
static void in_a_run(void **state)
{
    static const espalier_trigger triggers[] = {ESPALIER_TRIGGER_EPOCH, ESPALIER_TRIGGER_CUBIC};
    static const size_t steps[] = {2, 3};
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        char path[64];
        album seen = {0};
        events_stage stage = events_open(6);
        events_folder(path);
        espalier_record *record = record_at(path);
        espalier_record_spectra(record, true);
        run(&stage, triggers[t], record, &seen);
        json_t *spectra = spectra_of(record), *lines = events_read(path);
        const size_t count = json_array_size(spectra);
        assert_int_equal(count, 2 + 2 * steps[t]);
        assert_int_equal(seen.count, count);
        for (size_t i = 0; i < count; i++)
            check_event(json_array_get(spectra, i), i, count, seen.networks[i]);
        assert_int_equal(events_integer(json_array_get(spectra, 0), "epoch"), 0);
        assert_int_equal(events_integer(json_array_get(spectra, count - 1), "epoch"), 6);
        size_t logged = 0;
        for (size_t i = 0; i < json_array_size(lines); i++)
            if (events_is(json_array_get(lines, i), "spectrum"))
                assert_true(
                    json_equal(json_array_get(lines, i), json_array_get(spectra, logged++)));
        assert_int_equal(logged, count);
        json_decref(spectra);
        json_decref(lines);
        for (size_t i = 0; i < seen.count; i++)
            espalier_network_destroy(seen.networks[i]);
        espalier_record_destroy(record);
        events_remove(path);
        events_close(&stage);
    }
}

/* Without a trainer; the weights must be finite. */
static void around_one_step(void **state)
{
    (void)state;
    events_stage stage = events_open(1);
    espalier_record *record = record_at(NULL);
    espalier_error error = {0};
    const espalier_prune_step step = events_step(0);
    espalier_record_spectra(record, true);
    assert_int_equal(espalier_record_step_begin(record, stage.network, NULL), ESPALIER_OK);
    small_prune(stage.network, 0.5);
    assert_int_equal(espalier_record_step_end(record, stage.network, &step, NULL), ESPALIER_OK);
    json_t *spectra = spectra_of(record);
    assert_int_equal(json_array_size(spectra), 2);
    for (size_t l = 0; l < 3; l++)
        check_layer(json_array_get(json_object_get(json_array_get(spectra, 1), "layers"), l),
                    stage.network, l);
    json_decref(spectra);
    stage.network->layers[1].weights[2] = INFINITY;
    assert_int_equal(espalier_record_step_begin(record, stage.network, &error),
                     ESPALIER_ERROR_NUMERIC);
    assert_non_null(strstr(error.message, "layer 1"));
    espalier_record_destroy(record);
    events_close(&stage);
}

static void without_memory(void **state)
{
    (void)state;
    events_stage stage = events_open(1);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    for (size_t from = 2; status != ESPALIER_OK; from++) {
        meter m = {.refuse_from = from};
        espalier_allocator allocator = meter_allocator(&m);
        espalier_record *record = NULL;
        assert_int_equal(espalier_record_create(NULL, &allocator, &record, NULL), ESPALIER_OK);
        espalier_record_spectra(record, true);
        status = espalier_record_step_begin(record, stage.network, NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        espalier_record_destroy(record);
        assert_int_equal(m.live, 0);
        assert_true(from < 50);
    }
    events_close(&stage);
}

static size_t left; /* allocations that jansson may still make */

static void *rationed(size_t bytes)
{
    return left ? left--, malloc(bytes) : NULL;
}

static void without_memory_for_json(void **state)
{
    (void)state;
    events_stage stage = events_open(1);
    espalier_status status = ESPALIER_ERROR_MEMORY;
    json_set_alloc_funcs(rationed, free);
    for (size_t given = 0; status != ESPALIER_OK; given++) {
        espalier_record *record = record_at(NULL);
        espalier_record_spectra(record, true);
        left = given;
        status = espalier_record_step_begin(record, stage.network, NULL);
        assert_true(status == ESPALIER_OK || status == ESPALIER_ERROR_MEMORY);
        espalier_record_destroy(record);
        assert_true(given < 1000);
    }
    json_set_alloc_funcs(malloc, free);
    events_close(&stage);
}

#else

static void unsupported(void **state)
{
    (void)state;
    events_stage stage = events_open(1);
    espalier_record *record = record_at(NULL);
    espalier_error error = {0};
    espalier_record_spectra(record, true);
    assert_int_equal(espalier_record_step_begin(record, stage.network, &error),
                     ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "LAPACK"));
    espalier_record_destroy(record);
    events_close(&stage);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_at_first),
#ifdef ESPALIER_HAVE_CBLAS
        cmocka_unit_test(in_a_run),
        cmocka_unit_test(around_one_step),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(without_memory_for_json),
#else
        cmocka_unit_test(unsupported),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
