<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>Quern::console::ActionRunner</name>
    <message>
        <source>Done.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 of %2 failed: %3</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server was replaced before it was done.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server has stopped.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ActivityBar</name>
    <message>
        <source>What you do here is told in this line.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All that was done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing has been done yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>under way…</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ActivityModel</name>
    <message>
        <source>Time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Action</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Command line</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::Banner</name>
    <message>
        <source>Try now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter a token…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server says nothing. What is shown may be out of date.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not connected. %1 Trying again in %2.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not connected. %1 Trying…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server lets us not in: %1.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::CandidateDialog</name>
    <message>
        <source>Check a candidate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Settings in TOML</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What would the server say to this in place of its settings file? Nothing is changed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Open a file…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Check</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Settings file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Settings (*.toml);;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 cannot be read: %2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 is too large for settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is right, and changes nothing.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It is right.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A reload would change: %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only a restart would change: %1</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::CommandLabel</name>
    <message>
        <source>Copy the command line</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Command line: %1</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::CommandPalette</name>
    <message>
        <source>Commands</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What do you want to do?</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ConfigView</name>
    <message>
        <source>Configuration</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Without defaults</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check a candidate…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The settings have not been read yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no settings file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1, with %2</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ConfirmDialog</name>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ConnectDialog</name>
    <message>
        <source>Connect to a server</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>as you call it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>from admin.tokens in the server&apos;s runtime directory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in the keychain of this desktop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in a file that only you can read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>until the console is closed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Connect</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Token</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Keep the token</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Over plain HTTP whoever sits between can read the token. Use https where you can.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::Console</name>
    <message>
        <source>Ser&amp;vers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Connect to…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Forget this server</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None has been saved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>As the &amp;desktop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dar&amp;k</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;About Quern</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About Quern</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quern %1, a resident application server.
This is its desktop console.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The token of this server is asked for, since %1.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The token is not kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The token is kept until the console is closed only: %1.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep it in a file that only you can read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Leave it so</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::Format</name>
    <message>
        <source>%1/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1/min</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 µs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 ms</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 d %2 h</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>MMM d HH:mm:ss</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::HealthHeader</name>
    <message>
        <source>No server is chosen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Connected.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Health: %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>up %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>you are a viewer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>you are an operator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>you are an admin</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::HelpWindow</name>
    <message>
        <source>Help</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no page on this.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::Link</name>
    <message>
        <source>the connection has been closed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server is not connected</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>too many requests are under way</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server does not answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server has said nothing for %1 s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server says nothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server has not answered in time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server has not answered in time; it may have done it</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::LocalTransport</name>
    <message>
        <source>the server has closed the connection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no server runs at %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 belongs to another user</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::LogLevelDialog</name>
    <message>
        <source>Levels of the log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>debug, info, warning or error: of everything, or of one category as in quern.http=debug. It holds at once in every process, until the next start.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Levels</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::LogModel</name>
    <message>
        <source>debug</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>info</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>warning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>error</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Level</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Process</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>PID %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Category</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Message</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::LogView</name>
    <message>
        <source>Logs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 and above</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all levels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Least level that is shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Process whose lines are shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Older</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Levels…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing has been logged yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The whole message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select a line to read all of it here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all processes</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Paused: %n new line(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s) left out, since they came too quickly</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::MainWindow</name>
    <message>
        <source>&amp;Server</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Views</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 (paused)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Reload</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>S&amp;cale…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Drain…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Res&amp;tart…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Stop…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Commands…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Re&amp;fresh</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Pause (Space)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Help on this view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>End the &amp;drain</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::MetricsView</name>
    <message>
        <source>Metrics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Counters &amp;per second</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>How far back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A counter only grows: what tells something is by how much</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No metrics have come yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select one or several metrics to plot them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The first %1 of those selected are plotted.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::OperationPanel</name>
    <message>
        <source>Under way</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reload</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Scale</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>under way</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>failed and rolled back: %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>failed: %1</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::OverviewView</name>
    <message>
        <source>Overview</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Requests</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>p50</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>p99</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Connections</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Workers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Half of the requests of the last seconds were answered within this time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>99 of 100 requests of the last seconds were answered within this time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Requests that the server itself has answered 502, 503 or 504</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Requests that wait for a worker</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Requests and errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Latency, p50 and p99</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Waiting and in flight</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 in all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>of the last 10 s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 in flight</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>generation %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 wait</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n dead letter(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>requests</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>connections</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>waiting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in flight</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1  %2 ended: %3</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ProcessDetail</name>
    <message>
        <source>Memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Does now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Requests</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last exit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What it has logged last</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has logged nothing yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starts and ends</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>PID %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>no process</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1, %2, generation %3</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>nothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1, for %2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 answered, %2 in flight</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>restarted %n time(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>%1; %2</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ready, generation %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ended: %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1  PID %2 %3</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>None since the console was opened.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ProcessModel</name>
    <message>
        <source>starting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ready</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>draining</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>waits for its restart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>given up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Master</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Workers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Task workers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Timer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Custom processes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>For how long the oldest request or event is with it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Process</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Generation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>PID</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>State</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In flight</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Oldest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Requests</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Trend</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CPU</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restarts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last exit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1: none</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 of %2 ready</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ProcessView</name>
    <message>
        <source>Processes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recycle</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kill…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter ( / )</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::RecordPanel</name>
    <message>
        <source>Filter ( / )</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your role may not, or the server is not connected.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Select a row first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::RecordTable</name>
    <message>
        <source>Nothing matches “%1”.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ScaleDialog</name>
    <message>
        <source>Scale</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All workers are replaced, as by a reload; no request is lost. The numbers hold until the settings name others, or until a restart.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Workers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Task workers</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::SeriesModel</name>
    <message>
        <source>Metric</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Type</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Value</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ServerActions</name>
    <message>
        <source>Now: %1, %2.</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>%n open connection(s)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n request(s) in flight</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>Reload</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server tries its new settings, finishes the requests in flight, ends all connections and begins anew. Clients are refused for a moment. If the new settings do not hold, it goes on as it is.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart the server</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server finishes the requests in flight, ends all connections and does not come back by itself. From another machine it cannot be started again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop the server</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Scale</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>End the drain</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The server asks its clients to go elsewhere: readiness says no, and each HTTP connection is closed after its present answer. Whoever comes is served nevertheless.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recycle %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Recycle %n process(es)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>It is replaced when it has finished what it has begun.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kill</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has been killed, and is replaced.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kill %1</source>
        <translation type="unfinished"></translation>
    </message>
    <message numerus="yes">
        <source>Kill %n process(es)</source>
        <translation type="unfinished">
            <numerusform></numerusform>
        </translation>
    </message>
    <message>
        <source>These are killed at once, and replaced: %1.

What their handlers do now is cut off: %2. Safe requests are run again by others, the rest is answered 502.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Levels of the log</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::ServerAddress</name>
    <message>
        <source>&quot;%1&quot; is no address of a server: write http://HOST:PORT, https://HOST:PORT, or the path of a control socket</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an address has no user or password: a token is asked for</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::Session</name>
    <message>
        <source>It was stopped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It restarts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It was stopped from outside, by a signal.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has ended without a word: it crashed, or was killed. Its log may say more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It has ended without a word, or the network has.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::SettingModel</name>
    <message>
        <source>reload, at once</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>reload</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>restart</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Setting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Value</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Origin</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>default</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Default</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A change needs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Meaning</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::StreamTransport</name>
    <message>
        <source>the server wants a token</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server does not know this token</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server lets nobody in from here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server is not to be asked by the name %1; see its setting admin.hosts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server has no room for another console</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>what answers at %1 is no management API of Quern (%2)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the server has closed the connection</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::TokenStore</name>
    <message>
        <source>no keychain service answers (%1)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it does not answer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>%1 cannot be written: %2</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Quern::console::Tray</name>
    <message>
        <source>Show or hide the console</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quit the console</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
