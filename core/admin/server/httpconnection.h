#pragma once

#include "admin/server/httpanswer.h"
#include "admin/server/requesthead.h"

#include <QBasicTimer>
#include <QHostAddress>
#include <QObject>
#include <QTcpSocket>

#include <chrono>
#include <deque>
#include <functional>
#include <optional>

namespace Quern::admin {

/// What one connection may take. Qt HTTP Server has no bounds of its own.
struct HttpLimits
{
    qint64 maxBody = 1 << 20;                         ///< bytes
    std::chrono::milliseconds requestTimeout{10'000}; ///< from a request's first byte to its last, and for TLS
    std::chrono::milliseconds idleTimeout{60'000};    ///< between an answer and the next request
    std::chrono::milliseconds sendTimeout{30'000};    ///< while the client takes no byte of its answers
    std::chrono::milliseconds lingerTimeout{2'000};   ///< what still comes in is thrown away after the last answer
    qint64 maxOutput = 4 << 20;                       ///< bytes of answers that may wait
    std::size_t pipelineDepth = 16;                   ///< answers that may be due at a time
};

/// Guards one client's socket, whose child it is, before Qt's parser: reads each head first, by a peek, and has the
/// parser see only what has been accepted; keeps sizes, times and the order of answers. It ends with the socket, also
/// after that was given to a WebSocket. Lives in the admin thread.
class HttpConnection final : public QObject
{
    Q_OBJECT
public:
    /// Called with the head of each request, at once; it answers by accept(), refuse() or release().
    using Judge = std::function<void(HttpConnection &connection, const RequestHead &head)>;

    /// Becomes a child of \a socket, which ends itself when it is disconnected.
    HttpConnection(QTcpSocket *socket, const HttpLimits &limits, Judge judge);

    /// Null if \a socket has none.
    static HttpConnection *of(const QTcpSocket *socket);

    /// Reads requests from now on; to be called before \a parser hears of the socket.
    void begin(const QObject *parser);

    /// The request whose head was judged is for the parser. It is answered in its turn, in \a form.
    void accept(const RequestHead &head, const AnswerForm &form);
    /// Nothing more is read from the client, who gets \a answer in its turn, not before \a delay is over.
    void refuse(const HttpAnswer &answer, const AnswerForm &form, std::chrono::milliseconds delay = {});
    /// Gives the socket away with the head unread, to become a WebSocket.
    QTcpSocket *release();

    /// The parser has the whole request. Returns the place of its answer, from 1; 0 if none was accepted.
    quint64 requestComplete();
    /// Each place is answered once. Nothing happens if there is no such place.
    void answer(quint64 place, const HttpAnswer &answer);

    /// Whether the client has shown a valid token.
    bool isTrusted() const { return m_isTrusted; }
    void setTrusted() { m_isTrusted = true; }
    /// Bytes of the body that the parser reads, or has read: it keeps one until the next request.
    qint64 bodyBytes() const { return m_bodyBytes; }
    /// Since when nothing has been due to or from the client; nullopt while something is.
    std::optional<std::chrono::steady_clock::time_point> idleSince() const;
    bool isAnswerDue() const { return !m_places.empty(); }
    /// Whether something came behind the head that is judged.
    bool hasMore() const { return m_hasMore; }
    bool isEncrypted() const;
    QTcpSocket *socket() const { return m_socket; }
    /// What counts as one client, see networkOf().
    const QHostAddress &network() const { return m_network; }
    /// Bytes that wait to be sent, those of TLS included.
    qint64 pendingOutput() const;
    /// Ends it now.
    void abort();

Q_SIGNALS:
    /// Nobody waits for an answer any more.
    void gone();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    enum class Phase {
        Handshake, ///< of TLS; the parser does not know the socket yet
        Head,      ///< waits for a head, or for more of it
        Body,      ///< the parser takes the body
        Last,      ///< nothing more is read; what is due is answered
        Lingering, ///< all is sent; what comes in is thrown away
        Released,
    };

    struct Place
    {
        quint64 id = 0;
        AnswerForm form;
        std::optional<QByteArray> bytes; ///< once it is answered
    };

    void look();
    void readHead();
    void throwAway();
    void stopReading();
    quint64 reserve(const AnswerForm &form);
    void sendAnswers();
    void outputSent();
    void linger();
    void wait(std::chrono::milliseconds time) { m_timer.start(int(time.count()), this); }

    QTcpSocket *m_socket;
    const QHostAddress m_network;
    HttpLimits m_limits;
    Judge m_judge;
    const QObject *m_parser = nullptr;
    Phase m_phase = Phase::Handshake;
    HeadReader m_reader;
    std::deque<Place> m_places; ///< the oldest first
    quint64 m_accepted = 0;     ///< place of the request that the parser reads; 0: none
    qint64 m_bodyBytes = 0;
    bool m_hasMore = false; ///< bytes behind the head
    std::chrono::steady_clock::time_point m_idleSince;
    quint64 m_lastPlace = 0;
    QBasicTimer m_timer;     ///< of the phase
    QBasicTimer m_sendTimer; ///< while output waits
    bool m_isTrusted = false;
};

} // namespace Quern::admin
