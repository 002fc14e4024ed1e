#include "testrole_p.h"

#include "lifecycle_p.h"

namespace Quern {

namespace {

thread_local const TestRole *innermost = nullptr;

} // namespace

TestRole::TestRole(ProcessAddress who, Hearing hearing) : m_who(std::move(who)), m_hearing(hearing), m_before(innermost)
{
    innermost = this;
}

TestRole::~TestRole()
{
    innermost = m_before;
}

ProcessAddress TestRole::current()
{
    return innermost ? innermost->m_who : ProcessAddress::worker(0);
}

Result<void> TestRole::checkServing()
{
    if (current().kind != ProcessAddress::Kind::None)
        return {};
    return Error(Error::Unavailable, QStringLiteral("this process has not begun to serve, or is stopping"));
}

Result<void> TestRole::checkWaiting()
{
    if (innermost && innermost->m_hearing == Hearing::Unheard)
        return nobodyAnswersYet();
    return checkServing();
}

} // namespace Quern
