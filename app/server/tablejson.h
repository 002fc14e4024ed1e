#pragma once

#include "admin/protocol/tablemessages.h"
#include "tables/columnreader.h"
#include "tables/sharedtables.h"
#include "tables/tablepage.h"

#include <Quern/result.h>

#include <QJsonObject>
#include <QVariantMap>

namespace Quern::app {

// Tables of the server ⇄ messages of the management protocol.

admin::TableDescription tableDescription(const tables::TableFill &fill, const TableInfo &info);
/// What one takes in a message, in bytes, at most nearly.
qsizetype messageBytes(const admin::TableDescription &table);

/// A row that is longer than tables::PageBounds::bytes loses strings, see tablemessages.h.
admin::TableRow tableRow(const QList<tables::ColumnReader> &columns, const KeyedRow &row);
/// What Table::set() takes. Error::Invalid for a value that its column cannot take; of columns that are not there, and
/// of what is too long or too wide, Table::set() tells.
Result<QVariantMap> tableValues(const TableInfo &table, const QJsonObject &values);

} // namespace Quern::app
