package vigie.collector.card;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.Labels;

/** Addresses that a card leads to. */
final class Links {
  private static final int LONGEST = 600;

  private Links() {}

  /** Where {@link CardPages} shows an expression, as Prometheus does. */
  static String graph(String externalUrl, String expression) {
    return joined(externalUrl, "/graph?g0.expr=" + escaped(expression) + "&g0.tab=0");
  }

  /** The page for a silence of these labels, each of them, whatever its name. */
  static String silence(String externalUrl, Labels labels) {
    StringBuilder filter = new StringBuilder("{");
    for (int i = 0; i < labels.size(); i++) {
      String name = labels.name(i);
      filter.append(i == 0 ? "" : ",").append(isPlain(name) ? name : quoted(name));
      filter.append('=').append(quoted(labels.value(i)));
    }
    return joined(externalUrl, "/silence?filter=" + escaped(filter.append('}').toString()));
  }

  /** The page, at the incident of an alert where one is named. */
  static String page(String externalUrl, String fingerprint) {
    return joined(externalUrl, fingerprint.isEmpty() ? "/" : "/#/incident/" + fingerprint);
  }

  private static boolean isPlain(String name) {
    char first = name.charAt(0);
    return (first < '0' || first > '9')
        && name.chars()
            .allMatch(
                c ->
                    c == '_'
                        || (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || (c >= '0' && c <= '9'));
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }

  private static String joined(String externalUrl, String path) {
    String base = externalUrl.replaceAll("/+$", "");
    return base.isEmpty() ? "" : checked(base + path);
  }

  /**
   * The address if it leads where it says: http or https, a host, no user before it, nothing that
   * ends a link. Else {@code ""}.
   */
  static String checked(String url) {
    if (url.length() > LONGEST || !url.chars().allMatch(c -> c > ' ' && c < 127)) {
      return "";
    }
    String plain = url.replace("(", "%28").replace(")", "%29").replace("<", "%3C");
    URI uri = parsed(plain.replace(">", "%3E").replace("`", "%60").replace("|", "%7C"));
    if (uri == null || uri.getHost() == null || uri.getRawUserInfo() != null) {
      return "";
    }
    String scheme = String.valueOf(uri.getScheme());
    return scheme.equals("http") || scheme.equals("https") ? uri.toString() : "";
  }

  private static @Nullable URI parsed(String url) {
    try {
      return new URI(url);
    } catch (URISyntaxException e) {
      return null;
    }
  }

  private static String escaped(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
