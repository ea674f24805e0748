package vigie.base.relp;

import java.nio.charset.StandardCharsets;

/**
 * The DATA of a rsp: {@code CODE SP TEXT}, with the offers behind an LF where it answers open.
 *
 * @param code 200 is the only good one
 * @param text at most 80 bytes, from outside
 * @param end where in the DATA the text ended
 */
public record RelpResponse(int code, String text, int end) {
  private static final int MAX_TEXT = 80;

  public boolean isOk() {
    return code == 200;
  }

  /**
   * Reads it. Empty DATA, as librelp answers a close, counts as 200.
   *
   * @throws RelpFault if it does not begin with three digits
   */
  public static RelpResponse parse(byte[] data) {
    if (data.length == 0) {
      return new RelpResponse(200, "", 0);
    }
    int code = 0;
    for (int i = 0; i < 3; i++) {
      if (i >= data.length || data[i] < '0' || data[i] > '9') {
        throw new RelpFault("response", "a rsp does not begin with a code of three digits");
      }
      code = code * 10 + data[i] - '0';
    }
    int from = data.length > 3 && data[3] == ' ' ? 4 : 3;
    int to = from;
    while (to < data.length && data[to] != '\n') {
      to++;
    }
    String text = new String(data, from, Math.min(to - from, MAX_TEXT), StandardCharsets.UTF_8);
    return new RelpResponse(code, text, to);
  }
}
