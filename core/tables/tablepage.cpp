#include "tables/tablepage.h"

#include "sdk/src/tablecore_p.h"

#include <algorithm>

namespace Quern::tables {

namespace {

/// What a value takes beside its bytes: its number, quotes and the like.
constexpr qsizetype bytesOfValue = 24;
/// Reading a row is so much work, and so many bytes of it as much as one bucket.
constexpr quint64 workOfRow = 32;
constexpr quint64 bytesOfWork = 8;

/// A place in a table: behind the key in the bucket; an empty one is before all.
struct Place
{
    quint64 bucket = 0;
    QByteArray key;

    /// Shape: bucket, in decimal digits | "." | key, in hexadecimal digits; the last two only if there is a key.
    QString text() const
    {
        const QString number = QString::number(bucket);
        return key.isEmpty() ? number : number + u'.' + QString::fromLatin1(key.toHex());
    }
    static std::optional<Place> of(const QString &text, quint32 buckets)
    {
        if (text.isEmpty())
            return Place();
        const qsizetype dot = text.indexOf(u'.');
        bool isNumber = false;
        Place place;
        place.bucket = text.first(dot < 0 ? text.size() : dot).toUInt(&isNumber);
        place.key = dot < 0 ? QByteArray() : QByteArray::fromHex(text.sliced(dot + 1).toLatin1());
        // Whatever was not made by text() is none.
        if (!isNumber || place.bucket >= buckets || place.text() != text)
            return std::nullopt;
        return place;
    }
};

/// Makes one page.
class PageReader
{
public:
    PageReader(std::shared_ptr<TableCore> core, const RowFilter &filter, const PageBounds &bounds)
        : m_core(std::move(core))
        , m_columns(ColumnReader::of(Table(m_core)))
        , m_filter(filter)
        , m_bounds(bounds)
    {
    }

    TablePage read(const Place &from)
    {
        const quint32 buckets = m_core->geometry().buckets;
        Place place = from;
        for (; place.bucket < buckets; place = {place.bucket + 1, {}}) {
            if (m_work >= m_bounds.work)
                return pageUpTo(place);
            ++m_work;
            if (!m_core->isPageUsed(quint32(place.bucket) / BucketsPerPage))
                place.bucket |= BucketsPerPage - 1;
            else if (!readBucket(place))
                return pageUpTo(place);
        }
        return std::move(m_page);
    }

    TablePage readOne(const QByteArray &key)
    {
        if (const Result<KeyWords> words = m_core->keyOf(key)) {
            if (std::optional<Row> row = m_core->rowOf(m_core, *words); row && m_filter.matches(key, *row))
                m_page.rows.append({key, std::move(*row)});
        }
        return std::move(m_page);
    }

private:
    /// Takes what is behind \a place in its bucket. False if the page is full: the place is behind the last row that
    /// was looked at then.
    bool readBucket(Place &place)
    {
        QList<KeyedRow> rows;
        m_core->readBucket(m_core, quint32(place.bucket), rows);
        std::sort(rows.begin(), rows.end(),
                  [](const KeyedRow &one, const KeyedRow &other) { return one.key < other.key; });
        for (KeyedRow &row : rows) {
            if (row.key <= place.key)
                continue;
            const qsizetype size = shownBytes(m_columns, row);
            m_work += workOfRow + quint64(size) / bytesOfWork;
            if (m_filter.matches(row.key, row.row)) {
                if (!hasRoom(size))
                    return false;
                m_bytes += size;
                place.key = row.key;
                m_page.rows.append(std::move(row));
            } else {
                place.key = row.key;
            }
        }
        return true;
    }

    bool hasRoom(qsizetype size) const
    {
        return m_page.rows.isEmpty() || (m_page.rows.size() < m_bounds.rows && m_bytes + size <= m_bounds.bytes);
    }

    TablePage pageUpTo(const Place &place)
    {
        m_page.next = place.text();
        return std::move(m_page);
    }

    const std::shared_ptr<TableCore> m_core;
    const QList<ColumnReader> m_columns;
    const RowFilter &m_filter;
    const PageBounds m_bounds;
    TablePage m_page;
    qsizetype m_bytes = 0;
    quint64 m_work = 0;
};

} // namespace

qsizetype shownBytes(const QList<ColumnReader> &columns, const KeyedRow &row)
{
    qsizetype size = row.key.size() + bytesOfValue;
    for (const ColumnReader &column : columns)
        size += column.info().name.size() + bytesOfValue + column.bytes(row.row).size();
    return size;
}

Result<TablePage> TablePage::read(const SharedTables &tables, const QString &name, const QString &after,
                                  const RowFilter &filter, const PageBounds &bounds)
{
    const Result<std::shared_ptr<TableCore>> core = tables.core(name);
    if (!core)
        return core.error();
    PageReader reader(*core, filter, bounds);
    const std::optional<Place> place = Place::of(after, (*core)->geometry().buckets);
    if (!place)
        return Error(Error::Invalid, QStringLiteral("\"%1\" is no place in table \"%2\": give what the page before "
                                                    "gave as next, or nothing for the first page")
                                         .arg(after.left(200), name));
    return filter.onlyKey() ? reader.readOne(*filter.onlyKey()) : reader.read(*place);
}

} // namespace Quern::tables
