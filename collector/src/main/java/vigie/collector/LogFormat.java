package vigie.collector;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import vigie.base.log.LogLine;

/** Writes each log event as {@link LogLine} says; a stack trace follows on lines of its own. */
public final class LogFormat extends LayoutBase<ILoggingEvent> {
  @Override
  public String doLayout(ILoggingEvent event) {
    String line =
        LogLine.format(
                event.getLevel().toString(), event.getLoggerName(), event.getFormattedMessage())
            + "\n";
    return event.getThrowableProxy() == null
        ? line
        : line + ThrowableProxyUtil.asString(event.getThrowableProxy());
  }
}
