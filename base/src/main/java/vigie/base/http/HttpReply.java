package vigie.base.http;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What a server answered.
 *
 * @param headers by names in lower case; the last of several with one name
 * @param body not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and large
public record HttpReply(int status, Map<String, String> headers, byte[] body) {
  private static final int MOST_TEXT = 500;

  /** The header's value, {@code ""} where it is absent. */
  public String header(String lowerCase) {
    return headers.getOrDefault(lowerCase, "");
  }

  public String retryAfter() {
    return header("retry-after");
  }

  /** The body's beginning, for messages. */
  public String text() {
    return new String(body, 0, Math.min(MOST_TEXT, body.length), StandardCharsets.UTF_8);
  }
}
