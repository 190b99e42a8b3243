/* A model and rows that fit it. */
#include "inputs.h"

int open_rows(const option_set *set, data_settings settings, const char *model,
              const espalier_network *network, const char *source, espalier_dataset **dataset)
{
    data_follow_model(&settings, set, network);
    int code = data_open(source, &settings, dataset);
    if (code == EXIT_NONE)
        code = check_fit(model, network, source, *dataset);
    return code;
}

int check_split(const espalier_dataset *dataset, const char *source, espalier_split split)
{
    if (espalier_dataset_row_count(dataset, split) > 0)
        return EXIT_NONE;
    message("%s: expected %s rows, found none", source, split_name(split));
    return EXIT_FAILED;
}
