#pragma once

#include "admin-gui/actions/activity.h"
#include "admin-gui/actions/serveraction.h"
#include "admin-gui/connection/session.h"

#include <functional>

namespace Quern::console {

/// Does what the user has asked for, and keeps account of it. Asks before what is destructive, by confirm(). Lives in
/// the main thread.
class ActionRunner final : public QObject
{
    Q_OBJECT
public:
    using Confirm = std::function<void(const ServerAction &action, const QString &commandLine,
                                       const std::function<void()> &proceed)>;
    /// Whether all calls of it went well, and what the first answered.
    using Done = std::function<void(const Result<QJsonObject> &outcome)>;

    /// Of several calls so many are under way at a time.
    static constexpr int MostUnderWay = 8;

    explicit ActionRunner(Session &session, QObject *parent = nullptr);

    /// Asks the user; without one a destructive action is not done.
    void setConfirm(Confirm confirm) { m_confirm = std::move(confirm); }

    void run(const ServerAction &action, Done done = {});
    /// That of the first call; a remark says that there are more.
    QString commandLine(const ServerAction &action) const;

    Session &session() const { return m_session; }
    ActivityModel &activities() { return m_activities; }

Q_SIGNALS:
    void activityChanged(const Quern::console::Activity &activity);

private:
    struct Run;

    static QString doneText(const ServerAction &action);

    void begin(const ServerAction &action, const Done &done);
    void callNext(const std::shared_ptr<Run> &run);
    static void giveUp(const std::shared_ptr<Run> &run);
    void finished(const std::shared_ptr<Run> &run);
    void followed(const admin::Operation &operation);
    void look(qint64 operation);
    void resume();
    void leaveServer();
    void lostServer();
    void end(qint64 operation, Activity::State state, const QString &outcome);
    void tell(const Activity &activity);

    Session &m_session;
    ActivityModel m_activities;
    Confirm m_confirm;
    int m_lastId = 0;
    std::map<qint64, std::shared_ptr<Run>> m_operations; ///< by Operation::id
};

} // namespace Quern::console
