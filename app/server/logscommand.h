#pragma once

#include "app/server/commandline.h"
#include "base/loghistory.h"
#include "config/settings.h"

namespace Quern::app {

class ControlClient;

/// `quern logs`: asks the running server for the last lines, follows its log, changes its levels; without a server,
/// shows the end of the log file. Needs a QCoreApplication.
class LogsCommand
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::LogsCommand)
public:
    /// What the options say. Error::Invalid for one that is not understood; it says what to write.
    static Result<LogsCommand> parse(const CommandLine &line);

    /// Returns the exit code.
    int run(const config::Settings &settings) const;

private:
    int changeLevels(ControlClient &client) const;
    int readFrom(ControlClient &client) const;
    int follow(ControlClient &client) const;
    int readFile(const config::Settings &settings, const QString &reason) const;
    void show(const QList<base::LogRecord> &records) const;
    static int fail(const QString &reason);

    base::LogFilter m_filter;
    int m_lines = 100;
    QString m_setLevel;
    bool m_follow = false;
    bool m_json = false;
};

} // namespace Quern::app
