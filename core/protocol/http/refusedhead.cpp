#include "protocol/http/refusedhead.h"

#include "protocol/http/bytes.h"

namespace Quern::protocol::http {

namespace {

constexpr qsizetype maxMethodBytes = 32;
constexpr qsizetype maxFields = 100;

base::Span spanOf(QByteArrayView part, QByteArrayView whole)
{
    return {static_cast<quint32>(part.data() - whole.data()), static_cast<quint32>(part.size())};
}

QByteArrayView takeLine(QByteArrayView &bytes)
{
    const qsizetype end = bytes.indexOf('\n');
    QByteArrayView line = end < 0 ? bytes : bytes.first(end);
    bytes = bytes.sliced(end < 0 ? bytes.size() : end + 1);
    if (line.endsWith('\r'))
        line.chop(1);
    return line;
}

} // namespace

void readRefusedHead(RequestHead &head)
{
    head.method = head.target = {};
    head.headers.clear();
    QByteArrayView rest = head.bytes;
    const QByteArrayView line = takeLine(rest);
    const qsizetype methodEnd = firstNotIn(TokenByte, line);
    if (methodEnd == 0 || methodEnd > maxMethodBytes || methodEnd == line.size() || line[methodEnd] != ' ')
        return;
    const QByteArrayView target = line.sliced(methodEnd + 1);
    const qsizetype targetEnd = target.indexOf(' ');
    head.method = spanOf(line.first(methodEnd), head.bytes);
    head.target = spanOf(targetEnd < 0 ? target : target.first(targetEnd), head.bytes);
    while (!rest.isEmpty() && head.headers.size() < maxFields) {
        const QByteArrayView field = takeLine(rest);
        const qsizetype nameEnd = firstNotIn(TokenByte, field);
        if (nameEnd > 0 && nameEnd < field.size() && field[nameEnd] == ':')
            head.headers.append({spanOf(field.first(nameEnd), head.bytes),
                                 spanOf(withoutSurroundingSpace(field.sliced(nameEnd + 1)), head.bytes)});
        else if (field.isEmpty())
            break;
    }
}

} // namespace Quern::protocol::http
