#pragma once

#include "config/settings.h"
#include "process/supervisor.h"

#include <QBasicTimer>
#include <QObject>

namespace Quern::app {

/// What people and their scripts find in the runtime directory while the server runs: `effective.toml`, the settings
/// in effect with their origins and without secrets, and `processes.json`, the pids of the master and of every child.
/// Shape of the latter: {"master": 100, "workers": [{"id": 0, "generation": 1, "pid": 101}]}. Each file is replaced as
/// a whole, never half written, and for its user alone. Lives in the main thread.
class RuntimeFiles final : public QObject
{
    Q_OBJECT
public:
    /// Follows \a supervisor, which outlives it.
    RuntimeFiles(QString directory, const process::Supervisor *supervisor);
    /// Removes the files.
    ~RuntimeFiles() override;

    void writeSettings(const config::Settings &settings);
    /// Another server has files of its own there.
    void leave();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void writeProcesses();
    /// A failure is logged: the server goes on without.
    bool write(const QString &path, const QByteArray &bytes);

    QString m_settingsPath;
    QString m_processesPath;
    const process::Supervisor *m_supervisor;
    QBasicTimer m_change; ///< several changes of one turn make one file
    bool m_failed = false;
    bool m_isLeft = false;
};

} // namespace Quern::app
