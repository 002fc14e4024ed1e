#pragma once

#include <Quern/process.h>

namespace Quern {

/// Which process of the server the code of this thread stands for in a TestHarness, for as long as this lives.
class TestRole
{
public:
    enum class Hearing { Heard, Unheard };

    /// Unheard: in a hook that runs before the server listens to the process.
    explicit TestRole(ProcessAddress who, Hearing hearing = Hearing::Heard);
    ~TestRole();
    Q_DISABLE_COPY_MOVE(TestRole)

    /// Worker 0, if nothing else is said. Nobody (None): one that only runs the hooks of the server's start and end.
    static ProcessAddress current();
    /// Error::Unavailable in one that delivers nothing.
    static Result<void> checkServing();
    /// The same in one that may not wait for an answer either.
    static Result<void> checkWaiting();

private:
    const ProcessAddress m_who;
    const Hearing m_hearing;
    const TestRole *const m_before;
};

} // namespace Quern
