/* Which way a network comes in. */
#include "espalier/import.h"

espalier_status espalier_network_open(const char *path, const espalier_allocator *allocator,
                                      espalier_network **network, espalier_error *error)
{
    return espalier_network_read(path, allocator, network, error);
}
