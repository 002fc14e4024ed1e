#include "admin-gui/views/processdetail.h"

#include "admin-gui/models/format.h"
#include "admin-gui/models/processmodel.h"
#include "admin-gui/store/serverstore.h"
#include "admin-gui/widgets/chartpanel.h"
#include "admin/protocol/methods.h"

#include <QFontDatabase>
#include <QFormLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QVBoxLayout>

namespace Quern::console {

namespace {

constexpr int logLines = 50;
constexpr qsizetype mostEvents = 6;
constexpr double chartSeconds = 900;

QLabel *heading(const QString &text)
{
    auto *label = new QLabel(text);
    QFont bold = label->font();
    bold.setWeight(QFont::DemiBold);
    label->setFont(bold);
    return label;
}

} // namespace

ProcessDetail::ProcessDetail(Session &session, ServerStore &store, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_store(store)
    , m_title(heading({}))
    , m_chart(new ChartPanel(tr("Memory"), [](double value) { return format::bytes(qint64(value)); }))
    , m_events(new QLabel)
    , m_log(new QPlainTextEdit)
{
    setObjectName(QStringLiteral("process.detail"));
    auto *form = new QFormLayout;
    form->setLabelAlignment(Qt::AlignLeft);
    m_state = addFact(form, tr("State"));
    m_work = addFact(form, tr("Does now"));
    m_requests = addFact(form, tr("Requests"));
    m_memory = addFact(form, tr("Memory"));
    m_cpu = addFact(form, tr("CPU"));
    m_lastExit = addFact(form, tr("Last exit"));
    m_events->setWordWrap(true);
    m_events->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_log->setReadOnly(true);
    m_log->setObjectName(QStringLiteral("process.log"));
    m_log->setAccessibleName(tr("What it has logged last"));
    m_log->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_log->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_log->setPlaceholderText(tr("It has logged nothing yet."));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 0, 0, 0);
    layout->addWidget(m_title);
    layout->addLayout(form);
    layout->addWidget(m_chart, 2);
    layout->addWidget(heading(tr("Starts and ends")));
    layout->addWidget(m_events);
    layout->addWidget(heading(tr("Log")));
    layout->addWidget(m_log, 3);
    connect(&store, &ServerStore::processEventsChanged, this, &ProcessDetail::showEvents);
}

QLabel *ProcessDetail::addFact(QFormLayout *form, const QString &title)
{
    auto *value = new QLabel;
    value->setWordWrap(true);
    value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *name = new QLabel(title);
    name->setForegroundRole(QPalette::PlaceholderText);
    form->addRow(name, value);
    return value;
}

void ProcessDetail::setProcess(const QString &name)
{
    m_process = name;
    m_title->setText(name);
    m_log->clear();
    showEvents();
    refresh();
}

void ProcessDetail::showProcess(const admin::WorkerStatus &status)
{
    const QString pid = status.pid > 0 ? tr("PID %1").arg(status.pid) : tr("no process");
    m_state->setText(
        tr("%1, %2, generation %3").arg(processStateText(status.state), pid, format::count(status.generation)));
    m_work->setText(status.work.isEmpty() ? tr("nothing")
                                          : tr("%1, for %2").arg(status.work, format::duration(status.oldest)));
    m_requests->setText(
        tr("%1 answered, %2 in flight").arg(format::count(status.requests), format::count(status.inFlight)));
    const QString trend = format::memoryTrend(status.rssPerMinute);
    m_memory->setText(trend.isEmpty() ? format::bytes(status.rssBytes)
                                      : tr("%1, %2").arg(format::bytes(status.rssBytes), trend));
    m_cpu->setText(format::percent(status.cpuPercent));
    const QString restarts = tr("restarted %n time(s)", nullptr, status.successions());
    m_lastExit->setText(status.lastExit.isEmpty() ? restarts : tr("%1; %2").arg(status.lastExit, restarts));
    const double now = double(QDateTime::currentMSecsSinceEpoch()) / 1000;
    const QList<double> memory = m_store.history().memoryOf(status);
    QList<QPointF> points;
    // One a second, the last one now.
    for (qsizetype i = 0; i < memory.size(); ++i)
        points.append({now - double(memory.size() - 1 - i), memory.at(i)});
    m_chart->setLines({{tr("Memory"), points}}, now, double(std::max<qsizetype>(memory.size(), 60)));
}

void ProcessDetail::focusLog()
{
    m_log->setFocus();
}

void ProcessDetail::refresh()
{
    if (m_process.isEmpty())
        return;
    admin::LogQuery query;
    query.lines = logLines;
    query.role = m_process;
    m_session.ask<admin::LogPage>(admin::Methods::logRead, query.toJson(), this,
                                  [this, process = m_process](const Result<admin::LogPage> &page) {
                                      if (process == m_process)
                                          showLog(page);
                                  });
}

void ProcessDetail::showLog(const Result<admin::LogPage> &page)
{
    if (!page) {
        m_log->setPlainText(page.error().message());
        return;
    }
    QStringList lines;
    for (const admin::LogLine &line : page->lines)
        lines.append(format::moment(line.time) + QStringLiteral("  ") + line.message);
    m_log->setPlainText(lines.join(u'\n'));
    m_log->moveCursor(QTextCursor::End);
    m_log->moveCursor(QTextCursor::StartOfLine);
}

void ProcessDetail::showEvents()
{
    QStringList lines;
    const QList<admin::ProcessEvent> &events = m_store.processEvents();
    for (auto it = events.crbegin(); it != events.crend() && lines.size() < mostEvents; ++it) {
        if (it->process != m_process)
            continue;
        const QString what = it->what == admin::ProcessEvent::What::Ready
                                 ? tr("ready, generation %1").arg(it->generation)
                                 : tr("ended: %1").arg(it->reason);
        lines.append(tr("%1  PID %2 %3").arg(format::moment(it->at)).arg(it->pid).arg(what));
    }
    m_events->setText(lines.isEmpty() ? tr("None since the console was opened.") : lines.join(u'\n'));
}

} // namespace Quern::console
