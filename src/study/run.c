/* One run of a study: trains its network and keeps account of what that took. Where the
 * network comes from is start.c's business, what is written about it record.c's. */
#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "espalier/analyse.h"
#include "espalier/math.h"
#include "espalier/predict.h"
#include "espalier/report.h"
#include "format/json_text.h"
#include "report/value.h"
#include "study/study.h"

/* Operations for each kept weight and training row: forward, back to the inputs, gradient;
 * a product and a sum each. */
enum { OPERATIONS = 6 };

/* What listens to the training of one run, in this order. */
typedef struct listeners {
    study *s;
    study_job *job;
    study_outcome *outcome;
    espalier_regulariser *regulariser; /* or NULL */
    espalier_record *record;           /* with spectra, or NULL */
    espalier_pruner *pruner;           /* or NULL */
    size_t batch_rows;
    size_t charged;                    /* rows of this epoch that the arithmetic has */
} listeners;

static espalier_status test_accuracy(const study *s, const espalier_network *network,
                                     double *accuracy, espalier_error *error)
{
    espalier_evaluation evaluation;
    *accuracy = NAN;
    if (espalier_dataset_row_count(s->dataset, ESPALIER_TEST) == 0)
        return ESPALIER_OK;
    espalier_status status =
        espalier_evaluate(network, s->dataset, ESPALIER_TEST, 0, 1, &evaluation, error);
    if (status == ESPALIER_OK) {
        *accuracy = evaluation.accuracy;
        espalier_evaluation_clear(&evaluation);
    }
    return status;
}

/* Is the target reached? Of the compacted network, which is the one that is written: what dead
 * neurons still hold does not count. */
static espalier_status judge(listeners *l, const espalier_network *network, espalier_error *error)
{
    espalier_network *small = NULL;
    espalier_status status =
        l->pruner ? espalier_network_compact(network, l->s->allocator, &small, NULL, error) : ESPALIER_OK;
    if (status == ESPALIER_OK)
        l->outcome->reached = !l->pruner || espalier_pruner_reached(l->pruner, small);
    espalier_network_destroy(small);
    return status;
}

/* The epoch's rows up to this one were trained with the weights that there are now. */
static void charge(listeners *l, const espalier_network *network, size_t rows)
{
    const double kept = (double)espalier_network_cost(network).nonzero;
    l->outcome->arithmetic += (double)(rows - l->charged) * OPERATIONS * kept;
    l->charged = rows;
}

static espalier_status epoch_ended(listeners *l, const espalier_network *network,
                                   espalier_error *error)
{
    charge(l, network, espalier_dataset_row_count(l->s->dataset, ESPALIER_TRAINING));
    l->charged = 0;
    if (l->outcome->reached) {
        double accuracy;
        espalier_status status = test_accuracy(l->s, network, &accuracy, error);
        if (status != ESPALIER_OK)
            return status;
        l->outcome->best_test = fmax(l->outcome->best_test, accuracy);
    }
    return study_epoch_done(l->s, l->job)
               ? ESPALIER_OK
               : error_set(error, ESPALIER_ERROR_CANCELLED, "the study was ended");
}

/* Rows of an epoch's finished batches; the last one may be smaller. */
static size_t batches_rows(const listeners *l, const espalier_event *event)
{
    const size_t rows = espalier_dataset_row_count(l->s->dataset, ESPALIER_TRAINING);
    return event->batch == event->batches ? rows : event->batch * l->batch_rows;
}

static espalier_status notify(void *context, espalier_trainer *trainer,
                              const espalier_event *event, espalier_error *error)
{
    listeners *l = context;
    const bool within = event->epoch > 0 && !event->result; /* between batches */
    if (event->kind != ESPALIER_EVENT_PRUNE_BEGIN && event->kind != ESPALIER_EVENT_PRUNE &&
        event->kind != ESPALIER_EVENT_EPOCH)
        return ESPALIER_OK; /* before an epoch the network would be copied to be looked at */
    const espalier_network *network = espalier_trainer_network(trainer);
    if (event->kind == ESPALIER_EVENT_EPOCH)
        return epoch_ended(l, network, error);
    if (event->kind == ESPALIER_EVENT_PRUNE) {
        l->outcome->last_step = event->epoch;
        return judge(l, network, error);
    }
    if (within)
        charge(l, network, batches_rows(l, event));
    return ESPALIER_OK;
}

/* ---- making the listeners ------------------------------------------------ */

static espalier_status make_pruner(listeners *l, const espalier_network *network,
                                   espalier_error *error)
{
    const study_job *job = l->job;
    espalier_prune_options o = espalier_study_prune_options(l->s->options, job->steps);
    o.criterion = job->criterion;
    o.scope = job->scope;
    o.count = job->count;
    o.target = job->target;
    o.seed = job->seed;
    return espalier_pruner_create(network, &o, l->s->allocator, &l->pruner, error);
}

static espalier_status make_regulariser(listeners *l, espalier_error *error)
{
    espalier_regulariser_options o = l->s->options->regulariser;
    const bool weighted = l->job->method == ESPALIER_STUDY_NUCLEAR_WEIGHTED;
    o.nuclear = weighted ? 0 : l->job->lambda;
    o.nuclear_weighted = weighted ? l->job->lambda : 0;
    return espalier_regulariser_create(&o, l->s->allocator, &l->regulariser, error);
}

static espalier_status make_listeners(listeners *l, const espalier_network *network,
                                      espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    if (l->job->method == ESPALIER_STUDY_PRUNE)
        status = make_pruner(l, network, error);
    if (!isnan(l->job->lambda))
        status = make_regulariser(l, error);
    if (status == ESPALIER_OK && l->s->options->spectra) {
        status = espalier_record_create(NULL, l->s->allocator, &l->record, error);
        if (status == ESPALIER_OK)
            espalier_record_spectra(l->record, true);
    }
    return status;
}

static espalier_status attach(listeners *l, espalier_trainer *trainer, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    if (l->regulariser)
        status = espalier_trainer_observe(trainer, espalier_regulariser_observer(l->regulariser));
    if (!status && l->record)
        status = espalier_trainer_observe(trainer, espalier_record_observer(l->record));
    if (!status)
        status = espalier_trainer_observe(trainer, (espalier_observer){.context = l, .notify = notify});
    if (!status && l->pruner) /* last: an epoch is counted with the weights it had */
        status = espalier_trainer_observe(trainer, espalier_pruner_observer(l->pruner));
    return status ? error_set(error, status, "%s", espalier_status_text(status)) : ESPALIER_OK;
}

static void clear_listeners(listeners *l)
{
    espalier_pruner_destroy(l->pruner);
    espalier_record_destroy(l->record);
    espalier_regulariser_destroy(l->regulariser);
}

/* ---- the budget ------------------------------------------------------------ */

static size_t recorded_count(const study_job *job, const char *key)
{
    return (size_t)json_integer_value(json_object_get(job->record, key));
}

/* A control gets the epochs that its pruned run got, whatever ended that; a network of low
 * rank as many as that one had to recover. */
static espalier_train_options budget(const study *s, const study_job *job)
{
    espalier_train_options o = study_train_options(s, job);
    if (!espalier_study_method_is_control(job->method))
        return o;
    const study_job *pruned = &s->jobs[job->of];
    const size_t epochs = recorded_count(pruned, "epochs");
    o.early_stop = ESPALIER_EARLY_STOP_NEVER;
    o.epochs = epochs;
    if (job->method >= ESPALIER_STUDY_PCA)
        o.epochs = s->options->retrain_epochs ? s->options->retrain_epochs
                                              : epochs - recorded_count(pruned, "last_step");
    return o;
}

/* ---- the run ------------------------------------------------------------------ */

static espalier_status train(listeners *l, espalier_network *network,
                             const espalier_train_options *options, espalier_error *error)
{
    espalier_trainer *trainer = NULL;
    espalier_train_summary summary;
    espalier_status status = espalier_trainer_create(network, l->s->dataset, options,
                                                     l->s->allocator, &trainer, error);
    if (status == ESPALIER_OK)
        status = attach(l, trainer, error);
    if (status == ESPALIER_OK)
        status = espalier_trainer_run(trainer, &summary, error);
    if (status == ESPALIER_OK) {
        l->outcome->epochs = summary.epochs;
        l->outcome->stopped_by = espalier_stopped_by_name(summary.stopped_by);
    }
    espalier_trainer_destroy(trainer);
    return status;
}

static espalier_status take_spectra(listeners *l, espalier_error *error)
{
    return l->record ? espalier_record_spectra_json(l->record, &l->outcome->spectra, error)
                     : ESPALIER_OK;
}

/* "reinit" or "shuffle" for those that drew weights in that way, else NULL. */
static const char *restart_of(const study_job *job)
{
    const bool drew = job->method == ESPALIER_STUDY_REINIT || job->method == ESPALIER_STUDY_SHUFFLE;
    return drew ? espalier_study_method_name(job->method) : NULL;
}

static json_t *widths_of(const espalier_network *network)
{
    json_t *widths = json_array();
    bool ok = true;
    for (size_t i = 0; ok && i <= espalier_network_layer_count(network); i++)
        ok = value_append(widths, value_count(espalier_network_original_width(network, i)));
    return value_complete(widths, ok);
}

/* The file tells from which study's run the network comes, how the data were split, and by
 * which recipe it was trained, so that `train --from` can go on with it. Low-rank networks
 * did not begin with weights drawn by their seed: theirs is no `train`. */
static espalier_status sign(const study *s, const study_job *job,
                            const espalier_train_options *training, espalier_network *network,
                            espalier_error *error)
{
    const bool derived = job->method >= ESPALIER_STUDY_PCA && job->method <= ESPALIER_STUDY_FACTORS;
    const char *math = training->math ? training->math : espalier_math_name(0);
    const json_t *split = json_object_get(s->data, "validation");
    json_t *object = json_object();
    bool ok = value_put(object, "command", value_text(derived ? "study" : "train"));
    ok = value_put(object, "run", value_text(job->name)) && ok;
    ok = value_put(object, "version", value_text(espalier_version())) && ok;
    ok = value_put(object, "seed", value_count(job->seed)) && ok;
    ok = value_put(object, "math", value_text(math)) && ok;
    ok = value_put(object, "widths", widths_of(network)) && ok;
    ok = value_put(object, "options", study_recipe(s, training)) && ok;
    if (split) /* a copy: threads must not share references */
        ok = value_put(object, "validation", json_copy_of(split, VALUE_DIGITS)) && ok;
    if (restart_of(job))
        ok = value_put(object, "restart", value_text(restart_of(job))) && ok;
    char *text = ok ? json_text_of(object, VALUE_FORMAT, s->allocator) : NULL;
    espalier_status status =
        text ? espalier_network_set_metadata(network, "training", text) : ESPALIER_ERROR_MEMORY;
    memory_release(s->allocator, text);
    json_decref(object);
    return status ? error_memory(error) : ESPALIER_OK;
}

static espalier_status run(listeners *l, espalier_network *network, espalier_error *error)
{
    study_outcome *outcome = l->outcome;
    const espalier_train_options options = budget(l->s, l->job);
    l->batch_rows = options.batch_rows;
    espalier_status status = make_listeners(l, network, error);
    if (status == ESPALIER_OK && l->job->method >= ESPALIER_STUDY_PCA &&
        l->job->method <= ESPALIER_STUDY_FACTORS)
        status = test_accuracy(l->s, network, &outcome->before_retraining, error);
    if (status == ESPALIER_OK)
        status = judge(l, network, error);
    if (status == ESPALIER_OK && options.epochs > 0)
        status = train(l, network, &options, error);
    if (status == ESPALIER_OK)
        status = take_spectra(l, error);
    if (status == ESPALIER_OK)
        status = sign(l->s, l->job, &options, network, error);
    if (l->regulariser && espalier_regulariser_first_epoch(l->regulariser) <= outcome->epochs)
        outcome->penalty_from = espalier_regulariser_first_epoch(l->regulariser);
    return status ? status
                  : espalier_network_compact(network, l->s->allocator, &outcome->network, NULL,
                                             error);
}

espalier_status study_execute(study *s, study_job *job, study_outcome *outcome,
                              espalier_error *error)
{
    const double began = clock_seconds();
    listeners l = {.s = s, .job = job, .outcome = outcome};
    espalier_network *network = NULL;
    *outcome = (study_outcome){.best_test = NAN, .before_retraining = NAN};
    espalier_status status = study_start_network(s, job, &network, error);
    if (status == ESPALIER_OK)
        status = run(&l, network, error);
    clear_listeners(&l);
    espalier_network_destroy(network);
    outcome->seconds = clock_seconds() - began;
    if (status != ESPALIER_OK)
        study_outcome_clear(outcome);
    return status;
}

void study_outcome_clear(study_outcome *outcome)
{
    espalier_network_destroy(outcome->network);
    espalier_text_release(outcome->spectra);
    outcome->network = NULL;
    outcome->spectra = NULL;
}
