#pragma once

#include "admin-gui/connection/savedservers.h"
#include "admin-gui/connection/tokenstore.h"

#include <QDialog>

class QComboBox;
class QLabel;
class QLineEdit;

namespace Quern::console {

/// Asks for a server: where it is, what to call it, and the token that it wants.
class ConnectDialog final : public QDialog
{
    Q_OBJECT
public:
    struct Choice
    {
        SavedServer server;
        QString token; ///< empty: none was given
        TokenStore::Keep keep = TokenStore::Keep::Keychain;
    };

    /// \a server: what is known of it already; \a reason: why it is asked for, or empty.
    ConnectDialog(const std::optional<SavedServer> &server, const QString &reason, QWidget *parent);

Q_SIGNALS:
    /// The user wants to go there.
    void chosen(const Quern::console::ConnectDialog::Choice &choice);

private:
    void check();
    void apply();

    QLineEdit *m_address;
    QLineEdit *m_name;
    QLineEdit *m_token;
    QComboBox *m_keep;
    QLabel *m_problem;
    const QString m_reason;
    QPushButton *m_connect = nullptr;
};

} // namespace Quern::console
