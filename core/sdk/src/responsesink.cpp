#include "responsesink_p.h"

#include <QThread>

namespace Quern {

SinkGuard::SinkGuard(ResponseSink *sink) : m_thread(QThread::currentThread()), m_sink(sink) {}

bool SinkGuard::isInThread() const
{
    return m_thread == QThread::currentThread();
}

void SinkGuard::forgetSink()
{
    const QMutexLocker lock(&m_mutex);
    m_sink = nullptr;
}

ResponseSink::ResponseSink(QObject *parent) : QObject(parent), m_guard(std::make_shared<SinkGuard>(this)) {}

ResponseSink::~ResponseSink()
{
    retire();
}

void ResponseSink::retire()
{
    m_guard->forgetSink();
}

} // namespace Quern
