/* An .npz archive as a data set: which of its arrays are values and labels. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "data/numpy_data.h"
#include "data/readers.h"
#include "format/npz.h"

bool npz_data_recognises(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && strcasecmp(path + length - 4, ".npz") == 0;
}

/* Names with other words in them (x_train_mean) are arrays for something else. */
static espalier_status open_array(npz_file *archive, size_t index, numpy_data *data,
                                  espalier_error *error)
{
    numpy_role role = numpy_role_of(npz_name(archive, index));
    npy_file *place = numpy_place(data, role);
    if (!place || role.base[0])
        return ESPALIER_OK;
    if (numpy_is_open(place))
        return error_set(error, ESPALIER_ERROR_MISMATCH,
                         "%s: expected one array of %s %s, found %s and %s", npz_path(archive),
                         numpy_part_name(role.part),
                         role.kind == NUMPY_VALUES ? "values" : "labels", place->source.name,
                         npz_name(archive, index));
    return npz_array(archive, index, place, error);
}

/* What the archive holds instead, as far as there is room. */
static espalier_status no_values(const npz_file *archive, espalier_error *error)
{
    char names[200] = "";
    for (size_t i = 0; i < npz_count(archive); i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", npz_name(archive, i));
    }
    return error_set(error, ESPALIER_ERROR_NOT_FOUND,
                     "%s: expected arrays named like x_train and y_train, train_images and "
                     "train_labels, X and y, or data and target, found %s",
                     npz_path(archive), *names ? names : "no array");
}

espalier_status npz_data_read(espalier_dataset *dataset, const char *path,
                              const espalier_dataset_options *options, size_t class_count,
                              espalier_error *error)
{
    numpy_data data = {.path = path};
    npz_file *archive;
    espalier_status status = npz_open(path, dataset->allocator, &archive, error);
    if (status)
        return status;
    bool found = false;
    for (size_t i = 0; !status && i < npz_count(archive); i++)
        status = open_array(archive, i, &data, error);
    for (int part = 0; part < NUMPY_PART_COUNT; part++)
        found = found || numpy_is_open(&data.values[part]) || numpy_is_open(&data.labels[part]);
    if (!status)
        status = found ? numpy_read(dataset, &data, options, class_count, error)
                       : no_values(archive, error);
    numpy_close(&data);
    npz_close(archive);
    return status;
}
