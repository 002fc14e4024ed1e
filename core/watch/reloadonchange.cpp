#include "watch/reloadonchange.h"

#include "loop/epolleventdispatcher.h"
#include "watch/filenames.h"
#include "watch/filewatch.h"
#include "watch/log.h"

#include <QThread>

#include <utility>

namespace Quern::watch {

namespace {

/// What the thread has for leaving before it is left alone.
constexpr unsigned long leavePatience = 100; // milliseconds

} // namespace

ReloadOnChange::ReloadOnChange(std::function<Result<void>(const QString &reason)> reload, QObject *parent)
    : QObject(parent)
    , m_reload(std::move(reload))
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
    if (on == isOn())
        return;
    m_pending.clear();
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
    thread->quit();
    // A file system that does not answer keeps the thread, and nobody else.
    if (thread->wait(leavePatience))
        delete thread;
    else
        connect(thread, &QThread::finished, thread, &QObject::deleteLater);
}

void ReloadOnChange::end()
{
    m_ended = true;
    apply();
}

void ReloadOnChange::filesChanged(const QStringList &files)
{
    m_pending += files;
    m_pending.removeDuplicates();
    tryReload();
}

void ReloadOnChange::reloadEnded()
{
    // Whoever tells it has not ended it for himself yet.
    QMetaObject::invokeMethod(this, &ReloadOnChange::tryReload, Qt::QueuedConnection);
}

void ReloadOnChange::tryReload()
{
    if (m_pending.isEmpty())
        return;
    const Result<void> begun = m_reload(reasonOf(m_pending, m_directory));
    // With another error the files are wrong: their next change tries again.
    if (begun || begun.error().code() != Error::Busy)
        m_pending.clear();
}

QString ReloadOnChange::reasonOf(const QStringList &files, const QString &directory)
{
    return namesOf(files, directory) +
           (files.size() == 1 ? QStringLiteral(" has changed") : QStringLiteral(" have changed"));
}

} // namespace Quern::watch
