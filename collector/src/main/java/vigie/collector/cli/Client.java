package vigie.collector.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
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
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** Asks a running collector. */
final class Client {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  // Numbers as they are written, such as the times of samples.
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private final String url;
  private final HttpClient http;

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
    return json(
        send(
            path + parameters,
            request -> request.timeout(TIMEOUT),
            HttpResponse.BodyHandlers.ofByteArray()));
  }

  /** The answer's text; throws as {@link #get}. */
  String text(String path, Parameters parameters) {
    HttpResponse<byte[]> answer =
        send(
            path + parameters,
            request -> request.timeout(TIMEOUT),
            HttpResponse.BodyHandlers.ofByteArray());
    if (answer.statusCode() != 200) {
      json(answer);
    }
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  /** The same of another method, with a JSON body. */
  JsonNode send(String method, String path, JsonNode body) {
    byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
    return json(
        send(
            path,
            request ->
                request
                    .timeout(TIMEOUT)
                    .header("content-type", "application/json")
                    .method(method, HttpRequest.BodyPublishers.ofByteArray(bytes)),
            HttpResponse.BodyHandlers.ofByteArray()));
  }

  /** The same of a POST. */
  JsonNode post(String path, String contentType, byte[] body) {
    return json(
        send(
            path,
            request ->
                request
                    .timeout(TIMEOUT.multipliedBy(3))
                    .header("content-type", contentType)
                    .POST(HttpRequest.BodyPublishers.ofByteArray(body)),
            HttpResponse.BodyHandlers.ofByteArray()));
  }

  /** A DELETE, whose answer says nothing; throws as {@link #get}. */
  void delete(String path, Parameters parameters) {
    HttpResponse<byte[]> answer =
        send(
            path + parameters,
            request -> request.timeout(TIMEOUT).DELETE(),
            HttpResponse.BodyHandlers.ofByteArray());
    if (answer.statusCode() != 200) {
      json(answer);
    }
  }

  /** The lines of an answer that goes on; throws as {@link #get} where there is none. */
  Stream<String> lines(String path, Parameters parameters) {
    HttpResponse<InputStream> response =
        send(path + parameters, request -> {}, HttpResponse.BodyHandlers.ofInputStream());
    try {
      if (response.statusCode() != 200) {
        throw refused(response.statusCode(), response.body().readAllBytes());
      }
    } catch (IOException e) {
      throw new CliException(3, "cannot read the answer of " + url + ": " + e.getMessage());
    }
    return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))
        .lines();
  }

  private <T> HttpResponse<T> send(
      String path, Consumer<HttpRequest.Builder> more, HttpResponse.BodyHandler<T> body) {
    try {
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path));
      more.accept(request);
      return http.send(request.build(), body);
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
  }

  private JsonNode json(HttpResponse<byte[]> response) {
    try {
      if (response.statusCode() != 200) {
        throw refused(response.statusCode(), response.body());
      }
      return JSON.readTree(response.body());
    } catch (JsonProcessingException e) {
      throw new CliException(
          3,
          url + " answers something that is no collector's answer (" + response.statusCode() + ")");
    } catch (IOException e) {
      throw new CliException(3, "cannot read the answer of " + url + ": " + e.getMessage());
    }
  }

  private CliException refused(int status, byte[] body) throws IOException {
    String text = new String(body, StandardCharsets.UTF_8).strip();
    if (text.startsWith("{") || text.startsWith("\"")) {
      // Our own API, Alertmanager's in its two forms.
      JsonNode told = JSON.readTree(text);
      text =
          told.isTextual()
              ? told.asText()
              : told.path("error").asText(told.path("message").asText(text));
    } else if (status == 404 && (text.startsWith("nothing at ") || text.startsWith("<"))) {
      return new CliException(
          3, url + " answers, but it is no collector; another one: --url or VIGIE_URL");
    }
    int exit = status == 401 || status == 403 ? 4 : status == 404 ? 1 : status >= 500 ? 3 : 2;
    return new CliException(exit, text.isEmpty() ? "the collector answers " + status : text);
  }

  /** One JSON value that the collector sent. */
  static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new CliException(3, "the collector sends something that is no JSON: " + text);
    }
  }

  String url() {
    return url;
  }
}
