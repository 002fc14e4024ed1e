#include "cron/threadrunner.h"

#include "cron/text.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <pthread.h>
#include <system_error>
#include <thread>

namespace Quern::cron {

namespace {

void nameThread(const QByteArray &name)
{
    constexpr qsizetype longest = 15; // that the kernel takes
    ::pthread_setname_np(::pthread_self(), name.left(longest).constData());
}

QString textOfException()
{
    try {
        throw;
    } catch (const std::exception &exception) {
        return Text::tr("it threw an exception: %1").arg(QString::fromUtf8(exception.what()));
    } catch (...) {
        return Text::tr("it threw an exception of an unknown type");
    }
}

} // namespace

struct ThreadRunner::Shared
{
    QString name;
    QVariantMap parameters;
    JobFunction function;
    std::chrono::milliseconds timeout;
    int mostThreads;
    std::size_t index;
    std::shared_ptr<RunReports> reports;

    std::atomic<bool> isStopRequested = false;

    std::mutex mutex; ///< of all below
    std::condition_variable changed;
    std::deque<PlannedRun> waiting; ///< no more than runs may overlap
    int threads = 0;
    int idle = 0;
    bool isOver = false;
};

ThreadRunner::ThreadRunner(const Job &job, std::size_t index, std::shared_ptr<RunReports> reports)
    : m_shared(std::make_shared<Shared>())
{
    m_shared->name = job.name;
    m_shared->parameters = job.parameters;
    m_shared->function = std::get<JobFunction>(job.work);
    m_shared->timeout = job.timeout;
    m_shared->mostThreads = job.settings.mostAtATime;
    m_shared->index = index;
    m_shared->reports = std::move(reports);
}

ThreadRunner::~ThreadRunner()
{
    requestStop();
    const std::lock_guard lock(m_shared->mutex);
    m_shared->isOver = true;
    m_shared->changed.notify_all();
}

void ThreadRunner::begin(const PlannedRun &run)
{
    const std::lock_guard lock(m_shared->mutex);
    m_shared->waiting.push_back(run);
    if (int(m_shared->waiting.size()) > m_shared->idle && m_shared->threads < m_shared->mostThreads) {
        try {
            std::thread([shared = m_shared] { serve(shared); }).detach();
            ++m_shared->threads;
        } catch (const std::system_error &error) {
            // Those that there are will come to it.
            if (m_shared->threads == 0) {
                m_shared->waiting.pop_back();
                const Moment now = Moment::now();
                m_shared->reports->add(
                    {m_shared->index, run.number, now, now,
                     Text::tr("no thread can be started for it: %1").arg(QString::fromLocal8Bit(error.what()))});
            }
        }
    }
    m_shared->changed.notify_one();
}

void ThreadRunner::requestStop()
{
    m_shared->isStopRequested.store(true, std::memory_order_relaxed);
}

void ThreadRunner::serve(const std::shared_ptr<Shared> &shared)
{
    nameThread("cron " + shared->name.toUtf8());
    std::unique_lock lock(shared->mutex);
    for (;;) {
        ++shared->idle;
        shared->changed.wait(lock, [&shared] { return shared->isOver || !shared->waiting.empty(); });
        --shared->idle;
        if (shared->isOver)
            return;
        const PlannedRun plan = shared->waiting.front();
        shared->waiting.pop_front();
        lock.unlock();
        run(*shared, plan);
        lock.lock();
    }
}

void ThreadRunner::run(Shared &shared, const PlannedRun &plan)
{
    RunReport report{.job = shared.index, .number = plan.number, .began = Moment::now()};
    const bool hasTimeout = shared.timeout > std::chrono::milliseconds::zero();
    const auto deadline = report.began.monotonic + shared.timeout;
    JobRun run{shared.name, shared.parameters, plan, [&shared, hasTimeout, deadline] {
                   return shared.isStopRequested.load(std::memory_order_relaxed) ||
                          (hasTimeout && std::chrono::steady_clock::now() >= deadline);
               }};
    try {
        if (const Result<void> result = shared.function(run); !result)
            report.failure = result.error().message();
    } catch (...) {
        report.failure = textOfException();
    }
    report.stops = run.stops;
    report.ended = Moment::now();
    if (hasTimeout && report.ended.monotonic >= deadline && report.failure.isEmpty())
        report.failure = Text::tr("it took longer than its timeout of %1 ms").arg(shared.timeout.count());
    shared.reports->add(std::move(report));
}

} // namespace Quern::cron
