#pragma once

#include "admin/protocol/configmessages.h"

#include <QDialog>

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace Quern::console {

class Session;

/// Asks the server what it would say to another settings file, which is pasted or opened here. Nothing is changed.
class CandidateDialog final : public QDialog
{
    Q_OBJECT
public:
    CandidateDialog(Session &session, QWidget *parent);

    static void ask(Session &session, QWidget *parent);

private:
    void load();
    void checkLength();
    void check();
    void showVerdict(const Result<admin::ConfigVerdict> &verdict);

    Session &m_session;
    QPlainTextEdit *m_text;
    QPushButton *m_check;
    QLabel *m_verdict;
};

} // namespace Quern::console
