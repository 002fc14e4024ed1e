#include "app/server/runtimefiles.h"

#include "app/server/log.h"
#include "app/server/privatefile.h"
#include "config/effective.h"

#include <QCoreApplication>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTimerEvent>

namespace Quern::app {

namespace {

/// When what could not be written is tried again.
constexpr int retryMilliseconds = 1000;

} // namespace

RuntimeFiles::RuntimeFiles(QString directory, const process::Supervisor *supervisor)
    : m_settingsPath(directory + QStringLiteral("/effective.toml"))
    , m_processesPath(directory + QStringLiteral("/processes.json"))
    , m_supervisor(supervisor)
{
    connect(supervisor, &process::Supervisor::processesChanged, this, [this] { m_change.start(0, this); });
    m_change.start(0, this);
}

RuntimeFiles::~RuntimeFiles()
{
    if (m_isLeft)
        return;
    QFile::remove(m_settingsPath);
    QFile::remove(m_processesPath);
}

void RuntimeFiles::leave()
{
    m_isLeft = true;
    m_change.stop();
    m_supervisor->disconnect(this);
}

void RuntimeFiles::writeSettings(const config::Settings &settings)
{
    write(m_settingsPath, config::effectiveToml(settings));
}

void RuntimeFiles::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_change.timerId())
        return;
    m_change.stop();
    writeProcesses();
}

void RuntimeFiles::writeProcesses()
{
    QJsonArray workers;
    QJsonArray others;
    const QList<process::ChildReport> reports = m_supervisor->report();
    for (const process::ChildReport &worker : reports) {
        if (worker.pid == 0)
            continue;
        QJsonArray &list = worker.who.role == ipc::ChildRole::Worker ? workers : others;
        list.append(QJsonObject{{QStringLiteral("id"), worker.who.number},
                                {QStringLiteral("name"), worker.who.text()},
                                {QStringLiteral("generation"), worker.generation},
                                {QStringLiteral("pid"), worker.pid}});
    }
    const QJsonObject all = {{QStringLiteral("master"), QCoreApplication::applicationPid()},
                             {QStringLiteral("workers"), workers},
                             {QStringLiteral("processes"), others}};
    if (!write(m_processesPath, QJsonDocument(all).toJson()))
        m_change.start(retryMilliseconds, this); // nothing else may change for long
}

bool RuntimeFiles::write(const QString &path, const QByteArray &bytes)
{
    const Result<void> written = writePrivateFile(path, bytes, Lasting::No);
    if (!written && !m_failed)
        qCWarning(logMaster).noquote() << written.error().message();
    m_failed = !written;
    return written.ok();
}

} // namespace Quern::app
