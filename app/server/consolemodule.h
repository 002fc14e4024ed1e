#pragma once

#include <Quern/result.h>

#include <QString>

namespace Quern::app {

/// The desktop console, a module that is loaded when it is wanted: nothing else needs Qt Widgets. Main thread, of a
/// process that has no QCoreApplication.
class ConsoleModule
{
public:
    /// Error::NotFound: it is not installed.
    static Result<ConsoleModule> find();

    /// Whether it can be loaded, and windows be shown. Tried in a child, so that a process that becomes a server after
    /// all has nothing of it. Error::Invalid: it cannot be loaded, or belongs to another version; Error::Unavailable:
    /// the display cannot be reached.
    Result<void> canShow(int argc, char **argv) const;
    /// Shows it until it is closed, and returns the exit code. \a address: a URL or a control socket; empty: the server
    /// that was looked at last.
    int run(int argc, char **argv, const QString &address) const;

private:
    explicit ConsoleModule(const QString &file) : m_file(file) {}

    QString m_file;
};

} // namespace Quern::app
