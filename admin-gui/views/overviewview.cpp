#include "admin-gui/views/overviewview.h"

#include "admin-gui/models/format.h"
#include "admin-gui/store/serverstore.h"
#include "admin-gui/views/operationpanel.h"
#include "admin-gui/widgets/chartpanel.h"
#include "admin-gui/widgets/tile.h"

#include <QGridLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <algorithm>

namespace Quern::console {

namespace {

/// What the plots show.
constexpr double shownSeconds = 900;
/// Of these, what is told in words.
constexpr qsizetype mostTroubles = 4;
/// How a process ends that a reload has replaced.
const QString leftAsAsked = QStringLiteral("exit code 0");

QString latency(double seconds)
{
    return format::duration(std::chrono::microseconds(qint64(seconds * 1e6)));
}

double present()
{
    return double(QDateTime::currentMSecsSinceEpoch()) / 1000;
}

} // namespace

OverviewView::OverviewView(const ViewContext &context)
    : View(context, QStringLiteral("overview"), tr("Overview"))
    , m_operation(new OperationPanel(context.session, context.store))
    , m_troubles(new QLabel)
{
    m_troubles->setWordWrap(true);
    m_troubles->setTextFormat(Qt::PlainText);
    m_troubles->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(makeTiles());
    layout->addWidget(makeCharts(), 1);
    layout->addWidget(m_operation);
    layout->addWidget(m_troubles);
    connect(&context.store, &ServerStore::historyGrew, this, &OverviewView::refresh);
    connect(&context.store, &ServerStore::processEventsChanged, this, &OverviewView::showTroubles);
    connect(&context.store.metrics(), &MetricsStore::changed, this, &OverviewView::showTiles);
    showTiles();
}

QWidget *OverviewView::makeTiles()
{
    m_requests = new Tile(tr("Requests"));
    m_p50 = new Tile(tr("p50"));
    m_p99 = new Tile(tr("p99"));
    m_errors = new Tile(tr("Errors"));
    m_connections = new Tile(tr("Connections"));
    m_queued = new Tile(tr("Waiting"));
    m_workers = new Tile(tr("Workers"));
    m_tasks = new Tile(tr("Tasks"));
    m_p50->setToolTip(tr("Half of the requests of the last seconds were answered within this time"));
    m_p99->setToolTip(tr("99 of 100 requests of the last seconds were answered within this time"));
    m_errors->setToolTip(tr("Requests that the server itself has answered 502, 503 or 504"));
    m_queued->setToolTip(tr("Requests that wait for a worker"));
    auto *tiles = new QWidget;
    auto *grid = new QGridLayout(tiles);
    grid->setContentsMargins(0, 0, 0, 0);
    int column = 0;
    for (Tile *tile : {m_requests, m_p50, m_p99, m_errors, m_connections, m_queued, m_workers, m_tasks}) {
        grid->setColumnStretch(column, 1);
        grid->addWidget(tile, 0, column++);
    }
    return tiles;
}

QWidget *OverviewView::makeCharts()
{
    m_requestChart = new ChartPanel(tr("Requests and errors"), format::rate);
    m_latencyChart = new ChartPanel(tr("Latency, p50 and p99"), latency);
    m_connectionChart = new ChartPanel(tr("Connections"), format::number);
    m_queueChart = new ChartPanel(tr("Waiting and in flight"), format::number);
    auto *charts = new QWidget;
    auto *grid = new QGridLayout(charts);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->addWidget(m_requestChart, 0, 0);
    grid->addWidget(m_latencyChart, 0, 1);
    grid->addWidget(m_connectionChart, 1, 0);
    grid->addWidget(m_queueChart, 1, 1);
    return charts;
}

void OverviewView::setActive(bool isActive)
{
    View::setActive(isActive);
    refresh();
}

void OverviewView::setPaused(bool isPaused)
{
    View::setPaused(isPaused);
    m_operation->setPaused(isPaused);
    refresh();
}

void OverviewView::refresh()
{
    if (!isActive() || isPaused())
        return;
    showTiles();
    showCharts();
    showTroubles();
}

void OverviewView::showTiles()
{
    if (isPaused())
        return;
    const auto &status = session().status();
    if (!status) {
        for (Tile *tile : {m_requests, m_p50, m_p99, m_errors, m_connections, m_queued, m_workers, m_tasks})
            tile->setValue(QStringLiteral("–"));
        return;
    }
    const StatusHistory::Rates &rates = store().history().rates();
    const MetricsStore &metrics = store().metrics();
    m_requests->setValue(format::rate(rates.requests), Tone::Plain,
                         tr("%1 in all").arg(format::count(status->totals.requests)));
    m_p50->setValue(metrics.p50() ? latency(*metrics.p50()) : QStringLiteral("–"), Tone::Plain, tr("of the last 10 s"));
    m_p99->setValue(metrics.p99() ? latency(*metrics.p99()) : QStringLiteral("–"), Tone::Plain, tr("of the last 10 s"));
    const admin::Totals &totals = status->totals;
    m_errors->setValue(format::rate(rates.errors), rates.errors > 0 ? Tone::Bad : Tone::Plain,
                       tr("%1 in all").arg(format::count(totals.refused + totals.failed + totals.timedOut)));
    m_connections->setValue(format::count(StatusHistory::connectionsIn(*status)), Tone::Plain,
                            tr("%1 in all").arg(format::count(totals.connections)));
    const qint64 queued = StatusHistory::queuedIn(*status);
    m_queued->setValue(format::count(queued), queued > 0 ? Tone::Warning : Tone::Plain,
                       tr("%1 in flight").arg(format::count(StatusHistory::inFlightIn(*status))));
    const auto ready =
        std::count_if(status->workers.begin(), status->workers.end(),
                      [](const admin::WorkerStatus &each) { return each.state == admin::WorkerStatus::State::Ready; });
    const bool isShort = ready < status->workers.size() && status->state == admin::Status::State::Degraded;
    m_workers->setValue(tr("%1 of %2").arg(ready).arg(status->workers.size()), isShort ? Tone::Bad : Tone::Plain,
                        tr("generation %1").arg(status->generation));
    qint64 dead = 0;
    for (const admin::TaskStoreStatus &each : status->tasks.stores)
        dead += each.dead;
    m_tasks->setValue(tr("%1 wait").arg(format::count(StatusHistory::tasksQueuedIn(*status))),
                      status->tasks.failure.isEmpty() ? Tone::Plain : Tone::Bad,
                      tr("%n dead letter(s)", nullptr, int(dead)));
}

void OverviewView::showCharts()
{
    const StatusHistory &history = store().history();
    const MetricsStore &metrics = store().metrics();
    const double now = present();
    const double since = now - shownSeconds;
    m_requestChart->setLines(
        {{tr("requests"), history.requests().since(since)}, {tr("errors"), history.errors().since(since)}}, now,
        shownSeconds);
    m_latencyChart->setLines(
        {{tr("p50"), metrics.p50History().since(since)}, {tr("p99"), metrics.p99History().since(since)}}, now,
        shownSeconds);
    m_connectionChart->setLines({{tr("connections"), history.connections().since(since)}}, now, shownSeconds);
    m_queueChart->setLines(
        {{tr("waiting"), history.queued().since(since)}, {tr("in flight"), history.inFlight().since(since)}}, now,
        shownSeconds);
}

/// The last children that have ended, which is where trouble shows first.
void OverviewView::showTroubles()
{
    if (isPaused())
        return;
    QStringList lines;
    const QList<admin::ProcessEvent> &events = store().processEvents();
    for (auto it = events.crbegin(); it != events.crend() && lines.size() < mostTroubles; ++it) {
        if (it->what == admin::ProcessEvent::What::Ended && it->reason != leftAsAsked)
            lines.append(tr("%1  %2 ended: %3").arg(format::moment(it->at), it->process, it->reason));
    }
    m_troubles->setText(lines.join(u'\n'));
    m_troubles->setVisible(!lines.isEmpty());
}

} // namespace Quern::console
