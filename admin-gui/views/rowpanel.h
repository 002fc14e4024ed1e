#pragma once

#include "admin-gui/models/tablerowmodel.h"
#include "admin-gui/views/view.h"

#include <QBasicTimer>

class QLabel;
class QPushButton;

namespace Quern::console {

class RecordPanel;

/// The rows of one table, page by page, as the server picks them by the filter; and what can be done with them.
class RowPanel final : public QWidget
{
    Q_OBJECT
public:
    static constexpr int PageRows = 200;
    /// For one page: a filter that hardly any row passes makes them empty ones.
    static constexpr int MostRequests = 100;

    RowPanel(const ViewContext &context, const admin::TableDescription &table, QWidget *parent = nullptr);

    const admin::TableDescription &table() const { return m_table; }
    /// The same table, fuller or emptier.
    void setFill(const admin::TableDescription &table) { m_table = table; }

    /// Reads the page anew.
    void refresh();
    void updateActions();
    QLineEdit *filterField() const;
    QString filterText() const;
    void setFilterText(const QString &text);

Q_SIGNALS:
    /// By one of the actions here.
    void tableChanged();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void makeFilter();
    QWidget *makePager();
    void addActions();
    void edit(const QString &key);
    void showFirstPage();
    void showNextPage();
    void readFrom(const QString &after);
    void take(const admin::TableRowPage &page);
    void fail(const Error &error);
    void showMistake(const QString &mistake);
    void say(const QString &text);
    void showPage(const QString &next);
    std::function<void()> changed();

    ViewContext m_context;
    admin::TableDescription m_table;
    TableRowModel m_model;
    RecordPanel *m_panel;
    QLabel *m_mistake;
    QPushButton *m_first;
    QPushButton *m_next;
    QLabel *m_note;
    QBasicTimer m_pause;           ///< of the typing
    QList<admin::TableRow> m_read; ///< of the page that is being read
    int m_requests = 0;            ///< for it
    int m_round = 0;               ///< of reading; what an earlier one has asked for comes too late
    int m_page = 1;
    QString m_after; ///< where the page begins; empty: it is the first
    QString m_nextAfter;
};

} // namespace Quern::console
