/* Learns a table that no linear classifier can (exclusive or) with an installed
 * espalier; exit code 0 if it did. */
#include <espalier/espalier.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 400 };

/* Names that the library has inside are the program's own to use. */
int error_set(void);
int svd(void);
int pass_bias(void);
int error_set(void)
{
    abort();
}
int svd(void)
{
    abort();
}
int pass_bias(void)
{
    abort();
}

static void make_rows(float *values, uint32_t *labels)
{
    for (unsigned i = 0; i < ROWS; i++) {
        unsigned a = i & 1, b = (i >> 1) & 1;
        values[2 * i] = (float)a + 0.001f * (float)(i % 50);
        values[2 * i + 1] = (float)b - 0.001f * (float)(i % 30);
        labels[i] = a ^ b;
    }
}

int main(void)
{
    static float values[2 * ROWS];
    static uint32_t labels[ROWS];
    espalier_error error = {0};
    espalier_dataset *dataset = NULL;
    espalier_network *network = NULL;
    espalier_trainer *trainer = NULL;
    espalier_evaluation result = {0};
    espalier_train_options options = espalier_train_options_defaults();
    const size_t widths[] = {2, 32, 2};

    make_rows(values, labels);
    options.epochs = 60;
    options.optimizer = ESPALIER_ADAM;
    if (espalier_dataset_from_floats(values, labels, ROWS - 100, 100, 2, 2, NULL, NULL, &dataset,
                                     &error) != ESPALIER_OK ||
        espalier_network_create(widths, 3, NULL, &network, &error) != ESPALIER_OK)
        goto failed;
    espalier_network_initialise(network, ESPALIER_GLOROT_UNIFORM, 1);
    if (espalier_trainer_create(network, dataset, &options, NULL, &trainer, &error) !=
            ESPALIER_OK ||
        espalier_trainer_run(trainer, NULL, &error) != ESPALIER_OK ||
        espalier_evaluate(network, dataset, ESPALIER_TEST, 0, 1, &result, &error) != ESPALIER_OK)
        goto failed;
    espalier_status singular = espalier_network_singular_values(network, 0, NULL, values, &error);
    if (singular != ESPALIER_OK && singular != ESPALIER_ERROR_UNSUPPORTED) /* without LAPACK */
        goto failed;
    printf("espalier %s: accuracy %.3f\n", espalier_version(), result.accuracy);

    int status = result.accuracy > 0.95 ? EXIT_SUCCESS : EXIT_FAILURE;
    espalier_evaluation_clear(&result);
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
    return status;

failed:
    fprintf(stderr, "%s\n", error.message);
    return EXIT_FAILURE;
}
