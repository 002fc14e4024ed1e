#include "pace.h"

#include <utility>

namespace {

/// Without a pause so many pieces are sent in one go: then it is the turn of other requests.
constexpr int piecesInOneGo = 64;

} // namespace

Pace::Pace(const Plan &plan, QObject *parent) : QObject(parent), m_plan(plan)
{
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &Pace::sendNext);
}

void Pace::start(std::function<bool(int)> send, std::function<void()> finish)
{
    m_send = std::move(send);
    m_finish = std::move(finish);
    sendNext();
}

void Pace::resume()
{
    m_timer.start(m_plan.pause);
}

void Pace::sendNext()
{
    const int inOneGo = m_plan.pause > std::chrono::milliseconds::zero() ? 1 : piecesInOneGo;
    bool hasRoom = true;
    for (int sent = 0; sent < inOneGo && hasRoom && m_plan.next <= m_plan.last; ++sent)
        hasRoom = m_send(m_plan.next++);
    if (m_plan.next > m_plan.last) {
        m_finish();
        deleteLater();
    } else if (hasRoom) {
        m_timer.start(m_plan.pause);
    }
}
