/* A small study for tests: its options, its folder, its records. Needs _XOPEN_SOURCE 700. */
#ifndef TESTS_STUDY_SMALL_STUDY_H
#define TESTS_STUDY_SMALL_STUDY_H

#include "tests/train/small.h"

#include <ftw.h>
#include <jansson.h>
#include <unistd.h>

#include "espalier/study.h"
#include "study/study.h"

static const size_t small_hidden[] = {12, 8};
static const char *const small_criteria[] = {"activation", "magnitude"};
static const double small_sparsities[] = {0.5, 0.8};
static const size_t small_steps[] = {2};

/* Two criteria, two sparsities, two seeds, eight epochs, two jobs. */
static inline espalier_study_options small_options(const char *folder)
{
    espalier_study_options o = espalier_study_options_defaults();
    o.hidden = small_hidden;
    o.hidden_count = 2;
    o.train.epochs = 8;
    o.train.learning_rate = 0.05;
    o.criteria = small_criteria;
    o.criterion_count = 2;
    o.sparsities = small_sparsities;
    o.sparsity_count = 2;
    o.steps = small_steps;
    o.step_count = 1;
    o.seed_count = 2;
    o.jobs = 2;
    o.folder = folder;
    return o;
}

static inline espalier_dataset *small_study_data(void)
{
    return small_dataset(200, 60, 10, 3);
}

/* A folder of its own in the current directory. */
static inline void small_folder(char folder[32])
{
    strcpy(folder, "study-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static inline int small_remove_one(const char *path, const struct stat *file, int kind,
                                   struct FTW *walk)
{
    (void)file, (void)kind, (void)walk;
    return remove(path);
}

static inline void small_remove(const char *folder)
{
    nftw(folder, small_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void small_path(char path[256], const char *folder, const char *name,
                              const char *ending)
{
    snprintf(path, 256, "%s/runs/%s%s", folder, name, ending);
}

/* The record of a run; must be there. */
static inline json_t *small_record(const char *folder, const char *name)
{
    char path[256];
    small_path(path, folder, name, ".json");
    json_t *record = json_load_file(path, 0, NULL);
    if (!record)
        fail_msg("%s is missing or no JSON", path);
    return record;
}

static inline espalier_network *small_model(const char *folder, const char *name)
{
    char path[256];
    espalier_network *network = NULL;
    small_path(path, folder, name, ".safetensors");
    assert_int_equal(espalier_network_read(path, NULL, &network, NULL), ESPALIER_OK);
    return network;
}

static inline double small_number(const json_t *record, const char *key)
{
    const json_t *value = json_object_get(record, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

#endif
