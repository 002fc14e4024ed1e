#include "tasks/deadletter.h"

#include "tasks/log.h"

namespace Quern::tasks {

Error noDeadLetter(quint64 id)
{
    return Error(Error::NotFound, QStringLiteral("task %1 is not among the dead letters").arg(id));
}

Error keyTaken(const QByteArray &uniqueKey)
{
    return Error(
        Error::Exists,
        QStringLiteral("a task with the unique key %1 waits or runs already").arg(QString::fromUtf8(uniqueKey)));
}

void logDroppedDeadLetters(const std::vector<std::pair<quint64, QByteArray>> &dropped, const QString &reason)
{
    if (dropped.empty())
        return;
    const auto &[id, name] = dropped.front();
    QString subject = QStringLiteral("the dead letter of task %1 (%2)").arg(id).arg(QString::fromUtf8(name));
    if (dropped.size() > 1)
        subject += QStringLiteral(" and %1 after it").arg(dropped.size() - 1);
    qCWarning(logTasks).noquote() << QStringLiteral("dropped %1: %2").arg(subject, reason);
}

} // namespace Quern::tasks
