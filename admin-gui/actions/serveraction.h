#pragma once

#include <QJsonObject>
#include <QList>
#include <QString>

namespace Quern::console {

/// Something that the user wants done: one request, or several of the same method.
struct ServerAction
{
    QString title = {}; ///< "Reload", "Close 3 connections"
    QLatin1StringView method = {};
    QList<QJsonObject> calls = {QJsonObject()}; ///< the parameters of each request
    /// What it will hit, for a destructive one: it is asked for before. Empty: nothing is asked.
    QString warning = {};
    QString confirmText = {}; ///< of the button that does it: "Stop the server"
    bool isOperation = false; ///< the answer names an operation, which is followed to its end
    QString doneText = {};    ///< the outcome of a success; empty: "Done."
};

} // namespace Quern::console
