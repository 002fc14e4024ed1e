#include "ipc/childrole.h"

#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::ipc {

namespace {

struct RoleName
{
    ChildRole role;
    QLatin1StringView argument;
};

constexpr std::array roleNames = {
    RoleName{ChildRole::Worker, "worker"_L1}, RoleName{ChildRole::TaskWorker, "task-worker"_L1},
    RoleName{ChildRole::Timer, "timer"_L1},   RoleName{ChildRole::Process, "process"_L1},
    RoleName{ChildRole::Boot, "boot"_L1},
};

} // namespace

QString ChildIdentity::text() const
{
    switch (role) {
    case ChildRole::Worker:
        return u"worker %1"_s.arg(number);
    case ChildRole::TaskWorker:
        return u"task worker %1"_s.arg(number);
    case ChildRole::Timer:
        return u"timer"_s;
    case ChildRole::Process:
        return u"process %1 %2"_s.arg(name).arg(number);
    case ChildRole::Boot:
        break;
    }
    return u"boot"_s;
}

QString roleArgument(ChildRole role)
{
    for (const RoleName &each : roleNames) {
        if (each.role == role)
            return each.argument;
    }
    return {};
}

std::optional<ChildRole> roleOfArgument(QStringView argument)
{
    for (const RoleName &each : roleNames) {
        if (argument == each.argument)
            return each.role;
    }
    return std::nullopt;
}

} // namespace Quern::ipc
