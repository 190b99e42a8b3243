/* The one thing about a foreign network that its file often leaves out. */
#include "scaling.h"

static const char *scaling_at(size_t index)
{
    return espalier_scaling_name((espalier_scaling)index);
}

void scaling_add_option(option_set *set, data_settings *settings)
{
    const option rows[] = {
        {.kind = OPTION_TITLE, .help = "Networks of other programs"},
        {.name = "scaling", .kind = OPTION_CHOICE, .value = &settings->options.scaling,
         .argument = "HOW", .names = scaling_at, .shown = "bytes by 1/255, else none",
         .recorded = true,
         .help = "how inputs are scaled where the network's file does not say it: as they are, or "
                 "fitted on the training rows of DATA as train does it"},
    };
    options_add(set, rows, sizeof rows / sizeof *rows);
}

bool scaling_is_unsaid(const espalier_network *network)
{
    return espalier_network_metadata(network, "imported") &&
           espalier_network_scaling(network, NULL, NULL) == 0;
}

bool scaling_is_fitted(const option_set *set, const data_settings *settings,
                       const espalier_network *network)
{
    return scaling_is_unsaid(network) && option_given(set, "scaling") &&
           settings->options.scaling != ESPALIER_SCALING_NONE;
}

/* Pairs of the data; without any, the one that changes nothing, so that it is said. */
static int set_pairs(espalier_network *network, size_t count, const float *shift, const float *scale)
{
    static const float zero = 0, one = 1;
    if (!espalier_network_set_scaling(network, count ? count : 1, count ? shift : &zero,
                                      count ? scale : &one))
        return EXIT_NONE;
    message("out of memory");
    return EXIT_FAILED;
}

int scaling_unfitted(const data_settings *settings, const char *source, const char *wanted)
{
    const char *how = espalier_scaling_name(settings->options.scaling);
    message("%s: expected %s --scaling %s on, found none: rows to test or to predict do not tell it; "
            "bring it into the network first, by 'espalier compact MODEL -o NEW --data TRAINING "
            "--scaling %s', and take NEW", source, wanted, how, how);
    return EXIT_FAILED;
}

/* The scaling that bytes have by themselves. */
static bool is_of_bytes(size_t count, const float *shift, const float *scale)
{
    return count == 1 && *shift == 0 && *scale == 1.0f / 255;
}

bool scaling_is_of_bytes(const espalier_dataset *dataset)
{
    const float *shift, *scale;
    size_t count = espalier_dataset_scaling(dataset, &shift, &scale);
    return is_of_bytes(count, shift, scale);
}

/* What to do where the guess is wrong; only a data set can be fitted on. */
static const char *advice(bool bytes, bool fits)
{
    if (fits)
        return bytes ? "say --scaling none or standard" : "say --scaling range or standard";
    return bytes ? "say --scaling none, or bring another into it by espalier compact --data TRAINING "
                   "--scaling"
                 : "bring its scaling into it by espalier compact --data TRAINING --scaling";
}

/* By the pairs of the rows, of which there are none where nothing was fitted. fits: whether they
 * are a data set. */
static int settle(const option_set *set, const data_settings *settings, const char *model,
                  espalier_network *network, const char *source, bool fits, size_t count,
                  const float *shift, const float *scale)
{
    bool given = option_given(set, "scaling");
    if (!scaling_is_unsaid(network))
        return given ? usage_error(set->command, "--scaling: %s says itself how its inputs are "
                                                 "scaled; expected the option with a network of "
                                                 "another program that does not", model)
                     : EXIT_NONE;
    if (count == 0 && scaling_is_fitted(set, settings, network))
        return scaling_unfitted(settings, source, "training rows to fit");
    if (given)
        return set_pairs(network, settings->options.scaling == ESPALIER_SCALING_NONE ? 0 : count,
                         shift, scale);
    bool bytes = is_of_bytes(count, shift, scale);
    message("note: %s has no scaling of its inputs: the %s of %s go in %s; if it was trained "
            "otherwise, %s", model, bytes ? "bytes" : "rows", source,
            bytes ? "divided by 255" : "as they are", advice(bytes, fits));
    return set_pairs(network, bytes ? count : 0, shift, scale);
}

int scaling_settle(const option_set *set, const data_settings *settings, const char *model,
                   espalier_network *network, const char *source, const espalier_dataset *dataset)
{
    const float *shift, *scale;
    size_t count = espalier_dataset_scaling(dataset, &shift, &scale);
    return settle(set, settings, model, network, source, true, count, shift, scale);
}

int scaling_settle_rows(const option_set *set, const data_settings *settings, const char *model,
                        espalier_network *network, const char *source, bool bytes)
{
    static const float shift = 0, scale = 1.0f / 255;
    bool scaled = bytes && settings->options.scaling == ESPALIER_SCALING_AUTO;
    return settle(set, settings, model, network, source, false, scaled, &shift, &scale);
}
