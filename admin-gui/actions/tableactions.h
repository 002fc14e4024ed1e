#pragma once

#include "admin-gui/actions/serveraction.h"
#include "admin/protocol/tablemessages.h"

#include <QByteArray>
#include <QList>

/// What can be done with the tables and atomics of a server.
namespace Quern::console::tableactions {

/// Makes the row, or changes the columns that it names.
ServerAction setRow(const QString &table, const admin::TableRow &row);
ServerAction setRows(const QString &table, const QList<admin::TableRow> &rows);
ServerAction deleteRows(const QString &table, const QList<QByteArray> &keys);
ServerAction setAtomic(const QString &name, qint64 value);

} // namespace Quern::console::tableactions
