#pragma once

#include "admin-gui/connection/session.h"

#include <QFrame>

class QLabel;
class QPushButton;

namespace Quern::console {

/// A strip across the window while the server is not there, with what is known of why and what happens next; else
/// hidden.
class Banner final : public QFrame
{
    Q_OBJECT
public:
    explicit Banner(Session &session, QWidget *parent = nullptr);

Q_SIGNALS:
    /// The server wants another token.
    void tokenRequested();

protected:
    void changeEvent(QEvent *event) override;

private:
    void update();
    void dress();

    Session &m_session;
    QLabel *m_text;
    QPushButton *m_retry;
    QPushButton *m_token;
};

} // namespace Quern::console
