#include "worker/cronjobs.h"

#include "cron/timerhost.h"
#include "sdk/src/exceptiontext_p.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace Quern::worker {

namespace {

using std::chrono::milliseconds;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::worker::CronJobs)
};

/// The handler of \a spec as what runs in a thread.
cron::JobFunction functionOf(const CronSpec &spec)
{
    return [handler = spec.handler](cron::JobRun &run) -> Result<void> {
        CronRunPrivate data;
        data.name = run.name;
        data.parameters = run.parameters;
        data.scheduledAt = QDateTime::fromMSecsSinceEpoch(run.plan.scheduledAt.time_since_epoch().count(), Qt::UTC);
        data.number = run.plan.number;
        data.isStopRequested = run.isStopRequested;
        CronRun author(&data);
        Result<void> result;
        try {
            result = handler(author);
        } catch (...) {
            result = Error(Error::Internal, Text::tr("it threw an exception: %1").arg(textOfCurrentException()));
        }
        run.stops = data.stops;
        return result;
    };
}

/// Puts the jobs of one process together.
class Assembly
{
public:
    Assembly(const ApplicationPrivate &application, const QList<ipc::CronEntry> &entries)
        : m_application(application)
        , m_entries(entries)
    {
    }

    Result<CronPlan> assemble()
    {
        for (const ipc::CronEntry &entry : m_entries)
            addEntry(entry);
        for (const CronSpec &spec : m_application.cronJobs) {
            const QString name = QString::fromUtf8(spec.name);
            const bool isNamed = std::any_of(m_entries.begin(), m_entries.end(),
                                             [&name](const ipc::CronEntry &entry) { return entry.job == name; });
            if (!isNamed)
                addSpec(spec, name);
        }
        if (qsizetype(m_plan.jobs.size()) > cron::TimerHost::mostJobs)
            m_lines.append(Text::tr("there are %1 cron jobs, and %2 are allowed; remove some")
                               .arg(m_plan.jobs.size())
                               .arg(cron::TimerHost::mostJobs));
        if (!m_lines.isEmpty())
            return Error(Error::Invalid, m_lines.join(u'\n'));
        return std::move(m_plan);
    }

private:
    void addEntry(const ipc::CronEntry &entry)
    {
        const QString place = entry.place.isEmpty() ? QString() : entry.place + QStringLiteral(": ");
        const QString title = place + Text::tr("cron job \"%1\": ").arg(entry.name);
        const CronSpec *spec = entry.command.isEmpty() ? find(entry.job) : nullptr;
        if (!spec && entry.command.isEmpty()) {
            m_lines.append(title + Text::tr("no plugin registers the job \"%1\": call app.cron(\"%1\", …) in "
                                            "install(), or remove the entry")
                                       .arg(entry.job));
            return;
        }
        const Result<cron::Schedule> schedule = scheduleOf(entry, spec);
        if (!schedule) {
            m_lines.append(title + schedule.error().message());
        } else if (!entry.isEnabled) {
            m_plan.disabled.append(entry.name);
        } else {
            const CronSpec plain;
            const CronSpec &base = spec ? *spec : plain;
            cron::Job job{.name = entry.name,
                          .settings = {*schedule, entry.isImmediate.value_or(base.isImmediate),
                                       std::clamp(entry.mostAtATime.value_or(base.mostAtATime), 1, 64),
                                       MissedRuns(std::clamp(entry.missed.value_or(int(base.missed)), 0, 2))},
                          .timeout = milliseconds(entry.timeout.value_or(base.timeout.count())),
                          .parameters = entry.parameters,
                          .work = cron::JobCommand{entry.command, entry.directory}};
            if (spec)
                job.work = functionOf(*spec);
            add(title, std::move(job));
        }
    }

    void addSpec(const CronSpec &spec, const QString &name)
    {
        if (!spec.hasSchedule()) {
            m_plan.warnings.append(
                Text::tr("the cron job \"%1\" of plugin \"%2\" has no schedule and never runs: add a "
                         "[[cron]] with job = \"%1\", or call every() or at() in install()")
                    .arg(name, spec.plugin));
            return;
        }
        const QString title = Text::tr("cron job \"%1\" of plugin \"%2\": ").arg(name, spec.plugin);
        const Result<cron::Schedule> schedule = scheduleOf({}, &spec);
        if (schedule)
            add(title, cron::Job{.name = name,
                                 .settings = {*schedule, spec.isImmediate, spec.mostAtATime, spec.missed},
                                 .timeout = spec.timeout,
                                 .work = functionOf(spec)});
        else
            m_lines.append(title + schedule.error().message());
    }

    static Result<cron::Schedule> scheduleOf(const ipc::CronEntry &entry, const CronSpec *spec)
    {
        if (!entry.expression.isEmpty())
            return cron::Schedule::at(entry.expression, entry.timeZone.toUtf8());
        if (entry.interval > 0)
            return cron::Schedule::every(milliseconds(entry.interval));
        if (spec && !spec->expression.isEmpty())
            return cron::Schedule::at(QString::fromUtf8(spec->expression), spec->timeZone);
        if (spec && spec->interval.count() > 0)
            return cron::Schedule::every(spec->interval);
        return Error(Error::Invalid,
                     Text::tr("it is never due, since its plugin gives it no schedule; write interval = "
                              "60000 or expression = \"0 3 * * *\""));
    }

    void add(const QString &title, cron::Job job)
    {
        const bool isTwice = std::any_of(m_plan.jobs.begin(), m_plan.jobs.end(),
                                         [&job](const cron::Job &other) { return other.name == job.name; });
        if (isTwice)
            m_lines.append(title + Text::tr("another one has this name; give its [[cron]] another name"));
        else
            m_plan.jobs.push_back(std::move(job));
    }

    const CronSpec *find(const QString &name) const
    {
        const auto it = std::find_if(m_application.cronJobs.begin(), m_application.cronJobs.end(),
                                     [&name](const CronSpec &spec) { return QString::fromUtf8(spec.name) == name; });
        return it == m_application.cronJobs.end() ? nullptr : &*it;
    }

    const ApplicationPrivate &m_application;
    const QList<ipc::CronEntry> &m_entries;
    CronPlan m_plan;
    QStringList m_lines; ///< what is wrong
};

} // namespace

Result<CronPlan> cronJobs(const ApplicationPrivate &application, const QList<ipc::CronEntry> &entries)
{
    return Assembly(application, entries).assemble();
}

} // namespace Quern::worker
