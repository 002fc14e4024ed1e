#pragma once

#include "admin-gui/connection/session.h"

#include <QWidget>

class QLabel;

namespace Quern::console {

/// The line on top of the window: a dot in the colour of the health, the server's name, and one sentence.
class HealthHeader final : public QWidget
{
    Q_OBJECT
public:
    explicit HealthHeader(Session &session, QWidget *parent = nullptr);

    /// What the user calls the server.
    void setName(const QString &name);

private:
    void update();

    Session &m_session;
    QString m_name;
    QLabel *m_dot;
    QLabel *m_nameLabel;
    QLabel *m_sentence;
    QLabel *m_role;
};

} // namespace Quern::console
