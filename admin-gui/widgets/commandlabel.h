#pragma once

#include <QWidget>

class QLabel;

namespace Quern::console {

/// A command line in the type of a terminal, with a button that copies it. A long one is cut in the middle; its tip has
/// all of it.
class CommandLabel final : public QWidget
{
    Q_OBJECT
public:
    explicit CommandLabel(const QString &command = {}, QWidget *parent = nullptr);

    void setCommand(const QString &command);
    const QString &command() const { return m_command; }

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void fit();

    QString m_command;
    QLabel *m_label;
};

} // namespace Quern::console
