#include "admin/server/operationlog.h"

#include <algorithm>

namespace Quern::admin {

qint64 OperationLog::begin(Operation::Kind kind)
{
    add(++m_serial, kind);
    return m_serial;
}

void OperationLog::resume(qint64 id, Operation::Kind kind, qint64 last)
{
    m_serial = std::max(id, last);
    add(id, kind);
}

void OperationLog::add(qint64 id, Operation::Kind kind)
{
    if (m_operations.size() >= MaxOperations) {
        const auto ended = std::find_if(m_operations.begin(), m_operations.end(), [](const Operation &operation) {
            return operation.state != Operation::State::Running;
        });
        if (ended != m_operations.end())
            m_operations.erase(ended);
    }
    Operation operation;
    operation.id = id;
    operation.kind = kind;
    m_operations.push_back(operation);
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
