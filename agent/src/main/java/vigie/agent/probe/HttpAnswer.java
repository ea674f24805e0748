package vigie.agent.probe;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.netty.handler.codec.http.HttpResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.HttpModule.HeaderMatch;

/** Judges a whole answer by what the module asks. */
final class HttpAnswer {
  private final HttpModule module;
  private final HttpResponse head;
  private final boolean tls;
  private byte[] body;
  private long length;
  private boolean failedRegex;

  /**
   * Takes an answer.
   *
   * @param tls whether it came over TLS
   * @param body as it came; empty unless an expression or a compression asks for it
   * @param length of the body as it came
   */
  HttpAnswer(HttpModule module, HttpResponse head, boolean tls, byte[] body, long length) {
    this.module = module;
    this.head = head;
    this.tls = tls;
    this.body = body;
    this.length = length;
  }

  /** Whether an expression was the reason. */
  boolean isFailedByRegex() {
    return failedRegex;
  }

  /** The length of the body, uncompressed. */
  long length() {
    return length;
  }

  /** What is wrong with it, in words; null where nothing is. */
  @Nullable String fault() {
    String compression = uncompressed();
    String fault = status();
    fault = fault == null ? headers() : fault;
    fault = fault == null ? compression : fault;
    fault = fault == null ? body() : fault;
    fault = fault == null ? version() : fault;
    return fault == null ? security() : fault;
  }

  /** Its status in words, {@code 503 Service Unavailable}. */
  static String status(HttpResponse head) {
    String reason = head.status().reasonPhrase();
    return head.status().code() + (reason.isEmpty() ? "" : " " + PeerWords.plain(reason));
  }

  private @Nullable String status() {
    int code = head.status().code();
    List<Integer> valid = module.validStatus();
    if (valid.isEmpty() ? code >= 200 && code < 300 : valid.contains(code)) {
      return null;
    }
    String expected =
        valid.isEmpty()
            ? "200-299"
            : valid.stream().map(String::valueOf).collect(Collectors.joining(" or "));
    return "answered " + status(head) + ", expected " + expected;
  }

  private @Nullable String headers() {
    for (HeaderMatch match : module.badHeaders()) {
      List<String> values = head.headers().getAll(match.header());
      if (values.isEmpty() && !match.allowMissing()) {
        return byRegex("the answer lacks the header " + match.header());
      }
      for (String value : values) {
        if (match.regexp().matcher(value).find()) {
          return byRegex(told(match, value) + " matches " + quoted(match.regexp()));
        }
      }
    }
    for (HeaderMatch match : module.goodHeaders()) {
      List<String> values = head.headers().getAll(match.header());
      if (values.isEmpty() && !match.allowMissing()) {
        return byRegex("the answer lacks the header " + match.header());
      }
      if (!values.isEmpty()
          && values.stream().noneMatch(value -> match.regexp().matcher(value).find())) {
        return byRegex(told(match, values.get(0)) + " does not match " + quoted(match.regexp()));
      }
    }
    return null;
  }

  private static String told(HeaderMatch match, String value) {
    return "header " + match.header() + " " + PeerWords.quoted(value);
  }

  private @Nullable String body() {
    for (Pattern bad : module.badBody()) {
      Matcher matcher = bad.matcher(body);
      if (matcher.find()) {
        String found =
            new String(
                body, matcher.start(), matcher.end() - matcher.start(), StandardCharsets.UTF_8);
        return byRegex("body matches " + quoted(bad) + " with " + PeerWords.quoted(found));
      }
    }
    for (Pattern good : module.goodBody()) {
      if (!good.matcher(body).find()) {
        String begin = new String(body, 0, Math.min(body.length, 512), StandardCharsets.UTF_8);
        return byRegex(
            "body does not match "
                + quoted(good)
                + ", it is "
                + (begin.isEmpty() ? "empty" : PeerWords.quoted(begin)));
      }
    }
    return null;
  }

  private String byRegex(String fault) {
    failedRegex = true;
    return fault;
  }

  private static String quoted(Pattern pattern) {
    return PeerWords.quoted(pattern.pattern());
  }

  private @Nullable String version() {
    String version = head.protocolVersion().text();
    List<String> valid = module.validVersions();
    return valid.isEmpty() || valid.contains(version)
        ? null
        : "answered in " + version + ", expected " + String.join(" or ", valid);
  }

  private @Nullable String security() {
    if (tls && module.failIfTls()) {
      return "answered over TLS, and fail_if_ssl is set";
    }
    return !tls && module.failIfNotTls()
        ? "answered without TLS, and fail_if_not_ssl is set"
        : null;
  }

  /** Takes the compression off that the module says is on, whatever the answer's headers say. */
  private @Nullable String uncompressed() {
    if (module.compression().isEmpty()) {
      return null;
    }
    long most = HttpProbe.mostKept(module);
    try (InputStream in = inflating()) {
      ByteArrayOutputStream plain = new ByteArrayOutputStream();
      byte[] part = new byte[8192];
      for (int n = in.read(part); n >= 0; n = in.read(part)) {
        plain.write(part, 0, n);
        if (plain.size() > most) {
          return HttpProbe.tooLarge(most);
        }
      }
      body = plain.toByteArray();
      length = body.length;
      return null;
    } catch (IOException e) {
      body = new byte[0];
      length = 0;
      return "body is not compressed with " + module.compression() + ": " + e.getMessage();
    }
  }

  private InputStream inflating() throws IOException {
    InputStream raw = new ByteArrayInputStream(body);
    if (module.compression().equals("gzip")) {
      return new GZIPInputStream(raw);
    }
    // The standard says zlib, many servers send the bare stream: a zlib header tells itself.
    boolean zlib =
        body.length > 1
            && (body[0] & 0x0f) == 8
            && (((body[0] & 0xff) << 8) | (body[1] & 0xff)) % 31 == 0;
    Inflater inflater = new Inflater(!zlib);
    return new InflaterInputStream(raw, inflater) {
      @Override
      public void close() throws IOException {
        inflater.end(); // Its memory is not the heap's, so nothing else would free it soon.
        super.close();
      }
    };
  }
}
