package vigie.collector;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import vigie.base.log.LogLine;
import vigie.collector.notify.discord.DiscordSecrets;

/** Writes each log event as {@link LogLine} says; a stack trace follows on lines of its own. */
public final class LogFormat extends LayoutBase<ILoggingEvent> {
  /** What it logs and throws may quote tokens. */
  private static final String JDA = "net.dv8tion.";

  @Override
  public String doLayout(ILoggingEvent event) {
    String line =
        LogLine.format(
                event.getLevel().toString(), event.getLoggerName(), event.getFormattedMessage())
            + "\n";
    String text =
        event.getThrowableProxy() == null
            ? line
            : line + ThrowableProxyUtil.asString(event.getThrowableProxy());
    return event.getLoggerName().startsWith(JDA) ? DiscordSecrets.mask(text) : text;
  }
}
