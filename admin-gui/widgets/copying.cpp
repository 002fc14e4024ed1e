#include "admin-gui/widgets/copying.h"

#include <QHeaderView>
#include <QItemSelectionModel>
#include <QTableView>
#include <QTreeView>

#include <algorithm>

namespace Quern::console::copying {

QString cell(const QString &text)
{
    QString out = text;
    for (QChar &each : out) {
        if (each == u'\t' || each == u'\n' || each == u'\r')
            each = u' ';
    }
    return out;
}

QList<int> selectedRows(const QItemSelectionModel &selection)
{
    QList<int> rows;
    for (const QItemSelectionRange &range : selection.selection()) {
        for (int row = range.top(); row <= range.bottom(); ++row)
            rows.append(row);
    }
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
}

QString textOfRows(const QHeaderView &header, const QModelIndexList &rows, const TextOf &textOf)
{
    QList<int> columns;
    QStringList line;
    for (int place = 0; place < header.count(); ++place) {
        const int column = header.logicalIndex(place);
        if (header.isSectionHidden(column))
            continue;
        columns.append(column);
        line.append(cell(header.model()->headerData(column, Qt::Horizontal).toString()));
    }
    QString text = line.join(u'\t') + u'\n';
    for (const QModelIndex &row : rows) {
        line.clear();
        for (const int column : columns)
            line.append(cell(textOf(row.siblingAtColumn(column))));
        text += line.join(u'\t') + u'\n';
    }
    return text;
}

QString textOf(const QTableView &view, const TextOf &textOf)
{
    QModelIndexList rows;
    for (const int row : selectedRows(*view.selectionModel()))
        rows.append(view.model()->index(row, 0));
    for (int row = 0; !view.selectionModel()->hasSelection() && row < view.model()->rowCount(); ++row)
        rows.append(view.model()->index(row, 0));
    return textOfRows(*view.horizontalHeader(), rows, textOf);
}

QString textOf(const QTreeView &view, const TextOf &textOf)
{
    QModelIndexList rows;
    const bool isSelection = view.selectionModel()->hasSelection();
    for (QModelIndex index = view.model()->index(0, 0); index.isValid(); index = view.indexBelow(index)) {
        if (!isSelection || view.selectionModel()->isSelected(index))
            rows.append(index);
    }
    return textOfRows(*view.header(), rows, textOf);
}

} // namespace Quern::console::copying
