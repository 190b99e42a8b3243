/* Where data sets are sought and how they are split: the options of every
 * command that reads data, and what a model file remembers of it. */
#ifndef CLI_DATA_H
#define CLI_DATA_H

#include "table_settings.h"

typedef struct data_settings {
    text_list directories; /* --data-dir */
    espalier_dataset_options options;
    table_settings table;
    bool other_test;   /* --test is another part than the model's, */
    double model_test; /* which is this one */
} data_settings;

data_settings data_settings_defaults(void);

/* Which of the rows are asked for. */
typedef enum data_rows {
    DATA_DIRECTORIES, /* --data-dir */
    DATA_FOLDERS, /* and how tables are read */
    DATA_NEW,     /* for a new network: also --validation, --validation-split, --test, --scaling */
    DATA_SPLIT,   /* for none: the same without --scaling */
    DATA_AGAIN,   /* for one that is there: those of DATA_SPLIT; unless given all come from the
                     model */
    DATA_MODEL    /* also --validation, --validation-split, --validation-seed; unless given all
                     come from the model, too */
} data_rows;
void data_add_options(option_set *set, data_settings *settings, data_rows rows);

/* Wrong usage if one of these options, or --scaling, is given without data: it would change nothing.
 * source: DATA or NULL; wanted: how the command is told it, such as "--data DATA". */
int data_check(const option_set *set, const char *source, const char *wanted);

/* Takes the validation and test rows' fractions, choice and seed from the model's
 * metadata, as far as they were not given as options. Its scaling is its own, unless it
 * came `unscaled`. */
void data_follow_model(data_settings *settings, const option_set *set,
                       const espalier_network *network, bool unscaled);

/* True if both networks read a table's columns alike and keep the same rows apart. */
bool data_reads_alike(const espalier_network *a, const espalier_network *b);

/* {"fraction":…,"split":…,"seed":…} and "test":… where there is such a part, what
 * data_follow_model() reads back. dataset: the one that was split so, or NULL. */
json_t *data_validation_json(const data_settings *settings, const espalier_dataset *dataset);

enum { DATA_PLACES_MOST = TEXTS_MOST + 3, DATA_PLACE_BYTES = 4096 };

/* The folders in which named data sets are sought, in this order: --data-dir,
 * $ESPALIER_DATA, the user's, the system's. All but the last are the user's own. */
typedef struct data_places {
    size_t count;
    const char *paths[DATA_PLACES_MOST];
    char user[DATA_PLACE_BYTES];
} data_places;

void data_find_places(const data_settings *settings, data_places *found);

/* Opens a data set by path or name. EXIT_NONE, or an exit code after a message. */
int data_open(const char *source, const data_settings *settings, espalier_dataset **dataset);

/* The same for a network: a table is read by its columns, and labels are its classes.
 * for_test: a table that it was not trained on has test rows only.
 * A network of another program that has no names of its classes gets those of a table. */
int data_open_for(espalier_network *network, bool for_test, const char *source,
                  const data_settings *settings, espalier_dataset **dataset);

/* Opens a table whose rows a network predicts on, "-" for standard input. */
int data_open_table(const espalier_network *network, const char *source,
                    const data_settings *settings, espalier_table **table);

/* Which column the labels of a table are from, by a data set's or a network's columns:
 * {"position":…,"name":…} or NULL; "column 6 (species)", or false. */
enum { DATA_LABEL_BYTES = 320 };
json_t *data_label_json(const char *columns);
bool data_label_column(const char *columns, char text[DATA_LABEL_BYTES]);

/* The folder that a path or name stands for; false if there is none. */
bool data_folder(const char *source, const data_settings *settings, char *path, size_t size);

/* "train", "validation", "test": the index is an espalier_split. */
const char *split_name(size_t index);

#endif
