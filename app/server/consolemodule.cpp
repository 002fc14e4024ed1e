#include "app/server/consolemodule.h"

#include "app/server/installation.h"

#include <QCoreApplication>
#include <QFile>

namespace Quern::app {

Result<ConsoleModule> ConsoleModule::load()
{
    const QString file = installation::consoleModule();
    if (!QFile::exists(file))
        return Error(
            Error::NotFound,
            QCoreApplication::translate("Quern::app::ConsoleModule", "the console is not installed (%1)").arg(file));
    QLibrary library(file);
    const auto version = reinterpret_cast<const char *(*)()>(library.resolve("quern_console_version"));
    if (!version)
        return Error(Error::Invalid,
                     QCoreApplication::translate("Quern::app::ConsoleModule", "the console cannot be loaded: %1")
                         .arg(library.errorString()));
    if (qstrcmp(version(), QUERN_VERSION) != 0)
        return Error(Error::Invalid,
                     QCoreApplication::translate("Quern::app::ConsoleModule",
                                                 "the console is of version %1, and this is " QUERN_VERSION
                                                 ": install both of the same")
                         .arg(QLatin1StringView(version())));
    ConsoleModule module;
    module.m_canShow = reinterpret_cast<int (*)(int, char **)>(library.resolve("quern_console_can_show"));
    module.m_run = reinterpret_cast<int (*)(int, char **, const char *)>(library.resolve("quern_console_run"));
    Q_ASSERT(module.m_canShow && module.m_run); // of the same version
    return module;
}

int ConsoleModule::run(int argc, char **argv, const QString &address) const
{
    return m_run(argc, argv, address.toUtf8().constData());
}

} // namespace Quern::app
