#include "urlencoded_p.h"

#include <QVarLengthArray>

namespace Quern {

namespace {

using Bytes = QVarLengthArray<char, 256>;

} // namespace

QString percentDecoded(QByteArrayView text, Plus plus)
{
    if (text.isEmpty())
        return QStringLiteral("");
    if (!text.contains('%') && (plus == Plus::Literal || !text.contains('+')))
        return QString::fromUtf8(text);
    Bytes bytes;
    appendPercentDecoded(text, plus, bytes);
    return QString::fromUtf8(QByteArrayView(bytes.constData(), bytes.size()));
}

bool isEncodingOf(QByteArrayView name, QByteArrayView encoded)
{
    if (encoded.size() < name.size())
        return false;
    if (!encoded.contains('%') && !encoded.contains('+'))
        return encoded == name;
    Bytes bytes;
    appendPercentDecoded(encoded, Plus::Space, bytes);
    return QByteArrayView(bytes.constData(), bytes.size()) == name;
}

} // namespace Quern
