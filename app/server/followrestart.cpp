#include "app/server/followrestart.h"

#include "app/server/master.h"
#include "app/server/pidfile.h"
#include "app/server/serverconnection.h"
#include "base/clock.h"

#include <QCoreApplication>

namespace Quern::app {

Result<admin::Operation> followRestart(const config::Settings &settings, ControlClient &client,
                                       const admin::OperationReference &reference)
{
    const base::MonotonicTime deadline = std::chrono::steady_clock::now() + reference.patience;
    Result<admin::Operation> ended = followOperation(client, reference);
    // The one that is leaving goes away first, whether the next one is another process or the same.
    while (!ended && ended.error().code() == Error::Unavailable) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0)
            return Error(Error::Timeout, QString());
        ControlClient next;
        if (next.connectTo(Master::controlPath(settings)))
            ended = followOperation(next, {reference.operation, left});
        else if (PidFile::waitUntilFree(Master::pidPath(settings), std::chrono::milliseconds(0)))
            return Error(Error::Unavailable,
                         QCoreApplication::translate("Quern::app::CallCommand",
                                                     "the program has ended instead of starting anew; its log says "
                                                     "why"));
    }
    return ended;
}

} // namespace Quern::app
