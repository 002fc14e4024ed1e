// What `quern` calls in this module. Plain C, so that it needs no header, and no Qt Widgets, to do so.

#include "admin-gui/console.h"

#include <QApplication>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern;

namespace {

constexpr int displayPatienceMs = 5000;
constexpr int notUnderstood = 2;

/// Qt ends the process when it finds no display: here, that of a child.
[[noreturn]] void tryDisplay(int argc, char **argv)
{
    const rlimit noCore = {0, 0};
    ::setrlimit(RLIMIT_CORE, &noCore);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
    {
        const QApplication application(argc, argv);
    }
    ::_exit(0);
}

} // namespace

extern "C" {

/// The version of the program that this belongs to.
Q_DECL_EXPORT const char *quern_console_version()
{
    return QUERN_VERSION;
}

/// 1 if windows can be shown. Call it before there is any thread or QCoreApplication.
Q_DECL_EXPORT int quern_console_can_show(int argc, char **argv)
{
    const pid_t child = ::fork();
    if (child == 0)
        tryDisplay(argc, argv);
    if (child < 0)
        return 0;
    const int descriptor = int(::syscall(SYS_pidfd_open, child, 0));
    pollfd waiting = {descriptor, POLLIN, 0};
    if (descriptor < 0 || ::poll(&waiting, 1, displayPatienceMs) != 1)
        ::kill(child, SIGKILL);
    if (descriptor >= 0)
        ::close(descriptor);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
}

/// Shows the console until it is closed, and returns the exit code. \a address: in UTF-8, as ServerAddress::parse()
/// reads it; empty: the server that was looked at last.
Q_DECL_EXPORT int quern_console_run(int argc, char **argv, const char *address)
{
    const QApplication application(argc, argv);
    QApplication::setOrganizationName(QStringLiteral("Quern"));
    QApplication::setApplicationName(QStringLiteral("Quern"));
    QApplication::setApplicationVersion(QStringLiteral(QUERN_VERSION));
    const QString text = QString::fromUtf8(address);
    const Result<console::ServerAddress> parsed = console::ServerAddress::parse(text);
    if (!parsed && !text.isEmpty()) {
        fprintf(stderr, "quern: %s\n", qUtf8Printable(parsed.error().message()));
        return notUnderstood;
    }
    console::Console console;
    if (parsed)
        console.open(*parsed);
    else
        console.openLast();
    return QApplication::exec();
}
}
