package vigie.agent.probe;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Shown.Length;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * What an HTTP probe sends.
 *
 * @param headers {@code headers}, by name
 * @param more {@code http_headers}: the last value counts
 * @param body null for none
 * @param authorization null for none
 */
record HttpRequestSpec(
    String method,
    Map<String, String> headers,
    Map<String, HiddenText> more,
    @Nullable String body,
    @Nullable Path bodyFile,
    @Nullable Authorization authorization)
    implements Shown {
  private static final long MOST_BODY = 1024 * 1024;

  HttpRequestSpec {
    headers = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(headers));
    more = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(more));
  }

  /** Without what may be a secret: values of headers and the body. */
  @Override
  public Map<String, Object> shown() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("method", method);
    all.put("headers", headers.keySet());
    all.put("http_headers", more.keySet());
    if (body != null) {
      all.put("body", Length.of(body));
    }
    if (bodyFile != null) {
      all.put("body_file", bodyFile);
    }
    if (authorization != null) {
      all.put("authorization", authorization);
    }
    return all;
  }

  @Override
  public String toString() {
    return "HttpRequestSpec" + shown();
  }

  /**
   * The header of that name.
   *
   * @param type such as {@code Bearer}; {@code Basic} with a user
   */
  record Authorization(String type, @Nullable HiddenText user, @Nullable HiddenText credentials) {}

  /** With all files read. */
  @SuppressWarnings("ArrayRecordComponent") // made for one run, never compared
  record Ready(byte[] body, HttpHeaders headers, @Nullable String authorization) {}

  static HttpRequestSpec read(Section section) {
    String method = section.string("method", "GET");
    if (method.isEmpty() || !isToken(method)) {
      section.fault("method", "method \"" + method + "\" is no HTTP method");
    }
    Map<String, String> headers = section.section("headers").stringMap();
    for (Map.Entry<String, String> each : headers.entrySet()) {
      check(section, "headers", each.getKey(), each.getValue());
    }
    Value file = section.value("body_file");
    String body = section.string("body");
    if (body != null && file != null) {
      section.fault("body_file", "body and body_file exclude each other");
    }
    return new HttpRequestSpec(
        method.toUpperCase(Locale.ROOT),
        headers,
        readMore(section),
        body,
        file == null ? null : file.path(),
        readAuthorization(section));
  }

  private static Map<String, HiddenText> readMore(Section parent) {
    Map<String, HiddenText> all = new LinkedHashMap<>();
    Section section = parent.section("http_headers");
    for (String name : section.keys()) {
      Section header = section.section(name);
      HiddenText last = null;
      for (String value : header.strings("values")) {
        check(section, name, name, value);
        last = new HiddenText(null, value);
      }
      for (String value : header.strings("secrets")) {
        header.warn("secrets", "secrets stand here in plain text; better: files");
        check(section, name, name, value);
        last = new HiddenText(null, value);
      }
      for (Value value : header.list("files")) {
        Path path = value.path();
        last = path == null ? last : HiddenText.inFile(path);
      }
      header.end();
      if (last != null) {
        all.put(name, last);
      }
    }
    return all;
  }

  private static void check(Section section, String key, String name, String value) {
    if (name.isEmpty() || !isToken(name)) {
      section.fault(key, "\"" + name + "\" is no name of a header");
    }
    if (value.chars().anyMatch(c -> c < ' ' && c != '\t')) {
      section.fault(key, "the value of header " + name + " holds control characters");
    }
  }

  /** RFC 9110, section 5.6.2. */
  private static boolean isToken(String text) {
    return text.chars().allMatch(c -> c > ' ' && c < 0x7f && "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0);
  }

  private static @Nullable Authorization readAuthorization(Section section) {
    List<String> given = new ArrayList<>();
    Authorization found = null;
    HiddenText bearer = HiddenText.read(section, "bearer_token");
    if (bearer != null) {
      given.add("bearer_token");
      found = new Authorization("Bearer", null, bearer);
    }
    if (section.has("basic_auth")) {
      given.add("basic_auth");
      Section basic = section.section("basic_auth");
      Value userFile = basic.value("username_file");
      Path path = userFile == null ? null : userFile.path();
      String user = basic.string("username", "");
      found =
          new Authorization(
              "Basic",
              path == null ? new HiddenText(null, user) : HiddenText.inFile(path),
              HiddenText.read(basic, "password"));
      basic.end();
    }
    if (section.has("authorization")) {
      given.add("authorization");
      Section own = section.section("authorization");
      String type = own.string("type", "Bearer");
      if (type.equalsIgnoreCase("basic")) {
        own.fault("type", "for type Basic use basic_auth");
      }
      found = new Authorization(type, null, HiddenText.read(own, "credentials"));
      own.end();
    }
    if (given.size() > 1) {
      section.fault(given.get(1), String.join(" and ", given) + " exclude each other");
    }
    return found;
  }

  /** The same with a header {@code Host}; see {@link Module#forHost}. */
  HttpRequestSpec forHost(String name) {
    if (name.isEmpty() || !name.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException("hostname " + PeerWords.quoted(name) + " is no host name");
    }
    Map<String, String> with = new LinkedHashMap<>(headers);
    for (Map.Entry<String, String> each : headers.entrySet()) {
      if (each.getKey().equalsIgnoreCase("host") && !each.getValue().equals(name)) {
        throw new IllegalArgumentException(
            "hostname " + PeerWords.quoted(name) + " is not the module's header Host");
      }
    }
    with.putIfAbsent("Host", name);
    return new HttpRequestSpec(method, with, more, body, bodyFile, authorization);
  }

  /** Whether {@link #ready} reads files. */
  boolean readsFiles() {
    return bodyFile != null
        || more.values().stream().anyMatch(each -> each.file() != null)
        || (authorization != null
            && (isFile(authorization.user) || isFile(authorization.credentials)));
  }

  private static boolean isFile(@Nullable HiddenText text) {
    return text != null && text.file() != null;
  }

  /**
   * Everything as it goes out.
   *
   * @throws IOException that says which file cannot be read
   */
  Ready ready() throws IOException {
    HttpHeaders all = new DefaultHttpHeaders();
    headers.forEach(all::set);
    for (Map.Entry<String, HiddenText> each : more.entrySet()) {
      all.set(each.getKey(), each.getValue().reveal());
    }
    return new Ready(bodyBytes(), all, authorizationHeader());
  }

  private byte[] bodyBytes() throws IOException {
    if (bodyFile == null) {
      return body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
    }
    try {
      if (Files.size(bodyFile) > MOST_BODY) {
        throw new IOException("larger than " + MOST_BODY + " bytes");
      }
      return Files.readAllBytes(bodyFile);
    } catch (java.nio.file.NoSuchFileException e) {
      throw new IOException("cannot read body_file " + bodyFile + ": no such file", e);
    } catch (IOException e) {
      throw new IOException("cannot read body_file " + bodyFile + ": " + e.getMessage(), e);
    }
  }

  private @Nullable String authorizationHeader() throws IOException {
    if (authorization == null) {
      return null;
    }
    HiddenText secret = authorization.credentials;
    String credentials = secret == null ? "" : secret.reveal();
    if (authorization.user == null) {
      return authorization.type + " " + credentials;
    }
    String pair = authorization.user.reveal() + ":" + credentials;
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }
}
