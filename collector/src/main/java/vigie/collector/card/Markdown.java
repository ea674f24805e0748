package vigie.collector.card;

import java.util.List;

/**
 * The part of Markdown that our own pages use, as HTML: headings, paragraphs, lists with one level,
 * fenced code, {@code `code`}, bold, and links to pages beside them and to the web. Everything else
 * is text, and all text is escaped.
 */
final class Markdown {
  private static final String FENCE = "```";

  private final StringBuilder out = new StringBuilder();

  /** The element that further lines go into: "p", "ul" or "". */
  private String open = "";

  private Markdown() {}

  static String html(String page) {
    Markdown made = new Markdown();
    List<String> lines = page.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith(FENCE)) {
        i = made.code(lines, i + 1);
      } else {
        made.line(lines.get(i));
      }
    }
    made.close();
    return made.out.toString();
  }

  /** The lines up to the end of the fence, as they are; the number of the last one. */
  private int code(List<String> lines, int from) {
    close();
    int end = from;
    out.append("<pre><code>");
    while (end < lines.size() && !lines.get(end).startsWith(FENCE)) {
      out.append(escaped(lines.get(end++))).append('\n');
    }
    out.append("</code></pre>\n");
    return end;
  }

  private void line(String line) {
    int level = 0;
    while (level < line.length() && level < 3 && line.charAt(level) == '#') {
      level++;
    }
    if (line.isBlank()) {
      close();
    } else if (level > 0 && line.startsWith(" ", level)) {
      close();
      String tag = "h" + level + ">";
      out.append('<').append(tag).append(inline(line.substring(level + 1)));
      out.append("</").append(tag).append('\n');
    } else if (line.startsWith("- ")) {
      begin("ul");
      out.append("<li>").append(inline(line.substring(2))).append('\n');
    } else if (open.isEmpty()) {
      begin("p");
      out.append(inline(line)).append('\n');
    } else {
      out.append(inline(line.strip())).append('\n');
    }
  }

  private void begin(String element) {
    if (!open.equals(element)) {
      close();
      out.append('<').append(element).append(">\n");
      open = element;
    }
  }

  private void close() {
    if (!open.isEmpty()) {
      out.append("</").append(open).append(">\n");
      open = "";
    }
  }

  private static String inline(String text) {
    StringBuilder made = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      int end = -1;
      if (text.charAt(at) == '`') {
        end = between(text, at, "`", "code", made);
      } else if (text.startsWith("**", at)) {
        end = between(text, at, "**", "strong", made);
      } else if (text.charAt(at) == '[') {
        end = link(text, at, made);
      }
      if (end < 0) {
        made.append(escaped(text.substring(at, at + 1)));
        end = at + 1;
      }
      at = end;
    }
    return made.toString();
  }

  /** Where it goes on behind the second mark; -1 where there is none. */
  private static int between(String text, int at, String mark, String tag, StringBuilder made) {
    int end = text.indexOf(mark, at + mark.length());
    if (end < 0) {
      return -1;
    }
    made.append('<').append(tag).append('>');
    made.append(escaped(text.substring(at + mark.length(), end)));
    made.append("</").append(tag).append('>');
    return end + mark.length();
  }

  private static int link(String text, int at, StringBuilder made) {
    int middle = text.indexOf("](", at);
    int end = middle < 0 ? -1 : text.indexOf(')', middle);
    if (end < 0) {
      return -1;
    }
    String words = inline(text.substring(at + 1, middle));
    String to = target(text.substring(middle + 2, end));
    if (to.isEmpty()) {
      made.append(words);
    } else {
      made.append("<a href=\"").append(escaped(to)).append("\">").append(words).append("</a>");
    }
    return end + 1;
  }

  /** A page beside this one is served without its ending; {@code ""} where a link leads nowhere. */
  private static String target(String url) {
    if (url.endsWith(".md") && !url.contains("/") && !url.contains(":")) {
      return url.substring(0, url.length() - 3);
    }
    return Links.checked(url);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
