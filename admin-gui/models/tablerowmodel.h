#pragma once

#include "admin-gui/models/recordmodel.h"
#include "admin/protocol/tablemessages.h"

namespace Quern::console {

/// Rows of one table: the key, and a column for each of the table's. KeyRole is the key as celltext has it. What is
/// copied can be pasted into RowText as it is.
class TableRowModel final : public RecordModel<admin::TableRow>
{
    Q_OBJECT
public:
    explicit TableRowModel(const QList<admin::TableColumn> &columns, QObject *parent = nullptr);

    /// Of the rows, without the key.
    const QList<admin::TableColumn> &tableColumns() const { return m_tableColumns; }
    QString copyText(const QModelIndex &index) const override;

private:
    static Column<admin::TableRow> keyColumn();
    static Column<admin::TableRow> valueColumn(const admin::TableColumn &column);

    const QList<admin::TableColumn> m_tableColumns;
};

} // namespace Quern::console
