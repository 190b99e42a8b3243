/* How rows are scaled for a network of another program, whose file does not say it. */
#ifndef CLI_SCALING_H
#define CLI_SCALING_H

#include "data.h"

/* True for a network that was trained elsewhere and has no scaling of its own: whether
 * its rows were scaled before they went in, nobody knows but its maker. */
bool scaling_is_unsaid(const espalier_network *network);

/* The option --scaling of commands that take a MODEL and DATA. */
void scaling_add_option(option_set *set, data_settings *settings);

/* True where --scaling asks for one that is fitted on training rows: then a table must have
 * some, also where it would be read for tests otherwise. */
bool scaling_is_fitted(const option_set *set, const data_settings *settings,
                       const espalier_network *network);

/* Gives such a network the scaling of the data that --scaling names. Without the option
 * bytes are divided by 255, as everyone does, other rows stay as they are, and a note says
 * so. For any other network the option is wrong usage. The network keeps what it got.
 * EXIT_NONE, or an exit code after a message. */
int scaling_settle(const option_set *set, const data_settings *settings, const char *model,
                   espalier_network *network, const char *source, const espalier_dataset *dataset);

/* The same for rows that come one by one, on which nothing can be fitted.
 * bytes: whether they are of that type. */
int scaling_settle_rows(const option_set *set, const data_settings *settings, const char *model,
                        espalier_network *network, const char *source, bool bytes);

/* Says that the rows to fit --scaling on are not there. wanted: "training rows to fit", or so.
 * EXIT_FAILED. */
int scaling_unfitted(const data_settings *settings, const char *source, const char *wanted);

/* True for a data set of bytes, whose scaling (auto) is not fitted. */
bool scaling_is_of_bytes(const espalier_dataset *dataset);

#endif
