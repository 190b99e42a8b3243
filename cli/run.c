/* One run of `train` or `prune`. Options are checked and inputs opened by the
 * commands; what the result looks like to a person is summary.c's business. */
#define _POSIX_C_SOURCE 200809L
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "configuration.h"
#include "interrupt.h"
#include "output.h"
#include "progress.h"
#include "proof.h"
#include "run_folder.h"
#include "scaling.h"
#include "summary.h"
#include "table.h"
#include "verdict.h"

static int keep_text(const char *text, char **copy)
{
    if (!text || (*copy = malloc(strlen(text) + 1))) {
        if (text)
            strcpy(*copy, text);
        return EXIT_NONE;
    }
    message("out of memory");
    return EXIT_FAILED;
}

bool run_goes_on(const run *r)
{
    return r->resume && r->resume->checkpoint;
}

/* The network as the checkpoint has it, but for "training": until the configuration is set it
 * is MODEL's, from which options are taken over as when the run began. */
static int take_network(run *r)
{
    espalier_error error = {0};
    if (espalier_checkpoint_network(r->resume->checkpoint, NULL, &r->network, &error))
        return fail(&error);
    const char *before = resume_before(r->resume);
    r->unscaled = resume_unscaled(r->resume);
    int code = keep_text(espalier_network_metadata(r->network, "training"), &r->configuration);
    if (code == EXIT_NONE)
        code = keep_text(before, &r->before);
    if (code == EXIT_NONE && espalier_network_set_metadata(r->network, "training", before)) {
        message("out of memory");
        code = EXIT_FAILED;
    }
    return code;
}

int run_read_model(run *r)
{
    if (run_goes_on(r))
        return take_network(r);
    int code = read_model(r->model, &r->network);
    r->unscaled = code == EXIT_NONE && scaling_is_unsaid(r->network);
    return code == EXIT_NONE
               ? keep_text(espalier_network_metadata(r->network, "training"), &r->before)
               : code;
}

/* Without DATA it is the file's own counts that decide. */
static void warn(const run *r)
{
    const espalier_prune_options *o = &r->settings->prune;
    const char *sums = espalier_count_mode_name(ESPALIER_COUNT_SAMPLE_SUM);
    const char *counted = r->source ? NULL : espalier_network_metadata(r->network, "counted");
    bool sigmoid = false;
    for (size_t l = 0; l < espalier_network_layer_count(r->network) && o->target > 0; l++)
        sigmoid = sigmoid || espalier_network_activation(r->network, l) == ESPALIER_SIGMOID;
    activation_warn(sigmoid, o->criterion,
                    counted && strcmp(counted, sums) == 0 ? ESPALIER_COUNT_SAMPLE_SUM : o->count);
}

int run_make_pruner(run *r)
{
    espalier_error error = {0};
    if (!espalier_pruner_create(r->network, &r->settings->prune, NULL, &r->pruner, &error)) {
        warn(r);
        return EXIT_NONE;
    }
    if (error.status != ESPALIER_ERROR_FORMAT)
        return settings_fail(&error, r->options->command);
    message("%s: %s", r->model, error.message); /* its history */
    return EXIT_FAILED;
}

/* ---- the beginning --------------------------------------------------------- */

/* Made and locked, or held already; the output may lie in this very folder. */
static int make_folder(run *r)
{
    const char *folder = r->settings->folder;
    if (r->resume)
        return EXIT_NONE;
    int code = folder_make(folder);
    if (code == EXIT_NONE)
        code = folder_lock(folder, folder, &r->lock);
    if (code == EXIT_NONE) {
        code = folder_free(r->options->command, folder); /* still */
        if (code == EXIT_NONE)
            code = output_writable(r->settings->output);
        folder_sweep(r->lock);
        if (code != EXIT_NONE)
            folder_discard(folder);
    }
    return code;
}

static int make_record(run *r)
{
    const char *folder = r->settings->folder;
    char log[RUN_PATH_BYTES];
    espalier_error error = {0};
    if (folder)
        snprintf(log, sizeof log, "%s/log.jsonl", folder);
    if (espalier_record_create(folder ? log : NULL, NULL, &r->record, &error))
        return fail(&error);
    espalier_record_spectra(r->record, r->settings->spectra);
    return EXIT_NONE;
}

static int set_configuration(run *r)
{
    if (r->configuration) /* the checkpoint's */
        return espalier_network_set_metadata(r->network, "training", r->configuration)
                   ? (message("out of memory"), EXIT_FAILED)
                   : EXIT_NONE;
    const configuration_facts facts = {.source = r->source, .dataset = r->dataset,
                                       .network = r->network, .math = r->math,
                                       .brought = r->model != NULL, .before = r->before};
    json_t *json = configuration_json(r->options, r->settings, &facts);
    r->configuration = json_text(json);
    json_decref(json);
    if (r->configuration &&
        !espalier_network_set_metadata(r->network, "training", r->configuration))
        return EXIT_NONE;
    message("out of memory");
    return EXIT_FAILED;
}

/* Spectra need LAPACK, which is not missed before they are taken: is it there? */
static int try_spectra(const run *r)
{
    espalier_spectrum spectrum;
    espalier_error error = {0};
    if (!r->settings->spectra)
        return EXIT_NONE;
    if (espalier_network_spectrum(r->network, espalier_network_layer_count(r->network) - 1, NULL,
                                  &spectrum, &error))
        return fail(&error);
    espalier_spectrum_clear(&spectrum, NULL);
    return EXIT_NONE;
}

/* Counts that a criterion reads, and that nobody will make: said before a folder is begun. */
static int check_counts(const run *r)
{
    const espalier_prune_options *o = &r->settings->prune;
    size_t index = 0;
    while (espalier_criterion_name(index) && strcmp(espalier_criterion_name(index), o->criterion) != 0)
        index++;
    if (!(o->target > 0) || o->count != ESPALIER_COUNT_NONE || !espalier_criterion_needs_counts(index) ||
        r->settings->train.epochs == 0 || espalier_network_inputs_counted(r->network) > 0)
        return EXIT_NONE;
    return usage_error(r->options->command, "--count none: the criterion %s needs activation counts, and "
                                            "the network has none", o->criterion);
}

int run_begin(run *r)
{
    int code = check_counts(r);
    if (code == EXIT_NONE)
        code = try_spectra(r);
    if (code == EXIT_NONE && r->settings->folder)
        code = make_folder(r);
    if (code == EXIT_NONE)
        code = set_configuration(r);
    if (code == EXIT_NONE)
        code = run_folder_begin(r);
    return code == EXIT_NONE ? make_record(r) : code;
}

/* ---- training ---------------------------------------------------------------- */

/* The pruner announces its steps to all others. It comes last, so that they have heard
 * of an epoch before they hear of the step at its end; the regulariser comes before it,
 * so that a step sees the weights as the penalty leaves them. */
static int observe(run *r, espalier_trainer *trainer, progress *bar)
{
    espalier_observer observers[5] = {espalier_record_observer(r->record), progress_observer(bar),
                                      run_folder_observer(r)};
    size_t count = 3;
    if (r->regulariser)
        observers[count++] = espalier_regulariser_observer(r->regulariser);
    observers[count++] = espalier_pruner_observer(r->pruner);
    for (size_t i = 0; i < count; i++) {
        const espalier_status status = espalier_trainer_observe(trainer, observers[i]);
        if (status != ESPALIER_OK) {
            message("%s", espalier_status_text(status));
            return EXIT_FAILED;
        }
    }
    return EXIT_NONE;
}

static int make_regulariser(run *r)
{
    const espalier_regulariser_options *o = &r->settings->regulariser;
    espalier_error error = {0};
    if (!(o->nuclear > 0) && !(o->nuclear_weighted > 0))
        return EXIT_NONE;
    return espalier_regulariser_create(o, NULL, &r->regulariser, &error) ? fail(&error) : EXIT_NONE;
}

/* The name from the library's table: it outlives the trainer. */
static const char *lasting_math(const char *name)
{
    size_t index = name_index(espalier_math_name, name);
    return index == SIZE_MAX ? NULL : espalier_math_name(index);
}

/* Where the run was, if it goes on. */
static int restore(run *r, espalier_trainer *trainer)
{
    espalier_error error = {0};
    if (!run_goes_on(r))
        return EXIT_NONE;
    if (espalier_trainer_restore(trainer, r->resume->checkpoint, &error)) {
        message("%s: %s", r->resume->shown, error.message);
        return EXIT_FAILED;
    }
    r->pruned = espalier_pruner_step_count(r->pruner) > 0;
    return EXIT_NONE;
}

/* A run that was stopped says how it is gone on with. */
static int say_stopped(const run *r, const espalier_error *error)
{
    char text[3 * 4096];
    const char *folder = r->resume ? r->resume->shown : r->settings->folder;
    if (error->status != ESPALIER_ERROR_CANCELLED || !interrupted())
        return fail(error);
    message("stopped after epoch %zu; go on with: %s", r->saved,
            resume_command(r->options->command, folder, text, sizeof text));
    return EXIT_FAILED;
}

/* Steps that come after the last epoch: said before it, as far as they can be foreseen. */
static void warn_late(const run *r)
{
    const run_settings *s = r->settings;
    const espalier_trigger trigger = s->prune.trigger;
    const unsigned long long epochs = s->train.epochs, every = s->prune.every;
    const unsigned long long cubic = s->prune.cubic_epochs, steps = espalier_pruner_outstanding(r->pruner);
    if (run_goes_on(r) || steps == 0)
        return;
    if (trigger == ESPALIER_TRIGGER_EPOCH && every > epochs / steps)
        message("warning: --epochs %llu: too few for %llu pruning steps, one in %llu: the target will "
                "not be reached", epochs, steps, every);
    else if (trigger == ESPALIER_TRIGGER_CUBIC && cubic > epochs)
        message("warning: --epochs %llu: too few for cubic pruning over %llu (--cubic-epochs): the "
                "target will not be reached", epochs, cubic);
    else if (trigger == ESPALIER_TRIGGER_ONCE && every > epochs && strcmp(r->options->command, "train") == 0)
        message("warning: --epochs %llu: too few for a pruning step after %llu (--every): the target "
                "will not be reached", epochs, every);
}

/* A learning rate that is still on its way up when the run ends. */
static void warn_slow(const run *r)
{
    const unsigned long long epochs = r->settings->train.epochs, warmup = r->settings->train.warmup_epochs;
    if (!run_goes_on(r) && warmup > epochs)
        message("warning: --epochs %llu: too few for a learning rate that grows over %llu (--warmup): "
                "--lr will not be reached", epochs, warmup);
}

int run_train(run *r)
{
    espalier_error error = {0};
    espalier_trainer *trainer = NULL;
    progress bar;
    if (espalier_trainer_create(r->network, r->dataset, &r->settings->train, NULL, &trainer,
                                &error))
        return settings_fail(&error, r->options->command);
    warn_late(r);
    warn_slow(r);
    progress_init(&bar, r->settings->quiet);
    r->math = lasting_math(espalier_trainer_math(trainer));
    r->threads = espalier_trainer_threads(trainer);
    int code = make_regulariser(r);
    if (code == EXIT_NONE)
        code = run_begin(r);
    if (code == EXIT_NONE)
        code = observe(r, trainer, &bar);
    if (code == EXIT_NONE)
        code = restore(r, trainer);
    if (code == EXIT_NONE)
        run_folder_watch(r, trainer);
    if (code == EXIT_NONE && espalier_trainer_run(trainer, &r->summary, &error)) {
        progress_clear(&bar);
        code = say_stopped(r, &error);
    }
    r->trained = code == EXIT_NONE;
    espalier_trainer_destroy(trainer);
    return code;
}

/* ---- the end -------------------------------------------------------------- */

static int write_network(const espalier_network *network, const char *path)
{
    espalier_error error = {0};
    return espalier_network_write(network, path, &error) ? fail(&error) : EXIT_NONE;
}

/* A check that did not hold: said now, and kept for who asks the folder. */
static void fail_check(json_t *failed, const char *sentence)
{
    message("%s", sentence);
    json_array_append_new(failed, json_string(sentence));
}

/* Replaces the network by its small form, or keeps it and says why. */
static int compact(run *r, json_t **proof, char *line, size_t size, json_t *failed)
{
    char sentence[256];
    espalier_error error = {0};
    espalier_network *small = NULL;
    espalier_compaction compaction;
    espalier_difference difference;
    if (espalier_network_compact(r->network, NULL, &small, &compaction, &error))
        return fail(&error);
    int code = proof_run(r->network, small, r->dataset, r->settings->train.threads, &difference);
    if (code != EXIT_NONE) {
        espalier_network_destroy(small);
        return code;
    }
    proof_text(&difference, line, size);
    *proof = proof_json(&difference, &compaction);
    if (!proof_holds(&difference)) {
        snprintf(sentence, sizeof sentence, "%s; writing the masked network instead", line);
        fail_check(failed, sentence);
        espalier_network_destroy(small);
    } else {
        espalier_network_destroy(r->network);
        r->network = small;
    }
    return EXIT_NONE;
}

static void check_target(const run *r, json_t *failed)
{
    const run_settings *s = r->settings;
    size_t taken = espalier_pruner_step_count(r->pruner);
    char stopped[96] = "", sentence[320];
    if (!(s->prune.target > 0) || espalier_pruner_reached(r->pruner, r->network))
        return;
    const double sparsity = s->prune.of == ESPALIER_OF_ALL ? espalier_network_sparsity(r->network)
                                                           : espalier_network_sparsity_prunable(r->network);
    if (r->trained)
        snprintf(stopped, sizeof stopped, "; the run ended after epoch %zu, stopped by %s",
                 r->summary.epochs, espalier_stopped_by_name(r->summary.stopped_by));
    snprintf(sentence, sizeof sentence,
             "TARGET SPARSITY NOT REACHED: asked for %.2f %% of %s weights, got %.2f %% "
             "(pruning steps: %zu taken, %zu outstanding%s)",
             100 * s->target, s->prune.of == ESPALIER_OF_ALL ? "all" : "the prunable", 100 * sparsity, taken,
             espalier_pruner_outstanding(r->pruner), stopped);
    fail_check(failed, sentence);
}

/* How the run started again. */
static json_t *restart_json(const run *r)
{
    char from[256];
    base_name(r->settings->from, from, sizeof from);
    return json_pack("{s:s, s:s, s:s?, s:s}", "how", espalier_restart_name(r->settings->restart),
                     "from", from, "initial", r->initial, "recipe",
                     r->recipe ? "model" : "defaults");
}

/* The result object; with what compaction came to, if anything, and the checks that failed. */
static int make_result(const run *r, json_t *proof, json_t *failed, json_t **result)
{
    espalier_error error = {0};
    const espalier_result_facts facts = {.seed = r->settings->seed,
                                         .target = r->settings->prune.target,
                                         .summary = r->trained ? &r->summary : NULL,
                                         .math = r->math,
                                         .threads = r->threads};
    char *text = NULL;
    if (espalier_record_result(r->record, r->network, r->dataset, &facts, &text, &error))
        return fail(&error);
    *result = json_loads(text, 0, NULL);
    espalier_text_release(text);
    if (!*result) {
        message("out of memory");
        return EXIT_FAILED;
    }
    if (proof)
        json_object_set(*result, "compaction", proof);
    if (json_array_size(failed))
        json_object_set(*result, RESUME_FAILED, failed);
    if (r->settings->from)
        json_object_set_new(*result, "restart", restart_json(r));
    return EXIT_NONE;
}

int run_finish(run *r)
{
    const run_settings *s = r->settings;
    char line[160] = "";
    json_t *proof = NULL, *result = NULL, *failed = json_array();
    int code = EXIT_NONE;
    if (s->compact)
        code = compact(r, &proof, line, sizeof line, failed);
    if (code == EXIT_NONE)
        check_target(r, failed); /* of the network that is written */
    if (code == EXIT_NONE)
        code = write_network(r->network, s->output);
    if (code == EXIT_NONE)
        code = make_result(r, proof, failed, &result);
    if (code == EXIT_NONE)
        code = run_folder_finish(r, result);
    if (code == EXIT_NONE)
        code = verdict_say(r, result);
    if (code == EXIT_NONE && s->json)
        code = print_json(result);
    else if (code == EXIT_NONE && !s->quiet)
        print_summary(result, r->network, s->output, line);
    const int end = json_array_size(failed) ? EXIT_CHECK : EXIT_DONE;
    json_decref(proof);
    json_decref(result);
    json_decref(failed);
    return code == EXIT_NONE ? finish_stdout(end) : code;
}

void run_clear(run *r)
{
    espalier_record_destroy(r->record);
    espalier_pruner_destroy(r->pruner);
    espalier_dataset_destroy(r->dataset);
    espalier_network_destroy(r->network);
    espalier_regulariser_destroy(r->regulariser);
    free(r->before);
    free(r->configuration);
    if (r->lock >= 0)
        close(r->lock);
}
