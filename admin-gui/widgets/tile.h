#pragma once

#include "admin-gui/models/indexedmodel.h"

#include <QFrame>

class QLabel;

namespace Quern::console {

/// One number that matters, large, with what it is above and a word more below.
class Tile final : public QFrame
{
    Q_OBJECT
public:
    explicit Tile(const QString &title, QWidget *parent = nullptr);

    void setValue(const QString &value, Tone tone = Tone::Plain, const QString &note = {});

protected:
    void changeEvent(QEvent *event) override;

private:
    void dress();

    const QString m_titleText;
    Tone m_tone = Tone::Plain;
    QLabel *m_title;
    QLabel *m_value;
    QLabel *m_note;
};

} // namespace Quern::console
