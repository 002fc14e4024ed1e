#include "admin/server/operationlog.h"

namespace Quern::admin {

qint64 OperationLog::begin(Operation::Kind kind)
{
    if (m_operations.size() >= MaxOperations)
        m_operations.pop_front();
    Operation operation;
    operation.id = ++m_serial;
    operation.kind = kind;
    m_operations.push_back(operation);
    return operation.id;
}

void OperationLog::resume(qint64 id, Operation::Kind kind)
{
    m_serial = id - 1;
    begin(kind);
}

void OperationLog::addStep(qint64 id, const QString &text)
{
    if (Operation *operation = running(id)) {
        operation->steps.append({QDateTime::currentDateTimeUtc(), text});
        Q_EMIT changed(*operation);
    }
}

void OperationLog::finish(qint64 id, const QString &error)
{
    if (Operation *operation = running(id)) {
        operation->state = error.isEmpty() ? Operation::State::Succeeded : Operation::State::Failed;
        operation->error = error;
        Q_EMIT changed(*operation);
    }
}

std::optional<Operation> OperationLog::find(qint64 id) const
{
    for (const Operation &operation : m_operations) {
        if (operation.id == id)
            return operation;
    }
    return std::nullopt;
}

Operation *OperationLog::running(qint64 id)
{
    for (Operation &operation : m_operations) {
        if (operation.id == id && operation.state == Operation::State::Running)
            return &operation;
    }
    return nullptr;
}

} // namespace Quern::admin
