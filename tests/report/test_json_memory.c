/* jansson without memory, at many of its requests in turn: what a run writes is whole, or an
 * error is told. Of the files that are there none is a part of one. */
#define _XOPEN_SOURCE 700
#include "tests/test.h"

#include "espalier/checkpoint.h"
#include "espalier/prune.h"
#include "espalier/report.h"
#include "net/network.h"
#include "tests/base/test_files.h"
#include "tests/format/json_gives_out.h"
#include "tests/train/small.h"

enum { EVERY = 97, LAYERS = 4, SAVES_MOST = 8, PATH_BYTES = 100 };

static char place[32];
static size_t saves;

static const char *path_of(const char *name)
{
    static char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", place, name);
    return path;
}

/* The files of a run, or NULL where there is none (owned). */
typedef struct written {
    char *log, *result;
    json_t *checkpoints[SAVES_MOST], *model; /* headers, without times */
} written;

static void clear_written(written *w)
{
    free(w->log);
    espalier_text_release(w->result);
    for (size_t i = 0; i < SAVES_MOST; i++)
        json_decref(w->checkpoints[i]);
    json_decref(w->model);
}

static const char *checkpoint_path(size_t index)
{
    char name[32];
    snprintf(name, sizeof name, "checkpoint-%zu", index);
    return path_of(name);
}

static espalier_status saver(void *context, espalier_trainer *trainer, espalier_moment moment,
                             espalier_error *error)
{
    (void)context, (void)moment;
    assert_true(saves < SAVES_MOST);
    return espalier_trainer_save(trainer, checkpoint_path(saves++), error);
}

static void name_and_scale(espalier_network *network)
{
    static const char *const names[] = {"a \"name\" of more than sixteen bytes", "b", "\xc3\xa9"};
    const float shift[] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f}, scale[] = {1, 2, 3, 4, 0.123456789f};
    assert_int_equal(espalier_network_set_class_names(network, names), ESPALIER_OK);
    assert_int_equal(espalier_network_set_scaling(network, 5, shift, scale), ESPALIER_OK);
    network->layers[0].activation = ESPALIER_LEAKY_RELU;
    network->layers[0].slope = 0.01f;
    network->layers[1].activation = ESPALIER_TANH;
}

/* Two epochs with a pruning step, everything written down. The first error. */
static espalier_status train(const espalier_dataset *dataset, char **result)
{
    static const size_t widths[LAYERS] = {5, 6, 4, 3};
    espalier_train_options options = espalier_train_options_defaults();
    espalier_prune_options pruning = espalier_prune_options_defaults();
    options.epochs = 2;
    options.threads = 1;
    pruning.target = 0.4;
    pruning.steps = pruning.every = 1;
    pruning.trigger = ESPALIER_TRIGGER_EPOCH;
    espalier_network *network = small_network(widths, LAYERS, 3);
    espalier_trainer *trainer = NULL;
    espalier_pruner *pruner = NULL;
    espalier_record *record = NULL;
    espalier_train_summary summary;
    espalier_error error = {0};
    name_and_scale(network);
    espalier_status status = espalier_pruner_create(network, &pruning, NULL, &pruner, &error);
    if (!status)
        status = espalier_trainer_create(network, dataset, &options, NULL, &trainer, &error);
    if (!status)
        status = espalier_record_create(path_of("log"), NULL, &record, &error);
    if (!status) {
        espalier_record_spectra(record, true);
        espalier_trainer_observe(trainer, espalier_record_observer(record));
        espalier_trainer_observe(trainer, espalier_pruner_observer(pruner));
        espalier_trainer_set_saver(trainer, saver, NULL);
        status = espalier_trainer_run(trainer, &summary, &error);
    }
    const espalier_result_facts facts = {.summary = &summary, .target = 0.4, .threads = 1};
    if (!status)
        status = espalier_record_result(record, network, dataset, &facts, result, &error);
    if (!status)
        status = espalier_network_write(network, path_of("model"), &error);
    espalier_record_destroy(record);
    espalier_pruner_destroy(pruner);
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    return status;
}

/* The header of a safetensors file, NULL where there is no file. */
static json_t *header_of(const char *path)
{
    size_t count;
    uint64_t length;
    if (access(path, F_OK) != 0)
        return NULL;
    uint8_t *bytes = get_file(path, &count);
    memcpy(&length, bytes, sizeof length);
    json_t *header = json_loadb((char *)bytes + 8, length, 0, NULL);
    free(bytes);
    assert_non_null(header);
    return json_without_times(header);
}

static espalier_status run(const espalier_dataset *dataset, size_t n, bool on, written *w)
{
    size_t length;
    *w = (written){0};
    remove(path_of("log"));
    for (saves = 0; saves < SAVES_MOST; saves++)
        remove(checkpoint_path(saves));
    saves = 0;
    remove(path_of("model"));
    json_gives_out(n, on);
    const espalier_status status = train(dataset, &w->result);
    json_has_memory();
    if (access(path_of("log"), F_OK) == 0) {
        w->log = (char *)get_file(path_of("log"), &length);
        w->log[length] = '\0';
    }
    for (size_t i = 0; i < SAVES_MOST; i++)
        w->checkpoints[i] = header_of(checkpoint_path(i));
    w->model = header_of(path_of("model"));
    return status;
}

static void assert_whole(const written *found, const written *wanted, espalier_status status)
{
    if (found->log) { /* some of its lines */
        const size_t length = strlen(found->log);
        assert_memory_equal(found->log, wanted->log, length);
        assert_true(length == 0 || found->log[length - 1] == '\n');
    }
    if (found->model || !status)
        assert_true(json_equal(found->model, wanted->model));
    for (size_t i = 0; i < SAVES_MOST; i++)
        if (found->checkpoints[i] || !status)
            assert_true(found->checkpoints[i] == wanted->checkpoints[i] ||
                        json_equal(found->checkpoints[i], wanted->checkpoints[i]));
    if (status)
        return;
    assert_string_equal(found->log, wanted->log);
    json_t *result = json_without_times(json_loads(found->result, 0, NULL));
    json_t *other = json_without_times(json_loads(wanted->result, 0, NULL));
    assert_true(json_equal(result, other));
    json_decref(result);
    json_decref(other);
}

static void test_run(void **state)
{
    (void)state;
    strcpy(place, "json-XXXXXX");
    assert_non_null(mkdtemp(place));
    espalier_dataset *dataset = small_dataset(48, 9, 5, 3);
    written wanted, found;
    assert_int_equal(run(dataset, 0, false, &wanted), ESPALIER_OK);
    const size_t requests = json_asked;
    assert_true(requests > 500 && saves >= 3);
    for (size_t n = 1; n <= requests; n += EVERY) {
        for (int on = 0; on < 2; on++) {
            const espalier_status status = run(dataset, n, on, &found);
            if (status && status != ESPALIER_ERROR_MEMORY)
                fail_msg("request %zu: %s", n, espalier_status_text(status));
            assert_whole(&found, &wanted, status);
            clear_written(&found);
        }
    }
    clear_written(&wanted);
    espalier_dataset_destroy(dataset);
    remove_folder(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_run)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
