#include "jsontext_p.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace Quern {

namespace {

/// "line 2, column 5" of the byte at \a offset; both from 1, columns in bytes.
QString placeOf(QByteArrayView text, qsizetype offset)
{
    const QByteArrayView before = text.first(qBound<qsizetype>(0, offset, text.size()));
    return QStringLiteral("line %1, column %2")
        .arg(before.count('\n') + 1)
        .arg(before.size() - before.lastIndexOf('\n'));
}

Error jsonError(QByteArrayView text, const QString &problem, qsizetype offset)
{
    return Error(Error::Invalid, QStringLiteral("the body is not JSON: %1 at %2").arg(problem, placeOf(text, offset)));
}

} // namespace

Result<QJsonValue> parseJson(QByteArrayView text)
{
    const auto isSpace = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    const auto first = std::find_if_not(text.begin(), text.end(), isSpace);
    if (first == text.end())
        return Error(Error::Invalid, QStringLiteral("the body is not JSON: it is empty"));
    QJsonParseError problem;
    if (*first == '{' || *first == '[') {
        const QJsonDocument document =
            QJsonDocument::fromJson(QByteArray::fromRawData(text.data(), text.size()), &problem);
        if (problem.error != QJsonParseError::NoError)
            return jsonError(text, problem.errorString(), problem.offset);
        return document.isArray() ? QJsonValue(document.array()) : QJsonValue(document.object());
    }
    // QJsonDocument reads objects and arrays only: a lone value becomes the one element of an array.
    const QJsonArray array = QJsonDocument::fromJson('[' + text.toByteArray() + ']', &problem).array();
    if (problem.error != QJsonParseError::NoError)
        return jsonError(text, problem.errorString(), problem.offset - 1);
    if (array.size() != 1)
        return jsonError(text, QStringLiteral("more than one value"), text.indexOf(','));
    return array.first();
}

} // namespace Quern
