#include "requesttranscript.h"

#include <algorithm>
#include <memory>

namespace Quern::tests {

using protocol::http::RequestDecoder;
using protocol::http::RequestHead;
using protocol::http::RequestLimits;

namespace {

bool spansLieInside(const RequestHead &head)
{
    const qsizetype size = head.bytes.size();
    return head.method.fits(size) && head.target.fits(size) &&
           std::all_of(head.headers.begin(), head.headers.end(), [size](const base::HeaderSpan &header) {
               return header.name.fits(size) && header.value.fits(size);
           });
}

/// Whether \a bytes is "name: value\r\n" …, without a control character in a value.
bool isHeaderBlock(QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const qsizetype end = bytes.indexOf("\r\n");
        if (end < 0 || bytes.first(end).indexOf(": ") <= 0 || bytes.first(end).contains('\n'))
            return false;
        bytes = bytes.sliced(end + 2);
    }
    return true;
}

QByteArray textOf(const RequestHead &head, const QByteArray &body, const QByteArray &trailers)
{
    QByteArray text = head.methodBytes().toByteArray() + ' ' + head.targetBytes().toByteArray();
    text += " HTTP/1." + QByteArray::number(head.minorVersion);
    text += head.keepAlive ? " keep-alive" : " close";
    if (head.expectContinue)
        text += " expect";
    if (head.isHead)
        text += " head";
    text += '\n';
    for (const base::HeaderSpan &header : head.headers)
        text += header.name.in(head.bytes).toByteArray() + ": " + header.value.in(head.bytes).toByteArray() + '\n';
    text += '\n' + body + '\n';
    for (const QByteArray &trailer : QByteArray(trailers).replace("\r\n", "\n").split('\n')) {
        if (!trailer.isEmpty())
            text += "trailer " + trailer + '\n';
    }
    return text;
}

} // namespace

QByteArray transcriptOf(const QList<QByteArrayView> &pieces, const RequestLimits &limits)
{
    using State = RequestDecoder::State;
    RequestDecoder decoder(limits);
    QByteArray text;
    for (const QByteArrayView piece : pieces) {
        const std::unique_ptr<char[]> copy(new char[static_cast<size_t>(piece.size())]);
        std::copy(piece.begin(), piece.end(), copy.get());
        QByteArrayView rest(copy.get(), piece.size());
        while (!rest.isEmpty()) {
            const RequestDecoder::Step step = decoder.feed(rest);
            const bool isComplete = step.state == State::Complete;
            if (isComplete ? step.consumed < 0 || step.consumed > rest.size() : step.consumed != rest.size())
                return text + "broken: consumed " + QByteArray::number(step.consumed);
            rest = rest.sliced(step.consumed);
            if (step.state == State::Refused) {
                const auto refusal = decoder.refusal();
                // What logs and error pages read of it.
                if (const RequestHead *known = decoder.knownHead();
                    known &&
                    (known->methodBytes().isEmpty() || !spansLieInside(*known) || textOf(*known, {}, {}).isEmpty()))
                    return text + "broken: span outside a refused head";
                if (decoder.inMessage() || decoder.feed("GET").state != State::Refused)
                    return text + "broken: goes on after refusing";
                return text + "refused " + QByteArray::number(refusal.status) + ": " + refusal.reason;
            }
            if (isComplete && decoder.inMessage())
                return text + "broken: still in a message that is complete";
            if ((isComplete || step.state == State::HeadComplete) && !spansLieInside(decoder.head()))
                return text + "broken: span outside the head";
            if (isComplete) {
                const QByteArray body = decoder.takeBody();
                if (static_cast<quint64>(body.size()) > limits.bodyBytes)
                    return text + "broken: body over its limit";
                const QByteArray trailers = decoder.takeTrailers();
                if (trailers.size() > qsizetype(limits.headBytes) + limits.headerCount || !isHeaderBlock(trailers))
                    return text + "broken: trailers";
                if (decoder.head().chunked && decoder.head().contentLength)
                    return text + "broken: both a length and chunks";
                if (!decoder.head().chunked && quint64(body.size()) != decoder.head().contentLength.value_or(0))
                    return text + "broken: body of another length";
                text += textOf(decoder.head(), body, trailers);
            }
        }
    }
    return text + (decoder.inHead() ? "in head" : decoder.inMessage() ? "in body" : "idle");
}

QByteArray transcriptOfAnySplit(QByteArrayView stream, const RequestLimits &limits)
{
    const QByteArray whole = transcriptOf({stream}, limits);
    if (const QByteArray bytewise = transcriptOf(singleBytes(stream), limits); bytewise != whole)
        return "whole:\n" + whole + "\nbyte by byte:\n" + bytewise;
    const qsizetype stride = stream.size() <= 600 ? 1 : stream.size() / 50;
    for (qsizetype cut = 1; cut < stream.size(); cut += stride) {
        const QByteArray split = transcriptOf({stream.first(cut), stream.sliced(cut)}, limits);
        if (split != whole)
            return "whole:\n" + whole + "\nsplit at " + QByteArray::number(cut) + ":\n" + split;
    }
    return whole;
}

QList<QByteArrayView> singleBytes(QByteArrayView stream)
{
    QList<QByteArrayView> bytes;
    bytes.reserve(stream.size());
    for (qsizetype i = 0; i < stream.size(); ++i)
        bytes.append(stream.sliced(i, 1));
    return bytes;
}

} // namespace Quern::tests
