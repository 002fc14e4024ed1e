#pragma once

#include "admin-gui/views/view.h"
#include "admin/protocol/logmessages.h"

class QFormLayout;
class QLabel;
class QPlainTextEdit;

namespace Quern::console {

class ChartPanel;

/// One process in detail: what it is and does, its memory, how those before it ended, and what it has logged last.
class ProcessDetail final : public QWidget
{
    Q_OBJECT
public:
    ProcessDetail(Session &session, ServerStore &store, QWidget *parent = nullptr);

    /// From now on this one is shown; empty: none.
    void setProcess(const QString &name);
    const QString &process() const { return m_process; }
    void showProcess(const admin::WorkerStatus &status);
    void focusLog();
    /// Asks for its last lines of the log.
    void refresh();

private:
    QLabel *addFact(QFormLayout *form, const QString &title);
    void showEvents();
    void showLog(const Result<admin::LogPage> &page);

    Session &m_session;
    ServerStore &m_store;
    QString m_process;
    QLabel *m_title;
    QLabel *m_state;
    QLabel *m_work;
    QLabel *m_requests;
    QLabel *m_memory;
    QLabel *m_cpu;
    QLabel *m_lastExit;
    ChartPanel *m_chart;
    QLabel *m_events;
    QPlainTextEdit *m_log;
};

} // namespace Quern::console
