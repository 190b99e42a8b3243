/* The models under tests/import/models, which make_models.py wrote, and their answers. */
#ifndef IMPORT_MODELS_H
#define IMPORT_MODELS_H

#include <math.h>
#include <unistd.h>

#include "espalier/import.h"
#include "espalier/predict.h"
#include "format/safetensors.h"
#include "test.h"

#define MODELS ESPALIER_TESTS "/import/models/"

enum { MODEL_PATH_BYTES = 4096 };

/* True where the model is there with that ending; writes its path. */
static inline bool model_path(const char *name, const char *ending, char path[MODEL_PATH_BYTES])
{
    snprintf(path, MODEL_PATH_BYTES, MODELS "%s%s", name, ending);
    return access(path, R_OK) == 0;
}

static inline espalier_network *open_model(const char *name, const char *ending)
{
    char path[MODEL_PATH_BYTES];
    espalier_network *network = NULL;
    espalier_error error = {0};
    if (!model_path(name, ending, path))
        fail_msg("%s is not there", path);
    if (espalier_network_open(path, NULL, &network, &error) != ESPALIER_OK)
        fail_msg("%s", error.message);
    return network;
}

/* Probabilities of rows of the network (freed by the caller). */
static inline float *predict_rows(const espalier_network *network, const float *rows, size_t count)
{
    espalier_predictor *predictor = NULL;
    assert_int_equal(espalier_predictor_create(network, NULL, &predictor, NULL), ESPALIER_OK);
    float *probabilities = calloc(count * espalier_network_class_count(network), sizeof(float));
    size_t bytes = espalier_predictor_workspace(predictor, count) * sizeof(float);
    float *workspace = aligned_alloc(64, (bytes + 64) / 64 * 64);
    assert_true(probabilities && workspace);
    espalier_predictor_run(predictor, rows, count, probabilities, workspace);
    free(workspace);
    espalier_predictor_destroy(predictor);
    return probabilities;
}

/* The largest difference between a network's probabilities and those of the answers. */
static inline double difference(const espalier_network *network, const safetensors_tensor *rows,
                                const safetensors_tensor *expected)
{
    size_t count = (size_t)rows->shape[0], values = expected->bytes / sizeof(float);
    assert_int_equal(espalier_network_row_width(network), rows->shape[1]);
    assert_int_equal(espalier_network_class_count(network), expected->shape[1]);
    float *copy = malloc(rows->bytes), *wanted = malloc(expected->bytes);
    assert_true(copy && wanted);
    memcpy(copy, rows->data, rows->bytes);
    memcpy(wanted, expected->data, expected->bytes);
    float *found = predict_rows(network, copy, count);
    double most = 0;
    for (size_t i = 0; i < values; i++) {
        double d = fabs((double)found[i] - (double)wanted[i]);
        most = d > most || isnan(d) ? d : most;
    }
    free(copy);
    free(wanted);
    free(found);
    return most;
}

static inline const safetensors_tensor *find_answer(const safetensors *answers, const char *model,
                                                    const char *part)
{
    char name[128];
    snprintf(name, sizeof name, "%.100s.%.20s", model, part);
    for (size_t i = 0; i < answers->tensor_count; i++)
        if (strcmp(answers->tensors[i].name, name) == 0)
            return &answers->tensors[i];
    fail_msg("no answer %s", name);
    return NULL;
}

/* Opens every model with that ending and compares; returns how many there were. */
static inline size_t compare_all(const char *ending, double tolerance)
{
    safetensors answers;
    char path[MODEL_PATH_BYTES], name[128];
    size_t compared = 0;
    assert_int_equal(safetensors_read(MODELS "answers.safetensors", NULL, &answers, NULL),
                     ESPALIER_OK);
    for (size_t i = 0; i < answers.tensor_count; i++) {
        const char *end = strstr(answers.tensors[i].name, ".rows");
        snprintf(name, sizeof name, "%.*s", end ? (int)(end - answers.tensors[i].name) : 0,
                 answers.tensors[i].name);
        if (!end || !model_path(name, ending, path))
            continue;
        espalier_network *network = open_model(name, ending);
        double most = difference(network, &answers.tensors[i],
                                 find_answer(&answers, name, "probabilities"));
        if (!(most <= tolerance))
            fail_msg("%s%s: probabilities differ by %g", name, ending, most);
        assert_non_null(espalier_network_metadata(network, "imported"));
        espalier_network_destroy(network);
        compared++;
    }
    safetensors_clear(&answers);
    return compared;
}

#endif
