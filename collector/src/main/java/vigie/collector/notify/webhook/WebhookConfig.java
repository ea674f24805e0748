package vigie.collector.notify.webhook;

import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import vigie.base.config.Secret;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.http.HttpClientSettings;
import vigie.collector.dispatch.Integration;

/**
 * One member of {@code webhook_configs}. Source: Alertmanager's configuration reference.
 *
 * @param url where notifications are posted, read anew before each request
 * @param sendResolved whether ends are told
 * @param maxAlerts alerts listed in one notification; 0 for as many as a notification has
 * @param timeout from the request's beginning to the whole answer
 */
public record WebhookConfig(
    Secret url, boolean sendResolved, int maxAlerts, HttpClientSettings http, Duration timeout)
    implements Integration {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** Reads a section; what can't be used is a fault, what is unusual a warning. */
  public static WebhookConfig read(Section section) {
    Value file = section.value("url_file");
    Path path = file == null ? null : file.path();
    String text = section.string("url", "");
    if (file == null && text.isEmpty()) {
      section.fault("webhook_configs needs url or url_file");
    } else if (file != null && !text.isEmpty()) {
      section.fault("url", "only one of url and url_file can be used");
    }
    Secret url = path == null ? Secret.of(text) : Secret.inFile(path);
    boolean sendResolved = section.bool("send_resolved", true);
    int maxAlerts = (int) section.integer("max_alerts", 0, 0, Integer.MAX_VALUE);
    Section client = section.section("http_config");
    HttpClientSettings http = HttpClientSettings.read(client);
    client.end();
    Duration timeout = section.duration("timeout", TIMEOUT, Duration.ZERO, Duration.ofMinutes(5));
    section.end();
    check(section, url, text.isEmpty() ? "url_file" : "url");
    return new WebhookConfig(
        url, sendResolved, maxAlerts, http, timeout.isZero() ? TIMEOUT : timeout);
  }

  private static void check(Section section, Secret url, String key) {
    try {
      if (section.has(key)) {
        parse(url.reveal());
      }
    } catch (IllegalArgumentException wrong) {
      section.fault(key, String.valueOf(wrong.getMessage()));
    } catch (UncheckedIOException unreadable) {
      // It may come later, such as a credential that is mounted: notifications wait for it.
      section.warn(key, String.valueOf(unreadable.getMessage()));
    }
  }

  /**
   * @throws IllegalArgumentException that says what is wrong and quotes nothing of it
   */
  static URI parse(String text) {
    try {
      URI uri = new URI(text.strip());
      boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      if (http && uri.getRawAuthority() != null && !uri.getRawAuthority().startsWith(":")) {
        if (uri.getRawUserInfo() != null || uri.getRawAuthority().contains("@")) {
          throw new IllegalArgumentException(
              "the webhook's URL must hold no password; use http_config with basic_auth");
        }
        return uri;
      }
    } catch (URISyntaxException quotesItAll) {
      // Said below.
    }
    throw new IllegalArgumentException(
        "the webhook's URL must begin with http:// or https:// and a host");
  }

  /** Each change is a message of its own: group_interval and repeat_interval hold. */
  @Override
  public boolean edits() {
    return false;
  }
}
