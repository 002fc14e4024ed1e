#pragma once

#include "admin-gui/models/indexedmodel.h"

#include <QAction>
#include <QWidget>

class QBoxLayout;
class QLabel;
class QLineEdit;

namespace Quern::console {

class RecordTable;

/// A table of records below a filter, the number of rows, and buttons for what can be done with those selected. The
/// actions are in the table's menu as well.
class RecordPanel final : public QWidget
{
    Q_OBJECT
public:
    /// How many rows have to be selected for an action.
    enum class Needs { Nothing, One, Some };

    RecordPanel(IndexedModel *model, const QString &settingsKey, QWidget *parent = nullptr);

    RecordTable *table() const { return m_table; }
    QLineEdit *filterField() const { return m_filter; }
    /// The row of the filter: what else belongs there goes to its end.
    QBoxLayout *bar() const { return m_bar; }

    /// A button and a line of the menu. \a isAllowed says whether the user may do it at all, \a fits whether there is
    /// any sense in it for the rows that are selected.
    QAction *addAction(const QString &text, Needs needs, const std::function<bool()> &isAllowed,
                       const std::function<void()> &act, const std::function<bool()> &fits = {});
    /// Asks isAllowed() again: the server or the role may be another.
    void updateActions();

    /// The field does not hide rows: somebody else has the rows picked by what stands in it.
    void releaseFilter();
    QString filterText() const;
    void setFilterText(const QString &text);

private:
    struct Entry
    {
        QAction *action;
        Needs needs;
        std::function<bool()> isAllowed;
        std::function<bool()> fits;
    };

    void updateCount();

    IndexedModel *m_model;
    RecordTable *m_table;
    QLineEdit *m_filter;
    QLabel *m_count;
    QBoxLayout *m_bar;
    std::vector<Entry> m_entries;
};

} // namespace Quern::console
