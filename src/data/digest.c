/* A digest of a data set: whether a run can go on with it. */
#include "base/digest.h"
#include "data/dataset.h"

uint64_t espalier_dataset_digest(const espalier_dataset *dataset)
{
    const size_t values = dataset->stored_rows * dataset->inputs;
    const uint64_t shape[] = {dataset->inputs, dataset->classes, dataset->training_rows,
                              dataset->stored_rows, dataset->bytes != NULL};
    uint64_t digest = digest_bytes(0, shape, sizeof shape);
    if (dataset->bytes)
        digest = digest_bytes(digest, dataset->bytes, values);
    else
        digest = digest_bytes(digest, dataset->floats, values * sizeof *dataset->floats);
    digest = digest_bytes(digest, dataset->labels, dataset->stored_rows * sizeof *dataset->labels);
    for (int split = 0; split < ESPALIER_SPLIT_COUNT; split++)
        digest = digest_bytes(digest, dataset->rows[split],
                              dataset->row_count[split] * sizeof *dataset->rows[split]);
    if (dataset->scaling_count > 0) {
        digest = digest_bytes(digest, dataset->shift, dataset->scaling_count * sizeof(float));
        digest = digest_bytes(digest, dataset->scale, dataset->scaling_count * sizeof(float));
    }
    return digest;
}
