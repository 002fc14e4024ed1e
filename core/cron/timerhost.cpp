#include "cron/timerhost.h"

#include "cron/log.h"
#include "cron/text.h"

#include <QLocale>

#include <algorithm>
#include <utility>

namespace Quern::cron {

Q_LOGGING_CATEGORY(logCron, "quern.cron", QtInfoMsg)

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// The wall clock may be set, and a run may exceed its timeout: so often is that looked at, if it matters.
constexpr nanoseconds longestSleep = std::chrono::seconds(1);
constexpr qsizetype longestError = 500; ///< characters of one in a state
/// So long programs have to be gone after SIGKILL.
constexpr milliseconds killPatience{1'000};

qint64 toMs(const std::optional<WallTime> &time)
{
    return time ? qint64(time->time_since_epoch().count()) : 0;
}

bool isSame(const Schedule &schedule, const ipc::CronJobState &told)
{
    // The text of an interval is for people, and may be another in a later version.
    return schedule.interval().count() == told.interval &&
           (!schedule.followsWallClock() || schedule.text() == told.schedule);
}

/// What a job whose schedule is \a schedule now takes along of \a told.
JobMemory memoryOf(const ipc::CronJobState &told, const Schedule &schedule, const Moment &now)
{
    JobMemory memory{std::nullopt, told.isPaused};
    memory.isHandedOver = told.isHandedOver;
    if (!isSame(schedule, told))
        return memory;
    // A later time is that of a clock that has been set since: nothing is known to be missed.
    if (told.settledUntil > 0 && told.settledUntil <= toMs(now.wall))
        memory.settledUntil = WallTime(milliseconds(told.settledUntil));
    if (told.grid > 0 && told.grid <= toMs(now.wall) + Schedule::longestInterval.count())
        memory.grid = WallTime(milliseconds(told.grid));
    return memory;
}

} // namespace

struct TimerHost::Entry
{
    struct UnderWay
    {
        Moment began;
        bool isWarned = false; ///< that its timeout is over
    };

    Job job;
    JobPlan plan;
    std::unique_ptr<JobRunner> runner;
    std::map<quint64, UnderWay> underWay; ///< by number
    ipc::CronJobState told;               ///< what only changes when a run ends, and the past of the job
    quint64 skippedBefore = 0;            ///< by earlier processes
    Histogram lateness = {};              ///< of its runs, for the metrics

    bool isProgram() const { return std::holds_alternative<JobCommand>(job.work); }
};

TimerHost::TimerHost(std::vector<Job> jobs, const QList<ipc::CronJobState> &remembered, QObject *parent)
    : QObject(parent)
    , m_reports(std::make_shared<RunReports>(this, [this] { wake(); }))
{
    const Moment now = Moment::now();
    for (Job &job : jobs) {
        const Schedule &schedule = job.settings.schedule;
        ipc::CronJobState told;
        const auto before = std::find_if(remembered.begin(), remembered.end(),
                                         [&job](const ipc::CronJobState &state) { return state.name == job.name; });
        if (before != remembered.end())
            told = *before;
        const JobMemory memory = memoryOf(told, schedule, now);
        told.name = job.name;
        told.schedule = schedule.text();
        told.interval = schedule.interval().count();
        const quint64 skipped = told.skipped;
        std::unique_ptr<JobRunner> runner = makeRunner(job, m_entries.size(), m_reports);
        JobPlan plan(job.settings, memory, now);
        m_entries.push_back(
            std::make_unique<Entry>(Entry{std::move(job), std::move(plan), std::move(runner), {}, told, skipped}));
    }
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &TimerHost::wake);
    m_report.setSingleShot(true);
    m_report.setInterval(shortestReportInterval);
    connect(&m_report, &QTimer::timeout, this, [this] {
        if (m_isReportDue)
            report();
    });
    m_drainLimit.setSingleShot(true);
    m_drainLimit.setTimerType(Qt::PreciseTimer);
}

TimerHost::~TimerHost()
{
    m_reports->close();
}

void TimerHost::setLateness(const Histogram &lateness)
{
    for (const auto &entry : m_entries)
        entry->lateness = lateness.with({entry->job.name.toUtf8()});
}

void TimerHost::start()
{
    m_isStarted = true;
    // Before anything begins: what ends the process at once is not handed over, and not run again.
    report();
    wake();
    if (m_isReportDue)
        report();
}

Result<TimerHost::Entry *> TimerHost::named(const QString &name)
{
    const auto it = std::find_if(m_entries.begin(), m_entries.end(),
                                 [&name](const auto &entry) { return entry->job.name == name; });
    if (it == m_entries.end() && m_disabled.contains(name))
        return Error(Error::Unavailable,
                     Text::tr("cron job \"%1\" is disabled: write enabled = true in its [[cron]], and "
                              "reload the server")
                         .arg(name));
    if (it == m_entries.end())
        return Error(Error::NotFound, Text::tr("there is no cron job \"%1\"; `quern status` lists them").arg(name));
    return it->get();
}

Result<void> TimerHost::runNow(const QString &name)
{
    const Result<Entry *> entry = named(name);
    if (!entry)
        return entry.error();
    collect();
    if (const Result<void> planned = (*entry)->plan.runNow(Moment::now()); !planned)
        return Error(planned.error().code(), Text::tr("cron job \"%1\": %2").arg(name, planned.error().message()));
    wake();
    return {};
}

Result<void> TimerHost::pause(const QString &name)
{
    const Result<Entry *> entry = named(name);
    if (!entry)
        return entry.error();
    (*entry)->plan.pause(Moment::now());
    changed();
    arm();
    return {};
}

Result<void> TimerHost::resume(const QString &name)
{
    const Result<Entry *> entry = named(name);
    if (!entry)
        return entry.error();
    (*entry)->plan.resume(Moment::now());
    changed();
    wake();
    return {};
}

void TimerHost::wake()
{
    if (!m_isStarted)
        return;
    collect();
    for (const auto &entry : m_entries) {
        const Moment now = Moment::now();
        while (const std::optional<PlannedRun> run = entry->plan.take(now))
            begin(*entry, *run);
        warnOfTimeouts(*entry, now);
    }
    // When time is up, functions are not waited for.
    const bool isIdle = std::all_of(m_entries.begin(), m_entries.end(), [this](const auto &entry) {
        return entry->underWay.empty() || (m_isDrainOver && !entry->isProgram());
    });
    if (m_isDraining && isIdle)
        finishDrain();
    else
        arm();
}

void TimerHost::collect()
{
    // Before anything is planned: a run that is over must not seem to be under way.
    for (const RunReport &report : m_reports->take())
        noteEnd(*m_entries.at(report.job), report);
}

void TimerHost::begin(Entry &entry, const PlannedRun &run)
{
    entry.underWay.insert({run.number, {Moment::now()}});
    if (!run.isManual)
        entry.lateness.observe(qMax(std::chrono::system_clock::now() - run.scheduledAt, nanoseconds::zero()));
    entry.runner->begin(run);
    if (entry.isProgram())
        tellPrograms();
    changed();
}

void TimerHost::tellPrograms()
{
    QList<qint64> groups;
    for (const auto &entry : m_entries)
        groups += entry->runner->programs();
    Q_EMIT programsChanged(groups);
}

void TimerHost::noteEnd(Entry &entry, const RunReport &report)
{
    if (entry.underWay.erase(report.number) == 0)
        return;
    entry.plan.ended(report.number, report.began, report.ended);
    if (report.stops)
        entry.plan.stop();
    if (entry.isProgram())
        tellPrograms();
    ipc::CronJobState &told = entry.told;
    told.last = toMs(report.began.wall);
    told.duration =
        std::chrono::duration_cast<std::chrono::microseconds>(report.ended.monotonic - report.began.monotonic).count();
    told.error = report.failure.left(longestError);
    ++told.runs;
    if (!report.failure.isEmpty()) {
        ++told.failures;
        qCWarning(logCron).noquote()
            << Text::tr("cron job %1: run %2 failed: %3").arg(entry.job.name).arg(report.number).arg(report.failure);
    }
    changed();
}

void TimerHost::warnOfTimeouts(Entry &entry, const Moment &now)
{
    if (entry.job.timeout <= milliseconds::zero() || entry.isProgram())
        return;
    for (auto &[number, run] : entry.underWay) {
        if (run.isWarned || now.monotonic - run.began.monotonic < entry.job.timeout)
            continue;
        run.isWarned = true;
        qCWarning(logCron).noquote() << Text::tr(
                                            "cron job %1: run %2 goes on, though its timeout of %3 ms is over; let "
                                            "its handler look at CronRun::isStopRequested()")
                                            .arg(entry.job.name)
                                            .arg(number)
                                            .arg(entry.job.timeout.count());
    }
}

void TimerHost::arm()
{
    std::optional<nanoseconds> sleep;
    const auto limit = [&sleep](nanoseconds time) { sleep = sleep ? std::min(*sleep, time) : time; };
    const Moment now = Moment::now();
    for (const auto &entry : m_entries) {
        if (const std::optional<nanoseconds> idle = entry->plan.idleTime(now)) {
            limit(*idle);
            if (entry->job.settings.schedule.followsWallClock())
                limit(longestSleep);
        }
        if (entry->job.timeout > milliseconds::zero() && !entry->underWay.empty())
            limit(longestSleep);
    }
    if (!sleep)
        m_timer.stop();
    else
        m_timer.start(std::chrono::ceil<milliseconds>(*sleep));
}

void TimerHost::changed()
{
    if (!m_isStarted)
        return;
    if (m_report.isActive())
        m_isReportDue = true;
    else
        report();
}

void TimerHost::report()
{
    m_isReportDue = false;
    m_report.start();
    Q_EMIT statesChanged(states());
}

QList<ipc::CronJobState> TimerHost::states()
{
    const Moment now = Moment::now();
    QList<ipc::CronJobState> list;
    for (const auto &entry : m_entries)
        list.append(stateOf(*entry, now));
    return list;
}

ipc::CronJobState TimerHost::stateOf(Entry &entry, const Moment &now) const
{
    entry.plan.advance(now);
    ipc::CronJobState state = entry.told;
    const JobMemory memory = entry.plan.memory(now);
    state.next = toMs(entry.plan.next(now));
    state.skipped = entry.skippedBefore + entry.plan.skipped();
    state.underWay = int(entry.underWay.size());
    state.isPaused = memory.isPaused;
    state.isStopped = entry.plan.isStopped();
    state.settledUntil = toMs(memory.settledUntil);
    state.grid = toMs(memory.grid);
    state.isHandedOver = m_hasDrained;
    return state;
}

void TimerHost::drain(milliseconds grace, const QString &reason)
{
    m_isStarted = true;
    m_isDraining = true;
    m_drainReason = reason;
    for (const auto &entry : m_entries) {
        entry->plan.finish();
        entry->runner->requestStop();
    }
    connect(&m_drainLimit, &QTimer::timeout, this, [this] {
        for (const auto &entry : m_entries)
            entry->runner->kill(m_drainReason);
        m_drainLimit.disconnect(this);
        connect(&m_drainLimit, &QTimer::timeout, this, &TimerHost::finishDrain);
        m_drainLimit.start(killPatience);
        m_isDrainOver = true;
        wake();
    });
    m_drainLimit.start(grace);
    wake();
}

void TimerHost::finishDrain()
{
    if (!std::exchange(m_isDraining, false))
        return;
    m_drainLimit.stop();
    m_timer.stop();
    m_report.stop();
    collect();
    const QStringList busy = busyJobs();
    noteBrokenOff();
    m_hasDrained = true;
    report();
    Q_EMIT drained(busy);
}

void TimerHost::noteBrokenOff()
{
    const Moment now = Moment::now();
    for (std::size_t index = 0; index < m_entries.size(); ++index) {
        Entry &entry = *m_entries[index];
        while (!entry.underWay.empty()) {
            const auto &[number, run] = *entry.underWay.begin();
            noteEnd(entry,
                    {.job = index, .number = number, .began = run.began, .ended = now, .failure = m_drainReason});
        }
    }
}

QStringList TimerHost::busyJobs() const
{
    const Moment now = Moment::now();
    QStringList lines;
    for (const auto &entry : m_entries) {
        for (const auto &[number, run] : entry->underWay) {
            const auto time = std::chrono::duration_cast<milliseconds>(now.monotonic - run.began.monotonic);
            lines.append(Text::tr("busy with job %1 for %2 ms")
                             .arg(entry->job.name, QLocale::c().toString(qlonglong(time.count()))));
        }
    }
    return lines;
}

} // namespace Quern::cron
