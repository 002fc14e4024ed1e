#pragma once

#include "dispatch/reactor.h"
#include "ipc/channel.h"

#include <QThread>

#include <atomic>
#include <memory>
#include <unordered_map>

namespace DispatchTest {

/// The other end of a worker's channel, in a thread of its own. What it answers depends on the path:
/// "/hold" waits for release(); "/bytes/<n>" has n bytes; "/half" never gets beyond 10 of 100 bytes; "/stream" begins
/// a stream with 10 bytes and leaves it open; "/none" is a 204; everything else answers with the method, the path and
/// the body of the request.
class ScriptedWorker final : public QObject, public Quern::ipc::FrameSink
{
    Q_OBJECT
public:
    explicit ScriptedWorker(Quern::ipc::ChildPage page) : m_claims(std::move(page)) {}
    ~ScriptedWorker() override;

    void adopt(int fd);
    /// Answers all that is held. Any thread.
    void release();
    /// Sends these frames as they are. Any thread.
    void send(const QByteArray &frames);
    /// That the last event was about; 0: there was none.
    quint64 lastConnection() const { return m_lastConnection; }

    int held() const { return m_heldCount; }
    int cancelled() const { return m_cancelCount; }
    int requests() const { return m_requestCount; }
    qint64 sentBytes() const { return m_sentBytes; }

private:
    struct Answer
    {
        QByteArray body;
        qsizetype sent = 0;
        qsizetype credit = Quern::ipc::AmpleResponseCredit;
    };

    void frameReceived(const Quern::ipc::Frame &frame) override;
    void channelClosed(const QString &) override {}
    void requestReceived(const Quern::ipc::Frame &frame);
    void answer(quint64 id, int status, const QByteArray &body);
    void sendMore(quint64 id);

    Quern::ipc::ClaimBook m_claims;
    std::unique_ptr<Quern::ipc::Channel> m_channel;
    std::unordered_map<quint64, Answer> m_answers;
    QList<quint64> m_heldIds;
    std::atomic<int> m_heldCount = 0;
    std::atomic<int> m_cancelCount = 0;
    std::atomic<int> m_requestCount = 0;
    std::atomic<qint64> m_sentBytes = 0;
    std::atomic<quint64> m_lastConnection = 0;
};

/// A Reactor in its own thread, listening on a TCP port and a Unix path, with one ScriptedWorker.
class TestServer
{
public:
    /// \a withWorker false: requests wait in the queue.
    explicit TestServer(Quern::dispatch::ReactorSettings settings = {}, bool withWorker = true);
    ~TestServer();
    Q_DISABLE_COPY_MOVE(TestServer)

    quint16 port() const { return m_port; }
    QString unixPath() const { return m_unixPath; }
    ScriptedWorker &worker() { return *m_worker; }
    Quern::dispatch::Reactor &reactor() { return *m_reactor; }
    /// Runs \a function in the reactor's thread and waits for its end.
    template <typename Function>
    void inReactor(Function function)
    {
        QMetaObject::invokeMethod(m_reactor, std::move(function), Qt::BlockingQueuedConnection);
    }

private:
    QThread m_reactorThread;
    QThread m_workerThread;
    Quern::dispatch::Reactor *m_reactor = nullptr; ///< dies in its thread
    ScriptedWorker *m_worker = nullptr;            ///< dies in its thread
    QString m_unixPath;
    quint16 m_port = 0;
};

/// A blocking client with a deadline on everything.
class RawClient
{
public:
    explicit RawClient(quint16 port);
    explicit RawClient(const QString &unixPath);

    /// Sends all of \a bytes; false if the connection broke first.
    bool send(QByteArrayView bytes);
    /// As much as arrives until the other side closes, or \a deadline milliseconds have passed.
    QByteArray readToEnd(int deadline = 10000);
    /// One answer with its whole body, as Content-Length says.
    QByteArray readAnswer(bool withBody = true);
    void finishSending();
    /// Closes so that the other side gets a reset.
    void reset();
    void close() { m_fd.reset(); }

    bool sawEnd() const { return m_end; }
    bool wasReset() const { return m_reset; }

private:
    bool readSome(int deadline);

    Quern::base::FileDescriptor m_fd;
    QByteArray m_input;
    bool m_end = false;
    bool m_reset = false;
};

} // namespace DispatchTest
