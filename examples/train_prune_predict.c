/* Trains a classifier on argv[1], pruning 80 % of it on the way, takes the dead
 * neurons out, writes it to argv[2], and classifies the first test row. */
#include <espalier/espalier.h>
#include <stdio.h>
#include <stdlib.h>

static espalier_error error;

static void must(espalier_status status)
{
    if (status != ESPALIER_OK) {
        fprintf(stderr, "%s\n", *error.message ? error.message : espalier_status_text(status));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    espalier_dataset *data;
    must(espalier_dataset_open(argc > 1 ? argv[1] : "fashion-mnist", NULL, NULL, &data, &error));
    size_t inputs = espalier_dataset_input_count(data);
    size_t classes = espalier_dataset_class_count(data);

    espalier_network *network, *small;
    must(espalier_network_create((size_t[]){inputs, 100, 50, classes}, 4, NULL, &network, &error));
    espalier_network_initialise(network, ESPALIER_GLOROT_UNIFORM, 1);

    espalier_prune_options pruning = espalier_prune_options_defaults();
    pruning.target = 0.8;
    pruning.trigger = ESPALIER_TRIGGER_EPOCH; /* a step after each of the first five epochs: */
    pruning.every = 1;
    espalier_train_options training = espalier_train_options_defaults();
    training.epochs = 10;
    espalier_pruner *pruner;
    espalier_trainer *trainer;
    must(espalier_pruner_create(network, &pruning, NULL, &pruner, &error));
    must(espalier_trainer_create(network, data, &training, NULL, &trainer, &error));
    must(espalier_trainer_observe(trainer, espalier_pruner_observer(pruner)));
    must(espalier_trainer_run(trainer, NULL, &error));

    must(espalier_network_compact(network, NULL, &small, NULL, &error));
    must(espalier_network_write(small, argc > 2 ? argv[2] : "model.safetensors", &error));
    printf("%.1f %% of the weights pruned\n", 100 * espalier_network_sparsity(small));

    espalier_predictor *predictor;
    must(espalier_predictor_create(small, NULL, &predictor, &error));
    size_t workspace = espalier_predictor_workspace(predictor, 1);
    float *row = calloc(inputs + classes + workspace, sizeof *row), *probabilities = row + inputs;
    must(row != NULL ? ESPALIER_OK : ESPALIER_ERROR_MEMORY);
    espalier_dataset_rows(data, ESPALIER_TEST, 0, 1, row);
    espalier_predictor_run(predictor, row, 1, probabilities, probabilities + classes);
    for (size_t i = 0; i < classes; i++)
        printf("%s: %.3f\n", espalier_network_class_name(small, i), (double)probabilities[i]);
    free(row);
    espalier_predictor_destroy(predictor), espalier_trainer_destroy(trainer);
    espalier_pruner_destroy(pruner), espalier_dataset_destroy(data);
    espalier_network_destroy(small), espalier_network_destroy(network);
    return 0;
}
