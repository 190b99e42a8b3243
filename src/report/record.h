/* The record's inside, for the result made from it. */
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
    record_list epochs; /* of espalier_epoch */
    record_list steps;  /* of espalier_prune_step */
    record_list notes;  /* of char * */
};

#endif
