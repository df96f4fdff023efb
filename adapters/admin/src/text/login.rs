//! Logging in.

crate::text::messages! {
    TITLE = "Log in", "登录";
    WHO = "Who are you?", "您是谁？";
    WHO_HELP = "Your name stands beside what you do in the audit.", "您的名字会与操作一起写入操作记录。";
    PASSWORD = "Password", "密码";
    LOG_IN = "Log in", "登录";
    WRONG = "The password is wrong. Nothing else is checked: mind upper and lower case.", "密码错误，请注意大小写。";
    NO_NAME = "Say who you are, in 1 to 60 characters.", "请填写您的名字（1 到 60 个字符）。";
    TOO_OFTEN = "Too many wrong passwords from this address. Try again in {0} seconds.", "该地址密码错误次数过多，请 {0} 秒后再试。";
    LOGGED_OUT = "You are logged out.", "您已退出登录。";
    SWITCHED_OFF = "The pages have no password yet", "尚未设置后台密码";
    SWITCHED_OFF_HELP = "They stay closed until there is one. Run this where the service is installed, and put what it prints into admin.password_hash of ipass.toml (or IPASS__ADMIN__PASSWORD_HASH); then restart the service.",
        "设置密码前后台保持关闭。请在安装本服务的机器上运行以下命令，把输出填入 ipass.toml 的 admin.password_hash（或环境变量 IPASS__ADMIN__PASSWORD_HASH），然后重启服务。";
}
