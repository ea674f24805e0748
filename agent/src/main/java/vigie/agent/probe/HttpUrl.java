package vigie.agent.probe;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.StringJoiner;
import vigie.base.net.Addresses;

/**
 * The parts of a URL that a request needs.
 *
 * @param authority the host and, where it was given, the port
 * @param path with the query, escaped as it goes on the wire
 */
record HttpUrl(boolean tls, String authority, InetSocketAddress address, String path) {

  /**
   * A URL as a person writes it; without a scheme it is {@code http://}.
   *
   * @throws IllegalArgumentException that quotes it and says what was expected
   */
  static HttpUrl parse(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    boolean tls = lower.startsWith("https://");
    if (!tls && !lower.startsWith("http://")) {
      if (text.contains("://")) {
        throw wrong(text, "its scheme is neither http nor https");
      }
      return parse(false, text, text);
    }
    return parse(tls, text.substring(tls ? 8 : 7), text);
  }

  private static HttpUrl parse(boolean tls, String rest, String whole) {
    int end = 0;
    while (end < rest.length() && "/?#".indexOf(rest.charAt(end)) < 0) {
      end++;
    }
    String authority = rest.substring(0, end);
    if (authority.indexOf('@') >= 0) {
      throw new IllegalArgumentException(
          "the URL holds a user and password, which would be shown; use basic_auth");
    }
    boolean bare = authority.startsWith("[") ? authority.endsWith("]") : authority.indexOf(':') < 0;
    int port = tls ? 443 : 80;
    InetSocketAddress address;
    try {
      address = Addresses.parse(bare ? authority + ":" + port : authority);
    } catch (IllegalArgumentException e) {
      throw wrong(whole, "its host is not HOST or HOST:PORT");
    }
    if (authority.isEmpty() || authority.startsWith(":") || address.getPort() == 0) {
      throw wrong(whole, "it names no host");
    }
    return new HttpUrl(tls, authority, address, escaped(rest.substring(end)));
  }

  private static IllegalArgumentException wrong(String text, String why) {
    return new IllegalArgumentException(
        "\"" + text + "\" is not a URL to probe: " + why + "; write http://HOST[:PORT]/PATH");
  }

  /** Begins with a slash, has no fragment, and nothing that may not stand in a request line. */
  private static String escaped(String path) {
    int hash = path.indexOf('#');
    String text = hash < 0 ? path : path.substring(0, hash);
    StringBuilder out = new StringBuilder(text.startsWith("/") ? "" : "/");
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      if (each <= ' ' || each == 0x7f || each == '"' || each == '<' || each == '>') {
        out.append(String.format(Locale.ROOT, "%%%02X", each & 0xff));
      } else {
        out.append((char) each);
      }
    }
    return out.toString();
  }

  /**
   * Where a {@code Location} leads from here. RFC 3986, section 5.2.
   *
   * @throws IllegalArgumentException if nowhere
   */
  HttpUrl follow(String location) {
    int colon = location.indexOf(':');
    int slash = location.indexOf('/');
    if (colon > 0 && (slash < 0 || colon < slash) && Character.isLetter(location.charAt(0))) {
      return parse(location);
    }
    if (location.startsWith("//")) {
      return parse(tls, location.substring(2), location);
    }
    String before = path.indexOf('?') < 0 ? path : path.substring(0, path.indexOf('?'));
    String next;
    if (location.startsWith("/")) {
      next = location;
    } else if (location.startsWith("?")) {
      next = before + location;
    } else if (location.isEmpty() || location.startsWith("#")) {
      next = path;
    } else {
      next = before.substring(0, before.lastIndexOf('/') + 1) + location;
    }
    return new HttpUrl(tls, authority, address, withoutDots(escaped(next)));
  }

  private static String withoutDots(String path) {
    int query = path.indexOf('?') < 0 ? path.length() : path.indexOf('?');
    String plain = path.substring(0, query);
    if (!plain.contains("/.")) {
      return path;
    }
    Deque<String> kept = new ArrayDeque<>();
    String[] parts = plain.substring(1).split("/", -1);
    for (int i = 0; i < parts.length; i++) {
      boolean last = i == parts.length - 1;
      if (parts[i].equals("..")) {
        kept.pollLast();
      }
      if (parts[i].equals(".") || parts[i].equals("..")) {
        if (last) {
          kept.addLast("");
        }
      } else {
        kept.addLast(parts[i]);
      }
    }
    StringJoiner joined = new StringJoiner("/", "/", "");
    kept.forEach(joined::add);
    return joined + path.substring(query);
  }

  boolean isSameHost(HttpUrl other) {
    return address.getHostString().equalsIgnoreCase(other.address.getHostString());
  }

  @Override
  public String toString() {
    return (tls ? "https://" : "http://") + authority + path;
  }
}
