package vigie.collector.notify.terminal;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import vigie.collector.card.Style;

/** Text that a terminal takes for nothing but text, and times in UTC. */
final class TerminalStyle implements Style {
  static final TerminalStyle STYLE = new TerminalStyle();

  private TerminalStyle() {}

  /** A terminal obeys control characters, and some letters turn the line around. */
  @Override
  public String text(String outside, int most) {
    StringBuilder out = new StringBuilder();
    outside
        .codePoints()
        .limit(most)
        .forEach(
            c -> {
              int type = Character.getType(c);
              if (type == Character.CONTROL
                  || type == Character.FORMAT
                  || type == Character.SURROGATE
                  || type == Character.LINE_SEPARATOR
                  || type == Character.PARAGRAPH_SEPARATOR) {
                out.append(String.format(Locale.ROOT, "\\u%04x", c));
              } else {
                out.appendCodePoint(c);
              }
            });
    return out.append(outside.codePointCount(0, outside.length()) > most ? "…" : "").toString();
  }

  @Override
  public String block(List<String> lines, int mostOfLine) {
    StringBuilder block = new StringBuilder();
    for (String line : lines) {
      block.append(block.isEmpty() ? "" : "\n").append("     | ").append(text(line, mostOfLine));
    }
    return block.toString();
  }

  @Override
  public String time(Instant at) {
    return at.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  @Override
  public String ago(Instant at) {
    return time(at);
  }

  @Override
  public String clock(Instant at) {
    return time(at);
  }
}
