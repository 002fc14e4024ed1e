#pragma once

#include "app/server/commandline.h"
#include "config/settings.h"

#include <QCoreApplication>

namespace Quern::app {

/// `quern cron …`: what the arguments ask for. It talks to a running server.
class CronCommand
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::CronCommand)
public:
    /// Error::Invalid says what to write.
    static Result<CronCommand> parse(const CommandLine &line);

    /// Returns the exit code. Needs a QCoreApplication.
    int run(const config::Settings &settings) const;

private:
    CronCommand() = default;
    int list(const config::Settings &settings) const;

    QLatin1StringView m_method; ///< empty: the jobs are listed
    QStringList m_jobs;
    bool m_json = false;
};

} // namespace Quern::app
