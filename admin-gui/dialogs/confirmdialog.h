#pragma once

#include "admin-gui/actions/serveraction.h"

#include <QDialog>

#include <functional>

namespace Quern::console {

/// Asks before something destructive is done: what it hits, and the command line that does the same. Nothing is done
/// unless its button is pressed; Enter and Escape do not.
class ConfirmDialog final : public QDialog
{
    Q_OBJECT
public:
    ConfirmDialog(const ServerAction &action, const QString &commandLine, QWidget *parent);

    /// Opens it over \a parent, and calls \a proceed if the user wants it done.
    static void ask(const ServerAction &action, const QString &commandLine, const std::function<void()> &proceed,
                    QWidget *parent);
};

} // namespace Quern::console
