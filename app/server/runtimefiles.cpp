#include "app/server/runtimefiles.h"

#include "app/server/log.h"
#include "base/filedescriptor.h"
#include "base/systemerror.h"
#include "config/effective.h"

#include <QCoreApplication>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTimerEvent>

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

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
    write(m_processesPath, QJsonDocument(all).toJson());
}

void RuntimeFiles::write(const QString &path, const QByteArray &bytes)
{
    // Not QSaveFile: it waits for the disk, and after a crash of the machine nobody needs these files.
    const QByteArray name = QFile::encodeName(path);
    const QByteArray draft = name + ".new";
    const base::FileDescriptor file(::open(draft.constData(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const bool isWritten = file.isValid() &&
                           ::write(file.get(), bytes.constData(), size_t(bytes.size())) == bytes.size() &&
                           ::rename(draft.constData(), name.constData()) == 0;
    if (!isWritten && !m_failed)
        qCWarning(logMaster).noquote() << base::systemError(QStringLiteral("cannot write %1").arg(path)).message();
    if (!isWritten)
        ::unlink(draft.constData());
    m_failed = !isWritten;
}

} // namespace Quern::app
