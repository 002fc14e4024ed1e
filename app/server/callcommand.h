#pragma once

#include "app/server/commandline.h"
#include "app/server/methodcall.h"
#include "app/server/serverconnection.h"
#include "config/settings.h"

#include <QCoreApplication>

namespace Quern::app {

/// `quern call …`: any method of the management protocol, asked of a running server.
class CallCommand
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::CallCommand)
public:
    /// Error::Invalid says what to write.
    static Result<CallCommand> parse(const CommandLine &line);

    /// Returns the exit code. Needs a QCoreApplication.
    int run(const config::Settings &settings) const;

private:
    explicit CallCommand(MethodCall call) : m_call(std::move(call)) {}
    int followToItsEnd(const config::Settings &settings, ControlClient &client,
                       const admin::OperationReference &reference) const;
    /// The same where the server goes away meanwhile, as it should.
    Result<admin::Operation> followStop(const config::Settings &settings, ControlClient &client,
                                        const admin::OperationReference &reference) const;

    MethodCall m_call;
};

} // namespace Quern::app
