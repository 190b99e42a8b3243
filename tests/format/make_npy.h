/* .npy files and zip archives for tests, byte by byte, also wrong ones. */
#ifndef FORMAT_MAKE_NPY_H
#define FORMAT_MAKE_NPY_H

#include "test.h"

#ifdef ESPALIER_HAVE_ZLIB
#include <zlib.h>
#endif

enum { MADE_BYTES_MOST = 1 << 16 };

/* Bytes being put together. */
typedef struct made_file {
    uint8_t bytes[MADE_BYTES_MOST];
    size_t count;
} made_file;

static inline void put(made_file *made, const void *bytes, size_t count)
{
    assert_true(made->count + count <= MADE_BYTES_MOST);
    memcpy(made->bytes + made->count, bytes, count);
    made->count += count;
}

static inline void put_little(made_file *made, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        put(made, &(uint8_t){(uint8_t)(value >> 8 * i)}, 1);
}

/* Version, dictionary as it is, and values. */
static inline void put_npy(made_file *made, int version, const char *dictionary,
                           const void *values, size_t bytes)
{
    put(made, "\x93NUMPY", 6);
    put_little(made, (uint64_t)version, 2);
    put_little(made, strlen(dictionary), version == 1 ? 2 : 4);
    put(made, dictionary, strlen(dictionary));
    put(made, values, bytes);
}

/* ---- zip ---------------------------------------------------------------------- */

/* What a member says about itself; each field can be made wrong. */
typedef struct made_member {
    const char *name;
    const uint8_t *data; /* as stored or deflated */
    uint32_t packed, size, crc;
    uint16_t method, flags;
    uint32_t place; /* of its local header, filled in */
} made_member;

static inline void put_member_facts(made_file *made, const made_member *m)
{
    put_little(made, 20, 2); /* version needed */
    put_little(made, m->flags, 2);
    put_little(made, m->method, 2);
    put_little(made, 0x00210000, 4); /* 1980-01-01 */
    put_little(made, m->crc, 4);
    put_little(made, m->packed, 4);
    put_little(made, m->size, 4);
    put_little(made, strlen(m->name), 2);
    put_little(made, 0, 2);
}

static inline void put_local(made_file *made, made_member *m, size_t data_bytes)
{
    m->place = (uint32_t)made->count;
    put(made, "PK\3\4", 4);
    put_member_facts(made, m);
    put(made, m->name, strlen(m->name));
    put(made, m->data, data_bytes);
}

static inline void put_central(made_file *made, const made_member *m)
{
    put(made, "PK\1\2", 4);
    put_little(made, 20, 2); /* version made by */
    put_member_facts(made, m);
    for (int i = 0; i < 10; i++) /* comment, disk, attributes */
        put_little(made, 0, 1);
    put_little(made, m->place, 4);
    put(made, m->name, strlen(m->name));
}

static inline void put_zip_end(made_file *made, size_t central, size_t members)
{
    size_t bytes = made->count - central;
    put(made, "PK\5\6", 4);
    put_little(made, 0, 4);
    put_little(made, members, 2);
    put_little(made, members, 2);
    put_little(made, bytes, 4);
    put_little(made, central, 4);
    put_little(made, 0, 2);
}

/* A whole archive; the members' data are `packed` bytes each. */
static inline void put_zip(made_file *made, made_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_local(made, &members[i], members[i].packed);
    size_t central = made->count;
    for (size_t i = 0; i < count; i++)
        put_central(made, &members[i]);
    put_zip_end(made, central, count);
}

#ifdef ESPALIER_HAVE_ZLIB
static inline made_member stored_member(const char *name, const made_file *data)
{
    return (made_member){.name = name, .data = data->bytes, .packed = (uint32_t)data->count,
                         .size = (uint32_t)data->count,
                         .crc = (uint32_t)crc32(0, data->bytes, (uInt)data->count)};
}

/* Bytes as a raw deflate stream. */
static inline void put_deflated(made_file *made, const void *bytes, size_t count)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)bytes;
    z.avail_in = (uInt)count;
    z.next_out = made->bytes + made->count;
    z.avail_out = (uInt)(MADE_BYTES_MOST - made->count);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    made->count = MADE_BYTES_MOST - z.avail_out;
    deflateEnd(&z);
}

static inline made_member deflated_member(const char *name, const made_file *data,
                                          made_file *room)
{
    made_member m = stored_member(name, data);
    room->count = 0;
    put_deflated(room, data->bytes, data->count);
    m.data = room->bytes;
    m.packed = (uint32_t)room->count;
    m.method = 8;
    return m;
}
#endif

#endif
