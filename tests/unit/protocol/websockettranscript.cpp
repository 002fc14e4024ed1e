#include "websockettranscript.h"

#include "requesttranscript.h"

#include <QCryptographicHash>
#include <QtEndian>

#include <algorithm>
#include <memory>

namespace Quern::tests {

using namespace protocol::websocket;

namespace {

constexpr char key[] = {'\x37', '\xfa', '\x21', '\x3d'}; // that of RFC 6455 §5.7

void appendMasked(QByteArray &frame, QByteArrayView payload)
{
    frame.append(key, sizeof key);
    for (qsizetype at = 0; at < payload.size(); ++at)
        frame.append(static_cast<char>(payload[at] ^ key[at % 4]));
}

QByteArray lineOf(const Decoder::Step &step)
{
    const QByteArray code = QByteArray::number(step.closeCode);
    switch (step.event) {
    case Decoder::Event::None:
        return {};
    case Decoder::Event::Text:
        return "text " + shownPayload(step.payload, true) + '\n';
    case Decoder::Event::Binary:
        return "binary " + shownPayload(step.payload, false) + '\n';
    case Decoder::Event::Ping:
        return "ping " + shownPayload(step.payload, false) + '\n';
    case Decoder::Event::Pong:
        return "pong " + shownPayload(step.payload, false) + '\n';
    case Decoder::Event::Close:
        return "close " + code + ' ' + shownPayload(step.payload, true) + '\n';
    case Decoder::Event::Failure:
        return "failure " + code + ' ' + step.payload + '\n';
    }
    return "broken: unknown event";
}

/// What is wrong with \a step, which came of \a size bytes, or null.
const char *breachOf(const Decoder::Step &step, qsizetype size, const Decoder &decoder, const DecoderSetting &setting)
{
    using Event = Decoder::Event;
    const bool mayStop = step.event != Event::None && step.event != Event::Close && step.event != Event::Failure;
    if (step.consumed < 0 || step.consumed > size || (!mayStop && step.consumed != size))
        return "consumed too little or too much";
    if (mayStop && step.consumed == 0)
        return "an event of no bytes";
    const bool isMessage = step.event == Event::Text || step.event == Event::Binary;
    if (isMessage && step.payload.size() > qsizetype(setting.limits.messageBytes))
        return "message over its limit";
    if (isMessage && !setting.deflate && step.payload.capacity() > 2 * step.payload.size())
        return "more memory than twice the message";
    if ((step.event == Event::Text || step.event == Event::Close) && !QByteArrayView(step.payload).isValidUtf8())
        return "text that is not UTF-8";
    if ((step.event == Event::Ping || step.event == Event::Pong) && step.payload.size() > maxControlBytes)
        return "control frame too large";
    if (step.event == Event::Failure && (!mayStandInCloseFrame(step.closeCode) || step.payload.isEmpty()))
        return "failure without a code or a reason";
    if (decoder.hasEnded() != (step.event == Event::Close || step.event == Event::Failure))
        return "ended without an event, or went on after its last";
    if (isMessage && decoder.inMessage())
        return "still in a message that is complete";
    return nullptr;
}

} // namespace

QByteArray clientFrame(quint8 first, QByteArrayView payload)
{
    const qsizetype size = payload.size();
    if (size > 125)
        return clientFrame(first, payload, size > 0xffff ? 8 : 2, static_cast<quint64>(size));
    QByteArray frame;
    frame.append(static_cast<char>(first)).append(static_cast<char>(0x80 | size));
    appendMasked(frame, payload);
    return frame;
}

QByteArray clientFrame(quint8 first, QByteArrayView payload, qsizetype extended, quint64 length)
{
    QByteArray frame;
    frame.append(static_cast<char>(first)).append(static_cast<char>(0x80 | (extended == 8 ? 127 : 126)));
    const quint64 bytes = qToBigEndian(length);
    frame.append(reinterpret_cast<const char *>(&bytes) + 8 - extended, extended);
    appendMasked(frame, payload);
    return frame;
}

QByteArray clientClose(quint16 code, QByteArrayView reason)
{
    QByteArray payload;
    payload.append(static_cast<char>(code >> 8)).append(static_cast<char>(code & 0xff)).append(reason);
    return clientFrame(0x88, payload);
}

QByteArray shownPayload(const QByteArray &payload, bool asText)
{
    if (payload.size() > 64) {
        const QByteArray hash = QCryptographicHash::hash(payload, QCryptographicHash::Sha1).toHex();
        return QByteArray::number(payload.size()) + " bytes " + hash.first(8);
    }
    return asText ? payload : payload.toHex();
}

QByteArray webSocketTranscriptOf(const QList<QByteArrayView> &pieces, const DecoderSetting &setting)
{
    std::optional<Inflater> inflater;
    if (setting.deflate)
        inflater.emplace(*setting.deflate);
    Decoder decoder(setting.limits, inflater ? &*inflater : nullptr, setting.role);
    QByteArray text;
    for (const QByteArrayView piece : pieces) {
        const std::unique_ptr<char[]> copy(new char[static_cast<size_t>(piece.size())]);
        std::copy(piece.begin(), piece.end(), copy.get());
        QByteArrayView rest(copy.get(), piece.size());
        while (!rest.isEmpty()) {
            const bool hadEnded = decoder.hasEnded();
            const Decoder::Step step = decoder.feed(rest);
            if (hadEnded && (step.event != Decoder::Event::None || step.consumed != rest.size()))
                return text + "broken: goes on after its end";
            if (const char *breach = hadEnded ? nullptr : breachOf(step, rest.size(), decoder, setting))
                return text + "broken: " + breach;
            text += lineOf(step);
            rest = rest.sliced(step.consumed);
        }
    }
    return text + (decoder.hasEnded() ? "ended" : decoder.inMessage() ? "in message" : "idle");
}

QByteArray webSocketTranscriptOfAnySplit(QByteArrayView stream, const DecoderSetting &setting)
{
    const QByteArray whole = webSocketTranscriptOf({stream}, setting);
    if (const QByteArray bytewise = webSocketTranscriptOf(singleBytes(stream), setting); bytewise != whole)
        return "whole:\n" + whole + "\nbyte by byte:\n" + bytewise;
    const qsizetype stride = stream.size() <= 300 ? 1 : stream.size() / 20;
    for (qsizetype cut = 1; cut < stream.size(); cut += stride) {
        const QByteArray split = webSocketTranscriptOf({stream.first(cut), stream.sliced(cut)}, setting);
        if (split != whole)
            return "whole:\n" + whole + "\nsplit at " + QByteArray::number(cut) + ":\n" + split;
    }
    return whole;
}

} // namespace Quern::tests
