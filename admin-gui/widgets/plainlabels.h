#pragma once

#include <QObject>

namespace Quern::console {

/// Has every label show its text as it is, unless it is told to be rich: what servers and their clients have written is
/// not to become markup. Tips are not labels in this sense; see format::tip(). Installed on the application.
class PlainLabels final : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
};

} // namespace Quern::console
