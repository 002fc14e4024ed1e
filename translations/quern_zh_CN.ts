<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>Quern::console::ActionRunner</name>
    <message>
        <source>Done.</source>
        <translation>完成。</translation>
    </message>
    <message>
        <source>%1 of %2 failed: %3</source>
        <translation>%2 个中有 %1 个失败：%3</translation>
    </message>
    <message>
        <source>The server was replaced before it was done.</source>
        <translation>服务器在完成之前已被替换。</translation>
    </message>
    <message numerus="yes">
        <source>   # and %n more like it</source>
        <translation>
            <numerusform>   # 以及另外 %n 个同样的</numerusform>
        </translation>
    </message>
    <message>
        <source>It is not followed any more: another server has been chosen.</source>
        <translation>不再跟踪：已选择另一台服务器。</translation>
    </message>
</context>
<context>
    <name>Quern::console::ActivityBar</name>
    <message>
        <source>What you do here is told in this line.</source>
        <translation>您在此处的操作会显示在这一行。</translation>
    </message>
    <message>
        <source>All that was done</source>
        <translation>所有操作</translation>
    </message>
    <message>
        <source>Nothing has been done yet.</source>
        <translation>尚未进行任何操作。</translation>
    </message>
    <message>
        <source>under way…</source>
        <translation>进行中…</translation>
    </message>
</context>
<context>
    <name>Quern::console::ActivityModel</name>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Command line</source>
        <translation>命令行</translation>
    </message>
</context>
<context>
    <name>Quern::console::AtomicDialog</name>
    <message>
        <source>Set the atomic %1</source>
        <translation>设置原子变量 %1</translation>
    </message>
    <message>
        <source>All processes of the server read this value from then on. What they add meanwhile is overwritten. Now it is %1.</source>
        <translation>服务器的所有进程从此读取该值。期间累加的内容会被覆盖。当前值为 %1。</translation>
    </message>
    <message>
        <source>Set</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>&amp;Value</source>
        <translation>值(&amp;V)</translation>
    </message>
</context>
<context>
    <name>Quern::console::AtomicModel</name>
    <message>
        <source>Atomic</source>
        <translation>原子变量</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
</context>
<context>
    <name>Quern::console::AuditModel</name>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>begun</source>
        <translation>已开始</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>refused</source>
        <translation>已拒绝</translation>
    </message>
    <message>
        <source>wrong token</source>
        <translation>令牌错误</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>何人</translation>
    </message>
    <message>
        <source>Role</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>错误</translation>
    </message>
</context>
<context>
    <name>Quern::console::AuditView</name>
    <message>
        <source>Audit</source>
        <translation>审计</translation>
    </message>
    <message>
        <source>Older</source>
        <translation>更早</translation>
    </message>
    <message>
        <source>Reads the entries before these</source>
        <translation>读取更早的条目</translation>
    </message>
    <message>
        <source>These are all</source>
        <translation>已全部显示</translation>
    </message>
    <message>
        <source>Once the server is connected, this says who has changed what.</source>
        <translation>连接服务器后，此处显示谁改变了什么。</translation>
    </message>
    <message>
        <source>The audit log is for the role %1 and above; the server knows you as %2.</source>
        <translation>审计日志需要 %1 及以上角色；服务器将您识别为 %2。</translation>
    </message>
    <message>
        <source>Nobody has changed anything yet. A reload, a closed connection, a cron job that is run by hand: each stands here, with who did it and what came of it.</source>
        <translation>尚无任何更改。重载、关闭连接、手动运行定时任务等都会记录在此，并注明何人所为及结果。</translation>
    </message>
</context>
<context>
    <name>Quern::console::Banner</name>
    <message>
        <source>Try now</source>
        <translation>立即重试</translation>
    </message>
    <message>
        <source>Enter a token…</source>
        <translation>输入令牌…</translation>
    </message>
    <message>
        <source>The server says nothing. What is shown may be out of date.</source>
        <translation>服务器没有响应。所显示的内容可能已过时。</translation>
    </message>
    <message>
        <source>Not connected. %1 Trying again in %2.</source>
        <translation>未连接。%1 %2 后重试。</translation>
    </message>
    <message>
        <source>Not connected. %1 Trying…</source>
        <translation>未连接。%1 正在重试…</translation>
    </message>
    <message>
        <source>Not let in. %1</source>
        <translation>无法进入。%1</translation>
    </message>
</context>
<context>
    <name>Quern::console::CandidateDialog</name>
    <message>
        <source>Check a candidate</source>
        <translation>检查候选配置</translation>
    </message>
    <message>
        <source>Settings in TOML</source>
        <translation>TOML 格式的设置</translation>
    </message>
    <message>
        <source>What would the server say to this in place of its settings file? Nothing is changed.</source>
        <translation>如果用它替换设置文件，服务器会怎么说？不会改变任何东西。</translation>
    </message>
    <message>
        <source>&amp;Open a file…</source>
        <translation>打开文件(&amp;O)…</translation>
    </message>
    <message>
        <source>&amp;Check</source>
        <translation>检查(&amp;C)</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Settings file</source>
        <translation>设置文件</translation>
    </message>
    <message>
        <source>Settings (*.toml);;All files (*)</source>
        <translation>设置 (*.toml);;所有文件 (*)</translation>
    </message>
    <message>
        <source>It is right, and changes nothing.</source>
        <translation>正确，且不改变任何东西。</translation>
    </message>
    <message>
        <source>It is right.</source>
        <translation>正确。</translation>
    </message>
    <message>
        <source>A reload would change: %1</source>
        <translation>重载将改变：%1</translation>
    </message>
    <message>
        <source>Only a restart would change: %1</source>
        <translation>只有重启才能改变：%1</translation>
    </message>
</context>
<context>
    <name>Quern::console::CellText</name>
    <message>
        <source>takes an integer</source>
        <translation>须为整数</translation>
    </message>
    <message>
        <source>takes integers from %1 to %2</source>
        <translation>须为 %1 到 %2 的整数</translation>
    </message>
    <message>
        <source>takes a number, such as -0.5 or 1e9, or NaN, Infinity or -Infinity</source>
        <translation>须为数字，例如 -0.5 或 1e9，或 NaN、Infinity、-Infinity</translation>
    </message>
    <message>
        <source>takes %1 bytes, and these are %2</source>
        <translation>最多 %1 字节，而这里有 %2 字节</translation>
    </message>
    <message>
        <source>has half a character in it</source>
        <translation>其中有半个字符</translation>
    </message>
    <message>
        <source>begins with “hex:”, behind which stand two hex digits a byte, such as hex:00ff</source>
        <translation>以“hex:”开头，其后应为每字节两位的十六进制数，例如 hex:00ff</translation>
    </message>
    <message>
        <source>must not be empty</source>
        <translation>不能为空</translation>
    </message>
    <message>
        <source>(%1, not shown)</source>
        <translation>（%1，未显示）</translation>
    </message>
    <message numerus="yes">
        <source>int, %n byte(s)</source>
        <translation>
            <numerusform>整数，%n 字节</numerusform>
        </translation>
    </message>
    <message>
        <source>float</source>
        <translation>浮点数</translation>
    </message>
    <message numerus="yes">
        <source>string, up to %n byte(s)</source>
        <translation>
            <numerusform>字符串，最多 %n 字节</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::CloseCode</name>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>going away</source>
        <translation>离开</translation>
    </message>
    <message>
        <source>protocol error</source>
        <translation>协议错误</translation>
    </message>
    <message>
        <source>unsupported data</source>
        <translation>不支持的数据</translation>
    </message>
    <message>
        <source>invalid payload</source>
        <translation>无效的负载</translation>
    </message>
    <message>
        <source>policy violation</source>
        <translation>违反策略</translation>
    </message>
    <message>
        <source>message too big</source>
        <translation>消息过大</translation>
    </message>
    <message>
        <source>extension missing</source>
        <translation>缺少扩展</translation>
    </message>
    <message>
        <source>internal error</source>
        <translation>内部错误</translation>
    </message>
    <message>
        <source>service restart</source>
        <translation>服务重启</translation>
    </message>
    <message>
        <source>try again later</source>
        <translation>稍后再试</translation>
    </message>
    <message>
        <source>bad gateway</source>
        <translation>网关错误</translation>
    </message>
    <message>
        <source>not a code: 1000–1003, 1007–1014 or 3000–4999</source>
        <translation>不是有效代码：1000–1003、1007–1014 或 3000–4999</translation>
    </message>
    <message>
        <source>of a library</source>
        <translation>库自定义</translation>
    </message>
    <message>
        <source>of the application</source>
        <translation>应用自定义</translation>
    </message>
</context>
<context>
    <name>Quern::console::CloseDialog</name>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Code and reason are told to WebSockets; a stream is closed without a word.</source>
        <translation>代码和原因会告知 WebSocket；流连接会直接关闭。</translation>
    </message>
    <message>
        <source>Close…</source>
        <translation>关闭…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>&amp;Code</source>
        <translation>代码(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Reason</source>
        <translation>原因(&amp;R)</translation>
    </message>
    <message numerus="yes">
        <source>the reason is %n byte(s) too long</source>
        <translation>
            <numerusform>原因超长 %n 字节</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::CommandLabel</name>
    <message>
        <source>Copy the command line</source>
        <translation>复制命令行</translation>
    </message>
    <message>
        <source>Command line: %1</source>
        <translation>命令行：%1</translation>
    </message>
</context>
<context>
    <name>Quern::console::CommandPalette</name>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>What do you want to do?</source>
        <translation>您想做什么？</translation>
    </message>
</context>
<context>
    <name>Quern::console::ConfigView</name>
    <message>
        <source>Configuration</source>
        <translation>配置</translation>
    </message>
    <message>
        <source>&amp;Without defaults</source>
        <translation>隐藏默认值(&amp;W)</translation>
    </message>
    <message>
        <source>Check a candidate…</source>
        <translation>检查候选配置…</translation>
    </message>
    <message>
        <source>The settings have not been read yet.</source>
        <translation>尚未读取设置。</translation>
    </message>
    <message>
        <source>no settings file</source>
        <translation>没有设置文件</translation>
    </message>
    <message>
        <source>%1, with %2</source>
        <translation>%1，以及 %2</translation>
    </message>
    <message>
        <source>%1 = %2. %3</source>
        <translation>%1 = %2。%3</translation>
    </message>
</context>
<context>
    <name>Quern::console::ConfirmDialog</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>Quern::console::ConnectDialog</name>
    <message>
        <source>Connect to a server</source>
        <translation>连接服务器</translation>
    </message>
    <message>
        <source>as you call it</source>
        <translation>您给它起的名字</translation>
    </message>
    <message>
        <source>from admin.tokens in the server&apos;s runtime directory</source>
        <translation>来自服务器运行目录中的 admin.tokens</translation>
    </message>
    <message>
        <source>in the keychain of this desktop</source>
        <translation>保存在桌面钥匙串中</translation>
    </message>
    <message>
        <source>in a file that only you can read</source>
        <translation>保存在只有您能读取的文件中</translation>
    </message>
    <message>
        <source>until the console is closed</source>
        <translation>直到控制台关闭</translation>
    </message>
    <message>
        <source>Connect</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>&amp;Address</source>
        <translation>地址(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>名称(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Token</source>
        <translation>令牌(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Keep the token</source>
        <translation>保存令牌(&amp;K)</translation>
    </message>
    <message>
        <source>Over plain HTTP whoever sits between can read the token. Use https where you can.</source>
        <translation>通过明文 HTTP，中间的任何人都能读取令牌。请尽可能使用 https。</translation>
    </message>
</context>
<context>
    <name>Quern::console::Connection</name>
    <message>
        <source>WebSocket</source>
        <translation>WebSocket</translation>
    </message>
    <message>
        <source>stream</source>
        <translation>流</translation>
    </message>
    <message>
        <source>Unix socket</source>
        <translation>Unix 套接字</translation>
    </message>
</context>
<context>
    <name>Quern::console::ConnectionActions</name>
    <message>
        <source>of %1</source>
        <translation>属于 %1</translation>
    </message>
    <message>
        <source>of %1 (%2)</source>
        <translation>属于 %1（%2）</translation>
    </message>
    <message>
        <source>Connection %1 of no user, from %2</source>
        <translation>连接 %1，无用户，来自 %2</translation>
    </message>
    <message>
        <source>Connection %1 of %2, from %3</source>
        <translation>连接 %1，用户 %2，来自 %3</translation>
    </message>
    <message numerus="yes">
        <source>of %n more user(s)</source>
        <translation>
            <numerusform>以及另外 %n 个用户</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of no user</source>
        <translation>%1，无用户</translation>
    </message>
    <message numerus="yes">
        <source>%n connection(s)</source>
        <translation>
            <numerusform>%n 个连接</numerusform>
        </translation>
    </message>
    <message>
        <source>Close connection %1</source>
        <translation>关闭连接 %1</translation>
    </message>
    <message numerus="yes">
        <source>Close %n connection(s)</source>
        <translation>
            <numerusform>关闭 %n 个连接</numerusform>
        </translation>
    </message>
    <message>
        <source>Push to connection %1</source>
        <translation>推送到连接 %1</translation>
    </message>
    <message numerus="yes">
        <source>Push to %n connection(s)</source>
        <translation>
            <numerusform>推送到 %n 个连接</numerusform>
        </translation>
    </message>
    <message>
        <source>Sent.</source>
        <translation>已发送。</translation>
    </message>
    <message>
        <source>To be closed: %1.

Each goes when what was sent to it before has left. A client may connect again.</source>
        <translation>将关闭：%1。

每个连接在此前发送的内容离开后关闭。客户端可能会再次连接。</translation>
    </message>
</context>
<context>
    <name>Quern::console::ConnectionModel</name>
    <message>
        <source>Id</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>端口</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>User</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>Opened</source>
        <translation>打开时间</translation>
    </message>
    <message>
        <source>Last received</source>
        <translation>最近接收</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>已接收</translation>
    </message>
    <message>
        <source>Sent</source>
        <translation>已发送</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>等待</translation>
    </message>
    <message>
        <source>Its client reads more slowly than it is sent to</source>
        <translation>客户端读取的速度慢于发送的速度</translation>
    </message>
</context>
<context>
    <name>Quern::console::ConnectionView</name>
    <message>
        <source>Connections</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>Push…</source>
        <translation>推送…</translation>
    </message>
    <message>
        <source>Close…</source>
        <translation>关闭…</translation>
    </message>
    <message>
        <source>as of %1</source>
        <translation>截至 %1</translation>
    </message>
    <message>
        <source>No WebSocket and no stream is connected. Connections of plain HTTP are counted above, and not listed.</source>
        <translation>没有 WebSocket 或流连接。普通 HTTP 连接在上方计数，不在此列出。</translation>
    </message>
    <message>
        <source>reading…</source>
        <translation>读取中…</translation>
    </message>
    <message>
        <source>The connections are being read.</source>
        <translation>正在读取连接。</translation>
    </message>
    <message>
        <source>WebSockets and streams are listed here once the server is connected.</source>
        <translation>连接服务器后，WebSocket 和流在此列出。</translation>
    </message>
</context>
<context>
    <name>Quern::console::Console</name>
    <message>
        <source>Ser&amp;vers</source>
        <translation>服务器列表(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Forget this server</source>
        <translation>忘记此服务器(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>%1 (%2)</source>
        <translation>%1（%2）</translation>
    </message>
    <message>
        <source>None has been saved</source>
        <translation>尚未保存</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>主题(&amp;T)</translation>
    </message>
    <message>
        <source>As the &amp;desktop</source>
        <translation>跟随桌面(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>浅色(&amp;L)</translation>
    </message>
    <message>
        <source>Dar&amp;k</source>
        <translation>深色(&amp;K)</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>语言(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;About Quern</source>
        <translation>关于 Quern(&amp;A)</translation>
    </message>
    <message>
        <source>About Quern</source>
        <translation>关于 Quern</translation>
    </message>
    <message>
        <source>Quern %1, a resident application server.
This is its desktop console.</source>
        <translation>Quern %1，常驻应用服务器。
这是它的桌面控制台。</translation>
    </message>
    <message>
        <source>The token of this server is asked for, since %1.</source>
        <translation>需要输入此服务器的令牌：%1。</translation>
    </message>
    <message>
        <source>The token is not kept</source>
        <translation>令牌未保存</translation>
    </message>
    <message>
        <source>The token is kept until the console is closed only: %1.</source>
        <translation>令牌只保留到控制台关闭：%1。</translation>
    </message>
    <message>
        <source>Keep it in a file that only you can read</source>
        <translation>保存在只有您能读取的文件中</translation>
    </message>
    <message>
        <source>Leave it so</source>
        <translation>保持现状</translation>
    </message>
    <message>
        <source>C&amp;onnect to…</source>
        <translation>连接到(&amp;O)…</translation>
    </message>
</context>
<context>
    <name>Quern::console::CronActions</name>
    <message>
        <source>Run %1 now</source>
        <translation>立即运行 %1</translation>
    </message>
    <message>
        <source>Begun.</source>
        <translation>已开始。</translation>
    </message>
    <message>
        <source>Pause %1</source>
        <translation>暂停 %1</translation>
    </message>
    <message>
        <source>Paused, over reloads and restarts as well.</source>
        <translation>已暂停，重载和重启后依然有效。</translation>
    </message>
    <message>
        <source>Resume %1</source>
        <translation>恢复 %1</translation>
    </message>
    <message>
        <source>Done.</source>
        <translation>完成。</translation>
    </message>
</context>
<context>
    <name>Quern::console::CronModel</name>
    <message>
        <source>Job</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>计划</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下次</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1，%2</translation>
    </message>
    <message>
        <source>Last</source>
        <translation>上次</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>not run yet</source>
        <translation>尚未运行</translation>
    </message>
    <message>
        <source>went well</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>failed: %1</source>
        <translation>失败：%1</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>运行次数</translation>
    </message>
    <message>
        <source>Failures</source>
        <translation>失败次数</translation>
    </message>
    <message>
        <source>Skipped</source>
        <translation>跳过</translation>
    </message>
    <message numerus="yes">
        <source>paused, %n running</source>
        <translation>
            <numerusform>已暂停，%n 个运行中</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n running</source>
        <translation>
            <numerusform>%n 个运行中</numerusform>
        </translation>
    </message>
    <message>
        <source>paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>has stopped itself</source>
        <translation>已自行停止</translation>
    </message>
    <message>
        <source>waits</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>now</source>
        <translation>现在</translation>
    </message>
    <message>
        <source>in %1 s</source>
        <translation>%1 秒后</translation>
    </message>
    <message>
        <source>in %1</source>
        <translation>%1 后</translation>
    </message>
</context>
<context>
    <name>Quern::console::CronView</name>
    <message>
        <source>Cron jobs</source>
        <translation>定时任务</translation>
    </message>
    <message>
        <source>Runs of the last 15 minutes, and when the next are due</source>
        <translation>最近 15 分钟的运行，以及下次到期时间</translation>
    </message>
    <message>
        <source>There are no cron jobs. A plugin registers them; [[cron]] in the settings names those that run.</source>
        <translation>没有定时任务。插件注册任务；设置中的 [[cron]] 指定要运行的任务。</translation>
    </message>
    <message>
        <source>Run now</source>
        <translation>立即运行</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>%1; due at %2</source>
        <translation>%1；到期于 %2</translation>
    </message>
    <message>
        <source>%1; %2</source>
        <translation>%1；%2</translation>
    </message>
    <message>
        <source>went well</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>failed: %1</source>
        <translation>失败：%1</translation>
    </message>
    <message>
        <source>%1, %2: %3</source>
        <translation>%1，%2：%3</translation>
    </message>
</context>
<context>
    <name>Quern::console::DeadLetterDialog</name>
    <message>
        <source>at least %1</source>
        <translation>至少 %1</translation>
    </message>
    <message>
        <source>Retry dead letters</source>
        <translation>重试死信</translation>
    </message>
    <message>
        <source>Drop dead letters</source>
        <translation>丢弃死信</translation>
    </message>
    <message>
        <source>Which</source>
        <translation>哪些</translation>
    </message>
    <message>
        <source>all: %1</source>
        <translation>全部：%1</translation>
    </message>
    <message>
        <source>“%1”: %2</source>
        <translation>“%1”：%2</translation>
    </message>
    <message>
        <source>Retry</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Drop…</source>
        <translation>丢弃…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>&amp;Which</source>
        <translation>哪些(&amp;W)</translation>
    </message>
</context>
<context>
    <name>Quern::console::DeadLetterModel</name>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>event</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Id</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Attempts</source>
        <translation>尝试次数</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Store</source>
        <translation>存储</translation>
    </message>
    <message>
        <source>memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>database</source>
        <translation>数据库</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>创建时间</translation>
    </message>
    <message>
        <source>Given up</source>
        <translation>放弃时间</translation>
    </message>
</context>
<context>
    <name>Quern::console::FillDialog</name>
    <message>
        <source>Fill the table %1</source>
        <translation>填充表 %1</translation>
    </message>
    <message>
        <source>Paste rows from a table or spreadsheet, or from a CSV file. The first line names the columns, those that are left out stay as they are: %1</source>
        <translation>粘贴来自表格或电子表格的行，或 CSV 文件的内容。第一行为列名，未列出的列保持不变：%1</translation>
    </message>
    <message>
        <source>Rows as text</source>
        <translation>文本形式的行</translation>
    </message>
    <message>
        <source>What would be set</source>
        <translation>将要设置的内容</translation>
    </message>
    <message>
        <source>What would be set is shown here.</source>
        <translation>将要设置的内容显示在此处。</translation>
    </message>
    <message>
        <source>What is wrong</source>
        <translation>错误之处</translation>
    </message>
    <message>
        <source>&amp;Open a file…</source>
        <translation>打开文件(&amp;O)…</translation>
    </message>
    <message>
        <source>Set rows</source>
        <translation>设置行</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Open a table</source>
        <translation>打开表格</translation>
    </message>
    <message>
        <source>Tables (*.csv *.tsv *.tab *.txt);;All files (*)</source>
        <translation>表格 (*.csv *.tsv *.tab *.txt);;所有文件 (*)</translation>
    </message>
    <message numerus="yes">
        <source>%n line(s) have to be mended; nothing is sent before.</source>
        <translation>
            <numerusform>有 %n 行需要修正；在此之前不会发送任何内容。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n row(s) would be made or changed.</source>
        <translation>
            <numerusform>将新增或修改 %n 行。</numerusform>
        </translation>
    </message>
    <message>
        <source>The table holds %1, and has %2.</source>
        <translation>该表最多 %1 行，现有 %2 行。</translation>
    </message>
    <message numerus="yes">
        <source>Set %n row(s)</source>
        <translation>
            <numerusform>设置 %n 行</numerusform>
        </translation>
    </message>
    <message>
        <source>Line %1: %2</source>
        <translation>第 %1 行：%2</translation>
    </message>
    <message>
        <source>… and %1 more</source>
        <translation>… 以及另外 %1 个</translation>
    </message>
</context>
<context>
    <name>Quern::console::Format</name>
    <message>
        <source>%1/s</source>
        <translation>%1/秒</translation>
    </message>
    <message>
        <source>%1/min</source>
        <translation>%1/分</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>%1 µs</source>
        <translation>%1 微秒</translation>
    </message>
    <message>
        <source>%1 ms</source>
        <translation>%1 毫秒</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 秒</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation>%1 分 %2 秒</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 小时 %2 分</translation>
    </message>
    <message>
        <source>%1 d %2 h</source>
        <translation>%1 天 %2 小时</translation>
    </message>
    <message>
        <source>MMM d HH:mm:ss</source>
        <translation>M月d日 HH:mm:ss</translation>
    </message>
</context>
<context>
    <name>Quern::console::Health</name>
    <message>
        <source>No server is chosen.</source>
        <translation>未选择服务器。</translation>
    </message>
    <message>
        <source>Connected.</source>
        <translation>已连接。</translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation>正在连接…</translation>
    </message>
</context>
<context>
    <name>Quern::console::HealthHeader</name>
    <message>
        <source>Health: %1</source>
        <translation>状态：%1</translation>
    </message>
    <message>
        <source>up %1</source>
        <translation>已运行 %1</translation>
    </message>
    <message>
        <source>you are a viewer</source>
        <translation>您是查看者</translation>
    </message>
    <message>
        <source>you are an operator</source>
        <translation>您是操作员</translation>
    </message>
    <message>
        <source>you are an admin</source>
        <translation>您是管理员</translation>
    </message>
    <message>
        <source>watches files</source>
        <translation>正在监视文件</translation>
    </message>
    <message>
        <source>The last reload failed: %1</source>
        <translation>最近一次重载失败：%1</translation>
    </message>
</context>
<context>
    <name>Quern::console::HelpWindow</name>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>There is no page on this.</source>
        <translation>没有相关页面。</translation>
    </message>
</context>
<context>
    <name>Quern::console::Link</name>
    <message>
        <source>the connection has been closed</source>
        <translation>连接已关闭</translation>
    </message>
    <message>
        <source>the server is not connected</source>
        <translation>服务器未连接</translation>
    </message>
    <message>
        <source>too many requests are under way</source>
        <translation>进行中的请求过多</translation>
    </message>
    <message>
        <source>the server does not answer</source>
        <translation>服务器没有应答</translation>
    </message>
    <message>
        <source>the server has said nothing for %1 s</source>
        <translation>服务器已有 %1 秒没有任何消息</translation>
    </message>
    <message>
        <source>the server says nothing</source>
        <translation>服务器没有消息</translation>
    </message>
    <message>
        <source>the server has not answered in time</source>
        <translation>服务器没有及时应答</translation>
    </message>
    <message>
        <source>the server has not answered in time; it may have done it</source>
        <translation>服务器没有及时应答；操作可能已执行</translation>
    </message>
</context>
<context>
    <name>Quern::console::ListenerPanel</name>
    <message>
        <source>What the server listens on</source>
        <translation>服务器的监听地址</translation>
    </message>
    <message>
        <source>%1 in, %2 out</source>
        <translation>收 %1，发 %2</translation>
    </message>
    <message>
        <source>%1 open</source>
        <translation>打开 %1</translation>
    </message>
    <message>
        <source>%1 in all, %2</source>
        <translation>共 %1，%2</translation>
    </message>
    <message>
        <source>Served by %1</source>
        <translation>由 %1 服务</translation>
    </message>
    <message>
        <source>Connections of plain HTTP are counted here, and not listed below.</source>
        <translation>普通 HTTP 连接在此计数，不在下方列出。</translation>
    </message>
    <message>
        <source>%1 datagrams</source>
        <translation>%1 个数据报</translation>
    </message>
</context>
<context>
    <name>Quern::console::LocalTransport</name>
    <message>
        <source>the server has closed the connection</source>
        <translation>服务器已关闭连接</translation>
    </message>
    <message>
        <source>no server runs at %1</source>
        <translation>%1 处没有服务器运行</translation>
    </message>
    <message>
        <source>%1 belongs to another user</source>
        <translation>%1 属于另一用户</translation>
    </message>
</context>
<context>
    <name>Quern::console::LogLevelDialog</name>
    <message>
        <source>Levels of the log</source>
        <translation>日志级别</translation>
    </message>
    <message>
        <source>debug, info, warning or error: of everything, or of one category as in quern.http=debug. It holds at once in every process, until the next start.</source>
        <translation>debug、info、warning 或 error：用于全部，或用于某一类别，例如 quern.http=debug。立即在所有进程中生效，直到下次启动。</translation>
    </message>
    <message>
        <source>Set</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>&amp;Levels</source>
        <translation>级别(&amp;L)</translation>
    </message>
</context>
<context>
    <name>Quern::console::LogModel</name>
    <message>
        <source>debug</source>
        <translation>调试</translation>
    </message>
    <message>
        <source>info</source>
        <translation>信息</translation>
    </message>
    <message>
        <source>warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>error</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>Process</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>PID %1</source>
        <translation>PID %1</translation>
    </message>
    <message>
        <source>Category</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
</context>
<context>
    <name>Quern::console::LogView</name>
    <message>
        <source>Logs</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>%1 and above</source>
        <translation>%1 及以上</translation>
    </message>
    <message>
        <source>all levels</source>
        <translation>所有级别</translation>
    </message>
    <message>
        <source>Least level that is shown</source>
        <translation>显示的最低级别</translation>
    </message>
    <message>
        <source>Process whose lines are shown</source>
        <translation>显示其日志的进程</translation>
    </message>
    <message>
        <source>Older</source>
        <translation>更早</translation>
    </message>
    <message>
        <source>Levels…</source>
        <translation>级别…</translation>
    </message>
    <message>
        <source>Nothing has been logged yet.</source>
        <translation>尚无日志。</translation>
    </message>
    <message>
        <source>The whole message</source>
        <translation>完整消息</translation>
    </message>
    <message>
        <source>Select a line to read all of it here.</source>
        <translation>选中一行可在此阅读全文。</translation>
    </message>
    <message>
        <source>all processes</source>
        <translation>所有进程</translation>
    </message>
    <message numerus="yes">
        <source>Paused: %n new line(s)</source>
        <translation>
            <numerusform>已暂停：%n 条新消息</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n line(s) left out, since they came too quickly</source>
        <translation>
            <numerusform>因过快而略去 %n 条</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Quern::console::MainWindow</name>
    <message>
        <source>&amp;Server</source>
        <translation>服务器(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>Views</source>
        <translation>视图</translation>
    </message>
    <message>
        <source>%1 (paused)</source>
        <translation>%1（已暂停）</translation>
    </message>
    <message>
        <source>&amp;Reload</source>
        <translation>重载(&amp;R)</translation>
    </message>
    <message>
        <source>S&amp;cale…</source>
        <translation>伸缩(&amp;C)…</translation>
    </message>
    <message>
        <source>&amp;Drain…</source>
        <translation>排空(&amp;D)…</translation>
    </message>
    <message>
        <source>Res&amp;tart…</source>
        <translation>重启(&amp;T)…</translation>
    </message>
    <message>
        <source>&amp;Stop…</source>
        <translation>停止(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Commands…</source>
        <translation>命令(&amp;C)…</translation>
    </message>
    <message>
        <source>Re&amp;fresh</source>
        <translation>刷新(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Pause (Space)</source>
        <translation>暂停（空格）(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>后退(&amp;B)</translation>
    </message>
    <message>
        <source>&amp;Help on this view</source>
        <translation>此视图的帮助(&amp;H)</translation>
    </message>
    <message>
        <source>End the &amp;drain</source>
        <translation>结束排空(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Watch files for changes</source>
        <translation>监视文件变更(&amp;W)</translation>
    </message>
</context>
<context>
    <name>Quern::console::MetricsText</name>
    <message>
        <source>line %1 of the metrics cannot be read: %2</source>
        <translation>无法读取指标的第 %1 行：%2</translation>
    </message>
</context>
<context>
    <name>Quern::console::MetricsView</name>
    <message>
        <source>Metrics</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>Counters &amp;per second</source>
        <translation>计数器按每秒(&amp;P)</translation>
    </message>
    <message>
        <source>%1/s</source>
        <translation>%1/秒</translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s)</source>
        <translation>
            <numerusform>%n 分钟</numerusform>
        </translation>
    </message>
    <message>
        <source>How far back</source>
        <translation>回溯时长</translation>
    </message>
    <message>
        <source>A counter only grows: what tells something is by how much</source>
        <translation>计数器只增不减：有意义的是其增速</translation>
    </message>
    <message>
        <source>No metrics have come yet.</source>
        <translation>尚无指标。</translation>
    </message>
    <message>
        <source>Select one or several metrics to plot them.</source>
        <translation>选中一个或多个指标即可绘图。</translation>
    </message>
    <message>
        <source>The first %1 of those selected are plotted.</source>
        <translation>绘制选中的前 %1 个。</translation>
    </message>
</context>
<context>
    <name>Quern::console::OperationPanel</name>
    <message>
        <source>Under way</source>
        <translation>进行中</translation>
    </message>
    <message>
        <source>Reload</source>
        <translation>重载</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Scale</source>
        <translation>伸缩</translation>
    </message>
    <message>
        <source>Drain</source>
        <translation>排空</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>重启</translation>
    </message>
    <message>
        <source>under way</source>
        <translation>进行中</translation>
    </message>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>failed and rolled back: %1</source>
        <translation>失败并已回滚：%1</translation>
    </message>
    <message>
        <source>failed: %1</source>
        <translation>失败：%1</translation>
    </message>
    <message>
        <source>generation %1: %2 draining</source>
        <translation>第 %1 代：%2 个排空中</translation>
    </message>
    <message>
        <source>generation %1: %2 of %3 ready</source>
        <translation>第 %1 代：%3 个中 %2 个就绪</translation>
    </message>
</context>
<context>
    <name>Quern::console::OverviewView</name>
    <message>
        <source>Overview</source>
        <translation>概览</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>p50</source>
        <translation>p50</translation>
    </message>
    <message>
        <source>p99</source>
        <translation>p99</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Connections</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>等待</translation>
    </message>
    <message>
        <source>Workers</source>
        <translation>工作进程</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Half of the requests of the last seconds were answered within this time</source>
        <translation>最近几秒一半的请求在此时间内得到应答</translation>
    </message>
    <message>
        <source>99 of 100 requests of the last seconds were answered within this time</source>
        <translation>最近几秒百分之九十九的请求在此时间内得到应答</translation>
    </message>
    <message>
        <source>Requests that the server itself has answered 502, 503 or 504</source>
        <translation>由服务器自身以 502、503 或 504 应答的请求</translation>
    </message>
    <message>
        <source>Requests that wait for a worker</source>
        <translation>等待工作进程的请求</translation>
    </message>
    <message>
        <source>Requests and errors</source>
        <translation>请求与错误</translation>
    </message>
    <message>
        <source>Latency, p50 and p99</source>
        <translation>延迟，p50 与 p99</translation>
    </message>
    <message>
        <source>Waiting and in flight</source>
        <translation>等待与处理中</translation>
    </message>
    <message>
        <source>%1 in all</source>
        <translation>共 %1</translation>
    </message>
    <message>
        <source>of the last 10 s</source>
        <translation>最近 10 秒</translation>
    </message>
    <message>
        <source>%1 in flight</source>
        <translation>%1 个处理中</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
    <message>
        <source>generation %1</source>
        <translation>第 %1 代</translation>
    </message>
    <message>
        <source>%1 wait</source>
        <translation>%1 个等待</translation>
    </message>
    <message numerus="yes">
        <source>%n dead letter(s)</source>
        <translation>
            <numerusform>%n 个死信</numerusform>
        </translation>
    </message>
    <message>
        <source>requests</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>errors</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>connections</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待</translation>
    </message>
    <message>
        <source>in flight</source>
        <translation>处理中</translation>
    </message>
    <message>
        <source>%1  %2 ended: %3</source>
        <translation>%1  %2 已结束：%3</translation>
    </message>
</context>
<context>
    <name>Quern::console::PayloadPanel</name>
    <message>
        <source>Payload</source>
        <translation>负载</translation>
    </message>
    <message>
        <source>Select a dead letter to see what it was delivered with.</source>
        <translation>选中一个死信可查看投递时的内容。</translation>
    </message>
    <message>
        <source>%1, id %2</source>
        <translation>%1，编号 %2</translation>
    </message>
    <message>
        <source>Your role may not read payloads: that takes the role operator.</source>
        <translation>您的角色不能读取负载：需要操作员角色。</translation>
    </message>
    <message>
        <source>The server is not connected.</source>
        <translation>服务器未连接。</translation>
    </message>
    <message>
        <source>…</source>
        <translation>…</translation>
    </message>
</context>
<context>
    <name>Quern::console::PayloadText</name>
    <message>
        <source>; only the beginning is shown</source>
        <translation>；只显示开头</translation>
    </message>
    <message>
        <source>map, %1</source>
        <translation>映射，%1</translation>
    </message>
    <message>
        <source>bytes, %1</source>
        <translation>字节，%1</translation>
    </message>
    <message>
        <source>; the server has told the first %1</source>
        <translation>；服务器只给出前 %1</translation>
    </message>
    <message>
        <source>; in CBOR</source>
        <translation>；CBOR 格式</translation>
    </message>
    <message>
        <source>; %1 of them in hex</source>
        <translation>；其中 %1 以十六进制显示</translation>
    </message>
</context>
<context>
    <name>Quern::console::PluginModel</name>
    <message>
        <source>loaded</source>
        <translation>已加载</translation>
    </message>
    <message>
        <source>disabled</source>
        <translation>已禁用</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Routes</source>
        <translation>路由</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>The settings name no plugin, so this one is loaded</source>
        <translation>设置中没有指定插件，因此加载了它</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
</context>
<context>
    <name>Quern::console::PluginView</name>
    <message>
        <source>Plugins</source>
        <translation>插件</translation>
    </message>
    <message>
        <source>Routes</source>
        <translation>路由</translation>
    </message>
    <message>
        <source>Routes of %1</source>
        <translation>%1 的路由</translation>
    </message>
    <message>
        <source>Select a plugin to see its routes.</source>
        <translation>选中一个插件可查看其路由。</translation>
    </message>
    <message>
        <source>%1 is disabled: its routes are known once it is loaded.</source>
        <translation>%1 已禁用：加载后才知道其路由。</translation>
    </message>
    <message>
        <source>%1 has no routes of HTTP or WebSocket; it may serve sockets, tasks or cron jobs.</source>
        <translation>%1 没有 HTTP 或 WebSocket 路由；它可能服务于套接字、任务或定时任务。</translation>
    </message>
    <message>
        <source>The plugins are listed here once the server is connected.</source>
        <translation>连接服务器后，插件在此列出。</translation>
    </message>
    <message>
        <source>No plugin is loaded.</source>
        <translation>没有加载插件。</translation>
    </message>
</context>
<context>
    <name>Quern::console::ProcessDetail</name>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Does now</source>
        <translation>正在做</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Last exit</source>
        <translation>上次退出</translation>
    </message>
    <message>
        <source>What it has logged last</source>
        <translation>最近的日志</translation>
    </message>
    <message>
        <source>It has logged nothing yet.</source>
        <translation>尚无日志。</translation>
    </message>
    <message>
        <source>Starts and ends</source>
        <translation>启动与结束</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>PID %1</source>
        <translation>PID %1</translation>
    </message>
    <message>
        <source>no process</source>
        <translation>没有进程</translation>
    </message>
    <message>
        <source>%1, %2, generation %3</source>
        <translation>%1，%2，第 %3 代</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>%1, for %2</source>
        <translation>%1，已 %2</translation>
    </message>
    <message>
        <source>%1 answered, %2 in flight</source>
        <translation>已应答 %1，处理中 %2</translation>
    </message>
    <message>
        <source>%1, %2</source>
        <translation>%1，%2</translation>
    </message>
    <message numerus="yes">
        <source>restarted %n time(s)</source>
        <translation>
            <numerusform>已重启 %n 次</numerusform>
        </translation>
    </message>
    <message>
        <source>%1; %2</source>
        <translation>%1；%2</translation>
    </message>
    <message>
        <source>ready, generation %1</source>
        <translation>就绪，第 %1 代</translation>
    </message>
    <message>
        <source>ended: %1</source>
        <translation>已结束：%1</translation>
    </message>
    <message>
        <source>%1  PID %2 %3</source>
        <translation>%1  PID %2 %3</translation>
    </message>
    <message>
        <source>None since the console was opened.</source>
        <translation>控制台打开以来没有。</translation>
    </message>
</context>
<context>
    <name>Quern::console::ProcessModel</name>
    <message>
        <source>starting</source>
        <translation>启动中</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>draining</source>
        <translation>排空中</translation>
    </message>
    <message>
        <source>waits for its restart</source>
        <translation>等待重启</translation>
    </message>
    <message>
        <source>given up</source>
        <translation>已放弃</translation>
    </message>
    <message>
        <source>Master</source>
        <translation>主进程</translation>
    </message>
    <message>
        <source>Workers</source>
        <translation>工作进程</translation>
    </message>
    <message>
        <source>Task workers</source>
        <translation>任务进程</translation>
    </message>
    <message>
        <source>Timer</source>
        <translation>定时器</translation>
    </message>
    <message>
        <source>Custom processes</source>
        <translation>自定义进程</translation>
    </message>
    <message>
        <source>For how long the oldest request or event is with it</source>
        <translation>最早的请求或事件已在它那里多久</translation>
    </message>
    <message>
        <source>Process</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>Generation</source>
        <translation>代</translation>
    </message>
    <message>
        <source>PID</source>
        <translation>PID</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>In flight</source>
        <translation>处理中</translation>
    </message>
    <message>
        <source>Oldest</source>
        <translation>最久</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Trend</source>
        <translation>趋势</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Restarts</source>
        <translation>重启次数</translation>
    </message>
    <message>
        <source>Last exit</source>
        <translation>上次退出</translation>
    </message>
    <message>
        <source>%1: none</source>
        <translation>%1：无</translation>
    </message>
    <message>
        <source>%1 of %2 ready</source>
        <translation>%2 个中 %1 个就绪</translation>
    </message>
</context>
<context>
    <name>Quern::console::ProcessView</name>
    <message>
        <source>Processes</source>
        <translation>进程</translation>
    </message>
    <message>
        <source>Recycle</source>
        <translation>替换</translation>
    </message>
    <message>
        <source>Kill…</source>
        <translation>杀死…</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Filter ( / )</source>
        <translation>过滤 ( / )</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>过滤</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
</context>
<context>
    <name>Quern::console::PushDialog</name>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>The message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>A WebSocket gets it as a text message, a stream as its bytes in UTF-8, with nothing added: where a line has to end, end it here.</source>
        <translation>WebSocket 收到文本消息，流收到其 UTF-8 字节，不附加任何内容：需要换行时请在此输入。</translation>
    </message>
    <message>
        <source>Push</source>
        <translation>推送</translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation>Ctrl+Enter</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>Quern::console::RecordPanel</name>
    <message>
        <source>Filter ( / )</source>
        <translation>过滤 ( / )</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>过滤</translation>
    </message>
    <message>
        <source>Your role may not, or the server is not connected.</source>
        <translation>您的角色不允许，或服务器未连接。</translation>
    </message>
    <message>
        <source>Select a row first.</source>
        <translation>请先选中一行。</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
</context>
<context>
    <name>Quern::console::RecordTable</name>
    <message>
        <source>Nothing matches “%1”.</source>
        <translation>没有与“%1”匹配的内容。</translation>
    </message>
</context>
<context>
    <name>Quern::console::RouteModel</name>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>Pattern</source>
        <translation>模式</translation>
    </message>
</context>
<context>
    <name>Quern::console::RowDialog</name>
    <message numerus="yes">
        <source>text, up to %n byte(s)</source>
        <translation>
            <numerusform>文本，最多 %n 字节</numerusform>
        </translation>
    </message>
    <message>
        <source>Edit a row of %1</source>
        <translation>编辑 %1 的一行</translation>
    </message>
    <message>
        <source>Add a row to %1</source>
        <translation>向 %1 添加一行</translation>
    </message>
    <message>
        <source>Set</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>键</translation>
    </message>
    <message>
        <source>%1: stays as it is</source>
        <translation>%1：保持不变</translation>
    </message>
    <message>
        <source>The key %1.</source>
        <translation>键%1。</translation>
    </message>
    <message>
        <source>%1 %2.</source>
        <translation>%1 %2。</translation>
    </message>
    <message>
        <source>There is a row with this key already.</source>
        <translation>已有此键的行。</translation>
    </message>
</context>
<context>
    <name>Quern::console::RowPanel</name>
    <message>
        <source>First page</source>
        <translation>第一页</translation>
    </message>
    <message>
        <source>Next page</source>
        <translation>下一页</translation>
    </message>
    <message>
        <source>Rows of %1</source>
        <translation>%1 的行</translation>
    </message>
    <message>
        <source>tea  key:user-*  stock&gt;5 ( / )</source>
        <translation>tea  key:user-*  stock&gt;5 ( / )</translation>
    </message>
    <message>
        <source>&lt;p&gt;The server picks the rows for which all of these words are true:&lt;/p&gt;&lt;p&gt;&lt;b&gt;tea&lt;/b&gt;: the key or a value contains it&lt;br&gt;&lt;b&gt;key:tea&lt;/b&gt;, &lt;b&gt;key:user-*&lt;/b&gt;: the key is this, or begins with it&lt;br&gt;&lt;b&gt;stock&amp;gt;5&lt;/b&gt;, &lt;b&gt;title=&quot;green tea&quot;&lt;/b&gt;: the column is so; also = != &amp;lt; &amp;lt;= &amp;gt;=&lt;/p&gt;&lt;p&gt;Upper and lower case differ. What has spaces in it stands in double quotes.&lt;/p&gt;</source>
        <translation>&lt;p&gt;服务器选出同时满足以下所有词的行：&lt;/p&gt;&lt;p&gt;&lt;b&gt;tea&lt;/b&gt;：键或某个值包含它&lt;br&gt;&lt;b&gt;key:tea&lt;/b&gt;、&lt;b&gt;key:user-*&lt;/b&gt;：键等于它，或以它开头&lt;br&gt;&lt;b&gt;stock&amp;gt;5&lt;/b&gt;、&lt;b&gt;title=&quot;green tea&quot;&lt;/b&gt;：该列符合条件；还可用 = != &amp;lt; &amp;lt;= &amp;gt;=&lt;/p&gt;&lt;p&gt;区分大小写。包含空格的内容用双引号括起。&lt;/p&gt;</translation>
    </message>
    <message>
        <source>Words that are all true of the rows: tea, key:tea, key:user-*, stock&gt;5</source>
        <translation>行须同时满足的词：tea、key:tea、key:user-*、stock&gt;5</translation>
    </message>
    <message>
        <source>Edit…</source>
        <translation>编辑…</translation>
    </message>
    <message>
        <source>Add…</source>
        <translation>添加…</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>Fill…</source>
        <translation>填充…</translation>
    </message>
    <message>
        <source>The server is not connected.</source>
        <translation>服务器未连接。</translation>
    </message>
    <message>
        <source>Your role may see which tables there are, and not their rows: that takes the role operator.</source>
        <translation>您的角色可以看到有哪些表，但不能看到其中的行：需要操作员角色。</translation>
    </message>
    <message>
        <source>…</source>
        <translation>…</translation>
    </message>
    <message>
        <source>The filter is wrong.</source>
        <translation>过滤条件有误。</translation>
    </message>
    <message>
        <source>The table is empty. Rows that handlers set, or “Add…”, would be here.</source>
        <translation>表是空的。处理程序设置的行，或通过“添加…”加入的行，会显示在此。</translation>
    </message>
    <message>
        <source>No row is like that.</source>
        <translation>没有这样的行。</translation>
    </message>
    <message>
        <source>Page %1, the last</source>
        <translation>第 %1 页，最后一页</translation>
    </message>
    <message>
        <source>Page %1; columns sort the rows of this page</source>
        <translation>第 %1 页；排序只针对本页</translation>
    </message>
</context>
<context>
    <name>Quern::console::RowText</name>
    <message>
        <source>something stands between the closing quote of a cell and the next comma</source>
        <translation>单元格的结束引号与下一个逗号之间有其他内容</translation>
    </message>
    <message>
        <source>a quote is opened here, and not closed any more</source>
        <translation>此处的引号没有结束</translation>
    </message>
    <message>
        <source>more than %1 rows are too much for one go; leave out those from here on</source>
        <translation>一次最多 %1 行；请去掉此后的行</translation>
    </message>
    <message>
        <source>the first line has to be “key” and names of columns, with tabs or commas between them</source>
        <translation>第一行须为“key”和列名，以制表符或逗号分隔</translation>
    </message>
    <message>
        <source>the table has no column “%1”; it has: %2</source>
        <translation>该表没有列“%1”；它有：%2</translation>
    </message>
    <message>
        <source>the column “%1” stands there twice</source>
        <translation>列“%1”出现了两次</translation>
    </message>
    <message numerus="yes">
        <source>has %n cell(s), and the first line has %1</source>
        <translation>
            <numerusform>有 %n 个单元格，而第一行有 %1 个</numerusform>
        </translation>
    </message>
    <message>
        <source>the key %1</source>
        <translation>键%1</translation>
    </message>
    <message>
        <source>the key stands in line %1 already</source>
        <translation>该键已在第 %1 行出现</translation>
    </message>
    <message>
        <source>%1 %2, not “%3”</source>
        <translation>%1 %2，而不是“%3”</translation>
    </message>
</context>
<context>
    <name>Quern::console::ScaleDialog</name>
    <message>
        <source>Scale</source>
        <translation>伸缩</translation>
    </message>
    <message>
        <source>All workers are replaced, as by a reload; no request is lost. The numbers hold until the settings name others, or until a restart.</source>
        <translation>如同重载，所有工作进程都会被替换；不会丢失请求。这些数目在设置指定其他数目或重启之前有效。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>&amp;Workers</source>
        <translation>工作进程(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Task workers</source>
        <translation>任务进程(&amp;T)</translation>
    </message>
</context>
<context>
    <name>Quern::console::SeriesModel</name>
    <message>
        <source>Metric</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
</context>
<context>
    <name>Quern::console::ServerActions</name>
    <message>
        <source>Now: %1, %2.</source>
        <translation>现在：%1，%2。</translation>
    </message>
    <message numerus="yes">
        <source>%n open connection(s)</source>
        <translation>
            <numerusform>%n 个打开的连接</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n request(s) in flight</source>
        <translation>
            <numerusform>%n 个处理中的请求</numerusform>
        </translation>
    </message>
    <message>
        <source>Reload</source>
        <translation>重载</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>重启</translation>
    </message>
    <message>
        <source>Restart the server</source>
        <translation>重启服务器</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>The server finishes the requests in flight, ends all connections and does not come back by itself. From another machine it cannot be started again.</source>
        <translation>服务器完成处理中的请求，结束所有连接，并且不会自行恢复。从另一台机器无法再次启动它。</translation>
    </message>
    <message>
        <source>Stop the server</source>
        <translation>停止服务器</translation>
    </message>
    <message>
        <source>Scale</source>
        <translation>伸缩</translation>
    </message>
    <message>
        <source>Drain</source>
        <translation>排空</translation>
    </message>
    <message>
        <source>End the drain</source>
        <translation>结束排空</translation>
    </message>
    <message>
        <source>The server asks its clients to go elsewhere: readiness says no, and each HTTP connection is closed after its present answer. Whoever comes is served nevertheless.</source>
        <translation>服务器请客户端转向别处：就绪检查回答“否”，每个 HTTP 连接在当前应答后关闭。仍然前来的客户端照常服务。</translation>
    </message>
    <message>
        <source>Recycle %1</source>
        <translation>替换 %1</translation>
    </message>
    <message numerus="yes">
        <source>Recycle %n process(es)</source>
        <translation>
            <numerusform>替换 %n 个进程</numerusform>
        </translation>
    </message>
    <message>
        <source>It is replaced when it has finished what it has begun.</source>
        <translation>它完成手头的工作后会被替换。</translation>
    </message>
    <message>
        <source>Kill</source>
        <translation>杀死</translation>
    </message>
    <message>
        <source>It has been killed, and is replaced.</source>
        <translation>已被杀死，正在替换。</translation>
    </message>
    <message>
        <source>Kill %1</source>
        <translation>杀死 %1</translation>
    </message>
    <message numerus="yes">
        <source>Kill %n process(es)</source>
        <translation>
            <numerusform>杀死 %n 个进程</numerusform>
        </translation>
    </message>
    <message>
        <source>These are killed at once, and replaced: %1.

What their handlers do now is cut off: %2. Safe requests are run again by others, the rest is answered 502.</source>
        <translation>以下进程将立即被杀死并替换：%1。

其处理程序正在进行的工作会被中断：%2。安全的请求由其他进程重新执行，其余以 502 应答。</translation>
    </message>
    <message>
        <source>Levels of the log</source>
        <translation>日志级别</translation>
    </message>
    <message>
        <source>The server has stopped.</source>
        <translation>服务器已停止。</translation>
    </message>
    <message>
        <source>Watch files</source>
        <translation>监视文件</translation>
    </message>
    <message>
        <source>Stop watching files</source>
        <translation>停止监视文件</translation>
    </message>
    <message>
        <source>The server reloads when its files change.</source>
        <translation>文件变更时服务器会自行重载。</translation>
    </message>
    <message>
        <source>The server does not reload by itself.</source>
        <translation>服务器不再自行重载。</translation>
    </message>
    <message>
        <source>A new server with the new settings and plugins gets ready beside this one and takes over; this one finishes the requests in flight, and ends its live connections after max_wait_time. A server in the foreground stops first, and who connects meanwhile waits. If the new one cannot serve, this one goes on.</source>
        <translation>使用新设置和新插件的新服务器在旁边准备就绪后接管；本服务器完成处理中的请求，并在 max_wait_time 之后关闭实时连接。前台运行的服务器会先停止，期间的新连接会等待。如果新服务器无法提供服务，本服务器继续运行。</translation>
    </message>
</context>
<context>
    <name>Quern::console::ServerAddress</name>
    <message>
        <source>&quot;%1&quot; is no address of a server: write http://HOST:PORT, https://HOST:PORT, or the path of a control socket</source>
        <translation>“%1”不是服务器地址：请写 http://主机:端口、https://主机:端口，或控制套接字的路径</translation>
    </message>
    <message>
        <source>an address has no user or password: a token is asked for</source>
        <translation>地址中不含用户或密码：令牌会另行询问</translation>
    </message>
</context>
<context>
    <name>Quern::console::ServerText</name>
    <message>
        <source>All is well: %1 of %2 workers are ready.</source>
        <translation>一切正常：%2 个工作进程中 %1 个就绪。</translation>
    </message>
    <message>
        <source>A reload is under way; %1 of %2 workers are ready.</source>
        <translation>正在重载；%2 个工作进程中 %1 个就绪。</translation>
    </message>
    <message>
        <source>%1 of %2 workers are ready: some crash as soon as they start.</source>
        <translation>%2 个工作进程中 %1 个就绪：有的一启动就崩溃。</translation>
    </message>
    <message>
        <source>starting generation %1</source>
        <translation>正在启动第 %1 代</translation>
    </message>
    <message>
        <source>%1 of generation %2 is ready (pid %3)</source>
        <translation>第 %2 代的 %1 已就绪（PID %3）</translation>
    </message>
    <message>
        <source>generation %1 serves; generation %2 finishes what it has begun</source>
        <translation>第 %1 代开始服务；第 %2 代完成手头的工作</translation>
    </message>
    <message>
        <source>%1 of %2 workers are ready</source>
        <translation>%2 个工作进程中 %1 个就绪</translation>
    </message>
    <message>
        <source>the last run of cron job %1 failed</source>
        <translation>定时任务 %1 的上次运行失败</translation>
    </message>
    <message>
        <source>the last runs of cron jobs %1 failed</source>
        <translation>定时任务 %1 的上次运行失败</translation>
    </message>
    <message>
        <source>durable tasks cannot be kept: %1</source>
        <translation>无法保存持久任务：%1</translation>
    </message>
    <message>
        <source>1 task waits, and no task worker is there</source>
        <translation>1 个任务在等待，而没有任务进程</translation>
    </message>
    <message>
        <source>%1 tasks wait, and no task worker is there</source>
        <translation>%1 个任务在等待，而没有任务进程</translation>
    </message>
    <message>
        <source>%1 is not running</source>
        <translation>%1 没有运行</translation>
    </message>
    <message>
        <source>%1 is FATAL (%2)</source>
        <translation>%1 已放弃（%2）</translation>
    </message>
    <message>
        <source>; </source>
        <translation>；</translation>
    </message>
    <message>
        <source>%1.</source>
        <translation>%1。</translation>
    </message>
    <message>
        <source>%1 has changed</source>
        <translation>%1 已变更</translation>
    </message>
    <message>
        <source>%1 have changed</source>
        <translation>%1 已变更</translation>
    </message>
    <message>
        <source>only a restart changes %1</source>
        <translation>%1 需要重启才能生效</translation>
    </message>
    <message>
        <source>stopped; the program starts anew</source>
        <translation>已停止，程序重新启动</translation>
    </message>
    <message>
        <source>no HTTP connection is left</source>
        <translation>HTTP 连接已全部关闭</translation>
    </message>
    <message>
        <source>1 request has failed in the last %1 s</source>
        <translation>最近 %1 秒内有 1 个请求失败</translation>
    </message>
    <message>
        <source>%1 requests have failed in the last %2 s</source>
        <translation>最近 %2 秒内有 %1 个请求失败</translation>
    </message>
    <message>
        <source>the new server starts (pid %1)</source>
        <translation>新服务器正在启动（pid %1）</translation>
    </message>
    <message>
        <source>the new program is tried (pid %1)</source>
        <translation>正在试运行新程序（pid %1）</translation>
    </message>
    <message>
        <source>the new server is ready; timers, custom processes and tasks of this one come to their end</source>
        <translation>新服务器已就绪；本服务器的定时器、自定义进程和任务正在收尾</translation>
    </message>
    <message>
        <source>it could serve: this server stops, and is started anew</source>
        <translation>新程序可以提供服务：本服务器停止并重新启动</translation>
    </message>
    <message>
        <source>still busy after max_wait_time, and killed: %1</source>
        <translation>超过 max_wait_time 仍在忙，已被杀死：%1</translation>
    </message>
    <message>
        <source>supervisord looks after this process, which has to stay the same: it will stop and start anew, and who connects meanwhile waits</source>
        <translation>本进程由 supervisord 看管，进程必须保持不变：将停止并重新启动，期间的新连接会等待</translation>
    </message>
    <message>
        <source>this process is the first one of its container, and has to stay: it will stop and start anew, and who connects meanwhile waits</source>
        <translation>本进程是容器的第一个进程，必须保留：将停止并重新启动，期间的新连接会等待</translation>
    </message>
    <message>
        <source>whoever has started this process in the foreground waits for it: it will stop and start anew, and who connects meanwhile waits</source>
        <translation>本进程在前台运行，启动者正在等待它：将停止并重新启动，期间的新连接会等待</translation>
    </message>
    <message>
        <source>this process has a part of an address that the next one wants: it will stop and start anew, and who connects meanwhile waits</source>
        <translation>本进程占用了新服务器所需地址的一部分：将停止并重新启动，期间的新连接会等待</translation>
    </message>
    <message>
        <source>the last reload failed</source>
        <translation>最近一次重载失败</translation>
    </message>
</context>
<context>
    <name>Quern::console::Session</name>
    <message>
        <source>It was stopped.</source>
        <translation>它已被停止。</translation>
    </message>
    <message>
        <source>It restarts.</source>
        <translation>它正在重启。</translation>
    </message>
    <message>
        <source>It was stopped from outside, by a signal.</source>
        <translation>它被外部信号停止。</translation>
    </message>
    <message>
        <source>It has ended without a word: it crashed, or was killed. Its log may say more.</source>
        <translation>它不辞而别：崩溃了，或被杀死。其日志可能有更多信息。</translation>
    </message>
    <message>
        <source>It has ended without a word, or the network has.</source>
        <translation>它不辞而别，或者网络中断了。</translation>
    </message>
    <message>
        <source>another server has been chosen</source>
        <translation>已选择另一台服务器</translation>
    </message>
</context>
<context>
    <name>Quern::console::SettingModel</name>
    <message>
        <source>reload, at once</source>
        <translation>重载，立即生效</translation>
    </message>
    <message>
        <source>reload</source>
        <translation>重载</translation>
    </message>
    <message>
        <source>restart</source>
        <translation>重启</translation>
    </message>
    <message>
        <source>Setting</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Origin</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>default</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>默认值</translation>
    </message>
    <message>
        <source>A change needs</source>
        <translation>修改需要</translation>
    </message>
    <message>
        <source>Meaning</source>
        <translation>含义</translation>
    </message>
</context>
<context>
    <name>Quern::console::StreamTransport</name>
    <message>
        <source>the server wants a token</source>
        <translation>服务器需要令牌</translation>
    </message>
    <message>
        <source>the server does not know this token</source>
        <translation>服务器不认识此令牌</translation>
    </message>
    <message>
        <source>the server lets nobody in from here</source>
        <translation>服务器不允许任何人从这里进入</translation>
    </message>
    <message>
        <source>the server is not to be asked by the name %1; see its setting admin.hosts</source>
        <translation>不能以 %1 之名访问服务器；参见其设置 admin.hosts</translation>
    </message>
    <message>
        <source>the server has no room for another console</source>
        <translation>服务器没有位置容纳另一个控制台</translation>
    </message>
    <message>
        <source>what answers at %1 is no management API of Quern (%2)</source>
        <translation>%1 的应答者不是 Quern 的管理接口（%2）</translation>
    </message>
    <message>
        <source>the server has closed the connection</source>
        <translation>服务器已关闭连接</translation>
    </message>
</context>
<context>
    <name>Quern::console::TableActions</name>
    <message>
        <source>Set row %1 of %2</source>
        <translation>设置 %2 的行 %1</translation>
    </message>
    <message numerus="yes">
        <source>Set %n row(s) of %1</source>
        <translation>
            <numerusform>设置 %1 的 %n 行</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Delete %n row(s) of %1</source>
        <translation>
            <numerusform>删除 %1 的 %n 行</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n row(s) of the table %1 are deleted, for all processes of the server, and cannot be brought back.</source>
        <translation>
            <numerusform>将删除表 %1 的 %n 行，对服务器的所有进程生效，且无法恢复。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Delete %n row(s)</source>
        <translation>
            <numerusform>删除 %n 行</numerusform>
        </translation>
    </message>
    <message>
        <source>The key: %1</source>
        <translation>键：%1</translation>
    </message>
    <message>
        <source>Set the atomic %1 to %2</source>
        <translation>将原子变量 %1 设为 %2</translation>
    </message>
</context>
<context>
    <name>Quern::console::TableListModel</name>
    <message>
        <source>Table</source>
        <translation>表</translation>
    </message>
    <message>
        <source>Columns</source>
        <translation>列</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>行</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
</context>
<context>
    <name>Quern::console::TableRowModel</name>
    <message>
        <source>Bytes that are no text, in hex</source>
        <translation>非文本字节，十六进制</translation>
    </message>
    <message>
        <source>The row is too long to be told in one message</source>
        <translation>该行过长，无法在一条消息中给出</translation>
    </message>
</context>
<context>
    <name>Quern::console::TableView</name>
    <message>
        <source>Tables</source>
        <translation>数据表</translation>
    </message>
    <message>
        <source>Select a table to see its rows.</source>
        <translation>选中一个表可查看其行。</translation>
    </message>
    <message>
        <source>There are no tables. [[table]] in the settings makes one: memory that all processes of the server share.</source>
        <translation>没有表。设置中的 [[table]] 会建立一个：服务器所有进程共享的内存。</translation>
    </message>
    <message>
        <source>Atomics</source>
        <translation>原子变量</translation>
    </message>
    <message>
        <source>There are no atomics. [[atomic]] in the settings makes one: an integer that all processes of the server share.</source>
        <translation>没有原子变量。设置中的 [[atomic]] 会建立一个：服务器所有进程共享的整数。</translation>
    </message>
    <message>
        <source>Set…</source>
        <translation>设置…</translation>
    </message>
</context>
<context>
    <name>Quern::console::TaskActions</name>
    <message numerus="yes">
        <source>Retry %n dead letter(s)</source>
        <translation>
            <numerusform>重试 %n 个死信</numerusform>
        </translation>
    </message>
    <message>
        <source>They wait to be tried again.</source>
        <translation>它们等待再次尝试。</translation>
    </message>
    <message numerus="yes">
        <source>Drop %n dead letter(s)</source>
        <translation>
            <numerusform>丢弃 %n 个死信</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n dead letter(s) are forgotten, with their payloads, and cannot be brought back.</source>
        <translation>
            <numerusform>将忘记 %n 个死信及其负载，且无法恢复。</numerusform>
        </translation>
    </message>
    <message>
        <source>They are gone.</source>
        <translation>它们已不在。</translation>
    </message>
    <message>
        <source>Retry all dead letters</source>
        <translation>重试所有死信</translation>
    </message>
    <message>
        <source>Retry all dead letters of “%1”</source>
        <translation>重试所有“%1”的死信</translation>
    </message>
    <message>
        <source>Drop all dead letters</source>
        <translation>丢弃所有死信</translation>
    </message>
    <message>
        <source>Drop all dead letters of “%1”</source>
        <translation>丢弃所有“%1”的死信</translation>
    </message>
    <message>
        <source>All dead letters are forgotten, with their payloads: %1.</source>
        <translation>将忘记所有死信及其负载：%1。</translation>
    </message>
    <message>
        <source>All dead letters of “%2” are forgotten, with their payloads: %1.</source>
        <translation>将忘记所有“%2”的死信及其负载：%1。</translation>
    </message>
    <message>
        <source>Those that come until then are as well. They cannot be brought back.</source>
        <translation>在此之前出现的死信也一样。它们无法恢复。</translation>
    </message>
</context>
<context>
    <name>Quern::console::TaskStoreModel</name>
    <message>
        <source>Dead</source>
        <translation>死信</translation>
    </message>
    <message>
        <source>Store</source>
        <translation>存储</translation>
    </message>
    <message>
        <source>memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>database</source>
        <translation>数据库</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>排队</translation>
    </message>
    <message>
        <source>Delayed</source>
        <translation>延迟</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>运行中</translation>
    </message>
</context>
<context>
    <name>Quern::console::TaskView</name>
    <message>
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Older ones</source>
        <translation>更早的</translation>
    </message>
    <message>
        <source>Delivered</source>
        <translation>已投递</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Failed tries</source>
        <translation>失败的尝试</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>等待</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>运行中</translation>
    </message>
    <message>
        <source>Dead letters</source>
        <translation>死信</translation>
    </message>
    <message>
        <source>Tasks and events that have failed for good</source>
        <translation>最终失败的任务和事件</translation>
    </message>
    <message>
        <source>Done and failed</source>
        <translation>完成与失败</translation>
    </message>
    <message>
        <source>Stores of tasks</source>
        <translation>任务存储</translation>
    </message>
    <message>
        <source>No tasks are taken: task_worker_num in the settings is 0.</source>
        <translation>不接受任务：设置中的 task_worker_num 为 0。</translation>
    </message>
    <message>
        <source>Retry</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Drop…</source>
        <translation>丢弃…</translation>
    </message>
    <message>
        <source>Retry all…</source>
        <translation>全部重试…</translation>
    </message>
    <message>
        <source>Drop all…</source>
        <translation>全部丢弃…</translation>
    </message>
    <message>
        <source>The database of tasks: %1</source>
        <translation>任务数据库：%1</translation>
    </message>
    <message>
        <source>%1 in all, %2 refused</source>
        <translation>共 %1，%2 被拒绝</translation>
    </message>
    <message>
        <source>%1 in all</source>
        <translation>共 %1</translation>
    </message>
    <message>
        <source>%1 in all, %2 retried</source>
        <translation>共 %1，%2 已重试</translation>
    </message>
    <message>
        <source>%1 of them delayed</source>
        <translation>其中 %1 延迟</translation>
    </message>
    <message>
        <source>in task workers</source>
        <translation>在任务进程中</translation>
    </message>
    <message>
        <source>%1 since the start</source>
        <translation>启动以来 %1</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待</translation>
    </message>
    <message>
        <source>done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>There are no dead letters: tasks and events that have failed for good, however often they were tried, would be here.</source>
        <translation>没有死信：无论尝试多少次都最终失败的任务和事件会显示在此。</translation>
    </message>
</context>
<context>
    <name>Quern::console::TextInput</name>
    <message numerus="yes">
        <source>This is %n character(s) too long.</source>
        <translation>
            <numerusform>超出 %n 个字符。</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 is no file.</source>
        <translation>%1 不是文件。</translation>
    </message>
    <message>
        <source>%1 cannot be read: %2</source>
        <translation>无法读取 %1：%2</translation>
    </message>
    <message>
        <source>%1 is larger than %2.</source>
        <translation>%1 大于 %2。</translation>
    </message>
    <message>
        <source>%1 is no text in UTF-8.</source>
        <translation>%1 不是 UTF-8 文本。</translation>
    </message>
</context>
<context>
    <name>Quern::console::TokenStore</name>
    <message>
        <source>no keychain service answers (%1)</source>
        <translation>没有钥匙串服务应答（%1）</translation>
    </message>
    <message>
        <source>it does not answer</source>
        <translation>它没有应答</translation>
    </message>
    <message>
        <source>%1 cannot be written: %2</source>
        <translation>无法写入 %1：%2</translation>
    </message>
    <message>
        <source>there is no session bus</source>
        <translation>没有会话总线</translation>
    </message>
    <message>
        <source>neither GNOME Keyring nor KWallet is there</source>
        <translation>GNOME 钥匙环和 KWallet 都不存在</translation>
    </message>
    <message>
        <source>%1 cannot be read: %2; mend or remove it</source>
        <translation>无法读取 %1：%2；请修复或删除它</translation>
    </message>
    <message>
        <source>%1 is held by another console</source>
        <translation>%1 正被另一个控制台占用</translation>
    </message>
</context>
<context>
    <name>Quern::console::Tray</name>
    <message>
        <source>Show or hide the console</source>
        <translation>显示或隐藏控制台</translation>
    </message>
    <message>
        <source>Quit the console</source>
        <translation>退出控制台</translation>
    </message>
</context>
</TS>
