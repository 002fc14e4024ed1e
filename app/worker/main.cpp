#include "app/worker/workerprocess.h"
#include "base/log.h"
#include "base/processtitle.h"
#include "loop/epolleventdispatcher.h"

#include <QCoreApplication>

#include <cstdio>

#include <fcntl.h>

using namespace Quern;

int main(int argc, char **argv)
{
    base::initProcessTitle(argc, argv);
    // The master takes the output line by line; what a plugin prints should not wait for a full buffer.
    std::setvbuf(stdout, nullptr, _IOLBF, 0);

    QCoreApplication::setEventDispatcher(new loop::EpollEventDispatcher);
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("quern-worker"));
    QCoreApplication::setApplicationVersion(QStringLiteral(QUERN_VERSION));

    // `quern doctor` asks, to see that both programs are of one build.
    if (QCoreApplication::arguments().mid(1) == QStringList(QStringLiteral("--version"))) {
        std::printf("quern-worker " QUERN_VERSION ", Qt %s\n", qVersion());
        return 0;
    }
    const auto arguments = app::WorkerArguments::parse(QCoreApplication::arguments());
    if (!arguments) {
        std::fputs("quern-worker is started by quern, with the channels that it needs. Run \"quern start\".\n", stderr);
        return 2;
    }
    // Programs that a handler starts do not inherit the channels.
    for (const int fd : arguments->reactorFds)
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(arguments->mainFd, F_SETFD, FD_CLOEXEC);
    ::fcntl(arguments->brokerFd, F_SETFD, FD_CLOEXEC);
    ::fcntl(arguments->pageFd, F_SETFD, FD_CLOEXEC);
    if (arguments->connectionsFd >= 0)
        ::fcntl(arguments->connectionsFd, F_SETFD, FD_CLOEXEC);
    if (arguments->tablesFd >= 0)
        ::fcntl(arguments->tablesFd, F_SETFD, FD_CLOEXEC);

    base::LogTarget log;
    log.style = base::LogStyle::PriorityPrefix;
    log.levels = arguments->logLevels;
    if (!base::startLog(log))
        return 1;
    base::setProcessTitle("quern: " + arguments->who.text().toUtf8());
    const app::WorkerProcess process(*arguments);
    return QCoreApplication::exec();
}
