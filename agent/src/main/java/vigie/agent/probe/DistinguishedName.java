package vigie.agent.probe;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.security.auth.x500.X500Principal;

/**
 * Writes a certificate's subject or issuer as blackbox_exporter does, so that labels stay the same:
 * RFC 2253, but the usual attributes stand in a fixed order and those of one kind are joined by
 * {@code +}.
 */
final class DistinguishedName {
  private static final Map<String, String> MORE_WORDS =
      Map.of("2.5.4.5", "SERIALNUMBER", "2.5.4.17", "POSTALCODE");
  private static final List<String> ORDER =
      List.of("SERIALNUMBER", "CN", "POSTALCODE", "STREET", "ST", "L", "OU", "O", "C");

  private DistinguishedName() {}

  static String text(X500Principal name) {
    List<String> parts = parts(name.getName(X500Principal.RFC2253, MORE_WORDS));
    List<String> all = new ArrayList<>();
    for (String kind : ORDER) {
      List<String> same = parts.stream().filter(part -> isOf(part, kind)).toList();
      if (!same.isEmpty()) {
        // RFC 2253 writes the last first; within one kind the certificate's order counts.
        List<String> asWritten = new ArrayList<>(same);
        java.util.Collections.reverse(asWritten);
        all.add(String.join("+", asWritten));
      }
    }
    parts.stream()
        .filter(part -> ORDER.stream().noneMatch(kind -> isOf(part, kind)))
        .forEach(all::add);
    return String.join(",", all);
  }

  private static boolean isOf(String part, String kind) {
    return part.startsWith(kind + "=");
  }

  /** Cuts at each comma and plus that is not escaped. */
  private static List<String> parts(String text) {
    List<String> parts = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == ',' || c == '+') {
        parts.add(text.substring(from, i));
        from = i + 1;
      }
    }
    if (from < text.length()) {
      parts.add(text.substring(from));
    }
    return parts;
  }
}
