package vigie.base.net;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The names that a certificate gives to its holder. */
final class CertificateNames {
  private static final int EMAIL = 1;
  private static final int DNS = 2;
  private static final int URI = 6;
  private static final int IP = 7;

  private CertificateNames() {}

  /** DNS names, e-mail addresses, IP addresses and URIs of the subjectAltName extension. */
  static List<String> alternatives(X509Certificate certificate) {
    return alternatives(certificate, List.of(EMAIL, DNS, URI, IP));
  }

  private static List<String> alternatives(X509Certificate certificate, List<Integer> kinds) {
    List<String> names = new ArrayList<>();
    Collection<List<?>> all;
    try {
      all = certificate.getSubjectAlternativeNames();
    } catch (CertificateParsingException damaged) {
      return names;
    }
    for (List<?> one : all == null ? List.<List<?>>of() : all) {
      if (kinds.contains((Integer) one.get(0))) {
        names.add((String) one.get(1));
      }
    }
    return names;
  }

  /** The first DNS name, else the subject's common name, else any alternative name, else empty. */
  static String name(X509Certificate certificate) {
    List<String> dns = alternatives(certificate, List.of(DNS));
    if (!dns.isEmpty()) {
      return dns.get(0);
    }
    String common = commonName(certificate.getSubjectX500Principal().getName());
    List<String> names = alternatives(certificate);
    return !common.isEmpty() || names.isEmpty() ? common : names.get(0);
  }

  /** The first CN of a name written as RFC 2253 does it: {@code CN=a\,b,O=c}. */
  static String commonName(String subject) {
    StringBuilder part = new StringBuilder();
    boolean escaped = false;
    for (int i = 0; i <= subject.length(); i++) {
      char c = i < subject.length() ? subject.charAt(i) : ',';
      if (!escaped && c == '\\') {
        escaped = true;
      } else if (!escaped && (c == ',' || c == '+')) {
        if (part.length() > 3 && part.substring(0, 3).equals("CN=")) {
          return part.substring(3);
        }
        part.setLength(0);
      } else {
        escaped = false;
        part.append(c);
      }
    }
    return "";
  }
}
