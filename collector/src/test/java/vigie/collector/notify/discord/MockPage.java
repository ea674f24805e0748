package vigie.collector.notify.discord;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A message as Discord's application shows it on a phone, as a page for a browser. Only the
 * Markdown that cards use, and that strictly: what is escaped stays as it is.
 */
final class MockPage {
  private static final Pattern STAMP = Pattern.compile("&lt;t:(\\d+):([fRT])&gt;");
  private static final Pattern LINK = Pattern.compile("\\[([^\\[\\]\\\\]+)]\\((https?:[^() ]+)\\)");

  private final boolean french;
  private final Instant now;

  MockPage(boolean french, Instant now) {
    this.french = french;
    this.now = now;
  }

  String of(DiscordMessage message, boolean dark) {
    JsonNode embed = message.body().path("embeds").path(0);
    String colour = String.format("#%06x", embed.path("color").asInt());
    String image =
        message.picture() == null
            ? ""
            : "<img src='data:image/png;base64,"
                + Base64.getEncoder().encodeToString(message.picture().png())
                + "'>";
    return """
    <!doctype html><meta charset='utf-8'><style>
    body{margin:0;padding:14px 12px;width:388px;background:%s;color:%s;
      font:15px/1.36 'Inter','DejaVu Sans',sans-serif;overflow-wrap:anywhere}
    .row{display:flex;gap:10px}.face{width:38px;height:38px;border-radius:50%%;background:#2e9e5b;flex:none;
      display:grid;place-items:center;color:#fff;font-weight:700;font-size:19px}
    .who{font-weight:600}.app{background:#5865f2;color:#fff;border-radius:3px;font-size:10px;
      padding:1px 4px;margin:0 4px;vertical-align:2px}.when{opacity:.6;font-size:12px}
    .embed{margin-top:4px;border-left:4px solid %s;border-radius:4px;background:%s;padding:9px 12px 11px;width:302px}
    .title{font-weight:600;margin-bottom:5px}.text{font-size:14px}
    .t{background:%s;border-radius:3px;padding:0 2px}
    pre{background:%s;border:1px solid %s;border-radius:4px;padding:6px;margin:4px 0 2px;white-space:pre-wrap;
      font:11.5px/1.35 'DejaVu Sans Mono',monospace}
    blockquote{margin:3px 0;border-left:4px solid #80848e;padding-left:9px}
    a{color:%s;text-decoration:none}img{width:100%%;border-radius:4px;margin-top:9px;display:block}
    .foot{font-size:11.5px;opacity:.75;margin-top:8px}
    </style><div class='row'><div class='face'>V</div><div><div><span class='who'>Vigie</span><span class='app'>APP</span>
    <span class='when'>%s</span></div>
    <div class='embed'><div class='title'>%s</div><div class='text'>%s</div>%s<div class='foot'>%s · %s</div></div></div></div>
    <script>document.body.setAttribute('data-height',Math.ceil(document.body.getBoundingClientRect().height))</script>
    """
        .formatted(
            dark ? "#313338" : "#ffffff",
            dark ? "#dbdee1" : "#2e3035",
            colour,
            dark ? "#2b2d31" : "#f2f3f5",
            dark ? "#3f4147" : "#e3e5e8",
            dark ? "#1e1f22" : "#ffffff",
            dark ? "#1e1f22" : "#e3e5e8",
            dark ? "#00a8fc" : "#006ce7",
            time(now, "HH:mm"),
            markdown(embed.path("title").asText()),
            markdown(embed.path("description").asText()),
            image,
            html(embed.path("footer").path("text").asText()),
            time(now, "HH:mm"));
  }

  private String markdown(String text) {
    String[] parts = text.split("```", -1);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < parts.length; i++) {
      if (i % 2 == 1) {
        out.append("<pre>").append(html(parts[i].strip())).append("</pre>");
        continue;
      }
      for (String line : parts[i].strip().split("\n", -1)) {
        boolean quote = line.startsWith("> ");
        String shown = line(quote ? line.substring(2) : line);
        out.append(quote ? "<blockquote>" + shown + "</blockquote>" : "<div>" + shown + "</div>");
      }
    }
    return out.toString();
  }

  private String line(String line) {
    // What is escaped must not be seen by the other rules: out of the way, into a private range.
    StringBuilder hidden = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '\\' && i + 1 < line.length() && line.charAt(i + 1) < 128) {
        hidden.append((char) (0xe000 + line.charAt(++i)));
      } else {
        hidden.append(c);
      }
    }
    String out = html(hidden.toString());
    out = out.replaceAll("\\*\\*(.+?)\\*\\*", "<b>$1</b>");
    out = LINK.matcher(out).replaceAll("<a href='$2'>$1</a>");
    out = STAMP.matcher(out).replaceAll(this::stamp);
    StringBuilder shown = new StringBuilder();
    out.chars().forEach(c -> shown.append((char) (c >= 0xe000 && c < 0xe080 ? c - 0xe000 : c)));
    return shown.toString();
  }

  private String stamp(MatchResult found) {
    Instant at = Instant.ofEpochSecond(Long.parseLong(found.group(1)));
    String text =
        switch (found.group(2)) {
          case "f" -> time(at, french ? "d MMMM uuuu HH:mm" : "MMMM d, uuuu HH:mm");
          case "T" -> time(at, "HH:mm:ss");
          default -> ago(at);
        };
    return "<span class='t'>" + text + "</span>";
  }

  private String ago(Instant at) {
    long minutes = Math.round(Duration.between(at, now).toSeconds() / 60.0);
    long size = Math.abs(minutes) >= 90 ? Math.round(Math.abs(minutes) / 60.0) : Math.abs(minutes);
    String unit = Math.abs(minutes) >= 90 ? french ? "heure" : "hour" : "minute";
    String amount = size + " " + unit + (size == 1 ? "" : "s");
    return french
        ? (minutes < 0 ? "dans " : "il y a ") + amount
        : minutes < 0 ? "in " + amount : amount + " ago";
  }

  private String time(Instant at, String pattern) {
    return DateTimeFormatter.ofPattern(pattern, french ? Locale.FRENCH : Locale.ENGLISH)
        .withZone(ZoneOffset.UTC)
        .format(at);
  }

  private static String html(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
