<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>Quern::console::ActionRunner</name>
    <message numerus="yes">
        <source>   # and %n more like it</source>
        <translation>
            <numerusform>   # and %n more like it</numerusform>
            <numerusform>   # and %n more like it</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::CellText</name>
    <message numerus="yes">
        <source>int, %n byte(s)</source>
        <translation>
            <numerusform>int, %n byte</numerusform>
            <numerusform>int, %n bytes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>string, up to %n byte(s)</source>
        <translation>
            <numerusform>string, up to %n byte</numerusform>
            <numerusform>string, up to %n bytes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::CloseDialog</name>
    <message numerus="yes">
        <source>the reason is %n byte(s) too long</source>
        <translation>
            <numerusform>the reason is %n byte too long</numerusform>
            <numerusform>the reason is %n bytes too long</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::ConnectionActions</name>
    <message numerus="yes">
        <source>of %n more user(s)</source>
        <translation>
            <numerusform>of %n more user</numerusform>
            <numerusform>of %n more users</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n connection(s)</source>
        <translation>
            <numerusform>%n connection</numerusform>
            <numerusform>%n connections</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Close %n connection(s)</source>
        <translation>
            <numerusform>Close %n connection</numerusform>
            <numerusform>Close %n connections</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Push to %n connection(s)</source>
        <translation>
            <numerusform>Push to %n connection</numerusform>
            <numerusform>Push to %n connections</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::CronModel</name>
    <message numerus="yes">
        <source>paused, %n running</source>
        <translation>
            <numerusform>paused, %n running</numerusform>
            <numerusform>paused, %n running</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n running</source>
        <translation>
            <numerusform>%n running</numerusform>
            <numerusform>%n running</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::FillDialog</name>
    <message numerus="yes">
        <source>%n line(s) have to be mended; nothing is sent before.</source>
        <translation>
            <numerusform>%n line has to be mended; nothing is sent before.</numerusform>
            <numerusform>%n lines have to be mended; nothing is sent before.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n row(s) would be made or changed.</source>
        <translation>
            <numerusform>%n row would be made or changed.</numerusform>
            <numerusform>%n rows would be made or changed.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Set %n row(s)</source>
        <translation>
            <numerusform>Set %n row</numerusform>
            <numerusform>Set %n rows</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::LogView</name>
    <message numerus="yes">
        <source>Paused: %n new line(s)</source>
        <translation>
            <numerusform>Paused: %n new line</numerusform>
            <numerusform>Paused: %n new lines</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s) left out, since they came too quickly</source>
        <translation>
            <numerusform>%n line left out, since it came too quickly</numerusform>
            <numerusform>%n lines left out, since they came too quickly</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::MetricsView</name>
    <message numerus="yes">
        <source>%n minute(s)</source>
        <translation>
            <numerusform>%n minute</numerusform>
            <numerusform>%n minutes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::OverviewView</name>
    <message numerus="yes">
        <source>%n dead letter(s)</source>
        <translation>
            <numerusform>%n dead letter</numerusform>
            <numerusform>%n dead letters</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::ProcessDetail</name>
    <message numerus="yes">
        <source>restarted %n time(s)</source>
        <translation>
            <numerusform>restarted %n time</numerusform>
            <numerusform>restarted %n times</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::RowDialog</name>
    <message numerus="yes">
        <source>text, up to %n byte(s)</source>
        <translation>
            <numerusform>text, up to %n byte</numerusform>
            <numerusform>text, up to %n bytes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::RowText</name>
    <message numerus="yes">
        <source>has %n cell(s), and the first line has %1</source>
        <translation>
            <numerusform>has %n cell, and the first line has %1</numerusform>
            <numerusform>has %n cells, and the first line has %1</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::ServerActions</name>
    <message numerus="yes">
        <source>%n open connection(s)</source>
        <translation>
            <numerusform>%n open connection</numerusform>
            <numerusform>%n open connections</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n request(s) in flight</source>
        <translation>
            <numerusform>%n request in flight</numerusform>
            <numerusform>%n requests in flight</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Recycle %n process(es)</source>
        <translation>
            <numerusform>Recycle %n process</numerusform>
            <numerusform>Recycle %n processes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Kill %n process(es)</source>
        <translation>
            <numerusform>Kill %n process</numerusform>
            <numerusform>Kill %n processes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::TableActions</name>
    <message numerus="yes">
        <source>Set %n row(s) of %1</source>
        <translation>
            <numerusform>Set %n row of %1</numerusform>
            <numerusform>Set %n rows of %1</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Delete %n row(s) of %1</source>
        <translation>
            <numerusform>Delete %n row of %1</numerusform>
            <numerusform>Delete %n rows of %1</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n row(s) of the table %1 are deleted, for all processes of the server, and cannot be brought back.</source>
        <translation>
            <numerusform>%n row of the table %1 is deleted, for all processes of the server, and cannot be brought back.</numerusform>
            <numerusform>%n rows of the table %1 are deleted, for all processes of the server, and cannot be brought back.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Delete %n row(s)</source>
        <translation>
            <numerusform>Delete %n row</numerusform>
            <numerusform>Delete %n rows</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::TaskActions</name>
    <message numerus="yes">
        <source>Retry %n dead letter(s)</source>
        <translation>
            <numerusform>Retry %n dead letter</numerusform>
            <numerusform>Retry %n dead letters</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Drop %n dead letter(s)</source>
        <translation>
            <numerusform>Drop %n dead letter</numerusform>
            <numerusform>Drop %n dead letters</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n dead letter(s) are forgotten, with their payloads, and cannot be brought back.</source>
        <translation>
            <numerusform>%n dead letter is forgotten, with its payload, and cannot be brought back.</numerusform>
            <numerusform>%n dead letters are forgotten, with their payloads, and cannot be brought back.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::TextInput</name>
    <message numerus="yes">
        <source>This is %n character(s) too long.</source>
        <translation>
            <numerusform>This is %n character too long.</numerusform>
            <numerusform>This is %n characters too long.</numerusform>
        </translation>
    </message>
</context>
</TS>
