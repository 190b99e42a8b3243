/* One network and one predictor used by eight threads at once: every thread gets the bits
 * that one thread alone gets. Run under the thread sanitizer (preset tsan), which also sees
 * what is shared by mistake without changing a result. */
#define _POSIX_C_SOURCE 200809L
#include "tests/test.h"

#include <pthread.h>

#include "espalier/analyse.h"
#include "espalier/predict.h"
#include "tests/infer/made.h"

static const size_t widths[] = {40, 90, 60, 7};
enum { INPUTS = 40, CLASSES = 7, ROWS = 50, THREADS = 8, ROUNDS = 30 };

typedef struct shared {
    const espalier_network *network;
    const espalier_predictor *predictor;
    const espalier_dataset *dataset;
    const float *values, *wanted; /* [ROWS][INPUTS], [ROWS][CLASSES] */
    double accuracy, loss;
} shared;

typedef struct user {
    pthread_t thread;
    const shared *all;
    size_t index;
    bool right;
} user;

/* All rows in calls of `rows` each. */
static void predict(const espalier_predictor *predictor, const float *values, size_t rows,
                    float *probabilities)
{
    float *workspace = malloc(espalier_predictor_workspace(predictor, rows) * sizeof *workspace);
    assert_non_null(workspace);
    for (size_t first = 0; first < ROWS; first += rows) {
        const size_t count = ROWS - first < rows ? ROWS - first : rows;
        espalier_predictor_run(predictor, values + first * INPUTS, count,
                               probabilities + first * CLASSES, workspace);
    }
    free(workspace);
}

/* Predictions of many rows and of one, an evaluation, another predictor, looking around. */
static void *work(void *context)
{
    user *self = context;
    const shared *all = self->all;
    self->right = true;
    for (size_t round = 0; round < ROUNDS; round++) {
        float found[ROWS * CLASSES];
        espalier_predictor *own = NULL;
        espalier_evaluation evaluation;
        predict(all->predictor, all->values, ROWS, found);
        self->right = self->right && memcmp(found, all->wanted, sizeof found) == 0;
        predict(all->predictor, all->values, 1 + (self->index + round) % 4, found);
        for (size_t i = 0; i < ROWS * CLASSES; i++)
            self->right = self->right && fabsf(found[i] - all->wanted[i]) < 1e-5f;
        if (round % 10 != self->index)
            continue;
        self->right = self->right &&
                      espalier_predictor_create(all->network, NULL, &own, NULL) == ESPALIER_OK &&
                      espalier_evaluate(all->network, all->dataset, ESPALIER_TEST, 0,
                                        1 + self->index % 2, &evaluation, NULL) == ESPALIER_OK;
        if (!self->right)
            return NULL;
        predict(own, all->values, ROWS, found);
        self->right = memcmp(found, all->wanted, sizeof found) == 0 &&
                      evaluation.accuracy == all->accuracy && evaluation.loss == all->loss &&
                      espalier_network_sparsity(all->network) > 0.0;
        espalier_evaluation_clear(&evaluation);
        espalier_predictor_destroy(own);
    }
    return NULL;
}

static void at_once(double pruned)
{
    float values[ROWS * INPUTS], wanted[ROWS * CLASSES];
    espalier_network *network = made_network(widths, 4, 3, pruned);
    espalier_dataset *dataset = made_dataset(5, 20, 200, INPUTS, CLASSES);
    espalier_predictor *predictor = NULL;
    espalier_evaluation evaluation;
    user users[THREADS];
    made_values(9, ROWS * INPUTS, values);
    assert_int_equal(espalier_predictor_create(network, NULL, &predictor, NULL), ESPALIER_OK);
    assert_int_equal(espalier_evaluate(network, dataset, ESPALIER_TEST, 0, 1, &evaluation, NULL),
                     ESPALIER_OK);
    predict(predictor, values, ROWS, wanted);
    const shared all = {network, predictor, dataset, values, wanted, evaluation.accuracy,
                        evaluation.loss};
    for (size_t i = 0; i < THREADS; i++) {
        users[i] = (user){.all = &all, .index = i};
        assert_int_equal(pthread_create(&users[i].thread, NULL, work, &users[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(users[i].thread, NULL), 0);
        assert_true(users[i].right);
    }
    espalier_evaluation_clear(&evaluation);
    espalier_predictor_destroy(predictor);
    espalier_dataset_destroy(dataset);
    espalier_network_destroy(network);
}

static void dense(void **state)
{
    (void)state;
    at_once(0.02);
}

static void sparse(void **state)
{
    (void)state;
    at_once(0.95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dense), cmocka_unit_test(sparse)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
