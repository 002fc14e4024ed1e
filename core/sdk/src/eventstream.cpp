#include <Quern/eventstream.h>

#include "httpsyntax_p.h"

#include <stdexcept>
#include <utility>

namespace Quern {

namespace {

void checkOneLine(QByteArrayView what, QByteArrayView text)
{
    if (text.contains('\r') || text.contains('\n') || text.contains('\0'))
        throw std::invalid_argument(what.toByteArray().toStdString() + " of a server-sent event, " + quoted(text) +
                                    ", holds CR, LF or NUL: remove or encode it");
}

/// Appends a field for each line of \a text; CR, LF and CRLF end a line.
void appendLines(QByteArray &out, QByteArrayView field, QByteArrayView text)
{
    for (;;) {
        qsizetype end = 0;
        while (end < text.size() && text[end] != '\r' && text[end] != '\n')
            ++end;
        out.append(field).append(": ").append(text.first(end)).append('\n');
        if (end == text.size())
            return;
        const bool isPair = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
        text = text.sliced(end + (isPair ? 2 : 1));
    }
}

} // namespace

EventStream::EventStream(ResponseStream stream) : m_stream(std::move(stream)) {}

bool EventStream::send(const Event &event) const
{
    checkOneLine("the type", event.event);
    checkOneLine("the id", event.id);
    QByteArray piece;
    piece.reserve(event.data.size() + event.event.size() + event.id.size() + 64);
    if (!event.event.isEmpty())
        appendLines(piece, "event", event.event);
    if (!event.id.isNull())
        appendLines(piece, "id", event.id);
    appendLines(piece, "data", event.data);
    piece.append('\n');
    return m_stream.write(std::move(piece));
}

bool EventStream::comment(QByteArrayView text) const
{
    QByteArray piece;
    appendLines(piece, {}, text);
    piece.append('\n');
    return m_stream.write(std::move(piece));
}

bool EventStream::setRetry(std::chrono::milliseconds time) const
{
    return m_stream.write("retry: " + QByteArray::number(qint64(time.count())) + "\n\n");
}

void EventStream::onClose(std::function<void()> callback) const
{
    m_stream.onClose(std::move(callback));
}

void EventStream::onDrain(std::function<void()> callback) const
{
    m_stream.onDrain(std::move(callback));
}

qsizetype EventStream::bufferedBytes() const
{
    return m_stream.bufferedBytes();
}

bool EventStream::isOpen() const
{
    return m_stream.isOpen();
}

void EventStream::end() const
{
    m_stream.end();
}

} // namespace Quern
