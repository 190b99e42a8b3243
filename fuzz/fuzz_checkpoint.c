/* Checkpoints. The first byte says what the rest is: a whole file, or the text that the
 * trainer, the pruner or the record would find in one (a digest keeps a
 * fuzzer from getting there through the file). Nothing of it may crash. */
#define _GNU_SOURCE
#include <string.h>

#include "espalier/checkpoint.h"
#include "fuzz_file.h"
#include "prune/pruner.h"
#include "report/record.h"
#include "train/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUTS = 4, CLASSES = 3, ROWS = 12 };

static void check_error(espalier_status status, const espalier_error *error)
{
    if (status != ESPALIER_OK && (error->status == ESPALIER_OK || strchr(error->message, '\n')))
        abort();
}

static void read_file(const uint8_t *data, size_t size)
{
    char path[FUZZ_PATH_BYTES];
    int descriptor = fuzz_file(data, size, path);
    espalier_checkpoint *checkpoint = NULL;
    espalier_network *network = NULL;
    espalier_error error = {0};
    espalier_status status = espalier_checkpoint_read(path, NULL, &checkpoint, &error);
    check_error(status, &error);
    if (status == ESPALIER_OK && espalier_checkpoint_network(checkpoint, NULL, &network, &error))
        abort();
    espalier_network_destroy(network);
    espalier_checkpoint_destroy(checkpoint);
    close(descriptor);
}

/* A run of a few rows, to take such a text. */
static void take_text(unsigned kind, const char *text)
{
    static const size_t widths[] = {INPUTS, 5, CLASSES};
    float values[ROWS * INPUTS];
    uint32_t labels[ROWS];
    espalier_dataset *dataset = NULL;
    espalier_network *network = NULL;
    espalier_trainer *trainer = NULL;
    espalier_pruner *pruner = NULL;
    espalier_record *record = NULL;
    espalier_train_options train = espalier_train_options_defaults();
    espalier_prune_options prune = espalier_prune_options_defaults();
    espalier_error error = {0};
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        values[i] = (float)(i % 7) / 7.0f;
    for (size_t i = 0; i < ROWS; i++)
        labels[i] = (uint32_t)(i % CLASSES);
    train.epochs = 2;
    train.threads = 1;
    prune.target = 0.4;
    if (espalier_dataset_from_floats(values, labels, ROWS, 0, INPUTS, CLASSES, NULL, NULL, &dataset,
                                     NULL) ||
        espalier_network_create(widths, 3, NULL, &network, NULL) ||
        espalier_trainer_create(network, dataset, &train, NULL, &trainer, NULL) ||
        espalier_pruner_create(network, &prune, NULL, &pruner, NULL) ||
        espalier_record_create(NULL, NULL, &record, NULL))
        abort();
    espalier_status status;
    if (kind == 1)
        status = place_restore(trainer, text, &error);
    else if (kind == 2)
        status = pruner_keeper.restore(pruner, text, &error);
    else
        status = record_keeper.restore(record, text, &error);
    check_error(status, &error);
    if (status == ESPALIER_OK && kind == 2) {
        const espalier_ledger_entry *entries;
        espalier_pruner_ledger(pruner, &entries);
        espalier_pruner_outstanding(pruner);
    }
    espalier_record_destroy(record);
    espalier_pruner_destroy(pruner);
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned kind = size ? data[0] % 4u : 0;
    if (size == 0)
        return 0;
    if (kind == 0) {
        read_file(data + 1, size - 1);
        return 0;
    }
    char *text = calloc(size, 1);
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    take_text(kind, text);
    free(text);
    return 0;
}
