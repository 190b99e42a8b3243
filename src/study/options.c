/* The options of a study: defaults, ranges, and what can be known before any work. Which
 * runs come out of them is plan.c's business. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "espalier/analyse.h"
#include "prune/criteria.h"
#include "study/study.h"

static const size_t default_hidden[] = {300, 200, 100, 50};
static const char *const default_criteria[] = {"activation", "activation-weight", "magnitude",
                                               "random"};
static const double default_sparsities[] = {0.5, 0.8, 0.9, 0.95, 0.98};
static const espalier_scope default_scopes[] = {ESPALIER_SCOPE_GLOBAL};
static const size_t default_steps[] = {5};
static const espalier_count_mode default_counts[] = {ESPALIER_COUNT_TRAINING};

#define COUNT(list) (sizeof(list) / sizeof *(list))

espalier_study_options espalier_study_options_defaults(void)
{
    espalier_study_options o = {
        .hidden = default_hidden, .hidden_count = COUNT(default_hidden),
        .activation = ESPALIER_RELU, .leaky_slope = 0.01,
        .initialiser = ESPALIER_GLOROT_UNIFORM,
        .train = espalier_train_options_defaults(),
        .prune = espalier_prune_options_defaults(),
        .regulariser = espalier_regulariser_options_defaults(),
        .criteria = default_criteria, .criterion_count = COUNT(default_criteria),
        .sparsities = default_sparsities, .sparsity_count = COUNT(default_sparsities),
        .scopes = default_scopes, .scope_count = COUNT(default_scopes),
        .steps = default_steps, .step_count = COUNT(default_steps),
        .counts = default_counts, .count_count = COUNT(default_counts),
        .seed = 1, .seed_count = 5,
    };
    o.train.epochs = 40;
    o.train.early_stop = ESPALIER_EARLY_STOP_NEVER;
    o.prune.trigger = ESPALIER_TRIGGER_EPOCH;
    o.prune.every = 0;
    return o;
}

espalier_prune_options espalier_study_prune_options(const espalier_study_options *options,
                                                    size_t steps)
{
    espalier_prune_options o = options->prune;
    o.steps = steps ? steps : 1;
    if (o.every == 0) { /* the last step at half of the budget or before, the rest to recover */
        const size_t each = o.trigger == ESPALIER_TRIGGER_ONCE ? 1 : steps;
        o.every = options->train.epochs / 2 / (each ? each : 1);
        o.every = o.every ? o.every : 1;
    }
    return o;
}

bool espalier_study_sets_steps(espalier_trigger trigger)
{
    return trigger == ESPALIER_TRIGGER_ONCE || trigger == ESPALIER_TRIGGER_CUBIC;
}

/* Once is one step; cubic makes as many cuts as there are batches, which no list can say. */
void study_settle_steps(espalier_study_options *own)
{
    static const size_t one = 1, as_batches_are = 0;
    if (!espalier_study_sets_steps(own->prune.trigger))
        return;
    own->steps = own->prune.trigger == ESPALIER_TRIGGER_ONCE ? &one : &as_batches_are;
    own->step_count = 1;
}

espalier_train_options study_train_options(const study *s, const study_job *job)
{
    espalier_train_options o = s->options->train;
    o.seed = job->seed;
    o.threads = 1;
    return o;
}

/* ---- what the options alone can tell ------------------------------------ */

static espalier_status argument(espalier_error *error, const char *field, const char *expected,
                                double found)
{
    return error_set(error, ESPALIER_ERROR_ARGUMENT, "%s: expected %s, found %g", field, expected,
                     found);
}

static espalier_status check_counts(const espalier_study_options *o, espalier_error *error)
{
    const struct {
        const char *field;
        size_t count;
        bool needed;
        const void *list;
    } lists[] = {
        {"hidden", o->hidden_count, true, o->hidden},
        {"criteria", o->criterion_count, false, o->criteria},
        {"sparsities", o->sparsity_count, o->criterion_count > 0, o->sparsities},
        {"scopes", o->scope_count, o->criterion_count > 0, o->scopes},
        {"steps", o->step_count, o->criterion_count > 0, o->steps},
        {"counts", o->count_count, o->criterion_count > 0, o->counts},
        {"controls", o->control_count, false, o->controls},
        {"controlled", o->controlled_count, false, o->controlled},
        {"control_sparsities", o->control_sparsity_count, false, o->control_sparsities},
        {"nuclear", o->nuclear_count, false, o->nuclear},
        {"nuclear_weighted", o->nuclear_weighted_count, false, o->nuclear_weighted},
    };
    for (size_t i = 0; i < COUNT(lists); i++) {
        if (lists[i].needed && lists[i].count == 0)
            return error_set(error, ESPALIER_ERROR_ARGUMENT,
                             "%s: expected at least one, found none", lists[i].field);
        if (lists[i].count > 0 && !lists[i].list)
            return error_set(error, ESPALIER_ERROR_ARGUMENT, "%s: expected a list, found NULL",
                             lists[i].field);
    }
    espalier_status status = error_range(error, "seed_count", o->seed_count, 1, STUDY_RUNS_MOST);
    if (status == ESPALIER_OK)
        status = error_range(error, "seed", o->seed, 0, INT64_MAX - STUDY_RUNS_MOST);
    if (status != ESPALIER_OK)
        return status;
    return o->folder && *o->folder
               ? ESPALIER_OK
               : error_set(error, ESPALIER_ERROR_ARGUMENT, "folder: expected a path, found none");
}

static espalier_status check_sparsities(const char *field, const double *values, size_t count,
                                        espalier_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] > 0 && values[i] < 1))
            return argument(error, field, "fractions above 0 and below 1", values[i]);
    }
    return ESPALIER_OK;
}

static espalier_status check_lambdas(const char *field, const double *values, size_t count,
                                     espalier_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] > 0 && isfinite(values[i])))
            return argument(error, field, "numbers above 0", values[i]);
    }
    return ESPALIER_OK;
}

static espalier_status check_lists(const espalier_study_options *o, espalier_error *error)
{
    for (size_t i = 0; i < o->control_count; i++) {
        if (!espalier_study_method_is_control(o->controls[i]))
            return argument(error, "controls", "rewind … factors", (double)o->controls[i]);
    }
    for (size_t i = 0; i < o->controlled_count; i++) {
        bool known = false;
        for (size_t c = 0; o->controlled[i] && c < o->criterion_count; c++)
            known = known || (o->criteria[c] && strcmp(o->criteria[c], o->controlled[i]) == 0);
        if (!known)
            return error_set(error, ESPALIER_ERROR_ARGUMENT,
                             "controlled: expected one of the criteria, found '%s'",
                             o->controlled[i] ? o->controlled[i] : "(none)");
    }
    for (size_t i = 0; i < o->control_sparsity_count; i++) {
        bool known = false;
        for (size_t k = 0; k < o->sparsity_count; k++)
            known = known || fabs(o->sparsities[k] - o->control_sparsities[i]) < 1e-9;
        if (!known)
            return argument(error, "control_sparsities", "some of the sparsities",
                            o->control_sparsities[i]);
    }
    for (size_t i = 0; i < o->count_count; i++) {
        if ((unsigned)o->counts[i] >= ESPALIER_COUNT_NONE)
            return argument(error, "counts", "ways of counting, not none", (double)o->counts[i]);
    }
    espalier_status status = check_sparsities("sparsities", o->sparsities, o->sparsity_count, error);
    if (!status)
        status = check_lambdas("nuclear", o->nuclear, o->nuclear_count, error);
    return status ? status : check_lambdas("nuclear_weighted", o->nuclear_weighted,
                                           o->nuclear_weighted_count, error);
}

static espalier_status check_activation(const espalier_study_options *o, espalier_error *error)
{
    if (!espalier_activation_name(o->activation) || o->activation == ESPALIER_LINEAR)
        return argument(error, "activation", "one that is not linear", (double)o->activation);
    if (o->activation == ESPALIER_LEAKY_RELU && !(o->leaky_slope >= 0 && o->leaky_slope <= 1e6))
        return argument(error, "leaky_slope", "0 to 1e6", o->leaky_slope);
    return ESPALIER_OK;
}

/* Steps that come too late for the budget would leave every run short of its target. */
static espalier_status check_steps(const espalier_study_options *o, const espalier_prune_options *p,
                                   espalier_error *error)
{
    if (p->scope == ESPALIER_SCOPE_ONE_BY_ONE && p->steps % o->hidden_count != 0)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "steps: with the scope one-by-one expected a multiple of the %zu hidden "
                         "layers, found %zu", o->hidden_count, p->steps);
    const size_t times = p->trigger == ESPALIER_TRIGGER_EPOCH ? p->steps : 1;
    if ((p->trigger == ESPALIER_TRIGGER_EPOCH || p->trigger == ESPALIER_TRIGGER_ONCE) &&
        p->every > o->train.epochs / times)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "epochs: expected enough for %zu pruning steps, one in %zu epochs, found %zu",
                         times, p->every, o->train.epochs);
    return ESPALIER_OK;
}

static espalier_status check_pruning(const espalier_study_options *o, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    for (size_t c = 0; c < o->criterion_count; c++) {
        for (size_t k = 0; k < o->step_count; k++) {
            for (size_t i = 0; status == ESPALIER_OK && i < o->scope_count; i++) {
                espalier_prune_options p = espalier_study_prune_options(o, o->steps[k]);
                p.criterion = o->criteria[c];
                p.scope = o->scopes[i];
                p.target = o->sparsities[0];
                status = espalier_prune_options_check(&p, error);
                if (status == ESPALIER_OK)
                    status = check_steps(o, &p, error);
            }
        }
    }
    return status;
}

espalier_status espalier_study_options_check(const espalier_study_options *given, espalier_error *error)
{
    espalier_study_options own = *given;
    const espalier_study_options *const options = &own;
    study_settle_steps(&own);
    espalier_status status = check_counts(options, error);
    if (status == ESPALIER_OK)
        status = check_lists(options, error);
    if (status == ESPALIER_OK)
        status = check_activation(options, error);
    espalier_train_options train = options->train;
    train.seed = options->seed;
    if (status == ESPALIER_OK && !espalier_initialiser_name(options->initialiser))
        status = argument(error, "initialiser", "a listed one", (double)options->initialiser);
    if (status == ESPALIER_OK)
        status = espalier_train_options_check(&train, error);
    if (status == ESPALIER_OK)
        status = espalier_regulariser_options_check(&options->regulariser, error);
    if (status == ESPALIER_OK)
        status = check_pruning(options, error);
    study_job *jobs = NULL;
    size_t count;
    if (status == ESPALIER_OK)
        status = study_plan(options, NULL, &jobs, &count, error);
    memory_release(NULL, jobs);
    return status;
}

/* ---- what the data tell --------------------------------------------------- */

/* A pruner knows whether so much can be pruned from such a network. */
static espalier_status check_targets(const study *s, const espalier_network *network,
                                     espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; status == ESPALIER_OK && i < s->job_count; i++) {
        const study_job *job = &s->jobs[i];
        if (job->method != ESPALIER_STUDY_PRUNE || job->seed != s->options->seed)
            continue;
        espalier_prune_options o = espalier_study_prune_options(s->options, job->steps);
        espalier_pruner *pruner = NULL;
        o.criterion = job->criterion;
        o.scope = job->scope;
        o.count = job->count;
        o.target = job->target;
        status = espalier_pruner_create(network, &o, s->allocator, &pruner, error);
        espalier_pruner_destroy(pruner);
    }
    return status;
}

/* Ranks and singular values need LAPACK. */
static espalier_status check_lapack(const study *s, const espalier_network *network,
                                    espalier_error *error)
{
    bool needed = s->options->spectra || s->options->nuclear_count > 0 ||
                  s->options->nuclear_weighted_count > 0;
    for (size_t i = 0; i < s->options->control_count; i++)
        needed = needed || s->options->controls[i] >= ESPALIER_STUDY_PCA;
    if (!needed)
        return ESPALIER_OK;
    espalier_spectrum spectrum;
    espalier_status status = espalier_network_spectrum(
        network, espalier_network_layer_count(network) - 1, s->allocator, &spectrum, error);
    if (status == ESPALIER_OK)
        espalier_spectrum_clear(&spectrum, s->allocator);
    return status;
}

espalier_status study_check_data(const study *s, espalier_error *error)
{
    espalier_network *network = NULL;
    espalier_trainer *trainer = NULL;
    espalier_status status = study_make_network(s, NULL, s->options->seed, &network, error);
    if (status == ESPALIER_OK) {
        const espalier_train_options train = study_train_options(s, &s->jobs[0]);
        status = espalier_trainer_create(network, s->dataset, &train, s->allocator, &trainer,
                                         error);
    }
    if (status == ESPALIER_OK)
        status = check_targets(s, network, error);
    if (status == ESPALIER_OK)
        status = check_lapack(s, network, error);
    espalier_trainer_destroy(trainer);
    espalier_network_destroy(network);
    return status;
}
