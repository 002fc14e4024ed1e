#pragma once

#include "admin/protocol/taskmessages.h"

#include <QWidget>

class QLabel;
class QPlainTextEdit;

namespace Quern::console {

class Session;

/// What the task of one dead letter was delivered with, and its error in full.
class PayloadPanel final : public QWidget
{
    Q_OBJECT
public:
    explicit PayloadPanel(Session &session, QWidget *parent = nullptr);

    /// Asks for the payload, unless it is there.
    void setLetter(const admin::DeadLetter &letter);
    void clear();

private:
    void show(const QString &note, const QString &text);

    Session &m_session;
    QString m_id;
    bool m_isThere = false; ///< that of m_id
    QLabel *m_title;
    QLabel *m_error;
    QLabel *m_note;
    QPlainTextEdit *m_text;
};

} // namespace Quern::console
