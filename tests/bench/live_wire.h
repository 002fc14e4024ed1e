/* Frames of WebSocket as live_clients needs them. Payloads are short: what is longer than LONGEST is refused. */
#ifndef LIVE_WIRE_H
#define LIVE_WIRE_H

#include <stddef.h>

enum { LONGEST = 2048, FRAME_ROOM = LONGEST + 16, ACCEPT_SIZE = 28 };
enum opcode { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

struct frame
{
    int opcode;
    int compressed;
    const unsigned char *payload; /* in the bytes that were parsed */
    size_t size;
};

/* Writes an opening handshake with a random key to head, and what Sec-WebSocket-Accept must be to accept, with its
 * NUL. Returns the length. */
size_t make_handshake(char *head, size_t room, const char *target, char accept[ACCEPT_SIZE + 1]);

/* Bytes of the answer at the front of bytes: 0 while it is incomplete, -1 if it is no 101 with that accept. */
long check_answer(const char *bytes, size_t size, const char *accept);

/* Writes a masked frame with FIN to out, which has FRAME_ROOM bytes. Returns its length. */
size_t make_frame(unsigned char *out, enum opcode opcode, const void *payload, size_t size);

/* Takes the frame at the front of bytes. Returns its length, 0 while it is incomplete, -1 if it breaks a rule, is a
 * fragment or longer than LONGEST. */
long parse_frame(const unsigned char *bytes, size_t size, struct frame *frame);

#endif
