#pragma once

#include "protocol/websocket/decoder.h"
#include "protocol/websocket/deflate.h"

#include <QByteArray>
#include <QList>

#include <optional>

namespace Quern::tests {

/// A frame as a client sends it: \a first is its first byte, such as 0x81 for a whole text. The key is ours.
QByteArray clientFrame(quint8 first, QByteArrayView payload);
/// The same with its length in \a extended bytes, 2 or 8, whether or not they are needed; \a length may be another than
/// the payload's.
QByteArray clientFrame(quint8 first, QByteArrayView payload, qsizetype extended, quint64 length);
/// A client's close frame.
QByteArray clientClose(quint16 code, QByteArrayView reason = {});

struct DecoderSetting
{
    protocol::websocket::MessageLimits limits = {};
    std::optional<protocol::websocket::ContextTakeover> deflate = {}; ///< nullopt without permessage-deflate
    protocol::websocket::Decoder::Role role = protocol::websocket::Decoder::Role::Server;
};

/// A payload as the transcript tells it: as it is, in hexadecimal, or, over 64 bytes, as its size and a hash.
QByteArray shownPayload(const QByteArray &payload, bool asText);

/// What a decoder makes of \a pieces, fed one after the other, as text that two runs can be compared by. Each event is
/// a line: "text hello", "binary 00ff", "ping hex", "pong hex", "close 1000 reason" or "failure 1002 reason"; payloads
/// over 64 bytes are told as "65 bytes" with a hash. The text ends with "idle", "in message" or "ended". It says so if
/// the decoder breaks a rule of its interface.
///
/// Each piece is fed from its own allocation of just that size, which is freed when the decoder may no longer look at
/// it, so that a sanitizer sees every byte read too far or too late.
QByteArray webSocketTranscriptOf(const QList<QByteArrayView> &pieces, const DecoderSetting &setting = {});

/// The transcript of \a stream fed whole. If feeding it byte by byte, or in two pieces split at any place, gives
/// another one, returns a text that says so. Streams over 300 bytes are split at some places only.
QByteArray webSocketTranscriptOfAnySplit(QByteArrayView stream, const DecoderSetting &setting = {});

} // namespace Quern::tests
