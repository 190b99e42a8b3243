/* The record's inside: record.c makes it and listens, record_log.c writes lines,
 * record_step.c tells of pruning steps, record_spectra.c of singular values;
 * result.c reads it. */
#ifndef REPORT_RECORD_H
#define REPORT_RECORD_H

#include <jansson.h>
#include <stdio.h>

#include "espalier/report.h"

/* Items of one kind in the order of their coming. */
typedef struct record_list {
    void *items; /* [count], of one size */
    size_t count, capacity;
} record_list;

struct espalier_record {
    const espalier_allocator *allocator;
    FILE *log; /* or NULL */
    char *log_path;
    bool spectra_wanted;
    record_list epochs;  /* of espalier_epoch */
    record_list steps;   /* of espalier_prune_step */
    record_list notes;   /* of char * */
    record_list spectra; /* of char *: the events as JSON */
    uint64_t inputs_counted; /* before the step that has begun */
    json_t *before;          /* "layers" of its "counts", not yet complete; NULL: no counts */
};

/* Adds one item of size_bytes; the list grows by doubling. False without memory. */
bool record_add(const espalier_allocator *allocator, record_list *list, const void *item,
                size_t size_bytes);

/* Keeps a note and writes it to the log. */
espalier_status record_note(espalier_record *record, const char *text, size_t epoch,
                            espalier_error *error);

/* {"event": name, …the fields of `fields`}. Takes over the reference; NULL without memory. */
json_t *record_event(const char *name, json_t *fields);
/* Appends an event to the log, if there is one. Takes over the reference; NULL = MEMORY. */
espalier_status record_write(espalier_record *record, json_t *event, espalier_error *error);

/* record_state.c: how a record goes into a checkpoint, its place in the log included. */
extern const espalier_keeper record_keeper;

/* A pruning step's two halves. network may be NULL where the record has neither a log
 * nor spectra. */
espalier_status record_step_begin(espalier_record *record, const espalier_network *network,
                                  size_t epoch, espalier_error *error);
espalier_status record_step_end(espalier_record *record, const espalier_network *network,
                                const espalier_prune_step *step, espalier_error *error);

/* The spectra of all layers, if they are wanted. when: "begin", "before", "after" or
 * "end"; step SIZE_MAX = none. */
espalier_status record_spectra_take(espalier_record *record, const espalier_network *network,
                                    const char *when, size_t step, size_t epoch,
                                    espalier_error *error);

#endif
