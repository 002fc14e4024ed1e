#include "admin-gui/views/cronview.h"

#include "admin-gui/actions/cronactions.h"
#include "admin-gui/models/format.h"
#include "admin-gui/store/serverstore.h"
#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin-gui/widgets/timeline.h"
#include "admin/protocol/methods.h"

#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>

namespace Quern::console {

namespace {

constexpr double shownPast = double(std::chrono::seconds(CronHistory::Kept).count());
constexpr double shownFuture = 120;

double secondsOf(const QDateTime &time)
{
    return double(time.toMSecsSinceEpoch()) / 1000;
}

} // namespace

CronView::CronView(const ViewContext &context)
    : ListView(context, QStringLiteral("cron"), tr("Cron jobs"))
    , m_panel(new RecordPanel(&m_model, QStringLiteral("cron")))
    , m_timeline(new Timeline(tr("Runs of the last 15 minutes, and when the next are due")))
    , m_scroll(new QScrollArea)
{
    RecordTable *table = m_panel->table();
    table->setEmptyText(tr("There are no cron jobs. A plugin registers them; [[cron]] in the settings names those that "
                           "run."));
    table->setDefaultWidths({18, 16, 18, 22, 12, 10, 9, 9, 9, 30});
    table->setDefaultSort(CronModel::Name, Qt::AscendingOrder);
    addActions();
    auto *caption = new QLabel(m_timeline->accessibleName());
    caption->setForegroundRole(QPalette::PlaceholderText);
    m_scroll->setWidget(m_timeline);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setPanel(m_panel);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(m_panel, 3);
    layout->addWidget(caption);
    layout->addWidget(m_scroll, 2);
    connect(&context.store, &ServerStore::historyGrew, this, &CronView::refresh);
    connect(&m_model, &IndexedModel::countsChanged, this, &CronView::showTimeline);
    connect(table, &RecordTable::selectionMoved, this, &CronView::showTimeline);
    connect(m_timeline, &Timeline::laneClicked, table, &RecordTable::selectKey);
}

void CronView::addActions()
{
    using Needs = RecordPanel::Needs;
    m_panel->addAction(tr("Run now"), Needs::Some, allows(admin::Methods::cronRun),
                       [this] { actions().run(cronactions::run(m_panel->table()->selectedKeys())); });
    m_panel->addAction(
        tr("Pause"), Needs::Some, allows(admin::Methods::cronPause),
        [this] { actions().run(cronactions::pause(selected(false))); }, [this] { return !selected(false).isEmpty(); });
    m_panel->addAction(
        tr("Resume"), Needs::Some, allows(admin::Methods::cronResume),
        [this] { actions().run(cronactions::resume(selected(true))); }, [this] { return !selected(true).isEmpty(); });
}

QStringList CronView::selected(bool arePaused) const
{
    QStringList jobs = m_panel->table()->selectedKeys();
    jobs.removeIf([this, arePaused](const QString &job) {
        const admin::CronJobStatus *status = m_model.find(job);
        return !status || status->paused != arePaused;
    });
    return jobs;
}

void CronView::setActive(bool isActive)
{
    View::setActive(isActive);
    refresh();
}

void CronView::setPaused(bool isPaused)
{
    View::setPaused(isPaused);
    refresh();
}

void CronView::refresh()
{
    if (!isActive() || isPaused())
        return;
    const auto &status = session().status();
    m_model.setJobs(status ? status->cron : QList<admin::CronJobStatus>(), QDateTime::currentDateTimeUtc());
    showTimeline();
    updateActions();
}

/// In the order of the table.
void CronView::showTimeline()
{
    const QStringList selected = m_panel->table()->selectedKeys();
    QList<Timeline::Lane> lanes;
    for (int row = 0; row < m_model.rowCount(); ++row) {
        const admin::CronJobStatus &job = m_model.at(row);
        Timeline::Lane lane;
        lane.name = job.name;
        lane.isSelected = selected.contains(job.name);
        lane.tip = job.next ? tr("%1; due at %2").arg(job.schedule, format::exactMoment(*job.next))
                            : tr("%1; %2").arg(job.schedule, CronModel::stateText(job));
        if (job.next)
            lane.due = secondsOf(*job.next);
        for (const CronHistory::Run &run : store().cronHistory().runsOf(job.name)) {
            const double begin = secondsOf(run.began);
            const QString result = run.error.isEmpty() ? tr("went well") : tr("failed: %1").arg(run.error);
            lane.bars.append(
                {begin, begin + double(run.duration.count()) / 1e6, run.error.isEmpty() ? Tone::Good : Tone::Bad,
                 tr("%1, %2: %3").arg(format::exactMoment(run.began), format::duration(run.duration), result)});
        }
        lanes.append(lane);
    }
    m_timeline->setLanes(lanes, secondsOf(QDateTime::currentDateTimeUtc()), shownPast, shownFuture);
}

QVariantMap CronView::place() const
{
    return placeWith({{QStringLiteral("job"), m_panel->table()->currentKey()}});
}

void CronView::goTo(const QVariantMap &place)
{
    ListView::goTo(place);
    m_panel->table()->selectKey(place.value(QStringLiteral("job")).toString());
}

} // namespace Quern::console
