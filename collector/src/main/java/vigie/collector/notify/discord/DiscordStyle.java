package vigie.collector.notify.discord;

import java.time.Instant;
import java.util.List;
import vigie.collector.card.Style;

/**
 * Discord's Markdown. Times are of Discord's own form, which each reader sees in the own zone and
 * language: f is a full date, R relative and moving on, T a time of day.
 */
final class DiscordStyle implements Style {
  static final DiscordStyle STYLE = new DiscordStyle();

  private DiscordStyle() {}

  @Override
  public String text(String outside, int most) {
    return DiscordText.plain(outside, most);
  }

  @Override
  public String block(List<String> lines, int mostOfLine) {
    StringBuilder block = new StringBuilder();
    for (String line : lines) {
      block.append(DiscordText.code(line, mostOfLine)).append('\n');
    }
    return block.isEmpty() ? "" : "```\n" + block + "```";
  }

  @Override
  public String time(Instant at) {
    return stamp(at, "f");
  }

  @Override
  public String ago(Instant at) {
    return stamp(at, "R");
  }

  @Override
  public String clock(Instant at) {
    return stamp(at, "T");
  }

  private static String stamp(Instant at, String form) {
    return "<t:" + at.getEpochSecond() + ":" + form + ">";
  }
}
