#include "watch/reloadonchange.h"

#include "loop/epolleventdispatcher.h"
#include "watch/filenames.h"
#include "watch/filewatch.h"
#include "watch/log.h"

#include <QThread>
#include <QTimerEvent>

#include <algorithm>
#include <utility>

namespace Quern::watch {

namespace {

/// What the thread has for leaving before it is left alone.
constexpr unsigned long leavePatience = 100; // milliseconds

} // namespace

ReloadOnChange::ReloadOnChange(std::function<Result<void>(const QString &reason)> reload, const Brake &brake,
                               QObject *parent)
    : QObject(parent)
    , m_reload(std::move(reload))
    , m_brake(brake)
{
}

ReloadOnChange::~ReloadOnChange()
{
    end();
}

void ReloadOnChange::follow(bool wanted, const WatchPlan &plan, const QString &directory)
{
    if (m_wanted && *m_wanted != wanted)
        m_override.reset();
    m_wanted = wanted;
    m_directory = directory;
    const bool isNew = m_plan != plan;
    m_plan = plan;
    if (m_watch && isNew)
        QMetaObject::invokeMethod(m_watch, [watch = m_watch, plan] { watch->watch(plan); });
    apply();
}

void ReloadOnChange::set(bool on)
{
    m_override = on;
    apply();
}

void ReloadOnChange::apply()
{
    const bool on = !m_ended && m_wanted && m_override.value_or(*m_wanted);
    // One that a file system keeps is enough.
    if (on == isOn() || (on && m_left))
        return;
    m_pending.clear();
    m_wait.stop();
    if (on)
        startThread();
    else
        stopThread();
    if (!m_ended && m_plan.isLogged)
        qCInfo(logWatch) << (on ? "files are watched: the server reloads when they change"
                                : "files are watched for changes no more");
}

void ReloadOnChange::startThread()
{
    m_thread = new QThread;
    m_thread->setObjectName(QStringLiteral("filewatch"));
    m_thread->setEventDispatcher(new loop::EpollEventDispatcher);
    m_watch = new FileWatch;
    m_watch->moveToThread(m_thread);
    connect(m_thread, &QThread::finished, m_watch, &QObject::deleteLater);
    // Of one that has been switched off meanwhile nothing is heard.
    connect(m_watch, &FileWatch::changed, this, [this, watch = m_watch](const QStringList &files) {
        if (watch == m_watch)
            filesChanged(files);
    });
    connect(m_watch, &FileWatch::pollingChanged, this, [this, watch = m_watch](bool on) {
        if (watch == m_watch)
            m_isPolling = on;
    });
    m_thread->start();
    QMetaObject::invokeMethod(m_watch, [watch = m_watch, plan = m_plan] { watch->watch(plan); });
}

void ReloadOnChange::stopThread()
{
    m_watch = nullptr;
    m_isPolling = false;
    QThread *thread = std::exchange(m_thread, nullptr);
    // A file system that does not answer keeps the thread, and nobody else.
    m_left = thread;
    connect(thread, &QThread::finished, this, [this, thread] {
        if (m_left != thread)
            return;
        m_left = nullptr;
        thread->deleteLater();
        apply();
    });
    thread->quit();
    if (thread->wait(leavePatience))
        delete std::exchange(m_left, nullptr);
}

void ReloadOnChange::end()
{
    m_ended = true;
    apply();
}

void ReloadOnChange::filesChanged(const QStringList &files)
{
    brake(files);
    m_pending += files;
    m_pending.removeDuplicates();
    tryReload();
}

void ReloadOnChange::reloadEnded()
{
    if (std::exchange(m_isReloading, false))
        m_echo.setRemainingTime(m_brake.echo + (m_isPolling ? m_brake.polledEcho : std::chrono::milliseconds(0)));
    // Whoever tells it has not ended it for himself yet.
    QMetaObject::invokeMethod(this, &ReloadOnChange::tryReload, Qt::QueuedConnection);
}

void ReloadOnChange::tryReload()
{
    if (m_pending.isEmpty() || m_wait.isActive())
        return;
    const Result<void> begun = m_reload(reasonOf(m_pending, m_directory));
    // With another error the files are wrong: their next change tries again.
    if (!begun && begun.error().code() == Error::Busy)
        return;
    m_isReloading = bool(begun);
    m_hasEcho = false;
    m_echoed.clear();
    m_pending.clear();
}

void ReloadOnChange::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_wait.timerId())
        return;
    m_wait.stop();
    tryReload();
}

bool ReloadOnChange::mayBeEcho() const
{
    return m_isReloading || !m_echo.hasExpired();
}

void ReloadOnChange::brake(const QStringList &files)
{
    if (m_wait.isActive()) {
        const auto isKnown = [this](const QString &file) { return m_echoed.contains(file); };
        if (mayBeEcho())
            m_echoed += files;
        else if (!std::all_of(files.begin(), files.end(), isKnown))
            m_wait.stop();
        return;
    }
    if (!mayBeEcho()) {
        m_echoes = 0;
        return;
    }
    m_echoed += files;
    m_echoed.removeDuplicates();
    if (std::exchange(m_hasEcho, true) || ++m_echoes < m_brake.echoes)
        return;
    if (m_echoes == m_brake.echoes) {
        qCWarning(logWatch).noquote()
            << QStringLiteral(
                   "%1 while the server reloaded because of a change, or right after: so it has been %2 times "
                   "in a row. If a plugin writes there, leave that out by reload.excluded_dirs; until it "
                   "ends, reloads become rarer")
                   .arg(reasonOf(files, m_directory))
                   .arg(m_echoes);
    }
    const int doublings = std::min(m_echoes - m_brake.echoes, 16);
    m_wait.start(int(std::min(m_brake.least * (1 << doublings), m_brake.most).count()), this);
}

QString ReloadOnChange::reasonOf(const QStringList &files, const QString &directory)
{
    return namesOf(files, directory) +
           (files.size() == 1 ? QStringLiteral(" has changed") : QStringLiteral(" have changed"));
}

} // namespace Quern::watch
