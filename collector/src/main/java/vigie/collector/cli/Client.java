package vigie.collector.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** Asks a running collector. */
final class Client {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private final String url;
  private final HttpClient http;
  // Numbers as they are written, such as the times of samples.
  private final ObjectMapper json =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  /**
   * @param url such as {@code http://127.0.0.1:9337}
   */
  Client(String url) {
    this.url = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5));
    if (!url.regionMatches(true, 0, "https:", 0, 6)) {
      builder.sslContext(trustingNobody());
    }
    this.http = builder.build();
  }

  /** The default context reads all of the system's certificates, a sixth of a command's time. */
  private static SSLContext trustingNobody() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[0], null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("BUG: every JRE has TLS", e);
    }
  }

  /** Names and values of a query string. */
  static final class Parameters {
    private final List<String> pairs = new ArrayList<>();

    Parameters add(String name, String value) {
      if (!value.isEmpty()) {
        pairs.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8));
      }
      return this;
    }

    Parameters addAll(String name, List<String> values) {
      values.forEach(value -> add(name, value));
      return this;
    }

    @Override
    public String toString() {
      return pairs.isEmpty() ? "" : "?" + String.join("&", pairs);
    }
  }

  /** The answer's JSON; throws a {@link CliException} that tells a person why not. */
  JsonNode get(String path, Parameters parameters) {
    HttpResponse<byte[]> response;
    try {
      URI uri = URI.create(url + path + parameters);
      response =
          http.send(
              HttpRequest.newBuilder(uri).timeout(TIMEOUT).build(),
              HttpResponse.BodyHandlers.ofByteArray());
    } catch (IllegalArgumentException e) {
      throw new CliException(2, "\"" + url + "\" is no URL; write http://HOST:PORT");
    } catch (IOException e) {
      String why = e.getMessage() == null ? "connection refused" : e.getMessage();
      throw new CliException(
          3,
          "cannot reach the collector at "
              + url
              + ": "
              + why
              + "; is it running? Another one: --url or VIGIE_URL");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliException(3, "interrupted");
    }
    try {
      return answer(response);
    } catch (JsonProcessingException e) {
      throw new CliException(
          3,
          url + " answers something that is no collector's answer (" + response.statusCode() + ")");
    } catch (IOException e) {
      throw new CliException(3, "cannot read the answer of " + url + ": " + e.getMessage());
    }
  }

  private JsonNode answer(HttpResponse<byte[]> response) throws IOException {
    int status = response.statusCode();
    if (status == 200) {
      return json.readTree(response.body());
    }
    String text = new String(response.body(), StandardCharsets.UTF_8).strip();
    if (text.startsWith("{")) {
      text = json.readTree(text).path("error").asText(text);
    } else if (status == 404 && (text.startsWith("nothing at ") || text.startsWith("<"))) {
      throw new CliException(
          3, url + " answers, but it is no collector; another one: --url or VIGIE_URL");
    }
    int exit = status == 401 || status == 403 ? 4 : status == 404 ? 1 : status >= 500 ? 3 : 2;
    throw new CliException(exit, text.isEmpty() ? "the collector answers " + status : text);
  }

  String url() {
    return url;
  }
}
