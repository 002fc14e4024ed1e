#include "admin-gui/widgets/tile.h"

#include "admin-gui/widgets/theme.h"

#include <QEvent>
#include <QLabel>
#include <QVBoxLayout>

namespace Quern::console {

Tile::Tile(const QString &title, QWidget *parent)
    : QFrame(parent)
    , m_titleText(title)
    , m_title(new QLabel(title))
    , m_value(new QLabel(QStringLiteral("–")))
    , m_note(new QLabel)
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    QFont large = font();
    large.setPointSizeF(large.pointSizeF() * 1.7);
    large.setWeight(QFont::DemiBold);
    m_value->setFont(large);
    m_title->setForegroundRole(QPalette::PlaceholderText);
    m_note->setForegroundRole(QPalette::PlaceholderText);
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.9);
    m_note->setFont(small);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 8, 12, 8);
    layout->setSpacing(2);
    layout->addWidget(m_title);
    layout->addWidget(m_value);
    layout->addWidget(m_note);
    setAccessibleName(title);
}

void Tile::setValue(const QString &value, Tone tone, const QString &note)
{
    m_value->setText(value);
    m_note->setText(note);
    m_tone = tone;
    setAccessibleDescription(value + u' ' + note);
    dress();
}

void Tile::changeEvent(QEvent *event)
{
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        dress();
}

void Tile::dress()
{
    QPalette colors = m_value->palette();
    colors.setColor(QPalette::WindowText, theme::toneColor(m_tone, palette()));
    if (m_value->palette() != colors)
        m_value->setPalette(colors);
}

} // namespace Quern::console
