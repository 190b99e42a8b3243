/* The network that a run starts from: fresh, or made from the network of another run. How
 * it is trained is left to run.c. */
#include "base/error.h"
#include "base/memory.h"
#include "espalier/analyse.h"
#include "study/study.h"

espalier_status study_make_network(const study *s, const size_t *hidden, uint64_t seed,
                                   espalier_network **network, espalier_error *error)
{
    const espalier_study_options *o = s->options;
    size_t *widths = memory_array(s->allocator, o->hidden_count + 2, sizeof *widths);
    if (!widths)
        return error_memory(error);
    widths[0] = espalier_dataset_input_count(s->dataset);
    for (size_t i = 0; i < o->hidden_count; i++)
        widths[i + 1] = hidden ? hidden[i] : o->hidden[i];
    widths[o->hidden_count + 1] = espalier_dataset_class_count(s->dataset);
    espalier_status status =
        espalier_network_create(widths, o->hidden_count + 2, s->allocator, network, error);
    if (status == ESPALIER_OK)
        espalier_network_initialise(*network, o->initialiser, seed);
    for (size_t l = 0; status == ESPALIER_OK && l < o->hidden_count; l++)
        status = espalier_network_set_activation(*network, l, o->activation,
                                                 (float)o->leaky_slope, error);
    memory_release(s->allocator, widths);
    return status;
}

/* Marks the places of a compacted layer's kept weights in the layer it was cut from. */
static void spread_mask(const espalier_network *small, espalier_network *full, size_t layer)
{
    const size_t inputs = espalier_network_inputs(small, layer);
    const size_t outputs = espalier_network_outputs(small, layer);
    const size_t full_inputs = espalier_network_inputs(full, layer);
    const uint64_t *columns = espalier_network_kept(small, layer == 0 ? SIZE_MAX : layer - 1);
    const bool hidden = layer + 1 < espalier_network_layer_count(small);
    const uint64_t *rows = hidden ? espalier_network_kept(small, layer) : NULL;
    const uint8_t *from = espalier_network_mask_const(small, layer);
    uint8_t *to = espalier_network_mask(full, layer);
    for (size_t j = 0; j < outputs; j++) {
        uint8_t *row = to + (rows ? rows[j] : j) * full_inputs;
        for (size_t i = 0; i < inputs; i++)
            row[columns ? columns[i] : i] = from[j * inputs + i];
    }
}

/* The masks of a compacted network at the original widths; its weights are not needed. */
static espalier_status masked_network(const study *s, const espalier_network *small, uint64_t seed,
                                      espalier_network **network, espalier_error *error)
{
    espalier_network *full = NULL;
    espalier_status status = study_make_network(s, NULL, seed, &full, error);
    if (status != ESPALIER_OK)
        return status;
    for (size_t l = 0; l < espalier_network_layer_count(full); l++) {
        const size_t places = espalier_network_inputs(full, l) * espalier_network_outputs(full, l);
        uint8_t *mask = espalier_network_mask(full, l);
        for (size_t i = 0; i < places; i++)
            mask[i] = 0;
        spread_mask(small, full, l);
    }
    espalier_network_apply_masks(full);
    *network = full;
    return ESPALIER_OK;
}

static espalier_status restart(const study *s, const study_job *job, const espalier_network *small,
                               espalier_network **network, espalier_error *error)
{
    espalier_network *initial = NULL, *full = NULL;
    espalier_restart how = ESPALIER_RESTART_REWIND;
    if (job->method != ESPALIER_STUDY_REWIND)
        how = job->method == ESPALIER_STUDY_REINIT ? ESPALIER_RESTART_REINIT
                                                   : ESPALIER_RESTART_SHUFFLE;
    espalier_status status = study_make_network(s, NULL, job->seed, &initial, error);
    if (status == ESPALIER_OK)
        status = masked_network(s, small, job->seed, &full, error);
    if (status == ESPALIER_OK)
        status = espalier_network_restart(full, how,
                                          how == ESPALIER_RESTART_REWIND ? initial : NULL,
                                          s->options->initialiser, job->seed, error);
    espalier_network_destroy(initial);
    if (status == ESPALIER_OK)
        *network = full;
    else
        espalier_network_destroy(full);
    return status;
}

static espalier_status scratch(const study *s, const study_job *job, const espalier_network *small,
                               espalier_network **network, espalier_error *error)
{
    const size_t hidden = s->options->hidden_count;
    size_t *live = memory_array(s->allocator, hidden, sizeof *live);
    if (!live)
        return error_memory(error);
    for (size_t l = 0; l < hidden; l++) {
        live[l] = espalier_network_live(small, l, NULL);
        live[l] = live[l] ? live[l] : 1;
    }
    espalier_status status = study_make_network(s, live, job->seed, network, error);
    memory_release(s->allocator, live);
    return status;
}

/* A layer of rank 0 is brought to rank 1, the least there is. */
static espalier_status read_ranks(const study *s, const study_job *pruned, size_t *ranks,
                                  espalier_error *error)
{
    const json_t *layers = json_object_get(pruned->record, "layers");
    for (size_t l = 0; l < s->options->hidden_count; l++) {
        const json_t *rank = json_object_get(json_array_get(layers, l), "rank");
        if (!json_is_integer(rank))
            return error_set(error, ESPALIER_ERROR_MISMATCH,
                             "%s: the rank of layer %zu is not known", pruned->name, l);
        ranks[l] = json_integer_value(rank) > 0 ? (size_t)json_integer_value(rank) : 1;
    }
    return ESPALIER_OK;
}

static espalier_status low_rank(const study *s, const study_job *job, espalier_network **network,
                                espalier_error *error)
{
    espalier_network *dense = NULL;
    size_t *ranks = memory_array(s->allocator, s->options->hidden_count, sizeof *ranks);
    espalier_status status = ranks ? read_ranks(s, &s->jobs[job->of], ranks, error)
                                   : error_memory(error);
    if (status == ESPALIER_OK)
        status = study_read_network(s, &s->jobs[job->dense], &dense, error);
    if (status == ESPALIER_OK && job->method == ESPALIER_STUDY_FACTORS)
        status = espalier_network_factor(dense, ranks, ESPALIER_LOW_RANK_SVD, s->allocator,
                                         network, error);
    else if (status == ESPALIER_OK)
        status = espalier_network_low_rank(
            dense, ranks,
            job->method == ESPALIER_STUDY_PCA ? ESPALIER_LOW_RANK_PCA : ESPALIER_LOW_RANK_SVD,
            s->allocator, network, error);
    memory_release(s->allocator, ranks);
    espalier_network_destroy(dense);
    return status;
}

espalier_status study_start_network(const study *s, const study_job *job,
                                    espalier_network **network, espalier_error *error)
{
    if (!espalier_study_method_is_control(job->method))
        return study_make_network(s, NULL, job->seed, network, error);
    if (job->method >= ESPALIER_STUDY_PCA)
        return low_rank(s, job, network, error);
    espalier_network *small = NULL;
    espalier_status status = study_read_network(s, &s->jobs[job->of], &small, error);
    if (status != ESPALIER_OK)
        return status;
    status = job->method == ESPALIER_STUDY_SCRATCH ? scratch(s, job, small, network, error)
                                                   : restart(s, job, small, network, error);
    espalier_network_destroy(small);
    return status;
}
