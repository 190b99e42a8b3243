/* A look at an ONNX file's bytes before protobuf-c decodes them: it knows no bound on
 * nesting, and merges a message that is given twice. */
#include "format/onnx_inside.h"

#ifdef ESPALIER_HAVE_ONNX

enum { DEPTH_MOST = 64, FIELDS_MOST = 64 };

typedef struct scan {
    const uint8_t *start, *end;
    const uint8_t *next;
} scan;

/* A number of 7 bits a byte, lowest first; false at the end of the bytes. */
static bool take_number(scan *s, uint64_t *number)
{
    *number = 0;
    for (unsigned shift = 0; shift < 64 && s->next < s->end; shift += 7) {
        uint8_t byte = *s->next++;
        *number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

/* Steps over a field's value; *length is that of wire type 2. */
static const char *step_over(scan *s, unsigned wire, uint64_t *length)
{
    uint64_t number;
    size_t left;
    switch (wire) {
    case 0:
        return take_number(s, &number) ? NULL : "a number without end";
    case 1:
    case 5:
        left = (size_t)(s->end - s->next);
        if (left < (wire == 1 ? 8u : 4u))
            return "a number that goes beyond the end";
        s->next += wire == 1 ? 8 : 4;
        return NULL;
    case 2:
        if (!take_number(s, length))
            return "a length without end";
        return *length <= (uint64_t)(s->end - s->next) ? NULL
                                                       : "a field that goes beyond its message";
    default:
        return "a wire type that ONNX does not have";
    }
}

static const char *scan_message(const ProtobufCMessageDescriptor *descriptor, scan *s, int depth)
{
    uint64_t seen = 0, tag, length = 0;
    if (depth > DEPTH_MOST)
        return "messages within more than 64 others";
    while (s->next < s->end) {
        const uint8_t *begin = s->next;
        if (!take_number(s, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
            return "no number of a field";
        const char *fault = step_over(s, (unsigned)(tag & 7), &length);
        if (fault)
            return fault;
        if ((tag & 7) != 2)
            continue;
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3));
        const uint8_t *end = s->next + length;
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE) {
            size_t index = (size_t)(field - descriptor->fields);
            uint64_t bit = field->label != PROTOBUF_C_LABEL_REPEATED && index < FIELDS_MOST
                               ? (uint64_t)1 << index
                               : 0;
            if (seen & bit) {
                s->next = begin;
                return "a message that is there already";
            }
            seen |= bit;
            scan inner = {s->start, end, s->next};
            fault = scan_message(field->descriptor, &inner, depth + 1);
            if (fault) {
                s->next = inner.next;
                return fault;
            }
        }
        s->next = end;
    }
    return NULL;
}

const char *onnx_scan(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                      size_t count, size_t *at)
{
    scan s = {bytes, bytes + count, bytes};
    const char *fault = scan_message(descriptor, &s, 0);
    *at = (size_t)(s.next - bytes);
    return fault;
}

#endif
