#define _GNU_SOURCE
#include "live_wire.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t random_state;

static void random_bytes(void *to, size_t size)
{
    if (getrandom(to, size, 0) != (ssize_t)size) {
        perror("getrandom");
        exit(1);
    }
}

/* xorshift64: masks need not be secret here, and must cost nothing. */
static uint32_t next_key(void)
{
    if (random_state == 0)
        random_bytes(&random_state, sizeof random_state);
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)random_state;
}

size_t make_handshake(char *head, size_t room, const char *target, char accept[ACCEPT_SIZE + 1])
{
    unsigned char nonce[16];
    unsigned char digest[SHA_DIGEST_LENGTH];
    char key[64];
    random_bytes(nonce, sizeof nonce);
    EVP_EncodeBlock((unsigned char *)key, nonce, sizeof nonce);
    const int size = snprintf(head, room,
                              "GET %s HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
                              target, key);
    /* RFC 6455 section 4.2.2 */
    char text[128];
    const int text_size = snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    SHA1((const unsigned char *)text, (size_t)text_size, digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
    return (size_t)size;
}

long check_answer(const char *bytes, size_t size, const char *accept)
{
    static const char status[] = "HTTP/1.1 101 ";
    static const char name[] = "\r\nsec-websocket-accept: ";
    const char *const end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end)
        return size > LONGEST ? -1 : 0;
    char head[LONGEST + 1];
    const size_t head_size = (size_t)(end - bytes) + 4;
    if (head_size > LONGEST || head_size < sizeof status || memcmp(bytes, status, sizeof status - 1) != 0)
        return -1;
    memcpy(head, bytes, head_size);
    head[head_size] = '\0';
    const char *const found = strcasestr(head, name);
    if (!found || strncmp(found + sizeof name - 1, accept, ACCEPT_SIZE) != 0)
        return -1;
    return (long)head_size;
}

size_t make_frame(unsigned char *out, enum opcode opcode, const void *payload, size_t size)
{
    const unsigned char *from = payload;
    unsigned char key[4];
    const uint32_t number = next_key();
    memcpy(key, &number, sizeof key);
    size_t at = 0;
    out[at++] = (unsigned char)(0x80 | opcode);
    if (size < 126) {
        out[at++] = (unsigned char)(0x80 | size);
    } else {
        out[at++] = 0x80 | 126;
        out[at++] = (unsigned char)(size >> 8);
        out[at++] = (unsigned char)size;
    }
    memcpy(out + at, key, sizeof key);
    at += sizeof key;
    for (size_t byte = 0; byte < size; ++byte)
        out[at + byte] = from[byte] ^ key[byte % 4];
    return at + size;
}

long parse_frame(const unsigned char *bytes, size_t size, struct frame *frame)
{
    if (size < 2)
        return 0;
    if ((bytes[0] & 0x80) == 0 || (bytes[0] & 0x30) != 0 || (bytes[1] & 0x80) != 0)
        return -1;
    frame->opcode = bytes[0] & 15;
    frame->compressed = (bytes[0] & 0x40) != 0;
    frame->size = bytes[1];
    size_t at = 2;
    if (frame->size == 127)
        return -1;
    if (frame->size == 126) {
        if (size < 4)
            return 0;
        frame->size = (size_t)bytes[2] << 8 | bytes[3];
        at = 4;
    }
    if (frame->size > LONGEST)
        return -1;
    if (size < at + frame->size)
        return 0;
    frame->payload = bytes + at;
    return (long)(at + frame->size);
}
