/* A run's folder as train --run leaves it, small: 6 inputs (images of 2 x 3), 5 and 4
 * hidden neurons, 3 classes, two pruning steps. */
#ifndef TESTS_REPORT_RUN_MADE_H
#define TESTS_REPORT_RUN_MADE_H

#include "tests/base/test_files.h"

#include <sys/stat.h>

#include "tests/infer/made.h"

static const size_t run_made_widths[] = {6, 5, 4, 3};

static const char run_made_log[] =
    "{\"event\":\"begin\",\"epochs\":3,\"version\":\"0.1.0\"}\n"
    "{\"event\":\"spectrum\",\"when\":\"begin\",\"step\":null,\"epoch\":0,\"layers\":["
    "{\"singular_values\":[2.0,1.0],\"rank\":2,\"stable_rank\":1.25,\"spectral\":2.0,\"nuclear\":3.0},"
    "{\"singular_values\":[1.5],\"rank\":1,\"stable_rank\":1,\"spectral\":1.5,\"nuclear\":1.5}]}\n"
    "{\"event\":\"epoch\",\"epoch\":1,\"training_accuracy\":0.5,\"training_loss\":1.0,"
    "\"validation_accuracy\":0.55,\"validation_loss\":0.9,\"learning_rate\":0.01,\"seconds\":0.1}\n"
    "{\"event\":\"spectrum\",\"when\":\"before\",\"step\":0,\"epoch\":1,\"layers\":["
    "{\"singular_values\":[2.0,1.0],\"rank\":2,\"stable_rank\":1.25,\"spectral\":2.0,\"nuclear\":3.0},"
    "{\"singular_values\":[1.5],\"rank\":1,\"stable_rank\":1,\"spectral\":1.5,\"nuclear\":1.5}]}\n"
    "{\"event\":\"prune\",\"step\":0,\"epoch\":1,\"training_accuracy\":0.5,\"requested\":12,"
    "\"removed_by_rank\":12,\"removed_by_propagation\":8,\"neurons_removed\":2,\"neurons_guarded\":0,"
    "\"forced\":false,\"last\":false,\"sparsity\":0.32,\"sparsity_prunable\":0.4,\"layers\":["
    "{\"live\":3,\"nonzero\":18},{\"live\":4,\"nonzero\":12},{\"live\":3,\"nonzero\":12}]}\n"
    "{\"event\":\"counts\",\"step\":0,\"epoch\":1,\"inputs_counted\":100,\"layers\":["
    "{\"counts\":[90,5,70,10,80],\"kept\":[6,6,6,6,6],\"kept_after\":[6,0,6,0,6]},"
    "{\"counts\":[40,50,60,70],\"kept\":[5,5,5,5],\"kept_after\":[3,3,3,3]}]}\n"
    "{\"event\":\"spectrum\",\"when\":\"after\",\"step\":0,\"epoch\":1,\"layers\":["
    "{\"singular_values\":[1.0,0.5],\"rank\":2,\"stable_rank\":1.25,\"spectral\":1.0,\"nuclear\":1.5},"
    "{\"singular_values\":[1.5],\"rank\":1,\"stable_rank\":1,\"spectral\":1.5,\"nuclear\":1.5}]}\n"
    "{\"event\":\"epoch\",\"epoch\":2,\"training_accuracy\":0.6,\"training_loss\":0.9,"
    "\"validation_accuracy\":0.5,\"validation_loss\":0.95,\"learning_rate\":0.01,\"seconds\":0.1}\n"
    "{\"event\":\"note\",\"note\":\"a <note>\",\"epoch\":2}\n"
    "{\"event\":\"something new\",\"x\":1}\n"
    "{\"event\":\"end\",\"epoch\":2}\n";

static const char run_made_config[] =
    "{\"command\":\"train\",\"version\":\"0.1.0\",\"seed\":7,\"math\":null,\"data\":\"so <small>\","
    "\"widths\":[6,5,4,3],\"image\":[2,3],\"class_names\":[\"A&B\",\"two\",\"three\"],"
    "\"options\":{\"prune\":0.4,\"of\":\"prunable\",\"steps\":2,\"criterion\":\"activation\"}}\n";

static const char run_made_evaluation[] =
    "{\"before\":{\"train\":null,\"validation\":null,\"test\":{\"rows\":10,\"accuracy\":0.7,\"loss\":0.5,"
    "\"confusion\":[[3,1,0],[0,2,1],[1,0,2]]}},"
    "\"after\":{\"train\":null,\"validation\":null,\"test\":{\"rows\":10,\"accuracy\":0.8,\"loss\":0.4,"
    "\"confusion\":[[4,0,0],[0,2,1],[1,0,2]]}}}\n";

static const char run_made_result[] =
    "{\"epochs\":2,\"target\":0.4,\"sparsity\":{\"all\":0.32,\"prunable\":0.4},"
    "\"accuracy\":{\"train\":0.6,\"validation\":0.5,\"test\":0.8},"
    "\"loss\":{\"train\":0.9,\"validation\":0.95,\"test\":0.4},\"seconds\":{\"total\":1.5}}\n";

static inline void run_put(const char *folder, const char *name, const char *words)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    put_file(path, words, strlen(words));
}

static inline void run_take(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(remove(path), 0);
}

/* The network after the run: neurons 1 and 3 of the first layer are gone. */
static inline espalier_network *run_made_model(void)
{
    espalier_network *network = made_network(run_made_widths, 4, 3, 0.0);
    for (size_t j = 1; j <= 3; j += 2) {
        memset(network->layers[0].mask + j * 6, 0, 6);
        for (size_t k = 0; k < 4; k++)
            network->layers[1].mask[k * 5 + j] = 0;
        network->layers[0].biases[j] = 0;
    }
    espalier_network_apply_masks(network);
    assert_int_equal(espalier_network_set_metadata(network, "history",
                                                   "[{\"step\":0,\"neurons\":[[0,1,5.0,5],[0,3,10.0,10]]}]"),
                     ESPALIER_OK);
    return network;
}

static inline void run_write(const espalier_network *network, const char *folder, const char *name)
{
    char path[256];
    espalier_error error = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(espalier_network_write(network, path, &error), ESPALIER_OK);
}

static inline void run_make(const char *folder)
{
    mkdir(folder, 0777);
    espalier_network *before = made_network(run_made_widths, 4, 3, 0.0), *model = run_made_model();
    run_write(before, folder, "before.safetensors");
    run_write(model, folder, "model.safetensors");
    espalier_network_destroy(before);
    espalier_network_destroy(model);
    run_put(folder, "log.jsonl", run_made_log);
    run_put(folder, "config.json", run_made_config);
    run_put(folder, "evaluation.json", run_made_evaluation);
    run_put(folder, "result.json", run_made_result);
}

static inline void run_remove(const char *folder)
{
    char path[256];
    snprintf(path, sizeof path, "%s/plots", folder);
    remove_folder(path);
    remove_folder(folder);
}

#endif
