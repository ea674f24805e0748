package vigie.base.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A whole answer.
 *
 * @param status such as 200
 * @param contentType with its charset
 * @param body not changed by anybody after this
 * @param headers further ones
 */
@SuppressWarnings("ArrayRecordComponent") // answers are never compared, and copying each costs
public record HttpAnswer(int status, String contentType, byte[] body, Map<String, String> headers) {
  public static final String TEXT = "text/plain; charset=utf-8";
  public static final String JSON = "application/json";

  public HttpAnswer {
    headers = Map.copyOf(headers);
  }

  public static HttpAnswer text(int status, String body) {
    return of(status, TEXT, body);
  }

  public static HttpAnswer json(int status, byte[] body) {
    return new HttpAnswer(status, JSON, body, Map.of());
  }

  public static HttpAnswer of(int status, String contentType, String body) {
    return new HttpAnswer(status, contentType, body.getBytes(StandardCharsets.UTF_8), Map.of());
  }

  /** This answer with one more header. */
  public HttpAnswer with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new HttpAnswer(status, contentType, body, more);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HttpAnswer a
        && status == a.status
        && contentType.equals(a.contentType)
        && Arrays.equals(body, a.body)
        && headers.equals(a.headers);
  }

  @Override
  public int hashCode() {
    return 31 * status + Arrays.hashCode(body);
  }
}
