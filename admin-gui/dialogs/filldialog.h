#pragma once

#include "admin-gui/models/rowtext.h"
#include "admin-gui/models/tablerowmodel.h"

#include <QBasicTimer>
#include <QDialog>

#include <functional>

class QLabel;
class QListWidget;
class QPlainTextEdit;
class QPushButton;

namespace Quern::console {

class ActionRunner;
class RecordTable;

/// Sets many rows of a table from a text, pasted or read from a file. What it would set, and what is wrong with it by
/// line, is seen before anything is sent; with a mistake nothing is.
class FillDialog final : public QDialog
{
    Q_OBJECT
public:
    FillDialog(const admin::TableDescription &table, ActionRunner &actions, const std::function<void()> &done,
               QWidget *parent);

    /// Calls \a done when the server has answered.
    static void ask(const admin::TableDescription &table, ActionRunner &actions, const std::function<void()> &done,
                    QWidget *parent);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void openFile();
    void readFile(const QString &path);
    void parse();
    void showMistakes();
    void goToLine(int line);
    void apply();

    const admin::TableDescription m_table;
    ActionRunner &m_actions;
    std::function<void()> m_done;
    RowText m_parsed;
    TableRowModel m_model;
    QBasicTimer m_pause; ///< of the typing
    QPlainTextEdit *m_text;
    RecordTable *m_preview;
    QListWidget *m_mistakes;
    QLabel *m_summary;
    QPushButton *m_apply;
};

} // namespace Quern::console
