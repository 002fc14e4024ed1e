#include "testserver.h"

#include "loop/epolleventdispatcher.h"
#include "net/endpoint.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QUuid>

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace Quern;

namespace DispatchTest {

ScriptedWorker::~ScriptedWorker() = default;

void ScriptedWorker::adopt(int fd)
{
    m_channel = std::make_unique<ipc::Channel>(fd, this);
}

void ScriptedWorker::release()
{
    QMetaObject::invokeMethod(
        this,
        [this] {
            for (const quint64 id : std::exchange(m_heldIds, {}))
                answer(id, 200, "released");
            m_heldCount = 0;
        },
        Qt::QueuedConnection);
}

void ScriptedWorker::frameReceived(const ipc::Frame &frame)
{
    m_claims.counters().loopTurns.fetch_add(1);
    switch (frame.type) {
    case ipc::FrameType::Request:
        requestReceived(frame);
        break;
    case ipc::FrameType::Credit:
        if (const auto found = m_answers.find(frame.id); found != m_answers.end()) {
            if (const Result<quint32> bytes = ipc::creditOf(frame.payload))
                found->second.credit += *bytes;
            sendMore(frame.id);
        }
        break;
    case ipc::FrameType::Cancel:
        ++m_cancelCount;
        m_answers.erase(frame.id);
        if (m_heldIds.removeOne(frame.id))
            answer(frame.id, 504, {});
        break;
    case ipc::FrameType::Event:
        m_lastConnection = frame.id;
        break;
    default:
        break;
    }
}

void ScriptedWorker::send(const QByteArray &frames)
{
    QMetaObject::invokeMethod(
        this, [this, frames] { m_channel->sendWith([&frames](QByteArray &out) { out += frames; }); },
        Qt::QueuedConnection);
}

void ScriptedWorker::requestReceived(const ipc::Frame &frame)
{
    ipc::RequestMessage message;
    if (!ipc::decodeRequest(frame.payload, message))
        qFatal("malformed request");
    if (!m_claims.claim(message.ticket.slot, message.ticket.sequence, 0, base::nowNanoseconds()))
        return;
    ++m_requestCount;
    const QByteArray path = message.target.in(message.head).toByteArray();
    if (path == "/hold") {
        m_claims.defer(message.ticket.slot, message.ticket.sequence);
        m_channel->send(ipc::FrameType::Deferred, frame.id);
        m_heldIds.append(frame.id);
        ++m_heldCount;
        return;
    }
    m_claims.finish(message.ticket.slot, message.ticket.sequence);
    m_claims.counters().handlerNs = 1000;
    if (path.startsWith("/bytes/")) {
        answer(frame.id, 200, QByteArray(path.mid(7).toLongLong(), 'b'));
    } else if (path == "/half") {
        ipc::ResponseMessage half;
        half.bodyLength = 100;
        half.bodyPart = "0123456789";
        m_channel->sendWith([&](QByteArray &out) { ipc::appendResponse(out, frame.id, half); });
    } else if (path == "/stream") {
        ipc::ResponseMessage begun;
        begun.kind = ipc::ResponseKind::Streamed;
        begun.bodyLength = ipc::UnknownLength;
        begun.bodyPart = "0123456789";
        m_channel->sendWith([&](QByteArray &out) { ipc::appendResponse(out, frame.id, begun); });
    } else if (path == "/none") {
        answer(frame.id, 204, {});
    } else {
        answer(frame.id, 200,
               message.method.in(message.head).toByteArray() + ' ' + path + ' ' + message.bodyPart.toByteArray());
    }
}

void ScriptedWorker::answer(quint64 id, int status, const QByteArray &body)
{
    ipc::ResponseMessage message;
    message.status = quint16(status);
    message.bodyLength = quint64(body.size());
    message.bodyPart = ipc::BodySender::firstPart(body);
    m_channel->sendWith([&](QByteArray &out) { ipc::appendResponse(out, id, message); });
    m_sentBytes += message.bodyPart.size();
    if (message.bodyPart.size() < body.size()) {
        m_answers[id] = {body, message.bodyPart.size(), ipc::AmpleResponseCredit};
        sendMore(id);
    }
}

void ScriptedWorker::sendMore(quint64 id)
{
    Answer &open = m_answers[id];
    while (open.sent < std::min(open.body.size(), open.credit)) {
        const qsizetype part = std::min(ipc::MaxBodyPart, std::min(open.body.size(), open.credit) - open.sent);
        m_channel->send(ipc::FrameType::ResponseBody, id, QByteArrayView(open.body).sliced(open.sent, part));
        open.sent += part;
        m_sentBytes += part;
    }
    if (open.sent == open.body.size())
        m_answers.erase(id);
}

TestServer::TestServer(dispatch::ReactorSettings settings, bool withWorker)
{
    m_unixPath = QStringLiteral("%1/quern-%2.sock").arg(QDir::tempPath(), QUuid::createUuid().toString(QUuid::Id128));
    net::Endpoint local;
    local.unixPath = m_unixPath;
    const net::Endpoint tcp = {QStringLiteral("127.0.0.1"), 0, {}};
    std::vector<dispatch::ListeningSocket> sockets;
    for (const net::Endpoint &endpoint : {tcp, local}) {
        Result<base::FileDescriptor> socket = net::listenOn(endpoint, {});
        if (!socket)
            qFatal("%s", qPrintable(socket.error().message()));
        sockets.push_back({std::move(*socket), 0});
    }
    sockaddr_in address = {};
    socklen_t length = sizeof address;
    ::getsockname(sockets.front().fd.get(), reinterpret_cast<sockaddr *>(&address), &length);
    m_port = ntohs(address.sin_port);

    auto page = ipc::ChildPage::create(1);
    auto childPage = ipc::ChildPage::adopt(::dup(page->descriptor()), 1);
    const auto shared = std::make_shared<ipc::ChildPage>(std::move(*page));
    const auto pair = ipc::Channel::createPair();
    m_reactorThread.setEventDispatcher(new loop::EpollEventDispatcher);
    m_workerThread.setEventDispatcher(new loop::EpollEventDispatcher);
    m_reactor = new dispatch::Reactor(settings);
    m_reactor->moveToThread(&m_reactorThread);
    QObject::connect(&m_reactorThread, &QThread::finished, m_reactor, &QObject::deleteLater);
    m_worker = new ScriptedWorker(std::move(*childPage));
    m_worker->moveToThread(&m_workerThread);
    QObject::connect(&m_workerThread, &QThread::finished, m_worker, &QObject::deleteLater);
    m_reactorThread.start();
    m_workerThread.start();
    QMetaObject::invokeMethod(
        m_worker, [this, fd = pair->second] { m_worker->adopt(fd); }, Qt::BlockingQueuedConnection);
    inReactor([&] {
        dispatch::WorkerInfo info;
        info.childId = 1;
        info.generation = 1;
        info.routes = {{"GET", "/", true}, {"SOCKET", "lines", false, false, {}, "lines"}};
        m_reactor->addWorker(pair->first, shared, info);
        if (withWorker)
            m_reactor->dispatcher().activate(1);
        m_reactor->listen(std::move(sockets));
    });
}

TestServer::~TestServer()
{
    for (QThread *thread : {&m_reactorThread, &m_workerThread}) {
        thread->quit();
        thread->wait();
    }
    QFile::remove(m_unixPath);
}

RawClient::RawClient(quint16 port) : m_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(m_fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        qFatal("connect: %s", std::strerror(errno));
}

RawClient::RawClient(const QString &unixPath) : m_fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const QByteArray path = unixPath.toUtf8();
    std::memcpy(address.sun_path, path.constData(), size_t(path.size()));
    if (::connect(m_fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        qFatal("connect: %s", std::strerror(errno));
}

bool RawClient::send(QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const ssize_t count = ::send(m_fd.get(), bytes.data(), size_t(bytes.size()), MSG_NOSIGNAL);
        if (count < 0)
            return false;
        bytes = bytes.sliced(count);
    }
    return true;
}

bool RawClient::readSome(int deadline)
{
    pollfd waiting = {m_fd.get(), POLLIN, 0};
    if (m_end || ::poll(&waiting, 1, deadline) <= 0)
        return false;
    char bytes[64 * 1024];
    const ssize_t count = ::recv(m_fd.get(), bytes, sizeof bytes, 0);
    if (count <= 0) {
        m_end = true;
        m_reset = count < 0;
        return false;
    }
    m_input.append(bytes, count);
    return true;
}

QByteArray RawClient::readToEnd(int deadline)
{
    const QDeadlineTimer timer(deadline);
    while (readSome(int(timer.remainingTime()))) {
    }
    return std::exchange(m_input, {});
}

QByteArray RawClient::readAnswer(bool withBody)
{
    const QDeadlineTimer timer(10000);
    qsizetype head = -1;
    while ((head = m_input.indexOf("\r\n\r\n")) < 0) {
        if (!readSome(int(timer.remainingTime())))
            return {};
    }
    qsizetype size = head + 4;
    const qsizetype field = m_input.indexOf("Content-Length: ");
    if (withBody && field >= 0 && field < head)
        size += m_input.mid(field + 16, m_input.indexOf('\r', field) - field - 16).toLongLong();
    while (m_input.size() < size) {
        if (!readSome(int(timer.remainingTime())))
            return {};
    }
    const QByteArray answer = m_input.first(size);
    m_input.remove(0, size);
    return answer;
}

void RawClient::finishSending()
{
    ::shutdown(m_fd.get(), SHUT_WR);
}

void RawClient::reset()
{
    const linger hard = {1, 0};
    ::setsockopt(m_fd.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    m_fd.reset();
}

} // namespace DispatchTest
