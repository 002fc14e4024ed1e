#include "app/server/consolemodule.h"

#include "app/server/installation.h"
#include "app/server/terminal.h"
#include "base/filedescriptor.h"
#include "base/systemerror.h"

#include <QCoreApplication>
#include <QFile>
#include <QLibrary>

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace Quern::app {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::ConsoleModule)
};

constexpr int tryPatienceMs = 10'000;
constexpr int failed = 1;

/// What the module offers, in plain C.
struct Functions
{
    void (*tryDisplay)(int argc, char **argv) = nullptr;
    int (*run)(int argc, char **argv, const char *address) = nullptr;
};

Result<Functions> load(const QString &file)
{
    QLibrary library(file);
    const auto version = reinterpret_cast<const char *(*)()>(library.resolve("quern_console_version"));
    if (!version)
        return Error(Error::Invalid, Text::tr("the console cannot be loaded: %1").arg(library.errorString()));
    if (qstrcmp(version(), QUERN_VERSION) != 0)
        return Error(Error::Invalid, Text::tr("the console is of version %1, and this is %2: install both of the same")
                                         .arg(QLatin1StringView(version()), QStringLiteral(QUERN_VERSION)));
    Functions functions;
    functions.tryDisplay = reinterpret_cast<void (*)(int, char **)>(library.resolve("quern_console_try"));
    functions.run = reinterpret_cast<int (*)(int, char **, const char *)>(library.resolve("quern_console_run"));
    return functions;
}

/// In a child: writes to \a report why it cannot be loaded. Qt ends the process when it finds no display, and says so
/// on standard error.
[[noreturn]] void tryInChild(const QString &file, int report, int argc, char **argv)
{
    const rlimit noCore = {0, 0};
    ::setrlimit(RLIMIT_CORE, &noCore);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
    const Result<Functions> functions = load(file);
    if (!functions) {
        const QByteArray reason = functions.error().message().toUtf8();
        const ssize_t written = ::write(report, reason.constData(), std::size_t(reason.size()));
        ::_exit(written < 0 ? failed + 1 : failed);
    }
    functions->tryDisplay(argc, argv);
    ::_exit(0);
}

/// Whether it has ended by itself, and well. One that does not end is killed.
bool waitFor(pid_t child)
{
    const base::FileDescriptor descriptor(int(::syscall(SYS_pidfd_open, child, 0)));
    pollfd waiting = {descriptor.get(), POLLIN, 0};
    if (!descriptor.isValid() || ::poll(&waiting, 1, tryPatienceMs) != 1)
        ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

Result<ConsoleModule> ConsoleModule::find()
{
    const QString file = installation::consoleModule();
    if (!QFile::exists(file))
        return Error(Error::NotFound, Text::tr("the console is not installed (%1)").arg(file));
    return ConsoleModule(file);
}

Result<void> ConsoleModule::canShow(int argc, char **argv) const
{
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return base::systemError(Text::tr("the console cannot be tried"));
    const base::FileDescriptor readEnd(ends[0]);
    base::FileDescriptor writeEnd(ends[1]);
    const pid_t child = ::fork();
    if (child < 0)
        return base::systemError(Text::tr("the console cannot be tried"));
    if (child == 0)
        tryInChild(m_file, writeEnd.get(), argc, argv);
    writeEnd.reset();
    if (waitFor(child))
        return {};
    char reason[PIPE_BUF];
    const ssize_t size = ::read(readEnd.get(), reason, sizeof(reason));
    if (size > 0)
        return Error(Error::Invalid, QString::fromUtf8(reason, size));
    return Error(Error::Unavailable, Text::tr("the display cannot be reached"));
}

int ConsoleModule::run(int argc, char **argv, const QString &address) const
{
    const Result<Functions> functions = load(m_file);
    if (!functions) {
        terminal::complain(functions.error().message());
        return failed;
    }
    return functions->run(argc, argv, address.toUtf8().constData());
}

} // namespace Quern::app
