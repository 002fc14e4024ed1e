#pragma once

#include <QAbstractTableModel>

#include <vector>

namespace Quern::console {

/// What a cell or a row is to look like; the views choose the colours.
enum class Tone { Plain, Good, Busy, Warning, Bad, Faint };

/// Roles that all models of the console know beside Qt's own.
enum Role {
    ToneRole = Qt::UserRole, ///< a Tone, as int
    KeyRole,                 ///< what names the row among others, as text
    FractionRole,            ///< 0 to 1: the cell is a bar as well
    TrendRole,               ///< the cell has a line: QList<double>, oldest first
};

/// The order of a table's rows, and how the views hear of it when it changes: which of the records are shown, and
/// where. A record is known by its slot, which it keeps while it is there. Filter and order are one array of slots, so
/// that 100,000 records take no proxy, and each change of them three signals at most. Lives in the main thread.
class IndexedModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    using Slot = quint32;

    using QAbstractTableModel::QAbstractTableModel;

    int rowCount(const QModelIndex &parent = {}) const final;
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) final;
    int sortColumn() const { return m_sortColumn; }
    Qt::SortOrder sortOrder() const { return m_sortOrder; }

    /// Shows the rows in which each of the words of \a text is found; all if it is empty.
    void setFilter(const QString &text);
    const QString &filter() const { return m_filter; }

    /// Records, those that the filter hides included.
    qsizetype totalCount() const { return m_total; }
    /// The text of a cell as it is copied: the same as is shown, unless a model says otherwise.
    virtual QString copyText(const QModelIndex &index) const;
    /// Of the record whose KeyRole is \a key; -1 if it is not shown.
    int rowOfKey(const QString &key) const;

Q_SIGNALS:
    /// The number of records, or of those shown, has changed.
    void countsChanged();

protected:
    Slot slotAt(int row) const { return m_order[std::size_t(row)]; }
    /// The words of the filter, folded for comparing.
    const QStringList &words() const { return m_words; }

    /// Each slot below it may be in use; isUsed() tells.
    virtual Slot slotCount() const = 0;
    virtual bool isUsed(Slot slot) const = 0;
    /// Whether each of words() is in it.
    virtual bool matches(Slot slot) const = 0;
    /// Negative if \a a stands before \a b in ascending order of \a column, 0 if neither does. Column -1: as they came.
    virtual int compare(Slot a, Slot b, int column) const = 0;

    /// The records in \a touched are new or have changed, those in \a gone are not used any more: puts them where they
    /// belong. The time it takes grows with the rows shown, the number of comparisons hardly.
    void update(const std::vector<Slot> &touched, const std::vector<Slot> &gone);
    /// The same, all records.
    void rebuild();

private:
    void applyFilter();
    bool isFound(Slot slot) const;
    bool isBefore(Slot a, Slot b) const;
    void sortSlots(std::vector<Slot> &list) const;
    std::vector<Slot> merged(const std::vector<Slot> &sorted, std::vector<Slot> others) const;
    void apply(std::vector<Slot> order);
    void rearrange(std::vector<Slot> order);

    std::vector<Slot> m_order; ///< by row
    qsizetype m_total = 0;
    int m_sortColumn = -1; ///< -1: as they came
    Qt::SortOrder m_sortOrder = Qt::AscendingOrder;
    QString m_filter;
    QStringList m_words;
};

} // namespace Quern::console
