#include <Quern/testharness.h>

#include "httpsyntax_p.h"
#include "jsontext_p.h"

namespace Quern {

namespace {

/// Takes one line off the front of \a text, which ends with CR LF, LF or CR; nothing while its end is not there.
std::optional<QByteArrayView> takeLine(QByteArrayView &text)
{
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
    if (end == text.end())
        return std::nullopt;
    const QByteArrayView line = text.first(end - text.begin());
    const bool isPair = *end == '\r' && end + 1 != text.end() && end[1] == '\n';
    text = text.sliced(line.size() + (isPair ? 2 : 1));
    return line;
}

} // namespace

QByteArray TestResponse::header(QByteArrayView name) const
{
    const QList<QByteArray> values = headerAll(name);
    return values.isEmpty() ? QByteArray() : values.first();
}

QList<QByteArray> TestResponse::headerAll(QByteArrayView name) const
{
    QList<QByteArray> values;
    for (const auto &[each, value] : headers) {
        if (equalsIgnoringCase(each, name))
            values.append(value.isNull() ? QByteArrayLiteral("") : value);
    }
    return values;
}

Result<QJsonValue> TestResponse::json() const
{
    return parseJson(body);
}

/// HTML Living Standard §9.2.6.
QList<EventStream::Event> TestResponse::events() const
{
    QList<EventStream::Event> found;
    EventStream::Event event;
    bool hasData = false;
    QByteArrayView rest = body;
    while (const std::optional<QByteArrayView> line = takeLine(rest)) {
        if (line->isEmpty()) {
            if (hasData)
                found.append(event);
            hasData = false;
            event = {.data = {}, .event = {}, .id = event.id};
            continue;
        }
        const qsizetype colon = line->indexOf(':');
        const QByteArrayView name = colon < 0 ? *line : line->first(colon);
        QByteArrayView value = colon < 0 ? QByteArrayView() : line->sliced(colon + 1);
        if (value.startsWith(' '))
            value = value.sliced(1);
        if (name == QByteArrayView("data")) {
            if (std::exchange(hasData, true))
                event.data += '\n';
            event.data += value;
        } else if (name == QByteArrayView("event")) {
            event.event = value.toByteArray();
        } else if (name == QByteArrayView("id")) {
            event.id = value.toByteArray();
        }
    }
    return found;
}

QString TestResponse::problem() const
{
    return error ? error->message() : QString();
}

} // namespace Quern
