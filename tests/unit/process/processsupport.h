#pragma once

#include "epolltestmain.h"

#include "process/supervisor.h"

#include <QSignalSpy>
#include <QTemporaryDir>

#include <csignal>
#include <sys/stat.h>

namespace ProcessTest {

/// What a child may take under sanitizers on a busy machine, in milliseconds.
constexpr int patience = 20000;

inline Quern::ipc::BootMessage::Plugin welcomePlugin()
{
    return {QStringLiteral(WELCOME_PLUGIN), {{QStringLiteral("allow_crash"), true}}};
}

inline Quern::ipc::BootMessage::Plugin fixture(const QString &name)
{
    return {QStringLiteral(FIXTURE_DIR "/lib%1.so").arg(name), {}};
}

/// An executable shell script in place of quern-worker.
inline QString script(const QTemporaryDir &folder, const QByteArray &commands)
{
    const QString path = folder.filePath(QStringLiteral("child.sh"));
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write("#!/bin/sh\n" + commands + '\n') < 0)
        qFatal("cannot write the script");
    file.close();
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    return path;
}

inline bool isAlive(qint64 pid)
{
    return ::kill(pid_t(pid), 0) == 0;
}

} // namespace ProcessTest
