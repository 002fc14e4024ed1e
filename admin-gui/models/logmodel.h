#pragma once

#include "admin-gui/models/recordmodel.h"
#include "admin/protocol/logmessages.h"

namespace Quern::console {

/// "warning", in the user's language.
QString logLevelText(base::LogLevel level);
Tone logLevelTone(base::LogLevel level);

/// Lines of the log, the newest last; the oldest go when there are too many.
class LogModel final : public RecordModel<admin::LogLine, qint64>
{
    Q_OBJECT
public:
    enum Place { Time, Level, Role, Category, Message };
    static constexpr qint64 Most = 20'000;

    explicit LogModel(QObject *parent = nullptr);

    /// New ones, or older ones.
    void add(const QList<admin::LogLine> &lines);
    qint64 oldest() const;

private:
    qint64 m_newest = 0;
};

} // namespace Quern::console
