package vigie.collector.e2e;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import vigie.base.remotewrite.WriteRequest;
import vigie.base.time.Clock;

/** Pushes single samples of now by remote write. */
final class Pusher {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private final int port;

  Pusher(int port) {
    this.port = port;
  }

  /** Whether the sample was taken. */
  boolean push(double value, String... labels) {
    Map<String, String> series = new TreeMap<>();
    for (int i = 0; i < labels.length; i += 2) {
      series.put(labels[i], labels[i + 1]);
    }
    WriteRequest body = new WriteRequest();
    body.add(WriteRequest.labels(new TreeMap<>(series)), value, Clock.system().millis());
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/write"))
            .timeout(Duration.ofSeconds(60))
            .POST(BodyPublishers.ofByteArray(body.take()));
    WriteRequest.HEADERS.forEach(request::header);
    try {
      return CLIENT.send(request.build(), BodyHandlers.discarding()).statusCode() == 204;
    } catch (IOException gone) {
      return false;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
