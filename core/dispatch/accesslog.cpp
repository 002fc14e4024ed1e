#include "dispatch/accesslog.h"

#include "base/systemerror.h"
#include "dispatch/log.h"
#include "protocol/http/accessrecord.h"
#include "sdk/src/httpsyntax_p.h"

#include <Quern/requestid.h>

#include <QFile>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace Quern::dispatch {

namespace http = protocol::http;

AccessLog::~AccessLog()
{
    flush();
}

Result<void> AccessLog::open()
{
    if (m_settings.path.isEmpty())
        return {};
    flush();
    const QByteArray path = QFile::encodeName(m_settings.path);
    base::FileDescriptor file(::open(path.constData(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!file.isValid())
        return base::systemError(QStringLiteral("access_log %1").arg(m_settings.path));
    m_file = std::move(file);
    return {};
}

void AccessLog::note(const Exchange &exchange, const net::Peer &peer, quint64 unsent)
{
    const auto duration = std::chrono::steady_clock::now() - exchange.received;
    // Slow is what takes long to begin its answer: a stream or a slow reader takes as long as it likes.
    const auto until = exchange.status == 0 ? std::chrono::steady_clock::now() : exchange.begun;
    const auto untilBegun = until - qMax(exchange.awaited, exchange.received);
    const bool isSlow = m_settings.slowTime.count() > 0 && untilBegun >= m_settings.slowTime;
    if (!m_file.isValid() && !isSlow)
        return;
    const ipc::RequestMessage request = exchange.request();
    const QByteArrayView method = request.method.in(request.head);
    const QByteArrayView target = request.target.in(request.head);
    const bool isJson = m_settings.format == AccessLogFormat::Json;
    const bool isNumbered = exchange.requestId != 0 && (isSlow || isJson);
    const QByteArray id = isNumbered ? RequestId::text(exchange.requestId) : QByteArray();
    const int status = exchange.status == 0 ? clientClosed : exchange.status;
    if (isSlow) {
        const QByteArrayView path = pathOfTarget(target); // a query may hold secrets
        qCWarning(logDispatch).noquote().nospace()
            << "slow request " << id << ": " << method << ' ' << path.first(qMin(path.size(), qsizetype(200)))
            << " was answered " << status << " after "
            << std::chrono::duration_cast<std::chrono::milliseconds>(untilBegun).count() << " ms"
            << (exchange.workerId < 0 ? QString() : QStringLiteral(" by worker %1").arg(exchange.workerId));
    }
    if (!m_file.isValid())
        return;
    http::AccessRecord record;
    record.peerAddress = QByteArrayView(peer.address);
    record.clientAddress = request.remoteAddress.isEmpty() ? record.peerAddress : request.remoteAddress;
    record.time =
        std::chrono::system_clock::now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(duration);
    record.method = method;
    record.target = target;
    record.minorVersion = exchange.minorVersion;
    record.status = status;
    record.bodyBytes = exchange.bodyBytes - qMin(exchange.bodyBytes, unsent);
    record.referer = firstFieldOf(request, "referer");
    record.userAgent = firstFieldOf(request, "user-agent");
    if (isJson)
        record.host = request.host.isEmpty() ? firstFieldOf(request, "host") : request.host;
    record.duration = std::chrono::duration_cast<std::chrono::microseconds>(duration);
    record.requestId = id;
    record.workerId = exchange.workerId;
    record.isReusedConnection = exchange.isConnectionReused;
    switch (m_settings.format) {
    case AccessLogFormat::Common:
        http::appendCommon(m_buffer, record);
        break;
    case AccessLogFormat::Combined:
        http::appendCombined(m_buffer, record);
        break;
    case AccessLogFormat::Json:
        http::appendJson(m_buffer, record);
        break;
    }
    if (m_buffer.size() >= BufferSize)
        flush();
}

void AccessLog::flush()
{
    if (m_buffer.isEmpty() || !m_file.isValid())
        return;
    if (m_midLine)
        m_buffer.prepend('\n');
    ssize_t written = 0;
    do {
        written = ::write(m_file.get(), m_buffer.constData(), size_t(m_buffer.size()));
    } while (written < 0 && errno == EINTR);
    if (written < m_buffer.size()) {
        // What did not fit is dropped: a full disk must not fill the memory as well.
        if (m_lost == 0)
            qCWarning(logDispatch).noquote() << "access_log" << m_settings.path << "takes no more: lines are lost";
        const QByteArrayView lost = QByteArrayView(m_buffer).sliced(qMax<ssize_t>(written, 0));
        m_lost += quint64(std::count(lost.begin(), lost.end(), '\n'));
        m_midLine = written > 0 ? m_buffer.at(written - 1) != '\n' : m_midLine;
    } else {
        m_midLine = false;
        if (m_lost > 0) {
            qCWarning(logDispatch).noquote()
                << "access_log" << m_settings.path << "takes lines again," << m_lost << "were lost";
        }
        m_lost = 0;
    }
    m_buffer.resize(0);
}

} // namespace Quern::dispatch
