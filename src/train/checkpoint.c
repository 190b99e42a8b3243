/* Writing a run to a file and reading it back. What of it is tensors is here: the network
 * (as the model file has it), the optimizer's state, the best weights so far. Where the run
 * stands is place.c's, what observers remember is their own business. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/model_file.h"
#include "train/lists.h"
#include "train/place.h"

/* The newest form of this file that is known, and the one that is written. */
enum { FORMAT_NEWEST = 1 };

#define KEY_FORMAT NETWORK_CHECKPOINT
#define KEY_DIGEST NETWORK_CHECKPOINT ".digest"
#define KEY_TRAINER NETWORK_CHECKPOINT ".trainer"
#define KEY_OBSERVER NETWORK_CHECKPOINT ".observer."

enum {
    NAME_BYTES = 64,
    KEY_BYTES = sizeof KEY_OBSERVER + ESPALIER_KEEPER_NAME_MOST, /* the longest of all */
    PAIRS_BESIDE_OBSERVERS = 3
};

struct espalier_checkpoint {
    const espalier_allocator *allocator;
    safetensors file;
    espalier_network *network;
    uint64_t serial, epochs;
};

/* ---- the digest ----------------------------------------------------------- */

/* Of all that was saved beside the network. The order of tensors in a file is the writer's. */
static uint64_t digest_more(const model_more *more)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < more->tensor_count; i++)
        sum += digest_bytes(digest_text(0, more->tensors[i].name), more->tensors[i].data,
                            more->tensors[i].bytes);
    for (size_t i = 0; i < more->pair_count; i++)
        if (strcmp(more->pairs[i].key, KEY_DIGEST) != 0)
            sum += digest_text(digest_text(0, more->pairs[i].key), more->pairs[i].value);
    return sum;
}

/* Of the network itself. */
static uint64_t digest_network(const espalier_network *network)
{
    uint64_t digest = digest_bytes(0, &network->inputs_counted, sizeof network->inputs_counted);
    for (size_t l = 0; l < network->layer_count; l++) {
        const network_layer *layer = &network->layers[l];
        const size_t weights = layer->inputs * layer->outputs;
        digest = digest_bytes(digest, layer->weights, weights * sizeof *layer->weights);
        digest = digest_bytes(digest, layer->biases, layer->outputs * sizeof *layer->biases);
        digest = digest_bytes(digest, layer->mask, weights);
        const float slope = layer->slope, kind = (float)layer->activation;
        digest = digest_bytes(digest_bytes(digest, &slope, sizeof slope), &kind, sizeof kind);
        if (network->inputs_counted && network_has_activation(network, l))
            digest = digest_bytes(digest, layer->activations,
                                  layer->outputs * sizeof *layer->activations);
    }
    if (network->scaling_count > 0) {
        digest = digest_bytes(digest, network->shift, network->scaling_count * sizeof(float));
        digest = digest_bytes(digest, network->scale, network->scaling_count * sizeof(float));
    }
    for (size_t c = 0; c < espalier_network_class_count(network); c++)
        digest = digest_text(digest, espalier_network_class_name(network, c));
    for (size_t i = 0; i < network->metadata_count; i++)
        digest = digest_text(digest_text(digest, network->metadata[i].key),
                             network->metadata[i].value);
    return digest;
}

/* ---- writing ---------------------------------------------------------------- */

/* What goes beside the network, while it is put together. */
typedef struct bundle {
    model_more more;
    safetensors_tensor *tensors;
    char (*names)[NAME_BYTES];
    safetensors_pair *pairs;
    char (*keys)[KEY_BYTES];
    char **texts; /* [pairs], by malloc */
} bundle;

static bool bundle_take(bundle *b, const espalier_trainer *trainer)
{
    const espalier_allocator *allocator = trainer->allocator;
    const size_t layers = trainer->network->layer_count;
    const size_t tensors = layers * (trainer->copy.state_count + 2);
    const size_t pairs = trainer->listener_count + PAIRS_BESIDE_OBSERVERS;
    b->tensors = memory_array(allocator, tensors, sizeof *b->tensors);
    b->names = memory_array(allocator, tensors, sizeof *b->names);
    b->pairs = memory_array(allocator, pairs, sizeof *b->pairs);
    b->keys = memory_array(allocator, pairs, sizeof *b->keys);
    b->texts = memory_array(allocator, pairs, sizeof *b->texts);
    b->more = (model_more){.tensors = b->tensors, .pairs = b->pairs};
    return b->tensors && b->names && b->pairs && b->keys && b->texts;
}

static void bundle_clear(bundle *b, const espalier_allocator *allocator)
{
    for (size_t i = 0; i < b->more.pair_count; i++)
        free(b->texts[i]);
    memory_release(allocator, b->texts);
    memory_release(allocator, b->keys);
    memory_release(allocator, b->pairs);
    memory_release(allocator, b->names);
    memory_release(allocator, b->tensors);
}

static void add_floats(bundle *b, const char *kind, size_t index, size_t count, const float *data)
{
    char *name = b->names[b->more.tensor_count];
    snprintf(name, NAME_BYTES, NETWORK_CHECKPOINT ".%s.%zu", kind, index);
    b->tensors[b->more.tensor_count++] = (safetensors_tensor){
        .name = name, .dtype = "F32", .rank = 1, .shape = {count}, .bytes = count * sizeof *data,
        .data = data};
}

/* Takes over the text; false without one. */
static bool add_text(bundle *b, const char *key, const char *rest, char *text)
{
    const size_t index = b->more.pair_count;
    snprintf(b->keys[index], KEY_BYTES, "%s%s", key, rest);
    b->texts[index] = text;
    b->pairs[index] = (safetensors_pair){b->keys[index], text};
    b->more.pair_count += text != NULL;
    return text != NULL;
}

static void add_tensors(bundle *b, espalier_trainer *trainer)
{
    const work *copy = &trainer->copy;
    const size_t layers = trainer->network->layer_count;
    work_save_states(&trainer->copy, trainer->network);
    for (size_t i = 0; i < copy->state_count * layers; i++) {
        const network_layer *layer = &trainer->network->layers[i % layers];
        add_floats(b, "state", i, layer->inputs * layer->outputs + layer->outputs, copy->home[i]);
    }
    for (size_t i = 0; trainer->kept_epoch && i < 2 * layers; i++) {
        const network_layer *layer = &trainer->network->layers[i / 2];
        add_floats(b, "kept", i, i % 2 ? layer->outputs : layer->inputs * layer->outputs,
                   trainer->kept_weights[i]);
    }
}

static espalier_status add_observers(bundle *b, const espalier_trainer *trainer,
                                     espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; i < trainer->listener_count && status == ESPALIER_OK; i++) {
        const espalier_observer *observer = &trainer->listeners[i].observer;
        char *text = NULL;
        if (!observer->keeper)
            continue;
        status = observer->keeper->save(observer->context, &text, error);
        if (status != ESPALIER_OK)
            error_set(error, status, "%s", espalier_status_text(status));
        else if (!add_text(b, KEY_OBSERVER, observer->keeper->name, text))
            status = error_set(error, ESPALIER_ERROR_ARGUMENT,
                               "the observer '%s' saved its state, but there is none",
                               observer->keeper->name);
    }
    return status;
}

/* A number's text by malloc. */
static char *print(const char *format, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, format, number);
    char *copy = malloc(strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}

static espalier_status fill(bundle *b, espalier_trainer *trainer, espalier_error *error)
{
    if (!bundle_take(b, trainer))
        return error_memory(error);
    espalier_network_apply_masks(espalier_trainer_network(trainer)); /* a file holds no others */
    add_tensors(b, trainer);
    espalier_status status = add_observers(b, trainer, error);
    if (status != ESPALIER_OK)
        return status;
    if (!add_text(b, KEY_TRAINER, "", place_text(trainer)) ||
        !add_text(b, KEY_FORMAT, "", print("%" PRIu64, FORMAT_NEWEST)))
        return error_memory(error);
    const uint64_t digest = digest_more(&b->more) + digest_network(trainer->network);
    return add_text(b, KEY_DIGEST, "", print("%016" PRIx64, digest)) ? ESPALIER_OK
                                                                      : error_memory(error);
}

espalier_status espalier_trainer_save(espalier_trainer *trainer, const char *path,
                                      espalier_error *error)
{
    bundle b = {0};
    if (!trainer->saving)
        return error_set(error, ESPALIER_ERROR_ARGUMENT, "a run is saved within its saver only");
    trainer->saves++;
    espalier_status status = fill(&b, trainer, error);
    if (status == ESPALIER_OK)
        status = model_write(trainer->network, path, &b.more, error);
    bundle_clear(&b, trainer->allocator);
    return status;
}

void espalier_trainer_set_saver(espalier_trainer *trainer, espalier_saver *saver, void *context)
{
    trainer->saver = saver;
    trainer->saver_context = context;
}

espalier_status trainer_save_point(espalier_trainer *trainer, espalier_moment moment,
                                   espalier_error *error)
{
    if (!trainer->saver)
        return ESPALIER_OK;
    trainer->saving = trainer->began; /* before that there is no place to go on from */
    const espalier_status status =
        trainer->saver(trainer->saver_context, trainer, moment, error);
    trainer->saving = false;
    return status ? error_set(error, status, "%s", espalier_status_text(status)) : ESPALIER_OK;
}

/* ---- reading ------------------------------------------------------------------ */

static const char *find(const espalier_checkpoint *c, const char *key)
{
    for (size_t i = 0; i < c->file.pair_count; i++)
        if (strcmp(c->file.pairs[i].key, key) == 0)
            return c->file.pairs[i].value;
    return NULL;
}

static espalier_status check_format(const espalier_checkpoint *c, const char *path,
                                    espalier_error *error)
{
    const char *format = find(c, KEY_FORMAT);
    char *end = NULL;
    const unsigned long number = format ? strtoul(format, &end, 10) : 0;
    if (!format || end == format || *end || number == 0)
        return error_set(error, ESPALIER_ERROR_FORMAT,
                         "%s: expected a checkpoint, found no metadata '" KEY_FORMAT "' that holds "
                         "its format", path);
    if (number > FORMAT_NEWEST)
        return error_set(error, ESPALIER_ERROR_UNSUPPORTED,
                         "%s: checkpoint of format %lu; this version reads up to %d", path, number,
                         FORMAT_NEWEST);
    return ESPALIER_OK;
}

/* The names among the file's that are a checkpoint's own, in lists of their own. */
static espalier_status check_digest(const espalier_checkpoint *c, const char *path,
                                    espalier_error *error)
{
    const char *told = find(c, KEY_DIGEST);
    uint64_t sum = digest_network(c->network);
    char found[24];
    for (size_t i = 0; i < c->file.tensor_count; i++)
        if (network_is_checkpoint_name(c->file.tensors[i].name))
            sum += digest_more(&(model_more){.tensors = &c->file.tensors[i], .tensor_count = 1});
    for (size_t i = 0; i < c->file.pair_count; i++)
        if (network_is_checkpoint_name(c->file.pairs[i].key))
            sum += digest_more(&(model_more){.pairs = &c->file.pairs[i], .pair_count = 1});
    snprintf(found, sizeof found, "%016" PRIx64, sum);
    if (told && strcmp(told, found) == 0)
        return ESPALIER_OK;
    return error_set(error, ESPALIER_ERROR_FORMAT,
                     "%s: damaged: its contents have the digest %s; expected %s", path, found,
                     safetensors_show(told ? told : "one in the file").text);
}

static espalier_status look(espalier_checkpoint *c, const char *path, espalier_error *error)
{
    espalier_status status = safetensors_read(path, c->allocator, &c->file, error);
    if (status == ESPALIER_OK)
        status = check_format(c, path, error);
    if (status == ESPALIER_OK)
        status = model_of(path, &c->file, c->allocator, &c->network, error);
    if (status == ESPALIER_OK)
        status = check_digest(c, path, error);
    return status ? status : place_peek(find(c, KEY_TRAINER), &c->serial, &c->epochs, error);
}

espalier_status espalier_checkpoint_read(const char *path, const espalier_allocator *allocator,
                                         espalier_checkpoint **checkpoint, espalier_error *error)
{
    espalier_checkpoint *made = memory_array(allocator, 1, sizeof *made);
    if (!made)
        return error_memory(error);
    made->allocator = allocator;
    espalier_status status = look(made, path, error);
    if (status == ESPALIER_OK)
        *checkpoint = made;
    else
        espalier_checkpoint_destroy(made);
    return status;
}

void espalier_checkpoint_destroy(espalier_checkpoint *checkpoint)
{
    if (!checkpoint)
        return;
    safetensors_clear(&checkpoint->file);
    espalier_network_destroy(checkpoint->network);
    memory_release(checkpoint->allocator, checkpoint);
}

espalier_status espalier_checkpoint_network(const espalier_checkpoint *checkpoint,
                                            const espalier_allocator *allocator,
                                            espalier_network **network, espalier_error *error)
{
    return espalier_network_copy(checkpoint->network, allocator, network, error);
}

uint64_t espalier_checkpoint_serial(const espalier_checkpoint *checkpoint)
{
    return checkpoint->serial;
}

size_t espalier_checkpoint_epochs(const espalier_checkpoint *checkpoint)
{
    return (size_t)checkpoint->epochs;
}

/* ---- going on -------------------------------------------------------------------- */

/* The trainer's network must be the checkpoint's, or its state would fit by chance only. */
static espalier_status check_network(const espalier_trainer *trainer, const espalier_checkpoint *c,
                                     espalier_error *error)
{
    const espalier_network *mine = trainer->network, *there = c->network;
    bool same = mine->layer_count == there->layer_count;
    for (size_t l = 0; same && l < mine->layer_count; l++) {
        const network_layer *a = &mine->layers[l], *b = &there->layers[l];
        same = a->inputs == b->inputs && a->outputs == b->outputs &&
               memcmp(a->weights, b->weights, a->inputs * a->outputs * sizeof *a->weights) == 0 &&
               memcmp(a->mask, b->mask, a->inputs * a->outputs) == 0;
    }
    return same ? ESPALIER_OK
                : error_set(error, ESPALIER_ERROR_MISMATCH,
                            "the trainer's network is not the one of the checkpoint");
}

static espalier_status load_floats(const espalier_checkpoint *c, const char *kind, size_t index,
                                   size_t count, float *data, espalier_error *error)
{
    char name[NAME_BYTES];
    snprintf(name, sizeof name, NETWORK_CHECKPOINT ".%s.%zu", kind, index);
    for (size_t i = 0; i < c->file.tensor_count; i++) {
        const safetensors_tensor *tensor = &c->file.tensors[i];
        if (strcmp(tensor->name, name) != 0)
            continue;
        if (strcmp(tensor->dtype, "F32") != 0 || tensor->bytes != count * sizeof *data)
            break;
        memcpy(data, tensor->data, tensor->bytes);
        return ESPALIER_OK;
    }
    return error_set(error, ESPALIER_ERROR_FORMAT,
                     "checkpoint: expected the tensor '%s' of %zu values F32, found none", name,
                     count);
}

static espalier_status load_tensors(espalier_trainer *trainer, const espalier_checkpoint *c,
                                    espalier_error *error)
{
    const size_t layers = trainer->network->layer_count;
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; i < trainer->copy.state_count * layers && status == ESPALIER_OK; i++) {
        const network_layer *layer = &trainer->network->layers[i % layers];
        status = load_floats(c, "state", i, layer->inputs * layer->outputs + layer->outputs,
                             trainer->copy.home[i], error);
    }
    for (size_t i = 0; trainer->kept_epoch && i < 2 * layers && status == ESPALIER_OK; i++) {
        const network_layer *layer = &trainer->network->layers[i / 2];
        status = load_floats(c, "kept", i, i % 2 ? layer->outputs : layer->inputs * layer->outputs,
                             trainer->kept_weights[i], error);
    }
    return status;
}

/* Nothing that was remembered may be lost: each state must be some observer's here. */
static espalier_status check_observers(const espalier_trainer *trainer,
                                       const espalier_checkpoint *c, espalier_error *error)
{
    for (size_t i = 0; i < c->file.pair_count; i++) {
        const size_t length = strlen(KEY_OBSERVER);
        const char *key = c->file.pairs[i].key;
        bool taken = strncmp(key, KEY_OBSERVER, length) != 0;
        for (size_t l = 0; l < trainer->listener_count && !taken; l++) {
            const espalier_keeper *keeper = trainer->listeners[l].observer.keeper;
            taken = keeper && strcmp(keeper->name, key + length) == 0;
        }
        if (!taken)
            return error_set(error, ESPALIER_ERROR_MISMATCH,
                             "the run cannot go on here: it had the observer '%s'", key + length);
    }
    return ESPALIER_OK;
}

static espalier_status load_observers(const espalier_trainer *trainer,
                                      const espalier_checkpoint *c, espalier_error *error)
{
    espalier_status status = ESPALIER_OK;
    for (size_t i = 0; i < trainer->listener_count && status == ESPALIER_OK; i++) {
        const espalier_observer *observer = &trainer->listeners[i].observer;
        char key[KEY_BYTES];
        if (!observer->keeper)
            continue;
        snprintf(key, sizeof key, KEY_OBSERVER "%s", observer->keeper->name);
        const char *text = find(c, key);
        status = text ? observer->keeper->restore(observer->context, text, error)
                      : error_set(error, ESPALIER_ERROR_MISMATCH,
                                  "the checkpoint knows nothing of the observer '%s'",
                                  observer->keeper->name);
        if (status != ESPALIER_OK)
            error_set(error, status, "%s", espalier_status_text(status));
    }
    return status;
}

static espalier_status restore(espalier_trainer *trainer, const espalier_checkpoint *checkpoint,
                               espalier_error *error)
{
    espalier_status status = check_network(trainer, checkpoint, error);
    if (status == ESPALIER_OK)
        status = check_observers(trainer, checkpoint, error);
    if (status == ESPALIER_OK)
        status = place_restore(trainer, find(checkpoint, KEY_TRAINER), error);
    if (status == ESPALIER_OK)
        status = load_tensors(trainer, checkpoint, error);
    if (status == ESPALIER_OK)
        status = load_observers(trainer, checkpoint, error);
    if (status != ESPALIER_OK)
        return status;
    work_load(&trainer->copy, trainer->network);
    status = lists_fit(&trainer->copy, trainer->batch.rows_most, error);
    batch_fit(&trainer->batch, &trainer->copy, trainer->network);
    return status;
}

espalier_status espalier_trainer_restore(espalier_trainer *trainer,
                                         const espalier_checkpoint *checkpoint,
                                         espalier_error *error)
{
    if (trainer->began || trainer->restored || trainer->half_restored)
        return error_set(error, ESPALIER_ERROR_ARGUMENT,
                         "a trainer is restored once, before it runs: make another one");
    const espalier_status status = restore(trainer, checkpoint, error);
    trainer->restored = status == ESPALIER_OK;
    trainer->half_restored = !trainer->restored;
    return status;
}

espalier_status trainer_restored(espalier_trainer *trainer, const espalier_event *event,
                                 espalier_error *error)
{
    espalier_event note = *event;
    if (!trainer->other_kernels)
        return ESPALIER_OK;
    note.kind = ESPALIER_EVENT_NOTE;
    note.epoch = trainer->at.done;
    note.note = "the run goes on with other vector instructions than it began with: from here on "
                "its numbers agree within rounding only";
    return espalier_trainer_announce(trainer, &note, error);
}
