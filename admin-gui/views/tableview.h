#pragma once

#include "admin-gui/models/tablelistmodel.h"
#include "admin-gui/views/view.h"

class QLabel;
class QSplitter;
class QStackedWidget;

namespace Quern::console {

class RecordPanel;
class RowPanel;

/// The tables and atomics that the processes of the server share, and the rows of the table that is chosen.
class TableView final : public View
{
    Q_OBJECT
public:
    explicit TableView(const ViewContext &context);
    ~TableView() override;

    void refresh() override;
    void setActive(bool isActive) override;
    void setPaused(bool isPaused) override;
    QLineEdit *filterField() const override;
    /// "table", "filter": of its rows
    QVariantMap place() const override;
    void goTo(const QVariantMap &place) override;
    void updateActions() override;

private:
    void makeLists();
    void readLists();
    void readTables(const QString &after, QList<admin::TableDescription> tables);
    void showTables(const QList<admin::TableDescription> &tables);
    void readAtomics();
    void showFill();
    void setAtomic();
    void choose(const QString &table);
    void closeRows();

    const ViewContext m_viewContext;
    TableListModel m_tables;
    AtomicModel m_atomics;
    RecordPanel *m_tablePanel;
    RecordPanel *m_atomicPanel;
    QSplitter *m_lists;
    QSplitter *m_splitter;
    QStackedWidget *m_right;    ///< a hint, or the rows above it
    RowPanel *m_rows = nullptr; ///< of the chosen table
    QVariantMap m_wanted;       ///< a place to go to once the tables are there
};

} // namespace Quern::console
