#include "work_p.h"

#include "exceptiontext_p.h"

namespace Quern {

WorkEnd runTask(const TaskSpec &spec, TaskCall &call)
{
    try {
        Task task(call);
        const Result<void> outcome = spec.handle(task);
        if (!outcome)
            return {WorkEnd::Kind::Failed, outcome.error().message()};
        if (const QString &problem = call.result.problem(); !problem.isEmpty())
            return {WorkEnd::Kind::Failed, QStringLiteral("its result cannot be told: ") + problem};
        if (const qsizetype size = call.result.bytes().size(); size > MaxTaskPayload) {
            return {WorkEnd::Kind::TooLarge,
                    QStringLiteral("the result of task \"%1\" has %2 bytes, and may have %3: put it into a file and "
                                   "return its name")
                        .arg(QString::fromUtf8(call.name))
                        .arg(size)
                        .arg(MaxTaskPayload)};
        }
        return {};
    } catch (...) {
        return {WorkEnd::Kind::Failed, QStringLiteral("it threw: ") + textOfCurrentException()};
    }
}

WorkEnd runListeners(const std::vector<const ListenerSpec *> &listeners, quint32 first, TaskCall &call)
{
    const auto failed = [](quint32 place, const ListenerSpec &listener, const QString &error) {
        return WorkEnd{WorkEnd::Kind::Failed,
                       QStringLiteral("listener %1, of plugin %2: %3").arg(place + 1).arg(listener.plugin, error),
                       place};
    };
    const Event event(call);
    for (quint32 place = first; place < listeners.size(); ++place) {
        const ListenerSpec &listener = *listeners[place];
        try {
            const Result<bool> goesOn = listener.call(event);
            if (!goesOn)
                return failed(place, listener, goesOn.error().message());
            if (!*goesOn)
                break;
        } catch (...) {
            return failed(place, listener, QStringLiteral("it threw: ") + textOfCurrentException());
        }
    }
    return {};
}

} // namespace Quern
