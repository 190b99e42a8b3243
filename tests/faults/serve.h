/* One process that has loaded a program runs it many times. */
#ifndef FAULTS_SERVE_H
#define FAULTS_SERVE_H

#include <stdbool.h>

/* One run: which allocation is to fail (0 = none), whether all from there on; and what it told at
 * its end, zeros where it did not come to its own end. */
typedef struct served {
    unsigned long fails;
    bool on;
    unsigned long met;
    long left;
} served;

/* Returns in a child for every line "FAILS ON" of standard input. The child has FOLDER/input,
 * FOLDER/output and FOLDER/errors as its standard streams. Answered on standard output are the
 * child's process id at once, and "STATUS MET LEFT" at its end. Does not return at the end of input. */
served *serve(const char *folder);

#endif
