#pragma once

#include "admin-gui/connection/backoff.h"
#include "admin-gui/connection/linkstate.h"
#include "admin-gui/connection/serveraddress.h"
#include "admin-gui/connection/transport.h"
#include "admin/protocol/logmessages.h"
#include "admin/protocol/message.h"
#include "admin/protocol/operation.h"
#include "admin/protocol/servermessages.h"
#include "admin/protocol/status.h"

#include <QBasicTimer>
#include <QDeadlineTimer>
#include <QObject>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <variant>

namespace Quern::console {

/// A request, and what is to become of its answer.
struct Question
{
    /// Called in the Link's thread, to do there what takes time; what it returns is called in the Session's.
    using Prepare = std::function<std::function<void()>(const Result<QJsonObject> &outcome)>;

    QString method;
    QJsonObject params;
    std::chrono::milliseconds patience{10'000};
    Prepare prepare;
};

/// What the server tells unasked.
using ServerEvent =
    std::variant<std::shared_ptr<const admin::Status>, admin::Operation, admin::ProcessEvent, admin::LogPage>;

/// Holds the connection to one server: connects, says who we are, subscribes, connects anew when it is lost. Decodes
/// what comes, so that the thread of the windows does not. Lives in a thread of its own; its public functions are for
/// that thread.
class Link final : public QObject
{
    Q_OBJECT
public:
    /// How often the server tells its status.
    static constexpr std::chrono::milliseconds StatusInterval{1000};
    /// Without a word for so long, it is Silent.
    static constexpr std::chrono::milliseconds SilenceLimit{1700};
    /// And given up.
    static constexpr std::chrono::milliseconds DeadLimit{10'000};
    static constexpr std::chrono::milliseconds ConnectTimeout{5000};
    /// Requests under way; the others wait. The server takes 16 from one stream.
    static constexpr std::size_t MostUnderWay = 12;
    /// Requests that wait, at most; more are Error::Busy.
    static constexpr std::size_t MostWaiting = 256;
    /// Lines of the log that wait for the windows; older ones are dropped, and counted.
    static constexpr qsizetype MostLogLines = 5000;

    explicit Link(QObject *parent = nullptr);
    ~Link() override;

    void open(const ServerAddress &address, const QString &token);
    /// Ends the connection, and every question with Error::Unavailable.
    void close();
    /// Does not wait for the next try.
    void retryNow();
    /// Its answer comes by answered(), exactly once.
    void ask(const Question &question);
    /// What was given by logArrived() has been shown: more may come.
    void logTaken();

Q_SIGNALS:
    void stateChanged(const Quern::console::LinkState &state);
    /// To be called in the Session's thread.
    void answered(const std::function<void()> &deliver);
    void eventArrived(const Quern::console::ServerEvent &event);
    void logArrived(const Quern::admin::LogPage &page);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Pending
    {
        Question question;
        QDeadlineTimer deadline;
    };

    void connectNow();
    void opened();
    void received(const QJsonObject &message);
    void takeReply(const admin::Reply &reply);
    void takeEvent(const admin::Event &event);
    void takeLog(const Result<admin::LogPage> &page);
    void flushLog();
    void closed(const Error &reason);
    void dropTransport();
    void enqueue(const Question &question);
    void sendWaiting();
    void settle(const Question &question, const Result<QJsonObject> &outcome);
    void settleAll(const Error &reason);
    void introduce();
    void subscribe(const Result<QJsonObject> &access);
    void subscribed(const Result<QJsonObject> &outcome);
    void enter(LinkState::Phase phase, const QString &reason = {});
    Question ownQuestion(QLatin1StringView method, const QJsonObject &params,
                         void (Link::*then)(const Result<QJsonObject> &));

    ServerAddress m_address;
    QString m_token;
    std::unique_ptr<Transport, void (*)(Transport *)> m_transport;
    LinkState m_state;
    BackOff m_backOff;
    qint64 m_lastId = 0;
    std::map<qint64, Pending> m_underWay;
    std::deque<Pending> m_waiting;
    QDeadlineTimer m_connectDeadline;
    QDeadlineTimer m_retryAt;
    QDeadlineTimer m_silentAt;
    QDeadlineTimer m_deadAt;
    QBasicTimer m_ticks;
    admin::LogPage m_log; ///< not given away yet
    bool m_isLogShown = true;
};

} // namespace Quern::console

Q_DECLARE_METATYPE(Quern::console::ServerEvent)
