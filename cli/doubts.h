/* What is said about data before a network learns from it, and of one that lost too much. */
#ifndef CLI_DOUBTS_H
#define CLI_DOUBTS_H

#include "data.h"

/* A warning for each column of a table that became categories though most of its values look
 * like numbers, and for each that counts the rows. */
void doubts_columns(const char *source, const espalier_dataset *dataset);

/* A warning for each column, or the first few, of rows with categories that were not learnt. */
void doubts_unknown(const char *source, const espalier_unknown *unknown);

/* Those of columns, and one for classes without training rows and for inputs that never
 * change (of tables; in pictures that is usual) or lie too far from zero. training: and
 * for test rows that are training rows, too; EXIT_FAILED with a message if there is one class
 * only; else EXIT_NONE. fresh: of a network that is not there yet, else NULL: and that of labels,
 * and one for bytes of which 255 is far too much. */
int doubts_say(const char *source, const espalier_dataset *dataset, bool training,
               const data_settings *fresh);

/* A warning where nobody said which column the labels are, and most are numbers with fractions. */
void doubts_labels(const char *source, const espalier_dataset *dataset, const data_settings *settings);

/* A warning for rows that were to be kept apart where none is. */
void doubts_splits(const char *source, const espalier_dataset *dataset, const data_settings *settings);

/* A warning for each hidden layer of which pruning left next to nothing. */
void doubts_thin(const espalier_network *network);

#endif
