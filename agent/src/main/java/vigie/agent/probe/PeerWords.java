package vigie.agent.probe;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.CompletionException;

/** How failures and what a peer sent are told. */
final class PeerWords {
  private static final int MOST_QUOTED = 100;
  private static final String NO_SUCH_WAY = "cannot assign requested address";

  private PeerWords() {}

  /** The kernel's word for it, {@code connection refused}, without the address that Netty adds. */
  static String of(Throwable failure) {
    Throwable cause = failure;
    while (!(cause instanceof IOException) && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = cause.getMessage();
    if (message == null || message.isEmpty()) {
      return cause.getClass().getSimpleName();
    }
    int colon = message.indexOf(": ");
    String text = colon > 0 ? message.substring(0, colon) : message;
    return cut(text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1));
  }

  /** Whether this machine lacks something, so that the run says nothing of the target. */
  static boolean isOurOwn(String words) {
    return words.startsWith("too many open files")
        || words.startsWith("no buffer space")
        || words.startsWith("cannot allocate memory")
        || isNoSuchWay(words);
  }

  /** Whether this machine lacks the target's family of addresses. */
  static boolean isNoSuchWay(String words) {
    return words.startsWith(NO_SUCH_WAY);
  }

  /** What a future failed with. */
  static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** In quotes, with control characters escaped, cut where it is long. */
  static String quoted(CharSequence text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      if (out.length() > MOST_QUOTED) {
        return out.append("…\"").toString();
      }
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '"' -> out.append("\\\"");
        default -> {
          if (Character.isISOControl(c)) {
            out.append(String.format(Locale.ROOT, "\\x%02x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }

  /** As quoted, without the quotes. */
  static String plain(String text) {
    String quoted = quoted(text);
    return quoted.substring(1, quoted.length() - 1);
  }

  private static String cut(String text) {
    return text.length() <= MOST_QUOTED ? text : text.substring(0, MOST_QUOTED) + "…";
  }
}
