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

static espalier_status hear(void *context, espalier_trainer *trainer, const espalier_event *event,
                            espalier_error *error)
{
    (void)context, (void)trainer, (void)event, (void)error;
    return ESPALIER_OK;
}

static espalier_status keep(void *context, char **text, espalier_error *error)
{
    const char *kept = context;
    (void)error;
    *text = kept ? malloc(strlen(kept) + 1) : NULL;
    if (*text)
        strcpy(*text, kept);
    return ESPALIER_OK;
}

static espalier_status take_back(void *context, const char *text, espalier_error *error)
{
    (void)error;
    return strcmp(context, text) == 0 ? ESPALIER_OK : ESPALIER_ERROR_MISMATCH;
}

static espalier_status hold(void *context, espalier_trainer *trainer, const espalier_event *event,
                            espalier_error *error)
{
    (void)context, (void)error;
    if (event->kind == ESPALIER_EVENT_BEGIN)
        espalier_trainer_hold(trainer, true);
    return ESPALIER_OK;
}

static espalier_status set_free(void *context, espalier_trainer *trainer,
                                const espalier_event *event, espalier_error *error)
{
    (void)context, (void)event, (void)error;
    espalier_trainer_hold(trainer, false);
    return ESPALIER_OK;
}

/* With the longest name. */
static espalier_observer keeping(const char *kept)
{
    static char name[ESPALIER_KEEPER_NAME_MOST + 1];
    static const espalier_keeper keeper = {name, keep, take_back};
    memset(name, 'k', ESPALIER_KEEPER_NAME_MOST);
    return (espalier_observer){(void *)(uintptr_t)kept, hear, false, &keeper};
}

typedef struct process {
    espalier_dataset *dataset;
    espalier_network *network; /* owned */
    espalier_trainer *trainer;
} process;

static process start(espalier_network *network, const char *kept)
{
    process p = {small_dataset(40, 5, 6, 3), network, NULL};
    espalier_train_options options = espalier_train_options_defaults();
    options.optimizer = ESPALIER_ADAM;
    options.keep = ESPALIER_KEEP_BEST;
    options.epochs = 9;
    options.final_accuracy = 0.0; /* any epoch would end the run */
    assert_int_equal(espalier_trainer_create(network, p.dataset, &options, NULL, &p.trainer, NULL),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_observe(p.trainer, keeping(kept)), ESPALIER_OK);
    assert_int_equal(espalier_trainer_observe(p.trainer, (espalier_observer){.notify = hold}),
                     ESPALIER_OK);
    assert_int_equal(espalier_trainer_observe(p.trainer, (espalier_observer){.notify = set_free}),
                     ESPALIER_OK);
    return p;
}

static void stop(process *p)
{
    espalier_trainer_destroy(p->trainer);
    espalier_network_destroy(p->network);
    espalier_dataset_destroy(p->dataset);
}

static int make(void **state)
{
    size_t left = 4;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/checkpoint", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    process p = start(small_network(widths, 3, 2), "as it was");
    assert_int_equal(espalier_network_set_metadata(p.network, "training", "{}"), ESPALIER_OK);
    espalier_trainer_set_saver(p.trainer, save, &left);
    espalier_error error = {0};
    assert_int_equal(espalier_trainer_run(p.trainer, NULL, &error), ESPALIER_ERROR_CANCELLED);
    assert_int_equal(error.status, ESPALIER_ERROR_CANCELLED); /* the saver said nothing */
    assert_string_equal(error.message, espalier_status_text(ESPALIER_ERROR_CANCELLED));
    stop(&p);
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

/* A trainer of the checkpoint's network, with what restoring it came to. */
static process start_again(const char *kept, espalier_status expected)
{
    espalier_checkpoint *checkpoint = NULL;
    espalier_network *network = NULL;
    assert_int_equal(espalier_checkpoint_read(path, NULL, &checkpoint, NULL), ESPALIER_OK);
    assert_int_equal(espalier_checkpoint_network(checkpoint, NULL, &network, NULL), ESPALIER_OK);
    process p = start(network, kept);
    assert_int_equal(espalier_trainer_restore(p.trainer, checkpoint, NULL), expected);
    assert_int_equal(espalier_trainer_restore(p.trainer, checkpoint, NULL), /* once */
                     ESPALIER_ERROR_ARGUMENT);
    espalier_checkpoint_destroy(checkpoint);
    return p;
}

/* It is still held, by one who does not say so again. */
static void goes_on(void **state)
{
    espalier_train_summary summary;
    process p = start_again("as it was", ESPALIER_OK);
    (void)state;
    assert_int_equal(espalier_trainer_run(p.trainer, &summary, NULL), ESPALIER_OK);
    assert_int_equal(summary.epochs, 9);
    stop(&p);
}

/* Neither from where the checkpoint was nor from the beginning. */
static void does_not_go_on_after_a_refusal(void **state)
{
    espalier_error error = {0};
    process p = start_again("as it was not", ESPALIER_ERROR_MISMATCH);
    (void)state;
    assert_int_equal(espalier_trainer_run(p.trainer, NULL, &error), ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "did not fit"));
    stop(&p);
}

static void saved_without_a_text(void **state)
{
    size_t left = 1;
    espalier_error error = {0};
    process p = start(small_network(widths, 3, 2), NULL);
    (void)state;
    espalier_trainer_set_saver(p.trainer, save, &left);
    assert_int_equal(espalier_trainer_run(p.trainer, NULL, &error), ESPALIER_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "kkk' saved its state, but there is none"));
    stop(&p);
    assert_int_equal(read_it(path, NULL), ESPALIER_OK); /* the file is as it was */
}

static espalier_status save_in_notify(void *context, espalier_trainer *trainer,
                                      const espalier_event *event, espalier_error *error)
{
    (void)context, (void)event;
    return espalier_trainer_save(trainer, path, error);
}

static espalier_status save_and_say(void *context, espalier_trainer *trainer,
                                    espalier_moment moment, espalier_error *error)
{
    (void)moment;
    return *(espalier_status *)context = espalier_trainer_save(trainer, path, error);
}

/* Not before a run, though it is its saver that is called, nor while observers hear of an
 * event, nor after it. */
static void saved_elsewhere(void **state)
{
    const espalier_event step = {.kind = ESPALIER_EVENT_PRUNE_BEGIN};
    espalier_status status = ESPALIER_OK;
    espalier_error error = {0};
    process p = start(small_network(widths, 3, 2), "as it was");
    (void)state;
    assert_int_equal(espalier_trainer_save(p.trainer, path, &error), ESPALIER_ERROR_ARGUMENT);
    assert_string_equal(error.message, "a run is saved within its saver only");
    espalier_trainer_set_saver(p.trainer, save_and_say, &status);
    espalier_trainer_announce(p.trainer, &step, NULL);
    assert_int_equal(status, ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(
        espalier_trainer_observe(p.trainer, (espalier_observer){.notify = save_in_notify}),
        ESPALIER_OK);
    assert_int_equal(espalier_trainer_run(p.trainer, NULL, NULL), ESPALIER_ERROR_ARGUMENT);
    assert_int_equal(espalier_trainer_save(p.trainer, path, NULL), ESPALIER_ERROR_ARGUMENT);
    stop(&p);
    assert_int_equal(read_it(path, NULL), ESPALIER_OK); /* the file is as it was */
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
        cmocka_unit_test(does_not_go_on_after_a_refusal),
        cmocka_unit_test(goes_on),         cmocka_unit_test(saved_without_a_text),
        cmocka_unit_test(saved_elsewhere),
    };
    return cmocka_run_group_tests(tests, make, clean);
}
