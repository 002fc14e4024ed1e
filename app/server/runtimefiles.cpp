#include "app/server/runtimefiles.h"

#include "app/server/log.h"
#include "config/effective.h"

#include <QCoreApplication>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>
#include <QTimerEvent>

namespace Quern::app {

RuntimeFiles::RuntimeFiles(QString directory, const process::Supervisor *supervisor)
    : m_settingsPath(directory + QStringLiteral("/effective.toml"))
    , m_processesPath(directory + QStringLiteral("/processes.json"))
    , m_supervisor(supervisor)
{
    connect(supervisor, &process::Supervisor::processesChanged, this, [this] { m_change.start(0, this); });
}

RuntimeFiles::~RuntimeFiles()
{
    QFile::remove(m_settingsPath);
    QFile::remove(m_processesPath);
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
    const QList<process::WorkerReport> reports = m_supervisor->report();
    for (const process::WorkerReport &worker : reports) {
        if (worker.pid > 0) {
            workers.append(QJsonObject{{QStringLiteral("id"), worker.workerId},
                                       {QStringLiteral("generation"), worker.generation},
                                       {QStringLiteral("pid"), worker.pid}});
        }
    }
    const QJsonObject all = {{QStringLiteral("master"), QCoreApplication::applicationPid()},
                             {QStringLiteral("workers"), workers}};
    write(m_processesPath, QJsonDocument(all).toJson());
}

void RuntimeFiles::write(const QString &path, const QByteArray &bytes)
{
    QSaveFile file(path);
    const bool isWritten = file.open(QIODevice::WriteOnly) &&
                           file.setPermissions(QFile::ReadOwner | QFile::WriteOwner) &&
                           file.write(bytes) == bytes.size() && file.commit();
    if (!isWritten && !m_failed)
        qCWarning(logMaster).noquote() << "cannot write" << path + u':' << file.errorString();
    m_failed = !isWritten;
}

} // namespace Quern::app
