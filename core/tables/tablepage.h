#pragma once

#include "tables/rowfilter.h"
#include "tables/sharedtables.h"

#include <Quern/result.h>
#include <Quern/table.h>

#include <QList>
#include <QString>

namespace Quern::tables {

/// How much one page may be, and how much is done for it: the thread that reads it is to be away for about two
/// milliseconds.
struct PageBounds
{
    int rows = 100;
    /// Of the keys and values and the names of their columns, in bytes; a row alone may be longer.
    qsizetype bytes = 160 * 1024;
    /// Buckets that are looked at, and a share for each row in them; see TablePage.
    quint64 work = 64 * 1024;
};

/// Some of the rows of a table. A value type.
///
/// Rows are looked at bucket by bucket, and in a bucket in the order of their keys. A row that is there all the time
/// stands in one page, whatever happens beside; one that comes or goes meanwhile in one or none.
struct TablePage
{
    QList<KeyedRow> rows; ///< each whole, as it was at one moment
    QString next;         ///< where the next page begins; empty: there is none

    /// The rows that \a filter wants from \a after on, the next of the page before, or empty. Fewer than there is room
    /// for, or none, when the work has become too much. Error::Invalid if \a after is no such place, Error::NotFound if
    /// there is no table \a name.
    static Result<TablePage> read(const SharedTables &tables, const QString &name, const QString &after,
                                  const RowFilter &filter, const PageBounds &bounds);
};

/// What a row counts towards PageBounds::bytes.
qsizetype shownBytes(const QList<ColumnReader> &columns, const KeyedRow &row);

} // namespace Quern::tables
