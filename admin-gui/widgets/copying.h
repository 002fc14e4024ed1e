#pragma once

#include <QList>
#include <QModelIndex>
#include <QString>

#include <functional>

class QHeaderView;
class QItemSelectionModel;
class QTableView;
class QTreeView;

/// Rows of views as tab-separated values.
namespace Quern::console::copying {

using TextOf = std::function<QString(const QModelIndex &index)>;

/// A cell as it stands there: tabs and line ends become blanks.
QString cell(const QString &text);
/// From top to bottom, each once.
QList<int> selectedRows(const QItemSelectionModel &selection);
/// \a rows, with the titles of the columns first, in the order in which \a header shows them. What is hidden is left
/// out.
QString textOfRows(const QHeaderView &header, const QModelIndexList &rows, const TextOf &textOf);
/// The selected rows; all if none is selected.
QString textOf(const QTableView &view, const TextOf &textOf);
/// The same; all that are to be seen if none is selected.
QString textOf(const QTreeView &view, const TextOf &textOf);

} // namespace Quern::console::copying
