#pragma once

#include "admin-gui/connection/link.h"

#include <QPointer>
#include <QThread>

namespace Quern::console {

/// The windows' side of one server: what it has told last, and a way to ask. Lives in the main thread; never waits.
class Session final : public QObject
{
    Q_OBJECT
public:
    explicit Session(QObject *parent = nullptr);
    ~Session() override;

    /// Leaves the server of before.
    void open(const ServerAddress &address, const QString &token = {});
    void close();
    void retryNow();

    /// Another one with each open() and close(): what was begun before is about another server.
    int epoch() const { return m_epoch; }
    const ServerAddress &address() const { return m_address; }
    const LinkState &state() const { return m_state; }
    /// Why the server is not there, as far as is known: one or two sentences for people; empty while it is.
    QString trouble() const;
    /// What it has told last, also when it is not there any more; null before the first.
    const std::shared_ptr<const admin::Status> &status() const { return m_status; }
    /// Whether it would let us. False while it is not connected.
    bool may(QLatin1StringView method) const;

    /// Asks, and calls \a done with what comes of it, unless \a context has gone by then. Error::Unavailable as well if
    /// another server has been chosen meanwhile.
    void call(QLatin1StringView method, const QJsonObject &params, QObject *context,
              std::function<void(const Result<QJsonObject> &outcome)> done);
    /// The same; \a T reads the result, in the thread of the Link.
    template <typename T>
    void ask(QLatin1StringView method, const QJsonObject &params, QObject *context,
             std::function<void(const Result<T> &outcome)> done)
    {
        Question question;
        question.method = method;
        question.params = params;
        question.prepare = [this, epoch = m_epoch, guard = QPointer<QObject>(context),
                            done = std::move(done)](const Result<QJsonObject> &outcome) -> std::function<void()> {
            return [this, epoch, guard, done, result = outcome ? T::fromJson(*outcome) : Result<T>(outcome.error())] {
                if (guard)
                    done(epoch == m_epoch ? result : Result<T>(left()));
            };
        };
        send(question);
    }

Q_SIGNALS:
    void stateChanged(const Quern::console::LinkState &state);
    /// It is up, for the first time or again: what was known of it may be another server's.
    void connected();
    void statusChanged(const std::shared_ptr<const Quern::admin::Status> &status);
    void operationChanged(const Quern::admin::Operation &operation);
    void processChanged(const Quern::admin::ProcessEvent &event);
    void logReceived(const Quern::admin::LogPage &page);

private:
    static Error left();
    void send(const Question &question);
    void leave();
    void takeState(const LinkState &state);
    void takeEvent(const ServerEvent &event);

    QThread m_thread;
    Link *m_link; ///< lives in m_thread, and is deleted with it
    ServerAddress m_address;
    LinkState m_state;
    std::shared_ptr<const admin::Status> m_status;
    std::optional<admin::Operation::Kind> m_ending; ///< it was about to stop or restart
    QString m_loss;                                 ///< why it was lost
    int m_epoch = 0;
    bool m_isLeaving = false; ///< what comes is still of the server before
};

} // namespace Quern::console
