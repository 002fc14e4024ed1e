#pragma once

#include "admin/protocol/tablemessages.h"

#include <QList>
#include <QString>

namespace Quern::console {

/// What a text would set in a table. Its first line has "key" and the names of columns, each further one a row: with
/// tabs between the cells, as tables and spreadsheets give it when they are copied, or with commas, as CSV (RFC 4180).
/// Cells are written as celltext has them. Empty lines are passed over.
///
///     key<TAB>stock<TAB>title
///     tea<TAB>7<TAB>Green tea
struct RowText
{
    /// More rows are too much for one go.
    static constexpr qsizetype MostRows = 20'000;
    /// So many mistakes are kept, to be shown.
    static constexpr qsizetype MostMistakes = 100;

    struct Mistake
    {
        qsizetype line = 0; ///< from 1
        QString text;       ///< for people
    };

    QList<admin::TableColumn> columns; ///< those that the text names, in its order
    QList<admin::TableRow> rows;       ///< of these, those that are right; each has a value for every column
    QList<Mistake> mistakes;           ///< the first of them
    qsizetype mistakeCount = 0;        ///< of all

    static RowText parse(const QString &text, const QList<admin::TableColumn> &columns);
};

} // namespace Quern::console
