#include "admin-gui/store/serverstore.h"

#include "admin/protocol/methods.h"

#include <algorithm>

namespace Quern::console {

ServerStore::ServerStore(Session &session, QObject *parent) : QObject(parent), m_metrics(session)
{
    connect(&session, &Session::statusChanged, this,
            [this](const std::shared_ptr<const admin::Status> &status) { takeStatus(*status); });
    connect(&session, &Session::operationChanged, this, &ServerStore::takeOperation);
    connect(&session, &Session::processChanged, this, [this](const admin::ProcessEvent &event) {
        m_processEvents.append(event);
        if (m_processEvents.size() > MostEvents)
            m_processEvents.removeFirst();
        Q_EMIT processEventsChanged();
    });
    connect(&session, &Session::connected, this, [this, &session] {
        session.ask<admin::OperationList>(admin::Methods::operationList, {}, this,
                                          [this](const Result<admin::OperationList> &list) {
                                              if (!list)
                                                  return;
                                              m_operations = list->operations;
                                              std::reverse(m_operations.begin(), m_operations.end());
                                              Q_EMIT operationsChanged();
                                          });
    });
}

void ServerStore::takeStatus(const admin::Status &status)
{
    const QDateTime now = QDateTime::currentDateTimeUtc();
    m_history.add(status, double(now.toMSecsSinceEpoch()) / 1000);
    m_cronHistory.add(status, now);
    Q_EMIT historyGrew();
}

void ServerStore::takeOperation(const admin::Operation &operation)
{
    const auto known = std::find_if(m_operations.begin(), m_operations.end(),
                                    [&operation](const admin::Operation &each) { return each.id == operation.id; });
    if (known != m_operations.end())
        *known = operation;
    else
        m_operations.append(operation);
    if (m_operations.size() > MostEvents)
        m_operations.removeFirst();
    Q_EMIT operationsChanged();
}

void ServerStore::clear()
{
    m_history.clear();
    m_cronHistory.clear();
    m_metrics.clear();
    m_processEvents.clear();
    m_operations.clear();
    Q_EMIT historyGrew();
    Q_EMIT processEventsChanged();
    Q_EMIT operationsChanged();
}

} // namespace Quern::console
