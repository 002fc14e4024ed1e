#include "cronjob_p.h"

#include "application_p.h"
#include "httpsyntax_p.h"

#include <algorithm>
#include <stdexcept>

namespace Quern {

namespace {

constexpr std::chrono::milliseconds shortestInterval{1};
constexpr std::chrono::milliseconds longestInterval = std::chrono::hours(24 * 24);
constexpr int mostOverlapping = 64;
constexpr qsizetype longestName = 64;

std::string cronTitle(QByteArrayView name)
{
    return "cron job " + quoted(name);
}

[[noreturn]] void refuse(const CronSpec &spec, const std::string &what)
{
    throw std::invalid_argument(cronTitle(spec.name) + ' ' + what);
}

} // namespace

const QString &CronRun::name() const
{
    return d->name;
}

const QVariantMap &CronRun::parameters() const
{
    return d->parameters;
}

QDateTime CronRun::scheduledAt() const
{
    return d->scheduledAt;
}

quint64 CronRun::number() const
{
    return d->number;
}

bool CronRun::isStopRequested() const
{
    return d->isStopRequested && d->isStopRequested();
}

void CronRun::stop()
{
    d->stops = true;
}

CronJob &CronJob::every(std::chrono::milliseconds interval)
{
    d->checkOpen("CronJob::every()");
    if (!m_spec->expression.isEmpty())
        refuse(*m_spec, "has a cron expression already: remove every() or at()");
    if (interval < shortestInterval || interval > longestInterval)
        refuse(*m_spec,
               "has an interval of " + std::to_string(interval.count()) + " ms: give every() from 1 ms to 24 days");
    m_spec->interval = interval;
    return *this;
}

CronJob &CronJob::at(QByteArrayView expression, QByteArrayView timeZone)
{
    d->checkOpen("CronJob::at()");
    if (m_spec->interval.count() > 0)
        refuse(*m_spec, "has an interval already: remove every() or at()");
    if (expression.isEmpty())
        refuse(*m_spec, "has an empty cron expression: write one such as \"0 3 * * *\"");
    m_spec->expression = expression.toByteArray();
    m_spec->timeZone = timeZone.toByteArray();
    return *this;
}

CronJob &CronJob::immediate(bool on)
{
    d->checkOpen("CronJob::immediate()");
    m_spec->isImmediate = on;
    return *this;
}

CronJob &CronJob::overlap(int most)
{
    d->checkOpen("CronJob::overlap()");
    if (most < 1 || most > mostOverlapping)
        refuse(*m_spec, "is to overlap " + std::to_string(most) + " times: give overlap() a number from 1 to 64");
    m_spec->mostAtATime = most;
    return *this;
}

CronJob &CronJob::missed(MissedRuns policy)
{
    d->checkOpen("CronJob::missed()");
    m_spec->missed = policy;
    return *this;
}

CronJob &CronJob::timeout(std::chrono::milliseconds time)
{
    d->checkOpen("CronJob::timeout()");
    if (time < std::chrono::milliseconds::zero())
        refuse(*m_spec, "has a negative timeout: give timeout() the longest time that a run may take, or 0");
    m_spec->timeout = time;
    return *this;
}

CronJob Application::cron(QByteArrayView name, CronHandler handler)
{
    d->checkOpen("the registration of " + cronTitle(name));
    checkServiceName(name, "cron()");
    if (name.size() > longestName || name.startsWith('-'))
        throw std::invalid_argument(cronTitle(name) +
                                    " has a name that cannot stand in the settings: use at most 64 letters, digits, "
                                    "'_' and '-', and no '-' at the beginning");
    if (!handler)
        throw std::invalid_argument(cronTitle(name) + " has an empty handler");
    for (const CronSpec &taken : d->cronJobs) {
        if (taken.name == name)
            throw std::invalid_argument(cronTitle(name) + " of plugin " + quoted(d->plugin.toUtf8()) +
                                        " has the name of one of plugin " + quoted(taken.plugin.toUtf8()) +
                                        ": rename or remove one of them");
    }
    CronSpec &added = d->cronJobs.emplace_back(
        CronSpec{.name = name.toByteArray(), .plugin = d->plugin, .handler = std::move(handler)});
    return CronJob(d, &added);
}

} // namespace Quern
