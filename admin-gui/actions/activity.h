#pragma once

#include "admin-gui/models/recordmodel.h"

#include <QDateTime>
#include <QStringList>

namespace Quern::console {

/// Something that was done with the console, and what came of it.
struct Activity
{
    enum class State { Running, Done, Failed };

    int id = 0;
    QDateTime at;
    QString title;       ///< "Reload"
    QString commandLine; ///< that does the same; empty: there is none
    State state = State::Running;
    QStringList steps; ///< of a long action, so far
    QString outcome;   ///< for people
};

/// The actions of this console, the newest last; so many are kept.
class ActivityModel final : public RecordModel<Activity, int>
{
    Q_OBJECT
public:
    static constexpr qsizetype Most = 200;

    explicit ActivityModel(QObject *parent = nullptr);

    void put(const Activity &activity);
    /// Sets the titles of the columns in the language of now.
    void retranslate();
};

} // namespace Quern::console
