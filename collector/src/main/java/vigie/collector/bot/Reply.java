package vigie.collector.bot;

import org.jspecify.annotations.Nullable;

/**
 * What only the member who asked gets to see.
 *
 * @param text made harmless already, at most 2,000 characters
 * @param picture a PNG, or null
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Reply(String text, byte @Nullable [] picture) {
  private static final int MOST = 2_000;

  Reply {
    if (text.codePointCount(0, text.length()) > MOST) {
      text = text.substring(0, text.offsetByCodePoints(0, MOST - 1)) + "…";
    }
  }

  static Reply of(String text) {
    return new Reply(text, null);
  }
}
