#pragma once

#include <Quern/result.h>

#include <QCoreApplication>
#include <QJsonObject>
#include <QLatin1StringView>
#include <QStringList>

namespace Quern::app {

/// What `quern call METHOD [JSON]` is to ask the server for.
struct MethodCall
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::MethodCall)
public:
    QLatin1StringView method;
    QJsonObject params;
    bool isLong = false; ///< it is answered with an OperationReference

    /// \a words are those behind the command. Error::Invalid says what to write.
    static Result<MethodCall> parse(const QStringList &words);
};

} // namespace Quern::app
