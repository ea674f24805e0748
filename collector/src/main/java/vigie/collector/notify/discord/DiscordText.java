package vigie.collector.notify.discord;

/**
 * Makes text from outside harmless and short enough for Discord. Host names, labels and log lines
 * may hold anything: mentions, links that hide where they lead, fences, invites, letters that turn
 * the direction of writing. Lengths are in code points, as Discord counts.
 */
public final class DiscordText {
  /** Zero width space: breaks what Discord would recognise, and cannot be seen. */
  private static final char BREAK = '\u200b';

  private static final String[] INVITES = {
    "discord.gg", "discord.com/invite", "discordapp.com/invite", "dsc.gg", "discord.me"
  };

  private static final String[] MENTIONS = {"@everyone", "@here", "<@", "<#", "</", "<id:"};
  private static final String FENCE = "```";
  private static final int CUT_ROOM = 8;

  private DiscordText() {}

  /** One line for a title, a field or a description. */
  public static String plain(String text, int most) {
    Output out = new Output(most);
    String line = breakInvites(clean(bounded(text, most), ' '));
    for (int i = 0; i < line.length() && !out.full; ) {
      int c = line.codePointAt(i);
      int before = i == 0 ? ' ' : line.codePointBefore(i);
      i += Character.charCount(c);
      int after = i < line.length() ? line.codePointAt(i) : ' ';
      out.add(plain(c, before, after));
    }
    return out.toString();
  }

  private static String plain(int c, int before, int after) {
    return switch (c) {
      case '@', '<' -> Character.toString(c) + BREAK;
      case '`' -> "ˋ";
      case '*', '\\', '[' -> "\\" + (char) c;
      case ']' -> "]" + BREAK;
      // Within a word (node_exporter) it means nothing to Discord, and stays searchable.
      case '_' ->
          Character.isLetterOrDigit(before) && Character.isLetterOrDigit(after) ? "_" : "\\_";
      case '~', '|' -> after == c || before == c ? "\\" + (char) c : Character.toString(c);
      case '#', '-', '+' ->
          Character.isWhitespace(before) && Character.isWhitespace(after)
              ? "\\" + (char) c
              : Character.toString(c);
      case '>' -> Character.isWhitespace(before) ? "\\>" : ">";
      default -> Character.toString(c);
    };
  }

  /** What Discord would take for a mention or an invite, wherever it comes from, made harmless. */
  static String guarded(String text) {
    String broken = breakInvites(text);
    for (String mention : MENTIONS) {
      broken = broken.replace(mention, mention.charAt(0) + "" + BREAK + mention.substring(1));
    }
    return broken;
  }

  /**
   * At most so many code points: cut at the end of a line where one is near, a block that was open
   * is closed, and the last line says that there was more.
   */
  static String fitting(String text, int most) {
    if (text.codePointCount(0, text.length()) <= most) {
      return text;
    }
    String cut = text.substring(0, text.offsetByCodePoints(0, most - CUT_ROOM));
    int line = cut.lastIndexOf('\n');
    cut = line > cut.length() / 2 ? cut.substring(0, line) : cut;
    // A tail that begins a fence, a link or a time is worse than a letter less.
    cut = cut.replaceFirst("[`\\\\\\[<]+$", "");
    boolean open = cut.split(FENCE, -1).length % 2 == 0;
    return cut + (open ? "\n" + FENCE : "") + "\n…";
  }

  /** One line for a code block, where only fences are dangerous. */
  public static String code(String text, int most) {
    Output out = new Output(most);
    clean(bounded(text, most), ' ')
        .codePoints()
        .forEach(c -> out.add(c == '`' ? "ˋ" : Character.toString(c)));
    return out.toString();
  }

  /** Only letters that no rule of Discord's can mind. */
  static String bare(String text, int most) {
    Output out = new Output(most);
    text.chars()
        .filter(c -> c < 128 && (Character.isLetterOrDigit(c) || c == '_'))
        .forEach(c -> out.add(Character.toString(c)));
    return out.toString();
  }

  /** What is certainly cut off is not worked over first. */
  private static String bounded(String text, int most) {
    return text.substring(0, Math.min(text.length(), 16 * most + 1_000));
  }

  /** Without control characters, half surrogates and what is invisible or turns the line. */
  private static String clean(String text, char instead) {
    StringBuilder out = new StringBuilder(text.length());
    text.strip()
        .codePoints()
        .forEach(
            c -> {
              int type = Character.getType(c);
              if (type == Character.CONTROL
                  || type == Character.LINE_SEPARATOR
                  || type == Character.PARAGRAPH_SEPARATOR) {
                out.append(instead);
              } else if (type != Character.FORMAT && type != Character.SURROGATE) {
                out.appendCodePoint(c);
              }
            });
    return out.toString();
  }

  private static String breakInvites(String text) {
    String broken = text;
    for (String invite : INVITES) {
      int dot = invite.indexOf('.');
      for (int at = find(broken, invite, 0); at >= 0; at = find(broken, invite, at + dot)) {
        broken = broken.substring(0, at + dot) + BREAK + broken.substring(at + dot);
      }
    }
    return broken;
  }

  private static int find(String text, String word, int from) {
    for (int i = from; i + word.length() <= text.length(); i++) {
      if (text.regionMatches(true, i, word, 0, word.length())) {
        return i;
      }
    }
    return -1;
  }

  /** Takes pieces whole until there is no room, then ends in an ellipsis. */
  private static final class Output {
    private final StringBuilder text = new StringBuilder();
    private final int most;
    private int used;

    /** Where to cut so that the ellipsis fits. */
    private int cut;

    private boolean full;

    Output(int most) {
      this.most = most;
    }

    void add(String piece) {
      if (full) {
        return;
      }
      int size = piece.codePointCount(0, piece.length());
      if (used + size > most) {
        text.setLength(cut);
        text.append('…');
        full = true;
        return;
      }
      text.append(piece);
      used += size;
      if (used < most) {
        cut = text.length();
      }
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
