#pragma once

#include "admin-gui/models/format.h"
#include "admin-gui/models/indexedmodel.h"

#include <QHash>

#include <cmath>
#include <functional>
#include <optional>

namespace Quern::console {

/// How one column of a table shows a record.
template <typename Record>
struct Column
{
    QString title;
    std::function<QString(const Record &)> text;
    /// As IndexedModel::compare(); without it, by text.
    std::function<int(const Record &, const Record &)> compare = {};
    Qt::Alignment alignment = Qt::AlignLeft | Qt::AlignVCenter;
    std::function<Tone(const Record &)> tone = {};
    std::function<QString(const Record &)> toolTip = {};
    std::function<QVariant(const Record &, int role)> more = {}; ///< any other role
};

/// By what \a projection makes of a record: a member, or a function.
template <typename Record, typename Projection>
std::function<int(const Record &, const Record &)> by(Projection projection)
{
    return [projection](const Record &a, const Record &b) {
        const auto &left = std::invoke(projection, a);
        const auto &right = std::invoke(projection, b);
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(left)>, QString>)
            return left.compare(right);
        else if constexpr (std::is_floating_point_v<std::remove_cvref_t<decltype(left)>>)
            // What is no number stands before all numbers: somewhere it has to.
            return std::isnan(left) || std::isnan(right) ? int(std::isnan(right)) - int(std::isnan(left))
                   : left < right                        ? -1
                   : right < left                        ? 1
                                                         : 0;
        else
            return left < right ? -1 : right < left ? 1 : 0;
    };
}

/// A number: to the right, and compared as one.
template <typename Record, typename Projection>
Column<Record> numberColumn(const QString &title, std::function<QString(const Record &)> text, Projection projection)
{
    return {title, std::move(text), by<Record>(projection), Qt::AlignRight | Qt::AlignVCenter};
}

/// A table of records that a key names. The columns may be changed by setColumns(), for another language.
template <typename Record, typename Key = QString>
class RecordModel : public IndexedModel
{
public:
    using KeyOf = std::function<Key(const Record &)>;

    explicit RecordModel(KeyOf keyOf, QObject *parent = nullptr) : IndexedModel(parent), m_keyOf(std::move(keyOf)) {}

    int columnCount(const QModelIndex &parent = {}) const final { return parent.isValid() ? 0 : int(m_columns.size()); }

    QVariant headerData(int section, Qt::Orientation orientation, int role) const final
    {
        if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
            return {};
        const Column<Record> &column = m_columns[std::size_t(section)];
        if (role == Qt::DisplayRole)
            return column.title;
        if (role == Qt::TextAlignmentRole)
            return QVariant::fromValue(column.alignment);
        return {};
    }

    QVariant data(const QModelIndex &index, int role) const override
    {
        if (!index.isValid())
            return {};
        const Record &record = at(index.row());
        const Column<Record> &column = m_columns[std::size_t(index.column())];
        switch (role) {
        case Qt::DisplayRole:
            return column.text(record);
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(column.alignment);
        case Qt::ToolTipRole:
            return column.toolTip ? format::tip(column.toolTip(record)) : QVariant();
        case ToneRole:
            return int(column.tone ? column.tone(record) : Tone::Plain);
        case KeyRole:
            return QVariant::fromValue(m_keyOf(record));
        default:
            return column.more ? column.more(record, role) : QVariant();
        }
    }

    /// Of a row that is shown.
    const Record &at(int row) const { return *m_records[slotAt(row)]; }
    /// Null if there is none; until the next change.
    const Record *find(const Key &key) const
    {
        const auto found = m_slots.constFind(key);
        return found == m_slots.constEnd() ? nullptr : &*m_records[*found];
    }

    /// The records are these, and no others; unsorted they stand in this order.
    void setRecords(const QList<Record> &records) { change(records, true); }
    /// These are new, or have changed; the others stay.
    void putRecords(const QList<Record> &records) { change(records, false); }
    /// Those go for which \a isGone is true.
    template <typename Predicate>
    void removeIf(Predicate isGone)
    {
        std::vector<Slot> gone;
        for (Slot slot = 0; slot < slotCount(); ++slot) {
            if (m_records[slot] && isGone(*m_records[slot]))
                gone.push_back(slot);
        }
        if (!gone.empty())
            drop({}, gone);
    }
    void clear() { setRecords({}); }

    /// All records, in no order.
    template <typename Visitor>
    void forEach(Visitor visit) const
    {
        for (const std::optional<Record> &record : m_records) {
            if (record)
                visit(*record);
        }
    }

protected:
    void setColumns(std::vector<Column<Record>> columns)
    {
        const bool isSame = columns.size() == m_columns.size();
        if (!isSame)
            beginResetModel();
        m_columns = std::move(columns);
        if (!isSame)
            endResetModel();
        if (isSame && !m_columns.empty()) {
            Q_EMIT headerDataChanged(Qt::Horizontal, 0, columnCount() - 1);
            rebuild();
        }
    }
    const std::vector<Column<Record>> &columns() const { return m_columns; }

    Slot slotCount() const final { return Slot(m_records.size()); }
    bool isUsed(Slot slot) const final { return m_records[slot].has_value(); }
    const Record &recordIn(Slot slot) const { return *m_records[slot]; }
    bool matches(Slot slot) const override
    {
        const Record &record = *m_records[slot];
        for (const QString &word : words()) {
            bool isFound = false;
            for (const Column<Record> &column : m_columns)
                isFound = isFound || column.text(record).contains(word, Qt::CaseInsensitive);
            if (!isFound)
                return false;
        }
        return true;
    }
    int compare(Slot a, Slot b, int column) const final
    {
        if (column < 0)
            return m_sequence[a] < m_sequence[b] ? -1 : m_sequence[b] < m_sequence[a] ? 1 : 0;
        if (column >= columnCount())
            return 0;
        const Column<Record> &shown = m_columns[std::size_t(column)];
        if (shown.compare)
            return shown.compare(*m_records[a], *m_records[b]);
        return QString::localeAwareCompare(shown.text(*m_records[a]), shown.text(*m_records[b]));
    }

private:
    void change(const QList<Record> &records, bool isAll)
    {
        std::vector<Slot> touched;
        std::vector<bool> isKept(m_records.size());
        for (const Record &record : records) {
            const Key key = m_keyOf(record);
            const auto found = m_slots.constFind(key);
            const bool isNew = found == m_slots.constEnd();
            const Slot slot = isNew ? newSlot() : *found;
            if (slot < isKept.size())
                isKept[slot] = true;
            if (isNew)
                m_slots.insert(key, slot);
            if (isNew || isAll)
                m_sequence[slot] = ++m_lastSequence;
            m_records[slot] = record;
            touched.push_back(slot);
        }
        std::vector<Slot> gone;
        for (Slot slot = 0; isAll && slot < isKept.size(); ++slot) {
            if (m_records[slot] && !isKept[slot])
                gone.push_back(slot);
        }
        drop(touched, gone);
    }

    Slot newSlot()
    {
        if (m_free.empty()) {
            m_records.emplace_back();
            m_sequence.push_back(0);
            return Slot(m_records.size() - 1);
        }
        const Slot slot = m_free.back();
        m_free.pop_back();
        return slot;
    }

    /// \a gone are there until the views have let go of them.
    void drop(const std::vector<Slot> &touched, const std::vector<Slot> &gone)
    {
        update(touched, gone);
        for (const Slot slot : gone) {
            m_slots.remove(m_keyOf(*m_records[slot]));
            m_records[slot].reset();
            m_free.push_back(slot);
        }
    }

    KeyOf m_keyOf;
    std::vector<Column<Record>> m_columns;
    std::vector<std::optional<Record>> m_records; ///< by slot
    std::vector<quint64> m_sequence;              ///< by slot: when it came
    quint64 m_lastSequence = 0;
    std::vector<Slot> m_free;
    QHash<Key, Slot> m_slots;
};

} // namespace Quern::console
