package vigie.base.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An answer.
 *
 * @param status such as 200
 * @param contentType with its charset
 * @param body not changed by anybody after this
 * @param headers further ones
 * @param stream null for a whole answer; else gets the stream once the head is sent, on a thread
 *     that it must not hold, and {@code body} is the beginning
 */
@SuppressWarnings("ArrayRecordComponent") // answers are never compared, and copying each costs
public record HttpAnswer(
    int status,
    String contentType,
    byte[] body,
    Map<String, String> headers,
    @Nullable Consumer<HttpStream> stream) {
  public static final String TEXT = "text/plain; charset=utf-8";
  public static final String JSON = "application/json";

  public HttpAnswer {
    headers = Map.copyOf(headers);
  }

  /** A whole answer. */
  public HttpAnswer(int status, String contentType, byte[] body, Map<String, String> headers) {
    this(status, contentType, body, headers, null);
  }

  /** An answer that goes on until either side ends it; no limit on its time. */
  public static HttpAnswer streaming(String contentType, Consumer<HttpStream> stream) {
    return new HttpAnswer(200, contentType, new byte[0], Map.of(), stream);
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
    return new HttpAnswer(status, contentType, body, more, stream);
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
