#pragma once

#include <Quern/result.h>

#include <QLibrary>
#include <QString>

namespace Quern::app {

/// The desktop console, a module that is loaded when it is wanted: nothing else needs Qt Widgets. Main thread, of a
/// process that has no QCoreApplication.
class ConsoleModule
{
public:
    /// Error::NotFound: it is not installed. Error::Invalid: it cannot be loaded, or belongs to another version.
    static Result<ConsoleModule> load();

    /// Whether there is a display, and windows can be shown on it.
    bool canShow(int argc, char **argv) const { return m_canShow(argc, argv) != 0; }
    /// Shows it until it is closed, and returns the exit code. \a address: a URL or a control socket; empty: the server
    /// that was looked at last.
    int run(int argc, char **argv, const QString &address) const;

private:
    int (*m_canShow)(int argc, char **argv) = nullptr;
    int (*m_run)(int argc, char **argv, const char *address) = nullptr;
};

} // namespace Quern::app
