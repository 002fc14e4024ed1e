#pragma once

#include "admin-gui/models/indexedmodel.h"

#include <QTableView>

namespace Quern::console {

/// A table of records: whole rows are selected, each column sorts, Ctrl+C copies rows as tab-separated values, Enter
/// opens one. Says why it is empty. Keeps the widths and the order of its columns from one console to the next.
class RecordTable final : public QTableView
{
    Q_OBJECT
public:
    /// \a settingsKey: under which its columns are kept, and its object name without ".table". \a model outlives it.
    RecordTable(IndexedModel *model, const QString &settingsKey, QWidget *parent = nullptr);
    ~RecordTable() override;

    /// What to say while there is no record at all; where a filter hides them all it says so by itself.
    void setEmptyText(const QString &text);
    /// Sorted like this, unless the user has chosen otherwise before.
    void setDefaultSort(int column, Qt::SortOrder order);
    /// Widths in characters, unless the user has chosen otherwise; 0: as the header wants. The last stretches.
    void setDefaultWidths(const QList<int> &widths);

    /// KeyRole of the selected rows, from top to bottom.
    QStringList selectedKeys() const;
    /// Of the current row; empty if there is none.
    QString currentKey() const;
    void selectKey(const QString &key);
    /// The selected rows with their titles, as tab-separated values; all rows if none is selected.
    QString copiedText() const;

Q_SIGNALS:
    /// By Enter or a double click.
    void opened(const QString &key);
    void selectionMoved();

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    void saveColumns() const;

    IndexedModel *m_model;
    const QString m_settingsKey;
    QString m_emptyText;
    bool m_isRestored = false;
};

} // namespace Quern::console
