/* The file itself: what it holds, and that a damaged one is refused. Going on from one is
 * tests/report/test_resume.c's business. */
#define _XOPEN_SOURCE 700
#include "tests/test.h"

#include <math.h>

#include "espalier/checkpoint.h"
#include "tests/base/test_files.h"
#include "tests/train/small.h"

static const size_t widths[] = {6, 5, 3};
static char folder[] = "checkpoint-XXXXXX", path[64], other[64];

static espalier_status save(void *context, espalier_trainer *trainer, espalier_moment moment,
                            espalier_error *error)
{
    size_t *left = context;
    (void)moment;
    espalier_status status = espalier_trainer_save(trainer, path, error);
    return status || --*left ? status : ESPALIER_ERROR_CANCELLED;
}

static int make(void **state)
{
    espalier_train_options options = espalier_train_options_defaults();
    espalier_dataset *dataset = small_dataset(40, 5, 6, 3);
    espalier_network *network = small_network(widths, 3, 2);
    espalier_trainer *trainer = NULL;
    size_t left = 4;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/checkpoint", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    options.optimizer = ESPALIER_ADAM;
    options.keep = ESPALIER_KEEP_BEST;
    assert_int_equal(espalier_network_set_metadata(network, "training", "{}"), ESPALIER_OK);
    assert_int_equal(espalier_trainer_create(network, dataset, &options, NULL, &trainer, NULL),
                     ESPALIER_OK);
    espalier_trainer_set_saver(trainer, save, &left);
    espalier_error error = {0};
    assert_int_equal(espalier_trainer_run(trainer, NULL, &error), ESPALIER_ERROR_CANCELLED);
    assert_int_equal(error.status, ESPALIER_ERROR_CANCELLED); /* the saver said nothing */
    assert_string_equal(error.message, espalier_status_text(ESPALIER_ERROR_CANCELLED));
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    espalier_dataset_destroy(dataset);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static espalier_status read_it(const char *file, espalier_error *error)
{
    espalier_checkpoint *checkpoint = NULL;
    espalier_status status = espalier_checkpoint_read(file, NULL, &checkpoint, error);
    if (status == ESPALIER_OK)
        espalier_checkpoint_destroy(checkpoint);
    return status;
}

static void tells_its_place(void **state)
{
    espalier_checkpoint *checkpoint = NULL;
    (void)state;
    assert_int_equal(espalier_checkpoint_read(path, NULL, &checkpoint, NULL), ESPALIER_OK);
    assert_int_equal(espalier_checkpoint_serial(checkpoint), 4);
    assert_int_equal(espalier_checkpoint_epochs(checkpoint), 3); /* the first was before them */
    espalier_checkpoint_destroy(checkpoint);
    espalier_checkpoint_destroy(NULL);
}

/* It is a model, and what makes it a checkpoint does not get into the model. */
static void reads_as_a_model(void **state)
{
    espalier_network *network = NULL;
    espalier_error error = {0};
    (void)state;
    assert_int_equal(espalier_network_read(path, NULL, &network, NULL), ESPALIER_OK);
    assert_int_equal(network->tensor_count, 0);
    assert_string_equal(espalier_network_metadata(network, "training"), "{}");
    assert_null(espalier_network_metadata(network, "checkpoint.trainer"));
    assert_int_equal(espalier_network_set_metadata(network, "checkpoint.trainer", "x"),
                     ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(espalier_network_write(network, other, NULL), ESPALIER_OK);
    espalier_network_destroy(network);
    assert_int_equal(read_it(other, &error), ESPALIER_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "expected a checkpoint"));
}

/* Every bit in turn. One in the spaces that pad the header, or one that makes another way of
 * writing the same, harms nothing; all others are noticed. */
static void damaged(void **state)
{
    size_t count, unharmed = 0;
    uint8_t *bytes = get_file(path, &count);
    (void)state;
    for (size_t bit = 0; bit < 8 * count; bit += 1 + bit % 7) {
        espalier_error error = {0};
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        put_file(other, bytes, count);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (read_it(other, &error) == ESPALIER_OK)
            unharmed++;
        else
            assert_true(strlen(error.message) > 0);
    }
    assert_true(unharmed <= 16);
    free(bytes);
}

static void truncated(void **state)
{
    size_t count;
    uint8_t *bytes = get_file(path, &count);
    (void)state;
    for (size_t length = 0; length < count; length += 1 + length / 64) {
        put_file(other, bytes, length);
        assert_int_not_equal(read_it(other, NULL), ESPALIER_OK);
    }
    free(bytes);
}

static void newer(void **state)
{
    static const char known[] = "\"checkpoint\":\"1\"";
    size_t count, at = 0;
    uint8_t *bytes = get_file(path, &count);
    espalier_error error = {0};
    (void)state;
    while (at < count - sizeof known && memcmp(bytes + at, known, sizeof known - 1) != 0)
        at++;
    bytes[at + sizeof known - 3] = '7';
    put_file(other, bytes, count);
    assert_int_equal(read_it(other, &error), ESPALIER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "checkpoint of format 7; this version reads up to 1"));
    free(bytes);
}

static void missing(void **state)
{
    (void)state;
    assert_int_equal(read_it("there-is-none", NULL), ESPALIER_ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_its_place), cmocka_unit_test(reads_as_a_model),
        cmocka_unit_test(damaged),         cmocka_unit_test(truncated),
        cmocka_unit_test(newer),           cmocka_unit_test(missing),
    };
    return cmocka_run_group_tests(tests, make, clean);
}
