#include "tablecore_p.h"

#include <QVariant>

#include <bit>

namespace Quern {

double Row::value(FloatColumn column) const
{
    return std::bit_cast<double>(wordOf(column.m_core, column.m_word));
}

QByteArray Row::value(StringColumn column) const
{
    return view(column).toByteArray();
}

QByteArrayView Row::view(StringColumn column) const
{
    const auto size = qsizetype(wordOf(column.m_core, column.m_word));
    if (size == 0)
        return {};
    return QByteArrayView(reinterpret_cast<const char *>(m_words.data() + column.m_word + 1), size);
}

QVariant Row::value(const QString &column) const
{
    const int number = m_core ? m_core->findColumn(column) : -1;
    if (number < 0)
        return {};
    const quint32 word = m_core->columnWord(number);
    switch (m_core->info().columns[number].type) {
    case ColumnInfo::Type::Int:
        return value(IntColumn(m_core.get(), number, word));
    case ColumnInfo::Type::Float:
        return value(FloatColumn(m_core.get(), number, word));
    case ColumnInfo::Type::String:
        break;
    }
    const QByteArrayView bytes = view(StringColumn(m_core.get(), number, word));
    return bytes.isValidUtf8() ? QVariant(QString::fromUtf8(bytes)) : QVariant(bytes.toByteArray());
}

QVariantMap Row::toMap() const
{
    QVariantMap map;
    if (!m_core)
        return map;
    for (const ColumnInfo &column : m_core->info().columns)
        map.insert(column.name, value(column.name));
    return map;
}

std::optional<std::chrono::milliseconds> Row::timeToLive() const
{
    if (m_expires == 0)
        return std::nullopt;
    const quint64 now = tableClock();
    return std::chrono::milliseconds(m_expires > now ? qint64(m_expires - now) : 0);
}

} // namespace Quern
