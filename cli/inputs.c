/* A model and rows that fit it, or a model's widths. */
#include "inputs.h"

#include "scaling.h"

/* Opened for tests, or for a scaling to be fitted on training rows, which bytes do without. */
static int open_data(const option_set *set, data_settings *settings, espalier_network *network,
                     const char *source, espalier_dataset **dataset)
{
    bool fitted = scaling_is_fitted(set, settings, network);
    bool may_be_bytes = fitted && settings->options.scaling == ESPALIER_SCALING_AUTO &&
                        !espalier_table_is_named(source);
    if (fitted && !option_known(set, "validation"))
        settings->options.validation_fraction = 0; /* a command that keeps none apart fits on all */
    int code = data_open_for(network, !fitted || may_be_bytes, source, settings, dataset);
    if (code != EXIT_NONE || !may_be_bytes || scaling_is_of_bytes(*dataset))
        return code;
    espalier_dataset_destroy(*dataset);
    *dataset = NULL;
    return data_open_for(network, false, source, settings, dataset);
}

int open_rows(const option_set *set, data_settings settings, const char *model,
              espalier_network *network, const char *source, espalier_dataset **dataset)
{
    data_follow_model(&settings, set, network, scaling_is_unsaid(network));
    int code = open_data(set, &settings, network, source, dataset);
    if (code == EXIT_NONE)
        code = check_fit(model, network, source, *dataset);
    if (code == EXIT_NONE)
        code = scaling_settle(set, &settings, model, network, source, *dataset);
    return code;
}

int check_split(const option_set *set, const data_settings *settings, const espalier_dataset *dataset,
                const char *source, espalier_split split)
{
    if (espalier_dataset_row_count(dataset, split) > 0)
        return EXIT_NONE;
    if (split == ESPALIER_TEST && option_given(set, "scaling") &&
        settings->options.scaling != ESPALIER_SCALING_NONE && !scaling_is_of_bytes(dataset))
        return scaling_unfitted(settings, source, "test rows beside the training rows to fit");
    const char *why = "";
    if (split == ESPALIER_TEST)
        why = espalier_dataset_columns(dataset)
                  ? ": training kept none of this table apart (--test); take another table, or in "
                    "eval and predict other rows by --split"
                  : ": train with --test to keep some apart, or see others by --split";
    message("%s: expected %s rows, found none%s", source, split_name(split), why);
    return EXIT_FAILED;
}

int network_like(width_list *hidden, activation_settings *activation, const option_set *set)
{
    espalier_network *network = NULL;
    const char *model = hidden->like;
    int code = model ? read_model(model, &network) : EXIT_NONE;
    if (!network)
        return code;
    size_t last = espalier_network_layer_count(network) - 1;
    for (size_t l = 0; l < last && code == EXIT_NONE; l++) {
        size_t live = espalier_network_live(network, l, NULL);
        if (espalier_network_activation(network, l) == ESPALIER_LINEAR)
            continue;
        if (live == 0) {
            message("%s: expected live neurons in layer %zu, found none", model, l);
            code = EXIT_FAILED;
        } else if (hidden->count == WIDTHS_MOST) {
            message("%s: expected at most %d hidden layers, found more", model, WIDTHS_MOST);
            code = EXIT_FAILED;
        } else {
            hidden->widths[hidden->count++] = live;
        }
    }
    if (code == EXIT_NONE && hidden->count == 0) {
        message("%s: expected a network with hidden layers, found none", model);
        code = EXIT_FAILED;
    }
    if (code == EXIT_NONE)
        code = activation_like(activation, set, model, network);
    espalier_network_destroy(network);
    return code;
}
