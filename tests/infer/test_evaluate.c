/* Evaluation against a naive one, ties, hard logits, threads, messages. */
#include "tests/infer/made.h"

#include "espalier/predict.h"

enum { CLASSES = 7, INPUTS = 12, TRAINING = 900, TEST = 700 };

static espalier_evaluation evaluate(const espalier_network *network,
                                    const espalier_dataset *dataset, espalier_split split,
                                    size_t k, size_t threads)
{
    espalier_evaluation evaluation;
    espalier_error error = {0};
    assert_int_equal(espalier_evaluate(network, dataset, split, k, threads, &evaluation, &error),
                     ESPALIER_OK);
    return evaluation;
}

/* The same from the definition: sorts nothing, rounds nothing. */
static void check_split(const espalier_network *network, const espalier_dataset *dataset,
                        espalier_split split, size_t k)
{
    espalier_evaluation found = evaluate(network, dataset, split, k, 2);
    const size_t rows = espalier_dataset_row_count(dataset, split);
    uint64_t confusion[CLASSES][CLASSES] = {{0}}, within = 0, correct = 0;
    double loss = 0.0;
    for (size_t r = 0; r < rows; r++) {
        float row[INPUTS];
        double z[CLASSES], sum = 0.0;
        const uint32_t label = espalier_dataset_label(dataset, split, r);
        size_t best = 0, before = 0;
        espalier_dataset_rows(dataset, split, r, 1, row);
        made_logits(network, row, z);
        for (size_t j = 0; j < CLASSES; j++) {
            best = z[j] > z[best] ? j : best;
            before += z[j] > z[label] || (z[j] == z[label] && j < label);
            sum += exp(z[j] - z[label]);
        }
        confusion[label][best]++;
        correct += best == label;
        within += before < k;
        loss += log(sum);
    }
    assert_int_equal(found.rows, rows);
    assert_int_equal(found.k, k);
    assert_int_equal(found.class_count, CLASSES);
    assert_memory_equal(found.confusion, confusion, sizeof confusion);
    assert_float_equal(found.accuracy, (double)correct / (double)rows, 1e-12);
    assert_float_equal(found.top_k_accuracy, (double)within / (double)rows, 1e-12);
    assert_float_equal(found.loss, loss / (double)rows, 1e-5);
    espalier_evaluation_clear(&found);
    assert_null(found.confusion);
}

static void equals_naive(void **state)
{
    static const size_t widths[] = {INPUTS, 20, 9, CLASSES};
    (void)state;
    espalier_dataset *dataset = made_dataset(4, TRAINING, TEST, INPUTS, CLASSES);
    for (uint32_t seed = 1; seed <= 3; seed++) {
        espalier_network *network = made_network(widths, 4, seed, 0.5);
        for (size_t k = 1; k <= CLASSES; k += 2)
            for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++)
                check_split(network, dataset, (espalier_split)split, k);
        espalier_network_destroy(network);
    }
    espalier_dataset_destroy(dataset);
}

static void confusion_adds_up(void **state)
{
    static const size_t widths[] = {INPUTS, 20, CLASSES};
    (void)state;
    espalier_dataset *dataset = made_dataset(4, TRAINING, TEST, INPUTS, CLASSES);
    espalier_network *network = made_network(widths, 3, 2, 0.0);
    espalier_evaluation e = evaluate(network, dataset, ESPALIER_TEST, 0, 0);
    uint64_t of_label[CLASSES] = {0}, all = 0, right = 0;
    for (size_t r = 0; r < TEST; r++)
        of_label[espalier_dataset_label(dataset, ESPALIER_TEST, r)]++;
    for (size_t t = 0; t < CLASSES; t++) {
        uint64_t row = 0;
        for (size_t p = 0; p < CLASSES; p++)
            row += e.confusion[t * CLASSES + p];
        assert_int_equal(row, of_label[t]);
        all += row;
        right += e.confusion[t * CLASSES + t];
    }
    assert_int_equal(all, TEST);
    assert_float_equal(e.accuracy, (double)right / TEST, 1e-12);
    assert_int_equal(e.k, 5);
    espalier_evaluation_clear(&e);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

/* Bit by bit the same for any number of threads. */
static void threads_do_not_matter(void **state)
{
    static const size_t widths[] = {INPUTS, 20, CLASSES};
    (void)state;
    espalier_dataset *dataset = made_dataset(4, 3000, 0, INPUTS, CLASSES);
    espalier_network *network = made_network(widths, 3, 2, 0.3);
    espalier_evaluation one = evaluate(network, dataset, ESPALIER_TRAINING, 3, 1);
    for (size_t threads = 0; threads <= 3; threads++) {
        espalier_evaluation e = evaluate(network, dataset, ESPALIER_TRAINING, 3, threads);
        assert_memory_equal(&e.loss, &one.loss, sizeof e.loss);
        assert_memory_equal(&e.accuracy, &one.accuracy, sizeof e.accuracy);
        assert_memory_equal(&e.top_k_accuracy, &one.top_k_accuracy, sizeof e.loss);
        assert_memory_equal(e.confusion, one.confusion, CLASSES * CLASSES * sizeof *e.confusion);
        espalier_evaluation_clear(&e);
    }
    espalier_evaluation_clear(&one);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

/* All logits equal: class 0 wins, and the k first classes are "the k most probable". */
static void ties_go_to_the_first(void **state)
{
    static const size_t widths[] = {INPUTS, CLASSES};
    (void)state;
    espalier_dataset *dataset = made_dataset(4, TRAINING, TEST, INPUTS, CLASSES);
    espalier_network *network = NULL;
    assert_int_equal(espalier_network_create(widths, 2, NULL, &network, NULL), ESPALIER_OK);
    size_t of_first = 0, of_three = 0;
    for (size_t r = 0; r < TEST; r++) {
        const uint32_t label = espalier_dataset_label(dataset, ESPALIER_TEST, r);
        of_first += label == 0;
        of_three += label < 3;
    }
    espalier_evaluation e = evaluate(network, dataset, ESPALIER_TEST, 3, 2);
    assert_float_equal(e.accuracy, (double)of_first / TEST, 1e-12);
    assert_float_equal(e.top_k_accuracy, (double)of_three / TEST, 1e-12);
    assert_float_equal(e.loss, log(CLASSES), 1e-12);
    espalier_evaluation_clear(&e);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

/* Biases of +-1e4: the loss is the distance of the logits, not -log(0). */
static void hard_logits(void **state)
{
    static const size_t widths[] = {1, 2};
    static const float values[] = {0.0f, 0.0f};
    static const uint32_t labels[] = {0, 1};
    (void)state;
    const espalier_dataset_options options = {.validation_fraction = 0.0, .seed = 1};
    espalier_dataset *dataset = NULL;
    espalier_network *network = NULL;
    assert_int_equal(espalier_dataset_from_floats(values, labels, 2, 0, 1, 2, &options, NULL,
                                                  &dataset, NULL),
                     ESPALIER_OK);
    assert_int_equal(espalier_network_create(widths, 2, NULL, &network, NULL), ESPALIER_OK);
    network->layers[0].biases[0] = 1e4f;
    network->layers[0].biases[1] = -1e4f;
    espalier_evaluation e = evaluate(network, dataset, ESPALIER_TRAINING, 1, 1);
    assert_float_equal(e.loss, 2e4 / 2, 1e-9);
    assert_float_equal(e.accuracy, 0.5, 0.0);
    espalier_evaluation_clear(&e);
    network->layers[0].biases[0] = NAN;
    network->layers[0].biases[1] = NAN;
    e = evaluate(network, dataset, ESPALIER_TRAINING, 1, 1);
    assert_true(isnan(e.loss));
    assert_float_equal(e.top_k_accuracy, 0.0, 0.0);
    espalier_evaluation_clear(&e);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

static void refuse(const espalier_network *network, const espalier_dataset *dataset,
                   espalier_split split, size_t k, espalier_status status, const char *message)
{
    espalier_evaluation evaluation;
    espalier_error error = {0};
    memset(&evaluation, 0x5a, sizeof evaluation);
    espalier_evaluation before = evaluation;
    assert_int_equal(espalier_evaluate(network, dataset, split, k, 1, &evaluation, &error), status);
    assert_string_equal(error.message, message);
    assert_memory_equal(&evaluation, &before, sizeof before);
}

static void wrong_input(void **state)
{
    static const size_t widths[] = {INPUTS, 5, CLASSES};
    (void)state;
    espalier_network *network = made_network(widths, 3, 2, 0.0);
    espalier_dataset *good = made_dataset(4, 50, 0, INPUTS, CLASSES);
    espalier_dataset *wide = made_dataset(4, 50, 0, 100, CLASSES);
    espalier_dataset *more = made_dataset(4, 50, 0, INPUTS, CLASSES + 2);
    espalier_dataset *fewer = made_dataset(4, 50, 0, INPUTS, CLASSES - 2);
    refuse(network, wide, ESPALIER_TRAINING, 0, ESPALIER_ERROR_MISMATCH,
           "the network takes rows of 12 values, the data set has rows of 100");
    refuse(network, more, ESPALIER_TRAINING, 0, ESPALIER_ERROR_MISMATCH,
           "the network knows 7 classes, the data set has 9");
    refuse(network, good, ESPALIER_TEST, 0, ESPALIER_ERROR_ARGUMENT,
           "the data set has no test rows");
    refuse(network, good, ESPALIER_TRAINING, CLASSES + 1, ESPALIER_ERROR_ARGUMENT,
           "k: expected at most 7, the number of classes, found 8");
    refuse(network, good, ESPALIER_SPLIT_COUNT, 0, ESPALIER_ERROR_ARGUMENT, "split: 3 is none");
    espalier_evaluation e = evaluate(network, fewer, ESPALIER_TRAINING, 0, 1);
    assert_int_equal(e.class_count, CLASSES);
    espalier_evaluation_clear(&e);
    espalier_dataset_destroy(good);
    espalier_dataset_destroy(wide);
    espalier_dataset_destroy(more);
    espalier_dataset_destroy(fewer);
    espalier_network_destroy(network);
}

/* A matrix of so many classes would take gigabytes; all else is there. */
static void no_confusion_of_many_classes(void **state)
{
    enum { MANY = ESPALIER_CONFUSION_CLASSES_MOST + 1 };
    static const size_t widths[] = {INPUTS, MANY};
    (void)state;
    espalier_dataset *dataset = made_dataset(8, TRAINING, TEST, INPUTS, MANY);
    espalier_network *network = made_network(widths, 2, 5, 0.0);
    espalier_evaluation e = evaluate(network, dataset, ESPALIER_TEST, MANY, 2);
    assert_null(e.confusion);
    assert_int_equal(e.class_count, MANY);
    assert_float_equal(e.top_k_accuracy, 1.0, 0.0);
    assert_true(e.loss > 0.0);
    espalier_evaluation_clear(&e);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_naive),          cmocka_unit_test(confusion_adds_up),
        cmocka_unit_test(threads_do_not_matter), cmocka_unit_test(ties_go_to_the_first),
        cmocka_unit_test(hard_logits),           cmocka_unit_test(wrong_input),
        cmocka_unit_test(no_confusion_of_many_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
